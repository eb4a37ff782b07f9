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

    def __init__(self, builder: Builder, entries: list[Any], by_id: dict[int, Any]) -> None:
        """entries: of files.img.  by_id: the same by id."""
        self._builder = builder
        self._tables = builder.tables
        self._by_id = by_id
        self._ghosts: dict[int, Ghost | None] = {}
        self._sizes: dict[tuple[int, bytes], set[int]] = {}
        for entry in entries:
            if entry.HasField("reg") and entry.reg.HasField("size"):
                self._sizes.setdefault((entry.reg.mnt_id, entry.reg.name), set()).add(entry.reg.size)

    def of_name(self, reg: Any, remap: Any, kind: FileKind | None) -> tuple[int, int]:
        """Objref of the inode of a file with a name, and its mode (0 where that is not recorded)."""
        if remap is not None and remap.remap_type == GHOST:
            return self._ghost_inode(remap.remap_id, reg)
        mode = reg.mode
        if not mode and kind is not None:
            mode = next(bits for bits, each in KIND_OF_MODE.items() if each == kind)
        keeper: tuple[int, bytes | None] = (Keeper.NONE, None)
        if remap is not None and remap.remap_type == LINKED:
            target = self._by_id.get(remap.remap_id)
            keeper = (Keeper.RELINKED, target.reg.name if target is not None else None)
            name: object = ("relinked", remap.remap_id)
        else:
            sizes = self._sizes.get((reg.mnt_id, reg.name), set())
            told = reg.size if reg.HasField("size") else None
            same = next(iter(sizes)) if len(sizes) == 1 else told  # one name, one file, unless sizes differ
            name = (reg.mnt_id, reg.name, same, stat.S_IFMT(mode))
        if self._tables.knows("inode", name):
            return self._tables.objref("inode", name), mode
        missing: tuple[str, ...] = NOT_RECORDED
        size = reg.size if reg.HasField("size") else None
        if size is None and keeper[0] == Keeper.NONE and isinstance(name, tuple):
            size = name[2]
        if size is None:
            missing += ("size",)
        if not reg.HasField("mode"):
            missing += ("mode",)
        build_id = b"".join(word.to_bytes(4, "little") for word in reg.build_id) or None
        self._add_inode(
            name,
            filesystem=self._builder.filesystem(reg.mnt_id),
            mode=mode or stat.S_IFREG,
            size=size or 0,
            build_id=build_id,
            keeper=keeper[0],
            keeper_path=keeper[1],
            extra={"unrecorded": missing},
        )
        return self._tables.objref("inode", name), mode or stat.S_IFREG

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
            self._add_inode(
                name,
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
        return self._tables.objref("inode", name), mode

    def _add_inode(
        self,
        name: object,
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
    ) -> None:
        self._tables.add(
            Inode(
                objref=self._tables.objref("inode", name),
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
        )


def _kernel_device(number: int) -> int:
    """A device number as the kernel packs it (major << 20 | minor) in the form of the model."""
    return number >> 20 << 32 | number & 0xFFFFF
