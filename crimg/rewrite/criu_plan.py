"""`CriuPlan`: what a rewrite of images of CRIU is going to change, as data."""

from __future__ import annotations

from typing import NamedTuple

from crimg.criu.paths import INTERPRETER, LINK, MOUNT, NAME, PLACES, SOCKET, SOCKET_DIRECTORY, WATCH
from crimg.model import File, Filesystem, Inode, Socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.criu.directory import Files

COLUMNS = {
    NAME: (File.noun, "path"),
    SOCKET: (Socket.noun, "path"),
    SOCKET_DIRECTORY: (Socket.noun, "directory"),
    WATCH: (File.noun, "watch"),
    MOUNT: (Filesystem.noun, "mount_point"),
    LINK: (Inode.noun, "link_target"),
    INTERPRETER: (File.noun, "interpreter"),
}
"""Word for a place to kind and column of the change there (specs/rewrite.schema.json)."""


class CriuChange(NamedTuple):
    """One value that changes.

    place: word for where it is (crimg.criu.paths), or a field of an open file ("size", "mode", "build_id").
    criu_id: of the open file, or 0.  objref: of the object that it is of, None where no row has it.
    before, after: path; number; None for a build-id that there is not.  rule: what asks for it, printable.
    places: as rules know them.
    """

    place: str
    criu_id: int
    objref: int | None
    before: Any
    after: Any
    rule: str
    places: tuple[str, ...] = ()

    @property
    def column(self) -> tuple[str, str]:
        """Kind and column of the row that the value is in."""
        if self.place == NAME and "keeper" in self.places:
            return Inode.noun, "keeper_path"
        return COLUMNS.get(self.place, (Inode.noun, self.place))

    @property
    def is_path(self) -> bool:
        """Whether it is a path that changes."""
        return self.place in COLUMNS


class CriuPlan(NamedTuple):
    """What a rewrite would do. fingerprint: of the image that it was made from.

    rules: as texts.  contents: name to new bytes of files that change.  conflicts: why it cannot be carried
    out, one line each.  unused: rules that decide nothing.  unmatched: paths that no rule matches.  notes:
    what else there is to say.
    """

    fingerprint: str
    rules: tuple[str, ...]
    changes: tuple[CriuChange, ...]
    contents: dict[str, bytes]
    conflicts: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    unmatched: tuple[CriuChange, ...] = ()
    notes: tuple[str, ...] = ()


UNCHANGED = CriuPlan("", (), (), {})
"""A plan that changes nothing."""


def fingerprint(files: Files) -> str:
    """16 hexadecimal digits of the bytes of the files that a rewrite can change, and the names of all."""
    from xxhash import xxh3_64

    state = xxh3_64()
    for name, part in sorted(files.parts.items()):
        state.update(f"{name}\0{part.size}\0".encode("utf-8", "surrogateescape"))
        if part.stem in PLACES:
            state.update(part.view)
    return state.hexdigest()
