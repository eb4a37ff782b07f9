"""The one hierarchy of errors, and the exit status that each of them means.

Every error that crimg raises on purpose derives from `CrimgError`. Its text is one line, fit for
`crimg: error: ...`, and everything a program would want to know stands in fields.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class CrimgError(Exception):
    """Base of all errors that crimg raises on purpose."""

    exit_status = 70

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class UsageError(CrimgError):
    """The call cannot be carried out as it was asked for (exit status 2)."""

    exit_status = 2


class FormatError(CrimgError):
    """These bytes are not a sound image (exit status 3).

    section: name of the part of the file ("header", "trailer", "section 7 (PAGES)"), or "".
    offset: byte offset of the damage in the file, or None where there is no single place.
    """

    exit_status = 3

    def __init__(self, message: str, *, section: str = "", offset: int | None = None) -> None:
        place = section + (f" at offset {offset} ({offset:#x})" if offset is not None else "")
        super().__init__(f"{place}: {message}" if place else message)
        self.detail = message
        self.section = section
        self.offset = offset

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_format_error, (type(self), self.detail, self.section, self.offset)


def _rebuild_format_error(
    cls: type[FormatError], detail: str, section: str, offset: int | None
) -> FormatError:
    return cls(detail, section=section, offset=offset)


class TruncatedError(FormatError):
    """The file ends before what it promises."""


class MissingFileError(FormatError):
    """A file of an image that consists of several is not there. section: its name."""


class BadMagicError(FormatError):
    """These bytes do not begin as an image does."""


class UnsupportedVersionError(FormatError):
    """A sound image, of a version, machine or critical feature that this reader does not know."""


class ChecksumError(FormatError):
    """The bytes differ from those that were written."""


class UnsoundError(FormatError):
    """An image that can be read, but whose objects contradict each other."""


class ModelError(CrimgError):
    """The writer was asked for an image that the format cannot hold."""


class KernelError(CrimgError):
    """A system call was refused (exit status 4).

    syscall: its name ("ptrace(PTRACE_SEIZE)").  pid: the process meant, or None.
    errno: the error number (errno(3)).  hint: what the user can do, or "".
    """

    exit_status = 4

    def __init__(self, syscall: str, errno: int, *, pid: int | None = None, hint: str = "") -> None:
        whom = f" for process {pid}" if pid is not None else ""
        tail = f"; {hint}" if hint else ""
        super().__init__(f"{syscall}{whom}: {os.strerror(errno)}{tail}")
        self.syscall = syscall
        self.errno = errno
        self.pid = pid
        self.hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_kernel_error, (type(self), self.syscall, self.errno, self.pid, self.hint)


def _rebuild_kernel_error(
    cls: type[KernelError], syscall: str, errno: int, pid: int | None, hint: str
) -> KernelError:
    return cls(syscall, errno, pid=pid, hint=hint)


class FileError(CrimgError):
    """The operating system refused to open, read or write a file of the user's (exit status 4)."""

    exit_status = 4


class ImageBusyError(FileError):
    """Another program is rewriting this image (exit status 4)."""


class ImageChangedError(CrimgError):
    """The image is no longer the one that a plan was made from (exit status 1)."""

    exit_status = 1


class DumpError(CrimgError):
    """No image could be made of the process (exit status 4)."""

    exit_status = 4


class ProcessGoneError(DumpError):
    """The process ended before it was saved."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"process {pid} is gone")
        self.pid = pid

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.pid,)


class UnsupportedResourceError(DumpError):
    """The process has something that cannot be saved faithfully (exit status 5).

    problems: one line each, all of those that were found.
    """

    exit_status = 5

    def __init__(self, message: str, problems: Sequence[str]) -> None:
        super().__init__(message)
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message, self.problems)


class FilesDifferError(CrimgError):
    """Files are not as they were, and a process is not restarted with them (exit status 1).

    files: one line each, all of them.
    """

    exit_status = 1

    def __init__(self, files: Sequence[str]) -> None:
        count = len(files)
        more = f" (and {count - 1} more: crimg preflight tells all)" if count > 1 else ""
        super().__init__(f"the process is not restarted: {files[0] if files else 'files differ'}{more}")
        self.files = tuple(files)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.files,)


class ConflictError(CrimgError):
    """A plan that has conflicts is not carried out (exit status 1).

    conflicts: one line each, all of them.  left_undone: what was not done because of them.
    """

    exit_status = 1

    def __init__(self, conflicts: Sequence[str], left_undone: str = "nothing was written") -> None:
        count = len(conflicts)
        more = f" (and {count - 1} more)" if count > 1 else ""
        super().__init__(f"{left_undone}: {conflicts[0] if conflicts else 'conflicts'}{more}")
        self.conflicts = tuple(conflicts)
        self.left_undone = left_undone

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.conflicts, self.left_undone)
