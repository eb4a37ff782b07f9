"""Measure crimg against other things that do the same in the same minute: `python -m tests.bench`.

The output is Markdown. Times depend on the machine and stand beside what they are compared with: the ratio
is what counts. --quick does little of everything, to see that it works.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.settings import Settings
from tests.bench.table import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = (
    "starting",
    "loading",
    "checking",
    "dumping",
    "restarting",
    "criu",
    "searching",
    "rewriting",
    "showing",
)
"""Modules of this package, each with a TITLE and with rows(settings); new ones are named here."""


def about(folder: Path) -> Iterator[str]:
    """The machine, and how busy it is."""
    processors = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in processors if line.startswith("model name")), "?")
    load = " ".join(f"{figure:.1f}" for figure in os.getloadavg())
    yield f"- {os.cpu_count()} x {model}, Linux {platform.release()}, Python {platform.python_version()}"
    yield f"- files in {folder}, on {file_system(folder)}; load of the machine {load}"
    yield ""


def file_system(folder: Path) -> str:
    """Type of the file system that a folder is on (proc(5), mountinfo)."""
    device = os.stat(folder).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields = line.split()
        if fields[2] == wanted:
            return fields[fields.index("-") + 1]
    return "an unknown file system"


def main() -> int:
    """Print the tables; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="64 MiB, few rounds")
    parser.add_argument("--folder", type=Path, help="where to write (default: in TMPDIR)")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=f"of {', '.join(MODULES)}")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crimg-bench-", dir=options.folder) as name:
        folder = Path(name)
        settings = Settings.quick(folder) if options.quick else Settings(folder)
        for line in about(folder):
            print(line)
        for module_name in options.modules or MODULES:
            module = import_module(f"tests.bench.{module_name}")
            for line in lines(module.TITLE, module.rows(settings)):
                print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
