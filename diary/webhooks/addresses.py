"""Where Interlude may send: public addresses, and the networks the operator adds."""

import ipaddress
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final
from urllib.parse import SplitResult, urlsplit

LONGEST_URL: Final = 2_048
LONGEST_HOST: Final = 253

# The IANA special-purpose registries and what they leave open. The shortcuts of ipaddress are not
# used: is_private passes 100.100.100.200 and is_global passes multicast.
FORBIDDEN: Final[tuple[tuple[IPv4Network | IPv6Network, str], ...]] = tuple(
    (ipaddress.ip_network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "this network (RFC 791)"),
        ("10.0.0.0/8", "private use (RFC 1918)"),
        ("100.64.0.0/10", "shared address space, and a cloud's metadata (RFC 6598)"),
        ("127.0.0.0/8", "loopback (RFC 1122)"),
        ("168.63.129.16/32", "a cloud's host services"),
        ("169.254.0.0/16", "link local, and most clouds' metadata (RFC 3927)"),
        ("172.16.0.0/12", "private use (RFC 1918)"),
        ("192.0.0.0/24", "protocol assignments (RFC 6890)"),
        ("192.0.2.0/24", "documentation (RFC 5737)"),
        ("192.31.196.0/24", "AS112 (RFC 7535)"),
        ("192.52.193.0/24", "automatic multicast tunnelling (RFC 7450)"),
        ("192.88.99.0/24", "6to4 relay (RFC 7526)"),
        ("192.168.0.0/16", "private use (RFC 1918)"),
        ("192.175.48.0/24", "AS112 (RFC 7534)"),
        ("198.18.0.0/15", "benchmarking (RFC 2544)"),
        ("198.51.100.0/24", "documentation (RFC 5737)"),
        ("203.0.113.0/24", "documentation (RFC 5737)"),
        ("224.0.0.0/3", "multicast, reserved and broadcast (RFC 1112)"),
        # Named although they lie outside 2000::/3: the reason is worth more than "not global".
        ("::/128", "unspecified (RFC 4291)"),
        ("::1/128", "loopback (RFC 4291)"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64 (RFC 6052)"),
        ("64:ff9b:1::/48", "an IPv4 address behind NAT64 (RFC 8215)"),
        ("100::/64", "discard only (RFC 6666)"),
        ("100:0:0:1::/64", "dummy prefix (RFC 9780)"),
        ("5f00::/16", "segment routing (RFC 9602)"),
        ("fc00::/7", "unique local (RFC 4193)"),
        ("fe80::/10", "link local (RFC 4291)"),
        ("ff00::/8", "multicast (RFC 4291)"),
        ("2001::/32", "an IPv4 address behind Teredo (RFC 4380)"),
        ("2001::/23", "protocol assignments (RFC 2928)"),
        ("2001:db8::/32", "documentation (RFC 3849)"),
        ("2002::/16", "an IPv4 address behind 6to4 (RFC 3056)"),
        ("2620:4f:8000::/48", "AS112 (RFC 7534)"),
        ("3fff::/20", "documentation (RFC 9637)"),
    )
)

GLOBAL_IPV6: Final = IPv6Network("2000::/3")

# Everything a URL is made of (RFC 3986): a character outside is read differently by different
# parsers, and a name outside ASCII is written in its xn-- form.
URL_CHARACTERS: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+\Z")
LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\Z")
BRACKETED: Final = re.compile(r"\[[^\[\]]*:[^\[\]]*\](:[0-9]+)?\Z")
# What a resolver's inet_aton takes for an address: 2130706433, 0x7f.1, 0177.0.0.1, 127.1
NUMERIC_LABEL: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")


class ForbiddenTarget(Exception):
    """A target that Interlude does not send to; the code is stable, the message explains."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AddressGuard:
    """Decides which URLs and addresses may be sent to."""

    def __init__(
        self, allowed_networks: Sequence[IPv4Network | IPv6Network], allow_http: bool
    ) -> None:
        self._allowed = tuple(allowed_networks)
        self._schemes = ("https", "http") if allow_http else ("https",)

    def check_url(self, url: str) -> None:
        """Raise ForbiddenTarget unless the URL is plain, of an allowed scheme and has a host."""
        if len(url) > LONGEST_URL:
            raise ForbiddenTarget("url-length", f"a URL has at most {LONGEST_URL} characters")
        if not URL_CHARACTERS.match(url):
            raise ForbiddenTarget("url-characters", "a URL has only the characters of RFC 3986")
        try:
            parts = urlsplit(url)
        except ValueError:
            raise ForbiddenTarget("url-malformed", "the URL cannot be read") from None
        if parts.scheme not in self._schemes:
            raise ForbiddenTarget("url-scheme", f"the scheme is {' or '.join(self._schemes)}")
        if not url[len(parts.scheme) :].startswith("://"):
            raise ForbiddenTarget("url-malformed", "the scheme is followed by ://")
        if "@" in parts.netloc:
            raise ForbiddenTarget("url-userinfo", "the URL carries no user or password")
        if "#" in url:
            raise ForbiddenTarget("url-fragment", "the URL carries no fragment")
        self._check_port(parts)
        self._check_host(parts)

    def check_address(self, ip: str) -> None:
        """Raise ForbiddenTarget unless the address is public or the operator has admitted it."""
        if "%" in ip:
            raise ForbiddenTarget("address-zone", "an address carries no zone")
        try:
            address = ipaddress.ip_address(ip)
        except ValueError:
            raise ForbiddenTarget("address-malformed", "not an IP address") from None
        reason = self._reason(address)
        if reason is not None:
            raise ForbiddenTarget("address", f"the address is not public: {reason}")

    def _reason(self, address: IPv4Address | IPv6Address) -> str | None:
        # Refused even when the operator admits ::/0, for the kernel connects to the IPv4 address.
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            return "an IPv4 address in disguise (RFC 4291)"
        if any(address in network for network in self._allowed):
            return None
        for network, reason in FORBIDDEN:
            if address in network:
                return reason
        if address.version == 6 and address not in GLOBAL_IPV6:
            return "outside 2000::/3"
        return None

    def _check_port(self, parts: SplitResult) -> None:
        try:
            port = parts.port
        except ValueError:
            port = 0
        if port == 0 or parts.netloc.endswith(":"):
            raise ForbiddenTarget("url-port", "a port is 1 to 65535")

    def _check_host(self, parts: SplitResult) -> None:
        host = parts.hostname
        if not host:
            raise ForbiddenTarget("url-host", "the URL names no host")
        if "[" in parts.netloc or "]" in parts.netloc:
            # urlsplit drops what stands around the brackets, another parser may not.
            if not BRACKETED.match(parts.netloc):
                raise ForbiddenTarget("url-host", "brackets hold an IPv6 address and nothing else")
            self.check_address(host)
            return
        labels = host.removesuffix(".").split(".")
        if NUMERIC_LABEL.match(labels[-1]):
            # No top-level name is a number, so this is an address: only the dotted form of four
            # decimals has one meaning everywhere, and ipaddress takes no other.
            self.check_address(host)
            return
        if len(host) > LONGEST_HOST or not all(LABEL.match(label) for label in labels):
            raise ForbiddenTarget("url-host", "the host is not a name of the DNS")
