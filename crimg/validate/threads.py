"""C521 to C527: what a thread goes on from: registers, scheduling, names, credentials."""

from __future__ import annotations

from struct import Struct

from crimg.model import Cred, Task, Thread, Vma
from crimg.model.enums import Prot
from crimg.model.record import unrecorded
from crimg.validate.addresses import Ranges
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from crimg.validate.checked import Checked

_REGISTERS = Struct("<27Q")  # struct user_regs_struct, sys/user.h
_RIP, _CS, _SS, _FS_BASE, _GS_BASE = 16, 17, 20, 21, 22
_USER_RPL = 3
_ADDRESSES_END = 1 << 56
_XSAVE_LEAST = 576
"""Legacy area and header (Intel SDM, volume 1, 13.4)."""
_MXCSR, _MXCSR_MASK = Struct("<I"), 0xFFFF
_MXCSR_AT, _STATE_AT, _COMPACTION_AT = 24, 512, 520
_WORD = Struct("<Q")
_AVX, _AVX_END = 1 << 2, 832
_REALTIME = (1, 2)  # SCHED_FIFO, SCHED_RR of sched(7)
_POLICIES = (0, 1, 2, 3, 5, 6, 7)
_LONGEST_NAME = 15


@rule("C521", ERROR)
def registers(checked: Checked) -> Iterator[Hit]:
    """The kernel would refuse to load the registers of a thread.

    They are not 27 words, a code or stack segment is not of user mode, or a segment base is no address of
    user space: ptrace(PTRACE_SETREGSET) fails (EIO, EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Thread):
        if len(row.registers) != _REGISTERS.size:
            yield Hit(f"{len(row.registers)} bytes, not {_REGISTERS.size}", row, "registers")
            continue
        words = _REGISTERS.unpack(row.registers)
        for name, index in (("cs", _CS), ("ss", _SS)):
            if words[index] & _USER_RPL != _USER_RPL:
                yield Hit(f"{name} is {words[index]:#x}, no selector of user mode", row, "registers")
        for name, index in (("fs_base", _FS_BASE), ("gs_base", _GS_BASE)):
            if words[index] >= _ADDRESSES_END:
                yield Hit(f"{name} is {words[index]:#x}", row, "registers")


@rule("C522", ERROR)
def extended_registers(checked: Checked) -> Iterator[Hit]:
    """The kernel would refuse to load the extended registers of a thread.

    The area is too short for what its header says is in it, is compacted, or sets reserved bits of MXCSR:
    ptrace(PTRACE_SETREGSET, NT_X86_XSTATE) fails (EINVAL), or floating-point numbers come back wrong.

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Thread):
        area = row.xsave
        if len(area) < _XSAVE_LEAST or len(area) % 8:
            yield Hit(f"{len(area)} bytes, at least {_XSAVE_LEAST} in words", row, "xsave")
            continue
        (mxcsr,), (state,), (compaction,) = (
            _MXCSR.unpack_from(area, _MXCSR_AT),
            _WORD.unpack_from(area, _STATE_AT),
            _WORD.unpack_from(area, _COMPACTION_AT),
        )
        if mxcsr & ~_MXCSR_MASK:
            yield Hit(f"MXCSR is {mxcsr:#x}", row, "xsave")
        if compaction:
            yield Hit("is compacted", row, "xsave")
        if state & _AVX and len(area) < _AVX_END:
            yield Hit(f"{len(area)} bytes have no room for the AVX registers", row, "xsave")


@rule("C523", WARNING, whole=True)
def instruction_pointer(checked: Checked) -> Iterator[Hit]:
    """The next instruction of a thread is not in executable memory.

    The thread gets SIGSEGV as soon as it runs.

    Remedy: a mapping may be lost or rewritten: undo that, or dump again.
    """
    executable: dict[int, Ranges] = {}
    for row in checked.rows(Thread):
        task = checked.find(Task, row.task)
        if task is None or task.mm not in checked.owned(Vma) or len(row.registers) != _REGISTERS.size:
            continue
        if task.mm not in executable:
            executable[task.mm] = Ranges(checked.owned(Vma)[task.mm], Prot.EXEC)
        rip = _REGISTERS.unpack(row.registers)[_RIP]
        if rip not in executable[task.mm]:
            yield Hit(f"rip is {rip:#x}", row, "registers")


@rule("C524", ERROR)
def scheduling(checked: Checked) -> Iterator[Hit]:
    """The scheduling of a thread is none that there is.

    sched_setscheduler(2) refuses a policy that it does not know and a priority that the policy does not have;
    setpriority(2) cuts a nice value; sched_setaffinity(2) refuses to run a thread nowhere (EINVAL).

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Thread):
        realtime = row.policy in _REALTIME
        if row.policy not in _POLICIES:
            yield Hit(f"policy {row.policy}", row, "policy")
        elif not (1 <= row.priority <= 99 if realtime else row.priority == 0):
            yield Hit(f"priority {row.priority} with policy {row.policy}", row, "priority")
        if not -20 <= row.nice <= 19:
            yield Hit(f"nice value {row.nice}", row, "nice")
        if not any(row.cpus) and "cpus" not in unrecorded(row):
            yield Hit("may run on no CPU", row, "cpus")


@rule("C525", WARNING)
def names(checked: Checked) -> Iterator[Hit]:
    """A task or thread has a name that is too long, or holds a NUL byte.

    prctl(PR_SET_NAME) cuts it after 15 bytes or at the NUL.

    Remedy: what looks for the task by its name has to look for the shorter one.
    """
    rows: list[Task | Thread] = [*checked.rows(Task), *checked.rows(Thread)]
    for row in rows:
        if len(row.comm) > _LONGEST_NAME or b"\0" in row.comm:
            what = "holds a NUL byte" if b"\0" in row.comm else f"has {len(row.comm)} bytes"
            yield Hit(f"the name {what}", row, "comm")


@rule("C526", ERROR)
def capabilities(checked: Checked) -> Iterator[Hit]:
    """Credentials have capabilities that they may not have.

    Effective ones have to be permitted, ambient ones permitted and inheritable: capset(2) and prctl(2) refuse
    them (EPERM).

    Remedy: undo what rewrote the image, or dump again.
    """
    for row in checked.rows(Cred):
        if row.cap_effective & ~row.cap_permitted:
            yield Hit("effective capabilities that are not permitted", row, "cap_effective")
        if row.cap_ambient & ~(row.cap_permitted & row.cap_inheritable):
            yield Hit("ambient capabilities that are not permitted and inheritable", row, "cap_ambient")


@rule("C527", WARNING)
def removed_registers(checked: Checked) -> Iterator[Hit]:
    """The registers of a thread were removed from the image on purpose.

    The thread would go on with zeros where it had values: a restart refuses the image.

    Remedy: to restart, take the image from which the registers were not removed.
    """
    for row in checked.rows(Thread):
        if (row.extra or {}).get("removed"):
            yield Hit("its registers are removed", row, "registers")
