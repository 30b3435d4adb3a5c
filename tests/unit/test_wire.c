/* SPDX-License-Identifier: Apache-2.0
 * test_wire.c - no read past the end, no value that does not fit.
 */
#include <check.h>
#include "wire.h"

START_TEST(reading)
{
    static const uint8_t d[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18 };
    struct rb r = rb_init(d, sizeof(d));
    ck_assert_uint_eq(rb_u8(&r), 1);
    ck_assert_uint_eq(rb_u16(&r), 0x0203);
    ck_assert_uint_eq(rb_u32(&r), 0x04050607);
    ck_assert_uint_eq(rb_u64(&r), 0x08090a0b0c0d0e0full);
    ck_assert_uint_eq(rb_left(&r), 3);
    ck_assert_ptr_eq(rb_bytes(&r, 2), d + 15);
    ck_assert(rb_ok(&r));
    ck_assert_uint_eq(rb_u16(&r), 0);
    ck_assert(!rb_ok(&r));
    /* sticky, although one byte is there */
    ck_assert_uint_eq(rb_u8(&r), 0);
    ck_assert_uint_eq(rb_left(&r), 0);
    ck_assert_ptr_null(rb_bytes(&r, 0));
    uint8_t out[2] = { 9, 9 };
    rb_copy(&r, out, 2);
    ck_assert(out[0] == 0 && out[1] == 0);
}
END_TEST

START_TEST(windows)
{
    static const uint8_t d[] = { 1, 2, 3, 4 };
    struct rb r = rb_init(d, sizeof(d));
    struct rb in = rb_sub(&r, 2);
    ck_assert_uint_eq(rb_u8(&in), 1);
    ck_assert_uint_eq(rb_u16(&in), 0);
    ck_assert(!rb_ok(&in) && rb_ok(&r));
    ck_assert_uint_eq(rb_u8(&r), 3);
    in = rb_sub(&r, 2);
    ck_assert(!rb_ok(&in) && !rb_ok(&r));
    ck_assert_uint_eq(rb_u8(&in), 0);
    r = rb_init(NULL, 0);
    ck_assert(rb_ok(&r));
    in = rb_sub(&r, 0);
    rb_skip(&r, SIZE_MAX);
    ck_assert(!rb_ok(&r));
}
END_TEST

START_TEST(writing)
{
    uint8_t buf[8];
    struct wb w = wb_init(buf, sizeof(buf));
    wb_u8(&w, 255);
    wb_u16(&w, 0x0102);
    wb_u32(&w, 0xffffffff);
    ck_assert(wb_ok(&w));
    ck_assert_uint_eq(wb_len(&w), 7);
    ck_assert_uint_eq(wb_room(&w), 1);
    wb_set_u16(&w, 1, 0x0a0b);
    wb_set_u8(&w, 0, 1);
    ck_assert_mem_eq(buf, "\x01\x0a\x0b\xff\xff\xff\xff", 7);
    wb_u16(&w, 1);
    ck_assert(!wb_ok(&w));
    ck_assert_uint_eq(wb_len(&w), 7);
    wb_u8(&w, 1);
    ck_assert_uint_eq(wb_len(&w), 7);
}
END_TEST

START_TEST(range)
{
    uint8_t buf[64];
    struct wb w = wb_init(buf, sizeof(buf));
    wb_u8(&w, 256);
    ck_assert(!wb_ok(&w));
    w = wb_init(buf, sizeof(buf));
    wb_u16(&w, 65536);
    ck_assert(!wb_ok(&w));
    w = wb_init(buf, sizeof(buf));
    wb_u32(&w, 0x100000000ull);
    ck_assert(!wb_ok(&w));
    w = wb_init(buf, sizeof(buf));
    wb_u8(&w, 0);
    wb_set_u16(&w, 0, 1);
    ck_assert(!wb_ok(&w));
    w = wb_init(buf, 2);
    wb_bytes(&w, "abc", 3);
    ck_assert(!wb_ok(&w));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("wire");
    TCase *tc = tcase_create("all");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, reading);
    tcase_add_test(tc, windows);
    tcase_add_test(tc, writing);
    tcase_add_test(tc, range);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
