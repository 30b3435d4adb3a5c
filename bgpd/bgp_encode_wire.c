/* SPDX-License-Identifier: Apache-2.0
 * bgp_encode_wire.c - UPDATE encoding: the attribute block once, then NLRI appended until the
 * message is full.
 *
 * Attributes go out in type order (RFC 4271 5), unknown ones in their places, except that
 * MP_REACH_NLRI is last: it stays open for NLRI and its length is patched at the end. An encoder
 * writes into the caller's buffer only and keeps no reference to the attribute set.
 *
 * RFC 4271 4.3, 4760 3-4, 6793 4.2.2 (2-byte peers), 8950 (IPv4 over IPv6 next hops), 4360 6
 * (non-transitive extended communities stay inside the AS).
 */
#include "bgp_attr_build.h"
#include "bgp_wire.h"

#define MP_EXTENDED (BGP_AF_OPTIONAL | BGP_AF_EXTENDED)
#define OPT         BGP_AF_OPTIONAL
#define OPT_TRANS   (BGP_AF_OPTIONAL | BGP_AF_TRANSITIVE)

static inline uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_head(struct wb *w, uint8_t flags, uint8_t type, size_t len)
{
    if (len > 255) {
        wb_u8(w, flags | BGP_AF_EXTENDED);
        wb_u8(w, type);
        wb_u16(w, len);
    } else {
        wb_u8(w, flags);
        wb_u8(w, type);
        wb_u8(w, len);
    }
}

static void put_attr(struct wb *w, uint8_t flags, uint8_t type, const void *p, size_t len)
{
    put_head(w, flags, type, len);
    wb_bytes(w, p, len);
}

static void put_attr32(struct wb *w, uint8_t flags, uint8_t type, uint32_t v)
{
    put_head(w, flags, type, 4);
    wb_u32(w, v);
}

/* ---- AS paths towards 2-byte peers ---- */

static bool path_fits_2(const struct bgp_attr *a)
{
    struct bgp_path_seg s;
    size_t pos = 0;

    while (bgp_attr_seg_next(a, &pos, &s))
        for (unsigned i = 0; i < s.count; i++)
            if (s.asns[4 * i] | s.asns[4 * i + 1])
                return false;
    return true;
}

static void put_path_2(struct wb *w, const struct bgp_attr *a)
{
    struct bgp_path_seg s;
    size_t pos = 0, len = 0;

    while (bgp_attr_seg_next(a, &pos, &s))
        len += 2u + 2u * s.count;
    put_head(w, BGP_AF_TRANSITIVE, BA_AS_PATH, len);
    for (pos = 0; bgp_attr_seg_next(a, &pos, &s);) {
        wb_u8(w, s.type);
        wb_u8(w, s.count);
        for (unsigned i = 0; i < s.count; i++) {
            uint32_t as = get32(s.asns + 4 * i);
            wb_u16(w, as > UINT16_MAX ? BGP_AS_TRANS : as);
        }
    }
}

/* RFC 6793 4.2.2, 6: without confederation segments, which are never carried in AS4_PATH. */
static void put_as4_path(struct wb *w, const struct bgp_attr *a)
{
    struct bgp_path_seg s;
    size_t pos = 0, len = 0;

    while (bgp_attr_seg_next(a, &pos, &s))
        if (s.type <= BGP_AS_SEQUENCE)
            len += 2u + 4u * s.count;
    if (!len)
        return;
    put_head(w, OPT_TRANS, BA_AS4_PATH, len);
    for (pos = 0; bgp_attr_seg_next(a, &pos, &s);)
        if (s.type <= BGP_AS_SEQUENCE)
            wb_bytes(w, s.asns - 2, 2u + 4u * s.count);
}

static void put_aggregator(struct wb *w, const struct bgp_attr *a, bool as4)
{
    put_head(w, OPT_TRANS, BA_AGGREGATOR, as4 ? 8 : 6);
    if (as4)
        wb_u32(w, a->aggregator_as);
    else
        wb_u16(w, a->aggregator_as > UINT16_MAX ? BGP_AS_TRANS : a->aggregator_as);
    wb_u32(w, a->aggregator_id);
}

/* ---- the rest ---- */

static void put_ext(struct wb *w, const struct bgp_attr *a, bool internal)
{
    const uint8_t *p = bgp_attr_ext(a);
    size_t len = 0;

    if (internal) {
        put_attr(w, OPT_TRANS, BA_EXT_COMMUNITY, p, a->ext_len);
        return;
    }
    for (size_t i = 0; i + 8 <= a->ext_len; i += 8)
        len += p[i] & 0x40 ? 0 : 8;
    if (!len)
        return;
    put_head(w, OPT_TRANS, BA_EXT_COMMUNITY, len);
    for (size_t i = 0; i + 8 <= a->ext_len; i += 8)
        if (!(p[i] & 0x40))
            wb_bytes(w, p + i, 8);
}

/* RFC 7311 3: one TLV, type 1, length 11. */
static void put_aigp(struct wb *w, const struct bgp_attr *a)
{
    put_head(w, OPT, BA_AIGP, 11);
    wb_u8(w, 1);
    wb_u16(w, 11);
    wb_u32(w, a->aigp >> 32);
    wb_u32(w, (uint32_t)a->aigp);
}

/* Unknown attributes of types below `limit` that are still to come; they are sorted by type. */
static void put_unknown(struct wb *w, struct rb *r, unsigned limit)
{
    while (rb_left(r) >= 3 && r->p[1] < limit) {
        size_t len = r->p[0] & BGP_AF_EXTENDED && rb_left(r) >= 4
                         ? 4u + (size_t)(r->p[2] << 8 | r->p[3])
                         : 3u + r->p[2];
        const uint8_t *p = rb_bytes(r, len);
        if (p)
            wb_bytes(w, p, len);
    }
}

static void put_low_attrs(struct wb *w, const struct bgp_encode_ctx *c, const struct bgp_attr *a,
                          bool mp)
{
    put_attr(w, BGP_AF_TRANSITIVE, BA_ORIGIN, &a->origin, 1);
    if (c->as4)
        put_attr(w, BGP_AF_TRANSITIVE, BA_AS_PATH, bgp_attr_aspath(a), a->aspath_len);
    else
        put_path_2(w, a);
    if (!mp)
        put_attr(w, BGP_AF_TRANSITIVE, BA_NEXT_HOP, a->nexthop.b, 4);
    if (a->flags & BAF_MED)
        put_attr32(w, OPT, BA_MED, a->med);
    if (c->ibgp)
        put_attr32(w, BGP_AF_TRANSITIVE, BA_LOCAL_PREF,
                   a->flags & BAF_LOCAL_PREF ? a->local_pref : 100);
    if (a->flags & BAF_ATOMIC)
        put_head(w, BGP_AF_TRANSITIVE, BA_ATOMIC_AGGREGATE, 0);
    if (a->flags & BAF_AGGREGATOR)
        put_aggregator(w, a, c->as4);
    if (c->send_community && a->community_len)
        put_attr(w, OPT_TRANS, BA_COMMUNITY, bgp_attr_community(a), a->community_len);
    if (c->ibgp && a->flags & BAF_ORIGINATOR)
        put_attr32(w, OPT, BA_ORIGINATOR_ID, a->originator_id);
    if (c->ibgp && a->cluster_len)
        put_attr(w, OPT, BA_CLUSTER_LIST, bgp_attr_cluster(a), a->cluster_len);
}

static void put_high_attrs(struct wb *w, const struct bgp_encode_ctx *c, const struct bgp_attr *a,
                           bool small)
{
    struct rb unknown = rb_init(bgp_attr_unknown(a), a->unknown_len);

    put_unknown(w, &unknown, BA_EXT_COMMUNITY);
    if (c->send_ext && a->ext_len)
        put_ext(w, a, c->ibgp);
    if (!small)
        put_as4_path(w, a);
    if (!c->as4 && a->flags & BAF_AGGREGATOR && a->aggregator_as > UINT16_MAX) {
        put_head(w, OPT_TRANS, BA_AS4_AGGREGATOR, 8);
        wb_u32(w, a->aggregator_as);
        wb_u32(w, a->aggregator_id);
    }
    put_unknown(w, &unknown, BA_AIGP);
    if (c->ibgp && a->flags & BAF_AIGP)
        put_aigp(w, a);
    put_unknown(w, &unknown, BA_LARGE_COMMUNITY);
    if (c->send_large && a->large_len)
        put_attr(w, OPT_TRANS, BA_LARGE_COMMUNITY, bgp_attr_large(a), a->large_len);
    put_unknown(w, &unknown, BA_OTC);
    if (a->flags & BAF_OTC)
        put_attr32(w, OPT_TRANS, BA_OTC, a->otc);
    put_unknown(w, &unknown, 256);
}

/* Flags, type, length to be patched, AFI, SAFI. */
static void open_mp(struct bgp_encoder *e, uint8_t type)
{
    wb_u8(&e->w, MP_EXTENDED);
    wb_u8(&e->w, type);
    e->mp_len_pos = wb_len(&e->w);
    wb_u16(&e->w, 0);
    wb_u16(&e->w, e->af == BGP_IP6_UNI ? 2 : 1);
    wb_u8(&e->w, 1);
}

static void open_reach(struct bgp_encoder *e, const struct bgp_attr *a)
{
    bool v6 = a->nexthop.family == AF_INET6, ll = v6 && a->nexthop_ll.family == AF_INET6;

    open_mp(e, BA_MP_REACH);
    wb_u8(&e->w, !v6 ? 4 : ll ? 32 : 16);
    wb_bytes(&e->w, a->nexthop.b, v6 ? 16 : 4);
    if (ll)
        wb_bytes(&e->w, a->nexthop_ll.b, 16);
    wb_u8(&e->w, 0); /* reserved, once the number of SNPAs */
}

static void open_message(struct bgp_encoder *e, const struct bgp_encode_ctx *c, uint8_t *buf,
                         size_t cap)
{
    size_t limit = cap < c->max_len ? cap : c->max_len;

    *e = (struct bgp_encoder){ .w = wb_init(buf, limit), .af = c->af, .max_len = (unsigned)limit };
    if (wb_has(&e->w, 16)) {
        memset(e->w.p, 0xff, 16);
        e->w.p += 16;
    }
    wb_u16(&e->w, 0);
    wb_u8(&e->w, BGP_UPDATE);
}

bool bgp_encode_begin(struct bgp_encoder *e, const struct bgp_encode_ctx *c,
                      const struct bgp_attr *a, uint8_t *buf, size_t cap)
{
    bool mp = c->af != BGP_IP4_UNI || c->mp_ip4;
    bool small = c->as4 || path_fits_2(a);

    open_message(e, c, buf, cap);
    wb_u16(&e->w, 0); /* no withdrawn routes */
    e->attr_len_pos = wb_len(&e->w);
    wb_u16(&e->w, 0);
    put_low_attrs(&e->w, c, a, mp);
    put_high_attrs(&e->w, c, a, small);
    if (mp)
        open_reach(e, a);
    else
        wb_set_u16(&e->w, e->attr_len_pos, wb_len(&e->w) - e->attr_len_pos - 2);
    e->nlri_start = wb_len(&e->w);
    return wb_ok(&e->w) && wb_room(&e->w) >= 17; /* the longest prefix fits */
}

bool bgp_encode_begin_withdraw(struct bgp_encoder *e, const struct bgp_encode_ctx *c, uint8_t *buf,
                               size_t cap)
{
    open_message(e, c, buf, cap);
    e->withdraw = true;
    if (c->af != BGP_IP4_UNI || c->mp_ip4) {
        wb_u16(&e->w, 0);
        e->attr_len_pos = wb_len(&e->w);
        wb_u16(&e->w, 0);
        open_mp(e, BA_MP_UNREACH);
    } else {
        e->attr_len_pos =
            wb_len(&e->w); /* of the withdrawn routes; 2 bytes stay reserved for no attributes */
        wb_u16(&e->w, 0);
        if (wb_has(&e->w, 2))
            e->w.end -= 2;
    }
    e->nlri_start = wb_len(&e->w);
    return wb_ok(&e->w) && wb_room(&e->w) >= 17;
}

bool bgp_encode_nlri(struct bgp_encoder *e, const uint8_t *addr, uint8_t len)
{
    unsigned n = prefix_bytes(len);

    if (len > (e->af == BGP_IP6_UNI ? 128 : 32) || (size_t)(e->w.end - e->w.p) < n + 1u)
        return false;
    *e->w.p++ = len;
    memcpy(e->w.p, addr, n);
    e->w.p += n;
    e->count++;
    return true;
}

size_t bgp_encode_end(struct bgp_encoder *e)
{
    struct wb *w = &e->w;

    if (!e->count || !wb_ok(w))
        return 0;
    if (e->mp_len_pos) {
        wb_set_u16(w, e->mp_len_pos, wb_len(w) - e->mp_len_pos - 2);
        wb_set_u16(w, e->attr_len_pos, wb_len(w) - e->attr_len_pos - 2);
    } else if (e->withdraw) {
        wb_set_u16(w, e->attr_len_pos, wb_len(w) - e->attr_len_pos - 2);
        w->end += 2;
        wb_u16(w, 0);
    }
    wb_set_u16(w, 16, wb_len(w));
    return wb_ok(w) ? wb_len(w) : 0;
}

size_t bgp_eor_encode(enum bgp_afi_safi af, uint8_t *buf, size_t cap)
{
    struct bgp_encode_ctx c = { .af = af, .max_len = BGP_MAX_LEN };
    struct bgp_encoder e;

    open_message(&e, &c, buf, cap);
    wb_u16(&e.w, 0);
    if (af == BGP_IP4_UNI) {
        wb_u16(&e.w, 0);
    } else {
        wb_u16(&e.w, 6);
        wb_u8(&e.w, OPT);
        wb_u8(&e.w, BA_MP_UNREACH);
        wb_u8(&e.w, 3);
        wb_u16(&e.w, 2);
        wb_u8(&e.w, 1);
    }
    wb_set_u16(&e.w, 16, wb_len(&e.w));
    return wb_ok(&e.w) ? wb_len(&e.w) : 0;
}
