"""The detector records each alarm once, whenever its hours are judged and however often."""

import random
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.detector.detector import one_detector, steps
from alarms.detector.settings import settings_of
from alarms.records import reading
from alarms.records.record import AlarmRecord
from alarms.triage.states import set_state
from audit_store.engines.duckdb.store import Store
from audit_store.errors import InvalidSetting, StoreBusy
from tests.alarms.detector.conftest import copy_of
from tests.alarms.detector.worlds import HOUR, INTRUDER, NOON, attack, essences, judge, spans, until
from tests.alarms.login_logs import logins, store_of


def newest(store: Store) -> AlarmRecord:
    """The alarm that starts last."""
    return max(reading.records(store), key=lambda record: record.starts_at)


def test_an_attack_is_an_alarm_before_its_hour_is_over(log: Store) -> None:
    store_of(log, attack(NOON, failures=299, successes=1))
    assert len(judge(log, NOON + timedelta(minutes=20))) == 1, "one stretch has changed"
    alarm = newest(log)
    assert (alarm.status, alarm.starts_at, alarm.severity) == ("running", NOON, "high")
    assert [reason.name for reason in alarm.reasons[:1]] == ["succeeded after failures"]
    assert alarm.reasons[0].text == "299 failed logins, then 1 successful one"
    assert f"; {alarm.takeover}; 1 address never seen before; " in alarm.sentence
    assert [share.name for share in alarm.addresses if share.is_new] == [INTRUDER]


def test_a_running_alarm_grows_by_revisions_of_one_id_and_settles(log: Store) -> None:
    store_of(log, attack(NOON, failures=40))
    judge(log, NOON + timedelta(minutes=20))
    store_of(log, attack(NOON + timedelta(minutes=30), failures=5))
    judge(log, NOON + timedelta(minutes=50))
    store_of(log, attack(NOON + HOUR, failures=60))
    for hours in (2, 3, 4, 5):
        judge(log, NOON + hours * HOUR)
    alarm = newest(log)
    history = reading.history(log, alarm.id)
    assert [revision.revision for revision in history] == [1, 2, 3]
    assert [revision.status for revision in history] == ["running", "running", "settled"]
    assert "grew from" in history[1].change
    assert history[2].change == "settled"
    assert (alarm.starts_at, alarm.ends_at) == (NOON, NOON + 2 * HOUR)


def test_what_follows_within_two_hours_is_added(log: Store) -> None:
    store_of(log, attack(NOON, failures=40, successes=2))
    judge(log, NOON + HOUR)
    before = newest(log)
    store_of(log, logins("support-3", NOON + 1.5 * HOUR, 1, address=INTRUDER, activity="API key copied"))
    judge(log, NOON + 2 * HOUR)
    after = newest(log)
    assert (before.severity, after.severity, after.id) == ("high", "critical", before.id)
    assert [(event.activity, event.is_sensitive) for event in after.followed_by] == [("API key copied", True)]


def test_an_administrator_makes_a_success_after_failures_critical(log: Store) -> None:
    earlier = NOON - timedelta(days=10)
    done = logins("support-3", earlier, 1, activity="User deleted")
    done += [row for n in range(5) for row in logins("support-4", earlier, 1, activity="Journey saved")]
    attacks = [
        row
        for n in (3, 4)
        for row in attack(NOON + 5 * n * HOUR, failures=30, successes=1, agent=f"support-{n}")
    ]
    store_of(log, done + attacks)
    judge(log, NOON + 30 * HOUR)
    severities = {record.starts_at: record.severity for record in reading.records(log)}
    assert severities == {NOON + 15 * HOUR: "critical", NOON + 20 * HOUR: "high"}


def test_a_takeover_is_before_a_runaway_service(log: Store) -> None:
    runaway = logins("support-5", NOON, 579)
    store_of(log, runaway + attack(NOON + HOUR, failures=82, successes=6))
    judge(log, NOON + 5 * HOUR)
    first, last = reading.records(log)[0], newest(log)
    assert first.severity == "high"
    assert first.addresses[0].name == INTRUDER
    assert last.starts_at == NOON + HOUR
    [service] = [alarm for alarm in reading.records(log) if alarm.starts_at == NOON]
    assert (service.severity, service.total) == ("low", 579)


def test_the_sentence_compares_an_hour_with_that_hour(log: Store) -> None:
    store_of(log, [row for hour in range(3) for row in logins("support-5", NOON + hour * HOUR, 100 + hour)])
    judge(log, NOON + 6 * HOUR)
    alarm = newest(log)
    assert f"{alarm.observed} logins 2026-02-11 14:00–15:00 UTC, expected" in alarm.sentence
    assert f"{alarm.total} logins in 3 hours" in alarm.sentence


def test_the_catalogue_beside_the_store_says_what_logins_are(tmp_path: Path) -> None:
    rows = [row | {"activity": "Signed on"} for row in until(NOON) + attack(NOON)]
    store = store_of(Store(tmp_path / "audit.duckdb"), rows)
    judge(store, NOON + HOUR)
    assert reading.records(store) == []
    (tmp_path / "catalogue.toml").write_text('[login]\nactivities = ["Signed on"]\n')
    judge(store, NOON + HOUR)
    assert newest(store).starts_at == NOON


def test_another_time_zone_judges_the_log_again(log: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store_of(log, attack(NOON))
    judge(log, NOON + 3 * HOUR)
    alarm = newest(log)
    monkeypatch.setenv("AUDIT_TZ", "Asia/Kolkata")
    judge(log, NOON + 3 * HOUR)
    again = newest(log)
    assert again.id == alarm.id
    assert (again.starts_at, again.tz) == (NOON - timedelta(minutes=30), "Asia/Kolkata")
    monkeypatch.setenv("AUDIT_TZ", "Mars/Olympus")
    with pytest.raises(InvalidSetting, match="AUDIT_TZ"):
        judge(log, NOON)


def test_nothing_is_written_where_nothing_changed(log: Store) -> None:
    store_of(log, attack(NOON))
    judge(log, NOON + 4 * HOUR)
    version = log.version()
    assert judge(log, NOON + 4 * HOUR + timedelta(minutes=59)) == []
    assert log.version() == version


def test_late_events_withdraw_an_alarm_and_it_comes_back_with_its_id(log: Store) -> None:
    store_of(log, logins("support-5", NOON + 9 * HOUR, 9))
    judge(log, NOON + 14 * HOUR)
    alarm = newest(log)
    evenings = [NOON + 9 * HOUR - timedelta(days=day) for day in range(1, 30)]
    usual = [row for evening in evenings for row in logins("support-5", evening, 4)]
    store_of(log, usual)
    judge(log, NOON + 14 * HOUR)
    withdrawn = reading.record(log, alarm.id)
    assert withdrawn is not None
    assert (withdrawn.status, withdrawn.change) == (
        "withdrawn",
        "withdrawn: its hours are within their limits",
    )
    store_of(log, logins("support-5", NOON + 9 * HOUR, 100))
    judge(log, NOON + 14 * HOUR)
    again = newest(log)
    assert (again.id, again.status, again.revision) == (alarm.id, "settled", 3)


@pytest.mark.parametrize(("state", "is_learned"), [("expected", True), ("incident", False)])
def test_hours_that_a_reviewer_expects_are_learned_from(log: Store, state: str, is_learned: bool) -> None:
    limits = []
    for day in range(3):
        at = NOON + timedelta(days=day)
        store_of(log, attack(at, failures=60))
        judge(log, at + HOUR)
        alarm = newest(log)
        limits.append(alarm.upper or 0.0)
        set_state(log.path, alarm, state)
    assert (limits[2] > 1.15 * limits[0]) == is_learned


def test_two_detectors_never_judge_at_once(log: Store) -> None:
    store_of(log, attack(NOON))
    with one_detector(log.path), pytest.raises(StoreBusy, match="another program is judging"):
        judge(log, NOON + HOUR)
    assert reading.records(log) == []


def test_records_that_are_lost_come_back_with_their_ids(log: Store) -> None:
    store_of(log, attack(NOON))
    judge(log, NOON + HOUR)
    alarm = newest(log)
    with log.write() as connection:
        for table in ("alarm_revisions", "judged_hours", "detector"):
            connection.execute(f"DELETE FROM {table}")
    judge(log, NOON + HOUR)
    assert newest(log) == alarm


def test_a_detector_stopped_after_any_step_goes_on(tmp_path: Path) -> None:
    rows = until(NOON) + attack(NOON - timedelta(days=20)) + attack(NOON - 5 * HOUR)
    store = store_of(Store(tmp_path / "audit.duckdb"), rows)
    seen = set()
    for _ in range(10):
        walk = steps(store, settings_of(store.path), NOON)
        step = next(walk, None)
        walk.close()
        if step is None:
            break
        seen |= {record.id for record in reading.records(store)}
    at_once = store_of(Store(tmp_path / "other" / "audit.duckdb"), rows)
    judge(at_once, NOON)
    assert essences(store) == essences(at_once)
    assert {record.id for record in reading.records(store)} == seen
    assert reading.progress(store).hours_left == 0


@pytest.mark.parametrize("latest", [0, 3])
@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in range(2, 40))]
)
def test_hour_by_hour_gives_the_alarms_of_the_whole_log(
    quiet: Store, tmp_path_factory: pytest.TempPathFactory, seed: int, latest: int
) -> None:
    dice = random.Random(seed)
    end = NOON + 4 * HOUR
    bursts = [
        row
        for _ in range(4)
        for row in logins(
            f"support-{dice.randrange(6)}",
            NOON + dice.randrange(-60 if latest else 0, 4) * HOUR,
            dice.randrange(5, 40),
            outcome=dice.choice(("success", "failure")),
        )
    ]
    arrivals = [(row["occurred_at"] + dice.choice((0, 0, latest)) * HOUR, row) for row in bursts]
    one_by_one = copy_of(quiet, tmp_path_factory.mktemp("hours"))
    now = NOON
    while now < end:
        store_of(
            one_by_one, [row for at, row in arrivals if (at < now + HOUR) and (at >= now or now == NOON)]
        )
        now += HOUR
        judge(one_by_one, now)
    store_of(one_by_one, [row for at, row in arrivals if at >= end])
    judge(one_by_one, end)
    at_once = store_of(Store(tmp_path_factory.mktemp("whole") / "audit.duckdb"), until(NOON) + bursts)
    judge(at_once, end)
    stores = one_by_one, at_once
    by_hour, whole = ({spans(record) for record in reading.records(store)} for store in stores)
    assert by_hour == whole
    assert latest or essences(one_by_one) == essences(at_once)
