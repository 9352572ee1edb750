"""What `scrapy serve` does."""

import argparse
import os

from scrapy.settings import BaseSettings

from healthcrawl.crawl.clock import load_clock
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import all_sites, archive_layout, normal_form
from healthcrawl.errors import UsageError

_PASSWORD = "HEALTHCRAWL_PASSWORD"  # noqa: S105  # the name of a variable


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Serve until interrupted.

    Raises:
        UsageError: a library is not installed, everybody could read what is served, or the address can't be had.
    """
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
        archive_layout(settings),
        all_sites(settings),
        load_clock(settings),
        form=normal_form(settings),
        password=password,
    )
    server.serve(app, opts.host, opts.port, lambda url: print(url, flush=True))
    return DONE
