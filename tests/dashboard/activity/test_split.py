"""Bars that are split by outcome, agent or source add up to the bars of all events."""

from collections.abc import Sequence

import pandas as pd
import pytest

from audit_store.catalogue import load
from audit_store.engines.duckdb.store import Store
from audit_store.filters import EventFilter
from dashboard import data
from dashboard.activity import overview, split
from tests.conftest import Fill
from tests.dashboard.page_runs import WEEK, event, show


@pytest.fixture
def busy(store: Store, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The week, and ten more agents and sources, the busiest last."""
    more = [event(n, agent=f"agent-{n}", source=f"source-{n}") for n in range(10) for _ in range(n + 1)]
    filled = fill(store, [*WEEK, *more])
    monkeypatch.setenv("AUDIT_STORE", str(filled.path))
    return filled


def parts(by: str, where: EventFilter | None = None) -> tuple[Sequence[str], dict[str, int], int]:
    """The names of the parts, the events of each, and the events of all."""
    where = where or EventFilter()
    view = overview.load(where, data.surroundings(where).extent, top=10, by=by)
    sums = view.timeline.groupby("category")["events"].sum()
    return view.split.parts, sums[sums > 0].to_dict(), view.totals.events


@pytest.mark.parametrize("by", split.BY)
def test_the_parts_add_up_to_all_events(busy: Store, by: str) -> None:
    names, sums, total = parts(by)
    assert sum(sums.values()) == total
    assert set(sums) <= set(names)


def test_outcomes_have_a_part_each(busy: Store) -> None:
    names, sums, _ = parts("outcome")
    assert names == ("Success", "Failure", "No outcome", "Other")
    assert sums == {"Success": 1, "Failure": 1, "No outcome": 59}


def test_the_busiest_agents_have_a_part_and_the_others_share_one(busy: Store) -> None:
    names, sums, _ = parts("agent")
    assert names[:2] == ("agent-9", "agent-8")
    assert len(names) == split.MOST + 1
    assert (sums["agent-9"], "agent-0" in sums, sums["Other"] > 0) == (10, False, True)


def test_a_filter_leaves_only_its_own_sources(busy: Store) -> None:
    names, sums, _ = parts("source", EventFilter(source=("source-9", "source-3")))
    assert names == ("source-9", "source-3", "Other")
    assert sums == {"source-9": 10, "source-3": 4}


def test_each_part_selects_its_own_events() -> None:
    assert split.by_values("source", ["web", "none"]).filters == {
        "web": {"source": ["web"]},
        "No source": {"source": ["none"]},
    }
    assert set(split.by_category(load()).filters) == set(load().categories)


def test_a_value_named_like_the_others_stays_apart() -> None:
    assert split.by_values("agent", ["Other"]).parts == ("Other", "All others")


def test_failures_alone_are_red() -> None:
    assert split.by_values("outcome", ["success", "failure"]).colours == {"Failure": "#cc2010"}
    assert split.by_values("agent", ["Failure"]).colours == {}


def test_what_is_left_is_never_negative() -> None:
    buckets = pd.to_datetime(["2026-03-14T00:00", "2026-03-14T00:15"])
    whole = pd.DataFrame({"bucket": buckets, "category": "A", "events": [5, 2], "failures": [1, 0]})
    web = whole.assign(events=[5, 1], failures=0)
    rows = split.combined(split.by_values("source", ["web"]), whole, [web]).to_dict("records")
    assert [(row["category"], row["events"]) for row in rows] == [("web", 5), ("web", 1), ("Other", 1)]


def test_a_search_is_split_by_category_only(busy: Store) -> None:
    app = show(busy, q="agent")
    assert [control.disabled for control in app.get("button_group") if control.key == "split"] == [True]
