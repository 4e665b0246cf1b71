"""From a store's logins to alarms a reviewer can trust: counts, spikes, what they are made of, marks, delivery.

    watch = watch_over(store, where, now)                    # reads and learns; keep it while the store stays
    found = review(watch, SENSITIVITIES[2])                  # alarms, the worst first; charts; state; milliseconds
    told = tell(store, watch, found.alarms[:20])             # a sentence each
    evidence(store, watch, found.alarms[0])                  # who and where from, now and usually
    found.alarms[0].where                                    # an EventFilter: exactly its events in the log
    agent_series(watch, "support-7")                         # the chart of one agent
    notes(store, watch, found)                               # quieter notes
    mark(store.path, found.alarms[0], "expected", note="…")  # kept beside the store

All moments are naive UTC, but for `bucket` in the frame of a chart: naive local time of the filter's zone.
"""

from alarms.delivery.outbox import NotDelivered, Sink, deliver
from alarms.delivery.webhook import syslog, webhook
from alarms.evidence import Evidence, Told, evidence, tell
from alarms.findings import QuietNote, notes
from alarms.login_alarm import AlarmKey, LoginAlarm
from alarms.report import Report, report
from alarms.review import Review, Series, agent_series, review
from alarms.sensitivity import SENSITIVITIES, USUAL, Sensitivity
from alarms.status import State
from alarms.triage.marks import VERDICTS, Mark, chosen, mark, mark_of
from alarms.triage.marks import read as read_marks
from alarms.watch import KINDS, OVERALL, Watch, watch_over

__all__ = [
    "KINDS",
    "OVERALL",
    "SENSITIVITIES",
    "USUAL",
    "VERDICTS",
    "AlarmKey",
    "Evidence",
    "LoginAlarm",
    "Mark",
    "NotDelivered",
    "QuietNote",
    "Report",
    "Review",
    "Sensitivity",
    "Series",
    "Sink",
    "State",
    "Told",
    "Watch",
    "agent_series",
    "chosen",
    "deliver",
    "evidence",
    "mark",
    "mark_of",
    "notes",
    "read_marks",
    "report",
    "review",
    "syslog",
    "tell",
    "watch_over",
    "webhook",
]
