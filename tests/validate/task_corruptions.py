"""What can go wrong with processes and threads, one thing at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from crimg.model import Signal, Task, Thread
from tests.samples import FD_TABLE, FS, MM, TASK
from tests.validate.corruptions import Corruption, Expected, named, pick
from tests.validate.sound import ROOT_PID, ZOMBIE_PID, registers

if TYPE_CHECKING:
    from tests.validate.random_images import Draw
    from tests.validate.sound import Draft

_NOBODY = 77_777


def _runs(task: Task) -> bool:
    return task.mm is not None


def _has_ended(task: Task) -> bool:
    return task.mm is None


def _is_no_root(task: Task) -> bool:
    return task.objref != TASK


def own_parent(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task)
    return named("C502", row.objref, draw, draft.change(Task, row.objref, ppid=row.pid))


def orphan(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task, _is_no_root)
    return named("C503", row.objref, draw, draft.change(Task, row.objref, ppid=_NOBODY))


def same_pid(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task, _is_no_root)
    return Expected("C504", row.objref), draft.change(Task, row.objref, pid=ROOT_PID).bytes()  # root first


def no_leader(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task, _runs)
    return named("C505", row.objref, draw, draft.remove(Thread, (row.objref, row.pid)))


def unknown_session(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task, _is_no_root)
    return named("C506", row.objref, draw, draft.change(Task, row.objref, sid=_NOBODY))


def unknown_group(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task, _is_no_root)
    return named("C506", row.objref, draw, draft.change(Task, row.objref, pgid=_NOBODY))


def session_of_no_leader(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task, _is_no_root)
    return named("C507", row.objref, draw, draft.change(Task, row.objref, sid=ROOT_PID))


def leader_in_another_group(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task, _is_no_root)
    return named("C507", row.objref, draw, draft.change(Task, row.objref, sid=row.pid, pgid=ROOT_PID))


def zombie_with_parts(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task, _has_ended)
    name, value = draw(st.sampled_from((("mm", MM), ("fd_table", FD_TABLE), ("fs", FS))))
    return named("C508", row.objref, draw, draft.change(Task, row.objref, **{name: value}))


def runs_without(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task, _runs)
    name = draw(st.sampled_from(("mm", "fd_table", "fs", "sighand", "signal")))
    return named("C508", row.objref, draw, draft.change(Task, row.objref, **{name: None}))


def child_of_a_zombie(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task, lambda task: _is_no_root(task) and task.pid != ZOMBIE_PID)
    return named("C512", row.objref, draw, draft.change(Task, row.objref, ppid=ZOMBIE_PID))


def impossible_pid(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Task)
    return named(
        "C513", row.objref, draw, draft.change(Task, row.objref, pid=draw(st.sampled_from((0, 1 << 22))))
    )


def soft_over_hard(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Signal)
    number = draw(st.integers(0, 15))
    limits = list(row.rlimits)
    limits[2 * number] = limits[2 * number + 1] + 1
    return named("C534", row.objref, draw, draft.change(Signal, row.objref, rlimits=tuple(limits)))


def kernel_segment(draw: Draw, draft: Draft) -> Corruption:
    row = pick(draw, draft, Thread)
    return named("C521", row.task, draw, draft.change(Thread, row.key, registers=registers(r17=0x10)))


CORRUPTIONS = (
    *(own_parent, orphan, same_pid, no_leader, unknown_session, unknown_group, session_of_no_leader),
    *(leader_in_another_group, zombie_with_parts, runs_without, child_of_a_zombie, impossible_pid),
    *(soft_over_hard, kernel_segment),
)
