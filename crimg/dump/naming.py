"""What the open files of a tree are, and under which names they are known."""

from __future__ import annotations

from crimg.dump.kinds import Refusal, file_kind
from crimg.kernel import inodes, names
from crimg.model.enums import NAMELESS, FileKind, NameState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.dump.inodes import InodeCollector
    from crimg.dump.opened import Resolvers
    from crimg.kernel.procfs import ProcDir

_STATES = {
    names.NameState.LINKED: NameState.LINKED,
    names.NameState.DELETED: NameState.DELETED,
    names.NameState.REPLACED: NameState.REPLACED,
    names.NameState.UNREACHABLE: NameState.UNREACHABLE,
}
_DEVICES = (FileKind.CHARACTER_DEVICE, FileKind.PTY_MASTER)


def is_unlinked(state: NameState) -> bool:
    """Whether the inode has lost the name it was opened by."""
    return state in (NameState.DELETED, NameState.REPLACED)


class Naming:
    """Tells kind and name of what is open or mapped."""

    def __init__(self, inode_collector: InodeCollector, resolvers: Resolvers) -> None:
        self.inodes = inode_collector
        self.resolvers = resolvers
        self._types: dict[int, int] = {}

    def kind(self, fd: int, link: bytes, attributes: inodes.Statx) -> FileKind | Refusal:
        """The kind of what is open at `fd`, or why it cannot be saved."""
        mounted = self.inodes.mount(attributes) is not None
        if attributes.dev not in self._types:
            self._types[attributes.dev] = inodes.fstatfs(fd).fs_type
        return file_kind(link, attributes, self._types[attributes.dev], mounted=mounted)

    def name(
        self, proc: ProcDir, link: bytes, attributes: inodes.Statx, kind: FileKind
    ) -> tuple[bytes, NameState] | Refusal:
        """Path and state of the name, or why the object cannot be saved for it."""
        if kind in NAMELESS:
            return b"", NameState.NONE
        resolver = self.resolvers.of(proc)
        name = resolver.resolve(link, attributes.dev, attributes.ino, attributes.nlink)
        state = _STATES[name.state]
        if state == NameState.UNREACHABLE:
            return Refusal("unreachable", "its name does not lead to it (mounted over, or out of reach)")
        if is_unlinked(state) and kind in _DEVICES:
            return Refusal("deleted-node", "a deleted device cannot be saved yet")
        if kind != FileKind.REGULAR:
            return name.path, state
        if state == NameState.LINKED and self._is_silly(name.path, attributes):
            state = NameState.DELETED
        if is_unlinked(state) and self.inodes.is_leased(attributes):
            return Refusal("lease", "a deleted file with a lease on it cannot be read: that would break it")
        return name.path, state

    def _is_silly(self, path: bytes, attributes: inodes.Statx) -> bool:
        """Whether the name is the one that NFS gives to a deleted file until the last opener closes it."""
        if b"/.nfs" not in path:
            return False
        mount = self.inodes.mount(attributes)
        return mount is not None and mount.fs_type.startswith(b"nfs") and b"/.nfs" in path[path.rfind(b"/") :]
