"""Where a search matched is said by the same rules as it is found."""

import pytest

from dashboard.log.search_hits import matched_in


@pytest.mark.parametrize(
    ("q", "text"),
    [("οδοσ", "ΟΔΟΣ"), ("i", "İ"), ("\u212a", "kelvin"), ("ß", "STRAẞE"), ("PERCENT %", "percent %")],
)
def test_case_is_ignored_in_every_script(q: str, text: str) -> None:
    assert matched_in({"description": text}, q) == ["Description"]


def test_the_address_is_named_where_it_was_searched() -> None:
    event = {"agent": "ada", "description": "from a kiosk", "source_ip": "kiosk"}
    assert matched_in(event, "kiosk") == ["Description"]
    assert matched_in({"source_ip": "203.0.113.9"}, "113") == ["Address"]
