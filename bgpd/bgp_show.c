/* SPDX-License-Identifier: Apache-2.0
 * bgp_show.c - `show bgp summary` and the smaller shows; scope and formatting that the other show
 * files use.
 *
 * Text columns and JSON keys are FRR's. Handlers write both planes (writer.h) and never ask which
 * one is on, except where FRR's text and JSON differ in what they contain.
 */
#include "bgp_shell.h"
#include "bgp_zebra.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

bool bgp_show_scope(struct cli_req *r, struct bgp_scope *s)
{
    const struct cli_args *a = &r->args;
    const char *name = cli_arg_text(a, "name"), *afi = cli_arg_text(a, "afi");
    bgp_config_flush();
    memset(s, 0, sizeof(*s));
    if ((cli_has(a, "view") || cli_has(a, "vrf")) && name && !strcmp(name, "all"))
        s->all_insts = true;
    else if (cli_has(a, "view") || cli_has(a, "vrf"))
        s->inst = bgp_inst_find(name && strcmp(name, "default") ? name : NULL, cli_has(a, "view"));
    else
        s->inst = bgp_inst_find(NULL, false);
    s->af_given = afi || cli_has(a, "ip");
    s->af = afi && !strcmp(afi, "ipv6") ? BGP_IP6_UNI : BGP_IP4_UNI;
    s->both = afi && cli_has(a, "unicast");
    if (s->inst || s->all_insts)
        return true;
    if (name)
        writer_error(r->out, "View/Vrf %s is unknown", name);
    else if (!writer_is_json(r->out))
        writer_line(r->out, "%% BGP instance not found");
    return false;
}

struct bgp_peer *bgp_show_peer_arg(struct cli_req *r, const struct bgp_scope *s)
{
    const char *name = cli_arg_text(&r->args, "peer");
    struct ipaddr ip;
    struct bgp_peer *p = NULL;
    if (name && s->inst)
        p = ipaddr_parse(name, &ip) ? bgp_peer_by_addr(s->inst, &ip) : bgp_peer_find(s->inst, name);
    if (!p) {
        writer_line(r->out, "%% No such neighbor in this view/vrf");
        writer_obj(r->out, NULL);
        writer_bool(r->out, "bgpNoSuchNeighbor", true);
        writer_end(r->out);
    }
    return p;
}

/* ---- summary ---- */
static char *id_str(uint32_t id, char *buf)
{
    struct ipaddr a = ipaddr_v4(id);
    return ipaddr_str(&a, buf);
}

struct summary {
    struct cli_req *r;
    struct bgp_inst *inst;
    enum bgp_afi_safi af;
    unsigned shown, total, failed, dynamic;
    int width;
};

static bool summary_wants(const struct summary *s, const struct bgp_peer *p)
{
    const struct cli_args *a = &s->r->args;
    const char *peer = cli_arg_text(a, "peer"), *as = cli_arg_text(a, "as");
    bool up = p->fsm.state == BS_ESTABLISHED;
    if ((cli_has(a, "established") && !up) || (cli_has(a, "failed") && up))
        return false;
    if (peer && strcmp(peer, p->name))
        return false;
    if (as && !strcmp(as, "internal"))
        return !p->ebgp;
    if (as && !strcmp(as, "external"))
        return p->ebgp;
    return !as ||
           strtoul(as, NULL, 10) == (p->fsm.remote_as ? p->fsm.remote_as : p->conf.remote_as);
}

static uint64_t now_wall(void)
{
    return loop_wall();
}

static const char *policy_word(const struct summary *s, const struct bgp_peer *p)
{
    const struct bgp_peer_af_conf *c = &p->conf.af[s->af];
    bool in = c->route_map[0] || c->prefix_list[0] || c->filter_list[0] || c->distribute_list[0];
    return p->ebgp && s->inst->ebgp_requires_policy && !in ? "(Policy)" : NULL;
}

static void summary_peer_text(struct summary *s, const struct bgp_peer *p,
                              const struct bgp_counters *c, const struct bgp_rib_counts *n)
{
    struct writer *w = s->r->out;
    char up[32] = "never", state[32], sent[16] = "0";
    uint64_t since = p->fsm.state == BS_ESTABLISHED ? p->up_wall : p->down_wall;
    uint64_t rx =
        c->opens[0] + c->updates[0] + c->notifications[0] + c->keepalives[0] + c->refreshes[0];
    uint64_t tx =
        c->opens[1] + c->updates[1] + c->notifications[1] + c->keepalives[1] + c->refreshes[1];
    if (since)
        writer_uptime(now_wall() - since, up, sizeof(up));
    const char *pol_in = policy_word(s, p);
    const struct bgp_peer_af_conf *ac = &p->conf.af[s->af];
    bool pol_out =
        p->ebgp && s->inst->ebgp_requires_policy &&
        !(ac->route_map[1] || ac->prefix_list[1] || ac->filter_list[1] || ac->distribute_list[1]);
    if (p->fsm.state != BS_ESTABLISHED)
        snprintf(state, sizeof(state), "%s", bgp_peer_state_name(p));
    else if (!(p->fsm.af & (1u << s->af)))
        snprintf(state, sizeof(state), "NoNeg");
    else if (pol_in)
        snprintf(state, sizeof(state), "%s", pol_in);
    else
        snprintf(state, sizeof(state), "%u", n->accepted);
    snprintf(sent, sizeof(sent), "%u", n->sent);
    if (p->fsm.state == BS_ESTABLISHED && !(p->fsm.af & (1u << s->af)))
        snprintf(sent, sizeof(sent), "NoNeg");
    else if (p->fsm.state == BS_ESTABLISHED && pol_out)
        snprintf(sent, sizeof(sent), "(Policy)");
    uint32_t as = p->conf.remote_as ? p->conf.remote_as : p->fsm.remote_as;
    writer_line(w, "%-*s 4 %10u %9llu %9llu %8u %4u %4zu %8s %12s %8s %s", s->width, p->name, as,
                (unsigned long long)rx, (unsigned long long)tx, 0u, 0u,
                bgp_io_backlog(p->index) ? (size_t)1 : (size_t)0, up, state, sent,
                p->conf.description ? p->conf.description : "N/A");
}

static void summary_peer_json(struct summary *s, const struct bgp_peer *p,
                              const struct bgp_counters *c, const struct bgp_rib_counts *n)
{
    struct writer *w = s->r->out;
    char up[32] = "never";
    bool est = p->fsm.state == BS_ESTABLISHED;
    uint64_t since = est ? p->up_wall : p->down_wall, t = since ? now_wall() - since : 0;
    if (since)
        writer_uptime(t, up, sizeof(up));
    writer_obj(w, p->name);
    if (p->open_rcvd.hostname[0])
        writer_str(w, "hostname", p->open_rcvd.hostname);
    writer_uint(w, "remoteAs", p->conf.remote_as ? p->conf.remote_as : p->fsm.remote_as);
    writer_uint(w, "localAs", p->conf.local_as ? p->conf.local_as : s->inst->as);
    writer_int(w, "version", 4);
    writer_uint(w, "msgRcvd",
                c->opens[0] + c->updates[0] + c->notifications[0] + c->keepalives[0] +
                    c->refreshes[0]);
    writer_uint(w, "msgSent",
                c->opens[1] + c->updates[1] + c->notifications[1] + c->keepalives[1] +
                    c->refreshes[1]);
    writer_int(w, "tableVersion", 0);
    writer_uint(w, "outq", bgp_io_backlog(p->index) ? 1 : 0);
    writer_int(w, "inq", 0);
    writer_str(w, "peerUptime", up);
    writer_uint(w, "peerUptimeMsec", t * 1000);
    if (est)
        writer_uint(w, "peerUptimeEstablishedEpoch", p->up_wall);
    writer_uint(w, "pfxRcd", n->accepted);
    writer_uint(w, "pfxSnt", n->sent);
    writer_str(w, "state", bgp_peer_state_name(p));
    writer_str(w, "peerState",
               p->conf.shutdown          ? "Admin"
               : p->conf.passive && !est ? "Passive"
               : policy_word(s, p)       ? "Policy"
                                         : "OK");
    writer_uint(w, "connectionsEstablished", p->established);
    writer_uint(w, "connectionsDropped", p->dropped);
    writer_str(w, "desc", p->conf.description);
    writer_str(w, "softwareVersion", p->open_rcvd.software[0] ? p->open_rcvd.software : "n/a");
    writer_str(w, "idType", p->addr.family == AF_INET6 ? "ipv6" : "ipv4");
    writer_true(w, "dynamicPeer", p->dynamic);
    writer_end(w);
}

static void summary_head(struct summary *s, const struct bgp_rib_totals *t, unsigned peers,
                         unsigned groups)
{
    struct writer *w = s->r->out;
    char id[IPADDR_STRLEN];
    id_str(s->inst->router_id, id);
    writer_line(w, "BGP router identifier %s, local AS number %u vrf-id %u", id, s->inst->as,
                s->inst->vrf_id);
    if (!cli_has(&s->r->args, "terse")) {
        writer_line(w, "BGP table version %llu", (unsigned long long)t->version);
        writer_line(w, "RIB entries %u, using %zu bytes of memory", t->prefixes, t->bytes);
        writer_line(w, "Peers %u, using %u KiB of memory", peers,
                    (unsigned)(peers * sizeof(struct bgp_peer) / 1024));
        if (groups)
            writer_line(w, "Peer groups %u, using %u bytes of memory", groups,
                        groups * (unsigned)sizeof(struct bgp_peer_conf));
    }
    writer_text(w, "\n");
    writer_line(w,
                "%-*s V         AS   MsgRcvd   MsgSent   TblVer  InQ OutQ  Up/Down State/PfxRcd   "
                "PfxSnt Desc",
                s->width, "Neighbor");
    writer_str(w, "routerId", id);
    writer_uint(w, "as", s->inst->as);
    writer_uint(w, "vrfId", s->inst->vrf_id);
    writer_str(w, "vrfName", s->inst->name);
    writer_uint(w, "tableVersion", t->version);
    writer_uint(w, "ribCount", t->prefixes);
    writer_uint(w, "ribMemory", t->bytes);
    writer_uint(w, "peerCount", peers);
    writer_uint(w, "peerMemory", peers * sizeof(struct bgp_peer));
    if (groups) {
        writer_uint(w, "peerGroupCount", groups);
        writer_uint(w, "peerGroupMemory", groups * sizeof(struct bgp_peer_conf));
    }
}

static void count_group(void *ctx, const char *name, const struct bgp_peer_conf *c)
{
    ++*(unsigned *)ctx;
}

static void summary_af(struct cli_req *r, struct bgp_inst *i, enum bgp_afi_safi af, bool keyed,
                       bool titled)
{
    struct summary s = { .r = r, .inst = i, .af = af, .width = 15 };
    struct writer *w = r->out;
    struct bgp_rib_totals t;
    unsigned peers = 0, groups = 0;
    for (unsigned k = 0; k < i->n_peers; k++)
        if (bgp_peer_af_active(i->peers[k], af)) {
            int len = (int)strlen(i->peers[k]->name);
            peers++;
            if (len > s.width)
                s.width = len;
        }
    bgp_config_groups(i, count_group, &groups);
    bgp_rib_totals(i->index, af, &t);
    if (titled)
        writer_text(w, "\n%s Summary (VRF %s):\n", bgp_af_name(af), i->name);
    writer_obj(w, keyed ? bgp_af_json(af) : NULL);
    summary_head(&s, &t, peers, groups);
    writer_obj(w, "peers");
    for (unsigned k = 0; k < i->n_peers; k++) {
        struct bgp_peer *p = i->peers[k];
        struct bgp_counters c;
        struct bgp_rib_counts n;
        if (!bgp_peer_af_active(p, af))
            continue;
        s.total++;
        s.failed += p->fsm.state != BS_ESTABLISHED;
        s.dynamic += p->dynamic;
        if (!summary_wants(&s, p))
            continue;
        s.shown++;
        bgp_peer_counters(p, &c);
        bgp_rib_peer_counts(p->index, af, &n);
        summary_peer_text(&s, p, &c, &n);
        summary_peer_json(&s, p, &c, &n);
    }
    writer_end(w);
    writer_uint(w, "failedPeers", s.failed);
    writer_uint(w, "displayedPeers", s.shown);
    writer_uint(w, "totalPeers", s.total);
    writer_uint(w, "dynamicPeers", s.dynamic);
    writer_obj(w, "bestPath");
    writer_str(w, "multiPathRelax", i->rib.multipath_relax ? "true" : "false");
    writer_end(w);
    writer_end(w);
    writer_text(w, "\nTotal number of neighbors %u\n", s.total);
    if (s.shown != s.total)
        writer_line(w, "Displayed neighbors %u", s.shown);
}

static void summary_inst(struct cli_req *r, const struct bgp_scope *s, struct bgp_inst *i)
{
    bool any = false;
    if (s->both) {
        summary_af(r, i, s->af, false, true);
        return;
    }
    writer_obj(r->out, s->all_insts ? i->name : NULL);
    for (int af = 0; af < BGP_AF_MAX; af++) {
        bool active = false;
        if (s->af_given && s->af != (enum bgp_afi_safi)af)
            continue;
        for (unsigned k = 0; k < i->n_peers && !active; k++)
            active = bgp_peer_af_active(i->peers[k], (enum bgp_afi_safi)af);
        if (active || s->af_given) {
            summary_af(r, i, (enum bgp_afi_safi)af, true, true);
            any = true;
        }
    }
    if (!any)
        writer_line(r->out, "%% No BGP neighbors found in VRF %s", i->name);
    writer_end(r->out);
}

static int show_summary(struct cli_req *r)
{
    struct bgp_scope s;
    if (!bgp_show_scope(r, &s))
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    if (s.all_insts)
        writer_obj(r->out, NULL);
    for (unsigned k = 0; k < bgp.n_insts; k++)
        if (s.all_insts || bgp.insts[k] == s.inst)
            summary_inst(r, &s, bgp.insts[k]);
    writer_end_all(r->out);
    return CLI_OK;
}

/* ---- next hops ---- */
static void nexthop_one(struct writer *w, const struct bgp_nht_info *n)
{
    char a[IPADDR_STRLEN], pfx[PREFIX_STRLEN], when[32];
    time_t t = (time_t)n->changed_wall;
    ipaddr_str(&n->addr, a);
    ctime_r(&t, when);
    writer_obj(w, a);
    if (n->reachable)
        writer_line(w, " %s valid [IGP metric %u]", a, n->metric);
    else
        writer_line(w, " %s invalid%s", a, n->known ? "" : ", not yet resolved");
    writer_bool(w, "valid", n->reachable);
    writer_bool(w, "complete", n->known);
    writer_uint(w, "igpMetric", n->metric);
    if (n->resolved.family)
        writer_str(w, "resolvedPrefix", prefix_str(&n->resolved, pfx));
    writer_arr(w, "nexthops");
    for (unsigned i = 0; i < n->n; i++) {
        char g[IPADDR_STRLEN];
        writer_obj(w, NULL);
        if (n->nh[i].gate.family) {
            writer_line(w, "  gate %s, if %s", ipaddr_str(&n->nh[i].gate, g),
                        bgp_zebra_ifname(n->nh[i].ifindex));
            writer_str(w, "ip", g);
        } else
            writer_line(w, "  if %s", bgp_zebra_ifname(n->nh[i].ifindex));
        writer_str(w, "interfaceName", bgp_zebra_ifname(n->nh[i].ifindex));
        writer_end(w);
    }
    writer_end(w);
    if (n->changed_wall) {
        writer_text(w, "  Last update: %s", when);
        writer_obj(w, "lastUpdate");
        writer_uint(w, "epoch", n->changed_wall);
        writer_str(w, "string", when);
        writer_end(w);
    }
    writer_text(w, "\n");
    writer_end(w);
}

static void nexthop_inst(struct cli_req *r, const struct bgp_scope *s, struct bgp_inst *i)
{
    const struct cli_arg *only = cli_arg(&r->args, "addr");
    writer_line(r->out, "Current BGP nexthop cache:");
    writer_obj(r->out, s->all_insts ? i->name : NULL);
    for (int af = 0; af < AFI_MAX; af++) {
        writer_obj(r->out, af ? "ipv6" : "ipv4");
        for (uint32_t k = 1; k < bgp_nht_end(); k++) {
            struct bgp_nht_info n;
            if (!bgp_nht_info(k, &n) || n.inst != i->index ||
                n.addr.family != afi_family((enum afi)af))
                continue;
            if (!only || ipaddr_eq(&only->ip, &n.addr))
                nexthop_one(r->out, &n);
        }
        writer_end(r->out);
    }
    writer_end(r->out);
}

static int show_nexthop(struct cli_req *r)
{
    struct bgp_scope s;
    if (!bgp_show_scope(r, &s))
        return CLI_WARNING;
    if (s.all_insts)
        writer_obj(r->out, NULL);
    for (unsigned k = 0; k < bgp.n_insts; k++)
        if (s.all_insts || bgp.insts[k] == s.inst)
            nexthop_inst(r, &s, bgp.insts[k]);
    writer_end_all(r->out);
    return CLI_OK;
}

/* ---- update groups ---- */
static void group_one(void *ctx, const struct bgp_group_info *g)
{
    struct cli_req *r = ctx;
    char id[16];
    snprintf(id, sizeof(id), "%u", g->id);
    writer_line(r->out, "Update-group %u:", g->id);
    writer_line(r->out, "  Address family: %s, %s peers", bgp_af_name(g->af),
                g->ebgp ? "external" : "internal");
    writer_line(r->out, "  Adj-RIB-Out prefixes: %u", g->prefixes);
    writer_line(r->out, "  UPDATE messages encoded: %llu, bytes: %llu",
                (unsigned long long)g->updates, (unsigned long long)g->encoded_bytes);
    writer_line(r->out, "  Peers:");
    writer_obj(r->out, id);
    writer_str(r->out, "afiSafi", bgp_af_json(g->af));
    writer_str(r->out, "peerType", g->ebgp ? "external" : "internal");
    writer_uint(r->out, "prefixes", g->prefixes);
    writer_uint(r->out, "updatesEncoded", g->updates);
    writer_uint(r->out, "bytesEncoded", g->encoded_bytes);
    writer_arr(r->out, "peers");
    for (unsigned i = 0; i < g->members; i++) {
        const struct bgp_peer *p = bgp.peer[g->peers[i]];
        if (!p)
            continue;
        writer_line(r->out, "      - %s", p->name);
        writer_str(r->out, NULL, p->name);
    }
    writer_end(r->out);
    writer_end(r->out);
}

static int groups_end(struct cli_req *r)
{
    writer_end_all(r->out);
    return CLI_OK;
}

static void groups_done(void *ctx)
{
    cli_req_wake(ctx);
}

static int show_groups(struct cli_req *r)
{
    struct bgp_scope s;
    if (!bgp_show_scope(r, &s))
        return CLI_WARNING;
    writer_obj(r->out, NULL);
    r->resume = groups_end;
    bgp_rib_groups(group_one, groups_done, r);
    return CLI_WAIT;
}

/* ---- instances, peer-groups, memory ---- */
static int show_vrfs(struct cli_req *r)
{
    bgp_config_flush();
    writer_line(r->out, "Type  Id     routerId          #PeersCfg  #PeersEstb  Name");
    writer_obj(r->out, NULL);
    writer_obj(r->out, "vrfs");
    for (unsigned k = 0; k < bgp.n_insts; k++) {
        const struct bgp_inst *i = bgp.insts[k];
        const char *type = i->view                                         ? "VIEW"
                           : k && i->name[0] && strcmp(i->name, "default") ? "VRF"
                                                                           : "DFLT";
        char id[IPADDR_STRLEN];
        unsigned up = 0;
        for (unsigned j = 0; j < i->n_peers; j++)
            up += i->peers[j]->fsm.state == BS_ESTABLISHED;
        id_str(i->router_id, id);
        writer_line(r->out, "%-4s  %-5u  %-16s  %-9u  %-10u  %s", type, i->vrf_id, id, i->n_peers,
                    up, i->name);
        writer_obj(r->out, i->name);
        writer_str(r->out, "type", type);
        writer_uint(r->out, "vrfId", i->vrf_id);
        writer_str(r->out, "routerId", id);
        writer_uint(r->out, "numConfiguredPeers", i->n_peers);
        writer_uint(r->out, "numEstablishedPeers", up);
        writer_end(r->out);
    }
    writer_end(r->out);
    writer_text(r->out, "\nTotal number of VRFs (including default): %u\n", bgp.n_insts);
    writer_uint(r->out, "totalVrfs", bgp.n_insts);
    writer_end(r->out);
    return CLI_OK;
}

struct group_show {
    struct cli_req *r;
    struct bgp_inst *inst;
    const char *only;
};

static void peer_group_one(void *ctx, const char *name, const struct bgp_peer_conf *c)
{
    struct group_show *g = ctx;
    struct writer *w = g->r->out;
    if (g->only && strcmp(g->only, name))
        return;
    writer_obj(w, name);
    if (c->remote_as)
        writer_text(w, "\nBGP peer-group %s, remote AS %u\n", name, c->remote_as);
    else
        writer_text(w, "\nBGP peer-group %s\n", name);
    writer_uint(w, "remoteAs", c->remote_as);
    writer_line(w, "  Peer-group members:");
    writer_obj(w, "members");
    for (unsigned k = 0; k < g->inst->n_peers; k++) {
        const struct bgp_peer *p = g->inst->peers[k];
        if (!p->group || strcmp(p->group, name))
            continue;
        writer_line(w, "    %s  %s", p->name, bgp_peer_state_name(p));
        writer_obj(w, p->name);
        writer_str(w, "status", bgp_peer_state_name(p));
        writer_end(w);
    }
    writer_end(w);
    writer_end(w);
}

static int show_peer_group(struct cli_req *r)
{
    struct bgp_scope s;
    if (!bgp_show_scope(r, &s) || !s.inst)
        return CLI_WARNING;
    struct group_show g = { r, s.inst, cli_arg_text(&r->args, "group") };
    writer_obj(r->out, NULL);
    bgp_config_groups(s.inst, peer_group_one, &g);
    writer_end(r->out);
    return CLI_OK;
}

static int show_bgp_memory(struct cli_req *r)
{
    struct writer *w = r->out;
    writer_obj(w, NULL);
    for (int af = 0; af < BGP_AF_MAX; af++) {
        struct bgp_rib_totals t = { 0 }, one;
        for (unsigned k = 0; k < bgp.n_insts; k++) {
            bgp_rib_totals(bgp.insts[k]->index, (enum bgp_afi_safi)af, &one);
            t.prefixes += one.prefixes;
            t.paths += one.paths;
            t.bytes += one.bytes;
        }
        writer_line(w, "%s: %u RIB nodes and %u BGP routes, using %zu bytes of memory",
                    bgp_af_name((enum bgp_afi_safi)af), t.prefixes, t.paths, t.bytes);
        writer_obj(w, bgp_af_json((enum bgp_afi_safi)af));
        writer_uint(w, "ribNodes", t.prefixes);
        writer_uint(w, "bgpRoutes", t.paths);
        writer_uint(w, "bytes", t.bytes);
        writer_end(w);
    }
    writer_line(w, "%u BGP attributes, using %zu bytes of memory", intern_count(bgp_attr_table()),
                intern_bytes(bgp_attr_table()));
    writer_uint(w, "attributes", intern_count(bgp_attr_table()));
    writer_uint(w, "attributeBytes", intern_bytes(bgp_attr_table()));
    writer_end(w);
    return CLI_OK;
}

static int show_router(struct cli_req *r)
{
    struct bgp_scope s;
    char id[IPADDR_STRLEN];
    if (!bgp_show_scope(r, &s) || !s.inst)
        return CLI_WARNING;
    id_str(s.inst->router_id, id);
    writer_line(r->out, "BGP router identifier %s, local AS number %u, %u shards", id, s.inst->as,
                bgp_rib_shards());
    writer_obj(r->out, NULL);
    writer_str(r->out, "routerId", id);
    writer_uint(r->out, "as", s.inst->as);
    writer_uint(r->out, "shards", bgp_rib_shards());
    writer_bool(r->out, "zebraConnected", bgp_zebra_up());
    writer_end(r->out);
    return CLI_OK;
}

#define SCOPE "show [ip] bgp [<view|vrf> WORD$name] [<ipv4|ipv6>$afi [unicast]] "
static const struct cli_cmd cmds[] = {
    { "view",
      SCOPE "summary [<established|failed>] [<neighbor <A.B.C.D|X:X::X:X|WORD>$peer|remote-as "
            "<(1-4294967295)|internal|external>$as>] [terse] "
            "[wide] [json]",
      NULL, show_summary, CLI_F_VIEW },
    { "view",
      "show [ip] bgp [<view|vrf> WORD$name] nexthop [<A.B.C.D|X:X::X:X>$addr] [detail] [json]",
      NULL, show_nexthop, CLI_F_VIEW },
    { "view", SCOPE "update-groups [json]", NULL, show_groups, CLI_F_VIEW },
    { "view", "show [ip] bgp vrfs [json]", NULL, show_vrfs, CLI_F_VIEW },
    { "view", "show [ip] bgp [<view|vrf> WORD$name] peer-group [WORD$group] [json]", NULL,
      show_peer_group, CLI_F_VIEW },
    { "view", "show bgp memory [json]", NULL, show_bgp_memory, CLI_F_VIEW },
    { "view", "show bgp router [json]", NULL, show_router, CLI_F_VIEW },
};

static const char help[] =
    "show|Show running system information\nip|IP information\nbgp|BGP information\nview|BGP "
    "view\nvrf|BGP VRF\n$name|View/VRF name\nipv4|Address "
    "Family\nipv6|Address Family\nunicast|Address Family modifier\nsummary|Summary of BGP neighbor "
    "status\nestablished|Show only sessions in "
    "Established state\nfailed|Show only sessions not in Established state\nneighbor|Show only the "
    "specified neighbor session\n$peer|Neighbor "
    "to display information about\nremote-as|Show only the specified remote AS sessions\n$as|AS "
    "number\ninternal|Internal (iBGP) AS "
    "sessions\nexternal|External (eBGP) AS sessions\nterse|Shorten the information on BGP "
    "instances\nwide|Increase table width for longer "
    "output\njson|JavaScript Object Notation\nnexthop|BGP nexthop table\n$addr|Address of the next "
    "hop\ndetail|Show detailed "
    "information\nupdate-groups|Update groups with their peers\nvrfs|BGP "
    "VRFs\npeer-group|Peer-groups\n$group|Peer-group name\nmemory|Global BGP "
    "memory statistics\nrouter|Overall BGP information";

void bgp_show_add(struct daemon *d)
{
    cli_help_add(d->cli, help);
    cli_add_all(d->cli, cmds, sizeof(cmds) / sizeof(cmds[0]));
    bgp_show_neighbor_add(d);
}
