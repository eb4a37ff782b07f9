"""Every place in which a CRIU image holds a path, and the files with other paths there."""

from __future__ import annotations

from struct import Struct

from crimg.criu.framing import entries, header_size, message_at
from crimg.criu.splicing import spliced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crimg.criu.directory import Files, Part
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
_LENGTH = Struct("<i")


def rewritten(files: Files, choose: Chooser) -> dict[str, bytes]:
    """Name to new bytes of the image files in which `choose` changes a path.

    It is called for every absolute path. Raises FormatError for a damaged file.
    """
    found = {}
    for part in files.parts.values():
        wanted = PLACES.get(part.stem)
        if wanted is not None and part.size:
            data = bytes(part.view)
            new = b"".join(_pieces(part, data, wanted, choose))
            if new != data:
                found[part.name] = new
    return found


def _pieces(part: Part, data: bytes, wanted: Tree, choose: Chooser) -> Iterator[bytes]:
    """The bytes of a file, entry by entry, with the paths that `choose` makes."""
    if part.kind is None:
        yield data
        return
    view = memoryview(data)
    start = header_size(view, part.kind, part.name)
    yield data[:start]
    if part.stem == "ghost-file":  # one message, and then contents
        message, end = message_at(view, start, part.name)
        yield from _entry(bytes(message), wanted, 0, choose)
        yield data[end:]
        return
    for entry in entries(view, part.kind, part.name):
        number = getattr(entry.message, "id", 0)
        yield from _entry(bytes(entry.data), wanted, number, choose)
        yield bytes(entry.payload)


def _entry(data: bytes, wanted: Tree, number: int, choose: Chooser) -> Iterator[bytes]:
    def change(word: str, old: bytes) -> bytes:
        path = old.rstrip(b"\0") if word == SOCKET else old
        if not path.startswith(b"/"):  # abstract names, relative ones, what is given at the restore
            return old
        return choose(word, number, path) + old[len(path) :]

    new = spliced(data, wanted, change)
    yield _LENGTH.pack(len(new))
    yield new
