"""The mappings of an address space."""

from __future__ import annotations

from crimg.escape import escape
from crimg.tui.pages.page import Page, mark, planned_words
from crimg.tui.places import Place
from crimg.tui.rows import Made, Row
from crimg.views.memory import vma_recorder
from crimg.views.short import kib, state_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import Vma
    from crimg.tui.session import Session

KEYS = (("m", "list / drawn to scale"), ("e", "edit the path"), (":", "go to an address"), ("/", "filter"))


def memory(session: Session, place: Place) -> Page:
    """Every mapping; the pane beneath shows its bytes."""
    vmas = session.subject.vmas(place.number)
    record = vma_recorder(session.subject)

    def make(vma: Vma) -> Row:
        row = record(vma)
        name = escape((row["path"] if vma.file is not None else vma.name) or b"")
        unsafe = vma.prot & 6 == 6
        state = state_word(row["state"]) if row["state"] is not None else ""
        first = mark("warning" if unsafe else session.checks.mark(vma.file) if vma.file is not None else "")
        permissions = ("warning" if unsafe else "", f"{row['permissions']} ")
        size, stored = f"{kib(row['size'])}K", f"{kib(row['stored'])}K" if row["stored"] else "-"
        objref = f"#{vma.file}" if vma.file is not None else ""
        path = (("path", name), *planned_words(session, vma.file))
        if session.narrow:
            rest = ("dim", f"  {state} {objref} stored {stored}, to {vma.end:x}")
            spans = (first, ("number", f"{vma.start:012x} "), permissions, ("", f"{size:>9} "), *path, rest)
        else:
            address = ("number", f"{vma.start:012x}-{vma.end:012x} ")
            sizes = ("", f"{size:>10} {stored:>9} ")
            names = (("dim", f"{objref:<6} "), ("warning", f"{state:<8} "), *path)
            spans = (first, address, permissions, sizes, *names)
        return Row(spans, Place("hex", place.number, vma.start), copy=name, subject=vma.file)

    pids = ", ".join(map(str, session.subject.pids_of("mm").get(place.number, [])))
    header = f"  {'ADDRESS':<25} PERM {'SIZE':>10} {'STORED':>9} {'OBJ':<6} {'NAME':<8} PATH"
    if session.narrow:
        header = f"  {'FROM':<12} PERM {'SIZE':>9} PATH, NAME, OBJECT, STORED, TO"
    title = f"Memory #{place.number} of process {pids or 'none'} ({len(vmas):,} mappings)"
    return Page(title, Made(vmas, make, header), True, KEYS)
