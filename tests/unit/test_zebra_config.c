/* SPDX-License-Identifier: Apache-2.0
 * zebrad's own tree: help for every word, and checks of whole files without the kernel.
 */
#include "config.h"
#include <check.h>
#include <stdio.h>
#include <string.h>
#include "cli.h"
#include "conf.h"
#include "daemon.h"
#include "shell.h"
#include "zebra_show.h"

static struct daemon d = { .name = "zebrad", .progname = "zebrad", .run_dir = "/nowhere" };
static unsigned bad, bad_line[32];

static void setup(void)
{
    d.loop = loop_new();
    d.cli = cli_tree_new(NULL);
    d.conf = conf_new(d.cli, NULL);
    shell_common_add(&d);
    zebra_shell_setup(&d);
}

static void report(void *ctx, unsigned lineno, int rc, const char *msg, const char *line)
{
    if (bad < 32)
        bad_line[bad] = lineno;
    bad++;
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

START_TEST(good_lines)
{
    bad = 0;
    conf_replace(d.conf,
                 "hostname r1\nip forwarding\nipv6 forwarding\nip router-id 1.1.1.1\n"
                 "ip route 10.0.0.0 255.0.0.0 192.0.2.1\nip route 10.0.0.0/8 eth0 200\n"
                 "ip route 10.1.0.0/16 Null0 tag 5 200\nip route 10.2.0.0/16 reject\n"
                 "ip route 10.3.0.0/16 192.0.2.1 eth0 onlink\nipv6 route ::/0 fe80::1 eth0\n"
                 "interface eth0\n ip addr 192.0.2.2/24\n ipv6 address 2001:db8::1/64\n"
                 " description uplink\n no shut\nexit\nvrf red\n ip route 10.0.0.0/8 blackhole\n"
                 "exit-vrf\n",
                 true, report, NULL, NULL);
    ck_assert_uint_eq(bad, 0);
}
END_TEST

START_TEST(bad_lines)
{
    static const char text[] = "ip route 10.0.0.0/8 192.0.2.1\n"
                               "ip route 10.0.0.0/33 192.0.2.1\n"
                               "ip route 10.0.0.0 255.0.255.0 192.0.2.1\n"
                               "ip route 10.0.0.0/8 192.0.2.1 onlink\n"
                               "ip route 10.0.0.0/8\n"
                               "interface a-name-that-is-too-long\n"
                               "interface eth0\n"
                               " ip address 224.0.0.1/24\n"
                               " ip address 192.0.2.300/24\n"
                               "exit\n"
                               "ip forwarding\n";
    static const unsigned want[] = { 2, 3, 4, 5, 6, 8, 9 };
    bad = 0;
    conf_replace(d.conf, text, true, report, NULL, NULL);
    ck_assert_uint_eq(bad, 7);
    for (unsigned i = 0; i < 7; i++)
        ck_assert_uint_eq(bad_line[i], want[i]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("zebra_config");
    TCase *t = tcase_create("all");
    tcase_add_checked_fixture(t, setup, NULL); /* each test in its own process */
    tcase_add_test(t, help_everywhere);
    tcase_add_test(t, good_lines);
    tcase_add_test(t, bad_lines);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
