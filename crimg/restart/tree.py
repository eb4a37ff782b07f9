"""How the processes of an image come to be each other's children again, in their sessions and groups. Pure.

A process is in the session of its maker, unless it begins one; and its parent is its maker, or the parent of
its maker (CLONE_PARENT of clone(2)). So who makes whom, and when, follows from the recorded parents and
sessions. Where the leader of a session or process group has ended, another process takes its place until all
are in it.
"""

from __future__ import annotations

from crimg.escape import escape
from crimg.model import Cred, ImageInfo, Task
from crimg.restart.tree_steps import (
    EndStandIn,
    EndZombie,
    MakeProcess,
    MakeStandIn,
    SetGroups,
    StartSession,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crimg.model.image import Image
    from crimg.restart.tree_steps import TreeStep

# include/uapi/linux/sched.h
_SHARING = {"mm": 0x100, "fs": 0x200, "fd_table": 0x400, "sighand": 0x800}
_SIGCHLD = 17


def root_task(tasks: Sequence[Task], image: Image) -> Task | None:
    """The process that all others descend from."""
    roots = {info.root for info in image.rows(ImageInfo)}
    pids = {task.pid for task in tasks}
    named = [task for task in tasks if task.objref in roots]
    return next(iter(named or [task for task in tasks if task.ppid not in pids]), None)


class Tree:
    """The steps that make the processes of an image, parents before children.

    steps: to be carried out in this order.  order: the processes in the order in which they are made.
    told: by pid, the signals that the end of zombies and stand-ins sends to a process.
    problems: what cannot be made as it was, one line each; the steps are then not complete.
    """

    def __init__(self, image: Image, *, new_pids: bool = False, join: bool = False) -> None:
        """join: the first process begins no session, but is in that of this program."""
        self.image = image
        self.join = join
        self.new_pids = new_pids
        self.steps: list[TreeStep] = []
        self.order: list[Task] = []
        self.told: dict[int, set[int]] = {}
        self.problems: list[str] = []
        self._tasks = {task.pid: task for task in image.rows(Task)}
        self._children: dict[int, list[Task]] = {}
        self._session: dict[int, int] = {}
        self._group: dict[int, int] = {}
        self._stand_ins: dict[int, int] = {}
        self._owners: dict[tuple[str, int], int] = {}
        root = root_task(image.rows(Task), image)
        if root is not None:
            self._make_all(root)
            self._set_groups()
            self._end()

    def _make_all(self, root: Task) -> None:
        for task in self._tasks.values():
            if task is not root:
                self._children.setdefault(task.ppid, []).append(task)
        # It is born in the session and group of this program, which stand for those that it was in.
        outside = [0 if number in self._tasks else number for number in (root.sid, root.pgid)]
        outside[0] = root.sid if self.join else outside[0]
        self._make(root, None, *outside)
        done = 0
        while done < len(self.order):
            parent = self.order[done]
            for child in self._children.get(parent.pid, ()):
                if child.pid not in self._session:
                    self._place(child, parent)
            done += 1
        for task in self._tasks.values():
            if task.pid not in self._session:
                self.problems.append(f"process {task.pid} is no descendant of process {root.pid}")
            elif self._session[task.pid] != task.sid:
                self.problems.append(f"process {task.pid} cannot have come into session {task.sid}")

    def _make(
        self, task: Task, maker: int | None, session: int, group: int, *, sibling: bool = False
    ) -> None:
        """Add the step, and those for what has to happen before anything else in the new process."""
        shared = self._shared_with(task, maker)
        pid = None if self.new_pids else task.pid
        self.steps.append(MakeProcess(task, pid, maker, sibling=sibling, shared=shared))
        self.order.append(task)
        self._session[task.pid], self._group[task.pid] = session, group
        for kind in _SHARING:
            objref = getattr(task, kind)
            if objref is not None:
                self._owners.setdefault((kind, objref), task.pid)
        if task.sid != task.pid or session == task.sid:
            return
        for child in self._children.get(task.pid, ()):  # made before it began a session
            if child.sid == session and child.sid not in (task.pid, child.pid):
                self._place(child, task)
        self._start_session(task.pid)

    def _start_session(self, number: int) -> None:
        self.steps.append(StartSession(number))
        self._session[number] = self._group[number] = number

    def _place(self, task: Task, parent: Task) -> None:
        """Have a process made by its parent, or by a child of that."""
        siblings = [one for one in self._children.get(parent.pid, ()) if one.pid in self._session]
        for maker in (parent, *siblings):
            sibling = maker is not parent
            if (
                (task.sid == task.pid or self._session[maker.pid] == task.sid)
                and self._may_share(task, maker)
                and (not sibling or maker.exit_signal == task.exit_signal)
            ):
                session, group = self._session[maker.pid], self._group[maker.pid]
                self._make(task, maker.pid, session, group, sibling=sibling)
                return
        if not self._may_share(task, None):
            self.problems.append(f"process {task.pid} shares memory or tables with one that cannot make it")
        elif task.sid in self._tasks or task.exit_signal != _SIGCHLD:
            self.problems.append(
                f"process {task.pid} is in session {task.sid}, of which neither its parent is nor a sibling"
            )
        else:
            if task.sid not in self._stand_ins:
                self._stand_in(task.sid, parent)
                self._start_session(task.sid)
            elif self._stand_ins[task.sid] != parent.pid:
                self.problems.append(
                    f"session {task.sid}, whose leader had ended, has processes of two parents"
                )
            self._make(task, task.sid, task.sid, task.sid, sibling=True)

    def _stand_in(self, number: int, parent: Task) -> None:
        self.steps.append(MakeStandIn(number, None if self.new_pids else number, parent.pid))
        self._stand_ins[number] = parent.pid
        self._session[number], self._group[number] = self._session[parent.pid], self._group[parent.pid]
        self.told.setdefault(parent.pid, set()).add(_SIGCHLD)

    def _may_share(self, task: Task, maker: Task | None) -> bool:
        """Whether all that exists already of what the process has is what the maker has, too."""
        return all(
            (maker is not None and getattr(task, kind) == getattr(maker, kind))
            or (kind, getattr(task, kind)) not in self._owners
            for kind in _SHARING
        )

    def _shared_with(self, task: Task, maker: int | None) -> int:
        other = self._tasks.get(maker) if maker is not None else None
        if other is None or task.mm is None:
            return 0
        return sum(flag for kind, flag in _SHARING.items() if getattr(task, kind) == getattr(other, kind))

    def _set_groups(self) -> None:
        """Leaders first, since a group has to be there before others can be in it."""
        wanted = {task.pid: task.pgid for task in self.order}
        leaders = []
        for group in dict.fromkeys(wanted.values()):
            if group in self._group.values():
                continue
            if group not in self._group:
                member = next(task for task in self.order if task.pgid == group)
                maker = next(
                    (
                        task
                        for task in self.order
                        if task.mm is not None and self._session[task.pid] == self._session[member.pid]
                    ),
                    None,
                )
                if maker is None:
                    self.problems.append(f"process group {group} has no process that could make it")
                    continue
                self._stand_in(group, maker)
            leaders.append((group, group))
            self._group[group] = group
        members = [(pid, group) for pid, group in wanted.items() if self._group[pid] != group]
        members.sort(key=lambda pair: self._group[pair[0]] == pair[0])  # a group ends with its last member
        if leaders or members:
            self.steps.append(SetGroups((*leaders, *members)))

    def _end(self) -> None:
        self.steps += [EndStandIn(number, parent) for number, parent in self._stand_ins.items()]
        for task in self.order:
            if task.mm is None:
                cred = self.image.find(Cred, task.cred)
                status = (task.extra or {}).get("exit_status")
                if cred is None or not isinstance(status, int) or not is_status(status):
                    self.problems.append(f"process {task.pid} ended with status {escape(str(status))}")
                    continue
                self.steps.append(EndZombie(task, status, cred))
                if task.ppid in self._tasks and 0 < task.exit_signal <= 64:
                    self.told.setdefault(task.ppid, set()).add(task.exit_signal)
        for task in self.order:
            if task.state == ord("T") and task.ppid in self._tasks:
                self.told.setdefault(task.ppid, set()).add(_SIGCHLD)


_NOT_DEADLY = frozenset((17, 18, 19, 20, 21, 22, 23, 28))  # CHLD CONT STOP TSTP TTIN TTOU URG WINCH


def is_status(status: int) -> bool:
    """Whether wait(2) can tell this of a process that has ended."""
    number = status & 0x7F
    if number == 0:
        return status & ~0xFF00 == 0
    return status & ~0xFF == 0 and number <= 64 and number not in _NOT_DEADLY


def sharers(order: Iterable[Task], kind: str) -> list[Task]:
    """The first process of each object of a kind ("mm", "fd_table", "fs", "sighand")."""
    found: dict[int, Task] = {}
    for task in order:
        objref = getattr(task, kind)
        if objref is not None:
            found.setdefault(objref, task)
    return list(found.values())
