/* SPDX-License-Identifier: Apache-2.0
 * vtysh_edit.c - the terminal: libedit with history, TAB, `?` and Ctrl-Z.
 *
 * Before every prompt the daemons are looked at again, so one that was started, restarted or given
 * a plugin in the meantime shows its commands.
 */
#include <histedit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "config.h"
#include "vtysh.h"

static struct vtysh
    *the; /* libedit's callbacks have no argument for it that all versions support */
static char prompt[200];

static char *edit_prompt(EditLine *el)
{
    (void)el;
    return prompt;
}

static unsigned columns(void)
{
    struct winsize ws;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col >= 20 ? ws.ws_col : 80;
}

/* The line up to the cursor, and the node it would run in. */
static char *typed(EditLine *el, const char **ret_node)
{
    const LineInfo *li = el_line(el);
    size_t n = (size_t)(li->cursor - li->buffer);
    const char *s = li->buffer;
    char *line;

    *ret_node = exec_node(the);
    while (n && (*s == ' ' || *s == '\t')) {
        s++;
        n--;
    }
    if (the->n_mode && n > 2 && strncmp(s, "do ", 3) == 0) {
        *ret_node = "view";
        s += 3;
        n -= 3;
    }
    line = mem_alloc(MEM(vtysh), n + 1);
    memcpy(line, s, n);
    line[n] = 0;
    return line;
}

/* Help texts wrap at the terminal's width under their own column. */
static void help_row(void *ctx, const char *word, const char *help)
{
    unsigned *rows = ctx, width = columns(), at = 24, n = (unsigned)strlen(word) + 4;
    const char *p = help ? help : "";

    (*rows)++;
    printf("  %-*s  ", (int)at - 4, word);
    if (n > at)
        printf("\n%*s", (int)at, "");
    unsigned room = width > at + 20 ? width - at : 20, col = 0;
    while (*p) {
        size_t w = strcspn(p, " ");
        if (col && col + w > room) {
            printf("\n%*s", (int)at, "");
            col = 0;
        }
        printf("%.*s", (int)w, p);
        col += (unsigned)w;
        p += w;
        while (*p == ' ') {
            p++;
            if (*p && col + 1 + strcspn(p, " ") <= room)
                putchar(' ');
            col++;
        }
    }
    putchar('\n');
}

static unsigned char on_help(EditLine *el, int ch)
{
    const char *node;
    char *line = typed(el, &node);
    unsigned rows = 0;

    (void)ch;
    client_refresh(the);
    printf("?\n");
    cli_help(the->all, node, line, help_row, &rows);
    if (!rows)
        printf("%% There is no matched command.\n");
    mem_free(MEM(vtysh), line);
    fflush(stdout);
    return CC_REDISPLAY;
}

struct words {
    char **v;
    unsigned n, cap;
};

static void word_add(void *ctx, const char *w)
{
    struct words *c = ctx;

    if (c->n == c->cap) {
        c->cap = c->cap ? c->cap * 2 : 16;
        c->v = mem_realloc(MEM(vtysh), c->v, c->cap * sizeof(*c->v));
    }
    c->v[c->n++] = mem_strdup(MEM(vtysh), w);
}

static void show_words(const struct words *c)
{
    unsigned widest = 0, width = columns();

    for (unsigned i = 0; i < c->n; i++)
        if (strlen(c->v[i]) > widest)
            widest = (unsigned)strlen(c->v[i]);
    unsigned per_row = width / (widest + 2) ? width / (widest + 2) : 1;
    for (unsigned i = 0; i < c->n; i++)
        printf("%-*s%s", (int)widest + 2, c->v[i],
               (i + 1) % per_row == 0 || i + 1 == c->n ? "\n" : "");
}

static unsigned char on_complete(EditLine *el, int ch)
{
    const char *node;
    char *line = typed(el, &node);
    const char *last = strrchr(line, ' ');
    size_t have = strlen(last ? last + 1 : line), common = 0;
    struct words c = { 0 };
    unsigned char ret = CC_REFRESH;

    (void)ch;
    client_refresh(the);
    cli_complete(the->all, node, line, word_add, &c);
    if (c.n) {
        common = strlen(c.v[0]);
        for (unsigned i = 1; i < c.n; i++)
            for (size_t k = 0; k < common; k++)
                if (c.v[i][k] != c.v[0][k])
                    common = k;
        if (common > have) {
            char *add = mem_dup(MEM(vtysh), c.v[0] + have, common - have + 2);
            add[common - have] = c.n == 1 ? ' ' : 0;
            add[common - have + (c.n == 1)] = 0;
            el_insertstr(el, add);
            mem_free(MEM(vtysh), add);
        } else if (c.n == 1) {
            el_insertstr(el, " ");
        } else {
            printf("\n");
            show_words(&c);
            fflush(stdout);
            ret = CC_REDISPLAY;
        }
    }
    for (unsigned i = 0; i < c.n; i++)
        mem_free(MEM(vtysh), c.v[i]);
    mem_free(MEM(vtysh), c.v);
    mem_free(MEM(vtysh), line);
    return ret;
}

static volatile sig_atomic_t ctrl_z;

static void on_ctrl_z(int sig)
{
    (void)sig;
    ctrl_z = 1;
}

static void banner(const struct vtysh *v)
{
    printf("\nHello, this is Godwit (version %s).\nDaemons:", PACKAGE_VERSION);
    for (unsigned i = 0; i < v->n_daemons; i++)
        if (v->d[i].up)
            printf(" %s", v->d[i].name);
    printf("%s\n\n", client_count(v) ? "" : " none is running");
}

static History *history_open(struct vtysh *v)
{
    History *h = history_init();
    HistEvent ev;

    history(h, &ev, H_SETSIZE, 1000);
    history(h, &ev, H_SETUNIQUE, 1);
    if (v->hist_file)
        history(h, &ev, H_LOAD, v->hist_file);
    return h;
}

static void edit_bind(EditLine *el)
{
    el_set(el, EL_ADDFN, "gw-help", "Help for the next word", on_help);
    el_set(el, EL_ADDFN, "gw-complete", "Complete the word", on_complete);
    el_set(el, EL_BIND, "?", "gw-help", NULL);
    el_set(el, EL_BIND, "^I", "gw-complete", NULL);
    el_set(el, EL_BIND, "^R", "em-inc-search-prev", NULL);
}

int edit_run(struct vtysh *v)
{
    EditLine *el = el_init("vtysh", stdin, stdout, stderr);
    History *h = history_open(v);
    HistEvent ev;
    struct sigaction sa = { .sa_handler = on_ctrl_z };
    int n;

    the = v;
    sigaction(SIGTSTP, &sa, NULL); /* Ctrl-Z leads out of the configuration, not out of the shell */
    el_set(el, EL_PROMPT, edit_prompt);
    el_set(el, EL_EDITOR, "emacs");
    el_set(el, EL_SIGNAL, 1);
    el_set(el, EL_HIST, history, h);
    edit_bind(el);
    banner(v);
    while (!v->quit) {
        client_refresh(v);
        exec_prompt(v, prompt, sizeof(prompt));
        v->interrupted = 0;
        const char *line = el_gets(el, &n);
        if (!line) {
            if (!v->interrupted && !ctrl_z)
                break;
            if (ctrl_z)
                mode_pop_to(v->mode, &v->n_mode, 0);
            ctrl_z = 0;
            printf("\n");
            el_reset(el);
            continue;
        }
        char *copy = mem_strdup(MEM(vtysh), line);
        copy[strcspn(copy, "\r\n")] = 0;
        if (copy[strspn(copy, " \t")]) {
            history(h, &ev, H_ENTER, copy);
            history_add(v, copy);
            exec_line(v, copy);
        }
        mem_free(MEM(vtysh), copy);
        if (v->out_broken)
            break;
    }
    if (v->hist_file)
        history(h, &ev, H_SAVE, v->hist_file);
    history_end(h);
    el_end(el);
    return 0;
}
