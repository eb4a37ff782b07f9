"""The schemas as data, for tests that hold other things to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FORMAT_DIR = Path(__file__).resolve().parent.parent / "format"


def load_schema(name: str) -> dict[str, Any]:
    """A schema of format/ by its id."""
    schema: dict[str, Any] = yaml.safe_load((FORMAT_DIR / f"{name}.ksy").read_text())
    return schema


def magic_bytes(contents: list[int | str]) -> bytes:
    """The bytes of a `contents` key."""
    return b"".join(part.encode() if isinstance(part, str) else bytes([part]) for part in contents)


def enum_names(enum: dict[int, Any]) -> dict[int, str]:
    """Number to name of an enumeration, whose values are names, or maps with the name as `id`."""
    return {number: value["id"] if isinstance(value, dict) else value for number, value in enum.items()}
