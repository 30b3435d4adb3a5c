/* SPDX-License-Identifier: Apache-2.0
 * rib_bench.c - the RIB alone: UPDATEs decoded and fed as by an I/O actor, routes counted as they
 * leave towards the receivers and zebrad. No sockets, no kernel.
 *
 *   rib_bench [-n PREFIXES] [-f FEEDERS] [-r RECEIVERS] [-t THREADS] [-a ATTRIBUTE SETS] [-6] [-w]
 * [-m FILE]
 *
 * -m feeds the UPDATE messages of FILE (whole messages one after the other, 4-byte AS numbers)
 * instead. -w withdraws everything at the end (peers go down). Prints times, CPU and memory per
 * route.
 */
#include "config.h"
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "bgp_rib.h"

#define FIRST BGP_PEER_FIRST
static unsigned n_prefixes = 1000000, n_feeders = 1, n_receivers = 1, n_threads = 1, n_attrs = 50;
static bool v6, down;
static const char *messages;
static struct loop *loop;
static struct actor *io;
static struct loop_timer *poll;

struct feed {
    struct bgp_rib_feeder *f;
    uint8_t *buf;
    size_t len, at;
};
static struct feed *feeds;
static _Atomic(uint64_t) out_bytes, out_updates, out_writes;
static uint64_t zebra_routes, zebra_batches, zebra_seq = 1, cleared;
static uint64_t t_start;
static _Atomic(uint64_t) t_fed;
static double cpu_start;
static size_t rss_start;

/* ---- what the session layer would do ---- */
struct bgp_outbuf *bgp_outbuf_new(uint32_t cap)
{
    struct bgp_outbuf *b = malloc(sizeof(*b) + cap);
    if (!b)
        abort();
    *b = (struct bgp_outbuf){ .cap = cap };
    atomic_init(&b->refs, 1);
    return b;
}

void bgp_outbuf_unref(struct bgp_outbuf *b)
{
    if (atomic_fetch_sub(&b->refs, 1) == 1)
        free(b);
}

void bgp_io_write(const struct bgp_member *to, unsigned n, struct bgp_outbuf *buf)
{
    (void)to;
    atomic_fetch_add(&out_bytes, (uint64_t)buf->len * n);
    atomic_fetch_add(&out_updates, (uint64_t)buf->n_updates * n);
    atomic_fetch_add(&out_writes, 1);
}

size_t bgp_io_backlog(uint16_t peer)
{
    (void)peer;
    return 0;
}

/* ---- measuring ---- */
static double cpu_now(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static size_t status_kb(const char *name)
{
    char line[256];
    size_t kb = 0, len = strlen(name);
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof(line), f))
        if (!strncmp(line, name, len))
            kb = strtoul(line + len + 1, NULL, 10);
    if (f)
        fclose(f);
    return kb;
}

/* ---- the load ---- */
static void prefix_make(unsigned i, uint8_t addr[16], uint8_t *len)
{
    memset(addr, 0, 16);
    if (v6) {
        addr[0] = 0x20;
        addr[1] = 0x01;
        addr[2] = (uint8_t)(i >> 16);
        addr[3] = (uint8_t)(i >> 8);
        addr[4] = (uint8_t)i;
        *len = 48;
        return;
    }
    uint32_t a = (16u << 16) + i; /* 16.0.0.0/24 and up, over 127/8 */
    if (a >= 127u << 16)
        a += 1u << 16;
    addr[0] = (uint8_t)(a >> 16);
    addr[1] = (uint8_t)(a >> 8);
    addr[2] = (uint8_t)a;
    *len = 24;
}

static uint32_t attr_make(unsigned feeder, unsigned k)
{
    static struct bgp_attr_build b;
    bgp_attr_build_init(&b);
    b.h.origin = BGP_ORIGIN_IGP;
    b.h.flags |= BAF_MED;
    b.h.med = k;
    bgp_attr_prepend(&b, 400000 + k, 1);
    bgp_attr_prepend(&b, 3356, 1);
    for (unsigned i = 0; i < (feeder * 7 + k) % 4; i++)
        bgp_attr_prepend(&b, 1299 + i, 1);
    bgp_attr_prepend(&b, 65001 + feeder, 1);
    uint32_t comm[] = { 3356u << 16 | k, 3356u << 16 | 1000 };
    bgp_attr_community_set(&b, comm, 2, false);
    if (v6) {
        ipaddr_parse("fd00::1", &b.h.nexthop);
        b.h.nexthop.b[15] = (uint8_t)(feeder + 1);
    } else {
        b.h.nexthop = ipaddr_v4(0x0a000001 + (feeder << 8));
    }
    return bgp_attr_intern(&b);
}

static void feed_make(unsigned feeder)
{
    struct feed *f = &feeds[feeder];
    struct bgp_encode_ctx c = {
        .af = v6 ? BGP_IP6_UNI : BGP_IP4_UNI, .as4 = true, .send_community = true, .max_len = 4096
    };
    size_t cap = (size_t)n_prefixes * (v6 ? 8 : 5) + (size_t)n_attrs * 8192 + (1 << 20);
    f->buf = malloc(cap);
    unsigned per = (n_prefixes + n_attrs - 1) / n_attrs;
    for (unsigned i = 0; i < n_prefixes;) {
        struct bgp_encoder e;
        uint32_t attr = attr_make(feeder, i / per);
        unsigned end = (i / per + 1) * per;
        if (end > n_prefixes)
            end = n_prefixes;
        bgp_encode_begin(&e, &c, bgp_attr_get(attr), f->buf + f->len, cap - f->len);
        for (; i < end; i++) {
            uint8_t addr[16], len;
            prefix_make(i, addr, &len);
            if (!bgp_encode_nlri(&e, addr, len))
                break;
        }
        f->len += bgp_encode_end(&e);
    }
}

/* From a file; the receivers' share is what the RIB itself says is best. */
static void feed_read(struct feed *f)
{
    FILE *in = fopen(messages, "rb");
    if (!in || fseek(in, 0, SEEK_END) || ftell(in) < 0) {
        perror(messages);
        exit(1);
    }
    f->len = (size_t)ftell(in);
    f->buf = malloc(f->len);
    rewind(in);
    if (!f->buf || fread(f->buf, 1, f->len, in) != f->len) {
        perror(messages);
        exit(1);
    }
    fclose(in);
}

static bool feed_some(struct feed *f)
{
    static __thread struct bgp_update u;
    struct bgp_update_ctx ctx = { .as4 = true, .af = 3 };
    size_t stop = f->at + 65536;
    while (f->at < f->len && f->at < stop) {
        size_t len = (size_t)f->buf[f->at + 16] << 8 | f->buf[f->at + 17];
        bgp_update_decode(f->buf + f->at + BGP_HEADER_LEN, len - BGP_HEADER_LEN, &ctx, &u);
        if (u.outcome == BGP_RESET) {
            fprintf(stderr, "bad update: %s\n", u.err.text);
            exit(1);
        }
        bgp_rib_feed(f->f, &u);
        f->at += len;
    }
    bgp_rib_feed_flush(f->f);
    return f->at < f->len;
}

static void io_message(void *ctx, struct actor_msg *m)
{
    (void)ctx;
    free(m);
}

static bool io_work(void *ctx)
{
    bool more = false;
    (void)ctx;
    if (bgp_rib_backlogged()) {
        actor_alarm(io, 200);
        return false;
    }
    for (unsigned i = 0; i < n_feeders; i++)
        more |= feed_some(&feeds[i]);
    if (!more && !t_fed)
        t_fed = loop_now();
    return more;
}

/* ---- the peers ---- */
static void peer_make(unsigned i, bool feeder, struct bgp_rib_peer *p)
{
    memset(p, 0, sizeof(*p));
    p->peer = (uint16_t)(FIRST + i);
    p->gen = 1;
    p->ebgp = true;
    p->as4 = true;
    p->remote_as = feeder ? 65001 + i : 64900;
    p->local_as = 65000;
    p->remote_id = 0x01010101 + i;
    p->remote_addr = ipaddr_v4(0x0a000001 + (i << 8));
    p->local_addr = ipaddr_v4(0x0a000002 + (i << 8));
    struct bgp_rib_peer_af *a = &p->af[v6 ? BGP_IP6_UNI : BGP_IP4_UNI];
    a->active = true;
    a->send_community = a->send_ext = a->send_large = true;
    /* Feeders each have a link of their own; the receivers share one and so an update group. */
    unsigned link = feeder ? i : n_feeders;
    if (v6) {
        ipaddr_parse("fd00::ffff", &a->nexthop_self);
        a->nexthop_self.b[13] = (uint8_t)link;
    } else {
        a->nexthop_self = ipaddr_v4(0x0a000002 + (link << 8));
        a->shared_subnet = prefix_from(AF_INET, p->remote_addr.b, 24);
        if (!feeder)
            a->shared_subnet = (struct prefix){ 0 };
    }
}

static void ack_later(void *ctx)
{
    struct zapi_ack *a = ctx;
    bgp_rib_fib_result(a);
    free(a);
}

static uint64_t zebra_batch(void *ctx, void *packed, size_t len, uint32_t count, uint16_t inst)
{
    (void)ctx;
    (void)len;
    (void)inst;
    free(packed);
    struct zapi_ack *a = calloc(1, sizeof(*a));
    uint64_t first = zebra_seq;
    zebra_seq += count;
    zebra_routes += count;
    zebra_batches++;
    *a = (struct zapi_ack){ .first_seq = first, .last_seq = zebra_seq - 1, .result = ZR_INSTALLED };
    loop_later(loop, "ack", ack_later, a);
    return first;
}

static void nexthop_new(void *ctx, uint32_t nh, uint32_t vrf, const struct ipaddr *addr, bool conn)
{
    (void)ctx;
    (void)vrf;
    (void)conn;
    struct zapi_nht_state s = { .addr = *addr, .reachable = true, .connected = true };
    bgp_nht_set(nh, &s);
}

static void peer_cleared(void *ctx, uint16_t peer, uint32_t gen)
{
    (void)ctx;
    (void)peer;
    (void)gen;
    cleared++;
}

static const struct bgp_rib_cb cb = { .zebra_batch = zebra_batch,
                                      .nexthop_new = nexthop_new,
                                      .peer_cleared = peer_cleared };

static uint64_t t_down;
static void tick(void *ctx)
{
    enum bgp_afi_safi af = v6 ? BGP_IP6_UNI : BGP_IP4_UNI;
    bool done = t_fed;
    struct bgp_rib_counts c;
    struct bgp_rib_totals tot;
    (void)ctx;
    for (unsigned i = 0; i < n_feeders; i++) {
        bgp_rib_peer_counts((uint16_t)(FIRST + i), af, &c);
        done &= c.accepted == n_prefixes;
    }
    for (unsigned i = 0; i < n_receivers; i++) {
        bgp_rib_peer_counts((uint16_t)(FIRST + n_feeders + i), af, &c);
        done &= c.sent == n_prefixes;
    }
    if (messages) { /* the end is when nothing moves any more */
        static uint64_t last;
        static unsigned calm;
        uint64_t now = out_bytes + zebra_routes;
        calm = t_fed && now == last ? calm + 1 : 0;
        last = now;
        done = calm > 300;
        bgp_rib_totals(0, af, &tot);
        n_prefixes = done && !t_down ? tot.prefixes : n_prefixes;
    }
    if (t_down) {
        bgp_rib_totals(0, af, &tot);
        if (cleared == n_feeders && !tot.prefixes) {
            printf("peers down to empty: %.3f s\n", (double)(loop_now() - t_down) / 1e6);
            malloc_trim(0);
            printf("memory after: %zu KB over the start\n", status_kb("VmRSS:") - rss_start);
            loop_stop(loop, 0);
            return;
        }
        loop_timer_arm(poll, 1000);
        return;
    }
    if (!done || (!messages && zebra_routes < n_prefixes)) {
        loop_timer_arm(poll, 1000);
        return;
    }
    double wall = (double)(loop_now() - t_start - (messages ? 300000 : 0)) / 1e6,
           cpu = cpu_now() - cpu_start;
    double routes = (double)n_prefixes * n_feeders;
    size_t hwm = status_kb("VmHWM:");
    bgp_rib_totals(0, af, &tot);
    printf("%u prefixes x %u feeders, %u receivers, %u threads, %u attribute sets, %s\n",
           n_prefixes, n_feeders, n_receivers, n_threads, n_attrs, v6 ? "IPv6" : "IPv4");
    printf("wall %.3f s, cpu %.3f s: %.0f ns/route fed\n", wall, cpu, cpu * 1e9 / routes);
    printf("out: %lu bytes, %lu updates, %lu buffers; zebra: %lu routes, %lu batches\n", out_bytes,
           out_updates, out_writes, zebra_routes, zebra_batches);
    printf("memory: %zu KB peak, %zu KB over the start: %.1f B/prefix; tables %.1f B/prefix\n", hwm,
           hwm - rss_start, (double)(hwm - rss_start) * 1024 / n_prefixes,
           (double)tot.bytes / n_prefixes);
    if (!down) {
        loop_stop(loop, 0);
        return;
    }
    t_down = loop_now();
    for (unsigned i = 0; i < n_feeders; i++)
        bgp_rib_peer_down((uint16_t)(FIRST + i), 1, false);
    loop_timer_arm(poll, 1000);
}

static void options(int argc, char **argv)
{
    int o;
    while ((o = getopt(argc, argv, "n:f:r:t:a:6wm:")) != -1) {
        unsigned v = optarg ? (unsigned)strtoul(optarg, NULL, 10) : 0;
        if (o == 'n')
            n_prefixes = v;
        else if (o == 'f')
            n_feeders = v;
        else if (o == 'r')
            n_receivers = v;
        else if (o == 't')
            n_threads = v;
        else if (o == 'a')
            n_attrs = v;
        else if (o == '6')
            v6 = true;
        else if (o == 'm')
            messages = optarg;
        else if (o == 'w')
            down = true;
        else
            exit(2);
    }
}

int main(int argc, char **argv)
{
    static const struct actor_ops io_ops = { .message = io_message, .work = io_work };
    options(argc, argv);
    loop = loop_new();
    bgp_attr_init();
    bgp_rib_start(loop, n_threads, &cb, NULL);
    struct bgp_rib_inst inst = { .install = true,
                                 .as = 65000,
                                 .router_id = 0x0a0a0a0a,
                                 .default_local_pref = 100,
                                 .client_to_client = true };
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        inst.multipath[af] = inst.multipath_ibgp[af] = 64; /* the default */
    bgp_rib_inst_set(&inst);
    bgp_rib_zebra_up();
    bgp_rib_zebra_room(true);
    feeds = calloc(n_feeders, sizeof(*feeds));
    for (unsigned i = 0; i < n_feeders + n_receivers; i++) {
        struct bgp_rib_peer p;
        peer_make(i, i < n_feeders, &p);
        bgp_rib_peer_up(&p);
        if (i >= n_feeders)
            continue;
        if (messages)
            feed_read(&feeds[i]);
        else
            feed_make(i);
        feeds[i].f = bgp_rib_feeder_new(p.peer, 1, 0, true);
    }
    rss_start = status_kb("VmRSS:");
    io = actor_new(loop, "io", n_threads > 1, &io_ops, NULL);
    poll = loop_timer_new(loop, "poll", tick, NULL);
    loop_timer_arm(poll, 1000);
    t_start = loop_now();
    cpu_start = cpu_now();
    actor_kick(io);
    loop_run(loop);
    actor_free(io);
    for (unsigned i = 0; i < n_feeders; i++) {
        bgp_rib_feeder_free(feeds[i].f);
        free(feeds[i].buf);
    }
    free(feeds);
    loop_timer_free(poll);
    bgp_rib_stop();
    loop_free(loop);
    return 0;
}
