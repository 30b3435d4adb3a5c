/* SPDX-License-Identifier: Apache-2.0
 * intern.h - byte strings to small handles, shared by threads, without reference counts.
 *
 * One copy per distinct byte string; equal strings give equal handles. intern_get() takes one of
 * 2^n stripe locks (chosen by the hash), so the caller interns once per UPDATE, never per route.
 * intern_data() takes none: objects never move while they live.
 *
 * Freeing is by epochs, not by counting: every intern_get() stamps the object with the current
 * epoch. A collection is: e = intern_epoch_next(); then every owner marks the handles it holds with
 * intern_mark() (owners must mark handles that they store after that point too); when all have
 * finished, intern_sweep(e) frees what is neither marked nor stamped since. Handles in flight between
 * threads are safe as long as their batch was made after the epoch began or is marked on arrival.
 */
#ifndef GW_INTERN_H
#define GW_INTERN_H
#include <stdint.h>
#include <stddef.h>
#include "mem.h"

struct intern;
struct intern *intern_new(struct mem_type *type);
void intern_free(struct intern *t);
/* Data is copied (8-byte aligned). Handle >= 1. */
uint32_t intern_get(struct intern *t, const void *data, size_t len);
const void *intern_data(const struct intern *t, uint32_t h);
size_t intern_len(const struct intern *t, uint32_t h);
uint32_t intern_count(const struct intern *t);
size_t intern_bytes(const struct intern *t);
uint32_t intern_epoch_next(struct intern *t);
void intern_mark(struct intern *t, uint32_t h); /* 0 is ignored; cheap: one relaxed store */
/* Frees; calls gone(ctx, data, len) for each before that, when not NULL. Returns how many. */
uint32_t intern_sweep(struct intern *t, uint32_t epoch, void (*gone)(void *, const void *, size_t), void *ctx);
uint64_t hash_bytes(const void *data, size_t len, uint64_t seed); /* fast, well mixed, not keyed */
#endif
