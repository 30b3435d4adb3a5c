/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_session.c - the session driver over real TCP on loopback against a scripted peer; the shards, policies and zebrad are
 * stand-ins that count what they are told. Every case runs with the I/O actor on a thread and inline.
 */
#include "config.h"
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "bgp_peer_priv.h"
#include "bgp_policy.h"
#include "bgp_zebra_priv.h"

/* ---- stand-ins ---- */

static struct {
    _Atomic(unsigned) feeds, eors, flushes, feeders, writable;
    unsigned ups, downs, soft_outs, soft_ins, sets, sweeps, stale;
    struct bgp_rib_peer last;
    _Atomic(bool) backlogged;
} rib;

struct bgp_rib_feeder { int x; };
void bgp_rib_inst_set(const struct bgp_rib_inst *i) {}
void bgp_rib_inst_del(uint16_t inst) {}
void bgp_rib_peer_up(const struct bgp_rib_peer *p) { rib.ups++; rib.last = *p; }
void bgp_rib_peer_set(const struct bgp_rib_peer *p) { rib.sets++; rib.last = *p; }
void bgp_rib_peer_down(uint16_t peer, uint32_t gen, bool keep)
{
    rib.downs++;
    rib.stale += keep;
    bgp_peer_rib_cb.peer_cleared(NULL, peer, gen);
}
void bgp_rib_stale_sweep(uint16_t peer, enum bgp_afi_safi af) { rib.sweeps++; }
void bgp_rib_soft_in(uint16_t peer, enum bgp_afi_safi af) { rib.soft_ins++; }
void bgp_rib_soft_out(uint16_t peer, enum bgp_afi_safi af) { rib.soft_outs++; }
void bgp_rib_refresh_begin(uint16_t peer, enum bgp_afi_safi af) {}
void bgp_rib_refresh_end(uint16_t peer, enum bgp_afi_safi af) {}
struct bgp_rib_feeder *bgp_rib_feeder_new(uint16_t peer, uint32_t gen, uint16_t inst, bool c)
{
    rib.feeders++;
    return calloc(1, sizeof(struct bgp_rib_feeder));
}
void bgp_rib_feeder_free(struct bgp_rib_feeder *f) { rib.feeders--; free(f); }
void bgp_rib_feed(struct bgp_rib_feeder *f, struct bgp_update *u) { rib.feeds++; }
void bgp_rib_feed_eor(struct bgp_rib_feeder *f, enum bgp_afi_safi af) { rib.eors++; }
void bgp_rib_feed_flush(struct bgp_rib_feeder *f) { rib.flushes++; }
bool bgp_rib_backlogged(void) { return rib.backlogged; }
void bgp_rib_writable(uint16_t peer) { rib.writable++; }
const struct bgp_policy *bgp_policy_build(const struct policy_set *s, const struct bgp_policy_names *n) { return NULL; }
void bgp_policy_unref(const struct bgp_policy *p) {}
bool bgp_zebra_connected(uint32_t vrf, const struct ipaddr *a, struct prefix *p, uint32_t *i)
{
    *p = prefix_host(a);
    *i = 1;
    return true;
}
bool bgp_zebra_if_addr(uint32_t vrf, const char *n, int f, struct ipaddr *ret) { return false; }
bool bgp_zebra_local_addrs(uint32_t i, struct ipaddr *a, struct ipaddr *b, struct ipaddr *c) { return false; }
uint32_t bgp_zebra_ifindex_of_addr(uint32_t vrf, const struct ipaddr *l) { return 0; }
bool bgp_zebra_router_id(uint32_t vrf, uint32_t *ret) { return false; }
bool bgp_zebra_up(void) { return true; }
uint32_t bgp_zebra_vrf_id(const char *name) { return 0; }
void bgp_zebra_local_inst_gone(const struct bgp_inst *i) {}
void bgp_zebra_restart_over(void) {}
uint64_t bgp_zebra_on_batch(void *c, void *p, size_t l, uint32_t n, uint16_t i) { return 0; }
void bgp_zebra_on_nhg(void *c, const struct zapi_nhg *g) {}
void bgp_zebra_on_nhg_del(void *c, uint32_t id) {}
void bgp_zebra_on_synced(void *c) {}
void bgp_zebra_on_nexthop(void *c, uint32_t n, uint32_t v, const struct ipaddr *a, bool o) {}

/* ---- the rig ---- */

static struct bgp_inst *inst;
static struct bgp_peer *peer;
static struct loop_timer *tick;
static bool (*condition)(void);
static uint64_t give_up;

static void on_tick(void *ctx)
{
    if (condition() || loop_now() > give_up)
        loop_stop(bgp.loop, 0);
    else
        loop_timer_arm(tick, 1000);
}

static bool spin(bool (*fn)(void), unsigned ms)
{
    condition = fn;
    give_up = loop_now() + ms * 1000ull;
    loop_timer_arm(tick, 0);
    loop_run(bgp.loop);
    return fn();
}

static bool never(void) { return false; }
static bool no_sessions(void) { return bgp_io_sessions() == 0; }
static bool established(void) { return peer->fsm.state == BS_ESTABLISHED; }
static bool idle(void) { return peer->fsm.state == BS_IDLE; }

static void add_peer(const char *addr)
{
    struct ipaddr a;
    ck_assert(ipaddr_parse(addr, &a));
    peer = bgp_peer_new(inst, addr, &a);
    peer->conf = (struct bgp_peer_conf){ .remote_as_kind = BGP_AS_NUMBER, .remote_as = 65002, .passive = true,
                                         .keepalive = 1, .hold = 3, .connect_retry = -1 };
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        peer->conf.af[af].activate = -1;
    bgp_peer_changed(peer, 2);
}

static void setup(bool threaded)
{
    struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof sin;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
    close(fd);
    memset(&rib, 0, sizeof rib);
    memset(&bgp, 0, sizeof bgp);
    bgp.loop = loop_new();
    bgp.listen_port = ntohs(sin.sin_port);
    bgp.n_listen = 1;
    ck_assert(ipaddr_parse("127.0.0.1", &bgp.listen_addr[0]));
    bgp_attr_init();
    tick = loop_timer_new(bgp.loop, "tick", on_tick, NULL);
    bgp_io_start(bgp.loop, threaded, &bgp_peer_io_cb);
    ck_assert_int_eq(bgp_conn_listen_open(), 0);
    inst = bgp_inst_new("default", false, 65001);
    inst->default_ipv4_unicast = inst->log_changes = true;
    ck_assert(ipaddr_parse("10.0.0.1", &inst->router_id_conf));
    bgp_peer_start_all();
    add_peer("127.0.0.2");
}

static void teardown(void)
{
    bgp_peer_stop_all("bye");
    ck_assert(spin(no_sessions, 3000));
    bgp_inst_free(inst);
    bgp_io_stop();
    ck_assert_uint_eq(rib.feeders, 0);
    loop_timer_free(tick);
}

/* ---- the scripted peer ---- */

static int client = -1;
static uint8_t got[1 << 23];
static size_t n_got;

static void client_connect(const char *from)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(bgp.listen_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_in src = { .sin_family = AF_INET };
    struct ipaddr a;
    ck_assert(ipaddr_parse(from, &a));
    memcpy(&src.sin_addr, a.b, 4);
    client = socket(AF_INET, SOCK_STREAM, 0);
    int small = 4096;
    setsockopt(client, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ck_assert_int_eq(bind(client, (struct sockaddr *)&src, sizeof src), 0);
    ck_assert_int_eq(connect(client, (struct sockaddr *)&to, sizeof to), 0);
    fcntl(client, F_SETFL, O_NONBLOCK);
    n_got = 0;
}

static void client_send(const void *p, size_t n)
{
    ck_assert_int_eq(write(client, p, n), (ssize_t)n);
}

static void client_open(uint32_t as, bool more)
{
    uint8_t buf[4096];
    struct bgp_open o = { .version = 4, .as = as, .hold_time = 90, .router_id = 0x0a000002, .caps = BC_AS4 | BC_MP | BC_REFRESH, .af = 1 };
    size_t n = bgp_open_encode(&o, false, buf, sizeof buf);
    if (more) { /* KEEPALIVE and the first UPDATEs in one write: End-of-RIB is the shortest */
        n += bgp_keepalive_encode(buf + n, sizeof buf - n);
        n += bgp_eor_encode(BGP_IP4_UNI, buf + n, sizeof buf - n);
        n += bgp_eor_encode(BGP_IP4_UNI, buf + n, sizeof buf - n);
    }
    client_send(buf, n);
}

static size_t client_read(size_t max)
{
    ssize_t n = read(client, got + n_got, sizeof got - n_got < max ? sizeof got - n_got : max);
    if (n > 0)
        n_got += (size_t)n;
    return n > 0 ? (size_t)n : 0;
}

/* The k-th message of a type that the peer has got; NULL: not yet. */
static const uint8_t *received(uint8_t type, unsigned k)
{
    while (client_read(65536))
        ;
    for (size_t off = 0; off + BGP_HEADER_LEN <= n_got;) {
        size_t len = (size_t)(got[off + 16] << 8 | got[off + 17]);
        ck_assert_uint_ge(len, BGP_HEADER_LEN);
        if (off + len > n_got)
            return NULL;
        if (got[off + 18] == type && k-- == 0)
            return got + off;
        off += len;
    }
    return NULL;
}

static bool has_notification(void) { return received(BGP_NOTIFICATION, 0) != NULL; }
static bool has_two_keepalives(void) { return received(BGP_KEEPALIVE, 1) != NULL; }
static bool has_update(void) { return received(BGP_UPDATE, 0) != NULL; }
static bool has_refresh(void) { return received(BGP_ROUTE_REFRESH, 0) != NULL; }
static bool two_eors(void) { return rib.eors >= 2; }
static bool soft_out_asked(void) { return rib.soft_outs > 0; }

static void client_up(void)
{
    client_connect("127.0.0.2");
    client_open(65002, true);
    ck_assert(spin(established, 2000));
}

static void client_close(void)
{
    close(client);
    client = -1;
}

/* ---- cases ---- */

static void updates_behind_keepalive(void)
{
    struct bgp_counters c;
    client_up();
    ck_assert(spin(two_eors, 2000));
    ck_assert_uint_eq(rib.ups, 1);
    ck_assert_uint_eq(rib.last.remote_as, 65002);
    ck_assert(rib.last.ebgp && rib.last.as4 && rib.last.af[BGP_IP4_UNI].active && !rib.last.af[BGP_IP6_UNI].active);
    bgp_peer_counters(peer, &c);
    ck_assert_uint_eq(c.opens[0], 1);
    ck_assert_uint_eq(c.updates[0], 2);
    ck_assert_uint_eq(c.opens[1], 1);
    bgp_peer_rib_cb.dump_done(NULL, peer->index, peer->gen, BGP_IP4_UNI);
    ck_assert(spin(has_update, 2000)); /* our End-of-RIB */
    ck_assert(peer->eor_sent[BGP_IP4_UNI] && peer->eor_rcvd[BGP_IP4_UNI]);
    client_close();
    ck_assert(spin(idle, 2000));
    ck_assert_uint_eq(rib.downs, 1);
    ck_assert_str_eq(peer->last_reset, "Peer closed the session");
}

static void wrong_as(void)
{
    client_connect("127.0.0.2");
    client_open(65009, false);
    ck_assert(spin(has_notification, 2000));
    const uint8_t *n = received(BGP_NOTIFICATION, 0);
    ck_assert_uint_eq(n[19], BN_OPEN);
    ck_assert_uint_eq(n[20], BN_OPEN_PEER_AS);
    ck_assert_str_eq(peer->last_reason, "peer is in AS 65009, remote-as is 65002");
    client_close();
}

static void stranger(void)
{
    client_connect("127.0.0.3");
    ck_assert(spin(has_notification, 2000));
    const uint8_t *n = received(BGP_NOTIFICATION, 0);
    ck_assert_uint_eq(n[19], BN_CEASE);
    ck_assert_uint_eq(n[20], BN_CEASE_REJECTED);
    client_close();
}

static void garbage(void)
{
    client_up();
    client_send("this is not BGP at all, not even near", 37);
    ck_assert(spin(has_notification, 2000));
    const uint8_t *n = received(BGP_NOTIFICATION, 0);
    ck_assert_uint_eq(n[19], BN_HEADER);
    ck_assert_uint_eq(n[20], BN_HDR_SYNC);
    ck_assert_uint_eq(rib.downs, 1);
    client_close();
}

static void refresh(void)
{
    uint8_t buf[64];
    client_up();
    client_send(buf, bgp_refresh_encode(BGP_IP4_UNI, BGP_RR_NORMAL, buf, sizeof buf));
    ck_assert(spin(soft_out_asked, 2000));
    bgp_peer_refresh_in(peer, BGP_IP4_UNI);
    ck_assert(spin(has_refresh, 2000));
    bgp_peer_changed(peer, 1);
    ck_assert_uint_eq(rib.sets, 1);
    client_close();
}

static void cease_with_text(void)
{
    client_up();
    peer->conf.shutdown = true;
    peer->conf.shutdown_msg = strdup("maintenance");
    bgp_peer_changed(peer, 2);
    ck_assert(spin(has_notification, 2000));
    const uint8_t *n = received(BGP_NOTIFICATION, 0);
    ck_assert_uint_eq(n[19], BN_CEASE);
    ck_assert_uint_eq(n[20], BN_CEASE_SHUTDOWN);
    ck_assert_uint_eq(n[21], 11);
    ck_assert_int_eq(memcmp(n + 22, "maintenance", 11), 0);
    ck_assert_str_eq(bgp_peer_state_name(peer), "Idle (Admin)");
    free(peer->conf.shutdown_msg);
    peer->conf.shutdown_msg = NULL;
    client_close();
}

/* A peer that does not read: what is queued stays queued, and a keepalive overtakes at the next message boundary. */
static void slow_reader(void)
{
    enum { BUFS = 64, EACH = 64000 };
    struct bgp_member to = { peer->index, 0 };
    client_up();
    to.gen = peer->gen;
    received(BGP_KEEPALIVE, 0);
    size_t before = n_got;
    for (unsigned i = 0; i < BUFS; i++) {
        struct bgp_outbuf *b = bgp_outbuf_new(EACH);
        while (b->len + 100 <= b->cap) {
            memset(b->data + b->len, 0xff, 16);
            b->data[b->len + 16] = 0;
            b->data[b->len + 17] = 100;
            b->data[b->len + 18] = BGP_UPDATE;
            memset(b->data + b->len + 19, 0, 81);
            b->len += 100;
            b->n_updates++;
        }
        bgp_io_write(&to, 1, b);
        bgp_outbuf_unref(b);
    }
    ck_assert_uint_gt(bgp_io_backlog(peer->index), 0);
    spin(never, 1500); /* more than one keepalive is due; nothing is read */
    size_t queued = bgp_io_backlog(peer->index);
    ck_assert_uint_gt(queued, 1000000);
    /* Behind what the kernel holds already and one message more there is a keepalive, before the rest. */
    uint64_t end = loop_now() + 5000000;
    size_t at = 0;
    while (!at && loop_now() < end) {
        client_read(65536);
        spin(never, 1);
        for (size_t off = before; off + 19 <= n_got && !at; off += (size_t)(got[off + 16] << 8 | got[off + 17]))
            at = got[off + 18] == BGP_KEEPALIVE ? off : 0;
    }
    ck_assert_uint_gt(at, 0);
    ck_assert_uint_lt(at, before + BUFS * EACH - queued + 100);
    /* A session of another generation gets nothing and its share of the backlog goes. */
    struct bgp_member old = { peer->index, peer->gen + 7 };
    struct bgp_outbuf *b = bgp_outbuf_new(100);
    b->len = 100;
    bgp_io_write(&old, 1, b);
    bgp_outbuf_unref(b);
    bgp_peer_clear(peer, BN_CEASE_RESET, NULL);
    spin(no_sessions, 3000);
    ck_assert_uint_eq(bgp_io_backlog(peer->index), 0);
    client_close();
}

/* The shards are behind for longer than the hold time: the peer's keepalives wait in the socket, and the session lives. */
static void busy_is_not_dead(void)
{
    uint8_t ka[BGP_HEADER_LEN];
    client_up();
    ck_assert_uint_eq(peer->fsm.hold, 3);
    rib.backlogged = true;
    for (unsigned i = 0; i < 8; i++) {
        client_send(ka, bgp_keepalive_encode(ka, sizeof ka));
        spin(never, 500);
    }
    ck_assert(established());
    rib.backlogged = false;
    spin(never, 200);
    ck_assert(established());
    client_close();
}

static void silent_is_dead(void)
{
    client_up();
    ck_assert(spin(has_two_keepalives, 3000));
    ck_assert(spin(has_notification, 5000));
    const uint8_t *n = received(BGP_NOTIFICATION, 0);
    ck_assert_uint_eq(n[19], BN_HOLD);
    client_close();
}

static void freed_at_any_moment(void)
{
    client_connect("127.0.0.2");
    spin(never, 5);
    bgp_peer_free(peer);
    client_close();
    add_peer("127.0.0.2");
    client_connect("127.0.0.2");
    client_open(65002, false);
    spin(never, 2);
    bgp_peer_free(peer);
    client_close();
    add_peer("127.0.0.2");
    client_up();
    uint32_t gen = peer->gen;
    uint16_t index = peer->index;
    bgp_peer_free(peer);
    client_close();
    add_peer("127.0.0.2");
    ck_assert_uint_eq(peer->index, index);
    client_up();
    ck_assert_uint_gt(peer->gen, gen);
    client_close();
}

static void password_fails_closed(void)
{
    char key[100];
    memset(key, 'x', sizeof key - 1);
    key[sizeof key - 1] = 0;
    peer->conf.password = key; /* longer than the kernel takes */
    bgp_peer_changed(peer, 2);
    ck_assert(peer->key_failed);
    ck_assert_int_eq(peer->fsm.state, BS_IDLE);
    client_connect("127.0.0.2");
    ck_assert(spin(has_notification, 2000));
    client_close();
    peer->conf.password = NULL;
    bgp_peer_changed(peer, 2);
    ck_assert(!peer->key_failed);
    client_up();
    client_close();
}

static void max_prefix(void)
{
    client_up();
    peer->conf.af[BGP_IP4_UNI].max_prefix = 10;
    bgp_peer_rib_cb.max_prefix(NULL, peer->index, BGP_IP4_UNI, 8, false);
    ck_assert(established());
    bgp_peer_rib_cb.max_prefix(NULL, peer->index, BGP_IP4_UNI, 11, true);
    ck_assert(spin(has_notification, 2000));
    const uint8_t *n = received(BGP_NOTIFICATION, 0);
    ck_assert_uint_eq(n[19], BN_CEASE);
    ck_assert_uint_eq(n[20], BN_CEASE_MAX_PREFIX);
    ck_assert_uint_eq(n[27], 10);
    ck_assert_str_eq(bgp_peer_state_name(peer), "Idle (PfxCt)");
    client_close();
    bgp_peer_clear(peer, BN_CEASE_RESET, NULL);
    client_up();
    client_close();
}

static void (*const cases[])(void) = { updates_behind_keepalive, wrong_as, stranger, garbage, refresh, cease_with_text, slow_reader,
                                       busy_is_not_dead, silent_is_dead, freed_at_any_moment, password_fails_closed, max_prefix };
#define N_CASES (int)(sizeof cases / sizeof *cases)

START_TEST(session)
{
    setup(_i >= N_CASES);
    cases[_i % N_CASES]();
    teardown();
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bgp_session");
    TCase *t = tcase_create("session");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, session, 0, 2 * N_CASES);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
