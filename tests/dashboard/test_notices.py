"""What a viewer sees when there is nothing to draw, and on the store page."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable

import pytest

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import Query
from audit_store.errors import QueryTimeout
from dashboard import data
from tests.conftest import Fill, in_campaign
from tests.dashboard.page_runs import NOW, PAGES, SOME_PAGES, button, event, listed, metrics, show, url, words


def test_the_store_page_counts(week: Store) -> None:
    app = show(week, "store")
    figures = metrics(app)
    assert figures.pop("Newest event").endswith("minutes ago")
    assert figures == {"Events": "6", "Waiting in the spool": "0", "Rejected": "0"}
    assert "this dashboard is read-only" in words(app)


@pytest.mark.parametrize("page", SOME_PAGES)
def test_a_read_only_dashboard_names_waiting_events(own_week: Store, page: str) -> None:
    spool = own_week.path.with_name("audit.duckdb.spool")
    spool.mkdir()
    (spool / "from-elsewhere.ndjson").write_text('{"agent":"ada","activity":"Login"}\n' * 3)
    assert "3 events in the spool: this dashboard is read-only" in words(show(own_week, page))


@pytest.mark.parametrize("number", [errno.EACCES, *in_campaign(errno.EIO)])
@pytest.mark.parametrize("page", PAGES)
def test_a_spool_that_cannot_be_listed_is_a_notice(
    own_week: Store, page: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = own_week.path.with_name("audit.duckdb.spool")
    spool.mkdir()
    scandir = os.scandir

    def refuse(path: str | Path) -> object:
        if Path(path) == spool:
            raise OSError(number, os.strerror(number), str(spool))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    app = show(own_week, page)
    assert "The spool cannot be listed, so events may wait in it" in words(app)
    assert "cannot be read" not in words(app)
    if page == "activity":
        assert metrics(app)["Events"] == "4"


def broken(store: Store) -> None:
    store.path.write_bytes(b"no database" * 1000)


def newer(store: Store) -> None:
    with store.write() as connection:
        connection.execute("UPDATE store_info SET schema_version = 99")


def empty(store: Store) -> None:
    with store.write():
        pass


def absent(store: Store) -> None:
    assert not store.exists()


def foreign(store: Store) -> None:
    import duckdb

    with duckdb.connect(str(store.path)) as connection:
        connection.execute("CREATE TABLE other (n INTEGER)")


@pytest.mark.parametrize("page", SOME_PAGES)
@pytest.mark.parametrize(
    ("state", "title", "step"),
    [
        (absent, "No events yet", "python -m ingest append"),
        (empty, "No events yet", "make demo"),
        (broken, "The file cannot be read", "python -m audit_store repair"),
        (foreign, "The file cannot be read", "AUDIT_STORE"),
        (newer, "The store is newer than this dashboard", "Update this program"),
    ],
)
def test_every_state_has_its_words_and_a_next_step(
    store: Store, page: str, state: Callable[[Store], None], title: str, step: str
) -> None:
    state(store)
    text = words(show(store, page, agent="ada"))
    assert title in text
    assert step in text


@pytest.mark.parametrize("page", SOME_PAGES)
def test_a_damaged_state_file_is_named_and_the_page_drawn(own_week: Store, page: str) -> None:
    state = own_week.path.with_name("audit.duckdb.state.sqlite")
    state.write_bytes(b"no database" * 1000)
    event_id = "11111111-1111-4111-8111-111111111111"
    app = show(own_week, page, event=event_id)
    assert len([text for text in app.main.text if f"{state} is damaged" in text.value]) == 1
    assert "move it away" in words(app)
    assert "audit_store repair" not in words(app)
    assert "The file cannot be read" not in words(app)
    if page == "activity":
        assert metrics(app)["Events"] == "4"
    if page == "log":
        assert len(listed(app)) == 4
    if page == "spikes":
        assert "Not judged yet" in words(app)


def test_a_path_without_a_folder_says_so(tmp_path: Path) -> None:
    text = words(show(Store(tmp_path / "missing" / "audit.duckdb")))
    assert "The folder does not exist" in text
    assert "AUDIT_STORE" in text


@contextmanager
def held(path: Path) -> Iterator[int]:
    """Another program that has the file open for writing."""
    code = (
        f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('held', flush=True); sys.stdin.read()"
    )
    with Popen([executable, "-c", code], stdin=PIPE, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.mark.processes
@pytest.mark.parametrize("page", SOME_PAGES)
def test_a_busy_store_names_its_holder(own_week: Store, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "WAIT", 0.2)
    with held(own_week.path) as pid:
        app = show(own_week, page)
        assert "The store is busy" in words(app)
        assert f"PID {pid}" in words(app)
    button(app, "Try again").click().run()
    assert "The store is busy" not in words(app)


@pytest.mark.parametrize(
    ("parameters", "advice", "buttons"),
    [
        (
            {"range": "all"},
            "Choose a shorter time range, or filter by agent or activity.",
            {"Last 24 hours": {"range": ["24h"]}},
        ),
        ({"range": "24h"}, "Choose a shorter time range, or filter by agent or activity.", {}),
        (
            {"range": "30d", "q": "word", "agent": "ada"},
            "The search for “word” reads every event of the time range.",
            {
                "Last 24 hours": {"range": ["24h"], "q": ["word"], "agent": ["ada"]},
                "Remove the search": {"range": ["30d"], "agent": ["ada"]},
            },
        ),
    ],
)
def test_a_query_that_takes_too_long_says_what_to_narrow(
    week: Store,
    monkeypatch: pytest.MonkeyPatch,
    parameters: dict[str, str],
    advice: str,
    buttons: dict[str, dict[str, list[str]]],
) -> None:
    def too_long(_: object) -> None:
        raise QueryTimeout("the query took longer than 60 seconds")

    monkeypatch.setattr(data, "surroundings", too_long)
    app = show(week, **parameters)
    assert "The query took too long" in words(app)
    assert "The store is busy" not in words(app)
    assert advice in words(app)
    narrower = [one.label for one in app.button if str(one.key).startswith("timeout_")]
    assert narrower == list(buttons)
    for label, wanted in buttons.items():
        changed = show(week, **parameters)
        button(changed, label).click().run()
        assert url(changed) == wanted | {"tz": ["UTC"]}


@pytest.mark.parametrize(
    ("variable", "limit", "statement", "title"),
    [
        (
            "AUDIT_QUERY_SECONDS",
            "1",
            "SELECT sum(a.range * b.range) FROM range(10_000_000) a, range(10_000_000) b",
            "The query took too long",
        ),
        (
            "AUDIT_MEMORY_MB",
            "64",
            "SELECT count(DISTINCT md5(range::VARCHAR)) FROM range(10_000_000)",
            "The query needs too much memory",
        ),
    ],
)
def test_a_statement_beyond_a_limit_is_explained_on_the_page(
    week: Store, monkeypatch: pytest.MonkeyPatch, variable: str, limit: str, statement: str, title: str
) -> None:
    monkeypatch.setenv(variable, limit)
    monkeypatch.setattr(os, "access", lambda *_: False)  # no folder for what does not fit into memory
    monkeypatch.setattr(queries, "extent", lambda: Query(statement))
    app = show(week, range="all")
    assert title in words(app)
    assert f"or raise {variable}" in words(app)
    assert "The store is busy" not in words(app)
    assert [one.label for one in app.button if str(one.key).startswith("timeout_")] == ["Last 24 hours"]


def test_a_name_that_nobody_logged_stays_chosen(week: Store) -> None:
    app = show(week, range="1h", agent="old")
    assert app.multiselect(key="agent").value == ["old"]
    assert "No events match" in words(app)
    assert "events by old" in words(app)


def test_nothing_matches_offers_all_time(week: Store) -> None:
    app = show(week, agent="old")
    app.button(key="nothing_all").click().run()
    assert metrics(app)["Events"] == "1"


@pytest.mark.parametrize("page", ["activity", "log"])
def test_a_log_that_ended_long_ago_says_when(store: Store, fill: Fill, page: str) -> None:
    app = show(fill(store, [event(60 * 24 * 400)]), page)
    assert f"The latest event is from {NOW - timedelta(days=400):%Y-%m-%d %H:%M}" in words(app)
    assert [one.label for one in app.button if str(one.key).startswith("nothing_")] == ["Show all time"]
