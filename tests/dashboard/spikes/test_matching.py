"""Alarms are matched to the bars of a chart, the rows of the log and the details of an event."""

from datetime import timedelta

import pandas as pd
import pytest

from alarms.triage.states import Triage, set_state, states
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard.log.event_list.columns import READ
from dashboard.spikes import matching
from tests.alarms.login_logs import NOW
from tests.dashboard.page_runs import log_table, show, words
from tests.dashboard.spikes.conftest import ATTACK, HOUR, SPRAY, InView


def test_an_alarm_matches_the_logins_of_its_agent_and_that_of_a_spray_all(
    attacked: Store, in_view: InView
) -> None:
    listed = in_view(EventFilter())
    events = attacked.run(queries.page(EventFilter(), below=2**62, rows=100_000, columns=READ))
    matches = matching.of_rows(events, listed)
    assert len(listed) == 2
    for record in listed:
        rows = events[[match is record for match in matches]]
        agents = {span.key.agent for span in record.spans if span.key.agent}
        assert len(rows) == sum(share.count for share in record.addresses)
        assert not agents or set(rows["agent"]) == agents
    assert matching.of_rows(events[:0], listed) == []
    assert [matching.of_event(events.iloc[row], listed) for row in (0, 1)] == matches[:2]


@pytest.mark.parametrize(
    ("step", "tz", "starts"),
    [
        (HOUR, "UTC", [ATTACK, SPRAY]),
        (HOUR, "Asia/Kolkata", [ATTACK + 5 * HOUR, ATTACK + 6 * HOUR, SPRAY + 5 * HOUR, SPRAY + 6 * HOUR]),
        (24 * HOUR, "UTC", [ATTACK - 10 * HOUR, SPRAY - 21 * HOUR]),
        (timedelta(days=14), "UTC", [NOW - timedelta(days=14)]),
    ],
)
def test_bars_that_overlap_an_alarm_are_marked(
    in_view: InView, step: timedelta, tz: str, starts: list[object]
) -> None:
    listed = in_view(EventFilter(tz="UTC"))
    bars = pd.date_range(NOW - timedelta(days=14), NOW, freq=step, inclusive="left", unit="us")
    frame = pd.DataFrame({"bucket": bars, "until": bars + step, "events": 5, "category": "Sign-in"})
    marked = matching.on_bars(frame, listed, Triage({}, ()), tz)
    assert marked["bucket"].tolist() == starts
    assert marked["total"].eq(5).all()
    assert marked["summary"].str.contains("203.0.113.9").all()
    assert marked["summary"].str.contains("1 more alarm").tolist() == [step.days == 14] * len(marked)


def test_a_state_shows_on_the_bar_the_row_and_in_the_details(attacked: Store, in_view: InView) -> None:
    record = next(record for record in in_view(EventFilter(tz="UTC")) if record.starts_at == ATTACK)
    set_state(attacked.path, record, "expected")
    assert matching.words([record, None], states(attacked.path)) == ["Expected", ""]
    times = {"from_": f"{ATTACK:%Y-%m-%dT%H:%M}", "to": f"{ATTACK + HOUR:%Y-%m-%dT%H:%M}"}
    view = {"range": "custom", "tz": "UTC", "agent": "support-3"} | times
    listed = log_table(show(attacked, "log", **view))
    assert ["Expected"] * len(listed) == listed["alarm"].tolist()
    page = show(attacked, "log", **view, event=listed["event_id"].iloc[0])
    assert "Alarm, expected" in words(page)
    assert record.sentence in words(page)
    assert "Login alarm" in words(show(attacked, **view))
    assert "Login alarm" not in words(show(attacked, **view | {"activity": "User deleted"}))
