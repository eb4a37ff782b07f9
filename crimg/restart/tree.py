"""How the processes of an image come to be each other's children again, in their sessions and groups. Pure.

A process is in the session of its maker, unless it begins one; and its parent is its maker, or the parent of
its maker (CLONE_PARENT of clone(2)). So who makes whom, and when, follows from the recorded parents and
sessions. Where the leader of a session or process group has ended, another process takes its place until all
are in it.
"""

from __future__ import annotations

from types import MappingProxyType

from crimg.escape import escape
from crimg.model import Cred, ImageInfo, Task
from crimg.restart.pseudo_steps import TakeTerminal
from crimg.restart.tree_steps import (
    EndStandIn,
    EndZombie,
    MakeProcess,
    MakeStandIn,
    SetGroups,
    StartSession,
    is_status,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crimg.model.image import Image
    from crimg.restart.tree_steps import TreeStep

# include/uapi/linux/sched.h
_SHARING = {"mm": 0x100, "fs": 0x200, "fd_table": 0x400, "sighand": 0x800}
_SIGCHLD = 17
_NONE: Mapping[int, int] = MappingProxyType({})
_DEEPEST = 100
"""Leaders of sessions, one the child of the other, that were made before any of them became one."""


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

    def __init__(
        self,
        image: Image,
        *,
        new_pids: bool = False,
        join: bool = False,
        terminals: Mapping[int, int] = _NONE,
    ) -> None:
        """join: the first process begins no session, but is in that of this program.

        terminals: leaders of sessions to the objref of the terminal that they take, before they make others.
        """
        self.image = image
        self.terminals = terminals
        self.join = join
        self.new_pids = new_pids
        self.steps: list[TreeStep | TakeTerminal] = []
        self.order: list[Task] = []
        self.told: dict[int, set[int]] = {}
        self.problems: list[str] = []
        self._tasks = {task.pid: task for task in image.rows(Task)}
        self._children: dict[int, list[Task]] = {}
        self._session: dict[int, int] = {}
        self._group: dict[int, int] = {}
        self._stand_ins: dict[int, int] = {}
        self._owners: dict[tuple[str, int], int] = {}
        self._born: dict[int, int] = {}
        self._depth = self._outside = 0
        root = root_task(image.rows(Task), image)
        if root is not None:
            self._make_all(root)
            self._set_groups()
            self._end()

    def _make_all(self, root: Task) -> None:
        for task in self._tasks.values():
            if task is not root:
                self._children.setdefault(task.ppid, []).append(task)
        for task in self._tasks.values():
            self._note_births(task)
        # It is born in the session and group of this program, which stand for those that it was in.
        outside = [0 if number in self._tasks else number for number in (root.sid, root.pgid)]
        outside[0] = root.sid if self.join else outside[0]
        self._outside = outside[0]
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

    def _note_births(self, task: Task) -> None:
        """Of who began sessions after a process was made by them: they were born in the one that it is in."""
        one = self._tasks.get(task.ppid)
        while one and one.sid == one.pid != task.sid != task.pid and one.pid not in self._born:
            self._born[one.pid] = task.sid
            one = self._tasks.get(one.ppid)

    def _at_birth(self, task: Task) -> int | None:
        """The session that a process has to be born in; None for any."""
        return self._born.get(task.pid) if task.sid == task.pid else task.sid

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
        self._depth += 1
        for child in self._children.get(task.pid, ()):  # made before it began a session
            if self._at_birth(child) == session and self._depth < _DEEPEST:
                self._place(child, task)
        self._depth -= 1
        self._start_session(task.pid)

    def _start_session(self, number: int) -> None:
        self.steps.append(StartSession(number))
        if number in self.terminals:
            self.steps.append(TakeTerminal(number, self.terminals[number]))
        self._session[number] = self._group[number] = number

    def _place(self, task: Task, parent: Task) -> None:
        """Have a process made by its parent, or by a child of that."""
        session = self._at_birth(task)
        siblings = [one for one in self._children.get(parent.pid, ()) if one.pid in self._session]
        for maker in (parent, *siblings):
            sibling = maker is not parent
            if (
                (session is None or self._session[maker.pid] == session)
                and self._may_share(task, maker)
                and (not sibling or maker.exit_signal == task.exit_signal)
            ):
                at_birth = self._session[maker.pid], self._group[maker.pid]
                self._make(task, maker.pid, *at_birth, sibling=sibling)
                return
        if not self._may_share(task, None):
            self.problems.append(f"process {task.pid} shares memory or tables with one that cannot make it")
        elif session is None or session in (*self._tasks, self._outside) or task.exit_signal != _SIGCHLD:
            self.problems.append(
                f"process {task.pid} was made in session {session}, with no parent or sibling in that"
            )
        else:
            if session not in self._stand_ins:
                self._stand_in(session, parent)
                self._start_session(session)
            elif self._stand_ins[session] != parent.pid:
                self.problems.append(
                    f"session {session}, whose leader had ended, has processes of two parents"
                )
            self._make(task, session, session, session, sibling=True)

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
        if leaders or members:
            self.steps.append(SetGroups((*leaders, *self._in_order(members))))

    def _in_order(self, members: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """A group ends with its last member: who made it leaves it when nobody is still to come."""
        done = [pair for pair in members if self._group[pair[0]] != pair[0]]
        rest = [pair for pair in members if self._group[pair[0]] == pair[0]]
        while rest:
            awaited = {group for _, group in rest}
            ready = [pair for pair in rest if pair[0] not in awaited]
            if not ready:
                self.problems.append(f"process groups {sorted(awaited)} have changed their leaders")
                break
            done += ready
            rest = [pair for pair in rest if pair not in ready]
        return done

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
