"""python -m alarms exceptions: add, preview, list, withdraw."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from alarms.__main__ import main
from alarms.triage.exceptions import Expected, add, read
from audit_store.local_time import now

UNTIL = now().date() + timedelta(days=30)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.duckdb"


@pytest.fixture
def run(path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command of `exceptions` on the store; gives its status, standard output and standard error."""

    def go(*arguments: str) -> tuple[int, str, str]:
        status = main(["exceptions", *arguments, "--store", str(path)])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return go


def test_an_exception_is_made_listed_and_withdrawn(path: Path, run: Run) -> None:
    selection = ["--agent", "bot", "--address", "192.0.2.1", "--kind", "agent", "--hours", "Mon-02"]
    status, out, err = run("add", *selection, "--until", f"{UNTIL}", "--note", "export", "--by", "rita")
    assert (status, err) == (0, "")
    assert f"Exception 1: bot from 192.0.2.1, One agent, Mon 02:00–02:59, until {UNTIL}" in out
    assert "0 alarms of the last 90 days would have been silenced" in out
    made = read(path)[0]
    assert made.expected == Expected("bot", "192.0.2.1", "agent", ("Mon-02",))
    assert (made.until, made.note, made.by) == (UNTIL, "export", "rita")

    assert run("list")[1].startswith("1  in force  bot from 192.0.2.1, One agent, Mon 02:00–02:59, until ")
    assert run("withdraw", "1", "--by", "bob") == (0, "Exception 1 is withdrawn\n", "")
    assert run("list")[1] == ""
    (listed,) = json.loads(run("list", "--all", "--json")[1])
    assert (listed["state"], listed["withdrawn_by"], listed["hours"]) == ("withdrawn", "bob", ["Mon-02"])


def test_an_exception_lasts_90_days_unless_its_end_is_given(path: Path, run: Run) -> None:
    assert run("add", "--agent", "bot")[0] == 0
    assert read(path)[0].until == now().date() + timedelta(days=90)


def test_an_expired_exception_is_listed_on_request(path: Path, run: Run) -> None:
    add(path, Expected(agent="bot"), date(2026, 3, 20), at=now().replace(year=2026, month=3, day=1))
    assert run("list")[1] == ""
    assert "expired" in run("list", "--all")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "--agent", "bot", "--until", "1 March"], "'1 March' does not match the format"),
        (["add", "--until", f"{UNTIL}"], "give an agent, an address or a kind"),
        (["add", "--agent", "a", "--until", "2020-01-01"], "end on 2020-01-01: give a date after today"),
        (["add", "--agent", "a", "--hours", "Monday", "--until", f"{UNTIL}"], "'Monday' is not an hour"),
        (["preview"], "give an agent, an address or a kind"),
        (["withdraw", "3"], "there is no exception 3 in force"),
    ],
)
def test_a_refusal_is_one_line_and_changes_nothing(
    path: Path, run: Run, arguments: list[str], words: str
) -> None:
    status, out, err = run(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert read(path) == []
