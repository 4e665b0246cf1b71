"""What the times of a sample are like, for a person who decides whether they are read as they are meant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from audit_store.errors import InvalidEvent
from ingest.importing.fields.times import Reading, TimeRules, read


@dataclass(frozen=True, slots=True)
class TimeSample:
    """What some times are like: their notations, the zone of those without an offset, the range, and problems."""

    notations: tuple[str, ...]
    zone: str | None
    first: datetime | None
    last: datetime | None
    problems: tuple[str, ...]


def sample(values: Iterable[object], rules: TimeRules) -> TimeSample:
    """What the times of a sample are like; `problems` are the different reasons why some cannot be read."""
    readings: list[Reading] = []
    problems: dict[str, None] = {}
    for value in values:
        try:
            readings.append(read(value, rules))
        except InvalidEvent as error:
            problems[error.reason] = None
    moments = [reading.moment for reading in readings]
    local = any(not reading.with_offset for reading in readings)
    return TimeSample(
        tuple(dict.fromkeys(reading.notation for reading in readings)),
        str(rules.zone) if local and rules.zone else None,
        min(moments, default=None),
        max(moments, default=None),
        tuple(problems),
    )
