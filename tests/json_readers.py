"""Reads JSON Lines of ehlotrace in DuckDB, Polars and pyarrow, none with an option, and compares all with the json module.

    python3 tests/json_readers.py REPORT
"""
import datetime
import json
import sys

import duckdb
import polars
import pyarrow.json

# Lines from the end that are compared field by field: all that are rare stand there.
TAIL = 300
# Threads of pyarrow come to the blocks of a file in any order.
TIMES = 10


def by_duckdb(path):
    frame = duckdb.sql(f"select * from read_json('{path}')").pl()
    return frame.height, frame.tail(TAIL).to_dicts()


def by_polars(path):
    frame = polars.read_ndjson(path)
    return frame.height, frame.tail(TAIL).to_dicts()


def by_pyarrow(path):
    for _ in range(TIMES):
        table = pyarrow.json.read_json(path)
    return table.num_rows, table.slice(table.num_rows - TAIL).to_pylist()


def plain(value):
    """`value` without what is null or empty, and with times as the JSON has them, to microseconds."""
    if isinstance(value, dict):
        fields = {name: plain(field) for name, field in value.items()}
        return {name: field for name, field in fields.items() if field not in (None, [], {})}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f")
    if isinstance(value, str) and len(value) == 30 and value[10] == "T" and value.endswith("Z"):
        return value[:26]
    return value


def main():
    path = sys.argv[1]
    with open(path, encoding="utf-8") as report:
        lines = report.read().split("\n")[:-1]
    expected = [plain(json.loads(line)) for line in lines[-TAIL:]]
    failed = False
    for read in (by_duckdb, by_polars, by_pyarrow):
        try:
            number, rows = read(path)
        except Exception as error:  # Whatever it is, it is not read.
            failed = True
            print(f"{read.__name__}: {error}")
            continue
        if number != len(lines):
            failed = True
            print(f"{read.__name__}: {number} of {len(lines)} lines")
        for row, line in zip(map(plain, rows), expected, strict=True):
            if row != line:
                failed = True
                print(f"{read.__name__}: {row}\n  where there is {line}")
                break
    sys.exit(failed)


main()
