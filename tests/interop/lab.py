# SPDX-License-Identifier: Apache-2.0
"""Hosts and links for tests: network namespaces that a test makes and that vanish with it.

A Host is a network namespace and a mount namespace of its own (/run and /etc/frr are fresh), kept
by one sleeping process, so that any number of routers of one kind live side by side with their
default paths. Everything that runs on a Host is started through it and ends with it. Waiting is
always for a condition (wait_until), never for a time.
"""
import ctypes
import itertools
import os
import shlex
import signal
import socket
import subprocess
import threading
import time

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
_serial = itertools.count()


class LabError(Exception):
    pass


def wait_until(fn, timeout=30.0, what=None, every=0.1):
    """Returns fn()'s first true value; fails after timeout seconds with its last one."""
    end = time.monotonic() + timeout
    last = None
    while True:
        try:
            last = fn()
            if last:
                return last
        except (LabError, OSError, ValueError, KeyError, subprocess.SubprocessError) as e:
            last = e
        if time.monotonic() > end:
            raise AssertionError("not within %g s: %s; last seen: %r"
                                 % (timeout, what or getattr(fn, "__name__", "condition"), last))
        time.sleep(every)


def sh(*args, check=True, **kw):
    r = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)
    if check and r.returncode:
        raise LabError("%s: status %d\n%s%s" % (shlex.join(args), r.returncode, r.stdout, r.stderr))
    return r.stdout


class Host:
    """One namespace. Its directory `dir` takes configurations and logs."""

    SETUP = """
        mount --make-rprivate /
        mount -t tmpfs -o mode=755 tmpfs /run
        mkdir -p /run/frr /run/bird /run/openbgpd /run/exabgp /run/lock /run/godwit
        test -d /etc/frr && mount -t tmpfs -o mode=755 tmpfs /etc/frr && : > /etc/frr/vtysh.conf
        chown frr:frr /run/frr /etc/frr 2>/dev/null
        test -d /etc/godwit && mount -t tmpfs -o mode=755 tmpfs /etc/godwit
        ip link set lo up
        sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \\
            net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \\
            net.ipv6.conf.all.keep_addr_on_down=1
        echo ready
        exec sleep infinity
    """

    def __init__(self, name, directory, prefix="gwt"):
        self.name = name
        self.dir = os.path.join(str(directory), name)
        os.makedirs(self.dir, exist_ok=True)
        # Daemons that drop their privileges have to get at their files.
        os.chmod(self.dir, 0o777)
        self.netns = "%s-%d-%d-%s" % (prefix, os.getpid(), next(_serial), name)
        self.procs = []
        sh("ip", "netns", "add", self.netns)
        self.holder = subprocess.Popen(["ip", "netns", "exec", self.netns, "sh", "-c", self.SETUP],
                                       stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline().strip() != "ready":
            self.close()
            raise LabError("namespace %s did not come up" % self.netns)

    def wrap(self, cmd):
        if isinstance(cmd, str):
            cmd = ["sh", "-c", cmd]
        return ["nsenter", "-t", str(self.holder.pid), "-n", "-m"] + [str(c) for c in cmd]

    def run(self, cmd, check=True, timeout=30, **kw):
        """Runs a command to its end; its standard output."""
        return sh(*self.wrap(cmd), check=check, timeout=timeout, **kw)

    def call(self, cmd, timeout=30, **kw):
        """Runs a command to its end; the CompletedProcess with text output."""
        return subprocess.run(self.wrap(cmd), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=timeout, **kw)

    def start(self, cmd, log=None, env=None, **kw):
        """Starts a process that ends with this host; output goes to the file `log` in its dir."""
        out = open(os.path.join(self.dir, log or "out.log"), "ab")
        kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("stdout", out)
        p = subprocess.Popen(self.wrap(cmd), stderr=out, env=dict(os.environ, **(env or {})),
                             cwd=self.dir, **kw)
        out.close()
        self.procs.append(p)
        return p

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)
        os.chmod(self.path(name), 0o644)
        return self.path(name)

    def read(self, name):
        try:
            with open(self.path(name), errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        """A socket that lives in this namespace, for use by the test itself."""
        box = []

        def make():
            try:
                with open("/var/run/netns/" + self.netns) as f:
                    if _libc.setns(f.fileno(), CLONE_NEWNET):
                        raise OSError(ctypes.get_errno(), "setns")
                box.append(socket.socket(family, kind))
            except OSError as e:
                box.append(e)

        t = threading.Thread(target=make)
        t.start()
        t.join()
        if isinstance(box[0], Exception):
            raise box[0]
        return box[0]

    def addr(self, dev, *addrs):
        for a in addrs:
            self.run(["ip", "addr", "add", a, "dev", dev] + (["nodad"] if ":" in a else []))

    def kernel_routes(self, af=4, proto=None):
        """{destination: fields} of the main table as `ip -j route` tells it."""
        import json
        cmd = ["ip", "-j", "-%d" % af, "route", "show", "table", "main"]
        if proto:
            cmd += ["proto", proto]
        return {r["dst"]: r for r in json.loads(self.run(cmd) or "[]")}

    def pids(self):
        return [int(p) for p in sh("ip", "netns", "pids", self.netns, check=False).split()]

    def close(self):
        for p in self.procs:
            if p.poll() is None:
                p.terminate()
        end = time.monotonic() + 3
        for p in self.procs:
            try:
                p.wait(max(0.05, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        # What is left in our own namespace was started by those processes.
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        sh("ip", "netns", "del", self.netns, check=False)


class Lab:
    def __init__(self, directory, prefix="gwt"):
        self.directory = directory
        self.prefix = prefix
        self.hosts, self.speakers = {}, []

    def host(self, name):
        h = Host(name, self.directory, self.prefix)
        self.hosts[name] = h
        return h

    def link(self, a, b, *addr_pairs, names=None):
        """A veth pair; addr_pairs are (address on a, address on b). Returns the device names."""
        da, db = names or ("to-" + b.name, "to-" + a.name)
        tmp = "gw%d-%d" % (os.getpid() % 100000, next(_serial))
        sh("ip", "link", "add", tmp, "netns", a.netns, "type", "veth",
           "peer", "name", db, "netns", b.netns)
        a.run(["ip", "link", "set", tmp, "name", da])
        for h, d in ((a, da), (b, db)):
            # DAD would keep the addresses from use for a second.
            h.run(["sysctl", "-qw", "net.ipv6.conf.%s.accept_dad=0" % d])
            h.run(["ip", "link", "set", "dev", d, "up"])
        for x, y in addr_pairs:
            a.addr(da, x)
            b.addr(db, y)
        return da, db

    def close(self):
        for h in self.hosts.values():
            h.close()
        self.hosts = {}


class Ping:
    """A steady ping whose losses are counted: every sequence number must have its answer."""

    def __init__(self, host, dst, interval=0.02, src=None):
        self.host = host
        self.log = "ping-%d.log" % next(_serial)
        cmd = ["ping", "-n", "-D", "-O", "-i", str(interval)] + (["-I", src] if src else []) + [dst]
        self.proc = host.start(cmd, log=self.log)
        wait_until(lambda: "icmp_seq=" in host.read(self.log), 10, "first ping answer")

    def stop(self):
        """(sent, lost) after the end of the ping."""
        self.proc.send_signal(signal.SIGINT)
        self.proc.wait(5)
        for line in self.host.read(self.log).splitlines():
            if "packets transmitted" in line:
                f = line.split()
                sent, got = int(f[0]), int(f[3])
                # The last one may still be on its way when the ping is stopped.
                return sent, max(0, sent - got - (1 if sent - got == 1 else 0))
        raise LabError("ping left no summary: " + self.host.read(self.log)[-500:])
