"""The units and crontabs that the documentation offers are ones that systemd, cron and our own commands take."""

import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path

import pytest

from healthcrawl.crawl import exits
from tests.conftest import ROOT

DOCS = ROOT / "docs"
FIELD = r"(?:\*|\d+(?:-\d+)?)(?:/\d+)?(?:,\d+)*"


def unit(name: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(DOCS / name, "utf-8")
    return parser


def crontabs() -> list[str]:
    texts = [path.read_text("utf-8") for path in (ROOT / "README.md", DOCS / "scheduling.md")]
    blocks = [block for text in texts for block in re.findall(r"```cron\n(.*?)```", text, re.DOTALL)]
    return [line for block in blocks for line in block.splitlines() if line and "=" not in line.split(" ")[0]]


def test_a_second_run_is_no_failure_of_the_unit() -> None:
    service = unit("healthcrawl@.service")["Service"]
    assert service["SuccessExitStatus"] == str(exits.LOCKED)
    assert service["KillSignal"] == "SIGINT", "which ends a crawl in order"
    _, command, site, *options = shlex.split(service["ExecStart"])
    assert (command, site, options) == ("crawl", "%i", ["-L", "WARNING"])


def test_a_missed_run_is_made_up_for() -> None:
    timer = unit("healthcrawl@.timer")
    assert timer["Timer"]["Persistent"] == "yes"
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    scrapy = tmp_path / ".venv" / "bin" / "scrapy"
    scrapy.parent.mkdir(parents=True)
    scrapy.write_text("#!/bin/sh\n", "utf-8")
    scrapy.chmod(0o755)
    for name in ("healthcrawl@.service", "healthcrawl@.timer"):
        text = (DOCS / name).read_text("utf-8").replace("/srv/healthcrawl", str(tmp_path))
        (tmp_path / name.replace("@", "@demo")).write_text(text, "utf-8")
    units = [tmp_path / "healthcrawl@demo.service", tmp_path / "healthcrawl@demo.timer"]
    done = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False, timeout=60)
    own = [line for line in done.stderr.splitlines() if "healthcrawl" in line]
    assert own == []
    calendar = unit("healthcrawl@.timer")["Timer"]["OnCalendar"]
    subprocess.run([analyze, "calendar", calendar], capture_output=True, check=True, timeout=60)


def test_every_crontab_calls_a_command_of_ours() -> None:
    assert len(crontabs()) >= 3
    for line in crontabs():
        match = re.fullmatch(rf"({FIELD} ){{5}} *cd (\S+) && (\.venv/bin/scrapy (?:crawl [a-z]+|report) .*)", line)
        assert match, line
        if " report " in match[3]:
            assert "-o report.html --since $(date -d '7 days ago' +\\%F) &&" in match[3]
            continue
        _, _, _, *options = shlex.split(match[3])
        assert set(options) <= {"-L", "WARNING", "-a", "full=1"}
