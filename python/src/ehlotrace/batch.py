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
from .schema import CAPTURES, PLACE, SESSIONS
from .tables import captures_of, kinds, sessions_of
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
    """Rows. Their last column is the `PLACE` of the capture among all of the job."""

    sessions: pa.Table
    captures: pa.Table


# More members of an archive than this have no order among themselves.
MOST_MEMBERS = 1 << 20
# The program sends so many rows at once, and each input has one. So this many may be done and lost with a program that ends.
MOST_UNTOLD = 4096
# After a program took too long, its last inputs are read again. All that were done were done in a fraction of a second.
FOUND_OUT_S = 60.0


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
            are_objects = [stores.is_url(item.path) for item in items]
            yield from self._files([item for item, is_object in zip(items, are_objects, strict=True) if not is_object])
            yield from self._objects([item for item, is_object in zip(items, are_objects, strict=True) if is_object])
        for unit in task.units:
            if unit.is_set:
                yield from self._set(unit.items)

    def _files(self, items: Sequence[Item], folder: str | None = None) -> Iterator[Found]:
        """Reads files in as few runs as it can. After a run that a capture ended, and it is not known which one, each is read
        alone until that is found.
        """

        def run(items: Sequence[Item], limit_s: float | None) -> Generator[Found, None, _End]:
            feed = list_of([item.path for item in items])
            return self._run(items, [*self._each(items), "--files-from", "-"], feed, folder, limit_s)

        limit_s = self._settings.time_limit_s
        while items:
            end = yield from run(items, limit_s)
            items = items[end.done :]
            found_out_s = limit_s
            if limit_s is not None and end.is_late:
                found_out_s = min(limit_s, FOUND_OUT_S)
            for item in items[: MOST_UNTOLD if end.is_unsure else 0]:
                items = items[1:]
                if (yield from run([item], found_out_s)).has_failed:
                    break

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
            whole = items[0]._replace(path=f"{items[0].path} ... {items[-1].path}")
            if failed is not None:
                yield _failure(whole, "unreadable", "io", failed)
                return
            arguments = ["--sequence", *(["--skip-others"] if items[0].is_found else []), "--files-from", "-"]
            feed = list_of([item.path for item in items])
            yield from self._run([whole], arguments, feed, folder if urls else None, self._settings.time_limit_s)

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
        for found in self._run([item], arguments, feed, None, self._settings.time_limit_s):
            yield found if not failed else _cut(found, failed[0])

    def _run(
        self, items: Sequence[Item], arguments: Sequence[str], feed: Feed, folder: str | None, limit_s: float | None
    ) -> Generator[Found, None, _End]:
        """One run."""
        progress = _Progress(items)
        given = ["--format", "arrow", *self._settings.arguments, *arguments]
        with Run(self._program, given, feed, folder=folder) as run:
            reason = message = None
            try:
                for batch in run.batches(limit_s):
                    yield progress.take(batch)
            except TimeLimitError:
                reason = "timed-out"
                allowed = self._settings.time_limit_s
                message = f"the program was ended: it took longer than {allowed:g} s for this capture"
            done = progress.inputs_done
            if run.is_whole or done >= len(items):
                return _End(len(items))
            if reason is None:
                if run.exit_code == EXIT_FAILURE and not run.has_begun:
                    raise EhlotraceError(run.sentence())
                reason, message = "crashed", run.ended()
        # Once rows of an input came, those of its end come as soon as it is done.
        if not progress.has_rows_of_input and done + 1 < len(items):
            return _End(done, is_unsure=True, is_late=reason == "timed-out")
        yield _failure(items[done], "cut", reason, message or "", progress.open_sessions)
        return _End(done + 1, has_failed=True)


@dataclass(frozen=True)
class _End:
    """How far a run came."""

    done: int
    """Of how many items all is known."""
    has_failed: bool = False
    """Whether the last of these ended it."""
    is_unsure: bool = False
    """Whether one of the others ended it, and it is not known which."""
    is_late: bool = False
    """Whether that took too long."""


class _Progress:
    """How far a run is."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self.inputs_done = 0
        self.open_sessions = 0
        """Sessions of the capture that is being read."""
        self.has_rows_of_input = False
        """Whether rows of the input that is being read came."""
        self._nth = 0

    def take(self, batch: pa.RecordBatch) -> Found:
        """The rows of a batch."""
        sessions, captures = sessions_of(batch), captures_of(batch)
        place, kind = self._place(), None
        if sessions.num_rows == batch.num_rows:
            self.open_sessions += batch.num_rows
            self.has_rows_of_input = True
            return Found(_placed(sessions, pa.repeat(place, batch.num_rows)), _placed(captures, []))
        of_sessions: list[int] = []
        of_captures: list[int] = []
        for kind in kinds(batch):
            if kind == "session":
                of_sessions.append(place)
                self.open_sessions += 1
                continue
            if kind == "capture_end":
                of_captures.append(place)
                self._nth += 1
                self.open_sessions = 0
            else:
                self.inputs_done += 1
                self._nth = 0
            place = self._place()
        self.has_rows_of_input = kind != "input_end"
        return Found(_placed(sessions, of_sessions), _placed(captures, of_captures))

    def _place(self) -> int:
        item = self._items[min(self.inputs_done, len(self._items) - 1)]
        return item.place * MOST_MEMBERS + min(self._nth, MOST_MEMBERS - 1)


def _placed(rows: pa.RecordBatch, places: Sequence[int] | pa.Array) -> pa.Table:
    return pa.Table.from_batches([rows]).append_column(PLACE, pa.array(places, PLACE.type))


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
    row[PLACE.name] = item.place * MOST_MEMBERS + MOST_MEMBERS - 1
    return Found(SESSIONS.append(PLACE).empty_table(), pa.Table.from_pylist([row], schema=CAPTURES.append(PLACE)))


def _cut(found: Found, message: str) -> Found:
    """The same, but the source broke off."""
    rows = found.captures.to_pylist()
    for row in rows:
        row["status"] = "cut" if row["status"] != "unreadable" else row["status"]
        row["status_reason"] = "io"
        row["error"] = {"kind": "io", "offset": None, "message": message}
    return replace(found, captures=pa.Table.from_pylist(rows, schema=found.captures.schema))
