/* SPDX-License-Identifier: Apache-2.0
 * ipc_conn.h - private to ipc*.c: one PAIR0 socket with one pipe, from its birth to its loss.
 *
 * Threads: the nng callbacks (pipe, rx, tx) touch only the fields under `mtx` and wake the loop; everything
 * else, all opening and closing included, is done by the loop's thread. A connection is never reused: the
 * first pipe is the only one it accepts, and when that is gone the whole socket is closed.
 */
#ifndef GW_IPC_CONN_H
#define GW_IPC_CONN_H
#include <nng/nng.h>
#include "ipc.h"

#define IPC_INBOX         8    /* messages taken from nng ahead of the loop */
#define IPC_SLICE         4    /* messages delivered in one round of the loop */
#define IPC_NAME_MAX      64
#define IPC_URL_MAX       128  /* NNG_MAXADDRLEN */
#define IPC_VERSION       1    /* of the rendezvous */
#define IPC_RENDEZVOUS_MAX 512 /* octets of its packets */
#define IPC_CONNECT_WAIT  (3 * 1000 * 1000) /* usec from rendezvous to pipe */

struct ipc_conn;
struct ipc_conn_state {
    bool piped, gone;   /* the peer came, went */
    bool tx_done;       /* the message given to ipc_conn_send() was handed on (or lost with the pipe) */
    uint32_t uid;
};
/* 0 or -errno. Callbacks wake `w`, which must outlive the connection. */
int ipc_conn_open(struct loop_waker *w, struct ipc_conn **ret);
int ipc_conn_listen(struct ipc_conn *c, const char *url);
int ipc_conn_dial(struct ipc_conn *c, const char *url);
void ipc_conn_close(struct ipc_conn *c); /* NULL is fine; waits for the callbacks */
/* Reads the state; tx_done is reported once. */
struct ipc_conn_state ipc_conn_poll(struct ipc_conn *c);
/* The next message or NULL. take_more: let nng receive further ones. */
nng_msg *ipc_conn_pop(struct ipc_conn *c, bool take_more);
bool ipc_conn_has_input(struct ipc_conn *c);
void ipc_conn_send(struct ipc_conn *c, nng_msg *m); /* one at a time: until tx_done */
int ipc_errno(int nng_rv);                            /* nng's error as a negative errno */

/* A link's part that server and client share (ipc.c). */
struct ipc_link {
    struct loop *loop;
    const struct ipc_link_ops *ops;
    void *ctx;
    struct loop_waker *waker;
    struct ipc_conn *conn;      /* NULL while there is no connection */
    bool up, closing, paused, dead, was_high, tx_busy;
    unsigned busy;              /* depth of callbacks: freeing waits for 0 */
    char peer[IPC_NAME_MAX];
    nng_msg **q;                /* ring of messages to send */
    size_t q_cap, q_head, q_n;
    nng_msg *reserved;
    size_t pending;             /* bytes in q and in flight */
    size_t in_flight;
    struct ipc_stats stats;
    /* server or client part */
    void (*piped)(struct ipc_link *l, uint32_t uid); /* calls ipc_link_set_up() or ipc_link_close() */
    void (*lost)(struct ipc_link *l);                /* after down(): frees or reconnects */
    void (*fini)(struct ipc_link *l);                /* frees the part and the link's memory */
    struct ipc_server *server;
    struct ipc_client_part *client;
    struct ipc_link *next, *prev;
    struct loop_timer *timer;
    char url[IPC_URL_MAX];
};
void ipc_link_init(struct ipc_link *l, struct loop *loop, const struct ipc_link_ops *ops, void *ctx);
void ipc_link_fini(struct ipc_link *l);     /* what ipc_link_init() made */
void ipc_link_set_up(struct ipc_link *l);
void ipc_link_drop(struct ipc_link *l);     /* closes the connection, calls down() when it was up, then lost() */
#endif
