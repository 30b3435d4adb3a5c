/* SPDX-License-Identifier: Apache-2.0
 * bgp_conn.c - TCP for BGP: listening, accepting, connecting, socket options.
 *
 * What a neighbour's configuration asks of the socket is set before the first packet: source
 * address, device (VRF), TTL (1 for direct eBGP), GTSM (RFC 5082: we send 255 and the kernel drops
 * less than 256 - hops), MD5 key (RFC 2385), DSCP CS6, MSS. Every one of them is checked: an option
 * that cannot be set means no connection, never one without it. Keys fail closed twice: a key that
 * the listeners refuse keeps the neighbour down altogether (bgp_conn_key_set, bgp_peer.c), and an
 * accepted socket that does not carry the key's neighbour is closed.
 *
 * Listeners send TTL 255, because a neighbour with ttl-security drops a SYN-ACK with less. Only
 * configured neighbours are accepted; others get Cease/Connection Rejected and one log line per
 * address and minute. Once a socket is connected it belongs to the I/O actor (bgp_io.h).
 */
#include "config.h"
#include "bgp_conn.h"
#include "bgp_peer_priv.h"
#include "log.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73
#endif
#define DSCP_CS6    0xC0
#define BACKLOG     128
#define MAX_LISTEN  16
#define STRANGERS   32
#define STRANGER_US (60 * 1000 * 1000ull)

MEM_DEFINE(bgp_conn, "BGP connection");

struct listener {
    int fd;
    struct ipaddr addr;
    struct loop_fd *watch;
};
static struct listener listeners[MAX_LISTEN];
static unsigned n_listeners;
static struct {
    struct ipaddr addr;
    uint64_t next;
} strangers[STRANGERS];

/* ---- addresses and options ---- */

static socklen_t to_sockaddr(const struct ipaddr *a, uint16_t port, uint32_t scope,
                             struct sockaddr_storage *ss)
{
    memset(ss, 0, sizeof *ss);
    if (a->family == AF_INET6) {
        struct sockaddr_in6 *s6 = (struct sockaddr_in6 *)ss;
        s6->sin6_family = AF_INET6;
        s6->sin6_port = htons(port);
        memcpy(&s6->sin6_addr, a->b, 16);
        s6->sin6_scope_id = ipaddr_is_linklocal(a) ? scope : 0;
        return sizeof *s6;
    }
    struct sockaddr_in *s4 = (struct sockaddr_in *)ss;
    s4->sin_family = AF_INET;
    s4->sin_port = htons(port);
    memcpy(&s4->sin_addr, a->b, 4);
    return sizeof *s4;
}

static void from_sockaddr(const struct sockaddr_storage *ss, struct ipaddr *a, uint16_t *port,
                          uint32_t *scope)
{
    *scope = 0;
    if (ss->ss_family == AF_INET6) {
        const struct sockaddr_in6 *s6 = (const struct sockaddr_in6 *)ss;
        *a = ipaddr_from(AF_INET6, &s6->sin6_addr);
        *port = ntohs(s6->sin6_port);
        *scope = s6->sin6_scope_id;
    } else {
        const struct sockaddr_in *s4 = (const struct sockaddr_in *)ss;
        *a = ipaddr_from(AF_INET, &s4->sin_addr);
        *port = ntohs(s4->sin_port);
    }
}

static int set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

static int set_ttl(int fd, int family, int ttl)
{
    return family == AF_INET6 ? set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl)
                              : set_int(fd, IPPROTO_IP, IP_TTL, ttl);
}

static int set_tos(int fd, int family)
{
    return family == AF_INET6 ? set_int(fd, IPPROTO_IPV6, IPV6_TCLASS, DSCP_CS6)
                              : set_int(fd, IPPROTO_IP, IP_TOS, DSCP_CS6);
}

static int set_key(int fd, const struct ipaddr *peer, const char *key)
{
    struct tcp_md5sig sig = { 0 };
    struct sockaddr_storage ss;
    size_t len = key ? strlen(key) : 0;
    if (len > TCP_MD5SIG_MAXKEYLEN)
        return -EINVAL;
    to_sockaddr(peer, 0, 0, &ss);
    memcpy(&sig.tcpm_addr, &ss, sizeof sig.tcpm_addr);
    sig.tcpm_keylen = (uint16_t)len;
    if (len)
        memcpy(sig.tcpm_key, key, len);
    return setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof sig) < 0 ? -errno : 0;
}

uint8_t bgp_conn_ttl(const struct bgp_peer *p, uint8_t *ret_min)
{
    *ret_min = 0;
    if (p->conf.ttl_security) {
        *ret_min = (uint8_t)(256 - p->conf.ttl_security);
        return 255;
    }
    if (!p->ebgp)
        return 255;
    return p->conf.ebgp_multihop ? p->conf.ebgp_multihop : 1;
}

/* What holds for outgoing and accepted sockets alike. */
static int set_session_options(int fd, const struct bgp_peer *p, const char **what)
{
    uint8_t min, ttl = bgp_conn_ttl(p, &min);
    int family = p->addr.family, r;
    *what = "TTL";
    if ((r = set_ttl(fd, family, ttl)) < 0)
        return r;
    *what = "ttl-security";
    if (min && (r = family == AF_INET6 ? set_int(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, min)
                                       : set_int(fd, IPPROTO_IP, IP_MINTTL, min)) < 0)
        return r;
    *what = "DSCP";
    if ((r = set_tos(fd, family)) < 0)
        return r;
    *what = "TCP_NODELAY";
    if ((r = set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1)) < 0)
        return r;
    *what = "tcp-mss";
    if (p->conf.tcp_mss && (r = set_int(fd, IPPROTO_TCP, TCP_MAXSEG, p->conf.tcp_mss)) < 0)
        return r;
    return 0;
}

static int bind_device(int fd, const struct bgp_peer *p)
{
    if (!p->inst->vrf_id || p->inst->view)
        return 0;
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, p->inst->name,
                      (socklen_t)strlen(p->inst->name) + 1) < 0
               ? -errno
               : 0;
}

/* ---- listening ---- */

static void reject(int fd, const struct ipaddr *from, uint8_t cease, const char *why)
{
    uint8_t msg[64];
    char a[IPADDR_STRLEN];
    size_t n = bgp_notification_encode(BN_CEASE, cease, NULL, 0, msg, sizeof msg);
    if (send(fd, msg, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
        log_dbg(bgp_neighbor_events, "%s: rejection not sent: %s", ipaddr_str(from, a),
                strerror(errno));
    close(fd);
    uint64_t now = loop_now();
    unsigned slot = 0;
    for (unsigned i = 0; i < STRANGERS; i++) {
        if (ipaddr_eq(&strangers[i].addr, from)) {
            slot = i;
            break;
        }
        if (strangers[i].next < strangers[slot].next)
            slot = i;
    }
    if (ipaddr_eq(&strangers[slot].addr, from) && now < strangers[slot].next)
        return;
    strangers[slot].addr = *from;
    strangers[slot].next = now + STRANGER_US;
    log_notice("connection from %s rejected: %s", ipaddr_str(from, a), why);
}

static struct bgp_peer *find_peer(const struct ipaddr *from, uint32_t scope)
{
    for (unsigned i = 0; i < bgp.n_insts; i++) {
        struct bgp_inst *inst = bgp.insts[i];
        for (unsigned j = 0; j < inst->n_peers; j++) {
            struct bgp_peer *p = inst->peers[j];
            if (ipaddr_eq(&p->addr, from) &&
                (!scope || !p->conf.interface || if_nametoindex(p->conf.interface) == scope))
                return p;
        }
    }
    return NULL;
}

static struct bgp_conn *conn_new(struct bgp_peer *p, uint8_t dir, int fd)
{
    struct bgp_conn *c = mem_calloc(MEM(bgp_conn), 1, sizeof *c);
    c->peer = p;
    c->dir = dir;
    c->fd = fd;
    c->t_hold = loop_timer_new(bgp.loop, "bgp hold", bgp_peer_hold_timer, c);
    p->conn[dir] = c;
    return c;
}

/* TCP is up: the I/O actor takes the socket. */
static void hand_over(struct bgp_conn *c)
{
    struct sockaddr_storage ss = { 0 };
    socklen_t len = sizeof ss;
    uint32_t scope;
    if (getsockname(c->fd, (struct sockaddr *)&ss, &len) == 0)
        from_sockaddr(&ss, &c->local, &c->local_port, &scope);
    c->io = bgp_io_add(c->fd, c->peer, c);
    c->fd = -1;
}

static void accept_one(int fd, const struct sockaddr_storage *ss)
{
    struct ipaddr from;
    uint16_t port;
    uint32_t scope;
    const char *what;
    uint8_t cease;
    char why[160];
    from_sockaddr(ss, &from, &port, &scope);
    struct bgp_peer *p = find_peer(&from, scope);
    if (!p) {
        reject(fd, &from, BN_CEASE_REJECTED, "no such neighbor is configured");
        return;
    }
    if (!bgp_peer_accepts(p, &cease, why, sizeof why)) {
        reject(fd, &from, cease, why);
        return;
    }
    int r = set_session_options(fd, p, &what);
    if (r < 0) {
        snprintf(why, sizeof why, "cannot set %s: %s", what, strerror(-r));
        reject(fd, &from, BN_CEASE_REJECTED, why);
        return;
    }
    struct bgp_conn *c = conn_new(p, 1, fd);
    c->remote_port = port;
    hand_over(c);
    bgp_peer_event(p, BE_TCP_ACCEPTED, 1, NULL, NULL);
}

static void on_acceptable(void *ctx, int events)
{
    struct listener *l = ctx;
    for (unsigned i = 0; i < BACKLOG; i++) {
        struct sockaddr_storage ss = { 0 };
        socklen_t len = sizeof ss;
        int fd = accept4(l->fd, (struct sockaddr *)&ss, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
                log_err("cannot accept a connection: %s", strerror(errno));
            if (errno != EINTR && errno != ECONNABORTED)
                return;
            continue;
        }
        accept_one(fd, &ss);
    }
}

static int listen_open(const struct ipaddr *a)
{
    struct sockaddr_storage ss;
    char text[IPADDR_STRLEN];
    socklen_t len = to_sockaddr(a, bgp.listen_port, 0, &ss);
    int fd = socket(a->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0)
        return -errno;
    int r = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (r == 0 && a->family == AF_INET6)
        r = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (r == 0)
        r = set_ttl(fd, a->family, 255);
    if (r == 0)
        r = set_tos(fd, a->family);
    if (r == 0 && bind(fd, (struct sockaddr *)&ss, len) < 0)
        r = -errno;
    if (r < 0) {
        log_err("cannot listen on %s port %u: %s", ipaddr_str(a, text), bgp.listen_port,
                strerror(-r));
        close(fd);
        return r;
    }
    listeners[n_listeners++] = (struct listener){ .fd = fd, .addr = *a };
    return 0;
}

int bgp_conn_listen_open(void)
{
    static const uint8_t any[16];
    if (!bgp.listen_port)
        return 0;
    for (unsigned i = 0; i < bgp.n_listen; i++) {
        int r = listen_open(&bgp.listen_addr[i]);
        if (r < 0)
            return r;
    }
    if (bgp.n_listen)
        return 0;
    struct ipaddr a4 = ipaddr_from(AF_INET, any), a6 = ipaddr_from(AF_INET6, any);
    int r = listen_open(&a4);
    if (r < 0)
        return r;
    r = listen_open(&a6);
    return r == -EAFNOSUPPORT ? 0 : r; /* a kernel without IPv6 */
}

void bgp_conn_listen_start(void)
{
    for (unsigned i = 0; i < n_listeners; i++) {
        struct listener *l = &listeners[i];
        char text[IPADDR_STRLEN];
        if (listen(l->fd, BACKLOG) < 0)
            log_err("cannot listen on %s port %u: %s", ipaddr_str(&l->addr, text), bgp.listen_port,
                    strerror(errno));
        else
            l->watch = loop_fd_new(bgp.loop, "bgp accept", l->fd, LOOP_READ, on_acceptable, l);
    }
}

void bgp_conn_listen_close(void)
{
    for (unsigned i = 0; i < n_listeners; i++) {
        if (listeners[i].watch)
            loop_fd_free(listeners[i].watch);
        close(listeners[i].fd);
    }
    n_listeners = 0;
}

int bgp_conn_key_set(const struct bgp_peer *p, const char *key)
{
    int ret = 0;
    for (unsigned i = 0; i < n_listeners; i++) {
        if (listeners[i].addr.family != p->addr.family)
            continue;
        int r = set_key(listeners[i].fd, &p->addr, key);
        if (r < 0 && !(r == -ENOENT && !key))
            ret = r;
    }
    return ret;
}

/* ---- connecting ---- */

static void on_connected(void *ctx, int events)
{
    struct bgp_conn *c = ctx;
    struct bgp_peer *p = c->peer;
    int err = 0;
    socklen_t len = sizeof err;
    loop_fd_free(c->watch);
    c->watch = NULL;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
        err = errno;
    if (err) {
        bgp_peer_connect_failed(p, err);
        bgp_peer_event(p, BE_TCP_FAIL, 0, NULL, NULL);
        return;
    }
    hand_over(c);
    bgp_peer_event(p, BE_TCP_OK, 0, NULL, NULL);
}

static int bind_source(int fd, const struct bgp_peer *p, uint32_t scope, char *why, size_t why_len)
{
    struct ipaddr src = p->conf.update_source;
    struct sockaddr_storage ss;
    char text[IPADDR_STRLEN];
    if (p->conf.update_source_if &&
        !bgp_zebra_if_addr(p->inst->vrf_id, p->conf.update_source_if, p->addr.family, &src)) {
        snprintf(why, why_len, "update-source %s has no address", p->conf.update_source_if);
        return -EADDRNOTAVAIL;
    }
    if (!src.family)
        return 0;
    if (src.family != p->addr.family) {
        snprintf(why, why_len, "update-source %s is of the other family", ipaddr_str(&src, text));
        return -EAFNOSUPPORT;
    }
    socklen_t len = to_sockaddr(&src, 0, scope, &ss);
    if (bind(fd, (struct sockaddr *)&ss, len) == 0)
        return 0;
    int r = -errno;
    snprintf(why, why_len, "update-source %s: %s", ipaddr_str(&src, text), strerror(-r));
    return r;
}

static int prepare(int fd, const struct bgp_peer *p, uint32_t scope, char *why, size_t why_len)
{
    const char *what = "device";
    int r = bind_device(fd, p);
    if (r == 0)
        r = set_session_options(fd, p, &what);
    if (r == 0 && p->conf.password) {
        what = "password (TCP MD5)";
        r = set_key(fd, &p->addr, p->conf.password);
    }
    if (r < 0) {
        snprintf(why, why_len, "cannot set %s: %s", what, strerror(-r));
        return r;
    }
    return bind_source(fd, p, scope, why, why_len);
}

int bgp_conn_connect(struct bgp_peer *p, char *why, size_t why_len)
{
    struct sockaddr_storage ss;
    uint32_t scope = p->conf.interface ? if_nametoindex(p->conf.interface) : 0;
    uint16_t port = p->conf.port ? p->conf.port : 179;
    socklen_t len = to_sockaddr(&p->addr, port, scope, &ss);
    int fd = socket(p->addr.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (fd < 0) {
        snprintf(why, why_len, "socket: %s", strerror(errno));
        return -errno;
    }
    int r = prepare(fd, p, scope, why, why_len);
    if (r == 0 && connect(fd, (struct sockaddr *)&ss, len) < 0 && errno != EINPROGRESS) {
        r = -errno;
        snprintf(why, why_len, "connect: %s", strerror(-r));
    }
    if (r < 0) {
        close(fd);
        return r;
    }
    struct bgp_conn *c = conn_new(p, 0, fd);
    c->remote_port = port;
    c->watch = loop_fd_new(bgp.loop, "bgp connect", fd, LOOP_WRITE, on_connected, c);
    return 0;
}

void bgp_conn_close(struct bgp_peer *p, uint8_t dir, const void *last, size_t len)
{
    struct bgp_conn *c = p->conn[dir];
    if (!c)
        return;
    p->conn[dir] = NULL;
    if (c->watch)
        loop_fd_free(c->watch);
    if (c->fd >= 0)
        close(c->fd);
    if (c->io)
        bgp_io_close(c->io, last, len);
    loop_timer_free(c->t_hold);
    mem_free(MEM(bgp_conn), c);
}
