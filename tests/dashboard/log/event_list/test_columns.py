"""Columns of the list, as the URL selects them."""

import time

import pytest

from dashboard.log.event_list import columns


@pytest.mark.parametrize(
    ("names", "selected", "unknown"),
    [
        ([], list(columns.DEFAULT), []),
        (["address", "time"], ["time", "address"], []),
        (["time", "meta.user.role", "meta.a"], ["time", "meta.user.role", "meta.a"], []),
        (["meta.a", "meta.a", "time"], ["time", "meta.a"], []),
        (["colour"], list(columns.DEFAULT), ["colour"]),
        (["meta.", "time"], ["time"], ["meta."]),
    ],
)
def test_columns_are_in_one_order_and_unknown_ones_are_named(
    names: list[str], selected: list[str], unknown: list[str]
) -> None:
    assert columns.parse(names) == (selected, unknown)


def test_only_so_many_columns_are_shown_and_many_are_read_at_once() -> None:
    begun = time.thread_time()
    assert len(columns.parse([f"meta.{number}" for number in range(10_000)])[0]) == columns.MOST
    assert time.thread_time() - begun < 1


def test_beside_an_event_the_list_has_its_main_columns_and_those_of_metadata() -> None:
    assert columns.brief(["time", "agent", "outcome", "meta.a"]) == ["time", "agent", "meta.a"]
    assert columns.brief(["target", "source"]) == ["target"]


def test_metadata_is_read_only_for_its_columns() -> None:
    assert "metadata" not in columns.read(columns.DEFAULT)
    assert "metadata" in columns.read(["time", "meta.a"])
    assert "metadata" in columns.read(columns.DEFAULT, metadata=True)
