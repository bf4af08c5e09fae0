"""Tables written by tasks, without Spark."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

import ehlotrace
from conftest import SAMPLES
from ehlotrace import batch, parquet, work
from ehlotrace.batch import Settings
from ehlotrace.parquet import File, Output, Writer, rewrites
from ehlotrace.work import Item, Task

Rows = list[dict[str, Any]]


def written(inputs: str | list[str], output: Output, tasks: int) -> list[File]:
    """What each of some tasks writes."""
    units = work.units(work.listed(inputs))
    shares = work.tasks(units, slots=1, count=tasks)
    return [file for share in shares for file in attempt(share, output)]


def attempt(task: Task, output: Output) -> list[File]:
    return list(Writer(output).write(batch.read(task, Settings(fingerprint="k"))))


def finish(files: list[File], output: Output, *, merges: bool = False) -> list[File]:
    again = rewrites(files, output, merges=merges)
    replaced = [file for rewrite in again for file in rewrite.files]
    files = [file for file in files if file not in replaced] + [file for one in again for file in one.run(output)]
    output.commit(files)
    output.clear()
    return files


def table(folder: Path, name: str) -> Rows:
    partitions = ds.partitioning(pa.schema([("date", pa.string())]), flavor="hive")
    rows: Rows = ds.dataset(folder / name, partitioning=partitions).to_table().to_pylist()
    return in_order(rows)


def in_order(rows: Rows) -> Rows:
    without = [{name: value for name, value in row.items() if name not in ("date", "fingerprint")} for row in rows]
    return sorted(without, key=lambda row: (row["path"], row["member"] or "", row.get("session", 0)))


def expected(captures: Path) -> dict[str, Rows]:
    sessions, found = ehlotrace.tables(captures)
    return {"sessions": in_order(sessions.to_pylist()), "captures": in_order(found.to_pylist())}


@pytest.mark.parametrize(("tasks", "merges", "file_octets"), [(1, False, 128 << 20), (7, False, 4096), (7, True, 128 << 20)])
def test_tables_are_those_of_one_run(
    pile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tasks: int, merges: bool, file_octets: int
) -> None:
    monkeypatch.setattr(parquet, "FILE_OCTETS", file_octets)
    output = Output.of(str(tmp_path / "out"), None)
    files = finish(written(str(pile), output, tasks), output, merges=merges)
    for name, rows in expected(pile).items():
        assert table(tmp_path / "out", name) == rows
        assert (tmp_path / "out" / name / "_SUCCESS").exists()
    # Nothing waits any more.
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["captures", "sessions"]
    if merges:
        assert len({file.folder for file in files}) == len(files)


def test_only_what_the_job_was_told_of_counts(tmp_path: Path) -> None:
    """Another attempt wrote its files, too, and was lost or slow."""
    output = Output.of(str(tmp_path / "out"), None)
    task = Task(work.units(work.listed(str(SAMPLES))))
    lost, files = attempt(task, output), attempt(task, output)
    assert {file.name for file in lost}.isdisjoint(file.name for file in files)
    late = Writer(output)
    finish(files, output)
    # An attempt that goes on afterwards writes where nobody looks.
    list(late.write(batch.read(task, Settings())))
    for name, rows in expected(SAMPLES).items():
        assert table(tmp_path / "out", name) == rows


def test_a_table_is_replaced_as_a_whole(pile: Path, tmp_path: Path) -> None:
    output = Output.of(str(tmp_path / "out"), None)
    parquet.check_absent(output)
    finish(written(str(pile), output, 2), output)
    with pytest.raises(ehlotrace.EhlotraceError, match="already exists"):
        parquet.check_absent(output)
    again = Output.of(str(tmp_path / "out"), None)
    files = written(str(SAMPLES), again, 1)
    # Until all is there, the tables are the old ones.
    assert table(tmp_path / "out", "captures") == expected(pile)["captures"]
    finish(files, again)
    assert table(tmp_path / "out", "captures") == expected(SAMPLES)["captures"]


def test_one_capture_given_twice_counts_once(tmp_path: Path) -> None:
    sample = str(SAMPLES / "mixed.pcapng")
    output = Output.of(str(tmp_path / "out"), None)
    finish(written([sample, sample], output, 2), output)
    assert table(tmp_path / "out", "sessions") == in_order(ehlotrace.sessions(sample).to_pylist())
    copies = [row["copy_of"] for row in table(tmp_path / "out", "captures")]
    assert len(copies) == 2 and {"path": sample, "path_base64": None, "member": None} in copies and None in copies


def test_captures_without_a_time_have_no_date(tmp_path: Path) -> None:
    output = Output.of(str(tmp_path / "out"), None)
    finish(attempt(Task(work.units([Item(str(tmp_path / "missing.pcap"), 0)])), output), output)
    folders = [path.name for path in (tmp_path / "out" / "captures").iterdir() if path.is_dir()]
    assert folders == ["date=__HIVE_DEFAULT_PARTITION__"]


def test_a_store_is_written_to_as_a_folder_is(pile: Path, tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec", reason="fsspec is missing")
    output = Output.of("memory://bucket/out", None)
    finish(written(str(pile), output, 3), output)
    store = fsspec.filesystem("memory")
    found = store.find("/bucket")
    assert {path.split("/")[3] for path in found} == {"sessions", "captures"}
    shutil.rmtree(tmp_path / "copy", ignore_errors=True)
    store.get("/bucket/out", str(tmp_path / "copy"), recursive=True)
    for name, rows in expected(pile).items():
        assert table(tmp_path / "copy", name) == rows


def test_names_of_outputs_are_those_of_fsspec() -> None:
    assert Output.of("s3a://bucket/reports/", None).url == "s3://bucket/reports"
    assert Output.of("file:///reports", None).url == "/reports"
    assert Output.of("reports", None).url == str(Path("reports").absolute())
