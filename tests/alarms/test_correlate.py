"""Alarms of several series that are about the same logins."""

from datetime import datetime, timedelta

import pytest

from alarms import review, watch_logins
from audit_store.engines.duckdb.store import Store
from tests.alarms.login_logs import NOW, Row, last_days, logins, office, store_of

HOUR = timedelta(hours=1)
ATTACK = NOW - timedelta(days=6) + 2 * HOUR


def attack(agent: str, count: int, at: datetime = ATTACK) -> list[Row]:
    return logins(agent, at, count, outcome="failure", address="203.0.113.9")


ATTACKS = [
    (attack("support-1", 40) + attack("support-2", 30), [{"support-1", "support-2"}]),
    (attack("support-1", 90) + attack("support-2", 12), [{"support-1"}, {"support-2"}]),
    (attack("support-1", 40) + attack("support-2", 40, ATTACK + 6 * HOUR), [{"support-1"}, {"support-2"}]),
    (attack("support-1", 40) + attack("support-1", 40, ATTACK + 6 * HOUR), [{"support-1"}, {"support-1"}]),
    ([row for n in range(30) for row in attack(f"clerk-{n}", 2)], [set()]),
]


@pytest.mark.parametrize(("rows", "agents"), ATTACKS)
def test_alarms_about_the_same_logins_are_one(store: Store, rows: list[Row], agents: list[set[str]]) -> None:
    alarms = review(watch_logins(store_of(store, office(seed=2) + rows), last_days(7), NOW)).alarms
    assert sorted((sorted(alarm.agents) for alarm in alarms), key=str) == [sorted(names) for names in agents]
    assert all(len({part.key for part in alarm.parts}) == len(alarm.parts) for alarm in alarms)
