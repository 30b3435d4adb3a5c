/* SPDX-License-Identifier: Apache-2.0
 * conf_int.h - what the conf_*.c files share; cli_session.c and cli_export.c use its last part.
 *
 * struct conf      the schema (nodes, rows, their commands in the cli_tree) and the running model
 * struct cmodel    one model: a tree of objects, an item table, an object table. The running one
 *                  has callbacks and data; a candidate (conf_replace) has none
 * struct conf_item one stored line: canonical text and key text in one allocation. Its arguments
 *                  are parsed from the text on demand, by the row's own little graph, and kept once
 *                  somebody asked, so a million lines cost about a hundred bytes each
 */
#ifndef GW_CONF_INT_H
#define GW_CONF_INT_H
#include "cli_int.h"
#include "conf.h"

MEM_DECLARE(conf);
MEM_DECLARE(conf_item);

#define CONF_KEY_SEP '\x1f'

struct cnode;
struct crow;
enum ccmd_kind { CCMD_SET, CCMD_NO, CCMD_ENTER, CCMD_LEAVE };
/* A command of the tree that belongs to the configuration. */
struct ccmd {
    struct cli_cmd cmd; /* first: handlers get back from it */
    enum ccmd_kind kind;
    struct crow *row;   /* CCMD_SET, CCMD_NO */
    struct cnode *node; /* CCMD_ENTER, CCMD_LEAVE: the node that is entered */
    struct cnode *via;  /* the implicit child in which the row stands, or NULL */
    char *node_name;
    struct ccmd *next;
};
struct ckeys {
    char *text, **v;
    unsigned n;
};
struct crow {
    const struct conf_row *row;
    struct cnode *node;
    struct ckeys keys;
    struct cli_graph *set, *unset; /* the row's own grammar, and its `no` form */
    struct cli_entry set_entry, unset_entry;
    char *set_text, *no_text;
    unsigned index;
    bool on_by_default, both; /* `no X` is stored; and `X` as well */
    struct crow *next;
};
struct cnode {
    const struct conf_node *node;
    struct cnode *parent;
    struct ckeys keys;
    char *set_text, *no_text;
    char *fill_name, *fill_text;
    unsigned index;
    struct cnode *next;
};

struct conf_item {
    struct conf_item *hnext;
    struct conf_item *prev, *next; /* of its object */
    struct conf_obj *obj;
    const struct crow *row;
    char *key;                     /* within text's allocation; "" when the row has no keys */
    struct cli_args args;          /* empty until asked for */
    uint32_t seq;                  /* order of entry in the model */
    uint32_t hash;
    bool no;                       /* the line is the `no` form */
    bool mark;
    char text[];
};
struct conf_obj {
    struct cmodel *m;
    struct cnode *node;
    struct conf_obj *hnext, *parent;
    struct conf_obj *prev, *next;  /* among its parent's children */
    struct conf_obj *child, *child_tail;
    struct conf_item *item, *item_tail;
    struct conf_obj *twin;         /* candidate: the running object of the same identity */
    struct cli_args args;
    char *text, *key;
    void *data;
    uint32_t seq, hash;
    bool mark;
};
struct cmodel {
    struct conf *c;
    struct conf_obj *root;
    struct conf_item **items;
    struct conf_obj **objs;
    uint32_t n_items, cap_items, n_objs, cap_objs, seq;
    bool live;
    unsigned changes;              /* applied so far */
};
struct cpos_link {
    struct conf_pos *pos;
    struct cpos_link *next;
};
struct conf {
    struct cli_tree *tree;
    void *app;
    struct cnode *nodes;
    struct crow *rows, **row_tail;
    struct ccmd *cmds;
    unsigned n_rows, n_nodes;
    struct conf_node root_node;
    struct cmodel run;
    struct cpos_link *positions;
};

/* conf_schema.c */
struct cnode *conf_node_find(const struct conf *c, const char *name);
bool conf_is_key(const struct ckeys *k, const struct cli_arg *a);
bool conf_keys_all_given(const struct ckeys *k, const struct cli_args *a);

/* conf_model.c */
void cmodel_init(struct cmodel *m, struct conf *c, bool live);
void cmodel_fini(struct cmodel *m);
/* The keys of a line in a buffer of MEM(tmp) that the caller frees. */
char *cmodel_key(const struct ckeys *k, bool multi, const struct cli_args *a);
struct conf_item *cmodel_item_find(const struct cmodel *m, const struct conf_obj *o,
                                   const struct crow *row, const char *key);
struct conf_item *cmodel_item_add(struct cmodel *m, struct conf_obj *o, const struct crow *row,
                                  const char *key, const char *text, bool no);
void cmodel_item_del(struct cmodel *m, struct conf_item *it);
struct conf_obj *cmodel_obj_find(const struct cmodel *m, const struct conf_obj *parent,
                                 const struct cnode *node, const char *key);
struct conf_obj *cmodel_obj_add(struct cmodel *m, struct conf_obj *parent, struct cnode *node,
                                const char *key, const struct cli_args *args);
void cmodel_obj_del(struct cmodel *m, struct conf_obj *o); /* empty by now */
const struct cli_args *conf_item_args(struct conf_item *it);

/* conf_edit.c: changes with checks and callbacks. All return enum cli_rc; err is without "%". */
int cedit_set(struct cmodel *m, struct conf_obj *o, const struct crow *row, struct cli_args *a,
              char *err, size_t errlen);
int cedit_unset(struct cmodel *m, struct conf_obj *o, const struct crow *row, struct cli_args *a,
                char *err, size_t errlen);
int cedit_enter(struct cmodel *m, struct conf_obj *parent, struct cnode *node, struct cli_args *a,
                struct conf_obj **ret, char *err, size_t errlen);
int cedit_leave(struct cmodel *m, struct conf_obj *parent, struct cnode *node, struct cli_args *a,
                char *err, size_t errlen);
void cedit_item_remove(struct cmodel *m, struct conf_item *it); /* apply(UNSET), delete */
void cedit_obj_remove(struct cmodel *m, struct conf_obj *o);    /* items and children first */
int cedit_obj_check_remove(struct cmodel *m, struct conf_obj *o, char *err, size_t errlen);
void cedit_item_put(struct cmodel *m, struct conf_item *from);  /* from a candidate; its object has a twin */
struct conf_obj *cedit_obj_create(struct cmodel *m, struct conf_obj *parent, struct cnode *node,
                                  const char *key, const struct cli_args *a);
void cedit_obj_update(struct cmodel *m, struct conf_obj *o, const struct cli_args *a);
bool conf_obj_prints(const struct conf_obj *o); /* conf_print.c: is there any line in it? */
bool crow_is_default(const struct crow *row, const char *text);

/* For the commands' side. */
bool conf_cmd_is(const struct cli_cmd *cmd);
const char *conf_cmd_enters(const struct cli_cmd *cmd);
void conf_pos_attach(struct conf *c, struct conf_pos *pos); /* an object that goes moves pos up */
void conf_pos_detach(struct conf *c, struct conf_pos *pos);
int conf_line_in(struct cmodel *m, struct conf_pos *pos, const char *line, char *err, size_t errlen);
unsigned conf_load_in(struct cmodel *m, const char *text,
                      void (*report)(void *ctx, unsigned lineno, int rc, const char *msg,
                                     const char *line),
                      void *ctx);
#endif
