/* SPDX-License-Identifier: Apache-2.0
 * policy_clause.c - the clauses of route-maps: one row each with its grammar and how its arguments
 * are read.
 *
 * A row's argument names say what they are: name (of a list or thing), num, addr, delta ("+5",
 * "igp"), values (the rest of the line). What is read is a struct policy_arg, shared by the
 * configuration and the snapshots by reference.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include "policy_int.h"

enum who { ALL, BGP, ZEBRA };
struct desc {
    const char *grammar;
    enum who who;
    enum policy_kind list;
};
#define NOLIST POLICY_KINDS
#define NUM32  "(0-4294967295)$num"

static const struct desc descs[PC_KINDS] = {
    [PM_IP_ADDRESS] = { "match ip address WORD$name", ALL, POLICY_ACCESS4 },
    [PM_IP_ADDRESS_PREFIX_LIST] = { "match ip address prefix-list WORD$name", ALL, POLICY_PREFIX4 },
    [PM_IP_ADDRESS_PREFIX_LEN] = { "match ip address prefix-len (0-32)$num", ALL, NOLIST },
    [PM_IP_NEXT_HOP] = { "match ip next-hop WORD$name", ALL, POLICY_ACCESS4 },
    [PM_IP_NEXT_HOP_PREFIX_LIST] = { "match ip next-hop prefix-list WORD$name", ALL,
                                     POLICY_PREFIX4 },
    [PM_IP_NEXT_HOP_ADDRESS] = { "match ip next-hop address A.B.C.D$addr", ALL, NOLIST },
    [PM_IP_NEXT_HOP_TYPE] = { "match ip next-hop type <blackhole>$name", ALL, NOLIST },
    [PM_IP_NEXT_HOP_PREFIX_LEN] = { "match ip next-hop prefix-len (0-32)$num", ALL, NOLIST },
    [PM_IP_ROUTE_SOURCE] = { "match ip route-source WORD$name", ALL, POLICY_ACCESS4 },
    [PM_IP_ROUTE_SOURCE_PREFIX_LIST] = { "match ip route-source prefix-list WORD$name", ALL,
                                         POLICY_PREFIX4 },
    [PM_IP6_ADDRESS] = { "match ipv6 address WORD$name", ALL, POLICY_ACCESS6 },
    [PM_IP6_ADDRESS_PREFIX_LIST] = { "match ipv6 address prefix-list WORD$name", ALL,
                                     POLICY_PREFIX6 },
    [PM_IP6_ADDRESS_PREFIX_LEN] = { "match ipv6 address prefix-len (0-128)$num", ALL, NOLIST },
    [PM_IP6_NEXT_HOP] = { "match ipv6 next-hop WORD$name", ALL, POLICY_ACCESS6 },
    [PM_IP6_NEXT_HOP_PREFIX_LIST] = { "match ipv6 next-hop prefix-list WORD$name", ALL,
                                      POLICY_PREFIX6 },
    [PM_IP6_NEXT_HOP_ADDRESS] = { "match ipv6 next-hop address X:X::X:X$addr", ALL, NOLIST },
    [PM_IP6_NEXT_HOP_TYPE] = { "match ipv6 next-hop type <blackhole>$name", ALL, NOLIST },
    [PM_INTERFACE] = { "match interface WORD$name", ALL, NOLIST },
    [PM_METRIC] = { "match metric " NUM32, ALL, NOLIST },
    [PM_TAG] = { "match tag <untagged|(1-4294967295)$num>", ALL, NOLIST },
    [PM_SOURCE_PROTOCOL] = { "match source-protocol "
                             "<bgp|connected|kernel|static|local|sharp|table>$name",
                             ALL, NOLIST },
    [PM_PROBABILITY] = { "match probability (0-100)$num", BGP, NOLIST },
    [PM_LOCAL_PREF] = { "match local-preference " NUM32, BGP, NOLIST },
    [PM_AS_PATH] = { "match as-path WORD$name", BGP, POLICY_AS_PATH },
    [PM_AS_PATH_COUNT] = { "match as-path-count (0-4294967295)$num", BGP, NOLIST },
    [PM_ORIGIN] = { "match origin <egp|igp|incomplete>$name", BGP, NOLIST },
    [PM_PEER] = { "match peer <A.B.C.D|X:X::X:X|local>$name", BGP, NOLIST },
    [PM_SRC_PEER] = { "match src-peer <A.B.C.D|X:X::X:X|local>$name", BGP, NOLIST },
    [PM_COMMUNITY] = { "match community WORD$name [<exact-match|any>$how]", BGP, POLICY_COMMUNITY },
    [PM_LARGE_COMMUNITY] = { "match large-community WORD$name [<exact-match|any>$how]", BGP,
                             POLICY_LARGE },
    [PM_EXT_COMMUNITY] = { "match extcommunity WORD$name [<exact-match|any>$how]", BGP,
                           POLICY_EXT },
    [PM_COMMUNITY_LIMIT] = { "match community-limit (0-65535)$num", BGP, NOLIST },
    [PM_EXT_COMMUNITY_LIMIT] = { "match extcommunity-limit (0-65535)$num", BGP, NOLIST },
    [PS_IP_NEXT_HOP] = { "set ip next-hop <A.B.C.D$addr|peer-address|unchanged>", BGP, NOLIST },
    [PS_IP6_NEXT_HOP_GLOBAL] = { "set ipv6 next-hop global X:X::X:X$addr", BGP, NOLIST },
    [PS_IP6_NEXT_HOP_LOCAL] = { "set ipv6 next-hop local X:X::X:X$addr", BGP, NOLIST },
    [PS_IP6_NEXT_HOP_PEER] = { "set ipv6 next-hop peer-address", BGP, NOLIST },
    [PS_IP6_NEXT_HOP_PREFER_GLOBAL] = { "set ipv6 next-hop prefer-global", BGP, NOLIST },
    [PS_LOCAL_PREF] = { "set local-preference WORD$delta", BGP, NOLIST },
    [PS_WEIGHT] = { "set weight " NUM32, BGP, NOLIST },
    [PS_METRIC] = { "set metric WORD$delta", BGP, NOLIST },
    [PS_MIN_METRIC] = { "set min-metric " NUM32, BGP, NOLIST },
    [PS_MAX_METRIC] = { "set max-metric " NUM32, BGP, NOLIST },
    [PS_AIGP_METRIC] = { "set aigp-metric <igp-metric|(1-4294967295)$num>", BGP, NOLIST },
    [PS_ORIGIN] = { "set origin <egp|igp|incomplete>$name", BGP, NOLIST },
    [PS_TAG] = { "set tag <untagged|(1-4294967295)$num>", BGP, NOLIST },
    [PS_DISTANCE] = { "set distance (1-255)$num", ZEBRA, NOLIST },
    [PS_SRC] = { "set src <A.B.C.D|X:X::X:X>$addr", ZEBRA, NOLIST },
    [PS_ATOMIC] = { "set atomic-aggregate", BGP, NOLIST },
    [PS_AGGREGATOR] = { "set aggregator as (1-4294967295)$num A.B.C.D$addr", BGP, NOLIST },
    [PS_ORIGINATOR] = { "set originator-id A.B.C.D$addr", BGP, NOLIST },
    [PS_AS_PREPEND] = { "set as-path prepend <last-as (1-10)$num|LINE...$values>", BGP, NOLIST },
    [PS_AS_EXCLUDE] = { "set as-path exclude LINE...$values", BGP, NOLIST },
    [PS_AS_REPLACE] = { "set as-path replace <any|(1-4294967295)$num> [(1-4294967295)$with]", BGP,
                        NOLIST },
    [PS_COMMUNITY] = { "set community LINE...$values", BGP, NOLIST },
    [PS_COMM_LIST_DELETE] = { "set comm-list WORD$name delete", BGP, POLICY_COMMUNITY },
    [PS_LARGE] = { "set large-community LINE...$values", BGP, NOLIST },
    [PS_LARGE_LIST_DELETE] = { "set large-comm-list WORD$name delete", BGP, POLICY_LARGE },
    [PS_EXT_RT] = { "set extcommunity rt LINE...$values", BGP, NOLIST },
    [PS_EXT_SOO] = { "set extcommunity soo LINE...$values", BGP, NOLIST },
    [PS_EXT_NONE] = { "set extcommunity none", BGP, NOLIST },
    [PS_EXT_BANDWIDTH] = { "set extcommunity bandwidth (1-25600)$num [non-transitive]", BGP,
                           NOLIST },
    [PS_EXT_LIST_DELETE] = { "set extended-comm-list WORD$name delete", BGP, POLICY_EXT },
};

static const char help[] =
    "match|Match values from routing table\nset|Set values in destination routing protocol\n"
    "ip|IP information\nipv6|IPv6 information\naddress|Match address of route\n"
    "next-hop|Next hop\nprefix-list|Match entries of prefix-lists\nprefix-len|Match prefix length\n"
    "type|Match next hop type\nblackhole|Blackhole\nroute-source|Match advertising source address "
    "of route\n"
    "interface|Match first hop interface of route\nmetric|Metric value\ntag|Tag of route\n"
    "untagged|Untagged\nsource-protocol|Match protocol via which the route was learnt\n"
    "bgp|BGP\nconnected|Connected\nkernel|Kernel\nstatic|Static\nlocal|Local or link-local\n"
    "sharp|Sharp\ntable|Table\nprobability|Match portion of routes defined by percentage value\n"
    "local-preference|BGP local preference\nas-path|BGP AS path\nas-path-count|Match AS path "
    "length\n"
    "origin|BGP origin code\negp|Remote EGP\nigp|Local IGP\nincomplete|Unknown heritage\n"
    "peer|Match peer address\nsrc-peer|Match source peer address\ncommunity|BGP community\n"
    "exact-match|Do exact matching of communities\nany|Any of the values\nlarge-community|BGP "
    "large community\n"
    "extcommunity|BGP extended community\ncommunity-limit|Match number of communities\n"
    "extcommunity-limit|Match number of extended communities\npeer-address|Use peer address\n"
    "unchanged|Don't modify the next hop\nglobal|IPv6 global address\n"
    "prefer-global|Prefer global over link-local if both exist\nweight|BGP weight\n"
    "min-metric|Minimum metric\nmax-metric|Maximum metric\naigp-metric|AIGP metric\n"
    "igp-metric|IGP metric to the next hop\ndistance|Administrative distance\nsrc|Source address "
    "for route\n"
    "atomic-aggregate|BGP atomic aggregate attribute\naggregator|BGP aggregator attribute\n"
    "as|AS number of aggregator\noriginator-id|BGP originator ID attribute\n"
    "prepend|Prepend to the AS path\nlast-as|Use the last AS number of the AS path\n"
    "exclude|Exclude from the AS path\nreplace|Replace in the AS path\ncomm-list|Delete "
    "communities by list\n"
    "large-comm-list|Delete large communities by list\nextended-comm-list|Delete extended "
    "communities by list\n"
    "delete|Delete what the list permits\nrt|Route target\nsoo|Site of origin\nnone|No attribute\n"
    "bandwidth|Link bandwidth in Mbps\nnon-transitive|Attribute is not transitive\n"
    "$name|Name, number or address\n$num|Value\n$addr|Address\n$delta|Value, or +value or -value "
    "to change by\n"
    "$values|Values, separated by spaces\n$how|How to compare\n$with|AS number to put in its "
    "place\n";

enum policy_kind policy_clause_list_kind(enum policy_clause_kind kind)
{
    return descs[kind].grammar ? descs[kind].list : POLICY_KINDS;
}

/* ---- reading arguments ---- */

static bool parse_u32(const char *s, uint64_t *ret)
{
    char *end;
    if (*s < '0' || *s > '9' || strlen(s) > 10)
        return false;
    unsigned long long v = strtoull(s, &end, 10);
    if (*end || v > UINT32_MAX)
        return false;
    *ret = v;
    return true;
}

static bool parse_delta(const char *s, struct policy_arg *a)
{
    static const struct {
        const char *word;
        enum policy_op op;
    } words[] = { { "rtt", POLICY_RTT },
                  { "+rtt", POLICY_ADD_RTT },
                  { "-rtt", POLICY_SUB_RTT },
                  { "igp", POLICY_IGP },
                  { "aigp", POLICY_AIGP } };
    for (size_t i = 0; a->kind == PS_METRIC && i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strcmp(s, words[i].word)) {
            a->op = words[i].op;
            return a->op >= POLICY_IGP; /* round-trip times are not measured here */
        }
    }
    a->op = *s == '+' ? POLICY_ADD : *s == '-' ? POLICY_SUB : POLICY_SET;
    return parse_u32(s + (a->op != POLICY_SET), &a->num);
}

/* One value of a line. */
static bool parse_value(struct policy_arg_ref *r, const char *word)
{
    struct policy_arg *a = &r->a;
    uint64_t v;
    switch (a->kind) {
    case PS_AS_PREPEND:
    case PS_AS_EXCLUDE:
        if (!parse_u32(word, &v) || !v)
            return false;
        r->v[a->n++] = (uint32_t)v;
        return true;
    case PS_COMMUNITY:
        return policy_community_parse(word, &r->v[a->n]) && ++a->n;
    case PS_LARGE:
        return policy_large_parse(word, &r->v[3 * a->n]) && ++a->n;
    case PS_EXT_RT:
        return policy_ext_parse("rt", word, &r->ext[a->n]) && ++a->n;
    default:
        return policy_ext_parse("soo", word, &r->ext[a->n]) && ++a->n;
    }
}

static bool parse_values(struct policy_arg_ref *r, const char *text, char *err, size_t errlen)
{
    struct policy_arg *a = &r->a;
    size_t words = strlen(text) / 2 + 1;
    char word[64];

    r->v = mem_calloc(MEM(policy), words * 3, sizeof(*r->v));
    r->ext = mem_calloc(MEM(policy), words, sizeof(*r->ext));
    while (policy_word(&text, word, sizeof(word))) {
        bool community = a->kind == PS_COMMUNITY || a->kind == PS_LARGE;
        if (a->flag || a->op == POLICY_NONE || a->op == POLICY_ALL_AS) {
            snprintf(err, errlen, "Unexpected word: %s", word);
            return false;
        }
        if (community && a->n && !strcmp(word, "additive")) {
            a->flag = true;
        } else if (community && !a->n && !strcmp(word, "none")) {
            a->op = POLICY_NONE;
        } else if (a->kind == PS_AS_EXCLUDE && !a->n && !strcmp(word, "all")) {
            a->op = POLICY_ALL_AS;
        } else if (!parse_value(r, word)) {
            snprintf(err, errlen, "Malformed value: %s", word);
            return false;
        }
    }
    a->v = r->v;
    a->ext = r->ext;
    return true;
}

static void parse_origin(struct policy_arg *a)
{
    a->num = !strcmp(a->name, "igp") ? 0 : !strcmp(a->name, "egp") ? 1 : 2;
}

static void parse_words(struct policy_arg_ref *r, const struct cli_args *args)
{
    struct policy_arg *a = &r->a;
    const struct cli_arg *with = cli_arg(args, "with");

    if (cli_has(args, "peer-address"))
        a->op = POLICY_PEER_ADDRESS;
    else if (cli_has(args, "unchanged"))
        a->op = POLICY_UNCHANGED;
    else if (cli_has(args, "last-as"))
        a->op = POLICY_LAST_AS;
    else if (cli_has(args, "igp-metric"))
        a->op = POLICY_IGP;
    else if (a->kind == PS_AS_REPLACE && cli_has(args, "any"))
        a->op = POLICY_ALL_AS;
    a->flag = cli_has(args, "non-transitive");
    if (with) {
        r->v = mem_alloc(MEM(policy), sizeof(*r->v));
        r->v[0] = (uint32_t)with->num;
        a->v = r->v;
        a->n = 1;
    }
}

/* A new reference, or NULL and a message. */
static struct policy_arg_ref *read_args(enum policy_clause_kind kind, const struct cli_args *args,
                                        char *err, size_t errlen)
{
    struct policy_arg_ref *r = mem_calloc(MEM(policy), 1, sizeof(*r));
    struct policy_arg *a = &r->a;
    const char *name = cli_arg_text(args, "name"), *how = cli_arg_text(args, "how");
    const char *delta = cli_arg_text(args, "delta"), *values = cli_arg_text(args, "values");
    const struct cli_arg *addr = cli_arg(args, "addr");
    char *text = cli_canonical(NULL, args);
    bool ok = true;

    atomic_init(&r->refs, 1);
    a->kind = kind;
    a->num = cli_arg_num(args, "num", 0);
    r->strings[0] = mem_strdup(MEM(policy), strchr(text, ' ') ? strchr(text, ' ') + 1 : text);
    mem_free(MEM(str), text);
    a->text = r->strings[0];
    a->name = r->strings[1] = mem_strdup(MEM(policy), name);
    if (addr)
        a->addr = addr->ip;
    if (how)
        a->how = !strcmp(how, "any") ? POLICY_ANY : POLICY_EXACT;
    if ((kind == PM_PEER || kind == PM_SRC_PEER) && !ipaddr_parse(name, &a->addr))
        a->op = POLICY_LOCAL;
    if (kind == PM_ORIGIN || kind == PS_ORIGIN)
        parse_origin(a);
    parse_words(r, args);
    if (delta && !parse_delta(delta, a)) {
        snprintf(err, errlen, "Invalid value: %s", delta);
        ok = false;
    }
    if (values && !parse_values(r, values, err, errlen))
        ok = false;
    if (ok)
        return r;
    policy_arg_unref(r);
    return NULL;
}

void policy_arg_unref(struct policy_arg_ref *r)
{
    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    mem_free(MEM(policy), r->strings[0]);
    mem_free(MEM(policy), r->strings[1]);
    mem_free(MEM(policy), r->v);
    mem_free(MEM(policy), r->ext);
    mem_free(MEM(policy), r);
}

/* ---- clauses of an entry, by kind ---- */

void policy_entry_del(struct policy_map_entry *e, enum policy_clause_kind kind)
{
    for (struct policy_map_clause **p = &e->clauses, *c; (c = *p); p = &c->next) {
        if (c->arg->a.kind != kind)
            continue;
        *p = c->next;
        policy_arg_unref(c->arg);
        mem_free(MEM(policy), c);
        return;
    }
}

void policy_entry_put(struct policy_map_entry *e, struct policy_arg_ref *r)
{
    policy_entry_del(e, r->a.kind);
    struct policy_map_clause **p = &e->clauses, *c = mem_alloc(MEM(policy), sizeof(*c));
    while (*p && (*p)->arg->a.kind < r->a.kind)
        p = &(*p)->next;
    *c = (struct policy_map_clause){ .next = *p, .arg = r };
    *p = c;
}

/* ---- rows ---- */

static struct conf_row rows[PC_KINDS];

static enum policy_clause_kind row_kind(const struct conf_row *row)
{
    return (enum policy_clause_kind)(row - rows);
}

static int clause_check(struct conf_change *c, char *err, size_t errlen)
{
    struct policy_arg_ref *r =
        c->op == CONF_SET ? read_args(row_kind(c->row), c->args, err, errlen) : NULL;
    if (c->op == CONF_SET && !r)
        return -1;
    policy_arg_unref(r);
    return 0;
}

static void clause_apply(const struct conf_change *c)
{
    struct policy_map_entry *e = conf_obj_data(c->obj);
    char err[128];
    if (!e)
        return;
    if (c->op == CONF_SET) {
        struct policy_arg_ref *r = read_args(row_kind(c->row), c->args, err, sizeof(err));
        if (r)
            policy_entry_put(e, r);
    } else {
        policy_entry_del(e, row_kind(c->row));
    }
    policy_changed(policy_conf_set, e->map);
}

void policy_clause_rows(struct conf *c, bool bgp)
{
    for (unsigned k = 0; k < PC_KINDS; k++) {
        const struct desc *d = &descs[k];
        if (!d->grammar || (d->who == BGP && !bgp) || (d->who == ZEBRA && bgp))
            continue;
        rows[k] = (struct conf_row){ .node = "route-map",
                                     .grammar = d->grammar,
                                     .help = help,
                                     .order = (int)k + 10,
                                     .check = clause_check,
                                     .apply = clause_apply };
        conf_add_rows(c, &rows[k], 1);
    }
}
