"""What the roll-ups are: tables of counted events."""

from dataclasses import dataclass
from datetime import timedelta

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table with a row, `events`, for each bucket of time and each combination of values in `columns`.

    `bucket` is the column with the start (UTC) of a bucket, which is `width` long; the first one begins with 1970. With
    `of_logins`, only events of some activities are counted, those that `rollups.activities` lists. `quarters` is the
    column, if any, that lists for each event of a row in which quarter of an hour of the bucket it lies, from 0.
    """

    name: str
    bucket: str
    width: timedelta
    columns: tuple[str, ...]
    of_logins: bool = False
    quarters: str = ""


# A quarter of an hour, because the offsets of all zones since 1972 are multiples of it (IANA tz database).
BY_QUARTER_HOUR = Rollup("events_by_quarter_hour", "quarter_hour", QUARTER, ("activity", "outcome", "source"))
BY_AGENT = Rollup(
    "events_by_agent_and_day",
    "day",
    DAY,
    ("agent", "activity", "outcome", "source"),
    quarters="quarter_hours",
)
LOGINS = Rollup(
    "logins_by_quarter_hour",
    "quarter_hour",
    QUARTER,
    ("agent", "activity", "outcome", "source"),
    of_logins=True,
)
# Weeks, because a log can have as many addresses as logins.
LOGIN_ADDRESSES = Rollup(
    "logins_by_address_and_week", "week", WEEK, ("agent", "source_ip", "activity"), of_logins=True
)
ROLLUPS = (BY_QUARTER_HOUR, BY_AGENT, LOGINS, LOGIN_ADDRESSES)
LIST = "rollups"
"""The table that lists the roll-ups and what they cover."""
NAMES = (LIST, *(rollup.name for rollup in ROLLUPS))
