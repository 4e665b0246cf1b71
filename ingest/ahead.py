"""One thing of an iterator made while the caller works on the one before."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")


def ahead(things: Iterator[Thing]) -> Iterator[Thing]:
    """The same things in the same order, each made in a second thread while the caller has the one before."""
    with ThreadPoolExecutor(1) as worker:
        following = worker.submit(next, things, None)
        while (thing := following.result()) is not None:
            following = worker.submit(next, things, None)
            yield thing
