/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_decide.c - the decision: an array of paths from best to worst, compared in every pair;
 * the reason of every step; MED between neighbouring ASes in every order of arrival; multipath.
 */
#include "config.h"
#include <check.h>
#include "bgp_decide.h"

static const struct bgp_rib_inst plain = { .as = 65000, .router_id = 1, .default_local_pref = 100 };
static struct ipaddr addrs[16];

struct row {
    const char *what;
    uint32_t weight, lp, med, igp, id, first_as;
    uint16_t path_len, flags;
    uint8_t type, origin, n_cluster, addr;
    bool current;
    enum bgp_reason why; /* by which it beats the next row */
};
#define LP  BAF_LOCAL_PREF
#define MED BAF_MED
/* clang-format off */
static const struct row rows[] = {
    { "weight",           .weight = 10, .lp = 50, .flags = LP, .path_len = 9, .type = BPT_IBGP, .why = BR_WEIGHT },
    { "local pref",       .lp = 200, .flags = LP, .path_len = 9, .type = BPT_IBGP, .why = BR_LOCAL_PREF },
    { "local",            .type = BPT_LOCAL, .path_len = 9, .origin = 2, .why = BR_LOCAL },
    { "short path",       .type = BPT_IBGP, .path_len = 1, .origin = 2, .why = BR_AS_PATH },
    { "origin igp",       .type = BPT_IBGP, .path_len = 2, .origin = 0, .med = 9, .flags = MED, .why = BR_ORIGIN },
    { "low med",          .type = BPT_IBGP, .path_len = 2, .origin = 1, .med = 1, .flags = MED, .igp = 9, .why = BR_MED },
    { "external",         .type = BPT_EBGP, .path_len = 2, .origin = 1, .med = 5, .flags = MED, .igp = 9, .why = BR_PEER_TYPE },
    { "confederation",    .type = BPT_CONFED, .path_len = 2, .origin = 1, .med = 5, .flags = MED, .igp = 9, .why = BR_CONFED_PEER },
    { "near",             .type = BPT_IBGP, .path_len = 2, .origin = 1, .med = 5, .flags = MED, .igp = 1, .id = 9, .why = BR_IGP_METRIC },
    { "low id",           .type = BPT_IBGP, .path_len = 2, .origin = 1, .med = 5, .flags = MED, .igp = 2, .id = 1, .n_cluster = 3, .why = BR_ROUTER_ID },
    { "few clusters",     .type = BPT_IBGP, .path_len = 2, .origin = 1, .med = 5, .flags = MED, .igp = 2, .id = 2, .n_cluster = 1, .addr = 9, .why = BR_CLUSTER_LEN },
    { "low address",      .type = BPT_IBGP, .path_len = 2, .origin = 1, .med = 5, .flags = MED, .igp = 2, .id = 2, .n_cluster = 2, .addr = 1, .why = BR_NEIGHBOR_IP },
    { "high address",     .type = BPT_IBGP, .path_len = 2, .origin = 1, .med = 5, .flags = MED, .igp = 2, .id = 2, .n_cluster = 2, .addr = 2, .why = BR_STALE },
    { "long-lived stale", .weight = 99, .type = BPT_EBGP, .flags = BAF_LLGR_STALE },
};
/* clang-format on */
#define N (sizeof(rows) / sizeof(rows[0]))

static void path_make(const struct row *r, struct bgp_attr *a, struct bgp_decide_path *p,
                      unsigned i)
{
    memset(a, 0, sizeof(*a));
    a->weight = r->weight;
    a->local_pref = r->lp;
    a->med = r->med;
    a->first_as = r->first_as;
    a->path_len = r->path_len;
    a->flags = r->flags;
    a->origin = r->origin;
    a->n_cluster = r->n_cluster;
    *p = (struct bgp_decide_path){ .a = a,
                                   .addr = r->type == BPT_LOCAL ? NULL : &addrs[r->addr],
                                   .router_id = r->id,
                                   .igp_metric = r->igp,
                                   .type = r->type,
                                   .source = (uint16_t)(BGP_PEER_FIRST + i),
                                   .handle = i,
                                   .current = r->current };
}

START_TEST(best_to_worst)
{
    static struct bgp_attr a[N];
    struct bgp_decide_path p[N];
    for (unsigned i = 0; i < N; i++)
        path_make(&rows[i], &a[i], &p[i], i);
    for (unsigned i = 0; i < N; i++)
        for (unsigned j = 0; j < N; j++) {
            enum bgp_reason why = BR_NONE;
            int c = bgp_decide_cmp(&plain, &p[i], &p[j], &why);
            ck_assert_msg(i == j  ? c == 0
                          : i < j ? c < 0
                                  : c > 0,
                          "%s against %s", rows[i].what, rows[j].what);
            if (j == i + 1)
                ck_assert_msg(why == rows[i].why, "%s: %s", rows[i].what, bgp_reason_name(why));
        }
    /* The best of any rest of the array is its first. */
    for (unsigned i = 0; i < N; i++) {
        struct bgp_decide_path rest[N];
        for (unsigned k = i; k < N; k++)
            rest[N - 1 - k] = p[k];
        ck_assert_uint_eq(rest[bgp_decide_best(&plain, rest, N - i)].handle, i);
    }
}
END_TEST

/* The textbook case: pairwise, each of the three beats another one. */
START_TEST(med_in_every_order)
{
    static const struct row r[3] = {
        { "AS 1, med 20, low id", .first_as = 1, .med = 20, .flags = MED, .type = BPT_EBGP,
          .id = 1 },
        { "AS 2, high id", .first_as = 2, .med = 5, .flags = MED, .type = BPT_EBGP, .id = 2 },
        { "AS 1, med 10, highest id", .first_as = 1, .med = 10, .flags = MED, .type = BPT_EBGP,
          .id = 3 },
    };
    static const uint8_t order[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                         { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    struct bgp_rib_inst k = plain;
    for (unsigned o = 0; o < 6; o++) {
        struct bgp_attr a[3];
        struct bgp_decide_path p[3];
        for (unsigned i = 0; i < 3; i++)
            path_make(&r[order[o][i]], &a[i], &p[i], order[o][i]);
        k.always_compare_med = false;
        ck_assert_uint_eq(p[bgp_decide_best(&k, p, 3)].handle, 1); /* 0 is out by MED; 1 by id */
        k.always_compare_med = true;
        ck_assert_uint_eq(p[bgp_decide_best(&k, p, 3)].handle, 1); /* MED 5 */
    }
}
END_TEST

static int cmp2(const struct bgp_rib_inst *k, const struct row *x, const struct row *y,
                enum bgp_reason *why)
{
    struct bgp_attr a, b;
    struct bgp_decide_path p, q;
    path_make(x, &a, &p, 0);
    path_make(y, &b, &q, 1);
    return bgp_decide_cmp(k, &p, &q, why);
}

START_TEST(knobs)
{
    struct bgp_rib_inst k = plain;
    enum bgp_reason why;
    struct row x = { .type = BPT_EBGP, .path_len = 3, .id = 1 };
    struct row y = { .type = BPT_EBGP, .path_len = 1, .id = 2 };
    ck_assert_int_gt(cmp2(&k, &x, &y, &why), 0);
    k.aspath_ignore = true;
    ck_assert_int_lt(cmp2(&k, &x, &y, &why), 0);
    ck_assert_int_eq(why, BR_ROUTER_ID);
    y.current = true; /* the path in use stays, between external ones */
    ck_assert_int_gt(cmp2(&k, &x, &y, &why), 0);
    ck_assert_int_eq(why, BR_OLDER);
    k.compare_routerid = true;
    ck_assert_int_lt(cmp2(&k, &x, &y, &why), 0);
    y = x;
    y.flags = BAF_MED;
    y.med = 5; /* none is best, or worst */
    ck_assert_int_lt(cmp2(&k, &x, &y, &why), 0);
    k.med_missing_worst = true;
    ck_assert_int_gt(cmp2(&k, &x, &y, &why), 0);
    y.first_as = 7; /* another neighbouring AS: not compared */
    cmp2(&k, &x, &y, &why);
    ck_assert_int_eq(why, BR_NOTHING);
    x.lp = 100;
    x.flags = BAF_LOCAL_PREF; /* 100 is what absence means */
    cmp2(&k, &x, &y, &why);
    ck_assert_int_eq(why, BR_NOTHING);
}
END_TEST

START_TEST(multipath)
{
    struct bgp_rib_inst k = plain;
    struct row x = { .type = BPT_EBGP, .path_len = 2, .id = 1, .first_as = 1 }, y = x;
    struct bgp_attr a, b;
    struct bgp_decide_path p, q;
    path_make(&x, &a, &p, 0);
    path_make(&y, &b, &q, 1);
    p.peer_as = 1;
    q.peer_as = 2;
    ck_assert(!bgp_decide_multipath(&k, &p, &q)); /* another AS */
    k.multipath_relax = true;
    ck_assert(bgp_decide_multipath(&k, &p, &q));
    k.multipath_relax = false;
    q.peer_as = 1;
    ck_assert(bgp_decide_multipath(&k, &p, &q));
    q.igp_metric = 1;
    ck_assert(!bgp_decide_multipath(&k, &p, &q));
    q.igp_metric = 0;
    q.type = BPT_IBGP;
    ck_assert(!bgp_decide_multipath(&k, &p, &q));
    b.path_len = 3;
    q.type = BPT_EBGP;
    ck_assert(!bgp_decide_multipath(&k, &p, &q));
}
END_TEST

int main(void)
{
    for (unsigned i = 0; i < 16; i++)
        addrs[i] = ipaddr_v4(0x0a000000 + i);
    Suite *s = suite_create("bgp_decide");
    TCase *t = tcase_create("decide");
    tcase_add_test(t, best_to_worst);
    tcase_add_test(t, med_in_every_order);
    tcase_add_test(t, knobs);
    tcase_add_test(t, multipath);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
