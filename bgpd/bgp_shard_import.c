/* SPDX-License-Identifier: Apache-2.0
 * bgp_shard_import.c - routes into the Adj-RIB-In: batches from sessions, local paths, import
 * policy.
 *
 * What depends on the attributes alone (loops, next hop, weight) is judged once per run of NLRI,
 * that is once per UPDATE; only a prefix-dependent policy is asked per route. A route that is
 * refused withdraws what its session announced before (RFC 4271 9); with soft-reconfiguration it is
 * kept, marked.
 */
#include "config.h"
#include "bgp_shard.h"

/* What is common to a run of NLRI. */
struct import {
    struct bgp_shard *s;
    struct shard_table *t;
    struct shard_peer *sp;
    const struct bgp_rib_peer_af *conf;
    struct shard_counts *count;
    uint32_t attr_in, attr; /* as received; after weight and local-as */
    bool refused, keep;
    _Atomic(uint64_t) *why; /* counter of the reason for which it is refused */
    struct bgp_policy_env env;
};

void shard_path_count(struct bgp_shard *s, const struct shard_table *t, const struct path *p, int n)
{
    struct shard_peer *sp = p->source >= BGP_PEER_FIRST ? shard_peer(s, p->source) : NULL;
    if (!sp)
        return;
    struct shard_counts *c = &sp->count[t->af];
    count_add32(&c->received, n);
    count_add32(p->flags & PF_FILTERED ? &c->filtered : &c->accepted, n);
    if (p->flags & PF_STALE)
        count_add32(&c->stale, n);
}

/* ---- judging attributes ---- */
static bool own_as_loop(const struct import *im, const struct bgp_attr *a)
{
    const struct bgp_rib_inst *i = im->t->conf;
    if (im->conf->allowas_origin && a->origin_as == i->as)
        return false;
    unsigned n = bgp_attr_path_count(a, i->as);
    if (i->confed_id && i->confed_id != i->as)
        n += bgp_attr_path_count(a, i->confed_id);
    if (im->sp->conf.change_local_as && im->sp->conf.change_local_as != i->as)
        n += bgp_attr_path_count(a, im->sp->conf.change_local_as);
    return n > im->conf->allowas_in;
}

static bool bad_nexthop(const struct import *im, const struct bgp_attr *a)
{
    const struct ipaddr *nh = &a->nexthop;
    return ipaddr_is_unspecified(nh) || ipaddr_is_martian(nh) ||
           ipaddr_eq(nh, &im->sp->conf.local_addr) || ipaddr_eq(nh, &im->conf->nexthop_self);
}

/* RFC 4271 9.1.2 and 6.3, RFC 4456 8, RFC 8212 */
static bool refused(struct import *im, const struct bgp_attr *a)
{
    const struct bgp_rib_inst *i = im->t->conf;
    _Atomic(uint64_t) *why = NULL;
    if (im->conf->policy_missing_in)
        why = &im->count->policy_missing;
    else if (own_as_loop(im, a))
        why = &im->count->loop_as;
    else if (a->flags & BAF_ORIGINATOR && a->originator_id == i->router_id)
        why = &im->count->loop_originator;
    else if (a->cluster_len &&
             bgp_attr_in_cluster_list(a, i->cluster_id ? i->cluster_id : i->router_id))
        why = &im->count->loop_cluster;
    else if (bad_nexthop(im, a))
        why = &im->count->bad_nexthop;
    im->why = why;
    return why || (i->reject_as_sets && a->flags & BAF_AS_SET);
}

static uint32_t adjusted(const struct import *im, uint32_t attr)
{
    const struct bgp_attr *a = bgp_attr_get(attr);
    const struct bgp_rib_peer *p = &im->sp->conf;
    bool prepend = p->ebgp && p->change_local_as && !p->no_prepend;
    if (!prepend && (!im->conf->weight || a->weight == im->conf->weight))
        return attr;
    struct bgp_attr_build *b = &im->s->build;
    bgp_attr_build_from(b, a);
    if (im->conf->weight)
        b->h.weight = im->conf->weight;
    if (prepend && !bgp_attr_prepend(b, p->change_local_as, 1))
        return attr;
    return bgp_attr_intern(b);
}

static bool import_init(struct import *im, struct bgp_shard *s, struct shard_peer *sp,
                        struct shard_table *t)
{
    *im = (struct import){
        .s = s, .t = t, .sp = sp, .conf = &sp->conf.af[t->af], .count = &sp->count[t->af]
    };
    im->keep = im->conf->soft_reconfig;
    if (im->conf->in) {
        if (!s->memo_in)
            s->memo_in = bgp_policy_memo_new();
        im->env = (struct bgp_policy_env){ .peer_addr = sp->conf.remote_addr,
                                           .local_addr = sp->conf.local_addr,
                                           .source_addr = sp->conf.remote_addr,
                                           .peer_as = sp->conf.remote_as,
                                           .local_as = t->conf->as,
                                           .ebgp = sp->conf.ebgp };
    }
    return true;
}

static void import_attr(struct import *im, uint32_t attr)
{
    im->attr_in = attr;
    im->attr = attr;
    im->refused = refused(im, bgp_attr_get(attr));
    if (!im->refused)
        im->attr = adjusted(im, attr);
    if (im->conf->in)
        im->env.igp_metric = nht_metric(bgp_attr_get(attr)->nh);
    shard_mark(im->s, attr);
}

/* A policy may have set the next hop: its index has to follow. */
static uint32_t renexthop(const struct import *im, uint32_t attr)
{
    const struct bgp_attr *a = bgp_attr_get(attr), *was = bgp_attr_get(im->attr);
    if (a->nh != was->nh || ipaddr_eq(&a->nexthop, &was->nexthop))
        return attr;
    struct bgp_attr_build *b = &im->s->build;
    bgp_attr_build_from(b, a);
    b->h.nh = bgp_nht_get(im->t->inst, &a->nexthop, !im->sp->conf.multihop_or_ibgp);
    return bgp_attr_intern(b);
}

static uint32_t policy_in(struct import *im, const uint8_t *addr, uint8_t len)
{
    struct prefix p = { .family = im->t->family, .len = len };
    memcpy(p.b, addr, dest_alen(im->t));
    uint32_t attr = bgp_policy_apply(im->conf->in, im->s->memo_in, &im->env, &p, im->attr);
    return attr && attr != im->attr ? renexthop(im, attr) : attr;
}

/* ---- destinations ---- */
uint32_t shard_dest_get(struct bgp_shard *s, struct shard_table *t, const uint8_t *addr,
                        uint8_t len)
{
    if (!t->spare)
        t->spare = pool_alloc(&t->dests);
    uint8_t *key = dest_key(t, t->spare);
    memcpy(key, addr, dest_alen(t));
    key[t->koff - 1] = len;
    uint32_t old = ptable_insert(&t->pt, t->spare);
    if (old)
        return old;
    uint32_t d = t->spare;
    t->spare = 0;
    dest_meta(t, key)->flags = DF_LIVE;
    return d;
}

static uint32_t chain_find(const struct shard_table *t, uint32_t head, uint16_t source)
{
    if (!head)
        return 0;
    for (uint32_t h = head; !(h & PATH_TAIL);) {
        const struct path *p = path_get(t, h);
        if (p->source == source)
            return h;
        h = p->next;
    }
    return 0;
}

/* Takes a path out and frees it; the decision is the caller's. */
static void chain_remove(struct bgp_shard *s, struct shard_table *t, uint32_t d, uint32_t h)
{
    uint8_t *key = dest_key(t, d);
    struct dest_tail *tail = dest_tail(t, key);
    struct dest_meta *m = dest_meta(t, key);
    struct path *p = path_get(t, h);
    shard_path_count(s, t, p, -1);
    if (p->flags & PF_MULTIPATH)
        m->flags |= DF_CHANGED;
    if (tail->path == h) {
        if (m->flags & DF_BEST) {
            m->flags = (uint8_t)((m->flags & ~DF_BEST) | DF_CHANGED);
            t->n_best--;
        }
        tail->path = p->next & PATH_TAIL ? 0 : p->next;
    } else {
        uint32_t prev = tail->path;
        while (path_get(t, prev)->next != h)
            prev = path_get(t, prev)->next;
        path_get(t, prev)->next = p->next;
    }
    pool_free(&t->paths, h);
}

/* A path with this attribute has gone: can the best path be another one now? */
static bool still_best(struct shard_table *t, uint32_t d, uint32_t gone)
{
    uint8_t *key = dest_key(t, d);
    uint8_t flags = dest_meta(t, key)->flags;
    const struct bgp_attr *a = bgp_attr_get(gone);
    if (!(flags & DF_BEST) || flags & DF_CHANGED) /* it was the best, or shared its traffic */
        return false;
    for (uint32_t h = dest_tail(t, key)->path; !(h & PATH_TAIL); h = path_get(t, h)->next)
        if (!bgp_decide_independent(t->conf, a, bgp_attr_get(path_get(t, h)->attr)))
            return false;
    return true;
}

void shard_path_drop(struct bgp_shard *s, struct shard_table *t, uint32_t d, uint32_t h)
{
    uint32_t attr = path_get(t, h)->attr;
    chain_remove(s, t, d, h);
    if (!still_best(t, d, attr))
        shard_decide(s, t, d);
}

static uint32_t path_add(struct bgp_shard *s, struct shard_table *t, struct dest_tail *tail,
                         uint32_t d, uint16_t source, uint32_t attr, uint16_t flags)
{
    uint32_t h = pool_alloc(&t->paths);
    struct path *p = path_get(t, h);
    *p = (struct path){ .attr = attr, .age = s->now_wall, .source = source, .flags = flags };
    if (tail->path) {
        struct path *head = path_get(t, tail->path);
        p->next = head->next;
        head->next = h;
    } else {
        p->next = d | PATH_TAIL;
        tail->path = h;
    }
    shard_path_count(s, t, p, 1);
    return h;
}

/* A new path next to a best one: if it loses against that and cannot share its traffic, nothing
 * else changes. */
static bool loses(struct bgp_shard *s, struct shard_table *t, const struct dest_meta *m,
                  const struct dest_tail *tail, uint32_t h)
{
    if (!(m->flags & DF_BEST))
        return false;
    const struct path *p = path_get(t, h);
    if (!shard_path_valid(p))
        return true;
    struct bgp_decide_path best, new;
    shard_view(s, t, tail->path, path_get(t, tail->path), &best);
    best.current = true;
    shard_view(s, t, h, p, &new);
    return bgp_decide_cmp(t->conf, &best, &new, NULL) < 0 &&
           !bgp_decide_multipath(t->conf, &best, &new);
}

static void attr_in_set(struct shard_table *t, uint32_t h, struct path *p, uint32_t attr_in,
                        bool keep)
{
    p->flags &= (uint16_t)~PF_ATTR_IN;
    if (!keep || attr_in == p->attr)
        return;
    p->flags |= PF_ATTR_IN;
    *(uint32_t *)carray_at(&t->attr_in, h) = attr_in;
}

static void path_replace(struct bgp_shard *s, struct shard_table *t, uint32_t d, uint32_t h,
                         uint32_t attr, uint16_t filtered)
{
    struct path *p = path_get(t, h);
    struct dest_tail *tail = dest_tail(t, dest_key(t, d));
    struct dest_meta *m = dest_meta(t, dest_key(t, d));
    bool same = p->attr == attr && (p->flags & PF_FILTERED) == filtered;
    shard_path_count(s, t, p, -1);
    p->flags &= (uint16_t) ~(PF_STALE | PF_REFRESH | PF_FILTERED);
    p->flags |= filtered;
    p->attr = attr;
    shard_path_count(s, t, p, 1);
    if (same)
        return;
    p->age = s->now_wall;
    if ((tail->path == h && m->flags & DF_BEST) || p->flags & PF_MULTIPATH)
        m->flags |= DF_CHANGED;
    shard_decide(s, t, d);
}

/* Stores one path; attr 0 with keep: filtered. */
static void path_put(struct bgp_shard *s, struct shard_table *t, uint32_t d, uint16_t source,
                     uint32_t attr, uint32_t attr_in, uint16_t filtered, bool keep)
{
    uint8_t *key = dest_key(t, d);
    struct dest_tail *tail = dest_tail(t, key);
    uint32_t h = chain_find(t, tail->path, source);
    shard_mark(s, attr);
    shard_mark(s, attr_in);
    if (h) {
        struct path *p = path_get(t, h);
        path_replace(s, t, d, h, attr, filtered);
        attr_in_set(t, h, p, attr_in, keep);
        return;
    }
    h = path_add(s, t, tail, d, source, attr, filtered);
    attr_in_set(t, h, path_get(t, h), attr_in, keep);
    if (!loses(s, t, dest_meta(t, key), tail, h))
        shard_decide(s, t, d);
}

static void withdraw(struct bgp_shard *s, struct shard_table *t, uint16_t source,
                     const uint8_t *addr, uint8_t len)
{
    uint32_t d = ptable_find(&t->pt, addr, len);
    if (!d)
        return;
    uint32_t h = chain_find(t, dest_tail(t, dest_key(t, d))->path, source);
    if (h)
        shard_path_drop(s, t, d, h);
}

/* Cheap look before prefix_martian(). */
static bool may_be_martian(const struct shard_table *t, const uint8_t *addr, uint8_t len)
{
    if (t->family == AF_INET)
        return addr[0] == 0 || addr[0] == 127 || addr[0] >= 224;
    return (addr[0] & 0xe0) != 0x20 || len < 3;
}

static bool martian(const struct shard_table *t, const uint8_t *addr, uint8_t len)
{
    if (!may_be_martian(t, addr, len))
        return false;
    struct prefix p = { .family = t->family, .len = len };
    memcpy(p.b, addr, dest_alen(t));
    return prefix_martian(&p) != NULL;
}

static void announce(struct import *im, const uint8_t *addr, uint8_t len)
{
    uint32_t attr = im->attr;
    if (martian(im->t, addr, len)) {
        count_add64(&im->count->martian, 1);
        return;
    }
    if (im->conf->in && !im->refused)
        attr = policy_in(im, addr, len);
    bool filtered = im->refused || !attr;
    if (im->refused && im->why)
        count_add64(im->why, 1);
    if (filtered && !im->keep) {
        withdraw(im->s, im->t, im->sp->conf.peer, addr, len);
        return;
    }
    uint32_t d = shard_dest_get(im->s, im->t, addr, len);
    path_put(im->s, im->t, d, im->sp->conf.peer, filtered ? im->attr_in : attr, im->attr_in,
             filtered ? PF_FILTERED : 0, im->keep);
}

static void run(struct bgp_shard *s, struct shard_peer *sp, const struct batch_run *r,
                const uint8_t *nlri)
{
    struct shard_table *t = shard_table(s, sp->conf.inst, r->af);
    struct rb rb = rb_init(nlri, r->len);
    struct import im;
    uint8_t addr[16], len;
    if (!t)
        return;
    if (r->op == RUN_EOR) {
        if (atomic_load_explicit(&sp->count[r->af].stale, memory_order_relaxed))
            shard_scan_add(s, SCAN_STALE, sp->conf.peer, sp->conf.gen,
                           sp->conf.inst * BGP_AF_MAX + r->af, false);
        return;
    }
    if (r->op == RUN_WITHDRAW) {
        while (bgp_nlri_next(&rb, addr, &len))
            withdraw(s, t, sp->conf.peer, addr, len);
        return;
    }
    import_init(&im, s, sp, t);
    import_attr(&im, r->attr);
    while (bgp_nlri_next(&rb, addr, &len))
        announce(&im, addr, len);
}

void shard_batch(struct bgp_shard *s, struct shard_batch *b)
{
    struct shard_peer *sp = shard_peer(s, b->peer);
    if (!sp || !sp->up || sp->conf.gen != b->gen)
        return;
    for (uint32_t at = 0; at + sizeof(struct batch_run) <= b->used;) {
        struct batch_run r;
        memcpy(&r, b->data + at, sizeof(r));
        at += (uint32_t)sizeof(r);
        run(s, sp, &r, b->data + at);
        at += r.len;
    }
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        if (!sp->conf.af[af].max_prefix)
            continue;
        struct rib_up *u = rib_up_new(UP_MAX_PREFIX, s);
        u->peer = b->peer;
        u->gen = b->gen;
        u->af = (uint8_t)af;
        rib_up_post(u);
    }
}

void shard_local(struct bgp_shard *s, const struct shard_msg *m)
{
    unsigned af = m->prefix.family == AF_INET6 ? BGP_IP6_UNI : BGP_IP4_UNI;
    struct shard_table *t = shard_table(s, m->inst, af);
    if (!t)
        return;
    if (!m->attr) {
        withdraw(s, t, m->source, m->prefix.b, m->prefix.len);
        return;
    }
    uint32_t d = shard_dest_get(s, t, m->prefix.b, m->prefix.len);
    path_put(s, t, d, m->source, m->attr, m->attr, 0, false);
}

void shard_reimport(struct bgp_shard *s, struct shard_table *t, uint32_t d, uint32_t h)
{
    struct path *p = path_get(t, h);
    struct shard_peer *sp = shard_peer(s, p->source);
    struct import im;
    uint8_t *key = dest_key(t, d);
    uint32_t attr_in = path_attr_in(t, h);
    uint16_t stale = p->flags & (PF_STALE | PF_REFRESH);
    if (!sp || !sp->up)
        return;
    import_init(&im, s, sp, t);
    import_attr(&im, attr_in);
    uint32_t attr = im.attr;
    if (im.conf->in && !im.refused)
        attr = policy_in(&im, key, dest_len(t, key));
    bool filtered = im.refused || !attr;
    if (filtered && !im.keep) {
        shard_path_drop(s, t, d, h);
        return;
    }
    path_put(s, t, d, p->source, filtered ? attr_in : attr, attr_in, filtered ? PF_FILTERED : 0,
             im.keep);
    p = path_get(t, h);
    shard_path_count(s, t, p, -1);
    p->flags |= stale;
    shard_path_count(s, t, p, 1);
}
