/* SPDX-License-Identifier: Apache-2.0
 * bgp_rib_gc.c - collects attribute sets that nobody uses any more, by epochs (lib/intern.h).
 *
 *   main                                    shards
 *   epoch + 1, MARK ----------------------> memos cleared; barrier on: what is stored from here on
 * is marked walk in slices: paths, Adj-RIB-Out cells all done, no feeder has an open batch from
 * before the epoch? BARRIER -------> (so all those batches have been handled, and marked) all
 * answered: sweep, END -------------> barrier off
 *
 * A collection starts when the number of sets has doubled since the last one (and is over 10,000),
 * never while a query is open: its reader holds handles. A query that is opened during a collection
 * is safe, since what it reads is marked. Attribute handles that the main thread keeps for itself
 * have to be interned again before each use (bgp_attr_intern() stamps them).
 */
#include "config.h"
#include "bgp_shard.h"

#define GC_FLOOR 10000
#define CHECK_US 1000000
#define POLL_US  5000
#define STEP     8192

_Atomic(uint32_t) gc_epoch = 1;

static struct {
    struct loop_timer *timer;
    enum { GC_IDLE, GC_MARKING, GC_DRAINING } state;
    unsigned left;
    uint32_t after, gen; /* sets left by the last collection */
    uint64_t runs, freed;
} gc;

/* ---- in a shard ---- */
static bool mark_paths(struct bgp_shard *s, struct shard_table *t)
{
    struct intern *in = bgp_attr_table();
    for (unsigned n = 0; n < STEP && s->gc.at < pool_end(&t->paths); n++, s->gc.at++) {
        const struct path *p = path_get(t, s->gc.at);
        if (!p->attr)
            continue;
        intern_mark(in, p->attr);
        if (p->flags & PF_ATTR_IN)
            intern_mark(in, path_attr_in(t, s->gc.at));
    }
    return s->gc.at < pool_end(&t->paths);
}

/* All groups' cells of the same destinations, so that groups may come and go in between: new cells
 * are marked as they are written. */
static bool mark_cells(struct bgp_shard *s, struct shard_table *t)
{
    uint32_t end = s->gc.at + STEP < pool_end(&t->dests) ? s->gc.at + STEP : pool_end(&t->dests);
    for (const struct shard_group *g = t->groups; g; g = g->next)
        for (uint32_t d = s->gc.at; d < end; d++) {
            const struct group_cell *c = carray_peek(&g->cells, d);
            if (c)
                intern_mark(bgp_attr_table(), c->attr);
        }
    s->gc.at = end;
    return end < pool_end(&t->dests);
}

static void report(struct bgp_shard *s)
{
    struct rib_up *u = rib_up_new(UP_GC, s);
    u->gen = s->gc.gen;
    rib_up_post(u);
}

bool gc_work(struct bgp_shard *s)
{
    while (s->gc.on && !shard_slice_over(s)) {
        struct shard_table *t = s->gc.table < s->n_tables ? s->tables[s->gc.table] : NULL;
        if (t && s->gc.stage == 0 ? mark_paths(s, t) : t && mark_cells(s, t))
            continue;
        s->gc.at = 1;
        if (t && s->gc.stage == 0) {
            s->gc.stage = 1;
            continue;
        }
        s->gc.stage = 0;
        if (++s->gc.table < s->n_tables)
            continue;
        s->gc.on = false;
        report(s);
    }
    return s->gc.on;
}

void gc_msg(struct bgp_shard *s, struct shard_msg *m)
{
    s->gc.gen = m->gen;
    if (m->m.type == SM_GC_BARRIER) {
        report(s);
    } else if (m->m.type == SM_GC_END) {
        s->barrier = false;
    } else {
        shard_memo_clear(s);
        s->barrier = true;
        s->gc.on = true;
        s->gc.table = s->gc.stage = 0;
        s->gc.at = 1;
    }
}

/* ---- on the main thread ---- */
static void tell(enum shard_msg_type type)
{
    gc.left = bgp_rib_state.n_shards;
    gc.gen++;
    for (unsigned i = 0; i < bgp_rib_state.n_shards; i++) {
        struct shard_msg *m = shard_msg_new(type, 0);
        m->gen = gc.gen;
        shard_post(bgp_rib_state.shards[i], m);
    }
}

static void drain_when_clean(void)
{
    if (!feed_clean(atomic_load(&gc_epoch))) {
        loop_timer_arm(gc.timer, POLL_US);
        return;
    }
    gc.state = GC_DRAINING;
    tell(SM_GC_BARRIER);
}

static void begin(void)
{
    gc.state = GC_MARKING;
    atomic_store(&gc_epoch, intern_epoch_next(bgp_attr_table()));
    tell(SM_GC_MARK);
}

static void tick(void *ctx)
{
    (void)ctx;
    if (gc.state == GC_MARKING && !gc.left) {
        drain_when_clean();
        return;
    }
    uint32_t n = intern_count(bgp_attr_table());
    if (gc.state == GC_IDLE && n > GC_FLOOR && n / 2 > gc.after && !query_open_count())
        begin();
    loop_timer_arm(gc.timer, CHECK_US);
}

void gc_up_main(struct rib_up *u)
{
    if (u->gen != gc.gen || !gc.left || --gc.left)
        return;
    if (gc.state == GC_MARKING) {
        drain_when_clean();
    } else if (gc.state == GC_DRAINING) {
        gc.freed += intern_sweep(bgp_attr_table(), atomic_load(&gc_epoch), NULL, NULL);
        gc.runs++;
        gc.after = intern_count(bgp_attr_table());
        gc.state = GC_IDLE;
        tell(SM_GC_END);
        gc.left = 0;
        loop_timer_arm(gc.timer, CHECK_US);
    }
}

void bgp_rib_gc_now(void)
{
    if (gc.state == GC_IDLE && !query_open_count())
        begin();
}

uint64_t bgp_rib_gc_runs(void)
{
    return gc.runs;
}

void gc_start(void)
{
    gc.timer = loop_timer_new(bgp_rib_state.loop, "bgp-attr-gc", tick, NULL);
    gc.state = GC_IDLE;
    gc.after = gc.left = 0;
    loop_timer_arm(gc.timer, CHECK_US);
}

void gc_stop(void)
{
    loop_timer_free(gc.timer);
    gc.timer = NULL;
}
