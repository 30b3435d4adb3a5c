/* SPDX-License-Identifier: Apache-2.0
 * bgp_decide.c - which path is better, and why.
 *
 * Comparison by MED holds only between paths of one neighbouring AS, so "better" is not transitive
 * over all paths. RFC 4271 9.1.2.2 c) takes out what loses by MED within its AS before the later
 * steps; the same is had by finding the best of each neighbouring AS, then the best of these.
 */
#include "config.h"
#include "bgp_decide.h"
#include <stdlib.h>

/* A step: lower value wins. */
static inline int step(uint64_t a, uint64_t b, enum bgp_reason r, enum bgp_reason *why)
{
    if (a == b)
        return 0;
    *why = r;
    return a < b ? -1 : 1;
}

static uint32_t local_pref(const struct bgp_rib_inst *k, const struct bgp_attr *a)
{
    return a->flags & BAF_LOCAL_PREF ? a->local_pref : k->default_local_pref;
}

static uint32_t med(const struct bgp_rib_inst *k, const struct bgp_attr *a)
{
    return a->flags & BAF_MED ? a->med : k->med_missing_worst ? UINT32_MAX : 0;
}

static unsigned path_len(const struct bgp_rib_inst *k, const struct bgp_attr *a)
{
    unsigned n = a->path_len;
    if (!k->aspath_confed)
        return n;
    struct bgp_path_seg seg;
    for (size_t pos = 0; bgp_attr_seg_next(a, &pos, &seg);)
        if (seg.type == BGP_CONFED_SEQUENCE)
            n += seg.count;
        else if (seg.type == BGP_CONFED_SET)
            n++;
    return n;
}

static bool med_comparable(const struct bgp_rib_inst *k, const struct bgp_decide_path *a,
                           const struct bgp_decide_path *b)
{
    if (k->always_compare_med)
        return true;
    if (a->type == BPT_CONFED && b->type == BPT_CONFED && !a->a->first_as && !b->a->first_as)
        return k->med_confed;
    return a->a->first_as == b->a->first_as;
}

/* RFC 4271 9.1.1 and 9.1.2.2 a) to c), with what FRR puts before them. */
static int cmp_policy(const struct bgp_rib_inst *k, const struct bgp_decide_path *a,
                      const struct bgp_decide_path *b, enum bgp_reason *why)
{
    int c = step(a->a->flags & BAF_LLGR_STALE, b->a->flags & BAF_LLGR_STALE, BR_STALE, why);
    if (!c)
        c = step(b->a->weight, a->a->weight, BR_WEIGHT, why);
    if (!c)
        c = step(local_pref(k, b->a), local_pref(k, a->a), BR_LOCAL_PREF, why);
    if (!c)
        c = step(a->type != BPT_LOCAL, b->type != BPT_LOCAL, BR_LOCAL, why);
    if (!c && !k->aspath_ignore)
        c = step(path_len(k, a->a), path_len(k, b->a), BR_AS_PATH, why);
    if (!c)
        c = step(a->a->origin, b->a->origin, BR_ORIGIN, why);
    if (!c && med_comparable(k, a, b))
        c = step(med(k, a->a), med(k, b->a), BR_MED, why);
    return c;
}

/* d) and e): what still has to be equal for multipath. */
static int cmp_distance(const struct bgp_decide_path *a, const struct bgp_decide_path *b,
                        enum bgp_reason *why)
{
    bool ext_a = a->type == BPT_EBGP || a->type == BPT_LOCAL;
    bool ext_b = b->type == BPT_EBGP || b->type == BPT_LOCAL;
    int c = step(!ext_a, !ext_b, BR_PEER_TYPE, why);
    if (!c)
        c = step(a->type == BPT_IBGP, b->type == BPT_IBGP, BR_CONFED_PEER, why);
    if (!c)
        c = step(a->igp_metric, b->igp_metric, BR_IGP_METRIC, why);
    return c;
}

static int cmp_identity(const struct bgp_rib_inst *k, const struct bgp_decide_path *a,
                        const struct bgp_decide_path *b, enum bgp_reason *why)
{
    int c = 0;
    if (!k->compare_routerid && a->type == BPT_EBGP && b->type == BPT_EBGP)
        c = step(!a->current, !b->current, BR_OLDER, why);
    if (!c)
        c = step(a->router_id, b->router_id, BR_ROUTER_ID, why);
    if (!c)
        c = step(a->a->n_cluster, b->a->n_cluster, BR_CLUSTER_LEN, why);
    if (c || !a->addr || !b->addr)
        return c;
    c = ipaddr_cmp(a->addr, b->addr);
    if (c)
        *why = BR_NEIGHBOR_IP;
    return c;
}

int bgp_decide_cmp(const struct bgp_rib_inst *k, const struct bgp_decide_path *a,
                   const struct bgp_decide_path *b, enum bgp_reason *why)
{
    enum bgp_reason unused;
    if (!why)
        why = &unused;
    int c = cmp_policy(k, a, b, why);
    if (!c)
        c = cmp_distance(a, b, why);
    if (!c)
        c = cmp_identity(k, a, b, why);
    if (!c)
        c = step(a->source, b->source, BR_NOTHING, why);
    return c;
}

static int by_first_as(const void *x, const void *y)
{
    const struct bgp_decide_path *a = x, *b = y;
    if (a->a->first_as != b->a->first_as)
        return a->a->first_as < b->a->first_as ? -1 : 1;
    return a->type < b->type ? -1 : a->type > b->type;
}

/* Does MED tell some paths of a neighbouring AS apart, so that "better" is not transitive? */
static bool med_matters(const struct bgp_rib_inst *k, const struct bgp_decide_path *p, unsigned n)
{
    if (n <= 2 || k->always_compare_med)
        return false;
    if (n > 32)
        return true;
    for (unsigned i = 1; i < n; i++)
        for (unsigned j = 0; j < i; j++)
            if (p[i].a->first_as == p[j].a->first_as && med(k, p[i].a) != med(k, p[j].a))
                return true;
    return false;
}

bool bgp_decide_independent(const struct bgp_rib_inst *k, const struct bgp_attr *gone,
                            const struct bgp_attr *other)
{
    return k->always_compare_med || gone->first_as != other->first_as ||
           med(k, gone) == med(k, other);
}

unsigned bgp_decide_best(const struct bgp_rib_inst *k, struct bgp_decide_path *p, unsigned n)
{
    if (!med_matters(k, p, n)) {
        unsigned best = 0;
        for (unsigned i = 1; i < n; i++)
            if (bgp_decide_cmp(k, &p[i], &p[best], NULL) < 0)
                best = i;
        return best;
    }
    qsort(p, n, sizeof(*p), by_first_as);
    unsigned best = n;
    for (unsigned i = 0; i < n;) {
        unsigned win = i, j = i + 1;
        for (; j < n && med_comparable(k, &p[i], &p[j]); j++)
            if (bgp_decide_cmp(k, &p[j], &p[win], NULL) < 0)
                win = j;
        if (best == n || bgp_decide_cmp(k, &p[win], &p[best], NULL) < 0)
            best = win;
        i = j;
    }
    return best;
}

bool bgp_decide_multipath(const struct bgp_rib_inst *k, const struct bgp_decide_path *best,
                          const struct bgp_decide_path *p)
{
    enum bgp_reason why;
    if (best->type == BPT_LOCAL || p->type == BPT_LOCAL || best->type != p->type ||
        cmp_policy(k, best, p, &why) || cmp_distance(best, p, &why))
        return false;
    if (k->multipath_relax)
        return true;
    if (best->type == BPT_EBGP)
        return best->peer_as == p->peer_as;
    return best->a->aspath_len == p->a->aspath_len &&
           !memcmp(bgp_attr_aspath(best->a), bgp_attr_aspath(p->a), best->a->aspath_len);
}

static const char *const reason_names[] = {
    [BR_NONE] = "Unknown",
    [BR_FIRST] = "First path received",
    [BR_WEIGHT] = "Weight",
    [BR_LOCAL_PREF] = "Local Pref",
    [BR_LOCAL] = "Local Route",
    [BR_AS_PATH] = "AS Path",
    [BR_ORIGIN] = "Origin",
    [BR_MED] = "MED",
    [BR_PEER_TYPE] = "Peer Type",
    [BR_CONFED_PEER] = "Confed Peer Type",
    [BR_IGP_METRIC] = "IGP Metric",
    [BR_MULTIPATH] = "Equal Cost Multipath",
    [BR_OLDER] = "Older Path",
    [BR_ROUTER_ID] = "Router ID",
    [BR_CLUSTER_LEN] = "Cluster length",
    [BR_STALE] = "Path Staleness",
    [BR_NEIGHBOR_IP] = "Neighbor IP",
    [BR_NOTHING] = "Nothing left to compare",
};

const char *bgp_reason_name(enum bgp_reason r)
{
    return r <= BR_NOTHING ? reason_names[r] : reason_names[BR_NONE];
}
