"""The archive's numbers for Prometheus: a file that the node exporter's textfile collector reads."""

from collections.abc import Iterable
from pathlib import Path

from healthcrawl.corpus.catalog import parse_moment
from healthcrawl.corpus.condition import Condition
from healthcrawl.disk import write_atomically

_HELP = {
    "last_run_start_seconds": "When the last run began (Unix time).",
    "last_run_end_seconds": "When the last run ended (Unix time); missing while it goes on.",
    "last_run_ok": "Whether the last run found nothing wrong (1) or something (0).",
    "runs": "Runs so far.",
    "documents": "Documents in the corpus.",
    "captures": "Captures of the last run that ended.",
    "rejected": "Pages of the last run that were asked for as articles and are none.",
    "changes": "Documents of the last run by what became of them.",
    "problems": "Problems that the last run found.",
    "hacked_pages": "Pages that carry spam as of their last capture.",
}
_CHANGES = ("new", "changed", "withdrawn")


def render(conditions: Iterable[Condition]) -> str:
    """All numbers in the text format, one metric after the other, sites in their order."""
    samples: dict[str, list[str]] = {name: [] for name in _HELP}
    for one in conditions:
        values = {
            "last_run_start_seconds": _unix(one.started_at),
            "last_run_end_seconds": _unix(one.ended_at),
            "last_run_ok": int(not one.problems) if one.ended_at else None,
            "runs": one.runs,
            "documents": one.documents,
            "captures": one.counts.get("captures", 0),
            "rejected": one.counts.get("health.rejected", 0),
            "problems": len(one.problems),
            "hacked_pages": len(one.incidents),
        }
        for name, value in values.items():
            if value is not None:
                samples[name].append(f'healthcrawl_{name}{{site="{_escaped(one.site)}"}} {value}')
        for kind in _CHANGES:
            number = one.counts.get(f"documents.{kind}", 0)
            samples["changes"].append(f'healthcrawl_changes{{site="{_escaped(one.site)}",kind="{kind}"}} {number}')
    lines = []
    for name, told in samples.items():
        lines += [f"# HELP healthcrawl_{name} {_HELP[name]}", f"# TYPE healthcrawl_{name} gauge", *told]
    return "\n".join(lines) + "\n"


def write(conditions: Iterable[Condition], path: Path) -> None:
    """Write the file, whole or not at all.

    Raises:
        ArchiveError: the disk did not take it.
    """
    write_atomically(path, render(conditions).encode())


def _unix(moment: str) -> int | None:
    told = parse_moment(moment)
    return int(told.timestamp()) if told else None


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
