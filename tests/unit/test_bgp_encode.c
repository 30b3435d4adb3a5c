/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_encode.c - UPDATE encoding to the byte: order, flags, lengths, 2-byte peers, what stays
 * inside the AS, full messages.
 */
#include "bgp_vec.h"

#define MARKER "ffffffffffffffffffffffffffffffff"
#define V6NH   "20010db8000000000000000000000001"
#define LL     "fe800000000000000000000000000001"

static struct bgp_attr_build b;
static uint8_t msg[BGP_MAX_LEN_EXT];

/* A set with every attribute. */
static const struct bgp_attr *full(void)
{
    static uint8_t unknown[] = { 0xc0, 200, 1, 0xaa, 0xc0, 12, 0, 0xc0, 33, 1, 0xbb, 0xc0, 25, 0 };

    bgp_attr_build_init(&b);
    b.h.origin = BGP_ORIGIN_IGP;
    ck_assert(bgp_attr_prepend(&b, 65537, 1));
    ck_assert(bgp_attr_prepend(&b, 65001, 1));
    b.h.nexthop = ipaddr_v4(0xc0000201);
    b.h.med = 10;
    b.h.local_pref = 200;
    b.h.aggregator_as = 65538;
    b.h.aggregator_id = 0xc0000209;
    b.h.originator_id = 0xc0000207;
    b.h.aigp = 5;
    b.h.otc = 65001;
    b.h.flags = BAF_MED | BAF_LOCAL_PREF | BAF_ATOMIC | BAF_AGGREGATOR | BAF_ORIGINATOR | BAF_AIGP |
                BAF_OTC;
    ck_assert(bgp_attr_community_set(&b, (uint32_t[]){ 0xfde90001 }, 1, false));
    ck_assert(
        bgp_attr_ext_set(&b, (uint64_t[]){ 0x0002fde900000001, 0x4004fde900000000 }, 2, false));
    ck_assert(bgp_attr_large_set(&b, (const uint32_t[][3]){ { 1, 2, 3 } }, 1, false));
    ck_assert(bgp_attr_cluster_prepend(&b, 1));
    b.unknown = unknown;
    b.h.unknown_len = sizeof(unknown);
    return bgp_attr_get(bgp_attr_intern(&b));
}

static void expect(size_t n, const char *attrs, const char *tail)
{
    uint8_t want[1024];
    size_t m = vec_hex(MARKER "0000 02 0000 0000", want, sizeof(want));
    size_t a = vec_hex(attrs, want + m, sizeof(want) - m);
    size_t total = m + a + vec_hex(tail, want + m + a, sizeof(want) - m - a);

    want[16] = (uint8_t)(total >> 8);
    want[17] = (uint8_t)total;
    want[21] = (uint8_t)(a >> 8);
    want[22] = (uint8_t)a;
    ck_assert_uint_eq(n, total);
    for (size_t i = 0; i < total; i++)
        ck_assert_msg(msg[i] == want[i], "byte %zu is %02x, want %02x", i, msg[i], want[i]);
}

static size_t encode(const struct bgp_encode_ctx *c, const struct bgp_attr *a)
{
    struct bgp_encoder e;
    static const uint8_t addr[16] = { 10, 1 };

    ck_assert(bgp_encode_begin(&e, c, a, msg, sizeof(msg)));
    ck_assert(bgp_encode_nlri(&e, addr, 16));
    return bgp_encode_end(&e);
}

START_TEST(test_ibgp)
{
    struct bgp_encode_ctx c = { .af = BGP_IP4_UNI,
                                .as4 = true,
                                .ibgp = true,
                                .send_community = true,
                                .send_ext = true,
                                .send_large = true,
                                .max_len = BGP_MAX_LEN };
    expect(encode(&c, full()),
           "40 01 01 00  40 02 0a 02 02 0000fde9 00010001  40 03 04 c0000201  80 04 04 0000000a  "
           "40 05 04 000000c8"
           "40 06 00  c0 07 08 00010002 c0000209  c0 08 04 fde90001  80 09 04 c0000207  80 0a 04 "
           "00000001  e0 0c 00"
           "c0 10 10 0002fde900000001 4004fde900000000  e0 19 00  80 1a 0b 01 000b 0000000000000005"
           "c0 20 0c 00000001 00000002 00000003  e0 21 01 bb  c0 23 04 0000fde9  e0 c8 01 aa",
           "10 0a01");
}
END_TEST

START_TEST(test_ebgp)
{
    struct bgp_encode_ctx c = { .af = BGP_IP4_UNI,
                                .as4 = true,
                                .send_community = true,
                                .send_ext = true,
                                .send_large = true,
                                .max_len = BGP_MAX_LEN };
    /* no LOCAL_PREF, reflection, AIGP, non-transitive extended communities */
    expect(encode(&c, full()),
           "40 01 01 00  40 02 0a 02 02 0000fde9 00010001  40 03 04 c0000201  80 04 04 0000000a"
           "40 06 00  c0 07 08 00010002 c0000209  c0 08 04 fde90001  e0 0c 00"
           "c0 10 08 0002fde900000001  e0 19 00"
           "c0 20 0c 00000001 00000002 00000003  e0 21 01 bb  c0 23 04 0000fde9  e0 c8 01 aa",
           "10 0a01");
    c.send_community = c.send_ext = c.send_large = false;
    expect(encode(&c, full()),
           "40 01 01 00  40 02 0a 02 02 0000fde9 00010001  40 03 04 c0000201  80 04 04 0000000a"
           "40 06 00  c0 07 08 00010002 c0000209  e0 0c 00  e0 19 00  e0 21 01 bb  c0 23 04 "
           "0000fde9  e0 c8 01 aa",
           "10 0a01");
}
END_TEST

START_TEST(test_two_byte)
{
    struct bgp_encode_ctx c = { .af = BGP_IP4_UNI, .max_len = BGP_MAX_LEN };

    expect(encode(&c, full()),
           "40 01 01 00  40 02 06 02 02 fde9 5ba0  40 03 04 c0000201  80 04 04 0000000a"
           "40 06 00  c0 07 06 5ba0 c0000209  e0 0c 00  c0 11 0a 02 02 0000fde9 00010001  c0 12 08 "
           "00010002 c0000209"
           "e0 19 00  e0 21 01 bb  c0 23 04 0000fde9  e0 c8 01 aa",
           "10 0a01");
    /* All ASes fit: no AS4_* (RFC 6793 4.2.2). Confederation segments never go into AS4_PATH. */
    bgp_attr_build_init(&b);
    ck_assert(bgp_attr_prepend(&b, 65001, 1));
    b.h.nexthop = ipaddr_v4(0xc0000201);
    expect(encode(&c, bgp_attr_get(bgp_attr_intern(&b))),
           "40 01 01 02  40 02 04 02 01 fde9  40 03 04 c0000201", "10 0a01");
    ck_assert(bgp_attr_prepend(&b, 65537, 1));
    ck_assert(bgp_attr_prepend_confed(&b, 64512));
    expect(encode(&c, bgp_attr_get(bgp_attr_intern(&b))),
           "40 01 01 02  40 02 0a 03 01 fc00 02 02 5ba0 fde9  40 03 04 c0000201  c0 11 0a 02 02 "
           "00010001 0000fde9",
           "10 0a01");
}
END_TEST

START_TEST(test_local_pref_default)
{
    struct bgp_encode_ctx c = {
        .af = BGP_IP4_UNI, .as4 = true, .ibgp = true, .max_len = BGP_MAX_LEN
    };

    bgp_attr_build_init(&b);
    b.h.nexthop = ipaddr_v4(0xc0000201);
    expect(encode(&c, bgp_attr_get(bgp_attr_intern(&b))),
           "40 01 01 02  40 02 00  40 03 04 c0000201  40 05 04 00000064", "10 0a01");
}
END_TEST

START_TEST(test_mp)
{
    struct bgp_encode_ctx c = { .af = BGP_IP6_UNI, .as4 = true, .max_len = BGP_MAX_LEN };
    uint8_t nh[16], ll[16], addr[16] = { 0x20, 0x01, 0x0d, 0xb8 };
    struct bgp_encoder e;

    vec_hex(V6NH, nh, 16);
    vec_hex(LL, ll, 16);
    bgp_attr_build_init(&b);
    ck_assert(bgp_attr_prepend(&b, 65001, 1));
    b.h.nexthop = ipaddr_from(AF_INET6, nh);
    ck_assert(bgp_encode_begin(&e, &c, bgp_attr_get(bgp_attr_intern(&b)), msg, sizeof(msg)));
    ck_assert(bgp_encode_nlri(&e, addr, 32));
    ck_assert(bgp_encode_nlri(&e, addr, 0));
    ck_assert(bgp_encode_nlri(&e, addr, 128));
    ck_assert(!bgp_encode_nlri(&e, addr, 129));
    expect(bgp_encode_end(&e),
           "40 01 01 02  40 02 06 02 01 0000fde9"
           "90 0e 002c 0002 01 10 " V6NH "00 20 20010db8 00 80 20010db8000000000000000000000000",
           "");
    b.h.nexthop_ll = ipaddr_from(AF_INET6, ll);
    c.af = BGP_IP4_UNI;
    c.mp_ip4 = true;
    addr[0] = 10;
    ck_assert(bgp_encode_begin(&e, &c, bgp_attr_get(bgp_attr_intern(&b)), msg, sizeof(msg)));
    ck_assert(bgp_encode_nlri(&e, addr, 8));
    ck_assert(!bgp_encode_nlri(&e, addr, 33));
    expect(bgp_encode_end(&e),
           "40 01 01 02  40 02 06 02 01 0000fde9  90 0e 0027 0001 01 20 " V6NH LL "00 08 0a", "");

    c = (struct bgp_encode_ctx){ .af = BGP_IP6_UNI, .max_len = BGP_MAX_LEN };
    ck_assert(bgp_encode_begin_withdraw(&e, &c, msg, sizeof(msg)));
    ck_assert_uint_eq(bgp_encode_end(&e), 0); /* nothing in it */
    ck_assert(bgp_encode_begin_withdraw(&e, &c, msg, sizeof(msg)));
    addr[0] = 0x20;
    ck_assert(bgp_encode_nlri(&e, addr, 32));
    expect(bgp_encode_end(&e), "90 0f 0008 0002 01 20 20010db8", "");
}
END_TEST

START_TEST(test_withdraw)
{
    struct bgp_encode_ctx c = { .af = BGP_IP4_UNI, .max_len = BGP_MAX_LEN };
    struct bgp_encoder e;
    uint8_t want[64], addr[16] = { 10, 1, 2, 3 };

    ck_assert(bgp_encode_begin_withdraw(&e, &c, msg, sizeof(msg)));
    ck_assert(bgp_encode_nlri(&e, addr, 8));
    ck_assert(bgp_encode_nlri(&e, addr, 32));
    ck_assert_uint_eq(bgp_encode_end(&e), 30);
    ck_assert_uint_eq(vec_hex(MARKER "001e 02 0007 08 0a 20 0a010203 0000", want, sizeof(want)),
                      30);
    ck_assert_mem_eq(msg, want, 30);

    ck_assert_uint_eq(bgp_eor_encode(BGP_IP4_UNI, msg, sizeof(msg)), 23);
    vec_hex(MARKER "0017 02 0000 0000", want, sizeof(want));
    ck_assert_mem_eq(msg, want, 23);
    ck_assert_uint_eq(bgp_eor_encode(BGP_IP6_UNI, msg, sizeof(msg)), 29);
    vec_hex(MARKER "001d 02 0000 0006 80 0f 03 0002 01", want, sizeof(want));
    ck_assert_mem_eq(msg, want, 29);
    ck_assert_uint_eq(bgp_eor_encode(BGP_IP6_UNI, msg, 28), 0);
}
END_TEST

/* Messages are filled to the last byte that fits, at every limit, and decode whole. */
START_TEST(test_full)
{
    static struct bgp_update u;
    const struct bgp_attr *a = full();
    struct bgp_update_ctx uc = { .as4 = true, .af = 3 };
    struct bgp_error err;

    for (int kind = 0; kind < 4; kind++) {
        for (unsigned max = 200; max < 4096; max += 61) {
            struct bgp_encode_ctx c = { .af = kind & 1 ? BGP_IP6_UNI : BGP_IP4_UNI,
                                        .as4 = true,
                                        .max_len = max };
            uint8_t *buf = malloc(max), addr[16] = { 0x20 },
                    type; /* exact: a write past the limit is seen */
            struct bgp_encoder e;
            uint16_t len;
            unsigned n = 0;
            ck_assert(kind & 2 ? bgp_encode_begin_withdraw(&e, &c, buf, max)
                               : bgp_encode_begin(&e, &c, a, buf, max));
            while (bgp_encode_nlri(&e, addr, 24)) {
                addr[2]++;
                n++;
            }
            size_t m = bgp_encode_end(&e);
            ck_assert_uint_le(m, max);
            ck_assert_uint_gt(m, max - 4);
            ck_assert_int_eq(bgp_header_decode(buf, m, max, &type, &len, &err), 1);
            bgp_update_decode(buf + BGP_HEADER_LEN, m - BGP_HEADER_LEN, &uc, &u);
            if (kind != 1) { /* the set has an IPv4 next hop, which an IPv6 block may not */
                ck_assert_msg(u.outcome == BGP_OK, "%s", u.err.text);
                ck_assert_uint_eq(u.n_nlri, 1);
                ck_assert_uint_eq(u.nlri[0].count, n);
            }
            free(buf);
        }
    }
    /* Attributes that leave no room for a prefix. */
    struct bgp_encode_ctx c = { .af = BGP_IP4_UNI, .as4 = true, .max_len = BGP_MAX_LEN };
    struct bgp_encoder e;
    for (size_t cap = 0; cap < 100; cap++)
        ck_assert(!bgp_encode_begin(&e, &c, a, msg, cap));
    bgp_attr_build_init(&b);
    ck_assert(bgp_attr_prepend(&b, 65001, 1100));
    a = bgp_attr_get(bgp_attr_intern(&b));
    ck_assert(!bgp_encode_begin(&e, &c, a, msg, sizeof(msg)));
    c.max_len = BGP_MAX_LEN_EXT;
    ck_assert(bgp_encode_begin(&e, &c, a, msg, sizeof(msg)));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bgp_encode");
    TCase *tc = tcase_create("encode");

    tcase_add_checked_fixture(tc, bgp_attr_init, NULL);
    tcase_add_test(tc, test_ibgp);
    tcase_add_test(tc, test_ebgp);
    tcase_add_test(tc, test_two_byte);
    tcase_add_test(tc, test_local_pref_default);
    tcase_add_test(tc, test_mp);
    tcase_add_test(tc, test_withdraw);
    tcase_add_test(tc, test_full);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
