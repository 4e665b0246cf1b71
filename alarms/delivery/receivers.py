"""The receivers that the command line and the environment name."""

import functools
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from alarms.delivery import payloads
from alarms.delivery.outbox import Sink
from alarms.delivery.syslog import default_address, sentence, syslog
from alarms.delivery.webhook import webhook
from audit_store.errors import os_error_text

PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"
_TEXTS = {"sentence": sentence, "ocsf": payloads.ocsf}
_Result = TypeVar("_Result")


def receiver_options(command: Callable[..., _Result]) -> Callable[..., _Result]:
    """The options that name receivers, which the command gets as `sinks`, a list.

    Secrets come from the environment: NAME, or NAME_FILE, the path of a file that holds the value.
    """

    @functools.wraps(command)
    def with_sinks(
        *arguments: Any, webhook: str | None, syslog: str | None, syslog_format: str, **options: Any
    ) -> _Result:
        return command(*arguments, sinks=_sinks(webhook, syslog, syslog_format), **options)

    for option in reversed(_OPTIONS):
        with_sinks = option(with_sinks)
    return with_sinks


_OPTIONS = (
    click.option(
        "--webhook",
        metavar="URL",
        help="Send each new alarm to this URL, once.  [env: AUDIT_WEBHOOK, AUDIT_WEBHOOK_FILE]",
    ),
    click.option(
        "--syslog",
        is_flag=False,
        flag_value=default_address(),
        metavar="[ADDRESS]",
        help="Send each new alarm to syslog, once: a socket (default /dev/log), HOST[:PORT], tcp://… or tls://….",
    ),
    click.option(
        "--syslog-format",
        type=click.Choice(list(_TEXTS)),
        default="sentence",
        show_default=True,
        help="What a line of syslog says.",
    ),
)


def secret(name: str) -> str:
    """The value of a variable of the environment, or of the file that NAME_FILE names; empty without one.

    Raises click.UsageError for a file that cannot be read.
    """
    value, file = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if value or not file:
        return value
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problem = os_error_text(error) if isinstance(error, OSError) else f"{file} is not UTF-8"
        raise click.UsageError(f"{name}_FILE: {problem}") from error


def configured() -> list[Sink]:
    """The receivers that the environment names. Raises click.UsageError for one that cannot be used."""
    return _sinks(None, None, "sentence")


def _sinks(url: str | None, address: str | None, text: str) -> list[Sink]:
    sinks = []
    if url := url or secret("AUDIT_WEBHOOK"):
        own = partial(webhook, url, secret=secret("AUDIT_WEBHOOK_SECRET"))
        sinks.append(_valid("--webhook", own))
    if url := secret("AUDIT_SLACK_WEBHOOK"):
        sinks.append(_valid("AUDIT_SLACK_WEBHOOK", partial(webhook, url, kind="slack", body=payloads.slack)))
    if key := secret("AUDIT_PAGERDUTY_KEY"):
        sinks.append(_valid("AUDIT_PAGERDUTY_URL", partial(_pagerduty, key)))
    if address is not None:
        sinks.append(_valid("--syslog", partial(syslog, address, _TEXTS[text])))
    return sinks


def _pagerduty(key: str) -> Sink:
    url = os.environ.get("AUDIT_PAGERDUTY_URL") or PAGERDUTY
    # Services of one account have one URL, and are told apart by their keys.
    return webhook(
        url, kind="pagerduty", body=partial(payloads.pagerduty, routing_key=key), identity=f"{url} {key}"
    )


def _valid(name: str, receiver: Callable[[], Sink]) -> Sink:
    try:
        return receiver()
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=name) from error
