"""The comparison of two checkouts: who is measured when, and what the ratio says."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.against import ALLOWED, MEASURES, Comparison, compare
from tests import ROOT

THIS, OTHER = Path("this"), Path("other")


def test_checkouts_are_measured_in_turns_and_go_first_in_turns() -> None:
    measured: list[Path] = []

    def measure(checkout: Path) -> float:
        measured.append(checkout)
        return float(len(measured))

    comparison = compare("appends", measure, THIS, OTHER, runs=3)
    assert measured == [THIS, OTHER, OTHER, THIS, THIS, OTHER]
    assert comparison == Comparison("appends", [1.0, 4.0, 5.0], [2.0, 3.0, 6.0])


@pytest.mark.parametrize(("this", "is_over"), [([0.9, 9.0, 1.0], False), ([ALLOWED + 0.01] * 3, True)])
def test_the_ratio_is_that_of_the_medians(this: list[float], is_over: bool) -> None:
    comparison = Comparison("import", this, [1.0, 1.0, 50.0])
    assert comparison.ratio == sorted(this)[1]
    assert ("over" in str(comparison)) == is_over


def test_every_benchmark_is_a_command() -> None:
    folder = ROOT / "benchmarks"
    modules = {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if "def main() -> None" in path.read_text()
    }
    assert {name.rpartition(".")[2] for name in BENCHMARKS} | {"against"} == set(main.commands)
    assert modules - {"__main__"} <= set(BENCHMARKS)


def test_a_checkout_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["against", str(tmp_path / "nothing")])
    assert result.exit_code == 2
    assert "does not exist" in result.output


@pytest.mark.processes
def test_the_modules_of_each_checkout_are_compiled_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "ingest.py").write_text("def append(**_): pass\n")
    with MEASURES["appends"](tmp_path, (tmp_path,), 1) as measure:
        measure(tmp_path)
    assert [*tmp_path.glob("__pycache__/ingest.*.pyc")]


@pytest.mark.processes
def test_appends_of_a_checkout_are_compared_with_its_own() -> None:
    result = CliRunner().invoke(
        main, ["against", str(ROOT), "--only", "appends", "--runs", "1", "--events", "10"]
    )
    assert result.exit_code in (0, 1)
    header, line = result.stdout.splitlines()
    assert header.split() == ["this,", "s", "other,", "s", "ratio"]
    assert line.startswith("appends")
