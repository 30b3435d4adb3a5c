/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_fsm.c - every cell of the state table, and event replays named after the rule that they check.
 *
 * A replay is a list of steps: event, connection, and what must come of it: actions as text in order, and the peer's state.
 * "+C n" arms the connect timer with n seconds, "-C" cancels it (H hold, K keepalive, I idle hold); "N c/s" sends a NOTIFICATION;
 * actions of the incoming connection have a "'" behind them.
 */
#include "bgp_fsm.h"
#include <check.h>
#include <stdio.h>

#define ID(a) (0x0a000000u + (a))
static const struct bgp_open good = { .version = 4, .as = 65002, .hold_time = 90, .router_id = ID(2), .caps = BC_AS4 | BC_REFRESH, .af = 1 };
static const struct bgp_open low = { .version = 4, .as = 65002, .hold_time = 90, .router_id = ID(0) | 0x100, .caps = BC_AS4, .af = 1 };
static const struct bgp_open other_as = { .version = 4, .as = 65009, .hold_time = 90, .router_id = ID(2), .af = 1 };
static const struct bgp_open our_id = { .version = 4, .as = 65001, .hold_time = 90, .router_id = ID(1), .af = 1 };
static const struct bgp_open same_id = { .version = 4, .as = 65002, .hold_time = 90, .router_id = ID(1), .af = 1 };
static const struct bgp_open zero_id = { .version = 4, .as = 65002, .hold_time = 90, .router_id = 0, .af = 1 };
static const struct bgp_open hold_2 = { .version = 4, .as = 65002, .hold_time = 2, .router_id = ID(2), .af = 1 };
static const struct bgp_open hold_0 = { .version = 4, .as = 65002, .hold_time = 0, .router_id = ID(2), .af = 1 };
static const struct bgp_open hold_3 = { .version = 4, .as = 65002, .hold_time = 3, .router_id = ID(2), .af = 1 };
static const struct bgp_open version_3 = { .version = 3, .as = 65002, .hold_time = 90, .router_id = ID(2), .af = 1 };
static const struct bgp_open as_0 = { .version = 4, .as = 0, .hold_time = 90, .router_id = ID(2), .af = 1 };
static const struct bgp_open ipv6_only = { .version = 4, .as = 65002, .hold_time = 90, .router_id = ID(2), .af = 2 };
static const struct bgp_error bad_marker = { .code = BN_HEADER, .subcode = BN_HDR_SYNC };
static const struct bgp_error bad_open = { .code = BN_OPEN, .subcode = BN_OPEN_PARAM };
static const struct bgp_error bad_update = { .code = BN_UPDATE, .subcode = BN_UPD_ATTRS };
static const struct bgp_error peer_cease = { .code = BN_CEASE, .subcode = BN_CEASE_SHUTDOWN };
static const struct bgp_error reset = { .code = BN_CEASE, .subcode = BN_CEASE_RESET };

static struct bgp_fsm fsm_new(void)
{
    return (struct bgp_fsm){ .connect_retry = 30, .hold_conf = 180, .keepalive_conf = 60, .local_as = 65001, .local_id = ID(1),
                             .remote_as_expected = 65002, .ebgp_expected = -1, .caps_local = BC_AS4 | BC_REFRESH | BC_EXT_MSG, .af_local = 1 };
}

static void actions_text(const struct bgp_actions *a, char *buf, size_t len)
{
    static const char timers[] = "CHKI";
    size_t n = 0;
    buf[0] = 0;
    for (unsigned i = 0; i < a->n; i++) {
        const struct bgp_action *x = &a->a[i];
        const char *mark = x->conn ? "'" : "";
        char one[64] = "";
        switch (x->kind) {
        case BACT_CONNECT: snprintf(one, sizeof one, "CONNECT%s", mark); break;
        case BACT_ACCEPT_ONLY: snprintf(one, sizeof one, "PASSIVE"); break;
        case BACT_CLOSE: snprintf(one, sizeof one, "CLOSE%s", mark); break;
        case BACT_DROP_CONN: snprintf(one, sizeof one, "REFUSE%s", mark); break;
        case BACT_SEND_OPEN: snprintf(one, sizeof one, "OPEN%s", mark); break;
        case BACT_SEND_KEEPALIVE: snprintf(one, sizeof one, "KEEPALIVE%s", mark); break;
        case BACT_SEND_NOTIFICATION: snprintf(one, sizeof one, "N %u/%u%s", x->code, x->subcode, mark); break;
        case BACT_TIMER_ARM: snprintf(one, sizeof one, "+%c %u%s", timers[x->timer], x->seconds, mark); break;
        case BACT_TIMER_CANCEL: snprintf(one, sizeof one, "-%c%s", timers[x->timer], mark); break;
        case BACT_SESSION_UP: snprintf(one, sizeof one, "UP%s", mark); break;
        case BACT_SESSION_DOWN: snprintf(one, sizeof one, "DOWN%s", mark); break;
        case BACT_STATE: ck_assert_int_eq(x->state, x->state); continue;
        case BACT_NONE: snprintf(one, sizeof one, "?"); break;
        }
        n += (size_t)snprintf(buf + n, n < len ? len - n : 0, "%s%s", n ? ", " : "", one);
    }
}

struct event {
    enum bgp_event e;
    uint8_t conn;
    const struct bgp_open *open;
    const struct bgp_error *err;
    const char *actions;
    enum bgp_state state;
};
struct replay {
    const char *name;
    struct event ev[14];
};
#define START       { BE_START, 0, NULL, NULL, "-I, +C 30, CONNECT", BS_CONNECT }
#define TCP_UP      { BE_TCP_OK, 0, NULL, NULL, "-C, OPEN, +H 240", BS_OPENSENT }
#define OPEN_OK     { BE_OPEN, 0, &good, NULL, "KEEPALIVE, +K 30, +H 90", BS_OPENCONFIRM }
#define ESTABLISHED { BE_KEEPALIVE, 0, NULL, NULL, "+H 90, UP", BS_ESTABLISHED }
#define REFUSED(o, n) { BE_OPEN, 0, o, NULL, n ", -H, CLOSE, +I 1", BS_IDLE }
#define END         { BE_MAX, 0, NULL, NULL, NULL, BS_IDLE }

static const struct replay replays[] = {
    { "session", { START, TCP_UP, OPEN_OK, ESTABLISHED,
        { BE_UPDATE, 0, NULL, NULL, "+H 90", BS_ESTABLISHED },
        { BE_KEEPALIVE, 0, NULL, NULL, "+H 90", BS_ESTABLISHED },
        { BE_KEEPALIVE_TIMER, 0, NULL, NULL, "KEEPALIVE, +K 30", BS_ESTABLISHED },
        { BE_NOTIFICATION, 0, NULL, &peer_cease, "DOWN, -K, -H, CLOSE, +I 1", BS_IDLE },
        { BE_IDLE_HOLD_TIMER, 0, NULL, NULL, "-I, +C 30, CONNECT", BS_CONNECT }, END } },
    { "open-bad-peer-as", { START, TCP_UP, REFUSED(&other_as, "N 2/2"), END } },
    { "open-as-0", { START, TCP_UP, REFUSED(&as_0, "N 2/2"), END } },
    { "open-router-id-zero", { START, TCP_UP, REFUSED(&zero_id, "N 2/3"), END } },
    { "open-hold-time-2", { START, TCP_UP, REFUSED(&hold_2, "N 2/6"), END } },
    { "open-version-3", { START, TCP_UP, REFUSED(&version_3, "N 2/1"), END } },
    { "open-no-common-family", { START, TCP_UP, REFUSED(&ipv6_only, "N 2/7"), END } },
    { "open-same-router-id-other-as-is-fine", { START, TCP_UP,
        { BE_OPEN, 0, &same_id, NULL, "KEEPALIVE, +K 30, +H 90", BS_OPENCONFIRM }, END } },
    { "hold-time-0-no-timers", { START, TCP_UP,
        { BE_OPEN, 0, &hold_0, NULL, "KEEPALIVE, -H", BS_OPENCONFIRM },
        { BE_KEEPALIVE, 0, NULL, NULL, "-H, UP", BS_ESTABLISHED }, END } },
    { "hold-time-3-keepalive-1", { START, TCP_UP,
        { BE_OPEN, 0, &hold_3, NULL, "KEEPALIVE, +K 1, +H 3", BS_OPENCONFIRM }, END } },
    { "hold-timer-in-opensent", { START, TCP_UP,
        { BE_HOLD_TIMER, 0, NULL, NULL, "N 4/0, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "hold-timer-in-openconfirm", { START, TCP_UP, OPEN_OK,
        { BE_HOLD_TIMER, 0, NULL, NULL, "N 4/0, -K, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "hold-timer-in-established", { START, TCP_UP, OPEN_OK, ESTABLISHED,
        { BE_HOLD_TIMER, 0, NULL, NULL, "N 4/0, DOWN, -K, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "notification-in-connect-is-nothing", { START,
        { BE_NOTIFICATION, 0, NULL, &peer_cease, "", BS_CONNECT }, END } },
    { "notification-in-opensent", { START, TCP_UP,
        { BE_NOTIFICATION, 0, NULL, &peer_cease, "-H, CLOSE, +I 1", BS_IDLE }, END } },
    { "notification-in-openconfirm", { START, TCP_UP, OPEN_OK,
        { BE_NOTIFICATION, 0, NULL, &peer_cease, "-K, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "update-in-opensent-is-fsm-error-1", { START, TCP_UP,
        { BE_UPDATE, 0, NULL, NULL, "N 5/1, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "update-in-openconfirm-is-fsm-error-2", { START, TCP_UP, OPEN_OK,
        { BE_UPDATE, 0, NULL, NULL, "N 5/2, -K, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "open-in-established-is-fsm-error-3", { START, TCP_UP, OPEN_OK, ESTABLISHED,
        { BE_OPEN, 0, &good, NULL, "N 5/3, DOWN, -K, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "bad-open", { START, TCP_UP,
        { BE_OPEN_BAD, 0, NULL, &bad_open, "N 2/4, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "bad-header-in-established", { START, TCP_UP, OPEN_OK, ESTABLISHED,
        { BE_HEADER_BAD, 0, NULL, &bad_marker, "N 1/1, DOWN, -K, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "bad-update", { START, TCP_UP, OPEN_OK, ESTABLISHED,
        { BE_UPDATE_BAD, 0, NULL, &bad_update, "N 3/1, DOWN, -K, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "connect-refused-then-retry", { START,
        { BE_TCP_FAIL, 0, NULL, NULL, "CLOSE, +C 5", BS_ACTIVE },
        { BE_CONNECT_TIMER, 0, NULL, NULL, "+C 30, CONNECT", BS_CONNECT },
        { BE_TCP_FAIL, 0, NULL, NULL, "CLOSE, +C 10", BS_ACTIVE },
        { BE_TCP_FAIL, 0, NULL, NULL, "+C 20", BS_ACTIVE },
        { BE_TCP_FAIL, 0, NULL, NULL, "+C 30", BS_ACTIVE },
        { BE_TCP_FAIL, 0, NULL, NULL, "+C 30", BS_ACTIVE },
        { BE_CONNECT_TIMER, 0, NULL, NULL, "+C 30, CONNECT", BS_CONNECT },
        { BE_CONNECT_TIMER, 0, NULL, NULL, "CLOSE, +C 30, CONNECT", BS_CONNECT }, END } },
    { "closed-in-opensent-retries-later", { START, TCP_UP,
        { BE_TCP_CLOSED, 0, NULL, NULL, "-H, CLOSE, +C 5", BS_ACTIVE }, END } },
    { "closed-in-established", { START, TCP_UP, OPEN_OK, ESTABLISHED,
        { BE_TCP_CLOSED, 0, NULL, NULL, "DOWN, -K, -H, CLOSE, +I 1", BS_IDLE }, END } },
    { "stop-in-established-and-no-idle-hold", { START, TCP_UP, OPEN_OK, ESTABLISHED,
        { BE_STOP, 0, NULL, &reset, "N 6/4, DOWN, -K, -H, CLOSE, -I", BS_IDLE },
        { BE_STOP, 0, NULL, &reset, "-I, -I", BS_IDLE }, END } },
    { "stop-in-connect", { START, { BE_STOP, 0, NULL, NULL, "-C, CLOSE, -I", BS_IDLE }, END } },
    { "stop-with-two-connections", { START, TCP_UP,
        { BE_TCP_ACCEPTED, 1, NULL, NULL, "OPEN', +H 240'", BS_OPENSENT },
        { BE_STOP, 0, NULL, &reset, "N 6/4, -H, CLOSE, -I, N 6/4', -H', CLOSE', -I", BS_IDLE }, END } },
    { "idle-refuses", { { BE_TCP_ACCEPTED, 1, NULL, NULL, "REFUSE'", BS_IDLE }, END } },
    { "accepted-while-connecting", { START,
        { BE_TCP_ACCEPTED, 1, NULL, NULL, "OPEN', +H 240'", BS_OPENSENT },
        { BE_OPEN, 1, &good, NULL, "KEEPALIVE', +K 30', +H 90'", BS_OPENCONFIRM },
        { BE_KEEPALIVE, 1, NULL, NULL, "+H 90', -C, CLOSE, UP'", BS_ESTABLISHED },
        { BE_TCP_CLOSED, 1, NULL, NULL, "DOWN', -K', -H', CLOSE', +I 1", BS_IDLE }, END } },
    { "incoming-fails-outgoing-attempt-goes-too", { START,
        { BE_TCP_ACCEPTED, 1, NULL, NULL, "OPEN', +H 240'", BS_OPENSENT },
        { BE_OPEN, 1, &other_as, NULL, "N 2/2', -H', CLOSE', -C, CLOSE, +I 1", BS_IDLE }, END } },
    { "incoming-closed-early-outgoing-goes-on", { START,
        { BE_TCP_ACCEPTED, 1, NULL, NULL, "OPEN', +H 240'", BS_OPENSENT },
        { BE_TCP_CLOSED, 1, NULL, NULL, "-H', CLOSE'", BS_CONNECT }, END } },
    /* Our id is 10.0.0.1, the peer's 10.0.0.2: its connection (our incoming) stays. */
    { "collision-peer-has-the-higher-id", { START, TCP_UP,
        { BE_TCP_ACCEPTED, 1, NULL, NULL, "OPEN', +H 240'", BS_OPENSENT },
        OPEN_OK,
        { BE_OPEN, 1, &good, NULL, "N 6/7, -K, -H, CLOSE, KEEPALIVE', +K 30', +H 90'", BS_OPENCONFIRM },
        { BE_KEEPALIVE, 1, NULL, NULL, "+H 90', UP'", BS_ESTABLISHED }, END } },
    { "collision-peer-has-the-higher-id-other-order", { START, TCP_UP,
        { BE_TCP_ACCEPTED, 1, NULL, NULL, "OPEN', +H 240'", BS_OPENSENT },
        { BE_OPEN, 1, &good, NULL, "KEEPALIVE', +K 30', +H 90'", BS_OPENCONFIRM },
        { BE_OPEN, 0, &good, NULL, "N 6/7, -H, CLOSE", BS_OPENCONFIRM },
        { BE_KEEPALIVE, 1, NULL, NULL, "+H 90', UP'", BS_ESTABLISHED }, END } },
    { "collision-with-established-drops-the-new", { START, TCP_UP, OPEN_OK, ESTABLISHED,
        { BE_TCP_ACCEPTED, 1, NULL, NULL, "OPEN', +H 240'", BS_ESTABLISHED },
        { BE_OPEN, 1, &good, NULL, "N 6/7', -H', CLOSE'", BS_ESTABLISHED }, END } },
    { "passive-waits", { { BE_START, 0, NULL, NULL, "-I, PASSIVE", BS_ACTIVE },
        { BE_TCP_ACCEPTED, 1, NULL, NULL, "OPEN', +H 240'", BS_OPENSENT },
        { BE_OPEN, 1, &good, NULL, "KEEPALIVE', +K 30', +H 90'", BS_OPENCONFIRM },
        { BE_KEEPALIVE, 1, NULL, NULL, "+H 90', -C, UP'", BS_ESTABLISHED }, END } },
    { "idle-hold-doubles", { START, TCP_UP, REFUSED(&other_as, "N 2/2"),
        { BE_IDLE_HOLD_TIMER, 0, NULL, NULL, "-I, +C 30, CONNECT", BS_CONNECT }, TCP_UP,
        { BE_OPEN, 0, &other_as, NULL, "N 2/2, -H, CLOSE, +I 2", BS_IDLE },
        { BE_IDLE_HOLD_TIMER, 0, NULL, NULL, "-I, +C 30, CONNECT", BS_CONNECT }, TCP_UP,
        { BE_OPEN, 0, &other_as, NULL, "N 2/2, -H, CLOSE, +I 4", BS_IDLE }, END } },
};

START_TEST(replay)
{
    const struct replay *r = &replays[_i];
    struct bgp_fsm f = fsm_new();
    struct bgp_actions a;
    char text[512];
    f.passive = strstr(r->name, "passive") != NULL;
    for (unsigned i = 0; r->ev[i].e != BE_MAX; i++) {
        const struct event *e = &r->ev[i];
        bgp_fsm_step(&f, e->e, e->conn, e->open, e->err, &a);
        actions_text(&a, text, sizeof text);
        ck_assert_msg(!strcmp(text, e->actions), "%s, step %u (%s): \"%s\", expected \"%s\"", r->name, i, bgp_event_name(e->e), text, e->actions);
        ck_assert_msg(f.state == e->state, "%s, step %u: %s, expected %s", r->name, i, bgp_state_name(f.state), bgp_state_name(e->state));
    }
}
END_TEST

/* Whatever happens wherever, the machine's promises hold. */
START_TEST(every_cell)
{
    static const struct bgp_open *const opens[] = { &good, &low, &other_as, NULL };
    for (int s0 = 0; s0 < BS_MAX; s0++)
        for (int s1 = 0; s1 < BS_MAX; s1++)
            for (int e = 0; e < BE_MAX; e++)
                for (int k = 0; k < 16; k++) {
                    /* The incoming half knows no attempts, and a collision leaves one connection beyond OpenSent. */
                    if (s1 == BS_CONNECT || s1 == BS_ACTIVE || (s0 >= BS_OPENCONFIRM && s1 >= BS_OPENCONFIRM))
                        continue;
                    struct bgp_fsm f = fsm_new();
                    struct bgp_actions a;
                    f.cs[0] = (enum bgp_state)s0;
                    f.cs[1] = (enum bgp_state)s1;
                    f.conn = s1 > s0;
                    f.state = f.cs[f.conn];
                    f.hold = 90;
                    f.keepalive = 30;
                    f.passive = k & 8;
                    bool was_up = f.state == BS_ESTABLISHED;
                    uint8_t conn = k & 1;
                    bgp_fsm_step(&f, (enum bgp_event)e, conn, opens[k >> 1 & 3], k & 4 ? NULL : &bad_update, &a);
                    ck_assert_uint_lt(a.n, BGP_MAX_ACTIONS);
                    ck_assert_int_lt(f.state, BS_MAX);
                    ck_assert_int_ne(f.cs[1], BS_CONNECT);
                    ck_assert_int_ne(f.cs[1], BS_ACTIVE);
                    ck_assert_int_eq(f.state, f.cs[f.conn]);
                    unsigned ups = 0, downs = 0, closed = 0, told = 0, timers = 0, idle = 0;
                    for (unsigned i = 0; i < a.n; i++) {
                        ups += a.a[i].kind == BACT_SESSION_UP;
                        downs += a.a[i].kind == BACT_SESSION_DOWN;
                        if (a.a[i].kind == BACT_SEND_NOTIFICATION)
                            told |= 1u << a.a[i].conn;
                        if (a.a[i].kind == BACT_CLOSE)
                            closed |= 1u << a.a[i].conn;
                        timers += a.a[i].kind == BACT_TIMER_ARM && a.a[i].timer == BT_IDLE_HOLD;
                        idle += a.a[i].kind == BACT_NONE;
                    }
                    ck_assert_uint_eq(idle, 0);
                    ck_assert_uint_eq(told & ~closed, 0); /* a NOTIFICATION is the last word */
                    ck_assert_uint_eq(downs, was_up && f.state != BS_ESTABLISHED);
                    ck_assert_uint_eq(ups, !was_up && f.state == BS_ESTABLISHED);
                    /* No way into Idle without a way out, but by command. */
                    if (f.state == BS_IDLE && (s0 != BS_IDLE || s1 != BS_IDLE) && e != BE_STOP)
                        ck_assert_uint_eq(timers, 1);
                    if (e == BE_STOP) {
                        ck_assert_int_eq(f.state, BS_IDLE);
                        ck_assert_uint_eq(timers, 0);
                    }
                }
}
END_TEST

START_TEST(collision)
{
    ck_assert_int_eq(bgp_fsm_collision(ID(2), ID(1), 65001, 65002), 0);
    ck_assert_int_eq(bgp_fsm_collision(ID(1), ID(2), 65001, 65002), 1);
    ck_assert_int_eq(bgp_fsm_collision(0xc0000001, 0x0a000001, 1, 2), 0); /* as unsigned numbers */
    ck_assert_int_eq(bgp_fsm_collision(ID(1), ID(1), 65002, 65001), 0);   /* RFC 6286 */
    ck_assert_int_eq(bgp_fsm_collision(ID(1), ID(1), 65001, 65002), 1);
    /* Both ends come to the same connection. */
    for (uint32_t a = 1; a < 4; a++)
        for (uint32_t b = 1; b < 4; b++)
            if (a != b)
                ck_assert_int_ne(bgp_fsm_collision(ID(a), ID(b), 1, 2), bgp_fsm_collision(ID(b), ID(a), 2, 1));
}
END_TEST

/* We have the higher id: our own connection stays. */
START_TEST(collision_ours_stays)
{
    struct bgp_fsm f = fsm_new();
    struct bgp_actions a;
    char text[512];
    f.local_id = ID(9);
    bgp_fsm_step(&f, BE_START, 0, NULL, NULL, &a);
    bgp_fsm_step(&f, BE_TCP_OK, 0, NULL, NULL, &a);
    bgp_fsm_step(&f, BE_TCP_ACCEPTED, 1, NULL, NULL, &a);
    bgp_fsm_step(&f, BE_OPEN, 1, &good, NULL, &a);
    bgp_fsm_step(&f, BE_OPEN, 0, &good, NULL, &a);
    actions_text(&a, text, sizeof text);
    ck_assert_str_eq(text, "N 6/7', -K', -H', CLOSE', KEEPALIVE, +K 30, +H 90");
    bgp_fsm_step(&f, BE_KEEPALIVE, 0, NULL, NULL, &a);
    ck_assert_int_eq(f.state, BS_ESTABLISHED);
    ck_assert_int_eq(f.conn, 0);
}
END_TEST

START_TEST(open_check)
{
    struct bgp_fsm f = fsm_new();
    struct bgp_error err;
    ck_assert_int_eq(bgp_fsm_open_check(&f, &good, &err), 0);
    ck_assert_int_eq(bgp_fsm_open_check(&f, &other_as, &err), -1);
    ck_assert_str_eq(err.text, "peer is in AS 65009, remote-as is 65002");
    f.remote_as_expected = 65001;
    ck_assert_int_eq(bgp_fsm_open_check(&f, &our_id, &err), -1);
    ck_assert_int_eq(err.subcode, BN_OPEN_ID);
    ck_assert_str_eq(err.text, "peer's router id 10.0.0.1 is our own");
    f.remote_as_expected = 0;
    f.ebgp_expected = 1;
    ck_assert_int_eq(bgp_fsm_open_check(&f, &our_id, &err), -1);
    ck_assert_int_eq(err.subcode, BN_OPEN_PEER_AS);
    f.ebgp_expected = 0;
    ck_assert_int_eq(bgp_fsm_open_check(&f, &good, &err), -1);
    ck_assert_int_eq(bgp_fsm_open_check(&f, &version_3, &err), -1);
    ck_assert_int_eq(err.data_len, 2);
    ck_assert_int_eq(err.data[1], 4);
    f.ebgp_expected = -1;
    f.override_af = true;
    ck_assert_int_eq(bgp_fsm_open_check(&f, &ipv6_only, &err), 0);
}
END_TEST

START_TEST(negotiation)
{
    struct bgp_fsm f = fsm_new();
    struct bgp_actions a;
    f.keepalive_conf = 10;
    bgp_fsm_step(&f, BE_START, 0, NULL, NULL, &a);
    bgp_fsm_step(&f, BE_TCP_OK, 0, NULL, NULL, &a);
    bgp_fsm_step(&f, BE_OPEN, 0, &good, NULL, &a);
    ck_assert_uint_eq(f.hold, 90);
    ck_assert_uint_eq(f.keepalive, 10);
    ck_assert_uint_eq(f.caps, BC_AS4 | BC_REFRESH);
    ck_assert_uint_eq(f.af, 1);
    ck_assert_uint_eq(f.remote_as, 65002);
    ck_assert_uint_eq(f.remote_id, ID(2));
}
END_TEST

START_TEST(idle_hold_has_a_ceiling)
{
    struct bgp_fsm f = fsm_new();
    struct bgp_actions a;
    for (int i = 0; i < 20; i++) {
        bgp_fsm_step(&f, BE_IDLE_HOLD_TIMER, 0, NULL, NULL, &a);
        bgp_fsm_step(&f, BE_TCP_OK, 0, NULL, NULL, &a);
        bgp_fsm_step(&f, BE_OPEN, 0, &other_as, NULL, &a);
        ck_assert_uint_le(f.idle_hold, BGP_IDLE_HOLD_MAX);
    }
    ck_assert_uint_eq(f.idle_hold, BGP_IDLE_HOLD_MAX);
}
END_TEST

START_TEST(names)
{
    for (int s = 0; s < BS_MAX; s++)
        ck_assert_str_ne(bgp_state_name((enum bgp_state)s), "unknown");
    for (int e = 0; e < BE_MAX; e++)
        ck_assert_str_ne(bgp_event_name((enum bgp_event)e), "unknown");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bgp_fsm");
    TCase *t = tcase_create("fsm");
    tcase_add_loop_test(t, replay, 0, sizeof replays / sizeof *replays);
    tcase_add_test(t, every_cell);
    tcase_add_test(t, collision);
    tcase_add_test(t, collision_ours_stays);
    tcase_add_test(t, open_check);
    tcase_add_test(t, negotiation);
    tcase_add_test(t, idle_hold_has_a_ceiling);
    tcase_add_test(t, names);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
