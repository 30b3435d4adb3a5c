/* SPDX-License-Identifier: Apache-2.0
 * zapi_ipc.h - private to zapi_ipc*.c (and its tests): the route service's messages as domain structs.
 *
 * zapi_ipc_codec.c is pure: it turns a struct zapi_msg into bytes and back, and checks everything that
 * can be checked without state. zapi_ipc_client.c and zapi_ipc_server.c hold a connection's state.
 */
#ifndef GW_ZAPI_IPC_H
#define GW_ZAPI_IPC_H
#include "ipc_arena.h"
#include "zapi.h"

#define ZAPI_VERSION     1
#define ZAPI_MIN_VERSION 1 /* the oldest receiver that understands us */

enum zapi_type {
    ZT_HELLO = 1, ZT_END, ZT_NHG, ZT_NHG_DEL, ZT_ROUTES, ZT_NHT_REGISTER, ZT_IMPORT_REGISTER, ZT_REDISTRIBUTE,
    ZT_ACK = 32, ZT_LINK, ZT_ADDR, ZT_VRF, ZT_ROUTER_ID, ZT_NHT_STATE, ZT_IMPORT_STATE, ZT_REDIST_ROUTE,
};
struct zapi_msg {
    enum zapi_type type;
    union {
        struct {
            struct zapi_hello h;
            uint32_t min_version, window;
        } hello;
        struct zapi_nhg nhg;
        uint32_t nhg_del;
        struct zapi_batch batch;      /* decoded: nlri lies in the arena */
        struct zapi_nht_register nht_register;
        struct zapi_import_register import_register;
        struct zapi_redist redistribute;
        struct {
            const struct zapi_ack *v; /* in ascending order; decoded: in the arena */
            unsigned n;
        } ack;
        struct zapi_link link;
        struct zapi_addr addr;
        struct zapi_vrf vrf;
        struct zapi_router_id router_id;
        struct zapi_nht_state nht_state;
        struct zapi_import_state import_state;
        struct zapi_redist_route redist_route;
    } u;
};
/* 0; -ENOMSG for a type that we do not know (to be ignored); -EBADMSG with *ret_why for a malformed message. */
int zapi_msg_decode(uint16_t type, const uint8_t *p, size_t len, struct ipc_arena *a, struct zapi_msg *ret,
                    const char **ret_why);
/* The payload's size; written when it fits in cap. */
size_t zapi_msg_encode(const struct zapi_msg *m, uint8_t *buf, size_t cap);
/* Encodes into the link's queue; false when it is down. */
bool zapi_msg_send(struct ipc_link *l, const struct zapi_msg *m);
/* Why the prefixes are wrong, or NULL: exactly `count`, lengths in range, host bits zero, nothing left over. */
const char *zapi_nlri_check(int family, const uint8_t *nlri, size_t len, uint32_t count);
/* Sets first_seq in a packed batch ([2 bytes type][payload]); false when this is none. */
bool zapi_batch_patch(void *frame, size_t len, uint64_t first_seq);
#endif
