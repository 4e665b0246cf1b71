"""The URL holds the filters: what it selects, what changes it, and that it is parsed once a run."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard.filters import url_state
from tests.conftest import in_campaign
from tests.dashboard.page_runs import (
    NOW,
    PAGES,
    SOME_PAGES,
    button,
    drawn,
    filters_of,
    metrics,
    show,
    url,
    widget,
    words,
)


@pytest.mark.parametrize(
    ("parameters", "events"),
    [
        ({"range": "30d"}, "5"),
        ({"agent": "ada", "not_activity": "Login"}, "1"),
        ({"outcome": "none"}, "2"),
        *in_campaign(({"range": "all"}, "6"), ({"activity": ["Login", "Coffee made"]}, "2")),
        ({"q": "WRONG pass"}, "1"),
        ({"range": "custom", "to": (NOW - timedelta(days=20)).date().isoformat()}, "1"),
    ],
)
def test_the_url_filters(week: Store, parameters: dict[str, Any], events: str) -> None:
    assert metrics(show(week, **parameters))["Events"] == events


@pytest.mark.parametrize("page", SOME_PAGES)
def test_filters_survive_a_change_of_page(week: Store, page: str) -> None:
    app = show(week, page, range="30d", agent=["ada", "bob"])
    links = [element.proto.query_string for element in drawn(app, "page_link")]
    assert links[-4:] == ["range=30d&tz=UTC&agent=ada&agent=bob"] * 4


def test_reset_takes_every_filter_away(week: Store) -> None:
    app = show(week, range="30d", agent="ada", q="x", not_activity="Login")
    button(app, "Reset all").click().run()
    assert filters_of(app) == {}
    assert metrics(app)["Events"] == "4"


def test_reset_keeps_the_zone(week: Store) -> None:
    app = show(week, tz="Asia/Kolkata", agent="ada")
    button(app, "Reset all").click().run()
    assert url(app) == {"tz": ["Asia/Kolkata"]}
    assert button(app, "Reset all").disabled


@pytest.mark.parametrize("page", PAGES)
def test_a_changed_filter_names_the_zone_of_the_browser(week: Store, page: str) -> None:
    app = show(week, page)
    if page == "store":
        widget(app, "tz").set_value("Europe/Berlin").run()
        assert url(app) == {"tz": ["Europe/Berlin"]}
        return
    widget(app, "range").set_value("all").run()
    assert url(app) == {"range": ["all"], "tz": ["UTC"]}


def test_a_parameter_that_is_none_of_the_page_is_named(week: Store) -> None:
    text = words(show(week, foo=["bar", "baz"], alarm="a1", state="open", sensitivity="high"))
    assert "foo='bar, baz' was ignored: filters are named range, from, to, tz, q, " in text
    assert text.count("was ignored") == 1


def test_both_inverted_dates_are_named(week: Store) -> None:
    text = words(show(week, range="custom", from_="2026-03-09", to="2026-03-08"))
    assert "from='2026-03-09' was ignored: it must be earlier than to='2026-03-08'" in text
    assert "to='2026-03-08' was ignored: it must be later than from='2026-03-09'" in text


def test_undo_that_the_run_of_a_fragment_takes_first_is_done_by_the_next_run(
    week: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = show(week, agent="ada")
    button(app, "Reset all").click().run()
    with monkeypatch.context() as patch:
        patch.setattr(url_state, "in_fragment", lambda: True)
        button(app, "Undo").click()
        patch.setattr(url_state, "read", url_state.current)
        app.run()
    assert filters_of(app) == {}
    app.run()
    assert filters_of(app) == {"agent": ["ada"]}


def test_undo_goes_back_a_change_at_a_time(week: Store) -> None:
    app = show(week, range="30d")
    assert button(app, "Undo").disabled
    widget(app, "agent").set_value(["ada"]).run()
    button(app, "Reset all").click().run()
    assert filters_of(app) == {}
    button(app, "Undo").click().run()
    assert filters_of(app) == {"range": ["30d"], "agent": ["ada"]}
    button(app, "Undo").click().run()
    assert filters_of(app) == {"range": ["30d"]}
    assert button(app, "Undo").disabled


@pytest.mark.parametrize("page", SOME_PAGES)
def test_a_run_parses_the_url_once(week: Store, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[object] = []
    parse = EventFilter.parse

    def counting(parameters: object, **options: object) -> object:
        parsed.append(parameters)
        return parse(parameters, **options)

    monkeypatch.setattr(EventFilter, "parse", counting)
    app = show(week, page, agent="ada", event="11111111-1111-4111-8111-111111111111")
    assert parsed == [{"agent": ["ada"]}]
    app.run()
    assert parsed == [{"agent": ["ada"]}] * 2


def test_a_relative_range_moves_on_and_a_custom_one_stays() -> None:
    past = datetime.now(UTC) - timedelta(hours=2)
    relative, _ = EventFilter.parse({"range": ["1h"], "agent": ["ada"]}, now=past)
    moved = url_state.until_now(relative)
    assert moved.period.start > relative.period.end
    assert replace(moved, period=relative.period) == relative
    custom, _ = EventFilter.parse({"range": ["custom"], "from": ["2026-03-14"]}, now=past)
    assert url_state.until_now(custom) == custom
