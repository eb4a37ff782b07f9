"""Records in few words: what a column of a list has room for."""

from __future__ import annotations

from functools import lru_cache

from crimg.escape import escape
from crimg.views import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from crimg.model.record import Record
    from crimg.rewrite.places import Referrer
    from crimg.views.subject import Users

    Row = dict[str, Any]

_SHORT_KINDS = {
    "regular": "file",
    "directory": "dir",
    "character device": "chr",
    "placeholder": "none",
    "memory": "mem",
    "eventfd": "evfd",
    "timerfd": "tmfd",
    "signalfd": "sgfd",
    "epoll": "epol",
    "socket": "sock",
    "pty master": "ptmx",
    "netlink socket": "nlnk",
    "packet socket": "pckt",
    "inotify": "inot",
    "fanotify": "fano",
    "pidfd": "pid",
    "namespace": "ns",
    "bpf map": "bpf",
    "external": "ext",
    "unknown": "?",
}
_SHOWN_REFERRERS = 3
_USERS = ("fd", "vma", "exe", "cwd", "root")
_COUNTED = {"vma": ("vma", "vmas"), "lock": ("lock", "locks"), "epoll_watch": ("watch", "watches")}


def kib(size: int) -> str:
    """Bytes of memory in KiB: whole, since memory comes in pages."""
    return str(-(-size // 1024))


def short_kind(kind: str) -> str:
    """The kind of a file in at most four letters."""
    return _SHORT_KINDS.get(kind, kind)


def flag_words(row: Row, room: int = 21) -> str:
    """ "rw O_APPEND"; the flags for which there is no room are counted."""
    return fitted([row["access"], *words.notable_flags(row["flags"])], " ", room)


def fitted(parts: list[str], separator: str, room: int) -> str:
    """As many parts as there is room for, at least the first, and how many are left out: "a b +3"."""
    shown = separator.join(parts)
    kept = len(parts)
    while len(shown) > room and kept > 1:
        kept -= 1
        shown = f"{separator.join(parts[:kept])} +{len(parts) - kept}"
    return shown


def state_word(state: str) -> str:
    """The state of a name where it is worth a word."""
    return "" if state in ("linked", "none") else state


def path_words(row: Row) -> str:
    """The path, or the kernel's name for what has none."""
    if row["path"] is not None:
        return escape(row["path"])
    if row["pipe_number"] is not None:
        return f"pipe:[{row['pipe_number']}]"
    if row["kind"] == "epoll":
        return words.EPOLL_NAME
    return escape(row.get("link", b""))


def user_words(used_by: dict[str, list[Row]], several: bool, room: int) -> str:
    """ "fd 0-2 7, 3 vmas, exe": who refers to a file; those for which there is no room are counted."""
    fds = [row["fd"] for row in used_by.get("fd", ())]
    counts = tuple([(word, len(rows)) for word, rows in used_by.items()])
    return _user_words(counts, _fd_words(fds, several, room // 2), room)


def referring_words(users: Users, several: bool, room: int) -> str:
    """The same for the rows that refer to a file, of which no records were made."""
    rows: Sequence[Record] = users.get("fd", ())
    if len(rows) == 1:  # as in large images nearly always: each step here is done for every file
        fd_words = f"fd {rows[0].fd}"  # type: ignore[attr-defined]  # a row of Fd, by that word
        if several or len(fd_words) > room // 2:
            fd_words = "1 fd"
    else:
        fd_words = _fd_words([row.fd for row in rows], several, room // 2)  # type: ignore[attr-defined]
    if rows and len(users) == 1:
        return fd_words
    return _user_words(tuple([(word, len(rows)) for word, rows in users.items()]), fd_words, room)


@lru_cache(maxsize=1024)
def _user_words(counts: tuple[tuple[str, int], ...], fd_words: str, room: int) -> str:
    """Most files are referred to in one of few ways, so that these are put into words once."""
    parts = []
    for word, count in sorted(counts, key=_by_importance):
        if word == "fd":
            parts.append(fd_words)
        elif word in _COUNTED:
            parts.append(f"{count} {_COUNTED[word][count > 1]}")
        else:
            parts.append(word)
    return fitted(parts, ", ", room)


def _by_importance(counted: tuple[str, int]) -> int:
    word = counted[0]
    return _USERS.index(word) if word in _USERS else len(_USERS)


def _fd_words(fds: list[int], several: bool, room: int) -> str:
    if not fds:
        return ""
    if not several and len(fds) <= room:
        shown = f"fd {fds[0]}" if len(fds) == 1 else "fd " + " ".join(number_runs(fds))
        if len(shown) <= room:
            return shown
    return f"{len(fds)} fds" if len(fds) > 1 else "1 fd"


def number_runs(numbers: Iterable[int]) -> list[str]:
    """Numbers in order, each once, those that follow each other as "4-7"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return [str(low) if low == high else f"{low}-{high}" for low, high in runs]


def referrer_words(referrers: Sequence[Referrer]) -> str:
    """Who refers to an object that a plan changes: "fd 3, vma 7f00-7f10 and 2 more"."""
    rest = len(referrers) - _SHOWN_REFERRERS
    shown = ", ".join(each.label for each in referrers[:_SHOWN_REFERRERS])
    return shown + (f" and {rest} more" if rest > 0 else "")
