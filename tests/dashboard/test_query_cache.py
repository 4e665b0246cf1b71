"""Results that sessions share: each is computed once, whoever asks, and the memory that they take is limited."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from audit_store.engines.duckdb.reader import Reader
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.errors import QueryTimeout
from audit_store.filters import EventFilter
from dashboard import data
from dashboard.query_cache import QueryCache
from tests.dashboard.server.serving import within

SESSIONS = 50


class Work:
    """Notes what is computed, and waits until it may end."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.at_once = self.most_at_once = 0
        self.may_end = threading.Event()
        self._lock = threading.Lock()

    def of(self, *keys: str) -> Callable[[Sequence[int]], Iterator[pd.DataFrame]]:
        """The computation of these keys."""

        def compute(positions: Sequence[int]) -> Iterator[pd.DataFrame]:
            for position in positions:
                with self._lock:
                    self.begun.append(keys[position])
                    self.at_once += 1
                    self.most_at_once = max(self.at_once, self.most_at_once)
                assert self.may_end.wait(30)
                with self._lock:
                    self.at_once -= 1
                yield pd.DataFrame({"key": [keys[position]] * 1000})

        return compute


def key_of(frame: pd.DataFrame) -> str:
    return str(frame["key"].iloc[0])


def test_fifty_sessions_compute_a_result_once() -> None:
    cache, work = QueryCache(9, 10**9, 4), Work()
    with ThreadPoolExecutor(SESSIONS) as sessions:
        results = [sessions.submit(cache.read, ["a", "b"], work.of("a", "b")) for _ in range(SESSIONS)]
        within(lambda: work.begun == ["a"])
        work.may_end.set()
        assert {tuple(map(key_of, result.result())) for result in results} == {("a", "b")}
    assert work.begun == ["a", "b"]
    assert list(map(key_of, cache.read(["b", "a", "b"], work.of()))) == ["b", "a", "b"]


def test_different_results_are_computed_in_parallel_up_to_the_limit() -> None:
    cache, work = QueryCache(99, 10**9, 4), Work()
    with ThreadPoolExecutor(SESSIONS) as sessions:
        results = [sessions.submit(cache.read, [str(key)], work.of(str(key))) for key in range(SESSIONS)]
        within(lambda: work.at_once == 4)
        work.may_end.set()
        assert [key_of(result.result()[0]) for result in results] == [str(key) for key in range(SESSIONS)]
    assert (work.most_at_once, len(work.begun)) == (4, SESSIONS)


def test_an_error_is_that_of_everybody_who_waited_and_is_not_kept() -> None:
    cache, work, failed, asked = QueryCache(9, 10**9, 4), Work(), [], []

    def ask() -> None:
        asked.append(None)
        cache.read(["a"], fail)

    def fail(positions: Sequence[int]) -> Iterator[pd.DataFrame]:
        failed.append(positions)
        work.may_end.wait(30)
        raise QueryTimeout("too long")
        yield

    with ThreadPoolExecutor(SESSIONS) as sessions:
        results = [sessions.submit(ask) for _ in range(SESSIONS)]
        within(lambda: len(asked) == SESSIONS)
        work.may_end.set()
        for result in results:
            with pytest.raises(QueryTimeout):
                result.result()
    assert failed == [[0]]
    assert key_of(cache.read(["a"], work.of("a"))[0]) == "a"


def test_what_was_computed_before_an_error_is_kept() -> None:
    cache, work = QueryCache(9, 10**9, 4), Work()
    work.may_end.set()

    def one_only(positions: Sequence[int]) -> Iterator[pd.DataFrame]:
        yield next(work.of("a")(positions[:1]))
        raise QueryTimeout("too long")

    with pytest.raises(QueryTimeout):
        cache.read(["a", "b"], one_only)
    assert list(map(key_of, cache.read(["a", "b"], work.of("x", "b")))) == ["a", "b"]


def test_sessions_that_need_each_others_results_do_not_wait_for_ever() -> None:
    cache, work = QueryCache(9, 10**9, 1), Work()
    with ThreadPoolExecutor(2) as sessions:
        first = sessions.submit(cache.read, ["a", "b"], work.of("a", "b"))
        within(lambda: work.begun == ["a"])
        second = sessions.submit(cache.read, ["c", "b", "a"], work.of("c", "b", "a"))
        work.may_end.set()
        assert list(map(key_of, second.result(30))) == ["c", "b", "a"]
        assert list(map(key_of, first.result(30))) == ["a", "b"]
    assert sorted(work.begun) == ["a", "b", "c"]


@pytest.mark.parametrize(("entries", "most_bytes"), [(3, 10**9), (99, 100_000)])
def test_results_that_were_not_used_for_longest_are_dropped(entries: int, most_bytes: int) -> None:
    cache, work = QueryCache(entries, most_bytes, 4), Work()
    work.may_end.set()
    size = int(pd.DataFrame({"key": ["a"] * 1000}).memory_usage(deep=True).sum())
    kept = min(entries, most_bytes // size)
    keys = [chr(ord("a") + number) for number in range(kept + 1)]
    for key in [*keys[:-1], "a", keys[-1]]:
        cache.read([key], work.of(key))
    assert work.begun == keys
    cache.read(["a"], work.of("a"))
    assert work.begun == keys
    cache.read(["b"], work.of("b"))
    assert work.begun == [*keys, "b"]
    cache.clear()
    cache.read(["b"], work.of("b"))
    assert work.begun == [*keys, "b", "b"]


def test_a_page_that_changes_its_result_changes_nobody_elses() -> None:
    cache, work = QueryCache(9, 10**9, 4), Work()
    work.may_end.set()
    frame = cache.read(["a"], work.of("a"))[0]
    frame["key"] = "changed"
    frame.loc[0, "key"] = "x"
    assert key_of(cache.read(["a"], work.of())[0]) == "a"


def test_sessions_of_a_store_run_each_statement_once(week: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    run = Reader.run

    def noted(reader: Reader, query: Query) -> pd.DataFrame:
        statements.append(query.sql + repr(query.params))
        return run(reader, query)

    monkeypatch.setenv("AUDIT_STORE", str(week.path))
    monkeypatch.setattr(Reader, "run", noted)
    data.cache.clear()
    with ThreadPoolExecutor(SESSIONS) as sessions:
        extents = list(sessions.map(lambda _: data.surroundings(EventFilter()).extent, range(SESSIONS)))
    assert len(set(extents)) == 1
    assert len(statements) == len(set(statements)) == 1 + len(data.FACETS)
