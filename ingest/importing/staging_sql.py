"""The statements that turn JSON records into rows of events, many at a time.

SQL decides only what is *certainly* a valid event; any other row comes back with `certain` false, for `Event` to
decide. So SQL may be uncertain of too much, but never of too little, and all refusals come from one place.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from audit_store import event
from audit_store.engines.protocol import Query
from ingest.formats.declaration import SPOOL_FIELDS
from ingest.importing.event_rules_sql import distinct, valid_event
from ingest.importing.key_sql import content_uuid, key_uuid, uuid_or
from ingest.importing.record_sql import literal, quoted

TEXTS = ("agent", "activity", "description", "outcome", "source_ip", "target", "source", "event_id")
# Their own rules refuse the text of a number or of another value of JSON.
_NEVER_LIKE_OTHER_VALUES = ("outcome", "fresh_id", "occurred_at")

_SCALAR = r"true|false|0|-?[1-9]\d{0,14}"
# The text of a value of JSON that is not a string; DuckDB accepts NaN and inf, too.
_OTHER_VALUE = r"(?s)[\[{].*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-?(?i:nan|inf|infinity)|true|false"
_CLEAN_ADDRESS = (
    "(source_ip IS NULL OR "
    r"regexp_full_match(source_ip, '\d+\.\d+\.\d+\.\d+|[1-9a-fA-F][0-9a-fA-F]*:[0-9a-fA-F:]*'))"
)
_NAIVE = r"\d{4}-\d{2}-\d{2}[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?"
_DAY = 86_400_000_000


def stage(
    frame: str,
    fields: Mapping[str, str],
    constants: Mapping[str, str],
    *,
    rest: bool,
    fresh: bool,
    source: str,
    zone: str | None,
    now: datetime | None,
) -> Query:
    """Rows line, event_id, keyed, of_content, occurred_at (UTC), timed, texts, metadata, certain, raw, record.

    `frame` is a statement that gives line, raw and record. `fields` names the top-level key that holds each
    event field, `constants` the value of a field that has none. With `rest` the keys that `fields` does not name
    join the metadata. `zone` (IANA) is that of times without an offset, `now` the time of events without a time; where
    it is None, these are not certain. Where an event has no key, `event_id` is derived from its content (raw, trimmed,
    as `event.content_uuid` does) and `of_content` true; with `fresh` it is the one that the record was appended with,
    else a new UUIDv7. `raw` and `record` are given only where `certain` is false.
    """
    # Two fields may come from one key.
    keys = list(dict.fromkeys(fields.values()))
    metadata = fields.get("metadata")
    sql = (
        f"WITH source AS ({frame}), {_parsed(keys, metadata, strange=fresh)}, {_fields(fields, constants, keys)}, "
        f"{_merged(keys, rest)}, {_keyed(zone)} {_rows(fresh)}"
    )
    params = {"source": source, "now": now} | ({"zone": zone} if zone else {})
    return Query(sql, params)


def uncertain(frame: str) -> Query:
    """Rows line, raw, record, for recipes that are beyond SQL."""
    return Query(f"SELECT line, raw, record FROM ({frame})")


def zones() -> Query:
    """Rows name: the time zones that `stage` can work with."""
    return Query("SELECT name FROM pg_timezone_names()")


def _parsed(keys: list[str], metadata: str | None, *, strange: bool) -> str:
    types = _types({key: "JSON" if key == metadata else "VARCHAR" for key in keys})
    # TRY copies its result, and a list of keys is smaller. What `json_keys` can read `from_json` can, too: both use
    # the same parser.
    names = "TRY(json_keys(record))"
    # An exception within TRY takes five times as long as a look at a record, which most imports do without.
    opened = f"CASE WHEN json_valid(record) THEN {names} END" if strange else names
    return (
        f"opened AS (SELECT line, raw, record, {opened} AS keys FROM source), "
        f"parsed AS (SELECT *, CASE WHEN keys IS NOT NULL THEN from_json(record, {types}) END AS f FROM opened)"
    )


def _types(by_key: Mapping[str, str]) -> str:
    return literal(json.dumps(by_key, ensure_ascii=False))


def _fields(fields: Mapping[str, str], constants: Mapping[str, str], keys: list[str]) -> str:
    metadata = fields.get("metadata")
    texts = []
    are_texts = ["true"]
    for name in (*TEXTS, *SPOOL_FIELDS, "occurred_at"):
        constant = literal(constants[name]) if name in constants else "NULL"
        if name not in fields:
            texts.append(f"{constant}::VARCHAR AS {name}")
            continue
        value = f"f.{quoted(fields[name])}"
        if fields[name] == metadata:
            value = f"({value}->>'$')"
        own = fields[name] == name
        if name not in _NEVER_LIKE_OTHER_VALUES:
            are_texts.append(_is_text(fields[name], value, scalar=not own))
        value = value if own else f"nullif({value}, '')"
        # `coalesce` copies every text.
        texts.append(f"{value if constant == 'NULL' else f'coalesce({value}, {constant})'} AS {name}")
    texts += _metadata(metadata)
    # Elsewhere an address may have a port, brackets and others beside it.
    is_clean = "true" if fields.get("source_ip", "source_ip") == "source_ip" else _CLEAN_ADDRESS
    used = " + ".join(f"(f.{quoted(key)} IS NOT NULL)::INT" for key in keys)
    return (
        f"fields AS (SELECT line, raw, record, keys, {', '.join(texts)}, {' AND '.join(are_texts)} AS are_texts, "
        f"{is_clean} AS addresses_clean, {used} AS used FROM parsed)"
    )


def _metadata(key: str | None) -> list[str]:
    if key is None:
        return ["NULL::VARCHAR AS own_metadata", "false AS as_text"]
    value = f"f.{quoted(key)}"
    quotes = f"starts_with({value}, '\"')"
    text = f"CASE WHEN {quotes} THEN {value}->>'$' ELSE {value}::VARCHAR END"
    return [f"{text} AS own_metadata", f"coalesce({quotes}, false) AS as_text"]


def _is_text(key: str, value: str, *, scalar: bool) -> str:
    """Whether the JSON value that DuckDB gave as this text is a string or null (or, with `scalar`, a simple value).

    Only a text that reads like another value is looked up in the record; the first three conditions, which cost
    next to nothing, spare most texts the regular expression.
    """
    number = f"{value} < ':'"
    nested = f"{value} >= '[' AND {value} < '\\' OR {value} >= '{{' AND {value} < '|'"
    word = f"strlen({value}) BETWEEN {len('nan')} AND {len('infinity')}"
    looked_up = f"starts_with(from_json(record, {_types({key: 'JSON'})}).{quoted(key)}, '\"')"
    simple = f"WHEN regexp_full_match({value}, '{_SCALAR}') THEN true " if scalar else ""
    return (
        f"CASE WHEN {number} OR {nested} OR {word} THEN "
        f"CASE {simple}WHEN regexp_full_match({value}, {literal(_OTHER_VALUE)}) THEN {looked_up} ELSE true END "
        "ELSE true END"
    )


def _merged(keys: list[str], rest: bool) -> str:
    # RFC 7396: a null in a merge patch removes its key.
    removal = literal(json.dumps(dict.fromkeys(keys), ensure_ascii=False))
    others = f"CASE WHEN len(keys) > used THEN json_merge_patch(record, {removal})::VARCHAR END"
    own = "coalesce(own_metadata, '{}')"
    return (
        f"others AS (SELECT *, {others if rest else 'NULL::VARCHAR'} AS rest, "
        f"CASE WHEN len(keys) = used THEN true ELSE {distinct('keys')} END AS keys_distinct FROM fields), "
        "merged AS (SELECT *, CASE WHEN rest IS NULL OR rest = '{}' "
        f"THEN {own} WHEN {own} = '{{}}' THEN rest "
        "ELSE left(own_metadata, length(own_metadata) - 1) || ',' || substr(rest, 2) END AS metadata FROM others)"
    )


def _keyed(zone: str | None) -> str:
    naive = "try_cast(occurred_at AS TIMESTAMP)"
    local = (
        f"WHEN regexp_full_match(occurred_at, '{_NAIVE}') AND {_unambiguous(naive)} "
        f"THEN timezone($zone, {naive})"
    )
    return (
        "keyed AS (SELECT * REPLACE (coalesce(occurred_at, appended_at) AS occurred_at, "
        "coalesce(source, $source) AS source, coalesce(description, '') AS description), "
        "occurred_at IS NOT NULL AS timed, CASE "
        "WHEN coalesce(occurred_at, appended_at) IS NULL THEN $now::TIMESTAMPTZ "
        f"WHEN regexp_full_match(coalesce(occurred_at, appended_at), '{event.RFC3339_PATTERN}') "
        "THEN try_cast(coalesce(occurred_at, appended_at) AS TIMESTAMPTZ) "
        f"{local if zone else ''} END AS moment, "
        f"{key_uuid('coalesce(source, $source)', 'event_id')} AS own_key, "
        f"{uuid_or('fresh_id')} AS fresh_key, TRY(json_keys(metadata)) AS members FROM merged)"
    )


def _unambiguous(naive: str) -> str:
    """Whether the zone keeps its offset a day before and after, so that the local time exists once."""
    before, after = (f"epoch_us(timezone($zone, {naive} {sign} INTERVAL 1 DAY))" for sign in "-+")
    middle = f"epoch_us(timezone($zone, {naive}))"
    return f"{middle} - {before} = {_DAY} AND {after} - {middle} = {_DAY}"


def _rows(fresh: bool) -> str:
    without_key = "uuidv7()" if fresh else content_uuid("source", "raw")
    of_content = "false" if fresh else "event_id IS NULL AND fresh_id IS NULL"
    certain = f"coalesce(are_texts AND keys_distinct AND addresses_clean AND {valid_event()}, false)"
    return (
        f"SELECT line, coalesce(own_key, fresh_key, {without_key})::BLOB AS event_id, "
        f"event_id IS NOT NULL OR {'false' if fresh else 'fresh_id IS NULL'} AS keyed, "
        f"{of_content} AS of_content, moment AS occurred_at, timed, agent, activity, description, "
        f"outcome, source_ip, target, source, metadata, {certain} AS certain, "
        "CASE WHEN NOT certain THEN raw END AS raw, CASE WHEN NOT certain THEN record END AS record FROM keyed"
    )
