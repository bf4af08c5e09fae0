"""Captures in stores that fsspec knows: listed, staged in a folder, or streamed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from .errors import EhlotraceError

_URL = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+://")
COPIED_OCTETS = 4 << 20
ATTEMPTS = 3
PAUSE_S = 1.0
# The longest name that the usual file systems take.
NAME_OCTETS = 255


class StoreError(Exception):
    """An object could not be read; the text says at which octet, and why."""


def is_url(path: str) -> bool:
    """Whether this is in a store, and not a file."""
    return _URL.match(path) is not None


def file_system(url: str, storage_options: Mapping[str, Any] | None) -> tuple[Any, str]:
    try:
        import fsspec.core  # noqa: PLC0415
    except ImportError as error:
        raise EhlotraceError(f"{url}: reading from stores needs fsspec: pip install ehlotrace[stores]") from error
    try:
        return fsspec.core.url_to_fs(url, **(storage_options or {}))  # type: ignore[no-any-return]
    except (ImportError, ValueError) as error:
        raise EhlotraceError(f"{url}: {error}") from error


def listed(url: str, storage_options: Mapping[str, Any] | None) -> Iterator[tuple[str, int, bool]]:
    """The objects that a URL or pattern stands for: URL, octets, and whether it was found in a folder.

    :raises EhlotraceError: if there is none, or the store does not answer.
    """
    system, path = file_system(url, storage_options)
    try:
        has_signs = any(sign in path for sign in "*?[")
        matches = system.glob(path, detail=True) if has_signs else {path: system.info(path)}
        if not matches:
            raise EhlotraceError(f"{url}: no object has such a name")
        for name in sorted(matches):
            if matches[name]["type"] != "directory":
                yield system.unstrip_protocol(name), matches[name].get("size") or 0, False
                continue
            below = system.find(name, detail=True)
            for found in sorted(below, key=lambda path: path.split("/")):
                yield system.unstrip_protocol(found), below[found].get("size") or 0, True
    except OSError as error:
        raise EhlotraceError(f"{url}: {error or 'no such object'}") from error


def copy(url: str, target: IO[bytes], storage_options: Mapping[str, Any] | None) -> None:
    """Copies an object. If reading fails, it goes on where it was, some times.

    :raises StoreError: if it fails again and again. What came before is copied.
    :raises BrokenPipeError: if nobody reads on.
    """
    done, failed = 0, 0
    while True:
        try:
            system, path = file_system(url, storage_options)
            with system.open(path, "rb", block_size=COPIED_OCTETS, cache_type="readahead") as source:
                source.seek(done)
                while True:
                    octets = source.read(COPIED_OCTETS)
                    if not octets:
                        return
                    _write(target, octets)
                    done, failed = done + len(octets), 0
        except (_TargetError, EhlotraceError) as error:
            raise error.__cause__ or error from None
        # A store may raise anything.
        except Exception as error:
            failed += 1
            if failed >= ATTEMPTS:
                raise StoreError(f"the store failed at byte {done}: {type(error).__name__}: {error}") from error
            time.sleep(PAUSE_S * failed)


class _TargetError(Exception):
    """The copy could not be written."""


def _write(target: IO[bytes], octets: bytes) -> None:
    try:
        target.write(octets)
    except OSError as error:
        raise _TargetError from error


def staged_name(url: str) -> str | None:
    """The name below a folder under which the program finds the object by its URL; none if no file can have it.

    ``s3://bucket/a.pcap``, opened in the folder, is the file ``a.pcap`` in ``s3:/bucket``, and the report shows the URL.
    """
    scheme, _, rest = url.partition("://")
    names = rest.lstrip("/").split("/")
    is_safe = all(name not in ("", ".", "..") and len(name.encode()) <= NAME_OCTETS and "\0" not in name for name in names)
    return "/".join([f"{scheme}:", *names]) if is_safe else None


def stage(url: str, folder: Path, storage_options: Mapping[str, Any] | None) -> bool:
    """Copies an object to where the program finds it by its URL; false if no file can be there.

    :raises StoreError: if it cannot be read.
    """
    name = staged_name(url)
    if name is None:
        return False
    file = folder / name
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        target = file.open("xb")
    except OSError:
        # Another object has a part of its name.
        return False
    with target:
        copy(url, target, storage_options)
    return True
