"""The GNU build-id of an ELF file (elf(5)): what tells one build of a program or library from another."""

from __future__ import annotations

import os
import struct

_HEADER = 64
_PT_NOTE = 4
_NT_GNU_BUILD_ID = 3
_MAX_HEADERS = 1 << 16
_MAX_NOTES = 1 << 16
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_NOTE = struct.Struct("<III")


def build_id(fd: int) -> bytes | None:
    """The build-id of the file open at `fd`, or None: no ELF file of 64 bits, none in it, or not sound.

    Reads by pread: the file offset stays. Raises OSError where the file cannot be read.
    """
    header = os.pread(fd, _HEADER, 0)
    if len(header) < _HEADER or header[:6] != b"\x7fELF\x02\x01":
        return None
    (offset,) = struct.unpack_from("<Q", header, 32)
    size, count = struct.unpack_from("<HH", header, 54)
    if size != _PROGRAM_HEADER.size or offset >= 1 << 63:
        return None
    table = os.pread(fd, min(size * count, _MAX_HEADERS), offset)
    for start in range(0, len(table) - size + 1, size):
        kind, _flags, where, _vaddr, _paddr, length, _memory, _align = _PROGRAM_HEADER.unpack_from(
            table, start
        )
        if kind == _PT_NOTE and length <= _MAX_NOTES and where < 1 << 63:
            found = _in_notes(os.pread(fd, length, where))
            if found is not None:
                return found
    return None


def _in_notes(notes: bytes) -> bytes | None:
    position = 0
    while position + _NOTE.size <= len(notes):
        name_size, size, kind = _NOTE.unpack_from(notes, position)
        name = position + _NOTE.size
        start = name + (name_size + 3 & ~3)
        if kind == _NT_GNU_BUILD_ID and notes[name : name + name_size] == b"GNU\0":
            return notes[start : start + size] if start + size <= len(notes) else None
        position = start + (size + 3 & ~3)
    return None
