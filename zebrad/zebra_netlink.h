/* SPDX-License-Identifier: Apache-2.0
 * zebra_netlink.h - rtnetlink messages to and from domain structs. No sockets, no state.
 */
#ifndef GW_ZEBRA_NETLINK_H
#define GW_ZEBRA_NETLINK_H
#include "zebra_fib.h"

#define NL_OP_MAX 1024 /* no message of ours is longer */

struct nl_link {
    uint32_t ifindex, flags, mtu, type, master, link, txqlen, vrf_table;
    char name[16], kind[16];
    char alias[64];
    uint8_t mac[8], mac_len, operstate;
    bool gone, is_vrf;
};
struct nl_addr {
    uint32_t ifindex, flags;
    struct ipaddr addr, peer; /* peer: unset, or the other end of a point-to-point address */
    uint8_t len, scope, proto;
    char label[16];
    bool gone;
};
struct nl_route {
    uint32_t table, metric, nhid, flags;
    struct prefix p;
    uint8_t proto, type, scope;
    bool gone;
    uint16_t n;
    struct zapi_nexthop nh[ZAPI_MAX_NEXTHOPS];
};
struct nl_sink {
    void (*link)(void *ctx, const struct nl_link *l);
    void (*addr)(void *ctx, const struct nl_addr *a);
    void (*route)(void *ctx, const struct nl_route *r);
    void (*nexthop)(void *ctx, const struct knh_info *i, bool gone);
};
struct nl_result {
    unsigned messages, bad; /* bad: malformed ones, which were skipped */
    bool done;              /* end of a dump */
    bool interrupted;       /* NLM_F_DUMP_INTR: the dump may be inconsistent */
    int err;                /* of an error message; 0 */
};
/* All messages of one datagram. */
struct nl_result nl_decode(const void *data, size_t len, const struct nl_sink *sink, void *ctx);

/* Message for one operation into buf (at least NL_OP_MAX); its length. */
size_t nl_encode(const struct fib_op *op, uint32_t seq, bool ack, void *buf);
/* Dump request: type RTM_GETLINK, ... */
size_t nl_encode_dump(uint16_t type, uint8_t family, uint32_t seq, void *buf);
/* Error answers in a datagram: calls fn for each with its sequence number and errno (0: acknowledged). */
void nl_errors(const void *data, size_t len, void (*fn)(void *ctx, uint32_t seq, int err), void *ctx);
#endif
