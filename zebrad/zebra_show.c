/* SPDX-License-Identifier: Apache-2.0
 * zebra_show.c - shows of zebrad that are not routes: next-hop tracking, groups, VRFs; and what all
 * shows share.
 */
#include "zebra_show.h"
#include "zebra_knh.h"
#include "zebra_nhg.h"
#include "zebra_track.h"
#include <stdio.h>
#include <stdlib.h>

static struct zebra *zebra; /* the daemon's context; set once */

struct zebra *zebra_self(void)
{
    return zebra;
}

struct rib *zebra_rib(void)
{
    return zebra->rib;
}

struct zifs *zebra_ifs(void)
{
    return zebra->ifs;
}

const char *zebra_if_name(uint32_t ifindex)
{
    static char gone[16];
    const struct zif *i = zif_find(zebra->ifs, ifindex);
    if (i)
        return i->name;
    snprintf(gone, sizeof(gone), "if%u", ifindex);
    return gone;
}

const char *zebra_owner_name(uint16_t owner)
{
    const struct zclient *c;
    switch (owner) {
    case RIB_OWNER_KERNEL:
        return "kernel";
    case RIB_OWNER_CONNECT:
        return "connected";
    case RIB_OWNER_STATIC:
        return "static";
    default:
        c = zclient_by_owner(zebra, owner);
        return c ? zapi_proto_name(c->proto) : "unknown";
    }
}

struct rib_vrf *zebra_show_vrf(struct cli_req *r, bool *ret_all)
{
    const char *name = cli_arg_text(&r->args, "vrfname");
    struct rib *rib = zebra_rib();
    *ret_all = name && !strcmp(name, "all");
    struct rib_vrf *v = !name || *ret_all || !strcmp(name, "default") ? rib_vrf_find(rib, 0)
                                                                      : rib_vrf_by_name(rib, name);
    if (!v)
        writer_error(r->out, "VRF %s not found", name ? name : "default");
    return v;
}

/* ---- next-hop tracking ---- */
struct nht_show {
    struct cli_req *r;
    const struct ipaddr *only;
};

static void nht_client(struct writer *w, uint16_t owner)
{
    writer_text(w, " %s", zebra_owner_name(owner));
    writer_obj(w, NULL);
    writer_str(w, "protocol", zebra_owner_name(owner));
    writer_end(w);
}

/* Who wants to know: the clients that registered it, and the owners of next-hop sets that go over
 * it. */
static void nht_clients(struct writer *w, const struct track *tr)
{
    uint16_t last = RIB_OWNER_NONE;
    writer_text(w, " Client list:");
    writer_arr(w, "clientList");
    for (unsigned i = 0; i < tr->n_regs; i++)
        nht_client(w, tr->regs[i].owner);
    for (unsigned i = 0; i < tr->n_nhgs; i++) {
        uint16_t owner = nhg_get(zebra_rib(), tr->nhgs[i])->owner;
        bool told = owner == last;
        for (unsigned k = 0; k < tr->n_regs && !told; k++)
            told = tr->regs[k].owner == owner;
        if (!told)
            nht_client(w, owner);
        last = owner;
    }
    writer_text(w, "\n");
    writer_end(w);
}

static void nht_one(void *ctx, struct track *tr)
{
    struct nht_show *s = ctx;
    struct writer *w = s->r->out;
    struct ipaddr a = track_addr(tr);
    char addr[IPADDR_STRLEN], pfx[PREFIX_STRLEN];
    if (s->only && !ipaddr_eq(s->only, &a))
        return;
    ipaddr_str(&a, addr);
    writer_line(w, "%s%s", addr, tr->connected ? "(Connected)" : "");
    writer_obj(w, addr);
    writer_bool(w, "nhtConnected", tr->connected);
    writer_bool(w, "reachable", tr->reachable);
    if (tr->reachable) {
        writer_line(w, " resolved via %s, prefix %s", zapi_proto_name(tr->proto),
                    prefix_str(&tr->by, pfx));
        writer_str(w, "resolvedProtocol", zapi_proto_name(tr->proto));
        writer_str(w, "prefix", pfx);
        writer_uint(w, "metric", tr->metric);
    } else
        writer_line(w, " unresolved");
    writer_arr(w, "nexthops");
    for (unsigned i = 0; i < tr->n; i++) {
        char g[IPADDR_STRLEN];
        const struct rnh *n = &tr->res[i];
        if (n->gate.family)
            writer_line(w, " via %s, %s", ipaddr_str(&n->gate, g), zebra_if_name(n->ifindex));
        else
            writer_line(w, " is directly connected, %s",
                        n->ifindex ? zebra_if_name(n->ifindex) : "Null0");
        writer_obj(w, NULL);
        zebra_show_nexthop_json(w, n, true, false, 0);
        writer_end(w);
    }
    writer_end(w);
    nht_clients(w, tr);
    writer_end(w);
}

static int show_nht(struct cli_req *r)
{
    bool all;
    struct rib_vrf *vrf = zebra_show_vrf(r, &all);
    const struct cli_arg *only = cli_arg(&r->args, "addr");
    struct nht_show s = { r, only ? &only->ip : NULL };
    enum afi afi =
        (only ? only->ip.family == AF_INET6 : cli_has(&r->args, "ipv6")) ? AFI_IP6 : AFI_IP4;
    if (!vrf)
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    writer_obj(r->out, NULL);
    for (struct rib_vrf *v = all ? zebra_rib()->vrfs : vrf; v; v = all ? v->next : NULL) {
        if (all)
            writer_line(r->out, "VRF %s:", v->name);
        writer_obj(r->out, v->name);
        writer_obj(r->out, afi == AFI_IP6 ? "ipv6" : "ipv4");
        track_walk(zebra_rib(), v->vrf_id, afi, nht_one, &s);
        writer_end(r->out);
        writer_end(r->out);
    }
    writer_end_all(r->out);
    return CLI_OK;
}

/* ---- next-hop groups ---- */
static void nhg_one(struct cli_req *r, const struct nhg *g)
{
    struct writer *w = r->out;
    struct rib *rib = zebra_rib();
    uint32_t knh = g->knh[AFI_IP4] ? g->knh[AFI_IP4] : g->knh[AFI_IP6];
    bool installed = knh && knh_live(rib, knh);
    char id[16], a[IPADDR_STRLEN];
    snprintf(id, sizeof(id), "%u", knh ? knh_id(rib, knh) : g->self);
    writer_line(w, "ID: %s (%s)", id, zebra_owner_name(g->owner));
    writer_line(w, "     RefCnt: %u", g->refs);
    writer_line(w, "     %s%s%s", nhg_usable(g) ? "Valid" : "Invalid",
                installed ? ", Installed" : "", g->on_backup ? ", on backup" : "");
    writer_obj(w, id);
    writer_str(w, "type", zebra_owner_name(g->owner));
    writer_uint(w, "refCount", g->refs);
    writer_true(w, "valid", nhg_usable(g));
    writer_true(w, "installed", installed);
    writer_true(w, "onBackup", g->on_backup);
    writer_uint(w, "nexthopCount", g->n);
    writer_arr(w, "nexthops");
    for (unsigned i = 0; i < g->n_res; i++) {
        const struct rnh *n = &g->res[i];
        if (n->gate.family)
            writer_line(w, "           via %s, %s, weight %u", ipaddr_str(&n->gate, a),
                        zebra_if_name(n->ifindex), n->weight ? n->weight : 1u);
        else if (n->ifindex)
            writer_line(w, "           is directly connected, %s", zebra_if_name(n->ifindex));
        else
            writer_line(w, "           unreachable (blackhole)");
        writer_obj(w, NULL);
        zebra_show_nexthop_json(w, n, installed, false, 0);
        writer_uint(w, "weight", n->weight ? n->weight : 1u);
        writer_end(w);
    }
    writer_end(w);
    writer_end(w);
}

static int show_nexthop_group(struct cli_req *r)
{
    struct rib *rib = zebra_rib();
    uint32_t id = (uint32_t)cli_arg_num(&r->args, "id", 0);
    writer_obj(r->out, NULL);
    for (uint32_t h = 1; h < pool_end(&rib->nhgs); h++) {
        const struct nhg *g = nhg_get(rib, h);
        if (g->self != h)
            continue;
        uint32_t knh = g->knh[AFI_IP4] ? g->knh[AFI_IP4] : g->knh[AFI_IP6];
        if (!id || id == g->self || (knh && id == knh_id(rib, knh)))
            nhg_one(r, g);
    }
    writer_end_all(r->out);
    return CLI_OK;
}

/* ---- VRFs, router ids, forwarding ---- */
static int show_vrf(struct cli_req *r)
{
    writer_obj(r->out, NULL);
    for (struct rib_vrf *v = zebra_rib()->vrfs; v; v = v->next) {
        if (v->vrf_id && v->active)
            writer_line(r->out, "vrf %s id %u table %u", v->name, v->vrf_id, v->table);
        else if (v->vrf_id)
            writer_line(r->out, "vrf %s inactive (configured)", v->name);
        writer_obj(r->out, v->name);
        writer_uint(r->out, "vrfId", v->vrf_id);
        writer_uint(r->out, "table", v->table);
        writer_bool(r->out, "active", v->active || !v->vrf_id);
        writer_end(r->out);
    }
    writer_end(r->out);
    return CLI_OK;
}

static bool sysctl_on(const char *path)
{
    char c = '0';
    FILE *f = fopen(path, "re");
    if (f) {
        if (fread(&c, 1, 1, f) != 1)
            c = '0';
        fclose(f);
    }
    return c == '1';
}

static int show_forwarding(struct cli_req *r)
{
    bool v6 = cli_has(&r->args, "ipv6");
    bool on =
        sysctl_on(v6 ? "/proc/sys/net/ipv6/conf/all/forwarding" : "/proc/sys/net/ipv4/ip_forward");
    writer_line(r->out, v6 ? "ipv6 forwarding is %s" : "IP forwarding is %s", on ? "on" : "off");
    writer_obj(r->out, NULL);
    writer_bool(r->out, v6 ? "ipv6Forwarding" : "ipForwarding", on);
    writer_end(r->out);
    return CLI_OK;
}

static void fib_counter(struct writer *w, const char *text, const char *key, uint64_t v)
{
    writer_line(w, "  %-40s %llu", text, (unsigned long long)v);
    writer_uint(w, key, v);
}

static int show_zebra(struct cli_req *r)
{
    const struct rib_counters *c = &zebra_rib()->cnt;
    writer_line(r->out, "Kernel programming:");
    writer_obj(r->out, NULL);
    fib_counter(r->out, "Routes written", "routesSet", c->sets);
    fib_counter(r->out, "Routes deleted", "routesDeleted", c->dels);
    fib_counter(r->out, "Routes flushed with their nexthop object", "routesFlushed", c->flushed);
    fib_counter(r->out, "Nexthop objects deleted to flush routes", "flushes", c->flushes);
    fib_counter(r->out, "Nexthop objects written", "nexthopsSet", c->nh_sets);
    fib_counter(r->out, "Nexthop objects deleted", "nexthopsDeleted", c->nh_dels);
    fib_counter(r->out, "Batches", "batches", c->batches);
    fib_counter(r->out, "Errors from the kernel", "errors", c->errors);
    fib_counter(r->out, "Routes refused now", "failed", c->failed);
    fib_counter(r->out, "Superseded before they were written", "superseded", c->superseded);
    fib_counter(r->out, "Repairs of foreign changes", "repairs", c->repairs);
    writer_end(r->out);
    return CLI_OK;
}

static void client_one(void *ctx, struct zclient *c)
{
    struct cli_req *r = ctx;
    struct writer *w = r->out;
    char up[32];
    uint64_t since = c->peer ? c->connected_at : c->disconnected_at;
    writer_uptime(since ? loop_wall() - since : 0, up, sizeof(up));
    writer_line(w, "%-10s %-13s %12s %12llu %12llu %8llu", zapi_proto_name(c->proto),
                c->peer ? "connected" : "stale", up, (unsigned long long)c->routes_set,
                (unsigned long long)c->routes_unset, (unsigned long long)c->acks_failed);
    writer_obj(w, c->name);
    writer_str(w, "protocol", zapi_proto_name(c->proto));
    writer_bool(w, "connected", c->peer);
    writer_str(w, "since", up);
    writer_uint(w, "connects", c->connects);
    writer_uint(w, "routesSet", c->routes_set);
    writer_uint(w, "routesWithdrawn", c->routes_unset);
    writer_uint(w, "routesRefused", c->acks_failed);
    writer_uint(w, "staleSeconds", c->stale_seconds);
    writer_end(w);
}

static int show_clients(struct cli_req *r)
{
    writer_line(r->out, "Name       State             Since       Routes    Withdrawn  Refused");
    writer_line(r->out, "-----------------------------------------------------------------------");
    writer_obj(r->out, NULL);
    zclients_each(zebra, client_one, r);
    writer_end(r->out);
    return CLI_OK;
}

static int show_router_id(struct cli_req *r)
{
    bool all;
    struct rib_vrf *v = zebra_show_vrf(r, &all);
    char a[IPADDR_STRLEN];
    if (!v)
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    struct ipaddr id = zebra_router_id(zebra, v->vrf_id);
    ipaddr_str(&id, a);
    writer_line(r->out, "zebra:\n     vrf %s:\n     router-id %s", v->name, a);
    writer_obj(r->out, NULL);
    writer_str(r->out, "routerId", a);
    writer_str(r->out, "vrfName", v->name);
    writer_end(r->out);
    return CLI_OK;
}

static const struct cli_cmd cmds[] = {
    { "view", "show zebra client [summary] [json]", NULL, show_clients, CLI_F_VIEW },
    { "view", "show [ip] router-id [vrf WORD$vrfname] [json]", NULL, show_router_id, CLI_F_VIEW },
    { "view", "show <ip|ipv6>$af nht [vrf WORD$vrfname] [<A.B.C.D|X:X::X:X>$addr] [json]", NULL,
      show_nht, CLI_F_VIEW },
    { "view", "show nexthop-group rib [(1-4294967295)$id] [json]", NULL, show_nexthop_group,
      CLI_F_VIEW },
    { "view", "show vrf [json]", NULL, show_vrf, CLI_F_VIEW },
    { "view", "show <ip|ipv6>$af forwarding [json]", NULL, show_forwarding, CLI_F_VIEW },
    { "view", "show zebra [json]", NULL, show_zebra, CLI_F_VIEW },
};

static const char help[] =
    "nht|IP nexthop tracking table\n$addr|IPv4 or IPv6 address\nvrf|Specify the VRF\n$vrfname|The "
    "VRF name, or all\nnexthop-group|Show Nexthop "
    "Groups\nrib|RIB information\n$id|Nexthop group ID\nforwarding|IP forwarding "
    "status\nzebra|Zebra information\nclient|Client information\nsummary|Brief "
    "Summary\nrouter-id|Router ID\njson|JavaScript Object Notation";

void zebra_show_add(struct daemon *d)
{
    zebra = d->app;
    cli_help_add(d->cli, help);
    cli_add_all(d->cli, cmds, sizeof(cmds) / sizeof(cmds[0]));
    zebra_show_if_add(d);
}
