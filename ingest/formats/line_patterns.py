"""The declaration of a format of lines → how its lines are taken apart, with all patterns and names checked."""

import re
from collections.abc import Mapping
from typing import Any

from ingest.formats.declaration import Declaration, InvalidDeclaration, filled_keys
from ingest.formats.line_shape import LINE_FIELDS, LineShape, Rule
from ingest.formats.paths import is_path

# RE2, which runs the patterns in time linear in the text, has neither.
_BEYOND_RE2 = re.compile(r"\(\?(?:[=!]|<[=!])|\\[1-9]|\(\?P=")


def line_shape(declared: Declaration, fields: Mapping[str, tuple[str, ...]]) -> LineShape:
    """The shape of a line. Raises InvalidDeclaration."""
    pattern = re2(declared.line, "line")
    if not declared.continuation.isascii():
        raise InvalidDeclaration("continuation", f"{declared.continuation!r} must be ASCII characters")
    groups = _group_names(pattern)
    used = [
        *declared.message,
        *declared.keep,
        *declared.numbers,
        *([declared.repeats] if declared.repeats else []),
    ]
    if declared.rules:
        used.append("time")
    if declared.rules or not declared.decode:
        used += [name for candidates in fields.values() for name in candidates if is_group(name)]
    for name in used:
        if name not in groups:
            raise InvalidDeclaration("line", f"it has no group {name!r}, only {', '.join(groups)}")
    return LineShape(
        pattern=pattern.pattern,
        groups=groups,
        message=declared.message,
        fields=fields,
        fixed=frozenset(),
        rules=tuple(_rule(number, rule) for number, rule in enumerate(declared.rules, start=1)),
        keep=declared.keep,
        numbers=declared.numbers,
        repeats=declared.repeats,
        continuation=declared.continuation,
    )


def re2(text: str, key: str) -> re.Pattern[str]:
    """The pattern in a text, without what RE2 does not have. Raises InvalidDeclaration with this key."""
    if _BEYOND_RE2.search(text):
        raise InvalidDeclaration(key, "look-around and back-references are not supported")
    return compiled(text, key)


def is_group(candidate: str) -> bool:
    """Whether a candidate is the name of a group of a line, and neither a path nor a template."""
    return bool(candidate) and not is_path(candidate) and "{" not in candidate


def compiled(text: str, key: str) -> re.Pattern[str]:
    """The pattern in a text. Raises InvalidDeclaration with this key."""
    try:
        return re.compile(text)
    except re.error as error:
        raise InvalidDeclaration(key, str(error)) from error


def _rule(number: int, declared: Any) -> Rule:
    key = f"rules[{number}].pattern"
    pattern = re2(declared.pattern, key)
    for name in pattern.groupindex:
        if name not in LINE_FIELDS:
            raise InvalidDeclaration(key, f"group {name!r} is not one of {', '.join(LINE_FIELDS)}")
    constants = {name: value for name, value in filled_keys(declared).items() if name != "pattern"}
    return Rule(pattern.pattern, dict(pattern.groupindex), constants)


def _group_names(pattern: re.Pattern[str]) -> tuple[str, ...]:
    names = {number: name for name, number in pattern.groupindex.items()}
    return tuple(names.get(number, f"_{number}") for number in range(1, pattern.groups + 1))
