"""A run that could not read some of its lists says which, and fails, though others were read."""

import json
import time
from pathlib import Path

from healthcrawl.demo import DemoServer
from healthcrawl.demo.answer import Resource
from tests.conftest import Done, run_scrapy
from tests.crawl.bureaus import path, resources, title, write_site

HOST = "columns.healthcrawl.test"
FIRST, SECOND = "/tzgg/index.html", "/xwzx/index.html"


def crawl(folder: Path, server: DemoServer, *args: str) -> Done:
    return run_scrapy(
        folder / "archive",
        "crawl",
        "columns",
        *args,
        SITES_DIR=str(folder / "sites"),
        CONNECT_TO=json.dumps({HOST: server.address}),
        RETRY_TIMES="0",
    )


def test_lists_that_could_not_be_read_are_named(tmp_path: Path) -> None:
    broken, forbidden, gone, away = "/broken/index.html", "/neibu/index.html", "/gone/index.html", "/away/index.html"
    nowhere = "/nowhere/index.html"
    write_site(tmp_path / "sites", "columns", HOST, columns=[FIRST, broken, forbidden, gone, away, nowhere])
    site = resources(HOST, 3, noise=0)
    good = site[FIRST]
    site["/robots.txt"] = Resource(body=b"User-agent: *\nDisallow: /neibu/\n", content_type="text/plain")
    # A further page that is announced and not there is no loss.
    site[FIRST] = Resource(body=good.body.replace(b'class="page">', b'class="page"><a href="index_2.html">\xe4\xb8\x8b\xe4\xb8\x80\xe9\xa1\xb5</a>'))  # fmt: skip
    site |= {broken: Resource(status=500), away: Resource(status=302, location="http://www.other.test/")}
    site[nowhere] = Resource(status=302, location="http://[::1")
    with DemoServer(site) as server:
        done = crawl(tmp_path, server)
        assert "/tzgg/index_2.html" in {served.target for served in server.log}
        assert done.status == 1
        told = next(line for line in done.err.splitlines() if line.startswith("scrapy crawl: columns: "))
        assert "5 of its list pages could not be read" in told
        for name, path, why in (
            ("c1", broken, "http-error, status 500"),
            ("c2", forbidden, "forbidden by robots.txt"),
            ("c3", gone, "not-found"),
            ("c4", away, "redirect"),
            ("c5", nowhere, "redirect, status 302 to http://[::1"),
        ):
            assert f"{name} (http://{HOST}{path}: {why}" in told
        assert len([*(tmp_path / "archive" / "corpus").iterdir()]) == 3
        site["/robots.txt"] = Resource(body=b"", content_type="text/plain")
        site |= dict.fromkeys((broken, forbidden, gone, away, nowhere), good)
        done = crawl(tmp_path, server)
        assert (done.status, "scrapy crawl:" in done.err) == (0, False), done.err


def test_an_article_listed_in_two_columns_is_asked_for_once(tmp_path: Path) -> None:
    """What has the same number, date and title is one article; under the same number alone there may be two."""
    write_site(tmp_path / "sites", "columns", HOST, columns=[FIRST, SECOND])
    site = resources(HOST, 6, noise=0)
    listed = site[FIRST].body.decode()
    other = listed.replace(title(100_002), "关于另一件事情的通知").replace(title(100_003), f"{title(100_003)[:12]}…")
    site[SECOND] = Resource(body=other.encode())
    site |= {path(number).replace("tzgg", "xwzx"): site[path(number)] for number in range(100_001, 100_007)}
    with DemoServer(site) as server:
        done = crawl(tmp_path, server)
        assert done.status == 0, done.err
        asked = [served.target for served in server.log if "post_" in served.target]
        numbers = [int(target[-11:-5]) for target in asked]
        assert sorted(numbers) == [100_001, 100_002, 100_002, 100_003, 100_004, 100_005, 100_006]
        assert "listed already" in done.err
        twin = next(target for target in asked if "100005" in target)
        before = len(server.log)
        time.sleep(1.1)  # what a run saw is counted by the second
        assert crawl(tmp_path, server).status == 0
        assert not {served.target for served in server.log[before:]} & {path(100_005).replace("tzgg", "xwzx")} - {twin}
        site[twin] = Resource(status=404)  # now the other one is all there is
        assert crawl(tmp_path, server, "-a", "full=1").status == 0
        assert crawl(tmp_path, server, "-a", "full=1").status == 0
        asked = [served.target for served in server.log if "100005" in served.target]
    assert set(asked) == {path(100_005), path(100_005).replace("tzgg", "xwzx")}
