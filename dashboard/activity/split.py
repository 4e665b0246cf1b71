"""What the bars of the timeline are split by: the category, the outcome, the busiest agents or sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from audit_store.catalogue import Catalogue
from audit_store.engines.protocol import Query
from audit_store.filters import NO_SOURCE, OUTCOME_CHOICES, EventFilter, matches
from audit_store.ranges import Buckets
from dashboard import data
from dashboard.activity import chart_filters
from dashboard.charts.activity import FAILURE, PALETTE
from dashboard.text import shown

BY = {"category": "Category", "outcome": "Outcome", "agent": "Agent", "source": "Source"}
"""What there is to split by, with its label."""
MOST = len(PALETTE) - 1
_OUTCOMES = {"success": "Success", "failure": "Failure", "none": "No outcome"}


@dataclass(frozen=True, slots=True)
class Split:
    """The parts of each bar: `parts` are their names in order, the last one that of the others, escaped for the screen.

    `colours` are those that differ from the palette, and `filters` the change of the URL that selects a part.
    """

    parts: Sequence[str]
    colours: Mapping[str, str]
    filters: Mapping[str, Mapping[str, Sequence[str]]]
    values: Mapping[str, str] = field(default_factory=dict)
    """The name of each part by its value; empty for categories, which the catalogue knows."""


def by_category(catalogue: Catalogue) -> Split:
    """The categories of the catalogue."""
    filters = {name: chart_filters.only(name, catalogue) for name in catalogue.categories}
    return Split(catalogue.categories, catalogue.colours, filters)


def by_values(column: str, values: Sequence[str]) -> Split:
    """The first MOST of the values of a column, and the others together."""
    names = {value: _name(column, value) for value in values[:MOST]}
    other = "Other" if "Other" not in names.values() else "All others"
    colours = {"Failure": FAILURE} if column == "outcome" else {}
    return Split(
        (*names.values(), other), colours, {name: {column: [value]} for value, name in names.items()}, names
    )


def values_of(column: str, where: EventFilter, agents: pd.DataFrame) -> list[str]:
    """The values of a column that the filter leaves, the busiest first; `agents` has the rows of `queries.by_agent`.

    Raises as `data.surroundings`.
    """
    if column == "agent":
        return [str(agent) for agent in agents["agent"].dropna().unique()]
    values = list(OUTCOME_CHOICES) if column == "outcome" else list(data.values(where, "source"))
    wanted = where.values(column)
    return [value for value in values if not wanted or matches(wanted, value)]


def statements(column: str, values: Sequence[str], where: EventFilter, buckets: Buckets) -> list[Query]:
    """The timeline of each value: roll-ups answer each of them, however many agents there are."""
    everything = Catalogue(("Other",), {})
    return [
        data.queries().timeline(where.with_values(column, [value]), buckets, everything)
        for value in values[:MOST]
    ]


def combined(split: Split, whole: pd.DataFrame, timelines: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows bucket, category (the name of a part), events, failures: those of each value, and what is left of `whole`.

    `whole` has the rows of `queries.timeline`, and `timelines` those of the statements of the values.
    """
    parts = [
        frame.assign(category=name) for name, frame in zip(split.values.values(), timelines, strict=True)
    ]
    counts = ["events", "failures"]
    listed = pd.concat([whole.iloc[:0], *parts], ignore_index=True)
    of_values = listed.groupby("bucket")[counts].sum()
    left = whole.groupby("bucket")[counts].sum().sub(of_values, fill_value=0).astype("int64")
    others = left[left["events"] > 0].reset_index().assign(category=split.parts[-1])
    return pd.concat([listed, others], ignore_index=True)[["bucket", "category", *counts]]


def _name(column: str, value: str) -> str:
    if column == "outcome":
        return _OUTCOMES[value]
    return "No source" if column == "source" and value == NO_SOURCE else shown(value)
