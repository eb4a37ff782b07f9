"""Signals: actions, what is pending, timers, limits (signal(7), struct sighand_struct, signal_struct)."""

from __future__ import annotations

from crimg.model.record import Record
from crimg.model.types import S32, U8, U32, U64, Address, Extra, Nanoseconds, SighandRef, SignalRef


class Sighand(Record, kind=14, noun="sighand"):
    """A table of signal actions; those that are not the default follow as `Sigaction`."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Sigaction(Record, kind=15, noun="sigaction", key=("sighand", "signal")):
    """The action of one signal, where it is not SIG_DFL with no flags (rt_sigaction(2))."""

    sighand: SighandRef
    """The table it is in."""
    signal: U8
    """Signal number, 1 to 64."""
    handler: Address
    """Address of the handler; 0 SIG_DFL, 1 SIG_IGN."""
    flags: U64
    """SA_* flags."""
    restorer: Address
    """Address that the handler returns to."""
    mask: U64
    """Signals blocked while the handler runs; bit N-1 is signal N."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Signal(Record, kind=16, noun="signal"):
    """What the threads of a process share (struct signal_struct)."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    rlimits: tuple[U64, ...]
    """Resource limits, soft and hard in turn, RLIMIT_CPU first; 2**64 - 1 is RLIM_INFINITY (prlimit(2))."""
    itimers: tuple[Nanoseconds, ...]
    """Interval and time left of ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF (getitimer(2))."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class PosixTimer(Record, kind=17, noun="posix_timer", key=("signal", "id")):
    """A POSIX timer (timer_create(2), /proc/PID/timers)."""

    signal: SignalRef
    """The process it belongs to."""
    id: U32
    """Timer id."""
    clock: S32
    """Clock id as the kernel knows it."""
    notify: U32
    """sigev_notify."""
    signo: U32
    """Signal it sends, 0 for none."""
    value: U64
    """sigev_value as the target gave it."""
    tid: U32 | None
    """Thread that is notified (SIGEV_THREAD_ID), else nil."""
    interval: Nanoseconds
    """Period, 0 for none."""
    remaining: Nanoseconds
    """Time left, 0 for not armed."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Siginfo(Record, kind=21, noun="siginfo", key=("signal", "tid", "position")):
    """A signal that is pending (ptrace(PTRACE_PEEKSIGINFO))."""

    signal: SignalRef
    """The process it is pending for."""
    tid: U32 | None
    """The thread whose queue it is in; nil for the queue of the process."""
    position: U32
    """Place in the queue, from 0."""
    number: U8
    """Signal number."""
    info: bytes
    """siginfo_t, 128 bytes."""
    extra: Extra | None = None
    """Further attributes, or nil."""
