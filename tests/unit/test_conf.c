/* SPDX-License-Identifier: Apache-2.0
 * test_conf.c - the configuration engine: goldens (tests/conf/NN.in, NN.ok), round trip, edits,
 * replacement, speed.
 */
#include "config.h"
#include "demo_schema.h"
#include "mem.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct demo d;

struct text {
    char *s;
    size_t n, cap;
};

static void add(void *ctx, const char *line)
{
    struct text *t = ctx;
    size_t l = strlen(line);
    if (t->n + l + 2 > t->cap) {
        t->cap = (t->n + l + 2) * 2;
        t->s = realloc(t->s, t->cap);
    }
    memcpy(t->s + t->n, line, l);
    t->n += l;
    t->s[t->n++] = '\n';
    t->s[t->n] = '\0';
}

static char *print(bool secrets)
{
    struct text t = { 0 };
    add(&t, "");
    t.n = 0;
    t.s[0] = '\0';
    conf_print(d.conf, secrets, add, &t);
    return t.s;
}

static void report(void *ctx, unsigned lineno, int rc, const char *msg, const char *line)
{
    char buf[700];
    snprintf(buf, sizeof(buf), "line %u: [%d] %s", lineno, rc, msg);
    add(ctx, buf);
}

static void setup(void)
{
    demo_init(&d);
}

static void teardown(void)
{
    demo_fini(&d);
}

static char *slurp(const char *name)
{
    char path[500];
    const char *src = getenv("srcdir");
    snprintf(path, sizeof(path), "%s/tests/conf/%s", src ? src : ".", name);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    char *s = calloc(1, 65536);
    ck_assert(fread(s, 1, 65535, f) > 0);
    fclose(f);
    return s;
}

/* NN.in is loaded; reports and what is then printed must be NN.ok; and what is printed means the
 * same. */
START_TEST(golden)
{
    char name[40];
    snprintf(name, sizeof(name), "%02d.in", _i);
    char *in = slurp(name);
    snprintf(name, sizeof(name), "%02d.ok", _i);
    char *ok = slurp(name);
    struct text t = { 0 };
    add(&t, "");
    t.n = 0;
    conf_load(d.conf, in, report, &t);
    t.s[t.n] = '\0';
    conf_print(d.conf, true, add, &t);
    if (getenv("GW_UPDATE")) { /* writes what is, for a human to look at */
        char path[500];
        snprintf(path, sizeof(path), "%s/tests/conf/%s", getenv("srcdir"), name);
        FILE *f = fopen(path, "w");
        fputs(t.s, f);
        fclose(f);
    } else {
        ck_assert_str_eq(t.s, ok);
    }
    unsigned changes = 99;
    char *p = print(true);
    ck_assert_uint_eq(conf_replace(d.conf, p, false, NULL, NULL, &changes), 0);
    ck_assert_uint_eq(changes, 0);
    demo_fini(&d);
    demo_init(&d);
    ck_assert_uint_eq(conf_load(d.conf, p, NULL, NULL), 0);
    char *p2 = print(true);
    ck_assert_str_eq(p, p2);
    free(p);
    free(p2);
    free(t.s);
    free(in);
    free(ok);
}
END_TEST

static void lines(const char *text)
{
    ck_assert_uint_eq(conf_load(d.conf, text, NULL, NULL), 0);
}

static void want_log(const char *text)
{
    ck_assert_str_eq(d.log, text);
    d.n = 0;
    d.log[0] = '\0';
}

START_TEST(edits)
{
    lines("router bgp 65001\n neighbor 10.0.0.1 remote-as external\n nei 10.0.0.1 timers 3 9\n");
    want_log("{router bgp\n+neighbor 10.0.0.1 remote-as external\n+neighbor 10.0.0.1 timers 3 9\n");
    lines("router bgp\n neighbor 10.0.0.1 timers 3 9\n"); /* said before */
    want_log("");
    lines("router bgp 65001\n neighbor 10.0.0.1 timers 4 12\n no neighbor 10.0.0.1 timers\n");
    want_log("+neighbor 10.0.0.1 timers 4 12\n-neighbor 10.0.0.1 timers 4 12\n");
    lines("router bgp 65001\n no bgp ebgp-requires-policy\n no bgp ebgp-requires-policy\n");
    want_log("-no bgp ebgp-requires-policy\n");
    lines("router bgp 65001\n bgp ebgp-requires-policy\n");
    want_log("+bgp ebgp-requires-policy\n");
    lines("router bgp 65001\n timers bgp 3 9\n timers bgp 60 180\n timers bgp 60 180\n");
    want_log("+timers bgp 3 9\n+timers bgp 60 180\n");
    lines("router bgp 65001\n neighbor 10.0.0.1 description  a  b \n network 10.1.2.3/8\n"
          " neighbor 10.0.0.1 route-map A in\n neighbor 10.0.0.2 remote-as 5\n");
    want_log("+neighbor 10.0.0.1 description a  b\n{address-family\n+network 10.0.0.0/8\n"
             "+neighbor 10.0.0.1 route-map A in\n+neighbor 10.0.0.2 remote-as 5\n");
    lines("router bgp 65001\n no neighbor 10.0.0.1\n");
    want_log("-neighbor 10.0.0.1 route-map A in\n-neighbor 10.0.0.1 description a  b\n"
             "-neighbor 10.0.0.1 remote-as external\n");
    lines("no router bgp\n");
    want_log("-network 10.0.0.0/8\n}address-family\n-neighbor 10.0.0.2 remote-as 5\n}router bgp\n");
}
END_TEST

START_TEST(lists)
{
    lines("ip prefix-list A permit 10.0.0.0/8\nip prefix-list A permit 11.0.0.0/8 le 24\n"
          "ip prefix-list A seq 7 deny any\nip prefix-list B permit any\n");
    want_log("+ip prefix-list A seq 5 permit 10.0.0.0/8\n"
             "+ip prefix-list A seq 10 permit 11.0.0.0/8 le 24\n"
             "+ip prefix-list A seq 7 deny any\n+ip prefix-list B seq 5 permit any\n");
    lines("no ip prefix-list A permit 10.0.0.0/8\nno ip prefix-list A seq 7\n");
    want_log("-ip prefix-list A seq 5 permit 10.0.0.0/8\n-ip prefix-list A seq 7 deny any\n");
    lines("no ip prefix-list A\n");
    want_log("-ip prefix-list A seq 10 permit 11.0.0.0/8 le 24\n");
    lines(
        "ip route 10.0.0.0/8 1.1.1.1\nip route 10.0.0.0/8 1.1.1.2 20\nip route 10.1.2.0/24 Null0\n"
        "ip route 10.9.0.0/16 eth0 tag 7 30\nno ip route 10.0.0.0/8 1.1.1.2\n");
    want_log("+ip route 10.0.0.0/8 1.1.1.1\n+ip route 10.0.0.0/8 1.1.1.2 20\n"
             "+ip route 10.1.2.0/24 Null0\n+ip route 10.9.0.0/16 eth0 tag 7 30\n"
             "-ip route 10.0.0.0/8 1.1.1.2 20\n");
    lines("route-map A permit 10\n set metric 5\nroute-map A deny 10\nroute-map A permit 20\n"
          "route-map B permit 10\nexit\nno route-map A\n");
    want_log("{route-map\n+set metric 5\n~route-map\n{route-map\n{route-map\n}route-map\n"
             "-set metric 5\n}route-map\n");
}
END_TEST

START_TEST(replace)
{
    struct text t = { 0 };
    unsigned changes;
    lines("hostname a\nrouter bgp 1\n neighbor 10.0.0.1 remote-as 2\n neighbor 10.0.0.1 shutdown\n"
          " neighbor 10.0.0.3 remote-as 3\nexit\nroute-map X permit 10\n set metric 3\n");
    d.n = 0;
    ck_assert_uint_eq(conf_replace(d.conf, "hostname b\nnonsense\nrouter bgp 23456\n", false,
                                   report, &t, &changes),
                      2);
    ck_assert_str_eq(t.s, "line 2: [2] % Unknown command: nonsense\n"
                          "line 3: [13] % AS 23456 is reserved\n");
    ck_assert_uint_eq(changes, 0);
    ck_assert_uint_eq(d.n, 0);
    const char *want = "hostname b\nvrf red\nexit-vrf\nrouter bgp\n neighbor 10.0.0.1 remote-as 2\n"
                       " no bgp ebgp-requires-policy\n address-family ipv6\n"
                       "  neighbor 10.0.0.1 activate\n";
    ck_assert_uint_eq(conf_replace(d.conf, want, true, report, &t, &changes), 0);
    ck_assert_uint_eq(d.n, 0);
    ck_assert_uint_eq(conf_replace(d.conf, want, false, report, &t, &changes), 0);
    want_log("-set metric 3\n}route-map\n-neighbor 10.0.0.3 remote-as 3\n"
             "-neighbor 10.0.0.1 shutdown\n+hostname b\n{vrf\n-no bgp ebgp-requires-policy\n"
             "{address-family\n+neighbor 10.0.0.1 activate\n");
    ck_assert_uint_eq(changes, 9);
    ck_assert_uint_eq(conf_replace(d.conf, want, false, report, &t, &changes), 0);
    ck_assert_uint_eq(changes, 0);
    want_log("");
    free(t.s);
}
END_TEST

START_TEST(modes)
{
    struct conf_pos pos = { .obj = conf_root(d.conf) };
    char err[200];
    static const struct {
        const char *line;
        int rc;
        const char *node, *err;
    } v[] = {
        { "router bgp 65001", CLI_OK, "router bgp", "" },
        { "address-family ipv6 uni", CLI_OK, "address-family", "" },
        { "bgp router-id 1.2.3.4", CLI_OK, "router bgp", "" },
        { "foo", CLI_NO_MATCH, "router bgp", "% Unknown command: foo" },
        { "neighbor", CLI_INCOMPLETE, "router bgp", "% Command incomplete: neighbor" },
        { "  nei 1.1.1.1 t ", CLI_INCOMPLETE, "router bgp",
          "% Command incomplete: nei 1.1.1.1 t " },
        { "address-family ipv4", CLI_OK, "address-family", "" },
        { "exit-address-family", CLI_OK, "router bgp", "" },
        { "hostname x", CLI_OK, "config", "" },
        { "int eth0 vrf red", CLI_OK, "interface", "" },
        { "end", CLI_OK, "config", "" },
        { "no router bgp 5 vrf x", CLI_WARNING, "config", "% There is no router bgp 5 vrf x" },
        { "router bgp 70000 vrf x", CLI_OK, "router bgp", "" },
        { "router bgp 23456", CLI_CONFIG_FAILED, "config", "% AS 23456 is reserved" },
        { "no router bgp 65001", CLI_OK, "config", "" },
        { "no router bgp", CLI_OK, "config", "" },
        { "no router bgp", CLI_WARNING, "config", "% There is no router bgp" },
    };
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        int rc = conf_line(d.conf, &pos, v[i].line, err, sizeof(err));
        ck_assert_msg(rc == v[i].rc, "%s: %d %s", v[i].line, rc, err);
        ck_assert_str_eq(err, v[i].err);
        ck_assert_str_eq(conf_obj_node(pos.obj), v[i].node);
    }
}
END_TEST

START_TEST(secrets)
{
    lines("router bgp 1\n neighbor 1.1.1.1 remote-as 2\n neighbor 1.1.1.1 password a b\n");
    char *p = print(false);
    ck_assert_ptr_nonnull(strstr(p, " neighbor 1.1.1.1 password <redacted>\n"));
    ck_assert_ptr_null(strstr(p, "a b"));
    free(p);
}
END_TEST

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

enum list { NETWORKS, PREFIX_LIST, ROUTES, ROUTE_MAPS, N_LISTS };

static char *big(enum list kind, unsigned n)
{
    char *s = malloc((size_t)n * 90 + 100), *p = s, ip[20];
    p += sprintf(p, "%s", kind == NETWORKS ? "router bgp 1\n address-family ipv4 unicast\n" : "");
    for (unsigned i = 0; i < n; i++) {
        sprintf(ip, "10.%u.%u.%u", i >> 16 & 255, i >> 8 & 255, i & 255);
        if (kind == NETWORKS)
            p += sprintf(p, "  network %s/32\n", ip);
        else if (kind == PREFIX_LIST)
            p += sprintf(p, "ip prefix-list A seq %u permit %s/32\n", i + 1, ip);
        else if (kind == ROUTES)
            p += sprintf(p, "ip route %s/32 10.0.0.1\n", ip);
        else
            p += sprintf(p, "route-map M permit %u\n set metric %u\n", i + 1, i);
    }
    return s;
}

static double load_time(enum list kind, unsigned n)
{
    char *s = big(kind, n);
    demo_fini(&d);
    demo_init(&d);
    d.quiet = true;
    double t = now();
    ck_assert_uint_eq(conf_load(d.conf, s, NULL, NULL), 0);
    t = now() - t;
    free(s);
    return t;
}

static double best_time(enum list kind, unsigned n)
{
    double t = load_time(kind, n);
    for (int i = 0; i < 2; i++) {
        double again = load_time(kind, n);
        t = again < t ? again : t;
    }
    return t;
}

/* Long lists cost per line what short ones do. */
START_TEST(speed)
{
    static const char *const names[N_LISTS] = { "network", "prefix-list", "ip route", "route-map" };
    for (int k = 0; k < N_LISTS; k++) {
        unsigned n = 30000;
        load_time((enum list)k, n);
        double t1 = best_time((enum list)k, n), t2 = best_time((enum list)k, 2 * n);
        printf("%s: %u lines %.3f s, %u lines %.3f s\n", names[k], n, t1, 2 * n, t2);
#ifndef __SANITIZE_ADDRESS__
        ck_assert_msg(t2 / t1 < 3, "time grows by %.2f when lines double", t2 / t1);
#endif
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("conf");
    TCase *tc = tcase_create("conf");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, golden, 1, 5);
    tcase_add_test(tc, edits);
    tcase_add_test(tc, lists);
    tcase_add_test(tc, replace);
    tcase_add_test(tc, modes);
    tcase_add_test(tc, secrets);
    tcase_add_test(tc, speed);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
