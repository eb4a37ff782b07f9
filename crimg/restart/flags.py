"""Flags of mappings (VmFlags of proc(5)), and the calls that bring them back."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import Vma

KERNEL_MAPPINGS = (b"[vvar]", b"[vvar_vclock]", b"[vdso]", b"[vsyscall]", b"[uprobes]")
"""Names of mappings that the kernel makes by itself."""

_SHARED, _PRIVATE, _FIXED, _ANONYMOUS = 0x01, 0x02, 0x10, 0x20
_GROWSDOWN, _NORESERVE = 0x100, 0x4000

ADVICE = {"sr": 2, "rr": 1, "dc": 10, "mg": 12, "hg": 14, "nh": 15, "dd": 16, "wf": 18}
"""Flag to the advice of madvise(2) that sets it."""
ADVICE_GUARD = 102
"""MADV_GUARD_INSTALL."""
LOCKED, ON_FAULT, SEALED = "lo", "lf", "sl"

# What follows from the kind of the mapping, from its file, or from what was done with it before.
_CONSEQUENCES = frozenset(
    (
        "rd",
        "wr",
        "ex",
        "sh",
        "mr",
        "mw",
        "me",
        "ms",
        "gd",
        "nr",
        "ac",
        "ar",
        "sd",
        "de",
        "dw",
        "nl",
        "mt",
        "gu",
    )
)


def flags_of(vma: Vma) -> frozenset[str]:
    """The flags as a set."""
    return frozenset(vma.vm_flags.decode("ascii", "replace").split())


def unknown_flags(vma: Vma) -> list[str]:
    """Those that are not brought back, sorted."""
    return sorted(flags_of(vma) - _CONSEQUENCES - ADVICE.keys() - {LOCKED, ON_FAULT, SEALED})


def map_flags(vma: Vma) -> int:
    """The MAP_* flags for mmap(2)."""
    flags = flags_of(vma)
    found = _FIXED | (_SHARED if vma.shared else _PRIVATE)
    if vma.file is None:
        found |= _ANONYMOUS
    if "gd" in flags:
        found |= _GROWSDOWN
    if "nr" in flags:
        found |= _NORESERVE
    return found
