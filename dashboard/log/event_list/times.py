"""The times of a list: as short as the list allows, with the offset in the header where all have the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from audit_store.local_time import local_text

_MONTH, _MILLISECOND = len("2026-"), len("2026-11-26T05:59:59.043")
_OFFSET = len("+01:00")


@dataclass(frozen=True, slots=True)
class Times:
    """The texts of several moments, and the offset from UTC that they share ("" where they have several)."""

    texts: list[str]
    offset: str


def short(moments: Sequence[datetime], zone: ZoneInfo) -> Times:
    """Month, day, time and milliseconds of each moment (naive UTC) in `zone`.

    The year is written where they have several, and so is the offset.

    >>> short([datetime(2026, 11, 26, 4, 59, 59, 43210)], ZoneInfo("Europe/Berlin"))
    Times(texts=['11-26 05:59:59.043'], offset='+01:00')
    """
    exact = [local_text(moment, zone) for moment in moments]
    offsets = {text[-_OFFSET:] for text in exact}
    first = 0 if len({text[:_MONTH] for text in exact}) > 1 else _MONTH
    shared = len(offsets) == 1
    texts = [
        text[first:_MILLISECOND].replace("T", " ") + ("" if shared else f" {text[-_OFFSET:]}")
        for text in exact
    ]
    return Times(texts, offsets.pop() if shared else "")
