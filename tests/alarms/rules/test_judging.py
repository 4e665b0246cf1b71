"""What rules find is recorded once, grows, and is taken back where late events say otherwise."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pytest

from alarms.delivery.record_messages import new_messages
from alarms.detector.detector import steps
from alarms.detector.settings import settings_of
from alarms.records import reading
from alarms.records.record import AlarmRecord
from audit_store.engines.duckdb import queries
from audit_store.engines.duckdb.store import Store
from audit_store.event import Event
from audit_store.filters import EventFilter
from tests.alarms.rules.test_hits import (
    AWAY,
    DAY,
    HOME,
    HOUR,
    MINUTE,
    OLD,
    START,
    attempts,
    event,
    key,
    success,
)
from tests.conftest import Fill

NOW = START + 200 * DAY
TAKEOVER = [*attempts(HOUR, 12), success(HOUR + 5 * MINUTE)]


class Log:
    """A store that grows, and the alarms of rules in it."""

    def __init__(self, path: Path, fill: Fill) -> None:
        self.store, self._fill = Store(path), fill

    def add(self, events: Iterable[Event], now: datetime = NOW) -> list[AlarmRecord]:
        """Store events and judge them; gives what is recorded, the oldest alarm first."""
        self._fill(self.store, events)
        self.judge(now)
        return self.recorded()

    def judge(self, now: datetime = NOW) -> list[AlarmRecord]:
        """Judge, and give the new revisions."""
        return [
            record
            for step in steps(self.store, settings_of(self.store.path), now)
            for record in step.revisions
        ]

    def recorded(self) -> list[AlarmRecord]:
        """The newest revisions, withdrawn alarms included."""
        records = reading.records(self.store, with_withdrawn=True)
        return sorted(
            (record for record in records if record.kind == "rule"), key=lambda record: record.starts_at
        )


@pytest.fixture
def log(tmp_path: Path, fill: Fill) -> Log:
    """An empty log with every rule on."""
    names = ("first-api-key", "dormant-agent", "administrator-role", "new-address-after-failures")
    text = "\n".join(f"[{name}]\nenabled = true" for name in names)
    (tmp_path / "rules.toml").write_text(text, encoding="utf-8")
    return Log(tmp_path / "audit.duckdb", fill)


def test_a_takeover_is_recorded_once_with_what_a_reviewer_needs(log: Log) -> None:
    (record,) = log.add(TAKEOVER)
    assert (record.rule, record.agent, record.severity, record.status) == (
        "success-after-failures",
        "ada",
        "high",
        "settled",
    )
    assert [reason.name for reason in record.reasons] == [
        "succeeded after failures",
        "success-after-failures",
        "new-address-after-failures",
    ]
    assert (record.total, record.failed, record.succeeded, record.noun) == (13, 12, 1, "logins")
    assert record.sentence == (
        f"ada: 12 failed logins, then 1 successful one from {AWAY}, 2026-01-05 01:00 UTC"
    )
    assert record.where["agent"] == ["ada"]
    assert (record.where["from"], record.where["to"]) == (["2026-01-05T01:00"], ["2026-01-05T01:06"])
    assert log.judge() == []


def test_the_events_of_a_rule_about_an_address_are_those_from_it(log: Log) -> None:
    spray = [one for n in range(8) for one in attempts(n * MINUTE, 1, f"user-{n}")]
    (record,) = log.add([*spray, success(MINUTE, "ada", HOME)])
    assert (record.rule, record.agent) == ("many-agents-from-one-address", "")
    assert (record.where["source_ip"], "q" in record.where) == ([AWAY], False)


def test_a_rule_about_an_address_names_the_agents_that_were_tried_from_it(log: Log) -> None:
    spray = [one for n in range(23) for one in attempts(n * MINUTE / 2, 1 + n // 20, f"user-{n}")]
    regular = [success(n * MINUTE, "regular") for n in range(9)]
    (record,) = log.add(
        [*spray, *regular, success(11 * MINUTE, "user-22"), *attempts(0 * MINUTE, 3, "x", HOME)]
    )
    assert (len(record.agents), record.more_agents) == (20, 3)
    assert [(one.name, one.count, one.failed) for one in record.agents[:3]] == [
        ("user-20", 2, 2),
        ("user-21", 2, 2),
        ("user-22", 3, 2),
    ]
    assert {one.name for one in record.agents} <= {f"user-{n}" for n in range(23)}


def deletions(first: int, end: int) -> list[Event]:
    """A deletion a minute."""
    return [event(number * MINUTE / 2, activity="Segment deleted") for number in range(first, end)]


def test_a_hit_that_goes_on_is_the_same_alarm(log: Log) -> None:
    (first,) = log.add(deletions(0, 12), START + 6 * MINUTE)
    assert (first.total, first.status) == (12, "running")
    assert log.add(deletions(12, 14), START + 7 * MINUTE) == [first]
    (grown,) = log.add(deletions(14, 16), START + 8 * MINUTE)
    assert (grown.id, grown.revision, grown.total) == (first.id, 2, 16)
    assert grown.change == "grew from 12 to 16 events"
    (settled,) = log.judge(START + 3 * HOUR)
    assert (settled.id, settled.revision, settled.status, settled.change) == (
        first.id,
        3,
        "settled",
        "settled",
    )
    assert log.judge(START + 4 * HOUR) == []


def test_what_followed_within_two_hours_is_recorded(log: Log) -> None:
    (first,) = log.add(deletions(0, 12), START + 6 * MINUTE)
    followed = [event(at, activity="Load balancer settings") for at in (HOUR, 3 * HOUR)]
    (record,) = log.add(followed[:1], START + HOUR)
    assert (record.id, record.change) == (first.id, "other activities followed")
    [event_after] = record.followed_by
    assert (event_after.activity, event_after.events, event_after.is_sensitive) == (
        "Load balancer settings",
        1,
        True,
    )
    (settled,) = log.add(followed[1:], START + 3 * HOUR)
    assert (settled.status, settled.followed_by) == ("settled", record.followed_by)


def test_a_rule_about_logins_is_silent_where_an_alarm_about_them_says_it(log: Log) -> None:
    at = 10 * DAY
    (found,) = log.add([*attempts(at, 40), success(at + 9 * MINUTE)])
    assert found.status == "settled"
    log.add(success(hour * HOUR, address=HOME) for hour in range(10 * 24))
    (spike,) = [record for record in reading.records(log.store) if record.kind != "rule"]
    assert log.recorded() == []
    assert (spike.id, spike.revision) == (found.id, 2), "one attack has one id"
    assert log.add([success(at + 10 * MINUTE)]) == []


def test_a_rule_about_logins_is_not_silent_for_an_alarm_that_nobody_is_told_of(log: Log) -> None:
    refused = [
        event(hour * HOUR + n * MINUTE, f"user-{n}", outcome="failure", source_ip=f"192.0.2.{n}")
        for hour in range(15 * 24)
        for n in range(4)
    ]
    usual = [success(hour * HOUR + n * MINUTE, address=HOME) for hour in range(15 * 24) for n in range(12)]
    at = 15 * DAY + 10 * HOUR
    log.add([*refused, *usual, *attempts(at, 11), success(at + 4 * MINUTE)], START + at + HOUR / 2)
    (spike,) = [record for record in reading.records(log.store) if record.kind == "failed"]
    assert spike.sensitivity == "high"
    (told,) = [record for record in log.recorded() if record.rule == "success-after-failures"]
    assert told.status == "running"
    log.add(attempts(at + 5 * MINUTE, 120), START + at + HOUR / 2)
    (grown,) = [
        record for record in reading.records(log.store) if "ada" in {one.name for one in record.agents}
    ]
    assert (grown.id, grown.revision, grown.kind) == (told.id, 2, "failed"), "one attack has one id"
    assert (grown.failed, grown.sensitivity) == (131, "lowest")
    part = reading.record(log.store, spike.id)
    assert part is not None
    assert part.change == f"withdrawn: part of {told.id}"


GUESSING = attempts(HOUR, 60)


def test_guessing_is_an_alarm_on_the_first_day_before_it_succeeds(log: Log) -> None:
    (first,) = log.add(GUESSING[:40], START + HOUR + 7 * MINUTE)
    assert (first.rule, first.agent, first.severity, first.status) == (
        "many-failures",
        "ada",
        "medium",
        "running",
    )
    assert first.sentence.startswith(f"ada failed to log in 40 times within 10 minutes from {AWAY}, ")
    assert [(share.name, share.count, share.failed) for share in first.addresses] == [(AWAY, 40, 40)]
    (grown,) = log.add(GUESSING[40:], START + HOUR + 10 * MINUTE)
    assert (grown.id, grown.total) == (first.id, 60)


def test_guessing_that_succeeds_is_one_alarm(log: Log) -> None:
    (first,) = log.add(GUESSING, START + HOUR + 10 * MINUTE)
    opened = new_messages("store", [first], [])
    successes = [success(HOUR + (11 + n) * MINUTE) for n in range(3)]
    (grown,) = log.add(successes, START + HOUR + 14 * MINUTE)
    assert (grown.id, grown.revision, grown.rule, grown.severity) == (
        first.id,
        2,
        "success-after-failures",
        "high",
    )
    assert grown.change.startswith("60 failed logins, then 3 successful ones, ")
    assert grown.sentence.startswith(f"ada: 60 failed logins, then 3 successful ones from {AWAY}, ")
    (update,) = new_messages("store", [grown], opened)
    assert update.key == f"{first.id}:2:update"
    (after,) = log.add(attempts(HOUR + 15 * MINUTE, 60), START + HOUR + 26 * MINUTE)
    assert (after.id, after.rule, after.total) == (first.id, "success-after-failures", 123)
    assert after.starts_at == first.starts_at


def test_guessing_that_succeeds_from_a_second_address_says_which_did_what(log: Log) -> None:
    guesses = [
        attempt for n in range(4) for attempt in attempts(HOUR + n * MINUTE, 5, address=f"198.51.100.{n}")
    ]
    (record,) = log.add([*guesses, success(HOUR + 5 * MINUTE)])
    assert (record.total, record.failed, record.succeeded) == (21, 20, 1)
    assert record.sentence == (
        "ada: 20 failed logins, then 1 successful one; "
        "failed from 198.51.100.0, 198.51.100.1, 198.51.100.2 and 1 more, "
        f"succeeded from {AWAY}, 2026-01-05 01:00 UTC"
    )
    (grown,) = log.add([success(HOUR + 7 * MINUTE, address="198.51.100.77")])
    assert (grown.id, grown.succeeded) == (record.id, 2)
    assert "20 failed logins, then 2 successful ones" in grown.change


def test_an_owner_who_logs_in_while_somebody_guesses_is_no_takeover(log: Log) -> None:
    home = [success(hour * HOUR, address=HOME) for hour in range(20)]
    guessing = [*attempts(20 * HOUR, 60), success(20 * HOUR + 9 * MINUTE, address=HOME)]
    (record,) = log.add([*home, *guessing])
    assert (record.rule, record.takeover) == ("many-failures", "")


def test_an_alarm_of_two_addresses_names_both(log: Log) -> None:
    (record,) = log.add([*attempts(HOUR, 25), *attempts(HOUR + 5 * MINUTE, 20, address=HOME)])
    assert [(share.name, share.count) for share in record.addresses] == [(AWAY, 25), (HOME, 20)]
    assert f"from {AWAY}, {HOME}" in record.sentence


def test_the_filter_of_an_attack_has_its_logins_alone(log: Log) -> None:
    (record,) = log.add([*TAKEOVER, event(HOUR + MINUTE, activity="Journey saved")])
    where, _ = EventFilter.parse(record.where)
    assert log.store.run(queries.summary(where))["events"].iloc[0] == record.total == 13


def test_a_late_event_takes_back_what_was_a_first_time(log: Log) -> None:
    (record,) = log.add([OLD, key(60 * DAY)])
    assert record.rule == "first-api-key"
    (withdrawn,) = log.add([key(40 * DAY)])[1:]
    assert (withdrawn.id, withdrawn.status) == (record.id, "withdrawn")
    assert withdrawn.change == "withdrawn: the rule does not apply to its events"


def test_other_settings_judge_the_whole_log_again(log: Log) -> None:
    deletions = [event(number * MINUTE, activity="Segment deleted") for number in range(6)]
    assert log.add(deletions) == []
    log.store.path.with_name("rules.toml").write_text("[bulk-deletion]\nevents = 6\n", encoding="utf-8")
    (revision,) = log.judge()
    assert (revision.rule, revision.sentence) == (
        "bulk-deletion",
        "ada deleted 6 things within 10 minutes, 2026-01-05 00:00 UTC",
    )
    log.store.path.with_name("rules.toml").write_text("[bulk-deletion]\nevents = 9\n", encoding="utf-8")
    (revision,) = log.judge()
    assert revision.status == "withdrawn"


def test_an_alarm_comes_back_under_its_id(log: Log) -> None:
    (record,) = log.add([OLD, key(60 * DAY)])
    rules = log.store.path.with_name("rules.toml")
    rules.write_text("[first-api-key]\nenabled = true\nhistory = '99d'\n", encoding="utf-8")
    assert [revision.status for revision in log.judge()] == ["withdrawn"]
    rules.write_text("[first-api-key]\nenabled = true\n", encoding="utf-8")
    (back,) = log.judge()
    assert (back.id, back.revision, back.change) == (record.id, 3, "an alarm again, with late events")


def test_a_rule_that_is_off_finds_nothing(tmp_path: Path, fill: Fill) -> None:
    assert Log(tmp_path / "audit.duckdb", fill).add([OLD, key(60 * DAY)]) == []


def test_what_arrives_in_parts_is_recorded_as_if_it_had_come_at_once(tmp_path: Path, fill: Fill) -> None:
    spray = [one for n in range(9) for one in attempts(n * MINUTE + 70 * DAY, 2, f"user-{n}")]
    events = [*TAKEOVER, *spray, *(event(3 * DAY + n * MINUTE, activity="User deleted") for n in range(12))]

    def facts(log: Log) -> list[tuple[object, ...]]:
        return [
            (record.rule, record.agent, record.starts_at, record.ends_at, record.status)
            for record in log.recorded()
            if record.status != "withdrawn"
        ]

    whole, parts = (Log(tmp_path / f"{name}.duckdb", fill) for name in ("whole", "parts"))
    whole.add(events)
    for number in range(0, len(events), 17):
        parts.add(events[number : number + 17], events[number].occurred_at.replace(tzinfo=None))
    parts.judge()
    assert facts(whole) == facts(parts)
    assert {rule for rule, *_ in facts(whole)} == {"success-after-failures", "bulk-deletion"}
