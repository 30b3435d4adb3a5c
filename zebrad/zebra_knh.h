/* SPDX-License-Identifier: Apache-2.0
 * zebra_knh.h - nexthop objects of the kernel, as far as they are ours.
 *
 * Their ids in the kernel are KNH_ID_BASE and up. Single objects are shared by content; a group belongs to one
 * next-hop set. The first three handles are no objects but the discarding route types. Objects of an
 * earlier life are adopted at start and claimed by content, what is not claimed is deleted at the sweep.
 * The kernel deletes single objects silently when their device goes down, with them groups left without
 * members, and with these their routes: such an object becomes GONE, keeps its handle until no
 * destination names it, and its number is not used again before that.
 */
#ifndef GW_ZEBRA_KNH_H
#define GW_ZEBRA_KNH_H
#include "zebra_nhg.h"

#define KNH_ID_BASE   100000000u
#define KNH_BLACKHOLE 1u
#define KNH_REJECT    2u
#define KNH_PROHIBIT  3u
#define KNH_FIRST     4u
#define KNH_MAX       0xffffffu

enum knh_type { KNH_FREE, KNH_TYPE, KNH_SINGLE, KNH_GROUP };
enum knh_state { KNH_SENT /* asked for or there */, KNH_FAILED, KNH_GONE };
struct knh_member {
    uint32_t knh;
    uint16_t weight;
};
struct knh {
    uint32_t hnext;
    uint32_t kid;       /* id in the kernel */
    uint32_t nhg;       /* group: the set that owns it */
    uint8_t type, state, family; /* family: of a single */
    bool adopted;       /* found in the kernel, not claimed yet */
    bool seen;          /* met in the running resync */
    bool onlink, queued_del;
    bool doubt;         /* an update was refused: what the kernel has is unknown */
    uint16_t n;         /* members */
    uint32_t users;     /* single: groups with it; group: 1 while a set owns it */
    uint32_t n_fib;     /* destinations whose fib names it */
    uint32_t n_del;     /* of them those in the delete queue */
    uint32_t inflight;
    int err;
    uint32_t ifindex;
    struct ipaddr gate;
    struct knh_member *m;
};
static inline struct knh *knh_get(const struct rib *r, uint32_t h)
{
    return pool_get(&r->knhs, h);
}
static inline uint32_t knh_id(const struct rib *r, uint32_t h) /* 0 for discarding types */
{
    return h < KNH_FIRST ? 0 : knh_get(r, h)->kid;
}
uint32_t knh_by_id(const struct rib *r, uint32_t kid); /* 0: unknown */
bool knh_id_ours(uint32_t id);
void knh_init(struct rib *r);
void knh_fini(struct rib *r, uint32_t h); /* memory only, at the end */
/* Group with exactly these resolved next hops for routes of a family: updates *io in place, or claims, or makes. */
void knh_group_set(struct rib *r, uint32_t *io, uint32_t nhg, enum afi afi, const struct rnh *res, unsigned n);
void knh_group_release(struct rib *r, uint32_t h); /* its set goes; it goes with its last route */
void knh_fib_ref(struct rib *r, uint32_t h);
void knh_fib_unref(struct rib *r, uint32_t h);
/* All routes of h are to be deleted: delete the object instead. */
void knh_flush(struct rib *r, uint32_t h);
void knh_device_down(struct rib *r, uint32_t ifindex); /* the kernel has flushed what used it */
void knh_result(struct rib *r, uint32_t h, bool del, int err);
bool knh_live(const struct rib *r, uint32_t h);
void knh_redrive(struct rib *r); /* sends refused ones again */
/* What a dump or a notification says. */
struct knh_info {
    uint32_t id;
    uint8_t family, protocol;
    bool group, blackhole, onlink;
    uint32_t ifindex;
    struct ipaddr gate;
    uint16_t n;
    struct {
        uint32_t id;
        uint16_t weight;
    } m[ZAPI_MAX_NEXTHOPS];
};
void knh_adopt(struct rib *r, const struct knh_info *i);
void knh_seen(struct rib *r, const struct knh_info *i);    /* in a resync */
void knh_deleted(struct rib *r, uint32_t id);              /* behind our back */
void knh_resync_begin(struct rib *r);
void knh_resync_end(struct rib *r);
void knh_sweep(struct rib *r); /* end of the adoption: deletes what nobody claimed */
#endif
