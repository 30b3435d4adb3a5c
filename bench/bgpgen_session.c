/* SPDX-License-Identifier: Apache-2.0
 * bgpgen_session.c - sockets and the BGP session of the load generator.
 *
 * A session connects from its own address (and tries again until it is let in) or takes the next
 * connection that arrives; sends OPEN; answers the peer's OPEN with KEEPALIVE; is up at the peer's
 * KEEPALIVE. What it sends comes from two queues: `ctl`, small messages made on the spot, and
 * `bulk`, the prebuilt table. Control messages go between two messages of the table, never into
 * one. One event moves at most BURST bytes, so that ten feeders advance together.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bgpgen.h"
#include "wire.h"

enum { BURST = 1 << 18, RX_SIZE = 1 << 20 };
enum sstate { S_IDLE, S_CONNECTING, S_OPEN_SENT, S_OPEN_CONFIRM, S_UP, S_DOWN };

struct session {
    unsigned index;
    int fd;
    enum sstate state;
    struct gaddr local;
    struct gload load;
    struct gbuf ctl;
    size_t ctl_off;
    const struct gbuf *bulk; /* NULL: nothing to send */
    size_t off, mark;        /* sent so far; the last known message start, never after off */
    const char *bulk_name;
    double retry_at;
    uint8_t *rx;
    size_t rx_len;
    unsigned hold;
};

static struct session *sessions;
static unsigned n_sessions;
static int listener = -1;
static FILE *dump_file;

bool gaddr_parse(struct gaddr *a, const char *s)
{
    memset(a, 0, sizeof(*a));
    a->af = strchr(s, ':') ? AF_INET6 : AF_INET;
    return inet_pton(a->af, s, a->b) == 1;
}

struct gaddr gaddr_plus(struct gaddr a, unsigned n)
{
    for (int i = a.af == AF_INET6 ? 15 : 3; n && i >= 0; i--) {
        n += a.b[i];
        a.b[i] = (uint8_t)n;
        n >>= 8;
    }
    return a;
}

static socklen_t to_sockaddr(struct sockaddr_storage *ss, const struct gaddr *a, unsigned port)
{
    memset(ss, 0, sizeof(*ss));
    if (a->af == AF_INET6) {
        struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)ss;
        sin6->sin6_family = AF_INET6;
        sin6->sin6_addr = a->v6;
        sin6->sin6_port = htons((uint16_t)port);
        return sizeof(*sin6);
    }
    struct sockaddr_in *sin = (struct sockaddr_in *)ss;
    sin->sin_family = AF_INET;
    sin->sin_addr = a->v4;
    sin->sin_port = htons((uint16_t)port);
    return sizeof(*sin);
}

static void set_md5(int fd)
{
    if (!conf.password)
        return;
    struct tcp_md5sig sig = { 0 };
    size_t len = strlen(conf.password);
    if (!conf.remote.af || len > sizeof(sig.tcpm_key))
        fatal("--password needs --remote and at most %zu characters", sizeof(sig.tcpm_key));
    to_sockaddr((struct sockaddr_storage *)&sig.tcpm_addr, &conf.remote, 0);
    sig.tcpm_keylen = (uint16_t)len;
    memcpy(sig.tcpm_key, conf.password, len);
    if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)) < 0)
        fatal("cannot set the TCP MD5 key: %s", strerror(errno));
}

static int make_socket(int af)
{
    int fd = socket(af, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1, size = 4 << 20;
    if (fd < 0)
        fatal("cannot make a socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    set_md5(fd);
    return fd;
}

static void want(struct session *s, bool out)
{
    struct epoll_event ev = { .events = EPOLLIN | (out ? EPOLLOUT : 0), .data.ptr = s };
    if (epoll_ctl(loop_fd, EPOLL_CTL_MOD, s->fd, &ev) < 0 &&
        epoll_ctl(loop_fd, EPOLL_CTL_ADD, s->fd, &ev) < 0)
        fatal("epoll_ctl: %s", strerror(errno));
}

static void drop(struct session *s, const char *why, bool again)
{
    if (s->state > S_CONNECTING)
        event("closed", "\"peer\":%u,\"why\":\"%s\"", s->index, why);
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    s->state = again ? S_IDLE : S_DOWN;
    s->retry_at = loop_now() + 0.2;
    s->ctl.len = s->ctl_off = s->rx_len = 0;
    s->bulk = NULL;
}

static void capability(struct gbuf *b, unsigned code, unsigned len)
{
    gbuf_u8(b, code);
    gbuf_u8(b, len);
}

static void send_open(struct session *s)
{
    uint32_t as = conf.same_as ? conf.as : conf.as + s->index;
    struct gbuf caps = { 0 };
    for (unsigned afi = 1; afi <= 2; afi++) {
        /* A sink takes both families; a feeder offers the one that it has. */
        if (conf.mode == MODE_FEED && conf.prefixes && afi != (conf.v6 ? 2u : 1u))
            continue;
        capability(&caps, 1, 4);
        gbuf_u16(&caps, afi);
        gbuf_u16(&caps, 1);
    }
    capability(&caps, 2, 0);
    if (conf.as4) {
        capability(&caps, 65, 4);
        gbuf_u32(&caps, as);
    }
    size_t start = gbuf_msg_begin(&s->ctl, BGP_OPEN);
    gbuf_u8(&s->ctl, 4);
    gbuf_u16(&s->ctl, as > 65535 ? 23456 : as);
    gbuf_u16(&s->ctl, conf.hold);
    /* The router id: the local IPv4 address, or one made from the index. */
    gbuf_u32(&s->ctl, s->local.af == AF_INET ? ntohl(s->local.v4.s_addr) : 0x0aff0001 + s->index);
    gbuf_u8(&s->ctl, (unsigned)caps.len + 2);
    capability(&s->ctl, 2, (unsigned)caps.len);
    gbuf_put(&s->ctl, caps.data, caps.len);
    gbuf_msg_end(&s->ctl, start);
    free(caps.data);
}

static void send_keepalive(struct session *s)
{
    gbuf_msg_end(&s->ctl, gbuf_msg_begin(&s->ctl, BGP_KEEPALIVE));
}

static void started(struct session *s, int fd)
{
    s->fd = fd;
    s->state = S_OPEN_SENT;
    send_open(s);
    want(s, true);
}

static void try_connect(struct session *s)
{
    struct sockaddr_storage ss;
    s->fd = make_socket(s->local.af);
    socklen_t len = to_sockaddr(&ss, &s->local, 0);
    if (bind(s->fd, (struct sockaddr *)&ss, len) < 0)
        fatal("cannot bind session %u to its address: %s", s->index, strerror(errno));
    len = to_sockaddr(&ss, &conf.remote, conf.port);
    if (connect(s->fd, (struct sockaddr *)&ss, len) < 0 && errno != EINPROGRESS) {
        drop(s, strerror(errno), true);
        return;
    }
    s->state = S_CONNECTING;
    want(s, true);
}

static void accept_one(void)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    for (unsigned i = 0; i < n_sessions; i++)
        if (sessions[i].state == S_IDLE) {
            started(&sessions[i], fd);
            return;
        }
    close(fd);
}

bool session_init(unsigned n)
{
    n_sessions = n;
    sessions = calloc(n, sizeof(*sessions));
    if (!sessions)
        return false;
    if (conf.dump && !(dump_file = fopen(conf.dump, "wb")))
        fatal("cannot write %s: %s", conf.dump, strerror(errno));
    for (unsigned i = 0; i < n; i++) {
        struct session *s = &sessions[i];
        *s = (struct session){ .index = i, .fd = -1, .hold = conf.hold };
        s->local = gaddr_plus(conf.local, conf.listen ? 0 : i);
        s->rx = malloc(RX_SIZE);
        if (!s->rx || (conf.mode == MODE_FEED && !build_load(&s->load, i, &s->local)) ||
            (conf.mode == MODE_REPLAY && !mrt_load(&s->load, &s->local)))
            return false;
        if (conf.mode != MODE_SINK)
            event("built", "\"peer\":%u,\"prefixes\":%lu,\"updates\":%lu,\"bytes\":%zu", i,
                  (unsigned long)s->load.prefixes, (unsigned long)s->load.updates,
                  s->load.announce.len);
    }
    if (conf.listen) {
        struct sockaddr_storage ss;
        socklen_t len = to_sockaddr(&ss, &conf.local, conf.port);
        listener = make_socket(conf.local.af);
        if (bind(listener, (struct sockaddr *)&ss, len) < 0 || listen(listener, 64) < 0)
            fatal("cannot listen on port %u: %s", conf.port, strerror(errno));
        struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &listener };
        epoll_ctl(loop_fd, EPOLL_CTL_ADD, listener, &ev);
    }
    return true;
}

void session_tick(double now)
{
    for (unsigned i = 0; i < n_sessions && !conf.listen; i++)
        if (sessions[i].state == S_IDLE && now >= sessions[i].retry_at)
            try_connect(&sessions[i]);
}

bool session_all_up(void)
{
    for (unsigned i = 0; i < n_sessions; i++)
        if (sessions[i].state != S_UP)
            return false;
    return true;
}

/* True when all of the queue is out; false when the socket is full or the session is gone. */
static bool send_some(struct session *s, const uint8_t *data, size_t len, size_t *off)
{
    while (*off < len) {
        ssize_t n = send(s->fd, data + *off, len - *off, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR)
                drop(s, strerror(errno), s->state != S_UP);
            return false;
        }
        *off += (size_t)n;
    }
    return true;
}

/* The end of the message of the table that s->off is in: s->off itself between two messages. */
static size_t boundary(struct session *s)
{
    const uint8_t *d = s->bulk->data;
    while (s->mark < s->off)
        s->mark += (size_t)d[s->mark + 16] << 8 | d[s->mark + 17];
    return s->mark;
}

static void flush_out(struct session *s)
{
    if (s->ctl.len) {
        if (s->bulk && !send_some(s, s->bulk->data, boundary(s), &s->off))
            return;
        if (!send_some(s, s->ctl.data, s->ctl.len, &s->ctl_off))
            return;
        s->ctl.len = s->ctl_off = 0;
    }
    if (s->bulk && s->state == S_UP) {
        size_t end = s->bulk->len - s->off > BURST ? s->off + BURST : s->bulk->len;
        if (!send_some(s, s->bulk->data, end, &s->off))
            return;
        if (s->off == s->bulk->len) {
            event("sent", "\"peer\":%u,\"what\":\"%s\",\"bytes\":%zu", s->index, s->bulk_name,
                  s->bulk->len);
            s->bulk = NULL;
        }
    }
    want(s, s->bulk && s->state == S_UP);
}

static void start_bulk(struct session *s, const struct gbuf *what, const char *name)
{
    if (s->state != S_UP || s->bulk || !what->len)
        return;
    s->bulk = what;
    s->off = s->mark = 0;
    s->bulk_name = name;
    want(s, true);
}

static bool take_open(struct session *s, struct rb *r)
{
    unsigned version = rb_u8(r), as = rb_u16(r), hold = rb_u16(r);
    uint32_t id = rb_u32(r);
    if (!rb_ok(r) || version != 4)
        return false;
    event("open", "\"peer\":%u,\"as\":%u,\"hold\":%u,\"id\":\"%u.%u.%u.%u\"", s->index, as, hold,
          id >> 24, id >> 16 & 255, id >> 8 & 255, id & 255);
    if (hold < s->hold)
        s->hold = hold;
    send_keepalive(s);
    s->state = S_OPEN_CONFIRM;
    want(s, true);
    return true;
}

static void take_up(struct session *s)
{
    s->state = S_UP;
    event("up", "\"peer\":%u", s->index);
    if (!conf.wait && session_all_up())
        session_announce_all();
}

static bool take_message(struct session *s, unsigned type, const uint8_t *body, size_t len)
{
    struct rb r = rb_init(body, len);
    switch (type) {
    case BGP_OPEN:
        return s->state == S_OPEN_SENT && take_open(s, &r);
    case BGP_KEEPALIVE:
        if (s->state == S_OPEN_CONFIRM)
            take_up(s);
        return true;
    case BGP_UPDATE:
        if (dump_file && fwrite(body - BGP_HDR, 1, len + BGP_HDR, dump_file) != len + BGP_HDR)
            fatal("cannot write %s: %s", conf.dump, strerror(errno));
        if (conf.mode == MODE_SINK && !count_update(body, len)) {
            event("malformed", "\"peer\":%u,\"length\":%zu", s->index, len);
            return false;
        }
        return s->state == S_UP;
    case BGP_NOTIFICATION:
        event("notification", "\"peer\":%u,\"code\":%u,\"subcode\":%u", s->index, len ? body[0] : 0,
              len > 1 ? body[1] : 0);
        return false;
    default:
        return true; /* ROUTE-REFRESH: we have nothing that we have not said */
    }
}

static void take_bytes(struct session *s)
{
    size_t at = 0;
    while (s->rx_len - at >= BGP_HDR) {
        const uint8_t *m = s->rx + at;
        size_t len = (size_t)m[16] << 8 | m[17];
        if (len < BGP_HDR) {
            drop(s, "message length below 19", false);
            return;
        }
        if (s->rx_len - at < len)
            break;
        if (!take_message(s, m[18], m + BGP_HDR, len - BGP_HDR)) {
            drop(s, "the peer ended the session or sent what it must not", s->state != S_UP);
            return;
        }
        at += len;
    }
    memmove(s->rx, s->rx + at, s->rx_len - at);
    s->rx_len -= at;
}

static void read_in(struct session *s)
{
    ssize_t n = recv(s->fd, s->rx + s->rx_len, RX_SIZE - s->rx_len, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        drop(s, n ? strerror(errno) : "end of stream", s->state != S_UP);
        return;
    }
    s->rx_len += (size_t)n;
    uint64_t before = count.updates;
    take_bytes(s);
    if (conf.mode == MODE_SINK && count.updates != before)
        sink_progress();
}

void session_event(void *p, uint32_t events)
{
    if (p == &listener) {
        accept_one();
        return;
    }
    struct session *s = p;
    if (s->fd >= 0 && s->state == S_CONNECTING) {
        int err = 0;
        socklen_t len = sizeof(err);
        getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len);
        if (err)
            drop(s, strerror(err), true);
        else
            started(s, s->fd);
        return;
    }
    if (s->fd >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read_in(s);
    if (s->fd >= 0 && events & EPOLLOUT)
        flush_out(s);
}

void session_announce_all(void)
{
    if (conf.mode == MODE_SINK)
        return;
    event("go", "\"peers\":%u", n_sessions);
    for (unsigned i = 0; i < n_sessions; i++)
        start_bulk(&sessions[i], &sessions[i].load.announce, "announce");
}

void session_withdraw_all(void)
{
    event("withdraw", "\"peers\":%u", n_sessions);
    for (unsigned i = 0; i < n_sessions; i++)
        start_bulk(&sessions[i], &sessions[i].load.withdraw, "withdraw");
}

void session_keepalive_all(void)
{
    for (unsigned i = 0; i < n_sessions; i++)
        if (sessions[i].state == S_UP && !sessions[i].ctl.len) {
            send_keepalive(&sessions[i]);
            want(&sessions[i], true);
        }
}

void session_close_all(enum gclose how)
{
    event("close", "\"peers\":%u", n_sessions);
    for (unsigned i = 0; i < n_sessions; i++) {
        struct session *s = &sessions[i];
        if (s->fd < 0)
            continue;
        if (how == CLOSE_CEASE && !s->bulk) {
            size_t start = gbuf_msg_begin(&s->ctl, BGP_NOTIFICATION);
            gbuf_u8(&s->ctl, 6);
            gbuf_u8(&s->ctl, 2);
            gbuf_msg_end(&s->ctl, start);
            (void)send_some(s, s->ctl.data, s->ctl.len, &s->ctl_off);
        } else if (how == CLOSE_RST) {
            struct linger l = { .l_onoff = 1, .l_linger = 0 };
            setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
        }
        drop(s, "told to", false);
    }
}

void session_reopen_all(void)
{
    for (unsigned i = 0; i < n_sessions; i++)
        if (sessions[i].state == S_DOWN) {
            sessions[i].state = S_IDLE;
            sessions[i].retry_at = 0;
            sessions[i].hold = conf.hold;
        }
}
