"""Origins: what AUDIT_HOSTS may name, and what a connection reaches without it."""

import pytest

from audit_store.errors import InvalidSetting
from dashboard.server import allowed_origins


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", set()),
        (" , ", set()),
        ("audit.example.com", {"https://audit.example.com"}),
        ("Audit.Example.COM:443", {"https://audit.example.com"}),
        ("http://audit.example.com:80/", {"http://audit.example.com"}),
        ("http://[::1]:9000", {"http://[::1]:9000"}),
        (
            "audit.example.com, https://audit.example.com:8443",
            {"https://audit.example.com", "https://audit.example.com:8443"},
        ),
    ],
)
def test_a_list_of_names_and_origins(text: str, origins: set[str]) -> None:
    assert allowed_origins.parse(text) == origins


@pytest.mark.parametrize(
    "entry",
    [
        "*",
        "*.example.com",
        "ftp://audit.example.com",
        "https://audit.example.com/log",
        "https://audit.example.com?q=1",
        "user@audit.example.com",
        "audit.example.com:port",
        "audit.example.com:99999",
        "audit example.com",
        "https://",
        "http://[::1",
    ],
)
def test_what_is_no_origin_is_an_error_that_names_it(entry: str) -> None:
    with pytest.raises(
        InvalidSetting, match=r"AUDIT_HOSTS: .* cannot be used: give names or origins"
    ) as error:
        allowed_origins.parse(f"audit.example.com, {entry}")
    assert repr(entry) in str(error.value)


def test_a_setting_that_cannot_be_used_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_HOSTS", "*")
    with pytest.raises(SystemExit, match=r"AUDIT_HOSTS: '\*' cannot be used"):
        allowed_origins.from_environment()


LOOPBACK = {"http://localhost:8501", "http://127.0.0.1:8501", "http://[::1]:8501"}


@pytest.mark.parametrize(
    ("scheme", "server", "origins"),
    [
        ("http", ("127.0.0.1", 8501), LOOPBACK),
        ("ws", ("127.0.0.1", 8501), LOOPBACK),
        ("http", ("192.0.2.7", 8501), LOOPBACK | {"http://192.0.2.7:8501"}),
        ("http", ("::ffff:192.0.2.7", 8501), LOOPBACK | {"http://192.0.2.7:8501"}),
        ("http", ("fe80::7%eth0", 8501), LOOPBACK | {"http://[fe80::7]:8501"}),
        ("http", ("127.0.0.1", 80), {"http://localhost", "http://127.0.0.1", "http://[::1]"}),
        ("wss", ("127.0.0.1", 443), {"https://localhost", "https://127.0.0.1", "https://[::1]"}),
        ("http", ("/run/audit.sock", None), set()),
        ("http", None, set()),
    ],
)
def test_the_address_that_a_connection_reached_and_loopback_are_allowed(
    scheme: str, server: tuple[str, int | None] | None, origins: set[str]
) -> None:
    assert allowed_origins.own({"type": "http", "scheme": scheme, "server": server}) == origins
