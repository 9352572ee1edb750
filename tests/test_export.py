"""An export holds what the corpus holds, with where it is from; the same corpus gives the same bytes."""

import json
from pathlib import Path

import pytest

from healthcrawl.corpus.export import COLUMNS
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from tests.benchmarks.synthetic import make_archive
from tests.conftest import run_scrapy
from tests.test_replay import run, settings

PAGES = 40
DATES = {"published", "captured_at", "modified"}  # which `datasets` reads as moments from JSON Lines


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> ArchiveLayout:
    made = make_archive(tmp_path_factory.mktemp("export") / "archive", PAGES)
    run(made)
    return made


def export(layout: ArchiveLayout, out: Path, *args: str, status: int = 0) -> str:
    done = run_scrapy(layout.root, "export", "--out", str(out), *args, **settings(layout))
    assert done.status == status, done.err
    return done.err


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(folder: Path) -> list[dict[str, object]]:
    (path,) = (folder / "data").glob("*.jsonl")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_rows_hold_what_the_corpus_holds(layout: ArchiveLayout, tmp_path: Path) -> None:
    export(layout, tmp_path / "a")
    export(layout, tmp_path / "b")
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    found = rows(tmp_path / "a")
    steps = {step.number: step for step, _ in Manifest(layout.manifest).steps() if step.is_state}
    assert [row["number"] for row in found] == sorted(steps)
    for row in found:
        step = steps[row["number"]]  # type: ignore[index]
        assert list(row) == [name for name, _, _ in COLUMNS]
        file = (layout.corpus / step.name).read_text("utf-8")
        assert file == f"{row['title']}\n\n{row['text']}\n"
        assert (row["name"], row["text_sha256"], row["canonical_url"]) == (step.name, step.sha256, step.address)
        assert (row["warc_file"], row["warc_offset"], row["pipeline_version"]) == (
            step.warc_file,
            step.warc_offset,
            step.decided_by,
        )
        assert (row["http_status"], row["near_dup_size"], len(str(row["payload_sha256"]))) == (200, 1, 64)
    assert [row for row in found if row["modified"]], "pages that came again, changed"
    card = (tmp_path / "a" / "README.md").read_text("utf-8")
    assert f"| bench | {len(found)} |" in card
    assert "2026-03-01" in card
    described = json.loads((tmp_path / "a" / "croissant.json").read_text("utf-8"))
    assert [field["name"] for field in described["recordSet"][0]["field"]] == [name for name, _, _ in COLUMNS]
    assert "not empty" in export(layout, tmp_path / "a", status=2)


def test_rows_are_selected(layout: ArchiveLayout, tmp_path: Path) -> None:
    at = "2026-03-01T00:00:20"
    counts = []
    for number, args in enumerate((["--since", at], ["--until", at], ["--changed-since", at], ["--site", "other"])):
        export(layout, tmp_path / str(number), *args)
        counts.append(len(rows(tmp_path / str(number))))
    assert counts[0] + counts[1] == PAGES - PAGES // 10
    assert 0 < counts[2] < counts[0] + 1
    assert counts[3] == 0


def test_parquet_holds_the_same_rows(layout: ArchiveLayout, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    for name, form in (("a", "parquet"), ("b", "parquet"), ("c", "jsonl")):
        export(layout, tmp_path / name, "--format", form)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")
    (path,) = (tmp_path / "a" / "data").glob("*.parquet")
    assert pq.read_table(path).to_pylist() == rows(tmp_path / "c")


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_datasets_loads_it(layout: ArchiveLayout, tmp_path: Path, form: str) -> None:
    datasets = pytest.importorskip("datasets")
    export(layout, tmp_path / form, "--format", form)
    export(layout, tmp_path / "rows")
    loaded = datasets.load_dataset(str(tmp_path / form), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.column_names == [name for name, _, _ in COLUMNS]
    exact = [name for name in loaded.column_names if form == "parquet" or name not in DATES]
    wanted = [{name: row[name] for name in exact} for row in rows(tmp_path / "rows")]
    assert [{name: row[name] for name in exact} for row in loaded] == wanted
