/* SPDX-License-Identifier: Apache-2.0
 * bgp_fsm.h - the BGP finite state machine (RFC 4271 section 8) as a table, without I/O or clock.
 *
 * bgp_fsm_step() takes an event and returns actions for the driver (bgp_peer.c) in order. Timers are named, not run: the driver owns
 * them. Two connections may exist (RFC 4271 6.8 collision): the machine says which one to drop.
 */
#ifndef BGP_FSM_H
#define BGP_FSM_H
#include "bgp_wire.h"
enum bgp_state { BS_IDLE, BS_CONNECT, BS_ACTIVE, BS_OPENSENT, BS_OPENCONFIRM, BS_ESTABLISHED, BS_MAX };
enum bgp_event { BE_START, BE_STOP, BE_CONNECT_TIMER, BE_HOLD_TIMER, BE_KEEPALIVE_TIMER, BE_IDLE_HOLD_TIMER, BE_TCP_OK, BE_TCP_ACCEPTED, BE_TCP_FAIL, BE_TCP_CLOSED,
                 BE_OPEN, BE_OPEN_BAD, BE_HEADER_BAD, BE_KEEPALIVE, BE_UPDATE, BE_UPDATE_BAD, BE_NOTIFICATION, BE_REFRESH, BE_COLLISION_DUMP, BE_MAX };
enum bgp_action_kind { BACT_NONE, BACT_CONNECT, BACT_ACCEPT_ONLY /* passive */, BACT_CLOSE, BACT_SEND_OPEN, BACT_SEND_KEEPALIVE, BACT_SEND_NOTIFICATION,
                       BACT_TIMER_ARM, BACT_TIMER_CANCEL, BACT_SESSION_UP, BACT_SESSION_DOWN, BACT_STATE /* entered `state`: log */, BACT_DROP_CONN };
enum bgp_timer { BT_CONNECT, BT_HOLD /* one for each connection */, BT_KEEPALIVE, BT_IDLE_HOLD, BT_MAX };
struct bgp_action { enum bgp_action_kind kind; enum bgp_timer timer; uint32_t seconds; uint8_t conn /* 0 outgoing, 1 incoming */; uint8_t code, subcode;
                    enum bgp_state state; uint16_t data_len; uint8_t data[64]; };
#define BGP_MAX_ACTIONS 16
struct bgp_actions { unsigned n; struct bgp_action a[BGP_MAX_ACTIONS]; struct bgp_error err; /* why an OPEN was refused; text "" otherwise */ };
#define BGP_IDLE_HOLD_MIN 1      /* seconds; doubles with every failed session */
#define BGP_IDLE_HOLD_MAX 60
#define BGP_RETRY_MIN     5      /* first wait after a failed connect, doubles up to connect_retry */
#define BGP_OPEN_HOLD     240    /* RFC 4271 8.2.2: the "large value" of the hold timer while no OPEN has come */
struct bgp_fsm {
    enum bgp_state state;       /* of the peer: that of the connection which is furthest */
    enum bgp_state cs[2];       /* of each connection: 0 outgoing (also Connect and Active), 1 incoming; Idle: there is none */
    /* configuration, set by the driver before BE_START */
    uint32_t retry;             /* seconds to the next attempt after one that failed; grows to connect_retry */
    bool passive; uint32_t connect_retry, hold_conf, keepalive_conf, idle_hold /* seconds, grows with failures */;
    uint32_t local_as, remote_as_expected /* 0: any (auto) */, local_id; int ebgp_expected; /* 1 external, 0 internal, -1: by number */
    uint32_t caps_local, af_local; /* what our OPEN says */
    bool override_af;           /* take our families to be the peer's too (override-capability) */
    /* negotiated */
    uint32_t hold, keepalive, remote_as, remote_id; uint32_t caps, af;
    uint8_t conn;               /* the connection in use */
};
const char *bgp_state_name(enum bgp_state s);
const char *bgp_event_name(enum bgp_event e);
/* open: with BE_OPEN; err: with *_BAD and BE_NOTIFICATION, and with BE_STOP (code, subcode). conn: where the event happened;
 * BE_START, BE_STOP and the connect, keepalive and idle-hold timers are the peer's and ignore it. */
void bgp_fsm_step(struct bgp_fsm *f, enum bgp_event e, uint8_t conn, const struct bgp_open *open, const struct bgp_error *err, struct bgp_actions *ret);
/* Checks an OPEN against what is expected: AS, router id (RFC 6286), hold time (RFC 4271 6.2). 0, or -1 with err. */
int bgp_fsm_open_check(const struct bgp_fsm *f, const struct bgp_open *o, struct bgp_error *err);
/* RFC 4271 6.8: which connection survives. 0: the outgoing, 1: the incoming. */
int bgp_fsm_collision(uint32_t local_id, uint32_t remote_id, uint32_t local_as, uint32_t remote_as);
#endif
