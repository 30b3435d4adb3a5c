/* SPDX-License-Identifier: Apache-2.0
 * zapi_feed.c - a client of zebrad's route service for tests and measurements.
 *
 *   zapi_feed -r RUNDIR -n ROUTES -g GATEWAY[,GATEWAY...] [-m GROUPS] [-c CLIENT] [-G GENERATION]
 * [-R]
 *             [-w] [-k SECONDS] [-t ADDRESS] [-d DISTANCE] [-b BATCH]
 *
 * Announces ROUTES prefixes (20.0.0.0/24 and up; 2001:db8::/48 and up when the first gateway is
 * IPv6) spread over GROUPS next-hop groups, waits for every answer and for the kernel's own count,
 * prints the times; with -w withdraws them again. -R asks for recursive resolution. -t registers an
 * address and prints its states. Exit status 1 when a route failed.
 */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "log.h"
#include "loop.h"
#include "zapi.h"

static struct {
    struct loop *loop;
    struct zapi_client *client;
    struct loop_timer *poll, *end;
    unsigned routes, groups, batch, keep;
    struct ipaddr gates[ZAPI_MAX_NEXTHOPS];
    unsigned n_gates;
    bool recursive, withdraw, v6, withdrawing, waiting_fib, done_sending;
    uint8_t distance;
    const char *track;
    unsigned sent;
    uint64_t installed, failed, other, removed;
    int last_err;
    uint64_t t0;
    unsigned fib_base;
} f = { .groups = 1, .batch = 2000 };

/* Prefixes that the kernel holds in all tables of this namespace. */
static unsigned fib_count(void)
{
    char line[256];
    unsigned n = 0, v;
    FILE *fp = fopen(f.v6 ? "/proc/net/rt6_stats" : "/proc/net/fib_triestat", "r");
    if (!fp)
        return 0;
    while (fgets(line, sizeof(line), fp)) {
        unsigned nodes, rnodes, alloc, entries;
        if (f.v6 && sscanf(line, "%x %x %x %x", &nodes, &rnodes, &alloc, &entries) == 4)
            n = entries;
        else if (!f.v6 && sscanf(line, " Prefixes: %u", &v) == 1)
            n += v;
    }
    fclose(fp);
    return n;
}

static double since(void)
{
    return (double)(loop_now() - f.t0) / 1e6;
}

static size_t put_prefix(uint8_t *p, unsigned i)
{
    if (f.v6) {
        uint8_t b[7] = {
            48, 0x20, 0x01, (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i
        };
        b[3] |= 0x40;
        memcpy(p, b, sizeof(b));
        return sizeof(b);
    }
    uint32_t a = 0x14000000u + (i << 8);
    uint8_t b[4] = { 24, (uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8) };
    memcpy(p, b, sizeof(b));
    return sizeof(b);
}

static void send_some(void)
{
    static uint8_t nlri[ZAPI_BATCH_BYTES];
    while (f.sent < f.routes && zapi_client_room(f.client)) {
        unsigned n = f.routes - f.sent < f.batch ? f.routes - f.sent : f.batch;
        size_t len = 0;
        for (unsigned i = 0; i < n; i++)
            len += put_prefix(nlri + len, f.sent + i);
        struct zapi_batch b = { .family = f.v6 ? AF_INET6 : AF_INET,
                                .withdraw = f.withdrawing,
                                .proto = ZP_BGP,
                                .subtype = ZS_EBGP,
                                .nhg = 1 + f.sent / f.batch % f.groups,
                                .count = n,
                                .distance = f.distance,
                                .nlri = nlri,
                                .nlri_len = len };
        if (!zapi_client_batch(f.client, &b))
            return;
        f.sent += n;
    }
    if (f.sent == f.routes && !f.done_sending) {
        f.done_sending = true;
        printf("%s sent after %.3f s\n", f.withdrawing ? "withdrawals" : "routes", since());
        zapi_client_end(f.client);
    }
}

static void on_connected(void *ctx, const struct zapi_hello *h)
{
    (void)ctx;
    printf("connected to %s\n", h->client);
    f.sent = 0;
    f.done_sending = false;
    f.installed = f.failed = f.other = f.removed = 0;
    for (unsigned g = 0; g < f.groups; g++) {
        struct zapi_nhg nhg = { .id = g + 1 };
        /* Group g has the gateways from g on; as many as there are, so that groups differ by
         * weight. */
        for (unsigned k = 0; k < f.n_gates; k++)
            nhg.nh[nhg.n++] = (struct zapi_nexthop){ .kind = ZN_GATEWAY,
                                                     .gate = f.gates[k],
                                                     .weight = 1 + (k == 0 ? g % 200 : 0),
                                                     .flags = f.recursive ? ZNF_RECURSIVE : 0 };
        zapi_client_nhg(f.client, &nhg);
    }
    if (f.track) {
        struct zapi_nht_register r = { 0 };
        if (ipaddr_parse(f.track, &r.addr))
            zapi_client_nht(f.client, &r);
    }
    f.fib_base = fib_count();
    f.t0 = loop_now();
    send_some();
}

static void on_disconnected(void *ctx)
{
    (void)ctx;
    printf("disconnected\n");
}

static void on_writable(void *ctx)
{
    (void)ctx;
    send_some();
}

static void on_nht(void *ctx, const struct zapi_nht_state *s)
{
    char a[IPADDR_STRLEN], p[PREFIX_STRLEN];
    (void)ctx;
    printf("nht %s %s by %s, %s, %u next hops\n", ipaddr_str(&s->addr, a),
           s->reachable ? "reachable" : "unreachable",
           s->resolved.family ? prefix_str(&s->resolved, p) : "nothing", zapi_proto_name(s->proto),
           s->n);
    fflush(stdout);
}

static void finish(void *ctx)
{
    (void)ctx;
    printf("installed %llu failed %llu other %llu removed %llu\n", (unsigned long long)f.installed,
           (unsigned long long)f.failed, (unsigned long long)f.other,
           (unsigned long long)f.removed);
    fflush(stdout);
    loop_stop(f.loop, f.failed ? 1 : 0);
}

static void on_poll(void *ctx)
{
    (void)ctx;
    unsigned n = fib_count();
    if (!f.withdrawing) {
        printf("all answered; kernel count grew by %u\n", n - f.fib_base);
    } else if (n > f.fib_base - f.routes + f.routes / 1000) {
        loop_timer_arm(f.poll, 5000);
        return;
    } else {
        printf("kernel empty of them after %.3f s\n", since());
    }
    if (f.withdraw && !f.withdrawing) {
        f.withdrawing = true;
        f.fib_base = n;
        f.sent = 0;
        f.done_sending = false;
        f.t0 = loop_now();
        send_some();
        return;
    }
    fflush(stdout);
    loop_timer_arm(f.end, (uint64_t)f.keep * 1000000);
}

static void on_ack(void *ctx, const struct zapi_ack *a)
{
    uint64_t n = a->last_seq - a->first_seq + 1;
    (void)ctx;
    switch (a->result) {
    case ZR_INSTALLED:
        f.installed += n;
        break;
    case ZR_REMOVED:
        f.removed += n;
        break;
    case ZR_FAILED:
        f.failed += n;
        if (a->err != f.last_err)
            printf("failed: %s\n", strerror(a->err));
        f.last_err = a->err;
        break;
    default:
        f.other += n;
        break;
    }
    if (!f.withdrawing && f.installed + f.failed + f.other == f.routes) {
        printf("%u routes answered after %.3f s (%.0f routes/s), %llu failed\n", f.routes, since(),
               f.routes / since(), (unsigned long long)f.failed);
        on_poll(NULL);
    } else if (f.withdrawing && f.removed == f.routes) {
        printf("%u withdrawals answered after %.3f s\n", f.routes, since());
        on_poll(NULL);
    }
}

static const struct zapi_client_ops ops = {
    .connected = on_connected,
    .disconnected = on_disconnected,
    .nht = on_nht,
    .ack = on_ack,
    .writable = on_writable,
};

static void parse_gates(char *arg)
{
    for (char *s = strtok(arg, ","); s && f.n_gates < ZAPI_MAX_NEXTHOPS; s = strtok(NULL, ","))
        if (ipaddr_parse(s, &f.gates[f.n_gates]))
            f.n_gates++;
    f.v6 = f.n_gates && f.gates[0].family == AF_INET6;
}

int main(int argc, char **argv)
{
    struct zapi_hello me = { .proto = ZP_BGP, .generation = (uint64_t)getpid(), .client = "feed" };
    const char *run = ".";
    int opt;
    while ((opt = getopt(argc, argv, "r:n:g:m:c:G:Rwk:t:d:b:s:")) != -1) {
        switch (opt) {
        case 'r':
            run = optarg;
            break;
        case 'n':
            f.routes = (unsigned)atoi(optarg);
            break;
        case 'g':
            parse_gates(optarg);
            break;
        case 'm':
            f.groups = (unsigned)atoi(optarg);
            break;
        case 'c':
            snprintf(me.client, sizeof(me.client), "%s", optarg);
            break;
        case 'G':
            me.generation = (uint64_t)atoll(optarg);
            break;
        case 'R':
            f.recursive = true;
            break;
        case 'w':
            f.withdraw = true;
            break;
        case 'k':
            f.keep = (unsigned)atoi(optarg);
            break;
        case 't':
            f.track = optarg;
            break;
        case 'd':
            f.distance = (uint8_t)atoi(optarg);
            break;
        case 'b':
            f.batch = (unsigned)atoi(optarg);
            break;
        case 's':
            me.stale_seconds = (uint32_t)atoi(optarg);
            break;
        default:
            return 2;
        }
    }
    if (!f.batch || f.batch > 9000 || !f.groups)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    f.loop = loop_new();
    f.end = loop_timer_new(f.loop, "end", finish, NULL);
    f.poll = loop_timer_new(f.loop, "poll", on_poll, NULL);
    if (!f.routes)
        loop_timer_arm(f.end, (uint64_t)f.keep * 1000000);
    f.client = zapi_client_new(f.loop, run, &me, &ops, NULL);
    int rc = loop_run(f.loop);
    zapi_client_free(f.client);
    loop_timer_free(f.poll);
    loop_timer_free(f.end);
    loop_free(f.loop);
    return rc;
}
