"""Fixtures of the tests of the spool."""

from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store would be."""
    return tmp_path / "audit.duckdb"
