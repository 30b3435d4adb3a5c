# SPDX-License-Identifier: Apache-2.0
"""How sessions begin and end: passwords, wrong peers, wrong OPENs, collisions, timers.

Every refusal has to say why: to the peer by the NOTIFICATION that the RFC names, and in the log.
"""
import struct
import threading

import pytest

from lab import wait_until
from rawbgp import KEEPALIVE, MARKER, OPEN, Route, capability, default_caps, message
from routers import Session

DUT, RAW = "192.0.2.1", "192.0.2.2"
DUT_AS, RAW_AS = 65001, 65010


@pytest.fixture
def duo(lab, router):
    """duo(**session options): the router under test, started, and the raw speaker's host."""
    def make(remote_as=RAW_AS, **kw):
        raw, dut = lab.host("raw"), lab.host("dut")
        lab.link(raw, dut, (RAW + "/24", DUT + "/24"), ("fd00:1::2/64", "fd00:1::1/64"))
        d = router("dut", dut, DUT_AS, "10.255.0.1", [Session(DUT, RAW, remote_as, **kw)])
        return raw, d.start()
    return make


def log_of(dut):
    return "\n".join(dut.host.read(f) for f in ("bgpd.log", "bird.log"))


def refused(speaker):
    """The NOTIFICATION's code and subcode once the session has ended."""
    wait_until(lambda: speaker.notification and speaker.state == "closed", 15, "refusal")
    return speaker.notification[:2]


def test_password(duo, speaker):
    raw, dut = duo(password="right-key")
    good = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10", password="right-key")
    wait_until(good.up, 20, "session with the right key")
    good.announce(Route("203.0.113.0/24", as_path="65010", next_hop=RAW))
    wait_until(lambda: "203.0.113.0/24" in dut.table(4), 10, "the route")


@pytest.mark.parametrize("key", ["wrong-key", None], ids=["wrong", "missing"])
def test_password_refused(duo, speaker, key):
    raw, dut = duo(password="right-key", passive=True)
    bad = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10", password=key)
    # Two attempts have run into their time-out, so there was an answer to none.
    wait_until(lambda: sum("connect:" in e for e in bad.log) >= 2, 20, "two failed attempts")
    assert not bad.up() and bad.peer_open is None
    assert not dut.up(RAW)
    bad.stop()
    good = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10", password="right-key", persist=True)
    wait_until(good.up, 20, "session with the right key")


def test_password_only_there(duo, speaker):
    """A key at the peer only: no session either, and none without it on our side's own connect."""
    raw, dut = duo()
    bad = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10", password="right-key")
    wait_until(lambda: sum("connect:" in e for e in bad.log) >= 2, 20, "two failed attempts")
    assert not bad.up() and not dut.up(RAW)


def open_message(asn=RAW_AS, hold=90, ident=b"\x0a\xff\x00\x0a", version=4, caps=None):
    caps = default_caps(asn, ("ipv4",)) if caps is None else caps
    opt = bytes([2, len(caps)]) + caps if caps else b""
    return message(OPEN, struct.pack("!BHH", version, asn if asn < 65536 else 23456, hold) + ident +
                   bytes([len(opt)]) + opt)


BAD_OPENS = {
    "wrong-as": (dict(asn=65099), (2, 2)),
    "wrong-as4": (dict(asn=4200000000), (2, 2)),
    "version-3": (dict(version=3), (2, 1)),
    "router-id-zero": (dict(ident=b"\0\0\0\0"), (2, 3)),
    "hold-time-1": (dict(hold=1), (2, 6)),
    "hold-time-2": (dict(hold=2), (2, 6)),
}


@pytest.mark.parametrize("name", sorted(BAD_OPENS))
def test_bad_open(duo, speaker, name):
    how, want = BAD_OPENS[name]
    raw, dut = duo(passive=True)
    s = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10", open_message=open_message(**how))
    assert refused(s) == want
    if name.startswith("wrong-as"):
        wait_until(lambda: str(how["asn"]) in log_of(dut), 5, "a log line that names the AS")
    good = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10", persist=True)
    wait_until(good.up, 30, "the right session after it")


def test_same_router_id_ibgp(duo, speaker):
    raw, dut = duo(remote_as=DUT_AS, passive=True)
    s = speaker(raw, RAW, DUT, DUT_AS, "10.255.0.1")
    assert refused(s) == (2, 3)
    wait_until(lambda: "10.255.0.1" in log_of(dut), 5, "a log line that names the router id")


BAD_HEADERS = {
    "marker": (b"\0" * 16 + struct.pack("!HB", 19, KEEPALIVE), (1, 1)),
    "length-18": (MARKER + struct.pack("!HB", 18, KEEPALIVE), (1, 2)),
    "length-4097": (MARKER + struct.pack("!HB", 4097, 2) + b"\0" * 4078, (1, 2)),
    "keepalive-length-20": (MARKER + struct.pack("!HB", 20, KEEPALIVE) + b"\0", (1, 2)),
    "type-0": (MARKER + struct.pack("!HB", 19, 0), (1, 3)),
    "type-99": (MARKER + struct.pack("!HB", 19, 99), (1, 3)),
}


@pytest.mark.parametrize("name", sorted(BAD_HEADERS))
def test_bad_header(duo, speaker, name):
    data, want = BAD_HEADERS[name]
    raw, dut = duo()
    s = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10")
    wait_until(s.up, 30, "session")
    s.send(data)
    assert refused(s) == want
    assert dut.alive()


@pytest.mark.parametrize("data,want", [
    (message(2, b"\0\0\0\0"), {(5, 0), (5, 1)}),
    (message(KEEPALIVE), {(5, 0), (5, 1)}),
], ids=["update", "keepalive"])
def test_message_before_open(duo, speaker, data, want):
    raw, dut = duo(passive=True)
    s = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10", open_message=data)
    assert refused(s) in want
    assert dut.alive()


def test_hold_timer(duo, speaker):
    raw, dut = duo()
    s = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10", hold=3, silent=True)
    wait_until(s.up, 30, "session")
    s.announce(Route("203.0.113.0/24", as_path="65010", next_hop=RAW))
    wait_until(lambda: "203.0.113.0/24" in dut.table(4), 10, "the route")
    assert refused(s)[0] == 4
    wait_until(lambda: "203.0.113.0/24" not in dut.table(4), 10, "the route's end")


def test_unknown_capability(duo, speaker):
    raw, dut = duo()
    s = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10",
                caps=default_caps(RAW_AS, ("ipv4",)) + capability(200, b"\1\2\3") + capability(2))
    wait_until(s.up, 30, "session")


def test_two_byte_speaker(duo, speaker):
    """No 4-byte AS capability: AS_TRANS and AS4_PATH are ours to read."""
    raw, dut = duo()
    s = speaker(raw, RAW, DUT, RAW_AS, "10.255.0.10",
                caps=capability(1, struct.pack("!HBB", 1, 0, 1)))
    wait_until(s.up, 30, "session")
    as4 = bytes([2, 2]) + struct.pack("!II", 4200000001, 65100)
    s.announce(Route("203.0.113.0/24", as_path="65010 23456 65100", next_hop=RAW,
                     unknown=((0xc0, 17, as4.hex()),)))
    r = wait_until(lambda: dut.table(4).get("203.0.113.0/24"), 10, "the route")
    assert r.as_path == "65010 4200000001 65100"


@pytest.mark.parametrize("raw_id,ours_wins", [("10.255.0.10", False), ("10.254.0.10", True)],
                         ids=["peer-higher", "we-higher"])
def test_collision(duo, speaker, raw_id, ours_wins):
    """RFC 4271 6.8: of two connections, the one that the higher identifier opened stays."""
    opened, alive = threading.Event(), threading.Event()
    raw, dut = duo()
    theirs = speaker(raw, RAW, DUT, RAW_AS, raw_id, listen=True, open_gate=opened)
    wait_until(lambda: theirs.state == "opensent" and theirs.sock, 20, "the router's own connection")
    ours = speaker(raw, RAW, DUT, RAW_AS, raw_id, keepalive_gate=alive)
    wait_until(lambda: ours.peer_open or ours.state == "closed", 20, "an answer to ours")
    opened.set()
    # Decided before ours can be established, which would end the other whatever the identifiers are.
    wait_until(lambda: theirs.up() or theirs.state == "closed", 20, "the decision")
    alive.set()
    stays, goes = (theirs, ours) if ours_wins else (ours, theirs)
    wait_until(stays.up, 20, "the connection that stays")
    wait_until(lambda: goes.state == "closed", 20, "the end of the other")
    assert goes.notification is None or goes.notification[:2] == (6, 7)
    assert dut.alive()
