"""Sessions and captures from Spark: each task runs the program on its share of the captures.

Files have to be at the same path on all executors. Objects of stores are read with fsspec.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession

from .. import work
from ..batch import Found, Settings, read
from ..copies import KEYS, SOURCE, Copies, pairs, told, without_sessions_of
from ..errors import EhlotraceError
from ..options import READING, arguments
from ..parquet import FILES, File, Output, Writer, check_absent, rewrites
from ..schema import CAPTURES, PLACE, SESSIONS, ddl

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..options import JobOptions

__all__ = ["Results", "captures", "results", "sessions", "write"]

Inputs = str | Iterable[str]
Batches = Iterator[pa.RecordBatch]

# Where it is not known how many tasks run at the same time.
SLOTS = 200
ROWS = 16_384

_DATE = pa.field("date", pa.date32())
_SESSIONS = SESSIONS.append(_DATE)
_CAPTURES = CAPTURES.remove(CAPTURES.get_field_index("fingerprint")).append(_DATE)
_BOTH = pa.schema([("session", pa.struct([*SESSIONS, PLACE])), ("capture", pa.struct([*CAPTURES, PLACE]))])
_SOURCES = pa.schema([PLACE, *(CAPTURES.field(name) for name in SOURCE)])


class Results(NamedTuple):
    """Both tables of a job, each with a `date`."""

    sessions: DataFrame
    captures: DataFrame


def sessions(spark: SparkSession, inputs: Inputs, **options: Unpack[JobOptions]) -> DataFrame:
    """The sessions, with the schema `ehlotrace.SESSIONS`. Those of copies of a capture are listed, too: see `results`.

    `inputs` are paths, patterns, folders and URLs. Options are those of `ehlotrace.options.JobOptions`, of which most are the
    program's own.

    :raises EhlotraceError: if a pattern fits nothing, or a store cannot be listed.
    """
    return _Work(spark, inputs, options).frame(SESSIONS, lambda found: found.sessions.drop_columns(PLACE.name))


def captures(spark: SparkSession, inputs: Inputs, **options: Unpack[JobOptions]) -> DataFrame:
    """The captures, with the schema `ehlotrace.CAPTURES`: one row for each, also for those that could not be read.

    Captures with the same packets have the same `fingerprint` within the DataFrame, as long as it is one: its key is a new one
    for each call. The arguments are those of `sessions`.
    """
    return _Work(spark, inputs, options).frame(CAPTURES, lambda found: found.captures.drop_columns(PLACE.name))


@contextmanager
def results(spark: SparkSession, inputs: Inputs, **options: Unpack[JobOptions]) -> Iterator[Results]:
    """Sessions and captures from one reading, as one run of the program gives them: of captures with the same packets all but
    the first have `copy_of`, and their sessions are left out.

    Everything is read when the context is entered. Rows are kept by the executors, in memory and on disk, until the context is
    left: for tables of Parquet take `write`. The arguments are those of `sessions`.
    """
    both = _Work(spark, inputs, options).frame(_BOTH, _both).persist()
    try:
        firsts = pairs(_gathered(both, KEYS, set()))
        sources = _gathered(both, _SOURCES, set(firsts.values())).to_pylist() if firsts else []
        originals = {row[PLACE.name]: {name: row[name] for name in SOURCE} for row in sources}
        copies = {place: originals[first] for place, first in firsts.items()}
        yield Results(
            _told(both, "session", "opened", _SESSIONS, copies), _told(both, "capture", "first_timestamp", _CAPTURES, copies)
        )
    finally:
        both.unpersist()


def write(
    spark: SparkSession,
    inputs: Inputs,
    output: str,
    *,
    overwrite: bool = False,
    rebalance: bool = False,
    **options: Unpack[JobOptions],
) -> None:
    """Writes what `results` gives as Parquet: `output`/sessions and `output`/captures, partitioned by date.

    Tasks write the files themselves. `output` is a folder that all executors have, or a URL that fsspec knows. With `rebalance`
    the files of a day are put together. The other arguments are those of `sessions`.

    :raises EhlotraceError: also if a table is there, unless it is to be overwritten.
    """
    target = Output.of(output, options.get("storage_options"))
    if not overwrite:
        check_absent(target)
    todo = _Work(spark, inputs, options)
    try:
        files = _files(todo.mapped(FILES, lambda all_found: _described(Writer(target).write(all_found))))
        again = rewrites(files, target, merges=rebalance)
        if again:
            numbers = spark.range(0, len(again), 1, len(again))

            def rewritten(batches: Batches) -> Batches:
                for number in _numbers(batches):
                    yield from _described(again[number].run(target))

            replaced = {file.name for rewrite in again for file in rewrite.files}
            files = [file for file in files if file.name not in replaced]
            files += _files(numbers.mapInArrow(rewritten, ddl(FILES)))
        target.commit(files)
    finally:
        target.clear()


class _Work:
    """What there is to read, and how."""

    def __init__(self, spark: SparkSession, inputs: Inputs, options: JobOptions) -> None:
        given: dict[str, Any] = dict(options)
        sequence_by, count = given.pop("sequence_by", None), given.pop("tasks", None)
        storage_options = given.pop("storage_options", None) or {}
        settings = {name: given.pop(name) for name in ("time_limit_s", "stage_octets") if name in given}
        items = work.listed(inputs, storage_options)
        if not items:
            raise EhlotraceError("found no file")
        self._spark = spark
        self._shares = [task.encode() for task in work.tasks(work.units(items, sequence_by), _slots(spark), count)]
        self._settings = Settings(
            tuple(arguments(given, READING)), secrets.token_hex(), storage_options=dict(storage_options), **settings
        )

    def mapped(self, schema: pa.Schema, rows: Callable[[Iterator[Found]], Batches]) -> DataFrame:
        """A DataFrame with a partition for each share; the largest is the first, and so begins first."""
        shares, settings = self._shares, self._settings

        def run(batches: Batches) -> Batches:
            for number in _numbers(batches):
                yield from rows(read(work.Task.decode(shares[number]), settings))

        return self._spark.range(0, len(shares), 1, len(shares)).mapInArrow(run, ddl(schema))

    def frame(self, schema: pa.Schema, table: Callable[[Found], pa.Table]) -> DataFrame:
        """A DataFrame of all that is found."""

        def rows(all_found: Iterator[Found]) -> Batches:
            for found in all_found:
                yield from table(found).to_batches(max_chunksize=ROWS)

        return self.mapped(schema, rows)


def _slots(spark: SparkSession) -> int:
    try:
        return int(spark.sparkContext.defaultParallelism)
    # Spark Connect has no context.
    except Exception:
        return SLOTS


def _numbers(batches: Batches) -> Iterator[int]:
    for batch in batches:
        yield from batch.column(0).to_pylist()


def _described(files: Iterable[File]) -> Batches:
    for file in files:
        yield pa.RecordBatch.from_pylist([{"file": file.name, "octets": file.octets, "keys": file.keys}], schema=FILES)


def _files(frame: DataFrame) -> list[File]:
    return [File(row.file, row.octets, bytes(row.keys)) for row in frame.collect()]


def _both(found: Found) -> pa.Table:
    """Rows of sessions, and rows of captures, with the same columns."""
    sessions, captures = _structs(found.sessions), _structs(found.captures)
    return pa.concat_tables(
        [
            pa.Table.from_arrays([sessions, pa.nulls(len(sessions), _BOTH.field(1).type)], schema=_BOTH),
            pa.Table.from_arrays([pa.nulls(len(captures), _BOTH.field(0).type), captures], schema=_BOTH),
        ]
    )


def _structs(table: pa.Table) -> pa.StructArray:
    batches = table.combine_chunks().to_batches()
    return batches[0].to_struct_array() if batches else pa.array([], pa.struct(list(table.schema)))


def _rows(batch: pa.RecordBatch, column: str) -> pa.Table:
    """The rows of one kind of what `_both` made."""
    rows = batch.column(column)
    return pa.Table.from_struct_array(rows.filter(rows.is_valid()))


def _gathered(both: DataFrame, schema: pa.Schema, places: set[int]) -> pa.Table:
    """These columns of captures at these places, or of all, on the driver."""

    def run(batches: Batches) -> Batches:
        for batch in batches:
            rows = _rows(batch, "capture").select(schema.names)
            if places:
                rows = rows.filter(pc.is_in(rows[PLACE.name], pa.array(places, PLACE.type)))
            yield from rows.to_batches()

    rows = both.mapInArrow(run, ddl(schema)).collect()
    return pa.Table.from_pylist([row.asDict() for row in rows], schema=schema)


def _told(both: DataFrame, column: str, time: str, schema: pa.Schema, copies: Copies) -> DataFrame:
    """A table with what is known of copies, and with dates."""

    def run(batches: Batches) -> Batches:
        for batch in batches:
            rows = _rows(batch, column)
            rows = told(rows, copies) if column == "capture" else without_sessions_of(rows, copies)
            dated = rows.append_column(_DATE, rows[time].cast(_DATE.type, safe=False))
            yield from dated.select(schema.names).to_batches()

    return both.mapInArrow(run, ddl(schema))
