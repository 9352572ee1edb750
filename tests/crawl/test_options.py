"""Settings and spider arguments are checked where they are read."""

import pytest
from scrapy.settings import Settings

from healthcrawl.crawl.options import budget
from healthcrawl.errors import UsageError
from healthcrawl.rules import Budget

SITE = Budget(pages=1000)


def test_arguments_go_before_settings_and_these_before_the_site_file() -> None:
    settings = Settings({"BUDGET_PAGES": "30", "BUDGET_DEPTH": "4"})
    assert budget(settings, [], {"pages": "20"}, SITE) == Budget(pages=20, depth=4)
    assert budget(Settings(), [], {}, SITE) == SITE
    assert budget(Settings(), [], {"_job": "6487ec79947e"}, SITE) == SITE, "as Scrapyd calls spiders"


@pytest.mark.parametrize(
    ("arguments", "settings", "told"),
    [
        ({"pages": "0"}, {}, "spider argument pages: expected a number above 0, got '0'"),
        ({"seconds": "soon"}, {}, "spider argument seconds: expected a number above 0, got 'soon'"),
        ({"page": "1"}, {}, "spider argument not known: page; there are depth, pages, megabytes, seconds, full"),
        ({}, {"BUDGET_PAGES": "many"}, "BUDGET_PAGES: expected a number above 0, got 'many'"),
    ],
)
def test_a_budget_that_is_none_is_told(arguments: dict[str, str], settings: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        budget(Settings(settings), [], arguments, SITE)
    assert str(caught.value) == told
