"""The same answers from Spark as from one run of the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

import ehlotrace
from conftest import SAMPLES
from ehlotrace import program
from ehlotrace.schema import ddl
from test_batch import killer

pytest.importorskip("pyspark", reason="pyspark is missing")

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Rows = list[dict[str, Any]]


def in_order(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: json.dumps(row, default=str, sort_keys=True))


def of(frame: DataFrame) -> Rows:
    """The rows, with times as pyarrow gives them."""
    # Before Spark 4 there is nothing public that does this.
    table = frame.toArrow() if hasattr(frame, "toArrow") else pa.Table.from_batches(frame._collect_as_arrow())
    return in_order(table.to_pylist())


def local(table: pa.Table) -> Rows:
    return in_order(table.to_pylist())


def without(rows: Rows, *names: str) -> Rows:
    return in_order([{name: value for name, value in row.items() if name not in names} for row in rows])


def test_the_schema_is_known_before_anything_is_read(spark: SparkSession, tmp_path: Path) -> None:
    from ehlotrace.spark import captures, sessions

    for frame, schema in (
        (sessions(spark, str(tmp_path / "missing.pcap")), ehlotrace.SESSIONS),
        (captures(spark, str(tmp_path / "missing.pcap")), ehlotrace.CAPTURES),
    ):
        assert frame.schema == spark.createDataFrame([], ddl(schema)).schema
        assert frame.columns == schema.names


@pytest.mark.parametrize("tasks", [1, 3, 100])
def test_all_partitionings_give_the_answers_of_one_run(spark: SparkSession, pile: Path, tasks: int) -> None:
    from ehlotrace.spark import results

    expected_sessions, expected_captures = ehlotrace.tables(pile)
    with results(spark, str(pile), tasks=tasks) as (sessions, captures):
        found = of(sessions)
        assert without(found, "date") == local(expected_sessions)
        assert without(of(captures), "date") == without(local(expected_captures), "fingerprint")
        assert all(row["date"] == row["opened"].date() for row in found)
        copies = captures.where("copy_of IS NOT NULL").select("path", "copy_of.path").collect()
    assert [[Path(path).name for path in row] for row in copies] == [["the-same.pcapng", "mixed.pcapng"]]


def test_sessions_and_captures_alone(spark: SparkSession, pile: Path) -> None:
    from ehlotrace.spark import captures, sessions

    listed = of(sessions(spark, f"{pile}/customer-*", tasks=5))
    # Those of the copy, too.
    assert len(listed) == ehlotrace.sessions(SAMPLES).num_rows + ehlotrace.sessions(SAMPLES / "mixed.pcapng").num_rows
    assert len({row["session_id"] for row in listed}) == len(listed)
    prints = [row.fingerprint for row in captures(spark, str(pile), tasks=5).collect()]
    assert None not in prints and len(set(prints)) == len(prints) - 1
    lost = sessions(spark, str(pile), outcome="lost", cause=["ehlo-argument"]).select("cause").distinct().collect()
    assert [row.cause for row in lost] == ["ehlo-argument"]


def test_a_task_that_is_tried_again_gives_the_same_rows(spark: SparkSession, pile: Path, tmp_path: Path) -> None:
    """An executor is lost at the first attempt of each task, after it gave rows."""
    from ehlotrace.spark import sessions

    marker = tmp_path / "attempts"
    marker.mkdir()
    frame = sessions(spark, str(pile), tasks=2)

    def fails_once(batches: Any) -> Any:
        from pyspark import TaskContext

        context = TaskContext.get()
        assert context is not None
        yield from batches
        attempt = marker / str(context.partitionId())
        if not attempt.exists():
            attempt.touch()
            raise RuntimeError("lost")

    once = frame.mapInArrow(fails_once, frame.schema)
    # Local mode does not try again, so it is done here, as a cluster does it.
    with pytest.raises(Exception, match="lost"):
        once.collect()
    while len(list(marker.iterdir())) < 2:
        with pytest.raises(Exception, match="lost"):
            once.collect()
    assert of(once) == of(sessions(spark, str(pile), tasks=7))


def poison(folder: Path) -> None:
    """Captures that are damaged, encrypted, hostile, deadly, and good."""
    folder.mkdir()
    whole = (SAMPLES / "relay-stopped.pcapng").read_bytes()
    (folder / "damaged.pcapng").write_bytes(whole[: len(whole) // 2] + b"\xff" * 600)
    (folder / "cut.pcapng").write_bytes(whole[:-7])
    (folder / "empty.pcap").write_bytes(b"")
    (folder / "noise.pcap").write_bytes(bytes(range(256)) * 64)
    (folder / "deadly.pcap").write_bytes(whole)
    (folder / "good.pcapng").write_bytes(whole)
    # A member that is encrypted, as the flags of its header say.
    name, octets = b"a.pcap", b"\0" * 40
    header = b"PK\x03\x04\x14\0\x01\0\0\0\0\0\0\0\0\0\0\0" + len(octets).to_bytes(4, "little") + (28).to_bytes(4, "little")
    central = (
        b"PK\x01\x02\x14\0\x14\0\x01\0\0\0\0\0\0\0\0\0\0\0"
        + len(octets).to_bytes(4, "little")
        + (28).to_bytes(4, "little")
        + len(name).to_bytes(2, "little")
        + b"\0" * 16
        + name
    )
    at = 30 + len(name) + len(octets)
    header += len(name).to_bytes(2, "little") + b"\0\0" + name + octets
    end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0" + len(central).to_bytes(4, "little") + at.to_bytes(4, "little") + b"\0\0"
    (folder / "encrypted.zip").write_bytes(header + central + end)
    # Text that hides as one of the program's own lines.
    hostile = b'{"type":"input_end"}\n{"type":"session"}\n'
    (folder / os.fsdecode(b'"},\n{"type":"summary"}\x1b[31m.pcap')).write_bytes(hostile)


def test_bad_captures_are_rows_and_fail_nothing(spark: SparkSession, tmp_path: Path) -> None:
    from ehlotrace.spark import results

    poison(tmp_path / "poison")
    spark.sparkContext.environment[program.VARIABLE] = killer(tmp_path, program.find())
    found = []
    for tasks in (1, 4, 20):
        with results(spark, str(tmp_path / "poison"), tasks=tasks) as (sessions, captures):
            found.append((of(sessions), of(captures)))
    assert found[0] == found[1] == found[2]
    del spark.sparkContext.environment[program.VARIABLE]
    listed, read = found[0]
    rows = {row["path"].rpartition("/")[2]: row for row in read}
    reasons = {name: (row["status"], row["status_reason"]) for name, row in rows.items()}
    assert reasons == {
        "damaged.pcapng": ("damaged", "corrupt"),
        "cut.pcapng": ("cut", "truncated"),
        "empty.pcap": ("unreadable", "unknown-format"),
        "noise.pcap": ("unreadable", "unknown-format"),
        "deadly.pcap": ("cut", "crashed"),
        "good.pcapng": ("whole", None),
        "encrypted.zip": ("unreadable", "encrypted"),
        '"},\n{"type":"summary"}\x1b[31m.pcap': ("unreadable", "unknown-format"),
    }
    assert rows["damaged.pcapng"]["error"]["offset"] > 0
    good = [row for row in listed if row["path"].endswith("good.pcapng")]
    assert without(good, "date") == local(ehlotrace.sessions(tmp_path / "poison" / "good.pcapng"))
    before = [row for row in listed if row["path"].endswith("damaged.pcapng")]
    assert 0 < len(before) < len(good)


def test_rotated_sets_are_read_as_one_capture(spark: SparkSession, tmp_path: Path) -> None:
    from ehlotrace.spark import results

    octets = (SAMPLES / "relay-stopped.pcapng").read_bytes()
    # Blocks of pcapng up to the middle: the section and the interfaces come again in the second file.
    ends, heads = [0], 0
    while ends[-1] < len(octets):
        at = ends[-1]
        ends.append(at + int.from_bytes(octets[at + 4 : at + 8], "little"))
        heads = ends[-1] if octets[at : at + 4] in (b"\n\r\r\n", b"\x01\0\0\0") else heads
    middle = ends[len(ends) // 2]
    for customer in ("one", "two"):
        (tmp_path / customer).mkdir()
        # In the order of their names the second part comes first.
        (tmp_path / customer / "b.pcapng").write_bytes(octets[:middle])
        (tmp_path / customer / "a.pcapng").write_bytes(octets[:heads] + octets[middle:])
    with results(spark, str(tmp_path), sequence_by="folder", tasks=2) as (sessions, captures):
        rows, ends_of = of(sessions), of(captures)
    assert len(ends_of) == 2 and all(len(row["parts"]) == 2 for row in ends_of)
    for customer in ("one", "two"):
        expected = ehlotrace.sessions(tmp_path / customer, sequence=True).to_pylist()
        found = [row for row in rows if f"/{customer}/" in row["path"]]
        assert len(found) == len(expected) == 8
        assert without(found, "date") == in_order(expected)
    assert any(row["first_part"] != row["last_part"] for row in rows)


def test_a_wrong_option_fails_with_the_programs_sentence(spark: SparkSession) -> None:
    from pyspark.errors import PySparkException

    from ehlotrace.spark import sessions
    from ehlotrace.spark.job import _sentence

    with pytest.raises(PySparkException) as failed:
        sessions(spark, str(SAMPLES), since="yesterday").count()
    assert _sentence(failed.value).startswith("invalid value 'yesterday' for '--since")
    with pytest.raises(ehlotrace.EhlotraceError, match="no file has such a name"):
        sessions(spark, f"{SAMPLES}/*.nothing")


def test_the_job_writes_both_tables_by_date(pile: Path, tmp_path: Path) -> None:
    job = [sys.executable, "-m", "ehlotrace.spark", "--input", str(pile), "--output", str(tmp_path / "out")]
    conf = ("spark.master=local[2]", "spark.ui.enabled=false", "spark.sql.shuffle.partitions=2")
    master = " ".join([*(f"--conf {one}" for one in conf), "pyspark-shell"])
    environment = {**os.environ, "PYSPARK_SUBMIT_ARGS": master, "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(job, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    import pyarrow.dataset as ds

    expected_sessions, expected_captures = ehlotrace.tables(pile)
    partitions = ds.partitioning(pa.schema([("date", pa.date32())]), flavor="hive")
    for name, expected in (("sessions", expected_sessions), ("captures", expected_captures)):
        table = ds.dataset(tmp_path / "out" / name, partitioning=partitions).to_table()
        assert table["date"].null_count == 0
        assert without(table.to_pylist(), "date") == without(local(expected), "fingerprint")
    # Nothing is overwritten by chance.
    again = subprocess.run(job, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 2 and "already exists" in again.stderr.splitlines()[-1]
