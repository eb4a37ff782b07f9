"""What a restart would do with a file as it is now, in words."""

from __future__ import annotations

import os
import stat

from crimg.model.enums import Access
from crimg.preflight import judge, verdicts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.looking.sightings import Look
    from crimg.model import File, Inode
    from crimg.preflight.judge import Judgement
    from crimg.preflight.verdicts import Users


def outlook(file: File, inode: Inode, users: Users, judged: Judgement, look: Look) -> str:
    """What a restart would do, for everything that is neither moved nor kept; empty where it goes right."""
    if judged.verdict == verdicts.SAME:
        return ""
    if judged.verdict == verdicts.MISSING:
        return "it fails: there is nothing to open"
    if judged.verdict == verdicts.UNREACHABLE:
        return "it fails here, or hangs"
    if judged.verdict == verdicts.REPLACED:
        return _of_replaced(file, inode, users, judged, look)
    return _of_changed(file, inode, users, judged, look)


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
    more = f"the {added} byte{'s' if added > 1 else ''}"
    if users.fds and file.access & Access.WRITE:
        if file.flags & os.O_APPEND:
            parts.append(f"with O_APPEND what it writes goes behind {more} added since")
        elif position >= inode.size:
            parts.append(f"it writes over {more} added since, from position {position} on")
        else:
            parts.append(f"it writes at position {position}, before {more} added since")
    if users.fds and file.access & Access.READ:
        parts.append(f"it reads on at position {position}, and meets {more} added since")
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
