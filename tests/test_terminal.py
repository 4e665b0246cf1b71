"""No command writes a control, escape or bidirectional character of someone else's text to a terminal."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from audit_store.backup.backup import backup
from audit_store.state import deliveries
from ingest import append, append_many
from ingest.fold import fold
from tests import ROOT, forked
from tests.conftest import in_campaign

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\rforged\u202egpj\u2066\u200f\x7f"
NAME = EVIL.replace("\x9b", "")
MARKS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]|\r(?!\n)"
)
Prepare = Callable[[Path], Sequence[str]]


def on_a_terminal(arguments: Sequence[str], folder: Path) -> str:
    """What a command writes to a terminal."""
    terminal, end = pty.openpty()
    process = forked.Popen(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=end,
        stderr=end,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "AUDIT_STORE": "audit.duckdb"},
    )
    os.close(end)
    output = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            block = os.read(terminal, 65_536)
        except OSError:  # nobody has the other end open
            break
        output += block
    os.close(terminal)
    process.wait()
    return output.decode(errors="surrogateescape")


def event(folder: Path, agent: str = EVIL) -> None:
    append(agent=agent, activity="Login", description=EVIL, store=folder / "audit.duckdb", fold=False)


def segment(folder: Path) -> None:
    """A segment with a hostile name that a fold sets aside, and a file that it leaves."""
    event(folder)
    spool = folder / "audit.duckdb.spool"
    (spool / f"{NAME}.ndjson").write_text(f'{{"agent": "a", "{NAME}": 1}}\n')
    (spool / f"{NAME}.txt").touch()
    (spool / f"{NAME}.ndjson.fifo").touch()


def stored(folder: Path) -> None:
    event(folder)
    fold(folder / "audit.duckdb")


def append_bad(folder: Path) -> Sequence[str]:
    return ["ingest", "append", "--agent", "a", "--activity", EVIL * 20, "--store", f"{NAME}.duckdb"]


def append_beside_problems(folder: Path) -> Sequence[str]:
    segment(folder)
    return ["ingest", "append", "--agent", "a", "--activity", "Login"]


def import_csv(folder: Path) -> Sequence[str]:
    (folder / f"{NAME}.csv").write_text(f"{NAME},agent\n1,a\n")
    return ["ingest", "import", f"{NAME}.csv", "--map", f"activity={NAME}x"]


def import_rejects(folder: Path) -> Sequence[str]:
    (folder / f"{NAME}.jsonl").write_text(json.dumps({"agent": "a", "activity": EVIL * 20}) + "\n")
    return ["ingest", "import", f"{NAME}.jsonl", "--format", "jsonl", "--strict"]


def import_format(folder: Path) -> Sequence[str]:
    (folder / "f.toml").write_text(f"[{json.dumps(NAME)}]\n")
    (folder / "x.log").write_text("x\n")
    return ["ingest", "import", "x.log", "--format", "f.toml"]


def missing_file(folder: Path) -> Sequence[str]:
    return ["ingest", "import", f"{NAME}.jsonl"]


def bad_argument(folder: Path) -> Sequence[str]:
    return ["ingest", NAME]


def fold_segments(folder: Path) -> Sequence[str]:
    segment(folder)
    return ["ingest", "fold"]


def show_status(folder: Path) -> Sequence[str]:
    segment(folder)
    fold(folder / "audit.duckdb")
    return ["ingest", "status"]


def show_status_as_json(folder: Path) -> Sequence[str]:
    return [*show_status(folder), "--json"]


def export(form: str) -> Prepare:
    def prepare(folder: Path) -> Sequence[str]:
        stored(folder)
        return ["audit_store", "export", "--format", form, "--range", "all", "--q", "forged"]

    return prepare


def check_export(folder: Path) -> Sequence[str]:
    stored(folder)
    command = [
        "-m",
        "audit_store",
        "export",
        "--format",
        "csv",
        "--output",
        f"{folder}/{NAME}",
        "--range",
        "all",
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    forked.run(
        [sys.executable, *command, "--by", EVIL, "--store", f"{folder}/audit.duckdb"],
        check=True,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    return ["audit_store", "check-export", NAME]


def check_foreign_export(folder: Path) -> Sequence[str]:
    (folder / "x.csv").write_text("x")
    (folder / "x.csv.manifest.json").write_text(json.dumps({"manifest_version": EVIL}))
    return ["audit_store", "check-export", "x.csv"]


def repair(folder: Path) -> Sequence[str]:
    segment(folder)
    fold(folder / "audit.duckdb")
    return ["audit_store", "repair"]


def accept(folder: Path) -> Sequence[str]:
    stored(folder)
    shutil.copytree(folder, folder / NAME, symlinks=True)
    (folder / NAME / "audit.duckdb").unlink()
    return ["audit_store", "accept", "--store", f"{NAME}/audit.duckdb"]


def make_backup(folder: Path) -> Sequence[str]:
    stored(folder)
    (folder / "audit.duckdb.state.sqlite").write_bytes(b"garbage")
    return ["audit_store", "backup", NAME]


def restore(folder: Path) -> Sequence[str]:
    stored(folder)
    backup(folder / "audit.duckdb", folder / NAME)
    return ["audit_store", "restore", NAME, "--store", f"{NAME}.duckdb"]


def restore_damaged(folder: Path) -> Sequence[str]:
    stored(folder)
    made = backup(folder / "audit.duckdb", folder / "backup").folder
    (made / "manifest.json").write_text(json.dumps({"files": {NAME: 1}, NAME: 2}))
    return ["audit_store", "restore", "backup"]


def spikes(folder: Path) -> Sequence[str]:
    stored(folder)
    deleted = {"agent": EVIL, "activity": "Segment deleted"}
    append_many([deleted] * 30, store=folder / "audit.duckdb", fold=False)
    return ["alarms", "spikes", "--since", "7d", "--syslog", f"/{NAME}", "--store", "audit.duckdb"]


def spikes_bad(folder: Path) -> Sequence[str]:
    return ["analysis", "spikes", "--since", NAME, "--webhook", NAME]


def dead_letters(folder: Path) -> Sequence[str]:
    store = folder / "audit.duckdb"
    (due,) = deliveries.add(store, "webhook", [deliveries.Message("key", [], EVIL, "{}")])
    deliveries.refuse(store, due, EVIL)
    return ["alarms", "dead-letters"]


def demo(folder: Path) -> Sequence[str]:
    return ["demo", "--store", f"/dev/null/{NAME}/x", "--days", "1"]


def demo_bad(folder: Path) -> Sequence[str]:
    return ["demo", "--until", NAME]


COMMANDS = [
    append_bad,
    append_beside_problems,
    import_csv,
    import_rejects,
    import_format,
    missing_file,
    bad_argument,
    fold_segments,
    show_status,
    show_status_as_json,
    check_export,
    check_foreign_export,
    repair,
    accept,
    make_backup,
    restore,
    restore_damaged,
    spikes,
    spikes_bad,
    dead_letters,
    demo,
    demo_bad,
    export("csv"),
    *in_campaign(export("jsonl"), export("ocsf")),
]


@pytest.mark.processes
@pytest.mark.parametrize("prepare", COMMANDS, ids=lambda prepare: prepare.__qualname__.partition(".")[0])
def test_a_command_escapes_the_text_of_others(prepare: Prepare, tmp_path: Path) -> None:
    output = on_a_terminal(prepare(tmp_path), tmp_path)
    progress_bar = re.compile(r"\r[ \w:%|.,/?█▏▎▍▌▋▊▉<=\[\]-]*(?=\r)")
    assert output
    assert "Traceback" not in output
    found = [
        repr(output[max(0, hit.start() - 30) : hit.end() + 20])
        for hit in MARKS.finditer(progress_bar.sub("", output))
    ]
    assert found == []


def test_only_the_gate_writes_to_a_terminal() -> None:
    rooms = ("audit_store", "ingest", "alarms", "analysis", "demo")
    files = {path for room in rooms for path in (ROOT / room).rglob("*.py")} - {
        ROOT / "audit_store" / "cli.py"
    }
    writes = re.compile(r"\b(print|echo|secho|sys\.std(out|err)(\.buffer)?\.write)\(")
    assert writes.search('click.echo("x")')
    assert [path for path in files if writes.search(path.read_text(encoding="utf-8"))] == []


def test_data_to_a_pipe_or_file_is_exact(tmp_path: Path) -> None:
    stored(tmp_path)
    command = [sys.executable, "-m", "audit_store", "export", "--format", "csv", "--range", "all"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "AUDIT_STORE": "audit.duckdb"}
    piped = forked.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True).stdout
    assert EVIL.encode() in piped
