"""C501, C504, C505, C508 to C511, C513: processes: their ids, and what a task has."""

from __future__ import annotations

from crimg.model import ImageInfo, Task, Thread
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.checked import Checked

_PARTS = ("mm", "fd_table", "fs", "sighand", "signal")
"""What every task has that runs."""
_FREED = ("mm", "fd_table", "fs")
"""What a zombie has no more (do_exit, kernel/exit.c)."""
_PID_END = 1 << 22
_DEAD = b"ZX"
_STATES = b"RSDTtZXIPKWx"
"""State letters that /proc/PID/stat has had (proc(5))."""


def is_dead(task: Task) -> bool:
    """It has ended, and waits for its parent to ask for its exit status."""
    return task.state in _DEAD


@rule("C501", ERROR, whole=True)
def image_info(checked: Checked) -> Iterator[Hit]:
    """The image does not say what it is: there is not exactly one row of image_info.

    It names the task to begin with, the machine and the kernel.

    Remedy: take another copy of the image, undo what rewrote it, or dump again.
    """
    rows = checked.rows(ImageInfo)
    if len(rows) != 1:
        yield Hit(f"{len(rows)} rows of image_info", rows[1] if rows else None)


@rule("C504", ERROR)
def same_id(checked: Checked) -> Iterator[Hit]:
    """Two tasks or threads have one id.

    clone3(2) can give an id once.

    Remedy: undo what rewrote the image, or dump again.
    """
    owners: dict[int, int] = {}
    for task in checked.rows(Task):
        if owners.setdefault(task.pid, task.objref) != task.objref:
            yield Hit(f"#{owners[task.pid]} has pid {task.pid} too", task, "pid")
    seen: set[int] = set()
    for thread in checked.rows(Thread):
        if thread.tid in seen:
            yield Hit("is there twice", thread, "tid")
        elif owners.get(thread.tid, thread.task) != thread.task:
            yield Hit(f"#{owners[thread.tid]} has pid {thread.tid}", thread, "tid")
        seen.add(thread.tid)


@rule("C505", ERROR, whole=True)
def no_leader(checked: Checked) -> Iterator[Hit]:
    """A running task has no thread with its own id.

    The first thread of a process is the process: without it there are no registers to go on from.

    Remedy: dump again; a process whose main thread has ended cannot be restarted.
    """
    leaders = {(thread.task, thread.tid) for thread in checked.rows(Thread)}
    for task in checked.rows(Task):
        if not is_dead(task) and (task.objref, task.pid) not in leaders:
            yield Hit(f"no thread {task.pid}", task, "pid")


@rule("C508", ERROR)
def parts(checked: Checked) -> Iterator[Hit]:
    """A zombie still has memory or files, or a running task has none.

    A process that has ended has given them back; one that runs cannot do without.

    Remedy: undo what rewrote the image, or dump again.
    """
    for task in checked.rows(Task):
        dead = is_dead(task)
        for name in _FREED if dead else _PARTS:
            if (getattr(task, name) is None) != dead:
                yield Hit(f"is a zombie with {name}" if dead else f"runs, but has no {name}", task, name)


@rule("C509", ERROR)
def sharing(checked: Checked) -> Iterator[Hit]:
    """Two processes share what the kernel does not let them share.

    Signal actions can be shared only with the memory (CLONE_SIGHAND needs CLONE_VM, clone(2)), and pending
    signals, timers and limits by the threads of one process alone.

    Remedy: undo what rewrote the image, or dump again.
    """
    memory: dict[int, int | None] = {}
    signals: dict[int, int] = {}
    for task in checked.rows(Task):
        if task.sighand is not None and memory.setdefault(task.sighand, task.mm) != task.mm:
            yield Hit(f"shares sighand #{task.sighand} with a task of other memory", task, "sighand")
        if task.signal is not None and signals.setdefault(task.signal, task.pid) != task.pid:
            yield Hit(f"shares signal #{task.signal} with process {signals[task.signal]}", task, "signal")


@rule("C510", WARNING)
def states(checked: Checked) -> Iterator[Hit]:
    """The state of a task or thread is none that the kernel has.

    The state tells whether it ran, slept, was stopped or had ended.

    Remedy: undo what rewrote the image, or dump again.
    """
    rows: list[Task | Thread] = [*checked.rows(Task), *checked.rows(Thread)]
    for row in rows:
        if row.state not in _STATES:
            yield Hit(f"state {row.state} is no letter of proc(5)", row, "state")


@rule("C511", ERROR)
def oom_score(checked: Checked) -> Iterator[Hit]:
    """oom_score_adj is outside -1000 to 1000.

    Writing it to /proc/PID/oom_score_adj is refused (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for task in checked.rows(Task):
        if not -1000 <= task.oom_score_adj <= 1000:
            yield Hit(f"oom_score_adj is {task.oom_score_adj}", task, "oom_score_adj")


@rule("C513", ERROR)
def impossible_id(checked: Checked) -> Iterator[Hit]:
    """A process or thread has an id that none can have.

    Ids are 1 to 4194303 (PID_MAX_LIMIT, proc_sys_kernel(5)): clone3(2) refuses another (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for task in checked.rows(Task):
        if not 0 < task.pid < _PID_END:
            yield Hit(f"pid {task.pid}", task, "pid")
    for thread in checked.rows(Thread):
        if not 0 < thread.tid < _PID_END:
            yield Hit(f"tid {thread.tid}", thread, "tid")
