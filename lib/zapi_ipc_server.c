/* SPDX-License-Identifier: Apache-2.0
 * zapi_ipc_server.c - the route service in zebrad: one struct zapi_peer per client.
 *
 * Acknowledgements are collected in pages (zapi_ipc_ack.h). What is left goes out after ACK_DELAY; while
 * many are waiting and more keep coming, only when the client's window is nearly used up, so that a table's
 * worth of scattered answers costs a few messages.
 */
#include <errno.h>
#include <string.h>
#include "log.h"
#include "mem.h"
#include "zapi_ipc.h"
#include "zapi_ipc_ack.h"

#define ACK_MAX   1024
#define ACK_DELAY 1000 /* usec */
#define ACK_FEW   4096 /* waiting answers that are not worth waiting longer for */
#define ACK_QUIET 20   /* delays without an answer after which no more are awaited */

MEM_DEFINE(zapi_server, "Route service");
MEM_DEFINE(zapi_peer, "Route service client");

struct zapi_peer {
    struct zapi_server *server;
    struct ipc_link *link;
    struct zapi_peer *next, *prev;
    struct zapi_hello hello;
    bool greeted;
    uint64_t next_seq; /* that the next batch must begin with */
    void *data;
    struct loop_timer *ack_timer;
    struct zapi_ack acks[ACK_MAX];
    unsigned n_acks;
    struct zapi_acks collect;
    unsigned quiet;                     /* delays since the last answer */
    uint64_t settled, settled_at_timer; /* answers so far, and when the timer was last looked at */
};
struct zapi_server {
    struct loop *loop;
    struct ipc_server *ipc;
    const struct zapi_server_ops *ops;
    void *ctx;
    struct ipc_arena arena;
    struct zapi_peer *peers;
};

static void ack_send(struct zapi_peer *p)
{
    struct zapi_msg m = { .type = ZT_ACK };

    if (!p->n_acks)
        return;
    m.u.ack.v = p->acks;
    m.u.ack.n = p->n_acks;
    zapi_msg_send(p->link, &m);
    p->n_acks = 0;
}

static void ack_emit(void *ctx, const struct zapi_ack *a)
{
    struct zapi_peer *p = ctx;
    struct zapi_ack *last = p->n_acks ? &p->acks[p->n_acks - 1] : NULL;

    if (last && a->first_seq == last->last_seq + 1 && a->result == last->result &&
        a->err == last->err) {
        last->last_seq = a->last_seq;
        return;
    }
    /* A message's ranges ascend. */
    if (p->n_acks == ACK_MAX || (last && a->first_seq <= last->last_seq))
        ack_send(p);
    p->acks[p->n_acks++] = *a;
}

static void ack_timer(void *ctx)
{
    struct zapi_peer *p = ctx;
    const struct zapi_acks *c = &p->collect;
    bool tight = c->next - c->low >= ZAPI_WINDOW / 8 * 7 && c->waiting >= ZAPI_WINDOW / 8;

    p->quiet = p->settled != p->settled_at_timer ? 0 : p->quiet + 1;
    p->settled_at_timer = p->settled;
    if (c->waiting > ACK_FEW && p->quiet < ACK_QUIET && !tight)
        loop_timer_arm(p->ack_timer, ACK_DELAY);
    else
        zapi_acks_flush(&p->collect, ack_emit, p);
    ack_send(p);
}

void zapi_peer_ack(struct zapi_peer *p, const struct zapi_ack *a)
{
    zapi_acks_add(&p->collect, a, ack_emit, p);
    p->settled += a->last_seq - a->first_seq + 1;
    if ((p->collect.waiting || p->n_acks) && !loop_timer_armed(p->ack_timer))
        loop_timer_arm(p->ack_timer, ACK_DELAY);
}

static void *server_accepted(void *ctx, struct ipc_link *link, const char *client, uint32_t uid)
{
    struct zapi_server *s = ctx;
    struct zapi_peer *p = mem_calloc(MEM(zapi_peer), 1, sizeof(*p));

    log_info("%s: client %s (uid %u) connected", ZAPI_SERVICE, client, uid);
    p->server = s;
    p->link = link;
    p->next_seq = 1;
    zapi_acks_init(&p->collect, 1);
    p->ack_timer = loop_timer_new(s->loop, "zapi acknowledgements", ack_timer, p);
    p->next = s->peers;
    if (p->next)
        p->next->prev = p;
    s->peers = p;
    return p;
}

static void server_up(void *ctx, struct ipc_link *l)
{
    (void)ctx; /* zebrad speaks when the client has said hello */
    (void)l;
}

static void peer_free(struct zapi_peer *p)
{
    if (p->prev)
        p->prev->next = p->next;
    else
        p->server->peers = p->next;
    if (p->next)
        p->next->prev = p->prev;
    loop_timer_free(p->ack_timer);
    zapi_acks_fini(&p->collect);
    mem_free(MEM(zapi_peer), p);
}

static void server_down(void *ctx, struct ipc_link *l)
{
    struct zapi_peer *p = ctx;

    log_info("%s: client %s is gone", ZAPI_SERVICE, ipc_link_peer(l));
    if (p->greeted && p->server->ops->gone)
        p->server->ops->gone(p->server->ctx, p);
    peer_free(p);
}

static const char *server_batch(struct zapi_peer *p, const struct zapi_msg *m)
{
    const struct zapi_server *s = p->server;

    if (m->u.batch.first_seq != p->next_seq)
        return "sequence number out of order";
    p->next_seq += m->u.batch.count;
    if (!zapi_acks_issue(&p->collect, p->next_seq))
        return "more routes in flight than the window allows";
    if (s->ops->batch)
        s->ops->batch(s->ctx, p, &m->u.batch);
    return NULL;
}

/* NULL or why the client is to be closed; messages that only zebrad sends are ignored. */
static const char *server_dispatch(struct zapi_peer *p, const struct zapi_msg *m)
{
    const struct zapi_server_ops *o = p->server->ops;
    void *ctx = p->server->ctx;

    switch (m->type) {
    case ZT_HELLO:
        p->hello = m->u.hello.h;
        p->greeted = true;
        if (o->hello)
            o->hello(ctx, p, &p->hello);
        break;
    case ZT_END:
        if (o->end)
            o->end(ctx, p);
        break;
    case ZT_ROUTES:
        return server_batch(p, m);
    case ZT_NHG:
        if (o->nhg)
            o->nhg(ctx, p, &m->u.nhg);
        break;
    case ZT_NHG_DEL:
        if (o->nhg_del)
            o->nhg_del(ctx, p, m->u.nhg_del);
        break;
    case ZT_NHT_REGISTER:
        if (o->nht)
            o->nht(ctx, p, &m->u.nht_register);
        break;
    case ZT_IMPORT_REGISTER:
        if (o->import)
            o->import(ctx, p, &m->u.import_register);
        break;
    case ZT_REDISTRIBUTE:
        if (o->redist)
            o->redist(ctx, p, &m->u.redistribute);
        break;
    default:
        break;
    }
    return NULL;
}

static void server_message(void *ctx, struct ipc_link *l, uint16_t type, const uint8_t *buf,
                           size_t len)
{
    struct zapi_peer *p = ctx;
    struct ipc_arena *a = &p->server->arena;
    struct zapi_msg m;
    const char *why = NULL;

    ipc_arena_reset(a);
    int rv = zapi_msg_decode(type, buf, len, a, &m, &why);
    if (rv == -ENOMSG)
        return; /* newer than we are */
    if (rv == 0 && (m.type == ZT_HELLO) == p->greeted)
        why = "hello missing or repeated";
    if (rv == 0 && !why)
        why = server_dispatch(p, &m);
    if (!why)
        return;
    log_warn("%s: message of type %u (%zu octets) from %s refused: %s; closing the connection",
             ZAPI_SERVICE, type, len, ipc_link_peer(l), why);
    ipc_link_close(l);
}

static const struct ipc_link_ops server_link_ops = {
    .up = server_up,
    .down = server_down,
    .message = server_message,
};

struct zapi_server *zapi_server_new(struct loop *l, const char *run_dir,
                                    const struct zapi_server_ops *ops, void *ctx, int *ret_err)
{
    struct zapi_server *s = mem_calloc(MEM(zapi_server), 1, sizeof(*s));

    s->loop = l;
    s->ops = ops;
    s->ctx = ctx;
    ipc_arena_init(&s->arena);
    s->ipc =
        ipc_server_new(l, run_dir, ZAPI_SERVICE, &server_link_ops, server_accepted, s, ret_err);
    if (s->ipc)
        return s;
    ipc_arena_fini(&s->arena);
    mem_free(MEM(zapi_server), s);
    return NULL;
}

void zapi_server_free(struct zapi_server *s)
{
    if (!s)
        return;
    for (struct zapi_peer *p = s->peers; p; p = p->next)
        ack_timer(p);
    ipc_server_free(s->ipc);
    while (s->peers)
        peer_free(s->peers);
    ipc_arena_fini(&s->arena);
    mem_free(MEM(zapi_server), s);
}

const struct zapi_hello *zapi_peer_hello(const struct zapi_peer *p)
{
    return &p->hello;
}

void zapi_peer_set_data(struct zapi_peer *p, void *data)
{
    p->data = data;
}

void *zapi_peer_data(const struct zapi_peer *p)
{
    return p->data;
}

void zapi_peer_pause(struct zapi_peer *p, bool pause)
{
    ipc_link_pause(p->link, pause);
}

void zapi_peer_hello_send(struct zapi_peer *p, const struct zapi_hello *h)
{
    struct zapi_msg m = { .type = ZT_HELLO };

    m.u.hello.h = *h;
    m.u.hello.h.version = ZAPI_VERSION;
    m.u.hello.min_version = ZAPI_MIN_VERSION;
    m.u.hello.window = ZAPI_WINDOW;
    zapi_msg_send(p->link, &m);
}

void zapi_peer_link(struct zapi_peer *p, const struct zapi_link *l)
{
    struct zapi_msg m = { .type = ZT_LINK, .u.link = *l };

    zapi_msg_send(p->link, &m);
}

void zapi_peer_addr(struct zapi_peer *p, const struct zapi_addr *a)
{
    struct zapi_msg m = { .type = ZT_ADDR, .u.addr = *a };

    zapi_msg_send(p->link, &m);
}

void zapi_peer_vrf(struct zapi_peer *p, const struct zapi_vrf *v)
{
    struct zapi_msg m = { .type = ZT_VRF, .u.vrf = *v };

    zapi_msg_send(p->link, &m);
}

void zapi_peer_router_id(struct zapi_peer *p, const struct zapi_router_id *r)
{
    struct zapi_msg m = { .type = ZT_ROUTER_ID, .u.router_id = *r };

    zapi_msg_send(p->link, &m);
}

void zapi_peer_nht(struct zapi_peer *p, const struct zapi_nht_state *s)
{
    struct zapi_msg m = { .type = ZT_NHT_STATE, .u.nht_state = *s };

    zapi_msg_send(p->link, &m);
}

void zapi_peer_import(struct zapi_peer *p, const struct zapi_import_state *s)
{
    struct zapi_msg m = { .type = ZT_IMPORT_STATE, .u.import_state = *s };

    zapi_msg_send(p->link, &m);
}

void zapi_peer_redist(struct zapi_peer *p, const struct zapi_redist_route *r)
{
    struct zapi_msg m = { .type = ZT_REDIST_ROUTE, .u.redist_route = *r };

    zapi_msg_send(p->link, &m);
}

void zapi_peer_end(struct zapi_peer *p)
{
    struct zapi_msg m = { .type = ZT_END };

    zapi_msg_send(p->link, &m);
}

void zapi_server_each(struct zapi_server *s, void (*fn)(void *ctx, struct zapi_peer *p), void *ctx)
{
    for (struct zapi_peer *p = s->peers, *next; p; p = next) {
        next = p->next;
        if (p->greeted)
            fn(ctx, p);
    }
}

struct ipc_stats zapi_peer_stats(const struct zapi_peer *p)
{
    return ipc_link_stats(p->link);
}
