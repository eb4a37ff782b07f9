"""The inodes behind open files: by name, by ghost file, in memory."""

from __future__ import annotations

import stat

from crimg.criu.ghosts import Ghost
from crimg.errors import FormatError, MissingFileError
from crimg.model import Inode
from crimg.model.enums import FileKind, Keeper

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.criu.building import Builder
    from crimg.criu.files import FileBuilder
    from crimg.model.record import Record

LINKED, GHOST, PROCFS = 0, 1, 2
"""Types of remap-fpath.img."""
KIND_OF_MODE = {
    stat.S_IFREG: FileKind.REGULAR,
    stat.S_IFDIR: FileKind.DIRECTORY,
    stat.S_IFCHR: FileKind.CHARACTER_DEVICE,
    stat.S_IFIFO: FileKind.FIFO,
}
_SEC = 10**9
NOT_RECORDED = ("device", "number", "uid", "gid", "nlink", "blocks", "mtime", "ctime")
"""Columns of an inode that CRIU does not record of a file that has a name."""


class InodeBuilder:
    """Makes the rows of inodes that have, or had, a name."""

    def __init__(self, builder: Builder, files: FileBuilder) -> None:
        """files: has the entries of files.img."""
        self._builder = builder
        self._tables = builder.tables
        self._files = files
        self._ghosts: dict[int, Ghost | None] = {}
        sizes: dict[tuple[int, bytes], int | None] = {}
        for mount, path, size in files.sizes():
            if sizes.setdefault((mount, path), size) != size:
                sizes[mount, path] = None
        self._sizes = sizes
        """Mount and name of files to their size; None where entries differ."""
        self._known = self._tables.numbers("inode")
        self._mounts: set[int] = set()
        self._named: list[tuple[int, int, int, int | None]] = []
        """Objref, place of the entry, mode and size of inodes whose rows are made when they are asked for."""

    def of_name(
        self, place: int, remap: Any, mode: int, path: bytes, mount: int, size: int | None
    ) -> tuple[int, int]:
        """Objref of the inode of a file with a name, and its mode.

        place: of the entry.  mode, path, mount, size: what it says, 0 for a mode that is not recorded.
        """
        if remap is not None:
            if remap.remap_type == GHOST:
                return self._ghost_inode(remap.remap_id, self._files.named(place))
            if remap.remap_type == LINKED:
                relinked = self._relinked(remap.remap_id, self._files.named(place), mode)
                return relinked, mode or stat.S_IFREG
        known = self._sizes.get((mount, path))  # one name, one file, unless sizes differ
        if known is not None:
            size = known
        elif not size and not self._files.named(place).HasField("size"):
            size = None
        name = (mount, path, size, mode & 0o170000)
        objref = self._known.get(name)
        if objref is None:
            objref = self._known[name]
            if mount not in self._mounts:
                self._mounts.add(mount)
                self._builder.filesystem(mount)
            self._named.append((objref, place, mode, size))
        return objref, mode or stat.S_IFREG

    def _relinked(self, number: int, reg: Any, mode: int) -> int:
        """Objref of an inode that has no name but that of the file with this id, which keeps it."""
        name = ("relinked", number)
        if not self._tables.knows("inode", name):
            target = self._files.by_id.get(number)
            size = reg.size if reg.HasField("size") else None
            self._tables.add(
                self._inode(
                    self._tables.objref("inode", name),
                    filesystem=self._builder.filesystem(reg.mnt_id),
                    mode=mode or stat.S_IFREG,
                    size=size or 0,
                    build_id=_build_id(reg),
                    keeper=Keeper.RELINKED,
                    keeper_path=self._files.named(target).name if target is not None else None,
                    extra={"unrecorded": _missing(reg, size)},
                )
            )
        return self._tables.objref("inode", name)

    def rows(self) -> list[Record]:
        """The rows of inodes that are known by a name alone. There is nothing in them that can be wrong."""
        filesystem, named = self._builder.filesystem, self._files.named
        return [
            self._inode(
                objref,
                filesystem=filesystem(reg.mnt_id),
                mode=mode or stat.S_IFREG,
                size=size or 0,
                build_id=_build_id(reg),
                extra={"unrecorded": _missing(reg, size)},
            )
            for objref, place, mode, size in self._named
            for reg in (named(place),)
        ]

    def ghost(self, number: int) -> Ghost | None:
        """A ghost file; None where it is not there or damaged, which is noted."""
        if number not in self._ghosts:
            part = self._builder.directory.part("ghost-file", number)
            self._ghosts[number] = None
            try:
                if part is None:
                    text = "is not in the directory: the contents of a deleted file are lost"
                    raise MissingFileError(text, section=f"ghost-file-{number:x}.img")
                self._ghosts[number] = Ghost(part)
            except FormatError as error:
                self._tables.note(error)
        return self._ghosts[number]

    def _ghost_inode(self, number: int, reg: Any) -> tuple[int, int]:
        found = self.ghost(number)
        name = ("ghost", number)
        part = self._builder.directory.part("ghost-file", number)
        mode = found.message.mode if found is not None else reg.mode or stat.S_IFREG
        if not self._tables.knows("inode", name):
            kept = found is not None and part is not None and stat.S_ISREG(mode)
            message = found.message if found is not None else None
            modified = message.mtim.tv_sec * _SEC + message.mtim.tv_usec * 1000 if message is not None else 0
            known = message is not None and message.HasField("ino")
            missing: tuple[str, ...] = ("nlink", "blocks", "ctime") + (() if known else ("device", "number"))
            if message is None:
                missing += ("uid", "gid", "size", "mtime")
            row = self._inode(
                self._tables.objref("inode", name),
                filesystem=self._builder.filesystem(reg.mnt_id),
                device=_kernel_device(message.dev) if known and message is not None else 0,
                number=message.ino if known and message is not None else 0,
                mode=mode,
                uid=message.uid if message is not None else 0,
                gid=message.gid if message is not None else 0,
                rdev=_kernel_device(message.rdev) if message is not None else 0,
                size=found.size if found is not None else 0,
                mtime=modified,
                keeper=Keeper.EMBEDDED if kept else Keeper.NONE,
                blobs=(self._builder.sections.of_ghost(part, found),) if kept else (),  # type: ignore[arg-type]
                extra={"unrecorded": missing, "ghost_id": number},
            )
            self._tables.add(row)
        return self._tables.objref("inode", name), mode

    def _inode(
        self,
        objref: int,
        *,
        mode: int,
        size: int,
        extra: dict[str, object],
        filesystem: int | None = None,
        device: int = 0,
        number: int = 0,
        uid: int = 0,
        gid: int = 0,
        rdev: int = 0,
        mtime: int = 0,
        build_id: bytes | None = None,
        keeper: int = Keeper.NONE,
        blobs: tuple[int, ...] = (),
        keeper_path: bytes | None = None,
    ) -> Inode:
        return Inode(
            objref=objref,
            referrers=0,
            filesystem=filesystem,
            device=device,
            number=number,
            generation=None,
            handle_type=None,
            handle=None,
            mode=mode,
            uid=uid,
            gid=gid,
            rdev=rdev,
            nlink=0,
            size=size,
            blocks=0,
            mtime=mtime,
            ctime=0,
            btime=None,
            digest_kind=None,
            digest=None,
            build_id=build_id,
            keeper=keeper,
            blobs=blobs,
            keeper_path=keeper_path,
            extra=extra,
        )


def _missing(reg: Any, size: int | None) -> tuple[str, ...]:
    """Columns that CRIU did not record of a file with a name."""
    more = ("size",) if size is None else ()
    return NOT_RECORDED + more if reg.HasField("mode") else (*NOT_RECORDED, *more, "mode")


def _build_id(reg: Any) -> bytes | None:
    return b"".join(word.to_bytes(4, "little") for word in reg.build_id) or None


def _kernel_device(number: int) -> int:
    """A device number as the kernel packs it (major << 20 | minor) in the form of the model."""
    return number >> 20 << 32 | number & 0xFFFFF
