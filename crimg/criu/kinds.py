"""What the files of a CRIU image directory are, by their names, and what CRIU calls kinds of open files."""

from __future__ import annotations

COMMON_MAGIC = 0x54564319
"""First word of an image file since version 1.1 of the images; the word of its kind follows."""
SERVICE_MAGIC = 0x55105940
"""First word of files that are no part of the dump: statistics, caches."""
RAW = 0
"""Magic of files without one: page data, archives, what other programs wrote."""


class ImageKind:
    """A kind of image file.

    stem: its name without number and ".img".  magic: the word that tells it, RAW for none.  message: the
    schema's name for its entries, "" where crimg does not look into it.  payload: the member of an entry that
    says how many bytes follow it, "" for none.  head: the message of the first entry, where it is another.
    """

    __slots__ = ("head", "magic", "message", "payload", "stem")

    def __init__(self, stem: str, magic: int, message: str = "", payload: str = "", head: str = "") -> None:
        self.stem = stem
        self.magic = magic
        self.message = message
        self.payload = payload
        self.head = head


KINDS: dict[str, ImageKind] = {
    kind.stem: kind
    for kind in (
        ImageKind("inventory", 0x58313116, "Inventory"),
        ImageKind("pstree", 0x50273030, "Process"),
        ImageKind("core", 0x55053847, "Core"),
        ImageKind("ids", 0x54432030, "ObjectIds"),
        ImageKind("creds", 0x54023547, "Credentials"),
        ImageKind("sigacts", 0x55344201, "SignalAction"),
        ImageKind("mm", 0x57492820, "AddressSpace"),
        ImageKind("vmas", 0x54123737, "Mapping"),
        ImageKind("pagemap", 0x56084025, "PagemapEntry", head="PagemapHead"),
        ImageKind("pagemap-shmem", 0x56084025, "PagemapEntry", head="PagemapHead"),
        ImageKind("pages", RAW),
        ImageKind("pages-shmem", RAW),
        ImageKind("fs", 0x51403912, "FilesystemContext"),
        ImageKind("fdinfo", 0x56213732, "Descriptor"),
        ImageKind("files", 0x56303138, "FileEntry"),
        ImageKind("reg-files", 0x50363636, "RegularFile"),
        ImageKind("ext-files", 0x59255641, "ExternalFile"),
        ImageKind("ns-files", 0x61394011, "NamespaceFile"),
        ImageKind("pipes", 0x56513555, "Pipe"),
        ImageKind("pipes-data", 0x56453709, "PipeData", "bytes"),
        ImageKind("fifo", 0x58364939, "Fifo"),
        ImageKind("fifo-data", 0x59333054, "PipeData", "bytes"),
        ImageKind("eventfd", 0x44523722, "EventFd"),
        ImageKind("eventpoll", 0x45023858, "EventPoll"),
        ImageKind("eventpoll-tfd", 0x44433746, "EventPollTarget"),
        ImageKind("signalfd", 0x57323820, "SignalFd"),
        ImageKind("timerfd", 0x50493712, "TimerFd"),
        ImageKind("inotify", 0x48424431, "Inotify"),
        ImageKind("inotify-wd", 0x54562009, "InotifyWatch"),
        ImageKind("fanotify", 0x55096122, "Fanotify"),
        ImageKind("fanotify-mark", 0x56506035, "FanotifyMark"),
        ImageKind("unixsk", 0x54373943, "UnixSocket"),
        ImageKind("inetsk", 0x56443851, "InetSocket"),
        ImageKind("packetsk", 0x60454618, "PacketSocket"),
        ImageKind("netlinksk", 0x58005614, "NetlinkSocket"),
        ImageKind("sk-queues", 0x56264026, "SocketPacket", "length"),
        ImageKind("tunfile", 0x57143751, "TunFile"),
        ImageKind("tty", 0x59433025, "Terminal"),
        ImageKind("tty-info", 0x59453036, "TerminalInfo"),
        ImageKind("tty-data", 0x59413026),
        ImageKind("memfd", 0x48453499, "MemoryInode"),
        ImageKind("pidfd", 0x54435556, "PidFd"),
        ImageKind("remap-fpath", 0x59133954, "Remap"),
        ImageKind("ghost-file", 0x52583605, "GhostFile"),
        ImageKind("filelocks", 0x54323616, "FileLock"),
        ImageKind("mountpoints", 0x55563928, "Mount"),
        ImageKind("utsns", 0x54473203, "UtsNamespace"),
        ImageKind("timens", 0x43114433, "TimeNamespace"),
        ImageKind("stats", 0x57093306, "Stats"),
        ImageKind("irmap-cache", 0x57004059, "IrmapEntry"),
        ImageKind("ipcns-var", 0x53115007),
        ImageKind("ipcns-shm", 0x46283044),
        ImageKind("ipcns-msg", 0x55453737),
        ImageKind("ipcns-sem", 0x59573019),
        ImageKind("itimers", 0x57464056, "IntervalTimer"),
        ImageKind("posix-timers", 0x52603957, "PosixTimer"),
        ImageKind("rlimit", 0x57113925, "ResourceLimit"),
        ImageKind("signal-s", 0x59255647, "SignalInfo"),
        ImageKind("signal-p", 0x59255647, "SignalInfo"),
        ImageKind("tcp-stream", 0x51465506),
        ImageKind("netdev", 0x57373951),
        ImageKind("netns", 0x55933752),
        ImageKind("cgroup", 0x59383330),
        ImageKind("userns", 0x55474906),
        ImageKind("pidns", 0x61157326),
        ImageKind("seccomp", 0x64413049),
        ImageKind("cpuinfo", 0x61404013),
        ImageKind("binfmt-misc", 0x67343323, "BinaryFormat"),
        ImageKind("autofs", 0x49353943),
        ImageKind("bpfmap-file", 0x57506142),
        ImageKind("bpfmap-data", 0x64324033),
        ImageKind("apparmor", 0x59423047),
        ImageKind("crimg-redacted", RAW),
    )
}
"""Stem to kind, for the kinds that have a name of their own (criu/image-desc.c and criu/include/magic.h); the
last one is written by `crimg redact`."""

RAW_STEMS = (
    *("ifaddr", "route", "route6", "rule", "iptables", "ip6tables", "nftables", "netns-ct", "netns-exp"),
    *("tmpfs", "tmpfs-dev"),
)
"""Stems of files that other programs write and read."""


def split_name(name: str) -> tuple[str, int | None]:
    """Stem and number of an image file: ("core", 355) for core-355.img, ("files", None) for files.img.

    The numbers of ghost files, and of TCP streams, are hexadecimal. A name that is none gives ("", None).
    """
    if name.startswith("stats-"):
        return "stats", None
    if name == "irmap-cache":
        return name, None
    if not name.endswith(".img"):
        return "", None
    base = name.removesuffix(".img").removesuffix(".tar.gz")
    stem, dash, tail = base.rpartition("-")
    if dash and tail.isascii() and tail.isalnum():
        try:
            return stem, int(tail, 16 if stem in ("ghost-file", "tcp-stream") else 10)
        except ValueError:
            pass
    return base, None


class FileType:
    """One of CRIU's kinds of open files (`fd_types`).

    member: its member of FileEntry.  kind: what it is called here.  image: stem of the image file in which
    older versions of CRIU keep it.
    """

    __slots__ = ("image", "kind", "member", "number")

    def __init__(self, number: int, member: str, kind: str, image: str = "") -> None:
        self.number = number
        self.member = member
        self.kind = kind
        self.image = image


FILE_TYPES: dict[int, FileType] = {
    each.number: each
    for each in (
        FileType(1, "reg", "REGULAR", "reg-files"),
        FileType(2, "pipe", "PIPE", "pipes"),
        FileType(3, "fifo", "FIFO", "fifo"),
        FileType(4, "isk", "SOCKET", "inetsk"),
        FileType(5, "usk", "SOCKET", "unixsk"),
        FileType(6, "efd", "EVENTFD", "eventfd"),
        FileType(7, "epfd", "EPOLL", "eventpoll"),
        FileType(8, "ify", "INOTIFY", "inotify"),
        FileType(9, "sgfd", "SIGNALFD", "signalfd"),
        FileType(10, "psk", "PACKET_SOCKET", "packetsk"),
        FileType(11, "tty", "CHARACTER_DEVICE", "tty"),
        FileType(12, "ffy", "FANOTIFY", "fanotify"),
        FileType(13, "nlsk", "NETLINK_SOCKET", "netlinksk"),
        FileType(14, "nsf", "NAMESPACE", "ns-files"),
        FileType(15, "tunf", "TUN", "tunfile"),
        FileType(16, "ext", "EXTERNAL", "ext-files"),
        FileType(17, "tfd", "TIMERFD", "timerfd"),
        FileType(18, "memfd", "MEMORY"),
        FileType(19, "bpf", "BPF_MAP"),
        FileType(20, "pidfd", "PIDFD", "pidfd"),
    )
}
"""Number to kind (images/fdinfo.proto)."""

REG, PIPE, FIFO, TTY, MEMFD = 1, 2, 3, 11, 18
