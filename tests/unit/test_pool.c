/* SPDX-License-Identifier: Apache-2.0
 * test_pool.c - handles, reuse, chunks, counters; carray.
 */
#include <check.h>
#include <string.h>
#include "pool.h"

MEM_DEFINE(test, "Test objects");

struct obj {
    uint32_t a, live, c;
};

START_TEST(handles)
{
    struct pool p;
    pool_init(&p, MEM(test), sizeof(struct obj), 4);
    uint32_t h[100];
    for (unsigned i = 0; i < 100; i++) {
        h[i] = pool_alloc(&p);
        ck_assert_uint_eq(h[i], i + 1);
        struct obj *o = pool_get(&p, h[i]);
        ck_assert(!o->a && !o->live && !o->c);
        *o = (struct obj){ i, 1, i };
    }
    struct obj *first = pool_get(&p, h[0]);
    ck_assert_uint_eq(pool_end(&p), 101);
    pool_free(&p, h[10]);
    pool_free(&p, h[20]);
    ck_assert_uint_eq(((struct obj *)pool_get(&p, h[10]))->live, 0);
    ck_assert_uint_eq(((struct obj *)pool_get(&p, h[10]))->c, 0);
    ck_assert_uint_eq(pool_alloc(&p), h[20]);
    ck_assert_uint_eq(((struct obj *)pool_get(&p, h[20]))->a, 0);
    ck_assert_uint_eq(pool_alloc(&p), h[10]);
    ck_assert_ptr_eq(pool_get(&p, h[0]), first);
    ck_assert_uint_eq(first->c, 0);
    ck_assert_uint_eq(((struct obj *)pool_get(&p, h[99]))->c, 99);
    for (unsigned i = 0; i < 100; i++)
        pool_free(&p, h[i]);
    /* Empty: the chunks are gone, and handles begin anew. */
    ck_assert_uint_eq(MEM(test)->bytes, 0);
    ck_assert_uint_eq(MEM(test)->count, 0);
    ck_assert_uint_eq(pool_alloc(&p), 1);
    pool_fini(&p);
    ck_assert_uint_eq(MEM(test)->bytes, 0);
    ck_assert_uint_eq(MEM(test)->count, 0);
}
END_TEST

START_TEST(counted)
{
    struct pool p;
    pool_init(&p, MEM(test), 64, 8);
    for (unsigned i = 1; i <= 10000; i++) {
        pool_alloc(&p);
        /* The table of chunks is one block more. */
        uint64_t c = MEM(test)->count - 1;
        ck_assert_uint_le(c, i);
        ck_assert_uint_ge(c, i - (i < 16 ? 0 : i / 8 < 256 ? i / 8 : 256));
    }
    pool_fini(&p);
    ck_assert_uint_eq(MEM(test)->count, 0);
}
END_TEST

START_TEST(cells)
{
    struct carray a;
    carray_init(&a, MEM(test), 8, 3);
    ck_assert_ptr_null(carray_peek(&a, 0));
    uint64_t *x = carray_at(&a, 1000);
    ck_assert_uint_eq(*x, 0);
    *x = 5;
    ck_assert_ptr_null(carray_peek(&a, 0));
    *(uint64_t *)carray_at(&a, 0) = 1;
    *(uint64_t *)carray_at(&a, 100000) = 2;
    ck_assert_ptr_eq(carray_peek(&a, 1000), x);
    ck_assert_uint_eq(*x, 5);
    ck_assert_uint_eq(*(uint64_t *)carray_at(&a, 1), 0);
    carray_fini(&a);
    ck_assert_uint_eq(MEM(test)->bytes, 0);
}
END_TEST

START_TEST(blocks)
{
    char *s = mem_strdup(MEM(test), "hello");
    ck_assert_str_eq(s, "hello");
    ck_assert_uint_eq(MEM(test)->bytes, 6);
    s = mem_realloc(MEM(test), s, 100);
    ck_assert_str_eq(s, "hello");
    ck_assert_uint_eq(MEM(test)->bytes, 100);
    ck_assert_uint_eq(MEM(test)->count, 1);
    ck_assert_ptr_null(mem_strdup(MEM(test), NULL));
    uint8_t *z = mem_calloc(MEM(test), 3, 5);
    for (unsigned i = 0; i < 15; i++)
        ck_assert_uint_eq(z[i], 0);
    ck_assert_uint_eq((uintptr_t)z % 16, 0);
    mem_free(MEM(test), z);
    mem_free(MEM(test), s);
    mem_free(MEM(test), NULL);
    ck_assert_uint_eq(MEM(test)->bytes, 0);
    ck_assert_uint_eq(MEM(test)->count, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pool");
    TCase *tc = tcase_create("all");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, handles);
    tcase_add_test(tc, counted);
    tcase_add_test(tc, cells);
    tcase_add_test(tc, blocks);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
