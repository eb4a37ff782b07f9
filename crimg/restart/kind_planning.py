"""The steps for files that never had a name. Pure."""

from __future__ import annotations

from crimg.model import Eventfd, File, Signalfd, Timerfd
from crimg.model.enums import FileKind
from crimg.restart.kind_steps import ArmTimers, MakeSpecial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.image import Image
    from crimg.restart.kind_steps import KindStep


def make_kinds(image: Image) -> Iterator[KindStep]:
    """The steps that make them, before there is any process."""
    states = {row.file: row for cls in (Eventfd, Timerfd, Signalfd) for row in image.rows(cls)}
    for file in image.rows(File):
        if file.kind in (FileKind.EVENTFD, FileKind.TIMERFD, FileKind.SIGNALFD):
            yield MakeSpecial(file, states[file.objref])


def set_kinds_going(image: Image) -> Iterator[KindStep]:
    """The steps for what goes on by itself, as late as can be."""
    timers = tuple(row for row in image.rows(Timerfd) if row.remaining or row.ticks)
    if timers:
        yield ArmTimers(timers)
