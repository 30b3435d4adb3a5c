# SPDX-License-Identifier: Apache-2.0
"""The lines that users of FRR send: every configuration line is accepted, printed and accepted back;
every command answers, with valid JSON where that is asked for. And vtysh learns a plugin's command.
"""
import json
import os
import pty
import select
import subprocess
import time

import pytest

from test_frr_tools import COMPAT, compat  # noqa: F401 (a fixture)

ZEBRA = """ip forwarding
ipv6 forwarding
ip router-id 10.0.0.1
zebra route-map delay-timer 2
ip route 198.51.100.0/24 192.0.2.2
ip route 198.51.101.0/24 blackhole
ip route 198.51.102.0/24 reject
ip route 198.51.103.0/24 192.0.2.2 tag 5
ip route 198.51.104.0/24 192.0.2.2 200
ip route 198.51.105.0/24 lo
ipv6 route 2001:db8:1::/48 2001:db8::2
ipv6 route 2001:db8:2::/48 blackhole
interface lo
 ip address 10.255.0.1/32
 ipv6 address 2001:db8:ff::1/128
 description the loopback
exit
"""
LISTS = """access-list A seq 5 permit 10.0.0.0/8
ipv6 access-list A6 seq 5 permit 2001:db8::/32
ip prefix-list P seq 5 permit 10.0.0.0/8 le 24
ip prefix-list P seq 10 deny any
ipv6 prefix-list P6 seq 5 permit 2001:db8::/32 ge 48
bgp as-path access-list AP seq 5 permit _65001_
bgp community-list standard C seq 5 permit 65001:1
bgp large-community-list standard L seq 5 permit 65001:1:1
route-map R permit 10
 match ip address prefix-list P
 match community C
 set community 65001:1 additive
 set as-path prepend 65001 65001
 set local-preference 200
 set metric 5
exit
route-map R deny 20
exit
"""
BGP = """bgp route-map delay-timer 1
router bgp 65001
 bgp router-id 10.0.0.1
 bgp log-neighbor-changes
 bgp always-compare-med
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 bgp deterministic-med
 bgp graceful-restart
 bgp graceful-restart restart-time 60
 bgp graceful-restart stalepath-time 60
 bgp bestpath as-path multipath-relax
 bgp bestpath compare-routerid
 no bgp network import-check
 timers bgp 3 10
 neighbor G peer-group
 neighbor G remote-as external
 neighbor 192.0.2.2 remote-as 65010
 neighbor 192.0.2.2 description one two
 neighbor 192.0.2.2 password secret
 neighbor 192.0.2.2 ebgp-multihop 3
 neighbor 192.0.2.2 update-source 192.0.2.1
 neighbor 192.0.2.2 timers 3 10
 neighbor 192.0.2.2 timers connect 1
 neighbor 192.0.2.2 solo
 neighbor 192.0.2.3 peer-group G
 neighbor 192.0.2.3 enforce-multihop
 neighbor 2001:db8::2 remote-as internal
 neighbor 2001:db8::2 shutdown
 neighbor 192.0.2.4 remote-as 65004
 neighbor 192.0.2.4 local-as 65099 no-prepend replace-as
 address-family ipv4 unicast
  network 10.5.0.0/16
  network 10.6.0.0/16 route-map R
  redistribute connected
  redistribute static route-map R
  neighbor 192.0.2.2 activate
  neighbor 192.0.2.2 next-hop-self
  neighbor 192.0.2.2 route-map R in
  neighbor 192.0.2.2 prefix-list P out
  neighbor 192.0.2.2 soft-reconfiguration inbound
  neighbor 192.0.2.2 allowas-in 2
  neighbor 192.0.2.2 disable-addpath-rx
  neighbor 192.0.2.2 maximum-prefix 100
  neighbor 192.0.2.2 remove-private-AS all replace-AS
  neighbor 192.0.2.2 default-originate
  neighbor 192.0.2.2 filter-list AP in
  maximum-paths 4
  maximum-paths ibgp 2
  distance bgp 30 40 50
 exit-address-family
 address-family ipv6 unicast
  network 2001:db8:5::/48
  neighbor 2001:db8::2 activate
  neighbor 2001:db8::2 route-reflector-client
 exit-address-family
exit
"""
EXEC = """show logging|show version|show running-config no-header|show ip route|show ipv6 route
show ip route bgp|show ip fib|show ip nht|show ipv6 nht|show interface|show vrf|show ip prefix-list
show route-map|show route-map R|show bgp summary|show bgp vrf all summary|show ip bgp summary terse
show ip bgp|show bgp ipv4|show bgp ipv6|sh ip bgp ipv6 unicast|show ip bgp neighbor 192.0.2.2
show bgp ipv4 neighbor 192.0.2.2 graceful-restart|show ip bgp summary remote-as external
show ip bgp summary neighbor 192.0.2.2|show bgp vrfs|show zebra client summary|clear ip bgp *
clear bgp ipv4 *|clear bgp 192.0.2.2|send log level info hello|write terminal
show bgp large-community-list L detail|sh ip bgp neighbor 192.0.2.2 advertised-routes"""
JSON = """show ip route|show ipv6 route|show ip route bgp|show ip fib|show ip route summary
show ip route 198.51.100.0/24|show ip route 203.0.113.1|show bgp summary|show bgp vrf all summary
show ip bgp sum|show bgp ipv6 uni summ|show ip bgp|show bgp ipv4 unicast|show bgp ipv6
show bgp ipv4 10.5.0.0/16|show ip bgp 203.0.113.0/24|show bgp neighbors|show ip bgp nei 192.0.2.2
show ip bgp neighbor 192.0.2.99|show bgp ipv4 neighbor 192.0.2.2 graceful-restart
show bgp ipv4 unicast neighbor 192.0.2.2 advertised-routes|show ip bgp neighbor 192.0.2.2 received-routes
show ip bgp neighbor 192.0.2.2 routes|show bgp vrf default ipv4 community 65001:1|show interface"""


def words(text):
    return [c for line in text.splitlines() for c in line.split("|")]


def lines(text):
    return {line.strip() for line in text.splitlines()} - {"", "!", "exit", "exit-address-family"}


@pytest.fixture
def started(compat):  # noqa: F811
    compat.start("")
    return compat


def test_configuration_lines(started):
    for name, text in (("zebra", ZEBRA), ("lists", LISTS), ("bgp", BGP)):
        path = started.host.write(name + ".conf", text)
        r = started.sh("vtysh -f " + path, check=False)
        assert r.returncode == 0, r.stdout + r.stderr
        printed = lines(started.sh("vtysh -c 'show running-config no-header'").stdout)
        # FRR prints the lists' old sequence numbers and the families' full names, as these do.
        assert lines(text) - printed == set(), name
    whole = started.sh("vtysh -c 'show running-config no-header'").stdout
    path = started.host.write("whole.conf", whole)
    r = started.sh("vtysh -f " + path, check=False)
    assert r.returncode == 0, r.stdout + r.stderr
    assert started.sh("vtysh -c 'show running-config no-header'").stdout == whole


def test_commands_answer(started):
    path = started.host.write("all.conf", ZEBRA + LISTS + BGP)
    started.sh("vtysh -f " + path)
    for c in words(EXEC):
        r = started.sh('vtysh -c "%s"' % c, check=False)
        assert r.returncode == 0, "%s: %s%s" % (c, r.stdout, r.stderr)
    for c in words(JSON):
        r = started.sh('vtysh -c "%s json"' % c, check=False)
        assert r.returncode in (0, 1), "%s: %s%s" % (c, r.stdout, r.stderr)
        json.loads(r.stdout)


def read_until(fd, text, limit=10):
    got, end = "", time.time() + limit
    while text not in got and time.time() < end:
        if select.select([fd], [], [], 0.2)[0]:
            got += os.read(fd, 4096).decode(errors="replace")
    assert text in got, got
    return got


def test_plugin_in_a_running_shell(started):
    """A plugin that is loaded while a shell is open gives it its command, help and completion."""
    master, slave = pty.openpty()
    p = subprocess.Popen(started.host.wrap([COMPAT + "/vtysh"]), stdin=slave, stdout=slave, stderr=slave,
                         start_new_session=True)
    os.close(slave)
    try:
        read_until(master, "# ")
        os.write(master, b"hello\n")
        read_until(master, "Unknown command")
        started.sh("vtysh -d bgpd -c 'plugin load hello'")
        os.write(master, b"\n")
        read_until(master, "# ")
        os.write(master, b"show hel?")
        read_until(master, "hello  ")
        os.write(master, b"\t\n")
        read_until(master, "ello", 5)
        os.write(master, b"exit\n")
        assert p.wait(10) == 0
    finally:
        if p.poll() is None:
            p.kill()
        os.close(master)
