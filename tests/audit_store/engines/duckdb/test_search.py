"""A search finds what `contains(lower(field), lower(q))` finds, in every script."""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.conditions import condition
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.event import Event
from audit_store.filters import EventFilter, searched
from tests.conftest import examples

MakeStore = Callable[[Iterable[Event]], Store]
CHARACTERS = "aAkK\u212aſsSßẞiIİıσςΣåÅ\u212bǅǆⱥȺ1.%_\\:/ -é\u0301漢\0"
TEXTS = [
    "",
    "Straße STRASSE",
    "ΟΔΟΣ οδος οδοσ",
    "İstanbul ıspanak",
    "\u212aelvin kelvin",
    "100 %_\\",
    "1.2.3",
    "漢字",
]
ADDRESSES = [None, "203.0.113.9", "2001:DB8::a", "host.Example", "Kiosk"]
searches = st.text(CHARACTERS, min_size=1, max_size=3) | st.builds(
    lambda text, start, length: text[start : start + length] or "x",
    st.sampled_from([*TEXTS, *filter(None, ADDRESSES)]),
    st.integers(0, 8),
    st.integers(1, 6),
)


def plain(store: Store, q: str) -> list[int]:
    """What the definition finds."""
    parts = " OR ".join(f"contains(lower({column}::VARCHAR), lower($q))" for column in searched(q))
    return store.run(Query(f"SELECT seq FROM events WHERE {parts} ORDER BY seq DESC", {"q": q}))[
        "seq"
    ].tolist()


def found(store: Store, q: str) -> list[int]:
    return store.run(queries.seqs(EventFilter(q=q), since=0, below=1 << 60))["seq"].tolist()


@pytest.fixture(scope="module")
def stores(make_store: MakeStore) -> list[Store]:
    """Events with all characters; and with those of ASCII alone, which the database reads in other ways."""
    values = [*TEXTS, *CHARACTERS, *(a + b for a in CHARACTERS for b in CHARACTERS)]
    events = [
        Event(
            agent=f"x{values[-number]}",
            activity="Login",
            description=text,
            target=values[-3 * number % len(values)],
            source_ip=ADDRESSES[number % len(ADDRESSES)],
            source=values[5 * number % len(values)],
            metadata=json.dumps({values[-7 * number % len(values)]: number}, ensure_ascii=number % 2 == 0),
        )
        for number, text in enumerate(values)
    ]
    narrow = [
        replace(
            event, agent="k", target="i", description=event.description.encode("ascii", "ignore").decode()
        )
        for event in events
    ]
    return [make_store(events), make_store(narrow)]


@settings(max_examples=examples(60))
@given(searches)
def test_a_search_finds_what_its_definition_finds(stores: list[Store], q: str) -> None:
    for store in stores:
        assert found(store, q) == plain(store, q)


def test_a_character_of_two_cases_is_never_compared_exactly(stores: list[Store]) -> None:
    characters = [chr(code) for code in range(1, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    pairs = stores[0].run(
        Query("SELECT s, lower(s) AS l FROM (SELECT unnest($s) AS s) WHERE lower(s) <> s", {"s": characters})
    )
    for character in {*pairs["s"], *pairs["l"]}:
        assert "contains(description, $q)" not in condition(EventFilter(q=character))[0]


def test_an_event_is_found_by_its_id_source_and_metadata(make_store: MakeStore) -> None:
    event_id = "0197c1f2-0000-7000-8000-00000000abcd"
    store = make_store(
        [
            Event(agent="a", activity="b", event_id=event_id),
            Event(agent="a", activity="b", source="Gateway"),
            Event(agent="a", activity="b", metadata='{"user": {"role": "Admin"}}'),
        ]
    )
    for q, seqs in [
        (event_id.upper(), [0]),
        ("0000abc", [0]),
        ("gate", [1]),
        ("ADMIN", [2]),
        ('"role": "a', [2]),
    ]:
        assert found(store, q) == seqs


@pytest.mark.parametrize(
    ("q", "is_searched"), [("dead-", True), ("0197C1F2", True), ("xyz", False), ("a" * 37, False)]
)
def test_the_event_id_is_searched_for_what_can_be_a_part_of_one(q: str, is_searched: bool) -> None:
    assert ("event_id" in searched(q)) == is_searched


@pytest.mark.parametrize(
    ("q", "is_searched"),
    [
        ("203.0.113", True),
        ("9", True),
        ("2001:DB8", True),
        ("10.0.0.0/8", True),
        ("dead", True),
        ("host.example", True),
        ("journey", False),
        ("ada@bik.example", False),
        ("moved to 10.0", False),
    ],
)
def test_the_address_is_searched_for_what_can_be_a_part_of_one(q: str, is_searched: bool) -> None:
    assert ("source_ip" in searched(q)) == is_searched
    assert ("source_ip" in condition(EventFilter(q=q))[0]) == is_searched
