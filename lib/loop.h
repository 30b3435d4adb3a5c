/* SPDX-License-Identifier: Apache-2.0
 * loop.h - the main thread's event loop: timers, descriptors, signals, wake-ups, over libuv.
 *
 * Every source has a name; the loop counts its calls and their wall time, and warns of slices longer
 * than 50 ms (`show event cpu`). All functions are for the loop's own thread except loop_post() and
 * loop_wake(). Time is CLOCK_MONOTONIC in microseconds.
 */
#ifndef GW_LOOP_H
#define GW_LOOP_H
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_fd;
struct loop_waker;

struct loop *loop_new(void);
void loop_free(struct loop *l);
int loop_run(struct loop *l);   /* until loop_stop(); returns its code */
void loop_stop(struct loop *l, int code);
uint64_t loop_now(void);        /* monotonic microseconds */
uint64_t loop_wall(void);       /* seconds since the epoch */

/* One-shot timer; may be armed again from its own callback. Arming replaces the earlier time. */
struct loop_timer *loop_timer_new(struct loop *l, const char *name, void (*fn)(void *ctx), void *ctx);
void loop_timer_arm(struct loop_timer *t, uint64_t usec_from_now);
void loop_timer_cancel(struct loop_timer *t);
bool loop_timer_armed(const struct loop_timer *t);
uint64_t loop_timer_left(const struct loop_timer *t); /* microseconds; 0 when not armed */
void loop_timer_free(struct loop_timer *t);           /* NULL is fine */

#define LOOP_READ  1
#define LOOP_WRITE 2
/* The descriptor stays the caller's; free the watch before closing it. events may be 0 (paused). */
struct loop_fd *loop_fd_new(struct loop *l, const char *name, int fd, int events,
                            void (*fn)(void *ctx, int events), void *ctx);
void loop_fd_set(struct loop_fd *f, int events);
void loop_fd_free(struct loop_fd *f);

/* Any thread: runs fn on the loop soon; several wakes may become one call. */
struct loop_waker *loop_waker_new(struct loop *l, const char *name, void (*fn)(void *ctx), void *ctx);
void loop_wake(struct loop_waker *w);
void loop_waker_free(struct loop_waker *w);

/* The loop's thread: runs fn once in the next round, after pending I/O was looked at: how long work
 * yields between its slices. */
void loop_later(struct loop *l, const char *name, void (*fn)(void *ctx), void *ctx);

void loop_signal(struct loop *l, int signo, void (*fn)(void *ctx, int signo), void *ctx);

/* For `show event cpu`: calls visit for every named source ever used. Times in microseconds. */
struct loop_stat { const char *name; uint64_t calls, total_us, max_us; };
void loop_stats(struct loop *l, void (*visit)(void *ctx, const struct loop_stat *s), void *ctx);
void loop_stats_clear(struct loop *l);
#endif
