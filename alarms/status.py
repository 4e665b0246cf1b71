"""How a watch stands, in words: why there may be nothing to see, and what was left out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alarms.watch import MOST_FITTED, Watch, in_period, is_over, watched_activities
from analysis import STATES

LEARNING_DAYS = 7
"""Days of history before a series is watched (analysis.rules)."""


@dataclass(frozen=True)
class State:
    """`name`: "watching", "learning", or why there is nothing to watch: "empty", "future", "no login kind",
    "no logins", "no outcomes", "quiet". `sentence` says it to a person; `notices` are said beside it."""

    name: str
    sentence: str
    notices: tuple[str, ...] = ()


def state_of(watch: Watch) -> State:
    """How the whole watch stands."""
    name, sentence = _nothing_to_watch(watch) or _overall(watch)
    return State(name, sentence, tuple(_notices(watch)))


def series_state(watch: Watch, kind: str, frame: pd.DataFrame) -> State:
    """How one chart stands; `frame` is its rows in the period."""
    if nothing := _nothing_to_watch(watch):
        return State(*nothing)
    if kind == "failed" and not watch.logins.decided:
        return State(
            "no outcomes", "No login says whether it succeeded, so attempts are counted, and none can fail."
        )
    over = frame[frame["state"] != "unfinished"]
    if len(over) and over["state"].iloc[-1] in ("learning", "provisional"):
        return State("learning", _learning(int(over["learning_day"].iloc[-1])))
    if not over["count"].sum() > 0:
        return State("quiet", "Nothing was counted in this period.")
    return State("watching", f"{int(over['is_spike'].sum()):,} of {len(over):,} hours stand out.")


def _learning(day: int) -> str:
    return (
        f"Learning what is usual: day {day} of {LEARNING_DAYS}. Until then only a jump over everything before "
        "raises an alarm."
    )


def _nothing_to_watch(watch: Watch) -> tuple[str, str] | None:
    logins = watch.logins
    kinds = watched_activities(watch)
    if not logins.events or logins.newest is None:
        return "empty", "The store holds no event yet; the watch begins with the first."
    if not len(logins.clock.hours):
        return "future", "Every event is dated in the future: check the clock of what reports them."
    if not kinds:
        every = ", ".join(watch.known.logins)
        return "no login kind", f"The filter leaves no kind of login: choose one of {every}, or no activity."
    if not watch.chosen.any():
        since = logins.clock.hours[0]
        whose = " of the chosen agents" if watch.where.agent or watch.where.not_agent else ""
        text = f"No {' or '.join(kinds)}{whose} since {since:%Y-%m-%d %H:%M} UTC."
        return "no logins", f"{text} The catalogue names what counts as a login."
    return None


def _overall(watch: Watch) -> tuple[str, str]:
    row = watch.overall.series.get_loc("all")
    states = watch.overall.state[row]
    over = np.flatnonzero(is_over(watch.overall.buckets, watch.now))
    agents = int(watch.chosen.sum())
    who = "1 agent" if agents == 1 else f"{agents:,} agents"
    if not len(over) or STATES[states[over[-1]]] in ("learning", "provisional"):
        days = int(watch.overall.observed_days[row, over[-1]]) + 1 if len(over) else 1
        return "learning", _learning(days)
    near = in_period(watch.overall.buckets, watch.shown)
    if not np.nansum(watch.overall.counts[row, near]):
        return "quiet", f"No login of {who} in this period."
    return "watching", f"Watching the logins of {who}."


def _notices(watch: Watch) -> list[str]:
    logins, found = watch.logins, []
    if logins.newest is not None and logins.newest > watch.now and len(logins.clock.hours):
        found.append(
            f"The newest event is dated {logins.newest:%Y-%m-%d %H:%M} UTC, in the future: what is later than now "
            "is left out; check the clock of what reports it."
        )
    gaps = int(logins.gap[in_period(logins.clock.hours, watch.shown)].sum())
    if gaps:
        hours = "1 hour" if gaps == 1 else f"{gaps:,} hours"
        found.append(f"Nothing at all was collected in {hours} of this period; they are not judged.")
    if watch.left_out:
        found.append(
            f"{MOST_FITTED:,} agents are watched one by one, those with the highest hours; {watch.left_out:,} more "
            "are watched only together. Choose fewer agents or a shorter period."
        )
    return found
