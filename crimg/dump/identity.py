"""Who a process is, and where: credentials and namespaces."""

from __future__ import annotations

import errno
import os

from crimg.errors import KernelError
from crimg.kernel.procfs import ProcDir, read_namespaces
from crimg.model import Cred, Namespaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.dump.objects import Objects
    from crimg.dump.problems import Problems
    from crimg.kernel import procstat


def add_cred(objects: Objects, status: procstat.Status, securebits: int, label: bytes | None) -> int:
    """The objref of these credentials."""
    cred = Cred(
        objref=0,
        referrers=0,
        uid=status.uids[0],
        euid=status.uids[1],
        suid=status.uids[2],
        fsuid=status.uids[3],
        gid=status.gids[0],
        egid=status.gids[1],
        sgid=status.gids[2],
        fsgid=status.gids[3],
        groups=status.groups,
        cap_inheritable=status.cap_inheritable,
        cap_permitted=status.cap_permitted,
        cap_effective=status.cap_effective,
        cap_bounding=status.cap_bounding,
        cap_ambient=status.cap_ambient,
        securebits=securebits,
        no_new_privs=status.no_new_privs,
        label=label,
    )
    return objects.once(cred)


def _for_children(proc: ProcDir, name: str) -> int:
    """The number of the namespace that children will be in; 0 where it has none in it yet."""
    try:
        link = proc.readlink(f"ns/{name}_for_children")
    except KernelError as error:
        if error.errno not in (errno.ENOENT, errno.EINVAL):
            raise
        return 0
    return int(link.partition(b"[")[2].rstrip(b"]") or 0)


def add_namespaces(proc: ProcDir, tids: Sequence[int], objects: Objects, problems: Problems) -> int:
    """The objref of the namespaces; one that is not the dumper's is noted as a problem."""
    with ProcDir(os.getpid()) as self_proc:
        own = read_namespaces(self_proc)
    found = read_namespaces(proc)
    for name, number in found.items():
        if number != own.get(name):
            _other_namespace(problems, "process", name)
    for name in ("pid", "time"):
        if found.get(name) and _for_children(proc, name) != found[name]:
            _other_namespace(problems, "process", name, " for its children")
    for tid in tids:
        with ProcDir(tid) as thread:
            for name, number in read_namespaces(thread).items():
                if number != found.get(name):
                    _other_namespace(problems, f"thread {tid}", name)
    return objects.once(
        Namespaces(
            objref=0,
            referrers=0,
            cgroup=found.get("cgroup", 0),
            ipc=found.get("ipc", 0),
            mnt=found.get("mnt", 0),
            net=found.get("net", 0),
            pid=found.get("pid", 0),
            time=found.get("time", 0),
            user=found.get("user", 0),
            uts=found.get("uts", 0),
        )
    )


def _other_namespace(problems: Problems, where: str, name: str, whose: str = "") -> None:
    problems.add(where, f"another {name} namespace{whose}", "cannot be saved yet", "namespace")


def read_label(proc: ProcDir) -> bytes | None:
    """The label of the security module, or None where none gives one."""
    try:
        return proc.read("attr/current").rstrip(b"\n\0") or None
    except KernelError:  # EINVAL: no module, or one without labels (proc_pid_attr_read)
        return None
