"""The rows of a whole image from the files of a CRIU directory."""

from __future__ import annotations

from crimg.criu import system
from crimg.criu.files import FileBuilder
from crimg.criu.kinds import FILE_TYPES
from crimg.criu.memory import MemoryBuilder
from crimg.criu.messages import message_class
from crimg.criu.numbering import Tables
from crimg.criu.sections import Sections
from crimg.criu.signals import SignalBuilder
from crimg.criu.tasks import TaskBuilder
from crimg.errors import FormatError, MissingFileError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from crimg.criu.directory import Files, Part
    from crimg.criu.framing import Entry

_ANON_SHARED, _SYSVIPC, _MEMFD = 1 << 8, 1 << 10, 1 << 14


class Builder:
    """Makes the tables of an image, once.

    directory: where it is.  sections: the files and what is in them, as sections.  note: called with every
    damage; raises it, or keeps it and lets the work go on with what is whole.
    """

    def __init__(self, directory: Files, note: Callable[[FormatError], None]) -> None:
        self.directory = directory
        self.tables = Tables(note)
        self.sections = Sections(directory)
        self.system = system.SystemBuilder(self)
        self.files = FileBuilder(self)
        self.memory = MemoryBuilder(self)
        self.signals = SignalBuilder(self)
        self.tasks = TaskBuilder(self)
        self._files = self.tables.numbers("file")

    def build(self, *, everything: bool = False) -> Tables:
        """The tables. Raises what `note` raises.

        everything: so that all damage is noted herewith, and none when a table is asked for.
        """
        self.tasks.add_all()
        referred = set(self._files)
        self.files.prepare()
        self.system.add_locks()
        self.files.add(referred)
        self.system.add_info()
        self.tables.finish(everything=everything)
        return self.tables

    def entries(self, stem: str, number: int | None = None) -> Iterator[tuple[Part, Entry]]:
        """The entries of one image file; none where it is not there. Damage is noted, and ends them."""
        part = self.directory.part(stem, number)
        if part is None:
            return
        try:
            for entry in part.entries():
                yield part, entry
        except FormatError as error:
            self.tables.note(error)

    def messages(self, stem: str, number: int | None = None) -> Sequence[Any]:
        """The messages of one image file; none where it is not there. Damage is noted, and ends them.

        Of many messages, let go of each before the next: what protobuf hands out it keeps in a table, which
        is slow once it has thousands.
        """
        found: list[Any] = []
        part = self.directory.part(stem, number)
        if part is None:
            return found
        try:
            batch = part.batch()
            if batch is not None:
                return batch
            found.extend(entry.message for entry in part.entries())
        except FormatError as error:
            self.tables.note(error)
        return found

    def message(self, stem: str, number: int | None = None) -> Any:
        """The first message of an image file, or None. Damage is noted."""
        part = self.directory.part(stem, number)
        try:
            return part.first_message() if part is not None else None
        except FormatError as error:
            self.tables.note(error)
            return None

    def file_entries(self) -> Sequence[Any]:
        """The entries of files.img; in older images of the files that came before it, in the same form."""
        if self.directory.part("files") is not None:
            return self.messages("files")
        found = []
        for kind in FILE_TYPES.values():
            for message in self.messages(kind.image) if kind.image else ():
                entry = message_class("FileEntry")(type=kind.number, id=message.id)
                getattr(entry, kind.member).CopyFrom(message)
                found.append(entry)
        return found

    def file_objref(self, number: int) -> int:
        """The objref of an open file, by its id; whoever asks refers to it."""
        return self._files[number]

    def mm_objref(self, number: int, pid: int) -> int | None:
        """The objref of an address space, made when it is first met."""
        objref = self.tables.objref("mm", number)
        if not self.tables.knows("mm row", number):
            mm = self.message("mm", pid)
            if mm is None:
                text = f"is not in the directory, but process {pid} is in the tree"
                self.tables.note(MissingFileError(text, section=f"mm-{pid}.img"))
                return None
            self.tables.objref("mm row", number)
            self.memory.add(pid, objref, mm, mm.vmas or self.messages("vmas", pid))
        return objref

    def filesystem(self, mount_id: int) -> int | None:
        """The objref of the file system at a mount, or None where the image has no such mount."""
        return self.system.filesystem(mount_id)

    def pages_section(self, number: int) -> int | None:
        """The section id of a pages image, or None where it is not there."""
        return self.sections.id_of(f"pages-{number}.img")

    def shared_memory_of(self, vma: Any) -> int | None:
        """The number of the shared memory that a mapping without a file shows, or None."""
        return vma.shmid if vma.status & (_ANON_SHARED | _SYSVIPC) and not vma.status & _MEMFD else None

    def signal_of_task(self, task: int) -> int:
        """The objref of the signal struct of a task."""
        return self.tables.objref("signal", self.tasks.pids[task])
