/* SPDX-License-Identifier: Apache-2.0
 * bgp_io.c - the I/O actor: reads, frames and parses what sessions receive, writes what they send.
 *
 * Structures. struct bgp_io_sess is one TCP connection from "TCP is up" to close; the main thread
 * keeps a pointer to it and speaks to the actor in messages (io_msg), the actor answers with events
 * (io_event) through an inbox on the main loop. io.by_peer[] finds the session that carries a
 * peer's UPDATEs; entries are set by ATTACH and cleared by CLOSE, and members of an older
 * generation are skipped, so shards may write to a session that has just gone. io_peer[] has each
 * peer's counters and backlog: written here with relaxed atomics, read by shows on the main thread.
 *
 * Threads. One actor for all sessions, on its own thread unless --threads 1; UPDATEs go from here
 * to the shards (bgp_rib_feed) without waking main. The socket is closed by the actor only after
 * main has asked for it, so that main may look at the descriptor (FIONREAD) until then; a session's
 * memory is freed by main on the actor's last event.
 *
 * Reading. All sessions read into one shared buffer; what is left of an incomplete message is kept
 * per session (bgp_stream.h). Before Established one message is handed to main at a time, and the
 * next is looked at when main says so: an UPDATE right behind the peer's KEEPALIVE waits until main
 * has moved to Established. When the shards are behind (bgp_rib_backlogged), or main is, sockets
 * are not read; TCP slows the peers down; an alarm looks again every millisecond.
 *
 * Writing. Shared buffers by reference, up to 64 per writev; EPOLLOUT is armed only while the
 * kernel takes no more. Control messages overtake at message boundaries (bgp_outq), so keepalives
 * are on time behind any backlog of ours.
 */
#include "bgp_io.h"
#include "bgp_stream.h"
#include "log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_BURST   (256 * 1024)
#define READ_OPENING 4096
#define WRITE_TURN   (1024 * 1024) /* bytes for one session before the others have their turn */
#define LINGER_US    (1000 * 1000) /* for the peer to read a last NOTIFICATION */
#define PAUSE_US     1000
#define EVENTS_HIGH  (4 * 1024 * 1024) /* bytes of messages that main has not looked at */
#define LOG_EVERY_US (1000 * 1000)

MEM_DEFINE(bgp_io_sess, "BGP connection I/O");
LOG_DEBUG_DEFINE(bgp_updates, "bgp updates");

enum io_type { IO_ADD, IO_SEND, IO_NEXT, IO_ATTACH, IO_UP, IO_CLOSE, IO_WRITE };
enum io_state {
    S_OPENING, /* handing messages to main one by one */
    S_WAITING, /* main has one and has not answered */
    S_UP,      /* UPDATEs flow */
    S_BROKEN,  /* reported to main; waits for its CLOSE */
    S_CLOSING, /* sends what is left, then closes */
};
struct bgp_io_sess {
    int fd;
    uint16_t peer;
    char name[64]; /* for logs */
    void *owner;   /* main only; NULL once given up */
    _Atomic(uint64_t) last_read;
    _Atomic(bool) paused; /* not reading because the shards are behind */
    /* the actor's */
    enum io_state state;
    uint32_t gen;
    uint32_t watched; /* epoll events; 0: not watched */
    bool attached, dirty, fin_sent;
    bool blocked; /* the kernel takes no more: EPOLLOUT is awaited */
    struct bgp_stream in;
    struct bgp_outq out;
    struct bgp_update_ctx ctx;
    struct bgp_rib_feeder *feeder;
    uint64_t deadline, log_next[2];
    uint32_t log_suppressed[2];
    struct bgp_io_sess *next_dirty, *next_closing, *next_paused;
};
struct io_msg {
    struct actor_msg m;
    struct bgp_io_sess *s;
    union {
        struct bgp_io_up up;
        uint32_t gen;
        struct {
            struct bgp_outbuf *buf;
            unsigned n;
        } write;
        size_t len;
    };
    union {
        uint8_t data[0];
        struct bgp_member to[0];
    };
};
enum ev_type { EV_MESSAGE, EV_BAD, EV_CLOSED, EV_EOR, EV_GONE };
struct io_event {
    struct actor_msg m;
    struct bgp_io_sess *s;
    uint8_t type;
    int err;
    struct bgp_error bad;
    size_t len;
    uint8_t data[];
};
struct io_peer {
    _Atomic(uint64_t) msgs[8][2]; /* by message type; [0] in, [1] out */
    _Atomic(uint64_t) bytes[2], last[2], discarded_attrs, treat_as_withdraw;
    _Atomic(size_t) backlog;
} __attribute__((aligned(64)));

static struct io_peer io_peer[BGP_MAX_PEERS];
static struct {
    struct actor *actor, *events;
    const struct bgp_io_cb *cb;
    unsigned sessions; /* main's count */
    /* the actor's */
    struct bgp_io_sess *by_peer[BGP_MAX_PEERS];
    struct bgp_io_sess *dirty, *closing, *paused;
    struct bgp_update update;
    uint8_t buf[BGP_MAX_LEN_EXT + 1 + READ_BURST];
} io;

/* Only the actor adds, so a plain relaxed load and store will do. */
static void bump(_Atomic(uint64_t) *c, uint64_t n)
{
    atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

static struct io_msg *msg_new(enum io_type type, struct bgp_io_sess *s, size_t extra)
{
    struct io_msg *m = calloc(1, sizeof *m + extra); /* the actor's inbox frees with free() */
    if (!m)
        abort();
    m->m.type = type;
    m->m.cost = (uint32_t)(sizeof *m + extra);
    m->s = s;
    return m;
}

static void event(struct bgp_io_sess *s, enum ev_type type, uint8_t sub, int err,
                  const struct bgp_error *bad, const void *data, size_t len)
{
    struct io_event *e = calloc(1, sizeof *e + len);
    if (!e)
        abort();
    e->m.type = type;
    e->m.cost = (uint32_t)(sizeof *e + len);
    e->s = s;
    e->type = sub;
    e->err = err;
    if (bad)
        e->bad = *bad;
    e->len = len;
    if (len)
        memcpy(e->data, data, len);
    actor_post(io.events, &e->m);
}

/* ---- descriptor events ---- */

static void watch(struct bgp_io_sess *s, uint32_t events)
{
    if (s->watched == events)
        return;
    if (!events)
        actor_unwatch(io.actor, s->fd);
    else if (s->watched)
        actor_rewatch(io.actor, s->fd, events, s);
    else
        actor_watch(io.actor, s->fd, events, s);
    s->watched = events;
}

/* Reading and writing are asked for separately; a session that wants neither is not watched,
 * because epoll reports a hang-up whether one wants it or not. */
static void rewatch(struct bgp_io_sess *s)
{
    bool in = s->state == S_OPENING || (s->state == S_UP && !s->paused) ||
              (s->state == S_CLOSING && s->fin_sent);
    bool out = s->blocked && s->state != S_BROKEN;
    watch(s, (in ? EPOLLIN : 0u) | (out ? EPOLLOUT : 0u));
}

/* ---- writing ---- */

static void backlog_sub(uint16_t peer, size_t n)
{
    if (n)
        atomic_fetch_sub_explicit(&io_peer[peer].backlog, n, memory_order_relaxed);
}

static void wrote(struct bgp_io_sess *s, size_t n)
{
    struct io_peer *p = &io_peer[s->peer];
    struct bgp_outq_done done = bgp_outq_advance(&s->out, n);
    bump(&p->bytes[1], n);
    bump(&p->msgs[BGP_UPDATE][1], done.updates);
    atomic_store_explicit(&p->last[1], loop_now(), memory_order_relaxed);
    if (!done.data)
        return;
    size_t before = atomic_fetch_sub_explicit(&p->backlog, done.data, memory_order_relaxed);
    if (before >= BGP_OUT_LOW && before - done.data < BGP_OUT_LOW)
        bgp_rib_writable(s->peer);
}

static void broken(struct bgp_io_sess *s, int err)
{
    if (s->state == S_CLOSING || s->state == S_BROKEN)
        return;
    s->state = S_BROKEN;
    watch(s, 0);
    if (s->feeder)
        bgp_rib_feed_flush(s->feeder);
    event(s, EV_CLOSED, 0, err, NULL, NULL, 0);
}

/* Returns true when its turn ended with more to write. */
static bool flush(struct bgp_io_sess *s)
{
    size_t turn = 0;
    if (s->state == S_BROKEN)
        return false;
    while (!bgp_outq_empty(&s->out)) {
        struct iovec iov[BGP_OUTQ_IOV];
        struct msghdr mh = { .msg_iov = iov };
        mh.msg_iovlen = bgp_outq_gather(&s->out, iov, BGP_OUTQ_IOV);
        ssize_t n = sendmsg(s->fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            s->blocked = true;
            rewatch(s);
            return false;
        }
        if (n < 0) {
            if (s->state == S_CLOSING)
                s->deadline = 0;
            else
                broken(s, errno);
            return false;
        }
        wrote(s, (size_t)n);
        turn += (size_t)n;
        if (turn >= WRITE_TURN && !bgp_outq_empty(&s->out))
            return true;
    }
    if (s->state == S_CLOSING && !s->fin_sent) {
        s->fin_sent = true;
        shutdown(s->fd, SHUT_WR);
    }
    rewatch(s);
    return false;
}

static void dirty(struct bgp_io_sess *s)
{
    if (s->dirty || s->blocked)
        return;
    s->dirty = true;
    s->next_dirty = io.dirty;
    io.dirty = s;
}

static void control(struct bgp_io_sess *s, const void *msg, size_t len)
{
    if (len >= BGP_HEADER_LEN)
        bump(&io_peer[s->peer].msgs[((const uint8_t *)msg)[18] & 7][1], 1);
    bgp_outq_control(&s->out, msg, len);
    dirty(s);
}

/* ---- reading ---- */

static void log_malformed(struct bgp_io_sess *s, const struct bgp_update *u, const uint8_t *body,
                          size_t len)
{
    struct io_peer *p = &io_peer[s->peer];
    if (u->outcome == BGP_WITHDRAW)
        bump(&p->treat_as_withdraw, 1);
    bump(&p->discarded_attrs, u->n_discarded);
    uint64_t now = loop_now();
    bool lost = u->outcome ==
                BGP_WITHDRAW; /* limited apart: a flood of the lesser kind hides none of these */
    if (now < s->log_next[lost]) {
        s->log_suppressed[lost]++;
        return;
    }
    log_warn("neighbor %s: malformed UPDATE, %s: %s", s->name,
             lost ? "routes treated as withdrawn (RFC 7606)" : "attribute discarded (RFC 7606)",
             u->err.text);
    if (s->log_suppressed[lost])
        log_warn("neighbor %s: %u more malformed UPDATEs were not logged", s->name,
                 s->log_suppressed[lost]);
    s->log_suppressed[lost] = 0;
    s->log_next[lost] = now + LOG_EVERY_US;
    if (log_debug_bgp_updates.on) {
        char hex[2 * 512 + 1];
        for (size_t i = 0; i < len && i < 512; i++)
            snprintf(hex + 2 * i, 3, "%02x", body[i]);
        log_dbg(bgp_updates, "neighbor %s: malformed UPDATE, %zu bytes: %s%s", s->name, len, hex,
                len > 512 ? "..." : "");
    }
}

/* False: the session ends. */
static bool take_update(struct bgp_io_sess *s, const uint8_t *body, size_t len)
{
    struct bgp_update *u = &io.update;
    bgp_update_decode(body, len, &s->ctx, u);
    if (u->outcome == BGP_RESET) {
        bgp_rib_feed_flush(s->feeder);
        s->state = S_BROKEN;
        watch(s, 0);
        event(s, EV_BAD, 0, 0, &u->err, body, len);
        return false;
    }
    if (u->outcome != BGP_OK || u->n_discarded)
        log_malformed(s, u, body, len);
    if (u->eor) {
        bgp_rib_feed_eor(s->feeder, u->eor_af);
        event(s, EV_EOR, (uint8_t)u->eor_af, 0, NULL, NULL, 0);
    } else {
        bgp_rib_feed(s->feeder, u);
    }
    return true;
}

/* Takes messages from [p, end); returns where it stopped, or NULL when the session is broken. */
static const uint8_t *take(struct bgp_io_sess *s, const uint8_t *p, const uint8_t *end)
{
    struct io_peer *c = &io_peer[s->peer];
    struct bgp_error err = { 0 };
    uint64_t n_updates = 0;
    uint8_t type;
    uint16_t len;
    int r = 0;
    const uint8_t *start = p;
    while ((s->state == S_OPENING || s->state == S_UP) &&
           (r = bgp_stream_next(&s->in, p, (size_t)(end - p), &type, &len, &err)) == 1) {
        const uint8_t *body = p + BGP_HEADER_LEN;
        size_t body_len = len - (size_t)BGP_HEADER_LEN;
        p += len;
        if (type == BGP_UPDATE && s->state == S_UP) {
            n_updates++;
            take_update(s, body, body_len);
            continue;
        }
        bump(&c->msgs[type & 7][0], 1);
        if (type == BGP_KEEPALIVE && s->state == S_UP)
            continue; /* the stamp below is what main's hold timer looks at */
        if (s->state == S_OPENING)
            s->state = S_WAITING;
        event(s, EV_MESSAGE, type, 0, NULL, body, body_len);
    }
    bump(&c->msgs[BGP_UPDATE][0], n_updates);
    if (p != start) {
        uint64_t now = loop_now();
        atomic_store_explicit(&s->last_read, now, memory_order_relaxed);
        atomic_store_explicit(&c->last[0], now, memory_order_relaxed);
    }
    if (r < 0) {
        s->state = S_BROKEN;
        watch(s, 0);
        event(s, EV_BAD, 0, 0, &err, NULL, 0);
    }
    if (s->feeder)
        bgp_rib_feed_flush(s->feeder);
    return s->state == S_BROKEN ? NULL : p;
}

static bool backlogged(void)
{
    return bgp_rib_backlogged() || actor_backlog(io.events) > EVENTS_HIGH;
}

static void pause_reading(struct bgp_io_sess *s)
{
    atomic_store_explicit(&s->paused, true, memory_order_relaxed);
    s->next_paused = io.paused;
    io.paused = s;
    rewatch(s);
    actor_alarm(io.actor, PAUSE_US);
}

static void read_some(struct bgp_io_sess *s, bool hup)
{
    if (s->state == S_UP && !hup && backlogged()) {
        pause_reading(s);
        return;
    }
    size_t kept = s->in.len;
    size_t room = s->state == S_UP ? READ_BURST : READ_OPENING;
    ssize_t n;
    do
        n = read(s->fd, io.buf + kept, room);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return;
    if (n <= 0) {
        broken(s, n < 0 ? errno : 0);
        return;
    }
    bgp_stream_begin(&s->in, io.buf);
    bump(&io_peer[s->peer].bytes[0], (uint64_t)n);
    const uint8_t *end = io.buf + kept + n;
    const uint8_t *p = take(s, io.buf, end);
    bgp_stream_keep(&s->in, p ? p : end, p ? (size_t)(end - p) : 0);
    if (s->state == S_WAITING)
        rewatch(s);
}

/* Main has answered: look at what is already here before asking the kernel. */
static void resume_opening(struct bgp_io_sess *s)
{
    size_t kept = bgp_stream_begin(&s->in, io.buf);
    const uint8_t *p = take(s, io.buf, io.buf + kept);
    bgp_stream_keep(&s->in, p ? p : io.buf, p ? kept - (size_t)(p - io.buf) : 0);
    if (s->state != S_BROKEN)
        rewatch(s);
}

/* ---- closing ---- */

static void detach(struct bgp_io_sess *s)
{
    if (!s->attached)
        return;
    s->attached = false;
    if (io.by_peer[s->peer] == s)
        io.by_peer[s->peer] = NULL;
    if (s->feeder) {
        bgp_rib_feed_flush(s->feeder);
        bgp_rib_feeder_free(s->feeder);
        s->feeder = NULL;
    }
}

static void unpause(struct bgp_io_sess *s)
{
    if (!s->paused)
        return;
    for (struct bgp_io_sess **pp = &io.paused; *pp; pp = &(*pp)->next_paused)
        if (*pp == s) {
            *pp = s->next_paused;
            break;
        }
    atomic_store_explicit(&s->paused, false, memory_order_relaxed);
}

static void closing(struct bgp_io_sess *s, const void *last, size_t len)
{
    bool was_broken = s->state == S_BROKEN && !len;
    detach(s);
    unpause(s);
    bgp_stream_fini(&s->in);
    backlog_sub(s->peer, bgp_outq_cut(&s->out));
    s->state = S_CLOSING;
    s->deadline = was_broken ? 0 : loop_now() + LINGER_US;
    s->next_closing = io.closing;
    io.closing = s;
    if (was_broken)
        return;
    if (len)
        control(s, last, len);
    if (!s->blocked && flush(s))
        dirty(s);
    actor_alarm(io.actor, LINGER_US);
}

static void gone(struct bgp_io_sess *s)
{
    watch(s, 0);
    close(s->fd);
    bgp_outq_fini(&s->out);
    event(s, EV_GONE, 0, 0, NULL, NULL, 0);
}

static void drain(struct bgp_io_sess *s)
{
    ssize_t n = read(s->fd, io.buf, READ_BURST);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        s->deadline = 0;
}

/* ---- the actor ---- */

static void on_write(struct io_msg *m)
{
    struct bgp_outbuf *buf = m->write.buf;
    for (unsigned i = 0; i < m->write.n; i++) {
        struct bgp_io_sess *s = io.by_peer[m->to[i].peer];
        if (!s || s->gen != m->to[i].gen || s->state == S_BROKEN) {
            backlog_sub(m->to[i].peer, buf->len);
            bgp_outbuf_unref(buf);
            continue;
        }
        bgp_outq_push(&s->out, buf);
        dirty(s);
    }
}

static void on_message(void *ctx, struct actor_msg *am)
{
    struct io_msg *m = (struct io_msg *)am;
    struct bgp_io_sess *s = m->s;
    switch ((enum io_type)am->type) {
    case IO_ADD:
        rewatch(s);
        break;
    case IO_SEND:
        if (s->state != S_BROKEN)
            control(s, m->data, m->len);
        break;
    case IO_NEXT:
        if (s->state == S_WAITING) {
            s->state = S_OPENING;
            resume_opening(s);
        }
        break;
    case IO_ATTACH:
        s->gen = m->gen;
        s->attached = true;
        io.by_peer[s->peer] = s;
        break;
    case IO_UP:
        s->ctx = m->up.ctx;
        s->in.max = s->ctx.ext_msg ? BGP_MAX_LEN_EXT : BGP_MAX_LEN;
        s->feeder = bgp_rib_feeder_new(s->peer, m->up.gen, m->up.inst, m->up.connected_only);
        if (s->state == S_WAITING || s->state == S_OPENING) {
            s->state = S_UP;
            resume_opening(s);
        }
        break;
    case IO_CLOSE:
        closing(s, m->data, m->len);
        break;
    case IO_WRITE:
        on_write(m);
        break;
    }
    free(m);
}

static void on_ready(void *ctx, void *data, uint32_t events)
{
    struct bgp_io_sess *s = data;
    bool hup = events & (EPOLLHUP | EPOLLERR);
    if (events & EPOLLOUT || (hup && s->state == S_CLOSING)) {
        s->blocked = false;
        if (flush(s))
            dirty(s);
    }
    if (s->state == S_CLOSING) {
        if (events & EPOLLIN || hup)
            drain(s);
        if (!s->deadline)
            actor_kick(io.actor);
        return;
    }
    if ((events & EPOLLIN || hup) && (s->state == S_OPENING || s->state == S_UP))
        read_some(s, hup);
    else if (hup && s->state == S_WAITING)
        watch(s, 0); /* looked at again when main has answered */
}

static void resume_paused(void)
{
    if (!io.paused)
        return;
    if (backlogged()) {
        actor_alarm(io.actor, PAUSE_US);
        return;
    }
    struct bgp_io_sess *s = io.paused, *next;
    io.paused = NULL;
    for (; s; s = next) {
        next = s->next_paused;
        atomic_store_explicit(&s->paused, false, memory_order_relaxed);
        rewatch(s);
    }
}

static void reap_closing(void)
{
    uint64_t now = 0, soonest = 0;
    for (struct bgp_io_sess **pp = &io.closing; *pp;) {
        struct bgp_io_sess *s = *pp;
        if (!now)
            now = loop_now();
        if (!s->dirty && now >= s->deadline) {
            *pp = s->next_closing;
            gone(s);
            continue;
        }
        if (!soonest || s->deadline < soonest)
            soonest = s->deadline;
        pp = &s->next_closing;
    }
    if (soonest)
        actor_alarm(io.actor, soonest > now ? soonest - now : 1);
}

static bool on_work(void *ctx)
{
    struct bgp_io_sess *s = io.dirty, *next;
    io.dirty = NULL;
    for (; s; s = next) {
        next = s->next_dirty;
        s->dirty = false;
        if (!s->blocked && flush(s))
            dirty(s);
    }
    resume_paused();
    reap_closing();
    return io.dirty != NULL;
}

/* ---- main's side ---- */

static void on_event(void *ctx, struct actor_msg *am)
{
    struct io_event *e = (struct io_event *)am;
    struct bgp_io_sess *s = e->s;
    if (am->type == EV_GONE) {
        mem_free(MEM(bgp_io_sess), s);
        if (!--io.sessions && io.cb->idle)
            io.cb->idle();
    } else if (s->owner) {
        switch ((enum ev_type)am->type) {
        case EV_MESSAGE:
            io.cb->message(s->owner, e->type, e->data, e->len);
            break;
        case EV_BAD:
            io.cb->bad(s->owner, &e->bad);
            break;
        case EV_CLOSED:
            io.cb->closed(s->owner, e->err);
            break;
        case EV_EOR:
            io.cb->eor(s->owner, (enum bgp_afi_safi)e->type);
            break;
        case EV_GONE:
            break;
        }
    }
    free(e);
}

void bgp_io_start(struct loop *l, bool threaded, const struct bgp_io_cb *cb)
{
    static const struct actor_ops io_ops = { .message = on_message,
                                             .work = on_work,
                                             .ready = on_ready };
    static const struct actor_ops event_ops = { .message = on_event };
    io.cb = cb;
    io.events = actor_new(l, "bgp-events", false, &event_ops, NULL);
    io.actor = actor_new(l, "bgp-io", threaded, &io_ops, NULL);
}

void bgp_io_stop(void)
{
    actor_free(io.actor);
    actor_free(io.events);
    io.actor = io.events = NULL;
}

unsigned bgp_io_sessions(void)
{
    return io.sessions;
}

struct bgp_io_sess *bgp_io_add(int fd, const struct bgp_peer *peer, void *owner)
{
    struct bgp_io_sess *s = mem_calloc(MEM(bgp_io_sess), 1, sizeof *s);
    s->fd = fd;
    s->peer = peer->index;
    snprintf(s->name, sizeof s->name, "%s", peer->name);
    s->owner = owner;
    s->in.max = BGP_MAX_LEN;
    atomic_init(&s->last_read, loop_now());
    io.sessions++;
    actor_post(io.actor, &msg_new(IO_ADD, s, 0)->m);
    return s;
}

void bgp_io_send(struct bgp_io_sess *s, const void *msg, size_t len)
{
    struct io_msg *m = msg_new(IO_SEND, s, len);
    m->len = len;
    memcpy(m->data, msg, len);
    actor_post(io.actor, &m->m);
}

void bgp_io_next(struct bgp_io_sess *s)
{
    actor_post(io.actor, &msg_new(IO_NEXT, s, 0)->m);
}

void bgp_io_attach(struct bgp_io_sess *s, uint32_t gen)
{
    struct io_msg *m = msg_new(IO_ATTACH, s, 0);
    m->gen = gen;
    actor_post(io.actor, &m->m);
}

void bgp_io_up(struct bgp_io_sess *s, const struct bgp_io_up *up)
{
    struct io_msg *m = msg_new(IO_UP, s, 0);
    m->up = *up;
    actor_post(io.actor, &m->m);
}

void bgp_io_close(struct bgp_io_sess *s, const void *last, size_t len)
{
    struct io_msg *m = msg_new(IO_CLOSE, s, len);
    s->owner = NULL;
    m->len = len;
    if (len)
        memcpy(m->data, last, len);
    actor_post(io.actor, &m->m);
}

uint64_t bgp_io_last_read(const struct bgp_io_sess *s)
{
    return atomic_load_explicit(&s->last_read, memory_order_relaxed);
}

bool bgp_io_behind(const struct bgp_io_sess *s)
{
    int unread = 0;
    return atomic_load_explicit(&s->paused, memory_order_relaxed) ||
           (ioctl(s->fd, FIONREAD, &unread) == 0 && unread > 0);
}

void bgp_io_write(const struct bgp_member *to, unsigned n, struct bgp_outbuf *buf)
{
    if (!n || !buf->len)
        return;
    struct io_msg *m = msg_new(IO_WRITE, NULL, n * sizeof *to);
    m->m.cost += buf->len;
    m->write.buf = buf;
    m->write.n = n;
    memcpy(m->to, to, n * sizeof *to);
    atomic_fetch_add_explicit(&buf->refs, n, memory_order_relaxed);
    for (unsigned i = 0; i < n; i++)
        atomic_fetch_add_explicit(&io_peer[to[i].peer].backlog, buf->len, memory_order_relaxed);
    actor_post(io.actor, &m->m);
}

size_t bgp_io_backlog(uint16_t peer)
{
    return atomic_load_explicit(&io_peer[peer].backlog, memory_order_relaxed);
}

void bgp_io_peer_reset(uint16_t peer)
{
    struct io_peer *p = &io_peer[peer];
    for (unsigned i = 0; i < 16; i++)
        atomic_store_explicit(&p->msgs[i / 2][i % 2], 0, memory_order_relaxed);
    for (unsigned i = 0; i < 2; i++) {
        atomic_store_explicit(&p->bytes[i], 0, memory_order_relaxed);
        atomic_store_explicit(&p->last[i], 0, memory_order_relaxed);
    }
    atomic_store_explicit(&p->discarded_attrs, 0, memory_order_relaxed);
    atomic_store_explicit(&p->treat_as_withdraw, 0, memory_order_relaxed);
}

void bgp_peer_counters(const struct bgp_peer *peer, struct bgp_counters *ret)
{
    struct io_peer *p = &io_peer[peer->index];
    memset(ret, 0, sizeof *ret);
#define GET(x) atomic_load_explicit(&(x), memory_order_relaxed)
    for (unsigned d = 0; d < 2; d++) {
        ret->opens[d] = GET(p->msgs[BGP_OPEN][d]);
        ret->updates[d] = GET(p->msgs[BGP_UPDATE][d]);
        ret->notifications[d] = GET(p->msgs[BGP_NOTIFICATION][d]);
        ret->keepalives[d] = GET(p->msgs[BGP_KEEPALIVE][d]);
        ret->refreshes[d] = GET(p->msgs[BGP_ROUTE_REFRESH][d]);
        ret->bytes[d] = GET(p->bytes[d]);
    }
    ret->last_read_us = GET(p->last[0]);
    ret->last_write_us = GET(p->last[1]);
    ret->discarded_attrs = GET(p->discarded_attrs);
    ret->treat_as_withdraw = GET(p->treat_as_withdraw);
#undef GET
}
