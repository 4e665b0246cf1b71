"""The address of a client in the notations of logs."""

from typing import Any

import pytest

from ingest.importing.fields.addresses import client_address


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:10736", "192.0.2.1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("192.0.2.1, 198.51.100.7", "192.0.2.1"),
        ("unknown, 198.51.100.7", "198.51.100.7"),
        (["192.0.2.1:80", "198.51.100.7"], "192.0.2.1"),
        ("AWS Internal", "AWS Internal"),
        ("host.example:80", "host.example:80"),
        *((nothing, None) for nothing in ("", "-", "?", "null", "(null)", [], None, 5)),
    ],
)
def test_the_address_of_the_client_is_kept_alone(value: Any, address: str | None) -> None:
    assert client_address(value) == address
