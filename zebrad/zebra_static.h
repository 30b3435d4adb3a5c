/* SPDX-License-Identifier: Apache-2.0
 * zebra_static.h - static routes: next hops by (VRF, prefix, table, distance).
 *
 * Interfaces and VRFs are named and need not exist; such a next hop waits. A gateway is resolved like
 * any other, recursively if need be; while it cannot be resolved the route is inactive.
 */
#ifndef GW_ZEBRA_STATIC_H
#define GW_ZEBRA_STATIC_H
#include "zebra.h"

struct zstatic_key {
    char vrf[16];        /* "default" or a VRF's name */
    struct prefix prefix;
    uint32_t table;      /* 0: the VRF's own */
    uint8_t distance;    /* 0: 1 */
};
struct zstatic_nh {
    enum zapi_nh_kind kind;
    struct ipaddr gate;  /* ZN_GATEWAY, ZN_GATEWAY_IF */
    char ifname[16];     /* ZN_IFINDEX, ZN_GATEWAY_IF */
    char vrf[16];        /* nexthop-vrf; empty: the route's */
    bool onlink;
    uint16_t weight;     /* 0: 1 */
    bool waiting;        /* its interface or VRF is not there; set by zebrad */
};
struct zstatic {
    struct zstatic *next;
    struct zstatic_key key;
    uint32_t tag, metric;
    uint16_t n;
    struct zstatic_nh *nh;
};
struct zstatics *zstatics_new(void);
void zstatics_free(struct zstatics *s);
/* Adds a next hop (one that is there already is updated); tag and metric are of the whole route. 0 or -errno. */
int zebra_static_set(struct zebra *z, const struct zstatic_key *key, const struct zstatic_nh *nh, uint32_t tag,
                     uint32_t metric);
/* Removes one next hop; nh NULL: all of them. -ENOENT when there is none. */
int zebra_static_unset(struct zebra *z, const struct zstatic_key *key, const struct zstatic_nh *nh);
const struct zstatic *zebra_static_find(struct zebra *z, const struct zstatic_key *key);
void zebra_static_each(struct zebra *z, void (*fn)(void *ctx, const struct zstatic *s), void *ctx);
/* An interface or VRF came or went: those that name it are worked out again. */
void zebra_static_name_changed(struct zebra *z, const char *name);
#endif
