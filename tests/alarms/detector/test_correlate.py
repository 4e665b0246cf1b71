"""Alarms of several series that are about the same logins are one."""

from datetime import timedelta

import pytest

from alarms.records import reading
from alarms.records.record import AlarmRecord
from audit_store.engines.duckdb.store import Store
from tests.alarms.detector.worlds import judge
from tests.alarms.login_logs import NOW, Row, logins, office, store_of

HOUR = timedelta(hours=1)
ATTACK = NOW - timedelta(days=6) + 2 * HOUR


def attack(agent: str, count: int, at: int = 0) -> list[Row]:
    return logins(agent, ATTACK + at * HOUR, count, outcome="failure", address="203.0.113.9")


def agents(record: AlarmRecord) -> set[str]:
    """The agents in whose own series an alarm was seen."""
    return {span.key.agent for span in record.spans if span.key.agent}


ATTACKS = [
    (attack("support-1", 40) + attack("support-2", 30), [{"support-1", "support-2"}]),
    (attack("support-1", 90) + attack("support-2", 12), [{"support-1"}, {"support-2"}]),
    (attack("support-1", 40) + attack("support-2", 40, 6), [{"support-1"}, {"support-2"}]),
    (attack("support-1", 40) + attack("support-1", 40, 6), [{"support-1"}, {"support-1"}]),
    (attack("support-1", 40) + attack("support-2", 90, 1), [{"support-1", "support-2"}]),
    ([row for n in range(30) for row in attack(f"clerk-{n}", 2)], [set()]),
]


@pytest.mark.parametrize(("rows", "expected"), ATTACKS)
def test_alarms_about_the_same_logins_are_one(
    store: Store, rows: list[Row], expected: list[set[str]]
) -> None:
    judge(store_of(store, office(seed=2) + rows), NOW)
    records = [record for record in reading.records(store) if record.starts_at >= ATTACK]
    assert sorted(map(sorted, map(agents, records))) == sorted(map(sorted, expected))
    for record in records:
        assert len({(*span.key.series, span.key.start) for span in record.spans}) == len(record.spans)
