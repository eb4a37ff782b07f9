"""The one way in which text from an image reaches a terminal, a log, a widget or a DOT file.

Names in an image are any bytes: an escape sequence in a path must not reach a terminal, a newline must not
forge a line, a direction override must not turn a name around. What `escape` returns has printable
characters only (those for which `str.isprintable` holds: no control, format, surrogate, private-use or
unassigned character, no separator but the blank), and `unescape` gives the exact bytes back.

    \\\\             a backslash
    \\t \\n \\r       these three controls
    \\xNN           a byte: another ASCII control, or a byte that is not part of valid UTF-8
    \\uNNNN         any other character that is not printable, by its code point
    \\UNNNNNNNN     the same beyond U+FFFF
"""

from __future__ import annotations

from crimg.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMED = {0x09: "\\t", 0x0A: "\\n", 0x0D: "\\r", 0x5C: "\\\\"}
_LETTERS = {"t": b"\t", "n": b"\n", "r": b"\r", "\\": b"\\"}
_DIGITS = {"x": 2, "u": 4, "U": 8}
_HEX = frozenset("0123456789abcdefABCDEF")


class _Escapes(dict[int, str]):
    """Code point to what stands for it, for str.translate; nothing is kept, however many there are."""

    def __missing__(self, code: int) -> str:
        if chr(code).isprintable():
            return chr(code)
        if code < 0x80:
            return f"\\x{code:02x}"
        if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as PEP 383 decodes it
            return f"\\x{code - 0xDC00:02x}"
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_ESCAPES = _Escapes(_NAMED)
_CONTROLS = _Escapes({0x5C: "\\", **{code: text for code, text in _NAMED.items() if code != 0x5C}})


def escape(value: bytes | str) -> str:
    """The printable form of bytes that are meant as UTF-8, or of a text that may hold surrogate escapes."""
    text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value
    if text.isprintable() and "\\" not in text:
        return text
    return text.translate(_ESCAPES)


def escape_all(values: Sequence[bytes]) -> list[str]:
    """What `escape` makes of each: of thousands of which none needs it, in a tenth of the time."""
    text = b"\n".join(values).decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    if len(lines) == len(values) and "\\" not in text and "".join(lines).isprintable():
        return lines
    return list(map(escape, values))


def unescape(text: str) -> bytes:
    """The bytes that `escape` shows as `text`. Characters that need no escape stand for their UTF-8.

    Raises UsageError where a backslash starts nothing that `escape` makes.
    """
    result = bytearray()
    start = 0
    while (backslash := text.find("\\", start)) != -1:
        result += _encode(text[start:backslash])
        part, start = _unescape_one(text, backslash + 1)
        result += part
    return bytes(result + _encode(text[start:]))


def _unescape_one(text: str, start: int) -> tuple[bytes, int]:
    """What the escape sequence stands for whose letter is at `start`, and where the text goes on."""
    letter = text[start : start + 1]
    if letter in _LETTERS:
        return _LETTERS[letter], start + 1
    end = start + 1 + _DIGITS.get(letter, 0)
    digits = text[start + 1 : end]
    if letter not in _DIGITS or len(digits) != _DIGITS[letter] or not _HEX.issuperset(digits):
        raise UsageError(
            f"{escape(text)}: \\{escape(text[start:end])} is no escape sequence; a backslash is \\\\"
        )
    code = int(digits, 16)
    if letter == "x":
        return bytes([code]), end
    if code > 0x10FFFF:
        raise UsageError(f"{escape(text)}: there is no character \\{letter}{digits}")
    return chr(code).encode("utf-8", "surrogatepass"), end


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise UsageError(f"{escape(text)}: holds a character that no file name has") from error


def one_line(text: str) -> str:
    """A message fit for a terminal. Backslashes stay: parts of it may be escaped already."""
    return text if text.isprintable() else text.translate(_CONTROLS)
