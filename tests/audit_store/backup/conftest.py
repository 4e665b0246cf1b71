"""A store with two events, saved state and something that was rejected."""

from pathlib import Path

import pytest

from audit_store.state import views
from ingest import append
from ingest.fold import fold
from tests.audit_store.backup.stores import append_and_fold


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store in a folder of its own, beside which backups may be made."""
    path = tmp_path / "live" / "audit.duckdb"
    path.parent.mkdir()
    append_and_fold(path, "ada")
    append_and_fold(path, "bob")
    views.save(path, "failures", {"outcome": ["failure"]}, replace=False, at_most=9)
    append(agent="x", activity="Login", event_id="taken", store=path, fold=False)
    fold(path)
    append(agent="y", activity="Login", event_id="taken", store=path, fold=False)
    fold(path)
    return path
