"""Has one of everything that cannot be saved yet; `found` says what there is and where: a word, and a place."""

from __future__ import annotations

import ctypes
import fcntl
import mmap
import os
import select
import socket
import struct

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p] + [ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
found: list[tuple[str, str]] = []


def fd(what: str, number: int) -> int:
    if number >= 0:
        found.append((what, f"fd {number}"))
    return number


def mapping(what: str, address: int, length: int) -> None:
    found.append((what, f"mapping {address:x}-{address + length:x}"))


kept = [
    socket.socket(family, kind)
    for family, kind in ((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_UNIX, socket.SOCK_DGRAM))
]
kept += socket.socketpair()
for one in kept:
    fd("socket", one.fileno())
fd("eventfd", os.eventfd(3))
poll = select.epoll()
lost = os.pipe()
poll.register(lost[0], select.EPOLLIN)
os.close(lost[1])
fd("eventpoll", poll.fileno())
fd("timerfd", libc.syscall(283, 1, 0))
mask = ctypes.c_uint64(1 << 9)
fd("signalfd", libc.syscall(289, -1, ctypes.byref(mask), 8, 0))
fd("inotify", libc.syscall(294, 0))
fd("memfd", os.memfd_create("name"))
fd("secret", libc.syscall(447, 0))
params = ctypes.create_string_buffer(120)
fd("io_uring", libc.syscall(425, 4, params))
fd("pidfd", os.pidfd_open(os.getpid()))
fd("proc", os.open("/proc/self/status", os.O_RDONLY))
fd("sysfs", os.open("/sys/kernel/mm", os.O_RDONLY))
fd("namespace", os.open("/proc/self/ns/net", os.O_RDONLY))
os.mkdir("deleted")
fd("deleted directory", os.open("deleted", os.O_RDONLY))
os.rmdir("deleted")
try:
    fd("pseudo-terminal", os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
except OSError:
    pass
leased = os.open("leased", os.O_RDONLY | os.O_CREAT)
fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_RDLCK)
fd("lease", leased)
packets = os.pipe2(os.O_DIRECT)
fd("packet", packets[1])
shared = libc.mmap(None, 8192, 3, 0x21, -1, 0)
mapping("shared anonymous", shared, 8192)
named = os.memfd_create("mapped")
area = libc.mmap(None, 4096, 1, 1, named, 0)
mapping("memfd", area, 4096)
os.close(named)
segment = libc.shmget(0, 4096, 0o1600)
libc.shmat.restype = ctypes.c_void_p
attached = libc.shmat(segment, None, 0)
libc.shmctl(segment, 0, None)  # gone with the last process that has it
mapping("System V", attached, 4096)
ends = os.pipe()
child = os.fork()
if child == 0:
    for name in range(3, 1000):
        if name not in (ends[1], lost[0]):
            try:
                os.close(name)
            except OSError:
                pass
    os.close(0)
    while True:
        select.select([], [], [])
os.close(lost[0])  # the child keeps it open: the watch stays
found.append((f"child process {child}", "process"))
fd("pipe", ends[0])
