/* SPDX-License-Identifier: Apache-2.0
 * bgp_wire_util.h - helpers that the codecs share: family numbers, header, errors, text from peers.
 */
#ifndef BGP_WIRE_UTIL_H
#define BGP_WIRE_UTIL_H
#include "bgp_wire.h"

int bgp_af_from_wire(uint16_t afi, uint8_t safi); /* enum bgp_afi_safi, or -1 */
void bgp_af_to_wire(enum bgp_afi_safi af, uint16_t *ret_afi, uint8_t *ret_safi);
void bgp_header_put(struct wb *w, uint8_t type);
size_t bgp_header_finish(struct wb *w);           /* patches the length; 0 when it did not fit */
void bgp_error_set(struct bgp_error *err, uint8_t code, uint8_t subcode, const void *data, size_t len, const char *fmt,
                   ...) __attribute__((format(printf, 6, 7)));
/* Text that a peer sent, made safe to print: invalid UTF-8 and control characters become '?'. Always terminated. */
void bgp_text_copy(char *dst, size_t cap, const uint8_t *src, size_t len);
#endif
