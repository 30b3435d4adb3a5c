/* SPDX-License-Identifier: Apache-2.0
 * bgpgen.h - what the parts of the load generator share.
 *
 * bgpgen is a BGP speaker without a routing table: it says what it was told to say (`feed`: a
 * generated table, `replay`: a recorded session) and counts what it hears (`sink`). Everything that
 * it sends is built before the session starts, so that sending is nothing but send(2): the load has
 * to be cheaper to make than to take. One thread, one epoll loop, no library but libc.
 *
 *   bgpgen.c          options, the command lines on stdin, the events on stdout, the loop
 *   bgpgen_session.c  sockets and the session: OPEN, KEEPALIVE, framing, queues
 *   bgpgen_build.c    the messages of a generated table
 *   bgpgen_mrt.c      the messages of a recorded session
 *   bgpgen_count.c    the set of prefixes that are announced at the moment
 */
#ifndef GW_BGPGEN_H
#define GW_BGPGEN_H
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { BGP_OPEN = 1, BGP_UPDATE = 2, BGP_NOTIFICATION = 3, BGP_KEEPALIVE = 4 };
enum { BGP_HDR = 19, BGP_MSG_MAX = 4096 };

/* A growing byte array. */
struct gbuf {
    uint8_t *data;
    size_t len, cap;
};
void gbuf_put(struct gbuf *b, const void *data, size_t len);
void gbuf_u8(struct gbuf *b, unsigned v);
void gbuf_u16(struct gbuf *b, unsigned v);
void gbuf_u32(struct gbuf *b, uint32_t v);
size_t gbuf_msg_begin(struct gbuf *b, unsigned type);
void gbuf_msg_end(struct gbuf *b, size_t start);

/* One address of either family. */
struct gaddr {
    int af;
    union {
        struct in_addr v4;
        struct in6_addr v6;
        uint8_t b[16];
    };
};
bool gaddr_parse(struct gaddr *a, const char *s);
struct gaddr gaddr_plus(struct gaddr a, unsigned n);

enum gmode { MODE_FEED, MODE_SINK, MODE_REPLAY, MODE_FIB };

struct gconf {
    enum gmode mode;
    struct gaddr local, remote, base, nexthop; /* .af == 0: not given */
    unsigned base_len;
    unsigned port, hold, peers;
    uint32_t as, remote_as;
    bool same_as;  /* all sessions use .as; else session i uses .as + i */
    bool v6;       /* prefixes of the generated table are IPv6 */
    bool unique;   /* session i announces the i-th run of `prefixes`, not the same run */
    bool shuffle;  /* attribute sets are sent in scattered order */
    bool wait;     /* announce on the command `go`, not at once */
    bool listen;   /* wait for the peer to connect */
    bool stay;     /* live on after the end of stdin */
    bool external; /* replay: prepend our AS and set our next hop, as an eBGP speaker does */
    bool as4;      /* offer 4-byte AS numbers */
    uint32_t prefixes, sets, per_update, seed;
    const char *password, *file, *dump;
};
extern struct gconf conf;

/* The messages that a session sends, whole and in order. */
struct gload {
    struct gbuf announce, withdraw;
    uint64_t prefixes, updates;
};
/* Both return false after having said why. */
bool build_load(struct gload *l, unsigned peer, const struct gaddr *local);
bool mrt_load(struct gload *l, const struct gaddr *local);

/* The announced prefixes, over all sessions of this process. */
void count_init(uint32_t expect_base);
/* Takes one UPDATE's body. False if it is malformed. */
bool count_update(const uint8_t *body, size_t len);
struct gcount {
    uint64_t present, announced, withdrawn, updates, eor;
};
extern struct gcount count;

/* Sessions. */
bool session_init(unsigned n);
void session_tick(double now);
void session_event(void *session, uint32_t events);
void session_announce_all(void);
void session_withdraw_all(void);
void session_keepalive_all(void);
enum gclose { CLOSE_FIN, CLOSE_CEASE, CLOSE_RST };
void session_close_all(enum gclose how);
void session_reopen_all(void);
bool session_all_up(void);

/* The loop's services. */
extern int loop_fd;
double loop_now(void);
/* Prints one event as a line of JSON; fmt gives the members after the time stamp. */
void event(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Called after each read of a sink: says so when the awaited count is reached. */
void sink_progress(void);
void fatal(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
int fib_watch(void);
#endif
