"""C611 to C614: what ties parts of a CRIU image to each other, and to the image before it."""

from __future__ import annotations

from bisect import bisect_right

from crimg.errors import CrimgError
from crimg.escape import escape
from crimg.format.constants import MAX_SECTION_ID, PAGES_PARENT, SectionType
from crimg.model import Fd, File, Mm, Task
from crimg.validate.criu import files_by_id
from crimg.validate.finding import Hit
from crimg.validate.rules import ERROR, WARNING, rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crimg.validate.checked import Checked, Run

_LONGEST_CHAIN = 1000


@rule("C611", ERROR)
def parent_chain(checked: Checked) -> Iterator[Hit]:
    """Pages are in the dump before, and the chain of directories does not lead to them.

    The link `parent` is missing or leads nowhere, or the directory there has no such pages: contents of
    this memory are nowhere.

    Remedy: bring the directory of the dump before to where the link leads, or dump again in full.
    """
    if checked.criu is None:
        return
    wanted: list[tuple[Mm, int, list[Run]]] = []
    pids = {task.mm: task.pid for task in checked.rows(Task) if task.mm is not None}
    for mm in checked.objects_of(Mm).values():
        runs = [run for run in checked.runs(mm.pagemap) if run[2] == PAGES_PARENT]
        if runs and mm.objref in pids:
            wanted.append((mm, pids[mm.objref], runs))
    if not wanted or checked.criu.directory.parent() is None:  # without a link C335 says so
        return
    from crimg.criu.parents import parent_runs

    for mm, pid, runs in wanted:
        try:
            missing = _uncovered(runs, parent_runs(checked.criu.directory, pid, _LONGEST_CHAIN))
        except CrimgError as error:
            yield Hit(escape(f"the dump before: {error}"), mm, "pagemap")
            continue
        if missing:
            size = checked.page_size
            yield Hit(
                f"{len(missing)} runs, the first at {missing[0] * size:x}, are not there", mm, "pagemap"
            )


def _uncovered(runs: Sequence[Run], there: list[tuple[int, int]]) -> list[int]:
    """First pages of the runs that the stretches `there` (start, end; in order, joined) do not cover."""
    starts = [start for start, _ in there]
    missing = []
    for first, count, *_ in runs:
        index = bisect_right(starts, first) - 1
        if index < 0 or there[index][1] < first + count:
            missing.append(first)
    return missing


@rule("C612", WARNING, whole=True)
def surplus_pages(checked: Checked) -> Iterator[Hit]:
    """A file of pages holds more than its page map counts.

    Pages that belong to no address are left alone by a restore; a page map that lost entries, or belongs to
    another dump, looks the same.

    Remedy: take another copy of the directory; if it is the same there, dump again.
    """
    if checked.criu is None:
        return
    counted: dict[int, int] = {}
    for entry in checked.sections.values():
        if entry.type == SectionType.PAGEMAP:
            for run in checked.runs(entry.id):
                if run[2] <= MAX_SECTION_ID and run[2] != PAGES_PARENT:
                    counted[run[2]] = max(counted.get(run[2], 0), run[3] + run[1])
    for number, pages in counted.items():
        section = checked.sections.get(number)
        if section is not None and section.len_raw // checked.page_size > pages:
            yield Hit(f"{section.len_raw // checked.page_size} pages, {pages} counted", section=section)


@rule("C613", ERROR, whole=True)
def epoll_target(checked: Checked) -> Iterator[Hit]:
    """An epoll instance watches a descriptor that no task with it has.

    CRIU ends with "Can't find the file to watch": the descriptor was lost, or was closed while its file
    lived on elsewhere.

    Remedy: undo what rewrote the image, or dump again.
    """
    if checked.criu is None:
        return
    instances = {e.id: e.epfd for e in checked.criu.file_entries if e.HasField("epfd") and e.epfd.tfd}
    if not instances:
        return
    files = files_by_id(checked)
    tables: dict[int, set[int]] = {}
    holders: dict[int, set[int]] = {}
    for fd in checked.rows(Fd):
        tables.setdefault(fd.table, set()).add(fd.fd)
        holders.setdefault(fd.file, set()).add(fd.table)
    for number, instance in instances.items():
        file = files.get(number)
        around: set[int] = set()
        for table in holders.get(file.objref, ()) if file is not None else ():
            around |= tables[table]
        for target in instance.tfd:
            if target.tfd not in around:
                yield Hit(f"watches descriptor {target.tfd}", file)


@rule("C614", ERROR, whole=True)
def unknown_mount(checked: Checked) -> Iterator[Hit]:
    """A file is on a mount that is not among the mounts of the image.

    CRIU ends with "Can't lookup mount".

    Remedy: undo what rewrote the image, or dump again.
    """
    if checked.criu is None or not checked.criu.builder.system.mounts:
        return
    for file in checked.rows(File):
        mount = (file.extra or {}).get("mount_id")
        if isinstance(mount, int) and mount not in checked.criu.builder.system.mounts:
            yield Hit(f"mount {mount}", file, "mount_id")
