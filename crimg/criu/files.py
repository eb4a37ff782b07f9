"""files.img: the open file descriptions."""

from __future__ import annotations

import stat

from crimg.criu.attributes import ATTRIBUTES
from crimg.criu.buffers import BufferBuilder
from crimg.criu.inodes import GHOST, KIND_OF_MODE, LINKED, InodeBuilder
from crimg.criu.kinds import FIFO, FILE_TYPES, MEMFD, PIPE, REG, TTY
from crimg.criu.special import SpecialBuilder
from crimg.model import File
from crimg.model.enums import FileKind, NameState, file_kind_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.criu.building import Builder

_O_PATH = 0o10000000


class FileBuilder:
    """Makes the rows of open files. by_id: id to entry of files.img, the first where there are several."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._tables = builder.tables
        self.entries = builder.file_entries()
        self.by_id: dict[int, Any] = {}
        for entry in self.entries:
            self.by_id.setdefault(entry.id, entry)
        self._names = {entry.id: entry.reg for entry in self.entries if entry.type == REG}
        self.remaps = {remap.orig_id: remap for remap in builder.messages("remap-fpath")}
        self.inodes = InodeBuilder(builder, self.entries, self.by_id)
        self.buffers = BufferBuilder(builder)
        self.special = SpecialBuilder(builder)

    def add(self, referred: set[int]) -> None:
        """The rows of all open files. referred: ids that descriptors, mappings and tasks refer to.

        An entry that only names a terminal, a FIFO or a re-linked file is no open file by itself.
        """
        inner = {entry.tty.regf_id for entry in self.entries if entry.type == TTY}
        inner |= {entry.fifo.regf_id for entry in self.entries if entry.type == FIFO}
        inner |= {remap.remap_id for remap in self.remaps.values() if remap.remap_type == LINKED}
        inner -= referred
        for entry in self.entries:
            if entry.id not in inner:
                self._add(entry)

    def _add(self, entry: Any) -> None:
        kind = FILE_TYPES.get(entry.type)
        own: Any = getattr(entry, kind.member) if kind is not None else None
        if entry.type in (REG, FIFO, TTY):
            self._add_named(entry, own)
            return
        attributes: dict[str, object] = {"criu_id": entry.id}
        pipe = inode = link = None
        if kind is None:
            attributes["criu_type"] = entry.type
        elif kind.member in ATTRIBUTES:
            attributes.update(ATTRIBUTES[kind.member](own))
        else:
            link = self.special.add(kind.member, self._builder.file_objref(entry.id), own)
        if entry.type == PIPE:
            pipe = self.buffers.pipe(own.pipe_id)
        elif entry.type == MEMFD:
            inode = self.special.memory_inode(own.inode_id)
            link = self.special.memory_link(own.inode_id)
        if link is not None:
            attributes["link"] = link
        flags = getattr(own, "flags", 0)
        self._tables.add(
            self._row(
                entry.id,
                kind=file_kind_number(kind.kind if kind else ""),
                own=own,
                flags=flags,
                position=getattr(own, "pos", 0),
                inode=inode,
                pipe=pipe,
                extra=attributes,
            )
        )

    def _add_named(self, entry: Any, own: Any) -> None:
        """A file that has a name: by itself, or by an entry beside it."""
        named = own
        if entry.type != REG:
            beside = self.by_id.get(own.regf_id)
            named = beside.reg if beside is not None and beside.HasField("reg") else None
            if named is None and entry.type == FIFO:  # older images: the entry of the name has the same id
                named = self._names.get(entry.id)
        extra: dict[str, object] = {"criu_id": entry.id}
        remap = self.remaps.get(named.id) if named is not None else None
        state = self._name_state(remap)
        kind = (
            FileKind.FIFO if entry.type == FIFO else FileKind.CHARACTER_DEVICE if entry.type == TTY else None
        )
        inode = None
        if named is not None:
            inode, mode = self.inodes.of_name(named, remap, kind)
            if kind is None:
                kind = KIND_OF_MODE.get(stat.S_IFMT(mode), FileKind.REGULAR)
            if named.HasField("mnt_id") and named.mnt_id >= 0:
                extra["mount_id"] = named.mnt_id
            if named.ext:
                extra["given_at_restore"] = True
        self._tables.add(
            self._row(
                entry.id,
                kind=kind if kind is not None else FileKind.REGULAR,
                own=own if entry.type == TTY else named if named is not None else own,
                flags=own.flags if entry.type == TTY else named.flags if named is not None else 0,
                position=named.pos if named is not None else 0,
                path=named.name if named is not None else b"",
                state=state if named is not None else NameState.NONE,
                inode=inode,
                pipe=self.buffers.pipe(own.pipe_id) if entry.type == FIFO else None,
                tty=self.buffers.tty(own.tty_info_id) if entry.type == TTY else None,
                extra=extra,
            )
        )

    def _row(
        self,
        id: int,
        *,
        kind: int,
        own: Any,
        flags: int,
        position: int,
        path: bytes = b"",
        state: int = NameState.NONE,
        inode: int | None = None,
        pipe: int | None = None,
        tty: int | None = None,
        extra: dict[str, object],
    ) -> File:
        owner: Any = getattr(own, "fown", None)
        has_owner = owner is not None and owner.pid != 0
        signed = position - (1 << 64) if position >= 1 << 63 else position
        return File.from_row(
            (
                self._builder.file_objref(id),
                0,
                kind,
                path,
                state,
                flags,
                0 if flags & _O_PATH else (flags + 1) & 3,
                signed,
                inode,
                pipe,
                tty,
                None,
                owner.pid_type if has_owner else -1,
                owner.pid if has_owner else 0,
                owner.signum if has_owner else 0,
                max(getattr(own, "mnt_id", 0), 0),
                extra,
            )
        )

    def _name_state(self, remap: Any) -> int:
        if remap is None:
            return NameState.LINKED
        return {LINKED: NameState.RELINKED, GHOST: NameState.DELETED}.get(
            remap.remap_type, NameState.UNREACHABLE
        )
