"""A wrong value of a setting is one line that says what was expected."""

import pytest
from scrapy.settings import Settings

from healthcrawl import settings as project
from healthcrawl.crawl.checks import check_settings
from healthcrawl.errors import UsageError
from tests.conftest import Scrapy


def with_settings(**changes: object) -> Settings:
    settings = Settings()
    settings.setmodule(project)
    settings.update(changes, priority="cmdline")
    return settings


def test_the_projects_own_settings_are_right() -> None:
    check_settings(with_settings())
    check_settings(with_settings(CONTACT="you@example.org", WARC_SYNC="False", DOWNLOAD_DELAY="0.5", LOG_LEVEL="DEBUG"))


@pytest.mark.parametrize("name", ["WARC_MAX_BYTES", "BACKOFF_TRIES", "DOWNLOAD_TIMEOUT", "PROGRESS_SECONDS", "RETRY_TIMES",
                                  "CONCURRENT_REQUESTS", "DOWNLOAD_DELAY", "BACKOFF_SECONDS", "REQUESTS_A_DAY"])  # fmt: skip
@pytest.mark.parametrize("value", ["abc", "-1", "", None, "nan", "1e999", [3]])
def test_what_is_no_number_is_told(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=rf"^{name}: expected .*, got "):
        check_settings(with_settings(**{name: value}))


@pytest.mark.parametrize("name", ["WARC_MAX_BYTES", "BACKOFF_TRIES", "DOWNLOAD_TIMEOUT", "PROGRESS_SECONDS"])
def test_nothing_is_too_little_for_some(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        check_settings(with_settings(**{name: "0"}))


@pytest.mark.parametrize("name", ["WARC_SYNC", "ROBOTSTXT_OBEY", "RETRY_ENABLED", "DOWNLOAD_VERIFY_CERTIFICATES"])
def test_what_is_neither_on_nor_off_is_told(name: str) -> None:
    with pytest.raises(UsageError, match=rf"^{name}: expected True or False, got 'perhaps'"):
        check_settings(with_settings(**{name: "perhaps"}))


@pytest.mark.parametrize("contact", ["me", "a@b\r\nX-Evil: 1", "卫生@例子", " ", "mail me@example.org", 7])
def test_a_contact_is_an_address_or_a_url_and_no_header(contact: object) -> None:
    with pytest.raises(UsageError, match=r"^CONTACT: expected a mail address or a URL"):
        check_settings(with_settings(CONTACT=contact))


@pytest.mark.parametrize("value", ["8-18", "08:00-08:00", "day"])
def test_quiet_hours_are_checked_before_anything_is_asked_for(scrapy: Scrapy, value: str) -> None:
    done = scrapy("crawl", "demo", QUIET_HOURS=value)
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "QUIET_HOURS: expected spans like" in done.err


def test_a_wrong_level_of_the_log_is_told(scrapy: Scrapy) -> None:
    done = scrapy("crawl", "demo", LOG_LEVEL="LOUD")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "LOG_LEVEL: expected one of" in done.err
