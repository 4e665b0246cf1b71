"""The status of a watch, also where there is nothing to watch."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from alarms import findings, review, summarize, watch_logins
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from tests.alarms.login_logs import NOW, START, Row, last_days, logins, office, store_of

HOUR = timedelta(hours=1)


def days_of(hours: int) -> list[Row]:
    return [row for row in office() if row["occurred_at"] >= NOW - timedelta(hours=hours)]


def other(at: datetime) -> list[Row]:
    return logins("a", at, 1, activity="Journey saved")


STATES: list[tuple[str, Callable[[], list[Row]], EventFilter, str]] = [
    ("empty", list, last_days(7), "no events yet"),
    ("future", lambda: logins("a", NOW + timedelta(days=400), 50), last_days(7), "dated in the future"),
    ("no logins", lambda: other(START) + other(NOW - HOUR), last_days(7), "No Login or ConsoleLogin"),
    (
        "no login kind",
        lambda: logins("a", START, 5),
        last_days(7, activity=("User deleted",)),
        "Login or ConsoleLogin",
    ),
    ("no logins", lambda: logins("a", START, 5), last_days(7, agent=("b",)), "selected agents"),
    ("quiet", lambda: logins("a", START, 50) + other(NOW - HOUR), last_days(7), "No logins of 1 agent"),
    ("learning", lambda: days_of(80), last_days(7), "day 4 of 7"),
    ("learning", lambda: logins("a", NOW - 3 * HOUR, 3), last_days(7), "day 1 of 7"),
    ("watching", lambda: office(["a"]), last_days(7), "the logins of 1 agent"),
    (
        "watching",
        lambda: [r for h in range(1680) for r in logins("a", START + h * HOUR, 7)],
        last_days(30),
        "1 agent",
    ),
    ("watching", lambda: logins("a", NOW + timedelta(days=2), 90) + office(["a"]), last_days(7), "1 agent"),
]


@pytest.mark.parametrize(("name", "rows", "where", "words"), STATES)
def test_nothing_to_watch_is_explained_and_is_no_alarm(
    store: Store, name: str, rows: Callable[[], list[Row]], where: EventFilter, words: str
) -> None:
    watch = watch_logins(store_of(store, rows()), where, NOW)
    reviewed = review(watch)
    assert reviewed.alarms == ()
    assert reviewed.status.name == name
    assert words in reviewed.status.sentence
    assert all(series.status.sentence for series in reviewed.series.values())
    assert findings(store, watch, reviewed) == [] or name == "quiet"
    assert summarize(store, watch, reviewed.alarms) == []


def test_a_clock_in_the_future_is_noticed(store: Store) -> None:
    store_of(store, office(["a"]) + logins("a", NOW + timedelta(days=2), 90))
    status = review(watch_logins(store, last_days(7), NOW)).status
    assert any("in the future" in notice for notice in status.notices)


def test_a_gap_in_collection_is_no_zero(store: Store) -> None:
    begin, end = NOW - timedelta(days=5), NOW - timedelta(days=4)
    rows = [row for hour in range(1680) for row in logins("job", START + hour * HOUR, 4)]
    store_of(store, [row for row in rows if not begin <= row["occurred_at"] < end])
    reviewed = review(watch_logins(store, last_days(7), NOW))
    frame = reviewed.series["all"].frame
    gap = frame[frame["state"] == "gap"]
    assert len(gap) == 24
    assert gap["count"].isna().all()
    assert "No events in 24 hours; excluded from detection." in reviewed.status.notices
