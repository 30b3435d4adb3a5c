/* SPDX-License-Identifier: Apache-2.0
 * test_plugin.c - a plugin's command and setting work in a running tree; unfit plugins are refused.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon.h"
#include "log.h"
#include "mem.h"
#include "plugin.h"
#include "plugin_private.h"

static struct daemon d = { .name = "bgpd", .progname = "bgpd" };
static struct cli_session *session;
static char err[512], out[4096];
static int rc;

static void setup(void)
{
    d.loop = loop_new();
    d.cli = cli_tree_new(NULL);
    d.conf = conf_new(d.cli, NULL);
    session = cli_session_new(d.cli, d.conf);
}

static void teardown(void)
{
    cli_session_free(session);
    conf_free(d.conf);
    plugin_fini_all(&d);
    cli_tree_free(d.cli);
    loop_free(d.loop);
}

static void sink(void *ctx, const char *data, size_t len)
{
    strncat(out, data, len < sizeof(out) - strlen(out) ? len : sizeof(out) - strlen(out) - 1);
}

static void done(void *ctx, int code)
{
    rc = code;
    loop_stop(d.loop, 0);
}

static int run(const char *line)
{
    out[0] = '\0';
    rc = -1;
    cli_session_run(session, line, sink, done, NULL);
    if (rc < 0)
        loop_run(d.loop);
    return rc;
}

static void add_line(void *ctx, const char *text)
{
    strcat(strcat(out, text), "\n");
}

static void add_word(void *ctx, const char *word, const char *help)
{
    strcat(strcat(strcat(strcat(out, word), "|"), help ? help : ""), "\n");
}

static void add_plugin(void *ctx, const struct godwit_plugin *p)
{
    strcat(strcat(out, p->name), "\n");
}

static unsigned names(void)
{
    unsigned n = 0;
    for (struct mem_type *m = mem_types(); m; m = m->next)
        n++;
    for (struct log_debug *g = log_debugs(); g; g = g->next)
        n++;
    return n;
}

START_TEST(hello)
{
    uint32_t before = cli_generation(d.cli);
    ck_assert_int_eq(run("show hello"), CLI_NO_MATCH);
    ck_assert_msg(plugin_load(&d, "plugins/.libs/hello.so:Moin", err, sizeof(err)) == 0, "%s", err);
    ck_assert_uint_ne(cli_generation(d.cli), before);
    ck_assert_int_eq(run("show hello"), CLI_OK);
    ck_assert_str_eq(out, "Moin\n");
    ck_assert_int_eq(run("configure terminal"), CLI_OK);
    ck_assert_int_eq(run("hello message Good morning"), CLI_OK);
    ck_assert_int_eq(run("end"), CLI_OK);
    ck_assert_int_eq(run("sh hel"), CLI_OK);
    ck_assert_str_eq(out, "Good morning\n");
    ck_assert_int_eq(run("show hello json"), CLI_OK);
    ck_assert_ptr_nonnull(strstr(out, "\"message\":\"Good morning\""));
    out[0] = '\0';
    conf_print(d.conf, true, add_line, NULL);
    ck_assert_ptr_nonnull(strstr(out, "hello message Good morning\n"));
    out[0] = '\0';
    cli_help(d.cli, "view", "show hel", add_word, NULL);
    ck_assert_ptr_nonnull(strstr(out, "hello|What the example plugin has to say\n"));
    ck_assert_int_eq(run("configure terminal"), CLI_OK);
    ck_assert_int_eq(run("no hello message"), CLI_OK);
    ck_assert_int_eq(run("do show hello"), CLI_OK);
    ck_assert_str_eq(out, "Moin\n");
    out[0] = '\0';
    plugin_list(add_plugin, NULL);
    ck_assert_str_eq(out, "hello\n");
    ck_assert_int_lt(plugin_load(&d, "plugins/.libs/hello.so", err, sizeof(err)), 0);
    ck_assert_ptr_nonnull(strstr(err, "already loaded"));
}
END_TEST

START_TEST(refused)
{
    static const struct {
        const char *spec, *why;
    } v[] = {
        { "tests/unit/.libs/plugin_old.so", "is built for ABI 2, this daemon has 1" },
        { "tests/unit/.libs/plugin_other.so", "is for zebrad bgpdx, not for bgpd" },
        { "tests/unit/.libs/plugin_fails.so:sun", "no sun today" },
        { "tests/unit/.libs/nothing.so", "nothing.so" },
        { "./Makefile", "Makefile" },
        { "nothing", "nothing.so" },
        { "", "bad plugin name" },
        { ":x", "bad plugin name" },
    };
    unsigned n = names();
    uint32_t before = cli_generation(d.cli);
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        ck_assert_int_lt(plugin_load(&d, v[i].spec, err, sizeof(err)), 0);
        ck_assert_msg(strstr(err, v[i].why) != NULL, "%s: %s", v[i].spec, err);
        ck_assert_uint_eq(names(), n);
    }
    ck_assert_uint_eq(cli_generation(d.cli), before);
    out[0] = '\0';
    plugin_list(add_plugin, NULL);
    ck_assert_str_eq(out, "");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plugin");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, hello);
    tcase_add_test(tc, refused);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
