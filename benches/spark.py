#!/usr/bin/env python3
"""Compares Spark with one run of the program, on the same captures and the same processors.

    cargo build --release --features arrow && cargo build --example generate_load
    python benches/spark.py FOLDER small|dense|sparse|skewed RUNS [--warm]

FOLDER keeps the captures: 20,000 small ones (90 MB), four of 250,000 sessions each (4.3 GB), four with little SMTP (4 GB), or
one of 1.5 GB and 2,000 small ones. `--warm` leaves out the runs with start-up, and all but one run before those that count.
Needs the package with its extra `spark`, and Java.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
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


def program(folder: Path, target: Path, *form: str) -> None:
    """One run of the program, which writes a file."""
    arguments = [PROGRAM, "scan", "--quiet", "--jobs", "2", "--format", *form, "-o", target, folder]
    subprocess.run(arguments, check=False, stderr=subprocess.DEVNULL)


def processor_s() -> float:
    """Processor time of this process and all below it, those that have ended included."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
            ticks[int(entry.name)] = sum(int(field) for field in fields[11:15])
    below = [os.getpid()]
    for process in below:
        below += [child for child, parent in parents.items() if parent == process]
    return sum(ticks[process] for process in below) / os.sysconf("SC_CLK_TCK")


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of processors."""
    clock, processors = time.monotonic(), processor_s()
    work()
    return time.monotonic() - clock, processor_s() - processors


def tell(name: str, measured: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    """Prints medians and ratios of runs of the program and of Spark."""
    for what, place in (("by the clock", 0), ("of processors", 1)):
        ratios = sorted(of_spark[place] / of_program[place] for of_program, of_spark in measured)
        one, other = (statistics.median(pair[side][place] for pair in measured) for side in (0, 1))
        print(f"  {name}, {what}: program {one:.2f} s, this {other:.2f} s, ratio {statistics.median(ratios):.2f}", end="")
        print(f" ({ratios[0]:.2f} to {ratios[-1]:.2f}, {len(ratios)} runs)", flush=True)


def main() -> None:
    """Prints the times."""
    base, kind = Path(sys.argv[1]), sys.argv[2]
    runs = int(sys.argv[3])
    folder, target = base / kind, base / f"{kind}-out"
    generate(folder, kind)
    target.mkdir(exist_ok=True)
    job = ["--input", str(folder), "--output", str(target / "tables"), "--overwrite", "--quiet"]
    conf = {"spark.master": "local[2]", "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    given = [part for name, value in conf.items() for part in ("--conf", f"{name}={value}")]
    os.environ["PYSPARK_SUBMIT_ARGS"] = " ".join([*given, "pyspark-shell"])

    from ehlotrace import work  # noqa: PLC0415
    from ehlotrace.spark import sessions  # noqa: PLC0415
    from ehlotrace.spark.job import parser, run  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    def alone() -> None:
        program(folder, target / "report.jsonl", "jsonl", "--brief")

    def whole() -> None:
        subprocess.run([sys.executable, "-m", "ehlotrace.spark", *job], check=True, stderr=subprocess.DEVNULL)

    alone()
    warm_ups = 2
    if "--warm" in sys.argv:
        warm_ups = 1
    else:
        tell("the job, with start-up", [(timed(alone), timed(whole)) for _ in range(min(runs, 3))])
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    args = parser().parse_args(job)
    tasks = len(work.tasks(work.units(work.listed(str(folder))), spark.sparkContext.defaultParallelism))
    empty = spark.range(0, tasks, 1, tasks).mapInArrow(lambda batches: iter(()), "a long")
    works = {
        "Arrow by the program alone": lambda: program(folder, target / "report.arrows", "arrow"),
        f"{tasks} tasks that do nothing": lambda: empty.write.format("noop").mode("overwrite").save(),
        "sessions, not written": lambda: sessions(spark, str(folder)).write.format("noop").mode("overwrite").save(),
        "the job": lambda: run(spark, args),
    }
    for name, run_once in works.items():
        # The first runs compile what the others run.
        for _ in range(warm_ups):
            run_once()
        tell(name, [(timed(alone), timed(run_once)) for _ in range(runs)])
    written = [spark.read.parquet(str(target / "tables" / name)).count() for name in ("captures", "sessions")]
    print(f"{kind}: {written[0]} captures, {written[1]} sessions")
    resident = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    heap = spark._jvm.java.lang.management.ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed()  # type: ignore
    print(f"  heap in use {heap / 1e6:.0f} MB, largest other process {resident / 1e3:.0f} MB", flush=True)
    spark.stop()


main()
