/* SPDX-License-Identifier: Apache-2.0
 * policy_conf.c - configuration rows of lists and the node of route-maps.
 *
 * Every line is a rule with a sequence number; one without gets the next multiple of 5, unless the
 * list already says the same, and then it is that rule again. Checks look at the line and, for the
 * number, at the tree that is being changed; apply callbacks put rules into the set.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include "policy_int.h"

#define DUP_MAX 4096 /* longer lists are not searched for an equal rule */

struct list_row {
    const char *grammar, *group;
    enum policy_kind kind;
    bool expanded;
    int order;
    unsigned flags;
};
#define SEQ  "[seq (1-4294967295)$seq] "
#define SEQ0 "[seq (0-4294967295)$seq] "
#define ACT  "<permit|deny>$action "
#define COMM(kw, kind, n)                                                                         \
    { "bgp " kw "community-list <(1-99)$name|standard WORD$name> " SEQ0 ACT "LINE...$values",     \
      "bgp " kw "community-list",                                                                 \
      kind,                                                                                       \
      false,                                                                                      \
      621 + n,                                                                                    \
      0 },                                                                                        \
        { "bgp " kw "community-list <(100-500)$name|expanded WORD$name> " SEQ0 ACT                \
          "LINE...$values",                                                                       \
          "bgp " kw "community-list",                                                             \
          kind,                                                                                   \
          true,                                                                                   \
          621 + n,                                                                                \
          0 },                                                                                    \
        { "ip " kw "community-list <(1-99)$name|standard WORD$name> " SEQ0 ACT "LINE...$values",  \
          "ip " kw "community-list",                                                              \
          kind,                                                                                   \
          false,                                                                                  \
          624 + n,                                                                                \
          CONF_F_HIDDEN },                                                                        \
    {                                                                                             \
        "ip " kw "community-list <(100-500)$name|expanded WORD$name> " SEQ0 ACT "LINE...$values", \
            "ip " kw "community-list", kind, true, 624 + n, CONF_F_HIDDEN                         \
    }

static const struct list_row list_rows[] = {
    { "access-list WORD$name " SEQ ACT "<any|A.B.C.D/M$prefix [exact-match]|ip <any$src_any|host "
      "A.B.C.D$src|A.B.C.D$src A.B.C.D$src_mask> "
      "<any$dst_any|host A.B.C.D$dst|A.B.C.D$dst A.B.C.D$dst_mask>|host A.B.C.D$src|A.B.C.D$src "
      "A.B.C.D$src_mask>",
      "access-list", POLICY_ACCESS4, false, 600, 0 },
    { "ipv6 access-list WORD$name " SEQ ACT "<any|X:X::X:X/M$prefix [exact-match]>",
      "ipv6 access-list", POLICY_ACCESS6, false, 602, 0 },
    { "ip prefix-list WORD$name " SEQ ACT "<any|A.B.C.D/M$prefix [{ge (0-32)$ge|le (0-32)$le}]>",
      "ip prefix-list", POLICY_PREFIX4, false, 610, 0 },
    { "ipv6 prefix-list WORD$name " SEQ ACT
      "<any|X:X::X:X/M$prefix [{ge (0-128)$ge|le (0-128)$le}]>",
      "ipv6 prefix-list", POLICY_PREFIX6, false, 612, 0 },
    { "bgp as-path access-list WORD$name " SEQ0 ACT "LINE...$values", "bgp as-path access-list",
      POLICY_AS_PATH, true, 620, 0 },
    { "ip as-path access-list WORD$name " SEQ0 ACT "LINE...$values", "ip as-path access-list",
      POLICY_AS_PATH, true, 620, CONF_F_HIDDEN },
    COMM("", POLICY_COMMUNITY, 0),
    COMM("large-", POLICY_LARGE, 1),
    COMM("ext", POLICY_EXT, 2),
};
#define N_LIST_ROWS (sizeof(list_rows) / sizeof(list_rows[0]))

static const struct list_row text_rows[] = {
    { "access-list WORD$name remark LINE...$text", "access-list", POLICY_ACCESS4, false, 599, 0 },
    { "ipv6 access-list WORD$name remark LINE...$text", "ipv6 access-list", POLICY_ACCESS6, false,
      601, 0 },
    { "ip prefix-list WORD$name description LINE...$text", "ip prefix-list", POLICY_PREFIX4, false,
      609, 0 },
    { "ipv6 prefix-list WORD$name description LINE...$text", "ipv6 prefix-list", POLICY_PREFIX6,
      false, 611, 0 },
};
#define N_TEXT_ROWS (sizeof(text_rows) / sizeof(text_rows[0]))

static struct conf_row rows[N_LIST_ROWS], trows[N_TEXT_ROWS];

static const char help[] =
    "access-list|Add an access list entry\nip|IP information\nipv6|IPv6 information\n"
    "prefix-list|Build a prefix list\nbgp|BGP information\nas-path|BGP AS path filter\n"
    "community-list|Add a community list entry\nlarge-community-list|Add a large community list "
    "entry\n"
    "extcommunity-list|Add an extended community list entry\nseq|Sequence number of an entry\n"
    "permit|Specify what to accept\ndeny|Specify what to reject\nany|Any prefix match\n"
    "exact-match|Exact match of the prefixes\nhost|A single host address\nge|Minimum prefix length "
    "to be matched\n"
    "le|Maximum prefix length to be matched\nstandard|Add a standard entry\nexpanded|Add an "
    "expanded entry\n"
    "remark|Access list entry comment\ndescription|Text describing this list\n"
    "$name|List name or number\n$seq|Sequence number\n$action|What to "
    "do\n$prefix|Prefix\n$ge|Prefix length\n"
    "$le|Prefix length\n$values|Values or regular expression\n$text|Text\n$src|Source address\n"
    "$src_mask|Wildcard bits of the source\n$dst|Destination mask\n$dst_mask|Wildcard bits of the "
    "destination\n"
    "$src_any|Any source\n$dst_any|Any destination\n"
    "route-map|Create route-map or enter route-map command mode\ncall|Jump to another route-map "
    "after match and set\n"
    "on-match|Exit policy on matches\nnext|Next clause\ngoto|Go to clause number\n"
    "continue|Continue on a different entry within the route-map\noptimization|Configure route-map "
    "optimization\n"
    "$num|Sequence number of an entry\n";

/* ---- rules ---- */

static bool read_prefix(const struct cli_args *a, struct policy_rule *r, char *err, size_t errlen)
{
    const struct cli_arg *p = cli_arg(a, "prefix");
    uint8_t ge = (uint8_t)cli_arg_num(a, "ge", 0), le = (uint8_t)cli_arg_num(a, "le", 0);

    if (p && p->type == CLI_A_KEYWORD) /* any */
        p = NULL;
    r->any = !p;
    r->ge = ge;
    r->le = le;
    r->exact = cli_has(a, "exact-match");
    if (!p)
        return true;
    r->p = p->pfx;
    if ((ge && ge < p->pfx.len) || (le && le < p->pfx.len) || (ge && le && ge > le)) {
        char buf[PREFIX_STRLEN];
        snprintf(err, errlen, "Invalid prefix range for %s, make sure: len < ge-value <= le-value",
                 prefix_str(&p->pfx, buf));
        return false;
    }
    return true;
}

static void read_wildcard(const struct cli_args *a, struct policy_rule *r)
{
    const struct cli_arg *src = cli_arg(a, "src"), *mask = cli_arg(a, "src_mask");
    const struct cli_arg *dst = cli_arg(a, "dst"), *dmask = cli_arg(a, "dst_mask");
    bool extended = dst || cli_arg(a, "dst_any");

    if (!src && !extended)
        return;
    r->wild = true;
    r->any = false;
    r->addr = src ? ipaddr_v4_host(&src->ip) : 0;
    r->mask = mask ? ipaddr_v4_host(&mask->ip) : src ? 0 : UINT32_MAX;
    r->wild_dst = extended;
    r->dst = dst ? ipaddr_v4_host(&dst->ip) : 0;
    r->dst_mask = dmask ? ipaddr_v4_host(&dmask->ip) : dst ? 0 : UINT32_MAX;
}

/* r->text is borrowed from the arguments. */
static bool read_rule(const struct list_row *lr, const struct cli_args *a, struct policy_rule *r,
                      char *err, size_t errlen)
{
    const char *values = cli_arg_text(a, "values");

    memset(r, 0, sizeof(*r));
    r->seq = (uint32_t)cli_arg_num(a, "seq", 0);
    r->permit = !strcmp(cli_arg_text(a, "action"), "permit");
    r->expanded = lr->expanded;
    r->text = (char *)values;
    if (lr->kind <= POLICY_ACCESS6) {
        if (!read_prefix(a, r, err, errlen))
            return false;
        if (lr->kind == POLICY_ACCESS4)
            read_wildcard(a, r);
        return true;
    }
    return lr->expanded ? policy_regex_check(values, err, errlen) == 0
                        : policy_values_check(lr->kind, values, err, errlen);
}

static bool same_rule(const struct policy_rule *x, const struct policy_rule *y)
{
    if (x->permit != y->permit || x->expanded != y->expanded || x->any != y->any ||
        x->exact != y->exact || x->ge != y->ge || x->le != y->le || x->wild != y->wild ||
        x->wild_dst != y->wild_dst || x->addr != y->addr || x->mask != y->mask ||
        x->dst != y->dst || x->dst_mask != y->dst_mask || !prefix_eq(&x->p, &y->p))
        return false;
    return !x->text == !y->text && (!x->text || !strcmp(x->text, y->text));
}

/* The number for a line without one. A candidate's own lines are found by asking the tree for each
 * try. */
static uint32_t auto_seq(const struct conf_change *c, const struct list_row *lr,
                         const struct policy_rule *r)
{
    const char *name = cli_arg_text(c->args, "name");
    const struct policy_named *l = policy_find(policy_conf_set, lr->kind, name);
    static char last_name[128];
    static const struct conf_obj *last_obj;
    static const struct conf_row *last_row;
    static uint32_t last;
    char num[16];

    for (uint32_t i = 0; l && l->n <= DUP_MAX && i < l->n; i++)
        if (same_rule(&l->rules[i], r))
            return l->rules[i].seq;
    uint32_t seq = 0;
    if (c->obj == conf_root(policy_conf_set->conf))
        seq = l && l->n ? l->rules[l->n - 1].seq : 0;
    else if (last_obj == c->obj && last_row == c->row && !strcmp(last_name, name))
        seq = last;
    do {
        seq = seq - seq % 5 + 5;
        snprintf(num, sizeof(num), "%u", seq);
    } while (conf_get(c->obj, c->row, name, num));
    last = seq;
    last_obj = c->obj;
    last_row = c->row;
    snprintf(last_name, sizeof(last_name), "%s", name);
    return seq;
}

static int list_check(struct conf_change *c, char *err, size_t errlen)
{
    const struct list_row *lr = &list_rows[c->row - rows];
    struct policy_rule r;

    if (c->op != CONF_SET)
        return 0;
    if (!read_rule(lr, c->args, &r, err, errlen))
        return -1;
    if (!cli_arg(c->args, "seq") || cli_arg(c->args, "seq")->type != CLI_A_NUM)
        conf_args_add_num(c, "name", "seq", "seq", auto_seq(c, lr, &r));
    return 0;
}

static void list_apply(const struct conf_change *c)
{
    const struct list_row *lr = &list_rows[c->row - rows];
    struct policy_set *s = policy_conf_set;
    const char *name = cli_arg_text(c->args, "name");
    struct policy_rule r;
    char err[160];

    if (c->op == CONF_SET) {
        if (!read_rule(lr, c->args, &r, err, sizeof(err)))
            return;
        r.text = mem_strdup(MEM(policy), r.text);
        policy_rule_put(s, policy_make(s, lr->kind, name), &r);
        return;
    }
    struct policy_named *l = policy_find(s, lr->kind, name);
    if (l)
        policy_rule_del(s, l, (uint32_t)cli_arg_num(c->args, "seq", 0));
}

static void text_apply(const struct conf_change *c)
{
    const struct list_row *lr = &text_rows[c->row - trows];
    struct policy_set *s = policy_conf_set;
    const char *name = cli_arg_text(c->args, "name");
    struct policy_named *l =
        c->op == CONF_SET ? policy_make(s, lr->kind, name) : policy_find(s, lr->kind, name);

    if (!l)
        return;
    mem_free(MEM(policy), l->description);
    l->description =
        c->op == CONF_SET ? mem_strdup(MEM(policy), cli_arg_text(c->args, "text")) : NULL;
    policy_changed(s, l);
    policy_drop_if_empty(s, l);
}

/* ---- route-maps ---- */

static uint32_t entry_place(const struct policy_named *l, uint32_t seq)
{
    uint32_t i = 0;
    while (i < l->n_entries && l->entries[i]->seq < seq)
        i++;
    return i;
}

static bool obj_permit(const struct conf_obj *o)
{
    return !strcmp(conf_obj_arg(o, "action")->text, "permit");
}

static void map_create(struct conf_obj *o, void *app)
{
    struct policy_set *s = policy_conf_set;
    struct policy_named *l = policy_make(s, POLICY_ROUTE_MAP, conf_obj_arg(o, "name")->text);
    struct policy_map_entry *e = mem_calloc(MEM(policy), 1, sizeof(*e));

    e->map = l;
    e->hits = policy_hits_new();
    e->seq = (uint32_t)conf_obj_arg(o, "seq")->num;
    e->permit = obj_permit(o);
    uint32_t at = entry_place(l, e->seq);
    l->entries = mem_realloc(MEM(policy), l->entries,
                             (l->n_entries + 1) * sizeof(struct policy_map_entry *));
    memmove(l->entries + at + 1, l->entries + at, (l->n_entries - at) * sizeof(*l->entries));
    l->entries[at] = e;
    l->n_entries++;
    conf_obj_set_data(o, e);
    policy_changed(s, l);
}

static void map_update(struct conf_obj *o, void *app)
{
    struct policy_map_entry *e = conf_obj_data(o);
    e->permit = obj_permit(o);
    policy_changed(policy_conf_set, e->map);
}

static void map_destroy(struct conf_obj *o, void *app)
{
    struct policy_set *s = policy_conf_set;
    struct policy_map_entry *e = conf_obj_data(o);
    struct policy_named *l = e->map;
    uint32_t at = entry_place(l, e->seq);

    l->n_entries--;
    memmove(l->entries + at, l->entries + at + 1, (l->n_entries - at) * sizeof(*l->entries));
    while (e->clauses)
        policy_entry_del(e, e->clauses->arg->a.kind);
    mem_free(MEM(policy), e->description);
    mem_free(MEM(policy), e->call);
    policy_hits_unref(e->hits);
    mem_free(MEM(policy), e);
    conf_obj_set_data(o, NULL);
    policy_changed(s, l);
    policy_drop_if_empty(s, l);
}

static void replace_text(char **where, const struct conf_change *c, const char *arg)
{
    mem_free(MEM(policy), *where);
    *where = c->op == CONF_SET ? mem_strdup(MEM(policy), cli_arg_text(c->args, arg)) : NULL;
}

static void description_apply(const struct conf_change *c)
{
    struct policy_map_entry *e = conf_obj_data(c->obj);
    replace_text(&e->description, c, "text");
}

static int call_check(struct conf_change *c, char *err, size_t errlen)
{
    const struct cli_arg *self = conf_obj_arg(c->obj, "name");
    if (c->op == CONF_SET && self && !strcmp(self->text, cli_arg_text(c->args, "name"))) {
        snprintf(err, errlen, "cannot call yourself");
        return -1;
    }
    return 0;
}

static void call_apply(const struct conf_change *c)
{
    struct policy_map_entry *e = conf_obj_data(c->obj);
    replace_text(&e->call, c, "name");
    policy_changed(policy_conf_set, e->map);
}

static void on_match_apply(const struct conf_change *c)
{
    struct policy_map_entry *e = conf_obj_data(c->obj);
    const struct cli_arg *to = cli_arg(c->args, "num");
    e->on_match = c->op == CONF_UNSET ? 0 : to ? 2 : 1;
    e->go_to = to ? (uint32_t)to->num : 0;
    policy_changed(policy_conf_set, e->map);
}

static int go_to_check(struct conf_change *c, char *err, size_t errlen)
{
    const struct cli_arg *to = cli_arg(c->args, "num"), *seq = conf_obj_arg(c->obj, "seq");
    if (c->op == CONF_SET && to && seq && to->num <= seq->num) {
        snprintf(err, errlen, "can't jump backwards in route-maps");
        return -1;
    }
    return 0;
}

static const struct conf_node map_node = {
    .name = "route-map",
    .parent = "config",
    .grammar = "route-map WORD$name <permit|deny>$action (1-65535)$seq",
    .keys = "name seq",
    .help = help,
    .prompt = "config-route-map",
    .exit_word = "exit",
    .order = 700,
    .separator = true,
    .create = map_create,
    .destroy = map_destroy,
    .update = map_update,
};
static const struct conf_row map_rows[] = {
    { .node = "route-map",
      .grammar = "description LINE...$text",
      .help = help,
      .order = 1,
      .apply = description_apply },
    { .node = "route-map",
      .grammar = "call WORD$name",
      .help = help,
      .order = 200,
      .check = call_check,
      .apply = call_apply },
    { .node = "route-map",
      .grammar = "on-match <next|goto (1-65535)$num>",
      .help = help,
      .order = 201,
      .check = go_to_check,
      .apply = on_match_apply },
    { .node = "route-map",
      .grammar = "continue [(1-65535)$num]",
      .help = help,
      .order = 202,
      .check = go_to_check,
      .apply = on_match_apply },
    { .node = "config",
      .grammar = "route-map WORD$name optimization",
      .keys = "name",
      .help = help,
      .flags = CONF_F_IGNORED },
};

void policy_conf_add(struct conf *c, struct policy_set *s)
{
    policy_conf_set = s;
    s->conf = c;
    for (size_t i = 0; i < N_LIST_ROWS; i++) {
        const struct list_row *lr = &list_rows[i];
        if (lr->kind > POLICY_ACCESS6 && !s->bgp)
            continue;
        rows[i] = (struct conf_row){ .node = "config",
                                     .grammar = lr->grammar,
                                     .keys = "name seq",
                                     .help = help,
                                     .order = lr->order,
                                     .group = lr->group,
                                     .flags = lr->flags,
                                     .check = list_check,
                                     .apply = list_apply };
        conf_add_rows(c, &rows[i], 1);
    }
    for (size_t i = 0; i < N_TEXT_ROWS; i++) {
        const struct list_row *lr = &text_rows[i];
        trows[i] = (struct conf_row){ .node = "config",
                                      .grammar = lr->grammar,
                                      .keys = "name",
                                      .help = help,
                                      .order = lr->order,
                                      .group = lr->group,
                                      .apply = text_apply };
        conf_add_rows(c, &trows[i], 1);
    }
    conf_add_nodes(c, &map_node, 1);
    conf_add_rows(c, map_rows, sizeof(map_rows) / sizeof(map_rows[0]));
    policy_clause_rows(c, s->bgp);
}
