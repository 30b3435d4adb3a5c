/* SPDX-License-Identifier: Apache-2.0
 * bgp_dbits.c - growth of the sets of bgp_dbits.h.
 */
#include "config.h"
#include "bgp_dbits.h"

MEM_DEFINE(bgp_dbits, "BGP pending set");

void dbits_grow(struct dbits *b, uint32_t i)
{
    uint32_t want = b->n_words ? b->n_words : 64;
    while (want <= i >> 6)
        want *= 2;
    b->w = mem_realloc(MEM(bgp_dbits), b->w, want * sizeof(*b->w));
    b->sum = mem_realloc(MEM(bgp_dbits), b->sum, want / 64 * sizeof(*b->sum));
    memset(b->w + b->n_words, 0, (want - b->n_words) * sizeof(*b->w));
    memset(b->sum + b->n_words / 64, 0, (want - b->n_words) / 64 * sizeof(*b->sum));
    b->n_words = want;
}

void dbits_fini(struct dbits *b)
{
    mem_free(MEM(bgp_dbits), b->w);
    mem_free(MEM(bgp_dbits), b->sum);
    *b = (struct dbits){ 0 };
}

void dbits_fill(struct dbits *b, uint32_t end)
{
    for (uint32_t i = 1; i < end; i++)
        dbits_set(b, i);
}
