/* SPDX-License-Identifier: Apache-2.0
 * test_bgp_rib.c - random events against the RIB, compared with a naive model when all is quiet.
 *
 * Peers come, go, restart and change; routes, policies, next hops, knobs and local paths change;
 * sockets and zebrad are slow, full or away; questions and attribute collections run in between.
 * When the dust has settled, what every member was sent (decoded from the very bytes), what zebrad
 * was told and what a query answers must be what the model computes from the inputs alone.
 *
 * GW_RIB_SEEDS and GW_RIB_STEPS in the environment make it longer.
 */
#include "config.h"
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include "bgp_decide.h"
#include "bgp_export.h"
#include "policy_fake.h"

#define N_PEERS  12
#define N_V4     48
#define N_V6     12
#define N_BAD    2
#define N_PFX    (N_V4 + N_V6 + N_BAD)
#define N_NH     6
#define N_ATTR   40
#define OWN_AS   65000
#define OWN_ID   0x0a0a0a0a
#define INDEX(p) ((uint16_t)(BGP_PEER_FIRST + (p)))

/* ---- randomness ---- */
static uint64_t rnd_state;
static uint32_t rnd(uint32_t n)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 7;
    rnd_state ^= rnd_state << 17;
    return (uint32_t)(rnd_state >> 33) % n;
}

/* ---- attribute sets of the test's own ---- */
/* The model keeps contents, so that it does not keep alive what the RIB should mark itself. */
static struct intern *kept;
static uint32_t keep(uint32_t h)
{
    return h ? intern_get(kept, bgp_attr_get(h), intern_len(bgp_attr_table(), h)) : 0;
}

static const struct bgp_attr *kept_get(uint32_t k)
{
    return intern_data(kept, k);
}

/* The RIB's handle for it. */
static uint32_t unkeep(uint32_t k)
{
    static struct bgp_attr_build b;
    bgp_attr_build_from(&b, kept_get(k));
    return bgp_attr_intern(&b);
}

/* ---- the model ---- */
struct mpath {
    uint32_t attr_in, attr;
    bool filtered, stale;
};
struct mpeer {
    struct bgp_rib_peer conf;
    bool up, clearing;
    _Atomic(bool) slow;
    unsigned kind;
    struct bgp_rib_feeder *feeder;
    struct mpath in[N_PFX];
};
static struct mpeer peers[N_PEERS];
static uint32_t local[N_PFX];
static struct prefix pfx[N_PFX];
static struct {
    struct ipaddr addr;
    bool reachable;
    uint32_t metric;
} nhs[2][N_NH];
static struct bgp_attr_build attr_pool[2][N_ATTR];
static struct bgp_rib_inst inst;
static bool zebra_is_up;
static struct loop *loop;
static unsigned af_of(unsigned p)
{
    return pfx[p].family == AF_INET6;
}

/* ---- sockets ---- */
static struct {
    uint32_t gen;
    struct bgp_outbuf *q[4096];
    unsigned n;
    size_t bytes;
    uint32_t view[N_PFX]; /* decoded, interned */
    bool eor[BGP_AF_MAX];
    unsigned dumps[BGP_AF_MAX], asked[BGP_AF_MAX]; /* ends of tables seen, at most wanted */
} sock[N_PEERS];
static pthread_mutex_t sock_lock = PTHREAD_MUTEX_INITIALIZER;

struct bgp_outbuf *bgp_outbuf_new(uint32_t cap)
{
    struct bgp_outbuf *b = malloc(sizeof(*b) + cap);
    *b = (struct bgp_outbuf){ .cap = cap };
    atomic_init(&b->refs, 1);
    return b;
}

void bgp_outbuf_unref(struct bgp_outbuf *b)
{
    if (atomic_fetch_sub(&b->refs, 1) == 1)
        free(b);
}

void bgp_io_write(const struct bgp_member *to, unsigned n, struct bgp_outbuf *buf)
{
    pthread_mutex_lock(&sock_lock);
    for (unsigned i = 0; i < n; i++) {
        unsigned p = to[i].peer - BGP_PEER_FIRST;
        if (sock[p].gen != to[i].gen)
            continue;
        ck_assert(sock[p].n < 4096);
        atomic_fetch_add(&buf->refs, 1);
        sock[p].q[sock[p].n++] = buf;
        sock[p].bytes += buf->len;
    }
    pthread_mutex_unlock(&sock_lock);
}

size_t bgp_io_backlog(uint16_t peer)
{
    unsigned p = peer - BGP_PEER_FIRST;
    pthread_mutex_lock(&sock_lock);
    /* A slow socket counts as full with anything in it. */
    size_t n = sock[p].n && peers[p].slow ? 2 * BGP_OUT_HIGH : sock[p].bytes;
    pthread_mutex_unlock(&sock_lock);
    return n;
}

static unsigned pfx_index(unsigned af, const uint8_t *addr, uint8_t len)
{
    for (unsigned i = 0; i < N_PFX; i++)
        if (af_of(i) == af && pfx[i].len == len && !memcmp(pfx[i].b, addr, 16))
            return i;
    ck_abort_msg("unknown prefix was sent");
    return 0;
}

/* Takes one message into a view. */
static void view_message(uint32_t *view, const uint8_t *m, size_t len, bool ibgp)
{
    static struct bgp_update u;
    struct bgp_update_ctx c = { .as4 = true, .ibgp = ibgp, .af = 3 };
    ck_assert_int_eq(m[18], BGP_UPDATE);
    bgp_update_decode(m + BGP_HEADER_LEN, len - BGP_HEADER_LEN, &c, &u);
    ck_assert_msg(u.outcome == BGP_OK, "%s", u.err.text);
    for (unsigned i = 0; i < u.n_nlri; i++) {
        struct rb r = rb_init(u.nlri[i].p, u.nlri[i].len);
        uint8_t addr[16], plen;
        uint32_t attr = 0;
        if (!u.nlri[i].withdraw) {
            bgp_update_nexthop(&u, i);
            attr = keep(bgp_attr_intern(&u.attr));
        }
        while (bgp_nlri_next(&r, addr, &plen))
            view[pfx_index(u.nlri[i].af, addr, plen)] = attr;
    }
}

static void view_buffer(uint32_t *view, const struct bgp_outbuf *b, bool ibgp)
{
    for (size_t at = 0; at < b->len;) {
        size_t len = (size_t)b->data[at + 16] << 8 | b->data[at + 17];
        view_message(view, b->data + at, len, ibgp);
        at += len;
    }
}

static void sock_drain(unsigned p)
{
    pthread_mutex_lock(&sock_lock);
    unsigned n = sock[p].n;
    for (unsigned i = 0; i < n; i++) {
        view_buffer(sock[p].view, sock[p].q[i], !peers[p].conf.ebgp);
        bgp_outbuf_unref(sock[p].q[i]);
    }
    sock[p].n = 0;
    sock[p].bytes = 0;
    pthread_mutex_unlock(&sock_lock);
    if (n)
        bgp_rib_writable(INDEX(p));
}

static void sock_reset(unsigned p, uint32_t gen)
{
    pthread_mutex_lock(&sock_lock);
    for (unsigned i = 0; i < sock[p].n; i++)
        bgp_outbuf_unref(sock[p].q[i]);
    sock[p].n = 0;
    sock[p].bytes = 0;
    sock[p].gen = gen;
    memset(sock[p].view, 0, sizeof(sock[p].view));
    memset(sock[p].eor, 0, sizeof(sock[p].eor));
    memset(sock[p].dumps, 0, sizeof(sock[p].dumps));
    memset(sock[p].asked, 0, sizeof(sock[p].asked));
    pthread_mutex_unlock(&sock_lock);
}

/* ---- zebrad ---- */
struct packed {
    struct zapi_batch b;
    uint8_t nlri[];
};
void *zapi_batch_pack(const struct zapi_batch *b, size_t *ret_len)
{
    struct packed *p = malloc(sizeof(*p) + b->nlri_len);
    p->b = *b;
    memcpy(p->nlri, b->nlri, b->nlri_len);
    *ret_len = sizeof(*p) + b->nlri_len;
    return p;
}

struct zroute {
    uint32_t nhg, metric;
    uint8_t distance, subtype;
};
static struct zroute zview[N_PFX];
static struct zapi_nhg zgroups[4096];
static uint64_t zseq = 1, zacked = 1;
static unsigned z_synced;

static uint64_t zebra_batch(void *ctx, void *packed, size_t len, uint32_t count, uint16_t in)
{
    struct packed *p = packed;
    struct rb r = rb_init(p->nlri, p->b.nlri_len);
    uint8_t addr[16], plen;
    uint32_t n = 0;
    ck_assert(zebra_is_up);
    ck_assert_uint_eq(in, 0);
    while (bgp_nlri_next(&r, addr, &plen)) {
        struct zroute *z = &zview[pfx_index(p->b.family == AF_INET6, addr, plen)];
        n++;
        *z = (struct zroute){ 0 };
        if (p->b.withdraw)
            continue;
        ck_assert(p->b.nhg < 4096 && zgroups[p->b.nhg].id == p->b.nhg);
        *z = (struct zroute){ p->b.nhg, p->b.metric, p->b.distance, (uint8_t)p->b.subtype };
    }
    ck_assert_uint_eq(n, count);
    uint64_t first = zseq;
    zseq += count;
    free(packed);
    (void)ctx;
    (void)len;
    return first;
}

static void zebra_nhg(void *ctx, const struct zapi_nhg *g)
{
    (void)ctx;
    ck_assert(g->id < 4096);
    zgroups[g->id] = *g;
}

static void zebra_nhg_del(void *ctx, uint32_t id)
{
    (void)ctx;
    for (unsigned i = 0; i < N_PFX; i++)
        ck_assert_msg(!zebra_is_up || zview[i].nhg != id, "group in use deleted");
    zgroups[id].id = 0;
}

static void zebra_synced(void *ctx)
{
    (void)ctx;
    z_synced++;
}

static void zebra_ack(uint64_t upto)
{
    if (zacked >= upto)
        return;
    struct zapi_ack a = { .first_seq = zacked, .last_seq = upto - 1, .result = ZR_INSTALLED };
    zacked = upto;
    bgp_rib_fib_result(&a);
}

static void nht_tell(uint32_t nh)
{
    struct bgp_nht_info info;
    bgp_nht_info(nh, &info);
    unsigned af = info.addr.family == AF_INET6;
    for (unsigned i = 0; i < N_NH; i++) {
        if (!ipaddr_eq(&nhs[af][i].addr, &info.addr))
            continue;
        struct zapi_nht_state s = { .addr = info.addr,
                                    .reachable = nhs[af][i].reachable,
                                    .metric = nhs[af][i].metric };
        bgp_nht_set(nh, &s);
    }
}

static void nexthop_new(void *ctx, uint32_t nh, uint32_t vrf, const struct ipaddr *a, bool conn)
{
    (void)ctx;
    (void)vrf;
    (void)a;
    (void)conn;
    nht_tell(nh);
}

static void peer_cleared(void *ctx, uint16_t peer, uint32_t gen)
{
    struct mpeer *p = &peers[peer - BGP_PEER_FIRST];
    (void)ctx;
    if (p->conf.gen == gen)
        p->clearing = false;
}

static void dump_done(void *ctx, uint16_t peer, uint32_t gen, enum bgp_afi_safi af)
{
    unsigned p = peer - BGP_PEER_FIRST;
    (void)ctx;
    if (sock[p].gen == gen) {
        sock[p].eor[af] = true;
        sock[p].dumps[af]++;
    }
}

static const struct bgp_rib_cb cb = {
    .peer_cleared = peer_cleared,
    .dump_done = dump_done,
    .zebra_batch = zebra_batch,
    .zebra_nhg = zebra_nhg,
    .zebra_nhg_del = zebra_nhg_del,
    .zebra_synced = zebra_synced,
    .nexthop_new = nexthop_new,
};

/* ---- what the model says ---- */
static bool model_refuses(const struct mpeer *p, const struct bgp_attr *a)
{
    const struct bgp_rib_peer_af *c = &p->conf.af[a->nexthop.family == AF_INET6];
    return c->policy_missing_in || bgp_attr_path_count(a, OWN_AS) > c->allowas_in ||
           (a->flags & BAF_ORIGINATOR && a->originator_id == OWN_ID) ||
           bgp_attr_in_cluster_list(a, inst.cluster_id) ||
           ipaddr_eq(&a->nexthop, &c->nexthop_self) || ipaddr_eq(&a->nexthop, &p->conf.local_addr);
}

/* attr_in: kept. */
static struct mpath model_import(const struct mpeer *p, unsigned x, uint32_t attr_in)
{
    const struct bgp_rib_peer_af *c = &p->conf.af[af_of(x)];
    struct mpath m = { .attr_in = attr_in, .attr = attr_in };
    static struct bgp_attr_build b;
    if (prefix_martian(&pfx[x]))
        return (struct mpath){ 0 };
    m.filtered = model_refuses(p, kept_get(attr_in));
    if (!m.filtered && c->weight) {
        bgp_attr_build_from(&b, kept_get(attr_in));
        b.h.weight = c->weight;
        m.attr = keep(bgp_attr_intern(&b));
    }
    if (!m.filtered && c->in) {
        m.attr = keep(bgp_policy_apply(c->in, NULL, NULL, &pfx[x], unkeep(m.attr)));
        m.filtered = !m.attr;
    }
    if (m.filtered)
        m.attr = attr_in;
    if (m.filtered && !c->soft_reconfig)
        return (struct mpath){ 0 };
    return m;
}

static unsigned nh_of(const struct bgp_attr *a)
{
    unsigned af = a->nexthop.family == AF_INET6;
    for (unsigned i = 0; i < N_NH; i++)
        if (ipaddr_eq(&nhs[af][i].addr, &a->nexthop))
            return i;
    ck_abort_msg("unknown next hop");
    return 0;
}

static unsigned model_candidates(unsigned x, struct bgp_decide_path *c)
{
    unsigned n = 0;
    if (local[x])
        c[n++] = (struct bgp_decide_path){ .a = kept_get(local[x]),
                                           .handle = local[x],
                                           .router_id = OWN_ID,
                                           .source = BGP_SRC_NETWORK,
                                           .type = BPT_LOCAL };
    for (unsigned i = 0; i < N_PEERS; i++) {
        const struct mpeer *p = &peers[i];
        const struct mpath *m = &p->in[x];
        if (!m->attr_in || m->filtered)
            continue;
        const struct bgp_attr *a = kept_get(m->attr);
        unsigned af = af_of(x), nh = nh_of(a);
        if (!nhs[af][nh].reachable)
            continue;
        c[n++] =
            (struct bgp_decide_path){ .a = a,
                                      .handle = m->attr,
                                      .addr = &p->conf.remote_addr,
                                      .router_id = a->flags & BAF_ORIGINATOR ? a->originator_id
                                                                             : p->conf.remote_id,
                                      .igp_metric = nhs[af][nh].metric,
                                      .peer_as = p->conf.remote_as,
                                      .source = INDEX(i),
                                      .type = p->conf.ebgp ? BPT_EBGP : BPT_IBGP };
    }
    return n;
}

/* RFC 4271 9.1.2.2 as it is written: what loses by MED in its own AS is out; then the best of the
 * rest. */
static int model_best(struct bgp_decide_path *c, unsigned n)
{
    bool out[N_PEERS + 1] = { false };
    int best = -1;
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < n; j++)
            if (i != j && (c[i].a->first_as == c[j].a->first_as || inst.always_compare_med) &&
                bgp_decide_cmp(&inst, &c[j], &c[i], NULL) < 0)
                out[i] = true;
    for (unsigned i = 0; i < n; i++)
        if (!out[i] && (best < 0 || bgp_decide_cmp(&inst, &c[i], &c[best], NULL) < 0))
            best = (int)i;
    return best;
}

/* The attribute that peer i shall have for prefix x, as decoded by it; 0: none. */
static uint32_t model_out(unsigned i, unsigned x, const struct bgp_decide_path *best)
{
    static struct bgp_attr_build b;
    static uint64_t flat[16384];
    static uint8_t msg[4096];
    struct mpeer *to = &peers[i];
    unsigned af = af_of(x);
    struct bgp_group_key k;
    struct bgp_export_from from = { 0 };
    if (!best || best->source == INDEX(i) || !to->conf.af[af].active)
        return 0;
    bgp_export_key(&k, &inst, &to->conf, (enum bgp_afi_safi)af);
    if (best->source < BGP_PEER_FIRST) {
        from.flags = EXS_LOCAL;
    } else {
        const struct bgp_rib_peer *src = &peers[best->source - BGP_PEER_FIRST].conf;
        from.router_id = src->remote_id;
        from.flags = src->ebgp ? 0 : EXS_IBGP | (src->af[af].rr_client ? EXS_CLIENT : 0);
    }
    if (!bgp_export_allowed(&k, &inst, from.flags, best->a))
        return 0;
    bgp_attr_build_from(&b, best->a);
    if (!bgp_export_pre(&b, &k, &inst, &from))
        return 0;
    if (k.out) {
        uint32_t h = bgp_policy_apply(k.out, NULL, NULL, &pfx[x], bgp_attr_intern(&b));
        if (!h)
            return 0;
        bgp_attr_build_from(&b, bgp_attr_get(h));
    }
    ck_assert(bgp_export_post(&b, &k, &inst) && bgp_export_flat(&b, flat, sizeof(flat)));
    struct bgp_encode_ctx c = { .af = (enum bgp_afi_safi)af,
                                .as4 = true,
                                .ibgp = !to->conf.ebgp,
                                .send_community = to->conf.af[af].send_community,
                                .send_ext = true,
                                .send_large = true,
                                .max_len = 4096 };
    struct bgp_encoder e;
    ck_assert(bgp_encode_begin(&e, &c, (struct bgp_attr *)flat, msg, sizeof(msg)));
    ck_assert(bgp_encode_nlri(&e, pfx[x].b, pfx[x].len));
    size_t len = bgp_encode_end(&e);
    uint32_t view[N_PFX];
    view_message(view, msg, len, !to->conf.ebgp);
    return view[x];
}

/* ---- comparison ---- */
static char why[8192];
static char *pstr(unsigned x)
{
    static char buf[PREFIX_STRLEN];
    return prefix_str(&pfx[x], buf);
}

static char *astr(uint32_t h, char *buf, size_t len)
{
    char path[128], comm[128], nh[IPADDR_STRLEN];
    if (!h)
        return strcpy(buf, "none");
    const struct bgp_attr *a = kept_get(h);
    snprintf(buf, len, "[%u: path %s nh %s med %u lp %u flags %x orig %x cl %u comm %s]", h,
             bgp_attr_path_str(a, path, sizeof(path)), ipaddr_str(&a->nexthop, nh), a->med,
             a->local_pref, a->flags, a->originator_id, a->cluster_len,
             bgp_attr_community_str(a, comm, sizeof(comm)));
    return buf;
}

static bool zebra_matches(unsigned x, struct bgp_decide_path *c, unsigned n, int best)
{
    const struct zroute *z = &zview[x];
    struct ipaddr want[N_PEERS + 1];
    unsigned n_want = 0;
    if (best < 0 || c[best].source < BGP_PEER_FIRST || !inst.install)
        return z->nhg == 0;
    if (!z->nhg)
        return false;
    unsigned af = af_of(x);
    unsigned limit = c[best].type == BPT_IBGP ? inst.multipath_ibgp[af] : inst.multipath[af];
    want[n_want++] = c[best].a->nexthop;
    for (unsigned i = 0; i < n && limit > 1; i++) {
        bool dup = !bgp_decide_multipath(&inst, &c[best], &c[i]);
        for (unsigned k = 0; k < n_want; k++)
            dup |= ipaddr_eq(&want[k], &c[i].a->nexthop);
        if (!dup)
            want[n_want++] = c[i].a->nexthop;
    }
    const struct zapi_nhg *g = &zgroups[z->nhg];
    if (g->n != n_want || z->metric != (c[best].a->flags & BAF_MED ? c[best].a->med : 0) ||
        z->distance != (c[best].type == BPT_EBGP ? 20 : 200))
        return false;
    for (unsigned k = 0; k < n_want; k++) {
        bool found = false;
        for (unsigned i = 0; i < g->n; i++)
            found |= ipaddr_eq(&g->nh[i].gate, &want[k]);
        if (!found)
            return false;
    }
    return true;
}

static bool counts_match(void)
{
    for (unsigned i = 0; i < N_PEERS; i++)
        for (unsigned af = 0; af < BGP_AF_MAX; af++) {
            struct bgp_rib_counts c;
            unsigned acc = 0, filt = 0, stale = 0, sent = 0;
            bgp_rib_peer_counts(INDEX(i), (enum bgp_afi_safi)af, &c);
            for (unsigned x = 0; x < N_PFX; x++) {
                const struct mpath *m = &peers[i].in[x];
                if (af_of(x) != af)
                    continue;
                acc += m->attr_in && !m->filtered;
                filt += m->attr_in && m->filtered;
                stale += m->attr_in && m->stale;
                sent += peers[i].up && sock[i].view[x];
            }
            if (c.accepted != acc || c.filtered != filt || c.stale != stale || c.sent != sent) {
                snprintf(
                    why, sizeof(why),
                    "counts of peer %u af %u: accepted %u/%u filtered %u/%u stale %u/%u sent %u/%u",
                    i, af, c.accepted, acc, c.filtered, filt, c.stale, stale, c.sent, sent);
                return false;
            }
        }
    return true;
}

static void why_candidates(int at, const struct bgp_decide_path *c, unsigned n, int best)
{
    for (unsigned k = 0; k < n && (size_t)at < sizeof(why); k++) {
        char in[400];
        at += snprintf(why + at, sizeof(why) - (size_t)at, "\n  %s%d w %u igp %u: %s",
                       (int)k == best ? "*" : " ", c[k].source, c[k].a->weight, c[k].igp_metric,
                       astr(c[k].handle, in, sizeof(in)));
    }
}

static bool matches(void)
{
    for (unsigned x = 0; x < N_PFX; x++) {
        struct bgp_decide_path c[N_PEERS + 1];
        unsigned n = model_candidates(x, c);
        int best = model_best(c, n);
        for (unsigned i = 0; i < N_PEERS; i++) {
            if (!peers[i].up)
                continue;
            uint32_t want = model_out(i, x, best < 0 ? NULL : &c[best]);
            if (want == sock[i].view[x])
                continue;
            char has[400], wanted[400], in[400];
            int at = snprintf(why, sizeof(why),
                              "peer %u (kind %u) %s: has %s, want %s; best %s from %d (kind %d)", i,
                              peers[i].kind, pstr(x), astr(sock[i].view[x], has, sizeof(has)),
                              astr(want, wanted, sizeof(wanted)),
                              best < 0 ? "none" : astr(c[best].handle, in, sizeof(in)),
                              best < 0 ? 0 : c[best].source - BGP_PEER_FIRST,
                              best < 0 || c[best].source < BGP_PEER_FIRST
                                  ? -1
                                  : (int)peers[c[best].source - BGP_PEER_FIRST].kind);
            why_candidates(at, c, n, best);
            return false;
        }
        if (zebra_is_up && !zebra_matches(x, c, n, best)) {
            int at = snprintf(
                why, sizeof(why), "zebra %s: group %u metric %u dist %u n %u mp %u/%u;", pstr(x),
                zview[x].nhg, zview[x].metric, zview[x].distance, zgroups[zview[x].nhg].n,
                inst.multipath[af_of(x)], inst.multipath_ibgp[af_of(x)]);
            for (unsigned k = 0; k < zgroups[zview[x].nhg].n; k++) {
                char nh[IPADDR_STRLEN];
                at += snprintf(why + at, sizeof(why) - (size_t)at, " %s",
                               ipaddr_str(&zgroups[zview[x].nhg].nh[k].gate, nh));
            }
            why_candidates(at, c, n, best);
            return false;
        }
    }
    for (unsigned i = 0; i < N_PEERS; i++)
        for (unsigned af = 0; af < BGP_AF_MAX; af++)
            if (peers[i].up && peers[i].conf.af[af].active &&
                (!sock[i].eor[af] || sock[i].dumps[af] > sock[i].asked[af] + 1)) {
                snprintf(why, sizeof(why), "peer %u af %u: no End-of-RIB", i, af);
                return false;
            }
    return counts_match();
}

/* ---- questions ---- */
static struct bgp_rib_query *query;
static unsigned q_seen;
static bool q_done;
static struct prefix q_last;
static bool q_check, q_print;

static void deliver(void *ctx, const struct bgp_rib_entry *e, unsigned n)
{
    (void)ctx;
    for (unsigned k = 0; k < n; k++) {
        unsigned x = pfx_index(e[k].prefix.family == AF_INET6, e[k].prefix.b, e[k].prefix.len);
        ck_assert(!q_seen || prefix_cmp(&q_last, &e[k].prefix) < 0);
        q_last = e[k].prefix;
        q_seen++;
        for (unsigned i = 0; i < e[k].n_paths; i++) {
            const struct bgp_rib_path *p = &e[k].paths[i];
            if (q_print) {
                char buf[400];
                printf("  %s from %u best %d valid %d nh index %u reason %s: %s\n", pstr(x),
                       p->source, p->best, p->valid, bgp_attr_get(p->attr_in)->nh,
                       bgp_reason_name(p->reason), astr(keep(p->attr_in), buf, sizeof(buf)));
                continue;
            }
            if (p->attr)
                (void)bgp_attr_get(p->attr)->flags;
            if (!q_check || p->source < BGP_PEER_FIRST)
                continue;
            const struct mpath *m = &peers[p->source - BGP_PEER_FIRST].in[x];
            ck_assert_uint_eq(keep(p->attr), m->filtered ? 0 : m->attr);
            if (peers[p->source - BGP_PEER_FIRST].conf.af[af_of(x)].soft_reconfig)
                ck_assert_uint_eq(keep(p->attr_in), m->attr_in);
        }
    }
    if (n) {
        bgp_rib_query_next(query);
        return;
    }
    q_done = true;
    bgp_rib_query_free(query);
    query = NULL;
}

static void query_begin(bool check)
{
    struct bgp_rib_filter f = { .kind = BGP_Q_TABLE, .af = check ? 0 : (enum bgp_afi_safi)rnd(2) };
    if (query)
        bgp_rib_query_free(query);
    q_seen = 0;
    q_done = false;
    q_check = check;
    query = bgp_rib_query_new(&f, deliver, NULL);
}

/* ---- running ---- */
static void stop_cb(void *ctx)
{
    (void)ctx;
    loop_stop(loop, 0);
}

static struct loop_timer *stop_timer;
static void run_us(uint64_t us)
{
    loop_timer_arm(stop_timer, us);
    loop_run(loop);
}

static void settle(void)
{
    bool ok = false;
    for (unsigned i = 0; i < N_PEERS; i++)
        peers[i].slow = false;
    bgp_rib_zebra_room(true);
    rnd(2) ? bgp_rib_writable(INDEX(0)) : (void)0;
    for (unsigned t = 0; t < 4000 && !ok; t++) {
        run_us(t < 20 ? 300 : 2000);
        for (unsigned i = 0; i < N_PEERS; i++)
            sock_drain(i);
        if (zebra_is_up)
            zebra_ack(zseq);
        ok = matches();
    }
    q_print = !ok;
    query_begin(true);
    for (unsigned t = 0; t < 2000 && !q_done; t++)
        run_us(200);
    ck_assert_msg(ok, "%s", why);
    ck_assert(q_done);
    unsigned want = 0;
    for (unsigned x = 0; x < N_PFX; x++) {
        bool any = local[x];
        for (unsigned i = 0; i < N_PEERS; i++)
            any |= peers[i].in[x].attr_in != 0;
        want += af_of(x) == 0 && any;
    }
    ck_assert_uint_eq(q_seen, want);
}

/* ---- events ---- */
static const struct bgp_policy *policy_random(void)
{
    if (rnd(2))
        return NULL;
    struct bgp_policy *p = calloc(1, sizeof(*p));
    atomic_init(&p->refs, 1);
    p->deny_mod = rnd(2) ? (uint8_t)(2 + rnd(4)) : 0;
    p->deny_is = p->deny_mod ? (uint8_t)rnd(p->deny_mod) : 0;
    p->med = rnd(2) ? 100 + rnd(3) : 0;
    return p;
}

static void policies_drop(struct mpeer *p)
{
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        bgp_policy_unref(p->conf.af[af].in);
        bgp_policy_unref(p->conf.af[af].out);
        p->conf.af[af].in = p->conf.af[af].out = NULL;
    }
}

static void peer_configure(unsigned i, bool session)
{
    struct mpeer *p = &peers[i];
    struct bgp_rib_peer *c = &p->conf;
    unsigned link = i % 3;
    policies_drop(p);
    if (session)
        p->kind = rnd(4);
    uint32_t gen = c->gen + session;
    memset(c, 0, sizeof(*c));
    c->peer = INDEX(i);
    c->gen = gen;
    c->ebgp = p->kind < 2;
    c->as4 = true;
    c->remote_as = c->ebgp ? 65100 + i / 2 : OWN_AS;
    c->local_as = OWN_AS;
    c->remote_id = 0x01010100 + i;
    c->multihop_or_ibgp = !c->ebgp;
    c->remote_addr = ipaddr_v4(0x0a010000u + (link << 8) + 10 + i);
    c->local_addr = ipaddr_v4(0x0a010000u + (link << 8) + 1);
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        struct bgp_rib_peer_af *a = &c->af[af];
        a->active = af == 0 || i % 2;
        a->rr_client = p->kind == 3;
        a->send_community = i % 5 != 0;
        a->send_ext = a->send_large = true;
        a->next_hop_self = !rnd(3);
        a->soft_reconfig = i % 4 == 1;
        a->weight = rnd(6) ? 0 : 7;
        a->allowas_in = i % 7 == 0;
        a->policy_missing_out = !rnd(10);
        a->in = policy_random();
        a->out = policy_random();
        a->nexthop_self = c->local_addr;
        if (af) {
            ipaddr_parse("2001:db8:1::1", &a->nexthop_self);
            a->nexthop_self.b[7] = (uint8_t)link;
        } else if (c->ebgp) {
            a->shared_subnet = prefix_from(AF_INET, c->remote_addr.b, 24);
        }
    }
}

static void ev_up(unsigned i)
{
    struct mpeer *p = &peers[i];
    if (p->up)
        return;
    bool was_ebgp = p->conf.ebgp;
    peer_configure(i, true);
    if (was_ebgp != p->conf.ebgp) /* not the one that left the stale paths */
        memset(p->in, 0, sizeof(p->in));
    p->up = true;
    p->slow = !rnd(3);
    sock_reset(i, p->conf.gen);
    bgp_rib_peer_up(&p->conf);
    p->feeder = bgp_rib_feeder_new(INDEX(i), p->conf.gen, 0, p->conf.ebgp);
}

static void ev_down(unsigned i, bool stale)
{
    struct mpeer *p = &peers[i];
    if (!p->up)
        return;
    bgp_rib_feeder_free(p->feeder);
    p->feeder = NULL;
    p->up = false;
    p->clearing = true;
    bgp_rib_peer_down(INDEX(i), p->conf.gen, stale);
    sock_reset(i, 0);
    for (unsigned x = 0; x < N_PFX; x++) {
        if (!stale)
            p->in[x] = (struct mpath){ 0 };
        else if (p->in[x].attr_in)
            p->in[x].stale = true;
    }
}

static void stale_gone(struct mpeer *p, unsigned af)
{
    for (unsigned x = 0; x < N_PFX; x++)
        if (af_of(x) == af && p->in[x].stale)
            p->in[x] = (struct mpath){ 0 };
}

/* One UPDATE of up to 12 prefixes of one family. */
static void ev_update(unsigned i, bool withdraw)
{
    static uint8_t msg[4096];
    static struct bgp_update u;
    struct mpeer *p = &peers[i];
    unsigned af = rnd(4) == 0 && p->conf.af[1].active;
    if (!p->up)
        return;
    struct bgp_attr_build b = attr_pool[af][rnd(N_ATTR)];
    uint32_t attr = bgp_attr_intern(&b);
    struct bgp_encode_ctx c = { .af = (enum bgp_afi_safi)af,
                                .as4 = true,
                                .ibgp = !p->conf.ebgp,
                                .send_community = true,
                                .send_ext = true,
                                .send_large = true,
                                .max_len = 4096 };
    struct bgp_encoder e;
    bool ok = withdraw ? bgp_encode_begin_withdraw(&e, &c, msg, sizeof(msg))
                       : bgp_encode_begin(&e, &c, bgp_attr_get(attr), msg, sizeof(msg));
    ck_assert(ok);
    unsigned n = 1 + rnd(12), sent[12];
    for (unsigned k = 0; k < n; k++) {
        do
            sent[k] = rnd(N_PFX);
        while (af_of(sent[k]) != af);
        ck_assert(bgp_encode_nlri(&e, pfx[sent[k]].b, pfx[sent[k]].len));
    }
    size_t len = bgp_encode_end(&e);
    struct bgp_update_ctx d = { .as4 = true, .ibgp = !p->conf.ebgp, .af = 3 };
    bgp_update_decode(msg + BGP_HEADER_LEN, len - BGP_HEADER_LEN, &d, &u);
    ck_assert_msg(u.outcome <= BGP_DISCARD, "%s", u.err.text);
    bgp_rib_feed(p->feeder, &u);
    if (!withdraw)
        attr = keep(bgp_attr_intern(&u.attr)); /* as the feeder saw it, with its next hop's index */
    if (rnd(3))
        bgp_rib_feed_flush(p->feeder);
    for (unsigned k = 0; k < n; k++)
        p->in[sent[k]] = withdraw ? (struct mpath){ 0 } : model_import(p, sent[k], attr);
}

static void ev_eor(unsigned i)
{
    unsigned af = rnd(2);
    if (!peers[i].up)
        return;
    bgp_rib_feed_eor(peers[i].feeder, (enum bgp_afi_safi)af);
    bgp_rib_feed_flush(peers[i].feeder);
    stale_gone(&peers[i], af);
}

static void ev_sweep(unsigned i)
{
    if (peers[i].up)
        bgp_rib_feed_flush(peers[i].feeder);
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        bgp_rib_stale_sweep(INDEX(i), (enum bgp_afi_safi)af);
        stale_gone(&peers[i], af);
    }
}

static void ev_set(unsigned i)
{
    struct mpeer *p = &peers[i];
    if (!p->up)
        return;
    bgp_rib_feed_flush(p->feeder);
    /* Only what comes to bear later may change without a soft_in; so ask for one where it works. */
    struct bgp_rib_peer old = p->conf;
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        bgp_policy_ref(old.af[af].in);
        bgp_policy_ref(old.af[af].out);
    }
    peer_configure(i, false);
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        if (rnd(2)) { /* the outbound policy alone changes: groups are re-keyed */
            const struct bgp_policy *in = p->conf.af[af].in, *out = p->conf.af[af].out;
            p->conf.af[af] = old.af[af];
            p->conf.af[af].in = in;
            p->conf.af[af].out = out;
        }
        bgp_policy_unref(old.af[af].in);
        bgp_policy_unref(old.af[af].out);
    }
    bgp_rib_peer_set(&p->conf);
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        if (!p->conf.af[af].soft_reconfig)
            continue;
        bgp_rib_soft_in(INDEX(i), (enum bgp_afi_safi)af);
        for (unsigned x = 0; x < N_PFX; x++)
            if (af_of(x) == af && p->in[x].attr_in) {
                bool stale = p->in[x].stale;
                p->in[x] = model_import(p, x, p->in[x].attr_in);
                p->in[x].stale = stale && p->in[x].attr_in;
            }
    }
    /* soft_in is not done at once: what comes next must not overtake it in the model. */
    for (unsigned t = 0; t < 20; t++)
        run_us(200);
}

static void ev_soft_out(unsigned i)
{
    unsigned af = rnd(2);
    sock[i].eor[af] = false;
    sock[i].asked[af]++;
    bgp_rib_soft_out(INDEX(i), (enum bgp_afi_safi)af);
}

static void ev_nexthop(void)
{
    unsigned af = rnd(2), k = rnd(N_NH);
    if (rnd(2))
        nhs[af][k].reachable = !nhs[af][k].reachable;
    else
        nhs[af][k].metric = rnd(3) * 10;
    for (uint32_t nh = 1; nh < bgp_nht_end(); nh++) {
        struct bgp_nht_info info;
        bgp_nht_info(nh, &info);
        if (ipaddr_eq(&info.addr, &nhs[af][k].addr))
            nht_tell(nh);
    }
}

static void ev_local(void)
{
    unsigned x = rnd(N_PFX - N_BAD);
    static struct bgp_attr_build b;
    bgp_attr_build_init(&b);
    b.h.origin = BGP_ORIGIN_IGP;
    b.h.flags |= BAF_NH_SELF;
    b.h.weight = rnd(2) ? 32768 : 0;
    if (rnd(2)) {
        b.h.flags |= BAF_MED;
        b.h.med = rnd(5);
    }
    uint32_t attr = rnd(2) ? bgp_attr_intern(&b) : 0;
    local[x] = keep(attr);
    bgp_rib_local(0, BGP_SRC_NETWORK, &pfx[x], attr);
}

static void ev_knobs(void)
{
    inst.always_compare_med = rnd(2);
    inst.aspath_ignore = !rnd(4);
    inst.med_missing_worst = rnd(2);
    inst.multipath_relax = rnd(2);
    inst.client_to_client = rnd(4);
    for (unsigned af = 0; af < BGP_AF_MAX; af++) {
        inst.multipath[af] = rnd(2) ? 1 : 32;
        inst.multipath_ibgp[af] = rnd(2) ? 1 : 32;
    }
    bgp_rib_inst_set(&inst);
}

static void ev_zebra(void)
{
    zebra_is_up = !zebra_is_up;
    if (!zebra_is_up) {
        bgp_rib_zebra_down();
        return;
    }
    memset(zview, 0, sizeof(zview));
    memset(zgroups, 0, sizeof(zgroups));
    zacked = zseq;
    bgp_rib_zebra_up();
}

static void event(void)
{
    unsigned i = rnd(N_PEERS);
    switch (rnd(26)) {
    case 0:
    case 1:
        ev_up(i);
        break;
    case 2:
        ev_down(i, !rnd(3));
        break;
    case 3:
        ev_set(i);
        break;
    case 4:
        if (peers[i].up)
            ev_soft_out(i);
        break;
    case 5:
        ev_nexthop();
        break;
    case 6:
        ev_local();
        break;
    case 7:
        if (!rnd(3))
            ev_knobs();
        break;
    case 8:
        if (!rnd(3))
            ev_zebra();
        break;
    case 9:
        bgp_rib_zebra_room(rnd(2));
        break;
    case 10:
        peers[i].slow = rnd(2);
        break;
    case 11:
        sock_drain(i);
        break;
    case 12:
        zebra_is_up ? zebra_ack(zacked + rnd((uint32_t)(zseq - zacked) + 1)) : (void)0;
        break;
    case 13:
        ev_eor(i);
        break;
    case 14:
        if (!rnd(4))
            ev_sweep(i);
        break;
    case 15:
        bgp_rib_gc_now();
        break;
    case 16:
        query_begin(false);
        break;
    case 17:
        run_us(rnd(1000));
        break;
    case 18:
    case 19:
        ev_update(i, true);
        break;
    default:
        ev_update(i, false);
        break;
    }
}

/* ---- the world ---- */
static void attr_pool_make(unsigned af, unsigned k)
{
    struct bgp_attr_build *b = &attr_pool[af][k];
    bgp_attr_build_init(b);
    b->h.origin = (uint8_t)rnd(3);
    for (unsigned n = rnd(4); n; n--)
        bgp_attr_prepend(b, k % 17 == 0 ? OWN_AS : 65500 + rnd(3), 1);
    bgp_attr_prepend(b, 65100 + rnd(4), 1);
    if (rnd(2)) {
        b->h.flags |= BAF_MED;
        b->h.med = rnd(3);
    }
    b->h.flags |= BAF_LOCAL_PREF;
    b->h.local_pref = 100 + (rnd(3) == 0) * 50;
    uint32_t comm[] = { 65001u << 16 | rnd(3), rnd(8) ? 65001u << 16 | 9 : BGP_COMM_NO_EXPORT,
                        rnd(12) ? 65001u << 16 | 9 : BGP_COMM_NO_ADVERTISE };
    bgp_attr_community_set(b, comm, 3, false);
    if (k % 5 == 0) {
        b->h.flags |= BAF_ORIGINATOR;
        b->h.originator_id = k % 10 ? OWN_ID : 0x09090909;
        bgp_attr_cluster_prepend(b, k % 15 ? 0x05050505 : OWN_ID);
    }
    b->h.nexthop = nhs[af][rnd(N_NH)].addr;
}

static void world(unsigned seed)
{
    rnd_state = 88172645463325252ull + seed * 7919;
    memset(peers, 0, sizeof(peers));
    memset(local, 0, sizeof(local));
    memset(zview, 0, sizeof(zview));
    memset(zgroups, 0, sizeof(zgroups));
    memset(sock, 0, sizeof(sock));
    zseq = zacked = 1;
    for (unsigned x = 0; x < N_PFX; x++) {
        char s[64];
        if (x < N_V4)
            snprintf(s, sizeof(s), "20.%u.%u.0/%u", x % 3, x, 16 + 8 * (x % 2 == 0));
        else if (x < N_V4 + N_V6)
            snprintf(s, sizeof(s), "2001:db8:%u::/%u", x, 48 + x % 3);
        else
            snprintf(s, sizeof(s), "127.%u.0.0/16", x);
        if (x < N_V4 && x % 2)
            snprintf(s, sizeof(s), "21.%u.0.0/16", x);
        ck_assert_msg(prefix_parse(s, &pfx[x]), "%s", s);
    }
    for (unsigned k = 0; k < N_NH; k++) {
        char s[64];
        snprintf(s, sizeof(s), "10.1.%u.%u", k % 3, 100 + k);
        ck_assert(ipaddr_parse(s, &nhs[0][k].addr));
        snprintf(s, sizeof(s), "2001:db8:ff::%u", k + 1);
        ck_assert(ipaddr_parse(s, &nhs[1][k].addr));
        nhs[0][k].reachable = nhs[1][k].reachable = true;
        nhs[0][k].metric = nhs[1][k].metric = 0;
    }
    for (unsigned k = 0; k < N_ATTR; k++)
        for (unsigned af = 0; af < BGP_AF_MAX; af++)
            attr_pool_make(af, k);
    inst = (struct bgp_rib_inst){ .install = true,
                                  .as = OWN_AS,
                                  .router_id = OWN_ID,
                                  .cluster_id = OWN_ID,
                                  .default_local_pref = 100,
                                  .compare_routerid = true,
                                  .client_to_client = true };
    for (unsigned af = 0; af < BGP_AF_MAX; af++)
        inst.multipath[af] = inst.multipath_ibgp[af] = 1;
}

static void everything_goes(void)
{
    for (unsigned i = 0; i < N_PEERS; i++) {
        ev_down(i, false);
        ev_sweep(i);
    }
    for (unsigned x = 0; x < N_PFX; x++) {
        local[x] = 0;
        bgp_rib_local(0, BGP_SRC_NETWORK, &pfx[x], 0);
    }
    settle();
    struct bgp_rib_totals t[2];
    for (unsigned n = 0; n < 2000; n++) {
        if (zebra_is_up)
            zebra_ack(zseq);
        run_us(500);
        for (unsigned af = 0; af < BGP_AF_MAX; af++)
            bgp_rib_totals(0, (enum bgp_afi_safi)af, &t[af]);
        if (!t[0].prefixes && !t[1].prefixes)
            break;
    }
    ck_assert_uint_eq(t[0].prefixes + t[1].prefixes, 0);
    ck_assert_uint_eq(t[0].paths + t[1].paths, 0);
    ck_assert_uint_eq(t[0].best + t[1].best, 0);
}

static unsigned env(const char *name, unsigned def)
{
    const char *s = getenv(name);
    return s ? (unsigned)strtoul(s, NULL, 10) : def;
}

static void random_run(unsigned seed, unsigned threads)
{
    loop = loop_new();
    world(seed);
    stop_timer = loop_timer_new(loop, "stop", stop_cb, NULL);
    bgp_rib_start(loop, threads, &cb, NULL);
    bgp_rib_inst_set(&inst);
    zebra_is_up = false;
    ev_zebra();
    unsigned rounds = env("GW_RIB_STEPS", 12);
    for (unsigned r = 0; r < rounds; r++) {
        for (unsigned n = 20 + rnd(150); n; n--)
            event();
        for (unsigned i = 0; i < N_PEERS; i++)
            if (peers[i].up)
                bgp_rib_feed_flush(peers[i].feeder);
        settle();
    }
    everything_goes();
    for (unsigned i = 0; i < N_PEERS; i++)
        policies_drop(&peers[i]);
    bgp_rib_query_free(query);
    query = NULL;
    bgp_rib_stop();
    for (unsigned i = 0; i < N_PEERS; i++)
        sock_reset(i, 0);
    loop_timer_free(stop_timer);
    loop_free(loop);
}

START_TEST(inline_shard)
{
    for (unsigned s = 0; s < env("GW_RIB_SEEDS", 8); s++)
        random_run(1000 + s, 1);
}
END_TEST

START_TEST(threaded_shards)
{
    for (unsigned s = 0; s < env("GW_RIB_SEEDS", 8); s++)
        random_run(2000 + s, 4);
}
END_TEST

int main(void)
{
    bgp_attr_init();
    kept = intern_new(MEM(tmp));
    Suite *s = suite_create("bgp_rib");
    TCase *t = tcase_create("random");
    tcase_set_timeout(t, 600);
    tcase_add_test(t, inline_shard);
    tcase_add_test(t, threaded_shards);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
