"""The agents and addresses behind an alarm."""

from datetime import timedelta

from alarms import evidence, review, watch_logins
from audit_store.engines.duckdb.store import Store
from tests.alarms.attack import INTRUDER, SPRAY, alarm_at, every_part
from tests.alarms.login_logs import NOW, OFFICE, last_days, logins, office, store_of


def test_evidence_names_who_and_where_from(attacked: Store) -> None:
    watch = watch_logins(attacked, last_days(7), NOW)
    failed = next(part for part in alarm_at(review(watch), SPRAY).parts if part.key.kind == "failed")
    result = evidence(attacked, watch, failed)
    assert result.addresses[["name", "now", "failed", "expected", "first_ever"]].values.tolist() == [
        ["203.0.113.77", 52, 52, 0.0, True]
    ]
    assert (len(result.agents), result.more_agents) == (20, 6)
    assert result.agents["first_ever"].all()
    assert result.agents["now"].eq(2).all()


def test_evidence_compares_with_the_same_hours_before(store: Store) -> None:
    at = NOW - timedelta(days=1, hours=-10)
    habit = [
        row for day in range(28) for row in logins("job", at - timedelta(days=day + 1), 6, address=OFFICE)
    ]
    store_of(store, office() + habit + logins("job", at, 90, address=INTRUDER))
    watch = watch_logins(store, last_days(2), NOW)
    alarm = next(alarm for alarm in every_part(review(watch)) if alarm.key.agent == "job")
    result = evidence(store, watch, alarm)
    assert result.agents.iloc[0].to_dict() == {
        "name": "job", "now": 90, "failed": 0, "expected": 6.0, "excess": 84.0, "first_ever": False
    }  # fmt: skip
    assert result.addresses["name"].tolist() == [INTRUDER]
