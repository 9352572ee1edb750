"""Near duplicates: what is the same is found, what a series tells apart is not; clusters are noted and survive the catalog."""

import json
import random
from pathlib import Path

import pytest

from healthcrawl.core.shingles import LEAST, jaccard, runs, same_figures
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Provenance, Store
from healthcrawl.duplicates import Clusters, Text, find, note
from healthcrawl.model import Document, Metadata
from tests.conftest import run_scrapy
from tests.quality.pages import articles

# Series as bureaus publish them: nothing but a year, a number, a date or a figure differs.
SERIES = {
    "a year in title and text": "关于做好{year}年无偿献血工作的通知\n\n各区卫生健康局：现将{year}年无偿献血工作有关事项通知如下，请认真组织落实，于{year}年12月底前报送总结。{body}",
    "a number of an issue": "卫生健康简报第{n}期\n\n本期要目：基层医疗服务能力提升、中医药服务进社区、健康知识宣传活动。{body}",
    "a number in words": "关于公布第{words}批健康促进医院名单的通知\n\n经申报、评估和公示，现将名单公布，希望各单位继续努力。{body}",
    "a date in the text alone": "每日饮用水水质监测结果公示\n\n{year}年{n}月{n}日市政供水水质监测结果合格，检测项目均符合国家标准要求。{body}",
    "a document's number": "关于同意设置医疗机构的批复\n\n云卫批〔{year}〕{n}号。你单位报来的申请收悉，经研究，同意设置，请按照规定办理执业登记手续。{body}",
    "figures in the text alone": "云海市血站库存情况通报\n\n今日全市血液库存：A型{n}单位，B型{m}单位，请市民踊跃献血，奉献爱心，挽救生命。{body}",
    "a district": "{district}区卫生健康局关于开展义诊活动的通知\n\n{district}区各街道：定于近期在{district}区人民广场开展义诊活动，请组织居民参加。{body}",
    "a hospital": "关于{name}医院开展住院医师招收工作的公告\n\n{name}医院住院医师规范化培训招收工作即将开始，请符合条件者向{name}医院报名。{body}",
    "a season": "关于做好{season}传染病防控工作的通知\n\n当前正值{season}，呼吸道传染病多发，请各单位切实做好{season}防控工作。{body}",
    "half of a year": "{half}半年医疗废物处置情况通报\n\n现将{half}半年医疗废物处置情况予以通报，请各单位对照检查。{body}",
}
DISTRICTS = ["青山", "白云", "东湖", "西岭", "南浦", "北桥", "清河", "石门", "龙泉"]
NAMES = ["中心", "妇幼", "中医", "口腔", "康复", "胸科", "眼科", "儿童", "第一人民"]
SEASONS = ["春季", "夏季", "秋季", "冬季", "汛期", "开学季", "寒假", "暑假", "国庆假期"]
WORDS = "一二三四五六七八九"


def body(seed: int, count: int = 6) -> str:
    """Prose that all of a series have."""
    lines = [
        line
        for article in articles()
        for line in article.lines
        if len(line) > 25 and not any(c.isdigit() for c in line)
    ]
    return "".join(random.Random(seed).sample(lines, count))  # noqa: S311  # nothing secret


def series(name: str) -> list[Text]:
    form = SERIES[name]
    made = [
        form.format(
            year=2016 + n,
            n=n + 1,
            m=300 - 7 * n,
            words=WORDS[n],
            district=DISTRICTS[n],
            name=NAMES[n],
            season=SEASONS[n],
            half="上下"[n % 2],
            body=body(len(name)),
        )
        for n in range(2 if "{half}" in form else 9)
    ]
    return [Text(number=n, title=text.partition("\n")[0], text=text) for n, text in enumerate(made)]


def edited(text: str, seed: int) -> str:
    """The text with every fiftieth character another, as where it was typed again; figures stay."""
    chance = random.Random(seed)  # noqa: S311  # nothing secret
    characters = list(text)
    places = [at for at, one in enumerate(characters) if not one.isdigit() and one not in WORDS + "〇十\n"]
    for at in chance.sample(places, len(characters) // 50):
        characters[at] = chance.choice("的了在和有为以及对中")
    return "".join(characters)


def representatives(texts: list[Text]) -> list[int]:
    clusters = Clusters({text.number: text for text in texts})
    return [clusters.add(text) for text in texts]


@pytest.mark.parametrize("name", SERIES)
def test_no_two_of_a_series_are_the_same(name: str) -> None:
    texts = series(name)
    assert jaccard(runs(texts[0].text), runs(texts[1].text)) >= LEAST, "nothing but the guard tells them apart"
    assert representatives(texts) == [text.number for text in texts]


def test_a_notice_published_again_joins_the_first() -> None:
    first = [text for name in SERIES for text in series(name)]
    texts = [Text(number=n, title=text.title, text=text.text) for n, text in enumerate(first)]
    again = [Text(number=1000 + text.number, title=text.title, text=edited(text.text, text.number)) for text in texts]
    found = representatives([*texts, *again])[len(texts) :]
    missed = [number for text, number in zip(again, found, strict=True) if number == text.number]
    wrong = [
        number for text, number in zip(again, found, strict=True) if number not in {text.number - 1000, text.number}
    ]
    told = f"{len(again)} published again: {len(missed)} missed, {len(wrong)} joined to another of their series"
    assert (not wrong, len(missed) <= len(again) // 10) == (True, True), told


def test_a_frame_around_a_notice_does_not_part_it() -> None:
    (notice, *_) = series("a year in title and text")
    framed = f"{notice.text}\n云海市卫生健康局\n2016年3月1日\n(信息来源:办公室)"
    assert representatives([notice, Text(number=1, title=notice.title, text=framed)]) == [0, 0]
    assert not same_figures("共3人,电话12345", "共4人,电话12345")


def test_clusters_are_noted_once_and_told_by_journal_and_catalog(tmp_path: Path) -> None:
    layout = ArchiveLayout(tmp_path / "archive")
    catalog = Catalog(layout.catalog)
    store = Store(layout.corpus, Manifest(layout.manifest), catalog)

    def keep(address: str, text: Text) -> None:
        told = Provenance(
            captured_at="2026-03-01T00:00:00+00:00",
            record_id=f"<{address}>",
            warc_file="w",
            warc_offset=0,
            decided_by="t",
        )
        lines = text.text.partition("\n\n")[2]
        metadata = Metadata(title=text.title)
        document = Document(address=address, url=address, site="demo", family="generic", metadata=metadata, text=lines)
        with store.writing() as writing:
            writing.keep(document, told)

    first, second, third, *_ = series("a number of an issue")
    keep("http://a.test/1", first)
    keep("http://a.test/2", second)
    keep("http://b.test/1", Text(number=2, title=first.title, text=edited(first.text, 1)))

    def mark() -> int:
        return note(((text.number, cluster) for text, cluster in find(catalog)), store)

    before = {path.name: path.read_bytes() for path in layout.corpus.iterdir()}
    assert (mark(), mark()) == (2, 0)
    steps = [step for step, _ in Manifest(layout.manifest).steps() if step.action == "clustered"]
    assert [(step.number, step.cluster) for step in steps] == [(0, 0), (2, 0)]
    catalog.close()
    layout.catalog.unlink()
    done = run_scrapy(layout.root, "duplicates", "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["numbers"] == [0, 2], done.err
    assert "0 changes" in done.err
    assert {path.name: path.read_bytes() for path in layout.corpus.iterdir()} == before
    catalog = Catalog(layout.catalog)
    store = Store(layout.corpus, Manifest(layout.manifest), catalog)
    keep("http://b.test/1", third)  # its text is another now
    assert mark() == 0  # it had left its cluster with its text
    assert not [cluster for text, cluster in find(catalog) if cluster != text.number]
    catalog.close()
