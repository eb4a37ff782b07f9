"""Look-ups with a time limit: they are made by a forked process, which is given up when it does not answer.

A system call on a dead mount may never end, and may not even let its process be killed. So this process makes
none of them, and its end waits for nobody. What gave no answer is not asked again, nor what lies beside it.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import select
import signal
import time

from crimg.errors import CrimgError, FileError, UsageError
from crimg.looking.looks import Direct, Looks, NoAnswerError
from crimg.looking.serving import ANSWER, FRAME, pack, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from crimg.looking.looks import Progress, Request
    from crimg.looking.mounts import Mounts

    FilePath = str | bytes | os.PathLike[str] | os.PathLike[bytes]

TIMEOUT = 5.0
"""Seconds that a file system has for an answer, by default."""
_BATCH_BYTES = 16384
"""Requests under way at once: they fit a pipe, so that no side waits to write while the other does too."""
_ENDED = "the process that looks at files was ended from outside; try again"
_GIVE_UP_AFTER = 3
"""Places below one mount point without an answer, after which none is expected from all of it."""


class Watched(Looks):
    """Makes them in a process of its own.

    timeout: seconds without a sign of life after which a look-up is given up.
    """

    def __init__(self, root: bytes, timeout: float, mounts: Mounts) -> None:
        """Raises FileError where the root cannot be opened, NoAnswerError where that takes too long."""
        self._root = root
        self._timeout = timeout
        self._mounts = mounts
        self._dead: set[bytes] = set()
        self._failures: dict[bytes, int] = {}
        self._pid = 0
        self._buffer = bytearray()
        self.top = b"/"
        self._start()

    def close(self) -> None:
        """End the process, if it can be ended."""
        if not self._pid:
            return
        os.close(self._to)
        os.close(self._from)
        os.kill(self._pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):  # the caller has SIGCHLD ignored
            for _ in range(1000):  # one that hangs in the kernel is left to itself
                if os.waitpid(self._pid, os.WNOHANG)[0]:
                    break
                time.sleep(0.001)
        self._pid = 0

    def run(self, requests: Sequence[Request], progress: Progress | None = None) -> list[Any]:
        """As of Looks; None too for what is beside, or below, a place that gave no answer."""
        results: list[Any] = []
        batch: list[tuple[bytes, bytes]] = []
        size = 0
        for request in (*requests, None):
            frame = pack(request)
            if batch and (request is None or size + len(frame) > _BATCH_BYTES):
                for result in self._run_batch(batch):
                    results.append(result)
                    if progress is not None:
                        progress(len(results), len(requests))
                batch, size = [], 0
            if request is not None:
                batch.append((request[1], frame))
                size += len(frame)
        return results

    def _run_batch(self, batch: list[tuple[bytes, bytes]]) -> Iterator[Any]:
        """batch: path and frame of each request. All are sent, then all answers taken.

        After a silence, what is left is sent to a new process.
        """
        position = 0
        while position < len(batch):
            alive = [(path, frame) for path, frame in batch[position:] if not self._is_dead(path)]
            sent = self._send(b"".join(frame for _, frame in alive))
            for path, _ in batch[position:]:
                position += 1
                if self._is_dead(path):
                    yield None
                    continue
                try:
                    answer = self._answer() if sent else None
                except NoAnswerError:
                    sent = False
                if not sent:
                    self._mourn(path)
                    yield None
                    break
                yield answer

    def _send(self, data: bytes) -> bool:
        """Write requests to the other process; whether it took them in time. CrimgError if it ended."""
        rest = memoryview(data)
        while rest:
            if not select.select([], [self._to], [], self._timeout)[1]:
                return False
            try:
                rest = rest[os.write(self._to, rest) :]
            except BrokenPipeError as error:
                raise CrimgError(_ENDED) from error
        return True

    def _is_dead(self, path: bytes) -> bool:
        if not self._dead:
            return False
        while path not in self._dead:
            if not path or path == b"/":
                return False
            path = path.rpartition(b"/")[0] or b"/"
        return True

    def _mourn(self, path: bytes) -> None:
        """Note the mount point as dead if it gives no answer itself, else the directory of `path`."""
        self.close()
        self._start(again=True)
        if path != b"/":  # this one answered when the process was started
            self._dead.add(path.rpartition(b"/")[0] or path)
        top = self.top.rstrip(b"/")
        mount = self._mounts.at(top + path)
        point = mount.mount_point.removeprefix(top) if mount and mount.mount_point.startswith(top) else b""
        if point in (b"", b"/"):  # what hangs is beyond a symbolic link
            return
        self._failures[point] = self._failures.get(point, 0) + 1
        os.write(self._to, pack(("look", point, ())))
        try:
            self._answer()
        except NoAnswerError:
            self._failures[point] = _GIVE_UP_AFTER
            self.close()
            self._start(again=True)
        if self._failures[point] >= _GIVE_UP_AFTER:
            self._dead.add(point)

    def _start(self, *, again: bool = False) -> None:
        """again: the root has answered before, so that a busy machine is what it waits for."""
        requests, self._to = os.pipe()
        os.set_blocking(self._to, False)
        self._from, answers = os.pipe()
        self._buffer.clear()
        self._pid = os.fork()
        if self._pid == 0:
            serve(self._root, requests, answers)
        os.close(requests)
        os.close(answers)
        try:
            limit = max(self._timeout, TIMEOUT) if again else self._timeout
            problem, self.top = self._answer(limit)
        except BaseException:
            self.close()
            raise
        if problem:
            self.close()
            raise FileError(problem)

    def _answer(self, limit: float | None = None) -> Any:
        """The next answer. Raises NoAnswerError after a silence of `limit` seconds (default: the timeout)."""
        while True:
            kind, value = marshal.loads(self._frame(limit or self._timeout))
            if kind == ANSWER:
                return value

    def _frame(self, limit: float) -> bytes:
        while len(self._buffer) < FRAME.size or len(self._buffer) < self._length():
            if not select.select([self._from], [], [], limit)[0]:
                raise NoAnswerError(f"no answer in {limit:g} s")
            data = os.read(self._from, 65536)
            if not data:
                raise CrimgError(_ENDED)
            self._buffer += data
        end = self._length()
        frame = bytes(self._buffer[FRAME.size : end])
        del self._buffer[:end]
        return frame

    def _length(self) -> int:
        return FRAME.size + int(FRAME.unpack_from(self._buffer)[0])


def looks_for(root: FilePath, timeout: float | None, mounts: Mounts) -> Looks:
    """The way to make look-ups below `root`: with a limit of seconds for each, or in this very process.

    Raises FileError and NoAnswerError where the root cannot be looked at, UsageError for an empty name.
    """
    top = os.fsencode(root)
    if not top:
        raise UsageError("an empty name is no root directory")
    return Direct(top) if timeout is None else Watched(top, timeout, mounts)
