# This is a generated file! Please edit source .ksy file and use kaitai-struct-compiler to rebuild
# type: ignore

import kaitaistruct
from kaitaistruct import ReadWriteKaitaiStruct, KaitaiStream, BytesIO
from . import msgpack_value
from enum import IntEnum


if getattr(kaitaistruct, 'API_VERSION', (0, 9)) < (0, 11):
    raise Exception("Incompatible Kaitai Struct Python API: 0.11 or later is required, but you have %s" % (kaitaistruct.__version__))

class CrimgTables(ReadWriteKaitaiStruct):
    """Rows of the tables of a crimg image, and the batches that they come in. A row is a MessagePack array with
    the columns in the order of this file. The views under `instances` give each column its name, type and
    meaning; a column that may be nil has an `if`.
    
    An objref is the number of a shared object: 1 to 2**32 - 1, unique in the image over all tables. Column
    `referrers` of an object is how many references the rows of the image made to it at the dump. A row stands
    behind the rows that define what it refers to. The last column, `extra`, maps names (strings) to any values.
    
    Keys that begin with a hyphen are for programs that read this schema:
    
    - `-kind`: number of the table.
    - `-key`: the columns that tell its rows apart. A revision has no two rows with the same key; a row of a
      later revision stands in for the earlier one.
    - `-type`: type of the column or of the elements of its list. u8, u32, u64, s32, s64 (integers by their
      range, in whatever MessagePack form), bool, bytes, str (UTF-8), map.
    - `-list: true`: an array of that type, at most 4,096 elements.
    - `-ref`: the tables that the column may point into, by objref.
    - `-path: true`: a path as the task sees it, any bytes but NUL, at most 4,095 bytes.
    
    .. seealso::
       specs/format.md
    """

    class FileKind(IntEnum):
        regular = 1
        directory = 2
        character_device = 3
        fifo = 4
        pipe = 5
        epoll = 6
        placeholder = 7
        memory = 8
        eventfd = 9
        timerfd = 10
        signalfd = 11
        socket = 12
        pty_master = 13

    class Keeper(IntEnum):
        none = 0
        embedded = 1
        copied = 2
        relinked = 3
        removed = 4

    class LockKind(IntEnum):
        posix = 1
        ofd = 2
        flock = 3
        lease = 4

    class MemoryKind(IntEnum):
        anonymous = 1
        memfd = 2
        system_v = 3

    class NameState(IntEnum):
        none = 0
        linked = 1
        deleted = 2
        replaced = 3
        unreachable = 4
        relinked = 5

    class ObjectKind(IntEnum):
        image_info = 1
        filesystem = 2
        cred = 3
        inode = 4
        pipe = 5
        tty = 6
        file = 7
        lock = 8
        fd_table = 9
        fd = 10
        fs = 11
        mm = 12
        vma = 13
        sighand = 14
        sigaction = 15
        signal = 16
        posix_timer = 17
        namespaces = 18
        task = 19
        thread = 20
        siginfo = 21
        epoll_watch = 22
        eventfd = 23
        timerfd = 24
        signalfd = 25
        shared_memory = 26
        socket = 27
        log_entry = 30
        history_entry = 31

    class Severity(IntEnum):
        note = 1
        warning = 2
        error = 3

    class SocketState(IntEnum):
        unconnected = 1
        listening = 2
        connected = 3
    def __init__(self, _io=None, _parent=None, _root=None):
        super(CrimgTables, self).__init__(_io)
        self._parent = _parent
        self._root = _root or self

    def _read(self):
        pass
        self._dirty = False


    def _fetch_instances(self):
        pass


    def _write__seq(self, io=None):
        super(CrimgTables, self)._write__seq(io)


    def _check(self):
        self._dirty = False

    class Batch(ReadWriteKaitaiStruct):
        """Rows of one kind: a MessagePack array of the number of the kind and an array of rows."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Batch, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.head = msgpack_value.MsgpackValue.ArrayHeader(self._io)
            self.head._read()
            _ = self.head
            if not _.len == 2:
                raise kaitaistruct.ValidationExprError(self.head, self._io, u"/types/batch/seq/0")
            self.kind_number = msgpack_value.MsgpackValue(self._io)
            self.kind_number._read()
            _ = self.kind_number
            if not  ((_.is_int) and ( (( ((_.int_value >= 1) and (_.int_value <= 27)) ) or ( ((_.int_value >= 30) and (_.int_value <= 31)) ) or ( ((_.int_value >= 32768) and (_.int_value <= 65535)) )) )) :
                raise kaitaistruct.ValidationExprError(self.kind_number, self._io, u"/types/batch/seq/1")
            self.rows_head = msgpack_value.MsgpackValue.ArrayHeader(self._io)
            self.rows_head._read()
            self.rows = []
            for i in range(self.rows_head.len):
                _on = self.kind
                if _on == CrimgTables.ObjectKind.cred:
                    pass
                    _t_rows = CrimgTables.Cred(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.epoll_watch:
                    pass
                    _t_rows = CrimgTables.EpollWatch(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.eventfd:
                    pass
                    _t_rows = CrimgTables.Eventfd(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.fd:
                    pass
                    _t_rows = CrimgTables.Fd(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.fd_table:
                    pass
                    _t_rows = CrimgTables.FdTable(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.file:
                    pass
                    _t_rows = CrimgTables.File(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.filesystem:
                    pass
                    _t_rows = CrimgTables.Filesystem(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.fs:
                    pass
                    _t_rows = CrimgTables.Fs(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.history_entry:
                    pass
                    _t_rows = CrimgTables.HistoryEntry(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.image_info:
                    pass
                    _t_rows = CrimgTables.ImageInfo(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.inode:
                    pass
                    _t_rows = CrimgTables.Inode(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.lock:
                    pass
                    _t_rows = CrimgTables.Lock(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.log_entry:
                    pass
                    _t_rows = CrimgTables.LogEntry(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.mm:
                    pass
                    _t_rows = CrimgTables.Mm(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.namespaces:
                    pass
                    _t_rows = CrimgTables.Namespaces(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.pipe:
                    pass
                    _t_rows = CrimgTables.Pipe(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.posix_timer:
                    pass
                    _t_rows = CrimgTables.PosixTimer(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.shared_memory:
                    pass
                    _t_rows = CrimgTables.SharedMemory(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.sigaction:
                    pass
                    _t_rows = CrimgTables.Sigaction(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.sighand:
                    pass
                    _t_rows = CrimgTables.Sighand(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.siginfo:
                    pass
                    _t_rows = CrimgTables.Siginfo(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.signal:
                    pass
                    _t_rows = CrimgTables.Signal(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.signalfd:
                    pass
                    _t_rows = CrimgTables.Signalfd(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.socket:
                    pass
                    _t_rows = CrimgTables.Socket(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.task:
                    pass
                    _t_rows = CrimgTables.Task(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.thread:
                    pass
                    _t_rows = CrimgTables.Thread(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.timerfd:
                    pass
                    _t_rows = CrimgTables.Timerfd(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.tty:
                    pass
                    _t_rows = CrimgTables.Tty(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                elif _on == CrimgTables.ObjectKind.vma:
                    pass
                    _t_rows = CrimgTables.Vma(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)
                else:
                    pass
                    _t_rows = CrimgTables.OtherRow(self._io, self, self._root)
                    try:
                        _t_rows._read()
                    finally:
                        self.rows.append(_t_rows)

            self._dirty = False


        def _fetch_instances(self):
            pass
            self.head._fetch_instances()
            self.kind_number._fetch_instances()
            self.rows_head._fetch_instances()
            for i in range(len(self.rows)):
                pass
                _on = self.kind
                if _on == CrimgTables.ObjectKind.cred:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.epoll_watch:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.eventfd:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.fd:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.fd_table:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.file:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.filesystem:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.fs:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.history_entry:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.image_info:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.inode:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.lock:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.log_entry:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.mm:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.namespaces:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.pipe:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.posix_timer:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.shared_memory:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.sigaction:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.sighand:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.siginfo:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.signal:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.signalfd:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.socket:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.task:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.thread:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.timerfd:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.tty:
                    pass
                    self.rows[i]._fetch_instances()
                elif _on == CrimgTables.ObjectKind.vma:
                    pass
                    self.rows[i]._fetch_instances()
                else:
                    pass
                    self.rows[i]._fetch_instances()



        def _write__seq(self, io=None):
            super(CrimgTables.Batch, self)._write__seq(io)
            self.head._write__seq(self._io)
            self.kind_number._write__seq(self._io)
            self.rows_head._write__seq(self._io)
            for i in range(len(self.rows)):
                pass
                _on = self.kind
                if _on == CrimgTables.ObjectKind.cred:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.epoll_watch:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.eventfd:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.fd:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.fd_table:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.file:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.filesystem:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.fs:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.history_entry:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.image_info:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.inode:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.lock:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.log_entry:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.mm:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.namespaces:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.pipe:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.posix_timer:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.shared_memory:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.sigaction:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.sighand:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.siginfo:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.signal:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.signalfd:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.socket:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.task:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.thread:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.timerfd:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.tty:
                    pass
                    self.rows[i]._write__seq(self._io)
                elif _on == CrimgTables.ObjectKind.vma:
                    pass
                    self.rows[i]._write__seq(self._io)
                else:
                    pass
                    self.rows[i]._write__seq(self._io)



        def _check(self):
            _ = self.head
            if not _.len == 2:
                raise kaitaistruct.ValidationExprError(self.head, None, u"/types/batch/seq/0")
            _ = self.kind_number
            if not  ((_.is_int) and ( (( ((_.int_value >= 1) and (_.int_value <= 27)) ) or ( ((_.int_value >= 30) and (_.int_value <= 31)) ) or ( ((_.int_value >= 32768) and (_.int_value <= 65535)) )) )) :
                raise kaitaistruct.ValidationExprError(self.kind_number, None, u"/types/batch/seq/1")
            if len(self.rows) != self.rows_head.len:
                raise kaitaistruct.ConsistencyError(u"rows", self.rows_head.len, len(self.rows))
            for i in range(len(self.rows)):
                pass
                _on = self.kind
                if _on == CrimgTables.ObjectKind.cred:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.epoll_watch:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.eventfd:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.fd:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.fd_table:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.file:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.filesystem:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.fs:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.history_entry:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.image_info:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.inode:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.lock:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.log_entry:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.mm:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.namespaces:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.pipe:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.posix_timer:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.shared_memory:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.sigaction:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.sighand:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.siginfo:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.signal:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.signalfd:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.socket:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.task:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.thread:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.timerfd:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.tty:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                elif _on == CrimgTables.ObjectKind.vma:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)
                else:
                    pass
                    if self.rows[i]._root != self._root:
                        raise kaitaistruct.ConsistencyError(u"rows", self._root, self.rows[i]._root)
                    if self.rows[i]._parent != self:
                        raise kaitaistruct.ConsistencyError(u"rows", self, self.rows[i]._parent)

            self._dirty = False

        @property
        def kind(self):
            if hasattr(self, '_m_kind'):
                return self._m_kind

            self._m_kind = KaitaiStream.resolve_enum(CrimgTables.ObjectKind, self.kind_number.int_value)
            return getattr(self, '_m_kind', None)

        def _invalidate_kind(self):
            del self._m_kind

    class Batches(ReadWriteKaitaiStruct):
        """Decoded body of an OBJECTS, LOG or HISTORY section."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Batches, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.batches = []
            i = 0
            while not self._io.is_eof():
                _t_batches = CrimgTables.Batch(self._io, self, self._root)
                try:
                    _t_batches._read()
                finally:
                    self.batches.append(_t_batches)
                i += 1

            self._dirty = False


        def _fetch_instances(self):
            pass
            for i in range(len(self.batches)):
                pass
                self.batches[i]._fetch_instances()



        def _write__seq(self, io=None):
            super(CrimgTables.Batches, self)._write__seq(io)
            for i in range(len(self.batches)):
                pass
                if self._io.is_eof():
                    raise kaitaistruct.ConsistencyError(u"batches", 0, self._io.size() - self._io.pos())
                self.batches[i]._write__seq(self._io)

            if not self._io.is_eof():
                raise kaitaistruct.ConsistencyError(u"batches", 0, self._io.size() - self._io.pos())


        def _check(self):
            for i in range(len(self.batches)):
                pass
                if self.batches[i]._root != self._root:
                    raise kaitaistruct.ConsistencyError(u"batches", self._root, self.batches[i]._root)
                if self.batches[i]._parent != self:
                    raise kaitaistruct.ConsistencyError(u"batches", self, self.batches[i]._parent)

            self._dirty = False


    class Cred(ReadWriteKaitaiStruct):
        """Credentials (credentials(7), capabilities(7)), from /proc/PID/task/TID/status and prctl(2)."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Cred, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 20) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u32) and (_.items[3].is_u32) and (_.items[4].is_u32) and (_.items[5].is_u32) and (_.items[6].is_u32) and (_.items[7].is_u32) and (_.items[8].is_u32) and (_.items[9].is_u32) and (_.items[10].is_list) and (_.items[11].is_u64) and (_.items[12].is_u64) and (_.items[13].is_u64) and (_.items[14].is_u64) and (_.items[15].is_u64) and (_.items[16].is_u32) and (_.items[17].is_bool) and ( ((_.items[18].is_nil) or (_.items[18].is_bytes)) ) and ( ((_.items[19].is_nil) or (_.items[19].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/cred/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Cred, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 20) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u32) and (_.items[3].is_u32) and (_.items[4].is_u32) and (_.items[5].is_u32) and (_.items[6].is_u32) and (_.items[7].is_u32) and (_.items[8].is_u32) and (_.items[9].is_u32) and (_.items[10].is_list) and (_.items[11].is_u64) and (_.items[12].is_u64) and (_.items[13].is_u64) and (_.items[14].is_u64) and (_.items[15].is_u64) and (_.items[16].is_u32) and (_.items[17].is_bool) and ( ((_.items[18].is_nil) or (_.items[18].is_bytes)) ) and ( ((_.items[19].is_nil) or (_.items[19].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/cred/seq/0")
            self._dirty = False

        @property
        def cap_ambient(self):
            """CapAmb."""
            if hasattr(self, '_m_cap_ambient'):
                return self._m_cap_ambient

            self._m_cap_ambient = self.cells.items[15].int_value
            return getattr(self, '_m_cap_ambient', None)

        def _invalidate_cap_ambient(self):
            del self._m_cap_ambient
        @property
        def cap_bounding(self):
            """CapBnd."""
            if hasattr(self, '_m_cap_bounding'):
                return self._m_cap_bounding

            self._m_cap_bounding = self.cells.items[14].int_value
            return getattr(self, '_m_cap_bounding', None)

        def _invalidate_cap_bounding(self):
            del self._m_cap_bounding
        @property
        def cap_effective(self):
            """CapEff."""
            if hasattr(self, '_m_cap_effective'):
                return self._m_cap_effective

            self._m_cap_effective = self.cells.items[13].int_value
            return getattr(self, '_m_cap_effective', None)

        def _invalidate_cap_effective(self):
            del self._m_cap_effective
        @property
        def cap_inheritable(self):
            """Capability sets, bit N is capability N: CapInh."""
            if hasattr(self, '_m_cap_inheritable'):
                return self._m_cap_inheritable

            self._m_cap_inheritable = self.cells.items[11].int_value
            return getattr(self, '_m_cap_inheritable', None)

        def _invalidate_cap_inheritable(self):
            del self._m_cap_inheritable
        @property
        def cap_permitted(self):
            """CapPrm."""
            if hasattr(self, '_m_cap_permitted'):
                return self._m_cap_permitted

            self._m_cap_permitted = self.cells.items[12].int_value
            return getattr(self, '_m_cap_permitted', None)

        def _invalidate_cap_permitted(self):
            del self._m_cap_permitted
        @property
        def egid(self):
            """Effective group id."""
            if hasattr(self, '_m_egid'):
                return self._m_egid

            self._m_egid = self.cells.items[7].int_value
            return getattr(self, '_m_egid', None)

        def _invalidate_egid(self):
            del self._m_egid
        @property
        def euid(self):
            """Effective user id."""
            if hasattr(self, '_m_euid'):
                return self._m_euid

            self._m_euid = self.cells.items[3].int_value
            return getattr(self, '_m_euid', None)

        def _invalidate_euid(self):
            del self._m_euid
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[19].is_nil)):
                pass
                self._m_extra = self.cells.items[19]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def fsgid(self):
            """File system group id."""
            if hasattr(self, '_m_fsgid'):
                return self._m_fsgid

            self._m_fsgid = self.cells.items[9].int_value
            return getattr(self, '_m_fsgid', None)

        def _invalidate_fsgid(self):
            del self._m_fsgid
        @property
        def fsuid(self):
            """File system user id."""
            if hasattr(self, '_m_fsuid'):
                return self._m_fsuid

            self._m_fsuid = self.cells.items[5].int_value
            return getattr(self, '_m_fsuid', None)

        def _invalidate_fsuid(self):
            del self._m_fsuid
        @property
        def gid(self):
            """Real group id."""
            if hasattr(self, '_m_gid'):
                return self._m_gid

            self._m_gid = self.cells.items[6].int_value
            return getattr(self, '_m_gid', None)

        def _invalidate_gid(self):
            del self._m_gid
        @property
        def groups(self):
            """Supplementary groups."""
            if hasattr(self, '_m_groups'):
                return self._m_groups

            self._m_groups = self.cells.items[10].items
            return getattr(self, '_m_groups', None)

        def _invalidate_groups(self):
            del self._m_groups
        @property
        def label(self):
            """Label of the security module, /proc/PID/attr/current, or nil."""
            if hasattr(self, '_m_label'):
                return self._m_label

            if (not (self.cells.items[18].is_nil)):
                pass
                self._m_label = self.cells.items[18].bytes_value

            return getattr(self, '_m_label', None)

        def _invalidate_label(self):
            del self._m_label
        @property
        def no_new_privs(self):
            """prctl(PR_GET_NO_NEW_PRIVS)."""
            if hasattr(self, '_m_no_new_privs'):
                return self._m_no_new_privs

            self._m_no_new_privs = self.cells.items[17].bool_value
            return getattr(self, '_m_no_new_privs', None)

        def _invalidate_no_new_privs(self):
            del self._m_no_new_privs
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers
        @property
        def securebits(self):
            """prctl(PR_GET_SECUREBITS)."""
            if hasattr(self, '_m_securebits'):
                return self._m_securebits

            self._m_securebits = self.cells.items[16].int_value
            return getattr(self, '_m_securebits', None)

        def _invalidate_securebits(self):
            del self._m_securebits
        @property
        def sgid(self):
            """Saved group id."""
            if hasattr(self, '_m_sgid'):
                return self._m_sgid

            self._m_sgid = self.cells.items[8].int_value
            return getattr(self, '_m_sgid', None)

        def _invalidate_sgid(self):
            del self._m_sgid
        @property
        def suid(self):
            """Saved user id."""
            if hasattr(self, '_m_suid'):
                return self._m_suid

            self._m_suid = self.cells.items[4].int_value
            return getattr(self, '_m_suid', None)

        def _invalidate_suid(self):
            del self._m_suid
        @property
        def uid(self):
            """Real user id, in the user namespace of the dumper."""
            if hasattr(self, '_m_uid'):
                return self._m_uid

            self._m_uid = self.cells.items[2].int_value
            return getattr(self, '_m_uid', None)

        def _invalidate_uid(self):
            del self._m_uid

    class EpollWatch(ReadWriteKaitaiStruct):
        """What an epoll instance watches (epoll_ctl(2); the "tfd:" lines of /proc/PID/fdinfo). The instance is
        one with its open file description.
        """
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.EpollWatch, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 6) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u32) and (_.items[3].is_u32) and (_.items[4].is_u64) and ( ((_.items[5].is_nil) or (_.items[5].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/epoll_watch/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.EpollWatch, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 6) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u32) and (_.items[3].is_u32) and (_.items[4].is_u64) and ( ((_.items[5].is_nil) or (_.items[5].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/epoll_watch/seq/0")
            self._dirty = False

        @property
        def data(self):
            """What the program gets with an event, struct epoll_event (data)."""
            if hasattr(self, '_m_data'):
                return self._m_data

            self._m_data = self.cells.items[4].int_value
            return getattr(self, '_m_data', None)

        def _invalidate_data(self):
            del self._m_data
        @property
        def epoll(self):
            """The instance, a file of kind epoll."""
            if hasattr(self, '_m_epoll'):
                return self._m_epoll

            self._m_epoll = self.cells.items[0].int_value
            return getattr(self, '_m_epoll', None)

        def _invalidate_epoll(self):
            del self._m_epoll
        @property
        def events(self):
            """Events and options, EPOLLIN and the like (events)."""
            if hasattr(self, '_m_events'):
                return self._m_events

            self._m_events = self.cells.items[3].int_value
            return getattr(self, '_m_events', None)

        def _invalidate_events(self):
            del self._m_events
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[5].is_nil)):
                pass
                self._m_extra = self.cells.items[5]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def fd(self):
            """Descriptor that the file was registered by, whatever it may be by now (tfd)."""
            if hasattr(self, '_m_fd'):
                return self._m_fd

            self._m_fd = self.cells.items[1].int_value
            return getattr(self, '_m_fd', None)

        def _invalidate_fd(self):
            del self._m_fd
        @property
        def file(self):
            """The open file description that is watched."""
            if hasattr(self, '_m_file'):
                return self._m_file

            self._m_file = self.cells.items[2].int_value
            return getattr(self, '_m_file', None)

        def _invalidate_file(self):
            del self._m_file

    class Eventfd(ReadWriteKaitaiStruct):
        """An event counter (eventfd(2), /proc/PID/fdinfo). The counter is one with its open file description."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Eventfd, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 4) and (_.items[0].is_u32) and (_.items[1].is_u64) and (_.items[2].is_bool) and ( ((_.items[3].is_nil) or (_.items[3].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/eventfd/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Eventfd, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 4) and (_.items[0].is_u32) and (_.items[1].is_u64) and (_.items[2].is_bool) and ( ((_.items[3].is_nil) or (_.items[3].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/eventfd/seq/0")
            self._dirty = False

        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[3].is_nil)):
                pass
                self._m_extra = self.cells.items[3]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def file(self):
            """The open file description, a file of kind eventfd."""
            if hasattr(self, '_m_file'):
                return self._m_file

            self._m_file = self.cells.items[0].int_value
            return getattr(self, '_m_file', None)

        def _invalidate_file(self):
            del self._m_file
        @property
        def semaphore(self):
            """EFD_SEMAPHORE: a read takes 1."""
            if hasattr(self, '_m_semaphore'):
                return self._m_semaphore

            self._m_semaphore = self.cells.items[2].bool_value
            return getattr(self, '_m_semaphore', None)

        def _invalidate_semaphore(self):
            del self._m_semaphore
        @property
        def value(self):
            """Value of the counter."""
            if hasattr(self, '_m_value'):
                return self._m_value

            self._m_value = self.cells.items[1].int_value
            return getattr(self, '_m_value', None)

        def _invalidate_value(self):
            del self._m_value

    class Fd(ReadWriteKaitaiStruct):
        """A file descriptor: one row of a table."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Fd, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 5) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_bool) and (_.items[3].is_u32) and ( ((_.items[4].is_nil) or (_.items[4].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/fd/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Fd, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 5) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_bool) and (_.items[3].is_u32) and ( ((_.items[4].is_nil) or (_.items[4].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/fd/seq/0")
            self._dirty = False

        @property
        def cloexec(self):
            """FD_CLOEXEC."""
            if hasattr(self, '_m_cloexec'):
                return self._m_cloexec

            self._m_cloexec = self.cells.items[2].bool_value
            return getattr(self, '_m_cloexec', None)

        def _invalidate_cloexec(self):
            del self._m_cloexec
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[4].is_nil)):
                pass
                self._m_extra = self.cells.items[4]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def fd(self):
            """The descriptor."""
            if hasattr(self, '_m_fd'):
                return self._m_fd

            self._m_fd = self.cells.items[1].int_value
            return getattr(self, '_m_fd', None)

        def _invalidate_fd(self):
            del self._m_fd
        @property
        def file(self):
            """The open file description it refers to."""
            if hasattr(self, '_m_file'):
                return self._m_file

            self._m_file = self.cells.items[3].int_value
            return getattr(self, '_m_file', None)

        def _invalidate_file(self):
            del self._m_file
        @property
        def table(self):
            """The table it is in."""
            if hasattr(self, '_m_table'):
                return self._m_table

            self._m_table = self.cells.items[0].int_value
            return getattr(self, '_m_table', None)

        def _invalidate_table(self):
            del self._m_table

    class FdTable(ReadWriteKaitaiStruct):
        """A table of file descriptors; its rows follow as `Fd`."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.FdTable, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 3) and (_.items[0].is_u32) and (_.items[1].is_u32) and ( ((_.items[2].is_nil) or (_.items[2].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/fd_table/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.FdTable, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 3) and (_.items[0].is_u32) and (_.items[1].is_u32) and ( ((_.items[2].is_nil) or (_.items[2].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/fd_table/seq/0")
            self._dirty = False

        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[2].is_nil)):
                pass
                self._m_extra = self.cells.items[2]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers

    class File(ReadWriteKaitaiStruct):
        """An open file description (open(2)), saved once however many descriptors and mappings refer to it."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.File, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 17) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u8) and (_.items[3].is_bytes) and (_.items[4].is_u8) and (_.items[5].is_u32) and (_.items[6].is_u8) and (_.items[7].is_s64) and ( ((_.items[8].is_nil) or (_.items[8].is_u32)) ) and ( ((_.items[9].is_nil) or (_.items[9].is_u32)) ) and ( ((_.items[10].is_nil) or (_.items[10].is_u32)) ) and ( ((_.items[11].is_nil) or (_.items[11].is_u32)) ) and (_.items[12].is_s32) and (_.items[13].is_u32) and (_.items[14].is_u32) and (_.items[15].is_u32) and ( ((_.items[16].is_nil) or (_.items[16].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/file/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.File, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 17) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u8) and (_.items[3].is_bytes) and (_.items[4].is_u8) and (_.items[5].is_u32) and (_.items[6].is_u8) and (_.items[7].is_s64) and ( ((_.items[8].is_nil) or (_.items[8].is_u32)) ) and ( ((_.items[9].is_nil) or (_.items[9].is_u32)) ) and ( ((_.items[10].is_nil) or (_.items[10].is_u32)) ) and ( ((_.items[11].is_nil) or (_.items[11].is_u32)) ) and (_.items[12].is_s32) and (_.items[13].is_u32) and (_.items[14].is_u32) and (_.items[15].is_u32) and ( ((_.items[16].is_nil) or (_.items[16].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/file/seq/0")
            self._dirty = False

        @property
        def access(self):
            """What may be done with it: 1 read, 2 write (the mode bits of the link in /proc/PID/fd)."""
            if hasattr(self, '_m_access'):
                return self._m_access

            self._m_access = self.cells.items[6].int_value
            return getattr(self, '_m_access', None)

        def _invalidate_access(self):
            del self._m_access
        @property
        def cred(self):
            """Credentials it was opened with; nil where unknown (no interface of the kernel shows f_cred)."""
            if hasattr(self, '_m_cred'):
                return self._m_cred

            if (not (self.cells.items[11].is_nil)):
                pass
                self._m_cred = self.cells.items[11].int_value

            return getattr(self, '_m_cred', None)

        def _invalidate_cred(self):
            del self._m_cred
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[16].is_nil)):
                pass
                self._m_extra = self.cells.items[16]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def flags(self):
            """File status flags and access mode (open(2)), from /proc/PID/fdinfo, without O_CLOEXEC."""
            if hasattr(self, '_m_flags'):
                return self._m_flags

            self._m_flags = self.cells.items[5].int_value
            return getattr(self, '_m_flags', None)

        def _invalidate_flags(self):
            del self._m_flags
        @property
        def inode(self):
            """The inode, or nil for a pipe or epoll instance."""
            if hasattr(self, '_m_inode'):
                return self._m_inode

            if (not (self.cells.items[8].is_nil)):
                pass
                self._m_inode = self.cells.items[8].int_value

            return getattr(self, '_m_inode', None)

        def _invalidate_inode(self):
            del self._m_inode
        @property
        def kind(self):
            """What it is (`file_kind`)."""
            if hasattr(self, '_m_kind'):
                return self._m_kind

            self._m_kind = KaitaiStream.resolve_enum(CrimgTables.FileKind, self.cells.items[2].int_value)
            return getattr(self, '_m_kind', None)

        def _invalidate_kind(self):
            del self._m_kind
        @property
        def mount_id(self):
            """Mount it was opened through (mnt_id of fdinfo), 0 where unknown."""
            if hasattr(self, '_m_mount_id'):
                return self._m_mount_id

            self._m_mount_id = self.cells.items[15].int_value
            return getattr(self, '_m_mount_id', None)

        def _invalidate_mount_id(self):
            del self._m_mount_id
        @property
        def name_state(self):
            """How the name stood at the dump (`name_state`)."""
            if hasattr(self, '_m_name_state'):
                return self._m_name_state

            self._m_name_state = KaitaiStream.resolve_enum(CrimgTables.NameState, self.cells.items[4].int_value)
            return getattr(self, '_m_name_state', None)

        def _invalidate_name_state(self):
            del self._m_name_state
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def owner(self):
            """F_GETOWN_EX pid, 0 for none."""
            if hasattr(self, '_m_owner'):
                return self._m_owner

            self._m_owner = self.cells.items[13].int_value
            return getattr(self, '_m_owner', None)

        def _invalidate_owner(self):
            del self._m_owner
        @property
        def owner_signal(self):
            """F_GETSIG, 0 for the default (SIGIO)."""
            if hasattr(self, '_m_owner_signal'):
                return self._m_owner_signal

            self._m_owner_signal = self.cells.items[14].int_value
            return getattr(self, '_m_owner_signal', None)

        def _invalidate_owner_signal(self):
            del self._m_owner_signal
        @property
        def owner_type(self):
            """F_GETOWN_EX type: 0 thread, 1 process, 2 process group; -1 no owner."""
            if hasattr(self, '_m_owner_type'):
                return self._m_owner_type

            self._m_owner_type = self.cells.items[12].int_value
            return getattr(self, '_m_owner_type', None)

        def _invalidate_owner_type(self):
            del self._m_owner_type
        @property
        def path(self):
            """Its name, seen from the task's root, without the kernel's " (deleted)"; empty if it never had one."""
            if hasattr(self, '_m_path'):
                return self._m_path

            self._m_path = self.cells.items[3].bytes_value
            return getattr(self, '_m_path', None)

        def _invalidate_path(self):
            del self._m_path
        @property
        def pipe(self):
            """The pipe, for pipes and FIFOs, else nil."""
            if hasattr(self, '_m_pipe'):
                return self._m_pipe

            if (not (self.cells.items[9].is_nil)):
                pass
                self._m_pipe = self.cells.items[9].int_value

            return getattr(self, '_m_pipe', None)

        def _invalidate_pipe(self):
            del self._m_pipe
        @property
        def position(self):
            """File offset, bytes."""
            if hasattr(self, '_m_position'):
                return self._m_position

            self._m_position = self.cells.items[7].int_value
            return getattr(self, '_m_position', None)

        def _invalidate_position(self):
            del self._m_position
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers
        @property
        def tty(self):
            """Settings of the terminal, else nil."""
            if hasattr(self, '_m_tty'):
                return self._m_tty

            if (not (self.cells.items[10].is_nil)):
                pass
                self._m_tty = self.cells.items[10].int_value

            return getattr(self, '_m_tty', None)

        def _invalidate_tty(self):
            del self._m_tty

    class Filesystem(ReadWriteKaitaiStruct):
        """A mounted file system which inodes of the image are on (/proc/PID/mountinfo, statfs(2))."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Filesystem, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 11) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_bytes) and (_.items[3].is_bytes) and (_.items[4].is_bytes) and (_.items[5].is_bytes) and (_.items[6].is_u32) and (_.items[7].is_u64) and (_.items[8].is_u64) and (_.items[9].is_bytes) and ( ((_.items[10].is_nil) or (_.items[10].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/filesystem/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Filesystem, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 11) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_bytes) and (_.items[3].is_bytes) and (_.items[4].is_bytes) and (_.items[5].is_bytes) and (_.items[6].is_u32) and (_.items[7].is_u64) and (_.items[8].is_u64) and (_.items[9].is_bytes) and ( ((_.items[10].is_nil) or (_.items[10].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/filesystem/seq/0")
            self._dirty = False

        @property
        def device(self):
            """st_dev of its inodes: major << 32 | minor (makedev numbers differ between C libraries)."""
            if hasattr(self, '_m_device'):
                return self._m_device

            self._m_device = self.cells.items[7].int_value
            return getattr(self, '_m_device', None)

        def _invalidate_device(self):
            del self._m_device
        @property
        def extra(self):
            """Further attributes (subvolume, snapshot), or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[10].is_nil)):
                pass
                self._m_extra = self.cells.items[10]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def fsid(self):
            """f_fsid of statfs(2); 0 where the file system has none."""
            if hasattr(self, '_m_fsid'):
                return self._m_fsid

            self._m_fsid = self.cells.items[8].int_value
            return getattr(self, '_m_fsid', None)

        def _invalidate_fsid(self):
            del self._m_fsid
        @property
        def mount_id(self):
            """Mount id of mountinfo field 1."""
            if hasattr(self, '_m_mount_id'):
                return self._m_mount_id

            self._m_mount_id = self.cells.items[6].int_value
            return getattr(self, '_m_mount_id', None)

        def _invalidate_mount_id(self):
            del self._m_mount_id
        @property
        def mount_point(self):
            """Where it is mounted, seen from the task's root."""
            if hasattr(self, '_m_mount_point'):
                return self._m_mount_point

            self._m_mount_point = self.cells.items[4].bytes_value
            return getattr(self, '_m_mount_point', None)

        def _invalidate_mount_point(self):
            del self._m_mount_point
        @property
        def mount_root(self):
            """What of the file system is mounted there, mountinfo field 4."""
            if hasattr(self, '_m_mount_root'):
                return self._m_mount_root

            self._m_mount_root = self.cells.items[5].bytes_value
            return getattr(self, '_m_mount_root', None)

        def _invalidate_mount_root(self):
            del self._m_mount_root
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def options(self):
            """Mount options and super options, joined by a comma."""
            if hasattr(self, '_m_options'):
                return self._m_options

            self._m_options = self.cells.items[9].bytes_value
            return getattr(self, '_m_options', None)

        def _invalidate_options(self):
            del self._m_options
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers
        @property
        def source(self):
            """Source, mountinfo field 10 ("/dev/sda1")."""
            if hasattr(self, '_m_source'):
                return self._m_source

            self._m_source = self.cells.items[3].bytes_value
            return getattr(self, '_m_source', None)

        def _invalidate_source(self):
            del self._m_source
        @property
        def type(self):
            """Type, mountinfo field 9 ("ext4")."""
            if hasattr(self, '_m_type'):
                return self._m_type

            self._m_type = self.cells.items[2].bytes_value
            return getattr(self, '_m_type', None)

        def _invalidate_type(self):
            del self._m_type

    class Fs(ReadWriteKaitaiStruct):
        """What paths of a task start from (CLONE_FS of clone(2))."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Fs, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 6) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u32) and (_.items[3].is_u32) and (_.items[4].is_u32) and ( ((_.items[5].is_nil) or (_.items[5].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/fs/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Fs, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 6) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u32) and (_.items[3].is_u32) and (_.items[4].is_u32) and ( ((_.items[5].is_nil) or (_.items[5].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/fs/seq/0")
            self._dirty = False

        @property
        def cwd(self):
            """Working directory."""
            if hasattr(self, '_m_cwd'):
                return self._m_cwd

            self._m_cwd = self.cells.items[2].int_value
            return getattr(self, '_m_cwd', None)

        def _invalidate_cwd(self):
            del self._m_cwd
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[5].is_nil)):
                pass
                self._m_extra = self.cells.items[5]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers
        @property
        def root(self):
            """Root directory."""
            if hasattr(self, '_m_root'):
                return self._m_root

            self._m_root = self.cells.items[3].int_value
            return getattr(self, '_m_root', None)

        def _invalidate_root(self):
            del self._m_root
        @property
        def umask(self):
            """File mode creation mask."""
            if hasattr(self, '_m_umask'):
                return self._m_umask

            self._m_umask = self.cells.items[4].int_value
            return getattr(self, '_m_umask', None)

        def _invalidate_umask(self):
            del self._m_umask

    class HistoryEntry(ReadWriteKaitaiStruct):
        """How a revision came to be."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.HistoryEntry, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_s64) and (_.items[2].is_str) and (_.items[3].is_list) and (_.items[4].is_list) and (_.items[5].is_str) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/history_entry/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.HistoryEntry, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_s64) and (_.items[2].is_str) and (_.items[3].is_list) and (_.items[4].is_list) and (_.items[5].is_str) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/history_entry/seq/0")
            self._dirty = False

        @property
        def command(self):
            """Command line."""
            if hasattr(self, '_m_command'):
                return self._m_command

            self._m_command = self.cells.items[3].items
            return getattr(self, '_m_command', None)

        def _invalidate_command(self):
            del self._m_command
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_extra = self.cells.items[6]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def note(self):
            """What it did, for people; may be empty."""
            if hasattr(self, '_m_note'):
                return self._m_note

            self._m_note = self.cells.items[5].str_value
            return getattr(self, '_m_note', None)

        def _invalidate_note(self):
            del self._m_note
        @property
        def revision(self):
            """Number of the revision, 1 for the dump."""
            if hasattr(self, '_m_revision'):
                return self._m_revision

            self._m_revision = self.cells.items[0].int_value
            return getattr(self, '_m_revision', None)

        def _invalidate_revision(self):
            del self._m_revision
        @property
        def rules(self):
            """Rules that were applied, as they were given."""
            if hasattr(self, '_m_rules'):
                return self._m_rules

            self._m_rules = self.cells.items[4].items
            return getattr(self, '_m_rules', None)

        def _invalidate_rules(self):
            del self._m_rules
        @property
        def time(self):
            """CLOCK_REALTIME."""
            if hasattr(self, '_m_time'):
                return self._m_time

            self._m_time = self.cells.items[1].int_value
            return getattr(self, '_m_time', None)

        def _invalidate_time(self):
            del self._m_time
        @property
        def tool_version(self):
            """Version of the tool."""
            if hasattr(self, '_m_tool_version'):
                return self._m_tool_version

            self._m_tool_version = self.cells.items[2].str_value
            return getattr(self, '_m_tool_version', None)

        def _invalidate_tool_version(self):
            del self._m_tool_version

    class ImageInfo(ReadWriteKaitaiStruct):
        """What made the image, where and when. One row."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.ImageInfo, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 16) and (_.items[0].is_u32) and (_.items[1].is_str) and (_.items[2].is_str) and (_.items[3].is_str) and (_.items[4].is_str) and (_.items[5].is_str) and (_.items[6].is_bytes) and (_.items[7].is_str) and (_.items[8].is_u32) and (_.items[9].is_s64) and (_.items[10].is_s64) and (_.items[11].is_s64) and (_.items[12].is_list) and ( ((_.items[13].is_nil) or (_.items[13].is_bytes)) ) and (_.items[14].is_u32) and ( ((_.items[15].is_nil) or (_.items[15].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/image_info/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.ImageInfo, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 16) and (_.items[0].is_u32) and (_.items[1].is_str) and (_.items[2].is_str) and (_.items[3].is_str) and (_.items[4].is_str) and (_.items[5].is_str) and (_.items[6].is_bytes) and (_.items[7].is_str) and (_.items[8].is_u32) and (_.items[9].is_s64) and (_.items[10].is_s64) and (_.items[11].is_s64) and (_.items[12].is_list) and ( ((_.items[13].is_nil) or (_.items[13].is_bytes)) ) and (_.items[14].is_u32) and ( ((_.items[15].is_nil) or (_.items[15].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/image_info/seq/0")
            self._dirty = False

        @property
        def architecture(self):
            """uname(2) machine ("x86_64")."""
            if hasattr(self, '_m_architecture'):
                return self._m_architecture

            self._m_architecture = self.cells.items[5].str_value
            return getattr(self, '_m_architecture', None)

        def _invalidate_architecture(self):
            del self._m_architecture
        @property
        def boot_id(self):
            """/proc/sys/kernel/random/boot_id: tells one boot of a machine from another."""
            if hasattr(self, '_m_boot_id'):
                return self._m_boot_id

            self._m_boot_id = self.cells.items[7].str_value
            return getattr(self, '_m_boot_id', None)

        def _invalidate_boot_id(self):
            del self._m_boot_id
        @property
        def boottime(self):
            """CLOCK_BOOTTIME at the same moment."""
            if hasattr(self, '_m_boottime'):
                return self._m_boottime

            self._m_boottime = self.cells.items[11].int_value
            return getattr(self, '_m_boottime', None)

        def _invalidate_boottime(self):
            del self._m_boottime
        @property
        def command(self):
            """Command line of the dump."""
            if hasattr(self, '_m_command'):
                return self._m_command

            self._m_command = self.cells.items[12].items
            return getattr(self, '_m_command', None)

        def _invalidate_command(self):
            del self._m_command
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[15].is_nil)):
                pass
                self._m_extra = self.cells.items[15]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def hostname(self):
            """uname(2) nodename."""
            if hasattr(self, '_m_hostname'):
                return self._m_hostname

            self._m_hostname = self.cells.items[6].bytes_value
            return getattr(self, '_m_hostname', None)

        def _invalidate_hostname(self):
            del self._m_hostname
        @property
        def kernel_release(self):
            """uname(2) release of the machine of the dump."""
            if hasattr(self, '_m_kernel_release'):
                return self._m_kernel_release

            self._m_kernel_release = self.cells.items[3].str_value
            return getattr(self, '_m_kernel_release', None)

        def _invalidate_kernel_release(self):
            del self._m_kernel_release
        @property
        def kernel_version(self):
            """uname(2) version."""
            if hasattr(self, '_m_kernel_version'):
                return self._m_kernel_version

            self._m_kernel_version = self.cells.items[4].str_value
            return getattr(self, '_m_kernel_version', None)

        def _invalidate_kernel_version(self):
            del self._m_kernel_version
        @property
        def monotonic(self):
            """CLOCK_MONOTONIC at the same moment."""
            if hasattr(self, '_m_monotonic'):
                return self._m_monotonic

            self._m_monotonic = self.cells.items[10].int_value
            return getattr(self, '_m_monotonic', None)

        def _invalidate_monotonic(self):
            del self._m_monotonic
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def page_size(self):
            """Bytes in a page of memory, sysconf(_SC_PAGESIZE)."""
            if hasattr(self, '_m_page_size'):
                return self._m_page_size

            self._m_page_size = self.cells.items[8].int_value
            return getattr(self, '_m_page_size', None)

        def _invalidate_page_size(self):
            del self._m_page_size
        @property
        def parent(self):
            """Uuid of the image that holds the pages which are not in this one (incremental), or nil."""
            if hasattr(self, '_m_parent'):
                return self._m_parent

            if (not (self.cells.items[13].is_nil)):
                pass
                self._m_parent = self.cells.items[13].bytes_value

            return getattr(self, '_m_parent', None)

        def _invalidate_parent(self):
            del self._m_parent
        @property
        def realtime(self):
            """CLOCK_REALTIME when the tasks were stopped."""
            if hasattr(self, '_m_realtime'):
                return self._m_realtime

            self._m_realtime = self.cells.items[9].int_value
            return getattr(self, '_m_realtime', None)

        def _invalidate_realtime(self):
            del self._m_realtime
        @property
        def root(self):
            """The task that was asked for; the root of the tree."""
            if hasattr(self, '_m_root'):
                return self._m_root

            self._m_root = self.cells.items[14].int_value
            return getattr(self, '_m_root', None)

        def _invalidate_root(self):
            del self._m_root
        @property
        def tool(self):
            """Program that made the image ("crimg")."""
            if hasattr(self, '_m_tool'):
                return self._m_tool

            self._m_tool = self.cells.items[1].str_value
            return getattr(self, '_m_tool', None)

        def _invalidate_tool(self):
            del self._m_tool
        @property
        def tool_version(self):
            """Its version."""
            if hasattr(self, '_m_tool_version'):
                return self._m_tool_version

            self._m_tool_version = self.cells.items[2].str_value
            return getattr(self, '_m_tool_version', None)

        def _invalidate_tool_version(self):
            del self._m_tool_version

    class Inode(ReadWriteKaitaiStruct):
        """An inode as it was at the dump: the evidence by which it is known again (inode(7), statx(2))."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Inode, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 25) and (_.items[0].is_u32) and (_.items[1].is_u32) and ( ((_.items[2].is_nil) or (_.items[2].is_u32)) ) and (_.items[3].is_u64) and (_.items[4].is_u64) and ( ((_.items[5].is_nil) or (_.items[5].is_u32)) ) and ( ((_.items[6].is_nil) or (_.items[6].is_s32)) ) and ( ((_.items[7].is_nil) or (_.items[7].is_bytes)) ) and (_.items[8].is_u32) and (_.items[9].is_u32) and (_.items[10].is_u32) and (_.items[11].is_u64) and (_.items[12].is_u32) and (_.items[13].is_u64) and (_.items[14].is_u64) and (_.items[15].is_s64) and (_.items[16].is_s64) and ( ((_.items[17].is_nil) or (_.items[17].is_s64)) ) and ( ((_.items[18].is_nil) or (_.items[18].is_str)) ) and ( ((_.items[19].is_nil) or (_.items[19].is_bytes)) ) and ( ((_.items[20].is_nil) or (_.items[20].is_bytes)) ) and (_.items[21].is_u8) and (_.items[22].is_list) and ( ((_.items[23].is_nil) or (_.items[23].is_bytes)) ) and ( ((_.items[24].is_nil) or (_.items[24].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/inode/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Inode, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 25) and (_.items[0].is_u32) and (_.items[1].is_u32) and ( ((_.items[2].is_nil) or (_.items[2].is_u32)) ) and (_.items[3].is_u64) and (_.items[4].is_u64) and ( ((_.items[5].is_nil) or (_.items[5].is_u32)) ) and ( ((_.items[6].is_nil) or (_.items[6].is_s32)) ) and ( ((_.items[7].is_nil) or (_.items[7].is_bytes)) ) and (_.items[8].is_u32) and (_.items[9].is_u32) and (_.items[10].is_u32) and (_.items[11].is_u64) and (_.items[12].is_u32) and (_.items[13].is_u64) and (_.items[14].is_u64) and (_.items[15].is_s64) and (_.items[16].is_s64) and ( ((_.items[17].is_nil) or (_.items[17].is_s64)) ) and ( ((_.items[18].is_nil) or (_.items[18].is_str)) ) and ( ((_.items[19].is_nil) or (_.items[19].is_bytes)) ) and ( ((_.items[20].is_nil) or (_.items[20].is_bytes)) ) and (_.items[21].is_u8) and (_.items[22].is_list) and ( ((_.items[23].is_nil) or (_.items[23].is_bytes)) ) and ( ((_.items[24].is_nil) or (_.items[24].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/inode/seq/0")
            self._dirty = False

        @property
        def blobs(self):
            """BLOB sections with its contents, in the order of offsets, where embedded."""
            if hasattr(self, '_m_blobs'):
                return self._m_blobs

            self._m_blobs = self.cells.items[22].items
            return getattr(self, '_m_blobs', None)

        def _invalidate_blobs(self):
            del self._m_blobs
        @property
        def blocks(self):
            """Allocated blocks of 512 bytes."""
            if hasattr(self, '_m_blocks'):
                return self._m_blocks

            self._m_blocks = self.cells.items[14].int_value
            return getattr(self, '_m_blocks', None)

        def _invalidate_blocks(self):
            del self._m_blocks
        @property
        def btime(self):
            """Creation, or nil where the file system does not keep it."""
            if hasattr(self, '_m_btime'):
                return self._m_btime

            if (not (self.cells.items[17].is_nil)):
                pass
                self._m_btime = self.cells.items[17].int_value

            return getattr(self, '_m_btime', None)

        def _invalidate_btime(self):
            del self._m_btime
        @property
        def build_id(self):
            """GNU build-id note of an ELF file, or nil."""
            if hasattr(self, '_m_build_id'):
                return self._m_build_id

            if (not (self.cells.items[20].is_nil)):
                pass
                self._m_build_id = self.cells.items[20].bytes_value

            return getattr(self, '_m_build_id', None)

        def _invalidate_build_id(self):
            del self._m_build_id
        @property
        def ctime(self):
            """Last change of the inode."""
            if hasattr(self, '_m_ctime'):
                return self._m_ctime

            self._m_ctime = self.cells.items[16].int_value
            return getattr(self, '_m_ctime', None)

        def _invalidate_ctime(self):
            del self._m_ctime
        @property
        def device(self):
            """Device of the file system: major << 32 | minor."""
            if hasattr(self, '_m_device'):
                return self._m_device

            self._m_device = self.cells.items[3].int_value
            return getattr(self, '_m_device', None)

        def _invalidate_device(self):
            del self._m_device
        @property
        def digest(self):
            """Digest of the whole contents, or nil."""
            if hasattr(self, '_m_digest'):
                return self._m_digest

            if (not (self.cells.items[19].is_nil)):
                pass
                self._m_digest = self.cells.items[19].bytes_value

            return getattr(self, '_m_digest', None)

        def _invalidate_digest(self):
            del self._m_digest
        @property
        def digest_kind(self):
            """Algorithm of the digest ("sha256"), or nil."""
            if hasattr(self, '_m_digest_kind'):
                return self._m_digest_kind

            if (not (self.cells.items[18].is_nil)):
                pass
                self._m_digest_kind = self.cells.items[18].str_value

            return getattr(self, '_m_digest_kind', None)

        def _invalidate_digest_kind(self):
            del self._m_digest_kind
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[24].is_nil)):
                pass
                self._m_extra = self.cells.items[24]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def filesystem(self):
            """The file system it is on; nil where no mount of the task's shows it."""
            if hasattr(self, '_m_filesystem'):
                return self._m_filesystem

            if (not (self.cells.items[2].is_nil)):
                pass
                self._m_filesystem = self.cells.items[2].int_value

            return getattr(self, '_m_filesystem', None)

        def _invalidate_filesystem(self):
            del self._m_filesystem
        @property
        def generation(self):
            """Inode generation (FS_IOC_GETVERSION): tells a reused number apart; nil where not to be had."""
            if hasattr(self, '_m_generation'):
                return self._m_generation

            if (not (self.cells.items[5].is_nil)):
                pass
                self._m_generation = self.cells.items[5].int_value

            return getattr(self, '_m_generation', None)

        def _invalidate_generation(self):
            del self._m_generation
        @property
        def gid(self):
            """Group."""
            if hasattr(self, '_m_gid'):
                return self._m_gid

            self._m_gid = self.cells.items[10].int_value
            return getattr(self, '_m_gid', None)

        def _invalidate_gid(self):
            del self._m_gid
        @property
        def handle(self):
            """The file handle, which stays the same for the life of the inode, or nil."""
            if hasattr(self, '_m_handle'):
                return self._m_handle

            if (not (self.cells.items[7].is_nil)):
                pass
                self._m_handle = self.cells.items[7].bytes_value

            return getattr(self, '_m_handle', None)

        def _invalidate_handle(self):
            del self._m_handle
        @property
        def handle_type(self):
            """Type of the file handle (name_to_handle_at(2)), or nil."""
            if hasattr(self, '_m_handle_type'):
                return self._m_handle_type

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_handle_type = self.cells.items[6].int_value

            return getattr(self, '_m_handle_type', None)

        def _invalidate_handle_type(self):
            del self._m_handle_type
        @property
        def keeper(self):
            """How the contents of a deleted file are kept (`keeper`)."""
            if hasattr(self, '_m_keeper'):
                return self._m_keeper

            self._m_keeper = KaitaiStream.resolve_enum(CrimgTables.Keeper, self.cells.items[21].int_value)
            return getattr(self, '_m_keeper', None)

        def _invalidate_keeper(self):
            del self._m_keeper
        @property
        def keeper_path(self):
            """The file that keeps it, where copied or re-linked, else nil."""
            if hasattr(self, '_m_keeper_path'):
                return self._m_keeper_path

            if (not (self.cells.items[23].is_nil)):
                pass
                self._m_keeper_path = self.cells.items[23].bytes_value

            return getattr(self, '_m_keeper_path', None)

        def _invalidate_keeper_path(self):
            del self._m_keeper_path
        @property
        def mode(self):
            """Type and permission bits (st_mode)."""
            if hasattr(self, '_m_mode'):
                return self._m_mode

            self._m_mode = self.cells.items[8].int_value
            return getattr(self, '_m_mode', None)

        def _invalidate_mode(self):
            del self._m_mode
        @property
        def mtime(self):
            """Last change of the contents."""
            if hasattr(self, '_m_mtime'):
                return self._m_mtime

            self._m_mtime = self.cells.items[15].int_value
            return getattr(self, '_m_mtime', None)

        def _invalidate_mtime(self):
            del self._m_mtime
        @property
        def nlink(self):
            """Names it had."""
            if hasattr(self, '_m_nlink'):
                return self._m_nlink

            self._m_nlink = self.cells.items[12].int_value
            return getattr(self, '_m_nlink', None)

        def _invalidate_nlink(self):
            del self._m_nlink
        @property
        def number(self):
            """Inode number."""
            if hasattr(self, '_m_number'):
                return self._m_number

            self._m_number = self.cells.items[4].int_value
            return getattr(self, '_m_number', None)

        def _invalidate_number(self):
            del self._m_number
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def rdev(self):
            """Device that a device file stands for: major << 32 | minor; else 0."""
            if hasattr(self, '_m_rdev'):
                return self._m_rdev

            self._m_rdev = self.cells.items[11].int_value
            return getattr(self, '_m_rdev', None)

        def _invalidate_rdev(self):
            del self._m_rdev
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers
        @property
        def size(self):
            """Size in bytes."""
            if hasattr(self, '_m_size'):
                return self._m_size

            self._m_size = self.cells.items[13].int_value
            return getattr(self, '_m_size', None)

        def _invalidate_size(self):
            del self._m_size
        @property
        def uid(self):
            """Owner."""
            if hasattr(self, '_m_uid'):
                return self._m_uid

            self._m_uid = self.cells.items[9].int_value
            return getattr(self, '_m_uid', None)

        def _invalidate_uid(self):
            del self._m_uid

    class Lock(ReadWriteKaitaiStruct):
        """A lock held on a file (/proc/PID/fdinfo, "lock:" lines)."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Lock, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_u8) and (_.items[2].is_bool) and (_.items[3].is_s32) and (_.items[4].is_u64) and ( ((_.items[5].is_nil) or (_.items[5].is_u64)) ) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/lock/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Lock, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_u8) and (_.items[2].is_bool) and (_.items[3].is_s32) and (_.items[4].is_u64) and ( ((_.items[5].is_nil) or (_.items[5].is_u64)) ) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/lock/seq/0")
            self._dirty = False

        @property
        def end(self):
            """Last byte; nil for "to the end of the file"."""
            if hasattr(self, '_m_end'):
                return self._m_end

            if (not (self.cells.items[5].is_nil)):
                pass
                self._m_end = self.cells.items[5].int_value

            return getattr(self, '_m_end', None)

        def _invalidate_end(self):
            del self._m_end
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_extra = self.cells.items[6]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def file(self):
            """The open file description it was seen on."""
            if hasattr(self, '_m_file'):
                return self._m_file

            self._m_file = self.cells.items[0].int_value
            return getattr(self, '_m_file', None)

        def _invalidate_file(self):
            del self._m_file
        @property
        def kind(self):
            """Kind of lock (`lock_kind`)."""
            if hasattr(self, '_m_kind'):
                return self._m_kind

            self._m_kind = KaitaiStream.resolve_enum(CrimgTables.LockKind, self.cells.items[1].int_value)
            return getattr(self, '_m_kind', None)

        def _invalidate_kind(self):
            del self._m_kind
        @property
        def pid(self):
            """Holder as the kernel gives it; -1 for an OFD lock."""
            if hasattr(self, '_m_pid'):
                return self._m_pid

            self._m_pid = self.cells.items[3].int_value
            return getattr(self, '_m_pid', None)

        def _invalidate_pid(self):
            del self._m_pid
        @property
        def start(self):
            """First byte."""
            if hasattr(self, '_m_start'):
                return self._m_start

            self._m_start = self.cells.items[4].int_value
            return getattr(self, '_m_start', None)

        def _invalidate_start(self):
            del self._m_start
        @property
        def write(self):
            """Exclusive, else shared."""
            if hasattr(self, '_m_write'):
                return self._m_write

            self._m_write = self.cells.items[2].bool_value
            return getattr(self, '_m_write', None)

        def _invalidate_write(self):
            del self._m_write

    class LogEntry(ReadWriteKaitaiStruct):
        """One remark of the dump or of a restart."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.LogEntry, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 5) and (_.items[0].is_s64) and (_.items[1].is_u8) and (_.items[2].is_str) and ( ((_.items[3].is_nil) or (_.items[3].is_u32)) ) and ( ((_.items[4].is_nil) or (_.items[4].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/log_entry/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.LogEntry, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 5) and (_.items[0].is_s64) and (_.items[1].is_u8) and (_.items[2].is_str) and ( ((_.items[3].is_nil) or (_.items[3].is_u32)) ) and ( ((_.items[4].is_nil) or (_.items[4].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/log_entry/seq/0")
            self._dirty = False

        @property
        def extra(self):
            """Figures that belong to it ("stopped_ns"), or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[4].is_nil)):
                pass
                self._m_extra = self.cells.items[4]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def objref(self):
            """The object it is about, or nil. No reference: it may name what is not in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            if (not (self.cells.items[3].is_nil)):
                pass
                self._m_objref = self.cells.items[3].int_value

            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def severity(self):
            """Weight (`severity`)."""
            if hasattr(self, '_m_severity'):
                return self._m_severity

            self._m_severity = KaitaiStream.resolve_enum(CrimgTables.Severity, self.cells.items[1].int_value)
            return getattr(self, '_m_severity', None)

        def _invalidate_severity(self):
            del self._m_severity
        @property
        def text(self):
            """One line."""
            if hasattr(self, '_m_text'):
                return self._m_text

            self._m_text = self.cells.items[2].str_value
            return getattr(self, '_m_text', None)

        def _invalidate_text(self):
            del self._m_text
        @property
        def time(self):
            """CLOCK_REALTIME."""
            if hasattr(self, '_m_time'):
                return self._m_time

            self._m_time = self.cells.items[0].int_value
            return getattr(self, '_m_time', None)

        def _invalidate_time(self):
            del self._m_time

    class Mm(ReadWriteKaitaiStruct):
        """An address space (struct mm_struct); addresses from /proc/PID/stat and prctl(PR_SET_MM_MAP)."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Mm, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 18) and (_.items[0].is_u32) and (_.items[1].is_u32) and ( ((_.items[2].is_nil) or (_.items[2].is_u32)) ) and (_.items[3].is_u64) and (_.items[4].is_u64) and (_.items[5].is_u64) and (_.items[6].is_u64) and (_.items[7].is_u64) and (_.items[8].is_u64) and (_.items[9].is_u64) and (_.items[10].is_u64) and (_.items[11].is_u64) and (_.items[12].is_u64) and (_.items[13].is_u64) and (_.items[14].is_bytes) and (_.items[15].is_u8) and ( ((_.items[16].is_nil) or (_.items[16].is_u32)) ) and ( ((_.items[17].is_nil) or (_.items[17].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/mm/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Mm, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 18) and (_.items[0].is_u32) and (_.items[1].is_u32) and ( ((_.items[2].is_nil) or (_.items[2].is_u32)) ) and (_.items[3].is_u64) and (_.items[4].is_u64) and (_.items[5].is_u64) and (_.items[6].is_u64) and (_.items[7].is_u64) and (_.items[8].is_u64) and (_.items[9].is_u64) and (_.items[10].is_u64) and (_.items[11].is_u64) and (_.items[12].is_u64) and (_.items[13].is_u64) and (_.items[14].is_bytes) and (_.items[15].is_u8) and ( ((_.items[16].is_nil) or (_.items[16].is_u32)) ) and ( ((_.items[17].is_nil) or (_.items[17].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/mm/seq/0")
            self._dirty = False

        @property
        def arg_end(self):
            """End of the arguments."""
            if hasattr(self, '_m_arg_end'):
                return self._m_arg_end

            self._m_arg_end = self.cells.items[11].int_value
            return getattr(self, '_m_arg_end', None)

        def _invalidate_arg_end(self):
            del self._m_arg_end
        @property
        def arg_start(self):
            """First byte of the arguments."""
            if hasattr(self, '_m_arg_start'):
                return self._m_arg_start

            self._m_arg_start = self.cells.items[10].int_value
            return getattr(self, '_m_arg_start', None)

        def _invalidate_arg_start(self):
            del self._m_arg_start
        @property
        def auxv(self):
            """Auxiliary vector, pairs of 64-bit words (getauxval(3), /proc/PID/auxv)."""
            if hasattr(self, '_m_auxv'):
                return self._m_auxv

            self._m_auxv = self.cells.items[14].bytes_value
            return getattr(self, '_m_auxv', None)

        def _invalidate_auxv(self):
            del self._m_auxv
        @property
        def brk(self):
            """Program break, brk(2)."""
            if hasattr(self, '_m_brk'):
                return self._m_brk

            self._m_brk = self.cells.items[8].int_value
            return getattr(self, '_m_brk', None)

        def _invalidate_brk(self):
            del self._m_brk
        @property
        def dumpable(self):
            """prctl(PR_GET_DUMPABLE): 0, 1 or 2."""
            if hasattr(self, '_m_dumpable'):
                return self._m_dumpable

            self._m_dumpable = self.cells.items[15].int_value
            return getattr(self, '_m_dumpable', None)

        def _invalidate_dumpable(self):
            del self._m_dumpable
        @property
        def end_code(self):
            """End of the text."""
            if hasattr(self, '_m_end_code'):
                return self._m_end_code

            self._m_end_code = self.cells.items[4].int_value
            return getattr(self, '_m_end_code', None)

        def _invalidate_end_code(self):
            del self._m_end_code
        @property
        def end_data(self):
            """End of initialised data."""
            if hasattr(self, '_m_end_data'):
                return self._m_end_data

            self._m_end_data = self.cells.items[6].int_value
            return getattr(self, '_m_end_data', None)

        def _invalidate_end_data(self):
            del self._m_end_data
        @property
        def env_end(self):
            """End of the environment."""
            if hasattr(self, '_m_env_end'):
                return self._m_env_end

            self._m_env_end = self.cells.items[13].int_value
            return getattr(self, '_m_env_end', None)

        def _invalidate_env_end(self):
            del self._m_env_end
        @property
        def env_start(self):
            """First byte of the environment."""
            if hasattr(self, '_m_env_start'):
                return self._m_env_start

            self._m_env_start = self.cells.items[12].int_value
            return getattr(self, '_m_env_start', None)

        def _invalidate_env_start(self):
            del self._m_env_start
        @property
        def exe(self):
            """The program file (/proc/PID/exe), or nil."""
            if hasattr(self, '_m_exe'):
                return self._m_exe

            if (not (self.cells.items[2].is_nil)):
                pass
                self._m_exe = self.cells.items[2].int_value

            return getattr(self, '_m_exe', None)

        def _invalidate_exe(self):
            del self._m_exe
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[17].is_nil)):
                pass
                self._m_extra = self.cells.items[17]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def pagemap(self):
            """PAGEMAP section with the pages that were saved, or nil for none."""
            if hasattr(self, '_m_pagemap'):
                return self._m_pagemap

            if (not (self.cells.items[16].is_nil)):
                pass
                self._m_pagemap = self.cells.items[16].int_value

            return getattr(self, '_m_pagemap', None)

        def _invalidate_pagemap(self):
            del self._m_pagemap
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers
        @property
        def start_brk(self):
            """Start of the heap."""
            if hasattr(self, '_m_start_brk'):
                return self._m_start_brk

            self._m_start_brk = self.cells.items[7].int_value
            return getattr(self, '_m_start_brk', None)

        def _invalidate_start_brk(self):
            del self._m_start_brk
        @property
        def start_code(self):
            """First byte of the program's text."""
            if hasattr(self, '_m_start_code'):
                return self._m_start_code

            self._m_start_code = self.cells.items[3].int_value
            return getattr(self, '_m_start_code', None)

        def _invalidate_start_code(self):
            del self._m_start_code
        @property
        def start_data(self):
            """First byte of initialised data."""
            if hasattr(self, '_m_start_data'):
                return self._m_start_data

            self._m_start_data = self.cells.items[5].int_value
            return getattr(self, '_m_start_data', None)

        def _invalidate_start_data(self):
            del self._m_start_data
        @property
        def start_stack(self):
            """Stack pointer at the program's start."""
            if hasattr(self, '_m_start_stack'):
                return self._m_start_stack

            self._m_start_stack = self.cells.items[9].int_value
            return getattr(self, '_m_start_stack', None)

        def _invalidate_start_stack(self):
            del self._m_start_stack

    class Namespaces(ReadWriteKaitaiStruct):
        """The namespaces of a task by inode number (namespaces(7), /proc/PID/ns)."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Namespaces, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 11) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u64) and (_.items[3].is_u64) and (_.items[4].is_u64) and (_.items[5].is_u64) and (_.items[6].is_u64) and (_.items[7].is_u64) and (_.items[8].is_u64) and (_.items[9].is_u64) and ( ((_.items[10].is_nil) or (_.items[10].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/namespaces/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Namespaces, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 11) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u64) and (_.items[3].is_u64) and (_.items[4].is_u64) and (_.items[5].is_u64) and (_.items[6].is_u64) and (_.items[7].is_u64) and (_.items[8].is_u64) and (_.items[9].is_u64) and ( ((_.items[10].is_nil) or (_.items[10].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/namespaces/seq/0")
            self._dirty = False

        @property
        def cgroup(self):
            """Control group namespace."""
            if hasattr(self, '_m_cgroup'):
                return self._m_cgroup

            self._m_cgroup = self.cells.items[2].int_value
            return getattr(self, '_m_cgroup', None)

        def _invalidate_cgroup(self):
            del self._m_cgroup
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[10].is_nil)):
                pass
                self._m_extra = self.cells.items[10]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def ipc(self):
            """System V IPC and POSIX message queues."""
            if hasattr(self, '_m_ipc'):
                return self._m_ipc

            self._m_ipc = self.cells.items[3].int_value
            return getattr(self, '_m_ipc', None)

        def _invalidate_ipc(self):
            del self._m_ipc
        @property
        def mnt(self):
            """Mounts."""
            if hasattr(self, '_m_mnt'):
                return self._m_mnt

            self._m_mnt = self.cells.items[4].int_value
            return getattr(self, '_m_mnt', None)

        def _invalidate_mnt(self):
            del self._m_mnt
        @property
        def net(self):
            """Network."""
            if hasattr(self, '_m_net'):
                return self._m_net

            self._m_net = self.cells.items[5].int_value
            return getattr(self, '_m_net', None)

        def _invalidate_net(self):
            del self._m_net
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def pid(self):
            """Process ids."""
            if hasattr(self, '_m_pid'):
                return self._m_pid

            self._m_pid = self.cells.items[6].int_value
            return getattr(self, '_m_pid', None)

        def _invalidate_pid(self):
            del self._m_pid
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers
        @property
        def time(self):
            """Boot and monotonic clocks; 0 where the kernel has none."""
            if hasattr(self, '_m_time'):
                return self._m_time

            self._m_time = self.cells.items[7].int_value
            return getattr(self, '_m_time', None)

        def _invalidate_time(self):
            del self._m_time
        @property
        def user(self):
            """User and group ids."""
            if hasattr(self, '_m_user'):
                return self._m_user

            self._m_user = self.cells.items[8].int_value
            return getattr(self, '_m_user', None)

        def _invalidate_user(self):
            del self._m_user
        @property
        def uts(self):
            """Host name."""
            if hasattr(self, '_m_uts'):
                return self._m_uts

            self._m_uts = self.cells.items[9].int_value
            return getattr(self, '_m_uts', None)

        def _invalidate_uts(self):
            del self._m_uts

    class OtherRow(ReadWriteKaitaiStruct):
        """A row of a kind of 0x8000 or above, which readers of this version skip and keep. Such rows stand in
        OBJECTS sections of their own, which have the kind as their `kind`.
        """
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.OtherRow, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.OtherRow, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            self._dirty = False


    class Pipe(ReadWriteKaitaiStruct):
        """The buffer behind a pipe or an open FIFO (pipe(7))."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Pipe, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u64) and (_.items[3].is_u32) and (_.items[4].is_u32) and (_.items[5].is_list) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/pipe/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Pipe, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u64) and (_.items[3].is_u32) and (_.items[4].is_u32) and (_.items[5].is_list) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/pipe/seq/0")
            self._dirty = False

        @property
        def blobs(self):
            """BLOB sections with these bytes."""
            if hasattr(self, '_m_blobs'):
                return self._m_blobs

            self._m_blobs = self.cells.items[5].items
            return getattr(self, '_m_blobs', None)

        def _invalidate_blobs(self):
            del self._m_blobs
        @property
        def capacity(self):
            """Bytes it can hold (F_GETPIPE_SZ)."""
            if hasattr(self, '_m_capacity'):
                return self._m_capacity

            self._m_capacity = self.cells.items[3].int_value
            return getattr(self, '_m_capacity', None)

        def _invalidate_capacity(self):
            del self._m_capacity
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_extra = self.cells.items[6]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def length(self):
            """Bytes that were in it."""
            if hasattr(self, '_m_length'):
                return self._m_length

            self._m_length = self.cells.items[4].int_value
            return getattr(self, '_m_length', None)

        def _invalidate_length(self):
            del self._m_length
        @property
        def number(self):
            """Inode number: of pipefs, or of the FIFO."""
            if hasattr(self, '_m_number'):
                return self._m_number

            self._m_number = self.cells.items[2].int_value
            return getattr(self, '_m_number', None)

        def _invalidate_number(self):
            del self._m_number
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers

    class PosixTimer(ReadWriteKaitaiStruct):
        """A POSIX timer (timer_create(2), /proc/PID/timers)."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.PosixTimer, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 10) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_s32) and (_.items[3].is_u32) and (_.items[4].is_u32) and (_.items[5].is_u64) and ( ((_.items[6].is_nil) or (_.items[6].is_u32)) ) and (_.items[7].is_s64) and (_.items[8].is_s64) and ( ((_.items[9].is_nil) or (_.items[9].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/posix_timer/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.PosixTimer, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 10) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_s32) and (_.items[3].is_u32) and (_.items[4].is_u32) and (_.items[5].is_u64) and ( ((_.items[6].is_nil) or (_.items[6].is_u32)) ) and (_.items[7].is_s64) and (_.items[8].is_s64) and ( ((_.items[9].is_nil) or (_.items[9].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/posix_timer/seq/0")
            self._dirty = False

        @property
        def clock(self):
            """Clock id as the kernel knows it."""
            if hasattr(self, '_m_clock'):
                return self._m_clock

            self._m_clock = self.cells.items[2].int_value
            return getattr(self, '_m_clock', None)

        def _invalidate_clock(self):
            del self._m_clock
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[9].is_nil)):
                pass
                self._m_extra = self.cells.items[9]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def id(self):
            """Timer id."""
            if hasattr(self, '_m_id'):
                return self._m_id

            self._m_id = self.cells.items[1].int_value
            return getattr(self, '_m_id', None)

        def _invalidate_id(self):
            del self._m_id
        @property
        def interval(self):
            """Period, 0 for none."""
            if hasattr(self, '_m_interval'):
                return self._m_interval

            self._m_interval = self.cells.items[7].int_value
            return getattr(self, '_m_interval', None)

        def _invalidate_interval(self):
            del self._m_interval
        @property
        def notify(self):
            """sigev_notify."""
            if hasattr(self, '_m_notify'):
                return self._m_notify

            self._m_notify = self.cells.items[3].int_value
            return getattr(self, '_m_notify', None)

        def _invalidate_notify(self):
            del self._m_notify
        @property
        def remaining(self):
            """Time left, 0 for not armed."""
            if hasattr(self, '_m_remaining'):
                return self._m_remaining

            self._m_remaining = self.cells.items[8].int_value
            return getattr(self, '_m_remaining', None)

        def _invalidate_remaining(self):
            del self._m_remaining
        @property
        def signal(self):
            """The process it belongs to."""
            if hasattr(self, '_m_signal'):
                return self._m_signal

            self._m_signal = self.cells.items[0].int_value
            return getattr(self, '_m_signal', None)

        def _invalidate_signal(self):
            del self._m_signal
        @property
        def signo(self):
            """Signal it sends, 0 for none."""
            if hasattr(self, '_m_signo'):
                return self._m_signo

            self._m_signo = self.cells.items[4].int_value
            return getattr(self, '_m_signo', None)

        def _invalidate_signo(self):
            del self._m_signo
        @property
        def tid(self):
            """Thread that is notified (SIGEV_THREAD_ID), else nil."""
            if hasattr(self, '_m_tid'):
                return self._m_tid

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_tid = self.cells.items[6].int_value

            return getattr(self, '_m_tid', None)

        def _invalidate_tid(self):
            del self._m_tid
        @property
        def value(self):
            """sigev_value as the target gave it."""
            if hasattr(self, '_m_value'):
                return self._m_value

            self._m_value = self.cells.items[5].int_value
            return getattr(self, '_m_value', None)

        def _invalidate_value(self):
            del self._m_value

    class SharedMemory(ReadWriteKaitaiStruct):
        """Memory that is shared without a file on a mounted file system; its contents are those of the inode."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.SharedMemory, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_u8) and (_.items[2].is_bytes) and ( ((_.items[3].is_nil) or (_.items[3].is_u32)) ) and ( ((_.items[4].is_nil) or (_.items[4].is_s32)) ) and ( ((_.items[5].is_nil) or (_.items[5].is_u32)) ) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/shared_memory/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.SharedMemory, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_u8) and (_.items[2].is_bytes) and ( ((_.items[3].is_nil) or (_.items[3].is_u32)) ) and ( ((_.items[4].is_nil) or (_.items[4].is_s32)) ) and ( ((_.items[5].is_nil) or (_.items[5].is_u32)) ) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/shared_memory/seq/0")
            self._dirty = False

        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_extra = self.cells.items[6]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def inode(self):
            """The inode of the memory."""
            if hasattr(self, '_m_inode'):
                return self._m_inode

            self._m_inode = self.cells.items[0].int_value
            return getattr(self, '_m_inode', None)

        def _invalidate_inode(self):
            del self._m_inode
        @property
        def ipc_key(self):
            """Key of a System V segment (shmget(2)), or nil."""
            if hasattr(self, '_m_ipc_key'):
                return self._m_ipc_key

            if (not (self.cells.items[4].is_nil)):
                pass
                self._m_ipc_key = self.cells.items[4].int_value

            return getattr(self, '_m_ipc_key', None)

        def _invalidate_ipc_key(self):
            del self._m_ipc_key
        @property
        def kind(self):
            """What it is (`memory_kind`)."""
            if hasattr(self, '_m_kind'):
                return self._m_kind

            self._m_kind = KaitaiStream.resolve_enum(CrimgTables.MemoryKind, self.cells.items[1].int_value)
            return getattr(self, '_m_kind', None)

        def _invalidate_kind(self):
            del self._m_kind
        @property
        def mode(self):
            """Permission bits of a System V segment, with SHM_DEST (01000) where it was removed, or nil."""
            if hasattr(self, '_m_mode'):
                return self._m_mode

            if (not (self.cells.items[5].is_nil)):
                pass
                self._m_mode = self.cells.items[5].int_value

            return getattr(self, '_m_mode', None)

        def _invalidate_mode(self):
            del self._m_mode
        @property
        def name(self):
            """Name that memfd_create(2) was given; empty for other memory."""
            if hasattr(self, '_m_name'):
                return self._m_name

            self._m_name = self.cells.items[2].bytes_value
            return getattr(self, '_m_name', None)

        def _invalidate_name(self):
            del self._m_name
        @property
        def seals(self):
            """F_SEAL_* of a memfd (F_GET_SEALS of fcntl(2)), or nil."""
            if hasattr(self, '_m_seals'):
                return self._m_seals

            if (not (self.cells.items[3].is_nil)):
                pass
                self._m_seals = self.cells.items[3].int_value

            return getattr(self, '_m_seals', None)

        def _invalidate_seals(self):
            del self._m_seals

    class Sigaction(ReadWriteKaitaiStruct):
        """The action of one signal, where it is not SIG_DFL with no flags (rt_sigaction(2))."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Sigaction, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_u8) and (_.items[2].is_u64) and (_.items[3].is_u64) and (_.items[4].is_u64) and (_.items[5].is_u64) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/sigaction/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Sigaction, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_u8) and (_.items[2].is_u64) and (_.items[3].is_u64) and (_.items[4].is_u64) and (_.items[5].is_u64) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/sigaction/seq/0")
            self._dirty = False

        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_extra = self.cells.items[6]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def flags(self):
            """SA_* flags."""
            if hasattr(self, '_m_flags'):
                return self._m_flags

            self._m_flags = self.cells.items[3].int_value
            return getattr(self, '_m_flags', None)

        def _invalidate_flags(self):
            del self._m_flags
        @property
        def handler(self):
            """Address of the handler; 0 SIG_DFL, 1 SIG_IGN."""
            if hasattr(self, '_m_handler'):
                return self._m_handler

            self._m_handler = self.cells.items[2].int_value
            return getattr(self, '_m_handler', None)

        def _invalidate_handler(self):
            del self._m_handler
        @property
        def mask(self):
            """Signals blocked while the handler runs; bit N-1 is signal N."""
            if hasattr(self, '_m_mask'):
                return self._m_mask

            self._m_mask = self.cells.items[5].int_value
            return getattr(self, '_m_mask', None)

        def _invalidate_mask(self):
            del self._m_mask
        @property
        def restorer(self):
            """Address that the handler returns to."""
            if hasattr(self, '_m_restorer'):
                return self._m_restorer

            self._m_restorer = self.cells.items[4].int_value
            return getattr(self, '_m_restorer', None)

        def _invalidate_restorer(self):
            del self._m_restorer
        @property
        def sighand(self):
            """The table it is in."""
            if hasattr(self, '_m_sighand'):
                return self._m_sighand

            self._m_sighand = self.cells.items[0].int_value
            return getattr(self, '_m_sighand', None)

        def _invalidate_sighand(self):
            del self._m_sighand
        @property
        def signal(self):
            """Signal number, 1 to 64."""
            if hasattr(self, '_m_signal'):
                return self._m_signal

            self._m_signal = self.cells.items[1].int_value
            return getattr(self, '_m_signal', None)

        def _invalidate_signal(self):
            del self._m_signal

    class Sighand(ReadWriteKaitaiStruct):
        """A table of signal actions; those that are not the default follow as `Sigaction`."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Sighand, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 3) and (_.items[0].is_u32) and (_.items[1].is_u32) and ( ((_.items[2].is_nil) or (_.items[2].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/sighand/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Sighand, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 3) and (_.items[0].is_u32) and (_.items[1].is_u32) and ( ((_.items[2].is_nil) or (_.items[2].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/sighand/seq/0")
            self._dirty = False

        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[2].is_nil)):
                pass
                self._m_extra = self.cells.items[2]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers

    class Siginfo(ReadWriteKaitaiStruct):
        """A signal that is pending (ptrace(PTRACE_PEEKSIGINFO))."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Siginfo, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 6) and (_.items[0].is_u32) and ( ((_.items[1].is_nil) or (_.items[1].is_u32)) ) and (_.items[2].is_u32) and (_.items[3].is_u8) and (_.items[4].is_bytes) and ( ((_.items[5].is_nil) or (_.items[5].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/siginfo/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Siginfo, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 6) and (_.items[0].is_u32) and ( ((_.items[1].is_nil) or (_.items[1].is_u32)) ) and (_.items[2].is_u32) and (_.items[3].is_u8) and (_.items[4].is_bytes) and ( ((_.items[5].is_nil) or (_.items[5].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/siginfo/seq/0")
            self._dirty = False

        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[5].is_nil)):
                pass
                self._m_extra = self.cells.items[5]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def info(self):
            """siginfo_t, 128 bytes."""
            if hasattr(self, '_m_info'):
                return self._m_info

            self._m_info = self.cells.items[4].bytes_value
            return getattr(self, '_m_info', None)

        def _invalidate_info(self):
            del self._m_info
        @property
        def number(self):
            """Signal number."""
            if hasattr(self, '_m_number'):
                return self._m_number

            self._m_number = self.cells.items[3].int_value
            return getattr(self, '_m_number', None)

        def _invalidate_number(self):
            del self._m_number
        @property
        def position(self):
            """Place in the queue, from 0."""
            if hasattr(self, '_m_position'):
                return self._m_position

            self._m_position = self.cells.items[2].int_value
            return getattr(self, '_m_position', None)

        def _invalidate_position(self):
            del self._m_position
        @property
        def signal(self):
            """The process it is pending for."""
            if hasattr(self, '_m_signal'):
                return self._m_signal

            self._m_signal = self.cells.items[0].int_value
            return getattr(self, '_m_signal', None)

        def _invalidate_signal(self):
            del self._m_signal
        @property
        def tid(self):
            """The thread whose queue it is in; nil for the queue of the process."""
            if hasattr(self, '_m_tid'):
                return self._m_tid

            if (not (self.cells.items[1].is_nil)):
                pass
                self._m_tid = self.cells.items[1].int_value

            return getattr(self, '_m_tid', None)

        def _invalidate_tid(self):
            del self._m_tid

    class Signal(ReadWriteKaitaiStruct):
        """What the threads of a process share (struct signal_struct)."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Signal, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 5) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_list) and (_.items[3].is_list) and ( ((_.items[4].is_nil) or (_.items[4].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/signal/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Signal, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 5) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_list) and (_.items[3].is_list) and ( ((_.items[4].is_nil) or (_.items[4].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/signal/seq/0")
            self._dirty = False

        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[4].is_nil)):
                pass
                self._m_extra = self.cells.items[4]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def itimers(self):
            """Interval and time left of ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF (getitimer(2))."""
            if hasattr(self, '_m_itimers'):
                return self._m_itimers

            self._m_itimers = self.cells.items[3].items
            return getattr(self, '_m_itimers', None)

        def _invalidate_itimers(self):
            del self._m_itimers
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers
        @property
        def rlimits(self):
            """Resource limits, soft and hard in turn, RLIMIT_CPU first; 2**64 - 1 is RLIM_INFINITY (prlimit(2)).
            """
            if hasattr(self, '_m_rlimits'):
                return self._m_rlimits

            self._m_rlimits = self.cells.items[2].items
            return getattr(self, '_m_rlimits', None)

        def _invalidate_rlimits(self):
            del self._m_rlimits

    class Signalfd(ReadWriteKaitaiStruct):
        """Signals that can be read (signalfd(2), /proc/PID/fdinfo)."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Signalfd, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 3) and (_.items[0].is_u32) and (_.items[1].is_u64) and ( ((_.items[2].is_nil) or (_.items[2].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/signalfd/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Signalfd, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 3) and (_.items[0].is_u32) and (_.items[1].is_u64) and ( ((_.items[2].is_nil) or (_.items[2].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/signalfd/seq/0")
            self._dirty = False

        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[2].is_nil)):
                pass
                self._m_extra = self.cells.items[2]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def file(self):
            """The open file description, a file of kind signalfd."""
            if hasattr(self, '_m_file'):
                return self._m_file

            self._m_file = self.cells.items[0].int_value
            return getattr(self, '_m_file', None)

        def _invalidate_file(self):
            del self._m_file
        @property
        def mask(self):
            """The signals; bit N-1 is signal N."""
            if hasattr(self, '_m_mask'):
                return self._m_mask

            self._m_mask = self.cells.items[1].int_value
            return getattr(self, '_m_mask', None)

        def _invalidate_mask(self):
            del self._m_mask

    class Socket(ReadWriteKaitaiStruct):
        """A socket (socket(2), sock_diag(7))."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Socket, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 15) and (_.items[0].is_u32) and (_.items[1].is_u64) and (_.items[2].is_u32) and (_.items[3].is_u32) and (_.items[4].is_u32) and (_.items[5].is_u8) and ( ((_.items[6].is_nil) or (_.items[6].is_bytes)) ) and ( ((_.items[7].is_nil) or (_.items[7].is_bytes)) ) and ( ((_.items[8].is_nil) or (_.items[8].is_u64)) ) and ( ((_.items[9].is_nil) or (_.items[9].is_bytes)) ) and ( ((_.items[10].is_nil) or (_.items[10].is_u32)) ) and (_.items[11].is_u8) and (_.items[12].is_u32) and (_.items[13].is_list) and ( ((_.items[14].is_nil) or (_.items[14].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/socket/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Socket, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 15) and (_.items[0].is_u32) and (_.items[1].is_u64) and (_.items[2].is_u32) and (_.items[3].is_u32) and (_.items[4].is_u32) and (_.items[5].is_u8) and ( ((_.items[6].is_nil) or (_.items[6].is_bytes)) ) and ( ((_.items[7].is_nil) or (_.items[7].is_bytes)) ) and ( ((_.items[8].is_nil) or (_.items[8].is_u64)) ) and ( ((_.items[9].is_nil) or (_.items[9].is_bytes)) ) and ( ((_.items[10].is_nil) or (_.items[10].is_u32)) ) and (_.items[11].is_u8) and (_.items[12].is_u32) and (_.items[13].is_list) and ( ((_.items[14].is_nil) or (_.items[14].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/socket/seq/0")
            self._dirty = False

        @property
        def address(self):
            """Address that another socket is bound to (struct sockaddr), or nil."""
            if hasattr(self, '_m_address'):
                return self._m_address

            if (not (self.cells.items[7].is_nil)):
                pass
                self._m_address = self.cells.items[7].bytes_value

            return getattr(self, '_m_address', None)

        def _invalidate_address(self):
            del self._m_address
        @property
        def backlog(self):
            """Connections that may wait to be accepted (listen(2)); nil unless it listens."""
            if hasattr(self, '_m_backlog'):
                return self._m_backlog

            if (not (self.cells.items[10].is_nil)):
                pass
                self._m_backlog = self.cells.items[10].int_value

            return getattr(self, '_m_backlog', None)

        def _invalidate_backlog(self):
            del self._m_backlog
        @property
        def blobs(self):
            """BLOB sections with these bytes."""
            if hasattr(self, '_m_blobs'):
                return self._m_blobs

            self._m_blobs = self.cells.items[13].items
            return getattr(self, '_m_blobs', None)

        def _invalidate_blobs(self):
            del self._m_blobs
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[14].is_nil)):
                pass
                self._m_extra = self.cells.items[14]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def family(self):
            """Address family: 1 AF_UNIX, 2 AF_INET, 10 AF_INET6."""
            if hasattr(self, '_m_family'):
                return self._m_family

            self._m_family = self.cells.items[2].int_value
            return getattr(self, '_m_family', None)

        def _invalidate_family(self):
            del self._m_family
        @property
        def file(self):
            """The open file description, a file of kind socket."""
            if hasattr(self, '_m_file'):
                return self._m_file

            self._m_file = self.cells.items[0].int_value
            return getattr(self, '_m_file', None)

        def _invalidate_file(self):
            del self._m_file
        @property
        def length(self):
            """Bytes that wait to be read from it."""
            if hasattr(self, '_m_length'):
                return self._m_length

            self._m_length = self.cells.items[12].int_value
            return getattr(self, '_m_length', None)

        def _invalidate_length(self):
            del self._m_length
        @property
        def number(self):
            """Inode number of sockfs."""
            if hasattr(self, '_m_number'):
                return self._m_number

            self._m_number = self.cells.items[1].int_value
            return getattr(self, '_m_number', None)

        def _invalidate_number(self):
            del self._m_number
        @property
        def path(self):
            """Name that a unix socket is bound to, as the task gave it, or nil."""
            if hasattr(self, '_m_path'):
                return self._m_path

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_path = self.cells.items[6].bytes_value

            return getattr(self, '_m_path', None)

        def _invalidate_path(self):
            del self._m_path
        @property
        def peer(self):
            """Inode number of the socket that a unix socket is connected to, or nil."""
            if hasattr(self, '_m_peer'):
                return self._m_peer

            if (not (self.cells.items[8].is_nil)):
                pass
                self._m_peer = self.cells.items[8].int_value

            return getattr(self, '_m_peer', None)

        def _invalidate_peer(self):
            del self._m_peer
        @property
        def peer_address(self):
            """Address that an Internet socket is connected to (struct sockaddr), or nil."""
            if hasattr(self, '_m_peer_address'):
                return self._m_peer_address

            if (not (self.cells.items[9].is_nil)):
                pass
                self._m_peer_address = self.cells.items[9].bytes_value

            return getattr(self, '_m_peer_address', None)

        def _invalidate_peer_address(self):
            del self._m_peer_address
        @property
        def protocol(self):
            """Protocol, 6 for TCP, 17 for UDP."""
            if hasattr(self, '_m_protocol'):
                return self._m_protocol

            self._m_protocol = self.cells.items[4].int_value
            return getattr(self, '_m_protocol', None)

        def _invalidate_protocol(self):
            del self._m_protocol
        @property
        def shutdown(self):
            """Directions that are closed: 1 receiving, 2 sending (shutdown(2))."""
            if hasattr(self, '_m_shutdown'):
                return self._m_shutdown

            self._m_shutdown = self.cells.items[11].int_value
            return getattr(self, '_m_shutdown', None)

        def _invalidate_shutdown(self):
            del self._m_shutdown
        @property
        def state(self):
            """What it is in (`socket_state`)."""
            if hasattr(self, '_m_state'):
                return self._m_state

            self._m_state = KaitaiStream.resolve_enum(CrimgTables.SocketState, self.cells.items[5].int_value)
            return getattr(self, '_m_state', None)

        def _invalidate_state(self):
            del self._m_state
        @property
        def type(self):
            """Type: 1 SOCK_STREAM, 2 SOCK_DGRAM, 5 SOCK_SEQPACKET."""
            if hasattr(self, '_m_type'):
                return self._m_type

            self._m_type = self.cells.items[3].int_value
            return getattr(self, '_m_type', None)

        def _invalidate_type(self):
            del self._m_type

    class Task(ReadWriteKaitaiStruct):
        """A process: a thread group and what it refers to."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Task, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 21) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u32) and (_.items[3].is_u32) and (_.items[4].is_u32) and (_.items[5].is_u32) and (_.items[6].is_bytes) and (_.items[7].is_u8) and (_.items[8].is_s32) and (_.items[9].is_u64) and (_.items[10].is_u64) and (_.items[11].is_u32) and (_.items[12].is_s32) and ( ((_.items[13].is_nil) or (_.items[13].is_u32)) ) and ( ((_.items[14].is_nil) or (_.items[14].is_u32)) ) and ( ((_.items[15].is_nil) or (_.items[15].is_u32)) ) and ( ((_.items[16].is_nil) or (_.items[16].is_u32)) ) and ( ((_.items[17].is_nil) or (_.items[17].is_u32)) ) and (_.items[18].is_u32) and ( ((_.items[19].is_nil) or (_.items[19].is_u32)) ) and ( ((_.items[20].is_nil) or (_.items[20].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/task/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Task, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 21) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u32) and (_.items[3].is_u32) and (_.items[4].is_u32) and (_.items[5].is_u32) and (_.items[6].is_bytes) and (_.items[7].is_u8) and (_.items[8].is_s32) and (_.items[9].is_u64) and (_.items[10].is_u64) and (_.items[11].is_u32) and (_.items[12].is_s32) and ( ((_.items[13].is_nil) or (_.items[13].is_u32)) ) and ( ((_.items[14].is_nil) or (_.items[14].is_u32)) ) and ( ((_.items[15].is_nil) or (_.items[15].is_u32)) ) and ( ((_.items[16].is_nil) or (_.items[16].is_u32)) ) and ( ((_.items[17].is_nil) or (_.items[17].is_u32)) ) and (_.items[18].is_u32) and ( ((_.items[19].is_nil) or (_.items[19].is_u32)) ) and ( ((_.items[20].is_nil) or (_.items[20].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/task/seq/0")
            self._dirty = False

        @property
        def comm(self):
            """Name of the program, at most 15 bytes."""
            if hasattr(self, '_m_comm'):
                return self._m_comm

            self._m_comm = self.cells.items[6].bytes_value
            return getattr(self, '_m_comm', None)

        def _invalidate_comm(self):
            del self._m_comm
        @property
        def cred(self):
            """Credentials of the leader."""
            if hasattr(self, '_m_cred'):
                return self._m_cred

            self._m_cred = self.cells.items[18].int_value
            return getattr(self, '_m_cred', None)

        def _invalidate_cred(self):
            del self._m_cred
        @property
        def exit_signal(self):
            """Signal to the parent at exit."""
            if hasattr(self, '_m_exit_signal'):
                return self._m_exit_signal

            self._m_exit_signal = self.cells.items[8].int_value
            return getattr(self, '_m_exit_signal', None)

        def _invalidate_exit_signal(self):
            del self._m_exit_signal
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[20].is_nil)):
                pass
                self._m_extra = self.cells.items[20]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def fd_table(self):
            """Descriptors; nil for a zombie."""
            if hasattr(self, '_m_fd_table'):
                return self._m_fd_table

            if (not (self.cells.items[14].is_nil)):
                pass
                self._m_fd_table = self.cells.items[14].int_value

            return getattr(self, '_m_fd_table', None)

        def _invalidate_fd_table(self):
            del self._m_fd_table
        @property
        def fs(self):
            """Working directory, root, umask; nil for a zombie."""
            if hasattr(self, '_m_fs'):
                return self._m_fs

            if (not (self.cells.items[15].is_nil)):
                pass
                self._m_fs = self.cells.items[15].int_value

            return getattr(self, '_m_fs', None)

        def _invalidate_fs(self):
            del self._m_fs
        @property
        def mm(self):
            """Address space; nil for a zombie."""
            if hasattr(self, '_m_mm'):
                return self._m_mm

            if (not (self.cells.items[13].is_nil)):
                pass
                self._m_mm = self.cells.items[13].int_value

            return getattr(self, '_m_mm', None)

        def _invalidate_mm(self):
            del self._m_mm
        @property
        def namespaces(self):
            """Namespaces."""
            if hasattr(self, '_m_namespaces'):
                return self._m_namespaces

            if (not (self.cells.items[19].is_nil)):
                pass
                self._m_namespaces = self.cells.items[19].int_value

            return getattr(self, '_m_namespaces', None)

        def _invalidate_namespaces(self):
            del self._m_namespaces
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def oom_score_adj(self):
            """/proc/PID/oom_score_adj, -1000 to 1000."""
            if hasattr(self, '_m_oom_score_adj'):
                return self._m_oom_score_adj

            self._m_oom_score_adj = self.cells.items[12].int_value
            return getattr(self, '_m_oom_score_adj', None)

        def _invalidate_oom_score_adj(self):
            del self._m_oom_score_adj
        @property
        def personality(self):
            """personality(2)."""
            if hasattr(self, '_m_personality'):
                return self._m_personality

            self._m_personality = self.cells.items[11].int_value
            return getattr(self, '_m_personality', None)

        def _invalidate_personality(self):
            del self._m_personality
        @property
        def pgid(self):
            """Process group."""
            if hasattr(self, '_m_pgid'):
                return self._m_pgid

            self._m_pgid = self.cells.items[4].int_value
            return getattr(self, '_m_pgid', None)

        def _invalidate_pgid(self):
            del self._m_pgid
        @property
        def pid(self):
            """Process id, in the pid namespace of the dumper."""
            if hasattr(self, '_m_pid'):
                return self._m_pid

            self._m_pid = self.cells.items[2].int_value
            return getattr(self, '_m_pid', None)

        def _invalidate_pid(self):
            del self._m_pid
        @property
        def ppid(self):
            """Process id of the parent."""
            if hasattr(self, '_m_ppid'):
                return self._m_ppid

            self._m_ppid = self.cells.items[3].int_value
            return getattr(self, '_m_ppid', None)

        def _invalidate_ppid(self):
            del self._m_ppid
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers
        @property
        def sid(self):
            """Session."""
            if hasattr(self, '_m_sid'):
                return self._m_sid

            self._m_sid = self.cells.items[5].int_value
            return getattr(self, '_m_sid', None)

        def _invalidate_sid(self):
            del self._m_sid
        @property
        def sighand(self):
            """Signal actions."""
            if hasattr(self, '_m_sighand'):
                return self._m_sighand

            if (not (self.cells.items[16].is_nil)):
                pass
                self._m_sighand = self.cells.items[16].int_value

            return getattr(self, '_m_sighand', None)

        def _invalidate_sighand(self):
            del self._m_sighand
        @property
        def signal(self):
            """Pending signals, timers, limits."""
            if hasattr(self, '_m_signal'):
                return self._m_signal

            if (not (self.cells.items[17].is_nil)):
                pass
                self._m_signal = self.cells.items[17].int_value

            return getattr(self, '_m_signal', None)

        def _invalidate_signal(self):
            del self._m_signal
        @property
        def start_time(self):
            """Start of the process in clock ticks after boot."""
            if hasattr(self, '_m_start_time'):
                return self._m_start_time

            self._m_start_time = self.cells.items[9].int_value
            return getattr(self, '_m_start_time', None)

        def _invalidate_start_time(self):
            del self._m_start_time
        @property
        def state(self):
            """State letter of /proc/PID/stat before the stop, an ASCII code."""
            if hasattr(self, '_m_state'):
                return self._m_state

            self._m_state = self.cells.items[7].int_value
            return getattr(self, '_m_state', None)

        def _invalidate_state(self):
            del self._m_state
        @property
        def tty(self):
            """Controlling terminal: major << 32 | minor; 0 for none."""
            if hasattr(self, '_m_tty'):
                return self._m_tty

            self._m_tty = self.cells.items[10].int_value
            return getattr(self, '_m_tty', None)

        def _invalidate_tty(self):
            del self._m_tty

    class Thread(ReadWriteKaitaiStruct):
        """One thread of a task."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Thread, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 23) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_bytes) and (_.items[3].is_u8) and (_.items[4].is_bytes) and (_.items[5].is_bytes) and (_.items[6].is_u64) and (_.items[7].is_u64) and (_.items[8].is_u32) and (_.items[9].is_u64) and (_.items[10].is_u64) and (_.items[11].is_u64) and (_.items[12].is_u64) and (_.items[13].is_u32) and (_.items[14].is_u32) and (_.items[15].is_u64) and (_.items[16].is_u64) and (_.items[17].is_u32) and (_.items[18].is_u32) and (_.items[19].is_s64) and (_.items[20].is_bytes) and (_.items[21].is_u32) and ( ((_.items[22].is_nil) or (_.items[22].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/thread/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Thread, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 23) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_bytes) and (_.items[3].is_u8) and (_.items[4].is_bytes) and (_.items[5].is_bytes) and (_.items[6].is_u64) and (_.items[7].is_u64) and (_.items[8].is_u32) and (_.items[9].is_u64) and (_.items[10].is_u64) and (_.items[11].is_u64) and (_.items[12].is_u64) and (_.items[13].is_u32) and (_.items[14].is_u32) and (_.items[15].is_u64) and (_.items[16].is_u64) and (_.items[17].is_u32) and (_.items[18].is_u32) and (_.items[19].is_s64) and (_.items[20].is_bytes) and (_.items[21].is_u32) and ( ((_.items[22].is_nil) or (_.items[22].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/thread/seq/0")
            self._dirty = False

        @property
        def altstack(self):
            """Alternate signal stack (sigaltstack(2))."""
            if hasattr(self, '_m_altstack'):
                return self._m_altstack

            self._m_altstack = self.cells.items[7].int_value
            return getattr(self, '_m_altstack', None)

        def _invalidate_altstack(self):
            del self._m_altstack
        @property
        def altstack_flags(self):
            """Its ss_flags."""
            if hasattr(self, '_m_altstack_flags'):
                return self._m_altstack_flags

            self._m_altstack_flags = self.cells.items[8].int_value
            return getattr(self, '_m_altstack_flags', None)

        def _invalidate_altstack_flags(self):
            del self._m_altstack_flags
        @property
        def altstack_size(self):
            """Its size, bytes."""
            if hasattr(self, '_m_altstack_size'):
                return self._m_altstack_size

            self._m_altstack_size = self.cells.items[9].int_value
            return getattr(self, '_m_altstack_size', None)

        def _invalidate_altstack_size(self):
            del self._m_altstack_size
        @property
        def clear_child_tid(self):
            """Address that is cleared at exit (set_tid_address(2))."""
            if hasattr(self, '_m_clear_child_tid'):
                return self._m_clear_child_tid

            self._m_clear_child_tid = self.cells.items[16].int_value
            return getattr(self, '_m_clear_child_tid', None)

        def _invalidate_clear_child_tid(self):
            del self._m_clear_child_tid
        @property
        def comm(self):
            """Name of the thread, at most 15 bytes."""
            if hasattr(self, '_m_comm'):
                return self._m_comm

            self._m_comm = self.cells.items[2].bytes_value
            return getattr(self, '_m_comm', None)

        def _invalidate_comm(self):
            del self._m_comm
        @property
        def cpus(self):
            """CPU affinity mask, bit N of the little-endian number is CPU N (sched_getaffinity(2))."""
            if hasattr(self, '_m_cpus'):
                return self._m_cpus

            self._m_cpus = self.cells.items[20].bytes_value
            return getattr(self, '_m_cpus', None)

        def _invalidate_cpus(self):
            del self._m_cpus
        @property
        def cred(self):
            """Credentials of the thread."""
            if hasattr(self, '_m_cred'):
                return self._m_cred

            self._m_cred = self.cells.items[21].int_value
            return getattr(self, '_m_cred', None)

        def _invalidate_cred(self):
            del self._m_cred
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[22].is_nil)):
                pass
                self._m_extra = self.cells.items[22]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def nice(self):
            """Nice value, -20 to 19."""
            if hasattr(self, '_m_nice'):
                return self._m_nice

            self._m_nice = self.cells.items[19].int_value
            return getattr(self, '_m_nice', None)

        def _invalidate_nice(self):
            del self._m_nice
        @property
        def policy(self):
            """Scheduling policy (sched(7))."""
            if hasattr(self, '_m_policy'):
                return self._m_policy

            self._m_policy = self.cells.items[17].int_value
            return getattr(self, '_m_policy', None)

        def _invalidate_policy(self):
            del self._m_policy
        @property
        def priority(self):
            """Static priority."""
            if hasattr(self, '_m_priority'):
                return self._m_priority

            self._m_priority = self.cells.items[18].int_value
            return getattr(self, '_m_priority', None)

        def _invalidate_priority(self):
            del self._m_priority
        @property
        def registers(self):
            """struct user_regs_struct (sys/user.h), 216 bytes on x86-64; fs_base is the TLS pointer."""
            if hasattr(self, '_m_registers'):
                return self._m_registers

            self._m_registers = self.cells.items[4].bytes_value
            return getattr(self, '_m_registers', None)

        def _invalidate_registers(self):
            del self._m_registers
        @property
        def robust_list(self):
            """Head of the list of robust futexes (get_robust_list(2))."""
            if hasattr(self, '_m_robust_list'):
                return self._m_robust_list

            self._m_robust_list = self.cells.items[10].int_value
            return getattr(self, '_m_robust_list', None)

        def _invalidate_robust_list(self):
            del self._m_robust_list
        @property
        def robust_list_size(self):
            """Size of that head, bytes."""
            if hasattr(self, '_m_robust_list_size'):
                return self._m_robust_list_size

            self._m_robust_list_size = self.cells.items[11].int_value
            return getattr(self, '_m_robust_list_size', None)

        def _invalidate_robust_list_size(self):
            del self._m_robust_list_size
        @property
        def rseq(self):
            """Restartable sequences area, 0 for none (PTRACE_GET_RSEQ_CONFIGURATION)."""
            if hasattr(self, '_m_rseq'):
                return self._m_rseq

            self._m_rseq = self.cells.items[12].int_value
            return getattr(self, '_m_rseq', None)

        def _invalidate_rseq(self):
            del self._m_rseq
        @property
        def rseq_cs(self):
            """Critical section that the thread was in, 0 for none."""
            if hasattr(self, '_m_rseq_cs'):
                return self._m_rseq_cs

            self._m_rseq_cs = self.cells.items[15].int_value
            return getattr(self, '_m_rseq_cs', None)

        def _invalidate_rseq_cs(self):
            del self._m_rseq_cs
        @property
        def rseq_signature(self):
            """Signature before abort handlers."""
            if hasattr(self, '_m_rseq_signature'):
                return self._m_rseq_signature

            self._m_rseq_signature = self.cells.items[14].int_value
            return getattr(self, '_m_rseq_signature', None)

        def _invalidate_rseq_signature(self):
            del self._m_rseq_signature
        @property
        def rseq_size(self):
            """Its size, bytes."""
            if hasattr(self, '_m_rseq_size'):
                return self._m_rseq_size

            self._m_rseq_size = self.cells.items[13].int_value
            return getattr(self, '_m_rseq_size', None)

        def _invalidate_rseq_size(self):
            del self._m_rseq_size
        @property
        def sigmask(self):
            """Blocked signals; bit N-1 is signal N."""
            if hasattr(self, '_m_sigmask'):
                return self._m_sigmask

            self._m_sigmask = self.cells.items[6].int_value
            return getattr(self, '_m_sigmask', None)

        def _invalidate_sigmask(self):
            del self._m_sigmask
        @property
        def state(self):
            """State letter of /proc/PID/task/TID/stat before the stop, an ASCII code."""
            if hasattr(self, '_m_state'):
                return self._m_state

            self._m_state = self.cells.items[3].int_value
            return getattr(self, '_m_state', None)

        def _invalidate_state(self):
            del self._m_state
        @property
        def task(self):
            """The task it is a thread of."""
            if hasattr(self, '_m_task'):
                return self._m_task

            self._m_task = self.cells.items[0].int_value
            return getattr(self, '_m_task', None)

        def _invalidate_task(self):
            del self._m_task
        @property
        def tid(self):
            """Thread id."""
            if hasattr(self, '_m_tid'):
                return self._m_tid

            self._m_tid = self.cells.items[1].int_value
            return getattr(self, '_m_tid', None)

        def _invalidate_tid(self):
            del self._m_tid
        @property
        def xsave(self):
            """Extended registers as the XSAVE instruction lays them out (NT_X86_XSTATE)."""
            if hasattr(self, '_m_xsave'):
                return self._m_xsave

            self._m_xsave = self.cells.items[5].bytes_value
            return getattr(self, '_m_xsave', None)

        def _invalidate_xsave(self):
            del self._m_xsave

    class Timerfd(ReadWriteKaitaiStruct):
        """A timer (timerfd_create(2), /proc/PID/fdinfo). The timer is one with its open file description."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Timerfd, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_s32) and (_.items[2].is_u64) and (_.items[3].is_u32) and (_.items[4].is_s64) and (_.items[5].is_s64) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/timerfd/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Timerfd, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_s32) and (_.items[2].is_u64) and (_.items[3].is_u32) and (_.items[4].is_s64) and (_.items[5].is_s64) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/timerfd/seq/0")
            self._dirty = False

        @property
        def clock(self):
            """Clock id."""
            if hasattr(self, '_m_clock'):
                return self._m_clock

            self._m_clock = self.cells.items[1].int_value
            return getattr(self, '_m_clock', None)

        def _invalidate_clock(self):
            del self._m_clock
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_extra = self.cells.items[6]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def file(self):
            """The open file description, a file of kind timerfd."""
            if hasattr(self, '_m_file'):
                return self._m_file

            self._m_file = self.cells.items[0].int_value
            return getattr(self, '_m_file', None)

        def _invalidate_file(self):
            del self._m_file
        @property
        def interval(self):
            """Period, 0 for none."""
            if hasattr(self, '_m_interval'):
                return self._m_interval

            self._m_interval = self.cells.items[4].int_value
            return getattr(self, '_m_interval', None)

        def _invalidate_interval(self):
            del self._m_interval
        @property
        def remaining(self):
            """Time left, 0 for not armed."""
            if hasattr(self, '_m_remaining'):
                return self._m_remaining

            self._m_remaining = self.cells.items[5].int_value
            return getattr(self, '_m_remaining', None)

        def _invalidate_remaining(self):
            del self._m_remaining
        @property
        def settime_flags(self):
            """Flags of the last timerfd_settime(2): 1 TFD_TIMER_ABSTIME, 2 TFD_TIMER_CANCEL_ON_SET."""
            if hasattr(self, '_m_settime_flags'):
                return self._m_settime_flags

            self._m_settime_flags = self.cells.items[3].int_value
            return getattr(self, '_m_settime_flags', None)

        def _invalidate_settime_flags(self):
            del self._m_settime_flags
        @property
        def ticks(self):
            """Expirations that were not read."""
            if hasattr(self, '_m_ticks'):
                return self._m_ticks

            self._m_ticks = self.cells.items[2].int_value
            return getattr(self, '_m_ticks', None)

        def _invalidate_ticks(self):
            del self._m_ticks

    class Tty(ReadWriteKaitaiStruct):
        """Settings of a terminal that is open (ioctl_tty(2))."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Tty, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u64) and (_.items[3].is_bytes) and (_.items[4].is_u32) and (_.items[5].is_u32) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/tty/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Tty, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 7) and (_.items[0].is_u32) and (_.items[1].is_u32) and (_.items[2].is_u64) and (_.items[3].is_bytes) and (_.items[4].is_u32) and (_.items[5].is_u32) and ( ((_.items[6].is_nil) or (_.items[6].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/tty/seq/0")
            self._dirty = False

        @property
        def cols(self):
            """Width, characters."""
            if hasattr(self, '_m_cols'):
                return self._m_cols

            self._m_cols = self.cells.items[5].int_value
            return getattr(self, '_m_cols', None)

        def _invalidate_cols(self):
            del self._m_cols
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_extra = self.cells.items[6]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def objref(self):
            """Number of this object in the image."""
            if hasattr(self, '_m_objref'):
                return self._m_objref

            self._m_objref = self.cells.items[0].int_value
            return getattr(self, '_m_objref', None)

        def _invalidate_objref(self):
            del self._m_objref
        @property
        def rdev(self):
            """The terminal: major << 32 | minor."""
            if hasattr(self, '_m_rdev'):
                return self._m_rdev

            self._m_rdev = self.cells.items[2].int_value
            return getattr(self, '_m_rdev', None)

        def _invalidate_rdev(self):
            del self._m_rdev
        @property
        def referrers(self):
            """References to it that the dump counted."""
            if hasattr(self, '_m_referrers'):
                return self._m_referrers

            self._m_referrers = self.cells.items[1].int_value
            return getattr(self, '_m_referrers', None)

        def _invalidate_referrers(self):
            del self._m_referrers
        @property
        def rows(self):
            """Height, characters (TIOCGWINSZ)."""
            if hasattr(self, '_m_rows'):
                return self._m_rows

            self._m_rows = self.cells.items[4].int_value
            return getattr(self, '_m_rows', None)

        def _invalidate_rows(self):
            del self._m_rows
        @property
        def termios(self):
            """struct termios as TCGETS gives it."""
            if hasattr(self, '_m_termios'):
                return self._m_termios

            self._m_termios = self.cells.items[3].bytes_value
            return getattr(self, '_m_termios', None)

        def _invalidate_termios(self):
            del self._m_termios

    class Vma(ReadWriteKaitaiStruct):
        """One mapping of an address space (/proc/PID/smaps)."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgTables.Vma, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.cells = msgpack_value.MsgpackValue(self._io)
            self.cells._read()
            _ = self.cells
            if not  ((_.is_array) and (_.len == 10) and (_.items[0].is_u32) and (_.items[1].is_u64) and (_.items[2].is_u64) and (_.items[3].is_u8) and (_.items[4].is_bool) and (_.items[5].is_u64) and ( ((_.items[6].is_nil) or (_.items[6].is_u32)) ) and ( ((_.items[7].is_nil) or (_.items[7].is_bytes)) ) and (_.items[8].is_bytes) and ( ((_.items[9].is_nil) or (_.items[9].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, self._io, u"/types/vma/seq/0")
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.cells._fetch_instances()


        def _write__seq(self, io=None):
            super(CrimgTables.Vma, self)._write__seq(io)
            self.cells._write__seq(self._io)


        def _check(self):
            _ = self.cells
            if not  ((_.is_array) and (_.len == 10) and (_.items[0].is_u32) and (_.items[1].is_u64) and (_.items[2].is_u64) and (_.items[3].is_u8) and (_.items[4].is_bool) and (_.items[5].is_u64) and ( ((_.items[6].is_nil) or (_.items[6].is_u32)) ) and ( ((_.items[7].is_nil) or (_.items[7].is_bytes)) ) and (_.items[8].is_bytes) and ( ((_.items[9].is_nil) or (_.items[9].is_map)) )) :
                raise kaitaistruct.ValidationExprError(self.cells, None, u"/types/vma/seq/0")
            self._dirty = False

        @property
        def end(self):
            """First address behind it."""
            if hasattr(self, '_m_end'):
                return self._m_end

            self._m_end = self.cells.items[2].int_value
            return getattr(self, '_m_end', None)

        def _invalidate_end(self):
            del self._m_end
        @property
        def extra(self):
            """Further attributes, or nil."""
            if hasattr(self, '_m_extra'):
                return self._m_extra

            if (not (self.cells.items[9].is_nil)):
                pass
                self._m_extra = self.cells.items[9]

            return getattr(self, '_m_extra', None)

        def _invalidate_extra(self):
            del self._m_extra
        @property
        def file(self):
            """The mapped file, or nil."""
            if hasattr(self, '_m_file'):
                return self._m_file

            if (not (self.cells.items[6].is_nil)):
                pass
                self._m_file = self.cells.items[6].int_value

            return getattr(self, '_m_file', None)

        def _invalidate_file(self):
            del self._m_file
        @property
        def mm(self):
            """The address space it is in."""
            if hasattr(self, '_m_mm'):
                return self._m_mm

            self._m_mm = self.cells.items[0].int_value
            return getattr(self, '_m_mm', None)

        def _invalidate_mm(self):
            del self._m_mm
        @property
        def name(self):
            """The kernel's name for a mapping of no file ("[heap]", "[anon:...]"), or nil."""
            if hasattr(self, '_m_name'):
                return self._m_name

            if (not (self.cells.items[7].is_nil)):
                pass
                self._m_name = self.cells.items[7].bytes_value

            return getattr(self, '_m_name', None)

        def _invalidate_name(self):
            del self._m_name
        @property
        def offset(self):
            """Offset in the file of the first address, bytes (pgoff times the page size)."""
            if hasattr(self, '_m_offset'):
                return self._m_offset

            self._m_offset = self.cells.items[5].int_value
            return getattr(self, '_m_offset', None)

        def _invalidate_offset(self):
            del self._m_offset
        @property
        def prot(self):
            """Protection: 1 read, 2 write, 4 execute (mmap(2))."""
            if hasattr(self, '_m_prot'):
                return self._m_prot

            self._m_prot = self.cells.items[3].int_value
            return getattr(self, '_m_prot', None)

        def _invalidate_prot(self):
            del self._m_prot
        @property
        def shared(self):
            """MAP_SHARED, else MAP_PRIVATE."""
            if hasattr(self, '_m_shared'):
                return self._m_shared

            self._m_shared = self.cells.items[4].bool_value
            return getattr(self, '_m_shared', None)

        def _invalidate_shared(self):
            del self._m_shared
        @property
        def start(self):
            """First address; a multiple of the page size."""
            if hasattr(self, '_m_start'):
                return self._m_start

            self._m_start = self.cells.items[1].int_value
            return getattr(self, '_m_start', None)

        def _invalidate_start(self):
            del self._m_start
        @property
        def vm_flags(self):
            """Flags as smaps spells them in VmFlags: two letters each, apart by blanks (proc(5))."""
            if hasattr(self, '_m_vm_flags'):
                return self._m_vm_flags

            self._m_vm_flags = self.cells.items[8].bytes_value
            return getattr(self, '_m_vm_flags', None)

        def _invalidate_vm_flags(self):
            del self._m_vm_flags


