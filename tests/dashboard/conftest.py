"""Stores for the tests of pages, each built once in a session."""

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from audit_store.engines.duckdb.store import Store
from tests.conftest import Fill
from tests.dashboard.page_runs import WEEK


@pytest.fixture(scope="session", autouse=True)
def _components_looked_for_once() -> Iterator[None]:
    """Each run of a page without a browser would read the metadata of every installed package again: 0.2 s."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the store that a test shows after the test."""
    monkeypatch.setenv("AUDIT_STORE", "")


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory, fill: Fill) -> Store:
    """A store with a week of events and two older ones, to be read only."""
    return fill(Store(tmp_path_factory.mktemp("week") / "audit.duckdb"), WEEK)


@pytest.fixture
def own_week(week: Store, tmp_path: Path) -> Store:
    """A copy of `week`, for tests that write to it or beside it."""
    return Store(Path(shutil.copy(week.path, tmp_path / "audit.duckdb")))
