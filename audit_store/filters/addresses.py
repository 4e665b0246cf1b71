"""Networks of IP addresses, such as 203.0.113.0/24."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from audit_store.filters.values import Value, matches

ALLOWED = "give an address, or a network such as 203.0.113.0/24 or 2001:db8::/32"
Network = IPv4Network | IPv6Network


def network(text: str) -> Network | None:
    """The network that a text names; None for any other text. One IPv6 address is a network: it has many spellings.

    >>> network("203.0.113.77/24"), network("203.0.113.77"), network("gateway")
    (IPv4Network('203.0.113.0/24'), None, None)
    """
    if "/" not in text and ":" not in text:
        return None
    try:
        return ip_network(text.partition("%")[0] if "/" not in text else text, strict=False)
    except ValueError:
        return None


def is_wrong(text: str) -> bool:
    """Whether a text looks like a network and is none, such as 10.0.0.0/99."""
    address, slash, _ = text.partition("/")
    if not slash or network(text) is not None:
        return False
    try:
        ip_address(address)
    except ValueError:
        return False
    return True


def is_within(address: str, network: str) -> bool:
    """Whether an address lies in a network, or is the same address or text.

    >>> is_within("203.0.113.9", "203.0.113.0/24"), is_within("gateway", "gateway"), is_within("gateway", "::1")
    (True, True, False)
    """
    try:
        return ip_address(address) in ip_network(network, strict=False)
    except ValueError:
        return address == network


def has_address(values: Iterable[Value], address: str) -> bool:
    """Whether an address is one of the values, has one of the patterns, or lies in one of the networks."""
    values = tuple(values)
    networks = [value for value in values if isinstance(value, str)]
    return matches(values, address) or any(is_within(address, network) for network in networks)
