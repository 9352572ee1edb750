"""Articles for the bureaus of every CMS product: generated, so that a column can be of any length, and no two alike.

What a crawl must make of an article follows from the same words: `expected` is the text of its corpus file.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST = datetime(2023, 1, 2, 9, 12, 25)  # noqa: DTZ001  # local to the site, as everything that its pages show
TITLE_SHOWN = 22  # characters of a headline that a list shows
_STEP = timedelta(hours=31, minutes=7)
_ROUND = 1000  # articles, after which the days come again
_FULL_WIDTH = str.maketrans("，：；（）！？", ",:;()!?")
_SOURCES = ("云湖区卫生健康局", "云湖区疾病预防控制中心", "云湖区妇幼保健院", "云湖区人民医院")
_PLACES = ("石桥镇", "柳河镇", "青岭街道", "沙洲镇", "东坪乡", "白塔镇", "南埠街道")
_DEEDS = (
    "流感疫苗接种",
    "家庭医生签约服务",
    "老年人健康体检",
    "生活饮用水监测",
    "学校卫生监督检查",
    "妇女两癌筛查",
    "慢性病规范管理",
    "无偿献血招募",
    "病媒生物防制",
    "职业病危害项目申报",
    "急救技能培训",
)
_KINDS = ("工作通知", "进展情况通报", "结果公示")
_OPENINGS = (
    "为切实保障群众健康权益，根据年度工作安排，现将{place}{deed}有关事项公布如下，请各有关单位认真组织实施。",
    "按照全区统一部署，{place}自{day}起开展第{n}轮{deed}，现将具体安排和有关要求通知如下。",
    "{day}，{place}召开{deed}推进会，总结前一阶段的做法，研究解决基层反映的{few}个问题。",
)
_MIDDLES = (
    "本次工作覆盖{few}个村（社区），共{many}人参加，其中六十五岁以上老年人{some}人，由{few}支医疗小分队分片负责。",
    "服务点设在{place}卫生院门诊楼一楼，开放时间为工作日上午八时至十一时三十分，咨询台每天安排{few}名医护人员值守。",
    "截至目前，已完成计划任务的百分之{share}，累计登记{many}户，发放宣传资料{some}份，现场解答群众提问{few}批次。",
    "各村（居）委会要做好宣传发动，逐户通知到位；对行动不便的居民，由家庭医生团队上门服务，并按规定做好登记。",
    "检查人员重点查看了制度落实、台账记录和物资储备情况，对发现的{few}处问题当场提出整改意见，限期{some}日内完成。",
    "请居民携带本人身份证或社会保障卡，按照通知的时间段有序前往，避免扎堆；过敏者应当提前向医务人员说明。",
)
_ENDINGS = (
    "下一步，{place}将继续加强督导，确保第{n}批任务按时完成，并及时公布进展，欢迎社会各界监督。",
    "未尽事宜，请向{source}咨询，来访地址为{place}便民服务中心{few}号窗口，编号{n}。",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An article; `at` is its number, which grows with the day.

    `paragraphs` are its text as its page shows it, `rows` a table between the first and the second of them, `file` the name of
    its attachment; either may be missing.
    """

    at: int
    title: str
    published: datetime
    source: str
    paragraphs: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()
    file: str = ""

    @property
    def fields(self) -> Mapping[str, object]:
        """What addresses are made of."""
        number = 2_000_101 + self.at
        digits = hashlib.sha256(self.title.encode()).hexdigest()
        return {
            "id": number,
            "thousand": number // 1000,
            "million": number // 1_000_000,
            "hex": digits[:32],
            "uuid": "-".join(digits[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))),
            "long": 1_600_000_000_000_205_001 + self.at * 7_919_000_000_000,
            "y": self.published.year,
            "m": self.published.month,
            "d": self.published.day,
            "ym": f"{self.published:%Y%m}",
            "ymd": f"{self.published:%Y%m%d}",
            "dd": f"{self.published:%d}",
        }

    @property
    def short(self) -> str:
        """The headline as lists show it, cut short."""
        return self.title if len(self.title) <= TITLE_SHOWN else f"{self.title[:TITLE_SHOWN]}…"

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that the body must give, the cells of a row joined."""
        first, *rest = self.paragraphs
        return tuple(line.translate(_FULL_WIDTH) for line in (first, *(" | ".join(row) for row in self.rows), *rest))

    @property
    def headline(self) -> str:
        """The title that must be found."""
        return self.title.translate(_FULL_WIDTH)

    @property
    def expected(self) -> str:
        """The text of its corpus file."""
        return "\n".join([self.headline, "", *self.lines, ""])


def stories(count: int, first: int = 0) -> tuple[Story, ...]:
    """So many articles, the newest first, of which the oldest has the number `first`; each number has one article.

    >>> stories(3)[0] == stories(9)[6], len({story.title for story in stories(300)})
    (True, 300)
    """
    return tuple(_story(at) for at in reversed(range(first, first + count)))


def _story(at: int) -> Story:
    place, deed, kind = _PLACES[at % len(_PLACES)], _DEEDS[at % len(_DEEDS)], _KINDS[at % len(_KINDS)]
    published, source = FIRST + at % _ROUND * _STEP, _SOURCES[at // 2 % len(_SOURCES)]
    words = {
        "place": place,
        "deed": deed,
        "source": source,
        "n": at + 1,
        "day": f"{published.month}月{published.day}日",
        "few": at % 7 + 3,
        "some": at * 3 + 21,
        "many": at * 17 + 306,
        "share": at % 60 + 31,
    }
    chosen = (_OPENINGS[at % 3], *(_MIDDLES[(at + n) % len(_MIDDLES)] for n in range(2 + at % 3)), _ENDINGS[at % 2])
    return Story(
        at=at,
        title=f"关于{place}{deed}的{kind}（{published.year}年第{at + 1}期）",
        published=published,
        source=source,
        paragraphs=tuple(one.format_map(words) for one in (*chosen, *_signature(source, published))),
        rows=tuple(_table(at)) if at % 5 == 2 else (),
        file=f"{deed}登记表.docx" if at % 6 == 1 else "",
    )


def _signature(source: str, published: datetime) -> tuple[str, str]:
    return source, f"{published.year}年{published.month}月{published.day}日"


def _table(at: int) -> Iterator[tuple[str, ...]]:
    yield "序号", "单位", "完成数", "完成率"
    for n, place in enumerate(_PLACES[:4], 1):
        yield str(n), f"{place}卫生院", str(at * 5 + n * 31), f"{(at + n * 7) % 50 + 50}%"
