/* SPDX-License-Identifier: Apache-2.0
 * cli_export.c - a tree's grammar as lines of text, for a shell that holds none of its own.
 *
 * Lines, fields separated by tabs, "\n" and "\\" escaped within help:
 *   @dict  TEXT                              a dictionary of help texts
 *   @node  NAME  PARENT  PROMPT  EXIT-WORD   a node ("-" for none)
 *   NODE   FLAGS  GRAMMAR  HELP  [ENTERS]    a command; ENTERS: the node that it leads into
 * Commands that several daemons spell alike become one, tagged with all of them.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli_int.h"
#include "conf_int.h"

#define MAX_FIELDS 5

struct sbuf {
    char *s;
    size_t n, cap;
};

static void put(struct sbuf *b, const char *s, bool escape)
{
    for (; s && *s; s++) {
        if (b->n + 3 > b->cap) {
            b->cap = b->cap ? b->cap * 2 : 256;
            b->s = mem_realloc(MEM(tmp), b->s, b->cap);
        }
        if (escape && (*s == '\n' || *s == '\\')) {
            b->s[b->n++] = '\\';
            b->s[b->n++] = *s == '\n' ? 'n' : '\\';
        } else {
            b->s[b->n++] = *s;
        }
    }
    if (b->s)
        b->s[b->n] = '\0';
}

void cli_export(struct cli_tree *t, void (*line)(void *ctx, const char *text), void *ctx)
{
    struct sbuf b = { 0 };
    for (uint32_t i = 0; i < t->n_dict; i++) {
        b.n = 0;
        put(&b, "@dict\t", false);
        put(&b, t->dict[i], true);
        line(ctx, b.s);
    }
    for (const struct cli_node *n = t->nodes; n; n = n->next) {
        if (!n->prompt)
            continue;
        b.n = 0;
        put(&b, "@node\t", false);
        put(&b, n->name, false);
        put(&b, "\t", false);
        put(&b, n->parent ? n->parent : "-", false);
        put(&b, "\t", false);
        put(&b, *n->prompt ? n->prompt : "-", false);
        put(&b, "\t", false);
        put(&b, n->exit_word ? n->exit_word : "-", false);
        line(ctx, b.s);
    }
    for (const struct cli_node *n = t->nodes; n; n = n->next)
        for (const struct cli_entry *e = n->entries; e; e = e->next) {
            char flags[16];
            const char *enters = cli_enters(e->cmd);
            snprintf(flags, sizeof(flags), "\t%u\t", e->cmd->flags & ~(unsigned)CLI_F_IMPORTED);
            b.n = 0;
            put(&b, n->name, false);
            put(&b, flags, false);
            put(&b, e->cmd->grammar, false);
            put(&b, "\t", false);
            put(&b, e->cmd->help, true);
            if (enters) {
                put(&b, "\t", false);
                put(&b, enters, false);
            }
            line(ctx, b.s);
        }
    mem_free(MEM(tmp), b.s);
}

static void unescape(char *s)
{
    char *d = s;
    for (; *s; s++) {
        if (*s == '\\' && s[1]) {
            s++;
            *d++ = *s == 'n' ? '\n' : *s;
        } else {
            *d++ = *s;
        }
    }
    *d = '\0';
}

static int imported_fn(struct cli_req *r)
{
    return CLI_NOT_RUNNING; /* a shell sends the line to the command's daemons, it does not run it
                             */
}

static void tag_add(struct cli_entry *e, const char *tag)
{
    for (uint32_t i = 0; i < e->n_tags; i++)
        if (!strcmp(e->tags[i], tag))
            return;
    e->tags = mem_realloc(MEM(cli), e->tags, (e->n_tags + 1) * sizeof(*e->tags));
    e->tags[e->n_tags++] = mem_strdup(MEM(cli), tag);
}

static const char *entry_enters(const struct cli_entry *e)
{
    return e->own.fn == imported_fn && e->own.help ? e->own.help + strlen(e->own.help) + 1 : "";
}

static int import_command(struct cli_tree *t, const char *tag, char **f, int n)
{
    char err[160];
    char *end;
    unsigned long flags = strtoul(f[1], &end, 10);
    if (*end || !*f[0] || !*f[2])
        return -1;
    struct cli_node *node = cli_node_get(t, f[0]);
    for (struct cli_entry *e = node->entries; e; e = e->next)
        if ((e->cmd->flags & CLI_F_IMPORTED) && !strcmp(e->cmd->grammar, f[2])) {
            tag_add(e, tag);
            t->generation++;
            return 0;
        }
    unescape(f[3]);
    const char *enters = n > 4 ? f[4] : "";
    size_t hl = strlen(f[3]) + 1, el = strlen(enters) + 1;
    char *help = mem_alloc(MEM(cli), hl + el); /* the name of the node stands behind the help */
    memcpy(help, f[3], hl);
    memcpy(help + hl, enters, el);
    struct cli_entry *e = mem_calloc(MEM(cli), 1, sizeof(*e));
    e->own = (struct cli_cmd){ .node = mem_strdup(MEM(cli), f[0]),
                               .grammar = mem_strdup(MEM(cli), f[2]),
                               .help = help,
                               .fn = imported_fn,
                               .flags = (unsigned)(flags & 0xff) | (flags & CLI_F_IMPLICIT) |
                                        CLI_F_IMPORTED };
    e->cmd = &e->own;
    tag_add(e, tag);
    if (cli_entry_add(t, node, e, err, sizeof(err)) < 0) {
        cli_entry_free(e);
        return -1;
    }
    return 0;
}

int cli_import(struct cli_tree *t, const char *tag, const char *line)
{
    char *copy = mem_strdup(MEM(tmp), line), *f[MAX_FIELDS], *p = copy;
    int n = 0, rc = -1;
    while (n < MAX_FIELDS && p)
        f[n++] = strsep(&p, "\t");
    if (n == 2 && !strcmp(f[0], "@dict")) {
        unescape(f[1]);
        bool known = false;
        for (uint32_t i = 0; i < t->n_dict && !known; i++)
            known = !strcmp(t->dict[i], f[1]);
        if (!known)
            cli_help_add(t, f[1]);
        rc = 0;
    } else if (n == 5 && !strcmp(f[0], "@node") && *f[1]) {
        cli_node_define(t, f[1], strcmp(f[2], "-") ? f[2] : NULL, strcmp(f[3], "-") ? f[3] : "",
                        strcmp(f[4], "-") ? f[4] : NULL);
        rc = 0;
    } else if (n >= 4 && f[0][0] != '@') {
        rc = import_command(t, tag, f, n);
    }
    mem_free(MEM(tmp), copy);
    return rc;
}

void cli_forget(struct cli_tree *t, const char *tag)
{
    char err[160];
    bool changed = false;
    for (struct cli_node *n = t->nodes; n; n = n->next) {
        bool gone = false;
        for (struct cli_entry **at = &n->entries; *at;) {
            struct cli_entry *e = *at;
            for (uint32_t i = 0; i < e->n_tags; i++)
                if (!strcmp(e->tags[i], tag)) {
                    mem_free(MEM(cli), e->tags[i]);
                    e->tags[i] = e->tags[--e->n_tags];
                    changed = true;
                }
            if ((e->own.flags & CLI_F_IMPORTED) && !e->n_tags) {
                *at = e->next;
                cli_entry_free(e);
                gone = true;
            } else {
                at = &e->next;
            }
        }
        if (!gone)
            continue;
        cli_graph_free(n->graph);
        n->graph = cli_graph_new();
        n->tail = &n->entries;
        for (struct cli_entry *e = n->entries; e; e = e->next) {
            n->tail = &e->next;
            cli_graph_add(n->graph, e, e->cmd->grammar, e->cmd->help,
                          !(e->cmd->flags & (CLI_F_HIDDEN | CLI_F_DEPRECATED)), err, sizeof(err));
        }
    }
    if (changed)
        t->generation++;
}

const char *const *cli_tags(const struct cli_cmd *cmd, unsigned *ret_n)
{
    *ret_n = 0;
    if (!(cmd->flags & CLI_F_IMPORTED))
        return NULL;
    const struct cli_entry *e =
        (const struct cli_entry *)((const char *)cmd - offsetof(struct cli_entry, own));
    *ret_n = e->n_tags;
    return (const char *const *)e->tags;
}

const char *cli_enters(const struct cli_cmd *cmd)
{
    if (cmd->flags & CLI_F_IMPORTED) {
        const char *s = entry_enters(
            (const struct cli_entry *)((const char *)cmd - offsetof(struct cli_entry, own)));
        return *s ? s : NULL;
    }
    return conf_cmd_enters(cmd);
}
