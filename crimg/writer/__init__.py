"""Writing images, front to back, so that the output can be a pipe; and appending revisions to a file.

`ImageWriter` writes a new image, `write_image` one that is at hand whole. What changes files that are there
stands in modules of its own: `crimg.writer.revise` (append, undo, heal), `crimg.writer.copying`.
"""

from __future__ import annotations

from crimg.writer.output import BytesOutput, FdOutput
from crimg.writer.rows import TABLE_SECTION, check_rows, encode_rows
from crimg.writer.sections import PAGES_SECTION, ImageWriter
from crimg.writer.whole import write_image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.writer.output import Buffer as Buffer
    from crimg.writer.output import Output as Output

__all__ = [
    "PAGES_SECTION",
    "TABLE_SECTION",
    "BytesOutput",
    "FdOutput",
    "ImageWriter",
    "check_rows",
    "encode_rows",
    "write_image",
]
