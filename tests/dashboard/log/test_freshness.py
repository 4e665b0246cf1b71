"""How fresh the log says it is, and which sources it calls silent."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from dashboard.log.freshness import ENOUGH, Silence, sentence, silences, span
from tests.conftest import Fill
from tests.dashboard.page_runs import event, show

NOW = datetime(2026, 3, 14, 12)  # noqa: DTZ001  # naive UTC, as the store gives it


def regular(source: str, last_minutes_ago: float, every: float, count: int = ENOUGH) -> pd.DataFrame:
    ages = [last_minutes_ago + every * number for number in range(count)]
    return pd.DataFrame({"source": source, "occurred_at": [NOW - timedelta(minutes=age) for age in ages]})


@pytest.mark.parametrize(
    ("last", "every", "count", "silent"),
    [
        (180, 10, ENOUGH, True),
        (180, 100, ENOUGH, False),
        (15, 10, ENOUGH, False),
        (21, 10, ENOUGH, True),
        (180, 10, ENOUGH - 1, False),
        (4, 0.1, ENOUGH, False),
        (-5, 10, ENOUGH, False),
    ],
)
def test_silent_is_who_paused_much_longer_than_ever(
    last: float, every: float, count: int, silent: bool
) -> None:
    found = list(silences(regular("web", last, every, count), NOW))
    expected = Silence("web", NOW - timedelta(minutes=last), timedelta(minutes=every))
    assert found == ([expected] if silent else [])


def test_each_source_is_measured_by_itself() -> None:
    both = pd.concat([regular("web", 1, 1), regular("batch", 600, 60), regular("old", 900, 60)])
    found = list(silences(both, NOW))
    assert [silence.source for silence in found] == ["old", "batch"]
    assert sentence(found[1:], NOW) == "Silent: batch for 10 hours (longest pause before: 1 hour)"
    assert sentence([*found, *found], NOW).endswith(", 2 more")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (7200, "2 hours"),
        (172_800, "2 days"),
    ],
)
def test_spans_are_in_their_largest_unit(seconds: float, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("minutes", "words"), [(3, "3 minutes ago"), (60 * 50, "2 days ago"), (-60, "in the future")]
)
def test_the_log_says_how_old_its_newest_event_is(
    store: Store, fill: Fill, minutes: float, words: str
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=minutes, seconds=5)
    newest = Event.of({"agent": "ada", "activity": "Login", "occurred_at": at})
    app = show(fill(store, [newest]), "log", range="all", agent="nobody")
    assert f"Newest event {words}" in [one.value for one in app.caption]


def test_the_log_names_a_silent_source(store: Store, fill: Fill) -> None:
    fill(store, [event(200 + number, source="*web*") for number in range(ENOUGH)])
    said = [one.value for one in show(store, "log").text if one.value.startswith("Silent")]
    assert said == ["Silent: *web* for 3 hours (longest pause before: 1 minute)"]
