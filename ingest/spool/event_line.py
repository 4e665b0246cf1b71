"""An event becomes a line of the spool."""

from datetime import UTC, datetime
from json.encoder import encode_basestring as _quoted

from audit_store.event import Event, fresh_id_text

_OPTIONAL = ("description", "outcome", "source_ip", "target", "source")


def event_line(event: Event) -> tuple[bytes, str]:
    """The line, a JSON object of texts without a line end, and the `event_id` of the store (a UUID).

    An event with a key of its own has it as `event_id`, in the form that the store has; any other has a new id,
    `fresh_id`. An event without a time has that of this call, `appended_at`.
    """
    fields = [("agent", event.agent), ("activity", event.activity)]
    fields += [(name, value) for name in _OPTIONAL if (value := getattr(event, name))]
    if event.metadata != "{}":
        fields.append(("metadata", event.metadata))
    if event.occurred_at is None:
        fields.append(("appended_at", datetime.now(UTC).isoformat()))
    else:
        fields.append(("occurred_at", event.occurred_at.isoformat()))
    event_id = fresh_id_text() if event.event_id is None else str(event.key)
    fields.append(("fresh_id" if event.event_id is None else "event_id", event_id))
    return ("{" + ",".join([f'"{name}":{_quoted(value)}' for name, value in fields]) + "}").encode(), event_id
