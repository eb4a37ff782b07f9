"""The plan of a tree, held against a model of the kernel: what came about somehow comes about again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from crimg.model import Cred, ImageInfo, Task
from crimg.restart.tree import Tree
from crimg.restart.tree_steps import (
    EndStandIn,
    EndZombie,
    MakeProcess,
    MakeStandIn,
    SetGroups,
    StartSession,
    is_status,
)

if TYPE_CHECKING:
    from typing import Any

    from crimg.model.image import Image

ROOT = 100
OUTSIDE = 50
"""Session and group of whoever made the root."""


class Kernel:
    """Processes by pid, each [parent, group, session, zombie], with the rules of the manual pages."""

    def __init__(self, root: int, group: int = OUTSIDE) -> None:
        """group: that of the root, and of who made it."""
        self.tasks: dict[int, list[Any]] = {root: [1, group, OUTSIDE, False]}
        self.group = group

    def fork(self, maker: int, pid: int, *, sibling: bool = False) -> None:
        """clone(2), with CLONE_PARENT."""
        parent, group, session, zombie = self.tasks[maker]
        assert not zombie
        assert pid not in self.tasks
        assert all(pid not in task[1:3] for task in self.tasks.values()), "the number is in use"
        self.tasks[pid] = [parent if sibling else maker, group, session, False]

    def setsid(self, pid: int) -> None:
        """setsid(2)."""
        assert all(task[1] != pid for task in self.tasks.values()), "EPERM"
        self.tasks[pid][1] = self.tasks[pid][2] = pid

    def setpgid(self, pid: int, group: int) -> None:
        """setpgid(2) of a process for itself."""
        task = self.tasks[pid]
        assert task[2] != pid, "EPERM: it leads a session"
        there = [one for one in self.tasks.values() if one[1] == group]
        outside = group == self.group and task[2] == OUTSIDE
        assert group == pid or outside or any(one[2] == task[2] for one in there), "EPERM: no such group"
        task[1] = group

    def end(self, pid: int) -> None:
        """exit_group(2); children go to the root, a subreaper."""
        for task in self.tasks.values():
            if task[0] == pid:
                task[0] = ROOT
        self.tasks[pid][3] = True

    def reap(self, pid: int) -> None:
        """wait(2)."""
        assert self.tasks.pop(pid)[3]


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(("fork", "fork", "fork", "setsid", "setpgid", "end", "reap")),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    max_size=25,
)


def history(actions: list[tuple[str, int, int]]) -> Kernel:
    """What the kernel comes to by these actions; those that it would refuse are left out."""
    kernel = Kernel(ROOT)
    for number, (action, one, other) in enumerate(actions):
        pids = sorted(kernel.tasks)
        pid = pids[one % len(pids)]
        task = kernel.tasks[pid]
        leads_group = any(each[1] == pid for each in kernel.tasks.values())
        if action == "reap":
            if task[3] and pid != ROOT:
                kernel.reap(pid)
        elif task[3]:
            continue
        elif action == "fork":
            kernel.fork(pid, ROOT + 1 + number)
        elif action == "setsid" and not leads_group:
            kernel.setsid(pid)
        elif action == "setpgid" and task[2] != pid:
            groups = [pid] + [each[1] for each in kernel.tasks.values() if each[2] == task[2]]
            kernel.setpgid(pid, groups[other % len(groups)])
        elif action == "end" and pid != ROOT:
            kernel.end(pid)
    return kernel


class Rows:
    """An image of these processes, with nothing but what the plan of a tree looks at."""

    def __init__(self, kernel: Kernel) -> None:
        self.tasks = [_row(number, pid, *task) for number, (pid, task) in enumerate(kernel.tasks.items())]
        self.info = ImageInfo.from_row(
            tuple(0 if column.name == "root" else None for column in ImageInfo.columns)
        )

    def rows(self, cls: type[Any]) -> list[Any]:
        """Of the two kinds that there are."""
        return list(self.tasks) if cls is Task else [self.info]

    def find(self, cls: type[Any], _objref: int | None) -> Any:
        """The credentials, which all have."""
        return Cred.from_row((None,) * len(Cred.columns))


def _row(number: int, pid: int, parent: int, group: int, session: int, zombie: bool) -> Task:
    own = dict.fromkeys(("mm", "fd_table", "fs", "sighand"), None if zombie else 1000 + number)
    known = {"objref": number, "pid": pid, "ppid": parent, "pgid": group, "sid": session, "exit_signal": 17}
    values = {**known, **own, "state": ord("Z" if zombie else "S"), "extra": {"exit_status": 9}}
    return Task.from_row(tuple(values.get(column.name) for column in Task.columns))


def carried_out(tree: Tree) -> Kernel:
    """What the kernel comes to by the steps."""
    first, *steps = tree.steps
    assert isinstance(first, MakeProcess)
    group = first.task.pgid
    kernel = Kernel(first.task.pid, OUTSIDE if any(task.pid == group for task in tree.order) else group)
    for step in steps:
        match step:
            case MakeProcess():
                assert step.maker is not None
                kernel.fork(step.maker, step.task.pid, sibling=step.sibling)
            case MakeStandIn():
                kernel.fork(step.maker, step.number)
            case StartSession():
                kernel.setsid(step.number)
            case SetGroups():
                for pid, group in step.groups:
                    kernel.setpgid(pid, group)
            case EndStandIn():
                assert kernel.tasks[step.number][0] == step.parent
                kernel.end(step.number)
                kernel.reap(step.number)
            case EndZombie():
                kernel.end(step.task.pid)
    return kernel


@given(ACTIONS)
def test_what_came_about_comes_about_again(actions: list[tuple[str, int, int]]) -> None:
    """Or it is refused: a process whose session is led by one elsewhere in the tree."""
    kernel = history(actions)
    image: Image = Rows(kernel)  # type: ignore[assignment]
    tree = Tree(image)
    if tree.problems:
        assert any("session" in problem or "group" in problem for problem in tree.problems)
    elif not any(isinstance(step, MakeStandIn) and step.number == OUTSIDE for step in tree.steps):
        # else the leader lives, or not: the kernel will tell
        assert carried_out(tree).tasks == kernel.tasks
        assert sorted(task.pid for task in tree.order) == sorted(kernel.tasks)


def test_statuses_of_zombies() -> None:
    assert all(map(is_status, (0, 7 << 8, 255 << 8, 9, 11 | 0x80)))
    assert not any(map(is_status, (-1, 0x7F, 19, 9 | 1 << 8, 1 << 16, 0xFFFF)))
