"""The fields of an event that contain the search text."""

from collections.abc import Mapping
from typing import Any

from audit_store.filters import searched

LABELS = {
    "description": "Description",
    "agent": "Agent",
    "activity": "Activity",
    "target": "Target",
    "source_ip": "Address",
}


def matched_in(event: Mapping[str, Any], q: str) -> list[str]:
    """The labels of the searched columns of an event that contain `q`, ignoring case.

    >>> matched_in({"agent": "Ada", "description": "an adage", "target": None}, "ADA")
    ['Agent', 'Description']
    """
    needle = _lower(q)
    texts = ((name, event.get(name)) for name in searched(q))
    return [
        LABELS[name] for name, text in texts if needle and isinstance(text, str) and needle in _lower(text)
    ]


def _lower(text: str) -> str:
    """Each character alone in lower case, as the store compares them."""
    return "".join(character.lower()[0] for character in text)
