"""The fixed schemas are those of the program's JSON."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pyarrow as pa

from conftest import PROJECT
from ehlotrace import CAPTURES, SESSIONS, program

# Numbers that mean something within one run only.
OF_A_RUN = {"capture", "ticket"}


def arrow(schema: dict[str, Any], definitions: dict[str, Any]) -> pa.DataType:
    """The type that a JSON Schema describes."""
    if "$ref" in schema:
        return arrow(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return arrow(next(one for one in schema["anyOf"] if one != {"type": "null"}), definitions)
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "object":
        # Order is that of the table's, which is compared by name.
        return pa.struct([(name, arrow(one, definitions)) for name, one in fields(schema).items()])
    if kind == "array":
        return pa.list_(arrow(schema["items"], definitions))
    return {
        ("string", "date-time"): pa.timestamp("us", tz="UTC"),
        ("integer", "uint16"): pa.int32(),
        ("integer", "int64"): pa.int64(),
    }.get((kind, schema.get("format", "")), {"string": pa.string(), "boolean": pa.bool_()}.get(kind))


def fields(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in schema["properties"].items() if name not in OF_A_RUN}


def flat(kind: pa.DataType, name: str) -> set[tuple[str, str]]:
    """All fields below, whatever their order."""
    if pa.types.is_list(kind):
        return flat(kind.value_type, name + "[]")
    if not pa.types.is_struct(kind):
        return {(name, str(kind))}
    below = [flat(kind.field(place).type, f"{name}.{kind.field(place).name}") for place in range(kind.num_fields)]
    return set().union(*below)


def assert_same(table: pa.Schema, schema: dict[str, Any], definitions: dict[str, Any]) -> None:
    expected = pa.struct([(name, arrow(one, definitions)) for name, one in fields(schema).items()])
    assert flat(pa.struct(list(table)), "") == flat(expected, "")


def test_captures_are_those_of_the_published_schema() -> None:
    schema = json.loads((PROJECT / "docs/report.schema.json").read_text())
    assert_same(CAPTURES, schema["$defs"]["Capture"], schema["$defs"])


def test_sessions_are_those_of_a_brief_line() -> None:
    printed = subprocess.run([program.find(), "schema", "--jsonl", "--brief"], capture_output=True, check=True).stdout
    definitions = json.loads(printed)["$defs"]
    line = next(one for one in definitions.values() if one.get("properties", {}).get("type", {}).get("const") == "session")
    assert_same(SESSIONS, {"properties": {k: v for k, v in line["properties"].items() if k != "type"}}, definitions)


def test_what_sessions_share_with_the_published_schema_has_the_same_type() -> None:
    """Brief lines have fields of their own; all others are those of the document."""
    schema = json.loads((PROJECT / "docs/report.schema.json").read_text())
    long = schema["$defs"]["Session"]["properties"]
    shared = [one for one in SESSIONS if one.name in long]
    assert {one.name for one in SESSIONS} - {one.name for one in shared} == {"greeting_code", "hello"}
    for one in shared:
        assert flat(one.type, "") == flat(arrow(long[one.name], schema["$defs"]), ""), one.name
