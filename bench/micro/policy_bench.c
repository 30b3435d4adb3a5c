/* SPDX-License-Identifier: Apache-2.0
 * policy_bench.c - what a policy costs per route: a prefix-list of 100,000 rules, a route-map of
 * attributes, both together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "bgp_policy.h"
#include "conf.h"
#include "policy.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run(struct policy_set *set, const char *what, const struct bgp_policy_names *n,
                const uint32_t *attrs)
{
    enum { ROUTES = 1000000 };
    struct bgp_policy_memo *memo = bgp_policy_memo_new();
    struct bgp_policy_env env = { .peer_as = 65001, .local_as = 65000 };
    const struct bgp_policy *p = bgp_policy_build(set, n);
    unsigned yes = 0;
    double t0 = now();

    for (uint32_t i = 0; i < ROUTES; i++) {
        uint8_t b[4] = { (uint8_t)(1 + (i >> 16)), (uint8_t)(i >> 8), (uint8_t)i, 0 };
        struct prefix pfx = { .family = AF_INET, .len = 24 };
        memcpy(pfx.b, b, 4);
        yes += bgp_policy_apply(p, memo, &env, &pfx, attrs[i / 20 % 50000]) != 0;
    }
    printf("%-40s %5.1f ns per route, %u of %d permitted\n", what, (now() - t0) / ROUTES * 1e9, yes,
           ROUTES);
    bgp_policy_unref(p);
    bgp_policy_memo_free(memo);
}

int main(void)
{
    enum { RULES = 100000, SETS = 50000 };
    static struct bgp_attr_build b;
    static uint32_t attrs[SETS];
    struct cli_tree *tree = cli_tree_new(NULL);
    struct conf *conf = conf_new(tree, NULL);
    struct policy_set *set = policy_set_new("BGP", true);
    char *text = malloc(RULES * 64ul), *p = text;

    bgp_attr_init();
    policy_conf_add(conf, set);
    for (unsigned i = 0; i < RULES; i++)
        p += sprintf(p, "ip prefix-list LONG seq %u permit %u.%u.%u.0/24\n", i + 1, 1 + (i >> 16),
                     i >> 8 & 255, i & 255);
    double t0 = now();
    conf_load(conf, text, NULL, NULL);
    double t1 = now();
    policy_list_unref(policy_get(set, POLICY_PREFIX4, "LONG"));
    printf("%d rules: read in %.0f ms, compiled in %.1f ms\n", RULES, (t1 - t0) * 1e3,
           (now() - t1) * 1e3);
    conf_load(conf,
              "bgp as-path access-list AP permit _65[0-9]+_\n"
              "route-map ATTR permit 10\n match as-path AP\n set local-preference 200\n set "
              "community 65000:1 additive\n"
              "route-map BOTH permit 10\n match ip address prefix-list LONG\n match as-path AP\n "
              "set metric 5\n",
              NULL, NULL);
    for (uint32_t i = 0; i < SETS; i++) {
        bgp_attr_build_init(&b);
        bgp_attr_prepend(&b, i + 1, 1);
        bgp_attr_prepend(&b, 65001, 1);
        attrs[i] = bgp_attr_intern(&b);
    }
    run(set, "prefix-list of 100,000",
        &(struct bgp_policy_names){ .prefix_list = "LONG", .family = AF_INET }, attrs);
    run(set, "route-map on attributes",
        &(struct bgp_policy_names){ .route_map = "ATTR", .family = AF_INET }, attrs);
    run(set, "route-map on both",
        &(struct bgp_policy_names){ .route_map = "BOTH", .family = AF_INET }, attrs);
    return 0;
}
