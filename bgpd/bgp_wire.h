/* SPDX-License-Identifier: Apache-2.0
 * bgp_wire.h - BGP messages: pure decoders and encoders (bgp_wire*.c, bgp_open_wire.c, bgp_update_wire.c).
 *
 * Decoders take bytes and a context of what was negotiated, return a value and an outcome; they never log, send or touch a peer.
 * RFC 4271 (messages), 4760 (MP), 5492 (capabilities), 6793 (4-byte AS), 2918/7313 (refresh), 7606 (error outcomes), 8654 (extended
 * messages), 8203/9003 (shutdown text), 1997, 4360, 8092 (communities), 4456 (reflection), 4724 (graceful restart), 9072 (long OPEN).
 */
#ifndef BGP_WIRE_H
#define BGP_WIRE_H
#include "bgp_attr.h"

#define BGP_HEADER_LEN 19
#define BGP_MAX_LEN 4096
#define BGP_MAX_LEN_EXT 65535
enum { BGP_OPEN = 1, BGP_UPDATE = 2, BGP_NOTIFICATION = 3, BGP_KEEPALIVE = 4, BGP_ROUTE_REFRESH = 5 };
/* NOTIFICATION codes and subcodes (IANA) */
enum { BN_HEADER = 1, BN_OPEN = 2, BN_UPDATE = 3, BN_HOLD = 4, BN_FSM = 5, BN_CEASE = 6, BN_REFRESH = 7 };
enum { BN_HDR_SYNC = 1, BN_HDR_LEN = 2, BN_HDR_TYPE = 3 };
enum { BN_OPEN_VERSION = 1, BN_OPEN_PEER_AS = 2, BN_OPEN_ID = 3, BN_OPEN_PARAM = 4, BN_OPEN_HOLD = 6, BN_OPEN_CAPABILITY = 7, BN_OPEN_ROLE = 11 };
enum { BN_UPD_ATTRS = 1, BN_UPD_UNKNOWN = 2, BN_UPD_MISSING = 3, BN_UPD_FLAGS = 4, BN_UPD_LEN = 5, BN_UPD_ORIGIN = 6, BN_UPD_NEXTHOP = 8,
       BN_UPD_OPTIONAL = 9, BN_UPD_NETWORK = 10, BN_UPD_ASPATH = 11 };
enum { BN_CEASE_MAX_PREFIX = 1, BN_CEASE_SHUTDOWN = 2, BN_CEASE_DECONFIGURED = 3, BN_CEASE_RESET = 4, BN_CEASE_REJECTED = 5,
       BN_CEASE_CONFIG = 6, BN_CEASE_COLLISION = 7, BN_CEASE_RESOURCES = 8, BN_CEASE_HARD_RESET = 9, BN_CEASE_BFD = 10 };
struct bgp_error { uint8_t code, subcode; uint16_t data_len; uint8_t data[64]; char text[120]; /* what and where, for the log */ };
const char *bgp_notify_str(uint8_t code, uint8_t subcode);   /* FRR's words: "Cease/Administrative Shutdown" */

enum bgp_afi_safi { BGP_IP4_UNI = 0, BGP_IP6_UNI = 1, BGP_AF_MAX = 2 };  /* index; more families are appended */
const char *bgp_af_name(enum bgp_afi_safi af);      /* "IPv4 Unicast" */
const char *bgp_af_json(enum bgp_afi_safi af);      /* "ipv4Unicast" */

/* ---- header: RFC 4271 4.1. Returns 1 and *type, *len (whole message) when a whole header is there and valid, 0 when more
 * bytes are needed, -1 with err set (RESET). max: 4096 or 65535. */
int bgp_header_decode(const uint8_t *p, size_t have, unsigned max, uint8_t *ret_type, uint16_t *ret_len, struct bgp_error *err);

/* ---- OPEN ---- */
enum bgp_caps { BC_REFRESH = 1, BC_REFRESH_OLD = 2, BC_AS4 = 4, BC_EXT_MSG = 8, BC_GR = 16, BC_ENHANCED_REFRESH = 32, BC_DYNAMIC = 64, BC_FQDN = 128,
                BC_EXT_NEXTHOP = 256, BC_ADDPATH = 512, BC_ROLE = 1024, BC_LLGR = 2048, BC_SOFTVER = 4096, BC_MP = 8192 };
struct bgp_open {
    uint8_t version;
    uint32_t as;                 /* from the 4-byte capability when there */
    uint16_t hold_time;          /* seconds */
    uint32_t router_id;          /* host order */
    uint32_t caps;               /* enum bgp_caps */
    uint32_t af;                 /* 1 << bgp_afi_safi from MP capabilities (without BC_MP: IPv4 unicast) */
    uint16_t gr_time; bool gr_restarting, gr_notification; uint32_t gr_af, gr_forwarding;
    uint8_t addpath[BGP_AF_MAX]; /* 1 receive, 2 send */
    uint32_t ext_nexthop;        /* 1 << af whose NLRI may have an IPv6 next hop (RFC 8950) */
    uint8_t role;
    char hostname[65], domainname[65], software[65];
    uint8_t unknown_caps[32]; uint8_t n_unknown;
};
/* 0, or -1 with err (to be sent as NOTIFICATION). body: after the header. */
int bgp_open_decode(const uint8_t *body, size_t len, struct bgp_open *ret, struct bgp_error *err);
/* Whole message with header; bytes written, or 0 when it does not fit. no_caps: without capabilities (dont-capability-negotiate). */
size_t bgp_open_encode(const struct bgp_open *o, bool no_caps, uint8_t *buf, size_t cap);

/* ---- small messages: whole message with header; return their length ---- */
size_t bgp_keepalive_encode(uint8_t *buf, size_t cap);
size_t bgp_notification_encode(uint8_t code, uint8_t subcode, const void *data, size_t len, uint8_t *buf, size_t cap);
struct bgp_notification { uint8_t code, subcode; uint16_t data_len; const uint8_t *data; char text[256]; /* RFC 9003, else "" */ };
int bgp_notification_decode(const uint8_t *body, size_t len, struct bgp_notification *ret, struct bgp_error *err);
enum { BGP_RR_NORMAL = 0, BGP_RR_BORR = 1, BGP_RR_EORR = 2 };
size_t bgp_refresh_encode(enum bgp_afi_safi af, uint8_t subtype, uint8_t *buf, size_t cap);
/* 0; 1: unknown AFI/SAFI, to be ignored; -1 with err */
int bgp_refresh_decode(const uint8_t *body, size_t len, enum bgp_afi_safi *ret_af, uint8_t *ret_subtype, struct bgp_error *err);

/* ---- UPDATE ---- */
/* Outcomes of RFC 7606, worst last; the worst of all attributes counts. */
enum bgp_outcome { BGP_OK, BGP_DISCARD /* attribute left out */, BGP_WITHDRAW /* treat as withdraw */, BGP_RESET /* NOTIFICATION, session ends */ };
struct bgp_update_ctx {
    bool as4;                    /* both sides can: AS_PATH is 4-byte */
    bool ibgp;                   /* LOCAL_PREF, ORIGINATOR_ID, CLUSTER_LIST are taken only then */
    bool confed_peer;            /* confederation eBGP */
    uint32_t af;                 /* negotiated families */
    uint32_t ext_nexthop;        /* families for which RFC 8950 was negotiated */
    bool enforce_first_as; uint32_t peer_as; /* eBGP: leftmost AS must be the peer's (treat as withdraw) */
    bool ext_msg;
};
struct bgp_nlri { enum bgp_afi_safi af; bool withdraw; bool mp /* from MP_REACH or MP_UNREACH */; const uint8_t *p; uint16_t len; uint16_t count; };
struct bgp_update {
    enum bgp_outcome outcome;
    struct bgp_error err;        /* of the worst outcome; .text names attribute and reason */
    bool has_attr;
    struct bgp_attr_build attr;  /* points into the message (and its own scratch) */
    struct ipaddr nexthop4;      /* NEXT_HOP for IPv4 NLRI; attr.h.nexthop is set for the block at hand by bgp_update_nexthop() */
    struct ipaddr mp_nexthop, mp_nexthop_ll;
    unsigned n_nlri;
    struct bgp_nlri nlri[4];     /* withdrawn v4, MP_UNREACH, v4, MP_REACH as present; every NLRI is validated: length and room;
                                    host bits are cleared in place is not done (input is const): readers mask */
    bool eor; enum bgp_afi_safi eor_af;
    unsigned n_discarded;        /* attributes discarded */
    uint8_t discarded[16];       /* their types */
};
/* body: after the header. With outcome BGP_WITHDRAW all announced nlri blocks come out as withdraw = true. */
void bgp_update_decode(const uint8_t *body, size_t len, const struct bgp_update_ctx *ctx, struct bgp_update *ret);
/* Sets attr.h.nexthop(+_ll) for NLRI block i before interning. */
void bgp_update_nexthop(struct bgp_update *u, unsigned i);
/* Reads the next prefix of an NLRI block: network order bytes, masked to canonical. false at the end. */
static inline bool bgp_nlri_next(struct rb *r, uint8_t addr[16], uint8_t *len)
{
    if (r->err || r->p == r->end)
        return false;
    *len = *r->p++;
    unsigned n = (*len + 7u) / 8u;
    if ((size_t)(r->end - r->p) < n || n > 16) {
        r->err = true;
        return false;
    }
    memset(addr, 0, 16);
    memcpy(addr, r->p, n);
    if (*len & 7)
        addr[n - 1] &= (uint8_t)(0xff00u >> (*len & 7));
    r->p += n;
    return true;
}

/* Encoding towards a group of peers. The attribute block is made once per (attribute set, group) and NLRI is appended behind it. */
struct bgp_encode_ctx {
    enum bgp_afi_safi af;
    bool as4;                    /* else AS_PATH in 2 bytes, AS_TRANS and AS4_PATH/AS4_AGGREGATOR (RFC 6793 4.2.2) */
    bool ibgp;                   /* LOCAL_PREF (and reflection attributes) go out */
    bool send_community, send_ext, send_large;
    unsigned max_len;            /* 4096 or 65535 */
    bool mp_ip4;                 /* IPv4 NLRI in MP_REACH with an IPv6 next hop (RFC 8950) */
};
/* Starts a message: header, empty withdrawn, attributes of `a` in type order; for IPv6 (or mp_ip4) MP_REACH is last and left open for
 * NLRI. Then bgp_encode_nlri() until it returns false (full), then bgp_encode_end() gives the length (0: nothing in it). */
struct bgp_encoder { struct wb w; enum bgp_afi_safi af; size_t attr_len_pos, mp_len_pos, nlri_start; unsigned max_len, count; bool withdraw; };
bool bgp_encode_begin(struct bgp_encoder *e, const struct bgp_encode_ctx *c, const struct bgp_attr *a, uint8_t *buf, size_t cap);
bool bgp_encode_begin_withdraw(struct bgp_encoder *e, const struct bgp_encode_ctx *c, uint8_t *buf, size_t cap);
bool bgp_encode_nlri(struct bgp_encoder *e, const uint8_t *addr, uint8_t len);
size_t bgp_encode_end(struct bgp_encoder *e);
size_t bgp_eor_encode(enum bgp_afi_safi af, uint8_t *buf, size_t cap);   /* RFC 4724 2 */
#endif
