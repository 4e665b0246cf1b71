"""What a reader sees when there is nothing to draw, and on the page of the store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable

import pytest

from audit_store.engines.duckdb.store import Store
from dashboard import data
from tests.conftest import Fill
from tests.dashboard.page_runs import NOW, PAGES, WEEK, event, metrics, show, words


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store that a test shows is forgotten after it."""
    monkeypatch.setenv("AUDIT_STORE", "")


@pytest.fixture
def full(store: Store, fill: Fill) -> Store:
    """A store with a week of events, and two older ones."""
    return fill(store, WEEK)


def test_the_store_page_counts(full: Store) -> None:
    app = show(full, "store")
    found = metrics(app)
    assert found.pop("Newest event").endswith("minutes ago")
    assert found == {"Events": "6", "Waiting in the spool": "0", "Rejected": "0"}
    assert "This dashboard only reads" in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_events_that_wait_are_announced_where_nobody_folds(full: Store, page: str) -> None:
    spool = full.path.with_name("audit.duckdb.spool")
    spool.mkdir()
    (spool / "from-elsewhere.ndjson").write_text('{"agent":"ada","activity":"Login"}\n' * 3)
    assert "3 events in the spool: this dashboard only reads" in words(show(full, page))


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


@pytest.mark.parametrize("page", PAGES)
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


def test_a_path_without_a_folder_says_so(tmp_path: Path) -> None:
    text = words(show(Store(tmp_path / "missing" / "audit.duckdb")))
    assert "There is no such folder" in text
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
@pytest.mark.parametrize("page", PAGES)
def test_a_busy_store_names_its_holder(full: Store, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "WAIT", 0.2)
    with held(full.path) as pid:
        app = show(full, page)
        assert "The store is busy" in words(app)
        assert f"PID {pid}" in words(app)
    next(one for one in app.button if one.label == "Try again").click().run()
    assert "The store is busy" not in words(app)


def test_a_name_that_nobody_logged_stays_chosen(full: Store) -> None:
    app = show(full, range="1h", agent="old")
    assert app.multiselect(key="agent").value == ["old"]
    assert "Nothing matches" in words(app)
    assert "events by old" in words(app)


def test_nothing_matches_offers_all_time(full: Store) -> None:
    app = show(full, agent="old")
    app.button(key="nothing_all").click().run()
    assert metrics(app)["Events"] == "1"


@pytest.mark.parametrize("page", ["activity", "log"])
def test_a_log_that_ended_long_ago_says_when(store: Store, fill: Fill, page: str) -> None:
    app = show(fill(store, [event(60 * 24 * 400)]), page)
    assert f"The newest event of the log is of {NOW - timedelta(days=400):%Y-%m-%d %H:%M}" in words(app)
    assert [one.label for one in app.button if str(one.key).startswith("nothing_")] == ["Look at all time"]
