/* SPDX-License-Identifier: Apache-2.0
 * bgp_peer.c - neighbours: their life, what a change of configuration means, and when a session may
 * start.
 *
 * A peer's index is its number in the shards. It is given out again only after the shards have
 * dropped the last path of its last session (peer_cleared), and its session generation goes on
 * growing over all peers that ever had the index, so a batch or buffer that is still on its way can
 * never be taken for a newer session's.
 *
 * bgp_peer_kick() is the one place that decides whether a peer runs: it compares what should be
 * (blocked_by()) with what is, and starts or stops. Everything that may change the answer calls it:
 * configuration, router id, interfaces, keys, timers.
 */
#include "bgp_peer_priv.h"
#include "bgp_zebra.h"
#include "daemon.h"
#include <stdio.h>
#include <stdlib.h>

MEM_DEFINE(bgp_peer, "BGP peer");
LOG_DEBUG_DEFINE(bgp_neighbor_events, "bgp neighbor-events");

static bool index_busy[BGP_MAX_PEERS]; /* a peer has it, or the shards still do */
static uint32_t index_gen[BGP_MAX_PEERS];
static bool running; /* bgp_peer_start_all() was called and stop_all() was not */

/* ---- life ---- */

static void on_start_timer(void *ctx)
{
    struct bgp_peer *p = ctx;
    bgp_peer_event(p, BE_IDLE_HOLD_TIMER, 0, NULL, NULL);
}

static void on_connect_timer(void *ctx)
{
    struct bgp_peer *p = ctx;
    if (p->fsm.cs[0] == BS_CONNECT)
        bgp_peer_connect_failed(p, 0);
    bgp_peer_event(p, BE_CONNECT_TIMER, 0, NULL, NULL);
}

static void on_keepalive_timer(void *ctx)
{
    struct bgp_peer *p = ctx;
    bgp_peer_event(p, BE_KEEPALIVE_TIMER, p->fsm.conn, NULL, NULL);
}

static void on_restart_timer(void *ctx)
{
    struct bgp_peer *p = ctx;
    log_notice("neighbor %s: restarting after maximum-prefix", p->name);
    p->pfx_full = false;
    bgp_peer_kick(p);
}

static void on_stale_timer(void *ctx)
{
    struct bgp_peer *p = ctx;
    log_notice("neighbor %s: restart time is over, its stale routes are removed", p->name);
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        bgp_rib_stale_sweep(p->index, (enum bgp_afi_safi)af);
    p->stale = false;
    if (p->fsm.state != BS_ESTABLISHED)
        bgp_peer_rib_down(p, false);
}

struct bgp_peer *bgp_peer_new(struct bgp_inst *i, const char *name, const struct ipaddr *addr)
{
    uint16_t index = BGP_PEER_FIRST;
    while (index < BGP_MAX_PEERS && index_busy[index])
        index++;
    if (index == BGP_MAX_PEERS)
        return NULL;
    struct bgp_peer *p = mem_calloc(MEM(bgp_peer), 1, sizeof *p);
    p->index = index;
    p->inst = i;
    p->gen = index_gen[index];
    snprintf(p->name, sizeof p->name, "%s", name);
    if (addr)
        p->addr = *addr;
    p->t_start = loop_timer_new(bgp.loop, "bgp start", on_start_timer, p);
    p->t_connect = loop_timer_new(bgp.loop, "bgp connect retry", on_connect_timer, p);
    p->t_keepalive = loop_timer_new(bgp.loop, "bgp keepalive", on_keepalive_timer, p);
    p->t_restart = loop_timer_new(bgp.loop, "bgp restart", on_restart_timer, p);
    p->t_stale = loop_timer_new(bgp.loop, "bgp stale", on_stale_timer, p);
    index_busy[index] = true;
    bgp_io_peer_reset(index);
    bgp.peer[index] = p;
    i->peers = mem_realloc(MEM(bgp_peer), i->peers, (i->n_peers + 1) * sizeof *i->peers);
    i->peers[i->n_peers++] = p;
    return p;
}

void bgp_peer_index_free(uint16_t index)
{
    if (!bgp.peer[index] && !bgp_peer_index_clearing(index))
        index_busy[index] = false;
}

struct bgp_peer *bgp_peer_find(const struct bgp_inst *i, const char *name)
{
    for (unsigned n = 0; n < i->n_peers; n++)
        if (!strcmp(i->peers[n]->name, name))
            return i->peers[n];
    return NULL;
}

struct bgp_peer *bgp_peer_by_addr(const struct bgp_inst *i, const struct ipaddr *a)
{
    for (unsigned n = 0; n < i->n_peers; n++)
        if (ipaddr_eq(&i->peers[n]->addr, a))
            return i->peers[n];
    return NULL;
}

void bgp_peer_free(struct bgp_peer *p)
{
    if (!p)
        return;
    bgp_peer_halt(p, BN_CEASE_DECONFIGURED, NULL, "Neighbor deleted");
    if (p->stale)
        bgp_peer_rib_down(p, false);
    if (p->key)
        bgp_conn_key_set(p, NULL);
    bgp_peer_policies_drop(p);
    loop_timer_free(p->t_start);
    loop_timer_free(p->t_connect);
    loop_timer_free(p->t_keepalive);
    loop_timer_free(p->t_restart);
    loop_timer_free(p->t_stale);
    struct bgp_inst *i = p->inst;
    for (unsigned n = 0; n < i->n_peers; n++)
        if (i->peers[n] == p) {
            memmove(&i->peers[n], &i->peers[n + 1], (--i->n_peers - n) * sizeof *i->peers);
            break;
        }
    index_gen[p->index] = p->gen;
    bgp.peer[p->index] = NULL;
    bgp_peer_index_free(p->index); /* or later, when the shards have answered peer_cleared */
    mem_free(MEM(bgp_peer), p);
}

/* ---- may it run? ---- */

bool bgp_peer_af_active(const struct bgp_peer *p, enum bgp_afi_safi af)
{
    int8_t a = p->conf.af[af].activate;
    if (a >= 0)
        return a;
    return af == BGP_IP4_UNI ? p->inst->default_ipv4_unicast : p->inst->default_ipv6_unicast;
}

static bool any_af(const struct bgp_peer *p)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        if (bgp_peer_af_active(p, (enum bgp_afi_safi)af))
            return true;
    return false;
}

bool bgp_peer_direct(const struct bgp_peer *p)
{
    return p->ebgp && !p->conf.ebgp_multihop && !p->conf.ttl_security &&
           !p->conf.disable_connected_check;
}

static const char not_connected[] = "not directly connected (and no ebgp-multihop)";

/* NULL, or why the peer must not run. */
static const char *blocked_by(const struct bgp_peer *p)
{
    struct prefix subnet;
    uint32_t ifindex;
    if (!running)
        return "bgpd is starting or stopping";
    if (p->conf.shutdown || p->inst->shutdown)
        return "Admin. shutdown";
    if (p->pfx_full)
        return "maximum-prefix was reached";
    if (p->conf.remote_as_kind == BGP_AS_UNSET || !p->addr.family)
        return p->addr.family ? "no remote-as" : "no address";
    if (!any_af(p))
        return "No AFI/SAFI activated for peer";
    if (!p->inst->router_id)
        return "Router ID is not known yet";
    if (p->key_failed)
        return "the kernel refused its password (TCP MD5 key)";
    if (!p->inst->vrf_id && !p->inst->view && strcmp(p->inst->name, "default"))
        return "Waiting for VRF to be initialized";
    if (p->started && !p->inst->rib.fast_external_failover)
        return NULL; /* a session outlives its link until the hold time is over */
    if (bgp_peer_direct(p) && !bgp_zebra_connected(p->inst->vrf_id, &p->addr, &subnet, &ifindex))
        return not_connected;
    return NULL;
}

static void fsm_configure(struct bgp_peer *p)
{
    const struct bgp_peer_conf *c = &p->conf;
    const struct bgp_inst *i = p->inst;
    struct bgp_fsm *f = &p->fsm;
    struct bgp_open open;
    f->passive = c->passive;
    f->connect_retry = (uint32_t)(c->connect_retry >= 0 ? c->connect_retry : i->connect_retry);
    f->hold_conf = (uint32_t)(c->hold >= 0 ? c->hold : i->hold);
    f->keepalive_conf = (uint32_t)(c->keepalive >= 0 ? c->keepalive : i->keepalive);
    if (!f->connect_retry)
        f->connect_retry = 1;
    f->local_as = bgp_peer_open_as(p);
    f->remote_as_expected = c->remote_as_kind == BGP_AS_NUMBER ? c->remote_as : 0;
    f->ebgp_expected = c->remote_as_kind == BGP_AS_INTERNAL   ? 0
                       : c->remote_as_kind == BGP_AS_EXTERNAL ? 1
                                                              : -1;
    f->local_id = i->router_id;
    f->override_af = c->override_capability;
    bgp_peer_open_make(p, &open);
    f->caps_local = open.caps;
    f->af_local = open.af;
}

static void reason(struct bgp_peer *p, const char *why)
{
    if (!strcmp(p->wait_reason, why))
        return;
    snprintf(p->wait_reason, sizeof p->wait_reason, "%s", why);
    if (why[0] && running && bgp_zebra_up())
        log_notice("neighbor %s: waits: %s", p->name, why);
}

void bgp_peer_kick(struct bgp_peer *p)
{
    const char *why = blocked_by(p);
    if (why) {
        reason(p, why);
        if (!p->started)
            return;
        if (why == not_connected)
            bgp_peer_halt(p, 0, NULL, "Interface down");
        else if (p->conf.shutdown || p->inst->shutdown)
            bgp_peer_halt(p, BN_CEASE_SHUTDOWN, p->conf.shutdown ? p->conf.shutdown_msg : NULL,
                          why);
        else
            bgp_peer_halt(p, BN_CEASE_CONFIG, NULL, why);
        return;
    }
    reason(p, "");
    if (p->started)
        return;
    p->started = true;
    fsm_configure(p);
    bgp_peer_event(p, BE_START, 0, NULL, NULL);
}

void bgp_peer_halt(struct bgp_peer *p, uint8_t cease, const char *text, const char *why)
{
    struct bgp_error err = { .code = BN_CEASE, .subcode = cease };
    size_t n = text ? strlen(text) : 0;
    if (n > 255)
        n = 255;
    p->cease_len = 0;
    if (cease == BN_CEASE_SHUTDOWN || cease == BN_CEASE_RESET) { /* RFC 9003: length, UTF-8 */
        p->cease_len = (uint16_t)(n ? n + 1 : 0);
        p->cease[0] = (uint8_t)n;
        if (n)
            memcpy(p->cease + 1, text, n);
    }
    if (p->fsm.state >= BS_OPENSENT)
        bgp_peer_reset_note(p, "%s", why);
    p->started = false;
    p->fsm.idle_hold = BGP_IDLE_HOLD_MIN;
    for (uint8_t c = 0; c < 2 && !cease; c++) /* no NOTIFICATION: there is no way to the peer */
        if (p->fsm.cs[c] >= BS_OPENSENT)
            bgp_peer_event(p, BE_TCP_FAIL, c, NULL, NULL);
    bgp_peer_event(p, BE_STOP, 0, NULL, &err);
}

bool bgp_peer_accepts(struct bgp_peer *p, uint8_t *ret_cease, char *why, size_t why_len)
{
    *ret_cease = BN_CEASE_REJECTED;
    if (p->fsm.state == BS_IDLE) {
        snprintf(why, why_len, "neighbor is idle%s%s", p->wait_reason[0] ? ": " : "",
                 p->wait_reason);
        return false;
    }
    if (p->fsm.state == BS_ESTABLISHED && p->open_rcvd.caps & BC_GR) {
        /* RFC 4724 5: a new connection from a peer that can restart gracefully means that it did.
         */
        bgp_peer_reset_note(p, "peer restarted");
        bgp_peer_event(p, BE_TCP_CLOSED, p->fsm.conn, NULL, NULL);
        bgp_peer_event(p, BE_IDLE_HOLD_TIMER, 0, NULL, NULL);
    }
    if (!p->conn[1])
        return true;
    if (p->fsm.state == BS_ESTABLISHED)
        /* Perhaps the peer came back without our noticing. If so its kernel answers this with a
         * reset. */
        bgp_peer_event(p, BE_KEEPALIVE_TIMER, p->fsm.conn, NULL, NULL);
    *ret_cease = BN_CEASE_COLLISION;
    snprintf(why, why_len, "there is a connection already (%s)", bgp_state_name(p->fsm.state));
    return false;
}

/* ---- configuration ---- */

static bool is_ebgp(const struct bgp_peer *p)
{
    switch (p->conf.remote_as_kind) {
    case BGP_AS_INTERNAL:
        return false;
    case BGP_AS_NUMBER:
        return p->conf.remote_as != p->inst->as;
    default:
        return true;
    }
}

static void key_update(struct bgp_peer *p)
{
    const char *key = p->conf.password && p->conf.password[0] ? p->conf.password : NULL;
    if (!key && !p->key && !p->key_failed)
        return;
    int r = bgp_conn_key_set(p, key);
    bool failed = key && r < 0;
    if (failed)
        log_err("neighbor %s: password: cannot set the TCP MD5 key on the listener: %s; the "
                "neighbor stays down",
                p->name, strerror(-r));
    p->key = failed ? NULL : key;
    p->key_failed = failed;
}

void bgp_peer_changed(struct bgp_peer *p, int impact)
{
    p->ebgp = is_ebgp(p);
    key_update(p);
    if (impact >= 2 && p->started)
        bgp_peer_halt(p, p->conf.shutdown ? BN_CEASE_SHUTDOWN : BN_CEASE_CONFIG,
                      p->conf.shutdown ? p->conf.shutdown_msg : NULL,
                      p->conf.shutdown ? "Admin. shutdown" : "Peer config change");
    if (impact >= 2 && p->pfx_full) {
        p->pfx_full = false;
        loop_timer_cancel(p->t_restart);
    }
    if (impact == 1 && p->fsm.state == BS_ESTABLISHED) {
        bgp_peer_rib_send(p, false);
        for (unsigned af = 0; af < BGP_AF_MAX; af++)
            if (p->fsm.af & 1u << af)
                bgp_peer_refresh_in(p, (enum bgp_afi_safi)af);
    }
    bgp_peer_kick(p);
}

void bgp_peer_clear(struct bgp_peer *p, uint8_t cease_subcode, const char *text)
{
    p->pfx_full = false;
    loop_timer_cancel(p->t_restart);
    if (p->started)
        bgp_peer_halt(p, cease_subcode, text, "User reset");
    bgp_peer_kick(p);
}

const char *bgp_peer_state_name(const struct bgp_peer *p)
{
    if (p->conf.shutdown || p->inst->shutdown)
        return "Idle (Admin)";
    if (p->pfx_full)
        return "Idle (PfxCt)";
    return bgp_state_name(p->fsm.state);
}

/* ---- all of them ---- */

static void each(void (*fn)(struct bgp_peer *p))
{
    for (unsigned i = 0; i < BGP_MAX_PEERS; i++)
        if (bgp.peer[i])
            fn(bgp.peer[i]);
}

void bgp_peer_interfaces_changed(void)
{
    each(bgp_peer_kick);
    each(bgp_peer_rib_addresses);
}

int bgp_peer_start_all(void)
{
    running = true;
    bgp_conn_listen_start();
    bgp_peer_restart_begin();
    for (unsigned i = 0; i < bgp.n_insts; i++)
        bgp_inst_changed(bgp.insts[i]);
    return 0;
}

void bgp_peer_stop_all(const char *text)
{
    running = false;
    for (unsigned i = 0; i < BGP_MAX_PEERS; i++)
        if (bgp.peer[i])
            bgp_peer_halt(bgp.peer[i], BN_CEASE_SHUTDOWN, text, "Admin. shutdown");
    bgp_conn_listen_close();
}
