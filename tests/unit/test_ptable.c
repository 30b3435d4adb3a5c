/* SPDX-License-Identifier: Apache-2.0
 * test_ptable.c - the prefix table against a naive model (a sorted array), with fixed seeds.
 */
#include <check.h>
#include <stdlib.h>
#include "ptable.h"

MEM_DEFINE(test, "Test entries");

struct e4 {
    struct pkey4 key;
    uint8_t pad[3];
    uint32_t tag;
};
struct e6 {
    struct pkey6 key;
    uint8_t pad[3];
    uint32_t tag;
};

static uint64_t rnd_state;

static uint32_t rnd(void)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 7;
    rnd_state ^= rnd_state << 17;
    return (uint32_t)(rnd_state >> 16);
}

#define MODEL_MAX 6000

static struct model {
    int family;
    struct pool pool;
    struct ptable t;
    struct prefix p[MODEL_MAX];
    uint32_t h[MODEL_MAX];
    unsigned n;
} m;

static void setup(int family, uint64_t seed)
{
    memset(&m, 0, sizeof(m));
    rnd_state = seed;
    m.family = family;
    pool_init(&m.pool, MEM(test), family == AF_INET ? sizeof(struct e4) : sizeof(struct e6), 6);
    ptable_init(&m.t, family, &m.pool);
}

static void teardown(void)
{
    ptable_fini(&m.t);
    pool_fini(&m.pool);
}

static uint32_t entry_new(const struct prefix *p)
{
    uint32_t h = pool_alloc(&m.pool);
    if (m.family == AF_INET) {
        struct e4 *e = pool_get(&m.pool, h);
        memcpy(e->key.addr, p->b, 4);
        e->key.len = p->len;
    } else {
        struct e6 *e = pool_get(&m.pool, h);
        memcpy(e->key.addr, p->b, 16);
        e->key.len = p->len;
    }
    return h;
}

/* Index of the first model entry >= p. */
static unsigned model_lower(const struct prefix *p)
{
    unsigned lo = 0, hi = m.n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (prefix_cmp(&m.p[mid], p) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static uint32_t model_find(const struct prefix *p)
{
    unsigned i = model_lower(p);
    return i < m.n && prefix_eq(&m.p[i], p) ? m.h[i] : 0;
}

static uint32_t model_lpm(const struct prefix *p, bool strict)
{
    uint32_t best = 0;
    int best_len = -1;
    for (unsigned i = 0; i < m.n; i++)
        if (prefix_contains(&m.p[i], p) && m.p[i].len > best_len &&
            !(strict && m.p[i].len == p->len)) {
            best = m.h[i];
            best_len = m.p[i].len;
        }
    return best;
}

/* Clustered, so that nodes get dense and prefixes nest. */
static struct prefix random_prefix(void)
{
    uint8_t b[16];
    unsigned max = prefix_maxlen(m.family);
    for (int i = 0; i < 16; i++)
        b[i] = (uint8_t)(rnd() % 4 ? rnd() % 3 : rnd());
    unsigned len = rnd() % 8 == 0   ? rnd() % (max + 1)
                   : rnd() % 3 == 0 ? 8 * (rnd() % (max / 8 + 1))
                                    : max / 4 + rnd() % (3 * max / 4 + 1);
    return prefix_from(m.family, b, (uint8_t)len);
}

static void insert(const struct prefix *p)
{
    uint32_t old = model_find(p);
    if (!old && m.n == MODEL_MAX)
        return;
    uint32_t h = entry_new(p);
    ck_assert_uint_eq(ptable_insert(&m.t, h), old);
    if (old) {
        pool_free(&m.pool, h);
        return;
    }
    unsigned i = model_lower(p);
    memmove(&m.p[i + 1], &m.p[i], (m.n - i) * sizeof(m.p[0]));
    memmove(&m.h[i + 1], &m.h[i], (m.n - i) * sizeof(m.h[0]));
    m.p[i] = *p;
    m.h[i] = h;
    m.n++;
}

static void removal(const struct prefix *p)
{
    uint32_t h = model_find(p);
    ck_assert_uint_eq(ptable_remove(&m.t, p->b, p->len), h);
    if (!h)
        return;
    unsigned i = model_lower(p);
    memmove(&m.p[i], &m.p[i + 1], (m.n - i - 1) * sizeof(m.p[0]));
    memmove(&m.h[i], &m.h[i + 1], (m.n - i - 1) * sizeof(m.h[0]));
    m.n--;
    pool_free(&m.pool, h);
}

static struct prefix some_prefix(void)
{
    return m.n && rnd() % 2 ? m.p[rnd() % m.n] : random_prefix();
}

static void lookups(unsigned n)
{
    while (n--) {
        struct prefix p = some_prefix();
        ck_assert_uint_eq(ptable_find(&m.t, p.b, p.len), model_find(&p));
        ck_assert_uint_eq(ptable_lpm(&m.t, p.b, p.len), model_lpm(&p, false));
        ck_assert_uint_eq(ptable_parent(&m.t, p.b, p.len), model_lpm(&p, true));
        /* A host address inside it, with its bits set. */
        struct prefix host = p;
        for (unsigned i = 0; i < prefix_maxlen(m.family) / 8u; i++)
            host.b[i] |= (uint8_t)(rnd() & 1);
        host.len = prefix_maxlen(m.family);
        ck_assert_uint_eq(ptable_lpm(&m.t, host.b, host.len), model_lpm(&host, false));
    }
}

static void whole_walk(unsigned batch)
{
    struct ptable_cursor c;
    uint32_t out[64];
    unsigned i = 0;
    ptable_cursor_init(&c);
    for (uint32_t n; (n = ptable_next(&m.t, &c, out, batch)) > 0;)
        for (uint32_t k = 0; k < n; k++, i++) {
            ck_assert_uint_lt(i, m.n);
            ck_assert_uint_eq(out[k], m.h[i]);
        }
    ck_assert_uint_eq(i, m.n);
    ck_assert_uint_eq(ptable_next(&m.t, &c, out, batch), 0);
}

static void within_walk(void)
{
    struct prefix outer = some_prefix();
    if (rnd() % 2) {
        outer.len = (uint8_t)(outer.len / 2);
        prefix_mask(&outer);
    }
    struct ptable_cursor c;
    uint32_t out[7];
    ptable_cursor_within(&c, &outer);
    unsigned i = model_lower(&outer);
    for (uint32_t n; (n = ptable_next(&m.t, &c, out, 1 + rnd() % 7)) > 0;)
        for (uint32_t k = 0; k < n; k++, i++) {
            ck_assert(i < m.n && prefix_contains(&outer, &m.p[i]));
            ck_assert_uint_eq(out[k], m.h[i]);
        }
    ck_assert(i == m.n || !prefix_contains(&outer, &m.p[i]));
}

/* Everything present during the whole walk is seen exactly once, in order, while others come and
 * go. */
static void changing_walk(void)
{
    static struct prefix before[MODEL_MAX];
    static bool gone[MODEL_MAX];
    unsigned n_before = m.n, at = 0;
    memcpy(before, m.p, n_before * sizeof(before[0]));
    memset(gone, 0, sizeof(gone));
    struct ptable_cursor c;
    uint32_t out[16];
    struct prefix last = { 0 };
    bool first = true;
    ptable_cursor_init(&c);
    for (uint32_t n; (n = ptable_next(&m.t, &c, out, 1 + rnd() % 16)) > 0;) {
        for (uint32_t k = 0; k < n; k++) {
            struct prefix p = { 0 };
            for (unsigned i = 0; i < m.n; i++)
                if (m.h[i] == out[k])
                    p = m.p[i];
            ck_assert(p.family != 0);
            ck_assert(first || prefix_cmp(&last, &p) < 0);
            first = false;
            last = p;
            while (at < n_before && prefix_cmp(&before[at], &p) < 0) {
                ck_assert(gone[at]);
                at++;
            }
            if (at < n_before && prefix_eq(&before[at], &p))
                at++;
        }
        for (unsigned i = 0; i < 12; i++) {
            struct prefix p = some_prefix();
            if (rnd() % 2) {
                insert(&p);
                continue;
            }
            removal(&p);
            for (unsigned k = 0; k < n_before; k++)
                if (prefix_eq(&before[k], &p))
                    gone[k] = true;
        }
    }
    for (; at < n_before; at++)
        ck_assert(gone[at]);
}

static void random_life(int family, uint64_t seed)
{
    setup(family, seed);
    for (unsigned round = 0; round < 14; round++) {
        bool grow = round % 7 < 4;
        for (unsigned i = 0; i < 900; i++) {
            struct prefix p = some_prefix();
            if (grow ? rnd() % 8 : rnd() % 8 == 0) {
                p = random_prefix();
                insert(&p);
            } else {
                removal(&p);
            }
        }
        ck_assert_uint_eq(m.t.count, m.n);
        lookups(200);
        whole_walk(1 + rnd() % 64);
        for (unsigned i = 0; i < 60; i++)
            within_walk();
        changing_walk();
        whole_walk(64);
    }
    while (m.n) {
        struct prefix p = m.p[rnd() % m.n];
        removal(&p);
    }
    ck_assert_uint_eq(m.t.root, 0);
    ck_assert_uint_eq(m.t.count, 0);
    ck_assert_uint_lt(ptable_bytes(&m.t), 1000);
    whole_walk(5);
    teardown();
}

START_TEST(life_v4)
{
    random_life(AF_INET, 0x1234567 + (uint64_t)_i * 7919);
}
END_TEST

START_TEST(life_v6)
{
    random_life(AF_INET6, 0x7654321 + (uint64_t)_i * 104729);
}
END_TEST

START_TEST(edges)
{
    setup(AF_INET, 1);
    static const char *const all[] = { "0.0.0.0/0",   "0.0.0.0/1",          "0.0.0.0/8",
                                       "0.0.0.0/32",  "128.0.0.0/1",        "255.255.255.255/32",
                                       "255.0.0.0/8", "255.255.255.254/31", "10.0.0.0/24",
                                       "10.0.0.0/25", "10.0.0.128/25",      "10.0.0.128/26" };
    struct prefix p;
    ck_assert_uint_eq(ptable_find(&m.t, (const uint8_t *)"\0\0\0", 0), 0);
    ck_assert_uint_eq(ptable_remove(&m.t, (const uint8_t *)"\0\0\0", 0), 0);
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        ck_assert(prefix_parse(all[i], &p));
        insert(&p);
        insert(&p);
        whole_walk(3);
    }
    lookups(500);
    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        prefix_parse(all[i], &p);
        removal(&p);
        removal(&p);
        whole_walk(2);
        lookups(100);
    }
    teardown();
}
END_TEST

START_TEST(dense_memory)
{
    setup(AF_INET, 2);
    for (uint32_t i = 0; i < 65536; i++) {
        uint32_t a = 0x0a000000u + ((i * 40503u) & 0xffff) * 256u;
        uint8_t b[4] = { (uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), 0 };
        struct prefix p = prefix_from(AF_INET, b, 24);
        ck_assert_uint_eq(ptable_insert(&m.t, entry_new(&p)), 0);
    }
    ck_assert_uint_eq(m.t.count, 65536);
    ck_assert_uint_lt(ptable_bytes(&m.t), 65536 * 10);
    teardown();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ptable");
    TCase *tc = tcase_create("all");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, life_v4, 0, 3);
    tcase_add_loop_test(tc, life_v6, 0, 3);
    tcase_add_test(tc, edges);
    tcase_add_test(tc, dense_memory);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
