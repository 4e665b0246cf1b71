"""Work that a process does again and again in the background until it is stopped."""

import threading
import time
from abc import ABC, abstractmethod
from typing import Self

from audit_store.errors import AuditStoreError, StoreBusy

_MOST_FAILURES = 8


class BackgroundThread(ABC):
    """A thread that works in turns, with pauses between them, from `start` until it is stopped; or as a context.

    `error` says why the last turn failed, None after a success; `failures` counts the turns that failed since, up to a
    limit. Each new reason is logged once, but for StoreBusy, which passes by itself.
    """

    def __init__(self, name: str, task: str) -> None:
        """`name` is that of the thread; `task`, such as "folding audit.duckdb", is what it does, for the log."""
        self._task = task
        self._woken, self._is_stopping = threading.Event(), False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self.error: str | None = None
        self.failures = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.join()

    def start(self) -> None:
        """Begin with a pause."""
        self._thread.start()

    def wake(self) -> None:
        """End the present pause, or leave out the next one."""
        self._woken.set()

    def stop(self) -> None:
        """Begin no further turn; returns at once."""
        self._is_stopping = True
        self._woken.set()

    def join(self, seconds: float | None = None) -> None:
        """Wait until the thread has ended, for so many seconds at most."""
        self._thread.join(seconds)

    @abstractmethod
    def _turn(self) -> str | None:
        """Work; gives what did not succeed, or raises it."""

    @abstractmethod
    def _pause(self, worked: float) -> float:
        """Seconds to rest after a turn that took `worked` seconds; 0 before the first one."""

    def _rest(self, seconds: float) -> bool:
        """Do nothing for so long, or until the thread is woken; gives whether it may go on."""
        self._woken.wait(seconds)
        self._woken.clear()
        return not self._is_stopping

    def _note(self, problem: str | None, error: Exception | None = None) -> None:
        """Note how the work went: `problem` is why it failed, None for a success, and `error` what was raised."""
        if problem is not None and problem != self.error and not isinstance(error, StoreBusy):
            import logging  # `import ingest` is to be quick

            is_unknown = error is not None and not isinstance(error, AuditStoreError)
            log = logging.getLogger(type(self).__module__)
            log.warning("%s: %s", self._task, problem, exc_info=error if is_unknown else None)
        self.error = problem
        self.failures = 0 if problem is None else min(self.failures + 1, _MOST_FAILURES)

    def _work(self) -> None:
        worked = 0.0
        while self._rest(self._pause(worked)):
            began = time.monotonic()
            try:
                self._note(self._turn())
            except Exception as error:
                self._note(str(error), error)
            worked = time.monotonic() - began
