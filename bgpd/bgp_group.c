/* SPDX-License-Identifier: Apache-2.0
 * bgp_group.c - update groups: who is in which, what each has been sent, who still lacks what.
 *
 * All peers for which the same bytes are right share a group (struct bgp_group_key) and one
 * Adj-RIB-Out: cell d says what was sent of destination d. A member has the route if the cell has
 * an attribute and its source is not the member itself (split horizon).
 *
 * A cell holds the attribute of the Loc-RIB, or what the outbound policy made of it; the rest of
 * the transformation (bgp_export.h) is a function of group and cell, and is run once per distinct
 * attribute set when the messages are made (bgp_group_flush.c). Nothing is interned per group.
 *
 * Members are synced (they take the group's buffers) or catch up: their todo says which
 * destinations they lack. Late joiners, route refreshes, moves between groups and slow sockets all
 * catch up. Those that lack the same destinations at the same time share buffers as well.
 */
#include "config.h"
#include "bgp_group.h"

MEM_DEFINE(bgp_adj_out, "BGP Adj-RIB-Out");
MEM_DEFINE(bgp_group, "BGP update group");

/* ---- one id for a key in all shards ---- */
struct registered {
    struct registered *next;
    struct bgp_group_key key;
    uint32_t id, refs;
};
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct registered *registry;
static uint32_t registry_last;

uint32_t group_registry_get(const struct bgp_group_key *k)
{
    pthread_mutex_lock(&registry_lock);
    struct registered *r = registry;
    while (r && memcmp(&r->key, k, sizeof(*k)))
        r = r->next;
    if (!r) {
        r = mem_calloc(MEM(bgp_group), 1, sizeof(*r));
        r->key = *k;
        r->id = ++registry_last;
        r->next = registry;
        registry = r;
    }
    r->refs++;
    uint32_t id = r->id;
    pthread_mutex_unlock(&registry_lock);
    return id;
}

void group_registry_put(uint32_t id)
{
    pthread_mutex_lock(&registry_lock);
    for (struct registered **at = &registry; *at; at = &(*at)->next) {
        struct registered *r = *at;
        if (r->id != id)
            continue;
        if (--r->refs == 0) {
            *at = r->next;
            mem_free(MEM(bgp_group), r);
        }
        break;
    }
    pthread_mutex_unlock(&registry_lock);
}

/* ---- groups ---- */
void group_all_pending(struct shard_group *g)
{
    for (uint32_t d = 1; d < pool_end(&g->t->dests); d++)
        if (dest_meta(g->t, dest_key(g->t, d))->flags & DF_LIVE)
            dbits_set(&g->pending, d);
}

static struct shard_group *group_find(const struct shard_table *t, const struct bgp_group_key *k)
{
    struct shard_group *g = t->groups;
    while (g && memcmp(&g->key, k, sizeof(*k)))
        g = g->next;
    return g;
}

/* 0/0 has to exist for those who get a default route made for them. */
static void default_pin(struct bgp_shard *s, struct shard_table *t, bool pin)
{
    static const uint8_t zero[16];
    if (s->id != 0) /* one shard makes it for all */
        return;
    uint32_t d = pin ? shard_dest_get(s, t, zero, 0) : ptable_find(&t->pt, zero, 0);
    if (!d)
        return;
    struct dest_meta *m = dest_meta(t, dest_key(t, d));
    if (pin) {
        m->flags |= DF_PIN;
        return;
    }
    m->flags &= (uint8_t)~DF_PIN;
    shard_dest_try_free(s, t, d);
}

static struct shard_group *group_new(struct bgp_shard *s, struct shard_table *t,
                                     const struct bgp_group_key *k)
{
    struct shard_group *g = mem_calloc(MEM(bgp_group), 1, sizeof(*g));
    g->t = t;
    g->key = *k;
    g->id = group_registry_get(k);
    carray_init(&g->cells, MEM(bgp_adj_out), sizeof(struct group_cell), 12);
    if (k->flags & GK_DEFAULT)
        default_pin(s, t, true);
    g->next = t->groups;
    t->groups = g;
    group_all_pending(g);
    return g;
}

static void group_free(struct bgp_shard *s, struct shard_group *g)
{
    struct shard_table *t = g->t;
    bool pinned = false;
    struct shard_group **at = &t->groups;
    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    group_registry_put(g->id);
    for (struct shard_group *o = t->groups; o; o = o->next)
        pinned |= o->key.flags & GK_DEFAULT;
    /* Destinations that were there for the sake of this group alone. */
    if (s) {
        if (g->key.flags & GK_DEFAULT && !pinned)
            default_pin(s, t, false);
        for (uint32_t d = 1; d < pool_end(&t->dests); d++)
            if (dest_meta(t, dest_key(t, d))->flags & DF_LIVE &&
                !dest_tail(t, dest_key(t, d))->path)
                shard_dest_try_free(s, t, d);
    }
    carray_fini(&g->cells);
    dbits_fini(&g->pending);
    mem_free(MEM(bgp_group), g->members);
    mem_free(MEM(bgp_group), g);
}

void group_empty_table(struct shard_table *t)
{
    for (struct shard_group *g = t->groups; g; g = g->next) {
        carray_fini(&g->cells);
        carray_init(&g->cells, MEM(bgp_adj_out), sizeof(struct group_cell), 12);
    }
}

bool group_holds(const struct shard_table *t, uint32_t d)
{
    for (const struct shard_group *g = t->groups; g; g = g->next) {
        const struct group_cell *c = carray_peek(&g->cells, d);
        if (dbits_test(&g->pending, d) || (c && c->attr))
            return true;
        for (unsigned i = 0; i < g->n; i++)
            if (g->members[i]->todo.count && dbits_test(&g->members[i]->todo, d))
                return true;
    }
    return false;
}

struct shard_member *group_member(const struct shard_group *g, uint16_t peer)
{
    for (unsigned i = 0; i < g->n; i++)
        if (g->members[i]->peer == peer)
            return g->members[i];
    return NULL;
}

/* Everything that the member has been sent (or would be) is to be sent again. */
static void todo_all(struct shard_group *g, struct shard_member *m)
{
    for (uint32_t d = 1; d < pool_end(&g->t->dests); d++) {
        const struct group_cell *c = carray_peek(&g->cells, d);
        if (!c) {
            d |= (1u << g->cells.shift) - 1; /* an unwritten chunk */
            continue;
        }
        if (c->attr && c->source != m->peer)
            dbits_set(&m->todo, d);
    }
}

static void member_add(struct bgp_shard *s, struct shard_peer *p, struct shard_group *g,
                       struct shard_member *m)
{
    if (g->n == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 4;
        g->members = mem_realloc(MEM(bgp_group), g->members, g->cap * sizeof(*g->members));
    }
    g->members[g->n++] = m;
    m->synced = !g->n_out && !m->todo.count;
    m->lap = g->lap;
    if (!m->synced)
        todo_all(g, m);
    if (g->n == 2 && g->hidden) {
        g->hidden = false;
        group_all_pending(g);
    }
    p->group[g->t->af] = g;
    atomic_store_explicit(&p->group_id[g->t->af], g->id, memory_order_relaxed);
    p->own[g->t->af] = 0;
    for (uint32_t d = 1; g->n_out && d < pool_end(&g->t->dests); d++) {
        const struct group_cell *c = carray_peek(&g->cells, d);
        p->own[g->t->af] += c && c->attr && c->source == m->peer;
    }
    (void)s;
}

static struct shard_member *member_take(struct shard_peer *p, unsigned af)
{
    struct shard_group *g = p->group[af];
    struct shard_member *m = NULL;
    for (unsigned i = 0; i < g->n; i++) {
        if (g->members[i]->peer != p->conf.peer)
            continue;
        m = g->members[i];
        g->members[i] = g->members[--g->n];
        break;
    }
    p->group[af] = NULL;
    atomic_store_explicit(&p->group_id[af], 0, memory_order_relaxed);
    return m;
}

static void member_free(struct shard_member *m)
{
    if (m)
        dbits_fini(&m->todo);
    mem_free(MEM(bgp_group), m);
}

static bool wants(const struct bgp_shard *s, const struct shard_peer *p, unsigned af)
{
    return p->up && p->conf.af[af].active && shard_table(s, p->conf.inst, af);
}

static struct shard_group *group_for(struct bgp_shard *s, const struct shard_peer *p, unsigned af)
{
    struct bgp_group_key k;
    struct shard_table *t = shard_table(s, p->conf.inst, af);
    bgp_export_key(&k, t->conf, &p->conf, (enum bgp_afi_safi)af);
    struct shard_group *g = group_find(t, &k);
    return g ? g : group_new(s, t, &k);
}

void group_join(struct bgp_shard *s, struct shard_peer *p, uint32_t dump)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        if (!wants(s, p, af))
            continue;
        struct shard_member *m = mem_calloc(MEM(bgp_group), 1, sizeof(*m));
        m->peer = p->conf.peer;
        m->gen = p->conf.gen;
        m->dump = dump;
        member_add(s, p, group_for(s, p, af), m);
    }
}

static void member_remove(struct bgp_shard *s, struct shard_peer *p, unsigned af)
{
    struct shard_group *g = p->group[af];
    if (!g)
        return;
    struct shard_member *m = member_take(p, af);
    struct dbits todo = m->todo;
    m->todo = (struct dbits){ 0 };
    member_free(m);
    /* Destinations kept only for what this member still had to be told. */
    if (g->n)
        for (uint32_t d = dbits_next(&todo, 1); d; d = dbits_next(&todo, d + 1))
            shard_dest_try_free(s, g->t, d);
    dbits_fini(&todo);
    atomic_store_explicit(&p->count[af].sent, 0, memory_order_relaxed);
    if (!g->n)
        group_free(s, g);
}

void group_leave(struct bgp_shard *s, struct shard_peer *p)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        member_remove(s, p, af);
}

/* From one group to another: what the peer had and what it shall have are both to be sent. */
static void member_move(struct bgp_shard *s, struct shard_peer *p, unsigned af,
                        struct shard_group *to)
{
    struct shard_group *from = p->group[af];
    struct shard_member *m = member_take(p, af);
    todo_all(from, m);
    member_add(s, p, to, m);
    if (!from->n)
        group_free(s, from);
}

/* A group whose members all get the same new key by another policy keeps its cells: only what comes
 * out different is sent. Cells hold the policy's results, so they can be compared. */
static bool rekey(struct bgp_shard *s, struct shard_group *g)
{
    struct bgp_group_key k, first;
    for (unsigned i = 0; i < g->n; i++) {
        struct shard_peer *p = shard_peer(s, g->members[i]->peer);
        bgp_export_key(&k, g->t->conf, &p->conf, (enum bgp_afi_safi)g->t->af);
        if (i == 0)
            first = k;
        else if (memcmp(&k, &first, sizeof(k)))
            return false;
    }
    if (!g->n || !memcmp(&first, &g->key, sizeof(first)))
        return true;
    k = first;
    k.out = g->key.out;
    if (!first.out || !g->key.out || memcmp(&k, &g->key, sizeof(k)) || group_find(g->t, &first))
        return false;
    g->key = first;
    group_registry_put(g->id);
    g->id = group_registry_get(&g->key);
    for (unsigned i = 0; i < g->n; i++)
        atomic_store_explicit(&shard_peer(s, g->members[i]->peer)->group_id[g->t->af], g->id,
                              memory_order_relaxed);
    group_all_pending(g);
    return true;
}

static void regroup_peer(struct bgp_shard *s, struct shard_peer *p)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        struct shard_group *g = p->group[af];
        if (!wants(s, p, af)) {
            if (g)
                member_remove(s, p, af);
            continue;
        }
        if (!g) {
            struct shard_member *m = mem_calloc(MEM(bgp_group), 1, sizeof(*m));
            m->peer = p->conf.peer;
            m->gen = p->conf.gen;
            member_add(s, p, group_for(s, p, af), m);
            continue;
        }
        struct bgp_group_key k;
        bgp_export_key(&k, g->t->conf, &p->conf, (enum bgp_afi_safi)af);
        if (!memcmp(&k, &g->key, sizeof(k)) || rekey(s, g))
            continue;
        struct shard_group *to = group_for(s, p, af);
        if (to != g)
            member_move(s, p, af, to);
    }
}

void group_regroup(struct bgp_shard *s)
{
    for (unsigned i = 0; i < BGP_MAX_PEERS; i++) {
        struct shard_peer *p = shard_peer(s, (uint16_t)i);
        if (!p || !p->regroup)
            continue;
        p->regroup = false;
        if (p->up)
            regroup_peer(s, p);
    }
}

/* dump: number of the report that is wanted when it is done; 0: none. */
void group_resend(struct bgp_shard *s, struct shard_peer *p, unsigned af, uint32_t dump)
{
    struct shard_group *g = af < BGP_AF_MAX ? p->group[af] : NULL;
    struct shard_member *m = g ? group_member(g, p->conf.peer) : NULL;
    if (!m) {
        if (dump) /* nothing to send */
            group_dump_done(s, p, af, dump);
        return;
    }
    if (dump) {
        m->dump = dump;
        m->lap = g->lap;
    }
    m->synced = false;
    todo_all(g, m);
}

void group_table_changed(struct bgp_shard *s, struct shard_table *t)
{
    for (unsigned i = 0; i < BGP_MAX_PEERS; i++) {
        struct shard_peer *p = shard_peer(s, (uint16_t)i);
        if (!p || !p->group[t->af] || p->group[t->af]->t != t)
            continue;
        p->regroup = true;
        s->regroup = true;
        group_resend(s, p, t->af, 0);
    }
    for (struct shard_group *g = t->groups; g; g = g->next)
        group_all_pending(g);
}

void group_free_all(struct bgp_shard *s)
{
    for (unsigned i = 0; i < s->n_tables; i++) {
        struct shard_table *t = s->tables[i];
        while (t && t->groups) {
            struct shard_group *g = t->groups;
            for (unsigned k = 0; k < g->n; k++)
                member_free(g->members[k]);
            group_free(NULL, g);
        }
    }
}

/* ---- questions ---- */
static void tell_groups(struct bgp_shard *s, struct shard_msg *m)
{
    struct rib_up *u = rib_up_new(UP_GROUPS, s);
    size_t n = 0;
    for (unsigned i = 0; i < s->n_tables; i++)
        for (struct shard_group *g = s->tables[i] ? s->tables[i]->groups : NULL; g; g = g->next)
            n++;
    struct group_report *r = mem_calloc(MEM(bgp_query), n + 1, sizeof(*r));
    u->p = r;
    u->count = (uint32_t)n;
    u->q = m->p;
    for (unsigned i = 0; i < s->n_tables; i++)
        for (struct shard_group *g = s->tables[i] ? s->tables[i]->groups : NULL; g; g = g->next) {
            r->info = (struct bgp_group_info){ .id = g->id,
                                               .af = (enum bgp_afi_safi)g->t->af,
                                               .inst = g->t->inst,
                                               .members = g->n,
                                               .ebgp = g->key.flags & GK_EBGP,
                                               .prefixes = g->n_out,
                                               .updates = g->updates,
                                               .encoded_bytes = g->bytes };
            r->peers = mem_calloc(MEM(bgp_query), g->n + 1u, sizeof(*r->peers));
            for (unsigned k = 0; k < g->n; k++)
                r->peers[k] = g->members[k]->peer;
            r++;
        }
    rib_up_post(u);
}

static void tell_advertised(struct bgp_shard *s, struct shard_msg *m)
{
    struct rib_up *u = rib_up_new(UP_ADVERTISED, s);
    struct shard_table *t =
        shard_table(s, m->inst, m->prefix.family == AF_INET6 ? BGP_IP6_UNI : BGP_IP4_UNI);
    uint32_t d = t ? ptable_find(&t->pt, m->prefix.b, m->prefix.len) : 0;
    uint16_t *peers = mem_calloc(MEM(bgp_query), BGP_MAX_PEERS, sizeof(*peers));
    for (struct shard_group *g = d ? t->groups : NULL; g; g = g->next) {
        const struct group_cell *c = carray_peek(&g->cells, d);
        for (unsigned i = 0; c && c->attr && i < g->n; i++)
            if (g->members[i]->peer != c->source)
                peers[u->count++] = g->members[i]->peer;
    }
    u->p = peers;
    u->q = m->p;
    rib_up_post(u);
}

void group_msg(struct bgp_shard *s, struct shard_msg *m)
{
    if (m->m.type == SM_GROUPS)
        tell_groups(s, m);
    else
        tell_advertised(s, m);
}
