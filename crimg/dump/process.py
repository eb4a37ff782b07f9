"""Collect a tree of stopped processes: every row of the image, and the plan of what bytes to copy."""

from __future__ import annotations

from crimg.dump.digests import MappedDigests
from crimg.dump.files import FileCollector
from crimg.dump.identity import add_namespaces
from crimg.dump.inodes import InodeCollector
from crimg.dump.inside import Inside
from crimg.dump.mapped import MappedCollector
from crimg.dump.memory import MemoryCollector
from crimg.dump.objects import Objects
from crimg.dump.opened import Resolvers
from crimg.dump.sharers import Shares, check_outsiders, warn_of_other_openers
from crimg.dump.tasks import TaskCollector
from crimg.kernel import procstat, threadstate
from crimg.kernel.descriptors import KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_VM, kcmp
from crimg.kernel.procfs import ProcDir
from crimg.model import File, Fs
from crimg.model.enums import NameState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.dump.problems import Problems
    from crimg.kernel.freeze import Freeze
    from crimg.kernel.tree import FreezeTree, Member
    from crimg.model import ImageInfo

_SECCOMP_STRICT = 1  # SECCOMP_MODE_STRICT (linux/seccomp.h)


class Space:
    """An address space in the making. pid: a process that has it.  pagemap: id of its PAGEMAP section.

    saved, guards: ranges of memory whose pages are to be copied, or only noted.
    """

    __slots__ = ("exe", "guards", "memory", "pagemap", "pid", "saved")

    def __init__(self, memory: MemoryCollector, exe: int | None, pagemap: int) -> None:
        self.pid = memory.proc.pid
        self.memory = memory
        self.exe = exe
        self.pagemap = pagemap
        self.saved = memory.saved
        self.guards = memory.guards


class Collector:
    """Gathers a tree that stands still; close() it.

    `look` finds what there is, and what of it cannot be saved; `ask` then has the processes tell what only
    they can. objects: the rows.  inodes: with the deleted files to be kept.  pipes: contents by objref.
    sockets: what waits in them, by the objref of the file.
    spaces: the address spaces.
    """

    def __init__(
        self, tree: FreezeTree, problems: Problems, take_id: Callable[[], int], *, digest: bool, unasked: int
    ) -> None:
        """digest: take digests of all files, else of those that shared mappings can store into, up to
        `unasked` bytes.  take_id: section ids, for the page maps.
        """
        self.tree = tree
        self.problems = problems
        self.objects = Objects()
        self.inodes = InodeCollector(self.objects, digest=digest)
        self.pipes: dict[int, bytes] = {}
        self.sockets: dict[int, bytes] = {}
        self.spaces: list[Space] = []
        self._take_id = take_id
        self._unasked = 0 if digest else unasked
        self._refs: dict[int, dict[str, int]] = {}
        self._directories: dict[int, tuple[int | None, int | None]] = {}

    def close(self) -> None:
        """Close the descriptors of deleted files."""
        self.inodes.close()

    def look(self) -> None:
        """All that /proc tells, and copies of descriptors; what cannot be saved is noted in `problems`."""
        live = self._check_members()
        pids = frozenset(member.pid for member in self.tree.members)
        self._shares = Shares([member.pid for member in live])
        tids = {tid: pid for pid, freeze in self.tree.frozen.items() for tid in freeze.tids}
        check_outsiders(self._shares, tids, pids, self.problems)
        digests = MappedDigests(self._unasked, self.problems)
        with Resolvers() as resolvers, digests:
            files = FileCollector(self.objects, self.inodes, resolvers, self.problems)
            for member, freeze in self._living():
                check_process(member.proc, freeze, self.problems.of(member.pid))
                self.inodes.see(member.proc)
            self._look_at_tables(files)
            for member, _ in self._living():
                self._look_at(member, files, digests)
            self.pipes = files.pipes.finish(pids, self.problems)
            self.sockets = files.sockets.queues
            digests.record(self.objects)
        files.leaks.find(pids)
        linked = {row.inode for row in self.objects.rows(File) if row.name_state == NameState.LINKED}
        self.inodes.forget(linked)
        warn_of_other_openers(pids, self.inodes.kept_identities(), self.problems)

    def ask(self, info: ImageInfo) -> None:
        """The rest. info: the row about the image, without objref and root.

        Only now are the processes made to do anything: a filter of system calls, say, could kill them for it.
        """
        tasks = {member.pid: self.objects.number() for member in self.tree.members}
        for member in self.tree.members:
            collector = TaskCollector(member.proc, self.objects, self.problems.of(member.pid))
            if member.zombie:
                collector.zombie(tasks[member.pid])
        for member, freeze in self._living():
            self._ask(member, freeze, tasks[member.pid])
        self.objects.add(info.replace(objref=self.objects.number(), root=tasks[self.tree.pid]))
        self.objects.count()

    def _living(self) -> list[tuple[Member, Freeze]]:
        """The processes that stand still, parents first."""
        return [
            (member, member.freeze)
            for member in self.tree.members
            if member.freeze is not None and not member.freeze.leader_exited
        ]

    def _check_members(self) -> list[Member]:
        for member in self.tree.members:
            problems = self.problems.of(member.pid)
            if member.tracer:
                text = f"process {member.tracer} traces it"
                problems.add("process", text, "it could not be stopped, nor looked at", "traced")
            elif member.freeze is not None and member.freeze.leader_exited:
                # /proc/PID then shows neither mappings nor descriptors
                text = "its main thread has ended"
                problems.add("process", text, "cannot be saved yet", "main-thread")
        return [member for member, _ in self._living()]

    def _look_at_tables(self, files: FileCollector) -> None:
        """The descriptors of all, before any mapping: a mapping may be of a file that another has open."""
        first = self._shares.first[KCMP_FILES]
        for member, _ in self._living():
            owner = first[member.pid]
            if owner == member.pid:
                table = files.fd_table(member.proc, self.problems.of(member.pid))
            else:
                table = self._refs[owner]["fd_table"]
            self._refs[member.pid] = {"fd_table": table}
        files.finish()

    def _look_at(self, member: Member, files: FileCollector, digests: MappedDigests) -> None:
        """Directories, mappings and namespaces of one process; what is shared, with its first."""
        pid, problems, refs = member.pid, self.problems.of(member.pid), self._refs[member.pid]
        mapped = MappedCollector(member.proc, files, digests, problems)
        threads = member.freeze.tids if member.freeze is not None else ()
        refs["namespaces"] = add_namespaces(member.proc, threads, self.objects, problems)
        first = self._shares.first
        if first[KCMP_FS][pid] == pid:
            refs["fs"] = self.objects.number()
            self._directories[pid] = mapped.directory("cwd"), mapped.directory("root")
        else:
            refs["fs"] = self._refs[first[KCMP_FS][pid]]["fs"]
        if first[KCMP_VM][pid] == pid:
            memory = MemoryCollector(member.proc, self.objects, mapped, problems)
            memory.mappings()
            refs["mm"] = memory.objref
            self.spaces.append(Space(memory, mapped.exe(), self._take_id()))
        else:
            refs["mm"] = self._refs[first[KCMP_VM][pid]]["mm"]

    def _ask(self, member: Member, freeze: Freeze, task: int) -> None:
        """What one process alone can tell, and the rows that hold it."""
        pid, problems, refs = member.pid, self.problems.of(member.pid), self._refs[member.pid]
        inside = Inside(member.proc, freeze)
        tasks = TaskCollector(member.proc, self.objects, problems)
        for space in self.spaces:
            if space.pid == pid:
                space.memory.address_space(exe=space.exe, inside=inside, pagemap_id=space.pagemap)
        if pid in self._directories:
            cwd, root = self._directories[pid]
            umask = procstat.read_status(member.proc).umask or 0
            self.objects.add(Fs(objref=refs["fs"], referrers=0, cwd=cwd or 0, root=root or 0, umask=umask))
        owner = self._shares.first[KCMP_SIGHAND][pid]
        refs["sighand"] = tasks.sighand(inside) if owner == pid else self._refs[owner]["sighand"]
        refs["signal"] = tasks.signal(inside, pid)
        for tid in freeze.tids:
            state = member.states.get(tid, "R")  # made while the others were being stopped
            tasks.thread(task, tid, refs["signal"], state, inside.threads[tid])
        if inside.has_ldt:
            text = "a local descriptor table (modify_ldt(2))"
            problems.add("process", text, "cannot be saved yet", "ldt")
        tasks.task(task, member.states.get(pid, "R"), inside, refs)


def check_process(proc: ProcDir, frozen: Freeze, problems: Problems) -> None:
    """Note what of a process as a whole cannot be saved; fds and mappings are looked at by others."""
    for tid in frozen.tids:
        with ProcDir(tid) as thread:
            mode, count = procstat.read_seccomp(thread)
            if mode:
                filters = "a seccomp filter" if count == 1 else f"{count} seccomp filters"
                what = "strict seccomp mode" if mode == _SECCOMP_STRICT else filters
                problems.add(f"thread {tid}", what, "cannot be saved yet", "seccomp")
        if threadstate.get_syscall_user_dispatch(tid).mode:
            problems.add(f"thread {tid}", "syscall user dispatch", "cannot be saved yet", "dispatch")
        for shared, name, kind in (
            (KCMP_FILES, "descriptor table", "thread-fds"),
            (KCMP_FS, "working directory", "thread-fs"),
        ):
            if kcmp(proc.pid, tid, shared):
                problems.add(f"thread {tid}", f"a {name} of its own", "cannot be saved yet", kind)
