"""Asking a site for the pages that its file names, with all manners of a crawl, into an archive that is looked at and dropped."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider

from healthcrawl.crawl.archivist import CONTEXT
from healthcrawl.model import Context
from healthcrawl.rules import Example, Site

if TYPE_CHECKING:
    from scrapy.http import Response


class LiveCheck(Spider):
    """What makes the spider of a site ask for its columns and examples once, and for nothing else.

    `arrived` has for each address that answered the one that did so in the end, `trouble` why others did not.
    """

    site: Site

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arrived: dict[str, str] = {}
        self.trouble: dict[str, str] = {}

    async def start(self) -> AsyncIterator[Request]:
        """A request for each address."""
        for example in claims(self.site):
            if example.kind != "outside":
                context = Context(role="article" if example.kind == "article" else "list")
                yield Request(
                    example.url,
                    callback=self.note,
                    errback=self.give_up,
                    cb_kwargs={"asked": example.url},
                    meta={CONTEXT: context},
                )

    def go_on(self) -> None:
        """Ask for nothing that was found."""

    def note(self, response: "Response", asked: str) -> None:
        """Note who answered."""
        self.arrived[asked] = response.url

    def give_up(self, failure: Any) -> None:
        """Note why nobody did."""
        said = " ".join(str(failure.value).split())
        self.trouble[failure.request.cb_kwargs["asked"]] = said or type(failure.value).__name__


def live_check(spider: type[Spider]) -> type[LiveCheck]:
    """The spider of a site, made to check its file."""
    return type(f"Checked{spider.__name__}", (LiveCheck, spider), {"__doc__": LiveCheck.__doc__})


def claims(site: Site) -> tuple[Example, ...]:
    """What a site file says of addresses: its examples, and that its columns are lists."""
    known = {example.url for example in site.examples}
    columns = (Example(url=column.url, kind="list") for column in site.columns if column.url not in known)
    return (*site.examples, *columns)
