/* SPDX-License-Identifier: Apache-2.0
 * bgp_rib.h - the sharded RIB: Adj-RIB-In, decision, Adj-RIB-Out by update group. What the main thread and the I/O threads may call.
 *
 *   I/O actor                    shard actor (R of them)                      I/O actor
 *   bgp_rib_feed() --batches-->  Adj-RIB-In > policy in > decision  --bufs--> bgp_io_write()
 *                                  |> update groups (policy out, encode once)
 *                                  |> routes to zebrad (packed batches) ----> main: zapi client
 *
 * A prefix lives in shard hash(prefix) % R. A shard owns its slice wholly: no lock, reference count or allocation per route.
 * The main thread speaks to shards only by the calls below (they post a message to every shard, in order); answers come
 * back as callbacks on the main thread. With `--threads 1` shards and I/O run inline on the main loop: same code.
 */
#ifndef BGP_RIB_H
#define BGP_RIB_H
#include "actor.h"
#include "bgp_wire.h"
#include "zapi.h"

#define BGP_MAX_PEERS 4096
/* Path sources that are not peers; real peers have indices from BGP_PEER_FIRST. */
enum { BGP_SRC_NETWORK = 1, BGP_SRC_REDIST_KERNEL, BGP_SRC_REDIST_CONNECTED, BGP_SRC_REDIST_STATIC, BGP_SRC_REDIST_OTHER, BGP_SRC_AGGREGATE,
       BGP_SRC_DEFAULT_ORIGINATE, BGP_SRC_API, BGP_PEER_FIRST = 16 };

/* ---- instance (VRF or view) ---- */
struct bgp_rib_inst {            /* sent whole on every change */
    uint16_t inst;               /* index, 0: default VRF */
    uint32_t vrf_id; bool install; /* false: a view, or `bgp no-rib` */
    uint32_t as, router_id, cluster_id, confed_id;
    uint32_t default_local_pref;
    uint8_t multipath[BGP_AF_MAX], multipath_ibgp[BGP_AF_MAX]; /* maximum-paths */
    uint8_t dist_ebgp[BGP_AF_MAX], dist_ibgp[BGP_AF_MAX], dist_local[BGP_AF_MAX];
    bool always_compare_med, deterministic_med, aspath_ignore, aspath_confed, multipath_relax, compare_routerid, med_confed, med_missing_worst;
    bool client_to_client, ebgp_requires_policy_unused, reject_as_sets, fast_external_failover, suppress_duplicates, rr_allow_outbound_policy;
    bool suppress_fib_pending;
};
/* ---- peers ---- */
struct bgp_policy;               /* bgp_policy.h: compiled, immutable, reference-counted by main */
struct bgp_rib_peer_af {
    bool active;                 /* negotiated and activated */
    bool policy_missing_in, policy_missing_out; /* RFC 8212: nothing passes */
    bool next_hop_self, next_hop_self_force, next_hop_unchanged, as_path_unchanged, med_unchanged;
    bool rr_client, rs_client, soft_reconfig, as_override, remove_private, remove_private_all, remove_private_replace;
    bool send_community, send_ext, send_large, default_originate;
    uint8_t allowas_in; bool allowas_origin;
    uint32_t weight;
    uint32_t max_prefix; uint8_t max_prefix_pct; bool max_prefix_warn_only;
    const struct bgp_policy *in, *out; /* NULL: permit all */
    struct ipaddr nexthop_self, nexthop_self_ll; /* our address towards this peer in this family */
    struct prefix shared_subnet; /* connected subnet that holds the peer; family 0: not directly connected (third-party next hops) */
};
struct bgp_rib_peer {            /* the shards' copy, sent whole */
    uint16_t peer, inst;
    uint32_t gen;                /* session generation: batches and output of older ones are dropped */
    bool ebgp, confed_peer, as4, ext_msg;
    bool multihop_or_ibgp;       /* next hops need no direct connection */
    uint32_t remote_as, local_as, change_local_as; bool no_prepend, replace_as;
    uint32_t remote_id;
    struct ipaddr remote_addr, local_addr;
    uint32_t ext_nexthop;
    struct bgp_rib_peer_af af[BGP_AF_MAX];
};
struct bgp_rib_cb {              /* to the main thread */
    void (*peer_cleared)(void *ctx, uint16_t peer, uint32_t gen);   /* all shards have dropped the peer's paths */
    void (*dump_done)(void *ctx, uint16_t peer, uint32_t gen, enum bgp_afi_safi af); /* all shards: initial table is on the wire: send EoR */
    void (*max_prefix)(void *ctx, uint16_t peer, enum bgp_afi_safi af, uint32_t count, bool over); /* threshold or limit passed */
    /* Give to zapi_client_send_packed() and return what it returns: acknowledgements (bgp_rib_fib_result) name that sequence number. */
    uint64_t (*zebra_batch)(void *ctx, void *packed, size_t len, uint32_t count, uint16_t inst);
    void (*zebra_nhg)(void *ctx, const struct zapi_nhg *g);          /* before the first batch that names it */
    void (*zebra_nhg_del)(void *ctx, uint32_t id);
    void (*zebra_synced)(void *ctx);                                 /* full resend asked for by bgp_rib_zebra_up() is out */
    void (*nexthop_new)(void *ctx, uint32_t nh, uint32_t vrf_id, const struct ipaddr *addr, bool connected_only); /* register it */
};
void bgp_rib_start(struct loop *l, unsigned threads /* >= 1; 1: inline */, const struct bgp_rib_cb *cb, void *ctx);
void bgp_rib_stop(void);
unsigned bgp_rib_shards(void);
void bgp_rib_inst_set(const struct bgp_rib_inst *i);
void bgp_rib_inst_del(uint16_t inst);
void bgp_rib_peer_up(const struct bgp_rib_peer *p);                  /* Established: joins its groups, gets the table */
void bgp_rib_peer_down(uint16_t peer, uint32_t gen, bool keep_stale);/* paths dropped in slices (or kept stale: RFC 4724) */
void bgp_rib_peer_set(const struct bgp_rib_peer *p);                 /* configuration changed while up: groups and policies re-evaluated */
void bgp_rib_policy_changed(void);                                   /* some compiled policy was replaced inside peers: see bgp_policy.h */
void bgp_rib_stale_sweep(uint16_t peer, enum bgp_afi_safi af);       /* End-of-RIB or restart timer */
void bgp_rib_soft_in(uint16_t peer, enum bgp_afi_safi af);           /* re-run import policy over stored routes */
void bgp_rib_soft_out(uint16_t peer, enum bgp_afi_safi af);          /* send everything again (refresh received, clear soft out); dump_done follows */
void bgp_rib_refresh_begin(uint16_t peer, enum bgp_afi_safi af);     /* we sent a refresh / BoRR came: mark; EoRR or _end sweeps */
void bgp_rib_refresh_end(uint16_t peer, enum bgp_afi_safi af);
/* A local path: attr 0 withdraws. */
void bgp_rib_local(uint16_t inst, uint16_t source, const struct prefix *p, uint32_t attr);
void bgp_rib_zebra_up(void);                                         /* connected: send all groups and best paths again, then zebra_synced */
void bgp_rib_zebra_down(void);
void bgp_rib_zebra_room(bool room);                                  /* credits: shards send batches only while true */
void bgp_rib_fib_result(const struct zapi_ack *a);                   /* installed / failed, for show and suppress-fib-pending */

/* ---- next hops (bgp_nht.c): index of an address in an instance; states written by main, read by shards ---- */
uint32_t bgp_nht_get(uint16_t inst, const struct ipaddr *addr, bool connected_only); /* any thread; makes it (nexthop_new follows) */
void bgp_nht_set(uint32_t nh, const struct zapi_nht_state *s);       /* main: stores and tells the shards when it matters */
struct bgp_nht_info { struct ipaddr addr; uint16_t inst; bool known, reachable, connected; uint32_t metric; struct prefix resolved;
                      uint16_t n; struct zapi_nexthop nh[8]; uint64_t changed_wall; };
bool bgp_nht_info(uint32_t nh, struct bgp_nht_info *ret);            /* main: for shows */
uint32_t bgp_nht_end(void);                                          /* one past the highest index */

/* ---- feeding: called by the I/O actor that owns the session ---- */
struct bgp_rib_feeder;
struct bgp_rib_feeder *bgp_rib_feeder_new(uint16_t peer, uint32_t gen, uint16_t inst, bool connected_only);
void bgp_rib_feeder_free(struct bgp_rib_feeder *f);
void bgp_rib_feed(struct bgp_rib_feeder *f, struct bgp_update *u);   /* interns once per block, appends NLRI to the shards' batches */
void bgp_rib_feed_eor(struct bgp_rib_feeder *f, enum bgp_afi_safi af);
void bgp_rib_feed_flush(struct bgp_rib_feeder *f);                   /* end of a read burst: posts open batches */
bool bgp_rib_backlogged(void);                                       /* stop reading sockets for a while */

/* ---- output: implemented by bgp_io.c, called by shards and main (any thread) ---- */
struct bgp_outbuf { _Atomic(uint32_t) refs; uint32_t len, cap; uint32_t n_updates; uint8_t data[]; };
struct bgp_outbuf *bgp_outbuf_new(uint32_t cap);                     /* refs 1 */
void bgp_outbuf_unref(struct bgp_outbuf *b);
struct bgp_member { uint16_t peer; uint32_t gen; };
/* Queues buf on every member's socket (takes a reference for each; the caller keeps its own). Sessions of another gen are skipped. */
void bgp_io_write(const struct bgp_member *to, unsigned n, struct bgp_outbuf *buf);
size_t bgp_io_backlog(uint16_t peer);                                /* bytes queued and not yet taken by the kernel */
void bgp_rib_writable(uint16_t peer);                                /* bgp_io calls it when a backlog fell under BGP_OUT_LOW */
#define BGP_OUT_HIGH (1024 * 1024)
#define BGP_OUT_LOW  (256 * 1024)

/* ---- attribute collection (bgp_rib_gc.c): runs by itself when the number of sets has doubled ---- */
void bgp_rib_gc_now(void);
uint64_t bgp_rib_gc_runs(void);

/* ---- questions ---- */
struct bgp_rib_counts { uint32_t received, accepted, sent, filtered, stale; uint64_t loop_as, loop_originator, loop_cluster, bad_nexthop, martian, policy_missing; };
void bgp_rib_peer_counts(uint16_t peer, enum bgp_afi_safi af, struct bgp_rib_counts *ret);  /* summed over shards, lock-free */
struct bgp_rib_totals { uint32_t prefixes, paths, best; uint64_t version; size_t bytes; };
void bgp_rib_totals(uint16_t inst, enum bgp_afi_safi af, struct bgp_rib_totals *ret);

/* A snapshot of prefixes in order, made by the shards in slices, merged, delivered on the main thread. Attribute handles in it stay
 * valid until bgp_rib_query_free(). */
struct bgp_rib_path {
    uint16_t source;             /* peer index or BGP_SRC_* */
    uint32_t attr;               /* after import policy; 0: filtered */
    uint32_t attr_in;            /* as received */
    uint32_t age;                /* wall seconds (low 32 bits) of the last change */
    bool best, multipath, valid /* next hop ok */, stale, filtered, installed;
    uint8_t reason;              /* enum bgp_reason: why it is not / is the best */
};
struct bgp_rib_entry { struct prefix prefix; uint32_t version; bool fib_installed, fib_failed; int fib_errno; uint16_t n_paths; const struct bgp_rib_path *paths;
                       uint32_t out_attr; uint16_t out_source; /* of an Adj-RIB-Out query */ };
struct bgp_rib_filter {
    uint16_t inst; enum bgp_afi_safi af;
    enum { BGP_Q_TABLE, BGP_Q_EXACT, BGP_Q_LPM, BGP_Q_LONGER, BGP_Q_PEER_IN /* paths of one peer */, BGP_Q_PEER_OUT /* advertised */ } kind;
    struct prefix prefix; uint16_t peer;
};
struct bgp_rib_query;
/* deliver: a slice of entries (at most 1024) on the main thread; ask for the next one with bgp_rib_query_next(); n = 0: the end. */
struct bgp_rib_query *bgp_rib_query_new(const struct bgp_rib_filter *f, void (*deliver)(void *ctx, const struct bgp_rib_entry *e, unsigned n), void *ctx);
void bgp_rib_query_next(struct bgp_rib_query *q);
void bgp_rib_query_free(struct bgp_rib_query *q);                    /* safe at any time; no deliver after */
enum bgp_reason { BR_NONE, BR_FIRST, BR_WEIGHT, BR_LOCAL_PREF, BR_LOCAL, BR_AS_PATH, BR_ORIGIN, BR_MED, BR_PEER_TYPE, BR_CONFED_PEER, BR_IGP_METRIC,
                  BR_MULTIPATH, BR_OLDER, BR_ROUTER_ID, BR_CLUSTER_LEN, BR_STALE, BR_NEIGHBOR_IP, BR_NOTHING };
const char *bgp_reason_name(enum bgp_reason r);   /* FRR's words */
void bgp_rib_advertised_to(uint16_t inst, enum bgp_afi_safi af, const struct prefix *p, void (*fn)(void *ctx, uint16_t peer), void (*done)(void *ctx), void *ctx);
/* update groups for `show bgp update-groups` */
struct bgp_group_info { uint32_t id; enum bgp_afi_safi af; uint16_t inst; bool ebgp; unsigned members; uint32_t prefixes; uint64_t updates, encoded_bytes; const uint16_t *peers; };
void bgp_rib_groups(void (*fn)(void *ctx, const struct bgp_group_info *g), void (*done)(void *ctx), void *ctx);
uint32_t bgp_rib_peer_group(uint16_t peer, enum bgp_afi_safi af);  /* its update group's id, 0: none */
#endif
