/* SPDX-License-Identifier: Apache-2.0
 * bgp_group_flush.c - from pending destinations to messages on the members' sockets.
 *
 * A flush takes up to FLUSH_DESTS pending destinations of a group, computes the new cell of each,
 * and where the cell changed makes an item. Items with equal (attribute, source, audience) form a
 * bucket; a bucket is encoded once: attributes transformed once, one message after another with as
 * much NLRI as fits. Buckets of one audience follow each other in a buffer of up to 64 KB, which
 * all members of that audience get. Audiences: all synced members, all but one (the source), one,
 * or a set of members that catch up.
 *
 * Within one flush a destination is announced to a member or withdrawn from it, never both, so the
 * order of buckets does not matter; between flushes bgp_io_write() keeps the order.
 */
#include "config.h"
#include "bgp_group.h"

#define ENC_CAP      (2 * 65536)
#define LAG_US       250000 /* a full socket holds its group up this long at most */
#define COHORT       64     /* members that catch up together */
#define FLAT_BYTES   (4 * 65536)
#define SAME_ENTRIES 256

enum audience { AUD_ALL, AUD_EXCEPT, AUD_ONLY, AUD_COHORT };
struct aud {
    enum audience kind;
    uint16_t peer;
    uint64_t mask;
    uint32_t first, last;
};
struct item {
    uint32_t dest, next;
};
struct bucket {
    uint32_t attr;
    uint16_t source, from;
    uint32_t aud, head, tail, next_in_aud, hash_next;
};
struct same {
    uint32_t group, a, b;
    uint16_t a_src, b_src, a_from, b_from;
    bool same, set;
};

struct flush {
    struct item *items;
    uint32_t n_items, cap_items;
    struct bucket *buckets;
    uint32_t n_buckets, cap_buckets;
    struct aud *auds;
    uint32_t n_auds, cap_auds;
    uint32_t *heads, n_heads, cap_heads;
    uint32_t *gone, n_gone, cap_gone; /* destinations that may be free after this */
    uint32_t last_bucket, last_aud;
    struct shard_member *cohort[COHORT];
    unsigned n_cohort;
    struct bgp_member *to;
    unsigned cap_to;
    unsigned n_synced;
    uint32_t enc_len, enc_updates;
    struct bgp_attr_build build;
    struct same same[SAME_ENTRIES];
    uint8_t enc[ENC_CAP];
    uint64_t flat[FLAT_BYTES / 8], flat2[FLAT_BYTES / 8];
};

struct flush *group_flush_new(void)
{
    return mem_calloc(MEM(bgp_group), 1, sizeof(struct flush));
}

void group_flush_free(struct flush *f)
{
    mem_free(MEM(bgp_group), f->items);
    mem_free(MEM(bgp_group), f->buckets);
    mem_free(MEM(bgp_group), f->auds);
    mem_free(MEM(bgp_group), f->heads);
    mem_free(MEM(bgp_group), f->gone);
    mem_free(MEM(bgp_group), f->to);
    mem_free(MEM(bgp_group), f);
}

static void *grown(void *p, uint32_t *cap, uint32_t n, size_t size)
{
    if (n < *cap)
        return p;
    *cap = *cap ? *cap * 2 : 64;
    return mem_realloc(MEM(bgp_group), p, *cap * size);
}

/* ---- buckets ---- */
static void flush_begin(struct flush *f, uint32_t expect)
{
    uint32_t n = 64;
    while (n < expect && n < FLUSH_DESTS)
        n *= 2;
    if (n > f->cap_heads) {
        f->heads = mem_realloc(MEM(bgp_group), f->heads, n * sizeof(*f->heads));
        f->cap_heads = n;
    }
    memset(f->heads, 0, n * sizeof(*f->heads));
    f->n_heads = n;
    f->n_items = f->n_buckets = f->n_auds = 1; /* 0: none */
    f->n_gone = 0;
    f->last_bucket = f->last_aud = 0;
    f->enc_len = f->enc_updates = 0;
}

static uint32_t aud_get(struct flush *f, enum audience kind, uint16_t peer, uint64_t mask)
{
    struct aud *a = &f->auds[f->last_aud];
    if (f->last_aud && a->kind == kind && a->peer == peer && a->mask == mask)
        return f->last_aud;
    uint32_t i = 1;
    for (; i < f->n_auds; i++)
        if (f->auds[i].kind == kind && f->auds[i].peer == peer && f->auds[i].mask == mask)
            break;
    if (i == f->n_auds) {
        f->auds = grown(f->auds, &f->cap_auds, f->n_auds, sizeof(*f->auds));
        f->auds[f->n_auds++] = (struct aud){ .kind = kind, .peer = peer, .mask = mask };
    }
    f->last_aud = i;
    return i;
}

static uint32_t bucket_get(struct flush *f, uint32_t attr, uint16_t source, uint16_t from,
                           uint32_t aud)
{
    struct bucket *b = &f->buckets[f->last_bucket];
    if (f->last_bucket && b->attr == attr && b->source == source && b->from == from &&
        b->aud == aud)
        return f->last_bucket;
    uint64_t mix = ((uint64_t)attr << 32 | (uint32_t)source << 8 | aud) * 0x9e3779b97f4a7c15ull;
    uint32_t *head = &f->heads[(mix >> 32) & (f->n_heads - 1)];
    for (uint32_t i = *head; i; i = b->hash_next) {
        b = &f->buckets[i];
        if (b->attr == attr && b->source == source && b->from == from && b->aud == aud)
            return i;
    }
    f->buckets = grown(f->buckets, &f->cap_buckets, f->n_buckets, sizeof(*f->buckets));
    uint32_t i = f->n_buckets++;
    f->buckets[i] = (struct bucket){
        .attr = attr, .source = source, .from = from, .aud = aud, .hash_next = *head
    };
    *head = i;
    struct aud *a = &f->auds[aud];
    if (a->last)
        f->buckets[a->last].next_in_aud = i;
    else
        a->first = i;
    a->last = i;
    return i;
}

/* attr 0: withdraw. */
static void item_add(struct flush *f, uint32_t dest, const struct group_cell *c, uint32_t aud)
{
    uint32_t k =
        c->attr ? bucket_get(f, c->attr, c->source, c->from, aud) : bucket_get(f, 0, 0, 0, aud);
    f->last_bucket = k;
    f->items = grown(f->items, &f->cap_items, f->n_items, sizeof(*f->items));
    uint32_t i = f->n_items++;
    f->items[i] = (struct item){ .dest = dest };
    struct bucket *b = &f->buckets[k];
    if (b->tail)
        f->items[b->tail].next = i;
    else
        b->head = i;
    b->tail = i;
}

/* ---- attributes ---- */
/* What goes out for a cell, flat; NULL: cannot be sent. */
static const struct bgp_attr *wire_attr(struct bgp_shard *s, const struct shard_group *g,
                                        const struct group_cell *c, uint64_t *flat)
{
    struct bgp_attr_build *b = &s->flush->build;
    const struct bgp_rib_inst *i = g->t->conf;
    bgp_attr_build_from(b, bgp_attr_get(c->attr));
    if (!g->key.out || c->from & EXS_RAW) {
        struct bgp_export_from from = { .flags = c->from };
        if (c->from & EXS_IBGP)
            from.router_id = shard_from(s, c->source, g->t->af).router_id;
        if (!bgp_export_pre(b, &g->key, i, &from))
            return NULL;
    }
    if (!bgp_export_post(b, &g->key, i) || !bgp_export_flat(b, flat, FLAT_BYTES))
        return NULL;
    return (const struct bgp_attr *)flat;
}

uint32_t group_out_attr(struct bgp_shard *s, struct shard_group *g, const struct group_cell *c)
{
    const struct bgp_attr *a = wire_attr(s, g, c, s->flush->flat);
    if (!a)
        return c->attr;
    bgp_attr_build_from(&s->flush->build, a);
    return bgp_attr_intern(&s->flush->build);
}

static size_t flat_len(const struct bgp_attr *a)
{
    return sizeof(*a) + a->aspath_len + a->community_len + a->ext_len + a->large_len +
           a->cluster_len + a->unknown_len;
}

static bool wire_differs(struct bgp_shard *s, struct shard_group *g, const struct group_cell *x,
                         const struct group_cell *y)
{
    const struct bgp_attr *a = wire_attr(s, g, x, s->flush->flat);
    const struct bgp_attr *b = wire_attr(s, g, y, s->flush->flat2);
    if (!a || !b || flat_len(a) != flat_len(b))
        return true;
    return memcmp(a, b, flat_len(a)) != 0;
}

/* Would the members see no difference between two cells? */
static bool same_bytes(struct bgp_shard *s, struct shard_group *g, const struct group_cell *a,
                       const struct group_cell *b)
{
    if (!a->attr || !b->attr)
        return a->attr == b->attr;
    if (a->attr == b->attr && a->from == b->from &&
        (a->source == b->source || !(a->from & EXS_IBGP)))
        return true;
    uint64_t mix = ((uint64_t)a->attr << 32 | b->attr) * 0x9e3779b97f4a7c15ull + g->id;
    struct same *e = &s->flush->same[(mix >> 40) % SAME_ENTRIES];
    if (e->set && e->group == g->id && e->a == a->attr && e->b == b->attr &&
        e->a_src == a->source && e->b_src == b->source && e->a_from == a->from &&
        e->b_from == b->from)
        return e->same;
    *e = (struct same){ .group = g->id,
                        .a = a->attr,
                        .b = b->attr,
                        .a_src = a->source,
                        .b_src = b->source,
                        .a_from = a->from,
                        .b_from = b->from,
                        .set = true };
    e->same = !wire_differs(s, g, a, b);
    return e->same;
}

void group_memo_clear(struct bgp_shard *s)
{
    memset(s->flush->same, 0, sizeof(s->flush->same));
    memset(s->pre_memo, 0, sizeof(s->pre_memo));
}

/* ---- what a destination's cell shall be ---- */
static uint32_t pre_interned(struct bgp_shard *s, struct shard_group *g, uint32_t attr,
                             uint16_t source, const struct bgp_export_from *from)
{
    uint64_t mix = ((uint64_t)attr << 32 | (uint32_t)source << 16 | g->id) * 0x9e3779b97f4a7c15ull;
    unsigned at = (unsigned)(mix >> 54);
    if (s->pre_memo[at].attr == attr && s->pre_memo[at].source == source &&
        s->pre_memo[at].group == g->id)
        return s->pre_memo[at].out;
    struct bgp_attr_build *b = &s->flush->build;
    bgp_attr_build_from(b, bgp_attr_get(attr));
    uint32_t out = bgp_export_pre(b, &g->key, g->t->conf, from) ? bgp_attr_intern(b) : 0;
    s->pre_memo[at].attr = attr;
    s->pre_memo[at].source = source;
    s->pre_memo[at].group = g->id;
    s->pre_memo[at].out = out;
    return out;
}

static uint32_t policy_out(struct bgp_shard *s, struct shard_group *g, const uint8_t *key,
                           uint32_t attr, uint16_t source, const struct bgp_export_from *from,
                           bool *ret_raw)
{
    uint32_t pre = bgp_policy_blind(g->key.out) ? attr : pre_interned(s, g, attr, source, from);
    if (!pre)
        return 0;
    if (!s->memo_out)
        s->memo_out = bgp_policy_memo_new();
    const struct shard_peer *to = g->n ? shard_peer(s, g->members[0]->peer) : NULL;
    const struct shard_peer *src = source >= BGP_PEER_FIRST ? shard_peer(s, source) : NULL;
    struct bgp_policy_env env = { .local_as = g->t->conf->as,
                                  .ebgp = g->key.flags & (GK_EBGP | GK_CONFED),
                                  .igp_metric = nht_metric(bgp_attr_get(attr)->nh),
                                  .nexthop = bgp_attr_get(attr)->nexthop,
                                  .nexthop_ll = bgp_attr_get(attr)->nexthop_ll,
                                  .out = true };
    if (to) {
        env.peer_addr = to->conf.remote_addr;
        env.local_addr = to->conf.local_addr;
        env.peer_as = to->conf.remote_as;
    }
    if (src)
        env.source_addr = src->conf.remote_addr;
    struct prefix p = dest_prefix(g->t, key);
    uint32_t out = bgp_policy_apply(g->key.out, s->memo_out, &env, &p, pre);
    *ret_raw = out == pre;
    return *ret_raw ? attr : out;
}

static struct group_cell default_route(struct bgp_shard *s, struct shard_group *g)
{
    struct bgp_attr_build *b = &s->flush->build;
    struct bgp_export_from from = { .flags = EXS_LOCAL | EXS_DEFAULT };
    bgp_attr_build_init(b);
    b->h.origin = BGP_ORIGIN_IGP;
    struct group_cell c = { .attr = bgp_attr_intern(b),
                            .source = BGP_SRC_DEFAULT_ORIGINATE,
                            .from = from.flags };
    if (g->key.out)
        c.attr = pre_interned(s, g, c.attr, c.source, &from);
    return c;
}

static struct group_cell evaluate(struct bgp_shard *s, struct shard_group *g, uint8_t *key)
{
    struct shard_table *t = g->t;
    struct group_cell none = { 0 };
    if (g->key.flags & GK_DEFAULT && dest_len(t, key) == 0)
        return default_route(s, g);
    const struct path *p = dest_best(t, key);
    if (!p)
        return none;
    if (g->n == 1 && g->members[0]->peer == p->source) {
        g->hidden = true; /* nobody to tell: saves the cell until a second member comes */
        return none;
    }
    const struct bgp_attr *a = bgp_attr_get(p->attr);
    struct bgp_export_from from = shard_from(s, p->source, t->af);
    if (!bgp_export_allowed(&g->key, t->conf, from.flags, a) ||
        !bgp_export_has_nexthop(&g->key, from.flags, a))
        return none;
    if (t->conf->suppress_fib_pending && p->source >= BGP_PEER_FIRST &&
        !(dest_meta(t, key)->flags & DF_FIB))
        return none;
    struct group_cell c = { .attr = p->attr, .source = p->source, .from = from.flags };
    bool raw = false;
    if (g->key.out)
        c.attr = policy_out(s, g, key, p->attr, p->source, &from, &raw);
    if (raw) /* the policy set nothing: the Loc-RIB's set is kept, ours need not live */
        c.from |= EXS_RAW;
    return c.attr ? c : none;
}

/* ---- changes ---- */
static void own_count(struct bgp_shard *s, struct shard_group *g, uint16_t source, int n)
{
    struct shard_peer *p = source >= BGP_PEER_FIRST ? shard_peer(s, source) : NULL;
    if (p && p->group[g->t->af] == g)
        p->own[g->t->af] += (uint32_t)n;
}

static bool is_member(struct bgp_shard *s, const struct shard_group *g, uint16_t source)
{
    const struct shard_peer *p = source >= BGP_PEER_FIRST ? shard_peer(s, source) : NULL;
    return p && p->group[g->t->af] == g;
}

static uint32_t all_but(struct bgp_shard *s, struct flush *f, const struct shard_group *g,
                        uint16_t source)
{
    return is_member(s, g, source) ? aud_get(f, AUD_EXCEPT, source, 0) : aud_get(f, AUD_ALL, 0, 0);
}

static void tell_synced(struct bgp_shard *s, struct shard_group *g, struct flush *f, uint32_t d,
                        const struct group_cell *old, const struct group_cell *new, bool same)
{
    static const struct group_cell none;
    if (!new->attr) {
        item_add(f, d, &none, all_but(s, f, g, old->source));
        return;
    }
    if (!same)
        item_add(f, d, new, all_but(s, f, g, new->source));
    if (!old->attr || old->source == new->source)
        return;
    if (same && is_member(s, g, old->source))
        item_add(f, d, new, aud_get(f, AUD_ONLY, old->source, 0));
    if (is_member(s, g, new->source))
        item_add(f, d, &none, aud_get(f, AUD_ONLY, new->source, 0));
}

static void tell_lagging(struct shard_group *g, uint32_t d, const struct group_cell *old,
                         const struct group_cell *new, bool same)
{
    for (unsigned i = 0; i < g->n; i++) {
        struct shard_member *m = g->members[i];
        bool had = old->attr && old->source != m->peer, has = new->attr &&new->source != m->peer;
        if (!m->synced && (had || has) && !(had && has && same))
            dbits_set(&m->todo, d);
    }
}

static void gone_add(struct flush *f, uint32_t d)
{
    f->gone = grown(f->gone, &f->cap_gone, f->n_gone, sizeof(*f->gone));
    f->gone[f->n_gone++] = d;
}

static void update_cell(struct bgp_shard *s, struct shard_group *g, struct flush *f, uint32_t d)
{
    uint8_t *key = dest_key(g->t, d);
    struct group_cell new = evaluate(s, g, key), *cell = carray_peek(&g->cells, d);
    if (!new.attr && dest_tail(g->t, key)->path == 0)
        gone_add(f, d);
    if (!cell) {
        if (!new.attr)
            return;
        cell = carray_at(&g->cells, d);
    }
    struct group_cell old = *cell;
    if (old.attr == new.attr && old.source == new.source &&old.from == new.from)
        return;
    bool same = same_bytes(s, g, &old, &new);
    *cell = new;
    shard_mark(s, new.attr);
    g->n_out += !!new.attr;
    g->n_out -= !!old.attr;
    if (old.attr)
        own_count(s, g, old.source, -1);
    if (new.attr)
        own_count(s, g, new.source, 1);
    if (f->n_synced)
        tell_synced(s, g, f, d, &old, &new, same);
    if (f->n_synced < g->n)
        tell_lagging(g, d, &old, &new, same);
}

/* ---- encoding ---- */
static unsigned audience(const struct shard_group *g, struct flush *f, const struct aud *a)
{
    unsigned n = 0;
    if (f->cap_to < g->n + 1) {
        f->cap_to = g->n + 16;
        f->to = mem_realloc(MEM(bgp_group), f->to, f->cap_to * sizeof(*f->to));
    }
    if (a->kind == AUD_COHORT) {
        for (unsigned i = 0; i < f->n_cohort; i++)
            if (a->mask >> i & 1)
                f->to[n++] = (struct bgp_member){ f->cohort[i]->peer, f->cohort[i]->gen };
        return n;
    }
    for (unsigned i = 0; i < g->n; i++) {
        const struct shard_member *m = g->members[i];
        if (!m->synced || (a->kind == AUD_EXCEPT && m->peer == a->peer) ||
            (a->kind == AUD_ONLY && m->peer != a->peer))
            continue;
        f->to[n++] = (struct bgp_member){ m->peer, m->gen };
    }
    return n;
}

static void push(struct shard_group *g, struct flush *f, const struct aud *a)
{
    if (!f->enc_len)
        return;
    unsigned n = audience(g, f, a);
    if (n) {
        struct bgp_outbuf *o = bgp_outbuf_new(f->enc_len);
        memcpy(o->data, f->enc, f->enc_len);
        o->len = f->enc_len;
        o->n_updates = f->enc_updates;
        bgp_io_write(f->to, n, o);
        bgp_outbuf_unref(o);
        g->updates += f->enc_updates;
        g->bytes += f->enc_len;
    }
    f->enc_len = f->enc_updates = 0;
}

static struct bgp_encode_ctx encode_ctx(const struct shard_group *g, const struct bgp_attr *a)
{
    uint32_t k = g->key.flags;
    return (struct bgp_encode_ctx){
        .af = (enum bgp_afi_safi)g->t->af,
        .as4 = k & GK_AS4,
        .ibgp = !(k & GK_EBGP),
        .send_community = k & GK_COMMUNITY,
        .send_ext = k & GK_EXT,
        .send_large = k & GK_LARGE,
        .max_len = BGP_MAX_LEN,
        .mp_ip4 = a && g->t->af == BGP_IP4_UNI && a->nexthop.family == AF_INET6,
    };
}

/* One message from item i on; the first item that is not in it. 0 with *ok false: it cannot be. */
static uint32_t message(struct shard_group *g, struct flush *f, struct bgp_encode_ctx *c,
                        const struct bgp_attr *a, uint32_t i, bool *ok)
{
    struct bgp_encoder e;
    uint8_t *at = f->enc + f->enc_len;
    *ok = a ? bgp_encode_begin(&e, c, a, at, ENC_CAP - f->enc_len)
            : bgp_encode_begin_withdraw(&e, c, at, ENC_CAP - f->enc_len);
    for (; *ok && i; i = f->items[i].next) {
        const uint8_t *key = dest_key(g->t, f->items[i].dest);
        if (!bgp_encode_nlri(&e, key, dest_len(g->t, key)))
            break;
    }
    size_t len = *ok ? bgp_encode_end(&e) : 0;
    *ok = len > 0;
    f->enc_len += (uint32_t)len;
    f->enc_updates += len > 0;
    return i;
}

static void encode(struct bgp_shard *s, struct shard_group *g, struct flush *f,
                   const struct bucket *b)
{
    const struct aud *aud = &f->auds[b->aud];
    struct group_cell c = { .attr = b->attr, .source = b->source, .from = b->from };
    const struct bgp_attr *a = b->attr ? wire_attr(s, g, &c, f->flat) : NULL;
    struct bgp_encode_ctx ctx = encode_ctx(g, a);
    for (uint32_t i = b->head; i;) {
        bool ok;
        if (f->enc_len > ENC_BYTES - BGP_MAX_LEN)
            push(g, f, aud);
        i = message(g, f, &ctx, a, i, &ok);
        if (ok)
            continue;
        if (a && ctx.max_len == BGP_MAX_LEN && g->key.flags & GK_EXT_MSG) {
            push(g, f, aud);
            ctx.max_len = BGP_MAX_LEN_EXT;
        } else if (a) { /* does not fit into any message: then the peers must not keep the old one
                         */
            a = NULL;
            ctx = encode_ctx(g, NULL);
        } else {
            break;
        }
    }
}

static void flush_end(struct bgp_shard *s, struct shard_group *g, struct flush *f)
{
    for (uint32_t k = 1; k < f->n_auds; k++) {
        for (uint32_t b = f->auds[k].first; b; b = f->buckets[b].next_in_aud)
            encode(s, g, f, &f->buckets[b]);
        push(g, f, &f->auds[k]);
    }
    for (uint32_t i = 0; i < f->n_gone; i++)
        shard_dest_try_free(s, g->t, f->gone[i]);
    for (unsigned i = 0; i < g->n; i++) {
        struct shard_peer *p = shard_peer(s, g->members[i]->peer);
        atomic_store_explicit(&p->count[g->t->af].sent, g->n_out - p->own[g->t->af],
                              memory_order_relaxed);
    }
}

/* ---- synced members: the live stream ---- */
static void live(struct bgp_shard *s, struct shard_group *g)
{
    struct flush *f = s->flush;
    flush_begin(f, g->pending.count);
    f->n_synced = 0;
    for (unsigned i = 0; i < g->n; i++)
        f->n_synced += g->members[i]->synced;
    for (unsigned n = 0; n < FLUSH_DESTS && g->pending.count; n++) {
        uint32_t d = dbits_next(&g->pending, g->cursor);
        if (!d) {
            g->cursor = 1;
            g->lap++;
            continue;
        }
        dbits_clear(&g->pending, d);
        g->cursor = d + 1;
        update_cell(s, g, f, d);
    }
    flush_end(s, g, f);
}

/* May the group send? Full sockets stop it for a moment; then they are left behind. */
static bool ready(struct bgp_shard *s, struct shard_group *g)
{
    unsigned full = 0, synced = 0;
    uint64_t now = loop_now();
    for (unsigned i = 0; i < g->n; i++) {
        struct shard_member *m = g->members[i];
        if (!m->synced)
            continue;
        synced++;
        if (bgp_io_backlog(m->peer) < BGP_OUT_HIGH) {
            m->high_since = 0;
            continue;
        }
        if (!m->high_since)
            m->high_since = now;
        full++;
    }
    if (!full)
        return true;
    if (full == synced && full == g->n)
        return false; /* bgp_rib_writable() wakes us */
    bool waiting = false;
    for (unsigned i = 0; i < g->n; i++) {
        struct shard_member *m = g->members[i];
        if (!m->synced || !m->high_since)
            continue;
        if (now - m->high_since > LAG_US)
            m->synced = false;
        else
            waiting = true;
    }
    if (waiting)
        actor_alarm(s->actor, LAG_US / 4);
    return !waiting;
}

/* ---- members that catch up ---- */
static unsigned cohort(struct shard_group *g, struct flush *f)
{
    f->n_cohort = 0;
    for (unsigned i = 0; i < g->n && f->n_cohort < COHORT; i++) {
        struct shard_member *m = g->members[i];
        if (!m->synced && m->todo.count && bgp_io_backlog(m->peer) < BGP_OUT_HIGH)
            f->cohort[f->n_cohort++] = m;
    }
    return f->n_cohort;
}

static void catch_up_dest(struct shard_group *g, struct flush *f, uint32_t d)
{
    static const struct group_cell none;
    const struct group_cell *cell = carray_peek(&g->cells, d);
    struct group_cell c = cell ? *cell : none;
    uint64_t mask = 0, own = 0;
    for (unsigned i = 0; i < f->n_cohort; i++) {
        struct shard_member *m = f->cohort[i];
        if (!dbits_test(&m->todo, d))
            continue;
        dbits_clear(&m->todo, d);
        mask |= 1ull << i;
        if (c.attr && c.source == m->peer)
            own |= 1ull << i;
    }
    if (!c.attr) {
        item_add(f, d, &none, aud_get(f, AUD_COHORT, 0, mask));
        if (dest_tail(g->t, dest_key(g->t, d))->path == 0)
            gone_add(f, d);
        return;
    }
    if (mask & ~own)
        item_add(f, d, &c, aud_get(f, AUD_COHORT, 0, mask & ~own));
    if (own)
        item_add(f, d, &none, aud_get(f, AUD_COHORT, 0, own));
}

static uint32_t cohort_next(const struct flush *f, uint32_t from)
{
    uint32_t best = 0;
    for (unsigned i = 0; i < f->n_cohort; i++) {
        uint32_t d = dbits_next(&f->cohort[i]->todo, from);
        if (d && (!best || d < best))
            best = d;
    }
    return best;
}

/* One slice for up to 64 members whose sockets have room. false: nothing could be done. */
static bool catch_up(struct bgp_shard *s, struct shard_group *g)
{
    struct flush *f = s->flush;
    if (!cohort(g, f))
        return false;
    flush_begin(f, f->cohort[0]->todo.count);
    unsigned n = 0, wraps = 0;
    while (n < FLUSH_DESTS && wraps < 2) {
        uint32_t d = cohort_next(f, g->catch_cursor);
        if (!d) {
            g->catch_cursor = 1;
            wraps++;
            continue;
        }
        g->catch_cursor = d + 1;
        if (dbits_test(&g->pending, d))
            continue; /* its cell is out of date; the live stream comes first */
        catch_up_dest(g, f, d);
        n++;
    }
    flush_end(s, g, f);
    return n > 0;
}

void group_dump_done(struct bgp_shard *s, const struct shard_peer *p, unsigned af, uint32_t dump)
{
    struct rib_up *u = rib_up_new(UP_DUMP_DONE, s);
    u->peer = p->conf.peer;
    u->gen = p->conf.gen;
    u->af = (uint8_t)af;
    u->count = dump;
    rib_up_post(u);
}

static void settle(struct bgp_shard *s, struct shard_group *g)
{
    for (unsigned i = 0; i < g->n; i++) {
        struct shard_member *m = g->members[i];
        if (m->todo.count)
            continue;
        if (!m->synced && bgp_io_backlog(m->peer) < BGP_OUT_LOW) {
            m->synced = true;
            m->high_since = 0;
            dbits_fini(&m->todo);
        }
        if (!m->dump || (g->pending.count && g->lap - m->lap < 2))
            continue;
        uint32_t dump = m->dump;
        m->dump = 0;
        group_dump_done(s, shard_peer(s, m->peer), g->t->af, dump);
    }
}

bool group_work(struct bgp_shard *s)
{
    bool more = false;
    for (unsigned i = 0; i < s->n_tables; i++) {
        struct shard_table *t = s->tables[i];
        for (struct shard_group *g = t ? t->groups : NULL; g; g = g->next) {
            bool again = true;
            while (again && !shard_slice_over(s)) {
                again = false;
                if (g->pending.count && ready(s, g)) {
                    live(s, g);
                    again = g->pending.count;
                }
                if (!again)
                    again = catch_up(s, g);
            }
            more |= again;
            settle(s, g);
        }
    }
    return more;
}
