/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_attr.c - attribute sets: canonical form and derived fields, every edit, text forms both
 * ways.
 */
#include "bgp_vec.h"

static struct bgp_attr_build b;

/* A path from text like "2:65001,65002 1:1,2": type, ASes. */
static void path(struct bgp_attr_build *x, const char *s)
{
    static uint8_t buf[4096];
    size_t n = 0;

    while (*s) {
        size_t head = n;
        char *end;
        buf[n++] = (uint8_t)strtoul(s, &end, 10);
        buf[n++] = 0;
        do {
            uint32_t as = (uint32_t)strtoul(end + 1, &end, 10);
            buf[n++] = (uint8_t)(as >> 24);
            buf[n++] = (uint8_t)(as >> 16);
            buf[n++] = (uint8_t)(as >> 8);
            buf[n++] = (uint8_t)as;
            buf[head + 1]++;
        } while (*end == ',');
        s = *end ? end + 1 : end;
    }
    x->aspath = buf;
    x->h.aspath_len = (uint16_t)n;
}

static const struct bgp_attr *made(void)
{
    return bgp_attr_get(bgp_attr_intern(&b));
}

static const char *path_text(void)
{
    static char buf[4096];
    return bgp_attr_path_str(made(), buf, sizeof(buf));
}

START_TEST(test_paths)
{
    static const struct {
        const char *in, *text;
        uint16_t len;
        uint32_t first, origin;
        bool set;
    } v[] = {
        { "", "", 0, 0, 0, false },
        { "2:65001", "65001", 1, 65001, 65001, false },
        { "2:65001,65002,4200000000", "65001 65002 4200000000", 3, 65001, 4200000000u, false },
        { "2:65001,65002 1:1,2", "65001 65002 {1,2}", 3, 65001, 2, true },
        { "1:1,2 2:3", "{1,2} 3", 2, 0, 3, true },
        { "3:64512,64513 2:65001", "(64512 64513) 65001", 1, 65001, 65001, false },
        { "3:64512", "(64512)", 0, 0, 64512, false },
        { "4:64512,64513 2:7,8", "[64512,64513] 7 8", 2, 7, 8, true },
        { "2:1 2:2", "1 2", 2, 1, 2, false },
    };

    for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        bgp_attr_build_init(&b);
        path(&b, v[i].in);
        const struct bgp_attr *a = made();
        ck_assert_str_eq(path_text(), v[i].text);
        ck_assert_uint_eq(a->path_len, v[i].len);
        ck_assert_uint_eq(a->first_as, v[i].first);
        ck_assert_uint_eq(a->origin_as, v[i].origin);
        ck_assert_int_eq((a->flags & BAF_AS_SET) != 0, v[i].set);
        ck_assert_int_eq(a->origin, BGP_ORIGIN_INCOMPLETE);
    }
    bgp_attr_build_init(&b);
    path(&b, "2:1,2,1 1:1,3");
    ck_assert_uint_eq(bgp_attr_path_count(made(), 1), 3);
    ck_assert_uint_eq(bgp_attr_path_count(made(), 4), 0);
    char tiny[6];
    ck_assert_str_eq(bgp_attr_path_str(made(), tiny, sizeof(tiny)), "1 2 1");
    ck_assert_ptr_eq(bgp_attr_path_str(made(), tiny, 0), tiny);
}
END_TEST

START_TEST(test_prepend)
{
    bgp_attr_build_init(&b);
    ck_assert(bgp_attr_prepend(&b, 65001, 1));
    ck_assert_str_eq(path_text(), "65001");
    ck_assert(bgp_attr_prepend(&b, 65002, 3));
    ck_assert_str_eq(path_text(), "65002 65002 65002 65001");
    ck_assert_uint_eq(made()->aspath_len, 2 + 16); /* one segment */
    ck_assert(bgp_attr_prepend(&b, 65002, 0));
    ck_assert_uint_eq(made()->path_len, 4);
    ck_assert(bgp_attr_prepend_confed(&b, 64512));
    ck_assert(bgp_attr_prepend_confed(&b, 64513));
    ck_assert_str_eq(path_text(), "(64513 64512) 65002 65002 65002 65001");
    ck_assert(bgp_attr_prepend(&b, 1, 1));
    ck_assert_str_eq(path_text(), "1 (64513 64512) 65002 65002 65002 65001");
    ck_assert(bgp_attr_strip_confed(&b));
    ck_assert_str_eq(path_text(), "1 65002 65002 65002 65001");
    ck_assert(bgp_attr_strip_confed(&b));

    /* A segment holds 255 (RFC 4271 4.3): the next one begins. */
    bgp_attr_build_init(&b);
    ck_assert(bgp_attr_prepend(&b, 7, 255));
    ck_assert_uint_eq(made()->aspath_len, 2 + 4 * 255);
    ck_assert(bgp_attr_prepend(&b, 8, 1));
    ck_assert_uint_eq(made()->aspath_len, 2 + 4 * 255 + 6);
    ck_assert_uint_eq(made()->path_len, 256);
    ck_assert_uint_eq(made()->first_as, 8);
    ck_assert(bgp_attr_prepend(&b, 9, 300));
    ck_assert_uint_eq(made()->path_len, 556);
    /* What does not fit leaves the path alone. */
    const struct bgp_attr *before = made();
    ck_assert(!bgp_attr_prepend(&b, 9, 4000));
    while (bgp_attr_prepend(&b, 9, 10))
        before = made();
    ck_assert_ptr_eq(made(), before);
}
END_TEST

static const char *removed(const char *in, bool all, bool replace)
{
    bgp_attr_build_init(&b);
    path(&b, in);
    ck_assert(bgp_attr_remove_private(&b, all, replace, 100));
    return path_text();
}

START_TEST(test_rewrite)
{
    ck_assert_str_eq(removed("2:64512,65534,4200000000,4294967294", false, false), "");
    ck_assert_str_eq(removed("2:64512,1", false, false), "64512 1");
    ck_assert_str_eq(removed("2:64512,1,65534", true, false), "1");
    ck_assert_str_eq(removed("2:64511,65535,4199999999", true, false), "64511 65535 4199999999");
    ck_assert_str_eq(removed("2:64512,1,65534", true, true), "100 1 100");
    ck_assert_str_eq(removed("2:64512,64513", false, true), "100 100");
    ck_assert_str_eq(removed("2:1 1:64512,2 2:64513", true, false), "1 {2}");
    ck_assert_str_eq(removed("", true, false), "");

    bgp_attr_build_init(&b);
    path(&b, "2:1,2,1 1:1,3");
    ck_assert(bgp_attr_as_replace(&b, 1, 9));
    ck_assert_str_eq(path_text(), "9 2 9 {9,3}");
    ck_assert(bgp_attr_as_replace(&b, 0, 5));
    ck_assert_str_eq(path_text(), "5 5 5 {5,5}");
    ck_assert(!bgp_attr_as_replace(&b, 5, 0));
    path(&b, "2:1,2,1 1:1,3 2:2");
    ck_assert(bgp_attr_as_exclude(&b, (uint32_t[]){ 1, 3 }, 2));
    ck_assert_str_eq(path_text(), "2 2");
    ck_assert(bgp_attr_as_exclude(&b, (uint32_t[]){ 2 }, 1));
    ck_assert_str_eq(path_text(), "");
}
END_TEST

static bool drop_odd(void *ctx, uint32_t c)
{
    return c & 1;
}

static bool drop_first(void *ctx, const uint32_t c[3])
{
    return c[0] == *(uint32_t *)ctx;
}

START_TEST(test_communities)
{
    char buf[256];

    bgp_attr_build_init(&b);
    ck_assert(bgp_attr_community_set(
        &b, (uint32_t[]){ 0xFFFFFF01, 0x00010002, 0xFFFFFF01, 0xFFFF029A }, 4, false));
    const struct bgp_attr *a = made();
    ck_assert_str_eq(bgp_attr_community_str(a, buf, sizeof(buf)), "1:2 blackhole no-export");
    ck_assert_uint_eq(a->flags, BAF_NO_EXPORT | BAF_BLACKHOLE);
    ck_assert(bgp_attr_has_community(a, 0x00010002));
    ck_assert(bgp_attr_has_community(a, BGP_COMM_NO_EXPORT));
    ck_assert(!bgp_attr_has_community(a, 0x00010003));
    ck_assert(bgp_attr_community_set(
        &b, (uint32_t[]){ 5, BGP_COMM_NO_ADVERTISE, BGP_COMM_LOCAL_AS, 0xFFFF0006 }, 4, true));
    a = made();
    ck_assert_uint_eq(a->flags, BAF_NO_EXPORT | BAF_BLACKHOLE | BAF_NO_ADVERTISE | BAF_LOCAL_AS |
                                    BAF_LLGR_STALE);
    ck_assert_uint_eq(a->community_len, 4 * 7);
    ck_assert(bgp_attr_community_remove(&b, drop_odd, NULL));
    a = made();
    ck_assert_str_eq(bgp_attr_community_str(a, buf, sizeof(buf)),
                     "1:2 llgr-stale blackhole no-advertise");
    ck_assert_uint_eq(a->flags,
                      BAF_BLACKHOLE | BAF_NO_ADVERTISE | BAF_LLGR_STALE); /* derived anew */
    ck_assert(bgp_attr_community_set(&b, NULL, 0, false));
    ck_assert_uint_eq(made()->community_len, 0);

    ck_assert(bgp_attr_large_set(&b, (const uint32_t[][3]){ { 2, 0, 0 }, { 1, 2, 3 }, { 2, 0, 0 } },
                                 3, false));
    ck_assert_str_eq(bgp_attr_large_str(made(), buf, sizeof(buf)), "1:2:3 2:0:0");
    ck_assert(bgp_attr_large_set(&b, (const uint32_t[][3]){ { 4294967295u, 1, 1 } }, 1, true));
    ck_assert_str_eq(bgp_attr_large_str(made(), buf, sizeof(buf)), "1:2:3 2:0:0 4294967295:1:1");
    ck_assert(bgp_attr_large_remove(&b, drop_first, &(uint32_t){ 2 }));
    ck_assert_str_eq(bgp_attr_large_str(made(), buf, sizeof(buf)), "1:2:3 4294967295:1:1");

    uint64_t rt, soo;
    ck_assert(bgp_ext_parse("rt", "65000:1", &rt));
    ck_assert(bgp_ext_parse("soo", "192.0.2.1:7", &soo));
    ck_assert(bgp_attr_ext_set(&b, (uint64_t[]){ soo, rt }, 2, false));
    ck_assert_str_eq(bgp_attr_ext_str(made(), buf, sizeof(buf)), "RT:65000:1 SoO:192.0.2.1:7");
    ck_assert(bgp_attr_ext_set(&b,
                               (uint64_t[]){ 0x40040000FDE8ull << 16 | 0, 0x030b000000000064ull,
                                             0x030c000000000008ull, 0x0600000000000001ull,
                                             0x4004fde84cee6b28ull },
                               5, true));
    ck_assert_str_eq(bgp_attr_ext_str(made(), buf, sizeof(buf)),
                     "RT:65000:1 SoO:192.0.2.1:7 Color:100 ET:8 UNK:6, 0 LB:0:0 (0 bps) "
                     "LB:65000:125000000 (1.000 Gbps)");

    ck_assert(bgp_attr_cluster_prepend(&b, 1));
    ck_assert(bgp_attr_cluster_prepend(&b, 2));
    a = made();
    ck_assert_uint_eq(a->n_cluster, 2);
    ck_assert_uint_eq(bgp_attr_cluster(a)[3], 2);
    ck_assert(bgp_attr_in_cluster_list(a, 1));
    ck_assert(!bgp_attr_in_cluster_list(a, 3));
}
END_TEST

/* More than fits the stack and the insertion sort. */
START_TEST(test_many)
{
    static uint32_t c[1500];

    bgp_attr_build_init(&b);
    for (uint32_t i = 0; i < 1500; i++)
        c[i] = (i * 7919) % 750;
    ck_assert(bgp_attr_community_set(&b, c, 1500, false));
    const struct bgp_attr *a = made();
    ck_assert_uint_eq(a->community_len, 4 * 750);
    for (uint32_t i = 0; i < 750; i++)
        ck_assert(bgp_attr_has_community(a, i));
    ck_assert(!bgp_attr_has_community(a, 750));
}
END_TEST

START_TEST(test_intern)
{
    static struct bgp_attr_build other;

    bgp_attr_build_init(&b);
    bgp_attr_build_init(&other);
    ck_assert(bgp_attr_community_set(&b, (uint32_t[]){ 1, 2 }, 2, false));
    ck_assert(bgp_attr_community_set(&other, (uint32_t[]){ 2, 1, 2 }, 3, false));
    ck_assert(bgp_attr_prepend(&b, 65001, 1));
    ck_assert(bgp_attr_prepend(&other, 65001, 1));
    uint32_t h = bgp_attr_intern(&b);
    ck_assert_uint_ne(h, 0);
    ck_assert_uint_eq(bgp_attr_intern(&other), h);
    bgp_attr_build_from(&other, bgp_attr_get(h));
    ck_assert_uint_eq(bgp_attr_intern(&other), h);
    other.h.flags |= BAF_NO_EXPORT; /* a derived flag is not taken from the build */
    ck_assert_uint_eq(bgp_attr_intern(&other), h);
    other.h.med = 1;
    ck_assert_uint_ne(bgp_attr_intern(&other), h);
    ck_assert_uint_eq(sizeof(struct bgp_attr), 112);
}
END_TEST

START_TEST(test_parse)
{
    static const struct {
        const char *s;
        bool ok;
        uint32_t v;
    } comm[] = {
        { "65001:1", true, 0xfde90001 },
        { "0:0", true, 0 },
        { "65535:65535", true, 0xffffffff },
        { "no-export", true, BGP_COMM_NO_EXPORT },
        { "No-Export", true, BGP_COMM_NO_EXPORT },
        { "local-AS", true, BGP_COMM_LOCAL_AS },
        { "internet", true, 0 },
        { "graceful-shutdown", true, 0xffff0000 },
        { "accept-own", true, 0xffff0001 },
        { "llgr-stale", true, 0xffff0006 },
        { "no-llgr", true, 0xffff0007 },
        { "blackhole", true, BGP_COMM_BLACKHOLE },
        { "no-peer", true, BGP_COMM_NO_PEER },
        { "123", true, 123 },
        { "4294967295", true, 0xffffffff },
        { "4294967296", false, 0 },
        { "65536:1", false, 0 },
        { "1:65536", false, 0 },
        { "1:", false, 0 },
        { ":1", false, 0 },
        { "1:2:3", false, 0 },
        { "", false, 0 },
        { "no-such", false, 0 },
        { " 1:2", false, 0 },
        { "1:2 ", false, 0 },
        { "+1:2", false, 0 },
        { "-1", false, 0 },
    };
    static const struct {
        const char *kind, *s;
        bool ok;
        uint64_t v;
    } ext[] = {
        { "rt", "65000:1", true, 0x0002fde800000001 },
        { "RT", "1:4294967295", true, 0x00020001ffffffff },
        { "rt", "65536:1", true, 0x0202000100000001 },
        { "rt", "65536:65536", false, 0 },
        { "soo", "192.0.2.1:65535", true, 0x0103c0000201ffff },
        { "soo", "192.0.2.1:65536", false, 0 },
        { "rt", "4294967296:1", false, 0 },
        { "rt", "1", false, 0 },
        { "rt", ":1", false, 0 },
        { "rt", "1:", false, 0 },
        { "nope", "1:1", false, 0 },
        { "rt", "192.0.2:1", false, 0 },
    };
    uint32_t l[3] = { 9, 9, 9 };
    char buf[64];

    for (size_t i = 0; i < sizeof(comm) / sizeof(comm[0]); i++) {
        uint32_t v = 77, again;
        ck_assert_msg(bgp_community_parse(comm[i].s, &v) == comm[i].ok, "%s", comm[i].s);
        ck_assert_uint_eq(v, comm[i].ok ? comm[i].v : 77);
        if (comm[i].ok) {
            ck_assert(bgp_community_parse(bgp_community_str(v, buf, sizeof(buf)), &again));
            ck_assert_uint_eq(again, v);
        }
    }
    for (size_t i = 0; i < sizeof(ext) / sizeof(ext[0]); i++) {
        uint64_t v = 77;
        ck_assert_msg(bgp_ext_parse(ext[i].kind, ext[i].s, &v) == ext[i].ok, "%s", ext[i].s);
        ck_assert_uint_eq(v, ext[i].ok ? ext[i].v : 77);
    }
    ck_assert(!bgp_large_parse("1:2", l));
    ck_assert(!bgp_large_parse("1:2:3:4", l));
    ck_assert(!bgp_large_parse("1:2:4294967296", l));
    ck_assert_uint_eq(l[0], 9);
    ck_assert(bgp_large_parse("1:2:4294967295", l));
    ck_assert_uint_eq(l[2], 4294967295u);
    ck_assert_str_eq(bgp_origin_name(BGP_ORIGIN_EGP), "EGP");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bgp_attr");
    TCase *tc = tcase_create("attr");

    tcase_add_checked_fixture(tc, bgp_attr_init, NULL);
    tcase_add_test(tc, test_paths);
    tcase_add_test(tc, test_prepend);
    tcase_add_test(tc, test_rewrite);
    tcase_add_test(tc, test_communities);
    tcase_add_test(tc, test_many);
    tcase_add_test(tc, test_intern);
    tcase_add_test(tc, test_parse);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
