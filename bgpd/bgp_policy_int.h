/* SPDX-License-Identifier: Apache-2.0
 * bgp_policy_int.h - between bgp_policy.c (verdicts, memo) and bgp_policy_set.c (set clauses).
 */
#ifndef BGP_POLICY_INT_H
#define BGP_POLICY_INT_H
#include "bgp_policy.h"
#include "policy.h"
#include "zapi.h"

struct bgp_policy_eval {
    struct bgp_policy_memo *memo;
    const struct bgp_policy_env *env;
    const struct prefix *prefix;
    uint32_t attr;               /* as changed so far */
    int family;
    uint64_t env_hash;           /* 0: nothing in the policy looks at the environment */
    enum policy_clause_kind text_of;
    bool failed;                 /* an edit did not fit */
};
/* The set that an entry's set clauses make of e->attr, interned; 0: it does not fit. */
uint32_t bgp_policy_set(struct bgp_policy_eval *e, const struct policy_rmap_entry *en);
bool bgp_policy_set_by_peer(const struct policy_arg *a); /* does it depend on the environment? */
#endif
