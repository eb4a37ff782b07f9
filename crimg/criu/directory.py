"""The image files of CRIU, found by name, and their bytes on demand: those of a directory.

Page data and other contents are mapped where they are, never copied. Nothing outside the directory is opened.
"""

from __future__ import annotations

import mmap
import os
import stat

from crimg.criu.framing import batch, entries, first_message
from crimg.criu.kinds import KINDS, RAW_STEMS, split_name
from crimg.errors import FileError, FormatError, TruncatedError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from crimg.criu.framing import Entry
    from crimg.criu.kinds import ImageKind

INVENTORY = "inventory.img"
CHECKPOINT = "checkpoint"
"""The directory inside a container checkpoint that holds the images of CRIU."""
PARENT = "parent"
"""The link to the directory of the dump before, for pages that have not changed since."""
JOURNAL, DONE = ".crimg-journal", "done"
"""The directory beside the images that keeps what rewrites replaced: one directory for each, by number; and
the file in it that tells that the rewrite came to its end."""
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_MAPPED_FROM = 1 << 16
"""Smaller files are read: mapping one costs more than copying it."""


class Part:
    """One image file.

    name: in its directory.  stem, number: what its name says.  kind: None for one that CRIU is not known to
    write.  size: bytes.  mtime: nanoseconds.
    """

    __slots__ = ("_files", "_view", "kind", "mtime", "name", "number", "size", "stem")

    def __init__(self, files: Files, name: str, named: tuple[str, int | None], size: int, mtime: int) -> None:
        self._files = files
        self._view: memoryview | None = None
        self.name = name
        self.stem, self.number = named
        self.kind: ImageKind | None = KINDS.get(self.stem)
        self.size = size
        self.mtime = mtime

    @property
    def view(self) -> memoryview:
        """The bytes of the file. Raises TruncatedError where it became shorter, FileError."""
        if self._view is None:
            self._view = self._files.load(self)
        elif self.size >= _MAPPED_FROM and self._files.size_of(self) < self.size:
            raise TruncatedError("the file became shorter", section=self.name, offset=self.size)
        return self._view

    def entries(self) -> Iterator[Entry]:
        """Its entries, decoded. Raises FormatError where it has none that crimg knows, or is damaged."""
        kind = self._decoded_kind()
        if not self.size:
            return iter(())  # CRIU leaves a file empty that has nothing to say
        return entries(self.view, kind, self.name)

    def first_message(self) -> Any:
        """The message of its first entry, or None. Raises FormatError as `entries` does."""
        kind = self._decoded_kind()
        return first_message(self.view, kind, self.name) if self.size else None

    def _decoded_kind(self) -> ImageKind:
        if self.kind is None or not self.kind.message:
            raise FormatError("holds nothing that crimg decodes", section=self.name)
        return self.kind

    def batch(self) -> Sequence[Any] | None:
        """The messages of a sound file of which there may be very many; None for others: see `entries`."""
        return batch(self.view, self.kind, self.name) if self.kind is not None and self.size else None

    def forget(self) -> None:
        """Let go of the bytes; views that a caller still holds keep them."""
        self._view = None


class Files:
    """The image files of one dump, wherever they are. name: as the caller gave it.  parts: by file name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fd = -1
        """Descriptor of the directory, where they are in one."""
        self.parts: dict[str, Part] = {}
        self._by_kind: dict[tuple[str, int | None], Part] = {}

    def add(self, name: str, size: int, mtime: int) -> None:
        """Take a file for a part of the image, if its name is that of an image file."""
        named = split_name(name)
        if named[0]:
            self._add(name, named, size, mtime)

    def _add(self, name: str, named: tuple[str, int | None], size: int, mtime: int) -> None:
        if "/" not in name:
            self.parts[name] = part = Part(self, name, named, size, mtime)
            self._by_kind.setdefault(named, part)

    @property
    def holder(self) -> int:
        """Descriptor of what holds the files: `open_image` of /proc/self/fd/N opens the same ones."""
        return self.fd

    @property
    def is_image(self) -> bool:
        """Whether these are the files of a dump."""
        return INVENTORY in self.parts or "pstree.img" in self.parts

    def load(self, part: Part) -> memoryview:
        """The bytes of a file. Raises TruncatedError, FileError."""
        raise NotImplementedError

    def size_of(self, part: Part) -> int:
        """Length of a file now, bytes."""
        return part.size

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
        return None

    def before(self) -> Files:
        """The image files of the dump before, which the caller closes.

        Raises FileError where they are not where the link says, UsageError where there are none.
        """
        raise FileError(f"{self.name}: has no dump before it")

    def unfinished(self) -> bool:
        """Whether a rewrite of the files was cut short."""
        return False

    def close(self) -> None:
        """Let go of all files."""
        for part in self.parts.values():
            part.forget()


class Directory(Files):
    """The image files in a directory, or in the `checkpoint` directory of it."""

    def __init__(self, name: str, fd: int) -> None:
        """fd: an open descriptor of the directory, which this object owns from now on.

        Raises FileError where it cannot be read, UsageError where it holds no images.
        """
        super().__init__(name)
        self.fd = fd
        try:
            self._scan()
            if not self.is_image and CHECKPOINT in os.listdir(fd):
                inner = os.open(CHECKPOINT, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=fd)
                os.close(self.fd)
                self.fd = inner
                self._scan()
        except OSError as error:
            self.close()
            raise FileError(f"{name}: {error.strerror}") from error
        if not self.is_image:
            self.close()
            raise UsageError(f"{name}: is a directory without images of CRIU ({INVENTORY})")

    def _scan(self) -> None:
        for name in sorted(os.listdir(self.fd)):
            named = split_name(name)
            if named[0]:
                found = os.stat(name, dir_fd=self.fd)
                if stat.S_ISREG(found.st_mode):
                    self._add(name, named, found.st_size, found.st_mtime_ns)

    def load(self, part: Part) -> memoryview:
        """The bytes of a file: read where it is small, else mapped. Raises TruncatedError, FileError."""
        try:
            fd = os.open(part.name, _OPEN, dir_fd=self.fd)
            try:
                if part.size >= _MAPPED_FROM and os.fstat(fd).st_size >= part.size:
                    return memoryview(mmap.mmap(fd, part.size, prot=mmap.PROT_READ))
                data = os.pread(fd, part.size, 0)
            finally:
                os.close(fd)
        except OSError as error:
            raise FileError(f"{self.name}/{part.name}: {error.strerror}") from error
        if len(data) < part.size:
            raise TruncatedError("the file became shorter", section=part.name, offset=len(data))
        return memoryview(data)

    def size_of(self, part: Part) -> int:
        """Length of a file of the directory now, bytes."""
        try:
            return os.stat(part.name, dir_fd=self.fd).st_size
        except OSError:
            return 0

    def parent(self) -> str | None:
        """Where the dump before is, as the link says; None for a dump that stands alone."""
        try:
            return os.readlink(PARENT, dir_fd=self.fd)
        except OSError:
            return None

    def before(self) -> Files:
        """The image files of the dump before, which the caller closes.

        Raises FileError where they are not where the link says, UsageError where there are none.
        """
        try:
            fd = os.open(PARENT, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.fd)
        except OSError as error:
            target = self.parent() or PARENT
            raise FileError(f"{self.name}/{PARENT} -> {target}: {error.strerror}") from error
        return Directory(f"{self.name}/{PARENT}", fd)

    def unfinished(self) -> bool:
        """Whether a rewrite of the directory was cut short: its last entry in the journal has no end."""
        try:
            names = os.listdir(f"/proc/self/fd/{self.fd}/{JOURNAL}")
        except OSError:  # it was never rewritten
            return False
        last = max((int(name) for name in names if name.isdecimal()), default=0)
        return last > 0 and not os.path.exists(f"/proc/self/fd/{self.fd}/{JOURNAL}/{last}/{DONE}")

    def close(self) -> None:
        """Let go of all files, and of the directory."""
        super().close()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
