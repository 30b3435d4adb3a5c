/* SPDX-License-Identifier: Apache-2.0
 * vtysh_exec.c - one line: whose it is, in which mode, and running it there.
 *
 * The mode is a stack of the lines that led to it. A line is looked up in the innermost node and
 * then outwards, as FRR does it; found further out, the modes above are left. Each daemon is told
 * with every line in which mode it is meant, so their sessions need not be kept in step.
 */
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "vtysh.h"

/* ---- output ---- */

void out_write(void *ctx, const char *data, size_t len)
{
    struct vtysh *v = ctx;

    if (v->out_broken || !len)
        return;
    if (fwrite(data, 1, len, v->out) != len)
        v->out_broken = true;
}

void out_printf(struct vtysh *v, const char *fmt, ...)
{
    char s[1024];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(s, sizeof(s), fmt, ap);
    va_end(ap);
    if (n > 0)
        out_write(v, s, (size_t)n < sizeof(s) ? (size_t)n : sizeof(s) - 1);
}

void out_begin(struct vtysh *v)
{
    if (!v->interactive || !v->paginate || v->terminal_length == 0 || !v->pager_cmd)
        return;
    fflush(stdout);
    v->pager = popen(v->pager_cmd, "w");
    if (v->pager)
        v->out = v->pager;
}

void out_end(struct vtysh *v)
{
    if (v->pager) {
        pclose(v->pager);
        v->pager = NULL;
        v->out = stdout;
        v->out_broken = false; /* the user left the pager */
    }
    if (fflush(v->out) != 0)
        v->out_broken = true;
}

/* ---- modes ---- */

void mode_push(struct vmode *mode, unsigned *n, const char *node, const char *line, uint32_t mask)
{
    if (*n == VTYSH_MAX_DEPTH)
        return;
    mode[*n].node = mem_strdup(MEM(vtysh), node);
    mode[*n].line = mem_strdup(MEM(vtysh), line);
    mode[*n].mask = mask;
    (*n)++;
}

void mode_pop_to(struct vmode *mode, unsigned *n, unsigned depth)
{
    while (*n > depth) {
        (*n)--;
        mem_free(MEM(vtysh), mode[*n].node);
        mem_free(MEM(vtysh), mode[*n].line);
    }
}

const char *exec_node(const struct vtysh *v)
{
    return v->n_mode ? v->mode[v->n_mode - 1].node : "view";
}

void exec_prompt(struct vtysh *v, char *buf, size_t len)
{
    struct cli_node_info info = { 0 };
    const char *prompt = "";

    if (v->n_mode && cli_node_info(v->all, exec_node(v), &info) && info.prompt)
        prompt = info.prompt;
    else if (v->n_mode)
        prompt = "config";
    snprintf(buf, len, *prompt ? "%s(%s)%s " : "%s%s%s ", v->hostname, prompt,
             v->user_mode ? ">" : "#");
}

/* ---- whose line ---- */

/* The tree of candidate i: daemons, and vtysh's own after them. */
static struct cli_tree *tree_of(struct vtysh *v, unsigned i)
{
    return i < v->n_daemons ? v->d[i].tree : v->local;
}

struct found {
    int rc;
    const struct cli_cmd *cmd;
    struct cli_args args;
    char *canonical;
};

static void found_free(struct found *f)
{
    if (f->rc != CLI_OK)
        return;
    cli_args_free(&f->args);
    mem_free(MEM(str), f->canonical);
    f->rc = CLI_NO_MATCH;
}

/*
 * A line in one node. The union of all grammars says whether it is unambiguous for a user; the
 * daemons' own say who takes it. Spelt out in full it must be the same line for all of them.
 */
static int resolve_in(struct vtysh *v, const char *node, const char *line, struct resolved *r)
{
    struct found f[VTYSH_MAX_DAEMONS + 1] = { 0 }, all = { 0 };
    const char *want = NULL;
    bool same = true;

    all.rc = cli_match(v->all, node, line, &all.cmd, &all.args, r->err, sizeof(r->err));
    if (all.rc == CLI_NO_MATCH || all.rc == CLI_INCOMPLETE)
        return all.rc;
    if (all.rc == CLI_OK)
        all.canonical = cli_canonical(all.cmd, &all.args);
    for (unsigned i = 0; i <= v->n_daemons; i++) {
        char err[512];
        f[i].rc = tree_of(v, i) ? cli_match(tree_of(v, i), node, line, &f[i].cmd, &f[i].args, err,
                                            sizeof(err))
                                : CLI_NO_MATCH;
        if (f[i].rc != CLI_OK)
            continue;
        f[i].canonical = cli_canonical(f[i].cmd, &f[i].args);
        if (want && strcmp(want, f[i].canonical) != 0)
            same = false;
        want = f[i].canonical;
    }
    r->rc = want && (same || all.rc == CLI_OK) ? CLI_OK : CLI_AMBIGUOUS;
    if (r->rc == CLI_OK && !same)
        want = all.canonical;
    for (unsigned i = 0; r->rc == CLI_OK && i <= v->n_daemons; i++) {
        if (f[i].rc != CLI_OK || strcmp(f[i].canonical, want) != 0)
            continue;
        if (i < v->n_daemons) {
            r->mask |= 1u << i;
        } else {
            r->local = f[i].cmd;
            r->args = f[i].args;
            f[i].args = (struct cli_args){ 0 };
        }
        if (!r->cmd) {
            r->cmd = f[i].cmd;
            r->enters = cli_enters(f[i].cmd);
        }
    }
    if (r->cmd)
        r->canonical = mem_strdup(MEM(vtysh), want);
    else if (r->rc == CLI_OK)
        r->rc = CLI_AMBIGUOUS;
    if (r->rc == CLI_AMBIGUOUS)
        snprintf(r->err, sizeof(r->err), "%% Ambiguous command: %.480s", line);
    for (unsigned i = 0; i <= v->n_daemons; i++)
        found_free(&f[i]);
    found_free(&all);
    return r->rc;
}

/* Where "| include RE" begins, or NULL; the expression may have bars of its own. */
const char *filter_find(const char *line, const char **ret_re)
{
    for (const char *bar = strchr(line, '|'); bar; bar = strchr(bar + 1, '|')) {
        const char *p = bar + 1 + strspn(bar + 1, " \t");
        size_t n = strcspn(p, " \t");
        if (n < 3 || n > 7 || strncmp(p, "include", n) != 0 || bar == line ||
            !isspace((unsigned char)bar[-1]))
            continue;
        *ret_re = p + n + strspn(p + n, " \t");
        return bar;
    }
    return NULL;
}

static bool word_is(const char *line, const char *word, size_t min)
{
    size_t n = strcspn(line, " \t");

    return n >= min && n <= strlen(word) && strncmp(line, word, n) == 0;
}

static int resolve_exec(struct vtysh *v, const char *line, struct resolved *r)
{
    const char *re, *bar = filter_find(line, &re);
    char *plain = mem_strdup(MEM(vtysh), line);

    if (bar)
        plain[bar - line] = 0;
    r->exec = true;
    r->rc = resolve_in(v, "view", plain, r);
    mem_free(MEM(vtysh), plain);
    return r->rc;
}

void resolve(struct vtysh *v, const struct vmode *mode, unsigned n_mode, const char *line,
             struct resolved *r)
{
    static const int rank[] = { [CLI_NO_MATCH] = 0, [CLI_INCOMPLETE] = 1, [CLI_AMBIGUOUS] = 2 };
    int best = CLI_NO_MATCH;
    char err[512] = "";

    *r = (struct resolved){ .rc = CLI_NO_MATCH };
    if (!n_mode) {
        resolve_exec(v, line, r);
        return;
    }
    if (word_is(line, "do", 2)) {
        line += strcspn(line, " \t");
        resolve_exec(v, line + strspn(line, " \t"), r);
        return;
    }
    for (unsigned depth = n_mode; depth; depth--) {
        r->depth = depth;
        r->rc = resolve_in(v, mode[depth - 1].node, line, r);
        if (r->rc == CLI_OK)
            return;
        if (depth == n_mode || rank[r->rc] > rank[best]) {
            best = r->rc;
            snprintf(err, sizeof(err), "%s", r->err);
        }
    }
    if (best == CLI_NO_MATCH && (word_is(line, "show", 2) || word_is(line, "write", 2)) &&
        resolve_exec(v, line, r) == CLI_OK)
        return;
    r->rc = best;
    r->depth = n_mode;
    snprintf(r->err, sizeof(r->err), "%s", err);
}

void resolved_free(struct resolved *r)
{
    cli_args_free(&r->args);
    mem_free(MEM(vtysh), r->canonical);
    r->canonical = NULL;
}

/* ---- running ---- */

int exec_on(struct vtysh *v, struct vdaemon *d, const char *line,
            void (*out)(void *ctx, const char *data, size_t len), void *ctx)
{
    struct shell_msg m = { .type = ST_RUN, .line = line };

    (void)v;
    return client_request(d, &m, out, NULL, ctx);
}

/* A daemon may have put its name around: "BGP", "bgpd". What is inside, or all. */
static char *unwrap(char *s, char *end, const char *name)
{
    char *key = *s == '{' ? s + 1 + strspn(s + 1, " \t\r\n") : NULL;
    size_t n = strlen(name);

    if (!key || *key != '"' || end[-1] != '}')
        return s;
    if (strncasecmp(key + 1, name, n) != 0 || key[1 + n] != '"')
        n--; /* without its d */
    if (strncasecmp(key + 1, name, n) != 0 || key[1 + n] != '"')
        return s;
    end[-1] = 0;
    s = key + n + 2;
    return s + strspn(s, ": \t\r\n");
}

/* `show X json` of several daemons: one object with each one's under its name. */
static int run_json(struct vtysh *v, uint32_t mask, const char *line)
{
    bool first = true;
    int worst = CLI_OK;

    out_write(v, "{\n", 2);
    for (unsigned i = 0; i < v->n_daemons; i++) {
        struct buf b = { 0 };
        if (!(mask & 1u << i) || !v->d[i].up)
            continue;
        int rc = exec_on(v, &v->d[i], line, (void (*)(void *, const char *, size_t))buf_add, &b);
        char *s = b.s ? b.s : (char *)(uintptr_t) "", *end = s + b.n;
        while (end > s && isspace((unsigned char)end[-1]))
            *--end = 0;
        s += strspn(s, " \t\r\n");
        s = unwrap(s, end, v->d[i].name);
        out_printf(v, "%s\"%s\":", first ? "" : ",\n", v->d[i].name);
        out_write(v, *s ? s : "{}", *s ? strlen(s) : 2);
        buf_free(&b);
        first = false;
        if (rc > worst)
            worst = rc;
    }
    out_write(v, "\n}\n", 3);
    return worst;
}

static bool wants_json(const char *line)
{
    size_t n = strlen(line);

    return n > 5 && strcmp(line + n - 5, " json") == 0;
}

static void exclude_down(struct vtysh *v, uint32_t *mask, int *rc)
{
    for (unsigned i = 0; i < v->n_daemons; i++)
        if ((*mask & 1u << i) && !v->d[i].up) {
            *mask &= ~(1u << i);
            if (*mask == 0) {
                out_printf(v, "%% %s is not running\n", v->d[i].name);
                *rc = CLI_NOT_RUNNING;
            }
        }
}

static int run_exec(struct vtysh *v, const struct resolved *r, const char *line)
{
    uint32_t mask = r->mask;
    int worst = CLI_OK;

    exclude_down(v, &mask, &worst);
    if (worst != CLI_OK)
        return worst;
    if ((mask & (mask - 1)) && wants_json(r->canonical))
        return run_json(v, mask, line);
    for (unsigned i = 0; i < v->n_daemons && !v->interrupted && !v->out_broken; i++) {
        if (!(mask & 1u << i))
            continue;
        int rc = exec_on(v, &v->d[i], line, out_write, v);
        if (rc > worst)
            worst = rc;
    }
    return worst;
}

/* To all that take it, in its mode. The worst answer counts, except that of those who have no use
 * for it. */
static int run_config(struct vtysh *v, const struct resolved *r, const char *line)
{
    uint32_t mask = r->mask, good = 0;
    int worst = CLI_OK;

    exclude_down(v, &mask, &worst);
    if (worst != CLI_OK)
        return worst;
    mode_pop_to(v->mode, &v->n_mode, r->depth);
    for (unsigned i = 0; i < v->n_daemons; i++) {
        struct shell_msg m = { .type = ST_RUN, .line = line };
        if (!(mask & 1u << i))
            continue;
        for (unsigned k = 0; k < v->n_mode; k++)
            if (v->mode[k].mask & 1u << i)
                m.path[m.n_path++] = v->mode[k].line;
        int rc = client_request(&v->d[i], &m, out_write, NULL, v);
        if (rc == CLI_OK || rc == CLI_WARNING)
            good |= 1u << i;
        if (rc > worst)
            worst = rc;
    }
    if (good && r->enters)
        mode_push(v->mode, &v->n_mode, r->enters, r->canonical, good);
    if (good && strncmp(r->canonical, "hostname ", 9) == 0)
        snprintf(v->hostname, sizeof(v->hostname), "%s", r->canonical + 9);
    return worst;
}

/* Commands that every node has, and that move or list: vtysh's own business. True when it was one.
 */
static bool run_builtin(struct vtysh *v, const struct resolved *r, int *ret)
{
    const char *g = r->cmd->grammar;
    struct cli_node_info info = { 0 };

    *ret = CLI_OK;
    if (strcmp(g, "end") == 0) {
        mode_pop_to(v->mode, &v->n_mode, 0);
        return true;
    }
    bool leaves =
        strcmp(g, "exit") == 0 || strcmp(g, "quit") == 0 ||
        (v->n_mode && cli_node_info(v->all, v->mode[r->depth ? r->depth - 1 : 0].node, &info) &&
         info.exit_word && strcmp(g, info.exit_word) == 0);
    if (leaves) {
        if (!v->n_mode || r->exec)
            v->quit = true;
        else
            mode_pop_to(v->mode, &v->n_mode, r->depth - 1);
        return true;
    }
    if (strcmp(g, "configure [terminal]") == 0) {
        mode_pop_to(v->mode, &v->n_mode, 0);
        mode_push(v->mode, &v->n_mode, "config", "configure terminal", VTYSH_ALL_UP);
        return true;
    }
    if (strcmp(g, "enable") == 0 || strcmp(g, "disable") == 0) {
        v->user_mode = *g == 'd';
        return true;
    }
    return false;
}

static void list_row(void *ctx, const char *text)
{
    out_printf(ctx, "  %s\n", text);
}

static int run_list(struct vtysh *v)
{
    cli_list(v->all, exec_node(v), list_row, v);
    return CLI_OK;
}

static int exec_resolved(struct vtysh *v, const struct resolved *r, const char *line)
{
    const char *sent = line;
    int rc;

    if (run_builtin(v, r, &rc))
        return rc;
    if (strcmp(r->cmd->grammar, "list [permutations]") == 0)
        return run_list(v);
    if (r->exec && v->n_mode && word_is(line, "do", 2))
        sent = line + strcspn(line, " \t") + strspn(line + strcspn(line, " \t"), " \t");
    if (v->user_mode && r->exec && !(r->cmd->flags & CLI_F_VIEW) &&
        strncmp(r->canonical, "show ", 5) != 0) {
        out_printf(v, "%% Unknown command: %s\n", line);
        return CLI_NO_MATCH;
    }
    if (r->local)
        return local_run(v, r, sent);
    return r->exec ? run_exec(v, r, sent) : run_config(v, r, line);
}

int exec_line(struct vtysh *v, const char *text)
{
    struct resolved r;
    char *line = mem_strdup(MEM(vtysh), text + strspn(text, " \t\r\n"));
    size_t n = strlen(line);
    int rc = CLI_OK;

    while (n && isspace((unsigned char)line[n - 1]))
        line[--n] = 0;
    if (n && *line != '!' && *line != '#') {
        v->interrupted = 0;
        client_grammars(v);
        resolve(v, v->mode, v->n_mode, line, &r);
        rc = r.rc;
        out_begin(v);
        if (rc == CLI_OK)
            rc = exec_resolved(v, &r, line);
        else
            out_printf(v, "%s\n", r.err);
        out_end(v);
        resolved_free(&r);
    }
    mem_free(MEM(vtysh), line);
    return rc;
}
