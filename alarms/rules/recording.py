"""Makes the record of an alarm from what rules found."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alarms.following import AFTER
from alarms.login_alarm import AlarmKey
from alarms.records.identity import SeriesSpan
from alarms.records.record import RULE, RUNNING, SETTLED, SEVERITIES, AlarmRecord, Reason, Share
from alarms.records.revising import next_revision
from alarms.rules.attempts import Attempts, Tried
from alarms.rules.hits import Hit
from alarms.rules.rule import Rule
from alarms.sensitivity import SENSITIVITIES
from alarms.takeovers import MOST, most, taken_over, with_origins
from audit_store.filters import EventFilter
from audit_store.local_time import bound_text, wall_clock
from audit_store.ranges import Period, zone

GROWTH = 1.25
"""How much what a rule counted must grow for another revision of a running alarm."""
VERSION = "3"
MOST_NAMED = 2
"""Addresses that a sentence names."""
_NAMESPACE = uuid.UUID("b1d7a3b0-7a55-5b0e-9f0a-2f4f8a1c6d90")
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Recorder:
    """Makes the records of a store by the rules in force, at `now` (naive UTC), with times in the zone `tz`."""

    store_id: str
    rules: Mapping[str, Rule]
    tz: str
    now: datetime

    def record_of(self, hit: Hit, attempts: Attempts | None) -> AlarmRecord:
        """The first revision of an alarm; `attempts` are the logins of a hit that is an attack."""
        start, end = hit.starts_at, hit.ends_at + _MICROSECOND
        subject = hit.agent or " and ".join(hit.addresses)
        rules = {name: self.rules[name] for name in (hit.rule, *hit.also) if name in self.rules}
        record = AlarmRecord(
            id=str(uuid.uuid5(_NAMESPACE, " ".join((self.store_id, hit.rule, start.isoformat(), subject)))),
            revision=1,
            status=RUNNING if self.now < end + AFTER else SETTLED,
            change="new",
            first_recorded_at=self.now,
            recorded_at=self.now,
            kind=RULE,
            rule=hit.rule,
            agent=hit.agent,
            starts_at=start,
            ends_at=end,
            severity=min((rule.severity for rule in rules.values()), key=SEVERITIES.index),
            reasons=tuple(Reason(name, rule.title) for name, rule in rules.items()),
            noun="events",
            total=hit.events,
            failed=0,
            succeeded=0,
            peak=None,
            observed=hit.events,
            expected=None,
            upper=None,
            score=0.0,
            sensitivity=SENSITIVITIES[-1].name,
            provisional=False,
            agents=(_share(hit.agent, hit.events),) if hit.agent else (),
            addresses=tuple(_share(address, hit.events) for address in hit.addresses),
            more_agents=0,
            more_addresses=0,
            followed_by=(),
            spans=(SeriesSpan(AlarmKey(RULE, hit.rule, subject, start), end),),
            sentence="",
            where=_where(hit, self.tz),
            tz=self.tz,
            version=VERSION,
        )
        record = record if attempts is None else _with_attempts(record, attempts)
        return replace(record, sentence=self._sentence(record, subject))

    def _sentence(self, record: AlarmRecord, subject: str) -> str:
        at = wall_clock(record.starts_at, zone(self.tz))
        what = self.rules[record.rule].sentence(record.observed)
        named = ", ".join(share.name for share in record.addresses[:MOST_NAMED])
        origin = f" from {named}" if record.agent and named else ""
        text = f"{subject}: {with_origins(record)}" if record.takeover else f"{subject} {what}{origin}"
        return f"{text}, {at:%Y-%m-%d %H:%M} {self.tz}"


def revision(record: AlarmRecord, current: AlarmRecord) -> AlarmRecord | None:
    """The next revision of a record, which says what `current` says; None where that is no news."""
    is_running = current.status == record.status == RUNNING
    least = GROWTH * record.total if is_running else record.total + 1
    added = {share.name for share in current.addresses} - {share.name for share in record.addresses}
    changes = {
        current.takeover: bool(current.takeover) and taken_over(current) != taken_over(record),
        f"grew from {record.total:,} to {current.total:,} {current.noun}": current.total >= least,
        f"also from {', '.join(sorted(added))}": bool(added),
        f"{current.severity} instead of {record.severity}": current.severity != record.severity,
        "another rule applies": current.rule != record.rule,
        "names the agents that were tried": bool(current.agents) and not record.agents,
        "other activities followed": current.followed_by != record.followed_by,
        "settled": current.status != record.status,
    }
    change = ", ".join(text for text, applies in changes.items() if applies)
    return next_revision(record, current, change) if change else None


def with_tried(record: AlarmRecord, tried: Tried) -> AlarmRecord:
    """An alarm about an address with the agents that were tried from it."""
    return replace(record, agents=tried.agents, more_agents=tried.more)


def _with_attempts(record: AlarmRecord, attempts: Attempts) -> AlarmRecord:
    """An alarm with the logins of its agent: how many, how many failed, and from where."""
    takeover = () if attempts.takeover is None else (attempts.takeover,)
    return replace(
        record,
        noun="logins",
        total=attempts.total,
        failed=attempts.failed,
        succeeded=attempts.succeeded,
        agents=tuple(
            replace(one, count=attempts.total, failed=attempts.failed, succeeded=attempts.succeeded_after)
            for one in record.agents
        ),
        addresses=most(attempts.addresses),
        more_addresses=max(len(attempts.addresses) - MOST, 0),
        reasons=(*takeover, *record.reasons),
        where=dict(record.where) | {"activity": list(attempts.activities)},
    )


def _share(name: str, events: int) -> Share:
    return Share(name, events, failed=0, usual=None, first_seen=None, is_new=False)


def _where(hit: Hit, tz: str) -> dict[str, list[str]]:
    """The events of the agent, or those from the address, in the minutes of a hit."""
    start, end = hit.minutes
    where = EventFilter(
        period=Period(start, end),
        range="custom",
        start=bound_text(start, zone(tz)),
        end=bound_text(end, zone(tz)),
        tz=tz,
        agent=(hit.agent,) if hit.agent else (),
        source_ip=() if hit.agent else hit.addresses,
    )
    return {name: list(values) for name, values in where.parameters().items()}
