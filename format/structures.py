"""Base of the records of container.py: packing, reading, and the one funnel for what kaitaistruct raises."""

from __future__ import annotations

from io import BytesIO
from struct import error as StructError

from kaitaistruct import ConsistencyError, KaitaiStream, KaitaiStructError
from xxhash import xxh3_64_intdigest

from crimg.errors import BadMagicError, ChecksumError, FormatError, ModelError, TruncatedError
from crimg.format.generated.crimg_container import (  # type: ignore[attr-defined]  # not seen by mypy
    CrimgContainer,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Self

    Buffer = bytes | bytearray | memoryview

_generated: Any = CrimgContainer
_CHECKSUM_SIZE = 8


def checksum(data: Buffer) -> int:
    """XXH3-64 with seed 0: the checksum of every part of an image."""
    return xxh3_64_intdigest(data)


class Structure:
    """Base of the records. Their fields are those of the schema's type of that name, without its constants.

    Records are equal when they are of one class with equal fields.
    """

    __slots__: tuple[str, ...] = ()
    _type: ClassVar[str]
    """Name of the generated class."""
    _size: ClassVar[int]
    _constants: ClassVar[tuple[tuple[str, object], ...]] = ()
    """Fields that the record leaves out, with the value that they are written with."""

    def pack(self) -> bytes:
        """The structure as it stands in the file. Raises ModelError for a field out of the schema's range."""
        body = getattr(_generated, self._type)()
        for name, value in self._constants:
            setattr(body, name, value)
        for name in self.__slots__:
            setattr(body, name, getattr(self, name))
        stream = KaitaiStream(BytesIO(bytes(self._size)))
        try:
            body._check()
            body._write(stream)
        except (KaitaiStructError, ConsistencyError, StructError, TypeError) as error:
            raise ModelError(f"{self!r} cannot be written: {error}") from error
        return bytes(stream.to_byte_array())

    @classmethod
    def parse(cls, data: Buffer, section: str, offset: int) -> Self:
        """The record that the first `_size` bytes of data hold, valid by the schema."""
        _need(data, cls._size, section, offset)
        body = getattr(_generated, cls._type)(KaitaiStream(BytesIO(data[: cls._size])))
        try:
            body._read()
        except KaitaiStructError as error:
            raise _format_error(error, body, section, offset) from error
        record = cls.__new__(cls)
        for name in cls.__slots__:
            value = getattr(body, name)
            setattr(record, name, int(value) if isinstance(value, int) else value)
        return record

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Structure) and type(self) is type(other) and self._values() == other._values()
        )

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        fields = (f"{name}={value!r}" for name, value in zip(self.__slots__, self._values(), strict=True))
        return f"{type(self).__name__}({', '.join(fields)})"


class SealedStructure(Structure):
    """A structure that begins with a magic and ends with the checksum of all before it."""

    __slots__ = ()
    _magic: ClassVar[bytes]

    def pack(self) -> bytes:
        """The structure as it stands in the file, sealed by its checksum. Raises ModelError."""
        body = super().pack()[:-_CHECKSUM_SIZE]
        return body + checksum(body).to_bytes(_CHECKSUM_SIZE, "little")

    @classmethod
    def check_magic(cls, data: Buffer, section: str, offset: int, hint: str = "") -> None:
        """Raise BadMagicError (its text ends in the hint), or TruncatedError where data are too few."""
        found = bytes(data[: len(cls._magic)])
        if found != cls._magic[: len(found)]:
            raise BadMagicError(
                f"starts with {found.hex(' ')}, not {cls._magic.hex(' ')}{hint}",
                section=section,
                offset=offset,
            )
        _need(data, cls._size, section, offset)

    @classmethod
    def check_seal(cls, data: Buffer, section: str, offset: int) -> None:
        """Raise ChecksumError where the structure's own checksum is not that of its bytes."""
        end = cls._size - _CHECKSUM_SIZE
        if checksum(data[:end]) != int.from_bytes(data[end : cls._size], "little"):
            raise ChecksumError("checksum differs from its bytes", section=section, offset=offset)


def _need(data: Buffer, size: int, section: str, offset: int) -> None:
    if len(data) < size:
        raise TruncatedError(f"{len(data)} bytes, of {size}", section=section, offset=offset)


def _format_error(error: KaitaiStructError, body: Any, section: str, offset: int) -> FormatError:
    """The error in the words of the format. Fields are set in the order of seq: the last one set is meant."""
    fields = [name for name in vars(body) if not name.startswith("_")]
    text = str(error).rpartition("validation failed: ")[2]
    return FormatError(f"{fields[-1]}: {text}" if fields else text, section=section, offset=offset)
