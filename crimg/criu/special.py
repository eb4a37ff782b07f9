"""Counters, timers, shared memory, sockets: files without a name, each with a row that tells its state."""

from __future__ import annotations

import stat
from struct import Struct

from crimg.errors import FormatError
from crimg.model import EpollWatch, Eventfd, Inode, SharedMemory, Signalfd, Socket, Timerfd
from crimg.model.enums import Keeper, MemoryKind, SocketState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crimg.criu.building import Builder
    from crimg.criu.directory import Part
    from crimg.criu.framing import Entry

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
_STATES = {1: SocketState.CONNECTED, 10: SocketState.LISTENING}
"""TCP_ESTABLISHED and TCP_LISTEN, which CRIU writes for Unix sockets too; anything else is not connected."""
_SOCKADDR_IN = Struct("<H2s4s8x")
_SOCKADDR_IN6 = Struct("<H2sI16sI")
_NSEC = 10**9
_ZERO = b"/dev/zero"
"""What CRIU names the memory behind MAP_SHARED | MAP_ANONYMOUS."""
_MEMORY_UNRECORDED = ("device", "number", "nlink", "blocks", "mtime", "ctime")


class SpecialBuilder:
    """Makes the rows that tell the state of files without a name. memory: entries of memfd.img by number."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._tables = builder.tables
        self.memory = {info.inode_id: info for info in builder.messages("memfd")}
        self._queues: dict[int, list[tuple[Part, Entry]]] = {}
        for part, entry in builder.entries("sk-queues"):
            self._queues.setdefault(entry.message.id_for, []).append((part, entry))
        self._makers: dict[str, Callable[[int, Any], bytes | None]] = {
            "efd": self._eventfd,
            "tfd": self._timerfd,
            "sgfd": self._signalfd,
            "usk": self._unix,
            "isk": self._inet,
            "epfd": self._epoll,
        }

    def add(self, member: str, file: int, entry: Any) -> bytes | None:
        """The row of a file of this kind; what the link in /proc/PID/fd would say. None for others."""
        maker = self._makers.get(member)
        return maker(file, entry) if maker is not None else None

    def _eventfd(self, file: int, entry: Any) -> bytes:
        unrecorded: dict[str, object] = {"unrecorded": ("semaphore",)}
        self._tables.add(Eventfd(file=file, value=entry.counter, semaphore=False, extra=unrecorded))
        return b"anon_inode:[eventfd]"

    def _timerfd(self, file: int, entry: Any) -> bytes:
        self._tables.add(
            Timerfd(
                file=file,
                clock=entry.clockid,
                ticks=entry.ticks,
                settime_flags=entry.settime_flags,
                interval=entry.isec * _NSEC + entry.insec,
                remaining=entry.vsec * _NSEC + entry.vnsec,
            )
        )
        return b"anon_inode:[timerfd]"

    def _signalfd(self, file: int, entry: Any) -> bytes:
        self._tables.add(Signalfd(file=file, mask=entry.sigmask))
        return b"anon_inode:[signalfd]"

    def _epoll(self, file: int, entry: Any) -> bytes | None:
        """The watches, each on the file that its descriptor means in a table that has the instance too.

        Where there is none, a rule says so: the image has no row for it.
        """
        for target in entry.tfd:
            watched = self._builder.tasks.file_beside(entry.id, target.tfd)
            if watched is not None:
                objref = self._builder.file_objref(watched)
                self._tables.add(
                    EpollWatch(epoll=file, fd=target.tfd, file=objref, events=target.events, data=target.data)
                )
        return None

    def _unix(self, file: int, entry: Any) -> bytes:
        extra: dict[str, object] | None = {"directory": entry.name_dir} if entry.name_dir else None
        name = entry.name
        path = name.rstrip(b"\0") if name and not name.startswith(b"\0") else None
        address = name if name.startswith(b"\0") else None
        self._socket(
            file, entry, AF_UNIX, 0, path=path, address=address, peer=entry.peer or None, extra=extra
        )
        return b"socket:[%d]" % entry.ino

    def _inet(self, file: int, entry: Any) -> bytes:
        local = _sockaddr(entry.family, entry.src_addr, entry.src_port)
        remote = _sockaddr(entry.family, entry.dst_addr, entry.dst_port)
        self._socket(file, entry, entry.family, entry.proto, address=local, peer_address=remote)
        return b"socket:[%d]" % entry.ino

    def _socket(
        self,
        file: int,
        entry: Any,
        family: int,
        protocol: int,
        *,
        path: bytes | None = None,
        address: bytes | None = None,
        peer: int | None = None,
        peer_address: bytes | None = None,
        extra: dict[str, object] | None = None,
    ) -> None:
        state = _STATES.get(entry.state, SocketState.UNCONNECTED)
        queue = self._queues.get(entry.id, [])
        length = sum(len(packet.payload) for _, packet in queue)
        if queue:
            extra = {**(extra or {}), "packets": tuple(len(packet.payload) for _, packet in queue)}
        self._tables.add(
            Socket(
                file=file,
                number=entry.ino,
                family=family,
                type=entry.type & 0xF,
                protocol=protocol,
                state=state,
                path=path,
                address=address,
                peer=peer,
                peer_address=peer_address,
                backlog=entry.backlog if state == SocketState.LISTENING else None,
                shutdown=getattr(entry, "shutdown", 0),
                length=length,
                blobs=(self._builder.sections.of_packets(queue),) if length else (),
                extra=extra,
            )
        )

    def memory_inode(self, number: int) -> int | None:
        """Objref of the inode of shared memory, made when it is first met; None where the image lost it."""
        info = self.memory.get(number)
        if info is None:
            self._tables.note(FormatError(f"shared memory {number} is not there", section="memfd.img"))
            return None
        objref = self._tables.objref("inode", ("memfd", number))
        if not self._tables.knows("memory row", number):
            self._tables.objref("memory row", number)
            self._tables.add(
                Inode(
                    objref=objref,
                    referrers=0,
                    filesystem=None,
                    device=0,
                    number=0,
                    generation=None,
                    handle_type=None,
                    handle=None,
                    mode=info.mode or stat.S_IFREG | 0o777,
                    uid=info.uid,
                    gid=info.gid,
                    rdev=0,
                    nlink=0,
                    size=info.size,
                    blocks=0,
                    mtime=0,
                    ctime=0,
                    btime=None,
                    digest_kind=None,
                    digest=None,
                    build_id=None,
                    keeper=Keeper.EMBEDDED,
                    blobs=self._builder.memory.shared_blobs(info.shmid, info.size),
                    keeper_path=None,
                    extra={"unrecorded": _MEMORY_UNRECORDED},
                )
            )
            anonymous = info.name == _ZERO
            self._tables.add(
                SharedMemory(
                    inode=objref,
                    kind=MemoryKind.ANONYMOUS if anonymous else MemoryKind.MEMFD,
                    name=b"" if anonymous else info.name,
                    seals=None if anonymous else info.seals,
                    ipc_key=None,
                    mode=None,
                )
            )
        return objref

    def memory_link(self, number: int) -> bytes:
        """What the link in /proc/PID/fd, or a line of /proc/PID/maps, says of shared memory."""
        info = self.memory.get(number)
        name = info.name if info is not None else b"?"
        return b"/dev/zero (deleted)" if name == _ZERO else b"/memfd:%b (deleted)" % name


def _sockaddr(family: int, words: Any, port: int) -> bytes | None:
    """An address as struct sockaddr_in or sockaddr_in6; None where nothing is bound or connected."""
    data = b"".join(word.to_bytes(4, "little") for word in words)
    if not port and not any(data):
        return None
    big = (port & 0xFFFF).to_bytes(2, "big")
    if family == AF_INET:
        return _SOCKADDR_IN.pack(family, big, data[:4])
    return _SOCKADDR_IN6.pack(family & 0xFFFF, big, 0, data[:16], 0)
