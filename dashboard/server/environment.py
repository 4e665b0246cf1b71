"""Settings of the server: one that cannot be used ends the process with a message, before the first page is sent."""

import sys
from collections.abc import Callable
from typing import TypeVar

from audit_store.engines import settings
from audit_store.errors import InvalidSetting

T = TypeVar("T")


def checked(setting: Callable[[], T]) -> T:
    """The value of a setting; ends the process with a message where it cannot be used."""
    try:
        return setting()
    except InvalidSetting as error:
        sys.exit(str(error))


def check_limits() -> None:
    """End the process with a message where a limit of the store cannot be used."""
    checked(settings.limits)
