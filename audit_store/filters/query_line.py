"""A filter as one line of text: `agent:support-* outcome:failure -activity:Login "10 %"`.

    line  = term, { space, term }
    term  = ["-"], field, ":", value | text
    field = word | quoted
    value = word | quoted
    text  = word, { space, word } | quoted

A word ends at a space, the word of a field also at a colon. In quotes, a backslash stands before a quote and before a
backslash. Fields and values are the parameters of a URL; `ip` is `source_ip`. The text is that of `q`.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from audit_store import ranges
from audit_store.errors import InvalidQuery
from audit_store.filters.event_filter import EventFilter
from audit_store.filters.fields import FIELDS, SINGLE, field_of, is_parameter, text_of
from audit_store.filters.metadata import PREFIX
from audit_store.filters.values import Value

NAMES = (*(field.short or field.name for field in FIELDS), *(name for name in SINGLE if name != "q"))
"""The fields of a line, except those of metadata, which are named `meta.<path>`."""
_PARAMETERS = {field.short: field.name for field in FIELDS if field.short}
_SHORT = {parameter: short for short, parameter in _PARAMETERS.items()}
_QUOTES = r'"(?:[^"\\]|\\.)*"'
_TERM = re.compile(
    rf'\s*(?P<minus>-)?(?:(?P<name>{_QUOTES}|[^\s:"][^\s:]*):)?(?P<value>{_QUOTES}(?!\S)|[^\s"]\S*)?',
    re.DOTALL,
)
_FIELDS = f"give one of {', '.join(NAMES)} or meta.<path>, or put the text in quotes"


class _Term(NamedTuple):
    """A value of a parameter ("q": of the text), where in the line it starts, from 0, and whether it is a word."""

    parameter: str
    value: str
    start: int
    is_word: bool


def to_text(where: EventFilter) -> str:
    """A filter as a line, without its time zone.

    >>> to_text(EventFilter(agent=("ada", "support 7"), not_activity=("Login",), q="10 %", range="30d"))
    'range:30d agent:ada agent:"support 7" -activity:Login "10 %"'
    """
    parameters = where.parameters()
    terms = [
        f"{name}:{_value(parameters[name][0])}" for name in ("range", "from", "to") if name in parameters
    ]
    for selection in where.selections():
        name = name_of(selection.field.name)
        named = f"{'-' * selection.is_excluded}{_named(name)}"
        terms += [f"{named}:{_value(text_of(selection.parameter, value))}" for value in selection.values]
    return " ".join([*terms, *([_quoted(where.q)] if where.q else [])])


def parse(line: str, *, now: datetime | None = None, tz: str = "UTC") -> EventFilter:
    """The filter of a line; `now` and `tz` are those of `EventFilter.parse`.

    Raises InvalidQuery, which says at which character what is wrong and what is allowed.
    """
    terms = _terms(line)
    parameters: dict[str, list[str]] = {}
    for term in terms:
        if term.parameter in SINGLE and term.parameter in parameters:
            name = "text" if term.parameter == "q" else term.parameter
            raise InvalidQuery(
                line, term.start, f"a filter has one {name}; put words that belong together in quotes"
            )
        parameters.setdefault(term.parameter, []).append(term.value)
    if parameters.keys() & {"from", "to"}:
        parameters.setdefault("range", ["custom"])
    where, notices = EventFilter.parse(parameters, now=now, tz=tz)
    for notice in notices:
        of_parameter = [term for term in terms if term.parameter == notice.parameter]
        wrong = [term.start for term in of_parameter if term.value == notice.value]
        raise InvalidQuery(line, [*wrong, *(term.start for term in of_parameter), 0][0], notice.allowed)
    return where


class Offers(NamedTuple):
    """What a line can be continued with: fields, those of them that can have a "-", and the values of a field."""

    fields: list[str]
    excluded: list[str]
    values: dict[str, list[str]]


def offers(values: Mapping[str, Iterable[Value]]) -> Offers:
    """What a line can be continued with, in its own spelling; `values` are those of each parameter.

    >>> offers({"agent": ["ada", "bob 2"]}).values["agent"]
    ['ada', '"bob 2"']
    """
    texts = {"range": list(ranges.RANGES)}
    for field in FIELDS:
        offered = field.choices or values.get(field.name, ())
        texts[name_of(field.name)] = [_value(text_of(field.name, value)) for value in offered]
    excluded = [name_of(field.name) for field in FIELDS if field.can_be_excluded]
    return Offers([*NAMES, PREFIX], [*excluded, PREFIX], texts)


def name_of(parameter: str) -> str:
    """The name that a line gives a parameter."""
    return _SHORT.get(parameter, parameter)


def parameter_of(name: str) -> str:
    """The parameter that a line names."""
    return _PARAMETERS.get(name, name)


def _terms(line: str) -> list[_Term]:
    terms: list[_Term] = []
    for match in _TERM.finditer(line):
        if not match[0].strip() and match.end() == len(line):
            break
        term = _term(line, match)
        if term.is_word and terms and terms[-1].is_word:
            terms[-1] = terms[-1]._replace(value=f"{terms[-1].value} {term.value}")
        else:
            terms.append(term)
    return terms


def _term(line: str, match: re.Match[str]) -> _Term:
    name, value = match["name"], match["value"]
    if value is None and line[match.end() : match.end() + 1] == '"':
        raise InvalidQuery(line, match.end(), "close the quotes, and put a space after them")
    if name is None and match["minus"]:
        start = match.start("minus")
        raise InvalidQuery(line, start, "write -field:value to leave out a value, or put the text in quotes")
    if name is None:
        return _Term("q", _unquoted(value), match.start("value"), not value.startswith('"'))
    parameter = _parameter(line, match)
    if value is None or value == '""':
        raise InvalidQuery(line, match.end("name") + 1, f"give a value after {name}:")
    return _Term(parameter, _unquoted(value), match.start("value"), is_word=False)


def _parameter(line: str, match: re.Match[str]) -> str:
    name = _unquoted(match["name"])
    parameter = parameter_of(name)
    if parameter == "q" or not is_parameter(parameter) or parameter.startswith("not_"):
        raise InvalidQuery(line, match.start("name"), _FIELDS)
    if not match["minus"]:
        return parameter
    field = field_of(parameter)
    if field is None or not field.can_be_excluded:
        raise InvalidQuery(
            line, match.start("minus"), f"no value of {name} can be left out; select the others"
        )
    return f"not_{parameter}"


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text.startswith('"') else text


def _value(text: str) -> str:
    return _quoted(text) if text.startswith('"') or re.search(r"\s", text) else text


def _named(name: str) -> str:
    return _quoted(name) if name.startswith(('"', "-")) or re.search(r"[\s:]", name) else name


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
