"""A view as a sentence and a link for a ticket."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard.filters import permalink
from tests.dashboard.page_runs import open_box, show, words

NOW = datetime(2026, 3, 18, 21, tzinfo=UTC)


def may(start: str, end: str, **filters: list[str]) -> EventFilter:
    return EventFilter.parse(
        {"range": ["custom"], "from": [start], "to": [end], "tz": ["Asia/Kolkata"], **filters}
    )[0]


@pytest.mark.parametrize(
    ("where", "events", "sentence"),
    [
        (
            may("2025-05-01", "2025-05-08", activity=["Login"], outcome=["failure"]),
            42,
            "42 failed Login events by 3 agents, 1–7 May 2025, Asia/Kolkata",
        ),
        (may("2025-05-01", "2025-05-02", agent=["ada"]), 1, "1 event by ada, 1 May 2025, Asia/Kolkata"),
        (
            may("2025-04-30", "2025-05-03", not_agent=["bob"], q=["events, all"]),
            1204,
            '1,204 events by 3 agents, not by bob with "events, all", 30 April – 2 May 2025, Asia/Kolkata',
        ),
        (
            may("2025-05-01T09:30", "2025-05-02"),
            2,
            "2 events by 3 agents, 1 May 2025 09:30 to 2 May 2025, Asia/Kolkata",
        ),
        (may("2025-05-01", ""), 2, "2 events by 3 agents, since 1 May 2025, Asia/Kolkata"),
        (
            EventFilter(outcome=("failure", "none"), activity=("Login",)),
            3,
            "3 failed Login events and those with no outcome recorded by 3 agents, all time, UTC",
        ),
        (EventFilter(activity=("a\u202eb",)), 2, "2 a⟨U+202E⟩b events by 3 agents, all time, UTC"),
    ],
)
def test_a_sentence_for_a_ticket(where: EventFilter, events: int, sentence: str) -> None:
    assert permalink.sentence(where, events, 3) == sentence


@pytest.mark.parametrize(
    "parameters",
    [
        {"range": ["24h"], "agent": ["a&b"]},
        {"range": ["all"]},
        {"q": ["x"], "tz": ["UTC"]},
        {"range": ["yesterday"], "tz": ["America/New_York"]},
        {"range": ["custom"], "from": ["2026-03-14T09:26:53"], "to": ["2026-03-14T09:26:53.5"]},
        {
            "range": ["custom"],
            "from": ["2026-10-25T02:45:30+02:00"],
            "to": ["2026-10-25T02:15+01:00"],
            "tz": ["Europe/Berlin"],
        },
    ],
)
def test_the_link_of_a_ticket_shows_the_same_later(parameters: dict[str, list[str]]) -> None:
    where, _ = EventFilter.parse(parameters, now=NOW, tz="Asia/Kolkata")
    linked = parse_qs(urlsplit(permalink.link(where, "http://127.0.0.1:8501/?q=old")).query)
    later, ignored = EventFilter.parse(linked, now=datetime(2027, 1, 1, tzinfo=UTC), tz="Europe/Berlin")
    assert not ignored
    fixed = {"range": where.range, "start": where.start, "end": where.end}
    assert replace(later, **fixed) == where


def test_the_activity_page_shows_the_sentence(week: Store) -> None:
    app = show(week, activity="Login", outcome="failure")
    assert "1 failed Login event by 1 agent," not in words(app)
    open_box(app, "ticket")
    assert "1 failed Login event by 1 agent," in words(app)
