"""Judges a log in the background, while something new arrives and at each full hour."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from alarms.detector.detector import steps
from alarms.detector.pending import whole_hour
from alarms.detector.settings import settings_of
from audit_store.background_thread import BackgroundThread
from audit_store.engines.protocol import Version
from audit_store.engines.registry import open_store
from audit_store.local_time import now

INTERVAL = 1.0
"""Seconds between looks at the store."""
REST = 5.0
"""A detector rests so many times as long as it worked, but LONGEST_REST seconds at most."""
LONGEST_REST = 8.0


class DetectorThread(BackgroundThread):
    """Judges a store until it is stopped; `after` is called after each run.

    `error` says why the last run failed; None after a success.
    """

    def __init__(self, store: Path, after: Callable[[], object] = lambda: None) -> None:
        super().__init__("audit-detector", f"judging {store}")
        self._store, self._after = store, after
        self._judged: tuple[Version, datetime] | None = None

    def _pause(self, worked: float) -> float:
        return max(min(REST * worked, LONGEST_REST), INTERVAL)

    def _turn(self) -> None:
        """Judge what is new, if anything is."""
        engine = open_store(self._store)
        # Before the run: what arrives meanwhile, and what the run itself writes, is looked at once more.
        state = engine.version(), whole_hour(now())
        if not engine.exists() or self._judged == state:
            return
        began = time.monotonic()
        for _ in steps(engine, settings_of(self._store)):
            # A first run over an old log leaves the viewers of the dashboard half of the time.
            if not self._rest(min(time.monotonic() - began, LONGEST_REST)):
                return
            began = time.monotonic()
        self._after()
        self._judged = state
