# SPDX-License-Identifier: Apache-2.0
"""Route reflection (RFC 4456), seen on the wire: who gets what, ORIGINATOR_ID, CLUSTER_LIST, loops."""
import pytest

from lab import wait_until
from rawbgp import Route
from routers import Session

AS = 65001


@pytest.fixture
def reflector(lab, router, speaker):
    """The router under test with clients c1, c2 and a non-client n, all iBGP."""
    dut = lab.host("dut")
    sessions, made = [], {}
    for i, (name, client) in enumerate((("c1", True), ("c2", True), ("n", False))):
        h = lab.host(name)
        ours, theirs = "192.0.2.%d" % (4 * i + 1), "192.0.2.%d" % (4 * i + 2)
        lab.link(dut, h, (ours + "/30", theirs + "/30"))
        sessions.append(Session(ours, theirs, AS, rr_client=client))
        made[name] = (h, theirs, ours, AS, "10.255.1.%d" % (i + 1))
    d = router("dut", dut, AS, "10.255.0.1", sessions,
               bgp_lines=["bgp cluster-id 10.9.9.9"], fib=True).start()
    peers = {n: speaker(*args) for n, args in made.items()}
    wait_until(lambda: all(s.up() for s in peers.values()), 30, "three sessions")
    return d, peers


def test_who_gets_what(reflector):
    d, s = reflector
    s["c1"].announce(Route("10.1.0.0/16", next_hop="192.0.2.2", local_pref=150, med=7))
    s["n"].announce(Route("10.3.0.0/16", next_hop="192.0.2.10", local_pref=100))
    got = wait_until(lambda: s["c2"].routes().get("10.1.0.0/16"), 15, "client to client")
    assert got == Route("10.1.0.0/16", next_hop="192.0.2.2", local_pref=150, med=7,
                        originator="10.255.1.1", cluster=("10.9.9.9",))
    got = wait_until(lambda: s["n"].routes().get("10.1.0.0/16"), 15, "client to non-client")
    assert got.originator == "10.255.1.1" and got.cluster == ("10.9.9.9",)
    for c in ("c1", "c2"):
        got = wait_until(lambda: s[c].routes().get("10.3.0.0/16"), 15, "non-client to client")
        assert got.originator == "10.255.1.3"
    assert "10.3.0.0/16" not in s["n"].routes() and "10.1.0.0/16" not in s["c1"].routes()


def test_cluster_list_grows_and_loops_end(reflector):
    d, s = reflector
    s["c1"].announce(Route("10.1.0.0/16", next_hop="192.0.2.2", local_pref=100,
                           originator="10.255.7.7", cluster=("10.8.8.8",)),
                     Route("10.2.0.0/16", next_hop="192.0.2.2", local_pref=100,
                           originator="10.255.7.7", cluster=("10.8.8.8", "10.9.9.9")),
                     Route("10.3.0.0/16", next_hop="192.0.2.2", local_pref=100,
                           originator="10.255.0.1", cluster=("10.8.8.8",)),
                     Route("10.4.0.0/16", next_hop="192.0.2.2", local_pref=100))
    wait_until(lambda: "10.4.0.0/16" in s["c2"].routes(), 15, "the last route")
    got = s["c2"].routes()
    assert got["10.1.0.0/16"].cluster == ("10.9.9.9", "10.8.8.8")
    assert got["10.1.0.0/16"].originator == "10.255.7.7"
    assert "10.2.0.0/16" not in got, "our own cluster id was in the list"
    assert "10.3.0.0/16" not in got, "our own router id was the originator"
