"""Log records become events: a handler for Python's logging."""

import getpass
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit_store.event import DESCRIPTION_MAX_BYTES, FIELDS
from ingest import append, fold_scheduler

_CUT = "…"


class AuditLogHandler(logging.Handler):
    """Appends each log record durably, as one event, before the logging call returns.

    The fields of the event are attributes of the record, which the caller gives with `extra`:

        log = logging.getLogger("audit")
        log.addHandler(AuditLogHandler(store="audit.duckdb"))
        log.warning("Wrong password", extra={"agent": "support-7", "activity": "Login", "outcome": "failure"})

    For those that are not given, `description` is the formatted record, cut to the limit of an event, `activity` the
    name of the logger, `agent` and `source` the arguments of the handler, `occurred_at` the time of the record, and
    `metadata` its level and logger. `agent` is by default the user who runs the process. `store` and `fold` are those
    of `append`.

    An event that cannot be stored is reported as logging does for any handler (`logging.Handler.handleError`); the
    logging call does not raise.
    """

    def __init__(
        self,
        level: int | str = logging.NOTSET,
        *,
        store: Path | str | None = None,
        agent: str | None = None,
        source: str = "",
        fold: bool = True,
    ) -> None:
        super().__init__(level)
        self._store, self._fold, self._source = store, fold, source
        self._agent = agent or _user()

    def handle(self, record: logging.LogRecord) -> Any:
        """Emit a record that passes the filters, without the handler's lock: threads then share a sync."""
        passed = self.filter(record)
        if passed:
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return passed

    def emit(self, record: logging.LogRecord) -> None:
        """Append the event of a record."""
        # A fold that fails is logged, too; to append that would start the next fold.
        if record.name == fold_scheduler.__name__:
            return
        try:
            append(store=self._store, fold=self._fold, **self._event(record))
        except Exception:
            self.handleError(record)

    def _event(self, record: logging.LogRecord) -> dict[str, Any]:
        defaults = {
            "agent": self._agent,
            "activity": record.name,
            "description": _shortened(self.format(record)),
            "occurred_at": datetime.fromtimestamp(record.created, UTC),
            "source": self._source,
            "metadata": {"level": record.levelname, "logger": record.name},
        }
        fields = {name: getattr(record, name, None) for name in FIELDS}
        return defaults | {name: value for name, value in fields.items() if value is not None}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user that has no name
        return "unknown"


def _shortened(text: str) -> str:
    data = text.encode(errors="backslashreplace")
    if len(data) <= DESCRIPTION_MAX_BYTES:
        return data.decode()
    return data[: DESCRIPTION_MAX_BYTES - len(_CUT.encode())].decode(errors="ignore") + _CUT
