"""Pauses grow with each refusal in a row, and have an end."""

from datetime import UTC, datetime

import pytest

from healthcrawl.crawl.patience import Patience, Verdict, judge, seconds_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERVED = Verdict(kind="served")
REFUSED = Verdict(kind="refused", why="status 503")
FAILED = Verdict(kind="failed", why="status 500")


def patience() -> Patience:
    return Patience(pause=30, longest=600, tries=5)


def test_pauses_double_with_each_refusal_in_a_row_up_to_the_longest() -> None:
    host = Patience(pause=30, longest=200, tries=9)
    assert [host.note("a", REFUSED) for _ in range(5)] == [30, 60, 120, 200, 200]
    assert host.note("b", REFUSED) == 30
    assert not host.given_up


def test_what_serves_ends_the_row() -> None:
    host = patience()
    for _ in range(20):
        assert host.note("a", REFUSED) == 30
        assert host.note("a", SERVED) == 0
    assert not host.given_up


def test_a_host_that_goes_on_refusing_is_given_up() -> None:
    host = patience()
    for _ in range(4):
        host.note("a", REFUSED)
    assert not host.given_up
    host.note("a", REFUSED)
    assert "5 times in a row" in host.given_up["a"]
    assert "status 503" in host.given_up["a"]


def test_failures_are_given_more_tries_and_shorter_pauses() -> None:
    host = patience()
    assert [host.note("a", FAILED) for _ in range(3)] == [3, 6, 12]
    for _ in range(6):
        host.note("a", FAILED)
    assert not host.given_up
    host.note("a", FAILED)
    assert "10 times in a row" in host.given_up["a"]


def test_retry_after_is_kept_and_a_longer_one_than_we_can_wait_gives_the_host_up() -> None:
    host = patience()
    assert host.note("a", Verdict(kind="refused", why="status 429", retry_after=400)) == 400
    assert not host.given_up
    assert host.note("a", Verdict(kind="refused", why="status 429", retry_after=86_400)) == 600
    assert "86400 s" in host.given_up["a"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120), (" 7 ", 7), ("0", 0), ("Sun, 01 Mar 2026 12:05:00 GMT", 300), ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sunday, 01-Mar-26 12:01:00 GMT", 60), ("Sun Mar  1 12:02:00 2026", 120), ("", 0), ("soon", 0), ("-5", 0),
        ("1.5", 0), ("٣", 0), ("Fri, 99 Foo 2026 99:99:99 GMT", 0), ("9" * 5000, 999_999_999),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float) -> None:
    assert seconds_of(text, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "reason", "error", "kind"),
    [
        (200, "", "", "served"), (304, "not-modified", "", "served"), (301, "redirect", "", "served"),
        (404, "not-found", "", "served"), (403, "http-error", "", "served"), (429, "http-error", "", "refused"),
        (503, "http-error", "", "refused"), (200, "challenge", "", "refused"), (403, "blocked", "", "refused"),
        (412, "challenge", "", "refused"), (500, "http-error", "", "failed"), (0, "", "ConnectionRefusedError", "failed"),
        (200, "truncated", "an answer cut off (disconnect)", "failed"),
    ],
)  # fmt: skip
def test_what_an_exchange_says_of_its_host(status: int, reason: str, error: str, kind: str) -> None:
    assert judge(status=status, retry_after="", reason=reason, error=error, now=NOW).kind == kind
