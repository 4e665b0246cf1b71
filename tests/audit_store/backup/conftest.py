"""A store with three events, saved state and something that was rejected, and a backup of it, to be copied."""

import shutil
from pathlib import Path

import pytest

from audit_store.backup.backup import backup
from audit_store.state import views
from ingest import append
from ingest.fold import fold
from tests.audit_store.backup.stores import append_and_fold


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the folder `live` of a store."""
    path = tmp_path_factory.mktemp("template") / "live" / "audit.duckdb"
    path.parent.mkdir()
    append_and_fold(path, "ada")
    append_and_fold(path, "bob")
    views.save(path, "failures", {"outcome": ["failure"]}, replace=False, at_most=9)
    append(agent="x", activity="Login", event_id="taken", store=path, fold=False)
    fold(path)
    append(agent="y", activity="Login", event_id="taken", store=path, fold=False)
    fold(path)
    return path.parent.parent


@pytest.fixture(scope="session")
def template_with_backup(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a folder `backup`, after which one event was stored and another waits."""
    later = tmp_path_factory.mktemp("later")
    shutil.copytree(template, later, dirs_exist_ok=True)
    path = later / "live" / "audit.duckdb"
    backup(path, later / "backup")
    append_and_fold(path, "eve")
    append(agent="fay", activity="Login", store=path, fold=False)
    return later


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    """A store in a folder of its own, beside which backups may be made."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return tmp_path / "live" / "audit.duckdb"
