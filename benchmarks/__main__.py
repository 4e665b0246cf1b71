"""The command line of the benchmarks: python -m benchmarks [COMMAND]."""

import importlib
import sys
from functools import partial
from pathlib import Path

import click

from benchmarks.against import MEASURES

BENCHMARKS = {
    "alarms": "The detector on 1 and 10 million events: the first run, and one closed hour.",
    "appends": "Durable single appends of 4 processes, beside SQLite.",
    "filtering": "A run of a page after each change of a filter, small store against large one.",
    "metadata": "The size of long metadata, and the time to write and read it.",
    "wide_json": "Peak memory of an import of 700,000 wide, nested JSON Lines.",
    "importing": "Events a second and peak memory of an import of 1 million JSON Lines.",
    "archive": "Rate, memory and bytes an event of an import of 10 million JSON Lines in one file.",
    "browser.opening": "Opening / on 10 million events in a browser, beside a page that loads the whole table.",
    "search": "Pages of the log and searches over all time, on 1 and 10 million events.",
    "rollups": "Charts and totals from roll-ups and from single events, on 1 and 10 million events.",
    "engines.comparison": "Every query of every page, beside DuckDB's plain scan, SQLite, PostgreSQL and ClickHouse.",
    "browser.pages": "Opening each page in a browser, beside bare pages of Streamlit.",
    "spikes": "Speed and false alarms of spike detection.",
}


@click.group(invoke_without_command=True)
@click.pass_context
def main(ctx: click.Context) -> None:
    """Measure this checkout on this machine: one benchmark, or all of them but `against`."""
    if ctx.invoked_subcommand is None:
        for name in BENCHMARKS:
            run(name)


def run(name: str) -> None:
    """Print the figures of one benchmark."""
    click.echo(f"== {name}")
    importlib.import_module(f"benchmarks.{name}").main()


for _name, _summary in BENCHMARKS.items():
    main.command(_name.rpartition(".")[2], help=_summary)(partial(run, _name))


@main.command()
@click.argument("checkout", type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path))
@click.option("--only", type=click.Choice(list(MEASURES)), multiple=True, help="Repeatable; default: all.")
@click.option(
    "--runs", type=click.IntRange(1), default=5, show_default=True, help="Runs of each; tests run once."
)
@click.option(
    "--events", type=click.IntRange(1), default=1_000_000, show_default=True, help="To import and open."
)
def against(checkout: Path, only: tuple[str, ...], runs: int, events: int) -> None:
    """Compare this checkout with another CHECKOUT; exit status 1 where a ratio is over 1.05."""
    from benchmarks import against

    sys.exit(0 if against.main(checkout, only or tuple(MEASURES), runs, events) else 1)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
