"""The options that several commands take, and the kinds of their values."""

from collections.abc import Callable
from typing import Any

import click

from alarms.sensitivity import DEFAULT_SENSITIVITY, SENSITIVITIES
from audit_store.cli import Length

since_option = click.option(
    "--since",
    type=Length(),
    default="24h",
    show_default=True,
    metavar="LENGTH",
    help="How far back to look: 90m, 24h, 7d, 2w.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def sensitivity_option(help_text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option --sensitivity, which the command gets as `sensitivity`, one of SENSITIVITIES."""
    choices = {choice.name: choice for choice in SENSITIVITIES}
    return click.option(
        "--sensitivity",
        type=click.Choice(list(choices)),
        default=DEFAULT_SENSITIVITY.name,
        show_default=True,
        callback=lambda _ctx, _param, name: choices[name],
        help=help_text,
    )
