"""The image as a whole, and what tasks and files stand on: file systems, credentials, namespaces."""

from __future__ import annotations

from crimg.model.record import Record
from crimg.model.types import (
    U32,
    U64,
    Extra,
    Nanoseconds,
    Path,
    TaskRef,
)


class ImageInfo(Record, kind=1, noun="image_info"):
    """What made the image, where and when. One row."""

    objref: U32
    """Number of this object in the image."""
    tool: str
    """Program that made the image ("crimg")."""
    tool_version: str
    """Its version."""
    kernel_release: str
    """uname(2) release of the machine of the dump."""
    kernel_version: str
    """uname(2) version."""
    architecture: str
    """uname(2) machine ("x86_64")."""
    hostname: bytes
    """uname(2) nodename."""
    boot_id: str
    """/proc/sys/kernel/random/boot_id: tells one boot of a machine from another."""
    page_size: U32
    """Bytes in a page of memory, sysconf(_SC_PAGESIZE)."""
    realtime: Nanoseconds
    """CLOCK_REALTIME when the tasks were stopped."""
    monotonic: Nanoseconds
    """CLOCK_MONOTONIC at the same moment."""
    boottime: Nanoseconds
    """CLOCK_BOOTTIME at the same moment."""
    command: tuple[bytes, ...]
    """Command line of the dump."""
    parent: bytes | None
    """Uuid of the image that holds the pages which are not in this one (incremental), or nil."""
    root: TaskRef
    """The task that was asked for; the root of the tree."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Filesystem(Record, kind=2, noun="filesystem"):
    """A mounted file system which inodes of the image are on (/proc/PID/mountinfo, statfs(2))."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    type: bytes
    """Type, mountinfo field 9 ("ext4")."""
    source: bytes
    """Source, mountinfo field 10 ("/dev/sda1")."""
    mount_point: Path
    """Where it is mounted, seen from the task's root."""
    mount_root: Path
    """What of the file system is mounted there, mountinfo field 4."""
    mount_id: U32
    """Mount id of mountinfo field 1."""
    device: U64
    """st_dev of its inodes: major << 32 | minor (makedev numbers differ between C libraries)."""
    fsid: U64
    """f_fsid of statfs(2); 0 where the file system has none."""
    options: bytes
    """Mount options and super options, joined by a comma."""
    extra: Extra | None = None
    """Further attributes (subvolume, snapshot), or nil."""


class Cred(Record, kind=3, noun="cred"):
    """Credentials (credentials(7), capabilities(7)), from /proc/PID/task/TID/status and prctl(2)."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    uid: U32
    """Real user id, in the user namespace of the dumper."""
    euid: U32
    """Effective user id."""
    suid: U32
    """Saved user id."""
    fsuid: U32
    """File system user id."""
    gid: U32
    """Real group id."""
    egid: U32
    """Effective group id."""
    sgid: U32
    """Saved group id."""
    fsgid: U32
    """File system group id."""
    groups: tuple[U32, ...]
    """Supplementary groups."""
    cap_inheritable: U64
    """Capability sets, bit N is capability N: CapInh."""
    cap_permitted: U64
    """CapPrm."""
    cap_effective: U64
    """CapEff."""
    cap_bounding: U64
    """CapBnd."""
    cap_ambient: U64
    """CapAmb."""
    securebits: U32
    """prctl(PR_GET_SECUREBITS)."""
    no_new_privs: bool
    """prctl(PR_GET_NO_NEW_PRIVS)."""
    label: bytes | None
    """Label of the security module, /proc/PID/attr/current, or nil."""
    extra: Extra | None = None
    """Further attributes, or nil."""


class Namespaces(Record, kind=18, noun="namespaces"):
    """The namespaces of a task by inode number (namespaces(7), /proc/PID/ns)."""

    objref: U32
    """Number of this object in the image."""
    referrers: U32
    """References to it that the dump counted."""
    cgroup: U64
    """Control group namespace."""
    ipc: U64
    """System V IPC and POSIX message queues."""
    mnt: U64
    """Mounts."""
    net: U64
    """Network."""
    pid: U64
    """Process ids."""
    time: U64
    """Boot and monotonic clocks; 0 where the kernel has none."""
    user: U64
    """User and group ids."""
    uts: U64
    """Host name."""
    extra: Extra | None = None
    """Further attributes, or nil."""
