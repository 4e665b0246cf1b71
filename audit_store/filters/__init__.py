"""Filters: which events a viewer wants, as a value, as URL parameters and as words."""

from audit_store.filters.event_filter import EventFilter
from audit_store.filters.fields import (
    FIELDS,
    LISTS,
    NAMES,
    NO_OUTCOME,
    NO_SOURCE,
    OUTCOME_CHOICES,
    SINGLE,
    Field,
)
from audit_store.filters.parameters import Q_MAX
from audit_store.filters.parts import Part
from audit_store.filters.search import searched

__all__ = [
    "FIELDS",
    "LISTS",
    "NAMES",
    "NO_OUTCOME",
    "NO_SOURCE",
    "OUTCOME_CHOICES",
    "Q_MAX",
    "SINGLE",
    "EventFilter",
    "Field",
    "Part",
    "searched",
]
