/* SPDX-License-Identifier: Apache-2.0
 * bgp_attr.c - attribute sets: the build form, interning, and questions about interned sets.
 *
 * bgp_attr_intern() lays the set out flat (header, then the variable parts in bgp_attr.h's order),
 * brings it into canonical form and gives it to the process-wide intern table, which hashes it
 * once. Canonical means: communities of each kind sorted and unique, unknown attributes sorted by
 * type with their partial bit set (RFC 4271 5: we pass on what we do not recognise), and the
 * derived header fields recomputed from the parts. Sets up to FLAT_STACK bytes, that is all but
 * freaks, are built on the stack; nothing is allocated for them here.
 *
 * The build form belongs to one thread. The intern table is shared and does its own locking.
 */
#include "config.h"
#include "bgp_attr.h"
#include "bgp_attr_build.h"
#include <stdlib.h>

MEM_DEFINE(bgp_attr, "BGP attribute");

#define FLAT_STACK 2048
#define DERIVED_FLAGS \
    (BAF_NO_EXPORT | BAF_NO_ADVERTISE | BAF_LOCAL_AS | BAF_BLACKHOLE | BAF_LLGR_STALE | BAF_AS_SET)
#define BGP_COMM_LLGR_STALE 0xFFFF0006u

struct intern *bgp_attr_interned;

void bgp_attr_init(void)
{
    if (!bgp_attr_interned)
        bgp_attr_interned = intern_new(MEM(bgp_attr));
}

struct intern *bgp_attr_table(void)
{
    return bgp_attr_interned;
}

void bgp_attr_build_init(struct bgp_attr_build *b)
{
    memset(&b->h, 0, sizeof(b->h));
    b->h.origin = BGP_ORIGIN_INCOMPLETE;
    b->aspath = b->community = b->ext = b->large = b->cluster = b->unknown = NULL;
    b->scratch_used = 0;
}

void bgp_attr_build_from(struct bgp_attr_build *b, const struct bgp_attr *a)
{
    b->h = *a;
    b->aspath = bgp_attr_aspath(a);
    b->community = bgp_attr_community(a);
    b->ext = bgp_attr_ext(a);
    b->large = bgp_attr_large(a);
    b->cluster = bgp_attr_cluster(a);
    b->unknown = bgp_attr_unknown(a);
    b->scratch_used = 0;
}

uint8_t *bgp_attr_build_room(struct bgp_attr_build *b, size_t n)
{
    if (n > sizeof(b->scratch) - b->scratch_used)
        return NULL;
    uint8_t *p = b->scratch + b->scratch_used;
    b->scratch_used += n;
    return p;
}

/* ---- canonical form ---- */

static int cmp_record(const void *a, const void *b, void *size)
{
    return memcmp(a, b, *(const size_t *)size);
}

static void sort_records(uint8_t *p, size_t n, size_t size)
{
    uint8_t tmp[16];

    if (n > 32) {
        qsort_r(p, n, size, cmp_record, &size);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        size_t j = i;
        memcpy(tmp, p + i * size, size);
        while (j > 0 && memcmp(p + (j - 1) * size, tmp, size) > 0) {
            memcpy(p + j * size, p + (j - 1) * size, size);
            j--;
        }
        memcpy(p + j * size, tmp, size);
    }
}

/* Sorts big-endian records in place and drops repeated ones; the new length in bytes. */
static uint16_t sort_unique(uint8_t *p, uint16_t len, size_t size)
{
    size_t n = len / size, i, out;

    for (i = 1; i < n; i++) /* nearly all sets arrive sorted */
        if (memcmp(p + (i - 1) * size, p + i * size, size) >= 0)
            break;
    if (i >= n)
        return (uint16_t)(n * size);
    sort_records(p, n, size);
    for (i = 1, out = 1; i < n; i++) {
        if (memcmp(p + (out - 1) * size, p + i * size, size) == 0)
            continue;
        if (out != i)
            memcpy(p + out * size, p + i * size, size);
        out++;
    }
    return (uint16_t)(out * size);
}

static size_t tlv_len(const uint8_t *p, size_t left)
{
    if (left < 3)
        return 0;
    size_t n = 3u + p[2];
    if (p[0] & BGP_AF_EXTENDED) {
        if (left < 4)
            return 0;
        n = 4u + (size_t)(p[2] << 8 | p[3]);
    }
    return n <= left ? n : 0;
}

/* Copies whole TLVs sorted by type with the partial bit set; the length written. */
static uint16_t put_unknown(uint8_t *dst, const uint8_t *src, size_t len)
{
    uint16_t at[256], n[256];
    uint8_t *out = dst;
    unsigned types = 0;

    memset(n, 0, sizeof(n));
    for (size_t pos = 0, l; pos < len && (l = tlv_len(src + pos, len - pos)); pos += l) {
        uint8_t type = src[pos + 1];
        types += !n[type];
        at[type] = (uint16_t)pos;
        n[type] = (uint16_t)l;
    }
    for (unsigned t = 0; t < 256 && types; t++) {
        if (!n[t])
            continue;
        memcpy(out, src + at[t], n[t]);
        out[0] |= BGP_AF_PARTIAL;
        out += n[t];
        types--;
    }
    return (uint16_t)(out - dst);
}

static uint8_t *put_part(uint8_t *p, const uint8_t *src, size_t len)
{
    if (len)
        memcpy(p, src, len);
    return p + len;
}

static inline uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void derive_path(struct bgp_attr *a)
{
    struct bgp_path_seg s;
    size_t pos = 0;
    uint32_t len = 0;
    bool first = true;

    a->first_as = a->origin_as = 0;
    a->path_len = 0;
    while (bgp_attr_seg_next(a, &pos, &s)) {
        if (s.type == BGP_AS_SEQUENCE) {
            len += s.count;
            if (first && s.count)
                a->first_as = be32(s.asns);
            first = false;
        } else if (s.type == BGP_AS_SET) {
            len += 1;
            first = false;
        }
        if (s.type == BGP_AS_SET || s.type == BGP_CONFED_SET)
            a->flags |= BAF_AS_SET;
        if (s.count)
            a->origin_as = be32(s.asns + 4 * (s.count - 1u));
    }
    a->path_len = (uint16_t)(len > UINT16_MAX ? UINT16_MAX : len);
}

static void derive_communities(struct bgp_attr *a)
{
    const uint8_t *c = bgp_attr_community(a);

    /* All well-known communities that matter here are FFFF:xxxx, at the end of the sorted list. */
    for (size_t i = a->community_len; i >= 4; i -= 4) {
        switch (be32(c + i - 4)) {
        case BGP_COMM_NO_EXPORT:
            a->flags |= BAF_NO_EXPORT;
            break;
        case BGP_COMM_NO_ADVERTISE:
            a->flags |= BAF_NO_ADVERTISE;
            break;
        case BGP_COMM_LOCAL_AS:
            a->flags |= BAF_LOCAL_AS;
            break;
        case BGP_COMM_BLACKHOLE:
            a->flags |= BAF_BLACKHOLE;
            break;
        case BGP_COMM_LLGR_STALE:
            a->flags |= BAF_LLGR_STALE;
            break;
        default:
            if (be32(c + i - 4) < 0xFFFF0000u)
                return;
        }
    }
}

static size_t flatten(uint8_t *flat, const struct bgp_attr_build *b)
{
    struct bgp_attr *a = (struct bgp_attr *)flat;
    uint8_t *p = flat + sizeof(*a);

    *a = b->h;
    a->pad = 0;
    a->flags &= (uint16_t)~DERIVED_FLAGS;
    p = put_part(p, b->aspath, a->aspath_len);
    put_part(p, b->community, a->community_len);
    a->community_len = sort_unique(p, a->community_len, 4);
    p += a->community_len;
    put_part(p, b->ext, a->ext_len);
    a->ext_len = sort_unique(p, a->ext_len, 8);
    p += a->ext_len;
    put_part(p, b->large, a->large_len);
    a->large_len = sort_unique(p, a->large_len, 12);
    p += a->large_len;
    p = put_part(p, b->cluster, a->cluster_len);
    if (a->unknown_len)
        a->unknown_len = put_unknown(p, b->unknown, a->unknown_len);
    p += a->unknown_len;
    a->n_cluster = (uint8_t)(a->cluster_len / 4 > 255 ? 255 : a->cluster_len / 4);
    derive_path(a);
    derive_communities(a);
    return (size_t)(p - flat);
}

uint32_t bgp_attr_intern(struct bgp_attr_build *b)
{
    const struct bgp_attr *h = &b->h;
    size_t room = sizeof(*h) + h->aspath_len + h->community_len + h->ext_len + h->large_len +
                  h->cluster_len + h->unknown_len;
    _Alignas(8) uint8_t stack[FLAT_STACK];
    uint8_t *flat = room <= sizeof(stack) ? stack : mem_alloc(MEM(tmp), room);
    uint32_t handle = intern_get(bgp_attr_interned, flat, flatten(flat, b));

    if (flat != stack)
        mem_free(MEM(tmp), flat);
    return handle;
}

/* ---- questions ---- */

bool bgp_attr_seg_next(const struct bgp_attr *a, size_t *pos, struct bgp_path_seg *ret)
{
    const uint8_t *p = bgp_attr_aspath(a) + *pos;
    size_t left = a->aspath_len - *pos;

    if (left < 2 || left < 2u + 4u * p[1])
        return false;
    *ret = (struct bgp_path_seg){ .type = p[0], .count = p[1], .asns = p + 2 };
    *pos += 2u + 4u * p[1];
    return true;
}

unsigned bgp_attr_path_count(const struct bgp_attr *a, uint32_t as)
{
    struct bgp_path_seg s;
    size_t pos = 0;
    unsigned n = 0;

    while (bgp_attr_seg_next(a, &pos, &s))
        for (unsigned i = 0; i < s.count; i++)
            n += be32(s.asns + 4 * i) == as;
    return n;
}

bool bgp_attr_has_community(const struct bgp_attr *a, uint32_t c)
{
    const uint8_t *v = bgp_attr_community(a);
    size_t lo = 0, hi = a->community_len / 4u;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        uint32_t x = be32(v + 4 * mid);
        if (x == c)
            return true;
        if (x < c)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

bool bgp_attr_in_cluster_list(const struct bgp_attr *a, uint32_t cluster_id)
{
    const uint8_t *v = bgp_attr_cluster(a);

    for (size_t i = 0; i + 4 <= a->cluster_len; i += 4)
        if (be32(v + i) == cluster_id)
            return true;
    return false;
}
