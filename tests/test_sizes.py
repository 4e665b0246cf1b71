"""Sizes that keep a file in one view and a folder in one listing; ruff limits the complexity (C901)."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests import ROOT

FILES_OF_A_FOLDER = 15
LINES_OF_A_FILE, LINES_OF_A_TEST_FILE = 250, 450
LINES_OF_A_FUNCTION = 45
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

SOURCES = {
    file.relative_to(ROOT): file.read_text(encoding="utf-8")
    for folder in (ROOT, *(path for path in ROOT.iterdir() if path.name.isidentifier() and path.is_dir()))
    for file in (folder.glob("*.py") if folder == ROOT else folder.rglob("*.py"))
    if folder.name != "build"
}


def long_functions(source: str) -> dict[str, int]:
    """The lines of each function that has more than LINES_OF_A_FUNCTION, signature and docstring included."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, FUNCTIONS)]
    lengths = {
        f"{node.name}, line {node.lineno}": (node.end_lineno or 0) - node.lineno + 1 for node in functions
    }
    return {name: length for name, length in lengths.items() if length > LINES_OF_A_FUNCTION}


def limit(file: Path) -> int:
    return LINES_OF_A_TEST_FILE if file.parts[0] == "tests" else LINES_OF_A_FILE


def test_a_folder_has_at_most_15_python_files() -> None:
    counts = Counter(str(file.parent) for file in SOURCES)
    assert {folder: count for folder, count in counts.items() if count > FILES_OF_A_FOLDER} == {}


def test_a_file_fits_its_limit() -> None:
    lengths = {str(file): len(source.splitlines()) for file, source in SOURCES.items()}
    assert {file: length for file, length in lengths.items() if length > limit(Path(file))} == {}


def test_a_function_has_at_most_45_lines() -> None:
    assert {str(file): long for file, source in SOURCES.items() if (long := long_functions(source))} == {}


@pytest.mark.parametrize("start", ["def", "async def"])
def test_every_line_of_a_function_counts(start: str) -> None:
    lines = [f"{start} longest():", *("    0" for _ in range(LINES_OF_A_FUNCTION))]
    assert long_functions("\n".join(lines)) == {"longest, line 1": LINES_OF_A_FUNCTION + 1}
    assert long_functions("\n".join(lines[:-1])) == {}
