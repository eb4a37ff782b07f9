"""A PostgreSQL server with an empty data base, under the user that its package makes."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
from typing import TYPE_CHECKING

from tests.dump.programs import Program, eventually
from tests.needed import missing

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

_USER = "postgres"
_AS_USER = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"]


class Postgres(Program):
    """It answers when the `with` block is entered; skips where there is none on this machine."""

    def __init__(self, folder: Path) -> None:
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
        if not found:
            missing("PostgreSQL is not installed")
        self.data = tempfile.mkdtemp(prefix="crimg-")  # short, and open to that user
        shutil.chown(self.data, _USER, _USER)
        tables = f"{self.data}/tables"
        initdb = [*_AS_USER, os.path.join(os.path.dirname(found[-1]), "initdb"), "-D", tables, "-N"]
        subprocess.run(initdb, check=True, cwd="/", capture_output=True)
        server = [*_AS_USER, found[-1], "-D", tables, "-k", self.data, "-c", "listen_addresses="]
        super().__init__(server, folder, ready=False)
        self._client = [*_AS_USER, "psql", "-h", self.data, "-d", "postgres", "-Atc"]

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
        shutil.rmtree(self.data)

    def asked(self, query: str) -> bytes:
        """What it answers."""
        return subprocess.run([*self._client, query], capture_output=True, cwd="/").stdout.strip()

    def session(self, query: str) -> subprocess.Popen[bytes]:
        """A client that asks something and waits for the answer."""
        return subprocess.Popen([*self._client, query], cwd="/", stdout=subprocess.DEVNULL)
