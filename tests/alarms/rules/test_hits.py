"""Which events a rule applies to, in real stores."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.rules import rules_file
from alarms.rules.hits import Hit, find_hits, joined
from audit_store import catalogue
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from audit_store.ranges import Period
from tests.conftest import Fill

START = datetime(2026, 1, 5)  # noqa: DTZ001 - naive UTC
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOME, AWAY = "192.0.2.1", "203.0.113.9"
ALL_TIME = Period()
Find = Callable[..., list[Hit]]


def event(at: timedelta, agent: str = "ada", activity: str = "Login", **fields: Any) -> Event:
    """An event so long after START."""
    return Event(agent=agent, activity=activity, occurred_at=(START + at).replace(tzinfo=UTC), **fields)


def attempts(at: timedelta, count: int, agent: str = "ada", address: str = AWAY) -> list[Event]:
    """So many failed logins, ten seconds apart."""
    gaps = (timedelta(seconds=10 * number) for number in range(count))
    return [event(at + gap, agent, outcome="failure", source_ip=address) for gap in gaps]


def success(at: timedelta, agent: str = "ada", address: str = AWAY) -> Event:
    """A login that succeeds."""
    return event(at, agent, outcome="success", source_ip=address)


@pytest.fixture
def find(tmp_path: Path, fill: Fill) -> Find:
    """Finds the hits of a built-in rule among some events."""

    def find(name: str, events: Iterable[Event], period: Period = ALL_TIME) -> list[Hit]:
        store = fill(Store(tmp_path / "audit.duckdb"), events)
        return find_hits(store, name, rules_file.load()[name], period, catalogue.load())

    return find


def key(at: timedelta, agent: str = "ada") -> Event:
    """An API key is generated."""
    return event(at, agent, "API key generated")


OLD = event(timedelta(), "bob", "Journey saved")
DELETION = event(DAY, "bob", "User deleted", target="ada", outcome="success")
ADMIN = event(DAY, "bob", "Staff role updated", description="ada is an Administrator now")

CASES = {
    "success-after-failures": [
        ([*attempts(HOUR, 10), success(HOUR + 5 * MINUTE)], [("ada", 10)]),
        ([*attempts(HOUR, 9), success(HOUR + 5 * MINUTE)], []),
        ([*attempts(HOUR, 10), success(HOUR + 40 * MINUTE)], []),
        ([*attempts(HOUR, 10), success(HOUR + 5 * MINUTE, "bob")], []),
        ([*attempts(HOUR, 12)], []),
        ([*attempts(HOUR, 10), success(HOUR + 5 * MINUTE), success(HOUR + 6 * MINUTE)], [("ada", 10)]),
        ([*attempts(HOUR, 10), success(HOUR + 5 * MINUTE, address=HOME)], [("ada", 10)]),
        (
            [success(0 * HOUR, address=HOME), *attempts(HOUR, 10), success(HOUR + 5 * MINUTE, address=HOME)],
            [],
        ),
        (
            [success(0 * HOUR), *attempts(HOUR, 10), success(HOUR + 5 * MINUTE)],
            [("ada", 10)],
        ),
        (
            [
                success(0 * HOUR, address=HOME),
                *attempts(100 * DAY, 10),
                success(100 * DAY + 5 * MINUTE, address=HOME),
            ],
            [("ada", 10)],
        ),
        (
            [
                *attempts(HOUR, 10),
                success(HOUR + 5 * MINUTE),
                *attempts(9 * HOUR, 11),
                success(9 * HOUR + 5 * MINUTE),
            ],
            [("ada", 10), ("ada", 11)],
        ),
    ],
    "new-address-after-failures": [
        ([*attempts(HOUR, 3), success(HOUR + 5 * MINUTE)], [("ada", 3)]),
        ([success(timedelta()), *attempts(3 * HOUR, 3), success(3 * HOUR + 5 * MINUTE)], []),
        ([success(timedelta(), address=HOME), *attempts(3 * HOUR, 3), success(4 * HOUR)], [("ada", 3)]),
        ([*attempts(HOUR, 2), success(HOUR + 5 * MINUTE)], []),
        ([*attempts(HOUR, 3), event(HOUR + 5 * MINUTE, outcome="success")], []),
    ],
    "first-api-key": [
        ([OLD, key(31 * DAY)], [("ada", 1)]),
        ([OLD, key(29 * DAY)], []),
        ([OLD, key(DAY), key(40 * DAY)], []),
        ([OLD, key(DAY), key(40 * DAY, "carl")], [("carl", 1)]),
    ],
    "administrator-role": [
        ([ADMIN], [("bob", 1)]),
        ([event(DAY, "bob", "Staff role updated", description="ada is an editor now")], []),
        ([event(DAY, "bob", "Staff role updated", metadata='{"role": {"new": "OWNER"}}')], [("bob", 1)]),
        ([event(DAY, "bob", "Staff role updated", description="an admin", outcome="failure")], []),
        ([event(DAY, "bob", "Journey saved", description="an admin")], []),
    ],
    "bulk-deletion": [
        ([event(number * MINUTE, activity="Segment deleted") for number in range(10)], [("ada", 10)]),
        ([event(number * MINUTE, activity="Segment deleted") for number in range(9)], []),
        ([event(2 * number * MINUTE, activity="Segment deleted") for number in range(30)], []),
        ([event(number * MINUTE, activity="Journey saved") for number in range(10)], []),
    ],
    "dormant-agent": [
        ([event(timedelta()), event(90 * DAY)], [("ada", 1)]),
        ([event(timedelta()), event(89 * DAY)], []),
        ([event(timedelta()), OLD, event(90 * DAY), event(90 * DAY + HOUR)], [("ada", 1)]),
    ],
    "deleted-agent": [
        ([DELETION, event(2 * DAY)], [("ada", 1)]),
        ([event(timedelta()), DELETION], []),
        ([DELETION, event(2 * DAY, "carl")], []),
        ([DELETION, event(2 * DAY), event(9 * DAY)], [("ada", 1)]),
    ],
    "many-failures": [
        (attempts(HOUR, 30), [("ada", 30)]),
        (attempts(HOUR, 29), []),
        ([OLD, *attempts(7 * DAY - HOUR, 30)], [("ada", 30)]),
        ([OLD, *attempts(7 * DAY, 30)], []),
        ([one for n in range(30) for one in attempts(n * MINUTE, 1)], []),
        ([*attempts(HOUR, 20), *attempts(HOUR, 20, "bob")], []),
        ([success(HOUR + n * MINUTE / 6) for n in range(40)], []),
        ([*attempts(HOUR, 20), *attempts(HOUR, 20, address=HOME)], [("ada", 40)]),
    ],
    "many-agents-from-one-address": [
        ([one for n in range(8) for one in attempts(n * MINUTE, 1, f"user-{n}")], [("", 8)]),
        ([one for n in range(7) for one in attempts(n * MINUTE, 2, f"user-{n}")], []),
        ([one for n in range(8) for one in attempts(n * 10 * MINUTE, 2, f"user-{n}")], []),
        ([success(n * MINUTE, f"user-{n}") for n in range(9)], []),
        ([one for n in range(8) for one in attempts(n * MINUTE, 1, f"user-{n}", f"192.0.2.{n}")], []),
    ],
}


def test_every_rule_has_cases() -> None:
    assert set(CASES) == set(rules_file.RULES)


@pytest.mark.parametrize(
    ("name", "events", "expected"),
    [(name, events, expected) for name, cases in CASES.items() for events, expected in cases],
)
def test_a_rule_applies_to_what_it_describes(
    find: Find, name: str, events: list[Event], expected: list[tuple[str, int]]
) -> None:
    assert [(hit.agent, hit.events) for hit in find(name, events)] == expected


@pytest.mark.parametrize("name", list(CASES))
def test_the_event_that_decides_lies_in_the_period(find: Find, name: str) -> None:
    events = CASES[name][0][0]
    (hit,) = find(name, events)
    after = hit.ends_at + timedelta(microseconds=1)
    store = Period(hit.ends_at, after)
    assert [found.rule for found in find(name, [], store)] == [name]
    assert not find(name, [], Period(None, hit.ends_at))
    assert not find(name, [], Period(after, None))


def test_a_hit_names_the_addresses_and_the_time(find: Find) -> None:
    events = [*attempts(HOUR, 10), success(HOUR + 5 * MINUTE), success(HOUR + 6 * MINUTE, address=HOME)]
    (hit,) = find("success-after-failures", events)
    assert hit == Hit(
        "success-after-failures", "ada", (AWAY, HOME), START + HOUR, START + HOUR + 6 * MINUTE, 10
    )


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 600), st.integers(0, 90)), max_size=12))
def test_joined_hits_lie_apart_and_cover_the_single_ones(spans: list[tuple[str, int, int]]) -> None:
    hits = [
        Hit("rule", agent, (), START + start * MINUTE, START + (start + length) * MINUTE, 1)
        for agent, start, length in spans
    ]
    result = joined(hits)
    for hit in hits:
        assert any(
            one.agent == hit.agent and one.starts_at <= hit.starts_at and hit.ends_at <= one.ends_at
            for one in result
        )
    for agent in "ab":
        own = [hit for hit in result if hit.agent == agent]
        assert all(second.starts_at - first.ends_at >= HOUR for first, second in pairwise(own))
