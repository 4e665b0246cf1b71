"""Every query of every page, put to this product and to other engines with the same events; equal results.

AUDIT_BENCH_STORES names other stores, separated by colons. ClickHouse is measured where `chdb` is installed, PostgreSQL
where `psycopg` is and AUDIT_BENCH_POSTGRES names a database. The tables are also written to docs/performance.md, at the
place for stores of this size.
"""

import os
import platform
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from audit_store.engines.protocol import Query
from audit_store.engines.registry import open_store
from audit_store.quantities import counted
from benchmarks.engines.cases import QUERIES, Case, cases
from benchmarks.engines.clickhouse import ClickHouse
from benchmarks.engines.engine import COLUMNS, Engine
from benchmarks.engines.measuring import Measured, measure
from benchmarks.engines.plain_scan import PlainScan
from benchmarks.engines.postgres import PostgreSQL
from benchmarks.engines.product import Product
from benchmarks.engines.sqlite import SQLite
from benchmarks.folder import temporary_folder
from benchmarks.stores import stores

PAGE = Path(__file__).parent.parent.parent / "docs" / "performance.md"
ENGINES: tuple[type[Engine], ...] = (Product, PlainScan, SQLite, PostgreSQL, ClickHouse)
_BATCH = 1_000_000


class ResultsDiffer(AssertionError):
    """An engine gave another result than this product."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What each engine needed, by its name, this product first; a sentence for each engine that was missing."""

    events: int
    cases: list[Case]
    measured: dict[str, Measured]
    missing: list[str]

    def summary(self) -> list[str]:
        """A line of Markdown an engine: its sizes, and the medians of its times as ratios to this product's."""
        product, *others = self.measured.items()
        rows = [
            [
                "",
                "bytes an event",
                "peak memory, MB",
                "warm, median ratio",
                "cold, median ratio",
                "slower in",
            ],
            ["---", *["---:"] * 5],
        ]
        for name, engine in (product, *others):
            warm = _ratios([t.warm for t in engine.timings], [t.warm for t in product[1].timings])
            cold = _ratios([t.cold for t in engine.timings], [t.cold for t in product[1].timings])
            compared = [_figure(statistics.median(ratios)) if ratios else "" for ratios in (warm, cold)]
            slower = f"{sum(ratio > 1 for ratio in warm)} of {len(warm)}"
            sizes = [f"{engine.size / self.events:.1f}", f"{engine.peak_memory / 1e6:,.0f}"]
            rows.append([name, *sizes, *(["", "", ""] if name == product[0] else [*compared, slower])])
        machine = f"Measured with {counted(self.events, 'event')} on {_machine()}."
        return [" ".join([machine, *self.missing]), "", *_markdown(rows)]

    def table(self) -> list[str]:
        """A line of Markdown a case: milliseconds of this product, and ratios of the others; cold in brackets."""
        first, *others = self.measured
        rows = [
            ["query", "page", "filter", "range", f"{first}, ms", *others],
            ["---", "---", "---", "---", *["---:"] * len(self.measured)],
        ]
        for position, case in enumerate(self.cases):
            own = self.measured[first].timings[position]
            texts = [f"{_figure(own.warm)} ({_figure(own.cold or 0)})"]
            for name in others:
                timing = self.measured[name].timings[position]
                cold = "" if timing.cold is None or not own.cold else f" ({_figure(timing.cold / own.cold)})"
                texts.append(f"{_figure(timing.warm / own.warm)}{cold}")
            rows.append([case.query, QUERIES[case.query][0], case.filter, case.range, *texts])
        return _markdown(rows)


def main() -> None:
    """Print the comparison over each store, and write it to the page."""
    for store in stores():
        with temporary_folder() as folder:
            comparison = compare(store, folder)
        print("\n".join([*comparison.summary(), "", *comparison.table()]), flush=True)
        write(comparison, PAGE)


def compare(store: Path, folder: Path, engines: Sequence[type[Engine]] = ENGINES) -> Comparison:
    """Measure each engine that is there; `folder` is for their files. Raises ResultsDiffer."""
    events, asked = _export(store, folder / "events.parquet")
    missing = {engine: engine.missing() for engine in engines}
    measured: dict[str, Measured] = {}
    for number, engine in enumerate(engines):
        if missing[engine]:
            continue
        own = folder / str(number)
        own.mkdir()
        measured[engine.name] = measure(engine, store, folder / "events.parquet", own, asked)
        same_results(asked, measured, engine.name)
    return Comparison(events, asked, measured, [sentence for sentence in missing.values() if sentence])


def _export(store: Path, file: Path) -> tuple[int, list[Case]]:
    """Write the events of a store into a Parquet file with COLUMNS; gives their number, and the cases."""
    casts = {"occurred_at": "epoch_us(occurred_at)", "recorded_at": "epoch_us(recorded_at)"}
    listed = ", ".join(f"{casts.get(name, name)}::{kind} AS {name}" for name, kind in COLUMNS.items())
    engine = open_store(store)
    with engine.read() as reader:
        events, _, last, _, last_seq = reader.one(engine.queries.extent())
        sql = f"SELECT {listed} FROM events WHERE seq >= $since AND seq < $since + {_BATCH} ORDER BY seq"
        with pq.ParquetWriter(file, reader.arrow(Query(sql, {"since": 0})).schema) as writer:
            for since in range(0, last_seq + 1, _BATCH):
                writer.write_table(reader.arrow(Query(sql, {"since": since})))
    return int(events), list(cases(last))


def same_results(asked: Sequence[Case], measured: dict[str, Measured], name: str) -> None:
    """Raise ResultsDiffer unless an engine gave the results of the first one."""
    first = next(iter(measured.values()))
    for case, own, other in zip(asked, first.timings, measured[name].timings, strict=True):
        if (own.rows, own.digest) != (other.rows, other.digest):
            raise ResultsDiffer(
                f"{name} gave another result than this product: {case.query}, {case.filter}, {case.range} "
                f"({other.rows} rows instead of {own.rows})"
            )


def _ratios(others: Sequence[float | None], own: Sequence[float | None]) -> list[float]:
    return [other / one for other, one in zip(others, own, strict=True) if other and one]


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _markdown(rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in rows]


def write(comparison: Comparison, page: Path) -> None:
    """Put the comparison at its place in a page, which is marked with the number of millions of events."""
    size = f"{round(comparison.events / 1_000_000)} million events"
    start, end = f"<!-- make bench writes {size} from here -->\n", f"<!-- {size} to here -->"
    summary, table = "\n".join(comparison.summary()), "\n".join(comparison.table())
    text = f"{summary}\n\n<details><summary>Every query</summary>\n\n{table}\n\n</details>\n"
    pattern = re.compile(f"(?<={re.escape(start)}).*(?={re.escape(end)})", re.DOTALL)
    page.write_text(pattern.sub(lambda _: text, page.read_text(encoding="utf-8")), encoding="utf-8")


def _machine() -> str:
    """The processor and the number of its cores that this process may use."""
    cpu = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", cpu.read_text()) if cpu.exists() else []
    return f"{os.cpu_count()} cores of {names[0] if names else platform.processor()}"
