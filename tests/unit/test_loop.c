/* SPDX-License-Identifier: Apache-2.0
 * test_loop.c - timers, descriptors, wakers, later, signals, counters.
 */
#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "loop.h"
#include "mem.h"

static struct loop *l;
static struct loop_timer *t, *t2;
static struct loop_fd *f;
static unsigned calls;
static char trace[64];

static void note(char c)
{
    size_t n = strlen(trace);
    if (n + 1 < sizeof(trace))
        trace[n] = c;
}

static void setup(void)
{
    l = loop_new();
    calls = 0;
    memset(trace, 0, sizeof(trace));
}

static void teardown(void)
{
    loop_free(l);
    for (struct mem_type *m = mem_types(); m; m = m->next)
        if (strcmp(m->name, "Event loop") == 0)
            ck_assert_uint_eq(m->count, 0);
}

static void tick(void *ctx)
{
    calls++;
    ck_assert(!loop_timer_armed(t));
    if (calls < 3)
        loop_timer_arm(t, 1000);
    else
        loop_stop(l, 7);
}

START_TEST(timers)
{
    t = loop_timer_new(l, "tick", tick, NULL);
    t2 = loop_timer_new(l, "never", tick, NULL);
    ck_assert(!loop_timer_armed(t));
    ck_assert_uint_eq(loop_timer_left(t), 0);
    loop_timer_arm(t, 60000000);
    ck_assert(loop_timer_armed(t));
    ck_assert_uint_gt(loop_timer_left(t), 59000000);
    loop_timer_arm(t, 2000);
    loop_timer_arm(t2, 1000);
    loop_timer_cancel(t2);
    uint64_t start = loop_now();
    ck_assert_int_eq(loop_run(l), 7);
    ck_assert_uint_eq(calls, 3);
    ck_assert_uint_ge(loop_now() - start, 3000);
    loop_timer_free(t);
    loop_timer_free(NULL);
}
END_TEST

static void free_self(void *ctx)
{
    loop_timer_free(t);
    loop_stop(l, 1);
}

START_TEST(timer_frees_itself)
{
    t = loop_timer_new(l, "once", free_self, NULL);
    loop_timer_arm(t, 0);
    ck_assert_int_eq(loop_run(l), 1);
}
END_TEST

static int sv[2];

static void readable(void *ctx, int events)
{
    char c;
    ck_assert(events & LOOP_READ);
    ck_assert_int_eq(read(sv[0], &c, 1), 1);
    note(c);
    if (c == 'b') {
        loop_fd_free(f);
        loop_stop(l, 0);
    }
}

static void resume_watch(void *ctx)
{
    ck_assert_str_eq(trace, "");
    loop_fd_set(f, LOOP_READ);
}

START_TEST(descriptors)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    f = loop_fd_new(l, "pair", sv[0], 0, readable, NULL);
    ck_assert_ptr_nonnull(f);
    t = loop_timer_new(l, "resume", resume_watch, NULL);
    loop_timer_arm(t, 5000);
    ck_assert_int_eq(write(sv[1], "ab", 2), 2);
    loop_run(l);
    ck_assert_str_eq(trace, "ab");
    close(sv[0]);
    close(sv[1]);
}
END_TEST

static void step(void *ctx)
{
    note(*(const char *)ctx);
    if (*(const char *)ctx == '3')
        loop_stop(l, 0);
    if (*(const char *)ctx == '2')
        loop_later(l, "step", step, (char *)"3");
}

START_TEST(later)
{
    loop_later(l, "step", step, (char *)"1");
    loop_later(l, "step", step, (char *)"2");
    loop_run(l);
    ck_assert_str_eq(trace, "123");
    loop_later(l, "step", step, (char *)"never run");
}
END_TEST

static void on_usr1(void *ctx, int signo)
{
    ck_assert_int_eq(signo, SIGUSR1);
    loop_stop(l, 3);
}

static void woken(void *ctx)
{
    kill(getpid(), SIGUSR1);
}

START_TEST(waker_and_signal)
{
    struct loop_waker *w = loop_waker_new(l, "waker", woken, NULL);
    loop_signal(l, SIGUSR1, on_usr1, NULL);
    loop_wake(w);
    ck_assert_int_eq(loop_run(l), 3);
    loop_waker_free(w);
}
END_TEST

START_TEST(stop_before_run)
{
    loop_stop(l, 5);
    ck_assert_int_eq(loop_run(l), 5);
    loop_stop(l, 6);
}
END_TEST

static void slow(void *ctx)
{
    usleep(20000);
    loop_stop(l, 0);
}

static void visit(void *ctx, const struct loop_stat *s)
{
    ck_assert_str_eq(s->name, "slow");
    ck_assert_uint_eq(s->calls, 1);
    ck_assert_uint_ge(s->max_us, 20000);
    ck_assert_uint_eq(s->total_us, s->max_us);
    calls++;
}

START_TEST(counters)
{
    loop_later(l, "slow", slow, NULL);
    loop_run(l);
    loop_stats(l, visit, NULL);
    ck_assert_uint_eq(calls, 1);
    loop_stats_clear(l);
    loop_stats(l, visit, NULL);
    ck_assert_uint_eq(calls, 1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("loop");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, timers);
    tcase_add_test(tc, timer_frees_itself);
    tcase_add_test(tc, descriptors);
    tcase_add_test(tc, later);
    tcase_add_test(tc, waker_and_signal);
    tcase_add_test(tc, stop_before_run);
    tcase_add_test(tc, counters);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
