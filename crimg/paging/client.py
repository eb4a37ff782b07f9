"""Starts the process that supplies pages, and hands address spaces over to it."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from array import array

from crimg.errors import KernelError
from crimg.escape import one_line
from crimg.paging.protocol import GO, READY, SPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Self

    from crimg.paging.missing import Part

_START = """
import sys
sys.path[:] = sys.argv[2].split("\\n")
from crimg.paging.main import main
main(int(sys.argv[3]), int(sys.argv[4]))
"""
_SECONDS = 20.0


class PageServer:
    """The other process; to be closed, whereupon it ends, unless it was told to go on.

    It is a Python of its own, which has nothing of this process but what it is given.
    """

    def __init__(self, image: int, name: str) -> None:
        """image: descriptor of the image file.  name: what to show in the list of processes.

        Raises KernelError.
        """
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.settimeout(_SECONDS)
        path = "\n".join(os.path.abspath(entry) for entry in sys.path)
        words = [sys.executable, "-I", "-S", "-c", _START, name, path, str(other.fileno()), str(image)]
        with other:
            try:
                self._starter = subprocess.Popen(
                    words, pass_fds=(other.fileno(), image), cwd="/",
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                )  # fmt: skip
            except OSError as error:
                self._socket.close()
                hint = "the process that is to supply pages"
                raise KernelError("execve", error.errno or errno.EIO, hint=hint) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def hand_over(self, fd: int, parts: Iterable[Part]) -> None:
        """Another address space. fd: its userfaultfd.  parts: what is to be supplied. Raises KernelError."""
        words = array("q")
        for part in parts:
            words.extend((part.start, part.end, part.section, part.offset))
        table = os.memfd_create("parts", os.MFD_CLOEXEC)
        try:
            with open(table, "wb", closefd=False) as file:
                words.tofile(file)
            os.lseek(table, 0, os.SEEK_SET)
            self._tell(SPACE, [fd, table])
        finally:
            os.close(table)

    def go(self) -> int:
        """From here on it does not need this process. The id of its session. Raises KernelError."""
        self._tell(GO, [])
        try:
            answer = self._socket.recv(64)
            if answer.startswith(READY):
                return int(answer.removeprefix(READY))
        except OSError as error:
            raise self._failure(error.errno or errno.ETIMEDOUT) from error
        raise self._failure(errno.ECHILD)

    def close(self) -> None:
        """A second call does nothing."""
        self._socket.close()
        if self._starter.stderr is not None:
            self._starter.stderr.close()
        self._starter.wait()

    def _tell(self, message: bytes, fds: list[int]) -> None:
        try:
            socket.send_fds(self._socket, [message], fds)
        except OSError as error:
            raise self._failure(error.errno or errno.EPIPE) from error

    def _failure(self, number: int) -> KernelError:
        hint = "the process that is to supply pages does not do so"
        return KernelError("starting a process", number, hint=": ".join((hint, *self._said())))

    def _said(self) -> list[str]:
        """The last line that it wrote to its standard error."""
        errors = self._starter.stderr
        if errors is None:
            return []
        os.set_blocking(errors.fileno(), False)
        return [one_line(line) for line in (errors.read() or b"").decode(errors="replace").splitlines()[-1:]]
