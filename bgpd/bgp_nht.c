/* SPDX-License-Identifier: Apache-2.0
 * bgp_nht.c - next hops: an index for every (instance, address, connected-only), its state beside
 * it.
 *
 * The index goes into the interned attributes, so that the decision finds reachability and IGP
 * metric with one read of an atomic. Entries are made by any thread under a lock (once per UPDATE
 * that brings a new next hop; feeders keep the last one), states are written by the main thread
 * alone. Entries are never freed: there are as many as distinct next hops were ever seen.
 *
 * Metric is written before state, and both before shards are told, so a shard that reads an old
 * value has the message about the new one still before it.
 */
#include "config.h"
#include "bgp_shard.h"
#include <stdlib.h>

struct nht_entry {
    struct ipaddr addr;
    uint16_t inst;
    bool connected_only;
    uint32_t vrf_id;
    uint32_t hash_next;
    struct bgp_nht_info *info; /* main's, once zebrad has answered */
};

_Atomic(struct nht_pub *) nht_chunks[1024];
static pthread_mutex_t nht_lock = PTHREAD_MUTEX_INITIALIZER;
static struct nht_entry *nht_chunk[1024]; /* under the lock */
static uint32_t nht_end = 1, nht_buckets[4096];

static struct nht_entry *entry(uint32_t nh)
{
    return &nht_chunk[nh / NHT_CHUNK][nh % NHT_CHUNK];
}

static uint32_t *bucket(uint16_t inst, const struct ipaddr *a, bool connected_only)
{
    uint64_t h =
        hash_bytes(a->b, sizeof(a->b), (uint64_t)inst << 9 | a->family << 1 | connected_only);
    return &nht_buckets[h % 4096];
}

uint32_t bgp_nht_get(uint16_t inst, const struct ipaddr *addr, bool connected_only)
{
    pthread_mutex_lock(&nht_lock);
    uint32_t *head = bucket(inst, addr, connected_only);
    for (uint32_t i = *head; i; i = entry(i)->hash_next)
        if (entry(i)->inst == inst && entry(i)->connected_only == connected_only &&
            ipaddr_eq(&entry(i)->addr, addr)) {
            pthread_mutex_unlock(&nht_lock);
            return i;
        }
    uint32_t nh = nht_end;
    if (nh >= NHT_CHUNK * 1024u) {
        pthread_mutex_unlock(&nht_lock);
        return NHT_CHUNK * 1024u; /* never usable: its state cannot be kept */
    }
    if (!nht_chunk[nh / NHT_CHUNK]) {
        nht_chunk[nh / NHT_CHUNK] = mem_calloc(MEM(bgp_rib), NHT_CHUNK, sizeof(struct nht_entry));
        atomic_store_explicit(&nht_chunks[nh / NHT_CHUNK],
                              mem_calloc(MEM(bgp_rib), NHT_CHUNK, sizeof(struct nht_pub)),
                              memory_order_release);
    }
    nht_end++;
    *entry(nh) = (struct nht_entry){
        .addr = *addr, .inst = inst, .connected_only = connected_only, .hash_next = *head
    };
    *head = nh;
    pthread_mutex_unlock(&nht_lock);
    struct rib_up *u = rib_up_new(UP_NEXTHOP, NULL);
    u->count = nh;
    u->inst = inst;
    rib_up_post(u);
    return nh;
}

bool nht_addr(uint32_t nh, struct ipaddr *ret_addr, bool *ret_connected_only)
{
    pthread_mutex_lock(&nht_lock);
    bool ok = nh && nh < nht_end;
    if (ok) {
        *ret_addr = entry(nh)->addr;
        *ret_connected_only = entry(nh)->connected_only;
    }
    pthread_mutex_unlock(&nht_lock);
    return ok;
}

bool nht_zapi(uint32_t nh, struct zapi_nexthop *ret)
{
    pthread_mutex_lock(&nht_lock);
    bool ok = nh && nh < nht_end;
    if (ok) {
        const struct nht_entry *e = entry(nh);
        *ret = (struct zapi_nexthop){ .kind = ZN_GATEWAY,
                                      .gate = e->addr,
                                      .vrf_id = e->vrf_id,
                                      .flags = e->connected_only ? 0 : ZNF_RECURSIVE };
        if (ipaddr_is_linklocal(&e->addr) && e->info && e->info->n) {
            ret->kind = ZN_GATEWAY_IF;
            ret->ifindex = e->info->nh[0].ifindex;
        }
    }
    pthread_mutex_unlock(&nht_lock);
    return ok;
}

/* Main: tells the owner of the zebra client to register it. */
void nht_up_main(struct rib_up *u)
{
    struct ipaddr addr;
    bool connected_only;
    uint32_t vrf_id = rib_vrf_id(u->inst);
    if (!nht_addr(u->count, &addr, &connected_only))
        return;
    pthread_mutex_lock(&nht_lock);
    entry(u->count)->vrf_id = vrf_id;
    pthread_mutex_unlock(&nht_lock);
    if (bgp_rib_state.cb->nexthop_new)
        bgp_rib_state.cb->nexthop_new(bgp_rib_state.ctx, u->count, vrf_id, &addr, connected_only);
}

static void info_fill(struct bgp_nht_info *i, const struct zapi_nht_state *s)
{
    i->known = true;
    i->reachable = s->reachable;
    i->connected = s->connected;
    i->metric = s->metric;
    i->resolved = s->resolved;
    i->n = s->n < 8 ? s->n : 8;
    memcpy(i->nh, s->nh, i->n * sizeof(i->nh[0]));
    i->changed_wall = loop_wall();
}

void bgp_nht_set(uint32_t nh, const struct zapi_nht_state *s)
{
    struct nht_pub *pub = nht_get(nh);
    if (!pub || !nh || nh >= bgp_nht_end())
        return;
    pthread_mutex_lock(&nht_lock);
    struct nht_entry *e = entry(nh);
    if (!e->info)
        e->info = mem_calloc(MEM(bgp_rib), 1, sizeof(*e->info));
    e->info->addr = e->addr;
    e->info->inst = e->inst;
    info_fill(e->info, s);
    pthread_mutex_unlock(&nht_lock);
    uint32_t state =
        NHT_KNOWN | (s->reachable ? NHT_REACHABLE : 0) | (s->connected ? NHT_CONNECTED : 0);
    uint32_t was = atomic_load(&pub->state), metric = atomic_load(&pub->metric);
    atomic_store(&pub->metric, s->metric);
    atomic_store(&pub->state, state);
    if ((was ^ state) & NHT_REACHABLE || (s->reachable && metric != s->metric))
        for (unsigned i = 0; i < bgp_rib_state.n_shards; i++) {
            struct shard_msg *m = shard_msg_new(SM_NHT, 0);
            m->attr = nh;
            shard_post(bgp_rib_state.shards[i], m);
        }
}

bool bgp_nht_info(uint32_t nh, struct bgp_nht_info *ret)
{
    pthread_mutex_lock(&nht_lock);
    bool ok = nh && nh < nht_end;
    if (ok) {
        const struct nht_entry *e = entry(nh);
        *ret = e->info ? *e->info : (struct bgp_nht_info){ .addr = e->addr, .inst = e->inst };
    }
    pthread_mutex_unlock(&nht_lock);
    return ok;
}

uint32_t bgp_nht_end(void)
{
    pthread_mutex_lock(&nht_lock);
    uint32_t end = nht_end;
    pthread_mutex_unlock(&nht_lock);
    return end;
}

void nht_stop(void)
{
    for (uint32_t i = 1; i < nht_end; i++)
        mem_free(MEM(bgp_rib), entry(i)->info);
    for (unsigned c = 0; c < 1024 && nht_chunk[c]; c++) {
        mem_free(MEM(bgp_rib), nht_chunk[c]);
        mem_free(MEM(bgp_rib), atomic_load(&nht_chunks[c]));
        nht_chunk[c] = NULL;
        atomic_store(&nht_chunks[c], NULL);
    }
    nht_end = 1;
    memset(nht_buckets, 0, sizeof(nht_buckets));
}
