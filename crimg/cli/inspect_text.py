"""`crimg inspect` as text: the first screen, and the sections on it."""

from __future__ import annotations

from crimg.cli.output import table, terminal_columns
from crimg.escape import escape
from crimg.views import files, memory, overview, words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from crimg.views.subject import Subject

    Row = dict[str, Any]

_SHORT_KINDS = {"regular": "file", "directory": "dir", "character device": "chr"}
_USERS = ("fd", "vma", "exe", "cwd", "root")
_LONG_POSITION = 12


def text_lines(subject: Subject, chosen: Sequence[str] | None) -> Iterator[str]:
    """The lines of the first screen, or of the chosen sections: each under its title if there are several."""
    columns = terminal_columns()
    if chosen is None:
        yield from image_lines(subject)
        yield from ["", "Tasks", *task_lines(subject, columns)]
        yield from ["", "Memory", *memory_kind_lines(subject)]
        yield from ["", "Files", *file_lines(subject, columns)]
        return
    for number, name in enumerate(chosen):
        if len(chosen) > 1:
            yield from ["", name.capitalize()] if number else [name.capitalize()]
        if name == "files":
            yield from file_lines(subject, columns)
        elif name == "memory":
            yield from vma_lines(subject, columns)
        else:
            from crimg.cli.inspect_details import DETAILS

            yield from DETAILS[name](subject, columns)


def image_lines(subject: Subject) -> Iterator[str]:
    """What the image is, a line for each thing worth knowing first."""
    image = overview.image_record(subject)
    revision = f"revision {image['revision']}, {image['size']:,} bytes"
    yield from labelled(
        [
            ("Image", escape(image["file"]) if image["file"] != b"-" else "(standard input)"),
            ("", f"{revision}, uuid {image['uuid']}"),
            ("Task", f"{image['pid']} {escape(image['comm'])}" if image["comm"] is not None else None),
            ("When", _when(image)),
            ("Where", escape(image["hostname"]) if image["hostname"] is not None else None),
            ("Kernel", _kernel(image)),
            ("Made by", escape(image["tool"] + b" " + image["tool_version"]) if image["tool"] else None),
            ("Pages in", f"image {image['parent_uuid']}" if image["parent_uuid"] else None),
        ]
    )


def _when(image: Row) -> str | None:
    if image["stopped_at"] is None:
        return None
    stopped = image["stopped_ns"]
    return f"{image['stopped_at']}" + (f", stopped for {words.duration(stopped)}" if stopped else "")


def _kernel(image: Row) -> str | None:
    release, machine = image["kernel_release"], image["architecture"]
    return f"Linux {escape(release)} {escape(machine)}" if release is not None else None


def labelled(pairs: Iterable[tuple[str, str | None]], indent: str = "") -> Iterator[str]:
    """Lines of a label and a text, the texts below each other; those without a text are left out."""
    kept = [(label, text) for label, text in pairs if text is not None]
    widest = max((len(label) for label, _ in kept), default=0)
    for label, text in kept:
        yield f"{indent}{label:<{widest}}  {text}" if text else f"{indent}{label}"


def task_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The tasks as a table."""
    rows = [
        (
            str(task["pid"]),
            str(task["ppid"]),
            str(task["pgid"]),
            str(task["sid"]),
            task["state"][:1],
            str(task["threads"]),
            str(task["fds"]),
            str(task["vmas"]),
            kib(task["stored"]),
            escape(task["comm"]),
        )
        for task in overview.task_records(subject)
    ]
    header = ("PID", "PPID", "PGID", "SID", "STATE", "THREADS", "FDS", "VMAS", "STORED/KiB", "NAME")
    return table(header, rows, ">>>><>>>>", columns=columns)


def memory_kind_lines(subject: Subject) -> Iterator[str]:
    """The memory by kind, with a sum."""
    kinds = memory.memory_kind_records(subject)
    if len(kinds) > 1:
        total = {name: sum(kind[name] for kind in kinds) for name in ("mappings", "size", "stored")}
        kinds.append({"kind": "all", **total})
    rows = [
        (kind["kind"], str(kind["mappings"]), kib(kind["size"]), kib(kind["stored"]), "") for kind in kinds
    ]
    return table(("KIND", "MAPPINGS", "SIZE/KiB", "STORED/KiB", ""), rows, "<>>>")


def kib(size: int) -> str:
    """Bytes of memory in KiB: whole, since memory comes in pages."""
    return str(-(-size // 1024))


def file_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The files as a table. What does not fit into a column is counted: --object tells all."""
    records = files.file_records(subject)
    several = len(subject.pids_of("fd_table")) > 1
    flags_room, users_room = (21, 22)
    if max((len(str(row["position"])) for row in records), default=0) > _LONG_POSITION:
        flags_room, users_room = (12, 16)
    rows = [
        (
            f"#{row['objref']}",
            short_kind(row["kind"]),
            flag_words(row, flags_room),
            str(row["position"]),
            user_words(row["used_by"], several, users_room),
            state_word(row["state"]),
            path_words(row),
        )
        for row in records
    ]
    header = ("OBJ", "KIND", "FLAGS", "POSITION", "USED BY", "STATE", "PATH")
    return table(header, rows, "><<><<", columns=columns, gap=" ")


def short_kind(kind: str) -> str:
    """The kind of a file in at most four letters."""
    return _SHORT_KINDS.get(kind, kind)


def flag_words(row: Row, room: int = 21) -> str:
    """ "rw O_APPEND"; the flags for which there is no room are counted."""
    return fitted([row["access"], *words.notable_flags(row["flags"])], " ", room)


def fitted(parts: list[str], separator: str, room: int) -> str:
    """As many parts as there is room for, at least the first, and how many are left out: "a b +3"."""
    shown = separator.join(parts)
    kept = len(parts)
    while len(shown) > room and kept > 1:
        kept -= 1
        shown = f"{separator.join(parts[:kept])} +{len(parts) - kept}"
    return shown


def state_word(state: str) -> str:
    """The state of a name where it is worth a word."""
    return "" if state in ("linked", "none") else state


def path_words(row: Row) -> str:
    """The path, or the kernel's name for what has none."""
    if row["path"] is not None:
        return escape(row["path"])
    return f"pipe:[{row['pipe_number']}]" if row["pipe_number"] is not None else ""


def user_words(used_by: dict[str, list[Row]], several: bool, room: int) -> str:
    """ "fd 0-2 7, 3 vmas, exe": who refers to a file; those for which there is no room are counted."""
    parts = []
    for word in sorted(used_by, key=_by_importance):
        rows = used_by[word]
        if word == "fd":
            parts.append(_fd_words(rows, several, room // 2))
        elif word in ("vma", "lock"):
            parts.append(f"{len(rows)} {word}{'s' if len(rows) > 1 else ''}")
        else:
            parts.append(word)
    return fitted(parts, ", ", room)


def _by_importance(word: str) -> int:
    return _USERS.index(word) if word in _USERS else len(_USERS)


def _fd_words(fds: list[Row], several: bool, room: int) -> str:
    if not several and len(fds) <= room:
        shown = "fd " + " ".join(number_runs(row["fd"] for row in fds))
        if len(shown) <= room:
            return shown
    return f"{len(fds)} fds" if len(fds) > 1 else "1 fd"


def number_runs(numbers: Iterable[int]) -> list[str]:
    """Numbers in order, those that follow each other as "4-7"."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return [str(low) if low == high else f"{low}-{high}" for low, high in runs]


def vma_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """Every mapping as a table."""
    vmas = memory.vma_records(subject)
    several = len({vma["mm"] for vma in vmas}) > 1
    rows = [
        (
            f"#{vma['mm']}" if several else "",
            f"{vma['start'][2:]}-{vma['end'][2:]}",
            vma["permissions"],
            kib(vma["size"]) + "K",
            kib(vma["stored"]) + "K" if vma["stored"] else "-",
            f"#{vma['file']}" if vma["file"] is not None else "",
            f"{vma['offset']:x}" if vma["file"] is not None else "",
            state_word(vma["state"]) if vma["state"] is not None else "",
            escape((vma["path"] if vma["file"] is not None else vma["name"]) or b""),
        )
        for vma in vmas
    ]
    header = ("MM", "ADDRESS", "PERM", "SIZE", "STORED", "OBJ", "OFFSET", "STATE", "PATH")
    return table(header, rows, "><<>>>><", columns=columns, gap=" ")
