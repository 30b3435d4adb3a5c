# SPDX-License-Identifier: Apache-2.0
"""The demonstration: two hosts ping through three routers, Godwit in the middle.

    h1 ---- bird (AS 65010) ---- godwit (AS 65001) ---- frr (AS 65020) ---- h2

All of it lives in network namespaces named demo-*, and goes away at the end unless --keep is given.
"""
import os
import shlex
import shutil
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "interop"))

from lab import Lab, Ping, wait_until  # noqa: E402
from rawbgp import Route  # noqa: E402
from routers import Bird, Frr, Godwit, Session  # noqa: E402


def title(text):
    print("\n== %s" % text, flush=True)


def show(router, *commands):
    for c in commands:
        print("\n%s# %s" % (router.host.name, c))
        print(router.vtysh(c).rstrip(), flush=True)


def build(lab):
    h1, bird, godwit, frr, h2 = (lab.host(n) for n in ("h1", "bird", "godwit", "frr", "h2"))
    lab.link(h1, bird, ("10.1.0.2/24", "10.1.0.1/24"), ("2001:db8:1::2/64", "2001:db8:1::1/64"))
    lab.link(bird, godwit, ("192.0.2.1/30", "192.0.2.2/30"), ("fd00:1::1/64", "fd00:1::2/64"))
    lab.link(godwit, frr, ("192.0.2.5/30", "192.0.2.6/30"), ("fd00:2::1/64", "fd00:2::2/64"))
    lab.link(frr, h2, ("10.2.0.1/24", "10.2.0.2/24"), ("2001:db8:2::1/64", "2001:db8:2::2/64"))
    for h, v4, v6 in ((h1, "10.1.0.1", "2001:db8:1::1"), (h2, "10.2.0.1", "2001:db8:2::1")):
        h.run(["ip", "route", "add", "default", "via", v4])
        h.run(["ip", "-6", "route", "add", "default", "via", v6])
    extra = [Route("10.100.%d.0/24" % i, communities=("65010:%d" % i,)) for i in range(1, 4)]
    b = Bird(bird, 65010, "10.255.0.10",
             [Session("192.0.2.1", "192.0.2.2", 65001), Session("fd00:1::1", "fd00:1::2", 65001)],
             extra, fib=True, helper=True)
    # BIRD tells of the hosts' networks too, which are its connected ones.
    for s in b.sessions:
        s.export = "where source = RTS_STATIC || net ~ [10.1.0.0/24]" if s.families == ("ipv4",) \
            else "where net ~ [2001:db8:1::/64]"
    g = Godwit(godwit, 65001, "10.255.0.1",
               [Session("192.0.2.2", "192.0.2.1", 65010), Session("192.0.2.5", "192.0.2.6", 65020),
                Session("fd00:1::2", "fd00:1::1", 65010), Session("fd00:2::1", "fd00:2::2", 65020)],
               fib=True, bgp_lines=["bgp graceful-restart"])
    f = Frr(frr, 65020, "10.255.0.20",
            [Session("192.0.2.6", "192.0.2.5", 65001), Session("fd00:2::2", "fd00:2::1", 65001)],
            [Route("10.2.0.0/24"), Route("2001:db8:2::/64"), Route("10.200.1.0/24")], fib=True)
    return h1, h2, b, g, f


def main():
    keep = "--keep" in sys.argv[1:]
    why = Godwit.missing() or Bird.missing() or Frr.missing()
    if why:
        print("demo: " + why)
        return 1
    directory = tempfile.mkdtemp(prefix="godwit-demo-")
    os.chmod(directory, 0o755)
    lab, ok = Lab(directory, "demo"), False
    try:
        title("three routers and two hosts: h1 - bird - godwit - frr - h2")
        h1, h2, bird, godwit, frr = build(lab)
        for r in (bird, frr):
            r.start()
        start = time.monotonic()
        godwit.start()
        started = time.monotonic()
        print("\n" + godwit.host.read("godwit.conf").rstrip())
        godwit.wait_up()
        up = time.monotonic()
        for dst in ("10.2.0.2", "2001:db8:2::2"):
            wait_until(lambda: h1.call(["ping", "-n", "-c1", "-W1", dst]).returncode == 0, 30,
                       "the first answer from " + dst)
        first = time.monotonic()

        title("what Godwit knows")
        show(godwit, "show version", "show bgp summary", "show bgp ipv4 unicast",
             "show ip route", "show ipv6 route")
        title("what the kernel has from it")
        print(godwit.host.run("ip route show proto bgp; ip -6 route show proto bgp; ip nexthop show"))
        title("what FRR, behind it, has got")
        print(frr.vtysh("show ip route bgp").rstrip())

        title("h1 pings h2 through all three")
        for dst in ("10.2.0.2", "2001:db8:2::2"):
            print(h1.run(["ping", "-n", "-c", "3", "-i", "0.2", dst]).rstrip())

        title("bgpd and zebrad are killed (SIGKILL) during a ping, and started again")
        ping = Ping(h1, "10.2.0.2")
        for d in ("bgpd", "zebrad"):
            godwit.procs[d].kill()
            godwit.procs[d].wait()
        for d in godwit.daemons:
            godwit.start_daemon(d)
        godwit.wait_up()
        wait_until(lambda: "B>* 10.2.0.0/24" in godwit.vtysh("show ip route"), 30,
                   "the routes in the new zebrad")
        sent, lost = ping.stop()
        print("%d pings sent, %d lost" % (sent, lost))

        title("timings")
        print("daemons ready after %.2f s, sessions up after %.2f s, first ping of both families "
              "through after %.2f s" % (started - start, up - start, first - start))
        ok = lost == 0
        print("\ndemo: %s" % ("everything works" if ok else "pings were lost"))
        if keep:
            look_around(godwit, bird, frr, h1)
    finally:
        if not (keep and ok):
            lab.close()
            shutil.rmtree(directory, ignore_errors=True)
    return 0 if ok else 1


def look_around(godwit, bird, frr, h1):
    def enter(host):
        return "nsenter -t %d -n -m" % host.holder.pid
    print("\nIt stays up. Look around with:")
    print("  %s %s" % (enter(godwit.host), shlex.join(godwit.vtysh_command())))
    print("  %s birdc -s /run/bird/bird.ctl" % enter(bird.host))
    print("  %s vtysh --vty_socket /run/frr" % enter(frr.host))
    print("  %s ping 10.2.0.2" % enter(h1))
    print("and end it with:")
    print("  for n in $(ip netns list | grep -o '^demo-%d-[^ ]*'); do ip netns pids $n | xargs -r kill; "
          "ip netns del $n; done" % os.getpid())


if __name__ == "__main__":
    sys.exit(main())
