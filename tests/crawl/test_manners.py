"""robots.txt is obeyed as RFC 9309 says, and its Crawl-delay counts."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from healthcrawl.warc.read import read_records
from tests.conftest import Done, run_scrapy
from tests.crawl.raw_server import Answer, RawServer

HOST = "manners.healthcrawl.test"
PAGE = Answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>a</p>\n")


def robots(status: str, body: bytes = b"") -> Answer:
    return Answer(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body))


def crawl(tmp_path: Path, answer: Answer, **settings: str) -> tuple[Done, list[str]]:
    """Crawl four lists of a site with that robots.txt; say how it ended and what was asked for."""
    sites = tmp_path / "sites"
    sites.mkdir()
    columns = "".join(f'[[columns]]\nname = "c{n}"\nurl = "http://{HOST}/{n}"\n' for n in range(4))
    head = f'name = "manners"\ntitle = "M"\nkind = "bureau"\nstatus = "verified"\ndomains = ["{HOST}"]\ndelay = 0\n'
    (sites / "manners.toml").write_text(head + columns, "utf-8")
    with RawServer({"/robots.txt": answer, **{f"/{n}": PAGE for n in range(4)}}) as server:
        done = run_scrapy(
            tmp_path / "archive",
            "crawl",
            "manners",
            SITES_DIR=str(sites),
            CONNECT_TO=json.dumps({"*": server.address}),
            RETRY_TIMES="0",
            **settings,
        )
        return done, [request.split(b" ", 2)[1].decode() for request, _ in server.log]


@pytest.mark.parametrize("status", ["500 Error", "503 Busy", "429 Slow"])
def test_a_host_that_cannot_tell_its_rules_is_left_alone(tmp_path: Path, status: str) -> None:
    done, asked = crawl(tmp_path, robots(status))
    assert set(asked) == {"/robots.txt"}
    assert done.status == 1
    assert f"answered {status[:3]}" in done.err
    assert "│ not asked for │     4 │ robots.txt could not be read" in done.err
    assert f"c3 (http://manners.healthcrawl.test/3: robots.txt answered {status[:3]})" in done.err


def test_a_host_whose_rules_cannot_be_fetched_is_left_alone(tmp_path: Path) -> None:
    done, asked = crawl(tmp_path, Answer(b"", close=True))
    assert set(asked) == {"/robots.txt"}
    assert done.status == 1


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "401 Unauthorized"])
def test_a_host_without_rules_allows_everything(tmp_path: Path, status: str) -> None:
    done, asked = crawl(tmp_path, robots(status, b"User-agent: *\nDisallow: /\n"))
    assert sorted(asked) == ["/0", "/1", "/2", "/3", "/robots.txt"]
    assert done.status == 0, done.err


def test_what_the_rules_forbid_is_not_asked_for(tmp_path: Path) -> None:
    rules = b"User-agent: other\nDisallow: /3\n\nUser-agent: healthcrawl\nDisallow: /1\nDisallow: /2\n"
    _, asked = crawl(tmp_path, robots("200 OK", rules))
    assert sorted(asked) == ["/0", "/3", "/robots.txt"]


def test_crawl_delay_counts(tmp_path: Path) -> None:
    done, asked = crawl(tmp_path, robots("200 OK", b"User-agent: *\nCrawl-delay: 2\n"))
    assert done.status == 0, done.err
    assert len(asked) == 5
    (path,) = (tmp_path / "archive" / "warc" / "manners").glob("*.warc.gz")
    dates = [record.date for record in read_records(path) if record.type in {"response", "revisit"}]
    # Dates are in whole seconds, and the first page may follow robots.txt at once.
    gaps = [(after - before).total_seconds() for before, after in pairwise(dates[1:])]
    assert min(gaps) >= 1
    assert (dates[-1] - dates[1]).total_seconds() >= 5
