"""What a filter selects, in plain Python."""

import json
import re
from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import Any

from audit_store.event import Event
from audit_store.filters import EventFilter, Pattern, Selection, Value


def wanted(where: EventFilter, event: Event) -> bool:
    """Whether a filter selects an event with a time, and a key where it may search one; hours are left to others."""
    happened = (event.occurred_at or datetime.now(UTC)).replace(tzinfo=None)
    start, end = where.period.start or datetime.min, where.period.end or datetime.max  # noqa: DTZ901
    searched = (
        *(event.description, event.agent, event.activity, event.target or "", event.source, event.metadata),
        *([event.source_ip or ""] if re.fullmatch("[0-9a-fA-F.:/%]+", where.q) else []),
        *([str(event.key or "")] if re.fullmatch("[0-9a-fA-F-]+", where.q) else []),
    )
    return (
        start <= happened < end
        and all(has_one(selection, event) != selection.is_excluded for selection in where.selections())
        and any(where.q.lower() in text.lower() for text in searched)
    )


def has_one(selection: Selection, event: Event) -> bool:
    """Whether an event has one of the values of a selection."""
    field = selection.field
    value = _in_metadata(json.loads(event.metadata), field.path) if field.path else getattr(event, field.name)
    text = value or None
    if text is None:
        return field.name in ("outcome", "source") and "none" in selection.values
    return any(_is(value, text, is_address=field.name == "source_ip") for value in selection.values)


def _is(value: Value, text: str, *, is_address: bool) -> bool:
    if isinstance(value, Pattern):
        before, after = (".*" if more else "" for more in (value.before, value.after))
        return re.fullmatch(f"{before}{re.escape(value.text)}{after}", text, re.DOTALL) is not None
    return value == text or (is_address and _in_network(value, text))


def _in_network(network: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return False


def _in_metadata(value: Any, path: tuple[str, ...]) -> str | None:
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
