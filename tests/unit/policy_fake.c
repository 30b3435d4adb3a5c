/* SPDX-License-Identifier: Apache-2.0
 * policy_fake.c - takes the place of bgp_policy.c in tests of the RIB; see policy_fake.h.
 */
#include "config.h"
#include "policy_fake.h"
#include <stdatomic.h>
#include <stdlib.h>

struct bgp_policy_memo *bgp_policy_memo_new(void)
{
    return NULL;
}

void bgp_policy_memo_free(struct bgp_policy_memo *m)
{
    (void)m;
}

void bgp_policy_memo_clear(struct bgp_policy_memo *m)
{
    (void)m;
}

const struct bgp_policy *bgp_policy_ref(const struct bgp_policy *p)
{
    if (p)
        atomic_fetch_add(&((struct bgp_policy *)(uintptr_t)p)->refs, 1);
    return p;
}

void bgp_policy_unref(const struct bgp_policy *p)
{
    if (p && atomic_fetch_sub(&((struct bgp_policy *)(uintptr_t)p)->refs, 1) == 1)
        free((void *)(uintptr_t)p);
}

bool bgp_policy_blind(const struct bgp_policy *p)
{
    return !p->med;
}

uint32_t bgp_policy_apply(const struct bgp_policy *p, struct bgp_policy_memo *m,
                          const struct bgp_policy_env *env, const struct prefix *prefix,
                          uint32_t attr)
{
    (void)m;
    (void)env;
    if (p->deny_mod && prefix->b[2] % p->deny_mod == p->deny_is)
        return 0;
    if (!p->med)
        return attr;
    struct bgp_attr_build b;
    bgp_attr_build_from(&b, bgp_attr_get(attr));
    b.h.flags |= BAF_MED;
    b.h.med = p->med;
    return bgp_attr_intern(&b);
}
