"""List the files that keep deleted files of an image, and check whether they are as they should be.

A dump with --deleted copy, relink or auto keeps contents in a folder beside the image; a restart opens and
unlinks them. --remove removes those that are as they should be, once the image is not wanted any more: it
cannot be restarted then. --abandoned DIR lists what dumps that were killed (SIGKILL) have left in such a
folder, and with --remove removes it.

Exit status: 0 if all are as they should be, 1 if some are not, 3 if the image cannot be read.
"""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from crimg.collecting import no_collection

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from crimg.model.image import Image

_KEPT = "kept"
_ABANDONED = "abandoned"


class KeeperRecord(NamedTuple):
    """One file that keeps a deleted one.

    objref: of the inode; None where there is no image.  way: "copied", "relinked", "embedded", "abandoned".
    path: the keeper, or None.  name: what the deleted file was called.  size: bytes.
    state: "kept", or what is wrong.
    """

    objref: int | None
    way: str
    path: bytes | None
    name: bytes
    size: int
    state: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", nargs="?", help="image file")
    parser.add_argument(
        "--abandoned", metavar="DIR", help="instead: what dumps without an image have left in this folder"
    )
    parser.add_argument("--remove", action="store_true", help="remove those that are as they should be")
    parser.add_argument("--json", action="store_true", help="JSON (specs/keepers.schema.json)")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg keepers`; the exit status."""
    from crimg.cli.output import write_lines
    from crimg.errors import UsageError
    from crimg.reader import open_image

    if (args.image is None) == (args.abandoned is None):
        raise UsageError("give either IMAGE or --abandoned DIR")
    if args.abandoned is not None:
        records = list(_abandoned(args.abandoned))
    else:
        with no_collection(), open_image(args.image) as image:
            records = list(keepers_of(image))
    removed = [_remove(record) for record in records] if args.remove else [False] * len(records)
    pairs = list(zip(records, removed, strict=True))
    place = args.abandoned if args.image is None else args.image
    write_lines(_json(place, pairs) if args.json else _text(place, pairs))
    wrong = [one for one, gone in pairs if one.state != _KEPT and not (gone and one.state == _ABANDONED)]
    return 1 if wrong else 0


def _abandoned(folder: str) -> Iterator[KeeperRecord]:
    """What dumps without an image have left."""
    from crimg.dump.abandoned import find_abandoned

    for one in find_abandoned(os.fsencode(folder)):
        way = "mark" if one.mark else "abandoned"
        state = "its dump is running" if one.running else _ABANDONED
        yield KeeperRecord(None, way, one.path, b"", one.size, state)


def keepers_of(image: Image) -> Iterator[KeeperRecord]:
    """What keeps each deleted file of an image, in the order of the image."""
    from crimg.model import File, Inode
    from crimg.model.enums import Keeper, name_of

    names = {file.inode: file.path for file in reversed(image.rows(File)) if file.inode is not None}
    for inode in image.rows(Inode):
        if inode.keeper in (Keeper.NONE, Keeper.REMOVED):
            continue
        state = _KEPT
        if inode.keeper_path is not None:
            identity = (inode.device, inode.number) if inode.keeper == Keeper.RELINKED else None
            state = _state(inode.keeper_path, inode.size, identity)
        name = names.get(inode.objref, b"")
        yield KeeperRecord(
            inode.objref, name_of(Keeper, inode.keeper), inode.keeper_path, name, inode.size, state
        )


def _state(path: bytes, size: int, identity: tuple[int, int] | None) -> str:
    from crimg.evidence import device_number

    try:
        found = os.lstat(path)
    except OSError as error:
        return "missing" if isinstance(error, FileNotFoundError) else str(error.strerror)
    if not stat.S_ISREG(found.st_mode):
        return "no regular file"
    if identity is not None and identity != (device_number(found.st_dev), found.st_ino):
        return "another file"
    return _KEPT if found.st_size == size else f"{found.st_size} bytes, not {size}"


def _remove(record: KeeperRecord) -> bool:
    """Remove a keeper that is as it should be, or that no image has; whether it was. Raises FileError."""
    from crimg.errors import FileError

    if record.path is None or record.state not in (_KEPT, _ABANDONED):
        return False
    try:
        os.unlink(record.path)
    except OSError as error:
        raise FileError(f"{os.fsdecode(record.path)!a}: {error.strerror}") from error
    return True


def _text(image: str, pairs: list[tuple[KeeperRecord, bool]]) -> Iterator[str]:
    from crimg.cli.output import table
    from crimg.escape import escape

    if not pairs:
        yield f"{escape(image)}: {'nothing was abandoned' if os.path.isdir(image) else 'no deleted file'}"
        return
    rows = [
        (
            "-" if record.objref is None else f"#{record.objref}",
            record.way,
            str(record.size),
            "removed" if removed else record.state,
            escape(record.name),
            escape(record.path or b"in the image"),
        )
        for record, removed in pairs
    ]
    yield from table(("OBJ", "WAY", "SIZE", "STATE", "WAS", "KEEPER"), rows, "><><<")


def _json(image: str, pairs: list[tuple[KeeperRecord, bool]]) -> Iterator[str]:
    from crimg.cli.json_text import object_lines

    keepers = [{**record._asdict(), "removed": removed} for record, removed in pairs]
    return object_lines("keepers", (("file", os.fsencode(image)), ("keepers", keepers)))
