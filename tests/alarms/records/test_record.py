"""What a record says of an alarm."""

import pytest

from alarms.records.record import takeover_reason


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((38, 38, 3), "38 failed logins, then 3 successful ones"),
        ((80, 18, 3), "80 failed logins, 3 successful ones after 18 of them"),
        (
            (5, 6, 1),
            "6 failed logins, then 1 successful one",
        ),  # the first failure was before the alarm's hours
    ],
)
def test_guessing_that_goes_on_after_a_success_says_both_numbers(
    counts: tuple[int, int, int], words: str
) -> None:
    assert takeover_reason(*counts).text == words
