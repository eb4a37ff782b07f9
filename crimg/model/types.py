"""The types a column can have, and the reference types with the kinds that each may point to.

An integer alias says the range that the schema gives the column; at run time all of them are `int`. A
reference is an objref: the number under which a shared object is defined in the image, 1 to 2**32 - 1.
"""

from __future__ import annotations

U8 = int
U16 = int
U32 = int
U64 = int
S32 = int
S64 = int
Address = int
"""A virtual address of the task, or a length in its address space, bytes."""
Nanoseconds = int
"""Signed 64-bit nanoseconds; points in time count from the epoch of the clock that is named."""
Path = bytes
"""A path as the kernel gives it: any bytes but NUL, not necessarily UTF-8, at most 4,095 bytes long."""
SectionId = int
"""The id of a section of this file that holds the bytes (BLOB, PAGEMAP)."""
Extra = dict[str, object]
"""Attributes that this version of the schema has no column for: name to any msgpack value."""

FilesystemRef = int
CredRef = int
InodeRef = int
PipeRef = int
TtyRef = int
FileRef = int
FdTableRef = int
FsRef = int
MmRef = int
SighandRef = int
SignalRef = int
NamespacesRef = int
TaskRef = int

REFERENCES: dict[str, tuple[str, ...]] = {
    "FilesystemRef": ("Filesystem",),
    "CredRef": ("Cred",),
    "InodeRef": ("Inode",),
    "FileRef": ("File",),
    "PipeRef": ("Pipe",),
    "TtyRef": ("Tty",),
    "FdTableRef": ("FdTable",),
    "FsRef": ("Fs",),
    "MmRef": ("Mm",),
    "SighandRef": ("Sighand",),
    "SignalRef": ("Signal",),
    "NamespacesRef": ("Namespaces",),
    "TaskRef": ("Task",),
}
"""Reference type to the record classes it may point to: the one place where this is said."""

ALIASES: dict[str, str] = {
    "U8": "u8",
    "U16": "u16",
    "U32": "u32",
    "U64": "u64",
    "S32": "s32",
    "S64": "s64",
    "Address": "u64",
    "Nanoseconds": "s64",
    "SectionId": "u32",
    "bool": "bool",
    "bytes": "bytes",
    "Path": "bytes",
    "str": "str",
    "Extra": "map",
    **dict.fromkeys(REFERENCES, "u32"),
}
"""Annotation to the base type of the column."""

RANGES: dict[str, tuple[int, int]] = {
    "u8": (0, 2**8 - 1),
    "u16": (0, 2**16 - 1),
    "u32": (0, 2**32 - 1),
    "u64": (0, 2**64 - 1),
    "s32": (-(2**31), 2**31 - 1),
    "s64": (-(2**63), 2**63 - 1),
}
"""Smallest and largest value of each integer type."""
