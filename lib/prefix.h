/* SPDX-License-Identifier: Apache-2.0
 * prefix.h - addresses and prefixes of both families, as values.
 *
 * Bytes are in network order. A struct prefix is always canonical (host bits zero) except where
 * a function says "as written" (interface addresses). Comparison order is address, then length:
 * the order in which all tables are shown.
 */
#ifndef GW_PREFIX_H
#define GW_PREFIX_H
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

enum afi { AFI_IP4 = 0, AFI_IP6 = 1, AFI_MAX = 2 }; /* index of per-family arrays */
static inline int afi_family(enum afi a) { return a == AFI_IP4 ? AF_INET : AF_INET6; }
static inline enum afi afi_of(int family) { return family == AF_INET6 ? AFI_IP6 : AFI_IP4; }

struct ipaddr {
    uint8_t family; /* AF_INET, AF_INET6 or 0 (unset) */
    uint8_t pad[3];
    uint8_t b[16];  /* network order; bytes 4-15 are zero for AF_INET */
};
struct prefix {
    uint8_t family; /* AF_INET, AF_INET6 or 0 (unset) */
    uint8_t len;
    uint8_t b[16];  /* network order; bytes 4-15 are zero for AF_INET */
};
#define IPADDR_STRLEN 46
#define PREFIX_STRLEN 50

/* Parsing: true and *ret set, or false and *ret untouched. No host names, no octal, no zone. */
bool ipaddr_parse(const char *s, struct ipaddr *ret);                 /* either family */
bool ipaddr_parse4(const char *s, struct ipaddr *ret);
bool ipaddr_parse6(const char *s, struct ipaddr *ret);
bool prefix_parse(const char *s, struct prefix *ret);                 /* A/len, masked to canonical */
bool prefix_parse_as_written(const char *s, struct ipaddr *ret_addr, uint8_t *ret_len);
/* Printing into the caller's buffer of at least *_STRLEN; returns buf. IPv6 as RFC 5952. */
char *ipaddr_str(const struct ipaddr *a, char *buf);
char *prefix_str(const struct prefix *p, char *buf);

struct ipaddr ipaddr_v4(uint32_t host_order);
uint32_t ipaddr_v4_host(const struct ipaddr *a); /* host order; 0 unless AF_INET */
struct ipaddr ipaddr_from(int family, const void *bytes);
int ipaddr_cmp(const struct ipaddr *a, const struct ipaddr *b); /* family, then value */
bool ipaddr_eq(const struct ipaddr *a, const struct ipaddr *b);
bool ipaddr_is_unspecified(const struct ipaddr *a); /* family 0 counts as unspecified */
bool ipaddr_is_linklocal(const struct ipaddr *a);   /* fe80::/10, 169.254/16 */
bool ipaddr_is_loopback(const struct ipaddr *a);
bool ipaddr_is_multicast(const struct ipaddr *a);
/* True for what no router may use as a unicast next hop or destination: 0/8, 127/8, 224/3, ::, ::1, ff00::/8 */
bool ipaddr_is_martian(const struct ipaddr *a);
/* The same question for a destination prefix (0.0.0.0/0 and ::/0 are fine); a reason or NULL. */
const char *prefix_martian(const struct prefix *p);

struct prefix prefix_from(int family, const void *bytes, uint8_t len); /* masks; len is clamped */
struct prefix prefix_host(const struct ipaddr *a);                     /* /32 or /128 */
void prefix_mask(struct prefix *p);
int prefix_cmp(const struct prefix *a, const struct prefix *b);        /* family, address, length */
bool prefix_eq(const struct prefix *a, const struct prefix *b);
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);
bool prefix_contains_addr(const struct prefix *p, const struct ipaddr *a);
uint64_t prefix_hash(const struct prefix *p);
static inline uint8_t prefix_maxlen(int family) { return family == AF_INET6 ? 128 : 32; }
static inline uint8_t prefix_bytes(uint8_t len) { return (uint8_t)((len + 7) / 8); }
bool prefix_mask_to_len(const struct ipaddr *netmask, uint8_t *ret_len); /* 255.255.255.0 > 24 */
#endif
