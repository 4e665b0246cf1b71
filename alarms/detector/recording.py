"""Makes the record of an alarm from its figures and its evidence."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alarms.counts import HOUR
from alarms.detector.evidence import AFTER, Evidence
from alarms.detector.facts import facts_of
from alarms.detector.found import Found
from alarms.detector.models import Judged
from alarms.detector.settings import VERSION
from alarms.detector.shares import MOST, shares_of_addresses, shares_of_agents
from alarms.login_alarm import LoginAlarm
from alarms.records.identity import spans_of
from alarms.records.record import RUNNING, SETTLED, AlarmRecord, Share
from alarms.summary import other_series
from analysis import explain
from audit_store.quantities import counted


def status_of(alarm: LoginAlarm, now: datetime) -> str:
    """The status of an alarm that is not withdrawn, at `now` (naive UTC)."""
    return RUNNING if now < alarm.end + AFTER else SETTLED


def record_of(judged: Judged, found: Found, evidence: Evidence, now: datetime) -> AlarmRecord:
    """The record of an alarm, without an id, as its first revision at `now` (naive UTC)."""
    alarm, tz = found.alarm, judged.watch.where.tz
    agents = shares_of_agents(judged, alarm, evidence)
    addresses = shares_of_addresses(judged, alarm, evidence)
    facts = facts_of(alarm, judged.history, evidence, addresses, tz)
    spike, inside = alarm.spike, evidence.inside
    total = len(agents) if alarm.key.kind == "agents" else spike.total
    failed = total if alarm.counts_failed else int(inside["failed"].sum())
    return AlarmRecord(
        id="",
        revision=1,
        status=status_of(alarm, now),
        change="new",
        first_recorded_at=now,
        recorded_at=now,
        kind=alarm.key.kind,
        rule="",
        agent=alarm.key.agent,
        starts_at=alarm.key.start,
        ends_at=alarm.end,
        severity=facts.severity,
        reasons=facts.reasons,
        noun=alarm.noun,
        total=total,
        failed=failed,
        succeeded=facts.succeeded if alarm.counts_failed else int(inside["succeeded"].sum()),
        peak=spike.peak.to_pydatetime(),
        observed=spike.observed,
        expected=round(spike.expected, 3),
        upper=spike.upper,
        score=round(spike.score, 2),
        sensitivity=found.sensitivity,
        provisional=spike.provisional,
        agents=tuple(agents[:MOST]),
        addresses=tuple(addresses[:MOST]),
        more_agents=max(len(agents) - MOST, 0),
        more_addresses=max(len(addresses) - MOST, 0),
        followed_by=evidence.followed_by,
        spans=spans_of(alarm),
        sentence=_sentence(alarm, total, failed, agents, addresses, tz),
        where={name: list(values) for name, values in alarm.where.parameters().items()},
        tz=tz,
        version=VERSION,
    )


def _sentence(
    alarm: LoginAlarm, total: int, failed: int, agents: Sequence[Share], addresses: Sequence[Share], tz: str
) -> str:
    """The alarm as one sentence: its least likely hour beside what is expected of that hour, then all of it."""
    peak = replace(
        alarm.spike, start=alarm.spike.peak, end=alarm.spike.peak + HOUR, total=alarm.spike.observed
    )
    length = (alarm.end - alarm.key.start) // HOUR
    new = sum(share.is_new for share in addresses)
    agent = None if alarm.key.agent or alarm.key.kind == "agents" else _majority(agents, total)
    address = _majority(addresses, total)
    details = (
        f"{total:,} {alarm.noun} in {counted(length, 'hour')}" if length > 1 else "",
        f"{failed:,} failed" if failed and not alarm.counts_failed else "",
        f"{counted(new, 'address', 'addresses')} never seen before" if new else "",
        f"{agent.count:,} by {agent.name}" if agent else "",
        f"{address.count:,} from {address.name}" if address else "",
        f"also seen in {other_series(alarm)}" if alarm.also else "",
    )
    return explain(peak, tz=tz, noun=alarm.noun, details=[detail for detail in details if detail]).text


def _majority(shares: Sequence[Share], total: int) -> Share | None:
    """The largest share, if it is half of all."""
    largest = max(shares, key=lambda share: share.count, default=None)
    return largest if largest is not None and 2 * largest.count >= total else None
