"""The image files of CRIU inside a container checkpoint: tar, tar.gz or tar.zst.

podman, CRI-O and Kubernetes export such archives: the directory `checkpoint` holds the files of CRIU; beside
it are config.dump, spec.dump, network.status and the changed files of the container: no part of the image.

Page images of an archive without compression are used where they are. Of a compressed one the files of CRIU
are unpacked, once, to an unnamed file in TMPDIR, in which stretches of zeros take no room. Nothing is made
under a name that the archive gives: links in it, absolute names and those with ".." are not followed. The
link to the dump before, which can be in the same archive, is looked for among the names there.
"""

from __future__ import annotations

import mmap
import os
import tempfile

from crimg.criu.codecs import ARCHIVE_ERRORS, codec_of, unpacking
from crimg.criu.directory import CHECKPOINT, PARENT, Files
from crimg.criu.kinds import split_name
from crimg.criu.members import open_tar
from crimg.errors import FileError, FormatError, TruncatedError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import tarfile
    from typing import IO

    from crimg.criu.directory import Part

_STEP = 1 << 18
_BLOCK = 4096
MAX_STORED, MAX_STORED_RATIO = 64 << 20, 256
"""Bytes other than zeros that are unpacked at the most: so many, and so many for each byte of the archive."""
MAX_READ, MAX_READ_RATIO = 1 << 30, 4096
"""The same for all bytes that the archive unpacks to."""
_NSEC = 10**9


def inner_name(name: str) -> str:
    """The name of an image file of CRIU that a member of the archive is, or "" for what is none."""
    path = name.removeprefix("./").removeprefix(f"{CHECKPOINT}/")
    return path if "/" not in path and (split_name(path)[0] or path == PARENT) else ""


def outer_name(name: str) -> tuple[str, str]:
    """Directory and name of a member that is of the dump before; ("", "") for what is none.

    Of such a dump its page maps are looked at, and what tells that it is one.
    """
    folder, _, base = name.removeprefix("./").rpartition("/")
    wanted = base == PARENT or split_name(base)[0] in ("pagemap", "inventory", "pstree")
    if not wanted or not folder or "/" in folder or folder in (".", "..", CHECKPOINT):
        return "", ""
    return folder, base


def key_of(name: str) -> str:
    """What a member is known by: the name of an image file, with its directory for the dump before; or ""."""
    folder, base = outer_name(name)
    return inner_name(name) or (f"{folder}/{base}" if folder else "")


class Folder(Files):
    """Image files of the dump before, in another directory of an archive. folder: that directory."""

    def __init__(self, archive: Archive, folder: str) -> None:
        super().__init__(f"{archive.name}: {folder}")
        self._archive = archive
        self.folder = folder
        self.link: str | None = None

    def load(self, part: Part) -> memoryview:
        """The bytes of a file, where they are in the archive, or were unpacked to."""
        return self._archive.bytes_of(f"{self.folder}/{part.name}", part.size)

    def parent(self) -> str | None:
        """Where the dump before is, as the link says."""
        return self.link

    def before(self) -> Files:
        """The image files of the dump before this one. Raises FileError, UsageError."""
        return self._archive.beside(self.folder, self.link)


class Archive(Files):
    """The image files in an archive."""

    def __init__(self, name: str, fd: int) -> None:
        """fd: an open descriptor of the archive, which this object owns from now on.

        Raises FormatError for a damaged archive, FileError, UsageError where it holds no images.
        """
        super().__init__(name)
        self.source = fd
        self.codec = codec_of(os.pread(fd, 512, 0))
        self._places: dict[str, int] = {}
        self._parent: str | None = None
        self._folders: dict[str, Folder] = {}
        self._data: memoryview | None = None
        self._stored = 0
        try:
            if self.codec:
                self._unpack()
            else:
                self._map()
        except BaseException:
            self.close()
            raise
        if not self.is_image:
            self.close()
            raise UsageError(f"{name}: is an archive without images of CRIU ({CHECKPOINT}/inventory.img)")

    def _map(self) -> None:
        size = os.fstat(self.source).st_size
        with open(os.dup(self.source), "rb") as file:
            file.seek(0)
            self._find(file, size)
        self._data = memoryview(mmap.mmap(self.source, size, prot=mmap.PROT_READ))

    def _find(self, file: IO[bytes], size: int) -> None:
        with self._reading(file, "r:") as archive:
            for member in archive:
                archive.members = []  # type: ignore[attr-defined]  # they are not kept, however many there are
                if self._is_wanted(member):
                    if member.offset_data + member.size > size:
                        raise TruncatedError("the archive ends in it", section=key_of(member.name))
                    self._places[key_of(member.name)] = member.offset_data

    def _unpack(self) -> None:
        try:
            spool = tempfile.TemporaryFile(prefix="crimg-", buffering=0)  # noqa: SIM115 - below it is one
        except OSError as error:
            raise FileError(f"{self.name}: {tempfile.gettempdir()}: {error.strerror}") from error
        packed = os.fstat(self.source).st_size
        most = MAX_READ + MAX_READ_RATIO * packed
        position = 0
        with spool, open(os.dup(self.source), "rb") as file, unpacking(file, self.codec, most) as plain:
            file.seek(0)
            with self._reading(plain, "r|") as archive:
                for member in archive:
                    archive.members = []  # type: ignore[attr-defined]
                    if not self._is_wanted(member):
                        continue
                    self._places[key_of(member.name)] = position
                    data = archive.extractfile(member)
                    while data is not None and (piece := data.read(_STEP)):
                        self._store(spool.fileno(), piece, position, packed)
                        position += len(piece)
                    position += -position % _BLOCK
            os.ftruncate(spool.fileno(), max(position, 1))
            self._data = memoryview(mmap.mmap(spool.fileno(), max(position, 1), prot=mmap.PROT_READ))

    def _store(self, fd: int, piece: bytes, position: int, packed: int) -> None:
        """Keep a piece of a member; what is zero stays a hole."""
        for start in range(0, len(piece), _BLOCK):
            block = piece[start : start + _BLOCK]
            if block.count(0) == len(block):
                continue
            self._stored += len(block)
            if self._stored > MAX_STORED + MAX_STORED_RATIO * packed:
                raise FormatError(f"unpacks to more than {self._stored} bytes, from {packed}")
            try:
                os.pwrite(fd, block, position + start)
            except OSError as error:
                raise FileError(f"{self.name}: {tempfile.gettempdir()}: {error.strerror}") from error

    def _reading(self, file: IO[bytes], mode: str) -> _Tar:
        return _Tar(file, mode, self.name)

    def _is_wanted(self, member: tarfile.TarInfo) -> bool:
        """Whether a member is an image file, which is then taken for one."""
        key = key_of(member.name)
        if not key:
            return False
        folder, _, name = key.rpartition("/")
        files = self._folders.setdefault(folder, Folder(self, folder)) if folder else self
        if name == PARENT:
            link = member.linkname if member.issym() else None
            if isinstance(files, Folder):
                files.link = link
            else:
                self._parent = link
            return False
        if member.issparse():
            raise FormatError("is a sparse file of the archive; pack it without --sparse", section=key)
        if not member.isreg():
            return False
        if key in self._places:
            raise FormatError("is twice in the archive", section=key)
        files.add(name, member.size, int(member.mtime * _NSEC))
        return True

    def load(self, part: Part) -> memoryview:
        """The bytes of a file, where they are in the archive, or were unpacked to."""
        return self.bytes_of(part.name, part.size)

    def bytes_of(self, key: str, size: int) -> memoryview:
        """The bytes of a member, by its name, and before it its directory, where that is another one."""
        if self._data is None:
            raise FileError(f"{self.name}: is closed")
        start = self._places[key]
        return self._data[start : start + size]

    @property
    def holder(self) -> int:
        """Descriptor of the archive."""
        return self.source

    def parent(self) -> str | None:
        """Where the dump before is, as the link says."""
        return self._parent

    def before(self) -> Files:
        """The image files of the dump before. Raises FileError, UsageError."""
        return self.beside(CHECKPOINT, self._parent)

    def beside(self, folder: str, link: str | None) -> Files:
        """The image files that a link in one of its directories leads to. Raises FileError, UsageError."""
        target = os.path.normpath(os.path.join(folder, link or ""))
        found = self._folders.get(target)
        if found is None:
            raise FileError(f"{self.name}: {folder}/{PARENT} -> {link}: is not in the archive")
        if not found.is_image:
            raise UsageError(f"{found.name}: is a directory without images of CRIU")
        return found

    def close(self) -> None:
        """Let go of all files, and of the archive."""
        super().close()
        self._data = None
        if self.source >= 0:
            os.close(self.source)
            self.source = -1


class _Tar:
    """An archive that is being read, as a context manager; its errors are FormatErrors."""

    def __init__(self, file: IO[bytes], mode: str, name: str) -> None:
        self._file, self._mode, self._name = file, mode, name

    def __enter__(self) -> tarfile.TarFile:
        try:
            return open_tar(self._file, self._mode)
        except ARCHIVE_ERRORS as error:
            raise FormatError(f"is no sound archive: {error}") from error

    def __exit__(self, kind: object, value: BaseException | None, trace: object) -> None:
        if isinstance(value, ARCHIVE_ERRORS):
            raise FormatError(f"is no sound archive: {value}") from value
