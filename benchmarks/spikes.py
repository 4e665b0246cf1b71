"""Spike detection: its speed, its false alarms on random counts and, with a judge, its precision and recall.

python -m benchmarks.spikes                                         speed, and false alarms without attacks
python -m benchmarks.spikes --judge PATH --seeds 31 4711 --peers all    one table row a seed

The judge is a script of its own that makes labelled worlds from a seed, calls ``analysis.spikes:detect`` on
every series, and prints one JSON line. What was measured stands in spikes.md beside this file.
"""

import argparse
import itertools
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis import Budget, Model, band, detect, find_alarms, fit_unfed, sustained_rises

AGENTS, WEEKS = 200, 16
HOURS = pd.date_range("2026-01-05", periods=WEEKS * 168, freq="1h")
COLUMNS = (
    ("precision", "precision"),
    ("recall", "recall"),
    ("F1", "f1"),
    ("agents: recall", "agent.recall"),
    ("at 0.1 a month", "agent.recall_at_0.1_per_agent_month"),
    ("false alarms a month", "agent.false_alarms_per_agent_month"),
    ("overall: recall", "overall.recall"),
    ("false alarms a week", "overall.false_alarms_per_week"),
    ("look-ahead", "causal.mismatch_share"),
)


def main(arguments: list[str] | None = None) -> None:
    """Print the figures; with --judge, one row for each seed."""
    parser = argparse.ArgumentParser(description="spike detection: speed, and quality by an external judge")
    parser.add_argument("--judge", type=Path, help="the judge's script")
    parser.add_argument("--seeds", type=int, nargs="+", default=[31])
    parser.add_argument("--worlds", type=int, default=8)
    parser.add_argument("--peers", default="naive_global_z3")
    options = parser.parse_args(arguments or [])
    if options.judge is None:
        _speed()
        _false_alarms()
        return
    print("| seed |", " | ".join(name for name, _ in COLUMNS), "| best peer: F1, at 0.1 | passed |")
    print("|---" * (len(COLUMNS) + 3) + "|")
    for seed in options.seeds:
        print(_row(seed, _judge(options.judge, seed, options.worlds, options.peers)), flush=True)


def _speed() -> None:
    chance = np.random.default_rng(0)
    rates = 10 ** chance.uniform(-2, 2, AGENTS)
    rhythm = 1 + np.sin(np.arange(len(HOURS)) / 24 * 2 * np.pi)
    counts = pd.DataFrame(chance.poisson(np.outer(rhythm, rates)), index=HOURS)
    one = pd.DataFrame({"bucket_start": HOURS, "count": counts[0].to_numpy()})
    model = _fit(counts, Budget())
    for what, goal, work in (
        (f"fit {AGENTS} agents × {WEEKS} weeks", 1.0, lambda: _fit(counts, Budget())),
        ("judge again, another budget", 0.3, lambda: find_alarms(model, Budget(1.0))),
        ("the band of one of them", 0.1, lambda: band(model, 0)),
        ("fit and judge one series", 0.1, lambda: detect(one, tz="Europe/Berlin")),
        ("sustained rises of all", 1.0, lambda: sustained_rises(counts, tz="Europe/Berlin")),
    ):
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
        print(f"{what:32} {min(seconds) * 1000:7.0f} ms   (goal {goal * 1000:.0f} ms)")


def _false_alarms() -> None:
    """Counts without any attack: alarms per agent and month against a budget of 0.2."""
    chance = np.random.default_rng(8)
    months = 80 * (WEEKS - 1) * 7 / 30.44
    budget = Budget(agent_month=0.2, fleet_week=1e9)
    for mean, dispersion in itertools.product((0.05, 0.3, 4, 50), (2, 3, 5, 10)):
        counts = chance.negative_binomial(mean / (dispersion - 1), 1 / dispersion, (len(HOURS), 80))
        model = _fit(pd.DataFrame(counts.astype(float), index=HOURS), budget)
        alarms = len(find_alarms(model, budget))
        print(f"mean {mean:5}, variance {dispersion} × mean: {alarms / months:.3f} alarms per agent-month")


def _fit(counts: pd.DataFrame, budget: Budget) -> Model:
    return fit_unfed(counts, tz="Europe/Berlin", scope="agent", budget=budget, n_series=counts.shape[1])


def _judge(judge: Path, seed: int, worlds: int, peers: str) -> dict[str, Any]:
    command = [sys.executable, str(judge), "--detector", "analysis.spikes:detect", "--path", "."]
    command += ["--seed", str(seed), "--worlds", str(worlds), "--peers", peers]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"the judge {judge} printed nothing for seed {seed}: {done.stderr.strip()[-500:]}")
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict


def _row(seed: int, verdict: dict[str, Any]) -> str:
    figures = [f"{_at(verdict, path):.3f}" for _, path in COLUMNS]
    peers = verdict["peers"]
    best = [max(_at(each, path) for each in peers.values()) for path in ("f1", COLUMNS[4][1])]
    cells = [str(seed), *figures, f"{best[0]:.3f}, {best[1]:.3f}", "yes" if verdict["pass"] else "no"]
    return f"| {' | '.join(cells)} |"


def _at(verdict: dict[str, Any], path: str) -> float:
    """The figure at a path; the judge's keys contain dots, so only the first dot separates."""
    first, _, rest = path.partition(".")
    figure = verdict[first][rest] if rest else verdict[first]
    return float(figure or 0.0)


if __name__ == "__main__":
    main(sys.argv[1:])
