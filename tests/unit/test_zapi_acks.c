/* SPDX-License-Identifier: Apache-2.0
 * test_zapi_acks.c - results in any order come out once each, with few ranges (lib/zapi_ipc_ack.c).
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include "zapi_ipc_ack.h"

#define N 50000u
static uint8_t told[N + 1];
static enum zapi_result want[N + 1];
static unsigned ranges;

static void emit(void *ctx, const struct zapi_ack *a)
{
    ranges++;
    ck_assert_uint_le(a->first_seq, a->last_seq);
    for (uint64_t s = a->first_seq; s <= a->last_seq; s++) {
        ck_assert_uint_ge(s, 1);
        ck_assert_uint_le(s, N);
        ck_assert_uint_eq(told[s]++, 0);
        ck_assert_int_eq(a->result, want[s]);
        ck_assert_int_eq(a->err, want[s] == ZR_FAILED ? ENETUNREACH : 0);
    }
}

static void settle(struct zapi_acks *a, uint64_t first, uint64_t last, enum zapi_result r)
{
    struct zapi_ack x = {
        .first_seq = first, .last_seq = last, .result = r, .err = r == ZR_FAILED ? ENETUNREACH : 0
    };
    for (uint64_t s = first; s <= last; s++)
        want[s] = r;
    zapi_acks_add(a, &x, emit, NULL);
}

static void setup(struct zapi_acks *a)
{
    memset(told, 0, sizeof(told));
    ranges = 0;
    zapi_acks_init(a, 1);
    ck_assert(zapi_acks_issue(a, N + 1));
}

static void all_told(struct zapi_acks *a)
{
    zapi_acks_flush(a, emit, NULL);
    ck_assert_uint_eq(a->waiting, 0);
    for (unsigned s = 1; s <= N; s++)
        ck_assert_uint_eq(told[s], 1);
    zapi_acks_fini(a);
}

START_TEST(strided)
{
    struct zapi_acks a;
    setup(&a);
    for (unsigned k = 0; k < 32; k++)
        for (unsigned s = 1 + k; s <= N; s += 32)
            settle(&a, s, s, ZR_INSTALLED);
    ck_assert_uint_le(ranges, N / ZAPI_ACK_PAGE + 1);
    all_told(&a);
}
END_TEST

START_TEST(random_order)
{
    static unsigned order[N];
    struct zapi_acks a;
    setup(&a);
    for (unsigned i = 0; i < N; i++)
        order[i] = i + 1;
    srand(7);
    for (unsigned i = N - 1; i; i--) {
        unsigned j = (unsigned)rand() % (i + 1), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (unsigned i = 0; i < N; i++) {
        settle(&a, order[i], order[i],
               i % 977 == 0 ? ZR_FAILED
               : i % 3      ? ZR_INSTALLED
                            : ZR_SUPERSEDED);
        if (i % 10007 == 0)
            zapi_acks_flush(&a, emit, NULL);
    }
    all_told(&a);
}
END_TEST

START_TEST(twice_and_foreign)
{
    struct zapi_acks a;
    setup(&a);
    settle(&a, 1, N, ZR_INSTALLED);
    struct zapi_ack again = { .first_seq = 5, .last_seq = 9, .result = ZR_INSTALLED };
    zapi_acks_add(&a, &again, emit, NULL);
    struct zapi_ack beyond = { .first_seq = N + 1, .last_seq = N + 9, .result = ZR_INSTALLED };
    zapi_acks_add(&a, &beyond, emit, NULL);
    all_told(&a);
}
END_TEST

START_TEST(window)
{
    struct zapi_acks a;
    zapi_acks_init(&a, 1);
    ck_assert(zapi_acks_issue(&a, ZAPI_ACK_RING));
    ck_assert(!zapi_acks_issue(&a, ZAPI_ACK_RING + ZAPI_ACK_PAGE));
    zapi_acks_fini(&a);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("zapi_acks");
    TCase *t = tcase_create("acks");
    tcase_add_test(t, strided);
    tcase_add_test(t, random_order);
    tcase_add_test(t, twice_and_foreign);
    tcase_add_test(t, window);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int bad = srunner_ntests_failed(r);
    srunner_free(r);
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
