"""A run that could not read some of its lists says which, and fails, though others were read."""

import json
from pathlib import Path

from healthcrawl.demo import DemoServer
from healthcrawl.demo.answer import Resource
from tests.conftest import Done, run_scrapy
from tests.crawl.bureaus import resources, write_site

HOST = "columns.healthcrawl.test"
FIRST = "/tzgg/index.html"


def crawl(folder: Path, server: DemoServer) -> Done:
    return run_scrapy(
        folder / "archive",
        "crawl",
        "columns",
        SITES_DIR=str(folder / "sites"),
        CONNECT_TO=json.dumps({HOST: server.address}),
        RETRY_TIMES="0",
    )


def test_lists_that_could_not_be_read_are_named(tmp_path: Path) -> None:
    broken, forbidden, gone, away = "/broken/index.html", "/neibu/index.html", "/gone/index.html", "/away/index.html"
    write_site(tmp_path / "sites", "columns", HOST, columns=[FIRST, broken, forbidden, gone, away])
    site = resources(HOST, 3, noise=0)
    good = site[FIRST]
    site["/robots.txt"] = Resource(body=b"User-agent: *\nDisallow: /neibu/\n", content_type="text/plain")
    # A further page that is announced and not there is no loss.
    site[FIRST] = Resource(body=good.body.replace(b'class="page">', b'class="page"><a href="index_2.html">\xe4\xb8\x8b\xe4\xb8\x80\xe9\xa1\xb5</a>'))  # fmt: skip
    site |= {broken: Resource(status=500), away: Resource(status=302, location="http://www.other.test/")}
    with DemoServer(site) as server:
        done = crawl(tmp_path, server)
        assert "/tzgg/index_2.html" in {served.target for served in server.log}
        assert done.status == 1
        told = next(line for line in done.err.splitlines() if line.startswith("scrapy crawl: columns: "))
        assert "4 of its list pages could not be read" in told
        for name, path, why in (
            ("c1", broken, "http-error, status 500"),
            ("c2", forbidden, "forbidden by robots.txt"),
            ("c3", gone, "not-found"),
            ("c4", away, "redirect"),
        ):
            assert f"{name} (http://{HOST}{path}: {why}" in told
        assert len([*(tmp_path / "archive" / "corpus").iterdir()]) == 3
        site["/robots.txt"] = Resource(body=b"", content_type="text/plain")
        site |= dict.fromkeys((broken, forbidden, gone, away), good)
        done = crawl(tmp_path, server)
        assert (done.status, "scrapy crawl:" in done.err) == (0, False), done.err
