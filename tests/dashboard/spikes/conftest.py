"""A log with two attacks, for the tests of alarms on the pages."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from alarms.records.record import AlarmRecord
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard.spikes import recent
from tests.alarms.detector.worlds import judge
from tests.alarms.login_logs import NOW, Row, logins, office, store_of

HOUR = timedelta(hours=1)
ATTACK = NOW - timedelta(days=6) + 10 * HOUR
SPRAY = NOW - timedelta(days=3) + 21 * HOUR
InView = Callable[[EventFilter], list[AlarmRecord]]


def attack(agent: str, count: int, at: object = ATTACK) -> list[Row]:
    """Failed logins of one agent from one address within half an hour."""
    return logins(agent, at, count, outcome="failure", address="203.0.113.9")


@pytest.fixture(scope="package")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Ten weeks of office hours, a brute force on support-3 in office hours, and a spray over clerks at night.

    They are judged.
    """
    rows = office(seed=2) + attack("support-3", 60)
    rows += [row for n in range(30) for row in attack(f"clerk-{n}", 2, SPRAY)]
    store = store_of(Store(tmp_path_factory.mktemp("attacked") / "audit.duckdb"), rows)
    judge(store, NOW)
    return store


@pytest.fixture
def in_view(attacked: Store, monkeypatch: pytest.MonkeyPatch) -> InView:
    """The alarms of the store in a view."""
    monkeypatch.setenv("AUDIT_STORE", str(attacked.path))
    return recent.in_view
