/* SPDX-License-Identifier: Apache-2.0
 * bgp_io.h - the I/O actor: owns the sockets of sessions from TCP up to close. See bgp_io.c.
 *
 * All functions are for the main thread, except those that bgp_rib.h declares (bgp_io_write, bgp_io_backlog). A session is made by
 * bgp_io_add() and given up by bgp_io_close(), after which its callbacks do not run; its memory goes when the actor is done.
 */
#ifndef BGP_IO_H
#define BGP_IO_H
#include "bgp_peer.h"

struct bgp_io_sess;
struct bgp_io_cb { /* on the main thread; owner as given to bgp_io_add() */
    /* A message outside of the UPDATE stream. body: after the header. Before bgp_io_up() nothing more is read until bgp_io_next(). */
    void (*message)(void *owner, uint8_t type, const uint8_t *body, size_t len);
    /* The stream cannot go on: err->code BN_HEADER or BN_UPDATE. */
    void (*bad)(void *owner, const struct bgp_error *err);
    void (*closed)(void *owner, int err);                     /* errno, 0: orderly by the peer */
    void (*eor)(void *owner, enum bgp_afi_safi af);
    void (*idle)(void);                                       /* the last session is gone (for an orderly stop) */
};
void bgp_io_start(struct loop *l, bool threaded, const struct bgp_io_cb *cb);
void bgp_io_stop(void);
unsigned bgp_io_sessions(void);                               /* not yet closed */

struct bgp_io_sess *bgp_io_add(int fd, const struct bgp_peer *peer, void *owner); /* takes fd; non-blocking, connected */
void bgp_io_send(struct bgp_io_sess *s, const void *msg, size_t len); /* control message, overtakes queued UPDATEs */
void bgp_io_next(struct bgp_io_sess *s);                      /* read one more message (before bgp_io_up) */
/* Established, in two steps: bgp_io_attach() makes bgp_io_write() reach the session; then the shards are told of the peer
 * (bgp_rib_peer_up); then bgp_io_up() lets UPDATEs in. In this order neither side sees the other too early. */
struct bgp_io_up { uint32_t gen; uint16_t inst; bool connected_only; struct bgp_update_ctx ctx; };
void bgp_io_attach(struct bgp_io_sess *s, uint32_t gen);
void bgp_io_up(struct bgp_io_sess *s, const struct bgp_io_up *up);
/* Sends `last` (a NOTIFICATION, or NULL) after the message that may be half out, closes the stream, gives the peer a
 * moment to read it, closes the socket. */
void bgp_io_close(struct bgp_io_sess *s, const void *last, size_t len);

uint64_t bgp_io_last_read(const struct bgp_io_sess *s);       /* whole messages, loop_now() */
/* Is there input that we have not looked at? Then a silent peer may not be silent: its keepalive may be in there. */
bool bgp_io_behind(const struct bgp_io_sess *s);
void bgp_io_peer_reset(uint16_t peer);                        /* a new peer takes this index: counters from zero */
#endif
