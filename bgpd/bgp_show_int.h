/* SPDX-License-Identifier: Apache-2.0
 * bgp_show_int.h - shared by bgp_show_route.c and bgp_show_prefix.c.
 */
#ifndef BGP_SHOW_INT_H
#define BGP_SHOW_INT_H
#include "bgp_shell.h"
#include "bgp_zebra.h"

MEM_DECLARE(bgp_show);
const struct bgp_peer *bgp_show_path_peer(const struct bgp_rib_path *p); /* NULL: a local path */
bool bgp_show_path_internal(const struct bgp_rib_path *p);
void bgp_show_nexthops(struct writer *w, const struct bgp_attr *a, const struct bgp_rib_path *p, enum bgp_afi_safi af, bool detail);
int bgp_show_prefix(struct cli_req *r);
#endif
