"""The store behind an image that was read from a CRIU directory."""

from __future__ import annotations

from functools import cached_property

from crimg.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeVar

    from crimg.criu.building import Builder
    from crimg.criu.directory import Files
    from crimg.criu.marks import Marks
    from crimg.criu.numbering import Tables
    from crimg.criu.sections import FileSection
    from crimg.model.record import Record

    R = TypeVar("R", bound=Record)


class CriuStore:
    """Rows and bytes of a CRIU image. directory: its files.  file_entries: of files.img.

    remaps: entries of remap-fpath.img by the id of the file.  marks: what was removed on purpose.
    """

    is_criu = True

    def __init__(self, builder: Builder, tables: Tables, marks: Marks) -> None:
        self.directory: Files = builder.directory
        self.file_entries: Sequence[Any] = builder.files.entries
        self.remaps: dict[int, Any] = builder.files.remaps
        self.builder = builder
        self.marks = marks
        self._sections = builder.sections
        self._tables = tables

    @cached_property
    def files(self) -> dict[int, Any]:
        """Entries of files.img by id, the first where there are several."""
        return {id: self.file_entries[place] for id, place in self.builder.files.by_id.items()}

    @property
    def sections(self) -> Sequence[FileSection]:
        """The files, and what is inside them."""
        return self._sections.all

    def rows(self, cls: type[R]) -> list[R]:
        """The rows of one kind."""
        return self._tables.rows(cls)  # type: ignore[return-value]  # of this class by its key

    def body(self, section_id: int) -> memoryview:
        """The bytes of a section; raises FormatError."""
        return self._sections.body(section_id)

    def check(self, section_id: int) -> None:
        """CRIU's files have no checksums: that it is there is all that can be said. Raises FormatError."""
        if not 0 < section_id <= len(self._sections.all):
            raise FormatError(f"section {section_id} is not in the image")

    def stored(self, section: FileSection) -> memoryview:
        """The bytes of a section as they stand in the file."""
        return self._sections.stored(section)

    def release(self) -> None:
        """Nothing that was decoded is held: the kernel takes mapped pages back when it needs them."""

    def file(self) -> None:
        """There are many files."""
        return

    def close(self) -> None:
        """Let go of the files."""
        self.directory.close()
