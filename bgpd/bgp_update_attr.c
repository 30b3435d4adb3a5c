/* SPDX-License-Identifier: Apache-2.0
 * bgp_update_attr.c - the path attributes of an UPDATE: one descriptor per attribute, one pass.
 *
 * What all attributes have in common (repetition, flags, length) is checked once, from the
 * descriptor, with the outcome that RFC 7606 gives that attribute; a decoder sees only a value of
 * a legal length. Values are borrowed from the message. Nothing is allocated; only 2-byte AS paths
 * and unknown attributes that are not neighbours in the message are written to the build's scratch.
 *
 * Departures: the partial bit of well-known attributes is not looked at (RFC 7606 3 c speaks of the
 * other two bits only). A 2-byte AS path, or scattered unknown attributes, of an extended message
 * that need more than the scratch (8 KiB) are treated as withdraw. AIGP is taken from iBGP and
 * confederation peers only, the default of RFC 7311 3.
 */
#include "bgp_update_attr.h"
#include <stdarg.h>
#include <stdio.h>

struct attr {
    uint8_t flags, type;
    uint16_t len;
    const uint8_t *p;   /* value */
    const uint8_t *tlv; /* whole attribute */
    size_t tlv_len;
};
struct attr_desc {
    const char *name;
    uint8_t flags;               /* optional and transitive bits as they must be */
    uint16_t min, max, multiple; /* length: min <= len <= max, len % multiple == 0 */
    enum bgp_outcome malformed;  /* for flags, length and value errors */
    uint8_t peers;               /* from whom it is taken; from others it is discarded unread */
    void (*decode)(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d);
};
enum { FROM_ALL, FROM_INTERNAL /* iBGP and confederation */, FROM_IBGP };

static inline uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t get16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

void bgp_update_fail(struct bgp_update *u, enum bgp_outcome o, uint8_t subcode, const void *data,
                     size_t len, const char *fmt, ...)
{
    struct bgp_error *e = &u->err;
    va_list ap;

    if (o <= u->outcome)
        return;
    u->outcome = o;
    e->code = BN_UPDATE;
    e->subcode = subcode;
    e->data_len = (uint16_t)(len < sizeof(e->data) ? len : sizeof(e->data));
    if (e->data_len)
        memcpy(e->data, data, e->data_len);
    va_start(ap, fmt);
    vsnprintf(e->text, sizeof(e->text), fmt, ap);
    va_end(ap);
}

static void discarded(struct bgp_attr_scan *s, uint8_t type)
{
    if (s->u->n_discarded < sizeof(s->u->discarded))
        s->u->discarded[s->u->n_discarded] = type;
    s->u->n_discarded++;
}

/* The attribute is malformed: its own outcome (RFC 7606 7), `subcode` being what RFC 4271 6.3 would
 * have sent. */
static void malformed(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d,
                      uint8_t subcode, const char *what)
{
    if (d->malformed == BGP_DISCARD)
        discarded(s, a->type);
    bgp_update_fail(s->u, d->malformed, subcode, a->tlv, a->tlv_len, "%s (type %u, length %u): %s",
                    d->name, a->type, a->len, what);
}

/* ---- NLRI ---- */

bool bgp_nlri_check(const uint8_t *p, size_t len, unsigned max, uint16_t *ret_count)
{
    const uint8_t *end = p + len;
    unsigned n = 0;

    while (p < end) {
        unsigned bits = *p;
        if (__builtin_expect(bits > max, 0))
            return false;
        unsigned step = 1 + ((bits + 7) >> 3);
        if (__builtin_expect((size_t)(end - p) < step, 0))
            return false;
        p += step;
        n++;
    }
    *ret_count = (uint16_t)n;
    return true;
}

static int family_index(unsigned afi, unsigned safi)
{
    if (safi != 1)
        return -1;
    return afi == 1 ? BGP_IP4_UNI : afi == 2 ? BGP_IP6_UNI : -1;
}

/* ---- one decoder per attribute ---- */

static void decode_origin(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d)
{
    if (a->p[0] > BGP_ORIGIN_INCOMPLETE)
        malformed(s, a, d, BN_UPD_ORIGIN, "undefined value"); /* RFC 7606 7.1 */
    else
        s->u->attr.h.origin = a->p[0];
}

/* RFC 7606 7.2, 7607 2: a reason why the path is malformed, or NULL. *has_confed is set as met. */
static const char *path_check(const uint8_t *p, size_t len, unsigned as_size, bool *has_confed)
{
    const uint8_t *end = p + len;

    while (p < end) {
        if (end - p < 2)
            return "one octet after the last segment";
        unsigned type = p[0], count = p[1];
        if (type < BGP_AS_SET || type > BGP_CONFED_SET)
            return "undefined segment type";
        if (!count)
            return "empty segment";
        p += 2;
        if ((size_t)(end - p) < (size_t)count * as_size)
            return "segment exceeds the attribute";
        *has_confed |= type >= BGP_CONFED_SEQUENCE;
        if (as_size == 4) {
            for (; count; count--, p += 4)
                if (!get32(p))
                    return "AS number 0";
        } else {
            for (; count; count--, p += 2)
                if (!get16(p))
                    return "AS number 0";
        }
    }
    return NULL;
}

static void decode_as_path(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d)
{
    const struct bgp_update_ctx *c = s->ctx;
    bool confed = false;
    const char *bad = path_check(a->p, a->len, c->as4 ? 4 : 2, &confed);

    /* RFC 5065 5: confederation segments only inside the confederation, and always in front there.
     */
    if (!bad && confed && !c->ibgp && !c->confed_peer)
        bad = "confederation segment from outside the confederation";
    if (!bad && c->confed_peer && (!a->len || a->p[0] != BGP_CONFED_SEQUENCE))
        bad = "no AS_CONFED_SEQUENCE in front from a confederation peer";
    if (bad) {
        malformed(s, a, d, BN_UPD_ASPATH, bad);
        return;
    }
    s->u->attr.aspath = a->p;
    s->u->attr.h.aspath_len = a->len; /* of 2-byte ASNs until bgp_update_attrs_finish() */
}

static void decode_next_hop(struct bgp_attr_scan *s, const struct attr *a,
                            const struct attr_desc *d)
{
    s->u->nexthop4 = ipaddr_from(AF_INET, a->p);
}

static void decode_med(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d)
{
    s->u->attr.h.med = get32(a->p);
    s->u->attr.h.flags |= BAF_MED;
}

static void decode_local_pref(struct bgp_attr_scan *s, const struct attr *a,
                              const struct attr_desc *d)
{
    s->u->attr.h.local_pref = get32(a->p);
    s->u->attr.h.flags |= BAF_LOCAL_PREF;
}

static void decode_atomic(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d)
{
    s->u->attr.h.flags |= BAF_ATOMIC;
}

static void decode_aggregator(struct bgp_attr_scan *s, const struct attr *a,
                              const struct attr_desc *d)
{
    unsigned want = s->ctx->as4 ? 8 : 6; /* RFC 7606 7.7 */
    if (a->len != want) {
        malformed(s, a, d, BN_UPD_LEN, "wrong length");
        return;
    }
    uint32_t as = s->ctx->as4 ? get32(a->p) : get16(a->p);
    if (!as) {
        malformed(s, a, d, BN_UPD_OPTIONAL, "AS number 0"); /* RFC 7607 2 */
        return;
    }
    s->u->attr.h.aggregator_as = as;
    s->u->attr.h.aggregator_id = get32(a->p + want - 4);
    s->u->attr.h.flags |= BAF_AGGREGATOR;
}

static void decode_community(struct bgp_attr_scan *s, const struct attr *a,
                             const struct attr_desc *d)
{
    s->u->attr.community = a->p;
    s->u->attr.h.community_len = a->len;
}

static void decode_originator(struct bgp_attr_scan *s, const struct attr *a,
                              const struct attr_desc *d)
{
    s->u->attr.h.originator_id = get32(a->p);
    s->u->attr.h.flags |= BAF_ORIGINATOR;
}

static void decode_cluster_list(struct bgp_attr_scan *s, const struct attr *a,
                                const struct attr_desc *d)
{
    s->u->attr.cluster = a->p;
    s->u->attr.h.cluster_len = a->len;
}

static void decode_ext(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d)
{
    s->u->attr.ext = a->p;
    s->u->attr.h.ext_len = a->len;
}

static void decode_large(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d)
{
    s->u->attr.large = a->p;
    s->u->attr.h.large_len = a->len;
}

static void decode_otc(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d)
{
    s->u->attr.h.otc = get32(a->p);
    s->u->attr.h.flags |= BAF_OTC;
}

static void decode_as4_path(struct bgp_attr_scan *s, const struct attr *a,
                            const struct attr_desc *d)
{
    bool confed = false;

    if (s->ctx->as4) { /* RFC 6793 6: both sides can 4 bytes, it has no business here */
        malformed(s, a, d, BN_UPD_OPTIONAL, "from a peer that sends 4-byte AS numbers");
        return;
    }
    const char *bad = path_check(a->p, a->len, 4, &confed);
    if (bad) {
        malformed(s, a, d, BN_UPD_OPTIONAL, bad);
        return;
    }
    s->as4_path = a->p; /* confederation segments in it are skipped when merging (RFC 6793 6) */
    s->as4_path_len = a->len;
}

static void decode_as4_aggregator(struct bgp_attr_scan *s, const struct attr *a,
                                  const struct attr_desc *d)
{
    if (s->ctx->as4 || !get32(a->p)) {
        malformed(s, a, d, BN_UPD_OPTIONAL,
                  s->ctx->as4 ? "from a peer that sends 4-byte AS numbers" : "AS number 0");
        return;
    }
    s->has_as4_aggregator = true;
    s->as4_aggregator_as = get32(a->p);
    s->as4_aggregator_id = get32(a->p + 4);
}

/* RFC 7311 3: the first AIGP TLV (type 1, length 11) counts; other TLVs are skipped. */
static void decode_aigp(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d)
{
    struct rb r = rb_init(a->p, a->len);

    while (rb_left(&r)) {
        uint8_t type = rb_u8(&r);
        uint16_t len = rb_u16(&r);
        struct rb v = rb_sub(&r, len < 3 ? SIZE_MAX : len - 3u);
        if (!rb_ok(&r) || (type == 1 && len != 11)) {
            malformed(s, a, d, BN_UPD_OPTIONAL, "TLV of wrong length");
            s->u->attr.h.flags &= (uint16_t)~BAF_AIGP;
            s->u->attr.h.aigp = 0;
            return;
        }
        if (type == 1 && !(s->u->attr.h.flags & BAF_AIGP)) {
            s->u->attr.h.aigp = rb_u64(&v);
            s->u->attr.h.flags |= BAF_AIGP;
        }
    }
}

/* Takes the next hop of MP_REACH_NLRI; false: length wrong for the family (RFC 4760 3, 2545 3, 8950
 * 4). */
static bool mp_next_hop(struct bgp_attr_scan *s, enum bgp_afi_safi af, const uint8_t *p,
                        unsigned len)
{
    struct bgp_update *u = s->u;

    if (af == BGP_IP4_UNI && len == 4) {
        u->mp_nexthop = ipaddr_from(AF_INET, p);
        return true;
    }
    if (af == BGP_IP4_UNI && !(s->ctx->ext_nexthop & 1u << BGP_IP4_UNI))
        return false;
    if (len != 16 && len != 32)
        return false;
    u->mp_nexthop = ipaddr_from(AF_INET6, p);
    if (len == 32) {
        struct ipaddr ll = ipaddr_from(AF_INET6, p + 16);
        if (ipaddr_is_linklocal(&ll))
            u->mp_nexthop_ll = ll;
    } else if (ipaddr_is_linklocal(&u->mp_nexthop)) {
        u->mp_nexthop_ll = u->mp_nexthop;
    }
    /* Peers without a global address send none (::) or repeat the link-local one. */
    if (u->mp_nexthop_ll.family && ipaddr_is_unspecified(&u->mp_nexthop))
        u->mp_nexthop = u->mp_nexthop_ll;
    return true;
}

static void decode_mp_reach(struct bgp_attr_scan *s, const struct attr *a,
                            const struct attr_desc *d)
{
    int af = family_index(get16(a->p), a->p[2]);
    unsigned nh_len = a->p[3];

    s->reach.seen = true;
    if (5u + nh_len > a->len) {
        malformed(s, a, d, BN_UPD_OPTIONAL, "next hop exceeds the attribute");
        return;
    }
    if (af < 0 || !(s->ctx->af & 1u << af)) {
        discarded(s, a->type);
        bgp_update_fail(s->u, BGP_DISCARD, BN_UPD_OPTIONAL, NULL, 0,
                        "%s for AFI %u SAFI %u, which was not negotiated", d->name, get16(a->p),
                        a->p[2]);
        return;
    }
    if (!mp_next_hop(s, (enum bgp_afi_safi)af, a->p + 4, nh_len)) {
        malformed(s, a, d, BN_UPD_OPTIONAL, "next hop of wrong length"); /* RFC 7606 7.11 */
        return;
    }
    const uint8_t *nlri = a->p + 5 + nh_len;
    size_t len = a->len - 5u - nh_len;
    if (!bgp_nlri_check(nlri, len, af == BGP_IP6_UNI ? 128 : 32, &s->reach.count)) {
        malformed(s, a, d, BN_UPD_OPTIONAL, "prefix length or size wrong"); /* RFC 7606 5.3 */
        return;
    }
    s->reach.af = (enum bgp_afi_safi)af;
    s->reach.p = nlri;
    s->reach.len = (uint16_t)len;
    if (ipaddr_is_martian(&s->u->mp_nexthop))
        bgp_update_fail(s->u, BGP_WITHDRAW, BN_UPD_NEXTHOP, a->tlv, a->tlv_len,
                        "%s: next hop is not a unicast address", d->name);
}

static void decode_mp_unreach(struct bgp_attr_scan *s, const struct attr *a,
                              const struct attr_desc *d)
{
    int af = family_index(get16(a->p), a->p[2]);

    s->unreach.seen = true;
    if (af < 0 || !(s->ctx->af & 1u << af)) {
        discarded(s, a->type);
        bgp_update_fail(s->u, BGP_DISCARD, BN_UPD_OPTIONAL, NULL, 0,
                        "%s for AFI %u SAFI %u, which was not negotiated", d->name, get16(a->p),
                        a->p[2]);
        return;
    }
    if (!bgp_nlri_check(a->p + 3, a->len - 3u, af == BGP_IP6_UNI ? 128 : 32, &s->unreach.count)) {
        malformed(s, a, d, BN_UPD_OPTIONAL, "prefix length or size wrong");
        return;
    }
    s->unreach.af = (enum bgp_afi_safi)af;
    s->unreach.p = a->p + 3;
    s->unreach.len = a->len - 3;
}

#define WELL_KNOWN BGP_AF_TRANSITIVE
#define OPT_TRANS  (BGP_AF_OPTIONAL | BGP_AF_TRANSITIVE)
#define OPT        BGP_AF_OPTIONAL
#define ANY        UINT16_MAX
/* The comment behind each row: where its outcome is specified. */
static const struct attr_desc descs[] = {
    [BA_ORIGIN] = { "ORIGIN", WELL_KNOWN, 1, 1, 1, BGP_WITHDRAW, FROM_ALL,
                    decode_origin }, /* 7606 7.1 */
    [BA_AS_PATH] = { "AS_PATH", WELL_KNOWN, 0, ANY, 1, BGP_WITHDRAW, FROM_ALL,
                     decode_as_path }, /* 7606 7.2 */
    [BA_NEXT_HOP] = { "NEXT_HOP", WELL_KNOWN, 4, 4, 1, BGP_WITHDRAW, FROM_ALL,
                      decode_next_hop }, /* 7606 7.3 */
    [BA_MED] = { "MULTI_EXIT_DISC", OPT, 4, 4, 1, BGP_WITHDRAW, FROM_ALL,
                 decode_med }, /* 7606 7.4 */
    [BA_LOCAL_PREF] = { "LOCAL_PREF", WELL_KNOWN, 4, 4, 1, BGP_WITHDRAW, FROM_INTERNAL,
                        decode_local_pref }, /* 7606 7.5, 5065 5 */
    [BA_ATOMIC_AGGREGATE] = { "ATOMIC_AGGREGATE", WELL_KNOWN, 0, 0, 1, BGP_DISCARD, FROM_ALL,
                              decode_atomic }, /* 7606 7.6 */
    [BA_AGGREGATOR] = { "AGGREGATOR", OPT_TRANS, 6, 8, 2, BGP_DISCARD, FROM_ALL,
                        decode_aggregator }, /* 7606 7.7 */
    [BA_COMMUNITY] = { "COMMUNITIES", OPT_TRANS, 4, ANY, 4, BGP_WITHDRAW, FROM_ALL,
                       decode_community }, /* 7606 7.8 */
    [BA_ORIGINATOR_ID] = { "ORIGINATOR_ID", OPT, 4, 4, 1, BGP_WITHDRAW, FROM_IBGP,
                           decode_originator }, /* 7606 7.9 */
    [BA_CLUSTER_LIST] = { "CLUSTER_LIST", OPT, 4, ANY, 4, BGP_WITHDRAW, FROM_IBGP,
                          decode_cluster_list }, /* 7606 7.10 */
    [BA_MP_REACH] = { "MP_REACH_NLRI", OPT, 5, ANY, 1, BGP_RESET, FROM_ALL,
                      decode_mp_reach }, /* 7606 5.3, 7.11 */
    [BA_MP_UNREACH] = { "MP_UNREACH_NLRI", OPT, 3, ANY, 1, BGP_RESET, FROM_ALL,
                        decode_mp_unreach }, /* 7606 5.3 */
    [BA_EXT_COMMUNITY] = { "EXTENDED COMMUNITIES", OPT_TRANS, 8, ANY, 8, BGP_WITHDRAW, FROM_ALL,
                           decode_ext }, /* 7606 7.14 */
    [BA_AS4_PATH] = { "AS4_PATH", OPT_TRANS, 6, ANY, 2, BGP_DISCARD, FROM_ALL,
                      decode_as4_path }, /* 6793 6 */
    [BA_AS4_AGGREGATOR] = { "AS4_AGGREGATOR", OPT_TRANS, 8, 8, 1, BGP_DISCARD, FROM_ALL,
                            decode_as4_aggregator },                                 /* 6793 6 */
    [BA_AIGP] = { "AIGP", OPT, 3, ANY, 1, BGP_DISCARD, FROM_INTERNAL, decode_aigp }, /* 7311 3 */
    [BA_LARGE_COMMUNITY] = { "LARGE_COMMUNITY", OPT_TRANS, 12, ANY, 12, BGP_WITHDRAW, FROM_ALL,
                             decode_large },                                      /* 8092 6 */
    [BA_OTC] = { "OTC", OPT_TRANS, 4, 4, 1, BGP_WITHDRAW, FROM_ALL, decode_otc }, /* 9234 5 */
};

/* ---- attributes without a descriptor ---- */

static void unknown_attr(struct bgp_attr_scan *s, const struct attr *a)
{
    struct bgp_attr_build *b = &s->u->attr;

    if (!(a->flags & BGP_AF_OPTIONAL)) { /* RFC 4271 6.3 */
        bgp_update_fail(s->u, BGP_RESET, BN_UPD_UNKNOWN, a->tlv, a->tlv_len,
                        "unknown well-known attribute, type %u", a->type);
        return;
    }
    if (!(a->flags & BGP_AF_TRANSITIVE)) /* RFC 4271 5: quietly ignored */
        return;
    if (!b->h.unknown_len) {
        b->unknown = a->tlv;
    } else if (b->unknown + b->h.unknown_len != a->tlv) { /* not adjacent: gather them in scratch */
        uint8_t *to = bgp_attr_build_room(b, b->h.unknown_len + a->tlv_len);
        if (!to) {
            bgp_update_fail(s->u, BGP_WITHDRAW, BN_UPD_ATTRS, NULL, 0,
                            "unknown attributes too large");
            return;
        }
        memcpy(to, b->unknown, b->h.unknown_len);
        memcpy(to + b->h.unknown_len, a->tlv, a->tlv_len);
        b->unknown = to;
    }
    b->h.unknown_len = (uint16_t)(b->h.unknown_len + a->tlv_len);
}

/* ---- the pass ---- */

/* RFC 7606 3 g; true when this occurrence is to be skipped. */
static bool repeated(struct bgp_attr_scan *s, const struct attr *a)
{
    uint64_t *word = &s->seen[a->type >> 6], bit = 1ull << (a->type & 63);

    if (__builtin_expect(!(*word & bit), 1)) {
        *word |= bit;
        return false;
    }
    if (a->type == BA_MP_REACH || a->type == BA_MP_UNREACH) {
        bgp_update_fail(s->u, BGP_RESET, BN_UPD_ATTRS, NULL, 0, "%s more than once",
                        descs[a->type].name);
    } else {
        discarded(s, a->type);
        bgp_update_fail(s->u, BGP_DISCARD, BN_UPD_ATTRS, NULL, 0,
                        "attribute of type %u more than once", a->type);
    }
    return true;
}

static void known_attr(struct bgp_attr_scan *s, const struct attr *a, const struct attr_desc *d)
{
    const struct bgp_update_ctx *c = s->ctx;

    /* RFC 7606 7.5, 7.9, 7.10: from an external neighbour these are discarded, whatever is in them.
     */
    if (d->peers != FROM_ALL && !c->ibgp && !(d->peers == FROM_INTERNAL && c->confed_peer)) {
        discarded(s, a->type);
        bgp_update_fail(s->u, BGP_DISCARD, BN_UPD_ATTRS, NULL, 0, "%s from an external peer",
                        d->name);
        return;
    }
    if ((a->flags & OPT_TRANS) != d->flags) /* RFC 7606 3 c; MP_*: 5.3 */
        malformed(s, a, d, BN_UPD_FLAGS, "wrong flags");
    else if (a->len < d->min || a->len > d->max || (d->multiple > 1 && a->len % d->multiple))
        malformed(s, a, d, BN_UPD_LEN, "wrong length");
    else
        d->decode(s, a, d);
}

void bgp_update_attrs(struct bgp_attr_scan *s, const uint8_t *p, size_t len)
{
    const uint8_t *end = p + len;

    while (p < end) {
        struct attr a = { .flags = p[0], .tlv = p };
        size_t left = (size_t)(end - p), head = a.flags & BGP_AF_EXTENDED ? 4 : 3;

        if (left < head) { /* RFC 7606 4: underrun */
            bgp_update_fail(s->u, BGP_WITHDRAW, BN_UPD_ATTRS, NULL, 0,
                            "%zu stray bytes after the last attribute", left);
            return;
        }
        a.type = p[1];
        a.len = (uint16_t)(head == 4 ? get16(p + 2) : p[2]);
        if (left - head < a.len) { /* RFC 7606 4: overrun */
            bgp_update_fail(s->u, BGP_WITHDRAW, BN_UPD_ATTRS, NULL, 0,
                            "attribute of type %u exceeds the attributes", a.type);
            return;
        }
        a.p = p + head;
        a.tlv_len = head + a.len;
        p += a.tlv_len;
        s->n_seen++;
        if (repeated(s, &a))
            continue;
        if (a.type < sizeof(descs) / sizeof(descs[0]) && descs[a.type].name)
            known_attr(s, &a, &descs[a.type]);
        else
            unknown_attr(s, &a);
    }
}

/* ---- 2-byte AS paths ---- */

/* RFC 4271 9.1.2.2 a, RFC 5065 5.3 */
static unsigned path_count(const uint8_t *p, size_t len, unsigned as_size)
{
    unsigned n = 0;
    for (const uint8_t *end = p + len; p < end; p += 2u + as_size * p[1])
        n += p[0] == BGP_AS_SEQUENCE ? p[1] : p[0] == BGP_AS_SET;
    return n;
}

/* Appends a segment's first `count` ASes as 4 bytes; sequences join, so that equal paths are equal
 * bytes. */
static uint8_t *put_segment(uint8_t *p, uint8_t **last, uint8_t type, const uint8_t *asns,
                            unsigned count, unsigned as_size)
{
    uint8_t *head = *last;

    if (head && type == BGP_AS_SEQUENCE && head[0] == type && head[1] + count <= 255) {
        head[1] = (uint8_t)(head[1] + count);
    } else {
        head = *last = p;
        *p++ = type;
        *p++ = (uint8_t)count;
    }
    for (unsigned i = 0; i < count; i++, asns += as_size, p += 4) {
        uint32_t as = as_size == 4 ? get32(asns) : get16(asns);
        p[0] = (uint8_t)(as >> 24);
        p[1] = (uint8_t)(as >> 16);
        p[2] = (uint8_t)(as >> 8);
        p[3] = (uint8_t)as;
    }
    return p;
}

/* RFC 6793 4.2.3: the leading ASes of AS_PATH that AS4_PATH lacks, then AS4_PATH. */
static void widen_path(struct bgp_attr_scan *s, bool use_as4)
{
    struct bgp_attr_build *b = &s->u->attr;

    if (!b->h.aspath_len) /* absent or empty; AS4_PATH cannot be shorter than that */
        return;
    const uint8_t *p = b->aspath, *end = p + b->h.aspath_len;
    unsigned need = path_count(p, b->h.aspath_len, 2);
    uint8_t *last = NULL;

    if (use_as4) {
        unsigned n4 = path_count(s->as4_path, s->as4_path_len, 4);
        if (need < n4)
            use_as4 = false;
        else
            need -= n4;
    }
    size_t room = 2u * b->h.aspath_len + (use_as4 ? s->as4_path_len : 0u);
    uint8_t *start = bgp_attr_build_room(b, room), *out = start;
    if (!start || room > UINT16_MAX) {
        bgp_update_fail(s->u, BGP_WITHDRAW, BN_UPD_ASPATH, NULL, 0, "AS_PATH too long");
        b->h.aspath_len = 0;
        return;
    }
    for (; p < end; p += 2u + 2u * p[1]) {
        unsigned take = p[1];
        if (p[0] == BGP_AS_SEQUENCE && take > need)
            take = need;
        if (p[0] <= BGP_AS_SEQUENCE && !need)
            break;
        out = put_segment(out, &last, p[0], p + 2, take, 2);
        if (p[0] <= BGP_AS_SEQUENCE)
            need -= p[0] == BGP_AS_SEQUENCE ? take : 1;
        if (take < p[1])
            break;
    }
    if (use_as4) {
        p = s->as4_path;
        for (end = p + s->as4_path_len; p < end; p += 2u + 4u * p[1])
            if (p[0] <= BGP_AS_SEQUENCE)
                out = put_segment(out, &last, p[0], p + 2, p[1], 4);
    }
    b->aspath = start;
    b->h.aspath_len = (uint16_t)(out - start);
}

static void check_first_as(struct bgp_attr_scan *s)
{
    const struct bgp_attr_build *b = &s->u->attr;

    if (!s->ctx->enforce_first_as || s->ctx->ibgp || s->u->outcome >= BGP_WITHDRAW)
        return;
    /* RFC 4271 6.3, 7606 7.2 */
    if (b->h.aspath_len < 6 ||
        (b->aspath[0] != BGP_AS_SEQUENCE && b->aspath[0] != BGP_CONFED_SEQUENCE) ||
        get32(b->aspath + 2) != s->ctx->peer_as)
        bgp_update_fail(s->u, BGP_WITHDRAW, BN_UPD_ASPATH, NULL, 0,
                        "AS_PATH does not begin with the peer's AS %u", s->ctx->peer_as);
}

void bgp_update_attrs_finish(struct bgp_attr_scan *s)
{
    struct bgp_attr *h = &s->u->attr.h;
    bool use_as4 = s->as4_path != NULL;

    if (!s->ctx->as4) {
        /* RFC 6793 4.2.3: an AGGREGATOR made after the AS4_* attributes makes them void. */
        if (h->flags & BAF_AGGREGATOR && s->has_as4_aggregator) {
            if (h->aggregator_as != BGP_AS_TRANS) {
                use_as4 = false;
            } else {
                h->aggregator_as = s->as4_aggregator_as;
                h->aggregator_id = s->as4_aggregator_id;
            }
        }
        widen_path(s, use_as4);
    }
    if (bgp_attr_scan_has(s, BA_AS_PATH))
        check_first_as(s);
}
