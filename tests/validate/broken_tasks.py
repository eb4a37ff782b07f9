"""C5xx: images with one wrong task, thread, signal or credential."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from crimg.model import (
    Cred,
    ImageInfo,
    PosixTimer,
    Sigaction,
    Siginfo,
    Signal,
    Task,
    Thread,
)
from tests.samples import CRED, INFO, MM, SIGHAND, SIGNAL, TASK
from tests.validate.broken_files import changed
from tests.validate.cases import breaks
from tests.validate.sound import (
    CHILD,
    CHILD_PID,
    CHILD_SIGNAL,
    ROOT_PID,
    ZOMBIE,
    ZOMBIE_PID,
    Draft,
    registers,
    xsave,
)

if TYPE_CHECKING:
    from crimg.model.record import Record

LEADER = (TASK, ROOT_PID)


def without(*kinds: type[Record]) -> Draft:
    """The sound image without the rows of these kinds."""
    draft = Draft()
    draft.records = [row for row in draft.records if not isinstance(row, kinds)]
    return draft


@breaks("C501")
def no_image_info() -> bytes:
    return without(ImageInfo).counted().bytes()


@breaks("C501")
def two_image_infos() -> bytes:
    return Draft().copy(ImageInfo, INFO, objref=900).counted().bytes()


@breaks("C502")
def child_of_itself() -> bytes:
    return changed(Task, CHILD, ppid=CHILD_PID)


@breaks("C502")
def two_in_a_circle() -> bytes:
    draft = Draft().copy(Signal, CHILD_SIGNAL, objref=901).copy(Thread, LEADER, task=900, tid=5000)
    draft.copy(Task, CHILD, objref=900, pid=5000, ppid=CHILD_PID, signal=901)
    return draft.change(Task, CHILD, ppid=5000).counted().bytes()


@breaks("C503")
def orphan() -> bytes:
    return changed(Task, CHILD, ppid=1)


@breaks("C504")
def two_of_one_pid() -> bytes:
    return changed(Task, ZOMBIE, pid=CHILD_PID)


@breaks("C504")
def thread_with_the_pid_of_the_child() -> bytes:
    return Draft().copy(Thread, LEADER, tid=ZOMBIE_PID).counted().bytes()


@breaks("C504")
def thread_twice() -> bytes:
    return Draft().copy(Thread, LEADER).counted().bytes()


@breaks("C505")
def leader_missing() -> bytes:
    return Draft().remove(Thread, LEADER).counted().bytes()


@breaks("C506")
def child_of_another_session() -> bytes:
    return changed(Task, CHILD, sid=777, pgid=CHILD_PID)


@breaks("C506")
def child_of_another_group() -> bytes:
    return changed(Task, CHILD, pgid=777)


@breaks("C507")
def session_leader_in_a_group() -> bytes:
    return changed(Task, CHILD, sid=CHILD_PID, pgid=ZOMBIE_PID)


@breaks("C507")
def group_over_two_sessions() -> bytes:
    return changed(Task, ZOMBIE, sid=CHILD_PID)


@breaks("C507")
def session_of_no_leader() -> bytes:
    return changed(Task, CHILD, sid=ROOT_PID, pgid=CHILD_PID)


@breaks("C512")
def child_of_a_zombie() -> bytes:
    return changed(Task, CHILD, ppid=ZOMBIE_PID)


@breaks("C513")
def pid_zero() -> bytes:
    return changed(Task, ZOMBIE, pid=0)


@breaks("C513")
def tid_too_large() -> bytes:
    return Draft().copy(Thread, LEADER, tid=1 << 22).counted().bytes()


@breaks("C508")
def zombie_with_memory() -> bytes:
    return changed(Task, ZOMBIE, mm=MM)


@breaks("C508")
def no_descriptors() -> bytes:
    return changed(Task, CHILD, fd_table=None)


@breaks("C509")
def actions_without_memory() -> bytes:
    return changed(Task, ZOMBIE, sighand=SIGHAND)


@breaks("C509")
def shared_limits() -> bytes:
    return Draft().change(Task, CHILD, signal=SIGNAL).remove(Signal, CHILD_SIGNAL).counted().bytes()


@breaks("C510")
def state_q() -> bytes:
    return changed(Thread, LEADER, state=ord("q"))


@breaks("C511")
def very_expendable() -> bytes:
    return changed(Task, CHILD, oom_score_adj=1001)


@breaks("C521")
def half_the_registers() -> bytes:
    return changed(Thread, LEADER, registers=bytes(108))


@breaks("C521")
def kernel_code() -> bytes:
    return changed(Thread, LEADER, registers=registers(r17=0x10))


@breaks("C521")
def thread_pointer_in_the_kernel() -> bytes:
    return changed(Thread, LEADER, registers=registers(r21=1 << 63))


@breaks("C522")
def no_room_for_the_header() -> bytes:
    return changed(Thread, LEADER, xsave=xsave()[:512])


@breaks("C522")
def no_room_for_avx() -> bytes:
    return changed(Thread, LEADER, xsave=xsave(length=576))


@breaks("C522")
def reserved_bit_of_mxcsr() -> bytes:
    return changed(Thread, LEADER, xsave=xsave(mxcsr=0x1_1F80))


@breaks("C522")
def compacted() -> bytes:
    return changed(Thread, LEADER, xsave=xsave(compaction=1 << 63 | 7))


@breaks("C523")
def jumps_into_nothing() -> bytes:
    return changed(Thread, LEADER, registers=registers(r16=0x1000))


@breaks("C524")
def unknown_policy() -> bytes:
    return changed(Thread, LEADER, policy=42)


@breaks("C524")
def priority_of_a_normal_thread() -> bytes:
    return changed(Thread, LEADER, priority=5)


@breaks("C524")
def no_cpu() -> bytes:
    return changed(Thread, LEADER, cpus=bytes(8))


@breaks("C525")
def long_name() -> bytes:
    return changed(Task, CHILD, comm=b"sixteen letters!")


@breaks("C526")
def effective_but_not_permitted() -> bytes:
    return changed(Cred, CRED, cap_effective=1 << 21)


@breaks("C526")
def ambient_but_not_inheritable() -> bytes:
    return changed(Cred, CRED, cap_permitted=1, cap_ambient=1)


@breaks("C531")
def action_of_signal_65() -> bytes:
    return changed(Sigaction, (SIGHAND, 10), signal=65)


@breaks("C531")
def dies_with_signal_99() -> bytes:
    return changed(Task, CHILD, exit_signal=99)


@breaks("C532")
def handler_for_sigkill() -> bytes:
    return changed(Sigaction, (SIGHAND, 10), signal=9)


@breaks("C533")
def blocks_sigstop() -> bytes:
    return changed(Thread, LEADER, sigmask=1 << 18)


@breaks("C534")
def fifteen_limits() -> bytes:
    return changed(Signal, SIGNAL, rlimits=(1, 2) * 15)


@breaks("C534")
def soft_over_hard() -> bytes:
    return changed(Signal, SIGNAL, rlimits=(3, 2) + (1, 2) * 15)


@breaks("C535")
def two_timers() -> bytes:
    return changed(Signal, SIGNAL, itimers=(0,) * 4)


@breaks("C535")
def negative_interval() -> bytes:
    return changed(PosixTimer, (SIGNAL, 0), interval=-1)


@breaks("C536")
def short_siginfo() -> bytes:
    return changed(Siginfo, (SIGNAL, None), info=bytes(64))


@breaks("C536")
def another_signal_inside() -> bytes:
    return changed(Siginfo, (SIGNAL, None), info=struct.pack("<3i116x", 11, 0, -6))


@breaks("C537")
def timer_of_a_strange_thread() -> bytes:
    return changed(PosixTimer, (SIGNAL, 0), tid=CHILD_PID)


@breaks("C537")
def pending_for_nobody() -> bytes:
    return changed(Siginfo, (SIGNAL, 4243), tid=4999)


@breaks("C527")
def registers_removed() -> bytes:
    return changed(Thread, LEADER, extra={"removed": True})
