"""The file objects of an image, each with what is needed to judge it."""

from __future__ import annotations

from crimg.model import Fd, File, Filesystem, Inode, Socket, Vma
from crimg.model.enums import Access, Prot
from crimg.model.record import KINDS
from crimg.preflight.kept import is_kept, keeper_path
from crimg.preflight.lacking import lacking
from crimg.preflight.nameless import bound_path
from crimg.preflight.verdicts import Users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model.image import Image
    from crimg.rewrite.rules import PathRules

_NOBODY = Users()


class Subject:
    """One file object.

    inode, filesystem: None where the image has none.  path: in the image.  looked_at: what the rules make of
    it.  kept: it needs no file under that name.  place: the path to look at: that one, or its keeper's, or
    that which a socket is bound to (no rule reaches it), or None.  socket: what more is known of a socket.
    lacking: why a restart cannot make it (crimg.preflight.lacking), or "".
    """

    __slots__ = (
        *("file", "filesystem", "inode", "kept", "lacking", "looked_at", "path", "place", "socket", "users"),
    )

    def __init__(
        self,
        image: Image,
        file: File,
        users: Users,
        rules: PathRules,
        socket: Socket | None,
        *,
        lacking: str = "",
    ) -> None:
        self.lacking = lacking
        self.file = file
        self.users = users
        self.socket = socket
        self.inode = image.find(Inode, file.inode)
        self.filesystem = image.find(Filesystem, self.inode.filesystem) if self.inode else None
        self.path = file.path
        self.looked_at = rules.apply(file.path)
        self.kept = is_kept(image, file, self.inode)
        place: bytes | None = self.looked_at
        if self.kept:
            keeper = keeper_path(self.inode)
            place = rules.apply(keeper) if keeper is not None else bound_path(socket)
        self.place = place if place and place.startswith(b"/") and b"\0" not in place else None

    @property
    def has_another_name(self) -> bool:
        """Whether the rules change the last component: renaming a directory above sets no ctime here."""
        return self.looked_at.rpartition(b"/")[2] != self.path.rpartition(b"/")[2]


def subjects(image: Image, rules: PathRules) -> list[Subject]:
    """All file objects, in the order of the image. Raises FormatError where its tables are damaged."""
    users = users_of_files(image)
    sockets = {row.file: row for row in image.rows(Socket)}
    reasons = lacking(image)
    return [
        Subject(
            image,
            file,
            users.get(file.objref, _NOBODY),
            rules,
            sockets.get(file.objref),
            lacking=reasons.get(file.objref, ""),
        )
        for file in image.rows(File)
    ]


def users_of_files(image: Image) -> dict[int, Users]:
    """Objref of a file to who refers to it. Which columns do is said by the model's annotations."""
    fds: dict[int, list[int]] = {}
    for fd in image.rows(Fd):
        fds.setdefault(fd.file, []).append(fd.fd)
    found = {objref: Users(fds=tuple(numbers)) for objref, numbers in fds.items()}
    for vma in image.rows(Vma):
        if vma.file is not None:
            old = found.get(vma.file, _NOBODY)
            found[vma.file] = old._replace(
                shared=old.shared + vma.shared,
                private=old.private + (not vma.shared),
                executable=old.executable + bool(vma.prot & Prot.EXEC),
            )
    for cls in KINDS.values():
        for index, column in cls.references:
            if "File" in column.kinds and cls.shared:
                for row in image.rows(cls):
                    if row[index] is not None:
                        old = found.get(row[index], _NOBODY)
                        if column.name not in old.roles:
                            found[row[index]] = old._replace(roles=(*old.roles, column.name))
    return found


def inodes_mapped_for_writing(image: Image) -> set[int]:
    """Objrefs of the inodes that had a shared mapping which is writable, or can be made so by mprotect(2).

    The kernel marks these "mw" (VM_MAYWRITE, proc(5)), only where the file was opened for writing.
    """
    mapped: set[int] = set()
    for vma in image.rows(Vma):
        if vma.shared and vma.file is not None:
            file = image.find(File, vma.file)
            writable = vma.prot & Prot.WRITE or b"mw" in vma.vm_flags.split()
            if file is not None and file.inode is not None and (writable or file.access & Access.WRITE):
                mapped.add(file.inode)
    return mapped
