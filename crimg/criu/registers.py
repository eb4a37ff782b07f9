"""Registers of x86-64 threads: CRIU's messages as struct user_regs_struct and an XSAVE area."""

from __future__ import annotations

import struct
from operator import attrgetter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_GENERAL = struct.Struct("<27Q")
_ORDER = attrgetter(
    *("r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di"),
    *("orig_ax", "ip", "cs", "flags", "sp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs"),
)
_LEGACY = struct.Struct("<HHHHQQII")
_ST, _XMM, _HEADER, _YMM = 32, 160, 512, 576
_COMPONENTS = (
    (2, "ymmh_space", 576, "I"),
    (3, "bndreg_state", 960, "Q"),
    (4, "bndcsr_state", 1024, "Q"),
    (5, "opmask_reg", 1088, "Q"),
    (6, "zmm_upper", 1152, "Q"),
    (7, "hi16_zmm", 1664, "Q"),
    (9, "pkru", 2688, "I"),
)
"""Bit, member, offset in the standard format of an XSAVE area (Intel SDM 1, 13), code of a number."""
_WIDTHS = {"I": 4, "Q": 8}
"""Bytes of numbers by their code (of module struct)."""
_SIZES = {2: 256, 3: 64, 4: 64, 5: 64, 6: 512, 7: 1024, 9: 8}


def general(registers: Any) -> bytes:
    """The registers as struct user_regs_struct (sys/user.h)."""
    return _GENERAL.pack(*_ORDER(registers))


def extended(state: Any) -> bytes:
    """The XSAVE area in standard format, as long as what is in use needs; b"" for no floating-point state."""
    if state is None or not state.ByteSize():
        return b""
    area = bytearray(_YMM)
    numbers = (state.cwd, state.swd, state.twd, state.fop)
    _LEGACY.pack_into(
        area, 0, *(number & 0xFFFF for number in numbers), state.rip, state.rdp, state.mxcsr, state.mxcsr_mask
    )
    _put(area, _ST, state.st_space, "I", _XMM - _ST)
    _put(area, _XMM, state.xmm_space, "I", 256)
    used = state.xsave.xstate_bv if state.HasField("xsave") else 3
    for bit, member, offset, code in _COMPONENTS:
        words = getattr(state.xsave, member)
        if words:
            area.extend(bytes(max(0, offset + _SIZES[bit] - len(area))))
            _put(area, offset, words, code, _SIZES[bit])
        else:
            used &= ~(1 << bit)
    struct.pack_into("<Q", area, _HEADER, used & sum(1 << bit for bit in (0, 1, *_SIZES)))
    return bytes(area)


def _put(area: bytearray, offset: int, words: Sequence[int], code: str, room: int) -> None:
    most = room // _WIDTHS[code]
    kept = words if len(words) <= most else words[:most]
    data = struct.pack(f"<{len(kept)}{code}", *kept)
    area[offset : offset + len(data)] = data
