"""The page of an agent says since when, what, from where, and what is new."""

from datetime import timedelta

import pytest

from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter, Pattern
from dashboard.agent_page import subject as subjects
from tests.conftest import Fill
from tests.dashboard.page_runs import HOSTILE, MARKDOWN, NOW, drawn, event, metrics, show, tables, words

DAY = 60 * 24


@pytest.fixture
def known(store: Store, fill: Fill) -> Store:
    """An agent since 90 days, who deleted a user for the first time this week."""
    old = [event(DAY * days, agent="ada", source_ip="203.0.113.9") for days in (90, 60, 40, 3)]
    new = event(5, agent="ada", activity="User deleted", outcome="failure", source_ip="198.51.100.7")
    return fill(store, [*old, new, event(1, agent="bob")])


def test_an_agent_has_its_figures_activities_addresses_and_events(known: Store) -> None:
    app = show(known, "agent", agent="ada", range="30d")
    figures = metrics(app)
    assert (figures["Events"], figures["Failures"]) == ("2", "1")
    assert (figures["First seen"], figures["Last seen"].split()[1]) == ("90 days ago", "minutes")
    activities, addresses, latest = tables(app)
    assert dict(zip(activities["Activity"], activities["New"], strict=True)) == {
        "Login": "",
        "User deleted": "new",
    }
    assert dict(zip(addresses["Address"], addresses["Events"], strict=True)) == {
        "198.51.100.7": "1",
        "203.0.113.9": "1",
    }
    assert list(latest["Activity"]) == ["User deleted", "Login"]
    assert "Agent" not in latest  # all are by the one that the page is about
    assert latest["Time"].iloc[0] == f"{NOW - timedelta(minutes=5):%Y-%m-%d %H:%M:%S}"
    assert "New in the last 30 days: 1 activity (User deleted)" in words(app)


def test_other_filters_apply(known: Store) -> None:
    app = show(known, "agent", agent="ada", range="all", activity="User deleted")
    assert metrics(app)["Events"] == "1"


def test_without_an_agent_the_page_says_what_to_do(known: Store) -> None:
    assert "Choose one agent in the sidebar" in words(show(known, "agent"))
    assert "Choose one agent in the sidebar" in words(show(known, "agent", agent=["ada", "bob"]))


def test_an_agent_without_events_in_the_time_range_offers_all_time(known: Store) -> None:
    assert "No events match" in words(show(known, "agent", agent="ada", range="1h", activity="Login"))


def test_a_hostile_name_is_drawn_as_text(store: Store, fill: Fill) -> None:
    name = HOSTILE[:64]
    app = show(fill(store, [event(1, agent=name, activity=HOSTILE, source_ip=name)]), "agent", agent=name)
    assert "<img" in "".join(element.value for element in app.text)
    assert not [text for element in drawn(app, *MARKDOWN) if "<img" in (text := str(element.value))]


def test_the_subject_is_the_one_agent_of_the_filter() -> None:
    assert subjects.of(EventFilter(agent=("ada",))) == subjects.Subject("agent", "ada")
    assert subjects.of(EventFilter(agent=("ada", "bob"))) is None
    assert subjects.of(EventFilter()) is None
    assert subjects.of(EventFilter(agent=(Pattern("support-", after=True),))) is None
    assert subjects.of(EventFilter(source_ip=("203.0.113.9",))) == subjects.Subject(
        "source_ip", "203.0.113.9"
    )
    assert subjects.of(EventFilter(source_ip=("203.0.113.0/24",))) is None
    assert subjects.of(EventFilter(target=("eve",))) == subjects.Subject("target", "eve")


@pytest.mark.parametrize("parameters", [{"source_ip": "203.0.113.9"}, {"target": "eve"}])
def test_an_address_or_a_target_has_a_page_too(known: Store, parameters: dict[str, str]) -> None:
    app = show(known, "agent", range="all", **parameters)
    if "source_ip" in parameters:
        assert metrics(app)["Events"] == "4"
        assert list(tables(app)[1]["Agent"]) == ["ada"]
    else:
        assert "No events match" in words(app)
