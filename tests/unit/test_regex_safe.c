/* SPDX-License-Identifier: Apache-2.0
 * test_regex_safe.c - expressions that people write are taken, those that unroll without bound are
 * refused.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "regex_safe.h"

static const char *const good[] = {
    "",
    "a",
    "^65001$",
    "_",
    "(^|[,{}() ]|$)65001(^|[,{}() ]|$)",
    "a+b*c?",
    "(a|b)+",
    "((a+)b)+",
    "[]a]+",
    "[^]x[:digit:]]{1,3}",
    "\\++",
    "a{2,5}",
    "^([0-9]+)(_\\1)*$",
    "x{,3}",
    "{",
    "neighbor.*(remote-as|description)",
};
static const char *const bad[] = {
    "a++++++++++++++++", "((((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+",
    "a{30000}",          "(a{200}){200}",
    "(.*){1,20000}",
};

START_TEST(takes)
{
    regex_t re;
    int rc = regex_safe_compile(&re, good[_i], REG_NOSUB);
    ck_assert_msg(rc != REG_BADRPT || !strcmp(good[_i], "x{,3}") || !strcmp(good[_i], "{"),
                  "%s: %d", good[_i], rc);
    if (!rc)
        regfree(&re);
}
END_TEST

START_TEST(refuses)
{
    regex_t re;
    ck_assert_int_eq(regex_safe_compile(&re, bad[_i], REG_NOSUB), REG_BADRPT);
}
END_TEST

START_TEST(refuses_long)
{
    regex_t re;
    char text[2000];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = 0;
    ck_assert_int_eq(regex_safe_compile(&re, text, 0), REG_ESPACE);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("regex_safe");
    TCase *t = tcase_create("regex");
    tcase_add_loop_test(t, takes, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(t, refuses, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(t, refuses_long);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
