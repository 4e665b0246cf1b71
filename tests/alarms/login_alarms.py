"""Alarms made by hand for the tests of marks and deliveries."""

from datetime import datetime, timedelta

import pandas as pd

from alarms import AlarmKey, AlarmSummary, LoginAlarm
from analysis import Alarm, Explanation
from audit_store.filters import EventFilter

AT = datetime(2026, 3, 14, 13)  # noqa: DTZ001 - naive UTC
HOUR = timedelta(hours=1)


def alarm(
    kind: str = "agent", agent: str = "support-7", start: datetime = AT, hours: int = 1, scope: str = ""
) -> LoginAlarm:
    """An alarm of 41 logins from `start` (naive UTC) on, in a series of one agent unless `kind` says otherwise."""
    moment, end = pd.Timestamp(start), pd.Timestamp(start + hours * HOUR)
    spike = Alarm(agent, moment, end, 41, moment, 41, 3.0, 9.0, 1e-9, 9.0, False, "1h")
    return LoginAlarm(AlarmKey(kind, scope, agent, start), spike, "logins", EventFilter(), kind == "failed")


def summary(of: LoginAlarm | None = None, name: str = "") -> AlarmSummary:
    """A summary whose sentence has characters that HTML needs escaped; `name` is by default the alarm's agent."""
    of = of or alarm()
    counted = "41 <logins> & more"
    explanation = Explanation(
        name or of.key.agent, counted, "expected 3 (limit 9)", (), "by chance less than once a year", ""
    )
    return AlarmSummary(of, explanation, 38, 1, "203.0.113.9")
