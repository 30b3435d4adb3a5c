/* SPDX-License-Identifier: Apache-2.0
 * policy_set.c - the lists of a process by name, their rules in order, and who is told of changes.
 * Main thread.
 */
#include "config.h"
#include <stdlib.h>
#include "policy_int.h"

MEM_DEFINE(policy, "Policy configuration");
MEM_DEFINE(policy_snap, "Policy compiled");

struct policy_set *policy_conf_set;

static unsigned bucket(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return (h ^ h >> 16) % POLICY_BUCKETS;
}

struct policy_set *policy_set_new(const char *daemon, bool bgp)
{
    struct policy_set *s = mem_calloc(MEM(policy), 1, sizeof(*s));
    s->daemon = mem_strdup(MEM(policy), daemon);
    s->bgp = bgp;
    s->gen = 1;
    return s;
}

static void named_free(struct policy_named *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        mem_free(MEM(policy), l->rules[i].text);
    mem_free(MEM(policy), l->rules);
    mem_free(MEM(policy), l->entries);
    mem_free(MEM(policy), l->description);
    mem_free(MEM(policy), l->name);
    policy_list_unref(l->snap);
    policy_rmap_unref(l->rmap);
    policy_hits_unref(l->hits);
    mem_free(MEM(policy), l);
}

static void entry_free(struct policy_map_entry *e)
{
    while (e->clauses)
        policy_entry_del(e, e->clauses->arg->a.kind);
    mem_free(MEM(policy), e->description);
    mem_free(MEM(policy), e->call);
    policy_hits_unref(e->hits);
    mem_free(MEM(policy), e);
}

void policy_set_free(struct policy_set *s)
{
    if (!s)
        return;
    for (unsigned k = 0; k < POLICY_KINDS; k++) {
        for (unsigned b = 0; b < POLICY_BUCKETS; b++) {
            for (struct policy_named *l; (l = s->names[k][b]);) {
                s->names[k][b] = l->next;
                for (uint32_t i = 0; i < l->n_entries; i++)
                    entry_free(l->entries[i]);
                named_free(l);
            }
        }
    }
    for (struct policy_listener *x; (x = s->listeners);) {
        s->listeners = x->next;
        mem_free(MEM(policy), x);
    }
    if (policy_conf_set == s)
        policy_conf_set = NULL;
    mem_free(MEM(policy), s->daemon);
    mem_free(MEM(policy), s);
}

void policy_set_on_change(struct policy_set *s,
                          void (*fn)(void *ctx, enum policy_kind kind, const char *name), void *ctx)
{
    struct policy_listener *x = mem_alloc(MEM(policy), sizeof(*x));
    *x = (struct policy_listener){ .fn = fn, .ctx = ctx, .next = s->listeners };
    s->listeners = x;
}

struct policy_named *policy_find(const struct policy_set *s, enum policy_kind kind,
                                 const char *name)
{
    for (struct policy_named *l = s->names[kind][bucket(name)]; l; l = l->next)
        if (!strcmp(l->name, name))
            return l;
    return NULL;
}

struct policy_named *policy_make(struct policy_set *s, enum policy_kind kind, const char *name)
{
    struct policy_named *l = policy_find(s, kind, name);
    if (l)
        return l;
    struct policy_named **slot = &s->names[kind][bucket(name)];
    l = mem_calloc(MEM(policy), 1, sizeof(*l));
    l->kind = kind;
    l->name = mem_strdup(MEM(policy), name);
    if (kind == POLICY_ROUTE_MAP)
        l->hits = policy_hits_new();
    l->next = *slot;
    *slot = l;
    return l;
}

static void tell(const struct policy_set *s, enum policy_kind kind, const char *name)
{
    for (const struct policy_listener *x = s->listeners; x; x = x->next)
        x->fn(x->ctx, kind, name);
}

void policy_changed(struct policy_set *s, struct policy_named *l)
{
    s->gen++;
    if (l->told)
        return;
    l->told = true;
    tell(s, l->kind, l->name);
}

void policy_drop_if_empty(struct policy_set *s, struct policy_named *l)
{
    if (l->n || l->n_entries || l->description)
        return;
    struct policy_named **slot = &s->names[l->kind][bucket(l->name)];
    while (*slot != l)
        slot = &(*slot)->next;
    *slot = l->next;
    s->gen++;
    tell(s, l->kind, l->name);
    named_free(l);
}

/* ---- rules ---- */

/* The place of the first rule whose seq is not below. */
static uint32_t rule_place(const struct policy_named *l, uint32_t seq)
{
    uint32_t lo = 0, hi = l->n;
    if (l->n && l->rules[l->n - 1].seq < seq) /* configuration arrives in order */
        return l->n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (l->rules[mid].seq < seq)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct policy_rule *policy_rule_find(struct policy_named *l, uint32_t seq)
{
    uint32_t i = rule_place(l, seq);
    return i < l->n && l->rules[i].seq == seq ? &l->rules[i] : NULL;
}

void policy_rule_put(struct policy_set *s, struct policy_named *l, const struct policy_rule *r)
{
    uint32_t i = rule_place(l, r->seq);
    if (i < l->n && l->rules[i].seq == r->seq) {
        mem_free(MEM(policy), l->rules[i].text);
        l->rules[i] = *r;
    } else {
        if (l->n == l->cap) {
            l->cap = l->cap ? l->cap * 2 : 8;
            l->rules = mem_realloc(MEM(policy), l->rules, l->cap * sizeof(*r));
        }
        memmove(l->rules + i + 1, l->rules + i, (l->n - i) * sizeof(*r));
        l->rules[i] = *r;
        l->n++;
    }
    policy_changed(s, l);
}

void policy_rule_del(struct policy_set *s, struct policy_named *l, uint32_t seq)
{
    uint32_t i = rule_place(l, seq);
    if (i >= l->n || l->rules[i].seq != seq)
        return;
    mem_free(MEM(policy), l->rules[i].text);
    l->n--;
    memmove(l->rules + i, l->rules + i + 1, (l->n - i) * sizeof(*l->rules));
    policy_changed(s, l);
    policy_drop_if_empty(s, l);
}

uint32_t policy_new_id(void)
{
    static _Atomic(uint32_t) last;
    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

/* ---- snapshots of lists ---- */

const struct policy_list *policy_get(struct policy_set *s, enum policy_kind kind, const char *name)
{
    struct policy_named *l = s && name ? policy_find(s, kind, name) : NULL;
    if (!l)
        return NULL;
    if (!l->snap || l->told) {
        policy_list_unref(l->snap);
        l->snap = policy_list_compile(l);
        l->told = false;
    }
    return policy_list_ref(l->snap);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct policy_named *const *)a)->name,
                  (*(struct policy_named *const *)b)->name);
}

struct policy_named **policy_sorted(const struct policy_set *s, enum policy_kind kind,
                                    unsigned *ret_n)
{
    unsigned n = 0;
    for (unsigned b = 0; b < POLICY_BUCKETS; b++)
        for (struct policy_named *l = s->names[kind][b]; l; l = l->next)
            n++;
    struct policy_named **v = mem_alloc(MEM(tmp), (n + 1) * sizeof(struct policy_named *));
    *ret_n = 0;
    for (unsigned b = 0; b < POLICY_BUCKETS; b++)
        for (struct policy_named *l = s->names[kind][b]; l; l = l->next)
            v[(*ret_n)++] = l;
    qsort(v, n, sizeof(*v), by_name);
    return v;
}
