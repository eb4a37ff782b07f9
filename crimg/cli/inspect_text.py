"""`crimg inspect` as text: the first screen, and the sections on it."""

from __future__ import annotations

from operator import itemgetter

from crimg.cli.output import column_table, table, terminal_columns
from crimg.escape import escape, escape_all
from crimg.model import File
from crimg.views import files, memory, overview, words
from crimg.views.short import flag_words, kib, path_words, referring_words, short_kind, state_word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from crimg.views.subject import Subject

    Row = dict[str, Any]

_LONG_POSITION = 12
_ALIKE = itemgetter(*map(File.fields.index, ("kind", "access", "flags", "name_state")))
_NOBODY: dict[str, list[Any]] = {}


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
            (
                "Made by",
                escape(b" ".join(filter(None, (image["tool"], image["tool_version"]))))
                if image["tool"]
                else None,
            ),
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


def file_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The files as a table. What does not fit into a column is counted: --object tells all."""
    several = len(subject.pids_of("fd_table")) > 1
    flags_room, users_room = (21, 22)
    described, users = subject.image.rows(File), subject.users
    positions = [file.position for file in described] or [0]
    if max(len(str(max(positions))), len(str(min(positions)))) > _LONG_POSITION:
        flags_room, users_room = (12, 16)
    describe = files.describer(subject)
    alike: dict[tuple[int, ...], tuple[str, str, str]] = {}
    for key, file in {_ALIKE(file): file for file in described}.items():
        row = describe(file)
        alike[key] = (short_kind(row["kind"]), flag_words(row, flags_room), state_word(row["state"]))
    looks = [alike[key] for key in map(_ALIKE, described)]
    objrefs = [file.objref for file in described]
    paths = escape_all([file.path for file in described])
    cells = (
        [f"#{objref}" for objref in objrefs],
        [kind for kind, _, _ in looks],
        [flags for _, flags, _ in looks],
        [str(file.position) for file in described],
        [referring_words(users.get(objref, _NOBODY), several, users_room) for objref in objrefs],
        [state for _, _, state in looks],
        [path or path_words(describe(file)) for path, file in zip(paths, described, strict=True)],
    )
    header = ("OBJ", "KIND", "FLAGS", "POSITION", "USED BY", "STATE", "PATH")
    return column_table(header, cells, "><<><<", columns=columns, gap=" ")


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
