"""The fields that a filter selects by: their parameters, their values and their words."""

from dataclasses import dataclass

from audit_store import week_hours
from audit_store.event import OUTCOMES

NO_VALUE = NO_OUTCOME = NO_SOURCE = "none"
OUTCOME_CHOICES = (*OUTCOMES, NO_OUTCOME)
SINGLE = ("range", "from", "to", "tz", "q")
"""The parameters that take one value."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that lists values, any of which an event may have.

    `name` is the URL parameter and the attribute of EventFilter, and "not_" before it lists excluded values.
    `phrase` is how a sentence names values, and `label` is what a short label puts before one. With
    `can_be_missing`, the value "none" selects the events without one. `choices` are all values that are allowed;
    none: any text.
    """

    name: str
    phrase: str = ""
    label: str = ""
    can_be_excluded: bool = True
    can_be_missing: bool = False
    choices: tuple[str, ...] = ()
    allowed: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The URL parameters of the field."""
        return (self.name, f"not_{self.name}") if self.can_be_excluded else (self.name,)


FIELDS = (
    Field(
        "outcome",
        choices=OUTCOME_CHOICES,
        allowed=f"give {', '.join(OUTCOME_CHOICES)}",
        can_be_missing=True,
        can_be_excluded=False,
    ),
    Field("activity"),
    Field("agent", " by {}", "agent"),
    Field("source", ", from {}", "source", can_be_missing=True),
    Field("hours", choices=week_hours.CHOICES, allowed=week_hours.ALLOWED, can_be_excluded=False),
)
"""Every field, in the order in which labels are shown."""
BY_NAME = {field.name: field for field in FIELDS}
NAMES = tuple(
    parameter
    for excluded in (False, True)
    for field in FIELDS
    if not field.choices
    for parameter in field.parameters
    if parameter.startswith("not_") == excluded
)
"""The parameters that list names."""
LISTS = (*NAMES, "outcome", "hours")
"""The parameters that may be repeated."""
