"""Tokens: each lets a program send the events of one source."""

import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from audit_store.errors import AuditStoreError
from audit_store.event import Event
from audit_store.local_time import from_utc_text, now, utc_text
from audit_store.state import tokens as rows
from audit_store.state.tokens import TokenRow

KEPT_SECONDS, KEPT_SECONDS_IN_NEED = 1.0, 60.0
"""How long a server uses the tokens that it has read, during which one that is revoked meanwhile is accepted."""
_PREFIX = "audit"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token: times are naive UTC; `expires_at` and `revoked_at` are None where it does not."""

    id: str
    source: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def state(self, at: datetime) -> str:
        """ "valid", "expired" or "revoked" at a time in naive UTC."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= at else "valid"


def create(store: Path, source: str, lifetime: timedelta | None) -> tuple[Token, str]:
    """A new token for a source, and its text, which is not kept; durable when this returns.

    Raises InvalidEvent for a source that no event may have, and AuditStoreError where it is not stored.
    """
    Event(agent="-", activity="-", source=source)
    token_id, created_at = secrets.token_hex(4), now()
    text = f"{_PREFIX}_{token_id}_{secrets.token_urlsafe(32)}"
    expires_at = None if lifetime is None else utc_text(created_at + lifetime)
    row = TokenRow(token_id, source, _hash(text), utc_text(created_at), expires_at)
    rows.insert(store, row)
    return _token(row), text


def tokens(store: Path) -> list[Token]:
    """Every token of a store, the oldest first. Raises AuditStoreError."""
    return [_token(row) for row in rows.read(store)]


def revoke(store: Path, token_id: str) -> bool:
    """Let a token not be accepted any more; False if there is none with this id, or it is revoked already.

    Durable when this returns. Raises AuditStoreError.
    """
    return rows.revoke(store, token_id, utc_text(now()))


class KnownTokens:
    """The sources of tokens, as the store had them at most KEPT_SECONDS ago.

    Where they cannot be read, as on a full disk, they are known for KEPT_SECONDS_IN_NEED.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._read_at = float("-inf")
        self._rows: Mapping[str, TokenRow] = {}

    def refresh(self) -> None:
        """Read the tokens, unless that was a moment ago. Raises AuditStoreError."""
        age = time.monotonic() - self._read_at
        if age <= KEPT_SECONDS:
            return
        try:
            self._rows = {row.id: row for row in rows.read(self._store)}
        except AuditStoreError:
            if age > KEPT_SECONDS_IN_NEED:
                raise
        else:
            self._read_at = time.monotonic()

    def source_of(self, text: str) -> str | None:
        """The source of a token; None where it is not valid. Raises AuditStoreError."""
        self.refresh()
        row = self._rows.get(text.removeprefix(f"{_PREFIX}_")[:8])
        # The text has 256 random bits, so that its hash needs no salt and no slow function.
        if row is None or not hmac.compare_digest(row.sha256, _hash(text)):
            return None
        return row.source if _token(row).state(now()) == "valid" else None


def _hash(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


def _token(row: TokenRow) -> Token:
    expires_at, revoked_at = (text and from_utc_text(text) for text in (row.expires_at, row.revoked_at))
    return Token(row.id, row.source, from_utc_text(row.created_at), expires_at or None, revoked_at or None)
