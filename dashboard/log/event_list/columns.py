"""The columns of the list of events: their labels and widths, and those that the URL selects."""

from collections.abc import Sequence

from audit_store.engines.protocol import LISTED
from audit_store.filters.metadata import PREFIX, path_of

READ = (*LISTED, "recorded_at", "target", "source")
"""The columns of `events` that the list needs, apart from its metadata."""

LABELS = {
    "time": "Time",
    "agent": "Agent",
    "activity": "Activity",
    "outcome": "Outcome",
    "description": "Description",
    "address": "Address",
    "target": "Target",
    "source": "Source",
    "event_id": "Event id",
    "recorded_at": "Recorded at",
}
DEFAULT = ("time", "agent", "activity", "outcome", "description", "address")
BRIEF = ("time", "agent", "activity")
"""The columns beside an open event; the others are in its details."""
METADATA = PREFIX
"""What the name of a column of metadata begins with."""
MOST = 20
"""The most columns that a list shows."""
_WIDTHS = {
    "time": 152,
    "alarm": 28,
    "agent": 218,
    "activity": 216,
    "outcome": 78,
    "description": 0,
    "address": 110,
    "target": 170,
    "source": 110,
    "event_id": 290,
    "recorded_at": 152,
}
"""In pixels; 0 is what the others leave."""
_OF_METADATA = 150


def parse(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """The columns that a URL selects, and the values that name none.

    The columns are in the order of LABELS and those of metadata last, DEFAULT if there is none.

    >>> parse(["agent", "time", "colour"])
    (['time', 'agent'], ['colour'])
    """
    metadata = [name for name in dict.fromkeys(names) if path_of(name) not in (None, ("",))]
    selected = [*(name for name in LABELS if name in names), *metadata][:MOST]
    known = {*LABELS, *metadata}
    return selected or list(DEFAULT), [name for name in names if name not in known]


def brief(names: Sequence[str]) -> list[str]:
    """The columns beside an open event: those of BRIEF and of metadata, the first one if there is none."""
    return [name for name in names if name in BRIEF or name.startswith(METADATA)] or list(names[:1])


def label(name: str) -> str:
    """The label of a column; that of metadata is its path, as it is in the URL."""
    return LABELS.get(name, name.removeprefix(METADATA))


def width(name: str) -> int:
    """The width of a column in pixels; 0 is what the others leave."""
    return _WIDTHS.get(name, _OF_METADATA)


def read(names: Sequence[str], *, metadata: bool = False) -> tuple[str, ...]:
    """The columns of `events` that the list reads to show these, with `metadata` that one in any case."""
    return (*READ, "metadata") if metadata or any(path_of(name) for name in names) else READ
