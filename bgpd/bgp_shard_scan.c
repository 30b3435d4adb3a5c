/* SPDX-License-Identifier: Apache-2.0
 * bgp_shard_scan.c - linear walks over a shard's paths, in slices: what a peer's end, a changed
 * next hop or a changed policy makes necessary. Paths lie in a pool, so a walk reads memory in
 * order.
 */
#include "config.h"
#include "bgp_shard.h"

#define STEP 4096 /* paths between looks at the clock */

void shard_scan_add(struct bgp_shard *s, enum scan_kind kind, uint16_t peer, uint32_t gen,
                    int inst_af, bool report)
{
    struct scan *c = mem_calloc(MEM(bgp_rib), 1, sizeof(*c));
    c->kind = kind;
    c->peer = peer;
    c->gen = gen;
    c->all_tables = inst_af < 0;
    c->inst_af = inst_af < 0 ? 0 : (uint16_t)inst_af;
    c->report = report;
    c->cursor = 1;
    *s->scans_tail = c;
    s->scans_tail = &c->next;
}

static void visit(struct bgp_shard *s, const struct scan *c, struct shard_table *t, uint32_t h)
{
    struct path *p = path_get(t, h);
    if (!p->attr)
        return;
    if (c->kind == SCAN_NHT) {
        if (dbits_test(&s->nht_now, bgp_attr_get(p->attr)->nh)) {
            uint32_t d = path_dest(t, h);
            struct dest_meta *m = dest_meta(t, dest_key(t, d));
            if (dest_tail(t, dest_key(t, d))->path == h && m->flags & DF_BEST)
                m->flags |= DF_CHANGED; /* the metric may have changed */
            shard_decide(s, t, d);
        }
        return;
    }
    if (p->source != c->peer)
        return;
    if (c->kind == SCAN_TOUCH) { /* the peer's properties changed: as if its paths had */
        uint32_t d = path_dest(t, h);
        dest_meta(t, dest_key(t, d))->flags |= DF_CHANGED;
        shard_decide(s, t, d);
    } else if (c->kind == SCAN_SOFT_IN)
        shard_reimport(s, t, path_dest(t, h), h);
    else if (c->kind == SCAN_CLEAR || (c->kind == SCAN_STALE && p->flags & PF_STALE) ||
             (c->kind == SCAN_REFRESH && p->flags & PF_REFRESH))
        shard_path_drop(s, t, path_dest(t, h), h);
}

static bool step_dests(struct bgp_shard *s, struct scan *c, struct shard_table *t)
{
    for (unsigned n = 0; n < STEP && c->cursor < pool_end(&t->dests); n++, c->cursor++)
        if (dest_meta(t, dest_key(t, c->cursor))->flags & DF_LIVE)
            shard_decide(s, t, c->cursor);
    return c->cursor < pool_end(&t->dests);
}

/* Goes on in table t; true while there is more. */
static bool step_table(struct bgp_shard *s, struct scan *c, struct shard_table *t)
{
    if (!t)
        return false;
    if (c->kind == SCAN_DECIDE)
        return step_dests(s, c, t);
    for (unsigned n = 0; n < STEP && c->cursor < pool_end(&t->paths); n++, c->cursor++)
        visit(s, c, t, c->cursor);
    return c->cursor < pool_end(&t->paths);
}

/* true while there is more. */
static bool step(struct bgp_shard *s, struct scan *c)
{
    if (c->inst_af >= s->n_tables)
        return false;
    if (step_table(s, c, s->tables[c->inst_af]))
        return true;
    c->cursor = 1;
    return c->all_tables && ++c->inst_af < s->n_tables;
}

static void done(struct bgp_shard *s, const struct scan *c)
{
    if (c->kind == SCAN_NHT) {
        s->nht_running = false;
        dbits_fini(&s->nht_now);
        return;
    }
    if (c->kind != SCAN_CLEAR)
        return;
    struct shard_peer *p = shard_peer(s, c->peer);
    if (p)
        p->scanning = false;
    if (!c->report)
        return;
    struct rib_up *u = rib_up_new(UP_CLEARED, s);
    u->peer = c->peer;
    u->gen = c->gen;
    rib_up_post(u);
}

static void unlink_scan(struct bgp_shard *s, struct scan **at)
{
    struct scan *c = *at;
    *at = c->next;
    if (s->scans_tail == &c->next)
        s->scans_tail = at;
    mem_free(MEM(bgp_rib), c);
}

bool shard_scan_work(struct bgp_shard *s)
{
    if (!s->nht_running && s->nht_next.count) {
        s->nht_now = s->nht_next;
        s->nht_next = (struct dbits){ 0 };
        s->nht_running = true;
        shard_scan_add(s, SCAN_NHT, 0, 0, -1, false);
    }
    while (s->scans && !shard_slice_over(s)) {
        if (step(s, s->scans))
            continue;
        done(s, s->scans);
        unlink_scan(s, &s->scans);
    }
    return s->scans || s->nht_next.count;
}

bool shard_scan_clearing(const struct bgp_shard *s)
{
    return s->scans && s->scans->kind == SCAN_CLEAR;
}

static bool removes(const struct scan *c, uint16_t peer)
{
    return c->peer == peer &&
           (c->kind == SCAN_CLEAR || c->kind == SCAN_STALE || c->kind == SCAN_REFRESH);
}

/* The peer comes back, or its paths are about to be marked: what was still to be removed goes now.
 */
void shard_scan_finish_peer(struct bgp_shard *s, uint16_t peer)
{
    for (struct scan **at = &s->scans; *at;) {
        struct scan *c = *at;
        if (!removes(c, peer)) {
            at = &c->next;
            continue;
        }
        while (step(s, c))
            ;
        done(s, c);
        unlink_scan(s, at);
    }
}

void shard_scan_mark(struct bgp_shard *s, uint16_t peer, int af, uint16_t flag)
{
    struct shard_peer *sp = shard_peer(s, peer);
    shard_scan_finish_peer(s, peer);
    for (unsigned f = 0; sp && f < BGP_AF_MAX; f++) {
        struct shard_table *t = shard_table(s, sp->conf.inst, f);
        if (!t || (af >= 0 && (unsigned)af != f))
            continue;
        for (uint32_t h = 1; h < pool_end(&t->paths); h++) {
            struct path *p = path_get(t, h);
            if (!p->attr || p->source != peer || p->flags & flag)
                continue;
            shard_path_count(s, t, p, -1);
            p->flags |= flag;
            shard_path_count(s, t, p, 1);
        }
    }
}

void shard_scan_free(struct bgp_shard *s)
{
    while (s->scans)
        unlink_scan(s, &s->scans);
}
