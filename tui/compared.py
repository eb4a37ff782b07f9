"""What differs between the image that is browsed and another one. Filled from crimg.tui.comparing."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from crimg.tui.children import Child
from crimg.tui.packed import Packed
from crimg.tui.pinned import pin
from crimg.tui.places import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from crimg.tui.session import Session

Message = dict[str, Any]


class Change(NamedTuple):
    """A row that one image alone has, or that differs. All texts are printable.

    kind: noun.  change: "added", "gone", "changed".  before, after: where one sees it in either image.
    what: in words.  fields: the columns that differ.
    """

    kind: str
    change: str
    before: Place | None
    after: Place | None
    what: str
    fields: list[str]


def _change(values: list[Any]) -> Change:
    kind, change, before, after, what, fields = values
    old, new = (Place(*each) if each is not None else None for each in (before, after))
    return Change(kind, change, old, new, what, fields)


class Run(NamedTuple):
    """Pages next to each other that differ. start: address.  pages, mapping: in words."""

    change: str
    start: int
    pages: str
    mapping: str


class Space(NamedTuple):
    """An address space. title: in words.  spaces: its number in either image.  rest: runs left out."""

    title: str
    spaces: tuple[int | None, int | None]
    runs: tuple[Run, ...]
    rest: str


class Compared:
    """The other image, and what differs.

    other: the image before; the one that is browsed is the one after.  state: "waiting", "running", "done",
    "failed".  done: bytes of memory that were compared.  kinds: numbers of the changes of each kind.
    """

    def __init__(self, other: Session) -> None:
        self.other = other
        self.start()
        self.state = "waiting"

    def start(self) -> None:
        """Forget what was said before."""
        self.state, self.error, self.summary, self.done = "running", "", "", 0
        self.changes = Packed(_change)
        self.kinds: dict[str, list[int]] = {}
        self.memory: list[Space] = []

    def take(self, message: Message) -> None:
        """Take one message of the child."""
        if "progress" in message:
            self.done = message["progress"]
        elif "changes" in message:
            first, heads = len(self.changes), message["changes"]["heads"]
            self.changes.add(message["changes"]["rows"], len(heads))
            for number, kind in enumerate(heads, first):
                self.kinds.setdefault(kind, []).append(number)
        elif "memory" in message:
            told = message["memory"]
            runs = tuple(Run(*each) for each in told["runs"])
            self.memory.append(Space(told["title"], tuple(told["spaces"]), runs, told["rest"]))
        elif "summary" in message:
            self.summary = message["summary"]
        elif "error" in message:
            self.error = message["error"]

    def finish(self, error: str) -> None:
        """The child has ended; error: what it said on the way out."""
        self.error = self.error or error
        self.state = "failed" if self.error else "done"


class Comparing:
    """Compares in a child. told: called when there is news."""

    def __init__(self, session: Session, told: Callable[[], None]) -> None:
        self._session = session
        self._told = told
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Compare, where there is another image; a comparison that runs is given up."""
        if self._session.compared is not None:
            self._task = asyncio.create_task(self._run(self._session.compared, self._task))

    async def _run(self, compared: Compared, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            before.cancel()
            await asyncio.gather(before, return_exceptions=True)
        compared.start()

        def take(message: Message) -> None:
            compared.take(message)
            self._told()

        fds = (compared.other.fd, self._session.fd)
        words = (*pin(compared.other), *pin(self._session))
        error = await Child("crimg.tui.comparing", words, fds, take).run()
        compared.finish(error)
        self._told()

    async def stop(self) -> None:
        """End what runs."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
