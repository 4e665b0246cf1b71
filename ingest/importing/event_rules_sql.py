"""The rules of an event as conditions of SQL, as narrow as `Event` has them or narrower."""

from audit_store import event
from ingest.importing.record_sql import literal

_STRING = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt])*"'
# Only numbers that Python and DuckDB write with the same digits.
_NUMBER = r"0|-?(?:[1-9]\d{0,14}(?:\.\d{1,4})?|0\.\d{1,4})"
_PAIR = rf"{_STRING}: ?(?:{_STRING}|true|false|null|{_NUMBER})"
_FLAT_OBJECT = rf"\{{(?:{_PAIR}(?:, ?{_PAIR})*)?\}}"
# What DuckDB can read, without what it accepts beyond JSON: white space, comments, NaN. A last comma is left.
_NESTED_OBJECT = rf"\{{(?:[\[\]{{}}:,]|{_STRING}|true|false|null|(?:{_NUMBER})[\]}},])*"
# Every value within is extracted, and takes memory once more for each object or array around it.
_NESTED_BYTES = 8192
_NESTED_COMMAS = 64


def valid_event() -> str:
    """Whether a row is certainly a valid event.

    The row has the texts of an event, `moment`, `fresh_id` and `fresh_key`, the record and its `keys`, the metadata
    and its `members` (keys), `rest` (other keys as an object) and `as_text` (the metadata came as text).
    """
    optional = {"source_ip": event.SOURCE_IP_MAX, "target": event.TARGET_MAX}
    conditions = [
        # With more to keep, metadata that came as text has to be opened and written anew.
        "NOT (as_text AND rest IS NOT NULL AND rest <> '{}')",
        # DuckDB's parser accepts a comma before a closing bracket.
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
        f"AND {distinct('members')} "
        f"AND CASE WHEN regexp_full_match(metadata, {literal(_FLAT_OBJECT)}) THEN true "
        f"ELSE {_valid_nested_metadata()} END)",
    ]
    return " AND ".join(conditions)


def _valid_nested_metadata() -> str:
    opened = "strlen(metadata) - strlen(replace(replace(metadata, '{', ''), '[', ''))"
    commas = "strlen(metadata) - strlen(replace(metadata, ',', ''))"
    objects = "list_filter(json_extract(metadata, '$..*'), lambda value: starts_with(value, '{'))"
    keys = f"list_transform({objects}, lambda value: json_keys(value))"
    distinct_keys = f"list_bool_and(list_transform({keys}, lambda names: {distinct('names')}))"
    return (
        f"CASE WHEN members IS NOT NULL AND {opened} <= {event.METADATA_MAX_DEPTH} "
        f"AND strlen(metadata) * ({opened}) <= {_NESTED_BYTES} AND {commas} <= {_NESTED_COMMAS} "
        "AND NOT contains(metadata, ',}') AND NOT contains(metadata, ',]') "
        f"AND regexp_full_match(metadata, {literal(_NESTED_OBJECT)}) "
        f"THEN coalesce({distinct_keys}, true) ELSE false END"
    )


def distinct(keys: str) -> str:
    """Whether no key is repeated; `list_unique` alone is ten times slower on lists of one or two, the most frequent."""
    return (
        f"CASE WHEN len({keys}) <= 1 THEN true WHEN len({keys}) = 2 THEN {keys}[1] <> {keys}[2] "
        f"ELSE list_unique({keys}) = len({keys}) END"
    )
