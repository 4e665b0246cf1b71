"""The fields of an event that contain the search text."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from audit_store.filters import searched

LABELS = {
    "description": "Description",
    "agent": "Agent",
    "activity": "Activity",
    "target": "Target",
    "source_ip": "Address",
    "source": "Source",
    "event_id": "Event id",
    "metadata": "Metadata",
}


def matched_in(event: Mapping[str, Any], q: str) -> list[str]:
    """The labels of the searched columns of an event that contain `q`, ignoring case.

    >>> matched_in({"agent": "Ada", "description": "an adage", "target": None}, "ADA")
    ['Agent', 'Description']
    >>> matched_in({"source": "gateway", "metadata": '{"via": "gateway"}'}, "gate")
    ['Source', 'Metadata']
    """
    needle = _lower(q)
    texts = ((name, event.get(name)) for name in searched(q))
    return [
        LABELS[name]
        for name, text in texts
        if needle and isinstance(text, str | UUID) and needle in _lower(str(text))
    ]


def _lower(text: str) -> str:
    """Each character alone in lower case, as the store compares them."""
    return "".join(character.lower()[0] for character in text)
