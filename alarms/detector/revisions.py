"""When an alarm gets another revision, and what the revision says of it."""

from collections.abc import Sequence
from dataclasses import replace

from alarms.detector.found import Found
from alarms.detector.matching import Match
from alarms.detector.models import Judged
from alarms.detector.pending import Pending
from alarms.detector.recording import status_of
from alarms.detector.settings import VERSION
from alarms.detector.shares import figures_of
from alarms.following import AFTER
from alarms.records.identity import spans_of
from alarms.records.record import RUNNING, SETTLED, WITHDRAWN, AlarmRecord, Share
from alarms.records.revising import next_revision
from alarms.takeovers import listed, taken_over
from audit_store.quantities import counted

GROWTH = 1.25
"""How much the figures of a running alarm must grow for another revision."""


def is_settled(judged: Judged, match: Match, todo: Pending) -> bool:
    """Whether the record of an alarm says all of it already, so that its events need not be read again."""
    record, alarm = match.record, match.found.alarm
    return (
        record is not None
        and not match.parts
        and (record.status, record.version) == (SETTLED, VERSION)
        and status_of(alarm, todo.now) == SETTLED
        # A login that succeeded is none of what an alarm on failed ones counts.
        and not todo.has_changed(alarm.start, alarm.end + AFTER)
        and record.spans == spans_of(alarm)
        and _figures(record) == _figures_of(judged, match.found)
    )


def revision(record: AlarmRecord | None, current: AlarmRecord, alarm_id: str) -> AlarmRecord | None:
    """The next revision of a record, which says what `current` says; None where a viewer would see no difference."""
    if record is None:
        return replace(current, id=alarm_id)
    change = _change(record, current)
    return None if change is None else next_revision(record, current, change)


def _figures(record: AlarmRecord) -> tuple[object, ...]:
    return record.total, record.failed, record.observed, record.peak, record.sensitivity


def _figures_of(judged: Judged, found: Found) -> tuple[object, ...]:
    figures, spike = figures_of(judged, found.alarm), found.alarm.spike
    return figures.total, figures.failed, spike.observed, spike.peak.to_pydatetime(), found.sensitivity


def _change(record: AlarmRecord, current: AlarmRecord) -> str | None:
    """What differs, for a viewer; None where nothing does."""
    if record.status == WITHDRAWN:
        return "an alarm again, with late events"
    if current.status == record.status == RUNNING and not _is_news(record, current):
        return None
    changes = list(_changes(record, current))
    return ", ".join(changes) or None


def _is_news(record: AlarmRecord, current: AlarmRecord) -> bool:
    """Whether a running alarm has grown so much that it is told again before its hour is over."""
    return (
        current.total >= GROWTH * record.total
        or (current.ends_at, current.severity, current.kind, current.agent)
        != (record.ends_at, record.severity, record.kind, record.agent)
        or bool(_added(record.agents, current.agents) or _added(record.addresses, current.addresses))
        or current.followed_by != record.followed_by
        or taken_over(current) != taken_over(record)
    )


def _changes(record: AlarmRecord, current: AlarmRecord) -> list[str]:
    agents, addresses = (
        _added(getattr(record, name), getattr(current, name)) for name in ("agents", "addresses")
    )
    taken = sorted(taken_over(current).keys() - taken_over(record).keys())
    # Records of earlier versions say a takeover in their text alone.
    is_new = bool(taken) and current.takeover != record.takeover
    new = {
        _other_total(record, current): (current.total, current.noun) != (record.total, record.noun),
        f"logins of {listed(taken)} succeeded after failures": is_new,
        f"{current.severity} instead of {record.severity}": current.severity != record.severity,
        counted(agents, "new agent"): agents,
        counted(addresses, "new address", "new addresses"): addresses,
        "other activities followed": current.followed_by != record.followed_by,
        "settled": current.status != record.status,
    }
    names = ("kind", "agent", "starts_at", "ends_at", "sensitivity", "observed", "spans", "reasons", "failed")
    changes = [text for text, applies in new.items() if applies]
    differs = any(getattr(current, name) != getattr(record, name) for name in names)
    if not changes and (differs or taken_over(current) != taken_over(record)):
        changes = ["other figures"]
    return changes


def _other_total(record: AlarmRecord, current: AlarmRecord) -> str:
    if current.noun != record.noun:
        return f"{current.total:,} {current.noun} instead of {record.total:,} {record.noun}"
    verb = "grew" if current.total > record.total else "fell"
    return f"{verb} from {record.total:,} to {current.total:,} {current.noun}"


def _added(before: Sequence[Share], after: Sequence[Share]) -> int:
    """How many names were not there before."""
    return len({share.name for share in after} - {share.name for share in before})
