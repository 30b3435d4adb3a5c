/* SPDX-License-Identifier: Apache-2.0
 * bgp_peer_priv.h - what the files of the session driver share: bgp_peer.c (life and configuration), bgp_peer_session.c (actions
 * of the FSM), bgp_peer_msg.c (what the I/O actor reports), bgp_peer_rib.c (the shards), bgp_conn.c (TCP), bgp_inst.c.
 */
#ifndef BGP_PEER_PRIV_H
#define BGP_PEER_PRIV_H
#include "bgp_conn.h"
#include "bgp_io.h"
#include "log.h"

LOG_DEBUG_DECLARE(bgp_neighbor_events);

/* Feeds the FSM and carries out what it says. open, err: see bgp_fsm_step(). */
void bgp_peer_event(struct bgp_peer *p, enum bgp_event e, uint8_t conn, const struct bgp_open *open, const struct bgp_error *err);
/* Starts or stops the peer as its configuration and the facts (router id, addresses, keys) allow. */
void bgp_peer_kick(struct bgp_peer *p);
/* Ends whatever runs with Cease (0: without a NOTIFICATION); text: RFC 9003, or NULL. `why`: FRR's words for the reset. */
void bgp_peer_halt(struct bgp_peer *p, uint8_t cease, const char *text, const char *why);
bool bgp_peer_accepts(struct bgp_peer *p, uint8_t *ret_cease, char *why, size_t why_len);
void bgp_peer_connect_failed(struct bgp_peer *p, int err);
void bgp_peer_hold_timer(void *conn);
void bgp_peer_reset_note(struct bgp_peer *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool bgp_peer_direct(const struct bgp_peer *p);   /* must be on a connected subnet */
uint32_t bgp_peer_open_as(const struct bgp_peer *p);
void bgp_peer_open_make(struct bgp_peer *p, struct bgp_open *o);

extern const struct bgp_io_cb bgp_peer_io_cb;     /* bgp_peer_msg.c */
extern const struct bgp_rib_cb bgp_peer_rib_cb;   /* bgp_peer_rib.c */
void bgp_peer_index_free(uint16_t index);         /* the shards have dropped all of its paths */
void bgp_peer_rib_down(struct bgp_peer *p, bool keep_stale);
void bgp_peer_eor_send(struct bgp_peer *p, enum bgp_afi_safi af);
void bgp_peer_session_up(struct bgp_peer *p, uint8_t conn);
void bgp_peer_session_down(struct bgp_peer *p, uint8_t conn);
void bgp_peer_rib_addresses(struct bgp_peer *p);   /* tells the shards when our addresses towards the peer have changed */
void bgp_peer_policies_drop(struct bgp_peer *p);
bool bgp_peer_index_clearing(uint16_t index);
/* Our own restart (bgp_peer_rib.c). */
void bgp_peer_restart_begin(void);
void bgp_peer_restart_check(void);                /* something happened that may end it */
bool bgp_peer_restarting(void);
#endif
