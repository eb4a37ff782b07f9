"""C501 to C511: processes: the tree, sessions, process groups, what a task has."""

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
_DEAD = b"ZX"
_STATES = b"RSDTtZXIPKWx"
"""State letters that /proc/PID/stat has had (proc(5))."""


def is_dead(task: Task) -> bool:
    """It has ended, and waits for its parent to ask for its exit status."""
    return task.state in _DEAD


def root_of(checked: Checked) -> Task | None:
    """The task that the image was made of, where that is known."""
    return next((checked.find(Task, info.root) for info in checked.rows(ImageInfo)), None)


@rule("C501", ERROR, whole=True)
def image_info(checked: Checked) -> Iterator[Hit]:
    """The image does not say what it is: there is not exactly one row of image_info.

    It names the task to begin with, the machine and the kernel.

    Remedy: take another copy of the image, undo what rewrote it, or dump again.
    """
    rows = checked.rows(ImageInfo)
    if len(rows) != 1:
        yield Hit(f"{len(rows)} rows of image_info", rows[1] if rows else None)


@rule("C502", ERROR)
def parent_cycle(checked: Checked) -> Iterator[Hit]:
    """A task is its own parent or ancestor.

    A restart makes every task by a fork of its parent, and would never come to an end or to a beginning.

    Remedy: undo what rewrote the image, or dump again.
    """
    parents = {task.pid: task.ppid for task in checked.rows(Task)}
    done: set[int] = set()
    cyclic: set[int] = set()
    for start in parents:
        path: dict[int, None] = {}
        pid = start
        while pid in parents and pid not in done and pid not in path:
            path[pid] = None
            pid = parents[pid]
        if pid in path:
            line = list(path)
            cyclic.update(line[line.index(pid) :])
        done.update(path)
    for task in checked.rows(Task):
        if task.pid in cyclic:
            yield Hit(f"is an ancestor of itself (parent {task.ppid})", task, "ppid")


@rule("C503", WARNING, whole=True)
def other_root(checked: Checked) -> Iterator[Hit]:
    """A task is no descendant of the root: its parent is not in the image.

    The kernel gives an orphan to init or to a reaper. A restart can only make it a child of what restarts it,
    which then has to wait for it.

    Remedy: dump the whole tree, from the common parent on.
    """
    root = root_of(checked)
    pids = {task.pid for task in checked.rows(Task)}
    for task in checked.rows(Task):
        if task.ppid not in pids and root is not None and task.objref != root.objref:
            yield Hit(f"parent {task.ppid} is not in the image", task, "ppid")


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


@rule("C506", WARNING, whole=True)
def unknown_session(checked: Checked) -> Iterator[Hit]:
    """A task is in a session or process group whose leader is not in the image.

    The root takes its own along from whatever restarts it. Another session or group can only be
    made by the process whose id it has, and a restart has none with that id.

    Remedy: dump the tree from the leader of the session on, or accept that job control comes back
    differently.
    """
    root = root_of(checked)
    if root is None:
        return
    pids = {task.pid for task in checked.rows(Task)}
    for task in checked.rows(Task):
        if task.sid not in pids and task.sid != root.sid:
            yield Hit(f"nobody leads session {task.sid}", task, "sid")
        if task.pgid not in pids and task.pgid != root.pgid:
            yield Hit(f"nobody leads process group {task.pgid}", task, "pgid")


@rule("C507", ERROR)
def group_and_session(checked: Checked) -> Iterator[Hit]:
    """A process group spans two sessions, or the leader of a session is in another group.

    setsid(2) and setpgid(2) cannot make that (EPERM).

    Remedy: undo what rewrote the image, or dump again.
    """
    sessions: dict[int, int] = {}
    for task in checked.rows(Task):
        if task.pid == task.sid and task.pgid != task.pid:
            yield Hit(f"leads session {task.sid}, but is in process group {task.pgid}", task, "pgid")
        elif sessions.setdefault(task.pgid, task.sid) != task.sid:
            text = f"process group {task.pgid} is in session {sessions[task.pgid]}, this task in {task.sid}"
            yield Hit(text, task, "sid")


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
