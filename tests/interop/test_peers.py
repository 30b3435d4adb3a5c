# SPDX-License-Identifier: Apache-2.0
"""Each stock router as eBGP and iBGP peer, over IPv4 and IPv6, attribute by attribute.

A raw speaker (AS 65010) stands on the other side of the router under test (AS 65001), so that every
attribute can be sent and every attribute that comes out can be seen as it is on the wire:

    raw 65010 ---- dut 65001 ---- peer (65002, or 65001 for iBGP)
"""
import time

import pytest

from lab import wait_until
from rawbgp import Route
from routers import PEERS, Session

DUT_AS, RAW_AS, EBGP_AS = 65001, 65010, 65002


class Net:
    """The addresses of one test for one family."""

    def __init__(self, af):
        self.af = af
        self.pre = (lambda n, i: "10.%d.%d.0/24" % (n, i)) if af == 4 else \
            (lambda n, i: "2001:db8:%x:%x::/64" % (n, i))
        four = ("192.0.2.1", "192.0.2.2", "198.51.100.1", "198.51.100.2")
        six = ("fd00:1::1", "fd00:1::2", "fd00:2::1", "fd00:2::2")
        self.dut_raw, self.raw, self.dut_peer, self.peer = four if af == 4 else six


def raw_routes(net):
    p = lambda i: net.pre(20, i)
    base = dict(next_hop=net.raw, as_path="65010 65100")
    return [
        Route(p(1), **base),
        Route(p(2), **dict(base, origin="incomplete", med=77)),
        Route(p(3), **dict(base, as_path="65010 4200000001 {64601,64602}", origin="egp")),
        Route(p(4), **dict(base, communities=("65010:1", "65010:65535"))),
        Route(p(5), **dict(base, communities=("no-export", "65010:5"))),
        Route(p(6), **dict(base, large=("4200000001:1:2", "65010:0:4294967295"))),
        Route(p(7), **dict(base, aggregator="4200000001 203.0.113.7", atomic=True)),
        Route(p(8), **dict(base, as_path="65010 " + " ".join(["65100"] * 40))),
        Route(p(9), **dict(base, communities=("no-advertise",))),
    ]


def peer_routes(net, router, ebgp):
    p = lambda i: net.pre(30, i)
    nh = net.peer
    routes = [
        Route(p(1), next_hop=nh),
        Route(p(2), next_hop=nh, origin="incomplete", med=33),
        Route(p(3), next_hop=nh, as_path="65200 65201"),
        Route(p(4), next_hop=nh, communities=("65002:1", "65002:2")),
        Route(p(5), next_hop=nh, large=("65002:1:2",)),
        Route(p(6), next_hop=nh, communities=("no-export",)),
        Route(p(7), next_hop=nh, aggregator="65200 203.0.113.9", atomic=True),
    ]
    if ebgp and router.keeps_no_export:
        routes = [r for r in routes if not r.communities or r.communities[0] != "no-export"]
    if not ebgp:
        routes.append(Route(p(8), next_hop=nh, local_pref=250))
    blank = {"aggregator": None, "atomic": False, "as_path": ""}
    return [r.but(**{k: blank[k] for k in router.lacks if k in blank}) for r in routes]


def differences(want, got, ignore=()):
    """Readable differences of two {prefix: Route}."""
    out = ["missing %s" % p for p in want if p not in got]
    out += ["unexpected %s" % p for p in got if p not in want]
    for p in want:
        if p not in got:
            continue
        for k, w in vars(want[p]).items():
            g = getattr(got[p], k)
            if k in ("communities", "large"):
                w, g = sorted(w), sorted(g)
            if k not in ignore and w != g:
                out.append("%s %s: want %r, got %r" % (p, k, w, g))
    return out


def held(router, net, group):
    """What a router holds of one group of prefixes."""
    return {p: r for p, r in router.table(net.af).items() if p in group}


def equal_soon(want, read, ignore=(), timeout=15):
    """Waits until the two tables are equal; fails with the differences that remain."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if not differences(want, read(), ignore):
            return
        time.sleep(0.1)
    rest = differences(want, read(), ignore)
    assert not rest, "\n".join(rest)


def passed_on(r, net, ebgp_in, ebgp_out, own_hop, in_hop):
    """What RFC 4271 makes of a route on its way through the router under test."""
    if "no-advertise" in r.communities or (ebgp_out and "no-export" in r.communities):
        return None
    if ebgp_out:
        return r.but(as_path=("%d %s" % (DUT_AS, r.as_path)).strip(), next_hop=own_hop, med=None,
                     local_pref=None)
    lp = 100 if ebgp_in or r.local_pref is None else r.local_pref
    return r.but(next_hop=in_hop, local_pref=lp)


def by_prefix(routes):
    return {r.prefix: r for r in routes if r}


@pytest.fixture
def trio(lab, router, speaker):
    """Makes the three hosts and starts everything; returns the parts."""
    def make(kind, ebgp, af):
        net = Net(af)
        hr, hd, hp = lab.host("raw"), lab.host("dut"), lab.host("peer")
        plen = "/24" if af == 4 else "/64"
        lab.link(hr, hd, (net.raw + plen, net.dut_raw + plen))
        lab.link(hd, hp, (net.dut_peer + plen, net.peer + plen))
        # iBGP keeps the next hop: the peer needs a way to it.
        hp.run(["ip", "-%d" % af, "route", "add", net.raw, "via", net.dut_peer])
        peer_as = EBGP_AS if ebgp else DUT_AS
        peer = router(kind, hp, peer_as, "10.255.0.2", [Session(net.peer, net.dut_peer, DUT_AS)])
        peer.routes = peer_routes(net, peer, ebgp)
        dut = router("dut", hd, DUT_AS, "10.255.0.1", [
            Session(net.dut_raw, net.raw, RAW_AS),
            Session(net.dut_peer, net.peer, peer_as)], fib=True)
        dut.start()
        peer.start()
        raw = speaker(hr, net.raw, net.dut_raw, RAW_AS, "10.255.0.10")
        wait_until(raw.up, 30, "raw session")
        dut.wait_up(net.raw, net.peer)
        peer.wait_up(net.dut_peer)
        return net, raw, dut, peer
    return make


CASES = [(k, e, af) for k in PEERS for e in (True, False) for af in (4, 6)]
IDS = ["%s-%s-ipv%d" % (k, "ebgp" if e else "ibgp", af) for k, e, af in CASES]


@pytest.mark.parametrize("kind,ebgp,af", CASES, ids=IDS)
def test_peer(trio, kind, ebgp, af):
    net, raw, dut, peer = trio(kind, ebgp, af)
    hides = set(peer.hides) | {"unknown"}
    sent = raw_routes(net)
    raw.announce(*sent)

    # raw -> dut: as sent, with the default preference
    want = by_prefix(r.but(local_pref=None) for r in sent)
    equal_soon(want, lambda: held(dut, net, want), hides | {"local_pref", "med"})

    # raw -> dut -> peer
    want = by_prefix(passed_on(r, net, True, ebgp, net.dut_peer, net.raw) for r in sent)
    asked = {r.prefix for r in sent}
    blind = hides | ({"local_pref", "med"} if ebgp else {"med"} if kind == "frr" else set())
    equal_soon(want, lambda: held(peer, net, asked), blind)

    # peer -> dut
    origin_as = "%d " % EBGP_AS if ebgp else ""
    mine = [r.but(as_path=(origin_as + r.as_path).strip()) for r in peer.routes]
    want = by_prefix(mine)
    equal_soon(want, lambda: held(dut, net, want), hides | {"local_pref", "med", "next_hop"})

    # peer -> dut -> raw, as it is on the wire
    want = by_prefix(passed_on(r, net, ebgp, True, net.dut_raw, None) for r in mine)
    asked = {r.prefix for r in mine}
    equal_soon(want, lambda: {p: r for p, r in raw.routes().items() if p in asked})

    # withdrawal, then the raw session's end and return
    raw.withdraw(sent[0].prefix)
    wait_until(lambda: sent[0].prefix not in held(peer, net, {sent[0].prefix}), 10, "withdrawal")

    # the peer goes and returns, and its routes with it
    peer.stop()
    wait_until(lambda: not set(raw.routes()) & asked, 20, "withdrawal of a dead peer's routes")
    peer.start()
    dut.wait_up(net.peer)
    equal_soon(want, lambda: {p: r for p, r in raw.routes().items() if p in asked})
    raw.stop()
    all_raw = {r.prefix for r in sent}
    wait_until(lambda: not held(peer, net, all_raw), 20, "withdrawal of the raw speaker's routes")
    assert dut.alive() and peer.alive()
