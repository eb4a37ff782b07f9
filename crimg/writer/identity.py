"""What names an image."""

from __future__ import annotations

import os


def new_uuid() -> bytes:
    """A random UUID (RFC 9562, version 4); the module uuid would take 4 ms to import."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    return bytes(raw)
