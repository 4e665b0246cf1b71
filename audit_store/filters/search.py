"""Where the text of a search is looked for."""

import re

SEARCHED = ("agent", "activity", "target", "description")
"""The fields in which every text is searched for; `searched` gives all of them."""
_ADDRESS = re.compile(r"[0-9a-f.:/%]+|[^\s@]*\.[^\s@]*", re.IGNORECASE)


def searched(q: str) -> tuple[str, ...]:
    """The fields in which a text is searched for.

    The address is one of them if the text can be a part of an IP address, or has a dot like the name of a host: to
    read it takes longer than all other fields, because it has so many values.

    >>> searched("203.0.113"), searched("journey")
    (('agent', 'activity', 'target', 'description', 'source_ip'), ('agent', 'activity', 'target', 'description'))
    """
    return (*SEARCHED, "source_ip") if _ADDRESS.fullmatch(q) else SEARCHED
