/* SPDX-License-Identifier: Apache-2.0
 * bgp_group.h - what bgp_group.c (membership) and bgp_group_flush.c (output) share.
 */
#ifndef BGP_GROUP_H
#define BGP_GROUP_H
#include "bgp_shard.h"

struct shard_member *group_member(const struct shard_group *g, uint16_t peer);
void group_dump_done(struct bgp_shard *s, const struct shard_peer *p, unsigned af, uint32_t dump);
void group_memo_clear(struct bgp_shard *s);
struct group_report { struct bgp_group_info info; uint16_t *peers; };
#endif
