"""Who shares what: memory, tables, directories, signal actions of tasks, by kcmp(2).

A process made by clone(2) with CLONE_VM, CLONE_FILES, CLONE_FS or CLONE_SIGHAND but without CLONE_THREAD is
no thread of another. Where it belongs to the tree, the shared object is saved once; where not, it is not
stopped with it, and the tree cannot be saved.
"""

from __future__ import annotations

import errno
import os
from functools import partial

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel.descriptors import KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_VM, kcmp, sort_same
from crimg.kernel.procfs import ProcDir
from crimg.kernel.procstat import read_status
from crimg.kernel.sharing import find_holders
from crimg.model.enums import Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from crimg.dump.problems import Problems

SHARED = {
    KCMP_VM: "memory",
    KCMP_FILES: "descriptor table",
    KCMP_FS: "working directory",
    KCMP_SIGHAND: "table of signal actions",
}
_UNSEEN = (errno.EPERM, errno.EACCES, errno.ESRCH)


class Shares:
    """What of some tasks is one object; found by sorting, for kcmp(2) is a total order.

    first: by kind (KCMP_*) and pid: the first task, in the order given, that has this object.
    """

    def __init__(self, pids: Sequence[int]) -> None:
        self.first: dict[int, dict[int, int]] = {}
        self._ordered: dict[int, list[int]] = {}
        place = {pid: index for index, pid in enumerate(pids)}
        for kind in SHARED:
            groups = sort_same(pids, partial(_compare, kind))
            owners = [min(group, key=place.__getitem__) for group in groups]
            self._ordered[kind] = owners
            self.first[kind] = {
                pid: owner for owner, group in zip(owners, groups, strict=True) for pid in group
            }

    def is_first(self, kind: int, pid: int) -> bool:
        """Whether this task is the one that the shared object is saved with."""
        return self.first[kind][pid] == pid

    def find(self, kind: int, other: int) -> int | None:
        """The task that shares its object of this kind with task `other`, None for none."""
        owners = self._ordered[kind]
        low, high = 0, len(owners)
        while low < high:
            middle = (low + high) // 2
            order = kcmp(owners[middle], other, kind)
            if order == 0:
                return owners[middle]
            low, high = (middle + 1, high) if order < 0 else (low, middle)
        return None


def _compare(kind: int, one: int, other: int) -> int:
    return kcmp(one, other, kind)


def check_outsiders(
    shares: Shares, tids: Mapping[int, int], pids: Collection[int], problems: Problems
) -> None:
    """Note every process outside the tree that shares something with it, or that it traces.

    tids: every thread of the tree with its process.  pids: all processes of the tree.
    Processes that may not be looked at are passed over: they are of other users, and share with none of ours.
    """
    for other in _others(pids):
        try:
            for kind, what in SHARED.items():
                sharer = shares.find(kind, other)
                if sharer is not None:
                    text = f"process {other} shares its {what}"
                    problems.of(sharer).add("process", text, "cannot be saved yet", "sharing")
            with ProcDir(other) as proc:
                tracer = tids.get(read_status(proc).tracer_pid)
                if tracer is not None:
                    text = f"it traces process {other}"
                    problems.of(tracer).add("process", text, "cannot be saved", "traces")
        except ProcessGoneError:
            continue
        except KernelError as error:
            if error.errno not in _UNSEEN:
                raise


def _others(pids: Collection[int]) -> Iterator[int]:
    own = os.getpid()
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != own and int(name) not in pids:
            yield int(name)


def warn_of_other_openers(
    pids: Collection[int], deleted: Sequence[tuple[int, int]], problems: Problems
) -> None:
    """Note deleted files (device and inode number) that processes outside the tree have open, too.

    They may write while the contents are copied, and after a restart the file is no longer shared with them.
    """
    if not deleted:
        return
    for holder in find_holders((), deleted, except_pids=(*pids, os.getpid())).found:
        what = f"process {holder.pid} has a deleted file of it open, too (fd {holder.fd})"
        problems.doubt(
            Severity.WARNING, "process", what, "the image has its contents, but not that it is shared"
        )
