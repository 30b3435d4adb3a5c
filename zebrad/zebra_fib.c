/* SPDX-License-Identifier: Apache-2.0
 * zebra_fib.c - from wanted state to kernel operations and back.
 *
 * Three queues feed the batches, in this order: control operations (nexthop objects, addresses,
 * links), upserts in the order of the changes, deletes in random order. A destination is looked at
 * when its turn comes, so what changed twice is written once, and earlier sequence numbers are
 * answered "superseded".
 *
 * Deletes: ascending order is the kernel's worst case, twelve times slower than a scattered one, so
 * they are drawn at random. Better still is none at all: when every route of a nexthop object waits
 * to be deleted, the object is deleted instead and the kernel flushes its routes. A burst of
 * deletes is held back for a moment to get there; the routes in question lead nowhere anyhow.
 */
#include "config.h"
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include "zebra_fib.h"

MEM_DEFINE(fib_queue, "FIB queue");
MEM_DEFINE(fib_batch, "FIB batch");

struct fib_ctl {
    struct fib_ctl *next;
    uint8_t kind;
    uint32_t knh, kid;
    void *extra;
};

static struct {
    void (*fn)(void *ctx, const struct fib_op *op);
    void *ctx;
} if_hook;

void fib_if_result_hook(void (*fn)(void *ctx, const struct fib_op *op), void *ctx)
{
    if_hook.fn = fn;
    if_hook.ctx = ctx;
}

void fib_ctl(struct rib *r, enum fib_kind kind, uint32_t knh, uint32_t kid, void *extra)
{
    struct fib_ctl *c = mem_calloc(MEM(fib_queue), 1, sizeof(*c));
    *c = (struct fib_ctl){ .kind = (uint8_t)kind, .knh = knh, .kid = kid, .extra = extra };
    *r->ctl_tail = c;
    r->ctl_tail = &c->next;
    r->ops->schedule(r->ctx, 0);
}

/* ---- the shadow ---- */
static uint32_t dest_fib(const struct rib_dest *d)
{
    return d->flags & DF_FAILED ? 0 : d->fib;
}

static void set_fib(struct rib *r, struct rib_table *t, struct rib_dest *d, uint32_t fib)
{
    uint32_t old = dest_fib(d);
    if (d->flags & DF_FAILED) {
        d->flags &= (uint8_t)~DF_FAILED;
        r->cnt.failed--;
    }
    if (d->flags & DF_ADOPTED) {
        d->flags &= (uint8_t)~DF_ADOPTED;
        r->adopted--;
    }
    bool del = d->flags & DF_DELPEND;
    d->fib = fib;
    if (fib) {
        knh_fib_ref(r, FIB_KNH(fib));
        knh_get(r, FIB_KNH(fib))->n_del += del;
        t->n_fib++;
    }
    if (old) {
        knh_get(r, FIB_KNH(old))->n_del -= del;
        t->n_fib--;
        knh_fib_unref(r, FIB_KNH(old));
    }
}

static void set_failed(struct rib *r, struct rib_table *t, struct rib_dest *d, uint8_t proto,
                       int err)
{
    set_fib(r, t, d, 0);
    d->flags |= DF_FAILED;
    d->fib = FIB_MAKE(proto, (uint32_t)err);
    r->cnt.failed++;
}

static void delpend_clear(struct rib *r, struct rib_dest *d)
{
    if (!(d->flags & DF_DELPEND))
        return;
    d->flags &= (uint8_t)~DF_DELPEND;
    if (dest_fib(d))
        knh_get(r, FIB_KNH(d->fib))->n_del--;
}

void fib_forget(struct rib *r, struct rib_table *t, uint32_t dest)
{
    set_fib(r, t, rib_dest(t, dest), 0);
}

void fib_touch(struct rib *r, struct rib_table *t, uint32_t dest)
{
    struct rib_dest *d = rib_dest(t, dest);
    if (dest_fib(d))
        d->fib = FIB_MAKE(0, FIB_KNH(d->fib));
}

static uint8_t kernel_proto(uint8_t proto)
{
    return proto == ZP_BGP      ? RTPROT_GW_BGP
           : proto == ZP_STATIC ? RTPROT_GW_STATIC
                                : RTPROT_GW_OTHER;
}

uint32_t fib_wanted(struct rib *r, struct rib_table *t, uint32_t dest)
{
    uint32_t cls = rib_selected(r, t, dest);
    if (!cls || !t->table)
        return 0;
    const struct rib_class *c = rib_class(r, cls);
    if (!rib_proto_installs(c->proto))
        return 0;
    uint32_t knh = nhg_knh(r, c->nhg, t->afi);
    return knh ? FIB_MAKE(kernel_proto(c->proto), knh) : 0;
}

/* ---- queues ---- */
/* The kernel's IPv4 table is a trie that doubles its nodes as they fill. Prefixes in ascending
 * order make it copy the same node again and again; prefixes that come evenly spread make every
 * node grow once. So routes are written in passes: first every 32nd /24, then those halfway
 * between, and so on (the reversed order of five address bits), ascending within a pass, which
 * keeps neighbours close in memory. A million routes take half the time of ascending order. IPv6
 * has another structure: one pass. */
static unsigned pass_of(const struct rib_table *t, uint32_t dest)
{
    static const uint8_t reversed[FIB_PASSES] = { 0,  16, 8,  24, 4,  20, 12, 28, 2,  18, 10,
                                                  26, 6,  22, 14, 30, 1,  17, 9,  25, 5,  21,
                                                  13, 29, 3,  19, 11, 27, 7,  23, 15, 31 };
    return t->afi == AFI_IP4 ? reversed[rib_dest_addr(t, dest)[2] & (FIB_PASSES - 1)] : 0;
}

static void upserts_grow(struct rib_upserts *q)
{
    uint32_t cap = q->cap ? q->cap * 2 : 64;
    struct rib_upsert *v = mem_alloc(MEM(fib_queue), cap * sizeof(*v));
    for (uint32_t i = 0; i < q->n; i++)
        v[i] = q->v[(q->head + i) & (q->cap - 1)];
    mem_free(MEM(fib_queue), q->v);
    q->v = v;
    q->cap = cap;
    q->head = 0;
}

static void push_upsert(struct rib *r, struct rib_table *t, uint32_t dest, uint16_t owner,
                        uint64_t seq)
{
    struct rib_upserts *q = &r->up[pass_of(t, dest)];
    if (q->n == q->cap)
        upserts_grow(q);
    q->v[(q->head + q->n++) & (q->cap - 1)] = (struct rib_upsert){
        .table = (uint16_t)t->index, .dest = dest, .seq = seq, .owner = owner
    };
    r->up_n++;
    rib_dest(t, dest)->queued++;
}

static void push_delete(struct rib *r, struct rib_table *t, uint32_t dest)
{
    struct rib_dest *d = rib_dest(t, dest);
    if (d->flags & DF_DELPEND)
        return;
    if (r->del_n == r->del_cap) {
        r->del_cap = r->del_cap ? r->del_cap * 2 : 1024;
        r->del = mem_realloc(MEM(fib_queue), r->del, r->del_cap * sizeof(*r->del));
    }
    if (!(r->del_n & 255)) { /* the clock is read now and then only */
        r->del_last = r->ops->now(r->ctx);
        if (!r->del_n)
            r->del_since = r->del_last;
    }
    r->del[r->del_n++] = (uint64_t)t->index << 32 | dest;
    d->flags |= DF_DELPEND;
    if (dest_fib(d))
        knh_get(r, FIB_KNH(d->fib))->n_del++;
    if (r->del_n == 1)
        r->ops->schedule(r->ctx, 0);
}

static void settle(struct rib *r, uint16_t owner, uint64_t seq, enum zapi_result res, int err)
{
    if (!seq)
        return;
    r->cnt.acks++;
    r->ops->ack(r->ctx, owner, seq, seq, res, err);
}

void fib_dirty(struct rib *r, struct rib_table *t, uint32_t dest, uint16_t owner, uint64_t seq)
{
    struct rib_dest *d = rib_dest(t, dest);
    uint32_t want = fib_wanted(r, t, dest), have = dest_fib(d);
    if (have && !knh_live(r, FIB_KNH(have))) {
        set_fib(r, t, d, 0);
        have = 0;
    }
    if (want)
        delpend_clear(r, d);
    if (want == have && !(d->flags & DF_FAILED)) {
        if ((d->flags & DF_ADOPTED) && want) {
            d->flags &= (uint8_t)~DF_ADOPTED;
            r->adopted--;
        }
        if (!d->queued && (!seq || !d->inflight)) {
            settle(r, owner, seq, want ? ZR_INSTALLED : ZR_FAILED, want ? 0 : ENETUNREACH);
            return;
        }
    }
    if (!want) {
        settle(r, owner, seq, ZR_FAILED, t->table ? ENETUNREACH : ENODEV);
        if (d->fib && !(d->flags & DF_ADOPTED))
            push_delete(r, t, dest);
        return;
    }
    if (!seq && d->queued)
        return; /* the entry that waits will find the new state */
    if (d->queued == UINT8_MAX) {
        settle(r, owner, seq, ZR_SUPERSEDED, 0);
        return;
    }
    push_upsert(r, t, dest, owner, seq);
    if (r->up_n == 1)
        r->ops->schedule(r->ctx, 0);
}

uint32_t fib_pending(const struct rib *r)
{
    return r->up_n + r->del_n + r->batches_out * FIB_BATCH;
}

/* ---- batches ---- */
static struct fib_op *op_new(struct fib_batch *b, enum fib_kind kind)
{
    struct fib_op *op = &b->op[b->n++];
    memset(op, 0, sizeof(*op));
    op->kind = (uint8_t)kind;
    return op;
}

static struct fib_op *op_route(struct rib *r, struct fib_batch *b, enum fib_kind kind,
                               struct rib_table *t, uint32_t dest, uint32_t fib)
{
    struct rib_dest *d = rib_dest(t, dest);
    struct fib_op *op = op_new(b, kind);
    uint32_t knh = FIB_KNH(fib);
    op->family = (uint8_t)afi_family(t->afi);
    op->len = d->len;
    memcpy(op->addr, rib_dest_addr(t, dest), t->alen);
    op->table = t->table;
    op->proto = FIB_PROTO(fib);
    op->rtype = knh == KNH_BLACKHOLE  ? RTN_BLACKHOLE
                : knh == KNH_REJECT   ? RTN_UNREACHABLE
                : knh == KNH_PROHIBIT ? RTN_PROHIBIT
                                      : RTN_UNICAST;
    op->rib_table = t->index;
    op->dest = dest;
    op->fib = fib;
    d->inflight++;
    if (kind == FIB_ROUTE_SET) {
        op->nhid = knh_id(r, knh);
        op->mtu = rib_class(r, rib_selected(r, t, dest))->mtu;
        r->cnt.sets++;
    } else {
        r->cnt.dels++;
    }
    return op;
}

static void take_ctl(struct rib *r, struct fib_batch *b)
{
    while (r->ctl_head && b->n < FIB_BATCH) {
        struct fib_ctl *c = r->ctl_head;
        struct fib_op *op = op_new(b, c->kind);
        op->dest = c->knh;
        op->nhid = c->kid;
        op->extra = c->extra;
        r->ctl_head = c->next;
        if (!r->ctl_head)
            r->ctl_tail = &r->ctl_head;
        mem_free(MEM(fib_queue), c);
    }
}

/* Sets one destination; false when it has to wait its turn again. */
static bool take_upsert(struct rib *r, struct fib_batch *b, const struct rib_upsert *u)
{
    struct rib_table *t = r->by_index[u->table];
    struct rib_dest *d = rib_dest(t, u->dest);
    if (d->inflight == UINT8_MAX)
        return false;
    if (--d->queued) {
        r->cnt.superseded++;
        settle(r, u->owner, u->seq, ZR_SUPERSEDED, 0);
        return true;
    }
    uint32_t want = fib_wanted(r, t, u->dest), have = dest_fib(d);
    if (!want) { /* taken back meanwhile */
        settle(r, u->owner, u->seq, ZR_SUPERSEDED, 0);
        if (d->fib && !(d->flags & DF_ADOPTED))
            push_delete(r, t, u->dest);
        rib_dest_gc(t, u->dest);
        return true;
    }
    delpend_clear(r, d);
    if (want == have && !d->inflight) {
        settle(r, u->owner, u->seq, ZR_INSTALLED, 0);
        return true;
    }
    set_fib(r, t, d, want);
    struct fib_op *op = op_route(r, b, FIB_ROUTE_SET, t, u->dest, want);
    op->owner = u->owner;
    op->seq = u->seq;
    return true;
}

/* Puts what waits in a queue into ascending order of address, keeping the order of entries for one
 * prefix, so that neighbours in the trie become neighbours in the kernel's memory: that is worth a
 * third when they are written and more when they are flushed. A radix sort of (address, place). */
static void upserts_sort(struct rib *r, struct rib_upserts *q)
{
    uint32_t n = q->n;
    if (n < 64 || r->by_index[q->v[q->head].table]->afi != AFI_IP4)
        return;
    uint64_t *a = mem_alloc(MEM(fib_queue), 2 * n * sizeof(*a)), *b = a + n;
    struct rib_upsert *v = mem_alloc(MEM(fib_queue), q->cap * sizeof(*v));
    for (uint32_t i = 0; i < n; i++) {
        const struct rib_upsert *u = &q->v[(q->head + i) & (q->cap - 1)];
        const uint8_t *p = rib_dest_addr(r->by_index[u->table], u->dest);
        a[i] = (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 |
               (uint64_t)p[3] << 32 | i;
    }
    for (unsigned shift = 32; shift < 64; shift += 8) {
        uint32_t at[257] = { 0 };
        for (uint32_t i = 0; i < n; i++)
            at[(a[i] >> shift & 255) + 1]++;
        for (unsigned k = 1; k < 257; k++)
            at[k] += at[k - 1];
        for (uint32_t i = 0; i < n; i++)
            b[at[a[i] >> shift & 255]++] = a[i];
        uint64_t *t = a;
        a = b;
        b = t;
    }
    for (uint32_t i = 0; i < n; i++)
        v[i] = q->v[(q->head + (uint32_t)a[i]) & (q->cap - 1)];
    mem_free(MEM(fib_queue), q->v);
    mem_free(MEM(fib_queue), a); /* four turns: where it began */
    q->v = v;
    q->head = 0;
}

/* An empty queue gives its memory back: after a table has been loaded nothing of the backlog stays.
 */
static void upserts_release(struct rib_upserts *q)
{
    if (q->n || q->cap <= 1024)
        return;
    mem_free(MEM(fib_queue), q->v);
    *q = (struct rib_upserts){ 0 };
}

static void take_upserts(struct rib *r, struct fib_batch *b)
{
    while (r->up_n && b->n < FIB_BATCH && !r->ctl_head) {
        struct rib_upserts *q = &r->up[r->up_pass];
        if (!q->n || r->up_taken >= FIB_PASS_MAX) {
            upserts_release(q);
            r->up_pass = (r->up_pass + 1) % FIB_PASSES;
            r->up_taken = 0;
            upserts_sort(r, &r->up[r->up_pass]);
            continue;
        }
        struct rib_upsert u = q->v[q->head];
        if (!take_upsert(r, b, &u))
            break; /* hundreds of operations on one prefix are on their way: wait for answers */
        q->head = (q->head + 1) & (q->cap - 1);
        q->n--;
        r->up_n--;
        r->up_taken++;
    }
}

static void take_delete(struct rib *r, struct fib_batch *b)
{
    r->rnd ^= r->rnd << 13;
    r->rnd ^= r->rnd >> 17;
    r->rnd ^= r->rnd << 5;
    uint32_t i = (uint32_t)((uint64_t)r->rnd * r->del_n >> 32);
    uint64_t e = r->del[i];
    r->del[i] = r->del[--r->del_n];
    struct rib_table *t = r->by_index[e >> 32];
    uint32_t dest = (uint32_t)e;
    if (dest >= pool_end(&t->dests))
        return; /* an entry that was taken back, its destination long gone */
    struct rib_dest *d = rib_dest(t, dest);
    if (!(d->flags & DF_DELPEND))
        return;
    delpend_clear(r, d);
    uint32_t fib = dest_fib(d);
    if (d->flags & DF_FAILED) /* what the kernel kept of it is unknown */
        op_route(r, b, FIB_ROUTE_DEL, t, dest, FIB_MAKE(FIB_PROTO(d->fib), 0));
    else if (fib && knh_live(r, FIB_KNH(fib)))
        op_route(r, b, FIB_ROUTE_DEL, t, dest, fib);
    set_fib(r, t, d, 0);
    rib_dest_gc(t, dest);
}

/* Objects whose routes are all to be deleted are deleted instead. To the kernel each such flush is
 * a walk over the whole table (about a hundredth of a delete per route in it), so small shares do
 * not pay. */
static void flush_objects(struct rib *r)
{
    uint32_t total = 0;
    for (const struct rib_table *t = r->tables; t; t = t->next)
        total += t->n_fib;
    uint32_t least =
        total / FIB_FLUSH_SHARE > FIB_FLUSH_MIN ? total / FIB_FLUSH_SHARE : FIB_FLUSH_MIN;
    for (uint32_t h = KNH_FIRST; h < pool_end(&r->knhs); h++) {
        struct knh *k = knh_get(r, h);
        if (k->type == KNH_GROUP && k->state == KNH_SENT && k->n_del >= least &&
            k->n_del == k->n_fib && !k->queued_del) {
            knh_flush(r, h);
            r->del_since = 0; /* nothing more to wait for */
        }
    }
}

/* May deletes be taken now? A burst waits for a chance to become a flush. */
static bool deletes_ready(struct rib *r, uint64_t now)
{
    if (r->del_n < FIB_FLUSH_MIN)
        return r->del_n > 0;
    flush_objects(r);
    if (!r->del_since || now - r->del_since >= FIB_HOLD_MAX_US || now - r->del_last >= FIB_HOLD_US)
        return true;
    r->ops->schedule(r->ctx, FIB_HOLD_US / 2);
    return false;
}

bool fib_pump(struct rib *r, uint64_t until)
{
    while (r->ctl_head || r->up_n || r->del_n) {
        uint64_t now = r->ops->now(r->ctx);
        if (now >= until)
            return true;
        if (r->batches_out >= FIB_BATCHES_OUT)
            return false;
        struct fib_batch *b = mem_alloc(MEM(fib_batch), sizeof(*b));
        b->n = 0;
        b->next = NULL;
        bool del = deletes_ready(r, now);
        take_ctl(r, b);
        take_upserts(r, b);
        /* Entries without a message are cheap; a bound keeps the slice short. */
        for (unsigned i = 0; del && r->del_n && b->n < FIB_BATCH && i < 4 * FIB_BATCH; i++)
            take_delete(r, b);
        if (!b->n) {
            mem_free(MEM(fib_batch), b);
            if (!del && !r->up_n && !r->ctl_head)
                return false;
            continue;
        }
        r->batches_out++;
        r->cnt.batches++;
        r->ops->submit(r->ctx, b);
    }
    return false;
}

void fib_batch_free(struct fib_batch *b)
{
    for (unsigned i = 0; i < b->n; i++)
        free(b->op[i].extra);
    mem_free(MEM(fib_batch), b);
}

void fib_fini(struct rib *r)
{
    while (r->ctl_head) {
        struct fib_ctl *c = r->ctl_head;
        r->ctl_head = c->next;
        free(c->extra);
        mem_free(MEM(fib_queue), c);
    }
    for (unsigned i = 0; i < FIB_PASSES; i++)
        mem_free(MEM(fib_queue), r->up[i].v);
    mem_free(MEM(fib_queue), r->del);
}

/* ---- results ---- */
struct run { /* adjacent acknowledgements of one kind */
    uint16_t owner;
    uint64_t first, last;
    int err;
};

static void run_flush(struct rib *r, struct run *a)
{
    if (a->first)
        r->ops->ack(r->ctx, a->owner, a->first, a->last, a->err ? ZR_FAILED : ZR_INSTALLED, a->err);
    a->first = 0;
}

static void run_add(struct rib *r, struct run *a, const struct fib_op *op)
{
    if (!op->seq)
        return;
    r->cnt.acks++;
    if (a->first && a->owner == op->owner && a->err == op->err && a->last + 1 == op->seq) {
        a->last++;
        return;
    }
    run_flush(r, a);
    *a = (struct run){ .owner = op->owner, .first = op->seq, .last = op->seq, .err = op->err };
}

static void report(struct rib *r, const struct fib_op *op)
{
    char text[160], pfx[PREFIX_STRLEN];
    struct prefix p = prefix_from(op->family, op->addr, op->len);
    snprintf(text, sizeof(text), "the kernel refuses to %s %s in table %u (nexthop id %u): %s",
             op->kind == FIB_ROUTE_SET ? "install" : "remove", prefix_str(&p, pfx), op->table,
             op->nhid, strerror(op->err));
    r->ops->event(r->ctx, text);
}

static void route_result(struct rib *r, struct fib_op *op, unsigned *reported)
{
    struct rib_table *t = r->by_index[op->rib_table];
    struct rib_dest *d = rib_dest(t, op->dest);
    d->inflight--;
    if (r->resync)
        d->flags |= DF_SEEN;
    if (op->kind == FIB_ROUTE_DEL && op->err == ESRCH)
        op->err = 0; /* it is not there, which is what was wanted */
    if (op->err) {
        r->cnt.errors++;
        bool stale = FIB_KNH(op->fib) &&
                     !knh_live(r, FIB_KNH(op->fib)); /* its object was lost on the way: no news */
        if (!stale && !(*reported)++)
            report(r, op);
        if (!d->inflight && !(d->flags & DF_FAILED) &&
            (op->kind == FIB_ROUTE_DEL ? !d->fib : d->fib == op->fib)) {
            set_failed(r, t, d, op->proto, op->err);
            rib_scan_later(r, 200000);
        }
    }
    rib_dest_gc(t, op->dest);
}

void fib_complete(struct rib *r, struct fib_batch *b)
{
    struct run acks = { 0 };
    unsigned reported = 0;
    r->batches_out--;
    for (unsigned i = 0; i < b->n; i++) {
        struct fib_op *op = &b->op[i];
        switch (op->kind) {
        case FIB_ROUTE_SET:
            run_add(r, &acks, op);
            route_result(r, op, &reported);
            break;
        case FIB_ROUTE_DEL:
            route_result(r, op, &reported);
            break;
        case FIB_NH_SET:
        case FIB_NH_DEL:
            knh_result(r, op->dest, op->kind == FIB_NH_DEL, op->err);
            break;
        default:
            if (if_hook.fn)
                if_hook.fn(if_hook.ctx, op);
            break;
        }
    }
    run_flush(r, &acks);
    fib_batch_free(b);
    r->ops->schedule(r->ctx, 0);
}

/* ---- what the kernel has ---- */
/* The shadow's value for a route as seen; 0 when it is not one that we make. */
static uint32_t seen_fib(const struct rib *r, const struct fib_seen *s)
{
    if (s->proto != RTPROT_GW_BGP && s->proto != RTPROT_GW_STATIC && s->proto != RTPROT_GW_OTHER)
        return 0;
    uint32_t knh = s->rtype == RTN_BLACKHOLE     ? KNH_BLACKHOLE
                   : s->rtype == RTN_UNREACHABLE ? KNH_REJECT
                   : s->rtype == RTN_PROHIBIT    ? KNH_PROHIBIT
                                                 : knh_by_id(r, s->nhid);
    return knh ? FIB_MAKE(s->proto, knh) : 0;
}

void fib_adopt(struct rib *r, const struct fib_seen *s)
{
    struct rib_table *t = rib_table_by_kernel(r, s->afi, s->table);
    uint32_t fib = seen_fib(r, s);
    if (!t || !fib)
        return;
    uint32_t h = rib_dest_make(t, s->p.b, s->p.len);
    struct rib_dest *d = rib_dest(t, h);
    if (d->fib || d->queued || d->inflight)
        return;
    set_fib(r, t, d, fib);
    d->flags |= DF_ADOPTED;
    r->adopted++;
}

void fib_adopt_sweep(struct rib *r, uint8_t proto)
{
    for (struct rib_table *t = r->tables; t && r->adopted; t = t->next) {
        for (uint32_t h = 1; h < pool_end(&t->dests); h++) {
            struct rib_dest *d = rib_dest(t, h);
            if (!(d->flags & DF_ADOPTED) || !d->fib || (proto && FIB_PROTO(d->fib) != proto))
                continue;
            d->flags &= (uint8_t)~DF_ADOPTED;
            r->adopted--;
            fib_dirty(r, t, h, 0, 0);
        }
    }
}

void fib_resync_begin(struct rib *r)
{
    r->resync = true;
    for (struct rib_table *t = r->tables; t; t = t->next)
        for (uint32_t h = 1; h < pool_end(&t->dests); h++)
            rib_dest(t, h)->flags &= (uint8_t)~DF_SEEN;
}

void fib_seen(struct rib *r, const struct fib_seen *s)
{
    struct rib_table *t = rib_table_by_kernel(r, s->afi, s->table);
    uint32_t fib = seen_fib(r, s);
    if (!t || !fib)
        return;
    uint32_t h = rib_dest_make(t, s->p.b, s->p.len);
    struct rib_dest *d = rib_dest(t, h);
    d->flags |= DF_SEEN;
    if (d->queued || d->inflight || (d->flags & (DF_DELPEND | DF_FAILED)) || d->fib == fib)
        return;
    r->cnt.repairs++;
    set_fib(r, t, d, fib);
    fib_dirty(r, t, h, 0, 0);
}

void fib_lost(struct rib *r, const struct fib_seen *s)
{
    struct rib_table *t = rib_table_by_kernel(r, s->afi, s->table);
    uint32_t fib = seen_fib(r, s), h = t ? ptable_find(&t->pt, s->p.b, s->p.len) : 0;
    if (!h || !fib)
        return;
    struct rib_dest *d = rib_dest(t, h);
    if (d->inflight || dest_fib(d) != fib)
        return;
    r->cnt.repairs++;
    set_fib(r, t, d, 0);
    rib_dest_gc(t, h);
    rib_scan_later(r, 50000); /* together with what the same cause took away */
}

void fib_resync_end(struct rib *r)
{
    r->resync = false;
    for (struct rib_table *t = r->tables; t; t = t->next) {
        for (uint32_t h = 1; h < pool_end(&t->dests); h++) {
            struct rib_dest *d = rib_dest(t, h);
            if (!dest_fib(d) || (d->flags & DF_SEEN) || d->inflight || d->queued)
                continue;
            r->cnt.repairs++;
            set_fib(r, t, d, 0);
            rib_dest_gc(t, h);
        }
    }
    rib_scan(r);
}
