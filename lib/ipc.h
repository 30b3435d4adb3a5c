/* SPDX-License-Identifier: Apache-2.0
 * ipc.h - links between processes: ordered, back-pressured, reconnecting, over nng.
 *
 * nng patterns that drop (PUB, poly) carry no state here. A server listens on the UNIX socket
 * RUN/NAME (SOCK_SEQPACKET); a client's ConnectRequest is answered with the address of an nng PAIR0 socket made
 * for this client alone, and from then on both speak over that pair: in order, one message at a time per direction, a
 * slow reader slows its writer. The peer's uid must be root or the daemon's own,
 * or in the group that owns the run directory. nng callbacks only move a message to a queue and wake the loop.
 *
 * Frame: u16 type (big-endian) and a payload. Type numbers are the service's enum in proto/. What a link sends is
 * queued here; ipc_link_pending() tells how much, and writable() is called when it falls under the low mark,
 * so that producers of bulk (routes) make the next batch only then: latest state wins, nothing piles up.
 * Control messages are small and may always be queued. All functions are for the loop's thread.
 */
#ifndef GW_IPC_H
#define GW_IPC_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "loop.h"

struct ipc_link;
struct ipc_server;
struct ipc_link_ops {
    void (*up)(void *ctx, struct ipc_link *l);    /* connected: send Hello, then the full state */
    void (*down)(void *ctx, struct ipc_link *l);  /* a server's link is freed after this; a client's reconnects */
    /* payload is valid during the call. */
    void (*message)(void *ctx, struct ipc_link *l, uint16_t type, const uint8_t *payload, size_t len);
    void (*writable)(void *ctx, struct ipc_link *l); /* pending fell under IPC_LOW; may be NULL */
};
#define IPC_LOW  (128 * 1024)  /* call writable() under this */
#define IPC_HIGH (512 * 1024)  /* producers of bulk stop above this */
#define IPC_MAX_MESSAGE (1024 * 1024)

/* Server: accepted(ctx, link, name, uid) gives the link's own context or NULL to refuse. 0 or -errno through *ret_err. */
struct ipc_server *ipc_server_new(struct loop *l, const char *run_dir, const char *service, const struct ipc_link_ops *ops,
                                  void *(*accepted)(void *ctx, struct ipc_link *link, const char *client, uint32_t uid),
                                  void *ctx, int *ret_err);
void ipc_server_free(struct ipc_server *s);
/* Client: connects when it can and again after a loss (retry 50 ms growing to 1 s), for ever. */
struct ipc_link *ipc_client_new(struct loop *l, const char *run_dir, const char *service, const char *self,
                                const struct ipc_link_ops *ops, void *ctx);
void ipc_link_free(struct ipc_link *l);          /* closes; no callbacks after */
void ipc_link_close(struct ipc_link *l);         /* drops the connection (protocol error); down() follows from the loop */
bool ipc_link_is_up(const struct ipc_link *l);
/* Reserves a message of `len` payload bytes and gives where to write it (so protobuf packs in place);
 * ipc_link_commit() queues it. NULL when the link is down. */
uint8_t *ipc_link_reserve(struct ipc_link *l, uint16_t type, size_t len);
void ipc_link_commit(struct ipc_link *l);
int ipc_link_send(struct ipc_link *l, uint16_t type, const void *payload, size_t len); /* copy; -ENOTCONN */
/* A message built by another thread: nng_msg-independent buffer of malloc, [2 bytes type][payload]; taken over. */
int ipc_link_send_buffer(struct ipc_link *l, void *buf, size_t len);
size_t ipc_link_pending(const struct ipc_link *l);
const char *ipc_link_peer(const struct ipc_link *l);  /* the other side's name */
void ipc_link_pause(struct ipc_link *l, bool pause);  /* stop taking messages: back-pressure towards the peer */
struct ipc_stats { uint64_t tx_msgs, tx_bytes, rx_msgs, rx_bytes, connects; };
struct ipc_stats ipc_link_stats(const struct ipc_link *l);
#endif
