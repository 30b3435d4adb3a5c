/* SPDX-License-Identifier: Apache-2.0
 * test_actor.c - the same scenarios with a thread and inline on the loop.
 */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "actor.h"

enum { PRODUCERS = 3, EACH = 5000 };

struct msg {
    struct actor_msg m;
    unsigned producer, n;
};

struct state {
    struct loop *loop;
    struct actor *a;
    struct loop_waker *done;
    unsigned next[PRODUCERS], messages, works, ready;
    int more;
    int fd;
    bool in_order, self;
    uint64_t alarm_set, alarm_at;
};

static void stop(void *ctx)
{
    loop_stop(((struct state *)ctx)->loop, 0);
}

static void give_up(void *ctx)
{
    ck_abort_msg("timed out");
}

static void begin(struct state *st, bool threaded, const struct actor_ops *ops)
{
    memset(st, 0, sizeof(*st));
    st->loop = loop_new();
    st->done = loop_waker_new(st->loop, "done", stop, st);
    st->in_order = st->self = true;
    st->a = actor_new(st->loop, "test", threaded, ops, st);
    loop_timer_arm(loop_timer_new(st->loop, "limit", give_up, st), 20000000);
}

static void end(struct state *st)
{
    actor_free(st->a);
    loop_waker_free(st->done);
    loop_free(st->loop);
}

static void on_message(void *ctx, struct actor_msg *m)
{
    struct state *st = ctx;
    struct msg *msg = (struct msg *)m;
    if (msg->n != st->next[msg->producer]++)
        st->in_order = false;
    if (!actor_is_self(st->a))
        st->self = false;
    free(msg);
    if (++st->messages == PRODUCERS * EACH)
        loop_wake(st->done);
}

static bool on_work(void *ctx)
{
    struct state *st = ctx;
    st->works++;
    return false;
}

static void *produce(void *arg)
{
    struct msg *first = arg;
    struct state *st = *(struct state **)(first + 1);
    unsigned producer = first->producer;
    free(first);
    for (unsigned i = 0; i < EACH; i++) {
        struct msg *m = malloc(sizeof(*m));
        m->m.cost = 10;
        m->producer = producer;
        m->n = i;
        actor_post(st->a, &m->m);
    }
    return NULL;
}

static void order(bool threaded)
{
    static const struct actor_ops ops = { .message = on_message, .work = on_work };
    struct state st;
    pthread_t th[PRODUCERS];
    begin(&st, threaded, &ops);
    ck_assert(!actor_is_self(st.a));
    for (unsigned i = 0; i < PRODUCERS; i++) {
        struct msg *m = malloc(sizeof(*m) + sizeof(struct state *));
        m->producer = i;
        *(struct state **)(m + 1) = &st;
        ck_assert_int_eq(pthread_create(&th[i], NULL, produce, m), 0);
    }
    loop_run(st.loop);
    for (unsigned i = 0; i < PRODUCERS; i++)
        pthread_join(th[i], NULL);
    struct actor *a = st.a;
    while (actor_backlog(a) != 0)
        usleep(100);
    end(&st);
    ck_assert_uint_eq(st.messages, PRODUCERS * EACH);
    ck_assert(st.in_order && st.self);
    ck_assert_uint_ge(st.works, st.messages / 64);
}

START_TEST(order_thread)
{
    order(true);
}
END_TEST

START_TEST(order_inline)
{
    order(false);
}
END_TEST

/* work() runs again as long as it says so, and a kick starts it. */
static bool on_more(void *ctx)
{
    struct state *st = ctx;
    st->works++;
    if (--st->more > 0)
        return true;
    loop_wake(st->done);
    return false;
}

static void kick(bool threaded)
{
    static const struct actor_ops ops = { .message = on_message, .work = on_more };
    struct state st;
    begin(&st, threaded, &ops);
    st.more = 1000;
    actor_kick(st.a);
    loop_run(st.loop);
    end(&st);
    ck_assert_uint_eq(st.works, 1000);
}

START_TEST(kick_thread)
{
    kick(true);
}
END_TEST

START_TEST(kick_inline)
{
    kick(false);
}
END_TEST

/* A descriptor's event, then an alarm set from there. */
static void on_ready(void *ctx, void *data, uint32_t events)
{
    struct state *st = ctx;
    char buf[16];
    if (data != &st->fd || !(events & EPOLLIN) || read(st->fd, buf, sizeof(buf)) <= 0)
        abort();
    if (++st->ready == 1) {
        actor_rewatch(st->a, st->fd, EPOLLIN, &st->fd);
    } else {
        actor_unwatch(st->a, st->fd);
        st->alarm_set = loop_now();
        actor_alarm(st->a, 50000000);
        actor_alarm(st->a, 20000);
    }
    loop_wake(st->done);
}

static bool on_alarm(void *ctx)
{
    struct state *st = ctx;
    st->works++;
    if (st->alarm_set && loop_now() >= st->alarm_set + 20000 && !st->alarm_at) {
        st->alarm_at = loop_now();
        loop_wake(st->done);
    }
    return false;
}

static void watch(bool threaded)
{
    static const struct actor_ops ops = { .message = on_message,
                                          .work = on_alarm,
                                          .ready = on_ready };
    struct state st;
    int sv[2];
    begin(&st, threaded, &ops);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
    st.fd = sv[0];
    ck_assert_int_lt(actor_watch(st.a, -1, EPOLLIN, NULL), 0);
    ck_assert_int_eq(actor_watch(st.a, sv[0], EPOLLIN, &st.fd), 0);
    ck_assert_int_lt(actor_watch(st.a, sv[0], EPOLLIN, &st.fd), 0);
    actor_kick(st.a);
    ck_assert_int_eq(write(sv[1], "x", 1), 1);
    loop_run(st.loop);
    ck_assert_int_eq(write(sv[1], "y", 1), 1);
    loop_run(st.loop);
    ck_assert_int_eq(write(sv[1], "z", 1), 1);
    loop_run(st.loop);
    end(&st);
    ck_assert_uint_eq(st.ready, 2);
    ck_assert_uint_ge(st.alarm_at, st.alarm_set + 20000);
    ck_assert_uint_lt(st.alarm_at, st.alarm_set + 10000000);
    close(sv[0]);
    close(sv[1]);
}

START_TEST(watch_thread)
{
    watch(true);
}
END_TEST

START_TEST(watch_inline)
{
    watch(false);
}
END_TEST

/* Freeing an actor from its own message, and with messages still queued. */
static void on_suicide(void *ctx, struct actor_msg *m)
{
    struct state *st = ctx;
    free(m);
    st->messages++;
    actor_free(st->a);
    st->a = NULL;
    loop_wake(st->done);
}

START_TEST(free_inside)
{
    static const struct actor_ops ops = { .message = on_suicide, .work = on_work };
    struct state st;
    begin(&st, false, &ops);
    for (unsigned i = 0; i < 100; i++)
        actor_post(st.a, calloc(1, sizeof(struct msg)));
    loop_run(st.loop);
    ck_assert_uint_eq(st.messages, 1);
    ck_assert_uint_eq(st.works, 0);
    end(&st);
}
END_TEST

START_TEST(free_queued)
{
    static const struct actor_ops ops = { .message = on_message };
    struct state st;
    for (int threaded = 0; threaded < 2; threaded++) {
        begin(&st, threaded, &ops);
        for (unsigned i = 0; i < 100; i++)
            actor_post(st.a, calloc(1, sizeof(struct msg)));
        end(&st);
        begin(&st, threaded, &ops);
        end(&st);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("actor");
    TCase *tc = tcase_create("all");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, order_thread);
    tcase_add_test(tc, order_inline);
    tcase_add_test(tc, kick_thread);
    tcase_add_test(tc, kick_inline);
    tcase_add_test(tc, watch_thread);
    tcase_add_test(tc, watch_inline);
    tcase_add_test(tc, free_inside);
    tcase_add_test(tc, free_queued);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
