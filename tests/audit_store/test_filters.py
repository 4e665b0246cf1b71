"""A filter is a condition, a sentence and URL parameters that all mean the same events."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.catalogue import load
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from audit_store.filters import LISTS, SINGLE, EventFilter
from audit_store.ranges import LENGTHS, Buckets
from tests.conftest import examples

NOW = datetime(2026, 3, 14, 12, 0, 30, tzinfo=UTC)
MORE_THAN_ALL = 10**9


def event(occurred_at: str, agent: str, activity: str = "Login", **more: str) -> Event:
    return Event.of({"occurred_at": occurred_at + "Z", "agent": agent, "activity": activity, **more})


EVENTS = [
    event("2025-03-14T12:00:59", "old"),
    event("2026-03-07T12:00:59", "edge", "User deleted"),
    event("2026-03-07T18:29:59", "kolkata", outcome="failure"),  # 23:59:59 in Asia/Kolkata
    event("2026-03-07T18:30:00", "kolkata", outcome="success"),
    event("2026-03-08T04:59:59", "york"),  # 23:59:59 in America/New_York
    event("2026-03-08T05:00:00", "york", outcome="failure"),
    event("2026-03-09T03:59:59", "york"),  # a day of 23 hours has passed
    event("2026-03-09T04:00:00", "york", "User deleted"),
    event("2026-03-14T12:00:59.999999", "now", target="100%_of"),
    event("2026-03-14T12:01:00", "future", description='It\'s a "C:\\path" été'),
    event(
        "2030-01-01T00:00:00", "Bobby'); DROP TABLE events;--", "$q", source_ip="203.0.113.9", source="gate"
    ),
]

# URL parameters, the `seq` of the events found, the sentence (without the zone), the parameters ignored
CASES: list[tuple[dict[str, list[str]], set[int], str, list[str]]] = [
    ({}, {2, 3, 4, 5, 6, 7, 8}, "events, last 7 days", []),
    ({"range": ["7d"]}, {2, 3, 4, 5, 6, 7, 8}, "events, last 7 days", []),
    ({"range": ["1h"]}, {8}, "events, last hour", []),
    ({"range": ["24h"]}, {8}, "events, last 24 hours", []),
    ({"range": ["30d"]}, {1, 2, 3, 4, 5, 6, 7, 8}, "events, last 30 days", []),
    ({"range": ["90d"]}, {1, 2, 3, 4, 5, 6, 7, 8}, "events, last 90 days", []),
    ({"range": ["1y"]}, {1, 2, 3, 4, 5, 6, 7, 8}, "events, last year", []),
    ({"range": ["all"]}, set(range(11)), "events, all time", []),
    ({"range": ["all", "1h"]}, {8}, "events, last hour", []),
    ({"range": ["today"]}, {8}, "events, today", []),
    ({"range": ["this_week"], "tz": ["America/New_York"]}, {7, 8}, "events, this week", []),
    ({"range": ["last_week"], "tz": ["America/New_York"]}, {1, 2, 3, 4, 5, 6}, "events, last week", []),
    ({"range": ["this_month"]}, {1, 2, 3, 4, 5, 6, 7, 8}, "events, this month", []),
    ({"range": ["2w"]}, {2, 3, 4, 5, 6, 7, 8}, "events, last 7 days", ["range"]),
    ({"range": ["custom"]}, set(range(11)), "events, the beginning to now", []),
    (
        {"range": ["custom"], "from": ["2026-03-08"], "to": ["2026-03-09"], "tz": ["Asia/Kolkata"]},
        {3, 4, 5},
        "events, 2026-03-08 to 2026-03-09",
        [],
    ),
    (
        {"range": ["custom"], "from": ["2026-03-08"], "to": ["2026-03-09"], "tz": ["America/New_York"]},
        {5, 6},
        "events, 2026-03-08 to 2026-03-09",
        [],
    ),
    (
        {"range": ["custom"], "to": ["2026-03-08T00:00"], "tz": ["America/New_York"]},
        {0, 1, 2, 3, 4},
        "events, the beginning to 2026-03-08T00:00",
        [],
    ),
    ({"range": ["custom"], "from": ["2027-01-01"]}, {10}, "events, 2027-01-01 to now", []),
    (
        {"range": ["custom"], "from": ["2026-03-09"], "to": ["2026-03-08"]},
        {2, 3, 4, 5, 6, 7, 8},
        "events, last 7 days",
        ["from", "to"],
    ),
    ({"range": ["custom"], "from": ["soon"]}, {2, 3, 4, 5, 6, 7, 8}, "events, last 7 days", ["from"]),
    ({"range": ["1h"], "from": ["2026-03-08"], "to": ["soon"]}, {8}, "events, last hour", ["from", "to"]),
    ({"range": ["1h"], "tz": ["Mars"]}, {8}, "events, last hour", ["tz"]),
    ({"range": ["all"], "activity": ["User deleted"]}, {1, 7}, "User deleted events, all time", []),
    (
        {"range": ["all"], "activity": ["User deleted", "$q"]},
        {1, 7, 10},
        "User deleted or $q events, all time",
        [],
    ),
    (
        {"range": ["all"], "agent": ["now", "old", "now"], "not_activity": ["User deleted"]},
        {0, 8},
        "events by now or old, not User deleted, all time",
        [],
    ),
    (
        {"range": ["all"], "not_agent": ["york", "kolkata", "old", "edge"]},
        {8, 9, 10},
        "events, not by york, kolkata and 2 others, all time",
        [],
    ),
    ({"range": ["all"], "outcome": ["failure"]}, {2, 5}, "failed events, all time", []),
    (
        {"range": ["all"], "outcome": ["success", "failure"]},
        {2, 3, 5},
        "successful or failed events, all time",
        [],
    ),
    (
        {"range": ["all"], "outcome": ["none"], "agent": ["york"]},
        {4, 6, 7},
        "events with no outcome recorded by york, all time",
        [],
    ),
    (
        {"range": ["all"], "outcome": ["failure", "none"], "activity": ["Login"], "agent": ["york"]},
        {4, 5, 6},
        "failed Login events and those with no outcome recorded by york, all time",
        [],
    ),
    ({"range": ["all"], "outcome": ["denied"]}, set(range(11)), "events, all time", ["outcome"]),
    ({"range": ["all"], "agent": [""], "activity": ["", ""]}, set(range(11)), "events, all time", []),
    ({"range": ["all"], "agent": ["\ud800", "old"]}, {0}, "events by old, all time", ["agent"]),
    ({"range": ["all"], "agent": ["O\0ld"]}, set(), "events by O\0ld, all time", []),
    ({"range": ["all"], "agent": ["%"]}, set(), "events by %, all time", []),
    (
        {"range": ["all"], "hours": ["Sat-23", "Sun-00"], "tz": ["Asia/Kolkata"]},
        {2, 3},
        "events, Sat 23:00–23:59 or Sun 00:00–00:59, all time",
        [],
    ),
    (
        {"range": ["all"], "hours": ["Sun-23", "Mon-00"], "tz": ["America/New_York"]},
        {6, 7},
        "events, Sun 23:00–23:59 or Mon 00:00–00:59, all time",
        [],
    ),
    (
        {"range": ["custom"], "to": ["2026-03-10"], "hours": ["off"]},
        {1, 2, 3, 4, 5, 6, 7},
        "events, outside Mon–Fri 08:00–18:00, the beginning to 2026-03-10",
        [],
    ),
    ({"range": ["all"], "hours": ["Tue-24", "tue-1"]}, set(range(11)), "events, all time", ["hours"] * 2),
    (
        {"range": ["all"], "source": ["none", "web"]},
        set(range(10)),
        "events, from no source or web, all time",
        [],
    ),
    ({"range": ["all"], "not_source": ["gate"]}, set(range(10)), "events, not from gate, all time", []),
    ({"range": ["all"], "unknown": ["x"]}, set(range(11)), "events, all time", []),
]
CASES += [
    ({"range": ["all"], "q": [word]}, found, f'events with "{word}", all time', [])
    for word, found in [
        ("KOLKATA", {2, 3}),
        ("user del", {1, 7}),
        ("%", {8}),
        ("_", {8}),
        ("100%_OF", {8}),
        ("o_k", set()),
        ("203.0.113.9", {10}),
        ("'", {9, 10}),
        ('"', {9}),
        ("\\", {9}),
        ("c:\\P", {9}),
        ("ÉTÉ", {9}),
        ("$q", {10}),
        ("'); drop table events;--", {10}),
        ("\0", set()),
        (" ", {1, 7, 9, 10}),
    ]
]


@pytest.fixture(scope="module")
def filled(make_store: Callable[[Iterable[Event]], Store]) -> Store:
    return make_store(EVENTS)


def found(store: Store, where: EventFilter) -> set[int]:
    return set(store.run(queries.page(where, below=MORE_THAN_ALL, rows=100))["seq"])


@pytest.mark.parametrize(("parameters", "seqs", "sentence", "ignored"), CASES)
def test_parameters_find_rows_say_so_and_come_back(
    filled: Store, parameters: dict[str, list[str]], seqs: set[int], sentence: str, ignored: list[str]
) -> None:
    where, notices = EventFilter.parse(parameters, now=NOW)
    assert found(filled, where) == seqs
    assert where.sentence() == f"{sentence}, {where.tz}"
    assert [notice.parameter for notice in notices] == ignored
    assert EventFilter.parse(from_url(where), now=NOW) == (where, [])


def from_url(where: EventFilter) -> dict[str, list[str]]:
    return parse_qs(urlencode(where.parameters(), doseq=True), keep_blank_values=True)


def test_the_zone_is_the_readers_unless_the_url_names_one() -> None:
    assert EventFilter.parse({}, tz="Asia/Kolkata")[0].tz == "Asia/Kolkata"
    assert EventFilter.parse({"tz": ["Europe/Berlin"]}, tz="Asia/Kolkata")[0].zone.key == "Europe/Berlin"
    where, notices = EventFilter.parse({"tz": ["Mars"]}, tz="Venus")
    assert where.tz == "UTC"
    assert [str(notice)[:10] for notice in notices] == ["tz='Mars' ", "tz='Venus'"]
    assert [notice.value for notice in EventFilter.parse({}, tz="Venus")[1]] == ["Venus"]


def test_a_long_search_is_cut_with_a_notice() -> None:
    where, notices = EventFilter.parse({"q": ["x" * 200 + "yz"]})
    assert where.q == "x" * 200
    assert [str(notice) for notice in notices] == [
        "q='yz' was ignored: a search has at most 200 characters; the rest was left out"
    ]


def test_a_relative_range_stays_relative_and_moves_with_the_clock() -> None:
    where, _ = EventFilter.parse({"range": ["1h"]}, now=NOW)
    assert where.parameters() == {"range": ["1h"], "tz": ["UTC"]}
    later, _ = EventFilter.parse(where.parameters(), now=NOW.replace(hour=18))
    assert later.period.length == where.period.length
    assert later.period != where.period


def test_the_period_before_holds_the_events_before(filled: Store) -> None:
    where, _ = EventFilter.parse({"agent": ["old", "edge", "york"]}, now=NOW)
    before = where.before()
    assert before is not None
    assert before.agent == where.agent
    assert (found(filled, where), found(filled, before)) == ({4, 5, 6, 7}, {1})
    assert EventFilter().before() is None


def test_without_sets_choices_to_their_default() -> None:
    where = EventFilter(agent=("a",), not_agent=("b",), q="c", outcome=("failure",))
    assert where.without("agent", "not_agent", "q") == EventFilter(outcome=("failure",))


def test_parts_have_labels_and_can_be_removed_one_by_one() -> None:
    where, _ = EventFilter.parse(
        {
            "range": ["30d"],
            "outcome": ["failure", "none"],
            "activity": ["Login"],
            "not_activity": ["User deleted"],
            "agent": ["support-7", "ada"],
            "not_agent": ["bob"],
            "source": ["none", "web"],
            "not_source": ["none"],
            "hours": ["off", "Tue-14"],
            "q": ["10 %"],
            "tz": ["Asia/Kolkata"],
        },
        now=NOW,
    )
    assert [part.label for part in where.parts()] == [
        *(
            "Last 30 days",
            "Failed",
            "No outcome",
            "Login",
            "Not User deleted",
            "Agent support-7",
            "Agent ada",
        ),
        *("Not agent bob", "No source", "Source web", "Not no source", "Outside Mon–Fri 08:00–18:00"),
        *("Tue 14:00–14:59", 'Text "10 %"'),
    ]
    count = len(where.parts())
    while parts := where.parts(NOW):
        where = parts[len(parts) // 2].without
        count -= 1
        assert len(where.parts(NOW)) == count
    assert where == EventFilter.parse({}, now=NOW, tz="Asia/Kolkata")[0]


@pytest.mark.parametrize(
    ("parameters", "label"),
    [
        ({"range": ["all"]}, "All time"),
        ({"range": ["custom"], "from": ["2026-03-08"]}, "2026-03-08 to now"),
        ({"range": ["custom"], "to": ["2026-03-08"]}, "The beginning to 2026-03-08"),
        ({"activity": ["login"]}, "login"),
        ({"agent": ["none"]}, "Agent none"),
    ],
)
def test_a_part_says_what_it_selects(parameters: dict[str, list[str]], label: str) -> None:
    assert [part.label for part in EventFilter.parse(parameters)[0].parts()] == [label]


ODD = [
    *("", " ", "\0", "\ud800", "x\udfff", "'", "$1", "%", "\\", "x" * 5000, "ſ", "İ", "nan", "-1", "1e999"),
    *("0001-01-01", "9999-12-31", "9999-12-31T23:59:59.999999", "2026-03-08T02:30", "2026-11-01T01:30"),
    *("2026-W11-6", "20260314", "2026-03-14T24:00", "2026-03-14T09:26+05:30", "2026-03-14T09:26-23:59"),
    *("UTC", "Asia/Kolkata", "America/New_York", "America", "../../etc/passwd", "posixrules", "Factory"),
    *("custom", "all", *LENGTHS, "success", "failure", "none", "Login"),
]
names = st.sampled_from([*SINGLE, *LISTS, "event"])
values = st.sampled_from(ODD) | st.text(st.characters()) | st.datetimes().map(str) | st.dates().map(str)
urls = st.dictionaries(names, st.lists(values, max_size=4)) | st.dictionaries(names, st.lists(values)).map(
    lambda parameters: parameters | {"range": ["custom"]}
)


@settings(max_examples=examples(60))
@given(parameters=urls, tz=values)
def test_no_url_breaks_a_page(filled: Store, parameters: dict[str, list[str]], tz: str) -> None:
    where, notices = EventFilter.parse(parameters, now=NOW, tz=tz)
    assert EventFilter.parse(from_url(where), now=NOW) == (where, [])
    assert where.sentence().isprintable() or any(not value.isprintable() for value in texts(where))
    with filled.read() as reader:
        events = reader.one(queries.summary(where))[0]
        before = where.before()
        assert events <= len(EVENTS)
        assert before is None or reader.one(queries.summary(before))[0] <= len(EVENTS)
    assert all(len(str(notice)) < 400 for notice in notices)


def texts(where: EventFilter) -> list[str]:
    chosen = [text for name in LISTS for text in getattr(where, name)]
    return [*chosen, where.q, where.start or "", where.end or ""]


MARK = "zq7"
marked = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(lambda text: MARK + text)
filters = st.builds(
    EventFilter,
    activity=st.lists(marked).map(tuple),
    agent=st.lists(marked).map(tuple),
    outcome=st.lists(st.sampled_from(["success", "failure", "none"]), unique=True).map(tuple),
    not_activity=st.lists(marked).map(tuple),
    not_agent=st.lists(marked).map(tuple),
    source=st.lists(marked).map(tuple),
    not_source=st.lists(marked).map(tuple),
    hours=st.lists(st.sampled_from(["off", "Tue-14"]), unique=True).map(tuple),
    q=marked | st.just(""),
)


def statements(where: EventFilter) -> list[queries.Query]:
    hours = Buckets(LENGTHS["1h"])
    facets = [queries.facet(where, column, 5) for column in ("agent", "activity", "outcome", "source")]
    pages = [
        queries.blocks(where, since=0, below=9),
        queries.seqs(where, since=0, below=9),
        queries.page(where, below=9, rows=9),
    ]
    charts = [queries.timeline(where, hours, load()), queries.by_agent(where, 5, load())]
    counts = [queries.summary(where), queries.total(where), queries.newer(where, since=3)]
    return [*counts, *charts, *facets, *pages]


@given(filters)
def test_no_value_reaches_the_sql(where: EventFilter) -> None:
    for query in statements(where):
        assert MARK not in query.sql
        assert "success" not in query.sql
        assert placeholders(query) == set(query.params)


def placeholders(query: queries.Query) -> set[str]:
    return set(re.findall(r"\$(\w+)", query.sql))


@settings(max_examples=examples(30))
@given(filters)
def test_every_statement_runs_on_any_filter(filled: Store, where: EventFilter) -> None:
    with filled.read() as reader:
        summary, *_ = [reader.run(query) for query in statements(where)]
    if where.activity or where.agent or where.q:
        assert summary["events"][0] == 0
