/* SPDX-License-Identifier: Apache-2.0
 * writer.c - text and JSON output in chunks.
 *
 * The buffer is one chunk; what does not fit goes to the sink at once, so a writer's memory is
 * constant however long the output is. JSON state is a stack with one byte per open container.
 * Strings that are not UTF-8 come out as valid JSON: a byte that fits nowhere becomes \u00XX.
 */
#include "config.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mem.h"
#include "writer.h"

MEM_DEFINE(writer, "Command output");

#define CHUNK 16384

enum { IN_OBJ = 1, IN_ARR = 2, HAS_MEMBER = 4 };

struct writer {
    bool json, compact, written; /* written: something is in the document */
    void (*sink)(void *ctx, const char *data, size_t len);
    void *ctx;
    uint8_t *stack;
    unsigned depth, cap;
    size_t n;
    char buf[CHUNK];
};

struct writer *writer_new(bool json, void (*sink)(void *ctx, const char *data, size_t len),
                          void *ctx)
{
    struct writer *w = mem_alloc(MEM(writer), sizeof(*w));
    memset(w, 0, offsetof(struct writer, buf));
    w->json = json;
    w->sink = sink;
    w->ctx = ctx;
    return w;
}

void writer_free(struct writer *w)
{
    if (!w)
        return;
    mem_free(MEM(writer), w->stack);
    mem_free(MEM(writer), w);
}

void writer_flush(struct writer *w)
{
    size_t n = w->n;
    w->n = 0;
    if (n)
        w->sink(w->ctx, w->buf, n);
}

bool writer_is_json(const struct writer *w)
{
    return w->json;
}

size_t writer_pending(const struct writer *w)
{
    return w->n;
}

static void put(struct writer *w, const char *s, size_t len)
{
    while (len) {
        size_t room = CHUNK - w->n, n = len < room ? len : room;
        memcpy(w->buf + w->n, s, n);
        w->n += n;
        s += n;
        len -= n;
        if (w->n == CHUNK)
            writer_flush(w);
    }
}

static inline void putch(struct writer *w, char c)
{
    w->buf[w->n++] = c;
    if (w->n == CHUNK)
        writer_flush(w);
}

static void put_str(struct writer *w, const char *s)
{
    put(w, s, strlen(s));
}

/* Formats straight into the buffer when it fits, which is nearly always. */
static void put_vfmt(struct writer *w, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    size_t room = CHUNK - w->n;
    int n = vsnprintf(w->buf + w->n, room, fmt, ap);
    if (n >= 0 && (size_t)n < room) {
        w->n += (size_t)n;
    } else if (n >= 0) {
        char *s = mem_alloc(MEM(tmp), (size_t)n + 1);
        vsnprintf(s, (size_t)n + 1, fmt, again);
        put(w, s, (size_t)n);
        mem_free(MEM(tmp), s);
    }
    va_end(again);
}

void writer_text(struct writer *w, const char *fmt, ...)
{
    if (w->json)
        return;
    va_list ap;
    va_start(ap, fmt);
    put_vfmt(w, fmt, ap);
    va_end(ap);
}

void writer_line(struct writer *w, const char *fmt, ...)
{
    if (w->json)
        return;
    va_list ap;
    va_start(ap, fmt);
    put_vfmt(w, fmt, ap);
    va_end(ap);
    putch(w, '\n');
}

/* ---- JSON ---- */

/* Length of the UTF-8 sequence at s, or 0 when it is not one. */
static unsigned utf8_len(const unsigned char *s)
{
    unsigned n = s[0] < 0x80                    ? 1
                 : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
                 : s[0] >= 0xe0 && s[0] <= 0xef ? 3
                 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                : 0;
    for (unsigned i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

static void put_quoted(struct writer *w, const char *str)
{
    static const char esc[] = "\b\t\n\f\r\"\\", letter[] = "btnfr\"\\";
    const unsigned char *s = (const unsigned char *)str;
    putch(w, '"');
    while (*s) {
        const unsigned char *run = s;
        unsigned n;
        while (*s >= 0x20 && *s != '"' && *s != '\\' && *s != 0x7f && (n = utf8_len(s)) > 0)
            s += n;
        put(w, (const char *)run, (size_t)(s - run));
        if (!*s)
            break;
        const char *e = strchr(esc, *s);
        if (e) {
            putch(w, '\\');
            putch(w, letter[e - esc]);
        } else {
            char u[8];
            snprintf(u, sizeof(u), "\\u%04x", *s);
            put_str(w, u);
        }
        s++;
    }
    putch(w, '"');
}

static void newline(struct writer *w)
{
    if (w->compact)
        return;
    putch(w, '\n');
    for (unsigned i = 0; i < w->depth; i++)
        put(w, "  ", 2);
}

/* What stands before a value: comma, indentation, key. */
static void member(struct writer *w, const char *key)
{
    w->written = true;
    if (!w->depth)
        return;
    uint8_t *top = &w->stack[w->depth - 1];
    if (*top & HAS_MEMBER)
        putch(w, ',');
    *top |= HAS_MEMBER;
    newline(w);
    if (*top & IN_OBJ) {
        put_quoted(w, key ? key : "");
        putch(w, ':');
    }
}

static void finish(struct writer *w)
{
    if (!w->depth)
        putch(w, '\n');
}

static void open_container(struct writer *w, const char *key, uint8_t kind)
{
    if (!w->json)
        return;
    member(w, key);
    if (w->depth == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 16;
        w->stack = mem_realloc(MEM(writer), w->stack, w->cap);
    }
    w->stack[w->depth++] = kind;
    putch(w, kind == IN_OBJ ? '{' : '[');
}

void writer_obj(struct writer *w, const char *key)
{
    open_container(w, key, IN_OBJ);
}

void writer_arr(struct writer *w, const char *key)
{
    open_container(w, key, IN_ARR);
}

void writer_end(struct writer *w)
{
    if (!w->json || !w->depth)
        return;
    uint8_t top = w->stack[--w->depth];
    if (top & HAS_MEMBER)
        newline(w);
    putch(w, top & IN_OBJ ? '}' : ']');
    finish(w);
}

void writer_end_all(struct writer *w)
{
    if (!w->json)
        return;
    if (!w->written) {
        w->written = true;
        put(w, "{}\n", 3);
    }
    while (w->depth)
        writer_end(w);
}

unsigned writer_depth(const struct writer *w)
{
    return w->depth;
}

void writer_compact(struct writer *w, bool on)
{
    w->compact = on;
}

static void raw(struct writer *w, const char *key, const char *text)
{
    if (!w->json)
        return;
    member(w, key);
    put_str(w, text);
    finish(w);
}

void writer_str(struct writer *w, const char *key, const char *v)
{
    if (!w->json || !v)
        return;
    member(w, key);
    put_quoted(w, v);
    finish(w);
}

static void vfmt_str(struct writer *w, const char *key, const char *fmt, va_list ap)
{
    char small[256], *s = small;
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof(small), fmt, ap);
    if (n >= (int)sizeof(small)) {
        s = mem_alloc(MEM(tmp), (size_t)n + 1);
        vsnprintf(s, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    writer_str(w, key, s);
    if (s != small)
        mem_free(MEM(tmp), s);
}

void writer_fmt(struct writer *w, const char *key, const char *fmt, ...)
{
    if (!w->json)
        return;
    va_list ap;
    va_start(ap, fmt);
    vfmt_str(w, key, fmt, ap);
    va_end(ap);
}

/* Digits of v, ending before end; returns where they begin. */
static char *digits(char *end, uint64_t v)
{
    do
        *--end = (char)('0' + v % 10);
    while (v /= 10);
    return end;
}

void writer_uint(struct writer *w, const char *key, uint64_t v)
{
    char b[24], *end = b + sizeof(b) - 1;
    *end = '\0';
    raw(w, key, digits(end, v));
}

void writer_int(struct writer *w, const char *key, int64_t v)
{
    char b[24], *end = b + sizeof(b) - 1;
    *end = '\0';
    char *p = digits(end, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    if (v < 0)
        *--p = '-';
    raw(w, key, p);
}

void writer_dbl(struct writer *w, const char *key, double v)
{
    char b[40];
    snprintf(b, sizeof(b), "%.15g", v);
    raw(w, key, isfinite(v) ? b : "null");
}

void writer_bool(struct writer *w, const char *key, bool v)
{
    raw(w, key, v ? "true" : "false");
}

void writer_true(struct writer *w, const char *key, bool v)
{
    if (v)
        raw(w, key, "true");
}

void writer_null(struct writer *w, const char *key)
{
    raw(w, key, "null");
}

void writer_ip(struct writer *w, const char *key, const struct ipaddr *a)
{
    char b[IPADDR_STRLEN];
    if (w->json)
        writer_str(w, key, ipaddr_str(a, b));
}

void writer_prefix(struct writer *w, const char *key, const struct prefix *p)
{
    char b[PREFIX_STRLEN];
    if (w->json)
        writer_str(w, key, prefix_str(p, b));
}

void writer_error(struct writer *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (fmt[0] == '%' && fmt[1] == '%') /* whoever wrote FRR's sign himself */
        fmt += fmt[2] == ' ' ? 3 : 2;
    if (!w->json) {
        put(w, "% ", 2);
        put_vfmt(w, fmt, ap);
        putch(w, '\n');
    } else {
        bool own = !w->depth || (w->stack[w->depth - 1] & IN_ARR);
        if (own)
            writer_obj(w, NULL);
        vfmt_str(w, "error", fmt, ap);
        if (own)
            writer_end(w);
    }
    va_end(ap);
}

char *writer_uptime(uint64_t s, char *buf, size_t len)
{
    if (s < 86400)
        snprintf(buf, len, "%02u:%02u:%02u", (unsigned)(s / 3600), (unsigned)(s / 60 % 60),
                 (unsigned)(s % 60));
    else if (s < 604800)
        snprintf(buf, len, "%ud%02uh%02um", (unsigned)(s / 86400), (unsigned)(s / 3600 % 24),
                 (unsigned)(s / 60 % 60));
    else
        snprintf(buf, len, "%02uw%ud%02uh", (unsigned)(s / 604800), (unsigned)(s / 86400 % 7),
                 (unsigned)(s / 3600 % 24));
    return buf;
}
