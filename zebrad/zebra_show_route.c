/* SPDX-License-Identifier: Apache-2.0
 * zebra_show_route.c - `show ip|ipv6 route|fib`, one prefix, and the summary.
 *
 * Tables are walked with a cursor in slices of 512 destinations; the handler returns between slices
 * and is called again when the shell has taken the output, so a million routes cost one slice of
 * memory and no time of others.
 */
#include "zebra_show.h"
#include "zebra_knh.h"
#include "zebra_nhg.h"
#include "zebra_track.h"
#include <stdio.h>
#include <stdlib.h>

#define SLICE     512
#define MAX_VIEWS 16
MEM_DEFINE(zebra_show, "Zebra show state");

struct route_show {
    struct rib_vrf *vrf;
    bool all; /* every VRF in turn */
    enum afi afi;
    struct rib_table *table;
    struct ptable_cursor cur;
    bool fib, legend, opened, detail_nhg, failed;
    int proto; /* enum zapi_proto, or -1 */
    int64_t tag;
};

static char proto_letter(enum zapi_proto p)
{
    static const char letters[ZP_MAX] = {
        [ZP_SYSTEM] = 'X', [ZP_KERNEL] = 'K', [ZP_CONNECT] = 'C', [ZP_LOCAL] = 'L',
        [ZP_STATIC] = 'S', [ZP_BGP] = 'B',    [ZP_TABLE] = 'T',   [ZP_TABLE_DIRECT] = 't',
        [ZP_IPAM] = 'i',   [ZP_API] = 'a'
    };
    return letters[p];
}

static void legend(struct writer *w, enum afi afi)
{
    writer_line(w, "Codes: K - kernel route, C - connected, L - local, S - static,");
    writer_line(w, "       B - BGP, T - Table, t - Table-Direct, i - IPAM, a - API,");
    writer_line(w,
                "       > - selected route, * - FIB route, q - queued, r - rejected, b - backup");
    writer_line(w, "       t - trapped, o - offload failure\n");
}

/* How one next hop reads after the destination. */
static void nh_text(struct writer *w, const struct rnh *n, bool recursive)
{
    char a[IPADDR_STRLEN];
    switch (n->kind) {
    case ZN_BLACKHOLE:
        writer_text(w, " unreachable (blackhole)");
        break;
    case ZN_REJECT:
        writer_text(w, " unreachable (ICMP unreachable)");
        break;
    case ZN_PROHIBIT:
        writer_text(w, " unreachable (ICMP admin-prohibited)");
        break;
    case ZN_IFINDEX:
        writer_text(w, " is directly connected, %s", zebra_if_name(n->ifindex));
        break;
    default:
        writer_text(w, " via %s", ipaddr_str(&n->gate, a));
        if (recursive)
            writer_text(w, " (recursive)");
        else if (n->ifindex)
            writer_text(w, ", %s%s", zebra_if_name(n->ifindex), n->onlink ? " onlink" : "");
    }
}

void zebra_show_nexthop_json(struct writer *w, const struct rnh *n, bool fib, bool recursive,
                             uint32_t resolver)
{
    bool discard = n->kind == ZN_BLACKHOLE || n->kind == ZN_REJECT || n->kind == ZN_PROHIBIT;
    writer_int(w, "flags", (recursive ? 5 : 1) | (fib ? 2 : 0) | (n->onlink ? 8 : 0));
    writer_true(w, "fib", fib);
    if (n->gate.family) {
        writer_ip(w, "ip", &n->gate);
        writer_str(w, "afi", n->gate.family == AF_INET6 ? "ipv6" : "ipv4");
    }
    writer_true(w, "directlyConnected", n->kind == ZN_IFINDEX);
    writer_true(w, "unreachable", discard);
    writer_true(w, "blackhole", n->kind == ZN_BLACKHOLE);
    writer_true(w, "reject", n->kind == ZN_REJECT);
    writer_true(w, "adminProhibited", n->kind == ZN_PROHIBIT);
    if (n->ifindex && !recursive) {
        writer_uint(w, "interfaceIndex", n->ifindex);
        writer_str(w, "interfaceName", zebra_if_name(n->ifindex));
    }
    writer_true(w, "recursive", recursive);
    writer_true(w, "onLink", n->onlink);
    writer_true(w, "resolver", resolver);
}

/* Calls fn for every line that FRR shows for a set: a recursive next hop, then what it resolves to,
 * or the next hop itself. */
struct nh_line {
    struct rnh nh;
    bool recursive, resolver, active;
};

static unsigned nh_lines(const struct nhg *g, struct nh_line *out, unsigned max)
{
    unsigned n = 0;
    unsigned from = g->on_backup ? g->n : 0, to = g->on_backup ? g->n + g->n_backup : g->n;
    for (unsigned i = from; i < to && n < max; i++) {
        const struct zapi_nexthop *z = &g->nh[i];
        const struct track *tr = g->tr ? g->tr[i] : NULL;
        struct nh_line *l = &out[n++];
        *l = (struct nh_line){ .nh = { .kind = (uint8_t)z->kind,
                                       .onlink = z->flags & ZNF_ONLINK,
                                       .weight = (uint16_t)(z->weight ? z->weight : 1),
                                       .ifindex = z->ifindex,
                                       .gate = z->gate },
                               .active = true };
        if (!tr)
            continue;
        l->active = tr->reachable;
        if (tr->reachable && tr->connected && tr->n) {
            l->nh.ifindex = tr->res[0].ifindex;
            continue;
        }
        l->recursive = tr->reachable;
        for (unsigned k = 0; tr->reachable && k < tr->n && n < max; k++) {
            struct nh_line *s = &out[n++];
            *s = (struct nh_line){ .nh = tr->res[k], .resolver = true, .active = true };
            s->nh.weight = s->nh.weight ? s->nh.weight : 1;
        }
    }
    if (!n)
        for (unsigned i = 0; i < g->n_res && n < max; i++)
            out[n++] = (struct nh_line){ .nh = g->res[i], .active = true };
    return n;
}

static char state_char(const struct rib_view *v)
{
    if (!v->selected)
        return ' ';
    return v->failed ? 'r' : v->queued ? 'q' : v->installed ? '*' : ' ';
}

static const char *errno_words(int err)
{
    return err ? strerror(err) : "";
}

static void route_text(struct writer *w, const struct rib_view *v, const char *pfx,
                       const struct nh_line *l, unsigned n, const char *up)
{
    char head[96];
    int len = snprintf(head, sizeof(head), "%c%c%c %s", proto_letter(v->proto),
                       v->selected ? '>' : ' ', state_char(v), pfx);
    if ((v->proto != ZP_CONNECT && v->proto != ZP_LOCAL) || v->distance || v->metric)
        len += snprintf(head + len, sizeof(head) - (size_t)len, " [%u/%u]", v->distance, v->metric);
    for (unsigned i = 0; i < n; i++) {
        if (i == 0)
            writer_text(w, "%s", head);
        else
            writer_text(w, "  %c%*c", l[i].recursive ? ' ' : state_char(v),
                        len - 3 + (l[i].resolver ? 2 : 0), ' ');
        nh_text(w, &l[i].nh, l[i].recursive);
        if (!l[i].active)
            writer_text(w, " inactive");
        if (v->proto != ZP_CONNECT && v->proto != ZP_LOCAL && v->proto != ZP_KERNEL)
            writer_text(w, ", weight %u", l[i].nh.weight);
        writer_text(w, ", %s%s%s%s\n", up, i == 0 && v->failed ? " rejected: " : "",
                    i == 0 && v->failed ? errno_words(v->err) : "", "");
    }
    if (!n)
        writer_line(w, "%s unresolved, %s", head, up);
}

static void route_json(struct writer *w, const struct rib_vrf *vrf, const struct rib_table *t,
                       const struct rib_view *v, const struct prefix *p, const struct nh_line *l,
                       unsigned n, const char *up)
{
    unsigned active = 0;
    for (unsigned i = 0; i < n; i++)
        active += l[i].active && !l[i].recursive;
    writer_obj(w, NULL);
    writer_prefix(w, "prefix", p);
    writer_uint(w, "prefixLen", p->len);
    writer_str(w, "protocol", zapi_proto_name(v->proto));
    writer_uint(w, "vrfId", vrf->vrf_id);
    writer_str(w, "vrfName", vrf->name);
    writer_true(w, "selected", v->selected);
    writer_true(w, "destSelected", v->selected);
    writer_uint(w, "distance", v->distance);
    writer_uint(w, "metric", v->metric);
    writer_true(w, "installed",
                v->selected && (v->installed || !rib_proto_installs((uint8_t)v->proto)));
    writer_true(w, "queued", v->queued);
    writer_true(w, "failed", v->failed);
    if (v->failed)
        writer_str(w, "failedReason", errno_words(v->err));
    if (v->tag)
        writer_uint(w, "tag", v->tag);
    writer_uint(w, "table", t->table ? t->table : vrf->table);
    writer_uint(w, "internalStatus", v->selected ? 16 : 0);
    writer_uint(w, "internalFlags", v->selected ? 8 : 0);
    writer_uint(w, "internalNextHopNum", n);
    writer_uint(w, "internalNextHopActiveNum", active);
    if (v->nhg)
        writer_uint(w, "nexthopGroupId", v->knh_id ? v->knh_id : v->nhg);
    if (v->installed && v->knh_id)
        writer_uint(w, "installedNexthopGroupId", v->knh_id);
    writer_str(w, "uptime", up);
    writer_arr(w, "nexthops");
    for (unsigned i = 0; i < n; i++) {
        bool fib = v->selected && (v->installed || !rib_proto_installs((uint8_t)v->proto)) &&
                   l[i].active && !l[i].recursive;
        writer_obj(w, NULL);
        zebra_show_nexthop_json(w, &l[i].nh, fib, l[i].recursive, l[i].resolver);
        writer_true(w, "active", l[i].active);
        if (v->proto != ZP_CONNECT && v->proto != ZP_LOCAL && v->proto != ZP_KERNEL)
            writer_uint(w, "weight", l[i].nh.weight);
        writer_end(w);
    }
    writer_end(w);
    writer_end(w);
}

static bool view_wanted(const struct route_show *s, const struct rib_view *v)
{
    if (s->proto >= 0 && v->proto != (enum zapi_proto)s->proto)
        return false;
    if (s->tag >= 0 && v->tag != (uint32_t)s->tag)
        return false;
    if (s->failed && !v->failed)
        return false;
    return !s->fib || (v->selected && (v->installed || !rib_proto_installs((uint8_t)v->proto)));
}

static void dest_show(struct cli_req *r, struct route_show *s, uint32_t dest)
{
    struct rib *rib = zebra_rib();
    struct rib_view v[MAX_VIEWS];
    struct nh_line l[ZAPI_MAX_NEXTHOPS * 2];
    struct prefix p = rib_dest_prefix(s->table, dest);
    unsigned n = rib_views(rib, s->table, dest, v, MAX_VIEWS);
    char pfx[PREFIX_STRLEN], up[32];
    bool open = false;
    prefix_str(&p, pfx);
    for (unsigned i = 0; i < n; i++) {
        if (!view_wanted(s, &v[i]))
            continue;
        unsigned k = v[i].nhg ? nh_lines(nhg_get(rib, v[i].nhg), l, ZAPI_MAX_NEXTHOPS * 2) : 0;
        writer_uptime(rib_now(rib) - v[i].since, up, sizeof(up));
        if (!s->legend && !writer_is_json(r->out)) {
            legend(r->out, s->afi);
            s->legend = true;
        }
        if (!open)
            writer_arr(r->out, pfx);
        open = true;
        route_text(r->out, &v[i], pfx, l, k, up);
        route_json(r->out, s->vrf, s->table, &v[i], &p, l, k, up);
    }
    if (open)
        writer_end(r->out);
}

/* Next VRF of a walk over all; false at the end. */
static bool next_vrf(struct cli_req *r, struct route_show *s)
{
    if (s->all && s->opened)
        writer_end(r->out);
    if (!s->all || !s->vrf->next)
        return false;
    s->vrf = s->vrf->next;
    s->table = s->vrf->main[s->afi];
    ptable_cursor_init(&s->cur);
    writer_text(r->out, "\nVRF %s:\n", s->vrf->name);
    writer_obj(r->out, s->vrf->name);
    return true;
}

static int route_slice(struct cli_req *r)
{
    struct route_show *s = r->state;
    uint32_t h[SLICE], n = s->table ? ptable_next(&s->table->pt, &s->cur, h, SLICE) : 0;
    for (uint32_t i = 0; i < n; i++)
        dest_show(r, s, h[i]);
    if (n || next_vrf(r, s))
        return CLI_MORE;
    writer_end_all(r->out);
    return CLI_OK;
}

static void route_cancel(struct cli_req *r)
{
    mem_free(MEM(zebra_show), r->state);
    r->state = NULL;
}

static struct route_show *route_show_new(struct cli_req *r)
{
    bool all;
    struct rib_vrf *vrf = zebra_show_vrf(r, &all);
    if (!vrf)
        return NULL;
    struct route_show *s = mem_calloc(MEM(zebra_show), 1, sizeof(*s));
    const char *proto = cli_arg_text(&r->args, "proto");
    enum zapi_proto p;
    s->vrf = all ? zebra_rib()->vrfs : vrf;
    s->all = all;
    s->afi = cli_has(&r->args, "ipv6") ? AFI_IP6 : AFI_IP4;
    s->fib = cli_has(&r->args, "fib");
    s->failed = cli_has(&r->args, "failed");
    s->proto = proto && zapi_proto_parse(proto, &p) ? (int)p : -1;
    s->tag = cli_has(&r->args, "tagvalue") ? (int64_t)cli_arg_num(&r->args, "tagvalue", 0) : -1;
    s->table = s->vrf->main[s->afi];
    if (cli_has(&r->args, "tableid"))
        s->table = rib_table_find(zebra_rib(), s->vrf->vrf_id, s->afi,
                                  (uint32_t)cli_arg_num(&r->args, "tableid", 0));
    ptable_cursor_init(&s->cur);
    return s;
}

static int show_route(struct cli_req *r)
{
    struct route_show *s = route_show_new(r);
    if (!s)
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    const struct cli_arg *within = cli_arg(&r->args, "prefix");
    if (within)
        ptable_cursor_within(&s->cur, &within->pfx);
    writer_obj(r->out, NULL);
    if (s->all) {
        writer_line(r->out, "VRF %s:", s->vrf->name);
        writer_obj(r->out, s->vrf->name);
    }
    s->opened = true;
    r->state = s;
    r->cancel = route_cancel;
    r->resume = route_slice;
    return route_slice(r);
}

/* ---- one prefix in detail ---- */
static void entry_nexthops(struct writer *w, const struct rib_view *v, const struct nh_line *l,
                           unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char a[IPADDR_STRLEN];
        const struct rnh *h = &l[i].nh;
        bool fib = v->selected && l[i].active && !l[i].recursive;
        writer_text(w, "  %c%*s", fib ? '*' : ' ', l[i].resolver ? 2 : 0, "");
        if (h->kind == ZN_IFINDEX)
            writer_text(w, " directly connected, %s", zebra_if_name(h->ifindex));
        else if (h->kind == ZN_BLACKHOLE || h->kind == ZN_REJECT || h->kind == ZN_PROHIBIT)
            nh_text(w, h, false);
        else {
            writer_text(w, " %s", ipaddr_str(&h->gate, a));
            if (l[i].recursive)
                writer_text(w, " (recursive)");
            else if (h->ifindex)
                writer_text(w, ", via %s%s", zebra_if_name(h->ifindex), h->onlink ? " onlink" : "");
        }
        if (!l[i].active)
            writer_text(w, " inactive");
        if (v->proto != ZP_CONNECT && v->proto != ZP_LOCAL && v->proto != ZP_KERNEL)
            writer_text(w, ", weight %u", h->weight);
        writer_text(w, "\n");
    }
}

static void entry_one(struct writer *w, const struct rib_vrf *vrf, const struct rib_view *v,
                      const char *pfx, const struct nh_line *l, unsigned n, const char *up)
{
    writer_line(w, "Routing entry for %s", pfx);
    writer_text(w, "  Known via \"%s\", distance %u, metric %u", zapi_proto_name(v->proto),
                v->distance, v->metric);
    if (v->tag)
        writer_text(w, ", tag %u", v->tag);
    if (v->mtu)
        writer_text(w, ", mtu %u", v->mtu);
    if (vrf->vrf_id)
        writer_text(w, ", vrf %s", vrf->name);
    if (v->selected)
        writer_text(w, ", best");
    writer_text(w, "\n  Last update %s ago\n", up);
    if (v->failed)
        writer_line(w, "  Refused by the kernel: %s", errno_words(v->err));
    else if (v->queued)
        writer_line(w, "  Queued for the kernel");
    entry_nexthops(w, v, l, n);
    writer_text(w, "\n");
}

static int show_entry(struct cli_req *r)
{
    const struct cli_arg *a = cli_arg(&r->args, "addr"), *p = cli_arg(&r->args, "prefix");
    struct route_show *s = route_show_new(r);
    struct rib *rib = zebra_rib();
    struct rib_view v[MAX_VIEWS];
    struct nh_line l[ZAPI_MAX_NEXTHOPS * 2];
    char pfx[PREFIX_STRLEN], up[32];
    if (!s)
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    struct prefix want = p ? p->pfx : prefix_host(&a->ip);
    uint32_t dest = !s->table ? 0
                    : p       ? ptable_find(&s->table->pt, want.b, want.len)
                              : ptable_lpm(&s->table->pt, want.b, want.len);
    unsigned n = dest ? rib_views(rib, s->table, dest, v, MAX_VIEWS) : 0;
    /* A destination may exist for the kernel's sake only; the route that matters is then a shorter
     * one. */
    while (dest && !n && !p) {
        struct prefix at = rib_dest_prefix(s->table, dest);
        dest = ptable_parent(&s->table->pt, at.b, at.len);
        n = dest ? rib_views(rib, s->table, dest, v, MAX_VIEWS) : 0;
    }
    writer_obj(r->out, NULL);
    if (!n)
        writer_line(r->out, "%% Network not in table");
    else {
        struct prefix at = rib_dest_prefix(s->table, dest);
        prefix_str(&at, pfx);
        writer_arr(r->out, pfx);
        for (unsigned i = 0; i < n; i++) {
            unsigned k = v[i].nhg ? nh_lines(nhg_get(rib, v[i].nhg), l, ZAPI_MAX_NEXTHOPS * 2) : 0;
            writer_uptime(rib_now(rib) - v[i].since, up, sizeof(up));
            entry_one(r->out, s->vrf, &v[i], pfx, l, k, up);
            route_json(r->out, s->vrf, s->table, &v[i], &at, l, k, up);
        }
        writer_end(r->out);
    }
    writer_end_all(r->out);
    mem_free(MEM(zebra_show), s);
    return n || writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
}

/* ---- summary: counted in slices too ---- */
enum {
    SUM_KERNEL,
    SUM_CONNECT,
    SUM_LOCAL,
    SUM_STATIC,
    SUM_TABLE,
    SUM_IPAM,
    SUM_API,
    SUM_EBGP,
    SUM_IBGP,
    SUM_N
};
static const char *const sum_names[SUM_N] = { "kernel", "connected", "local", "static", "table",
                                              "ipam",   "api",       "ebgp",  "ibgp" };
struct summary_show {
    struct rib_vrf *vrf;
    struct rib_table *table;
    struct ptable_cursor cur;
    uint64_t rib[SUM_N], fib[SUM_N];
};

static int sum_index(const struct rib_view *v)
{
    switch (v->proto) {
    case ZP_KERNEL:
    case ZP_SYSTEM:
        return SUM_KERNEL;
    case ZP_CONNECT:
        return SUM_CONNECT;
    case ZP_LOCAL:
        return SUM_LOCAL;
    case ZP_STATIC:
        return SUM_STATIC;
    case ZP_BGP:
        return v->subtype == ZS_IBGP ? SUM_IBGP : SUM_EBGP;
    case ZP_IPAM:
        return SUM_IPAM;
    case ZP_API:
        return SUM_API;
    default:
        return SUM_TABLE;
    }
}

static int summary_end(struct cli_req *r, struct summary_show *s)
{
    struct writer *w = r->out;
    uint64_t rib = 0, fib = 0;
    writer_line(w, "%-20s %-20s %s  (vrf %s)", "Route Source", "Routes", "FIB", s->vrf->name);
    writer_obj(w, NULL);
    writer_arr(w, "routes");
    for (int i = 0; i < SUM_N; i++) {
        rib += s->rib[i];
        fib += s->fib[i];
        if (!s->rib[i] && (i < SUM_EBGP || !(s->rib[SUM_EBGP] + s->rib[SUM_IBGP])))
            continue;
        writer_line(w, "%-20s %-20llu %-20llu ", sum_names[i], (unsigned long long)s->rib[i],
                    (unsigned long long)s->fib[i]);
        writer_obj(w, NULL);
        writer_uint(w, "fib", s->fib[i]);
        writer_uint(w, "rib", s->rib[i]);
        writer_uint(w, "fibOffLoaded", 0);
        writer_uint(w, "fibTrapped", 0);
        writer_str(w, "type", sum_names[i]);
        writer_end(w);
    }
    writer_end(w);
    writer_line(w, "------");
    writer_line(w, "%-20s %-20llu %-20llu ", "Totals", (unsigned long long)rib,
                (unsigned long long)fib);
    writer_uint(w, "routesTotal", rib);
    writer_uint(w, "routesTotalFib", fib);
    writer_end(w);
    return CLI_OK;
}

static int summary_slice(struct cli_req *r)
{
    struct summary_show *s = r->state;
    uint32_t h[SLICE * 8], n = s->table ? ptable_next(&s->table->pt, &s->cur, h, SLICE * 8) : 0;
    for (uint32_t i = 0; i < n; i++) {
        struct rib_view v[MAX_VIEWS];
        unsigned k = rib_views(zebra_rib(), s->table, h[i], v, MAX_VIEWS);
        for (unsigned j = 0; j < k; j++) {
            int x = sum_index(&v[j]);
            s->rib[x]++;
            s->fib[x] +=
                v[j].selected && (v[j].installed || !rib_proto_installs((uint8_t)v[j].proto));
        }
    }
    return n ? CLI_MORE : summary_end(r, s);
}

static int show_summary(struct cli_req *r)
{
    bool all;
    struct rib_vrf *vrf = zebra_show_vrf(r, &all);
    if (!vrf)
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    struct summary_show *s = mem_calloc(MEM(zebra_show), 1, sizeof(*s));
    s->vrf = vrf;
    s->table = vrf->main[cli_has(&r->args, "ipv6") ? AFI_IP6 : AFI_IP4];
    ptable_cursor_init(&s->cur);
    r->state = s;
    r->cancel = route_cancel;
    r->resume = summary_slice;
    return summary_slice(r);
}

#define WHERE "[{vrf WORD$vrfname|table (1-4294967295)$tableid}]"
static const struct cli_cmd cmds[] = {
    { "view",
      "show <ip|ipv6>$af <route|fib>$what " WHERE
      " [tag (1-4294967295)$tagvalue] [<kernel|connected|local|static|bgp|table>$proto] [failed] "
      "[json]",
      NULL, show_route, CLI_F_VIEW },
    { "view",
      "show <ip|ipv6>$af <route|fib>$what " WHERE
      " <A.B.C.D/M|X:X::X:X/M>$prefix longer-prefixes [json]",
      NULL, show_route, CLI_F_VIEW },
    { "view", "show <ip|ipv6>$af <route|fib>$what " WHERE " <A.B.C.D|X:X::X:X>$addr [json]", NULL,
      show_entry, CLI_F_VIEW },
    { "view",
      "show <ip|ipv6>$af <route|fib>$what " WHERE
      " <A.B.C.D/M|X:X::X:X/M>$prefix [json] [nexthop-group]",
      NULL, show_entry, CLI_F_VIEW },
    { "view", "show <ip|ipv6>$af route [vrf WORD$vrfname] summary [json]", NULL, show_summary,
      CLI_F_VIEW },
};

static const char help[] =
    "show|Show running system information\nip|IP information\nipv6|IPv6 information\nroute|IP "
    "routing table\nfib|IP forwarding table\nvrf|Specify "
    "the VRF\n$vrfname|The VRF name, or all\ntable|Table to display\n$tableid|The table "
    "number\ntag|Show only routes with tag\n$tagvalue|Tag "
    "value\nkernel|Kernel routes (not installed via the zebra RIB)\nconnected|Connected routes "
    "(directly attached subnet or host)\nlocal|Local "
    "routes (host addresses of interfaces)\nstatic|Statically configured routes\nbgp|Border "
    "Gateway Protocol (BGP)\nfailed|Only routes that the "
    "kernel refused\njson|JavaScript Object Notation\n$prefix|IP prefix <network>/<length>, e.g., "
    "35.0.0.0/8\nlonger-prefixes|Show route "
    "matching the specified Network/Mask pair only\n$addr|Network in the IP routing table to "
    "display\nnexthop-group|Nexthop group "
    "information\nsummary|Summary of all routes";

void zebra_show_route_add(struct daemon *d)
{
    cli_help_add(d->cli, help);
    cli_add_all(d->cli, cmds, sizeof(cmds) / sizeof(cmds[0]));
}
