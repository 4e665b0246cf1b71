"""An EventFilter as a condition over `events`."""

from audit_store.engines.duckdb.conditions.condition import (
    Condition,
    below_condition,
    condition,
    joined,
    period_condition,
    values_condition,
)

__all__ = ["Condition", "below_condition", "condition", "joined", "period_condition", "values_condition"]
