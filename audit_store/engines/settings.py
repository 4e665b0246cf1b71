"""Settings that are numbers, from environment variables, and the limits that they set to work on a store."""

import os
from dataclasses import dataclass

from audit_store.errors import InvalidSetting

MEMORY, THREADS, SECONDS = "AUDIT_MEMORY_MB", "AUDIT_THREADS", "AUDIT_QUERY_SECONDS"
_LEAST_MEMORY = 64
_LONGEST_NUMBER = 12


@dataclass(frozen=True, slots=True)
class Limits:
    """What the statements of one process on one store may use."""

    memory_mb: int = 512
    """Megabytes (10^6 bytes) of the database's own memory; what needs more is moved to a folder beside the store."""
    threads: int = os.cpu_count() or 1
    query_seconds: float = 60.0
    """How long a statement may take before it raises QueryTimeout."""


def number(variable: str, default: int, allowed: str, least: int = 1) -> int:
    """The whole number in an environment variable; `default` where it is not set or empty.

    Raises InvalidSetting, which says what is `allowed`, for any other text and for a number below `least`.
    """
    text = os.environ.get(variable, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and int(text) >= least):
        raise InvalidSetting(variable, text, allowed)
    return int(text)


def limits() -> Limits:
    """The limits that the environment sets. Raises InvalidSetting."""
    default = Limits()
    return Limits(
        number(MEMORY, default.memory_mb, "give megabytes, 64 or more, such as 512", _LEAST_MEMORY),
        number(THREADS, default.threads, "give a number of threads, such as 2"),
        number(SECONDS, int(default.query_seconds), "give a number of seconds, such as 60"),
    )
