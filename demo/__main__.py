"""Command line of the demo: python -m demo fills a store through the normal import path."""

import argparse
import contextlib
import math
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, NoReturn

from audit_store.cli import describe, say_plainly
from audit_store.engines.fold_results import FoldCounts
from audit_store.errors import AuditStoreError, one_line
from audit_store.event import parse_time
from demo.generate import generate, planted
from demo.live import trickle
from demo.world import this_hour
from ingest import append, append_many
from ingest.fold import fold

# Not $AUDIT_STORE: a generated log must never reach a real one by accident.
DEFAULT_STORE = Path(".demo/audit.duckdb")
_BATCH = 20_000


def main(arguments: list[str] | None = None) -> int:
    """Fill the store, append live if asked to; gives the exit status: 0 done, 2 nothing could be done."""
    options = _parser().parse_args(arguments)
    try:
        world = {"seed": options.seed, "days": options.days, "agents": options.agents, "until": options.until}
        if not options.only_live:
            _fill(options.store, world)
        if options.live or options.only_live:
            _live(options)
    except KeyboardInterrupt:
        return 0
    except (AuditStoreError, OSError, ValueError) as error:
        say_plainly(f"demo: {describe(error)}")
        return 2
    return 0


def _fill(store: Path, world: dict[str, Any]) -> None:
    began = time.perf_counter()
    events = generate(**world)
    say_plainly(f"demo: generating {world['days']} days of events")
    store.parent.mkdir(parents=True, exist_ok=True)
    for batch in _batches(events, _BATCH):
        append_many(batch, store=store, fold=False)
    report = fold(store)
    _summary(store, report, world, time.perf_counter() - began)


def _batches(events: Iterator[dict[str, Any]], size: int) -> Iterable[list[dict[str, Any]]]:
    while batch := list(islice(events, size)):
        yield batch


def _summary(store: Path, report: FoldCounts, world: dict[str, Any], seconds: float) -> None:
    say_plainly(
        f"demo: {report.stored:,} events of {world['agents']} agents in the {world['days']} days until "
        f"{world['until']:%Y-%m-%d %H:%M} UTC stored in {store} ({seconds:.1f} s)"
        + (f"; {report.duplicates:,} were there already" if report.duplicates else "")
    )
    for spike in planted(**world):
        who = spike.agents[0] if len(spike.agents) == 1 else f"{len(spike.agents)} agents"
        say_plainly(f"  planted {spike.start:%Y-%m-%d %H:%M}  {spike.kind}: {spike.count} sign-ins of {who}")


def _live(options: argparse.Namespace) -> None:
    events = trickle(seed=options.seed, agents=options.agents, now=datetime.now(UTC))
    first = next(events)  # the time starts here: this takes the seconds in which all of them are generated
    end = time.monotonic() + options.seconds
    say_plainly(f"demo: appending {options.rate:g} events a second for {options.seconds:g} s")
    for event in chain([first], events):
        append(store=options.store, **event)
        time.sleep(min(1 / options.rate, max(0.0, end - time.monotonic())))
        if time.monotonic() >= end:
            return


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with a line on standard error."""
        super().error(one_line(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m demo", description="Fill a store with a generated audit log.")
    parser.add_argument("--store", type=Path, default=DEFAULT_STORE, help=f"default: {DEFAULT_STORE}")
    parser.add_argument("--days", type=int, default=90, help="days of the log, default 90")
    parser.add_argument("--agents", type=int, default=40, help="how many act in it, default 40")
    parser.add_argument("--seed", type=int, default=7, help="the same seed and --until give the same log")
    parser.add_argument(
        "--until", type=_moment, default=this_hour(), help="RFC 3339; default: the start of this hour, UTC"
    )
    parser.add_argument("--live", action="store_true", help="then keep appending events that happen now")
    parser.add_argument("--only-live", action="store_true", help="the same, without filling the store first")
    parser.add_argument("--rate", type=_positive, default=1.0, help="live events a second, default 1")
    parser.add_argument("--seconds", type=_positive, default=60.0, help="how long to go on live, default 60")
    return parser


def _moment(text: str) -> datetime:
    try:
        return parse_time(text)
    except AuditStoreError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _positive(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 < (value := float(text)) < math.inf:
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is invalid; give a number above 0")


if __name__ == "__main__":
    sys.exit(main())
