/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_group.c - update groups and next hops by hand: members of a group get the very same
 * buffer, attributes are packed, a slow socket holds nobody up, a late joiner catches up and gets
 * its End-of-RIB report, flaps cost nothing, the next hop decides. One shard, inline.
 */
#include "config.h"
#include <check.h>
#include <stdlib.h>
#include "bgp_export.h"
#include "bgp_rib.h"

#define PEERS  4 /* 0 feeds; 1 and 2 share a group; 3 is internal */
#define ROUTES 20000
static struct loop *loop;
static struct loop_timer *timer;
static struct {
    unsigned writes, updates, announced, withdrawn, dumps;
    const struct bgp_outbuf *last;
    size_t backlog;
    bool refused; /* full */
} peer[PEERS];
static unsigned shared, cleared;
static bool reachable;
static uint32_t nh_index;

struct bgp_outbuf *bgp_outbuf_new(uint32_t cap)
{
    struct bgp_outbuf *b = malloc(sizeof(*b) + cap);
    *b = (struct bgp_outbuf){ .cap = cap };
    atomic_init(&b->refs, 1);
    return b;
}

void bgp_outbuf_unref(struct bgp_outbuf *b)
{
    if (atomic_fetch_sub(&b->refs, 1) == 1)
        free(b);
}

static void count(unsigned p, const struct bgp_outbuf *b)
{
    static struct bgp_update u;
    struct bgp_update_ctx c = { .as4 = true, .ibgp = p == 3, .af = 3 };
    for (size_t at = 0; at < b->len;) {
        size_t len = (size_t)b->data[at + 16] << 8 | b->data[at + 17];
        bgp_update_decode(b->data + at + BGP_HEADER_LEN, len - BGP_HEADER_LEN, &c, &u);
        ck_assert_int_eq(u.outcome, BGP_OK);
        for (unsigned i = 0; i < u.n_nlri; i++) {
            struct rb r = rb_init(u.nlri[i].p, u.nlri[i].len);
            uint8_t addr[16], plen;
            while (bgp_nlri_next(&r, addr, &plen))
                u.nlri[i].withdraw ? peer[p].withdrawn++ : peer[p].announced++;
        }
        peer[p].updates++;
        at += len;
    }
}

void bgp_io_write(const struct bgp_member *to, unsigned n, struct bgp_outbuf *buf)
{
    bool one = false, two = false;
    for (unsigned i = 0; i < n; i++) {
        unsigned p = to[i].peer - BGP_PEER_FIRST;
        peer[p].writes++;
        peer[p].last = buf;
        one |= p == 1;
        two |= p == 2;
        count(p, buf);
    }
    shared += one && two;
}

size_t bgp_io_backlog(uint16_t p)
{
    return peer[p - BGP_PEER_FIRST].backlog;
}

static void dump_done(void *ctx, uint16_t p, uint32_t gen, enum bgp_afi_safi af)
{
    (void)ctx;
    (void)gen;
    (void)af;
    peer[p - BGP_PEER_FIRST].dumps++;
}

static void peer_cleared(void *ctx, uint16_t p, uint32_t gen)
{
    (void)ctx;
    (void)p;
    (void)gen;
    cleared++;
}

static void nht_state(void)
{
    struct zapi_nht_state s = { .reachable = reachable };
    bgp_nht_set(nh_index, &s);
}

static void nexthop_new(void *ctx, uint32_t nh, uint32_t vrf, const struct ipaddr *a, bool conn)
{
    (void)ctx;
    (void)a;
    ck_assert_uint_eq(vrf, 7);
    ck_assert(conn);
    nh_index = nh;
    nht_state();
}

static const struct bgp_rib_cb cb = { .dump_done = dump_done,
                                      .peer_cleared = peer_cleared,
                                      .nexthop_new = nexthop_new };

static void stop(void *ctx)
{
    (void)ctx;
    loop_stop(loop, 0);
}

static void run(unsigned ms)
{
    loop_timer_arm(timer, ms * 1000u);
    loop_run(loop);
}

static unsigned activity(void)
{
    unsigned n = cleared;
    for (unsigned i = 0; i < PEERS; i++)
        n += peer[i].announced + peer[i].withdrawn + peer[i].dumps + peer[i].updates;
    return n;
}

/* Until nothing happens any more: the shard runs on this loop, so it makes progress in every turn.
 */
static void quiet(void)
{
    unsigned calm = 0;
    for (unsigned n = 0; n < 2000 && calm < 4; n++) {
        unsigned before = activity();
        run(4);
        calm = activity() == before ? calm + 1 : 0;
    }
}

static struct bgp_rib_feeder *feeder;
static void up(unsigned i)
{
    struct bgp_rib_peer p = { .peer = (uint16_t)(BGP_PEER_FIRST + i),
                              .gen = 1,
                              .ebgp = i != 3,
                              .as4 = true,
                              .local_as = 65000,
                              .remote_as = i == 3 ? 65000 : 65001 + i,
                              .remote_id = 1 + i,
                              .multihop_or_ibgp = i == 3 };
    struct bgp_rib_peer_af *a = &p.af[BGP_IP4_UNI];
    p.remote_addr = ipaddr_v4(0x0a000001 + (i << 8));
    a->active = true;
    a->send_community = true;
    a->nexthop_self = ipaddr_v4(0x0a00ff01);
    if (i == 0)
        a->nexthop_self = ipaddr_v4(0x0a0000fe);
    bgp_rib_peer_up(&p);
    if (i == 0)
        feeder = bgp_rib_feeder_new(p.peer, 1, 0, true);
}

static void feed(unsigned from, unsigned n, uint32_t med, bool withdraw)
{
    static uint8_t msg[4096];
    static struct bgp_update u;
    static struct bgp_attr_build b;
    bgp_attr_build_init(&b);
    b.h.origin = BGP_ORIGIN_IGP;
    bgp_attr_prepend(&b, 65001, 1 + med);
    b.h.nexthop = ipaddr_v4(0x0a000001);
    const struct bgp_attr *a = bgp_attr_get(bgp_attr_intern(&b));
    struct bgp_encode_ctx c = { .af = BGP_IP4_UNI, .as4 = true, .max_len = 4096 };
    struct bgp_update_ctx d = { .as4 = true, .af = 1 };
    while (n) {
        struct bgp_encoder e;
        if (withdraw)
            bgp_encode_begin_withdraw(&e, &c, msg, sizeof(msg));
        else
            bgp_encode_begin(&e, &c, a, msg, sizeof(msg));
        for (; n; n--, from++) {
            uint8_t addr[16] = { 20, (uint8_t)(from >> 8), (uint8_t)from };
            if (!bgp_encode_nlri(&e, addr, 24))
                break;
        }
        size_t len = bgp_encode_end(&e);
        bgp_update_decode(msg + BGP_HEADER_LEN, len - BGP_HEADER_LEN, &d, &u);
        ck_assert_int_eq(u.outcome, BGP_OK);
        bgp_rib_feed(feeder, &u);
    }
    bgp_rib_feed_flush(feeder);
}

static void setup(void)
{
    memset(peer, 0, sizeof(peer));
    shared = cleared = 0;
    reachable = true;
    loop = loop_new();
    timer = loop_timer_new(loop, "stop", stop, NULL);
    bgp_rib_start(loop, 1, &cb, NULL);
    struct bgp_rib_inst i = { .vrf_id = 7,
                              .as = 65000,
                              .router_id = 99,
                              .default_local_pref = 100,
                              .multipath = { 1, 1 },
                              .multipath_ibgp = { 1, 1 } };
    bgp_rib_inst_set(&i);
}

static void teardown(void)
{
    bgp_rib_feeder_free(feeder);
    feeder = NULL;
    bgp_rib_stop();
    loop_timer_free(timer);
    loop_free(loop);
}

START_TEST(one_encoding_for_all)
{
    for (unsigned i = 0; i < PEERS; i++)
        up(i);
    feed(0, ROUTES, 0, false);
    quiet();
    for (unsigned i = 1; i < PEERS; i++) {
        ck_assert_uint_eq(peer[i].announced, ROUTES);
        /* 4 bytes a prefix in messages of 4096: about 1,000 in each. */
        ck_assert_uint_le(peer[i].updates, ROUTES / 1000 + 4);
        ck_assert_uint_eq(peer[i].dumps, 1);
    }
    ck_assert_uint_eq(peer[0].writes, 0); /* nothing back to where it came from */
    ck_assert_uint_eq(shared, peer[1].writes);
    ck_assert_ptr_eq(peer[1].last, peer[2].last);
    ck_assert_ptr_ne(peer[1].last, peer[3].last); /* another group */
    ck_assert_uint_eq(bgp_rib_peer_group(BGP_PEER_FIRST + 1, BGP_IP4_UNI),
                      bgp_rib_peer_group(BGP_PEER_FIRST + 2, BGP_IP4_UNI));
    feed(0, ROUTES, 0, true);
    quiet();
    for (unsigned i = 1; i < PEERS; i++)
        ck_assert_uint_eq(peer[i].withdrawn, ROUTES);
    struct bgp_rib_totals t;
    bgp_rib_totals(0, BGP_IP4_UNI, &t);
    ck_assert_uint_eq(t.prefixes, 0);
}
END_TEST

START_TEST(latest_wins)
{
    up(0);
    up(1);
    quiet();
    peer[1].backlog = BGP_OUT_HIGH;
    for (unsigned k = 0; k < 5; k++) { /* comes and goes while nobody can be told */
        feed(0, 100, k, false);
        quiet();
    }
    ck_assert_uint_eq(peer[1].announced, 0);
    feed(50, 50, 0, true);
    quiet();
    peer[1].backlog = 0;
    bgp_rib_writable(BGP_PEER_FIRST + 1);
    quiet();
    ck_assert_uint_eq(peer[1].announced, 50); /* once each; the withdrawn ones never */
    ck_assert_uint_eq(peer[1].withdrawn, 0);
}
END_TEST

START_TEST(slow_reader_is_left_behind)
{
    for (unsigned i = 0; i < 3; i++)
        up(i);
    quiet();
    peer[2].backlog = BGP_OUT_HIGH;
    feed(0, 1000, 0, false);
    for (unsigned n = 0; n < 500 && !peer[1].announced; n++)
        quiet();
    quiet(); /* the group waits a moment, then goes on without it */
    ck_assert_uint_eq(peer[1].announced, 1000);
    ck_assert_uint_eq(peer[2].announced, 0);
    feed(0, 500, 0, true);
    quiet();
    ck_assert_uint_eq(peer[1].withdrawn, 500);
    peer[2].backlog = 0;
    bgp_rib_writable(BGP_PEER_FIRST + 2);
    quiet();
    ck_assert_uint_eq(peer[2].announced, 500);
    unsigned before = shared;
    feed(0, 10, 1, false); /* it is back in the group */
    quiet();
    ck_assert_uint_eq(shared, before + 1);
}
END_TEST

START_TEST(late_joiner)
{
    up(0);
    up(1);
    feed(0, ROUTES, 0, false);
    quiet();
    unsigned updates = peer[1].updates;
    up(2);
    feed(0, 100, 1, false);
    quiet();
    ck_assert_uint_eq(peer[2].dumps, 1);
    ck_assert_uint_le(peer[2].announced, ROUTES + 100);
    ck_assert_uint_ge(peer[2].announced, ROUTES);
    ck_assert_uint_le(peer[1].updates, updates + 2); /* nobody else heard of it */
    bgp_rib_soft_out(BGP_PEER_FIRST + 1, BGP_IP4_UNI);
    quiet();
    ck_assert_uint_eq(peer[1].dumps, 2);
    ck_assert_uint_eq(peer[1].announced, 2 * ROUTES + 100);
    struct bgp_rib_counts c;
    bgp_rib_peer_counts(BGP_PEER_FIRST + 2, BGP_IP4_UNI, &c);
    ck_assert_uint_eq(c.sent, ROUTES);
}
END_TEST

START_TEST(next_hop)
{
    up(0);
    up(1);
    feed(0, 1000, 0, false);
    quiet();
    ck_assert_uint_eq(peer[1].announced, 1000);
    struct bgp_nht_info info;
    ck_assert(bgp_nht_info(nh_index, &info) && info.known && info.reachable);
    ck_assert_uint_eq(bgp_nht_get(0, &info.addr, true), nh_index); /* one index per next hop */
    ck_assert(!bgp_nht_info(bgp_nht_end(), &info));
    reachable = false;
    nht_state();
    quiet();
    ck_assert_uint_eq(peer[1].withdrawn, 1000);
    struct bgp_rib_totals t;
    bgp_rib_totals(0, BGP_IP4_UNI, &t);
    ck_assert_uint_eq(t.paths, 1000);
    ck_assert_uint_eq(t.best, 0);
    reachable = true;
    nht_state();
    quiet();
    ck_assert_uint_eq(peer[1].announced, 2000);
}
END_TEST

START_TEST(down_and_counters)
{
    up(0);
    up(1);
    feed(0, 1000, 0, false);
    quiet();
    struct bgp_rib_counts c;
    bgp_rib_peer_counts(BGP_PEER_FIRST, BGP_IP4_UNI, &c);
    ck_assert_uint_eq(c.accepted, 1000);
    feed(0, 300, 0, true);
    quiet();
    bgp_rib_peer_counts(BGP_PEER_FIRST, BGP_IP4_UNI, &c);
    ck_assert_uint_eq(c.accepted, 700);
    bgp_rib_peer_down(BGP_PEER_FIRST, 1, false);
    feed(0, 1000, 0, false); /* what was still under way is not of this session's successor */
    quiet();
    ck_assert_uint_eq(cleared, 1);
    ck_assert_uint_eq(peer[1].withdrawn, 1000);
    bgp_rib_peer_counts(BGP_PEER_FIRST, BGP_IP4_UNI, &c);
    ck_assert_uint_eq(c.accepted, 0);
    bgp_rib_peer_counts(BGP_PEER_FIRST + 1, BGP_IP4_UNI, &c);
    ck_assert_uint_eq(c.sent, 0);
}
END_TEST

static unsigned groups, group_members;
static void on_group(void *ctx, const struct bgp_group_info *g)
{
    (void)ctx;
    groups++;
    group_members += g->members;
}

static void on_peer(void *ctx, uint16_t p)
{
    *(unsigned *)ctx |= 1u << (p - BGP_PEER_FIRST);
}

START_TEST(questions)
{
    unsigned who = 0;
    for (unsigned i = 0; i < PEERS; i++)
        up(i);
    feed(0, 10, 0, false);
    quiet();
    bgp_rib_groups(on_group, NULL, NULL);
    struct prefix p;
    ck_assert(prefix_parse("20.0.3.0/24", &p));
    bgp_rib_advertised_to(0, BGP_IP4_UNI, &p, on_peer, NULL, &who);
    quiet();
    ck_assert_uint_eq(groups, 3);
    ck_assert_uint_eq(group_members, PEERS);
    ck_assert_uint_eq(who, 1u << 1 | 1u << 2 | 1u << 3);
}
END_TEST

int main(void)
{
    bgp_attr_init();
    Suite *s = suite_create("bgp_group");
    TCase *t = tcase_create("group");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, one_encoding_for_all);
    tcase_add_test(t, latest_wins);
    tcase_add_test(t, slow_reader_is_left_behind);
    tcase_add_test(t, late_joiner);
    tcase_add_test(t, next_hop);
    tcase_add_test(t, down_and_counters);
    tcase_add_test(t, questions);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
