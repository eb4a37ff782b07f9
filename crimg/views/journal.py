"""The log, the history, and the container itself."""

from __future__ import annotations

import os

from crimg.format.constants import Codec, section_type_name
from crimg.model import HistoryEntry, LogEntry
from crimg.model.enums import Severity, name_of
from crimg.model.record import KINDS
from crimg.views import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.views.subject import Subject

    Row = dict[str, Any]


def log_records(subject: Subject) -> list[Row]:
    """What the dump or a restart remarked."""
    return [
        {
            "time": words.utc(entry.time),
            "severity": name_of(Severity, entry.severity),
            "text": entry.text.encode(),
            "objref": entry.objref,
            "extra": entry.extra,
        }
        for entry in subject.image.rows(LogEntry)
    ]


def history_records(subject: Subject) -> list[Row]:
    """How each revision came to be."""
    return [
        {
            "revision": entry.revision,
            "time": words.utc(entry.time),
            "tool_version": entry.tool_version.encode(),
            "command": list(entry.command),
            "rules": list(entry.rules),
            "note": entry.note.encode(),
        }
        for entry in subject.image.rows(HistoryEntry)
    ]


def section_records(subject: Subject) -> list[Row]:
    """The sections in file order; offsets and lengths in bytes."""
    return [
        {
            "offset": section.ofs_header,
            "type": section_type_name(section.type),
            "name": os.fsencode(section.name) if hasattr(section, "name") else None,
            "id": section.id,
            "rows_of": KINDS[section.kind].noun if section.kind in KINDS else None,
            "critical": section.critical,
            "codec": codec_name(section.codec),
            "stored": section.len_stored,
            "raw": section.len_raw,
            "body_offset": section.ofs_body,
            "checksum": f"{section.checksum:016x}",
            "revision": section.revision,
        }
        for section in subject.image.store.sections
    ]


def codec_name(number: int) -> str:
    """ "none", "zstd"; "7?" for one that is not known."""
    return name_of(Codec, number)
