/* SPDX-License-Identifier: Apache-2.0
 * bgp_attr.h - path attributes: the mutable build form and the interned, flat, immutable form.
 *
 * A received UPDATE is decoded into a struct bgp_attr_build that points into the message; interning makes one flat
 * struct bgp_attr per distinct set, known by a 32-bit handle (lib/intern.h). Everything that the decision process
 * reads is in the first cache line. Handles are shared by all threads; data never moves while it lives. Freed by
 * epochs (bgp_attr_gc_*), not by reference counts. AS numbers are always 4 bytes here (RFC 6793).
 */
#ifndef BGP_ATTR_H
#define BGP_ATTR_H
#include "intern.h"
#include "prefix.h"
#include "wire.h"

enum { BGP_ORIGIN_IGP = 0, BGP_ORIGIN_EGP = 1, BGP_ORIGIN_INCOMPLETE = 2 };
enum { BGP_AS_SET = 1, BGP_AS_SEQUENCE = 2, BGP_CONFED_SEQUENCE = 3, BGP_CONFED_SET = 4 };
/* attribute type codes (IANA) */
enum { BA_ORIGIN = 1, BA_AS_PATH = 2, BA_NEXT_HOP = 3, BA_MED = 4, BA_LOCAL_PREF = 5, BA_ATOMIC_AGGREGATE = 6, BA_AGGREGATOR = 7,
       BA_COMMUNITY = 8, BA_ORIGINATOR_ID = 9, BA_CLUSTER_LIST = 10, BA_MP_REACH = 14, BA_MP_UNREACH = 15, BA_EXT_COMMUNITY = 16,
       BA_AS4_PATH = 17, BA_AS4_AGGREGATOR = 18, BA_AIGP = 26, BA_LARGE_COMMUNITY = 32, BA_OTC = 35 };
/* well-known communities */
#define BGP_COMM_GRACEFUL_SHUTDOWN 0xFFFF0000u
#define BGP_COMM_BLACKHOLE         0xFFFF029Au
#define BGP_COMM_NO_EXPORT         0xFFFFFF01u
#define BGP_COMM_NO_ADVERTISE      0xFFFFFF02u
#define BGP_COMM_LOCAL_AS          0xFFFFFF03u
#define BGP_COMM_NO_PEER           0xFFFFFF04u

enum bgp_attr_flags { /* present */
    BAF_MED = 1, BAF_LOCAL_PREF = 2, BAF_ATOMIC = 4, BAF_AGGREGATOR = 8, BAF_ORIGINATOR = 16, BAF_OTC = 32,
    BAF_NO_EXPORT = 64, BAF_NO_ADVERTISE = 128, BAF_LOCAL_AS = 256,   /* derived from the communities */
    BAF_BLACKHOLE = 512, BAF_AIGP = 1024, BAF_NH_SELF = 2048 /* local route: the next hop is ours */,
    BAF_LLGR_STALE = 4096, BAF_AS_SET = 8192 /* path holds an AS_SET or confed set */ };

/* Flat form. Variable parts follow the struct in this order; lengths in bytes. */
struct bgp_attr {
    uint32_t nh;                /* bgp_nht index of the next hop, 0: none (local) */
    uint32_t local_pref;        /* as received or set; 100 is applied by the decision when absent */
    uint32_t med;
    uint32_t weight;
    uint32_t first_as;          /* leftmost AS of the first sequence; 0: empty path (MED comparison, enforce-first-as) */
    uint32_t origin_as;         /* rightmost */
    uint16_t path_len;          /* RFC 4271 9.1.2.2 a: a set counts 1; RFC 5065: confederation segments 0 */
    uint16_t flags;
    uint8_t origin;
    uint8_t n_cluster;          /* CLUSTER_LIST length in ids, clipped at 255 */
    uint16_t aspath_len;        /* segments: type, count, 4-byte ASNs */
    uint16_t community_len;     /* 4 bytes each, sorted, unique */
    uint16_t ext_len;           /* 8 bytes each */
    uint16_t large_len;         /* 12 bytes each, sorted, unique */
    uint16_t cluster_len;       /* 4 bytes each */
    uint16_t unknown_len;       /* optional transitive attributes we do not know: whole TLVs, partial bit set */
    uint16_t pad;
    uint32_t originator_id;     /* network order as uint32 host value */
    uint32_t aggregator_as, aggregator_id;
    uint32_t otc, tag;
    uint64_t aigp;
    struct ipaddr nexthop;      /* global */
    struct ipaddr nexthop_ll;   /* IPv6 link-local beside it, or family 0 */
    uint8_t data[];
};
static inline const uint8_t *bgp_attr_aspath(const struct bgp_attr *a) { return a->data; }
static inline const uint8_t *bgp_attr_community(const struct bgp_attr *a) { return a->data + a->aspath_len; }
static inline const uint8_t *bgp_attr_ext(const struct bgp_attr *a) { return bgp_attr_community(a) + a->community_len; }
static inline const uint8_t *bgp_attr_large(const struct bgp_attr *a) { return bgp_attr_ext(a) + a->ext_len; }
static inline const uint8_t *bgp_attr_cluster(const struct bgp_attr *a) { return bgp_attr_large(a) + a->large_len; }
static inline const uint8_t *bgp_attr_unknown(const struct bgp_attr *a) { return bgp_attr_cluster(a) + a->cluster_len; }

/* Build form: `h` has everything but the variable parts, which are borrowed (message, other attr, or scratch). */
struct bgp_attr_build {
    struct bgp_attr h;          /* *_len fields are authoritative; derived fields are filled in by bgp_attr_intern() */
    const uint8_t *aspath, *community, *ext, *large, *cluster, *unknown;
    uint8_t scratch[4096 * 2];  /* room for parts that an edit creates */
    size_t scratch_used;
};
void bgp_attr_init(void);                                  /* once per process */
struct intern *bgp_attr_table(void);
void bgp_attr_build_init(struct bgp_attr_build *b);        /* empty path, origin incomplete */
void bgp_attr_build_from(struct bgp_attr_build *b, const struct bgp_attr *a);
/* Fills in the derived fields, sorts communities, interns. Any thread. */
uint32_t bgp_attr_intern(struct bgp_attr_build *b);
static inline const struct bgp_attr *bgp_attr_get(uint32_t h)
{
    extern struct intern *bgp_attr_interned;
    return intern_data(bgp_attr_interned, h);
}
/* Edits on the build form; false when it does not fit (then unchanged). */
bool bgp_attr_prepend(struct bgp_attr_build *b, uint32_t as, unsigned times);          /* RFC 4271 5.1.2 */
bool bgp_attr_prepend_confed(struct bgp_attr_build *b, uint32_t as);                   /* RFC 5065 */
bool bgp_attr_strip_confed(struct bgp_attr_build *b);
bool bgp_attr_remove_private(struct bgp_attr_build *b, bool all, bool replace, uint32_t with);
bool bgp_attr_as_replace(struct bgp_attr_build *b, uint32_t from /* 0: any */, uint32_t to);
bool bgp_attr_as_exclude(struct bgp_attr_build *b, const uint32_t *as, unsigned n);
bool bgp_attr_community_set(struct bgp_attr_build *b, const uint32_t *c, unsigned n, bool additive);
bool bgp_attr_community_remove(struct bgp_attr_build *b, bool (*drop)(void *ctx, uint32_t c), void *ctx);
bool bgp_attr_large_set(struct bgp_attr_build *b, const uint32_t (*c)[3], unsigned n, bool additive);
bool bgp_attr_large_remove(struct bgp_attr_build *b, bool (*drop)(void *ctx, const uint32_t c[3]), void *ctx);
bool bgp_attr_ext_set(struct bgp_attr_build *b, const uint64_t *c, unsigned n, bool additive);
bool bgp_attr_cluster_prepend(struct bgp_attr_build *b, uint32_t cluster_id);          /* RFC 4456 8 */
/* Questions. */
unsigned bgp_attr_path_count(const struct bgp_attr *a, uint32_t as);                   /* how often an AS occurs */
bool bgp_attr_has_community(const struct bgp_attr *a, uint32_t c);
bool bgp_attr_in_cluster_list(const struct bgp_attr *a, uint32_t cluster_id);
/* Text, FRR's forms: "65001 65002 {1,2} (3)"; communities "65001:1 no-export"; all return buf, truncated if need be. */
char *bgp_attr_path_str(const struct bgp_attr *a, char *buf, size_t len);
char *bgp_attr_community_str(const struct bgp_attr *a, char *buf, size_t len);
char *bgp_attr_large_str(const struct bgp_attr *a, char *buf, size_t len);
char *bgp_attr_ext_str(const struct bgp_attr *a, char *buf, size_t len);
char *bgp_community_str(uint32_t c, char *buf, size_t len);
bool bgp_community_parse(const char *s, uint32_t *ret);       /* AA:NN, number or name */
bool bgp_large_parse(const char *s, uint32_t ret[3]);
bool bgp_ext_parse(const char *kind, const char *s, uint64_t *ret); /* "rt"/"soo", ASN:NN or A.B.C.D:NN */
const char *bgp_origin_name(uint8_t origin);                  /* "IGP" "EGP" "incomplete" */
/* Walks segments; 0 at the end. *asns points at big-endian ASNs. */
struct bgp_path_seg { uint8_t type, count; const uint8_t *asns; };
bool bgp_attr_seg_next(const struct bgp_attr *a, size_t *pos, struct bgp_path_seg *ret);
#endif
