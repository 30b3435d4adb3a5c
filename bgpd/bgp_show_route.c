/* SPDX-License-Identifier: Apache-2.0
 * bgp_show_route.c - `show bgp [ipv4|ipv6]`: the table, one prefix, and what a neighbour sent or is sent.
 *
 * A table is streamed: the shards make slices of at most 1024 prefixes in order, each slice is written when it arrives,
 * and the next one is asked for only when the shell has taken the last. A million routes cost one slice of memory.
 */
#include "bgp_shell.h"
#include "bgp_zebra.h"
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum view { V_TABLE, V_ADVERTISED, V_RECEIVED, V_FILTERED, V_ROUTES };
struct table_show {
    struct cli_req *r;
    struct bgp_scope scope;
    struct bgp_rib_filter filter;
    struct bgp_rib_query *q;
    enum view view;
    bool head, done;
    uint64_t prefixes, paths, filtered;
    /* filters of the command */
    bool by_community, by_large, by_regex, self, cidr;
    uint32_t community, large[3];
    regex_t regex;
};
MEM_DEFINE(bgp_show, "BGP show state");

static uint32_t peer_as_of(const struct bgp_peer *p)
{
    return p->conf.remote_as ? p->conf.remote_as : p->fsm.remote_as;
}

static const struct bgp_peer *path_peer(const struct bgp_rib_path *p)
{
    return p->source >= BGP_PEER_FIRST && p->source < BGP_MAX_PEERS ? bgp.peer[p->source] : NULL;
}

static bool path_internal(const struct bgp_rib_path *p)
{
    const struct bgp_peer *peer = path_peer(p);
    return peer && !peer->ebgp;
}

static char origin_char(const struct bgp_attr *a)
{
    return a->origin == BGP_ORIGIN_IGP ? 'i' : a->origin == BGP_ORIGIN_EGP ? 'e' : '?';
}

/* The next hop as shown: a link-local one when there is one (it is what is used), our own as the unspecified address. */
static const struct ipaddr *shown_nexthop(const struct bgp_attr *a, enum bgp_afi_safi af, struct ipaddr *self)
{
    if (a->nexthop_ll.family)
        return &a->nexthop_ll;
    if (a->nexthop.family)
        return &a->nexthop;
    memset(self, 0, sizeof(*self));
    self->family = (uint8_t)(af == BGP_IP6_UNI ? AF_INET6 : AF_INET);
    return self;
}

static const char legend[] =
    "Status codes:  s suppressed, d damped, h history, * valid, > best, = multipath,\n"
    "               i internal, r RIB-failure, S Stale, R Removed\n"
    "Nexthop codes: @NNN nexthop's vrf id, < announce-nh-self\n"
    "Origin codes:  i - IGP, e - EGP, ? - incomplete\n"
    "RPKI validation codes: V valid, I invalid, N Not found\n\n";

static void head_codes(struct writer *w)
{
    static const char *const status[][2] = { { "suppressed", "s" }, { "damped", "d" }, { "history", "h" }, { "valid", "*" }, { "best", ">" },
                                             { "multipath", "=" }, { "internal", "i" }, { "ribFailure", "r" }, { "stale", "S" }, { "removed", "R" } };
    static const char *const origin[][2] = { { "igp", "i" }, { "egp", "e" }, { "incomplete", "?" } };
    writer_obj(w, "bgpStatusCodes");
    for (size_t i = 0; i < sizeof(status) / sizeof(status[0]); i++)
        writer_str(w, status[i][0], status[i][1]);
    writer_end(w);
    writer_obj(w, "bgpOriginCodes");
    for (size_t i = 0; i < sizeof(origin) / sizeof(origin[0]); i++)
        writer_str(w, origin[i][0], origin[i][1]);
    writer_end(w);
}

static void table_head(struct table_show *t)
{
    struct writer *w = t->r->out;
    const struct bgp_inst *i = t->scope.inst;
    struct bgp_rib_totals tot;
    struct ipaddr a = ipaddr_v4(i->router_id);
    char id[IPADDR_STRLEN];
    if (t->head)
        return;
    t->head = true;
    ipaddr_str(&a, id);
    bgp_rib_totals(i->index, t->scope.af, &tot);
    writer_line(w, "BGP table version is %llu, local router ID is %s, vrf id %u", (unsigned long long)tot.version, id, i->vrf_id);
    writer_line(w, "Default local pref %u, local AS %u", i->rib.default_local_pref, i->as);
    writer_text(w, "%s", legend);
    writer_line(w, "   Network          Next Hop            Metric LocPrf Weight Path");
    writer_obj(w, NULL);
    if (t->view == V_TABLE || t->view == V_ROUTES) {
        writer_uint(w, "vrfId", i->vrf_id);
        writer_str(w, "vrfName", i->name);
        writer_uint(w, "tableVersion", tot.version);
        writer_str(w, "routerId", id);
        writer_uint(w, "defaultLocPrf", i->rib.default_local_pref);
        writer_uint(w, "localAS", i->as);
        writer_obj(w, "routes");
        writer_compact(w, true);
        return;
    }
    writer_uint(w, "bgpTableVersion", tot.version);
    writer_str(w, "bgpLocalRouterId", id);
    writer_uint(w, "defaultLocPrf", i->rib.default_local_pref);
    writer_uint(w, "localAS", i->as);
    head_codes(w);
    if (t->view == V_ADVERTISED && t->filter.peer && bgp.peer[t->filter.peer] && bgp.peer[t->filter.peer]->conf.af[t->scope.af].default_originate)
        writer_str(w, "bgpOriginatingDefaultNetwork", t->scope.af == BGP_IP6_UNI ? "::/0" : "0.0.0.0/0");
    writer_obj(w, t->view == V_ADVERTISED ? "advertisedRoutes" : "receivedRoutes");
    writer_compact(w, true);
}

static void row_network(struct writer *w, const char *pfx, bool first)
{
    int len = first ? 17 - (int)strlen(pfx) : 17;
    if (!first)
        writer_text(w, "%*s", len, " ");
    else if (len < 1)
        writer_text(w, "%s\n%*s", pfx, 20, " ");
    else
        writer_text(w, "%s%*s", pfx, len, " ");
}

static void row_attr(struct writer *w, const struct bgp_attr *a, enum bgp_afi_safi af, bool ibgp)
{
    struct ipaddr self;
    char nh[IPADDR_STRLEN], path[1024];
    ipaddr_str(shown_nexthop(a, af, &self), nh);
    int pad = 16 - (int)strlen(nh);
    if (pad < 1)
        writer_text(w, "%s\n%36s", nh, " ");
    else
        writer_text(w, "%s%*s", nh, pad, " ");
    if (a->flags & BAF_MED)
        writer_text(w, "%10u", a->med);
    else
        writer_text(w, "%10s", " ");
    if (a->flags & BAF_LOCAL_PREF)
        writer_text(w, "%7u", a->local_pref);
    else
        writer_text(w, "%7s", " ");
    bgp_attr_path_str(a, path, sizeof(path));
    writer_text(w, "%7u %s%s%c\n", a->weight, path, path[0] ? " " : "", origin_char(a));
}

static void path_row(struct table_show *t, const struct bgp_rib_entry *e, const struct bgp_rib_path *p, const struct bgp_attr *a, bool first,
                     const char *pfx)
{
    struct writer *w = t->r->out;
    char st[4] = "   ";
    st[0] = p->stale ? 'S' : e->fib_failed && p->best ? 'r' : p->valid ? '*' : ' ';
    st[1] = p->best ? '>' : p->multipath ? '=' : ' ';
    st[2] = path_internal(p) ? 'i' : ' ';
    writer_text(w, "%s", st);
    row_network(w, pfx, first);
    row_attr(w, a, t->scope.af, path_internal(p));
}

static void json_nexthops(struct writer *w, const struct bgp_attr *a, const struct bgp_rib_path *p, enum bgp_afi_safi af, bool detail)
{
    const struct bgp_peer *peer = path_peer(p);
    const char *host = peer && peer->open_rcvd.hostname[0] ? peer->open_rcvd.hostname : NULL;
    struct ipaddr self = { .family = (uint8_t)(af == BGP_IP6_UNI ? AF_INET6 : AF_INET) };
    struct bgp_nht_info n = { 0 };
    const struct ipaddr *nh[2] = { a->nexthop.family ? &a->nexthop : &self, &a->nexthop_ll };
    bool ll = a->nexthop_ll.family != 0;
    if (a->nh)
        bgp_nht_info(a->nh, &n);
    writer_arr(w, "nexthops");
    for (int i = 0; i < 1 + ll; i++) {
        writer_obj(w, NULL);
        writer_ip(w, "ip", nh[i]);
        writer_str(w, "hostname", host);
        writer_str(w, "afi", nh[i]->family == AF_INET6 ? "ipv6" : "ipv4");
        if (nh[i]->family == AF_INET6)
            writer_str(w, "scope", i ? "link-local" : "global");
        if (detail) {
            if (i == 0)
                writer_uint(w, "metric", n.metric);
            writer_true(w, "accessible", p->valid);
        }
        writer_true(w, "used", i == (ll ? 1 : 0));
        writer_end(w);
    }
    writer_end(w);
}

static void path_json(struct table_show *t, const struct bgp_rib_entry *e, const struct bgp_rib_path *p, const struct bgp_attr *a)
{
    struct writer *w = t->r->out;
    const struct bgp_peer *peer = path_peer(p);
    char net[PREFIX_STRLEN], path[1024];
    struct ipaddr addr = ipaddr_from(e->prefix.family, e->prefix.b);
    writer_obj(w, NULL);
    writer_true(w, "valid", p->valid);
    writer_true(w, "bestpath", p->best);
    if (p->best)
        writer_str(w, "selectionReason", bgp_reason_name(p->reason));
    writer_true(w, "multipath", p->multipath);
    writer_true(w, "stale", p->stale);
    writer_str(w, "pathFrom", path_internal(p) ? "internal" : "external");
    writer_ip(w, "prefix", &addr);
    writer_uint(w, "prefixLen", e->prefix.len);
    writer_str(w, "network", prefix_str(&e->prefix, net));
    writer_uint(w, "version", e->version);
    if (a->flags & BAF_MED)
        writer_uint(w, "metric", a->med);
    if (a->flags & BAF_LOCAL_PREF)
        writer_uint(w, "locPrf", a->local_pref);
    writer_uint(w, "weight", a->weight);
    writer_str(w, "peerId", peer ? peer->name : "(unspec)");
    writer_str(w, "path", bgp_attr_path_str(a, path, sizeof(path)));
    writer_str(w, "origin", bgp_origin_name(a->origin));
    json_nexthops(w, a, p, t->scope.af, false);
    writer_end(w);
}

static void route_json(struct table_show *t, const struct bgp_rib_entry *e, const struct bgp_attr *a, bool best, const char *pfx)
{
    struct writer *w = t->r->out;
    struct ipaddr addr = ipaddr_from(e->prefix.family, e->prefix.b), self;
    char path[1024], o[2] = { origin_char(a), 0 };
    writer_obj(w, pfx);
    writer_ip(w, "addrPrefix", &addr);
    writer_uint(w, "prefixLen", e->prefix.len);
    writer_str(w, "network", pfx);
    writer_ip(w, t->scope.af == BGP_IP6_UNI ? "nextHopGlobal" : "nextHop", a->nexthop.family ? &a->nexthop : shown_nexthop(a, t->scope.af, &self));
    if (a->flags & BAF_MED)
        writer_uint(w, "metric", a->med);
    if (a->flags & BAF_LOCAL_PREF)
        writer_uint(w, "locPrf", a->local_pref);
    writer_uint(w, "weight", a->weight);
    writer_str(w, "path", bgp_attr_path_str(a, path, sizeof(path)));
    writer_str(w, "bgpOriginCode", o);
    writer_obj(w, "appliedStatusSymbols");
    writer_bool(w, "*", true);
    writer_true(w, ">", best);
    writer_end(w);
    writer_end(w);
}

static bool wanted(const struct table_show *t, const struct bgp_rib_path *p, const struct bgp_attr *a)
{
    if (t->by_community && !bgp_attr_has_community(a, t->community))
        return false;
    if (t->self && p->source >= BGP_PEER_FIRST)
        return false;
    if (t->by_large) {
        struct rb r = rb_init(bgp_attr_large(a), a->large_len);
        bool hit = false;
        while (rb_left(&r) && !hit) {
            uint32_t x = rb_u32(&r), y = rb_u32(&r), z = rb_u32(&r);
            hit = x == t->large[0] && y == t->large[1] && z == t->large[2];
        }
        if (!hit)
            return false;
    }
    if (t->by_regex) {
        char path[1024];
        return regexec(&t->regex, bgp_attr_path_str(a, path, sizeof(path)), 0, NULL, 0) == 0;
    }
    return true;
}

static void entry_table(struct table_show *t, const struct bgp_rib_entry *e, const char *pfx)
{
    bool first = true;
    for (unsigned i = 0; i < e->n_paths; i++) {
        const struct bgp_rib_path *p = &e->paths[i];
        if (!p->attr || (t->view == V_ROUTES && p->source != t->filter.peer))
            continue;
        const struct bgp_attr *a = bgp_attr_get(p->attr);
        if (!wanted(t, p, a))
            continue;
        if (first)
            writer_arr(t->r->out, pfx);
        path_row(t, e, p, a, first, pfx);
        path_json(t, e, p, a);
        first = false;
        t->paths++;
    }
    if (!first) {
        writer_end(t->r->out);
        t->prefixes++;
    }
}

static void entry_in(struct table_show *t, const struct bgp_rib_entry *e, const char *pfx)
{
    for (unsigned i = 0; i < e->n_paths; i++) {
        const struct bgp_rib_path *p = &e->paths[i];
        if (p->source != t->filter.peer || (t->view == V_FILTERED && !p->filtered))
            continue;
        const struct bgp_attr *a = bgp_attr_get(p->attr_in);
        writer_text(t->r->out, "%s", p->filtered ? "*  " : "*> ");
        row_network(t->r->out, pfx, true);
        row_attr(t->r->out, a, t->scope.af, path_internal(p));
        route_json(t, e, a, !p->filtered, pfx);
        t->prefixes++;
        t->filtered += p->filtered;
    }
}

static void entry_out(struct table_show *t, const struct bgp_rib_entry *e, const char *pfx)
{
    if (!e->out_attr)
        return;
    const struct bgp_attr *a = bgp_attr_get(e->out_attr);
    writer_text(t->r->out, "*> ");
    row_network(t->r->out, pfx, true);
    row_attr(t->r->out, a, t->scope.af, false);
    route_json(t, e, a, true, pfx);
    t->prefixes++;
}

static void deliver(void *ctx, const struct bgp_rib_entry *e, unsigned n)
{
    struct table_show *t = ctx;
    char pfx[PREFIX_STRLEN];
    if (n || t->r->resume) /* JSON wants its frame even when there is nothing */
        if (n || writer_is_json(t->r->out))
            table_head(t);
    for (unsigned i = 0; i < n; i++) {
        prefix_str(&e[i].prefix, pfx);
        if (t->view == V_TABLE || t->view == V_ROUTES)
            entry_table(t, &e[i], pfx);
        else if (t->view == V_ADVERTISED)
            entry_out(t, &e[i], pfx);
        else
            entry_in(t, &e[i], pfx);
    }
    t->done = n == 0;
    cli_req_wake(t->r);
}

static int table_end(struct table_show *t)
{
    struct writer *w = t->r->out;
    bool table = t->view == V_TABLE || t->view == V_ROUTES;
    if (t->head) {
        writer_compact(w, false);
        writer_end(w);
    }
    if (table && t->prefixes)
        writer_text(w, "\nDisplayed  %llu routes and %llu total paths\n", (unsigned long long)t->prefixes, (unsigned long long)t->paths);
    else if (table)
        writer_line(w, "No BGP prefixes displayed, %u exist", 0u);
    else if (t->head)
        writer_text(w, "\nTotal number of prefixes %llu\n", (unsigned long long)t->prefixes);
    if (t->head && table) {
        writer_uint(w, "totalRoutes", t->prefixes);
        writer_uint(w, "totalPaths", t->paths);
    } else if (t->head) {
        writer_uint(w, "totalPrefixCounter", t->prefixes);
        writer_uint(w, "filteredPrefixCounter", t->filtered);
    }
    writer_end_all(w);
    return CLI_OK;
}

static int table_more(struct cli_req *r);

static int table_next(struct cli_req *r)
{
    struct table_show *t = r->state;
    r->resume = table_more;
    bgp_rib_query_next(t->q);
    return CLI_WAIT;
}

/* A slice has been written: end, or wait until the shell has taken it and then ask for the next. */
static int table_more(struct cli_req *r)
{
    struct table_show *t = r->state;
    if (t->done)
        return table_end(t);
    r->resume = table_next;
    return CLI_MORE;
}

static void table_cancel(struct cli_req *r)
{
    struct table_show *t = r->state;
    bgp_rib_query_free(t->q);
    if (t->by_regex)
        regfree(&t->regex);
    mem_free(MEM(bgp_show), t);
    r->state = NULL;
}

static int table_start(struct cli_req *r, struct table_show *t)
{
    t->r = r;
    t->filter.inst = t->scope.inst->index;
    t->filter.af = t->scope.af;
    r->state = t;
    r->resume = table_more;
    r->cancel = table_cancel;
    t->q = bgp_rib_query_new(&t->filter, deliver, t);
    return CLI_WAIT;
}

static struct table_show *table_new(struct cli_req *r)
{
    struct table_show *t = mem_calloc(MEM(bgp_show), 1, sizeof(*t));
    if (!bgp_show_scope(r, &t->scope) || !t->scope.inst) {
        mem_free(MEM(bgp_show), t);
        return NULL;
    }
    return t;
}

/* In an AS path expression `_` stands for any delimiter, as FRR has it. */
static bool regex_make(regex_t *re, const char *s)
{
    char buf[512];
    size_t n = 0;
    for (; *s && n + 24 < sizeof(buf); s++) {
        if (*s == '_')
            n += (size_t)snprintf(buf + n, sizeof(buf) - n, "(^|[,{}() ]|$)");
        else
            buf[n++] = *s;
    }
    buf[n] = '\0';
    return regcomp(re, buf, REG_EXTENDED | REG_NOSUB) == 0;
}

static int show_table(struct cli_req *r)
{
    const struct cli_args *a = &r->args;
    struct table_show *t = table_new(r);
    if (!t)
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    t->filter.kind = BGP_Q_TABLE;
    const struct cli_arg *pfx = cli_arg(a, "prefix");
    if (pfx) {
        t->filter.kind = BGP_Q_LONGER;
        t->filter.prefix = pfx->pfx;
        t->scope.af = pfx->pfx.family == AF_INET6 ? BGP_IP6_UNI : BGP_IP4_UNI;
    }
    t->by_community = cli_has(a, "community");
    t->by_large = cli_has(a, "large-community");
    t->self = cli_has(a, "self-originate");
    if ((t->by_community && !bgp_community_parse(cli_arg_text(a, "value"), &t->community)) ||
        (t->by_large && !bgp_large_parse(cli_arg_text(a, "value"), t->large))) {
        writer_error(r->out, "Malformed community value");
        mem_free(MEM(bgp_show), t);
        return CLI_WARNING;
    }
    if (cli_has(a, "regexp")) {
        if (!regex_make(&t->regex, cli_arg_text(a, "value"))) {
            writer_error(r->out, "Can't compile regexp %s", cli_arg_text(a, "value"));
            mem_free(MEM(bgp_show), t);
            return CLI_WARNING;
        }
        t->by_regex = true;
    }
    return table_start(r, t);
}

static int show_peer_routes(struct cli_req *r)
{
    const struct cli_args *a = &r->args;
    struct table_show *t = table_new(r);
    if (!t)
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    const struct bgp_peer *p = bgp_show_peer_arg(r, &t->scope);
    t->view = cli_has(a, "advertised-routes") ? V_ADVERTISED : cli_has(a, "received-routes") ? V_RECEIVED
              : cli_has(a, "filtered-routes") ? V_FILTERED : V_ROUTES;
    if (p && !cli_has(a, "afi") && !cli_has(a, "ip") && p->addr.family == AF_INET6 && !bgp_peer_af_active(p, BGP_IP4_UNI))
        t->scope.af = BGP_IP6_UNI;
    if (p && (t->view == V_RECEIVED || t->view == V_FILTERED) && !p->conf.af[t->scope.af].soft_reconfig) {
        writer_line(r->out, "%% Inbound soft reconfiguration not enabled");
        writer_obj(r->out, NULL);
        writer_str(r->out, "warning", "Inbound soft reconfiguration not enabled");
        writer_end(r->out);
        p = NULL;
    }
    if (!p) {
        mem_free(MEM(bgp_show), t);
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    }
    t->filter.kind = t->view == V_ADVERTISED ? BGP_Q_PEER_OUT : BGP_Q_PEER_IN;
    t->filter.peer = p->index;
    return table_start(r, t);
}

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
    static const char *const types[] = { "", "as-set", "as-sequence", "as-confed-sequence", "as-confed-set" };
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

static void detail_origin_line(struct detail_show *d, const struct bgp_rib_path *p, const struct bgp_attr *a)
{
    struct writer *w = d->r->out;
    const struct bgp_peer *peer = path_peer(p);
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

static void detail_from(struct detail_show *d, const struct bgp_rib_path *p, const struct bgp_attr *a)
{
    struct writer *w = d->r->out;
    const struct bgp_peer *peer = path_peer(p);
    struct ipaddr unspec = { .family = (uint8_t)(d->scope.af == BGP_IP6_UNI ? AF_INET6 : AF_INET) }, rid;
    char nh[IPADDR_STRLEN], id[IPADDR_STRLEN], self[IPADDR_STRLEN];
    ipaddr_str(a->nexthop.family ? &a->nexthop : &unspec, nh);
    rid = ipaddr_v4(a->flags & BAF_ORIGINATOR ? a->originator_id : peer ? peer->fsm.remote_id : d->scope.inst->router_id);
    ipaddr_str(&rid, id);
    ipaddr_str(&unspec, self);
    writer_line(w, "    %s%s from %s (%s)", nh, p->valid ? "" : " (inaccessible)", peer ? peer->name : self, id);
    if (a->nexthop_ll.family) {
        char ll[IPADDR_STRLEN];
        writer_line(w, "    (%s) (used)", ipaddr_str(&a->nexthop_ll, ll));
    }
}

static void detail_peer_json(struct writer *w, const struct detail_show *d, const struct bgp_rib_path *p)
{
    const struct bgp_peer *peer = path_peer(p);
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
    json_nexthops(w, a, p, d->scope.af, true);
    detail_peer_json(w, d, p);
    writer_end(w);
}

static void detail_advertised(struct detail_show *d)
{
    struct writer *w = d->r->out;
    writer_obj(w, "advertisedTo");
    writer_line(w, "%s", d->n_adv ? "  Advertised to non peer-group peers:" : "  Not advertised to any peer");
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
        writer_line(w, "Paths: (%u available, best #%u, table %s)", d->e.n_paths, best, d->scope.inst->name);
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
        if ((!d->only_best || d->paths[i].best) && (!d->only_multipath || d->paths[i].best || d->paths[i].multipath))
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
    bgp_rib_advertised_to(d->scope.inst->index, d->scope.af, &d->e.prefix, detail_adv_one, detail_adv_done, d);
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

static int show_prefix(struct cli_req *r)
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

#define SCOPE "show [ip] bgp [<view|vrf> WORD$name] [<ipv4|ipv6>$afi [unicast]] "
static const struct cli_cmd cmds[] = {
    { "view", SCOPE "[json [detail]]", NULL, show_table, CLI_F_VIEW },
    { "view", SCOPE "<A.B.C.D/M|X:X::X:X/M>$prefix longer-prefixes [json]", NULL, show_table, CLI_F_VIEW },
    { "view", SCOPE "<community|large-community>$kind WORD$value [json [detail]]", NULL, show_table, CLI_F_VIEW },
    { "view", SCOPE "self-originate [json]", NULL, show_table, CLI_F_VIEW },
    { "view", SCOPE "regexp LINE...$value", NULL, show_table, CLI_F_VIEW },
    { "view", SCOPE "<A.B.C.D|X:X::X:X>$addr [<bestpath|multipath>] [json]", NULL, show_prefix, CLI_F_VIEW },
    { "view", SCOPE "<A.B.C.D/M|X:X::X:X/M>$prefix [<bestpath|multipath>] [json]", NULL, show_prefix, CLI_F_VIEW },
    { "view", SCOPE "neighbors <A.B.C.D|X:X::X:X|WORD>$peer <advertised-routes|received-routes|filtered-routes|routes>$which [json]", NULL,
      show_peer_routes, CLI_F_VIEW },
};

static const char help[] =
    "$prefix|Network in the BGP routing table to display\n$addr|Network in the BGP routing table to display\nlonger-prefixes|Display route and more "
    "specific routes\ncommunity|Display routes matching the community\nlarge-community|Display routes matching the "
    "large-community\n$value|Value\nself-originate|Display only self-originated routes\nregexp|Display routes matching the AS path regular "
    "expression\nbestpath|Display only the bestpath\nmultipath|Display only multipaths\nneighbors|Detailed information on TCP and BGP neighbor "
    "connections\nadvertised-routes|Display the routes advertised to a BGP neighbor\nreceived-routes|Display the received routes from "
    "neighbor\nfiltered-routes|Display the routes that an import policy refused\nroutes|Display routes learned from neighbor";

void bgp_show_route_add(struct daemon *d)
{
    cli_help_add(d->cli, help);
    cli_add_all(d->cli, cmds, sizeof(cmds) / sizeof(cmds[0]));
}
