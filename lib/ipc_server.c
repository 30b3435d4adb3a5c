/* SPDX-License-Identifier: Apache-2.0
 * ipc_server.c - the listening end: a rendezvous, then a PAIR0 socket per client.
 *
 * The rendezvous is a UNIX SOCK_SEQPACKET socket of our own: one packet ConnectRequest in, one
 * packet ConnectReply out. It is not an nng REP socket because nng 1.5's listener ends for good
 * when a client dies between its connect() and nng's handshake (EPIPE counts as "closed" there).
 * The pair's listener has the same weakness, but lives for one client only: its link times out and
 * the client asks again.
 *
 * A link exists from the reply on; when its pipe has not come within IPC_CONNECT_WAIT it goes away
 * again unseen. The path of a pair's socket is removed as soon as its client is there, so a daemon
 * that is killed leaves at most its rendezvous socket, which the next start replaces.
 */
#include "config.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "ipc_conn.h"
#include "mem.h"
#include "proto/common.pb-c.h"

#define IPC_MAX_CLIENTS  256
#define IPC_MAX_CALLERS  64                /* connections on the rendezvous at a time */
#define IPC_REQUEST_WAIT (2 * 1000 * 1000) /* usec until a caller must have asked */

MEM_DEFINE(ipc_server, "IPC server");
MEM_DEFINE(ipc_link, "IPC link");

struct ipc_server {
    struct loop *loop;
    const struct ipc_link_ops *ops;
    void *(*accepted)(void *ctx, struct ipc_link *link, const char *client, uint32_t uid);
    void *ctx;
    char run_dir[IPC_URL_MAX], service[IPC_NAME_MAX];
    int fd;
    struct loop_fd *watch;
    struct ipc_link *links;
    struct caller *callers;
    unsigned n_links, n_callers, serial;
};
/* Somebody on the rendezvous who has not been answered yet. */
struct caller {
    struct ipc_server *server;
    int fd;
    struct loop_fd *watch;
    struct loop_timer *timer;
    struct caller *next, **prev;
};

/* Root, ourselves, and the members of the run directory's group. */
static bool server_uid_ok(const struct ipc_server *s, uint64_t uid, uint64_t gid)
{
    struct stat st;
    gid_t groups[128];
    int n = 128;

    if (uid == 0 || uid == geteuid())
        return true;
    if (uid > UINT32_MAX || stat(s->run_dir, &st) != 0 || st.st_gid == 0)
        return false;
    if (gid == st.st_gid)
        return true;
    const struct passwd *pw = getpwuid((uid_t)uid);
    if (!pw || getgrouplist(pw->pw_name, pw->pw_gid, groups, &n) < 0)
        return false;
    for (int i = 0; i < n; i++)
        if (groups[i] == st.st_gid)
            return true;
    return false;
}

static void server_link_piped(struct ipc_link *l, uint32_t uid)
{
    struct ipc_server *s = l->server;

    unlink(l->url + strlen("ipc://"));
    if (!server_uid_ok(s, uid, UINT64_MAX)) {
        ipc_link_close(l);
        return;
    }
    if (s->accepted) {
        l->ctx = s->accepted(s->ctx, l, l->peer, uid);
        if (!l->ctx) {
            ipc_link_close(l);
            return;
        }
    }
    ipc_link_set_up(l);
}

static void server_link_lost(struct ipc_link *l)
{
    ipc_link_free(l);
}

static void server_link_fini(struct ipc_link *l)
{
    struct ipc_server *s = l->server;

    if (l->prev)
        l->prev->next = l->next;
    else if (s)
        s->links = l->next;
    if (l->next)
        l->next->prev = l->prev;
    if (s)
        s->n_links--;
    ipc_link_fini(l);
    mem_free(MEM(ipc_link), l);
}

static void server_link_timeout(void *ctx)
{
    struct ipc_link *l = ctx;

    if (!l->up)
        ipc_link_drop(l);
}

/* Makes the pair for a client; 0 or -errno. */
static int server_link_new(struct ipc_server *s, const char *client, struct ipc_link **ret)
{
    if (s->n_links >= IPC_MAX_CLIENTS)
        return -EBUSY;
    struct ipc_link *l = mem_calloc(MEM(ipc_link), 1, sizeof(*l));
    ipc_link_init(l, s->loop, s->ops, s->ctx);
    l->server = s;
    l->piped = server_link_piped;
    l->lost = server_link_lost;
    l->fini = server_link_fini;
    snprintf(l->peer, sizeof(l->peer), "%s", client);
    l->timer = loop_timer_new(s->loop, "ipc accept", server_link_timeout, l);
    l->next = s->links;
    if (l->next)
        l->next->prev = l;
    s->links = l;
    s->n_links++;

    int n = snprintf(l->url, sizeof(l->url), "ipc://%s/%s.%ld.%u", s->run_dir, s->service,
                     (long)getpid(), ++s->serial);
    int rv =
        n < 0 || (size_t)n >= sizeof(l->url) ? -ENAMETOOLONG : ipc_conn_open(l->waker, &l->conn);
    if (rv == 0)
        rv = ipc_conn_listen(l->conn, l->url);
    if (rv != 0) {
        ipc_link_free(l);
        return rv;
    }
    struct stat st;
    const char *path = l->url + strlen("ipc://");
    if (stat(s->run_dir, &st) == 0 && chown(path, (uid_t)-1, st.st_gid) != 0)
        (void)chmod(path,
                    0700); /* not in that group: its members cannot come in, we and root can */
    loop_timer_arm(l->timer, IPC_CONNECT_WAIT);
    *ret = l;
    return 0;
}

static bool name_ok(const char *name)
{
    size_t n = strlen(name);

    if (n == 0 || n >= IPC_NAME_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (name[i] <= ' ' || name[i] > '~')
            return false;
    return true;
}

static void caller_free(struct caller *c)
{
    *c->prev = c->next;
    if (c->next)
        c->next->prev = c->prev;
    c->server->n_callers--;
    loop_fd_free(c->watch);
    loop_timer_free(c->timer);
    close(c->fd);
    mem_free(MEM(ipc_server), c);
}

static void caller_timeout(void *ctx)
{
    caller_free(ctx);
}

/* Decides on a request: 0 and the new link, or -errno. */
static int caller_decide(struct caller *c, const uint8_t *req, size_t len, struct ipc_link **ret)
{
    struct ucred cred;
    socklen_t cred_len = sizeof(cred);
    Godwit__ConnectRequest *r;
    int rv = -EINVAL;

    if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len) != 0 ||
        !server_uid_ok(c->server, cred.uid, cred.gid))
        return -EPERM;
    r = godwit__connect_request__unpack(NULL, len, req);
    if (r && name_ok(r->client))
        rv = server_link_new(c->server, r->client, ret);
    if (r)
        godwit__connect_request__free_unpacked(r, NULL);
    return rv;
}

/* One packet, one answer, end. */
static void caller_ready(void *ctx, int events)
{
    struct caller *c = ctx;
    Godwit__ConnectReply reply = GODWIT__CONNECT_REPLY__INIT;
    uint8_t buf[IPC_RENDEZVOUS_MAX];
    struct ipc_link *l = NULL;

    (void)events;
    ssize_t n = recv(c->fd, buf, sizeof(buf), MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        int rv = (size_t)n > sizeof(buf) ? -EMSGSIZE : caller_decide(c, buf, (size_t)n, &l);
        reply.error = (uint32_t)-rv;
        if (l)
            reply.address = l->url;
        reply.server = c->server->service;
        size_t len = godwit__connect_reply__get_packed_size(&reply);
        if (len <= sizeof(buf)) {
            godwit__connect_reply__pack(&reply, buf);
            (void)send(c->fd, buf, len, MSG_NOSIGNAL | MSG_DONTWAIT); /* gone: the link times out */
        }
    }
    caller_free(c);
}

static void server_accept(void *ctx, int events)
{
    struct ipc_server *s = ctx;

    (void)events;
    for (int i = 0; i < 16; i++) {
        int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        if (s->n_callers == IPC_MAX_CALLERS) {
            close(fd);
            continue;
        }
        struct caller *c = mem_calloc(MEM(ipc_server), 1, sizeof(*c));
        c->server = s;
        c->fd = fd;
        c->next = s->callers;
        c->prev = &s->callers;
        if (c->next)
            c->next->prev = &c->next;
        s->callers = c;
        s->n_callers++;
        c->watch = loop_fd_new(s->loop, "ipc rendezvous", fd, LOOP_READ, caller_ready, c);
        c->timer = loop_timer_new(s->loop, "ipc rendezvous", caller_timeout, c);
        loop_timer_arm(c->timer, IPC_REQUEST_WAIT);
    }
}

/* Removes the pair sockets of a predecessor that was killed: SERVICE.PID.SERIAL. */
static void server_sweep(const struct ipc_server *s)
{
    DIR *d = opendir(s->run_dir);
    size_t n = strlen(s->service);
    struct dirent *e;

    if (!d)
        return;
    while ((e = readdir(d))) {
        const char *t = e->d_name;
        if (strncmp(t, s->service, n) != 0 || t[n] != '.')
            continue;
        t += n + 1;
        size_t pid = strspn(t, "0123456789");
        if (!pid || t[pid] != '.' || t[pid + 1] == 0 ||
            t[pid + 1 + strspn(t + pid + 1, "0123456789")] != 0)
            continue;
        (void)unlinkat(dirfd(d), e->d_name, 0);
    }
    closedir(d);
}

/* Binds; a file that a dead process left is replaced, one with a listener is not. */
static int server_bind(int fd, const struct sockaddr_un *sun)
{
    if (bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0)
        return 0;
    if (errno != EADDRINUSE)
        return -errno;
    int probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return -errno;
    bool dead = connect(probe, (const struct sockaddr *)sun, sizeof(*sun)) != 0 &&
                (errno == ECONNREFUSED || errno == EPROTOTYPE);
    close(probe);
    if (!dead)
        return -EADDRINUSE;
    if (unlink(sun->sun_path) != 0 && errno != ENOENT)
        return -errno;
    return bind(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0 ? 0 : -errno;
}

static int server_listen(struct ipc_server *s)
{
    struct sockaddr_un sun = { .sun_family = AF_UNIX };
    struct stat st;
    int n = snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/%s", s->run_dir, s->service);

    /* The pair's paths are longer by ".PID.SERIAL". */
    if (n < 0 || (size_t)n >= sizeof(sun.sun_path) - 20)
        return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int rv = server_bind(fd, &sun);
    if (rv == 0) {
        mode_t mode = 0660;
        if (stat(s->run_dir, &st) != 0 || chown(sun.sun_path, (uid_t)-1, st.st_gid) != 0)
            mode = 0600; /* not in that group: its members cannot come in, we and root can */
        if (chmod(sun.sun_path, mode) != 0 || listen(fd, 64) != 0)
            rv = -errno;
        if (rv != 0)
            unlink(sun.sun_path);
    }
    if (rv != 0) {
        close(fd);
        return rv;
    }
    s->fd = fd;
    s->watch = loop_fd_new(s->loop, "ipc rendezvous", fd, LOOP_READ, server_accept, s);
    server_sweep(s);
    return 0;
}

struct ipc_server *ipc_server_new(
    struct loop *loop, const char *run_dir, const char *service, const struct ipc_link_ops *ops,
    void *(*accepted)(void *, struct ipc_link *, const char *, uint32_t), void *ctx, int *ret_err)
{
    struct ipc_server *s = mem_calloc(MEM(ipc_server), 1, sizeof(*s));

    s->loop = loop;
    s->ops = ops;
    s->accepted = accepted;
    s->ctx = ctx;
    s->fd = -1;
    bool fits = strlen(run_dir) < sizeof(s->run_dir) && strlen(service) < sizeof(s->service);
    if (fits) {
        snprintf(s->run_dir, sizeof(s->run_dir), "%s", run_dir);
        snprintf(s->service, sizeof(s->service), "%s", service);
    }
    *ret_err = fits ? server_listen(s) : -ENAMETOOLONG;
    if (*ret_err == 0)
        return s;
    mem_free(MEM(ipc_server), s);
    return NULL;
}

void ipc_server_free(struct ipc_server *s)
{
    char path[IPC_URL_MAX + IPC_NAME_MAX];

    if (!s)
        return;
    loop_fd_free(s->watch);
    close(s->fd);
    snprintf(path, sizeof(path), "%s/%s", s->run_dir, s->service);
    unlink(path);
    while (s->callers)
        caller_free(s->callers);
    for (struct ipc_link *l = s->links, *next; l; l = next) {
        next = l->next;
        bool busy = l->busy;
        ipc_link_free(l);
        if (busy) /* its memory goes when its callback returns: by then the server is no more */
            l->server = NULL;
    }
    mem_free(MEM(ipc_server), s);
}
