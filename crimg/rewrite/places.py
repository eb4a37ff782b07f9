"""The places of an image that hold a path, and who refers to the objects that have one.

This is the one list of them (specs/rewriting.md shows it to people); a test holds it to the model's columns.
"""

from __future__ import annotations

from typing import NamedTuple

from crimg.graph import owner_column, row_label
from crimg.model import File, Filesystem, Inode, Socket
from crimg.model.enums import NAMELESS, NameState
from crimg.model.record import KINDS, Record
from crimg.rewrite.matching import PLACES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from crimg.model.image import Image

KEEPER, MOUNT, SOCKET = "keeper", "mount", "socket"
_STATE, _KIND = map(File.fields.index, ("name_state", "kind"))
_LINKED, _NAMELESS = int(NameState.LINKED), frozenset(map(int, NAMELESS))
_FILE_PLACES = frozenset(PLACES) - {KEEPER, MOUNT, SOCKET}


class PathColumn(NamedTuple):
    """A column whose paths are rewritten. place: its kind of place; "" where the referrers say it.

    A row without an objref of its own (Socket) goes by that of the file which it is about.
    """

    cls: type[Record]
    column: str
    place: str


REWRITTEN = (
    PathColumn(File, "path", ""),
    PathColumn(Inode, "keeper_path", KEEPER),
    PathColumn(Filesystem, "mount_point", MOUNT),
    PathColumn(Socket, "path", SOCKET),
)
LEFT_ALONE = {
    (Filesystem, "mount_root"): "it starts at the root of the file system, not of the task",
}
"""Columns with paths that no rule reaches, and why."""


class Referrer(NamedTuple):
    """Who refers to an object.

    place: how: a place of PLACES, or the kind of row.  objref: the object that does, or that the row is a
    part of.  label: printable ("fd 3").
    """

    place: str
    objref: int
    label: str


def referrers_of(image: Image, objrefs: Collection[int]) -> dict[int, list[Referrer]]:
    """Objref to its referrers, for these objects, in the order of the image; none has no entry.

    A lock is no way to reach a file, nor is what is known of it as a socket; they count as none.
    """
    found: dict[int, list[Referrer]] = {}
    wanted = {cls.__name__ for cls, _, _ in REWRITTEN}
    for cls in KINDS.values():
        for index, column in cls.references:
            target_kind = next((kind for kind in column.kinds if kind in wanted), None)
            if target_kind is None or cls.noun in ("lock", Socket.noun):
                continue
            word = cls.noun if column.name == target_kind.lower() else column.name
            whose = owner_column(cls)
            label = "" if word not in ("exe", "cwd", "root") else word
            for row in image.rows(cls):
                target = row[index]
                if target in objrefs:
                    referrer = Referrer(word, 0 if whose is None else row[whose], label or row_label(row))
                    found.setdefault(target, []).append(referrer)
    return found


def places_of_files(image: Image) -> dict[int, frozenset[str]]:
    """Objref of a file to the places it is in: how its referrers reach it."""
    found: dict[int, set[str]] = {}
    for cls in KINDS.values():
        for index, column in cls.references:
            word = cls.noun if column.name == "file" else column.name
            if "File" in column.kinds and word in _FILE_PLACES:
                for row in image.rows(cls):
                    if row[index] is not None:
                        found.setdefault(row[index], set()).add(word)
    return {objref: frozenset(places) for objref, places in found.items()}


def path_of(image: Image, objref: int) -> bytes | None:
    """The path that an edit of this object changes; None where it has none, or is not in the image."""
    for cls, column, _ in REWRITTEN:
        row = image.find(cls, objref)
        if row is not None and not (isinstance(row, File) and row.kind in NAMELESS):
            path: bytes | None = getattr(row, column)
            return path
    return None


def needs_name(file: File) -> bool:
    """Whether a restart opens this file by its name: no pipe, not deleted, not hidden under a mount."""
    return bool(file[_STATE] == _LINKED and file[_KIND] not in _NAMELESS)
