/* SPDX-License-Identifier: Apache-2.0
 * ipc.c - what both ends of a link do: queue, deliver, report up and down (ipc.h has the rules).
 *
 * One waker per link runs link_run() on the loop. It looks at the connection's state (ipc_conn.c),
 * reports up, delivers at most IPC_SLICE messages, moves the send queue on, and at the end reports
 * down. User callbacks may close or free the link at any point; `busy` keeps its memory until the
 * outermost returns. Who makes connections is in ipc_server.c and ipc_client.c.
 */
#include "ipc.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ipc_conn.h"
#include "mem.h"

MEM_DEFINE(ipc_queue, "IPC send queue");

static void link_run(void *ctx);

void ipc_link_init(struct ipc_link *l, struct loop *loop, const struct ipc_link_ops *ops, void *ctx)
{
    l->loop = loop;
    l->ops = ops;
    l->ctx = ctx;
    l->waker = loop_waker_new(loop, "ipc", link_run, l);
}

static void queue_clear(struct ipc_link *l)
{
    for (; l->q_n; l->q_n--) {
        nng_msg_free(l->q[l->q_head]);
        l->q_head = (l->q_head + 1) % l->q_cap;
    }
    if (l->reserved)
        nng_msg_free(l->reserved);
    l->reserved = NULL;
    l->pending = l->in_flight = 0;
    l->tx_busy = l->was_high = false;
}

void ipc_link_fini(struct ipc_link *l)
{
    ipc_conn_close(l->conn);
    l->conn = NULL;
    queue_clear(l);
    mem_free(MEM(ipc_queue), l->q);
    l->q = NULL;
    loop_timer_free(l->timer);
    loop_waker_free(l->waker);
}

/* Runs a user callback with the link held; false when the link was freed by it. */
static bool link_leave(struct ipc_link *l)
{
    if (--l->busy == 0 && l->dead) {
        l->fini(l);
        return false;
    }
    return !l->dead;
}

static void queue_push(struct ipc_link *l, nng_msg *m)
{
    if (l->q_n == l->q_cap) {
        size_t cap = l->q_cap ? l->q_cap * 2 : 16;
        nng_msg **q = mem_alloc(MEM(ipc_queue), cap * sizeof(*q));
        for (size_t i = 0; i < l->q_n; i++)
            q[i] = l->q[(l->q_head + i) % l->q_cap];
        mem_free(MEM(ipc_queue), l->q);
        l->q = q;
        l->q_cap = cap;
        l->q_head = 0;
    }
    l->q[(l->q_head + l->q_n++) % l->q_cap] = m;
    l->pending += nng_msg_len(m);
    if (l->pending >= IPC_LOW)
        l->was_high = true;
}

static void queue_pump(struct ipc_link *l)
{
    if (!l->up || l->tx_busy || !l->q_n || !l->conn)
        return;
    nng_msg *m = l->q[l->q_head];
    l->q_head = (l->q_head + 1) % l->q_cap;
    l->q_n--;
    l->tx_busy = true;
    l->in_flight = nng_msg_len(m);
    l->stats.tx_msgs++;
    l->stats.tx_bytes += l->in_flight;
    ipc_conn_send(l->conn, m);
}

void ipc_link_set_up(struct ipc_link *l)
{
    l->up = true;
    l->stats.connects++;
    loop_timer_cancel(l->timer);
    l->ops->up(l->ctx, l);
}

void ipc_link_drop(struct ipc_link *l)
{
    bool was_up = l->up;

    l->busy++;
    l->up = l->closing = false;
    ipc_conn_close(l->conn);
    l->conn = NULL;
    queue_clear(l);
    if (was_up && !l->dead && l->ops->down)
        l->ops->down(l->ctx, l);
    if (!l->dead)
        l->lost(l);
    link_leave(l);
}

static void link_deliver(struct ipc_link *l)
{
    for (int n = 0; n < IPC_SLICE; n++) {
        if (!l->up || l->closing || l->dead || l->paused)
            return;
        nng_msg *m = ipc_conn_pop(l->conn, true);
        if (!m)
            return;
        size_t len = nng_msg_len(m);
        const uint8_t *p = nng_msg_body(m);
        l->stats.rx_msgs++;
        l->stats.rx_bytes += len;
        if (len < 2)
            ipc_link_close(l);
        else
            l->ops->message(l->ctx, l, (uint16_t)(p[0] << 8 | p[1]), p + 2, len - 2);
        nng_msg_free(m);
    }
    if (l->up && !l->closing && !l->dead && ipc_conn_has_input(l->conn))
        loop_wake(l->waker); /* the rest after the loop's other work */
}

static void link_sent(struct ipc_link *l)
{
    l->tx_busy = false;
    l->pending -= l->in_flight;
    l->in_flight = 0;
    queue_pump(l);
    if (l->was_high && l->pending < IPC_LOW && !l->closing) {
        l->was_high = false;
        if (l->ops->writable)
            l->ops->writable(l->ctx, l);
    }
}

static void link_run(void *ctx)
{
    struct ipc_link *l = ctx;

    if (l->dead)
        return;
    l->busy++;
    if (l->conn && !l->dead) {
        struct ipc_conn_state s = ipc_conn_poll(l->conn);
        if (s.piped && !l->up && !l->closing)
            l->piped(l, s.uid);
        if (s.tx_done && l->up && !l->dead)
            link_sent(l);
        link_deliver(l);
        /* What came before the loss is delivered before the loss is reported. */
        if (!l->dead && l->conn &&
            (l->closing || (s.gone && (!l->up || l->paused || !ipc_conn_has_input(l->conn)))))
            ipc_link_drop(l);
    }
    link_leave(l);
}

void ipc_link_free(struct ipc_link *l)
{
    if (!l || l->dead)
        return;
    l->dead = true;
    l->up = false;
    l->busy++;
    link_leave(l);
}

void ipc_link_close(struct ipc_link *l)
{
    if (!l->conn || l->closing)
        return;
    l->closing = true;
    loop_wake(l->waker);
}

bool ipc_link_is_up(const struct ipc_link *l)
{
    return l->up && !l->closing;
}

uint8_t *ipc_link_reserve(struct ipc_link *l, uint16_t type, size_t len)
{
    nng_msg *m;

    if (!ipc_link_is_up(l) || len > IPC_MAX_MESSAGE - 2)
        return NULL;
    if (nng_msg_alloc(&m, len + 2) != 0)
        return NULL;
    uint8_t *p = nng_msg_body(m);
    p[0] = (uint8_t)(type >> 8);
    p[1] = (uint8_t)type;
    if (l->reserved)
        nng_msg_free(l->reserved);
    l->reserved = m;
    return p + 2;
}

void ipc_link_commit(struct ipc_link *l)
{
    nng_msg *m = l->reserved;

    l->reserved = NULL;
    if (!m)
        return;
    queue_push(l, m);
    queue_pump(l);
}

int ipc_link_send(struct ipc_link *l, uint16_t type, const void *payload, size_t len)
{
    if (!ipc_link_is_up(l))
        return -ENOTCONN;
    if (len > IPC_MAX_MESSAGE - 2)
        return -EMSGSIZE;
    uint8_t *p = ipc_link_reserve(l, type, len);
    if (!p)
        return -ENOMEM;
    if (len)
        memcpy(p, payload, len);
    ipc_link_commit(l);
    return 0;
}

int ipc_link_send_buffer(struct ipc_link *l, void *buf, size_t len)
{
    const uint8_t *b = buf;
    int rv = len < 2 ? -EINVAL : ipc_link_send(l, (uint16_t)(b[0] << 8 | b[1]), b + 2, len - 2);
    free(buf);
    return rv;
}

size_t ipc_link_pending(const struct ipc_link *l)
{
    return l->pending;
}

const char *ipc_link_peer(const struct ipc_link *l)
{
    return l->peer;
}

void ipc_link_pause(struct ipc_link *l, bool pause)
{
    if (l->paused == pause)
        return;
    l->paused = pause;
    if (!pause)
        loop_wake(l->waker);
}

struct ipc_stats ipc_link_stats(const struct ipc_link *l)
{
    return l->stats;
}
