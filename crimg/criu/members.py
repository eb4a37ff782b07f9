"""Members of archives whose headers are held against limits before tarfile takes them into memory."""

from __future__ import annotations

import tarfile

from crimg.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_HEADER = 256 << 10
"""Bytes that the long names and attributes of one member may have, and those of the whole archive too."""
_LONG = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)
_SPARSE = "has a sparse member; pack it without --sparse"


def open_tar(file: Any, mode: str) -> tarfile.TarFile:
    """An archive to be read, with such members. mode: "r:" or "r|".

    Raises what tarfile raises, and FormatError, also while it is read.
    """
    return tarfile.open(fileobj=file, mode=mode, errorlevel=2, tarinfo=_limited())  # type: ignore[call-overload,no-any-return]


def _limited() -> type[tarfile.TarInfo]:
    """A class of members for one archive: tarfile reads such headers whole, whatever size they claim."""

    class Member(tarfile.TarInfo):
        of_archive = 0

        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Member:
            """As of TarInfo; raises FormatError for a header that is followed by too much, or by no end."""
            made = super().frombuf(buf, encoding, errors)
            if made.type == tarfile.GNUTYPE_SPARSE:
                raise FormatError(_SPARSE)
            if made.type == tarfile.XGLTYPE:  # they add up, from member to member
                cls.of_archive += made.size
            if made.type in _LONG and max(made.size, cls.of_archive) > MAX_HEADER:
                raise FormatError(f"the header of a member has more than {MAX_HEADER} bytes")
            return made

        def _proc_gnusparse_10(self, *_arguments: object) -> None:
            """The map of such a member is in its contents, as long as it says itself."""
            raise FormatError(_SPARSE)

    return Member
