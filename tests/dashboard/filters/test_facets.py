"""The lists of the sidebar: what they offer, what they count, and what a choice in them does."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb.store import Store
from dashboard import data
from dashboard.filters import facet_labels
from dashboard.filters.facet_labels import BETWEEN
from tests.conftest import Fill
from tests.dashboard.page_runs import WEEK, event, metrics, show, url, widget, words


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_STORE", "")


@pytest.fixture
def full(store: Store, fill: Fill) -> Store:
    return fill(store, WEEK)


def offered(app: AppTest, key: str) -> dict[str, str]:
    """Each value of a list with the count beside it."""
    labels = [str(one).split(BETWEEN) for one in widget(app, key).options]
    return {label[1]: label[0] for label in labels if len(label) > 1}


@pytest.mark.parametrize("key", ["activity", "agent"])
@pytest.mark.parametrize(
    "filters", [{}, {"range": "all"}, {"outcome": "none"}, {"activity": "Login", "agent": "ada"}]
)
def test_a_count_is_that_of_the_rows_after_choosing_it(
    full: Store, key: str, filters: dict[str, Any]
) -> None:
    counted = offered(show(full, **filters), key)
    assert counted or key in filters
    for value, events in counted.items():
        assert metrics(show(full, **filters | {key: value}))["Events"] == events


def test_outcomes_are_counted(full: Store) -> None:
    labels = [one.content.replace(BETWEEN, " ") for one in widget(show(full), "outcome").proto.options]
    assert labels == ["1 Success", "1 Failure", "2 Not given"]


def test_choosing_what_is_excluded_includes_it(full: Store) -> None:
    app = show(full, not_agent=["ada", "bob"])
    widget(app, "agent").set_value(["ada"]).run()
    assert url(app) == {"agent": ["ada"], "not_agent": ["bob"]}
    widget(app, "not_agent").set_value(["bob", "ada"]).run()
    assert url(app) == {"not_agent": ["bob", "ada"]}


@pytest.fixture
def crowd(store: Store, fill: Fill) -> Store:
    """More agents than the list offers, and two that nobody sees in it."""
    many = [event(1, agent=f"agent-{number:04}") for number in range(data.OPTIONS) for _ in range(2)]
    return fill(store, [*many, event(1, agent="zoe-1"), event(1, agent="zoe-2"), event(1, agent="solo")])


def test_of_very_many_agents_the_busiest_are_offered(crowd: Store) -> None:
    assert len(offered(show(crowd), "agent")) == data.OPTIONS


@pytest.mark.parametrize(("typed", "chosen"), [("SOLO", "solo"), ("zoe-2", "zoe-2"), ("nobody", "nobody")])
def test_any_agent_is_found_by_typing(crowd: Store, typed: str, chosen: str) -> None:
    app = show(crowd)
    widget(app, "agent").set_value([typed]).run()
    assert url(app) == {"agent": [chosen]}


def test_a_part_of_several_names_offers_them(crowd: Store) -> None:
    app = show(crowd)
    widget(app, "agent").set_value(["zoe"]).run()
    assert url(app) == {}
    assert "“zoe” is in 2 names, now in the list." in words(app)
    assert list(offered(app, "agent"))[:2] == ["zoe-1", "zoe-2"]
    widget(app, "agent").set_value(["zoe-2"]).run()
    assert url(app) == {"agent": ["zoe-2"]}


def test_sources_are_counted_and_chosen(store: Store, fill: Fill) -> None:
    app = show(fill(store, [event(1, source="web"), event(2, source="web"), event(3)]))
    app.session_state["sources"] = True
    app.run()
    assert offered(app, "source") == {"web": "2", "none": "1"}
    widget(app, "source").set_value(["none"]).run()
    assert url(app) == {"source": ["none"]}
    assert metrics(app)["Events"] == "1"
    widget(app, "not_source").set_value(["none"]).run()
    assert url(app) == {"not_source": ["none"]}
    assert metrics(app)["Events"] == "2"


def test_hours_of_the_week_are_chosen(store: Store, fill: Fill) -> None:
    fill(store, [event(1, occurred_at=moment) for moment in ("2026-03-10T14:59:59Z", "2026-03-10T15:00:00Z")])
    app = show(store, range="all", tz="UTC")
    widget(app, "hours").set_value(["Tue-14"]).run()
    assert url(app)["hours"] == ["Tue-14"]
    assert metrics(app)["Events"] == "1"
    widget(app, "hours").set_value(["off"]).run()
    assert "There are no events, outside Mon–Fri 08:00–18:00" in words(app)


@pytest.mark.parametrize(
    ("chosen", "options", "value"),
    [
        ("ada", ["ada"], "ada"),
        (f"12{BETWEEN}ada", ["ada"], "ada"),
        (f"12{BETWEEN}ada{BETWEEN}Sign-in", [], "ada"),
        (f"1{BETWEEN}a⟨U+202E⟩", ["a\u202e"], "a\u202e"),
        (f"a{BETWEEN}b", [f"a{BETWEEN}b", "a"], f"a{BETWEEN}b"),
    ],
)
def test_a_label_of_any_moment_gives_its_value(chosen: str, options: list[str], value: str) -> None:
    assert facet_labels.value_of(chosen, options) == value


def test_undo_goes_back_a_change_at_a_time(full: Store) -> None:
    app = show(full, range="30d")
    undo = lambda: next(one for one in app.button if one.label == "Undo")  # noqa: E731
    assert undo().disabled
    widget(app, "agent").set_value(["ada"]).run()
    next(one for one in app.button if one.label == "Reset all").click().run()
    assert url(app) == {}
    undo().click().run()
    assert url(app) == {"range": ["30d"], "agent": ["ada"]}
    undo().click().run()
    assert url(app) == {"range": ["30d"]}
    assert undo().disabled
