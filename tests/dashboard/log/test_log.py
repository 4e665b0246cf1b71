"""The log page: its order, its pages, new events, the details of an event, and the views it leads to."""

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb.store import Store
from audit_store.engines.protocol import READ_WAIT, Query, Reader
from audit_store.errors import QueryTimeout
from audit_store.filters import EventFilter
from dashboard import data
from dashboard.log import search, walk
from dashboard.log.event_list.columns import DEFAULT
from tests.conftest import Fill
from tests.dashboard.page_runs import (
    HOSTILE,
    NOW,
    button,
    component,
    drawn,
    event,
    filters_of,
    listed,
    log_table,
    show,
    url,
    widget,
    words,
)

OPENED = "55555555-5555-4555-8555-555555555555"


def descriptions(app: AppTest) -> list[str]:
    """The descriptions of the rows of the log, from the top."""
    return list(log_table(app)["description"])


def fields(app: AppTest) -> dict[str, str]:
    """The fields in the details of the opened event, by their labels."""
    return {line["label"]: line["value"] for line in component(app, "event_tree")["fields"]}


def shown_event(app: AppTest) -> str:
    """The description in the details of the opened event."""
    return fields(app)["Description"]


def opened_id(store: Store, description: str) -> str:
    frame = store.run(Query("SELECT event_id FROM events WHERE description = $d", {"d": description}))
    return str(frame["event_id"].iloc[0])


def pills(app: AppTest) -> Any:
    return widget(app, "log_columns")


def column_names(app: AppTest) -> list[str]:
    return [column["name"] for column in component(app, "event_list")["columns"]]


def test_the_log_lists_the_newest_first(week: Store) -> None:
    app = show(week, "log", range="all")
    assert listed(app) == ["Login", "Login", "Coffee made", "Journey saved", "User deleted", "Login"]
    assert "1–6 of 6 events" in words(app)


def test_rows_are_shown_before_the_list_is_counted(
    store: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(where: EventFilter) -> int:
        raise QueryTimeout("a query of the list was stopped")

    fill(store, [event(300 - n / 60, description=f"number {n}") for n in range(300)])
    monkeypatch.setattr(data, "total", too_slow)
    monkeypatch.setattr(walk, "NARROWEST", 128)
    monkeypatch.setattr(walk, "WIDER", 1)  # the newest page is found without reading all of so small a store
    app = show(store, "log", range="all")
    assert descriptions(app) == [f"number {n}" for n in range(299, 199, -1)]
    assert "The query took too long" in words(app)


def test_times_are_shown_in_the_zone_with_its_offset(week: Store) -> None:
    app = show(week, "log", tz="Asia/Kolkata")
    there = NOW - timedelta(minutes=2) + timedelta(hours=5, minutes=30)
    assert log_table(app)["time"][0] == f"{there:%m-%d %H:%M:%S}.000"
    header = component(app, "event_list")["columns"][0]
    assert (header["label"], header["help"]) == ("Time +05:30", "Asia/Kolkata")


def test_pages_of_the_log_cover_it_once(store: Store, fill: Fill) -> None:
    fill(store, [event(120 - n / 60, description=f"number {n}") for n in range(120)])
    app = show(store, "log")
    app.selectbox(key="log_rows").set_value(50).run()
    seen = []
    for page in (1, 2, 3):
        drawn(app, "pagination")[0].set_value(page).run()
        seen += list(log_table(app)["description"])
    assert seen == [f"number {n}" for n in reversed(range(120))]


def test_new_events_are_shown_in_a_live_log(own_week: Store, fill: Fill) -> None:
    app = show(own_week, "log")
    fill(own_week, [event(1, activity="API key copied"), event(1, activity="API key copied")])
    app.run()
    assert listed(app)[:2] == ["API key copied"] * 2
    assert "1–6 of 6 events" in words(app)


def test_a_paused_log_stays_as_it_was_until_new_events_are_requested(own_week: Store, fill: Fill) -> None:
    app = show(own_week, "log")
    app.toggle(key="log_live").set_value(False).run()
    fill(own_week, [event(1, activity="API key copied"), event(1, activity="API key copied")])
    app.run()
    assert "API key copied" not in listed(app)
    assert "1–4 of 4 events" in words(app)
    button(app, "Show 2 new events").click().run()
    assert listed(app)[:2] == ["API key copied"] * 2
    assert "1–6 of 6 events" in words(app)


def test_a_search_stays_as_it_was_until_new_events_are_requested(own_week: Store, fill: Fill) -> None:
    app = show(own_week, "log", q="JOURNEY")
    fill(own_week, [event(1, activity="Journey moved"), event(1, activity="Login")])
    app.run()
    assert listed(app) == ["Journey saved"]
    button(app, "Show 1 new event").click().run()
    assert listed(app) == ["Journey moved", "Journey saved"]
    assert "Searched to the beginning · 2 matches" in words(app)


@contextlib.contextmanager
def one_stretch_of_a_search() -> Iterator[None]:
    """A search ends after its first, narrow stretch, as if a click had interrupted it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(walk, "NARROWEST", 128)
        patch.setattr(walk, "WIDER", 1)
        patch.setattr(search, "begin", lambda listing, _: listing.complete or listing.newest.step())
        patch.setattr(search, "go_on", lambda *_: None)
        yield


def test_a_stopped_search_shows_what_it_has_found(store: Store, fill: Fill) -> None:
    fill(store, [event(300 - n / 60, description=f"number {n}") for n in range(300)])
    with one_stretch_of_a_search():
        app = show(store, "log", range="all", q="number 29")
    button(app, "Stop search").click().run()
    assert descriptions(app) == [f"number {n}" for n in range(299, 289, -1)]
    assert "10 matches so far" in words(app)
    assert "1–10 of 10 events so far" in words(app)
    button(app, "Search on").click().run()
    assert descriptions(app) == [*(f"number {n}" for n in range(299, 289, -1)), "number 29"]


def test_a_page_that_a_search_has_not_reached_is_shown_when_it_has(store: Store, fill: Fill) -> None:
    fill(store, [event(300 - n / 60, description=f"number {n}") for n in range(300)])
    with one_stretch_of_a_search():
        app = show(store, "log", range="all", q="number", rows="50", page_="4@300")
    assert descriptions(app) == []
    assert url(app)["page"] == ["4@300"]
    app.run()
    assert descriptions(app) == [f"number {n}" for n in range(149, 99, -1)]


def test_a_later_page_stays_as_it_was_until_new_events_are_requested(store: Store, fill: Fill) -> None:
    fill(store, [event(120 - n / 60, description=f"number {n}") for n in range(120)])
    app = show(store, "log")
    drawn(app, "pagination")[0].set_value(2).run()
    fill(store, [event(1, description="new")])
    app.run()
    assert descriptions(app) == [f"number {n}" for n in reversed(range(20))]
    button(app, "Show 1 new event").click().run()
    assert descriptions(app)[:2] == ["new", "number 119"]


def test_older_and_newer_walk_through_the_list_across_pages(store: Store, fill: Fill) -> None:
    fill(store, [event(60 - n / 60, agent="ada" if n % 2 else "bob", description=f"{n}") for n in range(220)])
    app = show(store, "log", columns="description", agent="ada", event=opened_id(store, "25"))
    for n in (23, 21, 19, 17):
        app.button(key="step_older").click().run()
        assert shown_event(app) == f"{n}"
    assert [descriptions(app)[0], descriptions(app)[-1]] == ["19", "1"]
    for n in (19, 21, 23):
        app.button(key="step_newer").click().run()
        assert shown_event(app) == f"{n}"
    assert [descriptions(app)[0], descriptions(app)[-1]] == ["219", "21"]


@pytest.mark.parametrize(("end", "step"), [("4", "step_newer"), ("0", "step_older")])
def test_the_walk_ends_with_the_list(store: Store, fill: Fill, end: str, step: str) -> None:
    fill(store, [event(60 - n, description=f"{n}") for n in range(5)])
    app = show(store, "log", event=opened_id(store, end))
    assert [key for key in ("step_newer", "step_older") if app.button(key=key).disabled] == [step]


def test_a_link_to_an_event_shows_its_page(store: Store, fill: Fill) -> None:
    fill(store, [event(60 - n / 60, description=f"{n}") for n in range(220)])
    app = show(store, "log", columns="description", event=opened_id(store, "7"))
    assert shown_event(app) == "7"
    assert "7" in descriptions(app)


def test_a_link_to_an_event_opens_it_outside_its_page(week: Store) -> None:
    app = show(week, "log", agent="bob", event="11111111-1111-4111-8111-111111111111")
    assert listed(app) == ["User deleted"]
    assert shown_event(app) == "wrong password"
    assert fields(app)["Event id"] == "11111111-1111-4111-8111-111111111111"
    assert "This event is hidden by the current filters." in words(app)
    app.button(key="close_0").click().run()
    assert filters_of(app) == {"agent": ["bob"]}
    assert component(app, "event_tree") == {}


@pytest.mark.parametrize(
    ("label", "found"),
    [
        ("This agent ± 15 minutes", ["opened", "after", "before"]),
        ("Same activity", ["opened", "after", "before", "other agent"]),
        ("Same address", ["opened", "other agent"]),
    ],
)
def test_an_event_leads_to_others(store: Store, fill: Fill, label: str, found: list[str]) -> None:
    address = "203.0.113.9"
    around = [
        event(50, agent="bob", description="other agent", source_ip=address),
        event(61, description="before"),
        event(31, description="after"),
        event(46, description="opened", source_ip=address, event_id=OPENED),
        event(46, agent="bob", activity="User deleted", description="something else"),
    ]
    fill(store, [*around, event(80), event(10)] if label.startswith("This agent") else around)
    app = show(
        store, "log", columns="description", q="open", tz="America/St_Johns", outcome="none", event=OPENED
    )
    button(app, label).click().run()
    assert descriptions(app) == found
    assert url(app)["event"] == [OPENED]
    assert url(app)["tz"] == ["America/St_Johns"]


def test_the_columns_are_chosen(week: Store) -> None:
    app = show(week, "log")
    pills(app).set_value(["time", "target", "event_id"]).run()
    assert column_names(app) == url(app)["columns"] == ["time", "target", "event_id"]
    assert url(app)["tz"] == ["UTC"], "what is copied from the address bar names the zone"
    assert "eve" in list(log_table(app)["target"])
    pills(app).set_value([]).run()
    assert column_names(app) == list(DEFAULT)
    assert "columns" not in url(app)


def test_times_have_milliseconds_and_all_their_digits_in_the_details(store: Store, fill: Fill) -> None:
    fill(store, [event(1, occurred_at="2026-03-14T09:26:53.589793Z", event_id=OPENED)])
    app = show(store, "log", range="all", tz="Asia/Kolkata", event=OPENED)
    assert list(log_table(app)["time"]) == ["03-14 14:56:53.589"]
    assert fields(app)["Time"] == "2026-03-14 14:56:53.589793 +05:30"


def test_a_search_says_where_it_matched(week: Store) -> None:
    assert list(log_table(show(week, "log", q="EVE"))["matched"]) == ["Agent", "Target"]
    app = show(week, "log", q="EVE", event="22222222-2222-4222-8222-222222222222")
    assert component(app, "event_tree")["find"] == "EVE"


def test_details_show_metadata_as_it_was_written(week: Store) -> None:
    app = show(week, "log", event="22222222-2222-4222-8222-222222222222")
    tree = component(app, "event_tree")
    assert tree["source"] == '{\n  "reason": "left",\n  "n": 1.50\n}'
    assert [(line["label"], line["value"]) for line in tree["metadata"]] == [
        ("reason", "left"),
        ("n", "1.50"),
    ]


@pytest.mark.parametrize("unknown", ["garbage", "44444444-4444-4444-8444-444444444444", HOSTILE])
def test_an_unknown_event_is_a_notice(week: Store, unknown: str) -> None:
    app = show(week, "log", event=unknown)
    assert any(one.value.endswith("was ignored: no event has this id") for one in app.text)
    assert len(listed(app)) == 4


def test_the_newest_page_opens_the_store_five_times(week: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    openings, read = [], Store.read

    def counted(
        store: Store, wait: float = READ_WAIT, *, checked: bool = True
    ) -> AbstractContextManager[Reader]:
        openings.append(store)
        return read(store, wait, checked=checked)

    monkeypatch.setattr(Store, "read", counted)
    show(week, "log")
    assert len(openings) <= 5, "for the frame, failures, alarms, what is above the rows, and the rows"
