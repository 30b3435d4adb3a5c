/* SPDX-License-Identifier: Apache-2.0
 * bgp_policy_set.c - the set clauses of route-maps on path attributes.
 *
 * One function per clause, in a table by clause kind. An entry's clauses work on one build form and
 * the result is interned once.
 */
#include "bgp_policy_int.h"
#include <stdio.h>

typedef bool set_fn(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                    const struct policy_clause *c);

/* `base` changed by the clause, kept in range. */
static uint32_t changed(const struct policy_arg *a, uint32_t base)
{
    uint32_t v = (uint32_t)a->num;

    switch (a->op) {
    case POLICY_ADD:
        return base > UINT32_MAX - v ? UINT32_MAX : base + v;
    case POLICY_SUB:
        return base < v ? 0 : base - v;
    default:
        return v;
    }
}

static void set_nexthop(struct bgp_attr_build *b, const struct ipaddr *a)
{
    b->h.nexthop = *a;
    memset(&b->h.nexthop_ll, 0, sizeof(b->h.nexthop_ll));
}

static bool s_ip_next_hop(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                          const struct policy_clause *c)
{
    if (e->family != AF_INET)
        return true;
    if (c->a->op == POLICY_UNCHANGED) {
        if (e->env->nexthop.family) {
            b->h.nexthop = e->env->nexthop;
            b->h.nexthop_ll = e->env->nexthop_ll;
        }
    } else if (c->a->op == POLICY_PEER_ADDRESS) {
        const struct ipaddr *a = e->env->out ? &e->env->local_addr : &e->env->peer_addr;
        if (a->family == AF_INET)
            set_nexthop(b, a);
    } else {
        set_nexthop(b, &c->a->addr);
    }
    return true;
}

static bool s_ip6_global(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                         const struct policy_clause *c)
{
    struct ipaddr ll = b->h.nexthop_ll;

    if (e->family == AF_INET6) {
        set_nexthop(b, &c->a->addr);
        b->h.nexthop_ll = ll;
    }
    return true;
}

static bool s_ip6_local(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                        const struct policy_clause *c)
{
    if (e->family == AF_INET6 && ipaddr_is_linklocal(&c->a->addr)) {
        b->h.nexthop_ll = c->a->addr;
    }
    return true;
}

static bool s_ip6_peer(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                       const struct policy_clause *c)
{
    const struct ipaddr *a = e->env->out ? &e->env->local_addr : &e->env->peer_addr;

    if (e->family == AF_INET6 && a->family == AF_INET6)
        set_nexthop(b, a);
    return true;
}

static bool s_ip6_prefer_global(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                                const struct policy_clause *c)
{
    if (b->h.nexthop.family == AF_INET6 && !ipaddr_is_linklocal(&b->h.nexthop))
        memset(&b->h.nexthop_ll, 0, sizeof(b->h.nexthop_ll));
    return true;
}

static bool s_local_pref(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                         const struct policy_clause *c)
{
    b->h.local_pref =
        changed(c->a, b->h.flags & BAF_LOCAL_PREF ? b->h.local_pref : 0); /* FRR counts from 0 */
    b->h.flags |= BAF_LOCAL_PREF;
    return true;
}

static bool s_weight(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                     const struct policy_clause *c)
{
    b->h.weight = (uint32_t)c->a->num;
    return true;
}

static bool s_metric(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                     const struct policy_clause *c)
{
    uint32_t med = b->h.flags & BAF_MED ? b->h.med : 0;

    if (c->a->op == POLICY_IGP)
        med = e->env->igp_metric;
    else if (c->a->op == POLICY_AIGP)
        med = b->h.flags & BAF_AIGP ? (uint32_t)(b->h.aigp > UINT32_MAX ? UINT32_MAX : b->h.aigp)
                                    : med;
    else
        med = changed(c->a, med);
    b->h.med = med;
    b->h.flags |= BAF_MED;
    return true;
}

static bool s_min_metric(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                         const struct policy_clause *c)
{
    if (!(b->h.flags & BAF_MED) || b->h.med < c->a->num)
        b->h.med = (uint32_t)c->a->num;
    b->h.flags |= BAF_MED;
    return true;
}

static bool s_max_metric(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                         const struct policy_clause *c)
{
    if (b->h.flags & BAF_MED && b->h.med > c->a->num)
        b->h.med = (uint32_t)c->a->num;
    return true;
}

static bool s_aigp(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                   const struct policy_clause *c)
{
    b->h.aigp = c->a->op == POLICY_IGP ? e->env->igp_metric : c->a->num;
    b->h.flags |= BAF_AIGP;
    return true;
}

static bool s_origin(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                     const struct policy_clause *c)
{
    b->h.origin = (uint8_t)c->a->num;
    return true;
}

static bool s_tag(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                  const struct policy_clause *c)
{
    b->h.tag = (uint32_t)c->a->num;
    return true;
}

static bool s_atomic(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                     const struct policy_clause *c)
{
    b->h.flags |= BAF_ATOMIC;
    return true;
}

static bool s_aggregator(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                         const struct policy_clause *c)
{
    b->h.aggregator_as = (uint32_t)c->a->num;
    b->h.aggregator_id = ipaddr_v4_host(&c->a->addr);
    b->h.flags |= BAF_AGGREGATOR;
    return true;
}

static bool s_originator(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                         const struct policy_clause *c)
{
    b->h.originator_id = ipaddr_v4_host(&c->a->addr);
    b->h.flags |= BAF_ORIGINATOR;
    return true;
}

static uint32_t first_as(const struct bgp_attr_build *b)
{
    const uint8_t *p = b->aspath;

    if (b->h.aspath_len < 6 || p[0] != BGP_AS_SEQUENCE)
        return 0;
    return (uint32_t)p[2] << 24 | (uint32_t)p[3] << 16 | (uint32_t)p[4] << 8 | p[5];
}

static bool s_prepend(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                      const struct policy_clause *c)
{
    if (c->a->op == POLICY_LAST_AS) {
        uint32_t as = first_as(b);
        return !as || bgp_attr_prepend(b, as, (unsigned)c->a->num);
    }
    for (unsigned i = c->a->n; i-- > 0;)
        if (!bgp_attr_prepend(b, c->a->v[i], 1))
            return false;
    return true;
}

static bool s_exclude(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                      const struct policy_clause *c)
{
    if (c->a->op == POLICY_ALL_AS) {
        b->h.aspath_len = 0;
        return true;
    }
    return bgp_attr_as_exclude(b, c->a->v, c->a->n);
}

static bool s_replace(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                      const struct policy_clause *c)
{
    return bgp_attr_as_replace(b, c->a->op == POLICY_ALL_AS ? 0 : (uint32_t)c->a->num,
                               c->a->n ? c->a->v[0] : e->env->local_as);
}

static bool s_community(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                        const struct policy_clause *c)
{
    return bgp_attr_community_set(b, c->a->v, c->a->op == POLICY_NONE ? 0 : c->a->n, c->a->flag);
}

static bool s_large(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                    const struct policy_clause *c)
{
    return bgp_attr_large_set(b, (const uint32_t(*)[3])c->a->v,
                              c->a->op == POLICY_NONE ? 0 : c->a->n, c->a->flag);
}

/* Extended communities of one kind replace those of the same kind. */
static bool replace_ext(struct bgp_attr_build *b, uint8_t sub, const uint64_t *v, unsigned n)
{
    uint64_t keep[512];
    unsigned k = 0;

    for (size_t i = 0; i + 8 <= b->h.ext_len && k < 512; i += 8) {
        struct rb r = rb_init(b->ext + i, 8);
        uint64_t x = rb_u64(&r);
        if ((x >> 56 & 0x3f) > 2 || (x >> 48 & 0xff) != sub)
            keep[k++] = x;
    }
    return bgp_attr_ext_set(b, keep, k, false) && bgp_attr_ext_set(b, v, n, true);
}

static bool s_rt(struct bgp_policy_eval *e, struct bgp_attr_build *b, const struct policy_clause *c)
{
    return replace_ext(b, 2, c->a->ext, c->a->n);
}

static bool s_soo(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                  const struct policy_clause *c)
{
    return replace_ext(b, 3, c->a->ext, c->a->n);
}

static bool s_ext_none(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                       const struct policy_clause *c)
{
    b->h.ext_len = 0;
    return true;
}

/* Link bandwidth: the AS, and bytes per second as an IEEE 754 single. */
static bool s_bandwidth(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                        const struct policy_clause *c)
{
    float bytes = (float)c->a->num * 1000.0f * 1000.0f / 8.0f;
    uint32_t raw, as = e->env->local_as > UINT16_MAX ? 23456 : e->env->local_as;

    memcpy(&raw, &bytes, sizeof(raw));
    uint64_t x = (c->a->flag ? 0x4004ull : 0x0004ull) << 48 | (uint64_t)as << 32 | raw;
    return replace_ext(b, 4, &x, 1);
}

/* ---- deletion by list ---- */

struct deletion {
    const struct policy_list *list;
};

static void put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static bool drop_community(void *ctx, uint32_t c)
{
    const struct deletion *d = ctx;
    uint8_t rec[4];
    char text[32];

    put32(rec, c);
    return policy_community_permits_one(d->list, rec, bgp_community_str(c, text, sizeof(text)));
}

static bool drop_large(void *ctx, const uint32_t c[3])
{
    const struct deletion *d = ctx;
    uint8_t rec[12];
    char text[40];

    for (unsigned i = 0; i < 3; i++)
        put32(rec + 4 * i, c[i]);
    snprintf(text, sizeof(text), "%u:%u:%u", c[0], c[1], c[2]);
    return policy_community_permits_one(d->list, rec, text);
}

static bool s_comm_delete(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                          const struct policy_clause *c)
{
    struct deletion d = { c->list };
    return !c->list || bgp_attr_community_remove(b, drop_community, &d);
}

static bool s_large_delete(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                           const struct policy_clause *c)
{
    struct deletion d = { c->list };
    return !c->list || bgp_attr_large_remove(b, drop_large, &d);
}

static bool s_ext_delete(struct bgp_policy_eval *e, struct bgp_attr_build *b,
                         const struct policy_clause *c)
{
    uint64_t keep[512];
    unsigned k = 0;

    for (size_t i = 0; c->list && i + 8 <= b->h.ext_len && k < 512; i += 8) {
        struct {
            struct bgp_attr h;
            uint8_t rec[8];
        } one = { .h = { .ext_len = 8 } };
        char text[64];
        memcpy(one.rec, b->ext + i, 8);
        bgp_attr_ext_str(&one.h, text, sizeof(text));
        if (policy_community_permits_one(c->list, one.rec, text))
            continue;
        struct rb r = rb_init(b->ext + i, 8);
        keep[k++] = rb_u64(&r);
    }
    return !c->list || bgp_attr_ext_set(b, keep, k, false);
}

static set_fn *const setters[PC_KINDS] = {
    [PS_IP_NEXT_HOP] = s_ip_next_hop,
    [PS_IP6_NEXT_HOP_GLOBAL] = s_ip6_global,
    [PS_IP6_NEXT_HOP_LOCAL] = s_ip6_local,
    [PS_IP6_NEXT_HOP_PEER] = s_ip6_peer,
    [PS_IP6_NEXT_HOP_PREFER_GLOBAL] = s_ip6_prefer_global,
    [PS_LOCAL_PREF] = s_local_pref,
    [PS_WEIGHT] = s_weight,
    [PS_METRIC] = s_metric,
    [PS_MIN_METRIC] = s_min_metric,
    [PS_MAX_METRIC] = s_max_metric,
    [PS_AIGP_METRIC] = s_aigp,
    [PS_ORIGIN] = s_origin,
    [PS_TAG] = s_tag,
    [PS_ATOMIC] = s_atomic,
    [PS_AGGREGATOR] = s_aggregator,
    [PS_ORIGINATOR] = s_originator,
    [PS_AS_PREPEND] = s_prepend,
    [PS_AS_EXCLUDE] = s_exclude,
    [PS_AS_REPLACE] = s_replace,
    [PS_COMMUNITY] = s_community,
    [PS_COMM_LIST_DELETE] = s_comm_delete,
    [PS_LARGE] = s_large,
    [PS_LARGE_LIST_DELETE] = s_large_delete,
    [PS_EXT_RT] = s_rt,
    [PS_EXT_SOO] = s_soo,
    [PS_EXT_NONE] = s_ext_none,
    [PS_EXT_BANDWIDTH] = s_bandwidth,
    [PS_EXT_LIST_DELETE] = s_ext_delete,
};

bool bgp_policy_set_by_peer(const struct policy_arg *a)
{
    switch (a->kind) {
    case PS_IP6_NEXT_HOP_PEER:
    case PS_AS_REPLACE:
    case PS_EXT_BANDWIDTH:
        return true;
    default:
        return a->op == POLICY_PEER_ADDRESS || a->op == POLICY_UNCHANGED || a->op == POLICY_IGP;
    }
}

uint32_t bgp_policy_set(struct bgp_policy_eval *e, const struct policy_rmap_entry *en)
{
    static _Thread_local struct bgp_attr_build b;

    bgp_attr_build_from(&b, bgp_attr_get(e->attr));
    for (unsigned i = 0; i < en->n_set; i++) {
        set_fn *fn = setters[en->set[i].a->kind];
        if (fn && !fn(e, &b, &en->set[i]))
            return 0;
    }
    return bgp_attr_intern(&b);
}
