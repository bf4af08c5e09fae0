"""The fixed schemas are those of the program, and the rows are those of its JSON Lines."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import ehlotrace
from conftest import SAMPLES
from ehlotrace import CAPTURES, SESSIONS, schema

Rows = list[dict[str, Any]]


def of_json(value: Any, kind: pa.DataType) -> Any:
    """A value of JSON as a table has it: what is left out is null, times lose their nanoseconds."""
    if value is None:
        return None
    if pa.types.is_struct(kind):
        return {field.name: of_json(value.get(field.name), field.type) for field in kind}
    if pa.types.is_list(kind):
        return [of_json(one, kind.value_type) for one in value]
    if pa.types.is_timestamp(kind):
        return datetime.datetime.fromisoformat(value[: len("1999-08-28T13:32:00.000000")] + "+00:00")
    return value


def assert_same(captures: Path, **options: Any) -> Rows:
    """Checks both tables against the records; gives the rows of sessions."""
    records = list(ehlotrace.scan(captures, brief=True, **options))
    tables = ehlotrace.tables(captures, **options)
    for table, kind, of in zip(tables, ("session", "capture_end"), (SESSIONS, CAPTURES), strict=True):
        assert table.schema == of
        expected = [of_json(record, pa.struct(list(of))) for record in records if record["type"] == kind]
        # Of a capture that may be a copy, lines come in order of number.
        order = ["path", "member", "session"] if kind == "session" else ["path", "member"]
        in_order = [sorted(rows, key=lambda row: [str(row[name]) for name in order]) for rows in (table.to_pylist(), expected)]
        assert in_order[0] == in_order[1]
    rows: Rows = tables[0].to_pylist()
    return rows


def test_rows_are_the_records_of_json_lines() -> None:
    rows = assert_same(SAMPLES, tcp_stream=True)
    assert len(rows) > 90


def test_copies_have_no_sessions(pile: Path) -> None:
    assert_same(pile)
    copies = [row["copy_of"] for row in ehlotrace.captures(pile).to_pylist() if row["copy_of"]]
    assert [Path(one["path"]).name for one in copies] == ["mixed.pcapng"]


def test_octets_that_are_no_text_are_base64(tmp_path: Path) -> None:
    octets = (SAMPLES / "kb240832-lost.pcap").read_bytes()
    assert octets.count(b"EHLO sub2.") == 1
    (tmp_path / "latin-1.pcap").write_bytes(octets.replace(b"EHLO sub2.", b"EHLO b\xfcch."))
    row = assert_same(tmp_path)[0]
    assert row["hello"]["argument"] == row["lost_hello"]["argument"] == {"text": None, "base64": "YvxjaC4="}


def test_a_program_of_another_version_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ehlotrace.run.STREAM", schema.STREAM.with_metadata({"schema_version": "1"}))
    with pytest.raises(ehlotrace.EhlotraceError, match="another version"):
        ehlotrace.sessions(SAMPLES)
