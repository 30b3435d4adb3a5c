/* SPDX-License-Identifier: Apache-2.0
 * bgp_attr_text.c - attributes as text and back, in the forms that FRR prints and reads.
 *
 * AS path: "65001 65002 {1,2} (65010) [65011,65012]" (set, confederation sequence, confederation
 * set). Communities: the well-known names or AA:NN. Extended: "RT:65000:1 SoO:192.0.2.1:2". The
 * printers fill the caller's buffer, cut at its end, and never overrun.
 */
#include "bgp_attr_build.h"
#include "policy.h"
#include <stdarg.h>
#include <stdio.h>

struct out {
    char *buf;
    size_t len, pos;
};

static struct out out_init(char *buf, size_t len)
{
    if (len)
        buf[0] = 0;
    return (struct out){ .buf = buf, .len = len };
}

static void __attribute__((format(printf, 2, 3))) out_fmt(struct out *o, const char *fmt, ...)
{
    va_list ap;

    if (o->pos + 1 >= o->len)
        return;
    va_start(ap, fmt);
    int n = vsnprintf(o->buf + o->pos, o->len - o->pos, fmt, ap);
    va_end(ap);
    if (n > 0)
        o->pos += (size_t)n;
    if (o->pos >= o->len)
        o->pos = o->len - 1;
}

/* AS paths are printed by the million; snprintf per number would be most of a show's time. */
static void out_char(struct out *o, char c)
{
    if (o->pos + 1 >= o->len)
        return;
    o->buf[o->pos++] = c;
    o->buf[o->pos] = 0;
}

static void out_num(struct out *o, uint32_t v)
{
    char tmp[10];
    unsigned n = 0;

    do
        tmp[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n)
        out_char(o, tmp[--n]);
}

static inline uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t get16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

const char *bgp_origin_name(uint8_t origin)
{
    return origin == BGP_ORIGIN_IGP ? "IGP" : origin == BGP_ORIGIN_EGP ? "EGP" : "incomplete";
}

char *bgp_attr_path_str(const struct bgp_attr *a, char *buf, size_t len)
{
    static const char open[] = { 0, '{', 0, '(', '[' }, close[] = { 0, '}', 0, ')', ']' };
    struct out o = out_init(buf, len);
    struct bgp_path_seg s;
    size_t pos = 0;

    while (bgp_attr_seg_next(a, &pos, &s)) {
        unsigned t = s.type <= BGP_CONFED_SET ? s.type : 0;
        char sep = t == BGP_AS_SET || t == BGP_CONFED_SET ? ',' : ' ';
        if (o.pos)
            out_char(&o, ' ');
        if (open[t])
            out_char(&o, open[t]);
        for (unsigned i = 0; i < s.count; i++) {
            if (i)
                out_char(&o, sep);
            out_num(&o, get32(s.asns + 4 * i));
        }
        if (close[t])
            out_char(&o, close[t]);
    }
    return buf;
}

/* ---- communities (RFC 1997 and IANA's registry) ---- */

static void out_community(struct out *o, uint32_t c)
{
    const char *name = policy_community_name(c);

    if (name) {
        out_fmt(o, "%s", name);
        return;
    }
    out_num(o, c >> 16);
    out_char(o, ':');
    out_num(o, c & 0xffff);
}

char *bgp_community_str(uint32_t c, char *buf, size_t len)
{
    struct out o = out_init(buf, len);
    out_community(&o, c);
    return buf;
}

char *bgp_attr_community_str(const struct bgp_attr *a, char *buf, size_t len)
{
    struct out o = out_init(buf, len);

    for (size_t i = 0; i + 4 <= a->community_len; i += 4) {
        if (i)
            out_char(&o, ' ');
        out_community(&o, get32(bgp_attr_community(a) + i));
    }
    return buf;
}

char *bgp_attr_large_str(const struct bgp_attr *a, char *buf, size_t len)
{
    struct out o = out_init(buf, len);

    for (size_t i = 0; i + 12 <= a->large_len; i += 12) {
        const uint8_t *p = bgp_attr_large(a) + i;
        if (i)
            out_char(&o, ' ');
        out_num(&o, get32(p));
        out_char(&o, ':');
        out_num(&o, get32(p + 4));
        out_char(&o, ':');
        out_num(&o, get32(p + 8));
    }
    return buf;
}

/* ---- extended communities (RFC 4360, 5668, 7153) ---- */

enum { EXT_AS2 = 0x00, EXT_IP4 = 0x01, EXT_AS4 = 0x02, EXT_OPAQUE = 0x03 };
enum {
    EXT_SUB_RT = 0x02,
    EXT_SUB_SOO = 0x03,
    EXT_SUB_BANDWIDTH = 0x04,
    EXT_SUB_COLOR = 0x0b,
    EXT_SUB_ENCAP = 0x0c
};

static void out_bandwidth(struct out *o, const uint8_t *p)
{
    float bytes;
    uint32_t raw = get32(p + 4);

    memcpy(&bytes, &raw, sizeof(bytes)); /* IEEE 754, draft-ietf-idr-link-bandwidth */
    if (!(bytes >= 0 && bytes < 4e9f))
        bytes = 0;
    double bps = (double)bytes * 8;
    out_fmt(o, "LB:%u:%u ", get16(p + 2), (uint32_t)bytes);
    if (bps >= 1e9)
        out_fmt(o, "(%.3f Gbps)", bps / 1e9);
    else if (bps >= 1e6)
        out_fmt(o, "(%.3f Mbps)", bps / 1e6);
    else if (bps >= 1e3)
        out_fmt(o, "(%.3f Kbps)", bps / 1e3);
    else
        out_fmt(o, "(%.0f bps)", bps);
}

static void out_ext(struct out *o, const uint8_t *p)
{
    uint8_t type = p[0] & 0x3f, sub = p[1]; /* without the IANA and transitive bits */

    if (type <= EXT_AS4 && (sub == EXT_SUB_RT || sub == EXT_SUB_SOO)) {
        out_fmt(o, "%s:", sub == EXT_SUB_RT ? "RT" : "SoO");
        if (type == EXT_AS2)
            out_fmt(o, "%u:%u", get16(p + 2), get32(p + 4));
        else if (type == EXT_AS4)
            out_fmt(o, "%u:%u", get32(p + 2), get16(p + 6));
        else
            out_fmt(o, "%u.%u.%u.%u:%u", p[2], p[3], p[4], p[5], get16(p + 6));
    } else if (type == EXT_AS2 && sub == EXT_SUB_BANDWIDTH) {
        out_bandwidth(o, p);
    } else if (type == EXT_OPAQUE && sub == EXT_SUB_ENCAP) {
        out_fmt(o, "ET:%u", get16(p + 6));
    } else if (type == EXT_OPAQUE && sub == EXT_SUB_COLOR) {
        out_fmt(o, "Color:%u", get32(p + 4));
    } else {
        out_fmt(o, "UNK:%u, %u", p[0], p[1]);
    }
}

char *bgp_attr_ext_str(const struct bgp_attr *a, char *buf, size_t len)
{
    struct out o = out_init(buf, len);

    for (size_t i = 0; i + 8 <= a->ext_len; i += 8) {
        if (i)
            out_char(&o, ' ');
        out_ext(&o, bgp_attr_ext(a) + i);
    }
    return buf;
}

/* ---- parsing: the configuration reads the same forms, so lib/policy_text.c has them ---- */

bool bgp_community_parse(const char *s, uint32_t *ret)
{
    return policy_community_parse(s, ret);
}

bool bgp_large_parse(const char *s, uint32_t ret[3])
{
    return policy_large_parse(s, ret);
}

bool bgp_ext_parse(const char *kind, const char *s, uint64_t *ret)
{
    return policy_ext_parse(kind, s, ret);
}
