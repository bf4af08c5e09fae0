"""What there is to read, and how it is shared out: by octets, the largest first."""

from __future__ import annotations

import glob
import heapq
import json
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from . import stores
from .errors import EhlotraceError

# What a capture costs beside its octets, in octets that take as long to read: opening it, and its lines in the report.
CAPTURE_OCTETS = 128 << 10
# The same in a store, which is asked for each object.
OBJECT_OCTETS = 1 << 20
# A task that is lost is repeated: no more than this and one capture.
TASK_OCTETS = 1 << 30
# Less than this is not worth a task: Spark takes some hundredths of a second for one, in which a slot reads this.
SMALL_TASK_OCTETS = 64 << 20
# Tasks for each slot, so that those that were quick take what is left; but none smaller than this, a second's work.
TASKS_PER_SLOT = 3
SHARED_TASK_OCTETS = 2 << 30


class Item(NamedTuple):
    """A file or object."""

    path: str
    octets: int
    place: int = 0
    """Its number in the whole list."""
    is_found: bool = False
    """Whether it was found in a folder: it may be anything."""

    @property
    def cost(self) -> int:
        """How long it takes, in octets."""
        return self.octets + (OBJECT_OCTETS if stores.is_url(self.path) else CAPTURE_OCTETS)


class Unit(NamedTuple):
    """What has to be read by one run: a file, or the files of a rotated set."""

    items: tuple[Item, ...]

    @property
    def is_set(self) -> bool:
        """Whether its sessions cross files."""
        return len(self.items) > 1

    @property
    def cost(self) -> int:
        """How long it takes, in octets."""
        return sum(item.cost for item in self.items)


@dataclass
class Task:
    """What one task reads."""

    units: list[Unit] = field(default_factory=list)

    def encode(self) -> bytes:
        """As octets, to be sent to where it is read."""
        return zlib.compress(json.dumps([unit.items for unit in self.units]).encode(), 1)

    @staticmethod
    def decode(octets: bytes) -> Task:
        """What `encode` made."""
        units = json.loads(zlib.decompress(octets))
        return Task([Unit(tuple(Item(*item) for item in unit)) for unit in units])


def listed(inputs: str | Iterable[str], storage_options: Mapping[str, Any] | None = None) -> list[Item]:
    """What paths, patterns and URLs stand for, in their order; a folder is every file below it in order of name, as for the
    program.

    :raises EhlotraceError: if a pattern fits nothing, or a store cannot be asked.
    """
    given = [inputs] if isinstance(inputs, str) else list(inputs)
    items: list[Item] = []
    for one in given:
        found = _objects(one, storage_options) if stores.is_url(one) else _files(one.removeprefix("file://"))
        items += [Item(path, octets, len(items) + nth, is_found) for nth, (path, octets, is_found) in enumerate(found)]
    return items


Listed = tuple[str, int, bool]


def _files(given: str) -> Iterator[Listed]:
    if not glob.has_magic(given) or os.path.lexists(given):
        yield from _below(given)
        return
    paths = sorted(glob.glob(given, recursive=True))
    if not paths:
        raise EhlotraceError(f"{given}: no file has such a name")
    for path in paths:
        yield from _below(path)


def _below(path: str) -> Iterator[Listed]:
    if not Path(path).is_dir():
        yield path, _octets(path), False
        return
    try:
        entries = sorted(os.scandir(path), key=lambda entry: os.fsencode(entry.name))
    except OSError:
        # The program says what is wrong with it.
        yield path, 0, False
        return
    for entry in entries:
        # Links are not followed, so that none leads in a circle.
        if entry.is_dir(follow_symlinks=False):
            yield from _below(entry.path)
        elif entry.is_file(follow_symlinks=False):
            yield entry.path, _octets(entry), True


def _octets(file: str | os.DirEntry[str]) -> int:
    try:
        return os.stat(file).st_size if isinstance(file, str) else file.stat().st_size  # noqa: PTH116
    except OSError:
        return 0


def _objects(given: str, storage_options: Mapping[str, Any] | None) -> Iterator[Listed]:
    yield from stores.listed(given, storage_options)


def units(items: Sequence[Item], sequence_by: str | Callable[[str], str | None] | None = None) -> list[Unit]:
    """The items, those of a rotated set together.

    `sequence_by` is ``"folder"``: the files of each folder are a set; or a regular expression: files for which it finds the
    same text, or the same groups if it has any, are a set. Files in which it finds nothing stand alone.
    """
    if sequence_by is None:
        return [Unit((item,)) for item in items]
    key = _by_folder if sequence_by == "folder" else _by_pattern(sequence_by) if isinstance(sequence_by, str) else sequence_by
    sets: dict[str, list[Item]] = {}
    for item in items:
        name = key(item.path)
        # A name that no other item has.
        sets.setdefault(f"0{item.place}" if name is None else f"1{name}", []).append(item)
    return [Unit(tuple(members)) for members in sets.values()]


def _by_folder(path: str) -> str:
    return path.rpartition("/")[0]


def _by_pattern(pattern: str) -> Callable[[str], str | None]:
    regex = re.compile(pattern)

    def key(path: str) -> str | None:
        found = regex.search(path)
        if found is None:
            return None
        return "\0".join(group or "" for group in found.groups()) if regex.groups else found.group()

    return key


def tasks(work: Sequence[Unit], slots: int, count: int | None = None) -> list[Task]:
    """Shares out the work: each unit, the largest first, goes to the task that has the least. The largest task comes first.

    Without a `count` there is one for each slot, more if the work is large and fewer if it is small.
    """
    costs = [unit.cost for unit in work]
    octets = sum(costs)
    if count is None:
        shared = min(slots * TASKS_PER_SLOT, octets // SHARED_TASK_OCTETS)
        count = max(min(slots, octets // SMALL_TASK_OCTETS), shared, octets // TASK_OCTETS, 1)
    count = max(1, min(count, len(work)))
    shares = [Task() for _ in range(count)]
    loads = [(0, number) for number in range(count)]
    # Those that cost the same stay in their order.
    for nth in sorted(range(len(work)), key=costs.__getitem__, reverse=True):
        load, number = loads[0]
        shares[number].units.append(work[nth])
        heapq.heapreplace(loads, (load + costs[nth], number))
    for share in shares:
        share.units.sort(key=lambda unit: unit.items[0].place)
    load_of = {number: load for load, number in loads}
    return [shares[number] for number in sorted(range(count), key=lambda number: (-load_of[number], number))]
