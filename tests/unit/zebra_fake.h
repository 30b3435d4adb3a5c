/* SPDX-License-Identifier: Apache-2.0
 * zebra_fake.h - a kernel of a few hundred lines for tests of zebrad's core.
 *
 * It keeps nexthop objects and routes, refuses what Linux refuses (unknown objects, members or
 * links), flushes the routes of a deleted object without a word, and does the same to the objects
 * of a link that goes down. Time stands still until fake_settle() lets it run.
 */
#ifndef ZEBRA_FAKE_H
#define ZEBRA_FAKE_H
#include "config.h"
#include <check.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include "zebra_fib.h"
#include "zebra_track.h"

#define FAKE_NH     4096
#define FAKE_LINKS  8
#define FAKE_ROUTES 8192

struct fake_nh {
    bool used, group;
    uint32_t id, ifindex;
    struct ipaddr gate;
    unsigned n;
    uint32_t m[ZAPI_MAX_NEXTHOPS];
};
struct fake_route {
    bool used;
    uint8_t family, len, proto, rtype;
    uint8_t addr[16];
    uint32_t table, nhid;
};
struct fake {
    struct rib *r;
    uint64_t now;
    uint64_t wake; /* 0: nothing scheduled */
    bool up[FAKE_LINKS + 1];
    struct fake_nh nh[FAKE_NH];
    struct fake_route rt[FAKE_ROUTES];
    struct fib_batch *q;
    int refuse_next; /* errno for the next route set */
    unsigned n_sets, n_dels, n_nh_sets, n_nh_dels, n_order, n_ascending;
    uint32_t last_del;
    uint64_t acked[8]; /* by enum zapi_result */
    int last_err;
    unsigned events, tracked;
    struct track *last_tracked;
};

static struct fake *F;

static struct fake_nh *fake_nh(uint32_t id)
{
    for (unsigned i = 0; i < FAKE_NH; i++)
        if (F->nh[i].used && F->nh[i].id == id)
            return &F->nh[i];
    return NULL;
}

static struct fake_route *fake_route(uint32_t table, uint8_t family, const uint8_t *addr,
                                     uint8_t len)
{
    for (unsigned i = 0; i < FAKE_ROUTES; i++) {
        struct fake_route *r = &F->rt[i];
        if (r->used && r->table == table && r->family == family && r->len == len &&
            memcmp(r->addr, addr, 16) == 0)
            return r;
    }
    return NULL;
}

static struct fake_route *fake_find(const char *prefix)
{
    struct prefix p;
    ck_assert(prefix_parse(prefix, &p));
    return fake_route(254, p.family, p.b, p.len);
}

static unsigned fake_count(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < FAKE_ROUTES; i++)
        n += F->rt[i].used;
    return n;
}

static unsigned fake_nh_count(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < FAKE_NH; i++)
        n += F->nh[i].used;
    return n;
}

static void fake_nh_delete(struct fake_nh *k)
{
    uint32_t id = k->id;
    bool single = !k->group;
    k->used = false;
    for (unsigned i = 0; i < FAKE_ROUTES; i++)
        if (F->rt[i].used && F->rt[i].nhid == id)
            F->rt[i].used = false;
    for (unsigned i = 0; single && i < FAKE_NH; i++) {
        struct fake_nh *g = &F->nh[i];
        unsigned n = 0;
        if (!g->used || !g->group)
            continue;
        for (unsigned j = 0; j < g->n; j++)
            if (g->m[j] != id)
                g->m[n++] = g->m[j];
        g->n = n;
        if (!n)
            fake_nh_delete(g);
    }
}

static int fake_apply_nh(const struct fib_op *op)
{
    struct fake_nh *k = fake_nh(op->nhid);
    const struct fib_nh *x = op->extra;
    if (op->kind == FIB_NH_DEL) {
        F->n_nh_dels++;
        if (!k)
            return ENOENT;
        fake_nh_delete(k);
        return 0;
    }
    F->n_nh_sets++;
    if (!x->group && (x->ifindex > FAKE_LINKS || !F->up[x->ifindex]))
        return ENETDOWN;
    for (unsigned i = 0; i < x->n; i++)
        if (!fake_nh(x->m[i].id))
            return EINVAL;
    if (x->group && !x->n)
        return EINVAL;
    for (unsigned i = 0; !k && i < FAKE_NH; i++)
        if (!F->nh[i].used)
            k = &F->nh[i];
    ck_assert_ptr_nonnull(k);
    ck_assert(!k->used || k->group == x->group);
    *k = (struct fake_nh){ .used = true,
                           .group = x->group,
                           .id = op->nhid,
                           .ifindex = x->ifindex,
                           .gate = x->gate,
                           .n = x->n };
    for (unsigned i = 0; i < x->n; i++)
        k->m[i] = x->m[i].id;
    return 0;
}

static int fake_apply_route(const struct fib_op *op)
{
    struct fake_route *r = fake_route(op->table, op->family, op->addr, op->len);
    if (op->kind == FIB_ROUTE_DEL) {
        uint32_t a =
            (uint32_t)op->addr[0] << 24 | op->addr[1] << 16 | op->addr[2] << 8 | op->addr[3];
        F->n_dels++;
        F->n_ascending += a > F->last_del;
        F->last_del = a;
        if (!r || (op->proto && r->proto != op->proto))
            return ESRCH;
        r->used = false;
        return 0;
    }
    F->n_sets++;
    if (F->refuse_next) {
        int err = F->refuse_next;
        F->refuse_next = 0;
        return err;
    }
    if (op->rtype == RTN_UNICAST && !fake_nh(op->nhid))
        return EINVAL;
    for (unsigned i = 0; !r && i < FAKE_ROUTES; i++)
        if (!F->rt[i].used)
            r = &F->rt[i];
    ck_assert_ptr_nonnull(r);
    *r = (struct fake_route){ .used = true,
                              .family = op->family,
                              .len = op->len,
                              .proto = op->proto,
                              .rtype = op->rtype,
                              .table = op->table,
                              .nhid = op->nhid };
    memcpy(r->addr, op->addr, 16);
    return 0;
}

static void op_submit(void *ctx, struct fib_batch *b)
{
    struct fib_batch **pp = &F->q;
    (void)ctx;
    while (*pp)
        pp = &(*pp)->next;
    b->next = NULL;
    *pp = b;
}

static void op_schedule(void *ctx, uint64_t delay)
{
    (void)ctx;
    if (!F->wake || F->now + delay < F->wake)
        F->wake = F->now + delay;
}

static uint64_t op_now(void *ctx)
{
    (void)ctx;
    return F->now;
}

static bool op_link_up(void *ctx, uint32_t ifindex)
{
    (void)ctx;
    return ifindex <= FAKE_LINKS && F->up[ifindex];
}

static void op_ack(void *ctx, uint16_t owner, uint64_t first, uint64_t last, enum zapi_result res,
                   int err)
{
    (void)ctx;
    (void)owner;
    F->acked[res] += last - first + 1;
    F->last_err = err;
}

static void op_selected(void *ctx, struct rib_table *t, uint32_t dest, uint8_t old_proto,
                        uint32_t cls)
{
    struct rib_import *i;
    (void)ctx;
    (void)old_proto;
    (void)cls;
    rib_import_check(F->r, t, dest, &i);
}

static void op_tracked(void *ctx, struct track *tr)
{
    (void)ctx;
    F->tracked++;
    F->last_tracked = tr;
}

static void op_event(void *ctx, const char *text)
{
    (void)ctx;
    (void)text;
    F->events++;
}

static const struct rib_ops fake_ops = {
    .submit = op_submit,
    .schedule = op_schedule,
    .now = op_now,
    .link_up = op_link_up,
    .ack = op_ack,
    .selected = op_selected,
    .tracked = op_tracked,
    .event = op_event,
};

/* The kernel answers what it was sent. */
static void fake_answer(void)
{
    while (F->q) {
        struct fib_batch *b = F->q;
        F->q = b->next;
        for (unsigned i = 0; i < b->n; i++)
            b->op[i].err = b->op[i].kind <= FIB_ROUTE_DEL ? fake_apply_route(&b->op[i])
                                                          : fake_apply_nh(&b->op[i]);
        fib_complete(F->r, b);
    }
}

/* Lets `us` of time pass with everything that happens in it. */
static void fake_run(uint64_t us)
{
    uint64_t end = F->now + us;
    for (unsigned guard = 0; F->wake && F->wake <= end; guard++) {
        ck_assert_msg(guard < 1000000, "it never comes to rest");
        if (F->now < F->wake)
            F->now = F->wake;
        F->wake = 0;
        rib_work(F->r, 10000);
        fake_answer();
    }
    F->now = end;
}

static void fake_settle(void)
{
    fake_run(10 * 1000000ull);
}

static void fake_setup(void)
{
    F = calloc(1, sizeof(*F));
    F->now = 1000000;
    F->r = rib_new(&fake_ops, NULL);
    for (unsigned i = 1; i <= FAKE_LINKS; i++)
        F->up[i] = true;
}

static void fake_teardown(void)
{
    fake_answer();
    rib_free(F->r);
    free(F);
    F = NULL;
}

/* A zebrad that was killed: the kernel stays, the RIB is new and reads it. */
static void fake_restart(void)
{
    while (F->q) {
        struct fib_batch *b = F->q;
        F->q = b->next;
        fib_batch_free(b);
    }
    rib_free(F->r);
    F->wake = 0;
    F->r = rib_new(&fake_ops, NULL);
    F->n_sets = F->n_dels = F->n_nh_sets = F->n_nh_dels = 0;
    memset(F->acked, 0, sizeof(F->acked));
}

static void fake_adopt(void)
{
    for (int group = 0; group < 2; group++) {
        for (unsigned i = 0; i < FAKE_NH; i++) {
            const struct fake_nh *k = &F->nh[i];
            if (!k->used || k->group != group)
                continue;
            struct knh_info info = { .id = k->id,
                                     .group = k->group,
                                     .ifindex = k->ifindex,
                                     .gate = k->gate,
                                     .family = k->gate.family ? k->gate.family : AF_INET,
                                     .n = (uint16_t)k->n };
            for (unsigned j = 0; j < k->n; j++) {
                info.m[j].id = k->m[j];
                info.m[j].weight = 1;
            }
            knh_adopt(F->r, &info);
        }
    }
    for (unsigned i = 0; i < FAKE_ROUTES; i++) {
        const struct fake_route *r = &F->rt[i];
        struct fib_seen s = { .table = r->table,
                              .afi = afi_of(r->family),
                              .proto = r->proto,
                              .rtype = r->rtype,
                              .nhid = r->nhid,
                              .p = prefix_from(r->family, r->addr, r->len) };
        if (r->used)
            fib_adopt(F->r, &s);
    }
}

static void fake_link(uint32_t ifindex, bool up)
{
    F->up[ifindex] = up;
    for (unsigned i = 0; !up && i < FAKE_NH; i++)
        if (F->nh[i].used && !F->nh[i].group && F->nh[i].ifindex == ifindex)
            fake_nh_delete(&F->nh[i]);
    nhg_mark_link(F->r, ifindex);
    if (!up)
        knh_device_down(F->r, ifindex);
}

/* ---- short ways to say things ---- */
static struct rib_table *T(const char *prefix, struct prefix *p)
{
    ck_assert(prefix_parse(prefix, p));
    return rib_table_get(F->r, 0, afi_of(p->family), 0);
}

static void connected(const char *prefix, uint32_t ifindex, bool add)
{
    struct prefix p;
    struct rib_table *t = T(prefix, &p);
    struct zapi_nexthop nh = { .kind = ZN_IFINDEX, .ifindex = ifindex };
    struct rib_attr a = { .owner = RIB_OWNER_CONNECT, .proto = ZP_CONNECT, .slot = ifindex };
    if (!add) {
        rib_route_unset(F->r, t, p.b, p.len, RIB_OWNER_CONNECT, ifindex);
        return;
    }
    a.nhg = nhg_intern(F->r, RIB_OWNER_CONNECT, &nh, 1, false);
    uint32_t cls = rib_class_get(F->r, &a);
    nhg_unref(F->r, a.nhg);
    rib_route_set(F->r, t, p.b, p.len, cls, 0);
    rib_class_put(F->r, cls);
}

static struct zapi_nhg gateways(uint32_t id, const char *g1, const char *g2, bool recursive)
{
    struct zapi_nhg g = { .id = id };
    const char *s[] = { g1, g2 };
    for (unsigned i = 0; i < 2; i++) {
        if (!s[i])
            continue;
        g.nh[g.n].kind = ZN_GATEWAY;
        g.nh[g.n].flags = recursive ? ZNF_RECURSIVE : 0;
        ck_assert(ipaddr_parse(s[i], &g.nh[g.n++].gate));
    }
    return g;
}

#define C1 RIB_OWNER_CLIENT
static uint32_t epoch = 1;
static void route_x(uint16_t owner, const char *prefix, enum zapi_proto proto, uint8_t distance,
                    uint32_t metric, uint32_t nhg, uint64_t seq)
{
    struct prefix p;
    struct rib_table *t = T(prefix, &p);
    struct rib_attr a = { .owner = owner,
                          .proto = proto,
                          .distance = distance,
                          .metric = metric,
                          .epoch = epoch,
                          .nhg = nhg };
    uint32_t cls = rib_class_get(F->r, &a);
    rib_route_set(F->r, t, p.b, p.len, cls, seq);
    rib_class_put(F->r, cls);
}

static void bgp(const char *prefix, uint32_t nhg, uint64_t seq)
{
    route_x(C1, prefix, ZP_BGP, 20, 0, nhg, seq);
}

static bool unbgp(const char *prefix)
{
    struct prefix p;
    struct rib_table *t = T(prefix, &p);
    return rib_route_unset(F->r, t, p.b, p.len, C1, 0);
}

/* The route is there and its object has exactly these gateways (NULL: fewer). */
static bool over(const char *prefix, const char *g1, const char *g2)
{
    const struct fake_route *r = fake_find(prefix);
    const struct fake_nh *k = r ? fake_nh(r->nhid) : NULL;
    unsigned want = (g1 != NULL) + (g2 != NULL), hit = 0;
    if (!k || k->n != want)
        return false;
    for (unsigned i = 0; i < k->n; i++) {
        char text[IPADDR_STRLEN];
        ipaddr_str(&fake_nh(k->m[i])->gate, text);
        hit += (g1 && strcmp(text, g1) == 0) || (g2 && strcmp(text, g2) == 0);
    }
    return hit == want;
}
#endif
