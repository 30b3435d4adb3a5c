/* SPDX-License-Identifier: Apache-2.0
 * test_zebra_netlink.c - rtnetlink messages there and back, and every truncation of them.
 */
#include "config.h"
#include <check.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include "zebra_netlink.h"

static struct {
    unsigned links, addrs, routes, nexthops, gone;
    struct nl_route r;
    struct nl_addr a;
    struct nl_link l;
    struct knh_info i;
} got;

static void on_link(void *ctx, const struct nl_link *l)
{
    (void)ctx;
    got.links++;
    got.l = *l;
}

static void on_addr(void *ctx, const struct nl_addr *a)
{
    (void)ctx;
    got.addrs++;
    got.a = *a;
}

static void on_route(void *ctx, const struct nl_route *r)
{
    (void)ctx;
    got.routes++;
    got.r = *r;
}

static void on_nexthop(void *ctx, const struct knh_info *i, bool gone)
{
    (void)ctx;
    got.nexthops++;
    got.gone += gone;
    got.i = *i;
}

static const struct nl_sink sink = {
    .link = on_link, .addr = on_addr, .route = on_route, .nexthop = on_nexthop
};
static _Alignas(8) uint8_t buf[NL_OP_MAX];

static size_t encode(const struct fib_op *op)
{
    memset(buf, 0xa5, sizeof(buf));
    memset(&got, 0, sizeof(got));
    size_t n = nl_encode(op, 77, true, buf);
    ck_assert_uint_le(n, sizeof(buf));
    struct nl_result r = nl_decode(buf, n, &sink, NULL);
    ck_assert_uint_eq(r.messages, 1);
    return n;
}

/* Every shorter message is refused or says less, and nothing is read past its end. */
static void truncate_all(size_t n)
{
    for (size_t len = NLMSG_HDRLEN; len < n; len++) {
        uint8_t *copy = malloc(len);
        memcpy(copy, buf, len);
        struct nlmsghdr *h = (void *)copy;
        h->nlmsg_len = (uint32_t)len;
        nl_decode(copy, len, &sink, NULL);
        free(copy);
    }
}

static struct fib_op route_op(const char *prefix, uint32_t table, uint32_t nhid)
{
    struct prefix p;
    ck_assert(prefix_parse(prefix, &p));
    struct fib_op op = { .kind = FIB_ROUTE_SET,
                         .family = p.family,
                         .len = p.len,
                         .proto = RTPROT_GW_BGP,
                         .rtype = RTN_UNICAST,
                         .table = table,
                         .nhid = nhid };
    memcpy(op.addr, p.b, 16);
    return op;
}

START_TEST(routes)
{
    static const struct {
        const char *prefix;
        uint32_t table;
    } v[] = { { "10.0.0.0/8", 254 },
              { "0.0.0.0/0", 254 },
              { "192.0.2.1/32", 1000 },
              { "2001:db8::/32", 254 },
              { "::/0", 70000 } };
    for (unsigned i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
        struct fib_op op = route_op(v[i].prefix, v[i].table, KNH_ID_BASE + 5);
        struct prefix p;
        op.mtu = i ? 1400 : 0;
        size_t n = encode(&op);
        prefix_parse(v[i].prefix, &p);
        ck_assert_uint_eq(got.routes, 1);
        ck_assert(prefix_eq(&got.r.p, &p));
        ck_assert_uint_eq(got.r.table, v[i].table);
        ck_assert_uint_eq(got.r.nhid, KNH_ID_BASE + 5);
        ck_assert_uint_eq(got.r.metric, RIB_METRIC);
        ck_assert_uint_eq(got.r.proto, RTPROT_GW_BGP);
        ck_assert(!got.r.gone && got.r.type == RTN_UNICAST && got.r.n == 0);
        truncate_all(n);
        op.kind = FIB_ROUTE_DEL;
        encode(&op);
        ck_assert(got.r.gone && prefix_eq(&got.r.p, &p) && got.r.table == v[i].table);
    }
    struct fib_op op = route_op("10.0.0.0/8", 254, 0);
    op.rtype = RTN_BLACKHOLE;
    encode(&op);
    ck_assert(got.r.n == 1 && got.r.nh[0].kind == ZN_BLACKHOLE);
}
END_TEST

START_TEST(nexthops)
{
    struct fib_nh *x = calloc(1, sizeof(*x) + ZAPI_MAX_NEXTHOPS * sizeof(x->m[0]));
    struct fib_op op = { .kind = FIB_NH_SET, .nhid = KNH_ID_BASE + 9, .extra = x };
    x->family = AF_INET6;
    x->ifindex = 3;
    x->onlink = true;
    ck_assert(ipaddr_parse("fe80::1", &x->gate));
    truncate_all(encode(&op));
    encode(&op);
    ck_assert(got.nexthops == 1 && !got.i.group && got.i.onlink && got.i.ifindex == 3 &&
              got.i.id == op.nhid && ipaddr_eq(&got.i.gate, &x->gate) &&
              got.i.protocol == RTPROT_GW_OTHER);
    x->group = true;
    x->n = ZAPI_MAX_NEXTHOPS;
    for (unsigned i = 0; i < x->n; i++) {
        x->m[i].id = KNH_ID_BASE + i;
        x->m[i].weight = (uint16_t)(1 + i * 4);
    }
    truncate_all(encode(&op));
    encode(&op);
    ck_assert(got.i.group && got.i.n == ZAPI_MAX_NEXTHOPS);
    for (unsigned i = 0; i < x->n; i++)
        ck_assert(got.i.m[i].id == x->m[i].id && got.i.m[i].weight == x->m[i].weight);
    op.kind = FIB_NH_DEL;
    encode(&op);
    ck_assert(got.gone == 1 && got.i.id == op.nhid);
    free(x);
}
END_TEST

START_TEST(addresses)
{
    struct fib_ifop x = { .ifindex = 7, .len = 24, .label = "e1:x" };
    struct fib_op op = { .kind = FIB_ADDR_ADD, .extra = &x };
    ck_assert(ipaddr_parse("192.0.2.9", &x.addr));
    truncate_all(encode(&op));
    encode(&op);
    ck_assert(got.addrs == 1 && got.a.ifindex == 7 && got.a.len == 24 &&
              ipaddr_eq(&got.a.addr, &x.addr) && !got.a.peer.family &&
              got.a.proto == RTPROT_GW_OTHER);
    ck_assert_str_eq(got.a.label, "e1:x");
    ck_assert(ipaddr_parse("192.0.2.10", &x.peer));
    x.len = 32;
    encode(&op);
    ck_assert(ipaddr_eq(&got.a.peer, &x.peer));
    op.kind = FIB_ADDR_DEL;
    encode(&op);
    ck_assert(got.a.gone);
}
END_TEST

/* Messages that lie about lengths inside. */
START_TEST(bad_attributes)
{
    struct fib_op op = route_op("10.0.0.0/8", 1000, 5);
    size_t n = encode(&op);
    for (size_t i = NLMSG_HDRLEN; i < n; i++) {
        for (unsigned v = 0; v < 256; v += 15) {
            uint8_t keep = buf[i];
            buf[i] = (uint8_t)v;
            nl_decode(buf, n, &sink, NULL);
            buf[i] = keep;
        }
    }
    buf[NLMSG_HDRLEN + 1] = 33; /* destination length */
    memset(&got, 0, sizeof(got));
    struct nl_result r = nl_decode(buf, n, &sink, NULL);
    ck_assert(r.bad == 1 && got.routes == 0);
}
END_TEST

static uint32_t err_seq;
static int err_no;
static void on_error(void *ctx, uint32_t seq, int err)
{
    (void)ctx;
    err_seq = seq;
    err_no = err;
}

START_TEST(errors)
{
    struct {
        struct nlmsghdr h;
        struct nlmsgerr e;
    } m = { .h = { .nlmsg_len = sizeof(m), .nlmsg_type = NLMSG_ERROR, .nlmsg_seq = 9 },
            .e = { .error = -17 } };
    nl_errors(&m, sizeof(m), on_error, NULL);
    ck_assert_uint_eq(err_seq, 9);
    ck_assert_int_eq(err_no, 17);
    struct nl_result r = nl_decode(&m, sizeof(m), &sink, NULL);
    ck_assert_int_eq(r.err, 17);
    m.h.nlmsg_type = NLMSG_DONE;
    m.e.error = 0;
    r = nl_decode(&m, sizeof(m), &sink, NULL);
    ck_assert(r.done && !r.err);
}
END_TEST

START_TEST(lengths_beyond_the_buffer)
{
    static const uint32_t lens[] = { 0xffffffff, 0xfffffffc, 0x80000000, 4096, 0, 15 };
    uint8_t msg[64] = { 0 };
    struct nlmsghdr *h = (void *)msg;
    h->nlmsg_type = RTM_NEWROUTE;
    h->nlmsg_len = lens[_i];
    struct nl_result r = nl_decode(msg, sizeof(msg), &sink, NULL);
    ck_assert_uint_eq(r.messages, 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("zebra_netlink");
    TCase *tc = tcase_create("codec");
    tcase_add_test(tc, routes);
    tcase_add_loop_test(tc, lengths_beyond_the_buffer, 0, 6);
    tcase_add_test(tc, nexthops);
    tcase_add_test(tc, addresses);
    tcase_add_test(tc, bad_attributes);
    tcase_add_test(tc, errors);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
