/* SPDX-License-Identifier: Apache-2.0
 * bgp_policy_conf.c - the daemon's lists: their rows and shows, and who is told when one changed.
 * Main thread.
 *
 * Changes are gathered for a moment (a file or a `vtysh -f` is one), then every neighbour whose
 * policies look at one of the changed lists gets them compiled anew and its routes looked at again,
 * once; networks and redistribution with route-maps too.
 */
#include "bgp_policy.h"
#include "bgp_peer.h"
#include "bgp_shell.h"
#include "bgp_zebra_priv.h"
#include "policy.h"

#define GATHER_US (100 * 1000)

MEM_DEFINE(bgp_policy_change, "BGP policy changes");

static struct loop_timer *t_gather;
static char **changed;
static unsigned n_changed;

static bool concerned(const struct bgp_peer *p)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        for (unsigned d = 0; d < 2; d++)
            for (unsigned i = 0; i < n_changed; i++)
                if (bgp_policy_uses(p->policy[af][d], changed[i]))
                    return true;
    return false;
}

static void gathered(void *ctx)
{
    for (unsigned k = 0; k < bgp.n_insts; k++) {
        struct bgp_inst *i = bgp.insts[k];
        for (unsigned n = 0; n < i->n_peers; n++)
            if (concerned(i->peers[n]))
                bgp_peer_changed(i->peers[n], CONF_IMPACT_REFRESH);
    }
    bgp_zebra_policy_changed(changed[0]); /* looks at all that have a route-map */
    for (unsigned i = 0; i < n_changed; i++)
        mem_free(MEM(bgp_policy_change), changed[i]);
    mem_free(MEM(bgp_policy_change), changed);
    changed = NULL;
    n_changed = 0;
}

static void on_change(void *ctx, enum policy_kind kind, const char *name)
{
    for (unsigned i = 0; i < n_changed; i++)
        if (!strcmp(changed[i], name))
            return;
    changed = mem_realloc(MEM(bgp_policy_change), changed, (n_changed + 1) * sizeof(char *));
    changed[n_changed++] = mem_strdup(MEM(bgp_policy_change), name);
    if (t_gather)
        loop_timer_arm(t_gather, GATHER_US);
}

void bgp_policy_setup(struct daemon *d)
{
    bgp.policy = policy_set_new("BGP", true);
    if (d->loop)
        t_gather = loop_timer_new(d->loop, "bgp policy", gathered, NULL);
    policy_set_on_change(bgp.policy, on_change, NULL);
    policy_conf_add(d->conf, bgp.policy);
    policy_show_add(d->cli, bgp.policy);
}
