"""Iterators whose items are made or worked on in other threads, ahead of the caller."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def prefetched(items: Iterator[Item]) -> Generator[Item, None, None]:
    """The same items in the same order, the next one made in a second thread while the caller has one."""
    with ThreadPoolExecutor(1) as executor:
        following = executor.submit(next, items, None)
        while (item := following.result()) is not None:
            following = executor.submit(next, items, None)
            yield item


def map_in_threads(
    work: Callable[[Item], Result], items: Iterator[Item], threads: int
) -> Generator[Result, None, None]:
    """The result of `work` for each item, in the same order, `threads` of them at a time."""
    with ThreadPoolExecutor(threads) as executor:
        running: deque[Future[Result]] = deque()
        for item in items:
            running.append(executor.submit(work, item))
            if len(running) > threads:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
