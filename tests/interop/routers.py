# SPDX-License-Identifier: Apache-2.0
"""Routers of every kind behind one face, so that a test is written once and run with each.

A test describes what a router should do (Session, Route); each kind turns that into its own
configuration and reads its own tables back into Route objects. What a kind cannot express is in
its `lacks`, and tests leave those attributes out of the comparison.
"""
import json
import os
import re
import shutil
import signal
import time
from dataclasses import dataclass, field

from lab import LabError, wait_until
from rawbgp import ORIGINS, Route, community

HERE = os.path.dirname(os.path.abspath(__file__))
PREFIX = os.environ.get("GODWIT_PREFIX", "")


@dataclass
class Session:
    """One neighbour as a router sees it."""
    local: str
    remote: str
    remote_as: int
    families: tuple = None
    password: str = None
    rr_client: bool = False
    next_hop_self: bool = False
    passive: bool = False
    import_: bool = True
    export: object = True  # False, True, or BIRD's own words for it
    next_hop4: str = None  # for IPv4 routes over an IPv6 session
    extra: tuple = field(default=())

    def __post_init__(self):
        if self.families is None:
            self.families = ("ipv6",) if ":" in self.remote else ("ipv4",)

    @property
    def name(self):
        return "p" + re.sub("[^0-9a-f]", "_", self.remote)


def v6(prefix):
    return ":" in prefix


def json_docs(text):
    """All JSON documents of a text, one after another."""
    dec, at, out = json.JSONDecoder(), 0, []
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at >= len(text):
            return out
        doc, at = dec.raw_decode(text, at)
        out.append(doc)


class Router:
    kind = None
    needs = ()
    lacks = ()           # attributes that the kind cannot originate
    hides = ()           # attributes that its tables do not show
    forwards = True      # passes routes on from peer to peer
    keeps_no_export = False  # does not send its own NO_EXPORT routes to eBGP peers

    def __init__(self, host, asn, router_id, sessions=(), routes=(), fib=False, extra="",
                 bgp_lines=(), helper=False):
        self.helper = helper  # BIRD keeps a restarting neighbour's routes
        self.bgp_lines = bgp_lines  # FRR's syntax, inside `router bgp`
        self.host, self.asn, self.router_id = host, asn, router_id
        self.sessions, self.routes, self.fib, self.extra = list(sessions), list(routes), fib, extra
        self.procs = {}

    @classmethod
    def missing(cls):
        """Why this kind cannot be run here, or None."""
        for n in cls.needs:
            if not (shutil.which(n) or os.path.exists(n)):
                return "%s is not installed" % n
        return None

    def start(self):
        raise NotImplementedError

    def stop(self, sig=signal.SIGTERM):
        for p in self.procs.values():
            if p.poll() is None:
                p.send_signal(sig)
        for p in self.procs.values():
            p.wait(15)
        self.procs = {}

    def alive(self):
        return all(p.poll() is None for p in self.procs.values())

    def up(self, remote):
        raise NotImplementedError

    def wait_up(self, *remotes, timeout=30):
        for r in remotes or [s.remote for s in self.sessions]:
            wait_until(lambda: self.up(r), timeout, "%s session with %s" % (self.kind, r))

    def table(self, af=4):
        raise NotImplementedError


class Bird(Router):
    kind = "bird"
    needs = ("bird", "birdc")
    lacks = ("aggregator", "atomic")

    def _static(self, r):
        out = []
        for asn in reversed(r.as_path.split()):
            out.append("bgp_path.prepend(%s);" % asn)
        out.append("bgp_origin = ORIGIN_%s;" % r.origin.upper())
        if r.med is not None:
            out.append("bgp_med = %d;" % r.med)
        if r.local_pref is not None:
            out.append("bgp_local_pref = %d;" % r.local_pref)
        for c in r.communities:
            c = {"no-export": "65535:65281", "no-advertise": "65535:65282"}.get(c, c)
            out.append("bgp_community.add((%s));" % c.replace(":", ","))
        for c in r.large:
            out.append("bgp_large_community.add((%s));" % c.replace(":", ","))
        return "  route %s blackhole { %s };" % (r.prefix, " ".join(out))

    def _session(self, s):
        ch = []
        for f in s.families:
            opts = ["import %s;" % ("all" if s.import_ else "none"),
                    "export %s;" % (s.export if isinstance(s.export, str) else
                                    "where source = RTS_STATIC || source = RTS_BGP"
                                    if s.export else "none")]
            if s.next_hop_self:
                opts.append("next hop self;")
            if f == "ipv4" and ":" in s.remote and s.next_hop4:
                opts.append("next hop address %s;" % s.next_hop4)
            ch.append("  %s { %s };" % (f, " ".join(opts)))
        lines = ["local %s as %d;" % (s.local, self.asn),
                 "neighbor %s as %d;" % (s.remote, s.remote_as),
                 "graceful restart %s; long lived graceful restart off;" % ("aware" if self.helper else "off"),
                 "connect retry time 1; connect delay time 1; error wait time 1,2;"]
        if s.password:
            lines.append('password "%s";' % s.password)
        if s.rr_client:
            lines.append("rr client;")
        if s.passive:
            lines.append("passive;")
        lines += list(s.extra)
        return "protocol bgp %s {\n  %s\n%s\n}" % (s.name, "\n  ".join(lines), "\n".join(ch))

    def config(self):
        out = ["log stderr all;", "router id %s;" % self.router_id, "protocol device { }"]
        if self.fib:
            for f in ("ipv4", "ipv6"):
                out.append("protocol direct d_%s { %s; }" % (f, f))
                out.append("protocol kernel k_%s { %s { export where source != RTS_DEVICE; }; }" % (f, f))
        for f in ("ipv4", "ipv6"):
            mine = [r for r in self.routes if v6(r.prefix) == (f == "ipv6")]
            out.append("protocol static s_%s {\n  %s;\n%s\n}"
                       % (f, f, "\n".join(self._static(r) for r in mine)))
        out += [self._session(s) for s in self.sessions]
        return "\n".join(out) + "\n" + self.extra

    def start(self):
        self.host.write("bird.conf", self.config())
        self.procs["bird"] = self.host.start(
            ["bird", "-f", "-c", self.host.path("bird.conf"), "-s", "/run/bird/bird.ctl"],
            log="bird.log")
        wait_until(lambda: "router id" in self.birdc("show status").lower(), 10, "bird's socket")
        return self

    def birdc(self, cmd):
        return self.host.run(["birdc", "-s", "/run/bird/bird.ctl", "-r"] + cmd.split())

    def up(self, remote):
        name = Session("", remote, 0).name
        return "Established" in self.birdc("show protocols " + name)

    def table(self, af=4):
        text = self.birdc("show route all primary table master%d" % af)
        out, r = {}, None
        for line in text.splitlines():
            m = re.match(r"^([0-9a-f.:]+/\d+)\s", line)
            if m:
                r = Route(m.group(1))
                out[r.prefix] = r
            elif r and line.startswith("\tBGP."):
                k, _, v = line.strip().partition(":")
                self._attr(r, k, v.strip())
        return out

    @staticmethod
    def _attr(r, k, v):
        quads = re.findall(r"\((\d+),\s*(\d+)\)", v)
        if k == "BGP.origin":
            r.origin = v.lower()
        elif k == "BGP.as_path":
            r.as_path = re.sub(r"\{([^}]*)\}", lambda m: "{%s}" % ",".join(m.group(1).split()), v).strip()
        elif k == "BGP.next_hop":
            r.next_hop = v.split()[0]
        elif k == "BGP.med":
            r.med = int(v)
        elif k == "BGP.local_pref":
            r.local_pref = int(v)
        elif k == "BGP.community":
            r.communities = tuple(community(int(a) << 16 | int(b)) for a, b in quads)
        elif k == "BGP.large_community":
            r.large = tuple(":".join(c) for c in re.findall(r"\((\d+),\s*(\d+),\s*(\d+)\)", v))
        elif k == "BGP.aggregator":
            r.aggregator = "%s %s" % (re.search(r"AS(\d+)", v).group(1), v.split()[0])
        elif k == "BGP.atomic_aggr":
            r.atomic = True
        elif k == "BGP.originator_id":
            r.originator = v.strip()
        elif k == "BGP.cluster_list":
            r.cluster = tuple(v.split())


class Frr(Router):
    kind = "frr"
    needs = ("/usr/lib/frr/bgpd", "vtysh")
    keeps_no_export = True
    daemons = ("zebra", "bgpd")

    def _route_map(self, i, r):
        out = ["route-map rm%d permit 10" % i, " set origin %s" % r.origin]
        if r.as_path:
            out.append(" set as-path prepend %s" % r.as_path)
        if r.med is not None:
            out.append(" set metric %d" % r.med)
        if r.local_pref is not None:
            out.append(" set local-preference %d" % r.local_pref)
        if r.communities:
            out.append(" set community %s" % " ".join(r.communities))
        if r.large:
            out.append(" set large-community %s" % " ".join(r.large))
        if r.aggregator:
            out.append(" set aggregator as %s" % r.aggregator)
        if r.atomic:
            out.append(" set atomic-aggregate")
        return out + ["exit"]

    def neighbor(self, s):
        out = ["neighbor %s remote-as %d" % (s.remote, s.remote_as),
               "neighbor %s timers connect 1" % s.remote]
        if s.password:
            out.append("neighbor %s password %s" % (s.remote, s.password))
        if s.passive:
            out.append("neighbor %s passive" % s.remote)
        if s.local:
            out.append("neighbor %s update-source %s" % (s.remote, s.local))
        return [" " + x for x in out + list(s.extra)]

    def config(self):
        out = ["hostname %s" % self.host.name, "log stdout"]
        for i, r in enumerate(self.routes):
            out += self._route_map(i, r)
        out += ["route-map none deny 10", "exit",
                "router bgp %d" % self.asn, " bgp router-id %s" % self.router_id,
                " no bgp ebgp-requires-policy", " no bgp default ipv4-unicast",
                " no bgp network import-check"] + [" " + x for x in self.bgp_lines]
        for s in self.sessions:
            out += self.neighbor(s)
        for f in ("ipv4", "ipv6"):
            out.append(" address-family %s unicast" % f)
            for i, r in enumerate(self.routes):
                if v6(r.prefix) == (f == "ipv6"):
                    out.append("  network %s route-map rm%d" % (r.prefix, i))
            for s in self.sessions:
                if f in s.families:
                    out += self._activate(s)
            out.append(" exit-address-family")
        return "\n".join(out + ["exit"]) + "\n" + self.extra

    def _activate(self, s):
        n = "  neighbor %s " % s.remote
        out = [n + "activate"]
        if s.rr_client:
            out.append(n + "route-reflector-client")
        if s.next_hop_self:
            out.append(n + "next-hop-self")
        if not s.import_:
            out.append(n + "route-map none in")
        if not s.export:
            out.append(n + "route-map none out")
        return out

    def program(self, daemon):
        return "/usr/lib/frr/" + daemon

    def command(self, daemon):
        return [self.program(daemon), "-f", self.host.path("frr.conf"),
                "-i", "/run/frr/%s.pid" % daemon, "-z", "/run/frr/zserv.api",
                "--vty_socket", "/run/frr"] + (["-n"] if daemon == "bgpd" and not self.fib else [])

    def start_daemon(self, daemon):
        self.procs[daemon] = self.host.start(self.command(daemon), log=daemon + ".log")
        wait_until(lambda: self.ready(daemon), 10, "%s's socket" % daemon, every=0.05)

    def ready(self, daemon):
        return self.host.call(["test", "-S", "/run/frr/%s.vty" % daemon]).returncode == 0

    def start(self):
        self.host.write("frr.conf", self.config())
        for d in self.daemons:
            self.start_daemon(d)
        return self

    def vtysh_command(self):
        return ["vtysh", "--vty_socket", "/run/frr"]

    def vtysh(self, *cmds, check=True):
        args = self.vtysh_command()
        for c in cmds:
            args += ["-c", c]
        r = self.host.call(args)
        if check and r.returncode:
            raise LabError("vtysh %r: status %d: %s%s" % (cmds, r.returncode, r.stdout, r.stderr))
        return r.stdout

    def json(self, cmd):
        return json.loads(self.vtysh(cmd) or "{}")

    def up(self, remote):
        n = self.json("show bgp neighbors %s json" % remote).get(remote, {})
        return n.get("bgpState") == "Established"

    def table(self, af=4):
        all_ = self.json("show bgp ipv%d unicast json" % af).get("routes", {})
        wanted = [p for p in all_ if any(x.get("bestpath") for x in all_[p])]
        out = {}
        if not wanted:
            return out
        docs = json_docs(self.vtysh(*["show bgp ipv%d unicast %s json" % (af, p) for p in wanted]))
        for p, doc in zip(wanted, docs):
            for path in doc.get("paths", []):
                if path.get("bestpath", {}).get("overall"):
                    out[p] = self._route(p, path)
        return out

    @staticmethod
    def _route(prefix, path):
        r = Route(prefix, as_path=path["aspath"]["string"], origin=path["origin"].lower())
        if r.as_path == "Local":
            r.as_path = ""
        hops = path.get("nexthops", [])
        wide = [h for h in hops if h.get("scope") == "global"] or hops
        r.next_hop = wide[0]["ip"] if wide else None
        r.med = path.get("metric", path.get("med"))
        r.local_pref = path.get("locPrf")
        for c in path.get("community", {}).get("list", []):
            name = re.sub(r"([a-z])([A-Z])", r"\1-\2", c).lower()
            r.communities += (name,)
        r.large = tuple(path.get("largeCommunity", {}).get("list", []))
        if "aggregatorAs" in path:
            r.aggregator = "%s %s" % (path["aggregatorAs"], path["aggregatorId"])
        r.atomic = bool(path.get("atomicAggregate"))
        r.originator = path.get("originatorId")
        r.cluster = tuple(path.get("clusterList", {}).get("list", []))
        return r


class Godwit(Frr):
    """The suite under test, from the tree that it was installed to ($GODWIT_PREFIX)."""
    kind = "godwit"
    needs = ()
    daemons = ("zebrad", "bgpd")

    @classmethod
    def missing(cls):
        if not PREFIX:
            return "GODWIT_PREFIX does not say where Godwit is installed"
        if not os.path.exists(PREFIX + "/sbin/bgpd"):
            return "no Godwit in " + PREFIX
        return None

    def config(self):
        # In the foreground it logs to stderr already.
        return super().config().replace("log stdout\n", "")

    def program(self, daemon):
        return "%s/sbin/%s" % (PREFIX, daemon)

    def command(self, daemon):
        return [self.program(daemon), "-f", self.host.path("godwit.conf"), "-i",
                "/run/godwit/%s.pid" % daemon, "--vty_socket", "/run/godwit"] + \
            (["-n"] if daemon == "bgpd" and not self.fib else [])

    def ready(self, daemon):
        return self.host.call(["test", "-S", "/run/godwit/%s.vty" % daemon]).returncode == 0

    def start(self):
        self.host.write("godwit.conf", self.config())
        for d in self.daemons:
            self.start_daemon(d)
        return self

    def vtysh_command(self):
        return [PREFIX + "/bin/vtysh", "--vty_socket", "/run/godwit"]


class GoBgp(Router):
    kind = "gobgp"
    needs = ("gobgpd", "gobgp")

    def config(self):
        out = ["[global.config]", "  as = %d" % self.asn, '  router-id = "%s"' % self.router_id]
        for s in self.sessions:
            out += ["[[neighbors]]", "  [neighbors.config]",
                    '    neighbor-address = "%s"' % s.remote, "    peer-as = %d" % s.remote_as]
            if s.password:
                out.append('    auth-password = "%s"' % s.password)
            out += ["  [neighbors.transport.config]", '    local-address = "%s"' % s.local]
            if s.passive:
                out.append("    passive-mode = true")
            out += ["  [neighbors.timers.config]", "    connect-retry = 1",
                    "    idle-hold-time-after-reset = 1"]
            if s.rr_client:
                out += ["  [neighbors.route-reflector.config]", "    route-reflector-client = true",
                        '    route-reflector-cluster-id = "%s"' % self.router_id]
            for f in s.families:
                out += ["  [[neighbors.afi-safis]]", "    [neighbors.afi-safis.config]",
                        '      afi-safi-name = "%s-unicast"' % f]
        return "\n".join(out) + "\n" + self.extra

    def start(self):
        self.host.write("gobgpd.conf", self.config())
        self.procs["gobgpd"] = self.host.start(
            ["gobgpd", "-f", self.host.path("gobgpd.conf"), "--pprof-disable"], log="gobgpd.log")
        wait_until(lambda: self.gobgp("global"), 10, "gobgpd's API")
        for r in self.routes:
            self.add(r)
        return self

    def gobgp(self, *args):
        return self.host.run(["gobgp"] + [str(a) for a in args])

    def add(self, r):
        a = ["global", "rib", "add", "-a", "ipv6" if v6(r.prefix) else "ipv4", r.prefix,
             "origin", r.origin]
        if r.as_path:
            a += ["aspath", r.as_path.replace(" ", ",")]
        if r.next_hop:
            a += ["nexthop", r.next_hop]
        if r.med is not None:
            a += ["med", r.med]
        if r.local_pref is not None:
            a += ["local-pref", r.local_pref]
        if r.communities:
            a += ["community", ",".join(r.communities)]
        if r.large:
            a += ["large-community", ",".join(r.large)]
        if r.aggregator:
            a += ["aggregator", r.aggregator.replace(" ", ":")]
        self.gobgp(*a)

    lacks = ("atomic",)

    def up(self, remote):
        n = json.loads(self.gobgp("neighbor", remote, "-j"))
        return n["state"].get("session_state") in (6, "ESTABLISHED", "established")

    def table(self, af=4):
        out = {}
        for prefix, paths in json.loads(self.gobgp("global", "rib", "-a", "ipv%d" % af, "-j")).items():
            best = [p for p in paths if p.get("best")] or paths[:1]
            out[prefix] = self._route(prefix, best[0]["attrs"])
        return out

    @staticmethod
    def _route(prefix, attrs):
        r = Route(prefix)
        for a in attrs:
            t = a["type"]
            if t == 1:
                r.origin = ORIGINS[a["value"]]
            elif t == 2:
                words = []
                for seg in a["as_paths"] or []:
                    asns = [str(x) for x in seg["asns"]]
                    words += ["{%s}" % ",".join(asns)] if seg["segment_type"] == 1 else asns
                r.as_path = " ".join(words)
            elif t in (3, 14) and a.get("nexthop"):
                r.next_hop = a["nexthop"]
            elif t == 4:
                r.med = a["metric"]
            elif t == 5:
                r.local_pref = a["value"]
            elif t == 6:
                r.atomic = True
            elif t == 7:
                r.aggregator = "%s %s" % (a["as"], a["address"])
            elif t == 8:
                r.communities = tuple(community(c) for c in a["communities"])
            elif t == 9:
                r.originator = a["value"]
            elif t == 10:
                r.cluster = tuple(a["value"])
            elif t == 32:
                r.large = tuple("%d:%d:%d" % (c["ASN"], c["LocalData1"], c["LocalData2"])
                                for c in a["value"])
        return r


class OpenBgpd(Router):
    kind = "openbgpd"
    needs = ("/usr/sbin/bgpctl",)
    keeps_no_export = True
    lacks = ("as_path", "aggregator", "atomic")

    def config(self):
        out = ["AS %d" % self.asn, "router-id %s" % self.router_id,
               "fib-update %s" % ("yes" if self.fib else "no"), 'socket "/run/openbgpd/bgpd.sock"']
        for l in sorted({s.local for s in self.sessions}):
            out.append("listen on %s" % l)
        for r in self.routes:
            st = ["origin %s" % r.origin]
            if r.med is not None:
                st.append("metric %d" % r.med)
            if r.local_pref is not None:
                st.append("localpref %d" % r.local_pref)
            st += ["community %s" % {"no-export": "NO_EXPORT"}.get(c, c) for c in r.communities]
            st += ["large-community %s" % c for c in r.large]
            out.append("network %s set { %s }" % (r.prefix, " ".join(st)))
        for s in self.sessions:
            out += ["neighbor %s {" % s.remote, "  remote-as %d" % s.remote_as,
                    "  local-address %s" % s.local]
            for f in ("IPv4", "IPv6"):
                out.append("  announce %s %s" % (f, "unicast" if f.lower() in s.families else "none"))
            if s.password:
                out.append('  tcp md5sig password "%s"' % s.password)
            if s.rr_client:
                out.append("  route-reflector")
            if s.passive:
                out.append("  passive")
            out += ["  " + e for e in s.extra] + ["}"]
            out += ["%s from %s" % ("allow" if s.import_ else "deny", s.remote),
                    "%s to %s" % ("allow" if s.export else "deny", s.remote)]
        return "\n".join(out) + "\n" + self.extra

    def start(self):
        path = self.host.write("bgpd.conf", self.config())
        os.chmod(path, 0o600)
        self.procs["bgpd"] = self.host.start(["/usr/sbin/bgpd", "-d", "-f", path], log="openbgpd.log")
        wait_until(lambda: self.ctl("show", "summary"), 10, "openbgpd's socket")
        return self

    def ctl(self, *args):
        return self.host.run(["bgpctl", "-s", "/run/openbgpd/bgpd.sock"] + list(args))

    def up(self, remote):
        doc = json.loads(self.ctl("-j", "show", "neighbor", remote))
        return doc["neighbors"][0]["state"] == "Established"

    def table(self, af=4):
        doc = json.loads(self.ctl("-j", "show", "rib", "inet" if af == 4 else "inet6", "detail"))
        out = {}
        for e in doc.get("rib", []):
            if not e.get("best"):
                continue
            r = Route(e["prefix"], origin={"IGP": "igp", "EGP": "egp"}.get(e["origin"], "incomplete"))
            r.as_path = re.sub(r"\{ ?([^}]*?) ?\}", lambda m: "{%s}" % ",".join(m.group(1).split()),
                               e.get("aspath", ""))
            r.next_hop = e.get("exit_nexthop")
            r.med = e.get("metric") or None  # it does not tell 0 from none
            r.local_pref = e.get("localpref")
            r.communities = tuple({"NO_EXPORT": "no-export", "NO_ADVERTISE": "no-advertise"}
                                  .get(c, c) for c in e.get("communities", []))
            r.large = tuple(e.get("large_communities", []))
            for a in e.get("attributes", []):
                if a["type"] == "Aggregator":
                    r.aggregator = "%s %s" % (a["AS"], a["router_id"])
                elif a["type"] == "Atomic Aggregate":
                    r.atomic = True
                elif a["type"] == "Originator Id":
                    r.originator = a["originator"]
                elif a["type"] == "Cluster Id List":
                    r.cluster = tuple(a["cluster_ids"])
            out[r.prefix] = r
        return out


class ExaBgp(Router):
    """No table of its own: it announces what it was told and its receiver script keeps the rest."""
    kind = "exabgp"
    needs = ("exabgp",)
    forwards = False

    def _static(self, r, s):
        w = ["route", r.prefix, "next-hop", r.next_hop or "self", "origin", r.origin]
        if r.as_path:
            # It sends a path that is given as it is, without its own AS.
            own = "%d " % self.asn if s.remote_as != self.asn else ""
            w.append("as-path [ %s%s ]" % (own, r.as_path))
        if r.med is not None:
            w.append("med %d" % r.med)
        if r.local_pref is not None and s.remote_as == self.asn:
            w.append("local-preference %d" % r.local_pref)
        if r.communities:
            w.append("community [ %s ]" % " ".join(r.communities))
        if r.large:
            w.append("large-community [ %s ]" % " ".join(r.large))
        if r.aggregator:
            w.append("aggregator ( %s )" % r.aggregator.replace(" ", ":"))
        if r.atomic:
            w.append("atomic-aggregate")
        return "    %s;" % " ".join(w)

    def config(self):
        out = ["process rx {", "  run /usr/bin/python3 %s/exabgp_rx.py %s;"
               % (HERE, self.host.path("rx.json")), "  encoder json;", "}"]
        for s in self.sessions:
            out += ["neighbor %s {" % s.remote, "  router-id %s;" % self.router_id,
                    "  local-address %s;" % s.local, "  local-as %d;" % self.asn,
                    "  peer-as %d;" % s.remote_as, "  hold-time 30;"]
            if s.password:
                out.append('  md5-password "%s";' % s.password)
            if s.passive:
                out.append("  passive true;")
            out.append("  family { %s }" % " ".join("%s unicast;" % f for f in s.families))
            out.append("  api { processes [ rx ]; neighbor-changes; receive { parsed; update; } }")
            mine = [r for r in self.routes if ("ipv6" if v6(r.prefix) else "ipv4") in s.families]
            out += ["  static {"] + [self._static(r, s) for r in mine] + ["  }", "}"]
        return "\n".join(out) + "\n"

    def start(self):
        path = self.host.write("exabgp.conf", self.config())
        self.host.write("rx.json", "")
        env = {"exabgp.daemon.user": "root", "exabgp.log.destination": "stdout",
               "exabgp.api.cli": "false", "exabgp.tcp.attempts": "0",
               "exabgp.daemon.drop": "false", "exabgp.cache.attributes": "false"}
        if any(s.passive for s in self.sessions):
            env["exabgp.tcp.bind"] = self.sessions[0].local
        self.procs["exabgp"] = self.host.start(
            ["env"] + ["%s=%s" % kv for kv in env.items()] + ["exabgp", path], log="exabgp.log")
        return self

    def _messages(self):
        for line in self.host.read("rx.json").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                return  # the last line is still being written

    def up(self, remote):
        state = None
        for m in self._messages():
            if m.get("type") == "state" and m["neighbor"]["address"]["peer"] == remote:
                state = m["neighbor"]["state"]
        return state == "up"

    def table(self, af=4):
        out, fam = {}, "ipv%d unicast" % af
        for m in self._messages():
            n = m.get("neighbor", {})
            if m.get("type") == "state" and n.get("state") == "down":
                out = {}
            u = n.get("message", {}).get("update", {})
            for e in u.get("withdraw", {}).get(fam, []):
                out.pop(e["nlri"] if isinstance(e, dict) else e, None)
            for hop, entries in u.get("announce", {}).get(fam, {}).items():
                for e in entries:
                    p = e["nlri"] if isinstance(e, dict) else e
                    # A link-local next hop comes as a second entry beside the global one.
                    if not hop.startswith("fe80:"):
                        out[p] = self._route(p, hop, u.get("attribute", {}))
        return out

    @staticmethod
    def _route(prefix, hop, a):
        r = Route(prefix, next_hop=hop, origin=a.get("origin", "igp"), med=a.get("med"),
                  local_pref=a.get("local-preference"), atomic=bool(a.get("atomic-aggregate")))
        r.as_path = " ".join(map(str, a.get("as-path", [])))
        if a.get("as-set"):
            r.as_path += " {%s}" % ",".join(map(str, a["as-set"]))
        r.communities = tuple(community(c[0] << 16 | c[1]) for c in a.get("community", []))
        r.large = tuple(":".join(map(str, c)) for c in a.get("large-community", []))
        if a.get("aggregator"):
            r.aggregator = a["aggregator"].replace(":", " ")
        r.originator = a.get("originator-id")
        r.cluster = tuple(a.get("cluster-list", []))
        return r


KINDS = {c.kind: c for c in (Bird, Frr, GoBgp, OpenBgpd, ExaBgp, Godwit)}
PEERS = ("bird", "frr", "gobgp", "openbgpd", "exabgp")
