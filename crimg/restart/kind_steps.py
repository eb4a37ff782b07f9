"""Steps of a restart for files that never had a name, and for deleted ones that are no regular files."""

from __future__ import annotations

from typing import NamedTuple

from crimg.model import Timerfd
from crimg.model.enums import FileKind, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import Eventfd, File, Signalfd


class MakeSpecial(NamedTuple):
    """Make an eventfd with its value, a timerfd, a signalfd, or (row is None) an epoll instance."""

    file: File
    row: Eventfd | Timerfd | Signalfd | None

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return (self.file.objref,)

    def describe(self) -> str:
        """One line."""
        what = name_of(FileKind, self.file.kind)
        value = getattr(self.row, "value", None)
        return f"make {what} #{self.file.objref}" + (f" with the value {value}" if value is not None else "")


class ArmTimers(NamedTuple):
    """Let timerfds run with the time that was left, and have expirations wait that were not read."""

    rows: tuple[Timerfd, ...]

    @property
    def objects(self) -> tuple[int, ...]:
        """Objrefs of the objects that it comes from."""
        return tuple(row.file for row in self.rows)

    def describe(self) -> str:
        """One line."""
        return f"arm {', '.join(f'timerfd #{row.file}' for row in self.rows)}"


KindStep = MakeSpecial | ArmTimers
"""Those that the processes have no part in."""
