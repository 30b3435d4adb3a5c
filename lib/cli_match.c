/* SPDX-License-Identifier: Apache-2.0
 * cli_match.c - finding the command of a line.
 *
 * All threads of the node's NFA advance together, one word at a time. A thread's rank for a word
 * says how well the word fitted: whole keyword, abbreviated keyword, then values from the most
 * to the least specific. The threads' histories of ranks are compared as words are: the first
 * difference decides. So `key` is a dense number that orders histories, renewed with every word,
 * and of two threads in one state the better is kept. Equal histories through different
 * abbreviated keywords are ambiguous. The work is bounded by words times states.
 */
#include "config.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli_int.h"

MEM_DEFINE(cli_args, "Command arguments");

enum rank {
    RANK_EXACT,
    RANK_ABBREV,
    RANK_NUM,
    RANK_IP4,
    RANK_PFX4,
    RANK_IP6,
    RANK_PFX6,
    RANK_WORD,
    RANK_LINE
};
#define RANKS   16u
#define NO_STEP UINT32_MAX

static void *grow(void *v, uint32_t n, uint32_t *cap, size_t size)
{
    if (n < *cap)
        return v;
    *cap = *cap ? *cap * 2 : 32;
    return mem_realloc(MEM(cli), v, *cap * size);
}

void cli_scratch_fini(struct cli_scratch *sc)
{
    mem_free(MEM(cli), sc->line);
    mem_free(MEM(cli), sc->words);
    mem_free(MEM(cli), sc->steps);
    mem_free(MEM(cli), sc->cur);
    mem_free(MEM(cli), sc->nxt);
    mem_free(MEM(cli), sc->clo);
    memset(sc, 0, sizeof(*sc));
}

/* Cuts the line into words (each ends in NUL in the copy); the copy keeps distances. */
static void split(struct cli_scratch *sc, const char *line)
{
    size_t n = strlen(line) + 1;
    if (n > sc->cap_line) {
        sc->cap_line = (uint32_t)n * 2;
        sc->line = mem_realloc(MEM(cli), sc->line, sc->cap_line);
    }
    memcpy(sc->line, line, n);
    sc->n_words = 0;
    for (char *p = sc->line;;) {
        while (isspace((unsigned char)*p))
            p++;
        if (!*p)
            return;
        char *s = p;
        while (*p && !isspace((unsigned char)*p))
            p++;
        sc->words = grow(sc->words, sc->n_words, &sc->cap_words, sizeof(*sc->words));
        struct cli_word *w = &sc->words[sc->n_words++];
        w->s = s;
        w->len = (uint32_t)(p - s);
        w->tried = w->is = 0;
        if (*p)
            *p++ = '\0';
    }
}

static bool parse_num(const struct cli_word *w, uint64_t *ret)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < w->len; i++) {
        unsigned d = (unsigned)(w->s[i] - '0');
        if (d > 9 || v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *ret = v;
    return true;
}

/* Is the word a value of this type? Found out once per word and type. */
static bool word_is(struct cli_word *w, enum cli_arg_type type)
{
    uint16_t bit = (uint16_t)(1u << type);
    if (w->tried & bit)
        return w->is & bit;
    w->tried |= bit;
    bool v6 = memchr(w->s, ':', w->len) != NULL, slash = memchr(w->s, '/', w->len) != NULL;
    bool ok = false;
    switch (type) {
    case CLI_A_NUM:
        ok = parse_num(w, &w->num);
        break;
    case CLI_A_IP4:
        ok = !v6 && !slash && ipaddr_parse4(w->s, &w->ip);
        break;
    case CLI_A_IP6:
        ok = v6 && !slash && ipaddr_parse6(w->s, &w->ip);
        break;
    case CLI_A_PFX4:
    case CLI_A_PFX6:
        ok = v6 == (type == CLI_A_PFX6) && slash && prefix_parse(w->s, &w->pfx) &&
             prefix_parse_as_written(w->s, &w->ip, &w->plen);
        break;
    default:
        break;
    }
    if (ok)
        w->is |= bit;
    return ok;
}

/* The rank of the word for a value token, or -1. */
static int value_rank(const struct cli_tok *tok, struct cli_word *w)
{
    switch (tok->type) {
    case CLI_A_NUM:
        return word_is(w, CLI_A_NUM) && w->num >= tok->lo && w->num <= tok->hi ? RANK_NUM : -1;
    case CLI_A_IP4:
        return word_is(w, CLI_A_IP4) ? RANK_IP4 : -1;
    case CLI_A_PFX4:
        return word_is(w, CLI_A_PFX4) ? RANK_PFX4 : -1;
    case CLI_A_IP6:
        return word_is(w, CLI_A_IP6) ? RANK_IP6 : -1;
    case CLI_A_PFX6:
        return word_is(w, CLI_A_PFX6) ? RANK_PFX6 : -1;
    case CLI_A_LINE:
        return RANK_LINE;
    default:
        return RANK_WORD;
    }
}

static bool closure_has(const struct cli_scratch *sc, const struct cli_state *st, uint32_t mask)
{
    for (uint32_t i = 0; i < sc->n_clo; i++)
        if (sc->clo[i].st == st && sc->clo[i].mask == mask)
            return true;
    return false;
}

static void closure_push(struct cli_scratch *sc, const struct cli_thread *t)
{
    sc->clo = grow(sc->clo, sc->n_clo, &sc->cap_clo, sizeof(*sc->clo));
    sc->clo[sc->n_clo++] = *t;
}

/* Everything that t reaches by empty moves, t first, into sc->clo. */
void cli_closure(struct cli_scratch *sc, const struct cli_thread *t)
{
    sc->n_clo = 0;
    closure_push(sc, t);
    for (uint32_t i = 0; i < sc->n_clo; i++) {
        const struct cli_state *st = sc->clo[i].st;
        for (uint32_t k = 0; k < st->n_eps; k++) {
            const struct cli_eps *e = &st->eps[k];
            struct cli_thread n = sc->clo[i];
            n.st = e->to;
            if (e->kind == CLI_EPS_NO && !n.no)
                continue;
            if (e->kind == CLI_EPS_SET_ALT && (n.mask & e->bit))
                continue;
            if (e->kind == CLI_EPS_SET_EXIT && !n.mask)
                continue;
            if (e->kind == CLI_EPS_SET_ENTER || e->kind == CLI_EPS_SET_EXIT)
                n.mask = 0;
            if (e->kind == CLI_EPS_SET_ALT)
                n.mask |= e->bit;
            if (!closure_has(sc, n.st, n.mask))
                closure_push(sc, &n);
        }
    }
}

static void take(struct cli_scratch *sc, const struct cli_thread *t, const struct cli_edge *e,
                 uint32_t word, unsigned rank)
{
    sc->steps = grow(sc->steps, sc->n_steps, &sc->cap_steps, sizeof(*sc->steps));
    sc->nxt = grow(sc->nxt, sc->n_nxt, &sc->cap_nxt, sizeof(*sc->nxt));
    sc->steps[sc->n_steps] = (struct cli_step){ .tok = e->tok, .word = word, .parent = t->path };
    struct cli_thread *n = &sc->nxt[sc->n_nxt++];
    *n = *t;
    n->st = e->to;
    n->key = t->key * RANKS + rank;
    n->path = sc->n_steps++;
    if (word == 0 && e->tok->type == CLI_A_KEYWORD && !strcmp(e->tok->text, "no"))
        n->no = true;
}

/* All moves of one closure state over the word. */
static void step_state(struct cli_scratch *sc, const struct cli_thread *t, uint32_t wi)
{
    struct cli_word *w = &sc->words[wi];
    struct cli_state *st = t->st;
    if (!st->sorted)
        cli_state_sort(st);
    uint32_t lo = 0, hi = st->n_kw;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (strcmp(st->edges[mid].tok->text, w->s) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < st->n_kw; lo++) {
        const struct cli_tok *tok = st->edges[lo].tok;
        if (tok->len < w->len || memcmp(tok->text, w->s, w->len))
            break;
        take(sc, t, &st->edges[lo], wi, tok->len == w->len ? RANK_EXACT : RANK_ABBREV);
    }
    for (uint32_t i = st->n_kw; i < st->n_edges; i++) {
        int rank = value_rank(st->edges[i].tok, w);
        if (rank >= 0)
            take(sc, t, &st->edges[i], wi, (unsigned)rank);
    }
}

/* Do two threads with equal ranks differ in a keyword? */
static bool paths_differ(const struct cli_scratch *sc, uint32_t a, uint32_t b)
{
    while (a != b && a != NO_STEP && b != NO_STEP) {
        const struct cli_step *x = &sc->steps[a], *y = &sc->steps[b];
        if (x->tok != y->tok && x->tok->type == CLI_A_KEYWORD && y->tok->type == CLI_A_KEYWORD &&
            strcmp(x->tok->text, y->tok->text))
            return true;
        a = x->parent;
        b = y->parent;
    }
    return false;
}

/* Orders the new threads, drops the worse of two in one state, gives dense keys. */
static void settle(struct cli_scratch *sc)
{
    for (uint32_t i = 1; i < sc->n_nxt; i++) { /* few threads, nearly in order */
        struct cli_thread t = sc->nxt[i];
        uint32_t k = i;
        for (; k > 0 && sc->nxt[k - 1].key > t.key; k--)
            sc->nxt[k] = sc->nxt[k - 1];
        sc->nxt[k] = t;
    }
    uint32_t n = 0, key = 0, last = 0;
    for (uint32_t i = 0; i < sc->n_nxt; i++) {
        struct cli_thread t = sc->nxt[i];
        if (i && t.key != last)
            key++;
        last = t.key;
        t.key = key;
        uint32_t k = 0;
        while (k < n && (sc->nxt[k].st != t.st || sc->nxt[k].mask != t.mask))
            k++;
        if (k == n)
            sc->nxt[n++] = t;
        else if (sc->nxt[k].key == key && paths_differ(sc, sc->nxt[k].path, t.path))
            sc->nxt[k].ambiguous = true;
    }
    sc->n_nxt = n;
}

static void start(struct cli_graph *g, struct cli_scratch *sc)
{
    sc->n_steps = 0;
    sc->cur = grow(sc->cur, 0, &sc->cap_cur, sizeof(*sc->cur));
    sc->cur[0] = (struct cli_thread){ .st = g->root, .path = NO_STEP };
    sc->n_cur = 1;
}

static void swap(struct cli_scratch *sc)
{
    struct cli_thread *v = sc->cur;
    uint32_t cap = sc->cap_cur;
    sc->cur = sc->nxt;
    sc->cap_cur = sc->cap_nxt;
    sc->n_cur = sc->n_nxt;
    sc->nxt = v;
    sc->cap_nxt = cap;
    sc->n_nxt = 0;
}

/* One word for all threads. Threads that a LINE... has brought to the end of the line stay. */
static void step(struct cli_scratch *sc, uint32_t wi)
{
    sc->n_nxt = 0;
    for (uint32_t i = 0; i < sc->n_cur; i++) {
        struct cli_thread t = sc->cur[i];
        if (t.path != NO_STEP && sc->steps[t.path].tok->type == CLI_A_LINE) {
            sc->nxt = grow(sc->nxt, sc->n_nxt, &sc->cap_nxt, sizeof(*sc->nxt));
            t.key = t.key * RANKS + RANK_LINE;
            sc->nxt[sc->n_nxt++] = t;
            continue;
        }
        cli_closure(sc, &t);
        for (uint32_t k = 0; k < sc->n_clo; k++) {
            struct cli_thread c = sc->clo[k];
            step_state(sc, &c, wi);
        }
    }
    settle(sc);
    swap(sc);
}

static size_t arg_room(const struct cli_tok *tok, const struct cli_word *w, const char *end)
{
    if (tok->type == CLI_A_KEYWORD)
        return 0;
    if (tok->type == CLI_A_LINE)
        return (size_t)(end - w->s) + 1;
    return (w->len > PREFIX_STRLEN ? w->len : PREFIX_STRLEN) + 1;
}

/* Writes the canonical text of a value at p; returns where the next may go. */
static char *arg_text(struct cli_arg *a, const struct cli_word *w, const char *line,
                      const char *end, const struct cli_scratch *sc, char *p)
{
    a->text = p;
    switch (a->type) {
    case CLI_A_LINE: {
        size_t n = (size_t)(end - w->s);
        memcpy(p, line + (w->s - sc->line), n); /* as typed: inner spaces are part of it */
        p[n] = '\0';
        return p + n + 1;
    }
    case CLI_A_NUM:
        return p + sprintf(p, "%llu", (unsigned long long)a->num) + 1;
    case CLI_A_IP4:
    case CLI_A_IP6:
        ipaddr_str(&a->ip, p);
        return p + strlen(p) + 1;
    case CLI_A_PFX4:
    case CLI_A_PFX6:
        ipaddr_str(&a->ip, p);
        p += strlen(p);
        return p + sprintf(p, "/%u", a->plen) + 1;
    default:
        memcpy(p, w->s, w->len + 1);
        return p + w->len + 1;
    }
}

/* The thread's history as arguments: one block, the texts behind the array. */
static void make_args(const struct cli_scratch *sc, uint32_t path, const char *line,
                      struct cli_args *ret)
{
    const struct cli_word *lw = &sc->words[sc->n_words - 1];
    const char *end = lw->s + lw->len;
    size_t room = 0;
    unsigned n = 0;
    for (uint32_t s = path; s != NO_STEP; s = sc->steps[s].parent, n++)
        room += arg_room(sc->steps[s].tok, &sc->words[sc->steps[s].word], end);
    ret->v = mem_alloc(MEM(cli_args), n * sizeof(*ret->v) + room);
    ret->n = n;
    char *p = (char *)(ret->v + n);
    for (uint32_t s = path; s != NO_STEP; s = sc->steps[s].parent) {
        const struct cli_tok *tok = sc->steps[s].tok;
        const struct cli_word *w = &sc->words[sc->steps[s].word];
        struct cli_arg *a = &ret->v[--n];
        memset(a, 0, sizeof(*a));
        a->name = tok->name;
        a->type = tok->type;
        a->text = tok->text;
        if (tok->type == CLI_A_NUM)
            a->num = w->num;
        if (tok->type >= CLI_A_IP4)
            a->ip = w->ip;
        if (tok->type >= CLI_A_PFX4) {
            a->pfx = w->pfx;
            a->plen = w->plen;
        }
        if (tok->type != CLI_A_KEYWORD)
            p = arg_text(a, w, line, end, sc, p);
    }
}

/* Better of two commands that fit equally well. */
static bool prefer(const struct cli_entry *a, const struct cli_entry *b)
{
    bool ia = a->cmd->flags & CLI_F_IMPLICIT, ib = b->cmd->flags & CLI_F_IMPLICIT;
    return ia != ib ? ib : a->index < b->index;
}

int cli_graph_match(struct cli_graph *g, struct cli_scratch *sc, const char *line,
                    struct cli_entry **ret_entry, struct cli_args *ret_args)
{
    split(sc, line);
    if (!sc->n_words)
        return CLI_NO_MATCH;
    start(g, sc);
    for (uint32_t i = 0; i < sc->n_words && sc->n_cur; i++)
        step(sc, i);
    if (!sc->n_cur)
        return CLI_NO_MATCH;
    struct cli_entry *best = NULL;
    struct cli_thread bt = { .ambiguous = false };
    for (uint32_t i = 0; i < sc->n_cur; i++) {
        if (best && sc->cur[i].key > bt.key)
            break;
        cli_closure(sc, &sc->cur[i]);
        for (uint32_t k = 0; k < sc->n_clo; k++)
            for (struct cli_entry *e = sc->clo[k].st->accept; e; e = e->accept_next) {
                bool amb = best && paths_differ(sc, bt.path, sc->clo[k].path);
                if (!best || prefer(e, best)) {
                    best = e;
                    amb = amb || bt.ambiguous;
                    bt = sc->clo[k];
                }
                bt.ambiguous = bt.ambiguous || amb;
            }
    }
    if (!best)
        return CLI_INCOMPLETE;
    if (bt.ambiguous)
        return CLI_AMBIGUOUS;
    make_args(sc, bt.path, line, ret_args);
    *ret_entry = best;
    return CLI_OK;
}

const struct cli_word *cli_graph_advance(struct cli_graph *g, struct cli_scratch *sc,
                                         const char *line)
{
    static const struct cli_word none = { .s = "" };
    size_t n = strlen(line);
    split(sc, line);
    start(g, sc);
    bool partial = sc->n_words && n && !isspace((unsigned char)line[n - 1]);
    uint32_t whole = sc->n_words - partial;
    for (uint32_t i = 0; i < whole && sc->n_cur; i++)
        step(sc, i);
    return partial ? &sc->words[whole] : &none;
}
