"""Settings that are numbers: what they allow, and that the store keeps to them."""

import os
from pathlib import Path

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.engines.settings import Limits, limits
from audit_store.errors import InvalidSetting, QueryTimeout, QueryTooLarge
from audit_store.event import Event
from tests.conftest import Fill

LOGIN = Event(agent="ada", activity="Login")
SETTINGS = Query("SELECT current_setting('memory_limit'), current_setting('threads')")
LARGE = Query("SELECT count(DISTINCT md5(range::VARCHAR)) FROM range(3_000_000)")
ENDLESS = Query("SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(10_000_000) b")


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("AUDIT_MEMORY_MB", "", Limits()),
        ("AUDIT_MEMORY_MB", "64", Limits(memory_mb=64)),
        ("AUDIT_THREADS", "3", Limits(threads=3)),
        ("AUDIT_QUERY_SECONDS", "5", Limits(query_seconds=5)),
    ],
)
def test_limits_are_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: Limits
) -> None:
    monkeypatch.setenv(variable, value)
    assert limits() == expected


@pytest.mark.parametrize(
    ("variable", "value", "advice"),
    [
        ("AUDIT_MEMORY_MB", "63", "give megabytes, 64 or more, such as 512"),
        ("AUDIT_MEMORY_MB", "1GB", "give megabytes, 64 or more, such as 512"),
        ("AUDIT_THREADS", "0", "give a number of threads, such as 2"),
        ("AUDIT_THREADS", "9" * 13, "give a number of threads, such as 2"),
        ("AUDIT_QUERY_SECONDS", "-1", "give a number of seconds, such as 60"),
        ("AUDIT_QUERY_SECONDS", "٣", "give a number of seconds, such as 60"),
    ],
)
def test_a_limit_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, advice: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidSetting, match=f"^{variable}: '{value}' cannot be used: {advice}$"):
        Store(Path("audit.duckdb"))


def test_reads_and_folds_keep_to_memory_and_threads(store: Store, fill: Fill) -> None:
    fill(store, [LOGIN])
    limited = Store(store.path, Limits(memory_mb=100, threads=1))
    with limited.read() as reader:
        assert reader.one(SETTINGS) == ("95.3 MiB", 1)
    with limited.write() as connection:
        assert connection.execute(SETTINGS.sql).fetchall() == [("95.3 MiB", 1)]


def test_what_does_not_fit_into_memory_waits_beside_the_store(store: Store, fill: Fill) -> None:
    fill(store, [LOGIN])
    with Store(store.path, Limits(memory_mb=64)).read() as reader:
        assert reader.one(LARGE) == (3_000_000,)
        assert [path.name for path in store.path.parent.glob("*.tmp")] == ["audit.duckdb.tmp"]
    assert list(store.path.parent.glob("*.tmp")) == []


def test_a_query_that_needs_too_much_memory_says_what_to_do(
    store: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, [LOGIN])
    monkeypatch.setattr(os, "access", lambda *_: False)  # as for a user that may only read the folder
    limited = Store(store.path, Limits(memory_mb=64))
    with limited.read() as reader:
        for read in (reader.one, reader.salvage):
            with pytest.raises(QueryTooLarge) as refusal:
                read(LARGE)
            assert str(refusal.value) == (
                f"{store.path} cannot be worked on in the memory that is allowed; choose a shorter time range or a "
                "narrower filter, or raise AUDIT_MEMORY_MB"
            )
        assert reader.one(Query("SELECT count(*) FROM events")) == (1,)
    assert list(store.path.parent.glob("*.tmp")) == []


def test_a_query_that_takes_too_long_says_what_to_do(store: Store, fill: Fill) -> None:
    fill(store, [LOGIN])
    with pytest.raises(
        QueryTimeout, match="choose a shorter time range or a narrower filter, or raise AUDIT_QUERY_S"
    ):
        Store(store.path, Limits(query_seconds=0.2)).run(ENDLESS)
