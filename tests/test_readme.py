"""The README is true: its commands run, its files exist, its Python works."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
SHELL = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines() if line]
MODULES = [shlex.split(line, comments=True) for line in SHELL if line.startswith("python -m")]
pytestmark = pytest.mark.processes


def run(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "AUDIT_STORE": "audit.duckdb"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_knows_every_target_that_is_named() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make (\w+)", README)) <= targets


def test_every_file_that_is_named_exists() -> None:
    named = re.findall(r"`((?:audit_store|dashboard|ingest|pages|\.streamlit)/[\w./]*|app\.py)`", README)
    named += re.findall(r"!\[.*?\]\((.*?)\)", README)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_python_runs_and_what_it_appends_is_in_the_file(tmp_path: Path) -> None:
    [script] = [text for language, text in BLOCKS if language == "python"]
    assert run(["-c", script], tmp_path).stderr == ""
    assert "events     2\n" in run(["-m", "ingest", "status"], tmp_path).stdout


@pytest.mark.parametrize("command", MODULES, ids=" ".join)
def test_every_command_is_understood(command: list[str], tmp_path: Path) -> None:
    """Run where there is next to nothing: each either does its work or says in a line what is missing."""
    (tmp_path / "auth.log").write_text(
        "Mar 30 15:00:00 host sshd[1]: Failed password for ada from 192.0.2.1 port 2 ssh2\n"
    )
    (tmp_path / "export.csv").write_text("user,action,occurred_at\nada,Login,2026-01-01 10:00:00\n")
    arguments = [word for word in command[1:] if not word.startswith("https:")]
    if "--webhook" in arguments:
        arguments.remove("--webhook")
    if "ingest" not in arguments:
        run(["-m", "ingest", "append", "--agent", "ada", "--activity", "Login"], tmp_path)
    if "check-export" in arguments:
        export = ["export", "--format", "csv", "--output", "logins.csv"]
        assert run(["-m", "audit_store", *export], tmp_path).returncode == 0
    done = run(arguments, tmp_path)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
