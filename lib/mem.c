/* SPDX-License-Identifier: Apache-2.0
 * mem.c - counted allocation.
 *
 * Every block carries a 16-byte header with its size, so that the byte counter stays exact and
 * alignment stays that of malloc(). Types are only ever added (constructors and plugins), under a
 * compare-and-swap, so that the list can be read without a lock.
 */
#include "mem.h"
#include <stdlib.h>
#include <string.h>
#include "log.h"

MEM_DEFINE(tmp, "Temporary");
MEM_DEFINE(str, "Configuration text");

struct mem_head {
    size_t size;
    size_t pad;
};
_Static_assert(sizeof(struct mem_head) == 16, "blocks keep malloc()'s alignment");

static _Atomic(struct mem_type *) mem_list;

void mem_register(struct mem_type *t)
{
    struct mem_type *head = atomic_load(&mem_list);
    do
        t->next = head;
    while (!atomic_compare_exchange_weak(&mem_list, &head, t));
}

void mem_unregister(struct mem_type *t)
{
    struct mem_type *head = atomic_load(&mem_list);
    if (head == t) {
        if (atomic_compare_exchange_strong(&mem_list, &head, t->next))
            return;
    }
    for (struct mem_type *p = head; p; p = p->next)
        if (p->next == t) {
            p->next = t->next;
            return;
        }
}

struct mem_type *mem_types(void)
{
    return atomic_load(&mem_list);
}

static _Noreturn void mem_exhausted(const struct mem_type *t, size_t size)
{
    log_write(LOG_L_CRIT, "out of memory: %zu bytes for %s", size, t->name);
    abort();
}

void mem_count(struct mem_type *t, int64_t objects, int64_t bytes)
{
    atomic_fetch_add_explicit(&t->count, (uint64_t)objects, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->bytes, (uint64_t)bytes, memory_order_relaxed);
}

static void *mem_start(struct mem_type *t, struct mem_head *h, size_t size)
{
    if (!h)
        mem_exhausted(t, size);
    h->size = size;
    mem_count(t, 1, (int64_t)size);
    return h + 1;
}

void *mem_calloc(struct mem_type *t, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2)
        mem_exhausted(t, SIZE_MAX);
    return mem_start(t, calloc(1, sizeof(struct mem_head) + bytes), bytes);
}

void *mem_alloc(struct mem_type *t, size_t size)
{
    if (size > SIZE_MAX / 2)
        mem_exhausted(t, size);
    return mem_start(t, malloc(sizeof(struct mem_head) + size), size);
}

void *mem_realloc(struct mem_type *t, void *p, size_t size)
{
    if (!p)
        return mem_alloc(t, size);
    if (size > SIZE_MAX / 2)
        mem_exhausted(t, size);
    struct mem_head *h = (struct mem_head *)p - 1;
    size_t old = h->size;
    h = realloc(h, sizeof(*h) + size);
    if (!h)
        mem_exhausted(t, size);
    h->size = size;
    mem_count(t, 0, (int64_t)size - (int64_t)old);
    return h + 1;
}

char *mem_strdup(struct mem_type *t, const char *s)
{
    return s ? mem_dup(t, s, strlen(s) + 1) : NULL;
}

void *mem_dup(struct mem_type *t, const void *p, size_t len)
{
    void *copy = mem_alloc(t, len);
    if (len)
        memcpy(copy, p, len);
    return copy;
}

void mem_free(struct mem_type *t, void *p)
{
    if (!p)
        return;
    struct mem_head *h = (struct mem_head *)p - 1;
    mem_count(t, -1, -(int64_t)h->size);
    free(h);
}
