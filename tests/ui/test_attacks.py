"""Everything that people or archives can say, tried as markup, as a path and as a header: it stays text, and leads nowhere."""

import re
from itertools import product
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from healthcrawl.core.tree import parse
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.ui.app import build_app
from tests.corpus.shelves import Shelf, document
from tests.ui.conftest import NOW

MARK = "hcxss"
MARKUP = (
    f"<script>{MARK}</script>",
    f'"><script>{MARK}</script>',
    f"'><img src=x onerror={MARK}>",
    f'" onmouseover={MARK} x="',
    f"' onfocus={MARK} autofocus x='",
    f"</title><svg onload={MARK}>",
    f"</textarea></select></option><iframe src=javascript:{MARK}>",
    f"javascript:{MARK}",
    f"JaVaScRiPt&colon;{MARK}",
    f"data:text/html,<script>{MARK}</script>",
    f"{{{{ 7*7 }}}}{{% raw %}}{MARK}",
    f"--><!--<{MARK}>",
    f"]]><{MARK}>",
    f"\u2028<{MARK}>\u202e",
    f"%3Cscript%3E{MARK}%3C/script%3E",
    f"+ADw-script+AD4-{MARK}",
    f"\x00<{MARK}>",
)
TRAVERSAL = (
    "../../../../etc/passwd",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..\\..\\etc\\passwd",
    "....//....//etc/passwd",
    "/etc/passwd",
    "file:///etc/passwd",
    "%00/etc/passwd",
    "..%c0%af..%c0%afetc/passwd",
    "demo/../../catalog.sqlite",
    "~root/.ssh/id_rsa",
    "con",
)
HEADERS = (
    "a\r\nX-Evil: 1",
    "a%0d%0aX-Evil:%201",
    "a\nSet-Cookie: evil=1",
    "a%E5%98%8D%E5%98%8AX-Evil:1",
    "a\r\n\r\n<script>",
)
PARAMETERS = {
    "/search": ("q", "site", "since", "until", "finding", "page"),
    "/documents": ("site", "since", "until", "finding", "page"),
    "/incidents": ("site",),
    "/incidents.csv": ("site",),
    "/rejections": ("site", "reason", "page"),
    "/resources/demo": ("url", "at", "kind"),
    "/documents/0": ("q", "page"),
}
PLACES = (
    "/{}", "/sites/{}", "/documents/{}", "/documents/{}.txt", "/captures/{}/x.warc.gz/0", "/captures/demo/{}/0", "/captures/demo/x/{}",
    "/captures/demo/{}/0/page", "/captures/demo/{}/0/again", "/captures/demo/{}/0/record", "/resources/{}?url=x", "/rules/{}", "/static/{}",
)  # fmt: skip


def assert_harmless(client: TestClient, address: str, **headers: str) -> None:
    answer = client.get(address, headers=headers, follow_redirects=False)
    assert answer.status_code in {200, 307, 400, 404, 405, 421}, (address, answer.status_code)
    assert "root:" not in answer.text
    assert "x-evil" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    location = answer.headers.get("location", "/")
    assert re.match(r"/(?!/)|http://127\.0\.0\.1:8480/", location), location
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert_text(answer.text)


def assert_text(page: str) -> None:
    """That nothing of a page acts, and no mark of ours became a part of its markup."""
    for element in parse(page).iter():
        if not isinstance(element.tag, str):  # a comment
            continue
        assert element.tag not in {"script", MARK}
        for name, value in element.attrib.items():
            assert not name.startswith("on"), (element.tag, name)
            assert MARK not in name
            if name in {"href", "src", "action", "formaction", "data"}:
                assert re.match(r"(?:https?:|/|#|\?|$)", value), value


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """An archive in which every text that came from the web is an attack."""
    shelf = Shelf(tmp_path_factory.mktemp("attacks") / "archive")
    for number, attack in enumerate(MARKUP):
        shelf.keep(
            [document(number, title=f"卫生{attack}", text=f"卫生{attack}\n{attack}", site="demo")], kinds=["spam"]
        )
    rows = []
    for number, attack in enumerate(MARKUP):
        record = f"<urn:http://demo.test/{number}#1>"
        rows.append(
            {
                "record_id": record, "site": "demo", "address": f"http://demo.test/{number}", "url": f"http://demo.test/{attack}",
                "captured_at": "2026-03-01T00:00:00+00:00", "role": "article", "status": 200, "media_type": attack,
                "payload_sha256": "", "record_type": "response", "warc_file": "w", "warc_offset": number, "warc_length": 1,
                "outcome": "rejected" if number % 2 else "document", "reason": "spam" if number % 2 else "", "detail": attack,
                "number": number,
            }
        )  # fmt: skip
    with shelf.catalog.writing() as tx:
        tx.execute(tables.captures.insert(), rows)
        for number, attack in enumerate(MARKUP):
            tx.execute(
                tables.documents.update()
                .where(tables.documents.c.number == number)
                .values(url=f"javascript:{attack}", source=attack, author=attack, family=attack)
            )
            tx.execute(
                tables.findings.update()
                .where(tables.findings.c.record_id == f"<urn:http://demo.test/{number}#1>")
                .values(text=attack, detail=attack)
            )
    shelf.layout.warc("demo").mkdir(parents=True)
    shelf.catalog.close()
    return client_of(shelf.layout)


def client_of(layout: ArchiveLayout) -> TestClient:
    return TestClient(
        build_app(layout, {}, lambda: NOW), base_url="http://127.0.0.1:8480", raise_server_exceptions=True
    )


def test_nothing_that_is_asked_becomes_markup_a_path_or_a_header(client: TestClient) -> None:
    tries = 0
    for (path, names), attack in product(PARAMETERS.items(), (*MARKUP, *TRAVERSAL, *HEADERS)):
        for name in names:
            assert_harmless(client, f"{path}?{name}={quote(attack)}")
            tries += 1
    for place, attack in product(PLACES, (*MARKUP, *TRAVERSAL, *HEADERS)):
        assert_harmless(client, place.format(quote(attack, safe="")))
        tries += 1
    for place, attack in product(PLACES, TRAVERSAL):  # as they are
        assert_harmless(client, place.format(attack))
        tries += 1
    for attack in (one for one in (*MARKUP, *TRAVERSAL) if one.isascii() and one.isprintable()):
        for header in (
            "accept-language",
            "host",
            "referer",
            "x-forwarded-host",
            "user-agent",
            "range",
            "authorization",
        ):
            assert_harmless(client, "/sites", **{header: attack})
            tries += 1
    assert tries >= 1_000


@pytest.mark.parametrize("suffix", ["", ".json"])
def test_nothing_that_an_archive_holds_becomes_markup(hostile: TestClient, suffix: str) -> None:
    addresses = [
        "/sites",
        "/documents",
        "/incidents",
        "/rejections",
        "/rejections?reason=spam",
        "/search?q=卫生",
        "/search?q=hcxss",
    ]
    addresses += [f"/documents/{number}" for number in range(len(MARKUP))]
    for address in addresses:
        path, _, query = address.partition("?")
        answer = hostile.get(f"{path}{suffix}?{query}")
        assert answer.status_code == 200, address
        if suffix:
            assert answer.headers["content-type"] == "application/json"
        else:
            assert_text(answer.text)
    assert MARK in hostile.get("/search?q=hcxss").text, "it is there, as text"


def test_a_table_of_incidents_has_no_formulas(hostile: TestClient) -> None:
    answer = hostile.get("/incidents.csv")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert not re.search(r'(?m)(?:^|,)"[=+@-]', answer.text)


def test_the_attacks_would_be_seen() -> None:
    for attack in MARKUP[:3]:
        with pytest.raises(AssertionError):
            assert_text(f'<!doctype html><html><body><p title="{attack}">{attack}</p></body></html>')
