"""Address space: the mm, its mappings, and which of their pages are worth saving."""

from __future__ import annotations

from crimg.dump.kinds import Refusal
from crimg.kernel import procmaps, procstat
from crimg.kernel.pagemap import PAGE_IS_GUARD, PRIVATE, PageMap, Selection
from crimg.model import Mm, Vma

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.inside import Inside
    from crimg.dump.mapped import MappedCollector
    from crimg.dump.objects import Objects
    from crimg.dump.problems import Problems
    from crimg.kernel.procfs import ProcDir

_PROT = {ord("r"): 1, ord("w"): 2, ord("x"): 4, ord("-"): 0}
_NEVER_READ = (b"[vvar]", b"[vvar_vclock]", b"[vsyscall]", b"[uprobes]")
"""Mappings of the kernel's own: of kernel data, or not there to be read; a restart gets them from exec."""
_GUARDS = Selection(0, PAGE_IS_GUARD, 0, PAGE_IS_GUARD)
_UNSUPPORTED_FLAGS = {
    "ht": ("hugetlb", "huge pages of hugetlbfs"),
    "io": ("device-memory", "memory of a device (VM_IO)"),
    "pf": ("device-memory", "page frames without struct page (VM_PFNMAP)"),
    "um": ("userfaultfd", "memory that is still being brought in by userfaultfd"),
    **dict.fromkeys(("uw", "ui"), ("userfaultfd", "memory watched by userfaultfd")),
    "ss": ("shadow-stack", "a shadow stack"),
}
_NO_FILE = (b"/[aio]", b"[aio]", b"anon_inode:")


class MemoryCollector:
    """Gathers the mappings of one process.

    saved: ranges (start, end) whose pages go into the image.  guards: ranges of guard pages.
    """

    def __init__(self, proc: ProcDir, objects: Objects, files: MappedCollector, problems: Problems) -> None:
        self.proc = proc
        self.objects = objects
        self.files = files
        self.problems = problems
        self.saved: list[tuple[int, int]] = []
        self.guards: list[tuple[int, int]] = []
        self.objref = objects.number()

    def mappings(self) -> None:
        """Add the mappings, and note which pages are worth saving."""
        flags_of = procmaps.read_vm_flags(self.proc)
        spelled: dict[frozenset[str], bytes] = {}
        with PageMap(self.proc) as pages:
            for entry in procmaps.read_maps(self.proc):
                flags = flags_of.get(entry.start, frozenset())
                if flags not in spelled:
                    spelled[flags] = " ".join(sorted(flags)).encode()
                file, refusal = self._content(entry, flags)
                if refusal is not None:
                    where = f"mapping {entry.start:x}-{entry.end:x}"
                    what = entry.label or "anonymous memory"
                    self.problems.add(where, what, refusal.reason, refusal.kind, objref=self.objref)
                self.objects.add(
                    Vma(
                        mm=self.objref,
                        start=entry.start,
                        end=entry.end,
                        prot=sum(_PROT[letter] for letter in entry.perms[:3]),
                        shared=entry.shared,
                        offset=entry.offset,
                        file=file,
                        name=None if entry.has_file else entry.label or None,
                        vm_flags=spelled[flags],
                        extra=None if refusal is None else {"unsupported": refusal.kind},
                    )
                )
                if refusal is None and entry.label not in _NEVER_READ:
                    self._select(entry, pages)

    def address_space(self, *, exe: int | None, inside: Inside, pagemap_id: int) -> int:
        """Add the mm, which the mappings refer to; its objref."""
        stat = procstat.read_stat(self.proc)
        self.objects.add(
            Mm(
                objref=self.objref,
                referrers=0,
                exe=exe,
                start_code=stat.startcode,
                end_code=stat.endcode,
                start_data=stat.start_data,
                end_data=stat.end_data,
                start_brk=stat.start_brk,
                brk=inside.brk,
                start_stack=stat.startstack,
                arg_start=stat.arg_start,
                arg_end=stat.arg_end,
                env_start=stat.env_start,
                env_end=stat.env_end,
                auxv=self.proc.read("auxv"),
                dumpable=inside.dumpable,
                pagemap=pagemap_id,
                extra=inside.mm_extra,
            )
        )
        return self.objref

    def _content(self, entry: procmaps.Vma, flags: frozenset[str]) -> tuple[int | None, Refusal | None]:
        """The file object of a mapping, None for none; and why it cannot be saved, None where it can."""
        if entry.label in _NEVER_READ:
            return None, None
        for flag in flags & _UNSUPPORTED_FLAGS.keys():
            kind, what = _UNSUPPORTED_FLAGS[flag]
            return None, Refusal(kind, f"{what} cannot be saved")
        if entry.label.startswith(_NO_FILE):
            reason = "memory of the kernel's asynchronous I/O, or of an anonymous inode, cannot be saved yet"
            return None, Refusal("aio", reason)
        file = self.files.mapped(entry) if entry.has_file else None
        return (None, file) if isinstance(file, Refusal) else (file, None)

    def _select(self, entry: procmaps.Vma, pages: PageMap) -> None:
        """Note the pages of a mapping that differ from its file or from zero.

        Pages of a shared mapping are the file's; only its guard pages are noted. The vdso is saved whole, so
        that a restart can tell whether it is the one of the kernel at hand.
        """
        if entry.label == b"[vdso]":
            self.saved.append((entry.start, entry.end))
        elif entry.shared:
            if pages.guards_known:
                guards = pages.runs(entry.start, entry.end, _GUARDS)
                self.guards.extend((run.start, run.end) for run in guards)
        else:
            for run in pages.runs(entry.start, entry.end, PRIVATE):
                target = self.guards if run.categories & PAGE_IS_GUARD else self.saved
                target.append((run.start, run.end))
