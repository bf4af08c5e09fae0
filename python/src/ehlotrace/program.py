"""Where the program is."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from .errors import EhlotraceError

NAME = "ehlotrace.exe" if os.name == "nt" else "ehlotrace"
VARIABLE = "EHLOTRACE_PROGRAM"


def find() -> str:
    """The path of the program.

    That is the value of ``EHLOTRACE_PROGRAM``, else the program that was installed with this package, else the one in the
    wheel that this package is imported from, else the one in ``PATH``.

    :raises EhlotraceError: if there is none.
    """
    if named := os.environ.get(VARIABLE):
        return named
    package = Path(__file__).parent
    folders = [
        Path(sysconfig.get_path("scripts")),
        Path(sys.executable).parent,
        # `pip install --target`
        package.parent / "bin",
        # `pip install --user` and `--prefix`
        *(package.parents[depth] / "bin" for depth in (3,) if len(package.parents) > depth),
    ]
    for folder in folders:
        if (program := folder / NAME).is_file():
            return str(program)
    if wheel := _wheel(package):
        return _unpacked(wheel)
    if program_in_path := shutil.which(NAME):
        return program_in_path
    raise EhlotraceError(f"the program {NAME} is not installed; {VARIABLE} can say where it is")


def _wheel(package: Path) -> Path | None:
    """The wheel, or a copy of it, that this package is imported from, as by ``spark-submit --py-files``."""
    return package.parent if zipfile.is_zipfile(package.parent) else None


def _unpacked(wheel: Path) -> str:
    """Unpacks the program from a wheel, once for each user and wheel."""
    with zipfile.ZipFile(wheel) as archive:
        members = [one for one in archive.infolist() if one.filename.endswith(f".data/scripts/{NAME}")]
        if not members:
            raise EhlotraceError(f"{wheel} does not contain the program {NAME}")
        member = members[0]
        user = os.getuid() if hasattr(os, "getuid") else "user"
        folder = Path(tempfile.gettempdir()) / f"ehlotrace-{user}-{member.CRC:08x}-{member.file_size}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if hasattr(os, "getuid") and (folder.is_symlink() or folder.stat().st_uid != os.getuid()):
            raise EhlotraceError(f"{folder} belongs to another user")
        program = folder / NAME
        if not program.is_file():
            handle, part = tempfile.mkstemp(dir=folder)
            with os.fdopen(handle, "wb") as target, archive.open(member) as source:
                shutil.copyfileobj(source, target, 1 << 20)
            Path(part).chmod(0o700)
            # Tasks that do the same at the same time put the same file in its place.
            Path(part).replace(program)
    return str(program)
