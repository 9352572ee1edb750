"""README speaks of every command, option and setting there is."""

import argparse
import importlib
import pkgutil

import pytest
from scrapy.settings import Settings, default_settings

import healthcrawl.crawl.commands
from healthcrawl import settings as project
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [module.name for module in pkgutil.iter_modules(healthcrawl.crawl.commands.__path__)]
# What is ours, or explained because it decides what is kept; how the parts are put together is for settings.py to say.
INNER = {"BOT_NAME", "ADDONS", "COMMANDS_MODULE", "SPIDER_LOADER_CLASS", "KIND_SPIDERS", "SITE_SPIDERS"}
OWN_SETTINGS = [
    name
    for name in vars(project)
    if name.isupper() and (not hasattr(default_settings, name) or name == "DOWNLOAD_MAXSIZE")
]


def scrapy_options() -> set[str]:
    from scrapy.commands.crawl import Command  # noqa: PLC0415

    return option_names(Command())


def option_names(command: object) -> set[str]:
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    command.settings = Settings()  # type: ignore[attr-defined]
    command.add_options(parser)  # type: ignore[attr-defined]
    return {name for action in parser._actions for name in action.option_strings if name.startswith("--")}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_in_the_readme(name: str) -> None:
    command = importlib.import_module(f"healthcrawl.crawl.commands.{name}").Command()
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `scrapy {name}")]
    for option in option_names(command) - scrapy_options():
        assert option in row


@pytest.mark.parametrize("name", sorted(set(OWN_SETTINGS) - INNER))
def test_every_setting_is_in_the_readme_with_its_default(name: str) -> None:
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `{name}`")]
    default = getattr(project, name)
    if name not in {"ARCHIVE_DIR", "CLOCK"} and default != "":
        assert f"{default}" in row
