"""The change of a count since the previous period, as `st.metric` shows it."""

from datetime import datetime, timedelta
from typing import Literal, TypedDict

from audit_store.filters import EventFilter
from audit_store.quantities import duration

_SAME = "no change"
_SMALLEST_PERCENT = 0.05
_SMALLEST_MULTIPLE = 10


class Change(TypedDict):
    """The text, arrow and colour that `st.metric` shows below a value."""

    delta: str | None
    delta_arrow: Literal["auto", "off"]
    delta_color: Literal["inverse", "off"]
    delta_description: str | None


def comparable(where: EventFilter, first: datetime | None) -> EventFilter | None:
    """The filter over the previous period; None for an open range, and where the log starts within that period.

    `first` is the time of the first event of the log (naive UTC).
    """
    earlier = where.before()
    if earlier is None or first is None or earlier.period.start is None:
        return None
    return None if first > earlier.period.start else earlier


def previous(where: EventFilter) -> str:
    """The name of the period before a closed one: "Previous 7 days"."""
    return f"Previous {_length(where.period.length or timedelta())}"


def change(
    where: EventFilter, first: datetime | None, events: int, before: int | None, *, bad: bool = False
) -> Change:
    """The change from `before`, the count of the previous period, to `events`.

    An open range has none. Where the log starts (`first`, naive UTC) within the previous period, a comparison would
    mislead, and the text says so. With `bad`, a rise is drawn as a warning.
    """
    if before is None or where.period.length is None:
        return Change(delta=None, delta_arrow="off", delta_color="off", delta_description=None)
    length = _length(where.period.length)
    if comparable(where, first) is None:
        no_data = f"no data for the previous {length}"
        return Change(delta=no_data, delta_arrow="off", delta_color="off", delta_description=None)
    text = _difference(events, before)
    return Change(
        delta=text,
        delta_arrow="off" if text == _SAME else "auto",
        delta_color="inverse" if bad and text != _SAME else "off",
        delta_description=f"vs. previous {length}",
    )


def _difference(events: int, before: int) -> str:
    if before == 0:
        return "up from 0" if events else _SAME
    percent = (events - before) / before * 100
    if abs(percent) < _SMALLEST_PERCENT:
        return _SAME
    if events >= _SMALLEST_MULTIPLE * before:
        return f"{events / before:,.0f}×"
    return f"{percent:+.0f} %" if abs(percent) >= 1 else f"{percent:+.1f} %"


def _length(length: timedelta) -> str:
    """The length of a period after "previous": "day", "7 days", "1 hour and 30 minutes"."""
    text = duration(length)
    return text.removeprefix("1 ") if text.count(" ") == 1 else text
