/* SPDX-License-Identifier: Apache-2.0
 * test_prefix.c - text forms, masks, comparisons, martians.
 */
#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include "prefix.h"

START_TEST(text)
{
    static const char *const same[] = { "0.0.0.0",
                                        "255.255.255.255",
                                        "10.20.130.4",
                                        "::",
                                        "::1",
                                        "1::",
                                        "2001:db8::1",
                                        "1:2:3:4:5:6:7:8",
                                        "1:0:3:4:5:6:7:8",
                                        "1::4:0:0:7:8",
                                        "1:0:0:4::8",
                                        "::ffff:1.2.3.4",
                                        "fe80::abcd:ef01" };
    static const char *const bad[] = { "",          "1.2.3",    "1.2.3.4.5", "01.2.3.4",
                                       "256.1.1.1", "1.2.3.4 ", "host",      "fe80::1%eth0",
                                       ":::",       "1:2",      "12345::",   "1.2.3.-4",
                                       "0x1.2.3.4" };
    struct ipaddr a, untouched = { .family = 77 };
    char buf[IPADDR_STRLEN];
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        ck_assert_msg(ipaddr_parse(same[i], &a), "%s", same[i]);
        ck_assert_str_eq(ipaddr_str(&a, buf), same[i]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!ipaddr_parse(bad[i], &untouched), "%s", bad[i]);
        ck_assert_uint_eq(untouched.family, 77);
    }
    ck_assert(!ipaddr_parse4("::1", &a));
    ck_assert(!ipaddr_parse6("1.2.3.4", &a));
    /* inet_ntop() as the judge, but for embedded IPv4, which it prints for ::1.2.3.4 too. */
    srand(1);
    for (unsigned i = 0; i < 20000; i++) {
        char want[64];
        a = (struct ipaddr){ .family = AF_INET6 };
        for (unsigned k = 0; k < 16; k++)
            a.b[k] = rand() % 3 ? 0 : (uint8_t)rand();
        a.b[0] |= 0x20;
        inet_ntop(AF_INET6, a.b, want, sizeof(want));
        ck_assert_str_eq(ipaddr_str(&a, buf), want);
    }
}
END_TEST

START_TEST(prefixes)
{
    struct prefix p;
    struct ipaddr a;
    uint8_t len;
    char buf[PREFIX_STRLEN];
    ck_assert(prefix_parse("10.1.2.3/8", &p));
    ck_assert_str_eq(prefix_str(&p, buf), "10.0.0.0/8");
    ck_assert(prefix_parse("2001:db8:ffff::1/33", &p));
    ck_assert_str_eq(prefix_str(&p, buf), "2001:db8:8000::/33");
    ck_assert(prefix_parse_as_written("10.1.2.3/8", &a, &len));
    ck_assert_uint_eq(ipaddr_v4_host(&a), 0x0a010203);
    ck_assert_uint_eq(len, 8);
    static const char *const bad[] = {
        "10.0.0.0",    "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "10.0.0.0/-1",
        "10.0.0.0/1x", "::/129",      "/8",        "10.0.0.0//8", "10.0.0.0/255.0.0.0"
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!prefix_parse(bad[i], &p), "%s", bad[i]);
    a = ipaddr_v4(0xc0a80101);
    p = prefix_host(&a);
    ck_assert_str_eq(prefix_str(&p, buf), "192.168.1.1/32");
    p = prefix_from(AF_INET, a.b, 200);
    ck_assert_uint_eq(p.len, 32);
    p = (struct prefix){ 0 };
    ck_assert_str_eq(prefix_str(&p, buf), "unset");
    ipaddr_parse("255.255.255.0", &a);
    ck_assert(prefix_mask_to_len(&a, &len) && len == 24);
    ipaddr_parse("0.0.0.0", &a);
    ck_assert(prefix_mask_to_len(&a, &len) && len == 0);
    ipaddr_parse("255.255.255.255", &a);
    ck_assert(prefix_mask_to_len(&a, &len) && len == 32);
    ipaddr_parse("255.0.255.0", &a);
    ck_assert(!prefix_mask_to_len(&a, &len));
}
END_TEST

static struct prefix pfx(const char *s)
{
    struct prefix p;
    ck_assert(prefix_parse(s, &p));
    return p;
}

START_TEST(relations)
{
    struct prefix a = pfx("10.0.0.0/8"), b = pfx("10.128.0.0/9"), c = pfx("11.0.0.0/8"),
                  d = pfx("::/0"), e = pfx("0.0.0.0/0"), f = pfx("10.0.0.0/9");
    struct ipaddr x;
    ck_assert(prefix_contains(&a, &b) && !prefix_contains(&b, &a) && prefix_contains(&a, &a));
    ck_assert(!prefix_contains(&a, &c) && prefix_contains(&e, &c) && !prefix_contains(&d, &c));
    ck_assert(prefix_cmp(&a, &b) < 0 && prefix_cmp(&a, &f) < 0 && prefix_cmp(&f, &b) < 0);
    ck_assert(prefix_cmp(&c, &d) < 0 && prefix_cmp(&a, &a) == 0);
    ck_assert(prefix_eq(&a, &a) && !prefix_eq(&a, &f));
    ck_assert_uint_ne(prefix_hash(&a), prefix_hash(&f));
    ipaddr_parse("10.200.0.1", &x);
    ck_assert(prefix_contains_addr(&b, &x) && !prefix_contains_addr(&f, &x));
    ck_assert(prefix_contains_addr(&e, &x) && !prefix_contains_addr(&d, &x));
}
END_TEST

START_TEST(classes)
{
    static const struct {
        const char *a;
        bool unspec, ll, lo, mc, martian;
    } v[] = { { "0.0.0.0", 1, 0, 0, 0, 1 },
              { "0.1.2.3", 0, 0, 0, 0, 1 },
              { "127.0.0.1", 0, 0, 1, 0, 1 },
              { "169.254.1.1", 0, 1, 0, 0, 0 },
              { "224.0.0.5", 0, 0, 0, 1, 1 },
              { "240.0.0.1", 0, 0, 0, 0, 1 },
              { "255.255.255.255", 0, 0, 0, 0, 1 },
              { "192.0.2.1", 0, 0, 0, 0, 0 },
              { "::", 1, 0, 0, 0, 1 },
              { "::1", 0, 0, 1, 0, 1 },
              { "fe80::1", 0, 1, 0, 0, 0 },
              { "febf::1", 0, 1, 0, 0, 0 },
              { "fec0::1", 0, 0, 0, 0, 0 },
              { "ff02::1", 0, 0, 0, 1, 1 },
              { "2001:db8::1", 0, 0, 0, 0, 0 } };
    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        struct ipaddr a;
        ck_assert(ipaddr_parse(v[i].a, &a));
        ck_assert_msg(ipaddr_is_unspecified(&a) == v[i].unspec &&
                          ipaddr_is_linklocal(&a) == v[i].ll && ipaddr_is_loopback(&a) == v[i].lo &&
                          ipaddr_is_multicast(&a) == v[i].mc &&
                          ipaddr_is_martian(&a) == v[i].martian,
                      "%s", v[i].a);
    }
    static const char *const bad[] = { "0.0.0.0/8",   "0.1.0.0/16",  "127.0.0.0/8", "127.0.0.1/32",
                                       "224.0.0.0/3", "224.0.0.0/4", "240.0.0.0/4", "ff00::/8",
                                       "ff02::1/128", "::1/128",     "::/128" };
    static const char *const good[] = { "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1",  "10.0.0.0/8",
                                        "::/0",      "2000::/3",  "2001:db8::/32" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct prefix p = pfx(bad[i]);
        ck_assert_msg(prefix_martian(&p) != NULL, "%s", bad[i]);
    }
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct prefix p = pfx(good[i]);
        ck_assert_msg(prefix_martian(&p) == NULL, "%s", good[i]);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("prefix");
    TCase *tc = tcase_create("all");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, text);
    tcase_add_test(tc, prefixes);
    tcase_add_test(tc, relations);
    tcase_add_test(tc, classes);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
