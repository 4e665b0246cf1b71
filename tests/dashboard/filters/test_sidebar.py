"""A widget of the sidebar writes its value into the URL."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from audit_store.engines.duckdb.store import Store
from tests.conftest import in_campaign
from tests.dashboard.page_runs import filters_of, open_box, show, url, widget, words


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("agent", ["nobody yet", "ada"], {"agent": ["nobody yet", "ada"]}),
        ("q", "word", {"q": ["word"]}),
        ("range", "30d", {"range": ["30d"]}),
        ("tz", "Asia/Kolkata", {"tz": ["Asia/Kolkata"]}),
        *in_campaign(
            ("activity", ["Login"], {"activity": ["Login"]}), ("not_agent", ["ada"], {"not_agent": ["ada"]})
        ),
    ],
)
def test_a_widget_writes_its_value_into_the_url(
    week: Store, key: str, value: Any, expected: dict[str, list[str]]
) -> None:
    app = open_box(show(week), "more")
    widget(app, key).set_value(value).run()
    assert url(app) == {"tz": ["UTC"]} | expected
    assert app.session_state[key] == value


def test_a_widget_leaves_the_other_filters_alone(week: Store) -> None:
    app = show(week, range="30d", agent="ada", outcome="maybe", unrelated="kept")
    app.multiselect(key="activity").set_value(["Login"]).run()
    assert filters_of(app) == {
        "range": ["30d"],
        "agent": ["ada"],
        "activity": ["Login"],
        "unrelated": ["kept"],
    }


def test_custom_dates_begin_with_the_period_they_replace(week: Store) -> None:
    app = show(week, range="24h", tz="Asia/Kolkata")
    app.selectbox(key="range").set_value("custom").run()
    start, end = (datetime.fromisoformat(url(app)[name][0]) for name in ("from", "to"))
    assert end - start == timedelta(hours=24)
    assert widget(app, "from").value == start


def test_a_bound_beyond_the_other_one_pushes_it_away(week: Store) -> None:
    app = show(week, range="custom", from_="2026-03-01", to="2026-03-05")
    widget(app, "from").set_value(datetime.fromisoformat("2026-03-09T14:30")).run()
    assert filters_of(app) == {"range": ["custom"], "from": ["2026-03-09T14:30"]}


def test_a_bound_that_is_not_changed_keeps_its_seconds_and_offset(week: Store) -> None:
    app = show(
        week,
        range="custom",
        from_="2025-10-26T02:45:30+02:00",
        to="2025-10-26T02:15+01:00",
        tz="Europe/Berlin",
    )
    assert "was ignored" not in words(app)
    widget(app, "to").set_value(datetime.fromisoformat("2025-10-26T02:20")).run()
    assert url(app)["from"] == ["2025-10-26T02:45:30+02:00"]
    assert url(app)["to"] == ["2025-10-26T02:20+01:00"]
    widget(app, "from").set_value(None).run()
    assert "from" not in url(app)
