"""Names of signals, capabilities, limits, registers and flags, by the numbers of Linux on x86-64."""

from __future__ import annotations

from struct import iter_unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SIGNALS = _words(
    "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE "
    "SIGALRM SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ "
    "SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS"
)
"""Names of the signals from 1 on (signal(7))."""
_SIGRTMIN = 34  # of the C libraries, which keep 32 and 33 for themselves

CAPABILITIES = _words(
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE "
    "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT "
    "SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE "
    "AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ "
    "PERFMON BPF CHECKPOINT_RESTORE"
)
"""Names of the capabilities from 0 on, without CAP_ (capabilities(7))."""

RLIMITS = _words(
    "RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE RLIMIT_RSS RLIMIT_NPROC RLIMIT_NOFILE "
    "RLIMIT_MEMLOCK RLIMIT_AS RLIMIT_LOCKS RLIMIT_SIGPENDING RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO "
    "RLIMIT_RTTIME"
)
"""Names of the resource limits from 0 on (getrlimit(2))."""
RLIM_INFINITY = 2**64 - 1

ITIMERS = ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")

POLICIES = (
    "SCHED_OTHER",
    "SCHED_FIFO",
    "SCHED_RR",
    "SCHED_BATCH",
    "SCHED_ISO",
    "SCHED_IDLE",
    "SCHED_DEADLINE",
)
"""Scheduling policies from 0 on (sched(7))."""

REGISTERS = _words(
    "r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base "
    "gs_base ds es fs gs"
)
"""Fields of struct user_regs_struct (sys/user.h)."""

_SA_FLAGS = (
    (0x1, "SA_NOCLDSTOP"),
    (0x2, "SA_NOCLDWAIT"),
    (0x4, "SA_SIGINFO"),
    (0x400, "SA_UNSUPPORTED"),
    (0x800, "SA_EXPOSE_TAGBITS"),
    (0x04000000, "SA_RESTORER"),
    (0x08000000, "SA_ONSTACK"),
    (0x10000000, "SA_RESTART"),
    (0x40000000, "SA_NODEFER"),
    (0x80000000, "SA_RESETHAND"),
)
_SECUREBITS = _words(
    "SECBIT_NOROOT SECBIT_NOROOT_LOCKED SECBIT_NO_SETUID_FIXUP SECBIT_NO_SETUID_FIXUP_LOCKED "
    "SECBIT_KEEP_CAPS SECBIT_KEEP_CAPS_LOCKED SECBIT_NO_CAP_AMBIENT_RAISE "
    "SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED"
)
_CLOCKS = _words(
    "CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_THREAD_CPUTIME_ID CLOCK_MONOTONIC_RAW "
    "CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE CLOCK_BOOTTIME CLOCK_REALTIME_ALARM CLOCK_BOOTTIME_ALARM "
    "CLOCK_SGI_CYCLE CLOCK_TAI"
)
_AUXV = _words(
    "AT_NULL AT_IGNORE AT_EXECFD AT_PHDR AT_PHENT AT_PHNUM AT_PAGESZ AT_BASE AT_FLAGS AT_ENTRY AT_NOTELF "
    "AT_UID AT_EUID AT_GID AT_EGID AT_PLATFORM AT_HWCAP AT_CLKTCK"
)
_AUXV_LATER = {
    23: "AT_SECURE",
    24: "AT_BASE_PLATFORM",
    25: "AT_RANDOM",
    26: "AT_HWCAP2",
    27: "AT_RSEQ_FEATURE_SIZE",
    28: "AT_RSEQ_ALIGN",
    31: "AT_EXECFN",
    32: "AT_SYSINFO",
    33: "AT_SYSINFO_EHDR",
    51: "AT_MINSIGSTKSZ",
}
_SIGEV = {0: "SIGEV_SIGNAL", 1: "SIGEV_NONE", 2: "SIGEV_THREAD", 4: "SIGEV_THREAD_ID"}


def signal_name(number: int) -> str:
    """ "SIGTERM", "SIGRTMIN+2"; "SIG32" for the two that the C library keeps, "none" for 0."""
    if 1 <= number <= len(SIGNALS):
        return SIGNALS[number - 1]
    if _SIGRTMIN <= number <= 64:
        return "SIGRTMIN" + (f"+{number - _SIGRTMIN}" if number > _SIGRTMIN else "")
    return f"SIG{number}" if number else "none"


def signal_set(mask: int) -> list[str]:
    """Names of the signals in a set; bit N-1 is signal N."""
    return [signal_name(bit + 1) for bit in range(64) if mask >> bit & 1]


def capability_set(bits: int) -> list[str]:
    """Names of the capabilities in a set: "CAP_CHOWN"; "CAP_63" for one without a name."""
    return [
        f"CAP_{CAPABILITIES[bit] if bit < len(CAPABILITIES) else bit}" for bit in range(64) if bits >> bit & 1
    ]


def nth(names: Sequence[str], number: int) -> str:
    """The name with this number; "99?" where there is none."""
    return names[number] if 0 <= number < len(names) else f"{number}?"


def rlimit_name(number: int) -> str:
    """ "RLIMIT_NOFILE"; "RLIMIT_99" for a number without a name."""
    return RLIMITS[number] if number < len(RLIMITS) else f"RLIMIT_{number}"


def limit_words(limits: Sequence[int]) -> list[str]:
    """Soft and hard limits in turn, as "RLIMIT_NOFILE=1024:4096"."""
    shown = ["unlimited" if limit == RLIM_INFINITY else str(limit) for limit in limits]
    pairs = enumerate(zip(shown[::2], shown[1::2], strict=False))
    return [f"{rlimit_name(number)}={soft}:{hard}" for number, (soft, hard) in pairs]


def action_flags(flags: int) -> list[str]:
    """SA_* names of sigaction(2); unknown bits as one hexadecimal number."""
    return _bits(flags, _SA_FLAGS)


def securebits(bits: int) -> list[str]:
    """SECBIT_* names of capabilities(7); unknown bits as one hexadecimal number."""
    return _bits(bits, [(1 << bit, name) for bit, name in enumerate(_SECUREBITS)])


def _bits(value: int, names: Sequence[tuple[int, str]]) -> list[str]:
    known = [name for bit, name in names if value & bit]
    rest = value & ~sum(bit for bit, _ in names)
    return known + ([f"{rest:#x}"] if rest else [])


def clock_name(clock: int) -> str:
    """Name of a clock id (clock_getres(2)); for a CPU-time clock, of what it is."""
    if clock < 0:
        whose = f" of {~(clock >> 3)}" if ~(clock >> 3) else ""
        return f"{'thread' if clock & 4 else 'process'} CPU clock{whose}"
    return nth(_CLOCKS, clock)


def notification(sigev: int) -> str:
    """SIGEV_* name of sigevent(3type)."""
    return _SIGEV.get(sigev, f"{sigev}?")


def auxiliary_vector(data: bytes) -> list[str]:
    """Entries of an auxiliary vector as "AT_PAGESZ=0x1000" (getauxval(3)), up to AT_NULL."""
    entries = []
    for key, value in iter_unpack("<QQ", data[: len(data) // 16 * 16]):
        if key == 0:
            break
        name = _AUXV[key] if key < len(_AUXV) else _AUXV_LATER.get(key, f"AT_{key}")
        entries.append(f"{name}={value:#x}")
    return entries


def cpu_list(mask: bytes) -> str:
    """CPUs of an affinity mask as taskset(1) lists them: "0-3,6"."""
    bits = int.from_bytes(mask, "little")
    parts = []
    cpu = 0
    while bits >> cpu:
        if bits >> cpu & 1:
            first = cpu
            while bits >> cpu + 1 & 1:
                cpu += 1
            parts.append(str(first) if first == cpu else f"{first}-{cpu}")
        cpu += 1
    return ",".join(parts)
