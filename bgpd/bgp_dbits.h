/* SPDX-License-Identifier: Apache-2.0
 * bgp_dbits.h - a set of destination handles: one bit each, a summary bit per 64, a count.
 *
 * All work that waits for a socket or for zebrad is a set of this kind. A destination that changes
 * twice before its turn is in the set once, so a queue never grows beyond 1/8 byte per prefix.
 */
#ifndef BGP_DBITS_H
#define BGP_DBITS_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "mem.h"

MEM_DECLARE(bgp_dbits);

struct dbits {
    uint64_t *w, *sum;
    uint32_t n_words; /* of w; a multiple of 64 */
    uint32_t count;
};

void dbits_grow(struct dbits *b, uint32_t i);
void dbits_fini(struct dbits *b);
void dbits_fill(struct dbits *b, uint32_t end); /* sets 1 .. end - 1 */

static inline bool dbits_test(const struct dbits *b, uint32_t i)
{
    return i >> 6 < b->n_words && b->w[i >> 6] >> (i & 63) & 1;
}
static inline void dbits_set(struct dbits *b, uint32_t i)
{
    uint32_t k = i >> 6;
    if (__builtin_expect(k >= b->n_words, 0))
        dbits_grow(b, i);
    uint64_t bit = 1ull << (i & 63);
    if (b->w[k] & bit)
        return;
    b->w[k] |= bit;
    b->sum[k >> 6] |= 1ull << (k & 63);
    b->count++;
}
static inline void dbits_clear(struct dbits *b, uint32_t i)
{
    uint32_t k = i >> 6;
    uint64_t bit = 1ull << (i & 63);
    if (k >= b->n_words || !(b->w[k] & bit))
        return;
    b->w[k] &= ~bit;
    if (!b->w[k])
        b->sum[k >> 6] &= ~(1ull << (k & 63));
    b->count--;
}
/* The first member >= from, or 0. */
static inline uint32_t dbits_next(const struct dbits *b, uint32_t from)
{
    uint32_t k = from >> 6;
    if (!b->count || k >= b->n_words)
        return 0;
    uint64_t v = b->w[k] & ~0ull << (from & 63);
    if (v)
        return k << 6 | (uint32_t)__builtin_ctzll(v);
    if (++k >= b->n_words)
        return 0;
    uint32_t s = k >> 6;
    v = b->sum[s] & ~0ull << (k & 63);
    while (!v) {
        if (++s >= b->n_words >> 6)
            return 0;
        v = b->sum[s];
    }
    k = s << 6 | (uint32_t)__builtin_ctzll(v);
    return k << 6 | (uint32_t)__builtin_ctzll(b->w[k]);
}
#endif
