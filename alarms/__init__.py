"""Alarms: judged once, recorded, read by pages and commands, decided about, and sent.

    for step in steps(engine, settings_of(engine.path)): ...    # judge what has not been judged (alarms.detector)
    records(engine, Period(start, end))                         # the recorded alarms (alarms.records.reading)
    set_state(engine.path, record, "expected", note="…")        # a reviewer's decision (alarms.triage.states)
    deliver_recent(engine, sinks, now)                          # to receivers (alarms.delivery.record_messages)

    watch = watch_logins(engine, where, now, catalogue)
    findings(engine, watch, records)                            # low-priority findings

All times are naive UTC.
"""

from alarms.delivery.outbox import NotDelivered, Refused, Sink
from alarms.delivery.syslog import syslog
from alarms.delivery.webhook import webhook
from alarms.findings import LoginFinding, findings
from alarms.login_alarm import SERIES_NAMES, AlarmKey, LoginAlarm
from alarms.sensitivity import DEFAULT_SENSITIVITY, SENSITIVITIES, Sensitivity
from alarms.triage.states import BY_MAX, NOTE_MAX
from alarms.watch import Watch, watch_logins
from analysis import local_times

__all__ = [
    "BY_MAX",
    "DEFAULT_SENSITIVITY",
    "NOTE_MAX",
    "SENSITIVITIES",
    "SERIES_NAMES",
    "AlarmKey",
    "LoginAlarm",
    "LoginFinding",
    "NotDelivered",
    "Refused",
    "Sensitivity",
    "Sink",
    "Watch",
    "findings",
    "local_times",
    "syslog",
    "watch_logins",
    "webhook",
]
