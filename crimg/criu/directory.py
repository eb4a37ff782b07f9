"""A CRIU image directory: its files, found by name, and their bytes on demand.

Page data and other contents are mapped where they are, never copied. Nothing outside the directory is opened
but the directory of the dump before, which its link `parent` names.
"""

from __future__ import annotations

import mmap
import os
import stat

from crimg.criu.framing import entries
from crimg.criu.kinds import KINDS, RAW_STEMS, split_name
from crimg.errors import FileError, FormatError, TruncatedError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.criu.framing import Entry
    from crimg.criu.kinds import ImageKind

INVENTORY = "inventory.img"
CHECKPOINT = "checkpoint"
"""The directory inside a container checkpoint that holds the images of CRIU."""
PARENT = "parent"
"""The link to the directory of the dump before, for pages that have not changed since."""
_MAPPED_FROM = 1 << 16
"""Smaller files are read: mapping one costs more than copying it."""


class Part:
    """One image file of a directory.

    name: in the directory.  stem, number: what its name says.  kind: None for one that CRIU is not known to
    write.  size: bytes.  mtime: nanoseconds.
    """

    __slots__ = ("_directory", "_map", "_view", "kind", "mtime", "name", "number", "size", "stem")

    def __init__(self, directory: Directory, name: str, size: int, mtime: int) -> None:
        self._directory = directory
        self._map: mmap.mmap | None = None
        self._view: memoryview | None = None
        self.name = name
        self.stem, self.number = split_name(name)
        self.kind: ImageKind | None = KINDS.get(self.stem)
        self.size = size
        self.mtime = mtime

    @property
    def view(self) -> memoryview:
        """The bytes of the file. Raises TruncatedError where it became shorter, FileError."""
        if self._view is None:
            self._view = self._load()
        elif self._map is not None and self._directory.size_of(self.name) < self.size:
            raise TruncatedError("the file became shorter", section=self.name, offset=self.size)
        return self._view

    def _load(self) -> memoryview:
        fd = self._directory.open(self.name)
        try:
            if os.fstat(fd).st_size < self.size:
                raise TruncatedError("the file became shorter", section=self.name, offset=self.size)
            if self.size >= _MAPPED_FROM:
                self._map = mmap.mmap(fd, self.size, prot=mmap.PROT_READ)
                return memoryview(self._map)
            data = os.pread(fd, self.size, 0)
        except OSError as error:
            raise FileError(f"{self._directory.name}/{self.name}: {error.strerror}") from error
        finally:
            os.close(fd)
        if len(data) < self.size:
            raise TruncatedError("the file became shorter", section=self.name, offset=len(data))
        return memoryview(data)

    def entries(self) -> Iterator[Entry]:
        """Its entries, decoded. Raises FormatError where it has none that crimg knows, or is damaged."""
        if self.kind is None or not self.kind.message:
            raise FormatError("holds nothing that crimg decodes", section=self.name)
        if not self.size:
            return iter(())  # CRIU leaves a file empty that has nothing to say
        return entries(self.view, self.kind, self.name)

    def close(self) -> None:
        """Let go of the bytes; where a caller still holds a view of them, they go with it."""
        self._view = None
        if self._map is not None:
            try:
                self._map.close()
            except BufferError:
                self._map = None


class Directory:
    """The image files of a directory. Raises FileError where it cannot be read, UsageError for none.

    name: as the caller gave it.  parts: by file name, in the order of names.
    """

    def __init__(self, name: str, fd: int) -> None:
        """fd: an open descriptor of the directory, which this object owns from now on."""
        self.name = name
        self.fd = fd
        self._by_kind: dict[tuple[str, int | None], Part] = {}
        try:
            self.parts = self._scan()
            if (
                INVENTORY not in self.parts
                and "pstree.img" not in self.parts
                and CHECKPOINT in os.listdir(fd)
            ):
                inner = os.open(CHECKPOINT, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=fd)
                os.close(self.fd)
                self.fd = inner
                self.parts = self._scan()
        except OSError as error:
            self.close()
            raise FileError(f"{name}: {error.strerror}") from error
        if INVENTORY not in self.parts and "pstree.img" not in self.parts:
            self.close()
            raise UsageError(f"{name}: is a directory without images of CRIU ({INVENTORY})")
        for part in self.parts.values():
            self._by_kind.setdefault((part.stem, part.number), part)

    def _scan(self) -> dict[str, Part]:
        parts = {}
        for name in sorted(os.listdir(self.fd)):
            stem, _ = split_name(name)
            if not stem or "/" in name:
                continue
            found = os.stat(name, dir_fd=self.fd)
            if stat.S_ISREG(found.st_mode):
                parts[name] = Part(self, name, found.st_size, found.st_mtime_ns)
        return parts

    def open(self, name: str) -> int:
        """A descriptor of a file of the directory, for reading. Raises FileError."""
        try:
            return os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK, dir_fd=self.fd)
        except OSError as error:
            raise FileError(f"{self.name}/{name}: {error.strerror}") from error

    def size_of(self, name: str) -> int:
        """Length of a file of the directory now, bytes."""
        try:
            return os.stat(name, dir_fd=self.fd).st_size
        except OSError:
            return 0

    def part(self, stem: str, number: int | None = None) -> Part | None:
        """The image file of this kind and number, or None."""
        return self._by_kind.get((stem, number))

    def of_stem(self, stem: str) -> list[Part]:
        """All image files of a kind."""
        return [part for part in self.parts.values() if part.stem == stem]

    def unknown(self) -> list[Part]:
        """Image files of which nothing is known but the name."""
        return [part for part in self.parts.values() if part.kind is None and part.stem not in RAW_STEMS]

    def parent(self) -> str | None:
        """Where the dump before is, as the link says; None for a dump that stands alone."""
        try:
            return os.readlink(PARENT, dir_fd=self.fd)
        except OSError:
            return None

    def close(self) -> None:
        """Let go of all files."""
        for part in getattr(self, "parts", {}).values():
            part.close()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
