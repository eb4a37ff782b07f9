"""Images with known secrets in them, and what is in an image when everything is decoded."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import zstandard

from crimg.model import Mm, Vma
from crimg.pages import Memory
from crimg.redact import plan, write
from crimg.validate import Severity, validate
from crimg.writer import BytesOutput
from tests.kaitai_view import parse_image
from tests.property.opened import opened
from tests.samples import MM, PAGE, STACK
from tests.validate.sound import Draft

if TYPE_CHECKING:
    from crimg.model.image import Image
    from crimg.redact import Redaction, Selection

TOKEN = b"a-token-of-some-length"
PASSWORD = b"hunter2-and-more"
ARGUMENTS = (b"/usr/bin/counter", b"--password=" + PASSWORD, b"counter")
ENVIRONMENT = (b"TOKEN=" + TOKEN, b"EMPTY=", b"PATH=/usr/bin:/bin", b"no equals sign")
RAND = random.Random(1)
AREA = 0x7FFF_E000_0000
"""Addresses without a mapping, for larger ones."""
FIRST, SECOND, LAST = (RAND.randbytes(PAGE) for _ in range(3))
PACKED = b"packed page" + RAND.randbytes(PAGE - 11)
"""The saved pages: two of the heap, and, but for arguments and environment, that of the stack."""


def secret_draft() -> Draft:
    """The sound image with arguments and environment on its stack, and a copy of the token on its heap."""
    arguments = b"\0".join([*ARGUMENTS, b""])
    environment = b"\0".join([*ENVIRONMENT, b""])
    start = 0x900
    end = start + len(arguments)
    stack = bytearray(LAST)
    stack[start : end + len(environment)] = arguments + environment
    heap = bytearray(FIRST + SECOND)
    heap[PAGE - 5 : PAGE - 5 + len(TOKEN)] = TOKEN
    draft = Draft()
    draft.pages = bytes(heap + stack)
    draft.packed = PACKED
    bounds = {"arg_start": 0, "arg_end": len(arguments), "env_start": len(arguments)}
    bounds["env_end"] = len(arguments) + len(environment)
    return draft.change(Mm, MM, **{name: STACK + start + offset for name, offset in bounds.items()})


def redacted(data: bytes, selection: Selection) -> tuple[Redaction, bytes]:
    """What is removed from an image, and the new image, which is sound as far as errors go."""
    with opened(data) as image:
        found = plan(image, selection)
        output = BytesOutput()
        write(found, output)
    made = bytes(output.data)
    with opened(made) as image:
        report = validate(image)
        assert [each for each in report.findings if each.severity == Severity.ERROR] == []
        assert image.revision == 1
    return found, made


def everything(data: bytes) -> bytes:
    """The file, and behind it all its bodies as they decode, by the classes generated from the schema."""
    parts = [data]
    for frame in parse_image(data).frames:
        body = frame.raw_body
        parts.append(zstandard.ZstdDecompressor().decompress(body) if frame.header.codec == 1 else body)
    return b"\0\0".join(parts)


def memory_of(image: Image, mm: int = MM) -> dict[int, bytes]:
    """Start of every mapping to its bytes; what is not saved is zero bytes."""
    row = image.find(Mm, mm)
    assert row is not None
    memory = Memory(image, row)
    return {vma.start: memory.read(vma.start, vma.end - vma.start) for vma in image.rows(Vma) if vma.mm == mm}
