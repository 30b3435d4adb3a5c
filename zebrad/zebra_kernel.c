/* SPDX-License-Identifier: Apache-2.0
 * zebra_kernel.c - sockets to the kernel.
 *
 * Writer: an actor of its own with one socket, so that all operations keep their order. A batch is
 * encoded there and sent in chunks; only a chunk's last message asks for an acknowledgement,
 * refusals always come, each with the sequence number that leads back to its operation. Monitor:
 * read on the main loop. A socket filter drops the echoes of our own writes, which would otherwise
 * be one message per route. When the kernel had to drop messages (ENOBUFS), everything is dumped
 * anew on a third socket, a datagram per turn of the loop, and compared.
 */
#include "config.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "actor.h"
#include "log.h"
#include "zebra_kernel.h"

MEM_DEFINE(kernel, "Kernel interface");
LOG_DEBUG_DEFINE(kernel, "zebra kernel");

#define CHUNK_BYTES (96 * 1024)
#define SOCKET_BUF  (4 * 1024 * 1024)
#define DUMP_BUF    (256 * 1024)

/* The passes of a full dump, in the order in which they make sense of each other. */
static const struct pass {
    uint16_t type;
    uint8_t family;
    bool links_done; /* links and addresses are complete after this one */
} passes[] = {
    { RTM_GETLINK, AF_UNSPEC, false },    { RTM_GETADDR, AF_UNSPEC, true },
    { RTM_GETNEXTHOP, AF_UNSPEC, false }, { RTM_GETROUTE, AF_INET, false },
    { RTM_GETROUTE, AF_INET6, false },
};
#define N_PASSES (sizeof(passes) / sizeof(passes[0]))

struct writer_msg {
    struct actor_msg m;
    struct fib_batch *b;
};
struct kernel {
    struct loop *loop;
    const struct kernel_ops *ops;
    void *ctx;
    /* writer's thread */
    struct actor *writer;
    int wfd;
    uint32_t wpid, seq;
    uint8_t *wbuf;
    struct { /* the chunk that waits for its answers */
        struct fib_batch *b;
        unsigned first, last;
        uint32_t seq;
        bool done;
    } chunk;
    /* both */
    pthread_mutex_t lock;
    struct fib_batch *done, **done_tail;
    struct loop_waker *waker;
    /* main */
    int mfd, dfd;
    struct loop_fd *mwatch, *dwatch;
    uint8_t *rbuf;
    unsigned pass;
    uint32_t dump_seq;
    bool dumping, again;
    bool dump_done, dump_intr;
    struct kernel_counters cnt;
};

int kernel_sysctl(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = write(fd, value, strlen(value));
    int err = n < 0 ? -errno : 0;
    close(fd);
    return err;
}

static void set_buf(int fd, int force, int plain, int size)
{
    if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

static int open_socket(uint32_t groups, uint32_t *ret_pid)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl sa = { .nl_family = AF_NETLINK, .nl_groups = groups };
    socklen_t len = sizeof(sa);
    int one = 1;
    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) < 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    set_buf(fd, SO_RCVBUFFORCE, SO_RCVBUF, SOCKET_BUF);
    set_buf(fd, SO_SNDBUFFORCE, SO_SNDBUF, SOCKET_BUF);
    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
    if (ret_pid)
        *ret_pid = sa.nl_pid;
    return fd;
}

/* ---- writer ---- */
static void on_answer(void *ctx, uint32_t seq, int err)
{
    struct kernel *k = ctx;
    uint32_t i = seq - k->chunk.seq;
    if (i > k->chunk.last - k->chunk.first)
        return;
    k->chunk.b->op[k->chunk.first + i].err = err;
    if (k->chunk.first + i == k->chunk.last)
        k->chunk.done = true;
}

static void chunk_fail(struct kernel *k, int err)
{
    k->cnt.send_errors++;
    for (unsigned i = k->chunk.first; i <= k->chunk.last; i++)
        k->chunk.b->op[i].err = err;
}

static void chunk_send(struct kernel *k, size_t len)
{
    struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
    uint8_t buf[64 * 1024];
    k->chunk.done = false;
    while (sendto(k->wfd, k->wbuf, len, 0, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
        if (errno == EINTR)
            continue;
        chunk_fail(k, errno);
        return;
    }
    while (!k->chunk.done) {
        ssize_t n = recv(k->wfd, buf, sizeof(buf), 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) { /* answers were lost: what became of the chunk is unknown, all of it is sent
                        again */
            chunk_fail(k, errno);
            return;
        }
        nl_errors(buf, (size_t)n, on_answer, k);
    }
}

static void write_batch(struct kernel *k, struct fib_batch *b)
{
    unsigned i = 0;
    k->cnt.batches++;
    while (i < b->n) {
        size_t len = 0;
        k->chunk.b = b;
        k->chunk.first = i;
        k->chunk.seq = k->seq;
        while (i < b->n && len + NL_OP_MAX <= CHUNK_BYTES) {
            struct nlmsghdr *h = (struct nlmsghdr *)(void *)(k->wbuf + len);
            len += NLMSG_ALIGN(nl_encode(&b->op[i++], k->seq++, false, h));
            if (i == b->n || len + NL_OP_MAX > CHUNK_BYTES)
                h->nlmsg_flags |= NLM_F_ACK;
        }
        k->chunk.last = i - 1;
        chunk_send(k, len);
    }
}

static void writer_message(void *ctx, struct actor_msg *m)
{
    struct kernel *k = ctx;
    struct fib_batch *b = ((struct writer_msg *)(void *)m)->b;
    free(m);
    write_batch(k, b);
    pthread_mutex_lock(&k->lock);
    b->next = NULL;
    *k->done_tail = b;
    k->done_tail = &b->next;
    pthread_mutex_unlock(&k->lock);
    loop_wake(k->waker);
}

static const struct actor_ops writer_ops = { .message = writer_message };

void kernel_submit(struct kernel *k, struct fib_batch *b)
{
    struct writer_msg *m = calloc(1, sizeof(*m));
    if (!m)
        abort();
    if (!k->writer) /* made at the first write: with the privileges that the daemon has then */
        k->writer = actor_new(k->loop, "netlink", true, &writer_ops, k);
    m->m.cost = sizeof(*b);
    m->b = b;
    actor_post(k->writer, &m->m);
}

static struct fib_batch *take_done(struct kernel *k)
{
    pthread_mutex_lock(&k->lock);
    struct fib_batch *b = k->done;
    k->done = NULL;
    k->done_tail = &k->done;
    pthread_mutex_unlock(&k->lock);
    return b;
}

static void on_done(void *ctx)
{
    struct kernel *k = ctx;
    struct fib_batch *b = take_done(k);
    while (b) {
        struct fib_batch *next = b->next;
        k->ops->complete(k->ctx, b);
        b = next;
    }
}

/* ---- what the kernel says ---- */
struct source {
    struct kernel *k;
    bool dump;
};

static void on_link(void *ctx, const struct nl_link *l)
{
    struct source *s = ctx;
    s->k->ops->link(s->k->ctx, l, s->dump);
}

static void on_addr(void *ctx, const struct nl_addr *a)
{
    struct source *s = ctx;
    s->k->ops->addr(s->k->ctx, a, s->dump);
}

static void on_route(void *ctx, const struct nl_route *r)
{
    struct source *s = ctx;
    s->k->ops->route(s->k->ctx, r, s->dump);
}

static void on_nexthop(void *ctx, const struct knh_info *i, bool gone)
{
    struct source *s = ctx;
    s->k->ops->nexthop(s->k->ctx, i, gone, s->dump);
}

static const struct nl_sink sink = {
    .link = on_link, .addr = on_addr, .route = on_route, .nexthop = on_nexthop
};

static struct nl_result digest(struct kernel *k, size_t n, bool dump)
{
    struct source s = { k, dump };
    struct nl_result r = nl_decode(k->rbuf, n, &sink, &s);
    k->cnt.messages += r.messages;
    if (r.bad && !k->cnt.bad)
        log_warn("netlink: %u message(s) from the kernel do not parse and were skipped", r.bad);
    k->cnt.bad += r.bad;
    return r;
}

static void on_monitor(void *ctx, int events)
{
    struct kernel *k = ctx;
    (void)events;
    for (unsigned i = 0; i < 64; i++) {
        ssize_t n = recv(k->mfd, k->rbuf, DUMP_BUF, MSG_DONTWAIT);
        if (n > 0) {
            digest(k, (size_t)n, false);
            continue;
        }
        if (n < 0 && errno == ENOBUFS) {
            k->cnt.overruns++;
            log_notice("netlink: the kernel dropped notifications; reading everything anew");
            kernel_resync(k);
            continue;
        }
        return;
    }
}

/* Echoes of our own writes (messages whose port is the writer's) are not delivered; the rest is. */
static void filter_own(int fd, uint32_t pid)
{
    /* The type is in host order while BPF loads in network order: no range, one by one. */
    struct sock_filter g[] = {
        BPF_STMT(BPF_LD | BPF_ABS | BPF_W, offsetof(struct nlmsghdr, nlmsg_pid)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(pid), 0, 6),
        BPF_STMT(BPF_LD | BPF_ABS | BPF_H, offsetof(struct nlmsghdr, nlmsg_type)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNEXTHOP), 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELNEXTHOP), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0x7fffffff),
    };
    struct sock_fprog prog = { .len = sizeof(g) / sizeof(g[0]), .filter = g };
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0)
        log_warn("netlink: cannot filter our own echoes: %s", strerror(errno));
}

/* ---- dumps ---- */
static bool dump_request(struct kernel *k)
{
    uint8_t buf[256] __attribute__((aligned(8))) = { 0 };
    struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
    size_t len = nl_encode_dump(passes[k->pass].type, passes[k->pass].family, ++k->dump_seq, buf);
    if (sendto(k->dfd, buf, len, 0, (struct sockaddr *)&sa, sizeof(sa)) >= 0)
        return true;
    log_err("netlink: cannot ask for a dump: %s", strerror(errno));
    return false;
}

static void dump_finish(struct kernel *k)
{
    k->dumping = false;
    if (k->dwatch)
        loop_fd_set(k->dwatch, 0);
    k->ops->resync_end(k->ctx);
    if (k->again || k->dump_intr)
        kernel_resync(k);
}

/* The pass at hand is complete; false when it was the last. */
static bool dump_next(struct kernel *k)
{
    if (passes[k->pass].links_done)
        k->ops->resync_links_done(k->ctx);
    while (++k->pass < N_PASSES)
        if (dump_request(k))
            return true;
    dump_finish(k);
    return false;
}

static void dump_input(struct kernel *k, size_t n)
{
    struct nl_result r = digest(k, n, true);
    if (r.interrupted)
        k->dump_intr = true;
    if (r.err) /* a kernel without nexthop objects, for example */
        log_notice("netlink: dump of type %u: %s", passes[k->pass].type, strerror(r.err));
    if (r.done || r.err)
        dump_next(k);
}

static void dump_begin(struct kernel *k)
{
    k->dumping = true;
    k->again = k->dump_intr = false;
    k->cnt.resyncs++;
    k->pass = 0;
    k->ops->resync_begin(k->ctx);
    if (!dump_request(k))
        dump_next(k);
}

static void on_dump(void *ctx, int events)
{
    struct kernel *k = ctx;
    (void)events;
    for (unsigned i = 0; i < 4 && k->dumping; i++) {
        ssize_t n = recv(k->dfd, k->rbuf, DUMP_BUF, MSG_DONTWAIT);
        if (n <= 0)
            return;
        dump_input(k, (size_t)n);
    }
}

void kernel_resync(struct kernel *k)
{
    if (k->dumping) {
        k->again = true;
        return;
    }
    loop_fd_set(k->dwatch, LOOP_READ);
    dump_begin(k);
}

void kernel_start(struct kernel *k)
{
    dump_begin(k);
    while (k->dumping) {
        ssize_t n = recv(k->dfd, k->rbuf, DUMP_BUF, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            log_err("netlink: the first dump failed: %s", strerror(errno));
            break;
        }
        dump_input(k, (size_t)n);
    }
    k->mwatch = loop_fd_new(k->loop, "netlink monitor", k->mfd, LOOP_READ, on_monitor, k);
}

struct kernel *kernel_open(struct loop *l, const struct kernel_ops *ops, void *ctx, int *ret_err)
{
    struct kernel *k = mem_calloc(MEM(kernel), 1, sizeof(*k));
    k->loop = l;
    k->ops = ops;
    k->ctx = ctx;
    k->seq = 1;
    k->done_tail = &k->done;
    pthread_mutex_init(&k->lock, NULL);
    k->wfd = open_socket(0, &k->wpid);
    k->mfd = k->wfd < 0 ? -1
                        : open_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                          RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
                                      NULL);
    k->dfd = k->mfd < 0 ? -1 : open_socket(0, NULL);
    if (k->wfd < 0 || k->mfd < 0 || k->dfd < 0) {
        *ret_err = k->wfd < 0 ? k->wfd : k->mfd < 0 ? k->mfd : k->dfd;
        kernel_free(k);
        return NULL;
    }
    int group = RTNLGRP_NEXTHOP;
    if (setsockopt(k->mfd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
        log_warn("netlink: no notifications about nexthop objects: %s", strerror(errno));
    filter_own(k->mfd, k->wpid);
    k->wbuf = mem_calloc(MEM(kernel), 1, CHUNK_BYTES);
    k->rbuf = mem_alloc(MEM(kernel), DUMP_BUF);
    k->waker = loop_waker_new(l, "netlink results", on_done, k);
    k->dwatch = loop_fd_new(l, "netlink dump", k->dfd, 0, on_dump, k);
    return k;
}

void kernel_free(struct kernel *k)
{
    if (!k)
        return;
    if (k->writer)
        actor_free(k->writer);
    for (struct fib_batch *b = take_done(k), *next; b; b = next) {
        next = b->next;
        fib_batch_free(b);
    }
    if (k->waker)
        loop_waker_free(k->waker);
    if (k->mwatch)
        loop_fd_free(k->mwatch);
    if (k->dwatch)
        loop_fd_free(k->dwatch);
    int fds[] = { k->wfd, k->mfd, k->dfd };
    for (unsigned i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    mem_free(MEM(kernel), k->wbuf);
    mem_free(MEM(kernel), k->rbuf);
    pthread_mutex_destroy(&k->lock);
    mem_free(MEM(kernel), k);
}

struct kernel_counters kernel_counters(const struct kernel *k)
{
    return k->cnt;
}
