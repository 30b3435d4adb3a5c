/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_stream.c - framing under any cut of the input, and the order of output under any partial
 * write.
 */
#include "bgp_stream.h"
#include <check.h>
#include <stdlib.h>

static size_t put_message(uint8_t *p, uint8_t type, size_t body, uint8_t fill)
{
    size_t len = BGP_HEADER_LEN + body;
    memset(p, 0xff, 16);
    p[16] = (uint8_t)(len >> 8);
    p[17] = (uint8_t)len;
    p[18] = type;
    memset(p + BGP_HEADER_LEN, fill, body);
    return len;
}

/* Cuts the same stream at every step width: the same messages come out. */
START_TEST(framing)
{
    uint8_t stream[4096], buf[BGP_MAX_LEN_EXT + 4096];
    size_t n = 0, count = 0;
    for (unsigned i = 0; n + 200 < sizeof stream; i++, count++)
        n += put_message(stream + n, i % 3 ? BGP_UPDATE : BGP_KEEPALIVE, i % 3 ? 4 + i % 50 : 0,
                         (uint8_t)i);
    for (size_t step = 1; step < 300; step++) {
        struct bgp_stream s = { .max = BGP_MAX_LEN };
        size_t seen = 0, bytes = 0;
        for (size_t off = 0; off < n; off += step) {
            size_t add = n - off < step ? n - off : step;
            size_t kept = bgp_stream_begin(&s, buf);
            memcpy(buf + kept, stream + off, add);
            const uint8_t *p = buf, *end = buf + kept + add;
            uint8_t type;
            uint16_t len;
            struct bgp_error err;
            int r;
            while ((r = bgp_stream_next(&s, p, (size_t)(end - p), &type, &len, &err)) == 1) {
                ck_assert_int_eq(memcmp(p, stream + bytes, len), 0);
                p += len;
                bytes += len;
                seen++;
            }
            ck_assert_int_eq(r, 0);
            bgp_stream_keep(&s, p, (size_t)(end - p));
        }
        ck_assert_uint_eq(seen, count);
        ck_assert_ptr_null(s.kept); /* a quiet session owns nothing */
        bgp_stream_fini(&s);
    }
}
END_TEST

START_TEST(framing_errors)
{
    uint8_t m[64];
    uint8_t type;
    uint16_t len;
    struct bgp_stream s = { .max = BGP_MAX_LEN };
    struct bgp_error err = { 0 };
    put_message(m, BGP_KEEPALIVE, 0, 0);
    m[3] = 0;
    ck_assert_int_eq(bgp_stream_next(&s, m, 19, &type, &len, &err), -1);
    ck_assert_int_eq(err.code, BN_HEADER);
    ck_assert_int_eq(err.subcode, BN_HDR_SYNC);
    put_message(m, BGP_KEEPALIVE, 1, 0);
    ck_assert_int_eq(bgp_stream_next(&s, m, 20, &type, &len, &err), -1);
    ck_assert_int_eq(err.subcode, BN_HDR_LEN);
    put_message(m, 9, 0, 0);
    ck_assert_int_eq(bgp_stream_next(&s, m, 19, &type, &len, &err), -1);
    ck_assert_int_eq(err.subcode, BN_HDR_TYPE);
    put_message(m, BGP_UPDATE, 30, 0);
    m[16] = 0x20; /* 8192 + */
    ck_assert_int_eq(bgp_stream_next(&s, m, 49, &type, &len, &err), -1);
    s.max = BGP_MAX_LEN_EXT;
    ck_assert_int_eq(bgp_stream_next(&s, m, 49, &type, &len, &err), 0);
}
END_TEST

static struct bgp_outbuf *outbuf(unsigned n, unsigned *serial)
{
    struct bgp_outbuf *b = bgp_outbuf_new(8192);
    for (unsigned i = 0; i < n; i++) {
        b->len +=
            (uint32_t)put_message(b->data + b->len, BGP_UPDATE, 4 + *serial % 37, (uint8_t)*serial);
        b->n_updates++;
        ++*serial;
    }
    return b;
}

/* What arrives is a sequence of whole messages; UPDATEs in order, none lost, keepalives anywhere
 * between them. */
static void check_wire(const uint8_t *p, size_t n, unsigned updates, unsigned controls)
{
    struct bgp_stream s = { .max = BGP_MAX_LEN };
    struct bgp_error err;
    unsigned u = 0, c = 0;
    uint8_t type;
    uint16_t len;
    size_t off = 0;
    int r;
    while ((r = bgp_stream_next(&s, p + off, n - off, &type, &len, &err)) == 1) {
        if (type == BGP_UPDATE) {
            ck_assert_uint_eq(len, BGP_HEADER_LEN + 4 + u % 37);
            ck_assert_uint_eq(p[off + BGP_HEADER_LEN], u & 0xff);
            u++;
        } else {
            c++;
        }
        off += len;
    }
    ck_assert_int_eq(r, 0);
    ck_assert_uint_eq(off, n);
    ck_assert_uint_eq(u, updates);
    ck_assert_uint_eq(c, controls);
}

START_TEST(output)
{
    static uint8_t wire[1 << 20];
    uint8_t ka[BGP_HEADER_LEN];
    unsigned seed = 7;
    put_message(ka, BGP_KEEPALIVE, 0, 0);
    for (unsigned round = 0; round < 200; round++) {
        struct bgp_outq q = { 0 };
        unsigned serial = 0, controls = 0, done = 0;
        size_t n = 0, data = 0;
        for (unsigned i = 0; i < 300; i++) {
            unsigned what = (unsigned)rand_r(&seed) % 4;
            if (what == 0 && serial < 200) {
                bgp_outq_push(&q, outbuf(1 + (unsigned)rand_r(&seed) % 9, &serial));
            } else if (what == 1) {
                bgp_outq_control(&q, ka, sizeof ka);
                controls++;
            } else {
                struct iovec iov[4];
                unsigned v = bgp_outq_gather(&q, iov, 4);
                size_t all = 0, take;
                for (unsigned k = 0; k < v; k++)
                    all += iov[k].iov_len;
                take = all ? (size_t)rand_r(&seed) % (all + 1) : 0;
                for (size_t left = take, k = 0; left; k++) {
                    size_t here = iov[k].iov_len < left ? iov[k].iov_len : left;
                    memcpy(wire + n, iov[k].iov_base, here);
                    n += here;
                    left -= here;
                }
                struct bgp_outq_done d = bgp_outq_advance(&q, take);
                done += d.updates;
                data += d.data;
            }
        }
        while (!bgp_outq_empty(&q)) {
            struct iovec iov[1];
            ck_assert_uint_eq(bgp_outq_gather(&q, iov, 1), 1);
            memcpy(wire + n, iov[0].iov_base, iov[0].iov_len);
            n += iov[0].iov_len;
            struct bgp_outq_done d = bgp_outq_advance(&q, iov[0].iov_len);
            done += d.updates;
            data += d.data;
        }
        check_wire(wire, n, serial, controls);
        ck_assert_uint_eq(done, serial);
        ck_assert_uint_eq(data + controls * sizeof ka, n);
        bgp_outq_fini(&q);
    }
}
END_TEST

/* A last NOTIFICATION comes right behind the message that was half out. */
START_TEST(cut)
{
    uint8_t last[BGP_HEADER_LEN + 2], wire[512];
    put_message(last, BGP_NOTIFICATION, 2, 6);
    for (size_t taken = 0; taken < 100; taken++) {
        struct bgp_outq q = { 0 };
        struct iovec iov[4];
        unsigned serial = 0;
        struct bgp_outbuf *b = outbuf(20, &serial);
        bgp_outq_push(&q, b);
        memcpy(wire, b->data, taken);
        bgp_outq_advance(&q, taken);
        size_t gone = bgp_outq_cut(&q);
        ck_assert_uint_gt(gone, 0);
        bgp_outq_control(&q, last, sizeof last);
        size_t n = taken;
        while (!bgp_outq_empty(&q)) {
            ck_assert_uint_ge(bgp_outq_gather(&q, iov, 4), 1);
            memcpy(wire + n, iov[0].iov_base, 1);
            n++;
            bgp_outq_advance(&q, 1);
        }
        unsigned updates = 0;
        for (size_t off = 0; off < taken; updates++)
            off += (size_t)(wire[off + 16] << 8 | wire[off + 17]);
        check_wire(wire, n, updates, 1);
        bgp_outq_fini(&q);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bgp_stream");
    TCase *t = tcase_create("stream");
    tcase_add_test(t, framing);
    tcase_add_test(t, framing_errors);
    tcase_add_test(t, output);
    tcase_add_test(t, cut);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
