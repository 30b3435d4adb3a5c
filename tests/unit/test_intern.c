/* SPDX-License-Identifier: Apache-2.0
 * test_intern.c - equal strings, equal handles; epochs; many threads at once.
 */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "intern.h"

MEM_DEFINE(test, "Test strings");

START_TEST(equal_strings)
{
    struct intern *t = intern_new(MEM(test));
    uint32_t a = intern_get(t, "abc", 3), b = intern_get(t, "abd", 3), none = intern_get(t, "", 0);
    ck_assert_uint_ne(a, 0);
    ck_assert_uint_ne(a, b);
    ck_assert_uint_ne(none, 0);
    ck_assert_uint_eq(intern_get(t, "abc", 3), a);
    ck_assert_uint_eq(intern_get(t, NULL, 0), none);
    ck_assert_uint_eq(intern_len(t, a), 3);
    ck_assert_mem_eq(intern_data(t, a), "abc", 3);
    ck_assert_uint_eq((uintptr_t)intern_data(t, a) % 8, 0);
    ck_assert_uint_eq(intern_count(t), 3);
    intern_free(t);
    ck_assert_uint_eq(MEM(test)->bytes, 0);
    ck_assert_uint_eq(MEM(test)->count, 0);
}
END_TEST

START_TEST(many)
{
    struct intern *t = intern_new(MEM(test));
    enum { N = 50000 };
    static uint32_t h[N];
    for (uint32_t i = 0; i < N; i++) {
        char buf[64];
        int n = snprintf(buf, sizeof(buf), "%0*u", (int)(i % 40) + 1, i);
        h[i] = intern_get(t, buf, (size_t)n);
    }
    for (uint32_t i = 0; i < N; i++) {
        char buf[64];
        int n = snprintf(buf, sizeof(buf), "%0*u", (int)(i % 40) + 1, i);
        ck_assert_uint_eq(intern_get(t, buf, (size_t)n), h[i]);
        ck_assert_uint_eq(intern_len(t, h[i]), (size_t)n);
        ck_assert_mem_eq(intern_data(t, h[i]), buf, (size_t)n);
    }
    intern_free(t);
    ck_assert_uint_eq(MEM(test)->bytes, 0);
}
END_TEST

static unsigned gone_calls;

static void gone(void *ctx, const void *data, size_t len)
{
    ck_assert_uint_eq(len, sizeof(uint32_t));
    uint32_t v;
    memcpy(&v, data, sizeof(v));
    ck_assert_uint_eq(v % 3, 1);
    gone_calls++;
}

START_TEST(epochs)
{
    struct intern *t = intern_new(MEM(test));
    enum { N = 3000 };
    static uint32_t h[N];
    for (uint32_t i = 0; i < N; i++)
        h[i] = intern_get(t, &i, sizeof(i));
    uint32_t e = intern_epoch_next(t);
    for (uint32_t i = 0; i < N; i++)
        if (i % 3 == 0)
            intern_mark(t, h[i]);
        else if (i % 3 == 2)
            ck_assert_uint_eq(intern_get(t, &i, sizeof(i)), h[i]);
    intern_mark(t, 0);
    ck_assert_uint_eq(intern_sweep(t, e, gone, NULL), N / 3);
    ck_assert_uint_eq(gone_calls, N / 3);
    ck_assert_uint_eq(intern_count(t), N - N / 3);
    for (uint32_t i = 0; i < N; i++)
        if (i % 3 != 1)
            ck_assert_uint_eq(intern_get(t, &i, sizeof(i)), h[i]);
    /* Handles are used again. */
    uint32_t max = 0;
    for (uint32_t i = 0; i < N; i++)
        if (h[i] > max)
            max = h[i];
    for (uint32_t i = 0; i < N / 12; i++) {
        uint32_t v = i + 1000000;
        ck_assert_uint_le(intern_get(t, &v, sizeof(v)), max + 16);
    }
    e = intern_epoch_next(t);
    ck_assert_uint_gt(intern_sweep(t, e, NULL, NULL), 0);
    ck_assert_uint_eq(intern_count(t), 0);
    ck_assert_uint_eq(intern_bytes(t), 0);
    intern_free(t);
    ck_assert_uint_eq(MEM(test)->bytes, 0);
}
END_TEST

enum { THREADS = 4, ROUNDS = 20000, DISTINCT = 997 };
static struct intern *shared;
static uint32_t seen[THREADS][DISTINCT];

static void *worker(void *arg)
{
    uintptr_t id = (uintptr_t)arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t v = (uint32_t)(i * 31 + id * 17) % DISTINCT, got;
        uint32_t h = intern_get(shared, &v, sizeof(v));
        memcpy(&got, intern_data(shared, h), sizeof(got));
        if (got != v || (seen[id][v] && seen[id][v] != h))
            abort();
        seen[id][v] = h;
        intern_mark(shared, h);
    }
    return NULL;
}

START_TEST(threads)
{
    pthread_t th[THREADS];
    shared = intern_new(MEM(test));
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&th[i], NULL, worker, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(th[i], NULL);
    ck_assert_uint_eq(intern_count(shared), DISTINCT);
    for (unsigned i = 1; i < THREADS; i++)
        ck_assert_mem_eq(seen[0], seen[i], sizeof(seen[0]));
    intern_free(shared);
}
END_TEST

START_TEST(hashing)
{
    /* One changed bit anywhere changes about half of the result. */
    uint8_t data[40] = { 0 };
    unsigned worst = 64;
    for (size_t len = 1; len <= sizeof(data); len++) {
        uint64_t h = hash_bytes(data, len, 0);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            unsigned diff = (unsigned)__builtin_popcountll(h ^ hash_bytes(data, len, 0));
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            if (diff < worst)
                worst = diff;
        }
        ck_assert_uint_ne(h, hash_bytes(data, len - 1, 0));
        ck_assert_uint_ne(h, hash_bytes(data, len, 1));
    }
    ck_assert_uint_gt(worst, 10);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("intern");
    TCase *tc = tcase_create("all");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, equal_strings);
    tcase_add_test(tc, many);
    tcase_add_test(tc, epochs);
    tcase_add_test(tc, threads);
    tcase_add_test(tc, hashing);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
