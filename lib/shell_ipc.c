/* SPDX-License-Identifier: Apache-2.0
 * shell_ipc.c - the service "DAEMON.shell": a daemon's side of vtysh (proto/shell.proto).
 *
 * One struct shell_peer per connected shell, with a cli_session. A request runs until Done; `path`
 * is the mode in which the session was left, as lines, so a Run in the same mode moves nowhere.
 *
 * Output goes from the session's sink into `out`, from there in chunks to the link. What the shell
 * has not acknowledged is counted; over SHELL_WINDOW the session is throttled, which stops a
 * streaming handler after its slice. A whole-configuration request reports while it runs and never
 * streams.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "conf.h"
#include "ipc_arena.h"
#include "log.h"
#include "mem.h"
#include "shell.h"
#include "shell_ipc.h"
#include "shell_private.h"
#include "config.h"

#define FLUSH_DELAY     (10 * 1000) /* usec that a little output may wait for more */
#define CONFIG_TEXT_MAX (256 * 1024 * 1024)

MEM_DEFINE(shell, "Shell connection");

struct shell_ipc {
    struct daemon *d;
    struct ipc_server *server;
    struct ipc_arena arena;
    struct shell_peer *peers;
    struct shell_ipc *next;
};
struct shell_peer {
    struct shell_ipc *shell;
    struct ipc_link *link;
    struct shell_peer *next, **prev;
    struct cli_session *session;
    char *path[SHELL_MAX_PATH + 1];
    unsigned n_path;
    bool path_known; /* the session is where `path` leads to */
    bool running, throttled;
    uint32_t id;
    char *line; /* that is running */
    char node_before[64];
    uint8_t out[SHELL_CHUNK];
    size_t out_n;
    uint64_t unacked;
    struct loop_timer *flush_timer;
    char *text; /* configuration */
    size_t text_n, text_cap;
    bool prepared;
    uint32_t reports;
};

static struct shell_ipc *shells;

/* ---- output ---- */

static void peer_flush(void *ctx)
{
    struct shell_peer *p = ctx;
    struct shell_msg m = { .type = ST_OUTPUT, .id = p->id, .data = p->out, .len = p->out_n };

    loop_timer_cancel(p->flush_timer);
    if (!p->out_n)
        return;
    shell_msg_send(p->link, &m);
    p->unacked += p->out_n;
    p->out_n = 0;
    if (p->unacked > SHELL_WINDOW && !p->throttled) {
        p->throttled = true;
        cli_session_throttle(p->session, true);
    }
}

static void peer_sink(void *ctx, const char *data, size_t len)
{
    struct shell_peer *p = ctx;

    while (len) {
        size_t n = sizeof(p->out) - p->out_n;
        if (n > len)
            n = len;
        memcpy(p->out + p->out_n, data, n);
        p->out_n += n;
        data += n;
        len -= n;
        if (p->out_n == sizeof(p->out))
            peer_flush(p);
    }
    if (p->out_n && !loop_timer_armed(p->flush_timer))
        loop_timer_arm(p->flush_timer, FLUSH_DELAY);
}

static void peer_text(struct shell_peer *p, const char *s)
{
    peer_sink(p, s, strlen(s));
}

static void peer_done(struct shell_peer *p, int rc, uint32_t changes)
{
    struct shell_msg m = { .type = ST_DONE,
                           .id = p->id,
                           .rc = (uint32_t)rc,
                           .generation = cli_generation(p->shell->d->cli),
                           .number = changes,
                           .reports = p->reports };

    peer_flush(p);
    shell_msg_send(p->link, &m);
    p->running = false;
    p->unacked = 0;
    p->reports = 0;
    if (p->throttled)
        cli_session_throttle(p->session, false);
    p->throttled = false;
}

static void on_ack(struct shell_peer *p, const struct shell_msg *m)
{
    if (!p->running || m->id != p->id)
        return;
    p->unacked -= m->number < p->unacked ? m->number : p->unacked;
    if (p->throttled && p->unacked <= SHELL_WINDOW / 2) {
        p->throttled = false;
        cli_session_throttle(p->session, false);
    }
}

/* ---- running lines ---- */

static void path_clear(struct shell_peer *p)
{
    while (p->n_path)
        mem_free(MEM(shell), p->path[--p->n_path]);
    p->path_known = false;
}

struct walk {
    bool done;
    int rc;
};

static void walk_sink(void *ctx, const char *data, size_t len)
{
    (void)ctx;
    (void)data;
    (void)len;
}

static void walk_done(void *ctx, int rc)
{
    struct walk *w = ctx;

    w->done = true;
    w->rc = rc;
}

/* Lines that change the mode do so at once. */
static int walk(struct shell_peer *p, const char *line)
{
    struct walk w = { 0 };

    cli_session_run(p->session, line, walk_sink, walk_done, &w);
    return w.done ? w.rc : CLI_WARNING;
}

/* Brings the session into the mode; CLI_OK, or what a line answered and the line. */
static int go_to(struct shell_peer *p, const struct shell_msg *m, const char **ret_line)
{
    bool same = p->path_known && p->n_path == m->n_path;

    for (unsigned i = 0; same && i < m->n_path; i++)
        same = strcmp(p->path[i], m->path[i]) == 0;
    if (same)
        return CLI_OK;
    path_clear(p);
    if (strcmp(cli_session_node(p->session), "view") != 0)
        walk(p, "end");
    for (unsigned i = 0; i < m->n_path; i++) {
        int rc = walk(p, m->path[i]);
        if (rc != CLI_OK && rc != CLI_WARNING) {
            *ret_line = m->path[i];
            return rc;
        }
        p->path[p->n_path++] = mem_strdup(MEM(shell), m->path[i]);
    }
    p->path_known = true;
    return CLI_OK;
}

static void run_done(void *ctx, int rc)
{
    struct shell_peer *p = ctx;

    /* A line that led into another mode is part of the path from now on. */
    if (p->path_known && strcmp(cli_session_node(p->session), p->node_before) != 0) {
        if (p->n_path < SHELL_MAX_PATH)
            p->path[p->n_path++] = p->line;
        else
            p->path_known = false;
        if (p->path_known)
            p->line = NULL;
    }
    mem_free(MEM(shell), p->line);
    p->line = NULL;
    peer_done(p, rc, 0);
}

static void on_run(struct shell_peer *p, const struct shell_msg *m)
{
    const char *line = NULL;
    int rc = go_to(p, m, &line);

    if (rc != CLI_OK) {
        peer_text(p, "% Cannot enter this mode: ");
        peer_text(p, line);
        peer_text(p, "\n");
        peer_done(p, rc, 0);
        return;
    }
    p->line = mem_strdup(MEM(shell), m->line);
    snprintf(p->node_before, sizeof(p->node_before), "%s", cli_session_node(p->session));
    cli_session_run(p->session, p->line, peer_sink, run_done, p);
}

static void session_renew(struct shell_peer *p)
{
    const struct daemon *d = p->shell->d;

    cli_session_free(p->session);
    p->session = cli_session_new(d->cli, d->conf);
    path_clear(p);
    mem_free(MEM(shell), p->line);
    p->line = NULL;
}

static void on_cancel(struct shell_peer *p, const struct shell_msg *m)
{
    if (!p->running || m->id != p->id)
        return;
    p->out_n = 0;
    session_renew(p);
    peer_done(p, CLI_WARNING, 0);
}

/* ---- grammar and configuration ---- */

struct lines {
    struct shell_peer *p;
    enum shell_type type;
};

/* Grammar and running-config are text that the daemon holds anyway: queued without a window. */
static void lines_flush(struct lines *l)
{
    struct shell_peer *p = l->p;
    struct shell_msg m = { .type = l->type, .id = p->id, .data = p->out, .len = p->out_n };

    if (p->out_n)
        shell_msg_send(p->link, &m);
    p->out_n = 0;
}

static void lines_add(void *ctx, const char *text)
{
    struct lines *l = ctx;
    struct shell_peer *p = l->p;
    size_t len = strlen(text) + 1;

    for (size_t i = 0; i < len; i++) {
        if (p->out_n == sizeof(p->out))
            lines_flush(l);
        p->out[p->out_n++] = i + 1 < len ? (uint8_t)text[i] : '\n';
    }
}

static void on_grammar(struct shell_peer *p)
{
    struct lines l = { p, ST_GRAMMAR };

    cli_export(p->shell->d->cli, lines_add, &l);
    lines_flush(&l);
    peer_done(p, CLI_OK, 0);
}

static void on_running_config(struct shell_peer *p, const struct shell_msg *m)
{
    struct lines l = { p, ST_OUTPUT };

    if (p->shell->d->conf)
        conf_print(p->shell->d->conf, m->secrets, lines_add, &l);
    lines_flush(&l);
    peer_done(p, CLI_OK, 0);
}

static void text_drop(struct shell_peer *p)
{
    mem_free(MEM(shell), p->text);
    p->text = NULL;
    p->text_n = p->text_cap = 0;
    p->prepared = false;
}

/* False: too much. */
static bool on_text(struct shell_peer *p, const struct shell_msg *m)
{
    if (p->text_n + m->len + 1 > CONFIG_TEXT_MAX)
        return false;
    if (p->text_n + m->len + 1 > p->text_cap) {
        p->text_cap = (p->text_n + m->len + 1) * 2;
        p->text = mem_realloc(MEM(shell), p->text, p->text_cap);
    }
    if (m->len)
        memcpy(p->text + p->text_n, m->data, m->len);
    p->text_n += m->len;
    p->text[p->text_n] = 0;
    p->prepared = false;
    return true;
}

static void report(void *ctx, unsigned lineno, int rc, const char *msg, const char *line)
{
    struct shell_peer *p = ctx;
    struct shell_msg m = { .type = ST_CONFIG_REPORT,
                           .id = p->id,
                           .number = lineno,
                           .rc = (uint32_t)rc,
                           .message = msg,
                           .line = line };

    p->reports++;
    shell_msg_send(p->link, &m);
}

static void on_config(struct shell_peer *p, const struct shell_msg *m)
{
    struct conf *c = p->shell->d->conf;
    const char *text = p->text ? p->text : "";
    unsigned changes = 0;
    int rc = CLI_OK;

    if (!c || (m->type == ST_CONFIG_COMMIT && !p->prepared)) {
        peer_text(p, c ? "% Nothing was prepared\n" : "% This daemon has no configuration\n");
        peer_done(p, CLI_CONFIG_FAILED, 0);
        return;
    }
    path_clear(p); /* what the session stands in may go */
    if (m->type == ST_CONFIG_LOAD)
        (void)conf_load(c, text, report, p);
    else if (m->type == ST_CONFIG_PREPARE)
        (void)conf_replace(c, text, true, report, p, NULL);
    else if (m->type == ST_CONFIG_COMMIT)
        (void)conf_replace(c, text, false, report, p, &changes);
    if (p->reports)
        rc = CLI_CONFIG_FAILED;
    if (m->type == ST_CONFIG_PREPARE && rc == CLI_OK)
        p->prepared = true;
    else
        text_drop(p);
    peer_done(p, rc, changes);
}

/* ---- connections ---- */

static void *peer_new(void *ctx, struct ipc_link *link, const char *client, uint32_t uid)
{
    struct shell_ipc *s = ctx;
    struct shell_peer *p = mem_calloc(MEM(shell), 1, sizeof(*p));

    (void)client;
    (void)uid;
    p->shell = s;
    p->link = link;
    p->session = cli_session_new(s->d->cli, s->d->conf);
    p->flush_timer = loop_timer_new(s->d->loop, "shell output", peer_flush, p);
    p->next = s->peers;
    p->prev = &s->peers;
    if (p->next)
        p->next->prev = &p->next;
    s->peers = p;
    return p;
}

static void peer_free(struct shell_peer *p)
{
    cli_session_free(p->session);
    loop_timer_free(p->flush_timer);
    path_clear(p);
    mem_free(MEM(shell), p->line);
    mem_free(MEM(shell), p->text);
    *p->prev = p->next;
    if (p->next)
        p->next->prev = p->prev;
    mem_free(MEM(shell), p);
}

static void peer_hello(struct shell_peer *p)
{
    const struct daemon *d = p->shell->d;
    struct shell_msg m = { .type = ST_HELLO,
                           .name = d->progname ? d->progname : d->name,
                           .message = PACKAGE_VERSION,
                           .generation = cli_generation(d->cli) };

    shell_msg_send(p->link, &m);
}

static void peer_up(void *ctx, struct ipc_link *l)
{
    (void)l;
    peer_hello(ctx);
}

void shell_ipc_announce(struct daemon *d)
{
    for (struct shell_ipc *s = shells; s; s = s->next)
        for (struct shell_peer *p = s->d == d ? s->peers : NULL; p; p = p->next)
            peer_hello(p);
}

static void peer_down(void *ctx, struct ipc_link *l)
{
    (void)l;
    peer_free(ctx);
}

/* NULL, or why the shell is to be closed. */
static const char *peer_request(struct shell_peer *p, const struct shell_msg *m)
{
    switch (m->type) {
    case ST_OUTPUT_ACK:
        on_ack(p, m);
        return NULL;
    case ST_CANCEL:
        on_cancel(p, m);
        return NULL;
    case ST_HELLO:
    case ST_GRAMMAR:
    case ST_OUTPUT:
    case ST_DONE:
    case ST_CONFIG_REPORT:
        return NULL; /* a daemon's */
    default:
        break;
    }
    if (p->running)
        return "a request while another is running";
    if (m->type == ST_CONFIG_TEXT)
        return on_text(p, m) ? NULL : "configuration too large";
    p->running = true;
    p->id = m->id;
    if (m->type == ST_RUN)
        on_run(p, m);
    else if (m->type == ST_GRAMMAR_GET)
        on_grammar(p);
    else if (m->type == ST_RUNNING_CONFIG)
        on_running_config(p, m);
    else
        on_config(p, m);
    return NULL;
}

static void peer_message(void *ctx, struct ipc_link *l, uint16_t type, const uint8_t *buf,
                         size_t len)
{
    struct shell_peer *p = ctx;
    struct ipc_arena *a = &p->shell->arena;
    struct shell_msg m;
    const char *why = NULL;

    ipc_arena_reset(a);
    int rv = shell_msg_decode(type, buf, len, a, &m, &why);
    if (rv == -ENOMSG)
        return; /* newer than we are */
    if (rv == 0)
        why = peer_request(p, &m);
    if (!why)
        return;
    log_warn("shell %s: message of type %u (%zu octets) refused: %s; closing the connection",
             ipc_link_peer(l), type, len, why);
    ipc_link_close(l);
}

static const struct ipc_link_ops peer_ops = {
    .up = peer_up,
    .down = peer_down,
    .message = peer_message,
};

int shell_ipc_start(struct daemon *d)
{
    struct shell_ipc *s = mem_calloc(MEM(shell), 1, sizeof(*s));
    char service[64];
    int err = 0;

    s->d = d;
    ipc_arena_init(&s->arena);
    snprintf(service, sizeof(service), "%s.shell", d->name);
    /* Beside the .vty sockets: --vty_socket of a daemon and of vtysh mean one place. */
    s->server = ipc_server_new(d->loop, d->vty_dir ? d->vty_dir : d->run_dir, service, &peer_ops,
                               peer_new, s, &err);
    if (!s->server) {
        mem_free(MEM(shell), s);
        return err;
    }
    s->next = shells;
    shells = s;
    return 0;
}

void shell_ipc_stop(struct daemon *d)
{
    for (struct shell_ipc **at = &shells; *at; at = &(*at)->next) {
        struct shell_ipc *s = *at;
        if (s->d != d)
            continue;
        *at = s->next;
        ipc_server_free(s->server);
        while (s->peers)
            peer_free(s->peers);
        ipc_arena_fini(&s->arena);
        mem_free(MEM(shell), s);
        return;
    }
}
