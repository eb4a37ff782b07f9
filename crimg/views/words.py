"""Numbers in words: times, sizes, modes, flags, protections. Nothing depends on locale or time zone."""

from __future__ import annotations

import stat
import time

from crimg.model.enums import NAMELESS, FileKind, NameState, OtherFileKind, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import File

_OPEN_FLAGS = (
    (0o20200000, "O_TMPFILE"),
    (0o4010000, "O_SYNC"),
    (0o100, "O_CREAT"),
    (0o200, "O_EXCL"),
    (0o400, "O_NOCTTY"),
    (0o1000, "O_TRUNC"),
    (0o2000, "O_APPEND"),
    (0o4000, "O_NONBLOCK"),
    (0o10000, "O_DSYNC"),
    (0o20000, "O_ASYNC"),
    (0o40000, "O_DIRECT"),
    (0o100000, "O_LARGEFILE"),
    (0o200000, "O_DIRECTORY"),
    (0o400000, "O_NOFOLLOW"),
    (0o1000000, "O_NOATIME"),
    (0o2000000, "O_CLOEXEC"),
    (0o10000000, "O_PATH"),
)
_ACCESS_MODES = ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE")
_OTHER_KINDS = frozenset(map(int, OtherFileKind))
_ACCESS = ("-", "r", "w", "rw")
_STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "disk sleep",
    "T": "stopped",
    "t": "tracing stop",
    "Z": "zombie",
    "X": "dead",
    "I": "idle",
}
EPOLL_NAME = "anon_inode:[eventpoll]"
"""The kernel's name for every epoll instance, in /proc/PID/fd."""
_FILE_KINDS = {
    FileKind.REGULAR: "file",
    FileKind.DIRECTORY: "dir",
    FileKind.CHARACTER_DEVICE: "chr",
    FileKind.FIFO: "fifo",
    FileKind.PIPE: "pipe",
    FileKind.EPOLL: "epoll",
    FileKind.PLACEHOLDER: "none",
    FileKind.MEMORY: "mem",
    FileKind.EVENTFD: "evfd",
    FileKind.TIMERFD: "tmfd",
    FileKind.SIGNALFD: "sgfd",
    FileKind.SOCKET: "sock",
    FileKind.PTY_MASTER: "ptmx",
}


def utc(nanoseconds: int, digits: int = 9) -> str:
    """A time of CLOCK_REALTIME as ISO 8601 in UTC, with so many digits of the second's fraction."""
    seconds, rest = divmod(nanoseconds, 10**9)
    year, month, day, hour, minute, second, *_ = time.gmtime(seconds)
    fraction = f".{rest:09d}"[: digits + 1] if digits else ""
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{fraction}Z"


def duration(nanoseconds: int) -> str:
    """A length of time in the unit that suits it: "12.3 ms"."""
    for unit, factor in (("s", 10**9), ("ms", 10**6), ("us", 10**3)):
        if abs(nanoseconds) >= factor:
            figure = f"{nanoseconds / factor:.1f}"
            return f"{figure.removesuffix('.0')} {unit}"
    return f"{nanoseconds} ns"


def hexadecimal(number: int) -> str:
    """An address or a pattern of bits for a record."""
    return f"{number:#x}"


def uuid(data: bytes) -> str:
    """16 bytes in the usual grouping (RFC 9562)."""
    digits = data.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def device(number: int) -> str:
    """ "8:1": major and minor of a device number as the model has them."""
    return f"{number >> 32}:{number & 0xFFFFFFFF}"


def mode(bits: int) -> str:
    """Type and permissions as ls(1) has them: "-rw-r--r--"."""
    return stat.filemode(bits)


def access(bits: int) -> str:
    """What an open file description allows: "r", "w", "rw", "-"."""
    return _ACCESS[bits & 3]


def open_flags(flags: int) -> list[str]:
    """File status flags and access mode in the names of open(2); unknown bits as one octal number."""
    names = [_ACCESS_MODES[flags & 3]]
    rest = flags & ~3
    for bits, name in _OPEN_FLAGS:
        if rest & bits == bits:
            names.append(name)
            rest &= ~bits
    return names + ([f"0{rest:o}"] if rest else [])


def notable_flags(names: list[str]) -> list[str]:
    """Those of `open_flags` that tell something: not the mode, not what every file or every directory has."""
    return [name for name in names[1:] if name not in ("O_LARGEFILE", "O_DIRECTORY")]


def permissions(prot: int, shared: bool) -> str:
    """Protection and sharing of a mapping as /proc/PID/maps has them: "r-xp"."""
    return (
        ("r" if prot & 1 else "-")
        + ("w" if prot & 2 else "-")
        + ("x" if prot & 4 else "-")
        + ("s" if shared else "p")
    )


def state_letter(code: int) -> str:
    """State letter of /proc/PID/stat, "?" for a code that is no letter."""
    letter = chr(code)
    return letter if letter.isascii() and letter.isalpha() else "?"


def state(code: int) -> str:
    """State of a task in the words of /proc/PID/status: "S sleeping"."""
    letter = state_letter(code)
    return f"{letter} {_STATES[letter]}" if letter in _STATES else letter


def file_kind(kind: int) -> str:
    """Short word for a kind of file: "file", "dir", "chr", "fifo", "pipe"."""
    return _FILE_KINDS.get(kind, f"{kind}?")  # type: ignore[call-overload,no-any-return]  # int keys equal theirs


def kernel_name(file: File) -> bytes | None:
    """What the kernel calls a file that has no name, but for pipes; None for others."""
    link = (file.extra or {}).get("link") if file.kind in NAMELESS or file.kind in _OTHER_KINDS else None
    return link if isinstance(link, bytes) else None


def name_state(number: int) -> str:
    """State of a file's name: "linked", "deleted", "replaced", ...; "none" for what never had one."""
    return "re-linked" if number == NameState.RELINKED else name_of(NameState, number)
