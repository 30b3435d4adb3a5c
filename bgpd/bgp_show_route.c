/* SPDX-License-Identifier: Apache-2.0
 * bgp_show_route.c - `show bgp [ipv4|ipv6]`: the table, and what a neighbour sent or is sent.
 *
 * A table is streamed: the shards make slices of at most 1024 prefixes in order, each slice is
 * written when it arrives, and the next one is asked for only when the shell has taken the last. A
 * million routes cost one slice of memory.
 */
#include "bgp_show_int.h"
#include "regex_safe.h"
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

const struct bgp_peer *bgp_show_path_peer(const struct bgp_rib_path *p)
{
    return p->source >= BGP_PEER_FIRST && p->source < BGP_MAX_PEERS ? bgp.peer[p->source] : NULL;
}

bool bgp_show_path_internal(const struct bgp_rib_path *p)
{
    const struct bgp_peer *peer = bgp_show_path_peer(p);
    return peer && !peer->ebgp;
}

static char origin_char(const struct bgp_attr *a)
{
    return a->origin == BGP_ORIGIN_IGP ? 'i' : a->origin == BGP_ORIGIN_EGP ? 'e' : '?';
}

/* The next hop as shown: a link-local one when there is one (it is what is used), our own as the
 * unspecified address. */
static const struct ipaddr *shown_nexthop(const struct bgp_attr *a, enum bgp_afi_safi af,
                                          struct ipaddr *self)
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
    static const char *const status[][2] = { { "suppressed", "s" }, { "damped", "d" },
                                             { "history", "h" },    { "valid", "*" },
                                             { "best", ">" },       { "multipath", "=" },
                                             { "internal", "i" },   { "ribFailure", "r" },
                                             { "stale", "S" },      { "removed", "R" } };
    static const char *const origin[][2] = { { "igp", "i" },
                                             { "egp", "e" },
                                             { "incomplete", "?" } };
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
    writer_line(w, "BGP table version is %llu, local router ID is %s, vrf id %u",
                (unsigned long long)tot.version, id, i->vrf_id);
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
    if (t->view == V_ADVERTISED && t->filter.peer && bgp.peer[t->filter.peer] &&
        bgp.peer[t->filter.peer]->conf.af[t->scope.af].default_originate)
        writer_str(w, "bgpOriginatingDefaultNetwork",
                   t->scope.af == BGP_IP6_UNI ? "::/0" : "0.0.0.0/0");
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

static void path_row(struct table_show *t, const struct bgp_rib_entry *e,
                     const struct bgp_rib_path *p, const struct bgp_attr *a, bool first,
                     const char *pfx)
{
    struct writer *w = t->r->out;
    char st[4] = "   ";
    st[0] = p->stale ? 'S' : e->fib_failed && p->best ? 'r' : p->valid ? '*' : ' ';
    st[1] = p->best ? '>' : p->multipath ? '=' : ' ';
    st[2] = bgp_show_path_internal(p) ? 'i' : ' ';
    writer_text(w, "%s", st);
    row_network(w, pfx, first);
    row_attr(w, a, t->scope.af, bgp_show_path_internal(p));
}

void bgp_show_nexthops(struct writer *w, const struct bgp_attr *a, const struct bgp_rib_path *p,
                       enum bgp_afi_safi af, bool detail)
{
    const struct bgp_peer *peer = bgp_show_path_peer(p);
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

static void path_json(struct table_show *t, const struct bgp_rib_entry *e,
                      const struct bgp_rib_path *p, const struct bgp_attr *a)
{
    struct writer *w = t->r->out;
    const struct bgp_peer *peer = bgp_show_path_peer(p);
    char net[PREFIX_STRLEN], path[1024];
    struct ipaddr addr = ipaddr_from(e->prefix.family, e->prefix.b);
    writer_obj(w, NULL);
    writer_true(w, "valid", p->valid);
    writer_true(w, "bestpath", p->best);
    if (p->best)
        writer_str(w, "selectionReason", bgp_reason_name(p->reason));
    writer_true(w, "multipath", p->multipath);
    writer_true(w, "stale", p->stale);
    writer_str(w, "pathFrom", bgp_show_path_internal(p) ? "internal" : "external");
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
    bgp_show_nexthops(w, a, p, t->scope.af, false);
    writer_end(w);
}

static void route_json(struct table_show *t, const struct bgp_rib_entry *e,
                       const struct bgp_attr *a, bool best, const char *pfx)
{
    struct writer *w = t->r->out;
    struct ipaddr addr = ipaddr_from(e->prefix.family, e->prefix.b), self;
    char path[1024], o[2] = { origin_char(a), 0 };
    writer_obj(w, pfx);
    writer_ip(w, "addrPrefix", &addr);
    writer_uint(w, "prefixLen", e->prefix.len);
    writer_str(w, "network", pfx);
    writer_ip(w, t->scope.af == BGP_IP6_UNI ? "nextHopGlobal" : "nextHop",
              a->nexthop.family ? &a->nexthop : shown_nexthop(a, t->scope.af, &self));
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

static bool wanted(const struct table_show *t, const struct bgp_rib_path *p,
                   const struct bgp_attr *a)
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
        row_attr(t->r->out, a, t->scope.af, bgp_show_path_internal(p));
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
        writer_text(w, "\nDisplayed  %llu routes and %llu total paths\n",
                    (unsigned long long)t->prefixes, (unsigned long long)t->paths);
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
    return regex_safe_compile(re, buf, REG_NOSUB) == 0;
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
    t->view = cli_has(a, "advertised-routes") ? V_ADVERTISED
              : cli_has(a, "received-routes") ? V_RECEIVED
              : cli_has(a, "filtered-routes") ? V_FILTERED
                                              : V_ROUTES;
    if (p && !cli_has(a, "afi") && !cli_has(a, "ip") && p->addr.family == AF_INET6 &&
        !bgp_peer_af_active(p, BGP_IP4_UNI))
        t->scope.af = BGP_IP6_UNI;
    if (p && (t->view == V_RECEIVED || t->view == V_FILTERED) &&
        !p->conf.af[t->scope.af].soft_reconfig) {
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

#define SCOPE "show [ip] bgp [<view|vrf> WORD$name] [<ipv4|ipv6>$afi [unicast]] "
static const struct cli_cmd cmds[] = {
    { "view", SCOPE "[json [detail]]", NULL, show_table, CLI_F_VIEW },
    { "view", SCOPE "<A.B.C.D/M|X:X::X:X/M>$prefix longer-prefixes [json]", NULL, show_table,
      CLI_F_VIEW },
    { "view", SCOPE "<community|large-community>$kind WORD$value [json [detail]]", NULL, show_table,
      CLI_F_VIEW },
    { "view", SCOPE "self-originate [json]", NULL, show_table, CLI_F_VIEW },
    { "view", SCOPE "regexp LINE...$value", NULL, show_table, CLI_F_VIEW },
    { "view", SCOPE "<A.B.C.D|X:X::X:X>$addr [<bestpath|multipath>] [json]", NULL, bgp_show_prefix,
      CLI_F_VIEW },
    { "view", SCOPE "<A.B.C.D/M|X:X::X:X/M>$prefix [<bestpath|multipath>] [json]", NULL,
      bgp_show_prefix, CLI_F_VIEW },
    { "view",
      SCOPE "neighbors <A.B.C.D|X:X::X:X|WORD>$peer "
            "<advertised-routes|received-routes|filtered-routes|routes>$which [json]",
      NULL, show_peer_routes, CLI_F_VIEW },
};

static const char help[] =
    "$prefix|Network in the BGP routing table to display\n$addr|Network in the BGP routing table "
    "to display\nlonger-prefixes|Display route and more "
    "specific routes\ncommunity|Display routes matching the community\nlarge-community|Display "
    "routes matching the "
    "large-community\n$value|Value\nself-originate|Display only self-originated "
    "routes\nregexp|Display routes matching the AS path regular "
    "expression\nbestpath|Display only the bestpath\nmultipath|Display only "
    "multipaths\nneighbors|Detailed information on TCP and BGP neighbor "
    "connections\nadvertised-routes|Display the routes advertised to a BGP "
    "neighbor\nreceived-routes|Display the received routes from "
    "neighbor\nfiltered-routes|Display the routes that an import policy refused\nroutes|Display "
    "routes learned from neighbor";

void bgp_show_route_add(struct daemon *d)
{
    cli_help_add(d->cli, help);
    cli_add_all(d->cli, cmds, sizeof(cmds) / sizeof(cmds[0]));
}
