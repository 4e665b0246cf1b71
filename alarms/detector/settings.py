"""What the judgement of an hour depends on beside the events: the time zone, and what a login is."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from audit_store import catalogue, ranges
from audit_store.catalogue import Catalogue
from audit_store.errors import InvalidFilter, InvalidSetting

VERSION = "4"
"""The version of the detector: another one judges every hour again."""
TZ = "AUDIT_TZ"


@dataclass(frozen=True)
class Settings:
    """The IANA zone `tz` whose days and hours are compared, and the catalogue, which says what logins are."""

    tz: str
    catalogue: Catalogue

    @property
    def text(self) -> str:
        """The settings as JSON: other ones judge every hour again."""
        settings = {"tz": self.tz, "logins": self.catalogue.logins, "failures": self.catalogue.failures}
        return json.dumps(settings)


def settings_of(store: Path) -> Settings:
    """The settings for a store: `AUDIT_TZ` (default: UTC), and the catalogue in use. Raises InvalidSetting."""
    name = os.environ.get(TZ) or "UTC"
    try:
        tz = ranges.zone(name).key
    except InvalidFilter as error:
        raise InvalidSetting(TZ, name, "give an IANA time zone such as Europe/Berlin") from error
    return Settings(tz, catalogue.in_use(store))
