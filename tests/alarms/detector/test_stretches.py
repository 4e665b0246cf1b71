"""An alarm that runs over the start of a stretch is one alarm, whichever stretch is judged first."""

import pytest

from alarms.detector.stretches import stretch_of
from alarms.records import reading
from audit_store.engines.duckdb.store import Store
from tests.alarms.detector.worlds import HOUR, NOON, attack, essences, judge, until
from tests.alarms.login_logs import Row, logins, store_of

BOUNDARY = stretch_of(NOON)[1]
ATTACK = [row for hour in range(-2, 2) for row in attack(BOUNDARY + hour * HOUR, 40)]
QUIET = until(BOUNDARY)


def evening(store: Store) -> list[tuple[object, ...]]:
    """Starts, ends and totals of the alarms around the boundary."""
    records = [record for record in reading.records(store) if record.ends_at >= BOUNDARY - 3 * HOUR]
    return [(record.starts_at, record.ends_at, record.total) for record in records]


WHOLE = [(BOUNDARY - 2 * HOUR, BOUNDARY + 2 * HOUR, 160)]


@pytest.mark.parametrize("late", [[], logins("support-3", BOUNDARY - HOUR, 7, outcome="failure")])
def test_an_alarm_over_the_boundary_is_one(store: Store, late: list[Row]) -> None:
    store_of(store, QUIET)
    for hour in range(-2, 4):
        store_of(store, [row for row in ATTACK if 0 <= (row["occurred_at"] - BOUNDARY) / HOUR - hour < 1])
        judge(store, BOUNDARY + (hour + 1) * HOUR)
    assert evening(store) == WHOLE
    ids = {record.id for record in reading.records(store, with_withdrawn=True)}
    store_of(store, late)
    judge(store, BOUNDARY + 5 * HOUR)
    assert evening(store) == [(*WHOLE[0][:2], 160 + len(late))]
    assert {record.id for record in reading.records(store, with_withdrawn=True)} == ids
    at_once = store_of(Store(store.path.with_name("at_once.duckdb")), QUIET + ATTACK + late)
    judge(at_once, BOUNDARY + 5 * HOUR)
    assert essences(at_once) == essences(store)


def test_alarms_on_either_side_stay_two(store: Store) -> None:
    rows = attack(BOUNDARY - 3 * HOUR, 40) + attack(BOUNDARY + 2 * HOUR, 40)
    judge(store_of(store, QUIET + rows), BOUNDARY + 5 * HOUR)
    assert sorted(evening(store)) == [
        (BOUNDARY - 3 * HOUR, BOUNDARY - 2 * HOUR, 40),
        (BOUNDARY + 2 * HOUR, BOUNDARY + 3 * HOUR, 40),
    ]
