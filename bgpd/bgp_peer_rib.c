/* SPDX-License-Identifier: Apache-2.0
 * bgp_peer_rib.c - sessions and shards: what the shards get to know of a neighbour, and what they
 * report. Main thread.
 *
 * The shards have a copy of their own (struct bgp_rib_peer), sent whole at session start and on
 * every change. Policies in it are immutable; the shards take references, main keeps one for as
 * long as the neighbour uses that version.
 *
 * Restart. After a start of bgpd the peers that know graceful restart (RFC 4724) and zebrad may
 * still forward along what we said before. Until every neighbour that is meant to be up is up and
 * has sent its End-of-RIB, or the deferral time is over, we are restarting: the R bit is set,
 * End-of-RIB to such peers and the end marker to zebrad wait, so that nothing is swept that is
 * about to be learnt again. Only with `bgp graceful-restart` do we promise peers to keep
 * forwarding; zebrad's marker waits always.
 *
 * End-of-RIB goes to every peer when its first table is out, whether it negotiated graceful restart
 * or not: it is a valid UPDATE for any peer (RFC 4724 2), and receivers use it to time convergence.
 */
#include "bgp_peer_priv.h"
#include "bgp_policy.h"
#include "bgp_zebra.h"
#include "bgp_zebra_priv.h"
#include "daemon.h"
#include <stdio.h>

#define SECOND    1000000ull
#define DEFER_US  (120 * SECOND) /* RFC 4724 4.1 Selection_Deferral_Timer, FRR's default */
#define NO_EOR_US (5 * SECOND)   /* a peer without End-of-RIB counts as done after this */

static uint8_t clearing[BGP_MAX_PEERS];
static struct {
    bool over;
    uint64_t begun;
    struct loop_timer *timer;
} restart;

/* ---- main to shards ---- */

static bool in_confed(const struct bgp_inst *i, uint32_t as)
{
    for (unsigned n = 0; n < i->n_confed; n++)
        if (i->confed_peers[n] == as)
            return true;
    return false;
}

static const struct bgp_policy *policy_build(const struct bgp_peer *p, unsigned af, unsigned dir)
{
    const struct bgp_peer_af_conf *c = &p->conf.af[af];
    struct bgp_policy_names n = {
        .prefix_list = c->prefix_list[dir],
        .distribute_list = c->distribute_list[dir],
        .filter_list = c->filter_list[dir],
        .route_map = c->route_map[dir],
        .family = af == BGP_IP6_UNI ? AF_INET6 : AF_INET,
    };
    return bgp_policy_build(bgp.policy, &n);
}

static bool has_policy(const struct bgp_peer_af_conf *c, unsigned dir)
{
    return c->prefix_list[dir] || c->distribute_list[dir] || c->filter_list[dir] ||
           c->route_map[dir];
}

/* Our addresses towards the peer, in both families: the transport's own, the other from the same
 * interface. */
static void nexthops(const struct bgp_peer *p, struct bgp_peer_nh ret[BGP_AF_MAX])
{
    struct ipaddr v4 = { 0 }, v6 = { 0 }, ll = { 0 };
    uint32_t ifindex = bgp_zebra_ifindex_of_addr(p->inst->vrf_id, &p->local), at;
    if (ifindex)
        bgp_zebra_local_addrs(ifindex, &v4, &v6, &ll);
    if (p->local.family == AF_INET)
        v4 = p->local;
    else if (ipaddr_is_linklocal(&p->local))
        ll = p->local;
    else
        v6 = p->local;
    memset(ret, 0, BGP_AF_MAX * sizeof *ret);
    ret[BGP_IP4_UNI].self = v4.family ? v4 : v6;
    ret[BGP_IP6_UNI].self = v6.family ? v6 : ll;
    struct prefix subnet;
    bool shared = bgp_zebra_connected(p->inst->vrf_id, &p->addr, &subnet, &at) && subnet.family;
    if (shared && p->addr.family == AF_INET6)
        ret[BGP_IP6_UNI].ll = ll; /* RFC 2545 3 */
    if (shared)
        ret[p->addr.family == AF_INET6 ? BGP_IP6_UNI : BGP_IP4_UNI].shared = subnet;
}

static bool nexthops_differ(const struct bgp_peer_nh *a, const struct bgp_peer_nh *b)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        if (!ipaddr_eq(&a[af].self, &b[af].self) || !ipaddr_eq(&a[af].ll, &b[af].ll) ||
            !prefix_eq(&a[af].shared, &b[af].shared))
            return true;
    return false;
}

void bgp_peer_rib_addresses(struct bgp_peer *p)
{
    struct bgp_peer_nh now[BGP_AF_MAX];
    if (p->fsm.state != BS_ESTABLISHED)
        return;
    nexthops(p, now);
    if (nexthops_differ(now, p->nh))
        bgp_peer_rib_send(p, false);
}

static void fill_af(const struct bgp_peer *p, unsigned af, struct bgp_rib_peer_af *r)
{
    const struct bgp_peer_af_conf *c = &p->conf.af[af];
    bool strict = p->ebgp && p->inst->ebgp_requires_policy;
    r->active = p->fsm.af & 1u << af;
    r->policy_missing_in = strict && !has_policy(c, 0);
    r->policy_missing_out = strict && !has_policy(c, 1);
    r->next_hop_self = c->next_hop_self;
    r->next_hop_self_force = c->next_hop_self_force;
    r->next_hop_unchanged = c->nh_unchanged;
    r->as_path_unchanged = c->aspath_unchanged;
    r->med_unchanged = c->med_unchanged;
    r->rr_client = c->rr_client;
    r->rs_client = c->rs_client;
    r->soft_reconfig = c->soft_reconfig;
    r->as_override = c->as_override;
    r->remove_private = c->remove_private;
    r->remove_private_all = c->remove_private_all;
    r->remove_private_replace = c->remove_private_replace;
    r->send_community = !c->no_send_community;
    r->send_ext = !c->no_send_ext;
    r->send_large = !c->no_send_large;
    r->default_originate = c->default_originate;
    r->allowas_in = c->allowas_in;
    r->allowas_origin = c->allowas_origin;
    r->weight = c->weight;
    r->max_prefix = c->max_prefix;
    r->max_prefix_pct = c->max_prefix_pct;
    r->max_prefix_warn_only = c->max_prefix_warn_only;
    r->in = p->policy[af][0];
    r->out = p->policy[af][1];
}

void bgp_peer_policies_drop(struct bgp_peer *p)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        for (unsigned d = 0; d < 2; d++) {
            if (p->policy[af][d])
                bgp_policy_unref(p->policy[af][d]);
            p->policy[af][d] = NULL;
        }
}

static void log_missing_policy(const struct bgp_peer *p, const struct bgp_rib_peer *r)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        for (unsigned d = 0; d < 2; d++)
            if (r->af[af].active &&
                (d ? r->af[af].policy_missing_out : r->af[af].policy_missing_in))
                log_warn("neighbor %s: no %s policy for %s: no routes are %s (RFC 8212, bgp "
                         "ebgp-requires-policy)",
                         p->name, d ? "outbound" : "inbound", bgp_af_name((enum bgp_afi_safi)af),
                         d ? "announced" : "accepted");
}

void bgp_peer_rib_send(struct bgp_peer *p, bool up)
{
    const struct bgp_policy *old[BGP_AF_MAX][2];
    const struct bgp_inst *i = p->inst;
    if (p->fsm.state != BS_ESTABLISHED)
        return;
    memcpy(old, p->policy, sizeof old);
    struct bgp_rib_peer r = {
        .peer = p->index,
        .inst = i->index,
        .gen = p->gen,
        .ebgp = p->ebgp,
        .confed_peer = p->ebgp && i->confed_id && in_confed(i, p->fsm.remote_as),
        .as4 = p->fsm.caps & BC_AS4,
        .ext_msg = p->fsm.caps & BC_EXT_MSG,
        .multihop_or_ibgp = !bgp_peer_direct(p),
        .remote_as = p->fsm.remote_as,
        .local_as = i->as,
        .change_local_as = p->conf.local_as,
        .no_prepend = p->conf.local_as_no_prepend,
        .replace_as = p->conf.local_as_replace,
        .remote_id = p->fsm.remote_id,
        .remote_addr = p->addr,
        .local_addr = p->local,
        .ext_nexthop =
            p->fsm.caps & BC_EXT_NEXTHOP ? p->open_rcvd.ext_nexthop & p->open_sent.ext_nexthop : 0,
    };
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        for (unsigned d = 0; d < 2; d++)
            p->policy[af][d] = policy_build(p, af, d);
        fill_af(p, af, &r.af[af]);
    }
    nexthops(p, p->nh);
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        r.af[af].nexthop_self = p->nh[af].self;
        r.af[af].nexthop_self_ll = p->nh[af].ll;
        r.af[af].shared_subnet = p->nh[af].shared;
    }
    if (up) {
        p->rib_up = true;
        log_missing_policy(p, &r);
        bgp_rib_peer_up(&r);
    } else {
        bgp_rib_peer_set(&r);
    }
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        for (unsigned d = 0; d < 2; d++)
            if (old[af][d])
                bgp_policy_unref(old[af][d]);
}

void bgp_peer_rib_down(struct bgp_peer *p, bool keep_stale)
{
    if (!p->rib_up)
        return;
    p->stale = keep_stale;
    p->rib_up = keep_stale;
    if (!keep_stale)
        loop_timer_cancel(p->t_stale);
    clearing[p->index]++;
    bgp_rib_peer_down(p->index, p->gen, keep_stale);
}

bool bgp_peer_index_clearing(uint16_t index)
{
    return clearing[index];
}

void bgp_peer_refresh_in(struct bgp_peer *p, enum bgp_afi_safi af)
{
    uint8_t buf[64];
    struct bgp_conn *c = p->conn[p->fsm.conn];
    if (p->fsm.state != BS_ESTABLISHED || !c)
        return;
    if (p->conf.af[af].soft_reconfig || !(p->fsm.caps & BC_REFRESH)) {
        bgp_rib_soft_in(p->index, af);
        return;
    }
    bgp_io_send(c->io, buf, bgp_refresh_encode(af, BGP_RR_NORMAL, buf, sizeof buf));
}

void bgp_peer_refresh_out(struct bgp_peer *p, enum bgp_afi_safi af)
{
    if (p->fsm.state == BS_ESTABLISHED && p->fsm.af & 1u << af)
        bgp_rib_soft_out(p->index, af);
}

/* ---- shards to main ---- */

static void write_one(struct bgp_peer *p, enum bgp_afi_safi af, bool eorr)
{
    struct bgp_outbuf *b = bgp_outbuf_new(64);
    struct bgp_member to = { p->index, p->gen };
    b->len = (uint32_t)(eorr ? bgp_refresh_encode(af, BGP_RR_EORR, b->data, b->cap)
                             : bgp_eor_encode(af, b->data, b->cap));
    b->n_updates = !eorr;
    bgp_io_write(&to, 1, b);
    bgp_outbuf_unref(b);
}

/* Behind everything that the shards have queued. */
void bgp_peer_eor_send(struct bgp_peer *p, enum bgp_afi_safi af)
{
    write_one(p, af, false);
    p->eor_sent[af] = true;
    p->eor_held &= (uint8_t) ~(1u << af);
}

static struct bgp_peer *peer_of(uint16_t index, uint32_t gen)
{
    struct bgp_peer *p = index < BGP_MAX_PEERS ? bgp.peer[index] : NULL;
    return p && p->gen == gen && p->fsm.state == BS_ESTABLISHED ? p : NULL;
}

static void on_peer_cleared(void *ctx, uint16_t index, uint32_t gen)
{
    if (clearing[index])
        clearing[index]--;
    bgp_peer_index_free(index);
}

static void on_dump_done(void *ctx, uint16_t index, uint32_t gen, enum bgp_afi_safi af)
{
    struct bgp_peer *p = peer_of(index, gen);
    if (!p)
        return;
    if (p->borr_sent & 1u << af) {
        p->borr_sent &= (uint8_t) ~(1u << af);
        write_one(p, af, true);
    }
    if (p->eor_sent[af])
        return;
    if (p->open_sent.gr_restarting && !restart.over)
        p->eor_held |= (uint8_t)(1u << af);
    else
        bgp_peer_eor_send(p, af);
}

static void over_limit(struct bgp_peer *p, enum bgp_afi_safi af, uint32_t count)
{
    const struct bgp_peer_af_conf *c = &p->conf.af[af];
    struct bgp_error err = { .code = BN_CEASE, .subcode = BN_CEASE_MAX_PREFIX, .data_len = 7 };
    log_warn("%%MAXPFX: No. of %s prefix received from %s %u exceed, limit %u", bgp_af_name(af),
             p->name, count, c->max_prefix);
    if (c->max_prefix_warn_only)
        return;
    err.data[1] = af == BGP_IP6_UNI ? 2 : 1; /* RFC 4486 4: AFI, SAFI, limit */
    err.data[2] = 1;
    for (unsigned i = 0; i < 4; i++)
        err.data[3 + i] = (uint8_t)(c->max_prefix >> (24 - 8 * i));
    p->pfx_full = true;
    p->cease_len = 0;
    bgp_peer_reset_note(p, "due to NOTIFICATION sent (%s)",
                        bgp_notify_str(BN_CEASE, BN_CEASE_MAX_PREFIX));
    p->started = false;
    bgp_peer_event(p, BE_STOP, 0, NULL, &err);
    if (c->max_prefix_restart)
        loop_timer_arm(p->t_restart, c->max_prefix_restart * 60 * SECOND);
    bgp_peer_kick(p); /* notes what it waits for */
}

static void on_max_prefix(void *ctx, uint16_t index, enum bgp_afi_safi af, uint32_t count,
                          bool over)
{
    struct bgp_peer *p = index < BGP_MAX_PEERS ? bgp.peer[index] : NULL;
    if (!p || p->fsm.state != BS_ESTABLISHED || !p->conf.af[af].max_prefix)
        return;
    if (over)
        over_limit(p, af, count);
    else
        log_warn("%%MAXPFX: No. of %s prefix received from %s reaches %u, max %u", bgp_af_name(af),
                 p->name, count, p->conf.af[af].max_prefix);
}

const struct bgp_rib_cb bgp_peer_rib_cb = {
    .peer_cleared = on_peer_cleared,
    .dump_done = on_dump_done,
    .max_prefix = on_max_prefix,
    .zebra_batch = bgp_zebra_on_batch,
    .zebra_nhg = bgp_zebra_on_nhg,
    .zebra_nhg_del = bgp_zebra_on_nhg_del,
    .zebra_synced = bgp_zebra_on_synced,
    .nexthop_new = bgp_zebra_on_nexthop,
};

/* ---- restart ---- */

static bool done_with(const struct bgp_peer *p)
{
    if (!p->started)
        return true; /* not meant to be up */
    if (p->fsm.state != BS_ESTABLISHED)
        return false;
    bool all = true;
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        all &= !(p->fsm.af & 1u << af) || p->eor_rcvd[af];
    return all || (!(p->open_rcvd.caps & BC_GR) && loop_now() - p->up_us > NO_EOR_US);
}

static void restart_end(void)
{
    restart.over = true;
    loop_timer_free(restart.timer);
    restart.timer = NULL;
    for (unsigned i = BGP_PEER_FIRST; i < BGP_MAX_PEERS; i++)
        for (unsigned af = 0; bgp.peer[i] && af < BGP_AF_MAX; af++)
            if (bgp.peer[i]->fsm.state == BS_ESTABLISHED && bgp.peer[i]->eor_held & 1u << af)
                bgp_rib_soft_out((uint16_t)i,
                                 (enum bgp_afi_safi)af); /* dump_done follows: End-of-RIB */
    bgp_zebra_restart_over();
}

void bgp_peer_restart_check(void)
{
    if (restart.over || !restart.timer)
        return;
    bool all = true;
    for (unsigned i = BGP_PEER_FIRST; i < BGP_MAX_PEERS; i++)
        all &= !bgp.peer[i] || done_with(bgp.peer[i]);
    if (all || loop_now() - restart.begun > DEFER_US)
        restart_end();
    else if (!loop_timer_armed(restart.timer))
        loop_timer_arm(restart.timer, SECOND);
}

static void on_restart_timer(void *ctx)
{
    bgp_peer_restart_check();
}

void bgp_peer_restart_begin(void)
{
    restart.begun = loop_now();
    restart.timer = loop_timer_new(bgp.loop, "bgp restart", on_restart_timer, NULL);
    loop_timer_arm(restart.timer, SECOND);
}

bool bgp_peer_restarting(void)
{
    return !restart.over;
}
