"""What can go wrong with files, pipes and epoll instances, one thing at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from crimg.model import EpollWatch, Fd, File, Inode, Pipe
from crimg.model.enums import FileKind
from tests.samples import DELETED_FILE, FD_TABLE, WRITE_END
from tests.validate.corruptions import Corruption, Expected, is_regular, named, pick

if TYPE_CHECKING:
    from tests.validate.random_images import Draw
    from tests.validate.sound import Draft


def _is_gone(file: File) -> bool:
    return is_regular(file) and file.name_state in (2, 3)


def fd_twice(draw: Draw, draft: Draft) -> Corruption:
    row, file = pick(draw, draft, Fd), pick(draw, draft, File)
    return named("C401", FD_TABLE, draw, draft.add(row.replace(file=file.objref)))


def position_past_the_end(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, File, is_regular)
    position = draft.row(Inode, row.inode).size + draw(st.integers(1, 1 << 40))
    return named("C404", row.objref, draw, draft.change(File, row.objref, position=position))


def truncating(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, File)
    return named("C405", row.objref, draw, draft.change(File, row.objref, flags=row.flags | 0o1000))


def other_access(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, File)
    return named("C406", row.objref, draw, draft.change(File, row.objref, access=row.access ^ 2))


def relative(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, File, is_regular)
    return named("C412", row.objref, draw, draft.change(File, row.objref, path=b"x" + row.path[1:]))


def inode_twice(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Inode)
    return Expected("C417", 900), draft.add(row.replace(objref=900)).bytes()  # behind the other


def keeper_lost(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, File, _is_gone)
    return named(
        "C421", row.objref, draw, draft.change(Inode, row.inode, keeper=0, blobs=(), keeper_path=None)
    )


def keeper_and_name(draw: Draw, draft: Draft) -> Corruption:
    """A name still leads to a kept inode: by one of its openers, or by one that is added."""
    row = pick(draw, draft, File, _is_gone)
    if draw(st.booleans()):
        draft.change(File, row.objref, name_state=1)
    else:
        draft.copy(File, row.objref, objref=901, name_state=1)
        draft.add(Fd(table=FD_TABLE, fd=1 << 20, cloexec=False, file=901))
    return named("C422", row.inode, draw, draft)


def keeper_of_another(draw: Draw, draft: Draft) -> Corruption:
    first, *others = [row for row in draft.records if isinstance(row, Inode) and row.keeper in (2, 3)]
    row = draw(st.sampled_from(others))
    changed = draft.change(Inode, row.objref, keeper_path=first.keeper_path)
    return Expected("C427", row.objref), changed.bytes()  # behind the first


def overfull(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Pipe)
    return named("C431", row.objref, draw, draft.change(Pipe, row.objref, length=row.capacity + 1))


def bytes_lost(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Pipe)
    return named("C432", row.objref, draw, draft.change(Pipe, row.objref, length=row.length + 1))


def one_end(draw: Draw, draft: Draft) -> Corruption:
    """Both ends of a pipe are the same one."""
    row = pick(draw, draft, File, lambda file: file.kind == FileKind.PIPE)
    access = 3 - row.access
    return named("C433", row.pipe, draw, draft.change(File, row.objref, access=access, flags=access - 1))


def watch_of_no_instance(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, EpollWatch)
    return named("C441", WRITE_END, draw, draft.change(EpollWatch, row.key, epoll=WRITE_END))


def watched_and_closed(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, EpollWatch)
    draft.records = [each for each in draft.records if not (isinstance(each, Fd) and each.file == row.file)]
    return named("C442", row.epoll, draw, draft)


def watched_by_another_number(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, EpollWatch)
    return named("C443", row.epoll, draw, draft.change(EpollWatch, row.key, fd=1 << 20))


def watches_itself(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, EpollWatch)
    fd = pick(draw, draft, Fd, lambda each: each.file == row.epoll).fd
    changed = draft.change(EpollWatch, row.key, fd=fd, file=row.epoll)
    return named("C444", row.epoll, draw, changed)


def watches_a_regular_file(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, EpollWatch)
    return named("C445", row.epoll, draw, draft.change(EpollWatch, row.key, fd=3, file=DELETED_FILE))


def unknown_event(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, EpollWatch)
    return named("C446", row.epoll, draw, draft.change(EpollWatch, row.key, events=row.events | 1 << 27))


CORRUPTIONS = (
    *(fd_twice, position_past_the_end, truncating, other_access, relative, inode_twice),
    *(keeper_lost, keeper_and_name, keeper_of_another, overfull, bytes_lost, one_end),
    *(watch_of_no_instance, watched_and_closed, watched_by_another_number, watches_itself),
    *(watches_a_regular_file, unknown_event),
)
