"""Every place in which a CRIU image holds a path, and the files with other paths there."""

from __future__ import annotations

from crimg.criu.editing import edited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crimg.criu.directory import Files
    from crimg.criu.splicing import Tree

    Chooser = Callable[[str, int, bytes], bytes]
    """Makes the new path of a place (word, id of the file or 0, old path)."""

NAME, SOCKET, SOCKET_DIRECTORY, WATCH, MOUNT, LINK = "name", "socket", "directory", "watch", "mount", "link"
"""Words for places: the name of an open file, of a Unix socket, the directory of a relative one, a watched
file, a mount, what a deleted symbolic link held."""
_HANDLE: Tree = {4: WATCH}
_MARK: Tree = {7: {2: _HANDLE}, 8: {2: WATCH}}
_SOCKET: Tree = {11: SOCKET, 14: SOCKET_DIRECTORY}
PLACES: dict[str, Tree] = {
    "files": {3: {6: NAME}, 13: {5: {7: _HANDLE}}, 14: {6: _MARK}, 16: _SOCKET},
    "reg-files": {6: NAME},
    "unixsk": _SOCKET,
    "inotify-wd": {7: _HANDLE},
    "fanotify-mark": _MARK,
    "mountpoints": {6: MOUNT, 7: MOUNT, 8: MOUNT},
    "ghost-file": {11: LINK},
    "irmap-cache": {3: WATCH},
}
"""Stem of an image file to its fields that hold paths (crimg/criu/criu.proto). Not in it: paths of control
groups, which are no files, and what is in the memory of the tasks."""


def rewritten(files: Files, choose: Chooser) -> dict[str, bytes]:
    """Name to new bytes of the image files in which `choose` changes a path.

    It is called for every absolute path. Raises FormatError for a damaged file.
    """

    def change(message: Any, word: str, old: bytes) -> bytes:
        path = old.rstrip(b"\0") if word == SOCKET else old
        if not path.startswith(b"/"):  # abstract names, relative ones, what is given at the restore
            return old
        return choose(word, getattr(message, "id", 0), path) + old[len(path) :]

    found = {}
    for part in files.parts.values():
        wanted = PLACES.get(part.stem)
        if wanted is not None and part.kind is not None and part.size:
            data = bytes(part.view)
            new = edited(data, part.kind, part.name, wanted, change)
            if new is not data:
                found[part.name] = new
    return found
