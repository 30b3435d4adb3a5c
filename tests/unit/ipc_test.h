/* SPDX-License-Identifier: Apache-2.0
 * ipc_test.h - what the tests of processes talking to each other share.
 *
 * nng must not be used on both sides of a fork(): helpers are forked first and wait for a byte.
 */
#ifndef GW_IPC_TEST_H
#define GW_IPC_TEST_H
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/loop.h"

/* nng 1.5 loses the message that it is handing to a pipe that dies at that moment; its own, at most one per
 * lost connection. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libnng";
}

struct ipc_test_wait {
    struct loop *loop;
    struct loop_timer *timer;
    bool (*cond)(void);
    uint64_t deadline;
    bool ok;
};

static inline void ipc_test_tick(void *ctx)
{
    struct ipc_test_wait *w = ctx;

    w->ok = w->cond();
    if (w->ok || loop_now() > w->deadline)
        loop_stop(w->loop, 0);
    else
        loop_timer_arm(w->timer, 500);
}

/* Runs the loop until cond(); false after `ms`. */
static inline bool ipc_test_until(struct loop *l, bool (*cond)(void), unsigned ms)
{
    struct ipc_test_wait w = { .loop = l, .cond = cond, .deadline = loop_now() + ms * 1000ull };

    w.timer = loop_timer_new(l, "test", ipc_test_tick, &w);
    loop_timer_arm(w.timer, 1);
    loop_run(l);
    loop_timer_free(w.timer);
    return w.ok;
}

static inline char *ipc_test_dir(void)
{
    static char dir[64];

    snprintf(dir, sizeof(dir), "%s/gw-ipc-XXXXXX", P_tmpdir);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    return dir;
}

static inline unsigned ipc_test_files(const char *dir, bool remove)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    unsigned n = 0;

    while (d && (e = readdir(d)))
        if (e->d_name[0] != '.') {
            n++;
            if (remove)
                unlinkat(dirfd(d), e->d_name, 0);
        }
    if (d)
        closedir(d);
    if (remove)
        rmdir(dir);
    return n;
}

struct ipc_test_child {
    pid_t pid;
    int go;
};

/* A process that runs fn(arg) once ipc_test_go() was called. */
static inline struct ipc_test_child ipc_test_fork(void (*fn)(void *arg), void *arg)
{
    struct ipc_test_child c;
    int fds[2];
    char b;

    ck_assert_int_eq(pipe(fds), 0);
    c.pid = fork();
    ck_assert_int_ge(c.pid, 0);
    if (c.pid == 0) {
        close(fds[1]);
        if (read(fds[0], &b, 1) == 1)
            fn(arg);
        _exit(0);
    }
    close(fds[0]);
    c.go = fds[1];
    return c;
}

static inline void ipc_test_go(struct ipc_test_child *c)
{
    ck_assert_int_eq(write(c->go, "g", 1), 1);
}

static inline void ipc_test_kill(struct ipc_test_child *c)
{
    kill(c->pid, SIGKILL);
    waitpid(c->pid, NULL, 0);
    close(c->go);
}
#endif
