/* SPDX-License-Identifier: Apache-2.0
 * policy_rmap.c - route-maps: snapshots and their evaluation.
 *
 * A snapshot holds the map and every map that it can reach by `call`, its clauses bound to
 * snapshots of the lists they name. It is made anew when anything in the set changed since. An
 * entry without match clauses always matches. Evaluation is FRR's:
 *
 *   permit and match   set; then the called map, whose denial is final; then done, next, or go to
 *   deny and match     denied, whatever on-match says
 *   no match           next entry
 *   end of the map     denied; but a `goto` past the end leaves the route permitted
 */
#include "config.h"
#include <stdlib.h>
#include "policy_int.h"

#define MAX_DEPTH 10

struct map {
    const char *name;
    struct policy_hits *hits;
    struct policy_rmap_entry *entries;
    uint32_t n;
};
struct policy_rmap {
    _Atomic(uint32_t) refs;
    struct map *maps;
    unsigned n_maps;
};

/* ---- counting ---- */

struct policy_hits *policy_hits_new(void)
{
    struct policy_hits *h = aligned_alloc(64, sizeof(*h));
    if (!h)
        abort();
    memset(h, 0, sizeof(*h));
    mem_count(MEM(policy), 1, sizeof(*h));
    atomic_init(&h->refs, 1);
    return h;
}

struct policy_hits *policy_hits_ref(struct policy_hits *h)
{
    atomic_fetch_add_explicit(&h->refs, 1, memory_order_relaxed);
    return h;
}

void policy_hits_unref(struct policy_hits *h)
{
    if (!h || atomic_fetch_sub_explicit(&h->refs, 1, memory_order_acq_rel) != 1)
        return;
    mem_count(MEM(policy), -1, -(int64_t)sizeof(*h));
    free(h);
}

uint64_t policy_hits_sum(const struct policy_hits *h)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < POLICY_HIT_SLOTS; i++)
        n += atomic_load_explicit(&h->slot[i].n, memory_order_relaxed);
    return n;
}

static void hit(struct policy_hits *h)
{
    static _Atomic(unsigned) threads;
    static _Thread_local unsigned mine;
    if (!mine)
        mine = 1 + atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed);
    _Atomic(uint64_t) *n = &h->slot[mine % POLICY_HIT_SLOTS].n;
    atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* ---- building ---- */

static int map_index(struct policy_rmap *m, struct policy_named **src, const char *name)
{
    for (unsigned i = 0; i < m->n_maps; i++)
        if (!strcmp(src[i]->name, name))
            return (int)i;
    return -1;
}

static unsigned n_clauses(const struct policy_map_entry *e)
{
    unsigned n = 0;
    for (const struct policy_map_clause *c = e->clauses; c; c = c->next)
        n++;
    return n;
}

static void build_entry(struct policy_set *s, const struct policy_map_entry *from,
                        struct policy_rmap_entry *e)
{
    struct policy_clause *v = mem_calloc(MEM(policy_snap), n_clauses(from) + 1, sizeof(*v));

    *e = (struct policy_rmap_entry){ .seq = from->seq,
                                     .id = policy_new_id(),
                                     .permit = from->permit,
                                     .match = v,
                                     .on_match = from->on_match,
                                     .go_to = from->go_to,
                                     .call = -1,
                                     .hits = policy_hits_ref(from->hits) };
    for (const struct policy_map_clause *c = from->clauses; c;
         c = c->next) { /* by kind: match before set */
        enum policy_kind kind = policy_clause_list_kind(c->arg->a.kind);
        atomic_fetch_add_explicit(&c->arg->refs, 1, memory_order_relaxed);
        v->a = &c->arg->a;
        v->id = policy_new_id();
        v->list = kind < POLICY_KINDS ? policy_get(s, kind, c->arg->a.name) : NULL;
        if (c->arg->a.kind < PS_FIRST)
            e->n_match++;
        else
            e->n_set++;
        v++;
    }
    e->set = e->match + e->n_match;
}

static struct policy_rmap *build(struct policy_set *s, struct policy_named *top)
{
    struct policy_rmap *m = mem_calloc(MEM(policy_snap), 1, sizeof(*m));
    unsigned total = 0;
    for (unsigned b = 0; b < POLICY_BUCKETS; b++)
        for (const struct policy_named *l = s->names[POLICY_ROUTE_MAP][b]; l; l = l->next)
            total++;
    struct policy_named **src = mem_alloc(MEM(tmp), total * sizeof(struct policy_named *));

    atomic_init(&m->refs, 1);
    m->maps = mem_calloc(MEM(policy_snap), total, sizeof(*m->maps));
    src[m->n_maps++] = top;
    for (unsigned i = 0; i < m->n_maps; i++) { /* grows as calls are met */
        struct map *to = &m->maps[i];
        to->name = mem_strdup(MEM(policy_snap), src[i]->name);
        to->hits = policy_hits_ref(src[i]->hits);
        to->n = src[i]->n_entries;
        to->entries = mem_calloc(MEM(policy_snap), to->n + 1, sizeof(*to->entries));
        for (uint32_t k = 0; k < to->n; k++) {
            const struct policy_map_entry *e = src[i]->entries[k];
            build_entry(s, e, &to->entries[k]);
            struct policy_named *called =
                e->call ? policy_find(s, POLICY_ROUTE_MAP, e->call) : NULL;
            if (!called)
                continue;
            int at = map_index(m, src, e->call);
            if (at < 0) {
                at = (int)m->n_maps;
                src[m->n_maps++] = called;
            }
            to->entries[k].call = at;
        }
    }
    mem_free(MEM(tmp), src);
    return m;
}

const struct policy_rmap *policy_rmap_get(struct policy_set *s, const char *name)
{
    struct policy_named *l = s && name ? policy_find(s, POLICY_ROUTE_MAP, name) : NULL;
    if (!l)
        return NULL;
    if (!l->rmap || l->gen != s->gen) {
        policy_rmap_unref(l->rmap);
        l->rmap = build(s, l);
        l->gen = s->gen;
    }
    l->told = false;
    return policy_rmap_ref(l->rmap);
}

const struct policy_rmap *policy_rmap_ref(const struct policy_rmap *m)
{
    if (m)
        atomic_fetch_add_explicit(&((struct policy_rmap *)m)->refs, 1, memory_order_relaxed);
    return m;
}

static void entry_fini(struct policy_rmap_entry *e)
{
    for (unsigned i = 0; i < e->n_match + e->n_set; i++) {
        const struct policy_clause *c = &e->match[i];
        policy_list_unref(c->list);
        policy_arg_unref(
            (struct policy_arg_ref *)((char *)c->a - offsetof(struct policy_arg_ref, a)));
    }
    mem_free(MEM(policy_snap), (void *)e->match);
    policy_hits_unref(e->hits);
}

void policy_rmap_unref(const struct policy_rmap *cm)
{
    struct policy_rmap *m = (struct policy_rmap *)cm;
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (unsigned i = 0; i < m->n_maps; i++) {
        for (uint32_t k = 0; k < m->maps[i].n; k++)
            entry_fini(&m->maps[i].entries[k]);
        mem_free(MEM(policy_snap), m->maps[i].entries);
        mem_free(MEM(policy_snap), (char *)m->maps[i].name);
        policy_hits_unref(m->maps[i].hits);
    }
    mem_free(MEM(policy_snap), m->maps);
    mem_free(MEM(policy_snap), m);
}

/* ---- evaluation ---- */

static bool matches(const struct policy_rmap_entry *e, const struct policy_rmap_ops *ops, void *obj)
{
    for (unsigned i = 0; i < e->n_match; i++)
        if (!ops->match(obj, &e->match[i]))
            return false;
    return true;
}

static bool run(const struct policy_rmap *m, unsigned at, unsigned depth,
                const struct policy_rmap_ops *ops, void *obj)
{
    const struct map *map = &m->maps[at];

    if (depth > MAX_DEPTH)
        return false;
    hit(map->hits);
    for (uint32_t i = 0; i < map->n;) {
        const struct policy_rmap_entry *e = &map->entries[i++];
        hit(e->hits);
        if (!matches(e, ops, obj))
            continue;
        if (!e->permit)
            return false;
        if (e->n_set)
            ops->set(obj, e);
        if (e->call >= 0 && !run(m, (unsigned)e->call, depth + 1, ops, obj))
            return false;
        if (!e->on_match)
            return true;
        if (e->on_match == 2) {
            while (i < map->n && map->entries[i].seq < e->go_to)
                i++;
            if (i == map->n)
                return true;
        }
    }
    return false;
}

bool policy_rmap_apply(const struct policy_rmap *m, const struct policy_rmap_ops *ops, void *obj)
{
    return m && run(m, 0, 0, ops, obj);
}

void policy_rmap_walk(const struct policy_rmap *m,
                      void (*clause)(void *ctx, const struct policy_clause *c),
                      void (*name)(void *ctx, enum policy_kind kind, const char *name), void *ctx)
{
    for (unsigned i = 0; m && i < m->n_maps; i++) {
        if (name)
            name(ctx, POLICY_ROUTE_MAP, m->maps[i].name);
        for (uint32_t k = 0; k < m->maps[i].n; k++) {
            const struct policy_rmap_entry *e = &m->maps[i].entries[k];
            for (unsigned c = 0; c < e->n_match + e->n_set; c++) {
                enum policy_kind kind = policy_clause_list_kind(e->match[c].a->kind);
                if (clause)
                    clause(ctx, &e->match[c]);
                if (name && kind < POLICY_KINDS)
                    name(ctx, kind, e->match[c].a->name);
            }
        }
    }
}

/* ---- clauses that any daemon can answer ---- */

static bool host_permits(const struct policy_list *l, const struct ipaddr *a)
{
    struct prefix p = prefix_host(a);
    return l && a->family && policy_prefix_permits(l, &p);
}

static bool prefix_permits(const struct policy_list *l, const struct prefix *p)
{
    return l && policy_prefix_permits(l, p);
}

/* N percent of the routes, the same ones each time: by the prefix. */
static bool by_chance(const struct policy_facts *f, uint64_t percent)
{
    return prefix_hash(f->prefix) % 100 < percent;
}

int policy_match_facts(const struct policy_clause *c, const struct policy_facts *f)
{
    const struct policy_arg *a = c->a;

    switch (a->kind) {
    case PM_IP_ADDRESS:
    case PM_IP_ADDRESS_PREFIX_LIST:
    case PM_IP6_ADDRESS:
    case PM_IP6_ADDRESS_PREFIX_LIST:
        return prefix_permits(c->list, f->prefix);
    case PM_IP_ADDRESS_PREFIX_LEN:
        return f->prefix->family == AF_INET && f->prefix->len == a->num;
    case PM_IP6_ADDRESS_PREFIX_LEN:
        return f->prefix->family == AF_INET6 && f->prefix->len == a->num;
    case PM_IP_NEXT_HOP:
    case PM_IP_NEXT_HOP_PREFIX_LIST:
    case PM_IP6_NEXT_HOP:
    case PM_IP6_NEXT_HOP_PREFIX_LIST:
        return host_permits(c->list, &f->nexthop);
    case PM_IP_NEXT_HOP_ADDRESS:
    case PM_IP6_NEXT_HOP_ADDRESS:
        return ipaddr_eq(&f->nexthop, &a->addr);
    case PM_IP_NEXT_HOP_TYPE:
    case PM_IP6_NEXT_HOP_TYPE:
        return f->blackhole;
    case PM_IP_NEXT_HOP_PREFIX_LEN:
        return f->nexthop.family == AF_INET && a->num == 32;
    case PM_IP_ROUTE_SOURCE:
    case PM_IP_ROUTE_SOURCE_PREFIX_LIST:
        return host_permits(c->list, &f->source);
    case PM_INTERFACE:
        return f->ifname && !strcmp(f->ifname, a->name);
    case PM_METRIC:
        return f->has_metric && f->metric == a->num;
    case PM_TAG:
        return f->tag == a->num;
    case PM_SOURCE_PROTOCOL:
        return f->protocol && !strcmp(f->protocol, a->name);
    case PM_PROBABILITY:
        return by_chance(f, a->num);
    default:
        return -1;
    }
}
