"""What python -m ingest says: help, wrong arguments, completion."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit_store.event import FIELDS
from ingest import formats
from ingest.__main__ import main
from tests import ROOT, forked

COMMANDS = ("append", "import", "fold", "status")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_explained(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command, "--help"]) == 0
    options = capsys.readouterr().out.partition("Options:\n")[2].splitlines()
    named = [index for index, line in enumerate(options) if line.strip().startswith("-")]
    assert len(named) >= 2
    for index in named:
        words = options[index].strip().partition("  ")[2]
        assert words or options[index + 1].startswith("      "), options[index]


def test_help_names_fields_and_formats(capsys: pytest.CaptureFixture[str]) -> None:
    main(["append", "--help"])
    shown = capsys.readouterr().out
    assert all(f"  --{name.replace('_', '-')} " in shown for name in FIELDS)
    main(["import", "--help"])
    shown = "".join(capsys.readouterr().out.split())  # a name may be broken at its hyphen
    assert all(name in shown for name in formats.names() if name != "spool")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "python -m ingest: Missing command"),
        (["appendd"], "python -m ingest: No such command 'appendd'"),
        (["append", "--agent", "a"], "python -m ingest append: Missing option '--activity'"),
        (["append", "--agent", "a", "--activity", "b", "--acitvity", "c"], "No such option"),
        (["import"], "Missing argument 'FILE...'"),
        (
            ["import", "README.md", "--map", "agent"],
            "'agent': give FIELD=INPUT, where FIELD is one of agent, activity",
        ),
        (["import", "README.md", "--map", "who=user"], "'who=user': give FIELD=INPUT"),
        (["import", "README.md", "--year", "soon"], "'soon' is not a valid integer"),
        (["import", "missing.jsonl"], "'missing.jsonl' does not exist"),
        (["import", "."], "'.' is a directory"),
        (
            ["append", "--agent", "a", "--activity", "b", "--outcome", "maybe"],
            "ingest append: outcome: 'maybe'",
        ),
    ],
)
def test_wrong_arguments_are_one_line_and_status_2(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(ROOT)
    store = [] if len(arguments) < 2 else ["--store", str(tmp_path / "audit.duckdb")]
    assert main([*arguments, *store]) == 2
    output = capsys.readouterr()
    assert message in output.err
    assert (output.out, len(output.err.splitlines())) == ("", 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.processes
@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("audit-ingest a", ["append"]),
        ("audit-ingest import --format cl", ["cloudtrail"]),
        ("audit-ingest import --map so", ["source=", "source_ip="]),
    ],
)
def test_a_shell_completes_the_installed_script(tmp_path: Path, words: str, completions: list[str]) -> None:
    script = tmp_path / "audit-ingest"
    script.write_text("from ingest.__main__ import main_of_process\nraise SystemExit(main_of_process())\n")
    variables = {
        "PYTHONPATH": str(ROOT),
        "_AUDIT_INGEST_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, str(script)], env=os.environ | variables, capture_output=True, text=True, check=True
    )
    assert sorted(line.partition(",")[2] for line in done.stdout.splitlines()) == completions


NOT_STORED = [
    ["append", "--agent", "", "--activity", "Login"],
    ["append", "--agent", "ada", "--activity", "Login", "--store", "README.md/audit.duckdb"],
    ["import", "README.md", "--format", "nonsense"],
    ["import", "README.md", "--format", "jsonl", "--rejects", "README.md/list", "--yes"],
    ["import", "pyproject.toml", "--format", "parquet"],
]


@pytest.mark.parametrize("arguments", NOT_STORED)
def test_an_error_ends_with_the_word_for_what_is_stored(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("AUDIT_STORE", str(tmp_path / "audit.duckdb"))
    monkeypatch.chdir(ROOT)
    assert main(arguments) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"python -m ingest {arguments[0]}: ")
    assert line.endswith(" (not stored)")


@pytest.mark.processes
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_append_that_cannot_print_its_id_is_stored_with_status_0(tmp_path: Path) -> None:
    store = tmp_path / "audit.duckdb"
    arguments = ["append", "--agent", "ada", "--activity", "Login", "--store", str(store)]
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "ingest", *arguments]
        result = forked.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 0
    assert "standard output: its disk is full; free some space (stored: " in result.stderr
    assert main(["status", "--store", str(store)]) == 0
