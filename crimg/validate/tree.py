"""C502 to C507, C512: the tree of processes: parents, sessions, process groups (credentials(7))."""

from __future__ import annotations

from crimg.model import ImageInfo, Task, Thread
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule
from crimg.validate.tasks import is_dead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.checked import Checked


def root_of(checked: Checked) -> Task | None:
    """The task that the image was made of, where that is known."""
    return next((checked.find(Task, info.root) for info in checked.rows(ImageInfo)), None)


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


@rule("C506", WARNING, whole=True)
def unknown_session(checked: Checked) -> Iterator[Hit]:
    """A task is in a session or process group whose leader is not in the image.

    The root takes its own along from whatever restarts it. Another session or group can only be
    made by a process whose id it has: a restart makes one in place of the leader, and ends it again.

    Remedy: none is needed where the leader had ended; else dump the tree from the leader of the session on.
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
    """A process group spans two sessions, or who should lead a session is in another group or session.

    setsid(2) and setpgid(2) cannot make that (EPERM): a session has the id of the process that made it, which
    leads it and its first group for the rest of its life.

    Remedy: undo what rewrote the image, or dump again.
    """
    own = {task.pid: task.sid for task in checked.rows(Task)}
    sessions: dict[int, int] = {}
    for task in checked.rows(Task):
        if task.pid == task.sid and task.pgid != task.pid:
            yield Hit(f"leads session {task.sid}, but is in process group {task.pgid}", task, "pgid")
        elif own.get(task.sid, task.sid) != task.sid:
            text = f"process {task.sid} leads no session, it is in {own[task.sid]}"
            yield Hit(text, task, "sid")
        elif sessions.setdefault(task.pgid, task.sid) != task.sid:
            text = f"process group {task.pgid} is in session {sessions[task.pgid]}, this task in {task.sid}"
            yield Hit(text, task, "sid")


@rule("C512", ERROR)
def child_of_a_zombie(checked: Checked) -> Iterator[Hit]:
    """The parent of a task has ended.

    The kernel gives the children of a process that ends to init or to a reaper (PR_SET_CHILD_SUBREAPER): none
    is left to a zombie. Restarted so, the task would have another parent than the image says.

    Remedy: undo what rewrote the image, or dump again.
    """
    threads = checked.owned(Thread)
    ended = {task.pid for task in checked.rows(Task) if is_dead(task) and task.objref not in threads}
    for task in checked.rows(Task):
        if task.ppid in ended and task.ppid != task.pid:
            yield Hit(f"its parent {task.ppid} is a zombie", task, "ppid")
