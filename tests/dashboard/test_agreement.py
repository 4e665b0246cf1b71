"""With any filter, every chart, the log, the facets and the export count the same events."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Reader
from audit_store.event import Event
from audit_store.export import export
from audit_store.filters import OUTCOME_CHOICES, EventFilter, Part, query_line, text_of
from dashboard import data
from dashboard.activity import overview
from dashboard.log.listing import Listing
from dashboard.log.pin import Pin
from tests.audit_store.engines.duckdb.filter_model import wanted
from tests.conftest import examples

BEGIN = datetime(2026, 3, 27, tzinfo=UTC)
AGENTS = ("ada", "bob", "Bob's", "ünal", "%", "*")
PATTERNS = ("a*", "*b", "*", r"\*", "*o*")
ACTIVITIES = ("Login", "User deleted", "Journey saved", "Coffee made")
ZONES = ("UTC", "Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe")

events = st.builds(
    lambda minutes, agent, activity, outcome, source, description, more: Event.of(
        {
            "agent": agent,
            "activity": activity,
            "outcome": outcome,
            "source": source,
            "description": description,
            "occurred_at": BEGIN + timedelta(minutes=minutes),
            **more,
        }
    ),
    st.integers(0, 60 * 24 * 5),
    st.sampled_from(AGENTS),
    st.sampled_from(ACTIVITIES),
    st.sampled_from(("success", "failure", None)),
    st.sampled_from(("", "web", "none")),
    st.sampled_from(("", "wrong password", "left")),
    st.sampled_from(
        (
            {},
            {"source_ip": "203.0.113.9", "target": "journey 5"},
            {"source_ip": "2001:db8::A", "target": "*", "metadata": {"user": {"role": "admin"}}},
            {"metadata": {"user": {"role": "owner"}, "word": 1}},
        )
    ),
)


def some(values: Iterable[str]) -> st.SearchStrategy[list[str]]:
    return st.just([]) | st.lists(st.sampled_from([*values]), max_size=2)


moments = st.integers(-60 * 24, 60 * 24 * 6).map(
    lambda minutes: [(BEGIN + timedelta(minutes=minutes)).replace(tzinfo=None).isoformat("T", "minutes")]
)
filters = st.fixed_dictionaries(
    {
        "range": st.sampled_from((["all"], ["custom"])),
        "from": st.just([]) | moments,
        "to": st.just([]) | moments,
        "tz": st.sampled_from(ZONES).map(lambda name: [name]),
        "activity": some((*ACTIVITIES, "*ed")),
        "agent": some((*AGENTS, "nobody", *PATTERNS)),
        "outcome": some(OUTCOME_CHOICES),
        "not_activity": some(ACTIVITIES),
        "not_agent": some((*AGENTS, *PATTERNS)),
        "source": some(("web", "none", "w*")),
        "not_source": some(("web", "none", "*")),
        "hours": some(("off", "Sun-01", "Sun-02", "Fri-12")),
        "source_ip": some(("203.0.113.0/24", "2001:db8::/32", "203.0.113.9", "*")),
        "not_source_ip": some(("203.0.113.9", "::/0")),
        "target": some(("journey*", r"\*", "*")),
        "not_target": some(("*5", "*")),
        "meta.user.role": some(("admin", "o*", "*")),
        "not_meta.user.role": some(("admin", "*")),
        "q": st.sampled_from(([], [], ["WORD"], ["a"], ["%"])),
    }
).map(lambda parameters: EventFilter.parse(parameters)[0])


@pytest.fixture(scope="module")
def stored(make_store: Callable[[Iterable[Event]], Store]) -> Callable[[list[Event]], Store]:
    """A store with these events, which the dashboard shows."""

    def make(logged: list[Event]) -> Store:
        store = make_store(logged)
        os.environ["AUDIT_STORE"] = str(store.path)
        return store

    return make


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.filter_too_much])
@given(
    logged=st.lists(events, min_size=1, max_size=40),
    where=filters.filter(lambda where: not where.hours),
    number=st.integers(0, 39),
)
def test_a_cell_of_the_week_counts_the_events_after_a_click_on_it(
    stored: Callable[[list[Event]], Store], logged: list[Event], where: EventFilter, number: int
) -> None:
    assume(any(wanted(where, event) for event in logged))
    store = stored(logged)
    week = overview.load(where, data.surroundings(where).extent, top=1).week
    cells = week[week["events"] > 0].to_dict("records")
    cell = cells[number % len(cells)]
    chosen = replace(where, hours=(f"{cell['weekday'][:3]}-{cell['hour']:02}",))
    assert int(store.run(queries.summary(chosen))["events"][0]) == cell["events"]


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logged=st.lists(events, min_size=1, max_size=40), where=filters, top=st.integers(1, 5))
def test_everything_counts_the_same(
    stored: Callable[[list[Event]], Store], logged: list[Event], where: EventFilter, top: int
) -> None:
    store = stored(logged)
    around = data.surroundings(where)
    listing = Listing(Pin(where, around.extent.last_seq + 1))
    listing.search(len(logged) + 1, seconds=60)
    listed = listing.events
    seen = overview.load(where, around.extent, top)
    assert seen.totals.events == listed
    for frame in (seen.timeline, seen.agents, seen.week):
        assert int(frame["events"].sum()) == listed
    assert int(seen.timeline["failures"].sum()) == seen.totals.failures
    if seen.earlier is not None and seen.before is not None and listed:
        assert int(seen.earlier["events"].sum()) == seen.before.events
    assert exported(where, store) == listed
    more = {column: data.values(where, column) for column in ("source", "source_ip", "target")}
    with store.read() as reader:
        for column, counts in {**around.facets, **more}.items():
            for value, number in counts.items():
                assert number == (
                    None if where.q or where.metadata else rows_after_selecting(reader, where, column, value)
                )


@settings(max_examples=examples(50))
@given(logged=st.lists(events, min_size=1, max_size=20), where=filters)
def test_a_part_or_a_line_of_a_filter_selects_the_same_events(
    stored: Callable[[list[Event]], Store], logged: list[Event], where: EventFilter
) -> None:
    store = stored(logged)
    with store.read() as reader:
        every = events_of(reader, where)
        assert events_of(reader, query_line.parse(query_line.to_text(where), tz=where.tz)) == every
        for part in where.parts():
            is_wider = part.without.range == where.range and not is_one_of_several(where, part)
            assert not is_wider or every <= events_of(reader, part.without)


def is_one_of_several(where: EventFilter, part: Part) -> bool:
    """Whether another value of the same field is left without a part, which selects fewer events."""
    return any(
        0 < len(part.without.values(selection.parameter)) < len(selection.values)
        for selection in where.selections()
    )


def events_of(reader: Reader, where: EventFilter) -> set[int]:
    return set(reader.run(queries.seqs(where, since=0, below=1 << 60))["seq"])


def exported(where: EventFilter, store: Store) -> int:
    """The rows of the export of a filter, which are as many as its plan says."""
    plan = export.plan(where, store)
    rows = b"".join(piece.data for piece in export.pieces(plan, "jsonl")).splitlines()
    assert len([json.loads(row) for row in rows]) == plan.events
    return plan.events


def rows_after_selecting(reader: Reader, where: EventFilter, column: str, value: str) -> int:
    """The events of the log after a value of a facet is selected, and no longer excluded."""
    alone = where.without(column, f"not_{column}") if column != "outcome" else where.without(column)
    chosen = alone.with_values(column, [value])
    assert EventFilter.parse(alone.parameters() | {column: [text_of(column, value)]}) == (chosen, [])
    return int(reader.run(queries.blocks(chosen, since=0, below=1 << 60))["events"].sum())
