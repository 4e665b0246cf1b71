"""The table of tokens: who may send events over HTTP."""

from pathlib import Path
from typing import NamedTuple

from audit_store.state import database


class TokenRow(NamedTuple):
    """A token, as in schema.sql; times are RFC 3339 in UTC."""

    id: str
    source: str
    sha256: str
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None


_COLUMNS = ", ".join(TokenRow._fields)
_VALUES = ", ".join("?" for _ in TokenRow._fields)


def read(store: Path) -> list[TokenRow]:
    """Every token, the oldest first. Raises what `database.reading` raises."""
    if not database.path_of(store).exists():
        return []
    with database.reading(store) as connection:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM tokens ORDER BY created_at, id").fetchall()
    return [TokenRow(*row) for row in rows]


def insert(store: Path, row: TokenRow) -> None:
    """Add a token; durable when this returns. Raises what `database.transaction` raises."""
    with database.transaction(store) as connection:
        connection.execute(f"INSERT INTO tokens ({_COLUMNS}) VALUES ({_VALUES})", row)


def revoke(store: Path, token_id: str, at: str) -> bool:
    """Note when a token is revoked; False if there is none, or it is revoked already.

    Durable when this returns. Raises what `database.transaction` raises.
    """
    if not database.path_of(store).exists():
        return False
    with database.transaction(store) as connection:
        changed = connection.execute(
            "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (at, token_id)
        )
        return changed.rowcount > 0
