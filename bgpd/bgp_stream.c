/* SPDX-License-Identifier: Apache-2.0
 * bgp_stream.c - see bgp_stream.h.
 *
 * The order on the wire: the rest of a message of which a part is out; control messages; whole
 * messages. A control message that is half out keeps its place, because shared data is then at a
 * message boundary by construction. The boundary in a shared buffer is found by walking its
 * headers, only when a control message waits behind a partial write, so the usual path (no control
 * message) costs nothing.
 */
#include "bgp_stream.h"

MEM_DEFINE(bgp_stream, "BGP partial message");
MEM_DEFINE(bgp_outbuf, "BGP output buffer");
MEM_DEFINE(bgp_outq, "BGP output queue");

/* ---- in ---- */

size_t bgp_stream_begin(struct bgp_stream *s, uint8_t *buf)
{
    size_t n = s->len;
    if (n)
        memcpy(buf, s->kept, n);
    s->len = 0;
    return n;
}

int bgp_stream_next(const struct bgp_stream *s, const uint8_t *p, size_t have, uint8_t *ret_type,
                    uint16_t *ret_len, struct bgp_error *err)
{
    int r = bgp_header_decode(p, have, s->max, ret_type, ret_len, err);
    return r == 1 && *ret_len > have ? 0 : r;
}

void bgp_stream_keep(struct bgp_stream *s, const uint8_t *p, size_t n)
{
    if (!n) {
        bgp_stream_fini(s);
        return;
    }
    if (n > s->cap) {
        mem_free(MEM(bgp_stream), s->kept);
        s->cap = (uint32_t)((n + 1023) & ~(size_t)1023);
        s->kept = mem_alloc(MEM(bgp_stream), s->cap);
    }
    memcpy(s->kept, p, n);
    s->len = (uint32_t)n;
}

void bgp_stream_fini(struct bgp_stream *s)
{
    mem_free(MEM(bgp_stream), s->kept);
    s->kept = NULL;
    s->len = s->cap = 0;
}

/* ---- shared buffers ---- */

struct bgp_outbuf *bgp_outbuf_new(uint32_t cap)
{
    struct bgp_outbuf *b = mem_alloc(MEM(bgp_outbuf), sizeof *b + cap);
    atomic_init(&b->refs, 1);
    b->len = b->n_updates = 0;
    b->cap = cap;
    return b;
}

void bgp_outbuf_unref(struct bgp_outbuf *b)
{
    if (b && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
        mem_free(MEM(bgp_outbuf), b);
}

/* ---- out ---- */

static struct bgp_outbuf *buf_at(const struct bgp_outq *q, uint32_t i)
{
    return q->ring[(q->head + i) & (q->cap - 1)];
}

void bgp_outq_push(struct bgp_outq *q, struct bgp_outbuf *b)
{
    if (!b->len) {
        bgp_outbuf_unref(b);
        return;
    }
    if (q->n == q->cap) {
        uint32_t cap = q->cap ? q->cap * 2 : 8;
        struct bgp_outbuf **ring = mem_calloc(MEM(bgp_outq), cap, sizeof *ring);
        for (uint32_t i = 0; i < q->n; i++)
            ring[i] = buf_at(q, i);
        mem_free(MEM(bgp_outq), q->ring);
        q->ring = ring;
        q->cap = cap;
        q->head = 0;
    }
    q->ring[(q->head + q->n++) & (q->cap - 1)] = b;
}

void bgp_outq_control(struct bgp_outq *q, const void *msg, size_t len)
{
    if (!len)
        return;
    uint32_t left = q->ctl_len - q->ctl_off;
    if (q->ctl_off) {
        memmove(q->ctl, q->ctl + q->ctl_off, left);
        q->ctl_len = left;
        q->ctl_off = 0;
    }
    if (q->ctl_len + len > q->ctl_cap) {
        q->ctl_cap = (uint32_t)(q->ctl_len + len + 255) & ~255u;
        q->ctl = mem_realloc(MEM(bgp_outq), q->ctl, q->ctl_cap);
    }
    memcpy(q->ctl + q->ctl_len, msg, len);
    q->ctl_len += (uint32_t)len;
}

bool bgp_outq_empty(const struct bgp_outq *q)
{
    return !q->n && q->ctl_off == q->ctl_len;
}

/* Bytes of the first buffer that belong to a message of which a part is out. */
static uint32_t rest_of_message(const struct bgp_outq *q)
{
    if (!q->n || !q->off)
        return 0;
    const struct bgp_outbuf *b = buf_at(q, 0);
    uint32_t pos = 0;
    while (pos < q->off) {
        uint32_t len = pos + BGP_HEADER_LEN <= b->len
                           ? (uint32_t)(b->data[pos + 16] << 8 | b->data[pos + 17])
                           : 0;
        if (len < BGP_HEADER_LEN || len > b->len - pos)
            return b->len - q->off; /* not messages: the buffer is one unit */
        pos += len;
    }
    return pos - q->off;
}

unsigned bgp_outq_gather(const struct bgp_outq *q, struct iovec *iov, unsigned max)
{
    unsigned v = 0;
    uint32_t off = q->off;
    if (q->ctl_off < q->ctl_len) {
        uint32_t rest = rest_of_message(q);
        if (rest && v < max) {
            iov[v++] = (struct iovec){ buf_at(q, 0)->data + off, rest };
            off += rest;
        }
        if (v < max)
            iov[v++] = (struct iovec){ q->ctl + q->ctl_off, q->ctl_len - q->ctl_off };
    }
    for (uint32_t i = 0; i < q->n && v < max; i++, off = 0) {
        struct bgp_outbuf *b = buf_at(q, i);
        if (off < b->len)
            iov[v++] = (struct iovec){ b->data + off, b->len - off };
    }
    return v;
}

static void pop(struct bgp_outq *q)
{
    bgp_outbuf_unref(buf_at(q, 0));
    q->head = (q->head + 1) & (q->cap - 1);
    q->n--;
    q->off = 0;
}

static void take_data(struct bgp_outq *q, size_t n, struct bgp_outq_done *done)
{
    done->data += n;
    while (q->n) {
        struct bgp_outbuf *b = buf_at(q, 0);
        if (n < b->len - q->off) {
            q->off += (uint32_t)n;
            return;
        }
        n -= b->len - q->off;
        done->updates += b->n_updates;
        pop(q);
    }
}

struct bgp_outq_done bgp_outq_advance(struct bgp_outq *q, size_t written)
{
    struct bgp_outq_done done = { 0 };
    if (q->ctl_off < q->ctl_len) {
        size_t rest = rest_of_message(q);
        if (rest > written)
            rest = written;
        if (rest)
            take_data(q, rest, &done);
        written -= rest;
        size_t c = q->ctl_len - q->ctl_off;
        if (c > written)
            c = written;
        q->ctl_off += (uint32_t)c;
        written -= c;
        if (q->ctl_off < q->ctl_len)
            return done;
        mem_free(MEM(bgp_outq), q->ctl);
        q->ctl = NULL;
        q->ctl_off = q->ctl_len = q->ctl_cap = 0;
    }
    if (written)
        take_data(q, written, &done);
    return done;
}

size_t bgp_outq_cut(struct bgp_outq *q)
{
    size_t gone = 0;
    uint32_t rest = rest_of_message(q);
    if (rest) {
        uint32_t left = q->ctl_len - q->ctl_off;
        uint8_t *ctl = mem_alloc(MEM(bgp_outq), rest + left + 1);
        memcpy(ctl, buf_at(q, 0)->data + q->off, rest);
        if (left)
            memcpy(ctl + rest, q->ctl + q->ctl_off, left);
        mem_free(MEM(bgp_outq), q->ctl);
        q->ctl = ctl;
        q->ctl_off = 0;
        q->ctl_len = rest + left;
        q->ctl_cap = rest + left + 1;
    }
    while (q->n) {
        gone += buf_at(q, 0)->len - q->off;
        pop(q);
    }
    return gone;
}

void bgp_outq_fini(struct bgp_outq *q)
{
    while (q->n)
        pop(q);
    mem_free(MEM(bgp_outq), q->ring);
    mem_free(MEM(bgp_outq), q->ctl);
    *q = (struct bgp_outq){ 0 };
}
