/* SPDX-License-Identifier: Apache-2.0
 * ptable.c - the prefix table: a multibit trie with a stride of 8 bits.
 *
 * A node at depth d stands for all keys that agree in their first 8d bits. Prefixes of length
 * 8d .. 8d+7 end in it; longer ones are below one of its 256 children. Both sets are bitmaps, and
 * the slots of their members stand packed in one array, children first. The bit of a prefix is its
 * place in the preorder of the stride's binary tree, which is the order (address, length); so an
 * ordered walk is a merge of two bitmaps, and an exact find is one table look-up and one popcount.
 *
 * A slot (below a parent at depth d-1, or the root with d = 0) is a node, or a single entry that is
 * alone below that point. SLOT_EXACT says that the entry's length is 8d, so that its position alone
 * proves its key and a find need not touch the entry.
 *
 * Nodes are in a pool; slot arrays are malloc()ed, since arrays of all sizes come and go and
 * malloc() joins what is free again. One thread per table.
 */
#include "ptable.h"
#include <assert.h>
#include <stdlib.h>
#include "log.h"

#define SLOT_NODE  0x80000000u
#define SLOT_EXACT 0x40000000u
#define SLOT_VALUE 0x3fffffffu

#define MAX_DEPTH 16

struct node {
    uint32_t *slots; /* n_kid children, then n_pfx prefixes */
    uint16_t n_kid, n_pfx, cap, pad;
    uint8_t kid_base[4], pfx_base[4]; /* members before each word of the set */
    uint64_t kid[4], pfx[4];
};

struct ptable_mem {
    struct pool nodes;
    size_t slot_bytes;
};

MEM_DEFINE(ptable, "Prefix table");

/* preorder[(1 << r) | bits]: place of the r-bit prefix `bits`; start_of[]: its first byte value. */
static uint8_t preorder[256];
static uint8_t start_of[256];

__attribute__((constructor)) static void preorder_build(void)
{
    unsigned n = 0;
    for (unsigned byte = 0; byte < 256; byte++)
        for (unsigned r = 0; r < 8; r++)
            if ((byte & (0xffu >> r)) == 0) {
                preorder[1u << r | byte >> (8 - r)] = (uint8_t)n;
                start_of[n++] = (uint8_t)byte;
            }
}

static inline unsigned popcount64(uint64_t x)
{
#ifdef __POPCNT__
    return (unsigned)__builtin_popcountll(x);
#else
    /* The baseline of x86-64 has no instruction for it, and gcc's fall-back is a call. */
    x -= x >> 1 & 0x5555555555555555ull;
    x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full;
    return (unsigned)(x * 0x0101010101010101ull >> 56);
#endif
}

static inline bool set_has(const uint64_t *set, unsigned i)
{
    return set[i >> 6] >> (i & 63) & 1;
}

static inline unsigned set_rank(const uint64_t *set, const uint8_t *base, unsigned i)
{
    return base[i >> 6] + popcount64(set[i >> 6] & ((1ull << (i & 63)) - 1));
}

static void set_add(uint64_t *set, uint8_t *base, unsigned i)
{
    set[i >> 6] |= 1ull << (i & 63);
    for (unsigned w = (i >> 6) + 1; w < 4; w++)
        base[w]++;
}

static void set_del(uint64_t *set, uint8_t *base, unsigned i)
{
    set[i >> 6] &= ~(1ull << (i & 63));
    for (unsigned w = (i >> 6) + 1; w < 4; w++)
        base[w]--;
}

/* Smallest member >= i; 256 when there is none. */
static inline unsigned set_next(const uint64_t *set, unsigned i)
{
    if (i > 255)
        return 256;
    unsigned w = i >> 6;
    uint64_t x = set[w] & (~0ull << (i & 63));
    while (!x) {
        if (++w == 4)
            return 256;
        x = set[w];
    }
    return w << 6 | (unsigned)__builtin_ctzll(x);
}

static inline struct node *node_at(const struct ptable *t, uint32_t slot)
{
    return pool_get(&t->mem->nodes, slot & SLOT_VALUE);
}

static inline uint32_t *node_kid(const struct node *n, unsigned c)
{
    return n->slots + set_rank(n->kid, n->kid_base, c);
}

static inline uint32_t *node_pfx(const struct node *n, unsigned i)
{
    return n->slots + n->n_kid + set_rank(n->pfx, n->pfx_base, i);
}

/* The place of a prefix that ends in the node's stride: r of the bits of `byte`. */
static inline unsigned pfx_place(uint8_t byte, unsigned r)
{
    return preorder[1u << r | byte >> (8 - r)];
}

static inline const uint8_t *key_of(const struct ptable *t, uint32_t h, uint8_t *ret_len)
{
    const uint8_t *k = pool_get(t->entries, h & SLOT_VALUE);
    *ret_len = k[t->family == AF_INET6 ? 16 : 4];
    return k;
}

static inline bool addr_eq(const struct ptable *t, const uint8_t *a, const uint8_t *b)
{
    if (t->family == AF_INET6)
        return memcmp(a, b, 16) == 0;
    return memcmp(a, b, 4) == 0;
}

static inline bool covers(const uint8_t *a, unsigned len, const uint8_t *b)
{
    unsigned full = len / 8, rest = len % 8;
    return memcmp(a, b, full) == 0 &&
           (!rest || ((a[full] ^ b[full]) & (0xff00 >> rest) & 0xff) == 0);
}

/* --- slot arrays ---------------------------------------------------------- */

/* Capacities fill malloc()'s blocks of 16n + 8 bytes. */
static unsigned slots_cap(unsigned n)
{
    unsigned want = n < 6 ? 6 : n < 32 ? n : n + n / 5;
    return (want + 1) / 4 * 4 + 2;
}

static void slots_resize(struct ptable *t, struct node *n, unsigned cap)
{
    uint32_t *p = realloc(n->slots, cap * sizeof(*p));
    if (!p) {
        log_write(LOG_L_CRIT, "out of memory: %u slots of a prefix table", cap);
        abort();
    }
    int64_t diff = ((int64_t)cap - n->cap) * (int64_t)sizeof(*p);
    t->mem->slot_bytes += (size_t)diff;
    mem_count(MEM(ptable), 0, diff);
    n->slots = p;
    n->cap = (uint16_t)cap;
}

static void slots_add(struct ptable *t, struct node *n, unsigned at, uint32_t v)
{
    unsigned used = n->n_kid + n->n_pfx;
    if (used == n->cap)
        slots_resize(t, n, slots_cap(used + 1));
    memmove(n->slots + at + 1, n->slots + at, (used - at) * sizeof(v));
    n->slots[at] = v;
}

/* Before the counts are lowered. */
static void slots_del(struct ptable *t, struct node *n, unsigned at)
{
    unsigned used = n->n_kid + n->n_pfx;
    memmove(n->slots + at, n->slots + at + 1, (used - at - 1) * sizeof(*n->slots));
    if (used - 1 && slots_cap(used - 1) + 6 < n->cap / 2u)
        slots_resize(t, n, slots_cap(used - 1));
}

static void node_add_kid(struct ptable *t, struct node *n, unsigned c, uint32_t v)
{
    slots_add(t, n, set_rank(n->kid, n->kid_base, c), v);
    set_add(n->kid, n->kid_base, c);
    n->n_kid++;
}

static void node_add_pfx(struct ptable *t, struct node *n, unsigned i, uint32_t v)
{
    slots_add(t, n, n->n_kid + set_rank(n->pfx, n->pfx_base, i), v);
    set_add(n->pfx, n->pfx_base, i);
    n->n_pfx++;
}

static void node_free(struct ptable *t, uint32_t slot)
{
    struct node *n = node_at(t, slot);
    size_t bytes = n->cap * sizeof(*n->slots);
    t->mem->slot_bytes -= bytes;
    mem_count(MEM(ptable), 0, -(int64_t)bytes);
    free(n->slots);
    pool_free(&t->mem->nodes, slot & SLOT_VALUE);
}

/* --- the table ------------------------------------------------------------ */

void ptable_init(struct ptable *t, int family, const struct pool *entries)
{
    *t = (struct ptable){ .family = family, .entries = entries };
    t->mem = mem_calloc(MEM(ptable), 1, sizeof(*t->mem));
    pool_init(&t->mem->nodes, MEM(ptable), sizeof(struct node), 9);
}

void ptable_fini(struct ptable *t)
{
    if (!t->mem)
        return;
    struct pool *nodes = &t->mem->nodes;
    for (uint32_t h = 1; h < pool_end(nodes); h++)
        free(((struct node *)pool_get(nodes, h))->cap ? ((struct node *)pool_get(nodes, h))->slots
                                                      : NULL);
    mem_count(MEM(ptable), 0, -(int64_t)t->mem->slot_bytes);
    pool_fini(nodes);
    mem_free(MEM(ptable), t->mem);
    t->mem = NULL;
    t->root = 0;
    t->count = 0;
}

uint32_t ptable_find(const struct ptable *t, const uint8_t *addr, uint8_t len)
{
    uint32_t s = t->root;
    for (unsigned d = 0;; d++) {
        if (!(s & SLOT_NODE)) {
            if (!s)
                return 0;
            if (s & SLOT_EXACT)
                return len == 8 * d ? s & SLOT_VALUE : 0;
            uint8_t klen;
            const uint8_t *k = key_of(t, s, &klen);
            return klen == len && addr_eq(t, k, addr) ? s : 0;
        }
        const struct node *n = node_at(t, s);
        if (len < 8 * d + 8) {
            /* len / 8 is d here, and addr[d] is not read past the address: d * 8 <= len < maxlen */
            unsigned i = pfx_place(addr[d], len - 8 * d);
            return set_has(n->pfx, i) ? *node_pfx(n, i) : 0;
        }
        unsigned c = addr[d];
        if (!set_has(n->kid, c))
            return 0;
        s = *node_kid(n, c);
    }
}

/* Puts an entry whose key is not there into a node at depth d that is its place or on its way. */
static void node_put(struct ptable *t, struct node *n, unsigned d, const uint8_t *key, uint8_t len,
                     uint32_t h)
{
    if (len < 8 * d + 8)
        node_add_pfx(t, n, pfx_place(key[d], len - 8 * d), h);
    else
        node_add_kid(t, n, key[d], len == 8 * d + 8 ? h | SLOT_EXACT : h);
}

uint32_t ptable_insert(struct ptable *t, uint32_t h)
{
    uint8_t len;
    const uint8_t *key = key_of(t, h, &len);
    uint32_t *sp = &t->root;
    if (!*sp) {
        *sp = len == 0 ? h | SLOT_EXACT : h;
        t->count++;
        return 0;
    }
    for (unsigned d = 0;; d++) {
        if (!(*sp & SLOT_NODE)) {
            uint8_t old_len;
            uint32_t old = *sp & SLOT_VALUE;
            const uint8_t *old_key = key_of(t, old, &old_len);
            if (old_len == len && addr_eq(t, old_key, key))
                return old;
            uint32_t node = pool_alloc(&t->mem->nodes);
            assert(node <= SLOT_VALUE);
            node_put(t, pool_get(&t->mem->nodes, node), d, old_key, old_len, old);
            *sp = node | SLOT_NODE;
        }
        struct node *n = node_at(t, *sp);
        if (len < 8 * d + 8) {
            unsigned i = pfx_place(key[d], len - 8 * d);
            if (set_has(n->pfx, i))
                return *node_pfx(n, i);
        } else if (set_has(n->kid, key[d])) {
            sp = node_kid(n, key[d]);
            continue;
        }
        node_put(t, n, d, key, len, h);
        t->count++;
        return 0;
    }
}

/* After a removal in the node at *path[d]: nodes with one entry or none give way to their content.
 */
static void collapse(struct ptable *t, uint32_t **path, const uint8_t *addr, unsigned d)
{
    for (;; d--) {
        uint32_t slot = *path[d];
        struct node *n = node_at(t, slot);
        unsigned used = n->n_kid + n->n_pfx;
        if (used > 1)
            return;
        if (used == 1) {
            uint32_t only = n->slots[0];
            if (only & SLOT_NODE)
                return;
            /* The prefix at place 0 is the one of length 8d: its place in the parent proves it. */
            bool exact = n->n_pfx && set_has(n->pfx, 0);
            *path[d] = (only & SLOT_VALUE) | (exact ? SLOT_EXACT : 0);
            node_free(t, slot);
        } else {
            node_free(t, slot);
            if (d == 0) {
                t->root = 0;
                return;
            }
            struct node *up = node_at(t, *path[d - 1]);
            unsigned c = addr[d - 1];
            slots_del(t, up, set_rank(up->kid, up->kid_base, c));
            set_del(up->kid, up->kid_base, c);
            up->n_kid--;
        }
        if (d == 0)
            return;
    }
}

uint32_t ptable_remove(struct ptable *t, const uint8_t *addr, uint8_t len)
{
    uint32_t *path[MAX_DEPTH + 1];
    uint32_t h;
    path[0] = &t->root;
    for (unsigned d = 0;; d++) {
        uint32_t s = *path[d];
        if (!(s & SLOT_NODE)) {
            /* A single entry: reached with d == 0 only, below it the parent deals with it. */
            h = ptable_find(t, addr, len);
            if (h) {
                t->root = 0;
                t->count--;
            }
            return h;
        }
        struct node *n = node_at(t, s);
        if (len < 8 * d + 8) {
            unsigned i = pfx_place(addr[d], len - 8 * d);
            if (!set_has(n->pfx, i))
                return 0;
            uint32_t *sp = node_pfx(n, i);
            h = *sp;
            slots_del(t, n, (unsigned)(sp - n->slots));
            set_del(n->pfx, n->pfx_base, i);
            n->n_pfx--;
        } else {
            unsigned c = addr[d];
            if (!set_has(n->kid, c))
                return 0;
            uint32_t *sp = node_kid(n, c);
            if (*sp & SLOT_NODE) {
                path[d + 1] = sp;
                continue;
            }
            uint8_t klen;
            const uint8_t *k = key_of(t, *sp, &klen);
            if (klen != len || !addr_eq(t, k, addr))
                return 0;
            h = *sp & SLOT_VALUE;
            slots_del(t, n, (unsigned)(sp - n->slots));
            set_del(n->kid, n->kid_base, c);
            n->n_kid--;
        }
        t->count--;
        collapse(t, path, addr, d);
        return h;
    }
}

/* Longest prefix in the stride of n (depth d) that covers (addr, len); 0 when there is none. */
static uint32_t node_match(const struct node *n, unsigned d, const uint8_t *addr, unsigned len)
{
    if (!n->n_pfx)
        return 0;
    unsigned r = len - 8 * d;
    if (r > 7)
        r = 7;
    for (unsigned pos = 1u << r | (r ? addr[d] >> (8 - r) : 0); pos; pos >>= 1)
        if (set_has(n->pfx, preorder[pos]))
            return *node_pfx(n, preorder[pos]);
    return 0;
}

uint32_t ptable_lpm(const struct ptable *t, const uint8_t *addr, uint8_t len)
{
    const struct node *way[MAX_DEPTH];
    uint32_t s = t->root;
    unsigned d = 0;
    for (;; d++) {
        if (!(s & SLOT_NODE)) {
            if (!s)
                return 0;
            if (s & SLOT_EXACT)
                return s & SLOT_VALUE;
            uint8_t klen;
            const uint8_t *k = key_of(t, s, &klen);
            if (klen <= len && covers(k, klen, addr))
                return s;
            break;
        }
        const struct node *n = way[d] = node_at(t, s);
        if (len < 8 * d + 8 || !set_has(n->kid, addr[d])) {
            d++;
            break;
        }
        s = *node_kid(n, addr[d]);
    }
    /* From the deepest node up. */
    while (d-- > 0) {
        uint32_t h = node_match(way[d], d, addr, len);
        if (h)
            return h;
    }
    return 0;
}

uint32_t ptable_parent(const struct ptable *t, const uint8_t *addr, uint8_t len)
{
    return len ? ptable_lpm(t, addr, (uint8_t)(len - 1)) : 0;
}

size_t ptable_bytes(const struct ptable *t)
{
    const struct pool *p = &t->mem->nodes;
    /* 8 bytes: malloc()'s own word of each array. */
    return sizeof(*t->mem) + ((size_t)p->n_chunks << p->shift) * p->size + t->mem->slot_bytes +
           8 * (size_t)p->live;
}

/* --- ordered walk --------------------------------------------------------- */

struct frame {
    const struct node *n;
    unsigned pfx, kid; /* next places to look at */
};
struct walk {
    const struct ptable *t;
    struct ptable_cursor *c;
    struct frame f[MAX_DEPTH];
    unsigned depth; /* frames in use */
    uint32_t *out;
    uint32_t n, max;
    bool over; /* left the subtree that the cursor is restricted to */
};

void ptable_cursor_init(struct ptable_cursor *c)
{
    memset(c, 0, sizeof(*c));
}

void ptable_cursor_within(struct ptable_cursor *c, const struct prefix *outer)
{
    ptable_cursor_init(c);
    c->within = true;
    memcpy(c->w_addr, outer->b, sizeof(c->w_addr));
    c->w_len = outer->len;
}

static void walk_emit(struct walk *w, uint32_t slot)
{
    if (w->c->within) {
        uint8_t len;
        const uint8_t *k = key_of(w->t, slot, &len);
        if (len < w->c->w_len || !covers(w->c->w_addr, w->c->w_len, k)) {
            w->over = true;
            return;
        }
    }
    w->out[w->n++] = slot & SLOT_VALUE;
}

/* Builds the frames so that the walk goes on after (addr, len), or with it when `inclusive`. */
static void walk_seek(struct walk *w, const uint8_t *addr, uint8_t len, bool inclusive)
{
    uint32_t s = w->t->root;
    for (unsigned d = 0; s; d++) {
        if (!(s & SLOT_NODE)) {
            uint8_t klen;
            const uint8_t *k = key_of(w->t, s, &klen);
            int cmp = memcmp(k, addr, w->t->family == AF_INET6 ? 16 : 4);
            if (cmp == 0)
                cmp = (int)klen - (int)len;
            if (cmp > 0 || (cmp == 0 && inclusive))
                walk_emit(w, s);
            return;
        }
        struct frame *f = &w->f[w->depth++];
        f->n = node_at(w->t, s);
        if (len < 8 * d + 8) {
            unsigned i = pfx_place(addr[d], len - 8 * d);
            f->pfx = inclusive ? i : i + 1;
            f->kid = start_of[i];
            return;
        }
        unsigned c = addr[d];
        /* Prefixes that start at or before c come before the child c. */
        for (f->pfx = c; f->pfx < 255 && start_of[f->pfx] <= c;)
            f->pfx++;
        f->kid = c + 1;
        s = set_has(f->n->kid, c) ? *node_kid(f->n, c) : 0;
    }
}

static void walk_run(struct walk *w)
{
    while (w->depth && w->n < w->max && !w->over) {
        struct frame *f = &w->f[w->depth - 1];
        const struct node *n = f->n;
        unsigned i = n->n_pfx ? set_next(n->pfx, f->pfx) : 256;
        unsigned c = set_next(n->kid, f->kid);
        if (i < 256 && start_of[i] <= c) {
            f->pfx = i + 1;
            walk_emit(w, *node_pfx(n, i));
        } else if (c < 256) {
            f->kid = c + 1;
            uint32_t s = *node_kid(n, c);
            if (s & SLOT_NODE)
                w->f[w->depth++] = (struct frame){ .n = node_at(w->t, s) };
            else
                walk_emit(w, s);
        } else {
            w->depth--;
        }
    }
}

uint32_t ptable_next(const struct ptable *t, struct ptable_cursor *c, uint32_t *out, uint32_t max)
{
    struct walk w = { .t = t, .c = c, .out = out, .max = max };
    if (c->done || !max)
        return 0;
    if (c->started)
        walk_seek(&w, c->addr, c->len, false);
    else if (c->within)
        walk_seek(&w, c->w_addr, c->w_len, true);
    else
        walk_seek(&w, (const uint8_t[16]){ 0 }, 0, true);
    c->started = true;
    walk_run(&w);
    if (w.n < max)
        c->done = true;
    if (w.n) {
        const uint8_t *k = key_of(t, out[w.n - 1], &c->len);
        memcpy(c->addr, k, t->family == AF_INET6 ? 16 : 4);
    }
    return w.n;
}
