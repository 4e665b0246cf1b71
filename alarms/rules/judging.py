"""Applies the rules to what has arrived since they were last applied, and records what they find."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alarms.following import AFTER, Subject, followed_by
from alarms.login_alarm import SERIES_NAMES, overlaps
from alarms.records.record import RULE, WITHDRAWN, AlarmRecord
from alarms.records.revising import next_revision, withdrawn
from alarms.records.rows import as_row, from_row
from alarms.rules import rules_file
from alarms.rules.attempts import read as read_attempts
from alarms.rules.attempts import read_tried
from alarms.rules.hits import JOINED_WITHIN, Hit, hit_of, hits_of, joined, together
from alarms.rules.logins import is_part, is_told
from alarms.rules.recording import VERSION, Recorder, revision, with_tried
from alarms.rules.rule import Rule
from audit_store.catalogue import Catalogue
from audit_store.engines.alarm_records import JudgedRules
from audit_store.engines.protocol import Engine, Reader
from audit_store.ranges import Period

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


@dataclass(frozen=True)
class _Known:
    """A hit, the record of it (None: it is new), and other records that are a part of it now."""

    hit: Hit
    record: AlarmRecord | None
    parts: tuple[AlarmRecord, ...]

    @property
    def all(self) -> list[AlarmRecord]:
        """All of its records."""
        return [*([] if self.record is None else [self.record]), *self.parts]


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
    recorder = Recorder(store_id, rules, tz, now)
    stretches = _stretches(arrived.first, arrived.last)
    for start, end in stretches:
        period = Period(start, end)
        # One opening for all statements: it costs more than most of them.
        with engine.read() as reader:
            hits = [
                hit
                for name, rule in rules.items()
                for hit in hits_of(reader, engine.rule_queries, name, rule, period, catalogue)
            ]
            around = Period(start - JOINED_WITHIN, end + JOINED_WITHIN)
            rows = reader.arrow(engine.alarm_records.newest(around, with_withdrawn=True)).to_pylist()
            recorded = [from_row(row) for row in rows]
            known, left = _known(joined(hits), [record for record in recorded if record.kind == RULE])
            current = _current(engine, reader, catalogue, recorder, [_whole(one, rules) for one in known])
        left = [record for record in left if start <= record.starts_at and record.ends_at <= end]
        revisions = [
            change
            for record, one in zip(current, known, strict=True)
            for change in _changed(record, one, recorded, now)
        ]
        for record in left:
            revisions += _withdrawn(record, "the rule does not apply to its events", now)
        note = arrived.note if (start, end) == stretches[-1] else None
        if revisions or note:
            engine.alarm_records.add([as_row(record) for record in revisions], note)
        yield (start, end), revisions


def _known(hits: Sequence[Hit], recorded: Sequence[AlarmRecord]) -> tuple[list[_Known], list[AlarmRecord]]:
    """The hits with their records, and the records of which no hit is left."""
    # One that is not withdrawn goes on before others, and of these the oldest.
    left = sorted(recorded, key=lambda record: (record.status == WITHDRAWN, record.first_recorded_at))
    known = []
    for hit in hits:
        same = [record for record in left if _is_same(record, hit)]
        left = [record for record in left if record not in same]
        known.append(_Known(hit, same[0] if same else None, tuple(same[1:])))
    return known, left


def _whole(known: _Known, rules: Mapping[str, Rule]) -> Hit:
    """A hit with what was recorded of it before the period that was judged."""
    record = known.record
    if record is None or record.status == WITHDRAWN or record.rule not in rules:
        return known.hit
    return together(hit_of(record), known.hit)


def _current(
    engine: Engine, reader: Reader, catalogue: Catalogue, recorder: Recorder, hits: Sequence[Hit]
) -> list[AlarmRecord]:
    """The records of hits, with what their agents, or else addresses, did afterwards."""
    attempts = read_attempts(engine, reader, catalogue, hits)
    records = [recorder.record_of(hit, attempts.get(number)) for number, hit in enumerate(hits)]
    for number, tried in read_tried(engine, reader, catalogue, hits).items():
        records[number] = with_tried(records[number], tried)
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
        running = reader.arrow(engine.alarm_records.running((RULE,))).to_pylist()
        # A late event may take the place of a first one, so that all that follows it is judged again.
        newest = reader.one(engine.queries.extent())[2]
    # What arrives may have followed an alarm, and one that is over is recorded for the last time.
    again = [row["starts_at"] for row in running if first is not None or row["ends_at"] + AFTER <= now]
    starts = [*again, *([] if first is None else [first])]
    return _Arrived(min(starts), newest, JudgedRules(text, below)) if starts else None


def _settings(rules: Mapping[str, Rule], tz: str, catalogue: Catalogue) -> str:
    """What the alarms of rules depend on beside the events, as JSON: other settings judge every event again."""
    of_logins = {"version": VERSION, "tz": tz, "logins": catalogue.logins, "failures": catalogue.failures}
    return json.dumps(of_logins | {name: rule.settings() for name, rule in rules.items()})


def _stretches(first: datetime, last: datetime) -> list[Stretch]:
    """The time from one moment to another, both included, in stretches, the newest first."""
    end, starts = last + _MICROSECOND, [first]
    while starts[-1] + LENGTH < end:
        starts.append(starts[-1] + LENGTH)
    return [(start, min(start + LENGTH, end)) for start in reversed(starts)]


def _changed(
    current: AlarmRecord, known: _Known, recorded: Sequence[AlarmRecord], now: datetime
) -> list[AlarmRecord]:
    """What is new of an alarm, against what is `recorded` around it."""
    same = known.record
    spikes = (other for other in recorded if other.kind in SERIES_NAMES and is_told(other))
    whole = next((other for other in spikes if is_part(current, other)), None)
    if whole is not None:
        return [change for one in known.all for change in _withdrawn(one, f"part of {whole.id}", now)]
    # An alarm on the number of logins that goes on under the id of a rule's may be withdrawn.
    earlier = same or next((other for other in recorded if other.id == current.id), None)
    if earlier is None:
        return [current]
    if earlier.status == WITHDRAWN:
        return [next_revision(earlier, current, "an alarm again, with late events")]
    changed = revision(earlier, current)
    parts = [change for part in known.parts for change in _withdrawn(part, f"part of {earlier.id}", now)]
    return [*([] if changed is None else [changed]), *parts]


def _withdrawn(record: AlarmRecord, reason: str, now: datetime) -> list[AlarmRecord]:
    return [] if record.status == WITHDRAWN else [withdrawn(record, reason, now)]


def _is_same(record: AlarmRecord, hit: Hit) -> bool:
    times = (record.starts_at, record.ends_at), (hit.starts_at, hit.ends_at + _MICROSECOND)
    return hit_of(record).subject == hit.subject and overlaps(*times, JOINED_WITHIN)
