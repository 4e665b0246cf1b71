"""Filters: which events a viewer wants, as a value, as URL parameters and as words."""

from audit_store.filters.addresses import has_address, is_within
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
    Selection,
    field_of,
    is_parameter,
    text_of,
)
from audit_store.filters.parameters import Q_MAX
from audit_store.filters.parts import Part
from audit_store.filters.search import searched
from audit_store.filters.values import Pattern, Value, matches, parse, to_text

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
    "Pattern",
    "Selection",
    "Value",
    "field_of",
    "has_address",
    "is_parameter",
    "is_within",
    "matches",
    "parse",
    "searched",
    "text_of",
    "to_text",
]
