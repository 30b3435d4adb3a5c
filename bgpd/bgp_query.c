/* SPDX-License-Identifier: Apache-2.0
 * bgp_query.c - questions to the RIB: snapshots in prefix order, made by the shards in slices.
 *
 * A shard walks its table with a cursor that survives change and answers with a chunk of at most
 * CHUNK entries whenever it is asked for one; so a question never holds more than a chunk per
 * shard, however slowly its reader reads. The main thread merges the shards' chunks in prefix order
 * and delivers from the loop, one slice per bgp_rib_query_next().
 *
 * A freed query lives on, mute, until every shard has said that it forgot it.
 */
#include "config.h"
#include "bgp_group.h"
#include <stdlib.h>

MEM_DEFINE(bgp_query, "BGP RIB query");

#define CHUNK 512
#define SLICE 1024
#define STEP  64

struct chunk {
    unsigned n, n_paths, cap_paths, at; /* at: main's reading position */
    bool end;
    struct bgp_rib_path *paths;
    struct bgp_rib_entry e[CHUNK];
    uint32_t first_path[CHUNK];
};

/* ---- in a shard ---- */
struct shard_query {
    struct shard_query *next;
    struct bgp_rib_query *owner; /* a name, never read here */
    struct bgp_rib_filter f;
    struct ptable_cursor cursor;
    bool wanted, ended;
    struct chunk *c;
};

static struct bgp_rib_path *path_slot(struct chunk *c)
{
    if (c->n_paths == c->cap_paths) {
        c->cap_paths = c->cap_paths ? c->cap_paths * 2 : CHUNK;
        c->paths = mem_realloc(MEM(bgp_query), c->paths, c->cap_paths * sizeof(*c->paths));
    }
    return &c->paths[c->n_paths++];
}

/* Why the best path is better than the strongest of the others; why the others are not best. */
static void reasons(struct bgp_shard *s, struct shard_table *t, uint8_t *key,
                    struct bgp_rib_path *out, unsigned n)
{
    struct dest_tail *tail = dest_tail(t, key);
    struct bgp_decide_path best, other, second;
    bool have_second = false;
    if (!(dest_meta(t, key)->flags & DF_BEST))
        return;
    shard_view(s, t, tail->path, path_get(t, tail->path), &best);
    best.current = true;
    out[0].reason = BR_FIRST;
    uint32_t h = path_get(t, tail->path)->next;
    for (unsigned i = 1; i < n && !(h & PATH_TAIL); i++, h = path_get(t, h)->next) {
        const struct path *p = path_get(t, h);
        enum bgp_reason why = BR_NONE;
        if (!shard_path_valid(p))
            continue;
        shard_view(s, t, h, p, &other);
        bgp_decide_cmp(t->conf, &best, &other, &why);
        out[i].reason = (uint8_t)(p->flags & PF_MULTIPATH ? BR_MULTIPATH : why);
        if (!have_second || bgp_decide_cmp(t->conf, &other, &second, NULL) < 0)
            second = other;
        have_second = true;
    }
    enum bgp_reason why = BR_FIRST;
    if (have_second)
        bgp_decide_cmp(t->conf, &best, &second, &why);
    out[0].reason = (uint8_t)why;
}

static void entry_paths(struct bgp_shard *s, struct shard_table *t, uint8_t *key, struct chunk *c,
                        struct bgp_rib_entry *e, const struct bgp_rib_filter *f)
{
    uint32_t first = c->n_paths, h = dest_tail(t, key)->path;
    uint8_t flags = dest_meta(t, key)->flags;
    bool head = true;
    while (h && !(h & PATH_TAIL)) {
        const struct path *p = path_get(t, h);
        struct bgp_rib_path *o = path_slot(c);
        *o = (struct bgp_rib_path){ .source = p->source,
                                    .attr = p->flags & PF_FILTERED ? 0 : p->attr,
                                    .attr_in = path_attr_in(t, h),
                                    .age = p->age,
                                    .best = head && flags & DF_BEST,
                                    .multipath = p->flags & PF_MULTIPATH,
                                    .valid = shard_path_valid(p),
                                    .stale = p->flags & PF_STALE,
                                    .filtered = p->flags & PF_FILTERED };
        o->installed = (o->best || o->multipath) && flags & DF_FIB;
        shard_mark(s, o->attr);
        shard_mark(s, o->attr_in);
        head = false;
        h = p->next;
    }
    e->n_paths = (uint16_t)(c->n_paths - first);
    if (e->n_paths)
        reasons(s, t, key, c->paths + first, e->n_paths);
    if (f->kind != BGP_Q_PEER_IN)
        return;
    for (uint32_t i = first; i < c->n_paths; i++)
        if (c->paths[i].source == f->peer)
            c->paths[first] = c->paths[i];
    c->n_paths = first + 1;
    e->n_paths = 1;
}

static bool has_source(const struct shard_table *t, uint8_t *key, uint16_t source)
{
    for (uint32_t h = dest_tail(t, key)->path; h && !(h & PATH_TAIL); h = path_get(t, h)->next)
        if (path_get(t, h)->source == source)
            return true;
    return false;
}

/* Adds a destination to the chunk if it belongs to the answer. */
static void entry_add(struct bgp_shard *s, struct shard_table *t, struct shard_query *q, uint32_t d)
{
    struct chunk *c = q->c;
    uint8_t *key = dest_key(t, d);
    struct bgp_rib_entry e = { .prefix = dest_prefix(t, key),
                               .version = dest_tail(t, key)->version };
    if (q->f.kind == BGP_Q_PEER_OUT) {
        struct shard_peer *p = shard_peer(s, q->f.peer);
        struct shard_group *g = p ? p->group[t->af] : NULL;
        const struct group_cell *cell = g ? carray_peek(&g->cells, d) : NULL;
        if (!cell || !cell->attr || cell->source == q->f.peer)
            return;
        e.out_attr = group_out_attr(s, g, cell);
        e.out_source = cell->source;
        shard_mark(s, e.out_attr);
    } else if (!dest_tail(t, key)->path ||
               (q->f.kind == BGP_Q_PEER_IN && !has_source(t, key, q->f.peer))) {
        return;
    }
    e.fib_installed = dest_meta(t, key)->flags & DF_FIB;
    e.fib_failed = dest_meta(t, key)->flags & DF_FIB_FAILED;
    e.fib_errno = dest_meta(t, key)->fib_errno;
    c->first_path[c->n] = c->n_paths;
    if (dest_tail(t, key)->path && q->f.kind != BGP_Q_PEER_OUT)
        entry_paths(s, t, key, c, &e, &q->f);
    c->e[c->n++] = e;
}

static void single(struct bgp_shard *s, struct shard_table *t, struct shard_query *q)
{
    const struct prefix *p = &q->f.prefix;
    q->ended = true;
    if (p->family != t->family)
        return;
    uint32_t d = q->f.kind == BGP_Q_EXACT ? ptable_find(&t->pt, p->b, p->len)
                                          : ptable_lpm(&t->pt, p->b, p->len);
    while (d && q->f.kind == BGP_Q_LPM && !dest_tail(t, dest_key(t, d))->path)
        d = ptable_parent(&t->pt, dest_key(t, d), dest_len(t, dest_key(t, d)));
    if (d)
        entry_add(s, t, q, d);
}

static void chunk_post(struct bgp_shard *s, struct shard_query *q)
{
    struct chunk *c = q->c;
    c->end = q->ended;
    for (unsigned i = 0; i < c->n; i++)
        c->e[i].paths = c->paths + c->first_path[i];
    struct rib_up *u = rib_up_new(UP_QUERY, s);
    u->p = c;
    u->q = q->owner;
    q->c = NULL;
    q->wanted = false;
    rib_up_post(u);
}

static void chunk_fill(struct bgp_shard *s, struct shard_query *q)
{
    struct shard_table *t = shard_table(s, q->f.inst, q->f.af);
    if (!q->c)
        q->c = mem_calloc(MEM(bgp_query), 1, sizeof(*q->c));
    if (!t)
        q->ended = true;
    else if (q->f.kind == BGP_Q_EXACT || q->f.kind == BGP_Q_LPM)
        single(s, t, q);
    while (!q->ended && q->c->n < CHUNK && !shard_slice_over(s)) {
        uint32_t d[STEP];
        unsigned room = CHUNK - q->c->n < STEP ? CHUNK - q->c->n : STEP;
        uint32_t n = ptable_next(&t->pt, &q->cursor, d, room);
        q->ended = n == 0;
        for (uint32_t i = 0; i < n; i++)
            entry_add(s, t, q, d[i]);
    }
    if (q->ended || q->c->n == CHUNK)
        chunk_post(s, q);
}

bool query_work(struct bgp_shard *s)
{
    bool more = false;
    for (struct shard_query *q = s->queries; q; q = q->next) {
        if (q->wanted && !shard_slice_over(s))
            chunk_fill(s, q);
        more |= q->wanted;
    }
    return more;
}

static void chunk_free(struct chunk *c)
{
    if (c)
        mem_free(MEM(bgp_query), c->paths);
    mem_free(MEM(bgp_query), c);
}

static void forget(struct bgp_shard *s, const struct bgp_rib_query *owner)
{
    for (struct shard_query **at = &s->queries; *at; at = &(*at)->next) {
        struct shard_query *q = *at;
        if (q->owner != owner)
            continue;
        *at = q->next;
        chunk_free(q->c);
        mem_free(MEM(bgp_query), q);
        return;
    }
}

void query_msg(struct bgp_shard *s, struct shard_msg *m)
{
    if (m->m.type == SM_QUERY_FREE) {
        forget(s, m->p);
        struct rib_up *u = rib_up_new(UP_QUERY, s);
        u->q = m->p;
        u->flag = true;
        rib_up_post(u);
        return;
    }
    struct shard_query *q = s->queries;
    while (q && q->owner != m->p)
        q = q->next;
    if (!q) {
        q = mem_calloc(MEM(bgp_query), 1, sizeof(*q));
        q->owner = m->p;
        q->f = (struct bgp_rib_filter){
            .inst = m->inst, .af = (enum bgp_afi_safi)m->af, .peer = m->peer, .prefix = m->prefix
        };
        memcpy(&q->f.kind, &m->result, sizeof(q->f.kind));
        ptable_cursor_init(&q->cursor);
        if (q->f.kind == BGP_Q_LONGER)
            ptable_cursor_within(&q->cursor, &q->f.prefix);
        q->next = s->queries;
        s->queries = q;
    }
    q->wanted = true;
}

void query_free_shard(struct bgp_shard *s)
{
    while (s->queries)
        forget(s, s->queries->owner);
}

/* ---- on the main thread ---- */
struct bgp_rib_query {
    struct bgp_rib_query *next;
    struct bgp_rib_filter f;
    void (*deliver)(void *ctx, const struct bgp_rib_entry *e, unsigned n);
    void *ctx;
    bool wants, freed, over;
    unsigned pins;   /* callbacks under way or queued */
    unsigned acks;   /* shards that forgot it */
    unsigned n_held; /* chunks to be freed after the delivery */
    struct chunk **held;
    struct bgp_rib_entry slice[SLICE];
    struct {
        struct chunk *c;
        bool asked, ended;
    } shard[];
};
static struct bgp_rib_query *queries;

unsigned query_open_count(void)
{
    unsigned n = 0;
    for (const struct bgp_rib_query *q = queries; q; q = q->next)
        n++;
    return n;
}

static void ask(struct bgp_rib_query *q, unsigned i)
{
    struct shard_msg *m = shard_msg_new(SM_QUERY, 0);
    m->p = q;
    m->inst = q->f.inst;
    m->af = (uint8_t)q->f.af;
    m->peer = q->f.peer;
    m->prefix = q->f.prefix;
    memcpy(&m->result, &q->f.kind, sizeof(q->f.kind));
    q->shard[i].asked = true;
    shard_post(bgp_rib_state.shards[i], m);
}

struct bgp_rib_query *
bgp_rib_query_new(const struct bgp_rib_filter *f,
                  void (*deliver)(void *ctx, const struct bgp_rib_entry *e, unsigned n), void *ctx)
{
    unsigned n = bgp_rib_state.n_shards;
    struct bgp_rib_query *q = mem_calloc(MEM(bgp_query), 1, sizeof(*q) + n * sizeof(q->shard[0]));
    q->f = *f;
    q->deliver = deliver;
    q->ctx = ctx;
    q->wants = true;
    q->held = mem_calloc(MEM(bgp_query), n, sizeof(*q->held));
    q->next = queries;
    queries = q;
    for (unsigned i = 0; i < n; i++)
        ask(q, i);
    return q;
}

static void query_destroy(struct bgp_rib_query *q)
{
    struct bgp_rib_query **at = &queries;
    while (*at && *at != q)
        at = &(*at)->next;
    if (*at)
        *at = q->next;
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++)
        chunk_free(q->shard[i].c);
    mem_free(MEM(bgp_query), q->held);
    mem_free(MEM(bgp_query), q);
}

static void maybe_destroy(struct bgp_rib_query *q)
{
    if (q->freed && !q->pins && q->acks == bgp_rib_state.n_shards)
        query_destroy(q);
}

/* Is every shard's next entry known? */
static bool complete(const struct bgp_rib_query *q)
{
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++)
        if (!q->shard[i].ended && !q->shard[i].c)
            return false;
    return true;
}

static unsigned merge(struct bgp_rib_query *q)
{
    unsigned n = 0;
    while (n < SLICE && complete(q)) {
        unsigned best = UINT32_MAX;
        for (unsigned i = 0; i < bgp_rib_state.n_shards; i++) {
            const struct chunk *c = q->shard[i].c;
            if (c && c->at < c->n &&
                (best == UINT32_MAX ||
                 prefix_cmp(&c->e[c->at].prefix,
                            &q->shard[best].c->e[q->shard[best].c->at].prefix) < 0))
                best = i;
        }
        if (best == UINT32_MAX)
            break;
        struct chunk *c = q->shard[best].c;
        q->slice[n++] = c->e[c->at++];
        if (c->at < c->n)
            continue;
        q->held[q->n_held++] = c; /* its paths are still referred to */
        q->shard[best].c = NULL;
        q->shard[best].ended = c->end;
    }
    return n;
}

/* Of the shards' longest matches the longest. */
static unsigned merge_lpm(struct bgp_rib_query *q)
{
    unsigned n = merge(q);
    for (unsigned i = 1; i < n; i++)
        if (q->slice[i].prefix.len > q->slice[0].prefix.len)
            q->slice[0] = q->slice[i];
    return n > 1 ? 1 : n;
}

static void pump(struct bgp_rib_query *q)
{
    if (!q->wants || q->freed || q->over || !complete(q))
        return;
    q->wants = false;
    unsigned n = q->f.kind == BGP_Q_LPM ? merge_lpm(q) : merge(q);
    if (!n) {
        q->over = true;
        for (unsigned i = 0; i < bgp_rib_state.n_shards; i++)
            q->over = q->over && q->shard[i].ended;
    }
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++)
        if (!q->shard[i].ended && !q->shard[i].c && !q->shard[i].asked)
            ask(q, i);
    if (!n && !q->over) {
        q->wants = true;
        return;
    }
    q->pins++; /* it may be freed in there */
    q->deliver(q->ctx, q->slice, n);
    q->pins--;
    for (unsigned i = 0; i < q->n_held; i++)
        chunk_free(q->held[i]);
    q->n_held = 0;
    maybe_destroy(q);
}

void query_up_main(struct rib_up *u)
{
    struct bgp_rib_query *q = u->q;
    if (u->flag) {
        q->acks++;
        maybe_destroy(q);
        return;
    }
    struct chunk *c = u->p;
    q->shard[u->shard].asked = false;
    if (q->freed || !bgp_rib_state.started) {
        chunk_free(c);
        return;
    }
    if (!c->n) { /* nothing (more) from this shard */
        q->shard[u->shard].ended = c->end;
        chunk_free(c);
    } else {
        q->shard[u->shard].c = c;
    }
    pump(q);
}

static void pump_later(void *ctx)
{
    struct bgp_rib_query *q = ctx;
    q->pins--;
    if (q->freed)
        maybe_destroy(q);
    else
        pump(q);
}

void bgp_rib_query_next(struct bgp_rib_query *q)
{
    if (q->freed || q->wants)
        return;
    q->wants = true;
    q->pins++;
    loop_later(bgp_rib_state.loop, "bgp-query", pump_later, q);
}

void bgp_rib_query_free(struct bgp_rib_query *q)
{
    if (!q || q->freed)
        return;
    q->freed = true;
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++) {
        struct shard_msg *m = shard_msg_new(SM_QUERY_FREE, 0);
        m->p = q;
        shard_post(bgp_rib_state.shards[i], m);
    }
}

void query_stop(void)
{
    while (queries)
        query_destroy(queries);
}
