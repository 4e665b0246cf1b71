"""The words for a page of the log."""

import pytest

from dashboard.log.paging import span


@pytest.mark.parametrize(
    ("page", "rows", "events", "complete", "expected"),
    [
        (1, 100, 120_345, True, "1–100 of 120,345 events"),
        (1204, 100, 120_345, True, "120,301–120,345 of 120,345 events"),
        (1, 50, 1, True, "1–1 of 1 event"),
        (1, 100, 12, False, "1–12 of 12 events so far"),
    ],
)
def test_span_names_what_a_page_holds(
    page: int, rows: int, events: int, complete: bool, expected: str
) -> None:
    assert span(page, rows, events, complete=complete) == expected
