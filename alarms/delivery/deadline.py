"""A total time limit for whatever sends a message."""

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

TIMEOUT = 10.0
"""Seconds for one attempt to send, from the look-up of the host's name to its end."""
_Result = TypeVar("_Result")


def within(seconds: float, call: Callable[[], _Result]) -> _Result:
    """The result of a call, or its exception. Raises TimeoutError after so many seconds; the call then goes on unseen.

    The timeouts of sockets start anew with every byte, and the look-up of a name has none: only the wait for a thread
    has an end.
    """
    results: queue.SimpleQueue[tuple[_Result, None] | tuple[None, BaseException]] = queue.SimpleQueue()

    def run() -> None:
        try:
            results.put((call(), None))
        except BaseException as error:
            results.put((None, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = results.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer in {seconds:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
