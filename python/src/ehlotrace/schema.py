"""The schemas of the tables, known before anything is read: those of the program's Arrow, which every run is checked for."""

from __future__ import annotations

import pyarrow as pa

_TEXT = pa.string()
_INT = pa.int64()
# Port numbers and reply codes.
_SHORT = pa.int32()
# Spark has microseconds and no nanoseconds, so the tables have them everywhere. Frames tell what came first.
_TIME = pa.timestamp("us", tz="UTC")
# Octets of a capture: text if they are UTF-8.
_OCTETS = pa.struct([("text", _TEXT), ("base64", _TEXT)])
_COUNTS = pa.list_(pa.struct([("code", _TEXT), ("count", _INT)]))

SESSIONS: pa.Schema = pa.schema(
    [
        ("path", _TEXT),
        ("path_base64", _TEXT),
        ("member", _TEXT),
        ("session", _INT),
        ("session_id", _TEXT),
        ("connection_key", _TEXT),
        ("tcp_stream", _INT),
        ("client", pa.struct([("ip", _TEXT), ("port", _SHORT)])),
        ("server", pa.struct([("ip", _TEXT), ("port", _SHORT), ("product", _TEXT), ("build", _TEXT)])),
        ("first_frame", _INT),
        ("last_frame", _INT),
        ("first_event", _INT),
        ("last_event", _INT),
        ("opened", _TIME),
        ("closed", _TIME),
        ("first_part", _TEXT),
        ("last_part", _TEXT),
        ("captured", _TEXT),
        ("tunnelled", pa.bool_()),
        ("tls", pa.bool_()),
        ("messages_accepted", _INT),
        ("outcome", _TEXT),
        ("cause", _TEXT),
        ("fault", _TEXT),
        ("confidence", _TEXT),
        ("recovered", pa.bool_()),
        ("reason", _TEXT),
        ("delivered_later", _INT),
        (
            "deciding",
            pa.struct([("frame", _INT), ("command", _TEXT), ("code", _SHORT), ("enhanced", _TEXT), ("text", _TEXT)]),
        ),
        ("lost_hello", pa.struct([("verb", _TEXT), ("argument", _OCTETS), ("problems", pa.list_(_TEXT))])),
        ("greeting_code", _SHORT),
        (
            "hello",
            pa.struct(
                [
                    ("frame", _INT),
                    ("verb", _TEXT),
                    ("argument", _OCTETS),
                    ("problems", pa.list_(_TEXT)),
                    ("suggestion", _TEXT),
                    ("reply_code", _SHORT),
                ]
            ),
        ),
        ("proxied_client", pa.struct([("ip", _TEXT), ("port", _SHORT)])),
    ]
)
"""One row for each session."""

CAPTURES: pa.Schema = pa.schema(
    [
        ("path", _TEXT),
        ("path_base64", _TEXT),
        ("member", _TEXT),
        ("status", _TEXT),
        ("status_reason", _TEXT),
        ("format", _TEXT),
        ("link_types", pa.list_(_TEXT)),
        ("frames", _INT),
        ("first_timestamp", _TIME),
        ("last_timestamp", _TIME),
        ("sessions", _INT),
        ("undecoded", _COUNTS),
        ("notes", pa.list_(_TEXT)),
        ("error", pa.struct([("kind", _TEXT), ("offset", _INT), ("message", _TEXT)])),
        ("truncated", pa.bool_()),
        ("dropped", _INT),
        ("compression", pa.list_(_TEXT)),
        ("time_zone", _TEXT),
        ("parts", pa.list_(pa.struct([("path", _TEXT), ("first_frame", _INT), ("frames", _INT)]))),
        (
            "failed_lookups",
            pa.list_(
                pa.struct(
                    [
                        ("name", _TEXT),
                        ("record_type", _TEXT),
                        ("failure", _TEXT),
                        ("message", _TEXT),
                        ("client_ip", _TEXT),
                        ("client_takes_mail", pa.bool_()),
                        ("frame", _INT),
                        ("answered_frame", _INT),
                        ("time", _TIME),
                    ]
                )
            ),
        ),
        ("failed_lookups_omitted", _INT),
        ("lookups_forgotten", _INT),
        ("other_ports", pa.list_(pa.struct([("port", _SHORT), ("connections", _INT)]))),
        ("other_ports_followed", pa.bool_()),
        ("other_ports_connections_omitted", _INT),
        ("copy_of", pa.struct([("path", _TEXT), ("path_base64", _TEXT), ("member", _TEXT)])),
        ("filtered_out", _INT),
        ("fingerprint", _TEXT),
    ]
)
"""One row for each capture, also for those that could not be read."""

STREAM: pa.Schema = pa.schema(
    [("type", _TEXT), ("session", pa.struct(list(SESSIONS))), ("capture", pa.struct(list(CAPTURES)))],
    metadata={"schema_version": "2"},
)
"""What the program writes: rows of sessions and of captures, and others that say how far it got."""

PLACE: pa.Field = pa.field("place", pa.int64())
"""Which capture of a job a row belongs to: its file in the list of all, and its number in the file."""


def ddl(schema: pa.Schema) -> str:
    """The schema as Spark writes it."""
    return ", ".join(f"`{field.name}` {_ddl_type(field.type)}" for field in schema)


def _ddl_type(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        fields = (kind.field(place) for place in range(kind.num_fields))
        return "struct<" + ", ".join(f"`{field.name}`: {_ddl_type(field.type)}" for field in fields) + ">"
    if pa.types.is_list(kind):
        return f"array<{_ddl_type(kind.value_type)}>"
    return {
        pa.string(): "string",
        pa.binary(): "binary",
        pa.bool_(): "boolean",
        pa.int32(): "int",
        pa.int64(): "bigint",
        pa.date32(): "date",
        _TIME: "timestamp",
    }[kind]
