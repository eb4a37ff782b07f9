"""Bodies that are stored with a codec."""

from __future__ import annotations

from crimg.errors import FormatError, UnsupportedVersionError
from crimg.format.constants import MAX_LEN_RAW, Codec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.format.container import IndexEntry


def decompress(entry: IndexEntry, stored: bytes) -> bytes:
    """The decoded body of a section, of the length that its header gives. Raises FormatError."""
    if entry.codec != Codec.ZSTD:
        raise UnsupportedVersionError(f"codec {entry.codec} is not known", section=entry.label)
    import zstandard  # 20 ms to import, and rarely needed

    try:
        length = zstandard.frame_content_size(stored)
        if length == entry.len_raw:
            decoder = zstandard.ZstdDecompressor(max_window_size=MAX_LEN_RAW)
            return decoder.decompress(stored, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise FormatError(f"zstd: {error}", section=entry.label, offset=entry.ofs_body) from error
    stated = "an unknown number of" if length < 0 else str(length)
    raise FormatError(
        f"decodes to {stated} bytes, not {entry.len_raw}", section=entry.label, offset=entry.ofs_body
    )
