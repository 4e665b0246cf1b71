"""The tree of an event's metadata, and the changes that it tells of."""

import json
from typing import Any

import pytest

from dashboard.log.event.metadata_tree import Change, Line, changes, lines
from dashboard.log.event_list.metadata_values import load


def test_the_lines_of_a_tree_name_each_value_with_its_path() -> None:
    metadata = load('{"user": {"role": "admin", "n": 1.50, "tags": [1, "a"]}, "a.b": null, "empty": {}}')
    assert list(lines(metadata)) == [
        Line("user", 0, "user", None),
        Line("role", 1, "user.role", "admin"),
        Line("n", 1, "user.n", "1.50"),
        Line("tags", 1, "user.tags", '[1, "a"]'),
        Line("a.b", 0, r"a\.b", "null"),
        Line("empty", 0, "empty", "{}"),
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
    assert list(changes(load(json.dumps(metadata)))) == [Change(*values) for values in expected]
