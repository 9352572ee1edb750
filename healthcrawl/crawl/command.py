"""What our commands that need no crawler share: settings, and errors that end as one line and an exit status."""

import argparse
import sys
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from healthcrawl.crawl.exits import status_of
from healthcrawl.errors import HealthcrawlError, UsageError


class PlainCommand(ScrapyCommand):
    """A command without a crawler. Its `work` does the job and gives the exit status."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    @abstractmethod
    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Do the job.

        Raises:
            HealthcrawlError: it can't be done.
        """

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do the job; an error is told in one line."""
        try:
            self._refuse_unknown(args)
            self.exitcode = self.work(args, opts)
        except HealthcrawlError as error:
            print(f"scrapy {type(self).__module__.rpartition('.')[2]}: {error}", file=sys.stderr)
            self.exitcode = status_of(error)
        except BrokenPipeError:  # the reader of our output has seen enough
            sys.stderr.close()
            self.exitcode = 1

    def _refuse_unknown(self, args: list[str]) -> None:
        """Scrapy hands options that it does not know on as names."""
        for arg in args:
            if arg.startswith("-") and not Path(arg).exists():
                raise UsageError(f"no such option: {arg}; --help shows those there are")

    def setting(self, name: str) -> str:
        """A setting as text."""
        assert self.settings is not None
        return str(self.settings[name] or "")
