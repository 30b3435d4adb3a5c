/* SPDX-License-Identifier: Apache-2.0
 * bgp_fsm.c - the BGP finite state machine, RFC 4271 section 8, as a table. Pure: no I/O, no clock,
 * no log.
 *
 *          start / idle hold over
 *   Idle ------------------------> Connect <------ connect timer ------ Active
 *    ^ ^        (passive: Active)   |    |                               ^  ^
 *    | |                  TCP up    |    +---- TCP failed ---------------+  |
 *    | |                            v                                      |
 *    | +-- error, Cease, hold -- OpenSent ---- TCP closed (outgoing) ------+
 *    | |                            |  ^
 *    | |                  good OPEN |  +---- incoming TCP accepted (not while Idle)
 *    | |                            v
 *    | +-- error, closed, hold - OpenConfirm
 *    |                              |  KEEPALIVE
 *    |                              v
 *    +---- error, closed, hold - Established
 *
 * The table is the machine of one connection. A peer has two: the outgoing one (0), which alone
 * knows Connect and Active, and the incoming one (1), which exists from TCP accept on. The peer's
 * state is that of the connection which is furthest. An OPEN on one while the other is in
 * OpenConfirm or Established is a collision (6.8): one is dropped with Cease/Connection Collision
 * Resolution. When a connection ends and the other is not past OpenSent, the peer goes to Idle as a
 * whole and comes back after the idle hold time, which doubles from 1 to 60 s with each failure
 * (8.1.1 DampPeerOscillations); the driver sets it back to the minimum when a session has been up
 * for a while, so a peer that comes up and breaks at once is damped too.
 *
 * Departures from RFC 4271: no DelayOpen and no TrackTcpState options; MinRouteAdvertisement is not
 * a timer of this machine; a second connection is compared from OpenConfirm on, never in OpenSent
 * (6.8 "MAY"); the ConnectRetryCounter is idle_hold. The wait after a failed connect starts at 5 s
 * and doubles up to the ConnectRetryTimer (FRR's `timers connect`, default 30 s). RFC 6608 gives
 * the subcodes of FSM errors. RFC 6286 is followed for identifiers, RFC 7607 for AS 0.
 */
#include "bgp_fsm.h"
#include <stdio.h>
#include <string.h>

struct step {
    struct bgp_fsm *f;
    uint8_t c;
    const struct bgp_open *open;
    const struct bgp_error *err;
    struct bgp_actions *out;
    enum bgp_state next; /* of connection c */
    bool stopping;       /* no idle hold timer */
    bool failed;         /* counts for the back-off */
};
struct cell {
    enum bgp_state next;
    void (*act)(struct step *s); /* NULL: nothing happens, whatever next says */
};

static struct bgp_action *add(struct step *s, enum bgp_action_kind kind, uint8_t conn)
{
    static struct bgp_action overflow; /* never reached: a test walks every cell */
    if (s->out->n == BGP_MAX_ACTIONS)
        return &overflow;
    struct bgp_action *a = &s->out->a[s->out->n++];
    *a = (struct bgp_action){ .kind = kind, .conn = conn };
    return a;
}

static void arm(struct step *s, enum bgp_timer t, uint8_t conn, uint32_t seconds)
{
    struct bgp_action *a = add(s, BACT_TIMER_ARM, conn);
    a->timer = t;
    a->seconds = seconds;
}

static void cancel(struct step *s, enum bgp_timer t, uint8_t conn)
{
    add(s, BACT_TIMER_CANCEL, conn)->timer = t;
}

static void notify(struct step *s, uint8_t code, uint8_t subcode, const void *data, size_t len)
{
    struct bgp_action *a = add(s, BACT_SEND_NOTIFICATION, s->c);
    a->code = code;
    a->subcode = subcode;
    a->data_len = (uint16_t)(len < sizeof a->data ? len : sizeof a->data);
    if (a->data_len)
        memcpy(a->data, data, a->data_len);
}

/* Timers 0: the RFC's way of saying "none" (hold time 0). */
static void arm_hold(struct step *s)
{
    if (s->f->hold)
        arm(s, BT_HOLD, s->c, s->f->hold);
    else
        cancel(s, BT_HOLD, s->c);
}

/* ---- ends of a connection ---- */

/* Takes connection c away; what the peer does next is decided in settle(). */
static void drop(struct step *s)
{
    enum bgp_state was = s->f->cs[s->c];
    if (was == BS_ESTABLISHED)
        add(s, BACT_SESSION_DOWN, s->c);
    if (was >= BS_OPENCONFIRM)
        cancel(s, BT_KEEPALIVE, s->c);
    if (was >= BS_OPENSENT)
        cancel(s, BT_HOLD, s->c);
    if (was == BS_CONNECT || was == BS_ACTIVE)
        cancel(s, BT_CONNECT, s->c);
    if (was != BS_IDLE && was != BS_ACTIVE)
        add(s, BACT_CLOSE, s->c);
    s->next = BS_IDLE;
}

/* The outgoing half that only waits or tries is given up: the peer goes to Idle, or the incoming
 * connection has won. */
static void drop_attempt(struct step *s)
{
    struct bgp_fsm *f = s->f;
    if (f->cs[0] != BS_CONNECT && f->cs[0] != BS_ACTIVE)
        return;
    cancel(s, BT_CONNECT, 0);
    if (f->cs[0] == BS_CONNECT)
        add(s, BACT_CLOSE, 0);
    f->cs[0] = BS_IDLE;
}

static void act_fail(struct step *s)
{
    drop(s);
    s->failed = true;
    if (s->c == 1)
        drop_attempt(s);
}

static void act_stop(struct step *s)
{
    s->stopping = true;
    if (s->f->cs[s->c] >= BS_OPENSENT)
        notify(s, s->err ? s->err->code : BN_CEASE, s->err ? s->err->subcode : BN_CEASE_SHUTDOWN,
               s->err ? s->err->data : NULL, s->err ? s->err->data_len : 0);
    drop(s);
    cancel(s, BT_IDLE_HOLD, 0);
}

static void act_error(struct step *s)
{
    if (s->err)
        notify(s, s->err->code, s->err->subcode, s->err->data, s->err->data_len);
    act_fail(s);
}

static void act_hold_expired(struct step *s)
{
    notify(s, BN_HOLD, 0, NULL, 0);
    act_fail(s);
}

/* RFC 6608: the subcode names the state, the data the message type. */
static void act_unexpected(struct step *s)
{
    enum bgp_state st = s->f->cs[s->c];
    notify(s, BN_FSM, st == BS_OPENSENT ? 1 : st == BS_OPENCONFIRM ? 2 : 3, NULL, 0);
    act_fail(s);
}

static void act_collision_dump(struct step *s)
{
    notify(s, BN_CEASE, BN_CEASE_COLLISION, NULL, 0);
    drop(s);
}

/* An attempt failed: the next one comes soon at first (a peer that restarts is back in seconds),
 * then every connect_retry. */
static void retry_later(struct step *s)
{
    struct bgp_fsm *f = s->f;
    if (f->passive)
        return;
    if (!f->retry)
        f->retry = BGP_RETRY_MIN;
    if (f->retry > f->connect_retry)
        f->retry = f->connect_retry;
    arm(s, BT_CONNECT, 0, f->retry);
    f->retry = f->retry * 2 < f->connect_retry ? f->retry * 2 : f->connect_retry;
}

/* TCP went away before the peer's OPEN: an outgoing connection is tried again later, an incoming
 * one is forgotten. */
static void act_lost_early(struct step *s)
{
    drop(s);
    if (s->c == 0 && s->f->cs[1] < BS_OPENSENT) {
        s->next = BS_ACTIVE;
        retry_later(s);
    }
}

/* ---- beginnings ---- */

static void act_connect(struct step *s)
{
    if (s->f->cs[0] == BS_CONNECT)
        add(s, BACT_CLOSE, 0);
    arm(s, BT_CONNECT, 0, s->f->connect_retry);
    add(s, BACT_CONNECT, 0);
}

static void act_start(struct step *s)
{
    cancel(s, BT_IDLE_HOLD, 0);
    if (s->f->passive) {
        add(s, BACT_ACCEPT_ONLY, 0);
        s->next = BS_ACTIVE;
        return;
    }
    act_connect(s);
}

static void act_connect_timer(struct step *s)
{
    if (s->f->passive) { /* became passive while it was armed */
        if (s->f->cs[0] == BS_CONNECT)
            add(s, BACT_CLOSE, 0);
        s->next = BS_ACTIVE;
        return;
    }
    act_connect(s);
}

static void act_connect_failed(struct step *s)
{
    if (s->f->cs[0] == BS_CONNECT)
        add(s, BACT_CLOSE, 0);
    retry_later(s);
}

static void act_tcp_up(struct step *s)
{
    if (s->c == 0)
        cancel(s, BT_CONNECT, 0);
    add(s, BACT_SEND_OPEN, s->c);
    arm(s, BT_HOLD, s->c, BGP_OPEN_HOLD);
}

/* Idle refuses incoming connections (RFC 4271 8.2.2); for the incoming half "Idle" only says that
 * it does not exist yet. */
static void act_accept(struct step *s)
{
    if (s->c == 1 && s->f->cs[0] != BS_IDLE) {
        act_tcp_up(s);
        return;
    }
    add(s, BACT_DROP_CONN, s->c);
    s->next = s->f->cs[s->c];
}

static void negotiate(struct step *s)
{
    struct bgp_fsm *f = s->f;
    const struct bgp_open *o = s->open;
    f->remote_as = o->as;
    f->remote_id = o->router_id;
    f->hold = f->hold_conf < o->hold_time ? f->hold_conf : o->hold_time;
    f->keepalive = f->hold / 3;
    if (f->keepalive_conf && f->keepalive_conf < f->keepalive)
        f->keepalive = f->keepalive_conf;
    f->caps = f->caps_local & o->caps;
    f->af = f->override_af ? f->af_local : f->af_local & o->af;
}

static void act_open(struct step *s)
{
    struct bgp_fsm *f = s->f;
    uint8_t other = s->c ^ 1;
    if (!s->open || bgp_fsm_open_check(f, s->open, &s->out->err) < 0) {
        s->err = &s->out->err;
        act_error(s);
        return;
    }
    if (f->cs[other] >= BS_OPENCONFIRM) { /* collision */
        int keep = bgp_fsm_collision(f->local_id, s->open->router_id, f->local_as, s->open->as);
        if (f->cs[other] == BS_ESTABLISHED || keep == other) {
            act_collision_dump(s);
            return;
        }
        uint8_t self = s->c;
        s->c = other;
        act_collision_dump(s);
        f->cs[other] = BS_IDLE;
        s->c = self;
        s->next = BS_OPENCONFIRM;
    }
    negotiate(s);
    add(s, BACT_SEND_KEEPALIVE, s->c);
    if (f->keepalive)
        arm(s, BT_KEEPALIVE, s->c, f->keepalive);
    arm_hold(s);
}

static void act_established(struct step *s)
{
    arm_hold(s);
    s->f->retry = 0;
    if (s->c == 1)
        drop_attempt(s);
    add(s, BACT_SESSION_UP, s->c);
}

static void act_restart_hold(struct step *s)
{
    arm_hold(s);
}

static void act_keepalive_timer(struct step *s)
{
    add(s, BACT_SEND_KEEPALIVE, s->c);
    if (s->f->keepalive)
        arm(s, BT_KEEPALIVE, s->c, s->f->keepalive);
}

/* Cells that are not named do nothing: the event cannot happen there, or is a timer that was
 * already on its way. */
static const struct cell fsm[BS_MAX][BE_MAX] = {
    [BS_IDLE] = {
        [BE_START]           = { BS_CONNECT, act_start },
        [BE_IDLE_HOLD_TIMER] = { BS_CONNECT, act_start },
        [BE_STOP]            = { BS_IDLE, act_stop },
        [BE_TCP_ACCEPTED]    = { BS_OPENSENT, act_accept },
    },
    [BS_CONNECT] = {
        [BE_STOP]            = { BS_IDLE, act_stop },
        [BE_CONNECT_TIMER]   = { BS_CONNECT, act_connect_timer },
        [BE_TCP_OK]          = { BS_OPENSENT, act_tcp_up },
        [BE_TCP_FAIL]        = { BS_ACTIVE, act_connect_failed },
        [BE_TCP_CLOSED]      = { BS_ACTIVE, act_connect_failed },
    },
    [BS_ACTIVE] = {
        [BE_STOP]            = { BS_IDLE, act_stop },
        [BE_CONNECT_TIMER]   = { BS_CONNECT, act_connect_timer },
        [BE_TCP_FAIL]        = { BS_ACTIVE, act_connect_failed },
    },
    [BS_OPENSENT] = {
        [BE_STOP]            = { BS_IDLE, act_stop },
        [BE_HOLD_TIMER]      = { BS_IDLE, act_hold_expired },
        [BE_TCP_FAIL]        = { BS_ACTIVE, act_lost_early },
        [BE_TCP_CLOSED]      = { BS_ACTIVE, act_lost_early },
        [BE_TCP_ACCEPTED]    = { BS_OPENSENT, act_accept },
        [BE_OPEN]            = { BS_OPENCONFIRM, act_open },
        [BE_OPEN_BAD]        = { BS_IDLE, act_error },
        [BE_HEADER_BAD]      = { BS_IDLE, act_error },
        [BE_KEEPALIVE]       = { BS_IDLE, act_unexpected },
        [BE_UPDATE]          = { BS_IDLE, act_unexpected },
        [BE_UPDATE_BAD]      = { BS_IDLE, act_unexpected },
        [BE_NOTIFICATION]    = { BS_IDLE, act_fail },
        [BE_REFRESH]         = { BS_IDLE, act_unexpected },
        [BE_COLLISION_DUMP]  = { BS_IDLE, act_collision_dump },
    },
    [BS_OPENCONFIRM] = {
        [BE_STOP]            = { BS_IDLE, act_stop },
        [BE_HOLD_TIMER]      = { BS_IDLE, act_hold_expired },
        [BE_KEEPALIVE_TIMER] = { BS_OPENCONFIRM, act_keepalive_timer },
        [BE_TCP_FAIL]        = { BS_IDLE, act_fail },
        [BE_TCP_CLOSED]      = { BS_IDLE, act_fail },
        [BE_TCP_ACCEPTED]    = { BS_OPENCONFIRM, act_accept },
        [BE_OPEN]            = { BS_IDLE, act_unexpected },
        [BE_OPEN_BAD]        = { BS_IDLE, act_unexpected },
        [BE_HEADER_BAD]      = { BS_IDLE, act_error },
        [BE_KEEPALIVE]       = { BS_ESTABLISHED, act_established },
        [BE_UPDATE]          = { BS_IDLE, act_unexpected },
        [BE_UPDATE_BAD]      = { BS_IDLE, act_unexpected },
        [BE_NOTIFICATION]    = { BS_IDLE, act_fail },
        [BE_REFRESH]         = { BS_IDLE, act_unexpected },
        [BE_COLLISION_DUMP]  = { BS_IDLE, act_collision_dump },
    },
    [BS_ESTABLISHED] = {
        [BE_STOP]            = { BS_IDLE, act_stop },
        [BE_HOLD_TIMER]      = { BS_IDLE, act_hold_expired },
        [BE_KEEPALIVE_TIMER] = { BS_ESTABLISHED, act_keepalive_timer },
        [BE_TCP_FAIL]        = { BS_IDLE, act_fail },
        [BE_TCP_CLOSED]      = { BS_IDLE, act_fail },
        [BE_TCP_ACCEPTED]    = { BS_ESTABLISHED, act_accept },
        [BE_OPEN]            = { BS_IDLE, act_unexpected },
        [BE_OPEN_BAD]        = { BS_IDLE, act_unexpected },
        [BE_HEADER_BAD]      = { BS_IDLE, act_error },
        [BE_KEEPALIVE]       = { BS_ESTABLISHED, act_restart_hold },
        [BE_UPDATE]          = { BS_ESTABLISHED, act_restart_hold },
        [BE_UPDATE_BAD]      = { BS_IDLE, act_error },
        [BE_NOTIFICATION]    = { BS_IDLE, act_fail },
        [BE_REFRESH]         = { BS_ESTABLISHED, act_restart_hold },
        [BE_COLLISION_DUMP]  = { BS_IDLE, act_collision_dump },
    },
};

static void run_cell(struct step *s, enum bgp_event e)
{
    const struct cell *cell = &fsm[s->f->cs[s->c]][e];
    if (!cell->act)
        return;
    s->next = cell->next;
    cell->act(s);
    s->f->cs[s->c] = s->next;
}

/* Connect and Active rank alike: both are the outgoing half only, so the numeric order of the enum
 * is the rank. */
static void settle(struct step *s, enum bgp_state before)
{
    struct bgp_fsm *f = s->f;
    f->conn = f->cs[1] > f->cs[0];
    f->state = f->cs[f->conn];
    if (s->failed && f->state == BS_IDLE) {
        arm(s, BT_IDLE_HOLD, 0, f->idle_hold);
        f->idle_hold = f->idle_hold * 2 < BGP_IDLE_HOLD_MAX ? f->idle_hold * 2 : BGP_IDLE_HOLD_MAX;
    } else if (f->state == BS_IDLE && before != BS_IDLE && !s->stopping) {
        arm(s, BT_IDLE_HOLD, 0, f->idle_hold);
    }
    if (f->state != before) {
        struct bgp_action *a = add(s, BACT_STATE, f->conn);
        a->state = f->state;
    }
}

void bgp_fsm_step(struct bgp_fsm *f, enum bgp_event e, uint8_t conn, const struct bgp_open *open,
                  const struct bgp_error *err, struct bgp_actions *ret)
{
    struct step s = { .f = f, .c = conn ? 1 : 0, .open = open, .err = err, .out = ret };
    enum bgp_state before = f->state;
    ret->n = 0;
    ret->err = (struct bgp_error){ 0 };
    if (!f->idle_hold)
        f->idle_hold = BGP_IDLE_HOLD_MIN;
    switch (e) {
    case BE_STOP: /* both connections */
        for (s.c = 0; s.c < 2; s.c++)
            if (f->cs[s.c] != BS_IDLE || before == BS_IDLE)
                run_cell(&s, e);
        break;
    case BE_START:
    case BE_IDLE_HOLD_TIMER:
        if (before != BS_IDLE)
            break;
        /* fallthrough */
    case BE_CONNECT_TIMER:
        s.c = 0;
        run_cell(&s, e);
        break;
    case BE_KEEPALIVE_TIMER:
        s.c = f->conn;
        run_cell(&s, e);
        break;
    default:
        run_cell(&s, e);
    }
    settle(&s, before);
}

static int refuse(struct bgp_error *err, uint8_t subcode, const char *fmt, uint32_t a, uint32_t b)
{
    *err = (struct bgp_error){ .code = BN_OPEN, .subcode = subcode };
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(err->text, sizeof err->text, fmt, a, b);
#pragma GCC diagnostic pop
    return -1;
}

int bgp_fsm_open_check(const struct bgp_fsm *f, const struct bgp_open *o, struct bgp_error *err)
{
    if (o->version != 4) {
        refuse(err, BN_OPEN_VERSION, "version %u is not 4", o->version, 0);
        err->data_len = 2;
        err->data[1] = 4;
        return -1;
    }
    if (o->as == 0)
        return refuse(err, BN_OPEN_PEER_AS, "peer claims AS 0", 0, 0);
    if (f->remote_as_expected && o->as != f->remote_as_expected)
        return refuse(err, BN_OPEN_PEER_AS, "peer is in AS %u, remote-as is %u", o->as,
                      f->remote_as_expected);
    if (f->ebgp_expected == 1 && o->as == f->local_as)
        return refuse(err, BN_OPEN_PEER_AS, "peer is in our own AS %u, remote-as is external",
                      o->as, 0);
    if (f->ebgp_expected == 0 && o->as != f->local_as)
        return refuse(err, BN_OPEN_PEER_AS, "peer is in AS %u, remote-as is internal (%u)", o->as,
                      f->local_as);
    if (o->router_id == 0)
        return refuse(err, BN_OPEN_ID, "peer's router id is 0.0.0.0", 0, 0);
    if (o->router_id == f->local_id && o->as == f->local_as) { /* RFC 6286 2.2 */
        uint32_t i = o->router_id;
        refuse(err, BN_OPEN_ID, "", 0, 0);
        snprintf(err->text, sizeof err->text, "peer's router id %u.%u.%u.%u is our own", i >> 24,
                 i >> 16 & 255, i >> 8 & 255, i & 255);
        return -1;
    }
    if (o->hold_time == 1 || o->hold_time == 2)
        return refuse(err, BN_OPEN_HOLD, "hold time %u is less than 3 seconds", o->hold_time, 0);
    if (f->af_local && !f->override_af && !(f->af_local & o->af))
        return refuse(err, BN_OPEN_CAPABILITY, "no address family in common (ours %#x, peer's %#x)",
                      f->af_local, o->af);
    return 0;
}

int bgp_fsm_collision(uint32_t local_id, uint32_t remote_id, uint32_t local_as, uint32_t remote_as)
{
    /* The connection opened by the side with the higher identifier stays; RFC 6286 2.3: then the
     * higher AS. */
    if (local_id != remote_id)
        return local_id > remote_id ? 0 : 1;
    return local_as > remote_as ? 0 : 1;
}

const char *bgp_state_name(enum bgp_state s)
{
    static const char *const names[BS_MAX] = {
        [BS_IDLE] = "Idle",
        [BS_CONNECT] = "Connect",
        [BS_ACTIVE] = "Active",
        [BS_OPENSENT] = "OpenSent",
        [BS_OPENCONFIRM] = "OpenConfirm",
        [BS_ESTABLISHED] = "Established",
    };
    return s < BS_MAX ? names[s] : "unknown";
}

const char *bgp_event_name(enum bgp_event e)
{
    static const char *const names[BE_MAX] = {
        [BE_START] = "start",
        [BE_STOP] = "stop",
        [BE_CONNECT_TIMER] = "connect timer expired",
        [BE_HOLD_TIMER] = "hold timer expired",
        [BE_KEEPALIVE_TIMER] = "keepalive timer expired",
        [BE_IDLE_HOLD_TIMER] = "idle hold timer expired",
        [BE_TCP_OK] = "TCP connected",
        [BE_TCP_ACCEPTED] = "TCP accepted",
        [BE_TCP_FAIL] = "TCP failed",
        [BE_TCP_CLOSED] = "TCP closed",
        [BE_OPEN] = "OPEN received",
        [BE_OPEN_BAD] = "bad OPEN received",
        [BE_HEADER_BAD] = "bad header received",
        [BE_KEEPALIVE] = "KEEPALIVE received",
        [BE_UPDATE] = "UPDATE received",
        [BE_UPDATE_BAD] = "bad UPDATE received",
        [BE_NOTIFICATION] = "NOTIFICATION received",
        [BE_REFRESH] = "ROUTE-REFRESH received",
        [BE_COLLISION_DUMP] = "collision lost",
    };
    return e < BE_MAX ? names[e] : "unknown";
}
