"""Lost SMTP sessions in packet captures, by the program ``ehlotrace``.

>>> import ehlotrace
>>> ehlotrace.sessions("samples/").group_by("outcome").aggregate([("session", "count")])  # doctest: +SKIP
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from . import program as _program
from .errors import EhlotraceError
from .options import arguments
from .run import Run, list_of
from .schema import CAPTURES, SESSIONS
from .tables import sessions_and_captures

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .options import ScanOptions

__all__ = ["CAPTURES", "SESSIONS", "EhlotraceError", "captures", "scan", "sessions", "tables"]

Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def scan(paths: Paths, *, brief: bool = False, **options: Unpack[ScanOptions]) -> Generator[dict[str, Any], None, None]:
    """The records of ``ehlotrace scan --format jsonl`` as they come; each has its ``type``.

    `paths` are captures, archives or mails with captures, or folders of these. The options are those of the program.

    :raises EhlotraceError: with the program's own sentence, at the end if nothing could be read.
    """
    with _run(paths, ["--format", "jsonl", *arguments(options), *(["--brief"] if brief else [])]) as run:
        for line in run.lines():
            record = json.loads(line)
            # The first line is not a record: it shows the types to databases.
            if record["type"] != "fields":
                yield record
        run.check()


def tables(paths: Paths, **options: Unpack[ScanOptions]) -> tuple[pa.Table, pa.Table]:
    """The sessions and the captures, from one run: tables with the schemas `SESSIONS` and `CAPTURES`.

    :raises EhlotraceError: with the program's own sentence, also if nothing could be read.
    """
    with _run(paths, ["--format", "arrow", *arguments(options)]) as run:
        found = sessions_and_captures(run.batches())
        run.check()
    return found


def sessions(paths: Paths, **options: Unpack[ScanOptions]) -> pa.Table:
    """The sessions, as a table with the schema `SESSIONS`; otherwise as `tables`."""
    return tables(paths, **options)[0]


def captures(paths: Paths, **options: Unpack[ScanOptions]) -> pa.Table:
    """The captures, as a table with the schema `CAPTURES`; otherwise as `tables`."""
    return tables(paths, **options)[1]


def _run(paths: Paths, given: list[str]) -> Run:
    given_paths = [paths] if isinstance(paths, str | os.PathLike) else paths
    names = [os.fspath(path) for path in given_paths]
    if any(name in ("", "-") for name in names):
        raise ValueError("a path is the name of a file or folder: neither empty nor `-`")
    return Run(_program.find(), [*given, "--files-from", "-"], list_of(names))
