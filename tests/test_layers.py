"""Who may import whom, as the two tables of the README say, and where statements may stand."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
STATEMENT = re.compile(
    r"\s*(SELECT|WITH \w+ AS|INSERT INTO|UPDATE \w+ SET|DELETE FROM|MERGE INTO|COPY|ATTACH|"
    r"(CREATE|DROP|ALTER)( OR REPLACE)?( TEMP)? (TABLE|VIEW|MACRO|TRIGGER|INDEX))\b"
)
STATEMENT_FILES = (
    "audit_store/engines/*/*.py",
    "audit_store/engines/*/*/*_sql.py",
    "audit_store/state/*.py",
    "ingest/importing/*_sql.py",
)


def table(header: str) -> list[list[str]]:
    """The cells of the README's table with this header, a list a row."""
    rows = README.partition(header)[2].partition("\n\n")[0].strip().splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def names(cell: str) -> tuple[str, ...]:
    """What stands in backticks in a cell."""
    return tuple(re.findall(r"`([^`]+)`", cell))


ROOMS = {names(row[0])[0]: names(row[2]) for row in table("| folder | what is in it | may import |")}
ONLY_IN = {
    names(row[0])[0]: tuple(names(part) for part in (*row[1].split(" but not "), "")[:2])
    for row in table("| name | only in |")
}
OURS = {room.partition("/")[0].removesuffix(".py") for room in ROOMS}
FILES = sorted(
    str(path.relative_to(ROOT))
    for room in ROOMS
    for path in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))
)


@cache
def nodes(source: str) -> tuple[ast.AST, ...]:
    """The syntax tree of a file."""
    return tuple(ast.walk(ast.parse(source)))


@cache
def imports(source: str) -> frozenset[str]:
    """The dotted names that a file imports, anywhere in it; of `from a import b` both a and a.b."""
    modules = set()
    for node in nodes(source):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import hides the room it comes from"
            modules |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(modules)


def within(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a dotted name is one of the packages or in one of them."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def violations(file: str, source: str) -> set[str]:
    """The imports of a file that the README's tables do not allow."""
    room = max((room for room in ROOMS if file.startswith(room)), key=len)
    own = "" if room in ("pages/", "app.py") else room.strip("/").replace("/", ".")
    allowed = (*ROOMS[room], *([own] if own else []))
    modules = {name for name in imports(source) if name.partition(".")[0] in OURS}
    wrong = {
        name
        for name in modules
        # A package on the way to an allowed module is imported with it.
        if not within(name, allowed) and not any(module.startswith(f"{name}.") for module in allowed)
    }
    used = {package for package in ONLY_IN if any(within(name, (package,)) for name in imports(source))}
    return wrong | {package for package in used if not may_use(file, package)}


def may_use(file: str, package: str) -> bool:
    """Whether a file is in one of the folders in which a package may be imported."""
    folders, exceptions = ONLY_IN[package]
    return file.startswith(folders) and not file.startswith(exceptions)


@pytest.mark.parametrize("file", FILES)
def test_imports_follow_the_readme(file: str) -> None:
    assert violations(file, (ROOT / file).read_text(encoding="utf-8")) == set()


def siblings(room: str) -> list[str]:
    """The modules and packages beside a room that is in another one, as dotted names."""
    parent = Path(room).parent
    if parent == Path():
        return []
    return [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / parent).iterdir())
        if (path / "__init__.py").exists() or (path.suffix == ".py" and path.stem != "__init__")
    ]


def forbidden() -> Iterator[tuple[str, str]]:
    """For each rule, a file of the room and an import that breaks it."""
    for room, allowed in ROOMS.items():
        file = next(file for file in FILES if file.startswith(room))
        own = room.strip("/").replace("/", ".")
        for other in sorted(OURS - {"app"}):
            if other not in {name.partition(".")[0] for name in (*allowed, own)}:
                yield file, f"import {other}"
                yield file, f"def later() -> None:\n    from {other} import anything"
        for sibling in siblings(room):
            is_on_the_way = any(module.startswith(f"{sibling}.") for module in allowed)
            if not within(sibling, (*allowed, own)) and not is_on_the_way:
                yield file, f"import {sibling}"
    yield "pages/log.py", "import pages.store"
    yield "dashboard/charts/parts.py", "from dashboard import data"
    yield "dashboard/charts/parts.py", "from audit_store.engines import registry"
    for name, (folders, exceptions) in ONLY_IN.items():
        yield next(file for file in FILES if not file.startswith(folders)), f"import {name}"
        for exception in exceptions:
            yield next(file for file in FILES if file.startswith(exception)), f"import {name}"


@pytest.mark.parametrize(("file", "line"), list(forbidden()))
def test_an_import_against_a_rule_is_found(file: str, line: str) -> None:
    assert violations(file, line)


def test_every_rule_is_tried() -> None:
    tried = {file for file, _ in forbidden()}
    assert all(any(file.startswith(room) for file in tried) for room in ROOMS)
    assert {
        ("dashboard/charts/__init__.py", "import dashboard.filters"),
        ("ingest/formats/__init__.py", "import ingest.spool"),
        ("ingest/importing/__init__.py", "import ingest.spool"),
        ("ingest/spool/__init__.py", "import ingest.fold"),
    } <= set(forbidden())
    assert set(ONLY_IN) <= {line.removeprefix("import ") for _, line in forbidden()}


Graph = dict[str, set[str]]
PARENTS = sorted({str(Path(file).parent.parent) for file in FILES if Path(file).parent.parent != Path()})


def imports_of_siblings(parent: str) -> Graph:
    """Which of the packages in a folder each of them imports."""
    files_of: dict[str, list[str]] = {}
    for file in FILES:
        if file.startswith(f"{parent}/") and file.count("/") > parent.count("/") + 1:
            files_of.setdefault("/".join(file.split("/")[: parent.count("/") + 2]), []).append(file)
    graph: Graph = {}
    for package, files in files_of.items():
        modules = {name for file in files for name in imports((ROOT / file).read_text(encoding="utf-8"))}
        others = {other: (other.replace("/", "."),) for other in files_of if other != package}
        graph[package] = {
            other for other, dotted in others.items() if any(within(name, dotted) for name in modules)
        }
    return graph


@pytest.mark.parametrize("parent", PARENTS)
def test_packages_beside_each_other_do_not_import_in_a_circle(parent: str) -> None:
    TopologicalSorter(imports_of_siblings(parent)).prepare()


def test_a_circle_is_found() -> None:
    graph = imports_of_siblings("ingest")
    assert "ingest/formats" in graph["ingest/importing"]
    graph["ingest/formats"].add("ingest/importing")
    with pytest.raises(CycleError):
        TopologicalSorter(graph).prepare()


def test_every_package_is_a_room() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages - OURS == {"tests", "benchmarks"}


def test_analysis_needs_numpy_and_pandas_only() -> None:
    allowed = {*sys.stdlib_module_names, "numpy", "pandas", "analysis"}
    files = [file for file in FILES if file.startswith("analysis/")]
    used = {name.partition(".")[0] for file in files for name in imports((ROOT / file).read_text())}
    assert used <= allowed


def statements(source: str) -> list[str]:
    """The texts of a file that are SQL statements."""
    constants = [node.value for node in nodes(source) if isinstance(node, ast.Constant)]
    return [text for text in constants if isinstance(text, str) and STATEMENT.match(text)]


@pytest.mark.parametrize("file", FILES)
def test_statements_stand_in_their_files(file: str) -> None:
    if not any(Path(file).match(pattern) for pattern in STATEMENT_FILES):
        assert statements((ROOT / file).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("pattern", STATEMENT_FILES)
def test_the_statement_rule_sees_statements(pattern: str) -> None:
    assert any(statements(path.read_text(encoding="utf-8")) for path in ROOT.glob(pattern))


HEAVY = ("duckdb", "pandas", "pyarrow", "numpy", "streamlit", "altair", "click", "humanize", "msgspec")
APPEND = "import ingest; ingest.append(agent='a', activity='b', store='s.duckdb', fold=False)"
COMMAND = "import ingest.__main__ as it; it.main({})"


@pytest.mark.processes
@pytest.mark.parametrize(
    ("statement", "light"),
    [
        ("import ingest", HEAVY),
        ("import audit_store", HEAVY),
        ("import audit_store.engines.duckdb.store", ("streamlit", "altair")),
        ("import analysis", ("duckdb", "streamlit", "altair")),
        (APPEND, HEAVY),
        (f"{APPEND}; {COMMAND.format(['fold', '--store', 's.duckdb'])}", ("pandas",)),
        (COMMAND.format(["import", "some.jsonl", "--store", "s.duckdb"]), ("pandas",)),
    ],
)
def test_an_import_loads_nothing_heavy(tmp_path: Path, statement: str, light: tuple[str, ...]) -> None:
    records = [{"agent": "a", "activity": "b"} | more for more in ({}, {"event_id": "c"}, {"d": {"e": []}})]
    (tmp_path / "some.jsonl").write_text("\n".join(map(json.dumps, records * 2)))
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {statement}; print(*sys.modules)"
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(light) & set(result.stdout.split()) == set()
