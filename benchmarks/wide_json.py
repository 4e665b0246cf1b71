"""Peak memory of an import of 700,000 wide, nested JSON Lines, and its rate."""

import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.folder import temporary_folder

ROWS = 700_000
GOAL = 1024
"""Megabytes."""


def main() -> None:
    """Print the peak memory and the rate of one import."""
    with temporary_folder() as folder:
        lines = folder / "wide.jsonl"
        write_rows(lines, ROWS)
        begin = time.perf_counter()
        command = [sys.executable, "-m", "ingest", "import", str(lines), "--store", str(folder / "a.duckdb")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - begin
        unit = 1 << 10 if sys.platform == "linux" else 1 << 20
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
        print(f"{lines.stat().st_size / 1e6:,.0f} MB of JSON: {done.stdout.strip()}")
        print(f"peak memory {peak:,.0f} MB (goal {GOAL:,}), {ROWS / seconds:,.0f} events/s")


def write_rows(path: Path, rows: int) -> None:
    """Write events as a cloud service has them: about 1.5 kB each, 40 members on four levels."""
    dice = random.Random(7)
    with path.open("w") as file:
        for number in range(rows):
            tags = [{"key": f"tag-{index}", "value": f"{dice.randrange(1000)}"} for index in range(6)]
            record = {
                "agent": f"agent-{dice.randrange(200)}@bik.example",
                "activity": "Policy changed",
                "occurred_at": f"2026-03-{1 + number % 28:02}T09:{number % 60:02}:{number % 59:02}Z",
                "event_id": f"event-{number}",
                "request": {
                    "id": number,
                    "headers": {f"x-header-{index}": "v" * 20 for index in range(10)},
                    "parameters": {"policy": {"statements": tags, "version": 1.5, "note": None}},
                },
                "response": {f"field_{index}": dice.randrange(10**6) for index in range(15)},
                "resources": [
                    {"arn": f"arn:aws:s3:::bucket-{number % 97}", "type": "bucket"} for _ in range(3)
                ],
            }
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
