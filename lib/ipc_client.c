/* SPDX-License-Identifier: Apache-2.0
 * ipc_client.c - the connecting end: asks the rendezvous for a pair, for ever.
 *
 * State: IDLE (timer until the next try) > ASK (request sent, answer awaited) > DIAL (pair dialled,
 * pipe awaited) > up; every loss and refusal leads back to IDLE. Tries are 20 ms apart at first,
 * 200 ms in the end; connect() to a UNIX socket answers at once, so a daemon that is not there
 * costs next to nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "ipc_conn.h"
#include "mem.h"
#include "proto/common.pb-c.h"

#define IPC_RETRY_MIN    (20 * 1000) /* usec */
#define IPC_RETRY_MAX    (200 * 1000)
#define IPC_REFUSED_WAIT (500 * 1000)      /* usec until asking again after a refusal */
#define IPC_ANSWER_WAIT  (5 * 1000 * 1000) /* usec for the rendezvous' answer */

MEM_DEFINE(ipc_client, "IPC client");

struct ipc_client_part {
    struct ipc_link link;
    struct sockaddr_un sun;
    char self[IPC_NAME_MAX];
    int fd; /* on the rendezvous; -1 */
    struct loop_fd *watch;
    uint64_t retry;
    enum { CL_IDLE, CL_ASK, CL_DIAL } step;
};

static void client_hang_up(struct ipc_client_part *c)
{
    loop_fd_free(c->watch);
    c->watch = NULL;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

static void client_retry(struct ipc_client_part *c, uint64_t usec)
{
    client_hang_up(c);
    c->step = CL_IDLE;
    loop_timer_arm(c->link.timer, usec);
}

static void client_retry_later(struct ipc_client_part *c)
{
    client_retry(c, c->retry);
    c->retry = c->retry * 2 < IPC_RETRY_MAX ? c->retry * 2 : IPC_RETRY_MAX;
}

/* The pair's address came, or a refusal. */
static void client_reply(struct ipc_client_part *c, const uint8_t *buf, size_t len)
{
    struct ipc_link *l = &c->link;
    Godwit__ConnectReply *r = godwit__connect_reply__unpack(NULL, len, buf);
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
        client_hang_up(c);
        c->step = CL_DIAL;
        loop_timer_arm(l->timer, IPC_CONNECT_WAIT);
    } else {
        client_retry(c, IPC_REFUSED_WAIT);
    }
}

static void client_ready(void *ctx, int events)
{
    struct ipc_client_part *c = ctx;
    uint8_t buf[IPC_RENDEZVOUS_MAX];

    (void)events;
    ssize_t n = recv(c->fd, buf, sizeof(buf), MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || (size_t)n > sizeof(buf))
        client_retry_later(c); /* the daemon died */
    else
        client_reply(c, buf, (size_t)n);
}

static void client_ask(struct ipc_client_part *c)
{
    Godwit__ConnectRequest r = GODWIT__CONNECT_REQUEST__INIT;
    uint8_t buf[IPC_RENDEZVOUS_MAX];

    r.version = IPC_VERSION;
    r.client = c->self;
    size_t len = godwit__connect_request__pack(&r, buf);
    c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&c->sun, sizeof(c->sun)) != 0 ||
        send(c->fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len) {
        client_retry_later(c);
        return;
    }
    c->step = CL_ASK;
    c->watch = loop_fd_new(c->link.loop, "ipc connect", c->fd, LOOP_READ, client_ready, c);
    loop_timer_arm(c->link.timer, IPC_ANSWER_WAIT);
}

static void client_timeout(void *ctx)
{
    struct ipc_client_part *c = ctx;

    if (c->step == CL_IDLE)
        client_ask(c);
    else if (c->step == CL_ASK)
        client_retry_later(c); /* stopped, perhaps */
    else if (!c->link.up)
        ipc_link_drop(&c->link); /* the pair never came */
}

static void client_piped(struct ipc_link *l, uint32_t uid)
{
    (void)uid; /* the directory's owner decides who may listen in it */
    l->client->retry = IPC_RETRY_MIN;
    ipc_link_set_up(l);
}

static void client_lost(struct ipc_link *l)
{
    client_retry_later(l->client);
}

static void client_fini(struct ipc_link *l)
{
    struct ipc_client_part *c = l->client;

    client_hang_up(c);
    ipc_link_fini(l);
    mem_free(MEM(ipc_client), c);
}

struct ipc_link *ipc_client_new(struct loop *loop, const char *run_dir, const char *service,
                                const char *self, const struct ipc_link_ops *ops, void *ctx)
{
    struct ipc_client_part *c = mem_calloc(MEM(ipc_client), 1, sizeof(*c));
    struct ipc_link *l = &c->link;

    ipc_link_init(l, loop, ops, ctx);
    l->client = c;
    l->piped = client_piped;
    l->lost = client_lost;
    l->fini = client_fini;
    l->timer = loop_timer_new(loop, "ipc connect", client_timeout, c);
    c->fd = -1;
    c->retry = IPC_RETRY_MIN;
    snprintf(l->peer, sizeof(l->peer), "%s", service);
    snprintf(c->self, sizeof(c->self), "%s", self);
    c->sun.sun_family = AF_UNIX;
    int n = snprintf(c->sun.sun_path, sizeof(c->sun.sun_path), "%s/%s", run_dir, service);
    if (n < 0 || (size_t)n >= sizeof(c->sun.sun_path) - 20) {
        ipc_link_free(l);
        return NULL;
    }
    loop_timer_arm(l->timer, 0); /* no callback before this returns */
    return l;
}
