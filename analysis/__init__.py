"""What counts mean: what is expected and what stands out. Pure functions; numpy and pandas only."""

from analysis.alarms import MAX_GAP, Alarm, find_alarms
from analysis.budget import DAYS_A_MONTH, Budget
from analysis.counts import daily_counts, local_times
from analysis.explanation import Explanation, explain
from analysis.findings import (
    ENOUGH_EVENTS,
    KNOWN_FOR,
    Finding,
    gone_silent,
    new_activities,
    new_addresses,
    sustained_rises,
    unusual_hours,
)
from analysis.model import STATES, Model, fit
from analysis.rules import LEARNING_DAYS, SMALLEST_SPIKE
from analysis.spikes import band, detect
from analysis.unfed import fit_unfed

__all__ = [
    "DAYS_A_MONTH",
    "ENOUGH_EVENTS",
    "KNOWN_FOR",
    "LEARNING_DAYS",
    "MAX_GAP",
    "SMALLEST_SPIKE",
    "STATES",
    "Alarm",
    "Budget",
    "Explanation",
    "Finding",
    "Model",
    "band",
    "daily_counts",
    "detect",
    "explain",
    "find_alarms",
    "fit",
    "fit_unfed",
    "gone_silent",
    "local_times",
    "new_activities",
    "new_addresses",
    "sustained_rises",
    "unusual_hours",
]
