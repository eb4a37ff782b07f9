"""An image against the files of this machine, before anything is restarted. Nothing is modified."""

from __future__ import annotations

from crimg.preflight.checker import same_boot
from crimg.preflight.checking import check
from crimg.preflight.relocating import Move, Relocation, Unsettled, relocate
from crimg.preflight.verdicts import Remedy, Users, Verdict

__all__ = [
    "Move",
    "Relocation",
    "Remedy",
    "Unsettled",
    "Users",
    "Verdict",
    "check",
    "relocate",
    "same_boot",
]
