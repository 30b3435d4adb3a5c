/* SPDX-License-Identifier: Apache-2.0
 * loop.c - the main thread's event loop over libuv.
 *
 * Every callback goes through called(), which counts it for `show event cpu` and warns of long
 * slices. Objects are freed in libuv's close callback, so an owner may free its own timer or watch
 * from within the callback. What owners leave behind, loop_free() closes.
 */
#include "loop.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>
#include "log.h"
#include "mem.h"

MEM_DEFINE(loop, "Event loop");

#define SLOW_US  50000
#define WARN_GAP 10000000 /* between two warnings of one source */

struct stat_row {
    struct loop_stat s;
    uint64_t warned;
    struct stat_row *next;
};

struct later {
    struct later *next;
    struct stat_row *stat;
    void (*fn)(void *ctx);
    void *ctx;
};

struct loop {
    uv_loop_t uv;
    uv_async_t hold; /* keeps uv_run() from ending when there is nothing to wait for */
    uv_idle_t idle;  /* active while there is later work, so that polling does not wait */
    uv_check_t check;
    struct later *later, **later_tail;
    struct stat_row *stats, **stats_tail;
    int code;
};

/* All our handles begin with the libuv handle: freeing works on any of them. */
struct loop_timer {
    uv_timer_t h;
    struct stat_row *stat;
    void (*fn)(void *ctx);
    void *ctx;
    uint64_t due;
};
struct loop_fd {
    uv_poll_t h;
    struct stat_row *stat;
    void (*fn)(void *ctx, int events);
    void *ctx;
    int events;
};
struct loop_waker {
    uv_async_t h;
    struct stat_row *stat;
    void (*fn)(void *ctx);
    void *ctx;
};
struct loop_sig {
    uv_signal_t h;
    struct stat_row *stat;
    void (*fn)(void *ctx, int signo);
    void *ctx;
};

uint64_t loop_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

uint64_t loop_wall(void)
{
    return (uint64_t)time(NULL);
}

static struct stat_row *stat_get(struct loop *l, const char *name)
{
    struct stat_row *r;
    for (r = l->stats; r; r = r->next)
        if (strcmp(r->s.name, name) == 0)
            return r;
    r = mem_calloc(MEM(loop), 1, sizeof(*r));
    r->s.name = mem_strdup(MEM(loop), name);
    *l->stats_tail = r;
    l->stats_tail = &r->next;
    return r;
}

static void called(struct stat_row *r, uint64_t start)
{
    uint64_t end = loop_now(), took = end - start;
    r->s.calls++;
    r->s.total_us += took;
    if (took > r->s.max_us)
        r->s.max_us = took;
    if (took > SLOW_US && (!r->warned || end - r->warned > WARN_GAP)) {
        r->warned = end;
        log_warn("%s kept the main loop for %u ms", r->s.name, (unsigned)(took / 1000));
    }
}

static void free_handle(uv_handle_t *h)
{
    mem_free(MEM(loop), h);
}

static void hold_cb(uv_async_t *h)
{
    (void)h;
}

static void idle_cb(uv_idle_t *h)
{
    (void)h;
}

static void check_cb(uv_check_t *h)
{
    struct loop *l = h->data;
    struct later *list = l->later;
    l->later = NULL;
    l->later_tail = &l->later;
    while (list) {
        struct later *e = list;
        list = e->next;
        uint64_t start = loop_now();
        e->fn(e->ctx);
        called(e->stat, start);
        mem_free(MEM(loop), e);
    }
    if (!l->later) {
        uv_idle_stop(&l->idle);
        uv_check_stop(&l->check);
    }
}

struct loop *loop_new(void)
{
    struct loop *l = mem_calloc(MEM(loop), 1, sizeof(*l));
    l->later_tail = &l->later;
    l->stats_tail = &l->stats;
    int rc = uv_loop_init(&l->uv);
    if (rc == 0)
        rc = uv_async_init(&l->uv, &l->hold, hold_cb);
    if (rc < 0) {
        log_err("event loop: %s", uv_strerror(rc));
        abort();
    }
    uv_idle_init(&l->uv, &l->idle);
    uv_check_init(&l->uv, &l->check);
    l->idle.data = l->check.data = l;
    return l;
}

static void close_walk(uv_handle_t *h, void *ctx)
{
    struct loop *l = ctx;
    bool own = h == (uv_handle_t *)&l->hold || h == (uv_handle_t *)&l->idle ||
               h == (uv_handle_t *)&l->check;
    if (!uv_is_closing(h))
        uv_close(h, own ? NULL : free_handle);
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    uv_walk(&l->uv, close_walk, l);
    /* A loop_stop() that no run has seen ends the first one at once. */
    do
        uv_run(&l->uv, UV_RUN_DEFAULT);
    while (uv_loop_close(&l->uv) == UV_EBUSY);
    while (l->later) {
        struct later *e = l->later;
        l->later = e->next;
        mem_free(MEM(loop), e);
    }
    while (l->stats) {
        struct stat_row *r = l->stats;
        l->stats = r->next;
        mem_free(MEM(loop), (char *)r->s.name);
        mem_free(MEM(loop), r);
    }
    mem_free(MEM(loop), l);
}

int loop_run(struct loop *l)
{
    uv_run(&l->uv, UV_RUN_DEFAULT);
    return l->code;
}

void loop_stop(struct loop *l, int code)
{
    l->code = code;
    uv_stop(&l->uv);
}

/* --- timers --------------------------------------------------------------- */

static void timer_cb(uv_timer_t *h)
{
    struct loop_timer *t = (struct loop_timer *)h;
    struct stat_row *stat = t->stat;
    uint64_t start = loop_now();
    t->due = 0;
    t->fn(t->ctx);
    called(stat, start);
}

struct loop_timer *loop_timer_new(struct loop *l, const char *name, void (*fn)(void *ctx),
                                  void *ctx)
{
    struct loop_timer *t = mem_calloc(MEM(loop), 1, sizeof(*t));
    uv_timer_init(&l->uv, &t->h);
    t->stat = stat_get(l, name);
    t->fn = fn;
    t->ctx = ctx;
    return t;
}

void loop_timer_arm(struct loop_timer *t, uint64_t usec_from_now)
{
    /* libuv counts milliseconds from the time it cached at the start of the round. */
    uint64_t due = loop_now() + usec_from_now;
    uint64_t due_ms = (due + 999) / 1000, cached = uv_now(t->h.loop);
    t->due = due ? due : 1;
    uv_timer_start(&t->h, timer_cb, due_ms > cached ? due_ms - cached : 0, 0);
}

void loop_timer_cancel(struct loop_timer *t)
{
    t->due = 0;
    uv_timer_stop(&t->h);
}

bool loop_timer_armed(const struct loop_timer *t)
{
    return t->due != 0;
}

uint64_t loop_timer_left(const struct loop_timer *t)
{
    uint64_t now = loop_now();
    return t->due > now ? t->due - now : 0;
}

void loop_timer_free(struct loop_timer *t)
{
    if (t)
        uv_close((uv_handle_t *)&t->h, free_handle);
}

/* --- descriptors ---------------------------------------------------------- */

static void poll_cb(uv_poll_t *h, int status, int events);

static void poll_start(struct loop_fd *f)
{
    int ev = (f->events & LOOP_READ ? UV_READABLE : 0) | (f->events & LOOP_WRITE ? UV_WRITABLE : 0);
    if (ev)
        uv_poll_start(&f->h, ev, poll_cb);
    else
        uv_poll_stop(&f->h);
}

static void poll_cb(uv_poll_t *h, int status, int events)
{
    struct loop_fd *f = (struct loop_fd *)h;
    struct stat_row *stat = f->stat;
    uint64_t start = loop_now();
    /* An error (POLLERR) is the owner's to fetch by reading or writing; libuv stops the watch then.
     */
    int ev = status < 0
                 ? f->events
                 : (events & UV_READABLE ? LOOP_READ : 0) | (events & UV_WRITABLE ? LOOP_WRITE : 0);
    f->fn(f->ctx, ev);
    if (status < 0 && !uv_is_closing((uv_handle_t *)h))
        poll_start(f);
    called(stat, start);
}

struct loop_fd *loop_fd_new(struct loop *l, const char *name, int fd, int events,
                            void (*fn)(void *ctx, int events), void *ctx)
{
    struct loop_fd *f = mem_calloc(MEM(loop), 1, sizeof(*f));
    int rc = uv_poll_init(&l->uv, &f->h, fd);
    if (rc < 0) {
        log_err("%s: descriptor %d cannot be watched: %s", name, fd, uv_strerror(rc));
        mem_free(MEM(loop), f);
        return NULL;
    }
    f->stat = stat_get(l, name);
    f->fn = fn;
    f->ctx = ctx;
    f->events = events;
    poll_start(f);
    return f;
}

void loop_fd_set(struct loop_fd *f, int events)
{
    if (f->events == events)
        return;
    f->events = events;
    poll_start(f);
}

void loop_fd_free(struct loop_fd *f)
{
    if (!f)
        return;
    uv_poll_stop(&f->h);
    uv_close((uv_handle_t *)&f->h, free_handle);
}

/* --- wakers, later, signals ----------------------------------------------- */

static void async_cb(uv_async_t *h)
{
    struct loop_waker *w = (struct loop_waker *)h;
    struct stat_row *stat = w->stat;
    uint64_t start = loop_now();
    w->fn(w->ctx);
    called(stat, start);
}

struct loop_waker *loop_waker_new(struct loop *l, const char *name, void (*fn)(void *ctx),
                                  void *ctx)
{
    struct loop_waker *w = mem_calloc(MEM(loop), 1, sizeof(*w));
    w->stat = stat_get(l, name);
    w->fn = fn;
    w->ctx = ctx;
    uv_async_init(&l->uv, &w->h, async_cb);
    return w;
}

void loop_wake(struct loop_waker *w)
{
    uv_async_send(&w->h);
}

void loop_waker_free(struct loop_waker *w)
{
    if (w)
        uv_close((uv_handle_t *)&w->h, free_handle);
}

void loop_later(struct loop *l, const char *name, void (*fn)(void *ctx), void *ctx)
{
    struct later *e = mem_alloc(MEM(loop), sizeof(*e));
    *e = (struct later){ .stat = stat_get(l, name), .fn = fn, .ctx = ctx };
    *l->later_tail = e;
    l->later_tail = &e->next;
    uv_idle_start(&l->idle, idle_cb);
    uv_check_start(&l->check, check_cb);
}

static void signal_cb(uv_signal_t *h, int signo)
{
    struct loop_sig *s = (struct loop_sig *)h;
    uint64_t start = loop_now();
    s->fn(s->ctx, signo);
    called(s->stat, start);
}

void loop_signal(struct loop *l, int signo, void (*fn)(void *ctx, int signo), void *ctx)
{
    struct loop_sig *s = mem_calloc(MEM(loop), 1, sizeof(*s));
    s->stat = stat_get(l, "signal");
    s->fn = fn;
    s->ctx = ctx;
    uv_signal_init(&l->uv, &s->h);
    uv_signal_start(&s->h, signal_cb, signo);
}

void loop_stats(struct loop *l, void (*visit)(void *ctx, const struct loop_stat *s), void *ctx)
{
    for (struct stat_row *r = l->stats; r; r = r->next)
        if (r->s.calls)
            visit(ctx, &r->s);
}

void loop_stats_clear(struct loop *l)
{
    for (struct stat_row *r = l->stats; r; r = r->next)
        r->s.calls = r->s.total_us = r->s.max_us = 0;
}
