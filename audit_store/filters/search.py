"""Where the text of a search is looked for."""

import re

_ALWAYS = ("agent", "activity", "source", "target", "description")
_ADDRESS = re.compile(r"[0-9a-f.:/%]+|[^\s@]*\.[^\s@]*", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f-]{1,36}", re.IGNORECASE)


def searched(q: str) -> tuple[str, ...]:
    """The fields in which a text is searched for, those that take least first.

    The address is one of them if the text can be a part of an IP address, or has a dot like the name of a host, and the
    event id if the text can be a part of a UUID: they have so many values that to read them takes long.

    >>> searched("203.0.113")
    ('agent', 'activity', 'source', 'target', 'description', 'source_ip', 'metadata')
    >>> searched("journey")
    ('agent', 'activity', 'source', 'target', 'description', 'metadata')
    """
    address = ("source_ip",) if _ADDRESS.fullmatch(q) else ()
    event_id = ("event_id",) if _UUID.fullmatch(q) else ()
    return (*_ALWAYS, *address, *event_id, "metadata")
