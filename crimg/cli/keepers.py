"""List the files that keep deleted files of an image, and check whether they are as they should be.

A dump with --deleted copy, relink or auto keeps contents in a folder beside the image; a restart opens and
unlinks them. --remove removes those that are as they should be, once the image is not wanted any more: it
cannot be restarted then.

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


class KeeperRecord(NamedTuple):
    """One file that keeps a deleted one.

    objref: of the inode.  way: "copied", "relinked" or "embedded".  path: the keeper, or None.
    name: what the deleted file was called.  size: bytes.  state: "kept", or what is wrong.
    """

    objref: int
    way: str
    path: bytes | None
    name: bytes
    size: int
    state: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this verb."""
    parser.add_argument("image", metavar="IMAGE", help="image file")
    parser.add_argument("--remove", action="store_true", help="remove those that are as they should be")
    parser.add_argument("--json", action="store_true", help="JSON (specs/keepers.schema.json)")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg keepers`; the exit status."""
    from crimg.cli.output import write_lines
    from crimg.reader import open_image

    with no_collection(), open_image(args.image) as image:
        records = list(keepers_of(image))
    removed = [_remove(record) for record in records] if args.remove else [False] * len(records)
    pairs = list(zip(records, removed, strict=True))
    write_lines(_json(args.image, pairs) if args.json else _text(args.image, pairs))
    return 0 if all(record.state == _KEPT for record in records) else 1


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
    """Remove a keeper that is as it should be; whether it was. Raises FileError."""
    from crimg.errors import FileError

    if record.path is None or record.state != _KEPT:
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
        yield f"{escape(image)}: no deleted file"
        return
    rows = [
        (
            f"#{record.objref}",
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
