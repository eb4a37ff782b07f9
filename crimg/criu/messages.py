"""The message classes of crimg/criu/criu.proto, made when they are first asked for.

They live in a pool of their own: another package in the same process may have declared CRIU's messages too.
"""

from __future__ import annotations

from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from crimg.criu.generated.schema import DESCRIPTOR
from crimg.errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

PACKAGE = "crimg.criu"
_POOL = DescriptorPool()
_POOL.AddSerializedFile(DESCRIPTOR)
_CLASSES: dict[str, Any] = {}
BATCHED = {"FileEntry": b"\x0a", "Descriptor": b"\x12"}
"""Messages of which a file may hold very many, and how they begin in the schema's Batch, where each is the
member of its name."""


def message_class(name: str) -> Any:
    """The class of a message of the schema, by its name there."""
    found = _CLASSES.get(name)
    if found is None:
        found = GetMessageClass(_POOL.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        _CLASSES[name] = found
    return found


def parse(name: str, data: memoryview, place: str, offset: int) -> Any:
    """The message in `data`. place, offset: name of the file and bytes from its start, for FormatError."""
    try:
        return message_class(name).FromString(data)
    except DecodeError as error:
        raise FormatError(f"no {name} of the schema of CRIU", section=place, offset=offset) from error


def parse_batch(name: str, data: bytes) -> Sequence[Any] | None:
    """The messages of this name in a Batch; None where it is damaged."""
    try:
        found: Sequence[Any] = getattr(message_class("Batch").FromString(data), name)
    except DecodeError:
        return None
    return found
