"""`crimg inspect --json`: the records of the views, one line each. specs/inspect.schema.json describes them.

Strings of the image are given as text where their bytes are UTF-8. Where they are not, the text is the
escaped form (crimg.escape), and the exact bytes stand beside it in hexadecimal, under the key with `_hex`.
"""

from __future__ import annotations

from crimg.cli.json_text import object_lines
from crimg.escape import escape
from crimg.views import details, files, journal, memory, overview

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from crimg.views.subject import Subject

    Row = dict[str, Any]

_PARTS: dict[str, dict[str, Callable[[Subject], list[Row]]]] = {
    "tasks": {"tasks": overview.task_records},
    "threads": {"threads": details.thread_records},
    "memory": {"memory_kinds": memory.memory_kind_records, "vmas": memory.vma_records},
    "files": {"files": files.file_records},
    "fds": {"fds": files.fd_records},
    "locks": {"locks": files.lock_records},
    "inodes": {"inodes": files.inode_records},
    "signals": {
        "signal_actions": details.action_records,
        "pending_signals": details.pending_records,
        "timers": details.timer_records,
    },
    "creds": {"creds": details.cred_records},
    "limits": {"limits": details.limit_records},
    "log": {"log": journal.log_records, "history": journal.history_records},
    "sections": {"sections": journal.section_records},
}
"""Section to the keys it has, and what makes their rows."""

_FIRST_SCREEN: dict[str, Callable[[Subject], list[Row]]] = {
    "tasks": overview.task_records,
    "memory_kinds": memory.memory_kind_records,
    "files": files.file_records,
}


def json_lines(subject: Subject, chosen: Sequence[str] | None) -> Iterator[str]:
    """The lines of one JSON object: the image, and the first screen or the chosen sections."""
    makers = _FIRST_SCREEN
    if chosen is not None:
        makers = {key: make for name in chosen for key, make in _PARTS[name].items()}
    yield from document("inspect", subject, ((key, make(subject)) for key, make in makers.items()))


def document(kind: str, subject: Subject, members: Iterable[tuple[str, Any]]) -> Iterator[str]:
    """The lines of a JSON object of this kind: the image, the members, the damage."""
    return object_lines(kind, _members(subject, members))


def _members(subject: Subject, members: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    yield "image", overview.image_record(subject)
    yield from members
    yield (
        "damage",  # at the end: some of it is met while the members are made
        [
            {"section": error.section, "offset": error.offset, "text": escape(error.detail)}
            for error in subject.damage
        ],
    )
