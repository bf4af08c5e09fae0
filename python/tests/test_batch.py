"""One task: bad captures, captures that end the program, stores."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import ehlotrace
from conftest import SAMPLES
from ehlotrace import batch, program, stores, work
from ehlotrace.batch import Settings
from ehlotrace.work import Item, Task, Unit

Rows = list[dict[str, Any]]


def read(items: list[Item], **settings: Any) -> tuple[Rows, Rows]:
    task = Task([Unit((item,)) for item in items])
    found = list(batch.read(task, Settings(**settings)))
    sessions, captures = (
        pa.concat_tables([getattr(one, name) for one in found]).drop_columns("place").to_pylist()
        for name in ("sessions", "captures")
    )
    return sessions, captures


def items(*paths: Path) -> list[Item]:
    return [Item(str(path), 1, place) for place, path in enumerate(paths)]


def by_name(captures: Rows) -> dict[str, dict[str, Any]]:
    return {row["path"].rpartition("/")[2]: row for row in captures}


def half_a_capture(fifo: Path) -> threading.Thread:
    """A capture that stops coming in the middle, and never ends."""
    os.mkfifo(fifo)
    octets = (SAMPLES / "relay-stopped.pcapng").read_bytes()

    def write() -> None:
        handle = os.open(fifo, os.O_WRONLY)
        os.write(handle, octets[: len(octets) * 3 // 4])
        waiting.wait(60)
        os.close(handle)

    waiting = threading.Event()
    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def test_a_capture_that_takes_too_long_is_a_row_and_the_rest_is_read(tmp_path: Path) -> None:
    half_a_capture(tmp_path / "stalled.pcapng")
    good = [SAMPLES / "kb240832-lost.pcap", tmp_path / "stalled.pcapng", SAMPLES / "mixed.pcapng"]
    sessions, captures = read(items(*good), time_limit_s=1.5)
    assert [row["path"] for row in captures] == [str(path) for path in good]
    bad = captures[1]
    assert (bad["status"], bad["status_reason"], bad["error"]["kind"]) == ("cut", "timed-out", "timed-out")
    assert "longer than 1.5 s" in bad["error"]["message"]
    expected = ehlotrace.sessions([good[0], good[2]]).to_pylist()
    assert [row for row in sessions if "stalled" not in row["path"]] == expected


def test_a_slow_reader_is_not_the_captures_fault(tmp_path: Path) -> None:
    """Time in which the program waits for whoever reads it does not count."""
    big = tmp_path / "big.pcapng"
    # Notes about captures fill the pipe.
    big.write_bytes((SAMPLES / "mixed.pcapng").read_bytes())
    task = Task([Unit((Item(str(big), 1, place),)) for place in range(3_000)])
    rows = 0
    for found in batch.read(task, Settings(time_limit_s=2.0)):
        if rows == 0:
            threading.Event().wait(3)
        rows += found.captures.num_rows
        assert set(found.captures["status"].to_pylist()) <= {"whole"}
    assert rows == 3_000


def killer(folder: Path, real: str) -> str:
    """A program that is ended by a signal as it reads captures named `deadly`, as one without memory is.

    What is not on its way by then is lost: the last capture of those before.
    """
    script = folder / "killer"
    script.write_text(
        f"#!{sys.executable}\n"
        "import os, signal, subprocess, sys\n"
        "paths = sys.stdin.buffer.read().split(b'\\0')[:-1]\n"
        "deadly = [nth for nth, path in enumerate(paths) if b'deadly' in path]\n"
        "before = paths[:max(0, deadly[0] - 1)] if deadly else paths\n"
        f"command = [{real!r}, *sys.argv[1:]]\n"
        "given = b''.join(path + b'\\0' for path in before)\n"
        "report = subprocess.run(command, input=given, stdout=subprocess.PIPE).stdout if before else b''\n"
        "sys.stdout.buffer.write(report.removesuffix(b'\\xff\\xff\\xff\\xff\\0\\0\\0\\0') if deadly else report)\n"
        "sys.stdout.buffer.write(b'\\xff\\xff\\xff\\xff\\x10\\0' if deadly else b'')\n"
        "sys.stdout.flush()\n"
        "if deadly: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    script.chmod(0o700)
    return str(script)


def test_a_program_that_is_killed_costs_one_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a-deadly.pcap", "b.pcap", "c-deadly.pcap", "d-deadly.pcap"):
        (tmp_path / name).write_bytes((SAMPLES / "no-mail.pcap").read_bytes())
    monkeypatch.setenv(program.VARIABLE, killer(tmp_path, program.find()))
    # What is said of another capture does not explain it.
    (tmp_path / "b-damaged.pcapng").write_bytes((SAMPLES / "mixed.pcapng").read_bytes()[:-300] + b"\xff" * 300)
    paths = [*sorted(tmp_path.glob("*.pcap*")), SAMPLES / "kb240832-lost.pcap"]
    sessions, captures = read(items(*paths))
    reasons = {name: row["status_reason"] for name, row in by_name(captures).items()}
    assert reasons == {
        "a-deadly.pcap": "crashed",
        "b-damaged.pcapng": "corrupt",
        "b.pcap": None,
        "c-deadly.pcap": "crashed",
        "d-deadly.pcap": "crashed",
        "kb240832-lost.pcap": None,
    }
    assert by_name(captures)["c-deadly.pcap"]["error"]["message"] == "signal 9 ended the program"
    names = {row["path"].rpartition("/")[2] for row in sessions}
    assert names == {"b-damaged.pcapng", "b.pcap", "kb240832-lost.pcap"}


def test_damage_is_a_row_with_its_offset_and_the_sessions_before_it(tmp_path: Path) -> None:
    whole = (SAMPLES / "relay-stopped.pcapng").read_bytes()
    (tmp_path / "damaged.pcapng").write_bytes(whole[: len(whole) // 2] + b"\xff" * 600)
    (tmp_path / "text.pcap").write_text("Dear support")
    sessions, captures = read(items(tmp_path / "damaged.pcapng", tmp_path / "text.pcap", tmp_path / "missing.pcap"))
    rows = by_name(captures)
    damaged = rows["damaged.pcapng"]
    assert damaged["status"] == "damaged" and 0 < damaged["error"]["offset"] < len(whole)
    assert damaged["sessions"] == len(sessions) > 0
    assert rows["text.pcap"]["status_reason"] == "unknown-format"
    assert rows["missing.pcap"]["status_reason"] == "io"


def test_what_the_program_does_not_understand_fails(tmp_path: Path) -> None:
    with pytest.raises(ehlotrace.EhlotraceError, match="invalid value"):
        read(items(SAMPLES / "no-mail.pcap"), arguments=("--since=yesterday",))


# Objects of this store are files, but nothing knows that.
STORE = "local://"


def test_objects_give_the_rows_of_files_with_their_urls(tmp_path: Path) -> None:
    pytest.importorskip("fsspec", reason="fsspec is missing")
    expected_sessions, expected_captures = read(work.listed(str(SAMPLES)), fingerprint="k")

    def as_files(rows: Rows) -> Rows:
        rows = [{**row, "path": row["path"].removeprefix("file://").removeprefix(STORE)} for row in rows]
        # The id is made from the path, which is another one.
        return sorted(({**row, "session_id": None} for row in rows), key=lambda row: (row["path"], row.get("session", 0)))

    listed = work.listed(f"{STORE}{SAMPLES}")
    objects = [Item(f"{STORE}{item.path.split('://')[-1]}", item.octets, item.place, item.is_found) for item in listed]
    sessions, captures = read(objects, fingerprint="k")
    assert {row["path"][: len(STORE)] for row in sessions} == {STORE}
    assert as_files(sessions) == as_files(expected_sessions)
    assert as_files(captures) == as_files(expected_captures)
    # A stream cannot be read again for the ports that were found in it.
    again = {row["path"] for row in captures if row["other_ports"]}
    once = [item for item in objects if item.path not in again and not item.path.endswith(".md")]
    streamed, ends = read(once, fingerprint="k", stage_octets=0)
    assert 0 < len(again) < 5 and len(ends) == len(captures) - len(again)
    assert streamed == [row for row in sessions if row["path"] not in again]


def test_an_object_that_breaks_off_is_cut_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec = pytest.importorskip("fsspec", reason="fsspec is missing")
    octets = (SAMPLES / "relay-stopped.pcapng").read_bytes()

    class Breaks(fsspec.spec.AbstractBufferedFile):  # type: ignore[misc, name-defined]
        def _fetch_range(self, start: int, end: int) -> bytes:
            if start >= len(octets) // 2:
                raise OSError("connection reset")
            return octets[start : min(end, len(octets) // 2)]

    class Broken(fsspec.AbstractFileSystem):  # type: ignore[misc, name-defined]
        protocol = "broken"
        cachable = False

        def info(self, path: str, **_: Any) -> dict[str, Any]:
            return {"name": path, "size": len(octets), "type": "file"}

        def _open(self, path: str, mode: str = "rb", **_: Any) -> Breaks:
            return Breaks(self, path, mode, block_size=len(octets) // 2, cache_type="none", size=len(octets))

    fsspec.register_implementation("broken", Broken, clobber=True)
    monkeypatch.setattr(stores, "PAUSE_S", 0.0)
    monkeypatch.setattr(stores, "COPIED_OCTETS", len(octets) // 2)
    item = Item("broken://bucket/a.pcapng", len(octets))
    sessions, captures = read([item], stage_octets=0)
    assert len(captures) == 1 and captures[0]["status"] == "cut" and captures[0]["status_reason"] == "io"
    assert captures[0]["error"]["message"] == f"the store failed at byte {len(octets) // 2}: OSError: connection reset"
    assert {row["path"] for row in sessions} == {"broken://bucket/a.pcapng"}
    # Staged, nothing of it is read: there is time to try again.
    sessions, captures = read([item])
    assert (sessions, captures[0]["status"], captures[0]["status_reason"]) == ([], "unreadable", "io")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("s3://bucket/a/b.pcap", "s3:/bucket/a/b.pcap"),
        ("memory:///a.pcap", "memory:/a.pcap"),
        ("s3://bucket/../../etc/passwd", None),
        ("s3://bucket/./a", None),
        ("s3://bucket//a", None),
        ("s3://bucket/" + "n" * 256, None),
    ],
)
def test_no_object_is_staged_outside_of_its_folder(url: str, name: str | None) -> None:
    assert stores.staged_name(url) == name
