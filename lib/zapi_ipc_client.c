/* SPDX-License-Identifier: Apache-2.0
 * zapi_ipc_client.c - the route service's client (bgpd and others): hello, sequence numbers,
 * window.
 *
 * The window: `next_seq` is the number that the next prefix gets; `unacked` how many numbers zebrad
 * has not answered. Both start anew with every connection. zapi_client_room() asks; once it has
 * said no, writable() is called when there is room again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "log.h"
#include "mem.h"
#include "zapi_ipc.h"

MEM_DEFINE(zapi_client, "Route service client");

struct zapi_client {
    struct ipc_link *link;
    const struct zapi_client_ops *ops;
    void *ctx;
    struct zapi_hello self;
    struct ipc_arena arena;
    bool up;      /* hellos exchanged */
    bool blocked; /* somebody was told that there is no room */
    uint64_t next_seq, unacked, window;
};

static void client_up(void *ctx, struct ipc_link *l)
{
    struct zapi_client *c = ctx;
    struct zapi_msg m = { .type = ZT_HELLO };

    c->next_seq = 1;
    c->unacked = 0;
    c->window = ZAPI_WINDOW;
    m.u.hello.h = c->self;
    m.u.hello.h.version = ZAPI_VERSION;
    m.u.hello.min_version = ZAPI_MIN_VERSION;
    (void)l;
    zapi_msg_send(c->link, &m);
}

static void client_down(void *ctx, struct ipc_link *l)
{
    struct zapi_client *c = ctx;
    bool was = c->up;

    (void)l;
    c->up = c->blocked = false;
    if (was && c->ops->disconnected)
        c->ops->disconnected(c->ctx);
}

static void client_writable(void *ctx, struct ipc_link *l)
{
    struct zapi_client *c = ctx;

    (void)l;
    if (!c->blocked || !zapi_client_room(c))
        return;
    c->blocked = false;
    if (c->ops->writable)
        c->ops->writable(c->ctx);
}

static void client_acks(struct zapi_client *c, const struct zapi_msg *m)
{
    for (unsigned i = 0; i < m->u.ack.n && c->up; i++) {
        const struct zapi_ack *a = &m->u.ack.v[i];
        uint64_t n = a->last_seq - a->first_seq + 1;
        c->unacked -= n < c->unacked ? n : c->unacked;
        if (c->ops->ack)
            c->ops->ack(c->ctx, a);
    }
    if (c->up)
        client_writable(c, c->link);
}

/* Tells the client's owner; messages that only clients send are ignored. */
static void client_dispatch(struct zapi_client *c, const struct zapi_msg *m)
{
    const struct zapi_client_ops *o = c->ops;

    switch (m->type) {
    case ZT_END:
        if (o->state_end)
            o->state_end(c->ctx);
        break;
    case ZT_ACK:
        client_acks(c, m);
        break;
    case ZT_LINK:
        if (o->link)
            o->link(c->ctx, &m->u.link);
        break;
    case ZT_ADDR:
        if (o->addr)
            o->addr(c->ctx, &m->u.addr);
        break;
    case ZT_VRF:
        if (o->vrf)
            o->vrf(c->ctx, &m->u.vrf);
        break;
    case ZT_ROUTER_ID:
        if (o->router_id)
            o->router_id(c->ctx, &m->u.router_id);
        break;
    case ZT_NHT_STATE:
        if (o->nht)
            o->nht(c->ctx, &m->u.nht_state);
        break;
    case ZT_IMPORT_STATE:
        if (o->import)
            o->import(c->ctx, &m->u.import_state);
        break;
    case ZT_REDIST_ROUTE:
        if (o->redist)
            o->redist(c->ctx, &m->u.redist_route);
        break;
    default:
        break;
    }
}

static void client_message(void *ctx, struct ipc_link *l, uint16_t type, const uint8_t *p,
                           size_t len)
{
    struct zapi_client *c = ctx;
    struct zapi_msg m;
    const char *why = NULL;

    ipc_arena_reset(&c->arena);
    int rv = zapi_msg_decode(type, p, len, &c->arena, &m, &why);
    if (rv == -ENOMSG)
        return; /* newer than we are */
    if (rv == 0 && (m.type == ZT_HELLO) == c->up)
        why = "hello missing or repeated";
    if (rv != 0 || why) {
        log_warn("%s: message of type %u (%zu octets) refused: %s; connecting again",
                 ipc_link_peer(l), type, len, why);
        ipc_link_close(l);
        return;
    }
    if (m.type != ZT_HELLO) {
        client_dispatch(c, &m);
        return;
    }
    c->up = true;
    c->window = m.u.hello.window;
    if (c->ops->connected)
        c->ops->connected(c->ctx, &m.u.hello.h);
}

static const struct ipc_link_ops client_link_ops = {
    .up = client_up,
    .down = client_down,
    .message = client_message,
    .writable = client_writable,
};

struct zapi_client *zapi_client_new(struct loop *l, const char *run_dir,
                                    const struct zapi_hello *self,
                                    const struct zapi_client_ops *ops, void *ctx)
{
    struct zapi_client *c = mem_calloc(MEM(zapi_client), 1, sizeof(*c));

    c->ops = ops;
    c->ctx = ctx;
    c->self = *self;
    c->window = ZAPI_WINDOW;
    ipc_arena_init(&c->arena);
    c->link = ipc_client_new(l, run_dir, ZAPI_SERVICE, self->client, &client_link_ops, c);
    if (!c->link) {
        log_err("%s: cannot connect below %s", ZAPI_SERVICE, run_dir);
        zapi_client_free(c);
        return NULL;
    }
    return c;
}

void zapi_client_free(struct zapi_client *c)
{
    if (!c)
        return;
    ipc_link_free(c->link);
    ipc_arena_fini(&c->arena);
    mem_free(MEM(zapi_client), c);
}

bool zapi_client_up(const struct zapi_client *c)
{
    return c->up && ipc_link_is_up(c->link);
}

bool zapi_client_room(const struct zapi_client *c)
{
    bool room = zapi_client_up(c) && c->unacked < c->window && ipc_link_pending(c->link) < IPC_HIGH;

    if (!room)
        ((struct zapi_client *)(uintptr_t)c)->blocked = true; /* remembers who to call back */
    return room;
}

static void client_send(struct zapi_client *c, const struct zapi_msg *m)
{
    if (zapi_client_up(c))
        zapi_msg_send(c->link, m);
}

void zapi_client_nhg(struct zapi_client *c, const struct zapi_nhg *g)
{
    struct zapi_msg m = { .type = ZT_NHG, .u.nhg = *g };

    client_send(c, &m);
}

void zapi_client_nhg_del(struct zapi_client *c, uint32_t id)
{
    struct zapi_msg m = { .type = ZT_NHG_DEL, .u.nhg_del = id };

    client_send(c, &m);
}

static uint64_t client_take_seq(struct zapi_client *c, uint32_t count)
{
    uint64_t seq = c->next_seq;

    c->next_seq += count;
    c->unacked += count;
    return seq;
}

uint64_t zapi_client_batch(struct zapi_client *c, struct zapi_batch *b)
{
    if (!zapi_client_up(c) || !b->count)
        return 0;
    struct zapi_msg m = { .type = ZT_ROUTES };
    b->first_seq = c->next_seq;
    m.u.batch = *b;
    return zapi_msg_send(c->link, &m) ? client_take_seq(c, b->count) : 0;
}

uint64_t zapi_client_send_packed(struct zapi_client *c, void *buf, size_t len, uint32_t count)
{
    if (!zapi_client_up(c) || !zapi_batch_patch(buf, len, c->next_seq)) {
        free(buf);
        return 0;
    }
    return ipc_link_send_buffer(c->link, buf, len) == 0 ? client_take_seq(c, count) : 0;
}

void zapi_client_nht(struct zapi_client *c, const struct zapi_nht_register *r)
{
    struct zapi_msg m = { .type = ZT_NHT_REGISTER, .u.nht_register = *r };

    client_send(c, &m);
}

void zapi_client_import(struct zapi_client *c, const struct zapi_import_register *r)
{
    struct zapi_msg m = { .type = ZT_IMPORT_REGISTER, .u.import_register = *r };

    client_send(c, &m);
}

void zapi_client_redist(struct zapi_client *c, const struct zapi_redist *r)
{
    struct zapi_msg m = { .type = ZT_REDISTRIBUTE, .u.redistribute = *r };

    client_send(c, &m);
}

void zapi_client_end(struct zapi_client *c)
{
    struct zapi_msg m = { .type = ZT_END };

    client_send(c, &m);
}

struct ipc_stats zapi_client_stats(const struct zapi_client *c)
{
    return ipc_link_stats(c->link);
}
