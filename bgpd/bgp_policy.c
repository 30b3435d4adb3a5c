/* SPDX-License-Identifier: Apache-2.0
 * bgp_policy.c - a neighbour's lists and route-map over one path: order, verdicts, memo.
 *
 * FRR's order: distribute-list, prefix-list, filter-list, route-map; the first that denies ends it.
 * The memo of a shard keeps what depends on the attribute set only:
 *
 *   (set, list)      what an AS-path or community list says of it
 *   (set, entry)     the set that a route-map entry's set clauses make of it
 *   (set, policy)    the whole verdict, when nothing in the policy looks at the prefix
 *
 * Ids of lists, entries and policies are never given twice, so a memo cannot confuse an old
 * snapshot with a new one. What also depends on who the peer is carries a hash of that in its key.
 * bgp_policy_set.c carries out the set clauses.
 */
#include "bgp_policy_int.h"
#include <stdatomic.h>

MEM_DEFINE(bgp_policy, "BGP policy");

struct bgp_policy {
    _Atomic(uint32_t) refs;
    uint32_t id;
    int family;
    bool by_prefix, by_peer; /* the verdict depends on the prefix, on the environment */
    bool by_attr;            /* it looks at attributes or sets some */
    bool has_distribute, has_prefix, has_filter, has_rmap;
    const struct policy_list *distribute, *prefix, *filter;
    const struct policy_rmap *rmap;
    char **names;
    unsigned n_names;
};

/* ---- memo ---- */

struct cell {
    uint64_t key, env; /* key 0: empty */
    uint32_t value;
};
struct bgp_policy_memo {
    struct cell *cells;
    uint32_t size, n;
};
#define MEMO_MIN 1024
#define MEMO_MAX (1u << 22)

struct bgp_policy_memo *bgp_policy_memo_new(void)
{
    return mem_calloc(MEM(bgp_policy), 1, sizeof(struct bgp_policy_memo));
}

void bgp_policy_memo_free(struct bgp_policy_memo *m)
{
    if (!m)
        return;
    mem_free(MEM(bgp_policy), m->cells);
    mem_free(MEM(bgp_policy), m);
}

void bgp_policy_memo_clear(struct bgp_policy_memo *m)
{
    if (!m)
        return;
    mem_free(MEM(bgp_policy), m->cells);
    *m = (struct bgp_policy_memo){ 0 };
}

static uint32_t memo_place(const struct bgp_policy_memo *m, uint64_t key, uint64_t env)
{
    uint64_t h = (key ^ env * 0x9e3779b97f4a7c15ull) * 0xff51afd7ed558ccdull;
    uint32_t i = (uint32_t)(h >> 32) & (m->size - 1);
    while (m->cells[i].key && (m->cells[i].key != key || m->cells[i].env != env))
        i = (i + 1) & (m->size - 1);
    return i;
}

static bool memo_find(const struct bgp_policy_memo *m, uint64_t key, uint64_t env, uint32_t *ret)
{
    if (!m->size)
        return false;
    const struct cell *c = &m->cells[memo_place(m, key, env)];
    *ret = c->value;
    return c->key != 0;
}

static void memo_put(struct bgp_policy_memo *m, uint64_t key, uint64_t env, uint32_t value)
{
    if (m->n * 2 >= m->size) {
        struct bgp_policy_memo old = *m;
        if (old.size >= MEMO_MAX) { /* forget rather than grow without end */
            memset(m->cells, 0, m->size * sizeof(*m->cells));
            m->n = 0;
        } else {
            m->size = old.size ? old.size * 2 : MEMO_MIN;
            m->cells = mem_calloc(MEM(bgp_policy), m->size, sizeof(*m->cells));
            for (uint32_t i = 0; i < old.size; i++)
                if (old.cells[i].key)
                    m->cells[memo_place(m, old.cells[i].key, old.cells[i].env)] = old.cells[i];
            mem_free(MEM(bgp_policy), old.cells);
        }
    }
    struct cell *c = &m->cells[memo_place(m, key, env)];
    m->n += !c->key;
    *c = (struct cell){ .key = key, .env = env, .value = value };
}

static uint64_t env_hash(const struct bgp_policy_env *e)
{
    struct ipaddr a[5] = { e->peer_addr, e->local_addr, e->source_addr, e->nexthop, e->nexthop_ll };
    uint32_t v[4] = { e->peer_as, e->local_as, e->igp_metric,
                      (uint32_t)e->source_proto << 2 | (uint32_t)e->out << 1 | e->ebgp };
    return hash_bytes(v, sizeof(v), hash_bytes(a, sizeof(a), 1)) | 1;
}

/* ---- building ---- */

static void add_name(struct bgp_policy *p, const char *name)
{
    for (unsigned i = 0; i < p->n_names; i++)
        if (!strcmp(p->names[i], name))
            return;
    p->names = mem_realloc(MEM(bgp_policy), p->names, (p->n_names + 1) * sizeof(char *));
    p->names[p->n_names++] = mem_strdup(MEM(bgp_policy), name);
}

static void note_name(void *ctx, enum policy_kind kind, const char *name)
{
    add_name(ctx, name);
}

static void note_clause(void *ctx, const struct policy_clause *c)
{
    struct bgp_policy *p = ctx;

    switch (c->a->kind) {
    case PM_IP_ADDRESS:
    case PM_IP_ADDRESS_PREFIX_LIST:
    case PM_IP_ADDRESS_PREFIX_LEN:
    case PM_IP6_ADDRESS:
    case PM_IP6_ADDRESS_PREFIX_LIST:
    case PM_IP6_ADDRESS_PREFIX_LEN:
    case PM_PROBABILITY:
        p->by_prefix = true;
        break;
    case PM_IP_ROUTE_SOURCE:
    case PM_IP_ROUTE_SOURCE_PREFIX_LIST:
    case PM_PEER:
    case PM_SRC_PEER:
    case PM_SOURCE_PROTOCOL:
        p->by_peer = true;
        break;
    default:
        p->by_attr = true;
        p->by_peer |= bgp_policy_set_by_peer(c->a);
        break;
    }
}

const struct bgp_policy *bgp_policy_build(const struct policy_set *cset,
                                          const struct bgp_policy_names *n)
{
    struct policy_set *set =
        (struct policy_set *)cset; /* main thread: its snapshots are made on demand */
    bool v6 = n->family == AF_INET6;

    if (!n->prefix_list && !n->distribute_list && !n->filter_list && !n->route_map)
        return NULL;
    struct bgp_policy *p = mem_calloc(MEM(bgp_policy), 1, sizeof(*p));
    atomic_init(&p->refs, 1);
    p->family = n->family;
    p->id = policy_new_id();
    p->has_distribute = n->distribute_list;
    p->has_prefix = n->prefix_list;
    p->has_filter = n->filter_list;
    p->has_rmap = n->route_map;
    p->distribute = policy_get(set, v6 ? POLICY_ACCESS6 : POLICY_ACCESS4, n->distribute_list);
    p->prefix = policy_get(set, v6 ? POLICY_PREFIX6 : POLICY_PREFIX4, n->prefix_list);
    p->filter = policy_get(set, POLICY_AS_PATH, n->filter_list);
    p->rmap = policy_rmap_get(set, n->route_map);
    const char *const given[] = { n->distribute_list, n->prefix_list, n->filter_list,
                                  n->route_map };
    for (unsigned i = 0; i < 4; i++)
        if (given[i])
            add_name(p, given[i]);
    policy_rmap_walk(p->rmap, note_clause, note_name, p);
    return p;
}

const struct bgp_policy *bgp_policy_ref(const struct bgp_policy *p)
{
    if (p)
        atomic_fetch_add_explicit(&((struct bgp_policy *)p)->refs, 1, memory_order_relaxed);
    return p;
}

void bgp_policy_unref(const struct bgp_policy *cp)
{
    struct bgp_policy *p = (struct bgp_policy *)cp;
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
        return;
    policy_list_unref(p->distribute);
    policy_list_unref(p->prefix);
    policy_list_unref(p->filter);
    policy_rmap_unref(p->rmap);
    for (unsigned i = 0; i < p->n_names; i++)
        mem_free(MEM(bgp_policy), p->names[i]);
    mem_free(MEM(bgp_policy), p->names);
    mem_free(MEM(bgp_policy), p);
}

bool bgp_policy_blind(const struct bgp_policy *p)
{
    return !p->by_attr && !p->has_filter;
}

bool bgp_policy_uses(const struct bgp_policy *p, const char *list_name)
{
    for (unsigned i = 0; p && i < p->n_names; i++)
        if (!strcmp(p->names[i], list_name))
            return true;
    return false;
}

/* ---- evaluation ---- */

static const char *community_text(void *ctx)
{
    static _Thread_local char buf[4096 * 4];
    const struct bgp_policy_eval *e = ctx;
    const struct bgp_attr *a = bgp_attr_get(e->attr);

    switch (e->text_of) {
    case PM_LARGE_COMMUNITY:
        return bgp_attr_large_str(a, buf, sizeof(buf));
    case PM_EXT_COMMUNITY:
        return bgp_attr_ext_str(a, buf, sizeof(buf));
    case PM_AS_PATH:
        return bgp_attr_path_str(a, buf, sizeof(buf));
    default:
        return bgp_attr_community_str(a, buf, sizeof(buf));
    }
}

static bool list_permits(struct bgp_policy_eval *e, const struct policy_list *l,
                         enum policy_clause_kind kind, enum policy_how how)
{
    const struct bgp_attr *a = bgp_attr_get(e->attr);

    e->text_of = kind;
    switch (kind) {
    case PM_AS_PATH:
        return policy_as_path_permits(l, community_text(e));
    case PM_LARGE_COMMUNITY:
        return policy_community_permits(l, bgp_attr_large(a), a->large_len, how, community_text, e);
    case PM_EXT_COMMUNITY:
        return policy_community_permits(l, bgp_attr_ext(a), a->ext_len, how, community_text, e);
    default:
        return policy_community_permits(l, bgp_attr_community(a), a->community_len, how,
                                        community_text, e);
    }
}

/* id: of the clause, or of the list itself when a neighbour applies it. */
static bool list_memo(struct bgp_policy_eval *e, const struct policy_list *l, uint32_t id,
                      enum policy_clause_kind kind, enum policy_how how)
{
    uint64_t key = (uint64_t)e->attr << 32 | id;
    uint32_t v;

    if (!l)
        return false;
    if (!memo_find(e->memo, key, 0, &v)) {
        v = list_permits(e, l, kind, how);
        memo_put(e->memo, key, 0, v);
    }
    return v;
}

static bool peer_matches(const struct policy_arg *a, const struct ipaddr *addr)
{
    return a->op == POLICY_LOCAL ? !addr->family : ipaddr_eq(&a->addr, addr);
}

static int match_facts(struct bgp_policy_eval *e, const struct policy_clause *c,
                       const struct bgp_attr *a)
{
    struct policy_facts f = { .prefix = e->prefix,
                              .nexthop = a->nexthop,
                              .source = e->env->source_addr,
                              .metric = a->med,
                              .has_metric = a->flags & BAF_MED,
                              .tag = a->tag };
    uint8_t proto = e->env->source_proto;
    f.protocol = proto ? zapi_proto_name((enum zapi_proto)proto) : "bgp";
    return policy_match_facts(c, &f);
}

static bool match(void *obj, const struct policy_clause *c)
{
    struct bgp_policy_eval *e = obj;
    const struct policy_arg *a = c->a;
    const struct bgp_attr *at = bgp_attr_get(e->attr);

    switch (a->kind) {
    case PM_LOCAL_PREF:
        return (at->flags & BAF_LOCAL_PREF ? at->local_pref : 100) == a->num;
    case PM_AS_PATH:
    case PM_COMMUNITY:
    case PM_LARGE_COMMUNITY:
    case PM_EXT_COMMUNITY:
        return list_memo(e, c->list, c->id, a->kind, a->how);
    case PM_AS_PATH_COUNT:
        return at->path_len == a->num;
    case PM_ORIGIN:
        return at->origin == a->num;
    case PM_PEER:
        return peer_matches(a, &e->env->peer_addr);
    case PM_SRC_PEER:
        return peer_matches(a, &e->env->source_addr);
    case PM_COMMUNITY_LIMIT:
        return at->community_len / 4u <= a->num;
    case PM_EXT_COMMUNITY_LIMIT:
        return at->ext_len / 8u <= a->num;
    default:
        return match_facts(e, c, at) > 0;
    }
}

static void set(void *obj, const struct policy_rmap_entry *en)
{
    struct bgp_policy_eval *e = obj;
    uint64_t key = (uint64_t)e->attr << 32 | en->id,
             env = e->env_hash ^ (e->family == AF_INET6 ? 2 : 0);
    uint32_t v;

    if (!memo_find(e->memo, key, env, &v)) {
        v = bgp_policy_set(e, en);
        memo_put(e->memo, key, env, v);
    }
    if (v)
        e->attr = v;
    else
        e->failed = true;
}

static uint32_t evaluate(const struct bgp_policy *p, struct bgp_policy_eval *e)
{
    static const struct policy_rmap_ops ops = { .match = match, .set = set };

    if (p->has_distribute && !policy_prefix_permits(p->distribute, e->prefix))
        return 0;
    if (p->has_prefix && !policy_prefix_permits(p->prefix, e->prefix))
        return 0;
    if (p->has_filter &&
        !list_memo(e, p->filter, policy_list_id(p->filter), PM_AS_PATH, POLICY_ALL))
        return 0;
    if (p->has_rmap && !policy_rmap_apply(p->rmap, &ops, e))
        return 0;
    return e->failed ? 0 : e->attr; /* what cannot be held any more is not announced */
}

uint32_t bgp_policy_apply(const struct bgp_policy *p, struct bgp_policy_memo *m,
                          const struct bgp_policy_env *env, const struct prefix *prefix,
                          uint32_t attr)
{
    struct bgp_policy_eval e = {
        .memo = m, .env = env, .prefix = prefix, .attr = attr, .family = prefix->family
    };
    uint32_t v;

    if (!p)
        return attr;
    if (p->by_peer)
        e.env_hash = env_hash(env);
    if (p->by_prefix || p->has_distribute || p->has_prefix)
        return evaluate(p, &e);
    uint64_t key = (uint64_t)attr << 32 | p->id;
    if (!memo_find(m, key, e.env_hash, &v)) {
        v = evaluate(p, &e);
        memo_put(m, key, e.env_hash, v);
    }
    return v;
}
