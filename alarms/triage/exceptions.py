"""Exceptions: alarms that are expected until a date, so that nobody has to say it of each.

Such an alarm is recorded and counted as any other, and sent to nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from alarms.login_alarm import SERIES_NAMES
from alarms.records.record import AlarmRecord
from alarms.triage.states import check_lengths
from audit_store import week_hours
from audit_store.errors import AuditStoreError
from audit_store.filters import is_within
from audit_store.local_time import from_utc_text, now, utc_text, wall_clock
from audit_store.state import exceptions as rows
from audit_store.state.exceptions import ExceptionRow

LONGEST = timedelta(days=366)
"""How far ahead an exception may end."""
PREVIEWED = timedelta(days=90)
"""The age of the oldest alarms that a preview tries an exception on."""
NAME_MAX = 256
IN_FORCE, EXPIRED, WITHDRAWN = "in force", "expired", "withdrawn"

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Expected:
    """Which alarms are expected: all that `agent`, `address` (or network), `kind` (or rule) and `hours` describe.

    An empty value allows any. `hours` are hours of the week in the time zone of the alarm, as audit_store.week_hours
    writes them.
    """

    agent: str = ""
    address: str = ""
    kind: str = ""
    hours: tuple[str, ...] = ()

    def matches(self, record: AlarmRecord) -> bool:
        """Whether an alarm is of this kind, has no other agent or address, and lies within these hours."""
        return (
            self.kind in ("", record.kind, record.rule)
            and (not self.agent or self.agent == _only_agent(record))
            and (not self.address or self._has_addresses(record))
            and (not self.hours or self._has_hours(record))
        )

    @property
    def sentence(self) -> str:
        """In words: "support-7 from 192.0.2.1, Mon 02:00–02:59"."""
        who = self.agent or ("anybody" if self.address else "")
        parts = [f"{who} from {self.address}" if self.address else who]
        parts += [SERIES_NAMES.get(self.kind, self.kind), *map(week_hours.words, self.hours)]
        return ", ".join(filter(None, parts))

    def _has_addresses(self, record: AlarmRecord) -> bool:
        names = [share.name for share in record.addresses]
        return bool(names) and not record.more_addresses and all(is_within(n, self.address) for n in names)

    def _has_hours(self, record: AlarmRecord) -> bool:
        allowed = {*week_hours.hour_numbers(self.hours)}
        first, zone = record.starts_at.replace(minute=0, second=0, microsecond=0), ZoneInfo(record.tz)
        moments = (first + n * _HOUR for n in range(-((first - record.ends_at) // _HOUR)))
        local_hours = (wall_clock(moment, zone) for moment in moments)
        return all(24 * local.weekday() + local.hour in allowed for local in local_hours)


@dataclass(frozen=True, slots=True)
class AlarmException:
    """Alarms that are `expected` from the hour of `at` (naive UTC) until the local midnight of `until`.

    `by` and `note`: who made it, and why. One that is withdrawn holds for no alarm, its past ones included.
    """

    number: int
    expected: Expected
    until: date
    note: str
    by: str
    at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None

    def silences(self, record: AlarmRecord) -> bool:
        """Whether it holds for an alarm."""
        begins = self.at.replace(minute=0, second=0, microsecond=0)
        day = wall_clock(record.starts_at, ZoneInfo(record.tz)).date()
        is_in_force = self.withdrawn_at is None and begins <= record.starts_at and day < self.until
        return is_in_force and self.expected.matches(record)

    def state(self, at: datetime) -> str:
        """IN_FORCE, EXPIRED or WITHDRAWN at a time (naive UTC)."""
        if self.withdrawn_at is not None:
            return WITHDRAWN
        return IN_FORCE if at.date() < self.until else EXPIRED


def silences(record: AlarmRecord, exceptions: Iterable[AlarmException]) -> AlarmException | None:
    """The first exception that holds for an alarm."""
    return next((exception for exception in exceptions if exception.silences(record)), None)


def would_silence(expected: Expected, records: Iterable[AlarmRecord]) -> list[AlarmRecord]:
    """The alarms that an exception would have silenced, had it been in force."""
    return [record for record in records if expected.matches(record)]


def add(
    store: Path, expected: Expected, until: date, *, note: str = "", by: str = "", at: datetime | None = None
) -> AlarmException:
    """Make an exception; durable when this returns. `at` is naive UTC, default: the time now.

    Raises ValueError for one that names nobody and no kind, for unknown hours, for a date that is not within a year,
    and for texts that are too long; AuditStoreError where it is not stored.
    """
    at = at or now()
    check(expected)
    if not at.date() < until <= at.date() + LONGEST:
        latest = at.date() + LONGEST
        raise ValueError(f"the exception would end on {until}: give a date after today, until {latest}")
    check_lengths(note, by)
    row = ExceptionRow(
        expected.agent,
        expected.address,
        expected.kind,
        expected.hours,
        until.isoformat(),
        note,
        by,
        utc_text(at),
    )
    return AlarmException(rows.insert(store, row), expected, until, note, by, at)


def check(expected: Expected) -> None:
    """Raises ValueError, which names the value, for alarms that `add` does not take."""
    names = (expected.agent, expected.address, expected.kind)
    if not any(names):
        raise ValueError("the exception is for every alarm: give an agent, an address or a kind")
    for text in names:
        if len(text) > NAME_MAX:
            raise ValueError(f"{text[:20]!r}… has {len(text):,} characters: give at most {NAME_MAX}")
    for value in expected.hours:
        if value not in week_hours.CHOICES:
            raise ValueError(f"{value!r} is not an hour of the week: {week_hours.ALLOWED}")


def read(store: Path) -> list[AlarmException]:
    """Every exception, also those that have expired or are withdrawn, oldest first.

    Raises AuditStoreError where they cannot be read.
    """
    exceptions = (_from_row(number, row) for number, row in rows.read(store).items())
    return [exception for exception in exceptions if exception is not None]


def withdraw(store: Path, number: int, *, by: str = "", at: datetime | None = None) -> None:
    """End an exception, as if it had never been made; durable when this returns.

    Raises AuditStoreError where there is none with this number in force, or it is not stored.
    """
    if not rows.withdraw(store, number, by, utc_text(at or now())):
        raise AuditStoreError(
            f"there is no exception {number} in force; python -m alarms exceptions list shows them"
        )


def _only_agent(record: AlarmRecord) -> str:
    """The agent of an alarm that is about nobody else; empty for any other alarm."""
    names = {share.name for share in record.agents} | {record.agent} - {""}
    return next(iter(names)) if len(names) == 1 and not record.more_agents else ""


def _from_row(number: int, row: ExceptionRow) -> AlarmException | None:
    """None for a row with values of a later version."""
    try:
        at, until = from_utc_text(row.set_at), date.fromisoformat(row.until)
        withdrawn_at = from_utc_text(row.withdrawn_at) if row.withdrawn_at else None
    except ValueError:
        return None
    expected = Expected(row.agent, row.address, row.kind, tuple(row.hours))
    return AlarmException(number, expected, until, row.note, row.set_by, at, row.withdrawn_by, withdrawn_at)
