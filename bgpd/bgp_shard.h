/* SPDX-License-Identifier: Apache-2.0
 * bgp_shard.h - inside of the RIB: what bgp_rib*.c, bgp_shard.c, bgp_group.c and bgp_query.c share.
 *
 * A shard owns everything that hangs from struct bgp_shard; nobody else reads it, except for the
 * atomics marked so. Messages of enum shard_msg_type come in (bgp_rib.c, bgp_rib_feed.c), messages of enum
 * rib_up_type go out to the main thread (bgp_rib.c hands them to the callbacks).
 *
 * Per instance and family a struct shard_table: destinations (20 bytes for IPv4, 32 for IPv6) in a pool,
 * found through a ptable; paths (16 bytes) in a pool, chained from their destination, the best one first. The
 * `next` of a chain's last path holds its destination (PATH_TAIL), so that a linear walk over the paths finds
 * their destinations without a back pointer in each.
 *
 * Whatever has to be sent is a set of destination handles (bgp_dbits.h): per table towards zebrad, per update
 * group, per member that is catching up. What is sent is computed when the receiver has room: latest wins.
 */
#ifndef BGP_SHARD_H
#define BGP_SHARD_H
#include <pthread.h>
#include <stdatomic.h>
#include "bgp_dbits.h"
#include "bgp_decide.h"
#include "bgp_export.h"
#include "bgp_policy.h"
#include "pool.h"
#include "ptable.h"

MEM_DECLARE(bgp_rib);
MEM_DECLARE(bgp_dest);
MEM_DECLARE(bgp_path);
MEM_DECLARE(bgp_adj_out);
MEM_DECLARE(bgp_group);
MEM_DECLARE(bgp_query);

#define SHARD_SLICE_US 2000   /* of each kind of work, before the next and then the inbox have a turn */
#define FLUSH_DESTS    16384  /* destinations per group flush, zebra drain */
#define ENC_BYTES      (64 * 1024)

/* ---- destinations and paths ---- */
enum { DF_LIVE = 1, DF_BEST = 2 /* the head of the chain is the best path */, DF_FIB = 4, DF_FIB_FAILED = 8,
       DF_PIN = 16 /* 0/0 for default-originate */, DF_CHANGED = 32,
       DF_DYING = 64 /* zebrad has it, and no best path is left: counted in its zset */ };
struct dest_tail { uint32_t path, zset, version; };
struct dest_meta { uint8_t flags, zinflight, fib_errno; }; /* behind the key */

#define PATH_TAIL 0x80000000u
enum { PF_FILTERED = 1, PF_STALE = 2, PF_REFRESH = 4, PF_MULTIPATH = 8, PF_ATTR_IN = 16 };
struct path { uint32_t next, attr, age; uint16_t source, flags; };

struct shard_group;
struct shard_table {
    uint16_t inst; uint8_t af, family;
    uint8_t koff, toff;             /* of dest_meta and dest_tail in a destination */
    bool dying;                     /* instance is gone: freed when empty */
    struct bgp_rib_inst *conf;
    struct pool dests, paths;
    struct ptable pt;
    struct carray attr_in;          /* by path, for PF_ATTR_IN: as received, where policy changed it */
    uint32_t spare;                 /* a destination made ahead */
    uint32_t version;
    struct dbits zpend; uint32_t zcursor;
    uint32_t zlap; bool zfull;      /* full resend under way */
    struct shard_group *groups;
    uint32_t n_best;
    _Atomic(uint32_t) pub_prefixes, pub_paths, pub_best, pub_version; _Atomic(size_t) pub_bytes;
};
static inline uint8_t *dest_key(const struct shard_table *t, uint32_t d) { return pool_get(&t->dests, d); }
static inline struct dest_meta *dest_meta(const struct shard_table *t, uint8_t *key) { return (struct dest_meta *)(key + t->koff); }
static inline struct dest_tail *dest_tail(const struct shard_table *t, uint8_t *key) { return (struct dest_tail *)(key + t->toff); }
static inline unsigned dest_alen(const struct shard_table *t) { return t->koff - 1u; }
static inline uint8_t dest_len(const struct shard_table *t, const uint8_t *key) { return key[t->koff - 1]; }
static inline struct path *path_get(const struct shard_table *t, uint32_t p) { return pool_get(&t->paths, p); }
struct prefix dest_prefix(const struct shard_table *t, const uint8_t *key);
/* The best path or NULL. */
static inline struct path *dest_best(const struct shard_table *t, uint8_t *key)
{
    return dest_meta(t, key)->flags & DF_BEST ? path_get(t, dest_tail(t, key)->path) : NULL;
}
uint32_t path_attr_in(struct shard_table *t, uint32_t h);

/* ---- peers ---- */
struct shard_counts { _Atomic(uint32_t) received, accepted, sent, filtered, stale;
                      _Atomic(uint64_t) loop_as, loop_originator, loop_cluster, bad_nexthop, martian, policy_missing; };
struct shard_peer {
    struct bgp_rib_peer conf;
    bool up, known;
    struct shard_counts count[BGP_AF_MAX];   /* written by the shard, read by main */
    struct shard_group *group[BGP_AF_MAX];
    uint32_t own[BGP_AF_MAX];                /* cells of its group whose source it is */
    _Atomic(uint32_t) group_id[BGP_AF_MAX];
    bool scanning;                           /* a clear job is under way */
    bool regroup;
};

/* ---- update groups (bgp_group.c) ---- */
struct group_cell { uint32_t attr; uint16_t source, from; }; /* Adj-RIB-Out: from: enum bgp_export_src */
struct shard_member {
    uint16_t peer; uint32_t gen;
    bool synced;         /* takes the shared buffers; else todo says what it lacks */
    uint32_t dump;       /* number of the dump under way, to be reported; 0: none */
    uint32_t lap;        /* of the group at that time */
    uint64_t high_since; /* its socket is full since then; 0: it is not */
    struct dbits todo;
};
struct shard_group {
    struct shard_group *next;
    struct shard_table *t;
    struct bgp_group_key key;
    uint32_t id;
    struct carray cells;
    struct dbits pending;
    uint32_t cursor, lap, catch_cursor;
    struct shard_member **members; unsigned n, cap;
    bool hidden;         /* routes of the only member were left out */
    uint32_t n_out;      /* cells in use */
    uint64_t updates, bytes;
};

/* ---- zebra ---- */
/* What a route looks like to zebrad: a set of next hops and the attributes of a batch. Index 0: not there. */
struct zset_key { uint32_t metric; uint16_t inst; uint8_t distance, subtype; uint16_t n, pad; uint32_t nh[ZAPI_MAX_NEXTHOPS]; };
struct zset { uint32_t nhg, refs /* destinations and batches */, hash, head, tail, count /* of the drain under way */; bool used; struct zset_key *key;
              uint32_t dests, dying /* destinations that zebrad has with it, and those of them that lost their best path */;
              bool given_up /* its group was deleted at zebrad with all routes; not to be found any more */; };
struct zbatch { struct zbatch *next, *prev; struct shard_table *t; uint32_t zset, count, acked; uint32_t h[]; };

/* ---- messages to a shard ---- */
enum shard_msg_type { SM_BATCH, SM_INST_SET, SM_INST_DEL, SM_PEER_UP, SM_PEER_SET, SM_PEER_DOWN, SM_POLICY, SM_STALE_SWEEP, SM_SOFT_IN,
                      SM_SOFT_OUT, SM_REFRESH_BEGIN, SM_REFRESH_END, SM_LOCAL, SM_ZEBRA_UP, SM_ZEBRA_DOWN, SM_FIB, SM_NHT, SM_QUERY,
                      SM_QUERY_FREE, SM_GC_MARK, SM_GC_BARRIER, SM_GC_END, SM_GROUPS, SM_ADVERTISED };
struct shard_msg {
    struct actor_msg m;
    uint16_t peer, inst, source; uint8_t af; bool flag;
    uint32_t gen, attr, from, to, result; int err;
    struct prefix prefix;
    void *p;                       /* zbatch, query, request */
    union { struct bgp_rib_inst inst; struct bgp_rib_peer peer; } u[]; /* SM_INST_SET, SM_PEER_*: one */
};
/* Routes from a session. */
enum { RUN_ANNOUNCE = 1, RUN_WITHDRAW = 2, RUN_EOR = 3 };
struct batch_run { uint8_t op, af; uint16_t pad; uint32_t attr, len; };
struct shard_batch { struct actor_msg m; uint16_t peer, inst; uint32_t gen, used, cap; uint8_t data[]; };

/* ---- messages to the main thread ---- */
enum rib_up_type { UP_CLEARED, UP_DUMP_DONE, UP_MAX_PREFIX, UP_ZBATCH, UP_ZSYNCED, UP_NHG, UP_NHG_DEL, UP_NEXTHOP, UP_POLICY_UNREF,
                   UP_QUERY, UP_GC, UP_GROUPS, UP_ADVERTISED };
struct rib_up {
    struct rib_up *next;
    uint8_t type, af; uint16_t peer, inst; uint16_t shard;
    uint32_t gen, count; bool flag;
    void *p; size_t len; void *q;
};

/* ---- scans over the paths of a table, in slices ---- */
enum scan_kind { SCAN_CLEAR, SCAN_STALE, SCAN_REFRESH, SCAN_SOFT_IN, SCAN_TOUCH, SCAN_NHT, SCAN_DECIDE };
struct scan { struct scan *next; enum scan_kind kind; uint16_t peer; uint32_t gen; uint16_t inst_af, last; bool all_tables, report; uint32_t cursor; };

struct shard_query;
struct bgp_shard {
    struct actor *actor;
    unsigned id;
    struct shard_table **tables; unsigned n_tables;   /* [inst * BGP_AF_MAX + af] */
    _Atomic(struct shard_peer *) peers[BGP_MAX_PEERS];
    struct scan *scans, **scans_tail;
    struct dbits nht_now, nht_next;                   /* next hops that a running / the next scan is for */
    bool nht_running;
    bool regroup;
    struct bgp_policy_memo *memo_in, *memo_out;
    struct { uint32_t attr, out; uint16_t source; uint32_t group; } pre_memo[1024]; /* bgp_export_pre before a policy */
    const struct bgp_policy **grave; unsigned n_grave, cap_grave;  /* given back to main after regrouping */
    uint32_t now_wall;
    uint64_t slice_end;
    /* decision */
    struct bgp_decide_path *cand; unsigned cap_cand;
    /* output */
    struct flush *flush;
    struct bgp_attr_build build;
    /* zebra */
    uint32_t zgen; bool zebra_up;
    struct zset *zsets; uint32_t n_zsets, cap_zsets, zset_free /* chained by head */, zsets_unused, zswept /* when */;
    uint32_t *zindex; uint32_t zindex_size;
    struct { uint32_t *dest, *next, *touched; uint32_t n; uint8_t *nlri; } zdrain;
    struct { const struct shard_table *t; uint32_t attr, zset; uint16_t source; } zlast;
    struct zbatch *zbatches;
    uint64_t zheld;                                   /* since when routes wait for a peer's clearing; 0: they do not */
    _Atomic(uint32_t) zposted;                        /* in main's queue */
    /* queries, GC */
    struct shard_query *queries;
    bool barrier;                                     /* a collection is marking: mark what is stored */
    struct { bool on; uint32_t gen; unsigned table, stage; uint32_t at; } gc; /* where marking is */
};

/* ---- the whole ---- */
struct bgp_rib {
    struct loop *loop;
    const struct bgp_rib_cb *cb; void *ctx;
    struct bgp_shard **shards; unsigned n_shards;
    struct loop_waker *waker;
    pthread_mutex_t up_lock; struct rib_up *up, **up_tail;
    _Atomic(bool) zroom;
    uint32_t zgen; unsigned zsynced_left;
    bool started;
};
extern struct bgp_rib bgp_rib_state;

/* bgp_rib.c */
struct rib_up *rib_up_new(enum rib_up_type type, const struct bgp_shard *s);
void rib_up_post(struct rib_up *u);
struct shard_msg *shard_msg_new(enum shard_msg_type type, size_t extra);
void shard_post(struct bgp_shard *s, struct shard_msg *m);
void rib_kick_all(void);
uint32_t rib_vrf_id(uint16_t inst); /* main */
/* bgp_shard.c */
struct bgp_shard *shard_new(struct loop *l, unsigned id, bool threaded);
void shard_free(struct bgp_shard *s);
void shard_memo_clear(struct bgp_shard *s);
struct shard_table *shard_table(const struct bgp_shard *s, uint16_t inst, unsigned af); /* NULL: none */
static inline struct shard_peer *shard_peer(struct bgp_shard *s, uint16_t i)
{
    return i < BGP_MAX_PEERS ? atomic_load_explicit(&s->peers[i], memory_order_acquire) : NULL;
}
void shard_decide(struct bgp_shard *s, struct shard_table *t, uint32_t dest);
void shard_dest_try_free(struct bgp_shard *s, struct shard_table *t, uint32_t dest);
void shard_view(struct bgp_shard *s, struct shard_table *t, uint32_t h, const struct path *p, struct bgp_decide_path *ret);
bool shard_path_valid(const struct path *p);
static inline bool shard_slice_over(const struct bgp_shard *s) { return loop_now() >= s->slice_end; }
static inline void shard_mark(const struct bgp_shard *s, uint32_t attr)
{
    if (__builtin_expect(s->barrier, 0))
        intern_mark(bgp_attr_table(), attr);
}
struct bgp_export_from shard_from(struct bgp_shard *s, uint16_t source, unsigned af);
/* bgp_shard_scan.c */
void shard_scan_add(struct bgp_shard *s, enum scan_kind kind, uint16_t peer, uint32_t gen, int inst_af, bool report);
bool shard_scan_work(struct bgp_shard *s);
bool shard_scan_clearing(const struct bgp_shard *s);  /* the job at hand removes a peer's paths */
void shard_scan_finish_peer(struct bgp_shard *s, uint16_t peer);
void shard_scan_mark(struct bgp_shard *s, uint16_t peer, int af, uint16_t flag); /* at once */
void shard_scan_free(struct bgp_shard *s);
void shard_path_drop(struct bgp_shard *s, struct shard_table *t, uint32_t dest, uint32_t path);
/* bgp_shard_import.c */
void shard_batch(struct bgp_shard *s, struct shard_batch *b);
void shard_local(struct bgp_shard *s, const struct shard_msg *m);
void shard_reimport(struct bgp_shard *s, struct shard_table *t, uint32_t dest, uint32_t path);
uint32_t shard_dest_get(struct bgp_shard *s, struct shard_table *t, const uint8_t *addr, uint8_t len); /* makes it */
uint32_t path_dest(const struct shard_table *t, uint32_t path);
void shard_path_count(struct bgp_shard *s, const struct shard_table *t, const struct path *p, int n); /* in the peer's counters */
static inline void count_add32(_Atomic(uint32_t) *c, int n) /* only the shard writes: no locked instruction */
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + (uint32_t)n, memory_order_relaxed);
}
static inline void count_add64(_Atomic(uint64_t) *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
}
/* bgp_group.c */
void group_join(struct bgp_shard *s, struct shard_peer *p, uint32_t dump);
void group_leave(struct bgp_shard *s, struct shard_peer *p);
void group_regroup(struct bgp_shard *s);
void group_resend(struct bgp_shard *s, struct shard_peer *p, unsigned af, uint32_t dump);
void group_table_changed(struct bgp_shard *s, struct shard_table *t); /* instance knobs that change bytes */
void group_all_pending(struct shard_group *g);
bool group_work(struct bgp_shard *s);
void group_free_all(struct bgp_shard *s);
bool group_holds(const struct shard_table *t, uint32_t dest);
struct flush *group_flush_new(void);
void group_flush_free(struct flush *f);
uint32_t group_out_attr(struct bgp_shard *s, struct shard_group *g, const struct group_cell *c); /* interned, for shows */
void group_msg(struct bgp_shard *s, struct shard_msg *m);       /* SM_GROUPS, SM_ADVERTISED */
void group_empty_table(struct shard_table *t);                  /* gives the cells' memory back */
uint32_t group_registry_get(const struct bgp_group_key *k);     /* any thread: one id for a key in all shards */
void group_registry_put(uint32_t id);
/* bgp_rib_zebra.c */
bool zebra_work(struct bgp_shard *s);
void zebra_dest_changed(struct bgp_shard *s, struct dest_meta *m, const struct dest_tail *tail); /* its best path is another one, or gone */
void zebra_msg(struct bgp_shard *s, struct shard_msg *m);
void zebra_up_main(struct rib_up *u);
void zebra_free(struct bgp_shard *s);
void zebra_main_free(void);
void zebra_forget_memo(struct bgp_shard *s);
/* bgp_nht.c */
struct nht_pub { _Atomic(uint32_t) state, metric; }; /* state: NHT_* */
enum { NHT_KNOWN = 1, NHT_REACHABLE = 2, NHT_CONNECTED = 4 };
#define NHT_CHUNK 1024u
extern _Atomic(struct nht_pub *) nht_chunks[1024];
static inline struct nht_pub *nht_get(uint32_t nh)
{
    struct nht_pub *c = nh < NHT_CHUNK * 1024u ? atomic_load_explicit(&nht_chunks[nh / NHT_CHUNK], memory_order_acquire) : NULL;
    return c ? &c[nh % NHT_CHUNK] : NULL;
}
static inline bool nht_usable(uint32_t nh)
{
    if (!nh)
        return true;
    struct nht_pub *p = nht_get(nh);
    return p && atomic_load_explicit(&p->state, memory_order_relaxed) & NHT_REACHABLE;
}
static inline uint32_t nht_metric(uint32_t nh)
{
    struct nht_pub *p = nh ? nht_get(nh) : NULL;
    return p ? atomic_load_explicit(&p->metric, memory_order_relaxed) : 0;
}
/* Any thread: what a nexthop group for zebrad needs. ret has no ifindex unless the address is link-local. */
bool nht_zapi(uint32_t nh, struct zapi_nexthop *ret);
bool nht_addr(uint32_t nh, struct ipaddr *ret_addr, bool *ret_connected_only);
void nht_up_main(struct rib_up *u);
void nht_stop(void);
/* bgp_query.c */
void query_msg(struct bgp_shard *s, struct shard_msg *m);
bool query_work(struct bgp_shard *s);
void query_up_main(struct rib_up *u);
void query_free_shard(struct bgp_shard *s);
void query_stop(void);
unsigned query_open_count(void);
/* bgp_rib_feed.c */
unsigned rib_shard_of(const uint8_t *addr, unsigned alen, uint8_t len); /* who owns a prefix */
bool feed_clean(uint32_t epoch);
/* bgp_rib_gc.c */
void gc_start(void);
void gc_stop(void);
void gc_msg(struct bgp_shard *s, struct shard_msg *m);
bool gc_work(struct bgp_shard *s);
void gc_up_main(struct rib_up *u);
extern _Atomic(uint32_t) gc_epoch;
#endif
