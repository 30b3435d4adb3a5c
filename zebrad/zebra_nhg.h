/* SPDX-License-Identifier: Apache-2.0
 * zebra_nhg.h - next-hop sets: as given by their owner, and what they resolve to now.
 *
 * A set belongs to one owner under the owner's own number (clients) or is found by content (static,
 * kernel, connected). It owns one nexthop group object in the kernel per family, whose members
 * are rewritten in place when the resolution changes: routes are not touched. After a client's
 * restart a new set takes over the stale one of equal content, and after our own a set claims the
 * group found in the kernel, so in both cases nothing is written.
 */
#ifndef GW_ZEBRA_NHG_H
#define GW_ZEBRA_NHG_H
#include "zebra_rib.h"

/* A resolved next hop. kind: ZN_IFINDEX, ZN_GATEWAY_IF or one of the discarding kinds. */
struct rnh {
    uint8_t kind;
    bool onlink;
    uint16_t weight;
    uint32_t ifindex;
    struct ipaddr gate;
};

struct nhg {
    uint32_t hnext; /* first field: see pool.h */
    uint32_t id_next, self, refs, cid, hash, epoch;
    uint16_t owner;
    uint16_t n, n_backup, n_res;
    bool trusted;    /* of the kernel: taken as it is, only the link must be up */
    bool held;       /* the owner's number names it */
    bool wanted[AFI_MAX];
    bool dirty;
    bool on_backup;  /* the resolved list is of the backups */
    bool given_up;   /* its owner deleted it under its routes: they are going */
    struct zapi_nexthop *nh; /* n, then n_backup */
    struct track **tr;       /* of each, or NULL */
    struct rnh *res;
    uint32_t knh[AFI_MAX];
    uint32_t dirty_next;
    struct track *via; /* tracked addresses that resolve through a route with this set */
};
static inline struct nhg *nhg_get(const struct rib *r, uint32_t h)
{
    return pool_get(&r->nhgs, h);
}
static inline bool nhg_usable(const struct nhg *g)
{
    return g->n_res > 0 && !g->given_up;
}
/* The owner's set `cid` is now this. Returns its handle (held until nhg_drop()), or 0 when the content is bad. */
uint32_t nhg_set(struct rib *r, uint16_t owner, uint32_t cid, uint32_t epoch, const struct zapi_nhg *g);
uint32_t nhg_find(const struct rib *r, uint16_t owner, uint32_t cid, uint32_t epoch); /* 0: unknown */
void nhg_drop(struct rib *r, uint32_t h); /* the owner's number names it no more */
/* The same, and its owner says that all routes with it are going: they leave the kernel with the object, at once, before each is withdrawn. */
void nhg_give_up(struct rib *r, uint32_t h);
void nhg_drop_owner(struct rib *r, uint16_t owner, uint32_t before_epoch);
/* By content, for owners inside zebrad. Takes a reference: give it to a class or nhg_unref(). */
uint32_t nhg_intern(struct rib *r, uint16_t owner, const struct zapi_nexthop *nh, unsigned n, bool trusted);
void nhg_ref(struct rib *r, uint32_t h);
void nhg_unref(struct rib *r, uint32_t h);
void nhg_mark(struct rib *r, struct nhg *g);     /* to be resolved again */
void nhg_mark_link(struct rib *r, uint32_t ifindex); /* all that name this interface */
bool nhg_work(struct rib *r);                    /* resolves marked ones; true when any was */
/* Kernel object for routes of this family: made or claimed when needed; 0 when there is none to have. */
uint32_t nhg_knh(struct rib *r, uint32_t h, enum afi afi);
void nhg_fini(struct rib *r, uint32_t h); /* memory only, at the end */
/* Does the set, through its gateways' tracks, depend on this track? */
bool nhg_depends(const struct rib *r, const struct nhg *g, const struct track *tr, unsigned depth);
#endif
