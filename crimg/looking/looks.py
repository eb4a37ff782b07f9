"""Ways to make look-ups: in this process, or with a time limit (crimg.looking.watched)."""

from __future__ import annotations

from abc import ABC, abstractmethod

from crimg.errors import CrimgError
from crimg.looking.looker import Looker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Any, Self

    Request = tuple[str, bytes, tuple[Any, ...]]
    """Name of a method of Looker, the path it is about, and its arguments behind the path."""
    Progress = Callable[[int, int], object]


class NoAnswerError(CrimgError):
    """The file system did not answer in time (exit status 4)."""

    exit_status = 4


class Looks(ABC):
    """A way to make look-ups; a context manager. top: path of the root directory on this machine."""

    top: bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Let go of everything."""

    @abstractmethod
    def run(self, requests: Sequence[Request], progress: Progress | None = None) -> list[Any]:
        """The result of each request, in their order; None where no answer came in time.

        progress: called after each with the number that is done, and that of all.
        """

    def one(self, name: str, path: bytes, *arguments: Any) -> Any:
        """The result of one request."""
        return self.run([(name, path, arguments)])[0]


class Direct(Looks):
    """Makes look-ups in this very process, for callers who know that nothing hangs, or have threads."""

    def __init__(self, root: bytes) -> None:
        """Raises FileError where the root cannot be opened."""
        self._looker = Looker(root)
        self.top = self._looker.top

    def close(self) -> None:
        """Let go of the root."""
        self._looker.root.close()

    def run(self, requests: Sequence[Request], progress: Progress | None = None) -> list[Any]:
        """As of Looks; there is no limit of time."""
        results = []
        for name, path, arguments in requests:
            results.append(getattr(self._looker, name)(path, *arguments))
            if progress is not None:
                progress(len(results), len(requests))
        return results
