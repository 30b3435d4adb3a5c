/* SPDX-License-Identifier: Apache-2.0
 * zebra_client.c - clients of the route service.
 *
 * Sequence numbers carry the low octet of the connection's epoch in their highest octet inside
 * zebrad, so that answers to a connection that is gone are not taken for the new one's.
 */
#include "config.h"
#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include "log.h"
#include "zebra_client.h"

MEM_DEFINE(zclient, "Client");
LOG_DEBUG_DEFINE(zclient, "zebra packet");

#define PAUSE_ABOVE  ZAPI_WINDOW /* destinations that wait for the writer */
#define RESUME_BELOW (ZAPI_WINDOW / 2)
#define SEQ_MASK     0x00ffffffffffffffull

struct router_id {
    struct router_id *next;
    uint32_t vrf_id;
    struct ipaddr configured, told;
};
struct zclients {
    struct zclient *by_slot[ZCLIENT_MAX];
    struct zapi_server *server;
    uint32_t redist_mask; /* protocols that anybody wants */
    struct router_id *ids;
    const struct track *told; /* last address whose state was sent */
};

struct zclients *zclients_new(struct zebra *z)
{
    (void)z;
    return mem_calloc(MEM(zclient), 1, sizeof(struct zclients));
}

void zclients_free(struct zclients *cs)
{
    for (unsigned i = 0; cs && i < ZCLIENT_MAX; i++) {
        struct zclient *c = cs->by_slot[i];
        if (!c)
            continue;
        loop_timer_free(c->stale);
        mem_free(MEM(zclient), c->redist);
        mem_free(MEM(zclient), c);
    }
    while (cs && cs->ids) {
        struct router_id *n = cs->ids->next;
        mem_free(MEM(zclient), cs->ids);
        cs->ids = n;
    }
    mem_free(MEM(zclient), cs);
}

struct zclient *zclient_by_owner(struct zebra *z, uint16_t owner)
{
    unsigned i = owner - RIB_OWNER_CLIENT;
    return owner >= RIB_OWNER_CLIENT && i < ZCLIENT_MAX ? z->clients->by_slot[i] : NULL;
}

void zclients_each(struct zebra *z, void (*fn)(void *ctx, struct zclient *c), void *ctx)
{
    for (unsigned i = 0; i < ZCLIENT_MAX; i++)
        if (z->clients->by_slot[i])
            fn(ctx, z->clients->by_slot[i]);
}

/* ---- coming and going ---- */
static void sweep(struct zclient *c, uint32_t before)
{
    rib_sweep(c->z->rib, c->owner, before);
    nhg_drop_owner(c->z->rib, c->owner, before);
}

static void on_stale(void *ctx)
{
    struct zclient *c = ctx;
    log_notice("client %s: not back within %u s, its old routes are removed", c->name,
               c->stale_seconds);
    sweep(c, c->peer ? c->epoch : c->epoch + 1);
}

static struct zclient *client_get(struct zebra *z, const struct zapi_hello *h)
{
    struct zclients *cs = z->clients;
    unsigned slot = ZCLIENT_MAX;
    for (unsigned i = 0; i < ZCLIENT_MAX; i++) {
        struct zclient *c = cs->by_slot[i];
        if (!c && slot == ZCLIENT_MAX)
            slot = i;
        if (c && strcmp(c->name, h->client) == 0 && c->proto == h->proto &&
            c->instance == h->instance)
            return c;
    }
    if (slot == ZCLIENT_MAX)
        return NULL;
    struct zclient *c = mem_calloc(MEM(zclient), 1, sizeof(*c));
    c->z = z;
    snprintf(c->name, sizeof(c->name), "%s", h->client);
    c->proto = h->proto;
    c->instance = h->instance;
    c->owner = (uint16_t)(RIB_OWNER_CLIENT + slot);
    c->stale = loop_timer_new(z->loop, "client stale", on_stale, c);
    cs->by_slot[slot] = c;
    return c;
}

static void redist_mask(struct zebra *z)
{
    z->clients->redist_mask = 0;
    for (unsigned i = 0; i < ZCLIENT_MAX; i++) {
        struct zclient *c = z->clients->by_slot[i];
        for (unsigned k = 0; c && k < c->n_redist; k++)
            z->clients->redist_mask |= 1u << c->redist[k].proto;
    }
}

static void forget_wishes(struct zclient *c)
{
    track_drop_owner(c->z->rib, c->owner);
    rib_import_drop_owner(c->z->rib, c->owner);
    c->n_redist = 0;
    redist_mask(c->z);
}

static void send_link(struct zapi_peer *p, const struct zif *i, bool gone)
{
    struct zapi_link l = { .ifindex = i->ifindex,
                           .vrf_id = i->vrf_id,
                           .mtu = i->mtu,
                           .flags = i->flags,
                           .master = i->master,
                           .up = i->up && !gone,
                           .gone = gone };
    memcpy(l.name, i->name, sizeof(l.name));
    l.mac_len = i->mac_len > 6 ? 6 : i->mac_len;
    memcpy(l.mac, i->mac, l.mac_len);
    zapi_peer_link(p, &l);
}

static void send_addr(struct zapi_peer *p, const struct zif *i, const struct zif_addr *a, bool gone)
{
    struct zapi_addr m = { .ifindex = i->ifindex,
                           .vrf_id = i->vrf_id,
                           .addr = a->addr,
                           .peer = a->peer,
                           .len = a->len,
                           .gone = gone,
                           .secondary = (a->flags & IFA_F_SECONDARY) != 0 };
    zapi_peer_addr(p, &m);
}

static void send_vrf(struct zapi_peer *p, const struct rib_vrf *v)
{
    struct zapi_vrf m = { .vrf_id = v->vrf_id, .table = v->table, .gone = !v->active };
    memcpy(m.name, v->name, sizeof(m.name));
    zapi_peer_vrf(p, &m);
}

static void send_state(struct zebra *z, struct zapi_peer *p)
{
    for (struct rib_vrf *v = z->rib->vrfs; v; v = v->next)
        if (v->active)
            send_vrf(p, v);
    for (struct zif *i = zif_first(z->ifs); i; i = i->next)
        if (i->ifindex)
            send_link(p, i, false);
    for (struct zif *i = zif_first(z->ifs); i; i = i->next)
        for (const struct zif_addr *a = i->addrs; a; a = a->next)
            send_addr(p, i, a, false);
    for (struct rib_vrf *v = z->rib->vrfs; v; v = v->next) {
        struct zapi_router_id id = { .vrf_id = v->vrf_id, .id = zebra_router_id(z, v->vrf_id) };
        if (v->active && id.id.family)
            zapi_peer_router_id(p, &id);
    }
    zapi_peer_end(p);
}

void zclient_hello(struct zebra *z, struct zapi_peer *p, const struct zapi_hello *h)
{
    struct zclient *c = client_get(z, h);
    if (!c) {
        log_err("client %s: refused, there are %u clients already", h->client, ZCLIENT_MAX);
        return;
    }
    if (c->peer) { /* its old connection has not been seen to end yet */
        zapi_peer_set_data(c->peer, NULL);
        forget_wishes(c);
    }
    c->peer = p;
    c->paused = false;
    c->epoch++;
    c->generation = h->generation;
    c->stale_seconds = h->stale_seconds ? h->stale_seconds : ZCLIENT_STALE_SECONDS;
    c->ended = false;
    c->connects++;
    c->connected_at = loop_wall();
    zapi_peer_set_data(p, c);
    log_info("client %s: connected (%s, generation %llu)", c->name, zapi_proto_name(c->proto),
             (unsigned long long)h->generation);
    if (c->connects > 1)
        loop_timer_arm(c->stale, (uint64_t)c->stale_seconds * 1000000);
    struct zapi_hello me = { .version = h->version,
                             .generation = z->daemon ? z->daemon->start_wall : 1 };
    snprintf(me.client, sizeof(me.client), "zebrad");
    snprintf(me.server_version, sizeof(me.server_version), "%s", PACKAGE_VERSION);
    zapi_peer_hello_send(p, &me);
    send_state(z, p);
}

void zclient_gone(struct zclient *c)
{
    c->peer = NULL;
    c->disconnected_at = loop_wall();
    forget_wishes(c);
    log_notice("client %s: disconnected, its routes stay for %u s", c->name, c->stale_seconds);
    loop_timer_arm(c->stale, (uint64_t)c->stale_seconds * 1000000);
}

static uint8_t adopted_proto(enum zapi_proto p)
{
    return p == ZP_BGP ? RTPROT_GW_BGP : p == ZP_STATIC ? RTPROT_GW_STATIC : RTPROT_GW_OTHER;
}

void zclient_end(struct zclient *c)
{
    loop_timer_cancel(c->stale);
    c->ended = true;
    sweep(c, c->epoch);
    fib_adopt_sweep(c->z->rib, adopted_proto(c->proto));
}

/* ---- routes ---- */
void zclient_nhg(struct zclient *c, const struct zapi_nhg *g)
{
    if (!nhg_set(c->z->rib, c->owner, g->id, c->epoch, g))
        log_warn("client %s: next-hop group %u is not usable: %u next hops, %u backups", c->name,
                 g->id, g->n, g->n_backup);
}

void zclient_nhg_del(struct zclient *c, uint32_t id)
{
    uint32_t h = nhg_find(c->z->rib, c->owner, id, c->epoch);
    if (h)
        nhg_give_up(c->z->rib, h);
}

static void refuse(struct zclient *c, const struct zapi_batch *b, int err)
{
    if (c->acks_failed++ == 0)
        log_warn("client %s: routes refused, next-hop group %u: %s", c->name, b->nhg,
                 strerror(err));
    struct zapi_ack a = { .first_seq = b->first_seq,
                          .last_seq = b->first_seq + b->count - 1,
                          .result = ZR_FAILED,
                          .err = err };
    zapi_peer_ack(c->peer, &a);
}

void zclient_batch(struct zclient *c, const struct zapi_batch *b)
{
    struct rib *r = c->z->rib;
    if (!b->count)
        return;
    uint64_t seq = (b->first_seq & SEQ_MASK) | (uint64_t)(c->epoch & 0xff) << 56;
    struct rib_table *t = rib_table_get(r, b->vrf_id, afi_of(b->family), b->table);
    if (!t) {
        refuse(c, b, ENOSPC);
        return;
    }
    if (b->withdraw) {
        c->routes_unset += b->count;
        rib_batch(r, t, c->owner, b->instance, 0, seq, b->nlri, b->nlri_len);
        return;
    }
    struct rib_attr a = { .owner = c->owner,
                          .proto = b->proto,
                          .subtype = b->subtype,
                          .slot = b->instance,
                          .metric = b->metric,
                          .tag = b->tag,
                          .mtu = b->mtu,
                          .epoch = c->epoch,
                          .nhg = nhg_find(r, c->owner, b->nhg, c->epoch) };
    a.distance = b->distance ? b->distance : rib_default_distance(b->proto, b->subtype);
    if (!a.nhg || !rib_proto_installs((uint8_t)b->proto) || b->proto >= ZP_MAX) {
        refuse(c, b, a.nhg ? EPROTONOSUPPORT : ENOENT);
        return;
    }
    c->routes_set += b->count;
    uint32_t cls = rib_class_get(r, &a);
    while (nhg_get(r, a.nhg)->dirty && nhg_work(r)) /* a set that came just before its routes */
        track_work(r);
    rib_batch(r, t, c->owner, b->instance, cls, seq, b->nlri, b->nlri_len);
    rib_class_put(r, cls);
    zclients_flow(c->z);
}

void zclients_ack(struct zebra *z, uint16_t owner, uint64_t first, uint64_t last,
                  enum zapi_result res, int err)
{
    struct zclient *c = zclient_by_owner(z, owner);
    if (!c || !c->peer || (uint8_t)(first >> 56) != (uint8_t)c->epoch)
        return;
    if (res == ZR_FAILED)
        c->acks_failed += last - first + 1;
    struct zapi_ack a = {
        .first_seq = first & SEQ_MASK, .last_seq = last & SEQ_MASK, .result = res, .err = err
    };
    zapi_peer_ack(c->peer, &a);
}

void zclients_flow(struct zebra *z)
{
    uint32_t n = z->rib->up_n;
    if (n <= PAUSE_ABOVE && n >= RESUME_BELOW)
        return;
    for (unsigned i = 0; i < ZCLIENT_MAX; i++) {
        struct zclient *c = z->clients->by_slot[i];
        if (!c || !c->peer || c->paused == (n > PAUSE_ABOVE))
            continue;
        c->paused = n > PAUSE_ABOVE;
        zapi_peer_pause(c->peer, c->paused);
    }
}

/* ---- next-hop tracking and import checks ---- */
static uint16_t to_zapi(const struct rnh *v, unsigned n, struct zapi_nexthop *out, uint32_t vrf_id)
{
    for (unsigned i = 0; i < n; i++)
        out[i] = (struct zapi_nexthop){ .kind = v[i].kind,
                                        .gate = v[i].gate,
                                        .ifindex = v[i].ifindex,
                                        .vrf_id = vrf_id,
                                        .weight = v[i].weight,
                                        .flags = v[i].onlink ? ZNF_ONLINK : 0 };
    return (uint16_t)n;
}

static void send_nht(struct zebra *z, const struct track *tr, const struct track_reg *reg)
{
    struct zclient *c = zclient_by_owner(z, reg->owner);
    struct zapi_nht_state s = { .vrf_id = tr->vrf_id,
                                .addr = track_addr(tr),
                                .connected = tr->connected,
                                .metric = tr->metric,
                                .distance = tr->distance,
                                .proto = tr->proto,
                                .resolved = tr->by };
    if (!c || !c->peer)
        return;
    s.reachable = tr->reachable && (!reg->connected_only || tr->connected);
    if (s.reachable)
        s.n = to_zapi(tr->res, tr->n, s.nh, tr->vrf_id);
    zapi_peer_nht(c->peer, &s);
}

void zclients_tracked(struct zebra *z, struct track *tr)
{
    z->clients->told = tr;
    for (unsigned i = 0; i < tr->n_regs; i++)
        send_nht(z, tr, &tr->regs[i]);
}

void zclient_nht(struct zclient *c, const struct zapi_nht_register *n)
{
    struct rib *r = c->z->rib;
    if (n->remove) {
        track_unregister(r, n->vrf_id, &n->addr, c->owner);
        return;
    }
    struct track *tr = track_register(r, n->vrf_id, &n->addr, c->owner, n->connected_only);
    c->z->clients->told = NULL;
    for (unsigned i = 0; i < 64 && ((int)track_work(r) | (int)nhg_work(r)); i++)
        ;
    if (c->z->clients->told == tr)
        return;
    for (unsigned i = 0; i < tr->n_regs; i++)
        if (tr->regs[i].owner == c->owner)
            send_nht(c->z, tr, &tr->regs[i]);
}

static void send_import(struct zclient *c, const struct rib_import *i)
{
    struct zapi_import_state s = { .vrf_id = i->vrf_id,
                                   .prefix = rib_import_prefix(i),
                                   .present = i->present,
                                   .metric = i->metric };
    if (c && c->peer)
        zapi_peer_import(c->peer, &s);
}

void zclient_import(struct zclient *c, const struct zapi_import_register *m)
{
    if (m->remove)
        rib_import_del(c->z->rib, m->vrf_id, &m->prefix, c->owner);
    else
        send_import(c, rib_import_add(c->z->rib, m->vrf_id, &m->prefix, c->owner));
}

/* ---- redistribution ---- */
static bool wants(const struct zclient *c, const struct rib_table *t, uint8_t proto)
{
    for (unsigned k = 0; proto && k < c->n_redist; k++)
        if (c->redist[k].proto == proto && c->redist[k].afi == t->afi &&
            c->redist[k].vrf_id == t->vrf_id)
            return true;
    return false;
}

static void send_route(struct zclient *c, const struct rib_table *t, uint32_t dest, uint8_t proto,
                       uint32_t cls)
{
    struct rib *r = c->z->rib;
    struct zapi_redist_route m = {
        .vrf_id = t->vrf_id, .prefix = rib_dest_prefix(t, dest), .proto = proto, .gone = cls == 0
    };
    if (cls) {
        const struct rib_class *k = rib_class(r, cls);
        const struct nhg *g = nhg_get(r, k->nhg);
        m.metric = k->metric;
        m.tag = k->tag;
        m.distance = k->distance;
        m.instance = k->owner >= RIB_OWNER_CLIENT ? k->slot : 0;
        m.n = to_zapi(g->res, g->n_res, m.nh, t->vrf_id);
    }
    zapi_peer_redist(c->peer, &m);
}

void zclients_selected(struct zebra *z, struct rib_table *t, uint32_t dest, uint8_t old_proto,
                       uint32_t cls)
{
    struct rib_import *imp;
    if (rib_import_check(z->rib, t, dest, &imp))
        for (unsigned i = 0; i < imp->n; i++)
            send_import(zclient_by_owner(z, imp->owners[i]), imp);
    const struct rib_class *k = cls ? rib_class(z->rib, cls) : NULL;
    uint8_t proto = k ? k->proto : 0;
    if (!(z->clients->redist_mask & ((1u << old_proto | 1u << proto) & ~1u)))
        return;
    struct rib_vrf *v = rib_vrf_find(z->rib, t->vrf_id);
    if (v->main[t->afi] != t)
        return;
    for (unsigned i = 0; i < ZCLIENT_MAX; i++) {
        struct zclient *c = z->clients->by_slot[i];
        if (!c || !c->peer || !c->n_redist)
            continue;
        if (k && k->owner != c->owner && wants(c, t, proto))
            send_route(c, t, dest, proto, cls);
        else if (wants(c, t, old_proto))
            send_route(c, t, dest, old_proto, 0);
    }
}

/* All present routes of a protocol, or their withdrawal. */
static void redist_walk(struct zclient *c, const struct zclient_redist *w, bool gone)
{
    struct rib *r = c->z->rib;
    struct rib_table *t = rib_table_get(r, w->vrf_id, w->afi, 0);
    for (uint32_t h = 1; h < pool_end(&t->dests); h++) {
        const struct rib_dest *d = rib_dest(t, h);
        if (!d->cls || (d->flags & DF_PROTO) != w->proto)
            continue;
        uint32_t cls = rib_selected(r, t, h);
        if (cls && rib_class(r, cls)->owner != c->owner)
            send_route(c, t, h, (uint8_t)w->proto, gone ? 0 : cls);
    }
}

void zclient_redist(struct zclient *c, const struct zapi_redist *m)
{
    if (m->proto >= ZP_MAX || m->proto == ZP_SYSTEM)
        return;
    struct zclient_redist w = {
        .vrf_id = m->vrf_id, .instance = m->instance, .afi = afi_of(m->family), .proto = m->proto
    };
    unsigned k = 0;
    while (k < c->n_redist &&
           !(c->redist[k].vrf_id == w.vrf_id && c->redist[k].afi == w.afi &&
             c->redist[k].proto == w.proto && c->redist[k].instance == w.instance))
        k++;
    if (m->remove && k < c->n_redist) {
        c->redist[k] = c->redist[--c->n_redist];
        redist_walk(c, &w, true);
    } else if (!m->remove && k == c->n_redist) {
        c->redist = mem_realloc(MEM(zclient), c->redist, (c->n_redist + 1) * sizeof(w));
        c->redist[c->n_redist++] = w;
        redist_walk(c, &w, false);
    }
    redist_mask(c->z);
}

/* ---- interfaces, VRFs, router ids ---- */
static void each_peer(struct zebra *z,
                      void (*fn)(struct zapi_peer *p, const void *a, const void *b, bool gone),
                      const void *a, const void *b, bool gone)
{
    for (unsigned i = 0; i < ZCLIENT_MAX; i++)
        if (z->clients->by_slot[i] && z->clients->by_slot[i]->peer)
            fn(z->clients->by_slot[i]->peer, a, b, gone);
}

static void peer_link(struct zapi_peer *p, const void *a, const void *b, bool gone)
{
    (void)b;
    send_link(p, a, gone);
}

static void peer_addr(struct zapi_peer *p, const void *a, const void *b, bool gone)
{
    send_addr(p, a, b, gone);
}

static void peer_vrf(struct zapi_peer *p, const void *a, const void *b, bool gone)
{
    (void)b;
    (void)gone;
    send_vrf(p, a);
}

static void peer_router_id(struct zapi_peer *p, const void *a, const void *b, bool gone)
{
    (void)b;
    (void)gone;
    zapi_peer_router_id(p, a);
}

void zclients_link(struct zebra *z, const struct zif *i, bool gone)
{
    each_peer(z, peer_link, i, NULL, gone);
    zebra_router_id_update(z);
}

void zclients_addr(struct zebra *z, const struct zif *i, const struct zif_addr *a, bool gone)
{
    each_peer(z, peer_addr, i, a, gone);
    zebra_router_id_update(z);
}

void zclients_vrf(struct zebra *z, uint32_t vrf_id, bool gone)
{
    each_peer(z, peer_vrf, rib_vrf_get(z->rib, vrf_id), NULL, gone);
}

static struct router_id *router_id_get(struct zebra *z, uint32_t vrf_id)
{
    struct router_id *i = z->clients->ids;
    while (i && i->vrf_id != vrf_id)
        i = i->next;
    if (i)
        return i;
    i = mem_calloc(MEM(zclient), 1, sizeof(*i));
    i->vrf_id = vrf_id;
    i->next = z->clients->ids;
    z->clients->ids = i;
    return i;
}

struct ipaddr zebra_router_id(struct zebra *z, uint32_t vrf_id)
{
    struct ipaddr best = router_id_get(z, vrf_id)->configured;
    bool loopback = false;
    if (best.family)
        return best;
    for (struct zif *i = zif_first(z->ifs); i; i = i->next) {
        if (!i->ifindex || i->vrf_id != vrf_id)
            continue;
        bool lo = i->flags & IFF_LOOPBACK;
        for (const struct zif_addr *a = i->addrs; a; a = a->next) {
            if (a->addr.family != AF_INET || ipaddr_is_martian(&a->addr) || (loopback && !lo))
                continue;
            if (!best.family || (lo && !loopback) || ipaddr_cmp(&a->addr, &best) > 0)
                best = a->addr;
            loopback |= lo;
        }
    }
    return best;
}

void zebra_router_id_update(struct zebra *z)
{
    if (!z->started)
        return;
    for (struct rib_vrf *v = z->rib->vrfs; v; v = v->next) {
        struct router_id *i = router_id_get(z, v->vrf_id);
        struct zapi_router_id m = { .vrf_id = v->vrf_id, .id = zebra_router_id(z, v->vrf_id) };
        if (!v->active || ipaddr_eq(&m.id, &i->told))
            continue;
        i->told = m.id;
        each_peer(z, peer_router_id, &m, NULL, false);
    }
}

void zebra_router_id_set(struct zebra *z, uint32_t vrf_id, const struct ipaddr *id)
{
    router_id_get(z, vrf_id)->configured = id ? *id : (struct ipaddr){ 0 };
    zebra_router_id_update(z);
}
