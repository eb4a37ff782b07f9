"""Golden bytes as they are written in tests: hexadecimal digits, and on each line what they are."""

from __future__ import annotations


def golden(text: str) -> bytes:
    """The bytes of all lines; what stands behind "  # " is for people."""
    return bytes.fromhex("".join(line.partition("  # ")[0] for line in text.splitlines()))
