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


kept = list(socket.socketpair())
netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
fd("socket", netlink.fileno())
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
accepted, _ = server.accept()
fd("tcp", client.fileno())
fd("tcp", accepted.fileno())
poll = select.epoll()
lost = os.pipe()
poll.register(lost[0], select.EPOLLIN)
os.close(lost[1])
fd("eventpoll", poll.fileno())
fd("inotify", libc.syscall(294, 0))
secret = libc.syscall(447, 0)
fd("secret", secret)
if secret >= 0:
    os.ftruncate(secret, 4096)
    mapping("secret", libc.mmap(None, 4096, 3, 1, secret, 0), 4096)
params = ctypes.create_string_buffer(120)
fd("io_uring", libc.syscall(425, 4, params))
fd("pidfd", os.pidfd_open(os.getpid()))
fd("proc", os.open("/proc/self/status", os.O_RDONLY))
fd("sysfs", os.open("/sys/kernel/mm", os.O_RDONLY))
fd("namespace", os.open("/proc/self/ns/net", os.O_RDONLY))
try:
    master, slave = os.openpty()
    os.write(slave, b"not read yet")
    fd("pseudo-terminal", master)
except OSError:
    pass
leased = os.open("leased", os.O_RDONLY | os.O_CREAT)
fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_RDLCK)
os.unlink("leased")
fd("lease", leased)
ends = os.pipe()
# A child of its child, whose father ends: it belongs to another tree, and has out and err open like this one.
told = os.pipe()
child = os.fork()
if child == 0:
    child = os.fork()
    if child:
        os.write(told[1], b"%d" % child)
        os._exit(0)
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
os.waitpid(child, 0)
child = int(os.read(told[0], 9))
os.close(told[0])
os.close(told[1])
found += [(f"process {child} holds", f"fd {number}") for number in (1, 2)]
fd("pipe", ends[0])
