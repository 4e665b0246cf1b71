"""Who may import whom, and where statements may stand."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT

ROOMS = ("audit_store", "ingest", "analysis", "alarms", "dashboard", "pages", "demo")
FILES = sorted(path.relative_to(ROOT) for room in ROOMS for path in (ROOT / room).rglob("*.py"))
SCREEN = {"streamlit", "altair"}
STATEMENTS = {"queries.py", "fold_sql.py", "staging_sql.py", "record_sql.py", "login_queries.py"}
STATE = Path("audit_store/state")  # its files are statements over its own SQLite file
STATEMENT = re.compile(
    r"\s*(SELECT|WITH \w+ AS|INSERT INTO|UPDATE \w+ SET|DELETE FROM|MERGE INTO|COPY|ATTACH|"
    r"(CREATE|DROP|ALTER)( OR REPLACE)?( TEMP)? (TABLE|VIEW|MACRO|TRIGGER|INDEX))\b"
)
# Room or file: the names it may not import. A room may always import itself.
FORBIDDEN = [
    ("audit_store/**/*.py", {"ingest", "analysis", "dashboard", "pages", "demo", "app", *SCREEN}),
    ("ingest/**/*.py", {"analysis", "dashboard", "pages", "demo", "app", *SCREEN}),
    ("analysis/*.py", {"dashboard", "pages", "demo", "app", *SCREEN}),
    ("alarms/*.py", {"ingest", "dashboard", "pages", "demo", "app", *SCREEN}),
    ("dashboard/*.py", {"pages", "demo", "app"}),
    ("dashboard/charts*.py", {"streamlit", "audit_store.engines.duckdb.store", "ingest", "dashboard.data"}),
    ("pages/*.py", {"altair", "pages", "app", "demo", "audit_store.engines.duckdb.store"}),
    ("demo/*.py", {"dashboard", "pages", "app", *SCREEN}),
]
APPEND = "import ingest; ingest.append(agent='a', activity='b', store='s.duckdb', fold=False)"
HEAVY = ("duckdb", "pandas", "pyarrow", "numpy", "streamlit", "altair")


def imports(file: Path) -> Iterator[str]:
    """The dotted names that a file imports, anywhere in it; of `from a import b` both a and a.b."""
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import hides which room it is from"
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_of(names: set[str], file: Path) -> set[str]:
    found = set(imports(file))
    return {name for name in names if any(one == name or one.startswith(f"{name}.") for one in found)}


@pytest.mark.parametrize(("pattern", "forbidden"), FORBIDDEN, ids=[pattern for pattern, _ in FORBIDDEN])
def test_imports_go_one_way(pattern: str, forbidden: set[str]) -> None:
    files = [path.relative_to(ROOT) for path in ROOT.glob(pattern)]
    assert files
    assert {str(file): names for file in files if (names := rooms_of(forbidden, file))} == {}


def test_duckdb_is_imported_in_one_file() -> None:
    files = [*FILES, *(path.relative_to(ROOT) for path in ROOT.glob("*.py"))]
    assert [str(file) for file in files if rooms_of({"duckdb"}, file)] == [
        "audit_store/engines/duckdb/store.py"
    ]


def test_analysis_needs_numpy_and_pandas_only() -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "pandas", "analysis"}
    library = [file for file in FILES if file.parts[0] == "analysis" and file.name != "__main__.py"]
    used = {name.partition(".")[0] for file in library for name in imports(file)}
    assert used <= allowed


def test_the_command_line_of_analysis_is_a_skin_over_rooms_below() -> None:
    rooms = {name.partition(".")[0] for name in imports(Path("alarms/__main__.py"))} & set(ROOMS)
    assert rooms == {"alarms", "audit_store", "ingest"}


@pytest.mark.parametrize(
    "file", [str(file) for file in FILES if file.name not in STATEMENTS and file.parent != STATE]
)
def test_statements_stand_in_their_files(file: str) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert [text for text in texts if isinstance(text, str) and STATEMENT.match(text)] == []


def test_the_statement_rule_sees_statements() -> None:
    files = [file for file in FILES if file.name in STATEMENTS]
    assert {file.parts[0] for file in files} == {"audit_store", "ingest"}
    for file in files:
        assert re.search(STATEMENT.pattern.replace(r"\s*", '"', 1), (ROOT / file).read_text(encoding="utf-8"))


@pytest.mark.processes
@pytest.mark.parametrize(
    ("statement", "light"),
    [
        ("import ingest", HEAVY),
        ("import audit_store", HEAVY),
        ("import audit_store.engines.duckdb.store", ("streamlit", "altair")),
        ("import analysis", ("duckdb", "streamlit", "altair")),
        (APPEND, HEAVY),
        (f"{APPEND}; import ingest.__main__ as it; it.main(['fold', '--store', 's.duckdb'])", ("pandas",)),
        (
            "import ingest.__main__ as it; it.main(['import', 'some.jsonl', '--store', 's.duckdb'])",
            ("pandas",),
        ),
    ],
)
def test_an_import_loads_nothing_heavy(tmp_path: Path, statement: str, light: tuple[str, ...]) -> None:
    records = [{"agent": "a", "activity": "b"} | more for more in ({}, {"event_id": "c"}, {"d": {"e": []}})]
    (tmp_path / "some.jsonl").write_text("\n".join(map(json.dumps, records * 2)))
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {statement}; print(*sys.modules)"
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(light) & set(result.stdout.split()) == set()
