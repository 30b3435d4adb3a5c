/* SPDX-License-Identifier: Apache-2.0
 * zebra_track.h - tracked addresses: resolved by longest match, evaluated again when a route that
 * covers them (or could) changes. Gateways of next-hop sets and clients' registrations share them.
 */
#ifndef GW_ZEBRA_TRACK_H
#define GW_ZEBRA_TRACK_H
#include "zebra_nhg.h"

struct track_reg {
    uint16_t owner;
    bool connected_only;
};
struct track {
    uint8_t key[20]; /* struct pkey4 or pkey6 of the host prefix */
    uint32_t self, vrf_id, dirty_next;
    enum afi afi;
    bool dirty;
    bool held;               /* its result changed too often lately: looked at again in a second */
    uint16_t flips;          /* changes since flips_since */
    uint32_t flips_since;
    /* users */
    uint32_t *nhgs;
    uint16_t n_nhgs, cap_nhgs;
    struct track_reg *regs;
    uint16_t n_regs;
    /* the result */
    bool reachable, connected;
    uint8_t proto, distance;
    uint16_t n;
    uint32_t metric;
    struct prefix by;   /* the route that it resolves by */
    uint32_t via;       /* its set; 0 none */
    struct rnh *res;
    struct track *via_next, **via_prev; /* in the set's list */
};
void track_fini(struct rib *r, uint32_t h); /* memory only, at the end */
struct ipaddr track_addr(const struct track *tr);
struct track *track_get(struct rib *r, uint32_t vrf_id, const struct ipaddr *a, uint32_t nhg); /* adds a user */
void track_put(struct rib *r, struct track *tr, uint32_t nhg);
struct track *track_register(struct rib *r, uint32_t vrf_id, const struct ipaddr *a, uint16_t owner, bool connected_only);
void track_unregister(struct rib *r, uint32_t vrf_id, const struct ipaddr *a, uint16_t owner);
void track_drop_owner(struct rib *r, uint16_t owner);
struct track *track_find(struct rib *r, uint32_t vrf_id, const struct ipaddr *a);
void tracks_of(struct rib *r, uint16_t owner, void (*fn)(void *ctx, struct track *tr), void *ctx);
/* Walk of all in order, for shows. */
void track_walk(struct rib *r, uint32_t vrf_id, enum afi afi, void (*fn)(void *ctx, struct track *tr), void *ctx);
void track_mark(struct rib *r, struct track *tr);
/* The route at this destination changed: marks what it covers. */
void track_route_changed(struct rib *r, struct rib_table *t, const uint8_t *addr, uint8_t len);
void track_release(struct rib *r); /* marks the held ones */
void track_mark_all(struct rib *r, uint32_t vrf_id, enum afi afi);
bool track_work(struct rib *r); /* evaluates marked ones; true when any was */
#endif
