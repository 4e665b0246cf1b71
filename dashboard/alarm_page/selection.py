"""Which alarms the login-spike page lists, and which one is open: the URL and the filter choose among records."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from alarms import DEFAULT_SENSITIVITY, SENSITIVITIES
from alarms.records import reading
from alarms.records.reading import Progress
from alarms.records.record import SEVERITIES, WITHDRAWN, AlarmRecord
from alarms.sensitivity import is_alarm_at
from alarms.triage.decisions import STATUSES, USUAL, Decision
from alarms.triage.states import INCIDENT, OPEN, State
from audit_store import week_hours
from audit_store.errors import InvalidFilter
from audit_store.filters import EventFilter
from audit_store.local_time import wall_clock
from dashboard import data
from dashboard.filters import url_state
from dashboard.spikes import states
from dashboard.spikes.choosing import concerns, leaves

ALARM, STATE, SENSITIVITY = url_state.ALARM, "state", "sensitivity"
"""Parameters of the URL of this page alone."""
ALL_STATUSES = (*STATUSES, WITHDRAWN)
SENSITIVITY_NAMES = tuple(sensitivity.name for sensitivity in SENSITIVITIES)
_FIRST = (OPEN, INCIDENT)


@dataclass(frozen=True)
class Alarm:
    """A record, and what is decided about it."""

    record: AlarmRecord
    decision: Decision
    history: Sequence[State] = ()
    """The states that reviewers gave to it, oldest first; of the opened alarm alone."""

    @cached_property
    def status(self) -> str:
        """One of ALL_STATUSES."""
        return WITHDRAWN if self.record.status == WITHDRAWN else self.decision.status


@dataclass(frozen=True)
class Selection:
    """The alarms of a filter at the chosen sensitivity: `matching` in any status, `listed` in the chosen ones.

    The open and worst are the first. `opened` is the alarm that is shown, with its `revisions`, and `unknown` an id in
    the URL without a record. `progress` says how far the log is judged.
    """

    matching: Sequence[Alarm]
    listed: Sequence[Alarm]
    opened: Alarm | None
    revisions: Sequence[AlarmRecord]
    unknown: str | None
    progress: Progress

    @property
    def by_status(self) -> Counter[str]:
        """The number of matching alarms of each status."""
        return Counter(alarm.status for alarm in self.matching)

    @property
    def open(self) -> list[Alarm]:
        """The matching alarms that are open."""
        return [alarm for alarm in self.matching if alarm.status == OPEN]

    @property
    def is_listed(self) -> bool:
        """Whether the opened alarm is in the list."""
        return any(
            self.opened is not None and alarm.record.id == self.opened.record.id for alarm in self.listed
        )

    def neighbour(self, step: int) -> str | None:
        """The id of the alarm `step` places after the opened one in the list; None where there is none."""
        ids = [alarm.record.id for alarm in self.listed]
        if self.opened is None or self.opened.record.id not in ids:
            return ids[0] if ids and step > 0 else None
        position = ids.index(self.opened.record.id) + step
        return ids[position] if 0 <= position < len(ids) else None


def load(where: EventFilter) -> Selection:
    """The selection that the URL asks for. Raises what the store raises."""
    engine, decided = data.store(), states.decisions()
    statuses = chosen_statuses()
    chosen = next(choice for choice in SENSITIVITIES if choice.name == sensitivity())
    named = next(iter(url_state.own(ALARM)), None)
    with reading.opened(engine) as recorded:
        matching = [
            Alarm(record, decided.of(record))
            for record in recorded.touching(where.period, with_withdrawn=True)
            if is_alarm_at(record.sensitivity, chosen) and _is_chosen(record, where)
        ]
        matching.sort(key=lambda alarm: (alarm.status not in _FIRST, SEVERITIES.index(alarm.record.severity)))
        listed = [alarm for alarm in matching if alarm.status in (statuses or USUAL)]
        alarm_id = next((alarm.record.id for alarm in listed), None) if named is None else named
        revisions = [] if alarm_id is None else recorded.history(alarm_id)
        progress = recorded.progress()
    opened = revisions[-1] if revisions else None
    shown = None if opened is None else Alarm(opened, decided.of(opened), decided.triage.history(opened))
    return Selection(matching, listed, shown, revisions, named if opened is None else None, progress)


def chosen_statuses() -> list[str]:
    """The statuses that the URL names, of ALL_STATUSES."""
    return [status for status in dict.fromkeys(url_state.own(STATE)) if status in ALL_STATUSES]


def sensitivity() -> str:
    """The sensitivity that the URL names, one of SENSITIVITY_NAMES."""
    named = [name for name in url_state.own(SENSITIVITY) if name in SENSITIVITY_NAMES]
    return named[-1] if named else DEFAULT_SENSITIVITY.name


def ignored() -> Iterable[InvalidFilter]:
    """A notice for each value of the page's own parameters that cannot be used."""
    for name, allowed in ((STATE, ALL_STATUSES), (SENSITIVITY, SENSITIVITY_NAMES)):
        for value in url_state.own(name):
            if value not in allowed:
                yield InvalidFilter(name, value, f"give {', '.join(allowed)}")


def _is_chosen(record: AlarmRecord, where: EventFilter) -> bool:
    """Whether a filter, whatever its time range, leaves an alarm: what it is about, its source, hour and text."""
    names = [share.name for share in (*record.agents, *record.addresses)]
    local = wall_clock(record.starts_at, where.zone)
    return (
        concerns(record, where)
        and leaves(where.source, where.not_source, record.where.get("source", ()))
        and (not where.hours or 24 * local.weekday() + local.hour in week_hours.hour_numbers(where.hours))
        and (
            not where.q
            or any(where.q.lower() in text.lower() for text in (record.sentence, record.agent, *names))
        )
    )
