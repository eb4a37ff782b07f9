"""Counters, timers and signals that are read from descriptors, as they were."""

from __future__ import annotations

import os
import select
import time

from crimg.errors import KernelError
from crimg.kernel import counters
from crimg.model import Eventfd, Signalfd, Timerfd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.restart.kind_steps import MakeSpecial

_SETTIME_FLAGS = 3  # TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET
_CLOCK_OF_ALARM = {8: 0, 9: 7}  # CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM
_MILLISECONDS = 1000


def make_special(step: MakeSpecial) -> int:
    """A descriptor of it (close-on-exec). Raises KernelError, OSError."""
    row = step.row
    if isinstance(row, Eventfd):
        semaphore = os.EFD_SEMAPHORE if row.semaphore else 0
        fd = os.eventfd(0, semaphore | os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        if row.value:  # eventfd(2) takes 32 bits only
            os.eventfd_write(fd, row.value)
        return fd
    if isinstance(row, Timerfd):
        return counters.timerfd_create(row.clock)
    if isinstance(row, Signalfd):
        return counters.signalfd(row.mask)
    return counters.epoll_create()


def arm(fd: int, row: Timerfd) -> None:
    """Arm the timer at `fd` with the time that was left. Raises KernelError.

    One that is periodic and has expired waits for the reader before it counts on: it expires at once.
    """
    expired = row.ticks > 0 and row.remaining == 0
    value = 1 if expired and row.interval else row.remaining
    if value:
        flags = row.settime_flags & _SETTIME_FLAGS
        if flags & counters.TIMER_ABSTIME:
            value += time.clock_gettime_ns(_CLOCK_OF_ALARM.get(row.clock, row.clock))
        else:
            flags = 0
        try:
            counters.timerfd_settime(fd, flags, row.interval, value)
        except KernelError as error:
            hint = f"timerfd #{row.file} has clock {row.clock}"
            raise KernelError(error.syscall, error.errno, hint=hint) from error
    if row.ticks:
        if expired and row.interval:
            waiting = select.poll()
            waiting.register(fd, select.POLLIN)
            waiting.poll(_MILLISECONDS)
        counters.set_ticks(fd, row.ticks)
