/* SPDX-License-Identifier: Apache-2.0
 * cli_int.h - what the cli_*.c files share, and conf_*.c with them. Not installed, not for others.
 *
 * A node's commands are compiled into one graph: a trie over the top-level elements of their
 * grammars. An element is a token or a whole group (<...>, [...], {...}) and two commands share a
 * state as long as their elements are spelt alike, so the cost of matching a line grows with the
 * number of words, not with the number of commands. Inside a group the graph is a small NFA with
 * empty moves. cli_match.c runs all threads of the NFA in step, one word at a time.
 */
#ifndef GW_CLI_INT_H
#define GW_CLI_INT_H
#include "cli.h"
#include "mem.h"

MEM_DECLARE(cli);
MEM_DECLARE(cli_args);

#define CLI_F_IMPORTED 0x100 /* the cmd is inside a struct cli_entry */
#define CLI_F_IMPLICIT 0x200 /* gives way to an equal command that is not */

struct cli_tok {
    enum cli_arg_type type;
    bool visible;           /* some command that is not hidden goes through it */
    uint32_t len;
    uint32_t index;         /* of its entry: the first command that has it */
    const char *text;       /* as written in the grammar: keyword, "A.B.C.D", "(1-255)", "WORD" */
    const char *name;       /* $name, or text in lower case */
    const char *help;       /* NULL: the dictionary's */
    uint64_t lo, hi;        /* CLI_A_NUM */
    struct cli_tok *next;   /* all tokens of the graph, in the order of creation */
};
struct cli_edge {
    struct cli_tok *tok;
    struct cli_state *to;
};
enum cli_eps_kind {
    CLI_EPS_SKIP,           /* plain */
    CLI_EPS_NO,             /* only after `no` */
    CLI_EPS_SET_ENTER,      /* into a {set}: nothing used yet */
    CLI_EPS_SET_ALT,        /* alternative `bit`, unless used */
    CLI_EPS_SET_EXIT,       /* out of a set, once something was used */
};
struct cli_eps {
    enum cli_eps_kind kind;
    uint32_t bit;
    struct cli_state *to;
};
struct cli_kid {            /* build time: element spelt `text` leads to `to` */
    const char *text;
    uint32_t len;
    struct cli_state *to;
    struct cli_tok *tok;    /* its first token */
    uint32_t n_toks;
};
struct cli_state {
    struct cli_edge *edges; /* keywords sorted by text, then values; order is made on demand */
    struct cli_eps *eps;
    struct cli_kid *kids;
    struct cli_entry *accept;
    uint32_t n_edges, cap_edges, n_kw, n_eps, cap_eps, n_kids, cap_kids;
    bool sorted;
};
struct cli_chunk;
struct cli_graph {
    struct cli_chunk *chunks;
    struct cli_state *root;
    struct cli_tok *toks, **tok_tail;
};

/* One command of a tree. */
struct cli_entry {
    const struct cli_cmd *cmd;
    struct cli_cmd own;             /* imported commands */
    char **tags;
    uint32_t n_tags;
    uint32_t index;                 /* order of registration */
    struct cli_entry *next;         /* of the node */
    struct cli_entry *accept_next;  /* others that accept in the same state */
};
struct cli_node {
    char *name, *parent, *prompt, *exit_word;
    struct cli_graph *graph;
    struct cli_entry *entries, **tail;
    struct cli_node *next;
    char **tags;                    /* imported: whose */
    uint32_t n_tags;
};
struct cli_word {                   /* one word of a line, with what it was found to be */
    const char *s;
    uint32_t len;
    uint16_t tried, is;             /* bits by enum cli_arg_type */
    uint64_t num;
    struct ipaddr ip;
    struct prefix pfx;
    uint8_t plen;
};
struct cli_thread {
    struct cli_state *st;
    uint32_t mask;                  /* used alternatives of the {set} it is in */
    uint32_t key;                   /* order of preference; equal keys had equal ranks so far */
    uint32_t path;                  /* last step */
    bool no, ambiguous;
};
struct cli_step {
    const struct cli_tok *tok;
    uint32_t word, parent;
};
struct cli_scratch {                /* reused from line to line */
    char *line;
    struct cli_word *words;
    struct cli_step *steps;
    struct cli_thread *cur, *nxt, *clo;
    uint32_t cap_line, cap_words, n_words, cap_steps, n_steps, cap_cur, n_cur, cap_nxt, n_nxt, cap_clo,
        n_clo;
};
struct loop;
struct cli_tree {
    void *app;
    struct loop *loop;
    struct cli_node *nodes;
    char **dict;                    /* owned copies of cli_help_add() texts */
    uint32_t n_dict, n_entries, generation;
    struct cli_scratch sc;
    struct cli_node *last;          /* found last: lines come in runs */
};

/* cli_grammar.c */
struct cli_graph *cli_graph_new(void);
void cli_graph_free(struct cli_graph *g);
int cli_graph_add(struct cli_graph *g, struct cli_entry *e, const char *grammar, const char *help,
                  bool visible, char *err, size_t errlen);
void cli_state_sort(struct cli_state *s);
/* The next top-level element of a grammar from *p on: its extent. False at the end. */
bool cli_elem_next(const char **p, const char **ret_start, size_t *ret_len);
/* Text of `word` in "word|text\n...", not ended by NUL, or NULL. And of a token: by its text when it is a
 * keyword, by $name or name, by its text. */
const char *cli_help_find(const char *dict, const char *word, size_t *ret_len);
const char *cli_help_for(const char *dict, const struct cli_tok *tok, size_t *ret_len);
bool cli_tok_is_variable(const char *s, size_t len);

/* cli_match.c */
int cli_graph_match(struct cli_graph *g, struct cli_scratch *sc, const char *line,
                    struct cli_entry **ret_entry, struct cli_args *ret_args);
void cli_scratch_fini(struct cli_scratch *sc);
/* Threads after all words but the last, which is returned (empty when the line ends in space). */
const struct cli_word *cli_graph_advance(struct cli_graph *g, struct cli_scratch *sc, const char *line);
void cli_closure(struct cli_scratch *sc, const struct cli_thread *t);

/* cli.c */
struct cli_node *cli_node_find(struct cli_tree *t, const char *name);
struct cli_node *cli_node_get(struct cli_tree *t, const char *name); /* made when needed */
void cli_node_define(struct cli_tree *t, const char *name, const char *parent, const char *prompt,
                     const char *exit_word);
int cli_entry_add(struct cli_tree *t, struct cli_node *n, struct cli_entry *e, char *err,
                  size_t errlen);
void cli_entry_free(struct cli_entry *e);
int cli_error(int rc, const char *line, char *err, size_t errlen); /* FRR's words; returns rc */
const char *cli_tok_help(struct cli_tree *t, const struct cli_tok *tok, size_t *ret_len);

/* cli_session.c: commands that every node has. */
int cli_builtin_exit(struct cli_req *r);
int cli_builtin_end(struct cli_req *r);
void cli_builtins_add(struct cli_tree *t, const char *node, const char *exit_word);
#endif
