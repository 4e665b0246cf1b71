"""Results of statements for all sessions: each is computed once, by the first session that needs it.

Streamlit's own cache keeps a lock for every key that there ever was, and lets each session that waited for a failed
statement repeat it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future

import pandas as pd

Result = Future[pd.DataFrame]


class QueryCache:
    """DataFrames by key; beyond `entries` or `most_bytes`, those that were not used for longest are dropped.

    At most `at_once` sessions compute at the same time. Safe for threads.
    """

    def __init__(self, entries: int, most_bytes: int, at_once: int) -> None:
        self._entries, self._most_bytes = entries, most_bytes
        self._room = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._results: dict[Hashable, Result] = {}
        self._sizes: OrderedDict[Hashable, int] = OrderedDict()
        """The bytes of each result that is complete, the one that was not used for longest first."""
        self._bytes = 0

    def read(
        self, keys: Sequence[Hashable], compute: Callable[[Sequence[int]], Iterable[pd.DataFrame]]
    ) -> list[pd.DataFrame]:
        """A copy of the result of each key.

        `compute` gives the results for the positions in `keys` that no session has computed or is computing; only
        when it has ended are those of other sessions waited for, so that nobody waits with the store open. Raises
        what `compute` raises, here and for everybody who waits.
        """
        results, own = self._claim(keys)
        if own:
            self._fulfil(keys, own, compute)
        return [result.result().copy(deep=False) for result in results]

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            while self._sizes:
                self._drop_oldest()

    def _claim(self, keys: Sequence[Hashable]) -> tuple[list[Result], dict[int, Result]]:
        """The result of each key, complete or not, and by position those that this session is to compute."""
        own: dict[int, Result] = {}
        with self._lock:
            for position, key in enumerate(keys):
                if key not in self._results:
                    own[position] = self._results[key] = Future()
                elif key in self._sizes:
                    self._sizes.move_to_end(key)
            return [self._results[key] for key in keys], own

    def _fulfil(
        self,
        keys: Sequence[Hashable],
        own: dict[int, Result],
        compute: Callable[[Sequence[int]], Iterable[pd.DataFrame]],
    ) -> None:
        try:
            with self._room:
                for position, frame in zip(own, compute(list(own)), strict=True):
                    self._keep(keys[position], frame)
                    own[position].set_result(frame)
        except BaseException as error:
            failed = {keys[position]: result for position, result in own.items() if not result.done()}
            with self._lock:
                for key in failed:
                    del self._results[key]
            for result in failed.values():
                result.set_exception(error)
            raise

    def _keep(self, key: Hashable, frame: pd.DataFrame) -> None:
        size = int(frame.memory_usage(deep=True).sum())
        with self._lock:
            self._sizes[key] = size
            self._bytes += size
            while len(self._sizes) > self._entries or self._bytes > self._most_bytes:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        key, size = self._sizes.popitem(last=False)
        self._bytes -= size
        del self._results[key]
