"""Reads the rules from TOML: the built-in file, and one of one's own over it; an error names the line."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from alarms.rules.rule import (
    AdministratorRole,
    BulkDeletion,
    DeletedAgent,
    DormantAgent,
    FirstApiKey,
    ManyAgentsFromOneAddress,
    ManyFailures,
    NewAddressAfterFailures,
    Rule,
    SuccessAfterFailures,
)
from audit_store.errors import InvalidFormat, reason, shorten

BUILT_IN = Path(__file__).with_name("rules.toml")
RULES: Mapping[str, type[Rule]] = {
    "success-after-failures": SuccessAfterFailures,
    "new-address-after-failures": NewAddressAfterFailures,
    "first-api-key": FirstApiKey,
    "administrator-role": AdministratorRole,
    "bulk-deletion": BulkDeletion,
    "dormant-agent": DormantAgent,
    "deleted-agent": DeletedAgent,
    "many-failures": ManyFailures,
    "many-agents-from-one-address": ManyAgentsFromOneAddress,
}
"""The kinds of rules by name, in the order of their lists."""

_ALLOWED = {
    "boolean": "give true or false",
    "integer": "give a whole number of 1 or more",
    "string": "give a whole number and s, m, h or d, such as 15m",
    "array": "give a list of at least one text",
    "enum": "give critical, high, medium or low",
}
"""What is allowed, by the JSON type of a setting."""


def in_force(store: Path) -> dict[str, Rule]:
    """The rules of a store by name: the built-in ones, and over them `AUDIT_RULES` or rules.toml beside the store.

    Raises InvalidFormat as `load` does, also where the file that `AUDIT_RULES` names is not there.
    """
    configured = os.environ.get("AUDIT_RULES")
    path = Path(configured) if configured else store.with_name("rules.toml")
    return load(path if configured or path.exists() else None)


def load(path: Path | None = None) -> dict[str, Rule]:
    """The built-in rules, with the settings of a file over theirs.

    Raises InvalidFormat, naming the file, the line and the value, for a file that is not TOML, an unknown rule or
    setting, and a value that is not allowed.
    """
    built_in, own = _tables(BUILT_IN), _tables(path) if path else {}
    for name, settings in own.items():
        if name not in RULES:
            raise _invalid(path, name, "", f"there is no rule {name!r}; give one of {', '.join(RULES)}")
        if not isinstance(settings, dict):
            raise _invalid(path, name, "", f"write the settings of a rule under [{name}]")
    return {name: _rule(path or BUILT_IN, name, built_in[name] | own.get(name, {})) for name in RULES}


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InvalidFormat(f"rules {path}: {reason(error)}") from error


def _rule(path: Path, name: str, settings: Mapping[str, Any]) -> Rule:
    kind = RULES[name]
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    for key in settings:
        if key not in fields:
            raise _invalid(path, name, key, f"there is no such setting; give one of {', '.join(fields)}")
    for key, value in settings.items():
        try:
            msgspec.convert(value, fields[key])
        except msgspec.ValidationError as error:
            expected = _ALLOWED[str(msgspec.json.schema(fields[key]).get("type", "enum"))]
            raise _invalid(path, name, key, f"{shorten(value)} is not allowed; {expected}") from error
    return msgspec.convert(settings, kind)


def _invalid(path: Path | None, name: str, key: str, message: str) -> InvalidFormat:
    where = f"{name} {key}".strip()
    return InvalidFormat(f"rules {path}, line {_line(path, name, key)}: {where}: {message}")


def _line(path: Path | None, name: str, key: str) -> int:
    """The line, from 1, of a setting of a rule, or of the rule where the setting cannot be found."""
    lines = path.read_text(encoding="utf-8").splitlines() if path else []
    is_header = re.compile(rf"\s*(\[\s*[\"']?{re.escape(name)}[\"']?\s*\]|{re.escape(name)}\s*[=.])")
    header = next((number for number, line in enumerate(lines) if is_header.match(line)), 0)
    rest = range(header + 1, len(lines))
    end = next((number for number in rest if lines[number].lstrip().startswith("[")), len(lines))
    is_setting = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
    settings = (number for number in range(header, end) if key and is_setting.match(lines[number]))
    return next(settings, header) + 1
