"""Names of values in the metadata: the keys on the way to a value, with dots between them.

A dot that belongs to a key has a backslash before it, and so has a backslash. A number is the position in a list,
from 0.
"""

import re
from collections.abc import Sequence

PREFIX = "meta."
_KEY = re.compile(r"(?:\\.|[^\\.])*", re.DOTALL)


def name_of(keys: Sequence[str]) -> str:
    """The name of the value to which these keys lead.

    >>> name_of(["user", "first.name"])
    'meta.user.first\\\\.name'
    """
    return PREFIX + ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in keys)


def path_of(name: str) -> tuple[str, ...] | None:
    """The keys of a name; None for a text that is no name of a value in the metadata.

    >>> path_of("meta.user.role"), path_of("agent")
    (('user', 'role'), None)
    """
    if not name.startswith(PREFIX) or not re.fullmatch(
        rf"{_KEY.pattern}(?:\.{_KEY.pattern})*", name, re.DOTALL
    ):
        return None
    keys, position = [], len(PREFIX)
    while position <= len(name):
        key = _KEY.match(name, position)
        keys.append(re.sub(r"\\(.)", r"\1", key[0], flags=re.DOTALL) if key else "")
        position = (key.end() if key else len(name)) + 1
    return tuple(keys)
