/* SPDX-License-Identifier: Apache-2.0
 * ipc_arena.h - memory of one received message: protobuf-c unpacks into it, and it is emptied as a whole.
 *
 * Private to the *_ipc*.c files, the only ones that see protobuf-c. One arena serves one user after the
 * other and keeps its first block, so a stream of messages costs no malloc.
 */
#ifndef GW_IPC_ARENA_H
#define GW_IPC_ARENA_H
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct ipc_arena_block;
struct ipc_arena {
    ProtobufCAllocator pb; /* for ..._unpack(&arena.pb, ...); its free does nothing */
    struct ipc_arena_block *blocks;
};
void ipc_arena_init(struct ipc_arena *a);
void ipc_arena_fini(struct ipc_arena *a);
void ipc_arena_reset(struct ipc_arena *a);
void *ipc_arena_alloc(struct ipc_arena *a, size_t size); /* 16-byte aligned, not zeroed */
#endif
