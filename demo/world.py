"""The world: everything that the generated log depends on."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from demo.roster import AGENTS_MAX

DAYS_MAX = 3660
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2199, 12, 1, tzinfo=UTC)
DAY_MS = 86_400_000

# The newest planted spike ends before this hour of the newest day, so every `until` can show it.
_DAY_STARTS = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class World:
    """A log of `days` days of 24 hours that ends before `until` (aware), of the first `agents` of the roster.

    Raises ValueError, naming the value and what is allowed.
    """

    seed: int
    days: int
    agents: int
    until: datetime

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("seed", self.seed, 0, 2**32 - 1),
            ("days", self.days, 1, DAYS_MAX),
            ("agents", self.agents, 1, AGENTS_MAX),
        ):
            if not least <= value <= most:
                raise ValueError(f"{name} is {value}: give {least} to {most}")
        if self.until.tzinfo is None:
            raise ValueError(f"until is {self.until.isoformat()}, without an offset: add one (…Z or …+05:30)")
        if not EARLIEST <= self.until < LATEST or self.until - EARLIEST < timedelta(days=self.days):
            raise ValueError(
                f"until is {self.until.isoformat()}: the log must lie between 1990 and November 2199"
            )

    @property
    def newest(self) -> date:
        """The newest day, from 06:00 UTC to 06:00 UTC: until it ends, a later `until` only adds events."""
        return (self.until.astimezone(UTC) - _DAY_STARTS).date()

    @property
    def dates(self) -> list[date]:
        """Every date, in any time zone, on which an event of the log may fall."""
        return [self.newest + timedelta(days=day) for day in range(-self.days - 2, 3)]

    @property
    def bounds(self) -> tuple[int, int]:
        """First millisecond of the log and first after it, since 1970."""
        end = milliseconds(self.until)
        return end - self.days * DAY_MS, end

    def random(self, *salt: int) -> np.random.Generator:
        """A generator that is the same for the same seed, newest day and `salt`."""
        return np.random.default_rng([self.seed, self.newest.toordinal(), *salt])


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime, cut."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def this_hour() -> datetime:
    """The start of the current hour, UTC."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
