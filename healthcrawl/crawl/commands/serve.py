"""`scrapy serve`: archive and corpus as pages for a browser."""

import argparse
import os

from healthcrawl.crawl.clock import load_clock
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE, FAILED
from healthcrawl.crawl.options import all_sites, archive_layout, normal_form
from healthcrawl.errors import UsageError

_PASSWORD = "HEALTHCRAWL_PASSWORD"  # noqa: S105  # the name of a variable


class Command(PlainCommand):
    """The serve command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[--host ADDRESS] [--port N]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Show archive and corpus in a browser, read-only"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Serve pages over archive and corpus until Ctrl-C: sites, documents beside the pages they were read from, incidents, "
            "rejections. Nothing is written, so it may run beside a crawl and on a disk that is mounted read-only. Other addresses "
            f"than loopback need a password in the environment variable {_PASSWORD}; the traffic is not encrypted."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="default: 127.0.0.1")
        parser.add_argument("--port", metavar="N", type=int, default=8480, help="default: 8480; 0: any that is free")

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Serve until interrupted."""
        assert self.settings is not None
        try:
            from healthcrawl.ui import server  # noqa: PLC0415  # its libraries may not be installed
        except ModuleNotFoundError as error:
            raise UsageError(f"serve needs {error.name}: pip install 'healthcrawl[ui]'") from error
        if args:
            raise UsageError(f"serve takes no names: {args[0]}")
        if not 0 <= opts.port < 1 << 16:
            raise UsageError(f"--port: expected 0 to 65535, got {opts.port}")
        password = os.environ.get(_PASSWORD, "")
        if not password and not server.is_loopback(opts.host):
            raise UsageError(f"--host {opts.host}: everybody could read it there; set a password in {_PASSWORD}")
        app = server.build_app(
            archive_layout(self.settings),
            all_sites(self.settings),
            load_clock(self.settings),
            form=normal_form(self.settings),
            password=password,
        )
        return DONE if server.serve(app, opts.host, opts.port, lambda url: print(url, flush=True)) else FAILED
