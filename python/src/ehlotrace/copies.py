"""Captures with the same packets: all but the first are copies, as in one run of the program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .schema import CAPTURES, PLACE

KEYS: pa.Schema = pa.schema([PLACE, CAPTURES.field("fingerprint")])
"""By what captures are known as copies."""

SOURCE = ("path", "path_base64", "member")
"""What names a capture."""

_LOOKUPS = ("failed_lookups", "failed_lookups_omitted", "lookups_forgotten")

Copies = Mapping[int, Mapping[str, Any]]
"""For the place of each copy what names the first capture with these packets."""


def pairs(keys: pa.Table) -> dict[int, int]:
    """For the place of each copy that of the first."""
    known = keys.filter(pc.is_valid(keys["fingerprint"]))
    prints = known.group_by("fingerprint").aggregate([("place", "min"), ("place", "count")])
    several = prints.filter(pc.greater(prints["place_count"], 1))
    if several.num_rows == 0:
        return {}
    firsts = dict(zip(several["fingerprint"].to_pylist(), several["place_min"].to_pylist(), strict=True))
    same = known.filter(pc.is_in(known["fingerprint"], several["fingerprint"].combine_chunks()))
    found = ((place, firsts[print_]) for place, print_ in zip(*(same[name].to_pylist() for name in KEYS.names), strict=True))
    return {place: first for place, first in found if place != first}


def without_sessions_of(sessions: pa.Table, copies: Copies) -> pa.Table:
    """The sessions, which have a `PLACE`, without those of copies."""
    return sessions.filter(pc.invert(pc.is_in(sessions[PLACE.name], pa.array(copies, PLACE.type))))


def told(captures: pa.Table, copies: Copies) -> pa.Table:
    """The captures, which have a `PLACE`, with what the program says of copies in one run."""
    originals = [copies.get(place) for place in captures[PLACE.name].to_pylist()]
    if not any(originals):
        return captures
    copy_of = pa.array(originals, CAPTURES.field("copy_of").type)
    captures = captures.set_column(captures.schema.get_field_index("copy_of"), CAPTURES.field("copy_of"), copy_of)
    for name in _LOOKUPS:
        # As their sessions, these are told of the first one only.
        values = captures[name].to_pylist()
        kept = [None if original else value for original, value in zip(originals, values, strict=True)]
        field = CAPTURES.field(name)
        captures = captures.set_column(captures.schema.get_field_index(name), field, pa.array(kept, field.type))
    return captures
