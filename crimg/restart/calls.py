"""System calls that a process is to make, each with a name for the error that it may end in."""

from __future__ import annotations

from crimg.errors import KernelError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from crimg.kernel.inject import Injector

_NR_PRCTL = 157


def prctl(option: int, *arguments: int) -> tuple[int, ...]:
    """The call prctl(2), whose unused arguments have to be 0."""
    return (_NR_PRCTL, option, *arguments, *(0,) * (4 - len(arguments)))


def numbers(extra: dict[str, Any] | None) -> dict[str, int]:
    """What a column `extra` says in numbers; other values are none that a call could take."""
    return {name: value for name, value in (extra or {}).items() if isinstance(value, int)}


class Calls:
    """A list of calls for one thread, made together."""

    def __init__(self, injector: Injector) -> None:
        self.injector = injector
        self._names: list[tuple[str, int | None, tuple[int, ...], str]] = []
        self._calls: list[tuple[int, ...]] = []

    def add(
        self,
        name: str,
        number: int,
        *arguments: int,
        expected: int | None = None,
        ignored: tuple[int, ...] = (),
        hint: str = "",
    ) -> None:
        """One more call.

        name, hint: for errors.  expected: the only right result, or None: all but errors.
        ignored: error numbers that are none.
        """
        self._names.append((name, expected, ignored, hint))
        self._calls.append((number, *arguments))

    def make(self) -> list[int]:
        """Make the calls added since the last time; their results. Raises KernelError for the first error."""
        results = self.injector.batch(self._calls)
        names, self._names, self._calls = self._names, [], []
        for (name, expected, ignored, hint), result in zip(names, results, strict=True):
            if -4096 < result < 0 and -result not in ignored:
                raise KernelError(name, -result, pid=self.injector.tid, hint=hint)
            if expected is not None and result != expected:
                raise KernelError(name, 0, pid=self.injector.tid, hint=f"it gave {result:#x}")
        return results
