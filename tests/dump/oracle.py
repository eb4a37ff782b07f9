"""An image against /proc of the process that it was made of, which stands still: field by field."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from crimg.model import (
    Cred,
    Fs,
    ImageInfo,
    Namespaces,
    Sigaction,
    Siginfo,
    Signal,
    Task,
    Thread,
)
from tests.dump import proc
from tests.dump.oracle_files import check_descriptors, check_directories, task_of
from tests.dump.oracle_memory import check_mappings, check_mm
from tests.dump.proc import fields, stat_fields, threads

if TYPE_CHECKING:
    from crimg.model.image import Image

_LIMIT = re.compile(r"Max .*? {2,}(\d+|unlimited) +(\d+|unlimited)")


def check_all(image: Image, pid: int) -> None:
    """Everything of the process, which stands still, but the contents of its memory."""
    check_task(image, pid)
    check_threads(image, pid)
    check_signals(image, pid)
    check_mm(image, pid)
    check_mappings(image, pid)
    check_descriptors(image, pid)
    check_directories(image, pid)


def check_tree(image: Image, pid: int) -> list[int]:
    """As `check_all`, for a process and all its descendants, which are those of the image; their pids."""
    pids = proc.descendants(pid)
    assert sorted(task.pid for task in image.rows(Task)) == pids
    assert [row.root for row in image.rows(ImageInfo)] == [task_of(image, pid).objref]
    for one in pids:
        if proc.state(one) == "Z":
            check_zombie(image, one)
        else:
            check_all(image, one)
    return pids


def check_zombie(image: Image, pid: int) -> None:
    """The task of a process that has ended: /proc/PID/stat, and nothing of what it has given back."""
    task = task_of(image, pid)
    stat = stat_fields(f"/proc/{pid}/stat")
    assert (chr(task.state), task.ppid, task.pgid, task.sid, task.start_time) == (
        "Z",
        *(int(stat[n - 3]) for n in (4, 5, 6, 22)),
    )
    assert (task.extra or {})["exit_status"] == int(stat[52 - 3])
    assert (task.mm, task.fd_table, task.fs, task.sighand, task.signal) == (None,) * 5
    assert not [thread for thread in image.rows(Thread) if thread.task == task.objref]


def check_task(image: Image, pid: int) -> None:
    """task, cred, namespaces, limits: /proc/PID/{stat,status,limits,ns,personality,oom_score_adj}."""
    task = task_of(image, pid)
    stat, status = stat_fields(f"/proc/{pid}/stat"), fields(f"/proc/{pid}/status")
    tty = int(stat[7 - 3]) & 0xFFFF_FFFF
    assert (task.pid, task.ppid, task.pgid, task.sid, task.tty, task.exit_signal, task.start_time) == (
        pid,
        int(status["PPid"]),
        os.getpgid(pid),
        os.getsid(pid),
        os.major(tty) << 32 | os.minor(tty),
        int(stat[38 - 3]),
        int(stat[22 - 3]),
    )
    assert task.comm == Path(f"/proc/{pid}/comm").read_bytes()[:-1]
    assert task.personality == int(Path(f"/proc/{pid}/personality").read_text(), 16)
    assert task.oom_score_adj == int(Path(f"/proc/{pid}/oom_score_adj").read_text())
    check_cred(image, task.cred, f"/proc/{pid}/status")
    namespaces = image.find(Namespaces, task.namespaces)
    assert namespaces is not None
    for name in ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"):
        link = Path(f"/proc/{pid}/ns/{name}")
        number = int(re.sub(r"\D", "", os.readlink(link))) if os.path.lexists(link) else 0
        assert getattr(namespaces, name) == number, name
    fs = image.find(Fs, task.fs)
    assert fs is not None
    assert fs.umask == int(status["Umask"], 8)
    signal = image.find(Signal, task.signal)
    assert signal is not None
    limits = _LIMIT.findall(Path(f"/proc/{pid}/limits").read_text())
    assert len(limits) == 16
    assert list(signal.rlimits) == [
        2**64 - 1 if word == "unlimited" else int(word) for pair in limits for word in pair
    ]


def check_cred(image: Image, objref: int, path: str) -> None:
    """Credentials against a status file."""
    status = fields(path)
    cred = image.find(Cred, objref)
    assert cred is not None
    assert [cred.uid, cred.euid, cred.suid, cred.fsuid] == [int(word) for word in status["Uid"].split()]
    assert [cred.gid, cred.egid, cred.sgid, cred.fsgid] == [int(word) for word in status["Gid"].split()]
    assert list(cred.groups) == [int(word) for word in status["Groups"].split()]
    capabilities = {
        "CapInh": cred.cap_inheritable,
        "CapPrm": cred.cap_permitted,
        "CapEff": cred.cap_effective,
        "CapBnd": cred.cap_bounding,
        "CapAmb": cred.cap_ambient,
    }
    assert capabilities == {name: int(status[name], 16) for name in capabilities}
    assert cred.no_new_privs == (status["NoNewPrivs"] == "1")


def check_threads(image: Image, pid: int) -> None:
    """thread: /proc/PID/task/TID/{comm,stat,status,syscall}, sched_getaffinity(2)."""
    task = task_of(image, pid).objref
    rows = {thread.tid: thread for thread in image.rows(Thread) if thread.task == task}
    assert sorted(rows) == threads(pid)
    for tid, thread in rows.items():
        place = f"/proc/{pid}/task/{tid}"
        stat, status = stat_fields(f"{place}/stat"), fields(f"{place}/status")
        assert thread.comm == Path(f"{place}/comm").read_bytes()[:-1]
        assert (thread.nice, thread.priority, thread.policy) == (
            int(stat[19 - 3]),
            int(stat[40 - 3]),
            int(stat[41 - 3]),
        )
        assert thread.sigmask == int(status["SigBlk"], 16)
        cpus = {cpu for cpu in range(8 * len(thread.cpus)) if thread.cpus[cpu // 8] >> cpu % 8 & 1}
        assert cpus == os.sched_getaffinity(tid)
        check_cred(image, thread.cred, f"{place}/status")
        words = Path(f"{place}/syscall").read_text().split()
        pointer, counter = int(words[-2], 16), int(words[-1], 16)
        registers = [
            int.from_bytes(thread.registers[8 * n : 8 * n + 8], "little") for n in range(27)
        ]  # struct user_regs_struct: rip is number 16, rsp number 19
        assert (registers[19], registers[16]) == (pointer, counter)


def check_signals(image: Image, pid: int) -> None:
    """sigaction, siginfo: SigIgn, SigCgt, SigPnd, ShdPnd of /proc/PID/status."""
    task = task_of(image, pid)
    actions = {row.signal: row.handler for row in image.rows(Sigaction) if row.sighand == task.sighand}
    status = fields(f"/proc/{pid}/status")
    assert _bits(number for number, handler in actions.items() if handler == 1) == int(status["SigIgn"], 16)
    assert _bits(number for number, handler in actions.items() if handler > 1) == int(status["SigCgt"], 16)
    pending = [row for row in image.rows(Siginfo) if row.signal == task.signal]
    shared = int(status["ShdPnd"], 16)
    if len(proc.descendants(pid)) > 1:  # the stop of its children, which it is compared in, may have sent one
        shared &= ~_bits([signal.SIGCHLD])
        pending = [row for row in pending if row.tid is not None or row.number != signal.SIGCHLD]
    assert _bits(row.number for row in pending if row.tid is None) == shared
    for tid in threads(pid):
        mine = _bits(row.number for row in pending if row.tid == tid)
        assert mine == int(fields(f"/proc/{pid}/task/{tid}/status")["SigPnd"], 16)


def _bits(numbers: object) -> int:
    return sum({1 << number - 1 for number in numbers})  # type: ignore[attr-defined]
