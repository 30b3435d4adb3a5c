/* SPDX-License-Identifier: Apache-2.0
 * test_policy.c - lists and route-maps from configuration lines to verdicts, changes, and the text
 * that comes back.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include "cli.h"
#include "conf.h"
#include "mem.h"
#include "policy.h"

static struct cli_tree *tree;
static struct conf *conf;
static struct policy_set *set;
static unsigned told;
static char last_told[64];

static void on_change(void *ctx, enum policy_kind kind, const char *name)
{
    told++;
    snprintf(last_told, sizeof(last_told), "%d %s", kind, name);
}

static void setup(void)
{
    tree = cli_tree_new(NULL);
    conf = conf_new(tree, NULL);
    set = policy_set_new("BGP", true);
    told = 0;
    policy_set_on_change(set, on_change, NULL);
    policy_conf_add(conf, set);
    policy_show_add(tree, set);
}

static void teardown(void)
{
    conf_free(conf);
    cli_tree_free(tree);
    policy_set_free(set);
}

static void report(void *ctx, unsigned lineno, int rc, const char *msg, const char *line)
{
    printf("line %u: %s: %s\n", lineno, msg, line);
}

static unsigned load(const char *text)
{
    return conf_load(conf, text, report, NULL);
}

static bool permits(enum policy_kind kind, const char *name, const char *prefix)
{
    struct prefix p;
    ck_assert(prefix_parse(prefix, &p));
    const struct policy_list *l = policy_get(set, kind, name);
    bool yes = policy_prefix_permits(l, &p);
    policy_list_unref(l);
    return yes;
}

START_TEST(test_prefix_list)
{
    static const struct {
        const char *list, *prefix;
        bool yes;
    } v[] = {
        { "EXACT", "10.0.0.0/8", true },     { "EXACT", "10.0.0.0/9", false },
        { "EXACT", "11.0.0.0/8", false },    { "EXACT", "0.0.0.0/0", false },
        { "GE", "10.0.0.0/8", false },       { "GE", "10.0.0.0/16", true },
        { "GE", "10.255.255.255/32", true }, { "LE", "10.0.0.0/8", true },
        { "LE", "10.1.0.0/16", true },       { "LE", "10.1.0.0/17", false },
        { "GELE", "10.1.0.0/15", false },    { "GELE", "10.1.0.0/16", true },
        { "GELE", "10.1.0.0/24", true },     { "GELE", "10.1.0.0/25", false },
        { "ANY", "192.0.2.0/24", true },     { "ANY", "0.0.0.0/0", true },
        { "ORDER", "10.1.1.0/24", false },   { "ORDER", "10.1.2.0/24", true },
        { "EMPTY", "10.0.0.0/8", true },     { "NOSUCH", "10.0.0.0/8", false },
        { "ZERO", "0.0.0.0/0", true },       { "ZERO", "10.0.0.0/8", false },
    };
    ck_assert_uint_eq(load("ip prefix-list EXACT permit 10.0.0.0/8\n"
                           "ip prefix-list GE permit 10.0.0.0/8 ge 16\n"
                           "ip prefix-list LE permit 10.0.0.0/8 le 16\n"
                           "ip prefix-list GELE permit 10.0.0.0/8 le 24 ge 16\n"
                           "ip prefix-list ANY permit any\n"
                           "ip prefix-list ORDER seq 20 permit 10.1.0.0/16 le 24\n"
                           "ip prefix-list ORDER seq 10 deny 10.1.1.0/24\n"
                           "ip prefix-list EMPTY description nothing\n"
                           "ip prefix-list ZERO permit 0.0.0.0/0\n"
                           "ipv6 prefix-list SIX permit 2001:db8::/32 ge 48 le 64\n"),
                      0);
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
        ck_assert_msg(permits(POLICY_PREFIX4, v[i].list, v[i].prefix) == v[i].yes, "%s %s",
                      v[i].list, v[i].prefix);
    ck_assert(permits(POLICY_PREFIX6, "SIX", "2001:db8:1::/48"));
    ck_assert(permits(POLICY_PREFIX6, "SIX", "2001:db8:1:2::/64"));
    ck_assert(!permits(POLICY_PREFIX6, "SIX", "2001:db8::/32"));
    ck_assert(!permits(POLICY_PREFIX6, "SIX", "2001:db8:1:2:8000::/65"));
    ck_assert(!permits(POLICY_PREFIX6, "SIX", "10.0.0.0/8")); /* the other family */
    ck_assert_uint_eq(load("ip prefix-list X permit 10.0.0.0/8 ge 4\n"
                           "ip prefix-list X permit 10.0.0.0/8 ge 24 le 16\n"
                           "ip prefix-list X permit 10.0.0.0/8 ge 33\n"
                           "ip prefix-list X permit 10.0.0.0/33\n"),
                      4);
    ck_assert_ptr_null(policy_get(set, POLICY_PREFIX4, "X"));
}
END_TEST

/* What an indexed list says is what a walk over its rules says: random rules, random questions,
 * both families. */
START_TEST(test_prefix_index)
{
    struct rule {
        struct prefix p;
        unsigned ge, le;
        bool permit;
    } *rules = calloc(400, sizeof(*rules));
    unsigned seed = 7;

    for (int family = 0; family < 2; family++) {
        int af = family ? AF_INET6 : AF_INET;
        unsigned maxlen = prefix_maxlen(af);
        char line[128], buf[PREFIX_STRLEN];
        for (unsigned i = 0; i < 400; i++) {
            uint8_t b[16] = { 0 };
            b[0] = (uint8_t)(rand_r(&seed) & 3);
            b[1] = (uint8_t)(rand_r(&seed) & 3);
            b[family ? 9 : 2] = (uint8_t)rand_r(&seed);
            struct rule *r = &rules[i];
            r->p = prefix_from(af, b, (uint8_t)((unsigned)rand_r(&seed) % (maxlen + 1)));
            r->ge = rand_r(&seed) & 1 ? r->p.len + (unsigned)rand_r(&seed) % (maxlen + 1 - r->p.len)
                                      : 0;
            unsigned lo = r->ge ? r->ge : r->p.len;
            r->le = rand_r(&seed) & 1 ? lo + (unsigned)rand_r(&seed) % (maxlen + 1 - lo) : 0;
            r->permit = rand_r(&seed) & 1;
            int n = snprintf(line, sizeof(line), "%s prefix-list R seq %u %s %s",
                             family ? "ipv6" : "ip", i + 1, r->permit ? "permit" : "deny",
                             prefix_str(&r->p, buf));
            if (r->ge)
                n += snprintf(line + n, sizeof(line) - (size_t)n, " ge %u", r->ge);
            if (r->le)
                snprintf(line + n, sizeof(line) - (size_t)n, " le %u", r->le);
            ck_assert_uint_eq(load(line), 0);
        }
        const struct policy_list *l =
            policy_get(set, family ? POLICY_PREFIX6 : POLICY_PREFIX4, "R");
        for (unsigned q = 0; q < 20000; q++) {
            uint8_t b[16] = { 0 };
            for (unsigned k = 0; k < (family ? 16u : 4u); k++)
                b[k] = (uint8_t)(k < 2 ? rand_r(&seed) & 3 : rand_r(&seed));
            struct prefix p = prefix_from(af, b, (uint8_t)((unsigned)rand_r(&seed) % (maxlen + 1)));
            bool want = false;
            for (unsigned i = 0; i < 400; i++) {
                const struct rule *r = &rules[i];
                unsigned lo = r->ge ? r->ge : r->p.len, hi = r->le   ? r->le
                                                             : r->ge ? maxlen
                                                                     : r->p.len;
                if (prefix_contains(&r->p, &p) && p.len >= lo && p.len <= hi) {
                    want = r->permit;
                    break;
                }
            }
            ck_assert_msg(policy_prefix_permits(l, &p) == want, "%s", prefix_str(&p, buf));
        }
        policy_list_unref(l);
    }
    free(rules);
}
END_TEST

START_TEST(test_access_list)
{
    ck_assert_uint_eq(load("access-list A permit 10.0.0.0/8\n"
                           "access-list E permit 10.0.0.0/8 exact-match\n"
                           "access-list D deny 10.1.0.0/16\n"
                           "access-list D permit any\n"
                           "access-list 10 permit 10.0.0.0 0.255.255.255\n"
                           "access-list 11 permit host 10.0.0.1\n"
                           "access-list 110 permit ip 10.0.0.0 0.255.255.255 host 255.255.255.0\n"
                           "ipv6 access-list S permit 2001:db8::/32\n"),
                      0);
    ck_assert(permits(POLICY_ACCESS4, "A", "10.0.0.0/8"));
    ck_assert(permits(POLICY_ACCESS4, "A", "10.1.2.3/32"));
    ck_assert(!permits(POLICY_ACCESS4, "A", "0.0.0.0/0"));
    ck_assert(permits(POLICY_ACCESS4, "E", "10.0.0.0/8"));
    ck_assert(!permits(POLICY_ACCESS4, "E", "10.0.0.0/9"));
    ck_assert(!permits(POLICY_ACCESS4, "D", "10.1.2.0/24"));
    ck_assert(permits(POLICY_ACCESS4, "D", "10.2.2.0/24"));
    ck_assert(permits(POLICY_ACCESS4, "10", "10.9.0.0/16"));
    ck_assert(!permits(POLICY_ACCESS4, "10", "11.9.0.0/16"));
    ck_assert(permits(POLICY_ACCESS4, "11", "10.0.0.1/32"));
    ck_assert(permits(POLICY_ACCESS4, "110", "10.2.3.0/24"));
    ck_assert(!permits(POLICY_ACCESS4, "110", "10.2.0.0/16"));
    ck_assert(permits(POLICY_ACCESS6, "S", "2001:db8:1::/48"));
    ck_assert(!permits(POLICY_ACCESS6, "S", "2001:db9::/32"));
}
END_TEST

static bool path(const char *name, const char *text)
{
    const struct policy_list *l = policy_get(set, POLICY_AS_PATH, name);
    bool yes = policy_as_path_permits(l, text);
    policy_list_unref(l);
    return yes;
}

START_TEST(test_as_path)
{
    ck_assert_uint_eq(load("bgp as-path access-list FIRST permit ^65001_\n"
                           "bgp as-path access-list LOCAL permit ^$\n"
                           "bgp as-path access-list HAS deny _65002_\n"
                           "bgp as-path access-list HAS permit .*\n"
                           "ip as-path access-list OLD permit _65003$\n"),
                      0);
    ck_assert(path("FIRST", "65001"));
    ck_assert(path("FIRST", "65001 65002"));
    ck_assert(!path("FIRST", "650011"));
    ck_assert(!path("FIRST", "1 65001"));
    ck_assert(path("LOCAL", ""));
    ck_assert(!path("LOCAL", "1"));
    ck_assert(!path("HAS", "1 {65002,3}"));
    ck_assert(!path("HAS", "65002"));
    ck_assert(path("HAS", "165002"));
    ck_assert(path("OLD", "1 65003"));
    ck_assert(!path("NOSUCH", ""));
    ck_assert_uint_eq(load("bgp as-path access-list X permit ([\n"), 1);
}
END_TEST

static const char *text_of(void *ctx)
{
    return ctx;
}

static bool comm(enum policy_kind kind, const char *name, const void *v, size_t len,
                 enum policy_how how, const char *text)
{
    const struct policy_list *l = policy_get(set, kind, name);
    bool yes = policy_community_permits(l, v, len, how, text_of, (void *)text);
    policy_list_unref(l);
    return yes;
}

START_TEST(test_communities)
{
    static const uint8_t two[] = {
        0xfd, 0xe8, 0, 1, 0xff, 0xff, 0xff, 0x01
    }; /* 65000:1 no-export */
    static const char *const text = "65000:1 no-export";
    static const uint8_t large[] = { 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3 };
    static const uint8_t rt[] = { 0, 2, 0xfd, 0xe8, 0, 0, 0, 1 };

    ck_assert_uint_eq(load("bgp community-list standard ONE permit 65000:1\n"
                           "bgp community-list standard BOTH permit no-export 65000:1\n"
                           "bgp community-list standard MORE permit 65000:1 65000:2\n"
                           "bgp community-list standard ALL permit internet\n"
                           "bgp community-list expanded RE permit 65000:[0-9]+_\n"
                           "bgp community-list 5 deny 65000:1\n"
                           "bgp community-list 5 permit internet\n"
                           "bgp community-list 105 permit no-export\n"
                           "bgp large-community-list standard L permit 1:2:3\n"
                           "bgp large-community-list expanded LR permit ^1:2:\n"
                           "bgp extcommunity-list standard E permit rt 65000:1\n"
                           "bgp extcommunity-list expanded ER permit RT:65000:.*\n"),
                      0);
    ck_assert(comm(POLICY_COMMUNITY, "ONE", two, 8, POLICY_ALL, text));
    ck_assert(!comm(POLICY_COMMUNITY, "ONE", two, 8, POLICY_EXACT, text));
    ck_assert(comm(POLICY_COMMUNITY, "BOTH", two, 8, POLICY_EXACT, text));
    ck_assert(!comm(POLICY_COMMUNITY, "MORE", two, 8, POLICY_ALL, text));
    ck_assert(comm(POLICY_COMMUNITY, "MORE", two, 8, POLICY_ANY, text));
    ck_assert(comm(POLICY_COMMUNITY, "ALL", NULL, 0, POLICY_ALL, ""));
    ck_assert(!comm(POLICY_COMMUNITY, "ONE", NULL, 0, POLICY_ALL, ""));
    ck_assert(comm(POLICY_COMMUNITY, "RE", two, 8, POLICY_ALL, text));
    ck_assert(!comm(POLICY_COMMUNITY, "RE", NULL, 0, POLICY_ALL, ""));
    ck_assert(!comm(POLICY_COMMUNITY, "5", two, 8, POLICY_ALL, text));
    ck_assert(comm(POLICY_COMMUNITY, "105", two, 8, POLICY_ALL, text));
    ck_assert(!comm(POLICY_COMMUNITY, "NOSUCH", two, 8, POLICY_ALL, text));
    ck_assert(comm(POLICY_LARGE, "L", large, 12, POLICY_EXACT, "1:2:3"));
    ck_assert(comm(POLICY_LARGE, "LR", large, 12, POLICY_ALL, "1:2:3"));
    ck_assert(comm(POLICY_EXT, "E", rt, 8, POLICY_ALL, "RT:65000:1"));
    ck_assert(comm(POLICY_EXT, "ER", rt, 8, POLICY_ALL, "RT:65000:1"));
    const struct policy_list *l = policy_get(set, POLICY_COMMUNITY, "BOTH");
    ck_assert(policy_community_permits_one(l, two, "65000:1"));
    ck_assert(!policy_community_permits_one(l, rt, "0:2"));
    policy_list_unref(l);
    ck_assert_uint_eq(load("bgp community-list standard X permit 65536:1\n"
                           "bgp community-list standard X permit no-such\n"
                           "bgp large-community-list standard X permit 1:2\n"
                           "bgp extcommunity-list standard X permit 65000:1\n"
                           "bgp community-list expanded X permit (\n"),
                      5);
}
END_TEST

/* ---- route-maps: tags stand for what an entry sets ---- */

struct obj {
    struct prefix p;
    char sets[128];
};

static bool obj_match(void *o, const struct policy_clause *c)
{
    struct obj *x = o;
    struct policy_facts f = { .prefix = &x->p };
    return policy_match_facts(c, &f) > 0;
}

static void obj_set(void *o, const struct policy_rmap_entry *e)
{
    struct obj *x = o;
    for (unsigned i = 0; i < e->n_set; i++) {
        size_t n = strlen(x->sets);
        snprintf(x->sets + n, sizeof(x->sets) - n, "%s;", e->set[i].a->text);
    }
}

static const char *run(const char *map, const char *prefix)
{
    static const struct policy_rmap_ops ops = { obj_match, obj_set };
    static struct obj x;
    const struct policy_rmap *m = policy_rmap_get(set, map);

    memset(&x, 0, sizeof(x));
    ck_assert(prefix_parse(prefix, &x.p));
    bool yes = policy_rmap_apply(m, &ops, &x);
    policy_rmap_unref(m);
    return yes ? x.sets : "DENY";
}

/* The verdicts are those that FRR 8.4.4 gives for the same maps and routes. */
START_TEST(test_route_map)
{
    ck_assert_uint_eq(
        load("ip prefix-list ONE permit 10.1.0.0/24\n"
             "ip prefix-list TWO permit 10.2.0.0/24\n"
             "route-map CONT permit 10\n match ip address prefix-list ONE\n set weight 5\n "
             "on-match next\n"
             "route-map CONT permit 20\n match ip address prefix-list TWO\n"
             "route-map GOTO permit 10\n match ip address prefix-list ONE\n on-match goto 99\n"
             "route-map CALLU permit 10\n call NOPE\n"
             "route-map CALLD permit 10\n call CDENY\n set metric 7\n"
             "route-map CDENY permit 10\n match ip address prefix-list TWO\n set weight 300\n"
             "route-map UNDEFM permit 10\n match ip address prefix-list NOSUCH\n"
             "route-map NEXTDENY permit 10\n on-match next\n"
             "route-map NEXTDENY deny 20\n match ip address prefix-list ONE\n"
             "route-map DENYNEXT deny 10\n match ip address prefix-list ONE\n on-match next\n"
             "route-map DENYNEXT permit 20\n"
             "route-map SKIP permit 10\n set weight 1\n continue 30\n"
             "route-map SKIP permit 20\n set weight 2\n"
             "route-map SKIP permit 30\n set metric 3\n"
             "route-map LOOPA permit 10\n call LOOPB\n"
             "route-map LOOPB permit 10\n call LOOPA\n"
             "route-map LEN permit 10\n match ip address prefix-len 24\n"
             "route-map SIX permit 10\n match ipv6 address prefix-list NOSUCH\n"),
        0);
    static const struct {
        const char *map, *one, *two, *three;
    } v[] = {
        { "CONT", "DENY", "", "DENY" },
        { "GOTO", "", "DENY", "DENY" },
        { "CALLU", "", "", "" },
        { "CALLD", "DENY", "metric 7;weight 300;", "DENY" },
        { "UNDEFM", "DENY", "DENY", "DENY" },
        { "NEXTDENY", "DENY", "DENY", "DENY" },
        { "DENYNEXT", "DENY", "", "" },
        { "SKIP", "weight 1;metric 3;", NULL, NULL },
        { "LOOPA", "DENY", "DENY", "DENY" },
        { "NOSUCHMAP", "DENY", "DENY", "DENY" },
        { "LEN", "", "", "" },
        { "SIX", "DENY", "DENY", "DENY" },
    };
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        ck_assert_msg(!strcmp(run(v[i].map, "10.1.0.0/24"), v[i].one), "%s one: %s", v[i].map,
                      run(v[i].map, "10.1.0.0/24"));
        if (v[i].two)
            ck_assert_msg(!strcmp(run(v[i].map, "10.2.0.0/24"), v[i].two), "%s two", v[i].map);
        if (v[i].three)
            ck_assert_msg(!strcmp(run(v[i].map, "10.3.0.0/24"), v[i].three), "%s three", v[i].map);
    }
    ck_assert_uint_eq(load("route-map CONT permit 10\n call CONT\n"), 1);
    ck_assert_uint_eq(load("route-map CONT permit 10\n on-match goto 10\n"), 1);
}
END_TEST

START_TEST(test_changes)
{
    ck_assert_uint_eq(load("ip prefix-list ONE permit 10.1.0.0/24\n"
                           "ip prefix-list ONE permit 10.2.0.0/24\n"
                           "ip prefix-list ONE permit 10.3.0.0/24\n"),
                      0);
    ck_assert_uint_eq(told, 1); /* until somebody looks */
    ck_assert(permits(POLICY_PREFIX4, "ONE", "10.2.0.0/24"));
    ck_assert_uint_eq(load("no ip prefix-list ONE seq 10 permit 10.2.0.0/24\n"), 0);
    ck_assert_uint_eq(told, 2);
    ck_assert_str_eq(last_told, "0 ONE");
    ck_assert(!permits(POLICY_PREFIX4, "ONE", "10.2.0.0/24"));
    /* a snapshot does not change */
    const struct policy_list *l = policy_get(set, POLICY_PREFIX4, "ONE");
    struct prefix p;
    ck_assert(prefix_parse("10.1.0.0/24", &p));
    ck_assert_uint_eq(load("no ip prefix-list ONE\n"), 0);
    ck_assert_uint_eq(told, 4); /* changed; gone */
    ck_assert(policy_prefix_permits(l, &p));
    policy_list_unref(l);
    ck_assert_ptr_null(policy_get(set, POLICY_PREFIX4, "ONE"));
    /* a route-map follows the lists it names */
    ck_assert_uint_eq(load("route-map RM permit 10\n match ip address prefix-list ONE\n"), 0);
    ck_assert_str_eq(run("RM", "10.1.0.0/24"), "DENY");
    ck_assert_uint_eq(load("ip prefix-list ONE permit 10.1.0.0/24\n"), 0);
    ck_assert_str_eq(run("RM", "10.1.0.0/24"), "");
    ck_assert_uint_eq(load("route-map RM deny 10\n"), 0); /* entered again with the other action */
    ck_assert_str_eq(run("RM", "10.1.0.0/24"), "DENY");
    ck_assert_uint_eq(load("route-map RM permit 10\n no match ip address prefix-list ONE\n"), 0);
    ck_assert_str_eq(run("RM", "192.0.2.0/24"), "");
    ck_assert_uint_eq(load("no route-map RM\n"), 0);
    ck_assert_ptr_null(policy_rmap_get(set, "RM"));
    ck_assert_str_eq(last_told, "8 RM");
}
END_TEST

static char printed[8192];

static void print_line(void *ctx, const char *text)
{
    size_t n = strlen(printed);
    if (strcmp(text, "!"))
        snprintf(printed + n, sizeof(printed) - n, "%s\n", text);
}

/* What is printed loads to the same, and every clause is in it. */
START_TEST(test_print)
{
    static const char text[] = "access-list A seq 5 permit 10.0.0.0/8\n"
                               "ip prefix-list P description some words\n"
                               "ip prefix-list P seq 5 permit 10.0.0.0/8 ge 16 le 24\n"
                               "ip prefix-list P seq 10 deny any\n"
                               "ipv6 prefix-list P6 seq 5 permit 2001:db8::/32 le 48\n"
                               "bgp as-path access-list AP seq 5 permit ^65001_\n"
                               "bgp community-list standard CS seq 5 permit 65000:1 no-export\n"
                               "bgp large-community-list standard LS seq 5 permit 1:2:3\n"
                               "bgp extcommunity-list standard ES seq 5 permit rt 65000:1\n"
                               "route-map R permit 10\n"
                               " description words here\n"
                               " match ip address A\n"
                               " match ip address prefix-list P\n"
                               " match ip next-hop prefix-list P\n"
                               " match ip next-hop address 192.0.2.1\n"
                               " match ipv6 address prefix-list P6\n"
                               " match interface eth0\n"
                               " match metric 5\n"
                               " match tag 7\n"
                               " match source-protocol static\n"
                               " match local-preference 200\n"
                               " match as-path AP\n"
                               " match origin igp\n"
                               " match peer 192.0.2.7\n"
                               " match community CS exact-match\n"
                               " match large-community LS\n"
                               " match extcommunity ES\n"
                               " set ip next-hop 192.0.2.2\n"
                               " set ipv6 next-hop global 2001:db8::1\n"
                               " set ipv6 next-hop prefer-global\n"
                               " set local-preference +20\n"
                               " set weight 100\n"
                               " set metric -5\n"
                               " set origin incomplete\n"
                               " set tag 9\n"
                               " set atomic-aggregate\n"
                               " set aggregator as 65001 192.0.2.9\n"
                               " set originator-id 192.0.2.8\n"
                               " set as-path prepend 65001 65001\n"
                               " set as-path exclude 65002\n"
                               " set as-path replace any 65003\n"
                               " set community 65000:9 additive\n"
                               " set comm-list CS delete\n"
                               " set large-community 1:2:3 additive\n"
                               " set large-comm-list LS delete\n"
                               " set extcommunity rt 65000:1 65000:2\n"
                               " set extcommunity soo 65000:3\n"
                               " set extcommunity bandwidth 100\n"
                               " call OTHER\n"
                               " on-match goto 20\n"
                               "exit\n"
                               "route-map R deny 20\n"
                               "exit\n";
    ck_assert_uint_eq(load(text), 0);
    printed[0] = 0;
    conf_print(conf, true, print_line, NULL);
    ck_assert_str_eq(printed, text);
    unsigned changes = 99;
    ck_assert_uint_eq(conf_replace(conf, printed, false, report, NULL, &changes), 0);
    ck_assert_uint_eq(changes, 0);
    /* a candidate numbers lines on its own; the same rules get the same numbers */
    ck_assert_uint_eq(
        conf_replace(conf,
                     "ip prefix-list N permit 10.1.0.0/16\nip prefix-list N permit 10.2.0.0/16\n"
                     "ip prefix-list N deny any\n",
                     false, report, NULL, &changes),
        0);
    printed[0] = 0;
    conf_print(conf, true, print_line, NULL);
    ck_assert_str_eq(
        printed,
        "ip prefix-list N seq 5 permit 10.1.0.0/16\nip prefix-list N seq 10 permit 10.2.0.0/16\n"
        "ip prefix-list N seq 15 deny any\n");
    ck_assert(permits(POLICY_PREFIX4, "N", "10.2.0.0/16"));
    ck_assert_ptr_null(policy_rmap_get(set, "R"));
}
END_TEST

static void missing_help(void *ctx, const char *node, const char *word)
{
    printf("no help: %s in %s\n", word, node);
    ++*(unsigned *)ctx;
}

START_TEST(test_help)
{
    unsigned missing = 0;
    cli_check_help(tree, missing_help, &missing);
    ck_assert_uint_eq(missing, 0);
}
END_TEST

/* 100,000 rules: loaded, compiled, asked. */
START_TEST(test_long_list)
{
    enum { N = 100000 };
    char *text = malloc(N * 64ul), *p = text;
    for (unsigned i = 0; i < N; i++)
        p += sprintf(p, "ip prefix-list LONG seq %u permit %u.%u.%u.0/24\n", i + 1, 1 + (i >> 16),
                     i >> 8 & 255, i & 255);
    ck_assert_uint_eq(load(text), 0);
    free(text);
    ck_assert_uint_eq(told, 1);
    ck_assert(permits(POLICY_PREFIX4, "LONG", "2.1.1.0/24"));
    ck_assert(!permits(POLICY_PREFIX4, "LONG", "2.1.1.0/25"));
    ck_assert(!permits(POLICY_PREFIX4, "LONG", "3.1.1.0/24"));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("policy");
    TCase *tc = tcase_create("policy");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_prefix_list);
    tcase_add_test(tc, test_prefix_index);
    tcase_add_test(tc, test_access_list);
    tcase_add_test(tc, test_as_path);
    tcase_add_test(tc, test_communities);
    tcase_add_test(tc, test_route_map);
    tcase_add_test(tc, test_changes);
    tcase_add_test(tc, test_print);
    tcase_add_test(tc, test_help);
    tcase_add_test(tc, test_long_list);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
