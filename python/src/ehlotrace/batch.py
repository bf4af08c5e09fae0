"""What one task does: many captures in few runs, and one that ends a run costs no other."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from . import program, stores
from .errors import EhlotraceError
from .run import EXIT_FAILURE, Feed, Run, TimeLimitError, list_of
from .schema import CAPTURES, SESSIONS
from .tables import Lines, Splitter, table
from .work import Item, Task

DOWNLOADS = 8
# Objects are staged in groups of this, so that a task needs little more than its largest one.
STAGED_GROUP_OCTETS = 64 << 20


@dataclass(frozen=True)
class Settings:
    """How captures are read; the same for all tasks."""

    arguments: tuple[str, ...] = ()
    """Options of the program."""
    fingerprint: str | None = None
    """The key by which copies are known in all tasks."""
    time_limit_s: float | None = 3600.0
    """How long the program may take for one capture."""
    stage_octets: int = 1 << 30
    """Larger objects of stores are streamed."""
    storage_options: Mapping[str, Any] = field(default_factory=dict)
    """What fsspec is told."""


@dataclass(frozen=True)
class Found:
    """Rows."""

    sessions: pa.Table
    captures: pa.Table
    places: list[int]
    """For each row of a capture the place of its file in the list, and its number in the file."""


# More members of an archive than this have no order among themselves.
MOST_MEMBERS = 1 << 20


def read(task: Task, settings: Settings) -> Iterator[Found]:
    """Reads all that a task has.

    :raises EhlotraceError: if the program cannot be run, or does not understand its arguments.
    """
    return _Reader(settings).read(task)


class _Reader:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._program = program.find()

    def read(self, task: Task) -> Iterator[Found]:
        alone = [unit.items[0] for unit in task.units if not unit.is_set]
        for is_found in (False, True):
            items = [item for item in alone if item.is_found == is_found]
            yield from self._files([item for item in items if not stores.is_url(item.path)])
            yield from self._objects([item for item in items if stores.is_url(item.path)])
        for unit in task.units:
            if unit.is_set:
                yield from self._set(unit.items)

    def _files(self, items: Sequence[Item], folder: str | None = None) -> Iterator[Found]:
        """Reads files in as few runs as there are captures that end one, and one more."""
        while items:
            feed = list_of([item.path for item in items])
            items = yield from self._run(items, [*self._each(items), "--files-from", "-"], feed, folder)

    def _each(self, items: Sequence[Item]) -> list[str]:
        """Options for captures that are not parts of one. One job, so that it is known which capture ended a run."""
        key = self._settings.fingerprint
        return [
            "--jobs=1",
            *(["--skip-others"] if items[0].is_found else []),
            *([f"--fingerprint={key}"] if key is not None else []),
        ]

    def _set(self, items: Sequence[Item]) -> Iterator[Found]:
        """Reads the files of a rotated set as one capture."""
        urls = [item.path for item in items if stores.is_url(item.path)]
        octets = sum(item.octets for item in items if stores.is_url(item.path))
        with tempfile.TemporaryDirectory(prefix="ehlotrace-") as folder:
            failed = None
            if octets > self._settings.stage_octets:
                failed = f"the set has {octets} bytes in a store; no more than {self._settings.stage_octets} are staged"
            else:
                failures = self._staged(urls, Path(folder))
                failed = next((failure for failure in failures.values() if failure), None)
            whole = replace(items[0], path=f"{items[0].path} ... {items[-1].path}")
            if failed is not None:
                yield _failure(whole, "unreadable", "io", failed)
                return
            arguments = ["--sequence", *(["--skip-others"] if items[0].is_found else []), "--files-from", "-"]
            feed = list_of([item.path for item in items])
            yield from self._run([whole], arguments, feed, folder if urls else None)

    def _objects(self, items: Sequence[Item]) -> Iterator[Found]:
        """Reads objects of stores: small ones in groups, so that none costs a run of its own."""
        large = self._settings.stage_octets
        group: list[Item] = []
        for item in items:
            if item.octets > large or stores.staged_name(item.path) is None:
                yield from self._stream(item)
                continue
            if group and sum(one.octets for one in group) + item.octets > STAGED_GROUP_OCTETS:
                yield from self._group(group)
                group = []
            group.append(item)
        yield from self._group(group)

    def _group(self, items: Sequence[Item]) -> Iterator[Found]:
        with tempfile.TemporaryDirectory(prefix="ehlotrace-") as folder:
            failures = self._staged([item.path for item in items], Path(folder))
            yield from self._files([item for item in items if failures[item.path] is None], folder)
            for item in items:
                failed = failures[item.path]
                if failed:
                    yield _failure(item, "unreadable", "io", failed)
        for item in items:
            if failures[item.path] == "":
                yield from self._stream(item)

    def _staged(self, urls: Sequence[str], folder: Path) -> dict[str, str | None]:
        """Stages objects; gives what went wrong, and an empty text for those that no file can have the name of."""

        def stage(url: str) -> str | None:
            try:
                return None if stores.stage(url, folder, self._settings.storage_options) else ""
            except stores.StoreError as error:
                return str(error)

        with ThreadPoolExecutor(DOWNLOADS) as threads:
            return dict(zip(urls, threads.map(stage, urls), strict=True))

    def _stream(self, item: Item) -> Iterator[Found]:
        """Reads an object from standard input. If the store fails midway, its capture is cut there."""
        failed: list[str] = []

        def feed(stdin: IO[bytes]) -> None:
            try:
                stores.copy(item.path, stdin, self._settings.storage_options)
            except stores.StoreError as error:
                failed.append(str(error))

        arguments = [*self._each([item]), f"--name={item.path}", "--", "-"]
        for found in self._run([item], arguments, feed, None):
            yield found if not failed else _cut(found, failed[0])

    def _run(
        self, items: Sequence[Item], arguments: Sequence[str], feed: Feed, folder: str | None
    ) -> Generator[Found, None, Sequence[Item]]:
        """One run. Returns what is left to read if a capture ended it."""
        splitter = Splitter()
        given = ["--brief", *self._settings.arguments, *arguments]
        with Run(self._program, given, feed, folder=folder) as run:
            reason = message = None
            try:
                for block in run.blocks(self._settings.time_limit_s):
                    for lines in splitter.take(block):
                        yield _rows(lines, items)
            except TimeLimitError:
                reason = "timed-out"
                message = f"the program was ended: it took longer than {self._settings.time_limit_s:g} s for this capture"
            yield _rows(splitter.rest(), items)
            if run.is_whole or splitter.inputs_done >= len(items):
                return []
            if reason is None:
                if run.exit_code == EXIT_FAILURE and not splitter.has_begun:
                    raise EhlotraceError(run.sentence())
                reason, message = "crashed", run.ended()
        yield _failure(items[splitter.inputs_done], "cut", reason, message or "", splitter.open_sessions)
        return items[splitter.inputs_done + 1 :]


def _rows(lines: Lines, items: Sequence[Item]) -> Found:
    places, last, nth = [], -1, 0
    for done in lines.inputs_done:
        nth = nth + 1 if done == last else 0
        last = done
        place = items[min(done, len(items) - 1)].place
        places.append(place * MOST_MEMBERS + min(nth, MOST_MEMBERS - 1))
    return Found(table(lines.sessions, SESSIONS), table(lines.captures, CAPTURES), places)


def _failure(item: Item, status: str, reason: str, message: str, sessions: int = 0) -> Found:
    """The row of a capture of which the program said nothing."""
    octets = os.fsencode(item.path)
    path = octets.decode(errors="replace")
    row: dict[str, Any] = {
        "path": path,
        "path_base64": None if path.encode() == octets else base64.b64encode(octets).decode(),
        "status": status,
        "status_reason": reason,
        "link_types": [],
        "frames": 0,
        "sessions": sessions,
        "notes": [],
        "error": {"kind": reason, "offset": None, "message": message},
        "truncated": False,
        "dropped": 0,
        "compression": [],
    }
    captures = pa.Table.from_pylist([row], schema=CAPTURES)
    return Found(SESSIONS.empty_table(), captures, [item.place * MOST_MEMBERS + MOST_MEMBERS - 1])


def _cut(found: Found, message: str) -> Found:
    """The same, but the source broke off."""
    rows = found.captures.to_pylist()
    for row in rows:
        row["status"] = "cut" if row["status"] != "unreadable" else row["status"]
        row["status_reason"] = "io"
        row["error"] = {"kind": "io", "offset": None, "message": message}
    return replace(found, captures=pa.Table.from_pylist(rows, schema=CAPTURES))
