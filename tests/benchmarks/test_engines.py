"""Other engines give the results of this product, and those that are missing are named."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from audit_store.filters import EventFilter
from benchmarks.engines.cases import FILTERS, QUERIES, Case
from benchmarks.engines.clickhouse import ClickHouse
from benchmarks.engines.comparison import (
    ENGINES,
    PAGE,
    Comparison,
    ResultsDiffer,
    compare,
    same_results,
    write,
)
from benchmarks.engines.measuring import Measured, Timing
from benchmarks.engines.plain_scan import PlainScan
from benchmarks.engines.postgres import DATABASE, PostgreSQL
from benchmarks.engines.product import Product
from benchmarks.engines.sqlite import SQLite
from benchmarks.stores import fill

EVENTS = 4_000
TIMING = Timing(cold=8.0, warm=2.0, rows=3, digest="same")


@pytest.mark.processes
def test_engines_give_the_results_of_this_product(tmp_path: Path) -> None:
    store = fill(tmp_path / "audit.duckdb", EVENTS, agents=30)
    there = [engine for engine in ENGINES if not engine.missing()]
    comparison = compare(store, tmp_path, ENGINES)
    assert list(comparison.measured) == [engine.name for engine in there]
    assert {Product, PlainScan, SQLite} <= set(there)
    assert {case.query for case in comparison.cases} == set(QUERIES)
    assert {case.filter for case in comparison.cases} == set(FILTERS)
    assert {case.range for case in comparison.cases} == {"all", "30 days", "7 days"}
    for measured in comparison.measured.values():
        by_case = list(zip(comparison.cases, measured.timings, strict=True))
        assert [timing.rows for case, timing in by_case if case.query == "totals"] == [1] * 12
        assert all(
            timing.rows for case, timing in by_case if (case.filter, case.range) == ("no filter", "all")
        )
        assert measured.size > EVENTS * 10
        assert measured.peak_memory > 1_000_000


def test_a_missing_engine_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "chdb", None)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    store = fill(tmp_path / "audit.duckdb", 10)
    comparison = compare(store, tmp_path, [ClickHouse, PostgreSQL])
    assert comparison.measured == {}
    assert comparison.missing == [
        "ClickHouse was not measured: install it with `pip install chdb`.",
        "PostgreSQL was not measured: install its driver with `pip install 'psycopg[binary]'`.",
    ]


def test_a_missing_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.engines.postgres.find_spec", lambda name: name)
    monkeypatch.delenv(DATABASE, raising=False)
    assert DATABASE in PostgreSQL.missing()
    monkeypatch.setenv(DATABASE, "host=/run/postgresql")
    assert PostgreSQL.missing() == ""


def compared(timing: Timing, missing: list[str]) -> Comparison:
    case = Case("timeline", "no filter", "all", EventFilter())
    engines = {
        "this product": Measured([TIMING], 50_000_000, 90_000_000),
        "Other": Measured([timing], 80_000_000, 1),
    }
    return Comparison(2_000_000, [case], engines, missing)


@pytest.mark.parametrize("other", [replace(TIMING, rows=4), replace(TIMING, digest="other")])
def test_another_result_is_an_error_that_names_the_case(other: Timing) -> None:
    comparison = compared(other, [])
    with pytest.raises(
        ResultsDiffer, match="Other gave another result than this product: timeline, no filter, all"
    ):
        same_results(comparison.cases, comparison.measured, "Other")


def test_the_tables_hold_ratios_to_this_product() -> None:
    comparison = compared(replace(TIMING, cold=4.0, warm=7.0), [])
    assert comparison.summary()[-1] == "| Other | 40.0 | 0 | 3.5 | 0.5 | 1 of 1 |"
    assert comparison.table()[-1] == "| timeline | /, /log | no filter | all | 2 (8) | 3.5 (0.5) |"


def test_an_engine_that_is_never_cold_has_no_first_run() -> None:
    comparison = compared(replace(TIMING, cold=None, warm=1.0), [])
    assert comparison.summary()[-1] == "| Other | 40.0 | 0 | 0.5 |  | 0 of 1 |"
    assert comparison.table()[-1].endswith("| 2 (8) | 0.5 |")


@pytest.mark.parametrize("millions", [1, 10, 100])
def test_the_page_has_a_place_for_stores_of_each_size(millions: int, tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    comparison = replace(compared(TIMING, ["Another was not measured."]), events=millions * 1_000_000 + 100)
    write(comparison, page)
    text = page.read_text(encoding="utf-8")
    place = text.partition(f"### {millions} million events\n")[2].partition("\n##")[0]
    assert place.count("| Other | ") == 1
    assert "Another was not measured." in place
    write(comparison, page)
    assert page.read_text(encoding="utf-8") == text


def test_a_store_of_another_size_leaves_the_page_as_it_is(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    write(compared(TIMING, []), page)
    assert page.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")
