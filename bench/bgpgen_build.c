/* SPDX-License-Identifier: Apache-2.0
 * bgpgen_build.c - the UPDATE messages of a generated table.
 *
 * The table is a run of equally long prefixes that follow one another from conf.base. They are cut
 * into conf.sets runs; each run has its own path attributes and as many messages as it needs. A
 * real full table has about one attribute set for each 7 to 8 prefixes, AS paths of 4 to 5 hops,
 * and communities on most routes: that is what the attributes here look like. They depend on seed,
 * peer and set only, so every run of a benchmark sends the same bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "bgpgen.h"

void gbuf_put(struct gbuf *b, const void *data, size_t len)
{
    if (b->len + len > b->cap) {
        size_t cap = b->cap ? b->cap : 256;
        while (cap < b->len + len)
            cap *= 2;
        uint8_t *p = realloc(b->data, cap);
        if (!p)
            fatal("out of memory for %zu bytes of messages", cap);
        b->data = p;
        b->cap = cap;
    }
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

void gbuf_u8(struct gbuf *b, unsigned v)
{
    uint8_t c = (uint8_t)v;
    gbuf_put(b, &c, 1);
}

void gbuf_u16(struct gbuf *b, unsigned v)
{
    uint8_t c[2] = { (uint8_t)(v >> 8), (uint8_t)v };
    gbuf_put(b, c, 2);
}

void gbuf_u32(struct gbuf *b, uint32_t v)
{
    uint8_t c[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
    gbuf_put(b, c, 4);
}

size_t gbuf_msg_begin(struct gbuf *b, unsigned type)
{
    static const uint8_t marker[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    size_t start = b->len;
    gbuf_put(b, marker, 16);
    gbuf_u16(b, 0);
    gbuf_u8(b, type);
    return start;
}

static void patch_u16(struct gbuf *b, size_t pos, size_t v)
{
    b->data[pos] = (uint8_t)(v >> 8);
    b->data[pos + 1] = (uint8_t)v;
}

void gbuf_msg_end(struct gbuf *b, size_t start)
{
    patch_u16(b, start + 16, b->len - start);
}

/* A small generator of repeatable noise (xorshift64*). */
static uint32_t noise(uint64_t *s)
{
    *s ^= *s >> 12;
    *s ^= *s << 25;
    *s ^= *s >> 27;
    return (uint32_t)((*s * 0x2545f4914f6cdd1dULL) >> 32);
}

static uint64_t noise_seed(uint32_t seed, uint32_t a, uint32_t b)
{
    uint64_t s = (uint64_t)seed * 0x9e3779b97f4a7c15ULL + (uint64_t)a * 0xbf58476d1ce4e5b9ULL +
                 (uint64_t)b * 0x94d049bb133111ebULL + 1;
    (void)noise(&s);
    (void)noise(&s);
    return s;
}

static void attr_head(struct gbuf *b, unsigned flags, unsigned type, unsigned len)
{
    gbuf_u8(b, flags | (len > 255 ? 0x10 : 0));
    gbuf_u8(b, type);
    if (len > 255)
        gbuf_u16(b, len);
    else
        gbuf_u8(b, len);
}

static void attr_as_path(struct gbuf *b, uint64_t *s, uint32_t as)
{
    /* 3 to 6 hops, sometimes with the origin prepended. */
    unsigned hops = 3 + noise(s) % 4, again = noise(s) % 10 == 0 ? 1 + noise(s) % 3 : 0;
    unsigned n = hops + again, size = conf.as4 ? 4 : 2;
    attr_head(b, 0x40, 2, 2 + n * size);
    gbuf_u8(b, 2);
    gbuf_u8(b, n);
    uint32_t hop = as;
    for (unsigned i = 0; i < n; i++) {
        if (i && i < hops) {
            /* A few transit networks near the top, many origins; a fifth need 4 bytes. */
            hop = 1000 + noise(s) % (i < 3 ? 200 : 60000);
            if (conf.as4 && i == hops - 1 && noise(s) % 5 == 0)
                hop = 131072 + noise(s) % 100000;
        }
        if (conf.as4)
            gbuf_u32(b, hop);
        else
            gbuf_u16(b, hop > 65535 ? 23456 : hop);
    }
}

static void attr_optional(struct gbuf *b, uint64_t *s, uint32_t as)
{
    if (noise(s) % 5 == 0) {
        attr_head(b, 0x80, 4, 4);
        gbuf_u32(b, noise(s) % 1000);
    }
    if (noise(s) % 20 == 0) {
        attr_head(b, 0x40, 6, 0);
        attr_head(b, 0xc0, 7, conf.as4 ? 8 : 6);
        if (conf.as4)
            gbuf_u32(b, 1000 + noise(s) % 60000);
        else
            gbuf_u16(b, 1000 + noise(s) % 60000);
        gbuf_u32(b, 0x0a000000 | noise(s) % 0xffffff);
    }
    if (noise(s) % 10 < 7) {
        unsigned n = 1 + noise(s) % 8;
        attr_head(b, 0xc0, 8, 4 * n);
        for (unsigned i = 0; i < n; i++)
            gbuf_u32(b, (as & 0xffff) << 16 | (100 + noise(s) % 4000));
    }
    if (noise(s) % 20 == 0) {
        attr_head(b, 0xc0, 32, 12);
        gbuf_u32(b, as);
        gbuf_u32(b, 1 + noise(s) % 100);
        gbuf_u32(b, noise(s) % 1000);
    }
}

static void attrs(struct gbuf *b, unsigned peer, uint32_t set, uint32_t as, const struct gaddr *nh)
{
    uint64_t s = noise_seed(conf.seed, peer, set);
    attr_head(b, 0x40, 1, 1);
    gbuf_u8(b, noise(&s) % 10 == 0 ? 2 : 0);
    attr_as_path(b, &s, as);
    if (!conf.v6) {
        attr_head(b, 0x40, 3, 4);
        gbuf_put(b, &nh->v4, 4);
    }
    attr_optional(b, &s, as);
}

static void nlri(struct gbuf *b, uint64_t index)
{
    uint8_t a[16];
    unsigned size = conf.v6 ? 16 : 4;
    memcpy(a, conf.base.b, size);
    /* Adds index at the prefix's last bit. */
    unsigned bit = conf.base_len;
    for (unsigned byte = (bit + 7) / 8, shift = byte * 8 - bit; byte-- > 0 && index;) {
        uint64_t sum = a[byte] + ((index << shift) & 0xff);
        index >>= 8 - shift;
        shift = 0;
        a[byte] = (uint8_t)sum;
        index += sum >> 8;
    }
    gbuf_u8(b, conf.base_len);
    gbuf_put(b, a, (conf.base_len + 7) / 8);
}

/* One message announces prefixes first..last-1 as far as they fit; returns the first left out. */
static uint64_t announce_msg(struct gbuf *b, const struct gbuf *at, const struct gaddr *nh,
                             uint64_t first, uint64_t last)
{
    size_t start = gbuf_msg_begin(b, BGP_UPDATE), each = 1 + (conf.base_len + 7) / 8, mp = 0;
    gbuf_u16(b, 0);
    gbuf_u16(b, (unsigned)at->len);
    gbuf_put(b, at->data, at->len);
    if (conf.v6) {
        gbuf_u8(b, 0x90);
        gbuf_u8(b, 14);
        mp = b->len;
        gbuf_u16(b, 0);
        gbuf_u16(b, 2);
        gbuf_u8(b, 1);
        gbuf_u8(b, 16);
        gbuf_put(b, &nh->v6, 16);
        gbuf_u8(b, 0);
    }
    uint64_t most = conf.per_update ? first + conf.per_update : last;
    while (first < last && first < most && b->len - start + each <= BGP_MSG_MAX)
        nlri(b, first++);
    if (conf.v6) {
        patch_u16(b, mp, b->len - mp - 2);
        patch_u16(b, start + BGP_HDR + 2, at->len + 2 + b->len - mp);
    }
    gbuf_msg_end(b, start);
    return first;
}

static uint64_t withdraw_msg(struct gbuf *b, uint64_t first, uint64_t last)
{
    size_t start = gbuf_msg_begin(b, BGP_UPDATE), each = 1 + (conf.base_len + 7) / 8, at;
    if (conf.v6) {
        gbuf_u16(b, 0);
        gbuf_u16(b, 0);
        gbuf_u8(b, 0x90);
        gbuf_u8(b, 15);
        at = b->len;
        gbuf_u16(b, 0);
        gbuf_u16(b, 2);
        gbuf_u8(b, 1);
    } else {
        at = b->len;
        gbuf_u16(b, 0);
    }
    while (first < last && b->len - start + each + 2 <= BGP_MSG_MAX)
        nlri(b, first++);
    patch_u16(b, at, b->len - at - 2);
    if (conf.v6)
        patch_u16(b, start + BGP_HDR + 2, b->len - at + 2);
    else
        gbuf_u16(b, 0);
    gbuf_msg_end(b, start);
    return first;
}

static void end_of_rib(struct gbuf *b)
{
    size_t start = gbuf_msg_begin(b, BGP_UPDATE);
    gbuf_u16(b, 0);
    gbuf_u16(b, conf.v6 ? 6 : 0);
    if (conf.v6) {
        static const uint8_t unreach[6] = { 0x80, 15, 3, 0, 2, 1 };
        gbuf_put(b, unreach, sizeof(unreach));
    }
    gbuf_msg_end(b, start);
}

/* A step that visits every set once, in an order that is not the prefixes' own. */
static uint64_t scatter(uint64_t n)
{
    for (uint64_t step = n * 5 / 8 | 1;; step += 2) {
        uint64_t a = step, b = n;
        while (b) {
            uint64_t t = a % b;
            a = b;
            b = t;
        }
        if (a == 1)
            return step;
    }
}

bool build_load(struct gload *l, unsigned peer, const struct gaddr *local)
{
    uint64_t n = conf.prefixes, first = conf.unique ? n * peer : 0;
    uint64_t sets = conf.sets && conf.sets < n ? conf.sets : n;
    uint64_t step = conf.shuffle && sets > 2 ? scatter(sets) : 1;
    uint32_t as = conf.same_as ? conf.as : conf.as + peer;
    const struct gaddr *nh = conf.nexthop.af ? &conf.nexthop : local;
    if (n && nh->af != (conf.v6 ? AF_INET6 : AF_INET)) {
        fprintf(stderr, "bgpgen: the next hop's family is not the prefixes'; give --nexthop\n");
        return false;
    }
    struct gbuf at = { 0 };
    for (uint64_t i = 0; i < sets; i++) {
        uint64_t s = i * step % sets, p = first + n * s / sets, end = first + n * (s + 1) / sets;
        at.len = 0;
        attrs(&at, peer, (uint32_t)s, as, nh);
        while (p < end) {
            p = announce_msg(&l->announce, &at, nh, p, end);
            l->updates++;
        }
    }
    free(at.data);
    end_of_rib(&l->announce);
    for (uint64_t p = first; p < first + n;)
        p = withdraw_msg(&l->withdraw, p, first + n);
    l->prefixes = n;
    return true;
}
