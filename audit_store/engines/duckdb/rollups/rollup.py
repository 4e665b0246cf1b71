"""What the roll-ups are: tables of counted events."""

from dataclasses import dataclass
from datetime import timedelta

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table with a row, `events`, for each bucket of time and each combination of values in `columns`.

    `bucket` is the column with the start (UTC) of a bucket, which is `width` long. With `of_logins`, only events of
    some activities are counted, those that `rollups.activities` lists.
    """

    name: str
    bucket: str
    width: timedelta
    columns: tuple[str, ...]
    of_logins: bool = False


# A quarter of an hour, because the offsets of all zones since 1972 are multiples of it (IANA tz database).
BY_QUARTER_HOUR = Rollup("events_by_quarter_hour", "quarter_hour", QUARTER, ("activity", "outcome", "source"))
BY_DAY = Rollup("events_by_day", "day", DAY, ("agent", "activity", "outcome", "source"))
LOGINS = Rollup(
    "logins_by_quarter_hour",
    "quarter_hour",
    QUARTER,
    ("agent", "activity", "outcome", "source"),
    of_logins=True,
)
ROLLUPS = (BY_QUARTER_HOUR, BY_DAY, LOGINS)
NAMES = ("rollups", *(rollup.name for rollup in ROLLUPS))
