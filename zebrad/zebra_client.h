/* SPDX-License-Identifier: Apache-2.0
 * zebra_client.h - clients of the route service: their routes, registrations and what they are told.
 *
 * A client is known by name, protocol and instance, across connections. Each connection is an
 * epoch: what the client does not repeat before its END is swept. When it vanishes its routes stay for
 * hello.stale_seconds (60 when it names none; FRR would take them out at once unless graceful restart is
 * on) and go then, if it has not come back.
 */
#ifndef GW_ZEBRA_CLIENT_H
#define GW_ZEBRA_CLIENT_H
#include "zebra.h"

#define ZCLIENT_STALE_SECONDS 60
#define ZCLIENT_MAX           256

struct zclient_redist {
    uint32_t vrf_id, instance;
    enum afi afi;
    enum zapi_proto proto;
};
struct zclient {
    struct zebra *z;
    char name[32];
    enum zapi_proto proto;
    uint32_t instance, epoch, stale_seconds;
    uint16_t owner;
    uint64_t generation;
    struct zapi_peer *peer; /* NULL: not connected */
    bool ended;             /* END came on this connection */
    bool paused;
    struct loop_timer *stale;
    struct zclient_redist *redist;
    unsigned n_redist;
    uint64_t connected_at, disconnected_at; /* wall clock */
    uint32_t connects;
    uint64_t routes_set, routes_unset, acks_failed;
};
struct zclients *zclients_new(struct zebra *z);
void zclients_free(struct zclients *c);
struct zclient *zclient_by_owner(struct zebra *z, uint16_t owner); /* NULL: none */
void zclients_each(struct zebra *z, void (*fn)(void *ctx, struct zclient *c), void *ctx);

/* From the service (zebra_ipc.c). */
void zclient_hello(struct zebra *z, struct zapi_peer *p, const struct zapi_hello *h);
void zclient_gone(struct zclient *c);
void zclient_nhg(struct zclient *c, const struct zapi_nhg *g);
void zclient_nhg_del(struct zclient *c, uint32_t id);
void zclient_batch(struct zclient *c, const struct zapi_batch *b);
void zclient_nht(struct zclient *c, const struct zapi_nht_register *r);
void zclient_import(struct zclient *c, const struct zapi_import_register *r);
void zclient_redist(struct zclient *c, const struct zapi_redist *r);
void zclient_end(struct zclient *c);

/* From the RIB and the interfaces. */
void zclients_ack(struct zebra *z, uint16_t owner, uint64_t first, uint64_t last, enum zapi_result res, int err);
void zclients_selected(struct zebra *z, struct rib_table *t, uint32_t dest, uint8_t old_proto, uint32_t cls);
void zclients_tracked(struct zebra *z, struct track *tr);
void zclients_link(struct zebra *z, const struct zif *i, bool gone);
void zclients_addr(struct zebra *z, const struct zif *i, const struct zif_addr *a, bool gone);
void zclients_vrf(struct zebra *z, uint32_t vrf_id, bool gone);
void zclients_flow(struct zebra *z); /* pauses and resumes by the length of the FIB queue */

/* Router id of a VRF: configured, else the highest address of a loopback, else the highest of all. */
struct ipaddr zebra_router_id(struct zebra *z, uint32_t vrf_id);
void zebra_router_id_set(struct zebra *z, uint32_t vrf_id, const struct ipaddr *id); /* NULL: automatic */
void zebra_router_id_update(struct zebra *z);

/* The service (zebra_ipc.c). 0 or -errno. */
int zipc_start(struct zebra *z, const char *run_dir);
void zipc_stop(struct zebra *z);
#endif
