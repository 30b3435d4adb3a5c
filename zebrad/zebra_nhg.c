/* SPDX-License-Identifier: Apache-2.0
 * zebra_nhg.c - next-hop sets and their resolution.
 *
 * Two indexes: by owner and number (what clients name) and by content (what zebrad's own routes and
 * takeovers after a restart look for). Resolution is a concatenation of what the tracked gateways
 * resolve to; backups stand in when none of the primary next hops is left.
 */
#include "config.h"
#include <stdlib.h>
#include "zebra_nhg.h"
#include "zebra_fib.h"
#include "zebra_knh.h"
#include "zebra_track.h"
#include "intern.h"

MEM_DEFINE(nhg_list, "Next-hop set lists");

static bool nh_valid(const struct zapi_nexthop *nh)
{
    bool gate = nh->gate.family == AF_INET || nh->gate.family == AF_INET6;
    switch (nh->kind) {
    case ZN_GATEWAY:
        return gate && !(nh->gate.family == AF_INET6 && ipaddr_is_linklocal(&nh->gate));
    case ZN_GATEWAY_IF:
        return gate && nh->ifindex;
    case ZN_IFINDEX:
        return nh->ifindex != 0;
    case ZN_BLACKHOLE:
    case ZN_REJECT:
    case ZN_PROHIBIT:
        return true;
    }
    return false;
}

/* Only the fields that mean something, in zeroed memory, so that contents can be compared as bytes.
 */
static void nh_copy(struct zapi_nexthop *to, const struct zapi_nexthop *from)
{
    memset(to, 0, sizeof(*to));
    to->kind = from->kind;
    to->vrf_id = from->vrf_id;
    to->weight = from->weight ? from->weight : 1;
    to->flags = from->flags;
    if (from->kind == ZN_GATEWAY || from->kind == ZN_GATEWAY_IF) {
        to->gate.family = from->gate.family;
        memcpy(to->gate.b, from->gate.b, sizeof(to->gate.b));
    }
    if (from->kind == ZN_IFINDEX || from->kind == ZN_GATEWAY_IF)
        to->ifindex = from->ifindex;
}

static uint32_t id_bucket(const struct rib *r, uint16_t owner, uint32_t cid)
{
    uint32_t k[2] = { owner, cid };
    return (uint32_t)hash_bytes(k, sizeof(k), 2) & r->nhg_id_hash.mask;
}

static void id_link(struct rib *r, struct nhg *g)
{
    uint32_t *head = &r->nhg_id_hash.head[id_bucket(r, g->owner, g->cid)];
    g->id_next = *head;
    *head = g->self;
    g->held = true;
    g->refs++;
}

static void id_unlink(struct rib *r, struct nhg *g)
{
    uint32_t *pp = &r->nhg_id_hash.head[id_bucket(r, g->owner, g->cid)];
    while (*pp != g->self)
        pp = &nhg_get(r, *pp)->id_next;
    *pp = g->id_next;
    g->held = false;
}

static void content_link(struct rib *r, struct nhg *g)
{
    uint32_t *head = &r->nhg_hash.head[g->hash & r->nhg_hash.mask];
    g->hnext = *head;
    *head = g->self;
}

static void content_unlink(struct rib *r, struct nhg *g)
{
    uint32_t *pp = &r->nhg_hash.head[g->hash & r->nhg_hash.mask];
    while (*pp != g->self)
        pp = &nhg_get(r, *pp)->hnext;
    *pp = g->hnext;
}

static bool nh_tracked(const struct nhg *g, const struct zapi_nexthop *nh)
{
    if (g->trusted || (nh->flags & ZNF_ONLINK))
        return false;
    if (nh->kind == ZN_GATEWAY)
        return true;
    return nh->kind == ZN_GATEWAY_IF &&
           !(nh->gate.family == AF_INET6 && ipaddr_is_linklocal(&nh->gate));
}

static void content_clear(struct rib *r, struct nhg *g)
{
    if (!g->nh)
        return;
    content_unlink(r, g);
    for (unsigned i = 0; i < (unsigned)g->n + g->n_backup; i++)
        if (g->tr[i])
            track_put(r, g->tr[i], g->self);
    mem_free(MEM(nhg_list), g->nh);
    mem_free(MEM(nhg_list), g->tr);
    g->nh = NULL;
    g->tr = NULL;
}

/* Takes over nh (normalised). */
static void content_set(struct rib *r, struct nhg *g, struct zapi_nexthop *nh, unsigned n,
                        unsigned n_backup, uint32_t hash)
{
    struct zapi_nexthop *keep = nh;
    struct track **tr = mem_calloc(MEM(nhg_list), n + n_backup, sizeof(*tr));
    for (unsigned i = 0; i < n + n_backup; i++)
        if (nh_tracked(g, &nh[i]))
            tr[i] = track_get(r, nh[i].vrf_id, &nh[i].gate, g->self);
    content_clear(r, g);
    g->nh = keep;
    g->tr = tr;
    g->n = (uint16_t)n;
    g->n_backup = (uint16_t)n_backup;
    g->hash = hash;
    content_link(r, g);
    nhg_mark(r, g);
    for (struct track *t = g->via; t; t = t->via_next) /* it may depend on them now */
        track_mark(r, t);
}

static struct zapi_nexthop *normalise(const struct zapi_nexthop *nh, unsigned n,
                                      const struct zapi_nexthop *backup, unsigned n_backup,
                                      uint32_t *ret_hash)
{
    struct zapi_nexthop *v = mem_calloc(MEM(nhg_list), n + n_backup, sizeof(*v));
    for (unsigned i = 0; i < n; i++)
        nh_copy(&v[i], &nh[i]);
    for (unsigned i = 0; i < n_backup; i++)
        nh_copy(&v[n + i], &backup[i]);
    *ret_hash = (uint32_t)hash_bytes(v, (n + n_backup) * sizeof(*v), n);
    return v;
}

static bool content_is(const struct nhg *g, const struct zapi_nexthop *nh, unsigned n,
                       unsigned n_backup, uint32_t hash)
{
    return g->hash == hash && g->n == n && g->n_backup == n_backup && g->nh &&
           memcmp(g->nh, nh, (n + n_backup) * sizeof(*nh)) == 0;
}

static struct nhg *nhg_new(struct rib *r, uint16_t owner)
{
    uint32_t h = pool_alloc(&r->nhgs);
    struct nhg *g = nhg_get(r, h);
    g->self = h;
    g->owner = owner;
    return g;
}

uint32_t nhg_find(const struct rib *r, uint16_t owner, uint32_t cid, uint32_t epoch)
{
    for (uint32_t h = r->nhg_id_hash.head[id_bucket(r, owner, cid)]; h;) {
        const struct nhg *g = nhg_get(r, h);
        if (g->owner == owner && g->cid == cid && g->epoch == epoch)
            return h;
        h = g->id_next;
    }
    return 0;
}

uint32_t nhg_set(struct rib *r, uint16_t owner, uint32_t cid, uint32_t epoch,
                 const struct zapi_nhg *in)
{
    if (in->n > ZAPI_MAX_NEXTHOPS || in->n_backup > ZAPI_MAX_NEXTHOPS || in->n + in->n_backup == 0)
        return 0;
    for (unsigned i = 0; i < in->n; i++)
        if (!nh_valid(&in->nh[i]))
            return 0;
    for (unsigned i = 0; i < in->n_backup; i++)
        if (!nh_valid(&in->backup[i]))
            return 0;
    uint32_t hash, h = nhg_find(r, owner, cid, epoch);
    struct zapi_nexthop *nh = normalise(in->nh, in->n, in->backup, in->n_backup, &hash);
    if (h) {
        if (content_is(nhg_get(r, h), nh, in->n, in->n_backup, hash))
            mem_free(MEM(nhg_list), nh);
        else
            content_set(r, nhg_get(r, h), nh, in->n, in->n_backup, hash);
        return h;
    }
    /* A set of this owner's earlier life with the same content goes on under the new number. */
    for (h = r->nhg_hash.head[hash & r->nhg_hash.mask]; h; h = nhg_get(r, h)->hnext) {
        struct nhg *g = nhg_get(r, h);
        if (g->owner != owner || (g->held && g->epoch >= epoch) || g->trusted ||
            !content_is(g, nh, in->n, in->n_backup, hash))
            continue;
        g->refs++;
        if (g->held) {
            id_unlink(r, g);
            g->refs--;
        }
        g->cid = cid;
        g->epoch = epoch;
        id_link(r, g);
        g->refs--;
        mem_free(MEM(nhg_list), nh);
        return h;
    }
    struct nhg *g = nhg_new(r, owner);
    g->cid = cid;
    g->epoch = epoch;
    id_link(r, g);
    content_set(r, g, nh, in->n, in->n_backup, hash);
    return g->self;
}

uint32_t nhg_intern(struct rib *r, uint16_t owner, const struct zapi_nexthop *in, unsigned n,
                    bool trusted)
{
    uint32_t hash;
    struct zapi_nexthop *nh = normalise(in, n, NULL, 0, &hash);
    for (uint32_t h = r->nhg_hash.head[hash & r->nhg_hash.mask]; h; h = nhg_get(r, h)->hnext) {
        struct nhg *g = nhg_get(r, h);
        if (g->owner == owner && g->trusted == trusted && content_is(g, nh, n, 0, hash)) {
            mem_free(MEM(nhg_list), nh);
            g->refs++;
            return h;
        }
    }
    struct nhg *g = nhg_new(r, owner);
    g->trusted = trusted;
    g->refs = 1;
    content_set(r, g, nh, n, 0, hash);
    return g->self;
}

void nhg_ref(struct rib *r, uint32_t h)
{
    nhg_get(r, h)->refs++;
}

void nhg_unref(struct rib *r, uint32_t h)
{
    struct nhg *g = nhg_get(r, h);
    if (--g->refs)
        return;
    content_clear(r, g);
    /* What resolved through it was told when its routes went; only the list is left to empty. */
    while (g->via) {
        struct track *tr = g->via;
        g->via = tr->via_next;
        if (tr->via_next)
            tr->via_next->via_prev = &g->via;
        tr->via = 0;
        tr->via_next = NULL;
        tr->via_prev = NULL;
        track_mark(r, tr);
    }
    for (int a = 0; a < AFI_MAX; a++)
        if (g->knh[a])
            knh_group_release(r, g->knh[a]);
    if (g->dirty) {
        uint32_t *pp = &r->nhg_dirty;
        while (*pp != h)
            pp = &nhg_get(r, *pp)->dirty_next;
        *pp = g->dirty_next;
    }
    mem_free(MEM(nhg_list), g->res);
    g->res = NULL;
    pool_free(&r->nhgs, h);
}

void nhg_fini(struct rib *r, uint32_t h)
{
    struct nhg *g = nhg_get(r, h);
    mem_free(MEM(nhg_list), g->nh);
    mem_free(MEM(nhg_list), g->tr);
    mem_free(MEM(nhg_list), g->res);
}

void nhg_drop(struct rib *r, uint32_t h)
{
    struct nhg *g = nhg_get(r, h);
    if (!g->held)
        return;
    id_unlink(r, g);
    nhg_unref(r, h);
}

void nhg_give_up(struct rib *r, uint32_t h)
{
    struct nhg *g = nhg_get(r, h);
    for (unsigned a = 0; a < AFI_MAX; a++) {
        uint32_t k = g->knh[a];
        if (k < KNH_FIRST || !knh_live(r, k) || knh_get(r, k)->n_fib < FIB_FLUSH_MIN)
            continue;
        g->given_up = true;
        knh_flush(r, k);
    }
    nhg_drop(r, h);
}

void nhg_drop_owner(struct rib *r, uint16_t owner, uint32_t before_epoch)
{
    for (uint32_t h = 1; h < pool_end(&r->nhgs); h++) {
        struct nhg *g = nhg_get(r, h);
        if (g->refs && g->held && g->owner == owner && g->epoch < before_epoch)
            nhg_drop(r, h);
    }
}

/* ---- resolution ---- */
void nhg_mark(struct rib *r, struct nhg *g)
{
    if (g->dirty)
        return;
    g->dirty = true;
    g->dirty_next = r->nhg_dirty;
    r->nhg_dirty = g->self;
    r->ops->schedule(r->ctx, 0);
}

/* Does next hop i lead over the interface, by itself or by what its gateway resolves to? */
static bool nh_over(const struct nhg *g, unsigned i, uint32_t ifindex)
{
    if (g->nh[i].ifindex == ifindex)
        return true;
    for (unsigned k = 0; g->tr[i] && k < g->tr[i]->n; k++)
        if (g->tr[i]->res[k].ifindex == ifindex)
            return true;
    return false;
}

void nhg_mark_link(struct rib *r, uint32_t ifindex)
{
    for (uint32_t h = 1; h < pool_end(&r->nhgs); h++) {
        struct nhg *g = nhg_get(r, h);
        for (unsigned i = 0; g->refs && i < (unsigned)g->n + g->n_backup; i++)
            if (nh_over(g, i, ifindex))
                nhg_mark(r, g);
    }
}

bool nhg_depends(const struct rib *r, const struct nhg *g, const struct track *tr, unsigned depth)
{
    for (unsigned i = 0; i < (unsigned)g->n + g->n_backup; i++) {
        const struct track *t = g->tr[i];
        if (!t)
            continue;
        if (t == tr)
            return true;
        if (t->via && (depth >= 8 || nhg_depends(r, nhg_get(r, t->via), tr, depth + 1)))
            return true;
    }
    return false;
}

struct rnh_list {
    struct rnh v[ZAPI_MAX_NEXTHOPS];
    unsigned n;
};

static int rnh_cmp(const void *pa, const void *pb)
{
    const struct rnh *a = pa, *b = pb;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int c = ipaddr_cmp(&a->gate, &b->gate);
    if (c)
        return c;
    return a->ifindex < b->ifindex ? -1 : a->ifindex > b->ifindex;
}

static void rnh_add(struct rib *r, struct rnh_list *l, const struct rnh *e, uint16_t weight)
{
    if (e->ifindex && !r->ops->link_up(r->ctx, e->ifindex))
        return; /* asked here too, for a gateway's track may not have been evaluated since */
    for (unsigned i = 0; i < l->n; i++)
        if (rnh_cmp(&l->v[i], e) == 0)
            return; /* a duplicate of another next hop */
    if (l->n == ZAPI_MAX_NEXTHOPS)
        return;
    l->v[l->n] = *e;
    l->v[l->n++].weight = weight;
}

static void resolve_one(struct rib *r, const struct nhg *g, unsigned i, struct rnh_list *l)
{
    const struct zapi_nexthop *nh = &g->nh[i];
    uint16_t weight =
        nh->weight > 256 ? 256 : (uint16_t)nh->weight; /* the kernel's octet holds weight - 1 */
    struct rnh e = { .kind = (uint8_t)nh->kind,
                     .ifindex = nh->ifindex,
                     .gate = nh->gate,
                     .onlink = (nh->flags & ZNF_ONLINK) != 0 };
    const struct track *tr = g->tr[i];
    if (tr) {
        if (!tr->reachable || (!tr->connected && !(nh->flags & ZNF_RECURSIVE)))
            return;
        for (unsigned k = 0; k < tr->n; k++) {
            if (nh->kind == ZN_GATEWAY_IF && tr->res[k].ifindex != nh->ifindex)
                continue;
            rnh_add(r, l, &tr->res[k], weight);
            if (tr->connected)
                break; /* several interfaces in one subnet: one is enough */
        }
        return;
    }
    if (nh->kind != ZN_GATEWAY) /* onlink without an interface says nothing */
        rnh_add(r, l, &e, weight);
}

static void resolve_list(struct rib *r, const struct nhg *g, unsigned from, unsigned to,
                         struct rnh_list *l)
{
    l->n = 0;
    for (unsigned i = from; i < to; i++)
        resolve_one(r, g, i, l);
    qsort(l->v, l->n, sizeof(l->v[0]), rnh_cmp);
    /* Discarding kinds sort last. Beside a real next hop they mean nothing, alone one is enough. */
    unsigned real = 0;
    while (real < l->n && l->v[real].kind < ZN_BLACKHOLE)
        real++;
    if (real)
        l->n = real;
    else if (l->n > 1)
        l->n = 1;
}

static bool rnh_same(const struct rnh *a, unsigned na, const struct rnh *b, unsigned nb)
{
    if (na != nb)
        return false;
    for (unsigned i = 0; i < na; i++)
        if (rnh_cmp(&a[i], &b[i]) || a[i].weight != b[i].weight || a[i].onlink != b[i].onlink)
            return false;
    return true;
}

static void nhg_resolve(struct rib *r, struct nhg *g)
{
    struct rnh_list l;
    if (g->given_up)
        return;
    resolve_list(r, g, 0, g->n, &l);
    bool backup = false;
    if (!l.n && g->n_backup) {
        resolve_list(r, g, g->n, (unsigned)g->n + g->n_backup, &l);
        backup = l.n > 0;
    }
    g->on_backup = backup;
    if (!rnh_same(l.v, l.n, g->res, g->n_res)) {
        bool discards = l.n && l.v[0].kind >= ZN_BLACKHOLE;
        bool did = g->n_res && g->res[0].kind >= ZN_BLACKHOLE;
        bool scan = (l.n == 0) != (g->n_res == 0) || discards != did;
        mem_free(MEM(nhg_list), g->res);
        g->res = l.n ? mem_dup(MEM(nhg_list), l.v, l.n * sizeof(l.v[0])) : NULL;
        g->n_res = (uint16_t)l.n;
        for (struct track *tr = g->via; tr; tr = tr->via_next)
            track_mark(r, tr);
        if (scan)
            rib_scan(r);
    }
    if (!g->n_res || g->res[0].kind >= ZN_BLACKHOLE)
        return;
    for (int a = 0; a < AFI_MAX; a++) {
        uint32_t old = g->knh[a];
        if (!g->wanted[a])
            continue;
        knh_group_set(r, &g->knh[a], g->self, a, g->res, g->n_res);
        if (g->knh[a] != old)
            rib_scan(r);
    }
}

bool nhg_work(struct rib *r)
{
    bool any = false;
    for (unsigned i = 0; i < 1024 && r->nhg_dirty; i++) {
        struct nhg *g = nhg_get(r, r->nhg_dirty);
        r->nhg_dirty = g->dirty_next;
        g->dirty = false;
        nhg_resolve(r, g);
        any = true;
    }
    return any;
}

static uint32_t discard_knh(uint8_t kind)
{
    return kind == ZN_BLACKHOLE ? KNH_BLACKHOLE : kind == ZN_REJECT ? KNH_REJECT : KNH_PROHIBIT;
}

uint32_t nhg_knh(struct rib *r, uint32_t h, enum afi afi)
{
    struct nhg *g = nhg_get(r, h);
    if (!nhg_usable(g))
        return 0;
    if (g->res[0].kind >= ZN_BLACKHOLE)
        return discard_knh(g->res[0].kind);
    if (!g->knh[afi] || !knh_live(r, g->knh[afi])) {
        g->wanted[afi] = true;
        knh_group_set(r, &g->knh[afi], h, afi, g->res, g->n_res);
    }
    return g->knh[afi];
}
