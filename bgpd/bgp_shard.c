/* SPDX-License-Identifier: Apache-2.0
 * bgp_shard.c - a shard: its tables and peers, the messages it obeys, the decision for one prefix.
 *
 * The work of a shard comes in slices: messages (whole batches of routes) by the actor, then
 * shard_work(), which runs what waits in the order of urgency: regrouping, scans (peers that went
 * down, next hops that changed), update groups, zebrad, questions, attribute collection.
 */
#include "config.h"
#include "bgp_group.h"
#include <stdio.h>
#include <stdlib.h>

MEM_DEFINE(bgp_rib, "BGP RIB");
MEM_DEFINE(bgp_dest, "BGP destination");
MEM_DEFINE(bgp_path, "BGP path");

struct prefix dest_prefix(const struct shard_table *t, const uint8_t *key)
{
    struct prefix p = { .family = t->family, .len = dest_len(t, key) };
    memcpy(p.b, key, dest_alen(t));
    return p;
}

uint32_t path_attr_in(struct shard_table *t, uint32_t h)
{
    const struct path *p = path_get(t, h);
    return p->flags & PF_ATTR_IN ? *(uint32_t *)carray_at(&t->attr_in, h) : p->attr;
}

uint32_t path_dest(const struct shard_table *t, uint32_t h)
{
    uint32_t next = path_get(t, h)->next;
    while (!(next & PATH_TAIL))
        next = path_get(t, next)->next;
    return next & ~PATH_TAIL;
}

/* ---- tables ---- */
struct shard_table *shard_table(const struct bgp_shard *s, uint16_t inst, unsigned af)
{
    unsigned i = (unsigned)inst * BGP_AF_MAX + af;
    return af < BGP_AF_MAX && i < s->n_tables ? s->tables[i] : NULL;
}

static struct shard_table *table_new(uint16_t inst, uint8_t af)
{
    struct shard_table *t = mem_calloc(MEM(bgp_rib), 1, sizeof(*t));
    t->inst = inst;
    t->af = af;
    t->family = af == BGP_IP6_UNI ? AF_INET6 : AF_INET;
    t->koff = af == BGP_IP6_UNI ? 17 : 5;
    t->toff = af == BGP_IP6_UNI ? 20 : 8;
    t->conf = mem_calloc(MEM(bgp_rib), 1, sizeof(*t->conf));
    pool_init(&t->dests, MEM(bgp_dest), t->toff + (uint32_t)sizeof(struct dest_tail), 12);
    pool_init(&t->paths, MEM(bgp_path), sizeof(struct path), 13);
    carray_init(&t->attr_in, MEM(bgp_path), sizeof(uint32_t), 12);
    ptable_init(&t->pt, t->family, &t->dests);
    return t;
}

static void table_free(struct shard_table *t)
{
    ptable_fini(&t->pt);
    pool_fini(&t->dests);
    pool_fini(&t->paths);
    carray_fini(&t->attr_in);
    dbits_fini(&t->zpend);
    mem_free(MEM(bgp_rib), t->conf);
    mem_free(MEM(bgp_rib), t);
}

static void table_publish(struct shard_table *t)
{
    atomic_store_explicit(&t->pub_prefixes, t->pt.count, memory_order_relaxed);
    atomic_store_explicit(&t->pub_paths, t->paths.live, memory_order_relaxed);
    atomic_store_explicit(&t->pub_best, t->n_best, memory_order_relaxed);
    atomic_store_explicit(&t->pub_version, t->version, memory_order_relaxed);
    size_t bytes = ptable_bytes(&t->pt) + (size_t)t->dests.live * t->dests.size +
                   (size_t)t->paths.live * t->paths.size;
    atomic_store_explicit(&t->pub_bytes, bytes, memory_order_relaxed);
}

/* Nothing refers to the destination any more? Then it goes. */
void shard_dest_try_free(struct bgp_shard *s, struct shard_table *t, uint32_t d)
{
    uint8_t *key = dest_key(t, d);
    struct dest_meta *m = dest_meta(t, key);
    struct dest_tail *tail = dest_tail(t, key);
    if (tail->path || tail->zset || m->zinflight || !(m->flags & DF_LIVE) || m->flags & DF_PIN ||
        dbits_test(&t->zpend, d) || group_holds(t, d))
        return;
    ptable_remove(&t->pt, key, dest_len(t, key));
    pool_free(&t->dests, d);
    if (!t->pt.count && t->spare) { /* an empty pool gives its memory back */
        pool_free(&t->dests, t->spare);
        t->spare = 0;
        group_empty_table(t);
    }
}

/* ---- decision ---- */
bool shard_path_valid(const struct path *p)
{
    return !(p->flags & PF_FILTERED) && nht_usable(bgp_attr_get(p->attr)->nh);
}

void shard_view(struct bgp_shard *s, struct shard_table *t, uint32_t h, const struct path *p,
                struct bgp_decide_path *v)
{
    const struct bgp_attr *a = bgp_attr_get(p->attr);
    v->a = a;
    v->handle = h;
    v->source = p->source;
    v->igp_metric = nht_metric(a->nh);
    v->current = false;
    v->addr = NULL;
    v->router_id = t->conf->router_id;
    v->peer_as = 0;
    v->type = BPT_LOCAL;
    const struct shard_peer *sp = p->source >= BGP_PEER_FIRST ? shard_peer(s, p->source) : NULL;
    if (!sp)
        return;
    v->type = sp->conf.confed_peer ? BPT_CONFED : sp->conf.ebgp ? BPT_EBGP : BPT_IBGP;
    v->addr = &sp->conf.remote_addr;
    v->router_id = a->flags & BAF_ORIGINATOR ? a->originator_id : sp->conf.remote_id;
    v->peer_as = sp->conf.remote_as;
}

static bool multipath_on(const struct shard_table *t)
{
    return t->conf->multipath[t->af] > 1 || t->conf->multipath_ibgp[t->af] > 1;
}

/* The valid paths of a chain into s->cand. A mark of multipath that cannot hold is taken off. */
static unsigned candidates(struct bgp_shard *s, struct shard_table *t, uint32_t head, uint32_t old,
                           bool *changed)
{
    unsigned n = 0;
    for (uint32_t h = head; !(h & PATH_TAIL);) {
        struct path *p = path_get(t, h);
        bool valid = shard_path_valid(p);
        if (p->flags & PF_MULTIPATH && (!valid || !multipath_on(t))) {
            p->flags &= (uint16_t)~PF_MULTIPATH;
            *changed = true;
        }
        if (valid) {
            if (n == s->cap_cand) {
                s->cap_cand = s->cap_cand ? s->cap_cand * 2 : 16;
                s->cand = mem_realloc(MEM(bgp_rib), s->cand, s->cap_cand * sizeof(*s->cand));
            }
            shard_view(s, t, h, p, &s->cand[n]);
            s->cand[n++].current = h == old;
        }
        h = p->next;
    }
    return n;
}

/* Takes path h out of where it is in the chain and puts it in front. */
static void chain_to_front(struct shard_table *t, struct dest_tail *tail, uint32_t h)
{
    if (tail->path == h)
        return;
    uint32_t prev = tail->path;
    while (path_get(t, prev)->next != h)
        prev = path_get(t, prev)->next;
    path_get(t, prev)->next = path_get(t, h)->next;
    path_get(t, h)->next = tail->path;
    tail->path = h;
}

static bool nexthop_taken(const struct bgp_decide_path *set[], unsigned n, uint32_t nh)
{
    for (unsigned i = 0; i < n; i++)
        if (set[i]->a->nh == nh)
            return true;
    return false;
}

/* Marks the paths that share the traffic with the best. Returns whether any mark changed. */
static bool mark_multipath(struct bgp_shard *s, struct shard_table *t, unsigned n, unsigned best)
{
    const struct bgp_decide_path *set[ZAPI_MAX_NEXTHOPS] = { &s->cand[best] };
    const struct bgp_decide_path *b = &s->cand[best];
    unsigned used = 1, limit = b->type == BPT_IBGP ? t->conf->multipath_ibgp[t->af]
                                                   : t->conf->multipath[t->af];
    bool changed = false;
    if (limit > ZAPI_MAX_NEXTHOPS)
        limit = ZAPI_MAX_NEXTHOPS;
    for (unsigned i = 0; i < n; i++) {
        struct path *p = path_get(t, s->cand[i].handle);
        bool on = i != best && used < limit && bgp_decide_multipath(t->conf, b, &s->cand[i]) &&
                  !nexthop_taken(set, used, s->cand[i].a->nh);
        if (on)
            set[used++] = &s->cand[i];
        if (on != !!(p->flags & PF_MULTIPATH)) {
            p->flags ^= PF_MULTIPATH;
            changed = true;
        }
    }
    return changed;
}

static void dest_changed(struct shard_table *t, struct dest_tail *tail, uint32_t d)
{
    tail->version = ++t->version;
    for (struct shard_group *g = t->groups; g; g = g->next)
        dbits_set(&g->pending, d);
    if (t->conf->install || tail->zset)
        dbits_set(&t->zpend, d);
}

/* Chooses the best path of a destination again and tells groups and zebrad when it changed. */
void shard_decide(struct bgp_shard *s, struct shard_table *t, uint32_t d)
{
    uint8_t *key = dest_key(t, d);
    struct dest_meta *m = dest_meta(t, key);
    struct dest_tail *tail = dest_tail(t, key);
    uint32_t old = m->flags & DF_BEST ? tail->path : 0, best = 0;
    bool changed = m->flags & DF_CHANGED;
    if (tail->path && path_get(t, tail->path)->next & PATH_TAIL) { /* the only one */
        struct path *p = path_get(t, tail->path);
        best = shard_path_valid(p) ? tail->path : 0;
        if (p->flags & PF_MULTIPATH) {
            p->flags &= (uint16_t)~PF_MULTIPATH;
            changed = true;
        }
    } else if (tail->path) {
        unsigned n = candidates(s, t, tail->path, old, &changed);
        if (n) {
            unsigned b = bgp_decide_best(t->conf, s->cand, n);
            best = s->cand[b].handle;
            if (multipath_on(t) && mark_multipath(s, t, n, b))
                changed = true;
        }
    }
    m->flags &= (uint8_t) ~(DF_BEST | DF_CHANGED);
    if (best) {
        chain_to_front(t, tail, best);
        m->flags |= DF_BEST;
    }
    t->n_best += !!best;
    t->n_best -= !!old;
    if (best != old || changed) {
        zebra_dest_changed(s, m, tail);
        dest_changed(t, tail, d);
    }
    if (!tail->path)
        shard_dest_try_free(s, t, d);
}

struct bgp_export_from shard_from(struct bgp_shard *s, uint16_t source, unsigned af)
{
    struct bgp_export_from f = { 0 };
    if (source == BGP_SRC_DEFAULT_ORIGINATE)
        f.flags = EXS_LOCAL | EXS_DEFAULT;
    else if (source < BGP_PEER_FIRST)
        f.flags = EXS_LOCAL;
    const struct shard_peer *p = source >= BGP_PEER_FIRST ? shard_peer(s, source) : NULL;
    if (!p)
        return f;
    f.router_id = p->conf.remote_id;
    f.flags = p->conf.confed_peer ? EXS_CONFED : p->conf.ebgp ? 0 : EXS_IBGP;
    if (f.flags == EXS_IBGP && p->conf.af[af].rr_client)
        f.flags |= EXS_CLIENT;
    return f;
}

/* ---- instances ---- */
static bool decision_differs(const struct bgp_rib_inst *a, const struct bgp_rib_inst *b)
{
    return a->default_local_pref != b->default_local_pref ||
           a->always_compare_med != b->always_compare_med || a->aspath_ignore != b->aspath_ignore ||
           a->aspath_confed != b->aspath_confed || a->multipath_relax != b->multipath_relax ||
           a->compare_routerid != b->compare_routerid || a->med_confed != b->med_confed ||
           a->med_missing_worst != b->med_missing_worst || a->router_id != b->router_id ||
           memcmp(a->multipath, b->multipath, sizeof(a->multipath)) ||
           memcmp(a->multipath_ibgp, b->multipath_ibgp, sizeof(a->multipath_ibgp));
}

static bool export_differs(const struct bgp_rib_inst *a, const struct bgp_rib_inst *b)
{
    return a->as != b->as || a->router_id != b->router_id || a->cluster_id != b->cluster_id ||
           a->confed_id != b->confed_id || a->default_local_pref != b->default_local_pref ||
           a->client_to_client != b->client_to_client;
}

static bool install_differs(const struct bgp_rib_inst *a, const struct bgp_rib_inst *b)
{
    return a->install != b->install || a->vrf_id != b->vrf_id ||
           memcmp(a->dist_ebgp, b->dist_ebgp, sizeof(a->dist_ebgp)) ||
           memcmp(a->dist_ibgp, b->dist_ibgp, sizeof(a->dist_ibgp));
}

static void inst_set(struct bgp_shard *s, const struct bgp_rib_inst *i)
{
    unsigned need = (i->inst + 1u) * BGP_AF_MAX;
    if (need > s->n_tables) {
        pthread_mutex_lock(&bgp_rib_state.up_lock); /* bgp_rib_totals() looks here */
        s->tables = mem_realloc(MEM(bgp_rib), s->tables, need * sizeof(*s->tables));
        memset(s->tables + s->n_tables, 0, (need - s->n_tables) * sizeof(*s->tables));
        s->n_tables = need;
        pthread_mutex_unlock(&bgp_rib_state.up_lock);
    }
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        unsigned at = i->inst * (unsigned)BGP_AF_MAX + af;
        struct shard_table *t = s->tables[at];
        if (!t) {
            t = table_new(i->inst, (uint8_t)af);
            *t->conf = *i;
            pthread_mutex_lock(&bgp_rib_state.up_lock);
            s->tables[at] = t;
            pthread_mutex_unlock(&bgp_rib_state.up_lock);
            continue;
        }
        struct bgp_rib_inst old = *t->conf;
        *t->conf = *i;
        t->dying = false;
        if (decision_differs(&old, i))
            shard_scan_add(s, SCAN_DECIDE, 0, 0, (int)at, false);
        if (export_differs(&old, i))
            group_table_changed(s, t);
        if (install_differs(&old, i))
            for (uint32_t d = 1; d < pool_end(&t->dests); d++)
                if (dest_meta(t, dest_key(t, d))->flags & DF_LIVE)
                    dbits_set(&t->zpend, d);
    }
}

/* Its peers are down already. What is left are local paths and what zebrad still has. */
static void inst_del(struct bgp_shard *s, uint16_t inst)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        struct shard_table *t = shard_table(s, inst, af);
        if (!t)
            continue;
        t->dying = true;
        for (uint32_t h = 1; h < pool_end(&t->paths); h++)
            if (path_get(t, h)->attr)
                shard_path_drop(s, t, path_dest(t, h), h);
    }
}

static void dying_tables(struct bgp_shard *s)
{
    for (unsigned i = 0; i < s->n_tables; i++) {
        struct shard_table *t = s->tables[i];
        if (!t || !t->dying || t->pt.count || t->groups || s->zbatches)
            continue;
        pthread_mutex_lock(&bgp_rib_state.up_lock);
        s->tables[i] = NULL;
        pthread_mutex_unlock(&bgp_rib_state.up_lock);
        table_free(t);
    }
}

/* ---- peers ---- */
static void grave_add(struct bgp_shard *s, const struct bgp_policy *p)
{
    if (!p)
        return;
    if (s->n_grave == s->cap_grave) {
        s->cap_grave = s->cap_grave ? s->cap_grave * 2 : 16;
        s->grave = mem_realloc(MEM(bgp_rib), s->grave, s->cap_grave * sizeof(*s->grave));
    }
    s->grave[s->n_grave++] = p;
}

/* Policies that no peer of this shard uses any more go back to main, which counts references. */
static void grave_flush(struct bgp_shard *s)
{
    for (unsigned i = 0; i < s->n_grave; i++) {
        struct rib_up *u = rib_up_new(UP_POLICY_UNREF, s);
        u->p = (void *)(uintptr_t)s->grave[i];
        rib_up_post(u);
    }
    s->n_grave = 0;
}

void shard_memo_clear(struct bgp_shard *s)
{
    if (s->memo_in)
        bgp_policy_memo_clear(s->memo_in);
    if (s->memo_out)
        bgp_policy_memo_clear(s->memo_out);
    group_memo_clear(s);
    zebra_forget_memo(s);
}

static struct shard_peer *peer_store(struct bgp_shard *s, const struct bgp_rib_peer *conf)
{
    struct shard_peer *p = shard_peer(s, conf->peer);
    bool policy = false;
    if (!p) {
        p = mem_calloc(MEM(bgp_rib), 1, sizeof(*p));
        atomic_store_explicit(&s->peers[conf->peer], p, memory_order_release);
    }
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        if (p->known && p->conf.af[af].rr_client != conf->af[af].rr_client)
            shard_scan_add(s, SCAN_TOUCH, conf->peer, conf->gen, conf->inst * BGP_AF_MAX + (int)af,
                           false);
        policy |= p->conf.af[af].in != conf->af[af].in || p->conf.af[af].out != conf->af[af].out;
        grave_add(s, p->conf.af[af].in);
        grave_add(s, p->conf.af[af].out);
    }
    p->conf = *conf;
    p->known = true;
    if (policy)
        shard_memo_clear(s);
    s->regroup = true; /* also empties the grave */
    return p;
}

/* Somebody else under the same index: stale paths of the last session are not this one's. */
static bool stranger(const struct bgp_rib_peer *a, const struct bgp_rib_peer *b)
{
    return a->inst != b->inst || a->ebgp != b->ebgp || a->confed_peer != b->confed_peer ||
           a->remote_as != b->remote_as || a->remote_id != b->remote_id ||
           !ipaddr_eq(&a->remote_addr, &b->remote_addr);
}

/* The session is over and leaves nothing: its policies are not needed any more. */
static void policies_drop(struct bgp_shard *s, struct shard_peer *p)
{
    bool any = false;
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        any |= p->conf.af[af].in || p->conf.af[af].out;
        grave_add(s, p->conf.af[af].in);
        grave_add(s, p->conf.af[af].out);
        p->conf.af[af].in = p->conf.af[af].out = NULL;
    }
    if (!any)
        return;
    shard_memo_clear(s);
    s->regroup = true;
}

static void peer_up(struct bgp_shard *s, const struct bgp_rib_peer *conf, uint32_t dump)
{
    struct shard_peer *p = shard_peer(s, conf->peer);
    if (p && p->known && !p->scanning && stranger(&p->conf, conf)) {
        shard_scan_add(s, SCAN_CLEAR, conf->peer, p->conf.gen, -1, false);
        p->scanning = true;
    }
    shard_scan_finish_peer(s, conf->peer);
    if (p && p->up) /* a session that was never reported down */
        group_leave(s, p);
    p = peer_store(s, conf);
    p->up = true;
    group_join(s, p, dump);
}

static void peer_set(struct bgp_shard *s, const struct bgp_rib_peer *conf)
{
    struct shard_peer *p = peer_store(s, conf);
    p->regroup = true;
}

static void peer_down(struct bgp_shard *s, const struct shard_msg *m)
{
    struct shard_peer *p = shard_peer(s, m->peer);
    if (p && p->up && p->conf.gen == m->gen) {
        group_leave(s, p);
        p->up = false;
    }
    if (!m->flag) {
        if (p) {
            p->scanning = true;
            policies_drop(s, p);
        }
        shard_scan_add(s, SCAN_CLEAR, m->peer, m->gen, -1, true);
        return;
    }
    shard_scan_mark(s, m->peer, -1, PF_STALE);
    struct rib_up *u = rib_up_new(UP_CLEARED, s);
    u->peer = m->peer;
    u->gen = m->gen;
    rib_up_post(u);
}

/* ---- the actor ---- */
static void control(struct bgp_shard *s, struct shard_msg *m)
{
    struct shard_peer *p;
    int at;
    switch ((enum shard_msg_type)m->m.type) {
    case SM_INST_SET:
        inst_set(s, &m->u->inst);
        break;
    case SM_INST_DEL:
        inst_del(s, m->inst);
        break;
    case SM_PEER_UP:
        peer_up(s, &m->u->peer, m->from);
        break;
    case SM_PEER_SET:
        peer_set(s, &m->u->peer);
        break;
    case SM_PEER_DOWN:
        peer_down(s, m);
        break;
    case SM_POLICY:
        shard_memo_clear(s);
        for (unsigned i = 0; i < s->n_tables; i++)
            for (struct shard_group *g = s->tables[i] ? s->tables[i]->groups : NULL; g; g = g->next)
                if (g->key.out)
                    group_all_pending(g);
        break;
    case SM_STALE_SWEEP:
    case SM_REFRESH_END:
    case SM_SOFT_IN:
        p = shard_peer(s, m->peer);
        at = p ? p->conf.inst * BGP_AF_MAX + m->af : 0;
        if (p)
            shard_scan_add(s,
                           m->m.type == SM_SOFT_IN       ? SCAN_SOFT_IN
                           : m->m.type == SM_STALE_SWEEP ? SCAN_STALE
                                                         : SCAN_REFRESH,
                           m->peer, p->conf.gen, at, false);
        break;
    case SM_REFRESH_BEGIN:
        shard_scan_mark(s, m->peer, m->af, PF_REFRESH);
        break;
    case SM_SOFT_OUT:
        p = shard_peer(s, m->peer);
        if (p && p->up)
            group_resend(s, p, m->af, m->from);
        break;
    case SM_LOCAL:
        shard_local(s, m);
        break;
    case SM_ZEBRA_UP:
    case SM_ZEBRA_DOWN:
    case SM_FIB:
        zebra_msg(s, m);
        break;
    case SM_NHT:
        dbits_set(&s->nht_next, m->attr);
        break;
    case SM_QUERY:
    case SM_QUERY_FREE:
        query_msg(s, m);
        break;
    case SM_GC_MARK:
    case SM_GC_BARRIER:
    case SM_GC_END:
        gc_msg(s, m);
        break;
    case SM_GROUPS:
    case SM_ADVERTISED:
        group_msg(s, m);
        break;
    case SM_BATCH:
        break;
    }
}

static void shard_message(void *ctx, struct actor_msg *am)
{
    struct bgp_shard *s = ctx;
    s->now_wall = (uint32_t)loop_wall();
    if (am->type == SM_BATCH)
        shard_batch(s, (struct shard_batch *)am);
    else
        control(s, (struct shard_msg *)am);
    free(am);
}

static bool shard_work(void *ctx)
{
    static bool (*const stages[])(struct bgp_shard *) = { shard_scan_work, group_work, zebra_work,
                                                          query_work, gc_work };
    struct bgp_shard *s = ctx;
    bool more = false;
    s->now_wall = (uint32_t)loop_wall();
    if (s->regroup) {
        s->regroup = false;
        group_regroup(s);
        grave_flush(s);
    }
    for (unsigned i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        s->slice_end = loop_now() + SHARD_SLICE_US; /* none starves the next */
        more |= stages[i](s);
    }
    dying_tables(s);
    for (unsigned i = 0; i < s->n_tables; i++)
        if (s->tables[i])
            table_publish(s->tables[i]);
    return more;
}

static const struct actor_ops shard_ops = { .message = shard_message, .work = shard_work };

struct bgp_shard *shard_new(struct loop *l, unsigned id, bool threaded)
{
    struct bgp_shard *s = mem_calloc(MEM(bgp_rib), 1, sizeof(*s));
    char name[16];
    snprintf(name, sizeof(name), "bgp-rib-%u", id % 1000);
    s->id = id;
    s->scans_tail = &s->scans;
    s->flush = group_flush_new();
    s->actor = actor_new(l, name, threaded, &shard_ops, s);
    return s;
}

/* The actor was stopped by actor_free(). */
void shard_free(struct bgp_shard *s)
{
    query_free_shard(s);
    group_free_all(s);
    zebra_free(s);
    shard_scan_free(s);
    for (unsigned i = 0; i < s->n_tables; i++)
        if (s->tables[i])
            table_free(s->tables[i]);
    for (unsigned i = 0; i < BGP_MAX_PEERS; i++) {
        struct shard_peer *p = shard_peer(s, (uint16_t)i);
        if (p)
            policies_drop(s, p);
        mem_free(MEM(bgp_rib), p);
    }
    for (unsigned i = 0; i < s->n_grave; i++)
        bgp_policy_unref(s->grave[i]);
    bgp_policy_memo_free(s->memo_in);
    bgp_policy_memo_free(s->memo_out);
    mem_free(MEM(bgp_rib), s->tables);
    mem_free(MEM(bgp_rib), s->cand);
    mem_free(MEM(bgp_rib), s->grave);
    dbits_fini(&s->nht_now);
    dbits_fini(&s->nht_next);
    group_flush_free(s->flush);
    mem_free(MEM(bgp_rib), s);
}
