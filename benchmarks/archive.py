"""An import of 10 million JSON Lines in one file: events a second, processor time, peak memory and bytes an event."""

import resource
import subprocess
import sys
import time

from benchmarks.folder import temporary_folder
from benchmarks.importing import write_events

EVENTS = 10_000_000
GOAL_RATE, GOAL_BYTES = 300_000, 55


def main() -> None:
    """Print the figures of one import, with the roll-ups that it keeps."""
    with temporary_folder() as folder:
        lines, store = folder / "archive.jsonl", folder / "archive.duckdb"
        write_events(lines, "keyed", EVENTS)
        begin = time.perf_counter()
        command = [sys.executable, "-m", "ingest", "import", str(lines), "--store", str(store)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - begin
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        peak = usage.ru_maxrss / (1 << 10 if sys.platform == "linux" else 1 << 20)
        print(f"{lines.stat().st_size / 1e9:.2f} GB of JSON: {done.stdout.strip()}")
        print(f"{EVENTS / seconds:,.0f} events/s (goal {GOAL_RATE:,}), peak memory {peak:,.0f} MB")
        print(f"{(usage.ru_utime + usage.ru_stime) / EVENTS * 1e6:.1f} µs of processor time an event")
        print(f"{store.stat().st_size / EVENTS:.1f} bytes an event with roll-ups (goal {GOAL_BYTES})")


if __name__ == "__main__":
    main()
