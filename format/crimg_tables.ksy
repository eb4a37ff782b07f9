meta:
  id: crimg_tables
  title: crimg image, the tables
  license: Apache-2.0
  ks-version: '0.11'
  endian: be
  imports:
    - msgpack_value
doc: |
  Rows of the tables of a crimg image, and the batches that they come in. A row is a MessagePack array with
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
doc-ref: specs/format.md
types:
  batches:
    doc: Decoded body of an OBJECTS, LOG or HISTORY section.
    seq:
      - id: batches
        type: batch
        repeat: eos
  batch:
    doc: 'Rows of one kind: a MessagePack array of the number of the kind and an array of rows.'
    seq:
      - id: head
        type: msgpack_value::array_header
        valid:
          expr: _.len == 2
      - id: kind_number
        type: msgpack_value
        valid:
          expr: >-
            _.is_int and ((_.int_value >= 1 and _.int_value <= 27)
            or (_.int_value >= 30 and _.int_value <= 31) or (_.int_value >= 0x8000 and _.int_value <= 0xffff))
        doc: A number of `object_kind`, or 0x8000 to 0xffff. Other numbers are refused.
      - id: rows_head
        type: msgpack_value::array_header
      - id: rows
        type:
          switch-on: kind
          cases:
            object_kind::image_info: image_info
            object_kind::filesystem: filesystem
            object_kind::cred: cred
            object_kind::inode: inode
            object_kind::pipe: pipe
            object_kind::tty: tty
            object_kind::file: file
            object_kind::lock: lock
            object_kind::fd_table: fd_table
            object_kind::fd: fd
            object_kind::fs: fs
            object_kind::mm: mm
            object_kind::vma: vma
            object_kind::sighand: sighand
            object_kind::sigaction: sigaction
            object_kind::signal: signal
            object_kind::posix_timer: posix_timer
            object_kind::namespaces: namespaces
            object_kind::task: task
            object_kind::thread: thread
            object_kind::siginfo: siginfo
            object_kind::epoll_watch: epoll_watch
            object_kind::eventfd: eventfd
            object_kind::timerfd: timerfd
            object_kind::signalfd: signalfd
            object_kind::shared_memory: shared_memory
            object_kind::socket: socket
            object_kind::log_entry: log_entry
            object_kind::history_entry: history_entry
            _: other_row
        repeat: expr
        repeat-expr: rows_head.len
    instances:
      kind:
        value: kind_number.int_value
        enum: object_kind
  other_row:
    doc: |
      A row of a kind of 0x8000 or above, which readers of this version skip and keep. Such rows stand in
      OBJECTS sections of their own, which have the kind as their `kind`.
    seq:
      - id: cells
        type: msgpack_value
  image_info:
    doc: What made the image, where and when. One row.
    -kind: 1
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 16 and _.items[0].is_u32 and _.items[1].is_str and
            _.items[2].is_str and _.items[3].is_str and _.items[4].is_str and _.items[5].is_str and
            _.items[6].is_bytes and _.items[7].is_str and _.items[8].is_u32 and _.items[9].is_s64
            and _.items[10].is_s64 and _.items[11].is_s64 and _.items[12].is_list and
            (_.items[13].is_nil or _.items[13].is_bytes) and _.items[14].is_u32 and
            (_.items[15].is_nil or _.items[15].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      tool:
        value: cells.items[1].str_value
        -type: str
        doc: 'Program that made the image ("crimg").'
      tool_version:
        value: cells.items[2].str_value
        -type: str
        doc: Its version.
      kernel_release:
        value: cells.items[3].str_value
        -type: str
        doc: uname(2) release of the machine of the dump.
      kernel_version:
        value: cells.items[4].str_value
        -type: str
        doc: uname(2) version.
      architecture:
        value: cells.items[5].str_value
        -type: str
        doc: 'uname(2) machine ("x86_64").'
      hostname:
        value: cells.items[6].bytes_value
        -type: bytes
        doc: uname(2) nodename.
      boot_id:
        value: cells.items[7].str_value
        -type: str
        doc: '/proc/sys/kernel/random/boot_id: tells one boot of a machine from another.'
      page_size:
        value: cells.items[8].int_value
        -type: u32
        doc: Bytes in a page of memory, sysconf(_SC_PAGESIZE).
      realtime:
        value: cells.items[9].int_value
        -type: s64
        doc: CLOCK_REALTIME when the tasks were stopped.
      monotonic:
        value: cells.items[10].int_value
        -type: s64
        doc: CLOCK_MONOTONIC at the same moment.
      boottime:
        value: cells.items[11].int_value
        -type: s64
        doc: CLOCK_BOOTTIME at the same moment.
      command:
        value: cells.items[12].items
        -type: bytes
        -list: true
        doc: Command line of the dump.
      parent:
        value: cells.items[13].bytes_value
        if: not cells.items[13].is_nil
        -type: bytes
        doc: Uuid of the image that holds the pages which are not in this one (incremental), or nil.
      root:
        value: cells.items[14].int_value
        -type: u32
        -ref: [task]
        doc: The task that was asked for; the root of the tree.
      extra:
        value: cells.items[15]
        if: not cells.items[15].is_nil
        -type: map
        doc: Further attributes, or nil.
  filesystem:
    doc: A mounted file system which inodes of the image are on (/proc/PID/mountinfo, statfs(2)).
    -kind: 2
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 11 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_bytes and _.items[3].is_bytes and _.items[4].is_bytes and
            _.items[5].is_bytes and _.items[6].is_u32 and _.items[7].is_u64 and _.items[8].is_u64
            and _.items[9].is_bytes and (_.items[10].is_nil or _.items[10].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      type:
        value: cells.items[2].bytes_value
        -type: bytes
        doc: 'Type, mountinfo field 9 ("ext4").'
      source:
        value: cells.items[3].bytes_value
        -type: bytes
        doc: 'Source, mountinfo field 10 ("/dev/sda1").'
      mount_point:
        value: cells.items[4].bytes_value
        -type: bytes
        -path: true
        doc: 'Where it is mounted, seen from the task''s root.'
      mount_root:
        value: cells.items[5].bytes_value
        -type: bytes
        -path: true
        doc: What of the file system is mounted there, mountinfo field 4.
      mount_id:
        value: cells.items[6].int_value
        -type: u32
        doc: Mount id of mountinfo field 1.
      device:
        value: cells.items[7].int_value
        -type: u64
        doc: 'st_dev of its inodes: major << 32 | minor (makedev numbers differ between C libraries).'
      fsid:
        value: cells.items[8].int_value
        -type: u64
        doc: f_fsid of statfs(2); 0 where the file system has none.
      options:
        value: cells.items[9].bytes_value
        -type: bytes
        doc: Mount options and super options, joined by a comma.
      extra:
        value: cells.items[10]
        if: not cells.items[10].is_nil
        -type: map
        doc: Further attributes (subvolume, snapshot), or nil.
  cred:
    doc: Credentials (credentials(7), capabilities(7)), from /proc/PID/task/TID/status and prctl(2).
    -kind: 3
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 20 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_u32 and _.items[3].is_u32 and _.items[4].is_u32 and _.items[5].is_u32 and
            _.items[6].is_u32 and _.items[7].is_u32 and _.items[8].is_u32 and _.items[9].is_u32 and
            _.items[10].is_list and _.items[11].is_u64 and _.items[12].is_u64 and _.items[13].is_u64
            and _.items[14].is_u64 and _.items[15].is_u64 and _.items[16].is_u32 and
            _.items[17].is_bool and (_.items[18].is_nil or _.items[18].is_bytes) and
            (_.items[19].is_nil or _.items[19].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      uid:
        value: cells.items[2].int_value
        -type: u32
        doc: Real user id, in the user namespace of the dumper.
      euid:
        value: cells.items[3].int_value
        -type: u32
        doc: Effective user id.
      suid:
        value: cells.items[4].int_value
        -type: u32
        doc: Saved user id.
      fsuid:
        value: cells.items[5].int_value
        -type: u32
        doc: File system user id.
      gid:
        value: cells.items[6].int_value
        -type: u32
        doc: Real group id.
      egid:
        value: cells.items[7].int_value
        -type: u32
        doc: Effective group id.
      sgid:
        value: cells.items[8].int_value
        -type: u32
        doc: Saved group id.
      fsgid:
        value: cells.items[9].int_value
        -type: u32
        doc: File system group id.
      groups:
        value: cells.items[10].items
        -type: u32
        -list: true
        doc: Supplementary groups.
      cap_inheritable:
        value: cells.items[11].int_value
        -type: u64
        doc: 'Capability sets, bit N is capability N: CapInh.'
      cap_permitted:
        value: cells.items[12].int_value
        -type: u64
        doc: CapPrm.
      cap_effective:
        value: cells.items[13].int_value
        -type: u64
        doc: CapEff.
      cap_bounding:
        value: cells.items[14].int_value
        -type: u64
        doc: CapBnd.
      cap_ambient:
        value: cells.items[15].int_value
        -type: u64
        doc: CapAmb.
      securebits:
        value: cells.items[16].int_value
        -type: u32
        doc: prctl(PR_GET_SECUREBITS).
      no_new_privs:
        value: cells.items[17].bool_value
        -type: bool
        doc: prctl(PR_GET_NO_NEW_PRIVS).
      label:
        value: cells.items[18].bytes_value
        if: not cells.items[18].is_nil
        -type: bytes
        doc: Label of the security module, /proc/PID/attr/current, or nil.
      extra:
        value: cells.items[19]
        if: not cells.items[19].is_nil
        -type: map
        doc: Further attributes, or nil.
  inode:
    doc: 'An inode as it was at the dump: the evidence by which it is known again (inode(7), statx(2)).'
    -kind: 4
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 25 and _.items[0].is_u32 and _.items[1].is_u32 and
            (_.items[2].is_nil or _.items[2].is_u32) and _.items[3].is_u64 and _.items[4].is_u64 and
            (_.items[5].is_nil or _.items[5].is_u32) and (_.items[6].is_nil or _.items[6].is_s32)
            and (_.items[7].is_nil or _.items[7].is_bytes) and _.items[8].is_u32 and
            _.items[9].is_u32 and _.items[10].is_u32 and _.items[11].is_u64 and _.items[12].is_u32
            and _.items[13].is_u64 and _.items[14].is_u64 and _.items[15].is_s64 and
            _.items[16].is_s64 and (_.items[17].is_nil or _.items[17].is_s64) and
            (_.items[18].is_nil or _.items[18].is_str) and
            (_.items[19].is_nil or _.items[19].is_bytes) and
            (_.items[20].is_nil or _.items[20].is_bytes) and _.items[21].is_u8 and
            _.items[22].is_list and (_.items[23].is_nil or _.items[23].is_bytes) and
            (_.items[24].is_nil or _.items[24].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      filesystem:
        value: cells.items[2].int_value
        if: not cells.items[2].is_nil
        -type: u32
        -ref: [filesystem]
        doc: 'The file system it is on; nil where no mount of the task''s shows it.'
      device:
        value: cells.items[3].int_value
        -type: u64
        doc: 'Device of the file system: major << 32 | minor.'
      number:
        value: cells.items[4].int_value
        -type: u64
        doc: Inode number.
      generation:
        value: cells.items[5].int_value
        if: not cells.items[5].is_nil
        -type: u32
        doc: 'Inode generation (FS_IOC_GETVERSION): tells a reused number apart; nil where not to be had.'
      handle_type:
        value: cells.items[6].int_value
        if: not cells.items[6].is_nil
        -type: s32
        doc: Type of the file handle (name_to_handle_at(2)), or nil.
      handle:
        value: cells.items[7].bytes_value
        if: not cells.items[7].is_nil
        -type: bytes
        doc: The file handle, which stays the same for the life of the inode, or nil.
      mode:
        value: cells.items[8].int_value
        -type: u32
        doc: Type and permission bits (st_mode).
      uid:
        value: cells.items[9].int_value
        -type: u32
        doc: Owner.
      gid:
        value: cells.items[10].int_value
        -type: u32
        doc: Group.
      rdev:
        value: cells.items[11].int_value
        -type: u64
        doc: 'Device that a device file stands for: major << 32 | minor; else 0.'
      nlink:
        value: cells.items[12].int_value
        -type: u32
        doc: Names it had.
      size:
        value: cells.items[13].int_value
        -type: u64
        doc: Size in bytes.
      blocks:
        value: cells.items[14].int_value
        -type: u64
        doc: Allocated blocks of 512 bytes.
      mtime:
        value: cells.items[15].int_value
        -type: s64
        doc: Last change of the contents.
      ctime:
        value: cells.items[16].int_value
        -type: s64
        doc: Last change of the inode.
      btime:
        value: cells.items[17].int_value
        if: not cells.items[17].is_nil
        -type: s64
        doc: Creation, or nil where the file system does not keep it.
      digest_kind:
        value: cells.items[18].str_value
        if: not cells.items[18].is_nil
        -type: str
        doc: 'Algorithm of the digest ("sha256"), or nil.'
      digest:
        value: cells.items[19].bytes_value
        if: not cells.items[19].is_nil
        -type: bytes
        doc: Digest of the whole contents, or nil.
      build_id:
        value: cells.items[20].bytes_value
        if: not cells.items[20].is_nil
        -type: bytes
        doc: GNU build-id note of an ELF file, or nil.
      keeper:
        value: cells.items[21].int_value
        enum: keeper
        -type: u8
        doc: 'How the contents of a deleted file are kept (`keeper`).'
      blobs:
        value: cells.items[22].items
        -type: u32
        -list: true
        doc: BLOB sections with its contents, in the order of offsets, where embedded.
      keeper_path:
        value: cells.items[23].bytes_value
        if: not cells.items[23].is_nil
        -type: bytes
        -path: true
        doc: The file that keeps it, where copied or re-linked, else nil.
      extra:
        value: cells.items[24]
        if: not cells.items[24].is_nil
        -type: map
        doc: Further attributes, or nil.
  pipe:
    doc: The buffer behind a pipe or an open FIFO (pipe(7)).
    -kind: 5
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 7 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_u64 and _.items[3].is_u32 and _.items[4].is_u32 and _.items[5].is_list and
            (_.items[6].is_nil or _.items[6].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      number:
        value: cells.items[2].int_value
        -type: u64
        doc: 'Inode number: of pipefs, or of the FIFO.'
      capacity:
        value: cells.items[3].int_value
        -type: u32
        doc: Bytes it can hold (F_GETPIPE_SZ).
      length:
        value: cells.items[4].int_value
        -type: u32
        doc: Bytes that were in it.
      blobs:
        value: cells.items[5].items
        -type: u32
        -list: true
        doc: BLOB sections with these bytes.
      extra:
        value: cells.items[6]
        if: not cells.items[6].is_nil
        -type: map
        doc: Further attributes, or nil.
  tty:
    doc: Settings of a terminal that is open (ioctl_tty(2)).
    -kind: 6
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 7 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_u64 and _.items[3].is_bytes and _.items[4].is_u32 and _.items[5].is_u32
            and (_.items[6].is_nil or _.items[6].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      rdev:
        value: cells.items[2].int_value
        -type: u64
        doc: 'The terminal: major << 32 | minor.'
      termios:
        value: cells.items[3].bytes_value
        -type: bytes
        doc: struct termios as TCGETS gives it.
      rows:
        value: cells.items[4].int_value
        -type: u32
        doc: Height, characters (TIOCGWINSZ).
      cols:
        value: cells.items[5].int_value
        -type: u32
        doc: Width, characters.
      extra:
        value: cells.items[6]
        if: not cells.items[6].is_nil
        -type: map
        doc: Further attributes, or nil.
  file:
    doc: An open file description (open(2)), saved once however many descriptors and mappings refer to it.
    -kind: 7
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 17 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_u8 and _.items[3].is_bytes and _.items[4].is_u8 and _.items[5].is_u32 and
            _.items[6].is_u8 and _.items[7].is_s64 and (_.items[8].is_nil or _.items[8].is_u32) and
            (_.items[9].is_nil or _.items[9].is_u32) and (_.items[10].is_nil or _.items[10].is_u32)
            and (_.items[11].is_nil or _.items[11].is_u32) and _.items[12].is_s32 and
            _.items[13].is_u32 and _.items[14].is_u32 and _.items[15].is_u32 and
            (_.items[16].is_nil or _.items[16].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      kind:
        value: cells.items[2].int_value
        enum: file_kind
        -type: u8
        doc: 'What it is (`file_kind`).'
      path:
        value: cells.items[3].bytes_value
        -type: bytes
        -path: true
        doc: 'Its name, seen from the task''s root, without the kernel''s " (deleted)"; empty if it never had one.'
      name_state:
        value: cells.items[4].int_value
        enum: name_state
        -type: u8
        doc: 'How the name stood at the dump (`name_state`).'
      flags:
        value: cells.items[5].int_value
        -type: u32
        doc: File status flags and access mode (open(2)), from /proc/PID/fdinfo, without O_CLOEXEC.
      access:
        value: cells.items[6].int_value
        -type: u8
        doc: 'What may be done with it: 1 read, 2 write (the mode bits of the link in /proc/PID/fd).'
      position:
        value: cells.items[7].int_value
        -type: s64
        doc: File offset, bytes.
      inode:
        value: cells.items[8].int_value
        if: not cells.items[8].is_nil
        -type: u32
        -ref: [inode]
        doc: The inode, or nil for a pipe or epoll instance.
      pipe:
        value: cells.items[9].int_value
        if: not cells.items[9].is_nil
        -type: u32
        -ref: [pipe]
        doc: The pipe, for pipes and FIFOs, else nil.
      tty:
        value: cells.items[10].int_value
        if: not cells.items[10].is_nil
        -type: u32
        -ref: [tty]
        doc: Settings of the terminal, else nil.
      cred:
        value: cells.items[11].int_value
        if: not cells.items[11].is_nil
        -type: u32
        -ref: [cred]
        doc: Credentials it was opened with; nil where unknown (no interface of the kernel shows f_cred).
      owner_type:
        value: cells.items[12].int_value
        -type: s32
        doc: 'F_GETOWN_EX type: 0 thread, 1 process, 2 process group; -1 no owner.'
      owner:
        value: cells.items[13].int_value
        -type: u32
        doc: F_GETOWN_EX pid, 0 for none.
      owner_signal:
        value: cells.items[14].int_value
        -type: u32
        doc: F_GETSIG, 0 for the default (SIGIO).
      mount_id:
        value: cells.items[15].int_value
        -type: u32
        doc: Mount it was opened through (mnt_id of fdinfo), 0 where unknown.
      extra:
        value: cells.items[16]
        if: not cells.items[16].is_nil
        -type: map
        doc: Further attributes, or nil.
  lock:
    doc: 'A lock held on a file (/proc/PID/fdinfo, "lock:" lines).'
    -kind: 8
    -key: [file, kind, start, end, pid]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 7 and _.items[0].is_u32 and _.items[1].is_u8 and
            _.items[2].is_bool and _.items[3].is_s32 and _.items[4].is_u64 and
            (_.items[5].is_nil or _.items[5].is_u64) and (_.items[6].is_nil or _.items[6].is_map)
    instances:
      file:
        value: cells.items[0].int_value
        -type: u32
        -ref: [file]
        doc: The open file description it was seen on.
      kind:
        value: cells.items[1].int_value
        enum: lock_kind
        -type: u8
        doc: 'Kind of lock (`lock_kind`).'
      write:
        value: cells.items[2].bool_value
        -type: bool
        doc: Exclusive, else shared.
      pid:
        value: cells.items[3].int_value
        -type: s32
        doc: Holder as the kernel gives it; -1 for an OFD lock.
      start:
        value: cells.items[4].int_value
        -type: u64
        doc: First byte.
      end:
        value: cells.items[5].int_value
        if: not cells.items[5].is_nil
        -type: u64
        doc: 'Last byte; nil for "to the end of the file".'
      extra:
        value: cells.items[6]
        if: not cells.items[6].is_nil
        -type: map
        doc: Further attributes, or nil.
  fd_table:
    doc: 'A table of file descriptors; its rows follow as `Fd`.'
    -kind: 9
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 3 and _.items[0].is_u32 and _.items[1].is_u32 and
            (_.items[2].is_nil or _.items[2].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      extra:
        value: cells.items[2]
        if: not cells.items[2].is_nil
        -type: map
        doc: Further attributes, or nil.
  fd:
    doc: 'A file descriptor: one row of a table.'
    -kind: 10
    -key: [table, fd]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 5 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_bool and _.items[3].is_u32 and (_.items[4].is_nil or _.items[4].is_map)
    instances:
      table:
        value: cells.items[0].int_value
        -type: u32
        -ref: [fd_table]
        doc: The table it is in.
      fd:
        value: cells.items[1].int_value
        -type: u32
        doc: The descriptor.
      cloexec:
        value: cells.items[2].bool_value
        -type: bool
        doc: FD_CLOEXEC.
      file:
        value: cells.items[3].int_value
        -type: u32
        -ref: [file]
        doc: The open file description it refers to.
      extra:
        value: cells.items[4]
        if: not cells.items[4].is_nil
        -type: map
        doc: Further attributes, or nil.
  fs:
    doc: What paths of a task start from (CLONE_FS of clone(2)).
    -kind: 11
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 6 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_u32 and _.items[3].is_u32 and _.items[4].is_u32 and
            (_.items[5].is_nil or _.items[5].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      cwd:
        value: cells.items[2].int_value
        -type: u32
        -ref: [file]
        doc: Working directory.
      root:
        value: cells.items[3].int_value
        -type: u32
        -ref: [file]
        doc: Root directory.
      umask:
        value: cells.items[4].int_value
        -type: u32
        doc: File mode creation mask.
      extra:
        value: cells.items[5]
        if: not cells.items[5].is_nil
        -type: map
        doc: Further attributes, or nil.
  mm:
    doc: An address space (struct mm_struct); addresses from /proc/PID/stat and prctl(PR_SET_MM_MAP).
    -kind: 12
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 18 and _.items[0].is_u32 and _.items[1].is_u32 and
            (_.items[2].is_nil or _.items[2].is_u32) and _.items[3].is_u64 and _.items[4].is_u64 and
            _.items[5].is_u64 and _.items[6].is_u64 and _.items[7].is_u64 and _.items[8].is_u64 and
            _.items[9].is_u64 and _.items[10].is_u64 and _.items[11].is_u64 and _.items[12].is_u64
            and _.items[13].is_u64 and _.items[14].is_bytes and _.items[15].is_u8 and
            (_.items[16].is_nil or _.items[16].is_u32) and
            (_.items[17].is_nil or _.items[17].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      exe:
        value: cells.items[2].int_value
        if: not cells.items[2].is_nil
        -type: u32
        -ref: [file]
        doc: The program file (/proc/PID/exe), or nil.
      start_code:
        value: cells.items[3].int_value
        -type: u64
        doc: 'First byte of the program''s text.'
      end_code:
        value: cells.items[4].int_value
        -type: u64
        doc: End of the text.
      start_data:
        value: cells.items[5].int_value
        -type: u64
        doc: First byte of initialised data.
      end_data:
        value: cells.items[6].int_value
        -type: u64
        doc: End of initialised data.
      start_brk:
        value: cells.items[7].int_value
        -type: u64
        doc: Start of the heap.
      brk:
        value: cells.items[8].int_value
        -type: u64
        doc: Program break, brk(2).
      start_stack:
        value: cells.items[9].int_value
        -type: u64
        doc: 'Stack pointer at the program''s start.'
      arg_start:
        value: cells.items[10].int_value
        -type: u64
        doc: First byte of the arguments.
      arg_end:
        value: cells.items[11].int_value
        -type: u64
        doc: End of the arguments.
      env_start:
        value: cells.items[12].int_value
        -type: u64
        doc: First byte of the environment.
      env_end:
        value: cells.items[13].int_value
        -type: u64
        doc: End of the environment.
      auxv:
        value: cells.items[14].bytes_value
        -type: bytes
        doc: Auxiliary vector, pairs of 64-bit words (getauxval(3), /proc/PID/auxv).
      dumpable:
        value: cells.items[15].int_value
        -type: u8
        doc: 'prctl(PR_GET_DUMPABLE): 0, 1 or 2.'
      pagemap:
        value: cells.items[16].int_value
        if: not cells.items[16].is_nil
        -type: u32
        doc: PAGEMAP section with the pages that were saved, or nil for none.
      extra:
        value: cells.items[17]
        if: not cells.items[17].is_nil
        -type: map
        doc: Further attributes, or nil.
  vma:
    doc: One mapping of an address space (/proc/PID/smaps).
    -kind: 13
    -key: [mm, start]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 10 and _.items[0].is_u32 and _.items[1].is_u64 and
            _.items[2].is_u64 and _.items[3].is_u8 and _.items[4].is_bool and _.items[5].is_u64 and
            (_.items[6].is_nil or _.items[6].is_u32) and (_.items[7].is_nil or _.items[7].is_bytes)
            and _.items[8].is_bytes and (_.items[9].is_nil or _.items[9].is_map)
    instances:
      mm:
        value: cells.items[0].int_value
        -type: u32
        -ref: [mm]
        doc: The address space it is in.
      start:
        value: cells.items[1].int_value
        -type: u64
        doc: First address; a multiple of the page size.
      end:
        value: cells.items[2].int_value
        -type: u64
        doc: First address behind it.
      prot:
        value: cells.items[3].int_value
        -type: u8
        doc: 'Protection: 1 read, 2 write, 4 execute (mmap(2)).'
      shared:
        value: cells.items[4].bool_value
        -type: bool
        doc: MAP_SHARED, else MAP_PRIVATE.
      offset:
        value: cells.items[5].int_value
        -type: u64
        doc: Offset in the file of the first address, bytes (pgoff times the page size).
      file:
        value: cells.items[6].int_value
        if: not cells.items[6].is_nil
        -type: u32
        -ref: [file]
        doc: The mapped file, or nil.
      name:
        value: cells.items[7].bytes_value
        if: not cells.items[7].is_nil
        -type: bytes
        doc: 'The kernel''s name for a mapping of no file ("[heap]", "[anon:...]"), or nil.'
      vm_flags:
        value: cells.items[8].bytes_value
        -type: bytes
        doc: 'Flags as smaps spells them in VmFlags: two letters each, apart by blanks (proc(5)).'
      extra:
        value: cells.items[9]
        if: not cells.items[9].is_nil
        -type: map
        doc: Further attributes, or nil.
  sighand:
    doc: 'A table of signal actions; those that are not the default follow as `Sigaction`.'
    -kind: 14
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 3 and _.items[0].is_u32 and _.items[1].is_u32 and
            (_.items[2].is_nil or _.items[2].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      extra:
        value: cells.items[2]
        if: not cells.items[2].is_nil
        -type: map
        doc: Further attributes, or nil.
  sigaction:
    doc: The action of one signal, where it is not SIG_DFL with no flags (rt_sigaction(2)).
    -kind: 15
    -key: [sighand, signal]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 7 and _.items[0].is_u32 and _.items[1].is_u8 and
            _.items[2].is_u64 and _.items[3].is_u64 and _.items[4].is_u64 and _.items[5].is_u64 and
            (_.items[6].is_nil or _.items[6].is_map)
    instances:
      sighand:
        value: cells.items[0].int_value
        -type: u32
        -ref: [sighand]
        doc: The table it is in.
      signal:
        value: cells.items[1].int_value
        -type: u8
        doc: Signal number, 1 to 64.
      handler:
        value: cells.items[2].int_value
        -type: u64
        doc: Address of the handler; 0 SIG_DFL, 1 SIG_IGN.
      flags:
        value: cells.items[3].int_value
        -type: u64
        doc: 'SA_* flags.'
      restorer:
        value: cells.items[4].int_value
        -type: u64
        doc: Address that the handler returns to.
      mask:
        value: cells.items[5].int_value
        -type: u64
        doc: Signals blocked while the handler runs; bit N-1 is signal N.
      extra:
        value: cells.items[6]
        if: not cells.items[6].is_nil
        -type: map
        doc: Further attributes, or nil.
  signal:
    doc: What the threads of a process share (struct signal_struct).
    -kind: 16
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 5 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_list and _.items[3].is_list and (_.items[4].is_nil or _.items[4].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      rlimits:
        value: cells.items[2].items
        -type: u64
        -list: true
        doc: |
          Resource limits, soft and hard in turn, RLIMIT_CPU first; 2**64 - 1 is RLIM_INFINITY (prlimit(2)).
      itimers:
        value: cells.items[3].items
        -type: s64
        -list: true
        doc: Interval and time left of ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF (getitimer(2)).
      extra:
        value: cells.items[4]
        if: not cells.items[4].is_nil
        -type: map
        doc: Further attributes, or nil.
  posix_timer:
    doc: A POSIX timer (timer_create(2), /proc/PID/timers).
    -kind: 17
    -key: [signal, id]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 10 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_s32 and _.items[3].is_u32 and _.items[4].is_u32 and _.items[5].is_u64 and
            (_.items[6].is_nil or _.items[6].is_u32) and _.items[7].is_s64 and _.items[8].is_s64 and
            (_.items[9].is_nil or _.items[9].is_map)
    instances:
      signal:
        value: cells.items[0].int_value
        -type: u32
        -ref: [signal]
        doc: The process it belongs to.
      id:
        value: cells.items[1].int_value
        -type: u32
        doc: Timer id.
      clock:
        value: cells.items[2].int_value
        -type: s32
        doc: Clock id as the kernel knows it.
      notify:
        value: cells.items[3].int_value
        -type: u32
        doc: sigev_notify.
      signo:
        value: cells.items[4].int_value
        -type: u32
        doc: Signal it sends, 0 for none.
      value:
        value: cells.items[5].int_value
        -type: u64
        doc: sigev_value as the target gave it.
      tid:
        value: cells.items[6].int_value
        if: not cells.items[6].is_nil
        -type: u32
        doc: Thread that is notified (SIGEV_THREAD_ID), else nil.
      interval:
        value: cells.items[7].int_value
        -type: s64
        doc: Period, 0 for none.
      remaining:
        value: cells.items[8].int_value
        -type: s64
        doc: Time left, 0 for not armed.
      extra:
        value: cells.items[9]
        if: not cells.items[9].is_nil
        -type: map
        doc: Further attributes, or nil.
  namespaces:
    doc: The namespaces of a task by inode number (namespaces(7), /proc/PID/ns).
    -kind: 18
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 11 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_u64 and _.items[3].is_u64 and _.items[4].is_u64 and _.items[5].is_u64 and
            _.items[6].is_u64 and _.items[7].is_u64 and _.items[8].is_u64 and _.items[9].is_u64 and
            (_.items[10].is_nil or _.items[10].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      cgroup:
        value: cells.items[2].int_value
        -type: u64
        doc: Control group namespace.
      ipc:
        value: cells.items[3].int_value
        -type: u64
        doc: System V IPC and POSIX message queues.
      mnt:
        value: cells.items[4].int_value
        -type: u64
        doc: Mounts.
      net:
        value: cells.items[5].int_value
        -type: u64
        doc: Network.
      pid:
        value: cells.items[6].int_value
        -type: u64
        doc: Process ids.
      time:
        value: cells.items[7].int_value
        -type: u64
        doc: Boot and monotonic clocks; 0 where the kernel has none.
      user:
        value: cells.items[8].int_value
        -type: u64
        doc: User and group ids.
      uts:
        value: cells.items[9].int_value
        -type: u64
        doc: Host name.
      extra:
        value: cells.items[10]
        if: not cells.items[10].is_nil
        -type: map
        doc: Further attributes, or nil.
  task:
    doc: 'A process: a thread group and what it refers to.'
    -kind: 19
    -key: [objref]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 21 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_u32 and _.items[3].is_u32 and _.items[4].is_u32 and _.items[5].is_u32 and
            _.items[6].is_bytes and _.items[7].is_u8 and _.items[8].is_s32 and _.items[9].is_u64 and
            _.items[10].is_u64 and _.items[11].is_u32 and _.items[12].is_s32 and
            (_.items[13].is_nil or _.items[13].is_u32) and
            (_.items[14].is_nil or _.items[14].is_u32) and
            (_.items[15].is_nil or _.items[15].is_u32) and
            (_.items[16].is_nil or _.items[16].is_u32) and
            (_.items[17].is_nil or _.items[17].is_u32) and _.items[18].is_u32 and
            (_.items[19].is_nil or _.items[19].is_u32) and
            (_.items[20].is_nil or _.items[20].is_map)
    instances:
      objref:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of this object in the image.
      referrers:
        value: cells.items[1].int_value
        -type: u32
        doc: References to it that the dump counted.
      pid:
        value: cells.items[2].int_value
        -type: u32
        doc: Process id, in the pid namespace of the dumper.
      ppid:
        value: cells.items[3].int_value
        -type: u32
        doc: Process id of the parent.
      pgid:
        value: cells.items[4].int_value
        -type: u32
        doc: Process group.
      sid:
        value: cells.items[5].int_value
        -type: u32
        doc: Session.
      comm:
        value: cells.items[6].bytes_value
        -type: bytes
        doc: Name of the program, at most 15 bytes.
      state:
        value: cells.items[7].int_value
        -type: u8
        doc: State letter of /proc/PID/stat before the stop, an ASCII code.
      exit_signal:
        value: cells.items[8].int_value
        -type: s32
        doc: Signal to the parent at exit.
      start_time:
        value: cells.items[9].int_value
        -type: u64
        doc: Start of the process in clock ticks after boot.
      tty:
        value: cells.items[10].int_value
        -type: u64
        doc: 'Controlling terminal: major << 32 | minor; 0 for none.'
      personality:
        value: cells.items[11].int_value
        -type: u32
        doc: personality(2).
      oom_score_adj:
        value: cells.items[12].int_value
        -type: s32
        doc: /proc/PID/oom_score_adj, -1000 to 1000.
      mm:
        value: cells.items[13].int_value
        if: not cells.items[13].is_nil
        -type: u32
        -ref: [mm]
        doc: Address space; nil for a zombie.
      fd_table:
        value: cells.items[14].int_value
        if: not cells.items[14].is_nil
        -type: u32
        -ref: [fd_table]
        doc: Descriptors; nil for a zombie.
      fs:
        value: cells.items[15].int_value
        if: not cells.items[15].is_nil
        -type: u32
        -ref: [fs]
        doc: Working directory, root, umask; nil for a zombie.
      sighand:
        value: cells.items[16].int_value
        if: not cells.items[16].is_nil
        -type: u32
        -ref: [sighand]
        doc: Signal actions.
      signal:
        value: cells.items[17].int_value
        if: not cells.items[17].is_nil
        -type: u32
        -ref: [signal]
        doc: Pending signals, timers, limits.
      cred:
        value: cells.items[18].int_value
        -type: u32
        -ref: [cred]
        doc: Credentials of the leader.
      namespaces:
        value: cells.items[19].int_value
        if: not cells.items[19].is_nil
        -type: u32
        -ref: [namespaces]
        doc: Namespaces.
      extra:
        value: cells.items[20]
        if: not cells.items[20].is_nil
        -type: map
        doc: Further attributes, or nil.
  thread:
    doc: One thread of a task.
    -kind: 20
    -key: [task, tid]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 23 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_bytes and _.items[3].is_u8 and _.items[4].is_bytes and _.items[5].is_bytes
            and _.items[6].is_u64 and _.items[7].is_u64 and _.items[8].is_u32 and _.items[9].is_u64
            and _.items[10].is_u64 and _.items[11].is_u64 and _.items[12].is_u64 and
            _.items[13].is_u32 and _.items[14].is_u32 and _.items[15].is_u64 and _.items[16].is_u64
            and _.items[17].is_u32 and _.items[18].is_u32 and _.items[19].is_s64 and
            _.items[20].is_bytes and _.items[21].is_u32 and
            (_.items[22].is_nil or _.items[22].is_map)
    instances:
      task:
        value: cells.items[0].int_value
        -type: u32
        -ref: [task]
        doc: The task it is a thread of.
      tid:
        value: cells.items[1].int_value
        -type: u32
        doc: Thread id.
      comm:
        value: cells.items[2].bytes_value
        -type: bytes
        doc: Name of the thread, at most 15 bytes.
      state:
        value: cells.items[3].int_value
        -type: u8
        doc: State letter of /proc/PID/task/TID/stat before the stop, an ASCII code.
      registers:
        value: cells.items[4].bytes_value
        -type: bytes
        doc: struct user_regs_struct (sys/user.h), 216 bytes on x86-64; fs_base is the TLS pointer.
      xsave:
        value: cells.items[5].bytes_value
        -type: bytes
        doc: Extended registers as the XSAVE instruction lays them out (NT_X86_XSTATE).
      sigmask:
        value: cells.items[6].int_value
        -type: u64
        doc: Blocked signals; bit N-1 is signal N.
      altstack:
        value: cells.items[7].int_value
        -type: u64
        doc: Alternate signal stack (sigaltstack(2)).
      altstack_flags:
        value: cells.items[8].int_value
        -type: u32
        doc: Its ss_flags.
      altstack_size:
        value: cells.items[9].int_value
        -type: u64
        doc: Its size, bytes.
      robust_list:
        value: cells.items[10].int_value
        -type: u64
        doc: Head of the list of robust futexes (get_robust_list(2)).
      robust_list_size:
        value: cells.items[11].int_value
        -type: u64
        doc: Size of that head, bytes.
      rseq:
        value: cells.items[12].int_value
        -type: u64
        doc: Restartable sequences area, 0 for none (PTRACE_GET_RSEQ_CONFIGURATION).
      rseq_size:
        value: cells.items[13].int_value
        -type: u32
        doc: Its size, bytes.
      rseq_signature:
        value: cells.items[14].int_value
        -type: u32
        doc: Signature before abort handlers.
      rseq_cs:
        value: cells.items[15].int_value
        -type: u64
        doc: Critical section that the thread was in, 0 for none.
      clear_child_tid:
        value: cells.items[16].int_value
        -type: u64
        doc: Address that is cleared at exit (set_tid_address(2)).
      policy:
        value: cells.items[17].int_value
        -type: u32
        doc: Scheduling policy (sched(7)).
      priority:
        value: cells.items[18].int_value
        -type: u32
        doc: Static priority.
      nice:
        value: cells.items[19].int_value
        -type: s64
        doc: Nice value, -20 to 19.
      cpus:
        value: cells.items[20].bytes_value
        -type: bytes
        doc: CPU affinity mask, bit N of the little-endian number is CPU N (sched_getaffinity(2)).
      cred:
        value: cells.items[21].int_value
        -type: u32
        -ref: [cred]
        doc: Credentials of the thread.
      extra:
        value: cells.items[22]
        if: not cells.items[22].is_nil
        -type: map
        doc: Further attributes, or nil.
  siginfo:
    doc: A signal that is pending (ptrace(PTRACE_PEEKSIGINFO)).
    -kind: 21
    -key: [signal, tid, position]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 6 and _.items[0].is_u32 and
            (_.items[1].is_nil or _.items[1].is_u32) and _.items[2].is_u32 and _.items[3].is_u8 and
            _.items[4].is_bytes and (_.items[5].is_nil or _.items[5].is_map)
    instances:
      signal:
        value: cells.items[0].int_value
        -type: u32
        -ref: [signal]
        doc: The process it is pending for.
      tid:
        value: cells.items[1].int_value
        if: not cells.items[1].is_nil
        -type: u32
        doc: The thread whose queue it is in; nil for the queue of the process.
      position:
        value: cells.items[2].int_value
        -type: u32
        doc: Place in the queue, from 0.
      number:
        value: cells.items[3].int_value
        -type: u8
        doc: Signal number.
      info:
        value: cells.items[4].bytes_value
        -type: bytes
        doc: siginfo_t, 128 bytes.
      extra:
        value: cells.items[5]
        if: not cells.items[5].is_nil
        -type: map
        doc: Further attributes, or nil.
  epoll_watch:
    doc: |
      What an epoll instance watches (epoll_ctl(2); the "tfd:" lines of /proc/PID/fdinfo). The instance is
      one with its open file description.
    -kind: 22
    -key: [epoll, fd, file]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 6 and _.items[0].is_u32 and _.items[1].is_u32 and
            _.items[2].is_u32 and _.items[3].is_u32 and _.items[4].is_u64 and
            (_.items[5].is_nil or _.items[5].is_map)
    instances:
      epoll:
        value: cells.items[0].int_value
        -type: u32
        -ref: [file]
        doc: The instance, a file of kind epoll.
      fd:
        value: cells.items[1].int_value
        -type: u32
        doc: 'Descriptor that the file was registered by, whatever it may be by now (tfd).'
      file:
        value: cells.items[2].int_value
        -type: u32
        -ref: [file]
        doc: The open file description that is watched.
      events:
        value: cells.items[3].int_value
        -type: u32
        doc: Events and options, EPOLLIN and the like (events).
      data:
        value: cells.items[4].int_value
        -type: u64
        doc: What the program gets with an event, struct epoll_event (data).
      extra:
        value: cells.items[5]
        if: not cells.items[5].is_nil
        -type: map
        doc: Further attributes, or nil.
  eventfd:
    doc: An event counter (eventfd(2), /proc/PID/fdinfo). The counter is one with its open file description.
    -kind: 23
    -key: [file]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 4 and _.items[0].is_u32 and _.items[1].is_u64 and
            _.items[2].is_bool and (_.items[3].is_nil or _.items[3].is_map)
    instances:
      file:
        value: cells.items[0].int_value
        -type: u32
        -ref: [file]
        doc: The open file description, a file of kind eventfd.
      value:
        value: cells.items[1].int_value
        -type: u64
        doc: Value of the counter.
      semaphore:
        value: cells.items[2].bool_value
        -type: bool
        doc: 'EFD_SEMAPHORE: a read takes 1.'
      extra:
        value: cells.items[3]
        if: not cells.items[3].is_nil
        -type: map
        doc: Further attributes, or nil.
  timerfd:
    doc: A timer (timerfd_create(2), /proc/PID/fdinfo). The timer is one with its open file description.
    -kind: 24
    -key: [file]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 7 and _.items[0].is_u32 and _.items[1].is_s32 and
            _.items[2].is_u64 and _.items[3].is_u32 and _.items[4].is_s64 and _.items[5].is_s64 and
            (_.items[6].is_nil or _.items[6].is_map)
    instances:
      file:
        value: cells.items[0].int_value
        -type: u32
        -ref: [file]
        doc: The open file description, a file of kind timerfd.
      clock:
        value: cells.items[1].int_value
        -type: s32
        doc: Clock id.
      ticks:
        value: cells.items[2].int_value
        -type: u64
        doc: Expirations that were not read.
      settime_flags:
        value: cells.items[3].int_value
        -type: u32
        doc: 'Flags of the last timerfd_settime(2): 1 TFD_TIMER_ABSTIME, 2 TFD_TIMER_CANCEL_ON_SET.'
      interval:
        value: cells.items[4].int_value
        -type: s64
        doc: Period, 0 for none.
      remaining:
        value: cells.items[5].int_value
        -type: s64
        doc: Time left, 0 for not armed.
      extra:
        value: cells.items[6]
        if: not cells.items[6].is_nil
        -type: map
        doc: Further attributes, or nil.
  signalfd:
    doc: Signals that can be read (signalfd(2), /proc/PID/fdinfo).
    -kind: 25
    -key: [file]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 3 and _.items[0].is_u32 and _.items[1].is_u64 and
            (_.items[2].is_nil or _.items[2].is_map)
    instances:
      file:
        value: cells.items[0].int_value
        -type: u32
        -ref: [file]
        doc: The open file description, a file of kind signalfd.
      mask:
        value: cells.items[1].int_value
        -type: u64
        doc: The signals; bit N-1 is signal N.
      extra:
        value: cells.items[2]
        if: not cells.items[2].is_nil
        -type: map
        doc: Further attributes, or nil.
  shared_memory:
    doc: Memory that is shared without a file on a mounted file system; its contents are those of the inode.
    -kind: 26
    -key: [inode]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 7 and _.items[0].is_u32 and _.items[1].is_u8 and
            _.items[2].is_bytes and (_.items[3].is_nil or _.items[3].is_u32) and (_.items[4].is_nil
            or _.items[4].is_s32) and (_.items[5].is_nil or _.items[5].is_u32) and
            (_.items[6].is_nil or _.items[6].is_map)
    instances:
      inode:
        value: cells.items[0].int_value
        -type: u32
        -ref: [inode]
        doc: The inode of the memory.
      kind:
        value: cells.items[1].int_value
        enum: memory_kind
        -type: u8
        doc: What it is (`memory_kind`).
      name:
        value: cells.items[2].bytes_value
        -type: bytes
        doc: Name that memfd_create(2) was given; empty for other memory.
      seals:
        value: cells.items[3].int_value
        if: not cells.items[3].is_nil
        -type: u32
        doc: F_SEAL_* of a memfd (F_GET_SEALS of fcntl(2)), or nil.
      ipc_key:
        value: cells.items[4].int_value
        if: not cells.items[4].is_nil
        -type: s32
        doc: Key of a System V segment (shmget(2)), or nil.
      mode:
        value: cells.items[5].int_value
        if: not cells.items[5].is_nil
        -type: u32
        doc: Permission bits of a System V segment, with SHM_DEST (01000) where it was removed, or nil.
      extra:
        value: cells.items[6]
        if: not cells.items[6].is_nil
        -type: map
        doc: Further attributes, or nil.
  socket:
    doc: A socket (socket(2), sock_diag(7)).
    -kind: 27
    -key: [file]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 15 and _.items[0].is_u32 and _.items[1].is_u64 and
            _.items[2].is_u32 and _.items[3].is_u32 and _.items[4].is_u32 and _.items[5].is_u8 and
            (_.items[6].is_nil or _.items[6].is_bytes) and (_.items[7].is_nil or
            _.items[7].is_bytes) and (_.items[8].is_nil or _.items[8].is_u64) and (_.items[9].is_nil
            or _.items[9].is_bytes) and (_.items[10].is_nil or _.items[10].is_u32) and
            _.items[11].is_u8 and _.items[12].is_u32 and _.items[13].is_list and (_.items[14].is_nil
            or _.items[14].is_map)
    instances:
      file:
        value: cells.items[0].int_value
        -type: u32
        -ref: [file]
        doc: The open file description, a file of kind socket.
      number:
        value: cells.items[1].int_value
        -type: u64
        doc: Inode number of sockfs.
      family:
        value: cells.items[2].int_value
        -type: u32
        doc: 'Address family: 1 AF_UNIX, 2 AF_INET, 10 AF_INET6.'
      type:
        value: cells.items[3].int_value
        -type: u32
        doc: 'Type: 1 SOCK_STREAM, 2 SOCK_DGRAM, 5 SOCK_SEQPACKET.'
      protocol:
        value: cells.items[4].int_value
        -type: u32
        doc: Protocol, 6 for TCP, 17 for UDP.
      state:
        value: cells.items[5].int_value
        enum: socket_state
        -type: u8
        doc: What it is in (`socket_state`).
      path:
        value: cells.items[6].bytes_value
        if: not cells.items[6].is_nil
        -type: bytes
        -path: true
        doc: Name that a unix socket is bound to, as the task gave it, or nil.
      address:
        value: cells.items[7].bytes_value
        if: not cells.items[7].is_nil
        -type: bytes
        doc: Address that another socket is bound to (struct sockaddr), or nil.
      peer:
        value: cells.items[8].int_value
        if: not cells.items[8].is_nil
        -type: u64
        doc: Inode number of the socket that a unix socket is connected to, or nil.
      peer_address:
        value: cells.items[9].bytes_value
        if: not cells.items[9].is_nil
        -type: bytes
        doc: Address that an Internet socket is connected to (struct sockaddr), or nil.
      backlog:
        value: cells.items[10].int_value
        if: not cells.items[10].is_nil
        -type: u32
        doc: Connections that may wait to be accepted (listen(2)); nil unless it listens.
      shutdown:
        value: cells.items[11].int_value
        -type: u8
        doc: 'Directions that are closed: 1 receiving, 2 sending (shutdown(2)).'
      length:
        value: cells.items[12].int_value
        -type: u32
        doc: Bytes that wait to be read from it.
      blobs:
        value: cells.items[13].items
        -type: u32
        -list: true
        doc: BLOB sections with these bytes.
      extra:
        value: cells.items[14]
        if: not cells.items[14].is_nil
        -type: map
        doc: Further attributes, or nil.
  log_entry:
    doc: One remark of the dump or of a restart.
    -kind: 30
    -key: [time, text]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 5 and _.items[0].is_s64 and _.items[1].is_u8 and
            _.items[2].is_str and (_.items[3].is_nil or _.items[3].is_u32) and
            (_.items[4].is_nil or _.items[4].is_map)
    instances:
      time:
        value: cells.items[0].int_value
        -type: s64
        doc: CLOCK_REALTIME.
      severity:
        value: cells.items[1].int_value
        enum: severity
        -type: u8
        doc: 'Weight (`severity`).'
      text:
        value: cells.items[2].str_value
        -type: str
        doc: One line.
      objref:
        value: cells.items[3].int_value
        if: not cells.items[3].is_nil
        -type: u32
        doc: 'The object it is about, or nil. No reference: it may name what is not in the image.'
      extra:
        value: cells.items[4]
        if: not cells.items[4].is_nil
        -type: map
        doc: 'Figures that belong to it ("stopped_ns"), or nil.'
  history_entry:
    doc: How a revision came to be.
    -kind: 31
    -key: [revision]
    seq:
      - id: cells
        type: msgpack_value
        valid:
          expr: >-
            _.is_array and _.len == 7 and _.items[0].is_u32 and _.items[1].is_s64 and
            _.items[2].is_str and _.items[3].is_list and _.items[4].is_list and _.items[5].is_str
            and (_.items[6].is_nil or _.items[6].is_map)
    instances:
      revision:
        value: cells.items[0].int_value
        -type: u32
        doc: Number of the revision, 1 for the dump.
      time:
        value: cells.items[1].int_value
        -type: s64
        doc: CLOCK_REALTIME.
      tool_version:
        value: cells.items[2].str_value
        -type: str
        doc: Version of the tool.
      command:
        value: cells.items[3].items
        -type: bytes
        -list: true
        doc: Command line.
      rules:
        value: cells.items[4].items
        -type: bytes
        -list: true
        doc: Rules that were applied, as they were given.
      note:
        value: cells.items[5].str_value
        -type: str
        doc: What it did, for people; may be empty.
      extra:
        value: cells.items[6]
        if: not cells.items[6].is_nil
        -type: map
        doc: Further attributes, or nil.
enums:
  object_kind:
    1: image_info
    2: filesystem
    3: cred
    4: inode
    5: pipe
    6: tty
    7: file
    8: lock
    9: fd_table
    10: fd
    11: fs
    12: mm
    13: vma
    14: sighand
    15: sigaction
    16: signal
    17: posix_timer
    18: namespaces
    19: task
    20: thread
    21: siginfo
    22: epoll_watch
    23: eventfd
    24: timerfd
    25: signalfd
    26: shared_memory
    27: socket
    30: log_entry
    31: history_entry
  file_kind:
    1: regular
    2: directory
    3: character_device
    4: fifo
    5: pipe
    6: epoll
    7:
      id: placeholder
      doc: It could not be saved, and was left out on purpose (`crimg dump --allow`). A restart refuses it.
    8: memory
    9: eventfd
    10: timerfd
    11: signalfd
    12: socket
    13:
      id: pty_master
      doc: The master side of a pseudo-terminal (pty(7)).
  memory_kind:
    1:
      id: anonymous
      doc: MAP_SHARED with MAP_ANONYMOUS (mmap(2)), or a shared mapping of /dev/zero.
    2:
      id: memfd
      doc: memfd_create(2).
    3:
      id: system_v
      doc: shmget(2).
  socket_state:
    1:
      id: unconnected
      doc: Neither connected nor listening; it may be bound.
    2: listening
    3: connected
  name_state:
    0:
      id: none
      doc: It never had a name (a pipe, an epoll instance).
    1:
      id: linked
      doc: The path leads to this inode.
    2:
      id: deleted
      doc: Nothing stands at the path any more.
    3:
      id: replaced
      doc: 'Another inode stands at the path: renamed over, or deleted and made anew.'
    4:
      id: unreachable
      doc: 'The path cannot lead to it: mounted over, lazily unmounted, outside the task''s root.'
    5:
      id: relinked
      doc: It was deleted, and has a name again in the area for re-linked files.
  keeper:
    0: none
    1:
      id: embedded
      doc: In BLOB sections of this image.
    2:
      id: copied
      doc: In a file of its own, whose path is recorded.
    3:
      id: relinked
      doc: By a new name of the same inode, whose path is recorded.
    4:
      id: removed
      doc: Not at all, the contents were removed on purpose.
  severity:
    1: note
    2: warning
    3: error
  lock_kind:
    1: posix
    2: ofd
    3: flock
    4:
      id: lease
      doc: A lease (F_SETLEASE of fcntl(2)).
