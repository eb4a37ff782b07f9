"""C4xx: images with one wrong descriptor, file, inode, pipe or lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crimg.model import Fd, File, Filesystem, Fs, Inode, Lock, LogEntry, Pipe, Vma
from tests.samples import (
    BLOB_ID,
    CWD_FILE,
    DELETED,
    DELETED_FILE,
    FD_TABLE,
    FILESYSTEM,
    FS,
    HISTORY,
    MM,
    PIPE,
    PIPE_BLOB_ID,
    PIPE_CONTENTS,
    PIPEFS,
    PROGRAM,
    PROGRAM_FILE,
    READ_END,
    REPLACED,
    REPLACED_FILE,
    TEXT,
    TTY,
    TTY_FILE,
    WRITE_END,
)
from tests.validate.cases import breaks
from tests.validate.sound import FIFO_FILE, FIFO_INODE, FIFO_PIPE, RELINKED_FILE, Draft

if TYPE_CHECKING:
    from crimg.model.record import Record


def revised(cls: type[Record], key: object, **columns: object) -> bytes:
    """The sound image with other columns in one row by a second revision: what the first named is named."""
    row = Draft().row(cls, key).replace(**columns)
    return Draft().builder().revision().batches([(cls.row_kind, [row])]).revision().bytes()


def changed(cls: type[Record], key: object, **columns: object) -> bytes:
    """The sound image with other columns in one row; references are counted anew."""
    return Draft().change(cls, key, **columns).counted().bytes()


@breaks("C401")
def fd_three_twice() -> bytes:
    return Draft().copy(Fd, (FD_TABLE, 3), file=TTY_FILE).counted().bytes()


@breaks("C402")
def fd_of_two_billions() -> bytes:
    return changed(Fd, (FD_TABLE, 3), fd=1 << 31)


@breaks("C403")
def before_the_start() -> bytes:
    return changed(File, REPLACED_FILE, position=-1)


@breaks("C404")
def behind_the_end() -> bytes:
    return changed(File, REPLACED_FILE, position=11)


@breaks("C405")
def truncates() -> bytes:
    return changed(File, DELETED_FILE, flags=0o101002)


@breaks("C405")
def unknown_flag() -> bytes:
    return changed(File, DELETED_FILE, flags=1 << 30 | 2)


@breaks("C406")
def read_only_and_writable() -> bytes:
    return changed(File, DELETED_FILE, flags=0o100000)


@breaks("C406")
def path_only_and_readable() -> bytes:
    return changed(File, CWD_FILE, flags=0o10200000)


@breaks("C407")
def owned_by_a_stranger() -> bytes:
    return changed(File, WRITE_END, owner=31337)


@breaks("C407")
def owned_by_another_group() -> bytes:
    return changed(File, WRITE_END, owner_type=2, owner=31337)


@breaks("C408")
def working_file() -> bytes:
    return changed(Fs, FS, cwd=PROGRAM_FILE)


@breaks("C408")
def umask_with_a_type() -> bytes:
    return changed(Fs, FS, umask=0o40022)


@breaks("C411")
def kind_from_the_future() -> bytes:
    return changed(File, REPLACED_FILE, kind=77)


@breaks("C411")
def keeper_from_the_future() -> bytes:
    return changed(Inode, REPLACED, keeper=9, keeper_path=None)


@breaks("C411")
def lock_from_the_future() -> bytes:
    return changed(Lock, (DELETED_FILE, 1), kind=9)


@breaks("C412")
def relative() -> bytes:
    return changed(File, DELETED_FILE, path=b"gone")


@breaks("C412")
def no_name() -> bytes:
    return changed(File, PROGRAM_FILE, path=b"")


@breaks("C412")
def mounted_somewhere() -> bytes:
    return changed(Filesystem, PIPEFS, mount_point=b"dev")


@breaks("C413")
def nul_in_a_path() -> bytes:
    return changed(File, DELETED_FILE, path=b"/tmp/a\0b")


@breaks("C413")
def path_of_4096_bytes() -> bytes:
    return changed(Inode, REPLACED, keeper_path=b"/" + b"k" * 4095)


@breaks("C414")
def directory_in_a_file() -> bytes:
    return changed(Inode, PROGRAM, mode=0o040755)


@breaks("C414")
def fifo_of_another_type() -> bytes:
    return changed(Inode, FIFO_INODE, mode=0o140600)


@breaks("C415")
def fifo_without_buffer() -> bytes:
    draft = Draft().change(File, FIFO_FILE, pipe=None)
    draft.records = [row for row in draft.records if not (isinstance(row, Pipe) and row.objref != PIPE)]
    return draft.counted().bytes()


@breaks("C415")
def pipe_with_a_name() -> bytes:
    return changed(File, READ_END, path=b"/pipe", name_state=1)


@breaks("C415")
def file_without_inode() -> bytes:
    draft = Draft().change(File, REPLACED_FILE, inode=None, name_state=1).remove(Inode, REPLACED)
    return draft.counted().bytes()


@breaks("C415")
def file_with_a_terminal() -> bytes:
    return changed(File, PROGRAM_FILE, tty=TTY)


@breaks("C416")
def digest_without_algorithm() -> bytes:
    return changed(Inode, DELETED, digest_kind=None)


@breaks("C416")
def half_a_digest() -> bytes:
    return changed(Inode, DELETED, digest=bytes(16))


@breaks("C416")
def handle_without_type() -> bytes:
    return changed(Inode, DELETED, handle_type=None)


@breaks("C417")
def inode_twice() -> bytes:
    draft = Draft().copy(Inode, DELETED, objref=900, blobs=(), size=0)
    return (
        draft.copy(File, RELINKED_FILE, objref=901, inode=900, position=0)
        .copy(Fd, (FD_TABLE, 7), fd=70, file=901)
        .counted()
        .bytes()
    )


@breaks("C421")
def deleted_and_gone() -> bytes:
    return Draft().change(Inode, REPLACED, keeper=0, keeper_path=None).bytes()


@breaks("C422")
def kept_and_linked() -> bytes:
    draft = Draft().copy(File, RELINKED_FILE, objref=901, path=b"/var/second", name_state=1)
    return draft.copy(Fd, (FD_TABLE, 7), fd=70, file=901).counted().bytes()


@breaks("C423")
def copied_to_nowhere() -> bytes:
    return changed(Inode, REPLACED, keeper_path=None)


@breaks("C423")
def embedded_and_copied() -> bytes:
    return changed(Inode, DELETED, keeper_path=b"/kept/11")


@breaks("C423")
def copied_and_embedded() -> bytes:
    return changed(Inode, DELETED, keeper=2, keeper_path=b"/kept/11")


@breaks("C424")
def longer_than_the_file() -> bytes:
    return changed(Inode, DELETED, size=(1 << 20) + 20, blocks=8)


@breaks("C424")
def same_blob_twice() -> bytes:
    return changed(Inode, DELETED, blobs=(BLOB_ID, BLOB_ID))


@breaks("C425")
def kept_relatively() -> bytes:
    return changed(Inode, REPLACED, keeper_path=b"kept/12")


@breaks("C425")
def kept_above() -> bytes:
    return changed(Inode, REPLACED, keeper_path=b"/kept/../etc/passwd")


@breaks("C425")
def relinked_on_another_file_system() -> bytes:
    return changed(Filesystem, FILESYSTEM, mount_point=b"/srv")


@breaks("C427")
def one_file_keeps_two() -> bytes:
    return changed(Inode, REPLACED, keeper=2, keeper_path=b"/area/1")


@breaks("C426")
def contents_removed() -> bytes:
    return revised(Inode, DELETED, keeper=4, blobs=())


@breaks("C418")
def placeholder() -> bytes:
    extra = {"unsupported": "inotify", "link": b"anon_inode:inotify"}
    draft = Draft().change(
        File, FIFO_FILE, kind=7, path=b"", name_state=0, inode=None, pipe=None, extra=extra
    )
    return draft.remove(Inode, FIFO_INODE).remove(Pipe, FIFO_PIPE).counted().bytes()


@breaks("C418")
def memory_left_out() -> bytes:
    return changed(Vma, (MM, TEXT), extra={"unsupported": "secret-memory"})


@breaks("C418")
def log_of_a_leak() -> bytes:
    entry = LogEntry(
        time=1,
        severity=2,
        text="process 1, fd 3: /x: leak",
        objref=DELETED_FILE,
        extra={"unsupported": "leak"},
    )
    draft = Draft()
    return draft.contents().batches(draft.tables()).log([entry]).history(HISTORY).revision().bytes()


@breaks("C431")
def small_pipe() -> bytes:
    return changed(Pipe, PIPE, capacity=len(PIPE_CONTENTS) - 1)


@breaks("C432")
def shorter_than_it_was() -> bytes:
    return changed(Pipe, PIPE, length=len(PIPE_CONTENTS) + 1)


@breaks("C432")
def pipe_with_a_hole() -> bytes:
    draft = Draft()
    draft.pipe_blob = [(1, PIPE_CONTENTS)]
    return draft.bytes()


@breaks("C432")
def bytes_twice() -> bytes:
    return changed(Pipe, PIPE, blobs=(PIPE_BLOB_ID, PIPE_BLOB_ID), length=2 * len(PIPE_CONTENTS))


@breaks("C433")
def write_end_closed() -> bytes:
    return Draft().remove(File, WRITE_END).remove(Fd, (FD_TABLE, 6)).counted().bytes()


@breaks("C434")
def exclusive_lock_of_a_reader() -> bytes:
    draft = Draft().change(Lock, (DELETED_FILE, 2), write=True, file=PROGRAM_FILE)
    return draft.counted().bytes()


@breaks("C434")
def process_lock_without_a_writer() -> bytes:
    draft = Draft().change(Lock, (DELETED_FILE, 1), file=REPLACED_FILE)
    return draft.counted().bytes()


@breaks("C435")
def lock_backwards() -> bytes:
    return changed(Lock, (DELETED_FILE, 1), start=100)


@breaks("C436")
def pipe_emptied() -> bytes:
    return revised(Pipe, PIPE, blobs=(), extra={"removed": len(PIPE_CONTENTS)})


@breaks("C432")
def pipe_emptied_of_another_length() -> bytes:
    return revised(Pipe, PIPE, blobs=(), extra={"removed": len(PIPE_CONTENTS) - 1})
