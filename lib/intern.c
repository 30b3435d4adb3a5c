/* SPDX-License-Identifier: Apache-2.0
 * intern.c - byte strings to handles, in 16 stripes.
 *
 * A stripe, chosen by the hash, owns a lock, an open-addressing index, a list of free handles and a
 * directory of object pointers. A handle is (number within the stripe) * 16 + stripe, so handles
 * stay dense. Pointer arrays double in size and never move; a pointer is published with release and
 * read with acquire, which is all that intern_data() does.
 *
 * The hash is seeded per table, so that a peer cannot aim at one chain.
 */
#include "intern.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "log.h"

#define STRIPE_BITS 4
#define STRIPES     (1u << STRIPE_BITS)
#define FIRST_BITS  8 /* pointers in the first array of a stripe's directory */
#define DIRECTORY   (32 - STRIPE_BITS - FIRST_BITS)
#define LOCAL_MAX   ((1u << (32 - STRIPE_BITS)) - 1)

struct object {
    uint32_t len;
    uint32_t hash;           /* upper half; the index compares it first */
    _Atomic(uint32_t) epoch; /* of the last get or mark */
    uint32_t pad;
    uint8_t data[];
};

struct cell {
    uint32_t hash, local; /* local 0: free */
};

struct stripe {
    pthread_mutex_t lock;
    struct cell *index;
    uint32_t index_size, used; /* size: a power of two, or 0 */
    uint32_t end;              /* one past the highest local number handed out */
    uint32_t *free;
    uint32_t n_free, cap_free;
    _Atomic(_Atomic(struct object *) *) dir[DIRECTORY];
} __attribute__((aligned(64)));

struct intern {
    struct mem_type *type;
    uint64_t seed;
    _Atomic(uint32_t) epoch;
    _Atomic(uint32_t) count;
    _Atomic(size_t) bytes;
    struct stripe stripe[STRIPES];
};

static inline uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

#define K1 0x9e3779b97f4a7c15ull
#define K2 0xd1b54a32d192ed03ull
#define K3 0x8cb92ba72f3d8dd7ull

uint64_t hash_bytes(const void *data, size_t len, uint64_t seed)
{
    const uint8_t *p = data;
    uint64_t h = mix(seed ^ K1, (uint64_t)len ^ K2);
    size_t left = len;
    for (; left > 16; left -= 16, p += 16)
        h = mix(load64(p) ^ h ^ K1, load64(p + 8) ^ K3);
    uint64_t a = 0, b = 0;
    if (left >= 8) {
        a = load64(p);
        b = load64(p + left - 8);
    } else if (left) {
        memcpy(&a, p, left);
    }
    h = mix(a ^ h ^ K2, b ^ K3);
    return mix(h ^ K1, K3);
}

static _Noreturn void intern_exhausted(const struct intern *t)
{
    log_write(LOG_L_CRIT, "out of memory for %s", t->type->name);
    abort();
}

struct intern *intern_new(struct mem_type *type)
{
    struct intern *t = aligned_alloc(64, sizeof(*t));
    if (!t) {
        log_write(LOG_L_CRIT, "out of memory for %s", type->name);
        abort();
    }
    memset(t, 0, sizeof(*t));
    t->type = type;
    atomic_init(&t->epoch, 1);
    if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) != sizeof(t->seed))
        t->seed = (uintptr_t)t * K1;
    for (unsigned i = 0; i < STRIPES; i++) {
        pthread_mutex_init(&t->stripe[i].lock, NULL);
        t->stripe[i].end = 1;
    }
    return t;
}

/* Where local number n stands: array `*ret_dir` of the directory, of 1 << (FIRST_BITS + dir) cells.
 */
static inline uint32_t locate(uint32_t n, unsigned *ret_dir)
{
    uint32_t shifted = n + (1u << FIRST_BITS);
    unsigned top = 31 - (unsigned)__builtin_clz(shifted);
    *ret_dir = top - FIRST_BITS;
    return shifted - (1u << top);
}

static _Atomic(struct object *) *cell_of(const struct stripe *s, uint32_t local)
{
    unsigned d;
    uint32_t i = locate(local, &d);
    return atomic_load_explicit(&s->dir[d], memory_order_acquire) + i;
}

static inline struct object *object_of(const struct intern *t, uint32_t h)
{
    return atomic_load_explicit(cell_of(&t->stripe[h & (STRIPES - 1)], h >> STRIPE_BITS),
                                memory_order_acquire);
}

void intern_free(struct intern *t)
{
    if (!t)
        return;
    for (unsigned i = 0; i < STRIPES; i++) {
        struct stripe *s = &t->stripe[i];
        for (uint32_t n = 1; n < s->end; n++)
            free(atomic_load(cell_of(s, n)));
        for (unsigned d = 0; d < DIRECTORY; d++)
            mem_free(t->type, (void *)atomic_load(&s->dir[d]));
        mem_free(t->type, s->index);
        mem_free(t->type, s->free);
        pthread_mutex_destroy(&s->lock);
    }
    mem_count(t->type, -(int64_t)t->count, -(int64_t)t->bytes);
    free(t);
}

static void index_put(struct stripe *s, uint32_t hash, uint32_t local)
{
    uint32_t mask = s->index_size - 1;
    uint32_t i = hash & mask;
    while (s->index[i].local)
        i = (i + 1) & mask;
    s->index[i] = (struct cell){ .hash = hash, .local = local };
}

static void index_build(struct intern *t, struct stripe *s, uint32_t size)
{
    mem_free(t->type, s->index);
    s->index = mem_calloc(t->type, size, sizeof(*s->index));
    s->index_size = size;
    for (uint32_t n = 1; n < s->end; n++) {
        struct object *o = atomic_load_explicit(cell_of(s, n), memory_order_relaxed);
        if (o)
            index_put(s, o->hash, n);
    }
}

static uint32_t local_new(struct intern *t, struct stripe *s)
{
    if (s->n_free)
        return s->free[--s->n_free];
    if (s->end > LOCAL_MAX - (1u << FIRST_BITS)) {
        log_write(LOG_L_CRIT, "no handles left for %s", t->type->name);
        abort();
    }
    unsigned d;
    locate(s->end, &d);
    if (!atomic_load_explicit(&s->dir[d], memory_order_relaxed)) {
        _Atomic(struct object *) *array =
            mem_calloc(t->type, (size_t)1 << (FIRST_BITS + d), sizeof(*array));
        atomic_store_explicit(&s->dir[d], array, memory_order_release);
    }
    return s->end++;
}

uint32_t intern_get(struct intern *t, const void *data, size_t len)
{
    uint64_t full = hash_bytes(data, len, t->seed);
    uint32_t hash = (uint32_t)(full >> 32);
    unsigned stripe = (unsigned)full & (STRIPES - 1);
    struct stripe *s = &t->stripe[stripe];

    if (len > UINT32_MAX)
        intern_exhausted(t);
    pthread_mutex_lock(&s->lock);
    uint32_t epoch = atomic_load_explicit(&t->epoch, memory_order_acquire);
    for (uint32_t i = hash; s->index_size; i++) {
        struct cell *c = &s->index[i & (s->index_size - 1)];
        if (!c->local)
            break;
        if (c->hash != hash)
            continue;
        struct object *o = atomic_load_explicit(cell_of(s, c->local), memory_order_relaxed);
        if (o->len == len && (!len || memcmp(o->data, data, len) == 0)) {
            atomic_store_explicit(&o->epoch, epoch, memory_order_relaxed);
            uint32_t local = c->local;
            pthread_mutex_unlock(&s->lock);
            return local << STRIPE_BITS | stripe;
        }
    }
    struct object *o = malloc(sizeof(*o) + len);
    if (!o)
        intern_exhausted(t);
    o->len = (uint32_t)len;
    o->hash = hash;
    atomic_init(&o->epoch, epoch);
    if (len)
        memcpy(o->data, data, len);
    if ((s->used + 1) * 4 > s->index_size * 3)
        index_build(t, s, s->index_size ? s->index_size * 2 : 16);
    uint32_t local = local_new(t, s);
    atomic_store_explicit(cell_of(s, local), o, memory_order_release);
    index_put(s, hash, local);
    s->used++;
    pthread_mutex_unlock(&s->lock);
    atomic_fetch_add_explicit(&t->count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&t->bytes, sizeof(*o) + len, memory_order_relaxed);
    mem_count(t->type, 1, (int64_t)(sizeof(*o) + len));
    return local << STRIPE_BITS | stripe;
}

const void *intern_data(const struct intern *t, uint32_t h)
{
    return object_of(t, h)->data;
}

size_t intern_len(const struct intern *t, uint32_t h)
{
    return object_of(t, h)->len;
}

uint32_t intern_count(const struct intern *t)
{
    return atomic_load_explicit(&t->count, memory_order_relaxed);
}

size_t intern_bytes(const struct intern *t)
{
    return atomic_load_explicit(&t->bytes, memory_order_relaxed);
}

uint32_t intern_epoch_next(struct intern *t)
{
    return atomic_fetch_add_explicit(&t->epoch, 1, memory_order_acq_rel) + 1;
}

void intern_mark(struct intern *t, uint32_t h)
{
    if (h)
        atomic_store_explicit(&object_of(t, h)->epoch,
                              atomic_load_explicit(&t->epoch, memory_order_relaxed),
                              memory_order_relaxed);
}

static void local_release(struct intern *t, struct stripe *s, uint32_t local)
{
    if (s->n_free == s->cap_free) {
        s->cap_free = s->cap_free ? s->cap_free * 2 : 64;
        s->free = mem_realloc(t->type, s->free, s->cap_free * sizeof(*s->free));
    }
    s->free[s->n_free++] = local;
}

uint32_t intern_sweep(struct intern *t, uint32_t epoch, void (*gone)(void *, const void *, size_t),
                      void *ctx)
{
    uint32_t freed = 0;
    for (unsigned i = 0; i < STRIPES; i++) {
        struct stripe *s = &t->stripe[i];
        uint32_t n_here = 0;
        size_t bytes = 0;
        pthread_mutex_lock(&s->lock);
        for (uint32_t n = 1; n < s->end; n++) {
            _Atomic(struct object *) *cell = cell_of(s, n);
            struct object *o = atomic_load_explicit(cell, memory_order_relaxed);
            /* The difference is signed, so that the epoch may wrap. */
            if (!o || (int32_t)(atomic_load_explicit(&o->epoch, memory_order_relaxed) - epoch) >= 0)
                continue;
            if (gone)
                gone(ctx, o->data, o->len);
            atomic_store_explicit(cell, NULL, memory_order_relaxed);
            bytes += sizeof(*o) + o->len;
            free(o);
            local_release(t, s, n);
            n_here++;
        }
        if (n_here) {
            s->used -= n_here;
            uint32_t size = s->index_size;
            while (size > 16 && s->used * 4 < size)
                size /= 2;
            index_build(t, s, size);
        }
        pthread_mutex_unlock(&s->lock);
        atomic_fetch_sub_explicit(&t->count, n_here, memory_order_relaxed);
        atomic_fetch_sub_explicit(&t->bytes, bytes, memory_order_relaxed);
        mem_count(t->type, -(int64_t)n_here, -(int64_t)bytes);
        freed += n_here;
    }
    return freed;
}
