/* SPDX-License-Identifier: Apache-2.0
 * bgp_export.h - what happens to a path's attributes on the way out to an update group. Pure.
 *
 * A group is all peers for which the same bytes are right; struct bgp_group_key holds everything
 * that the bytes depend on. The transformation has two halves around the outbound policy, in FRR's
 * order, so that a route-map can override next hop and MED but sees no AS of ours yet:
 *
 *   bgp_export_allowed()  communities, reflection rules, RFC 8212
 *   bgp_export_pre()      MED, LOCAL_PREF, reflection attributes, private ASNs, as-override, next hop
 *   (policy)
 *   bgp_export_post()     our AS number(s) in front
 *
 * RFC 4271 5.1, 9.1.3; RFC 4456 8, 10; RFC 5065 5; RFC 1997; RFC 2545 3; RFC 8950.
 * Known departures: a route whose third-party next hop is the receiver's own address is sent with
 * it unchanged (RFC 4271 5.1.3 forbids it; the receiver ignores such a route); ORIGINATOR_ID is not
 * compared with the receiver's identifier (RFC 4456 lets the receiver do it).
 */
#ifndef BGP_EXPORT_H
#define BGP_EXPORT_H
#include "bgp_rib.h"

enum bgp_group_flags {
    GK_EBGP = 1 << 0, GK_CONFED = 1 << 1, GK_AS4 = 1 << 2, GK_EXT_MSG = 1 << 3, GK_EXT_NH = 1 << 4,
    GK_NHS = 1 << 5, GK_NHS_FORCE = 1 << 6, GK_NH_UNCHANGED = 1 << 7, GK_PATH_UNCHANGED = 1 << 8,
    GK_MED_UNCHANGED = 1 << 9, GK_RR_CLIENT = 1 << 10, GK_AS_OVERRIDE = 1 << 11,
    GK_RM_PRIVATE = 1 << 12, GK_RM_ALL = 1 << 13, GK_RM_REPLACE = 1 << 14, GK_COMMUNITY = 1 << 15,
    GK_EXT = 1 << 16, GK_LARGE = 1 << 17, GK_DEFAULT = 1 << 18, GK_POLICY_MISSING = 1 << 19,
    GK_REPLACE_AS = 1 << 20,
};
struct bgp_group_key { /* zeroed before it is filled in: compared as bytes */
    const struct bgp_policy *out;
    struct ipaddr nexthop_self, nexthop_self_ll;
    struct prefix shared_subnet;
    uint32_t flags;            /* enum bgp_group_flags */
    uint32_t as;               /* the instance's */
    uint32_t change_local_as;  /* local-as of the neighbour, or 0 */
    uint32_t override_as;      /* the neighbours' AS, when as-override is on */
    uint16_t inst, af;
};
/* Where the path came from: kept with every route sent. */
enum bgp_export_src { EXS_LOCAL = 1, EXS_IBGP = 2, EXS_CLIENT = 4, EXS_CONFED = 8, EXS_DEFAULT = 16, EXS_RAW = 32 /* of a cell: bgp_export_pre() is still to be done */ };
struct bgp_export_from { uint16_t flags; uint32_t router_id; };

void bgp_export_key(struct bgp_group_key *k, const struct bgp_rib_inst *i, const struct bgp_rib_peer *p,
                    enum bgp_afi_safi af);
bool bgp_export_allowed(const struct bgp_group_key *k, const struct bgp_rib_inst *i, uint16_t src_flags,
                        const struct bgp_attr *a);
/* Is there a next hop that these peers can use? */
bool bgp_export_has_nexthop(const struct bgp_group_key *k, uint16_t src_flags, const struct bgp_attr *a);
/* false: cannot be sent (no usable next hop, or the result does not fit). */
bool bgp_export_pre(struct bgp_attr_build *b, const struct bgp_group_key *k, const struct bgp_rib_inst *i,
                    const struct bgp_export_from *from);
bool bgp_export_post(struct bgp_attr_build *b, const struct bgp_group_key *k, const struct bgp_rib_inst *i);
/* Lays a build form out flat into buf (8-byte aligned) for the encoder; its length, or 0. */
size_t bgp_export_flat(const struct bgp_attr_build *b, void *buf, size_t cap);
#endif
