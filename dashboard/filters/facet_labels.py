"""Facets: the values that a filter offers, each with the events it would give, as labels of a list.

A label is the count, then a wide blank that no value can have in it, then the value through the gate; so the
count is seen however long the value is. The browser gives labels back, sometimes one of a moment ago:
`value_of` reads the value from it whatever the count was.
"""

from collections.abc import Collection, Mapping, Sequence

from dashboard.text import count, shown

Counts = Mapping[str, int]
# EM SPACE: the gate escapes it in every value, so in a label it is always ours.
BETWEEN = "\u2003"


def label(value: str, events: int | None, about: str = "") -> str:
    """A value, its events (None: not counted) and a word about it, on one line.

    >>> label("Login", 1204, "Sign-in").split(BETWEEN)
    ['1,204', 'Login', 'Sign-in']
    """
    return BETWEEN.join(filter(None, ("" if events is None else count(events), shown(value), about)))


def value_of(chosen: str, options: Collection[str]) -> str:
    """The value that was chosen: an option, one whose label this was, or what the reader typed."""
    if chosen in options or BETWEEN not in chosen:
        return chosen
    name = chosen.split(BETWEEN)[1]
    return next((option for option in options if shown(option) == name), name)


def options(counts: Counts, found: Counts, chosen: Sequence[str]) -> dict[str, int | None]:
    """Every value to offer with its count: what was searched for first, then the busiest, then the chosen."""
    counted = {**found, **counts}
    return {**counted, **{value: None for value in chosen if value not in counted}}
