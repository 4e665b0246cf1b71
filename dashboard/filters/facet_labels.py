"""Labels of the values that a filter offers, each with the number of its events.

A label is the value, an em space, which no escaped value contains, and the count. The browser returns labels,
sometimes one with an earlier count: `value_of` reads the value from any of them.
"""

from collections.abc import Collection, Mapping, Sequence

from dashboard.text import shown

Counts = Mapping[str, int | None]
"""Values and their events; None: not counted."""
# EM SPACE; `shown` escapes it in every value.
BETWEEN = "\u2003"


def label(value: str, events: int | None, category: str = "") -> str:
    """A value with the number of its events and its category, on one line; the value alone where it is not counted.

    >>> label("Login", 1204, "Sign-in").split(BETWEEN)
    ['Login', '1,204', 'Sign-in']
    """
    if events is None:
        return shown(value)
    return BETWEEN.join(filter(None, (shown(value), f"{events:,}", category)))


def value_of(chosen: str, options: Collection[str]) -> str:
    """The value that was chosen: an option, the option with this label, or a typed text."""
    if chosen in options:
        return chosen
    name = chosen.partition(BETWEEN)[0]
    return next((option for option in options if shown(option) == name), name)


def options(counts: Counts, matches: Counts, chosen: Sequence[str]) -> dict[str, int | None]:
    """Every value to offer with its count: the matches of a search first, then the busiest, then the selected."""
    counted = {**matches, **counts}
    return {**counted, **{value: None for value in chosen if value not in counted}}
