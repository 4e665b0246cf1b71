"""The command line of rules: python -m alarms rules and try-rule."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from alarms.rules import rules_file
from alarms.rules.hits import Hit, find_hits
from alarms.rules.rule import Rule
from audit_store import catalogue
from audit_store.cli import DONE, show, show_json, store_option
from audit_store.engines.registry import open_store
from audit_store.local_time import now, utc_text
from audit_store.quantities import counted
from audit_store.ranges import Period


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@store_option
def rules(*, as_json: bool, store: Path) -> int:
    """Print the rules in force and their settings.

    They are the built-in ones, and over them the file that AUDIT_RULES names, else rules.toml beside the store.
    """
    in_force = rules_file.in_force(store)
    if as_json:
        show_json({name: rule.settings() for name, rule in in_force.items()})
        return DONE
    for name, rule in in_force.items():
        settings = ", ".join(
            f"{key} {_words(value)}" for key, value in rule.settings().items() if key != "enabled"
        )
        show(f"{'on ' if rule.enabled else 'off'}  {name}: {settings}")
    return DONE


@click.command("try-rule")
@click.argument("name", type=click.Choice(list(rules_file.RULES)))
@click.option(
    "--days", type=click.IntRange(1, 3660), default=90, show_default=True, help="How far back to look."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@store_option
def try_rule(*, name: str, days: int, as_json: bool, store: Path) -> int:
    """Print what a rule would have found, whether it is switched on or not; nothing is recorded."""
    rule, moment = rules_file.in_force(store)[name], now()
    period = Period(moment - timedelta(days=days), None)
    hits = find_hits(open_store(store), name, rule, period, catalogue.load())
    if as_json:
        show_json([_as_dict(rule, hit) for hit in hits])
        return DONE
    for hit in hits:
        show(f"{utc_text(hit.starts_at, 'seconds')}  {_sentence(rule, hit)}")
    show(f"{name} would have fired {counted(len(hits), 'time')} in the last {counted(days, 'day')}")
    return DONE


def _words(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _sentence(rule: Rule, hit: Hit) -> str:
    return f"{hit.agent or ' and '.join(hit.addresses)} {rule.sentence(hit.events)}"


def _as_dict(rule: Rule, hit: Hit) -> dict[str, Any]:
    return {
        "rule": hit.rule,
        "agent": hit.agent or None,
        "addresses": list(hit.addresses),
        "start": utc_text(hit.starts_at),
        "end": utc_text(hit.ends_at),
        "events": hit.events,
        "sentence": _sentence(rule, hit),
    }
