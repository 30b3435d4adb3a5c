/* SPDX-License-Identifier: Apache-2.0
 * ipc_server.c - the listening end: rendezvous by REP, then a PAIR0 socket per client.
 *
 * One request is served at a time (receive, decide, reply, receive again); a reply never waits for
 * the client. A link exists from the reply on; when its pipe has not come within IPC_CONNECT_WAIT
 * it goes away again unseen. The path of a pair's socket is removed as soon as its client is there,
 * so a daemon that is killed leaves at most its rendezvous socket, which the next start replaces.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ipc_conn.h"
#include "mem.h"
#include "proto/common.pb-c.h"

#define IPC_MAX_CLIENTS 256

MEM_DEFINE(ipc_server, "IPC server");
MEM_DEFINE(ipc_link, "IPC link");

struct ipc_server {
    struct loop *loop;
    const struct ipc_link_ops *ops;
    void *(*accepted)(void *ctx, struct ipc_link *link, const char *client, uint32_t uid);
    void *ctx;
    char run_dir[IPC_URL_MAX], service[IPC_NAME_MAX];
    nng_socket rep;
    nng_aio *aio;
    struct loop_waker *waker;
    struct ipc_link *links;
    unsigned n_links, serial;
    pthread_mutex_t mtx;
    bool done; /* under mtx: the aio's step is over */
    enum { SRV_RECV, SRV_SEND } step;
};

/* nng thread. */
static void server_aio_cb(void *arg)
{
    struct ipc_server *s = arg;

    pthread_mutex_lock(&s->mtx);
    s->done = true;
    pthread_mutex_unlock(&s->mtx);
    loop_wake(s->waker);
}

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

/* Answers one request; the reply is put into *ret. */
static void server_answer(struct ipc_server *s, nng_msg *req, nng_msg **ret)
{
    Godwit__ConnectReply reply = GODWIT__CONNECT_REPLY__INIT;
    Godwit__ConnectRequest *r = NULL;
    struct ipc_link *l = NULL;
    uint64_t uid = UINT64_MAX, gid = UINT64_MAX;
    nng_pipe p = nng_msg_get_pipe(req);
    int rv;

    (void)nng_pipe_get_uint64(p, NNG_OPT_IPC_PEER_UID, &uid);
    (void)nng_pipe_get_uint64(p, NNG_OPT_IPC_PEER_GID, &gid);
    if (!server_uid_ok(s, uid, gid))
        rv = -EPERM;
    else if (!(r = godwit__connect_request__unpack(NULL, nng_msg_len(req), nng_msg_body(req))) ||
             !name_ok(r->client))
        rv = -EINVAL;
    else
        rv = server_link_new(s, r->client, &l);
    if (r)
        godwit__connect_request__free_unpacked(r, NULL);
    reply.error = (uint32_t)-rv;
    if (l)
        reply.address = l->url;
    reply.server = s->service;
    if (nng_msg_alloc(ret, godwit__connect_reply__get_packed_size(&reply)) != 0)
        *ret = NULL;
    else
        godwit__connect_reply__pack(&reply, nng_msg_body(*ret));
}

static void server_receive(struct ipc_server *s)
{
    s->step = SRV_RECV;
    nng_recv_aio(s->rep, s->aio);
}

static void server_run(void *ctx)
{
    struct ipc_server *s = ctx;

    pthread_mutex_lock(&s->mtx);
    bool done = s->done;
    s->done = false;
    pthread_mutex_unlock(&s->mtx);
    if (!done)
        return;
    int rv = nng_aio_result(s->aio);
    if (s->step == SRV_SEND) {
        if (rv != 0 && nng_aio_get_msg(s->aio))
            nng_msg_free(nng_aio_get_msg(s->aio));
        nng_aio_set_msg(s->aio, NULL);
        server_receive(s);
        return;
    }
    if (rv == NNG_ECLOSED)
        return;
    if (rv != 0) {
        server_receive(s);
        return;
    }
    nng_msg *req = nng_aio_get_msg(s->aio), *reply = NULL;
    server_answer(s, req, &reply);
    nng_msg_free(req);
    nng_aio_set_msg(s->aio, reply);
    if (!reply) {
        server_receive(s);
        return;
    }
    s->step = SRV_SEND;
    nng_send_aio(s->rep, s->aio);
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

static int server_listen(struct ipc_server *s)
{
    char url[IPC_URL_MAX];
    nng_listener lst;
    struct stat st;
    int n = snprintf(url, sizeof(url), "ipc://%s/%s", s->run_dir, s->service);

    if (n < 0 || (size_t)n >= sizeof(url) - 20)
        return -ENAMETOOLONG;
    int rv = nng_listener_create(&lst, s->rep, url);
    if (rv == 0) {
        (void)nng_listener_set_int(lst, NNG_OPT_IPC_PERMISSIONS, 0770);
        rv = nng_listener_start(lst, 0);
    }
    if (rv != 0)
        return ipc_errno(rv);
    const char *path = url + strlen("ipc://");
    if (stat(s->run_dir, &st) == 0 && chown(path, (uid_t)-1, st.st_gid) != 0)
        (void)chmod(path, 0700);
    server_sweep(s);
    return 0;
}

struct ipc_server *ipc_server_new(
    struct loop *loop, const char *run_dir, const char *service, const struct ipc_link_ops *ops,
    void *(*accepted)(void *, struct ipc_link *, const char *, uint32_t), void *ctx, int *ret_err)
{
    struct ipc_server *s = mem_calloc(MEM(ipc_server), 1, sizeof(*s));
    int rv = 0, nrv;

    s->loop = loop;
    s->ops = ops;
    s->accepted = accepted;
    s->ctx = ctx;
    pthread_mutex_init(&s->mtx, NULL);
    if (strlen(run_dir) >= sizeof(s->run_dir) || strlen(service) >= sizeof(s->service))
        rv = -ENAMETOOLONG;
    else if ((nrv = nng_rep0_open(&s->rep)) != 0)
        rv = ipc_errno(nrv);
    if (rv != 0) {
        pthread_mutex_destroy(&s->mtx);
        mem_free(MEM(ipc_server), s);
        *ret_err = rv;
        return NULL;
    }
    snprintf(s->run_dir, sizeof(s->run_dir), "%s", run_dir);
    snprintf(s->service, sizeof(s->service), "%s", service);
    s->waker = loop_waker_new(loop, "ipc server", server_run, s);
    (void)nng_socket_set_size(s->rep, NNG_OPT_RECVMAXSZ, 4096);
    rv = ipc_errno(nng_aio_alloc(&s->aio, server_aio_cb, s));
    if (rv == 0)
        rv = server_listen(s);
    if (rv != 0) {
        ipc_server_free(s);
        *ret_err = rv;
        return NULL;
    }
    nng_aio_set_timeout(s->aio, NNG_DURATION_INFINITE);
    server_receive(s);
    *ret_err = 0;
    return s;
}

void ipc_server_free(struct ipc_server *s)
{
    if (!s)
        return;
    nng_close(s->rep);
    if (s->aio) {
        nng_aio_stop(s->aio);
        if (s->done && nng_aio_get_msg(s->aio) &&
            (s->step == SRV_RECV) == (nng_aio_result(s->aio) == 0))
            nng_msg_free(nng_aio_get_msg(s->aio));
        nng_aio_free(s->aio);
    }
    for (struct ipc_link *l = s->links, *next; l; l = next) {
        next = l->next;
        bool busy = l->busy;
        ipc_link_free(l);
        if (busy) /* its memory goes when its callback returns: by then the server is no more */
            l->server = NULL;
    }
    loop_waker_free(s->waker);
    pthread_mutex_destroy(&s->mtx);
    mem_free(MEM(ipc_server), s);
}
