"""How long a command takes that has little to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import samples
from tests.bench.install import scripts
from tests.bench.measure import alternate, usage
from tests.bench.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.settings import Settings

TITLE = "Starting"


def rows(settings: Settings) -> Iterator[Row]:
    """Processor time of short commands, against that of an interpreter that does nothing."""
    python, crimg, how = scripts(settings.folder)
    image = settings.folder / "small.crimg"
    image.write_bytes(samples.small_image())
    nothing, inspect, help_, version = (
        series.times(1000)
        for series in alternate(
            settings.starts,
            lambda: usage([python, "-c", "pass"]).cpu,
            lambda: usage([crimg, "inspect", image]).cpu,
            lambda: usage([crimg, "--help"]).cpu,
            lambda: usage([crimg, "--version"]).cpu,
        )
    )
    against = "`python -c pass`"
    note = f"crimg {how}"
    yield Row("`crimg inspect` of a small image, CPU ms", inspect, against, nothing, at_most=3, note=note)
    yield Row("`crimg --help`, CPU ms", help_, against, nothing, at_most=2.5, note=note)
    yield Row("`crimg --version`, CPU ms", version, against, nothing, note=note)
