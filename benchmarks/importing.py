"""One million JSON Lines through `python -m ingest import`: events a second and peak memory.

The whole command is timed; "without start-up" subtracts the time of an import of one line. Other work on the machine
only adds time, so the best of some runs is printed, and the median beside it.
"""

import json
import os
import random
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.folder import temporary_folder

EVENTS = 1_000_000
RUNS = 5


def main() -> None:
    """Print the rates of events with keys, without keys and with nested metadata, and the peak memory."""
    with temporary_folder() as folder:
        start_up = min(_import_one_line(folder, number) for number in range(3))
        for kind in ("keyed", "keyless", "nested"):
            lines = folder / f"{kind}.jsonl"
            write_events(lines, kind, EVENTS)
            stores = [folder / f"{kind}-{number}.duckdb" for number in range(RUNS)]
            for attempt in ("first", "again"):
                results = sorted(_import(lines, store) for store in stores)
                (best, counts), (median, _) = results[0], results[RUNS // 2]
                print(
                    f"{kind:8} {attempt}: {EVENTS / best:9,.0f} events/s (median {EVENTS / median:9,.0f}), "
                    f"without start-up {EVENTS / (best - start_up):9,.0f}   {counts}"
                )
            for path in (lines, *stores):
                path.unlink()
    print("goal 300,000 events/s for a first import")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (
        1 << 10 if sys.platform == "linux" else 1 << 20
    )
    print(f"peak memory {peak:,.0f} MB (goal 1,024)")


def _import_one_line(folder: Path, number: int) -> float:
    lines = folder / f"one-{number}.jsonl"
    lines.write_text('{"agent":"ada","activity":"Login","occurred_at":"2026-01-01T00:00:00Z"}\n')
    return _import(lines, folder / f"one-{number}.duckdb")[0]


def write_events(path: Path, kind: str, events: int) -> None:
    """Write JSON Lines, on disk when this returns; `kind` is keyed, keyless or nested (with nested metadata)."""
    dice = random.Random(7)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with path.open("w") as file:
        for number in range(events):
            event: dict[str, object] = {
                "agent": f"agent-{dice.randrange(200)}@bik.example",
                "activity": dice.choice(["Login", "Journey saved", "API key copied"]),
                "description": f"Something was changed in journey {dice.randrange(5000)}",
                "occurred_at": (start + timedelta(seconds=number * 7)).isoformat(),
                "outcome": "success",
                "source_ip": f"203.0.113.{dice.randrange(250)}",
                "metadata": {"campaign": dice.randrange(900), "user_agent": "Firefox"},
            }
            if kind != "keyless":
                event["event_id"] = f"event-{number}"
            if kind == "nested":
                headers = {"accept": "*/*", "languages": ["de", "en"]}
                event["metadata"] = {"request": {"id": number, "headers": headers}, "user": {"id": 7}}
            file.write(json.dumps(event) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _import(lines: Path, store: Path) -> tuple[float, str]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "ingest", "import", str(lines), "--store", str(store)],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ,
    )
    return time.perf_counter() - start, done.stdout.strip()
