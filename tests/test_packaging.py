"""What `pip install .` brings: the packages `ingest` and `audit_store`, which need no Streamlit, Altair or pandas."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests import ROOT

pytestmark = pytest.mark.processes

PACKAGES = ("audit_store", "ingest")
DATA = {".py", ".sql", ".toml", ".typed"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOADED = (
    "import sys, ingest; print('streamlit' in sys.modules, 'pandas' in sys.modules, 'duckdb' in sys.modules)"
)


def names(requirements: list[str]) -> set[str]:
    """The package names of requirements such as `numpy>=2.4,<3`."""
    return {requirement.partition(">")[0] for requirement in requirements}


def pip(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *map(str, arguments)], check=True)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the project, which an earlier build has left nothing in."""
    folder = tmp_path_factory.mktemp("wheel")
    ignore = shutil.ignore_patterns(".*", "__pycache__", "build", "*.egg-info", "docs", "tests")
    shutil.copytree(ROOT, folder / "project", ignore=ignore)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, folder / "project")
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def host(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel and its base dependencies alone, linked from this environment."""
    folder = tmp_path_factory.mktemp("host")
    venv.create(folder, with_pip=False, symlinks=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    for name in names(PROJECT["dependencies"]):
        files = distribution(name)
        tops = {file.parts[0] for file in files.files or () if file.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            (packages / top).symlink_to(files.locate_file(top))
    pip("--python", folder / "bin" / "python", "install", "--no-deps", "--no-index", wheel)
    return folder / "bin"


def run(folder: Path, *command: object) -> str:
    """The output of a program that is run in `folder`, which must succeed."""
    result = subprocess.run(
        list(map(str, command)), cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return result.stdout


def test_the_wheel_holds_two_packages_whole_and_no_other(wheel: Path) -> None:
    files = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.suffix in DATA
    }
    contents = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in contents if ".dist-info/" not in name} == files
    assert any(name.endswith("licenses/LICENSE") for name in contents)


def test_importing_ingest_loads_nothing_heavy(host: Path, tmp_path: Path) -> None:
    assert run(tmp_path, host / "python", "-c", LOADED) == "False False False\n"


@pytest.mark.parametrize(
    "name", sorted({*names(EXTRAS["dashboard"]), "requests", "alarms", "dashboard", "pages"})
)
def test_the_host_has_no_package_of_the_dashboard(host: Path, tmp_path: Path, name: str) -> None:
    script = "import importlib.util, sys; print(importlib.util.find_spec(sys.argv[1]))"
    assert run(tmp_path, host / "python", "-c", script, name) == "None\n"


def test_a_host_appends_imports_folds_and_reads(host: Path, tmp_path: Path) -> None:
    def ingest(*arguments: str) -> str:
        return run(tmp_path, host / "audit-ingest", *arguments)

    def audit_store(*arguments: str) -> str:
        return run(tmp_path, host / "audit-store", *arguments)

    run(tmp_path, host / "python", "-c", "import ingest; ingest.append(agent='ada', activity='Login')")
    for agent, status in (("bob", 0), ("bob", 0), ("eve", 2)):  # the last is another event with the same key
        event = ("--agent", agent, "--activity", "Login", "--event-id", "once")
        assert subprocess.run([host / "audit-ingest", "append", *event], cwd=tmp_path).returncode == status
    (tmp_path / "events.jsonl").write_text(
        '{"agent": "eve", "activity": "Login", "occurred_at": "2026-03-14T09:26:53Z"}\n'
    )
    assert ingest("import", "events.jsonl").startswith("read 1, stored 1,")
    ingest("fold")
    assert json.loads(ingest("status", "--json"))["events"] == 3
    audit_store("export", "--format", "csv", "--range", "all", "--output", "log.csv")
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 1 + 3
    audit_store("check-export", "log.csv")
    audit_store("repair")


@pytest.mark.parametrize(
    ("program", "word", "commands"), [("audit-store", "ex", "export"), ("audit-ingest", "im", "import")]
)
def test_a_shell_completes_commands(
    host: Path, tmp_path: Path, program: str, word: str, commands: str
) -> None:
    """As the function that `_…_COMPLETE=bash_source` prints asks for it."""
    variable = f"_{program.replace('-', '_').upper()}_COMPLETE"
    request = {variable: "bash_complete", "COMP_WORDS": f"{program} {word}", "COMP_CWORD": "1"}
    command = [host / program]
    result = subprocess.run(command, cwd=tmp_path, env=os.environ | request, capture_output=True, text=True)
    assert result.stdout == f"plain,{commands}\n"


def test_requirements_name_what_the_project_and_its_extras_need() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = {line for line in lines if not line.startswith("#")}
    assert listed == names(
        [*PROJECT["dependencies"], *EXTRAS["dashboard"], *EXTRAS["alarms"], *EXTRAS["serve"]]
    ) | {"pytest"}
    assert {"streamlit", "duckdb", "pandas", "altair", "pytest"} <= listed
