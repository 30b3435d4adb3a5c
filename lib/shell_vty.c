/* SPDX-License-Identifier: Apache-2.0
 * shell_vty.c - FRR's shell protocol on a UNIX socket, for its own vtysh, exporters and scripts.
 *
 * A request is text up to NUL; it may hold several lines, of which the last one's result counts. A
 * reply is text, then 00 00 00 RC. Requests may be pipelined; they run one after the other. What
 * the peer has not taken stays in the client's buffer, and above HIGH the session is told to stop,
 * so a reader who sleeps costs no more than that. A client is freed only from its own descriptor's
 * callback: whoever finds it broken earlier marks it dead and lets that callback come.
 */
#include "config.h"
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "cli.h"
#include "log.h"
#include "mem.h"
#include "shell.h"

MEM_DEFINE(vty, "Shell socket client");

#define HIGH        (256 * 1024)
#define LOW         (64 * 1024)
#define REQUEST_MAX (256 * 1024)
#define CLIENTS_MAX 128

struct buf {
    char *s;
    size_t from, n, cap; /* n bytes at s + from */
};
struct client {
    struct client *next;
    struct cli_session *session;
    struct loop_fd *watch;
    int fd;
    struct buf in, out;
    bool busy, in_next, last, dead, throttled;
};
static struct {
    struct daemon *d;
    int fd;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct loop_fd *watch;
    struct client *clients;
    unsigned n;
} vty = { .fd = -1 };

static void buf_put(struct buf *b, const char *s, size_t n)
{
    if (b->from && b->from + b->n + n > b->cap) {
        memmove(b->s, b->s + b->from, b->n);
        b->from = 0;
    }
    if (b->from + b->n + n > b->cap) {
        b->cap = (b->from + b->n + n) * 2;
        b->s = mem_realloc(MEM(vty), b->s, b->cap);
    }
    memcpy(b->s + b->from + b->n, s, n);
    b->n += n;
}

static void buf_drop(struct buf *b, size_t n)
{
    b->from += n;
    b->n -= n;
    if (!b->n)
        b->from = 0;
}

static void client_free(struct client *c)
{
    struct client **at = &vty.clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    vty.n--;
    cli_session_free(c->session);
    loop_fd_free(c->watch);
    close(c->fd);
    mem_free(MEM(vty), c->in.s);
    mem_free(MEM(vty), c->out.s);
    mem_free(MEM(vty), c);
}

/* Writes what the peer takes now, and sets what to wait for. */
static void client_flush(struct client *c)
{
    while (c->out.n && !c->dead) {
        ssize_t n = send(c->fd, c->out.s + c->out.from, c->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            c->dead = errno != EAGAIN && errno != EWOULDBLOCK;
            break;
        }
        buf_drop(&c->out, (size_t)n);
    }
    if (c->dead)
        c->out.n = c->out.from = 0;
    /* A dead socket is readable: its callback comes and frees it. */
    bool read = c->dead || c->in.n < REQUEST_MAX;
    loop_fd_set(c->watch, (read ? LOOP_READ : 0) | (c->out.n ? LOOP_WRITE : 0));
    bool stop = c->throttled ? c->out.n > LOW : c->out.n > HIGH;
    if (stop != c->throttled) {
        c->throttled = stop;
        cli_session_throttle(c->session, stop);
    }
}

static void client_sink(void *ctx, const char *data, size_t len)
{
    struct client *c = ctx;
    if (c->dead)
        return;
    buf_put(&c->out, data, len);
    client_flush(c);
}

/* The next whole line of the request at the head of the input; NULL when there is none yet. */
static char *next_line(struct client *c, bool *ret_last)
{
    char *s = c->in.s + c->in.from, *nul = c->in.n ? memchr(s, '\0', c->in.n) : NULL;
    if (!nul)
        return NULL;
    size_t n = strcspn(s, "\r\n");
    char *line = mem_dup(MEM(vty), s, n + 1);
    line[n] = '\0';
    size_t rest = n + strspn(s + n, "\r\n");
    *ret_last = s + rest == nul;
    buf_drop(&c->in, rest + *ret_last);
    return line;
}

static void client_done(void *ctx, int rc);

/* Runs lines until one is left waiting. done() may come from within run(), so this is a loop. */
static void client_next(struct client *c)
{
    char *line;
    if (c->in_next)
        return;
    c->in_next = true;
    while (!c->busy && !c->dead && (line = next_line(c, &c->last))) {
        c->busy = true;
        shell_log_command(line);
        cli_session_run(c->session, line, client_sink, client_done, c);
        mem_free(MEM(vty), line);
    }
    c->in_next = false;
    client_flush(c);
}

static void client_done(void *ctx, int rc)
{
    struct client *c = ctx;
    char end[4] = { 0, 0, 0, (char)rc };
    c->busy = false;
    if (c->last && !c->dead)
        buf_put(&c->out, end, sizeof(end));
    client_next(c);
}

static void client_event(void *ctx, int events)
{
    struct client *c = ctx;
    char data[16384];
    if (events & LOOP_READ) {
        ssize_t n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);
        if (n > 0 && !c->dead) {
            buf_put(&c->in, data, (size_t)n);
            if (c->in.n >= REQUEST_MAX && !memchr(c->in.s + c->in.from, '\0', c->in.n)) {
                log_warn("%s: a request of more than %d bytes: closed", vty.path, REQUEST_MAX);
                client_free(c);
                return;
            }
        } else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            client_free(c);
            return;
        }
    }
    if (events & LOOP_WRITE)
        client_flush(c);
    client_next(c);
}

static void accept_event(void *ctx, int events)
{
    int fd = accept4(vty.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    if (vty.n >= CLIENTS_MAX) {
        log_warn("%s: more than %d clients: refused", vty.path, CLIENTS_MAX);
        close(fd);
        return;
    }
    struct client *c = mem_calloc(MEM(vty), 1, sizeof(*c));
    c->fd = fd;
    c->session = cli_session_new(vty.d->cli, vty.d->conf);
    c->watch = loop_fd_new(vty.d->loop, "vty client", fd, LOOP_READ, client_event, c);
    c->next = vty.clients;
    vty.clients = c;
    vty.n++;
}

/* Only the socket's owner and group may use it: it can configure. */
static int vty_listen(const char *path, const char *group)
{
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(sa.sun_path))
        return -ENAMETOOLONG;
    strcpy(sa.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    unlink(path);
    mode_t old = umask(0007);
    int rc = bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 32) < 0 ? -errno : fd;
    umask(old);
    if (rc < 0) {
        close(fd);
        return rc;
    }
    const struct group *g = group ? getgrnam(group) : NULL;
    if (g && chown(path, (uid_t)-1, g->gr_gid) < 0)
        log_info("%s: group %s: %s", path, group, strerror(errno));
    return fd;
}

int shell_vty_start(struct daemon *d)
{
    int n = snprintf(vty.path, sizeof(vty.path), "%s/%s.vty", d->vty_dir, d->progname);
    if (n < 0 || (size_t)n >= sizeof(vty.path))
        return -ENAMETOOLONG;
    int fd = vty_listen(vty.path, d->frr_compat ? "frrvty" : d->group);
    if (fd < 0)
        return fd;
    vty.d = d;
    vty.fd = fd;
    vty.watch = loop_fd_new(d->loop, "vty accept", fd, LOOP_READ, accept_event, NULL);
    return 0;
}

void shell_vty_stop(struct daemon *d)
{
    if (vty.fd < 0)
        return;
    while (vty.clients)
        client_free(vty.clients);
    loop_fd_free(vty.watch);
    close(vty.fd);
    vty.fd = -1;
    unlink(vty.path);
}
