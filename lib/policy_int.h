/* SPDX-License-Identifier: Apache-2.0
 * policy_int.h - what the policy_*.c files share: the lists as configured.
 */
#ifndef GW_POLICY_INT_H
#define GW_POLICY_INT_H
#include <stdatomic.h>
#include "conf.h"
#include "mem.h"
#include "policy.h"

MEM_DECLARE(policy);
MEM_DECLARE(policy_snap);

/* How often something was evaluated. Each thread has a slot of its own (the 17th shares the first's), so that counting costs no
 * atomic read-modify-write and no cache line is shared. Answers from a daemon's memo are not evaluations. */
#define POLICY_HIT_SLOTS 16
struct policy_hits {
    _Atomic(uint32_t) refs;
    struct { _Alignas(64) _Atomic(uint64_t) n; } slot[POLICY_HIT_SLOTS];
};
struct policy_rule {             /* one line of a list */
    uint32_t seq;
    bool permit, any;
    bool exact;                  /* access-list: exact-match */
    bool wild, wild_dst;         /* access-list: address and wildcard; of a destination as well */
    bool expanded;               /* community lists: a regular expression */
    uint8_t ge, le;              /* as written, 0: not */
    struct prefix p;
    uint32_t addr, mask, dst, dst_mask;
    char *text;                  /* expression or values */
};
struct policy_named {            /* a list or route-map by name */
    struct policy_named *next;
    enum policy_kind kind;
    char *name, *description;
    struct policy_rule *rules;   /* by seq */
    uint32_t n, cap;
    struct policy_hits *hits;    /* route-map */
    struct policy_map_entry **entries; /* route-map, by seq */
    uint32_t n_entries;
    bool told;                   /* changed, and nobody has fetched a snapshot since */
    uint64_t gen;                /* of the set, when the snapshot was made */
    const struct policy_list *snap;
    const struct policy_rmap *rmap;
};
struct policy_arg_ref {          /* shared by the configuration and snapshots */
    _Atomic(uint32_t) refs;
    struct policy_arg a;
    char *strings[2];
    uint32_t *v;
    uint64_t *ext;
};
struct policy_map_clause { struct policy_map_clause *next; struct policy_arg_ref *arg; };
struct policy_map_entry {
    struct policy_named *map;
    uint32_t seq;
    bool permit;
    char *description, *call;
    uint8_t on_match;
    uint32_t go_to;
    struct policy_map_clause *clauses; /* by kind */
    struct policy_hits *hits;
};
#define POLICY_BUCKETS 256
struct policy_listener { void (*fn)(void *ctx, enum policy_kind kind, const char *name); void *ctx; struct policy_listener *next; };
struct policy_set {
    char *daemon;
    bool bgp;
    uint64_t gen;                /* grows with every change */
    struct policy_named *names[POLICY_KINDS][POLICY_BUCKETS];
    struct policy_listener *listeners;
    struct conf *conf;
};

/* policy_set.c */
struct policy_named *policy_find(const struct policy_set *s, enum policy_kind kind, const char *name);
struct policy_named *policy_make(struct policy_set *s, enum policy_kind kind, const char *name);
void policy_changed(struct policy_set *s, struct policy_named *l);
void policy_drop_if_empty(struct policy_set *s, struct policy_named *l);
struct policy_rule *policy_rule_find(struct policy_named *l, uint32_t seq);
void policy_rule_put(struct policy_set *s, struct policy_named *l, const struct policy_rule *r); /* takes r->text */
void policy_rule_del(struct policy_set *s, struct policy_named *l, uint32_t seq);
struct policy_named **policy_sorted(const struct policy_set *s, enum policy_kind kind, unsigned *ret_n); /* by name; MEM(tmp) */

struct policy_hits *policy_hits_new(void);
struct policy_hits *policy_hits_ref(struct policy_hits *h);
void policy_hits_unref(struct policy_hits *h); /* NULL is fine */
uint64_t policy_hits_sum(const struct policy_hits *h);

/* policy_list.c */
struct policy_list *policy_list_compile(const struct policy_named *l);
int policy_regex_check(const char *text, char *err, size_t errlen);
bool policy_values_check(enum policy_kind kind, const char *text, char *err, size_t errlen);
/* Next word of a text of words; false at the end. */
bool policy_word(const char **s, char *buf, size_t len);

/* policy_clause.c */
void policy_clause_rows(struct conf *c, bool bgp);
void policy_arg_unref(struct policy_arg_ref *r);
void policy_entry_put(struct policy_map_entry *e, struct policy_arg_ref *r);
void policy_entry_del(struct policy_map_entry *e, enum policy_clause_kind kind);
enum policy_kind policy_clause_list_kind(enum policy_clause_kind kind); /* POLICY_KINDS: names no list */
extern struct policy_set *policy_conf_set; /* whose configuration this process has */
#endif
