"""Sends alarms to a webhook."""

import hashlib
import http.client
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from alarms.delivery.deadline import TIMEOUT, within
from alarms.delivery.outbox import NotDelivered, Sink
from audit_store.state.deliveries import Message

if TYPE_CHECKING:
    from requests import PreparedRequest

PAUSES = (1.0, 4.0, 15.0)
"""Seconds before the second and later attempts to send one message."""

_ACKNOWLEDGED = range(200, 300)
_RETRIED = {408, 425, 429}


def webhook(url: str, pauses: Sequence[float] = PAUSES, timeout: float = TIMEOUT) -> Sink:
    """A receiver that takes each alarm as JSON with the header Idempotency-Key; any 2xx answer acknowledges it.

    An attempt takes `timeout` seconds at most, until the headers of the answer are there. Network failures, 408, 425,
    429 and 5xx are retried after `pauses` (seconds). Redirects are not followed: they would turn the POST into a GET,
    and may lead to another host. Raises ValueError for a URL that is not http or https. The credentials are those of
    the URL, never those of ~/.netrc. No error quotes the URL, which may hold a secret.
    """
    host = _host(url)

    def send(message: Message) -> None:
        for pause in (*pauses, None):
            answer = _post(url, message, timeout)
            if answer in _ACKNOWLEDGED:
                return
            if isinstance(answer, int) and answer < 500 and answer not in _RETRIED:
                raise NotDelivered(f"webhook {host} {_words(answer)}; check its URL and credentials")
            if pause is None:
                raise NotDelivered(f"webhook {host} {_words(answer)}")
            time.sleep(pause)

    # The hash tells receivers apart without their secrets.
    return Sink(f"webhook {hashlib.sha256(url.encode()).hexdigest()[:16]}", send)


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:
        pass
    raise ValueError("invalid webhook URL; it must start with http:// or https:// and name a host")


def _words(answer: int | str) -> str:
    if isinstance(answer, str):
        return f"cannot be reached: {answer}"
    return f"answered {answer} {http.client.responses.get(answer, '')}".rstrip()


def _post(url: str, message: Message, timeout: float) -> int | str:
    """The status of the answer to one attempt, or why there was none in time."""
    try:
        return within(timeout, lambda: _answer(url, message, timeout))
    except TimeoutError as error:
        return str(error)


def _answer(url: str, message: Message, timeout: float) -> int | str:
    """The status of the answer, or why there was none."""
    import requests  # takes a tenth of a second, which only sending is worth

    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": message.key,
        "User-Agent": "audit-alarms",
    }
    try:
        with requests.post(
            url,
            message.body.encode(),
            headers=headers,
            auth=_url_credentials,  # without it, requests looks for credentials in ~/.netrc
            timeout=timeout,
            allow_redirects=False,
            stream=True,  # the body of the answer says nothing and is not read
        ) as response:
            return response.status_code
    except requests.Timeout:
        return f"no answer in {timeout:g} s"
    except (requests.RequestException, ValueError) as error:
        return _reason(error)


def _url_credentials(request: "PreparedRequest") -> "PreparedRequest":
    """The request with the credentials of its URL, if it has some."""
    from requests.auth import HTTPBasicAuth
    from requests.utils import get_auth_from_url

    credentials = get_auth_from_url(request.url or "")
    return HTTPBasicAuth(*credentials)(request) if any(credentials) else request


def _reason(error: BaseException) -> str:
    """The first cause of an error, in words that cannot hold the URL."""
    while error.__context__ is not None:
        error = error.__context__
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, http.client.RemoteDisconnected):
        return "the connection was closed without an answer"
    return type(error).__name__
