"""What happened to the image: entries of the LOG and HISTORY sections."""

from __future__ import annotations

from crimg.model.record import Record
from crimg.model.types import U8, U32, Extra, Nanoseconds


class LogEntry(Record, kind=30, noun="log_entry", key=("time", "text")):
    """One remark of the dump or of a restart."""

    time: Nanoseconds
    """CLOCK_REALTIME."""
    severity: U8
    """Weight (`severity`)."""
    text: str
    """One line."""
    objref: U32 | None
    """The object it is about, or nil. No reference: it may name what is not in the image."""
    extra: Extra | None = None
    """Figures that belong to it ("stopped_ns"), or nil."""


class HistoryEntry(Record, kind=31, noun="history_entry", key=("revision",)):
    """How a revision came to be."""

    revision: U32
    """Number of the revision, 1 for the dump."""
    time: Nanoseconds
    """CLOCK_REALTIME."""
    tool_version: str
    """Version of the tool."""
    command: tuple[bytes, ...]
    """Command line."""
    rules: tuple[bytes, ...]
    """Rules that were applied, as they were given."""
    note: str
    """What it did, for people; may be empty."""
    extra: Extra | None = None
    """Further attributes, or nil."""
