"""Alarms in words, chips and colours. Texts that quote the log are escaped where they are drawn."""

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from alarms import SERIES_NAMES
from alarms.records.record import RULE, RUNNING, WATCHDOG, WITHDRAWN, AlarmRecord
from alarms.rules.rules_file import RULES
from alarms.takeovers import taken_over, with_origins
from alarms.triage.decisions import OVER, SILENCED
from alarms.triage.states import ACKNOWLEDGED, CLOSED, EXPECTED, INCIDENT, OPEN
from audit_store.local_time import wall_clock
from audit_store.quantities import counted

Colour = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray"]

SEVERITY_COLOURS: dict[str, Colour] = {"critical": "red", "high": "orange", "medium": "yellow", "low": "gray"}
SEVERITY_HELP = {
    "critical": "An attack succeeded, and an administrator or a sensitive activity is involved.",
    "high": "An attack succeeded, or one address tried many agents.",
    "medium": "A new address, many agents, or far more than the limit; no attack succeeded.",
    "low": "More logins than the limit, from addresses that are known.",
}
STATUS_COLOURS: dict[str, Colour] = {
    OPEN: "blue",
    ACKNOWLEDGED: "gray",
    EXPECTED: "green",
    INCIDENT: "red",
    CLOSED: "gray",
    SILENCED: "gray",
    OVER: "green",
    WITHDRAWN: "gray",
}
STATUS_HELP = {
    OPEN: "Nobody has decided about it, or it has grown since.",
    ACKNOWLEDGED: "Somebody looks into it.",
    EXPECTED: "Nothing is wrong, and the baseline may learn from it.",
    INCIDENT: "Something is wrong.",
    CLOSED: "Nothing more is to be done.",
    SILENCED: "An exception expects it; it is recorded and not sent.",
    OVER: "What did not work does again; nobody has to decide about it.",
    WITHDRAWN: "Events that came later show that it is none, or it is part of another alarm.",
}
REASON_HELP = {
    "succeeded after failures": "Somebody who guesses a password fails often, and then succeeds.",
    "administrator": "The agent did something in the 90 days before that the catalogue lists as sensitive.",
    "sensitive activity": "In the two hours after, an agent did what the catalogue lists as sensitive.",
    "api key": "An API key outlives the session in which it was generated or copied.",
    "first-ever address": "No agent ever came from this address before.",
    "many agents from one address": "Somebody who tries common passwords tries them on many agents.",
    "outside its hours": "The agent has never logged in at this time of day before.",
    "far above its limit": "At least ten times as many as the most that is expected.",
}
_HOUR = timedelta(hours=1)


def reason_title(name: str) -> str:
    """The name of a reason as the title of its badge.

    >>> reason_title("api key")
    'API key'
    """
    return name.capitalize().replace("Api ", "API ")


def who(record: AlarmRecord) -> str:
    """Whom an alarm is about: its agent, the one with most of it and how many more, or how many there are."""
    if record.agent:
        return record.agent
    if record.kind not in SERIES_NAMES:
        return record.addresses[0].name if record.addresses else record.rule.capitalize()
    agents = len(record.agents) + record.more_agents
    if not agents:
        return SERIES_NAMES[record.kind]
    if agents == 1:
        return record.agents[0].name
    if record.kind != "agents" and 2 * record.agents[0].count >= record.total:
        return f"{record.agents[0].name} and {agents - 1:,} more"
    return counted(agents, "agent")


def what(record: AlarmRecord) -> str:
    """What happened, in one line: "82 failed logins, then 6 successful ones", "97 logins in 3 hours, 2 failed"."""
    if record.takeover:
        # The addresses of an alarm on the number of logins are also those of other agents.
        return with_origins(record) if record.kind == RULE else record.takeover
    if record.kind not in SERIES_NAMES:
        return record.sentence
    hours = -((record.starts_at - record.ends_at) // _HOUR)
    length = f" in {counted(hours, 'hour')}" if hours > 1 else ""
    # An overall series also counts the logins of others, where one agent's logins are what the alarm is about.
    is_of_one = record.kind in ("all", "failed") and len(record.agents) == 1 and not record.more_agents
    total = record.agents[0].count if is_of_one else record.total
    parts = [f"{total:,} {record.noun}{length}"]
    if record.failed and "failed" not in record.noun:
        parts.append(f"{record.failed:,} failed")
        if record.succeeded:
            parts.append(f"{record.succeeded:,} succeeded")
    return ", ".join(parts)


def brief(record: AlarmRecord) -> str:
    """The same for a list: "6 logins of 4 agents succeeded after failures", where `what` names agents."""
    taken = taken_over(record)
    if not taken or len(record.agents) == 1:
        return what(record)
    return (
        f"{counted(sum(taken.values()), 'login')} of {counted(len(taken), 'agent')} succeeded after failures"
    )


def peak(record: AlarmRecord, zone: ZoneInfo) -> str:
    """Its least likely hour beside what is expected in it, of whom its series is; empty where nothing is counted."""
    if record.peak is None:
        return ""
    parts = [f"{wall_clock(record.peak, zone):%H:%M}: {record.observed:,}"]
    if record.expected is not None and not record.provisional:
        parts.append(f"expected {record.expected:,.0f}" if record.expected >= 1 else "expected less than 1")
    if record.upper is not None:
        parts.append(f"limit {record.upper:,.0f}")
    of_all = " of all agents" if record.kind in ("all", "failed") else ""
    return f"Highest hour{of_all} " + ", ".join(parts)


def when(record: AlarmRecord, zone: ZoneInfo, now: datetime) -> str:
    """Its time, local: "Sat 14 Mar, 13:00–15:00", "Sat 14 Mar, 13:05"; with the year where that is another than now.

    What does not work still has no end: "since Sat 14 Mar, 13:00".
    """
    if (record.kind, record.status) == (WATCHDOG, RUNNING):
        return f"since {moment(record.starts_at, zone, now)}"
    start, end = wall_clock(record.starts_at, zone), wall_clock(record.ends_at, zone)
    first, last = (moment(at, zone, now) for at in (record.starts_at, record.ends_at))
    if record.ends_at - record.starts_at < timedelta(minutes=1):
        return first
    return f"{first}–{last if end - start >= timedelta(days=1) else f'{end:%H:%M}'}"


def chips(record: AlarmRecord) -> list[tuple[str, str, str]]:
    """The title of each reason, its help and its text; what the headline says is a title alone.

    A title is one of our own words: the names and texts of a record may be Markdown.
    """
    found = []
    for reason in record.reasons:
        if reason.name in REASON_HELP:
            text = "" if reason.text == record.takeover else reason.text
            found.append((reason_title(reason.name), REASON_HELP[reason.name], text))
        elif reason.name not in RULES:
            found.append(("", "", reason.text))
        elif not (record.takeover and reason.name == record.rule):
            found.append((RULES[reason.name].title, "", ""))
    return found


def is_running(record: AlarmRecord, now: datetime) -> bool:
    """Whether what an alarm counts still happens, as far as its hours say."""
    return record.kind != WATCHDOG and record.status == RUNNING and now < record.ends_at


def moment(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """A time of day and its date, local: "Sat 14 Mar, 13:00"."""
    local = wall_clock(at, zone)
    year = "" if local.year == wall_clock(now, zone).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"
