"""The options that several commands take, and the kinds of their values."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from alarms.sensitivity import DEFAULT_SENSITIVITY, SENSITIVITIES

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=3660)


class Length(click.ParamType[timedelta]):
    """A length of time such as 24h."""

    name = "length"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The length. Raises click.BadParameter."""
        if isinstance(value, timedelta):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if unit in _UNITS and number.isascii() and number.isdigit() and len(number) < 9:
            length = timedelta(**{_UNITS[unit]: int(number)})
            if timedelta() < length <= _LONGEST:
                return length
        raise click.BadParameter(f"{value!r} is not a length of time; give 90m, 24h, 7d or 2w", ctx, param)


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
