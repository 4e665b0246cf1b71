"""The statements and expressions that make the UUIDs of events, as `audit_store.event` makes them."""

from audit_store import event
from audit_store.engines.protocol import Query
from ingest.importing.record_sql import trimmed_bytes

# Version and variant of a UUIDv5.
_UUID_BITS = 5 << 76 | 2 << 62
_UUID_MASK = ~(15 << 76 | 3 << 62) & (1 << 128) - 1


def repeated_keys() -> Query:
    """Rows event_id, in the order of the table `repeated` (event_id, ordinal): keys of repeated records."""
    name = "encode('again ' || ordinal || ':' || lower(hex(event_id)))"
    return Query(f"SELECT {_name_uuid(name)}::BLOB AS event_id FROM repeated")


def key_uuid(source: str, key: str) -> str:
    """The UUID of `event.key_uuid`; NULL for no key."""
    return uuid_or(key, _name_uuid(f"encode(length({source}) || ':' || {source} || {key})"))


def content_uuid(source: str, raw: str) -> str:
    """The UUID of `event.content_uuid` for a record as it came, which may end with white space."""
    return _name_uuid(f"encode('record ' || length({source}) || ':' || {source}) || {trimmed_bytes(raw)}")


def uuid_or(text: str, other: str = "NULL") -> str:
    """The text as a UUID if it is one, else `other`; NULL for NULL."""
    return (
        f"CASE WHEN strlen({text}) = 36 AND regexp_full_match({text}, '{event.UUID_PATTERN}') "
        f"THEN {text}::UUID WHEN {text} IS NOT NULL THEN {other} END"
    )


def _name_uuid(name: str) -> str:
    """The UUIDv5 (RFC 9562, 5.5) of a name (BLOB): of SHA-1 of namespace and name."""
    digest = f"sha1(unhex('{event.KEY_NAMESPACE.hex}') || {name})"
    number = f"unhex(left({digest}, 32))::UUID::UHUGEINT"
    return f"({number} & {_UUID_MASK}::UHUGEINT | {_UUID_BITS}::UHUGEINT)::UUID"
