"""The age of the newest event, and silent sources."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from dashboard.log.freshness import Silence, line, silences
from dashboard.silence import FEWEST_EVENTS
from tests.conftest import Fill
from tests.dashboard.page_runs import drawn, event, show, words

NOW = datetime(2026, 3, 14, 12)  # noqa: DTZ001  # naive UTC


def regular(source: str, last_minutes_ago: float, every: float, count: int = FEWEST_EVENTS) -> pd.DataFrame:
    ages = [last_minutes_ago + every * number for number in range(count)]
    return pd.DataFrame({"source": source, "occurred_at": [NOW - timedelta(minutes=age) for age in ages]})


@pytest.mark.parametrize(
    ("last", "every", "count", "silent"),
    [
        (180, 10, FEWEST_EVENTS, True),
        (180, 100, FEWEST_EVENTS, False),
        (15, 10, FEWEST_EVENTS, False),
        (21, 10, FEWEST_EVENTS, True),
        (180, 10, FEWEST_EVENTS - 1, False),
        (4, 0.1, FEWEST_EVENTS, False),
        (-5, 10, FEWEST_EVENTS, False),
    ],
)
def test_a_source_is_silent_after_a_pause_much_longer_than_any_before(
    last: float, every: float, count: int, silent: bool
) -> None:
    silent_sources = list(silences(regular("web", last, every, count), NOW))
    expected = Silence("web", NOW - timedelta(minutes=last), timedelta(minutes=every))
    assert silent_sources == ([expected] if silent else [])


def test_each_source_has_its_own_longest_pause() -> None:
    both = pd.concat([regular("web", 1, 1), regular("batch", 600, 60), regular("old", 900, 60)])
    silent = list(silences(both, NOW))
    assert [silence.source for silence in silent] == ["old", "batch"]
    assert line(silent[1], NOW) == "batch: silent for 10 hours (longest pause before: an hour)"


@pytest.mark.parametrize(
    ("minutes", "words"), [(3, "3 minutes ago"), (60 * 50, "2 days ago"), (-60 * 3, "3 hours from now")]
)
def test_the_log_says_how_old_its_newest_event_is(
    store: Store, fill: Fill, minutes: float, words: str
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=minutes, seconds=5)
    newest = Event.of({"agent": "ada", "activity": "Login", "occurred_at": at})
    app = show(fill(store, [newest]), "log", range="all", agent="nobody")
    assert f"Newest event {words}" in [caption.value for caption in app.caption]


def test_the_log_names_a_silent_source(store: Store, fill: Fill) -> None:
    last = datetime.now(UTC) - timedelta(hours=3)
    times = [(last - timedelta(minutes=number)).isoformat() for number in range(FEWEST_EVENTS)]
    fill(store, [event(0, source="*web*", occurred_at=time) for time in times])
    app = show(store, "log")
    assert "1 source silent" in [box.proto.popover.label for box in drawn(app, "popover")]
    assert "*web*: silent for 3 hours (longest pause before: a minute)" in words(app)
