/* SPDX-License-Identifier: Apache-2.0
 * bgp_rib_zebra.c - best paths to zebrad, in packed batches; its answers back to the destinations.
 *
 * A table's zpend holds the destinations for which zebrad may have to be told something. They are
 * drained while zebrad has room. What zebrad was told last is a number in the destination (zset): a
 * set of next hops with distance, subtype and metric, kept once per shard. Destinations of one
 * drain with the same zset form a batch: one column of NLRI, packed on the shard's thread.
 *
 * The next-hop groups behind the zsets are known to all shards and to the main thread: a registry
 * under a lock, which a shard takes only when it meets a new zset or drops one. zsets that nobody
 * uses are dropped when nothing waits any more, so a flap or a restart of zebrad keeps its groups.
 *
 * Sequence numbers are the zapi client's. The main thread remembers which batch has which numbers;
 * an acknowledgement goes to the batch's shard. A destination counts its unacknowledged batches
 * (zinflight): only the answer to the last one sets its state, and until it has come the
 * destination stays, even without paths.
 */
#include "config.h"
#include "bgp_shard.h"
#include <stdlib.h>

MEM_DEFINE(bgp_rib_zebra, "BGP zebra output");

#define POSTED_MAX 4 /* batches of a shard in the main thread's queue */

/* ---- next-hop groups: shared ---- */
struct nhg {
    struct nhg *next;
    uint32_t id, refs;
    uint16_t inst, n;
    uint32_t nh[];
};
static pthread_mutex_t nhg_lock = PTHREAD_MUTEX_INITIALIZER;
static struct nhg *nhg_buckets[1024];
static uint32_t nhg_last;

static struct nhg **nhg_bucket(uint16_t inst, const uint32_t *nh, unsigned n)
{
    return &nhg_buckets[hash_bytes(nh, n * sizeof(*nh), inst) % 1024];
}

static struct zapi_nhg *nhg_describe(const struct nhg *g)
{
    struct zapi_nhg *z = mem_calloc(MEM(bgp_rib_zebra), 1, sizeof(*z));
    z->id = g->id;
    for (unsigned i = 0; i < g->n; i++)
        if (nht_zapi(g->nh[i], &z->nh[z->n]))
            z->n++;
    return z;
}

static uint32_t nhg_get(const struct bgp_shard *s, uint16_t inst, const uint32_t *nh, unsigned n)
{
    pthread_mutex_lock(&nhg_lock);
    struct nhg **head = nhg_bucket(inst, nh, n), *g = *head;
    while (g && (g->inst != inst || g->n != n || memcmp(g->nh, nh, n * sizeof(*nh))))
        g = g->next;
    if (!g) {
        g = mem_calloc(MEM(bgp_rib_zebra), 1, sizeof(*g) + n * sizeof(*nh));
        g->id = ++nhg_last;
        g->inst = inst;
        g->n = (uint16_t)n;
        memcpy(g->nh, nh, n * sizeof(*nh));
        g->next = *head;
        *head = g;
        struct rib_up *u = rib_up_new(UP_NHG, s);
        u->p = nhg_describe(g);
        rib_up_post(u); /* under the lock: before any batch that names it */
    }
    g->refs++;
    uint32_t id = g->id;
    pthread_mutex_unlock(&nhg_lock);
    return id;
}

static void nhg_put(const struct bgp_shard *s, const struct zset_key *k)
{
    pthread_mutex_lock(&nhg_lock);
    for (struct nhg **at = nhg_bucket(k->inst, k->nh, k->n); *at; at = &(*at)->next) {
        struct nhg *g = *at;
        if (g->inst != k->inst || g->n != k->n || memcmp(g->nh, k->nh, k->n * sizeof(*k->nh)))
            continue;
        if (--g->refs == 0) {
            *at = g->next;
            struct rib_up *u = rib_up_new(UP_NHG_DEL, s);
            u->count = g->id;
            rib_up_post(u);
            mem_free(MEM(bgp_rib_zebra), g);
        }
        break;
    }
    pthread_mutex_unlock(&nhg_lock);
}

/* ---- zsets: the shard's ---- */
static size_t key_len(const struct zset_key *k)
{
    return offsetof(struct zset_key, nh) + k->n * sizeof(k->nh[0]);
}

static void zindex_put(struct bgp_shard *s, uint32_t i)
{
    uint32_t at = s->zsets[i].hash;
    while (s->zindex[at & (s->zindex_size - 1)])
        at++;
    s->zindex[at & (s->zindex_size - 1)] = i;
}

static void zindex_build(struct bgp_shard *s, uint32_t size)
{
    mem_free(MEM(bgp_rib_zebra), s->zindex);
    s->zindex = mem_calloc(MEM(bgp_rib_zebra), size, sizeof(*s->zindex));
    s->zindex_size = size;
    for (uint32_t i = 1; i < s->n_zsets; i++)
        if (s->zsets[i].used && !s->zsets[i].given_up)
            zindex_put(s, i);
}

static uint32_t zset_slot(struct bgp_shard *s)
{
    uint32_t i = s->zset_free;
    if (i) {
        s->zset_free = s->zsets[i].head;
        return i;
    }
    if (s->n_zsets >= s->cap_zsets) {
        s->cap_zsets *= 2;
        s->zsets = mem_realloc(MEM(bgp_rib_zebra), s->zsets, s->cap_zsets * sizeof(*s->zsets));
    }
    return s->n_zsets++;
}

static inline void zset_ref(struct bgp_shard *s, uint32_t i)
{
    if (i && !s->zsets[i].refs++)
        s->zsets_unused--;
}

static inline void zset_unref(struct bgp_shard *s, uint32_t i)
{
    if (i && !--s->zsets[i].refs)
        s->zsets_unused++;
}

/* ---- a next hop that loses all its routes ----
 * When a peer goes, its routes go with its next hop's group. Deleting the group first lets zebrad
 * delete one nexthop object, with which the kernel drops all routes at once, instead of hearing of
 * each before it can know. So while paths are cleared their withdrawals wait, and the destinations
 * of each zset that are left without a best path are counted: when that is all of them, the group
 * is given up. */
#define HOLD_MAX_US 300000 /* withdrawals do not wait longer than this for a clearing */
#define GIVE_UP_MIN 1000   /* destinations from which this pays */

void zebra_dest_changed(struct bgp_shard *s, struct dest_meta *m, const struct dest_tail *tail)
{
    bool dying = !(m->flags & DF_BEST);
    if (!tail->zset || dying == !!(m->flags & DF_DYING))
        return;
    m->flags ^= DF_DYING;
    s->zsets[tail->zset].dying += dying ? 1u : -1u;
}

static void zset_leave(struct bgp_shard *s, struct dest_meta *m, struct dest_tail *tail)
{
    if (!tail->zset)
        return;
    struct zset *z = &s->zsets[tail->zset];
    z->dests--;
    if (m->flags & DF_DYING) {
        z->dying--;
        m->flags &= (uint8_t)~DF_DYING;
    }
    zset_unref(s, tail->zset);
    tail->zset = 0;
}

static void zset_enter(struct bgp_shard *s, struct dest_tail *tail, uint32_t zi)
{
    tail->zset = zi;
    if (!zi)
        return;
    s->zsets[zi].dests++;
    zset_ref(s, zi);
}

static void give_up(struct bgp_shard *s)
{
    bool any = false;
    for (uint32_t i = 1; i < s->n_zsets; i++) {
        struct zset *z = &s->zsets[i];
        if (!z->used || z->given_up || z->dests < GIVE_UP_MIN || z->dying != z->dests)
            continue;
        z->given_up = any = true;
        nhg_put(s, z->key);
    }
    if (!any)
        return;
    memset(&s->zlast, 0, sizeof(s->zlast));
    zindex_build(s, s->zindex_size);
}

/* True while what is to be sent waits. */
static bool hold(struct bgp_shard *s)
{
    uint64_t now = loop_now();
    if (shard_scan_clearing(s)) {
        if (!s->zheld)
            s->zheld = now;
        return now - s->zheld < HOLD_MAX_US;
    }
    if (s->zheld)
        give_up(s);
    s->zheld = 0;
    return false;
}

static uint32_t zset_get(struct bgp_shard *s, const struct zset_key *k)
{
    uint32_t hash = (uint32_t)(hash_bytes(k, key_len(k), 0) >> 32);
    for (uint32_t at = hash; s->zindex_size; at++) {
        uint32_t i = s->zindex[at & (s->zindex_size - 1)];
        if (!i)
            break;
        if (s->zsets[i].hash == hash && key_len(s->zsets[i].key) == key_len(k) &&
            !memcmp(s->zsets[i].key, k, key_len(k)))
            return i;
    }
    uint32_t i = zset_slot(s);
    s->zsets[i] = (struct zset){ .hash = hash,
                                 .used = true,
                                 .nhg = nhg_get(s, k->inst, k->nh, k->n),
                                 .key = mem_dup(MEM(bgp_rib_zebra), k, key_len(k)) };
    s->zsets_unused++;
    if (s->n_zsets * 2 > s->zindex_size)
        zindex_build(s, s->zindex_size ? s->zindex_size * 2 : 128);
    else
        zindex_put(s, i);
    return i;
}

/* When nothing waits: drops what nobody uses, once a second or when it is much. */
static void zsets_sweep(struct bgp_shard *s)
{
    if (!s->zsets_unused)
        return;
    if (s->zsets_unused < s->n_zsets / 2 && s->now_wall == s->zswept) {
        actor_alarm(s->actor, 1000000);
        return;
    }
    s->zswept = s->now_wall;
    for (uint32_t i = 1; i < s->n_zsets; i++) {
        struct zset *z = &s->zsets[i];
        if (!z->used || z->refs)
            continue;
        if (!z->given_up)
            nhg_put(s, z->key);
        mem_free(MEM(bgp_rib_zebra), z->key);
        *z = (struct zset){ .head = s->zset_free };
        s->zset_free = i;
    }
    s->zsets_unused = 0;
    memset(&s->zlast, 0, sizeof(s->zlast));
    zindex_build(s, s->zindex_size);
}

void zebra_forget_memo(struct bgp_shard *s)
{
    memset(&s->zlast, 0, sizeof(s->zlast));
}

static void nh_add(struct zset_key *k, uint32_t nh)
{
    unsigned i = 0;
    while (i < k->n && k->nh[i] < nh)
        i++;
    if (k->n == ZAPI_MAX_NEXTHOPS || (i < k->n && k->nh[i] == nh))
        return;
    memmove(&k->nh[i + 1], &k->nh[i], (k->n - i) * sizeof(k->nh[0]));
    k->nh[i] = nh;
    k->n++;
}

/* What zebrad shall have of a destination: 0: nothing. */
static uint32_t zset_of(struct bgp_shard *s, struct shard_table *t, uint8_t *key)
{
    const struct path *p = dest_best(t, key);
    if (!p || p->source < BGP_PEER_FIRST || !t->conf->install || t->dying)
        return 0;
    bool multi = t->conf->multipath[t->af] > 1 || t->conf->multipath_ibgp[t->af] > 1;
    if (!multi && s->zlast.t == t && s->zlast.attr == p->attr && s->zlast.source == p->source)
        return s->zlast.zset;
    const struct bgp_attr *a = bgp_attr_get(p->attr);
    const struct shard_peer *sp = shard_peer(s, p->source);
    bool ebgp = sp && sp->conf.ebgp && !sp->conf.confed_peer;
    struct zset_key k = { .metric = a->flags & BAF_MED ? a->med : 0, .inst = t->inst };
    k.subtype = ebgp ? ZS_EBGP : ZS_IBGP;
    k.distance = ebgp ? t->conf->dist_ebgp[t->af] : t->conf->dist_ibgp[t->af];
    if (!k.distance)
        k.distance = ebgp ? 20 : 200;
    if (!a->nh)
        return 0;
    nh_add(&k, a->nh);
    for (uint32_t next = p->next; multi && !(next & PATH_TAIL);) {
        const struct path *o = path_get(t, next);
        if (o->flags & PF_MULTIPATH)
            nh_add(&k, bgp_attr_get(o->attr)->nh);
        next = o->next;
    }
    uint32_t z = zset_get(s, &k);
    if (!multi) {
        s->zlast.t = t;
        s->zlast.attr = p->attr;
        s->zlast.source = p->source;
        s->zlast.zset = z;
    }
    return z;
}

/* ---- batches ---- */
static void send_batch(struct bgp_shard *s, struct shard_table *t, uint32_t zi, struct zbatch *zb,
                       size_t nlri_len)
{
    const struct zset *z = &s->zsets[zi];
    struct zapi_batch b = { .vrf_id = t->conf->vrf_id,
                            .family = t->family,
                            .proto = ZP_BGP,
                            .withdraw = !zi,
                            .count = zb->count,
                            .nlri = s->zdrain.nlri,
                            .nlri_len = nlri_len };
    if (zi) {
        b.subtype = (enum zapi_subtype)z->key->subtype;
        b.nhg = z->nhg;
        b.distance = z->key->distance;
        b.metric = z->key->metric;
    }
    struct rib_up *u = rib_up_new(UP_ZBATCH, s);
    u->p = zapi_batch_pack(&b, &u->len);
    u->count = zb->count;
    u->inst = t->inst;
    u->gen = s->zgen;
    u->q = zb;
    zb->t = t;
    zb->zset = zi;
    zset_ref(s, zi);
    zb->prev = NULL;
    zb->next = s->zbatches;
    if (zb->next)
        zb->next->prev = zb;
    s->zbatches = zb;
    atomic_fetch_add_explicit(&s->zposted, 1, memory_order_relaxed);
    rib_up_post(u);
}

static void send_zset(struct bgp_shard *s, struct shard_table *t, uint32_t zi)
{
    uint32_t left = s->zsets[zi].count, i = s->zsets[zi].head;
    while (left) {
        struct zbatch *zb = mem_alloc(MEM(bgp_rib_zebra), sizeof(*zb) + left * sizeof(zb->h[0]));
        size_t len = 0;
        zb->count = zb->acked = 0;
        while (left && len + 17 <= ZAPI_BATCH_BYTES) {
            uint32_t d = s->zdrain.dest[i];
            uint8_t *key = dest_key(t, d);
            uint8_t plen = dest_len(t, key), bytes = prefix_bytes(plen);
            s->zdrain.nlri[len++] = plen;
            memcpy(s->zdrain.nlri + len, key, bytes);
            len += bytes;
            dest_meta(t, key)->zinflight++;
            zb->h[zb->count++] = d;
            i = s->zdrain.next[i];
            left--;
        }
        send_batch(s, t, zi, zb, len);
    }
    s->zsets[zi].count = s->zsets[zi].head = s->zsets[zi].tail = 0;
}

static void drain_init(struct bgp_shard *s)
{
    if (s->zdrain.dest)
        return;
    s->zdrain.dest = mem_alloc(MEM(bgp_rib_zebra), (FLUSH_DESTS + 1) * sizeof(uint32_t));
    s->zdrain.next = mem_alloc(MEM(bgp_rib_zebra), (FLUSH_DESTS + 1) * sizeof(uint32_t));
    s->zdrain.touched = mem_alloc(MEM(bgp_rib_zebra), (FLUSH_DESTS + 1) * sizeof(uint32_t));
    s->zdrain.nlri = mem_alloc(MEM(bgp_rib_zebra), ZAPI_BATCH_BYTES);
    if (!s->n_zsets) { /* number 0 is "not there" */
        s->cap_zsets = 64;
        s->zsets = mem_calloc(MEM(bgp_rib_zebra), s->cap_zsets, sizeof(*s->zsets));
        s->n_zsets = 1;
    }
}

static void drain_add(struct bgp_shard *s, uint32_t d, uint32_t zi, uint32_t *n_touched)
{
    uint32_t i = ++s->zdrain.n;
    struct zset *z = &s->zsets[zi];
    s->zdrain.dest[i] = d;
    s->zdrain.next[i] = 0;
    if (z->count++)
        s->zdrain.next[z->tail] = i;
    else {
        z->head = i;
        s->zdrain.touched[(*n_touched)++] = zi;
    }
    z->tail = i;
}

/* One slice of a table; returns how many destinations it looked at. */
static uint32_t drain(struct bgp_shard *s, struct shard_table *t)
{
    uint32_t touched = 0, n = 0, skipped = 0;
    drain_init(s);
    s->zdrain.n = 0;
    for (; n < FLUSH_DESTS && t->zpend.count > skipped; n++) {
        uint32_t d = dbits_next(&t->zpend, t->zcursor);
        if (!d) {
            t->zcursor = 1;
            t->zlap++;
            if (skipped)
                break;
            continue;
        }
        t->zcursor = d + 1;
        uint8_t *key = dest_key(t, d);
        struct dest_tail *tail = dest_tail(t, key);
        struct dest_meta *m = dest_meta(t, key);
        if (m->zinflight == UINT8_MAX) {
            skipped++; /* until an answer comes */
            continue;
        }
        dbits_clear(&t->zpend, d);
        uint32_t zi = zset_of(s, t, key);
        if (zi == tail->zset) {
            if (!zi && !tail->path)
                shard_dest_try_free(s, t, d);
            continue;
        }
        zset_leave(s, m, tail);
        zset_enter(s, tail, zi);
        /* A route that is replaced counts as installed until the answer comes. */
        m->flags &= (uint8_t) ~(zi ? DF_FIB_FAILED : DF_FIB | DF_FIB_FAILED);
        drain_add(s, d, zi, &touched);
    }
    for (uint32_t i = 0; i < touched; i++)
        send_zset(s, t, s->zdrain.touched[i]);
    return n - skipped;
}

static bool may_send(const struct bgp_shard *s)
{
    return s->zebra_up && atomic_load_explicit(&bgp_rib_state.zroom, memory_order_relaxed) &&
           atomic_load_explicit(&s->zposted, memory_order_relaxed) < POSTED_MAX;
}

static void check_synced(struct bgp_shard *s)
{
    bool was = false, all = true;
    for (unsigned i = 0; i < s->n_tables; i++) {
        struct shard_table *t = s->tables[i];
        if (!t || !t->zfull)
            continue;
        was = true;
        all = all && (!t->zpend.count || t->zlap >= 2);
    }
    if (!was || !all)
        return;
    for (unsigned i = 0; i < s->n_tables; i++)
        if (s->tables[i])
            s->tables[i]->zfull = false;
    struct rib_up *u = rib_up_new(UP_ZSYNCED, s);
    u->gen = s->zgen;
    rib_up_post(u);
}

/* Without zebrad there is nobody to tell; the destinations wait only as long as they have paths. */
static void discard(struct bgp_shard *s, struct shard_table *t)
{
    for (uint32_t d = dbits_next(&t->zpend, 1); d; d = dbits_next(&t->zpend, d + 1)) {
        dbits_clear(&t->zpend, d);
        if (!dest_tail(t, dest_key(t, d))->path)
            shard_dest_try_free(s, t, d);
    }
}

bool zebra_work(struct bgp_shard *s)
{
    bool waiting = false, more = false;
    if (s->zebra_up && hold(s))
        return true;
    for (unsigned i = 0; i < s->n_tables; i++) {
        struct shard_table *t = s->tables[i];
        if (!t || !t->zpend.count)
            continue;
        if (!s->zebra_up) {
            discard(s, t);
            continue;
        }
        bool moved = true;
        while (moved && t->zpend.count && may_send(s) && !shard_slice_over(s))
            moved = drain(s, t) > 0;
        waiting |= t->zpend.count > 0;
        more |= t->zpend.count > 0 && moved && may_send(s);
    }
    if (s->zebra_up)
        check_synced(s);
    if (!waiting && s->zebra_up)
        zsets_sweep(s);
    return more;
}

/* ---- zebrad comes, goes, answers ---- */
static void batch_free(struct bgp_shard *s, struct zbatch *zb)
{
    if (zb->next)
        zb->next->prev = zb->prev;
    if (zb->prev)
        zb->prev->next = zb->next;
    else
        s->zbatches = zb->next;
    zset_unref(s, zb->zset);
    mem_free(MEM(bgp_rib_zebra), zb);
}

/* It knows nothing (any more): everything is to be sent, or nothing can be. */
static void restart(struct bgp_shard *s, bool up, uint32_t gen)
{
    while (s->zbatches)
        batch_free(s, s->zbatches);
    s->zgen = gen;
    s->zebra_up = up;
    for (unsigned i = 0; i < s->n_tables; i++) {
        struct shard_table *t = s->tables[i];
        if (!t)
            continue;
        t->zfull = up;
        t->zcursor = 1;
        t->zlap = 0;
        for (uint32_t d = 1; d < pool_end(&t->dests); d++) {
            uint8_t *key = dest_key(t, d);
            struct dest_meta *m = dest_meta(t, key);
            if (!(m->flags & DF_LIVE))
                continue;
            m->zinflight = 0;
            m->flags &= (uint8_t) ~(DF_FIB | DF_FIB_FAILED);
            zset_leave(s, m, dest_tail(t, key));
            dbits_set(&t->zpend, d);
        }
    }
}

static void answered(struct bgp_shard *s, struct zbatch *zb, uint32_t d, const struct shard_msg *m)
{
    struct shard_table *t = zb->t;
    uint8_t *key = dest_key(t, d);
    struct dest_meta *meta = dest_meta(t, key);
    meta->zinflight--;
    if (!meta->zinflight && dest_tail(t, key)->zset == zb->zset) {
        uint8_t was = meta->flags;
        meta->flags &= (uint8_t) ~(DF_FIB | DF_FIB_FAILED);
        meta->fib_errno = 0;
        if (zb->zset && m->result == ZR_INSTALLED)
            meta->flags |= DF_FIB;
        if (zb->zset && m->result == ZR_FAILED) {
            meta->flags |= DF_FIB_FAILED;
            meta->fib_errno = (uint8_t)m->err;
        }
        if (t->conf->suppress_fib_pending && (was ^ meta->flags) & DF_FIB)
            for (struct shard_group *g = t->groups; g; g = g->next)
                dbits_set(&g->pending, d);
    }
    if (!dest_tail(t, key)->path)
        shard_dest_try_free(s, t, d);
}

void zebra_msg(struct bgp_shard *s, struct shard_msg *m)
{
    if (m->m.type != SM_FIB) {
        drain_init(s);
        restart(s, m->m.type == SM_ZEBRA_UP, m->gen);
        return;
    }
    struct zbatch *zb = m->p;
    for (uint32_t i = m->from; i <= m->to && i < zb->count; i++)
        answered(s, zb, zb->h[i], m);
    zb->acked += m->to - m->from + 1;
    if (zb->acked >= zb->count)
        batch_free(s, zb);
}

void zebra_free(struct bgp_shard *s)
{
    while (s->zbatches)
        batch_free(s, s->zbatches);
    for (uint32_t i = 1; i < s->n_zsets; i++)
        mem_free(MEM(bgp_rib_zebra), s->zsets[i].key);
    mem_free(MEM(bgp_rib_zebra), s->zsets);
    mem_free(MEM(bgp_rib_zebra), s->zindex);
    mem_free(MEM(bgp_rib_zebra), s->zdrain.dest);
    mem_free(MEM(bgp_rib_zebra), s->zdrain.next);
    mem_free(MEM(bgp_rib_zebra), s->zdrain.touched);
    mem_free(MEM(bgp_rib_zebra), s->zdrain.nlri);
}

/* ---- the main thread's side ---- */
struct sent {
    uint64_t first;
    uint32_t count, left;
    struct bgp_shard *shard;
    struct zbatch *zb;
};
static struct sent *sent_ring; /* in order of their numbers; [sent_head, sent_end) */
static size_t sent_head, sent_end, sent_cap;

static void sent_add(uint64_t first, uint32_t count, struct bgp_shard *s, struct zbatch *zb)
{
    if (sent_end == sent_cap && sent_head) {
        memmove(sent_ring, sent_ring + sent_head, (sent_end - sent_head) * sizeof(*sent_ring));
        sent_end -= sent_head;
        sent_head = 0;
    }
    if (sent_end == sent_cap) {
        sent_cap = sent_cap ? sent_cap * 2 : 64;
        sent_ring = mem_realloc(MEM(bgp_rib_zebra), sent_ring, sent_cap * sizeof(*sent_ring));
    }
    sent_ring[sent_end++] =
        (struct sent){ .first = first, .count = count, .left = count, .shard = s, .zb = zb };
}

static void batch_main(struct rib_up *u)
{
    struct bgp_shard *s = bgp_rib_state.shards[u->shard];
    uint32_t posted = atomic_fetch_sub_explicit(&s->zposted, 1, memory_order_relaxed);
    if (posted == POSTED_MAX)
        actor_kick(s->actor);
    if (u->gen != bgp_rib_state.zgen || !bgp_rib_state.cb->zebra_batch) {
        free(u->p);
        return;
    }
    uint64_t first =
        bgp_rib_state.cb->zebra_batch(bgp_rib_state.ctx, u->p, u->len, u->count, u->inst);
    sent_add(first, u->count, s, u->q);
}

void zebra_up_main(struct rib_up *u)
{
    const struct bgp_rib_cb *cb = bgp_rib_state.cb;
    switch ((enum rib_up_type)u->type) {
    case UP_ZBATCH:
        batch_main(u);
        break;
    case UP_NHG:
        if (cb->zebra_nhg)
            cb->zebra_nhg(bgp_rib_state.ctx, u->p);
        mem_free(MEM(bgp_rib_zebra), u->p);
        break;
    case UP_NHG_DEL:
        if (cb->zebra_nhg_del)
            cb->zebra_nhg_del(bgp_rib_state.ctx, u->count);
        break;
    case UP_ZSYNCED:
        if (u->gen == bgp_rib_state.zgen && --bgp_rib_state.zsynced_left == 0 && cb->zebra_synced)
            cb->zebra_synced(bgp_rib_state.ctx);
        break;
    default:
        break;
    }
}

static void tell_shards(enum shard_msg_type type)
{
    sent_head = sent_end = 0;
    bgp_rib_state.zgen++;
    bgp_rib_state.zsynced_left = bgp_rib_state.n_shards;
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++) {
        struct shard_msg *m = shard_msg_new(type, 0);
        m->gen = bgp_rib_state.zgen;
        shard_post(bgp_rib_state.shards[i], m);
    }
}

void bgp_rib_zebra_up(void)
{
    pthread_mutex_lock(&nhg_lock);
    for (unsigned i = 0; i < 1024; i++)
        for (struct nhg *g = nhg_buckets[i]; g; g = g->next) {
            struct zapi_nhg *z = nhg_describe(g);
            if (bgp_rib_state.cb->zebra_nhg)
                bgp_rib_state.cb->zebra_nhg(bgp_rib_state.ctx, z);
            mem_free(MEM(bgp_rib_zebra), z);
        }
    pthread_mutex_unlock(&nhg_lock);
    tell_shards(SM_ZEBRA_UP);
}

void bgp_rib_zebra_down(void)
{
    tell_shards(SM_ZEBRA_DOWN);
}

void bgp_rib_zebra_room(bool room)
{
    bool was = atomic_exchange(&bgp_rib_state.zroom, room);
    if (room && !was)
        rib_kick_all();
}

static void fib_post(const struct sent *r, uint64_t first, uint64_t last, const struct zapi_ack *a)
{
    struct shard_msg *m = shard_msg_new(SM_FIB, 0);
    m->p = r->zb;
    m->from = (uint32_t)(first - r->first);
    m->to = (uint32_t)(last - r->first);
    m->result = a->result;
    m->err = a->err;
    shard_post(r->shard, m);
}

void bgp_rib_fib_result(const struct zapi_ack *a)
{
    size_t lo = sent_head, hi = sent_end;
    while (lo < hi) { /* the first batch that ends at or after a->first_seq */
        size_t mid = (lo + hi) / 2;
        if (sent_ring[mid].first + sent_ring[mid].count - 1 < a->first_seq)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < sent_end && sent_ring[lo].first <= a->last_seq; lo++) {
        struct sent *r = &sent_ring[lo];
        uint64_t end = r->first + r->count - 1;
        uint64_t first = a->first_seq > r->first ? a->first_seq : r->first;
        uint64_t last = a->last_seq < end ? a->last_seq : end;
        uint64_t n = last - first + 1;
        if (n > r->left)
            continue; /* acknowledged before: not from a sane zebrad */
        r->left -= (uint32_t)n;
        fib_post(r, first, last, a);
    }
    while (sent_head < sent_end && !sent_ring[sent_head].left)
        sent_head++;
}

void zebra_main_free(void)
{
    mem_free(MEM(bgp_rib_zebra), sent_ring);
    sent_ring = NULL;
    sent_head = sent_end = sent_cap = 0;
    for (unsigned i = 0; i < 1024; i++)
        while (nhg_buckets[i]) {
            struct nhg *g = nhg_buckets[i];
            nhg_buckets[i] = g->next;
            mem_free(MEM(bgp_rib_zebra), g);
        }
}
