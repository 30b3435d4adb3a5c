# SPDX-License-Identifier: Apache-2.0
"""A BGP speaker in a few lines that does exactly what a test says, right or wrong.

It decodes what it hears into Route objects, so that a test can compare attribute by attribute, and
sends whatever bytes it is given. One thread per session; nothing here retries or repairs.
"""
import socket
import struct
import threading
import time
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network

OPEN, UPDATE, NOTIFICATION, KEEPALIVE, REFRESH = 1, 2, 3, 4, 5
ORIGINS = ("igp", "egp", "incomplete")
MARKER = b"\xff" * 16


@dataclass
class Route:
    """A prefix and its attributes in one spelling for all routers."""
    prefix: str
    as_path: str = ""
    origin: str = "igp"
    next_hop: str = None
    med: int = None
    local_pref: int = None
    communities: tuple = ()
    large: tuple = ()
    ext: tuple = ()
    aggregator: str = None
    atomic: bool = False
    originator: str = None
    cluster: tuple = ()
    unknown: tuple = field(default=())

    def but(self, **kw):
        return replace(self, **kw)


def message(kind, body=b""):
    return MARKER + struct.pack("!HB", 19 + len(body), kind) + body


def nlri(prefix):
    net = ip_network(prefix)
    return bytes([net.prefixlen]) + net.network_address.packed[:(net.prefixlen + 7) // 8]


def attr(flags, code, value):
    if len(value) > 255:
        return struct.pack("!BBH", flags | 0x10, code, len(value)) + value
    return struct.pack("!BBB", flags, code, len(value)) + value


def as_path(text, as4=True):
    """"65001 65002 {1,2}" to segments."""
    out, seq = b"", []
    fmt = "!I" if as4 else "!H"

    def put(kind, asns):
        return bytes([kind, len(asns)]) + b"".join(struct.pack(fmt, a) for a in asns)

    for word in text.split():
        if word.startswith("{"):
            if seq:
                out += put(2, seq)
                seq = []
            out += put(1, [int(a) for a in word.strip("{}").split(",")])
        else:
            seq.append(int(word))
    return out + (put(2, seq) if seq else b"")


def pair(c):
    a, b = c.split(":")
    return struct.pack("!HH", int(a), int(b))


WELL_KNOWN = {"no-export": 0xffffff01, "no-advertise": 0xffffff02, "local-as": 0xffffff03,
              "no-peer": 0xffffff04, "graceful-shutdown": 0xffff0000, "blackhole": 0xffff029a}


def community(value):
    for name, v in WELL_KNOWN.items():
        if v == value:
            return name
    return "%d:%d" % (value >> 16, value & 0xffff)


def attributes(r, as4=True, skip=()):
    """The path attributes of a Route, as {code: bytes}."""
    a = {1: attr(0x40, 1, bytes([ORIGINS.index(r.origin)])),
         2: attr(0x40, 2, as_path(r.as_path, as4))}
    if r.next_hop and ":" not in r.prefix:
        a[3] = attr(0x40, 3, ip_address(r.next_hop).packed)
    if r.med is not None:
        a[4] = attr(0x80, 4, struct.pack("!I", r.med))
    if r.local_pref is not None:
        a[5] = attr(0x40, 5, struct.pack("!I", r.local_pref))
    if r.atomic:
        a[6] = attr(0x40, 6, b"")
    if r.aggregator:
        asn, ip = r.aggregator.split()
        a[7] = attr(0xc0, 7, struct.pack("!I" if as4 else "!H", int(asn)) + ip_address(ip).packed)
    if r.communities:
        a[8] = attr(0xc0, 8, b"".join(
            struct.pack("!I", WELL_KNOWN[c]) if c in WELL_KNOWN else pair(c) for c in r.communities))
    if r.originator:
        a[9] = attr(0x80, 9, ip_address(r.originator).packed)
    if r.cluster:
        a[10] = attr(0x80, 10, b"".join(ip_address(c).packed for c in r.cluster))
    if r.ext:
        a[16] = attr(0xc0, 16, b"".join(bytes.fromhex(e) for e in r.ext))
    if r.large:
        a[32] = attr(0xc0, 32, b"".join(
            struct.pack("!III", *(int(x) for x in c.split(":"))) for c in r.large))
    for flags, code, value in r.unknown:
        a[code] = attr(flags, code, bytes.fromhex(value))
    if ":" in r.prefix:
        nh = b"".join(ip_address(n).packed for n in r.next_hop.split())
        a[14] = attr(0x80, 14, struct.pack("!HBB", 2, 1, len(nh)) + nh + b"\0" + nlri(r.prefix))
    return {k: v for k, v in a.items() if k not in skip}


def update(r, as4=True, override=None, skip=()):
    """An UPDATE that announces Route r; override replaces attributes by raw bytes."""
    a = attributes(r, as4, skip)
    a.update(override or {})
    blob = b"".join(a[k] for k in sorted(a))
    tail = b"" if ":" in r.prefix else nlri(r.prefix)
    return message(UPDATE, struct.pack("!HH", 0, len(blob)) + blob + tail)


def withdraw(*prefixes):
    v4 = b"".join(nlri(p) for p in prefixes if ":" not in p)
    v6 = b"".join(nlri(p) for p in prefixes if ":" in p)
    a = attr(0x80, 15, struct.pack("!HB", 2, 1) + v6) if v6 else b""
    return message(UPDATE, struct.pack("!H", len(v4)) + v4 + struct.pack("!H", len(a)) + a)


def decode_prefixes(b, v6=False):
    out = []
    while b:
        n = (b[0] + 7) // 8
        addr = b[1:1 + n].ljust(16 if v6 else 4, b"\0")
        out.append("%s/%d" % (ip_address(addr), b[0]))
        b = b[1 + n:]
    return out


def decode_path(b, as4):
    words, size = [], 4 if as4 else 2
    while b:
        kind, n = b[0], b[1]
        asns = [int.from_bytes(b[2 + i * size:2 + (i + 1) * size], "big") for i in range(n)]
        words += ["{%s}" % ",".join(map(str, asns))] if kind == 1 else [str(a) for a in asns]
        b = b[2 + n * size:]
    return " ".join(words)


def decode_attr(r, code, flags, v, as4, mp):
    quads = [v[i:i + 4] for i in range(0, len(v), 4)]
    if code == 1:
        r.origin = ORIGINS[v[0]]
    elif code == 2:
        r.as_path = decode_path(v, as4)
    elif code == 3:
        r.next_hop = str(ip_address(v))
    elif code == 4:
        r.med = int.from_bytes(v, "big")
    elif code == 5:
        r.local_pref = int.from_bytes(v, "big")
    elif code == 6:
        r.atomic = True
    elif code == 7:
        r.aggregator = "%d %s" % (int.from_bytes(v[:-4], "big"), ip_address(v[-4:]))
    elif code == 8:
        r.communities = tuple(community(int.from_bytes(q, "big")) for q in quads)
    elif code == 9:
        r.originator = str(ip_address(v))
    elif code == 10:
        r.cluster = tuple(str(ip_address(q)) for q in quads)
    elif code == 14 and v[:3] == b"\0\x02\x01":
        r.next_hop = str(ip_address(v[4:20]))
        mp["reach"] = decode_prefixes(v[5 + v[3]:], True)
    elif code == 15 and v[:3] == b"\0\x02\x01":
        mp["unreach"] = decode_prefixes(v[3:], True)
        mp["eor"] = len(v) == 3
    elif code == 16:
        r.ext = tuple(v[i:i + 8].hex() for i in range(0, len(v), 8))
    elif code == 32:
        r.large = tuple("%d:%d:%d" % struct.unpack("!III", v[i:i + 12])
                        for i in range(0, len(v), 12))
    elif code not in (14, 15):
        r.unknown += ((flags, code, v.hex()),)


def decode_update(body, as4=True):
    """(announced Routes, withdrawn prefixes, True if an End-of-RIB)"""
    n = int.from_bytes(body[:2], "big")
    gone = decode_prefixes(body[2:2 + n])
    rest = body[2 + n:]
    n = int.from_bytes(rest[:2], "big")
    blob, tail = rest[2:2 + n], rest[2 + n:]
    r, mp = Route(""), {}
    while blob:
        flags, code = blob[0], blob[1]
        size = int.from_bytes(blob[2:4], "big") if flags & 0x10 else blob[2]
        at = 4 if flags & 0x10 else 3
        decode_attr(r, code, flags, blob[at:at + size], as4, mp)
        blob = blob[at + size:]
    routes = [r.but(prefix=p) for p in decode_prefixes(tail) + mp.get("reach", [])]
    eor = mp.get("eor", False) or len(body) == 4
    return routes, gone + mp.get("unreach", []), eor


def capability(code, value=b""):
    return bytes([code, len(value)]) + value


def default_caps(asn, families):
    caps = b"".join(capability(1, struct.pack("!HBB", 1 if f == "ipv4" else 2, 0, 1))
                    for f in families)
    return caps + capability(2) + capability(65, struct.pack("!I", asn))


class Speaker:
    """One session. `table` holds what the peer announced; `log` what happened, in order."""

    def __init__(self, host, local, remote, asn, router_id, families=None, hold=90, caps=None,
                 password=None, listen=False, port=179, open_message=None,
                 silent=False, open_gate=None, keepalive_gate=None, persist=False):
        self.host, self.local, self.remote, self.asn = host, local, remote, asn
        self.v6 = ":" in local
        self.families = families or (("ipv6",) if self.v6 else ("ipv4",))
        self.caps = default_caps(asn, self.families) if caps is None else caps
        self.as4 = capability(65, struct.pack("!I", asn)) in self.caps
        self.router_id, self.hold, self.password, self.port = router_id, hold, password, port
        self.open_message = open_message
        self.listen = listen
        self.silent = silent  # no KEEPALIVE after the first
        self.persist = persist  # try again when refused, until the session is up
        # Events that hold back our OPEN and our first KEEPALIVE.
        self.open_gate, self.keepalive_gate = open_gate, keepalive_gate
        self.table, self.log, self.eor, self.messages = {}, [], 0, []
        self.state, self.notification, self.peer_open = "idle", None, None
        self.lock = threading.Lock()
        self.sock = self.listener = self.thread = None
        self.stopping = False

    # --- sockets ---
    def _socket(self):
        s = self.host.socket(socket.AF_INET6 if self.v6 else socket.AF_INET)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.password:
            fam = socket.AF_INET6 if self.v6 else socket.AF_INET
            addr = struct.pack("=HH", fam, 0)
            addr += (b"\0" * 4 if self.v6 else b"") + ip_address(self.remote).packed
            key = self.password.encode()
            s.setsockopt(socket.IPPROTO_TCP, 14, addr.ljust(128, b"\0") +
                         struct.pack("=BBHi", 0, 0, len(key), 0) + key.ljust(80, b"\0"))
        return s

    def start(self):
        self.stopping = False
        if self.listen:
            self.listener = self._socket()
            self.listener.bind((self.local, self.port))
            self.listener.listen(5)
            self.listener.settimeout(0.2)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def _connect(self):
        while not self.stopping:
            try:
                if self.listen:
                    self.sock, _ = self.listener.accept()
                else:
                    s = self._socket()
                    s.settimeout(2)
                    s.bind((self.local, 0))
                    s.connect((self.remote, self.port))
                    self.sock = s
                return True
            except OSError as e:
                self.log.append("connect: %s" % e)
                if not self.listen:
                    s.close()
                    time.sleep(0.2)
        return False

    def _message(self):
        """The next whole message; keepalives go out while it is awaited."""
        while True:
            size = int.from_bytes(self.buf[16:18], "big") if len(self.buf) >= 19 else 19
            if len(self.buf) >= max(size, 19):
                m, self.buf = self.buf[:size], self.buf[size:]
                return m
            if self.hold and not self.silent and self.state == "up" and \
                    time.monotonic() > self.keepalive_at:
                self.keepalive_at = time.monotonic() + self.hold / 3
                self.send(message(KEEPALIVE))
            try:
                chunk = self.sock.recv(65536)
            except socket.timeout:
                continue
            if not chunk:
                raise EOFError("end of stream")
            self.buf += chunk

    def open_bytes(self):
        if self.open_message is not None:
            return self.open_message
        opt = bytes([2, len(self.caps)]) + self.caps if self.caps else b""
        return message(OPEN, struct.pack("!BHH", 4, self.asn if self.asn < 65536 else 23456, self.hold)
                       + ip_address(self.router_id).packed + bytes([len(opt)]) + opt)

    def _run(self):
        while self._connect():
            self._session()
            # Connection Rejected: the router has not come so far yet, as any peer would see it.
            rejected = self.notification and self.notification[:2] == (6, 5)
            if "up" in self.log or self.stopping or not (self.persist or rejected):
                break
            self.notification = None
            time.sleep(0.3)
        self.state = "closed"

    def _session(self):
        try:
            self.state = "opensent"
            self.sock.settimeout(0.5)
            self.buf, self.keepalive_at = b"", 0
            if self.open_gate:
                self.open_gate.wait(30)
            self.send(self.open_bytes())
            while not self.stopping:
                m = self._message()
                self._take(m[18], m[19:])
        except (OSError, EOFError, ValueError) as e:
            self.log.append("closed: %s" % e)
        try:
            self.sock.close()
        except OSError:
            pass

    def _take(self, kind, body):
        if kind == OPEN:
            self.peer_open = body
            self.log.append("open")
            if self.keepalive_gate:
                self.keepalive_gate.wait(30)
            self.send(message(KEEPALIVE))
        elif kind == KEEPALIVE:
            if self.state == "opensent":
                self.state = "up"
                self.log.append("up")
        elif kind == NOTIFICATION:
            self.notification = (body[0], body[1], body[2:])
            self.log.append("notification %d/%d" % (body[0], body[1]))
        elif kind == UPDATE:
            routes, gone, eor = decode_update(body, self.as4)
            with self.lock:
                for r in routes:
                    self.table[r.prefix] = r
                for p in gone:
                    self.table.pop(p, None)
                self.eor += eor
                self.messages.append(body)

    def send(self, data):
        self.sock.sendall(data)

    def announce(self, *routes):
        self.send(b"".join(update(r, self.as4) for r in routes))

    def withdraw(self, *prefixes):
        self.send(withdraw(*prefixes))

    def routes(self):
        with self.lock:
            return dict(self.table)

    def up(self):
        return self.state == "up"

    def stop(self):
        self.stopping = True
        for s in (self.sock, self.listener):
            if s:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                s.close()
        if self.thread:
            self.thread.join(5)
        self.state = "closed"
