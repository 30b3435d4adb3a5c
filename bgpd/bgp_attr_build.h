/* SPDX-License-Identifier: Apache-2.0
 * bgp_attr_build.h - what the files that make attribute sets share (bgp_attr*.c and the codecs).
 */
#ifndef BGP_ATTR_BUILD_H
#define BGP_ATTR_BUILD_H
#include "bgp_attr.h"

/* attribute flags octet, RFC 4271 4.3 */
#define BGP_AF_OPTIONAL   0x80
#define BGP_AF_TRANSITIVE 0x40
#define BGP_AF_PARTIAL    0x20
#define BGP_AF_EXTENDED   0x10
#define BGP_AS_TRANS      23456u

/* n bytes of the build's scratch, or NULL when they do not fit. */
uint8_t *bgp_attr_build_room(struct bgp_attr_build *b, size_t n);
#endif
