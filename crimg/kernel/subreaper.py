"""Being the one who gets the orphans among one's descendants (PR_SET_CHILD_SUBREAPER of prctl(2))."""

from __future__ import annotations

import ctypes

from crimg.kernel import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_NR_PRCTL = 157
_PR_SET_CHILD_SUBREAPER, _PR_GET_CHILD_SUBREAPER = 36, 37


class Subreaper:
    """Context manager: this process is a subreaper; afterwards it is what it was before."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        before = ctypes.c_int(0)
        libc.syscall("prctl", _NR_PRCTL, _PR_GET_CHILD_SUBREAPER, ctypes.addressof(before))
        self._before = before.value
        libc.syscall("prctl", _NR_PRCTL, _PR_SET_CHILD_SUBREAPER, 1)

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        libc.syscall("prctl", _NR_PRCTL, _PR_SET_CHILD_SUBREAPER, self._before)
