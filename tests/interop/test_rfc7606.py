# SPDX-License-Identifier: Apache-2.0
"""Malformed UPDATEs, by the outcome that RFC 7606 (and the RFC of each attribute) asks for.

The raw speaker announces a prefix, then announces it again with one thing wrong. A second speaker
sees what becomes of it: gone (treat-as-withdraw), there without the attribute (discard), or the
session ends with a NOTIFICATION (reset).
"""
import struct

import pytest

from lab import wait_until
from rawbgp import UPDATE, Route, attr, message, update, withdraw
from routers import Session

DUT_AS, RAW_AS, SINK_AS = 65001, 65010, 65020
P = "203.0.113.0/24"
GOOD = dict(as_path="65010 65100", next_hop="192.0.2.2")


def bad(code, flags, value, **kw):
    """The route with attribute `code` replaced by these bytes."""
    return update(Route(P, **dict(GOOD, **kw)), override={code: attr(flags, code, value)})


def without(code):
    return update(Route(P, **GOOD), skip=(code,))


def raw_update(withdrawn=b"", attrs=b"", tail=b"", wlen=None, alen=None):
    wlen = len(withdrawn) if wlen is None else wlen
    alen = len(attrs) if alen is None else alen
    return message(UPDATE, struct.pack("!H", wlen) + withdrawn + struct.pack("!H", alen) + attrs + tail)


ORIGIN = attr(0x40, 1, b"\0")
PATH = attr(0x40, 2, b"\x02\x01" + struct.pack("!I", 65010))
HOP = attr(0x40, 3, bytes([192, 0, 2, 2]))
NLRI = bytes([24, 203, 0, 113])
MP6 = struct.pack("!HBB", 2, 1, 16) + b"\xfd" + b"\0" * 14 + b"\2" + b"\0" + bytes([32, 0x20, 1, 0xd, 0xb8])

WITHDRAWN = {
    "origin-empty": bad(1, 0x40, b""),
    "origin-length-2": bad(1, 0x40, b"\0\0"),
    "origin-value-3": bad(1, 0x40, b"\3"),
    "origin-flags-optional": bad(1, 0xc0, b"\0"),
    "origin-missing": without(1),
    "as-path-missing": without(2),
    "as-path-segment-type-9": bad(2, 0x40, b"\x09\x01" + struct.pack("!I", 65010)),
    "as-path-segment-empty": bad(2, 0x40, b"\x02\x00"),
    "as-path-overrun": bad(2, 0x40, b"\x02\x05" + struct.pack("!I", 65010)),
    "as-path-odd-byte": bad(2, 0x40, b"\x02\x01" + struct.pack("!I", 65010) + b"\x02"),
    "next-hop-missing": without(3),
    "next-hop-length-3": bad(3, 0x40, b"\1\2\3"),
    "next-hop-length-5": bad(3, 0x40, b"\1\2\3\4\5"),
    "med-length-3": bad(4, 0x80, b"\0\0\1"),
    "med-flags-wellknown": bad(4, 0x40, b"\0\0\0\1"),
    "communities-length-5": bad(8, 0xc0, b"\0\1\0\1\0"),
    "ext-communities-length-7": bad(16, 0xc0, b"\0" * 7),
    "large-communities-length-11": bad(32, 0xc0, b"\0" * 11),
    "attribute-overruns-the-rest": raw_update(
        attrs=ORIGIN + PATH + HOP + bytes([0xc0, 8, 200]) + b"\0\1\0\1", tail=NLRI),
}
DISCARDED = {
    "atomic-aggregate-length-1": (bad(6, 0x40, b"\0"), "atomic", False),
    "aggregator-length-7": (bad(7, 0xc0, b"\0" * 7), "aggregator", None),
    "local-pref-from-ebgp": (bad(5, 0x40, struct.pack("!I", 500)), "local_pref", None),
    "local-pref-from-ebgp-length-3": (bad(5, 0x40, b"\0\0\1"), "local_pref", None),
    "originator-id-from-ebgp": (bad(9, 0x80, b"\1\2\3\4"), "originator", None),
    "originator-id-from-ebgp-length-3": (bad(9, 0x80, b"\1\2\3"), "originator", None),
    "cluster-list-from-ebgp": (bad(10, 0x80, b"\1\2\3\4"), "cluster", ()),
    "second-origin": (raw_update(attrs=ORIGIN + PATH + HOP + attr(0x40, 1, b"\2"), tail=NLRI),
                      "origin", "igp"),
}
RESET = {
    "withdrawn-length-overrun": (raw_update(wlen=200), (3, 1)),
    "attributes-length-overrun": (raw_update(attrs=ORIGIN + PATH + HOP, tail=NLRI, alen=500), (3, 1)),
    "nlri-length-33": (raw_update(attrs=ORIGIN + PATH + HOP, tail=bytes([33, 1, 2, 3, 4, 5])), (3, 10)),
    "nlri-overrun": (raw_update(attrs=ORIGIN + PATH + HOP, tail=bytes([24, 203])), (3, 10), (3, 1)),
    "withdrawn-length-33": (raw_update(withdrawn=bytes([33, 1, 2, 3, 4, 5])), (3, 10)),
    "two-mp-reach": (raw_update(attrs=ORIGIN + PATH + attr(0x80, 14, MP6) + attr(0x80, 14, MP6)), (3, 1)),
    "unknown-wellknown": (raw_update(attrs=ORIGIN + PATH + HOP + attr(0x40, 99, b"x"), tail=NLRI), (3, 2)),
}


@pytest.fixture
def chain(lab, router, speaker):
    """raw -- dut -- sink, all up, with P announced and seen by the sink."""
    raw, dut, sink = lab.host("raw"), lab.host("dut"), lab.host("sink")
    lab.link(raw, dut, ("192.0.2.2/24", "192.0.2.1/24"))
    lab.link(dut, sink, ("198.51.100.1/24", "198.51.100.2/24"))
    d = router("dut", dut, DUT_AS, "10.255.0.1", [
        Session("192.0.2.1", "192.0.2.2", RAW_AS, families=("ipv4", "ipv6")),
        Session("198.51.100.1", "198.51.100.2", SINK_AS)]).start()
    r = speaker(raw, "192.0.2.2", "192.0.2.1", RAW_AS, "10.255.0.10", families=("ipv4", "ipv6"))
    s = speaker(sink, "198.51.100.2", "198.51.100.1", SINK_AS, "10.255.0.20")
    wait_until(lambda: r.up() and s.up(), 30, "both sessions")
    r.announce(Route(P, communities=("65010:9",), **GOOD))
    wait_until(lambda: s.routes().get(P), 10, "the good route")
    return d, r, s


def still_works(d, r, s, marker):
    """The session is up and takes routes: one that was sent after the bad message arrives."""
    r.announce(Route(marker, **GOOD))
    wait_until(lambda: marker in s.routes(), 15, "a route sent after the bad one")
    assert r.up() and r.notification is None and d.alive()
    r.withdraw(marker)
    wait_until(lambda: marker not in s.routes(), 15, "its withdrawal")


def test_treat_as_withdraw(chain):
    d, r, s = chain
    wrong = []
    for i, (name, data) in enumerate(sorted(WITHDRAWN.items())):
        r.announce(Route(P, communities=("65010:9",), **GOOD))
        wait_until(lambda: P in s.routes(), 15, "the good route before " + name)
        r.send(data)
        still_works(d, r, s, "10.77.%d.0/24" % i)
        if P in s.routes():
            wrong.append(name)
            r.withdraw(P)
            wait_until(lambda: P not in s.routes(), 15, "withdrawal after " + name)
    assert not wrong, "not treated as withdrawals: %s" % ", ".join(wrong)


@pytest.mark.parametrize("name", sorted(DISCARDED))
def test_attribute_discard(chain, name):
    d, r, s = chain
    data, field, want = DISCARDED[name]
    r.send(data)
    # The new announcement has no community, so it can be told from the first.
    wait_until(lambda: P in s.routes() and not s.routes()[P].communities, 15, "the new route")
    still_works(d, r, s, "10.77.0.0/24")
    got = s.routes()[P]
    assert getattr(got, field) == want
    assert got.as_path == "65001 " + GOOD["as_path"] or name == "second-origin"


@pytest.mark.parametrize("name", sorted(RESET))
def test_session_reset(chain, name):
    d, r, s = chain
    data, *want = RESET[name]
    r.send(data)
    wait_until(lambda: r.state == "closed", 15, "the session's end")
    assert r.notification and r.notification[:2] in want
    wait_until(lambda: P not in s.routes(), 15, "the withdrawal of the session's routes")
    assert s.up() and d.alive()


def test_withdraw_of_unknown_prefix(chain):
    d, r, s = chain
    r.send(withdraw("10.99.0.0/16"))
    still_works(d, r, s, "10.77.0.0/24")


def test_unknown_transitive_passes_with_partial(chain):
    d, r, s = chain
    r.announce(Route(P, unknown=((0xc0, 199, "0badcafe"),), **GOOD))
    got = wait_until(lambda: s.routes().get(P) and s.routes()[P].unknown, 15, "the attribute")
    assert got == ((0xe0, 199, "0badcafe"),)


def test_unknown_nontransitive_stays(chain):
    d, r, s = chain
    r.announce(Route(P, unknown=((0x80, 198, "0badcafe"),), **GOOD))
    wait_until(lambda: not s.routes()[P].communities, 15, "the new route")
    assert not s.routes()[P].unknown


def test_own_as_in_path_is_a_loop(chain):
    d, r, s = chain
    r.announce(Route(P, as_path="65010 65001 65100", next_hop="192.0.2.2"))
    wait_until(lambda: P not in s.routes(), 15, "the loop's refusal")
    still_works(d, r, s, "10.77.0.0/24")
