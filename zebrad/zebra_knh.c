/* SPDX-License-Identifier: Apache-2.0
 * zebra_knh.c - nexthop objects of the kernel.
 *
 * Order matters and is kept by the writer's one queue: a single object is made before the group
 * that names it, a group is rewritten before a member that it lost is deleted, and routes leave a
 * group before it is deleted. An object's record lives until its last operation has been answered.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zebra_fib.h"
#include "intern.h"

MEM_DEFINE(knh_members, "Kernel nexthop members");

#define KNH_UNHASHED UINT32_MAX

bool knh_id_ours(uint32_t id)
{
    return id >= KNH_ID_BASE && id <= KNH_ID_BASE + KNH_MAX;
}

uint32_t knh_by_id(const struct rib *r, uint32_t kid)
{
    const uint32_t *p = knh_id_ours(kid) ? carray_peek(&r->kids, kid - KNH_ID_BASE) : NULL;
    return p ? *p : 0;
}

bool knh_live(const struct rib *r, uint32_t h)
{
    return knh_get(r, h)->state != KNH_GONE;
}

void knh_init(struct rib *r)
{
    for (uint32_t h = 1; h < KNH_FIRST; h++) {
        struct knh *k = knh_get(r, pool_alloc(&r->knhs));
        k->type = KNH_TYPE;
        k->users = 1;
    }
}

void knh_fini(struct rib *r, uint32_t h)
{
    mem_free(MEM(knh_members), knh_get(r, h)->m);
}

/* ---- index by content ---- */
static uint32_t single_hash(uint8_t family, uint32_t ifindex, const struct ipaddr *gate,
                            bool onlink)
{
    uint8_t k[32] = { 1, family, onlink, gate->family };
    memcpy(k + 4, &ifindex, 4);
    memcpy(k + 8, gate->b, 16);
    return (uint32_t)hash_bytes(k, sizeof(k), 4);
}

static uint32_t group_hash(const struct knh_member *m, unsigned n)
{
    uint64_t h = n;
    for (unsigned i = 0; i < n; i++) {
        uint32_t k[2] = { m[i].knh, m[i].weight };
        h = hash_bytes(k, sizeof(k), h);
    }
    return (uint32_t)h;
}

static uint32_t *knh_head(struct rib *r, const struct knh *k)
{
    uint32_t hash = k->type == KNH_SINGLE ? single_hash(k->family, k->ifindex, &k->gate, k->onlink)
                                          : group_hash(k->m, k->n);
    return &r->knh_hash.head[hash & r->knh_hash.mask];
}

static void knh_link(struct rib *r, uint32_t h)
{
    struct knh *k = knh_get(r, h);
    uint32_t *head = knh_head(r, k);
    k->hnext = *head;
    *head = h;
}

static void knh_unlink(struct rib *r, uint32_t h)
{
    struct knh *k = knh_get(r, h);
    if (k->hnext == KNH_UNHASHED)
        return;
    uint32_t *pp = knh_head(r, k);
    while (*pp != h)
        pp = &knh_get(r, *pp)->hnext;
    *pp = k->hnext;
    k->hnext = KNH_UNHASHED;
}

/* ---- life ---- */
static uint32_t knh_new(struct rib *r, enum knh_type type, uint32_t kid)
{
    uint32_t h = pool_alloc(&r->knhs);
    struct knh *k = knh_get(r, h);
    *k = (struct knh){ .type = (uint8_t)type, .hnext = KNH_UNHASHED };
    while (!kid) {
        r->kid_next = (r->kid_next + 1) & KNH_MAX;
        const uint32_t *p = carray_peek(&r->kids, r->kid_next);
        if (!p || !*p)
            kid = KNH_ID_BASE + r->kid_next;
    }
    k->kid = kid;
    *(uint32_t *)carray_at(&r->kids, kid - KNH_ID_BASE) = h;
    return h;
}

static void knh_send(struct rib *r, uint32_t h)
{
    struct knh *k = knh_get(r, h);
    struct fib_nh *x = calloc(1, sizeof(*x) + k->n * sizeof(x->m[0]));
    if (!x)
        abort();
    x->group = k->type == KNH_GROUP;
    x->onlink = k->onlink;
    x->family = k->family;
    x->ifindex = k->ifindex;
    x->gate = k->gate;
    x->n = k->n;
    for (unsigned i = 0; i < k->n; i++) {
        x->m[i].id = knh_id(r, k->m[i].knh);
        x->m[i].weight = k->m[i].weight;
    }
    k->state = KNH_SENT;
    k->inflight++;
    r->cnt.nh_sets++;
    fib_ctl(r, FIB_NH_SET, h, k->kid, x);
}

static void knh_send_del(struct rib *r, uint32_t h)
{
    struct knh *k = knh_get(r, h);
    k->inflight++;
    k->queued_del = true;
    r->cnt.nh_dels++;
    fib_ctl(r, FIB_NH_DEL, h, k->kid, NULL);
}

static void knh_gc(struct rib *r, uint32_t h);

static void members_drop(struct rib *r, struct knh *k)
{
    struct knh_member *m = k->m;
    unsigned n = k->n;
    k->m = NULL;
    k->n = 0;
    for (unsigned i = 0; i < n; i++) {
        knh_get(r, m[i].knh)->users--;
        knh_gc(r, m[i].knh);
    }
    mem_free(MEM(knh_members), m);
}

/* Deletes what nobody uses, frees what is deleted or gone. */
static void knh_gc(struct rib *r, uint32_t h)
{
    struct knh *k = knh_get(r, h);
    if (k->type < KNH_SINGLE || k->users || k->n_fib || k->adopted)
        return;
    if (k->state != KNH_GONE && !k->queued_del) {
        knh_unlink(r, h);
        knh_send_del(r, h);
        members_drop(r, k);
    }
    if (k->inflight)
        return;
    knh_unlink(r, h);
    members_drop(r, k);
    *(uint32_t *)carray_at(&r->kids, k->kid - KNH_ID_BASE) = 0;
    k->type = KNH_FREE;
    pool_free(&r->knhs, h);
}

static uint32_t single_get(struct rib *r, enum afi afi, const struct rnh *e)
{
    bool gw = e->kind == ZN_GATEWAY_IF;
    uint8_t family = gw ? e->gate.family : (uint8_t)afi_family(afi);
    struct ipaddr gate = gw ? e->gate : (struct ipaddr){ 0 };
    bool onlink = gw && e->onlink;
    uint32_t hash = single_hash(family, e->ifindex, &gate, onlink);
    for (uint32_t h = r->knh_hash.head[hash & r->knh_hash.mask]; h; h = knh_get(r, h)->hnext) {
        struct knh *k = knh_get(r, h);
        if (k->type != KNH_SINGLE || k->family != family || k->ifindex != e->ifindex ||
            k->onlink != onlink || !ipaddr_eq(&k->gate, &gate) || k->state == KNH_GONE ||
            k->queued_del)
            continue;
        k->adopted = false;
        k->users++;
        if (k->state == KNH_FAILED)
            knh_send(r, h);
        return h;
    }
    uint32_t h = knh_new(r, KNH_SINGLE, 0);
    struct knh *k = knh_get(r, h);
    k->family = family;
    k->ifindex = e->ifindex;
    k->gate = gate;
    k->onlink = onlink;
    k->users = 1;
    knh_link(r, h);
    knh_send(r, h);
    return h;
}

static void gone(struct rib *r, uint32_t h);

/* After a refused update nobody knows whether the kernel still has the object: it may have lost its
 * old members since, and with them itself and its routes. It is deleted, to be made anew under
 * another number. */
static void give_up(struct rib *r, uint32_t h)
{
    knh_send_del(r, h);
    gone(r, h);
}

static int member_cmp(const void *a, const void *b)
{
    const struct knh_member *x = a, *y = b;
    return x->knh < y->knh ? -1 : x->knh > y->knh;
}

static uint32_t claim(struct rib *r, const struct knh_member *m, unsigned n)
{
    for (uint32_t h = r->knh_hash.head[group_hash(m, n) & r->knh_hash.mask]; h;
         h = knh_get(r, h)->hnext) {
        const struct knh *k = knh_get(r, h);
        if (k->type == KNH_GROUP && k->adopted && k->state == KNH_SENT && k->n == n &&
            memcmp(k->m, m, n * sizeof(*m)) == 0)
            return h;
    }
    return 0;
}

void knh_group_set(struct rib *r, uint32_t *io, uint32_t nhg, enum afi afi, const struct rnh *res,
                   unsigned n_res)
{
    struct knh_member m[ZAPI_MAX_NEXTHOPS];
    unsigned n = 0;
    memset(m, 0, sizeof(m));
    for (unsigned i = 0; i < n_res && n < ZAPI_MAX_NEXTHOPS; i++) {
        if (afi == AFI_IP6 && res[i].kind == ZN_GATEWAY_IF && res[i].gate.family == AF_INET)
            continue; /* Linux cannot forward IPv6 by an IPv4 gateway */
        m[n].knh = single_get(r, afi, &res[i]);
        m[n++].weight = res[i].weight ? res[i].weight : 1;
    }
    qsort(m, n, sizeof(m[0]), member_cmp);
    struct knh *k = *io ? knh_get(r, *io) : NULL;
    if (k && k->state == KNH_FAILED)
        give_up(r, *io);
    if (k && (k->state == KNH_GONE || !n)) {
        knh_group_release(r, *io);
        *io = 0;
        k = NULL;
    }
    if (!n)
        return;
    if (k && k->n == n && memcmp(k->m, m, n * sizeof(m[0])) == 0) {
        for (unsigned i = 0; i < n; i++)
            knh_get(r, m[i].knh)->users--;
        return;
    }
    if (!k && (*io = claim(r, m, n)) != 0) {
        k = knh_get(r, *io);
        k->adopted = false;
        k->users = 1;
        k->nhg = nhg;
        for (unsigned i = 0; i < n; i++)
            knh_get(r, m[i].knh)->users--;
        return;
    }
    struct knh old = { 0 };
    if (k) {
        knh_unlink(r, *io);
        old = *k;
    } else {
        *io = knh_new(r, KNH_GROUP, 0);
        k = knh_get(r, *io);
        k->users = 1;
        k->nhg = nhg;
    }
    k->n = (uint16_t)n;
    k->m = mem_dup(MEM(knh_members), m, n * sizeof(m[0]));
    knh_link(r, *io);
    knh_send(r, *io);
    members_drop(r, &old);
}

void knh_group_release(struct rib *r, uint32_t h)
{
    struct knh *k = knh_get(r, h);
    k->users = 0;
    k->nhg = 0;
    knh_gc(r, h);
}

void knh_fib_ref(struct rib *r, uint32_t h)
{
    knh_get(r, h)->n_fib++;
}

void knh_fib_unref(struct rib *r, uint32_t h)
{
    if (--knh_get(r, h)->n_fib == 0)
        knh_gc(r, h);
}

/* The kernel has it no more. */
static void gone(struct rib *r, uint32_t h)
{
    struct knh *k = knh_get(r, h);
    knh_unlink(r, h);
    k->state = KNH_GONE;
    k->adopted = false;
    if (k->nhg)
        nhg_mark(r, nhg_get(r, k->nhg));
    if (k->type == KNH_GROUP)
        members_drop(r, k);
    knh_gc(r, h);
}

void knh_flush(struct rib *r, uint32_t h)
{
    struct knh *k = knh_get(r, h);
    r->cnt.flushes++;
    r->cnt.flushed += k->n_fib;
    knh_send_del(r, h);
    gone(r, h);
}

/* A single object went: groups shrink, empty ones went with it. */
static void single_lost(struct rib *r, uint32_t lost)
{
    knh_get(r, lost)->adopted = true; /* keeps it while its groups are walked */
    for (uint32_t h = KNH_FIRST; h < pool_end(&r->knhs); h++) {
        struct knh *k = knh_get(r, h);
        if (k->type != KNH_GROUP || k->state == KNH_GONE || k->queued_del)
            continue;
        for (unsigned i = 0; i < k->n; i++) {
            if (k->m[i].knh != lost)
                continue;
            knh_unlink(r, h);
            memmove(&k->m[i], &k->m[i + 1], (k->n - i - 1) * sizeof(k->m[0]));
            k->n--;
            knh_get(r, lost)->users--;
            /* With an update on its way or refused nobody knows which members it had when this one
             * went, and so whether it went too: it is given up, and its routes with it. */
            if (k->n && !k->inflight && k->state == KNH_SENT) {
                knh_link(r, h);
                if (k->nhg)
                    nhg_mark(r, nhg_get(r, k->nhg));
            } else {
                gone(r, h);
            }
            break;
        }
    }
    gone(r, lost);
}

void knh_device_down(struct rib *r, uint32_t ifindex)
{
    bool any = false;
    for (uint32_t h = KNH_FIRST; h < pool_end(&r->knhs); h++) {
        struct knh *k = knh_get(r, h);
        if (k->type != KNH_SINGLE || k->ifindex != ifindex || k->state == KNH_GONE || k->queued_del)
            continue;
        single_lost(r, h);
        any = true;
    }
    if (any)
        rib_scan(r);
}

void knh_deleted(struct rib *r, uint32_t id)
{
    uint32_t h = knh_by_id(r, id);
    if (!h || knh_get(r, h)->state == KNH_GONE || knh_get(r, h)->queued_del)
        return;
    r->cnt.repairs++;
    if (knh_get(r, h)->type == KNH_SINGLE)
        single_lost(r, h);
    else
        gone(r, h);
    rib_scan(r);
}

static void refused(struct rib *r, const struct knh *k)
{
    char text[160], gate[IPADDR_STRLEN];
    if (k->type == KNH_SINGLE)
        snprintf(text, sizeof(text), "the kernel refuses nexthop %u (%s on interface %u): %s",
                 k->kid, k->gate.family ? ipaddr_str(&k->gate, gate) : "no gateway", k->ifindex,
                 strerror(k->err));
    else
        snprintf(text, sizeof(text), "the kernel refuses nexthop group %u of %u members: %s",
                 k->kid, k->n, strerror(k->err));
    r->ops->event(r->ctx, text);
}

void knh_result(struct rib *r, uint32_t h, bool del, int err)
{
    if (!h)
        return;
    struct knh *k = knh_get(r, h);
    k->inflight--;
    if (!del && !err && k->state == KNH_GONE && !k->queued_del)
        knh_send_del(r, h); /* this update came after its end and made it anew */
    if (!del && k->state == KNH_SENT && k->type == KNH_GROUP && (k->doubt || err)) {
        k->doubt = true;
        if (!k->inflight && !err) {
            give_up(r, h);
            rib_scan(r);
            return;
        }
    }
    if (!del && err && k->state == KNH_SENT && !k->inflight) {
        k->state = KNH_FAILED;
        k->err = err;
        r->knh_retry = true;
        refused(r, k);
    }
    knh_gc(r, h);
}

void knh_redrive(struct rib *r)
{
    if (!r->knh_retry)
        return;
    r->knh_retry = false;
    for (uint32_t h = KNH_FIRST; h < pool_end(&r->knhs); h++) {
        struct knh *k = knh_get(r, h);
        if (k->type != KNH_GROUP || k->state != KNH_FAILED)
            continue;
        for (unsigned i = 0; i < k->n; i++) /* it may be a member that the kernel lost */
            if (!knh_get(r, k->m[i].knh)->inflight)
                knh_send(r, k->m[i].knh);
        if (k->nhg)
            nhg_mark(r, nhg_get(r, k->nhg));
    }
}

/* ---- what the kernel has ---- */
/* Members by handle; false when one is unknown. */
static bool info_members(const struct rib *r, const struct knh_info *i, struct knh_member *m)
{
    memset(m, 0, i->n * sizeof(*m));
    for (unsigned k = 0; k < i->n; k++) {
        m[k].knh = knh_by_id(r, i->m[k].id);
        m[k].weight = i->m[k].weight;
        if (!m[k].knh)
            return false;
    }
    qsort(m, i->n, sizeof(*m), member_cmp);
    return true;
}

void knh_adopt(struct rib *r, const struct knh_info *i)
{
    struct knh_member m[ZAPI_MAX_NEXTHOPS];
    if (!knh_id_ours(i->id) || knh_by_id(r, i->id))
        return;
    if (i->blackhole || (i->group && !info_members(r, i, m))) {
        fib_ctl(r, FIB_NH_DEL, 0, i->id, NULL); /* in our range, but nothing that we would make */
        return;
    }
    uint32_t h = knh_new(r, i->group ? KNH_GROUP : KNH_SINGLE, i->id);
    struct knh *k = knh_get(r, h);
    k->adopted = true;
    if (i->group) {
        k->n = i->n;
        k->m = mem_dup(MEM(knh_members), m, i->n * sizeof(m[0]));
        for (unsigned j = 0; j < i->n; j++)
            knh_get(r, m[j].knh)->users++;
    } else {
        k->family = i->family;
        k->ifindex = i->ifindex;
        k->gate = i->gate;
        k->onlink = i->onlink;
    }
    knh_link(r, h);
    if (i->id - KNH_ID_BASE > r->kid_next)
        r->kid_next = i->id - KNH_ID_BASE;
}

void knh_seen(struct rib *r, const struct knh_info *i)
{
    if (!knh_id_ours(i->id))
        return;
    uint32_t h = knh_by_id(r, i->id);
    if (!h) {
        fib_ctl(r, FIB_NH_DEL, 0, i->id, NULL);
        return;
    }
    struct knh *k = knh_get(r, h);
    struct knh_member m[ZAPI_MAX_NEXTHOPS];
    k->seen = true;
    if (k->inflight || k->state != KNH_SENT)
        return;
    bool same = i->group == (k->type == KNH_GROUP);
    if (same && i->group)
        same = info_members(r, i, m) && i->n == k->n && memcmp(m, k->m, k->n * sizeof(m[0])) == 0;
    else if (same)
        same = i->ifindex == k->ifindex && ipaddr_eq(&i->gate, &k->gate) && i->onlink == k->onlink;
    if (!same) {
        r->cnt.repairs++;
        knh_send(r, h);
    }
}

void knh_resync_begin(struct rib *r)
{
    for (uint32_t h = KNH_FIRST; h < pool_end(&r->knhs); h++)
        knh_get(r, h)->seen = false;
}

void knh_resync_end(struct rib *r)
{
    for (uint32_t h = KNH_FIRST; h < pool_end(&r->knhs); h++) {
        struct knh *k = knh_get(r, h);
        if (k->type >= KNH_SINGLE && k->state == KNH_SENT && !k->seen && !k->inflight &&
            !k->queued_del)
            knh_deleted(r, k->kid);
    }
}

void knh_sweep(struct rib *r)
{
    for (int pass = KNH_GROUP; pass >= KNH_SINGLE; pass--) {
        for (uint32_t h = KNH_FIRST; h < pool_end(&r->knhs); h++) {
            struct knh *k = knh_get(r, h);
            if (k->type != pass || !k->adopted)
                continue;
            k->adopted = false;
            knh_gc(r, h);
        }
    }
}
