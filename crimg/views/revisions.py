"""The revisions of an image: one record for each, and what it changed in few words."""

from __future__ import annotations

from crimg.escape import escape
from crimg.views import words
from crimg.views.changes import object_change_records
from crimg.views.subject import Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.compare.history import Revision

    Row = dict[str, Any]


def revision_record(revision: Revision, name: bytes) -> Row:
    """What is to be said of one revision. name: of the image file."""
    entry = revision.entry
    changes = None
    if revision.difference is not None and revision.before is not None and revision.after is not None:
        before, after = Subject(revision.before, name), Subject(revision.after, name)
        changes = object_change_records(before, after, revision.difference)
    return {
        "revision": revision.number,
        "time": words.utc(entry.time) if entry is not None else None,
        "tool_version": entry.tool_version.encode() if entry is not None else None,
        "command": list(entry.command) if entry is not None else None,
        "rules": list(entry.rules) if entry is not None else None,
        "note": entry.note.encode() if entry is not None else None,
        "in_file": revision.after is not None,
        "added_bytes": revision.added,
        "changes": changes,
    }


def change_words(kind: str, rows: list[Row]) -> str:
    """ "2 file: path, position; 1 added": how many objects of a kind, and in which columns."""
    counts = {change: sum(row["change"] == change for row in rows) for change in ("changed", "added", "gone")}
    columns = dict.fromkeys(field["name"] for row in rows for field in row["fields"])
    parts = [f"{counts['changed']} ({', '.join(map(escape, columns))})"] if counts["changed"] else []
    parts += [f"{counts[change]} {change}" for change in ("added", "gone") if counts[change]]
    return f"{kind.replace('_', ' ')}: {', '.join(parts)}"
