"""Things of an iterator made, or worked on, in other threads while the caller has the ones before."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def ahead(things: Iterator[Thing]) -> Iterator[Thing]:
    """The same things in the same order, each made in a second thread while the caller has the one before."""
    with ThreadPoolExecutor(1) as worker:
        following = worker.submit(next, things, None)
        while (thing := following.result()) is not None:
            following = worker.submit(next, things, None)
            yield thing


def worked(work: Callable[[Thing], Result], things: Iterator[Thing], at_once: int) -> Iterator[Result]:
    """What `work` makes of each thing, in the same order, `at_once` of them at a time in other threads."""
    with ThreadPoolExecutor(at_once) as workers:
        under_way: deque[Future[Result]] = deque()
        for thing in things:
            under_way.append(workers.submit(work, thing))
            if len(under_way) > at_once:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
