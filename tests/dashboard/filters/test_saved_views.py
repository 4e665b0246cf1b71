"""Saved views: what the file keeps, what it refuses, and what a reader does with them; a sentence for a ticket."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb.conditions import condition
from audit_store.engines.duckdb.store import Store
from audit_store.errors import AuditStoreError, InvalidFormat
from audit_store.filters import EventFilter
from audit_store.state import views
from dashboard.filters import permalink, saved_views, saved_views_box
from tests.conftest import Fill
from tests.dashboard.page_runs import HOSTILE, MARKDOWN, WEEK, drawn, metrics, show, url, widget, words

FILTERS = {"range": ["30d"], "agent": ["ada", "bob"]}
NOW = datetime(2026, 3, 18, 21, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_STORE", "")


@pytest.fixture
def full(store: Store, fill: Fill) -> Store:
    return fill(store, WEEK)


@pytest.mark.parametrize("name", ["mine", HOSTILE[:80], "ünïcode 日本", " blanks "])
def test_what_is_saved_is_read_again_until_it_is_deleted(tmp_path: Path, name: str) -> None:
    store = tmp_path / "audit.duckdb"
    saved_views.save(store, name, FILTERS)
    saved_views.save(store, "other", {})
    assert saved_views.load(store)[name] == FILTERS
    saved_views.delete(store, name)
    saved_views.delete(store, name)
    assert saved_views.load(store) == {"other": {}}


def test_a_taken_name_is_overwritten_only_on_purpose(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    saved_views.save(store, "mine", FILTERS)
    with pytest.raises(AuditStoreError, match="'mine' exists; choose another name"):
        saved_views.save(store, "mine", {})
    assert saved_views.load(store)["mine"] == FILTERS
    saved_views.save(store, "mine", {}, replace=True)
    assert saved_views.load(store) == {"mine": {}}


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_name_needs_characters_and_not_too_many(tmp_path: Path, name: str) -> None:
    with pytest.raises(AuditStoreError, match="give 1 to 80 characters"):
        saved_views.save(tmp_path / "audit.duckdb", name, {})


def test_nobody_who_saves_at_once_loses_a_view(tmp_path: Path) -> None:
    store, names = tmp_path / "audit.duckdb", [f"view {number:02}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: saved_views.save(store, name, FILTERS), names))
    assert list(saved_views.load(store)) == names


BAD = [
    ("{", "Expecting"),
    ("[1]", "[1] is not an object"),
    ('{"version": 9, "views": {}}', "is not an object with version 1"),
    ('{"version": 1, "views": []}', "its views are []"),
    ('{"version": 1, "views": {"a": {"sql": ["x"]}}}', "the view 'a' has {'sql': ['x']}"),
    ('{"version": 1, "views": {"a": {"q": "x"}}}', "the view 'a' has"),
    ("[" * 100_000, "recursion"),
]


@pytest.mark.parametrize(("text", "says"), BAD)
def test_a_bad_file_is_named_and_left_as_it_is(tmp_path: Path, text: str, says: str) -> None:
    store = tmp_path / "audit.duckdb"
    views.json_path(store).write_text(text)
    for attempt in (
        lambda: saved_views.save(store, "a", {}),
        lambda: saved_views.delete(store, "a"),
        lambda: saved_views.load(store),
    ):
        with pytest.raises(InvalidFormat) as refusal:
            attempt()
        assert str(views.json_path(store)) in str(refusal.value)
        assert says in str(refusal.value)
    assert views.json_path(store).read_text() == text


def save_as(app: AppTest, name: str) -> None:
    widget(app, "view_name").set_value(name)
    widget(app, "view_save").click().run()


def test_a_reader_saves_opens_overwrites_and_deletes(full: Store) -> None:
    save_as(show(full, agent="ada"), "mine")
    app = show(full, outcome="failure")
    save_as(app, "mine")
    assert "'mine' exists; choose another name" in words(app)
    widget(app, "view").set_value(saved_views_box.Choice(True, "mine")).run()
    assert url(app) == {"agent": ["ada"]}
    assert metrics(app)["Events"] == "2"
    widget(app, "view_overwrite").check().run()
    widget(app, "q").set_value("wrong").run()
    widget(app, "view_save").click().run()
    assert saved_views.load(full.path) == {"mine": {"agent": ["ada"], "q": ["wrong"]}}
    widget(app, "view_delete").click().run()
    assert saved_views.load(full.path) == {}


def test_names_of_views_are_never_markdown(full: Store) -> None:
    saved_views.save(full.path, HOSTILE[:80], {})
    app = show(full)
    widget(app, "view").set_value(saved_views_box.Choice(True, HOSTILE[:80])).run()
    drawn_texts = [str(one.value) for one in drawn(app, *MARKDOWN)] + [one.label for one in app.button]
    assert not [text for text in drawn_texts if "<img" in text]


@pytest.mark.parametrize("page", ["activity", "store"])
def test_a_bad_file_is_a_notice(full: Store, page: str) -> None:
    views.json_path(full.path).write_text("{")
    app = show(full, page)
    assert page == "store" or f"{views.json_path(full.path)} does not hold saved views" in words(app)


@pytest.mark.parametrize(("tz", "today", "monday"), [("UTC", "18", "16"), ("Asia/Kolkata", "19", "16")])
def test_built_in_views_begin_with_local_days(tz: str, today: str, monday: str) -> None:
    ready = saved_views_box.built_in(EventFilter(tz=tz), NOW)
    for filters in ready.values():
        assert EventFilter.parse(filters, tz=tz, now=NOW)[1] == []
    assert ready["Failed logins today"]["from"] == [f"2026-03-{today}"]
    assert ready["Deletions this week"]["from"] == [f"2026-03-{monday}"]


def may(start: str, end: str, **filters: list[str]) -> EventFilter:
    return EventFilter.parse(
        {"range": ["custom"], "from": [start], "to": [end], "tz": ["Asia/Kolkata"], **filters}
    )[0]


@pytest.mark.parametrize(
    ("where", "events", "said"),
    [
        (
            may("2025-05-01", "2025-05-08", activity=["Login"], outcome=["failure"]),
            42,
            "42 failed Login events by 3 agents, 1–7 May 2025, Asia/Kolkata",
        ),
        (may("2025-05-01", "2025-05-02", agent=["ada"]), 1, "1 event by ada, 1 May 2025, Asia/Kolkata"),
        (
            may("2025-04-30", "2025-05-03", not_agent=["bob"], q=["events, all"]),
            1204,
            '1,204 events by 3 agents, not by bob with "events, all", 30 April – 2 May 2025, Asia/Kolkata',
        ),
        (
            may("2025-05-01T09:30", "2025-05-02"),
            2,
            "2 events by 3 agents, 1 May 2025 09:30 to 2 May 2025, Asia/Kolkata",
        ),
        (may("2025-05-01", ""), 2, "2 events by 3 agents, since 1 May 2025, Asia/Kolkata"),
        (EventFilter(activity=("a\u202eb",)), 2, "2 a⟨U+202E⟩b events by 3 agents, all time, UTC"),
    ],
)
def test_a_sentence_for_a_ticket(where: EventFilter, events: int, said: str) -> None:
    assert permalink.sentence(where, events, 3) == said


@pytest.mark.parametrize(
    "given", [{"range": ["24h"], "agent": ["a&b"]}, {"range": ["all"]}, {"q": ["x"], "tz": ["UTC"]}]
)
def test_the_link_of_a_ticket_shows_the_same_later(given: dict[str, list[str]]) -> None:
    where, _ = EventFilter.parse(given, now=NOW, tz="Asia/Kolkata")
    parameters = parse_qs(urlsplit(permalink.link(where, "http://127.0.0.1:8501/?q=old")).query)
    later, ignored = EventFilter.parse(parameters, now=datetime(2027, 1, 1, tzinfo=UTC), tz="Europe/Berlin")
    assert not ignored
    assert condition(later) == condition(where)
    assert later.tz == where.tz


def test_the_sentence_stands_on_the_page(full: Store) -> None:
    app = show(full, activity="Login", outcome="failure")
    assert "1 failed Login event by 1 agent," in words(app)
