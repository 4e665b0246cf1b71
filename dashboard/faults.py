"""What the watchdog found that does not work yet: its running alarms, in their own words."""

from collections.abc import Sequence
from functools import lru_cache

from alarms.records import reading
from alarms.records.record import WATCHDOG, AlarmRecord
from alarms.watchdog.checks import SOURCE
from alarms.watchdog.recording import subject_of
from audit_store.engines.registry import open_store
from dashboard import data


def running() -> Sequence[AlarmRecord]:
    """The watchdog's alarms that last. Raises as `data.surroundings`."""
    engine = data.store()
    return _read(str(engine.path), engine.version())


def silent_sources() -> dict[str, AlarmRecord]:
    """The alarm of each source that fell silent ("": events without a source), the longest silent first.

    Raises as `running`.
    """
    silent = sorted(
        (record for record in running() if record.rule == SOURCE), key=lambda record: record.starts_at
    )
    return {subject_of(record): record for record in silent}


@lru_cache(maxsize=16)
def _read(path: str, _version: tuple[int, ...]) -> Sequence[AlarmRecord]:
    return tuple(reading.running(open_store(path), WATCHDOG))
