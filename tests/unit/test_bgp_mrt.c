/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_mrt.c - every UPDATE of real MRT files through the codec and back.
 *
 * Reads the data set that GODWIT_TEST_DATA names and is skipped, saying so, without it. Announced
 * and withdrawn prefixes must be as many as bgpdump counts in each file; every announcement,
 * encoded and decoded again, must be the same interned set and the same prefixes.
 */
#include "bgp_vec.h"
#include <unistd.h>

struct mrt_file {
    const char *path;
    unsigned announced, withdrawn; /* as bgpdump -m prints them */
};
static const struct mrt_file files[] = {
    { "mrt/samples/mrtparse/openbgpd_bgp", 93, 0 },
    { "mrt/samples/mrtparse/quagga_bgp", 18, 0 },
    { "mrt/updates/bgp-rs/updates.20190101.0000.gz", 159948, 2626 },
    { "mrt/updates/bgpdump/updates.20020722.2238.gz", 825, 2419 },
    { "mrt/updates/bgpdump/updates.20070211.0141.gz", 51329 - 93, 2328 - 58 },
    { "mrt/updates/bgpdump/updates.20071015.1505.gz", 10111, 385 },
    { "mrt/updates/bgpdump/updates.20100722.2015.gz", 5067, 547 },
    { "mrt/updates/bgpdump/updates.20160811.1600.gz", 39256, 1956 },
    { "mrt/updates/bgpdump/updates.et-header.2015.gz", 577737, 3 },
    { "mrt/updates/bgpdump/updates.long_withdrawal.gz", 0, 4096 },
    { "mrt/updates/bgpkit/rrc00/updates.19990903.1041.gz", 65286, 25 },
    { "mrt/updates/bgpkit/rrc00/updates.19991214.1621.gz", 54126, 1363 },
    { "mrt/updates/bgpkit/rrc00/updates.20000102.2014.gz", 5668, 675 },
    { "mrt/updates/bgpkit/rrc03/updates.20100227.1600.first-796-records.gz", 1226, 133 },
    { "mrt/updates/bgpkit/rrc15/updates.20100227.1600.gz", 52468, 1318 },
    { "mrt/updates/bgpkit/rrc15/updates.20100227.1610.gz", 5920, 1549 },
    { "mrt/updates/libbgpstream/ris.rrc06.updates.1427846400.gz", 1435, 122 },
    { "mrt/updates/libbgpstream/routeviews.route-views.jinx.updates.1427846400.bz2", 8160, 451 },
};

struct counts {
    unsigned messages, announced, withdrawn, outcome[4];
    char worst[120];
};

static uint8_t *slurp(const char *path, size_t *ret_len)
{
    char cmd[1024];
    const char *dot = strrchr(path, '.');
    const char *tool = dot && !strcmp(dot, ".gz")    ? "gzip -dc"
                       : dot && !strcmp(dot, ".bz2") ? "bzip2 -dc"
                                                     : "cat";
    size_t len = 0, cap = 1 << 20, got;
    uint8_t *buf = malloc(cap);

    snprintf(cmd, sizeof(cmd), "%s '%s'", tool, path);
    FILE *f = popen(cmd, "r");
    ck_assert(f && buf);
    while ((got = fread(buf + len, 1, cap - len, f)) > 0) {
        len += got;
        if (len == cap) {
            cap *= 2;
            buf = realloc(buf, cap);
            ck_assert_ptr_nonnull(buf);
        }
    }
    pclose(f);
    *ret_len = len;
    return buf;
}

/* One announced block through the encoder and back: the same set, the same prefixes. */
static void there_and_back(struct bgp_update *u, unsigned i, const struct bgp_update_ctx *ctx)
{
    static struct bgp_update again;
    static uint8_t msg[BGP_MAX_LEN_EXT];
    const struct bgp_nlri *n = &u->nlri[i];
    struct bgp_encoder e;
    uint8_t addr[16], len;

    bgp_update_nexthop(u, i);
    if (!(u->attr.h.flags & BAF_LOCAL_PREF)) { /* is never left out inside the AS */
        u->attr.h.flags |= BAF_LOCAL_PREF;
        u->attr.h.local_pref = 100;
    }
    uint32_t h = bgp_attr_intern(&u->attr);
    struct bgp_encode_ctx c = { .af = n->af,
                                .as4 = ctx->as4,
                                .ibgp = true,
                                .send_community = true,
                                .send_ext = true,
                                .send_large = true,
                                .max_len = BGP_MAX_LEN_EXT };
    ck_assert(bgp_encode_begin(&e, &c, bgp_attr_get(h), msg, sizeof(msg)));
    for (struct rb r = rb_init(n->p, n->len); bgp_nlri_next(&r, addr, &len);)
        ck_assert(bgp_encode_nlri(&e, addr, len));
    size_t m = bgp_encode_end(&e);
    bgp_update_decode(msg + BGP_HEADER_LEN, m - BGP_HEADER_LEN, ctx, &again);
    ck_assert_msg(again.outcome == BGP_OK, "%s", again.err.text);
    ck_assert_uint_eq(again.n_nlri, 1);
    ck_assert_uint_eq(again.nlri[0].count, n->count);
    bgp_update_nexthop(&again, 0);
    ck_assert_uint_eq(bgp_attr_intern(&again.attr), h);
}

static void take_update(const uint8_t *p, size_t len, bool as4, struct counts *n)
{
    static struct bgp_update u;
    struct bgp_update_ctx c = { .as4 = as4, .ibgp = true, .af = 3 };

    bgp_update_decode(p, len, &c, &u);
    n->messages++;
    n->outcome[u.outcome]++;
    if (u.outcome >= BGP_WITHDRAW && !n->worst[0])
        memcpy(n->worst, u.err.text, sizeof(n->worst));
    for (unsigned i = 0; i < u.n_nlri; i++) {
        /* what is treated as withdraw was announced all the same */
        bool announced = !u.nlri[i].withdraw || (u.outcome == BGP_WITHDRAW && i == u.n_nlri - 1);
        *(announced ? &n->announced : &n->withdrawn) += u.nlri[i].count;
        if (!u.nlri[i].withdraw)
            there_and_back(&u, i, &c);
    }
}

/* RFC 6396 4.4: what precedes the BGP message. */
static void take_bgp4mp(struct rb *r, unsigned subtype, struct counts *n)
{
    bool as4 = subtype == 4 || subtype == 7;
    uint8_t type;
    uint16_t len;
    struct bgp_error err;

    if (subtype != 1 && subtype != 4 && subtype != 6 && subtype != 7)
        return;
    rb_skip(r, (as4 ? 8 : 4) + 2);
    rb_skip(r, rb_u16(r) == 2 ? 32 : 8);
    if (bgp_header_decode(r->p, rb_left(r), BGP_MAX_LEN_EXT, &type, &len, &err) != 1 ||
        len > rb_left(r))
        return;
    if (type == BGP_UPDATE)
        take_update(r->p + BGP_HEADER_LEN, len - BGP_HEADER_LEN, as4, n);
}

static void take_file(const uint8_t *p, size_t len, struct counts *n)
{
    struct rb r = rb_init(p, len);

    while (rb_left(&r) >= 12) {
        rb_skip(&r, 4);
        unsigned type = rb_u16(&r), subtype = rb_u16(&r);
        struct rb rec = rb_sub(&r, rb_u32(&r));
        if (!rb_ok(&rec))
            break;
        if (type == 17) /* microseconds first */
            rb_skip(&rec, 4);
        if (type == 16 || type == 17) {
            take_bgp4mp(&rec, subtype, n);
        } else if (type == 5 && subtype == 1) { /* RFC 6396 appendix: both peers, then the body */
            rb_skip(&rec, 12);
            take_update(rec.p, rb_left(&rec), false, n);
        }
    }
}

START_TEST(test_file)
{
    char path[512];
    struct counts n = { 0 };
    size_t len;

    snprintf(path, sizeof(path), "%s/%s", getenv("GODWIT_TEST_DATA"), files[_i].path);
    if (access(path, R_OK) < 0) {
        printf("skipped: %s is not there\n", files[_i].path);
        return;
    }
    uint8_t *p = slurp(path, &len);
    take_file(p, len, &n);
    free(p);
    printf("%s: %u UPDATEs, %u announced, %u withdrawn; outcomes %u %u %u %u %s\n", files[_i].path,
           n.messages, n.announced, n.withdrawn, n.outcome[0], n.outcome[1], n.outcome[2],
           n.outcome[3], n.worst);
    fflush(stdout); /* a failing child does not */
    ck_assert_uint_eq(n.announced, files[_i].announced);
    ck_assert_uint_eq(n.withdrawn, files[_i].withdrawn);
}
END_TEST

int main(void)
{
    if (!getenv("GODWIT_TEST_DATA")) {
        printf("skipped: GODWIT_TEST_DATA does not name the real data set\n");
        return 77;
    }
    Suite *s = suite_create("bgp_mrt");
    TCase *tc = tcase_create("files");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, bgp_attr_init, NULL);
    tcase_add_loop_test(tc, test_file, 0, sizeof(files) / sizeof(files[0]));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
