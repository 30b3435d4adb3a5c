/* SPDX-License-Identifier: Apache-2.0
 * test_log.c - targets, levels, the form of lines, what `show logging` says.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "log.h"

static char dir[] = "test_log.XXXXXX", path[128], text[8192];

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/x.log", dir);
    log_init("bgpd");
}

static void teardown(void)
{
    log_fini();
    unlink(path);
    char old[160];
    snprintf(old, sizeof(old), "%s.1", path);
    unlink(old);
    rmdir(dir);
}

static const char *slurp(const char *name)
{
    FILE *f = fopen(name, "r");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static void shape(const char *line, const char *pattern)
{
    for (; *pattern; pattern++, line++)
        if (*pattern == '#')
            ck_assert_msg(*line >= '0' && *line <= '9', "%s", line);
        else
            ck_assert_msg(*line == *pattern, "%s / %s", line, pattern);
    ck_assert_msg(!*line, "%s", line);
}

START_TEST(lines)
{
    ck_assert_int_eq(log_target_file("config", path, LOG_L_INFO), 0);
    log_info("peer %s", "up");
    log_write(LOG_L_DEBUG, "not wanted");
    shape(slurp(path), "####/##/## ##:##:## BGP: peer up\n");
    ck_assert_int_eq(truncate(path, 0), 0);
    log_timestamp_precision(3);
    log_record_priority(true);
    log_warn("two\nlines");
    shape(slurp(path), "####/##/## ##:##:##.### warnings: BGP: two.lines\n");
    log_timestamp_precision(0);
    log_record_priority(false);
    ck_assert_int_eq(truncate(path, 0), 0);
    char big[6000];
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    log_info("%s", big);
    ck_assert_str_eq(slurp(path) + strlen(text) - 5, "x...\n");
}
END_TEST

START_TEST(reopening)
{
    char old[160];
    snprintf(old, sizeof(old), "%s.1", path);
    ck_assert_int_eq(log_target_file("config", path, LOG_L_DEBUG), 0);
    log_info("a");
    ck_assert_int_eq(rename(path, old), 0);
    log_info("b");
    log_reopen();
    log_info("c");
    ck_assert_ptr_nonnull(strstr(slurp(old), "BGP: b\n"));
    ck_assert_ptr_null(strstr(text, "BGP: c"));
    ck_assert_ptr_nonnull(strstr(slurp(path), "BGP: c\n"));
}
END_TEST

static void collect(void *ctx, const char *line)
{
    strcat(strcat(text, line), "\n");
}

START_TEST(describing)
{
    char want[2048], cwd[512];
    ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
    text[0] = '\0';
    log_describe(collect, NULL);
    ck_assert_str_eq(text, "Syslog logging: disabled\nStdout logging: disabled\n"
                           "File logging: disabled\nProtocol name: BGP\n"
                           "Record priority: disabled\nTimestamp precision: 0\n");
    char dest[160];
    snprintf(dest, sizeof(dest), "file:%s", path);
    ck_assert_int_eq(log_target_parse("cmdline", dest, LOG_L_DEBUG), 0);
    ck_assert_int_eq(log_target_file("config", path, LOG_L_ERR), 0);
    text[0] = '\0';
    log_describe(collect, NULL);
    snprintf(want, sizeof(want),
             "Syslog logging: disabled\nStdout logging: disabled\n"
             "File logging: level errors, filename %s/%s\n"
             "From command line: \"--log file:%s/%s --log-level debugging\"\n"
             "Protocol name: BGP\nRecord priority: disabled\nTimestamp precision: 0\n",
             cwd, path, cwd, path);
    ck_assert_str_eq(text, want);
    log_targets_clear("cmdline");
    log_target_file("config", NULL, -1);
    text[0] = '\0';
    log_describe(collect, NULL);
    ck_assert_ptr_nonnull(strstr(text, "File logging: disabled"));
    ck_assert_ptr_null(strstr(text, "command line"));
}
END_TEST

START_TEST(parsing)
{
    ck_assert_int_eq(log_level_parse("debug"), LOG_L_DEBUG);
    ck_assert_int_eq(log_level_parse("informational"), LOG_L_INFO);
    ck_assert_int_eq(log_level_parse("warn"), LOG_L_WARN);
    ck_assert_int_eq(log_level_parse(""), -1);
    ck_assert_int_eq(log_level_parse("loud"), -1);
    ck_assert_int_lt(log_target_parse("x", "printer", 7), 0);
    ck_assert_int_lt(log_target_parse("x", "file:", 7), 0);
    ck_assert_int_lt(log_target_parse("x", "file:/nonexistent/dir/file", 7), 0);
    char dest[160];
    snprintf(dest, sizeof(dest), "file:%s:err", path);
    ck_assert_int_eq(log_target_parse("x", dest, 7), 0);
    log_warn("no");
    log_err("yes");
    ck_assert_ptr_nonnull(strstr(slurp(path), "yes"));
    ck_assert_ptr_null(strstr(text, "no\n"));
}
END_TEST

LOG_DEBUG_DEFINE(area, "test area");

START_TEST(debugging)
{
    ck_assert_int_eq(log_target_file("config", path, LOG_L_DEBUG), 0);
    log_dbg(area, "off");
    log_debug_area.on = true;
    log_dbg(area, "on");
    ck_assert_ptr_nonnull(strstr(slurp(path), "BGP: on"));
    ck_assert_ptr_null(strstr(text, "off"));
    ck_assert_str_eq(log_debugs()->name, "test area");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("log");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, lines);
    tcase_add_test(tc, reopening);
    tcase_add_test(tc, describing);
    tcase_add_test(tc, parsing);
    tcase_add_test(tc, debugging);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
