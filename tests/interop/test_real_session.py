# SPDX-License-Identifier: Apache-2.0
"""A recorded session of half a million routes goes through the router unharmed.

The recording is replayed over TCP as an eBGP peer, to the router under test and to a stock BIRD
with the same AS; what both export is compared on the wire, prefix by prefix and attribute by
attribute. The data is not part of the project: $GODWIT_TEST_DATA names its directory.
"""
import json
import os
import subprocess
import threading
from ipaddress import ip_network

import pytest

from lab import wait_until
from rawbgp import decode_update
from routers import Session

DATA = os.environ.get("GODWIT_TEST_DATA", "")
FILE = os.path.join(DATA, "mrt/updates/bgpdump/updates.et-header.2015.gz")
BGPGEN = os.environ.get("BGPGEN", "")
AS = 65001
HEARD, LEFT = 577706, 577703
# What no router may install (RFC 6890, 1122, 5735): refused with a reason, and by BIRD as well.
MARTIANS = [ip_network(n) for n in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4")]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.exists(FILE),
                       reason="GODWIT_TEST_DATA does not name a directory with the recorded session"),
    pytest.mark.skipif(not BGPGEN, reason="BGPGEN does not name the load generator"),
]


class Gen:
    def __init__(self, host, *args):
        self.proc = host.start([BGPGEN] + [str(a) for a in args], log="bgpgen.log", text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1)
        self.events = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.proc.stdout:
            self.events.append(json.loads(line))

    def say(self, line):
        self.proc.stdin.write(line + "\n")

    def last(self, name):
        found = [e for e in self.events if e["event"] == name]
        return found[-1] if found else None

    def stat(self):
        n = len(self.events)
        self.say("stat")
        wait_until(lambda: any(e["event"] == "stat" for e in self.events[n:]), 30, "statistics")
        return self.last("stat")


def heard(path):
    """{prefix: Route} of all UPDATE messages in a dump."""
    table = {}
    with open(path, "rb") as f:
        data = f.read()
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at + 16:at + 18], "big")
        routes, gone, _ = decode_update(data[at + 19:at + size])
        for r in routes:
            table[r.prefix] = r
        for p in gone:
            table.pop(p, None)
        at += size
    return table


def chain(lab, router, kind, n):
    """feed -- router -- sink and, for the router under test, a BIRD behind it."""
    feed, r, sink = lab.host("feed%d" % n), lab.host("router%d" % n), lab.host("sink%d" % n)
    lab.link(feed, r, ("192.0.2.2/24", "192.0.2.1/24"), names=("up", "down"))
    lab.link(r, sink, ("198.51.100.1/24", "198.51.100.2/24"), names=("up", "down2"))
    sessions = [Session("192.0.2.1", "192.0.2.2", 3856, export=False),
                Session("198.51.100.1", "198.51.100.2", 65020, import_=False)]
    d = router(kind, r, AS, "10.255.0.1", sessions, fib=True)
    s = Gen(sink, "sink", "-l", "198.51.100.2", "-r", "198.51.100.1", "-a", 65020,
            "--dump", sink.path("heard"))
    f = Gen(feed, "replay", FILE, "-e", "-l", "192.0.2.2", "-r", "192.0.2.1", "-a", 3856, "-w")
    return d, f, s, sink


def settled(gen, quiet=2.0):
    """The sink's count once nothing has come for a while."""
    def still():
        st = gen.stat()
        last = gen.events[-1]["t"] - st["last"]
        return st if st["present"] > 500000 and last > quiet else None
    return wait_until(still, 120, "a quiet sink", every=0.5)


def martian(prefix):
    net = ip_network(prefix)
    return any(net.subnet_of(m) or net == m for m in MARTIANS) and net.prefixlen > 0


def test_real_session(lab, router):
    dut, f1, s1, sink1 = chain(lab, router, "dut", 1)
    ref, f2, s2, sink2 = chain(lab, router, "bird", 2)
    behind = lab.host("behind")
    lab.link(dut.host, behind, ("203.0.113.1/24", "203.0.113.2/24"))
    dut.sessions.append(Session("203.0.113.1", "203.0.113.2", 65030, import_=False))
    b = router("bird", behind, 65030, "10.255.0.30", [Session("203.0.113.2", "203.0.113.1", AS)])
    for r in (dut, ref, b):
        r.start()
    for g in (f1, s1, f2, s2):
        wait_until(lambda: g.last("up"), 60, "the session")
    before = len(dut.host.kernel_routes())
    f1.say("go")
    f2.say("go")
    ours, theirs = settled(s1), settled(s2)
    assert ours["eor"] >= 1

    # Adj-RIB-In: every prefix that remains
    n = dut.json("show bgp neighbors 192.0.2.2 json")["192.0.2.2"]
    received = n["addressFamilyInfo"]["ipv4Unicast"]["acceptedPrefixCounter"]
    got, want = heard(sink1.path("heard")), heard(sink2.path("heard"))
    refused = n["prefixStats"]["martian"] + n["prefixStats"]["aspathLoop"]  # some paths hold our AS
    treated = n["prefixStats"]["treatAsWithdraw"]

    # what leaves is what a stock BIRD makes of it
    # (BIRD takes AS 0 in a path; RFC 7607 has it treated as a withdrawal)
    as0 = {p for p, r in want.items() if "0" in r.as_path.split()}
    missing = [p for p in want if p not in got and not martian(p) and p not in as0]
    assert not as0 & set(got)
    extra = [p for p in got if p not in want]
    # (an AGGREGATOR with AS 0 is discarded: RFC 7607 again)
    wrong = [(p, k, v, getattr(got[p], k)) for p in want if p in got
             for k, v in vars(want[p]).items() if v != getattr(got[p], k)
             and not (k == "aggregator" and v and v.startswith("0 ") and getattr(got[p], k) is None)]
    assert not missing and not extra, "missing %r, unexpected %r" % (missing[:5], extra[:5])
    assert received + refused + len(as0) == LEFT and treated > 0
    assert not wrong, "%d differences, the first: %r" % (len(wrong), wrong[:5])

    # into the kernel, none failed
    def kernel():
        s = dut.json("show ip route summary json")
        bgp = [r for r in s["routes"] if r["type"] == "ebgp"][0]
        # (one of the recorded prefixes is our own address on a link: the local route stands before it)
        return bgp["rib"] == received and bgp["fib"] == received - 1 or None
    wait_until(kernel, 60, "all routes in the kernel")
    assert len(dut.host.kernel_routes()) == before + received - 1

    # a BIRD behind holds as many as the sink has heard, less those whose path holds its own AS
    held = sum(1 for r in got.values() if "65030" not in r.as_path.split())
    wait_until(lambda: "%d of %d routes for %d networks in table master4" % (held, held, held)
               in b.birdc("show route count"), 60, "BIRD's %d routes" % held)

    # and all of it goes away
    f1.say("withdraw")
    wait_until(lambda: s1.stat()["present"] == 0, 60, "an empty sink", every=0.5)
    wait_until(lambda: len(dut.host.kernel_routes()) == before, 60, "an empty kernel", every=1)
    assert dut.table(4) == {} and dut.alive()
