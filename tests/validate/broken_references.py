"""C2xx: images with one wrong reference or definition."""

from __future__ import annotations

from crimg.model import (
    Cred,
    Fd,
    FdTable,
    File,
    Inode,
    Lock,
    Mm,
    Pipe,
    Sigaction,
    Sighand,
    Task,
    Thread,
    Tty,
)
from tests import samples
from tests.samples import CRED, DELETED_FILE, FD_TABLE, HISTORY, LOG, MM, SIGHAND, TASK, TTY
from tests.validate.cases import breaks
from tests.validate.sound import CHILD, FIFO_PIPE, Draft


@breaks("C201")
def fd_without_file() -> bytes:
    draft = Draft().change(Fd, (FD_TABLE, 3), file=998).counted()
    return draft.bytes()


@breaks("C201")
def task_without_memory() -> bytes:
    draft = Draft().change(Thread, (CHILD, 4300), cred=998).counted()
    return draft.bytes()


@breaks("C202")
def inode_for_a_tty() -> bytes:
    return Draft().change(Task, CHILD, cred=samples.NAMESPACES).counted().bytes()


@breaks("C202")
def cred_for_a_tty() -> bytes:
    return Draft().change(File, samples.TTY_FILE, tty=CRED).remove(Tty, TTY).counted().bytes()


@breaks("C203")
def table_twice() -> bytes:
    return Draft().copy(FdTable, FD_TABLE).bytes()


@breaks("C203")
def two_kinds() -> bytes:
    draft = Draft()
    count = draft.row(Mm, MM).referrers
    return draft.add(Sighand(objref=MM, referrers=count)).bytes()


@breaks("C204")
def fds_before_files() -> bytes:
    tables = Draft().tables()
    files = next(number for number, (kind, _) in enumerate(tables) if kind == File.row_kind)
    fds = next(number for number, (kind, _) in enumerate(tables) if kind == Fd.row_kind)
    tables.insert(fds, tables.pop(files))
    return Draft().contents().batches(tables).log(LOG).history(HISTORY).revision().bytes()


@breaks("C204")
def inodes_in_a_later_section() -> bytes:
    tables = Draft().tables()
    inodes = [each for each in tables if each[0] == Inode.row_kind]
    rest = [each for each in tables if each[0] != Inode.row_kind]
    image = Draft().contents().batches(rest).batches(inodes)
    return image.log(LOG).history(HISTORY).revision().bytes()


@breaks("C204")
def definer_in_a_later_revision() -> bytes:
    """A row that stands in for an earlier one stands in its place, before what the new revision brings."""
    draft = Draft()
    cred = draft.row(Cred, CRED)
    rows = [cred.replace(objref=900, referrers=1), cred.replace(referrers=cred.referrers - 1)]
    file = draft.row(File, DELETED_FILE).replace(cred=900)
    image = draft.builder().revision().batches([(Cred.row_kind, rows), (File.row_kind, [file])])
    return image.history([HISTORY[0].replace(revision=2)]).revision().bytes()


@breaks("C205")
def sighand_over_image_info() -> bytes:
    draft = Draft()
    count = draft.row(Mm, MM).referrers
    image = draft.builder().revision().objects(Sighand.row_kind, [Sighand(objref=MM, referrers=count)])
    return image.history([HISTORY[0].replace(revision=2)]).revision().bytes()


@breaks("C206")
def pipe_of_nobody() -> bytes:
    return Draft().copy(Pipe, FIFO_PIPE, objref=900, referrers=0).bytes()


@breaks("C207")
def one_fd_less() -> bytes:
    return Draft().remove(Fd, (FD_TABLE, 1)).bytes()


@breaks("C207")
def one_fd_more() -> bytes:
    return Draft().copy(Fd, (FD_TABLE, 1), fd=99).bytes()


@breaks("C208")
def table_zero() -> bytes:
    draft = Draft()
    draft.change(FdTable, FD_TABLE, objref=0)
    draft.records = [row.replace(table=0) if isinstance(row, Fd) else row for row in draft.records]
    return draft.change(Task, TASK, fd_table=0).change(Task, CHILD, fd_table=0).bytes()


@breaks("C209")
def no_such_blob() -> bytes:
    draft = Draft().change(Inode, samples.DELETED, blobs=(samples.BLOB_ID, 99))
    return draft.bytes()


@breaks("C209")
def pagemap_for_a_blob() -> bytes:
    return Draft().change(Inode, samples.DELETED, blobs=(samples.BLOB_ID, samples.PAGEMAP_ID)).bytes()


@breaks("C210")
def action_twice() -> bytes:
    return Draft().copy(Sigaction, (SIGHAND, 10), handler=1).counted().bytes()


@breaks("C210")
def lock_twice() -> bytes:
    return Draft().copy(Lock, (DELETED_FILE, 2), write=True).counted().bytes()
