/* SPDX-License-Identifier: Apache-2.0
 * cli.c - the command tree of a process: its nodes and commands, help, completion, export, import.
 *
 * The tree owns nodes; a node owns its entries (one per command) and the graph compiled from
 * them. Commands of our own point to the caller's struct cli_cmd; imported ones (a shell's) live in
 * the entry, which also names the daemons that have them. Forgetting a daemon drops its name
 * and compiles the graphs anew from what is left.
 */
#include "config.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli_int.h"

/* Help for the kinds of values and for words that mean the same everywhere. */
static const char builtin_help[] =
    "A.B.C.D|IPv4 address\nA.B.C.D/M|IPv4 prefix\nX:X::X:X|IPv6 address\nX:X::X:X/M|IPv6 prefix\n"
    "no|Negate a command or set its defaults\njson|JavaScript Object Notation\n"
    "show|Show running system information\nclear|Reset functions\ndebug|Debugging functions\n"
    "ip|IP information\nipv6|IPv6 information\nvrf|Specify the VRF\nall|All\n"
    "brief|Brief output\ndetail|Detailed output\nexit|Exit current mode and down to previous mode\n"
    "quit|Exit current mode and down to previous mode\nend|End current mode and change to enable "
    "mode\n"
    "list|Print command list\nfind|Find CLI command matching a regular expression\n"
    "permutations|Print all possible command permutations\n"
    "configure|Configuration from vty interface\nterminal|Configuration terminal\n"
    "enable|Turn on privileged mode command\ndisable|Turn off privileged mode command\n"
    "exit-vrf|Exit current mode and down to previous mode\n"
    "exit-address-family|Exit from Address Family configuration mode\n"
    "exit-vni|Exit from VNI mode\nexit-route-map|Exit from route-map configuration mode\n";

struct cli_tree *cli_tree_new(void *app)
{
    struct cli_tree *t = mem_calloc(MEM(cli), 1, sizeof(*t));
    t->app = app;
    t->generation = 1;
    cli_help_add(t, builtin_help);
    cli_node_define(t, "view", NULL, "", NULL);
    return t;
}

void cli_entry_free(struct cli_entry *e)
{
    if (e->own.flags & CLI_F_IMPORTED) {
        mem_free(MEM(cli), (char *)e->own.node);
        mem_free(MEM(cli), (char *)e->own.grammar);
        mem_free(MEM(cli), (char *)e->own.help);
    }
    for (uint32_t i = 0; i < e->n_tags; i++)
        mem_free(MEM(cli), e->tags[i]);
    mem_free(MEM(cli), e->tags);
    mem_free(MEM(cli), e);
}

static void node_free(struct cli_node *n)
{
    for (struct cli_entry *e = n->entries, *next; e; e = next) {
        next = e->next;
        cli_entry_free(e);
    }
    cli_graph_free(n->graph);
    mem_free(MEM(cli), n->name);
    mem_free(MEM(cli), n->parent);
    mem_free(MEM(cli), n->prompt);
    mem_free(MEM(cli), n->exit_word);
    mem_free(MEM(cli), n);
}

void cli_tree_free(struct cli_tree *t)
{
    if (!t)
        return;
    for (struct cli_node *n = t->nodes, *next; n; n = next) {
        next = n->next;
        node_free(n);
    }
    for (uint32_t i = 0; i < t->n_dict; i++)
        mem_free(MEM(cli), t->dict[i]);
    mem_free(MEM(cli), t->dict);
    cli_scratch_fini(&t->sc);
    mem_free(MEM(cli), t);
}

void cli_tree_set_loop(struct cli_tree *t, struct loop *l)
{
    t->loop = l;
}

uint32_t cli_generation(const struct cli_tree *t)
{
    return t->generation;
}

void cli_help_add(struct cli_tree *t, const char *dictionary)
{
    t->dict = mem_realloc(MEM(cli), t->dict, (t->n_dict + 1) * sizeof(*t->dict));
    t->dict[t->n_dict++] = mem_strdup(MEM(cli), dictionary);
    t->generation++;
}

const char *cli_tok_help(struct cli_tree *t, const struct cli_tok *tok, size_t *ret_len)
{
    const char *h = tok->help;
    if (h) {
        *ret_len = strlen(h);
        return h;
    }
    for (uint32_t i = t->n_dict; i-- > 0 && !h;)
        h = cli_help_for(t->dict[i], tok, ret_len);
    return h;
}

struct cli_node *cli_node_find(struct cli_tree *t, const char *name)
{
    if (t->last && !strcmp(t->last->name, name))
        return t->last;
    for (struct cli_node *n = t->nodes; n; n = n->next)
        if (!strcmp(n->name, name))
            return t->last = n;
    return NULL;
}

struct cli_node *cli_node_get(struct cli_tree *t, const char *name)
{
    struct cli_node *n = cli_node_find(t, name), **at = &t->nodes;
    if (n)
        return n;
    n = mem_calloc(MEM(cli), 1, sizeof(*n));
    n->name = mem_strdup(MEM(cli), name);
    n->tail = &n->entries;
    n->graph = cli_graph_new();
    while (*at)
        at = &(*at)->next;
    return *at = n;
}

void cli_node_define(struct cli_tree *t, const char *name, const char *parent, const char *prompt,
                     const char *exit_word)
{
    struct cli_node *n = cli_node_get(t, name);
    if (n->prompt)
        return;
    n->parent = mem_strdup(MEM(cli), parent);
    n->prompt = mem_strdup(MEM(cli), prompt ? prompt : "");
    n->exit_word = mem_strdup(MEM(cli), exit_word);
    t->generation++;
    cli_builtins_add(t, name, exit_word);
}

bool cli_node_info(struct cli_tree *t, const char *name, struct cli_node_info *ret)
{
    const struct cli_node *n = cli_node_find(t, name);
    if (!n || !n->prompt)
        return false;
    *ret = (struct cli_node_info){ .parent = n->parent,
                                   .prompt = n->prompt,
                                   .exit_word = n->exit_word };
    return true;
}

int cli_entry_add(struct cli_tree *t, struct cli_node *n, struct cli_entry *e, char *err,
                  size_t errlen)
{
    e->index = t->n_entries;
    const struct cli_cmd *c = e->cmd;
    if (cli_graph_add(n->graph, e, c->grammar, c->help,
                      !(c->flags & (CLI_F_HIDDEN | CLI_F_DEPRECATED)), err, errlen) < 0)
        return -1;
    t->n_entries++;
    t->generation++;
    *n->tail = e;
    n->tail = &e->next;
    return 0;
}

int cli_add(struct cli_tree *t, const struct cli_cmd *cmd, char *err, size_t errlen)
{
    struct cli_entry *e = mem_calloc(MEM(cli), 1, sizeof(*e));
    e->cmd = cmd;
    int rc = cli_entry_add(t, cli_node_get(t, cmd->node), e, err, errlen);
    if (rc < 0)
        mem_free(MEM(cli), e);
    return rc;
}

void cli_add_all(struct cli_tree *t, const struct cli_cmd *cmds, unsigned n)
{
    char err[200];
    for (unsigned i = 0; i < n; i++)
        if (cli_add(t, &cmds[i], err, sizeof(err)) < 0) {
            fprintf(stderr, "command \"%s\": %s\n", cmds[i].grammar, err);
            abort();
        }
}

int cli_error(int rc, const char *line, char *err, size_t errlen)
{
    while (*line == ' ' || *line == '\t')
        line++;
    const char *what = rc == CLI_AMBIGUOUS    ? "Ambiguous command"
                       : rc == CLI_INCOMPLETE ? "Command incomplete"
                                              : "Unknown command";
    if (errlen)
        snprintf(err, errlen, "%% %s: %s", what, line);
    return rc;
}

int cli_match(struct cli_tree *t, const char *node, const char *line,
              const struct cli_cmd **ret_cmd, struct cli_args *ret_args, char *err, size_t errlen)
{
    struct cli_node *n = cli_node_find(t, node);
    struct cli_entry *e;
    int rc = n ? cli_graph_match(n->graph, &t->sc, line, &e, ret_args) : CLI_NO_MATCH;
    if (rc != CLI_OK)
        return cli_error(rc, line, err, errlen);
    *ret_cmd = e->cmd;
    return CLI_OK;
}

/* ---- arguments ---- */

void cli_args_free(struct cli_args *a)
{
    mem_free(MEM(cli_args), a->v);
    a->v = NULL;
    a->n = 0;
}

const struct cli_arg *cli_arg(const struct cli_args *a, const char *name)
{
    const struct cli_arg *keyword = NULL;
    for (unsigned i = 0; i < a->n; i++) {
        if (strcmp(a->v[i].name, name))
            continue;
        if (a->v[i].type != CLI_A_KEYWORD || strcmp(a->v[i].text, name))
            return &a->v[i]; /* "seq (1-9)$seq": the value, not the keyword */
        if (!keyword)
            keyword = &a->v[i];
    }
    return keyword;
}

const char *cli_arg_text(const struct cli_args *a, const char *name)
{
    const struct cli_arg *x = cli_arg(a, name);
    return x ? x->text : NULL;
}

uint64_t cli_arg_num(const struct cli_args *a, const char *name, uint64_t dflt)
{
    const struct cli_arg *x = cli_arg(a, name);
    return x && x->type == CLI_A_NUM ? x->num : dflt;
}

bool cli_has(const struct cli_args *a, const char *name)
{
    if (cli_arg(a, name))
        return true;
    for (unsigned i = 0; i < a->n; i++)
        if (a->v[i].type == CLI_A_KEYWORD && !strcmp(a->v[i].text, name))
            return true;
    return false;
}

char *cli_canonical(const struct cli_cmd *cmd, const struct cli_args *a)
{
    size_t n = 1;
    for (unsigned i = 0; i < a->n; i++)
        n += strlen(a->v[i].text) + 1;
    char *s = mem_alloc(MEM(str), n), *p = s;
    for (unsigned i = 0; i < a->n; i++) {
        size_t l = strlen(a->v[i].text);
        if (i)
            *p++ = ' ';
        memcpy(p, a->v[i].text, l);
        p += l;
    }
    *p = '\0';
    return s;
}

/* ---- `?` and TAB ---- */

struct cand {
    const char *word;
    const struct cli_tok *tok; /* NULL: <cr> */
};
struct cands {
    struct cand *v;
    uint32_t n, cap;
};

static void cand_add(struct cands *c, const char *word, const struct cli_tok *tok)
{
    for (uint32_t i = 0; i < c->n; i++)
        if (!strcmp(c->v[i].word, word)) {
            if (c->v[i].tok && tok && !c->v[i].tok->help)
                c->v[i].tok = tok;
            return;
        }
    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 32;
        c->v = mem_realloc(MEM(tmp), c->v, c->cap * sizeof(*c->v));
    }
    c->v[c->n++] = (struct cand){ .word = word, .tok = tok };
}

/* Could what is typed so far become a value of this kind? */
static bool may_become(const struct cli_tok *tok, const char *s)
{
    static const char *const chars[] = { [CLI_A_NUM] = "0123456789",
                                         [CLI_A_IP4] = "0123456789.",
                                         [CLI_A_IP6] = "0123456789abcdefABCDEF:.",
                                         [CLI_A_PFX4] = "0123456789./",
                                         [CLI_A_PFX6] = "0123456789abcdefABCDEF:./" };
    if (tok->type == CLI_A_WORD || tok->type == CLI_A_LINE)
        return true;
    if (strspn(s, chars[tok->type]) != strlen(s))
        return false;
    return tok->type != CLI_A_NUM || !*s || strlen(s) < 20;
}

static int cand_cmp(const void *a, const void *b)
{
    return strcmp(((const struct cand *)a)->word, ((const struct cand *)b)->word);
}

/* Everything that may stand where the line ends. */
static struct cands candidates(struct cli_tree *t, const char *node, const char *line, bool values)
{
    struct cands c = { 0 };
    struct cli_node *n = cli_node_find(t, node);
    if (!n)
        return c;
    struct cli_scratch *sc = &t->sc;
    const struct cli_word *w = cli_graph_advance(n->graph, sc, line);
    for (uint32_t i = 0; i < sc->n_cur; i++) {
        cli_closure(sc, &sc->cur[i]);
        for (uint32_t k = 0; k < sc->n_clo; k++) {
            const struct cli_state *st = sc->clo[k].st;
            for (uint32_t e = 0; e < st->n_edges; e++) {
                const struct cli_tok *tok = st->edges[e].tok;
                bool kw = tok->type == CLI_A_KEYWORD;
                if (tok->visible && (kw ? !strncmp(tok->text, w->s, strlen(w->s))
                                        : values && may_become(tok, w->s)))
                    cand_add(&c, tok->text, tok);
            }
            for (const struct cli_entry *e = st->accept; values && e && !*w->s; e = e->accept_next)
                if (!(e->cmd->flags & (CLI_F_HIDDEN | CLI_F_DEPRECATED)))
                    cand_add(&c, "<cr>", NULL);
        }
    }
    if (c.n)
        qsort(c.v, c.n, sizeof(*c.v), cand_cmp);
    return c;
}

void cli_help(struct cli_tree *t, const char *node, const char *line,
              void (*row)(void *ctx, const char *word, const char *help), void *ctx)
{
    struct cands c = candidates(t, node, line, true);
    for (uint32_t i = 0; i < c.n; i++) {
        size_t len = 0;
        const char *h = c.v[i].tok ? cli_tok_help(t, c.v[i].tok, &len) : NULL;
        char text[200];
        snprintf(text, sizeof(text), "%.*s", (int)len, h ? h : "");
        row(ctx, c.v[i].word, text);
    }
    mem_free(MEM(tmp), c.v);
}

void cli_complete(struct cli_tree *t, const char *node, const char *line,
                  void (*word)(void *ctx, const char *w), void *ctx)
{
    struct cands c = candidates(t, node, line, false);
    for (uint32_t i = 0; i < c.n; i++)
        word(ctx, c.v[i].word);
    mem_free(MEM(tmp), c.v);
}

void cli_check_help(struct cli_tree *t,
                    void (*missing)(void *ctx, const char *node, const char *word), void *ctx)
{
    size_t len;
    for (struct cli_node *n = t->nodes; n; n = n->next)
        for (const struct cli_tok *tok = n->graph->toks; tok; tok = tok->next)
            if (!cli_tok_help(t, tok, &len) || !len)
                missing(ctx, n->name, tok->text);
}

void cli_list(struct cli_tree *t, const char *node, void (*line)(void *ctx, const char *text),
              void *ctx)
{
    struct cli_node *n = cli_node_find(t, node);
    for (const struct cli_entry *e = n ? n->entries : NULL; e; e = e->next)
        if (!(e->cmd->flags & (CLI_F_HIDDEN | CLI_F_DEPRECATED)))
            line(ctx, e->cmd->grammar);
}
