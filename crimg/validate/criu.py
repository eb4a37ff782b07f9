"""C601 to C610: the files of a CRIU directory, and the ids by which they name each other."""

from __future__ import annotations

from crimg.errors import MissingFileError
from crimg.escape import escape
from crimg.model import File, Inode
from crimg.model.enums import Keeper
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, NOTE, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.checked import Checked

_VERSIONS = (1, 2)
"""Versions of the images that there are (criu/include/magic.h)."""
_GHOST_LIMIT = 1 << 20
"""Bytes that a deleted file may have unless `criu dump --ghost-limit` says more."""
_LINKED = 0


def files_by_id(checked: Checked) -> dict[int, File]:
    """The file objects of an image by the ids that CRIU gave them."""
    found: dict[int, File] = {}
    for file in checked.rows(File):
        number = (file.extra or {}).get("criu_id")
        if isinstance(number, int):
            found.setdefault(number, file)
    return found


@rule("C601", ERROR)
def damaged_file(checked: Checked) -> Iterator[Hit]:
    """An image file of CRIU is damaged, or contradicts another one.

    CRIU refuses it, or reads something else than what was saved: its files have no checksums.

    Remedy: take another copy of the directory, or dump again.
    """
    for error in checked.image.damage if checked.criu is not None else ():
        if not isinstance(error, MissingFileError):
            yield Hit(escape(str(error)))


@rule("C602", ERROR)
def missing_file(checked: Checked) -> Iterator[Hit]:
    """An image file of CRIU is missing that another one needs.

    CRIU ends with "No such file", in the middle of the restore.

    Remedy: take another copy of the directory: files of it were not copied, or were deleted.
    """
    for error in checked.image.damage if checked.criu is not None else ():
        if isinstance(error, MissingFileError):
            yield Hit(escape(str(error)))


@rule("C603", ERROR)
def unequal_ids(checked: Checked) -> Iterator[Hit]:
    """An entry of files.img has one id outside and another one inside.

    CRIU ends with "ID mismatch"; an edit of the image that changed one of the two leaves it so.

    Remedy: undo what rewrote the image, or dump again.
    """
    if checked.criu is None:
        return
    from crimg.criu.kinds import FILE_TYPES

    files = files_by_id(checked)
    for entry in checked.criu.file_entries:
        kind = FILE_TYPES.get(entry.type)
        if kind is None or not entry.HasField(kind.member):
            yield Hit(f"id {entry.id} of type {entry.type} has no such part", files.get(entry.id))
        elif getattr(entry, kind.member).id != entry.id:
            inner = getattr(entry, kind.member).id
            yield Hit(f"id {entry.id}, inside it {inner}", files.get(entry.id))


@rule("C604", ERROR)
def unequal_types(checked: Checked) -> Iterator[Hit]:
    """A descriptor is said to be of another type than the file it leads to.

    CRIU looks for the file among those of the descriptor's type, and does not find it.

    Remedy: undo what rewrote the image, or dump again.
    """
    if checked.criu is None:
        return
    types: dict[int, set[int]] = {}
    for entry in checked.criu.file_entries:
        types.setdefault(entry.id, set()).add(entry.type)
    files = files_by_id(checked)
    for part in checked.criu.directory.of_stem("fdinfo"):
        for fd in checked.criu.builder.messages("fdinfo", part.number):
            if fd.id in types and fd.type not in types[fd.id]:
                text = f"fd {fd.fd} of {part.name} has type {fd.type}, its file {min(types[fd.id])}"
                yield Hit(escape(text), files.get(fd.id))


@rule("C605", ERROR)
def remap_without_file(checked: Checked) -> Iterator[Hit]:
    """What stands in for a deleted name is for a file that there is not, or is itself not there.

    CRIU ends with "Remap for non existing file", or opens the file that has the name by now.

    Remedy: undo what rewrote the image, or dump again.
    """
    if checked.criu is None:
        return
    for remap in checked.criu.remaps.values():
        if remap.orig_id not in checked.criu.files:
            yield Hit(f"remap-fpath.img names id {remap.orig_id}, which files.img does not have")
        if remap.remap_type == _LINKED and remap.remap_id not in checked.criu.files:
            yield Hit(
                f"the link for id {remap.orig_id} is id {remap.remap_id}, which files.img does not have"
            )


@rule("C606", NOTE)
def restored_once(checked: Checked) -> Iterator[Hit]:
    """A file is kept by a link that the dump made beside it, which the restore removes.

    The image can be restored once: after that the link is gone. Who moves the directory has to move the
    link too.

    Remedy: make a further link to it before a restore, or keep a snapshot of the file system.
    """
    for inode in checked.rows(Inode) if checked.criu is not None else ():
        if inode.keeper == Keeper.RELINKED and inode.keeper_path is not None:
            yield Hit(f"is kept by the link {escape(inode.keeper_path)}", inode, "keeper_path")


@rule("C607", NOTE)
def large_ghost(checked: Checked) -> Iterator[Hit]:
    """A deleted file is larger than CRIU keeps unless it is told to.

    It is in this image, since the dump had a higher limit. The restored process has it open again: the next
    dump of it fails without the same limit.

    Remedy: give criu dump --ghost-limit again.
    """
    for inode in checked.rows(Inode) if checked.criu is not None else ():
        if inode.keeper == Keeper.EMBEDDED:
            kept = sum(checked.sections[each].len_raw for each in inode.blobs if each in checked.sections)
            if kept > _GHOST_LIMIT:
                yield Hit(f"{kept} bytes of it are kept", inode, "size")


@rule("C608", ERROR)
def version(checked: Checked) -> Iterator[Hit]:
    """The inventory names a version of the images that does not exist.

    CRIU refuses the directory.

    Remedy: use a CRIU that knows this version; if there is none, the inventory is damaged.
    """
    inventory = checked.criu.builder.system.inventory if checked.criu is not None else None
    if inventory is not None and inventory.img_version not in _VERSIONS:
        yield Hit(f"version {inventory.img_version}")


@rule("C609", NOTE)
def unknown_file(checked: Checked) -> Iterator[Hit]:
    """The directory holds an image file of a kind that is not known here.

    A newer CRIU, or a plugin of it, wrote the file. It is carried along, and nothing in it is checked.

    Remedy: nothing is wrong.
    """
    for part in checked.criu.directory.unknown() if checked.criu is not None else ():
        yield Hit(escape(part.name))


@rule("C610", ERROR)
def two_of_one_name(checked: Checked) -> Iterator[Hit]:
    """Open files of one name were recorded with different sizes, modes or build-ids.

    CRIU opens both by that name and compares each: it ends with "bad size", "bad mode" or "bad build-ID" for
    one of them, whatever stands there.

    Remedy: undo what rewrote the image: two files were given one name, or one entry was edited.
    """
    if checked.criu is None:
        return
    files = files_by_id(checked)
    seen: dict[tuple[int, bytes, str], tuple[int, object]] = {}
    for entry in checked.criu.file_entries:
        named = entry.reg
        if not entry.HasField("reg") or named.ext or entry.id in checked.criu.remaps:
            continue
        recorded = {field: getattr(named, field) for field in ("size", "mode") if named.HasField(field)}
        if named.build_id:
            recorded["build-id"] = tuple(named.build_id)
        for field, value in recorded.items():
            first, before = seen.setdefault((named.mnt_id, named.name, field), (entry.id, value))
            if before != value:
                yield Hit(
                    f"{escape(named.name)}: {field} differs from that of id {first}", files.get(entry.id)
                )
