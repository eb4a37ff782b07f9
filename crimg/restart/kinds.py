"""Carries out the steps for files that never had a name."""

from __future__ import annotations

from crimg.errors import FileError
from crimg.model.enums import MemoryKind
from crimg.restart import kind_steps as ks
from crimg.restart.segments import make_segment, remove_when_left
from crimg.restart.shared_memory import make_memory, seal
from crimg.restart.sockets import Sockets
from crimg.restart.special import arm, make_special

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.restart.files import OpenFiles
    from crimg.restart.kind_steps import KindStep


class Kinds:
    """files: takes what is made."""

    def __init__(self, files: OpenFiles) -> None:
        self.files = files
        self._memories: dict[int, int] = {}
        self._sockets = Sockets(files)

    def carry_out(self, step: KindStep) -> None:
        """One step. Raises KernelError, FileError, FilesDifferError, FormatError."""
        try:
            self._carry_out(step)
        except OSError as error:
            raise FileError(f"{step.describe()}: {error.strerror}") from error

    def _carry_out(self, step: KindStep) -> None:
        match step:
            case ks.MakeSpecial():
                self.files.settle(step.file, make_special(step))
            case ks.ArmTimers():
                for row in step.rows:
                    arm(self.files.by_objref[row.file], row)
            case ks.MakeMemory():
                if step.row.kind == MemoryKind.SYSTEM_V:
                    make_segment(self.files, step)
                    return
                fd, fds = make_memory(self.files.image, step)
                self.files.hold(fd)
                self._memories[step.inode.objref] = fd
                self.files.settle_all(step.files, fds)
            case ks.SealMemory():
                if step.row.kind == MemoryKind.SYSTEM_V:
                    remove_when_left(step.row)
                else:
                    seal(self._memories[step.row.inode], step.row)
            case ks.MakeSocket():
                self._sockets.make(step)
            case ks.MakePair():
                self._sockets.make_pair(step)
