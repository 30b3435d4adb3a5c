/* SPDX-License-Identifier: Apache-2.0
 * bgp_zebra_priv.h - what bgp_zebra*.c and the session driver share.
 */
#ifndef BGP_ZEBRA_PRIV_H
#define BGP_ZEBRA_PRIV_H
#include "bgp_zebra.h"
#include "zapi.h"

struct daemon;
void bgp_zebra_start(struct daemon *d, bool none);   /* none (-Z): no zebrad; every next hop counts as reachable */
void bgp_zebra_stop(void);
void bgp_zebra_restart_over(void);                   /* the end marker may go out */
/* From the shards (struct bgp_rib_cb). */
uint64_t bgp_zebra_on_batch(void *ctx, void *packed, size_t len, uint32_t count, uint16_t inst);
void bgp_zebra_on_nhg(void *ctx, const struct zapi_nhg *g);
void bgp_zebra_on_nhg_del(void *ctx, uint32_t id);
void bgp_zebra_on_synced(void *ctx);
void bgp_zebra_on_nexthop(void *ctx, uint32_t nh, uint32_t vrf_id, const struct ipaddr *addr, bool connected_only);

/* bgp_zebra_if.c: interfaces and addresses, as zebrad tells (or the system, without zebrad). */
void bgp_zebra_if_link(const struct zapi_link *l);
void bgp_zebra_if_addr_add(const struct zapi_addr *a);
void bgp_zebra_if_mark(void);                        /* zebrad begins to tell everything again */
void bgp_zebra_if_sweep(void);
void bgp_zebra_if_system(void);                      /* fill in from the system (-Z) */

/* bgp_zebra_local.c: networks and redistribution. */
void bgp_zebra_local_connected(void);                /* send the wishes again */
void bgp_zebra_local_state_end(void);                /* drop what was not repeated */
void bgp_zebra_local_import(const struct zapi_import_state *s);
void bgp_zebra_local_redist(const struct zapi_redist_route *r);
uint32_t bgp_zebra_vrf_id(const char *name);         /* 0: not there (yet) */
void bgp_zebra_local_inst_gone(const struct bgp_inst *i);
struct zapi_client *bgp_zebra_client(void);          /* NULL: none or down */
bool bgp_zebra_none(void);                           /* -Z */
#endif
