"""What a browser makes of the pages: no error, nothing that shuts people out, and nothing that leads out of a hostile page.

AXE_CORE=node_modules/axe-core/axe.min.js pytest -n 0 -m slow tests/ui/test_browser.py
"""

import http.server
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.knowledge.load import load_sites
from healthcrawl.ui.app import build_app
from tests.crawl.newsroom import Newsroom
from tests.ui.browser import Listener, axe, chromium, served
from tests.ui.conftest import NOW
from tests.ui.hostile import HOSTILE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SCHEMES, LANGUAGES = ("light", "dark"), ("en", "zh-CN")
_PATIENCE = 4.0  # seconds in which a page may try what it wants


@pytest.fixture(scope="module")
def outside() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def browser(outside: Listener, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(outside, tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture(scope="module")
def pages(demo_archive: Path) -> Iterator[str]:
    with served(build_app(ArchiveLayout(demo_archive), load_sites().sites, lambda: NOW)) as address:
        yield address


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages over an archive that holds a hostile one as its document 0."""
    with pytest.MonkeyPatch.context() as patch:
        room = Newsroom(tmp_path_factory.mktemp("hostile"), patch, articles=1)
        room.articles[1].paragraphs += [HOSTILE, "以上事项请各单位认真落实，及时报送进展情况。"]
        assert room.crawl("2026-03-01T08:00").status == 0
        with served(build_app(ArchiveLayout(room.archive), {}, lambda: NOW)) as address:
            yield address


def addresses(browser: Any, start: str) -> list[str]:
    """A page of each kind, reached by the links between them."""
    paths = [
        "/sites",
        "/sites/demo",
        "/documents",
        "/incidents",
        "/rejections",
        "/rules",
        "/search",
        "/search?q=卫生",
        "/nowhere",
    ]
    for path, selector in (
        ("/documents", "main a[href^='/documents/']"),
        ("/incidents", "main a[href^='/documents/']"),
        ("/rejections", "main a[href^='/captures/']"),
        ("/rejections", "main a[href$='/again']"),
        ("/rules", "main a[href^='/rules/']"),
    ):
        browser.get(start + path)
        links = browser.execute_script(
            f'return [...document.querySelectorAll("{selector}")].map(a => a.getAttribute("href"))'
        )
        paths += [link.partition("#")[0] for link in links[:1]]
    return list(dict.fromkeys(paths))


def look(browser: Any, scheme: str, language: str) -> None:
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"Accept-Language": language}})


def test_every_page_loads_without_an_error(browser: Any, pages: str, outside: Listener) -> None:
    found = addresses(browser, pages)
    assert len(found) >= 13
    browser.get_log("browser")
    for path in found:
        browser.get(pages + path)
        errors = [one["message"] for one in browser.get_log("browser") if one["level"] == "SEVERE"]
        expected = [one for one in errors if path == "/nowhere" and "404" in one]
        assert errors == expected, path
        assert browser.find_element("css selector", "h1").is_displayed()
    assert outside.calls == []


def test_nobody_is_shut_out(browser: Any, pages: str) -> None:
    source = axe()
    serious: dict[str, list[str]] = {}
    for scheme in SCHEMES:
        for language in LANGUAGES:
            look(browser, scheme, language)
            for path in addresses(browser, pages):
                browser.get(pages + path)
                assert browser.find_element("css selector", "html").get_attribute("lang") == language
                browser.execute_script(source)
                result = browser.execute_async_script(
                    "const done = arguments[0]; axe.run(document, {iframes: false}).then(done, e => done({error: String(e)}))"
                )
                assert "error" not in result, result
                assert len(result["passes"]) > 5
                told = [
                    f"{one['id']}: {node['html'][:120]}"
                    for one in result["violations"]
                    if one["impact"] in {"serious", "critical"}
                    for node in one["nodes"][:3]
                ]
                if told:
                    serious[f"{path} {scheme} {language}"] = told
    assert serious == {}


def test_the_keyboard_reaches_everything_and_is_seen(browser: Any, pages: str) -> None:
    keys = pytest.importorskip("selenium.webdriver.common.keys").Keys
    active = "const e = document.activeElement, s = getComputedStyle(e), r = e.getBoundingClientRect();"
    for path in ("/sites", "/search?q=卫生", "/documents"):
        browser.get(pages + path)
        browser.find_element("css selector", "body").send_keys(keys.TAB)
        assert browser.execute_script("return document.activeElement.className") == "skip"
        browser.switch_to.active_element.send_keys(keys.ENTER)
        assert browser.current_url.endswith("#content")
        browser.get(pages + path)
        order = []
        for _ in range(20):
            browser.switch_to.active_element.send_keys(keys.TAB)
            shown = browser.execute_script(
                f"{active} return [[...document.querySelectorAll('*')].indexOf(e), s.outlineStyle, r.width > 0 && r.left >= 0]"
            )
            order.append(shown[0])
            assert shown[1] != "none" or browser.switch_to.active_element.tag_name == "body", path
            assert shown[2]
        rising = order[: order.index(max(order)) + 1]
        assert rising == sorted(rising), "the order of the keyboard is that of the page"


def test_a_hostile_page_would_call_out(browser: Any, outside: Listener, tmp_path: Path) -> None:
    """What the next test is worth: the same page without the viewer."""
    (tmp_path / "page.html").write_text(f'<!doctype html><meta charset="utf-8">{HOSTILE}', "utf-8")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        before = len(outside.calls)
        browser.get(f"http://127.0.0.1:{server.server_address[1]}/page.html")
        time.sleep(_PATIENCE)
        assert len(outside.calls) - before > 10
        server.shutdown()


def test_nothing_gets_out_of_a_hostile_page(browser: Any, hostile: str, outside: Listener) -> None:
    browser.get("about:blank")
    for handle in browser.window_handles[1:]:
        browser.switch_to.window(handle)
        browser.close()
    browser.switch_to.window(browser.window_handles[0])
    time.sleep(1)
    outside.calls.clear()
    address = f"{hostile}/documents/0"
    browser.get(address)
    time.sleep(_PATIENCE)
    frame = browser.find_element("css selector", "iframe")
    inside = frame.get_attribute("src")
    links = _click_all(browser, frame, address)
    assert links >= 8, "its links can still be seen"
    assert browser.current_url == address
    browser.get(inside)
    time.sleep(_PATIENCE)
    assert browser.current_url == inside
    assert browser.execute_script("return document.querySelectorAll('a,area').length") >= 8
    for path in (
        "/documents",
        "/search?q=以上事项",
        "/rejections",
        f"{inside.removeprefix(hostile).removesuffix('/page')}",
    ):
        browser.get(hostile + path)
        time.sleep(0.5)
    assert len(browser.window_handles) == 1
    assert outside.calls == []


def _click_all(browser: Any, frame: Any, address: str) -> int:
    """Click everything in the frame that can be clicked; how much that was."""
    browser.switch_to.frame(frame)
    number = len(browser.find_elements("css selector", "a, area, button, input, summary"))
    for at in range(number):
        elements = browser.find_elements("css selector", "a, area, button, input, summary")
        if at < len(elements):
            browser.execute_cdp_cmd("Page.bringToFront", {})
            browser.execute_script("arguments[0].click()", elements[at])
            time.sleep(0.2)
        browser.switch_to.default_content()
        assert browser.current_url == address
        browser.switch_to.frame(browser.find_element("css selector", "iframe"))
    browser.switch_to.default_content()
    return number
