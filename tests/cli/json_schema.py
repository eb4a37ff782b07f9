"""Hold a JSON value against a schema: the keywords that specs/inspect.schema.json uses, and no others.

Stricter than the standard in one point: a member that `properties` does not name is wrong unless
`additionalProperties` is there, so that nothing is printed that the schema does not describe.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

SCHEMA = json.loads((Path(__file__).parents[2] / "specs/inspect.schema.json").read_text())
_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "null": type(None),
}
_KEYWORDS = {
    "$ref",
    "$schema",
    "$defs",
    "title",
    "description",
    "type",
    "enum",
    "const",
    "pattern",
    "minimum",
    "maximum",
    "items",
    "properties",
    "required",
    "additionalProperties",
    "oneOf",
}


def problems(value: Any, schema: dict[str, Any] = SCHEMA, at: str = "$") -> list[str]:
    """What is wrong with the value, one line each."""
    assert schema.keys() <= _KEYWORDS, f"keywords not known: {schema.keys() - _KEYWORDS}"
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "oneOf" in schema:
        found = [problems(value, each, at) for each in schema["oneOf"]]
        good = sum(not each for each in found)
        return [] if good == 1 else [f"{at}: {good} of oneOf match", *min(found, key=len)]
    types = schema.get("type", list(_TYPES))
    if not any(_is(value, name) for name in ([types] if isinstance(types, str) else types)):
        return [f"{at}: {value!r} is no {types}"]
    return [*_plain_problems(value, schema, at), *_inner_problems(value, schema, at)]


def _is(value: Any, name: str) -> bool:
    if name == "integer" and isinstance(value, bool):
        return False
    return isinstance(value, _TYPES[name])


def _plain_problems(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    wrong = []
    if "enum" in schema and value not in schema["enum"]:
        wrong.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        wrong.append(f"{at}: {value!r} is not {schema['const']!r}")
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        wrong.append(f"{at}: {value!r} does not match {schema['pattern']}")
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        wrong.append(f"{at}: {value} is out of range")
    return wrong


def _inner_problems(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    wrong = []
    if isinstance(value, list) and "items" in schema:
        for number, each in enumerate(value):
            wrong += problems(each, schema["items"], f"{at}[{number}]")
    if isinstance(value, dict) and schema.keys() & {"properties", "additionalProperties"}:
        known = schema.get("properties", {})
        wrong += [f"{at}: lacks {name}" for name in schema.get("required", ()) if name not in value]
        for name, each in value.items():
            inner = known.get(name, schema.get("additionalProperties"))
            if inner is None:
                wrong.append(f"{at}: {name} is not in the schema")
            else:
                wrong += problems(each, inner, f"{at}.{name}")
    return wrong
