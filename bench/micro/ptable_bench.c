/* SPDX-License-Identifier: Apache-2.0
 * ptable_bench.c - nanoseconds per insert, find, longest match, walk step and removal.
 *
 * usage: ptable_bench [COUNT]
 * Two tables: COUNT consecutive /24s met in random order, and a mix of lengths as on the Internet.
 */
#include <stdio.h>
#include <stdlib.h>
#include "loop.h"
#include "ptable.h"

MEM_DEFINE(bench, "Bench entries");

struct entry {
    struct pkey4 key;
    uint8_t own[3];
    uint32_t value;
};

static uint64_t state = 88172645463325252ull;

static uint32_t rnd(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20);
}

static void report(const char *what, uint64_t start, uint32_t n)
{
    printf("  %-14s %7.1f ns\n", what, (double)(loop_now() - start) * 1000.0 / n);
}

static void shuffle(struct prefix *p, uint32_t n)
{
    for (uint32_t i = n - 1; i > 0; i--) {
        uint32_t k = rnd() % (i + 1);
        struct prefix tmp = p[i];
        p[i] = p[k];
        p[k] = tmp;
    }
}

static void run(const char *name, struct prefix *keys, uint32_t n)
{
    struct pool pool;
    struct ptable t;
    uint32_t out[256], sum = 0;
    pool_init(&pool, MEM(bench), sizeof(struct entry), 12);
    ptable_init(&t, AF_INET, &pool);
    printf("%s: %u prefixes\n", name, n);
    uint64_t start = loop_now();
    for (uint32_t i = 0; i < n; i++) {
        uint32_t h = pool_alloc(&pool);
        struct entry *e = pool_get(&pool, h);
        memcpy(e->key.addr, keys[i].b, 4);
        e->key.len = keys[i].len;
        if (ptable_insert(&t, h))
            pool_free(&pool, h);
    }
    report("insert", start, n);
    printf("  %-14s %7.2f bytes per prefix\n", "table", (double)ptable_bytes(&t) / t.count);
    shuffle(keys, n);
    start = loop_now();
    for (uint32_t i = 0; i < n; i++)
        sum += ptable_find(&t, keys[i].b, keys[i].len) == 0;
    report("find", start, n);
    start = loop_now();
    for (uint32_t i = 0; i < n; i++) {
        keys[i].b[3] |= 1;
        sum += ptable_lpm(&t, keys[i].b, 32) == 0;
    }
    report("longest match", start, n);
    for (uint32_t i = 0; i < n; i++)
        prefix_mask(&keys[i]);
    struct ptable_cursor c;
    ptable_cursor_init(&c);
    start = loop_now();
    for (uint32_t got; (got = ptable_next(&t, &c, out, 256)) > 0;)
        sum += got == 0;
    report("walk", start, n);
    start = loop_now();
    for (uint32_t i = 0; i < n; i++) {
        uint32_t h = ptable_remove(&t, keys[i].b, keys[i].len);
        if (h)
            pool_free(&pool, h);
    }
    report("remove", start, n);
    if (sum || t.count)
        printf("  wrong: %u misses, %u left\n", sum, t.count);
    ptable_fini(&t);
    pool_fini(&pool);
}

int main(int argc, char **argv)
{
    uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
    if (!n || n > 16000000)
        n = 1000000;
    struct prefix *keys = calloc(n, sizeof(*keys));
    if (!keys)
        return 1;
    for (uint32_t i = 0; i < n; i++) {
        struct ipaddr a = ipaddr_v4(0x0a000000u + i * 256u);
        keys[i] = prefix_from(AF_INET, a.b, 24);
    }
    run("consecutive /24s, sorted", keys, n);
    run("consecutive /24s, random order", keys, n);
    /* Half /24, the rest /16-/23, clustered in about 30,000 /16s. */
    for (uint32_t i = 0; i < n; i++) {
        uint32_t top = (rnd() % 30000) * 52289u & 0xffff;
        struct ipaddr a = ipaddr_v4(top << 16 | (rnd() & 0xffff));
        keys[i] = prefix_from(AF_INET, a.b, (uint8_t)(rnd() % 2 ? 24 : 16 + rnd() % 8));
    }
    run("mixed lengths", keys, n);
    free(keys);
    return 0;
}
