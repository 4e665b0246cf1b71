"""The tree of an event's metadata, and the changes that it tells of."""

import json
from typing import Any

import pytest

from audit_store import catalogue
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter, text_of
from dashboard.log.event.metadata_tree import Change, Line, changes, lines
from dashboard.log.event_list.metadata_values import load
from tests.conftest import Fill
from tests.dashboard.page_runs import event


def test_the_lines_of_a_tree_name_each_value_with_its_path() -> None:
    metadata = load('{"user": {"role": "admin", "n": 1.50, "tags": [1, "a"]}, "a.b": null, "empty": {}}')
    assert list(lines(metadata)) == [
        Line("user", 0, "meta.user", None),
        Line("role", 1, "meta.user.role", "admin", "admin"),
        Line("n", 1, "meta.user.n", "1.50", "1.5"),
        Line("tags", 1, "meta.user.tags", None),
        Line("0", 2, "meta.user.tags.0", "1", "1"),
        Line("1", 2, "meta.user.tags.1", "a", "a"),
        Line("a.b", 0, r"meta.a\.b", "null"),
        Line("empty", 0, "meta.empty", "{}", "{}"),
    ]


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"before": "a", "after": "b"}, [("", "a", "b")]),
        (
            {"before": {"role": "staff", "n": 1}, "after": {"role": "admin", "n": 1}},
            [("role", "staff", "admin")],
        ),
        ({"role": {"old": "staff", "new": "admin"}}, [("role", "staff", "admin")]),
        ({"old": {"a": 1}, "new": {"b": [2]}}, [("a", "1", "–"), ("b", "–", "[2]")]),
        ({"user": {"role_was": "staff", "role": "admin"}}, [("user.role", "staff", "admin")]),
        ({"before": "a"}, []),
        ({"role_was": "staff"}, []),
        ({"before": 1, "after": 1}, []),
    ],
)
def test_values_before_and_after_a_change_are_found(
    metadata: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert list(changes(load(json.dumps(metadata)), catalogue.load().changes)) == [
        Change(*values) for values in expected
    ]


def test_the_catalogue_names_the_keys_of_changes() -> None:
    metadata = load('{"from": "staff", "to": "admin", "before": 1, "after": 2}')
    assert list(changes(metadata, [("from", "to")])) == [Change("", "staff", "admin")]


@pytest.mark.parametrize(
    "value", ["1.50", "1e3", "-0.25", "7", "true", '"a"', "{}", "[]", "12345678901234567890123"]
)
def test_a_filter_by_a_value_finds_its_event(store: Store, fill: Fill, value: str) -> None:
    fill(
        store,
        [event(1, metadata=f'{{"a": {{"b.c": {value}}}}}'), event(2, metadata='{"a": {"b.c": "other"}}')],
    )
    line = list(lines(load(f'{{"a": {{"b.c": {value}}}}}')))[-1]
    where, _ = EventFilter.parse({line.name: [text_of(line.name, line.compared)], "range": ["all"]})
    assert store.run(queries.total(where))["events"].tolist() == [1]
