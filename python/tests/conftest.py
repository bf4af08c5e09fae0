"""What the tests share: samples, captures that are bad, and a Spark session."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PROJECT = Path(__file__).parent.parent.parent
SAMPLES = PROJECT / "samples"


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    """A folder with all samples in two folders below, one of them twice, and a note."""
    folder = tmp_path / "pile"
    for number, sample in enumerate(sorted(path for path in SAMPLES.iterdir() if path.suffix != ".md")):
        part = folder / f"customer-{number % 2}"
        part.mkdir(parents=True, exist_ok=True)
        shutil.copy(sample, part)
    shutil.copy(SAMPLES / "mixed.pcapng", folder / "customer-1" / "the-same.pcapng")
    (folder / "customer-0" / "note.txt").write_text("Dear support, mail stopped on Monday.")
    return folder


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Spark in local mode with two slots; the test is skipped if Spark or Java is missing."""
    session = pytest.importorskip("pyspark.sql", reason="pyspark is missing").SparkSession
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("java is missing")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Of pandas, which pyspark needs and these tests do not.
    warnings.simplefilter("ignore", FutureWarning)
    builder = session.builder.master("local[2]").appName("tests")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }.items():
        builder = builder.config(name, value)
    running = builder.getOrCreate()
    running.sparkContext.setLogLevel("ERROR")
    yield running
    running.stop()
