"""Judges a log in the background, while something new arrives and at each full hour."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from alarms.detector.detector import steps
from alarms.detector.pending import whole_hour
from alarms.detector.settings import settings_of
from audit_store.engines.protocol import Version
from audit_store.engines.registry import open_store
from audit_store.errors import AuditStoreError, StoreBusy
from audit_store.local_time import now

INTERVAL = 1.0
"""Seconds between looks at the store."""
REST = 5.0
"""A detector rests so many times as long as it worked, but LONGEST_REST seconds at most."""
LONGEST_REST = 8.0

_log = logging.getLogger(__name__)


class DetectorThread:
    """Judges a store until it is stopped; `after` is called after each run.

    `error` says why the last run failed; None after a success.
    """

    def __init__(self, store: Path, after: Callable[[], object] = lambda: None) -> None:
        self._store, self._after = store, after
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="audit-detector", daemon=True)
        self._judged: tuple[Version, datetime] | None = None
        self.error: str | None = None

    def __enter__(self) -> "DetectorThread":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        rest = INTERVAL
        while not self._stopping.wait(rest):
            began = time.monotonic()
            try:
                self._run()
            except StoreBusy as error:
                self.error = str(error)
            except Exception as error:
                if self.error != str(error):
                    is_known = isinstance(error, AuditStoreError)
                    _log.warning("judging %s: %s", self._store, error, exc_info=not is_known)
                self.error = str(error)
            rest = max(min(REST * (time.monotonic() - began), LONGEST_REST), INTERVAL)

    def _run(self) -> None:
        """Judge what is new, if anything is."""
        engine = open_store(self._store)
        # Before the run: what arrives meanwhile, and what the run itself writes, is looked at once more.
        state = engine.version(), whole_hour(now())
        if not engine.exists() or self._judged == state:
            return
        began = time.monotonic()
        for _ in steps(engine, settings_of(self._store)):
            # A first run over an old log leaves the viewers of the dashboard half of the time.
            if self._stopping.wait(min(time.monotonic() - began, LONGEST_REST)):
                return
            began = time.monotonic()
        self._after()
        self._judged, self.error = state, None
