/* SPDX-License-Identifier: Apache-2.0 */
#include "ipc_arena.h"
#include <stdint.h>
#include "mem.h"

#define ARENA_BLOCK (96 * 1024) /* a full batch of routes and its message fit in one */

MEM_DEFINE(ipc_arena, "IPC message arena");

struct ipc_arena_block {
    struct ipc_arena_block *next;
    size_t size, used;
    uint8_t data[] __attribute__((aligned(16)));
};

void *ipc_arena_alloc(struct ipc_arena *a, size_t size)
{
    struct ipc_arena_block *b = a->blocks;
    size_t want = (size + 15) & ~(size_t)15;

    if (want < size)
        return NULL;
    if (!b || b->size - b->used < want) {
        size_t cap = want > ARENA_BLOCK ? want : ARENA_BLOCK;
        b = mem_alloc(MEM(ipc_arena), sizeof(*b) + cap);
        b->size = cap;
        b->used = 0;
        b->next = a->blocks;
        a->blocks = b;
    }
    void *p = b->data + b->used;
    b->used += want;
    return p;
}

static void *arena_pb_alloc(void *data, size_t size)
{
    return ipc_arena_alloc(data, size);
}

static void arena_pb_free(void *data, void *p)
{
    (void)data;
    (void)p; /* goes with the arena */
}

void ipc_arena_init(struct ipc_arena *a)
{
    *a = (struct ipc_arena){
        .pb = { .alloc = arena_pb_alloc, .free = arena_pb_free, .allocator_data = a }
    };
}

void ipc_arena_reset(struct ipc_arena *a)
{
    struct ipc_arena_block *b = a->blocks;

    while (b && b->next) { /* all but the first, oldest block */
        a->blocks = b->next;
        mem_free(MEM(ipc_arena), b);
        b = a->blocks;
    }
    if (b && b->size > ARENA_BLOCK) {
        mem_free(MEM(ipc_arena), b);
        a->blocks = NULL;
    } else if (b) {
        b->used = 0;
    }
}

void ipc_arena_fini(struct ipc_arena *a)
{
    ipc_arena_reset(a);
    if (a->blocks)
        mem_free(MEM(ipc_arena), a->blocks);
    a->blocks = NULL;
}
