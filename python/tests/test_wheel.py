"""The wheel alone: what a cluster is sent."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path

import pytest

from ehlotrace import program

WHEEL = os.environ.get("EHLOTRACE_WHEEL")
pytestmark = pytest.mark.skipif(not WHEEL, reason="EHLOTRACE_WHEEL names no wheel")


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """As Spark ships it: under another name, on the path of modules."""
    assert WHEEL
    return Path(shutil.copy(WHEEL, tmp_path / "ehlotrace.zip"))


def test_the_program_is_unpacked_from_the_wheel(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert program._wheel(shipped / "ehlotrace") == shipped
    found = [program._unpacked(shipped) for _ in range(2)]
    assert found[0] == found[1] and Path(found[0]).is_relative_to(tmp_path)
    version = subprocess.run([found[0], "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("ehlotrace ")
    assert Path(found[0]).parent.stat().st_mode & 0o077 == 0


def test_the_wheel_has_its_types_licences_and_job(shipped: Path) -> None:
    names = zipfile.ZipFile(shipped).namelist()
    assert {"ehlotrace/py.typed", "ehlotrace/spark/__main__.py"} <= set(names)
    licences = {Path(name).name for name in names if "/licenses/" in name}
    # Those of what is linked in are there when the packages are made.
    assert licences - {"THIRD-PARTY-LICENSES.txt"} == {"LICENSE-MIT", "LICENSE-APACHE"}
