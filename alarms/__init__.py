"""Login alarms: counts and models, the alarms of a period, what they are made of, marks and delivery.

    watch = watch_logins(store, where, now)                     # counts and models; keep it while the store stays
    reviewed = review(watch, SENSITIVITIES[2])                  # alarms, the least likely first; charts; status
    summaries = summarize(store, watch, reviewed.alarms[:20])   # an explanation each
    evidence(store, watch, reviewed.alarms[0])                  # its agents and addresses, against the expected
    reviewed.alarms[0].where                                    # an EventFilter: exactly its events in the log
    agent_series(watch, "support-7")                            # the chart of one agent
    findings(store, watch, reviewed)                            # low-priority findings
    mark(store.path, reviewed.alarms[0], "expected", note="…")  # kept beside the store

All times are naive UTC, except `bucket` in the frame of a chart: naive local time of the filter's zone.
"""

from alarms.delivery.outbox import NotDelivered, Refused, Sink, deliver
from alarms.delivery.syslog import syslog
from alarms.delivery.webhook import webhook
from alarms.evidence import Evidence, evidence
from alarms.findings import LoginFinding, findings
from alarms.login_alarm import SERIES_NAMES, AlarmKey, LoginAlarm
from alarms.report import Report, ReportedAlarm, report
from alarms.review import Review, Series, agent_series, review
from alarms.sensitivity import DEFAULT_SENSITIVITY, SENSITIVITIES, Sensitivity
from alarms.status import Status
from alarms.summary import AlarmSummary, summarize
from alarms.triage.marks import (
    BY_MAX,
    NOTE_MAX,
    OPEN,
    VERDICTS,
    Mark,
    mark,
    mark_of,
    verdict_of,
    with_verdict,
)
from alarms.triage.marks import read as read_marks
from alarms.watch import OVERALL, Watch, watch_logins
from analysis import local_times

__all__ = [
    "BY_MAX",
    "DEFAULT_SENSITIVITY",
    "NOTE_MAX",
    "OPEN",
    "OVERALL",
    "SENSITIVITIES",
    "SERIES_NAMES",
    "VERDICTS",
    "AlarmKey",
    "AlarmSummary",
    "Evidence",
    "LoginAlarm",
    "LoginFinding",
    "Mark",
    "NotDelivered",
    "Refused",
    "Report",
    "ReportedAlarm",
    "Review",
    "Sensitivity",
    "Series",
    "Sink",
    "Status",
    "Watch",
    "agent_series",
    "deliver",
    "evidence",
    "findings",
    "local_times",
    "mark",
    "mark_of",
    "read_marks",
    "report",
    "review",
    "summarize",
    "syslog",
    "verdict_of",
    "watch_logins",
    "webhook",
    "with_verdict",
]
