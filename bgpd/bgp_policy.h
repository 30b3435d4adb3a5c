/* SPDX-License-Identifier: Apache-2.0
 * bgp_policy.h - what a neighbour's prefix-list, distribute-list, filter-list and route-map do to a path, compiled.
 *
 * A struct bgp_policy is immutable once built. Main builds it from the lists of lib/policy.h by name and hands it to the shards in
 * bgp_rib_peer; when a list it uses changes, main builds a new one and sends the peer again; the old one is freed
 * after every shard has taken the new (bgp_policy_unref from a barrier callback).
 * Verdicts that do not look at the prefix are memoised per attribute handle by the caller's memo.
 */
#ifndef BGP_POLICY_H
#define BGP_POLICY_H
#include "bgp_attr.h"
struct policy_set;               /* lib/policy.h */
struct bgp_policy;
struct bgp_policy_names { const char *prefix_list, *distribute_list, *filter_list, *route_map; int family; };
struct bgp_policy_env {          /* who the path is from (in) or goes to (out) */
    struct ipaddr peer_addr, local_addr, source_addr;
    uint32_t peer_as, local_as;
    uint32_t igp_metric;
    uint8_t source_proto;        /* enum zapi_proto of a redistributed path, else 0 */
    bool ebgp;
    struct ipaddr nexthop, nexthop_ll; /* out: the path's own, before our rules: what `unchanged` means */
    bool out;                    /* the path goes to the peer: peer-address is our own address then */
};
struct bgp_policy_memo;          /* per shard and direction; plain memory of the caller's thread */
struct bgp_policy_memo *bgp_policy_memo_new(void);
void bgp_policy_memo_free(struct bgp_policy_memo *m);
void bgp_policy_memo_clear(struct bgp_policy_memo *m); /* after an attribute sweep or a policy change */
/* NULL when no name is given. Lists that do not exist: FRR's rules (policy.h: what is not defined denies). refs 1. */
const struct bgp_policy *bgp_policy_build(const struct policy_set *set, const struct bgp_policy_names *n);
const struct bgp_policy *bgp_policy_ref(const struct bgp_policy *p);
void bgp_policy_unref(const struct bgp_policy *p);
/* The attribute handle to use from here on (attr itself when nothing was set), or 0: denied. Shard threads. */
uint32_t bgp_policy_apply(const struct bgp_policy *p, struct bgp_policy_memo *m, const struct bgp_policy_env *env, const struct prefix *prefix, uint32_t attr);
/* It neither looks at attributes nor sets any: any set will do to ask it. */
bool bgp_policy_blind(const struct bgp_policy *p);
/* Does any of its lists have this kind and name? For finding who is concerned by a change. */
bool bgp_policy_uses(const struct bgp_policy *p, const char *list_name);
struct daemon;
void bgp_policy_setup(struct daemon *d); /* makes bgp.policy, its rows, shows and change handling; before the configuration is read */
#endif
