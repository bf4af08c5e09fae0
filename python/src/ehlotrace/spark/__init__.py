"""Sessions and captures as DataFrames of Spark: each task runs the program on its share of the captures.

Files have to be at the same path on all executors. Objects of stores are read with fsspec.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession, functions

from .. import work
from ..batch import Found, Settings, read
from ..errors import EhlotraceError
from ..options import READING, arguments
from ..schema import CAPTURES, SESSIONS, ddl

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..options import ReadingOptions

__all__ = ["Results", "captures", "results", "sessions"]

Inputs = str | Iterable[str]

# Where it is not known how many tasks run at the same time.
SLOTS = 200
ROWS = 16_384
# More copies than this are not sent to all executors.
BROADCAST_ROWS = 500_000

# What names a capture.
_SOURCE = ("path", "path_base64", "member")
_LOOKUPS = ("failed_lookups", "failed_lookups_omitted", "lookups_forgotten")

_SESSIONS = SESSIONS.append(pa.field("date", pa.date32()))
_CAPTURES = CAPTURES.append(pa.field("date", pa.date32())).append(pa.field("place", pa.int64()))
_BOTH = pa.schema([("session", pa.struct(list(_SESSIONS))), ("capture", pa.struct(list(_CAPTURES)))])


class Results(NamedTuple):
    """Both tables of a job, each with a `date`."""

    sessions: DataFrame
    captures: DataFrame


def sessions(
    spark: SparkSession,
    inputs: Inputs,
    *,
    sequence_by: str | None = None,
    tasks: int | None = None,
    time_limit_s: float | None = 3600.0,
    stage_octets: int = 1 << 30,
    storage_options: Mapping[str, Any] | None = None,
    **options: Unpack[ReadingOptions],
) -> DataFrame:
    """The sessions, with the schema `ehlotrace.SESSIONS`. Those of copies of a capture are listed, too: see `results`.

    `inputs` are paths, patterns, folders and URLs. `sequence_by` tells the parts of rotated sets, see `ehlotrace.work.units`.
    The program may take `time_limit_s` for one capture. Objects of stores larger than `stage_octets` are streamed.
    The other options are those of the program.

    :raises EhlotraceError: if a pattern fits nothing, or a store cannot be listed.
    """
    shares = _shares(spark, inputs, sequence_by, tasks, storage_options)
    settings = _settings(options, secrets.token_hex(), time_limit_s, stage_octets, storage_options)
    return _frame(spark, shares, settings, SESSIONS, lambda found: [found.sessions])


def captures(
    spark: SparkSession,
    inputs: Inputs,
    *,
    sequence_by: str | None = None,
    tasks: int | None = None,
    time_limit_s: float | None = 3600.0,
    stage_octets: int = 1 << 30,
    storage_options: Mapping[str, Any] | None = None,
    **options: Unpack[ReadingOptions],
) -> DataFrame:
    """The captures, with the schema `ehlotrace.CAPTURES`: one row for each, also for those that could not be read.

    Captures with the same packets have the same `fingerprint` within the DataFrame, as long as it is one: its key is a new one
    for each call. The arguments are those of `sessions`.
    """
    shares = _shares(spark, inputs, sequence_by, tasks, storage_options)
    settings = _settings(options, secrets.token_hex(), time_limit_s, stage_octets, storage_options)
    return _frame(spark, shares, settings, CAPTURES, lambda found: [found.captures])


@contextmanager
def results(
    spark: SparkSession,
    inputs: Inputs,
    *,
    sequence_by: str | None = None,
    tasks: int | None = None,
    time_limit_s: float | None = 3600.0,
    stage_octets: int = 1 << 30,
    storage_options: Mapping[str, Any] | None = None,
    **options: Unpack[ReadingOptions],
) -> Iterator[Results]:
    """Sessions and captures from one reading, as one run of the program gives them: of captures with the same packets all but
    the first have `copy_of`, and their sessions are left out.

    Everything is read when the context is entered. Rows are kept by the executors, in memory and on disk, until the context is
    left. The arguments are those of `sessions`.
    """
    shares = _shares(spark, inputs, sequence_by, tasks, storage_options)
    settings = _settings(options, secrets.token_hex(), time_limit_s, stage_octets, storage_options)
    both = _frame(spark, shares, settings, _BOTH, _both).persist()
    try:
        yield _without_copies(both)
    finally:
        both.unpersist()


def _shares(
    spark: SparkSession,
    inputs: Inputs,
    sequence_by: str | None,
    count: int | None,
    storage_options: Mapping[str, Any] | None,
) -> list[bytes]:
    items = work.listed(inputs, storage_options)
    if not items:
        raise EhlotraceError("found no file")
    return [task.encode() for task in work.tasks(work.units(items, sequence_by), _slots(spark), count)]


def _slots(spark: SparkSession) -> int:
    try:
        return int(spark.sparkContext.defaultParallelism)
    # Spark Connect has no context.
    except Exception:
        return SLOTS


def _settings(
    options: ReadingOptions,
    key: str,
    time_limit_s: float | None,
    stage_octets: int,
    storage_options: Mapping[str, Any] | None,
) -> Settings:
    given = tuple(arguments(options, READING))
    return Settings(given, key, time_limit_s, stage_octets, dict(storage_options or {}))


def _frame(
    spark: SparkSession,
    shares: list[bytes],
    settings: Settings,
    schema: pa.Schema,
    tables: Callable[[Found], list[pa.Table]],
) -> DataFrame:
    """A DataFrame with a partition for each share; the largest is the first, and so begins first."""

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for found in read(work.Task.decode(shares[number]), settings):
                    for table in tables(found):
                        yield from table.to_batches(max_chunksize=ROWS)

    return spark.range(0, len(shares), 1, len(shares)).mapInArrow(run, ddl(schema))


def _both(found: Found) -> list[pa.Table]:
    """Rows of sessions, and rows of captures, with the same columns."""
    places = pa.array(found.places, pa.int64())
    captures = _with_date(found.captures, "first_timestamp").append_column("place", places)
    sessions = _with_date(found.sessions, "opened")
    return [
        pa.Table.from_arrays([_structs(sessions), pa.nulls(sessions.num_rows, _BOTH.field(1).type)], schema=_BOTH),
        pa.Table.from_arrays([pa.nulls(captures.num_rows, _BOTH.field(0).type), _structs(captures)], schema=_BOTH),
    ]


def _with_date(table: pa.Table, column: str) -> pa.Table:
    return table.append_column("date", table.column(column).cast(pa.date32(), safe=False))


def _structs(table: pa.Table) -> pa.Array:
    batch = table.combine_chunks()
    arrays = [column.chunk(0) if column.num_chunks else pa.nulls(0, column.type) for column in batch.columns]
    return pa.StructArray.from_arrays(arrays, fields=list(table.schema))


def _without_copies(both: DataFrame) -> Results:
    """What one run says of copies. Reads all captures."""
    sessions = both.where("session IS NOT NULL").select("session.*")
    captures = both.where("capture IS NOT NULL").select("capture.*")
    firsts = (
        captures.where("fingerprint IS NOT NULL")
        .groupBy("fingerprint")
        .agg(
            functions.min("place").alias("first_place"),
            functions.min_by(functions.struct(*_SOURCE), "place").alias("original"),
            functions.count("*").alias("number"),
        )
        .where("number > 1")
    )
    number = firsts.agg(functions.sum("number")).first()
    copies = number[0] or 0 if number else 0
    if copies == 0:
        return Results(sessions, captures.drop("place", "fingerprint"))
    small = functions.broadcast if copies <= BROADCAST_ROWS else lambda frame: frame
    told = captures.join(small(firsts), "fingerprint", "left")
    is_copy = functions.col("place") > functions.col("first_place")
    copied = told.where(is_copy).select(*_SOURCE)
    same = [sessions[name].eqNullSafe(copied[name]) for name in _SOURCE]
    return Results(
        sessions.join(small(copied), same, "left_anti"),
        told.select(*(_told(name, is_copy) for name in captures.columns)).drop("place", "fingerprint"),
    )


def _told(name: str, is_copy: Column) -> Column:
    """A column of captures, now that copies are known."""
    column = functions.col(name)
    if name == "copy_of":
        column = functions.when(is_copy, functions.col("original"))
    elif name in _LOOKUPS:
        # As their sessions, these are told of the first one only.
        column = functions.when(is_copy, None).otherwise(column)
    return column.alias(name)
