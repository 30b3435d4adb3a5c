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
    const char *def;                   /* canonical text of the default: not printed, and what `no` restores. "no ..." possible:
                                          then the row is a switch that is on by default and `no X` is what is stored and printed */
    enum conf_impact impact;
    unsigned flags;
    /* May rewrite args (fill in an automatic seq) and refuse: 0, or -1 and a message without "%". */
    int (*check)(struct conf_change *c, char *err, size_t errlen);
    void (*apply)(const struct conf_change *c);   /* NULL: stored and printed only */
};
#define CONF_F_HIDDEN     1  /* accepted, not offered by `?` */
#define CONF_F_IGNORED    2  /* accepted for compatibility; neither stored nor printed */
#define CONF_F_SECRET     4  /* printed with its value only by whoever may configure; redacted elsewhere */
#define CONF_F_MULTI      8  /* all arguments are keys */
#define CONF_F_ALWAYS    16  /* printed even when equal to its default */

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
    /* The object appears / goes. check may refuse creation, or deletion (op). */
    int (*check)(struct conf_change *c, char *err, size_t errlen);
    void (*create)(struct conf_obj *o, void *app);
    void (*destroy)(struct conf_obj *o, void *app);
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
struct conf_obj *conf_root(struct conf *c);

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
