"""The columns, the rows and the page of the list in its URL."""

import pytest
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb.store import Store
from tests.conftest import Fill
from tests.dashboard.page_runs import component, drawn, event, log_table, show, url, widget, words


@pytest.fixture
def numbered(store: Store, fill: Fill) -> Store:
    """A store of 220 events."""
    return fill(
        store, [event(300 - n / 60, description=f"{n}", metadata=f'{{"n": {n}}}') for n in range(220)]
    )


def descriptions(app: AppTest) -> list[str]:
    return list(log_table(app)["description"])


def test_a_page_and_its_rows_are_in_the_url(numbered: Store) -> None:
    app = show(numbered, "log", rows="50", page_="2@220")
    assert descriptions(app) == [f"{n}" for n in range(169, 119, -1)]
    drawn(app, "pagination")[0].set_value(3).run()
    assert url(app)["page"] == ["3@220"]
    assert descriptions(app)[0] == "119"
    drawn(app, "pagination")[0].set_value(1).run()
    assert "page" not in url(app)


def test_a_page_holds_the_same_events_when_others_have_arrived(numbered: Store, fill: Fill) -> None:
    fill(numbered, [event(1, description="new")])
    assert descriptions(show(numbered, "log", page_="1@220"))[0] == "219"
    assert descriptions(show(numbered, "log", page_="2@220"))[0] == "119"
    assert descriptions(show(numbered, "log"))[0] == "new"


def test_a_page_beyond_the_end_is_the_last_one(numbered: Store) -> None:
    app = show(numbered, "log", page_="99@220")
    assert descriptions(app)[-1] == "0"
    assert url(app)["page"] == ["3@220"]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("page", "0@220"),
        ("page", "2@999"),
        ("page", "x"),
        ("page", "2"),
        ("rows", "7"),
        ("columns", "colour"),
        ("fold", "agent"),
    ],
)
def test_a_bad_value_is_named_and_ignored(numbered: Store, parameter: str, value: str) -> None:
    app = show(numbered, "log", **{f"{parameter}_": value})
    assert f"{parameter}={value!r} was ignored" in words(app)
    assert descriptions(app) == [f"{n}" for n in range(219, 119, -1)]


def test_another_filter_begins_with_its_first_page(numbered: Store) -> None:
    app = show(numbered, "log", page_="2@220")
    app.selectbox(key="range").set_value("30d").run()
    assert "page" not in url(app)
    assert descriptions(app)[0] == "219"


def test_metadata_can_be_a_column(numbered: Store) -> None:
    app = show(numbered, "log", columns=["time", "meta.n"])
    assert list(log_table(app)["n"])[:2] == ["219", "218"]
    app.button(key="log_remove_column_0").click().run()
    assert url(app)["columns"] == ["time"]


def test_repeats_can_be_folded_into_one_row(numbered: Store) -> None:
    app = show(numbered, "log", rows="250")
    widget(app, "log_fold").set_value("repeats").run()
    assert url(app)["fold"] == ["repeats"]
    rows = component(app, "event_list")["rows"]
    assert {row["lead"] for row in rows} == {rows[0]["id"]}
    assert [row["folded"] and row["folded"][0] for row in rows] == ["× 220", *[None] * 219]
    widget(app, "log_fold").set_value(None).run()
    assert "fold" not in url(app)


def test_the_events_of_a_request_follow_its_first_one(store: Store, fill: Fill) -> None:
    requests = ("a", "b", "a", "", "b")
    fill(
        store,
        [
            event(10 - n, description=f"{n}", metadata=f'{{"request_id": "{request}"}}')
            for n, request in enumerate(requests)
        ],
    )
    app = show(store, "log", fold="request")
    assert descriptions(app) == ["4", "1", "3", "2", "0"]
    assert [bool(row["folded"]) for row in component(app, "event_list")["rows"]] == [
        True,
        False,
        False,
        True,
        False,
    ]
