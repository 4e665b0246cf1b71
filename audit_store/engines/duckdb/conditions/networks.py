"""Whether a text is an IP address in a network, whatever the text is and however the address is written.

A text is an address exactly where `ipaddress` of Python's library reads it as one.
"""

from ipaddress import IPv4Network, IPv6Network
from typing import Any

from audit_store.filters.addresses import Network

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_GROUPS = "[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*"
_ADDRESS = f"(?:{_GROUPS})?(?:::(?:{_GROUPS})?)?"
_DOTTED = rf"(.*:)({_OCTET})\.({_OCTET})\.({_OCTET})\.({_OCTET})"


def network_condition(text: str, network: Network, name: str, params: dict[str, Any]) -> str:
    """Whether `text`, an expression, is an address in a network; `name` begins the names of the parameters."""
    if isinstance(network, IPv4Network):
        return _in_ipv4(text, network, name, params)
    return _in_ipv6(text, network, name, params)


def _in_ipv4(text: str, network: IPv4Network, name: str, params: dict[str, Any]) -> str:
    """An IPv4 address has one spelling, so its network is a pattern: the start of the text, then the octets."""
    lowest, highest = network.network_address.packed, network.broadcast_address.packed
    octets = [_octet(low, high) for low, high in zip(lowest, highest, strict=True)]
    whole = network.prefixlen // 8
    params[f"{name}_start"] = "".join(f"{octet}." for octet in lowest[: min(whole, 3)])
    params[f"{name}_address"] = r"\.".join(octets)
    return f"(starts_with({text}, ${name}_start) AND regexp_full_match({text}, ${name}_address))"


def _octet(low: int, high: int) -> str:
    """The numbers from `low` to `high` as a pattern."""
    return _OCTET if (low, high) == (0, 255) else f"(?:{'|'.join(map(str, range(low, high + 1)))})"


def _in_ipv6(text: str, network: IPv6Network, name: str, params: dict[str, Any]) -> str:
    """An IPv6 address is compared by its 32 hexadecimal digits."""
    params[f"{name}_first"] = f"{int(network.network_address):032x}"
    params[f"{name}_last"] = f"{int(network.broadcast_address):032x}"
    compared = f"{_digits(text)} BETWEEN ${name}_first AND ${name}_last"
    return f"CASE WHEN contains({text}, ':') THEN {compared} ELSE false END"


def _digits(text: str) -> str:
    """The digits of an IPv6 address; NULL for any other text.

    A zone after % is left out, a dotted end becomes two groups of digits, and a double colon the missing groups.
    """
    bare = f"regexp_replace(lower({text}), '^([^%]*)%[^%]+$', '\\1')"
    octets = ", ".join(f"regexp_extract(bare, '{_DOTTED}', {group})::INTEGER" for group in range(2, 6))
    address = (
        f"CASE WHEN regexp_full_match(bare, '{_DOTTED}') "
        f"THEN format('{{}}{{:02x}}{{:02x}}:{{:02x}}{{:02x}}', regexp_extract(bare, '{_DOTTED}', 1), {octets}) "
        "ELSE bare END"
    )
    halves = (
        "[array_to_string([lpad(hextet, 4, '0') for hextet in string_split(half, ':') if hextet <> ''], '') "
        "for half in string_split(address, '::')]"
    )
    digits = (
        f"CASE WHEN NOT regexp_full_match(address, '{_ADDRESS}') THEN NULL "
        "WHEN len(halves) = 1 AND length(halves[1]) = 32 THEN halves[1] "
        "WHEN len(halves) = 2 AND length(halves[1]) + length(halves[2]) <= 28 "
        "THEN rpad(halves[1], (32 - length(halves[2]))::INTEGER, '0') || halves[2] END"
    )
    return f"[[[{digits} for halves in [{halves}]][1] for address in [{address}]][1] for bare in [{bare}]][1]"
