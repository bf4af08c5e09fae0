"""The package without Spark."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import ehlotrace
from conftest import SAMPLES
from ehlotrace import program


def test_records_are_those_of_the_program() -> None:
    command = [program.find(), "scan", "--format", "jsonl", str(SAMPLES)]
    lines = subprocess.run(command, capture_output=True, check=False).stdout.splitlines()
    expected = [json.loads(line) for line in lines]
    assert list(ehlotrace.scan(SAMPLES)) == expected[1:]
    assert expected[-1]["type"] == "summary"


def test_records_come_before_the_program_ends(tmp_path: Path) -> None:
    endless = tmp_path / "endless.pcap"
    endless.symlink_to("/dev/zero")
    records = ehlotrace.scan([SAMPLES / "kb240832-lost.pcap", endless], jobs=1)
    assert [next(records)["type"] for _ in range(3)] == ["capture", "session", "capture_end"]
    records.close()


def test_a_table_has_the_sessions_and_their_times() -> None:
    sessions, captures = ehlotrace.tables(SAMPLES)
    assert (sessions.schema, captures.schema) == (ehlotrace.SESSIONS, ehlotrace.CAPTURES)
    assert captures.num_rows == len(list(SAMPLES.iterdir())) - 1  # README.md
    row = sessions.filter(pc.equal(sessions["path"], str(SAMPLES / "kb240832-lost.pcap"))).to_pylist()[0]
    assert (row["outcome"], row["cause"]) == ("lost", "ehlo-argument")
    assert row["hello"]["argument"] == {"text": "sub2.", "base64": None}
    assert row["server"]["product"] == "Microsoft IIS 4.0 SMTP / MCIS 2.x"
    assert row["opened"].isoformat() == "1999-08-28T13:32:00+00:00"
    lookups = [lookup for found in captures["failed_lookups"].to_pylist() for lookup in found or []]
    assert [(lookup["name"], lookup["time"].isoformat()) for lookup in lookups] == [
        ("exmaple.net", "2024-03-05T10:11:00+00:00")
    ]


def test_options_are_those_of_the_program() -> None:
    lost = ehlotrace.sessions(SAMPLES, outcome="lost", cause=["ehlo-argument", "timed-out"])
    assert set(lost["cause"].to_pylist()) == {"ehlo-argument", "timed-out"}
    wide = ehlotrace.sessions(SAMPLES / "auth-failed.pcap", port=[25, 587])
    assert set(pc.struct_field(wide["server"], "port").to_pylist()) == {587}
    with pytest.raises(TypeError, match="format"):
        ehlotrace.sessions(SAMPLES, format="table")  # type: ignore[call-arg]
    # A value is never an option.
    with pytest.raises(ehlotrace.EhlotraceError, match="--output"):
        ehlotrace.sessions(SAMPLES, client="--output=x")


def test_errors_are_the_programs_own_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = tmp_path / "missing.pcap"
    with pytest.raises(ehlotrace.EhlotraceError, match=r"^.*missing\.pcap: cannot be opened: No such file"):
        ehlotrace.sessions(missing)
    with pytest.raises(ehlotrace.EhlotraceError, match=r"^invalid value 'yesterday' for '--since"):
        ehlotrace.sessions(SAMPLES, since="yesterday")
    # One that can be read is enough: what is wrong with the other is a row.
    found = ehlotrace.captures([missing, SAMPLES / "no-mail.pcap"])
    assert found["status"].to_pylist() == ["unreadable", "whole"]
    monkeypatch.setenv(program.VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(ehlotrace.EhlotraceError, match="nowhere: No such file"):
        ehlotrace.sessions(SAMPLES)
    with pytest.raises(ValueError, match="neither empty"):
        ehlotrace.sessions("-")


def test_a_program_that_is_ended_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "ended"
    script.write_text(f'#!/bin/sh\n{program.find()} "$@" | head -n 3\nkill -9 $$\n')
    script.chmod(0o700)
    monkeypatch.setenv(program.VARIABLE, str(script))
    with pytest.raises(ehlotrace.EhlotraceError, match="signal 9"):
        ehlotrace.sessions(SAMPLES)


def test_times_that_no_calendar_of_others_has(tmp_path: Path) -> None:
    """Hostile times give rows, too."""
    octets = bytearray((SAMPLES / "kb240832-lost.pcap").read_bytes())
    octets[24:28] = b"\xff\xff\xff\xff"
    (tmp_path / "late.pcap").write_bytes(octets)
    found = ehlotrace.sessions(tmp_path / "late.pcap")
    assert found["opened"].type == pa.timestamp("us", tz="UTC")
    assert found["opened"][0].as_py().year == 2106
