"""How work is listed and shared out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import ehlotrace
from conftest import SAMPLES
from ehlotrace import work
from ehlotrace.work import CAPTURE_OCTETS, Item, Task, Unit

GIB = 1 << 30


def names(items: list[Item]) -> list[str]:
    return [Path(item.path).name for item in items]


def test_a_folder_is_listed_as_the_program_lists_it(pile: Path) -> None:
    (pile / "b").mkdir()
    (pile / "b.pcap").write_bytes((SAMPLES / "mixed.pcapng").read_bytes())
    (pile / "b" / "z.pcap").write_bytes((SAMPLES / "no-mail.pcap").read_bytes())
    (pile / "link.pcap").symlink_to(pile / "b.pcap")
    items = work.listed(str(pile))
    listed = [item.path for item in items]
    read = [record["path"] for record in ehlotrace.scan(pile) if record["type"] == "capture"]
    assert [path for path in listed if not path.endswith("note.txt")] == read
    assert all(item.is_found for item in items) and [item.place for item in items] == list(range(len(items)))
    assert items[0].octets == Path(items[0].path).stat().st_size


def test_patterns_and_paths(pile: Path) -> None:
    found = work.listed([f"{pile}/*/mix*.pcapng", f"file://{pile}/customer-1/the-same.pcapng", str(pile / "missing.pcap")])
    assert names(found) == ["mixed.pcapng", "the-same.pcapng", "missing.pcap"]
    assert not any(item.is_found for item in found)
    odd = pile / "odd[1].pcap"
    odd.write_bytes(b"")
    assert names(work.listed(str(odd))) == ["odd[1].pcap"]
    with pytest.raises(ehlotrace.EhlotraceError, match="no file has such a name"):
        work.listed(f"{pile}/*.cap")


def test_one_large_capture_and_many_small_ones_keep_all_slots_busy() -> None:
    sizes = [2_000] * 1_000 + [3 * GIB // 2] + [2_000] * 1_000
    items = [Item(f"{place}.pcap", octets, place) for place, octets in enumerate(sizes)]
    shares = work.tasks(work.units(items), slots=3)
    # The large one begins first, and nothing waits behind it.
    assert [unit.items[0].place for unit in shares[0].units] == [1_000]
    small = [len(share.units) for share in shares[1:]]
    assert len(small) == 2 and sum(small) == 2_000 and max(small) - min(small) <= 1
    # Whatever else there is, no task has more than the largest capture.
    assert all(sum(unit.cost for unit in share.units) <= 3 * GIB // 2 + CAPTURE_OCTETS for share in shares)


def test_large_work_is_cut_so_that_little_is_repeated() -> None:
    items = [Item(f"{place}.pcap", GIB // 4, place) for place in range(400)]
    shares = work.tasks(work.units(items), slots=8)
    assert len(shares) >= 100
    assert max(sum(unit.cost for unit in share.units) for share in shares) < 1.1 * GIB
    assert sorted(unit.items[0].place for share in shares for unit in share.units) == list(range(400))


def test_little_work_is_few_tasks() -> None:
    items = [Item(f"{place}.pcap", 1_000, place) for place in range(20_000)]
    assert len(work.tasks(work.units(items[:50]), slots=100)) == 1
    assert len(work.tasks(work.units(items), slots=2)) == 2
    assert len(work.tasks(work.units(items), slots=100)) < 100


def test_rotated_sets_stay_together_in_order() -> None:
    paths = ["a/t_2.pcap", "a/t_1.pcap", "b/t_1.pcap", "a/u_1.pcap", "c/single.pcap"]
    items = [Item(path, 1, place) for place, path in enumerate(paths)]

    def sets(sequence_by: str) -> list[list[str]]:
        return [[item.path for item in unit.items] for unit in work.units(items, sequence_by)]

    assert sets("folder") == [["a/t_2.pcap", "a/t_1.pcap", "a/u_1.pcap"], ["b/t_1.pcap"], ["c/single.pcap"]]
    assert sets(r"(.*)_\d+\.pcap$") == [["a/t_2.pcap", "a/t_1.pcap"], ["b/t_1.pcap"], ["a/u_1.pcap"], ["c/single.pcap"]]
    together = work.units(items, "folder")
    assert [unit.is_set for unit in together] == [True, False, False]


def test_a_task_is_the_same_after_its_way_to_an_executor() -> None:
    odd = os.fsdecode(b"b\xfccher.pcap")
    task = Task([Unit((Item(odd, 7, 3, True), Item("s3://bucket/a b.pcap", 8, 4)))])
    assert Task.decode(task.encode()) == task
