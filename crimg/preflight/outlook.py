"""What a restart would do with a file as it is now, and what would mend that."""

from __future__ import annotations

import os
import stat

from crimg.escape import escape
from crimg.model.enums import Access
from crimg.preflight import judge, verdicts
from crimg.preflight.evidence_words import utc
from crimg.preflight.finding import STILL_OPEN
from crimg.preflight.verdicts import Remedy
from crimg.rewrite.rules import format_rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.looking.sightings import Look
    from crimg.model import File, Inode
    from crimg.preflight.judge import Judgement
    from crimg.preflight.verdicts import Users
    from crimg.rewrite.rules import PathRule

_UNSURE = frozenset((judge.CTIME_ALONE, judge.TOUCHED, judge.UNVERIFIED, judge.MAPPED))
_OF_CONTENTS = _UNSURE | {judge.GROWN, judge.SHRUNK, judge.REWRITTEN}
"""Details that say that contents have changed, or can have."""
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


def outlook(
    file: File, inode: Inode, users: Users, judged: Judgement, look: Look, path: bytes
) -> tuple[str, tuple[Remedy, ...]]:
    """What a restart would do, and the remedies, for everything that is neither moved nor kept.

    path: what was looked at, as a path of this machine: commands name it.
    """
    if judged.verdict == verdicts.SAME:
        return "", ()
    if judged.verdict == verdicts.MISSING:
        return "it fails: there is nothing to open", _bring_back(file, inode, judged, path)
    if judged.verdict == verdicts.UNREACHABLE:
        return "it fails here, or hangs", ()
    if judged.verdict == verdicts.REPLACED:
        return _of_replaced(file, inode, users, judged, look), (
            *_bring_back(file, inode, judged, path),
            Remedy(verdicts.ACCEPT, "only if the other file is meant to take its place"),
        )
    return _of_changed(file, inode, users, judged, look), tuple(_for_changed(file, inode, judged, path))


def _bring_back(file: File, inode: Inode, judged: Judgement, path: bytes) -> tuple[Remedy, ...]:
    """Ways to the file as it was."""
    where = shell_path(path)
    if stat.S_ISREG(inode.mode):
        back = Remedy(verdicts.BRING_BACK, f"bring back {where}, {description(inode)}")
        if STILL_OPEN in judged.details:
            return Remedy(verdicts.BRING_BACK, "copy it from /proc/PID/fd while the process lives"), back
        return Remedy(verdicts.RELOCATE, "look for it: crimg relocate IMAGE DIRECTORY"), back
    if stat.S_ISDIR(inode.mode):
        return (Remedy(verdicts.BRING_BACK, f"bring back the directory {where}"),)
    if stat.S_ISFIFO(inode.mode):
        return (Remedy(verdicts.REPAIR, f"mkfifo -m {stat.S_IMODE(inode.mode):04o} {where}"),)
    old = escape(file.path).replace("=", "\\=")
    return (Remedy(verdicts.BRING_BACK, f"give it another device or terminal: --map {shell_word(old)}=..."),)


def description(inode: Inode) -> str:
    """What tells the file from others, in words: size, time, digest, build-id."""
    words = [f"{inode.size} bytes of {utc(inode.mtime)}"]
    if inode.build_id is not None:
        words.append(f"build-id {inode.build_id.hex()}")
    if inode.digest is not None:
        words.append(f"{escape(inode.digest_kind or '')} {inode.digest.hex()}")
    return ", ".join(words)


def _of_replaced(file: File, inode: Inode, users: Users, judged: Judgement, look: Look) -> str:
    now = look.seen.mode if look.seen is not None else 0
    if stat.S_ISLNK(now):
        if look.target is None:
            return "it fails: the link leads nowhere"
        return f"it follows the link, to {judge.type_name(look.target.mode)} that is not the one of then"
    if stat.S_IFMT(now) != stat.S_IFMT(inode.mode):
        hang = " and waits for a writer" if stat.S_ISFIFO(now) else ""
        return f"it fails, or opens {judge.type_name(now)}{hang} in place of {judge.type_name(inode.mode)}"
    if stat.S_ISDIR(now):
        return "it uses the other directory, and what is in it"
    if not stat.S_ISREG(now):
        return "it opens the other one"
    if "of the same contents" in judged.details:
        return "it opens the other file, which has the same contents"
    return _sentence(file, users, "the other file", "other code")


def _of_changed(file: File, inode: Inode, users: Users, judged: Judgement, look: Look) -> str:
    size = look.seen.size if look.seen is not None else 0
    if judge.GROWN in judged.details:
        return _of_grown(file, inode, users, size - inode.size)
    if judge.SHRUNK in judged.details:
        return _of_shrunk(file, users, size)
    if judge.CTIME_ALONE in judged.details:
        return "it goes right if only attributes were set; contents can have changed unseen"
    if judge.REWRITTEN in judged.details or judge.TOUCHED in judged.details:
        return _sentence(file, users, "what is in it now", "the code that is in it now")
    if judge.MAPPED in judged.details:
        return (
            "it goes right if nothing was stored through the mapping since; contents can have changed unseen"
        )
    plain = "opening it can fail, or succeed for others than before"
    return f"{plain}; contents can have changed unseen" if judge.UNVERIFIED in judged.details else plain


def _sentence(file: File, users: Users, what: str, code: str) -> str:
    """What is done to `what` by descriptors and mappings."""
    parts = []
    if users.fds and file.access & Access.READ:
        parts.append(f"reads {what} from position {file.position} on")
    if users.fds and file.access & Access.WRITE:
        appends = file.flags & os.O_APPEND
        parts.append(f"appends to {what}" if appends else f"writes into {what} at position {file.position}")
    if users.executable:
        parts.append(f"runs {code} under the pages that were saved")
    elif users.private or users.shared:
        parts.append(f"maps {what}" + (", and stores into it" if _stores(file, users) else ""))
    return "it " + (" and ".join(parts) or f"opens {what}")


def _stores(file: File, users: Users) -> bool:
    return bool(users.shared and file.access & Access.WRITE)


def _of_grown(file: File, inode: Inode, users: Users, added: int) -> str:
    parts = []
    position = file.position
    if users.fds and file.access & Access.WRITE:
        if file.flags & os.O_APPEND:
            parts.append(f"with O_APPEND what it writes goes behind the {added} bytes added since")
        elif position >= inode.size:
            parts.append(f"it writes over the {added} bytes added since, from position {position} on")
        else:
            parts.append(f"it writes at position {position}, before the {added} bytes added since")
    if users.fds and file.access & Access.READ:
        parts.append(f"it reads on at position {position}, and meets the {added} bytes added since")
    if users.private or users.shared:
        parts.append("its mappings show the file as it is now, but for the pages that were saved")
    return "; ".join(parts) or "it opens the longer file"


def _of_shrunk(file: File, users: Users, size: int) -> str:
    parts = []
    if users.fds and file.position > size:
        parts.append(f"position {file.position} is past the end, which is at {size}")
        if file.access & Access.READ:
            parts.append("reads find nothing")
        if file.access & Access.WRITE:
            parts.append(
                "writes go to the end" if file.flags & os.O_APPEND else "writes leave a hole of zeros"
            )
    if users.private or users.shared:
        parts.append("pages past the end give SIGBUS")
    return "; ".join(parts) or f"it opens the shorter file of {size} bytes"


def _for_changed(file: File, inode: Inode, judged: Judgement, path: bytes) -> list[Remedy]:
    remedies = []
    where = shell_path(path)
    if judge.PERMISSIONS in judged.details:
        remedies.append(Remedy(verdicts.REPAIR, f"chmod {stat.S_IMODE(inode.mode):04o} {where}"))
    if judge.OWNER in judged.details:
        remedies.append(Remedy(verdicts.REPAIR, f"chown {inode.uid}:{inode.gid} {where}"))
    if not _OF_CONTENTS & {*judged.details}:
        return [*remedies, Remedy(verdicts.ACCEPT, "harmless where the restart may still open it")]
    if judge.GROWN in judged.details:
        doubt = "" if judge.INTACT in judged.details else "right only if it was appended to; "
        cut = f"truncate -s {inode.size} {where}  # {doubt}stop its writer first"
        remedies.append(Remedy(verdicts.REPAIR, cut))
    remedies.append(Remedy(verdicts.BRING_BACK, f"bring back {where}, {description(inode)}"))
    return [*remedies, Remedy(verdicts.ACCEPT, _risk(file, judged))]


def _risk(file: File, judged: Judgement) -> str:
    if judge.GROWN in judged.details and file.flags & os.O_APPEND:
        return "harmless for a log that is only appended to"
    if _UNSURE & {*judged.details}:
        return "risky: right only if the contents are still those of then, which nothing recorded can show"
    return "the program finds contents that it does not expect"
