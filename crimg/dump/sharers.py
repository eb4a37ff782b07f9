"""Other processes that share something with the target: memory, tables, deleted files.

A process made by clone(2) with CLONE_VM, CLONE_FILES, CLONE_FS or CLONE_SIGHAND but without CLONE_THREAD is
no thread of the target, and is not stopped with it.
"""

from __future__ import annotations

import errno
import os

from crimg.errors import KernelError, ProcessGoneError
from crimg.kernel.descriptors import KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_VM, kcmp
from crimg.kernel.procfs import ProcDir
from crimg.kernel.procstat import read_status
from crimg.kernel.sharing import find_holders
from crimg.model.enums import Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from crimg.dump.problems import Problems

_SHARED = (
    (KCMP_VM, "memory"),
    (KCMP_FILES, "descriptor table"),
    (KCMP_FS, "working directory"),
    (KCMP_SIGHAND, "table of signal actions"),
)
_UNSEEN = (errno.EPERM, errno.EACCES, errno.ESRCH)


def check_sharers(pid: int, tids: Sequence[int], problems: Problems) -> None:
    """Note every process that shares something with process `pid`, or that it traces.

    Processes that may not be looked at are passed over: they are of other users, and share with none of ours.
    """
    own = os.getpid()
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) in (pid, own):
            continue
        other = int(name)
        try:
            for kind, what in _SHARED:
                if kcmp(pid, other, kind) == 0:
                    problems.add("process", f"process {other} shares its {what}", "cannot be saved yet")
            with ProcDir(other) as proc:
                if read_status(proc).tracer_pid in tids:
                    problems.add("process", f"it traces process {other}", "cannot be saved")
        except ProcessGoneError:
            continue
        except KernelError as error:
            if error.errno not in _UNSEEN:
                raise


def warn_of_other_openers(pid: int, deleted: Sequence[tuple[int, int]], problems: Problems) -> None:
    """Note deleted files (device and inode number) that other processes have open, too.

    They may write while the contents are copied, and after a restart the file is no longer shared with them.
    """
    if not deleted:
        return
    for holder in find_holders((), deleted, except_pids=(pid, os.getpid())).found:
        what = f"process {holder.pid} has a deleted file of it open, too (fd {holder.fd})"
        problems.doubt(
            Severity.WARNING, "process", what, "the image has its contents, but not that it is shared"
        )
