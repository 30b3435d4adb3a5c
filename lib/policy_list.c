/* SPDX-License-Identifier: Apache-2.0
 * policy_list.c - compiled lists: what threads evaluate, and the text forms their rules are made
 * of.
 *
 * Prefix rules: the first rule in order decides. A long list is indexed by (length, address): a
 * prefix is looked up once per distinct length of the rules that is not longer than it, so the cost
 * is the depth, not the number of rules; rules of one prefix hang together in order. Short lists,
 * and lists with wildcards, are walked.
 *
 * Regular expressions are POSIX extended; `_` stands for a border: begin, end, space, comma,
 * braces, parentheses.
 */
#include "config.h"
#include <ctype.h>
#include "regex_safe.h"
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include "intern.h"
#include "policy_int.h"

#define WALK_MAX 8

struct crule {
    uint64_t hi, lo; /* address, masked; IPv4 in the top 32 bits */
    uint8_t len, min, max;
    bool permit, wild, wild_dst;
    uint32_t addr, mask, dst, dst_mask;
    uint32_t next; /* next rule of the same prefix, index + 1 */
};
struct cvalue {
    bool permit, any, expanded;
    regex_t re;
    uint8_t *v; /* sorted records */
    size_t len;
};
struct policy_list {
    _Atomic(uint32_t) refs;
    uint32_t id, n;
    enum policy_kind kind;
    int family;
    bool walk;
    unsigned size; /* of a community */
    struct crule *rules;
    struct cvalue *values;
    uint32_t *slots, n_slots; /* hash of prefixes: index + 1 of the first rule */
    uint64_t lens[3];         /* prefix lengths in use */
};

/* ---- addresses as two words ---- */

static void words(int family, const uint8_t *b, uint64_t *hi, uint64_t *lo)
{
    uint64_t w[2] = { 0, 0 };
    for (unsigned i = 0; i < (family == AF_INET6 ? 16u : 4u); i++)
        w[i / 8] |= (uint64_t)b[i] << (56 - 8 * (i & 7));
    *hi = w[0];
    *lo = w[1];
}

static void mask_words(uint64_t *hi, uint64_t *lo, unsigned len)
{
    *hi = len == 0 ? 0 : len >= 64 ? *hi : *hi & ~0ull << (64 - len);
    *lo = len <= 64 ? 0 : len >= 128 ? *lo : *lo & ~0ull << (128 - len);
}

static uint32_t slot_hash(uint64_t hi, uint64_t lo, unsigned len)
{
    uint64_t h = (hi ^ lo * 0x9e3779b97f4a7c15ull ^ len) * 0xff51afd7ed558ccdull;
    h ^= h >> 33;
    return (uint32_t)(h * 0xc4ceb9fe1a85ec53ull >> 32);
}

static uint32_t slot_of(const struct policy_list *l, uint64_t hi, uint64_t lo, unsigned len)
{
    uint32_t i = slot_hash(hi, lo, len) & (l->n_slots - 1);
    for (uint32_t at; (at = l->slots[i]); i = (i + 1) & (l->n_slots - 1)) {
        const struct crule *r = &l->rules[at - 1];
        if (r->hi == hi && r->lo == lo && r->len == len)
            break;
    }
    return i;
}

/* ---- prefix rules ---- */

static void compile_prefix_rule(const struct policy_list *l, const struct policy_rule *r,
                                struct crule *c)
{
    uint8_t max = prefix_maxlen(l->family);
    bool access = l->kind == POLICY_ACCESS4 || l->kind == POLICY_ACCESS6;
    *c = (struct crule){ .permit = r->permit,
                         .len = r->any ? 0 : r->p.len,
                         .wild = r->wild,
                         .wild_dst = r->wild_dst,
                         .addr = r->addr,
                         .mask = r->mask,
                         .dst = r->dst,
                         .dst_mask = r->dst_mask };
    if (!r->any)
        words(l->family, r->p.b, &c->hi, &c->lo);
    mask_words(&c->hi, &c->lo, c->len);
    c->min = c->len;
    if (access) {
        c->max = r->exact ? c->len : max;
        return;
    }
    c->max = r->any || r->ge ? max : c->len;
    if (r->ge)
        c->min = r->ge;
    if (r->le)
        c->max = r->le;
}

static void index_prefixes(struct policy_list *l)
{
    for (l->n_slots = 16; l->n_slots < 2 * l->n;)
        l->n_slots *= 2;
    l->slots = mem_calloc(MEM(policy_snap), l->n_slots, sizeof(*l->slots));
    for (uint32_t i = l->n; i-- > 0;) { /* backwards: chains come out in order */
        struct crule *r = &l->rules[i];
        uint32_t *slot = &l->slots[slot_of(l, r->hi, r->lo, r->len)];
        r->next = *slot;
        *slot = i + 1;
        l->lens[r->len >> 6] |= 1ull << (r->len & 63);
    }
}

static bool rule_wild(const struct crule *r, const struct prefix *p)
{
    uint32_t a =
        (uint32_t)p->b[0] << 24 | (uint32_t)p->b[1] << 16 | (uint32_t)p->b[2] << 8 | p->b[3];
    uint32_t m = p->len ? ~0u << (32 - p->len) : 0;
    if ((a & ~r->mask) != (r->addr & ~r->mask))
        return false;
    return !r->wild_dst || (m & ~r->dst_mask) == (r->dst & ~r->dst_mask);
}

static bool permits_walk(const struct policy_list *l, const struct prefix *p)
{
    uint64_t hi, lo;
    words(l->family, p->b, &hi, &lo);
    for (uint32_t i = 0; i < l->n; i++) {
        const struct crule *r = &l->rules[i];
        if (r->wild) {
            if (rule_wild(r, p))
                return r->permit;
            continue;
        }
        if (p->len < r->min || p->len > r->max || p->len < r->len)
            continue;
        uint64_t h = hi, w = lo;
        mask_words(&h, &w, r->len);
        if (h == r->hi && w == r->lo)
            return r->permit;
    }
    return false;
}

bool policy_prefix_permits(const struct policy_list *l, const struct prefix *p)
{
    if (!l || p->family != l->family)
        return false;
    if (!l->n)
        return true;
    if (l->walk)
        return permits_walk(l, p);
    uint64_t hi, lo;
    uint32_t best = UINT32_MAX;
    words(l->family, p->b, &hi, &lo);
    for (unsigned w = 0; w <= p->len >> 6; w++) {
        for (uint64_t bits = l->lens[w]; bits; bits &= bits - 1) {
            unsigned len = w * 64 + (unsigned)__builtin_ctzll(bits);
            if (len > p->len)
                break;
            uint64_t h = hi, v = lo;
            mask_words(&h, &v, len);
            for (uint32_t at = l->slots[slot_of(l, h, v, len)]; at && at <= best;) {
                const struct crule *r = &l->rules[at - 1];
                if (p->len >= r->min && p->len <= r->max) {
                    best = at;
                    break;
                }
                at = r->next;
            }
        }
    }
    return best != UINT32_MAX && l->rules[best - 1].permit;
}

/* ---- regular expressions ---- */

static int regex_compile(const char *text, regex_t *re)
{
    static const char border[] = "(^|[,{}() ]|$)";
    size_t n = 0, at = 0;
    for (const char *p = text; *p; p++)
        n += *p == '_' ? sizeof(border) : 1;
    char *s = mem_alloc(MEM(tmp), n + 1);
    for (const char *p = text; *p; p++) {
        if (*p == '_') {
            memcpy(s + at, border, sizeof(border) - 1);
            at += sizeof(border) - 1;
        } else {
            s[at++] = *p;
        }
    }
    s[at] = 0;
    int rc = regex_safe_compile(re, s, REG_NOSUB);
    mem_free(MEM(tmp), s);
    return rc;
}

int policy_regex_check(const char *text, char *err, size_t errlen)
{
    regex_t re;
    int rc = regex_compile(text, &re);
    if (!rc) {
        regfree(&re);
        return 0;
    }
    int n = snprintf(err, errlen, "Can't compile regexp %s: ", text);
    if (n > 0 && (size_t)n < errlen)
        regerror(rc, &re, err + n, errlen - (size_t)n);
    return -1;
}

/* ---- values ---- */

bool policy_word(const char **s, char *buf, size_t len)
{
    const char *p = *s;
    while (isspace((unsigned char)*p))
        p++;
    size_t n = 0;
    while (p[n] && !isspace((unsigned char)p[n]))
        n++;
    *s = p + n;
    if (!n)
        return false;
    if (n >= len)
        n = len - 1;
    memcpy(buf, p, n);
    buf[n] = 0;
    return true;
}

static void put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

/* One value of a standard list at p; `kind` of an extended community ("rt") is remembered between
 * words. 1, 0: only a kind, -1. */
static int parse_value(enum policy_kind kind, const char *word, char ext_kind[4], uint8_t *p)
{
    uint32_t c[3];
    uint64_t x;
    switch (kind) {
    case POLICY_COMMUNITY:
        if (!policy_community_parse(word, &c[0]))
            return -1;
        put32(p, c[0]);
        return 1;
    case POLICY_LARGE:
        if (!policy_large_parse(word, c))
            return -1;
        for (unsigned i = 0; i < 3; i++)
            put32(p + 4 * i, c[i]);
        return 1;
    case POLICY_EXT:
        if (!strcasecmp(word, "rt") || !strcasecmp(word, "soo")) {
            snprintf(ext_kind, 4, "%s", word);
            return 0;
        }
        if (!policy_ext_parse(ext_kind, word, &x))
            return -1;
        put32(p, (uint32_t)(x >> 32));
        put32(p + 4, (uint32_t)x);
        return 1;
    default:
        return -1;
    }
}

bool policy_values_check(enum policy_kind kind, const char *text, char *err, size_t errlen)
{
    char word[64], ext_kind[4] = "";
    uint8_t rec[12];
    const char *s = text;
    unsigned n = 0;
    while (policy_word(&s, word, sizeof(word))) {
        int k = parse_value(kind, word, ext_kind, rec);
        if (k < 0) {
            snprintf(err, errlen, "Malformed community-list value: %s", word);
            return false;
        }
        n += (unsigned)k;
    }
    if (!n)
        snprintf(err, errlen, "Malformed community-list value: %s", text);
    return n > 0;
}

static unsigned kind_size(enum policy_kind kind)
{
    return kind == POLICY_COMMUNITY ? 4 : kind == POLICY_LARGE ? 12 : kind == POLICY_EXT ? 8 : 0;
}

static void compile_value(const struct policy_list *l, const struct policy_rule *r,
                          struct cvalue *c)
{
    c->permit = r->permit;
    c->expanded = r->expanded || l->kind == POLICY_AS_PATH;
    if (c->expanded) {
        if (regex_compile(
                r->text,
                &c->re)) /* the check let it pass before; an unusable one matches nothing */
            regex_compile("^$a", &c->re);
        return;
    }
    char word[64], ext_kind[4] = "";
    const char *s = r->text;
    uint8_t *v = mem_alloc(MEM(policy_snap), strlen(r->text) / 2 * l->size + l->size);
    while (policy_word(&s, word, sizeof(word))) {
        if (l->kind == POLICY_COMMUNITY && !strcasecmp(word, "internet"))
            c->any = true;
        if (parse_value(l->kind, word, ext_kind, v + c->len) > 0)
            c->len += l->size;
    }
    c->v = v;
}

static bool has_value(const uint8_t *v, size_t len, unsigned size, const uint8_t *want)
{
    size_t lo = 0, hi = len / size;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int d = memcmp(v + mid * size, want, size);
        if (!d)
            return true;
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

static bool values_match(const struct policy_list *l, const struct cvalue *c, const uint8_t *v,
                         size_t len, enum policy_how how)
{
    size_t have = 0, want = c->len / l->size;
    for (size_t i = 0; i < c->len; i += l->size) {
        bool repeated = false;
        for (size_t k = 0; k < i && !repeated; k += l->size)
            repeated = !memcmp(c->v + k, c->v + i, l->size);
        if (repeated)
            want--;
        else
            have += has_value(v, len, l->size, c->v + i);
    }
    if (how == POLICY_ANY)
        return have > 0;
    return have == want && (how != POLICY_EXACT || len / l->size == want);
}

bool policy_community_permits(const struct policy_list *l, const uint8_t *v, size_t len,
                              enum policy_how how, const char *(*text)(void *ctx), void *ctx)
{
    const char *s = NULL;
    if (!l)
        return false;
    for (uint32_t i = 0; i < l->n; i++) {
        const struct cvalue *c = &l->values[i];
        if (c->expanded && !s)
            s = text(ctx);
        if (c->any ||
            (c->expanded ? !regexec(&c->re, s, 0, NULL, 0) : values_match(l, c, v, len, how)))
            return c->permit;
    }
    return false;
}

bool policy_community_permits_one(const struct policy_list *l, const uint8_t *v, const char *text)
{
    if (!l)
        return false;
    for (uint32_t i = 0; i < l->n; i++) {
        const struct cvalue *c = &l->values[i];
        if (c->any || (c->expanded ? !regexec(&c->re, text, 0, NULL, 0)
                                   : values_match(l, c, v, l->size, POLICY_ANY)))
            return c->permit;
    }
    return false;
}

bool policy_as_path_permits(const struct policy_list *l, const char *path)
{
    if (!l)
        return false;
    for (uint32_t i = 0; i < l->n; i++)
        if (!regexec(&l->values[i].re, path, 0, NULL, 0))
            return l->values[i].permit;
    return false;
}

/* ---- snapshots ---- */

struct policy_list *policy_list_compile(const struct policy_named *n)
{
    struct policy_list *l = mem_calloc(MEM(policy_snap), 1, sizeof(*l));
    atomic_init(&l->refs, 1);
    l->id = policy_new_id();
    l->kind = n->kind;
    l->n = n->n;
    l->size = kind_size(n->kind);
    l->family = n->kind == POLICY_PREFIX6 || n->kind == POLICY_ACCESS6 ? AF_INET6 : AF_INET;
    if (n->kind > POLICY_ACCESS6) {
        l->values = mem_calloc(MEM(policy_snap), l->n + 1, sizeof(*l->values));
        for (uint32_t i = 0; i < l->n; i++)
            compile_value(l, &n->rules[i], &l->values[i]);
        return l;
    }
    l->rules = mem_calloc(MEM(policy_snap), l->n + 1, sizeof(*l->rules));
    l->walk = l->n <= WALK_MAX;
    for (uint32_t i = 0; i < l->n; i++) {
        compile_prefix_rule(l, &n->rules[i], &l->rules[i]);
        l->walk |= l->rules[i].wild;
    }
    if (!l->walk)
        index_prefixes(l);
    return l;
}

const struct policy_list *policy_list_ref(const struct policy_list *l)
{
    if (l)
        atomic_fetch_add_explicit(&((struct policy_list *)l)->refs, 1, memory_order_relaxed);
    return l;
}

void policy_list_unref(const struct policy_list *cl)
{
    struct policy_list *l = (struct policy_list *)cl;
    if (!l || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; l->values && i < l->n; i++) {
        if (l->values[i].expanded)
            regfree(&l->values[i].re);
        mem_free(MEM(policy_snap), l->values[i].v);
    }
    mem_free(MEM(policy_snap), l->values);
    mem_free(MEM(policy_snap), l->rules);
    mem_free(MEM(policy_snap), l->slots);
    mem_free(MEM(policy_snap), l);
}

uint32_t policy_list_id(const struct policy_list *l)
{
    return l ? l->id : 0;
}
