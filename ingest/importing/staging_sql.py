"""The statements that turn JSON records into rows of events, many at a time.

SQL decides only what is *surely* a valid event; a row it is not sure of comes back with `sure` false, for
`Event` to judge. So SQL may doubt too much, but never too little, and all refusals come from one place.
"""

import json
from collections.abc import Mapping
from datetime import datetime

from audit_store import event
from audit_store.engines.protocol import Query
from ingest.formats.declaration import SPOOL_FIELDS
from ingest.importing.record_sql import literal, quoted, trimmed_bytes

TEXTS = ("agent", "activity", "description", "outcome", "source_ip", "target", "source", "event_id")
# What their own rules let pass cannot be the text of a number or of another value of JSON.
CHECKED_AS_TEXT = ("outcome", "fresh_id", "occurred_at")

_STRING = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt])*"'
# Only numbers that Python and DuckDB write with the same digits.
_NUMBER = r"0|-?(?:[1-9]\d{0,14}(?:\.\d{1,4})?|0\.\d{1,4})"
_PAIR = rf"{_STRING}: ?(?:{_STRING}|true|false|null|{_NUMBER})"
_FLAT_OBJECT = rf"\{{(?:{_PAIR}(?:, ?{_PAIR})*)?\}}"
# Of what DuckDB can read, without what it lets pass: white space, comments, NaN. It lets pass a last comma too.
_NESTED_OBJECT = rf"\{{(?:[\[\]{{}}:,]|{_STRING}|true|false|null|(?:{_NUMBER})[\]}},])*"
# Every value within is taken out of it, and takes memory once more for each that it lies in.
_NESTED_BYTES = 8192
_NESTED_COMMAS = 64
_SCALAR = r"true|false|0|-?[1-9]\d{0,14}"
# What a value of JSON that is no string looks like; DuckDB takes NaN and inf too.
_OTHER_VALUE = r"(?s)[\[{].*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-?(?i:nan|inf|infinity)|true|false"
_NAIVE = r"\d{4}-\d{2}-\d{2}[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?"
_DAY = 86_400_000_000
# Version and variant of a UUIDv5.
_UUID_BITS = 5 << 76 | 2 << 62
_UUID_MASK = ~(15 << 76 | 3 << 62) & (1 << 128) - 1


def stage(
    frame: str,
    fields: Mapping[str, str],
    constants: Mapping[str, str],
    *,
    rest: bool,
    fresh: bool,
    source: str,
    zone: str | None,
    now: datetime,
) -> Query:
    """Rows line, event_id, keyed, of_content, occurred_at (UTC), timed, the texts, metadata, sure, raw, record.

    `frame` is a statement that gives line, raw and record. `fields` names the top-level key that holds each
    event field, `constants` what stands in for one that is not given. With `rest` the keys that `fields` does
    not name join the metadata. `zone` (IANA) is that of times without an offset, `now` the time of events
    without a time. Where an event has no key, `event_id` is made of its content (raw, trimmed, as
    `event.content_uuid` has it) and `of_content` true; with `fresh` it is the one that the record was appended
    with, else a new UUIDv7. `raw` and `record` are given only where `sure` is false.
    """
    # Two fields may come from one key.
    names = list(dict.fromkeys(fields.values()))
    given = fields.get("metadata")
    sql = (
        f"WITH source AS ({frame}), {_parsed(names, given)}, {_told(fields, constants, names)}, "
        f"{_merged(names, rest)}, {_keyed(zone)} {_rows(fresh)}"
    )
    params = {"source": source, "now": now} | ({"zone": zone} if zone else {})
    return Query(sql, params)


def doubt(frame: str) -> Query:
    """Rows line, raw, record, for recipes that are beyond SQL."""
    return Query(f"SELECT line, raw, record FROM ({frame})")


def repeated_keys() -> Query:
    """Rows event_id, in the order of the table `repeated` (event_id, ordinal): keys of records that stand again."""
    name = "encode('again ' || ordinal || ':' || lower(hex(event_id)))"
    return Query(f"SELECT {_name_uuid(name)}::BLOB AS event_id FROM repeated")


def known_zones() -> Query:
    """Rows name: the time zones that `stage` can work with."""
    return Query("SELECT name FROM pg_timezone_names()")


def _parsed(names: list[str], metadata: str | None) -> str:
    shape = _shape({name: "JSON" if name == metadata else "VARCHAR" for name in names})
    # TRY copies what it gives, and a list of keys is the smaller thing to copy. What `json_keys` can read
    # `from_json` can: both use the same parser.
    return (
        "opened AS (SELECT line, raw, record, TRY(json_keys(record)) AS keys FROM source), "
        f"parsed AS (SELECT *, CASE WHEN keys IS NOT NULL THEN from_json(record, {shape}) END AS f FROM opened)"
    )


def _shape(types: Mapping[str, str]) -> str:
    return literal(json.dumps(types, ensure_ascii=False))


def _told(fields: Mapping[str, str], constants: Mapping[str, str], names: list[str]) -> str:
    texts = []
    typed = ["true"]
    metadata = fields.get("metadata")
    for name in (*TEXTS, *SPOOL_FIELDS, "occurred_at"):
        constant = literal(constants[name]) if name in constants else "NULL"
        if name not in fields:
            texts.append(f"{constant}::VARCHAR AS {name}")
            continue
        value = f"f.{quoted(fields[name])}"
        if fields[name] == metadata:
            value = f"({value}->>'$')"
        own = fields[name] == name
        if name not in CHECKED_AS_TEXT:
            typed.append(_is_text(fields[name], value, scalar=not own))
        value = value if own else f"nullif({value}, '')"
        # `coalesce` copies every text.
        texts.append(f"{value if constant == 'NULL' else f'coalesce({value}, {constant})'} AS {name}")
    if metadata is not None:
        value = f"f.{quoted(metadata)}"
        quotes = f"starts_with({value}, '\"')"
        texts.append(f"CASE WHEN {quotes} THEN {value}->>'$' ELSE {value}::VARCHAR END AS given")
        texts.append(f"coalesce({quotes}, false) AS as_text")
    else:
        texts.append("NULL::VARCHAR AS given, false AS as_text")
    known = " + ".join(f"(f.{quoted(name)} IS NOT NULL)::INT" for name in names)
    return (
        f"told AS (SELECT line, raw, record, keys, {', '.join(texts)}, {' AND '.join(typed)} AS typed, "
        f"{known} AS known FROM parsed)"
    )


def _is_text(key: str, value: str, *, scalar: bool) -> str:
    """Whether the JSON value that DuckDB gave as this text is a string or null (or, with `scalar`, a simple value).

    Only a text that reads like another value is looked up in the record; the first three conditions, which cost
    next to nothing, spare most texts the regular expression.
    """
    number = f"{value} < ':'"
    nested = f"{value} >= '[' AND {value} < '\\' OR {value} >= '{{' AND {value} < '|'"
    word = f"strlen({value}) BETWEEN {len('nan')} AND {len('infinity')}"
    looked_up = f"starts_with(from_json(record, {_shape({key: 'JSON'})}).{quoted(key)}, '\"')"
    simple = f"WHEN regexp_full_match({value}, '{_SCALAR}') THEN true " if scalar else ""
    return (
        f"CASE WHEN {number} OR {nested} OR {word} THEN "
        f"CASE {simple}WHEN regexp_full_match({value}, {literal(_OTHER_VALUE)}) THEN {looked_up} ELSE true END "
        "ELSE true END"
    )


def _merged(names: list[str], rest: bool) -> str:
    # RFC 7396: a null in a merge patch removes its key.
    removal = literal(json.dumps(dict.fromkeys(names), ensure_ascii=False))
    others = f"CASE WHEN len(keys) > known THEN json_merge_patch(record, {removal})::VARCHAR END"
    given = "coalesce(given, '{}')"
    return (
        f"others AS (SELECT *, {others if rest else 'NULL::VARCHAR'} AS rest, "
        f"CASE WHEN len(keys) = known THEN true ELSE {_distinct('keys')} END AS once FROM told), "
        "merged AS (SELECT *, CASE WHEN rest IS NULL OR rest = '{}' "
        f"THEN {given} WHEN {given} = '{{}}' THEN rest "
        "ELSE left(given, length(given) - 1) || ',' || substr(rest, 2) END AS metadata FROM others)"
    )


def _keyed(zone: str | None) -> str:
    naive = "try_cast(occurred_at AS TIMESTAMP)"
    local = (
        f"WHEN regexp_full_match(occurred_at, '{_NAIVE}') AND {_steady(naive)} THEN timezone($zone, {naive})"
    )
    return (
        "keyed AS (SELECT * REPLACE (coalesce(occurred_at, appended_at) AS occurred_at, "
        "coalesce(source, $source) AS source, coalesce(description, '') AS description), "
        "occurred_at IS NOT NULL AS timed, CASE "
        "WHEN coalesce(occurred_at, appended_at) IS NULL THEN $now::TIMESTAMPTZ "
        f"WHEN regexp_full_match(coalesce(occurred_at, appended_at), '{event.RFC3339_PATTERN}') "
        "THEN try_cast(coalesce(occurred_at, appended_at) AS TIMESTAMPTZ) "
        f"{local if zone else ''} END AS moment, "
        f"{_uuid('event_id', _key_uuid('coalesce(source, $source)', 'event_id'))} AS given_key, "
        f"{_uuid('fresh_id')} AS fresh_key, TRY(json_keys(metadata)) AS members FROM merged)"
    )


def _steady(naive: str) -> str:
    """Whether the zone keeps its offset a day before and after, so that the wall clock is not ambiguous."""
    before, after = (f"epoch_us(timezone($zone, {naive} {sign} INTERVAL 1 DAY))" for sign in "-+")
    middle = f"epoch_us(timezone($zone, {naive}))"
    return f"{middle} - {before} = {_DAY} AND {after} - {middle} = {_DAY}"


def _rows(fresh: bool) -> str:
    content = _name_uuid(f"encode('record ' || length(source) || ':' || source) || {trimmed_bytes('raw')}")
    keyless = "event_id IS NULL AND fresh_id IS NULL"
    return (
        f"SELECT line, coalesce(given_key, fresh_key, {'uuidv7()' if fresh else content})::BLOB AS event_id, "
        f"event_id IS NOT NULL OR {'false' if fresh else 'fresh_id IS NULL'} AS keyed, "
        f"{'false' if fresh else keyless} AS of_content, "
        "moment AS occurred_at, timed, agent, activity, description, "
        f"outcome, source_ip, target, source, metadata, coalesce({_sure()}, false) AS sure, "
        "CASE WHEN NOT sure THEN raw END AS raw, CASE WHEN NOT sure THEN record END AS record FROM keyed"
    )


def _sure() -> str:
    """Every rule of an event, as narrow or narrower than `Event` has it."""
    optional = {"source_ip": event.SOURCE_IP_MAX, "target": event.TARGET_MAX}
    conditions = [
        "typed AND once",
        # With more to keep, metadata that came as text has to be opened and written anew.
        "NOT (as_text AND rest IS NOT NULL AND rest <> '{}')",
        # DuckDB's parser lets a comma stand before a closing bracket.
        r"NOT regexp_matches(record, ',\s*[}\]]')",
        f"length(agent) BETWEEN 1 AND {event.AGENT_MAX}",
        f"length(activity) BETWEEN 1 AND {event.ACTIVITY_MAX}",
        f"strlen(description) <= {event.DESCRIPTION_MAX_BYTES}",
        "(outcome IS NULL OR outcome IN ('success', 'failure'))",
        *(f"({name} IS NULL OR length({name}) <= {most})" for name, most in optional.items()),
        f"length(source) <= {event.SOURCE_MAX}",
        f"(event_id IS NULL OR length(event_id) BETWEEN 1 AND {event.EVENT_ID_MAX})",
        "(fresh_id IS NULL OR fresh_key IS NOT NULL)",
        f"moment >= TIMESTAMPTZ '{event.EARLIEST}' AND moment < TIMESTAMPTZ '{event.LATEST}'",
        f"(metadata = '{{}}' OR strlen(metadata) <= {event.METADATA_MAX_BYTES} "
        f"AND {_distinct('members')} "
        f"AND CASE WHEN regexp_full_match(metadata, {literal(_FLAT_OBJECT)}) THEN true ELSE {_nested()} END)",
    ]
    return " AND ".join(conditions)


def _nested() -> str:
    """Whether the metadata, which is not flat, is as an event may have it."""
    opened = "strlen(metadata) - strlen(replace(replace(metadata, '{', ''), '[', ''))"
    commas = "strlen(metadata) - strlen(replace(metadata, ',', ''))"
    objects = "list_filter(json_extract(metadata, '$..*'), lambda value: starts_with(value, '{'))"
    keys = f"list_transform({objects}, lambda value: json_keys(value))"
    distinct = f"list_bool_and(list_transform({keys}, lambda names: {_distinct('names')}))"
    return (
        f"CASE WHEN members IS NOT NULL AND {opened} <= {event.METADATA_MAX_DEPTH} "
        f"AND strlen(metadata) * ({opened}) <= {_NESTED_BYTES} AND {commas} <= {_NESTED_COMMAS} "
        "AND NOT contains(metadata, ',}') AND NOT contains(metadata, ',]') "
        f"AND regexp_full_match(metadata, {literal(_NESTED_OBJECT)}) "
        f"THEN coalesce({distinct}, true) ELSE false END"
    )


def _distinct(keys: str) -> str:
    """Whether no key stands twice; `list_unique` alone is ten times slower on the short lists that abound."""
    return (
        f"CASE WHEN len({keys}) <= 1 THEN true WHEN len({keys}) = 2 THEN {keys}[1] <> {keys}[2] "
        f"ELSE list_unique({keys}) = len({keys}) END"
    )


def _uuid(text: str, other: str = "NULL") -> str:
    """The text as a UUID where it is one, else `other`, unless it is NULL."""
    return (
        f"CASE WHEN strlen({text}) = 36 AND regexp_full_match({text}, '{event.UUID_PATTERN}') "
        f"THEN {text}::UUID WHEN {text} IS NOT NULL THEN {other} END"
    )


def _key_uuid(source: str, key: str) -> str:
    """The key of `event.key_uuid`, where it is no UUID itself."""
    return _name_uuid(f"encode(length({source}) || ':' || {source} || {key})")


def _name_uuid(name: str) -> str:
    """The UUIDv5 (RFC 9562, 5.5) of a name (BLOB): of SHA-1 of namespace and name."""
    hashed = f"sha1(unhex('{event.KEY_NAMESPACE.hex}') || {name})"
    number = f"unhex(left({hashed}, 32))::UUID::UHUGEINT"
    return f"({number} & {_UUID_MASK}::UHUGEINT | {_UUID_BITS}::UHUGEINT)::UUID"
