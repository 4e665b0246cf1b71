"""Sends alarms to a webhook."""

import hashlib
import hmac
import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from alarms.delivery.deadline import TIMEOUT, within
from alarms.delivery.outbox import NotDelivered, Refused, Sink
from audit_store.state.deliveries import Message

if TYPE_CHECKING:
    from requests import PreparedRequest

Body = Callable[[Message], str]
"""The JSON that a receiver takes for an alarm."""

_ACKNOWLEDGED = range(200, 300)
_RETRIED = {408, 425, 429}


def own_body(message: Message) -> str:
    """The alarm's own JSON."""
    return message.body


def webhook(
    url: str,
    *,
    kind: str = "webhook",
    body: Body = own_body,
    identity: str = "",
    secret: str = "",
    timeout: float = TIMEOUT,
) -> Sink:
    """A receiver that takes each alarm as JSON with the header Idempotency-Key; any 2xx answer acknowledges it.

    `kind` names it in errors, `identity` (default: the URL) tells it from others, and `body` makes what is posted.

    An attempt takes `timeout` seconds at most, until the headers of the answer are there. 408, 425, 429 and 5xx are
    failures for the time being, as are those of the network; any other answer refuses the message. Redirects are not
    followed: they would turn the POST into a GET, and may lead to another host. With a `secret`, the header
    Audit-Signature proves who sent a message and when (`signature`). Raises ValueError for a URL that is not http or
    https. The credentials are those of the URL, never those of ~/.netrc. No error quotes the URL, which may hold a
    secret.
    """
    host = _host(url)

    def send(message: Message) -> None:
        content = body(message).encode()
        signed = {"Audit-Signature": signature(secret, content, int(time.time()))} if secret else {}
        answer = _post(url, content, {"Idempotency-Key": message.key, **signed}, timeout)
        if answer.status in _ACKNOWLEDGED:
            return
        words = f"{kind} {host} {answer.words()}"
        if answer.status and answer.status < 500 and answer.status not in _RETRIED:
            raise Refused(words)
        raise NotDelivered(words, retry_after=answer.retry_after, is_reached=answer.status > 0)

    # The hash tells receivers apart without their secrets.
    return Sink(f"{kind} {hashlib.sha256((identity or url).encode()).hexdigest()[:16]}", send)


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts.hostname
    except ValueError:
        pass
    raise ValueError("invalid webhook URL; it must start with http:// or https:// and name a host")


def signature(secret: str, body: bytes, timestamp: int) -> str:
    """The header Audit-Signature: t=<seconds since 1970>,v1=<HMAC-SHA256 of "<t>.<body>" in hexadecimal digits>.

    A receiver computes the same, and refuses a message whose time is minutes old.

    >>> signature("secret", b"{}", 1773480413)[:20]
    't=1773480413,v1=c793'
    """
    digest = hmac.new(secret.encode(), b"%d.%b" % (timestamp, body), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


@dataclass(frozen=True)
class _Answer:
    """The `status` of an answer, 0 where none came, for which `reason` says why; `retry_after` is in seconds."""

    status: int = 0
    reason: str = ""
    retry_after: float = 0.0

    def words(self) -> str:
        if not self.status:
            return f"cannot be reached: {self.reason}"
        return f"answered {self.status} {http.client.responses.get(self.status, '')}".rstrip()


def _post(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> _Answer:
    """The answer to one attempt, which may take `timeout` seconds."""
    try:
        return within(timeout, lambda: _answer(url, body, headers, timeout))
    except TimeoutError as error:
        return _Answer(reason=str(error))


def _answer(url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> _Answer:
    import requests  # takes a tenth of a second, which only sending is worth

    try:
        with requests.post(
            url,
            body,
            headers={"Content-Type": "application/json", "User-Agent": "audit-alarms", **headers},
            auth=_url_credentials,  # without it, requests looks for credentials in ~/.netrc
            timeout=timeout,
            allow_redirects=False,
            stream=True,  # the body of the answer says nothing and is not read
        ) as response:
            return _Answer(
                response.status_code, retry_after=_seconds(response.headers.get("Retry-After", ""))
            )
    except requests.Timeout:
        return _Answer(reason=f"no answer in {timeout:g} s")
    except (requests.RequestException, ValueError) as error:
        return _Answer(reason=_reason(error))


def _seconds(retry_after: str) -> float:
    """The header Retry-After, a number of seconds or a date (RFC 9110, section 10.2.3); 0 for anything else.

    >>> _seconds("120"), _seconds("Fri, 31 Dec 1999 23:59:59 GMT"), _seconds("soon")
    (120.0, 0.0, 0.0)
    """
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        return max(parsedate_to_datetime(retry_after).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return 0.0


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
