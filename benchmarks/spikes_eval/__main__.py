"""python -m benchmarks.spikes_eval [--worlds N] [--agent-month X]: the tables of docs/detection.md."""

import argparse

from analysis import Budget
from benchmarks.spikes_eval.scoring import Score, score
from benchmarks.spikes_eval.worlds import world


def main(arguments: list[str] | None = None) -> None:
    """Print the share of attacks found by kind, and the false alarms."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spikes_eval", description=main.__doc__)
    parser.add_argument("--worlds", type=int, default=10, help="how many worlds (default: 10)")
    parser.add_argument("--first-seed", type=int, default=1, help="the seed of the first one (default: 1)")
    parser.add_argument(
        "--agent-month", type=float, default=0.2, help="budget of false alarms (default: 0.2)"
    )
    options = parser.parse_args(arguments)
    budget = Budget(agent_month=options.agent_month)
    seeds = range(options.first_seed, options.first_seed + options.worlds)
    total = sum((score(world(seed), budget) for seed in seeds), Score())
    print(total.table)
    print(
        f"\n{total.false_alarms_a_month:.3f} false alarms per agent and month (budget {budget.agent_month:g}), "
        f"{total.false_alarms_a_week:.3f} per overall series and week (budget {budget.overall_week:g})"
    )


if __name__ == "__main__":
    main()
