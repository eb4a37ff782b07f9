"""System calls made by a stopped thread of the target, on our behalf, without a trace left in it.

Between any two calls of this module the thread is as it was: registers, XSAVE area, signal mask, rseq_cs,
signal actions (see `borrow`). Where the tracer is killed (SIGKILL) half-way through a batch, the thread
finishes the batch and heals itself (see `sigframe`); what stays is a private mapping of some 100 KiB that
nothing refers to. The two calls that map and unmap that memory have no such net, for some 30 us each: nothing
can be written into the target before there is a place for it. One thread makes them, first and last.
"""

from __future__ import annotations

import os

from crimg.errors import ProcessGoneError
from crimg.kernel import ptrace
from crimg.kernel.access import read_proc
from crimg.kernel.borrow import BorrowedThread
from crimg.kernel.codepage import CALL_WORDS, fill_scratch, map_scratch, run_calls, unmap_scratch
from crimg.kernel.procstat import parse_stat
from crimg.kernel.scratch import TABLE_CALLS, Scratch
from crimg.kernel.uninterrupted import Uninterrupted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

DATA_SIZE = 1 << 16


class Injector:
    """Context manager: makes system calls in thread `tid`, which is in an event stop of the caller's tracing.

    scratch: that of another injector of the same process, still open, to share its memory.  data_size: bytes
    at `data`, for what the calls write or read.  timeout: seconds for each stop.
    options: the PTRACE_O_* that are set in the thread.  address: where that memory is to be, instead of where
    the kernel likes; nothing may be mapped there.

    Calls that sleep may not be injected: nanosleep, poll and futex would overwrite the kernel's note of how
    to go on with the call that the thread is in. The umask needs no call: /proc/PID/status has it.
    """

    _open = False

    def __init__(
        self,
        tid: int,
        *,
        scratch: Scratch | None = None,
        data_size: int = DATA_SIZE,
        timeout: float = 5.0,
        options: int = ptrace.PTRACE_O_TRACESYSGOOD,
        address: int = 0,
    ) -> None:
        self.tid = tid
        self.data_size = data_size if scratch is None else scratch.data_size
        self._scratch = scratch
        self._owner = scratch is None
        self._timeout = timeout
        self._options = options
        self._address = address
        self._reserved = 0
        self._rooms: dict[str, int] = {}
        self._affinity: set[int] | None = None
        self._part: Sequence[Sequence[int]] = ()

    def __enter__(self) -> Self:
        self._thread = BorrowedThread(self.tid, self._timeout, self._options)
        try:
            self._open = True
            self._thread.lift_filters()
            self._move_near()
            if self._owner:
                self._thread.away(self._map)
        except BaseException:
            self.close_after_failure()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if value is None:
            self.close()
        else:
            self.close_after_failure()

    @property
    def scratch(self) -> Scratch:
        """The memory in the target, to be given to the injectors of its other threads."""
        if self._scratch is None:
            raise ValueError("the injector is not open")
        return self._scratch

    @property
    def data(self) -> int:
        """The target's address of the data area; common to all that share the scratch."""
        return self.scratch.data

    def room(self, name: str, size: int) -> int:
        """As `reserve`, the first time; later, the same bytes again."""
        if name not in self._rooms:
            self._rooms[name] = self.reserve(size)
        return self._rooms[name]

    def reserve(self, size: int) -> int:
        """The target's address of `size` more bytes of the data area, aligned to 16; ValueError: full."""
        start = -(-self._reserved // 16) * 16
        if start + size > self.data_size:
            raise ValueError(f"{size} bytes more than the data area of {self.data_size} holds")
        self._reserved = start + size
        return self.data + start

    def read(self, address: int, size: int) -> bytes:
        """`size` bytes of the target's memory."""
        return self._thread.memory.read(address, size)

    def write(self, address: int, data: bytes) -> None:
        """Write to the target's memory: meant for the data area, no protection holds it back."""
        self._thread.memory.write(address, data)

    def call(self, number: int, *arguments: int) -> int:
        """What system call `number` returns in the thread: as the kernel returns it, -errno for an error."""
        return self.batch([(number, *arguments)])[0]

    def batch(self, calls: Sequence[Sequence[int]]) -> list[int]:
        """Make the `calls`, each (number, up to 6 arguments), in order; what each returned (errors: -errno).

        An error stops nothing. Raises ProcessGoneError; KernelError (ETIME) where a call does not come back;
        ValueError for more arguments.
        """
        if any(not 1 <= len(call) < CALL_WORDS for call in calls):
            raise ValueError("a call is its number and up to 6 arguments")
        results: list[int] = []
        for first in range(0, len(calls), TABLE_CALLS):
            self._part = calls[first : first + TABLE_CALLS]
            results += self._thread.away(self._run)
        return results

    def last_call(self, number: int, *arguments: int) -> None:
        """Let the thread make a call that it does not come back from, and run (exit_group, execve).

        Nothing is put back in it, and the injector is closed.
        """
        with Uninterrupted():
            given = dict(zip(("rdi", "rsi", "rdx", "r10", "r8", "r9"), arguments, strict=False))
            self._thread.set_registers(rip=self.scratch.syscall_at, rax=number, **given)
            ptrace.cont(self.tid)
        self.abandon()

    def adopt(self) -> None:
        """That memory is a copy, made by fork(2), of the one that was given: `close` unmaps it."""
        self._scratch = self.scratch.copy()
        self._owner = True

    def close(self) -> None:
        """Put everything back as it was; a second call does nothing. Raises ProcessGoneError, KernelError."""
        if not self._open:
            return
        with Uninterrupted():
            try:
                if self._owner and self._scratch is not None:
                    self._thread.away(self._unmap)
                    self._scratch = None
                self._thread.close()
                self._open = False
            finally:
                if self._affinity is not None:
                    _run_on(self._affinity)

    def close_after_failure(self) -> None:
        """As `close`, while an exception is on its way, which says more than that the process has ended."""
        try:
            self.close()
        except ProcessGoneError:
            self._open = False

    def abandon(self) -> None:
        """Let go of a thread that has been killed; nothing is put back in it."""
        if self._open:
            self._open = False
            self._thread.memory.close()
            if self._affinity is not None:
                _run_on(self._affinity)

    def _move_near(self) -> None:
        """To the CPU that the thread was last on: there, a stop and go takes a fifth of the time."""
        stat = read_proc(self.tid, "stat")
        here = os.sched_getaffinity(0)
        if stat and len(here) > 1 and (cpu := parse_stat(stat).processor) in here:
            self._affinity = here
            _run_on({cpu})

    def _map(self) -> None:
        self._scratch = map_scratch(self._thread, self.data_size, self._address)
        fill_scratch(self._thread, self._scratch)

    def _unmap(self) -> None:
        unmap_scratch(self._thread, self.scratch)

    def _run(self) -> list[int]:
        return run_calls(self._thread, self.scratch, self._part)


def _run_on(cpus: set[int]) -> None:
    try:
        os.sched_setaffinity(0, cpus)
    except OSError:
        return  # a cpuset that has changed meanwhile: it takes longer, or stays so
