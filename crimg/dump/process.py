"""Collect a stopped process: every row of the image, and the plan of what bytes to copy."""

from __future__ import annotations

from crimg.dump.digests import MappedDigests
from crimg.dump.files import FileCollector
from crimg.dump.inodes import InodeCollector
from crimg.dump.inside import Inside
from crimg.dump.mapped import MappedCollector
from crimg.dump.memory import MemoryCollector
from crimg.dump.objects import Objects
from crimg.dump.problems import Problems
from crimg.dump.sharers import check_sharers, warn_of_other_openers
from crimg.dump.tasks import TaskCollector
from crimg.kernel import procstat, proctask, ptrace
from crimg.kernel.descriptors import KCMP_FILES, KCMP_FS, kcmp
from crimg.kernel.names import NameResolver
from crimg.kernel.procfs import ProcDir
from crimg.model import File, Fs
from crimg.model.enums import NameState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from crimg.kernel.freeze import Freeze
    from crimg.model import ImageInfo
    from crimg.model.enums import Severity


class Collected:
    """What is known of a stopped process; close() it.

    objects: the rows.  inodes: with the deleted files to be kept.  pipes: contents by objref.
    doubts: for the log.
    saved, guards: ranges of memory whose pages are to be copied, or only noted.
    """

    def __init__(self, objects: Objects, inodes: InodeCollector) -> None:
        self.objects = objects
        self.inodes = inodes
        self.pipes: dict[int, bytes] = {}
        self.doubts: list[tuple[Severity, str]] = []
        self.saved: list[tuple[int, int]] = []
        self.guards: list[tuple[int, int]] = []

    def close(self) -> None:
        """Close the descriptors of deleted files."""
        self.inodes.close()


def check_process(proc: ProcDir, frozen: Freeze, problems: Problems) -> None:
    """Note what of the process as a whole cannot be saved; fds and mappings are looked at by others."""
    check_sharers(proc.pid, frozen.tids, problems)
    for child in proctask.read_children(proc):
        problems.add("process", f"child process {child}", "process trees cannot be saved yet")
    for tid in frozen.tids:
        with ProcDir(tid) as thread:
            if procstat.read_status(thread).seccomp:
                problems.add(f"thread {tid}", "a seccomp filter", "cannot be saved yet")
        if ptrace.get_syscall_user_dispatch(tid).mode:
            problems.add(f"thread {tid}", "syscall user dispatch", "cannot be saved yet")
        for kind, name in ((KCMP_FILES, "descriptor table"), (KCMP_FS, "working directory")):
            if kcmp(proc.pid, tid, kind):
                problems.add(f"thread {tid}", f"a {name} of its own", "cannot be saved yet")


def collect(
    proc: ProcDir,
    frozen: Freeze,
    states: Mapping[int, str],
    *,
    pagemap_id: int,
    digest: bool,
    digest_mapped: int,
    info: ImageInfo,
) -> Collected:
    """All rows of the process that stands still.

    states: state letter of each thread before the stop.  pagemap_id: section id that the page map will have.
    digest: take digests of all files, else of those that shared mappings can store into, up to
    `digest_mapped` bytes.  info: the row about the image, without objref and root.
    Raises UnsupportedResourceError with everything that cannot be saved.
    """
    objects, problems = Objects(), Problems(proc.pid)
    if frozen.leader_exited:  # /proc/PID then shows neither mappings nor descriptors
        problems.add("process", "its main thread has ended", "cannot be saved yet")
        problems.check()
    collected = Collected(objects, InodeCollector(proc, objects, digest=digest))
    try:
        unasked = MappedDigests(0 if digest else digest_mapped, problems)
        with NameResolver(proc) as resolver, unasked:
            files = FileCollector(proc, objects, collected.inodes, resolver, problems)
            mapped = MappedCollector(files, unasked)
            memory = MemoryCollector(proc, objects, mapped, problems)
            tasks = TaskCollector(proc, objects, problems)
            check_process(proc, frozen, problems)
            refs = {"namespaces": tasks.namespaces(frozen.tids), "fd_table": files.fd_table()}
            cwd, root = mapped.directory("cwd"), mapped.directory("root")
            memory.mappings()
            collected.pipes = files.pipes.finish()
            exe = mapped.exe()
            unasked.record(objects)
        linked = {row.inode for row in objects.rows(File) if row.name_state == NameState.LINKED}
        collected.inodes.forget(linked)
        warn_of_other_openers(proc.pid, collected.inodes.kept_identities(), problems)
        # Only now is the target made to do anything: a filter of system calls, say, could kill it for it.
        problems.check()
        inside = Inside(proc, frozen)
        refs["mm"] = memory.address_space(exe=exe, inside=inside, pagemap_id=pagemap_id)
        refs["fs"] = objects.number()
        umask = procstat.read_status(proc).umask
        objects.add(Fs(objref=refs["fs"], referrers=0, cwd=cwd or 0, root=root or 0, umask=umask or 0))
        refs["sighand"] = tasks.sighand(inside)
        refs["signal"] = tasks.signal(inside, proc.pid)
        task = objects.number()
        for tid in frozen.tids:
            tasks.thread(task, tid, refs["signal"], states.get(tid, "?"), inside.threads[tid])
        if inside.has_ldt:
            problems.add("process", "a local descriptor table (modify_ldt(2))", "cannot be saved yet")
        tasks.task(task, states.get(proc.pid, "?"), inside, refs)
        problems.check()
    except BaseException:
        collected.close()
        raise
    collected.doubts = problems.doubts
    collected.saved, collected.guards = memory.saved, memory.guards
    objects.add(info.replace(objref=objects.number(), root=task))
    objects.count()
    return collected
