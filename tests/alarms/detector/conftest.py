"""A store that is judged already, which the tests of the detector copy."""

import shutil
from pathlib import Path

import pytest

from audit_store.engines.duckdb.store import Store
from tests.alarms.detector.worlds import NOON, judge, until
from tests.alarms.login_logs import store_of


@pytest.fixture(scope="session")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of office hours up to NOON, judged; to be copied."""
    store = store_of(Store(tmp_path_factory.mktemp("quiet") / "audit.duckdb"), until(NOON))
    judge(store, NOON)
    return store


@pytest.fixture
def log(quiet: Store, tmp_path: Path) -> Store:
    """A copy of `quiet`."""
    return copy_of(quiet, tmp_path)


def copy_of(store: Store, folder: Path) -> Store:
    """A copy of a store, in a folder."""
    return Store(shutil.copy(store.path, folder / "audit.duckdb"))
