"""The tree on the left: tasks and objects. Nodes are made when their parent is opened, in chunks."""

from __future__ import annotations

from itertools import islice

from crimg.escape import escape
from crimg.graph import objref_column
from crimg.model import Fd, Task, Thread
from crimg.tui.pages.page import mark
from crimg.tui.places import FILES, IMAGE, OBJECTS, Place
from crimg.tui.rows import Row, Rows
from crimg.views.objects import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crimg.model.record import Record
    from crimg.tui.session import Session

CHUNK = 200
"""Children that are made at once; one more node stands for the rest."""


class Node:
    """One line of the tree.

    place: what it is about.  objref: whose mark it has, or None.  children: makes them; None for a leaf.
    rest: where it stands for children that were not made yet.
    """

    __slots__ = ("children", "depth", "label", "objref", "open", "place", "rest")

    def __init__(
        self,
        label: str,
        place: Place,
        *,
        objref: int | None = None,
        children: Callable[[], Iterable[Node]] | None = None,
    ) -> None:
        self.label = label
        self.place = place
        self.objref = objref
        self.children = children
        self.rest: Iterator[Node] | None = None
        self.open = False
        self.depth = 0

    @property
    def key(self) -> tuple[object, ...]:
        """What it is about: the same in a tree that is made anew. Counts and names may be others by then."""
        return (self.depth, self.place, self.rest is None, self.label.partition(" (")[0] * (not self.objref))


class Tree(Rows):
    """The nodes that are to be seen, in their order. before: a tree whose open nodes are open here too."""

    def __init__(self, session: Session, before: Tree | None = None) -> None:
        self._session = session
        self.nodes = [_root(session)]
        if before is not None:
            self._open_as(before)
            return
        self.toggle(0)
        for index in range(len(self.nodes) - 1, 0, -1):
            if isinstance(self.nodes[index].place, Place) and self.nodes[index].label == "tasks":
                self.toggle(index)

    def __len__(self) -> int:
        return len(self.nodes)

    def row(self, index: int) -> Row:
        """As in Rows."""
        node = self.nodes[index]
        sign = ("- " if node.open else "+ ") if node.children is not None else "  "
        role = self._session.checks.mark(node.objref) if node.objref is not None else ""
        spans = (("dim", "  " * node.depth + sign), mark(role), ("dim" if node.rest else "", node.label))
        return Row(spans if role else (spans[0], spans[2]), node.place, subject=node.objref)

    def toggle(self, index: int) -> bool:
        """Open or close a node; for the one that stands for the rest, make more. Whether anything changed."""
        node = self.nodes[index]
        if node.rest is not None:
            self._insert(index, node.rest, node.depth, replace=True)
            return True
        if node.children is None:
            return False
        node.open = not node.open
        if node.open:
            self._insert(index + 1, iter(node.children()), node.depth + 1)
        else:
            del self.nodes[index + 1 : self._end(index)]
        return True

    def sideways(self, index: int, by: int) -> int | None:
        """As in Rows; what is closed leads to what it is beneath, what is open to its first child."""
        node = self.nodes[index]
        if by < 0 and not node.open:
            return self.parent(index)
        if node.children is not None and node.open is not (by > 0):
            self.toggle(index)
            return index
        return min(index + node.open, len(self.nodes) - 1)

    def _open_as(self, before: Tree) -> None:
        """Open what was open, with as many children as were made."""
        known = {node.key: before.size(at) for at, node in enumerate(before.nodes) if node.open}
        at = 0
        while at < len(self.nodes):
            node = self.nodes[at]
            if node.key in known and not node.open and self.toggle(at):
                last = self._end(at) - 1
                while last - at < known[node.key] and self.nodes[last].rest is not None:
                    self.toggle(last)
                    last = self._end(at) - 1
            at += 1

    def size(self, index: int) -> int:
        """How many children of a node were made."""
        depth = self.nodes[index].depth + 1
        return sum(self.nodes[at].depth == depth for at in range(index + 1, self._end(index)))

    def index_of(self, before: Tree, index: int) -> int:
        """The node that is what this one of another tree was, or one that it was beneath."""
        places = {node.key: at for at, node in enumerate(self.nodes)}
        while index and before.nodes[index].key not in places:
            index = before.parent(index)
        return places.get(before.nodes[index].key, 0)

    def _insert(self, at: int, children: Iterator[Node], depth: int, *, replace: bool = False) -> None:
        made = list(islice(children, CHUNK))
        following = next(children, None)
        if following is not None:
            more = Node("more ...", made[-1].place)
            more.rest = _with(following, children)
            made.append(more)
        for node in made:
            node.depth = depth
        self.nodes[at : at + replace] = made

    def _end(self, index: int) -> int:
        """The first node behind those beneath this one."""
        depth = self.nodes[index].depth
        end = index + 1
        while end < len(self.nodes) and self.nodes[end].depth > depth:
            end += 1
        return end

    def parent(self, index: int) -> int:
        """The node that this one is beneath; itself for the root."""
        at = index
        while at and self.nodes[at].depth >= self.nodes[index].depth:
            at -= 1
        return at


def _with(first: Node, others: Iterator[Node]) -> Iterator[Node]:
    yield first
    yield from others


def _root(session: Session) -> Node:
    def children() -> Iterator[Node]:
        yield Node("tasks", IMAGE, children=lambda: (_task(session, task) for task in session.tasks()))
        if session.loaded:
            yield Node("files", FILES)
            yield Node("objects", OBJECTS, children=lambda: _kinds(session))

    return Node(session.shown_name.rpartition("/")[2], IMAGE, children=children)


def _task(session: Session, task: Task) -> Node:
    def children() -> Iterator[Node]:
        if not session.loaded:
            return
        if task.fd_table is not None:
            table = task.fd_table
            yield Node(f"fds ({len(session.parts(Fd, table)):,})", Place("fds", table))
        if task.mm is not None:
            yield Node(f"memory ({len(session.subject.vmas(task.mm)):,})", Place("memory", task.mm))
            yield Node("memory to scale", Place("space", task.mm))
        threads = session.parts(Thread, task.objref)
        yield Node(
            f"threads ({len(threads):,})",
            Place("threads", task.objref),
            children=lambda: (_thread(thread) for thread in threads),
        )
        yield Node("signals", Place("signals", task.objref))
        yield Node("limits", Place("limits", task.objref))
        for word, objref in (("credentials", task.cred), ("cwd, root, umask", task.fs)):
            if objref is not None:
                yield Node(word, Place("object", objref), objref=objref)

    label = f"{task.pid} {escape(task.comm)}"
    return Node(label, Place("object", task.objref), objref=task.objref, children=children)


def _thread(thread: Thread) -> Node:
    return Node(f"{thread.tid} {escape(thread.comm)}", Place("thread", thread.task, thread.tid))


def _kinds(session: Session) -> Iterator[Node]:
    image = session.subject.image
    for cls in image.kinds():
        if objref_column(cls) is None:
            continue
        rows = image.rows(cls)
        place = Place("objects", cls.row_kind)

        def children(cls: type[Record] = cls) -> Iterator[Node]:
            for row in image.rows(cls):
                words = escape(describe(session.subject, row))
                yield Node(f"#{row[0]} {words}", Place("object", row[0]), objref=row[0])

        yield Node(f"{cls.noun} ({len(rows):,})", place, children=children)
