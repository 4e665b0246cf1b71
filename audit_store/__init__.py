"""The library: what an event is, which events a viewer wants, and where events live.

`audit_store.engines` opens the file and is imported by name, so that `import audit_store` stays light.
"""

from audit_store.catalogue import Catalogue
from audit_store.errors import (
    AuditStoreError,
    EventConflict,
    InvalidEvent,
    InvalidFilter,
    InvalidFormat,
    InvalidQuery,
    InvalidSetting,
    QueryTimeout,
    QueryTooLarge,
    SpoolFull,
    StoreBusy,
    StoreCorrupt,
    StoreLost,
    StoreNewer,
    StoreNotFound,
)
from audit_store.event import Event
from audit_store.filters import EventFilter

__all__ = [
    "AuditStoreError",
    "Catalogue",
    "Event",
    "EventConflict",
    "EventFilter",
    "InvalidEvent",
    "InvalidFilter",
    "InvalidFormat",
    "InvalidQuery",
    "InvalidSetting",
    "QueryTimeout",
    "QueryTooLarge",
    "SpoolFull",
    "StoreBusy",
    "StoreCorrupt",
    "StoreLost",
    "StoreNewer",
    "StoreNotFound",
]
