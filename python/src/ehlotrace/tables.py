"""Batches of the program as tables."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from .schema import CAPTURES, SESSIONS

_TYPE, _SESSION, _CAPTURE = range(3)


def has_input_end(batch: pa.RecordBatch) -> bool:
    """Whether an input is done with this batch: such rows have neither a session nor a capture."""
    records = sum(batch.num_rows - batch.column(place).null_count for place in (_SESSION, _CAPTURE))
    return bool(records < batch.num_rows)


def kinds(batch: pa.RecordBatch) -> list[str]:
    """What each row is."""
    found: list[str] = batch.column(_TYPE).to_pylist()
    return found


def sessions_of(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The sessions of a batch."""
    return _rows(batch.column(_SESSION), SESSIONS)


def captures_of(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The captures of a batch."""
    return _rows(batch.column(_CAPTURE), CAPTURES)


def _rows(column: pa.StructArray, schema: pa.Schema) -> pa.RecordBatch:
    if column.null_count == len(column):
        return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)
    if column.null_count:
        column = column.filter(column.is_valid())
    return pa.RecordBatch.from_struct_array(column)


def sessions_and_captures(batches: Iterable[pa.RecordBatch]) -> tuple[pa.Table, pa.Table]:
    """Both tables of a run."""
    found = [(sessions_of(batch), captures_of(batch)) for batch in batches]
    return (
        pa.Table.from_batches([sessions for sessions, _ in found], SESSIONS),
        pa.Table.from_batches([captures for _, captures in found], CAPTURES),
    )
