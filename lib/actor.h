/* SPDX-License-Identifier: Apache-2.0
 * actor.h - a worker that owns its state and is spoken to in messages.
 *
 * An actor has one inbox (many producers, one consumer, in order per producer) and runs either on a
 * thread of its own or, with threads off, inline on the main loop: the same code both ways. It may
 * also watch descriptors (epoll) and have idle work. Messages are intrusive; the producer allocates,
 * the consumer owns it from actor_post() on. The inbox is accounted in the producer's own cost units
 * (bytes), so that producers can hold back: actor_backlog() is what is posted and not yet handled.
 */
#ifndef GW_ACTOR_H
#define GW_ACTOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loop.h"

struct actor_msg {
    struct actor_msg *next;
    uint32_t type;  /* the actor's own enum */
    uint32_t cost;  /* bytes, for the backlog */
};
struct actor;
struct actor_ops {
    void (*message)(void *ctx, struct actor_msg *m);  /* owns m */
    /* Called when the inbox is empty or after 64 messages. Returns true when there is more to do
     * without a message (then it is called again, between looks at inbox and descriptors). */
    bool (*work)(void *ctx);
    void (*ready)(void *ctx, void *data, uint32_t epoll_events); /* a watched descriptor; may be NULL */
};
/* threaded false: runs on loop l. name: thread's name, at most 15 bytes. */
struct actor *actor_new(struct loop *l, const char *name, bool threaded, const struct actor_ops *ops, void *ctx);
void actor_free(struct actor *a);   /* stops the thread (after the message at hand); frees queued messages with free() */
void actor_post(struct actor *a, struct actor_msg *m);  /* any thread */
size_t actor_backlog(const struct actor *a);            /* any thread; bytes */
void actor_kick(struct actor *a);                       /* any thread: makes work() run */
bool actor_is_self(const struct actor *a);
/* Only from the actor itself (or before it first runs). Edge-triggered if the caller sets EPOLLET. */
int actor_watch(struct actor *a, int fd, uint32_t epoll_events, void *data);
int actor_rewatch(struct actor *a, int fd, uint32_t epoll_events, void *data);
void actor_unwatch(struct actor *a, int fd);
/* Timer of the actor: work() is called no later than usec from now (once). */
void actor_alarm(struct actor *a, uint64_t usec);
#endif
