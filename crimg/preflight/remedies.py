"""What would mend a verdict: rules and commands to paste, files to bring back, or what is risked without."""

from __future__ import annotations

import errno
import os
import stat

from crimg.escape import escape
from crimg.model.enums import Keeper
from crimg.preflight import judge, verdicts
from crimg.preflight.evidence_words import utc
from crimg.preflight.finding import STILL_OPEN
from crimg.preflight.verdicts import Remedy
from crimg.rewrite.rules import format_rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.model import File, Filesystem, Inode
    from crimg.preflight.judge import Judgement
    from crimg.preflight.verdicts import Verdict
    from crimg.rewrite.rules import PathRule

_UNSURE = frozenset((judge.CTIME_ALONE, judge.TOUCHED, judge.UNVERIFIED, judge.MAPPED))
_OF_CONTENTS = _UNSURE | {judge.GROWN, judge.SHRUNK, judge.REWRITTEN}
"""Details that say that contents have changed, or can have."""
RELOCATION = Remedy(verdicts.RELOCATE, "look for it: crimg relocate IMAGE DIRECTORY")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-")


def shell_word(text: str) -> str:
    """Printable text as one word of a shell command."""
    return text if text and _PLAIN.issuperset(text) else "'" + text.replace("'", "'\\''") + "'"


def shell_path(path: bytes) -> str:
    """A path as one word of a shell command, printable whatever its bytes are (then in bash's form)."""
    try:
        text = path.decode()
    except UnicodeDecodeError:
        text = "\n"
    if text.isprintable():
        return shell_word(text)
    return "$'" + "".join(chr(b) if 32 <= b < 127 and b not in b"\\'" else f"\\x{b:02x}" for b in path) + "'"


def map_remedy(rule: PathRule) -> Remedy:
    """To rewrite paths in the image by a rule."""
    return Remedy(verdicts.MAP, f"--map {shell_word(format_rule(rule))}", rule)


def map_to_fill_in(path: bytes) -> str:
    """The option that rewrites a path, without its new side."""
    return f"--map {shell_word(escape(path).replace('=', chr(92) + '='))}=..."


def remedies(
    file: File, inode: Inode, judged: Judgement, path: bytes, keeper: bytes | None = None
) -> tuple[Remedy, ...]:
    """What would mend it, for what is missing, replaced or changed; nothing for what is the same.

    path: what was looked at, as a path of this machine: commands name it.  keeper: the same of a file that
    has the contents of the inode, if one is there.
    """
    if judged.verdict == verdicts.SAME:
        return ()
    if judged.verdict == verdicts.MISSING:
        return _bring_back(file, inode, judged, path, keeper)
    if judged.verdict == verdicts.REPLACED:
        return (
            *_bring_back(file, inode, judged, path, keeper),
            Remedy(verdicts.ACCEPT, "only if the other file is meant to take its place"),
        )
    return tuple(_for_changed(file, inode, judged, path, keeper))


def _bring_back(
    file: File, inode: Inode, judged: Judgement, path: bytes, keeper: bytes | None
) -> tuple[Remedy, ...]:
    """Ways to the file as it was."""
    where = shell_path(path)
    if stat.S_ISREG(inode.mode):
        back = (*_from_keeper(inode, where, keeper), _from_anywhere(inode, where))
        if STILL_OPEN in judged.details:
            return Remedy(verdicts.BRING_BACK, "copy it from /proc/PID/fd while the process lives"), *back
        return RELOCATION, *back
    if stat.S_ISDIR(inode.mode):
        return (Remedy(verdicts.BRING_BACK, f"bring back the directory {where}"),)
    if stat.S_ISFIFO(inode.mode):
        away = f"mv {where} ELSEWHERE && " if judged.verdict == verdicts.REPLACED else ""
        return (Remedy(verdicts.REPAIR, f"{away}mkfifo -m {stat.S_IMODE(inode.mode):04o} {where}"),)
    other = f"give it another device or terminal: {map_to_fill_in(file.path)}"
    return (Remedy(verdicts.BRING_BACK, other),)


def _from_keeper(inode: Inode, where: str, keeper: bytes | None) -> tuple[Remedy, ...]:
    """Where the image knows a file that has the contents: that one."""
    if keeper is None:
        return ()
    command = "ln" if inode.keeper == Keeper.RELINKED else "cp -p"
    text = f"bring back {where} from what keeps its contents: {command} {shell_path(keeper)} {where}"
    return (Remedy(verdicts.BRING_BACK, text),)


def _from_anywhere(inode: Inode, where: str) -> Remedy:
    return Remedy(verdicts.BRING_BACK, f"bring back {where}, {description(inode)}")


def description(inode: Inode) -> str:
    """What tells the file from others, in words: size, time, digest, build-id."""
    words = [f"{inode.size} bytes of {utc(inode.mtime)}"]
    if inode.build_id is not None:
        words.append(f"build-id {inode.build_id.hex()}")
    if inode.digest is not None:
        words.append(f"{escape(inode.digest_kind or '')} {inode.digest.hex()}")
    return ", ".join(words)


def _for_changed(
    file: File, inode: Inode, judged: Judgement, path: bytes, keeper: bytes | None
) -> list[Remedy]:
    found = []
    where = shell_path(path)
    if judge.PERMISSIONS in judged.details:
        found.append(Remedy(verdicts.REPAIR, f"chmod {stat.S_IMODE(inode.mode):04o} {where}"))
    if judge.OWNER in judged.details:
        found.append(Remedy(verdicts.REPAIR, f"chown {inode.uid}:{inode.gid} {where}"))
    if not _OF_CONTENTS & {*judged.details}:
        return [*found, Remedy(verdicts.ACCEPT, "harmless where the restart may still open it")]
    if judge.GROWN in judged.details:
        doubt = "" if judge.INTACT in judged.details else "right only if it was appended to; "
        cut = f"truncate -s {inode.size} {where}  # {doubt}stop its writer first"
        found.append(Remedy(verdicts.REPAIR, cut))
    found += [*_from_keeper(inode, where, keeper), _from_anywhere(inode, where)]
    return [*found, Remedy(verdicts.ACCEPT, _risk(file, judged))]


def _risk(file: File, judged: Judgement) -> str:
    if judge.GROWN in judged.details and file.flags & os.O_APPEND:
        return "harmless for a log that is only appended to"
    if _UNSURE & {*judged.details}:
        return "risky: right only if the contents are still those of then, which nothing recorded can show"
    return "the program finds contents that it does not expect"


def of_unreachable(
    inode: Inode, filesystem: Filesystem | None, path: bytes, error: int | None
) -> tuple[Remedy, ...]:
    """What makes it possible to look at the file, or to do without.

    path: as of `remedies`.  error: errno of the look; 0 where its file system is not mounted, None where no
    answer came in time.
    """
    where = shell_path(path)
    origin = ""
    if filesystem is not None:
        kind, source, point = map(escape, (filesystem.type, filesystem.source, filesystem.mount_point))
        origin = f" ({kind} from {source} on {point})"
    if error is None:
        first = f"mend its file system{origin}, or wait longer: --timeout SECONDS"
    elif error == 0:
        first = f"mount its file system again{origin}"
    elif error in (errno.EACCES, errno.EPERM):
        first = "look again as a user who may search the directories above it, as a restart must be able to"
    elif error == errno.ELOOP:
        first = f"take out the loop of symbolic links on the way to {where}"
    elif error == errno.ENAMETOOLONG:
        first = f"take a path of less than 4096 bytes, with names of at most 255: {map_to_fill_in(path)}"
    else:
        first = f"mend its file system{origin}: {os.strerror(error)}"
    found = [Remedy(verdicts.BRING_BACK, first)]
    if stat.S_ISREG(inode.mode):
        found.append(RELOCATION)
    return *found, Remedy(verdicts.ACCEPT, "risky: nothing was compared, it can be any file or none")


def of_incomplete(file: File, *, has_path: bool) -> tuple[Remedy, ...]:
    """For a file object that the image does not tell enough of."""
    undo = Remedy(verdicts.BRING_BACK, "undo what has rewritten the image (crimg undo IMAGE), or dump again")
    if has_path:
        return (undo,)
    return undo, Remedy(verdicts.BRING_BACK, f"crimg rewrite IMAGE --set {file.objref}=/PATH")


def of_moved(verdict: Verdict) -> tuple[Remedy, ...]:
    """For a file that has moved and that no rule leads to."""
    if verdicts.BY_LINK in verdict.details:
        return (Remedy(verdicts.ACCEPT, "right as long as the symbolic link stays as it is"),)
    if verdict.found is None:
        return (RELOCATION,)
    edit = shell_word(f"{verdict.objref}={escape(verdict.found)}")
    return (Remedy(verdicts.BRING_BACK, f"crimg rewrite IMAGE --set {edit}"),)
