/* SPDX-License-Identifier: Apache-2.0
 * zebra_show.h - the shell's files of zebrad: zebra_config.c, zebra_cli.c, zebra_show*.c.
 */
#ifndef ZEBRA_SHOW_H
#define ZEBRA_SHOW_H
#include "cli.h"
#include "conf.h"
#include "daemon.h"
#include "zebra_client.h"

void zebra_shell_setup(struct daemon *d);     /* nodes, rows, commands; called from struct daemon's setup() */
void zebra_config_add(struct daemon *d);
void zebra_cli_add(struct daemon *d);
void zebra_show_add(struct daemon *d);        /* interfaces, VRFs, next hops, clients */
void zebra_show_if_add(struct daemon *d);     /* show interface ... */
void zebra_show_route_add(struct daemon *d);  /* show ip|ipv6 route, fib */

struct rib *zebra_rib(void);
struct zifs *zebra_ifs(void);
struct zebra *zebra_self(void);
const char *zebra_if_name(uint32_t ifindex);      /* "if7" when it is gone */
const char *zebra_owner_name(uint16_t owner);     /* of routes and sets: "bgp", "static", "kernel" */
/* The VRF named by the argument "vrf"; the default one without; NULL with the error written. */
struct rib_vrf *zebra_show_vrf(struct cli_req *r, bool *ret_all);
/* One next hop: " via 192.0.2.1, eth0, weight 1" and the JSON object's members. */
void zebra_show_nexthop_json(struct writer *w, const struct rnh *n, bool fib, bool recursive, uint32_t resolver_weight);
#endif
