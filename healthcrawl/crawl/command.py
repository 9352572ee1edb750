"""What our commands share: where their work is done, and errors that end as one line and an exit status.

Scrapy loads every module of `healthcrawl.crawl.commands` before it runs one command, or only lists them. So these hold no more
than a command's words and options; what it does is a module of the same name in `healthcrawl.crawl.jobs`, and only that loads the
catalog, the extraction, and whatever else the job needs.
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from healthcrawl.crawl.exits import status_of
from healthcrawl.errors import HealthcrawlError, UsageError


class PlainCommand(ScrapyCommand):
    """A command without a crawler."""

    requires_project = True
    requires_crawler_process = False
    default_settings: ClassVar[dict[str, Any]] = {"LOG_ENABLED": False}

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Do the job, and give the exit status.

        Raises:
            HealthcrawlError: it can't be done.
        """
        status: int = job_of(self).work(self.settings, args, opts)
        return status

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do the job; an error is told in one line."""
        try:
            self._refuse_unknown(args)
            self.exitcode = self.work(args, opts)
        except HealthcrawlError as error:
            print(f"scrapy {_name(self)}: {error}", file=sys.stderr)
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


def job_of(command: ScrapyCommand) -> Any:
    """The module that does what a command is for."""
    return import_module(f"healthcrawl.crawl.jobs.{_name(command)}")


def _name(command: ScrapyCommand) -> str:
    return type(command).__module__.rpartition(".")[2]
