"""What speaks against a plan: looked for among all names of the image, not only those that a rule touches.

A name is in use by a file that is linked under it, by the keeper of a deleted file, and by a unix socket. The
old names of deleted and replaced files are not in use: another file may have such a name, at the dump
already. What stood in the image before, and is as it was, is no conflict.
"""

from __future__ import annotations

import stat
from typing import NamedTuple

from crimg.escape import escape
from crimg.model import File, Filesystem, Inode, Socket
from crimg.model.enums import FileKind, Keeper, NameState
from crimg.rewrite.changes import CHANGEABLE, Change, Conflict
from crimg.rewrite.places import needs_name
from crimg.rewrite.rules import PATH_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.model.image import Image

_SHOWN = 5
_SOCKET_BYTES = 108
"""Bytes of the longest name of a unix socket (sun_path of unix(7))."""


class Claim(NamedTuple):
    """A name in use. who: what is one file for the restart.  directory: others may be below it."""

    who: tuple[str, int]
    objref: int
    before: bytes
    after: bytes
    directory: bool


def target_fault(path: bytes) -> str:
    """What is wrong with a path that is to stand in an image, or ""."""
    if not path.startswith(b"/"):
        return f"the new path is {'relative' if path else 'empty'}: {escape(path)}"
    if b"\0" in path:
        return f"the new path holds a NUL byte: {escape(path)}"
    if len(path) > PATH_BYTES:
        return f"the new path has {len(path)} bytes, of {PATH_BYTES} possible"
    if b"/." in path and not {b".", b".."}.isdisjoint(path.split(b"/")):
        return f"the new path has a component . or ..: {escape(path)}"
    if b"//" in path or (path != b"/" and path.endswith(b"/")):
        return f"the new path has an empty component: {escape(path)}"
    return ""


def _is_plain(path: bytes | None) -> bool:
    """Whether nothing can be wrong with a path, at the first glance: so it is with nearly all."""
    return path is not None and (
        path[:1] == b"/"
        and len(path) <= _SOCKET_BYTES
        and b"/." not in path
        and b"//" not in path
        and path[-1:] != b"/"
        and b"\0" not in path
    )


def _new_fault(change: Change) -> str:
    """What is wrong with the path that a change brings, and was not wrong with the one before; or ""."""
    after = change.after
    if after is None:
        return ""
    fault = target_fault(after)
    if not fault and change.kind == Socket.noun and len(after) > _SOCKET_BYTES:
        return f"the new name of a socket has {len(after)} bytes, of {_SOCKET_BYTES} possible"
    if fault and after.startswith(b"/"):
        stood = target_fault(change.before or b"/")
        return "" if fault.partition(":")[0] == stood.partition(":")[0] else fault
    return fault


def find_conflicts(image: Image, changes: Sequence[Change]) -> list[Conflict]:
    """Everything that speaks against these changes, in the order of the objects."""
    moved: _Moved = {}
    found = list(_ambiguous(image, changes))
    for change in changes:
        objref, kind, column, before, after = change[:5]
        if column not in _PATHS:
            continue
        moved.setdefault(kind, {})[objref] = change
        if not _is_plain(after) and (fault := _new_fault(change)):
            found.append(Conflict(objref, (), f"#{objref} {escape(before)}: {fault}"))
    if not moved:
        return sorted(found)
    claims = list(_claims(image, moved))
    found += _same_name(claims, "would both be at")
    found += _below_files(claims)
    found += _same_name(list(_mounts(image, moved)), "would both be mounted at")
    found += _keepers_outside(image, moved)
    return sorted(found)


def _ambiguous(image: Image, changes: Sequence[Change]) -> Iterator[Conflict]:
    """A change is of the object with its number: of an unsound image's, two can have it."""
    several = {(objref, cls.noun) for cls in CHANGEABLE for objref in image.ambiguous(cls)}
    for objref, kind in sorted(several & {change[:2] for change in changes}) if several else ():
        text = f"#{objref} stands in several rows of the {kind} table: which of them is to change is unclear"
        yield Conflict(objref, (), text)


_PATHS = frozenset(("path", "keeper_path", "mount_point"))
_Moved = dict[str, dict[int, Change]]
"""Kind, and objref, to the change of a path."""
_NONE: dict[int, Change] = {}


def _claims(image: Image, moved: _Moved) -> Iterator[Claim]:
    noun, of_inode = File.noun, Inode.noun
    of_files, of_keepers = moved.get(noun, _NONE), moved.get(of_inode, _NONE)
    directory, unreachable = int(FileKind.DIRECTORY), int(NameState.UNREACHABLE)
    path_index, inode_index, kind_index = map(File.fields.index, ("path", "inode", "kind"))
    state_index = File.fields.index("name_state")
    for file in image.rows(File):
        objref, path, inode = file[0], file[path_index], file[inode_index]
        change = of_files.get(objref)
        in_use = needs_name(file) or (change is not None and file[state_index] == unreachable)
        if in_use and path:
            after = path if change is None else change.after
            who = (of_inode, inode) if inode is not None else (noun, objref)
            yield Claim(who, objref, path, after, file[kind_index] == directory)
    for inode in image.rows(Inode):
        if inode.keeper_path is not None:
            change = of_keepers.get(inode.objref)
            after = inode.keeper_path if change is None else change.after
            if after is not None:
                is_directory = stat.S_ISDIR(inode.mode)
                yield Claim((Inode.noun, inode.objref), inode.objref, inode.keeper_path, after, is_directory)
    for socket in image.rows(Socket):
        if socket.path:
            change = moved.get(Socket.noun, _NONE).get(socket.file)
            after = socket.path if change is None else change.after
            yield Claim((Socket.noun, socket.file), socket.file, socket.path, after, directory=False)


def _mounts(image: Image, moved: _Moved) -> Iterator[Claim]:
    of_mounts = moved.get(Filesystem.noun, _NONE)
    for mounted in image.rows(Filesystem):
        change = of_mounts.get(mounted.objref)
        after = mounted.mount_point if change is None else change.after
        yield Claim((Filesystem.noun, mounted.objref), mounted.objref, mounted.mount_point, after, True)


def _same_name(claims: Sequence[Claim], both: str) -> Iterator[Conflict]:
    """Names that several would have who did not share a name before."""
    if len({claim.after for claim in claims}) == len(claims):
        return
    first_at: dict[bytes, Claim] = {}
    doubtful: dict[bytes, list[Claim]] = {}
    for claim in claims:  # nearly all pass here: the groups would take a third of the time
        first = first_at.setdefault(claim.after, claim)
        if first is not claim and (first.who != claim.who or first.before != claim.before):
            doubtful[claim.after] = []
    for claim in claims if doubtful else ():
        if claim.after in doubtful:
            doubtful[claim.after].append(claim)
    for name, those in doubtful.items():
        if (
            all(claim.before == claim.after for claim in those)
            or len({claim.who for claim in those}) < 2
            or len({claim.before for claim in those}) < 2
        ):
            continue
        first, *others = sorted(those, key=lambda claim: (claim.before == claim.after, claim.objref))
        unlike = [other for other in others if other.who != first.who]
        other = next((each for each in unlike if each.before != first.before), unlike[0])
        if other.before == other.after:
            text = f"{_named(first)} would get the path of #{other.objref}: {escape(name)}"
        else:
            text = f"{_named(first)} and {_named(other)} {both} {escape(name)}"
        more = len(unlike) - 1
        text += f" (and {more} more)" if more else ""
        yield Conflict(first.objref, tuple(each.objref for each in unlike[:_SHOWN]), text)


def _named(claim: Claim) -> str:
    return f"#{claim.objref} {escape(claim.before)}"


def _below_files(claims: Sequence[Claim]) -> Iterator[Conflict]:
    """Names that would be below one that is no directory."""
    plain = {claim.after: claim for claim in claims if not claim.directory}
    blocked: dict[bytes, Claim | None] = {b"": None, b"/": None}
    for claim in claims:
        above = claim.after.rpartition(b"/")[0]
        if above not in blocked:
            _fill_blocked(above, plain, blocked)
        file = blocked[above]
        if file is None or (claim.before == claim.after and file.before == file.after):
            continue
        if claim.before.startswith(file.before + b"/"):
            continue
        text = (
            f"{_named(claim)} would be at {escape(claim.after)}, below #{file.objref}, which is no directory"
        )
        yield Conflict(claim.objref, (file.objref,), text)


def _fill_blocked(folder: bytes, plain: dict[bytes, Claim], blocked: dict[bytes, Claim | None]) -> None:
    """Note for a folder, and those above it, the file that is in the way of being one."""
    chain = []
    while folder not in blocked:
        chain.append(folder)
        folder = folder.rpartition(b"/")[0]
    for each in reversed(chain):
        blocked[each] = plain.get(each) or blocked[each.rpartition(b"/")[0]]


def _keepers_outside(image: Image, moved: _Moved) -> Iterator[Conflict]:
    """Re-linked files whose new name would not be on their file system any more (rule C425)."""
    for inode in image.rows(Inode):
        if inode.keeper != Keeper.RELINKED or inode.keeper_path is None:
            continue
        mounted = image.find(Filesystem, inode.filesystem)
        if mounted is None:
            continue
        path = moved.get(Inode.noun, _NONE).get(inode.objref)
        point = moved.get(Filesystem.noun, _NONE).get(mounted.objref)
        after = path.after if path is not None else inode.keeper_path
        new_point = point.after if point is not None else mounted.mount_point
        was_inside = _inside(inode.keeper_path, mounted.mount_point)
        if after is not None and was_inside and not _inside(after, new_point):
            text = (
                f"#{inode.objref} is re-linked at {escape(inode.keeper_path)}; {escape(after)} would not be"
                f" on its file system, at {escape(new_point)}"
            )
            yield Conflict(inode.objref, (mounted.objref,), text)


def _inside(path: bytes, folder: bytes) -> bool:
    return path.startswith(folder.rstrip(b"/") + b"/")
