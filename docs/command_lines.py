"""Writes docs/command-lines.md from the help texts of the command lines (`make docs`)."""

import sys
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from alarms.__main__ import commands as alarms  # noqa: E402
from audit_store.__main__ import commands as audit_store  # noqa: E402
from ingest.__main__ import commands as ingest  # noqa: E402

PAGE = ROOT / "docs" / "command-lines.md"
COMMAND_LINES = {"ingest": ingest, "audit_store": audit_store, "alarms": alarms}
EXIT_STATUSES = {
    "ingest append": {0: "the event is on disk"},
    "ingest import": {
        0: "all events are in the store, stored or known",
        1: "some were rejected or are conflicts; with `--strict` nothing is stored then",
        3: "events are on disk in the spool, but could not be folded",
    },
    "ingest fold": {
        0: "nothing waits",
        1: "some events were rejected or are conflicts",
        3: "a file stays in the spool",
    },
    "ingest status": {0: "printed, whatever it says"},
    "ingest serve": {0: "the server was asked to end"},
    "ingest token create": {0: "the token is printed"},
    "ingest token list": {0: "printed"},
    "ingest token revoke": {0: "the token is not accepted any more"},
    "audit_store export": {0: "the export is complete"},
    "audit_store check-export": {0: "the file is what its manifest says", 1: "it is not"},
    "audit_store check": {0: "the roll-ups and alarms agree with the events", 1: "some do not"},
    "audit_store accept": {0: "the store is taken as it is"},
    "audit_store repair": {0: "every event can be read or is saved", 1: "events are missing"},
    "audit_store backup": {0: "the backup is complete", 1: "a file beside the store is not part of it"},
    "audit_store restore": {
        0: "every event is back",
        1: "events that were stored after the backup are missing",
    },
    "alarms run": {0: "the log is judged, or another program judges it"},
    "alarms list": {0: "no alarms", 3: "there are some; they are printed"},
    "alarms mark": {0: "the alarm has the state"},
    "alarms rules": {0: "printed"},
    "alarms try-rule": {0: "printed, whatever it would have found"},
    "alarms exceptions add": {0: "the exception is made"},
    "alarms exceptions preview": {0: "printed; nothing is changed"},
    "alarms exceptions list": {0: "printed"},
    "alarms exceptions withdraw": {0: "the exception is withdrawn"},
    "alarms spikes": {0: "no new alarms", 3: "new alarms"},
    "alarms dead-letters": {0: "no dead letters", 3: "there are some; they are printed"},
    "alarms resend": {0: "they are due again"},
    "alarms test-delivery": {0: "every receiver took the sample"},
}
"""What the exit statuses of each command mean; 2 is the same for all."""
_STATUSES = (0, 1, 3)
_HEAD = """# Command lines

Data goes to standard output or a file, messages go to standard error. A wrong argument is one line on standard error
and exit status 2. `pip install .` also installs `python -m ingest` as `audit-ingest` and `python -m audit_store` as
`audit-store`, for which shells complete commands and options:

```sh
eval "$(_AUDIT_INGEST_COMPLETE=bash_source audit-ingest)"    # zsh_source and fish_source for other shells
```

`make docs` writes this page from the help texts. `python -m demo --help` describes the generator of the demo store.

## Exit statuses

{statuses}

With 2 nothing was done, and the message says why; an append or import is "not stored" then, or "unknown": send or
import it again. `alarms run`, `list` and `spikes` also end with 2 where the log was not judged up to now or an alarm
could not be sent, and `test-delivery` where a receiver refused the sample. What an import or fold with 3 leaves in
the spool is safe: the message says why it stays and what to do. Where events were rejected, too, the status is 3 as
long as others wait. Ctrl-C ends a command with 130, or by its signal.
"""


def page() -> str:
    """The page: a section for each command, with a table of its options."""
    sections = [
        _section(module, name, command)
        for module, group in COMMAND_LINES.items()
        for name, command in leaves(group).items()
    ]
    return "\n".join([_HEAD.format(statuses=_table_of_statuses()), *sections])


def leaves(group: click.Group) -> dict[str, click.Command]:
    """The commands of a group by their names, those of its groups by both: `exceptions add`."""
    commands = {}
    for name, command in group.commands.items():
        of_group = leaves(command) if isinstance(command, click.Group) else {"": command}
        commands |= {f"{name} {own}".strip(): leaf for own, leaf in of_group.items()}
    return commands


def _table_of_statuses() -> str:
    head = "| `python -m` | " + " | ".join(map(str, _STATUSES)) + " |\n|---|" + "---|" * len(_STATUSES)
    rows = [
        f"| `{name}` | " + " | ".join(meanings.get(status, "") for status in _STATUSES) + " |"
        for name, meanings in EXIT_STATUSES.items()
    ]
    return "\n".join([head, *rows])


def _section(module: str, name: str, command: click.Command) -> str:
    # A command keeps the option for help of its first context.
    context = click.Context(
        command, info_name=f"python -m {module} {name}", help_option_names=["-h", "--help"]
    )
    usage = " ".join(command.collect_usage_pieces(context))
    paragraphs = [" ".join(paragraph.split()) for paragraph in (command.help or "").split("\n\n")]
    rows = [record for parameter in command.params if (record := parameter.get_help_record(context))]
    table = "\n".join(f"| `{option}` | {_cell(text)} |" for option, text in rows)
    text = "\n\n".join(paragraphs)
    line = f"python -m {module} {name}"
    return f"## `{line}`\n\n    {line} {usage}\n\n{text}\n\n| option | |\n|---|---|\n{table}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
