"""Host, Origin and forwarded addresses, as attackers would write them."""

import pytest
from websockets.datastructures import Headers

from stackroom.sync.sockets.addresses import NOWHERE, forwarded, party, plain
from stackroom.sync.web.names import Names

HUB = Names.of(
    "0.0.0.0", ["Hub.Example."], ["*.corp.example", "10.0.0.7"], ["https://Dash.example/"]
)


@pytest.mark.parametrize(("host", "reached_at", "ours"), [
    ("hub.example", "10.0.0.7", True),
    ("HUB.example.:8765", "10.0.0.7", True),
    ("10.0.0.7:8765", "10.0.0.7", True),
    ("[2001:DB8::1]:8765", "2001:db8::1", True),
    ("[::1]", "::1", True),
    ("localhost:8765", "127.0.0.1", True),
    ("127.0.0.1", "127.0.0.1", True),
    ("a.corp.example", "10.0.0.7", True),
    ("a.b.corp.example", "10.0.0.7", False),
    ("corp.example", "10.0.0.7", False),
    ("evil.example", "10.0.0.7", False),
    ("hub.example.evil.example", "10.0.0.7", False),
    ("localhost", "10.0.0.7", False),
    ("127.0.0.1", "10.0.0.7", False),
    ("10.0.0.8", "10.0.0.7", False),
    ("hub.example@evil.example", "10.0.0.7", False),
    ("", "10.0.0.7", False),
    (":8765", "10.0.0.7", False),
    ("0.0.0.0", "10.0.0.7", False),
])  # fmt: skip
def test_host(host: str, reached_at: str, ours: bool) -> None:
    assert HUB.is_ours(host, reached_at) is ours


@pytest.mark.parametrize(("origin", "may"), [
    ("https://hub.example", True),
    ("https://hub.example:443", True),
    ("HTTPS://HUB.EXAMPLE", True),
    ("https://dash.example", True),
    ("http://hub.example", False),
    ("https://hub.example:8443", False),
    ("https://hub.example.evil.example", False),
    ("https://evil.example", False),
    ("https://evil.example/https://hub.example", False),
    ("null", False),
    ("file://", False),
    ("", False),
    ("chrome-extension://hub.example", False),
])  # fmt: skip
def test_origin(origin: str, may: bool) -> None:
    assert HUB.may_connect(origin, "hub.example", "https") is may


@pytest.mark.parametrize(("peer", "said", "found"), [
    ("9.9.9.9", "1.2.3.4", "9.9.9.9"),
    ("10.0.0.1", "", "10.0.0.1"),
    ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
    ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
    ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
    ("10.0.0.1", "1.2.3.4, made up", NOWHERE),
])  # fmt: skip
def test_forwarded(peer: str, said: str, found: str) -> None:
    headers = Headers([("X-Forwarded-For", said)] if said else [])
    assert forwarded(peer, headers, frozenset({"10.0.0.1", "10.0.0.2"})) == found


def test_one_address_has_one_form() -> None:
    assert plain("::ffff:10.0.0.1") == "10.0.0.1"
    assert plain("fe80::1%eth0") == "fe80::1"
    assert plain("[2001:DB8:0::1]") == "2001:db8::1"


def test_a_site_of_ipv6_counts_as_one() -> None:
    assert party("2001:db8:1:2::1") == party("2001:db8:1:2:ffff::9") != party("2001:db8:1:3::1")
    assert party("10.0.0.1") == "10.0.0.1"
    assert party("::1") == "::1"
    assert party(NOWHERE) == NOWHERE
