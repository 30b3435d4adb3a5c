/* SPDX-License-Identifier: Apache-2.0
 * ipc_bench.c - how long 1M routes take from a client to zebrad's side of the route service and
 * back.
 *
 * Two processes over the real sockets. The client packs batches of an array of prefixes; the server
 * walks every prefix of every batch and acknowledges it; the clock stops when the last number is
 * acknowledged. Usage: ipc_bench [routes [rounds]].
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/wire.h"
#include "lib/zapi.h"

static struct loop *loop;
static struct zapi_client *client;
static uint8_t *nlri; /* all prefixes, packed */
static size_t nlri_len;
static uint32_t n_routes = 1000000, n_rounds = 5;
static size_t pos;
static uint32_t sent, acked, round_no;
static uint64_t start, best = UINT64_MAX, total;

static uint32_t next_random(uint32_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 17;
    *s ^= *s << 5;
    return *s;
}

/* Lengths as in a real table: mostly /24, some /16 to /23. */
static void make_prefixes(void)
{
    uint32_t seed = 2463534242u;
    struct wb w;

    nlri = malloc((size_t)n_routes * 4);
    w = wb_init(nlri, (size_t)n_routes * 4);
    for (uint32_t i = 0; i < n_routes; i++) {
        uint32_t r = next_random(&seed);
        unsigned len = (r & 3) ? 24 : 16 + (r >> 2) % 8;
        uint32_t a = (0x01000000u + i * 256u) & (0xffffffffu << (32 - len));
        wb_u8(&w, len);
        wb_u8(&w, a >> 24);
        wb_u8(&w, a >> 16 & 0xff);
        if (len > 16)
            wb_u8(&w, a >> 8 & 0xff);
    }
    nlri_len = wb_len(&w);
}

/* ---- the server's side ---- */

static uint64_t walked;

static void srv_hello(void *ctx, struct zapi_peer *p, const struct zapi_hello *h)
{
    struct zapi_hello me = { .version = 1, .client = "bench", .server_version = "bench" };

    (void)ctx;
    (void)h;
    zapi_peer_hello_send(p, &me);
    zapi_peer_end(p);
}

static void srv_batch(void *ctx, struct zapi_peer *p, const struct zapi_batch *b)
{
    struct rb r = rb_init(b->nlri, b->nlri_len);

    (void)ctx;
    for (uint32_t i = 0; i < b->count; i++) {
        unsigned len = rb_u8(&r);
        struct prefix pfx =
            prefix_from(b->family, rb_bytes(&r, prefix_bytes((uint8_t)len)), (uint8_t)len);
        walked += pfx.b[1];
    }
    struct zapi_ack a = { b->first_seq, b->first_seq + b->count - 1, ZR_INSTALLED, 0 };
    zapi_peer_ack(p, &a);
}

static void serve(const char *dir)
{
    static const struct zapi_server_ops ops = { .hello = srv_hello, .batch = srv_batch };
    int err;
    struct loop *l = loop_new();

    if (!zapi_server_new(l, dir, &ops, NULL, &err)) {
        fprintf(stderr, "ipc_bench: cannot listen in %s: error %d\n", dir, -err);
        _exit(1);
    }
    loop_run(l);
}

/* ---- the client's side ---- */

static void feed(void)
{
    while (sent < n_routes && zapi_client_room(client)) {
        struct zapi_batch b = {
            .family = AF_INET, .proto = ZP_BGP, .subtype = ZS_EBGP, .nhg = 1, .distance = 20
        };
        size_t from = pos;
        while (b.count + sent < n_routes && pos - from < ZAPI_BATCH_BYTES - 5) {
            pos += 1u + prefix_bytes(nlri[pos]);
            b.count++;
        }
        b.nlri = nlri + from;
        b.nlri_len = pos - from;
        if (!zapi_client_batch(client, &b)) {
            fprintf(stderr, "ipc_bench: batch not taken\n");
            exit(1);
        }
        sent += b.count;
    }
}

static void begin_round(void)
{
    pos = 0;
    sent = acked = 0;
    start = loop_now();
    feed();
}

static void on_connected(void *ctx, const struct zapi_hello *server)
{
    struct zapi_nhg g = { .id = 1, .n = 1 };

    (void)ctx;
    (void)server;
    g.nh[0].kind = ZN_GATEWAY;
    g.nh[0].gate = ipaddr_v4(0x0a000001);
    zapi_client_nhg(client, &g);
    begin_round();
}

static void on_ack(void *ctx, const struct zapi_ack *a)
{
    (void)ctx;
    acked += (uint32_t)(a->last_seq - a->first_seq + 1);
    if (acked < n_routes)
        return;
    uint64_t us = loop_now() - start;
    printf("round %u: %u routes, %.1f ms, %.1f ns per route\n", round_no + 1, n_routes, us / 1000.0,
           us * 1000.0 / n_routes);
    total += us;
    if (us < best)
        best = us;
    if (++round_no == n_rounds)
        loop_stop(loop, 0);
    else
        begin_round();
}

static void on_writable(void *ctx)
{
    (void)ctx;
    feed();
}

static void remove_dir(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    while (d && (e = readdir(d)))
        if (e->d_name[0] != '.')
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(dir);
}

int main(int argc, char **argv)
{
    static const struct zapi_client_ops ops = { .connected = on_connected,
                                                .ack = on_ack,
                                                .writable = on_writable };
    struct zapi_hello me = { .version = 1, .client = "ipc_bench", .proto = ZP_BGP };
    char dir[] = P_tmpdir "/gw-bench-XXXXXX";
    struct rusage ru;

    if (argc > 1)
        n_routes = (uint32_t)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        n_rounds = (uint32_t)strtoul(argv[2], NULL, 10);
    if (!n_routes || !n_rounds || !mkdtemp(dir)) {
        fprintf(stderr, "usage: ipc_bench [routes [rounds]]\n");
        return 2;
    }
    pid_t child = fork();
    if (child == 0) {
        serve(dir);
        _exit(0);
    }
    make_prefixes();
    loop = loop_new();
    client = zapi_client_new(loop, dir, &me, &ops, NULL);
    if (!client)
        return 1;
    loop_run(loop);
    zapi_client_free(client);
    loop_free(loop);
    getrusage(RUSAGE_SELF, &ru);
    printf("best %.1f ms, mean %.1f ms; client: peak memory %ld KB, CPU %.1f ms per round",
           best / 1000.0, total / 1000.0 / n_rounds, ru.ru_maxrss,
           (ru.ru_utime.tv_sec * 1e3 + ru.ru_utime.tv_usec / 1e3 + ru.ru_stime.tv_sec * 1e3 +
            ru.ru_stime.tv_usec / 1e3) /
               n_rounds);
    kill(child, SIGKILL);
    wait4(child, NULL, 0, &ru);
    printf("; server: peak memory %ld KB, CPU %.1f ms per round\n", ru.ru_maxrss,
           (ru.ru_utime.tv_sec * 1e3 + ru.ru_utime.tv_usec / 1e3 + ru.ru_stime.tv_sec * 1e3 +
            ru.ru_stime.tv_usec / 1e3) /
               n_rounds);
    free(nlri);
    remove_dir(dir);
    return 0;
}
