"""The box of saved views: a viewer saves, opens, replaces and deletes views."""

from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from audit_store.state import views
from dashboard.filters import saved_views, saved_views_box
from tests.dashboard.page_runs import HOSTILE, MARKDOWN, drawn, metrics, open_box, show, url, widget, words

NOW = datetime(2026, 3, 18, 21, tzinfo=UTC)


def save_as(app: AppTest, name: str) -> None:
    widget(app, "view_name").set_value(name)
    widget(app, "view_save").click().run()


def test_a_viewer_saves_opens_replaces_and_deletes(own_week: Store) -> None:
    save_as(open_box(show(own_week, agent="ada"), "views"), "mine")
    app = open_box(show(own_week, outcome="failure"), "views")
    save_as(app, "mine")
    assert "'mine' exists; choose another name" in words(app)
    widget(app, "view").set_value(saved_views_box.Choice(True, "mine")).run()
    assert url(app) == {"agent": ["ada"]}
    assert metrics(app)["Events"] == "2"
    widget(app, "view_overwrite").check().run()
    widget(app, "q").set_value("wrong").run()
    widget(app, "view_save").click().run()
    assert saved_views.load(own_week.path) == {"mine": {"agent": ["ada"], "q": ["wrong"]}}
    widget(app, "view_delete").click().run()
    assert saved_views.load(own_week.path) == {}


def test_names_of_views_are_never_markdown(own_week: Store) -> None:
    saved_views.save(own_week.path, HOSTILE[:80], {})
    app = open_box(show(own_week), "views")
    widget(app, "view").set_value(saved_views_box.Choice(True, HOSTILE[:80])).run()
    texts = [str(element.value) for element in drawn(app, *MARKDOWN)] + [
        button.label for button in app.button
    ]
    assert texts
    assert not [text for text in texts if "<img" in text]


@pytest.mark.parametrize("page", ["activity", "store"])
def test_a_bad_file_is_a_notice(own_week: Store, page: str) -> None:
    views.json_path(own_week.path).write_text("{")
    app = open_box(show(own_week, page), "views")
    assert page == "store" or f"{views.json_path(own_week.path)} does not hold saved views" in words(app)


@pytest.mark.parametrize(("tz", "today", "monday"), [("UTC", "18", "16"), ("Asia/Kolkata", "19", "16")])
def test_built_in_views_begin_with_local_days(tz: str, today: str, monday: str) -> None:
    views_by_name = saved_views_box.built_in(EventFilter(tz=tz), NOW.replace(tzinfo=None))
    for filters in views_by_name.values():
        assert EventFilter.parse(filters, tz=tz, now=NOW)[1] == []
    assert views_by_name["Failed logins today"]["from"] == [f"2026-03-{today}"]
    assert views_by_name["Deletions this week"]["from"] == [f"2026-03-{monday}"]
