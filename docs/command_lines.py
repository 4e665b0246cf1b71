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
_HEAD = """# Command lines

Data goes to standard output or a file, messages go to standard error. A wrong argument is one line on standard error
and exit status 2. `pip install .` also installs `python -m ingest` as `audit-ingest` and `python -m audit_store` as
`audit-store`, for which shells complete commands and options:

```sh
eval "$(_AUDIT_INGEST_COMPLETE=bash_source audit-ingest)"    # zsh_source and fish_source for other shells
```

This page is written by `make docs` from the help texts.
"""


def page() -> str:
    """The page: a section for each command, with a table of its options."""
    sections = [
        _section(module, name, command)
        for module, group in COMMAND_LINES.items()
        for name, command in group.commands.items()
    ]
    return "\n".join([_HEAD, *sections])


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
