/* SPDX-License-Identifier: Apache-2.0
 * test_zapi.c - the route service's codec by vectors, and a client and server talking.
 */
#include <errno.h>
#include "ipc_test.h"
#include "lib/zapi_ipc.h"

static struct ipc_arena arena;
static struct zapi_msg out;
static uint8_t buf[256 * 1024];

/* The message's payload after a trip through the codec is the same; returns its size. */
static size_t trip(const struct zapi_msg *m)
{
    static uint8_t again[sizeof(buf)];
    const char *why = NULL;
    size_t n = zapi_msg_encode(m, buf, sizeof(buf));

    ipc_arena_reset(&arena);
    int rv = zapi_msg_decode((uint16_t)m->type, buf, n, &arena, &out, &why);
    ck_assert_msg(rv == 0, "type %d: %s", m->type, why);
    ck_assert_int_eq(out.type, m->type);
    ck_assert_uint_eq(zapi_msg_encode(&out, again, sizeof(again)), n);
    ck_assert_int_eq(memcmp(buf, again, n), 0);
    /* A truncated message never reads past its end, and is refused or is another valid one. */
    for (size_t i = 0; i < n && n < 4096; i++) {
        uint8_t *copy = malloc(i + 1);
        memcpy(copy, buf, i);
        ipc_arena_reset(&arena);
        (void)zapi_msg_decode((uint16_t)m->type, copy, i, &arena, &out, &why);
        free(copy);
    }
    ipc_arena_reset(&arena);
    ck_assert_int_eq(zapi_msg_decode((uint16_t)m->type, buf, n, &arena, &out, &why), 0);
    return n;
}

static const char *refusal(const struct zapi_msg *m)
{
    const char *why = NULL;
    size_t n = zapi_msg_encode(m, buf, sizeof(buf));

    ipc_arena_reset(&arena);
    int rv = zapi_msg_decode((uint16_t)m->type, buf, n, &arena, &out, &why);
    ck_assert_int_eq(rv, -EBADMSG);
    ck_assert_ptr_nonnull(why);
    return why;
}

static struct ipaddr ip(const char *s)
{
    struct ipaddr a;

    ck_assert(ipaddr_parse(s, &a));
    return a;
}

static struct prefix pfx(const char *s)
{
    struct prefix p;

    ck_assert(prefix_parse(s, &p));
    return p;
}

static void setup(void)
{
    ipc_arena_init(&arena);
}
static void teardown(void)
{
    ipc_arena_fini(&arena);
}

START_TEST(test_hello)
{
    struct zapi_msg m = { .type = ZT_HELLO };

    m.u.hello.h = (struct zapi_hello){ .version = 1,
                                       .features = 5,
                                       .client = "bgpd",
                                       .generation = 99,
                                       .proto = ZP_BGP,
                                       .instance = 3,
                                       .stale_seconds = 120,
                                       .server_version = "godwit 0.1" };
    m.u.hello.min_version = 1;
    m.u.hello.window = 77;
    trip(&m);
    ck_assert_str_eq(out.u.hello.h.client, "bgpd");
    ck_assert_uint_eq(out.u.hello.h.generation, 99);
    ck_assert_uint_eq(out.u.hello.h.stale_seconds, 120);
    ck_assert_uint_eq(out.u.hello.window, 77);
    m.u.hello.min_version = ZAPI_VERSION + 1; /* a peer that no longer speaks with us */
    refusal(&m);
    m.u.hello.min_version = 1;
    m.u.hello.h.version = ZAPI_VERSION + 1; /* a newer one that does */
    trip(&m);
    m.u.hello.h.version = 0;
    refusal(&m);
}
END_TEST

START_TEST(test_nhg)
{
    struct zapi_msg m = { .type = ZT_NHG };

    m.u.nhg.id = 7;
    m.u.nhg.n = 6;
    m.u.nhg.nh[0] =
        (struct zapi_nexthop){ .kind = ZN_GATEWAY, .gate = ip("10.0.0.1"), .flags = ZNF_RECURSIVE };
    m.u.nhg.nh[1] = (struct zapi_nexthop){
        .kind = ZN_GATEWAY_IF, .gate = ip("fe80::1"), .ifindex = 4, .weight = 9, .flags = ZNF_ONLINK
    };
    m.u.nhg.nh[2] = (struct zapi_nexthop){ .kind = ZN_IFINDEX, .ifindex = 5, .vrf_id = 8 };
    m.u.nhg.nh[3].kind = ZN_BLACKHOLE;
    m.u.nhg.nh[4].kind = ZN_REJECT;
    m.u.nhg.nh[5].kind = ZN_PROHIBIT;
    m.u.nhg.n_backup = 1;
    m.u.nhg.backup[0] = m.u.nhg.nh[0];
    trip(&m);
    ck_assert_uint_eq(out.u.nhg.n, 6);
    ck_assert_int_eq(out.u.nhg.nh[1].kind, ZN_GATEWAY_IF);
    ck_assert(ipaddr_eq(&out.u.nhg.nh[1].gate, &m.u.nhg.nh[1].gate));
    ck_assert_uint_eq(out.u.nhg.nh[2].vrf_id, 8);
    m.u.nhg.id = 0;
    refusal(&m);
    m.u.nhg.id = 1;
    m.u.nhg.nh[0].gate.family = 0;
    refusal(&m);
    m.u.nhg.nh[0].gate = ip("10.0.0.1");
    m.u.nhg.nh[2].ifindex = 0;
    refusal(&m);
    m.u.nhg.n = m.u.nhg.n_backup = 0;
    refusal(&m);
    m.u.nhg.n = m.u.nhg.n_backup = ZAPI_MAX_NEXTHOPS;
    for (unsigned i = 0; i < ZAPI_MAX_NEXTHOPS; i++)
        m.u.nhg.nh[i] = m.u.nhg.backup[i] =
            (struct zapi_nexthop){ .kind = ZN_GATEWAY, .gate = ipaddr_v4(0x0a000000 + i) };
    trip(&m);
    struct zapi_msg d = { .type = ZT_NHG_DEL, .u.nhg_del = 12 };
    trip(&d);
    ck_assert_uint_eq(out.u.nhg_del, 12);
}
END_TEST

static const struct {
    int family;
    const char *bytes;
    size_t len;
    uint32_t count;
    bool ok;
} nlris[] = {
    { AF_INET, "\x18\x0a\x01\x02\x00\x20\x01\x02\x03\x04\x09\x0a\x80", 13, 4, true },
    { AF_INET, "\x18\x0a\x01\x02\x00\x20\x01\x02\x03\x04\x09\x0a\x80", 13, 3, false },
    { AF_INET, "\x18\x0a\x01\x02\x00\x20\x01\x02\x03\x04\x09\x0a\x80", 13, 5, false },
    { AF_INET, "\x18\x0a\x01\x02\x00\x20\x01\x02\x03\x04\x09\x0a\xc0", 13, 4, false },
    { AF_INET, "\x21\x0a\x01\x02\x03\x04", 6, 1, false },
    { AF_INET6, "\x21\x0a\x01\x02\x03\x80", 6, 1, true },
    { AF_INET6, "\x21\x0a\x01\x02\x03\x40", 6, 1, false },
    { AF_INET6, "\x81\x0a\x01\x02\x03\x40\0\0\0\0\0\0\0\0\0\0\0\0", 18, 1, false },
    { AF_INET6, "\x80\x0a\x01\x02\x03\x40\0\0\0\0\0\0\0\0\0\0\0", 17, 1, true },
    { AF_INET, "\x08", 1, 1, false },
    { AF_INET, "", 0, 0, true },
    { AF_INET, "", 0, 1, false },
};

START_TEST(test_nlri)
{
    ck_assert_msg((zapi_nlri_check(nlris[_i].family, (const uint8_t *)nlris[_i].bytes,
                                   nlris[_i].len, nlris[_i].count) == NULL) == nlris[_i].ok,
                  "vector %d", _i);
}
END_TEST

static struct zapi_msg batch_of(const uint8_t *nlri, size_t len, uint32_t count)
{
    struct zapi_msg m = { .type = ZT_ROUTES };

    m.u.batch = (struct zapi_batch){ .vrf_id = 1,
                                     .table = 2,
                                     .family = AF_INET,
                                     .proto = ZP_BGP,
                                     .subtype = ZS_IBGP,
                                     .instance = 4,
                                     .nhg = 5,
                                     .distance = 200,
                                     .metric = 6,
                                     .tag = 7,
                                     .mtu = 8,
                                     .first_seq = 9,
                                     .count = count,
                                     .nlri = nlri,
                                     .nlri_len = len };
    return m;
}

START_TEST(test_batch)
{
    struct zapi_msg m = batch_of((const uint8_t *)nlris[0].bytes, 13, 4);
    size_t n;

    trip(&m);
    const struct zapi_batch *b = &out.u.batch;
    ck_assert_uint_eq(b->vrf_id, 1);
    ck_assert_uint_eq(b->table, 2);
    ck_assert_int_eq(b->family, AF_INET);
    ck_assert_int_eq(b->subtype, ZS_IBGP);
    ck_assert_uint_eq(b->instance, 4);
    ck_assert_uint_eq(b->nhg, 5);
    ck_assert_uint_eq(b->distance, 200);
    ck_assert_uint_eq(b->metric, 6);
    ck_assert_uint_eq(b->tag, 7);
    ck_assert_uint_eq(b->mtu, 8);
    ck_assert_uint_eq(b->first_seq, 9);
    ck_assert_uint_eq(b->count, 4);
    ck_assert_mem_eq(b->nlri, nlris[0].bytes, 13);
    /* Packed by any thread, numbered later. */
    uint8_t *frame = zapi_batch_pack(&m.u.batch, &n);
    ck_assert(zapi_batch_patch(frame, n, 0x123456789abcdefull));
    ck_assert_int_eq(
        zapi_msg_decode(ZT_ROUTES, frame + 2, n - 2, &arena, &out, &(const char *){ NULL }), 0);
    ck_assert_uint_eq(out.u.batch.first_seq, 0x123456789abcdefull);
    frame[1] = ZT_NHG;
    ck_assert(!zapi_batch_patch(frame, n, 1));
    ck_assert(!zapi_batch_patch(frame, 10, 1));
    free(frame);
    /* Refused: */
    struct zapi_msg bad = m;
    bad.u.batch.count = 5;
    refusal(&bad);
    bad.u.batch.count = 0;
    refusal(&bad);
    bad = m;
    bad.u.batch.nhg = 0;
    refusal(&bad);
    bad.u.batch.withdraw = true; /* a withdrawal needs none */
    trip(&bad);
    ck_assert(out.u.batch.withdraw);
    bad = m;
    bad.u.batch.family = AF_UNIX;
    refusal(&bad);
    bad = m;
    bad.u.batch.proto = ZP_MAX;
    refusal(&bad);
    bad = m;
    bad.u.batch.first_seq = UINT64_MAX - 3;
    refusal(&bad);
}
END_TEST

START_TEST(test_acks)
{
    struct zapi_ack v[] = { { 10, 19, ZR_INSTALLED, 0 },
                            { 20, 20, ZR_FAILED, ENETUNREACH },
                            { 30, 1u << 31, ZR_SUPERSEDED, 0 },
                            { 1ull << 40, 1ull << 41, ZR_NOT_BEST, 0 } };
    struct zapi_msg m = { .type = ZT_ACK, .u.ack = { v, 4 } };

    trip(&m);
    ck_assert_uint_eq(out.u.ack.n, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(out.u.ack.v[i].first_seq, v[i].first_seq);
        ck_assert_uint_eq(out.u.ack.v[i].last_seq, v[i].last_seq);
        ck_assert_int_eq(out.u.ack.v[i].result, v[i].result);
        ck_assert_int_eq(out.u.ack.v[i].err, v[i].err);
    }
    m.u.ack.n = 0;
    trip(&m);
    v[0].last_seq = 9; /* empty range */
    m.u.ack.n = 1;
    refusal(&m);
}
END_TEST

START_TEST(test_small_messages)
{
    struct zapi_msg m = { .type = ZT_LINK };

    m.u.link = (struct zapi_link){ .ifindex = 3,
                                   .vrf_id = 1,
                                   .mtu = 1500,
                                   .flags = 0x1043,
                                   .speed = 1000,
                                   .master = 2,
                                   .name = "eth0",
                                   .up = true,
                                   .mac = { 1, 2, 3, 4, 5, 6 },
                                   .mac_len = 6 };
    trip(&m);
    ck_assert_str_eq(out.u.link.name, "eth0");
    ck_assert_uint_eq(out.u.link.flags, 0x1043);
    ck_assert_mem_eq(out.u.link.mac, m.u.link.mac, 6);
    m.u.link.ifindex = 0;
    refusal(&m);
    m = (struct zapi_msg){ .type = ZT_ADDR,
                           .u.addr = { .ifindex = 3, .addr = ip("192.0.2.1"), .len = 24 } };
    trip(&m);
    ck_assert(ipaddr_eq(&out.u.addr.addr, &m.u.addr.addr));
    m.u.addr.len = 33;
    refusal(&m);
    m = (struct zapi_msg){ .type = ZT_VRF, .u.vrf = { .vrf_id = 9, .table = 10, .name = "red" } };
    trip(&m);
    ck_assert_str_eq(out.u.vrf.name, "red");
    m = (struct zapi_msg){ .type = ZT_ROUTER_ID, .u.router_id = { 1, ip("1.2.3.4") } };
    trip(&m);
    m = (struct zapi_msg){ .type = ZT_NHT_REGISTER,
                           .u.nht_register = { 1, ip("2001:db8::1"), false, true } };
    trip(&m);
    ck_assert(out.u.nht_register.connected_only);
    m = (struct zapi_msg){ .type = ZT_IMPORT_REGISTER,
                           .u.import_register = { 1, pfx("10.0.0.0/8"), true } };
    trip(&m);
    ck_assert(prefix_eq(&out.u.import_register.prefix, &m.u.import_register.prefix));
    m.u.import_register.prefix.b[3] = 1; /* host bits */
    refusal(&m);
    m = (struct zapi_msg){ .type = ZT_IMPORT_STATE, .u.import_state = { 1, pfx("::/0"), true, 4 } };
    trip(&m);
    ck_assert_int_eq(out.u.import_state.prefix.family, AF_INET6);
    m = (struct zapi_msg){ .type = ZT_REDISTRIBUTE,
                           .u.redistribute = { 1, AF_INET6, ZP_STATIC, 0, false } };
    trip(&m);
    ck_assert_int_eq(out.u.redistribute.family, AF_INET6);
    m.u.redistribute.family = AF_UNIX;
    refusal(&m);
    m = (struct zapi_msg){ .type = ZT_END };
    ck_assert_uint_eq(trip(&m), 0);
}
END_TEST

START_TEST(test_states)
{
    struct zapi_msg m = { .type = ZT_NHT_STATE };

    m.u.nht_state = (struct zapi_nht_state){ .vrf_id = 1,
                                             .addr = ip("10.0.0.1"),
                                             .reachable = true,
                                             .connected = true,
                                             .metric = 3,
                                             .distance = 20,
                                             .proto = ZP_STATIC,
                                             .resolved = pfx("10.0.0.0/24"),
                                             .n = 1 };
    m.u.nht_state.nh[0] = (struct zapi_nexthop){ .kind = ZN_IFINDEX, .ifindex = 2 };
    trip(&m);
    ck_assert(out.u.nht_state.reachable && out.u.nht_state.connected);
    ck_assert(prefix_eq(&out.u.nht_state.resolved, &m.u.nht_state.resolved));
    ck_assert_uint_eq(out.u.nht_state.nh[0].ifindex, 2);
    m.u.nht_state.reachable = false;
    m.u.nht_state.n = 0;
    m.u.nht_state.resolved = (struct prefix){ 0 };
    trip(&m);
    ck_assert_uint_eq(out.u.nht_state.resolved.family, 0);
    m = (struct zapi_msg){ .type = ZT_REDIST_ROUTE };
    m.u.redist_route = (struct zapi_redist_route){ .vrf_id = 1,
                                                   .prefix = pfx("2001:db8::/32"),
                                                   .proto = ZP_CONNECT,
                                                   .metric = 5,
                                                   .tag = 6,
                                                   .distance = 7,
                                                   .n = 1 };
    m.u.redist_route.nh[0] = (struct zapi_nexthop){ .kind = ZN_GATEWAY, .gate = ip("2001:db8::1") };
    trip(&m);
    ck_assert_uint_eq(out.u.redist_route.tag, 6);
    ck_assert_uint_eq(out.u.redist_route.n, 1);
}
END_TEST

/* What a newer release adds is not a reason to refuse: unknown fields of all wire types, unknown
 * frame types. */
START_TEST(test_unknown_fields_are_accepted)
{
    static const uint8_t unknown[] = {
        0xc0, 0x3e, 0x05,                            /* field 1000, varint */
        0xc9, 0x3e, 1,    2,   3,   4,   5, 6, 7, 8, /* 1001, fixed64 */
        0xd2, 0x3e, 0x03, 'a', 'b', 'c',             /* 1002, bytes */
        0xdd, 0x3e, 1,    2,   3,   4,               /* 1003, fixed32 */
    };
    struct zapi_msg m = batch_of((const uint8_t *)nlris[0].bytes, 13, 4);
    const char *why = NULL;

    size_t n = zapi_msg_encode(&m, buf, sizeof(buf));
    memcpy(buf + n, unknown, sizeof(unknown));
    int rv = zapi_msg_decode(ZT_ROUTES, buf, n + sizeof(unknown), &arena, &out, &why);
    ck_assert_msg(rv == 0, "%s", why);
    ck_assert_uint_eq(out.u.batch.count, 4);
    struct zapi_msg h = { .type = ZT_HELLO };
    h.u.hello.h = (struct zapi_hello){ .version = 1, .client = "new" };
    h.u.hello.min_version = 1;
    n = zapi_msg_encode(&h, buf, sizeof(buf));
    memcpy(buf + n, unknown, sizeof(unknown));
    ck_assert_int_eq(zapi_msg_decode(ZT_HELLO, buf, n + sizeof(unknown), &arena, &out, &why), 0);
    ck_assert_int_eq(zapi_msg_decode(31, buf, n, &arena, &out, &why), -ENOMSG);
    ck_assert_int_eq(zapi_msg_decode(999, buf, n, &arena, &out, &why), -ENOMSG);
    ck_assert_int_eq(zapi_msg_decode(0, buf, n, &arena, &out, &why), -ENOMSG);
}
END_TEST

START_TEST(test_names)
{
    enum zapi_proto p;

    for (unsigned i = 0; i < ZP_MAX; i++) {
        ck_assert(zapi_proto_parse(zapi_proto_name((enum zapi_proto)i), &p));
        ck_assert_int_eq(p, i);
    }
    ck_assert(!zapi_proto_parse("ospf", &p));
    ck_assert_str_eq(zapi_proto_name(ZP_MAX), "unknown");
}
END_TEST

/* ---- client and server ---- */

static struct loop *loop;
static struct zapi_client *client;
static struct zapi_server *server;
static struct zapi_peer *peer;
static unsigned connected, disconnected, state_end, ends, gone, links, nhgs;
static uint64_t prefixes, acked, failed, sent, writables;
static bool hold_acks;

static void sv_hello(void *ctx, struct zapi_peer *p, const struct zapi_hello *h)
{
    struct zapi_hello me = { .client = "zebrad", .server_version = "test" };
    struct zapi_link l = { .ifindex = 1, .name = "lo", .up = true };

    (void)ctx;
    ck_assert_str_eq(h->client, "bgpd");
    ck_assert_int_eq(h->proto, ZP_BGP);
    ck_assert_str_eq(zapi_peer_hello(p)->client, "bgpd");
    peer = p;
    zapi_peer_set_data(p, &peer);
    zapi_peer_hello_send(p, &me);
    zapi_peer_link(p, &l);
    zapi_peer_end(p);
}
static void sv_gone(void *ctx, struct zapi_peer *p)
{
    (void)ctx;
    ck_assert_ptr_eq(zapi_peer_data(p), &peer);
    gone++;
    peer = NULL;
}
static void sv_nhg(void *ctx, struct zapi_peer *p, const struct zapi_nhg *g)
{
    (void)ctx;
    (void)p;
    nhgs += g->n;
}
static void sv_batch(void *ctx, struct zapi_peer *p, const struct zapi_batch *b)
{
    (void)ctx;
    ck_assert_uint_eq(b->first_seq, prefixes + 1);
    prefixes += b->count;
    if (hold_acks)
        return;
    for (uint64_t s = b->first_seq; s < b->first_seq + b->count; s++) {
        struct zapi_ack a = { s, s, s % 1000 ? ZR_INSTALLED : ZR_FAILED, s % 1000 ? 0 : ENOBUFS };
        zapi_peer_ack(p, &a);
    }
}
static void sv_end(void *ctx, struct zapi_peer *p)
{
    (void)ctx;
    (void)p;
    ends++;
}
static void cl_connected(void *ctx, const struct zapi_hello *h)
{
    (void)ctx;
    ck_assert_str_eq(h->server_version, "test");
    connected++;
    prefixes = 0;
}
static void cl_disconnected(void *ctx)
{
    (void)ctx;
    disconnected++;
}
static void cl_state_end(void *ctx)
{
    (void)ctx;
    state_end++;
}
static void cl_link(void *ctx, const struct zapi_link *l)
{
    (void)ctx;
    links += l->up;
}
static void cl_writable(void *ctx)
{
    (void)ctx;
    writables++;
}
static void cl_ack(void *ctx, const struct zapi_ack *a)
{
    (void)ctx;
    acked += a->last_seq - a->first_seq + 1;
    if (a->result == ZR_FAILED) {
        failed++;
        ck_assert_int_eq(a->err, ENOBUFS);
        ck_assert_uint_eq(a->first_seq % 1000, 0);
    }
}

static bool is_ready(void)
{
    return state_end == 1 && connected == 1;
}
static bool is_again(void)
{
    return state_end == 2 && connected == 2 && disconnected == 1 && gone == 1;
}
static bool is_acked(void)
{
    return acked == sent;
}
static bool is_writable(void)
{
    return writables > 0;
}
static bool is_never(void)
{
    return false;
}
static bool is_ended(void)
{
    return ends > 0;
}

static const struct zapi_server_ops server_ops = {
    .hello = sv_hello, .gone = sv_gone, .nhg = sv_nhg, .batch = sv_batch, .end = sv_end
};
static const struct zapi_client_ops client_ops = { .connected = cl_connected,
                                                   .disconnected = cl_disconnected,
                                                   .state_end = cl_state_end,
                                                   .link = cl_link,
                                                   .ack = cl_ack,
                                                   .writable = cl_writable };

static void send_batch(bool packed, uint8_t first)
{
    static uint8_t nlri[10000 * 4];
    size_t n;

    for (unsigned i = 0; i < 10000; i++) {
        nlri[4 * i] = 24;
        nlri[4 * i + 1] = first;
        nlri[4 * i + 2] = (uint8_t)(i >> 8);
        nlri[4 * i + 3] = (uint8_t)i;
    }
    struct zapi_batch b = { .family = AF_INET,
                            .proto = ZP_BGP,
                            .nhg = 1,
                            .count = 10000,
                            .nlri = nlri,
                            .nlri_len = sizeof(nlri) };
    if (packed) {
        void *f = zapi_batch_pack(&b, &n);
        ck_assert_uint_eq(zapi_client_send_packed(client, f, n, 10000), sent + 1);
    } else {
        ck_assert_uint_eq(zapi_client_batch(client, &b), sent + 1);
    }
    sent += 10000;
}

START_TEST(test_conversation)
{
    struct zapi_hello self = { .client = "bgpd", .proto = ZP_BGP, .generation = 1 };
    char *dir = ipc_test_dir();
    int err = 0;

    loop = loop_new();
    client = zapi_client_new(loop, dir, &self, &client_ops, NULL);
    ck_assert(!zapi_client_room(client));
    server = zapi_server_new(loop, dir, &server_ops, NULL, &err);
    ck_assert_ptr_nonnull(server);
    ck_assert(ipc_test_until(loop, is_ready, 5000));
    ck_assert_uint_eq(links, 1);
    ck_assert(zapi_client_room(client));
    struct zapi_nhg g = { .id = 1, .n = 1 };
    g.nh[0] = (struct zapi_nexthop){ .kind = ZN_GATEWAY, .gate = ip("10.0.0.1") };
    zapi_client_nhg(client, &g);
    for (int i = 0; i < 20; i++)
        send_batch(i & 1, (uint8_t)i);
    ck_assert(ipc_test_until(loop, is_acked, 5000));
    ck_assert_uint_eq(failed, 200);
    ck_assert_uint_eq(nhgs, 1);
    /* The window closes when nothing is acknowledged, and opens again. */
    hold_acks = true;
    while (sent - acked < ZAPI_WINDOW) {
        if (zapi_client_room(client))
            send_batch(false, 1);
        else
            ipc_test_until(loop, is_never, 1);
    }
    ck_assert_uint_le(sent - acked, ZAPI_WINDOW + 10000);
    uint64_t first = acked + 1;
    zapi_client_end(client);
    ck_assert(ipc_test_until(loop, is_ended, 5000));
    writables = 0;
    ck_assert(!zapi_client_room(client));
    struct zapi_ack a = { first, sent, ZR_SUPERSEDED, 0 };
    zapi_peer_ack(peer, &a);
    ck_assert(ipc_test_until(loop, is_writable, 5000));
    ck_assert(zapi_client_room(client));
    /* A restart of the server is a new conversation. */
    zapi_server_free(server);
    server = zapi_server_new(loop, dir, &server_ops, NULL, &err);
    ck_assert_ptr_nonnull(server);
    gone = 1; /* nothing is reported by a server that was freed */
    ck_assert(ipc_test_until(loop, is_again, 5000));
    sent = acked = 0;
    hold_acks = false;
    send_batch(false, 1);
    ck_assert(ipc_test_until(loop, is_acked, 5000));
    zapi_client_free(client);
    zapi_server_free(server);
    loop_free(loop);
    ipc_test_files(dir, true);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("zapi");
    TCase *t = tcase_create("codec");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_hello);
    tcase_add_test(t, test_nhg);
    tcase_add_loop_test(t, test_nlri, 0, sizeof(nlris) / sizeof(nlris[0]));
    tcase_add_test(t, test_batch);
    tcase_add_test(t, test_acks);
    tcase_add_test(t, test_small_messages);
    tcase_add_test(t, test_states);
    tcase_add_test(t, test_unknown_fields_are_accepted);
    tcase_add_test(t, test_names);
    suite_add_tcase(s, t);
    t = tcase_create("conversation");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_conversation);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failures = srunner_ntests_failed(r);
    srunner_free(r);
    return failures ? 1 : 0;
}
