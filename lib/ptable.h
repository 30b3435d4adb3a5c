/* SPDX-License-Identifier: Apache-2.0
 * ptable.h - prefix table: exact match, longest match, ordered walks that survive change.
 *
 * A multibit trie with a stride of 8 bits. Each node holds two 256-bit sets with popcount-packed
 * 32-bit slots: prefixes that end inside the stride, and children, where a child is another node or
 * a single entry (path compression; an entry whose length is a multiple of 8 needs no node of its
 * own). A dense table costs about 6 bytes a prefix, an exact lookup of a /24 three reads.
 *
 * Values are handles (1 .. 2^30-1) into a pool of the owner's whose objects begin with a key:
 * struct pkey4 for AF_INET, struct pkey6 for AF_INET6. The table reads the key from there and
 * keeps no copy. The owner fills in the key before the insert and must not change it afterwards.
 */
#ifndef GW_PTABLE_H
#define GW_PTABLE_H
#include <stdbool.h>
#include "pool.h"
#include "prefix.h"

struct pkey4 { uint8_t addr[4]; uint8_t len; };  /* network order; bytes 5-7 are the owner's */
struct pkey6 { uint8_t addr[16]; uint8_t len; }; /* bytes 17-19 are the owner's */

struct ptable {
    int family;
    const struct pool *entries;
    uint32_t count;
    uint32_t root;
    struct ptable_mem *mem; /* nodes and slot arrays; ptable.c's */
};
void ptable_init(struct ptable *t, int family, const struct pool *entries);
void ptable_fini(struct ptable *t);
/* addr: network order, canonical (host bits zero); 4 or 16 bytes. */
uint32_t ptable_find(const struct ptable *t, const uint8_t *addr, uint8_t len);  /* 0: absent */
/* Inserts entry `h`, whose key must be absent (returns the old entry's handle and changes nothing
 * when it is present, 0 on success). */
uint32_t ptable_insert(struct ptable *t, uint32_t h);
/* Takes out the entry with this key; its handle, or 0. The owner frees the object. */
uint32_t ptable_remove(struct ptable *t, const uint8_t *addr, uint8_t len);
/* Longest match for a host address, or for a prefix (an entry no longer than len that covers it). */
uint32_t ptable_lpm(const struct ptable *t, const uint8_t *addr, uint8_t len);
/* Next shorter entry that covers (addr, len), excluding itself: walks up from a longest match. */
uint32_t ptable_parent(const struct ptable *t, const uint8_t *addr, uint8_t len);

/* Ordered cursor (address, then length). It remembers the last key, not a node, so the table may
 * change in any way between calls: every entry present during the whole walk is seen exactly once. */
struct ptable_cursor {
    bool started, done;
    uint8_t addr[16];
    uint8_t len;
    /* restriction to a subtree, when set by ptable_cursor_within() */
    bool within;
    uint8_t w_addr[16];
    uint8_t w_len;
};
void ptable_cursor_init(struct ptable_cursor *c);
void ptable_cursor_within(struct ptable_cursor *c, const struct prefix *outer); /* outer and more specific */
/* Up to max handles in order into out[]; 0 at the end. */
uint32_t ptable_next(const struct ptable *t, struct ptable_cursor *c, uint32_t *out, uint32_t max);
size_t ptable_bytes(const struct ptable *t); /* memory of the table itself */
#endif
