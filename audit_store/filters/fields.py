"""The fields that a filter selects by: their parameters, their values and their words."""

from dataclasses import dataclass
from typing import NamedTuple

from audit_store import week_hours
from audit_store.event import OUTCOMES
from audit_store.filters import metadata
from audit_store.filters.values import Value, to_text

NO_VALUE = NO_OUTCOME = NO_SOURCE = "none"
OUTCOME_CHOICES = (*OUTCOMES, NO_OUTCOME)
SINGLE = ("range", "from", "to", "tz", "q")
"""The parameters that take one value."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field that lists values, any of which an event may have.

    `name` is the URL parameter, and "not_" before it lists excluded values; `short` is its name in a query line.
    `phrase` is how a sentence names values, and `label` is what a short label puts before one. With
    `can_be_missing`, the value "none" selects the events without one. `choices` are all values that are allowed;
    none: any name or pattern. `path` are the keys of a value in the metadata; other fields are columns of `events`.
    """

    name: str
    phrase: str = ""
    label: str = ""
    short: str = ""
    can_be_excluded: bool = True
    can_be_missing: bool = False
    choices: tuple[str, ...] = ()
    allowed: str = ""
    path: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """The URL parameters of the field."""
        return (self.name, f"not_{self.name}") if self.can_be_excluded else (self.name,)


class Selection(NamedTuple):
    """The values of a field that a filter selects or, with `is_excluded`, leaves out."""

    field: Field
    is_excluded: bool
    values: tuple[Value, ...]

    @property
    def parameter(self) -> str:
        """The URL parameter."""
        return self.field.parameters[self.is_excluded]


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
    Field("source_ip", ", address {}", "address", short="ip"),
    Field("target", ", target {}", "target"),
    Field("hours", choices=week_hours.CHOICES, allowed=week_hours.ALLOWED, can_be_excluded=False),
)
"""Every field with a fixed name, in the order in which labels are shown."""
NAMES = tuple(field.name for field in FIELDS if not field.choices)
LISTS = (*NAMES, *(f"not_{name}" for name in NAMES), "outcome", "hours")
"""The parameters that may be repeated; those of metadata are others."""
_BY_PARAMETER = {parameter: field for field in FIELDS for parameter in field.parameters}


def field_of(parameter: str) -> Field | None:
    """The field of a parameter that may be repeated; None for any other name.

    >>> field_of("not_meta.user.role").path
    ('user', 'role')
    """
    if parameter in _BY_PARAMETER:
        return _BY_PARAMETER[parameter]
    path = metadata.path_of(parameter.removeprefix("not_"))
    return None if path is None else _of_metadata(path)


def text_of(parameter: str, value: Value) -> str:
    """A value of a parameter as a URL has it: an asterisk that belongs to a name is escaped."""
    field = field_of(parameter)
    return str(value) if field is None or field.choices else to_text(value)


def is_parameter(name: str) -> bool:
    """Whether a URL parameter is one of a filter."""
    return name in SINGLE or field_of(name) is not None


def _of_metadata(path: tuple[str, ...]) -> Field:
    name = metadata.name_of(path)
    keys = name.removeprefix(metadata.PREFIX)
    # Braces of a key are no places for values.
    return Field(name, f", {keys.replace('{', '{{').replace('}', '}}')} {{}}", keys, path=path)
