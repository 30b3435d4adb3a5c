/* SPDX-License-Identifier: Apache-2.0
 * zapi.h - the route service between zebrad and its clients, as domain structs (zapi_ipc.c has the protobuf).
 *
 * Level-triggered: on every connect both sides send Hello, then their complete state, then END; the
 * receiver marks what it had and sweeps what was not repeated. First start, restart and crash are one path.
 * A client's state: next-hop groups, routes (by batch), registered next hops, redistribution wishes.
 * zebrad's state towards it: links, addresses, router ids, next-hop states, redistributed routes.
 *
 * Routes travel in columns: one batch names VRF, family, table, attributes and next-hop group once and
 * carries the prefixes packed as wire NLRI (RFC 4271 4.3: length octet, then the prefix's octets). Batches have
 * consecutive sequence numbers; one number per prefix: first_seq + position. zebrad answers ranges:
 * installed, failed (errno), superseded. Credits: a client may have ZAPI_WINDOW prefixes unacknowledged.
 */
#ifndef GW_ZAPI_H
#define GW_ZAPI_H
#include "ipc.h"
#include "prefix.h"

#define ZAPI_SERVICE "zebrad.route"
#define ZAPI_WINDOW  (1024 * 1024) /* prefixes in flight: as many as the kernel's best order needs to choose from */
#define ZAPI_BATCH_BYTES (64 * 1024)

/* Route types: numbers of our own protocol, names as FRR prints them. Kernel rtm_protocol in zebra_rib. */
enum zapi_proto { ZP_SYSTEM, ZP_KERNEL, ZP_CONNECT, ZP_LOCAL, ZP_STATIC, ZP_BGP, ZP_TABLE, ZP_TABLE_DIRECT, ZP_IPAM, ZP_API, ZP_MAX };
enum zapi_subtype { ZS_NONE, ZS_EBGP, ZS_IBGP };
const char *zapi_proto_name(enum zapi_proto p);           /* "connected", "bgp", ... */
bool zapi_proto_parse(const char *s, enum zapi_proto *ret);

enum zapi_nh_kind { ZN_GATEWAY, ZN_IFINDEX, ZN_GATEWAY_IF, ZN_BLACKHOLE, ZN_REJECT, ZN_PROHIBIT };
struct zapi_nexthop {
    enum zapi_nh_kind kind;
    struct ipaddr gate;
    uint32_t ifindex;       /* 0: to be resolved */
    uint32_t vrf_id;        /* VRF in which it is looked up */
    uint32_t weight;        /* 0 or 1: plain */
    uint8_t flags;
};
#define ZNF_ONLINK    1
#define ZNF_RECURSIVE 2     /* client wants recursive resolution (iBGP, multihop); else the gateway must be connected */
#define ZAPI_MAX_NEXTHOPS 64
struct zapi_nhg {
    uint32_t id;            /* the client's own number, >= 1 */
    uint16_t n, n_backup;
    struct zapi_nexthop nh[ZAPI_MAX_NEXTHOPS];
    struct zapi_nexthop backup[ZAPI_MAX_NEXTHOPS]; /* used when all of nh are dead */
};
struct zapi_batch {
    uint32_t vrf_id, table;  /* table 0: the VRF's own */
    int family;
    bool withdraw;           /* nhg and attributes below are then meaningless */
    enum zapi_proto proto;
    enum zapi_subtype subtype;
    uint32_t instance;
    uint32_t nhg;            /* client's group id */
    uint8_t distance;        /* 0: the protocol's default */
    uint32_t metric, tag, mtu;
    uint64_t first_seq;
    uint32_t count;          /* prefixes in nlri */
    const uint8_t *nlri;
    size_t nlri_len;
};
enum zapi_result { ZR_INSTALLED, ZR_FAILED, ZR_SUPERSEDED, ZR_NOT_BEST, ZR_REMOVED };
struct zapi_ack { uint64_t first_seq, last_seq; enum zapi_result result; int err; /* errno */ };
struct zapi_hello { uint32_t version; uint64_t features; char client[32]; uint64_t generation; enum zapi_proto proto; uint32_t instance;
                    uint32_t stale_seconds; /* how long zebrad keeps the routes if we vanish */ char server_version[32]; };
struct zapi_link { uint32_t ifindex, vrf_id, mtu, flags /* IFF_* */, speed, master; char name[16]; bool up; bool gone; uint8_t mac[6]; uint8_t mac_len; };
struct zapi_addr { uint32_t ifindex, vrf_id; struct ipaddr addr, peer; uint8_t len; bool gone, secondary; };
struct zapi_vrf { uint32_t vrf_id, table; char name[16]; bool gone; };
struct zapi_nht_register { uint32_t vrf_id; struct ipaddr addr; bool remove; bool connected_only; };
/* State of a registered next hop; also sent at once on registering. */
struct zapi_nht_state {
    uint32_t vrf_id; struct ipaddr addr;
    bool reachable; bool connected;     /* connected: resolved by a connected route */
    uint32_t metric; uint8_t distance; enum zapi_proto proto;
    struct prefix resolved;             /* by which route */
    uint16_t n; struct zapi_nexthop nh[ZAPI_MAX_NEXTHOPS];
};
struct zapi_redist { uint32_t vrf_id; int family; enum zapi_proto proto; uint32_t instance; bool remove; };
/* A redistributed route (single: these are few); `gone` withdraws. */
struct zapi_redist_route { uint32_t vrf_id; struct prefix prefix; enum zapi_proto proto; uint32_t instance, metric, tag; uint8_t distance;
                           bool gone; uint16_t n; struct zapi_nexthop nh[ZAPI_MAX_NEXTHOPS]; };
struct zapi_router_id { uint32_t vrf_id; struct ipaddr id; };
/* `network` with import-check: does exactly this prefix exist in the RIB (any protocol but BGP)? Answered by zapi_import_state. */
struct zapi_import_register { uint32_t vrf_id; struct prefix prefix; bool remove; };
struct zapi_import_state { uint32_t vrf_id; struct prefix prefix; bool present; uint32_t metric; };

/* Client side. Callbacks on the loop's thread; NULL ones are skipped. */
struct zapi_client;
struct zapi_client_ops {
    void (*connected)(void *ctx, const struct zapi_hello *server); /* now send the full state, then zapi_client_end() */
    void (*disconnected)(void *ctx);
    void (*state_end)(void *ctx);                     /* zebrad has sent its full state */
    void (*link)(void *ctx, const struct zapi_link *l);
    void (*addr)(void *ctx, const struct zapi_addr *a);
    void (*vrf)(void *ctx, const struct zapi_vrf *v);
    void (*router_id)(void *ctx, const struct zapi_router_id *r);
    void (*nht)(void *ctx, const struct zapi_nht_state *s);
    void (*import)(void *ctx, const struct zapi_import_state *s);
    void (*redist)(void *ctx, const struct zapi_redist_route *r);
    void (*ack)(void *ctx, const struct zapi_ack *a);
    void (*writable)(void *ctx);                      /* room for bulk again (link and window) */
};
struct zapi_client *zapi_client_new(struct loop *l, const char *run_dir, const struct zapi_hello *self, const struct zapi_client_ops *ops, void *ctx);
void zapi_client_free(struct zapi_client *c);
bool zapi_client_up(const struct zapi_client *c);
bool zapi_client_room(const struct zapi_client *c);   /* link under IPC_HIGH and window not used up */
void zapi_client_nhg(struct zapi_client *c, const struct zapi_nhg *g);
/* Routes that still name it are going: they leave the kernel at once, and have to be withdrawn or set anew by later batches. */
void zapi_client_nhg_del(struct zapi_client *c, uint32_t id);
/* Sends a batch now; first_seq is assigned here and returned (0 when not connected). */
uint64_t zapi_client_batch(struct zapi_client *c, struct zapi_batch *b);
void zapi_client_nht(struct zapi_client *c, const struct zapi_nht_register *r);
void zapi_client_import(struct zapi_client *c, const struct zapi_import_register *r);
void zapi_client_redist(struct zapi_client *c, const struct zapi_redist *r);
void zapi_client_end(struct zapi_client *c);          /* end of the full state: zebrad sweeps what is stale */
struct ipc_stats zapi_client_stats(const struct zapi_client *c);
/* Any thread: packs a batch into a malloc'd frame for zapi_client_send_packed() on the loop (main assigns the sequence
 * by patching: the field has a fixed width). */
void *zapi_batch_pack(const struct zapi_batch *b, size_t *ret_len);
uint64_t zapi_client_send_packed(struct zapi_client *c, void *buf, size_t len, uint32_t count); /* takes buf */

/* Server side (zebrad): one struct per client; decoded calls. */
struct zapi_server;
struct zapi_peer;
struct zapi_server_ops {
    void (*hello)(void *ctx, struct zapi_peer *p, const struct zapi_hello *h); /* now send zebrad's state, then END */
    void (*gone)(void *ctx, struct zapi_peer *p);                              /* keep its routes stale */
    void (*nhg)(void *ctx, struct zapi_peer *p, const struct zapi_nhg *g);
    void (*nhg_del)(void *ctx, struct zapi_peer *p, uint32_t id);
    void (*batch)(void *ctx, struct zapi_peer *p, const struct zapi_batch *b); /* nlri was validated: count and lengths fit */
    void (*nht)(void *ctx, struct zapi_peer *p, const struct zapi_nht_register *r);
    void (*import)(void *ctx, struct zapi_peer *p, const struct zapi_import_register *r);
    void (*redist)(void *ctx, struct zapi_peer *p, const struct zapi_redist *r);
    void (*end)(void *ctx, struct zapi_peer *p);
};
struct zapi_server *zapi_server_new(struct loop *l, const char *run_dir, const struct zapi_server_ops *ops, void *ctx, int *ret_err);
void zapi_server_free(struct zapi_server *s);
const struct zapi_hello *zapi_peer_hello(const struct zapi_peer *p);
void zapi_peer_set_data(struct zapi_peer *p, void *data);
void *zapi_peer_data(const struct zapi_peer *p);
void zapi_peer_pause(struct zapi_peer *p, bool pause);
void zapi_peer_hello_send(struct zapi_peer *p, const struct zapi_hello *h);
void zapi_peer_link(struct zapi_peer *p, const struct zapi_link *l);
void zapi_peer_addr(struct zapi_peer *p, const struct zapi_addr *a);
void zapi_peer_vrf(struct zapi_peer *p, const struct zapi_vrf *v);
void zapi_peer_router_id(struct zapi_peer *p, const struct zapi_router_id *r);
void zapi_peer_nht(struct zapi_peer *p, const struct zapi_nht_state *s);
void zapi_peer_import(struct zapi_peer *p, const struct zapi_import_state *s);
void zapi_peer_redist(struct zapi_peer *p, const struct zapi_redist_route *r);
void zapi_peer_ack(struct zapi_peer *p, const struct zapi_ack *a);    /* adjacent ranges with one result are merged and sent in bulk */
void zapi_peer_end(struct zapi_peer *p);
void zapi_server_each(struct zapi_server *s, void (*fn)(void *ctx, struct zapi_peer *p), void *ctx);
struct ipc_stats zapi_peer_stats(const struct zapi_peer *p);
#endif
