/* SPDX-License-Identifier: Apache-2.0
 * zebra_track.c - tracked addresses.
 *
 * Per VRF and family a prefix table of the addresses. A changed route marks the addresses that it
 * covers; a bitmap over their first 16 bits (IPv6: a hash of the first 48) lets a full table load
 * pass by with one bit test per route. Evaluation is longest match over usable routes, walking up
 * past routes that would resolve through the address itself.
 */
#include "config.h"
#include "zebra_track.h"
#include "intern.h"

/* Routes can be given that make each other valid and invalid in turn. They may not keep us busy. */
#define FLIPS_MAX 64
#define HOLD_US   1000000

MEM_DEFINE(track_list, "Tracked address lists");

struct ipaddr track_addr(const struct track *tr)
{
    return ipaddr_from(afi_family(tr->afi), tr->key);
}

static struct track *track_at(const struct rib *r, uint32_t h)
{
    return pool_get(&r->tracks, h);
}

static uint32_t bit_of(enum afi afi, const uint8_t *addr)
{
    if (afi == AFI_IP4)
        return (uint32_t)addr[0] << 8 | addr[1];
    return (uint32_t)hash_bytes(addr, 6, 3) & 0xffff;
}

struct track *track_find(struct rib *r, uint32_t vrf_id, const struct ipaddr *a)
{
    struct rib_vrf *v = rib_vrf_find(r, vrf_id);
    uint32_t h = v ? ptable_find(&v->tracks[afi_of(a->family)], a->b, prefix_maxlen(a->family)) : 0;
    return h ? track_at(r, h) : NULL;
}

static struct track *track_make(struct rib *r, uint32_t vrf_id, const struct ipaddr *a)
{
    struct track *tr = track_find(r, vrf_id, a);
    if (tr)
        return tr;
    struct rib_vrf *v = rib_vrf_get(r, vrf_id);
    uint32_t h = pool_alloc(&r->tracks);
    tr = track_at(r, h);
    tr->self = h;
    tr->vrf_id = vrf_id;
    tr->afi = afi_of(a->family);
    size_t alen = tr->afi == AFI_IP4 ? 4 : 16;
    memcpy(tr->key, a->b, alen);
    tr->key[alen] = prefix_maxlen(a->family);
    ptable_insert(&v->tracks[tr->afi], h);
    uint32_t bit = bit_of(tr->afi, tr->key);
    v->track_bits[tr->afi][bit / 64] |= 1ull << (bit % 64);
    track_mark(r, tr);
    return tr;
}

static void via_unlink(struct track *tr)
{
    if (!tr->via)
        return;
    *tr->via_prev = tr->via_next;
    if (tr->via_next)
        tr->via_next->via_prev = tr->via_prev;
    tr->via = 0;
    tr->via_next = NULL;
    tr->via_prev = NULL;
}

static void via_link(struct rib *r, struct track *tr, uint32_t nhg)
{
    struct nhg *g = nhg_get(r, nhg);
    tr->via = nhg;
    tr->via_next = g->via;
    tr->via_prev = &g->via;
    if (g->via)
        g->via->via_prev = &tr->via_next;
    g->via = tr;
}

void track_fini(struct rib *r, uint32_t h)
{
    struct track *tr = track_at(r, h);
    mem_free(MEM(track_list), tr->nhgs);
    mem_free(MEM(track_list), tr->regs);
    mem_free(MEM(track_list), tr->res);
}

static void track_gc(struct rib *r, struct track *tr)
{
    if (tr->n_nhgs || tr->n_regs || tr->dirty) /* a marked one goes when it is evaluated */
        return;
    struct rib_vrf *v = rib_vrf_get(r, tr->vrf_id);
    uint32_t h = tr->self;
    via_unlink(tr);
    ptable_remove(&v->tracks[tr->afi], tr->key, tr->key[tr->afi == AFI_IP4 ? 4 : 16]);
    if (!v->tracks[tr->afi].count)
        memset(v->track_bits[tr->afi], 0, 8192);
    track_fini(r, h);
    tr->nhgs = NULL;
    tr->regs = NULL;
    tr->res = NULL;
    pool_free(&r->tracks, h);
}

struct track *track_get(struct rib *r, uint32_t vrf_id, const struct ipaddr *a, uint32_t nhg)
{
    struct track *tr = track_make(r, vrf_id, a);
    if (tr->n_nhgs == tr->cap_nhgs) {
        tr->cap_nhgs = tr->cap_nhgs ? (uint16_t)(tr->cap_nhgs * 2) : 2;
        tr->nhgs = mem_realloc(MEM(track_list), tr->nhgs, tr->cap_nhgs * sizeof(*tr->nhgs));
    }
    tr->nhgs[tr->n_nhgs++] = nhg;
    return tr;
}

void track_put(struct rib *r, struct track *tr, uint32_t nhg)
{
    for (unsigned i = 0; i < tr->n_nhgs; i++) {
        if (tr->nhgs[i] == nhg) {
            tr->nhgs[i] = tr->nhgs[--tr->n_nhgs];
            break;
        }
    }
    track_gc(r, tr);
}

struct track *track_register(struct rib *r, uint32_t vrf_id, const struct ipaddr *a, uint16_t owner,
                             bool connected_only)
{
    struct track *tr = track_make(r, vrf_id, a);
    for (unsigned i = 0; i < tr->n_regs; i++) {
        if (tr->regs[i].owner == owner) {
            tr->regs[i].connected_only = connected_only;
            return tr;
        }
    }
    tr->regs = mem_realloc(MEM(track_list), tr->regs, (tr->n_regs + 1u) * sizeof(*tr->regs));
    tr->regs[tr->n_regs++] = (struct track_reg){ .owner = owner, .connected_only = connected_only };
    return tr;
}

static void unregister(struct rib *r, struct track *tr, uint16_t owner)
{
    for (unsigned i = 0; i < tr->n_regs; i++)
        if (tr->regs[i].owner == owner)
            tr->regs[i--] = tr->regs[--tr->n_regs];
    track_gc(r, tr);
}

void track_unregister(struct rib *r, uint32_t vrf_id, const struct ipaddr *a, uint16_t owner)
{
    struct track *tr = track_find(r, vrf_id, a);
    if (tr)
        unregister(r, tr, owner);
}

void track_drop_owner(struct rib *r, uint16_t owner)
{
    for (uint32_t h = 1; h < pool_end(&r->tracks); h++)
        if (track_at(r, h)->self && track_at(r, h)->n_regs)
            unregister(r, track_at(r, h), owner);
}

void tracks_of(struct rib *r, uint16_t owner, void (*fn)(void *ctx, struct track *tr), void *ctx)
{
    for (uint32_t h = 1; h < pool_end(&r->tracks); h++) {
        struct track *tr = track_at(r, h);
        for (unsigned i = 0; i < tr->n_regs; i++)
            if (tr->regs[i].owner == owner)
                fn(ctx, tr);
    }
}

void track_walk(struct rib *r, uint32_t vrf_id, enum afi afi,
                void (*fn)(void *ctx, struct track *tr), void *ctx)
{
    struct rib_vrf *v = rib_vrf_find(r, vrf_id);
    struct ptable_cursor c;
    uint32_t out[64], n;
    ptable_cursor_init(&c);
    while (v && (n = ptable_next(&v->tracks[afi], &c, out, 64)) != 0)
        for (uint32_t i = 0; i < n; i++)
            fn(ctx, track_at(r, out[i]));
}

void track_mark(struct rib *r, struct track *tr)
{
    if (tr->dirty || tr->held)
        return;
    if (tr->flips > FLIPS_MAX && r->now_s - tr->flips_since <= 1) {
        tr->held = true;
        rib_scan_later(r, HOLD_US);
        return;
    }
    tr->dirty = true;
    tr->dirty_next = 0;
    if (r->track_dirty)
        track_at(r, r->track_dirty_tail)->dirty_next = tr->self;
    else
        r->track_dirty = tr->self;
    r->track_dirty_tail = tr->self;
    r->ops->schedule(r->ctx, 0);
}

void track_route_changed(struct rib *r, struct rib_table *t, const uint8_t *addr, uint8_t len)
{
    struct rib_vrf *v = rib_vrf_find(r, t->vrf_id);
    if (v->main[t->afi] != t || !v->tracks[t->afi].count)
        return;
    if (len >= (t->afi == AFI_IP4 ? 16 : 48)) {
        uint32_t bit = bit_of(t->afi, addr);
        if (!(v->track_bits[t->afi][bit / 64] & 1ull << (bit % 64)))
            return;
    }
    struct prefix p = prefix_from(afi_family(t->afi), addr, len);
    struct ptable_cursor c;
    uint32_t out[64], n;
    ptable_cursor_init(&c);
    ptable_cursor_within(&c, &p);
    while ((n = ptable_next(&v->tracks[t->afi], &c, out, 64)) != 0)
        for (uint32_t i = 0; i < n; i++)
            track_mark(r, track_at(r, out[i]));
}

void track_release(struct rib *r)
{
    for (uint32_t h = 1; h < pool_end(&r->tracks); h++) {
        struct track *tr = track_at(r, h);
        if (!tr->held)
            continue;
        tr->held = false;
        tr->flips = 0;
        track_mark(r, tr);
    }
}

static void mark_one(void *ctx, struct track *tr)
{
    track_mark(ctx, tr);
}

void track_mark_all(struct rib *r, uint32_t vrf_id, enum afi afi)
{
    track_walk(r, vrf_id, afi, mark_one, r);
}

/* ---- evaluation ---- */
struct result {
    bool reachable, connected;
    uint8_t proto, distance;
    uint32_t metric, via;
    struct prefix by;
    struct rnh v[ZAPI_MAX_NEXTHOPS];
    unsigned n;
};

/* The route at this destination answers for the address. */
static void answer(struct rib *r, const struct track *tr, struct rib_table *t, uint32_t h,
                   uint32_t cls, struct result *res)
{
    const struct rib_class *c = rib_class(r, cls);
    const struct nhg *g = nhg_get(r, c->nhg);
    res->by = rib_dest_prefix(t, h);
    res->via = c->nhg;
    res->proto = c->proto;
    res->distance = c->distance;
    res->metric = c->metric;
    res->connected = c->proto == ZP_CONNECT;
    res->reachable = true;
    if (res->connected) {
        struct rib_view view[16];
        unsigned n = rib_views(r, t, h, view, 16);
        for (unsigned i = 0; i < n; i++)
            if (view[i].proto == ZP_CONNECT && rib_class_usable(r, rib_class(r, view[i].cls)))
                res->v[res->n++] =
                    (struct rnh){ .kind = ZN_GATEWAY_IF,
                                  .gate = track_addr(tr),
                                  .weight = 1,
                                  .ifindex = nhg_get(r, view[i].nhg)->res[0].ifindex };
        return;
    }
    for (unsigned i = 0; i < g->n_res; i++) {
        struct rnh *e = &res->v[res->n++];
        *e = g->res[i];
        e->weight = 1;
        if (e->kind == ZN_IFINDEX) { /* on that link, though no address of ours is in its subnet */
            e->kind = ZN_GATEWAY_IF;
            e->gate = track_addr(tr);
            e->onlink = true;
        }
    }
}

/* Is this address one of our own? Then it is nobody's next hop. */
static bool is_own(struct rib *r, struct rib_table *t, uint32_t h)
{
    struct rib_view view[16];
    unsigned n = rib_dest(t, h)->len == t->alen * 8 ? rib_views(r, t, h, view, 16) : 0;
    for (unsigned i = 0; i < n; i++)
        if (view[i].proto == ZP_LOCAL)
            return true;
    return false;
}

static void evaluate(struct rib *r, const struct track *tr, struct result *res)
{
    memset(res, 0, sizeof(*res));
    struct rib_vrf *v = rib_vrf_find(r, tr->vrf_id);
    struct rib_table *t = v->main[tr->afi];
    if (!v->active)
        return;
    uint32_t h = ptable_lpm(&t->pt, tr->key, (uint8_t)(t->alen * 8));
    while (h) {
        const struct rib_dest *d = rib_dest(t, h);
        struct rib_view view[16];
        if (d->len == 0 && !v->nht_default[tr->afi])
            return;
        if (is_own(r, t, h))
            return;
        unsigned n = rib_views(r, t, h, view, 16);
        for (unsigned i = 0; i < n; i++) {
            const struct rib_class *c = rib_class(r, view[i].cls);
            if (!rib_class_usable(r, c) || nhg_depends(r, nhg_get(r, c->nhg), tr, 0))
                continue;
            answer(r, tr, t, h, view[i].cls, res);
            return;
        }
        h = ptable_parent(&t->pt, rib_dest_addr(t, h), d->len);
    }
}

static bool rnh_list_same(const struct rnh *a, const struct rnh *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (a[i].kind != b[i].kind || a[i].ifindex != b[i].ifindex || a[i].onlink != b[i].onlink ||
            !ipaddr_eq(&a[i].gate, &b[i].gate))
            return false;
    return true;
}

static void track_eval(struct rib *r, struct track *tr)
{
    struct result res;
    evaluate(r, tr, &res);
    bool hops = res.n != tr->n || !rnh_list_same(res.v, tr->res, res.n) ||
                res.reachable != tr->reachable || res.connected != tr->connected;
    bool told = hops || res.proto != tr->proto || res.distance != tr->distance ||
                res.metric != tr->metric || !prefix_eq(&res.by, &tr->by);
    if (res.via != tr->via) {
        via_unlink(tr);
        if (res.via)
            via_link(r, tr, res.via);
    }
    if (!told)
        return;
    if (r->now_s - tr->flips_since > 1) {
        tr->flips_since = r->now_s;
        tr->flips = 0;
    }
    tr->flips++;
    mem_free(MEM(track_list), tr->res);
    tr->res = res.n ? mem_dup(MEM(track_list), res.v, res.n * sizeof(res.v[0])) : NULL;
    tr->n = (uint16_t)res.n;
    tr->reachable = res.reachable;
    tr->connected = res.connected;
    tr->proto = res.proto;
    tr->distance = res.distance;
    tr->metric = res.metric;
    tr->by = res.by;
    if (hops)
        for (unsigned i = 0; i < tr->n_nhgs; i++)
            nhg_mark(r, nhg_get(r, tr->nhgs[i]));
    if (tr->n_regs)
        r->ops->tracked(r->ctx, tr);
}

bool track_work(struct rib *r)
{
    bool any = false;
    for (unsigned i = 0; i < 1024 && r->track_dirty; i++) {
        struct track *tr = track_at(r, r->track_dirty);
        r->track_dirty = tr->dirty_next;
        tr->dirty = false;
        any = true;
        if (!tr->n_nhgs && !tr->n_regs)
            track_gc(r, tr);
        else
            track_eval(r, tr);
    }
    return any;
}
