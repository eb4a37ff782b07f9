"""Signals of a task: actions, what is pending, timers, limits."""

from __future__ import annotations

from struct import Struct

from crimg.model import PosixTimer, Sigaction, Sighand, Siginfo, Signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from crimg.criu.building import Builder
    from crimg.model.record import Record

_WITHOUT = (9, 19)
"""SIGKILL and SIGSTOP: CRIU leaves them out of its lists of actions."""
_NUMBER = Struct("<i")
_SEC, _USEC = 10**9, 10**3


class SignalBuilder:
    """Makes the rows of signal actions, queues, timers, limits. Actions and limits wait until asked for."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._tables = builder.tables
        self._actions: list[tuple[int, Sequence[Any]]] = []
        self._shared: list[tuple[int, Sequence[Any], Sequence[Any]]] = []
        """Objref, limits and clocks of what the threads of a process share."""
        self._tables.later(Sigaction, self._action_rows, vouched=True)
        self._tables.later(Signal, self._signal_rows)

    def sighand(self, number: int, pid: int, task: Any) -> int:
        """Objref of a table of actions, made when it is first met."""
        objref = self._tables.objref("sighand", number)
        if not self._tables.knows("sighand row", number):
            self._tables.objref("sighand row", number)
            self._tables.add(Sighand(objref=objref, referrers=0))
            self._actions.append((objref, task.sigactions or self._builder.messages("sigacts", pid)))
        return objref

    def _action_rows(self) -> list[Record]:
        numbers = [signal for signal in range(1, 65) if signal not in _WITHOUT]
        return [
            Sigaction(
                sighand=objref,
                signal=signal,
                handler=action.sigaction,
                flags=action.flags,
                restorer=action.restorer,
                mask=action.mask,
            )
            for objref, actions in self._actions
            for signal, action in zip(numbers, actions, strict=False)
            if action.sigaction or action.flags or action.mask
        ]

    def signal(self, pid: int, task: Any) -> int:
        """Objref of what the threads of a process share."""
        objref = self._tables.objref("signal", pid)
        timers = task.timers
        limits = task.rlimits.rlimits or self._builder.messages("rlimit", pid)
        clocks: Sequence[Any] = ()
        if not task.HasField("timers"):
            clocks = self._builder.messages("itimers", pid)[:3]
        self._shared.append((objref, limits, clocks or (timers.real, timers.virt, timers.prof)))
        for timer in timers.posix or self._builder.messages("posix-timers", pid):
            self._timer(objref, timer)
        pending = task.signals_s.signals or self._builder.messages("signal-s", pid)
        self._pending(objref, None, pending)
        return objref

    def _signal_rows(self) -> list[Record]:
        return [
            Signal(
                objref=objref,
                referrers=0,
                rlimits=tuple(value for limit in limits for value in (limit.cur, limit.max)),
                itimers=tuple(
                    value
                    for clock in clocks
                    for value in (
                        clock.isec * _SEC + clock.iusec * _USEC,
                        clock.vsec * _SEC + clock.vusec * _USEC,
                    )
                ),
            )
            for objref, limits, clocks in self._shared
        ]

    def _timer(self, signal: int, timer: Any) -> None:
        clock = timer.clock_id
        self._tables.add(
            PosixTimer(
                signal=signal,
                id=timer.it_id,
                clock=clock - (1 << 32) if clock >= 1 << 31 else clock,
                notify=timer.it_sigev_notify,
                signo=timer.si_signo,
                value=timer.sival_ptr,
                tid=timer.notify_thread_id if timer.notify_thread_id > 0 else None,
                interval=timer.isec * _SEC + timer.insec,
                remaining=timer.vsec * _SEC + timer.vnsec,
            )
        )

    def pending_of_thread(self, task: int, tid: int, thread: Any) -> None:
        """What is in the queue of one thread. task: objref of its task."""
        infos = thread.signals_p.signals or self._builder.messages("signal-p", tid)
        if infos:
            self._pending(self._builder.signal_of_task(task), tid, infos)

    def _pending(self, signal: int, tid: int | None, infos: Sequence[Any]) -> None:
        for position, info in enumerate(infos):
            data = info.siginfo
            number = _NUMBER.unpack_from(data)[0] if len(data) >= _NUMBER.size else 0
            self._tables.add(
                Siginfo(
                    signal=signal,
                    tid=tid,
                    position=position,
                    number=number if 0 <= number < 256 else 0,
                    info=data,
                )
            )
