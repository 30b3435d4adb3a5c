/* SPDX-License-Identifier: Apache-2.0
 * wire.h - bounds-checked reading and range-checked writing of big-endian wire data.
 *
 * All wire reads in the suite go through struct rb. A read past the end sets a sticky error and
 * yields zero; reads after an error yield zero. rb_sub() gives a child window, so that a TLV cannot
 * read its neighbour. One check of rb_ok() per TLV is enough. Struct wb grows nothing: it writes
 * into the caller's buffer, refuses values that do not fit their field and writes past the end,
 * and sums that up in a sticky error.
 */
#ifndef GW_WIRE_H
#define GW_WIRE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rb {
    const uint8_t *p, *end;
    bool err;
};
static inline struct rb rb_init(const void *data, size_t len)
{
    return (struct rb){ .p = data, .end = (const uint8_t *)data + len, .err = false };
}
static inline bool rb_ok(const struct rb *r) { return !r->err; }
static inline size_t rb_left(const struct rb *r) { return r->err ? 0 : (size_t)(r->end - r->p); }
static inline bool rb_has(struct rb *r, size_t n)
{
    if (__builtin_expect(r->err || (size_t)(r->end - r->p) < n, 0)) {
        r->err = true;
        return false;
    }
    return true;
}
static inline uint8_t rb_u8(struct rb *r)
{
    return rb_has(r, 1) ? *r->p++ : 0;
}
static inline uint16_t rb_u16(struct rb *r)
{
    if (!rb_has(r, 2))
        return 0;
    uint16_t v = (uint16_t)(r->p[0] << 8 | r->p[1]);
    r->p += 2;
    return v;
}
static inline uint32_t rb_u32(struct rb *r)
{
    if (!rb_has(r, 4))
        return 0;
    uint32_t v = (uint32_t)r->p[0] << 24 | (uint32_t)r->p[1] << 16 | (uint32_t)r->p[2] << 8 | r->p[3];
    r->p += 4;
    return v;
}
static inline uint64_t rb_u64(struct rb *r)
{
    uint64_t hi = rb_u32(r);
    return hi << 32 | rb_u32(r);
}
/* n bytes in place (NULL after an error); valid as long as the underlying buffer is. */
static inline const uint8_t *rb_bytes(struct rb *r, size_t n)
{
    if (!rb_has(r, n))
        return NULL;
    const uint8_t *p = r->p;
    r->p += n;
    return p;
}
/* Copies n bytes out; zeroes dst after an error. */
static inline void rb_copy(struct rb *r, void *dst, size_t n)
{
    const uint8_t *p = rb_bytes(r, n);
    if (p)
        memcpy(dst, p, n);
    else
        memset(dst, 0, n);
}
static inline void rb_skip(struct rb *r, size_t n) { (void)rb_bytes(r, n); }
/* A window of the next n bytes, which are consumed here. The child starts in error when they are not there. */
static inline struct rb rb_sub(struct rb *r, size_t n)
{
    const uint8_t *p = rb_bytes(r, n);
    if (!p)
        return (struct rb){ .p = r->end, .end = r->end, .err = true };
    return (struct rb){ .p = p, .end = p + n, .err = false };
}

struct wb {
    uint8_t *start, *p, *end;
    bool err;
};
static inline struct wb wb_init(void *buf, size_t cap)
{
    return (struct wb){ .start = buf, .p = buf, .end = (uint8_t *)buf + cap, .err = false };
}
static inline bool wb_ok(const struct wb *w) { return !w->err; }
static inline size_t wb_len(const struct wb *w) { return (size_t)(w->p - w->start); }
static inline size_t wb_room(const struct wb *w) { return w->err ? 0 : (size_t)(w->end - w->p); }
static inline bool wb_has(struct wb *w, size_t n)
{
    if (__builtin_expect(w->err || (size_t)(w->end - w->p) < n, 0)) {
        w->err = true;
        return false;
    }
    return true;
}
static inline void wb_u8(struct wb *w, uint64_t v)
{
    if (v > UINT8_MAX)
        w->err = true;
    if (wb_has(w, 1))
        *w->p++ = (uint8_t)v;
}
static inline void wb_u16(struct wb *w, uint64_t v)
{
    if (v > UINT16_MAX)
        w->err = true;
    if (wb_has(w, 2)) {
        w->p[0] = (uint8_t)(v >> 8);
        w->p[1] = (uint8_t)v;
        w->p += 2;
    }
}
static inline void wb_u32(struct wb *w, uint64_t v)
{
    if (v > UINT32_MAX)
        w->err = true;
    if (wb_has(w, 4)) {
        w->p[0] = (uint8_t)(v >> 24);
        w->p[1] = (uint8_t)(v >> 16);
        w->p[2] = (uint8_t)(v >> 8);
        w->p[3] = (uint8_t)v;
        w->p += 4;
    }
}
static inline void wb_bytes(struct wb *w, const void *src, size_t n)
{
    if (wb_has(w, n)) {
        if (n)
            memcpy(w->p, src, n);
        w->p += n;
    }
}
/* Back-patching by position (an offset from start, usually wb_len() taken earlier). */
static inline void wb_set_u8(struct wb *w, size_t pos, uint64_t v)
{
    if (w->err || v > UINT8_MAX || pos + 1 > wb_len(w)) {
        w->err = true;
        return;
    }
    w->start[pos] = (uint8_t)v;
}
static inline void wb_set_u16(struct wb *w, size_t pos, uint64_t v)
{
    if (w->err || v > UINT16_MAX || pos + 2 > wb_len(w)) {
        w->err = true;
        return;
    }
    w->start[pos] = (uint8_t)(v >> 8);
    w->start[pos + 1] = (uint8_t)v;
}
#endif
