"""The facts that set the severity of an alarm."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alarms.counts import HOUR, Logins
from alarms.detector.evidence import Evidence
from alarms.login_alarm import LoginAlarm
from alarms.records.record import Reason, Share
from alarms.takeovers import reason_of, spraying
from analysis import SMALLEST_SPIKE, local_times
from audit_store.quantities import counted

ADMINISTRATOR, SENSITIVE = "administrator", "sensitive activity"
KEY, NEW_ADDRESS, MANY_AGENTS = "api key", "first-ever address", "many agents from one address"
UNUSUAL_HOURS, FAR_ABOVE = "outside its hours", "far above its limit"
LEAST_LOGINS = 50
"""Logins of an agent before its hours are known."""
_KEYS = ("API key generated", "API key copied")


@dataclass(frozen=True)
class Facts:
    """The severity of an alarm and its reasons."""

    severity: str
    reasons: tuple[Reason, ...]


def facts_of(
    alarm: LoginAlarm, history: Logins, evidence: Evidence, addresses: Sequence[Share], tz: str
) -> Facts:
    """The facts of an alarm. `addresses` are all of its addresses, and `tz` says which hours are an agent's."""
    candidates = [
        reason_of(evidence.attempts),
        _many_agents(evidence),
        *_followed(evidence),
        _administrator(evidence),
        _new_addresses(addresses, alarm),
        _unusual_hours(alarm, history, tz),
        _far_above(alarm, evidence),
    ]
    reasons = tuple(reason for reason in candidates if reason is not None)
    return Facts(_severity({reason.name for reason in reasons}, evidence), reasons)


def _severity(names: set[str], evidence: Evidence) -> str:
    if evidence.is_taken_over:
        return "critical" if names & {SENSITIVE, KEY, ADMINISTRATOR} else "high"
    return "medium" if names & {MANY_AGENTS, NEW_ADDRESS, FAR_ABOVE} else "low"


def _followed(evidence: Evidence) -> list[Reason]:
    """What is sensitive and followed; unless an attack succeeded, it is the agent's own work."""
    names = dict.fromkeys(event.activity for event in evidence.followed_by if event.is_sensitive)
    if not names or not evidence.is_taken_over:
        return []
    first, *others = names
    more = f" and {counted(len(others), 'more activity', 'more activities')}" if others else ""
    return [Reason(KEY if first in _KEYS else SENSITIVE, f"{first}{more} followed")]


def _administrator(evidence: Evidence) -> Reason | None:
    if not evidence.administrators:
        return None
    first, *others = sorted(evidence.administrators)
    more = f" and {counted(len(others), 'more agent')}" if others else ""
    return Reason(
        ADMINISTRATOR, f"{first}{more}: administrator" if not more else f"{first}{more}: administrators"
    )


def _new_addresses(addresses: Sequence[Share], alarm: LoginAlarm) -> Reason | None:
    new = [share for share in addresses if share.is_new]
    logins = sum(share.count for share in new)
    if logins < SMALLEST_SPIKE:
        return None
    if len(new) == 1:
        return Reason(NEW_ADDRESS, f"{new[0].name} was never seen before")
    return Reason(NEW_ADDRESS, f"{counted(len(new), 'address', 'addresses')} never seen before")


def _many_agents(evidence: Evidence) -> Reason | None:
    rows = spraying(evidence.attempts).sort_values("agents", ascending=False)
    if rows.empty:
        return None
    return Reason(MANY_AGENTS, f"{rows['agents'].iloc[0]:,} agents failed from {rows.index[0]}")


def _far_above(alarm: LoginAlarm, evidence: Evidence) -> Reason | None:
    """Ten times the limit; a service that runs away at its known address is no reason for concern."""
    inside = evidence.inside
    is_failing = 2 * inside["failed"].sum() >= inside["attempts"].sum()
    has_addresses = inside["source_ip"].notna().any()
    if alarm.spike.observed < 10 * max(alarm.spike.upper, 1.0) or (has_addresses and not is_failing):
        return None
    return Reason(FAR_ABOVE, f"{alarm.spike.observed / max(alarm.spike.upper, 1.0):,.0f} times its limit")


def _unusual_hours(alarm: LoginAlarm, history: Logins, tz: str) -> Reason | None:
    """The agent has never logged in within an hour of this hour of the day."""
    if not alarm.key.agent:
        return None
    rows = history.rows_of(alarm.key.agent)
    hours = history.clock.hours[history.hour[rows]]
    before = np.asarray(hours < pd.Timestamp(alarm.key.start))
    if history.attempts[rows][before].sum() < LEAST_LOGINS:
        return None
    peak = local_times(pd.DatetimeIndex([alarm.spike.peak]), tz).hour[0]
    distance = np.abs(np.asarray(local_times(hours[before], tz).hour) - peak)
    if (np.minimum(distance, 24 - distance) <= 1).any():
        return None
    length = (alarm.end - alarm.key.start) // HOUR
    return Reason(
        UNUSUAL_HOURS, f"{alarm.key.agent} never logged in at {'these hours' if length > 1 else 'this hour'}"
    )
