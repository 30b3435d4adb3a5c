/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_policy.c - policies over path attributes: each match and set clause, order of lists,
 * memo.
 */
#include "bgp_vec.h"
#include "bgp_policy.h"
#include "conf.h"
#include "policy.h"
#include "zapi.h"

static struct cli_tree *tree;
static struct conf *conf;
static struct policy_set *set;
static struct bgp_policy_memo *memo;
static struct bgp_policy_env env;

static void setup(void)
{
    bgp_attr_init();
    tree = cli_tree_new(NULL);
    conf = conf_new(tree, NULL);
    set = policy_set_new("BGP", true);
    policy_conf_add(conf, set);
    memo = bgp_policy_memo_new();
    env = (struct bgp_policy_env){ .peer_addr = ipaddr_v4(0xc0000207),
                                   .local_addr = ipaddr_v4(0xc0000208),
                                   .source_addr = ipaddr_v4(0xc0000207),
                                   .peer_as = 65001,
                                   .local_as = 65000,
                                   .igp_metric = 77,
                                   .ebgp = true };
}

static void teardown(void)
{
    bgp_policy_memo_free(memo);
    conf_free(conf);
    cli_tree_free(tree);
    policy_set_free(set);
}

static void load(const char *text)
{
    ck_assert_uint_eq(conf_load(conf, text, NULL, NULL), 0);
}

/* 65001 65002, med 10, communities 65001:1 65001:2, large 1:2:3, RT 65000:1 */
static uint32_t sample(void)
{
    static struct bgp_attr_build b;
    uint64_t rt;

    bgp_attr_build_init(&b);
    b.h.origin = BGP_ORIGIN_IGP;
    b.h.nexthop = ipaddr_v4(0xc0000201);
    b.h.med = 10;
    b.h.flags = BAF_MED;
    ck_assert(bgp_attr_prepend(&b, 65002, 1) && bgp_attr_prepend(&b, 65001, 1));
    ck_assert(bgp_attr_community_set(&b, (uint32_t[]){ 0xfde90001, 0xfde90002 }, 2, false));
    ck_assert(bgp_attr_large_set(&b, (const uint32_t[][3]){ { 1, 2, 3 } }, 1, false));
    ck_assert(bgp_ext_parse("rt", "65000:1", &rt) && bgp_attr_ext_set(&b, &rt, 1, false));
    return bgp_attr_intern(&b);
}
#define SAMPLE "IGP [65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3"

static uint32_t apply_names(const struct bgp_policy_names *n, const char *prefix, uint32_t attr)
{
    struct prefix p;
    ck_assert(prefix_parse(prefix, &p));
    const struct bgp_policy *pol = bgp_policy_build(set, n);
    uint32_t first = bgp_policy_apply(pol, memo, &env, &p, attr);
    uint32_t again = bgp_policy_apply(pol, memo, &env, &p, attr); /* from the memo */
    ck_assert_uint_eq(first, again);
    bgp_policy_unref(pol);
    return first;
}

static uint32_t apply(const char *map, const char *prefix)
{
    struct bgp_policy_names n = { .route_map = map,
                                  .family = strchr(prefix, ':') ? AF_INET6 : AF_INET };
    return apply_names(&n, prefix, sample());
}

static const char *text(uint32_t attr)
{
    static struct vec_text t;
    t.n = 0;
    t.s[0] = 0;
    if (!attr)
        return "DENY";
    vec_attr(&t, bgp_attr_get(attr));
    return t.s + 1;
}

static const struct {
    const char *clause;
    bool yes;
} matches[] = {
    { "ip address prefix-list TEN", true },
    { "ip address prefix-list OTHER", false },
    { "ip address ATEN", true },
    { "ipv6 address prefix-list SIX", false },
    { "ip address prefix-len 24", true },
    { "ip address prefix-len 8", false },
    { "ip next-hop prefix-list NH", true },
    { "ip next-hop prefix-list TEN", false },
    { "ip next-hop address 192.0.2.1", true },
    { "ip next-hop address 192.0.2.2", false },
    { "ip route-source prefix-list NH", true },
    { "ip route-source prefix-list TEN", false },
    { "metric 10", true },
    { "metric 11", false },
    { "local-preference 100", true },
    { "local-preference 101", false },
    { "as-path FIRST", true },
    { "as-path LAST", false },
    { "as-path NOSUCH", false },
    { "as-path-count 2", true },
    { "as-path-count 3", false },
    { "origin igp", true },
    { "origin incomplete", false },
    { "peer 192.0.2.7", true },
    { "peer 192.0.2.8", false },
    { "peer local", false },
    { "community C1", true },
    { "community C1 exact-match", false },
    { "community C12 exact-match", true },
    { "community C13", false },
    { "community C13 any", true },
    { "community CRE", true },
    { "community NOSUCH", false },
    { "large-community L1", true },
    { "large-community L2", false },
    { "extcommunity E1", true },
    { "extcommunity E2", false },
    { "community-limit 2", true },
    { "community-limit 1", false },
    { "source-protocol bgp", true },
    { "source-protocol static", false },
    { "tag 5", false },
    { "probability 100", true },
    { "probability 0", false },
};
static const char lists[] =
    "ip prefix-list TEN permit 10.0.0.0/8 le 32\nip prefix-list OTHER permit 11.0.0.0/8\n"
    "ip prefix-list NH permit 192.0.2.0/24 le 32\naccess-list ATEN permit 10.0.0.0/8\n"
    "ipv6 prefix-list SIX permit any\n"
    "bgp as-path access-list FIRST permit ^65001_\nbgp as-path access-list LAST permit _65001$\n"
    "bgp community-list standard C1 permit 65001:1\n"
    "bgp community-list standard C12 permit 65001:1 65001:2\n"
    "bgp community-list standard C13 permit 65001:1 65001:3\n"
    "bgp community-list expanded CRE permit 65001:[2-3]\n"
    "bgp large-community-list standard L1 permit 1:2:3\n"
    "bgp large-community-list standard L2 permit 1:2:4\n"
    "bgp extcommunity-list standard E1 permit rt 65000:1\n"
    "bgp extcommunity-list standard E2 permit rt 65000:2\n";

START_TEST(test_match)
{
    char line[256];

    load(lists);
    snprintf(line, sizeof(line), "route-map R permit 10\n match %s\n", matches[_i].clause);
    load(line);
    ck_assert_msg((apply("R", "10.1.1.0/24") != 0) == matches[_i].yes, "%s", matches[_i].clause);
}
END_TEST

static const struct {
    const char *clause, *want;
} sets[] = {
    { "metric 5", "IGP [65001 65002] med 5 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "metric +5", "IGP [65001 65002] med 15 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "metric -50", "IGP [65001 65002] med 0 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "metric +4294967295",
      "IGP [65001 65002] med 4294967295 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "metric igp", "IGP [65001 65002] med 77 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "min-metric 20", "IGP [65001 65002] med 20 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "max-metric 3", "IGP [65001 65002] med 3 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "local-preference 300",
      "IGP [65001 65002] med 10 lp 300 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "local-preference +50",
      "IGP [65001 65002] med 10 lp 50 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "origin egp", "EGP [65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "atomic-aggregate",
      "IGP [65001 65002] med 10 atomic comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "aggregator as 65009 192.0.2.9", "IGP [65001 65002] med 10 agg 65009/c0000209 comm 65001:1 "
                                       "65001:2 ext RT:65000:1 large 1:2:3" },
    { "originator-id 192.0.2.9", "IGP [65001 65002] med 10 comm 65001:1 65001:2 originator "
                                 "c0000209 ext RT:65000:1 large 1:2:3" },
    { "as-path prepend 65010 65011",
      "IGP [65010 65011 65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "as-path prepend last-as 2",
      "IGP [65001 65001 65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "as-path exclude 65001",
      "IGP [65002] med 10 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "as-path exclude all", "IGP [] med 10 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "as-path replace any",
      "IGP [65000 65000] med 10 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "as-path replace 65002 9",
      "IGP [65001 9] med 10 comm 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "community 65009:1 no-export",
      "IGP [65001 65002] med 10 comm 65009:1 no-export ext RT:65000:1 large 1:2:3" },
    { "community 65000:1 additive",
      "IGP [65001 65002] med 10 comm 65000:1 65001:1 65001:2 ext RT:65000:1 large 1:2:3" },
    { "community none", "IGP [65001 65002] med 10 ext RT:65000:1 large 1:2:3" },
    { "comm-list C1 delete", "IGP [65001 65002] med 10 comm 65001:2 ext RT:65000:1 large 1:2:3" },
    { "comm-list CRE delete", "IGP [65001 65002] med 10 comm 65001:1 ext RT:65000:1 large 1:2:3" },
    { "comm-list NOSUCH delete", SAMPLE },
    { "large-community 4:5:6",
      "IGP [65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:1 large 4:5:6" },
    { "large-community 0:5:6 additive",
      "IGP [65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:1 large 0:5:6 1:2:3" },
    { "large-community none", "IGP [65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:1" },
    { "large-comm-list L1 delete", "IGP [65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:1" },
    { "extcommunity rt 65000:2 65000:3",
      "IGP [65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:2 RT:65000:3 large 1:2:3" },
    { "extcommunity soo 65000:2",
      "IGP [65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:1 SoO:65000:2 large 1:2:3" },
    { "extcommunity none", "IGP [65001 65002] med 10 comm 65001:1 65001:2 large 1:2:3" },
    { "extcommunity bandwidth 100", "IGP [65001 65002] med 10 comm 65001:1 65001:2 ext RT:65000:1 "
                                    "LB:65000:12500000 (100.000 Mbps) large 1:2:3" },
    { "extended-comm-list E1 delete", "IGP [65001 65002] med 10 comm 65001:1 65001:2 large 1:2:3" },
    { "aigp-metric 9", SAMPLE " aigp 9" },
    { "weight 200", SAMPLE },
    { "tag 4", SAMPLE },
};

START_TEST(test_set)
{
    char line[256];

    load(lists);
    snprintf(line, sizeof(line), "route-map R permit 10\n set %s\n", sets[_i].clause);
    load(line);
    const char *got = text(apply("R", "10.1.1.0/24"));
    ck_assert_msg(!strcmp(got, sets[_i].want), "%s: got %s", sets[_i].clause, got);
}
END_TEST

static const char *nexthop(const char *clause, const char *prefix)
{
    char line[256];

    load("no route-map R\n");
    snprintf(line, sizeof(line), "route-map R permit 10\n set %s\n", clause);
    load(line);
    return vec_ip(&bgp_attr_get(apply("R", prefix))->nexthop);
}

START_TEST(test_nexthop)
{
    load("route-map R permit 10\n");
    ck_assert_str_eq(nexthop("ip next-hop 192.0.2.99", "10.0.0.0/8"), "192.0.2.99");
    ck_assert_str_eq(nexthop("ip next-hop 192.0.2.99", "2001:db8::/32"), "192.0.2.1");
    ck_assert_str_eq(nexthop("ip next-hop peer-address", "10.0.0.0/8"), "192.0.2.7");
    env.out = true;
    env.nexthop = ipaddr_v4(0xc0000255);
    ck_assert_str_eq(nexthop("ip next-hop peer-address", "10.0.0.0/8"), "192.0.2.8");
    ck_assert_str_eq(nexthop("ip next-hop unchanged", "10.0.0.0/8"), "192.0.2.85");
    ck_assert_str_eq(nexthop("ipv6 next-hop global 2001:db8::9", "2001:db8::/32"), "2001:db8::9");
    ck_assert_str_eq(nexthop("ipv6 next-hop global 2001:db8::9", "10.0.0.0/8"), "192.0.2.1");
    load("route-map R permit 10\n set weight 5\n set tag 6\n");
    const struct bgp_attr *a = bgp_attr_get(apply("R", "10.0.0.0/8"));
    ck_assert_uint_eq(a->weight, 5);
    ck_assert_uint_eq(a->tag, 6);
}
END_TEST

START_TEST(test_lists)
{
    struct bgp_policy_names n = { .family = AF_INET };

    load(lists);
    ck_assert_ptr_null(bgp_policy_build(set, &n));
    n.prefix_list = "TEN";
    ck_assert_uint_ne(apply_names(&n, "10.0.0.0/8", sample()), 0);
    ck_assert_uint_eq(apply_names(&n, "11.0.0.0/8", sample()), 0);
    n.filter_list = "LAST";
    ck_assert_uint_eq(apply_names(&n, "10.0.0.0/8", sample()), 0);
    n.filter_list = "FIRST";
    n.distribute_list = "ATEN";
    ck_assert_uint_eq(apply_names(&n, "10.0.0.0/8", sample()), sample());
    n.distribute_list = "NOSUCH";
    ck_assert_uint_eq(apply_names(&n, "10.0.0.0/8", sample()), 0);
    n = (struct bgp_policy_names){ .prefix_list = "NOSUCH", .family = AF_INET };
    ck_assert_uint_eq(apply_names(&n, "10.0.0.0/8", sample()),
                      0); /* as FRR: what is not defined denies */
    n = (struct bgp_policy_names){ .route_map = "NOSUCH", .family = AF_INET };
    ck_assert_uint_eq(apply_names(&n, "10.0.0.0/8", sample()), 0);
    const struct bgp_policy *p = bgp_policy_build(set, &n);
    ck_assert(bgp_policy_uses(p, "NOSUCH"));
    bgp_policy_unref(p);
    load("route-map R permit 10\n match ip address prefix-list TEN\n call S\nroute-map S permit "
         "10\n match community C1\n");
    n = (struct bgp_policy_names){ .route_map = "R", .family = AF_INET };
    p = bgp_policy_build(set, &n);
    ck_assert(bgp_policy_uses(p, "TEN") && bgp_policy_uses(p, "S") && bgp_policy_uses(p, "C1"));
    ck_assert(!bgp_policy_uses(p, "C12"));
    bgp_policy_unref(bgp_policy_ref(p));
    bgp_policy_unref(p);
}
END_TEST

/* A clause sees what the entries before have set; a memo never mixes peers or prefixes. */
START_TEST(test_chain)
{
    struct bgp_policy_names n = { .route_map = "R", .family = AF_INET };

    load("bgp community-list standard MARK permit 65000:9\nip prefix-list TEN permit 10.0.0.0/8 le "
         "32\n"
         "route-map R permit 10\n match ip address prefix-list TEN\n set community 65000:9 "
         "additive\n on-match next\n"
         "route-map R permit 20\n match community MARK\n set metric 1\n"
         "route-map R permit 30\n set metric 2\n");
    ck_assert_uint_eq(bgp_attr_get(apply_names(&n, "10.0.0.0/8", sample()))->med, 1);
    ck_assert_uint_eq(bgp_attr_get(apply_names(&n, "11.0.0.0/8", sample()))->med, 2);
    load("route-map P permit 10\n match peer 192.0.2.7\n set metric igp\n");
    n.route_map = "P";
    ck_assert_uint_eq(bgp_attr_get(apply_names(&n, "10.0.0.0/8", sample()))->med, 77);
    env.igp_metric = 78;
    ck_assert_uint_eq(bgp_attr_get(apply_names(&n, "10.0.0.0/8", sample()))->med, 78);
    env.peer_addr = ipaddr_v4(1);
    ck_assert_uint_eq(apply_names(&n, "10.0.0.0/8", sample()), 0);
    /* an old snapshot keeps its meaning beside the new one */
    n.route_map = "R";
    const struct bgp_policy *old = bgp_policy_build(set, &n);
    struct prefix p;
    ck_assert(prefix_parse("11.0.0.0/8", &p));
    load("route-map R permit 30\n set metric 3\n");
    ck_assert_uint_eq(bgp_attr_get(apply_names(&n, "11.0.0.0/8", sample()))->med, 3);
    ck_assert_uint_eq(bgp_attr_get(bgp_policy_apply(old, memo, &env, &p, sample()))->med, 2);
    bgp_policy_memo_clear(memo);
    ck_assert_uint_eq(bgp_attr_get(bgp_policy_apply(old, memo, &env, &p, sample()))->med, 2);
    bgp_policy_unref(old);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bgp_policy");
    TCase *tc = tcase_create("policy");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_match, 0, sizeof(matches) / sizeof(matches[0]));
    tcase_add_loop_test(tc, test_set, 0, sizeof(sets) / sizeof(sets[0]));
    tcase_add_test(tc, test_nexthop);
    tcase_add_test(tc, test_lists);
    tcase_add_test(tc, test_chain);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
