"""Tests of dumping real programs."""

from __future__ import annotations

import pytest

_HELPERS = (
    *("oracle", "oracle_files", "oracle_memory", "proc"),
    *("programs", "cases", "progress", "untouched", "disturbed"),
)
pytest.register_assert_rewrite(*(f"tests.dump.{name}" for name in _HELPERS))
