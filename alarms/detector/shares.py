"""How many logins make up an alarm: in all, and those of each of its agents and addresses."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from alarms.counts import HOUR, Logins
from alarms.detector.evidence import BASELINE_DAYS, Evidence
from alarms.detector.models import Judged
from alarms.login_alarm import LoginAlarm
from alarms.records.record import Share
from alarms.takeovers import successes_by


@dataclass(frozen=True)
class Figures:
    """What an alarm counts, as its noun says, and how many of these failed."""

    total: int
    failed: int


def figures_of(judged: Judged, alarm: LoginAlarm) -> Figures:
    """The figures of an alarm of a single agent and those that joined it, or of all agents."""
    logins = judged.watch.logins
    first, end = logins.clock.hours.searchsorted([alarm.start, alarm.end])
    is_row = (logins.hour >= first) & (logins.hour < end)
    if alarm.key.agent:
        is_row &= np.isin(logins.agent, np.flatnonzero(np.isin(logins.agents, sorted(alarm.agents))))
    failed = int(logins.failed[is_row].sum())
    if alarm.key.kind == "agents":
        return Figures(len(np.unique(logins.agent[is_row])), failed)
    return Figures(failed if alarm.counts_failed else int(logins.attempts[is_row].sum()), failed)


def shares_of_agents(judged: Judged, alarm: LoginAlarm, evidence: Evidence) -> list[Share]:
    """The shares of the agents, the largest excess first."""
    return _shares(judged, alarm, evidence, "agent", _logins_before(judged.history, alarm))


def shares_of_addresses(judged: Judged, alarm: LoginAlarm, evidence: Evidence) -> list[Share]:
    """The shares of the addresses, the largest excess first."""
    figure = "failed_before" if alarm.counts_failed else "before"
    before = evidence.before.groupby("source_ip")[figure].sum().to_dict()
    counts = {str(name): int(count) for name, count in before.items()}
    return _shares(judged, alarm, evidence, "source_ip", counts)


def _shares(
    judged: Judged, alarm: LoginAlarm, evidence: Evidence, column: str, before: dict[str, int]
) -> list[Share]:
    rows = evidence.attempts.dropna(subset=column).groupby(column)[["attempts", "failed"]].sum()
    succeeded = successes_by(evidence.attempts, column)
    windows = _windows_before(judged.history, alarm)
    shares = [
        Share(
            name=str(name),
            count=int(failed if alarm.counts_failed else attempts),
            failed=int(failed),
            usual=round(before.get(str(name), 0) / windows, 2) if windows else None,
            first_seen=(first := evidence.first_seen.get(str(name))),
            is_new=first is not None and first >= alarm.start,
            succeeded=succeeded.get(str(name), 0),
        )
        for name, attempts, failed in rows.itertuples()
    ]
    shares = [share for share in shares if share.count or share.succeeded]
    return sorted(shares, key=lambda share: ((share.usual or 0.0) - share.count, share.name))


def _windows_before(history: Logins, alarm: LoginAlarm) -> float:
    """How many times the hours of an alarm occur in the days before it, at most BASELINE_DAYS."""
    days = min(BASELINE_DAYS, (alarm.start - history.clock.hours[0].to_pydatetime()) // timedelta(days=1))
    # A window of several days meets the same hours of a past day less often than once a day.
    return days / max((alarm.end - alarm.start) / timedelta(days=1), 1.0)


def _logins_before(history: Logins, alarm: LoginAlarm) -> dict[str, int]:
    """The logins, or failed ones, of each agent at the same hours of the days before."""
    since = np.asarray((pd.Timestamp(alarm.start) - history.clock.hours) / pd.Timedelta(HOUR))
    length = (alarm.end - alarm.start) / HOUR
    is_same = (since > 0) & (since <= BASELINE_DAYS * 24) & ((-since) % 24 < length)
    rows = is_same[history.hour]
    counts = history.failed if alarm.counts_failed else history.attempts
    sums = np.bincount(history.agent[rows], counts[rows], minlength=len(history.agents))
    return {str(agent): int(count) for agent, count in zip(history.agents, sums, strict=True)}
