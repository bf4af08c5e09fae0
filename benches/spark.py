#!/usr/bin/env python3
"""Compares Spark with one run of the program, on the same captures and the same processors.

    cargo build --release && cargo build --example generate_load
    python benches/spark.py FOLDER small|dense|sparse|skewed [RUNS]

FOLDER keeps the captures: 20,000 small ones (90 MB), four of 250,000 sessions each (4.3 GB), four with little SMTP (4 GB), or one
of 1.5 GB and 2,000 small ones. Needs the package with its extra `spark`, and Java.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target"))
GENERATE = TARGET / "debug/examples/generate_load"
PROGRAM = os.environ.setdefault("EHLOTRACE_PROGRAM", str(TARGET / "release/ehlotrace"))
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
RECORD_HEADER, FILE_HEADER = 16, 24


def small(folder: Path, count: int) -> None:
    """Variants of the samples: each has its own times, so that none is a copy."""
    samples = [file.read_bytes() for file in sorted((PROJECT / "samples").glob("*.pcap"))]
    samples = [octets for octets in samples if octets[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1")]
    folder.mkdir(parents=True)
    for number in range(count):
        octets = bytearray(samples[number % len(samples)])
        at = FILE_HEADER
        while at + RECORD_HEADER <= len(octets):
            seconds = int.from_bytes(octets[at : at + 4], "little") + number
            octets[at : at + 4] = seconds.to_bytes(4, "little")
            at += RECORD_HEADER + int.from_bytes(octets[at + 8 : at + 12], "little")
        part = folder / f"{number // 1000:02}"
        part.mkdir(exist_ok=True)
        (part / f"{number:05}.pcap").write_bytes(octets)


def large(folder: Path, kind: str, amount: int, count: int) -> None:
    """The same capture `count` times, but for the time of the first packet."""
    folder.mkdir(parents=True, exist_ok=True)
    first = folder / f"{kind}-0.pcap"
    with first.open("wb") as target:
        subprocess.run([GENERATE, kind, str(amount)], stdout=target, check=True)
    for number in range(1, count):
        file = folder / f"{kind}-{number}.pcap"
        shutil.copyfile(first, file)
        with file.open("r+b") as octets:
            octets.seek(FILE_HEADER)
            seconds = int.from_bytes(octets.read(4), "little") - number
            octets.seek(FILE_HEADER)
            octets.write(seconds.to_bytes(4, "little"))


def generate(folder: Path, kind: str) -> None:
    if folder.exists():
        return
    if kind == "small":
        small(folder, 20_000)
    elif kind == "dense":
        large(folder, "smtp", 250_000, 4)
    elif kind == "sparse":
        large(folder, "mixed", 1_000, 4)
    else:
        small(folder, 2_000)
        large(folder, "mixed", 1_500, 1)


def program(folder: Path, target: Path) -> float:
    """One run of the program, which writes JSON Lines."""
    since = time.monotonic()
    arguments = [PROGRAM, "scan", "--quiet", "--jobs", "2", "--format", "jsonl", "--brief", "-o", target, folder]
    subprocess.run(arguments, check=False, stderr=subprocess.DEVNULL)
    return time.monotonic() - since


def main() -> None:
    """Prints the times."""
    base, kind = Path(sys.argv[1]), sys.argv[2]
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    folder, target = base / kind, base / f"{kind}-out"
    generate(folder, kind)
    target.mkdir(exist_ok=True)
    job = ["--input", str(folder), "--output", str(target / "tables"), "--overwrite", "--quiet"]
    master = ["--conf", "spark.master=local[2]", "--conf", "spark.ui.enabled=false"]
    os.environ["PYSPARK_SUBMIT_ARGS"] = " ".join([*master, "pyspark-shell"])

    from pyspark.sql import SparkSession

    from ehlotrace.spark.job import parser, run

    program(folder, target / "report.jsonl")
    whole = []
    for _ in range(min(runs, 3)):
        alone = program(folder, target / "report.jsonl")
        since = time.monotonic()
        subprocess.run([sys.executable, "-m", "ehlotrace.spark", *job], check=True, stderr=subprocess.DEVNULL)
        whole.append((alone, time.monotonic() - since))
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    args = parser().parse_args(job)
    run(spark, args)
    warm = []
    for _ in range(runs):
        alone = program(folder, target / "report.jsonl")
        since = time.monotonic()
        run(spark, args)
        warm.append((alone, time.monotonic() - since))
    sessions = spark.read.parquet(str(target / "tables/sessions")).count()
    captures = spark.read.parquet(str(target / "tables/captures")).count()
    jvm = spark.sparkContext._jvm.java.lang.management.ManagementFactory.getMemoryMXBean()  # type: ignore[union-attr]
    heap = jvm.getHeapMemoryUsage().getUsed()
    spark.stop()
    print(f"{kind}: {captures} captures, {sessions} sessions")
    for name, pairs in (("with start-up", whole), ("without", warm)):
        ratios = sorted(job / alone for alone, job in pairs)
        alone, spark_s = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"  {name}: program {alone:.2f} s, Spark {spark_s:.2f} s, ratio {statistics.median(ratios):.2f}", end="")
        print(f" ({ratios[0]:.2f} to {ratios[-1]:.2f}, {len(ratios)} runs)")
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"  heap used {heap / 1e6:.0f} MB; largest process {children / 1e3:.0f} MB")


main()
