"""Whose segments a fold takes: those of the users that `$AUDIT_OWNERS` names, and of its own user."""

import os
import pwd

from audit_store.errors import InvalidSetting

VARIABLE = "AUDIT_OWNERS"


def accepted_owners() -> frozenset[int] | None:
    """The numbers of the users whose segments are folded; None where everybody's are.

    Raises InvalidSetting for a user that this system does not know.
    """
    names = [name for text in os.environ.get(VARIABLE, "").split(",") if (name := text.strip())]
    return frozenset({os.geteuid(), *map(_number, names)}) if names else None


def _number(name: str) -> int:
    if name.isascii() and name.isdecimal():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        allowed = "give names or numbers of users of this system, separated by commas"
        raise InvalidSetting(VARIABLE, name, allowed) from None
