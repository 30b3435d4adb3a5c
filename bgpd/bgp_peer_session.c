/* SPDX-License-Identifier: Apache-2.0
 * bgp_peer_session.c - carries out what the FSM says: connections, messages, timers, and what a
 * session's start and end mean.
 *
 * A NOTIFICATION is kept until the action that closes its connection, and goes out with it
 * (bgp_io_close). The hold timer is lazy: the I/O actor stamps every read, the timer looks at the
 * stamp and sleeps again. Before a silent peer is declared dead the driver asks whether there is
 * input nobody has looked at (shards behind, sockets paused): then its keepalive may be among it,
 * and it is given another second, for as long as that is so.
 *
 * Order at session start: I/O may write to it (attach), the shards know of it (peer_up), I/O reads
 * UPDATEs (up). At the end: I/O closes, the shards drop the paths, or keep them stale when the peer
 * negotiated graceful restart for families and the end was not a NOTIFICATION (RFC 4724 4.2).
 */
#include "bgp_peer_priv.h"
#include "bgp_zebra.h"
#include "daemon.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SECOND 1000000ull
#define STABLE_US \
    (60 * SECOND) /* up for so long: a later failure starts with the least idle hold time */

/* 0.75 to 1 times the value, RFC 4271 10. */
static uint64_t jitter(uint32_t seconds)
{
    static unsigned seed;
    if (!seed)
        seed = (unsigned)(loop_now() ^ (uint64_t)getpid() << 16);
    return seconds * (SECOND / 1000) * (750 + (unsigned)rand_r(&seed) % 251);
}

void bgp_peer_reset_note(struct bgp_peer *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(p->last_reset, sizeof p->last_reset, fmt, ap);
    va_end(ap);
    p->last_reset_wall = loop_wall();
    p->last_code = p->last_subcode = 0;
    p->last_reason[0] = 0;
}

void bgp_peer_connect_failed(struct bgp_peer *p, int err)
{
    p->connect_failures++;
    const char *hint = "";
    if ((err == 0 || err == ETIMEDOUT) && p->conf.password)
        hint = "; a password that differs from the peer's looks like this";
    snprintf(p->last_reason, sizeof p->last_reason, "connect: %s%s",
             err ? strerror(err) : "no answer", hint);
    /* Once, then each time the number of failures has doubled. */
    if ((p->connect_failures & (p->connect_failures - 1)) == 0)
        log_notice("neighbor %s: cannot connect: %s%s (%u times)", p->name,
                   err ? strerror(err) : "no answer", hint, p->connect_failures);
}

/* ---- OPEN ---- */

uint32_t bgp_peer_open_as(const struct bgp_peer *p)
{
    const struct bgp_inst *i = p->inst;
    if (p->conf.local_as)
        return p->conf.local_as;
    if (!i->confed_id || !p->ebgp)
        return i->as;
    for (unsigned n = 0; n < i->n_confed; n++)
        if (p->conf.remote_as_kind == BGP_AS_NUMBER && i->confed_peers[n] == p->conf.remote_as)
            return i->as;
    return i->confed_id;
}

void bgp_peer_open_make(struct bgp_peer *p, struct bgp_open *o)
{
    const struct bgp_inst *i = p->inst;
    *o = (struct bgp_open){ .version = 4 };
    o->as = bgp_peer_open_as(p);
    o->hold_time = (uint16_t)(p->conf.hold >= 0 ? p->conf.hold : i->hold);
    o->router_id = i->router_id;
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        if (bgp_peer_af_active(p, (enum bgp_afi_safi)af))
            o->af |= 1u << af;
    if (p->conf.dont_capability) {
        o->af &= 1u << BGP_IP4_UNI;
        return;
    }
    o->caps =
        BC_MP | BC_AS4 | BC_REFRESH | BC_REFRESH_OLD | BC_EXT_MSG | BC_ENHANCED_REFRESH | BC_FQDN;
    if (p->conf.extended_nexthop && o->af & 1u << BGP_IP4_UNI) {
        o->caps |= BC_EXT_NEXTHOP;
        o->ext_nexthop = 1u << BGP_IP4_UNI;
    }
    if (!i->gr_disable) {
        o->caps |= BC_GR;
        o->gr_time = i->gr_restart_time;
        if (i->graceful_restart) { /* zebrad keeps our routes while we are away */
            o->gr_af = o->gr_forwarding = o->af;
            o->gr_restarting = bgp_peer_restarting();
        }
    }
    gethostname(o->hostname, sizeof o->hostname - 1);
}

static void send_open(struct bgp_peer *p, uint8_t conn)
{
    uint8_t buf[BGP_MAX_LEN];
    struct bgp_conn *c = p->conn[conn];
    if (!c || !c->io)
        return;
    bgp_peer_open_make(p, &c->open_sent);
    size_t n = bgp_open_encode(&c->open_sent, p->conf.dont_capability, buf, sizeof buf);
    bgp_io_send(c->io, buf, n);
}

static void send_keepalive(struct bgp_peer *p, uint8_t conn)
{
    uint8_t buf[BGP_HEADER_LEN];
    struct bgp_conn *c = p->conn[conn];
    if (c && c->io)
        bgp_io_send(c->io, buf, bgp_keepalive_encode(buf, sizeof buf));
}

/* ---- NOTIFICATION and close ---- */

static void make_notification(struct bgp_peer *p, const struct bgp_action *a)
{
    const void *data = a->data;
    size_t len = a->data_len;
    if (a->code == BN_CEASE && p->cease_len) {
        data = p->cease;
        len = p->cease_len;
    }
    p->notify_len[a->conn] = (uint16_t)bgp_notification_encode(
        a->code, a->subcode, data, len, p->notify[a->conn], sizeof p->notify[a->conn]);
    log_notice("%%NOTIFICATION: sent to neighbor %s %u/%u (%s) %zu bytes", p->name, a->code,
               a->subcode, bgp_notify_str(a->code, a->subcode), len);
    if (a->code == BN_CEASE && a->subcode == BN_CEASE_COLLISION)
        return; /* the other connection goes on: no reset */
    char note[sizeof p->last_reason];
    memcpy(note, p->last_reason, sizeof note);
    if (a->code != BN_CEASE)
        bgp_peer_reset_note(p, "due to NOTIFICATION sent (%s)",
                            bgp_notify_str(a->code, a->subcode));
    memcpy(p->last_reason, note, sizeof note);
    p->last_code = a->code;
    p->last_subcode = a->subcode;
    p->last_sent = true;
}

static void close_conn(struct bgp_peer *p, uint8_t conn)
{
    bgp_conn_close(p, conn, p->notify[conn], p->notify_len[conn]);
    p->notify_len[conn] = 0;
}

/* ---- timers ---- */

static void arm(struct bgp_peer *p, const struct bgp_action *a)
{
    struct bgp_conn *c = p->conn[a->conn];
    switch (a->timer) {
    case BT_CONNECT:
        loop_timer_arm(p->t_connect, jitter(a->seconds));
        break;
    case BT_HOLD:
        if (c) {
            c->hold = a->seconds;
            loop_timer_arm(c->t_hold, a->seconds * SECOND);
        }
        break;
    case BT_KEEPALIVE:
        loop_timer_arm(p->t_keepalive, jitter(a->seconds));
        break;
    case BT_IDLE_HOLD:
        loop_timer_arm(p->t_start, a->seconds * SECOND);
        break;
    case BT_MAX:
        break;
    }
}

static void cancel(struct bgp_peer *p, const struct bgp_action *a)
{
    struct bgp_conn *c = p->conn[a->conn];
    switch (a->timer) {
    case BT_CONNECT:
        loop_timer_cancel(p->t_connect);
        break;
    case BT_HOLD:
        if (c)
            loop_timer_cancel(c->t_hold);
        break;
    case BT_KEEPALIVE:
        loop_timer_cancel(p->t_keepalive);
        break;
    case BT_IDLE_HOLD:
        loop_timer_cancel(p->t_start);
        break;
    case BT_MAX:
        break;
    }
}

void bgp_peer_hold_timer(void *conn)
{
    struct bgp_conn *c = conn;
    uint64_t hold = c->hold * SECOND, silent = c->io ? loop_now() - bgp_io_last_read(c->io) : hold;
    if (c->io && silent < hold && c->peer->fsm.cs[c->dir] > BS_OPENSENT) {
        loop_timer_arm(c->t_hold, hold - silent);
        return;
    }
    if (c->io && bgp_io_behind(c->io)) {
        loop_timer_arm(c->t_hold, SECOND);
        return;
    }
    bgp_peer_event(c->peer, BE_HOLD_TIMER, c->dir, NULL, NULL);
}

/* ---- up and down ---- */

static void log_change(const struct bgp_peer *p, const char *what, const char *why)
{
    if (!p->inst->log_changes && !log_debug_bgp_neighbor_events.on)
        return;
    log_notice("%%ADJCHANGE: neighbor %s(%s) in vrf %s %s%s%s", p->name,
               p->open_rcvd.hostname[0] ? p->open_rcvd.hostname : "Unknown", p->inst->name, what,
               why[0] ? " " : "", why);
}

void bgp_peer_session_up(struct bgp_peer *p, uint8_t conn)
{
    struct bgp_conn *c = p->conn[conn];
    const struct bgp_fsm *f = &p->fsm;
    p->open_sent = c->open_sent;
    p->local = c->local;
    p->local_port = c->local_port;
    p->remote_port = c->remote_port;
    p->ebgp = f->remote_as != p->inst->as;
    p->gen++;
    p->up_wall = loop_wall();
    p->up_us = loop_now();
    p->established++;
    p->connect_failures = 0;
    p->last_reason[0] = 0;
    p->borr_sent = p->eor_held = 0;
    memset(p->eor_sent, 0, sizeof p->eor_sent);
    memset(p->eor_rcvd, 0, sizeof p->eor_rcvd);
    log_change(p, "Up", "");
    bgp_io_attach(c->io, p->gen);
    bgp_peer_rib_send(p, true);
    struct bgp_io_up up = {
        .gen = p->gen,
        .inst = p->inst->index,
        .connected_only = bgp_peer_direct(p),
        .ctx = {
            .as4 = f->caps & BC_AS4,
            .ibgp = !p->ebgp,
            .confed_peer = p->ebgp && p->inst->confed_id && bgp_peer_open_as(p) == p->inst->as,
            .af = f->af,
            .ext_nexthop = f->caps & BC_EXT_NEXTHOP ? p->open_rcvd.ext_nexthop & p->open_sent.ext_nexthop : 0,
            .enforce_first_as = p->inst->enforce_first_as && !p->conf.no_enforce_first_as,
            .peer_as = f->remote_as,
            .ext_msg = f->caps & BC_EXT_MSG,
        },
    };
    bgp_io_up(c->io, &up);
}

/* RFC 4724 4.2: paths of a family are kept when the peer said that its forwarding survives. */
static bool keep_stale(const struct bgp_peer *p)
{
    bool can = p->fsm.caps & BC_GR && p->open_rcvd.gr_af & p->fsm.af && p->open_rcvd.gr_time;
    return can && !p->last_code && p->started && !p->inst->gr_disable;
}

void bgp_peer_session_down(struct bgp_peer *p, uint8_t conn)
{
    bool stale = keep_stale(p);
    p->dropped++;
    p->down_wall = loop_wall();
    char why[sizeof p->last_reset + 8];
    snprintf(why, sizeof why, "%s",
             p->last_code && p->last_code != BN_CEASE
                 ? (p->last_sent ? "BGP Notification send" : "BGP Notification received")
                 : p->last_reset);
    log_change(p, "Down", why);
    bgp_peer_rib_down(p, stale);
    if (stale)
        loop_timer_arm(p->t_stale, p->open_rcvd.gr_time * SECOND);
    if (loop_now() - p->up_us > STABLE_US)
        p->fsm.idle_hold = BGP_IDLE_HOLD_MIN;
}

/* ---- the driver ---- */

static void connect_now(struct bgp_peer *p)
{
    char why[128];
    int r = bgp_conn_connect(p, why, sizeof why);
    if (r == 0)
        return;
    p->connect_failed = true;
    p->connect_failures++;
    snprintf(p->last_reason, sizeof p->last_reason, "%s", why);
    if ((p->connect_failures & (p->connect_failures - 1)) == 0)
        log_warn("neighbor %s: cannot connect: %s (%u times)", p->name, why, p->connect_failures);
}

static void act(struct bgp_peer *p, const struct bgp_action *a)
{
    switch (a->kind) {
    case BACT_CONNECT:
        connect_now(p);
        break;
    case BACT_CLOSE:
    case BACT_DROP_CONN:
        close_conn(p, a->conn);
        break;
    case BACT_SEND_OPEN:
        send_open(p, a->conn);
        break;
    case BACT_SEND_KEEPALIVE:
        send_keepalive(p, a->conn);
        break;
    case BACT_SEND_NOTIFICATION:
        make_notification(p, a);
        break;
    case BACT_TIMER_ARM:
        arm(p, a);
        break;
    case BACT_TIMER_CANCEL:
        cancel(p, a);
        break;
    case BACT_SESSION_UP:
        bgp_peer_session_up(p, a->conn);
        break;
    case BACT_SESSION_DOWN:
        bgp_peer_session_down(p, a->conn);
        break;
    case BACT_STATE:
        log_dbg(bgp_neighbor_events, "neighbor %s: %s", p->name, bgp_state_name(a->state));
        break;
    case BACT_ACCEPT_ONLY:
    case BACT_NONE:
        break;
    }
}

void bgp_peer_event(struct bgp_peer *p, enum bgp_event e, uint8_t conn, const struct bgp_open *open,
                    const struct bgp_error *err)
{
    struct bgp_actions todo;
    enum bgp_state before = p->fsm.state;
    bgp_fsm_step(&p->fsm, e, conn, open, err, &todo);
    if (log_debug_bgp_neighbor_events.on && e != BE_KEEPALIVE_TIMER)
        log_dbg(bgp_neighbor_events, "neighbor %s: %s on the %s connection: %s -> %s", p->name,
                bgp_event_name(e), conn ? "incoming" : "outgoing", bgp_state_name(before),
                bgp_state_name(p->fsm.state));
    if (todo.err.text[0]) {
        snprintf(p->last_reason, sizeof p->last_reason, "%s", todo.err.text);
        log_warn("neighbor %s: session refused: %s", p->name, todo.err.text);
    }
    for (unsigned i = 0; i < todo.n; i++)
        act(p, &todo.a[i]);
    if (p->connect_failed) {
        p->connect_failed = false;
        bgp_peer_event(p, BE_TCP_FAIL, 0, NULL, NULL);
    }
}
