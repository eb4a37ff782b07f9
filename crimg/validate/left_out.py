"""C418: what a dump left out of the image because the user told it to (crimg dump --allow)."""

from __future__ import annotations

from crimg.escape import escape, one_line
from crimg.model import File, LogEntry, Vma
from crimg.model.enums import FileKind
from crimg.validate.finding import Hit
from crimg.validate.rules import WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.record import Record
    from crimg.validate.checked import Checked

UNSUPPORTED = "unsupported"
"""Key of `extra`: a word for the kind of what was left out."""


@rule("C418", WARNING)
def left_out(checked: Checked) -> Iterator[Hit]:
    """The dump left something out because it could not be saved, and the user allowed that.

    A restart refuses the image, or leaves the descriptor closed and the memory empty where it is told to: the
    program then has to do without. The log of the image says what it was.

    Remedy: do what the log suggests, and dump again without --allow; or restart it without what is missing.
    """
    reported: set[int] = set()
    for file in checked.rows(File):
        if file.kind == FileKind.PLACEHOLDER:
            reported.add(file.objref)
            link = (file.extra or {}).get("link")
            name = escape(link) if isinstance(link, bytes) else "a file"
            yield Hit(f"{name} was left out ({_word(file)})", file, "kind")
    for vma in checked.rows(Vma):
        if UNSUPPORTED in (vma.extra or {}):
            reported.add(vma.mm)
            yield Hit(f"the memory was left out ({_word(vma)})", vma, "extra")
    for entry in checked.rows(LogEntry):
        if UNSUPPORTED in (entry.extra or {}) and entry.objref not in reported:
            yield Hit(one_line(entry.text), entry, "text")


def _word(row: Record) -> str:
    word = (row.as_dict()["extra"] or {}).get(UNSUPPORTED)
    return one_line(word) if isinstance(word, str) else "nobody knows what"
