/* SPDX-License-Identifier: Apache-2.0
 * vtysh_client.c - connections to the daemons' shell services: hello, grammar, requests.
 *
 * A daemon is found by its socket. Whether somebody listens there is asked with a plain connect(),
 * which answers at once, so a daemon that is not running costs no waiting. A request runs the loop
 * until its Done, until the connection is lost or the user interrupts.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "lib/log.h"
#include "vtysh.h"

#define HUNG_AGAIN (30 * 1000 * 1000) /* usec until a daemon that did not answer is asked again */
#define HUNG_WAIT  (10 * 1000 * 1000) /* usec after an interrupt until the answer is given up */

/* In the order in which FRR's shell asks its daemons. */
static const char *const known[] = { "mgmtd", "zebrad", "bgpd", "bfdd", "staticd", "ipamd" };

void buf_add(struct buf *b, const char *s, size_t n)
{
    if (b->n + n + 1 > b->cap) {
        b->cap = (b->n + n + 1) * 2;
        b->s = mem_realloc(MEM(vtysh), b->s, b->cap);
    }
    if (n)
        memcpy(b->s + b->n, s, n);
    b->n += n;
    b->s[b->n] = 0;
}

void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_free(struct buf *b)
{
    mem_free(MEM(vtysh), b->s);
    *b = (struct buf){ 0 };
}

static void link_up(void *ctx, struct ipc_link *l)
{
    (void)ctx; /* the daemon speaks first */
    (void)l;
}

static void link_down(void *ctx, struct ipc_link *l)
{
    struct vdaemon *d = ctx;

    (void)l;
    d->up = false;
    d->lost = true;
    loop_stop(d->v->loop, 0);
}

static void link_message(void *ctx, struct ipc_link *l, uint16_t type, const uint8_t *p, size_t len)
{
    struct vdaemon *d = ctx;
    struct shell_msg m;
    const char *why = NULL;

    ipc_arena_reset(&d->arena);
    int rv = shell_msg_decode(type, p, len, &d->arena, &m, &why);
    if (rv == -ENOMSG)
        return;
    if (rv != 0) {
        d->failed = true;
        ipc_link_close(l);
        return;
    }
    if (m.type == ST_HELLO) {
        snprintf(d->name, sizeof(d->name), "%s", m.name);
        d->generation = m.generation;
        d->up = true;
        loop_stop(d->v->loop, 0);
        return;
    }
    if (m.id != d->id || d->done)
        return; /* of a request that was given up */
    if (m.type == ST_OUTPUT || m.type == ST_GRAMMAR) {
        if (d->out && !d->cancelled)
            d->out(d->ctx, (const char *)m.data, m.len);
        struct shell_msg ack = { .type = ST_OUTPUT_ACK, .id = m.id, .number = (uint32_t)m.len };
        shell_msg_send(l, &ack);
    } else if (m.type == ST_CONFIG_REPORT) {
        if (d->report)
            d->report(d->ctx, d, &m);
    } else if (m.type == ST_DONE) {
        d->answer = m;
        d->generation = m.generation;
        d->done = true;
        loop_stop(d->v->loop, 0);
    }
}

static const struct ipc_link_ops link_ops = {
    .up = link_up,
    .down = link_down,
    .message = link_message,
};

static void on_timeout(void *ctx)
{
    struct vtysh *v = ctx;

    loop_stop(v->loop, 1);
}

/* Runs the loop once until something calls for attention; false when `usec` went by. */
static bool wait_for(struct vtysh *v, uint64_t usec)
{
    struct loop_timer *t = loop_timer_new(v->loop, "vtysh wait", on_timeout, v);

    loop_timer_arm(t, usec);
    int rc = loop_run(v->loop);
    loop_timer_free(t);
    return rc == 0;
}

static void cancel(struct vdaemon *d)
{
    struct shell_msg m = { .type = ST_CANCEL, .id = d->id };

    d->cancelled = true;
    shell_msg_send(d->link, &m);
}

int client_request(struct vdaemon *d, struct shell_msg *m,
                   void (*out)(void *ctx, const char *data, size_t len),
                   void (*report)(void *ctx, struct vdaemon *d, const struct shell_msg *m),
                   void *ctx)
{
    struct vtysh *v = d->v;
    uint64_t give_up = 0;

    if (!d->up)
        return CLI_NOT_RUNNING;
    m->id = ++d->id;
    d->done = d->lost = d->cancelled = false;
    d->out = out;
    d->report = report;
    d->ctx = ctx;
    if (!shell_msg_send(d->link, m))
        return CLI_NOT_RUNNING;
    while (!d->done && !d->lost && d->up) {
        wait_for(v, 100 * 1000);
        if ((v->interrupted || v->out_broken) && !d->cancelled) {
            cancel(d);
            give_up = loop_now() + HUNG_WAIT;
        }
        if (give_up && loop_now() > give_up)
            break;
    }
    d->out = NULL;
    d->report = NULL;
    if (d->done)
        return (int)d->answer.rc;
    d->done = true;
    out_printf(v, "%% %s %s\n", d->name,
               give_up ? "does not answer" : "is not running: the connection was lost");
    return CLI_NOT_RUNNING;
}

bool client_send_text(struct vdaemon *d, const char *text, size_t len)
{
    while (len && d->up) {
        size_t n = len < SHELL_CHUNK ? len : SHELL_CHUNK;
        struct shell_msg m = { .type = ST_CONFIG_TEXT, .data = (const uint8_t *)text, .len = n };
        while (d->up && ipc_link_pending(d->link) > IPC_HIGH)
            wait_for(d->v, 1000);
        if (!shell_msg_send(d->link, &m))
            return false;
        text += n;
        len -= n;
    }
    return d->up;
}

/* ---- grammar ---- */

static void grammar_out(void *ctx, const char *data, size_t len)
{
    buf_add(ctx, data, len);
}

static void grammar_fetch(struct vdaemon *d)
{
    struct vtysh *v = d->v;
    struct shell_msg m = { .type = ST_GRAMMAR_GET };
    struct buf b = { 0 };
    uint32_t generation = d->generation;

    if (client_request(d, &m, grammar_out, NULL, &b) != CLI_OK) {
        buf_free(&b);
        return;
    }
    cli_forget(v->all, d->service);
    cli_tree_free(d->tree);
    d->tree = cli_tree_new(v);
    for (char *p = b.s, *line; p && (line = strsep(&p, "\n"));)
        if (*line) {
            (void)cli_import(d->tree, d->service, line);
            (void)cli_import(v->all, d->service, line);
        }
    buf_free(&b);
    d->have_generation = generation;
    d->have_grammar = true;
}

/* ---- finding daemons ---- */

static bool somebody_listens(const struct vtysh *v, const char *service)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    int n = snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%s.shell", v->run_dir, service);

    if (n < 0 || (size_t)n >= sizeof(sun.sun_path))
        return false;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    bool yes = connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0 || errno == EAGAIN;
    close(fd);
    return yes;
}

/* -d zebra means zebrad as well. */
static bool name_matches(const char *service, const char *name)
{
    size_t n = strlen(name);

    return strcmp(service, name) == 0 ||
           (strncmp(service, name, n) == 0 && strcmp(service + n, "d") == 0);
}

static void daemon_add(struct vtysh *v, const char *service)
{
    for (unsigned i = 0; i < v->n_daemons; i++)
        if (strcmp(v->d[i].service, service) == 0)
            return;
    if (v->n_daemons == VTYSH_MAX_DAEMONS || strlen(service) >= sizeof(v->d[0].service) ||
        (v->only && !name_matches(service, v->only)))
        return;
    struct vdaemon *d = &v->d[v->n_daemons];
    *d = (struct vdaemon){ .v = v, .index = v->n_daemons };
    v->n_daemons++;
    snprintf(d->service, sizeof(d->service), "%s", service);
    snprintf(d->name, sizeof(d->name), "%s", service);
    ipc_arena_init(&d->arena);
}

static void daemons_scan(struct vtysh *v)
{
    DIR *dir = opendir(v->run_dir);
    struct dirent *e;

    for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        daemon_add(v, known[i]);
    while (dir && (e = readdir(dir))) {
        size_t n = strlen(e->d_name);
        if (n <= 6 || n >= 38 || strcmp(e->d_name + n - 6, ".shell") != 0)
            continue;
        char service[40];
        snprintf(service, sizeof(service), "%.*s", (int)(n - 6), e->d_name);
        daemon_add(v, service);
    }
    if (dir)
        closedir(dir);
}

static bool all_answered(const struct vtysh *v)
{
    for (unsigned i = 0; i < v->n_daemons; i++)
        if (v->d[i].link && !v->d[i].up && !v->d[i].failed)
            return false;
    return true;
}

static void daemons_connect(struct vtysh *v)
{
    uint64_t deadline = loop_now() + VTYSH_ANSWER_WAIT;

    for (unsigned i = 0; i < v->n_daemons; i++) {
        struct vdaemon *d = &v->d[i];
        char service[48];
        if (d->up || loop_now() < d->again_at)
            continue;
        d->refused = !somebody_listens(v, d->service);
        if (d->refused) {
            ipc_link_free(d->link);
            d->link = NULL;
        } else if (!d->link) {
            snprintf(service, sizeof(service), "%s.shell", d->service);
            d->failed = false;
            d->link = ipc_client_new(v->loop, v->run_dir, service, "vtysh", &link_ops, d);
        }
    }
    while (!all_answered(v) && loop_now() < deadline)
        wait_for(v, deadline - loop_now());
    for (unsigned i = 0; i < v->n_daemons; i++) {
        struct vdaemon *d = &v->d[i];
        if (d->up && (!d->have_grammar || d->generation != d->have_generation))
            grammar_fetch(d);
        else if (!d->up &&
                 d->link) { /* stopped or refusing: not asked again before the next look */
            out_printf(v, "%% %s does not answer\n", d->name);
            ipc_link_free(d->link);
            d->link = NULL;
        }
    }
}

void client_grammars(struct vtysh *v)
{
    for (unsigned i = 0; i < v->n_daemons; i++)
        if (v->d[i].up && v->d[i].generation != v->d[i].have_generation)
            grammar_fetch(&v->d[i]);
}

void client_open(struct vtysh *v)
{
    daemons_scan(v);
    daemons_connect(v);
}

static void nothing(void *ctx)
{
    struct vtysh *v = ctx;

    loop_stop(v->loop, 0);
}

void client_refresh(struct vtysh *v)
{
    struct loop_timer *t = loop_timer_new(v->loop, "vtysh poll", nothing, v);

    loop_timer_arm(t, 1);
    loop_run(v->loop);
    loop_timer_free(t);
    client_open(v);
}

void client_close(struct vtysh *v)
{
    for (unsigned i = 0; i < v->n_daemons; i++) {
        struct vdaemon *d = &v->d[i];
        ipc_link_free(d->link);
        cli_tree_free(d->tree);
        ipc_arena_fini(&d->arena);
    }
    v->n_daemons = 0;
}

unsigned client_count(const struct vtysh *v)
{
    unsigned n = 0;

    for (unsigned i = 0; i < v->n_daemons; i++)
        n += v->d[i].up;
    return n;
}

struct vdaemon *client_find(struct vtysh *v, const char *name)
{
    for (unsigned i = 0; i < v->n_daemons; i++)
        if (strcmp(v->d[i].name, name) == 0 || name_matches(v->d[i].service, name))
            return &v->d[i];
    return NULL;
}
