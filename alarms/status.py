"""The status of a watch in words: whether it is watching, why it may show nothing, and what it leaves out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alarms.login_alarm import plural_noun_of
from alarms.watch import MOST_FITTED, Watch, in_period, is_over
from analysis import LEARNING_DAYS, STATES
from audit_store.quantities import counted

_LEARNING = ("learning", "provisional")


@dataclass(frozen=True)
class Status:
    """`name`: "watching", "learning", or why there is nothing to watch: "empty", "future", "no login kind",
    "no logins", "no outcomes", "quiet". `sentence` says it to a viewer; `notices` are shown with it."""

    name: str
    sentence: str
    notices: tuple[str, ...] = ()


def watch_status(watch: Watch) -> Status:
    """The status of the whole watch."""
    name, sentence = _nothing_to_watch(watch) or _overall(watch)
    return Status(name, sentence, tuple(_notices(watch)))


def series_status(watch: Watch, kind: str, frame: pd.DataFrame) -> Status:
    """The status of one chart; `frame` is its rows in the period, as `alarms.review.Series` has them."""
    if nothing := _nothing_to_watch(watch):
        return Status(*nothing)
    if kind == "failed" and not watch.logins.with_outcome:
        return Status("no outcomes", "No login has an outcome; failed logins cannot be detected.")
    finished = frame[frame["state"] != "unfinished"]
    if len(finished) and finished["state"].iloc[-1] in _LEARNING:
        return Status("learning", _learning(int(finished["learning_day"].iloc[-1])))
    if not finished["count"].sum() > 0:
        return Status("quiet", f"No {plural_noun_of(watch, kind)} in this time range.")
    spikes = int(finished["is_spike"].sum())
    return Status("watching", f"{spikes:,} of {len(finished):,} hours stand out.")


def _learning(day: int) -> str:
    return (
        f"Learning the baseline: day {day} of {LEARNING_DAYS}. "
        "Until then only a count far above the previous maximum raises an alarm."
    )


def _nothing_to_watch(watch: Watch) -> tuple[str, str] | None:
    logins = watch.logins
    if not logins.events or logins.newest is None:
        return "empty", "The store has no events yet."
    if not len(logins.clock.hours):
        return "future", "All events are dated in the future; check the reporting system's clock."
    if not watch.activities:
        kinds = " or ".join(watch.catalogue.logins)
        return "no login kind", f"The filter excludes all logins; choose the activity {kinds}, or none."
    if not watch.is_selected.any():
        whose = " of the selected agents" if watch.where.agent or watch.where.not_agent else ""
        since = f"{logins.clock.hours[0]:%Y-%m-%d %H:%M} UTC"
        sentence = (
            f"No {' or '.join(watch.activities)}{whose} since {since}. The catalogue defines what a login is."
        )
        return "no logins", sentence
    return None


def _overall(watch: Watch) -> tuple[str, str]:
    row = watch.overall.series.get_loc("all")
    states = watch.overall.state[row]
    finished = np.flatnonzero(is_over(watch.overall.buckets, watch.now))
    agents = counted(watch.is_selected.sum(), "agent")
    if not len(finished) or STATES[states[finished[-1]]] in _LEARNING:
        days = int(watch.overall.observed_days[row, finished[-1]]) + 1 if len(finished) else 1
        return "learning", _learning(days)
    is_near = in_period(watch.overall.buckets, watch.period)
    if not np.nansum(watch.overall.counts[row, is_near]):
        return "quiet", f"No logins of {agents} in this time range."
    return "watching", f"Watching the logins of {agents}."


def _notices(watch: Watch) -> list[str]:
    logins, notices = watch.logins, []
    if logins.newest is not None and logins.newest > watch.now and len(logins.clock.hours):
        notices.append(
            f"The newest event is dated {logins.newest:%Y-%m-%d %H:%M} UTC, in the future. Later events than now are "
            "left out; check the reporting system's clock."
        )
    gaps = int(logins.is_gap[in_period(logins.clock.hours, watch.period)].sum())
    if gaps:
        notices.append(f"No events in {counted(gaps, 'hour')}; excluded from detection.")
    if watch.left_out:
        notices.append(
            f"Only the {MOST_FITTED:,} agents with the highest counts are watched one by one; {watch.left_out:,} more "
            "are watched together. Choose fewer agents or a shorter time range."
        )
    return notices
