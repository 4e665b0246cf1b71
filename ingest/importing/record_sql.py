"""The statements that turn input, lines or columns, into JSON records of one event each.

Each reads a table `frame` that the caller registers, and gives line, raw (the record as it came) and record
(the JSON text of an object, or NULL if there is none).
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from audit_store import event
from ingest.formats.line_shape import LINE_FIELDS, LineShape

LEAP_GAP_YEARS = 8
MOST_REPEATS = 1_000
"""A line that says that it stands for more events is one: anybody who may write to a log can claim millions."""
EMPTY = "''"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST = {
    "agent": event.AGENT_MAX,
    "activity": event.ACTIVITY_MAX,
    "source_ip": event.SOURCE_IP_MAX,
    "target": event.TARGET_MAX,
    "description": event.DESCRIPTION_MAX_BYTES // 4,
}


def literal(text: str) -> str:
    """The text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def trimmed(text: str) -> str:
    """The text without white space (of ASCII) at its ends."""
    return f"decode({trimmed_bytes(text)})"


def trimmed_bytes(text: str) -> str:
    """The same as a BLOB, its UTF-8."""
    # `trim` takes ten times as long as a comparison of the ends.
    data = f"encode({text})"
    return (
        rf"CASE WHEN {text} >= '!' AND ends_with({text}, e'}}\n') THEN {data}[:-2] "
        rf"WHEN {text} >= '!' AND {data}[-1:] > '\x20'::BLOB THEN {data} "
        rf"WHEN {text} >= '!' AND ends_with({text}, e'\n') AND {data}[-2:] > '\x20\xFF'::BLOB THEN {data}[:-2] "
        rf"ELSE encode(trim({text}, e' \t\n\r\f')) END"
    )


def record_frame() -> str:
    """Records that are JSON beside the text as it came: `frame` has line, raw and record."""
    return "SELECT line, raw, record FROM frame"


def json_frame() -> str:
    """Records that are JSON as they came: `frame` has line and raw, which may end with a line end."""
    return "SELECT line, raw, raw AS record FROM frame"


def columns_frame(names: Sequence[str], types: Sequence[str], texts: frozenset[str]) -> str:
    """Records that came in columns: `frame` has line, c0, c1, … of these DuckDB types.

    NULL is "not given". The columns in `texts` become text, and NaN in them is "not given", too; others keep their
    JSON type, with NaN and infinities as texts.
    """
    keys = [literal(json.dumps(name, ensure_ascii=False) + ":") for name in names]
    values = [
        _as_json(f"c{index}", kind, name in texts)
        for index, (name, kind) in enumerate(zip(names, types, strict=True))
    ]
    members = [f"{key} || {value}" for key, value in zip(keys, values, strict=True)]
    record = f"'{{' || concat_ws(',', {', '.join(members)}) || '}}'"
    return f"SELECT line, record AS raw, record FROM (SELECT line, {record} AS record FROM frame)"


def _as_json(column: str, kind: str, as_text: bool) -> str:
    if kind.startswith("TIMESTAMP") and ("TZ" in kind or "WITH" in kind):
        return f"to_json(strftime({column}::TIMESTAMPTZ AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'))"
    if kind.startswith("TIMESTAMP"):
        return f"to_json(strftime({column}::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%f'))"
    if kind in ("FLOAT", "DOUBLE"):
        finite = f"CASE WHEN isfinite({column}) THEN {column} END"
        # Data frames write a missing number as NaN.
        return (
            f"to_json({finite}::VARCHAR)"
            if as_text
            else f"coalesce(to_json({finite}), {_not_finite(column)})"
        )
    nested = kind.startswith(("STRUCT", "MAP")) or kind.endswith("]")
    return f"to_json({column}::VARCHAR)" if as_text and not nested else f"to_json({column})"


def _not_finite(column: str) -> str:
    return (
        f"CASE WHEN isnan({column}) THEN to_json('NaN') WHEN isinf({column}) THEN "
        f"to_json(CASE WHEN {column} > 0 THEN 'Infinity' ELSE '-Infinity' END) END"
    )


def lines_frame(shape: LineShape, now: datetime, *, has_year: bool = False) -> str:
    """Records from lines of text: `frame` has line and raw. `record` is NULL where the shape does not fit.

    With rules, the record has the fields of an event; otherwise the groups that are not empty, by their names. A time
    without a year gets the latest year that does not put it more than a day into the future: time zones differ by as
    much. With `has_year`, it gets that of the column `year`: `frame` has this and the columns of `opened_lines` then.
    `now` is naive, in UTC.
    """
    latest = None if has_year else now
    groups = "(SELECT line, raw, g, year FROM frame)" if has_year else f"({_opened(shape)})"
    if not shape.rules:
        return _groups_frame(shape, groups, latest)
    # The rule is chosen once a line, so that each field runs the pattern of that rule only.
    choice = " ".join(
        f"WHEN regexp_matches(message, {literal(rule.pattern)}) THEN {index}"
        for index, rule in enumerate(shape.rules)
    )
    fields = {name: value for name in LINE_FIELDS if (value := _line_field(shape, name))}
    fields["occurred_at"] = _dated("g.time", latest)
    values = ", ".join(f"{value} AS {name}" for name, value in fields.items())
    repeats = f"unnest({_repeats(shape.repeats)}) AS repeat, " if shape.repeats else ""
    return (
        f"SELECT {repeats}line, raw, CASE WHEN g.time <> '' THEN {_line_record(shape, fields)} END AS record "
        f"FROM (SELECT line, raw, g, {values} FROM (SELECT *, CASE {choice} END AS rule "
        f"FROM (SELECT *, {_first_filled(shape.message)} AS message FROM {groups})))"
    )


def opened_lines(shape: LineShape) -> str:
    """Rows line, raw, g (the groups of the pattern) and month (1 to 12; 0 for none) of the lines, in their order."""
    names = ", ".join(map(literal, MONTHS))
    month = f"coalesce(list_position([{names}], left(g.time, 3)), 0)::BIGINT"
    return f"SELECT line, raw, g, {month} AS month FROM ({_opened(shape)})"


def _opened(shape: LineShape) -> str:
    return f"SELECT line, raw, {_groups(shape)} AS g FROM (SELECT line, {trimmed('raw')} AS raw FROM frame)"


def _groups(shape: LineShape) -> str:
    names = ", ".join(map(literal, shape.groups))
    return f"regexp_extract(raw, {literal(shape.pattern)}, [{names}])"


def _groups_frame(shape: LineShape, groups: str, latest: datetime | None) -> str:
    values = {name: f"g.{quoted(name)}" for name in shape.groups if not name.startswith("_")}
    if "time" in values:
        values["time"] = _dated(values["time"], latest)
    members = ", ".join(
        f"{literal(json.dumps(name) + ':')} || to_json(nullif({value}, ''))" for name, value in values.items()
    )
    return (
        f"SELECT line, raw, CASE WHEN regexp_matches(raw, {literal(shape.pattern)}) "
        f"THEN '{{' || concat_ws(',', {members}) || '}}' END AS record FROM {groups}"
    )


def _repeats(group: str) -> str:
    times = f"try_cast(g.{quoted(group)} AS BIGINT)"
    return f"CASE WHEN {times} BETWEEN 2 AND {MOST_REPEATS} THEN range({times}) ELSE [0] END"


def _line_record(shape: LineShape, fields: Iterable[str]) -> str:
    members = [f"'\"{name}\":' || to_json({_cut(name)})" for name in fields]
    kept = [f"'\"{name}\":' || to_json(nullif(g.{quoted(name)}, ''))" for name in shape.keep]
    kept += [f"'\"{name}\":' || try_cast(g.{quoted(name)} AS BIGINT)" for name in shape.numbers]
    members.append(f"'\"metadata\":{{' || concat_ws(',', {', '.join(kept) or 'NULL'}) || '}}'")
    return f"'{{' || concat_ws(',', {', '.join(members)}) || '}}'"


def _first_filled(groups: Sequence[str]) -> str:
    return f"coalesce({', '.join(f'nullif(g.{quoted(name)}, {EMPTY})' for name in groups)}, {EMPTY})"


def _line_field(shape: LineShape, name: str) -> str:
    cases = []
    for index, rule in enumerate(shape.rules):
        if name in rule.groups:
            group = f"regexp_extract(message, {literal(rule.pattern)}, {rule.groups[name]})"
            cases.append(f"WHEN {index} THEN nullif({group}, '')")
        elif name in rule.constants:
            cases.append(f"WHEN {index} THEN {literal(rule.constants[name])}")
    values = [f"CASE rule {' '.join(cases)} END"] if cases and name not in shape.fixed else []
    if name in shape.fields:
        values.append(f"nullif({_first_filled(shape.fields[name])}, '')")
    return f"coalesce({', '.join(values)})" if values else ""


def _cut(name: str) -> str:
    # An attacker chooses the user name in a log line: a long one must not cause the line to be rejected.
    if name not in MOST:
        return name
    return (
        f"CASE WHEN length({name}) > {MOST[name]} THEN left({name}, {MOST[name] - 1}) || '…' ELSE {name} END"
    )


def _dated(text: str, now: datetime | None) -> str:
    """The time in a text; one without a year gets that of the column `year`, or the latest before `now` and a day."""
    if now is None:
        moments = [f"try_strptime(year || ' ' || {text}, '%Y %b %d %H:%M:%S')"]
    else:
        latest = str(now + timedelta(days=1))
        years = range(now.year + 1, now.year - LEAP_GAP_YEARS - 1, -1)
        dated = [f"try_strptime('{year} ' || {text}, '%Y %b %d %H:%M:%S')" for year in years]
        moments = [f"CASE WHEN {moment} <= TIMESTAMP '{latest}' THEN {moment} END" for moment in dated]
    # A day that no year has stays as it is, and is rejected like any other text that is not a time.
    return (
        f"CASE WHEN regexp_matches({text}, '^\\d{{4}}-') THEN {text} "
        f"ELSE coalesce(strftime(coalesce({', '.join(moments)}), '%Y-%m-%dT%H:%M:%S'), {text}) END"
    )
