/* SPDX-License-Identifier: Apache-2.0
 * bgpd's own tree and configuration, with its real instances and peers, whose sessions are not
 * started: help for every word, golden round trips, defaults, whole replacements.
 */
#include "config.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bgp_peer_priv.h"
#include "bgp_shell.h"
#include "shell.h"

static struct daemon d = { .name = "bgpd", .progname = "bgpd", .run_dir = "/nowhere" };
static char printed[16384];
static unsigned bad, bad_line[32];

static void setup(void)
{
    d.loop = loop_new();
    d.cli = cli_tree_new(NULL);
    d.conf = conf_new(d.cli, NULL);
    shell_common_add(&d);
    bgp.loop = d.loop;
    bgp.daemon = &d;
    bgp.threads = 1;
    bgp.run_dir = d.run_dir;
    bgp_attr_init();
    bgp_io_start(d.loop, false, &bgp_peer_io_cb);
    bgp_rib_start(d.loop, 1, &bgp_peer_rib_cb, NULL);
    bgp_shell_setup(&d);
}

static void report(void *ctx, unsigned lineno, int rc, const char *msg, const char *line)
{
    if (ctx)
        fprintf(stderr, "line %u: %s: %s\n", lineno, msg, line);
    if (bad < 32)
        bad_line[bad] = lineno;
    bad++;
}

static void print_line(void *ctx, const char *text)
{
    size_t n = strlen(printed);
    snprintf(printed + n, sizeof(printed) - n, "%s\n", text);
}

static const char *running(void)
{
    printed[0] = '\0';
    conf_print(d.conf, true, print_line, NULL);
    return printed;
}

static void load(const char *text)
{
    bad = 0;
    conf_load(d.conf, text, report, &d);
    ck_assert_uint_eq(bad, 0);
    bgp_config_flush();
}

static void missing(void *ctx, const char *node, const char *word)
{
    fprintf(stderr, "no help: %s: %s\n", node, word);
    ++*(unsigned *)ctx;
}

START_TEST(help_everywhere)
{
    unsigned n = 0;
    cli_check_help(d.cli, missing, &n);
    ck_assert_uint_eq(n, 0);
}
END_TEST

static const char golden[] = "router bgp 65001\n"
                             " bgp router-id 10.0.0.1\n"
                             " no bgp ebgp-requires-policy\n"
                             " neighbor G peer-group\n"
                             " neighbor G remote-as external\n"
                             " neighbor G timers 3 9\n"
                             " neighbor 192.0.2.2 remote-as 65002\n"
                             " neighbor 192.0.2.2 description two words\n"
                             " neighbor 192.0.2.2 timers 5 15\n"
                             " neighbor 192.0.2.9 peer-group G\n"
                             " neighbor 2001:db8::2 remote-as internal\n"
                             " !\n"
                             " address-family ipv4 unicast\n"
                             "  network 10.5.0.0/16\n"
                             "  redistribute connected\n"
                             "  neighbor 192.0.2.2 prefix-list P in\n"
                             "  neighbor 192.0.2.2 route-map R out\n"
                             "  no neighbor 2001:db8::2 activate\n"
                             "  maximum-paths 4\n"
                             " exit-address-family\n"
                             " !\n"
                             " address-family ipv6 unicast\n"
                             "  neighbor 2001:db8::2 activate\n"
                             "  neighbor 2001:db8::2 next-hop-self\n"
                             " exit-address-family\n"
                             "exit\n"
                             "!\n";

START_TEST(round_trip)
{
    load(golden);
    char *one = strdup(running());
    ck_assert_str_eq(one, golden);
    unsigned changes = 1;
    ck_assert_uint_eq(conf_replace(d.conf, one, false, report, &d, &changes), 0);
    ck_assert_uint_eq(changes, 0);
    ck_assert_str_eq(running(), one);
    free(one);
    const struct bgp_inst *i = bgp_inst_find(NULL, false);
    ck_assert_ptr_nonnull(i);
    ck_assert_uint_eq(i->n_peers, 3);
    const struct bgp_peer *p = bgp_peer_find(i, "192.0.2.9");
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(p->conf.hold, 9); /* of its group */
    ck_assert_int_eq(bgp_peer_find(i, "192.0.2.2")->conf.hold, 15);
    ck_assert_int_eq(bgp_peer_find(i, "2001:db8::2")->conf.af[BGP_IP4_UNI].activate, 0);
}
END_TEST

START_TEST(replacement)
{
    load(golden);
    char *before = strdup(running());
    /* one bad line: nothing is applied */
    bad = 0;
    conf_replace(d.conf,
                 "router bgp 65001\n neighbor 192.0.2.7 remote-as 65007\n nonsense\n"
                 " neighbor 192.0.2.8 timers 3 2\n neighbor 192.0.2.2 timers 0 70000\n",
                 false, report, NULL, NULL);
    ck_assert_uint_eq(bad, 3);
    ck_assert_uint_eq(bad_line[0], 3);
    ck_assert_uint_eq(bad_line[1], 4);
    ck_assert_uint_eq(bad_line[2], 5);
    bgp_config_flush();
    ck_assert_str_eq(running(), before);
    free(before);
    /* a good one: the difference is */
    const struct bgp_inst *i = bgp_inst_find(NULL, false);
    const struct bgp_peer *kept = bgp_peer_find(i, "192.0.2.2");
    bad = 0;
    conf_replace(d.conf,
                 "router bgp 65001\n bgp router-id 10.0.0.1\n"
                 " neighbor 192.0.2.2 remote-as 65002\n neighbor 192.0.2.7 remote-as 7\n",
                 false, report, &d, NULL);
    ck_assert_uint_eq(bad, 0);
    bgp_config_flush();
    ck_assert_ptr_eq(bgp_peer_find(i, "192.0.2.2"), kept);
    ck_assert_ptr_null(bgp_peer_find(i, "192.0.2.9"));
    ck_assert_ptr_nonnull(bgp_peer_find(i, "192.0.2.7"));
}
END_TEST

START_TEST(defaults)
{
    load("frr defaults datacenter\nrouter bgp 65001\n neighbor 192.0.2.2 remote-as 65002\n");
    const struct bgp_inst *i = bgp_inst_find(NULL, false);
    ck_assert_uint_eq(i->keepalive, 3);
    ck_assert_uint_eq(i->hold, 9);
    ck_assert_uint_eq(i->connect_retry, 10);
    ck_assert(!i->ebgp_requires_policy && i->log_changes && i->rib.deterministic_med);
    load("router bgp 65001\n bgp ebgp-requires-policy\n timers bgp 60 180\n");
    ck_assert(i->ebgp_requires_policy && i->hold == 180);
    ck_assert_ptr_nonnull(strstr(running(), " bgp ebgp-requires-policy\n"));
    load("frr defaults traditional\nrouter bgp 65001\n no timers bgp\n");
    ck_assert(i->ebgp_requires_policy && !i->log_changes && i->hold == 180 && i->keepalive == 60);
    ck_assert_ptr_null(strstr(running(), "ebgp-requires-policy"));
}
END_TEST

START_TEST(unknown_block)
{
    bad = 0;
    conf_load(d.conf,
              "router bgp 65001\n neighbor 192.0.2.2 remote-as 65002\n"
              " address-family l2vpn evpn\n  neighbor 192.0.2.2 shutdown\n"
              " exit-address-family\n neighbor 192.0.2.2 description x\n",
              report, NULL);
    ck_assert_uint_eq(bad, 3); /* its lines mean nothing elsewhere */
    bgp_config_flush();
    const struct bgp_peer *p = bgp_peer_find(bgp_inst_find(NULL, false), "192.0.2.2");
    ck_assert(p && !p->conf.shutdown);
    ck_assert_str_eq(p->conf.description, "x");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bgp_config");
    TCase *t = tcase_create("all");
    tcase_add_checked_fixture(t, setup, NULL); /* each test in its own process */
    tcase_add_test(t, help_everywhere);
    tcase_add_test(t, round_trip);
    tcase_add_test(t, replacement);
    tcase_add_test(t, defaults);
    tcase_add_test(t, unknown_block);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
