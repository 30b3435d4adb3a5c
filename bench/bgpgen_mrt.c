/* SPDX-License-Identifier: Apache-2.0
 * bgpgen_mrt.c - the UPDATE messages of a recorded session (RFC 6396: BGP4MP and BGP4MP_ET).
 *
 * The messages of the first peer in the file are sent as they were received. Two things may have to
 * change: a record with 2-byte AS numbers makes the session one without the 4-byte capability; and
 * with --external each message gets our AS in front of its path and our address as its next hop,
 * because a peer need not accept anything else from an eBGP neighbour on a shared link. All other
 * attributes stay, also those that only iBGP uses: receivers have to cope with them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "bgpgen.h"
#include "wire.h"

enum { MRT_BGP4MP = 16, MRT_BGP4MP_ET = 17, MRT_HDR = 12, MRT_MAX = 1 << 20 };

static FILE *open_file(const char *name, bool *piped)
{
    const char *dot = strrchr(name, '.');
    const char *tool = !dot                   ? NULL
                       : !strcmp(dot, ".gz")  ? "gzip"
                       : !strcmp(dot, ".bz2") ? "bzip2"
                                              : NULL;
    *piped = tool != NULL;
    if (!tool)
        return fopen(name, "rb");
    /* The name goes through the environment, so that no shell ever parses it. */
    char cmd[64];
    setenv("BGPGEN_FILE", name, 1);
    snprintf(cmd, sizeof(cmd), "exec %s -dc -- \"$BGPGEN_FILE\"", tool);
    return popen(cmd, "re");
}

/* Copies one attribute list with our AS prepended and our next hop set. */
static void rewrite(struct gbuf *out, struct rb *at, bool as4, const struct gaddr *local)
{
    while (rb_left(at)) {
        const uint8_t *head = at->p;
        unsigned flags = rb_u8(at), type = rb_u8(at);
        size_t len = flags & 0x10 ? rb_u16(at) : rb_u8(at);
        const uint8_t *v = rb_bytes(at, len);
        if (!v)
            return;
        if (type == 3 && len == 4 && local->af == AF_INET) {
            gbuf_put(out, head, (size_t)(v - head));
            gbuf_put(out, &local->v4, 4);
        } else if (type == 2) {
            bool join = len && v[0] == 2 && v[1] < 255;
            unsigned size = as4 ? 4 : 2;
            size_t now = len + size + (join ? 0 : 2);
            gbuf_u8(out, flags | 0x10);
            gbuf_u8(out, 2);
            gbuf_u16(out, (unsigned)now);
            gbuf_u8(out, 2);
            gbuf_u8(out, join ? v[1] + 1u : 1u);
            if (as4)
                gbuf_u32(out, conf.as);
            else
                gbuf_u16(out, conf.as > 65535 ? 23456 : conf.as);
            gbuf_put(out, v + (join ? 2 : 0), len - (join ? 2 : 0));
        } else {
            gbuf_put(out, head, (size_t)(v - head) + len);
        }
    }
}

/* One message with attributes `at` and as much of the NLRI as fits; the rest stays in nlri. */
static void put_update(struct gbuf *out, const struct rb *gone, const struct gbuf *at,
                       struct rb *nlri)
{
    size_t start = gbuf_msg_begin(out, BGP_UPDATE);
    gbuf_u16(out, (unsigned)rb_left(gone));
    gbuf_put(out, gone->p, rb_left(gone));
    gbuf_u16(out, (unsigned)at->len);
    gbuf_put(out, at->data, at->len);
    while (rb_left(nlri)) {
        size_t n = 1 + (nlri->p[0] + 7u) / 8;
        if (out->len - start + n > BGP_MSG_MAX || !rb_has(nlri, n))
            break;
        gbuf_put(out, rb_bytes(nlri, n), n);
    }
    gbuf_msg_end(out, start);
}

static unsigned count_nlri(struct rb r)
{
    unsigned n = 0;
    while (rb_left(&r)) {
        rb_skip(&r, (rb_u8(&r) + 7u) / 8);
        n++;
    }
    return n;
}

/* Notes the prefixes of the message for the withdrawal of everything. */
static void note_withdraw(struct gload *l, struct rb nlri)
{
    static size_t open_at;
    static struct gload *of;
    while (rb_left(&nlri)) {
        size_t n = 1 + (nlri.p[0] + 7u) / 8;
        const uint8_t *p = rb_bytes(&nlri, n);
        if (!p)
            return;
        if (of != l || l->withdraw.len - open_at + n + 2 > BGP_MSG_MAX) {
            of = l;
            open_at = gbuf_msg_begin(&l->withdraw, BGP_UPDATE);
            gbuf_u16(&l->withdraw, 0);
            gbuf_u16(&l->withdraw, 0);
            gbuf_msg_end(&l->withdraw, open_at);
        }
        /* The attribute length, always zero, moves behind the new prefix. */
        l->withdraw.len -= 2;
        gbuf_put(&l->withdraw, p, n);
        gbuf_u16(&l->withdraw, 0);
        size_t gone = l->withdraw.len - open_at - BGP_HDR - 4;
        l->withdraw.data[open_at + BGP_HDR] = (uint8_t)(gone >> 8);
        l->withdraw.data[open_at + BGP_HDR + 1] = (uint8_t)gone;
        gbuf_msg_end(&l->withdraw, open_at);
    }
}

static void add_update(struct gload *l, struct rb *msg, const struct gaddr *local)
{
    struct rb all = *msg;
    rb_skip(msg, BGP_HDR);
    struct rb gone = rb_sub(msg, rb_u16(msg)), at = rb_sub(msg, rb_u16(msg)), nlri = *msg;
    if (!rb_ok(&at))
        return;
    l->prefixes += count_nlri(nlri);
    l->updates++;
    note_withdraw(l, nlri);
    if (!conf.external) {
        gbuf_put(&l->announce, all.p, rb_left(&all));
        return;
    }
    static struct gbuf attrs;
    attrs.len = 0;
    rewrite(&attrs, &at, conf.as4, local);
    do {
        size_t before = rb_left(&nlri);
        put_update(&l->announce, &gone, &attrs, &nlri);
        gone = rb_init(NULL, 0);
        if (before && rb_left(&nlri) == before)
            return; /* not one prefix fits beside these attributes */
    } while (rb_left(&nlri));
}

/* One BGP4MP record; true if it is of the peer that we replay. */
static void take_record(struct gload *l, struct rb *r, unsigned subtype, const struct gaddr *local)
{
    static uint32_t peer_as;
    static bool have_peer;
    bool as4 = subtype == 4 || subtype == 7;
    if (subtype != 1 && subtype != 4 && subtype != 6 && subtype != 7)
        return;
    uint32_t as = as4 ? rb_u32(r) : rb_u16(r);
    rb_skip(r, as4 ? 4 : 2);
    rb_skip(r, 2);
    rb_skip(r, rb_u16(r) == 2 ? 32 : 8);
    if (!rb_has(r, BGP_HDR) || (have_peer && as != peer_as))
        return;
    unsigned len = (unsigned)r->p[16] << 8 | r->p[17];
    if (r->p[18] != BGP_UPDATE || len != rb_left(r))
        return;
    if (!have_peer) {
        have_peer = true;
        peer_as = as;
        conf.as4 = as4;
    }
    if (as4 == conf.as4)
        add_update(l, r, local);
}

bool mrt_load(struct gload *l, const struct gaddr *local)
{
    bool piped, whole = true;
    FILE *f = open_file(conf.file, &piped);
    uint8_t head[MRT_HDR], *body = malloc(MRT_MAX);
    if (!f || !body) {
        fprintf(stderr, "bgpgen: cannot read %s: %s\n", conf.file, strerror(errno));
        free(body);
        return false;
    }
    while (fread(head, 1, MRT_HDR, f) == MRT_HDR) {
        struct rb h = rb_init(head, MRT_HDR);
        rb_skip(&h, 4);
        unsigned type = rb_u16(&h), subtype = rb_u16(&h);
        uint32_t len = rb_u32(&h);
        if (len > MRT_MAX || fread(body, 1, len, f) != len) {
            fprintf(stderr, "bgpgen: %s ends inside a record\n", conf.file);
            whole = false;
            break;
        }
        struct rb r = rb_init(body, len);
        if (type == MRT_BGP4MP_ET)
            rb_skip(&r, 4);
        if (type == MRT_BGP4MP || type == MRT_BGP4MP_ET)
            take_record(l, &r, subtype, local);
    }
    int rc = piped ? pclose(f) : fclose(f);
    free(body);
    if (!l->updates)
        fprintf(stderr, "bgpgen: no UPDATE in %s\n", conf.file);
    return whole && rc == 0 && l->updates > 0;
}
