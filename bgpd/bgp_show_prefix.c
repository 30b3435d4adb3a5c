/* SPDX-License-Identifier: Apache-2.0
 * bgp_show_prefix.c - `show bgp PREFIX`: every path of one prefix in detail, and whom it is
 * advertised to.
 *
 * The shards answer twice: the prefix with its paths (a query), then the peers that hold it; then
 * all is written at once.
 */
#include "bgp_show_int.h"
#include <stdio.h>
#include <time.h>

/* ---- one prefix, in detail ---- */
struct detail_show {
    struct cli_req *r;
    struct bgp_scope scope;
    struct bgp_rib_query *q;
    bool found, only_best, only_multipath;
    struct bgp_rib_entry e;
    struct bgp_rib_path *paths;
    uint16_t adv[BGP_MAX_PEERS];
    unsigned n_adv;
};

static void aspath_json(struct writer *w, const struct bgp_attr *a)
{
    static const char *const types[] = { "", "as-set", "as-sequence", "as-confed-sequence",
                                         "as-confed-set" };
    char path[4096];
    size_t pos = 0;
    struct bgp_path_seg s;
    writer_obj(w, "aspath");
    writer_str(w, "string", a->aspath_len ? bgp_attr_path_str(a, path, sizeof(path)) : "Local");
    writer_arr(w, "segments");
    while (bgp_attr_seg_next(a, &pos, &s)) {
        struct rb r = rb_init(s.asns, (size_t)s.count * 4);
        writer_obj(w, NULL);
        writer_str(w, "type", s.type <= BGP_CONFED_SET ? types[s.type] : "");
        writer_arr(w, "list");
        while (rb_left(&r))
            writer_uint(w, NULL, rb_u32(&r));
        writer_end(w);
        writer_end(w);
    }
    writer_end(w);
    writer_uint(w, "length", a->path_len);
    writer_end(w);
}

/* A space-separated list as {"string", "list"}, FRR's form of the community attributes. */
static void list_json(struct writer *w, const char *key, const char *text)
{
    char word[64];
    writer_obj(w, key);
    writer_str(w, "string", text);
    writer_arr(w, "list");
    while (*text) {
        size_t n = strcspn(text, " ");
        snprintf(word, sizeof(word), "%.*s", (int)n, text);
        writer_str(w, NULL, word);
        text += n;
        text += strspn(text, " ");
    }
    writer_end(w);
    writer_end(w);
}

static void detail_communities(struct writer *w, const struct bgp_attr *a)
{
    char buf[4096];
    if (a->community_len) {
        bgp_attr_community_str(a, buf, sizeof(buf));
        writer_line(w, "      Community: %s", buf);
        list_json(w, "community", buf);
    }
    if (a->ext_len) {
        bgp_attr_ext_str(a, buf, sizeof(buf));
        writer_line(w, "      Extended Community: %s", buf);
        writer_obj(w, "extendedCommunity");
        writer_str(w, "string", buf);
        writer_end(w);
    }
    if (a->large_len) {
        bgp_attr_large_str(a, buf, sizeof(buf));
        writer_line(w, "      Large Community: %s", buf);
        list_json(w, "largeCommunity", buf);
    }
}

static void detail_reflection(struct writer *w, const struct bgp_attr *a)
{
    char id[IPADDR_STRLEN], text[1024];
    size_t n = 0;
    if (!(a->flags & BAF_ORIGINATOR) && !a->cluster_len)
        return;
    struct ipaddr o = ipaddr_v4(a->originator_id);
    struct rb r = rb_init(bgp_attr_cluster(a), a->cluster_len);
    ipaddr_str(&o, id);
    writer_str(w, "originatorId", id);
    writer_obj(w, "clusterList");
    writer_arr(w, "list");
    text[0] = '\0';
    while (rb_left(&r)) {
        char c[IPADDR_STRLEN];
        struct ipaddr cl = ipaddr_v4(rb_u32(&r));
        ipaddr_str(&cl, c);
        writer_str(w, NULL, c);
        if (n < sizeof(text))
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", c);
    }
    writer_end(w);
    writer_str(w, "string", text);
    writer_end(w);
    writer_line(w, "      Originator: %s, Cluster list: %s", id, text);
}

static void detail_origin_line(struct detail_show *d, const struct bgp_rib_path *p,
                               const struct bgp_attr *a)
{
    struct writer *w = d->r->out;
    const struct bgp_peer *peer = bgp_show_path_peer(p);
    writer_text(w, "      Origin %s", bgp_origin_name(a->origin));
    writer_str(w, "origin", bgp_origin_name(a->origin));
    if (a->flags & BAF_MED) {
        writer_text(w, ", metric %u", a->med);
        writer_uint(w, "metric", a->med);
    }
    if (a->flags & BAF_LOCAL_PREF) {
        writer_text(w, ", localpref %u", a->local_pref);
        writer_uint(w, "locPrf", a->local_pref);
    }
    if (a->weight) {
        writer_text(w, ", weight %u", a->weight);
        writer_uint(w, "weight", a->weight);
    }
    if (a->tag)
        writer_text(w, ", tag %u", a->tag);
    writer_text(w, ", %s", p->valid ? "valid" : "invalid");
    writer_true(w, "valid", p->valid);
    writer_uint(w, "version", d->e.version);
    if (peer)
        writer_text(w, ", %s", peer->ebgp ? "external" : "internal");
    else
        writer_text(w, ", sourced%s", p->source == BGP_SRC_NETWORK ? ", local" : "");
    writer_true(w, "sourced", !peer);
    writer_true(w, "local", p->source == BGP_SRC_NETWORK);
    if (a->flags & BAF_ATOMIC)
        writer_text(w, ", atomic-aggregate");
    writer_true(w, "atomicAggregate", a->flags & BAF_ATOMIC);
    if (p->multipath && !p->best)
        writer_text(w, ", multipath");
    writer_true(w, "multipath", p->multipath);
    writer_true(w, "stale", p->stale);
    if (p->best) {
        writer_text(w, ", best (%s)", bgp_reason_name(p->reason));
        writer_obj(w, "bestpath");
        writer_bool(w, "overall", true);
        writer_str(w, "selectionReason", bgp_reason_name(p->reason));
        writer_end(w);
    }
    writer_text(w, "\n");
}

static void detail_from(struct detail_show *d, const struct bgp_rib_path *p,
                        const struct bgp_attr *a)
{
    struct writer *w = d->r->out;
    const struct bgp_peer *peer = bgp_show_path_peer(p);
    struct ipaddr unspec = { .family = (uint8_t)(d->scope.af == BGP_IP6_UNI ? AF_INET6 : AF_INET) },
                  rid;
    char nh[IPADDR_STRLEN], id[IPADDR_STRLEN], self[IPADDR_STRLEN];
    ipaddr_str(a->nexthop.family ? &a->nexthop : &unspec, nh);
    rid = ipaddr_v4(a->flags & BAF_ORIGINATOR ? a->originator_id
                    : peer                    ? peer->fsm.remote_id
                                              : d->scope.inst->router_id);
    ipaddr_str(&rid, id);
    ipaddr_str(&unspec, self);
    writer_line(w, "    %s%s from %s (%s)", nh, p->valid ? "" : " (inaccessible)",
                peer ? peer->name : self, id);
    if (a->nexthop_ll.family) {
        char ll[IPADDR_STRLEN];
        writer_line(w, "    (%s) (used)", ipaddr_str(&a->nexthop_ll, ll));
    }
}

static void detail_peer_json(struct writer *w, const struct detail_show *d,
                             const struct bgp_rib_path *p)
{
    const struct bgp_peer *peer = bgp_show_path_peer(p);
    char id[IPADDR_STRLEN];
    struct ipaddr rid = ipaddr_v4(peer ? peer->fsm.remote_id : d->scope.inst->router_id);
    writer_obj(w, "peer");
    writer_str(w, "peerId", peer ? peer->name : d->scope.af == BGP_IP6_UNI ? "::" : "0.0.0.0");
    writer_str(w, "routerId", ipaddr_str(&rid, id));
    if (peer && peer->open_rcvd.hostname[0])
        writer_str(w, "hostname", peer->open_rcvd.hostname);
    if (peer)
        writer_str(w, "type", peer->ebgp ? "external" : "internal");
    writer_end(w);
}

static void detail_path(struct detail_show *d, const struct bgp_rib_path *p)
{
    struct writer *w = d->r->out;
    const struct bgp_attr *a = bgp_attr_get(p->attr ? p->attr : p->attr_in);
    char path[4096], when[32], id[IPADDR_STRLEN];
    time_t t = (time_t)p->age;
    writer_obj(w, NULL);
    writer_text(w, "  %s", a->aspath_len ? bgp_attr_path_str(a, path, sizeof(path)) : "Local");
    aspath_json(w, a);
    if (a->flags & BAF_AGGREGATOR) {
        struct ipaddr ag = ipaddr_v4(a->aggregator_id);
        writer_text(w, ", (aggregated by %u %s)", a->aggregator_as, ipaddr_str(&ag, id));
        writer_uint(w, "aggregatorAs", a->aggregator_as);
        writer_str(w, "aggregatorId", id);
    }
    if (p->stale)
        writer_text(w, ", (stale)");
    if (p->filtered)
        writer_text(w, ", (received-only)");
    writer_text(w, "\n");
    detail_from(d, p, a);
    detail_origin_line(d, p, a);
    detail_communities(w, a);
    detail_reflection(w, a);
    if (a->flags & BAF_OTC)
        writer_uint(w, "otc", a->otc);
    if (a->tag)
        writer_uint(w, "tag", a->tag);
    ctime_r(&t, when);
    writer_text(w, "      Last update: %s", when);
    writer_obj(w, "lastUpdate");
    writer_uint(w, "epoch", p->age);
    writer_str(w, "string", when);
    writer_end(w);
    bgp_show_nexthops(w, a, p, d->scope.af, true);
    detail_peer_json(w, d, p);
    writer_end(w);
}

static void detail_advertised(struct detail_show *d)
{
    struct writer *w = d->r->out;
    writer_obj(w, "advertisedTo");
    writer_line(w, "%s",
                d->n_adv ? "  Advertised to non peer-group peers:"
                         : "  Not advertised to any peer");
    if (d->n_adv)
        writer_text(w, " ");
    for (unsigned i = 0; i < d->n_adv; i++) {
        const struct bgp_peer *p = bgp.peer[d->adv[i]];
        if (!p)
            continue;
        writer_text(w, " %s", p->name);
        writer_obj(w, p->name);
        if (p->open_rcvd.hostname[0])
            writer_str(w, "hostname", p->open_rcvd.hostname);
        writer_end(w);
    }
    if (d->n_adv)
        writer_text(w, "\n");
    writer_end(w);
}

static int detail_write(struct cli_req *r)
{
    struct detail_show *d = r->state;
    struct writer *w = r->out;
    char pfx[PREFIX_STRLEN];
    unsigned best = 0;
    if (!d->found) {
        writer_line(w, "%% Network not in table");
        writer_obj(w, NULL);
        writer_end(w);
        return writer_is_json(w) ? CLI_OK : CLI_WARNING;
    }
    prefix_str(&d->e.prefix, pfx);
    for (unsigned i = 0; i < d->e.n_paths; i++)
        if (d->paths[i].best)
            best = i + 1;
    writer_line(w, "BGP routing table entry for %s, version %u", pfx, d->e.version);
    if (best)
        writer_line(w, "Paths: (%u available, best #%u, table %s)", d->e.n_paths, best,
                    d->scope.inst->name);
    else
        writer_line(w, "Paths: (%u available, no best path)", d->e.n_paths);
    writer_obj(w, NULL);
    writer_str(w, "prefix", pfx);
    writer_uint(w, "version", d->e.version);
    writer_obj(w, "flags");
    writer_true(w, "bestPathExists", best);
    writer_true(w, "fibInstalled", d->e.fib_installed);
    writer_true(w, "fibInstallFailed", d->e.fib_failed);
    writer_end(w);
    detail_advertised(d);
    writer_arr(w, "paths");
    for (unsigned i = 0; i < d->e.n_paths; i++)
        if ((!d->only_best || d->paths[i].best) &&
            (!d->only_multipath || d->paths[i].best || d->paths[i].multipath))
            detail_path(d, &d->paths[i]);
    writer_end(w);
    writer_end_all(w);
    return CLI_OK;
}

static void detail_adv_one(void *ctx, uint16_t peer)
{
    struct detail_show *d = ctx;
    if (d->n_adv < BGP_MAX_PEERS)
        d->adv[d->n_adv++] = peer;
}

static void detail_adv_done(void *ctx)
{
    struct detail_show *d = ctx;
    cli_req_wake(d->r);
}

static void detail_deliver(void *ctx, const struct bgp_rib_entry *e, unsigned n)
{
    struct detail_show *d = ctx;
    if (n && !d->found) {
        d->found = true;
        d->e = *e;
        d->paths = mem_dup(MEM(bgp_show), e->paths, e->n_paths * sizeof(*e->paths));
    }
    cli_req_wake(d->r);
}

static int detail_adv(struct cli_req *r)
{
    struct detail_show *d = r->state;
    r->resume = detail_write;
    if (!d->found)
        return detail_write(r);
    bgp_rib_advertised_to(d->scope.inst->index, d->scope.af, &d->e.prefix, detail_adv_one,
                          detail_adv_done, d);
    return CLI_WAIT;
}

static void detail_cancel(struct cli_req *r)
{
    struct detail_show *d = r->state;
    bgp_rib_query_free(d->q);
    mem_free(MEM(bgp_show), d->paths);
    mem_free(MEM(bgp_show), d);
    r->state = NULL;
}

int bgp_show_prefix(struct cli_req *r)
{
    struct detail_show *d = mem_calloc(MEM(bgp_show), 1, sizeof(*d));
    const struct cli_arg *a = cli_arg(&r->args, "addr"), *p = cli_arg(&r->args, "prefix");
    struct bgp_rib_filter f = { 0 };
    if (!bgp_show_scope(r, &d->scope) || !d->scope.inst) {
        mem_free(MEM(bgp_show), d);
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    }
    f.prefix = p ? p->pfx : prefix_host(&a->ip);
    f.kind = p ? BGP_Q_EXACT : BGP_Q_LPM;
    f.inst = d->scope.inst->index;
    f.af = d->scope.af = f.prefix.family == AF_INET6 ? BGP_IP6_UNI : BGP_IP4_UNI;
    d->only_best = cli_has(&r->args, "bestpath");
    d->only_multipath = cli_has(&r->args, "multipath");
    d->r = r;
    r->state = d;
    r->resume = detail_adv;
    r->cancel = detail_cancel;
    d->q = bgp_rib_query_new(&f, detail_deliver, d);
    return CLI_WAIT;
}
