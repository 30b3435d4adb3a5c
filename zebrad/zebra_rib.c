/* SPDX-License-Identifier: Apache-2.0
 * zebra_rib.c - tables, destinations and routes; selection; the scan that looks at all again.
 *
 * Changes to one route are acted on at once (rib_reevaluate). Changes to what many routes share
 * (a set became usable, an object was lost, an owner's old epoch is swept) only ask for a scan: a
 * linear pass over the pools in slices, about 50 ns per destination, which compares what is wanted
 * with what was sent. One scan serves any number of such changes.
 */
#include "config.h"
#include <stdio.h>
#include "zebra_rib.h"
#include "zebra_fib.h"
#include "zebra_track.h"
#include "intern.h"

MEM_DEFINE(rib, "RIB");
MEM_DEFINE(rib_dest4, "RIB destination IPv4");
MEM_DEFINE(rib_dest6, "RIB destination IPv6");
MEM_DEFINE(rib_route, "RIB further route");
MEM_DEFINE(rib_class, "RIB route class");
MEM_DEFINE(rib_nhg, "Next-hop set");
MEM_DEFINE(rib_knh, "Kernel nexthop object");
MEM_DEFINE(rib_track, "Tracked address");
MEM_DEFINE(rib_import, "Import check");

uint32_t rib_now(const struct rib *r)
{
    return (uint32_t)(r->ops->now(r->ctx) / 1000000);
}

void rib_hash_init(struct rib_hash *h, unsigned bits)
{
    h->head = mem_calloc(MEM(rib), (size_t)1 << bits, sizeof(uint32_t));
    h->mask = (1u << bits) - 1;
}

void rib_hash_fini(struct rib_hash *h)
{
    mem_free(MEM(rib), h->head);
}

/* ---- VRFs and tables ---- */
struct rib_vrf *rib_vrf_find(struct rib *r, uint32_t vrf_id)
{
    for (struct rib_vrf *v = r->vrfs; v; v = v->next)
        if (v->vrf_id == vrf_id)
            return v;
    return NULL;
}

struct rib_vrf *rib_vrf_by_name(struct rib *r, const char *name)
{
    for (struct rib_vrf *v = r->vrfs; v; v = v->next)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}

struct rib_vrf *rib_vrf_get(struct rib *r, uint32_t vrf_id)
{
    struct rib_vrf *v = rib_vrf_find(r, vrf_id);
    if (v)
        return v;
    v = mem_calloc(MEM(rib), 1, sizeof(*v));
    v->vrf_id = vrf_id;
    for (int a = 0; a < AFI_MAX; a++) {
        v->nht_default[a] = true;
        ptable_init(&v->tracks[a], afi_family(a), &r->tracks);
        ptable_init(&v->imports[a], afi_family(a), &r->imports);
        v->track_bits[a] = mem_calloc(MEM(rib), 1024, sizeof(uint64_t));
    }
    struct rib_vrf **pp = &r->vrfs; /* in order of id: the default one is found first */
    while (*pp && (*pp)->vrf_id < vrf_id)
        pp = &(*pp)->next;
    v->next = *pp;
    *pp = v;
    for (int a = 0; a < AFI_MAX; a++)
        v->main[a] = rib_table_get(r, vrf_id, a, 0);
    return v;
}

void rib_vrf_set(struct rib *r, uint32_t vrf_id, const char *name, uint32_t table)
{
    struct rib_vrf *v = rib_vrf_get(r, vrf_id);
    snprintf(v->name, sizeof(v->name), "%s", name);
    v->active = table != 0;
    if (v->table == table)
        return;
    v->table = table;
    for (int a = 0; a < AFI_MAX; a++) {
        struct rib_table *t = v->main[a];
        /* What stood in the old table is not ours to find under the new number. */
        for (uint32_t h = 1; h < pool_end(&t->dests); h++)
            if (rib_dest(t, h)->fib) {
                fib_forget(r, t, h);
                rib_dest_gc(t, h);
            }
        t->table = table;
    }
    rib_scan(r);
}

struct rib_table *rib_table_find(struct rib *r, uint32_t vrf_id, enum afi afi, uint32_t table)
{
    struct rib_vrf *v = rib_vrf_find(r, vrf_id);
    if (!v)
        return NULL;
    if (table == 0 || (v->active && table == v->table))
        return v->main[afi];
    for (struct rib_table *t = r->tables; t; t = t->next)
        if (t->vrf_id == vrf_id && t->afi == afi && t->table == table && t != v->main[afi])
            return t;
    return NULL;
}

struct rib_table *rib_table_get(struct rib *r, uint32_t vrf_id, enum afi afi, uint32_t table)
{
    struct rib_vrf *v = rib_vrf_get(r, vrf_id);
    struct rib_table *t = v->main[afi] ? rib_table_find(r, vrf_id, afi, table) : NULL;
    if (t || r->n_tables > UINT16_MAX) /* queues name a table by 16 bits */
        return t;
    t = mem_calloc(MEM(rib), 1, sizeof(*t));
    t->vrf_id = vrf_id;
    t->table = table;
    t->afi = afi;
    t->alen = afi == AFI_IP4 ? 4 : 16;
    pool_init(&t->dests, afi == AFI_IP4 ? MEM(rib_dest4) : MEM(rib_dest6),
              (uint32_t)(t->alen + sizeof(struct rib_dest)), 14);
    ptable_init(&t->pt, afi_family(afi), &t->dests);
    t->index = r->n_tables++;
    r->by_index = mem_realloc(MEM(rib), r->by_index, r->n_tables * sizeof(*r->by_index));
    r->by_index[t->index] = t;
    t->next = r->tables;
    r->tables = t;
    return t;
}

struct rib_table *rib_table_by_kernel(struct rib *r, enum afi afi, uint32_t table)
{
    for (struct rib_table *t = r->tables; t; t = t->next)
        if (t->afi == afi && t->table == table && table)
            return t;
    return NULL;
}

struct prefix rib_dest_prefix(const struct rib_table *t, uint32_t h)
{
    return prefix_from(afi_family(t->afi), rib_dest_addr(t, h), rib_dest(t, h)->len);
}

/* ---- classes ---- */
uint8_t rib_default_distance(enum zapi_proto proto, enum zapi_subtype subtype)
{
    switch (proto) {
    case ZP_STATIC:
        return 1;
    case ZP_BGP:
        return subtype == ZS_EBGP ? 20 : 200;
    case ZP_TABLE:
    case ZP_TABLE_DIRECT:
    case ZP_IPAM:
    case ZP_API:
        return 150;
    default:
        return 0;
    }
}

static uint32_t class_bucket(const struct rib *r, const struct rib_attr *a)
{
    uint32_t k[9] = { a->owner, (uint32_t)a->proto << 16 | (uint32_t)a->subtype << 8 | a->distance,
                      a->slot,  a->metric,
                      a->tag,   a->mtu,
                      a->epoch, a->nhg,
                      0 };
    return (uint32_t)hash_bytes(k, sizeof(k), 1) & r->class_hash.mask;
}

static struct rib_attr class_attr(const struct rib_class *c)
{
    return (struct rib_attr){ .owner = c->owner,
                              .proto = c->proto,
                              .subtype = c->subtype,
                              .distance = c->distance,
                              .slot = c->slot,
                              .metric = c->metric,
                              .tag = c->tag,
                              .mtu = c->mtu,
                              .epoch = c->epoch,
                              .nhg = c->nhg };
}

uint32_t rib_class_get(struct rib *r, const struct rib_attr *a)
{
    r->now_s = rib_now(r); /* the routes that get this class are of now */
    uint32_t b = class_bucket(r, a);
    for (uint32_t h = r->class_hash.head[b]; h;) {
        struct rib_class *c = rib_class(r, h);
        if (c->owner == a->owner && c->proto == a->proto && c->subtype == a->subtype &&
            c->distance == a->distance && c->slot == a->slot && c->metric == a->metric &&
            c->tag == a->tag && c->mtu == a->mtu && c->epoch == a->epoch && c->nhg == a->nhg &&
            !c->dead) {
            c->refs++;
            return h;
        }
        h = c->hnext;
    }
    uint32_t h = pool_alloc(&r->classes);
    struct rib_class *c = rib_class(r, h);
    *c = (struct rib_class){ .hnext = r->class_hash.head[b],
                             .refs = 1,
                             .nhg = a->nhg,
                             .slot = a->slot,
                             .metric = a->metric,
                             .tag = a->tag,
                             .mtu = a->mtu,
                             .epoch = a->epoch,
                             .owner = a->owner,
                             .proto = (uint8_t)a->proto,
                             .subtype = (uint8_t)a->subtype,
                             .distance = a->distance };
    r->class_hash.head[b] = h;
    nhg_ref(r, a->nhg);
    return h;
}

void rib_class_put(struct rib *r, uint32_t h)
{
    struct rib_class *c = rib_class(r, h);
    if (--c->refs)
        return;
    struct rib_attr a = class_attr(c);
    uint32_t *pp = &r->class_hash.head[class_bucket(r, &a)];
    while (*pp != h)
        pp = &rib_class(r, *pp)->hnext;
    *pp = c->hnext;
    uint32_t nhg = c->nhg;
    pool_free(&r->classes, h);
    nhg_unref(r, nhg);
}

bool rib_class_usable(const struct rib *r, const struct rib_class *c)
{
    return !c->dead && nhg_usable(nhg_get(r, c->nhg));
}

/* ---- routes of a destination: the first inline, further ones in a list, best first ---- */
static bool class_before(const struct rib_class *a, const struct rib_class *b)
{
    if (a->distance != b->distance)
        return a->distance < b->distance;
    return a->metric < b->metric;
}

static struct rib_route *route_get(const struct rib *r, uint32_t h)
{
    return pool_get(&r->routes, h);
}

static void dest_insert(struct rib *r, struct rib_dest *d, uint32_t cls, uint32_t since)
{
    if (!d->cls) {
        d->cls = cls;
        d->since = since;
        return;
    }
    const struct rib_class *c = rib_class(r, cls);
    uint32_t h = pool_alloc(&r->routes);
    struct rib_route *n = route_get(r, h);
    if (class_before(c, rib_class(r, d->cls))) {
        *n = (struct rib_route){ .link = d->next, .cls = d->cls, .since = d->since };
        d->next = h;
        d->cls = cls;
        d->since = since;
        return;
    }
    uint32_t *pp = &d->next;
    while (*pp && !class_before(c, rib_class(r, route_get(r, *pp)->cls)))
        pp = &route_get(r, *pp)->link;
    *n = (struct rib_route){ .link = *pp, .cls = cls, .since = since };
    *pp = h;
}

static void dest_drop_head(struct rib *r, struct rib_dest *d)
{
    uint32_t h = d->next;
    if (!h) {
        d->cls = d->since = 0;
        return;
    }
    struct rib_route *n = route_get(r, h);
    d->cls = n->cls;
    d->since = n->since;
    d->next = n->link;
    pool_free(&r->routes, h);
}

/* Takes out the route of this identity; its class (the caller puts it) or 0. */
static uint32_t dest_remove(struct rib *r, struct rib_dest *d, uint16_t owner, uint32_t slot)
{
    if (!d->cls)
        return 0;
    uint32_t cls = d->cls;
    const struct rib_class *c = rib_class(r, cls);
    if (c->owner == owner && c->slot == slot) {
        dest_drop_head(r, d);
        return cls;
    }
    for (uint32_t *pp = &d->next; *pp; pp = &route_get(r, *pp)->link) {
        struct rib_route *n = route_get(r, *pp);
        c = rib_class(r, n->cls);
        if (c->owner == owner && c->slot == slot) {
            uint32_t h = *pp;
            cls = n->cls;
            *pp = n->link;
            pool_free(&r->routes, h);
            return cls;
        }
    }
    return 0;
}

/* Takes out every route of a dead class. */
static void dest_purge(struct rib *r, struct rib_dest *d)
{
    while (d->cls && rib_class(r, d->cls)->dead) {
        uint32_t cls = d->cls;
        dest_drop_head(r, d);
        rib_class_put(r, cls);
    }
    for (uint32_t *pp = &d->next; *pp;) {
        struct rib_route *n = route_get(r, *pp);
        if (!rib_class(r, n->cls)->dead) {
            pp = &n->link;
            continue;
        }
        uint32_t h = *pp, cls = n->cls;
        *pp = n->link;
        pool_free(&r->routes, h);
        rib_class_put(r, cls);
    }
}

static uint32_t dest_selected(const struct rib *r, const struct rib_dest *d)
{
    if (!d->cls || rib_class_usable(r, rib_class(r, d->cls)))
        return d->cls;
    for (uint32_t h = d->next; h; h = route_get(r, h)->link) {
        uint32_t cls = route_get(r, h)->cls;
        if (rib_class_usable(r, rib_class(r, cls)))
            return cls;
    }
    return 0;
}

uint32_t rib_selected(const struct rib *r, const struct rib_table *t, uint32_t dest)
{
    return dest_selected(r, rib_dest(t, dest));
}

void rib_dest_gc(struct rib_table *t, uint32_t h)
{
    struct rib_dest *d = rib_dest(t, h);
    if (d->cls || d->fib || d->queued || d->inflight || (d->flags & DF_DELPEND))
        return;
    ptable_remove(&t->pt, rib_dest_addr(t, h), d->len);
    pool_free(&t->dests, h);
}

/* The selected route is `sel` now; tells everybody. */
static void dest_changed(struct rib *r, struct rib_table *t, uint32_t h, uint32_t sel)
{
    struct rib_dest *d = rib_dest(t, h);
    uint8_t old = d->flags & DF_PROTO;
    d->flags = (uint8_t)((d->flags & ~DF_PROTO) | (sel ? rib_class(r, sel)->proto & DF_PROTO : 0));
    track_route_changed(r, t, rib_dest_addr(t, h), d->len);
    r->ops->selected(r->ctx, t, h, old, sel);
}

void rib_reevaluate(struct rib *r, struct rib_table *t, uint32_t h)
{
    struct rib_dest *d = rib_dest(t, h);
    dest_purge(r, d);
    uint32_t sel = dest_selected(r, d);
    uint8_t proto = sel ? rib_class(r, sel)->proto : 0;
    if (proto != (d->flags & DF_PROTO))
        dest_changed(r, t, h, sel);
    fib_dirty(r, t, h, 0, 0);
    rib_dest_gc(t, h);
}

uint32_t rib_dest_make(struct rib_table *t, const uint8_t *addr, uint8_t len)
{
    uint32_t h = pool_alloc(&t->dests);
    memcpy(pool_get(&t->dests, h), addr, t->alen);
    rib_dest(t, h)->len = len;
    uint32_t had = ptable_insert(&t->pt, h); /* one descent in the usual case: it is new */
    if (!had)
        return h;
    pool_free(&t->dests, h);
    return had;
}

void rib_route_set(struct rib *r, struct rib_table *t, const uint8_t *addr, uint8_t len,
                   uint32_t cls, uint64_t seq)
{
    struct rib_class *c = rib_class(r, cls);
    uint32_t h = rib_dest_make(t, addr, len);
    struct rib_dest *d = rib_dest(t, h);
    uint32_t sel0 = dest_selected(r, d), old = dest_remove(r, d, c->owner, c->slot);
    c->refs++;
    dest_insert(r, d, cls, r->now_s);
    if (old) {
        if (rib_class(r, old)->mtu != c->mtu)
            fib_touch(r, t, h);
        rib_class_put(r, old);
    }
    uint32_t sel = dest_selected(r, d);
    if (sel != sel0)
        dest_changed(r, t, h, sel);
    if (seq && sel != cls) {
        r->ops->ack(r->ctx, c->owner, seq, seq, ZR_NOT_BEST, 0);
        seq = 0;
    }
    fib_dirty(r, t, h, c->owner, seq);
}

bool rib_route_unset(struct rib *r, struct rib_table *t, const uint8_t *addr, uint8_t len,
                     uint16_t owner, uint32_t slot)
{
    uint32_t h = ptable_find(&t->pt, addr, len);
    if (!h)
        return false;
    struct rib_dest *d = rib_dest(t, h);
    uint32_t sel0 = dest_selected(r, d);
    uint32_t cls = dest_remove(r, d, owner, slot);
    if (!cls)
        return false;
    rib_class_put(r, cls);
    uint32_t sel = dest_selected(r, d);
    if (sel != sel0 || cls == sel0 || (!sel && d->flags & DF_PROTO)) /* the last: its set was given up */
        dest_changed(r, t, h, sel);
    fib_dirty(r, t, h, 0, 0);
    rib_dest_gc(t, h);
    return true;
}

void rib_batch(struct rib *r, struct rib_table *t, uint16_t owner, uint32_t slot, uint32_t cls,
               uint64_t first_seq, const uint8_t *nlri, size_t len)
{
    const uint8_t *p = nlri, *end = nlri + len;
    r->now_s = rib_now(r);
    uint64_t seq = first_seq;
    while (p < end) {
        uint8_t plen = *p++, addr[16] = { 0 };
        size_t n = prefix_bytes(plen);
        if (n > (size_t)(end - p) || plen > t->alen * 8)
            break; /* the service's decoder refuses such a batch */
        memcpy(addr, p, n);
        p += n;
        if (plen % 8)
            addr[n - 1] &= (uint8_t)(0xff << (8 - plen % 8));
        if (cls)
            rib_route_set(r, t, addr, plen, cls, seq);
        else
            rib_route_unset(r, t, addr, plen, owner, slot);
        seq++;
    }
    /* A removal is settled here: that the kernel follows is our own concern, with retries. */
    if (!cls && seq > first_seq)
        r->ops->ack(r->ctx, owner, first_seq, seq - 1, ZR_REMOVED, 0);
    r->ops->schedule(r->ctx, 0);
}

void rib_sweep(struct rib *r, uint16_t owner, uint32_t before_epoch)
{
    bool any = false;
    for (uint32_t h = 1; h < pool_end(&r->classes); h++) {
        struct rib_class *c = rib_class(r, h);
        if (c->refs && c->owner == owner && c->epoch < before_epoch && !c->dead)
            c->dead = any = true;
    }
    if (any)
        rib_scan(r);
}

void rib_drop_link(struct rib *r, uint16_t owner, uint32_t ifindex)
{
    bool any = false;
    for (uint32_t h = 1; h < pool_end(&r->classes); h++) {
        struct rib_class *c = rib_class(r, h);
        if (!c->refs || c->owner != owner || c->dead)
            continue;
        const struct nhg *g = nhg_get(r, c->nhg);
        unsigned over = 0;
        while (over < g->n && g->nh[over].ifindex == ifindex)
            over++;
        if (over == g->n)
            c->dead = any = true;
    }
    if (any)
        rib_scan(r);
}

void rib_scan(struct rib *r)
{
    if (r->scan_on)
        r->scan_again = true;
    r->scan_on = true;
    r->ops->schedule(r->ctx, 0);
}

void rib_scan_later(struct rib *r, uint64_t delay_us)
{
    uint64_t at = r->ops->now(r->ctx) + delay_us;
    if (!r->retry_at || at < r->retry_at) {
        r->retry_at = at;
        r->ops->schedule(r->ctx, delay_us);
    }
}

/* A slice of the scan; true when it has more to do. */
static bool scan_work(struct rib *r, uint64_t until)
{
    while (r->scan_on) {
        if (r->scan_table >= r->n_tables) {
            r->scan_table = r->scan_pos = 0;
            r->scan_on = r->scan_again;
            r->scan_again = false;
            r->cnt.scans++;
            continue;
        }
        struct rib_table *t = r->by_index[r->scan_table];
        uint32_t end = pool_end(&t->dests), stop = r->scan_pos + 2048;
        if (stop > end)
            stop = end;
        for (uint32_t h = r->scan_pos ? r->scan_pos : 1; h < stop; h++) {
            const struct rib_dest *d = rib_dest(t, h);
            if (d->cls || d->fib)
                rib_reevaluate(r, t, h);
        }
        r->scan_pos = stop;
        if (stop >= end) {
            r->scan_table++;
            r->scan_pos = 0;
        }
        if (r->ops->now(r->ctx) >= until)
            return r->scan_on;
        if (r->up_n > 256 * 1024) /* let the writer catch up: memory stays bounded */
            return true;
    }
    return false;
}

void rib_work(struct rib *r, uint64_t budget_us)
{
    uint64_t now = r->ops->now(r->ctx), until = now + budget_us;
    r->now_s = (uint32_t)(now / 1000000);
    if (r->retry_at && now >= r->retry_at) {
        r->retry_at = 0;
        track_release(r);
        knh_redrive(r);
        rib_scan(r);
    }
    for (unsigned i = 0; i < 64 && ((int)track_work(r) | (int)nhg_work(r)); i++)
        ; /* what depends on each other settles in a few rounds; the rest comes in the next slice */
    bool more = r->track_dirty || r->nhg_dirty;
    if (fib_pump(r, until))
        more = true;
    if (r->scan_on && scan_work(r, until))
        more = true;
    bool refused = r->cnt.failed || r->knh_retry;
    if (!refused && !r->retry_at)
        r->retry_wait = 0;
    if (refused && !more && !r->retry_at) {
        /* Refused by the kernel: again after 0.2 s, then less and less often, up to a minute. */
        r->retry_wait = r->retry_wait ? r->retry_wait * 2 : 200000;
        if (r->retry_wait > 60000000)
            r->retry_wait = 60000000;
        r->retry_at = now + r->retry_wait;
    }
    if (more)
        r->ops->schedule(r->ctx, 0);
    else if (r->retry_at) /* always anew: an earlier call may have taken the later one's place */
        r->ops->schedule(r->ctx, r->retry_at > now ? r->retry_at - now : 0);
}

unsigned rib_views(const struct rib *r, const struct rib_table *t, uint32_t dest,
                   struct rib_view *out, unsigned max)
{
    const struct rib_dest *d = rib_dest(t, dest);
    uint32_t sel = dest_selected(r, d), cls = d->cls, since = d->since, next = d->next;
    unsigned n = 0;
    while (cls && n < max) {
        const struct rib_class *c = rib_class(r, cls);
        struct rib_view *v = &out[n++];
        *v = (struct rib_view){ .cls = cls,
                                .nhg = c->nhg,
                                .proto = c->proto,
                                .subtype = c->subtype,
                                .owner = c->owner,
                                .distance = c->distance,
                                .metric = c->metric,
                                .tag = c->tag,
                                .mtu = c->mtu,
                                .slot = c->slot,
                                .since = since,
                                .selected = cls == sel };
        if (v->selected && !rib_proto_installs(c->proto)) {
            v->installed = true;
        } else if (v->selected) {
            v->failed = d->flags & DF_FAILED;
            v->queued = d->queued || d->inflight;
            if (v->failed)
                v->err = (int)FIB_KNH(d->fib);
            else if (d->fib && knh_live(r, FIB_KNH(d->fib))) {
                v->installed = true;
                v->knh_id = knh_id(r, FIB_KNH(d->fib));
            }
        }
        cls = 0;
        if (next) {
            const struct rib_route *rr = route_get(r, next);
            cls = rr->cls;
            since = rr->since;
            next = rr->link;
        }
    }
    return n;
}

struct rib *rib_new(const struct rib_ops *ops, void *ctx)
{
    struct rib *r = mem_calloc(MEM(rib), 1, sizeof(*r));
    r->ops = ops;
    r->ctx = ctx;
    r->rnd = 2463534242u;
    r->ctl_tail = &r->ctl_head;
    pool_init(&r->classes, MEM(rib_class), sizeof(struct rib_class), 8);
    pool_init(&r->routes, MEM(rib_route), sizeof(struct rib_route), 10);
    pool_init(&r->nhgs, MEM(rib_nhg), sizeof(struct nhg), 6);
    pool_init(&r->knhs, MEM(rib_knh), sizeof(struct knh), 6);
    pool_init(&r->tracks, MEM(rib_track), sizeof(struct track), 6);
    pool_init(&r->imports, MEM(rib_import), sizeof(struct rib_import), 6);
    rib_hash_init(&r->class_hash, 14);
    rib_hash_init(&r->nhg_hash, 14);
    rib_hash_init(&r->nhg_id_hash, 14);
    rib_hash_init(&r->knh_hash, 14);
    carray_init(&r->kids, MEM(rib_knh), sizeof(uint32_t), 10);
    knh_init(r);
    rib_vrf_set(r, 0, "default", 254);
    return r;
}

void rib_free(struct rib *r)
{
    if (!r)
        return;
    for (uint32_t h = 1; h < pool_end(&r->nhgs); h++)
        nhg_fini(r, h);
    for (uint32_t h = 1; h < pool_end(&r->knhs); h++)
        knh_fini(r, h);
    for (uint32_t h = 1; h < pool_end(&r->tracks); h++)
        track_fini(r, h);
    for (uint16_t o = RIB_OWNER_CLIENT; pool_end(&r->imports) && o < 4096; o++)
        rib_import_drop_owner(r, o);
    fib_fini(r);
    while (r->tables) {
        struct rib_table *t = r->tables;
        r->tables = t->next;
        ptable_fini(&t->pt);
        pool_fini(&t->dests);
        mem_free(MEM(rib), t);
    }
    while (r->vrfs) {
        struct rib_vrf *v = r->vrfs;
        r->vrfs = v->next;
        for (int a = 0; a < AFI_MAX; a++) {
            ptable_fini(&v->tracks[a]);
            ptable_fini(&v->imports[a]);
            mem_free(MEM(rib), v->track_bits[a]);
        }
        mem_free(MEM(rib), v);
    }
    mem_free(MEM(rib), r->by_index);
    struct pool *pools[] = { &r->classes, &r->routes, &r->nhgs, &r->knhs, &r->tracks, &r->imports };
    for (unsigned i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
        pool_fini(pools[i]);
    rib_hash_fini(&r->class_hash);
    rib_hash_fini(&r->nhg_hash);
    rib_hash_fini(&r->nhg_id_hash);
    rib_hash_fini(&r->knh_hash);
    carray_fini(&r->kids);
    mem_free(MEM(rib), r);
}
