"""What counts mean: what is usual and what stands out. Pure functions; numpy and pandas only."""

from analysis.alarms import Alarm, alarms, explain
from analysis.budget import Budget
from analysis.counts import fold_days, spread
from analysis.model import STATES, Model, fit
from analysis.notes import Note, gone_silent, new_activities, new_addresses, sustained_rises, unusual_hours
from analysis.spikes import band, detect, detect_fleet, latest

__all__ = [
    "STATES",
    "Alarm",
    "Budget",
    "Model",
    "Note",
    "alarms",
    "band",
    "detect",
    "detect_fleet",
    "explain",
    "fit",
    "fold_days",
    "gone_silent",
    "latest",
    "new_activities",
    "new_addresses",
    "spread",
    "sustained_rises",
    "unusual_hours",
]
