"""The address space of a process that is being made: its mappings, its pages, what prctl(2) says of it."""

from __future__ import annotations

import errno
import struct

from crimg.errors import KernelError
from crimg.escape import escape
from crimg.kernel.access import read_proc
from crimg.kernel.procmaps import parse_maps
from crimg.model import File, Inode
from crimg.pages import Memory
from crimg.restart import flags as vm
from crimg.restart.calls import Calls, numbers, prctl
from crimg.restart.credentials import PR_SET_DUMPABLE
from crimg.restart.filling import Filler
from crimg.restart.segments import attach, segments_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crimg.kernel.inject import Injector
    from crimg.model import Mm, Vma
    from crimg.model.image import Image
    from crimg.restart.steps import FillMemory, MapMemory

# arch/x86/entry/syscalls/syscall_64.tbl
_NR_MMAP = 9
_NR_MUNMAP = 11
_NR_MADVISE = 28
_NR_ARCH_PRCTL = 158
_NR_MLOCK2 = 325
_NR_MSEAL = 462

_ARCH_MAP_VDSO_64 = 0x2003
_PR_SET_MM, _PR_SET_MM_MAP = 35, 14
_PR_SET_THP_DISABLE = 41
_PR_SET_MDWE = 65
_PR_SET_MEMORY_MERGE = 67
_PR_SET_VMA = 0x53564D41
_MM_MAP = struct.Struct("<12QII")  # struct prctl_mm_map (linux/prctl.h)
_END_OF_USER_SPACE = (1 << 47) - 4096
_MLOCK_ONFAULT = 1
_NO_PROGRAM = (1 << 32) - 1  # exe_fd: leave it as it is
_SYSCALL = b"\x0f\x05"


class Space:
    """Rebuilds the memory of a process by calls that its first thread makes.

    fds: descriptors of the process by objref of the file.
    """

    def __init__(
        self, image: Image, injector: Injector, fds: Mapping[int, int], *, name_program: bool = True
    ) -> None:
        """name_program: say which program the process is; else it has executed that."""
        self.image = image
        self.name_program = name_program
        self.injector = injector
        self.fds = fds
        self.syscall_at = 0

    def map(self, step: MapMemory) -> None:
        """Unmap what the process has, and make its mappings. Raises KernelError."""
        injector, scratch = self.injector, self.injector.scratch
        end = scratch.start + scratch.size
        calls = Calls(injector)
        calls.add("munmap", _NR_MUNMAP, 0, scratch.start)
        calls.add("munmap", _NR_MUNMAP, end, _END_OF_USER_SPACE - end)
        own = [vma for vma in step.vmas if vma.name in vm.KERNEL_MAPPINGS]
        if own:
            calls.add("arch_prctl(ARCH_MAP_VDSO_64)", _NR_ARCH_PRCTL, _ARCH_MAP_VDSO_64, own[0].start)
        calls.make()
        self._find_vdso(own)
        ids = segments_of(self.image)
        attach(calls, [vma for vma in step.vmas if vma.file in ids], ids, self._sizes(ids))
        for vma in step.vmas:
            if vma.name not in vm.KERNEL_MAPPINGS and vma.file not in ids:
                self._add_mapping(calls, vma)
        calls.make()
        self._name(step.vmas, calls)
        for vma in step.vmas:
            if vma.name not in vm.KERNEL_MAPPINGS:
                self._advise(calls, vma)
        calls.make()

    def _sizes(self, files: Iterable[int]) -> dict[int, int]:
        """Bytes in the inodes of file objects."""
        inodes = ((file, self.image.find(File, file)) for file in files)
        found = ((objref, self.image.find(Inode, file.inode)) for objref, file in inodes if file is not None)
        return {objref: inode.size for objref, inode in found if inode is not None}

    def _find_vdso(self, own: Sequence[Vma]) -> None:
        """The kernel may have put it elsewhere, which is no use: code and auxv have its address."""
        there = {vma.label: vma for vma in parse_maps(read_proc(self.injector.tid, "maps") or b"")}
        for vma in own:
            now = there.get(vma.name or b"")
            if now is None or (now.start, now.end) != (vma.start, vma.end):
                hint = f"the kernel does not put {escape(vma.name or b'')} where it was"
                raise KernelError("arch_prctl(ARCH_MAP_VDSO_64)", errno.EINVAL, hint=hint)
        code = there[b"[vdso]"]
        self.syscall_at = code.start + self.injector.read(code.start, code.end - code.start).index(_SYSCALL)

    def _add_mapping(self, calls: Calls, vma: Vma) -> None:
        fd = self.fds[vma.file] if vma.file is not None else -1
        calls.add(
            f"mmap of {vma.start:x}-{vma.end:x}",
            *(_NR_MMAP, vma.start, vma.end - vma.start, vma.prot, vm.map_flags(vma), fd, vma.offset),
            expected=vma.start,
        )

    def _name(self, vmas: Sequence[Vma], calls: Calls) -> None:
        """Names of anonymous memory: PR_SET_VMA_ANON_NAME. Kernels without it have shown none."""
        slot = self.injector.reserve(256)
        for vma in vmas:
            name = vma.name or b""
            if name.startswith(b"[anon:"):
                self.injector.write(slot, name[6:-1][:255] + b"\0")
                length = vma.end - vma.start
                calls.add("prctl(PR_SET_VMA)", *prctl(_PR_SET_VMA, 0, vma.start, length, slot))
                calls.make()

    def _advise(self, calls: Calls, vma: Vma) -> None:
        given = vm.flags_of(vma)
        for flag, advice in vm.ADVICE.items():
            if flag in given:
                name = f"madvise of {vma.start:x}-{vma.end:x} for {flag}"
                calls.add(name, _NR_MADVISE, vma.start, vma.end - vma.start, advice)

    def fill(self, step: FillMemory) -> None:
        """Write the saved pages, then lock, guard and describe. Raises KernelError, FormatError."""
        calls = Calls(self.injector)
        later = {vma.start for vma in step.later}
        with Filler(self.injector.tid, Memory(self.image, step.mm)) as filler:
            for vma in step.vmas:
                if vma.name in vm.KERNEL_MAPPINGS:
                    continue
                if vma.start not in later:
                    filler.fill(vma, vma.start, vma.end)
                for start, end in step.needed if vma.start in later else ():
                    if vma.start <= start < vma.end:
                        filler.fill(vma, start, end)
                for start, end in filler.guards(vma):
                    calls.add("madvise(MADV_GUARD_INSTALL)", _NR_MADVISE, start, end - start, vm.ADVICE_GUARD)
        for vma in step.vmas:
            given = vm.flags_of(vma)
            if vm.LOCKED in given:
                on_fault = _MLOCK_ONFAULT if vm.ON_FAULT in given else 0
                calls.add("mlock2", _NR_MLOCK2, vma.start, vma.end - vma.start, on_fault)
        calls.make()
        self._describe(step.mm)
        for vma in step.vmas:
            if vm.SEALED in vm.flags_of(vma) and vma.name not in vm.KERNEL_MAPPINGS:
                calls.add("mseal", _NR_MSEAL, vma.start, vma.end - vma.start, 0)
        calls.make()

    def _describe(self, mm: Mm) -> None:
        """What /proc/PID/stat, auxv, cmdline, environ and exe show: PR_SET_MM_MAP (prctl(2))."""
        auxv = self.injector.reserve(len(mm.auxv))
        self.injector.write(auxv, mm.auxv)
        exe = self.fds[mm.exe] if mm.exe is not None and self.name_program else _NO_PROGRAM
        record = _MM_MAP.pack(
            *(mm.start_code, mm.end_code, mm.start_data, mm.end_data, mm.start_brk, mm.brk, mm.start_stack),
            *(mm.arg_start, mm.arg_end, mm.env_start, mm.env_end, auxv, len(mm.auxv), exe),
        )
        at = self.injector.reserve(len(record))
        self.injector.write(at, record)
        calls = Calls(self.injector)
        name = "prctl(PR_SET_MM_MAP)"
        hint = (
            "to say which program it runs takes CAP_CHECKPOINT_RESTORE, or root"
            if exe != _NO_PROGRAM
            else "the kernel takes no such addresses of its parts"
        )
        calls.add(name, *prctl(_PR_SET_MM, _PR_SET_MM_MAP, at, len(record)), hint=hint)
        extra = numbers(mm.extra)
        calls.add("prctl(PR_SET_DUMPABLE)", *prctl(PR_SET_DUMPABLE, min(mm.dumpable, 1)))
        for key, option in (
            ("thp_disable", _PR_SET_THP_DISABLE),
            ("memory_merge", _PR_SET_MEMORY_MERGE),
            ("mdwe", _PR_SET_MDWE),
        ):
            if extra.get(key):
                calls.add(f"prctl for {key}", *prctl(option, extra[key]))
        calls.make()
