"""What preflight says of each file object of an image."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from crimg.model import Filesystem
    from crimg.preflight.comparison import Evidence
    from crimg.rewrite.rules import PathRule

REPLACED = "replaced"
MISSING = "missing"
UNREACHABLE = "unreachable"
CHANGED = "changed"
MOVED = "moved"
KEPT = "kept"
SAME = "same"

MEANINGS = {
    REPLACED: "the name belongs to another file now",
    MISSING: "nothing is there, and it was not found elsewhere",
    UNREACHABLE: "it cannot be looked at",
    CHANGED: "the same file, not as it was",
    MOVED: "the file has another name now",
    KEPT: "needs nothing of this machine's files",
    SAME: "as it was",
}
"""Every verdict, worst first (one that goes unnoticed is worse than one that makes a restart fail)."""
FINE = frozenset((KEPT, SAME))
"""Verdicts with which a restart goes right."""

BY_INODE = "inode"
BY_SNAPSHOT = "inode in a snapshot"
BY_DIGEST = "digest"
BY_BUILD_ID = "build-id"
BY_SIZE_AND_MTIME = "size and mtime"
BY_SIZE = "size"
BY_TYPE = "type"
BY_DEVICE_NUMBER = "device number"
BY_NOTHING = ""
BASES = (BY_INODE, BY_SNAPSHOT, BY_DEVICE_NUMBER, BY_DIGEST, BY_BUILD_ID, BY_SIZE_AND_MTIME, BY_SIZE, BY_TYPE)
"""By what a file is known, the surest first."""
WEAK = frozenset((BY_SIZE_AND_MTIME, BY_SIZE, BY_TYPE))
"""Those of them with which it can be another file all the same."""
UNVERIFIED = "contents not verified"
BY_LINK = "a symbolic link leads there"

MAP = "map"
BRING_BACK = "bring back"
RELOCATE = "relocate"
REPAIR = "repair"
ACCEPT = "accept"


class Remedy(NamedTuple):
    """One way to mend a verdict.

    action: MAP (rewrite the path in the image), BRING_BACK (the file), RELOCATE (look for it), REPAIR (a
    command that puts right what is there), ACCEPT (restart all the same).
    text: what to do, or what is risked.  rule: the rule of a MAP.
    """

    action: str
    text: str
    rule: PathRule | None = None


class Users(NamedTuple):
    """Who refers to a file object.

    fds: descriptors (of all tables).  private, shared: numbers of mappings.  executable: those of them with
    PROT_EXEC.  roles: "exe", "cwd", "root".
    """

    fds: tuple[int, ...] = ()
    private: int = 0
    shared: int = 0
    executable: int = 0
    roles: tuple[str, ...] = ()


class Verdict(NamedTuple):
    """What was found out about one file object.

    objref: of the file object.  path: in the image.  looked_at: the path that was looked at, by the rules.
    users: who refers to it.  verdict: a key of MEANINGS.  details: what there is to say of it, a few words
    each.  basis: by what the file is known, one of the BY_ words.  evidence: all of it.
    found: where the file is now, for what is moved, and for what is replaced but found elsewhere.
    restart: what a restart would do; empty where it goes right.  remedies: the best first.
    """

    objref: int
    path: bytes
    looked_at: bytes
    users: Users
    verdict: str
    details: tuple[str, ...] = ()
    basis: str = BY_NOTHING
    evidence: tuple[Evidence, ...] = ()
    found: bytes | None = None
    restart: str = ""
    remedies: tuple[Remedy, ...] = ()

    @property
    def fine(self) -> bool:
        """Whether a restart goes right as far as this file is concerned."""
        return self.verdict in FINE

    @property
    def weak(self) -> bool:
        """Whether it is fine, and nothing that was compared would show it if contents were others."""
        return self.fine and (self.basis in WEAK or any(UNVERIFIED in text for text in self.details))


def not_mounted(filesystem: Filesystem) -> str:
    """That the file system which a file was on is missing, in words."""
    kind, source, point = map(escape, (filesystem.type, filesystem.source, filesystem.mount_point))
    return f"nothing is mounted on {point}, which was {kind} from {source}"


def by_basis(found: Iterable[Verdict]) -> dict[str, int]:
    """Of the fine ones that were compared with something, how many are known by what; the surest first."""
    counts = Counter(one.basis for one in found if one.fine)
    return {basis: counts[basis] for basis in BASES if counts[basis]}
