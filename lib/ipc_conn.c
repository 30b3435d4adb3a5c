/* SPDX-License-Identifier: Apache-2.0
 * ipc_conn.c - one PAIR0 socket with one pipe (see ipc_conn.h for the threads).
 */
#include "ipc_conn.h"
#include <errno.h>
#include <nng/protocol/pair0/pair.h>
#include <pthread.h>
#include <string.h>
#include "mem.h"

MEM_DEFINE(ipc_conn, "IPC connection");

struct ipc_conn {
    nng_socket sock;
    nng_aio *rx, *tx;
    struct loop_waker *waker;
    pthread_mutex_t mtx;
    /* under mtx */
    nng_msg *in[IPC_INBOX];
    unsigned in_head, in_n;
    bool rx_armed, closing, piped, gone, tx_done;
    uint32_t uid;
    nng_pipe pipe;
};

int ipc_errno(int rv)
{
    if (rv & NNG_ESYSERR)
        return -(rv & ~NNG_ESYSERR);
    switch (rv) {
    case 0:
        return 0;
    case NNG_ENOMEM:
        return -ENOMEM;
    case NNG_EADDRINUSE:
        return -EADDRINUSE;
    case NNG_EPERM:
        return -EACCES;
    case NNG_ECONNREFUSED:
        return -ECONNREFUSED;
    case NNG_ENOENT:
        return -ENOENT;
    case NNG_ETIMEDOUT:
        return -ETIMEDOUT;
    case NNG_EADDRINVAL:
        return -EADDRNOTAVAIL;
    case NNG_ENOFILES:
        return -EMFILE;
    case NNG_ECLOSED:
        return -EPIPE;
    default:
        return -EIO;
    }
}

/* nng thread: the pipe comes (before the protocol may use it) and goes. */
static void conn_pipe_cb(nng_pipe p, nng_pipe_ev ev, void *arg)
{
    struct ipc_conn *c = arg;
    uint64_t uid = UINT64_MAX;
    bool refuse = false;

    if (ev == NNG_PIPE_EV_ADD_PRE)
        (void)nng_pipe_get_uint64(p, NNG_OPT_IPC_PEER_UID, &uid);
    pthread_mutex_lock(&c->mtx);
    if (ev == NNG_PIPE_EV_ADD_PRE) {
        refuse = c->piped;
        if (!refuse) {
            c->piped = true;
            c->pipe = p;
            c->uid = (uint32_t)uid;
        }
    } else if (c->piped && nng_pipe_id(p) == nng_pipe_id(c->pipe)) {
        c->gone = true;
    }
    pthread_mutex_unlock(&c->mtx);
    if (refuse)
        nng_pipe_close(p); /* what nng asks for in this callback to turn a pipe away */
    else
        loop_wake(c->waker);
}

/* nng thread. */
static void conn_rx_cb(void *arg)
{
    struct ipc_conn *c = arg;
    bool again = false;

    if (nng_aio_result(c->rx) != 0) {
        pthread_mutex_lock(&c->mtx);
        c->rx_armed = false;
        pthread_mutex_unlock(&c->mtx);
        return; /* the pipe callback reports the loss */
    }
    pthread_mutex_lock(&c->mtx);
    c->in[(c->in_head + c->in_n++) % IPC_INBOX] = nng_aio_get_msg(c->rx);
    again = c->rx_armed = c->in_n < IPC_INBOX && !c->closing;
    pthread_mutex_unlock(&c->mtx);
    if (again)
        nng_recv_aio(c->sock, c->rx);
    loop_wake(c->waker);
}

/* nng thread. */
static void conn_tx_cb(void *arg)
{
    struct ipc_conn *c = arg;

    pthread_mutex_lock(&c->mtx);
    c->tx_done = true;
    pthread_mutex_unlock(&c->mtx);
    loop_wake(c->waker);
}

int ipc_conn_open(struct loop_waker *w, struct ipc_conn **ret)
{
    struct ipc_conn *c = mem_calloc(MEM(ipc_conn), 1, sizeof(*c));
    int rv;

    pthread_mutex_init(&c->mtx, NULL);
    c->waker = w;
    if ((rv = nng_pair0_open(&c->sock)) != 0) {
        pthread_mutex_destroy(&c->mtx);
        mem_free(MEM(ipc_conn), c);
        return ipc_errno(rv);
    }
    if ((rv = nng_aio_alloc(&c->rx, conn_rx_cb, c)) != 0 ||
        (rv = nng_aio_alloc(&c->tx, conn_tx_cb, c)) != 0 ||
        (rv = nng_socket_set_size(c->sock, NNG_OPT_RECVMAXSZ, IPC_MAX_MESSAGE + 2)) != 0 ||
        (rv = nng_socket_set_ms(c->sock, NNG_OPT_RECONNMINT, 20)) != 0 ||
        (rv = nng_pipe_notify(c->sock, NNG_PIPE_EV_ADD_PRE, conn_pipe_cb, c)) != 0 ||
        (rv = nng_pipe_notify(c->sock, NNG_PIPE_EV_REM_POST, conn_pipe_cb, c)) != 0) {
        ipc_conn_close(c);
        return ipc_errno(rv);
    }
    nng_aio_set_timeout(c->rx, NNG_DURATION_INFINITE);
    nng_aio_set_timeout(c->tx, NNG_DURATION_INFINITE);
    c->rx_armed = true;
    nng_recv_aio(c->sock, c->rx);
    *ret = c;
    return 0;
}

int ipc_conn_listen(struct ipc_conn *c, const char *url)
{
    nng_listener lst;
    int rv = nng_listener_create(&lst, c->sock, url);

    if (rv == 0) {
        (void)nng_listener_set_int(lst, NNG_OPT_IPC_PERMISSIONS, 0770);
        rv = nng_listener_start(lst, 0);
    }
    return ipc_errno(rv);
}

int ipc_conn_dial(struct ipc_conn *c, const char *url)
{
    return ipc_errno(nng_dial(c->sock, url, NULL, NNG_FLAG_NONBLOCK));
}

void ipc_conn_close(struct ipc_conn *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->mtx);
    c->closing = true;
    pthread_mutex_unlock(&c->mtx);
    nng_close(c->sock);
    if (c->rx) {
        nng_aio_stop(c->rx);
        nng_aio_free(c->rx);
    }
    if (c->tx) {
        nng_aio_stop(c->tx);
        if (nng_aio_result(c->tx) != 0 && nng_aio_get_msg(c->tx))
            nng_msg_free(nng_aio_get_msg(c->tx));
        nng_aio_free(c->tx);
    }
    while (c->in_n) {
        nng_msg_free(c->in[c->in_head]);
        c->in_head = (c->in_head + 1) % IPC_INBOX;
        c->in_n--;
    }
    pthread_mutex_destroy(&c->mtx);
    mem_free(MEM(ipc_conn), c);
}

struct ipc_conn_state ipc_conn_poll(struct ipc_conn *c)
{
    pthread_mutex_lock(&c->mtx);
    struct ipc_conn_state s = {
        .piped = c->piped, .gone = c->gone, .tx_done = c->tx_done, .uid = c->uid
    };
    c->tx_done = false;
    pthread_mutex_unlock(&c->mtx);
    if (s.tx_done && nng_aio_result(c->tx) != 0 && nng_aio_get_msg(c->tx)) {
        nng_msg_free(nng_aio_get_msg(c->tx)); /* not sent: still ours */
        nng_aio_set_msg(c->tx, NULL);
    }
    return s;
}

nng_msg *ipc_conn_pop(struct ipc_conn *c, bool take_more)
{
    nng_msg *m = NULL;
    bool arm = false;

    pthread_mutex_lock(&c->mtx);
    if (c->in_n) {
        m = c->in[c->in_head];
        c->in_head = (c->in_head + 1) % IPC_INBOX;
        c->in_n--;
    }
    if (take_more && !c->rx_armed && !c->gone && c->in_n < IPC_INBOX)
        arm = c->rx_armed = true;
    pthread_mutex_unlock(&c->mtx);
    if (arm)
        nng_recv_aio(c->sock, c->rx);
    return m;
}

bool ipc_conn_has_input(struct ipc_conn *c)
{
    pthread_mutex_lock(&c->mtx);
    bool has = c->in_n != 0;
    pthread_mutex_unlock(&c->mtx);
    return has;
}

void ipc_conn_send(struct ipc_conn *c, nng_msg *m)
{
    nng_aio_set_msg(c->tx, m);
    nng_send_aio(c->sock, c->tx);
}
