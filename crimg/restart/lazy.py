"""Memory that is supplied while the process runs already, by a process that outlives this one."""

from __future__ import annotations

import os

from crimg.errors import UsageError
from crimg.kernel import uffd
from crimg.kernel.descriptors import pidfd_getfd, pidfd_open
from crimg.paging.client import PageServer
from crimg.restart.calls import Calls
from crimg.restart.later import parts_of
from crimg.restart.steps import ServeMemory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from crimg.kernel.inject import Injector
    from crimg.model.image import Image
    from crimg.restart.steps import Plan

_NR_CLOSE = 3  # arch/x86/entry/syscalls/syscall_64.tbl


def check_lazy(image: Image) -> None:
    """Raise KernelError where kernel or rights do not suffice; UsageError where the image does not."""
    if image.store.file() is None:
        raise UsageError("--lazy: the image is not one file that pages could be read from later")
    fd = uffd.create()
    try:
        uffd.enable(fd)
    finally:
        os.close(fd)


def page_server(image: Image) -> PageServer:
    """Start the process that supplies pages of an image: it takes a moment to be ready.

    Raises KernelError, UsageError, as `check_lazy`.
    """
    check_lazy(image)
    file = image.store.file()
    return PageServer(-1 if file is None else file, "crimg: supplies memory")


class LazyMemory:
    """Context manager: hands memory over to the process that supplies it; that ends with an error.

    server: it has been started already; None: it is, if the plan has steps for it.
    """

    def __init__(self, image: Image, plan: Plan, server: PageServer | None) -> None:
        self.image = image
        self._needed = any(isinstance(step, ServeMemory) for step in plan.steps)
        self._server = server

    def __enter__(self) -> Self:
        if self._needed and self._server is None:
            self._server = page_server(self.image)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    def serve(self, step: ServeMemory, injector: Injector) -> None:
        """Have the pages of an address space supplied, from now on. Raises KernelError, FormatError.

        Its mappings are complete, and what is needed at once is there. The descriptor has to be made by a
        thread of the process; it does not keep it.
        """
        if self._server is None:
            raise ValueError("the plan has no such step")
        calls = Calls(injector)
        calls.add("userfaultfd", uffd.NR_USERFAULTFD, uffd.FLAGS)
        (number,) = calls.make()
        pidfd = pidfd_open(injector.tid)
        try:
            fd = pidfd_getfd(pidfd, number, injector.tid)
        finally:
            os.close(pidfd)
        try:
            calls.add(f"close({number})", _NR_CLOSE, number)
            calls.make()
            uffd.enable(fd)
            for vma in step.vmas:
                uffd.register(fd, vma.start, vma.end)
            self._server.hand_over(fd, parts_of(self.image, step.mm, step.vmas, step.needed))
        finally:
            os.close(fd)

    def go(self) -> int:
        """The processes are about to run: the rest is brought in, too. As `PageServer.go`; 0: nothing is."""
        return self._server.go() if self._server is not None and self._needed else 0
