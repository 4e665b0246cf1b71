"""One million JSON Lines through `python -m ingest import`: events a second, and the most memory it took.

The whole command is timed, and beside it what remains without the time that an import of one line takes. Other
work on the machine only adds time: of some runs the best is given, with the median beside it.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

EVENTS = 1_000_000
RUNS = 5


def main() -> None:
    """Print the rate and the peak memory: with keys of the events' own, without, with nested metadata, and again."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        start_up = min(_nearly_nothing(Path(folder), number) for number in range(3))
        for kind in ("keyed", "keyless", "nested"):
            lines = Path(folder) / f"{kind}.jsonl"
            _write(lines, kind)
            stores = [Path(folder) / f"{kind}-{number}.duckdb" for number in range(RUNS)]
            for what in ("first", "again"):
                found = sorted(_import(lines, store) for store in stores)
                (best, line), (median, _) = found[0], found[RUNS // 2]
                print(
                    f"{kind:8} {what}: {EVENTS / best:9,.0f} events/s (median {EVENTS / median:9,.0f}), "
                    f"without start-up {EVENTS / (best - start_up):9,.0f}   {line}"
                )
            for path in (lines, *stores):
                path.unlink()
    print("goal 300,000 events/s for a first import")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (
        1 << 10 if sys.platform == "linux" else 1 << 20
    )
    print(f"peak memory {peak:,.0f} MB (goal 1,024)")


def _nearly_nothing(folder: Path, number: int) -> float:
    one = folder / f"one-{number}.jsonl"
    one.write_text('{"agent":"ada","activity":"Login"}\n')
    return _import(one, folder / f"one-{number}.duckdb")[0]


def _write(path: Path, kind: str) -> None:
    chance = random.Random(7)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with path.open("w") as file:
        for number in range(EVENTS):
            event: dict[str, object] = {
                "agent": f"agent-{chance.randrange(200)}@bik.example",
                "activity": chance.choice(["Login", "Journey saved", "API key copied"]),
                "description": f"Something was changed in journey {chance.randrange(5000)}",
                "occurred_at": (start + timedelta(seconds=number * 7)).isoformat(),
                "outcome": "success",
                "source_ip": f"203.0.113.{chance.randrange(250)}",
                "metadata": {"campaign": chance.randrange(900), "user_agent": "Firefox"},
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
