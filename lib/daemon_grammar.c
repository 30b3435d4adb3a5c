/* SPDX-License-Identifier: Apache-2.0
 * daemon_grammar.c - which lines of a file that all daemons share are known to none of them.
 *
 * A daemon knows its own commands only. So that a mistyped line is told from another daemon's, each
 * program's grammar (cli_export(), without help) is written at build time by the program itself
 * (--grammar) and installed as pkgdatadir/grammar/NAME.grammar. The reader of a shared file walks
 * through it with its own live tree and the others' files: a line is known when any tree takes it
 * in the block where it stands or in one of that block's parents, which is also how it is read.
 *
 * Inside a block only the daemons that know the block speak up; at the top level each reader does.
 * A daemon that finds no grammar of its own name (not installed) does not know who the others are
 * and says nothing. What plugins add is known to the daemon that loaded them, not to the others.
 */
#include "config.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli.h"
#include "daemon_private.h"
#include "mem.h"

MEM_DEFINE(grammar, "Grammar of other daemons");

#define MAX_TREES 16
#define MAX_DEPTH 8
#define SUFFIX    ".grammar"

struct walk {
    struct cli_tree *tree[MAX_TREES]; /* the first is the reader's own */
    unsigned n_trees;
    char *node[MAX_DEPTH]; /* blocks that the walk is in; the first is "config" */
    bool own[MAX_DEPTH];   /* the reader knows it */
    unsigned depth;
};

static void print_line(void *ctx, const char *text)
{
    FILE *f = ctx;
    char *copy = mem_strdup(MEM(tmp), text), *field[5], *p = copy;
    unsigned n = 0;
    while (n < 5 && p)
        field[n++] = strsep(&p, "\t");
    if (n == 5 && !strcmp(field[0], "@node"))
        fprintf(f, "%s\n", text);
    else if (n >= 4 && field[0][0] != '@') /* the help is not needed */
        fprintf(f, "%s\t%s\t%s\t%s%s\n", field[0], field[1], field[2], n > 4 ? "\t" : "",
                n > 4 ? field[4] : "");
    mem_free(MEM(tmp), copy);
}

void daemon_grammar_print(struct daemon *d)
{
    cli_export(d->cli, print_line, stdout);
}

static bool import_file(struct cli_tree *t, const char *path)
{
    char *line = NULL;
    size_t cap = 0;
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    for (ssize_t n; (n = getline(&line, &cap, f)) > 0;) {
        line[strcspn(line, "\n")] = '\0';
        cli_import(t, "other", line); /* of another release: what is not understood is left out */
    }
    free(line);
    fclose(f);
    return true;
}

/* The others' trees; false when the reader is not among the installed. */
static bool trees_read(struct walk *w, const struct daemon *d, const char *dir)
{
    bool self = false;
    DIR *handle = opendir(dir);
    w->tree[w->n_trees++] = d->cli;
    for (struct dirent *e; handle && (e = readdir(handle));) {
        size_t n = strlen(e->d_name), s = strlen(SUFFIX);
        char path[512];
        if (n <= s || strcmp(e->d_name + n - s, SUFFIX) != 0 || w->n_trees == MAX_TREES)
            continue;
        if (n - s == strlen(d->name) && !strncmp(e->d_name, d->name, n - s)) {
            self = true;
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
        struct cli_tree *t = cli_tree_new(NULL);
        if (import_file(t, path))
            w->tree[w->n_trees++] = t;
        else
            cli_tree_free(t);
    }
    if (handle)
        closedir(handle);
    return self;
}

static void leave_to(struct walk *w, unsigned depth)
{
    while (w->depth > depth)
        mem_free(MEM(grammar), w->node[--w->depth]);
}

static void enter(struct walk *w, const char *node, bool own)
{
    if (w->depth == MAX_DEPTH) /* deeper than any grammar of ours: stays */
        return;
    w->own[w->depth] = own;
    w->node[w->depth++] = mem_strdup(MEM(grammar), node);
}

/* Where a known line leads: out of a block, into one, or to the block that took it. */
static void moved(struct walk *w, const struct cli_tree *t, const char *grammar, const char *enters,
                  const char *exit_word, unsigned depth)
{
    if (!strcmp(grammar, "end"))
        leave_to(w, 1);
    else if (!strcmp(grammar, "exit") || !strcmp(grammar, "quit") ||
             (exit_word && !strcmp(grammar, exit_word)))
        leave_to(w, depth > 1 ? depth - 1 : 1);
    else
        leave_to(w, depth);
    if (enters)
        enter(w, enters, t == w->tree[0]);
}

/* CLI_OK, or how near the line came to being one. */
static int walk_line(struct walk *w, const char *line)
{
    int best = CLI_NO_MATCH;
    for (unsigned depth = w->depth; depth; depth--)
        for (unsigned i = 0; i < w->n_trees; i++) {
            const struct cli_cmd *cmd;
            struct cli_args a;
            struct cli_node_info info = { 0 };
            char err[512];
            const char *node = w->node[depth - 1];
            int rc = cli_match(w->tree[i], node, line, &cmd, &a, err, sizeof(err));
            if (rc == CLI_OK) {
                bool known = cli_node_info(w->tree[i], node, &info);
                moved(w, w->tree[i], cmd->grammar, cli_enters(cmd), known ? info.exit_word : NULL,
                      depth);
                cli_args_free(&a);
                return CLI_OK;
            }
            if (best == CLI_NO_MATCH)
                best = rc;
        }
    return best;
}

static unsigned indent(const char *line)
{
    unsigned n = 0;
    for (; *line == ' ' || *line == '\t'; line++)
        n += *line == '\t' ? 8 - n % 8 : 1;
    return n;
}

/* A line that nobody knows, with the deeper lines below it: they stand in a block that is not one.
 */
static void walk_text(struct walk *w, const char *text, daemon_unknown_fn *unknown, void *ctx)
{
    char *copy = mem_strdup(MEM(grammar), text), *p = copy, *line;
    unsigned lineno = 0, skip_from = 0, skip_to = 0, skip_indent = 0;
    int skip_rc = CLI_OK;
    const char *skip_line = NULL;
    bool skip_own = false;
    while (p && (line = strsep(&p, "\n"))) {
        size_t n = strlen(line);
        lineno++;
        while (n && strchr(" \t\r", line[n - 1]))
            line[--n] = '\0';
        unsigned deep = indent(line);
        const char *word = line + strspn(line, " \t");
        if (!*word || *word == '!' || *word == '#')
            continue;
        if (skip_line && deep > skip_indent) {
            skip_to = lineno;
            continue;
        }
        if (skip_line && skip_own)
            unknown(ctx, skip_from, skip_to, skip_rc, skip_line);
        bool closes = skip_line && skip_to > skip_from && !strncmp(word, "exit", 4);
        skip_line = NULL;
        if (closes) /* the end of the unknown block */
            continue;
        skip_rc = walk_line(w, word);
        if (skip_rc != CLI_OK) {
            skip_line = word;
            skip_from = skip_to = lineno;
            skip_indent = deep;
            skip_own = w->own[w->depth - 1];
        }
    }
    if (skip_line && skip_own)
        unknown(ctx, skip_from, skip_to, skip_rc, skip_line);
    mem_free(MEM(grammar), copy);
}

bool daemon_grammar_check(struct daemon *d, const char *dir, const char *text,
                          daemon_unknown_fn *unknown, void *ctx)
{
    struct walk w = { 0 };
    bool ours = trees_read(&w, d, dir);
    if (ours) {
        enter(&w, "config", true);
        walk_text(&w, text, unknown, ctx);
        leave_to(&w, 0);
    }
    for (unsigned i = 1; i < w.n_trees; i++)
        cli_tree_free(w.tree[i]);
    return ours;
}
