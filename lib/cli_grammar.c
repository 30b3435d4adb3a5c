/* SPDX-License-Identifier: Apache-2.0
 * cli_grammar.c - from a command's grammar text to the graph of its node.
 *
 * The text is read by recursive descent straight into states and edges; there is no tree in
 * between. A command's top-level elements are looked up among the state's kids by their spelling,
 * and only an element that is new there is built. All memory of a graph is in its chunks and goes
 * with it.
 *
 * A grammar is tried on an empty graph before it touches the node's, so a bad one leaves no trace.
 */
#include "config.h"
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli_int.h"

MEM_DEFINE(cli, "Command grammar");

/* A row's own graph needs one small chunk, a node's grows. */
#define CHUNK_FIRST 1024
#define CHUNK_MAX   16384
#define MAX_DEPTH   12

struct cli_chunk {
    struct cli_chunk *next;
    size_t used, size;
    _Alignas(16) char data[];
};

struct build {
    struct cli_graph *g;
    uint32_t index;
    const char *help;
    bool visible;
    bool in_set;
    int depth;
    char *err;
    size_t errlen;
};

static void *graph_alloc(struct cli_graph *g, size_t n)
{
    n = (n + 15) & ~(size_t)15;
    struct cli_chunk *c = g->chunks;
    if (!c || c->size - c->used < n) {
        size_t size = !c ? CHUNK_FIRST : c->size * 2 < CHUNK_MAX ? c->size * 2 : CHUNK_MAX;
        if (size < n)
            size = n;
        c = mem_calloc(MEM(cli), 1, sizeof(*c) + size);
        c->size = size;
        c->next = g->chunks;
        g->chunks = c;
    }
    void *p = c->data + c->used;
    c->used += n;
    return p;
}

static char *graph_strndup(struct cli_graph *g, const char *s, size_t n)
{
    char *d = graph_alloc(g, n + 1);
    memcpy(d, s, n);
    return d;
}

/* Room for one more in an array of the graph; the old array stays in its chunk. */
static void *graph_grow(struct cli_graph *g, void *v, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    *cap = *cap ? *cap * 2 : 4;
    void *d = graph_alloc(g, *cap * size);
    if (n)
        memcpy(d, v, n * size);
    return d;
}

static struct cli_state *state_new(struct cli_graph *g)
{
    return graph_alloc(g, sizeof(struct cli_state));
}

struct cli_graph *cli_graph_new(void)
{
    struct cli_graph *g = mem_calloc(MEM(cli), 1, sizeof(*g));
    g->tok_tail = &g->toks;
    g->root = state_new(g);
    return g;
}

void cli_graph_free(struct cli_graph *g)
{
    if (!g)
        return;
    for (struct cli_chunk *c = g->chunks, *next; c; c = next) {
        next = c->next;
        mem_free(MEM(cli), c);
    }
    mem_free(MEM(cli), g);
}

static void add_edge(struct cli_graph *g, struct cli_state *s, struct cli_tok *tok,
                     struct cli_state *to)
{
    s->edges = graph_grow(g, s->edges, s->n_edges, &s->cap_edges, sizeof(*s->edges));
    s->edges[s->n_edges++] = (struct cli_edge){ .tok = tok, .to = to };
    s->sorted = false;
}

static void add_eps(struct cli_graph *g, struct cli_state *s, enum cli_eps_kind kind, uint32_t bit,
                    struct cli_state *to)
{
    s->eps = graph_grow(g, s->eps, s->n_eps, &s->cap_eps, sizeof(*s->eps));
    s->eps[s->n_eps++] = (struct cli_eps){ .kind = kind, .bit = bit, .to = to };
}

static int edge_cmp(const void *a, const void *b)
{
    const struct cli_edge *x = a, *y = b;
    bool kx = x->tok->type == CLI_A_KEYWORD, ky = y->tok->type == CLI_A_KEYWORD;
    if (kx != ky)
        return kx ? -1 : 1;
    if (kx) {
        int c = strcmp(x->tok->text, y->tok->text);
        if (c)
            return c;
    }
    return x->tok->index < y->tok->index ? -1 : x->tok->index > y->tok->index;
}

void cli_state_sort(struct cli_state *s)
{
    if (s->n_edges)
        qsort(s->edges, s->n_edges, sizeof(*s->edges), edge_cmp);
    s->n_kw = 0;
    while (s->n_kw < s->n_edges && s->edges[s->n_kw].tok->type == CLI_A_KEYWORD)
        s->n_kw++;
    s->sorted = true;
}

const char *cli_help_find(const char *dict, const char *word, size_t *ret_len)
{
    size_t wl = strlen(word);
    for (const char *p = dict; p && *p;) {
        const char *eol = strchrnul(p, '\n');
        if (!strncmp(p, word, wl) && p[wl] == '|') {
            *ret_len = (size_t)(eol - (p + wl + 1));
            return p + wl + 1;
        }
        p = *eol ? eol + 1 : eol;
    }
    return NULL;
}

const char *cli_help_for(const char *dict, const struct cli_tok *tok, size_t *ret_len)
{
    char named[80];
    bool keyword = tok->type == CLI_A_KEYWORD;
    snprintf(named, sizeof(named), "$%s", tok->name);
    const char *h = keyword ? cli_help_find(dict, tok->text, ret_len) : NULL;
    if (!h)
        h = cli_help_find(dict, named, ret_len);
    if (!h)
        h = cli_help_find(dict, tok->name, ret_len);
    return h || keyword ? h : cli_help_find(dict, tok->text, ret_len);
}

static __attribute__((format(printf, 3, 4))) int bad(struct build *b, const char *at,
                                                     const char *fmt, ...)
{
    char msg[120];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof(msg), fmt, ap);
    va_end(ap);
    if (b->errlen)
        snprintf(b->err, b->errlen, "%s at \"%.40s\"", msg, at);
    return -1;
}

static bool is_special(char c)
{
    return strchr("<>[]{}|$!", c) != NULL; /* includes the NUL */
}

/* Where the token that begins at p ends, without $name and "...". */
static const char *token_end(const char *p, const char *end)
{
    if (*p == '(') {
        while (p < end && *p != ')')
            p++;
        return p < end ? p + 1 : p;
    }
    while (p < end && !is_special(*p) && !isspace((unsigned char)*p) &&
           !(end - p >= 3 && !strncmp(p, "...", 3)))
        p++;
    return p;
}

/* The closing bracket that belongs to the one at p, or NULL. */
static const char *group_end(const char *p, const char *end)
{
    char stack[MAX_DEPTH * 2];
    size_t n = 0;
    for (; p < end; p++) {
        if (*p == '<' || *p == '[' || *p == '{') {
            if (n == sizeof(stack))
                return NULL;
            stack[n++] = *p == '<' ? '>' : *p == '[' ? ']' : '}';
        } else if (*p == '>' || *p == ']' || *p == '}') {
            if (!n || stack[n - 1] != *p)
                return NULL;
            if (!--n)
                return p;
        }
    }
    return NULL;
}

static const char *suffix_end(const char *p, const char *end)
{
    for (;;) {
        if (end - p >= 3 && !strncmp(p, "...", 3))
            p += 3;
        else if (p < end && *p == '$')
            for (p++; p < end && (isalnum((unsigned char)*p) || *p == '_' || *p == '-'); p++)
                ;
        else
            return p;
    }
}

static bool elem_next(const char **pp, const char *end, const char **ret_start, size_t *ret_len)
{
    const char *p = *pp;
    while (p < end && isspace((unsigned char)*p))
        p++;
    if (p == end)
        return false;
    const char *start = p;
    if (*p == '!' && p + 1 < end)
        p++;
    if (*p == '<' || *p == '[' || *p == '{') {
        const char *e = group_end(p, end);
        p = e ? e + 1 : end;
    } else {
        const char *e = token_end(p, end);
        p = e > p ? e : p + 1; /* a stray special character: build_elem() refuses it */
    }
    p = suffix_end(p, end);
    *ret_start = start;
    *ret_len = (size_t)(p - start);
    *pp = p;
    return true;
}

bool cli_elem_next(const char **p, const char **ret_start, size_t *ret_len)
{
    return elem_next(p, *p + strlen(*p), ret_start, ret_len);
}

bool cli_tok_is_variable(const char *s, size_t len)
{
    if (len < 2 || !isupper((unsigned char)s[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isupper((unsigned char)s[i]) && !isdigit((unsigned char)s[i]) && !strchr("_:-", s[i]))
            return false;
    return true;
}

static int tok_range(struct build *b, struct cli_tok *tok)
{
    char *e;
    errno = 0;
    if (!isdigit((unsigned char)tok->text[1]))
        return bad(b, tok->text, "not a range");
    tok->lo = strtoull(tok->text + 1, &e, 10);
    if (*e != '-' || !isdigit((unsigned char)e[1]))
        return bad(b, tok->text, "not a range");
    tok->hi = strtoull(e + 1, &e, 10);
    if (strcmp(e, ")") || errno || tok->hi < tok->lo)
        return bad(b, tok->text, "not a range");
    tok->type = CLI_A_NUM;
    return 0;
}

static int tok_type(struct build *b, struct cli_tok *tok)
{
    static const struct {
        const char *text;
        enum cli_arg_type type;
    } types[] = { { "A.B.C.D", CLI_A_IP4 },
                  { "A.B.C.D/M", CLI_A_PFX4 },
                  { "X:X::X:X", CLI_A_IP6 },
                  { "X:X::X:X/M", CLI_A_PFX6 } };
    if (tok->text[0] == '(')
        return tok_range(b, tok);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (!strcmp(tok->text, types[i].text)) {
            tok->type = types[i].type;
            return 0;
        }
    if (cli_tok_is_variable(tok->text, tok->len)) {
        tok->type = CLI_A_WORD;
        return 0;
    }
    for (const char *p = tok->text; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("-+_*./:=", *p))
            return bad(b, tok->text, "strange keyword");
    tok->type = CLI_A_KEYWORD;
    return 0;
}

static void tok_help(struct build *b, struct cli_tok *tok)
{
    size_t n = 0;
    const char *h = NULL;
    if (b->visible)
        tok->visible = true;
    if (tok->help || !b->help)
        return;
    h = cli_help_for(b->help, tok, &n);
    if (h)
        tok->help = graph_strndup(b->g, h, n);
}

static int build_token(struct build *b, const char *p, size_t len, const char *name, size_t nlen,
                       bool repeat, struct cli_state *s, struct cli_state *t)
{
    struct cli_tok *tok = graph_alloc(b->g, sizeof(*tok));
    tok->text = graph_strndup(b->g, p, len);
    tok->len = (uint32_t)len;
    tok->index = b->index;
    char *nm = graph_strndup(b->g, name ? name : p, name ? nlen : len);
    for (char *c = nm; !name && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    tok->name = nm;
    if (tok_type(b, tok) < 0)
        return -1;
    if (repeat && tok->type == CLI_A_WORD && !strcmp(tok->text, "LINE"))
        tok->type = CLI_A_LINE;
    tok_help(b, tok);
    *b->g->tok_tail = tok;
    b->g->tok_tail = &tok->next;
    if (!repeat || tok->type == CLI_A_LINE) {
        add_edge(b->g, s, tok, t);
        return 0;
    }
    struct cli_state *m = state_new(b->g);
    add_edge(b->g, s, tok, m);
    add_edge(b->g, m, tok, m);
    add_eps(b->g, m, CLI_EPS_SKIP, 0, t);
    return 0;
}

static int build_seq(struct build *b, const char *p, const char *end, const char *name, size_t nlen,
                     struct cli_state *s, struct cli_state *t);

/* Alternatives of a group between its brackets, each from s to t; in a {set} from a state of its
 * own. */
static int build_alts(struct build *b, char kind, const char *p, const char *end, const char *name,
                      size_t nlen, struct cli_state *s, struct cli_state *t)
{
    struct cli_state *hub = NULL;
    uint32_t bit = 0;
    if (kind == '{') {
        if (b->in_set)
            return bad(b, p, "a set within a set");
        hub = state_new(b->g);
        add_eps(b->g, s, CLI_EPS_SET_ENTER, 0, hub);
        add_eps(b->g, hub, CLI_EPS_SET_EXIT, 0, t);
        b->in_set = true;
    }
    for (;;) {
        const char *q = p;
        int depth = 0;
        for (; q < end && (depth || *q != '|'); q++)
            depth += (*q == '<' || *q == '[' || *q == '{') - (*q == '>' || *q == ']' || *q == '}');
        struct cli_state *from = s;
        if (hub) {
            if (bit == 32)
                return bad(b, p, "too many alternatives");
            from = state_new(b->g);
            add_eps(b->g, hub, CLI_EPS_SET_ALT, 1u << bit++, from);
        }
        if (build_seq(b, p, q, name, nlen, from, hub ? hub : t) < 0)
            return -1;
        if (q == end)
            break;
        p = q + 1;
    }
    if (hub)
        b->in_set = false;
    return 0;
}

/* One element from s to t. name: given to a whole group, for the last tokens in it. */
static int build_elem(struct build *b, const char *p, const char *end, const char *name,
                      size_t nlen, struct cli_state *s, struct cli_state *t)
{
    bool only_no = *p == '!' && end - p > 1 && p[1] == '[', repeat = false;
    if (only_no)
        p++;
    bool group = *p == '<' || *p == '[' || *p == '{';
    const char *body_end = group ? group_end(p, end) : token_end(p, end);
    if (!body_end || body_end == p)
        return bad(b, p, "unbalanced or misplaced bracket");
    for (const char *q = body_end + group; q < end;) {
        if (*q == '.') {
            repeat = true;
            q += 3;
            continue;
        }
        const char *e = q + 1;
        while (e < end && *e != '$' && *e != '.')
            e++;
        if (*q != '$' || e == q + 1)
            return bad(b, q, "bad name");
        name = q + 1;
        nlen = (size_t)(e - name);
        q = e;
    }
    if (!group)
        return build_token(b, p, (size_t)(body_end - p), name, nlen, repeat, s, t);
    if (repeat)
        return bad(b, p, "a group cannot repeat");
    if (++b->depth > MAX_DEPTH)
        return bad(b, p, "too deep");
    if (*p == '[')
        add_eps(b->g, s, only_no ? CLI_EPS_NO : CLI_EPS_SKIP, 0, t);
    int rc = build_alts(b, *p, p + 1, body_end, name, nlen, s, t);
    b->depth--;
    return rc;
}

static int build_seq(struct build *b, const char *p, const char *end, const char *name, size_t nlen,
                     struct cli_state *s, struct cli_state *t)
{
    const char *e, *e2;
    size_t len, len2;
    if (!elem_next(&p, end, &e, &len))
        return bad(b, p, "empty alternative");
    for (;;) {
        bool more = elem_next(&p, end, &e2, &len2);
        struct cli_state *to = more ? state_new(b->g) : t;
        if (build_elem(b, e, e + len, more ? NULL : name, more ? 0 : nlen, s, to) < 0)
            return -1;
        if (!more)
            return 0;
        s = to;
        e = e2;
        len = len2;
    }
}

static struct cli_kid *kid_find(struct cli_state *s, const char *text, size_t len)
{
    for (uint32_t i = 0; i < s->n_kids; i++)
        if (s->kids[i].len == len && !memcmp(s->kids[i].text, text, len))
            return &s->kids[i];
    return NULL;
}

/* The state behind element `e` of state s: shared when it is spelt alike, else built. */
static struct cli_state *build_top(struct build *b, struct cli_state *s, const char *e, size_t len)
{
    struct cli_kid *k = kid_find(s, e, len);
    if (k) {
        struct cli_tok *tok = k->tok;
        for (uint32_t i = 0; i < k->n_toks; i++, tok = tok->next)
            tok_help(b, tok);
        return k->to;
    }
    struct cli_tok **first = b->g->tok_tail;
    struct cli_state *to = state_new(b->g);
    if (build_elem(b, e, e + len, NULL, 0, s, to) < 0)
        return NULL;
    s->kids = graph_grow(b->g, s->kids, s->n_kids, &s->cap_kids, sizeof(*s->kids));
    k = &s->kids[s->n_kids++];
    *k = (struct cli_kid){
        .text = graph_strndup(b->g, e, len), .len = (uint32_t)len, .to = to, .tok = *first
    };
    for (struct cli_tok *tok = *first; tok; tok = tok->next)
        k->n_toks++;
    return to;
}

static int build_command(struct build *b, const char *grammar, struct cli_entry *e)
{
    struct cli_state *s = b->g->root;
    const char *p = grammar, *el;
    size_t len;
    while (cli_elem_next(&p, &el, &len)) {
        s = build_top(b, s, el, len);
        if (!s)
            return -1;
    }
    if (s == b->g->root)
        return bad(b, grammar, "empty grammar");
    if (e) {
        struct cli_entry **at = &s->accept;
        while (*at)
            at = &(*at)->accept_next;
        e->accept_next = NULL;
        *at = e;
    }
    return 0;
}

int cli_graph_add(struct cli_graph *g, struct cli_entry *e, const char *grammar, const char *help,
                  bool visible, char *err, size_t errlen)
{
    struct build b = { .g = cli_graph_new(),
                       .index = e->index,
                       .help = help,
                       .visible = visible,
                       .err = err,
                       .errlen = errlen };
    int rc = build_command(&b, grammar, NULL);
    cli_graph_free(b.g);
    if (rc < 0)
        return rc;
    b.g = g;
    return build_command(&b, grammar, e);
}
