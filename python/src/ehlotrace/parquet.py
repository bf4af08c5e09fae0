"""Tables as files of Parquet by date: written by tasks to one side, and put in their place when all is there.

A file has its final name only once the job has all rows. So whatever becomes of an attempt, no reader sees a part of a table,
or rows twice.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs
import pyarrow.parquet as pq

from . import stores
from .batch import Found
from .copies import KEYS, SOURCE, Copies, pairs, told, without_sessions_of
from .errors import EhlotraceError
from .schema import PLACE

# Rows gathered before files are written, as octets in memory. Files have a quarter of this or less.
FILE_OCTETS = 128 << 20
MOVED_AT_ONCE = 16

# Each with what gives the date. A fingerprint means nothing outside of the job.
_TABLES = {"sessions": "opened", "captures": "first_timestamp"}
_NOT_WRITTEN = {PLACE.name, "fingerprint"}
# As Hive and Spark name the folder of rows without a date.
_NO_DATE = "__HIVE_DEFAULT_PARTITION__"

FILES: pa.Schema = pa.schema([("file", pa.string()), ("octets", pa.int64()), ("keys", pa.binary())])
"""What a task says of its files: the name, which begins with the table and the date; octets in memory; and of which captures
its rows are, as a table in a stream of Arrow."""


@dataclass(frozen=True)
class File:
    """A file that was written."""

    name: str
    octets: int
    keys: bytes

    @property
    def table(self) -> str:
        """Which table its rows belong to."""
        return self.name.partition("/")[0]

    @property
    def folder(self) -> str:
        """The table and the date."""
        return self.name.rpartition("/")[0]

    def read_keys(self) -> pa.Table:
        """Place and fingerprint of each row of captures; places of sessions and how many rows each has."""
        return pa.ipc.open_stream(self.keys).read_all()


@dataclass(frozen=True)
class Output:
    """A folder, or what is one in a store that fsspec knows."""

    url: str
    storage_options: Mapping[str, Any] = field(default_factory=dict)
    staging: str = field(default_factory=lambda: f"_staging-{secrets.token_hex(8)}")
    """The folder below, in which files wait."""

    @staticmethod
    def of(given: str, storage_options: Mapping[str, Any] | None) -> Output:
        """The output that somebody named, wherever tasks run."""
        # Spark's names of what fsspec calls otherwise.
        for name in ("s3a://", "s3n://"):
            if given.startswith(name):
                given = "s3://" + given.removeprefix(name)
        url = given if stores.is_url(given) else str(Path(given.removeprefix("file://")).absolute())
        return Output(url.rstrip("/"), dict(storage_options or {}))

    def open(self) -> tuple[pa.fs.FileSystem, str]:
        """The file system, and the path in it.

        :raises EhlotraceError: if there is none for this URL.
        """
        if not stores.is_url(self.url):
            return pa.fs.LocalFileSystem(), self.url
        system, path = stores.file_system(self.url, self.storage_options)
        return pa.fs.PyFileSystem(pa.fs.FSSpecHandler(system)), path.rstrip("/")

    def existing(self) -> list[str]:
        """The tables that are there."""
        system, base = self.open()
        found = system.get_file_info([f"{base}/{name}" for name in _TABLES])
        return [info.path for info in found if info.type != pa.fs.FileType.NotFound]

    def commit(self, files: Sequence[File]) -> None:
        """Puts the files in the place of all that was there."""
        system, base = self.open()
        for path in self.existing():
            system.delete_dir(path)
        for folder in sorted({*_TABLES, *(file.folder for file in files)}):
            system.create_dir(f"{base}/{folder}", recursive=True)

        def move(file: File) -> None:
            system.move(f"{base}/{self.staging}/{file.name}", f"{base}/{file.name}")

        with ThreadPoolExecutor(MOVED_AT_ONCE) as threads:
            list(threads.map(move, files))
        for name in _TABLES:
            with system.open_output_stream(f"{base}/{name}/_SUCCESS"):
                pass

    def clear(self) -> None:
        """Deletes what waits."""
        system, base = self.open()
        if system.get_file_info(f"{base}/{self.staging}").type != pa.fs.FileType.NotFound:
            system.delete_dir(f"{base}/{self.staging}")


class Writer:
    """Writes what one attempt of a task has. No other attempt writes the same files."""

    def __init__(self, output: Output) -> None:
        self._system, base = output.open()
        self._base = f"{base}/{output.staging}"
        self._attempt = secrets.token_hex(8)
        self._number = 0
        self._waiting: dict[str, list[pa.Table]] = {name: [] for name in _TABLES}
        self._octets = 0

    def write(self, all_found: Iterable[Found]) -> Iterator[File]:
        """Writes all rows, some at a time."""
        for found in all_found:
            self._waiting["sessions"].append(found.sessions)
            self._waiting["captures"].append(found.captures)
            self._octets += found.sessions.get_total_buffer_size() + found.captures.get_total_buffer_size()
            if self._octets >= FILE_OCTETS:
                yield from self._flush()
        yield from self._flush()

    def _flush(self) -> Iterator[File]:
        for name, time in _TABLES.items():
            if self._waiting[name]:
                for date, rows in _by_date(pa.concat_tables(self._waiting[name]), time):
                    yield self.file(f"{name}/date={date}", rows, _keys(rows))
                self._waiting[name].clear()
        self._octets = 0

    def file(self, folder: str, rows: pa.Table, keys: bytes = b"") -> File:
        """Writes one file."""
        name = f"{folder}/part-{self._attempt}-{self._number:05}.parquet"
        self._number += 1
        self._system.create_dir(f"{self._base}/{folder}", recursive=True)
        written = [column for column in rows.column_names if column not in _NOT_WRITTEN]
        pq.write_table(rows.select(written), f"{self._base}/{name}", filesystem=self._system)
        return File(name, rows.nbytes, keys)

    def read(self, file: File) -> pa.Table:
        """Reads a file back, with the `PLACE` of each row."""
        with self._system.open_input_file(f"{self._base}/{file.name}") as source:
            rows = pq.read_table(source)
        keys = file.read_keys()
        places = keys[PLACE.name]
        if file.table == "sessions":
            rows_of_each = zip(places.to_pylist(), keys["rows"].to_pylist(), strict=True)
            places = pa.concat_arrays([pa.repeat(place, count) for place, count in rows_of_each])
        return rows.append_column(PLACE, places)


def _by_date(table: pa.Table, time: str) -> Iterator[tuple[str, pa.Table]]:
    dates = table[time].cast(pa.date32(), safe=False).combine_chunks()
    several = pc.unique(dates)
    if len(several) == 1:
        yield str(several[0].as_py() or _NO_DATE), table
        return
    order = pc.sort_indices(dates)
    runs = pc.run_end_encode(dates.take(order))
    # Taken from many small pieces, rows would cost several times as much.
    rows = table.combine_chunks().take(order)
    begin = 0
    for end, date in zip(runs.run_ends.to_pylist(), runs.values.to_pylist(), strict=True):
        yield str(date or _NO_DATE), rows.slice(begin, end - begin)
        begin = end


def _keys(rows: pa.Table) -> bytes:
    """Of which captures the rows are."""
    if "fingerprint" in rows.column_names:
        keys = rows.select(KEYS.names)
    else:
        # Rows of a capture follow each other.
        runs = pc.run_end_encode(rows[PLACE.name].combine_chunks())
        ends = runs.run_ends.to_pylist()
        counts = [end - before for end, before in zip(ends, [0, *ends], strict=False)]
        keys = pa.table({PLACE.name: runs.values, "rows": pa.array(counts, pa.int64())})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, keys.schema) as stream:
        stream.write_table(keys)
    octets: bytes = sink.getvalue().to_pybytes()
    return octets


@dataclass(frozen=True)
class Rewrite:
    """Files of one folder that become one, without what is told of copies elsewhere."""

    files: Sequence[File]
    copies: Copies

    def run(self, output: Output) -> Iterator[File]:
        """Writes the new file, if anything is left. The old ones stay where they wait."""
        writer = Writer(output)
        rows = pa.concat_tables([writer.read(file) for file in self.files])
        rows = told(rows, self.copies) if self.files[0].table == "captures" else without_sessions_of(rows, self.copies)
        if rows.num_rows:
            yield writer.file(self.files[0].folder, rows)


def rewrites(files: Sequence[File], output: Output, *, merges: bool) -> list[Rewrite]:
    """What is to be done before the files are whole: copies, and with `merges` fewer files."""
    captures = [file for file in files if file.table == "captures"]
    keys = {file.name: file.read_keys() for file in captures}
    firsts = pairs(pa.concat_tables([KEYS.empty_table(), *keys.values()]))
    sources = _sources(captures, keys, set(firsts.values()), output)
    copies = {place: sources[first] for place, first in firsts.items()}
    groups = _groups(files) if merges else [[file] for file in files]
    found = []
    for group in groups:
        places = {place for file in group for place in file.read_keys()[PLACE.name].to_pylist()} if copies else set()
        of_group = {place: copies[place] for place in places & copies.keys()}
        if of_group or len(group) > 1:
            found.append(Rewrite(group, of_group))
    return found


def _groups(files: Sequence[File]) -> list[list[File]]:
    """Files of one folder together, as long as they are no larger than one file of a task may be."""
    groups: list[list[File]] = []
    for file in sorted(files, key=lambda file: file.name):
        last = groups[-1] if groups else []
        fits = sum(one.octets for one in last) + file.octets <= FILE_OCTETS
        if last and last[0].folder == file.folder and fits:
            last.append(file)
        else:
            groups.append([file])
    return groups


def _sources(captures: Sequence[File], keys: Mapping[str, pa.Table], places: set[int], output: Output) -> dict[int, Any]:
    """What names the captures at these places."""
    found: dict[int, Any] = {}
    if places:
        system, base = output.open()
        for file in captures:
            wanted = [(row, place) for row, place in enumerate(keys[file.name][PLACE.name].to_pylist()) if place in places]
            if wanted:
                with system.open_input_file(f"{base}/{output.staging}/{file.name}") as source:
                    rows = pq.read_table(source, columns=list(SOURCE)).take([row for row, _ in wanted]).to_pylist()
                found |= {place: row for (_, place), row in zip(wanted, rows, strict=True)}
    return found


def check_absent(output: Output) -> None:
    """Says before anything is read what would be overwritten.

    :raises EhlotraceError: if a table is there.
    """
    if there := output.existing():
        raise EhlotraceError(f"{os.fspath(there[0])} already exists; --overwrite replaces it")
