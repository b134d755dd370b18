"""No awkward address and no awkward URL is ever a target."""

from ipaddress import ip_network

import pytest

from diary.webhooks.addresses import FORBIDDEN, AddressGuard, ForbiddenTarget

GUARD = AddressGuard((), allow_http=False)
LENIENT = AddressGuard((), allow_http=True)

ADDRESSES = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.1.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:8.8.8.8",
    "64:ff9b::169.254.169.254",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:1::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "2620:4f:8000::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
    "",
    " 8.8.8.8",
    "8.8.8.8 ",
    "8.8.8",
    "08.8.8.8",
    "134744072",
    "0x8080808",
    "8.8.8.8.",
    "８.8.8.8",
    "dns.google",
]

URLS = {
    "": "url-characters",
    "https:": "url-malformed",
    "https://": "url-host",
    "https:///hook": "url-host",
    "https:/example.org/hook": "url-malformed",
    "https:example.org": "url-malformed",
    "//example.org/": "url-scheme",
    "example.org": "url-scheme",
    "http://example.org/": "url-scheme",
    "ftp://example.org/": "url-scheme",
    "file:///etc/passwd": "url-scheme",
    "gopher://example.org/": "url-scheme",
    "https://user@example.org/": "url-userinfo",
    "https://user:word@example.org/": "url-userinfo",
    "https://@example.org/": "url-userinfo",
    "https://8.8.8.8@127.0.0.1/": "url-userinfo",
    "https://example.org/#": "url-fragment",
    "https://example.org/#part": "url-fragment",
    "https://example.org#@127.0.0.1/": "url-fragment",
    "https://example.org:0/": "url-port",
    "https://example.org:/": "url-port",
    "https://example.org:65536/": "url-port",
    "https://example.org:-1/": "url-port",
    "https://example.org:80:80/": "url-port",
    "https://example.org:https/": "url-port",
    "https://example.org/a b": "url-characters",
    " https://example.org/": "url-characters",
    "https://example.org/\n": "url-characters",
    "https://exam\tple.org/": "url-characters",
    "https://example.org/\r\nhost: x": "url-characters",
    "https://example.org/\x00": "url-characters",
    "https://example.org/\x7f": "url-characters",
    "https://example.org\\@127.0.0.1/": "url-characters",
    "https:\\\\example.org/": "url-characters",
    "https://ex\u00adample.org/": "url-characters",
    "https://１２７.0.0.1/": "url-characters",
    "https://127。0。0。1/": "url-characters",
    "https://ⓔxample.org/": "url-characters",
    "https://127.0.0.1/": "address",
    "https://169.254.169.254/latest/meta-data/": "address",
    "https://[::1]/": "address",
    "https://[::ffff:127.0.0.1]/": "address",
    "https://[::ffff:7f00:1]/": "address",
    "https://[64:ff9b::7f00:1]/": "address",
    "https://[fe80::1%25eth0]/": "address-zone",
    "https://[2606:4700::1111]example.org/": "url-host",
    "https://example.org[2606:4700::1111]/": "url-host",
    "https://[8.8.8.8]/": "url-malformed",
    "https://[/": "url-malformed",
    "https://2130706433/": "address-malformed",
    "https://134744072/": "address-malformed",
    "https://0x7f000001/": "address-malformed",
    "https://0X7F.0.0.1/": "address-malformed",
    "https://0x7f.0x0.0x0.0x1/": "address-malformed",
    "https://017700000001/": "address-malformed",
    "https://0177.0.0.1/": "address-malformed",
    "https://127.1/": "address-malformed",
    "https://127.0.1/": "address-malformed",
    "https://0/": "address-malformed",
    "https://0x/": "address-malformed",
    "https://127.0.0.1./": "address-malformed",
    "https://8.8.8.8./": "address-malformed",
    "https://256.1.1.1/": "address-malformed",
    "https://1.2.3.4.5/": "address-malformed",
    "https://example.1/": "address-malformed",
    "https://exam%70le.org/": "url-host",
    "https://example..org/": "url-host",
    "https://.example.org/": "url-host",
    "https://./": "url-host",
    "https://example.org../": "url-host",
    "https://-example.org/": "url-host",
    "https://example.org,127.0.0.1.nip.io/": "url-host",
    "https://" + "a" * 64 + ".org/": "url-host",
    "https://" + "a." * 127 + "org/": "url-host",
    "https://example.org/" + "a" * 2_030: "url-length",
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(ForbiddenTarget) as refusal:
        GUARD.check_address(address)

    assert refusal.value.code.startswith("address")


@pytest.mark.parametrize("network", [network for network, _ in FORBIDDEN])
def test_both_ends_of_every_forbidden_network_are_refused(network: object) -> None:
    found = ip_network(str(network))
    for address in (found[0], found[-1]):
        with pytest.raises(ForbiddenTarget):
            GUARD.check_address(str(address))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "168.63.129.17",
        "172.32.0.1",
        "192.88.98.255",
        "192.169.0.1",
        "223.255.255.254",
        "2606:4700:4700::1111",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2a00:1450:4001:82a::200e",
    ],
)
def test_a_public_address_is_permitted(address: str) -> None:
    GUARD.check_address(address)


@pytest.mark.parametrize(("url", "code"), list(URLS.items()))
def test_an_awkward_url_is_refused(url: str, code: str) -> None:
    with pytest.raises(ForbiddenTarget) as refusal:
        GUARD.check_url(url)

    assert refusal.value.code == code


@pytest.mark.parametrize("url", [url for url, code in URLS.items() if code != "url-scheme"])
def test_http_allowed_makes_no_awkward_url_acceptable(url: str) -> None:
    with pytest.raises(ForbiddenTarget):
        LENIENT.check_url(url.replace("https:", "http:", 1))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "https://example.org/",
        "https://example.org./hook",
        "HTTPS://Example.ORG/Hook",
        "https://example.org:8443/hook?clinic=1&x=%20",
        "https://example.org:65535/",
        "https://hooks.example.org/~a/b;c=1,2/(x)!*'$@:",
        "https://xn--bcher-kva.example/",
        "https://a_b.example.org/",
        "https://ward-7/hook",
        "https://1.1.1.1/hook",
        "https://1password.example/",
        "https://0xcafe.example/",
        "https://[2606:4700:4700::1111]/hook",
        "https://[2606:4700:4700::1111]:8443/hook",
        "https://example.org/" + "a" * 2_028,
    ],
)
def test_a_plain_url_is_permitted(url: str) -> None:
    GUARD.check_url(url)


def test_http_is_permitted_where_the_operator_allows_it() -> None:
    LENIENT.check_url("http://example.org/hook")
    LENIENT.check_url("https://example.org/hook")


def test_the_allow_list_admits_exactly_its_networks() -> None:
    guard = AddressGuard([ip_network("10.20.0.0/16"), ip_network("fd00:1::/32")], allow_http=False)

    for address in ("10.20.0.1", "10.20.255.255", "fd00:1::5", "8.8.8.8"):
        guard.check_address(address)
    guard.check_url("https://10.20.0.1:8443/hook")
    for address in ("10.19.255.255", "10.21.0.0", "fd00:2::5", "127.0.0.1", "::ffff:10.20.0.1"):
        with pytest.raises(ForbiddenTarget):
            guard.check_address(address)


def test_a_mapped_address_is_refused_even_under_a_wide_allow_list() -> None:
    guard = AddressGuard([ip_network("::/0")], allow_http=False)

    with pytest.raises(ForbiddenTarget, match="in disguise"):
        guard.check_address("::ffff:169.254.169.254")
