"""PostgreSQL with an empty data base, under the user that its package makes."""

from __future__ import annotations

import glob
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.dump.programs import Program, eventually
from tests.needed import missing

if TYPE_CHECKING:
    from typing import Self

USER = "postgres"
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
"""How to run what its user runs."""


class Cluster:
    """A new cluster, removed at the end of the `with` block; skips where there is no PostgreSQL here.

    folder: of its socket, short and open to that user.  server: the command of its server, for that user.
    """

    def __init__(self) -> None:
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
        if not found:
            missing("PostgreSQL is not installed")
        self.folder = Path(tempfile.mkdtemp(prefix="crimg-"))
        shutil.chown(self.folder, USER, USER)
        data = str(self.folder / "data")
        settings = ["-c", "listen_addresses=", "-c", "max_connections=10"]
        self.server = [found[-1], "-D", data, "-k", str(self.folder), *settings]
        try:
            initdb = [*AS_USER, str(Path(found[-1]).with_name("initdb")), "-D", data, "-N"]
            subprocess.run(initdb, check=True, cwd="/", capture_output=True)
        except BaseException:
            self.remove()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Its files go."""
        shutil.rmtree(self.folder)


class Postgres(Program):
    """A server that answers when the `with` block is entered."""

    def __init__(self, folder: Path) -> None:
        self._cluster = Cluster()
        super().__init__([*AS_USER, *self._cluster.server], folder, ready=False)
        self._client = [*AS_USER, "psql", "-h", str(self._cluster.folder), "-d", "postgres", "-Atc"]

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            eventually(lambda: self.asked("select 1") == b"1")
        except BaseException:
            self.end()
            raise
        return self

    def end(self) -> None:
        """End it; its files go."""
        super().end()
        self._cluster.remove()

    def asked(self, query: str) -> bytes:
        """What it answers."""
        return subprocess.run([*self._client, query], capture_output=True, cwd="/").stdout.strip()
