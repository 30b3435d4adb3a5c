/* SPDX-License-Identifier: Apache-2.0
 * bgp_rib_feed.c - from a session's UPDATEs to batches for the shards. Runs in the I/O actor.
 *
 * The attributes of an UPDATE are interned once per block of NLRI; the NLRI itself is copied as it
 * came (one shard) or prefix by prefix to the shard that owns it. An open batch goes out when it is
 * full or when the session's read burst ends. Batches carry the session's generation, so that what
 * was under way when a session ended is dropped.
 *
 * For the attribute collection (bgp_rib_gc.c) a feeder says since which epoch it has had an open
 * batch: the handles in it are known to nobody else yet.
 */
#include "config.h"
#include "bgp_shard.h"
#include <stdlib.h>

#define MAX_SHARDS    256
#define BATCH_BYTES   (64 * 1024)
#define BACKLOG_BYTES (4 * 1024 * 1024)

struct bgp_rib_feeder {
    struct bgp_rib_feeder *next, *prev;
    uint16_t peer, inst;
    uint32_t gen;
    bool connected_only;
    _Atomic(uint32_t) since; /* epoch of the oldest handle in an open batch, 0: none is open */
    struct ipaddr nh_addr;   /* the last next hop and its index */
    uint32_t nh;
    struct shard_batch *open[];
};

static pthread_mutex_t feeders_lock = PTHREAD_MUTEX_INITIALIZER;
static struct bgp_rib_feeder *feeders;

struct bgp_rib_feeder *bgp_rib_feeder_new(uint16_t peer, uint32_t gen, uint16_t inst,
                                          bool connected_only)
{
    struct bgp_rib_feeder *f =
        mem_calloc(MEM(bgp_rib), 1, sizeof(*f) + bgp_rib_state.n_shards * sizeof(f->open[0]));
    f->peer = peer;
    f->gen = gen;
    f->inst = inst;
    f->connected_only = connected_only;
    pthread_mutex_lock(&feeders_lock);
    f->next = feeders;
    if (f->next)
        f->next->prev = f;
    feeders = f;
    pthread_mutex_unlock(&feeders_lock);
    return f;
}

void bgp_rib_feeder_free(struct bgp_rib_feeder *f)
{
    if (!f)
        return;
    bgp_rib_feed_flush(f);
    pthread_mutex_lock(&feeders_lock);
    if (f->next)
        f->next->prev = f->prev;
    if (f->prev)
        f->prev->next = f->next;
    else
        feeders = f->next;
    pthread_mutex_unlock(&feeders_lock);
    mem_free(MEM(bgp_rib), f);
}

bool feed_clean(uint32_t epoch)
{
    bool clean = true;
    pthread_mutex_lock(&feeders_lock);
    for (struct bgp_rib_feeder *f = feeders; f; f = f->next) {
        uint32_t since = atomic_load(&f->since);
        if (since && (int32_t)(since - epoch) < 0)
            clean = false;
    }
    pthread_mutex_unlock(&feeders_lock);
    return clean;
}

static void post(struct bgp_rib_feeder *f, unsigned i)
{
    struct shard_batch *b = f->open[i];
    f->open[i] = NULL;
    if (!b)
        return;
    b->m.cost = b->used;
    actor_post(bgp_rib_state.shards[i]->actor, &b->m);
}

/* Room for a run of len bytes in the open batch of shard i. */
static uint8_t *room(struct bgp_rib_feeder *f, unsigned i, const struct batch_run *r)
{
    uint32_t need = (uint32_t)sizeof(*r) + r->len;
    struct shard_batch *b = f->open[i];
    if (b && b->cap - b->used < need) {
        post(f, i);
        b = NULL;
    }
    if (!b) {
        uint32_t cap = need > BATCH_BYTES ? need : BATCH_BYTES;
        b = malloc(sizeof(*b) + cap);
        if (!b)
            abort();
        b->m = (struct actor_msg){ .type = SM_BATCH };
        b->peer = f->peer;
        b->inst = f->inst;
        b->gen = f->gen;
        b->used = 0;
        b->cap = cap;
        f->open[i] = b;
    }
    uint8_t *p = b->data + b->used;
    memcpy(p, r, sizeof(*r));
    b->used += need;
    return p + sizeof(*r);
}

unsigned rib_shard_of(const uint8_t *addr, unsigned alen, uint8_t len)
{
    unsigned n = bgp_rib_state.n_shards;
    if (n == 1)
        return 0;
    uint64_t v = 0, w = 0;
    memcpy(&v, addr, alen < 8 ? alen : 8);
    if (alen > 8)
        memcpy(&w, addr + 8, 8);
    uint64_t h = (v ^ (w * 0x9e3779b97f4a7c15ull) ^ len) * 0xd1b54a32d192ed03ull;
    return (unsigned)(((h >> 32) * n) >> 32);
}

/* With several shards: every prefix to the run of its shard; the run's length grows with it. */
static void scatter(struct bgp_rib_feeder *f, struct batch_run r, const struct bgp_nlri *n)
{
    unsigned alen = n->af == BGP_IP6_UNI ? 16 : 4;
    uint32_t run[MAX_SHARDS] = { 0 }; /* where the open run's header ends in the batch, 0: none */
    struct rb rb = rb_init(n->p, n->len);
    uint8_t addr[16], len;
    r.len = 0;
    while (bgp_nlri_next(&rb, addr, &len)) {
        unsigned i = rib_shard_of(addr, alen, len), bytes = 1u + (len + 7u) / 8u;
        struct shard_batch *b = f->open[i];
        if (!run[i] || b->cap - b->used < bytes) {
            if (b && b->cap - b->used < sizeof(r) + bytes)
                post(f, i);
            room(f, i, &r);
            b = f->open[i];
            run[i] = b->used;
        }
        uint8_t *out = b->data + b->used;
        out[0] = len;
        memcpy(out + 1, addr, bytes - 1);
        b->used += bytes;
        uint32_t total = b->used - run[i];
        memcpy(b->data + run[i] - sizeof(r) + offsetof(struct batch_run, len), &total,
               sizeof(total));
    }
}

static void append(struct bgp_rib_feeder *f, const struct bgp_nlri *n, uint32_t attr)
{
    struct batch_run r = {
        .op = attr ? RUN_ANNOUNCE : RUN_WITHDRAW, .af = (uint8_t)n->af, .attr = attr, .len = n->len
    };
    if (bgp_rib_state.n_shards == 1)
        memcpy(room(f, 0, &r), n->p, n->len);
    else
        scatter(f, r, n);
}

static uint32_t intern_block(struct bgp_rib_feeder *f, struct bgp_update *u, unsigned i)
{
    bgp_update_nexthop(u, i);
    if (!f->nh || !ipaddr_eq(&f->nh_addr, &u->attr.h.nexthop)) {
        f->nh_addr = u->attr.h.nexthop;
        f->nh = bgp_nht_get(f->inst, &f->nh_addr, f->connected_only);
    }
    u->attr.h.nh = f->nh;
    return bgp_attr_intern(&u->attr);
}

void bgp_rib_feed(struct bgp_rib_feeder *f, struct bgp_update *u)
{
    if (!atomic_load_explicit(&f->since, memory_order_relaxed))
        atomic_store(&f->since, atomic_load(&gc_epoch));
    for (unsigned i = 0; i < u->n_nlri; i++) {
        const struct bgp_nlri *n = &u->nlri[i];
        if (n->len && n->withdraw)
            append(f, n, 0);
        else if (n->len && u->has_attr)
            append(f, n, intern_block(f, u, i));
    }
}

void bgp_rib_feed_eor(struct bgp_rib_feeder *f, enum bgp_afi_safi af)
{
    struct batch_run r = { .op = RUN_EOR, .af = (uint8_t)af };
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++)
        room(f, i, &r);
}

void bgp_rib_feed_flush(struct bgp_rib_feeder *f)
{
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++)
        post(f, i);
    atomic_store(&f->since, 0);
}

bool bgp_rib_backlogged(void)
{
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++)
        if (actor_backlog(bgp_rib_state.shards[i]->actor) > BACKLOG_BYTES)
            return true;
    return false;
}
