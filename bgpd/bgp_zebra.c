/* SPDX-License-Identifier: Apache-2.0
 * bgp_zebra.c - the link to zebrad: next hops, routes, router ids, and the order of a (re)connect.
 * Main thread.
 *
 * On every connect we send our complete state and then the end marker, upon which zebrad sweeps
 * what it had of ours and was not repeated: registrations at once, groups and best paths by the
 * shards (bgp_rib_zebra_up > zebra_synced). The marker waits for one thing more: after a start of
 * bgpd the table is not complete until the neighbours have told theirs again (bgp_peer_rib.c), so
 * it goes out when that is over and the shards have come to rest.
 *
 * Next hops are registered once per VRF and address; one that must be directly connected (eBGP
 * without multihop) is reachable when the answer says that a connected route resolves it. While
 * zebrad comes back (until our marker is out and a moment later) a next hop that turns unreachable
 * is not believed: zebrad may not have all routes yet that resolve it. What still holds at the end
 * of that time is taken then.
 *
 * Without zebrad (-Z) every next hop counts as reachable, networks need no import check, and
 * addresses come from the system.
 */
#include "bgp_peer_priv.h"
#include "bgp_zebra_priv.h"
#include "daemon.h"
#include <stdio.h>
#include <stdlib.h>

#define SECOND 1000000ull
#define STALE_SECS \
    180 /* how long zebrad keeps our routes if we vanish: longer than a restart's deferral */
#define SETTLE_US  (250 * 1000)
#define BELIEVE_US (2 * SECOND)
#define BUCKETS    4096

MEM_DEFINE(bgp_zebra, "BGP zebra link");
LOG_DEBUG_DEFINE(bgp_zebra, "bgp zebra");

struct nexthop {
    uint32_t nh, vrf_id;
    struct ipaddr addr;
    bool connected_only, have, held; /* held: `state` waits for BELIEVE_US */
    struct zapi_nht_state state;
    struct nexthop *next;
};
struct vrf {
    uint32_t vrf_id, router_id;
    char name[16];
    struct vrf *next;
};
static struct {
    struct zapi_client *client;
    bool none, up;
    bool synced;   /* the shards have sent everything since the connect */
    bool ended;    /* our end marker is out */
    bool complete; /* our own restart is over and the shards are at rest */
    bool believe;
    bool changed; /* interfaces: sessions look at them soon */
    uint64_t version;
    struct loop_timer *t_settle, *t_believe, *t_hint;
    struct nexthop *bucket[BUCKETS];
    struct vrf *vrfs;
} z;

struct zapi_client *bgp_zebra_client(void)
{
    return z.up ? z.client : NULL;
}

bool bgp_zebra_up(void)
{
    return z.up || z.none;
}

bool bgp_zebra_none(void)
{
    return z.none;
}

/* ---- next hops ---- */

static struct nexthop **bucket_of(uint32_t vrf_id, const struct ipaddr *a)
{
    uint32_t h = vrf_id * 0x9e3779b1u + a->family;
    for (unsigned i = 0; i < 16; i++)
        h = (h ^ a->b[i]) * 0x01000193u;
    return &z.bucket[h % BUCKETS];
}

static void nexthop_apply(struct nexthop *n)
{
    struct zapi_nht_state s = n->state;
    n->held = false;
    n->have = true;
    if (n->connected_only && !s.connected)
        s.reachable = false;
    bgp_nht_set(n->nh, &s);
}

static void nexthop_register(const struct nexthop *n, bool remove)
{
    struct zapi_nht_register r = { .vrf_id = n->vrf_id, .addr = n->addr, .remove = remove };
    if (z.up)
        zapi_client_nht(z.client, &r);
}

void bgp_zebra_on_nexthop(void *ctx, uint32_t nh, uint32_t vrf_id, const struct ipaddr *addr,
                          bool connected_only)
{
    struct nexthop **head = bucket_of(vrf_id, addr), *twin = *head;
    while (twin && (twin->vrf_id != vrf_id || !ipaddr_eq(&twin->addr, addr)))
        twin = twin->next;
    struct nexthop *n = mem_calloc(MEM(bgp_zebra), 1, sizeof *n);
    *n = (struct nexthop){
        .nh = nh, .vrf_id = vrf_id, .addr = *addr, .connected_only = connected_only, .next = *head
    };
    *head = n;
    if (z.none) {
        n->state = (struct zapi_nht_state){ .vrf_id = vrf_id,
                                            .addr = *addr,
                                            .reachable = true,
                                            .connected = true,
                                            .resolved = prefix_host(addr) };
        nexthop_apply(n);
    } else if (!twin) {
        nexthop_register(n, false);
    } else if (twin->have) {
        n->state = twin->state;
        nexthop_apply(n);
    }
}

static void on_nht(void *ctx, const struct zapi_nht_state *s)
{
    for (struct nexthop *n = *bucket_of(s->vrf_id, &s->addr); n; n = n->next) {
        if (n->vrf_id != s->vrf_id || !ipaddr_eq(&n->addr, &s->addr))
            continue;
        n->state = *s;
        n->held = !z.believe && n->have && !s->reachable;
        if (!n->held)
            nexthop_apply(n);
    }
}

static void each_nexthop(void (*fn)(struct nexthop *n))
{
    for (unsigned i = 0; i < BUCKETS; i++)
        for (struct nexthop *n = z.bucket[i]; n; n = n->next)
            fn(n);
}

static void register_again(struct nexthop *n)
{
    for (const struct nexthop *m = n->next; m; m = m->next)
        if (m->vrf_id == n->vrf_id && ipaddr_eq(&m->addr, &n->addr))
            return; /* the last of its kind does it */
    nexthop_register(n, false);
}

static void apply_held(struct nexthop *n)
{
    if (n->held)
        nexthop_apply(n);
}

static void on_believe(void *ctx)
{
    z.believe = true;
    each_nexthop(apply_held);
}

/* ---- VRFs and router ids ---- */

static struct vrf *vrf_get(uint32_t vrf_id)
{
    for (struct vrf *v = z.vrfs; v; v = v->next)
        if (v->vrf_id == vrf_id)
            return v;
    struct vrf *v = mem_calloc(MEM(bgp_zebra), 1, sizeof *v);
    v->vrf_id = vrf_id;
    v->next = z.vrfs;
    z.vrfs = v;
    return v;
}

bool bgp_zebra_router_id(uint32_t vrf_id, uint32_t *ret)
{
    const struct vrf *v = vrf_get(vrf_id);
    if (v->router_id)
        *ret = v->router_id;
    return v->router_id != 0;
}

static void insts_changed(uint32_t vrf_id)
{
    for (unsigned i = 0; i < bgp.n_insts; i++)
        if (bgp.insts[i]->vrf_id == vrf_id)
            bgp_inst_changed(bgp.insts[i]);
}

static void on_router_id(void *ctx, const struct zapi_router_id *r)
{
    vrf_get(r->vrf_id)->router_id = ipaddr_v4_host(&r->id);
    insts_changed(r->vrf_id);
}

static void on_vrf(void *ctx, const struct zapi_vrf *v)
{
    struct vrf *known = vrf_get(v->vrf_id);
    snprintf(known->name, sizeof known->name, "%s", v->gone ? "" : v->name);
    for (unsigned i = 0; i < bgp.n_insts; i++) {
        struct bgp_inst *inst = bgp.insts[i];
        if (inst->view || strcmp(inst->name, v->name) || !strcmp(inst->name, "default"))
            continue;
        inst->vrf_id = v->gone ? 0 : v->vrf_id;
        bgp_inst_changed(inst);
    }
}

/* An instance that comes after its VRF. */
uint32_t bgp_zebra_vrf_id(const char *name)
{
    for (const struct vrf *v = z.vrfs; v; v = v->next)
        if (!strcmp(v->name, name))
            return v->vrf_id;
    return 0;
}

/* ---- our end marker ---- */

static void maybe_end(void)
{
    if (!z.up || z.ended || !z.synced || !z.complete)
        return;
    z.ended = true;
    zapi_client_end(z.client);
    log_info("zebrad has our complete state");
    loop_timer_arm(z.t_believe, BELIEVE_US);
}

static void on_settle(void *ctx)
{
    uint64_t version = 0;
    for (unsigned i = 0; i < bgp.n_insts; i++)
        for (unsigned af = 0; af < BGP_AF_MAX; af++) {
            struct bgp_rib_totals t = { 0 };
            bgp_rib_totals(bgp.insts[i]->index, (enum bgp_afi_safi)af, &t);
            version += t.version;
        }
    bool quiet =
        version == z.version && !bgp_rib_backlogged() && (!z.up || zapi_client_room(z.client));
    z.version = version;
    if (!quiet) {
        loop_timer_arm(z.t_settle, SETTLE_US);
        return;
    }
    z.complete = true;
    maybe_end();
}

void bgp_zebra_restart_over(void)
{
    z.version = UINT64_MAX; /* at least two looks */
    if (!z.none)
        loop_timer_arm(z.t_settle, SETTLE_US);
}

/* ---- from the shards ---- */

uint64_t bgp_zebra_on_batch(void *ctx, void *packed, size_t len, uint32_t count, uint16_t inst)
{
    if (!z.up) {
        free(packed);
        return 0;
    }
    uint64_t seq = zapi_client_send_packed(z.client, packed, len, count);
    if (!zapi_client_room(z.client))
        bgp_rib_zebra_room(false);
    return seq;
}

void bgp_zebra_on_nhg(void *ctx, const struct zapi_nhg *g)
{
    if (z.up)
        zapi_client_nhg(z.client, g);
}

void bgp_zebra_on_nhg_del(void *ctx, uint32_t id)
{
    if (z.up)
        zapi_client_nhg_del(z.client, id);
}

void bgp_zebra_on_synced(void *ctx)
{
    if (!z.up)
        return;
    z.synced = true;
    maybe_end();
}

/* ---- the client's callbacks ---- */

static void on_connected(void *ctx, const struct zapi_hello *server)
{
    z.up = true;
    z.synced = z.ended = z.believe = false;
    log_notice("connected to zebrad %s", server->server_version);
    loop_timer_cancel(z.t_hint);
    loop_timer_cancel(z.t_believe);
    bgp_zebra_if_mark();
    each_nexthop(register_again);
    bgp_zebra_local_connected();
    bgp_rib_zebra_up();
    bgp_rib_zebra_room(true);
}

static void on_disconnected(void *ctx)
{
    z.up = false;
    log_warn("connection to zebrad lost; sessions go on, routes are sent again when it is back");
    loop_timer_cancel(z.t_believe);
    bgp_rib_zebra_down();
}

static void on_changed(void *ctx)
{
    z.changed = false;
    bgp_peer_interfaces_changed();
}

/* zebrad tells links and addresses one by one; sessions look at them once. */
static void interfaces_changed(void)
{
    if (!z.changed)
        loop_later(bgp.loop, "bgp interfaces", on_changed, NULL);
    z.changed = true;
}

static void on_state_end(void *ctx)
{
    bgp_zebra_if_sweep();
    bgp_zebra_local_state_end();
    interfaces_changed();
}

static void on_link(void *ctx, const struct zapi_link *l)
{
    bgp_zebra_if_link(l);
    interfaces_changed();
}

static void on_addr(void *ctx, const struct zapi_addr *a)
{
    bgp_zebra_if_addr_add(a);
    interfaces_changed();
}

static void on_import(void *ctx, const struct zapi_import_state *s)
{
    bgp_zebra_local_import(s);
}

static void on_redist(void *ctx, const struct zapi_redist_route *r)
{
    bgp_zebra_local_redist(r);
}

static void on_ack(void *ctx, const struct zapi_ack *a)
{
    bgp_rib_fib_result(a);
}

static void on_writable(void *ctx)
{
    bgp_rib_zebra_room(true);
}

static void on_hint(void *ctx)
{
    log_warn("no connection to zebrad yet: neighbors wait for router id and interfaces");
}

void bgp_zebra_start(struct daemon *d, bool none)
{
    static const struct zapi_client_ops ops = {
        .connected = on_connected,
        .disconnected = on_disconnected,
        .state_end = on_state_end,
        .link = on_link,
        .addr = on_addr,
        .vrf = on_vrf,
        .router_id = on_router_id,
        .nht = on_nht,
        .import = on_import,
        .redist = on_redist,
        .ack = on_ack,
        .writable = on_writable,
    };
    struct zapi_hello self = { .client = "bgpd", .proto = ZP_BGP };
    z.none = none;
    if (none) {
        bgp_zebra_if_system();
        return;
    }
    self.generation = d->start_us;
    self.stale_seconds = d->retain_seconds ? d->retain_seconds : STALE_SECS;
    z.t_settle = loop_timer_new(d->loop, "bgp zebra settle", on_settle, NULL);
    z.t_believe = loop_timer_new(d->loop, "bgp zebra believe", on_believe, NULL);
    z.t_hint = loop_timer_new(d->loop, "bgp zebra hint", on_hint, NULL);
    loop_timer_arm(z.t_hint, 3 * SECOND);
    z.client = zapi_client_new(d->loop, d->run_dir, &self, &ops, NULL);
    bgp.zebra = z.client;
}

void bgp_zebra_stop(void)
{
    z.up = false;
    zapi_client_free(z.client);
    z.client = bgp.zebra = NULL;
    loop_timer_free(z.t_settle);
    loop_timer_free(z.t_believe);
    loop_timer_free(z.t_hint);
    z.t_settle = z.t_believe = z.t_hint = NULL;
}
