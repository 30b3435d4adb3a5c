/* SPDX-License-Identifier: Apache-2.0
 * bgp_zebra_local.c - what this router itself originates: `network` and `redistribute`. Main
 * thread.
 *
 * Intent and facts are kept apart and brought together in one function each (network_update,
 * route_update), which runs when either changes: configuration, import state, redistributed route,
 * policy. The result goes to the shards as a local path (bgp_rib_local), attribute 0 when there is
 * none. Networks are a sorted array per instance; redistributed routes are a hash table, marked
 * when zebrad comes back and swept at the end of its state.
 *
 * Attributes as FRR: weight 32768, a network is IGP with the route's metric as MED, a redistributed
 * route is incomplete with the metric and next hop of the route.
 */
#include "bgp_peer_priv.h"
#include "bgp_policy.h"
#include "bgp_zebra_priv.h"
#include <stdlib.h>

#define LOCAL_WEIGHT 32768

MEM_DEFINE(bgp_network, "BGP network");
MEM_DEFINE(bgp_redist, "BGP redistributed route");

struct network {
    struct prefix p;
    char *rmap;
    bool registered, present;
    uint32_t metric;
};
struct wish { /* `redistribute` of one instance, family and protocol */
    bool on;
    int64_t metric;
    char *rmap;
};
struct local { /* of one instance */
    uint16_t inst;
    struct network *v;
    unsigned n, cap;
    struct wish wish[BGP_AF_MAX][ZP_MAX];
    struct local *next;
};
struct rroute {
    struct zapi_redist_route r;
    bool old;
    struct rroute *next;
};
static struct local *locals;
static struct rroute **table;
static unsigned n_buckets, n_routes;

static struct local *local_of(const struct bgp_inst *i)
{
    for (struct local *l = locals; l; l = l->next)
        if (l->inst == i->index)
            return l;
    struct local *l = mem_calloc(MEM(bgp_network), 1, sizeof *l);
    l->inst = i->index;
    l->next = locals;
    locals = l;
    return l;
}

static uint16_t source_of(enum zapi_proto p)
{
    switch (p) {
    case ZP_KERNEL:
        return BGP_SRC_REDIST_KERNEL;
    case ZP_CONNECT:
        return BGP_SRC_REDIST_CONNECTED;
    case ZP_STATIC:
        return BGP_SRC_REDIST_STATIC;
    default:
        return BGP_SRC_REDIST_OTHER;
    }
}

/* The handle to announce, or 0 when the route-map refuses. */
static uint32_t finish(struct bgp_attr_build *b, const struct bgp_inst *i, const struct prefix *p,
                       const char *rmap, enum zapi_proto proto)
{
    uint32_t attr = bgp_attr_intern(b);
    if (!rmap)
        return attr;
    struct bgp_policy_names names = { .route_map = rmap, .family = p->family };
    struct bgp_policy_env env = { .local_as = i->as, .source_proto = (uint8_t)proto };
    struct bgp_policy_memo *memo = bgp_policy_memo_new();
    const struct bgp_policy *policy = bgp_policy_build(bgp.policy, &names);
    attr = bgp_policy_apply(policy, memo, &env, p, attr);
    if (policy)
        bgp_policy_unref(policy);
    bgp_policy_memo_free(memo);
    return attr;
}

/* ---- networks ---- */

static void import_register(const struct bgp_inst *i, struct network *n, bool on)
{
    struct zapi_client *c = bgp_zebra_client();
    struct zapi_import_register r = { .vrf_id = i->vrf_id, .prefix = n->p, .remove = !on };
    if (!on)
        n->present = false;
    n->registered = on;
    if (c)
        zapi_client_import(c, &r);
}

static void network_update(struct bgp_inst *i, struct network *n)
{
    bool check = i->import_check && !bgp_zebra_none() && !i->view;
    if (check != n->registered)
        import_register(i, n, check);
    if (check && !n->present) {
        bgp_rib_local(i->index, BGP_SRC_NETWORK, &n->p, 0);
        return;
    }
    struct bgp_attr_build b;
    bgp_attr_build_init(&b);
    b.h.origin = BGP_ORIGIN_IGP;
    b.h.weight = LOCAL_WEIGHT;
    b.h.med = check ? n->metric : 0;
    b.h.flags |= BAF_MED | BAF_NH_SELF;
    bgp_rib_local(i->index, BGP_SRC_NETWORK, &n->p, finish(&b, i, &n->p, n->rmap, 0));
}

static unsigned network_at(const struct local *l, const struct prefix *p, bool *ret_found)
{
    unsigned lo = 0, hi = l->n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (prefix_cmp(&l->v[mid].p, p) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *ret_found = lo < l->n && prefix_eq(&l->v[lo].p, p);
    return lo;
}

void bgp_zebra_network_set(struct bgp_inst *i, const struct prefix *p, const char *rmap)
{
    struct local *l = local_of(i);
    bool found;
    unsigned at = network_at(l, p, &found);
    if (!found) {
        if (l->n == l->cap) {
            l->cap = l->cap ? l->cap * 2 : 16;
            l->v = mem_realloc(MEM(bgp_network), l->v, l->cap * sizeof *l->v);
        }
        memmove(&l->v[at + 1], &l->v[at], (l->n++ - at) * sizeof *l->v);
        l->v[at] = (struct network){ .p = *p };
    }
    mem_free(MEM(bgp_network), l->v[at].rmap);
    l->v[at].rmap = mem_strdup(MEM(bgp_network), rmap);
    network_update(i, &l->v[at]);
}

void bgp_zebra_network_unset(struct bgp_inst *i, const struct prefix *p)
{
    struct local *l = local_of(i);
    bool found;
    unsigned at = network_at(l, p, &found);
    if (!found)
        return;
    if (l->v[at].registered)
        import_register(i, &l->v[at], false);
    mem_free(MEM(bgp_network), l->v[at].rmap);
    memmove(&l->v[at], &l->v[at + 1], (--l->n - at) * sizeof *l->v);
    bgp_rib_local(i->index, BGP_SRC_NETWORK, p, 0);
}

void bgp_zebra_import_check_changed(struct bgp_inst *i)
{
    struct local *l = local_of(i);
    for (unsigned n = 0; n < l->n; n++)
        network_update(i, &l->v[n]);
}

void bgp_zebra_local_import(const struct zapi_import_state *s)
{
    for (unsigned k = 0; k < bgp.n_insts; k++) {
        struct bgp_inst *i = bgp.insts[k];
        struct local *l = local_of(i);
        bool found;
        unsigned at = network_at(l, &s->prefix, &found);
        if (i->vrf_id != s->vrf_id || !found || !l->v[at].registered)
            continue;
        l->v[at].present = s->present;
        l->v[at].metric = s->metric;
        network_update(i, &l->v[at]);
    }
}

/* ---- redistribution ---- */

static struct rroute **route_slot(const struct zapi_redist_route *r)
{
    if (n_routes >= n_buckets) {
        unsigned n = n_buckets ? n_buckets * 4 : 1024;
        struct rroute **bigger = mem_calloc(MEM(bgp_redist), n, sizeof *bigger);
        for (unsigned i = 0; i < n_buckets; i++)
            for (struct rroute *x = table[i], *next; x; x = next) {
                next = x->next;
                unsigned b = (unsigned)(prefix_hash(&x->r.prefix) % n);
                x->next = bigger[b];
                bigger[b] = x;
            }
        mem_free(MEM(bgp_redist), table);
        table = bigger;
        n_buckets = n;
    }
    struct rroute **pp = &table[prefix_hash(&r->prefix) % n_buckets];
    while (*pp && ((*pp)->r.proto != r->proto || (*pp)->r.vrf_id != r->vrf_id ||
                   (*pp)->r.instance != r->instance || !prefix_eq(&(*pp)->r.prefix, &r->prefix)))
        pp = &(*pp)->next;
    return pp;
}

static void each_route(void (*fn)(struct rroute *r, void *ctx), void *ctx)
{
    for (unsigned i = 0; i < n_buckets; i++)
        for (struct rroute *r = table[i], *next; r; r = next) {
            next = r->next;
            fn(r, ctx);
        }
}

static bool announceable(const struct prefix *p)
{
    struct ipaddr a = ipaddr_from(p->family, p->b);
    return !prefix_martian(p) && !(p->len && ipaddr_is_linklocal(&a) && p->family == AF_INET6);
}

/* present false: it is gone. */
static void route_update(struct bgp_inst *i, const struct zapi_redist_route *r, bool present)
{
    enum bgp_afi_safi af = r->prefix.family == AF_INET6 ? BGP_IP6_UNI : BGP_IP4_UNI;
    const struct wish *w = &local_of(i)->wish[af][r->proto];
    uint16_t source = source_of(r->proto);
    if (!present || !w->on || !announceable(&r->prefix)) {
        bgp_rib_local(i->index, source, &r->prefix, 0);
        return;
    }
    struct bgp_attr_build b;
    bgp_attr_build_init(&b);
    b.h.origin = BGP_ORIGIN_INCOMPLETE;
    b.h.weight = LOCAL_WEIGHT;
    b.h.med = w->metric >= 0 ? (uint32_t)w->metric : r->metric;
    b.h.tag = r->tag;
    b.h.flags |= BAF_MED;
    if (r->n && r->nh[0].gate.family == r->prefix.family &&
        (r->nh[0].kind == ZN_GATEWAY || r->nh[0].kind == ZN_GATEWAY_IF))
        b.h.nexthop = r->nh[0].gate;
    else
        b.h.flags |= BAF_NH_SELF;
    bgp_rib_local(i->index, source, &r->prefix, finish(&b, i, &r->prefix, w->rmap, r->proto));
}

static void route_update_all(const struct zapi_redist_route *r, bool present)
{
    for (unsigned k = 0; k < bgp.n_insts; k++) {
        enum bgp_afi_safi af = r->prefix.family == AF_INET6 ? BGP_IP6_UNI : BGP_IP4_UNI;
        struct bgp_inst *i = bgp.insts[k];
        if (i->vrf_id == r->vrf_id && !i->view && local_of(i)->wish[af][r->proto].on)
            route_update(i, r, present);
    }
}

static void route_drop(struct rroute *r, void *ctx)
{
    struct rroute **pp = route_slot(&r->r);
    *pp = r->next;
    n_routes--;
    route_update_all(&r->r, false);
    mem_free(MEM(bgp_redist), r);
}

void bgp_zebra_local_redist(const struct zapi_redist_route *new)
{
    if (new->proto >= ZP_MAX)
        return;
    struct rroute **pp = route_slot(new), *r = *pp;
    if (new->gone) {
        if (r)
            route_drop(r, NULL);
        return;
    }
    if (!r) {
        r = *pp = mem_calloc(MEM(bgp_redist), 1, sizeof *r);
        n_routes++;
    }
    r->r = *new;
    r->old = false;
    route_update_all(new, true);
}

struct pick {
    struct bgp_inst *i;
    int family;
    enum zapi_proto proto;
    bool present;
};

static void update_picked(struct rroute *r, void *ctx)
{
    const struct pick *k = ctx;
    if (r->r.prefix.family == k->family && r->r.proto == k->proto && r->r.vrf_id == k->i->vrf_id)
        route_update(k->i, &r->r, k->present);
}

static void wish_send(const struct bgp_inst *i, unsigned af, unsigned proto, bool remove)
{
    struct zapi_client *c = bgp_zebra_client();
    struct zapi_redist w = { .vrf_id = i->vrf_id,
                             .family = af == BGP_IP6_UNI ? AF_INET6 : AF_INET,
                             .proto = (enum zapi_proto)proto,
                             .remove = remove };
    if (c)
        zapi_client_redist(c, &w);
}

void bgp_zebra_redistribute_set(struct bgp_inst *i, enum bgp_afi_safi af, enum zapi_proto proto,
                                int64_t metric, const char *rmap)
{
    if (proto >= ZP_MAX)
        return;
    struct wish *w = &local_of(i)->wish[af][proto];
    bool was = w->on;
    w->on = true;
    w->metric = metric;
    mem_free(MEM(bgp_network), w->rmap);
    w->rmap = mem_strdup(MEM(bgp_network), rmap);
    if (!was)
        wish_send(i, af, proto, false);
    struct pick k = { i, af == BGP_IP6_UNI ? AF_INET6 : AF_INET, proto, true };
    each_route(update_picked, &k);
}

/* Does another instance of the same VRF want it too? (A view does not redistribute.) */
static bool wanted_elsewhere(const struct bgp_inst *i, unsigned af, unsigned proto)
{
    for (unsigned k = 0; k < bgp.n_insts; k++)
        if (bgp.insts[k] != i && bgp.insts[k]->vrf_id == i->vrf_id && !bgp.insts[k]->view &&
            local_of(bgp.insts[k])->wish[af][proto].on)
            return true;
    return false;
}

static void drop_picked(struct rroute *r, void *ctx)
{
    const struct pick *k = ctx;
    if (r->r.prefix.family == k->family && r->r.proto == k->proto && r->r.vrf_id == k->i->vrf_id)
        route_drop(r, NULL);
}

void bgp_zebra_redistribute_unset(struct bgp_inst *i, enum bgp_afi_safi af, enum zapi_proto proto)
{
    if (proto >= ZP_MAX || !local_of(i)->wish[af][proto].on)
        return;
    struct wish *w = &local_of(i)->wish[af][proto];
    struct pick k = { i, af == BGP_IP6_UNI ? AF_INET6 : AF_INET, proto, false };
    each_route(update_picked, &k);
    w->on = false;
    mem_free(MEM(bgp_network), w->rmap);
    w->rmap = NULL;
    if (wanted_elsewhere(i, af, proto))
        return;
    wish_send(i, af, proto, true);
    each_route(drop_picked, &k);
}

/* ---- zebrad comes and comes back; policies change ---- */

static void mark_old(struct rroute *r, void *ctx)
{
    r->old = true;
}

static void drop_old(struct rroute *r, void *ctx)
{
    if (r->old)
        route_drop(r, NULL);
}

void bgp_zebra_local_connected(void)
{
    each_route(mark_old, NULL);
    for (unsigned k = 0; k < bgp.n_insts; k++) {
        struct bgp_inst *i = bgp.insts[k];
        struct local *l = local_of(i);
        for (unsigned af = 0; af < BGP_AF_MAX; af++)
            for (unsigned proto = 0; proto < ZP_MAX; proto++)
                if (l->wish[af][proto].on)
                    wish_send(i, af, proto, false);
        for (unsigned n = 0; n < l->n; n++)
            if (l->v[n].registered) /* `present` stays as it was until zebrad answers */
                import_register(i, &l->v[n], true);
    }
}

void bgp_zebra_local_state_end(void)
{
    each_route(drop_old, NULL);
}

void bgp_zebra_policy_changed(const char *name)
{
    for (unsigned k = 0; k < bgp.n_insts; k++) {
        struct bgp_inst *i = bgp.insts[k];
        struct local *l = local_of(i);
        for (unsigned n = 0; n < l->n; n++)
            if (l->v[n].rmap)
                network_update(i, &l->v[n]); /* a route-map may use `name` through its lists */
        for (unsigned af = 0; af < BGP_AF_MAX; af++)
            for (unsigned proto = 0; proto < ZP_MAX; proto++) {
                struct pick p = { i, af == BGP_IP6_UNI ? AF_INET6 : AF_INET, (enum zapi_proto)proto,
                                  true };
                if (l->wish[af][proto].on && l->wish[af][proto].rmap)
                    each_route(update_picked, &p);
            }
    }
}

void bgp_zebra_local_inst_gone(const struct bgp_inst *i)
{
    for (struct local **pp = &locals; *pp; pp = &(*pp)->next) {
        struct local *l = *pp;
        if (l->inst != i->index)
            continue;
        for (unsigned n = 0; n < l->n; n++) {
            if (l->v[n].registered)
                import_register(i, &l->v[n], false);
            mem_free(MEM(bgp_network), l->v[n].rmap);
        }
        for (unsigned af = 0; af < BGP_AF_MAX; af++)
            for (unsigned proto = 0; proto < ZP_MAX; proto++) {
                if (l->wish[af][proto].on && !wanted_elsewhere(i, af, proto))
                    wish_send(i, af, proto, true);
                mem_free(MEM(bgp_network), l->wish[af][proto].rmap);
            }
        *pp = l->next;
        mem_free(MEM(bgp_network), l->v);
        mem_free(MEM(bgp_network), l);
        return;
    }
}
