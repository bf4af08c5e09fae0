"""Options of the program as keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict


class ReadingOptions(TypedDict, total=False):
    """How captures are read and which sessions are wanted: as for ``ehlotrace scan``, with ``_`` in place of ``-``.

    Where a list is allowed, each of its values counts.
    """

    port: int | str | Sequence[int | str]
    password: str | Sequence[str]
    show_credentials: bool
    netmon_tz: str
    timezone: str
    tcp_stream: bool
    client: str | Sequence[str]
    server: str | Sequence[str]
    since: str
    until: str
    cause: str | Sequence[str]
    outcome: str | Sequence[str]
    hello: str
    session: int | str | Sequence[int | str]


class ScanOptions(ReadingOptions, total=False):
    """What else one run can be told."""

    sequence: bool
    together: bool
    skip_others: bool
    jobs: int


class JobOptions(ReadingOptions, total=False):
    """What else a job can be told."""

    sequence_by: str | None
    """What tells the parts of rotated sets, see `ehlotrace.work.units`."""
    tasks: int | None
    """How many tasks share the work."""
    time_limit_s: float | None
    """How long the program may take for one capture."""
    stage_octets: int
    """Larger objects of stores are streamed."""
    storage_options: Mapping[str, Any] | None
    """What fsspec is told."""


READING = frozenset(ReadingOptions.__annotations__)
ALL = READING | frozenset(ScanOptions.__annotations__)


def arguments(options: Mapping[str, object], allowed: frozenset[str] = ALL) -> list[str]:
    """The options as the program takes them.

    :raises TypeError: if one of them is unknown.
    """
    found: list[str] = []
    for name, value in options.items():
        if name not in allowed:
            raise TypeError(f"unknown option {name!r}")
        flag = "--" + name.replace("_", "-")
        if isinstance(value, bool):
            found += [flag] if value else []
        elif value is not None:
            values = [value] if isinstance(value, str) or not isinstance(value, Sequence) else value
            # With `=` a value that begins with a hyphen is no option.
            found += [f"{flag}={one}" for one in values]
    return found
