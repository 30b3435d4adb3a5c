# SPDX-License-Identifier: Apache-2.0
"""FRR's own tools, unmodified, on the programs in libexec/frr-compat with FRR's default paths."""
import json
import os
import re
import shutil

import pytest

import routers
from lab import wait_until

RELOAD = "/usr/lib/frr/frr-reload.py"
EXPORTER = "prometheus-frr-exporter"
COMPAT = routers.PREFIX + "/libexec/frr-compat"
START = """frr defaults traditional
hostname r1
!
router bgp 65001
 bgp router-id 10.255.0.1
 no bgp ebgp-requires-policy
 neighbor 192.0.2.2 remote-as 65010
 neighbor 192.0.2.2 description the one
 neighbor 192.0.2.2 timers 3 10
 !
 address-family ipv4 unicast
  network 10.5.0.0/16
 exit-address-family
exit
!
ip prefix-list P seq 5 permit 10.0.0.0/8
!
route-map R permit 10
 match ip address prefix-list P
exit
!
"""
CHANGED = START.replace("description the one", "description the other").replace(
    "  network 10.5.0.0/16", "  network 10.6.0.0/16").replace(
    "ip prefix-list P seq 5 permit 10.0.0.0/8",
    "ip prefix-list P seq 5 permit 10.0.0.0/8\nip prefix-list P seq 10 permit 172.16.0.0/12")


class Compat:
    """A host on which the programs are started as FRR's harness does."""

    def __init__(self, host):
        self.host = host
        host.write("etc.conf", "")
        self.env = "PATH=%s:$PATH" % COMPAT

    def sh(self, cmd, check=True):
        r = self.host.call("cd %s && export %s && %s" % (self.host.dir, self.env, cmd))
        assert not check or r.returncode == 0, "%s: %d\n%s%s" % (cmd, r.returncode, r.stdout, r.stderr)
        return r

    def start(self, conf=None):
        for d in ("zebra", "staticd", "bgpd"):
            if conf is not None:
                self.host.run(["sh", "-c", "cat > /etc/frr/%s.conf" % d],
                              input=conf if d == "bgpd" else "hostname r1\n")
            self.sh("%s/%s %s --command-log-always --log file:%s.log --log-level debug -d > %s.out 2> %s.err"
                    % (COMPAT, d, "-s 90000000" if d == "zebra" else "", d, d, d))


@pytest.fixture
def compat(lab):
    if not os.path.exists(COMPAT + "/zebra") or not os.path.isdir("/etc/frr"):
        pytest.skip("no libexec/frr-compat, or no FRR package for its paths")
    raw, h = lab.host("raw"), lab.host("r1")
    lab.link(raw, h, ("192.0.2.2/24", "192.0.2.1/24"))
    return Compat(h)


def test_versions(compat):
    for d in ("zebra", "bgpd", "staticd"):
        first = compat.sh("%s/%s -v" % (COMPAT, d)).stdout.splitlines()[0].split()
        assert first[:2] == [d, "version"] and re.match(r"\d", first[2]), first
        assert tuple(map(int, re.findall(r"\d+", first[2])[:3])) >= (8, 4, 4)
        assert compat.sh("%s/%s -h" % (COMPAT, d)).stdout


def test_daemons_like_the_harness(compat):
    compat.start(START)
    # -d returned, so all of this is there at once.
    for f in ("zebra.pid", "zebra.vty", "bgpd.pid", "bgpd.vty"):
        assert compat.sh("ls -la /var/run/frr/" + f)
    out = compat.sh("vtysh -c 'show logging'").stdout
    for d in ("zebra", "bgpd"):
        assert "Logging configuration for %s:" % d in out
    assert compat.sh("vtysh -c 'show version'").stdout.startswith("FRRouting 8")
    assert "bgpd.log" in " ".join(os.listdir(compat.host.dir))
    assert compat.host.read("bgpd.err") == "" and compat.host.read("zebra.err") == ""
    # SIGKILL and the same command line again, over a stale pid file and socket.
    compat.sh("kill -9 $(cat /var/run/frr/bgpd.pid)")
    compat.sh("%s/bgpd --command-log-always --log file:bgpd.log --log-level debug -d" % COMPAT)
    doc = json.loads(compat.sh("vtysh -c 'show bgp summary json'").stdout)
    assert "192.0.2.2" in doc["ipv4Unicast"]["peers"]
    for d in ("bgpd", "zebra"):
        compat.sh("kill $(cat /var/run/frr/%s.pid)" % d)
    wait_until(lambda: compat.sh("pgrep -F /var/run/frr/zebra.pid", check=False).returncode, 15,
               "zebra's end")


def reload(compat, *args):
    return compat.sh("%s --bindir %s --confdir /etc/frr --rundir /var/run/frr --stdout %s"
                     % (RELOAD, COMPAT, " ".join(args)))


def running(compat):
    return compat.sh("vtysh -c 'show running-config no-header'").stdout


@pytest.mark.skipif(not os.path.exists(RELOAD), reason="frr-pythontools is not installed")
def test_frr_reload(compat):
    compat.start(START)
    before = running(compat)
    compat.host.write("new.conf", CHANGED)
    reload(compat, "--reload", "new.conf")
    now = running(compat)
    assert "description the other" in now and "network 10.6.0.0/16" in now
    assert "10.5.0.0/16" not in now and "seq 10 permit 172.16.0.0/12" in now
    # The harness's way back: the difference as lines, then vtysh -f.
    compat.host.write("start.conf", before)
    compat.host.write("now.conf", now)
    lines = reload(compat, "--test-reset", "--input", "now.conf", "--test", "start.conf").stdout
    delta = [x for x in lines.splitlines() if x and not re.match(r"^(\d{4}-|Lines To|===|\*)", x)]
    compat.host.write("delta.conf", "\n".join(delta) + "\n")
    compat.sh("vtysh -f delta.conf")
    assert running(compat) == before
    # Nothing to do: nothing done.
    out = reload(compat, "--reload", "start.conf").stdout
    assert running(compat) == before, out


@pytest.mark.skipif(not shutil.which(EXPORTER), reason="the exporter is not installed")
def test_exporter(compat):
    compat.start(START)
    compat.host.start([EXPORTER, "--frr.socket.dir-path=/var/run/frr",
                       "--web.listen-address=127.0.0.1:9342"], log="exporter.log")
    page = wait_until(lambda: compat.sh("curl -s http://127.0.0.1:9342/metrics", check=False).stdout,
                      20, "the exporter's page")
    assert 'frr_collector_up{collector="bgp"} 1' in page, page[-3000:]
    assert re.search(r'frr_bgp_peer_state\{.*peer="192.0.2.2".*\} 0', page)
    assert "frr_bgp_peers_count_total" in page
