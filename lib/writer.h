/* SPDX-License-Identifier: Apache-2.0
 * writer.h - the one emitter of command output: text, JSON and streaming.
 *
 * A handler calls both planes one after the other and never asks which is on: writer_line() and
 * writer_text() do nothing in JSON mode, the typed calls do nothing in text mode. In this way columns
 * stay FRR's and JSON is built by nobody but the writer (escaping, commas, indentation, streaming).
 * Output goes to a sink in chunks; a long show emits a slice, returns CLI_MORE, and is called again
 * when the sink has drained (cli.h), so nothing is buffered beyond a slice.
 */
#ifndef GW_WRITER_H
#define GW_WRITER_H
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "prefix.h"

struct writer;
/* sink gets every full 16 KiB chunk and what remains at writer_flush(). */
struct writer *writer_new(bool json, void (*sink)(void *ctx, const char *data, size_t len), void *ctx);
void writer_free(struct writer *w);
void writer_flush(struct writer *w);
bool writer_is_json(const struct writer *w);
size_t writer_pending(const struct writer *w);  /* bytes not yet given to the sink */
/* Text plane. */
void writer_text(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void writer_line(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* + newline */
/* An error goes to both: text "% ..." or a member "error" (as the whole document when nothing is open). */
void writer_error(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* JSON plane. key is NULL inside arrays and at the top. A document that was never opened prints {}. */
void writer_obj(struct writer *w, const char *key);
void writer_arr(struct writer *w, const char *key);
void writer_end(struct writer *w);               /* closes the innermost object or array */
void writer_end_all(struct writer *w);
unsigned writer_depth(const struct writer *w);
void writer_compact(struct writer *w, bool on);  /* no newlines or indentation from here on */
void writer_str(struct writer *w, const char *key, const char *v);  /* NULL v: member left out */
void writer_fmt(struct writer *w, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void writer_int(struct writer *w, const char *key, int64_t v);
void writer_uint(struct writer *w, const char *key, uint64_t v);
void writer_dbl(struct writer *w, const char *key, double v);
void writer_bool(struct writer *w, const char *key, bool v);
void writer_true(struct writer *w, const char *key, bool v);  /* FRR's habit: only when true */
void writer_null(struct writer *w, const char *key);
void writer_ip(struct writer *w, const char *key, const struct ipaddr *a);
void writer_prefix(struct writer *w, const char *key, const struct prefix *p);
/* FRR's form of an age: 00:01:02, 1d02h03m, 01w2d03h. len >= 16. Returns buf. */
char *writer_uptime(uint64_t seconds, char *buf, size_t len);
#endif
