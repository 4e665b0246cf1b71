"""The README and docs/*.md are true: their commands run, their files and links exist, their Python works."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_store.filters import query_examples
from docs import command_lines
from ingest import append
from ingest.fold import fold
from ingest.status import status
from tests import ROOT, forked

PAGES = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")]
}


def blocks(language: str) -> Iterator[tuple[Path, str]]:
    """The code blocks of one language, each with its page."""
    for page, text in PAGES.items():
        for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL):
            yield page, block


PYTHON = list(blocks("python"))
COMMANDS = sorted(
    {
        line.partition("  #")[0].rstrip()
        for _, block in blocks("sh")
        for line in block.splitlines()
        if line.startswith("python -m")
    }
)


LINE = "Mar 30 15:00:00 host sshd[1]: Failed password for ada from 192.0.2.1 port 2 ssh2\n"
LOG = Path(os.environ.get("AUDIT_TEST_DATA", "")) / "sshd" / "auth-march.log"
"""The log of a real host, in the folder that AUDIT_TEST_DATA names: see tests/ingest/importing/test_real_inputs.py."""


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return forked.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "AUDIT_STORE": "audit.duckdb"},
        capture_output=True,
        text=True,
        check=False,
    )


def anchors(text: str) -> set[str]:
    """The anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        target, _, anchor = link.partition("#")
        file = (ROOT / page).parent / target if target else ROOT / page
        if link.startswith("https:"):
            continue
        if not file.exists() or (anchor and anchor not in anchors(file.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


def test_the_readme_links_every_page_of_the_docs() -> None:
    readme = PAGES[Path("README.md")]
    assert {page for page in PAGES if str(page) not in readme} == {Path("README.md")}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_file_and_target_that_is_named_exists(page: Path) -> None:
    rooms = "audit_store|dashboard|ingest|pages|alarms|analysis|docs|tests"
    files = re.findall(rf"`((?:{rooms}|\.streamlit)/[\w./]*|app\.py)`", PAGES[page])
    assert [name for name in files if not (ROOT / name).exists()] == []
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([\w-]+)", PAGES[page], re.MULTILINE)) <= targets


@pytest.mark.processes
@pytest.mark.parametrize(("page", "script"), PYTHON, ids=[str(page) for page, _ in PYTHON])
def test_python_runs_and_what_it_appends_is_in_the_file(page: Path, script: str, tmp_path: Path) -> None:
    assert run(["-c", script], tmp_path).stderr == ""
    appended = script.count('{"agent"') + len(re.findall(r"^(?:\w+ = )?append\(", script, re.MULTILINE))
    assert status(tmp_path / "audit.duckdb")["events"] == appended


@pytest.mark.processes
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_works(command: str, tmp_path: Path) -> None:
    """Run in a folder with a small log, an export and the files that the commands name."""
    (tmp_path / "auth.log").write_text(LOG.read_text() if LOG.exists() else LINE)
    (tmp_path / "export.csv").write_text("user,action,time\nada,Login,2026-01-01 10:00:00\n")
    arguments = shlex.split(command, comments=True)[1:]
    if "import" not in arguments:
        append(agent="ada", activity="Login", store=tmp_path / "audit.duckdb", fold=False)
        fold(tmp_path / "audit.duckdb")
    if "check-export" in arguments:
        export = ["export", "--format", "csv", "--output", "logins.csv"]
        assert run(["-m", "audit_store", *export], tmp_path).returncode == 0
    if "withdraw" in arguments:
        assert run(["-m", "alarms", "exceptions", "add", "--agent", "ada"], tmp_path).returncode == 0
    done = run(arguments, tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_the_examples_of_the_query_line_are_those_of_the_help() -> None:
    assert query_examples.table() in PAGES[Path("docs/filters-and-links.md")]


def test_the_page_of_the_command_lines_is_that_of_their_help() -> None:
    assert command_lines.PAGE.read_text(encoding="utf-8") == command_lines.page(), "run make docs"


STATUSES = {
    f"{module} {name}": command.help or ""
    for module, group in command_lines.COMMAND_LINES.items()
    for name, command in command_lines.leaves(group).items()
}


def test_the_table_of_exit_statuses_has_every_command() -> None:
    assert list(command_lines.EXIT_STATUSES) == list(STATUSES)


@pytest.mark.parametrize("command", STATUSES)
def test_every_exit_status_of_a_help_text_is_in_the_table(command: str) -> None:
    after = " ".join(STATUSES[command].split()).partition("xit status ")[2]
    named = {int(status) for status in re.findall(r"(?:^|; |is |, )(\d)(?=:| with)", after)}
    listed = set(command_lines.EXIT_STATUSES[command]) | {2}
    assert named <= listed
    assert {1, 3} & listed <= named
