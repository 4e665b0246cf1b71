"""The summary of an alarm: the parts of its explanation, and its sentence."""

from dataclasses import replace

from alarms import review, summarize, watch_logins
from audit_store.engines.duckdb.store import Store
from tests.alarms.attack import ATTACK, alarm_at
from tests.alarms.login_logs import NOW, last_days


def test_an_attack_on_an_agent_is_one_alarm_that_names_the_other_series(attacked: Store) -> None:
    watch = watch_logins(attacked, last_days(7), NOW)
    alarm = alarm_at(review(watch), ATTACK)
    assert {(part.key.kind, part.key.agent) for part in alarm.parts} == {
        ("agent", "support-3"),
        ("all", ""),
        ("failed", ""),
    }
    failed = next(replace(part, also=()) for part in alarm.parts if part.key.kind == "failed")
    whole, alone = summarize(attacked, watch, [alarm, failed])
    assert alone.sentence.startswith(
        "Failed logins: 40 failed logins 02:00–03:00, expected less than 1 (limit "
    )
    details = ("1 address never seen before", "40 by support-3", "40 from 203.0.113.9")
    assert alone.explanation.details == details
    assert "; 40 by support-3; 40 from 203.0.113.9; by chance" in alone.sentence
    assert (alone.failed, alone.new_addresses, alone.address) == (40, 1, "203.0.113.9")
    assert whole.explanation.details[-1].startswith("also seen in ")
