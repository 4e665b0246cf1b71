"""Alarms made by hand for the tests of marks."""

from datetime import datetime, timedelta

import pandas as pd

from alarms import AlarmKey, LoginAlarm
from analysis import Alarm
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
