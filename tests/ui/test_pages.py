"""What the pages show of the demo bureau, as values and as HTML; and that nothing of an archive becomes markup."""

import csv
import gzip
import io
import re
import shutil
import subprocess
import sys
from typing import Any

import pytest
from starlette.testclient import TestClient

from healthcrawl.core.tree import parse
from healthcrawl.corpus.layout import content_hash
from healthcrawl.demo import articles

HACKED = "栖云区家庭医生签约服务跑出“加速度”"
MIRRORED = "全市医疗服务能力提升工程推进会召开"


def value(client: TestClient, path: str) -> Any:  # JSON
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def number_of(client: TestClient, title: str) -> int:
    rows = value(client, "/documents.json")["rows"]
    return int(next(row["number"] for row in rows if row["title"] == title))


def article(client: TestClient, title: str) -> Any:
    return value(client, f"/documents/{number_of(client, title)}.json")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    "path",
    [
        "/sites",
        "/sites/demo",
        "/documents",
        "/search?q=卫生",
        "/incidents",
        "/rejections",
        "/rejections?reason=list",
        "/rules",
        "/rules/spam",
    ],
)
def test_pages_are_whole_in_both_languages(client: TestClient, path: str, language: str) -> None:
    answer = client.get(path, headers={"accept-language": language})
    assert answer.status_code == 200
    tree = parse(answer.text)
    assert tree.get("lang") == answer.headers["content-language"] == language
    assert len(tree.findall(".//h1")) == 1
    assert not tree.findall(".//script")
    assert not re.search(r"\sstyle=|\son[a-z]+=", answer.text)
    shown = {link for link in (one.get("href", "") for one in tree.iter("a", "link")) if link.startswith("/")}
    assert {link for link in shown if client.get(link).status_code != 200} == set()


def test_a_site_is_shown_with_its_runs_and_its_file(client: TestClient) -> None:
    (row,) = value(client, "/sites.json")["rows"]
    assert (row["state"], row["condition"]["documents"]) == ("ok", len(articles()))
    site = value(client, "/sites/demo.json")
    assert site["runs"][0]["changes"]["new"] == len(articles())
    assert sum(bar["values"]["documents"] for bar in site["months"]["bars"]) == len(articles())
    settings = {one["key"]: one for one in site["settings"]}
    assert settings["expect.min_documents"] == {"key": "expect.min_documents", "values": ["31"], "is_default": False}
    assert settings["budget.pages"]["is_default"]


def test_documents_are_chosen_by_site_date_and_finding(client: TestClient) -> None:
    def titles(query: str) -> list[str]:
        return [row["title"] for row in value(client, f"/documents.json?{query}")["rows"]]

    everything = titles("")
    assert len(everything) == len(articles())
    may = titles("since=2024-05-01&until=2024-05-31&site=demo")
    assert len(may) == 4
    assert MIRRORED in titles("finding=byte-shift")
    assert titles("finding=truncated") == []
    assert titles("page=2") == []


def test_an_article_stands_beside_its_page_with_what_was_dropped_and_mended(client: TestClient) -> None:
    hacked, mirrored = article(client, HACKED), article(client, MIRRORED)
    (dropped,) = [line for line in hacked["text"]["lines"] if line["kind"] == "dropped"]
    assert dropped["stretches"][0]["text"].startswith("样板娱乐城开户送888")
    assert hacked["findings"][dropped["finding"]]["rule"].startswith("/rules/spam#L")
    pieces = [piece for line in mirrored["text"]["lines"] for piece in line["stretches"]]
    assert {"kind": "removed", "text": "(wèi)"} in pieces
    kept = "".join(piece["text"] for piece in pieces if piece["kind"] != "removed")
    assert "青岫市卫生健康局召开重点专科建设推进会" in kept
    shift = next(one for one in mirrored["findings"] if one["kind"] == "byte-shift")
    assert shift["after"] == "。《規劃》明確，每"


@pytest.mark.parametrize("title", [HACKED, MIRRORED])
def test_the_text_of_an_article_is_that_of_its_file_whatever_is_marked(client: TestClient, title: str) -> None:
    (expected,) = [one.expected for one in articles() if one.title == title]
    row = article(client, title)
    lines = [
        "".join(piece["text"] for piece in line["stretches"] if piece["kind"] != "removed")
        for line in row["text"]["lines"]
        if line["kind"] != "dropped"
    ]
    assert lines == [line for line in expected.split("\n") if line]
    data = client.get(f"/documents/{row['number']}.txt").content
    assert data.decode() == expected
    assert content_hash(data) == row["sha256"]


def test_metadata_are_told_with_the_places_that_say_them(client: TestClient) -> None:
    fields = {one["name"]: one for one in article(client, MIRRORED)["metadata"]}
    assert fields["title"]["origins"][0]["where"] == "heading"
    assert fields["published"]["origins"][0]["text"].startswith("发布时间：2024-07-13")
    assert "来源：" in fields["source"]["origins"][0]["text"]
    assert fields["author"]["origins"] == []
    assert "位置" in fields["column"]["origins"][0]["text"]


def test_a_capture_is_shown_as_it_crossed_the_wire_and_its_record_can_be_had(client: TestClient) -> None:
    address = article(client, HACKED)["capture"]
    capture = value(client, f"{address}.json")
    assert [one["type"] for one in capture["records"]] == ["request", "metadata", "response"]
    assert all(one["digest_holds"] for one in capture["records"])
    assert capture["records"][0]["text"].startswith("GET /xwzx/gzdt/")
    assert capture["records"][2]["headers"]["warc-target-uri"] == capture["url"]
    answer = client.get(f"{address}/record")
    assert answer.headers["content-disposition"].startswith("attachment; ")
    assert len(answer.content) == capture["length"]
    assert gzip.decompress(answer.content).startswith(b"WARC/1.1\r\nWARC-Type: response")


def test_an_archived_page_is_locked_in_and_its_findings_are_marked(client: TestClient) -> None:
    address = article(client, HACKED)["capture"]
    answer = client.get(f"{address}/page")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'; ")
    assert "allow-" not in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    (mark,) = parse(answer.text).findall(".//mark")
    assert mark.text.startswith("样板娱乐城")
    assert not parse(client.get(f"{address}/page?marks=0").text).findall(".//mark")


def test_reading_again_by_the_same_rules_gives_the_same(client: TestClient) -> None:
    again = value(client, f"{article(client, MIRRORED)['capture']}/again.json")
    assert again["is_same"]
    assert again["now"]["title"] == MIRRORED
    (missing,) = value(client, "/rejections.json?reason=not-found")["rows"]
    again = value(client, f"{missing['address']}/again.json")
    assert (again["is_same"], again["now"]["reason"]) == (True, "not-found")


def test_rejections_are_counted_and_listed(client: TestClient) -> None:
    found = value(client, "/rejections.json")
    assert found["counts"] == [["not-found", 1]]
    assert dict(found["usual"])["list"] == 10
    assert [row["status"] for row in found["rows"]] == [404]


def test_incidents_are_evidence_that_a_webmaster_can_use(client: TestClient) -> None:
    (site,) = value(client, "/incidents.json")["sites"]
    assert site["pages"] == 6
    evidence = {one["url"]: one for group in site["groups"] for one in group["evidence"]}
    assert {one["where"] for one in evidence.values()} >= {"block", "hidden"}
    rows = list(csv.DictReader(io.StringIO(client.get("/incidents.csv").content.decode("utf-8-sig"))))
    assert {row["page"] for row in rows} == {*evidence}
    assert all(row["snippet"] and row["captured_at_utc"] for row in rows)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sites/nowhere", 404),
        ("/documents/9999", 404),
        ("/documents/99999999999999999999", 400),
        ("/documents?page=x", 400),
        ("/documents?since=yesterday", 400),
        ("/documents?finding=<script>", 400),
        ("/rejections?reason=x", 400),
        ("/rules/..%2F..%2Fpyproject", 404),
        ("/rules/x", 404),
        ("/captures/demo/..%2F..%2Fmanifest.jsonl/0", 404),
        ("/captures/demo/x.warc.gz/0/record", 404),
        ("/captures/demo/x.warc.gz/99999999999999999999/page", 400),
        ("/resources/demo?url=http://evil.test/a.png&at=2026&kind=image", 404),
        ("/resources/demo?url=file:///etc/passwd&kind=style", 404),
        ("/static/..%2Fwords.toml", 404),
        ("/nowhere", 404),
    ],
)
def test_what_is_not_there_is_told_and_nothing_else(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert "<script" not in answer.text


def test_the_commands_fetch_the_record(client: TestClient) -> None:
    capture = value(client, f"{article(client, HACKED)['capture']}.json")
    extract, payload, curl = capture["commands"]
    assert extract.split()[:2] == ["warcio", "extract"]
    warcio = [sys.executable, "-m", "warcio.cli", *extract.split()[1:]]
    fetched = subprocess.run(warcio, capture_output=True, check=True)
    assert fetched.stdout.startswith(b"WARC/1.1\r\n")
    assert capture["url"].encode() in fetched.stdout
    assert "--payload" in payload
    if shutil.which("curl"):
        words = [str(shutil.which("sh")), "-c", curl]
        assert subprocess.run(words, capture_output=True, check=True).stdout.rstrip() == fetched.stdout.rstrip()
