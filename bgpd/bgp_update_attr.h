/* SPDX-License-Identifier: Apache-2.0
 * bgp_update_attr.h - between bgp_update_wire.c (the message) and bgp_update_attr.c (its attributes).
 */
#ifndef BGP_UPDATE_ATTR_H
#define BGP_UPDATE_ATTR_H
#include "bgp_attr_build.h"
#include "bgp_wire.h"

/* Where an MP attribute's NLRI lies; p NULL: the attribute was not there or its family is not ours. */
struct bgp_mp {
    bool seen;
    enum bgp_afi_safi af;
    const uint8_t *p;
    uint16_t len, count;
};
struct bgp_attr_scan {
    const struct bgp_update_ctx *ctx;
    struct bgp_update *u;
    uint64_t seen[4];               /* bit per type */
    unsigned n_seen;                /* attributes met, of any type */
    struct bgp_mp reach, unreach;
    const uint8_t *as4_path;
    uint16_t as4_path_len;
    bool has_as4_aggregator;
    uint32_t as4_aggregator_as, as4_aggregator_id;
};
/* One pass over the attributes. Outcome and error are raised in s->u. */
void bgp_update_attrs(struct bgp_attr_scan *s, const uint8_t *p, size_t len);
/* After all of them: 2-byte paths (RFC 6793 4.2.3), leftmost AS. */
void bgp_update_attrs_finish(struct bgp_attr_scan *s);
static inline bool bgp_attr_scan_has(const struct bgp_attr_scan *s, uint8_t type)
{
    return s->seen[type >> 6] >> (type & 63) & 1;
}
/* Raises the outcome; text and NOTIFICATION data are those of the first error of the worst outcome. */
void bgp_update_fail(struct bgp_update *u, enum bgp_outcome o, uint8_t subcode, const void *data, size_t len,
                     const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Counts the prefixes of a block; false when a length is over max or the last one is cut (RFC 7606 5.3). */
bool bgp_nlri_check(const uint8_t *p, size_t len, unsigned max, uint16_t *ret_count);
#endif
