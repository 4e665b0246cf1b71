"""Large stores for benchmarks of reads, filled in SQL."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alarms.detector.detector import steps
from alarms.detector.settings import settings_of
from audit_store import catalogue
from audit_store.engines.duckdb.store import Store
from audit_store.engines.registry import open_store

SIZES = (1_000_000, 10_000_000, *([100_000_000] if os.environ.get("BENCH_LARGE") else []))
_FILL = """
INSERT INTO events
SELECT seq, uuidv7(), $end::TIMESTAMP - to_seconds(($n - seq) * $seconds / $n), $end::TIMESTAMP,
       'agent-' || lpad(((hash(seq) % $agents) * (hash(seq + 7) % $agents) // $agents)::VARCHAR, 6, '0')
       || '@bik.example',
       $activities[1 + (hash(seq * 3) % len($activities))::INTEGER],
       'Something was changed in journey ' || (hash(seq * 5) % 5000)::VARCHAR,
       CASE WHEN hash(seq * 11) % 20 = 0 THEN 'failure' ELSE 'success' END,
       '203.0.' || (hash(seq * 13) % 113)::VARCHAR || '.' || (hash(seq * 17) % 250)::VARCHAR,
       NULL, 'web', '{}'
FROM range($n) numbers(seq)
"""


def fill(path: Path, events: int, *, agents: int = 200, days: int = 365) -> Path:
    """A store of `events` events, evenly spread over the last `days`; a file that exists is used as it is."""
    if not path.exists():
        parameters = {
            "n": events,
            "agents": agents,
            "seconds": int(timedelta(days=days).total_seconds()),
            "end": datetime.now(UTC).replace(tzinfo=None),
            "activities": sorted(catalogue.load().category_by_activity),
        }
        with Store(path).write() as connection:
            connection.execute(_FILL, parameters)
            connection.execute("CHECKPOINT")
    return path


def judged(path: Path) -> Path:
    """The store, with roll-ups and with every alarm on record."""
    engine, settings = open_store(path), settings_of(path)
    while engine.roll_up(settings.catalogue.logins):
        pass
    for _ in steps(engine, settings):
        pass
    return path


def stores() -> list[Path]:
    """The stores that AUDIT_BENCH_STORES names, else one for each of SIZES."""
    if named := os.environ.get("AUDIT_BENCH_STORES"):
        return [Path(path) for path in named.split(":")]
    folder = Path(os.environ.get("AUDIT_BENCH_FOLDER", ".bench")).absolute()
    folder.mkdir(exist_ok=True)
    return [fill(folder / f"{events}-1000.duckdb", events, agents=1000) for events in SIZES]
