/* SPDX-License-Identifier: Apache-2.0
 * bgp_conn.h - TCP for BGP: listening, accepting, connecting, and every socket option that a neighbour asks for. Main thread.
 */
#ifndef BGP_CONN_H
#define BGP_CONN_H
#include "bgp_io.h"

struct bgp_conn {
    struct bgp_peer *peer;
    uint8_t dir;                 /* 0 outgoing, 1 incoming */
    int fd;                      /* while connecting; then the I/O actor's */
    struct loop_fd *watch;       /* while connecting */
    struct bgp_io_sess *io;
    struct loop_timer *t_hold;
    uint32_t hold;               /* seconds, as armed */
    struct ipaddr local;
    uint16_t local_port, remote_port;
    struct bgp_open open_sent;
};
/* Opens the listening sockets of -l and -p (privileged); nothing is accepted before bgp_conn_listen_start(). 0 or -errno, logged. */
int bgp_conn_listen_open(void);
void bgp_conn_listen_start(void);
void bgp_conn_listen_close(void);
/* Makes the listeners know (or forget) a neighbour's TCP MD5 key. 0 or -errno: then the neighbour must not be talked to. */
int bgp_conn_key_set(const struct bgp_peer *p, const char *key /* NULL: none */);
/* Starts a connection; p->conn[0] is there on success. Completion comes as BE_TCP_OK or BE_TCP_FAIL. 0, or -errno with `why`. */
int bgp_conn_connect(struct bgp_peer *p, char *why, size_t why_len);
/* Closes a connection in whatever stage; last: NOTIFICATION or NULL. */
void bgp_conn_close(struct bgp_peer *p, uint8_t dir, const void *last, size_t len);
/* TTL that is sent, and the least that is accepted (0: any; RFC 5082). */
uint8_t bgp_conn_ttl(const struct bgp_peer *p, uint8_t *ret_min);
#endif
