/* SPDX-License-Identifier: Apache-2.0
 * zebra_rib.h - the routing table of zebrad: its pure core, without I/O, clock or log.
 *
 * One struct rib holds everything; the files that share it are
 *   zebra_rib.c    tables, destinations, routes, selection, the re-evaluation scan
 *   zebra_nhg.c    next-hop sets as clients gave them, resolved into interface+gateway lists
 *   zebra_track.c  tracked addresses: gateways of sets and clients' registrations (NHT)
 *   zebra_knh.c    nexthop objects of the kernel: what we made, adopted or lost
 *   zebra_fib.c    what has to be written, batches of kernel operations and their results
 * The main thread owns all of it. The outside is reached through struct rib_ops, so that tests run
 * the core over a fake kernel.
 *
 * A destination costs 24 bytes (IPv4) and carries its first route inline; a route is a class handle and
 * a time. A class interns what many routes share: owner, protocol, distance, metric, next-hop set.
 * A route is chosen by distance, then metric, among those whose set resolves. What the kernel was
 * last told for a destination is `fib`: kernel protocol (8 bits) and nexthop object (24 bits).
 */
#ifndef GW_ZEBRA_RIB_H
#define GW_ZEBRA_RIB_H
#include <stdbool.h>
#include <stdint.h>
#include "pool.h"
#include "prefix.h"
#include "ptable.h"
#include "zapi.h"

#define RIB_METRIC       20  /* priority of every route that we install, as FRR does it */
#define RTPROT_GW_BGP    186
#define RTPROT_GW_STATIC 196
#define RTPROT_GW_OTHER  11

/* Owners of routes. Clients have numbers from RIB_OWNER_CLIENT on (zebra_client.c). */
enum { RIB_OWNER_NONE, RIB_OWNER_KERNEL, RIB_OWNER_CONNECT, RIB_OWNER_STATIC, RIB_OWNER_CLIENT = 8 };

struct rib;
struct fib_batch;
struct track;
struct rib_table;

struct rib_ops {
    /* Takes the batch; rib calls nothing on it until fib_complete(). */
    void (*submit)(void *ctx, struct fib_batch *b);
    /* rib_work() is wanted: soon (delay 0) or after delay microseconds. */
    void (*schedule)(void *ctx, uint64_t delay_us);
    uint64_t (*now)(void *ctx); /* monotonic microseconds */
    bool (*link_up)(void *ctx, uint32_t ifindex);
    /* Sequence numbers of an owner are settled. */
    void (*ack)(void *ctx, uint16_t owner, uint64_t first, uint64_t last, enum zapi_result res, int err);
    /* The selected route of a destination is another one or looks different (class 0: none). */
    void (*selected)(void *ctx, struct rib_table *t, uint32_t dest, uint8_t old_proto, uint32_t cls);
    void (*tracked)(void *ctx, struct track *tr); /* result of a registered address changed */
    /* Something that an operator should read: a refusal by the kernel, a repair. */
    void (*event)(void *ctx, const char *text);
};

/* ---- destinations and routes ---- */
#define DF_PROTO   0x0f /* protocol of the route last reported as selected; 0 none */
#define DF_DELPEND 0x10 /* in the delete queue */
#define DF_FAILED  0x20 /* the kernel refused; fib holds the errno in place of the object */
#define DF_ADOPTED 0x40 /* found in the kernel at start, nobody has claimed it yet */
#define DF_SEEN    0x80 /* met in the running resync */
struct rib_dest { /* follows the address; the key's length octet is its first byte */
    uint8_t len, flags, queued, inflight;
    uint32_t cls, since, next, fib;
};
struct rib_route {
    uint32_t link, cls, since;
};
#define FIB_MAKE(proto, knh) ((uint32_t)(proto) << 24 | (knh))
#define FIB_KNH(fib)         ((fib)&0xffffff)
#define FIB_PROTO(fib)       ((uint8_t)((fib) >> 24))

struct rib_class {
    uint32_t hnext, refs, nhg, slot, metric, tag, mtu, epoch;
    uint16_t owner;
    uint8_t proto, subtype, distance;
    bool dead; /* swept: its routes go at the next scan */
};

struct rib_table {
    uint32_t index, vrf_id, table; /* table 0: the VRF does not exist yet, nothing is installed */
    enum afi afi;
    uint8_t alen;
    struct pool dests;
    struct ptable pt;
    struct rib_table *next;
    uint32_t n_fib; /* destinations that the kernel has from us */
};
struct rib_vrf {
    uint32_t vrf_id, table;
    char name[16];
    bool active;
    bool nht_default[AFI_MAX]; /* `ip nht resolve-via-default` */
    struct rib_table *main[AFI_MAX];
    struct ptable tracks[AFI_MAX];
    struct ptable imports[AFI_MAX];
    uint64_t *track_bits[AFI_MAX]; /* 65536 bits: may an address under these first bits be tracked? */
    struct rib_vrf *next;
};

struct rib_hash {
    uint32_t *head;
    uint32_t mask;
};

struct fib_ctl; /* zebra_fib.c */
struct rib_upsert {
    uint64_t seq;
    uint32_t dest;
    uint16_t table, owner;
};
/* Destinations that wait to be set stand in FIB_PASSES queues by five bits of their address (zebra_fib.c). */
#define FIB_PASSES   32
#define FIB_PASS_MAX 65536 /* then the next queue has its turn, so none starves */
struct rib_upserts {
    struct rib_upsert *v; /* ring */
    uint32_t head, n, cap;
};
struct rib {
    const struct rib_ops *ops;
    void *ctx;
    struct rib_vrf *vrfs;
    struct rib_table *tables;
    struct rib_table **by_index;
    uint32_t n_tables;
    struct pool classes, routes, nhgs, knhs, tracks, imports;
    struct rib_hash class_hash, nhg_hash, nhg_id_hash, knh_hash;
    struct carray kids; /* kernel id - KNH_ID_BASE > handle of the object */
    uint32_t kid_next;
    uint32_t now_s;     /* rib_now() at the start of the batch at hand */

    /* tracks to evaluate, sets to resolve again */
    uint32_t track_dirty, track_dirty_tail, nhg_dirty;
    /* scan */
    bool scan_on, scan_again;
    uint32_t scan_table, scan_pos;
    /* writer's queues (zebra_fib.c) */
    struct fib_ctl *ctl_head, **ctl_tail;
    struct rib_upserts up[FIB_PASSES];
    uint32_t up_n, up_pass, up_taken; /* entries in all, the queue whose turn it is, taken in this turn */
    uint64_t *del; /* table index << 32 | dest */
    uint32_t del_n, del_cap;
    uint64_t del_since, del_last;
    uint32_t rnd;
    uint32_t batches_out;
    uint64_t retry_at, retry_wait;
    bool resync;
    bool knh_retry; /* some object was refused: try again at retry_at */
    uint32_t adopted; /* destinations still marked DF_ADOPTED */
    struct rib_counters {
        uint64_t sets, dels, errors, superseded, flushes, flushed, nh_sets, nh_dels, batches, repairs, acks, scans;
        uint32_t failed; /* destinations now refused by the kernel */
    } cnt;
};

struct rib *rib_new(const struct rib_ops *ops, void *ctx);
void rib_free(struct rib *r);
/* One slice of pending work, at most about `budget_us`; schedules itself when more is left. */
void rib_work(struct rib *r, uint64_t budget_us);

struct rib_vrf *rib_vrf_find(struct rib *r, uint32_t vrf_id);
struct rib_vrf *rib_vrf_by_name(struct rib *r, const char *name);
struct rib_vrf *rib_vrf_get(struct rib *r, uint32_t vrf_id); /* made inactive when unknown */
/* The VRF exists with this kernel table (0: it went away; its routes wait). */
void rib_vrf_set(struct rib *r, uint32_t vrf_id, const char *name, uint32_t table);
/* Made when absent; NULL when there are 65536 already. */
struct rib_table *rib_table_get(struct rib *r, uint32_t vrf_id, enum afi afi, uint32_t table);
struct rib_table *rib_table_find(struct rib *r, uint32_t vrf_id, enum afi afi, uint32_t table);
/* The table object for a kernel table number, whatever VRF it belongs to; NULL when none. */
struct rib_table *rib_table_by_kernel(struct rib *r, enum afi afi, uint32_t table);

static inline struct rib_dest *rib_dest(const struct rib_table *t, uint32_t h)
{
    return (struct rib_dest *)((uint8_t *)pool_get(&t->dests, h) + t->alen);
}
static inline const uint8_t *rib_dest_addr(const struct rib_table *t, uint32_t h)
{
    return pool_get(&t->dests, h);
}
struct prefix rib_dest_prefix(const struct rib_table *t, uint32_t h);
static inline struct rib_class *rib_class(const struct rib *r, uint32_t h)
{
    return pool_get(&r->classes, h);
}

/* What routes of one batch share. The returned handle is held until rib_class_put(). */
struct rib_attr {
    uint16_t owner;
    enum zapi_proto proto;
    enum zapi_subtype subtype;
    uint8_t distance;
    uint32_t slot; /* with the owner: identity of a route within its destination */
    uint32_t metric, tag, mtu, epoch;
    uint32_t nhg; /* zebra_nhg.h */
};
uint32_t rib_class_get(struct rib *r, const struct rib_attr *a);
void rib_class_put(struct rib *r, uint32_t cls);
uint8_t rib_default_distance(enum zapi_proto proto, enum zapi_subtype subtype);

/* seq 0: nobody waits for an answer. */
void rib_route_set(struct rib *r, struct rib_table *t, const uint8_t *addr, uint8_t len, uint32_t cls, uint64_t seq);
bool rib_route_unset(struct rib *r, struct rib_table *t, const uint8_t *addr, uint8_t len, uint16_t owner, uint32_t slot);
/* A whole batch of a client: packed NLRI, already validated. cls 0: withdraw. */
void rib_batch(struct rib *r, struct rib_table *t, uint16_t owner, uint32_t slot, uint32_t cls, uint64_t first_seq,
               const uint8_t *nlri, size_t len);
/* Every route of `owner` of an epoch before this one goes (in slices). */
void rib_sweep(struct rib *r, uint16_t owner, uint32_t before_epoch);
/* Routes of `owner` that lead only over this interface go. */
void rib_drop_link(struct rib *r, uint16_t owner, uint32_t ifindex);
/* All routes are looked at again: usability, distance or kernel objects changed. */
void rib_scan(struct rib *r);
void rib_reevaluate(struct rib *r, struct rib_table *t, uint32_t dest); /* after a change to one */
void rib_scan_later(struct rib *r, uint64_t delay_us);
void rib_dest_gc(struct rib_table *t, uint32_t dest); /* frees it when nothing holds it */
/* The destination of this prefix, made when absent. */
uint32_t rib_dest_make(struct rib_table *t, const uint8_t *addr, uint8_t len);

/* Selected class of a destination, 0 when none is usable. */
uint32_t rib_selected(const struct rib *r, const struct rib_table *t, uint32_t dest);
bool rib_class_usable(const struct rib *r, const struct rib_class *c);
static inline bool rib_proto_installs(uint8_t proto)
{
    return proto != ZP_KERNEL && proto != ZP_CONNECT && proto != ZP_LOCAL && proto != ZP_SYSTEM;
}

/* ---- reading, for shows ---- */
struct rib_view {
    uint32_t cls, nhg;
    enum zapi_proto proto;
    enum zapi_subtype subtype;
    uint16_t owner;
    uint8_t distance;
    uint32_t metric, tag, mtu, slot;
    uint32_t since; /* monotonic seconds */
    bool selected, installed, queued, failed;
    int err;         /* errno of a failed one */
    uint32_t knh_id; /* the kernel's nexthop id when installed by us */
};
/* Routes of a destination in order of preference; returns how many (at most max). */
unsigned rib_views(const struct rib *r, const struct rib_table *t, uint32_t dest, struct rib_view *out, unsigned max);

/* ---- import checks (`network` statements) ---- */
struct rib_import {
    uint8_t key[20];
    uint32_t vrf_id;
    enum afi afi;
    uint16_t n;
    uint16_t *owners;
    bool present;
    uint32_t metric;
};
struct rib_import *rib_import_add(struct rib *r, uint32_t vrf_id, const struct prefix *p, uint16_t owner);
void rib_import_del(struct rib *r, uint32_t vrf_id, const struct prefix *p, uint16_t owner);
void rib_import_drop_owner(struct rib *r, uint16_t owner);
void rib_imports_of(struct rib *r, uint16_t owner, void (*fn)(void *ctx, struct rib_import *i), void *ctx);
bool rib_import_check(struct rib *r, struct rib_table *t, uint32_t dest, struct rib_import **ret); /* true: it changed */
struct prefix rib_import_prefix(const struct rib_import *i);

/* Shared by the core's files. */
uint32_t rib_now(const struct rib *r); /* seconds */
void rib_hash_init(struct rib_hash *h, unsigned bits);
void rib_hash_fini(struct rib_hash *h);
MEM_DECLARE(rib);
#endif
