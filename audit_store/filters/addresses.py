"""Networks of IP addresses, such as 203.0.113.0/24."""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

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
