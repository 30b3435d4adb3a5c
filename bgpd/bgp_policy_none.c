/* SPDX-License-Identifier: Apache-2.0
 * bgp_policy_none.c - a bgpd without policies: lets the daemon link until bgp_policy.c lands, and
 * goes then.
 */
#include "bgp_policy.h"

struct bgp_policy_memo *bgp_policy_memo_new(void)
{
    return NULL;
}
void bgp_policy_memo_free(struct bgp_policy_memo *m)
{
}
void bgp_policy_memo_clear(struct bgp_policy_memo *m)
{
}
const struct bgp_policy *bgp_policy_build(const struct policy_set *s,
                                          const struct bgp_policy_names *n)
{
    return NULL;
}
const struct bgp_policy *bgp_policy_ref(const struct bgp_policy *p)
{
    return p;
}
void bgp_policy_unref(const struct bgp_policy *p)
{
}
uint32_t bgp_policy_apply(const struct bgp_policy *p, struct bgp_policy_memo *m,
                          const struct bgp_policy_env *env, const struct prefix *prefix,
                          uint32_t attr)
{
    return attr;
}
bool bgp_policy_uses(const struct bgp_policy *p, const char *name)
{
    return false;
}
