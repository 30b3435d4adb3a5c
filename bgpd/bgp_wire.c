/* SPDX-License-Identifier: Apache-2.0
 * bgp_wire.c - message header, KEEPALIVE, NOTIFICATION, ROUTE-REFRESH, and the names of things on
 * the wire.
 *
 * RFC 4271 4.1, 4.4, 4.5, 6.1; 2918, 7313; 8203/9003 (shutdown text); 8654 (which messages may be
 * long).
 */
#include "bgp_wire.h"
#include "bgp_wire_util.h"
#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name, *json;
    uint16_t afi;
    uint8_t safi;
} families[BGP_AF_MAX] = {
    [BGP_IP4_UNI] = { "IPv4 Unicast", "ipv4Unicast", 1, 1 },
    [BGP_IP6_UNI] = { "IPv6 Unicast", "ipv6Unicast", 2, 1 },
};

const char *bgp_af_name(enum bgp_afi_safi af)
{
    return (unsigned)af < BGP_AF_MAX ? families[af].name : "unknown";
}

const char *bgp_af_json(enum bgp_afi_safi af)
{
    return (unsigned)af < BGP_AF_MAX ? families[af].json : "unknown";
}

int bgp_af_from_wire(uint16_t afi, uint8_t safi)
{
    for (int i = 0; i < BGP_AF_MAX; i++)
        if (families[i].afi == afi && families[i].safi == safi)
            return i;
    return -1;
}

void bgp_af_to_wire(enum bgp_afi_safi af, uint16_t *ret_afi, uint8_t *ret_safi)
{
    *ret_afi = families[af].afi;
    *ret_safi = families[af].safi;
}

/* A subcode that is not listed falls back to its code's row 0. */
static const struct {
    uint8_t code, subcode;
    const char *text;
} notify_names[] = {
    { BN_HEADER, 0, "Message Header Error" },
    { BN_HEADER, BN_HDR_SYNC, "Message Header Error/Connection Not Synchronized" },
    { BN_HEADER, BN_HDR_LEN, "Message Header Error/Bad Message Length" },
    { BN_HEADER, BN_HDR_TYPE, "Message Header Error/Bad Message Type" },
    { BN_OPEN, 0, "OPEN Message Error" },
    { BN_OPEN, BN_OPEN_VERSION, "OPEN Message Error/Unsupported Version Number" },
    { BN_OPEN, BN_OPEN_PEER_AS, "OPEN Message Error/Bad Peer AS" },
    { BN_OPEN, BN_OPEN_ID, "OPEN Message Error/Bad BGP Identifier" },
    { BN_OPEN, BN_OPEN_PARAM, "OPEN Message Error/Unsupported Optional Parameter" },
    { BN_OPEN, 5, "OPEN Message Error/Authentication Failure" },
    { BN_OPEN, BN_OPEN_HOLD, "OPEN Message Error/Unacceptable Hold Time" },
    { BN_OPEN, BN_OPEN_CAPABILITY, "OPEN Message Error/Unsupported Capability" },
    { BN_OPEN, BN_OPEN_ROLE, "OPEN Message Error/Role Mismatch" },
    { BN_UPDATE, 0, "UPDATE Message Error" },
    { BN_UPDATE, BN_UPD_ATTRS, "UPDATE Message Error/Malformed Attribute List" },
    { BN_UPDATE, BN_UPD_UNKNOWN, "UPDATE Message Error/Unrecognized Well-known Attribute" },
    { BN_UPDATE, BN_UPD_MISSING, "UPDATE Message Error/Missing Well-known Attribute" },
    { BN_UPDATE, BN_UPD_FLAGS, "UPDATE Message Error/Attribute Flags Error" },
    { BN_UPDATE, BN_UPD_LEN, "UPDATE Message Error/Attribute Length Error" },
    { BN_UPDATE, BN_UPD_ORIGIN, "UPDATE Message Error/Invalid ORIGIN Attribute" },
    { BN_UPDATE, 7, "UPDATE Message Error/AS Routing Loop" },
    { BN_UPDATE, BN_UPD_NEXTHOP, "UPDATE Message Error/Invalid NEXT_HOP Attribute" },
    { BN_UPDATE, BN_UPD_OPTIONAL, "UPDATE Message Error/Optional Attribute Error" },
    { BN_UPDATE, BN_UPD_NETWORK, "UPDATE Message Error/Invalid Network Field" },
    { BN_UPDATE, BN_UPD_ASPATH, "UPDATE Message Error/Malformed AS_PATH" },
    { BN_HOLD, 0, "Hold Timer Expired" },
    { BN_FSM, 0, "Neighbor Events Error" },
    { BN_FSM, 1, "Neighbor Events Error/Receive Unexpected Message in OpenSent State" },
    { BN_FSM, 2, "Neighbor Events Error/Receive Unexpected Message in OpenConfirm State" },
    { BN_FSM, 3, "Neighbor Events Error/Receive Unexpected Message in Established State" },
    { BN_CEASE, 0, "Cease" },
    { BN_CEASE, BN_CEASE_MAX_PREFIX, "Cease/Maximum Number of Prefixes Reached" },
    { BN_CEASE, BN_CEASE_SHUTDOWN, "Cease/Administrative Shutdown" },
    { BN_CEASE, BN_CEASE_DECONFIGURED, "Cease/Peer De-configured" },
    { BN_CEASE, BN_CEASE_RESET, "Cease/Administrative Reset" },
    { BN_CEASE, BN_CEASE_REJECTED, "Cease/Connection Rejected" },
    { BN_CEASE, BN_CEASE_CONFIG, "Cease/Other Configuration Change" },
    { BN_CEASE, BN_CEASE_COLLISION, "Cease/Connection Collision Resolution" },
    { BN_CEASE, BN_CEASE_RESOURCES, "Cease/Out of Resources" },
    { BN_CEASE, BN_CEASE_HARD_RESET, "Cease/Hard Reset" },
    { BN_CEASE, BN_CEASE_BFD, "Cease/BFD Down" },
    { BN_REFRESH, 0, "ROUTE-REFRESH Message Error" },
    { BN_REFRESH, 1, "ROUTE-REFRESH Message Error/Invalid Message Length" },
};

const char *bgp_notify_str(uint8_t code, uint8_t subcode)
{
    const char *text = "Unknown";

    for (size_t i = 0; i < sizeof(notify_names) / sizeof(notify_names[0]); i++) {
        if (notify_names[i].code != code)
            continue;
        if (notify_names[i].subcode == subcode)
            return notify_names[i].text;
        if (!notify_names[i].subcode)
            text = notify_names[i].text;
    }
    return text;
}

void bgp_error_set(struct bgp_error *err, uint8_t code, uint8_t subcode, const void *data,
                   size_t len, const char *fmt, ...)
{
    va_list ap;

    err->code = code;
    err->subcode = subcode;
    err->data_len = (uint16_t)(len < sizeof(err->data) ? len : sizeof(err->data));
    if (err->data_len)
        memcpy(err->data, data, err->data_len);
    va_start(ap, fmt);
    vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
}

/* Bytes of the UTF-8 sequence at p (RFC 3629), 0 when it is none. */
static unsigned utf8_seq(const uint8_t *p, size_t left)
{
    uint8_t c = p[0];
    unsigned n = c < 0x80                 ? 1
                 : c >= 0xc2 && c <= 0xdf ? 2
                 : c >= 0xe0 && c <= 0xef ? 3
                 : c >= 0xf0 && c <= 0xf4 ? 4
                                          : 0;

    if (!n || n > left)
        return 0;
    for (unsigned i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f) || (c == 0xf0 && p[1] < 0x90) ||
        (c == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

void bgp_text_copy(char *dst, size_t cap, const uint8_t *src, size_t len)
{
    size_t out = 0;

    for (size_t i = 0; i < len && out + 1 < cap;) {
        unsigned n = utf8_seq(src + i, len - i);
        if (n == 0 || src[i] < 0x20 || src[i] == 0x7f) {
            dst[out++] = '?';
            i++;
            continue;
        }
        if (out + n >= cap)
            break;
        memcpy(dst + out, src + i, n);
        out += n;
        i += n;
    }
    dst[out] = 0;
}

/* ---- header ---- */

/* Shortest and longest legal length of each type; RFC 8654 4 leaves OPEN and KEEPALIVE at 4096. */
static const struct {
    uint16_t min, max;
} lengths[] = {
    [BGP_OPEN] = { 29, BGP_MAX_LEN },
    [BGP_UPDATE] = { 23, BGP_MAX_LEN_EXT },
    [BGP_NOTIFICATION] = { 21, BGP_MAX_LEN_EXT },
    [BGP_KEEPALIVE] = { 19, 19 },
    [BGP_ROUTE_REFRESH] = { 23, BGP_MAX_LEN_EXT },
};

int bgp_header_decode(const uint8_t *p, size_t have, unsigned max, uint8_t *ret_type,
                      uint16_t *ret_len, struct bgp_error *err)
{
    static const uint8_t marker[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    size_t cmp = have < sizeof(marker) ? have : sizeof(marker);

    if (cmp && memcmp(p, marker, cmp) != 0) { /* seen early: a stranger need not be waited for */
        bgp_error_set(err, BN_HEADER, BN_HDR_SYNC, NULL, 0, "header: marker is not all ones");
        return -1;
    }
    if (have < BGP_HEADER_LEN)
        return 0;
    unsigned len = (unsigned)(p[16] << 8 | p[17]), type = p[18];
    if (len < BGP_HEADER_LEN || len > max) {
        bgp_error_set(err, BN_HEADER, BN_HDR_LEN, p + 16, 2, "header: length %u is not in 19..%u",
                      len, max);
        return -1;
    }
    if (type < BGP_OPEN || type > BGP_ROUTE_REFRESH) {
        bgp_error_set(err, BN_HEADER, BN_HDR_TYPE, p + 18, 1, "header: unknown type %u", type);
        return -1;
    }
    if (len < lengths[type].min || len > lengths[type].max) {
        bgp_error_set(err, BN_HEADER, BN_HDR_LEN, p + 16, 2,
                      "header: length %u is wrong for type %u", len, type);
        return -1;
    }
    *ret_type = (uint8_t)type;
    *ret_len = (uint16_t)len;
    return 1;
}

void bgp_header_put(struct wb *w, uint8_t type)
{
    if (wb_has(w, 16)) {
        memset(w->p, 0xff, 16);
        w->p += 16;
    }
    wb_u16(w, 0);
    wb_u8(w, type);
}

size_t bgp_header_finish(struct wb *w)
{
    wb_set_u16(w, 16, wb_len(w));
    return wb_ok(w) ? wb_len(w) : 0;
}

/* ---- small messages ---- */

size_t bgp_keepalive_encode(uint8_t *buf, size_t cap)
{
    struct wb w = wb_init(buf, cap);

    bgp_header_put(&w, BGP_KEEPALIVE);
    return bgp_header_finish(&w);
}

size_t bgp_notification_encode(uint8_t code, uint8_t subcode, const void *data, size_t len,
                               uint8_t *buf, size_t cap)
{
    struct wb w = wb_init(buf, cap);

    bgp_header_put(&w, BGP_NOTIFICATION);
    wb_u8(&w, code);
    wb_u8(&w, subcode);
    wb_bytes(&w, data, len);
    return bgp_header_finish(&w);
}

int bgp_notification_decode(const uint8_t *body, size_t len, struct bgp_notification *ret,
                            struct bgp_error *err)
{
    struct rb r = rb_init(body, len);

    memset(ret, 0, sizeof(*ret));
    ret->code = rb_u8(&r);
    ret->subcode = rb_u8(&r);
    if (!rb_ok(&r)) {
        bgp_error_set(err, BN_HEADER, BN_HDR_LEN, NULL, 0, "NOTIFICATION of %zu bytes", len);
        return -1;
    }
    ret->data_len = (uint16_t)rb_left(&r);
    ret->data = r.p;
    if (ret->code == BN_CEASE &&
        (ret->subcode == BN_CEASE_SHUTDOWN || ret->subcode == BN_CEASE_RESET)) {
        struct rb text =
            rb_sub(&r, rb_u8(&r)); /* RFC 9003 2: a length that does not fit means no text */
        if (rb_ok(&text) && rb_ok(&r))
            bgp_text_copy(ret->text, sizeof(ret->text), text.p, rb_left(&text));
    }
    return 0;
}

size_t bgp_refresh_encode(enum bgp_afi_safi af, uint8_t subtype, uint8_t *buf, size_t cap)
{
    struct wb w = wb_init(buf, cap);
    uint16_t afi;
    uint8_t safi;

    bgp_af_to_wire(af, &afi, &safi);
    bgp_header_put(&w, BGP_ROUTE_REFRESH);
    wb_u16(&w, afi);
    wb_u8(&w, subtype);
    wb_u8(&w, safi);
    return bgp_header_finish(&w);
}

int bgp_refresh_decode(const uint8_t *body, size_t len, enum bgp_afi_safi *ret_af,
                       uint8_t *ret_subtype, struct bgp_error *err)
{
    struct rb r = rb_init(body, len);
    uint16_t afi = rb_u16(&r);
    uint8_t subtype = rb_u8(&r), safi = rb_u8(&r);

    /* RFC 7313 5: subtypes 0-2 are exactly 4 bytes; other lengths would be ORF, which we never
     * offer. */
    if (!rb_ok(&r) || (rb_left(&r) && subtype <= BGP_RR_EORR)) {
        bgp_error_set(err, BN_REFRESH, 1, body, len, "ROUTE-REFRESH of %zu bytes", len);
        return -1;
    }
    int af = bgp_af_from_wire(afi, safi);
    if (af < 0 || subtype > BGP_RR_EORR)
        return 1;
    *ret_af = (enum bgp_afi_safi)af;
    *ret_subtype = subtype;
    return 0;
}
