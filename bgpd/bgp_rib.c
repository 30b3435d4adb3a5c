/* SPDX-License-Identifier: Apache-2.0
 * bgp_rib.c - the main thread's side of the RIB: calls become messages to all shards, messages from
 * the shards become callbacks.
 *
 * Threads: with `--threads 1` one shard runs inline on the main loop. With N > 1 the session
 * layer's I/O actor has a thread, and N - 1 shards have one each.
 *
 * Something that all shards must have finished (a peer cleared, a table sent) is a struct await: it
 * counts the shards' reports down.
 */
#include "config.h"
#include "bgp_group.h"
#include <stdlib.h>
#include "log.h"

struct bgp_rib bgp_rib_state = { .up_lock = PTHREAD_MUTEX_INITIALIZER };

struct await {
    struct await *next;
    enum rib_up_type type;
    uint16_t peer;
    uint8_t af;
    uint32_t gen;
    uint32_t seq; /* of a dump: a later one replaces it */
    unsigned left;
};
static struct await *awaits;
static uint32_t dump_seq; /* the latest */
static struct {
    uint16_t inst;
    uint32_t vrf_id;
} * vrfs;
static unsigned n_vrfs;
/* max-prefix: 0 below the warning, 1 warned, 2 over */
static uint8_t max_state[BGP_MAX_PEERS][BGP_AF_MAX];
static struct {
    uint32_t gen, limit;
    uint8_t pct;
} max_conf[BGP_MAX_PEERS][BGP_AF_MAX];

/* ---- messages ---- */
struct shard_msg *shard_msg_new(enum shard_msg_type type, size_t extra)
{
    struct shard_msg *m = calloc(1, sizeof(*m) + extra);
    if (!m)
        abort();
    m->m.type = type;
    return m;
}

void shard_post(struct bgp_shard *s, struct shard_msg *m)
{
    actor_post(s->actor, &m->m);
}

static void post_all(const struct shard_msg *like, size_t extra)
{
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++) {
        struct shard_msg *m = shard_msg_new((enum shard_msg_type)like->m.type, extra);
        memcpy(m, like, sizeof(*like) + extra);
        shard_post(bgp_rib_state.shards[i], m);
    }
}

void rib_kick_all(void)
{
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++)
        actor_kick(bgp_rib_state.shards[i]->actor);
}

struct rib_up *rib_up_new(enum rib_up_type type, const struct bgp_shard *s)
{
    struct rib_up *u = mem_calloc(MEM(bgp_rib), 1, sizeof(*u));
    u->type = (uint8_t)type;
    u->shard = s ? (uint16_t)s->id : 0;
    return u;
}

void rib_up_post(struct rib_up *u)
{
    pthread_mutex_lock(&bgp_rib_state.up_lock);
    bool wake = !bgp_rib_state.up;
    *bgp_rib_state.up_tail = u;
    bgp_rib_state.up_tail = &u->next;
    pthread_mutex_unlock(&bgp_rib_state.up_lock);
    if (wake && bgp_rib_state.waker)
        loop_wake(bgp_rib_state.waker);
}

/* ---- awaiting all shards ---- */
static void await_add(enum rib_up_type type, uint16_t peer, uint32_t gen, uint8_t af, uint32_t seq)
{
    struct await *a = mem_calloc(MEM(bgp_rib), 1, sizeof(*a));
    *a = (struct await){ .next = awaits,
                         .seq = seq,
                         .type = type,
                         .peer = peer,
                         .gen = gen,
                         .af = af,
                         .left = bgp_rib_state.n_shards };
    awaits = a;
}

/* True when this was the last shard's report. */
static bool await_done(const struct rib_up *u)
{
    for (struct await **at = &awaits; *at; at = &(*at)->next) {
        struct await *a = *at;
        if (a->type != (enum rib_up_type)u->type || a->peer != u->peer || a->gen != u->gen ||
            a->af != u->af || a->seq != u->count)
            continue;
        if (--a->left)
            return false;
        *at = a->next;
        mem_free(MEM(bgp_rib), a);
        return true;
    }
    return false;
}

static void await_drop(enum rib_up_type type, uint16_t peer, int af /* -1: all */)
{
    for (struct await **at = &awaits; *at;) {
        struct await *a = *at;
        if (a->type != type || a->peer != peer || (af >= 0 && a->af != af)) {
            at = &a->next;
            continue;
        }
        *at = a->next;
        mem_free(MEM(bgp_rib), a);
    }
}

/* ---- maximum-prefix ---- */
static void max_check(const struct rib_up *u)
{
    uint32_t limit = max_conf[u->peer][u->af].limit;
    struct bgp_rib_counts c;
    if (!limit || max_conf[u->peer][u->af].gen != u->gen)
        return;
    bgp_rib_peer_counts(u->peer, (enum bgp_afi_safi)u->af, &c);
    unsigned pct = max_conf[u->peer][u->af].pct ? max_conf[u->peer][u->af].pct : 75;
    uint8_t now = c.accepted > limit                                   ? 2
                  : (uint64_t)c.accepted * 100 > (uint64_t)limit * pct ? 1
                                                                       : 0;
    uint8_t *was = &max_state[u->peer][u->af];
    bool tell = now > *was;
    *was = now;
    if (tell && bgp_rib_state.cb->max_prefix)
        bgp_rib_state.cb->max_prefix(bgp_rib_state.ctx, u->peer, (enum bgp_afi_safi)u->af,
                                     c.accepted, now == 2);
}

static void max_conf_set(const struct bgp_rib_peer *p)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        if (max_conf[p->peer][af].gen != p->gen ||
            max_conf[p->peer][af].limit != p->af[af].max_prefix)
            max_state[p->peer][af] = 0;
        max_conf[p->peer][af].gen = p->gen;
        max_conf[p->peer][af].limit = p->af[af].max_prefix;
        max_conf[p->peer][af].pct = p->af[af].max_prefix_pct;
    }
}

/* ---- from the shards ---- */
struct groups_request {
    void (*fn)(void *, const struct bgp_group_info *);
    void (*peer)(void *, uint16_t);
    void (*done)(void *);
    void *ctx;
    unsigned left;
    struct group_report *merged;
    unsigned n;
    bool *seen;
};

static void groups_merge(struct groups_request *r, struct group_report *in, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned k = 0;
        while (k < r->n && r->merged[k].info.id != in[i].info.id)
            k++;
        if (k < r->n) {
            r->merged[k].info.prefixes += in[i].info.prefixes;
            r->merged[k].info.updates += in[i].info.updates;
            r->merged[k].info.encoded_bytes += in[i].info.encoded_bytes;
            mem_free(MEM(bgp_query), in[i].peers);
            continue;
        }
        r->merged = mem_realloc(MEM(bgp_query), r->merged, (r->n + 1) * sizeof(*r->merged));
        r->merged[r->n] = in[i];
        r->n++;
    }
    mem_free(MEM(bgp_query), in);
}

static void groups_report(struct rib_up *u)
{
    struct groups_request *r = u->q;
    if (u->type == UP_GROUPS) {
        groups_merge(r, u->p, u->count);
    } else {
        uint16_t *peers = u->p;
        for (uint32_t i = 0; i < u->count; i++)
            r->peer(r->ctx, peers[i]);
        mem_free(MEM(bgp_query), peers);
    }
    if (--r->left)
        return;
    for (unsigned i = 0; i < r->n; i++) {
        r->merged[i].info.peers = r->merged[i].peers;
        r->fn(r->ctx, &r->merged[i].info);
        mem_free(MEM(bgp_query), r->merged[i].peers);
    }
    if (r->done)
        r->done(r->ctx);
    mem_free(MEM(bgp_query), r->merged);
    mem_free(MEM(bgp_query), r);
}

static void up(struct rib_up *u)
{
    const struct bgp_rib_cb *cb = bgp_rib_state.cb;
    void *ctx = bgp_rib_state.ctx;
    switch ((enum rib_up_type)u->type) {
    case UP_CLEARED:
        if (await_done(u) && cb->peer_cleared)
            cb->peer_cleared(ctx, u->peer, u->gen);
        break;
    case UP_DUMP_DONE:
        if (await_done(u) && cb->dump_done)
            cb->dump_done(ctx, u->peer, u->gen, (enum bgp_afi_safi)u->af);
        break;
    case UP_MAX_PREFIX:
        max_check(u);
        break;
    case UP_ZBATCH:
    case UP_ZSYNCED:
    case UP_NHG:
    case UP_NHG_DEL:
        zebra_up_main(u);
        break;
    case UP_NEXTHOP:
        nht_up_main(u);
        break;
    case UP_POLICY_UNREF:
        bgp_policy_unref(u->p);
        break;
    case UP_QUERY:
        query_up_main(u);
        break;
    case UP_GC:
        gc_up_main(u);
        break;
    case UP_GROUPS:
    case UP_ADVERTISED:
        groups_report(u);
        break;
    }
}

static struct rib_up *up_take(void)
{
    pthread_mutex_lock(&bgp_rib_state.up_lock);
    struct rib_up *u = bgp_rib_state.up;
    bgp_rib_state.up = NULL;
    bgp_rib_state.up_tail = &bgp_rib_state.up;
    pthread_mutex_unlock(&bgp_rib_state.up_lock);
    return u;
}

static void up_all(void *ctx)
{
    (void)ctx;
    struct rib_up *u = up_take();
    while (u) {
        struct rib_up *next = u->next;
        up(u);
        mem_free(MEM(bgp_rib), u);
        u = next;
    }
}

/* ---- start and stop ---- */
void bgp_rib_start(struct loop *l, unsigned threads, const struct bgp_rib_cb *cb, void *ctx)
{
    struct bgp_rib *r = &bgp_rib_state;
    r->loop = l;
    r->cb = cb;
    r->ctx = ctx;
    r->up = NULL;
    r->up_tail = &r->up;
    r->waker = loop_waker_new(l, "bgp-rib", up_all, NULL);
    r->n_shards = threads > 1 ? threads - 1 : 1;
    if (r->n_shards > 64)
        r->n_shards = 64;
    r->shards = mem_calloc(MEM(bgp_rib), r->n_shards, sizeof(*r->shards));
    for (unsigned i = 0; i < r->n_shards; i++)
        r->shards[i] = shard_new(l, i, threads > 1);
    r->started = true;
    gc_start();
}

static void up_discard(struct rib_up *u)
{
    while (u) {
        struct rib_up *next = u->next;
        if (u->type == UP_ZBATCH)
            free(u->p);
        else if (u->type == UP_GROUPS || u->type == UP_ADVERTISED)
            groups_report(u);
        else if (u->type == UP_NHG || u->type == UP_QUERY || u->type == UP_POLICY_UNREF)
            up(u);
        mem_free(MEM(bgp_rib), u);
        u = next;
    }
}

void bgp_rib_stop(void)
{
    struct bgp_rib *r = &bgp_rib_state;
    if (!r->started)
        return;
    r->started = false;
    gc_stop();
    for (unsigned i = 0; i < r->n_shards; i++)
        actor_free(r->shards[i]->actor);
    up_discard(up_take());
    for (unsigned i = 0; i < r->n_shards; i++)
        shard_free(r->shards[i]);
    up_discard(up_take());
    query_stop();
    loop_waker_free(r->waker);
    r->waker = NULL;
    mem_free(MEM(bgp_rib), r->shards);
    r->shards = NULL;
    r->n_shards = 0;
    zebra_main_free();
    nht_stop();
    while (awaits) {
        struct await *a = awaits;
        awaits = a->next;
        mem_free(MEM(bgp_rib), a);
    }
    mem_free(MEM(bgp_rib), vrfs);
    vrfs = NULL;
    n_vrfs = 0;
    memset(max_state, 0, sizeof(max_state));
    memset(max_conf, 0, sizeof(max_conf));
}

unsigned bgp_rib_shards(void)
{
    return bgp_rib_state.n_shards;
}

/* ---- instances and peers ---- */
uint32_t rib_vrf_id(uint16_t inst)
{
    for (unsigned i = 0; i < n_vrfs; i++)
        if (vrfs[i].inst == inst)
            return vrfs[i].vrf_id;
    return 0;
}

void bgp_rib_inst_set(const struct bgp_rib_inst *i)
{
    unsigned k = 0;
    while (k < n_vrfs && vrfs[k].inst != i->inst)
        k++;
    if (k == n_vrfs) {
        vrfs = mem_realloc(MEM(bgp_rib), vrfs, (n_vrfs + 1) * sizeof(*vrfs));
        n_vrfs++;
    }
    vrfs[k].inst = i->inst;
    vrfs[k].vrf_id = i->vrf_id;
    struct shard_msg *m = shard_msg_new(SM_INST_SET, sizeof(m->u[0]));
    m->u->inst = *i;
    post_all(m, sizeof(m->u[0]));
    free(m);
}

void bgp_rib_inst_del(uint16_t inst)
{
    struct shard_msg m = { .m.type = SM_INST_DEL, .inst = inst };
    post_all(&m, 0);
}

static void post_peer(enum shard_msg_type type, const struct bgp_rib_peer *p)
{
    struct shard_msg *m = shard_msg_new(type, sizeof(m->u[0]));
    m->u->peer = *p;
    m->from = dump_seq;
    max_conf_set(p);
    /* A reference for every shard; it comes back as UP_POLICY_UNREF. */
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++)
        for (unsigned af = 0; af < BGP_AF_MAX; af++) {
            if (p->af[af].in)
                bgp_policy_ref(p->af[af].in);
            if (p->af[af].out)
                bgp_policy_ref(p->af[af].out);
        }
    post_all(m, sizeof(m->u[0]));
    free(m);
}

void bgp_rib_peer_up(const struct bgp_rib_peer *p)
{
    dump_seq++;
    await_drop(UP_DUMP_DONE, p->peer, -1);
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        if (p->af[af].active)
            await_add(UP_DUMP_DONE, p->peer, p->gen, (uint8_t)af, dump_seq);
    post_peer(SM_PEER_UP, p);
}

void bgp_rib_peer_set(const struct bgp_rib_peer *p)
{
    post_peer(SM_PEER_SET, p);
}

void bgp_rib_peer_down(uint16_t peer, uint32_t gen, bool keep_stale)
{
    struct shard_msg m = { .m.type = SM_PEER_DOWN, .peer = peer, .gen = gen, .flag = keep_stale };
    await_drop(UP_DUMP_DONE, peer, -1);
    await_add(UP_CLEARED, peer, gen, 0, 0);
    post_all(&m, 0);
}

static void post_simple(enum shard_msg_type type, uint16_t peer, enum bgp_afi_safi af)
{
    struct shard_msg m = { .m.type = type, .peer = peer, .af = (uint8_t)af };
    post_all(&m, 0);
}

void bgp_rib_policy_changed(void)
{
    post_simple(SM_POLICY, 0, 0);
}

void bgp_rib_stale_sweep(uint16_t peer, enum bgp_afi_safi af)
{
    post_simple(SM_STALE_SWEEP, peer, af);
}

void bgp_rib_soft_in(uint16_t peer, enum bgp_afi_safi af)
{
    post_simple(SM_SOFT_IN, peer, af);
}

void bgp_rib_soft_out(uint16_t peer, enum bgp_afi_safi af)
{
    struct shard_msg m = {
        .m.type = SM_SOFT_OUT, .peer = peer, .af = (uint8_t)af, .gen = max_conf[peer][af].gen
    };
    m.from = ++dump_seq;
    await_drop(UP_DUMP_DONE, peer, af);
    await_add(UP_DUMP_DONE, peer, m.gen, (uint8_t)af, m.from);
    post_all(&m, 0);
}

void bgp_rib_refresh_begin(uint16_t peer, enum bgp_afi_safi af)
{
    post_simple(SM_REFRESH_BEGIN, peer, af);
}

void bgp_rib_refresh_end(uint16_t peer, enum bgp_afi_safi af)
{
    post_simple(SM_REFRESH_END, peer, af);
}

void bgp_rib_local(uint16_t inst, uint16_t source, const struct prefix *p, uint32_t attr)
{
    uint8_t len = p->len;
    unsigned i = rib_shard_of(p->b, p->family == AF_INET6 ? 16 : 4, len);
    struct shard_msg *m = shard_msg_new(SM_LOCAL, 0);
    m->inst = inst;
    m->source = source;
    m->prefix = *p;
    m->attr = attr;
    shard_post(bgp_rib_state.shards[i], m);
}

void bgp_rib_writable(uint16_t peer)
{
    (void)peer;
    rib_kick_all();
}

/* ---- questions that atomics answer ---- */
void bgp_rib_peer_counts(uint16_t peer, enum bgp_afi_safi af, struct bgp_rib_counts *ret)
{
    memset(ret, 0, sizeof(*ret));
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++) {
        struct shard_peer *p = shard_peer(bgp_rib_state.shards[i], peer);
        if (!p)
            continue;
        const struct shard_counts *c = &p->count[af];
        ret->received += atomic_load_explicit(&c->received, memory_order_relaxed);
        ret->accepted += atomic_load_explicit(&c->accepted, memory_order_relaxed);
        ret->sent += atomic_load_explicit(&c->sent, memory_order_relaxed);
        ret->filtered += atomic_load_explicit(&c->filtered, memory_order_relaxed);
        ret->stale += atomic_load_explicit(&c->stale, memory_order_relaxed);
        ret->loop_as += atomic_load_explicit(&c->loop_as, memory_order_relaxed);
        ret->loop_originator += atomic_load_explicit(&c->loop_originator, memory_order_relaxed);
        ret->loop_cluster += atomic_load_explicit(&c->loop_cluster, memory_order_relaxed);
        ret->bad_nexthop += atomic_load_explicit(&c->bad_nexthop, memory_order_relaxed);
        ret->martian += atomic_load_explicit(&c->martian, memory_order_relaxed);
        ret->policy_missing += atomic_load_explicit(&c->policy_missing, memory_order_relaxed);
    }
}

void bgp_rib_totals(uint16_t inst, enum bgp_afi_safi af, struct bgp_rib_totals *ret)
{
    memset(ret, 0, sizeof(*ret));
    pthread_mutex_lock(&bgp_rib_state.up_lock); /* against tables that come and go */
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++) {
        const struct shard_table *t = shard_table(bgp_rib_state.shards[i], inst, af);
        if (!t)
            continue;
        ret->prefixes += atomic_load_explicit(&t->pub_prefixes, memory_order_relaxed);
        ret->paths += atomic_load_explicit(&t->pub_paths, memory_order_relaxed);
        ret->best += atomic_load_explicit(&t->pub_best, memory_order_relaxed);
        ret->version += atomic_load_explicit(&t->pub_version, memory_order_relaxed);
        ret->bytes += atomic_load_explicit(&t->pub_bytes, memory_order_relaxed);
    }
    pthread_mutex_unlock(&bgp_rib_state.up_lock);
}

uint32_t bgp_rib_peer_group(uint16_t peer, enum bgp_afi_safi af)
{
    struct shard_peer *p =
        bgp_rib_state.n_shards ? shard_peer(bgp_rib_state.shards[0], peer) : NULL;
    return p ? atomic_load_explicit(&p->group_id[af], memory_order_relaxed) : 0;
}

static struct groups_request *request_new(void (*done)(void *), void *ctx)
{
    struct groups_request *r = mem_calloc(MEM(bgp_query), 1, sizeof(*r));
    r->done = done;
    r->ctx = ctx;
    r->left = bgp_rib_state.n_shards;
    return r;
}

void bgp_rib_groups(void (*fn)(void *ctx, const struct bgp_group_info *g), void (*done)(void *ctx),
                    void *ctx)
{
    struct groups_request *r = request_new(done, ctx);
    r->fn = fn;
    struct shard_msg m = { .m.type = SM_GROUPS, .p = r };
    post_all(&m, 0);
}

void bgp_rib_advertised_to(uint16_t inst, enum bgp_afi_safi af, const struct prefix *p,
                           void (*fn)(void *ctx, uint16_t peer), void (*done)(void *ctx), void *ctx)
{
    struct groups_request *r = request_new(done, ctx);
    (void)af; /* the prefix's family says it */
    r->peer = fn;
    struct shard_msg m = { .m.type = SM_ADVERTISED, .p = r, .inst = inst, .prefix = *p };
    post_all(&m, 0);
}
