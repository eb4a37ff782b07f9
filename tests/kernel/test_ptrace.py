"""The ptrace requests, against the C headers and against real processes."""

from __future__ import annotations

import errno
import os
import signal
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crimg.errors import KernelError, ProcessGoneError, UnsupportedResourceError
from crimg.kernel import borrow, codepage, memory, ptrace, registers, sigframe, threadstate
from crimg.kernel.freeze import Freeze
from crimg.kernel.registers import Registers
from crimg.kernel.stops import INTERRUPT_STOP, SYSCALL_STOP, peek_stop, wait_stop
from tests.kernel.children import asleep, compiled, eventually, start, status_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kernel.children import Target

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="starting a process as another user takes root")

NOBODY = 65534
SEIZE = """
import os, sys
from crimg.errors import KernelError
from crimg.kernel import ptrace
if len(sys.argv) > 2:  # only now: another user may be unable to read the interpreter's files
    os.setgroups([])
    os.setgid(int(sys.argv[2]))
    os.setuid(int(sys.argv[2]))
try:
    ptrace.seize(int(sys.argv[1]))
except KernelError as error:
    print(error.errno, str(error))
else:
    print("seized")
"""


@pytest.fixture(scope="module")
def facts() -> dict[str, int]:
    lines = subprocess.run([compiled("facts")], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {name: int(value) for name, value in (line.split() for line in lines.splitlines())}


@pytest.fixture
def sleeper() -> Iterator[Target]:
    with start("sleeper", "pause", "0") as target:
        eventually(lambda: asleep(target.pid))
        yield target


def test_numbers_are_those_of_the_headers(facts: dict[str, int]) -> None:
    names = [name for name in facts if name.startswith(("PTRACE_", "NT_"))]
    assert len(names) > 20
    assert {name: getattr(ptrace, name) for name in names} == {name: facts[name] for name in names}
    assert facts["SYS_ptrace"] == ptrace.NR_PTRACE
    assert facts["SYS_process_vm_readv"] == memory._NR_PROCESS_VM_READV
    assert facts["SYS_get_robust_list"] == threadstate.NR_GET_ROBUST_LIST
    assert (facts["SYS_mmap"], facts["SYS_munmap"]) == (codepage._NR_MMAP, codepage._NR_MUNMAP)
    assert (facts["prot.rw"], facts["prot.rx"]) == (codepage._READ_WRITE, codepage._READ_EXECUTE)
    assert facts["SYS_mprotect"] == codepage._NR_MPROTECT
    assert facts["map.anonymous"] == codepage._ANONYMOUS
    assert facts["SYS_restart_syscall"] == sigframe._NR_RESTART_SYSCALL


def test_sizes_are_those_of_the_headers(facts: dict[str, int]) -> None:
    assert facts["size.user_regs_struct"] == registers.GENERAL_SIZE
    assert facts["size.siginfo"] == ptrace.SIGINFO_SIZE
    assert facts["size.iovec"] == memory._IOVEC_SIZE
    assert facts["size.ptrace_rseq_configuration"] == struct.calcsize("<QIII4x")
    assert facts.get("size.ptrace_sud_config", 32) == 32
    assert facts["offset.rseq_cs"] == borrow._RSEQ_CS
    places = ("start_ip", "post_commit_offset", "abort_ip")
    assert [facts[f"offset.rseq_cs.{name}"] for name in places] == [8, 16, 24]


def test_registers_have_the_order_of_user_regs_struct(facts: dict[str, int]) -> None:
    offsets = {name[4:]: value for name, value in facts.items() if name.startswith("reg.")}
    raw = bytearray(registers.GENERAL_SIZE)
    for name, offset in offsets.items():
        struct.pack_into("<Q", raw, offset, hash(name) & 0xFFFF_FFFF_FFFF_FFFF)
    seen = Registers(bytes(raw))
    assert len(offsets) == 27
    assert {name: getattr(seen, name) for name in offsets} == {
        name: hash(name) & 0xFFFF_FFFF_FFFF_FFFF for name in offsets
    }
    assert bytes(seen) == bytes(raw)


def test_signal_frame_has_the_layout_of_the_kernel(facts: dict[str, int]) -> None:
    """Every field at the offset where the C compiler has it."""
    general = Registers(bytes(registers.GENERAL_SIZE))
    for value, name in enumerate(registers._NAMES):
        setattr(general, name, 0x1000 + value)
    xstate = bytearray(2432)
    xstate[464:472] = (0xE7).to_bytes(8, "little")
    frame = sigframe.frame(0x7000_0000, general, bytes(xstate), 0xABCD)

    def word(offset: int, size: int = 8) -> int:
        return int.from_bytes(frame[offset : offset + size], "little")

    context = facts["frame.mcontext"]
    short = {f"r{n}": f"r{n}" for n in range(8, 16)} | {"ip": "rip", "flags": "eflags"}
    short |= {name: f"r{name}" for name in ("di", "si", "bp", "bx", "dx", "ax", "cx", "sp")}
    for name, register in short.items():
        assert word(context + facts[f"sigcontext.{name}"]) == getattr(general, register), name
    assert word(context + facts["sigcontext.cs"], 2) == registers.USER_CS
    assert word(context + facts["sigcontext.ss"], 2) == 0x2B
    assert word(context + facts["sigcontext.fpstate"]) == 0x7000_0000 + sigframe.FRAME_SIZE
    assert word(facts["frame.uc_flags"]) == 7
    assert word(facts["frame.ss_flags"], 4) == 0x7FFF
    assert word(facts["frame.sigmask"]) == 0xABCD
    assert facts["frame.size"] <= sigframe.FRAME_SIZE
    assert sigframe.FRAME_SIZE % 64 == 0
    software = sigframe.FRAME_SIZE + facts["offset.sw_reserved"]
    assert [word(software, 4), word(software + 4, 4), word(software + 8), word(software + 16, 4)] == [
        facts["FP_XSTATE_MAGIC1"],
        2436,
        0xE7,
        2432,
    ]
    assert facts["size.fpx_sw_bytes"] == facts["offset.xstate_header"] - facts["offset.sw_reserved"]
    assert word(sigframe.FRAME_SIZE + 2432, 4) == facts["FP_XSTATE_MAGIC2"]
    assert len(frame) == sigframe.frame_length(bytes(xstate))


def test_code_is_what_the_comments_say(tmp_path: Path) -> None:
    """The comments beside the bytes, assembled."""
    compiled("facts")  # skips where there is no compiler, which comes with an assembler
    text = Path(sigframe.__file__).read_text()
    text = text[text.index("bytes.fromhex(") : text.index(").ljust(96")]
    lines = [line.partition("#")[2].partition("(")[0] for line in text.splitlines() if "#" in line]
    source = tmp_path / "code.s"
    source.write_text(".intel_syntax noprefix\n" + "\n".join(lines).replace("jmp  next", "jmp next") + "\n")
    subprocess.run(["as", source, "-o", tmp_path / "code.o"], check=True)
    subprocess.run(
        ["objcopy", "-O", "binary", "-j", ".text", tmp_path / "code.o", tmp_path / "code"], check=True
    )
    code = (tmp_path / "code").read_bytes()
    assert sigframe.CODE.rstrip(b"\x90") == code
    assert code.rindex(b"\x0f\x05") + 2 == sigframe.AFTER_SIGRETURN


def test_a_restart_in_the_frame() -> None:
    """What rt_sigreturn cannot do for an interrupted call is done to the registers beforehand."""
    asleep_in = Registers(bytes(registers.GENERAL_SIZE)).with_changes(rip=0x1000, orig_rax=35)
    for error in (512, 513, 514, 516):
        healed = sigframe.healed(asleep_in.with_changes(rax=-error), None)
        assert (healed.rip, healed.rax) == (0xFFE, 35)
    again = sigframe.healed(asleep_in.with_changes(rax=-516, orig_rax=219), None)
    assert (again.rip, again.rax) == (0x1000, 2**64 - 4)
    finished = sigframe.healed(asleep_in.with_changes(rax=5), None)
    assert (finished.rip, finished.rax) == (0x1000, 5)
    computing = sigframe.healed(asleep_in.with_changes(orig_rax=-1, rax=-514), None)
    assert (computing.rip, computing.rax) == (0x1000, 2**64 - 514)
    assert sigframe.healed(computing, 0x5000).rip == 0x5000


def test_amx_tiles_stay_out_of_the_frame_unless_in_use() -> None:
    """Above the size that a task without AMX may use, the kernel would take the SSE registers alone."""
    xstate = bytearray(11008)
    xstate[464:472] = (0x602E7).to_bytes(8, "little")
    without = sigframe._signal_xstate(bytes(xstate))
    assert struct.unpack_from("<IIQI", without, 464) == (0x46505853, 2700, 0x2E7, 2696)
    assert struct.unpack_from("<I", without, 2696) == (0x46505845,)
    xstate[512:520] = (1 << 18).to_bytes(8, "little")
    used = sigframe._signal_xstate(bytes(xstate))
    assert struct.unpack_from("<IIQI", used, 464) == (0x46505853, 11012, 0x602E7, 11008)


def test_registers_refuse_another_length() -> None:
    with pytest.raises(ValueError, match="216"):
        Registers(bytes(68))


def test_seize_interrupt_detach(sleeper: Target) -> None:
    tid = sleeper.pid
    ptrace.seize(tid)
    assert peek_stop(tid) is None
    ptrace.interrupt(tid)
    assert wait_stop(tid, 5) == INTERRUPT_STOP
    assert peek_stop(tid) == INTERRUPT_STOP  # asking takes nothing away
    general = Registers(ptrace.getregset(tid, ptrace.NT_PRSTATUS))
    assert general.orig_rax == 34  # pause
    assert general.error == registers.ERESTARTNOHAND
    assert general.in_system_call
    assert general.cs == registers.USER_CS
    ptrace.setregset(tid, ptrace.NT_PRSTATUS, bytes(general))
    xstate = ptrace.getregset(tid, ptrace.NT_X86_XSTATE)
    assert registers.xstate_supported(xstate) & 3 == 3  # x87, SSE
    assert registers.xstate_in_use(xstate) & ~registers.xstate_supported(xstate) == 0
    ptrace.setregset(tid, ptrace.NT_X86_XSTATE, xstate)
    assert ptrace.getregset(tid, ptrace.NT_X86_XSTATE) == xstate
    assert struct.unpack_from("<iii", ptrace.getsiginfo(tid)) == (signal.SIGTRAP, 0, 0x8005)
    ptrace.detach(tid)
    assert status_field(tid, "TracerPid") == "0"


def test_syscall_stops_and_cont() -> None:
    with start("signals") as target:
        tid = target.pid
        eventually(lambda: asleep(tid))
        ptrace.seize(tid)
        ptrace.interrupt(tid)
        wait_stop(tid, 5)
        ptrace.syscall(tid)
        assert wait_stop(tid, 5) == SYSCALL_STOP
        assert Registers(ptrace.getregset(tid, ptrace.NT_PRSTATUS)).orig_rax == 0  # read, made again
        ptrace.cont(tid)
        assert peek_stop(tid) is None
        ptrace.interrupt(tid)
        wait_stop(tid, 5)
        ptrace.detach(tid)
        target.send(b"\n")
        assert target.line() == "sum=0 mask=0 trap=handler"


def test_listen_tells_of_sigcont() -> None:
    with start("signals") as target:
        tid = target.pid
        os.kill(tid, signal.SIGSTOP)
        eventually(lambda: status_field(tid, "State").startswith("T"))
        ptrace.seize(tid)
        assert wait_stop(tid, 5) == signal.SIGSTOP | ptrace.PTRACE_EVENT_STOP << 8
        ptrace.listen(tid)
        assert peek_stop(tid) is None
        os.kill(tid, signal.SIGCONT)
        assert wait_stop(tid, 5) == INTERRUPT_STOP
        ptrace.detach(tid)


def test_mask_and_pending_signals() -> None:
    with start("signals", "pending") as target:
        tid = target.pid
        with Freeze(tid):
            assert ptrace.getsigmask(tid) == 1 << signal.SIGTRAP - 1
            os.kill(tid, signal.SIGUSR1)
            for value in range(100):
                subprocess.run(
                    [compiled("queue"), str(tid), str(signal.SIGRTMIN + 1), str(value)], check=True
                )
            shared = ptrace.peeksiginfo(tid, shared=True)
            private = ptrace.peeksiginfo(tid, shared=False)
            ptrace.setsigmask(tid, 0xFFFF_FFFF_FFFF_FFFF)
            every = ptrace.getsigmask(tid)
            ptrace.setsigmask(tid, 1 << signal.SIGTRAP - 1)
        assert every == 0xFFFF_FFFF_FFFF_FFFF & ~(1 << signal.SIGKILL - 1) & ~(1 << signal.SIGSTOP - 1)
        assert private == []
        assert {len(info) for info in shared} == {128}
        numbers = [struct.unpack_from("<i", info)[0] for info in shared]
        assert numbers == [signal.SIGTRAP, signal.SIGUSR1] + [signal.SIGRTMIN + 1] * 100
        assert [struct.unpack_from("<i", info, 24)[0] for info in shared[2:]] == list(range(100))
        target.send(b"\n")
        assert target.line() == f"10=1 {signal.SIGRTMIN + 1}=100 sum=4950 mask=10 trap=handler"


def test_rseq_robust_list_and_dispatch(sleeper: Target) -> None:
    with Freeze(sleeper.pid):
        rseq = threadstate.get_rseq_configuration(sleeper.pid)
        dispatch = threadstate.get_syscall_user_dispatch(sleeper.pid)
    head, size = threadstate.get_robust_list(sleeper.pid)
    assert size == 24
    with memory.Memory(sleeper.pid) as inside:
        assert int.from_bytes(inside.read(head, 8), "little") == head  # an empty list points to itself
    assert dispatch == (0, 0, 0, 0)
    if rseq.pointer:
        assert (rseq.signature, rseq.flags) == (0x53053053, 0)


def test_gone_threads_are_told_so() -> None:
    with start("sleeper", "pause", "0") as target:
        pass
    for call in (ptrace.seize, ptrace.interrupt, ptrace.cont, threadstate.get_robust_list, peek_stop):
        with pytest.raises(ProcessGoneError):
            call(target.pid)


def test_a_running_thread_is_not_gone(sleeper: Target) -> None:
    with pytest.raises(KernelError, match="no ptrace-stop of the calling thread") as caught:
        ptrace.getsigmask(sleeper.pid)
    assert caught.value.errno == errno.ESRCH


def test_a_thread_that_does_not_stop_is_told_of(sleeper: Target) -> None:
    ptrace.seize(sleeper.pid)
    with pytest.raises(KernelError, match=r"did not stop within 0\.05 s: it is in state S") as caught:
        wait_stop(sleeper.pid, 0.05)
    assert caught.value.errno == errno.ETIME
    ptrace.interrupt(sleeper.pid)
    wait_stop(sleeper.pid, 5)
    ptrace.detach(sleeper.pid)


def seize_from_outside(pid: int, *user: int) -> str:
    """What another process, perhaps of another user, is told when it seizes `pid`."""
    command = [sys.executable, "-c", SEIZE, str(pid), *map(str, user)]
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return done.stdout.strip()


def test_eperm_names_the_tracer(sleeper: Target) -> None:
    with Freeze(sleeper.pid):
        told = seize_from_outside(sleeper.pid)
    own = Path("/proc/self/comm").read_text().strip()
    assert told == (
        f"1 ptrace(PTRACE_SEIZE) for process {sleeper.pid}: Operation not permitted; "
        f"process {os.getpid()} ({own}) traces it already"
    )


def test_eperm_for_oneself() -> None:
    with pytest.raises(KernelError, match="it is this very process"):
        ptrace.seize(os.getpid())


@needs_root
def test_eperm_for_kernel_threads() -> None:
    if Path("/proc/2/comm").read_text() != "kthreadd\n":
        pytest.skip("process 2 is no kernel thread in this pid namespace")
    with pytest.raises(KernelError, match="it is a kernel thread"):
        ptrace.seize(2)


@needs_root
def test_eperm_for_another_user(sleeper: Target) -> None:
    told = seize_from_outside(sleeper.pid, NOBODY)
    assert told.endswith(f"it belongs to user 0, not {NOBODY}: needs CAP_SYS_PTRACE")
    assert "\n" not in told


@needs_root
def test_eperm_for_what_is_not_dumpable() -> None:
    with start("undumpable", str(NOBODY)) as target:
        told = seize_from_outside(target.pid, NOBODY)
    assert told.endswith("it is not dumpable (prctl(2)): needs CAP_SYS_PTRACE")


def test_a_32_bit_process_is_refused(tmp_path: Path) -> None:
    compiled("facts")
    source = tmp_path / "small.s"
    source.write_text(".globl _start\n_start: mov $29, %eax\nint $0x80\njmp _start\n")
    command = ["gcc", "-m32", "-nostdlib", "-static", "-o", str(tmp_path / "small"), str(source)]
    if subprocess.run(command, stderr=subprocess.DEVNULL).returncode != 0:
        pytest.skip("this compiler makes no 32-bit programs")
    try:
        process = subprocess.Popen([tmp_path / "small"])
    except OSError:
        pytest.skip("this kernel runs no 32-bit programs")
    try:
        eventually(lambda: asleep(process.pid))
        with pytest.raises(UnsupportedResourceError, match="32-bit"), Freeze(process.pid):
            pass
        assert status_field(process.pid, "TracerPid") == "0"
    finally:
        process.kill()
        process.wait()
