"""The box of saved views: a viewer saves, opens, replaces and deletes views."""

import pytest
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from audit_store.state import database, views
from dashboard.filters import saved_views, saved_views_box
from tests.dashboard.page_runs import (
    HOSTILE,
    MARKDOWN,
    button,
    drawn,
    filters_of,
    metrics,
    open_box,
    show,
    url,
    widget,
    words,
)


def save_as(app: AppTest, name: str) -> None:
    widget(app, "view_name").set_value(name)
    widget(app, "view_save").click().run()


def test_a_viewer_saves_opens_replaces_and_deletes(own_week: Store) -> None:
    save_as(open_box(show(own_week, agent="ada"), "views"), "mine")
    app = open_box(show(own_week, outcome="failure"), "views")
    save_as(app, "mine")
    assert "'mine' exists; choose another name" in words(app)
    widget(app, "view").set_value(saved_views_box.Choice(True, "mine")).run()
    assert filters_of(app) == {"agent": ["ada"]}
    assert metrics(app)["Events"] == "2"
    widget(app, "view_overwrite").check().run()
    widget(app, "q").set_value("wrong").run()
    widget(app, "view_save").click().run()
    assert saved_views.load(own_week.path) == {
        "mine": {"agent": ["ada"], "q": ["wrong"], "tz": ["UTC"], "page_name": ["activity"]}
    }
    widget(app, "view_delete").click().run()
    assert saved_views.load(own_week.path) == {}


def test_a_viewer_renames_a_view_and_lets_it_open_first(own_week: Store) -> None:
    saved_views.save(own_week.path, "mine", {"agent": ["ada"], "tz": ["UTC"]})
    app = open_box(show(own_week, agent="bob"), "views")
    widget(app, "view").set_value(saved_views_box.Choice(True, "mine")).run()
    [name] = [field for field in app.text_input if field.label == "Name"]
    name.set_value("ours")
    widget(app, "view_rename").click().run()
    assert "Renamed to “ours”." in words(app)
    assert widget(app, "view").value == saved_views_box.Choice(True, "ours")
    widget(app, "view_first").check().run()
    assert saved_views.default(own_week.path) == "ours"
    widget(app, "view_first").uncheck().run()
    assert saved_views.default(own_week.path) is None


def test_a_session_without_parameters_begins_with_the_view_that_opens_first(own_week: Store) -> None:
    filters = {"agent": ["ada"], "tz": ["Asia/Kolkata"]}
    saved_views.save(own_week.path, "mine", {**filters, "page_name": ["log"]})
    assert url(show(own_week)) == {}
    saved_views.set_default(own_week.path, "mine")
    app = show(own_week)
    assert (app.title[0].value, url(app)) == ("Audit log", filters)
    button(app, "Reset all").click().run()
    assert filters_of(app) == {}, "only the first run of a session"
    assert url(show(own_week, "log")) == filters
    assert url(show(own_week, "log", agent="bob")) == {"agent": ["bob"]}
    assert url(show(own_week, "spikes")) == {}
    saved_views.save(own_week.path, "mine", {**filters, "page_name": ["activity"]}, replace=True)
    assert url(show(own_week, "log")) == filters
    database.path_of(own_week.path).write_bytes(b"no database")
    assert url(show(own_week)) == {}


def test_names_of_views_are_never_markdown(own_week: Store) -> None:
    saved_views.save(own_week.path, HOSTILE[:80], {})
    app = open_box(show(own_week), "views")
    widget(app, "view").set_value(saved_views_box.Choice(True, HOSTILE[:80])).run()
    texts = [str(element.value) for element in drawn(app, *MARKDOWN)] + [one.label for one in app.button]
    assert texts
    assert not [text for text in texts if "<img" in text]


@pytest.mark.parametrize("page", ["activity", "store"])
def test_a_bad_file_is_a_notice(own_week: Store, page: str) -> None:
    views.json_path(own_week.path).write_text("{")
    app = open_box(show(own_week, page), "views")
    assert page == "store" or f"{views.json_path(own_week.path)} does not hold saved views" in words(app)


def test_a_view_opens_again_after_a_reset(own_week: Store) -> None:
    saved_views.save(own_week.path, "mine", {"agent": ["ada"], "tz": ["Asia/Kolkata"]})
    app = open_box(show(own_week), "views")
    widget(app, "view").set_value(saved_views_box.Choice(True, "mine")).run()
    assert "Open it again" not in [one.label for one in app.button]
    button(app, "Reset all").click().run()
    button(app, "Open it again").click().run()
    assert url(app) == {"agent": ["ada"], "tz": ["Asia/Kolkata"]}


def test_a_view_keeps_its_page_and_all_of_the_url_but_the_event(own_week: Store) -> None:
    event = "11111111-1111-4111-8111-111111111111"
    app = open_box(show(own_week, "log", agent="ada", state="open", event=event, tz="Asia/Kolkata"), "views")
    save_as(app, "mine")
    app = open_box(show(own_week, "spikes", sensitivity="high", outcome="failure"), "views")
    widget(app, "view").set_value(saved_views_box.Choice(True, "mine")).run()
    assert not app.exception
    assert url(app) == {"agent": ["ada"], "state": ["open"], "tz": ["Asia/Kolkata"]}
    assert app.title[0].value == "Audit log"
    assert widget(app, "view").value == saved_views_box.Choice(True, "mine")


def test_a_view_of_an_unknown_page_opens_on_this_one(own_week: Store) -> None:
    saved_views.save(own_week.path, "mine", {"agent": ["ada"], "page_name": ["../../etc/passwd"]})
    app = open_box(show(own_week), "views")
    widget(app, "view").set_value(saved_views_box.Choice(True, "mine")).run()
    assert filters_of(app) == {"agent": ["ada"]}
    assert app.title[0].value == "Activity"


@pytest.mark.parametrize("tz", ["UTC", "Asia/Kolkata"])
def test_built_in_views_are_filters_that_stay_relative(tz: str) -> None:
    for filters in saved_views_box.built_in().values():
        where, notices = EventFilter.parse(filters, tz=tz)
        assert notices == []
        assert where.range in ("today", "this_week", "30d")


def test_a_built_in_view_keeps_the_zone(own_week: Store) -> None:
    app = open_box(show(own_week, tz="Asia/Kolkata"), "views")
    widget(app, "view").set_value(saved_views_box.Choice(False, "Failed logins today")).run()
    assert url(app)["tz"] == ["Asia/Kolkata"]
    assert url(app)["range"] == ["today"]
