"""What a restart has to know of this machine."""

from __future__ import annotations

import os

from crimg.kernel.access import read_proc
from crimg.kernel.procmaps import parse_maps
from crimg.kernel.shmem import anonymous_memory
from crimg.restart.problems import Machine


def this_machine() -> Machine:
    """As it is for this process: the vDSO is that of the running kernel."""
    pid = os.getpid()
    for vma in parse_maps(read_proc(pid, "maps") or b""):
        if vma.label == b"[vdso]":
            with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
                memory.seek(vma.start)
                return Machine(memory.read(vma.end - vma.start), _opens_memory(), _terminals())
    return Machine(b"", _opens_memory(), _terminals())


def _terminals() -> frozenset[int]:
    try:
        return frozenset(int(name) for name in os.listdir("/dev/pts") if name.isdigit())
    except FileNotFoundError:  # it is said at the steps that make terminals, if there are any
        return frozenset()


def _opens_memory() -> bool:
    fd = anonymous_memory(1)
    if fd is not None:
        os.close(fd)
    return fd is not None
