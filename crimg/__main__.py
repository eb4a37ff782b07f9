"""`python -m crimg` is `crimg`."""

from __future__ import annotations

import sys

from crimg.cli import main

if __name__ == "__main__":
    sys.exit(main())
