"""A name leads to its page in the time range of the filter, and nothing else of the filter goes along."""

import pytest

from audit_store.filters import EventFilter
from dashboard.filters import subject_links

WHERE = EventFilter(range="30d", tz="Asia/Kolkata", agent=("bob",), q="x")
RANGE = "range=30d&tz=Asia%2FKolkata"


@pytest.mark.parametrize(
    ("kind", "name", "url"),
    [
        ("agent", "ada", f"/agent?{RANGE}&agent=ada"),
        ("agent", "a&b #\u202e*", f"/agent?{RANGE}&agent=a%26b+%23%E2%80%AE%5C%2A"),
        ("target", "user/7", f"/agent?{RANGE}&target=user%2F7"),
        ("source_ip", "2001:db8::1", f"/agent?{RANGE}&source_ip=2001%3Adb8%3A%3A1"),
        ("source_ip", "203.0.113.0/24", None),
        ("source_ip", "gateway", f"/agent?{RANGE}&source_ip=gateway"),
        ("activity", "Login", None),
        ("agent", "", None),
        ("target", float("nan"), None),
    ],
)
def test_url(kind: str, name: object, url: str | None) -> None:
    assert subject_links.url(kind, name, WHERE) == url
