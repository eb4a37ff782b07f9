"""Filter of a list, and search in memory; both give the keys a turn all the time."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from bisect import bisect_left, bisect_right

from crimg.errors import CrimgError
from crimg.escape import unescape
from crimg.tui.bars import Prompt
from crimg.tui.pages.hexadecimal import memory_rows
from crimg.tui.pages.page import count
from crimg.tui.rows import Chosen
from crimg.views.memory_search import find

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crimg.tui.app import Browser
    from crimg.tui.line_view import LineView
    from crimg.tui.places import Place
    from crimg.tui.rows import Rows

_SLICE = 0.008
"""Seconds of work between two turns of the keys."""
_MOST_MATCHES = 100_000
_NEWS = 0.2
"""Seconds between two looks at how far a search in memory is."""


class Search:
    """What is looked for, and where it was found.

    matches: addresses in memory, in order.  stopped: tells the thread of a search to end.
    """

    def __init__(self, app: Browser) -> None:
        self._app = app
        self.matches: list[int] = []
        self._stop = threading.Event()
        self._thread: asyncio.Task[None] | None = None

    def ask(self, view: LineView, place: Place) -> None:
        """Ask what to look for. Lists are filtered while one types."""
        prompt = self._app.query_one(Prompt)
        if memory_rows(view.rows) is not None:
            prompt.ask("Search memory (text, or 0x and digits):", lambda text: self._search(view, text))
            return
        prompt.ask(
            "Filter:",
            lambda text: self._filter(view, text),
            changed=lambda text: self._filter(view, text),
            cancelled=lambda: self._give_up(view),
        )

    def stop(self, view: LineView) -> bool:
        """Show all rows again, end a search; whether there was anything to stop."""
        if self._thread is not None and not self._thread.done():
            self._stop.set()
            return True
        self._app.workers.cancel_group(self._app, "filter")
        if isinstance(view.rows, Chosen):
            chosen = view.rows
            at = chosen.indices[view.cursor] if view.cursor < len(chosen) else 0
            view.show(chosen.base, at)
            self._app.show_title()
            return True
        return False

    async def end(self) -> None:
        """End all that goes through the image; wait for a page that is being saved, or made."""
        self._stop.set()
        for group in ("filter", "next"):
            self._app.workers.cancel_group(self._app, group)
        if self._thread is not None:
            await asyncio.wait([self._thread])
        for worker in [worker for worker in self._app.workers if worker.group in ("save", "wanted")]:
            await worker.wait()

    def _give_up(self, view: LineView) -> None:
        self.stop(view)

    def _filter(self, view: LineView, text: str) -> None:
        base = view.rows.base if isinstance(view.rows, Chosen) else view.rows
        if not text:
            view.pattern = None
            self.stop(view)
            return
        flags = re.IGNORECASE if text == text.lower() else 0
        view.pattern = re.compile(re.escape(text), flags)
        chosen = Chosen(base)
        view.show(chosen)
        self._app.run_worker(self._choose(view, chosen, view.pattern), group="filter", exclusive=True)

    async def _choose(self, view: LineView, chosen: Chosen, pattern: re.Pattern[str]) -> None:
        until = time.monotonic() + _SLICE
        for index in range(len(chosen.base)):
            if pattern.search(chosen.base.row(index).text):
                chosen.indices.append(index)
            if time.monotonic() > until:
                view.redraw()
                await asyncio.sleep(0.001)
                until = time.monotonic() + _SLICE
        if view.rows is chosen:
            view.show(chosen, view.cursor)
            self._app.show_title(f"  filter: {len(chosen):,} of {len(chosen.base):,}")

    def again(self, view: LineView, by: int) -> None:
        """Go to the next (1) or previous (-1) match."""
        rows = view.rows
        memory = memory_rows(rows)
        if memory is not None:
            if not self.matches:
                self._app.say("nothing was searched for, or nothing found: / searches", "warning")
                return
            here = memory.address_of(view.cursor)
            at = (
                bisect_right(self.matches, here + memory.each - 1)
                if by > 0
                else bisect_left(self.matches, here) - 1
            )
            view.move_to(memory.row_of(self.matches[at % len(self.matches)]))
        elif view.pattern is not None:
            self._app.run_worker(self._next(view, rows, view.pattern, by), group="next", exclusive=True)

    async def _next(self, view: LineView, rows: Rows, pattern: re.Pattern[str], by: int) -> None:
        until = time.monotonic() + _SLICE
        for step in range(1, len(rows) + 1):
            index = (view.cursor + step * by) % len(rows)
            if pattern.search(rows.row(index).text):
                view.move_to(index)
                return
            if time.monotonic() > until:
                await asyncio.sleep(0.001)
                until = time.monotonic() + _SLICE

    def _search(self, view: LineView, text: str) -> None:
        try:
            wanted = bytes.fromhex(text[2:]) if text.startswith("0x") else unescape(text)
        except (ValueError, CrimgError) as error:
            self._app.say(str(error), "error")
            return
        self.search_memory(view, wanted)

    def search_memory(self, view: LineView, wanted: bytes) -> None:
        """Search for bytes in a thread; the cursor goes to the first match behind it."""
        self._stop.set()
        self._stop = threading.Event()
        self.matches = []
        self._app.run_worker(self._run(view, wanted, self._stop), group="search", exclusive=True)

    async def _run(self, view: LineView, wanted: bytes, stop: threading.Event) -> None:
        rows = memory_rows(view.rows)
        if rows is None:
            return
        found = self.matches
        gone_through = 0

        def work() -> None:
            nonlocal gone_through
            for gone_through, address in find(rows.subject, rows.mm, wanted):  # noqa: B007 - told below
                if address is not None:
                    found.append(address)
                if stop.is_set() or len(found) >= _MOST_MATCHES:
                    break

        thread = self._thread = asyncio.create_task(asyncio.to_thread(work))
        shown = False
        try:
            while not thread.done():
                await asyncio.wait([thread], timeout=_NEWS)
                if found and not shown and memory_rows(view.rows) is rows:
                    shown = True
                    view.move_to(rows.row_of(found[0]))
                self._tell_how_far(f"searched {gone_through:,} bytes: {count(len(found), 'match', 'es')}")
            thread.result()
        except CrimgError as error:
            self._app.say(str(error), "error")
            return
        finally:
            cut_short = stop.is_set()
            stop.set()  # a thread goes on when its waiter is cancelled
            self._app.show_title()
        told = f"{count(len(found), 'match', 'es')} in {gone_through:,} saved bytes"
        more = "; there may be more" if cut_short or len(found) >= _MOST_MATCHES else ""
        self._app.say((told if found else f"not in {gone_through:,} saved bytes") + more)

    def _tell_how_far(self, words: str) -> None:
        """In the title, for as long as the page is one of memory."""
        if memory_rows(self._app.view("main").rows) is not None:
            self._app.show_title(f"  {words} (Esc stops)")
