/* SPDX-License-Identifier: Apache-2.0
 * bgp_attr_edit.c - edits on the build form: AS path, communities, cluster list.
 *
 * Every edit writes the new part into the build's scratch and points the build at it, so that what
 * was borrowed (a message, an interned set) is never written. When the new part does not fit, the
 * build is as it was and the edit returns false; the caller treats the route as one it cannot send.
 */
#include "bgp_attr_build.h"

static inline uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint8_t *put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
    return p + 4;
}

/* Walks the segments of a build's path; it is valid by construction. */
static bool seg_next(const struct bgp_attr_build *b, size_t *pos, struct bgp_path_seg *s)
{
    if (*pos + 2 > b->h.aspath_len)
        return false;
    const uint8_t *p = b->aspath + *pos;
    *s = (struct bgp_path_seg){ .type = p[0], .count = p[1], .asns = p + 2 };
    *pos += 2u + 4u * p[1];
    return *pos <= b->h.aspath_len;
}

/* Puts `times` times `as` in front, in segments of `type`; joins the first segment when it is of
 * the same type and has room. */
static bool prepend(struct bgp_attr_build *b, uint8_t type, uint32_t as, unsigned times)
{
    unsigned segs = (times + 254) / 255, join = 0;
    const uint8_t *old = b->aspath;
    size_t old_len = b->h.aspath_len;

    if (!times)
        return true;
    if (times > 255 * 16)
        return false;
    if (old_len >= 2 && old[0] == type && old[1] + times <= 255) {
        join = old[1];
        segs = 1;
        old += 2;
        old_len -= 2;
    }
    size_t n = old_len + 2 * segs + 4 * times;
    uint8_t *p = n <= UINT16_MAX ? bgp_attr_build_room(b, n) : NULL;
    if (!p)
        return false;
    b->aspath = p;
    b->h.aspath_len = (uint16_t)n;
    while (times) {
        unsigned k = times > 255 ? 255 : times;
        *p++ = type;
        *p++ = (uint8_t)(k + join);
        for (unsigned i = 0; i < k; i++)
            p = put32(p, as);
        times -= k;
    }
    if (old_len)
        memcpy(p, old, old_len);
    return true;
}

bool bgp_attr_prepend(struct bgp_attr_build *b, uint32_t as, unsigned times)
{
    return prepend(b, BGP_AS_SEQUENCE, as, times);
}

bool bgp_attr_prepend_confed(struct bgp_attr_build *b, uint32_t as)
{
    return prepend(b, BGP_CONFED_SEQUENCE, as, 1);
}

/* Rewrites the path AS by AS: keep() returns the AS to write, or 0 to leave it out. Emptied
 * segments vanish. */
static bool rewrite(struct bgp_attr_build *b,
                    uint32_t (*keep)(void *, const struct bgp_path_seg *, uint32_t), void *ctx)
{
    struct bgp_path_seg s;
    size_t pos = 0;
    size_t saved = b->scratch_used;
    uint8_t *start = bgp_attr_build_room(b, b->h.aspath_len), *p = start;

    if (!start)
        return false;
    while (seg_next(b, &pos, &s)) {
        uint8_t *head = p;
        unsigned n = 0;
        p += 2;
        for (unsigned i = 0; i < s.count; i++) {
            uint32_t as = keep(ctx, &s, get32(s.asns + 4 * i));
            if (!as)
                continue;
            p = put32(p, as);
            n++;
        }
        head[0] = s.type;
        head[1] = (uint8_t)n;
        if (!n)
            p = head;
    }
    b->aspath = start;
    b->h.aspath_len = (uint16_t)(p - start);
    b->scratch_used = saved + b->h.aspath_len;
    return true;
}

static uint32_t keep_not_confed(void *ctx, const struct bgp_path_seg *s, uint32_t as)
{
    return s->type == BGP_CONFED_SEQUENCE || s->type == BGP_CONFED_SET ? 0 : as;
}

bool bgp_attr_strip_confed(struct bgp_attr_build *b)
{
    struct bgp_path_seg s;
    size_t pos = 0;

    while (seg_next(b, &pos, &s))
        if (s.type == BGP_CONFED_SEQUENCE || s.type == BGP_CONFED_SET)
            return rewrite(b, keep_not_confed, NULL);
    return true;
}

/* RFC 6996 */
static bool is_private(uint32_t as)
{
    return (as >= 64512 && as <= 65534) || (as >= 4200000000u && as <= 4294967294u);
}

static uint32_t keep_public(void *ctx, const struct bgp_path_seg *s, uint32_t as)
{
    return is_private(as) ? *(const uint32_t *)ctx : as;
}

bool bgp_attr_remove_private(struct bgp_attr_build *b, bool all, bool replace, uint32_t with)
{
    struct bgp_path_seg s;
    size_t pos = 0;
    bool any = false, only = true;
    uint32_t by = replace ? with : 0;

    while (seg_next(b, &pos, &s)) {
        for (unsigned i = 0; i < s.count; i++) {
            bool priv = is_private(get32(s.asns + 4 * i));
            any |= priv;
            only &= priv;
        }
    }
    /* Without `all` a path that also holds public ASes stays as it is. */
    if (!any || (!all && !only))
        return true;
    return rewrite(b, keep_public, &by);
}

struct replace_ctx {
    uint32_t from, to;
};

static uint32_t keep_replace(void *ctx, const struct bgp_path_seg *s, uint32_t as)
{
    const struct replace_ctx *c = ctx;
    return !c->from || as == c->from ? c->to : as;
}

bool bgp_attr_as_replace(struct bgp_attr_build *b, uint32_t from, uint32_t to)
{
    struct replace_ctx c = { from, to };
    return to != 0 && rewrite(b, keep_replace, &c);
}

struct exclude_ctx {
    const uint32_t *as;
    unsigned n;
};

static uint32_t keep_exclude(void *ctx, const struct bgp_path_seg *s, uint32_t as)
{
    const struct exclude_ctx *c = ctx;
    for (unsigned i = 0; i < c->n; i++)
        if (c->as[i] == as)
            return 0;
    return as;
}

bool bgp_attr_as_exclude(struct bgp_attr_build *b, const uint32_t *as, unsigned n)
{
    struct exclude_ctx c = { as, n };
    return rewrite(b, keep_exclude, &c);
}

/* ---- communities; interning sorts them and drops repeated ones ---- */

/* Room for `old_len` (when additive) plus `n` bytes with the old part copied in; *add is where the
 * new ones go. */
static uint8_t *part_room(struct bgp_attr_build *b, const uint8_t *old, size_t old_len, size_t n,
                          uint8_t **add)
{
    if (old_len + n > UINT16_MAX)
        return NULL;
    uint8_t *p = bgp_attr_build_room(b, old_len + n);
    if (!p)
        return NULL;
    if (old_len)
        memcpy(p, old, old_len);
    *add = p + old_len;
    return p;
}

bool bgp_attr_community_set(struct bgp_attr_build *b, const uint32_t *c, unsigned n, bool additive)
{
    size_t old = additive ? b->h.community_len : 0;
    uint8_t *add, *p = n <= UINT16_MAX / 4 ? part_room(b, b->community, old, 4u * n, &add) : NULL;

    if (!p)
        return false;
    for (unsigned i = 0; i < n; i++)
        add = put32(add, c[i]);
    b->community = p;
    b->h.community_len = (uint16_t)(old + 4u * n);
    return true;
}

bool bgp_attr_community_remove(struct bgp_attr_build *b, bool (*drop)(void *ctx, uint32_t c),
                               void *ctx)
{
    uint8_t *p = bgp_attr_build_room(b, b->h.community_len), *out = p;

    if (!p)
        return false;
    for (size_t i = 0; i + 4 <= b->h.community_len; i += 4)
        if (!drop(ctx, get32(b->community + i)))
            out = put32(out, get32(b->community + i));
    b->community = p;
    b->h.community_len = (uint16_t)(out - p);
    return true;
}

bool bgp_attr_large_set(struct bgp_attr_build *b, const uint32_t (*c)[3], unsigned n, bool additive)
{
    size_t old = additive ? b->h.large_len : 0;
    uint8_t *add, *p = n <= UINT16_MAX / 12 ? part_room(b, b->large, old, 12u * n, &add) : NULL;

    if (!p)
        return false;
    for (unsigned i = 0; i < n; i++)
        add = put32(put32(put32(add, c[i][0]), c[i][1]), c[i][2]);
    b->large = p;
    b->h.large_len = (uint16_t)(old + 12u * n);
    return true;
}

bool bgp_attr_large_remove(struct bgp_attr_build *b, bool (*drop)(void *ctx, const uint32_t c[3]),
                           void *ctx)
{
    uint8_t *p = bgp_attr_build_room(b, b->h.large_len), *out = p;

    if (!p)
        return false;
    for (size_t i = 0; i + 12 <= b->h.large_len; i += 12) {
        const uint8_t *v = b->large + i;
        uint32_t c[3] = { get32(v), get32(v + 4), get32(v + 8) };
        if (drop(ctx, c))
            continue;
        memcpy(out, v, 12);
        out += 12;
    }
    b->large = p;
    b->h.large_len = (uint16_t)(out - p);
    return true;
}

bool bgp_attr_ext_set(struct bgp_attr_build *b, const uint64_t *c, unsigned n, bool additive)
{
    size_t old = additive ? b->h.ext_len : 0;
    uint8_t *add, *p = n <= UINT16_MAX / 8 ? part_room(b, b->ext, old, 8u * n, &add) : NULL;

    if (!p)
        return false;
    for (unsigned i = 0; i < n; i++)
        add = put32(put32(add, (uint32_t)(c[i] >> 32)), (uint32_t)c[i]);
    b->ext = p;
    b->h.ext_len = (uint16_t)(old + 8u * n);
    return true;
}

bool bgp_attr_cluster_prepend(struct bgp_attr_build *b, uint32_t cluster_id)
{
    size_t n = 4u + b->h.cluster_len;
    uint8_t *p = n <= UINT16_MAX ? bgp_attr_build_room(b, n) : NULL;

    if (!p)
        return false;
    put32(p, cluster_id);
    if (b->h.cluster_len)
        memcpy(p + 4, b->cluster, b->h.cluster_len);
    b->cluster = p;
    b->h.cluster_len = (uint16_t)n;
    return true;
}
