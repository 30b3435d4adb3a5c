/* SPDX-License-Identifier: Apache-2.0
 * bgp_stream.h - a session's byte streams, pure: cutting what was read into messages, and gathering what is to be written.
 *
 * struct bgp_stream keeps what a read left over of an incomplete message; everything else lives in the reader's one shared buffer,
 * so a quiet session owns no read buffer at all. struct bgp_outq is a queue of references to shared buffers of whole
 * messages (bgp_outbuf) and a small buffer of control messages, which overtake at message boundaries. One thread each.
 */
#ifndef BGP_STREAM_H
#define BGP_STREAM_H
#include <sys/uio.h>
#include "bgp_rib.h"

struct bgp_stream {
    uint8_t *kept;
    uint32_t len, cap;
    unsigned max; /* longest message: 4096, or 65535 once negotiated (RFC 8654) */
};
/* Moves what was kept to the front of buf (which has room for BGP_MAX_LEN_EXT) and returns its length; read behind it. */
size_t bgp_stream_begin(struct bgp_stream *s, uint8_t *buf);
/* The next message at p: 1 with type and length, 0 when it is not whole yet, -1 with err. */
int bgp_stream_next(const struct bgp_stream *s, const uint8_t *p, size_t have, uint8_t *ret_type, uint16_t *ret_len, struct bgp_error *err);
/* Keeps the n bytes that were not used up; n = 0 frees the memory. */
void bgp_stream_keep(struct bgp_stream *s, const uint8_t *p, size_t n);
void bgp_stream_fini(struct bgp_stream *s);

#define BGP_OUTQ_IOV 64
struct bgp_outq {
    struct bgp_outbuf **ring;
    uint32_t head, n, cap;      /* ring; cap is a power of two */
    uint32_t off;               /* bytes of the first buffer that are gone */
    uint8_t *ctl;
    uint32_t ctl_off, ctl_len, ctl_cap;
};
void bgp_outq_push(struct bgp_outq *q, struct bgp_outbuf *b);            /* takes over one reference */
void bgp_outq_control(struct bgp_outq *q, const void *msg, size_t len);  /* goes out at the next message boundary */
bool bgp_outq_empty(const struct bgp_outq *q);
/* What to write next, in order; returns the number of vectors. */
unsigned bgp_outq_gather(const struct bgp_outq *q, struct iovec *iov, unsigned max);
struct bgp_outq_done { size_t data; uint32_t updates; }; /* bytes of shared buffers, UPDATEs of buffers that are finished */
struct bgp_outq_done bgp_outq_advance(struct bgp_outq *q, size_t written);
/* Forgets all buffers but the rest of a message that is half written; returns the bytes let go. For a last NOTIFICATION. */
size_t bgp_outq_cut(struct bgp_outq *q);
void bgp_outq_fini(struct bgp_outq *q);
#endif
