"""Every statement gives what plain Python gives over the same events."""

import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store import catalogue
from audit_store.engines.duckdb import file_queries, login_queries, queries
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import LISTED, Query
from audit_store.event import COLUMNS, Event
from audit_store.filters import EventFilter, Pattern, parse
from audit_store.ranges import Buckets, Period
from tests.audit_store.engines.duckdb.filter_model import wanted
from tests.audit_store.engines.duckdb.rollups.worlds import cover
from tests.conftest import RECORDED_AT, examples

MakeStore = Callable[[Iterable[Event]], Store]
KNOWN = catalogue.load()
START = datetime(2026, 3, 8, tzinfo=UTC)
AGENTS = ["support-7", "support-8", "Bob's", "ünal", "%", "*", "support-*"]
ADDRESSES = [
    None,
    "203.0.113.9",
    "203.0.114.9",
    "2001:DB8::9",
    "2001:db8:0:0::a",
    "gateway",
    "203.0.113.0/24",
]
ACTIVITIES = ["Login", "User deleted", "Journey saved", "Something new"]
METADATA = [
    "{}",
    '{"a": [1, 2.5]}',
    '{"user": {"role": "admin", "a.b": true}}',
    '{"user": {"role": "administrator"}, "~/": null, "n": 7}',
    '{"user": {"role": {"x": "\\u00e9"}}, "": "empty"}',
]
ABOVE_ALL = 10**9
MICRO = timedelta(microseconds=1)
DICE = {size: random.Random(size) for size in (0, 1, 7, 25, 60)}


def random_event(dice: random.Random) -> Event:
    return Event(
        agent=dice.choice(AGENTS),
        activity=dice.choice(ACTIVITIES),
        description=dice.choice(["", "changed the ROLE", "nul\0 \x1b"]),
        occurred_at=START + timedelta(seconds=dice.randrange(4 * 86_400)),
        outcome=dice.choice(["success", "failure", None]),
        source_ip=dice.choice(ADDRESSES),
        target=dice.choice([None, "journey 5", "journey 55", "widget"]),
        source=dice.choice(["", "billing"]),
        event_id=str(uuid.UUID(int=dice.getrandbits(128))),
        metadata=dice.choice(METADATA),
    )


class World(NamedTuple):
    """Events, and the store that holds them."""

    events: list[Event]
    store: Store


@pytest.fixture(scope="module")
def worlds(make_store: MakeStore) -> list[World]:
    """Worlds of 0 to 60 random events, some of them in roll-ups; made once, because a new store costs ten reads."""
    made = [[random_event(dice) for _ in range(size)] for size, dice in DICE.items()]
    stores = [World(events, make_store(events)) for events in made]
    for events, store in stores:
        cover(store, len(events) * 2 // 3)
    return stores


def choice(values: list[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.just(()) | st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple)


def moment(day: float | None) -> datetime | None:
    return None if day is None else START.replace(tzinfo=None) + timedelta(days=day)


filters = st.builds(
    EventFilter,
    period=st.builds(
        lambda a, b: Period(moment(a), moment(b)),
        st.sampled_from([None, 0.5, 1]),
        st.sampled_from([None, 1, 3.25]),
    ),
    activity=choice(ACTIVITIES),
    agent=choice(AGENTS),
    outcome=choice(["success", "failure", "none"]),
    not_activity=choice(ACTIVITIES),
    not_agent=choice(AGENTS),
    source=choice(["billing", "none", Pattern("bil", after=True)]),
    q=st.sampled_from(["", "role", "SUPPORT", "journey 5", "113", "e7", "%", "Ü"]),
)
SELECTED = {
    "agent": ["support-*", r"support-\*", r"\*", "*s", "*port*", "*"],
    "activity": ["*ed", "User*"],
    "source": ["none", "*", "*ing"],
    "source_ip": [
        "203.0.113.0/24",
        "203.0.113.9",
        "2001:db8::/32",
        "2001:db8::a",
        "::/0",
        "0.0.0.0/0",
        "203*",
        "*",
    ],
    "target": ["journey 5", "journey*", "*", "*5*"],
    "meta.user.role": ["admin", "admin*", "*", '{"x":"é"}'],
    "meta.a.1": ["2.5"],
    r"meta.user.a\.b": ["true"],
    "meta.~/": ["null", "*"],
    "meta.": ["empty"],
    "meta.n": ["7", "7.0"],
}
selected = st.lists(
    st.sampled_from([(name, value) for name, values in SELECTED.items() for value in values]),
    min_size=1,
    max_size=3,
)
which = st.integers(0, len(DICE) - 1)


# Every example opens a file.
all_buckets = st.builds(
    Buckets,
    st.sampled_from([60, 900, 3600]).map(lambda seconds: timedelta(seconds=seconds)),
    st.sampled_from([0, 0, 30, 45]).map(lambda seconds: timedelta(seconds=seconds))
    | st.sampled_from([15, 30, 45]).map(lambda minutes: timedelta(minutes=minutes)),
).filter(lambda buckets: buckets.offset < buckets.width)
few = settings(max_examples=examples(30))


def chosen(where: EventFilter, world: list[Event]) -> list[Event]:
    return [event for event in world if wanted(where, event)]


def naive(event: Event) -> pd.Timestamp:
    return pd.Timestamp(event.occurred_at).tz_localize(None)


def start_of_bucket(moment: pd.Timestamp, buckets: Buckets) -> pd.Timestamp:
    return (moment + buckets.offset).floor(buckets.width) - buckets.offset


@few
@given(which, filters)
def test_summary(worlds: list[World], n: int, where: EventFilter) -> None:
    with worlds[n].store.read() as reader:
        row = reader.run(queries.summary(where)).iloc[0]
        [total] = reader.one(queries.total(where))
    kept = chosen(where, worlds[n].events)
    assert row["events"] == total == len(kept)
    assert row["agents"] == len({event.agent for event in kept})
    assert row["failures"] == sum(event.outcome == "failure" for event in kept)


@settings(max_examples=examples(200))
@given(which, filters, selected, st.booleans())
def test_values_patterns_networks_and_metadata(
    worlds: list[World], n: int, where: EventFilter, values: list[tuple[str, str]], excluded: bool
) -> None:
    for name, text in values:
        parameter = f"not_{name}" if excluded else name
        where = where.with_values(parameter, dict.fromkeys((*where.values(parameter), parse(text))))
    with worlds[n].store.read() as reader:
        rows = reader.run(queries.seqs(where, since=0, below=ABOVE_ALL))
        row = reader.run(queries.summary(where)).iloc[0]
        agents = reader.run(queries.by_agent(where, 2, KNOWN))
    kept = [seq for seq, event in enumerate(worlds[n].events) if wanted(where, event)]
    assert list(rows["seq"]) == kept[::-1]
    assert row["events"] == agents["events"].sum() == len(kept)
    assert row["agents"] == len({worlds[n].events[seq].agent for seq in kept})


@few
@given(which, filters, all_buckets)
def test_timeline(worlds: list[World], n: int, where: EventFilter, buckets: Buckets) -> None:
    rows = worlds[n].store.run(queries.timeline(where, buckets, KNOWN))
    counts: Counter[tuple[pd.Timestamp, str]] = Counter()
    failures: Counter[tuple[pd.Timestamp, str]] = Counter()
    for event in chosen(where, worlds[n].events):
        place = (start_of_bucket(naive(event), buckets), KNOWN.category(event.activity))
        counts[place] += 1
        failures[place] += event.outcome == "failure"
    places = list(zip(rows["bucket"], rows["category"], strict=True))
    assert dict(zip(places, rows["events"], strict=True)) == counts
    assert dict(zip(places, rows["failures"], strict=True)) == failures
    assert places == sorted(places)


@few
@given(which, filters, all_buckets, st.integers(0, 10**12).map(lambda n: n * MICRO))
def test_moved(worlds: list[World], n: int, where: EventFilter, buckets: Buckets, by: timedelta) -> None:
    rows = worlds[n].store.run(queries.moved(where, by, buckets))
    kept = chosen(where, worlds[n].events)
    counts = Counter(start_of_bucket(naive(event) + by, buckets) for event in kept)
    assert dict(zip(rows["bucket"], rows["events"], strict=True)) == counts


@few
@given(which, filters, st.sampled_from([900, 3600]), st.sampled_from([(), ("failure",)]))
def test_logins(
    worlds: list[World], n: int, where: EventFilter, step: int, failures: tuple[str, ...]
) -> None:
    query = where, failures, timedelta(seconds=step)
    with worlds[n].store.read() as reader:
        totals = reader.run(login_queries.login_totals(*query))
        by_agent = reader.run(login_queries.login_counts(*query))
    counts: dict[int, list[int]] = {}
    for event in chosen(where, worlds[n].events):
        count = counts.setdefault(naive(event).value // (step * 10**9), [0, 0, 0])
        for position, applies in enumerate((True, event.outcome in failures, event.outcome is not None)):
            count[position] += applies
    assert totals.values.tolist() == [[bucket, *counts[bucket]] for bucket in sorted(counts)]
    sums: dict[str, Counter[int]] = {"attempts": Counter(), "failed": Counter()}
    for name, column in sums.items():
        for buckets, figures in zip(by_agent["buckets"], by_agent[name], strict=True):
            for bucket, figure in zip(buckets, figures, strict=True):
                column[bucket] += figure
    assert {bucket: [sums["attempts"][bucket], sums["failed"][bucket]] for bucket in sums["attempts"]} == {
        bucket: count[:2] for bucket, count in counts.items()
    }
    assert by_agent["decided"].sum() == sum(count[2] for count in counts.values())
    assert list(by_agent["agent"]) == sorted(
        {event.agent for event in chosen(where, worlds[n].events)}, key=str.encode
    )


@few
@given(which, filters, st.integers(1, 6))
def test_by_agent(worlds: list[World], n: int, where: EventFilter, top: int) -> None:
    rows = worlds[n].store.run(queries.by_agent(where, top, KNOWN))
    kept = chosen(where, worlds[n].events)
    totals = Counter(event.agent for event in kept)
    leading = sorted(totals, key=lambda agent: (-totals[agent], agent.encode()))[:top]
    expected: dict[tuple[str | None, str], list[str]] = {}
    for event in kept:
        place = (event.agent if event.agent in leading else None, KNOWN.category(event.activity))
        expected.setdefault(place, []).append(event.agent)
    assert rows["events"].sum() == len(kept)
    names = [agent if isinstance(agent, str) else None for agent in rows["agent"]]
    places = zip(names, rows["category"], rows["events"], rows["agents"], strict=True)
    assert {(agent, category): (n, agents) for agent, category, n, agents in places} == {
        place: (len(acted), len(totals) - len(leading) if place[0] is None else 1)
        for place, acted in expected.items()
    }
    assert list(dict.fromkeys(names)) == leading + [None] * (len(totals) > top)
    assert list(rows["total"]) == [totals.get(name, 0) for name in names]


@few
@given(which, filters, st.sampled_from(["agent", "activity", "outcome", "target"]))
def test_a_facet_counts_the_rows_after_choosing_its_value(
    worlds: list[World], n: int, where: EventFilter, column: str
) -> None:
    free = where.without(column) if column == "outcome" else where.without(column, f"not_{column}")
    values = Counter(getattr(event, column) or "none" for event in chosen(free, worlds[n].events))
    if column == "target":
        del values["none"]
    with worlds[n].store.read() as reader:
        rows = reader.run(queries.facet(where, column, limit=100))
        assert dict(zip(rows["value"], rows["events"], strict=True)) == values
        assert list(rows["events"]) == sorted(rows["events"], reverse=True)
        for value, count in values.items():
            assert reader.one(queries.summary(replace(free, **{column: (value,)})))[0] == count


def test_a_facet_gives_the_most_frequent_and_knows_its_columns(make_store: MakeStore) -> None:
    store = make_store([Event(agent=agent, activity="Login") for agent in "abbccc"])
    assert list(store.run(queries.facet(EventFilter(), "agent", limit=2))["value"]) == ["c", "b"]
    with pytest.raises(ValueError, match="'metadata' is not a facet; give one of activity, agent, outcome"):
        queries.facet(EventFilter(), "metadata", 5)


@few
@given(which, filters, st.integers(1, 7), st.integers(0, 35), st.integers(0, 35), st.integers(1, 9))
def test_pages_enumerate_the_events_newest_first(
    worlds: list[World], n: int, where: EventFilter, rows: int, since: int, below: int, block: int
) -> None:
    seqs = [
        seq for seq, event in enumerate(worlds[n].events) if since <= seq < below and wanted(where, event)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "SEQ_BLOCK", block)  # small blocks, so that a small store has several
        blocks_query = queries.blocks(where, since=since, below=below)
    with worlds[n].store.read() as reader:
        counted = reader.run(blocks_query)
        blocks = dict(zip(counted["block"], counted["events"], strict=True))
        assert blocks == Counter(seq // block for seq in seqs)
        assert list(blocks) == sorted(blocks, reverse=True)
        assert list(reader.run(queries.seqs(where, since=since, below=below))["seq"]) == seqs[::-1]
        page = reader.run(queries.page(where, below=below, rows=rows))["seq"].tolist()
        assert [seq for seq in page if seq >= since] == seqs[::-1][:rows]
        newer = reader.one(queries.newer(where, since=since))[0]
        assert newer == sum(wanted(where, event) for event in worlds[n].events[since:])


@few
@given(which, st.lists(st.integers(-1, 70), max_size=9, unique=True))
def test_events_are_read_by_their_positions(worlds: list[World], n: int, seqs: list[int]) -> None:
    read = worlds[n].store.run(queries.events_at(seqs, ("seq", "agent")))
    events = worlds[n].events
    present = [seq for seq in sorted(seqs, reverse=True) if 0 <= seq < len(events)]
    assert list(read["seq"]) == present
    assert list(read["agent"]) == [events[seq].agent for seq in present]


@few
@given(which)
def test_a_page_holds_the_events_as_they_were_given(worlds: list[World], n: int) -> None:
    page = worlds[n].store.run(queries.page(EventFilter(), below=ABOVE_ALL, rows=100))
    assert list(page.columns) == list(COLUMNS)
    for event, (_, row) in zip(reversed(worlds[n].events), page.iterrows(), strict=True):
        texts = ("agent", "activity", "description", "outcome", "source_ip", "target", "source", "metadata")
        assert {name: row[name] if row[name] == row[name] else None for name in texts} == {
            name: getattr(event, name) for name in texts
        }
        assert row["occurred_at"] == naive(event)
        assert row["recorded_at"] == pd.Timestamp(RECORDED_AT).tz_localize(None)


def test_listed_columns_are_columns(make_store: MakeStore) -> None:
    where = queries.page(EventFilter(), below=1, rows=1, columns=LISTED)
    listed = list(make_store([]).run(where).columns)
    assert listed == list(LISTED)
    assert set(listed) < set(COLUMNS)


def test_an_event_is_found_by_its_id_once_for_each_source(make_store: MakeStore) -> None:
    key = "0191e2a4-7c3b-7d11-9a55-00163e5e6c01"
    sent = [
        Event(agent="a", activity="Login", source=source, event_id=event_id)
        for source, event_id in [("", key), ("billing", key), ("billing", "42")]
    ]
    store = make_store(sent)
    found = store.run(queries.event(key.upper()))
    assert list(found["source"]) == ["", "billing"]
    assert set(found["event_id"]) == {uuid.UUID(key)}
    assert list(store.run(queries.event(str(sent[2].key)))["seq"]) == [2]
    for other in (str(uuid.UUID(int=5)), "42", "", "' OR true --", "\0", "x" * 9999):
        assert store.run(queries.event(other)).empty


def test_the_extent_of_a_store(make_store: MakeStore) -> None:
    assert make_store([]).run(queries.extent()).isna().sum(axis=1)[0] == 4
    world = [Event(agent="a", activity="Login", occurred_at=START + timedelta(hours=hour)) for hour in (3, 1)]
    row = make_store(world).run(queries.extent()).iloc[0]
    assert list(row) == [2, naive(world[1]), naive(world[0]), pd.Timestamp(RECORDED_AT).tz_localize(None), 1]


def test_every_select_runs_on_a_locked_read_only_connection(make_store: MakeStore) -> None:
    step = timedelta(hours=1)
    where = EventFilter(q="a", outcome=("none", "failure"), agent=("a",), period=Period(moment(0), moment(1)))
    with make_store([]).read() as reader:
        setting = reader.one(
            queries.Query(
                "SELECT current_setting('access_mode'), current_setting('enable_external_access'), "
                "current_setting('lock_configuration')"
            )
        )
        assert setting == ("read_only", False, True)
        for query in (
            file_queries.tables(),
            queries.schema_version(),
            queries.coverage(),
            queries.extent(),
            queries.summary(where),
            queries.total(where),
            queries.timeline(where, Buckets(step), KNOWN),
            queries.by_agent(where, 3, KNOWN),
            queries.facet(where, "agent", 3),
            queries.blocks(where, since=0, below=3),
            queries.seqs(where, since=0, below=3),
            queries.events_at([3, 4]),
            queries.newer(where, since=3),
            queries.page(where, below=3, rows=3),
            queries.event("x"),
        ):
            assert reader.run(query) is not None


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("agent", "ada"), ("activity", "Login"), ("outcome", "failure"), ("source", "web")],
)
def test_one_value_is_compared_while_events_are_read(
    parameter: str, value: str, make_store: MakeStore
) -> None:
    query = queries.page(EventFilter().with_values(parameter, [value]), below=9, rows=5)
    own = {"agent": "ada", "activity": "Login", "outcome": "failure", "source": "web"}
    others = {"agent": "bob", "activity": "Logout", "outcome": "success", "source": "app"}
    with make_store([Event.of(own), Event.of(others)]).read() as reader:
        plan = str(reader.run(Query(f"EXPLAIN {query.sql}", query.params))["explain_value"].iloc[0])
    assert f"{parameter} = '{value}'" in plan
    assert "UNNEST" not in plan


def test_what_an_agent_did_may_leave_out_agents(make_store: MakeStore) -> None:
    store = make_store([Event.of({"agent": agent, "activity": "Login"}) for agent in ("ada", "bob", "ada")])
    start, end = datetime(2000, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - naive UTC
    subjects = [(number, agent, None, start, end) for number, agent in enumerate(("ada", "bob"))]
    rows = store.run(login_queries.done_by(EventFilter(not_agent=("bob",)), subjects))
    assert rows[["window_id", "agent", "events"]].to_numpy().tolist() == [[0, "ada", 2]]
