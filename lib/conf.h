/* SPDX-License-Identifier: Apache-2.0
 * conf.h - the configuration as a typed tree, from one schema row per setting.
 *
 * A row's grammar (cli.h's notation) gives input, `?` help, completion, validation of types, `no`, and
 * output: what is stored is the parsed arguments and their canonical text, so what is printed parses
 * back to the same model. Rows live in nodes; a node is itself entered by a line ("router bgp 65001 vrf X").
 * Arguments whose names are in the row's `keys` identify an item within its object (neighbor X ...,
 * network P); an item with the same keys replaces the old one; `no` with those keys removes it.
 * "[no]" is implied and not written in the grammar; after `no` the trailing non-key words may be left out.
 *
 * Flow: parse > check (whole candidate) > diff of typed models > apply. From a shell each line is a
 * transaction of its own; a whole-file replacement (conf_replace) is one: any bad line or refused check
 * and nothing changes. At start-up and `vtysh -f` bad lines are reported with their number and skipped.
 * Apply callbacks cannot refuse (the check did); what cannot be done yet (no device, no VRF) waits.
 *
 * A daemon's schema in short:
 *
 *   static const struct conf_node nodes[] = {
 *       { .name = "router bgp", .parent = "config", .grammar = "router bgp [(1-4294967295)$as]",
 *         .help = "router|Enable a routing process\nbgp|BGP information\n$as|AS number", .prompt = "config-router",
 *         .order = 500, .separator = true, .check = router_check, .create = router_create, .destroy = router_destroy },
 *   };
 *   static const struct conf_row rows[] = {
 *       // one item; `no bgp router-id` suffices
 *       { .node = "router bgp", .grammar = "bgp router-id A.B.C.D$id", .order = 1, .apply = router_id_apply, .help = "..." },
 *       // on by default: `no bgp ...` is what is stored, and applied as CONF_UNSET
 *       { .node = "router bgp", .grammar = "bgp ebgp-requires-policy", .def = "bgp ebgp-requires-policy", ... },
 *       // one item per neighbor; all lines of a neighbor are printed together; `no neighbor X` removes them all
 *       { .node = "router bgp", .grammar = "neighbor <A.B.C.D|X:X::X:X|WORD>$peer remote-as <(1-4294967295)|external>$as",
 *         .keys = "peer", .group = "neighbor", .order = 100, .flags = CONF_F_OWNER, ... },
 *       // one item per name and sequence number, which the check fills in: conf_args_add_num(c, "name", "seq", "seq", 5)
 *       { .node = "config", .grammar = "ip prefix-list WORD$name [seq (1-4294967295)$seq] <permit|deny>$action ...",
 *         .keys = "name seq", .group = "ip prefix-list", ... },
 *       // any number of lines, told apart by everything in them; "config|vrf": the same row in two nodes
 *       { .node = "config|vrf", .grammar = "ip route A.B.C.D/M$prefix A.B.C.D$gw [(1-255)$distance]", .flags = CONF_F_MULTI, ... },
 *   };
 *   conf_add_nodes(d->conf, nodes, N); conf_add_rows(d->conf, rows, N);
 *
 *   static void router_id_apply(const struct conf_change *c)
 *   {
 *       struct bgp *b = conf_obj_data(c->obj);       // what router_create() set
 *       set(b, c->op == CONF_SET ? cli_arg(c->args, "id")->ip : none);
 *   }
 *
 * cli_arg(a, "seq") finds the value named $seq before a keyword of that text. In conf_walk() the arguments of a stored
 * `no X` begin with "no" (cli_has(a, "no")), and live as long as the item is not changed. While a whole file
 * is checked, an object that does not exist yet has no data: checks must bear NULL from conf_obj_data().
 */
#ifndef GW_CONF_H
#define GW_CONF_H
#include "cli.h"

enum conf_op { CONF_SET, CONF_UNSET };
struct conf_obj;                       /* an instance of a node */
struct conf_change {
    enum conf_op op;
    const struct conf_row *row;
    struct conf_obj *obj;              /* where it stands; conf_obj_arg() reaches its and its parents' keys */
    const struct cli_args *args;       /* the new values (SET) or the old ones (UNSET) */
    const struct cli_args *old;        /* SET that replaces: the old values, else NULL */
    void *app;
};
enum conf_impact { CONF_IMPACT_NONE, CONF_IMPACT_REFRESH, CONF_IMPACT_RESET };

struct conf_row {
    const char *node;                  /* the node's name, "config" at the top */
    const char *grammar;
    const char *keys;                  /* "peer" or "name seq": argument names, separated by spaces; NULL: single */
    const char *help;
    int order;                         /* position in output within the node; rows with one group are sorted by key first */
    const char *group;                 /* e.g. "neighbor": all lines of one first key stand together */
    const char *def;                   /* text of the default, with or without what stands before and at the keys ("timers 60 180"): not printed,
                                          and what `no` restores. A row with nothing to choose but keys and [optionals] (or whose def begins
                                          with "no") is then a switch that is on by default: `no X` is stored, printed, and applied as
                                          CONF_UNSET; taking it back is applied as CONF_SET */
    enum conf_impact impact;
    unsigned flags;
    /* May rewrite args (conf_args_add_num(): an automatic seq) and refuse: 0, or -1 and a message without "%".
     * Called for what will be stored: SET, and for switches that store their `no` also UNSET (args begin with "no"). */
    int (*check)(struct conf_change *c, char *err, size_t errlen);
    void (*apply)(const struct conf_change *c);   /* NULL: stored and printed only */
    /* For a switch whose default depends on other settings (activate): both X and `no X` are stored, and whichever is the
     * default is not printed. Says whether X (a is without "no") is on when nothing is stored. */
    bool (*is_default)(const struct conf_obj *o, const struct cli_args *a);
};
#define CONF_F_HIDDEN     1  /* accepted, not offered by `?` */
#define CONF_F_IGNORED    2  /* accepted for compatibility; neither stored nor printed */
#define CONF_F_SECRET     4  /* printed with its value only by whoever may configure; redacted elsewhere */
#define CONF_F_MULTI      8  /* all arguments are keys */
#define CONF_F_ALWAYS    16  /* printed even when equal to its default */
#define CONF_F_AS_WRITTEN 32 /* prefixes keep their host bits (interface addresses); elsewhere they are stored masked */
#define CONF_F_OWNER     64  /* with keys and group: removing this line removes every line of its group with the same first key, here and in
                                the nodes below (neighbor X remote-as); `no` needs no more than the first key (no neighbor X) */

struct conf_node {
    const char *name;                  /* "router bgp" */
    const char *parent;                /* "config" */
    const char *grammar;               /* "router bgp [(1-4294967295)$as] [<view|vrf>$kind WORD$name]" */
    const char *keys;
    const char *help;
    const char *prompt;                /* "config-router" */
    const char *exit_word;             /* "exit", "exit-vrf", "exit-address-family" */
    int order;                         /* among its parent's rows and nodes in output */
    const char *implicit;              /* name of a child node whose rows are accepted here too (hidden): with its grammar line, e.g.
                                          "address-family ipv4 unicast" */
    bool separator;                    /* "!" after each block */
    /* The object appears / goes. check may refuse creation, entering again, or deletion (op). c->obj is the parent. */
    int (*check)(struct conf_change *c, char *err, size_t errlen);
    void (*create)(struct conf_obj *o, void *app);
    void (*destroy)(struct conf_obj *o, void *app);
    void (*update)(struct conf_obj *o, void *app); /* entered again with other non-key arguments (route-map X deny 10) */
    const char *fill;                  /* "safi unicast": argument and keyword that stand in for one left out at the end of the line */
    bool separator_before;             /* "!" before each block instead, and no block without content (address-family) */
};

struct conf *conf_new(struct cli_tree *t, void *app);
void conf_free(struct conf *c);
void conf_add_nodes(struct conf *c, const struct conf_node *nodes, unsigned n);
void conf_add_rows(struct conf *c, const struct conf_row *rows, unsigned n);  /* grammar errors are fatal */
int conf_add_row(struct conf *c, const struct conf_row *row, char *err, size_t errlen); /* for plugins */

/* Arguments of an object, looked up through its parents. */
const struct cli_arg *conf_obj_arg(const struct conf_obj *o, const char *name);
const char *conf_obj_node(const struct conf_obj *o);
struct conf_obj *conf_obj_parent(const struct conf_obj *o);
void conf_obj_set_data(struct conf_obj *o, void *data);
void *conf_obj_data(const struct conf_obj *o);      /* nearest set, going up */
/* Current value: args of the item of this row grammar/keys, or NULL. Walks of all items of an object. */
void conf_walk(const struct conf_obj *o, void (*fn)(void *ctx, const struct conf_row *row, const struct cli_args *a), void *ctx);
void conf_walk_objs(const struct conf_obj *o, const char *node, void (*fn)(void *ctx, struct conf_obj *child), void *ctx);
const struct cli_args *conf_get(const struct conf_obj *o, const struct conf_row *row, const char *key1, const char *key2);
struct conf_obj *conf_root(struct conf *c);
/* For checks: puts "KEYWORD v" (keyword may be NULL) behind the argument `after`. Strings must live as long as the schema. */
void conf_args_add_num(struct conf_change *c, const char *after, const char *keyword, const char *name, uint64_t v);
/* Puts the prefix `name` in place of the arguments `addr` and `mask` ("10.0.0.0 255.0.0.0"). */
void conf_args_set_prefix(struct conf_change *c, const char *addr, const char *mask, const char *name, const struct prefix *pfx);
void conf_args_add_word(struct cli_args *a, const char *name, const char *word);
void conf_args_copy(const struct cli_args *a, struct cli_args *ret); /* free with cli_args_free() */

/* One line within a session's mode; err gets FRR's words. Returns enum cli_rc. */
struct conf_pos { struct conf_obj *obj; };          /* mode: where lines apply */
int conf_line(struct conf *c, struct conf_pos *pos, const char *line, char *err, size_t errlen);
/* Reads a whole text line by line as FRR does; report(ctx, lineno, rc, message, line) for each bad one. Returns how many. */
unsigned conf_load(struct conf *c, const char *text,
                   void (*report)(void *ctx, unsigned lineno, int rc, const char *msg, const char *line), void *ctx);
/* Two-phase: everything is parsed and checked against a candidate; only if nothing was reported and !dry_run is the
 * difference applied (removals first). Returns the number of reports. changes (may be NULL) counts applied changes. */
unsigned conf_replace(struct conf *c, const char *text, bool dry_run,
                      void (*report)(void *ctx, unsigned lineno, int rc, const char *msg, const char *line), void *ctx,
                      unsigned *changes);
/* `show running-config` without header and without the final "end". */
void conf_print(const struct conf *c, bool secrets, void (*line)(void *ctx, const char *text), void *ctx);
#endif
