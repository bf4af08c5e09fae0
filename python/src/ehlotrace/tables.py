"""JSON Lines of the program as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.json

from .errors import EhlotraceError
from .run import INPUT_END
from .schema import CAPTURES, SCHEMA_VERSION, SESSIONS, as_written

# Octets of JSON that become one table: some thousand sessions.
TABLE_OCTETS = 4 << 20

_SESSION = b'{"type":"session"'
_CAPTURE = b'{"type":"capture"'
_CAPTURE_END = b'{"type":"capture_end"'
_VERSION = b'"schema_version":%d,' % SCHEMA_VERSION


@dataclass
class Lines:
    """Lines of a run, by kind."""

    sessions: list[bytes] = field(default_factory=list)
    captures: list[bytes] = field(default_factory=list)
    inputs_done: list[int] = field(default_factory=list)
    """For each line of a capture: how many inputs were done before."""
    octets: int = 0


class Splitter:
    """Sorts the lines of a run."""

    def __init__(self) -> None:
        self.inputs_done = 0
        self.open_sessions = 0
        """Sessions of the capture that is being read."""
        self.has_begun = False
        self._lines = Lines()

    def take(self, block: bytes) -> Iterator[Lines]:
        """Sorts the lines of `block`; gives those so far if they are enough for a table.

        :raises EhlotraceError: if they are of a program with another form of reports.
        """
        lines = self._lines
        for line in block.splitlines(keepends=True):
            if line.startswith(_SESSION):
                lines.sessions.append(line)
                self.open_sessions += 1
            elif line.startswith(_CAPTURE_END):
                lines.captures.append(line)
                lines.inputs_done.append(self.inputs_done)
                self.open_sessions = 0
            elif line.startswith(INPUT_END):
                self.inputs_done += 1
            elif not self.has_begun and line.startswith(_CAPTURE):
                self.has_begun = True
                if _VERSION not in line:
                    raise EhlotraceError(f"the program's reports have another schema_version than {SCHEMA_VERSION}")
        lines.octets += len(block)
        if lines.octets >= TABLE_OCTETS:
            yield self.rest()

    def rest(self) -> Lines:
        """What is left."""
        lines, self._lines = self._lines, Lines()
        return lines


def table(lines: Sequence[bytes], schema: pa.Schema) -> pa.Table:
    """The lines, all of one kind, as a table of this schema."""
    if not lines:
        return schema.empty_table()
    octets = b"".join(lines)
    written = pa.schema([(one.name, as_written(one.type)) for one in schema])
    found = pa.json.read_json(
        pa.BufferReader(octets),
        read_options=pa.json.ReadOptions(use_threads=False, block_size=len(octets)),
        parse_options=pa.json.ParseOptions(explicit_schema=written, unexpected_field_behavior="ignore"),
    )
    # Times lose their nanoseconds.
    return found.cast(schema, safe=False)


def sessions_and_captures(blocks: Iterable[bytes]) -> tuple[pa.Table, pa.Table]:
    """Both tables of a run."""
    splitter = Splitter()
    sessions, captures = [SESSIONS.empty_table()], [CAPTURES.empty_table()]

    def take(lines: Lines) -> None:
        sessions.append(table(lines.sessions, SESSIONS))
        captures.append(table(lines.captures, CAPTURES))

    for block in blocks:
        for lines in splitter.take(block):
            take(lines)
    take(splitter.rest())
    return pa.concat_tables(sessions), pa.concat_tables(captures)
