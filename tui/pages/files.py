"""File objects and descriptors."""

from __future__ import annotations

from crimg.escape import escape
from crimg.model import Fd, File
from crimg.tui.pages.page import Page, mark, planned_words
from crimg.tui.places import Place
from crimg.tui.rows import Made, Row
from crimg.views.files import fd_recorder, file_recorder
from crimg.views.short import flag_words, path_words, short_kind, state_word, user_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.session import Session

_KEYS = (("e", "Edit path"), ("r", "Rule"), ("p", "Path in memory"))


def files(session: Session, _place: Place) -> Page:
    """All file objects, with what was found out about each."""
    subject = session.subject
    record = file_recorder(subject)
    several = len(subject.pids_of("fd_table")) > 1
    image_files = subject.image.rows(File)

    def make(file: File) -> Row:
        row = record(file)
        verdict = session.checks.verdict(file.objref)
        here = ("ok" if verdict and verdict.fine else "error", f"{verdict.verdict if verdict else '':<11} ")
        state = ("warning", f"{state_word(row['state']):<8} ")
        path = (("path", path_words(row)), *planned_words(session, file.objref))
        kind, flags = short_kind(row["kind"]), flag_words(row, 12)
        used = user_words(row["used_by"], several, 14)
        if session.narrow:
            worst = (
                here
                if state[1].isspace() or (here[0] == "error" and verdict)
                else (state[0], f"{state[1]:<12}")
            )
            columns = (("dim", f"{kind:<5} "), worst, *path, ("dim", f"  {used}  {flags}"))
        else:
            columns = (("dim", f"{kind:<5} {flags:<12} "), ("", f"{used:<14} "), state, here, *path)
        spans = (mark(session.checks.mark(file.objref)), ("number", f"#{file.objref:<6} "), *columns)
        return Row(spans, Place("object", file.objref), copy=path_words(row), subject=file.objref)

    wide = f"  {'OBJ':<7} {'KIND':<5} {'FLAGS':<12} {'USED BY':<14} {'NAME':<8} {'HERE':<11} PATH"
    header = f"  {'OBJ':<7} {'KIND':<5} {'STATE':<11} PATH, USED BY, FLAGS" if session.narrow else wide
    return Page(f"Files ({len(image_files):,})", Made(image_files, make, header), True, _KEYS)


def fds(session: Session, place: Place) -> Page:
    """The descriptors of one table."""
    subject = session.subject
    record = fd_recorder(subject)
    rows = session.parts(Fd, place.number)

    def make(fd: Fd) -> Row:
        row = record(fd)
        lost = row["kind"] is None
        path = "is not in the image" if lost else path_words(row)
        kind, flags = ("", "") if lost else (short_kind(row["kind"]), flag_words(row, 14))
        cloexec, position = "cloexec" if fd.cloexec else "", "" if lost else row["position"]
        state = ("warning", f"{'' if lost else state_word(row['state']):<8} ")
        shown = (("path", path), *planned_words(session, fd.file))
        columns = (("dim", f"{kind:<5} {flags:<14} {cloexec:<7} {position:>12} "), state, *shown)
        if session.narrow:
            columns = (state, *shown, ("dim", f"  {kind} {flags} {position} {cloexec}"))
        first = mark("error" if lost else session.checks.mark(fd.file))
        spans = (first, ("key", f"{fd.fd:>6} "), ("number", f"#{fd.file:<6} "), *columns)
        return Row(spans, Place("object", fd.file), copy=path, subject=fd.file)

    pids = ", ".join(map(str, subject.pids_of("fd_table").get(place.number, [])))
    header = (
        f"  {'FD':>6} {'OBJ':<7} {'KIND':<5} {'FLAGS':<14} {'CLOEXEC':<7} {'POSITION':>12} {'NAME':<8} PATH"
    )
    if session.narrow:
        header = f"  {'FD':>6} {'OBJ':<7} {'NAME':<8} PATH, KIND, FLAGS, POSITION"
    title = f"Descriptors of #{place.number}, process {escape(pids) or 'none'} ({len(rows):,})"
    return Page(title, Made(rows, make, header), True, _KEYS)
