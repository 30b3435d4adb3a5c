/* SPDX-License-Identifier: Apache-2.0
 * test_cli.c - grammar, matching, help, completion, export and import, sessions.
 */
#include "config.h"
#include "demo_schema.h"
#include "mem.h"
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct demo d;

static void setup(void)
{
    demo_init(&d);
}

static void teardown(void)
{
    demo_fini(&d);
}

/* What a line is found to be: canonical words, or FRR's complaint. */
static const char *found(const char *node, const char *line)
{
    static char buf[600];
    const struct cli_cmd *cmd;
    struct cli_args a;
    if (cli_match(d.tree, node, line, &cmd, &a, buf, sizeof(buf)) != CLI_OK)
        return buf;
    char *s = cli_canonical(cmd, &a);
    snprintf(buf, sizeof(buf), "%s", s);
    mem_free(MEM(str), s);
    cli_args_free(&a);
    return buf;
}

START_TEST(matching)
{
    static const char *const v[][3] = {
        { "view", "sh ver", "show version" },
        { "view", "show version json", "show version json" },
        { "view", "  show   version  ", "show version" },
        { "view", "sh ip bgp", "show ip bgp" },
        { "view", "sh ip bgp sum", "show ip bgp summary" },
        { "view", "sh ip bgp vrf v nei 1.2.3.4 js", "show ip bgp vrf v neighbors 1.2.3.4 json" },
        { "view", "show ip bgp v x", "% Ambiguous command: show ip bgp v x" },
        { "view", "show ip bgp vr", "% Command incomplete: show ip bgp vr" },
        { "view", "s", "% Command incomplete: s" },
        { "view", "show version x", "% Unknown command: show version x" },
        { "view", "clear yes all", "clear yes all" },
        { "view", "clear all", "% Unknown command: clear all" },
        { "view", "clear yes all 5 soft hard", "clear yes all 5 soft hard" },
        { "view", "clear yes all soft soft", "% Unknown command: clear yes all soft soft" },
        { "view", "clear yes all 10", "% Unknown command: clear yes all 10" },
        { "config", "ip route 10.0.0.1/8 Null0", "ip route 10.0.0.1/8 Null0" },
        { "config", "ip route 10.0.0.1/8 nul 7 tag 9", "ip route 10.0.0.1/8 nul 7 tag 9" },
        { "config", "ip route 10.0.0.1/8 1.1.1.1", "ip route 10.0.0.1/8 1.1.1.1" },
        { "router bgp", "nei 2001:DB8:0::1 remote-as int",
          "neighbor 2001:db8::1 remote-as internal" },
        { "router bgp", "nei 1.1.1.1 remote 0064", "neighbor 1.1.1.1 remote-as 64" },
        { "router bgp", "nei 1.1.1.1 remote 0", "% Unknown command: nei 1.1.1.1 remote 0" },
        { "router bgp", "nei X peer", "neighbor X peer-group" },
        { "router bgp", "nei X desc  a  b  c ", "neighbor X description a  b  c" },
        { "router bgp", "no nei X desc", "no neighbor X description" },
        { "router bgp", "no nei X", "no neighbor X" },
        { "router bgp", "no nei X timers", "no neighbor X timers" },
        { "router bgp", "no nei X timers con", "no neighbor X timers connect" },
        { "router bgp", "no bgp", "% Command incomplete: no bgp" },
        { "address-family", "no nei X route-map Y", "% Command incomplete: no nei X route-map Y" },
        { "route-map", "set comm 1:1 2:2 3:3", "set community 1:1 2:2 3:3" },
        { "route-map", "set metric r", "set metric rtt" },
        { "nowhere", "x", "% Unknown command: x" },
        { "view", "", "% Unknown command: " },
    };
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
        ck_assert_str_eq(found(v[i][0], v[i][1]), v[i][2]);
}
END_TEST

START_TEST(arguments)
{
    const struct cli_cmd *cmd;
    struct cli_args a;
    char err[100];
    ck_assert_int_eq(cli_match(d.tree, "config", "ip prefix-list A seq 5 perm 10.1.0.0/8 le 24",
                               &cmd, &a, err, sizeof(err)),
                     CLI_OK);
    ck_assert_uint_eq(cli_arg_num(&a, "seq", 0), 5);
    ck_assert_str_eq(cli_arg_text(&a, "plist"), "A");
    ck_assert_str_eq(cli_arg_text(&a, "action"), "permit");
    ck_assert_uint_eq(cli_arg_num(&a, "le", 0), 24);
    ck_assert(!cli_has(&a, "ge"));
    const struct cli_arg *p = cli_arg(&a, "prefix");
    ck_assert_int_eq(p->type, CLI_A_PFX4);
    ck_assert_uint_eq(p->plen, 8);
    ck_assert_uint_eq(p->pfx.b[1], 0);
    ck_assert_uint_eq(p->ip.b[1], 1);
    cli_args_free(&a);
}
END_TEST

START_TEST(bad_grammars)
{
    static const char *const v[] = {
        "",        "a <b",       "a [b|]", "a {b|{c|d}}",
        "a (9-1)", "a (x)",      "a $x",   "a ]",
        "<>",      "a <b|c>...", "a b$",   "a \"b\"",
        "!",       "{",          "a ()",   "a (1-99999999999999999999)"
    };
    char err[120];
    uint32_t before = cli_generation(d.tree);
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        struct cli_cmd c = { "view", v[i], NULL, NULL, 0 };
        err[0] = '\0';
        ck_assert_msg(cli_add(d.tree, &c, err, sizeof(err)) < 0, "%s", v[i]);
        ck_assert_str_ne(err, "");
    }
    ck_assert_uint_eq(cli_generation(d.tree), before);
}
END_TEST

static char out[200000];
static size_t out_n;
static int out_rc;

static void add_text(const char *s)
{
    size_t n = strlen(s);
    ck_assert_uint_lt(out_n + n, sizeof(out));
    memcpy(out + out_n, s, n + 1);
    out_n += n;
}

static void help_row(void *ctx, const char *word, const char *help)
{
    add_text(word);
    add_text("|");
    add_text(help);
    add_text("\n");
}

static void word_row(void *ctx, const char *word)
{
    add_text(word);
    add_text(" ");
}

static const char *help(const char *node, const char *line)
{
    out[out_n = 0] = '\0';
    cli_help(d.tree, node, line, help_row, NULL);
    return out;
}

static const char *complete(const char *node, const char *line)
{
    out[out_n = 0] = '\0';
    cli_complete(d.tree, node, line, word_row, NULL);
    return out;
}

START_TEST(help_and_completion)
{
    ck_assert_str_eq(help("view", "show v"), "version|Displays version\n");
    ck_assert_str_eq(help("view", "show version "), "<cr>|\njson|JavaScript Object Notation\n");
    ck_assert_str_eq(help("view", "show ip route 1"), "A.B.C.D/M|P\n");
    ck_assert_str_eq(help("router bgp", "neighbor 1.1.1.1 timers "),
                     "(0-65535)|Keepalive interval\nconnect|BGP connect timer\n");
    ck_assert_str_eq(help("router bgp", "netw"), ""); /* hidden here */
    ck_assert_str_eq(help("address-family", "netw"),
                     "network|Specify a network to announce via BGP\n");
    ck_assert_str_eq(help("view", "bogus "), "");
    ck_assert_str_eq(complete("view", "sh"), "show ");
    ck_assert_str_eq(complete("view", "show "), "count ip version ");
    ck_assert_str_eq(complete("view", "show ip bgp "), "json neighbors summary view vrf ");
    ck_assert_str_eq(complete("config", "route"), "route-map router ");
}
END_TEST

static void no_help(void *ctx, const char *node, const char *word)
{
    add_text(node);
    add_text(": ");
    add_text(word);
    add_text("\n");
}

START_TEST(every_word_has_help)
{
    out[out_n = 0] = '\0';
    cli_check_help(d.tree, no_help, NULL);
    ck_assert_str_eq(out, "");
}
END_TEST

struct import {
    struct cli_tree *t;
    const char *tag;
};

static void import_line(void *ctx, const char *text)
{
    struct import *i = ctx;
    ck_assert_msg(cli_import(i->t, i->tag, text) == 0, "%s", text);
}

START_TEST(export_import)
{
    struct cli_tree *t = cli_tree_new(NULL), *mine = d.tree;
    struct import a = { t, "zebrad" }, b = { t, "bgpd" };
    cli_export(d.tree, import_line, &a);
    uint32_t gen = cli_generation(t);
    cli_export(d.tree, import_line, &b);
    ck_assert_uint_ne(gen, cli_generation(t));
    d.tree = t;
    ck_assert_str_eq(found("view", "sh ver js"), "show version json");
    ck_assert_str_eq(found("router bgp", "network 10.0.0.0/8"), "network 10.0.0.0/8");
    ck_assert_str_eq(help("view", "show ip route 1"), "A.B.C.D/M|P\n");
    ck_assert_str_eq(help("router bgp", "netw"), "");
    out[out_n = 0] = '\0';
    cli_check_help(t, no_help, NULL);
    ck_assert_str_eq(out, "");
    const struct cli_cmd *cmd;
    struct cli_args args;
    char err[80];
    unsigned n;
    ck_assert_int_eq(cli_match(t, "config", "router bgp 1", &cmd, &args, err, sizeof(err)), CLI_OK);
    cli_args_free(&args);
    ck_assert_str_eq(cli_enters(cmd), "router bgp");
    struct cli_node_info info;
    ck_assert(cli_node_info(t, "address-family", &info));
    ck_assert_str_eq(info.parent, "router bgp");
    ck_assert_str_eq(info.prompt, "config-router-af");
    ck_assert_str_eq(info.exit_word, "exit-address-family");
    const char *const *tags = cli_tags(cmd, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(tags[1], "bgpd");
    cli_forget(t, "zebrad");
    ck_assert_str_eq(found("view", "sh ver js"), "show version json");
    cli_forget(t, "bgpd");
    ck_assert_str_eq(found("view", "sh ver js"), "% Unknown command: sh ver js");
    static const char *const bad[] = { "",           "a",         "a\tb\tc\td",
                                       "a\t1\t<\td", "@node\tx",  "@dict",
                                       "\t\t\t\t\t", "a\t1\t\td", "@x\t1\t2\t3" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(cli_import(t, "x", bad[i]), -1);
    d.tree = mine;
    cli_tree_free(t);
}
END_TEST

/* ---- sessions ---- */

static void sink(void *ctx, const char *data, size_t len)
{
    ck_assert_uint_lt(out_n + len, sizeof(out));
    memcpy(out + out_n, data, len);
    out_n += len;
    out[out_n] = '\0';
}

static void done(void *ctx, int rc)
{
    ck_assert_int_eq(out_rc, -1);
    out_rc = rc;
}

static const char *run(struct cli_session *s, const char *line)
{
    out[out_n = 0] = '\0';
    out_rc = -1;
    cli_session_run(s, line, sink, done, NULL);
    return out;
}

START_TEST(session)
{
    struct cli_session *s = cli_session_new(d.tree, d.conf);
    ck_assert_str_eq(cli_session_node(s), "view");
    ck_assert_str_eq(cli_session_prompt(s), "");
    ck_assert_str_eq(run(s, "enable"), "");
    ck_assert_str_eq(run(s, "sh ver"), "version 1\n");
    ck_assert_int_eq(out_rc, CLI_OK);
    ck_assert_str_eq(run(s, "sh ver json"), "{\n  \"version\":\"1\"\n}\n");
    ck_assert_str_eq(run(s, "foo bar"), "% Unknown command: foo bar\n");
    ck_assert_int_eq(out_rc, CLI_NO_MATCH);
    ck_assert_str_eq(
        run(s, "show count 250 | include 9$"),
        "line 249\nline 239\nline 229\nline 219\nline 209\nline 199\nline 189\nline 179\n"
        "line 169\nline 159\nline 149\nline 139\nline 129\nline 119\nline 109\nline 99\n"
        "line 89\nline 79\nline 69\nline 59\nline 49\nline 39\nline 29\nline 19\nline 9\n");
    ck_assert_str_eq(run(s, "show version | include ("), "% Bad regexp '('\n");
    ck_assert_str_eq(run(s, "conf t"), "");
    ck_assert_str_eq(cli_session_prompt(s), "(config)");
    run(s, "router bgp 1");
    run(s, "address-family ipv6");
    ck_assert_str_eq(cli_session_prompt(s), "(config-router-af)");
    ck_assert_str_eq(run(s, "do sh ver"), "version 1\n");
    ck_assert_str_eq(run(s, "show version"), "version 1\n");
    ck_assert_str_eq(run(s, "exit"), "");
    ck_assert_str_eq(cli_session_node(s), "router bgp");
    ck_assert_str_eq(run(s, "no router bgp 1"), ""); /* the mode's object goes */
    ck_assert_str_eq(cli_session_node(s), "config");
    ck_assert_str_eq(run(s, "list"), run(s, "list perm"));
    run(s, "find ebgp-req");
    ck_assert_str_eq(out, "  (router bgp)  bgp ebgp-requires-policy\n"
                          "  (router bgp)  no bgp ebgp-requires-policy\n");
    run(s, "end");
    ck_assert_str_eq(cli_session_node(s), "view");
    cli_session_free(s);
}
END_TEST

START_TEST(flow)
{
    struct cli_session *s = cli_session_new(d.tree, d.conf);
    cli_session_throttle(s, true);
    run(s, "show count 300");
    ck_assert_int_eq(out_rc, -1);
    size_t first = out_n;
    ck_assert_uint_lt(first, 2000);
    cli_session_throttle(s, false);
    ck_assert_int_eq(out_rc, CLI_OK);
    ck_assert_uint_gt(out_n, first);
    cli_session_throttle(s, true);
    run(s, "show count 300");
    cli_session_free(s); /* cancels: the sanitizer sees that the state is freed */
    ck_assert_int_eq(out_rc, -1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cli");
    TCase *tc = tcase_create("cli");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, matching);
    tcase_add_test(tc, arguments);
    tcase_add_test(tc, bad_grammars);
    tcase_add_test(tc, help_and_completion);
    tcase_add_test(tc, every_word_has_help);
    tcase_add_test(tc, export_import);
    tcase_add_test(tc, session);
    tcase_add_test(tc, flow);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
