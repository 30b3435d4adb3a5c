/* SPDX-License-Identifier: Apache-2.0
 * ipc_client.c - the connecting end: asks the rendezvous for a pair, for ever.
 *
 * The REQ socket dials for as long as the link lives; nng retries that (20 to 200 ms) and repeats a
 * request whose connection was lost. State: ASK (request under way) > WAIT (reply received) > DIAL
 * (pair dialled, pipe awaited) > up; every loss and refusal leads back to ASK.
 */
#include <errno.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "ipc_conn.h"
#include "mem.h"
#include "proto/common.pb-c.h"

#define IPC_REFUSED_WAIT (500 * 1000) /* usec until asking again after a refusal */

MEM_DEFINE(ipc_client, "IPC client");

struct ipc_client_part {
    struct ipc_link link;
    char url[IPC_URL_MAX], self[IPC_NAME_MAX];
    nng_socket req;
    nng_aio *aio;
    pthread_mutex_t mtx;
    bool done; /* under mtx */
    enum { CL_IDLE, CL_ASK, CL_WAIT, CL_DIAL } step;
};

/* nng thread. */
static void client_aio_cb(void *arg)
{
    struct ipc_client_part *c = arg;

    pthread_mutex_lock(&c->mtx);
    c->done = true;
    pthread_mutex_unlock(&c->mtx);
    loop_wake(c->link.waker);
}

static void client_retry(struct ipc_client_part *c, uint64_t usec)
{
    c->step = CL_IDLE;
    loop_timer_arm(c->link.timer, usec);
}

static void client_ask(struct ipc_client_part *c)
{
    Godwit__ConnectRequest r = GODWIT__CONNECT_REQUEST__INIT;
    nng_msg *m;

    r.version = IPC_VERSION;
    r.client = c->self;
    if (nng_msg_alloc(&m, godwit__connect_request__get_packed_size(&r)) != 0) {
        client_retry(c, IPC_REFUSED_WAIT);
        return;
    }
    godwit__connect_request__pack(&r, nng_msg_body(m));
    c->step = CL_ASK;
    nng_aio_set_msg(c->aio, m);
    nng_send_aio(c->req, c->aio);
}

/* The pair's address came, or a refusal. */
static void client_reply(struct ipc_client_part *c, nng_msg *m)
{
    struct ipc_link *l = &c->link;
    Godwit__ConnectReply *r = godwit__connect_reply__unpack(NULL, nng_msg_len(m), nng_msg_body(m));
    bool ok = false;

    if (r && r->error == 0 && strncmp(r->address, "ipc://", 6) == 0 &&
        strlen(r->address) < IPC_URL_MAX && ipc_conn_open(l->waker, &l->conn) == 0) {
        if (ipc_conn_dial(l->conn, r->address) == 0) {
            ok = true;
        } else {
            ipc_conn_close(l->conn);
            l->conn = NULL;
        }
    }
    if (r)
        godwit__connect_reply__free_unpacked(r, NULL);
    if (ok) {
        c->step = CL_DIAL;
        loop_timer_arm(l->timer, IPC_CONNECT_WAIT);
    } else {
        client_retry(c, IPC_REFUSED_WAIT);
    }
}

/* On the loop, at every wake: the rendezvous' next step. */
static void client_extra(struct ipc_link *l)
{
    struct ipc_client_part *c = l->client;

    pthread_mutex_lock(&c->mtx);
    bool done = c->done;
    c->done = false;
    pthread_mutex_unlock(&c->mtx);
    if (!done)
        return;
    int rv = nng_aio_result(c->aio);
    nng_msg *m = nng_aio_get_msg(c->aio);
    if (c->step == CL_ASK && rv == 0) {
        c->step = CL_WAIT;
        nng_aio_set_msg(c->aio, NULL);
        nng_recv_aio(c->req, c->aio);
    } else if (c->step == CL_WAIT && rv == 0) {
        nng_aio_set_msg(c->aio, NULL);
        client_reply(c, m);
        nng_msg_free(m);
    } else {
        if (c->step == CL_ASK && m)
            nng_msg_free(m);
        nng_aio_set_msg(c->aio, NULL);
        client_retry(c, IPC_REFUSED_WAIT);
    }
}

static void client_timeout(void *ctx)
{
    struct ipc_client_part *c = ctx;

    if (c->step == CL_IDLE)
        client_ask(c);
    else if (c->step == CL_DIAL && !c->link.up)
        ipc_link_drop(&c->link); /* the pair never came */
}

static void client_piped(struct ipc_link *l, uint32_t uid)
{
    (void)uid; /* the directory's owner decides who may listen in it */
    ipc_link_set_up(l);
}

static void client_lost(struct ipc_link *l)
{
    client_ask(l->client);
}

static void client_fini(struct ipc_link *l)
{
    struct ipc_client_part *c = l->client;

    nng_close(c->req);
    if (c->aio) {
        nng_aio_stop(c->aio);
        nng_msg *m = nng_aio_get_msg(c->aio);
        int rv = nng_aio_result(c->aio);
        if (m && ((c->step == CL_ASK && rv != 0) || (c->step == CL_WAIT && rv == 0)))
            nng_msg_free(m);
        nng_aio_free(c->aio);
    }
    ipc_link_fini(l);
    pthread_mutex_destroy(&c->mtx);
    mem_free(MEM(ipc_client), c);
}

/* 0 or nng's error. */
static int client_open(struct ipc_client_part *c)
{
    int rv = nng_req0_open(&c->req);

    if (rv != 0)
        return rv;
    if ((rv = nng_aio_alloc(&c->aio, client_aio_cb, c)) != 0)
        return rv;
    nng_aio_set_timeout(c->aio, NNG_DURATION_INFINITE);
    (void)nng_socket_set_ms(c->req, NNG_OPT_RECONNMINT, 20);
    (void)nng_socket_set_ms(c->req, NNG_OPT_RECONNMAXT, 200);
    (void)nng_socket_set_ms(c->req, NNG_OPT_REQ_RESENDTIME, 5000);
    (void)nng_socket_set_size(c->req, NNG_OPT_RECVMAXSZ, 4096);
    return nng_dial(c->req, c->url, NULL, NNG_FLAG_NONBLOCK);
}

struct ipc_link *ipc_client_new(struct loop *loop, const char *run_dir, const char *service,
                                const char *self, const struct ipc_link_ops *ops, void *ctx)
{
    struct ipc_client_part *c = mem_calloc(MEM(ipc_client), 1, sizeof(*c));
    struct ipc_link *l = &c->link;

    ipc_link_init(l, loop, ops, ctx);
    pthread_mutex_init(&c->mtx, NULL);
    l->client = c;
    l->piped = client_piped;
    l->lost = client_lost;
    l->extra = client_extra;
    l->fini = client_fini;
    l->timer = loop_timer_new(loop, "ipc connect", client_timeout, c);
    snprintf(l->peer, sizeof(l->peer), "%s", service);
    snprintf(c->self, sizeof(c->self), "%s", self);
    int n = snprintf(c->url, sizeof(c->url), "ipc://%s/%s", run_dir, service);
    if (n < 0 || (size_t)n >= sizeof(c->url) || client_open(c) != 0) {
        ipc_link_free(l);
        return NULL;
    }
    client_ask(c);
    return l;
}
