"""What cannot be saved faithfully: found in one pass, listed whole, and the end of the dump."""

from __future__ import annotations

from crimg.errors import UnsupportedResourceError
from crimg.escape import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model.enums import Severity


class Problems:
    """Collects what cannot be saved, so that one look tells all of it.

    lines: of what makes the dump fail.  doubts: of what the image does not tell for sure.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.lines: list[str] = []
        self.doubts: list[tuple[Severity, str]] = []

    def add(self, where: str, what: str | bytes, why: str) -> None:
        """where: "fd 7", "mapping 7f00-7f01", "process".  what: what is there.  why: the reason."""
        shown = escape(what) if isinstance(what, bytes) else what
        self.lines.append(f"process {self.pid}, {where}: {shown}: {why}")

    def doubt(self, severity: Severity, where: str, what: str, why: str) -> None:
        """As `add`, for what leaves a doubt but does not make the image wrong by itself."""
        self.doubts.append((severity, f"process {self.pid}, {where}: {what}: {why}"))

    def check(self) -> None:
        """Raise UnsupportedResourceError if anything was found."""
        if not self.lines:
            return
        count = len(self.lines)
        things = "1 thing that" if count == 1 else f"{count} things that"
        raise UnsupportedResourceError(
            f"process {self.pid} has {things} cannot be saved faithfully; no image was made", self.lines
        )
