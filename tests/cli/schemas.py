"""Hold output against a schema of specs/ that refers to definitions of specs/inspect.schema.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli import json_schema

SPECS = Path(__file__).parents[2] / "specs"
_ELSEWHERE = "inspect.schema.json#/$defs/"


def problems(value: Any, name: str) -> list[str]:
    """What is wrong with a value by specs/NAME.schema.json, one line each."""
    text = (SPECS / f"{name}.schema.json").read_text().replace(_ELSEWHERE, "#/$defs/")
    schema = json.loads(text)
    own = schema["$defs"]
    shared = json_schema.SCHEMA["$defs"]
    schema["$defs"] = {**{key: shared[key] for key in ("bytes", "image", "damage")}, **own}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_schema, "SCHEMA", schema)
        return json_schema.problems(value, schema)
