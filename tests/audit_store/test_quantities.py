"""Counts, sizes and lengths of time in words."""

from datetime import timedelta

import pytest

from audit_store.quantities import ago, counted, duration, roughly, size


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [(0, "event", "0 events"), (1, "event", "1 event"), (12345, "event", "12,345 events")],
)
def test_a_count_has_thousands_separators_and_a_plural(number: int, noun: str, text: str) -> None:
    assert counted(number, noun) == text


def test_an_irregular_plural_is_given() -> None:
    assert [counted(number, "address", "addresses") for number in (1, 2)] == ["1 address", "2 addresses"]


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 Bytes"), (999, "999 Bytes"), (1000, "1.0 kB"), (12_600_000, "12.6 MB")]
)
def test_a_size_is_in_decimal_units(number: int, text: str) -> None:
    assert size(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1 second"), (60, "1 minute"), (90 * 60, "1 hour and 30 minutes"), (400 * 86_400, "400 days")],
)
def test_a_duration_is_exact_to_the_second(seconds: float, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "a moment"), (59.9, "59 seconds"), (60, "a minute"), (7300, "2 hours"), (172_900, "2 days")],
)
def test_a_rough_length_has_one_unit(seconds: float, text: str) -> None:
    assert roughly(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-0.5, "now"), (0.5, "now"), (185, "3 minutes ago"), (-7200, "2 hours from now")],
)
def test_an_age_may_be_in_the_future(seconds: float, text: str) -> None:
    assert ago(timedelta(seconds=seconds)) == text
