"""Makes the record of an alarm from its figures and its evidence."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alarms.counts import HOUR
from alarms.detector.evidence import Evidence
from alarms.detector.facts import Facts, facts_of
from alarms.detector.found import Found
from alarms.detector.models import Judged
from alarms.detector.settings import VERSION
from alarms.detector.shares import Figures, figures_of, shares_of_addresses, shares_of_agents
from alarms.following import AFTER
from alarms.login_alarm import SERIES_NAMES, LoginAlarm, events_between
from alarms.records.identity import spans_of
from alarms.records.record import RUNNING, SETTLED, AlarmRecord, Share, takeover_of
from alarms.takeovers import MOST, most
from analysis import explain
from audit_store.filters import EventFilter
from audit_store.quantities import counted

MOST_NAMED = 2
"""Other agents that a sentence names."""


def status_of(alarm: LoginAlarm, now: datetime) -> str:
    """The status of an alarm that is not withdrawn, at `now` (naive UTC)."""
    return RUNNING if now < alarm.end + AFTER else SETTLED


def record_of(judged: Judged, found: Found, evidence: Evidence, now: datetime) -> AlarmRecord:
    """The record of an alarm, without an id, as its first revision at `now` (naive UTC)."""
    alarm, tz = found.alarm, judged.watch.where.tz
    agents = shares_of_agents(judged, alarm, evidence)
    addresses = shares_of_addresses(judged, alarm, evidence)
    facts = facts_of(alarm, judged.history, evidence, addresses, tz)
    spike, figures = alarm.spike, figures_of(judged, alarm)
    succeeded = evidence.succeeded_after if alarm.counts_failed else int(evidence.inside["succeeded"].sum())
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
        starts_at=alarm.start,
        ends_at=alarm.end,
        severity=facts.severity,
        reasons=facts.reasons,
        noun=alarm.noun,
        total=figures.total,
        failed=figures.failed,
        succeeded=succeeded,
        peak=spike.peak.to_pydatetime(),
        observed=spike.observed,
        expected=round(spike.expected, 3),
        upper=spike.upper,
        score=round(spike.score, 2),
        sensitivity=found.sensitivity,
        provisional=spike.provisional,
        agents=most(agents),
        addresses=most(addresses),
        more_agents=max(len(agents) - MOST, 0),
        more_addresses=max(len(addresses) - MOST, 0),
        followed_by=evidence.followed_by,
        spans=spans_of(alarm),
        sentence=_sentence(alarm, figures, facts, agents, addresses, tz),
        where={name: list(values) for name, values in _where(judged, alarm).parameters().items()},
        tz=tz,
        version=VERSION,
    )


def _where(judged: Judged, alarm: LoginAlarm) -> EventFilter:
    """The logins in all hours of an alarm: all of its agents, whatever their outcome, or what its series counts."""
    if alarm.agents:
        where = events_between(judged.watch, alarm.start, alarm.end)
        return replace(where, agent=tuple(sorted(alarm.agents)), not_agent=())
    return events_between(judged.watch, alarm.start, alarm.end, failed=alarm.counts_failed)


def _sentence(
    alarm: LoginAlarm,
    figures: Figures,
    facts: Facts,
    agents: Sequence[Share],
    addresses: Sequence[Share],
    tz: str,
) -> str:
    """The alarm as one sentence: its least likely hour beside what is expected of that hour, then all of it."""
    peak = replace(
        alarm.spike, start=alarm.spike.peak, end=alarm.spike.peak + HOUR, total=alarm.spike.observed
    )
    new = sum(share.is_new for share in addresses)
    agent = None if alarm.key.agent or alarm.key.kind == "agents" else _majority(agents, figures.total)
    address = _majority(addresses, figures.total)
    details = (
        _in_all(alarm, figures.total),
        takeover_of(facts.reasons)
        or (f"{figures.failed:,} failed" if figures.failed and not alarm.counts_failed else ""),
        f"{counted(new, 'address', 'addresses')} never seen before" if new else "",
        f"{agent.count:,} by {agent.name}" if agent else "",
        f"{address.count:,} from {address.name}" if address else "",
        f"also seen in {_other_series(alarm)}" if alarm.also else "",
    )
    return explain(peak, tz=tz, noun=alarm.noun, details=[detail for detail in details if detail]).text


def _in_all(alarm: LoginAlarm, total: int) -> str:
    """The total, where it is not that of one hour of one series: "97 logins of 2 agents in 3 hours"."""
    hours = (alarm.end - alarm.start) // HOUR
    agents = len(alarm.agents) if alarm.key.agent else 1
    of_agents = f" of {counted(agents, 'agent')}" if agents > 1 else ""
    in_hours = f" in {counted(hours, 'hour')}" if hours > 1 else ""
    return f"{total:,} {alarm.noun}{of_agents}{in_hours}" if of_agents or in_hours else ""


def _other_series(alarm: LoginAlarm) -> str:
    """Where else an alarm was seen: "failed logins, ada, bob and 7 more agents"."""
    names = [SERIES_NAMES[other.key.kind].lower() for other in alarm.also if not other.key.agent]
    agents = [other.key.agent for other in alarm.also if other.key.agent]
    names += agents[:MOST_NAMED]
    if (more := len(agents) - MOST_NAMED) > 0:
        names.append(counted(more, "more agent"))
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _majority(shares: Sequence[Share], total: int) -> Share | None:
    """The largest share, if it is half of all."""
    largest = max(shares, key=lambda share: share.count, default=None)
    return largest if largest is not None and 2 * largest.count >= total else None
