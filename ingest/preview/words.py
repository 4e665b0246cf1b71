"""A preview as text and as JSON."""

import json
import shlex
from typing import Any

from audit_store.local_time import utc_text
from audit_store.quantities import counted
from ingest.preview.sample import Preview

_FIELDS = ("occurred_at", "agent", "activity", "outcome", "source_ip", "target", "description", "source")
_MOST_CHARACTERS = 300


def words(preview: Preview) -> str:
    """Some lines for a person."""
    lines = [f"{preview.file}: {_format_name(preview)}", f"  {preview.why}"]
    if preview.format is None:
        return "\n".join([*lines, "  nothing is known about its records: name a format, see docs/formats.md"])
    lines += [f"  {line}" for line in _times(preview)]
    of_all = f"{preview.fitting:,} of the first {counted(preview.read, 'record')}"
    suggested = " as suggested below" if preview.mapping else ""
    lines.append(f"  {of_all} can be stored{suggested}{_skipped(preview)}")
    if preview.problem:
        lines.append(f"  the first that cannot: {preview.problem}")
    if preview.mapping:
        lines.append(f"  suggestion: {suggestion(preview)}")
    for number, event in enumerate(preview.events, start=1):
        lines.append(f"  event {number}")
        lines += [f"    {name:12} {_shown(event[name])}" for name in _FIELDS if event[name] not in (None, "")]
        lines.append(f"    {'metadata':12} {_shown(event['metadata'])}")
    return "\n".join(lines)


def suggestion(preview: Preview) -> str:
    """The command line of an import with the suggested mapping."""
    name = preview.format.name if preview.format else "json"
    maps = [f"--map {shlex.quote(f'{field}={source}')}" for field, source in preview.mapping.items()]
    zone = [f"--timezone {preview.timezone}"] if preview.timezone else []
    return " ".join(["python -m ingest import", shlex.quote(preview.file), f"--format {name}", *zone, *maps])


def as_dict(preview: Preview) -> dict[str, Any]:
    """The same for a program; times are RFC 3339 in UTC."""
    times = preview.times
    return {
        "file": preview.file,
        "format": preview.format.name if preview.format else None,
        "why": preview.why,
        "map": dict(preview.mapping),
        "timezone": preview.timezone,
        "read": preview.read,
        "fitting": preview.fitting,
        "skipped": preview.skipped,
        "problem": preview.problem or None,
        "first": utc_text(preview.first) if preview.first else None,
        "last": utc_text(preview.last) if preview.last else None,
        "notations": list(times.notations) if times else [],
        "zone": times.zone if times else None,
        "guesses_year": preview.guesses_year,
        "events": [
            event | {"occurred_at": utc_text(event["occurred_at"]), "metadata": json.loads(event["metadata"])}
            for event in preview.events
        ],
    }


def _format_name(preview: Preview) -> str:
    return f"{preview.format.title} ({preview.format.name})" if preview.format else "no known format"


def _times(preview: Preview) -> list[str]:
    lines = []
    if preview.first and preview.last:
        lines.append(f"times from {utc_text(preview.first, 'auto')} to {utc_text(preview.last, 'auto')}")
    if preview.times and preview.times.notations:
        zone = f"; those without an offset are read as {preview.times.zone}" if preview.times.zone else ""
        lines.append(f"written as {', '.join(preview.times.notations)}{zone}")
    if preview.guesses_year and preview.last:
        lines.append(
            f"they have no year: {preview.last.year} is the latest that is not in the future; --year names another"
        )
    return lines


def _condition(preview: Preview) -> str:
    return " with the suggestion" if preview.mapping else ""


def _skipped(preview: Preview) -> str:
    return f"; {counted(preview.skipped, 'record')} skipped, which are no events" if preview.skipped else ""


def _shown(value: Any) -> str:
    text = utc_text(value, "auto") if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
