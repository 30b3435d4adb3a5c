# SPDX-License-Identifier: Apache-2.0
"""Daemons die by SIGKILL under traffic: no packet is lost, and afterwards all is as it was.

    h2 ---- dut ---- peer (BIRD, has the ping's target) ; sink (raw speaker) beside them

The way back to h2 is static at the peer, so that what is tested is Godwit's own kernel routes; in a
second form it is BGP's, and graceful restart (RFC 4724) keeps it at the peer.
"""
import signal

import pytest

from lab import Ping, wait_until
from rawbgp import Route
from routers import Session

DUT_AS, PEER_AS, SINK_AS = 65001, 65002, 65020
TARGET = "10.30.1.1"


def kernel_view(host):
    """All routes and next hops that matter, without what may change (next hop ids)."""
    routes = host.run("ip -d route show table main; ip -d -6 route show table main").splitlines()
    # Resolved, not by id: ids may differ after a restart.
    out = []
    for line in routes:
        words = line.split()
        if "nhid" in words:
            i = words.index("nhid")
            del words[i:i + 2]
        out.append(" ".join(words))
    hops = [" ".join(w for w in line.split()[2:] if not w.isdigit())
            for line in host.run("ip nexthop show").splitlines()]
    return sorted(out), sorted(hops)


@pytest.fixture(params=[False, True], ids=["static-return", "graceful-restart"])
def forwarding(request, lab, router, speaker):
    gr = request.param
    h2, dut, peer, sink = (lab.host(n) for n in ("h2", "dut", "peer", "sink"))
    lab.link(h2, dut, ("10.2.0.2/24", "10.2.0.1/24"))
    lab.link(dut, peer, ("192.0.2.1/24", "192.0.2.2/24"))
    lab.link(dut, sink, ("198.51.100.1/24", "198.51.100.2/24"))
    h2.run(["ip", "route", "add", "default", "via", "10.2.0.1"])
    if not gr:
        peer.run(["ip", "route", "add", "10.2.0.0/24", "via", "192.0.2.1"])
    peer.addr("lo", TARGET + "/32")
    routes = [Route("10.30.%d.0/24" % i, communities=("65002:%d" % i,)) for i in range(1, 51)]
    p = router("bird", peer, PEER_AS, "10.255.0.2", [Session("192.0.2.2", "192.0.2.1", DUT_AS)], routes,
               fib=True, helper=gr)
    d = router("dut", dut, DUT_AS, "10.255.0.1", [
        Session("192.0.2.1", "192.0.2.2", PEER_AS), Session("198.51.100.1", "198.51.100.2", SINK_AS)],
        [Route("10.2.0.0/24")], fib=True, extra="ip route 10.40.0.0/16 192.0.2.2\n",
        bgp_lines=["bgp graceful-restart"] if gr else [])
    p.start()
    d.start()
    s = speaker(sink, "198.51.100.2", "198.51.100.1", SINK_AS, "10.255.0.20")
    d.wait_up()
    wait_until(lambda: len(s.routes()) == 51, 20, "the sink's 51 routes")
    wait_until(lambda: h2.call(["ping", "-n", "-c1", "-W1", TARGET]).returncode == 0, 20, "the first ping")
    wait_until(lambda: "10.40.0.0/16" in dut.kernel_routes(), 10, "the static route")
    return h2, d, p, s


@pytest.mark.parametrize("victims", [("zebrad",), ("bgpd",), ("zebrad", "bgpd")], ids="-".join)
def test_kill9(forwarding, speaker, victims):
    h2, d, p, s = forwarding
    victims = [v if v in d.procs else "zebra" for v in victims]
    before, table, heard = kernel_view(d.host), d.table(4), s.routes()
    ping = Ping(h2, TARGET)
    for v in victims:
        d.procs[v].send_signal(signal.SIGKILL)
        d.procs[v].wait()
    # With the daemon gone its routes stay.
    assert [r for r in kernel_view(d.host)[0]] == before[0]
    if "bgpd" in victims:
        wait_until(lambda: s.state == "closed", 10, "the end of the sink's session")
    for v in [x for x in d.daemons if x in victims]:
        d.start_daemon(v)
    if "bgpd" in victims:
        d.wait_up("192.0.2.2")
        s = speaker(s.host, "198.51.100.2", "198.51.100.1", SINK_AS, "10.255.0.20")
    wait_until(lambda: s.routes() == heard, 40, "the sink's view as before")
    wait_until(lambda: d.table(4) == table, 20, "the BGP table as before")
    wait_until(lambda: kernel_view(d.host) == before, 40, "the kernel's view as before")
    sent, lost = ping.stop()
    assert lost == 0, "%d of %d pings lost" % (lost, sent)


def test_route_gone_meanwhile_is_swept(forwarding, speaker):
    """What the peer withdraws while bgpd is dead leaves the kernel after bgpd's return."""
    h2, d, p, s = forwarding
    d.procs["bgpd"].send_signal(signal.SIGKILL)
    d.procs["bgpd"].wait()
    assert "10.30.50.0/24" in d.host.kernel_routes()
    p.stop()
    p.routes = p.routes[:-1]
    p.start()
    d.start_daemon("bgpd")
    d.wait_up("192.0.2.2")
    # The sweep waits for all neighbours that are meant to be up.
    speaker(s.host, "198.51.100.2", "198.51.100.1", SINK_AS, "10.255.0.20")
    wait_until(lambda: "10.30.50.0/24" not in d.host.kernel_routes(), 60, "the sweep")
    assert "10.30.1.0/24" in d.host.kernel_routes()
