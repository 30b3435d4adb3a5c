/* SPDX-License-Identifier: Apache-2.0
 * bgp_decide.h - the decision process (RFC 4271 9.1.2, RFC 4456 9, RFC 5065 5.3) as pure functions.
 *
 * Order of the steps is FRR's: stale (RFC 9494), weight, local preference, local origin, AS path
 * length, origin, MED, eBGP over iBGP, IGP metric, [equal for multipath], current best (eBGP),
 * router id, cluster list length, neighbour address.
 *
 * Known departure from FRR: the result never depends on the order in which paths came; MED is
 * always compared within a neighbouring AS first (`bgp deterministic-med` is always in effect).
 */
#ifndef BGP_DECIDE_H
#define BGP_DECIDE_H
#include "bgp_rib.h"

enum bgp_path_type { BPT_LOCAL, BPT_EBGP, BPT_CONFED, BPT_IBGP };
struct bgp_decide_path {
    const struct bgp_attr *a;
    const struct ipaddr *addr; /* of the neighbour; NULL: local */
    uint32_t handle;           /* the caller's */
    uint32_t router_id;        /* ORIGINATOR_ID, else the neighbour's identifier */
    uint32_t igp_metric;
    uint32_t peer_as;
    uint16_t source;
    uint8_t type;  /* enum bgp_path_type */
    bool current;  /* is the best path now */
};
/* < 0: a is better. *why: the step that decided. */
int bgp_decide_cmp(const struct bgp_rib_inst *k, const struct bgp_decide_path *a,
                   const struct bgp_decide_path *b, enum bgp_reason *why);
/* Index of the best of n >= 1 valid paths. May reorder p. */
unsigned bgp_decide_best(const struct bgp_rib_inst *k, struct bgp_decide_path *p, unsigned n);
/* Without path `gone`, that was not the best: is `other` as good as before? (It may have been beaten by MED.) */
bool bgp_decide_independent(const struct bgp_rib_inst *k, const struct bgp_attr *gone,
                            const struct bgp_attr *other);
/* May p share the traffic with the best path? Limits and distinct next hops are the caller's. */
bool bgp_decide_multipath(const struct bgp_rib_inst *k, const struct bgp_decide_path *best,
                          const struct bgp_decide_path *p);
#endif
