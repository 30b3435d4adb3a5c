/* SPDX-License-Identifier: Apache-2.0
 * bgp_zebra.h - bgpd's side of the link to zebrad: what configuration and shows ask of it. Main thread.
 *
 * All calls are intent: they are stored, and acted on when zebrad is there (and again whenever it comes back).
 */
#ifndef BGP_ZEBRA_H
#define BGP_ZEBRA_H
#include "bgp_peer.h"

/* `network P [route-map N]`; rmap may be NULL. Setting again replaces. */
void bgp_zebra_network_set(struct bgp_inst *i, const struct prefix *p, const char *rmap);
void bgp_zebra_network_unset(struct bgp_inst *i, const struct prefix *p);
/* `redistribute PROTO [metric N] [route-map N]`; metric -1: the route's own. */
void bgp_zebra_redistribute_set(struct bgp_inst *i, enum bgp_afi_safi af, enum zapi_proto proto, int64_t metric, const char *rmap);
void bgp_zebra_redistribute_unset(struct bgp_inst *i, enum bgp_afi_safi af, enum zapi_proto proto);
/* `bgp network import-check` may have changed: looks at all networks of the instance again. */
void bgp_zebra_import_check_changed(struct bgp_inst *i);
/* A route-map, list or the like of this name changed: networks and redistribution that use it are evaluated again. */
void bgp_zebra_policy_changed(const char *name);
const char *bgp_zebra_ifname(uint32_t ifindex);   /* "" when unknown */
bool bgp_zebra_up(void);
#endif
