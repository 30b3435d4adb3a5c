/* SPDX-License-Identifier: Apache-2.0
 * bgpgen_count.c - which prefixes have been announced to us and not been withdrawn.
 *
 * Prefixes of the generated table are bits in a map, found by their place after conf.base; all
 * others are entries in an open-addressing hash set. Withdrawn entries of the set stay as tombs,
 * which is fine for a program that lives for one measurement.
 */
#include <stdlib.h>
#include <string.h>
#include "bgpgen.h"
#include "wire.h"

struct gcount count;

/* A prefix: its bits at the top, `tag` tells family and length (0: free slot). */
struct entry {
    uint64_t hi, lo;
    uint32_t tag;
    bool present;
};
static struct {
    uint8_t *map;
    uint64_t map_size, base;
    struct entry *set;
    size_t set_cap, set_used;
} known;

static uint64_t top_bits(const uint8_t *a, unsigned size)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 8; i++)
        v = v << 8 | (i < size ? a[i] : 0);
    return v;
}

/* The map serves prefixes whose last bit lies within the first 64. */
void count_init(uint32_t size)
{
    if (!conf.base.af || conf.base_len > 64 || !size)
        return;
    known.base = top_bits(conf.base.b, conf.v6 ? 16 : 4) >> (64 - conf.base_len);
    known.map = calloc(size / 8 + 1, 1);
    known.map_size = known.map ? size : 0;
}

static struct entry *set_slot(struct entry *set, size_t cap, uint64_t hi, uint64_t lo, uint32_t tag)
{
    uint64_t h = (hi ^ (lo * 0x9e3779b97f4a7c15ULL) ^ tag) * 0xbf58476d1ce4e5b9ULL;
    /* The product's top bits depend on all bits of the prefix. */
    for (size_t i = h >> (__builtin_clzll(cap) + 1);; i = (i + 1) & (cap - 1)) {
        struct entry *e = &set[i];
        if (!e->tag || (e->tag == tag && e->hi == hi && e->lo == lo))
            return e;
    }
}

static void set_grow(void)
{
    size_t cap = known.set_cap ? known.set_cap * 2 : 1 << 16;
    struct entry *set = calloc(cap, sizeof(*set));
    if (!set)
        fatal("out of memory for %zu prefixes", cap);
    for (size_t i = 0; i < known.set_cap; i++) {
        struct entry *e = &known.set[i];
        if (e->tag)
            *set_slot(set, cap, e->hi, e->lo, e->tag) = *e;
    }
    free(known.set);
    known.set = set;
    known.set_cap = cap;
}

static void mark(bool v6, const uint8_t *bytes, unsigned len, bool present)
{
    uint64_t hi = top_bits(bytes, (len + 7) / 8);
    if (known.map_size && v6 == conf.v6 && len == conf.base_len) {
        uint64_t i = (hi >> (64 - len)) - known.base;
        if (i < known.map_size) {
            uint8_t bit = (uint8_t)(1 << (i & 7)), *at = &known.map[i >> 3];
            bool was = *at & bit;
            *at = present ? *at | bit : *at & (uint8_t)~bit;
            count.present += (uint64_t)present - was;
            return;
        }
    }
    if ((known.set_used + 1) * 4 > known.set_cap * 3)
        set_grow();
    uint64_t lo = len > 64 ? top_bits(bytes + 8, (len + 7) / 8 - 8) : 0;
    uint32_t tag = (v6 ? 0x200 : 0x100) | len;
    struct entry *e = set_slot(known.set, known.set_cap, hi, lo, tag);
    if (!e->tag) {
        *e = (struct entry){ .hi = hi, .lo = lo, .tag = tag };
        known.set_used++;
    }
    count.present += (uint64_t)present - e->present;
    e->present = present;
}

static bool walk(struct rb *r, bool v6, bool present)
{
    while (rb_left(r)) {
        unsigned len = rb_u8(r);
        const uint8_t *bytes = rb_bytes(r, (len + 7) / 8);
        if (!bytes || len > (v6 ? 128u : 32u))
            return false;
        mark(v6, bytes, len, present);
        *(present ? &count.announced : &count.withdrawn) += 1;
    }
    return rb_ok(r);
}

/* MP_REACH_NLRI and MP_UNREACH_NLRI; families other than unicast are skipped. */
static bool walk_mp(struct rb *r, bool reach)
{
    unsigned afi = rb_u16(r), safi = rb_u8(r);
    if (reach) {
        rb_skip(r, rb_u8(r));
        rb_skip(r, 1);
    }
    if (!rb_ok(r) || safi != 1 || (afi != 1 && afi != 2))
        return rb_ok(r);
    if (!reach && !rb_left(r))
        count.eor++;
    return walk(r, afi == 2, reach);
}

bool count_update(const uint8_t *body, size_t len)
{
    struct rb r = rb_init(body, len);
    struct rb gone = rb_sub(&r, rb_u16(&r));
    bool any = rb_left(&gone) > 0;
    struct rb at = rb_sub(&r, rb_u16(&r));
    if (!rb_ok(&at) || !walk(&gone, false, false))
        return false;
    count.updates++;
    if (!any && !rb_left(&at) && !rb_left(&r))
        count.eor++;
    while (rb_left(&at)) {
        unsigned flags = rb_u8(&at), type = rb_u8(&at);
        struct rb v = rb_sub(&at, flags & 0x10 ? rb_u16(&at) : rb_u8(&at));
        if ((type == 14 || type == 15) && !walk_mp(&v, type == 14))
            return false;
    }
    return rb_ok(&at) && walk(&r, false, true);
}
