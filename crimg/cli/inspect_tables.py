"""`crimg inspect` as text: the sections that are one table each, and the log."""

from __future__ import annotations

from crimg.cli.output import table
from crimg.escape import escape
from crimg.views import details, files, journal
from crimg.views.short import flag_words, path_words, short_kind, state_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crimg.views.subject import Subject


def fd_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The file descriptors as a table."""
    fds = files.fd_records(subject)
    several = len({fd["table"] for fd in fds}) > 1
    rows = [
        (
            " ".join(map(str, fd["pids"])) if several else "",
            str(fd["fd"]),
            "cloexec" if fd["cloexec"] else "",
            f"#{fd['file']}",
            *(
                (
                    short_kind(fd["kind"]),
                    flag_words(fd),
                    str(fd["position"]),
                    state_word(fd["state"]),
                    path_words(fd),
                )
                if fd["kind"] is not None
                else ("?", "", "", "", "(not in the image)")
            ),
        )
        for fd in fds
    ]
    header = ("PID", "FD", "CLOEXEC", "OBJ", "KIND", "FLAGS", "POSITION", "STATE", "PATH")
    return table(header, rows, ">><><<><", columns=columns, gap=" ")


def lock_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The file locks as a table."""
    rows = [
        (
            f"#{lock['file']}",
            lock["kind"],
            "exclusive" if lock["write"] else "shared",
            str(lock["pid"]) if lock["pid"] > 0 else "",
            str(lock["start"]),
            str(lock["end"]) if lock["end"] is not None else "EOF",
            escape(lock["path"] or b""),
        )
        for lock in files.lock_records(subject)
    ]
    header = ("OBJ", "KIND", "MODE", "PID", "FIRST", "LAST", "PATH")
    return table(header, rows, "><<>>>", columns=columns)


def inode_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The inodes as a table; --object has the rest."""
    rows = [
        (
            f"#{inode['objref']}",
            inode["device"] or "",
            _or_nothing(inode["number"]),
            inode["mode"] or "",
            f"{inode['uid']}:{inode['gid']}" if inode["uid"] is not None else "",
            _or_nothing(inode["nlink"]),
            _or_nothing(inode["size"]),
            "" if inode["keeper"] == "none" else inode["keeper"],
            escape(inode["path"] or b""),
        )
        for inode in files.inode_records(subject)
    ]
    header = ("OBJ", "DEV", "INODE", "MODE", "OWNER", "LINKS", "SIZE", "KEPT", "PATH")
    return table(header, rows, "><><<>><", columns=columns, gap=" ")


def _or_nothing(number: int | None) -> str:
    return str(number) if number is not None else ""


def limit_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The resource limits as a table."""
    limits = details.limit_records(subject)
    several = len({row["signal_struct"] for row in limits}) > 1
    rows = [
        (
            " ".join(map(str, row["pids"])) if several else "",
            row["resource"],
            *("unlimited" if row[name] is None else str(row[name]) for name in ("soft", "hard")),
        )
        for row in limits
    ]
    return table(("PID", "RESOURCE", "SOFT", "HARD"), rows, "><<", columns=columns)


def log_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The log and the history."""
    for entry in journal.log_records(subject):
        about = f" (#{entry['objref']})" if entry["objref"] is not None else ""
        yield f"{entry['time']}  {entry['severity']}: {escape(entry['text'])}{about}"
    for entry in journal.history_records(subject):
        note = f": {escape(entry['note'])}" if entry["note"] else ""
        yield f"{entry['time']}  revision {entry['revision']}, by {escape(entry['tool_version'])}{note}"
        if entry["command"]:
            yield f"    {command_words(entry['command'])}"
        for rule in entry["rules"]:
            yield f"    rule {escape(rule)}"


def command_words(words: Sequence[bytes]) -> str:
    """A command line for people: words with blanks, and empty ones, in quotes."""
    shown = [escape(word) for word in words]
    return " ".join(f"'{word}'" if " " in word or not word else word for word in shown)


def section_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The sections of the file as a table."""
    rows = [
        (
            str(row["offset"]),
            str(row["id"]),
            str(row["revision"]),
            "" if row["critical"] else "ancillary",
            row["codec"],
            str(row["stored"]),
            str(row["raw"]),
            row["type"]
            + (f" of {row['rows_of']}" if row["type"] == "OBJECTS" and row["rows_of"] else "")
            + (f" {escape(row['name'])}" if row["name"] is not None else ""),
        )
        for row in journal.section_records(subject)
    ]
    header = ("OFFSET", "ID", "REV", "SKIP", "CODEC", "STORED", "RAW", "TYPE")
    return table(header, rows, ">>><<>>", columns=columns, gap=" ")


TABLES: dict[str, Callable[[Subject, int | None], Iterator[str]]] = {
    "fds": fd_lines,
    "locks": lock_lines,
    "inodes": inode_lines,
    "limits": limit_lines,
    "log": log_lines,
    "sections": section_lines,
}
"""Section to what makes its lines."""
