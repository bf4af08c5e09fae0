"""The job: captures in, two tables of Parquet out."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from ..errors import EhlotraceError
from ..options import JobOptions
from . import write

DESCRIPTION = """\
Reads captures on a cluster and writes OUTPUT/sessions and OUTPUT/captures as Parquet, partitioned by date. A capture that
cannot be read is a row of captures. Exit codes: 0 both tables were written, 2 they were not."""

EXAMPLES = """\
Examples:
  python -m ehlotrace.spark --input /captures/2024-03 --output /reports/2024-03
  python -m ehlotrace.spark --input 's3://captures/*/*.pcap.gz' --output s3://reports/all --sequence-by folder
  spark-submit --py-files ehlotrace.zip job.py --input /captures --output /reports"""


def parser() -> argparse.ArgumentParser:
    """The arguments of the job."""
    arguments = argparse.ArgumentParser(
        prog="python -m ehlotrace.spark",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = arguments.add_argument
    add("--input", action="append", required=True, metavar="PATH|PATTERN|URL", help="what to read; may be given again")
    add("--output", required=True, metavar="PATH|URL", help="a folder that all executors have, or a URL that fsspec knows")
    add("--overwrite", action="store_true", help="replace the tables in OUTPUT")
    add(
        "--sequence-by",
        metavar="folder|REGEX",
        help="read rotated sets as one capture each: the files of a folder, or those for which REGEX finds the same text "
        "(the same groups, if it has any)",
    )
    add("--tasks", type=int, metavar="N", help="how many tasks share the work [default: by octets and by slots]")
    add(
        "--time-limit",
        type=float,
        default=3600.0,
        metavar="SECONDS",
        help="how long the program may take for one capture [default: 3600]",
    )
    add(
        "--stage-octets",
        type=int,
        default=1 << 30,
        metavar="N",
        help="objects of stores are copied to the executor's disk, and larger ones streamed [default: 1 GiB]",
    )
    add(
        "--rebalance",
        action="store_true",
        help="put the files of a day together: fewer files, which are written twice",
    )
    add(
        "--port",
        action="append",
        metavar="PORT",
        help="a port of the mail servers, or `any`; may be given again [default: 25]",
    )
    add("--password", action="append", help="try this password on encrypted archives; may be given again")
    add("--netmon-tz", metavar="ZONE", help="the time zone of Network Monitor files [default: UTC]")
    add("--quiet", action="store_true", help="say nothing of what was read")
    return arguments


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the job and returns its exit code."""
    args = parser().parse_args(arguments)
    # In local mode the workers run what this program runs.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    spark = SparkSession.builder.appName("ehlotrace").getOrCreate()
    try:
        since = time.monotonic()
        run(spark, args)
        if not args.quiet:
            print(f"ehlotrace: done in {time.monotonic() - since:.1f} s", file=sys.stderr)
    except (EhlotraceError, PySparkException, OSError) as error:
        print(f"ehlotrace: {_sentence(error)}", file=sys.stderr)
        return 2
    finally:
        spark.stop()
    return 0


def run(spark: SparkSession, args: argparse.Namespace) -> None:
    """Reads and writes, as the arguments say.

    :raises EhlotraceError: if there is nothing to read, or the tables are there.
    :raises PySparkException: if a task fails again and again.
    :raises OSError: if the tables cannot be written.
    """
    options: JobOptions = {
        "sequence_by": args.sequence_by,
        "tasks": args.tasks,
        "time_limit_s": args.time_limit,
        "stage_octets": args.stage_octets,
    }
    if args.port:
        options["port"] = args.port
    if args.password:
        options["password"] = args.password
    if args.netmon_tz:
        options["netmon_tz"] = args.netmon_tz
    write(spark, args.input, args.output, overwrite=args.overwrite, rebalance=args.rebalance, **options)


def _sentence(error: Exception) -> str:
    """The first line of what went wrong; of an error on an executor, the program's own."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    ours = [line for line in lines if "EhlotraceError: " in line]
    return ours[0].partition("EhlotraceError: ")[2] if ours else (lines or [type(error).__name__])[0]
