/* SPDX-License-Identifier: Apache-2.0
 * bgp_open_wire.c - OPEN: decoding with one descriptor per capability, encoding, RFC 9072 long
 * parameters.
 *
 * A known capability with a wrong length or value makes the OPEN malformed: subcode 0 (Unspecific),
 * RFC 4271 6.2, with the capability as data. Unknown capabilities are noted and ignored (RFC 5492
 * 3). Repeated ones: the last counts, multiprotocol ones add up (RFC 5492 4).
 */
#include "bgp_wire_util.h"

enum {
    CAP_MP = 1,
    CAP_REFRESH = 2,
    CAP_EXT_NEXTHOP = 5,
    CAP_EXT_MSG = 6,
    CAP_ROLE = 9,
    CAP_GR = 64,
    CAP_AS4 = 65,
    CAP_DYNAMIC = 67,
    CAP_ADDPATH = 69,
    CAP_ENHANCED_REFRESH = 70,
    CAP_LLGR = 71,
    CAP_FQDN = 73,
    CAP_SOFTVER = 75,
    CAP_REFRESH_OLD = 128
};
#define PARAM_CAPABILITIES 2
#define PARAM_EXTENDED     255
#define AS_TRANS           23456u

/* ---- capabilities ---- */

/* false: malformed. The window is of a legal length by the descriptor. */
typedef bool cap_decode(struct bgp_open *o, struct rb *r);

static bool cap_mp(struct bgp_open *o, struct rb *r)
{
    uint16_t afi = rb_u16(r);
    rb_skip(r, 1);
    int af = bgp_af_from_wire(afi, rb_u8(r));

    if (!(o->caps & BC_MP))
        o->af = 0;
    if (af >= 0)
        o->af |= 1u << af;
    return true;
}

static bool cap_ext_nexthop(struct bgp_open *o, struct rb *r)
{
    while (rb_left(r)) {
        uint16_t afi = rb_u16(r), safi = rb_u16(r), nh_afi = rb_u16(r);
        int af = safi <= UINT8_MAX ? bgp_af_from_wire(afi, (uint8_t)safi) : -1;
        if (af == BGP_IP4_UNI && nh_afi == 2)
            o->ext_nexthop |= 1u << af;
    }
    return true;
}

static bool cap_role(struct bgp_open *o, struct rb *r)
{
    o->role = rb_u8(r);
    return true;
}

/* RFC 4724 3, 8538 2 */
static bool cap_gr(struct bgp_open *o, struct rb *r)
{
    uint16_t head = rb_u16(r);

    o->gr_restarting = head & 0x8000;
    o->gr_notification = head & 0x4000;
    o->gr_time = head & 0x0fff;
    o->gr_af = o->gr_forwarding = 0;
    while (rb_left(r)) {
        uint16_t afi = rb_u16(r);
        uint8_t safi = rb_u8(r), flags = rb_u8(r);
        int af = bgp_af_from_wire(afi, safi);
        if (af < 0)
            continue;
        o->gr_af |= 1u << af;
        if (flags & 0x80)
            o->gr_forwarding |= 1u << af;
    }
    return true;
}

static bool cap_as4(struct bgp_open *o, struct rb *r)
{
    o->as = rb_u32(r);
    return true; /* 0 is looked at with the 2-byte field */
}

/* RFC 7911 4: unknown Send/Receive values are ignored */
static bool cap_addpath(struct bgp_open *o, struct rb *r)
{
    while (rb_left(r)) {
        uint16_t afi = rb_u16(r);
        uint8_t safi = rb_u8(r), how = rb_u8(r);
        int af = bgp_af_from_wire(afi, safi);
        if (af >= 0 && how >= 1 && how <= 3)
            o->addpath[af] = how;
    }
    return true;
}

static bool cap_fqdn(struct bgp_open *o, struct rb *r)
{
    struct rb host = rb_sub(r, rb_u8(r)), domain = rb_sub(r, rb_u8(r));

    if (!rb_ok(r) || !rb_ok(&host) || !rb_ok(&domain))
        return false;
    bgp_text_copy(o->hostname, sizeof(o->hostname), host.p, rb_left(&host));
    bgp_text_copy(o->domainname, sizeof(o->domainname), domain.p, rb_left(&domain));
    return true;
}

static bool cap_softver(struct bgp_open *o, struct rb *r)
{
    struct rb v = rb_sub(r, rb_u8(r));

    if (!rb_ok(&v))
        return false;
    bgp_text_copy(o->software, sizeof(o->software), v.p, rb_left(&v));
    return true;
}

static const struct cap_desc {
    uint8_t code;
    const char *name;
    uint32_t bit;
    uint8_t min, max;       /* length */
    uint8_t base, multiple; /* (length - base) % multiple == 0 */
    cap_decode *decode;
} cap_descs[] = {
    { CAP_MP, "multiprotocol", BC_MP, 4, 4, 0, 1, cap_mp },         /* RFC 4760 8 */
    { CAP_REFRESH, "route refresh", BC_REFRESH, 0, 0, 0, 1, NULL }, /* RFC 2918 2 */
    { CAP_EXT_NEXTHOP, "extended next hop", BC_EXT_NEXTHOP, 0, 252, 0, 6,
      cap_ext_nexthop },                                               /* RFC 8950 4 */
    { CAP_EXT_MSG, "extended message", BC_EXT_MSG, 0, 0, 0, 1, NULL }, /* RFC 8654 3 */
    { CAP_ROLE, "role", BC_ROLE, 1, 1, 0, 1, cap_role },               /* RFC 9234 4.1 */
    { CAP_GR, "graceful restart", BC_GR, 2, 254, 2, 4, cap_gr },       /* RFC 4724 3 */
    { CAP_AS4, "4-byte AS", BC_AS4, 4, 4, 0, 1, cap_as4 },             /* RFC 6793 3 */
    { CAP_DYNAMIC, "dynamic", BC_DYNAMIC, 0, 255, 0, 1, NULL },
    { CAP_ADDPATH, "add-path", BC_ADDPATH, 0, 252, 0, 4, cap_addpath }, /* RFC 7911 4 */
    { CAP_ENHANCED_REFRESH, "enhanced route refresh", BC_ENHANCED_REFRESH, 0, 0, 0, 1,
      NULL },                                                                 /* RFC 7313 3.1 */
    { CAP_LLGR, "long-lived graceful restart", BC_LLGR, 0, 252, 0, 7, NULL }, /* RFC 9494 3 */
    { CAP_FQDN, "FQDN", BC_FQDN, 2, 255, 0, 1, cap_fqdn },
    { CAP_SOFTVER, "software version", BC_SOFTVER, 1, 255, 0, 1, cap_softver },
    { CAP_REFRESH_OLD, "route refresh (old)", BC_REFRESH_OLD, 0, 0, 0, 1, NULL },
};

static int decode_cap(struct bgp_open *o, uint8_t code, struct rb *v, struct bgp_error *err)
{
    size_t len = rb_left(v);
    const uint8_t *tlv = v->p - 2;

    for (size_t i = 0; i < sizeof(cap_descs) / sizeof(cap_descs[0]); i++) {
        const struct cap_desc *d = &cap_descs[i];
        if (d->code != code)
            continue;
        if (len < d->min || len > d->max || (len - d->base) % d->multiple ||
            (d->decode && !d->decode(o, v))) {
            bgp_error_set(err, BN_OPEN, 0, tlv, len + 2,
                          "OPEN: capability %u (%s) of length %zu is malformed", code, d->name,
                          len);
            return -1;
        }
        o->caps |= d->bit;
        return 0;
    }
    if (o->n_unknown < sizeof(o->unknown_caps))
        o->unknown_caps[o->n_unknown++] = code;
    return 0;
}

static int decode_caps(struct bgp_open *o, struct rb *r, struct bgp_error *err)
{
    while (rb_left(r)) {
        uint8_t code = rb_u8(r);
        struct rb v = rb_sub(r, rb_u8(r));
        if (!rb_ok(r)) {
            bgp_error_set(err, BN_OPEN, 0, NULL, 0, "OPEN: capability %u exceeds its parameter",
                          code);
            return -1;
        }
        if (decode_cap(o, code, &v, err) < 0)
            return -1;
    }
    return 0;
}

static int decode_params(struct bgp_open *o, struct rb *r, struct bgp_error *err)
{
    struct rb peek = *r;
    uint8_t len8 = rb_u8(r);
    size_t len = len8;
    bool extended = false;

    /* RFC 9072 2: the extended form says so by its first parameter's type, with a non-zero length
     * before it. */
    rb_u8(&peek);
    if (rb_left(&peek) >= 3 && peek.p[0] == PARAM_EXTENDED && len8) {
        rb_skip(r, 1);
        len = rb_u16(r);
        extended = true;
    }
    struct rb params = rb_sub(r, len);
    if (!rb_ok(r) || rb_left(r)) {
        bgp_error_set(err, BN_OPEN, 0, NULL, 0,
                      "OPEN: optional parameters of %zu bytes do not fill the message", len);
        return -1;
    }
    while (rb_left(&params)) {
        const uint8_t *at = params.p;
        uint8_t type = rb_u8(&params);
        size_t plen = extended ? rb_u16(&params) : rb_u8(&params);
        struct rb p = rb_sub(&params, plen);
        if (!rb_ok(&params)) {
            bgp_error_set(err, BN_OPEN, 0, NULL, 0, "OPEN: parameter %u exceeds the parameters",
                          type);
            return -1;
        }
        if (type != PARAM_CAPABILITIES) {
            bgp_error_set(err, BN_OPEN, BN_OPEN_PARAM, at, (size_t)(params.p - at),
                          "OPEN: unknown parameter %u", type);
            return -1;
        }
        if (decode_caps(o, &p, err) < 0)
            return -1;
    }
    return 0;
}

static int check_as(const struct bgp_open *o, uint16_t as2, struct bgp_error *err)
{
    uint8_t data[2] = { (uint8_t)(as2 >> 8), (uint8_t)as2 };

    if (!as2 || !o->as) { /* RFC 7607 2, 6793 4.2.1 */
        bgp_error_set(err, BN_OPEN, BN_OPEN_PEER_AS, data, 2, "OPEN: AS number 0");
        return -1;
    }
    if (o->caps & BC_AS4 && as2 != AS_TRANS && as2 != o->as) {
        bgp_error_set(err, BN_OPEN, BN_OPEN_PEER_AS, data, 2,
                      "OPEN: AS %u, but %u in the 4-byte AS capability", as2, o->as);
        return -1;
    }
    return 0;
}

int bgp_open_decode(const uint8_t *body, size_t len, struct bgp_open *ret, struct bgp_error *err)
{
    static const uint8_t our_version[2] = { 0, 4 };
    struct rb r = rb_init(body, len);
    struct bgp_open *o = ret;

    memset(o, 0, sizeof(*o));
    o->version = rb_u8(&r);
    uint16_t as2 = rb_u16(&r);
    o->as = as2;
    o->hold_time = rb_u16(&r);
    o->router_id = rb_u32(&r);
    o->af = 1u << BGP_IP4_UNI; /* RFC 4760 8: without any multiprotocol capability */
    if (!rb_has(&r, 1)) {
        bgp_error_set(err, BN_HEADER, BN_HDR_LEN, NULL, 0, "OPEN of %zu bytes", len);
        return -1;
    }
    if (o->version != 4) {
        bgp_error_set(err, BN_OPEN, BN_OPEN_VERSION, our_version, 2, "OPEN: version %u",
                      o->version);
        return -1;
    }
    if (decode_params(o, &r, err) < 0 || check_as(o, as2, err) < 0)
        return -1;
    if (o->hold_time == 1 || o->hold_time == 2) { /* RFC 4271 4.2 */
        bgp_error_set(err, BN_OPEN, BN_OPEN_HOLD, NULL, 0, "OPEN: hold time %u", o->hold_time);
        return -1;
    }
    if (!o->router_id) { /* RFC 6286 2.1 */
        bgp_error_set(err, BN_OPEN, BN_OPEN_ID, NULL, 0, "OPEN: router id 0.0.0.0");
        return -1;
    }
    return 0;
}

/* ---- encoding ---- */

static size_t cap_open(struct wb *w, uint8_t code)
{
    wb_u8(w, code);
    wb_u8(w, 0);
    return wb_len(w) - 1;
}

static void cap_close(struct wb *w, size_t pos)
{
    wb_set_u8(w, pos, wb_len(w) - pos - 1);
}

static void cap_flag(struct wb *w, uint32_t caps, uint32_t bit, uint8_t code)
{
    if (caps & bit)
        cap_open(w, code);
}

static void put_text(struct wb *w, const char *s)
{
    size_t n = strlen(s);
    wb_u8(w, n);
    wb_bytes(w, s, n);
}

static void put_family(struct wb *w, int af)
{
    uint16_t afi;
    uint8_t safi;

    bgp_af_to_wire((enum bgp_afi_safi)af, &afi, &safi);
    wb_u16(w, afi);
    wb_u8(w, safi);
}

static void put_family_caps(struct wb *w, const struct bgp_open *o)
{
    size_t pos;

    for (int af = 0; o->caps & BC_MP && af < BGP_AF_MAX; af++) {
        if (!(o->af & 1u << af))
            continue;
        uint16_t afi;
        uint8_t safi;
        bgp_af_to_wire((enum bgp_afi_safi)af, &afi, &safi);
        pos = cap_open(w, CAP_MP);
        wb_u16(w, afi);
        wb_u8(w, 0);
        wb_u8(w, safi);
        cap_close(w, pos);
    }
    if (o->caps & BC_EXT_NEXTHOP) {
        pos = cap_open(w, CAP_EXT_NEXTHOP);
        if (o->ext_nexthop & 1u << BGP_IP4_UNI) {
            wb_u16(w, 1);
            wb_u16(w, 1);
            wb_u16(w, 2);
        }
        cap_close(w, pos);
    }
    if (o->caps & BC_ADDPATH) {
        pos = cap_open(w, CAP_ADDPATH);
        for (int af = 0; af < BGP_AF_MAX; af++) {
            if (!o->addpath[af])
                continue;
            put_family(w, af);
            wb_u8(w, o->addpath[af]);
        }
        cap_close(w, pos);
    }
    if (o->caps & BC_GR) {
        pos = cap_open(w, CAP_GR);
        wb_u16(w, (o->gr_restarting ? 0x8000u : 0) | (o->gr_notification ? 0x4000u : 0) |
                      (o->gr_time & 0x0fffu));
        for (int af = 0; af < BGP_AF_MAX; af++) {
            if (!(o->gr_af & 1u << af))
                continue;
            put_family(w, af);
            wb_u8(w, o->gr_forwarding & 1u << af ? 0x80 : 0);
        }
        cap_close(w, pos);
    }
}

static void put_caps(struct wb *w, const struct bgp_open *o)
{
    size_t pos;

    put_family_caps(w, o);
    cap_flag(w, o->caps, BC_REFRESH, CAP_REFRESH);
    cap_flag(w, o->caps, BC_REFRESH_OLD, CAP_REFRESH_OLD);
    cap_flag(w, o->caps, BC_ENHANCED_REFRESH, CAP_ENHANCED_REFRESH);
    cap_flag(w, o->caps, BC_EXT_MSG, CAP_EXT_MSG);
    cap_flag(w, o->caps, BC_DYNAMIC, CAP_DYNAMIC);
    cap_flag(w, o->caps, BC_LLGR, CAP_LLGR);
    if (o->caps & BC_AS4) {
        pos = cap_open(w, CAP_AS4);
        wb_u32(w, o->as);
        cap_close(w, pos);
    }
    if (o->caps & BC_ROLE) {
        pos = cap_open(w, CAP_ROLE);
        wb_u8(w, o->role);
        cap_close(w, pos);
    }
    if (o->caps & BC_FQDN) {
        pos = cap_open(w, CAP_FQDN);
        put_text(w, o->hostname);
        put_text(w, o->domainname);
        cap_close(w, pos);
    }
    if (o->caps & BC_SOFTVER) {
        pos = cap_open(w, CAP_SOFTVER);
        put_text(w, o->software);
        cap_close(w, pos);
    }
}

size_t bgp_open_encode(const struct bgp_open *o, bool no_caps, uint8_t *buf, size_t cap)
{
    uint8_t caps[1024];
    struct wb w = wb_init(buf, cap < BGP_MAX_LEN ? cap : BGP_MAX_LEN),
              c = wb_init(caps, sizeof(caps));

    if (!no_caps)
        put_caps(&c, o);
    if (!wb_ok(&c))
        return 0;
    bgp_header_put(&w, BGP_OPEN);
    wb_u8(&w, o->version ? o->version : 4);
    wb_u16(&w, o->as > UINT16_MAX ? AS_TRANS : o->as);
    wb_u16(&w, o->hold_time);
    wb_u32(&w, o->router_id);
    size_t n = wb_len(&c);
    if (n == 0) {
        wb_u8(&w, 0);
    } else if (n + 2 <= 254) { /* one parameter with all capabilities, RFC 5492 4 */
        wb_u8(&w, n + 2);
        wb_u8(&w, PARAM_CAPABILITIES);
        wb_u8(&w, n);
    } else { /* RFC 9072 2 */
        wb_u8(&w, 255);
        wb_u8(&w, PARAM_EXTENDED);
        wb_u16(&w, n + 3);
        wb_u8(&w, PARAM_CAPABILITIES);
        wb_u16(&w, n);
    }
    wb_bytes(&w, caps, n);
    return bgp_header_finish(&w);
}
