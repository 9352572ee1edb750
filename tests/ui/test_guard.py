"""Who may look: names of the host, methods, the password, and what answers tell the browser."""

from base64 import b64encode
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.knowledge.load import load_sites
from healthcrawl.ui.app import build_app
from tests.ui.conftest import NOW


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8480", "[::1]:8480", "127.0.0.2"])
def test_loopback_is_answered_by_its_names(client: TestClient, host: str) -> None:
    assert client.get("/sites", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["attacker.test", "127.0.0.1.attacker.test", "192.0.2.1", "localhost@attacker.test", ""]
)
def test_a_name_that_was_pointed_at_loopback_is_not_answered(client: TestClient, host: str) -> None:
    answer = client.get("/sites", headers={"host": host})
    assert answer.status_code == 421
    assert "demo" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_reading_is_allowed(client: TestClient, method: str) -> None:
    assert client.request(method, "/sites").status_code == 405


@pytest.mark.parametrize("path", ["/sites", "/sites.json", "/nowhere", "/static/style.css"])
def test_every_answer_shuts_the_browser(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"


def test_with_a_password_any_name_is_answered_to_those_who_have_it(demo_archive: Path) -> None:
    app = build_app(ArchiveLayout(demo_archive), load_sites().sites, lambda: NOW, password="健康 2026")  # noqa: S106
    client = TestClient(app, base_url="http://archive.example.org")

    def get(user: str) -> int:
        token = b64encode(user.encode()).decode()
        answer = client.get("/sites", headers={"authorization": f"Basic {token}"})
        return int(answer.status_code)

    assert client.get("/sites").status_code == 401
    assert client.get("/sites").headers["www-authenticate"].startswith("Basic ")
    assert [get("me:健康 2026"), get(":健康 2026"), get("me:健康"), get("me"), get("me:健康 2026 ")] == [
        200,
        200,
        401,
        401,
        401,
    ]
    assert client.get("/sites", headers={"authorization": "Basic ?"}).status_code == 401
