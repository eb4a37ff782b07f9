"""files.img: the open file descriptions."""

from __future__ import annotations

from functools import cached_property
from operator import attrgetter

from crimg.criu.attributes import ATTRIBUTES
from crimg.criu.buffers import BufferBuilder
from crimg.criu.inodes import GHOST, KIND_OF_MODE, LINKED, InodeBuilder
from crimg.criu.kinds import FIFO, FILE_TYPES, MEMFD, PIPE, REG, TTY
from crimg.criu.special import SpecialBuilder
from crimg.model import File, Inode
from crimg.model.enums import FileKind, NameState, file_kind_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any

    from crimg.criu.building import Builder

_O_PATH = 0o10000000
_TYPE_BITS = 0o170000
_NAMED = attrgetter("name", "mnt_id", "flags", "pos", "mode", "size", "id", "ext", "fown.pid")


class FileBuilder:
    """Makes the rows of open files.

    entries: of files.img.  by_id: id to place of the entry there, the first where there are several.
    """

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._tables = builder.tables
        self.entries = builder.file_entries()
        self._columns = [(entry.id, entry.type, *_NAMED(entry.reg)) for entry in self.entries]
        self._others = [place for place, columns in enumerate(self._columns) if columns[1] != REG]
        """Places of the entries that are no files with a name, of which there are few in large images."""
        ids = [columns[0] for columns in self._columns]
        self.by_id: dict[int, int] = dict(zip(reversed(ids), reversed(range(len(ids))), strict=True))
        self._links: dict[int, bytes | None] = {}
        self._referrers: dict[int, int] = {}
        self.remaps = {remap.orig_id: remap for remap in builder.messages("remap-fpath")}
        self.inodes = InodeBuilder(builder, self)
        self.buffers = BufferBuilder(builder)
        self.special = SpecialBuilder(builder)

    def sizes(self) -> Iterator[tuple[int, bytes, int]]:
        """Mount, name and size of all entries of files.img that have a size."""
        for place, columns in enumerate(self._columns):
            path, mount, size = columns[2], columns[3], columns[7]
            if size or self.named(place).HasField("size"):
                yield mount, path, size

    def named(self, place: int) -> Any:
        """What the entry at a place in files.img says of a file with a name."""
        return self.entries[place].reg

    def prepare(self) -> None:
        """The rows that tell the state of files without a name, which can refer to other files."""
        for place in self._others:
            id, type_ = self._columns[place][:2]
            kind = FILE_TYPES.get(type_)
            if kind is not None and type_ not in (FIFO, TTY) and kind.member not in ATTRIBUTES:
                own = getattr(self.entries[place], kind.member)
                self._links[id] = self.special.add(kind.member, self._builder.file_objref(id), own)

    def add(self, referred: Collection[object]) -> None:
        """The rows of all open files, after all that refer to them.

        referred: ids that descriptors, mappings and tasks refer to. An entry that only names a terminal, a
        FIFO or a re-linked file is no open file by itself.
        """
        inner: set[object] = {remap.remap_id for remap in self.remaps.values() if remap.remap_type == LINKED}
        for place in self._others:
            type_ = self._columns[place][1]
            if type_ == TTY:
                inner.add(self.entries[place].tty.regf_id)
            elif type_ == FIFO:
                inner.add(self.entries[place].fifo.regf_id)
        inner.difference_update(referred)
        self._referrers = self._tables.references_to(File)
        rows = self._tables.table(File)
        regular = self._regular()
        for place, columns in enumerate(self._columns):
            type_ = columns[1]
            if columns[0] in inner:
                continue
            if type_ == REG:
                rows.append(regular(place, *columns))
            elif type_ in (FIFO, TTY):
                rows.append(self._named(self.entries[place]))
            else:
                rows.append(self._nameless(self.entries[place]))
        self._columns = []  # all is in the rows: what follows takes the memory over
        self._tables.later(Inode, self.inodes.rows, vouched=True)

    def _regular(self) -> Callable[..., File]:
        """What makes the row of a file that has a name by itself: most are, so that each step here counts."""
        remaps, referrers, of_name = self.remaps, self._referrers, self.inodes.of_name
        files, doubt = self._tables.numbers("file"), self._tables.doubt
        kinds, new = dict(KIND_OF_MODE), tuple.__new__
        regular, linked = FileKind.REGULAR, int(NameState.LINKED)

        def row(
            place: int,
            id: int,
            _type: int,
            path: bytes,
            mount_id: int,
            flags: int,
            position: int,
            mode: int,
            size: int,
            number: int,
            given: bool,
            owner_pid: int,
        ) -> File:
            state, remap = linked, None
            owner_type, owner, signal = -1, 0, 0
            if number in remaps:
                remap = remaps[number]
                state = self._name_state(remap)
            if owner_pid:
                owner_type, owner, signal = _owner(self.named(place).fown)
            inode, mode = of_name(place, remap, mode, path, mount_id, size)
            extra: dict[str, object] = {"criu_id": id}
            if mount_id >= 0 and (mount_id or self.named(place).HasField("mnt_id")):
                extra["mount_id"] = mount_id
            if given:
                extra["given_at_restore"] = True
            objref = files[id]
            made = new(
                File,
                (
                    objref,
                    referrers.get(objref, 0),
                    kinds.get(mode & _TYPE_BITS, regular),
                    path,
                    state,
                    flags,
                    0 if flags & _O_PATH else (flags + 1) & 3,
                    position if position < 1 << 63 else position - (1 << 64),
                    inode,
                    None,
                    None,
                    None,
                    owner_type,
                    owner,
                    signal,
                    mount_id if mount_id > 0 else 0,
                    extra,
                ),
            )
            if owner_pid:
                doubt(made)
            return made

        return row

    def _nameless(self, entry: Any) -> File:
        kind = FILE_TYPES.get(entry.type)
        own: Any = getattr(entry, kind.member) if kind is not None else None
        attributes: dict[str, object] = {"criu_id": entry.id}
        pipe = inode = link = None
        if kind is None:
            attributes["criu_type"] = entry.type
        elif kind.member in ATTRIBUTES:
            attributes.update(ATTRIBUTES[kind.member](own))
        else:
            link = self._links[entry.id]
        if entry.type == PIPE:
            pipe = self.buffers.pipe(own.pipe_id)
        elif entry.type == MEMFD:
            inode = self.special.memory_inode(own.inode_id)
            link = self.special.memory_link(own.inode_id)
        if link is not None:
            attributes["link"] = link
        flags = getattr(own, "flags", 0)
        return self._row(
            entry.id,
            kind=file_kind_number(kind.kind if kind else ""),
            own=own,
            flags=flags,
            position=getattr(own, "pos", 0),
            inode=inode,
            pipe=pipe,
            extra=attributes,
        )

    @cached_property
    def _named_by_id(self) -> dict[int, int]:
        """Id to place of the first entry of a file with a name, also where another entry has that id."""
        ids = {}
        for place, columns in reversed(list(enumerate(self._columns))):
            if columns[1] == REG:
                ids[columns[0]] = place
        return ids

    def _named(self, entry: Any) -> File:
        """A FIFO or a terminal, which has its name by an entry beside it."""
        own = entry.tty if entry.type == TTY else entry.fifo
        place = self.by_id.get(own.regf_id)
        if place is not None and not self.entries[place].HasField("reg"):
            place = None
        if place is None and entry.type == FIFO:  # older images: the entry of the name has the same id
            place = self._named_by_id.get(entry.id)
        named = self.named(place) if place is not None else None
        extra: dict[str, object] = {"criu_id": entry.id}
        remap = self.remaps.get(named.id) if named is not None else None
        state = self._name_state(remap)
        kind = FileKind.FIFO if entry.type == FIFO else FileKind.CHARACTER_DEVICE
        inode = None
        if named is not None and place is not None:
            mode = named.mode or next(bits for bits, each in KIND_OF_MODE.items() if each == kind)
            inode, _ = self.inodes.of_name(place, remap, mode, named.name, named.mnt_id, named.size)
            if named.HasField("mnt_id") and named.mnt_id >= 0:
                extra["mount_id"] = named.mnt_id
            if named.ext:
                extra["given_at_restore"] = True
        return self._row(
            entry.id,
            kind=kind,
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
        owner_type, owner, signal = _owner(getattr(own, "fown", None))
        objref = self._builder.file_objref(id)
        row = File.from_row(
            (
                objref,
                self._referrers.get(objref, 0),
                kind,
                path,
                state,
                flags,
                0 if flags & _O_PATH else (flags + 1) & 3,
                position - (1 << 64) if position >= 1 << 63 else position,
                inode,
                pipe,
                tty,
                None,
                owner_type,
                owner,
                signal,
                max(getattr(own, "mnt_id", 0), 0),
                extra,
            )
        )
        self._tables.doubt(row)
        return row

    def _name_state(self, remap: Any) -> int:
        if remap is None:
            return NameState.LINKED
        return {LINKED: NameState.RELINKED, GHOST: NameState.DELETED}.get(
            remap.remap_type, NameState.UNREACHABLE
        )


def _owner(owner: Any) -> tuple[int, int, int]:
    """Type, pid and signal of F_GETOWN_EX and F_GETSIG, as the model has them."""
    pid = owner.pid if owner is not None else 0
    return (owner.pid_type, pid, owner.signum) if pid else (-1, 0, 0)
