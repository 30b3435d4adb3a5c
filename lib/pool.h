/* SPDX-License-Identifier: Apache-2.0
 * pool.h - fixed-size objects addressed by 32-bit handles.
 *
 * Handle 0 is "none". Objects live in chunks (mmap, never moved) of 2^shift objects, so growth
 * never copies and a pointer stays valid until pool_free(). Freed handles are reused last-in
 * first-out; when a pool is empty again its chunks go back to the system. Not thread-safe: each
 * shard owns its pools.  pool_end() allows linear walks (mark passes, re-evaluations) over all
 * handles ever used; the owner can tell live from free by its own field, which pool_free() leaves
 * zero except for the first 4 bytes (the free list's link). Put no liveness mark in bytes 0-3.
 */
#ifndef GW_POOL_H
#define GW_POOL_H
#include <stddef.h>
#include <stdint.h>
#include "mem.h"

struct pool {
    struct mem_type *type;
    uint32_t size;   /* of one object, bytes */
    uint32_t shift;  /* objects per chunk = 1 << shift */
    uint32_t free;   /* head of the free list */
    uint32_t end;    /* one past the highest handle ever handed out */
    uint32_t live;
    int32_t drift;   /* objects not yet in the type's counter */
    uint32_t n_chunks, cap_chunks;
    uint8_t **chunks;
};
void pool_init(struct pool *p, struct mem_type *type, uint32_t size, uint32_t shift);
void pool_fini(struct pool *p);
uint32_t pool_alloc(struct pool *p);           /* zeroed object; never 0 */
void pool_free(struct pool *p, uint32_t h);
static inline void *pool_get(const struct pool *p, uint32_t h)
{
    return p->chunks[h >> p->shift] + (size_t)(h & ((1u << p->shift) - 1)) * p->size;
}
static inline uint32_t pool_end(const struct pool *p) { return p->end; }

/* A growing array of fixed-size cells indexed by somebody else's handles, zero where never written. */
struct carray {
    struct mem_type *type;
    uint32_t size, shift, cap_chunks;
    uint8_t **chunks;
};
void carray_init(struct carray *a, struct mem_type *type, uint32_t size, uint32_t shift);
void carray_fini(struct carray *a);
void *carray_grow(struct carray *a, uint32_t i); /* slow path: makes the chunk of cell i */
static inline void *carray_at(struct carray *a, uint32_t i) /* makes it when needed */
{
    uint32_t c = i >> a->shift;
    if (__builtin_expect(c >= a->cap_chunks || !a->chunks[c], 0))
        return carray_grow(a, i);
    return a->chunks[c] + (size_t)(i & ((1u << a->shift) - 1)) * a->size;
}
static inline void *carray_peek(const struct carray *a, uint32_t i) /* NULL where never written */
{
    uint32_t c = i >> a->shift;
    if (c >= a->cap_chunks || !a->chunks[c])
        return NULL;
    return a->chunks[c] + (size_t)(i & ((1u << a->shift) - 1)) * a->size;
}
#endif
