/* SPDX-License-Identifier: Apache-2.0
 * cli_session.c - one shell's conversation with a daemon: its mode, and the command that runs.
 *
 * A session runs one line at a time. A handler that returns CLI_MORE is called again from the loop
 * once its slice has gone out and the transport does not throttle; one that returns CLI_WAIT
 * is called again after cli_req_wake(). Between slices the loop serves everybody else. When the
 * session is freed a running request is cancelled: its `cancel` runs, `done` does not.
 *
 * The request lives inside the session. `gen` counts requests, so that what was scheduled for one
 * can never resume another.
 */
#include "config.h"
#include <ctype.h>
#include "regex_safe.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cli_int.h"
#include "conf_int.h"
#include "loop.h"

MEM_DEFINE(session, "Shell session");

#define SLICES_WITHOUT_LOOP 100000000u

struct cli_session {
    struct cli_tree *tree;
    struct conf *conf;
    struct conf_pos pos; /* obj NULL: the exec mode */
    struct loop_waker *waker;
    struct cli_req req;
    bool running, in_handler, woken, throttled, more, wait, closing;
    bool filter; /* | include */
    regex_t re;
    char *part; /* filter: the line so far */
    size_t part_n, part_cap;
    void (*sink)(void *ctx, const char *data, size_t len);
    void (*done)(void *ctx, int rc);
    void *ctx;
};

static void session_resume(void *ctx);

struct cli_session *cli_session_new(struct cli_tree *t, struct conf *c)
{
    struct cli_session *s = mem_calloc(MEM(session), 1, sizeof(*s));
    s->tree = t;
    s->conf = c;
    if (c)
        conf_pos_attach(c, &s->pos);
    if (t->loop)
        s->waker = loop_waker_new(t->loop, "cli session", session_resume, s);
    return s;
}

static void request_end(struct cli_session *s)
{
    struct cli_req *r = &s->req;
    if (r->cancel)
        r->cancel(r);
    writer_free(r->out);
    cli_args_free(&r->args);
    memset(r, 0, sizeof(*r));
    if (s->filter)
        regfree(&s->re);
    mem_free(MEM(session), s->part);
    s->part = NULL;
    s->part_n = s->part_cap = 0;
    s->filter = s->running = s->more = s->wait = s->woken = false;
}

static void session_destroy(struct cli_session *s)
{
    if (s->running)
        request_end(s);
    if (s->conf)
        conf_pos_detach(s->conf, &s->pos);
    if (s->waker)
        loop_waker_free(s->waker);
    mem_free(MEM(session), s);
}

void cli_session_free(struct cli_session *s)
{
    if (!s)
        return;
    s->sink = NULL;
    s->done = NULL;
    s->closing = true;
    if (!s->in_handler) /* else the handler's caller does it when it returns */
        session_destroy(s);
}

const char *cli_session_node(const struct cli_session *s)
{
    return s->pos.obj ? conf_obj_node(s->pos.obj) : "view";
}

const char *cli_session_prompt(const struct cli_session *s)
{
    static _Thread_local char text[80];
    struct cli_node *n = cli_node_find(s->tree, cli_session_node(s));
    if (!s->pos.obj || !n || !n->prompt || !*n->prompt)
        return "";
    snprintf(text, sizeof(text), "(%s)", n->prompt);
    return text;
}

void *cli_session_app(const struct cli_session *s)
{
    return s->tree->app;
}

struct conf *cli_session_conf(const struct cli_session *s)
{
    return s->conf;
}

struct conf_pos *cli_session_pos(struct cli_session *s)
{
    return &s->pos;
}

/* ---- output ---- */

static void filter_line(struct cli_session *s, bool newline)
{
    s->part[s->part_n] = '\0';
    if (!regexec(&s->re, s->part, 0, NULL, 0) && s->sink) {
        if (newline)
            s->part[s->part_n++] = '\n';
        s->sink(s->ctx, s->part, s->part_n);
    }
    s->part_n = 0;
}

static void session_sink(void *ctx, const char *data, size_t len)
{
    struct cli_session *s = ctx;
    if (!s->filter) {
        if (s->sink)
            s->sink(s->ctx, data, len);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        if (s->part_n + 2 > s->part_cap) {
            s->part_cap = s->part_cap ? s->part_cap * 2 : 256;
            s->part = mem_realloc(MEM(session), s->part, s->part_cap);
        }
        if (data[i] == '\n')
            filter_line(s, true);
        else
            s->part[s->part_n++] = data[i];
    }
}

/* ---- running ---- */

static void finish(struct cli_session *s, int rc)
{
    void (*done)(void *ctx, int rc) = s->done;
    void *ctx = s->ctx;
    if (s->req.out) {
        writer_end_all(s->req.out);
        writer_flush(s->req.out);
    }
    if (s->filter && s->part_n)
        filter_line(s, false);
    request_end(s);
    s->done = NULL;
    if (done)
        done(ctx, rc);
}

/* Calls the handler and does what its answer asks for. True: call it again at once. */
static bool run_slice(struct cli_session *s, int (*fn)(struct cli_req *r))
{
    s->in_handler = true;
    s->woken = s->more = s->wait = false;
    int rc = fn(&s->req);
    if (s->closing) {
        s->in_handler = false;
        session_destroy(s);
        return false;
    }
    if (rc != CLI_MORE && rc != CLI_WAIT) {
        /* done() may free the session or run the next line in it; nothing here may touch it after
         */
        s->in_handler = false;
        finish(s, rc);
        return false;
    }
    writer_flush(s->req.out);
    s->in_handler = false;
    if (s->closing) { /* the sink found its peer gone */
        session_destroy(s);
        return false;
    }
    s->more = rc == CLI_MORE;
    s->wait = rc == CLI_WAIT;
    if ((s->wait && !s->woken) || s->throttled)
        return false;
    if (s->waker) {
        loop_wake(s->waker);
        return false;
    }
    return true;
}

static void session_resume(void *ctx)
{
    struct cli_session *s = ctx;
    if (!s->running || s->in_handler || s->throttled || !s->req.resume)
        return;
    if (!s->more && !(s->wait && s->woken))
        return;
    while (run_slice(s, s->req.resume))
        ;
}

void cli_req_wake(struct cli_req *r)
{
    struct cli_session *s = r->session;
    if (!s || !s->running)
        return;
    s->woken = true;
    if (s->in_handler)
        return;
    if (s->waker)
        loop_wake(s->waker);
    else
        session_resume(s);
}

void cli_session_throttle(struct cli_session *s, bool stop)
{
    s->throttled = stop;
    if (stop || !s->running || s->in_handler)
        return;
    if (s->waker)
        loop_wake(s->waker);
    else
        session_resume(s);
}

static void start(struct cli_session *s, const struct cli_cmd *cmd, struct cli_args *args)
{
    struct cli_req *r = &s->req;
    const struct cli_arg *j = cli_arg(args, "json");
    r->cmd = cmd;
    r->args = *args;
    r->app = s->tree->app;
    r->session = s;
    r->out = writer_new(j && j->type == CLI_A_KEYWORD, session_sink, s);
    if (run_slice(s, cmd->fn))
        session_resume(s);
}

static void fail(struct cli_session *s, int rc, const char *msg)
{
    if (*msg && s->sink) {
        s->sink(s->ctx, msg, strlen(msg));
        s->sink(s->ctx, "\n", 1);
    }
    finish(s, rc);
}

/* Cuts "| include RE" off the line: 0, or -1 and a message. */
static int take_filter(struct cli_session *s, char *line, char *err, size_t errlen)
{
    char *bar = strrchr(line, '|');
    while (bar) {
        char *p = bar + 1;
        p += strspn(p, " \t");
        size_t n = strcspn(p, " \t");
        if (n >= 3 && n <= 7 && !strncmp(p, "include", n) && bar > line &&
            isspace((unsigned char)bar[-1])) {
            p += n;
            p += strspn(p, " \t");
            if (!*p) {
                snprintf(err, errlen, "%% Need a regexp to filter");
                return -1;
            }
            if (regex_safe_compile(&s->re, p, REG_NOSUB)) {
                snprintf(err, errlen, "%% Bad regexp '%.200s'", p);
                return -1;
            }
            s->filter = true;
            *bar = '\0';
            return 0;
        }
        do
            bar--;
        while (bar > line && *bar != '|');
        if (bar <= line)
            break;
    }
    return 0;
}

static bool word_is_prefix(const char *line, const char *word, size_t min)
{
    size_t n = strcspn(line, " \t");
    return n >= min && n <= strlen(word) && !strncmp(line, word, n);
}

/* An exec command. */
static void run_exec(struct cli_session *s, char *line)
{
    char err[512] = "";
    const struct cli_cmd *cmd;
    struct cli_args args;
    if (take_filter(s, line, err, sizeof(err)) < 0) {
        fail(s, CLI_WARNING, err);
        return;
    }
    int rc = cli_match(s->tree, "view", line, &cmd, &args, err, sizeof(err));
    if (rc != CLI_OK)
        fail(s, rc, err);
    else
        start(s, cmd, &args);
}

/* A line in a configuration mode: builtins and rows, upwards through the nodes, then show and
 * write. */
static void run_config(struct cli_session *s, char *line)
{
    char err[512] = "";
    const struct cli_cmd *cmd;
    struct cli_args args;
    if (word_is_prefix(line, "do", 2)) {
        run_exec(s, line + strcspn(line, " \t"));
        return;
    }
    int rc = cli_match(s->tree, cli_session_node(s), line, &cmd, &args, err, sizeof(err));
    if (rc == CLI_OK &&
        !conf_cmd_is(cmd)) { /* list, find, end, exit: by handler, with the session */
        start(s, cmd, &args);
        return;
    }
    if (rc == CLI_OK)
        cli_args_free(&args);
    rc = conf_line(s->conf, &s->pos, line, err, sizeof(err));
    if (rc == CLI_NO_MATCH &&
        (word_is_prefix(line, "show", 2) || word_is_prefix(line, "write", 2))) {
        run_exec(s, line);
        return;
    }
    fail(s, rc, err); /* also the good end: err is empty then, or holds a notice */
}

void cli_session_run(struct cli_session *s, const char *line,
                     void (*sink)(void *ctx, const char *data, size_t len),
                     void (*done)(void *ctx, int rc), void *ctx)
{
    if (s->running) {
        static const char busy[] = "% A command is running in this session\n";
        sink(ctx, busy, sizeof(busy) - 1);
        done(ctx, CLI_WARNING);
        return;
    }
    s->sink = sink;
    s->done = done;
    s->ctx = ctx;
    s->running = true;
    line += strspn(line, " \t\r\n");
    char *copy = mem_strdup(MEM(session), line);
    size_t n = strlen(copy);
    while (n && isspace((unsigned char)copy[n - 1]))
        copy[--n] = '\0';
    if (!n || *copy == '!' || *copy == '#')
        finish(s, CLI_OK);
    else if (s->pos.obj)
        run_config(s, copy);
    else
        run_exec(s, copy);
    mem_free(MEM(session), copy);
}

/* ---- commands of every node ---- */

int cli_builtin_exit(struct cli_req *r)
{
    struct conf_pos *pos = &r->session->pos;
    if (pos->obj)
        pos->obj = conf_obj_parent(pos->obj);
    return CLI_OK;
}

int cli_builtin_end(struct cli_req *r)
{
    r->session->pos.obj = NULL;
    return CLI_OK;
}

static int builtin_nothing(struct cli_req *r)
{
    return CLI_OK;
}

static int builtin_configure(struct cli_req *r)
{
    struct cli_session *s = r->session;
    if (!s->conf) {
        writer_error(r->out, "There is no configuration here");
        return CLI_WARNING;
    }
    s->pos.obj = conf_root(s->conf);
    return CLI_OK;
}

struct list_ctx {
    struct writer *w;
    const regex_t *re;
    const char *node;
};

static void list_line(void *ctx, const char *text)
{
    struct list_ctx *l = ctx;
    if (!l->re)
        writer_line(l->w, "  %s", text);
    else if (!regexec(l->re, text, 0, NULL, 0))
        writer_line(l->w, "  (%s)  %s", l->node, text);
}

static int builtin_list(struct cli_req *r)
{
    struct list_ctx l = { .w = r->out };
    cli_list(r->session->tree, cli_session_node(r->session), list_line, &l);
    return CLI_OK;
}

static int builtin_find(struct cli_req *r)
{
    regex_t re;
    const char *pattern = cli_arg_text(&r->args, "regex");
    if (regex_safe_compile(&re, pattern, REG_NOSUB)) {
        writer_error(r->out, "Bad regexp '%s'", pattern);
        return CLI_WARNING;
    }
    struct list_ctx l = { .w = r->out, .re = &re };
    for (struct cli_node *n = r->session->tree->nodes; n; n = n->next) {
        l.node = n->name;
        cli_list(r->session->tree, n->name, list_line, &l);
    }
    regfree(&re);
    return CLI_OK;
}

/* An imported node's exit word may be no grammar at all: then it is left out. */
static void builtin_add(struct cli_tree *t, struct cli_node *n, const struct cli_cmd *cmd)
{
    char err[160];
    struct cli_entry *e = mem_calloc(MEM(cli), 1, sizeof(*e));
    e->own = *cmd;
    e->own.node = n->name;
    e->cmd = &e->own;
    if (cli_entry_add(t, n, e, err, sizeof(err)) < 0)
        cli_entry_free(e);
}

void cli_builtins_add(struct cli_tree *t, const char *node, const char *exit_word)
{
    static const struct cli_cmd common[] = {
        { NULL, "exit", NULL, cli_builtin_exit, 0 },
        { NULL, "quit", NULL, cli_builtin_exit, 0 },
        { NULL, "end", NULL, cli_builtin_end, 0 },
        { NULL, "list [permutations]", NULL, builtin_list, 0 },
        { NULL, "find LINE...$regex", "regex|Search pattern (POSIX regex)", builtin_find, 0 },
    };
    static const struct cli_cmd view[] = {
        { "view", "configure [terminal]", NULL, builtin_configure, 0 },
        { "view", "enable", NULL, builtin_nothing, 0 },
        { "view", "disable", NULL, builtin_nothing, 0 },
    };
    struct cli_node *n = cli_node_get(t, node);
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
        builtin_add(t, n, &common[i]);
    if (exit_word && strcmp(exit_word, "exit")) {
        struct cli_cmd leave = { n->name, n->exit_word, NULL, cli_builtin_exit, 0 };
        builtin_add(t, n, &leave);
    }
    if (!strcmp(node, "view"))
        cli_add_all(t, view, sizeof(view) / sizeof(view[0]));
}
