/* SPDX-License-Identifier: Apache-2.0
 * policy.h - prefix-lists, access-lists, AS-path and community lists, route-maps.
 *
 * A policy_set is one process's lists by name; the main thread owns it, the configuration engine fills it through the rows that
 * policy_conf_add() adds. What other threads evaluate are snapshots: compiled, immutable, reference-counted. policy_get() and
 * policy_rmap_get() make one when there is none or something changed since. A change is told once per list until somebody fetches
 * a new snapshot, so a list of 100,000 lines is one call; the user gathers them with a timer of its own.
 *
 * Lists that do not exist, as FRR has it: a prefix-list, access-list or AS-path list that is applied to a neighbour denies; a match
 * clause that names one does not match; a route-map denies, but a `call` of one is passed over. A list that exists without entries
 * (only a description) permits.
 */
#ifndef GW_POLICY_H
#define GW_POLICY_H
#include <stdbool.h>
#include "prefix.h"

struct conf;
struct cli_tree;
enum policy_kind { POLICY_PREFIX4, POLICY_PREFIX6, POLICY_ACCESS4, POLICY_ACCESS6, POLICY_AS_PATH, POLICY_COMMUNITY, POLICY_LARGE,
                   POLICY_EXT, POLICY_ROUTE_MAP, POLICY_KINDS };
struct policy_set;
/* daemon: its name in the shows ("BGP", "ZEBRA"). bgp: with AS-path and community lists and the clauses about path attributes. */
struct policy_set *policy_set_new(const char *daemon, bool bgp);
void policy_set_free(struct policy_set *s);
/* Any number of listeners; called on the main thread when a list or route-map of this name appeared, changed or went. */
void policy_set_on_change(struct policy_set *s, void (*fn)(void *ctx, enum policy_kind kind, const char *name), void *ctx);
void policy_conf_add(struct conf *c, struct policy_set *s);      /* nodes and rows */
void policy_show_add(struct cli_tree *t, struct policy_set *s);  /* show commands */

uint32_t policy_new_id(void);                                     /* process-wide, never given twice; any thread */

/* ---- compiled lists ---- */
struct policy_list;
const struct policy_list *policy_get(struct policy_set *s, enum policy_kind kind, const char *name); /* a reference, or NULL */
const struct policy_list *policy_list_ref(const struct policy_list *l);
void policy_list_unref(const struct policy_list *l);             /* NULL is fine; any thread */
uint32_t policy_list_id(const struct policy_list *l);            /* of this snapshot, never given twice */
/* Prefix-lists and access-lists: the first entry in order that matches decides. */
bool policy_prefix_permits(const struct policy_list *l, const struct prefix *p);
bool policy_as_path_permits(const struct policy_list *l, const char *path);
/* Communities of kind POLICY_COMMUNITY, _LARGE, _EXT: `v` sorted records of 4, 12 or 8 bytes in network order, text() their text (called
 * only for expanded lists). exact: no others; any: one of an entry's suffices. */
enum policy_how { POLICY_ALL, POLICY_EXACT, POLICY_ANY };
bool policy_community_permits(const struct policy_list *l, const uint8_t *v, size_t len, enum policy_how how,
                              const char *(*text)(void *ctx), void *ctx);
/* For `set comm-list X delete`: does the list permit this community by itself? text: of that one. */
bool policy_community_permits_one(const struct policy_list *l, const uint8_t *v, const char *text);

/* ---- route-maps ---- */
enum policy_clause_kind {
    /* match */
    PM_IP_ADDRESS, PM_IP_ADDRESS_PREFIX_LIST, PM_IP_ADDRESS_PREFIX_LEN, PM_IP_NEXT_HOP, PM_IP_NEXT_HOP_PREFIX_LIST, PM_IP_NEXT_HOP_ADDRESS,
    PM_IP_NEXT_HOP_TYPE, PM_IP_NEXT_HOP_PREFIX_LEN, PM_IP_ROUTE_SOURCE, PM_IP_ROUTE_SOURCE_PREFIX_LIST, PM_IP6_ADDRESS,
    PM_IP6_ADDRESS_PREFIX_LIST, PM_IP6_ADDRESS_PREFIX_LEN, PM_IP6_NEXT_HOP, PM_IP6_NEXT_HOP_PREFIX_LIST, PM_IP6_NEXT_HOP_ADDRESS,
    PM_IP6_NEXT_HOP_TYPE, PM_INTERFACE, PM_METRIC, PM_TAG, PM_SOURCE_PROTOCOL, PM_SOURCE_INSTANCE, PM_PROBABILITY, PM_LOCAL_PREF, PM_AS_PATH,
    PM_AS_PATH_COUNT, PM_ORIGIN, PM_PEER, PM_SRC_PEER, PM_COMMUNITY, PM_LARGE_COMMUNITY, PM_EXT_COMMUNITY, PM_COMMUNITY_LIMIT,
    PM_EXT_COMMUNITY_LIMIT,
    /* set */
    PS_IP_NEXT_HOP, PS_IP6_NEXT_HOP_GLOBAL, PS_IP6_NEXT_HOP_LOCAL, PS_IP6_NEXT_HOP_PEER, PS_IP6_NEXT_HOP_PREFER_GLOBAL, PS_LOCAL_PREF,
    PS_WEIGHT, PS_METRIC, PS_MIN_METRIC, PS_MAX_METRIC, PS_AIGP_METRIC, PS_ORIGIN, PS_TAG, PS_DISTANCE, PS_TABLE, PS_SRC, PS_ATOMIC,
    PS_AGGREGATOR, PS_ORIGINATOR, PS_AS_PREPEND, PS_AS_EXCLUDE, PS_AS_REPLACE, PS_COMMUNITY, PS_COMM_LIST_DELETE, PS_LARGE,
    PS_LARGE_LIST_DELETE, PS_EXT_RT, PS_EXT_SOO, PS_EXT_NONE, PS_EXT_BANDWIDTH, PS_EXT_LIST_DELETE, PC_KINDS
};
#define PS_FIRST PS_IP_NEXT_HOP
enum policy_op { POLICY_SET, POLICY_ADD, POLICY_SUB, POLICY_NONE /* set community none */, POLICY_RTT, POLICY_ADD_RTT, POLICY_SUB_RTT, POLICY_IGP,
                 POLICY_AIGP, POLICY_PEER_ADDRESS, POLICY_UNCHANGED, POLICY_LAST_AS, POLICY_ALL_AS, POLICY_LOCAL };
struct policy_arg {              /* of one clause, as parsed; immutable */
    enum policy_clause_kind kind;
    enum policy_op op;
    bool flag;                   /* additive */
    enum policy_how how;
    uint64_t num;
    struct ipaddr addr;
    const char *name;            /* of a list, interface, protocol, peer; or NULL */
    const uint32_t *v;           /* ASNs, communities, 3 per large community */
    const uint64_t *ext;
    unsigned n;
    const char *text;            /* "ip address prefix-list X": as shows print it, without match/set */
};
struct policy_clause { const struct policy_arg *a; const struct policy_list *list; uint32_t id; };
struct policy_rmap_entry {
    uint32_t seq, id;            /* ids are never given twice, also not to clauses */
    bool permit;
    uint16_t n_match, n_set;
    const struct policy_clause *match, *set;
    uint8_t on_match;            /* 0: done, 1: next, 2: go to */
    uint32_t go_to;
    int call;                    /* index of a map of the same snapshot, -1: none */
    struct policy_hits *hits;    /* of the entry, over all snapshots */
};
struct policy_rmap;              /* a map and all it calls */
const struct policy_rmap *policy_rmap_get(struct policy_set *s, const char *name); /* a reference; NULL when there is none */
const struct policy_rmap *policy_rmap_ref(const struct policy_rmap *m);
void policy_rmap_unref(const struct policy_rmap *m);
struct policy_rmap_ops {
    bool (*match)(void *obj, const struct policy_clause *c);
    void (*set)(void *obj, const struct policy_rmap_entry *e); /* all its set clauses, in order */
};
bool policy_rmap_apply(const struct policy_rmap *m, const struct policy_rmap_ops *ops, void *obj); /* permitted? */
/* Every clause that an evaluation can reach; name: every list and map it looks at. */
void policy_rmap_walk(const struct policy_rmap *m, void (*clause)(void *ctx, const struct policy_clause *c),
                      void (*name)(void *ctx, enum policy_kind kind, const char *name), void *ctx);
/* What any daemon can say about a route; answers the clauses that need no more: 1 matches, 0 does not, -1 not one of these. */
struct policy_facts {
    const struct prefix *prefix;
    struct ipaddr nexthop, source;
    const char *ifname, *protocol;
    uint32_t metric, tag;
    bool has_metric, blackhole;
};
int policy_match_facts(const struct policy_clause *c, const struct policy_facts *f);

/* ---- text forms of communities (bgp_attr.h's parsers are these) ---- */
bool policy_community_parse(const char *s, uint32_t *ret);
bool policy_large_parse(const char *s, uint32_t ret[3]);
bool policy_ext_parse(const char *kind, const char *s, uint64_t *ret);
const char *policy_community_name(uint32_t c);                   /* well-known, or NULL */
#endif
