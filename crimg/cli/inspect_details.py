"""`crimg inspect` as text: tasks, threads, signals and credentials in detail."""

from __future__ import annotations

from crimg.cli.inspect_tables import TABLES
from crimg.cli.inspect_text import labelled, task_lines
from crimg.cli.output import folded, table
from crimg.escape import escape
from crimg.views import details, names, overview

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from crimg.views.subject import Subject

    Row = dict[str, Any]

_NONE = "(none)"


def detailed_task_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The tasks as a table, then what each one runs and refers to."""
    yield from task_lines(subject, columns)
    for task in overview.task_records(subject):
        yield ""
        yield f"Process {task['pid']} (#{task['objref']})"
        pairs: list[tuple[str, str | None]] = [("state", task["state"])]
        pairs += [(name, _text(task[name])) for name in ("exe", "cwd", "root", "umask", "tty")]
        pairs.append(("start time", f"{task['start_time']} clock ticks after boot"))
        pairs.append(("exit signal", names.signal_name(task["exit_signal"])))
        pairs += [(name, str(task[name])) for name in ("personality", "oom_score_adj")]
        kinds = ("mm", "fd_table", "fs", "sighand", "signal", "cred", "namespaces")
        objects = [f"{kind} #{task[kind]}" for kind in kinds if task[kind] is not None]
        pairs.append(("objects", ", ".join(objects[:4])))
        pairs.append(("", ", ".join(objects[4:]) or None))
        yield from labelled(pairs, "  ")


def _text(value: bytes | str | None) -> str | None:
    return None if value is None else escape(value)


def thread_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The threads as a table, then the registers of each."""
    threads = details.thread_records(subject)
    rows = [
        (
            str(thread["pid"]),
            str(thread["tid"]),
            thread["state"][:1],
            thread["policy"].removeprefix("SCHED_"),
            str(thread["priority"]),
            str(thread["nice"]),
            thread["cpus"],
            f"#{thread['cred']}",
            escape(thread["comm"]),
        )
        for thread in threads
    ]
    header = ("PID", "TID", "STATE", "POLICY", "PRIO", "NICE", "CPUS", "CRED", "NAME")
    yield from table(header, rows, ">><<>><>", columns=columns)
    for thread in threads:
        yield ""
        yield f"Thread {thread['tid']}"
        yield from folded("  blocked  ", set_words(thread["blocked"], 64))
        yield from _register_lines(thread["registers"])
        yield from labelled(
            [
                ("altstack", f"{thread['altstack']}, {thread['altstack_size']} bytes"),
                ("robust_list", thread["robust_list"]),
                ("rseq", f"{thread['rseq']}, {thread['rseq_size']} bytes, {thread['rseq_signature']}"),
                ("clear_child_tid", thread["clear_child_tid"]),
                ("xsave", f"{thread['xsave_size']} bytes"),
            ],
            "  ",
        )


def _register_lines(registers: Row | None) -> Iterator[str]:
    if registers is None:
        yield "  registers  (not those of x86-64)"
        return
    order = dict.fromkeys(("rip", "rsp", "rbp", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", *names.REGISTERS))
    cells = [f"{name:>8} {int(registers[name], 16):016x}" for name in order]
    for start in range(0, len(cells), 3):
        yield " ".join(cells[start : start + 3])


def set_words(members: list[str], size: int) -> str:
    """The members of a set; where most of `size` are in it, those that are not."""
    if not members:
        return "none"
    if len(members) <= size // 2:
        return " ".join(members)
    every = names.signal_set(2**64 - 1) if size == 64 else names.capability_set(2**size - 1)
    missing = [name for name in every if name not in members]
    return "all but " + " ".join(missing) if missing else "all"


def signal_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """Actions, pending signals and timers, a table each."""
    actions = [
        (
            f"#{row['sighand']}",
            row["signal"],
            row["handler"],
            " ".join(flag.removeprefix("SA_") for flag in row["flags"]),
            set_words(row["blocked"], 64),
        )
        for row in details.action_records(subject)
    ]
    yield "Actions that are not the default"
    header = ("OBJ", "SIGNAL", "HANDLER", "SA_ FLAGS", "BLOCKED MEANWHILE")
    yield from table(header, actions, "><><", columns=columns) if actions else [_NONE]
    pending = [
        (
            f"#{row['signal_struct']}",
            str(row["tid"]) if row["tid"] is not None else "process",
            row["signal"],
            str(row["si_code"]),
        )
        for row in details.pending_records(subject)
    ]
    yield from ["", "Pending"]
    yield from (
        table(("OBJ", "FOR", "SIGNAL", "SI_CODE"), pending, "><<", columns=columns) if pending else [_NONE]
    )
    timers = [
        (
            f"#{row['signal_struct']}",
            row["timer"],
            seconds(row["interval"]),
            seconds(row["remaining"]),
            row["sends"] or "",
            str(row["tid"]) if row["tid"] is not None else "",
            row["clock"] or "",
        )
        for row in details.timer_records(subject)
    ]
    yield from ["", "Timers"]
    timer_header = ("OBJ", "TIMER", "INTERVAL/s", "LEFT/s", "SENDS", "TO", "CLOCK")
    yield from table(timer_header, timers, "><>><>", columns=columns) if timers else [_NONE]


def seconds(nanoseconds: int) -> str:
    """A time in seconds, exact, without the zeros at its end."""
    whole, rest = divmod(abs(nanoseconds), 10**9)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{'-' if nanoseconds < 0 else ''}{whole}{fraction}"


def cred_lines(subject: Subject, columns: int | None) -> Iterator[str]:
    """The credentials, a paragraph each."""
    for number, cred in enumerate(details.cred_records(subject)):
        if number:
            yield ""
        yield f"Credentials #{cred['objref']}"
        for kind in "ug":
            ids = [cred[f"{which}{kind}id"] for which in ("", "e", "s", "fs")]
            yield f"  {kind}id{'':14}real {ids[0]}, effective {ids[1]}, saved {ids[2]}, file system {ids[3]}"
        pairs = [("groups", " ".join(map(str, cred["groups"])) or "none")]
        for name in ("inheritable", "permitted", "effective", "bounding", "ambient"):
            pairs.append((f"cap_{name}", set_words(cred[f"cap_{name}"], len(names.CAPABILITIES))))
        pairs.append(("securebits", " ".join(cred["securebits"]) or "none"))
        pairs.append(("no_new_privs", "yes" if cred["no_new_privs"] else "no"))
        for label, text in pairs:
            yield from folded(f"  {label:<15}  ", text)
        if cred["label"] is not None:
            yield f"  {'label':<15}  {escape(cred['label'])}"


DETAILS: dict[str, Callable[[Subject, int | None], Iterator[str]]] = {
    **TABLES,
    "tasks": detailed_task_lines,
    "threads": thread_lines,
    "signals": signal_lines,
    "creds": cred_lines,
}
"""Section to what makes its lines."""
