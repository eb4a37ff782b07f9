"""C531 to C537: signal actions, masks, pending signals, timers, limits."""

from __future__ import annotations

from struct import Struct

from crimg.model import File, PosixTimer, Sigaction, Siginfo, Signal, Task, Thread
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.model.record import Record
    from crimg.validate.checked import Checked

_LAST = 64
_SIGKILL, _SIGSTOP = 9, 19
_UNBLOCKABLE = 1 << _SIGKILL - 1 | 1 << _SIGSTOP - 1
_SIG_DFL = 0
_LIMITS = 16
"""RLIM_NLIMITS of asm-generic/resource.h."""
_TIMERS = 3
_SIGINFO_SIZE = 128
_NUMBER = Struct("<i")
_MASKS = ((Thread, "sigmask"), (Sigaction, "mask"))


@rule("C531", ERROR)
def numbers(checked: Checked) -> Iterator[Hit]:
    """A signal has a number that is none.

    Signals are 1 to 64; 0 stands for none where there may be none. The system calls refuse others (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    places: tuple[tuple[type[Record], str, int], ...] = (
        (Sigaction, "signal", 1),
        (Siginfo, "number", 1),
        (PosixTimer, "signo", 0),
        (Task, "exit_signal", 0),
        (File, "owner_signal", 0),
    )
    for cls, name, least in places:
        index = cls.fields.index(name)
        rows = checked.rows(cls)
        values = {row[index] for row in rows}
        if values and (min(values) < least or max(values) > _LAST):
            for row in rows:
                if not least <= row[index] <= _LAST:
                    yield Hit(f"{name} is {row[index]}", row, name)


@rule("C532", ERROR)
def fixed_actions(checked: Checked) -> Iterator[Hit]:
    """SIGKILL or SIGSTOP has an action.

    rt_sigaction(2) refuses it (EINVAL): these two cannot be caught or ignored.

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Sigaction):
        if row.signal in (_SIGKILL, _SIGSTOP) and row.handler != _SIG_DFL:
            yield Hit(f"handler {row.handler:#x}", row, "handler")


@rule("C533", WARNING)
def masks(checked: Checked) -> Iterator[Hit]:
    """A mask blocks SIGKILL or SIGSTOP.

    The kernel takes these two out of every mask, so no dump can have found them there.

    Remedy: undo what rewrote the image, or dump again.
    """
    for cls, name in _MASKS:
        index = cls.fields.index(name)
        for row in checked.rows(cls):
            if row[index] & _UNBLOCKABLE:
                yield Hit(f"{name} is {row[index]:#x}", row, name)


@rule("C534", ERROR)
def limits(checked: Checked) -> Iterator[Hit]:
    """Resource limits are not 16 pairs, or a soft limit is over its hard one.

    prlimit(2) refuses it (EINVAL); limits that are missing would stay those of the restarting program.

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Signal):
        values = row.rlimits
        if len(values) != 2 * _LIMITS:
            yield Hit(f"{len(values)} numbers, not {2 * _LIMITS}", row, "rlimits")
        for number, (soft, hard) in enumerate(zip(values[::2], values[1::2], strict=False)):
            if soft > hard:
                yield Hit(f"limit {number}: {soft} over {hard}", row, "rlimits")


@rule("C535", ERROR)
def timers(checked: Checked) -> Iterator[Hit]:
    """A timer has a negative time, or there are not three interval timers.

    setitimer(2) and timer_settime(2) refuse it (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Signal):
        if len(row.itimers) != 2 * _TIMERS:
            yield Hit(f"{len(row.itimers)} numbers, not {2 * _TIMERS}", row, "itimers")
        if min(row.itimers, default=0) < 0:
            yield Hit("an interval timer has a negative time", row, "itimers")
    for timer in checked.rows(PosixTimer):
        for name in ("interval", "remaining"):
            if getattr(timer, name) < 0:
                yield Hit(f"{name} is {getattr(timer, name)} ns", timer, name)


@rule("C536", ERROR)
def pending(checked: Checked) -> Iterator[Hit]:
    """A pending signal is not what the kernel gave, or contradicts its number.

    rt_sigqueueinfo(2) takes 128 bytes, and sends the signal that they name.

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Siginfo):
        if len(row.info) != _SIGINFO_SIZE:
            yield Hit(f"{len(row.info)} bytes, not {_SIGINFO_SIZE}", row, "info")
        elif _NUMBER.unpack_from(row.info)[0] != row.number:
            yield Hit(f"holds signal {_NUMBER.unpack_from(row.info)[0]}, not {row.number}", row, "number")


@rule("C537", ERROR, whole=True)
def unknown_thread(checked: Checked) -> Iterator[Hit]:
    """A timer or a pending signal is for a thread that its process does not have.

    timer_create(2) and rt_tgsigqueueinfo(2) refuse it (EINVAL, ESRCH).

    Remedy: undo what rewrote the image, or dump again.
    """
    if not checked.rows(PosixTimer) and not checked.rows(Siginfo):
        return
    tids: dict[int | None, set[int]] = {}
    for thread in checked.rows(Thread):
        task = checked.find(Task, thread.task)
        if task is not None:
            tids.setdefault(task.signal, set()).add(thread.tid)
    rows: list[PosixTimer | Siginfo] = [*checked.rows(PosixTimer), *checked.rows(Siginfo)]
    for row in rows:
        if row.tid is not None and row.tid not in tids.get(row.signal, ()):
            yield Hit(f"thread {row.tid} is none of the process", row, "tid")
