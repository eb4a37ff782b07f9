"""Processes for random images: sessions, process groups, zombies, threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from crimg.model import Signal, Task, Thread
from tests.samples import SIGNAL, TASK
from tests.validate.sound import CHILD, ZOMBIE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.validate.sound import Draft

    Draw = Callable[[st.SearchStrategy[Any]], Any]

_FIRST = 20_000
_INHERITS, _LEADS_GROUP, _LEADS_SESSION, _JOINS_GROUP = range(4)


def add_tasks(draw: Draw, draft: Draft) -> None:
    """Up to five processes more, each a child of one that runs."""
    running = [draft.row(Task, TASK), draft.row(Task, CHILD)]
    for number in range(draw(st.integers(0, 5))):
        task = _made(draw, running, _FIRST + 2 * number, 5000 + 10 * number)
        if draw(st.booleans()):
            draft.copy(Task, ZOMBIE, objref=task.objref, pid=task.pid, **_relations(task))
            continue
        draft.copy(Signal, SIGNAL, objref=task.objref - 1).add(task)
        running.append(task)
        for tid in range(task.pid, task.pid + draw(st.integers(1, 3))):
            draft.copy(Thread, (TASK, 4242), task=task.objref, tid=tid)


def _made(draw: Draw, running: list[Task], objref: int, pid: int) -> Task:
    """A child of one of these, as fork(2), setpgid(2) and setsid(2) can make it."""
    parent = draw(st.sampled_from(running))
    sid, pgid = parent.sid, parent.pgid
    how = draw(st.integers(_INHERITS, _JOINS_GROUP))
    if how == _LEADS_SESSION:
        sid = pgid = pid
    elif how == _LEADS_GROUP:
        pgid = pid
    elif how == _JOINS_GROUP:
        pgid = draw(st.sampled_from([task.pgid for task in running if task.sid == sid]))
    made = running[1].replace(objref=objref + 1, pid=pid, signal=objref, comm=b"more")
    return made.replace(ppid=parent.pid, sid=sid, pgid=pgid)


def _relations(task: Task) -> dict[str, int]:
    return {"ppid": task.ppid, "sid": task.sid, "pgid": task.pgid}
