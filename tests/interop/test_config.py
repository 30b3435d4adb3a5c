# SPDX-License-Identifier: Apache-2.0
"""Configuration with errors: every bad line is named by its number, and the rest does what is due.

At start-up and under `vtysh -f` the good lines are applied; under `vtysh -C` nothing is.
"""
import pytest

from routers import Session

GOOD = Session("192.0.2.1", "192.0.2.2", 65010)
BAD = """frobnicate the widgets
router bgp 65001
 neighbor 192.0.2.2 remote-as banana
 neighbor 192.0.2.9 remote-as 65010
 no-such-thing
exit
ip prefix-list OK seq 5 permit 10.0.0.0/8
ip prefix-list BROKEN seq 5 permit 10.0.0.0/99
ip route 10.77.0.0/16 blackhole
"""
BAD_LINES = (1, 3, 5, 8)


@pytest.fixture
def dut(lab, router):
    raw, h = lab.host("raw"), lab.host("dut")
    lab.link(raw, h, ("192.0.2.2/24", "192.0.2.1/24"))
    d = router("dut", h, 65001, "10.255.0.1", [GOOD], fib=True)
    if d.kind != "godwit":
        pytest.skip("Godwit's own behaviour")
    return d


def test_startup(dut):
    text = dut.config()
    first = len(text.splitlines())
    dut.extra = BAD
    dut.start()
    assert dut.alive()
    running = dut.vtysh("show running-config")
    assert "192.0.2.9" in running and "prefix-list OK" in running and "10.77.0.0/16" in running
    assert "BROKEN" not in running and "banana" not in running
    logs = dut.host.read("bgpd.log") + dut.host.read("zebrad.log")
    for n in BAD_LINES:
        assert "line %d" % (first + n) in logs, "line %d is not named in\n%s" % (first + n, logs)
    assert "frobnicate" in logs


def test_vtysh_f(dut):
    dut.start()
    path = dut.host.write("bad.conf", BAD)
    r = dut.host.call(dut.vtysh_command() + ["-f", path])
    assert r.returncode != 0
    out = r.stdout + r.stderr
    for n in BAD_LINES:
        assert "line %d:" % n in out, out
    running = dut.vtysh("show running-config")
    assert "192.0.2.9" in running and "prefix-list OK" in running and "BROKEN" not in running


def test_vtysh_C_changes_nothing(dut):
    dut.start()
    before = dut.vtysh("show running-config")
    path = dut.host.write("bad.conf", BAD)
    r = dut.host.call(dut.vtysh_command() + ["-C", "-f", path])
    assert r.returncode != 0
    out = r.stdout + r.stderr
    for n in BAD_LINES:
        assert "line %d:" % n in out, out
    assert dut.vtysh("show running-config") == before
    good = dut.host.write("good.conf", dut.config())
    r = dut.host.call(dut.vtysh_command() + ["-C", "-f", good])
    assert r.returncode == 0, r.stdout + r.stderr


def test_running_config_reads_back(dut):
    """What `show running-config` prints starts the same router again."""
    dut.extra = """ip prefix-list P seq 5 permit 10.0.0.0/8 le 24
route-map R permit 10
 match ip address prefix-list P
 set community 65001:1 65001:2
 set as-path prepend 65001 65001
exit
ip route 10.88.0.0/16 192.0.2.2 tag 7
"""
    dut.start()
    one = dut.vtysh("show running-config")
    dut.stop()
    body = one[one.index("!"):] if "!" in one else one
    dut.host.write("godwit.conf", body)
    for d in dut.daemons:
        dut.start_daemon(d)
    assert dut.vtysh("show running-config") == one


def test_unknown_command_status(dut):
    dut.start()
    r = dut.host.call(dut.vtysh_command() + ["-c", "show nonsense"])
    assert r.returncode == 1 and "% Unknown command: show nonsense" in r.stdout
