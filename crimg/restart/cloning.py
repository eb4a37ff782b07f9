"""Processes and threads that a process which is being made makes, by clone3(2)."""

from __future__ import annotations

from crimg.kernel import birth, ptrace
from crimg.kernel.stops import is_event_stop, wait_stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.kernel.inject import Injector

SECONDS = 10.0
"""For a process to stop."""


def clone(injector: Injector, flags: int, exit_signal: int, number: int | None) -> int:
    """Have a thread make a process or thread, traced as itself; its process or thread id.

    flags: CLONE_*.  number: the id that it is to have, or None.  Raises KernelError.
    """
    slot, wanted = injector.room("clone", birth.CLONE_ARGS.size), injector.room("id", 8)
    injector.write(wanted, (number or 0).to_bytes(8, "little"))
    set_tid = (wanted, 1) if number is not None else (0, 0)
    injector.write(slot, birth.clone_arguments(flags | birth.CLONE_PTRACE, exit_signal, *set_tid))
    return birth.born(lambda: injector.call(birth.NR_CLONE3, slot, birth.CLONE_ARGS.size), number)


def hold(tid: int) -> None:
    """Wait until what `clone` made is in its first event stop. Raises KernelError, ProcessGoneError."""
    while not is_event_stop(wait_stop(tid, SECONDS)):
        ptrace.interrupt(tid)
        ptrace.cont(tid)
