"""The lists of the sidebar: the values they offer with their counts, and what a selection in them does."""

import pytest
from streamlit.testing.v1 import AppTest

from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard import data
from dashboard.filters.facet_labels import BETWEEN
from tests.conftest import Fill, in_campaign
from tests.dashboard.page_runs import event, filters_of, metrics, open_box, show, url, widget, words


def offered(app: AppTest, key: str) -> dict[str, str]:
    """The values of a list with their counts."""
    labels = [str(option).split(BETWEEN) for option in widget(app, key).options]
    return {label[0]: label[1] for label in labels if len(label) > 1}


@pytest.mark.parametrize(
    "filters",
    [{}, {"activity": "Login", "agent": "ada"}, *in_campaign({"range": "all"}, {"outcome": "none"})],
)
def test_a_count_is_that_of_the_rows_after_choosing_it(week: Store, filters: dict[str, str]) -> None:
    app = show(week, **filters)
    for key in ("activity", "agent"):
        counted = offered(app, key)
        assert counted or key in filters
        for value, events in counted.items():
            chosen, _ = EventFilter.parse({name: [text] for name, text in (filters | {key: value}).items()})
            assert str(week.run(queries.summary(chosen))["events"][0]) == events


def test_the_page_has_as_many_events_as_the_count_of_the_chosen_value(week: Store) -> None:
    app = show(week, range="all")
    [agent, events] = next(iter(offered(app, "agent").items()))
    widget(app, "agent").set_value([agent]).run()
    assert metrics(app)["Events"] == events


def test_outcomes_are_counted(week: Store) -> None:
    labels = [option.content for option in widget(show(week), "outcome").proto.options]
    assert labels == ["Success 1", "Failure 1", "No outcome 2"]


def test_choosing_what_is_excluded_includes_it(week: Store) -> None:
    app = show(week, not_agent=["ada", "bob"])
    widget(app, "agent").set_value(["ada"]).run()
    assert filters_of(app) == {"agent": ["ada"], "not_agent": ["bob"]}
    widget(app, "not_agent").set_value(["bob", "ada"]).run()
    assert filters_of(app) == {"not_agent": ["bob", "ada"]}


@pytest.fixture
def crowd(store: Store, fill: Fill) -> Store:
    """More agents than the list offers, and three rare ones that it leaves out."""
    many = [event(1, agent=f"agent-{number:04}") for number in range(data.OPTIONS) for _ in range(2)]
    return fill(store, [*many, event(1, agent="zoe-1"), event(1, agent="zoe-2"), event(1, agent="solo")])


def test_of_very_many_agents_the_busiest_are_offered(crowd: Store) -> None:
    assert len(offered(show(crowd), "agent")) == data.OPTIONS


@pytest.mark.parametrize(
    ("typed", "chosen"), [("SOLO", "solo"), *in_campaign(("zoe-2", "zoe-2"), ("nobody", "nobody"))]
)
def test_any_agent_is_found_by_typing(crowd: Store, typed: str, chosen: str) -> None:
    app = show(crowd)
    widget(app, "agent").set_value([typed]).run()
    assert filters_of(app) == {"agent": [chosen]}


def test_a_part_of_several_names_offers_them(crowd: Store) -> None:
    app = show(crowd)
    widget(app, "agent").set_value(["zoe"]).run()
    assert filters_of(app) == {}
    assert "2 names contain “zoe”; pick one from the list." in words(app)
    assert list(offered(app, "agent"))[:2] == ["zoe-1", "zoe-2"]
    widget(app, "agent").set_value(["zoe-2"]).run()
    assert filters_of(app) == {"agent": ["zoe-2"]}


def test_sources_are_counted_and_chosen(store: Store, fill: Fill) -> None:
    app = open_box(show(fill(store, [event(1, source="web"), event(2, source="web"), event(3)])), "more")
    assert offered(app, "source") == {"web": "2", "none": "1"}
    widget(app, "source").set_value(["none"]).run()
    assert filters_of(app) == {"source": ["none"]}
    assert metrics(app)["Events"] == "1"
    widget(app, "not_source").set_value(["none"]).run()
    assert filters_of(app) == {"not_source": ["none"]}
    assert metrics(app)["Events"] == "2"


def test_hours_of_the_week_are_chosen(store: Store, fill: Fill) -> None:
    fill(store, [event(1, occurred_at=moment) for moment in ("2026-03-10T14:59:59Z", "2026-03-10T15:00:00Z")])
    app = open_box(show(store, range="all", tz="UTC"), "more")
    widget(app, "hours").set_value(["Tue-14"]).run()
    assert url(app)["hours"] == ["Tue-14"]
    assert metrics(app)["Events"] == "1"
    widget(app, "hours").set_value(["off"]).run()
    assert "There are no events, outside Mon–Fri 08:00–18:00" in words(app)
