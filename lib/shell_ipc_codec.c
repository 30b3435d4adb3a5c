/* SPDX-License-Identifier: Apache-2.0
 * shell_ipc_codec.c - struct shell_msg to protobuf (proto/shell.proto) and back. Pure.
 */
#include <errno.h>
#include <string.h>
#include "ipc_arena.h"
#include "proto/shell.pb-c.h"
#include "shell_ipc.h"

#define S(name) Godwit__Shell__##name

struct build {
    union {
        ProtobufCMessage base;
        S(Hello) hello;
        S(Request) request;
        S(Run) run;
        S(Output) output;
        S(OutputAck) ack;
        S(Done) done;
        S(ConfigReport) report;
    } m;
    char *path[SHELL_MAX_PATH];
};

static char *text(const char *s)
{
    return s ? (char *)(uintptr_t)s : (char *)(uintptr_t) "";
}

static void build_run(struct build *b, const struct shell_msg *m)
{
    godwit__shell__run__init(&b->m.run);
    b->m.run.id = m->id;
    b->m.run.line = text(m->line);
    for (unsigned i = 0; i < m->n_path; i++)
        b->path[i] = text(m->path[i]);
    b->m.run.path = b->path;
    b->m.run.n_path = m->n_path;
}

static void build_hello(struct build *b, const struct shell_msg *m)
{
    godwit__shell__hello__init(&b->m.hello);
    b->m.hello.version = SHELL_VERSION;
    b->m.hello.min_version = SHELL_MIN_VERSION;
    b->m.hello.name = text(m->name);
    b->m.hello.software = text(m->message);
    b->m.hello.generation = m->generation;
}

static void build_report(struct build *b, const struct shell_msg *m)
{
    godwit__shell__config_report__init(&b->m.report);
    b->m.report.id = m->id;
    b->m.report.lineno = m->number;
    b->m.report.rc = m->rc;
    b->m.report.message = text(m->message);
    b->m.report.line = text(m->line);
}

static void build_done(struct build *b, const struct shell_msg *m)
{
    godwit__shell__done__init(&b->m.done);
    b->m.done.id = m->id;
    b->m.done.rc = m->rc;
    b->m.done.generation = m->generation;
    b->m.done.reports = m->reports;
    b->m.done.changes = m->number;
}

static void build(struct build *b, const struct shell_msg *m)
{
    switch (m->type) {
    case ST_HELLO:
        build_hello(b, m);
        break;
    case ST_RUN:
        build_run(b, m);
        break;
    case ST_GRAMMAR:
    case ST_OUTPUT:
    case ST_CONFIG_TEXT:
        godwit__shell__output__init(&b->m.output);
        b->m.output.id = m->id;
        b->m.output.data =
            (ProtobufCBinaryData){ .len = m->len, .data = (uint8_t *)(uintptr_t)m->data };
        break;
    case ST_OUTPUT_ACK:
        godwit__shell__output_ack__init(&b->m.ack);
        b->m.ack.id = m->id;
        b->m.ack.bytes = m->number;
        break;
    case ST_DONE:
        build_done(b, m);
        break;
    case ST_CONFIG_REPORT:
        build_report(b, m);
        break;
    case ST_GRAMMAR_GET:
    case ST_CANCEL:
    case ST_RUNNING_CONFIG:
    case ST_CONFIG_LOAD:
    case ST_CONFIG_PREPARE:
    case ST_CONFIG_COMMIT:
    case ST_CONFIG_ABORT:
        godwit__shell__request__init(&b->m.request);
        b->m.request.id = m->id;
        b->m.request.secrets = m->secrets;
        break;
    }
}

size_t shell_msg_encode(const struct shell_msg *m, uint8_t *buf, size_t cap)
{
    struct build b;

    build(&b, m);
    size_t n = protobuf_c_message_get_packed_size(&b.m.base);
    if (n <= cap)
        protobuf_c_message_pack(&b.m.base, buf);
    return n;
}

bool shell_msg_send(struct ipc_link *l, const struct shell_msg *m)
{
    struct build b;

    build(&b, m);
    uint8_t *p =
        ipc_link_reserve(l, (uint16_t)m->type, protobuf_c_message_get_packed_size(&b.m.base));
    if (!p)
        return false;
    protobuf_c_message_pack(&b.m.base, p);
    ipc_link_commit(l);
    return true;
}

/* ---- decoding: each returns NULL or what is wrong ---- */

static const char *dec_hello(const void *msg, struct shell_msg *z)
{
    const S(Hello) *m = msg;

    z->version = m->version;
    z->name = m->name;
    z->message = m->software;
    z->generation = m->generation;
    if (!m->version || m->min_version > SHELL_VERSION)
        return "the daemon's protocol version is not supported";
    if (!m->name[0] || strlen(m->name) > 31)
        return "bad name";
    return NULL;
}

static const char *dec_request(const void *msg, struct shell_msg *z)
{
    const S(Request) *m = msg;

    z->id = m->id;
    z->secrets = m->secrets;
    return NULL;
}

static bool one_line(const char *s)
{
    return !s[strcspn(s, "\r\n")];
}

static const char *dec_run(const void *msg, struct shell_msg *z)
{
    const S(Run) *m = msg;

    z->id = m->id;
    z->line = m->line;
    if (!one_line(m->line))
        return "line break in a line";
    if (m->n_path > SHELL_MAX_PATH)
        return "path too long";
    z->n_path = (unsigned)m->n_path;
    for (unsigned i = 0; i < z->n_path; i++) {
        if (!one_line(m->path[i]))
            return "line break in a line";
        z->path[i] = m->path[i];
    }
    return NULL;
}

static const char *dec_output(const void *msg, struct shell_msg *z)
{
    const S(Output) *m = msg;

    z->id = m->id;
    z->data = m->data.data;
    z->len = m->data.len;
    return NULL;
}

static const char *dec_ack(const void *msg, struct shell_msg *z)
{
    const S(OutputAck) *m = msg;

    z->id = m->id;
    z->number = m->bytes;
    return NULL;
}

static const char *dec_done(const void *msg, struct shell_msg *z)
{
    const S(Done) *m = msg;

    z->id = m->id;
    z->rc = m->rc;
    z->generation = m->generation;
    z->reports = m->reports;
    z->number = m->changes;
    return NULL;
}

static const char *dec_report(const void *msg, struct shell_msg *z)
{
    const S(ConfigReport) *m = msg;

    z->id = m->id;
    z->number = m->lineno;
    z->rc = m->rc;
    z->message = m->message;
    z->line = m->line;
    return NULL;
}

/* By frame type. */
static const struct {
    const ProtobufCMessageDescriptor *desc;
    const char *(*fn)(const void *msg, struct shell_msg *z);
} decoders[] = {
    [ST_HELLO] = { &godwit__shell__hello__descriptor, dec_hello },
    [ST_GRAMMAR_GET] = { &godwit__shell__request__descriptor, dec_request },
    [ST_GRAMMAR] = { &godwit__shell__output__descriptor, dec_output },
    [ST_RUN] = { &godwit__shell__run__descriptor, dec_run },
    [ST_OUTPUT] = { &godwit__shell__output__descriptor, dec_output },
    [ST_OUTPUT_ACK] = { &godwit__shell__output_ack__descriptor, dec_ack },
    [ST_DONE] = { &godwit__shell__done__descriptor, dec_done },
    [ST_CANCEL] = { &godwit__shell__request__descriptor, dec_request },
    [ST_RUNNING_CONFIG] = { &godwit__shell__request__descriptor, dec_request },
    [ST_CONFIG_TEXT] = { &godwit__shell__output__descriptor, dec_output },
    [ST_CONFIG_LOAD] = { &godwit__shell__request__descriptor, dec_request },
    [ST_CONFIG_PREPARE] = { &godwit__shell__request__descriptor, dec_request },
    [ST_CONFIG_COMMIT] = { &godwit__shell__request__descriptor, dec_request },
    [ST_CONFIG_ABORT] = { &godwit__shell__request__descriptor, dec_request },
    [ST_CONFIG_REPORT] = { &godwit__shell__config_report__descriptor, dec_report },
};

int shell_msg_decode(uint16_t type, const uint8_t *p, size_t len, struct ipc_arena *a,
                     struct shell_msg *ret, const char **ret_why)
{
    if (type >= sizeof(decoders) / sizeof(decoders[0]) || !decoders[type].fn)
        return -ENOMSG;
    memset(ret, 0, sizeof(*ret));
    ret->type = (enum shell_type)type;
    const ProtobufCMessage *m = protobuf_c_message_unpack(decoders[type].desc, &a->pb, len, p);
    const char *why = m ? decoders[type].fn(m, ret) : "not a message of its type";
    if (!why)
        return 0;
    *ret_why = why;
    return -EBADMSG;
}
