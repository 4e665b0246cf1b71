"""Applies the rules to what has arrived since they were last applied, and records what they find."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alarms.following import AFTER, Subject, followed_by
from alarms.login_alarm import SERIES_NAMES, overlaps
from alarms.records.record import WITHDRAWN, AlarmRecord
from alarms.records.revising import next_revision, withdrawn
from alarms.records.rows import as_row, from_row
from alarms.rules import rules_file
from alarms.rules.hits import JOINED_WITHIN, hits_of
from alarms.rules.recording import KIND, record_of, revision
from alarms.rules.rule import Rule
from alarms.sensitivity import DEFAULT_SENSITIVITY, is_alarm_at
from audit_store.catalogue import Catalogue
from audit_store.engines.alarm_records import JudgedRules
from audit_store.engines.protocol import Engine, Reader
from audit_store.ranges import Period

FAILURES_RULE = "many-failures"
"""The rule about logins of which every other alarm about the same logins says more."""
LOGIN_RULES = (
    "success-after-failures",
    "new-address-after-failures",
    "many-agents-from-one-address",
    FAILURES_RULE,
)
"""The rules about logins, which an alarm on the number of logins may say already."""

LENGTH = timedelta(weeks=4)
"""How much of the log a rule is applied to at once, which bounds its memory."""

Stretch = tuple[datetime, datetime]
"""[start, end), naive UTC."""

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class _Arrived:
    """The time from the first event to be judged to the last one (naive UTC), and what is noted afterwards."""

    first: datetime
    last: datetime
    note: JudgedRules


def rule_steps(
    engine: Engine, store_id: str, tz: str, catalogue: Catalogue, now: datetime
) -> Iterator[tuple[Stretch, list[AlarmRecord]]]:
    """Apply the rules in force to new events, and to what late ones may change, the newest stretch first.

    The revisions of a stretch, recorded at `now` (naive UTC), are stored before they are given. The caller holds
    `detector.one_detector`. Raises InvalidFormat for the file of rules, and what the store raises.
    """
    rules = {name: rule for name, rule in rules_file.in_force(engine.path).items() if rule.enabled}
    arrived = _arrived(engine, _settings(rules, tz, catalogue), now)
    if arrived is None:
        return
    for start, end in _stretches(arrived.first, arrived.last):
        period = Period(start, end)
        # One opening for all statements: it costs more than most of them.
        with engine.read() as reader:
            hits = [
                (rule, hit)
                for name, rule in rules.items()
                for hit in hits_of(reader, engine.rule_queries, name, rule, period, catalogue)
            ]
            around = Period(start - JOINED_WITHIN, end + JOINED_WITHIN)
            rows = reader.arrow(engine.alarm_records.newest(around, with_withdrawn=True)).to_pylist()
            current = [record_of(store_id, rule, hit, tz, now) for rule, hit in hits]
            current = _with_follow_ups(engine, reader, catalogue, current)
        revisions = _revisions(current, [from_row(row) for row in rows], (start, end), now)
        if revisions:
            engine.alarm_records.add([as_row(record) for record in revisions])
        yield (start, end), revisions
    engine.alarm_records.add([], arrived.note)


def _with_follow_ups(
    engine: Engine, reader: Reader, catalogue: Catalogue, records: Sequence[AlarmRecord]
) -> list[AlarmRecord]:
    """The records with what their agents, or else addresses, did afterwards."""
    subjects: list[Subject] = []
    for number, record in enumerate(records):
        time = record.ends_at, record.ends_at + AFTER
        addresses = [] if record.agent else [share.name for share in record.addresses]
        subjects += [(number, record.agent, None, *time)] if record.agent else []
        subjects += [(number, None, address, *time) for address in addresses]
    followed = followed_by(engine, reader, catalogue, subjects)
    return [replace(record, followed_by=followed.get(number, ())) for number, record in enumerate(records)]


def _arrived(engine: Engine, text: str, now: datetime) -> _Arrived | None:
    """What is to be judged; None where nothing is."""
    with engine.read() as reader:
        noted = reader.arrow(engine.alarm_records.judged_rules()).to_pylist()
        since = noted[0]["below"] if noted and noted[0]["settings"] == text else 0
        first, below = reader.one(engine.rule_queries.arrivals(since))
        running = reader.arrow(engine.alarm_records.running((KIND,))).to_pylist()
        # A late event may take the place of a first one, so that all that follows it is judged again.
        newest = reader.one(engine.queries.extent())[2]
    # What arrives may have followed an alarm, and one that is over is recorded for the last time.
    again = [row["starts_at"] for row in running if first is not None or row["ends_at"] + AFTER <= now]
    starts = [*again, *([] if first is None else [first])]
    return _Arrived(min(starts), newest, JudgedRules(text, below)) if starts else None


def _settings(rules: Mapping[str, Rule], tz: str, catalogue: Catalogue) -> str:
    """What the alarms of rules depend on beside the events, as JSON: other settings judge every event again."""
    of_logins = {"tz": tz, "logins": catalogue.logins, "failures": catalogue.failures}
    return json.dumps(of_logins | {name: rule.settings() for name, rule in rules.items()})


def _stretches(first: datetime, last: datetime) -> list[Stretch]:
    """The time from one moment to another, both included, in stretches, the newest first."""
    end, starts = last + _MICROSECOND, [first]
    while starts[-1] + LENGTH < end:
        starts.append(starts[-1] + LENGTH)
    return [(start, min(start + LENGTH, end)) for start in reversed(starts)]


def _revisions(
    current: Sequence[AlarmRecord], recorded: Sequence[AlarmRecord], stretch: Stretch, now: datetime
) -> list[AlarmRecord]:
    """What is new in a stretch, against what is `recorded` around it."""
    start, end = stretch
    standing = [record for record in recorded if record.status != WITHDRAWN]
    # One of a higher sensitivity than usual is neither sent nor listed at first.
    spikes = [
        record
        for record in standing
        if record.kind in SERIES_NAMES and is_alarm_at(record.sensitivity, DEFAULT_SENSITIVITY)
    ]
    of_rules = [record for record in (*standing, *current) if _says_more(record)]
    left = [record for record in recorded if record.kind == KIND]
    revisions = []
    for record in current:
        same = next((other for other in left if _is_same(record, other)), None)
        left = [other for other in left if other is not same]
        others = [*spikes, *of_rules] if record.rule == FAILURES_RULE else spikes
        whole = next((other for other in others if _is_part(record, other)), None)
        if whole is not None:
            revisions += _withdrawn(same, f"part of {whole.id}", now)
        elif same is None:
            revisions.append(record)
        elif same.status == WITHDRAWN:
            again = "an alarm again, with late events"
            revisions.append(next_revision(same, record, again))
        elif (changed := revision(same, _joined(same, record))) is not None:
            revisions.append(changed)
    for other in left:
        if start <= other.starts_at and other.ends_at <= end:
            revisions += _withdrawn(other, "the rule does not apply to its events", now)
    return revisions


def _withdrawn(record: AlarmRecord | None, reason: str, now: datetime) -> list[AlarmRecord]:
    if record is None or record.status == WITHDRAWN:
        return []
    return [withdrawn(record, reason, now)]


def _joined(record: AlarmRecord, current: AlarmRecord) -> AlarmRecord:
    """An alarm with what was recorded of it before the period that was judged."""
    known = {share.name for share in current.addresses}
    return replace(
        current,
        starts_at=min(record.starts_at, current.starts_at),
        ends_at=max(record.ends_at, current.ends_at),
        total=max(record.total, current.total),
        addresses=(*current.addresses, *(share for share in record.addresses if share.name not in known)),
    )


def _is_same(record: AlarmRecord, other: AlarmRecord) -> bool:
    return (
        record.rule == other.rule
        and record.spans[0].key.agent == other.spans[0].key.agent
        and overlaps((record.starts_at, record.ends_at), (other.starts_at, other.ends_at), JOINED_WITHIN)
    )


def _says_more(record: AlarmRecord) -> bool:
    """Whether it is the alarm of a rule about logins that says more than FAILURES_RULE."""
    return record.rule in LOGIN_RULES and record.rule != FAILURES_RULE


def _is_part(record: AlarmRecord, other: AlarmRecord) -> bool:
    """Whether an alarm about logins says it already: at the same time, of the same agent or, without one, address."""
    agents = {share.name for share in other.agents}
    addresses = {share.name for share in other.addresses}
    is_about = (
        record.agent in agents if record.agent else bool({s.name for s in record.addresses} & addresses)
    )
    return (
        record.rule in LOGIN_RULES
        and is_about
        and overlaps((record.starts_at, record.ends_at), (other.starts_at, other.ends_at), timedelta())
    )
