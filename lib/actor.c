/* SPDX-License-Identifier: Apache-2.0
 * actor.c - workers with an inbox, on a thread of their own or in slices on the main loop.
 *
 * Everything that an actor may wait for is in one epoll set: its descriptors, a timerfd for
 * actor_alarm(), and for threads an eventfd that producers write when the actor sleeps. A thread
 * sleeps in that set; inline, the loop watches the set itself and producers use a waker. Both call
 * actor_slice(), which never handles more than 64 messages or about 5 ms before it looks at the
 * descriptors and at work() again, and, inline, gives the loop back.
 *
 * The inbox is a list under a mutex: a producer takes it once per message (a message is a batch),
 * the consumer once per list. `asleep` is under the same mutex, so no wake-up is lost or doubled.
 *
 * Events carry descriptor and generation, not the owner's pointer, so that a descriptor which is
 * unwatched while its event was already fetched is not reported.
 */
#include "config.h"
#include "actor.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "log.h"
#include "mem.h"

MEM_DEFINE(actor, "Actor");

#define SLICE_MESSAGES 64
#define SLICE_US       5000
#define EVENTS         64

struct watch {
    void *data;
    uint32_t generation; /* 0: not watched */
};

struct actor {
    char name[16];
    const struct actor_ops *ops;
    void *ctx;
    struct loop *loop;
    bool threaded;

    pthread_mutex_t lock;
    struct actor_msg *inbox, **inbox_tail; /* under lock */
    bool asleep, kicked, stop;             /* under lock; stop ends a thread */
    _Atomic(size_t) backlog;

    /* the consumer's own */
    struct actor_msg *taken;
    bool again; /* work() said so, or an alarm or a descriptor's event calls for it */
    int epfd, evfd, timerfd;
    uint64_t alarm; /* absolute; 0: none */
    struct watch *watches;
    unsigned n_watches;
    uint32_t generation;

    pthread_t thread;
    bool started;               /* under lock */
    struct loop_fd *epfd_watch; /* inline */
    struct loop_waker *waker;
    bool later, freed, running; /* inline: a slice is queued; free() came during a slice */
};

static _Thread_local struct actor *actor_self;

static void actor_wake(struct actor *a)
{
    if (a->threaded) {
        uint64_t one = 1;
        ssize_t n = write(a->evfd, &one, sizeof(one));
        (void)n; /* EAGAIN: the counter is full, so it is awake already */
    } else {
        loop_wake(a->waker);
    }
}

size_t actor_backlog(const struct actor *a)
{
    return atomic_load_explicit(&a->backlog, memory_order_relaxed);
}

bool actor_is_self(const struct actor *a)
{
    return actor_self == a;
}

/* --- descriptors and alarm -------------------------------------------------- */

static int watch_ctl(struct actor *a, int op, int fd, uint32_t events)
{
    struct epoll_event ev = { .events = events };
    ev.data.u64 = (uint64_t)a->watches[fd].generation << 32 | (uint32_t)fd;
    return epoll_ctl(a->epfd, op, fd, &ev) < 0 ? -errno : 0;
}

int actor_watch(struct actor *a, int fd, uint32_t epoll_events, void *data)
{
    if (fd < 0)
        return -EBADF;
    if ((unsigned)fd >= a->n_watches) {
        unsigned n = a->n_watches ? a->n_watches : 64;
        while (n <= (unsigned)fd)
            n *= 2;
        a->watches = mem_realloc(MEM(actor), a->watches, n * sizeof(*a->watches));
        memset(a->watches + a->n_watches, 0, (n - a->n_watches) * sizeof(*a->watches));
        a->n_watches = n;
    }
    struct watch *w = &a->watches[fd];
    if (w->generation)
        return -EEXIST;
    if (++a->generation == 0)
        a->generation = 1;
    *w = (struct watch){ .data = data, .generation = a->generation };
    int rc = watch_ctl(a, EPOLL_CTL_ADD, fd, epoll_events);
    if (rc < 0)
        w->generation = 0;
    return rc;
}

static struct watch *watch_of(struct actor *a, int fd)
{
    return fd >= 0 && (unsigned)fd < a->n_watches && a->watches[fd].generation ? &a->watches[fd]
                                                                               : NULL;
}

int actor_rewatch(struct actor *a, int fd, uint32_t epoll_events, void *data)
{
    struct watch *w = watch_of(a, fd);
    if (!w)
        return -ENOENT;
    w->data = data;
    return watch_ctl(a, EPOLL_CTL_MOD, fd, epoll_events);
}

void actor_unwatch(struct actor *a, int fd)
{
    struct watch *w = watch_of(a, fd);
    if (!w)
        return;
    epoll_ctl(a->epfd, EPOLL_CTL_DEL, fd, NULL);
    w->generation = 0;
}

static void alarm_set(struct actor *a, uint64_t at)
{
    struct itimerspec its = { .it_value = { .tv_sec = (time_t)(at / 1000000),
                                            .tv_nsec = (long)(at % 1000000) * 1000 } };
    a->alarm = at;
    timerfd_settime(a->timerfd, TFD_TIMER_ABSTIME, &its, NULL);
}

void actor_alarm(struct actor *a, uint64_t usec)
{
    uint64_t at = loop_now() + usec;
    if (!a->alarm || at < a->alarm)
        alarm_set(a, at);
}

/* --- running ---------------------------------------------------------------- */

/* Takes the whole inbox when what was taken before is used up. */
static void inbox_take(struct actor *a)
{
    pthread_mutex_lock(&a->lock);
    if (!a->taken) {
        a->taken = a->inbox;
        a->inbox = NULL;
        a->inbox_tail = &a->inbox;
    }
    a->again |= a->kicked;
    a->kicked = false;
    pthread_mutex_unlock(&a->lock);
}

static void poll_events(struct actor *a, int timeout_ms)
{
    struct epoll_event ev[EVENTS];
    int n = epoll_wait(a->epfd, ev, EVENTS, timeout_ms);
    for (int i = 0; i < n && !a->freed; i++) {
        int fd = (int)(uint32_t)ev[i].data.u64;
        uint64_t count;
        if (fd == a->evfd || fd == a->timerfd) {
            ssize_t got = read(fd, &count, sizeof(count));
            (void)got; /* EAGAIN: nothing to clear */
            if (fd == a->timerfd) {
                a->alarm = 0;
                a->again = true;
            }
            continue;
        }
        struct watch *w = watch_of(a, fd);
        if (!w || w->generation != ev[i].data.u64 >> 32)
            continue;
        a->again = true;
        if (a->ops->ready)
            a->ops->ready(a->ctx, w->data, ev[i].events);
    }
}

/* One slice. Returns false when there is nothing left, and then `asleep` is set. */
static bool actor_slice(struct actor *a, int timeout_ms)
{
    struct actor *outer = actor_self;
    uint64_t end = loop_now() + SLICE_US;
    actor_self = a;
    poll_events(a, timeout_ms);
    inbox_take(a);
    for (unsigned n = 0; a->taken && n < SLICE_MESSAGES && !a->freed; n++) {
        struct actor_msg *m = a->taken;
        uint32_t cost = m->cost;
        a->taken = m->next;
        a->again = true;
        a->ops->message(a->ctx, m);
        atomic_fetch_sub_explicit(&a->backlog, cost, memory_order_relaxed);
        if (a->freed || loop_now() > end)
            break;
        if (!a->taken)
            inbox_take(a);
    }
    if (a->again && !a->freed)
        a->again = a->ops->work && a->ops->work(a->ctx);
    actor_self = outer;
    if (a->freed)
        return false;
    if (a->again || a->taken)
        return true;
    pthread_mutex_lock(&a->lock);
    bool idle = !a->inbox && !a->kicked && !a->stop;
    a->asleep = idle;
    pthread_mutex_unlock(&a->lock);
    return !idle;
}

static void *actor_thread(void *arg)
{
    struct actor *a = arg;
    bool stop = false, busy = true;
    while (!stop) {
        busy = actor_slice(a, busy ? 0 : -1);
        pthread_mutex_lock(&a->lock);
        stop = a->stop;
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

static void queue_free(struct actor_msg *m)
{
    while (m) {
        struct actor_msg *next = m->next;
        free(m);
        m = next;
    }
}

static void actor_destroy(struct actor *a)
{
    queue_free(a->taken);
    queue_free(a->inbox);
    close(a->epfd);
    close(a->timerfd);
    if (a->evfd >= 0)
        close(a->evfd);
    pthread_mutex_destroy(&a->lock);
    mem_free(MEM(actor), a->watches);
    mem_free(MEM(actor), a);
}

static void inline_later(void *ctx);

static void inline_run(struct actor *a)
{
    bool more = false;
    if (!a->freed) {
        a->running = true;
        more = actor_slice(a, 0);
        a->running = false;
    }
    if (a->later)
        return;
    if (a->freed) {
        actor_destroy(a);
    } else if (more) {
        a->later = true;
        loop_later(a->loop, a->name, inline_later, a);
    }
}

static void inline_later(void *ctx)
{
    struct actor *a = ctx;
    a->later = false;
    inline_run(a);
}

static void inline_ready(void *ctx, int events)
{
    (void)events;
    inline_run(ctx);
}

static void inline_wake(void *ctx)
{
    inline_run(ctx);
}

/* Under the lock: the thread starts with the first message or kick, so that its owner can prepare
 * it (actor_watch()) without being overtaken. */
static void thread_start(struct actor *a)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&a->thread, NULL, actor_thread, a);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (rc) {
        log_write(LOG_L_CRIT, "thread %s: %s", a->name, strerror(rc));
        abort();
    }
    pthread_setname_np(a->thread, a->name);
    a->started = true;
}

static bool must_wake(struct actor *a)
{
    bool wake = a->asleep;
    a->asleep = false;
    if (a->threaded && !a->started)
        thread_start(a);
    return wake;
}

void actor_post(struct actor *a, struct actor_msg *m)
{
    m->next = NULL;
    atomic_fetch_add_explicit(&a->backlog, m->cost, memory_order_relaxed);
    pthread_mutex_lock(&a->lock);
    *a->inbox_tail = m;
    a->inbox_tail = &m->next;
    bool wake = must_wake(a);
    pthread_mutex_unlock(&a->lock);
    if (wake)
        actor_wake(a);
}

void actor_kick(struct actor *a)
{
    pthread_mutex_lock(&a->lock);
    a->kicked = true;
    bool wake = must_wake(a);
    pthread_mutex_unlock(&a->lock);
    if (wake)
        actor_wake(a);
}

static int internal_fd(struct actor *a, int fd)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.u64 = (uint32_t)fd };
    return fd < 0 || epoll_ctl(a->epfd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -1 : 0;
}

struct actor *actor_new(struct loop *l, const char *name, bool threaded,
                        const struct actor_ops *ops, void *ctx)
{
    struct actor *a = mem_calloc(MEM(actor), 1, sizeof(*a));
    snprintf(a->name, sizeof(a->name), "%s", name);
    a->ops = ops;
    a->ctx = ctx;
    a->loop = l;
    a->threaded = threaded;
    a->inbox_tail = &a->inbox;
    pthread_mutex_init(&a->lock, NULL);
    a->epfd = epoll_create1(EPOLL_CLOEXEC);
    a->timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    a->evfd = threaded ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    int rc = a->epfd < 0 ? -1 : internal_fd(a, a->timerfd);
    if (rc == 0 && threaded)
        rc = internal_fd(a, a->evfd);
    if (rc < 0) {
        log_write(LOG_L_CRIT, "worker %s: %s", name, strerror(errno));
        abort();
    }
    if (!threaded) {
        a->asleep = true;
        a->waker = loop_waker_new(l, a->name, inline_wake, a);
        a->epfd_watch = loop_fd_new(l, a->name, a->epfd, LOOP_READ, inline_ready, a);
    }
    return a;
}

void actor_free(struct actor *a)
{
    if (!a)
        return;
    if (a->threaded) {
        pthread_mutex_lock(&a->lock);
        a->stop = true;
        bool started = a->started;
        pthread_mutex_unlock(&a->lock);
        if (started) {
            actor_wake(a);
            pthread_join(a->thread, NULL);
        }
        actor_destroy(a);
        return;
    }
    loop_fd_free(a->epfd_watch);
    loop_waker_free(a->waker);
    a->freed = true;
    if (!a->running && !a->later)
        actor_destroy(a);
}
