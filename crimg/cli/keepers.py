"""List the files that keep deleted files of an image, and check whether they are as they should be.

A dump with --deleted copy, relink or auto keeps contents in a folder beside the image; a restart opens and
unlinks them. --remove removes those that are as they should be, once the image is not wanted any more: it
cannot be restarted then. --abandoned DIR lists what dumps that were killed (SIGKILL) have left in such a
folder, and with --remove removes it.

Of images of CRIU these are ghost files, which are in the image, and the links that a dump makes beside files
(link_remap.N); other names are not removed. With an image of CRIU --abandoned DIR is about the links in DIR
that this image does not need.

Exit status: 0 if all are as they should be, 1 if some are not, 3 if the image cannot be read.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from typing import NamedTuple

from crimg.cli.parser import IMAGE
from crimg.collecting import no_collection

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from crimg.model import Inode
    from crimg.model.image import Image

_KEPT = "kept"
_ABANDONED = "abandoned"
_NAMESPACE = "its links are in the mount namespace of the image"
_LINK = re.compile(rb"link_remap\.[0-9]+")
"""Names that CRIU gives to links which keep a file (create_link_remap of criu/files-reg.c)."""


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
    parser.add_argument("image", metavar="IMAGE", nargs="?", help=IMAGE)
    parser.add_argument(
        "--abandoned", metavar="DIR", help="instead: what dumps without an image have left in this folder"
    )
    parser.add_argument("--remove", action="store_true", help="remove those that are as they should be")
    parser.add_argument("--json", action="store_true", help="JSON (specs/keepers.schema.json)")


def run(args: argparse.Namespace) -> int:
    """Carry out `crimg keepers`; the exit status."""
    from crimg.cli.output import write_lines
    from crimg.errors import UsageError
    from crimg.reader import criu_store, open_image

    if args.image is None and args.abandoned is None:
        raise UsageError("give IMAGE or --abandoned DIR")
    is_criu = False
    if args.image is None:
        records = list(_abandoned(args.abandoned))
    else:
        with no_collection(), open_image(args.image) as image:
            is_criu = criu_store(image) is not None
            if args.abandoned is None:
                records = list(keepers_of(image))
            elif not is_criu:
                raise UsageError("give either IMAGE or --abandoned DIR: only of CRIU they go together")
            else:
                records = list(_links_without(image, args.abandoned))
    removed = [args.remove and _remove(record, is_criu=is_criu) for record in records]
    pairs = list(zip(records, removed, strict=True))
    place = args.image if args.abandoned is None else args.abandoned
    none = "no deleted file" if args.abandoned is None else "nothing was abandoned"
    write_lines(_json(place, pairs) if args.json else _text(place, pairs, none))
    wrong = [one for one, gone in pairs if one.state != _KEPT and not (gone and one.state == _ABANDONED)]
    return 1 if wrong else 0


def _abandoned(folder: str) -> Iterator[KeeperRecord]:
    """What dumps without an image have left."""
    from crimg.dump.abandoned import find_abandoned

    for one in find_abandoned(os.fsencode(folder)):
        way = "mark" if one.mark else "abandoned"
        state = "its dump is running" if one.running else _ABANDONED
        yield KeeperRecord(None, way, one.path, b"", one.size, state)
    for path, size in _links(os.fsencode(folder)):
        yield KeeperRecord(None, "relinked", path, b"", size, "of a dump of CRIU: give the image, too")


def _links(folder: bytes) -> Iterator[tuple[bytes, int]]:
    """Path and size of the links in a folder that dumps of CRIU have made. Raises FileError."""
    from crimg.errors import FileError
    from crimg.escape import escape

    try:
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            found = os.lstat(path) if _LINK.fullmatch(name) else None
            if found is not None and stat.S_ISREG(found.st_mode):
                yield path, found.st_size
    except OSError as error:
        raise FileError(f"{escape(folder)}: {error.strerror}") from error


def _links_without(image: Image, folder: str) -> Iterator[KeeperRecord]:
    """Links in a folder that dumps of CRIU have made, but for those that this image needs.

    One directory can have several names: they are compared by what they lead to. Raises FileError.
    """
    from crimg.errors import UsageError
    from crimg.model import Inode

    links = list(_links(os.fsencode(folder)))
    needed = set()
    for inode in image.rows(Inode):
        if inode.keeper_path is not None:
            if inode.filesystem is not None:
                raise UsageError(f"{_NAMESPACE}: what this image needs cannot be told")
            above, name = os.path.split(inode.keeper_path)
            with contextlib.suppress(OSError):  # what is not there is not in the folder
                found = os.stat(above)
                needed.add((found.st_dev, found.st_ino, name))
    inside = os.stat(folder)
    for path, size in links:
        if (inside.st_dev, inside.st_ino, os.path.basename(path)) not in needed:
            yield KeeperRecord(None, "relinked", path, b"", size, _ABANDONED)


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
            state = _state(inode)
        name = names.get(inode.objref, b"")
        yield KeeperRecord(
            inode.objref, name_of(Keeper, inode.keeper), inode.keeper_path, name, inode.size, state
        )


def _state(inode: Inode) -> str:
    """Whether the file that keeps an inode is as it should be, as far as that was recorded."""
    from crimg.evidence import device_number
    from crimg.model.enums import Keeper
    from crimg.model.record import unrecorded

    missing = unrecorded(inode)
    if missing and inode.filesystem is not None:
        return _NAMESPACE
    try:
        found = os.lstat(inode.keeper_path or b"")
    except OSError as error:
        return "missing" if isinstance(error, FileNotFoundError) else str(error.strerror)
    if not stat.S_ISREG(found.st_mode):
        return "no regular file"
    identity = (device_number(found.st_dev), found.st_ino)
    if (
        inode.keeper == Keeper.RELINKED
        and "number" not in missing
        and identity != (inode.device, inode.number)
    ):
        return "another file"
    if missing and "mode" not in missing and found.st_mode != inode.mode:
        return f"mode {stat.S_IMODE(found.st_mode):04o}, not {stat.S_IMODE(inode.mode):04o}"
    if "size" in missing or found.st_size == inode.size:
        return _KEPT
    return f"{found.st_size} bytes, not {inode.size}"


def _remove(record: KeeperRecord, *, is_criu: bool) -> bool:
    """Remove a keeper that is as it should be, or that no image has; whether it was. Raises FileError.

    is_criu: it is one of an image of CRIU, which records too little for a file with any name to be removed.
    """
    from crimg.errors import FileError

    if record.path is None or record.state not in (_KEPT, _ABANDONED):
        return False
    if is_criu and not _LINK.fullmatch(os.path.basename(record.path)):
        return False
    try:
        os.unlink(record.path)
    except OSError as error:
        raise FileError(f"{os.fsdecode(record.path)!a}: {error.strerror}") from error
    return True


def _text(place: str, pairs: list[tuple[KeeperRecord, bool]], none: str) -> Iterator[str]:
    from crimg.cli.output import table
    from crimg.escape import escape

    if not pairs:
        yield f"{escape(place)}: {none}"
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
