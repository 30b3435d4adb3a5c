/* SPDX-License-Identifier: Apache-2.0
 * bgp_config.c - `router bgp`: nodes, instance settings, and the step from the stored model to
 * instances and peers.
 *
 * The model (lib/conf.h) is the intent. An apply callback only marks its instance; one pass from
 * the loop (or a flush before a show) then plays all rows of a marked instance onto defaults and
 * compares the result with what runs: new neighbours are made, gone ones are freed, changed ones
 * are told what the change means (nothing, new policies, a reset). A thousand lines cost one pass,
 * their order does not matter, and a peer-group may be defined after its members. Networks and
 * redistribution are not neighbours' settings and are applied line by line.
 */
#include "bgp_shell.h"
#include "bgp_zebra.h"
#include "log.h"
#include <stdio.h>
#include <stdlib.h>

struct inst_conf { /* the data of a `router bgp` object */
    struct bgp_inst *inst;
    struct conf_obj *obj, *af[BGP_AF_MAX];
    bool dirty;
    struct group *groups;
    struct inst_conf *next;
};
struct group { /* a peer-group: a name with settings */
    char *name;
    struct bgp_peer_conf conf;
    struct group *next;
};
static struct inst_conf *insts;
static bool scheduled;
static struct daemon *owner;
MEM_DEFINE(bgp_conf, "BGP configuration");

static void flush_cb(void *ctx)
{
    scheduled = false;
    bgp_config_flush();
}

static void mark(struct inst_conf *ic)
{
    ic->dirty = true;
    if (!scheduled && owner->loop) {
        scheduled = true;
        loop_later(owner->loop, "bgp_config", flush_cb, NULL);
    }
}

static struct inst_conf *inst_conf_of(const struct bgp_inst *i)
{
    for (struct inst_conf *c = insts; c; c = c->next)
        if (c->inst == i)
            return c;
    return NULL;
}

static struct inst_conf *obj_inst(const struct conf_obj *o)
{
    const struct bgp_inst *i = conf_obj_data(o);
    return i ? inst_conf_of(i) : NULL;
}

static bool row_on(const struct cli_args *a)
{
    return !cli_has(a, "no");
}

/* ---- neighbours ---- */

/* Everything configured on one name, gathered in one walk. */
struct gathered {
    const char *name; /* borrowed from the model */
    bool defined_group, has_as;
    const char *group;
    unsigned n, cap;
    struct item {
        const struct bgp_peer_setting *s;
        const struct cli_args *args;
        enum bgp_afi_safi af;
    } * items;
};
struct gather {
    struct gathered *v;
    unsigned n, cap;
    enum bgp_afi_safi af;
};

static struct gathered *gather_name(struct gather *g, const char *name)
{
    /* Lines of one neighbour come one after the other, so the last one is nearly always it. */
    for (unsigned i = g->n; i-- > 0;)
        if (!strcmp(g->v[i].name, name))
            return &g->v[i];
    if (g->n == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 16;
        g->v = mem_realloc(MEM(bgp_conf), g->v, g->cap * sizeof(*g->v));
    }
    g->v[g->n] = (struct gathered){ .name = name };
    return &g->v[g->n++];
}

static void gather_row(void *ctx, const struct conf_row *row, const struct cli_args *a)
{
    struct gather *g = ctx;
    const struct bgp_peer_setting *s = bgp_config_setting(row);
    const char *name = cli_arg_text(a, "peer");
    if (!s || !name)
        return;
    struct gathered *n = gather_name(g, name);
    if (s == &bgp_peer_settings[0])
        n->defined_group = true;
    if (cli_has(a, "group"))
        n->group = cli_arg_text(a, "group");
    if (n->n == n->cap) {
        n->cap = n->cap ? n->cap * 2 : 8;
        n->items = mem_realloc(MEM(bgp_conf), n->items, n->cap * sizeof(*n->items));
    }
    n->items[n->n++] = (struct item){ s, a, g->af };
}

static void play(const struct gathered *g, struct bgp_peer_conf *c)
{
    for (unsigned i = 0; i < g->n; i++)
        g->items[i].s->set(c, &c->af[g->items[i].af], g->items[i].args, row_on(g->items[i].args));
}

static void groups_free(struct group *g)
{
    while (g) {
        struct group *next = g->next;
        mem_free(MEM(bgp_conf), g->name);
        mem_free(MEM(bgp_conf), g);
        g = next;
    }
}

static struct group *groups_make(const struct gather *g)
{
    struct group *head = NULL, **tail = &head;
    for (unsigned i = 0; i < g->n; i++) {
        if (!g->v[i].defined_group)
            continue;
        struct group *n = mem_calloc(MEM(bgp_conf), 1, sizeof(*n));
        n->name = mem_strdup(MEM(bgp_conf), g->v[i].name);
        bgp_peer_conf_defaults(&n->conf);
        play(&g->v[i], &n->conf);
        *tail = n;
        tail = &n->next;
    }
    return head;
}

static const struct group *group_find(const struct inst_conf *ic, const char *name)
{
    for (const struct group *g = ic->groups; g; g = g->next)
        if (name && !strcmp(g->name, name))
            return g;
    return NULL;
}

static void peer_apply(struct inst_conf *ic, const struct gathered *g)
{
    struct bgp_peer_conf own, eff;
    const struct group *grp = group_find(ic, g->group);
    bgp_peer_conf_defaults(&own);
    play(g, &own);
    if (grp)
        eff = grp->conf;
    else
        bgp_peer_conf_defaults(&eff);
    play(g, &eff);
    if (eff.remote_as_kind ==
        BGP_AS_UNSET) /* a neighbour exists by its remote-as, own or inherited */
        return;
    struct ipaddr addr = { 0 };
    if (!ipaddr_parse(g->name, &addr))
        return;
    struct bgp_peer *p = bgp_peer_find(ic->inst, g->name);
    bool fresh = !p;
    if (fresh)
        p = bgp_peer_new(ic->inst, g->name, &addr);
    if (!p) {
        log_err("bgp: neighbor %s: no room for another neighbor (at most %u)", g->name,
                BGP_MAX_PEERS - BGP_PEER_FIRST);
        return;
    }
    int impact = fresh ? CONF_IMPACT_RESET : bgp_peer_conf_impact(&p->conf, &eff);
    p->own = own;
    p->conf = eff;
    p->group = bgp_config_str(grp ? g->group : NULL);
    if (impact >= 0)
        bgp_peer_changed(p, impact);
}

static void peers_apply(struct inst_conf *ic)
{
    struct gather g = { .af = BGP_IP4_UNI };
    conf_walk(ic->obj, gather_row, &g);
    for (int af = 0; af < BGP_AF_MAX; af++) {
        g.af = (enum bgp_afi_safi)af;
        if (ic->af[af])
            conf_walk(ic->af[af], gather_row, &g);
    }
    groups_free(ic->groups);
    ic->groups = groups_make(&g);
    for (unsigned i = ic->inst->n_peers; i-- > 0;) {
        struct bgp_peer *p = ic->inst->peers[i];
        bool there = false;
        for (unsigned k = 0; k < g.n && !there; k++)
            there = !strcmp(g.v[k].name, p->name) && !g.v[k].defined_group;
        if (!there && !p->dynamic)
            bgp_peer_free(p);
    }
    for (unsigned i = 0; i < g.n; i++)
        if (!g.v[i].defined_group)
            peer_apply(ic, &g.v[i]);
    for (unsigned i = 0; i < g.n; i++)
        mem_free(MEM(bgp_conf), g.v[i].items);
    mem_free(MEM(bgp_conf), g.v);
}

/* ---- instance settings: table rows like the neighbours' ---- */
typedef void inst_set_fn(struct bgp_inst *i, enum bgp_afi_safi af, const struct cli_args *v,
                         bool on);
#define ISET(name)                                                                              \
    static void iset_##name(struct bgp_inst *i, enum bgp_afi_safi af, const struct cli_args *v, \
                            bool on)
#define IFLAG(name, field) \
    ISET(name)             \
    {                      \
        i->field = on;     \
    }

ISET(router_id)
{
    const struct cli_arg *a = on ? cli_arg(v, "id") : NULL;
    i->router_id_conf = a ? a->ip : (struct ipaddr){ 0 };
}
ISET(cluster_id)
{
    const struct cli_arg *a = on ? cli_arg(v, "id") : NULL;
    struct ipaddr ip;
    if (!a)
        i->rib.cluster_id = 0;
    else if (ipaddr_parse4(a->text, &ip))
        i->rib.cluster_id = ipaddr_v4_host(&ip);
    else
        i->rib.cluster_id = (uint32_t)a->num;
}
ISET(confed_id)
{
    i->confed_id = i->rib.confed_id = on ? (uint32_t)cli_arg_num(v, "as", 0) : 0;
}
ISET(confed_peers)
{
    const char *t = on ? cli_arg_text(v, "list") : NULL;
    for (char *end; t && *t; t = end) {
        unsigned long as = strtoul(t, &end, 10);
        if (end == t)
            break;
        i->confed_peers = realloc(i->confed_peers, (i->n_confed + 1) * sizeof(*i->confed_peers));
        i->confed_peers[i->n_confed++] = (uint32_t)as;
    }
}
ISET(local_pref)
{
    i->rib.default_local_pref = on ? (uint32_t)cli_arg_num(v, "pref", 100) : 100;
}
ISET(timers)
{
    if (on) {
        i->keepalive = (uint16_t)cli_arg_num(v, "keepalive", 60);
        i->hold = (uint16_t)cli_arg_num(v, "hold", 180);
    }
}
ISET(gr_time)
{
    i->gr_restart_time = on ? (uint16_t)cli_arg_num(v, "time", 120) : 120;
}
ISET(gr_stale)
{
    i->gr_stale_time = on ? (uint16_t)cli_arg_num(v, "time", 360) : 360;
}
ISET(med)
{
    i->rib.med_confed = on && cli_has(v, "confed");
    i->rib.med_missing_worst = on && cli_has(v, "missing-as-worst");
}
ISET(relax)
{
    i->rib.multipath_relax = on;
}
ISET(max_paths)
{
    i->rib.multipath[af] = on ? (uint8_t)cli_arg_num(v, "paths", 1) : 64;
}
ISET(max_paths_ibgp)
{
    i->rib.multipath_ibgp[af] = on ? (uint8_t)cli_arg_num(v, "paths", 1) : 64;
}
ISET(distance)
{
    i->rib.dist_ebgp[af] = on ? (uint8_t)cli_arg_num(v, "external", 20) : 20;
    i->rib.dist_ibgp[af] = on ? (uint8_t)cli_arg_num(v, "internal", 200) : 200;
    i->rib.dist_local[af] = on ? (uint8_t)cli_arg_num(v, "local", 200) : 200;
}
/* The defaults that `frr defaults datacenter` turns round are rows that store both words. */
static bool default_traditional(const struct conf_obj *o, const struct cli_args *a)
{
    return !owner->datacenter;
}
static bool default_datacenter(const struct conf_obj *o, const struct cli_args *a)
{
    return owner->datacenter;
}
IFLAG(log_changes, log_changes)
IFLAG(always_med, rib.always_compare_med)
IFLAG(det_med, rib.deterministic_med)
IFLAG(path_ignore, rib.aspath_ignore)
IFLAG(path_confed, rib.aspath_confed)
IFLAG(cmp_id, rib.compare_routerid)
IFLAG(policy, ebgp_requires_policy)
IFLAG(first_as, enforce_first_as)
IFLAG(import_check, import_check)
IFLAG(default_v4, default_ipv4_unicast)
IFLAG(default_v6, default_ipv6_unicast)
IFLAG(failover, rib.fast_external_failover)
IFLAG(c2c, rib.client_to_client)
IFLAG(supp_dup, rib.suppress_duplicates)
IFLAG(as_sets, rib.reject_as_sets)
IFLAG(rr_policy, rib.rr_allow_outbound_policy)
IFLAG(fib_pending, rib.suppress_fib_pending)
IFLAG(down, shutdown)
IFLAG(gr, graceful_restart)
IFLAG(gr_off, gr_disable)

static const struct inst_setting {
    const char *grammar, *def;
    int order;
    bool af;
    inst_set_fn *set;
    bool (*is_default)(const struct conf_obj *o, const struct cli_args *a);
} inst_settings[] = {
    { "bgp router-id A.B.C.D$id", NULL, 1, false, iset_router_id, NULL },
    { "bgp log-neighbor-changes", NULL, 2, false, iset_log_changes, default_datacenter },
    { "bgp always-compare-med", NULL, 3, false, iset_always_med, NULL },
    { "bgp ebgp-requires-policy", NULL, 4, false, iset_policy, default_traditional },
    { "bgp enforce-first-as", "bgp enforce-first-as", 5, false, iset_first_as, NULL },
    { "bgp suppress-duplicates", "bgp suppress-duplicates", 6, false, iset_supp_dup, NULL },
    { "bgp reject-as-sets", NULL, 7, false, iset_as_sets, NULL },
    { "bgp default ipv4-unicast", "bgp default ipv4-unicast", 8, false, iset_default_v4, NULL },
    { "bgp default ipv6-unicast", NULL, 9, false, iset_default_v6, NULL },
    { "bgp default local-preference (0-4294967295)$pref", "bgp default local-preference 100", 10,
      false, iset_local_pref, NULL },
    { "bgp client-to-client reflection", "bgp client-to-client reflection", 11, false, iset_c2c,
      NULL },
    { "bgp cluster-id <A.B.C.D|(1-4294967295)>$id", NULL, 12, false, iset_cluster_id, NULL },
    { "bgp confederation identifier (1-4294967295)$as", NULL, 13, false, iset_confed_id, NULL },
    { "bgp confederation peers LINE...$list", NULL, 14, false, iset_confed_peers, NULL },
    { "bgp deterministic-med", NULL, 15, false, iset_det_med, default_datacenter },
    { "bgp fast-external-failover", "bgp fast-external-failover", 16, false, iset_failover, NULL },
    { "bgp graceful-restart", NULL, 17, false, iset_gr, NULL },
    { "bgp graceful-restart-disable", NULL, 18, false, iset_gr_off, NULL },
    { "bgp graceful-restart restart-time (0-4095)$time", "bgp graceful-restart restart-time 120",
      19, false, iset_gr_time, NULL },
    { "bgp graceful-restart stalepath-time (1-4095)$time",
      "bgp graceful-restart stalepath-time 360", 20, false, iset_gr_stale, NULL },
    { "bgp bestpath as-path ignore", NULL, 21, false, iset_path_ignore, NULL },
    { "bgp bestpath as-path confed", NULL, 22, false, iset_path_confed, NULL },
    { "bgp bestpath as-path multipath-relax [<as-set|no-as-set>]", NULL, 23, false, iset_relax,
      NULL },
    { "bgp bestpath compare-routerid", NULL, 24, false, iset_cmp_id, NULL },
    { "bgp bestpath med <confed [missing-as-worst]|missing-as-worst [confed]>", NULL, 25, false,
      iset_med, NULL },
    { "bgp network import-check", "bgp network import-check", 26, false, iset_import_check, NULL },
    { "bgp route-reflector allow-outbound-policy", NULL, 27, false, iset_rr_policy, NULL },
    { "bgp suppress-fib-pending", NULL, 28, false, iset_fib_pending, NULL },
    { "bgp shutdown", NULL, 29, false, iset_down, NULL },
    { "timers bgp (0-65535)$keepalive (0-65535)$hold", NULL, 30, false, iset_timers, NULL },
    { "distance bgp (1-255)$external (1-255)$internal (1-255)$local", "distance bgp 20 200 200", 10,
      true, iset_distance, NULL },
    { "maximum-paths (1-64)$paths", NULL, 300, true, iset_max_paths, NULL },
    { "maximum-paths ibgp (1-64)$paths", NULL, 301, true, iset_max_paths_ibgp, NULL },
};
#define N_INST (sizeof(inst_settings) / sizeof(inst_settings[0]))
static struct conf_row inst_rows[N_INST];

static void inst_defaults(struct bgp_inst *i)
{
    struct bgp_rib_inst *r = &i->rib;
    uint32_t router_id = r->router_id;
    *r = (struct bgp_rib_inst){ .inst = i->index,
                                .vrf_id = i->vrf_id,
                                .install = !i->view,
                                .as = i->as,
                                .router_id = router_id,
                                .default_local_pref = 100,
                                .client_to_client = true,
                                .fast_external_failover = true,
                                .suppress_duplicates = true };
    for (int af = 0; af < BGP_AF_MAX; af++) {
        r->multipath[af] = r->multipath_ibgp[af] = 64; /* FRR: as many as the build allows */
        r->dist_ebgp[af] = 20;
        r->dist_ibgp[af] = r->dist_local[af] = 200;
    }
    i->router_id_conf = (struct ipaddr){ 0 };
    bool dc = owner->datacenter;
    i->datacenter = dc;
    i->keepalive = dc ? 3 : 60;
    i->hold = dc ? 9 : 180;
    i->connect_retry = dc ? 10 : 30;
    i->default_ipv4_unicast = i->import_check = i->enforce_first_as = true;
    i->ebgp_requires_policy = !dc;
    i->log_changes = r->deterministic_med = dc;
    i->default_ipv6_unicast = i->shutdown = false;
    i->confed_id = 0;
    free(i->confed_peers);
    i->confed_peers = NULL;
    i->n_confed = 0;
    i->graceful_restart = i->gr_disable = false;
    i->gr_restart_time = 120;
    i->gr_stale_time = 360;
}

struct inst_play {
    struct bgp_inst *inst;
    enum bgp_afi_safi af;
};

static void inst_row(void *ctx, const struct conf_row *row, const struct cli_args *a)
{
    struct inst_play *p = ctx;
    if (row >= inst_rows && row < inst_rows + N_INST)
        inst_settings[row - inst_rows].set(p->inst, p->af, a, row_on(a));
}

static void inst_apply(struct inst_conf *ic)
{
    struct bgp_inst *i = ic->inst;
    struct inst_play p = { .inst = i };
    inst_defaults(i);
    conf_walk(ic->obj, inst_row, &p);
    for (int af = 0; af < BGP_AF_MAX; af++) {
        p.af = (enum bgp_afi_safi)af;
        if (ic->af[af])
            conf_walk(ic->af[af], inst_row, &p);
    }
    bgp_inst_changed(i);
    peers_apply(ic);
    bgp_zebra_import_check_changed(i);
}

void bgp_config_flush(void)
{
    for (struct inst_conf *ic = insts; ic; ic = ic->next)
        if (ic->dirty) {
            ic->dirty = false;
            inst_apply(ic);
        }
}

const struct bgp_peer_conf *bgp_config_group(const struct bgp_inst *i, const char *name)
{
    const struct inst_conf *ic = inst_conf_of(i);
    const struct group *g = ic ? group_find(ic, name) : NULL;
    return g ? &g->conf : NULL;
}

void bgp_config_groups(const struct bgp_inst *i,
                       void (*fn)(void *, const char *, const struct bgp_peer_conf *), void *ctx)
{
    const struct inst_conf *ic = inst_conf_of(i);
    for (const struct group *g = ic ? ic->groups : NULL; g; g = g->next)
        fn(ctx, g->name, &g->conf);
}

static void mark_apply(const struct conf_change *c)
{
    struct inst_conf *ic = obj_inst(c->obj);
    if (ic)
        mark(ic);
}

/* ---- networks and redistribution ---- */
static enum bgp_afi_safi obj_af(const struct conf_obj *o)
{
    const struct cli_arg *a = conf_obj_arg(o, "afi");
    return a && !strcmp(a->text, "ipv6") ? BGP_IP6_UNI : BGP_IP4_UNI;
}

static void network_apply(const struct conf_change *c)
{
    struct inst_conf *ic = obj_inst(c->obj);
    const struct cli_arg *a = cli_arg(c->args, "prefix");
    if (!ic || !a)
        return;
    if (c->op == CONF_SET)
        bgp_zebra_network_set(ic->inst, &a->pfx, cli_arg_text(c->args, "name"));
    else
        bgp_zebra_network_unset(ic->inst, &a->pfx);
}

static int network_check(struct conf_change *c, char *err, size_t errlen)
{
    const struct cli_arg *a = cli_arg(c->args, "prefix");
    if (a && (a->pfx.family == AF_INET6) != (obj_af(c->obj) == BGP_IP6_UNI)) {
        snprintf(err, errlen, "Malformed prefix");
        return -1;
    }
    return 0;
}

static void redistribute_apply(const struct conf_change *c)
{
    struct inst_conf *ic = obj_inst(c->obj);
    enum zapi_proto proto;
    const char *name = cli_arg_text(c->args, "proto");
    if (!ic || !name || !zapi_proto_parse(name, &proto))
        return;
    if (c->op == CONF_SET)
        bgp_zebra_redistribute_set(
            ic->inst, obj_af(c->obj), proto,
            cli_has(c->args, "metric") ? (int64_t)cli_arg_num(c->args, "med", 0) : -1,
            cli_arg_text(c->args, "name"));
    else
        bgp_zebra_redistribute_unset(ic->inst, obj_af(c->obj), proto);
}

/* Stored and printed, as nothing is left to do for them; their help says so. */
static const struct conf_row tuning_rows[] = {
    { .node = "config",
      .grammar = "bgp route-map delay-timer (0-600)$seconds",
      .def = "bgp route-map delay-timer 5",
      .order = 480,
      .help = "bgp|BGP specific commands\nroute-map|Route maps\ndelay-timer|Time to wait before "
              "route-map changes are processed (accepted: they are processed at "
              "once)\n$seconds|Seconds" },
    { .node = "config",
      .grammar = "bgp send-extra-data zebra",
      .order = 481,
      .help = "bgp|BGP specific commands\nsend-extra-data|Show more about BGP's routes elsewhere "
              "(accepted: bgpd shows all of it)\nzebra|Of zebra" },
};

static const struct conf_row other_rows[] = {
    { .node = "address-family",
      .grammar = "network <A.B.C.D/M|X:X::X:X/M>$prefix [route-map WORD$name]",
      .keys = "prefix",
      .order = 20,
      .help = "network|Specify a network to announce via BGP\n$prefix|Prefix\nroute-map|Route-map "
              "to modify the attributes\n$name|Name of "
              "the route map",
      .check = network_check,
      .apply = network_apply },
    { .node = "address-family",
      .keys = "proto",
      .order = 30,
      .grammar = "redistribute <kernel|connected|static>$proto [{metric "
                 "(0-4294967295)$med|route-map WORD$name}]",
      .help = "redistribute|Redistribute information from another routing protocol\nkernel|Kernel "
              "routes (not installed via the zebra RIB)\n"
              "connected|Connected routes (directly attached subnet or host)\nstatic|Statically "
              "configured routes\nmetric|Metric for "
              "redistributed routes\n$med|Default metric\nroute-map|Route map "
              "reference\n$name|Pointer to route-map entries",
      .apply = redistribute_apply },
};

/* ---- nodes ---- */
static int router_check(struct conf_change *c, char *err, size_t errlen)
{
    const char *kind = cli_arg_text(c->args, "kind"), *name = cli_arg_text(c->args, "name");
    const struct bgp_inst *i = bgp_inst_find(name, kind && !strcmp(kind, "view"));
    uint32_t as = (uint32_t)cli_arg_num(c->args, "as", 0);
    if (c->op == CONF_SET && !i && !as) {
        snprintf(err, errlen, "No BGP process is configured");
        return -1;
    }
    if (i && as && i->as != as) {
        snprintf(err, errlen, "BGP is already running; AS is %u", i->as);
        return -1;
    }
    return 0;
}

static void router_create(struct conf_obj *o, void *app)
{
    const struct cli_arg *as = conf_obj_arg(o, "as"), *kind = conf_obj_arg(o, "kind"),
                         *name = conf_obj_arg(o, "name");
    struct inst_conf *ic = mem_calloc(MEM(bgp_conf), 1, sizeof(*ic));
    ic->obj = o;
    ic->inst = bgp_inst_new(name ? name->text : NULL, kind && !strcmp(kind->text, "view"),
                            as ? (uint32_t)as->num : 0);
    inst_defaults(ic->inst);
    ic->next = insts;
    insts = ic;
    conf_obj_set_data(o, ic->inst);
    mark(ic);
}

static void router_destroy(struct conf_obj *o, void *app)
{
    struct inst_conf *ic = obj_inst(o);
    if (!ic)
        return;
    for (struct inst_conf **p = &insts; *p; p = &(*p)->next)
        if (*p == ic) {
            *p = ic->next;
            break;
        }
    free(ic->inst->confed_peers);
    ic->inst->confed_peers = NULL;
    bgp_inst_free(ic->inst);
    groups_free(ic->groups);
    mem_free(MEM(bgp_conf), ic);
}

static void af_create(struct conf_obj *o, void *app)
{
    struct inst_conf *ic = obj_inst(o);
    if (ic)
        ic->af[obj_af(o)] = o;
}

static void af_destroy(struct conf_obj *o, void *app)
{
    struct inst_conf *ic = obj_inst(o);
    if (ic) {
        ic->af[obj_af(o)] = NULL;
        mark(ic);
    }
}

static const struct conf_node nodes[] = {
    { .name = "router bgp",
      .parent = "config",
      .grammar = "router bgp [(1-4294967295)$as [<view|vrf>$kind WORD$name]]",
      .keys = "kind name",
      .help = "router|Enable a routing process\nbgp|BGP information\n$as|AS number\nview|BGP "
              "view\nvrf|BGP VRF\n$name|View/VRF name",
      .prompt = "config-router",
      .exit_word = "exit",
      .order = 500,
      .implicit = "address-family ipv4 unicast",
      .separator = true,
      .check = router_check,
      .create = router_create,
      .destroy = router_destroy },
    { .name = "address-family",
      .parent = "router bgp",
      .grammar = "address-family <ipv4|ipv6>$afi [unicast]$safi",
      .keys = "afi",
      .help = "address-family|Enter Address Family command mode\nipv4|Address Family\nipv6|Address "
              "Family\nunicast|Address Family modifier",
      .prompt = "config-router-af",
      .exit_word = "exit-address-family",
      .order = 900,
      .fill = "safi unicast",
      .separator_before = true,
      .create = af_create,
      .destroy = af_destroy },
};

static const char inst_help[] =
    "bgp|BGP specific commands\nrouter-id|Override configured router identifier\n$id|Identifier in "
    "A.B.C.D or number form\n"
    "log-neighbor-changes|Log neighbor up/down and reset reason\nalways-compare-med|Allow "
    "comparing MED from different neighbors\n"
    "ebgp-requires-policy|Require in and out policy for eBGP peers (RFC "
    "8212)\nenforce-first-as|Enforce the first AS for EBGP routes\n"
    "suppress-duplicates|Suppress duplicate updates if the route actually not "
    "changed\nreject-as-sets|Reject routes with AS_SET or "
    "AS_CONFED_SET\ndefault|Configure BGP defaults\nipv4-unicast|Activate ipv4-unicast for a peer "
    "by default\nipv6-unicast|Activate "
    "ipv6-unicast for a peer by default\nlocal-preference|local preference (higher=more "
    "preferred)\n$pref|Configure default local preference "
    "value\nclient-to-client|Configure client to client route reflection\nreflection|reflection of "
    "routes allowed\ncluster-id|Configure "
    "Route-Reflector Cluster-id\nconfederation|AS confederation parameters\nidentifier|AS number "
    "of the confederation\n$as|AS number\npeers|Peer "
    "ASs in the confederation\n$list|AS numbers\ndeterministic-med|Pick the best-MED path among "
    "paths advertised from the neighboring "
    "AS\nfast-external-failover|Immediately reset session if a link to a directly connected "
    "external peer goes down\ngraceful-restart|Graceful "
    "restart capability parameters\ngraceful-restart-disable|Graceful restart "
    "disable\nrestart-time|Set the time to wait to delete stale "
    "routes\nstalepath-time|Set the max time to hold onto restarting peer's stale "
    "paths\n$time|Delay value (seconds)\nbestpath|Change the default "
    "bestpath selection\nas-path|AS-path attribute\nignore|Ignore as-path length in selecting a "
    "route\nconfed|Compare path lengths including "
    "confederation sets & sequences, or MED among confederation paths\nmultipath-relax|Allow load "
    "sharing across routes that have different AS paths "
    "(but same length)\nas-set|Generate an AS_SET\nno-as-set|Do not generate an "
    "AS_SET\ncompare-routerid|Compare router-id for identical EBGP "
    "paths\nmed|MED attribute\nmissing-as-worst|Treat missing MED as the least preferred "
    "one\nnetwork|BGP network command\nimport-check|Check BGP "
    "network route exists in IGP\nroute-reflector|Route reflector\nallow-outbound-policy|Allow "
    "modifications made by out route-map on ibgp "
    "neighbors\nsuppress-fib-pending|Advertise only routes that are programmed in kernel to "
    "peers\nshutdown|Administrative shutdown of the BGP "
    "instance\ntimers|Adjust routing timers\n$keepalive|Keepalive "
    "interval\n$hold|Holdtime\ndistance|Define an administrative "
    "distance\n$external|Distance for routes external to the AS\n$internal|Distance for routes "
    "internal to the AS\n$local|Distance for local "
    "routes\nmaximum-paths|Forward packets over multiple paths\nibgp|iBGP-multipath\n$paths|Number "
    "of paths";

static void bgp_line_default(struct cli_tree *t)
{
    cli_help_add(t, inst_help);
}

static void defaults_changed(struct daemon *d)
{
    for (struct inst_conf *ic = insts; ic; ic = ic->next)
        mark(ic);
}

void bgp_config_add(struct daemon *d)
{
    owner = d;
    d->defaults_changed = defaults_changed;
    bgp_line_default(d->cli);
    conf_add_nodes(d->conf, nodes, sizeof(nodes) / sizeof(nodes[0]));
    for (unsigned i = 0; i < N_INST; i++)
        inst_rows[i] =
            (struct conf_row){ .node = inst_settings[i].af ? "address-family" : "router bgp",
                               .grammar = inst_settings[i].grammar,
                               .help = inst_help,
                               .def = inst_settings[i].def,
                               .is_default = inst_settings[i].is_default,
                               .order = inst_settings[i].order,
                               .apply = mark_apply };
    conf_add_rows(d->conf, inst_rows, N_INST);
    conf_add_rows(d->conf, other_rows, sizeof(other_rows) / sizeof(other_rows[0]));
    conf_add_rows(d->conf, tuning_rows, sizeof(tuning_rows) / sizeof(tuning_rows[0]));
    bgp_config_peer_rows(d->conf, mark_apply);
}
