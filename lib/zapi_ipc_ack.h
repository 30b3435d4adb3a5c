/* SPDX-License-Identifier: Apache-2.0
 * zapi_ipc_ack.h - collects a client's acknowledgements into few ranges. Pure: no clock, no link.
 *
 * zebrad writes routes in the order that is cheapest for the kernel, not in the client's, so results
 * come scattered over the window. They are kept in a ring of one byte per sequence number, and a page of
 * ZAPI_ACK_PAGE numbers goes out when the last of it is settled; zapi_acks_flush() sends the rest, for when no
 * more is coming soon. Failures go out at once, each with its errno.
 */
#ifndef GW_ZAPI_IPC_ACK_H
#define GW_ZAPI_IPC_ACK_H
#include "zapi.h"

#define ZAPI_ACK_PAGE 1024u
#define ZAPI_ACK_RING (2u * ZAPI_WINDOW) /* numbers that may be open at once; a power of two */

typedef void zapi_ack_emit(void *ctx, const struct zapi_ack *a);
struct zapi_acks {
    uint8_t *result;     /* ring: 0 open, else result + 1; ACKS_TOLD when sent */
    uint16_t *page_done; /* settled numbers of each page of the ring */
    uint64_t low;        /* first page that is not wholly told, as a sequence number */
    uint64_t next;       /* first number not issued yet */
    uint32_t waiting;    /* settled, not told */
};
void zapi_acks_init(struct zapi_acks *a, uint64_t first_seq);
void zapi_acks_fini(struct zapi_acks *a);
/* The client's numbers go on to `next`; false when it has more open than the ring holds. */
bool zapi_acks_issue(struct zapi_acks *a, uint64_t next);
void zapi_acks_add(struct zapi_acks *a, const struct zapi_ack *r, zapi_ack_emit *emit, void *ctx);
void zapi_acks_flush(struct zapi_acks *a, zapi_ack_emit *emit, void *ctx);
#endif
