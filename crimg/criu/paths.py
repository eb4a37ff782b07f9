"""Every place in which a CRIU image holds a path, and the files with other paths there."""

from __future__ import annotations

from crimg.criu.editing import edited

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from crimg.criu.directory import Files
    from crimg.criu.splicing import Tree

    Chooser = Callable[[str, int, bytes], bytes]
    """Makes the new path of a place (word, id of the file or 0, old path)."""

NAME, SOCKET, SOCKET_DIRECTORY, WATCH, MOUNT, LINK, INTERPRETER = (
    *("name", "socket", "directory", "watch", "mount", "link", "interpreter"),
)
"""Words for places: the name of an open file, of a Unix socket, the directory of a relative one, a watched
file, a mount, what a deleted symbolic link held, the interpreter of a binary format."""
_ROOT, _OPTIONS = "root of a mount", "options of a mount"
_HANDLE: Tree = {4: WATCH}
_MARK: Tree = {7: {2: _HANDLE}, 8: {2: WATCH}}
_SOCKET: Tree = {11: SOCKET, 14: SOCKET_DIRECTORY}
PLACES: dict[str, Tree] = {
    "files": {3: {6: NAME}, 13: {5: {7: _HANDLE}}, 14: {6: _MARK}, 16: _SOCKET},
    "reg-files": {6: NAME},
    "unixsk": _SOCKET,
    "inotify": {5: {7: _HANDLE}},
    "inotify-wd": {7: _HANDLE},
    "fanotify": {6: _MARK},
    "fanotify-mark": _MARK,
    "mountpoints": {6: _ROOT, 7: MOUNT, 8: MOUNT, 9: _OPTIONS},
    "ghost-file": {11: LINK},
    "irmap-cache": {3: WATCH},
    "binfmt-misc": {3: INTERPRETER},
}
"""Stem of an image file to its fields that hold paths (crimg/criu/criu.proto)."""
_OVERLAY = (b"lowerdir", b"upperdir", b"workdir")
LEFT_ALONE = {
    "Mount.ext_key": "held against --external mnt[KEY] of the restore: a word, though often a path",
    "Mount.fsname": "the name of a type",
    "Inventory.dump_criu_run_id": "a number",
    "UtsNamespace.nodename": "a name of the machine",
    "UtsNamespace.domainname": "a name of the machine",
    "BinaryFormat.name": "a name in binfmt_misc",
    "TaskCore.comm": "a name of a task, by which nothing is opened",
    "ThreadCore.comm": "a name of a thread, by which nothing is opened",
    "Credentials.lsm_profile": "a label: of AppArmor it can look like a path, and is a key of its policy",
    "SignalInfo.siginfo": "a struct of the kernel",
    "InetSocket.ifname": "a name of a network device",
    "TunFile.netdev": "a name of a network device",
    "MemoryInode.name": "a label that memfd_create(2) got",
}
"""Strings of messages that no rule reaches, and why."""
UNDECODED = {
    "pages": "memory of the tasks: arguments, environments, strings of programs; the plan says that it stays",
    "pages-shmem": "memory of the tasks",
    "tty-data": "what waits in terminals",
    "ipcns-var": "settings of the kernel",
    "ipcns-shm": "contents of memory",
    "ipcns-msg": "messages between programs",
    "ipcns-sem": "numbers",
    "tcp-stream": "what waits in sockets",
    "netdev": "names and settings of network devices",
    "netns": "settings of the network",
    "cgroup": "paths from the root of a hierarchy: criu restore --cgroup-root moves them",
    "userns": "numbers",
    "pidns": "a key that --external of the restore is held against",
    "seccomp": "filter programs",
    "cpuinfo": "features of the processor",
    "autofs": "numbers of a mount; its path is among the mounts",
    "bpfmap-file": "names of BPF maps",
    "bpfmap-data": "contents of BPF maps",
    "apparmor": "policies, compiled: paths in them are in tables of the security module",
    "crimg-redacted": "numbers",
    "tmpfs": "an archive, with names relative to its mount; a rewrite of one of these is refused",
    "tmpfs-dev": "the same",
}
"""Image files that crimg does not look into, and why no path of theirs is rewritten; of the network's
(RAW_STEMS) all hold settings."""


def rewritten(files: Files, choose: Chooser) -> dict[str, bytes]:
    """Name to new bytes of the image files in which `choose` changes a path.

    It is called for every absolute path. Raises FormatError for a damaged file.
    """

    def change(message: Any, word: str, old: bytes) -> bytes:
        if word == _OPTIONS:
            return _options(old, choose)
        if word == _ROOT:
            if message.ext_mount:  # older images have the key of an external mount there
                return old
            word = MOUNT
        path = old.rstrip(b"\0") if word == SOCKET else old
        if not path.startswith(b"/"):  # abstract names, relative ones, what is given at the restore
            return old
        return choose(word, getattr(message, "id", 0), path) + old[len(path) :]

    found = {}
    for part in files.parts.values():
        wanted = PLACES.get(part.stem)
        if wanted is not None and part.kind is not None and part.size:
            data = bytes(part.view)
            new = edited(data, part.kind, part.name, wanted, change)
            if new is not data:
                found[part.name] = new
    return found


def _options(old: bytes, choose: Chooser) -> bytes:
    """The options of a mount with other directories of an overlay (overlayfs.rst of the kernel)."""
    options = []
    for option in old.split(b","):
        name, equals, value = option.partition(b"=")
        if name in _OVERLAY and equals and b"\\" not in value:
            paths = [choose(MOUNT, 0, path) if path[:1] == b"/" else path for path in value.split(b":")]
            option = name + equals + b":".join(paths)
        options.append(option)
    return b",".join(options)
