"""Credentials, priority and the like, also where a thread has its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crimg.model import (
    Cred,
    Task,
    Thread,
)
from tests.dump.programs import Agent, needs_root
from tests.dump.rows import dumped

if TYPE_CHECKING:
    from pathlib import Path


@needs_root
def test_credentials_of_a_thread_of_its_own(tmp_path: Path, image_path: Path) -> None:
    """The kernel has them per thread; a raw setresuid(2) changes one alone."""
    code = """
import ctypes, threading
libc = ctypes.CDLL(None)
ready, tid = threading.Event(), 0
def other():
    global tid
    libc.syscall(116, 2, (ctypes.c_uint * 2)(4, 5))
    libc.syscall(119, 11, 12, 13)
    libc.syscall(117, 21, 22, 23)
    tid = threading.get_native_id()
    ready.set()
    threading.Event().wait()
threading.Thread(target=other, daemon=True).start()
ready.wait()
"""
    with Agent(code, tmp_path / "target") as agent:
        tid = agent.ask("tid")
        with dumped(agent, image_path) as image:
            creds = {row.tid: image.find(Cred, row.cred) for row in image.rows(Thread)}
            one, other = creds[agent.pid], creds[tid]
            assert one is not None
            assert other is not None
            assert (one.uid, one.groups) == (0, tuple(os.getgroups()))
            assert (other.uid, other.euid, other.suid, other.fsuid) == (21, 22, 23, 22)
            assert (other.gid, other.egid, other.sgid, other.groups) == (11, 12, 13, (4, 5))
            assert other.cap_effective == 0


def test_nice_affinity_and_others(tmp_path: Path, image_path: Path) -> None:
    code = """
import ctypes
os.nice(7)
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
open("/proc/self/oom_score_adj", "w").write("123")
libc = ctypes.CDLL(None)
libc.personality(0x0040000)
libc.prctl(38, 1, 0, 0, 0)
libc.prctl(15, b"a (b) c\\n", 0, 0, 0)
"""
    with Agent(code, tmp_path / "target") as agent, dumped(agent, image_path) as image:
        (thread,) = image.rows(Thread)
        (task,) = image.rows(Task)
        assert (thread.nice, thread.policy, task.oom_score_adj) == (7, os.SCHED_BATCH, 123)
        assert (task.personality, task.comm) == (0x40000, b"a (b) c\n")
        cred = image.find(Cred, task.cred)
        assert cred is not None
        assert cred.no_new_privs
