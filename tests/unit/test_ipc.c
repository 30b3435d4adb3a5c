/* SPDX-License-Identifier: Apache-2.0
 * test_ipc.c - links: order, back-pressure, refusal, and the sudden death of either side.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "ipc_test.h"
#include "lib/ipc.h"

static struct loop *loop;
static char *dir;
static struct {
    unsigned up, down, writable;
    uint64_t got, bytes, wrong;
    struct ipc_link *link;
    uint64_t down_at, up_at;
} cl, sv;

static void setup(void)
{
    dir = ipc_test_dir();
    memset(&cl, 0, sizeof(cl));
    memset(&sv, 0, sizeof(sv));
}

static void teardown(void)
{
    ipc_test_files(dir, true);
}

#define SIDE(ctx) (ctx == &cl ? &cl : &sv)

static void on_up(void *ctx, struct ipc_link *l)
{
    SIDE(ctx)->up++;
    SIDE(ctx)->up_at = loop_now();
    SIDE(ctx)->link = l;
}

static void on_down(void *ctx, struct ipc_link *l)
{
    (void)l;
    SIDE(ctx)->down++;
    SIDE(ctx)->down_at = loop_now();
    SIDE(ctx)->link = NULL;
}

/* Numbered messages must come in order; type 2 is sent back. */
static void on_message(void *ctx, struct ipc_link *l, uint16_t type, const uint8_t *p, size_t len)
{
    uint64_t n = 0;

    if (len >= sizeof(n))
        memcpy(&n, p, sizeof(n));
    if (n != SIDE(ctx)->got)
        SIDE(ctx)->wrong++;
    SIDE(ctx)->got++;
    SIDE(ctx)->bytes += len;
    if (type == 2)
        ipc_link_send(l, 1, p, len);
}

static void on_writable(void *ctx, struct ipc_link *l)
{
    (void)l;
    SIDE(ctx)->writable++;
}

static const struct ipc_link_ops ops = {
    .up = on_up,
    .down = on_down,
    .message = on_message,
    .writable = on_writable,
};

static void *accept_all(void *ctx, struct ipc_link *l, const char *client, uint32_t uid)
{
    (void)l;
    return strcmp(client, "tester") == 0 && uid == geteuid() ? ctx : NULL;
}

static bool both_up(void)
{
    return cl.link && sv.link && ipc_link_is_up(cl.link);
}
static bool client_up(void)
{
    return cl.link != NULL;
}
static bool client_down(void)
{
    return cl.down > 0 && !cl.link;
}
static bool server_up(void)
{
    return sv.link != NULL;
}
static bool server_down(void)
{
    return sv.down > 0;
}
static bool never(void)
{
    return false;
}
static uint64_t want;
static bool client_got(void)
{
    return cl.got >= want;
}
static bool server_got(void)
{
    return sv.got >= want;
}

static struct ipc_server *serve(struct loop *l)
{
    int err = -1;
    struct ipc_server *s = ipc_server_new(l, dir, "t.svc", &ops, accept_all, &sv, &err);

    ck_assert_msg(s != NULL, "server: %s", strerror(-err));
    return s;
}

START_TEST(test_echo_in_order)
{
    loop = loop_new();
    struct ipc_server *s = serve(loop);
    struct ipc_link *c = ipc_client_new(loop, dir, "t.svc", "tester", &ops, &cl);
    ck_assert(ipc_test_until(loop, both_up, 3000));
    ck_assert_str_eq(ipc_link_peer(sv.link), "tester");
    ck_assert_str_eq(ipc_link_peer(c), "t.svc");
    for (uint64_t i = 0; i < 10000; i++) {
        uint64_t m[4] = { i };
        ck_assert_int_eq(ipc_link_send(c, 2, m, sizeof(m)), 0);
    }
    want = 10000;
    ck_assert(ipc_test_until(loop, client_got, 20000));
    ck_assert_uint_eq(cl.wrong + sv.wrong, 0);
    ck_assert_uint_eq(sv.got, 10000);
    ck_assert_uint_eq(ipc_link_pending(c), 0);
    ck_assert_uint_ge(cl.writable, 1);
    ck_assert_uint_eq(ipc_link_stats(c).rx_msgs, 10000);
    /* The pair's own socket file is gone as soon as it is connected. */
    ck_assert_uint_eq(ipc_test_files(dir, false), 1);
    /* Too big is refused, the largest arrives. */
    uint8_t *big = calloc(1, IPC_MAX_MESSAGE);
    ck_assert_int_eq(ipc_link_send(c, 1, big, IPC_MAX_MESSAGE - 1), -EMSGSIZE);
    memcpy(big, &sv.got, sizeof(sv.got));
    ck_assert_int_eq(ipc_link_send(c, 1, big, IPC_MAX_MESSAGE - 2), 0);
    free(big);
    want = 10001;
    ck_assert(ipc_test_until(loop, server_got, 3000));
    ipc_link_free(c);
    ck_assert(ipc_test_until(loop, server_down, 1000));
    ipc_server_free(s);
    ck_assert_uint_eq(ipc_test_files(dir, false), 0);
    loop_free(loop);
}
END_TEST

START_TEST(test_close_by_either_side)
{
    loop = loop_new();
    struct ipc_server *s = serve(loop);
    struct ipc_link *c = ipc_client_new(loop, dir, "t.svc", "tester", &ops, &cl);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert(ipc_test_until(loop, both_up, 3000));
        ipc_link_close(i & 1 ? sv.link : c);
        cl.link = NULL;
        ck_assert(!ipc_link_is_up(c) || (i & 1));
        ck_assert(ipc_test_until(loop, client_up, 3000));
        ck_assert_uint_eq(cl.up, i + 2);
        ck_assert_uint_eq(cl.down, i + 1);
    }
    ipc_server_free(s);
    ck_assert(ipc_test_until(loop, client_down, 1000));
    ck_assert_int_eq(ipc_link_send(c, 1, "x", 1), -ENOTCONN);
    ck_assert_ptr_null(ipc_link_reserve(c, 1, 1));
    ipc_link_free(c);
    loop_free(loop);
}
END_TEST

START_TEST(test_refused_client)
{
    int err = 0;

    loop = loop_new();
    struct ipc_server *s = serve(loop);
    struct ipc_link *c = ipc_client_new(loop, dir, "t.svc", "stranger", &ops, &cl);
    ck_assert(!ipc_test_until(loop, never, 300));
    ck_assert_uint_eq(sv.up, 0);
    ck_assert_ptr_null(ipc_server_new(loop, dir, "t.svc", &ops, accept_all, &sv, &err));
    ck_assert_int_eq(err, -EADDRINUSE);
    ck_assert_ptr_null(
        ipc_server_new(loop, "/nonexistent/dir", "t.svc", &ops, accept_all, &sv, &err));
    ck_assert_int_lt(err, 0);
    ipc_link_free(c);
    ipc_server_free(s);
    loop_free(loop);
}
END_TEST

/* A file left by a process that was killed does not stop the next one. */
START_TEST(test_stale_socket)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/t.svc", dir);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
    close(fd);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/t.svc.99.3", dir);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
    close(fd);
    loop = loop_new();
    struct ipc_server *s = serve(loop);
    ck_assert_uint_eq(ipc_test_files(dir, false), 1);
    struct ipc_link *c = ipc_client_new(loop, dir, "t.svc", "tester", &ops, &cl);
    ck_assert(ipc_test_until(loop, both_up, 3000));
    ipc_link_free(c);
    ipc_server_free(s);
    loop_free(loop);
}
END_TEST

static void child_server(void *arg)
{
    struct loop *l = loop_new();

    (void)arg;
    serve(l);
    loop_run(l);
}

static void child_client(void *arg)
{
    struct loop *l = loop_new();

    (void)arg;
    ipc_client_new(l, dir, "t.svc", "tester", &ops, &cl);
    loop_run(l);
}

START_TEST(test_server_killed)
{
    struct ipc_test_child k[4];

    for (int i = 0; i < 4; i++)
        k[i] = ipc_test_fork(child_server, NULL);
    loop = loop_new();
    struct ipc_link *c = ipc_client_new(loop, dir, "t.svc", "tester", &ops, &cl);
    ck_assert(!ipc_test_until(loop, client_up, 100)); /* nobody is there yet */
    for (int i = 0; i < 4; i++) {
        uint64_t start = loop_now();
        ipc_test_go(&k[i]);
        ck_assert(ipc_test_until(loop, client_up, 5000));
        ck_assert_uint_lt(cl.up_at - start, 1000000);
        for (uint64_t n = 0; n < 1000; n++)
            ipc_link_send(c, 2, &n, sizeof(n));
        cl.down = 0;
        start = loop_now();
        ipc_test_kill(&k[i]); /* in the middle of it */
        ck_assert(ipc_test_until(loop, client_down, 5000));
        ck_assert_uint_lt(cl.down_at - start, 500000);
        ck_assert_uint_eq(cl.wrong, 0);
        cl.got = 0;
    }
    ipc_link_free(c);
    loop_free(loop);
}
END_TEST

START_TEST(test_client_killed)
{
    struct ipc_test_child k[4];

    for (int i = 0; i < 4; i++)
        k[i] = ipc_test_fork(child_client, NULL);
    loop = loop_new();
    struct ipc_server *s = serve(loop);
    for (int i = 0; i < 4; i++) {
        ipc_test_go(&k[i]);
        ck_assert(ipc_test_until(loop, server_up, 5000));
        for (uint64_t n = 0; n < 1000; n++)
            ipc_link_send(sv.link, 1, &n, sizeof(n));
        sv.down = 0;
        uint64_t start = loop_now();
        ipc_test_kill(&k[i]);
        ck_assert(ipc_test_until(loop, server_down, 5000));
        ck_assert_uint_lt(sv.down_at - start, 500000);
    }
    ipc_server_free(s);
    loop_free(loop);
}
END_TEST

/* A reader that stops makes the writer stop, with bounded memory; nothing is lost when it goes on.
 */
START_TEST(test_slow_reader)
{
    enum { SIZE = 32 * 1024 };
    static uint8_t buf[SIZE];
    uint64_t sent = 0;

    loop = loop_new();
    struct ipc_server *s = serve(loop);
    struct ipc_link *c = ipc_client_new(loop, dir, "t.svc", "tester", &ops, &cl);
    ck_assert(ipc_test_until(loop, both_up, 3000));
    ipc_link_pause(sv.link, true);
    for (int i = 0; i < 300; i++) {
        while (ipc_link_pending(c) < IPC_HIGH && sent < 4000) {
            memcpy(buf, &sent, sizeof(sent));
            ck_assert_int_eq(ipc_link_send(c, 1, buf, SIZE), 0);
            sent++;
        }
        ipc_test_until(loop, never, 1);
    }
    ck_assert_uint_eq(sv.got, 0);
    ck_assert_uint_lt(sent * SIZE, 3 * 1024 * 1024); /* queue, kernel, and inbox */
    /* Control messages still go the other way. */
    ck_assert_int_eq(ipc_link_send(sv.link, 1, "", 0), 0);
    want = 1;
    ck_assert(ipc_test_until(loop, client_got, 1000));
    ipc_link_pause(sv.link, false);
    want = sent;
    ck_assert(ipc_test_until(loop, server_got, 5000));
    ck_assert_uint_eq(sv.wrong, 0);
    ck_assert_uint_eq(sv.bytes, sent * SIZE);
    ck_assert_uint_ge(cl.writable, 1);
    ipc_link_free(c);
    ipc_server_free(s);
    loop_free(loop);
}
END_TEST

static struct ipc_server *to_free;

static void free_message(void *ctx, struct ipc_link *l, uint16_t type, const uint8_t *p, size_t len)
{
    on_message(ctx, l, type, p, len);
    ipc_link_free(l); /* within its own callback */
    sv.link = NULL;
    ipc_server_free(to_free);
    to_free = NULL;
}

static const struct ipc_link_ops free_ops = { .up = on_up,
                                              .down = on_down,
                                              .message = free_message };

START_TEST(test_free_in_callback)
{
    int err;

    loop = loop_new();
    to_free = ipc_server_new(loop, dir, "t.svc", &free_ops, accept_all, &sv, &err);
    struct ipc_link *c = ipc_client_new(loop, dir, "t.svc", "tester", &ops, &cl);
    ck_assert(ipc_test_until(loop, both_up, 3000));
    for (uint64_t n = 0; n < 20; n++)
        ipc_link_send(c, 1, &n, sizeof(n));
    ck_assert(ipc_test_until(loop, client_down, 3000));
    ck_assert_uint_eq(sv.got, 1);
    ck_assert_uint_eq(sv.down, 0);
    ipc_link_free(c);
    loop_free(loop);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ipc");
    TCase *t = tcase_create("links");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_echo_in_order);
    tcase_add_test(t, test_close_by_either_side);
    tcase_add_test(t, test_refused_client);
    tcase_add_test(t, test_stale_socket);
    tcase_add_test(t, test_server_killed);
    tcase_add_test(t, test_client_killed);
    tcase_add_test(t, test_slow_reader);
    tcase_add_test(t, test_free_in_callback);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
