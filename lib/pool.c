/* SPDX-License-Identifier: Apache-2.0
 * pool.c - fixed-size objects by handle, and arrays indexed by such handles.
 *
 * Chunks come from mmap(), so untouched pages of a new chunk cost nothing and a chunk given back
 * really leaves the process. The first 4 bytes of a free object are the free list's link.
 */
#include "pool.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "log.h"

static uint8_t *chunk_new(struct mem_type *type, size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        log_write(LOG_L_CRIT, "out of memory: %zu bytes for %s", bytes, type->name);
        abort();
    }
    mem_count(type, 0, (int64_t)bytes);
    return p;
}

static void chunk_free(struct mem_type *type, void *p, size_t bytes)
{
    munmap(p, bytes);
    mem_count(type, 0, -(int64_t)bytes);
}

/* Makes room for chunk c in a table of chunks; new cells are NULL. */
static void chunk_table(struct mem_type *type, uint8_t ***chunks, uint32_t *cap, uint32_t c)
{
    if (c < *cap)
        return;
    uint32_t want = *cap ? *cap : 8;
    while (want <= c)
        want *= 2;
    *chunks = mem_realloc(type, *chunks, want * sizeof(**chunks));
    memset(*chunks + *cap, 0, (want - *cap) * sizeof(**chunks));
    *cap = want;
}

static size_t pool_chunk_bytes(const struct pool *p)
{
    return (size_t)p->size << p->shift;
}

void pool_init(struct pool *p, struct mem_type *type, uint32_t size, uint32_t shift)
{
    assert(size >= sizeof(uint32_t) && shift < 28);
    *p = (struct pool){ .type = type, .size = size, .shift = shift, .end = 1 };
}

/* The type's counter is shared by all threads, so a pool adds its changes up before it touches it:
 * exact below 16 objects, else within an eighth and 256. */
static inline void pool_counted(struct pool *p, int change)
{
    p->drift += change;
    uint32_t off = (uint32_t)(p->drift < 0 ? -p->drift : p->drift);
    if (__builtin_expect(off >= 256 || off * 8 >= p->live || p->live < 16, 0)) {
        mem_count(p->type, p->drift, 0);
        p->drift = 0;
    }
}

static void pool_drop_chunks(struct pool *p)
{
    for (uint32_t i = 0; i < p->n_chunks; i++)
        chunk_free(p->type, p->chunks[i], pool_chunk_bytes(p));
    mem_free(p->type, p->chunks);
    p->chunks = NULL;
    p->n_chunks = p->cap_chunks = 0;
    p->free = 0;
    p->end = 1;
}

void pool_fini(struct pool *p)
{
    mem_count(p->type, p->drift - (int64_t)p->live, 0);
    p->live = 0;
    p->drift = 0;
    pool_drop_chunks(p);
}

uint32_t pool_alloc(struct pool *p)
{
    uint32_t h = p->free;
    if (h) {
        uint32_t *link = pool_get(p, h);
        p->free = *link;
        *link = 0;
    } else {
        h = p->end;
        if (h == UINT32_MAX) {
            log_write(LOG_L_CRIT, "no handles left for %s", p->type->name);
            abort();
        }
        uint32_t c = h >> p->shift;
        if (c >= p->n_chunks) {
            chunk_table(p->type, &p->chunks, &p->cap_chunks, c);
            p->chunks[c] = chunk_new(p->type, pool_chunk_bytes(p));
            p->n_chunks = c + 1;
        }
        p->end++;
    }
    p->live++;
    pool_counted(p, 1);
    return h;
}

void pool_free(struct pool *p, uint32_t h)
{
    assert(h && h < p->end && p->live);
    p->live--;
    pool_counted(p, -1);
    if (p->live == 0) {
        pool_drop_chunks(p);
        return;
    }
    uint8_t *obj = pool_get(p, h);
    memset(obj, 0, p->size);
    memcpy(obj, &p->free, sizeof(p->free));
    p->free = h;
}

void carray_init(struct carray *a, struct mem_type *type, uint32_t size, uint32_t shift)
{
    assert(size && shift < 28);
    *a = (struct carray){ .type = type, .size = size, .shift = shift };
}

void carray_fini(struct carray *a)
{
    for (uint32_t i = 0; i < a->cap_chunks; i++)
        if (a->chunks[i])
            chunk_free(a->type, a->chunks[i], (size_t)a->size << a->shift);
    mem_free(a->type, a->chunks);
    a->chunks = NULL;
    a->cap_chunks = 0;
}

void *carray_grow(struct carray *a, uint32_t i)
{
    uint32_t c = i >> a->shift;
    chunk_table(a->type, &a->chunks, &a->cap_chunks, c);
    if (!a->chunks[c])
        a->chunks[c] = chunk_new(a->type, (size_t)a->size << a->shift);
    return a->chunks[c] + (size_t)(i & ((1u << a->shift) - 1)) * a->size;
}
