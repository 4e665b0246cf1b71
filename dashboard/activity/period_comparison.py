"""What a count says beside the count of the period before."""

from datetime import datetime, timedelta
from typing import Literal, TypedDict

from audit_store.filters import EventFilter
from dashboard.text import count
from dashboard.times import length

_SAME = "no change"
_LEAST_PERCENT = 0.05
_MANY_TIMES = 10


class Change(TypedDict):
    """The words, the arrow and the colour that `st.metric` shows below a value."""

    delta: str | None
    delta_arrow: Literal["auto", "off"]
    delta_color: Literal["inverse", "off"]
    delta_description: str | None


def comparable(where: EventFilter, begin: datetime | None) -> EventFilter | None:
    """The filter over the period before; None for an open one, and where the log begins only within it.

    `begin` is the first event of the log (naive UTC).
    """
    earlier = where.before()
    if earlier is None or begin is None or earlier.period.start is None:
        return None
    return None if begin > earlier.period.start else earlier


def previous(where: EventFilter) -> str:
    """The name of the period before a closed one: "Previous 7 days"."""
    return f"Previous {length(where.period.length or timedelta())}"


def change(
    where: EventFilter, begin: datetime | None, now: int, before: int | None, *, bad: bool = False
) -> Change:
    """The change of a count since the period before the one of `where`.

    An open period has none. Where the log begins (`begin`, naive UTC) only within the period before, a
    comparison would mislead, and is refused. With `bad`, a rise is drawn as a warning.
    """
    if before is None or where.period.length is None:
        return Change(delta=None, delta_arrow="off", delta_color="off", delta_description=None)
    span = length(where.period.length)
    if comparable(where, begin) is None:
        return Change(
            delta=f"no full {span} before",
            delta_arrow="off",
            delta_color="off",
            delta_description=None,
        )
    words = _words(now, before)
    moved = words[0] in "+-"
    return Change(
        delta=words,
        delta_arrow="auto" if moved else "off",
        delta_color="inverse" if bad and moved else "off",
        delta_description=f"vs. previous {span}",
    )


def _words(now: int, before: int) -> str:
    if before == 0:
        return "none before" if now else _SAME
    percent = (now - before) / before * 100
    if abs(percent) < _LEAST_PERCENT:
        return _SAME
    if now >= _MANY_TIMES * before:
        return f"+{count(now / before - 1)} times"
    return f"{percent:+.0f} %" if abs(percent) >= 1 else f"{percent:+.1f} %"
