/* SPDX-License-Identifier: Apache-2.0
 * zebra_static.c - static routes.
 */
#include "config.h"
#include <errno.h>
#include <stdio.h>
#include "intern.h"
#include "zebra_static.h"

MEM_DEFINE(zstatic, "Static route");

#define BUCKETS (1u << 14)

struct zstatics {
    struct zstatic *bucket[BUCKETS];
};

struct zstatics *zstatics_new(void)
{
    return mem_calloc(MEM(zstatic), 1, sizeof(struct zstatics));
}

static void static_free(struct zstatic *s)
{
    mem_free(MEM(zstatic), s->nh);
    mem_free(MEM(zstatic), s);
}

void zstatics_free(struct zstatics *all)
{
    for (unsigned i = 0; all && i < BUCKETS; i++) {
        while (all->bucket[i]) {
            struct zstatic *s = all->bucket[i];
            all->bucket[i] = s->next;
            static_free(s);
        }
    }
    mem_free(MEM(zstatic), all);
}

static bool key_eq(const struct zstatic_key *a, const struct zstatic_key *b)
{
    return prefix_eq(&a->prefix, &b->prefix) && a->distance == b->distance &&
           a->table == b->table && strcmp(a->vrf, b->vrf) == 0;
}

static struct zstatic_key normal_key(const struct zstatic_key *k)
{
    struct zstatic_key n = *k;
    if (!n.distance)
        n.distance = 1;
    if (!n.vrf[0])
        snprintf(n.vrf, sizeof(n.vrf), "default");
    return n;
}

static struct zstatic **slot_of(struct zebra *z, const struct zstatic_key *k)
{
    uint64_t h = prefix_hash(&k->prefix) + k->distance * 0x9e3779b97f4a7c15ull + k->table;
    struct zstatic **pp = &z->statics->bucket[(h ^ h >> 29) & (BUCKETS - 1)];
    while (*pp && !key_eq(&(*pp)->key, k))
        pp = &(*pp)->next;
    return pp;
}

const struct zstatic *zebra_static_find(struct zebra *z, const struct zstatic_key *key)
{
    struct zstatic_key k = normal_key(key);
    return *slot_of(z, &k);
}

void zebra_static_each(struct zebra *z, void (*fn)(void *ctx, const struct zstatic *s), void *ctx)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        for (const struct zstatic *s = z->statics->bucket[i]; s; s = s->next)
            fn(ctx, s);
}

static bool nh_same(const struct zstatic_nh *a, const struct zstatic_nh *b)
{
    return a->kind == b->kind && ipaddr_eq(&a->gate, &b->gate) &&
           strcmp(a->ifname, b->ifname) == 0 && strcmp(a->vrf, b->vrf) == 0;
}

/* Names become numbers; false while one of them does not exist. */
static bool nh_resolve(struct zebra *z, const struct zstatic *s, const struct zstatic_nh *nh,
                       struct zapi_nexthop *out)
{
    const struct rib_vrf *v = rib_vrf_by_name(z->rib, nh->vrf[0] ? nh->vrf : s->key.vrf);
    *out =
        (struct zapi_nexthop){ .kind = nh->kind,
                               .gate = nh->gate,
                               .weight = nh->weight,
                               .flags = (uint8_t)(ZNF_RECURSIVE | (nh->onlink ? ZNF_ONLINK : 0)) };
    if (nh->kind >= ZN_BLACKHOLE)
        return true;
    if (!v)
        return false;
    out->vrf_id = v->vrf_id;
    if (nh->kind == ZN_GATEWAY)
        return true;
    const struct zif *i = zif_by_name(z->ifs, nh->ifname);
    out->ifindex = i ? i->ifindex : 0;
    return out->ifindex != 0;
}

/* Brings the RIB's route in line with the next hops that exist. */
static void static_apply(struct zebra *z, struct zstatic *s)
{
    struct zapi_nexthop nh[ZAPI_MAX_NEXTHOPS];
    unsigned n = 0;
    const struct rib_vrf *v = rib_vrf_by_name(z->rib, s->key.vrf);
    for (unsigned i = 0; i < s->n; i++) {
        s->nh[i].waiting = !v || !nh_resolve(z, s, &s->nh[i], &nh[n]);
        if (!s->nh[i].waiting)
            n++;
    }
    if (!v)
        return; /* what it had went with the VRF's table */
    struct rib_table *t =
        rib_table_get(z->rib, v->vrf_id, afi_of(s->key.prefix.family), s->key.table);
    const struct prefix *p = &s->key.prefix;
    if (!t)
        return; /* there are more tables than zebrad keeps */
    if (!n) {
        rib_route_unset(z->rib, t, p->b, p->len, RIB_OWNER_STATIC, s->key.distance);
        return;
    }
    struct rib_attr a = { .owner = RIB_OWNER_STATIC,
                          .proto = ZP_STATIC,
                          .slot = s->key.distance,
                          .distance = s->key.distance,
                          .tag = s->tag,
                          .metric = s->metric };
    a.nhg = nhg_intern(z->rib, RIB_OWNER_STATIC, nh, n, false);
    uint32_t cls = rib_class_get(z->rib, &a);
    nhg_unref(z->rib, a.nhg);
    rib_route_set(z->rib, t, p->b, p->len, cls, 0);
    rib_class_put(z->rib, cls);
}

int zebra_static_set(struct zebra *z, const struct zstatic_key *key, const struct zstatic_nh *nh,
                     uint32_t tag, uint32_t metric)
{
    struct zstatic_key k = normal_key(key);
    bool gate = nh->kind == ZN_GATEWAY || nh->kind == ZN_GATEWAY_IF;
    bool ifname = nh->kind == ZN_IFINDEX || nh->kind == ZN_GATEWAY_IF;
    if ((gate && !nh->gate.family) || (ifname && !nh->ifname[0]) ||
        (gate && nh->gate.family == AF_INET && k.prefix.family == AF_INET6))
        return -EINVAL;
    struct zstatic **pp = slot_of(z, &k), *s = *pp;
    if (!s) {
        s = mem_calloc(MEM(zstatic), 1, sizeof(*s));
        s->key = k;
        *pp = s;
    }
    unsigned i = 0;
    while (i < s->n && !nh_same(&s->nh[i], nh))
        i++;
    if (i == ZAPI_MAX_NEXTHOPS)
        return -ENOSPC;
    if (i == s->n) {
        s->nh = mem_realloc(MEM(zstatic), s->nh, (s->n + 1u) * sizeof(*s->nh));
        s->n++;
    }
    s->nh[i] = *nh;
    s->tag = tag;
    s->metric = metric;
    static_apply(z, s);
    return 0;
}

int zebra_static_unset(struct zebra *z, const struct zstatic_key *key, const struct zstatic_nh *nh)
{
    struct zstatic_key k = normal_key(key);
    struct zstatic **pp = slot_of(z, &k), *s = *pp;
    unsigned i = 0;
    if (!s)
        return -ENOENT;
    while (nh && i < s->n && !nh_same(&s->nh[i], nh))
        i++;
    if (nh && i == s->n)
        return -ENOENT;
    if (nh)
        memmove(&s->nh[i], &s->nh[i + 1], (s->n - i - 1) * sizeof(*s->nh));
    s->n = nh ? (uint16_t)(s->n - 1) : 0;
    static_apply(z, s);
    if (!s->n) {
        *pp = s->next;
        static_free(s);
    }
    return 0;
}

void zebra_static_name_changed(struct zebra *z, const char *name)
{
    for (unsigned b = 0; b < BUCKETS; b++) {
        for (struct zstatic *s = z->statics->bucket[b]; s; s = s->next) {
            bool named = strcmp(s->key.vrf, name) == 0;
            for (unsigned i = 0; i < s->n && !named; i++)
                named = strcmp(s->nh[i].ifname, name) == 0 || strcmp(s->nh[i].vrf, name) == 0;
            if (named)
                static_apply(z, s);
        }
    }
}
