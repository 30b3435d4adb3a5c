/* SPDX-License-Identifier: Apache-2.0
 * conf_schema.c - nodes and rows, and the commands that they become.
 *
 * A row gives two commands to its node: the line itself, and its `no` form in which what stands
 * behind the last word that matters is optional. If the row's node is the implicit child of another
 * node, that one gets both as hidden commands too. A node gives the line that enters it, and its
 * `no`.
 *
 * How much of a line `no` needs: for a row, up to the last top-level element that is a keyword, or
 * that must be there and holds a key; for a row that owns its group (CONF_F_OWNER), up to the last
 * key; for a node, up to its first key.
 */
#include "config.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conf_int.h"

MEM_DEFINE(conf, "Configuration schema");

static int run_row(struct cli_req *r)
{
    char err[512] = "", *line = cli_canonical(r->cmd, &r->args);
    int rc = conf_line(cli_session_conf(r->session), cli_session_pos(r->session), line, err,
                       sizeof(err));
    mem_free(MEM(str), line);
    if (*err)
        writer_error(r->out, "%s", err[0] == '%' && err[1] == ' ' ? err + 2 : err);
    return rc;
}

bool conf_cmd_is(const struct cli_cmd *cmd)
{
    return cmd->fn == run_row;
}

const char *conf_cmd_enters(const struct cli_cmd *cmd)
{
    const struct ccmd *c = (const struct ccmd *)cmd;
    return conf_cmd_is(cmd) && c->kind == CCMD_ENTER ? c->node->node->name : NULL;
}

struct cnode *conf_node_find(const struct conf *c, const char *name)
{
    for (struct cnode *n = c->nodes; n; n = n->next)
        if (!strcmp(n->node->name, name))
            return n;
    return NULL;
}

/* ---- keys ---- */

static void keys_init(struct ckeys *k, const char *words)
{
    if (!words)
        return;
    k->text = mem_strdup(MEM(conf), words);
    for (char *save = NULL, *w = strtok_r(k->text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        k->v = mem_realloc(MEM(conf), k->v, (k->n + 1) * sizeof(*k->v));
        k->v[k->n++] = w;
    }
}

static void keys_fini(struct ckeys *k)
{
    mem_free(MEM(conf), k->text);
    mem_free(MEM(conf), k->v);
}

bool conf_is_key(const struct ckeys *k, const struct cli_arg *a)
{
    for (unsigned i = 0; i < k->n; i++)
        if (!strcmp(k->v[i], a->name))
            return true;
    return false;
}

bool conf_keys_all_given(const struct ckeys *k, const struct cli_args *a)
{
    for (unsigned i = 0; i < k->n; i++)
        if (!cli_has(a, k->v[i]))
            return false;
    return true;
}

/* Does the element hold the key: as $key, or as a token that has no other name? */
static bool elem_has_key(const char *e, size_t len, const char *key)
{
    size_t kl = strlen(key);
    for (size_t i = 0; i + kl <= len; i++) {
        char before = i ? e[i - 1] : ' ', after = i + kl < len ? e[i + kl] : ' ';
        if (strncasecmp(e + i, key, kl) || isalnum((unsigned char)after) || after == '-' ||
            after == '_')
            continue;
        if (before == '$' && !strncmp(e + i, key, kl))
            return true;
        if (after != '$' && strchr(" <[{|", before))
            return true;
    }
    return false;
}

static bool elem_has_a_key(const char *e, size_t len, const struct ckeys *k)
{
    for (unsigned i = 0; i < k->n; i++)
        if (elem_has_key(e, len, k->v[i]))
            return true;
    return false;
}

static bool elem_is_keyword(const char *e, size_t len)
{
    if (strchr("<[{!(", *e) || memchr(e, '$', len))
        return false;
    return strncmp(e, "A.B.C.D", 7) && strncmp(e, "X:X::X:X", 8) && !cli_tok_is_variable(e, len) &&
           strncmp(e, "LINE", 4);
}

/* ---- grammar of the two forms ---- */

struct text {
    char *s;
    size_t n, cap;
};

static void put(struct text *t, const char *s, size_t len)
{
    if (t->n + len + 1 > t->cap) {
        t->cap = (t->n + len + 1) * 2;
        t->s = mem_realloc(MEM(conf), t->s, t->cap);
    }
    memcpy(t->s + t->n, s, len);
    t->n += len;
    t->s[t->n] = '\0';
}

/* ![x] means: needed in the line itself. */
static void put_elem(struct text *t, const char *e, size_t len, bool no)
{
    if (t->n)
        put(t, " ", 1);
    if (*e != '!') {
        put(t, e, len);
        return;
    }
    const char *close = memrchr(e, ']', len);
    if (no || !close) {
        put(t, e + 1, len - 1);
        return;
    }
    put(t, "<", 1);
    put(t, e + 2, (size_t)(close - e) - 2);
    put(t, ">", 1);
    put(t, close + 1, len - (size_t)(close + 1 - e));
}

static char *set_grammar(const char *grammar)
{
    struct text t = { 0 };
    const char *p = grammar, *e;
    size_t len;
    while (cli_elem_next(&p, &e, &len))
        put_elem(&t, e, len, false);
    return t.s ? t.s : mem_strdup(MEM(conf), "");
}

/* cut: the index of the last element that `no` needs. */
static char *no_grammar(const char *grammar, int cut)
{
    struct text t = { 0 };
    const char *p = grammar, *e;
    size_t len;
    int i = 0, open = 0;
    put(&t, "no", 2);
    while (cli_elem_next(&p, &e, &len)) {
        if (i++ > cut && *e != '[' && *e != '!') {
            put(&t, " [", 2);
            open++;
            put(&t, e, len);
        } else {
            put_elem(&t, e, len, true);
        }
    }
    while (open-- > 0)
        put(&t, "]", 1);
    return t.s;
}

static int row_cut(const struct conf_row *row, const struct ckeys *k)
{
    const char *p = row->grammar, *e;
    size_t len;
    int cut = 0, i = 0;
    for (; cli_elem_next(&p, &e, &len); i++) {
        bool optional = *e == '[' || *e == '!';
        bool key = !optional && (elem_has_a_key(e, len, k) || (row->flags & CONF_F_MULTI));
        if (key || (elem_is_keyword(e, len) && !(row->flags & CONF_F_OWNER)))
            cut = i;
    }
    return cut;
}

static int node_cut(const struct conf_node *node, const struct ckeys *k)
{
    const char *p = node->grammar, *e;
    size_t len;
    int cut = 0;
    for (int i = 0; cli_elem_next(&p, &e, &len); i++) {
        if (*e != '[' && elem_has_a_key(e, len, k))
            return i;
        if (elem_is_keyword(e, len))
            cut = i;
    }
    return cut;
}

/* Is there nothing to choose in the line but its keys, so that it is a switch? */
static bool row_is_switch(const struct conf_row *row, const struct ckeys *k)
{
    const char *p = row->grammar, *e;
    size_t len;
    while (cli_elem_next(&p, &e, &len))
        if (*e != '[' && !elem_is_keyword(e, len) && !elem_has_a_key(e, len, k))
            return false;
    return true;
}

/* ---- commands ---- */

static int command(struct conf *c, struct ccmd *m, const char *node, const char *grammar,
                   const char *help, unsigned flags, char *err, size_t errlen)
{
    struct ccmd *n = mem_dup(MEM(conf), m, sizeof(*m));
    n->node_name = mem_strdup(MEM(conf), node);
    n->cmd = (struct cli_cmd){ n->node_name, grammar, help, run_row, flags };
    if (cli_add(c->tree, &n->cmd, err, errlen) < 0) {
        mem_free(MEM(conf), n->node_name);
        mem_free(MEM(conf), n);
        return -1;
    }
    n->next = c->cmds;
    c->cmds = n;
    return 0;
}

/* The child node that a node's implicit line leads to. */
static struct cnode *implicit_node(struct conf *c, const struct cnode *n)
{
    const struct cli_cmd *cmd;
    struct cli_args args;
    char err[80];
    if (!n->node->implicit || cli_match(c->tree, n->node->name, n->node->implicit, &cmd, &args, err,
                                        sizeof(err)) != CLI_OK)
        return NULL;
    cli_args_free(&args);
    const struct ccmd *m = (const struct ccmd *)cmd;
    return conf_cmd_is(cmd) && m->kind == CCMD_ENTER ? m->node : NULL;
}

static int row_commands(struct conf *c, struct crow *r, char *err, size_t errlen)
{
    const struct conf_row *row = r->row;
    unsigned flags = row->flags & CONF_F_HIDDEN ? CLI_F_HIDDEN : 0;
    struct ccmd set = { .kind = CCMD_SET, .row = r }, no = { .kind = CCMD_NO, .row = r };
    const char *node = r->node->node->name;
    if (command(c, &set, node, r->set_text, row->help, flags, err, errlen) < 0 ||
        command(c, &no, node, r->no_text, row->help, flags, err, errlen) < 0)
        return -1;
    for (struct cnode *n = c->nodes; n; n = n->next) {
        if (n != r->node->parent || implicit_node(c, n) != r->node)
            continue;
        set.via = no.via = r->node;
        flags = CLI_F_HIDDEN | CLI_F_IMPLICIT;
        if (command(c, &set, n->node->name, r->set_text, row->help, flags, err, errlen) < 0 ||
            command(c, &no, n->node->name, r->no_text, row->help, flags, err, errlen) < 0)
            return -1;
    }
    return 0;
}

static void row_free(struct crow *r)
{
    keys_fini(&r->keys);
    cli_graph_free(r->set);
    cli_graph_free(r->unset);
    mem_free(MEM(conf), r->set_text);
    mem_free(MEM(conf), r->no_text);
    mem_free(MEM(conf), r);
}

static int row_add(struct conf *c, const struct conf_row *row, const char *node_name, char *err,
                   size_t errlen)
{
    struct cnode *node = conf_node_find(c, node_name);
    if (!node) {
        snprintf(err, errlen, "no such node: %s", node_name);
        return -1;
    }
    struct crow *r = mem_calloc(MEM(conf), 1, sizeof(*r));
    r->row = row;
    r->node = node;
    r->index = c->n_rows;
    keys_init(&r->keys, row->keys);
    r->both = row->is_default != NULL;
    r->on_by_default = row->def && (!strncmp(row->def, "no ", 3) || !strcmp(row->def, "no") ||
                                    row_is_switch(row, &r->keys));
    r->set_text = set_grammar(row->grammar);
    r->no_text = no_grammar(row->grammar, row_cut(row, &r->keys));
    r->set = cli_graph_new();
    r->unset = cli_graph_new();
    if (cli_graph_add(r->set, &r->set_entry, r->set_text, NULL, true, err, errlen) < 0 ||
        cli_graph_add(r->unset, &r->unset_entry, r->no_text, NULL, true, err, errlen) < 0 ||
        row_commands(c, r, err, errlen) < 0) {
        row_free(r);
        return -1;
    }
    c->n_rows++;
    *c->row_tail = r;
    c->row_tail = &r->next;
    return 0;
}

int conf_add_row(struct conf *c, const struct conf_row *row, char *err, size_t errlen)
{
    char *names = mem_strdup(MEM(tmp), row->node), *p = names, *name;
    int rc = 0;
    while (rc == 0 && (name = strsep(&p, "|")))
        rc = row_add(c, row, name, err, errlen);
    mem_free(MEM(tmp), names);
    return rc;
}

void conf_add_rows(struct conf *c, const struct conf_row *rows, unsigned n)
{
    char err[200];
    for (unsigned i = 0; i < n; i++)
        if (conf_add_row(c, &rows[i], err, sizeof(err)) < 0) {
            fprintf(stderr, "configuration row \"%s\": %s\n", rows[i].grammar, err);
            abort();
        }
}

static struct cnode *node_add(struct conf *c, const struct conf_node *node, struct cnode *parent)
{
    struct cnode *n = mem_calloc(MEM(conf), 1, sizeof(*n)), **at = &c->nodes;
    n->node = node;
    n->parent = parent;
    n->index = c->n_nodes++;
    keys_init(&n->keys, node->keys);
    if (node->fill) {
        n->fill_name = mem_strdup(MEM(conf), node->fill);
        n->fill_text = strchr(n->fill_name, ' ');
        if (n->fill_text)
            *n->fill_text++ = '\0';
        else
            n->fill_text = n->fill_name;
    }
    while (*at)
        at = &(*at)->next;
    *at = n;
    cli_node_define(c->tree, node->name, parent ? parent->node->name : "view", node->prompt,
                    node->exit_word ? node->exit_word : "exit");
    return n;
}

void conf_add_nodes(struct conf *c, const struct conf_node *nodes, unsigned count)
{
    char err[200] = "";
    for (unsigned i = 0; i < count; i++) {
        const struct conf_node *node = &nodes[i];
        struct cnode *parent = conf_node_find(c, node->parent);
        if (!parent) {
            fprintf(stderr, "node \"%s\": no such parent: %s\n", node->name, node->parent);
            abort();
        }
        struct cnode *n = node_add(c, node, parent);
        struct ccmd enter = { .kind = CCMD_ENTER, .node = n },
                    no = { .kind = CCMD_LEAVE, .node = n };
        n->set_text = set_grammar(node->grammar);
        n->no_text = no_grammar(node->grammar, node_cut(node, &n->keys));
        if (command(c, &enter, node->parent, n->set_text, node->help, 0, err, sizeof(err)) < 0 ||
            command(c, &no, node->parent, n->no_text, node->help, 0, err, sizeof(err)) < 0) {
            fprintf(stderr, "node \"%s\": %s\n", node->grammar, err);
            abort();
        }
    }
}

struct conf *conf_new(struct cli_tree *t, void *app)
{
    struct conf *c = mem_calloc(MEM(conf), 1, sizeof(*c));
    c->tree = t;
    c->app = app;
    c->row_tail = &c->rows;
    c->root_node = (struct conf_node){ .name = "config", .grammar = "", .prompt = "config" };
    node_add(c, &c->root_node, NULL);
    cmodel_init(&c->run, c, true);
    return c;
}

void conf_free(struct conf *c)
{
    if (!c)
        return;
    cmodel_fini(&c->run);
    for (struct crow *r = c->rows, *next; r; r = next) {
        next = r->next;
        row_free(r);
    }
    for (struct cnode *n = c->nodes, *next; n; n = next) {
        next = n->next;
        keys_fini(&n->keys);
        mem_free(MEM(conf), n->fill_name);
        mem_free(MEM(conf), n->set_text);
        mem_free(MEM(conf), n->no_text);
        mem_free(MEM(conf), n);
    }
    for (struct ccmd *m = c->cmds, *next; m; m = next) {
        next = m->next;
        mem_free(MEM(conf), m->node_name);
        mem_free(MEM(conf), m);
    }
    for (struct cpos_link *l = c->positions, *next; l; l = next) {
        next = l->next;
        mem_free(MEM(conf), l);
    }
    mem_free(MEM(conf), c);
}

struct conf_obj *conf_root(struct conf *c)
{
    return c->run.root;
}
