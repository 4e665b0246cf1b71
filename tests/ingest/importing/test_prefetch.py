"""Work in threads keeps its order."""

import time
from itertools import islice

import pytest

from ingest.importing.prefetch import map_in_threads


def test_work_in_threads_keeps_the_order_and_hands_on_an_error() -> None:
    def slow_at_first(number: int) -> int:
        time.sleep(0 if number else 0.05)
        return 60 // (number - 30)

    found = map_in_threads(slow_at_first, iter(range(60)), 2)
    assert list(islice(found, 30)) == [60 // (number - 30) for number in range(30)]
    with pytest.raises(ZeroDivisionError):
        next(found)
