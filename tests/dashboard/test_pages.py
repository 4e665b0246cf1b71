"""The pages and their filters: what they count, what the URL says, what a click changes."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from audit_store.engines.duckdb.store import Store
from dashboard.activity import chart_filters
from tests.conftest import Fill
from tests.dashboard.page_runs import (
    HOSTILE,
    MARKDOWN,
    NOW,
    PAGES,
    WEEK,
    drawn,
    event,
    metrics,
    show,
    url,
    widget,
)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store that a test shows is forgotten after it."""
    monkeypatch.setenv("AUDIT_STORE", "")


@pytest.fixture
def full(store: Store, fill: Fill) -> Store:
    """A store with a week of events, and two older ones."""
    return fill(store, WEEK)


@pytest.mark.parametrize("page", PAGES)
def test_pages_run_without_an_error(full: Store, page: str) -> None:
    assert show(full, page).title[0].value in ("Activity", "Audit log", "Login spikes", "Store")


def test_activity_counts_what_the_last_week_holds(full: Store) -> None:
    app = show(full)
    assert metrics(app) == {"Events": "4", "Agents": "3", "Failures": "1"}
    assert [one.delta for one in app.metric] == ["+300 %", "+200 %", "none before"]
    assert len(app.get("vega_lite_chart")) == 3


@pytest.mark.parametrize(
    ("parameters", "events"),
    [
        ({"range": "all"}, "6"),
        ({"range": "30d"}, "5"),
        ({"activity": ["Login", "Coffee made"]}, "2"),
        ({"agent": "ada", "not_activity": "Login"}, "1"),
        ({"outcome": "none"}, "2"),
        ({"q": "WRONG pass"}, "1"),
        ({"range": "custom", "to": (NOW - timedelta(days=20)).date().isoformat()}, "1"),
    ],
)
def test_the_url_filters(full: Store, parameters: dict[str, Any], events: str) -> None:
    assert metrics(show(full, **parameters))["Events"] == events


def test_an_open_period_is_compared_with_nothing(full: Store) -> None:
    assert [one.delta for one in show(full, range="all").metric] == ["", "", ""]


def test_a_period_the_log_does_not_reach_is_compared_with_nothing(full: Store) -> None:
    assert {one.delta for one in show(full, range="30d").metric} == {"no full 30 days before"}


@pytest.mark.parametrize(
    ("parameters", "notice"),
    [
        ({"range": "9d"}, "range='9d' was ignored"),
        ({"tz": "Mars/Olympus"}, "tz='Mars/Olympus' was ignored"),
        ({"outcome": "maybe"}, "outcome='maybe' was ignored"),
        ({"range": "custom", "from": "yesterday"}, "from='yesterday' was ignored"),
        ({"range": HOSTILE}, "range='<img"),
    ],
)
@pytest.mark.parametrize("page", PAGES)
def test_a_bad_value_is_named_and_ignored(
    full: Store, page: str, parameters: dict[str, str], notice: str
) -> None:
    app = show(full, page, **parameters)
    assert any(one.value.startswith(notice) for one in app.text)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ([1773446400000.0, 1773480413000.0], ("2026-03-14", "2026-03-14T12:00")),
        ([1773480413000.0, 1773446400000.0], ("2026-03-14", "2026-03-14T12:00")),
        ([1773446400000.0], ("2026-03-14", "2026-03-14T06:00")),
        ([1773446399000.0, 1773446430000.0], ("2026-03-13T18:00", "2026-03-14T06:00")),
        ([1773619200000.0], None),
        ((), None),
    ],
)
def test_bars_marked_in_a_chart_are_a_period(bounds: list[float], expected: tuple[str, str] | None) -> None:
    starts = pd.date_range("2026-03-13", "2026-03-15", freq="6h")
    bars = pd.DataFrame({"bucket": starts, "until": starts + timedelta(hours=6)})
    assert chart_filters.marked(bounds, bars) == expected


@pytest.mark.parametrize("page", PAGES)
def test_filters_survive_a_change_of_page(full: Store, page: str) -> None:
    app = show(full, page, range="30d", agent=["ada", "bob"])
    links = [one.proto.query_string for one in drawn(app, "page_link")]
    assert links[-4:] == ["range=30d&agent=ada&agent=bob"] * 4


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("activity", ["Login"], {"activity": ["Login"]}),
        ("agent", ["nobody yet", "ada"], {"agent": ["nobody yet", "ada"]}),
        ("not_agent", ["ada"], {"not_agent": ["ada"]}),
        ("q", "word", {"q": ["word"]}),
        ("range", "30d", {"range": ["30d"]}),
        ("tz", "Asia/Kolkata", {"tz": ["Asia/Kolkata"]}),
    ],
)
def test_a_widget_writes_its_value_into_the_url(
    full: Store, key: str, value: Any, expected: dict[str, list[str]]
) -> None:
    app = show(full)
    widget(app, key).set_value(value).run()
    assert url(app) == expected
    assert app.session_state[key] == value


def test_a_widget_leaves_the_other_filters_alone(full: Store) -> None:
    app = show(full, range="30d", agent="ada", outcome="maybe", unrelated="kept")
    app.multiselect(key="activity").set_value(["Login"]).run()
    assert url(app) == {"range": ["30d"], "agent": ["ada"], "activity": ["Login"], "unrelated": ["kept"]}


def test_custom_dates_begin_with_the_period_they_replace(full: Store) -> None:
    app = show(full, range="24h", tz="Asia/Kolkata")
    app.selectbox(key="range").set_value("custom").run()
    start, end = (datetime.fromisoformat(url(app)[name][0]) for name in ("from", "to"))
    assert end - start == timedelta(hours=24)
    assert widget(app, "from").value == start


def test_a_bound_beyond_the_other_one_pushes_it_away(full: Store) -> None:
    app = show(full, range="custom", from_="2026-03-01", to="2026-03-05")
    widget(app, "from").set_value(datetime.fromisoformat("2026-03-09T14:30")).run()
    assert url(app) == {"range": ["custom"], "from": ["2026-03-09T14:30"]}


def test_reset_takes_every_filter_away(full: Store) -> None:
    app = show(full, range="30d", agent="ada", q="x", not_activity="Login")
    next(one for one in app.button if one.label == "Reset all").click().run()
    assert url(app) == {}
    assert metrics(app)["Events"] == "4"


@pytest.mark.parametrize("page", PAGES)
def test_no_text_of_the_log_is_drawn_as_markdown(store: Store, fill: Fill, page: str) -> None:
    fields = dict.fromkeys(
        ("agent", "activity", "description", "target", "source_ip", "source"), HOSTILE[:64]
    )
    key = "33333333-3333-4333-8333-333333333333"
    fill(store, [event(1, **fields | {"activity": HOSTILE, "event_id": key}, metadata={HOSTILE: HOSTILE})])
    app = show(store, page, agent=[HOSTILE[:64]], activity=[HOSTILE], not_agent=[HOSTILE], event=key)
    texts = [str(one.value) for one in drawn(app, *MARKDOWN)]
    texts += [f"{one.label}{one.value}{one.delta}{one.help}" for one in app.metric]
    texts += [f"{one.label}{one.help}" for one in drawn(app, "button", "multiselect")]
    texts += [one.label for one in app.expander]
    assert texts
    assert not [text for text in texts if "<img" in text or "evil.example" in text]
    assert not [one for one in app.text if "\u202e" in one.value]
    assert not [one for widget in app.multiselect for one in widget.options if "\u202e" in one]
