"""pstree.img, core-TID.img, ids-PID.img, fdinfo-ID.img, fs-PID.img: tasks, threads, what they use."""

from __future__ import annotations

from operator import attrgetter

from crimg.criu import registers
from crimg.errors import FormatError, MissingFileError
from crimg.model import Cred, Fd, FdTable, Fs, Namespaces, Task, Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.criu.building import Builder

_DEAD, _STOPPED = 2, 3
_STATES = {1: ord("S"), _DEAD: ord("Z"), _STOPPED: ord("T"), 6: ord("Z")}
"""task_state of CRIU to the letter of /proc/PID/stat; whether a task that lives ran is not recorded."""
_SIGCHLD = 17
_FD_CLOEXEC = 1
_DESCRIPTOR = attrgetter("fd", "id", "flags")
_IDS = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")


class TaskBuilder:
    """Makes the rows of tasks and threads. processes: the entries of pstree.img."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._tables = builder.tables
        self.processes = builder.messages("pstree")
        self._tables_done: set[int] = set()
        self._tids: set[int] = set()
        self._creds: dict[bytes, int] = {}
        self._entries: dict[int, list[tuple[int, int, int]]] = {}
        self._by_fd: dict[int, dict[int, int]] = {}
        self._holders: dict[int, list[int]] = {}
        self.pids: dict[int, int] = {}
        """Objref of a task to its pid."""
        self.files_ids: dict[int, int] = {}
        """Pid to the number of its table of descriptors."""

    def add_all(self) -> None:
        """The rows of every task of the tree."""
        seen: set[int] = set()
        for process in self.processes:
            if process.pid in seen:
                text = f"process {process.pid} is in the tree twice"
                self._tables.note(FormatError(text, section="pstree.img"))
                continue
            seen.add(process.pid)
            self._add(process)

    def _add(self, process: Any) -> None:
        pid = process.pid
        core = self._builder.message("core", pid)
        if core is None:
            text = f"is not in the directory, but process {pid} is in the tree"
            self._tables.note(MissingFileError(text, section=f"core-{pid}.img"))
            return
        task = core.tc
        ids: Any = self._builder.message("ids", pid) or (core.ids if core.HasField("ids") else None)
        dead = task.task_state in (_DEAD, 6)
        objref = self._tables.objref("task", pid)
        self.pids[objref] = pid
        cred = self._cred(core, pid)
        extra: dict[str, object] = {}
        if task.exit_code:
            extra["exit_code"] = task.exit_code
        if cred is None:  # of a dead task CRIU keeps none
            cred = self._unknown_cred()
            extra["unrecorded"] = ("cred",)
        alive = not dead and ids is not None
        self._tables.add(
            Task(
                objref=objref,
                referrers=0,
                pid=pid,
                ppid=process.ppid,
                pgid=process.pgid,
                sid=process.sid,
                comm=task.comm,
                state=_STATES.get(task.task_state, ord("?")),
                exit_signal=_SIGCHLD,
                start_time=0,
                tty=self._builder.files.buffers.terminal_of_session(process.sid),
                personality=task.personality,
                oom_score_adj=task.oom_score_adj,
                mm=self._builder.mm_objref(ids.vm_id, pid) if alive else None,
                fd_table=self._fd_table(ids.files_id, pid) if alive else None,
                fs=self._fs(ids.fs_id, pid) if alive else None,
                sighand=self._builder.signals.sighand(ids.sighand_id, pid, task) if alive else None,
                signal=self._builder.signals.signal(pid, task) if not dead else None,
                cred=cred,
                namespaces=self._namespaces(ids) if alive else None,
                extra=extra or None,
            )
        )
        for tid in () if dead else process.threads:  # CRIU keeps nothing of the thread of a dead task
            if tid in self._tids:
                self._tables.note(FormatError(f"thread {tid} is in the tree twice", section="pstree.img"))
                continue
            self._tids.add(tid)
            own = core if tid == pid else self._builder.message("core", tid)
            if own is None:
                text = f"is not in the directory, but thread {tid} of process {pid} is in the tree"
                self._tables.note(MissingFileError(text, section=f"core-{tid}.img"))
            else:
                self._thread(objref, tid, own, task, cred)

    def _thread(self, owner: int, tid: int, core: Any, task: Any, leader_cred: int) -> None:
        thread = core.thread_core
        blocked = thread.blk_sigset if thread.HasField("blk_sigset") else core.tc.blk_sigset
        x86 = core.thread_info
        cred = self._cred(core, tid)
        self._builder.signals.pending_of_thread(owner, tid, thread)
        self._tables.add(
            Thread(
                task=owner,
                tid=tid,
                comm=thread.comm or core.tc.comm or task.comm,
                state=_STATES.get(task.task_state, ord("?")),
                registers=registers.general(x86.gpregs) if x86.HasField("gpregs") else b"",
                xsave=registers.extended(x86.fpregs) if x86.HasField("fpregs") else b"",
                sigmask=blocked,
                altstack=thread.sas.ss_sp,
                altstack_flags=thread.sas.ss_flags,
                altstack_size=thread.sas.ss_size,
                robust_list=thread.futex_rla,
                robust_list_size=thread.futex_rla_len,
                rseq=thread.rseq_entry.rseq_abi_pointer,
                rseq_size=thread.rseq_entry.rseq_abi_size,
                rseq_signature=thread.rseq_entry.signature,
                rseq_cs=thread.rseq_entry.rseq_cs_pointer,
                clear_child_tid=x86.clear_tid_addr,
                policy=thread.sched_policy,
                priority=thread.sched_prio,
                nice=thread.sched_nice,
                cpus=b"",
                cred=cred if cred is not None else leader_cred,
                extra={"unrecorded": ("cpus",)},
            )
        )

    def _cred(self, core: Any, number: int) -> int | None:
        """Objref of the credentials of a thread, shared by all that have the same."""
        found = core.thread_core.creds if core.thread_core.HasField("creds") else None
        if found is None:
            found = self._builder.message("creds", number)
        if found is None:
            return None
        data = found.SerializeToString()
        if data not in self._creds:
            self._creds[data] = self._cred_objref(found)
        return self._creds[data]

    def _cred_objref(self, found: Any) -> int:
        columns = {
            "uid": found.uid,
            "euid": found.euid,
            "suid": found.suid,
            "fsuid": found.fsuid,
            "gid": found.gid,
            "egid": found.egid,
            "sgid": found.sgid,
            "fsgid": found.fsgid,
            "groups": tuple(found.groups),
            "cap_inheritable": _wide(found.cap_inh),
            "cap_permitted": _wide(found.cap_prm),
            "cap_effective": _wide(found.cap_eff),
            "cap_bounding": _wide(found.cap_bnd),
            "cap_ambient": _wide(found.cap_amb),
            "securebits": found.secbits,
            "no_new_privs": bool(found.no_new_privs),
            "label": found.lsm_profile or None,
        }
        name = tuple(columns.values())
        if not self._tables.knows("cred", name):
            objref = self._tables.objref("cred", name)
            self._tables.add(Cred(objref=objref, referrers=0, **columns))
        return self._tables.objref("cred", name)

    def _unknown_cred(self) -> int:
        """Objref of credentials of which nothing is known."""
        if not self._tables.knows("cred", "unknown"):
            names = Cred.fields[2:-1]
            values: dict[str, object] = {"groups": (), "no_new_privs": False, "label": None}
            objref = self._tables.objref("cred", "unknown")
            columns = [values.get(name, 0) for name in names]
            self._tables.add(Cred.from_row((objref, 0, *columns, {"unrecorded": names})))
        return self._tables.objref("cred", "unknown")

    def _fd_table(self, number: int, pid: int) -> int:
        objref = self._tables.objref("fd_table", number)
        self.files_ids[pid] = number
        if number not in self._tables_done:
            self._tables_done.add(number)
            self._tables.add(FdTable(objref=objref, referrers=0))
            if self._builder.directory.part("fdinfo", number) is None:
                text = f"is not in the directory, but process {pid} uses it"
                self._tables.note(MissingFileError(text, section=f"fdinfo-{number}.img"))
            self._add_descriptors(objref, number)
        return objref

    def _add_descriptors(self, table: int, number: int) -> None:
        """The rows of the descriptors in a table, of which there may be very many."""
        entries = list(map(_DESCRIPTOR, self._builder.messages("fdinfo", number)))
        self._entries[number] = entries
        files = self._tables.numbers("file")
        new = tuple.__new__
        self._tables.table(Fd).extend(
            [new(Fd, (table, fd, flags & _FD_CLOEXEC != 0, files[id], None)) for fd, id, flags in entries]
        )

    def file_beside(self, file: int, fd: int) -> int | None:
        """The id of the file at a descriptor, in a table that holds the file `file` too; None for none."""
        if not self._holders:
            for number, entries in self._entries.items():
                for _, id, _ in entries:
                    self._holders.setdefault(id, []).append(number)
        tables = (self._table(number) for number in self._holders.get(file, ()))
        return next((table[fd] for table in tables if fd in table), None)

    def descriptors(self, pid: int) -> dict[int, int]:
        """The descriptors of a task: number to the id of the file."""
        return self._table(self.files_ids.get(pid, 0))

    def _table(self, number: int) -> dict[int, int]:
        """The same for a table of descriptors by its number; empty where there is none."""
        if number not in self._by_fd:
            self._by_fd[number] = {fd: id for fd, id, _ in self._entries.get(number, ())}
        return self._by_fd[number]

    def _fs(self, number: int, pid: int) -> int | None:
        objref = self._tables.objref("fs", number)
        if not self._tables.knows("fs row", number):
            found = self._builder.message("fs", pid)
            if found is None:
                text = f"is not in the directory, but process {pid} is in the tree"
                self._tables.note(MissingFileError(text, section=f"fs-{pid}.img"))
                return None
            self._tables.objref("fs row", number)
            self._tables.add(
                Fs(
                    objref=objref,
                    referrers=0,
                    cwd=self._builder.file_objref(found.cwd_id),
                    root=self._builder.file_objref(found.root_id),
                    umask=found.umask,
                )
            )
        return objref

    def _namespaces(self, ids: Any) -> int:
        columns = {name: getattr(ids, f"{name}_ns_id") for name in _IDS}
        name = tuple(columns.values())
        if not self._tables.knows("namespaces", name):
            self._tables.add(
                Namespaces(
                    objref=self._tables.objref("namespaces", name),
                    referrers=0,
                    **columns,
                    extra={"numbers": "of CRIU, no inode numbers"},
                )
            )
        return self._tables.objref("namespaces", name)


def _wide(words: Any) -> int:
    """A set of capabilities of 32-bit words, the low one first."""
    return sum(word << 32 * place for place, word in enumerate(words[:2]))
