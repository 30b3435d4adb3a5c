/* SPDX-License-Identifier: Apache-2.0
 * bgp_config_peer.c - the settings of a neighbour, one table row each: grammar, help, where it
 * stands, and how it changes a struct bgp_peer_conf. The effective configuration of a neighbour is
 * made by playing its peer-group's rows and then its own rows onto the defaults (bgp_config.c), so
 * inheritance needs no flags per field.
 */
#include "bgp_shell.h"
#include <stdio.h>
#include <stdlib.h>

static struct intern *strings;
MEM_DEFINE(bgp_conf_str, "BGP configuration string");

char *bgp_config_str(const char *s)
{
    if (!s)
        return NULL;
    if (!strings)
        strings = intern_new(MEM(bgp_conf_str));
    /* intern_data() is const because handles are shared; these strings are never written to. */
    return (char *)(uintptr_t)intern_data(strings, intern_get(strings, s, strlen(s) + 1));
}

void bgp_peer_conf_defaults(struct bgp_peer_conf *c)
{
    memset(c, 0, sizeof(*c));
    c->keepalive = c->hold = c->connect_retry = -1;
    c->advertisement_interval = -1;
    c->port = 179;
    for (int i = 0; i < BGP_AF_MAX; i++)
        c->af[i].activate = -1;
}

#define SETTER(name)                                                            \
    static void set_##name(struct bgp_peer_conf *c, struct bgp_peer_af_conf *a, \
                           const struct cli_args *v, bool on)
#define FLAG(name)    \
    SETTER(name)      \
    {                 \
        c->name = on; \
    }
#define AF_FLAG(name) \
    SETTER(name)      \
    {                 \
        a->name = on; \
    }

SETTER(group_define)
{
}

SETTER(remote_as)
{
    const char *t = cli_arg_text(v, "as");
    c->remote_as = 0;
    if (!on)
        c->remote_as_kind = BGP_AS_UNSET;
    else if (!strcmp(t, "internal"))
        c->remote_as_kind = BGP_AS_INTERNAL;
    else if (!strcmp(t, "external"))
        c->remote_as_kind = BGP_AS_EXTERNAL;
    else if (!strcmp(t, "auto"))
        c->remote_as_kind = BGP_AS_AUTO;
    else {
        c->remote_as_kind = BGP_AS_NUMBER;
        c->remote_as = (uint32_t)strtoul(t, NULL, 10);
    }
}

SETTER(local_as)
{
    c->local_as = on ? (uint32_t)cli_arg_num(v, "as", 0) : 0;
    c->local_as_no_prepend = on && cli_has(v, "no-prepend");
    c->local_as_replace = on && cli_has(v, "replace-as");
}

SETTER(description)
{
    c->description = on ? bgp_config_str(cli_arg_text(v, "text")) : NULL;
}

SETTER(shutdown)
{
    c->shutdown = on;
    c->shutdown_msg = on ? bgp_config_str(cli_arg_text(v, "text")) : NULL;
}

SETTER(password)
{
    c->password = on ? bgp_config_str(cli_arg_text(v, "secret")) : NULL;
}

SETTER(update_source)
{
    const struct cli_arg *s = on ? cli_arg(v, "source") : NULL;
    memset(&c->update_source, 0, sizeof(c->update_source));
    c->update_source_if = NULL;
    if (s && !ipaddr_parse(s->text, &c->update_source))
        c->update_source_if = bgp_config_str(s->text);
}

SETTER(ebgp_multihop)
{
    c->ebgp_multihop = on ? (uint8_t)cli_arg_num(v, "hops", 255) : 0;
}

SETTER(ttl_security)
{
    c->ttl_security = on ? (uint8_t)cli_arg_num(v, "hops", 1) : 0;
}

SETTER(timers)
{
    c->keepalive = on ? (int32_t)cli_arg_num(v, "keepalive", 60) : -1;
    c->hold = on ? (int32_t)cli_arg_num(v, "hold", 180) : -1;
}

SETTER(timers_connect)
{
    c->connect_retry = on ? (int32_t)cli_arg_num(v, "connect", 30) : -1;
}

SETTER(advertisement_interval)
{
    c->advertisement_interval = on ? (int32_t)cli_arg_num(v, "interval", 0) : -1;
}

SETTER(port)
{
    c->port = on ? (uint16_t)cli_arg_num(v, "port", 179) : 179;
}

SETTER(tcp_mss)
{
    c->tcp_mss = on ? (uint16_t)cli_arg_num(v, "mss", 0) : 0;
}

SETTER(interface)
{
    c->interface = on ? bgp_config_str(cli_arg_text(v, "ifname")) : NULL;
}

SETTER(enforce_first_as)
{
    c->no_enforce_first_as = !on;
}

FLAG(passive)
FLAG(solo)
FLAG(disable_connected_check)
FLAG(dont_capability)
FLAG(override_capability)
FLAG(strict_capability)
FLAG(extended_nexthop)

SETTER(activate)
{
    a->activate = on;
}

SETTER(next_hop_self)
{
    a->next_hop_self = on;
    a->next_hop_self_force = on && (cli_has(v, "force") || cli_has(v, "all"));
}

SETTER(attribute_unchanged)
{
    bool any = cli_has(v, "as-path") || cli_has(v, "next-hop") || cli_has(v, "med");
    a->aspath_unchanged = on && (!any || cli_has(v, "as-path"));
    a->nh_unchanged = on && (!any || cli_has(v, "next-hop"));
    a->med_unchanged = on && (!any || cli_has(v, "med"));
}

SETTER(remove_private)
{
    a->remove_private = on;
    a->remove_private_all = on && cli_has(v, "all");
    a->remove_private_replace = on && cli_has(v, "replace-AS");
}

SETTER(allowas_in)
{
    a->allowas_in = on ? (uint8_t)cli_arg_num(v, "count", 3) : 0;
    a->allowas_origin = on && cli_has(v, "origin");
    if (a->allowas_origin)
        a->allowas_in = 1;
}

SETTER(send_community)
{
    const char *k = cli_arg_text(v, "kind");
    bool all = k && !strcmp(k, "all"), both = k && !strcmp(k, "both");
    if (!k || all || both || !strcmp(k, "standard"))
        a->no_send_community = !on;
    if (all || both || (k && !strcmp(k, "extended")))
        a->no_send_ext = !on;
    if (all || (k && !strcmp(k, "large")))
        a->no_send_large = !on;
}

SETTER(weight)
{
    a->weight = on ? (uint32_t)cli_arg_num(v, "weight", 0) : 0;
}

SETTER(maximum_prefix)
{
    a->max_prefix = on ? (uint32_t)cli_arg_num(v, "max", 0) : 0;
    a->max_prefix_pct = on ? (uint8_t)cli_arg_num(v, "percent", 75) : 0;
    a->max_prefix_warn_only = on && cli_has(v, "warning-only");
    a->max_prefix_restart = on ? (uint16_t)cli_arg_num(v, "minutes", 0) : 0;
}

SETTER(default_originate)
{
    a->default_originate = on;
    a->default_map = on ? bgp_config_str(cli_arg_text(v, "name")) : NULL;
}

static void set_list(char *slot[2], const struct cli_args *v, bool on)
{
    const char *dir = cli_arg_text(v, "dir");
    slot[dir && !strcmp(dir, "out")] = on ? bgp_config_str(cli_arg_text(v, "name")) : NULL;
}

SETTER(prefix_list)
{
    set_list(a->prefix_list, v, on);
}
SETTER(distribute_list)
{
    set_list(a->distribute_list, v, on);
}
SETTER(filter_list)
{
    set_list(a->filter_list, v, on);
}
SETTER(route_map)
{
    set_list(a->route_map, v, on);
}
AF_FLAG(rr_client)
AF_FLAG(rs_client)
AF_FLAG(soft_reconfig)
AF_FLAG(as_override)

static int check_timers(struct conf_change *c, char *err, size_t errlen)
{
    uint64_t hold = cli_arg_num(c->args, "hold", 180);
    if (c->op == CONF_SET && (hold == 1 || hold == 2)) { /* RFC 4271 4.2 */
        snprintf(err, errlen, "hold time value must be either 0 or greater than 3");
        return -1;
    }
    return 0;
}

static int check_ttl(struct conf_change *c, char *err, size_t errlen)
{
    if (c->op == CONF_UNSET || !cli_arg(c->args, "peer"))
        return 0;
    const struct bgp_inst *i = conf_obj_data(c->obj);
    const struct bgp_peer *p = i ? bgp_peer_find(i, cli_arg_text(c->args, "peer")) : NULL;
    if (p && p->conf.ebgp_multihop && strstr(c->row->grammar, "ttl-security")) {
        snprintf(err, errlen, "ebgp-multihop and ttl-security cannot be configured together");
        return -1;
    }
    return 0;
}

#define DIR " <in|out>$dir"
/* Order is the order of output within a neighbour, FRR's. */
const struct bgp_peer_setting bgp_peer_settings[] = {
    { "peer-group", "peer-group|Configure a peer-group", NULL, 1, false, CONF_F_OWNER,
      set_group_define, NULL },
    { "interface WORD$ifname",
      "interface|Interface that a link-local neighbor is reached by\n$ifname|Interface name", NULL,
      9, false, 0, set_interface, NULL },
    { "remote-as <(1-4294967295)|internal|external|auto>$as",
      "remote-as|Specify a BGP neighbor\n$as|AS number\ninternal|Internal BGP "
      "peer\nexternal|External BGP peer\nauto|Either, "
      "as the peer's OPEN says",
      NULL, 2, false, CONF_F_OWNER, set_remote_as, NULL },
    { "peer-group WORD$group", "peer-group|Member of the peer-group\n$group|Peer-group name", NULL,
      3, false, 0, set_group_define, NULL },
    { "local-as (1-4294967295)$as [no-prepend [replace-as [dual-as]]]",
      "local-as|Specify a local AS number\n$as|AS number used as local AS\nno-prepend|Do not "
      "prepend local-as to updates "
      "from the peer\nreplace-as|Do not prepend the real AS to updates to the peer\ndual-as|Allow "
      "peering based on "
      "the real AS or the local AS",
      NULL, 4, false, 0, set_local_as, NULL },
    { "description LINE...$text",
      "description|Neighbor specific description\n$text|Up to 80 characters describing this "
      "neighbor",
      NULL, 5, false, 0, set_description, NULL },
    { "shutdown [message LINE...$text]",
      "shutdown|Administratively shut down this neighbor\nmessage|Add a shutdown message (RFC "
      "9003)\n$text|Shutdown message",
      NULL, 6, false, 0, set_shutdown, NULL },
    { "password LINE...$secret",
      "password|Set a password (TCP MD5, RFC 2385)\n$secret|The password", NULL, 7, false,
      CONF_F_SECRET, set_password, NULL },
    { "solo", "solo|Solo peer - part of its own update group", NULL, 8, false, 0, set_solo, NULL },
    { "port (0-65535)$port", "port|Neighbor's BGP port\n$port|TCP port number", NULL, 9, false, 0,
      set_port, NULL },
    { "ebgp-multihop [(1-255)$hops]",
      "ebgp-multihop|Allow EBGP neighbors not on directly connected networks\n$hops|maximum hop "
      "count",
      NULL, 10, false, 0, set_ebgp_multihop, check_ttl },
    { "ttl-security hops (1-254)$hops",
      "ttl-security|BGP ttl-security parameters (RFC 5082)\nhops|IP hops\n$hops|Number of hops to "
      "the peer",
      NULL, 11, false, 0, set_ttl_security, check_ttl },
    { "disable-connected-check",
      "disable-connected-check|one-hop away EBGP peer using loopback address", NULL, 12, false, 0,
      set_disable_connected_check, NULL },
    { "enforce-multihop", "enforce-multihop|FRR's other word for disable-connected-check", NULL, 12,
      false, CONF_F_HIDDEN, set_disable_connected_check, NULL },
    { "disable-addpath-rx",
      "disable-addpath-rx|Do not accept additional paths (they are not asked for in any case)",
      NULL, 24, true, 0, set_group_define, NULL },
    { "enforce-first-as", "enforce-first-as|Enforce the first AS for EBGP routes",
      "enforce-first-as", 13, false, 0, set_enforce_first_as, NULL },
    { "update-source <A.B.C.D|X:X::X:X|WORD>$source",
      "update-source|Source of routing updates\n$source|Address or interface name", NULL, 14, false,
      0, set_update_source, NULL },
    { "passive", "passive|Don't send open messages to this neighbor", NULL, 15, false, 0,
      set_passive, NULL },
    { "advertisement-interval (0-600)$interval",
      "advertisement-interval|Minimum interval between sending BGP routing updates\n$interval|time "
      "in seconds",
      NULL, 16, false, 0, set_advertisement_interval, NULL },
    { "timers (0-65535)$keepalive (0-65535)$hold",
      "timers|BGP per neighbor timers\n$keepalive|Keepalive interval\n$hold|Holdtime", NULL, 17,
      false, 0, set_timers, check_timers },
    { "timers connect (1-65535)$connect",
      "timers|BGP per neighbor timers\nconnect|BGP connect timer\n$connect|Connect timer", NULL, 18,
      false, 0, set_timers_connect, NULL },
    { "dont-capability-negotiate",
      "dont-capability-negotiate|Do not perform capability negotiation", NULL, 19, false, 0,
      set_dont_capability, NULL },
    { "override-capability", "override-capability|Override capability negotiation result", NULL, 20,
      false, 0, set_override_capability, NULL },
    { "strict-capability-match", "strict-capability-match|Strict capability negotiation match",
      NULL, 21, false, 0, set_strict_capability, NULL },
    { "capability extended-nexthop",
      "capability|Advertise capability to the peer\nextended-nexthop|Advertise extended next-hop "
      "capability to the peer (RFC 8950)",
      NULL, 22, false, 0, set_extended_nexthop, NULL },
    { "tcp-mss (1-65535)$mss", "tcp-mss|TCP max segment size\n$mss|TCP MSS value", NULL, 23, false,
      0, set_tcp_mss, NULL },
    /* address family */
    { "activate", "activate|Enable the Address Family for this Neighbor", NULL, 40, true, 0,
      set_activate, NULL },
    { "route-reflector-client",
      "route-reflector-client|Configure a neighbor as Route Reflector client", NULL, 41, true, 0,
      set_rr_client, NULL },
    { "route-server-client", "route-server-client|Configure a neighbor as Route Server client",
      NULL, 42, true, 0, set_rs_client, NULL },
    { "next-hop-self [<force|all>$force]",
      "next-hop-self|Disable the next hop calculation for this neighbor\nforce|Set the next hop to "
      "self for reflected "
      "routes\nall|Set the next hop to self for reflected routes",
      NULL, 43, true, 0, set_next_hop_self, NULL },
    { "remove-private-AS [{all|replace-AS}]",
      "remove-private-AS|Remove private ASNs in outbound updates\nall|Apply to all AS "
      "numbers\nreplace-AS|Replace private ASNs with "
      "our ASN",
      NULL, 44, true, 0, set_remove_private, NULL },
    { "as-override", "as-override|Override ASNs in outbound updates if aspath equals remote-as",
      NULL, 45, true, 0, set_as_override, NULL },
    { "send-community [<both|all|extended|standard|large>$kind]",
      "send-community|Send Community attribute to this neighbor\nboth|Send Standard and Extended "
      "Community attributes\nall|Send "
      "all Community attributes\nextended|Send Extended Community attributes\nstandard|Send "
      "Standard Community "
      "attributes\nlarge|Send Large Community attributes",
      "send-community", 46, true, 0, set_send_community, NULL },
    { "default-originate [route-map WORD$name]",
      "default-originate|Originate default route to this neighbor\nroute-map|Route-map to specify "
      "criteria to originate "
      "default\n$name|route-map name",
      NULL, 47, true, 0, set_default_originate, NULL },
    { "soft-reconfiguration inbound",
      "soft-reconfiguration|Per neighbor soft reconfiguration\ninbound|Allow inbound soft "
      "reconfiguration for this neighbor",
      NULL, 48, true, 0, set_soft_reconfig, NULL },
    { "maximum-prefix (1-4294967295)$max [(1-100)$percent] [<warning-only|restart "
      "(1-65535)$minutes>]",
      "maximum-prefix|Maximum number of prefixes to accept from this peer\n$max|maximum no. of "
      "prefix limit\n$percent|Threshold value "
      "(%) at which to generate a warning msg\nwarning-only|Only give warning message when limit "
      "is exceeded\nrestart|Restart bgp "
      "connection after limit is exceeded\n$minutes|Restart interval in minutes",
      NULL, 49, true, 0, set_maximum_prefix, NULL },
    { "allowas-in [<(1-10)$count|origin>]",
      "allowas-in|Accept as-path with my AS present in it\n$count|Number of occurrences of AS "
      "number\norigin|Only accept my AS "
      "in the as-path if the route was originated in my AS",
      NULL, 50, true, 0, set_allowas_in, NULL },
    { "weight (0-65535)$weight",
      "weight|Set default weight for routes from this neighbor\n$weight|default weight", NULL, 51,
      true, 0, set_weight, NULL },
    { "distribute-list WORD$name" DIR,
      "distribute-list|Filter updates to/from this neighbor\n$name|IP access-list name\nin|Filter "
      "incoming updates\nout|Filter "
      "outgoing updates",
      NULL, 52, true, 0, set_distribute_list, NULL },
    { "prefix-list WORD$name" DIR,
      "prefix-list|Filter updates to/from this neighbor\n$name|Name of a prefix list\nin|Filter "
      "incoming updates\nout|Filter outgoing "
      "updates",
      NULL, 53, true, 0, set_prefix_list, NULL },
    { "filter-list WORD$name" DIR,
      "filter-list|Establish BGP filters\n$name|AS path access-list name\nin|Filter incoming "
      "routes\nout|Filter outgoing routes",
      NULL, 54, true, 0, set_filter_list, NULL },
    { "route-map WORD$name" DIR,
      "route-map|Apply route map to neighbor\n$name|Name of route map\nin|Apply map to incoming "
      "routes\nout|Apply map to outbound "
      "routes",
      NULL, 55, true, 0, set_route_map, NULL },
    { "attribute-unchanged [{as-path|next-hop|med}]",
      "attribute-unchanged|BGP attribute is propagated unchanged to this neighbor\nas-path|As-path "
      "attribute\nnext-hop|Nexthop "
      "attribute\nmed|Med attribute",
      NULL, 56, true, 0, set_attribute_unchanged, NULL },
};
const unsigned bgp_peer_n_settings = sizeof(bgp_peer_settings) / sizeof(bgp_peer_settings[0]);

static struct conf_row *rows; /* one per setting, made once; lives as long as the daemon */

const struct bgp_peer_setting *bgp_config_setting(const struct conf_row *row)
{
    if (!rows || row < rows || row >= rows + bgp_peer_n_settings)
        return NULL;
    return &bgp_peer_settings[row - rows];
}

/* Direction of a list is part of its identity: in and out are two items. */
static const char *row_keys(const struct bgp_peer_setting *s)
{
    if (strstr(s->grammar, "$dir"))
        return "peer dir";
    if (strstr(s->grammar, "$kind"))
        return "peer kind";
    return "peer";
}

/* Without a word on it a family is active when the instance says so (`bgp default ipv4-unicast`).
 */
static bool activate_default(const struct conf_obj *o, const struct cli_args *a)
{
    const struct bgp_inst *i = conf_obj_data(o);
    const struct cli_arg *afi = conf_obj_arg(o, "afi");
    return i &&
           (afi && !strcmp(afi->text, "ipv6") ? i->default_ipv6_unicast : i->default_ipv4_unicast);
}

void bgp_config_peer_rows(struct conf *c, void (*apply)(const struct conf_change *ch))
{
    rows = mem_calloc(MEM(bgp_conf_str), bgp_peer_n_settings, sizeof(*rows));
    for (unsigned i = 0; i < bgp_peer_n_settings; i++) {
        const struct bgp_peer_setting *s = &bgp_peer_settings[i];
        char grammar[512], help[1200], def[128];
        const char *peer = i == 0 ? "WORD$peer" : "<A.B.C.D|X:X::X:X|WORD>$peer";
        snprintf(grammar, sizeof(grammar), "neighbor %s %s", peer, s->grammar);
        snprintf(help, sizeof(help),
                 "neighbor|Specify neighbor router\n$peer|Neighbor address, interface or "
                 "peer-group name\n%s",
                 s->help);
        struct conf_row *r = &rows[i];
        r->node = s->af ? "address-family" : "router bgp";
        r->grammar = mem_strdup(MEM(bgp_conf_str), grammar);
        r->keys = row_keys(s);
        r->help = mem_strdup(MEM(bgp_conf_str), help);
        r->order = s->af ? 200 + s->order : 100 + s->order;
        r->group = "neighbor";
        if (s->def) {
            snprintf(def, sizeof(def), "%s", s->def);
            r->def = mem_strdup(MEM(bgp_conf_str), def);
        }
        r->flags = s->flags;
        if (s->set == set_activate)
            r->is_default = activate_default;
        r->check = s->check;
        r->apply = apply;
    }
    conf_add_rows(c, rows, bgp_peer_n_settings);
}

/* What a change needs: a session reset (what OPEN or the transport says), new policies and groups,
 * or nothing. */
static bool session_differs(const struct bgp_peer_conf *a, const struct bgp_peer_conf *b)
{
#define NE(f) (a->f != b->f)
    if (NE(remote_as_kind) || NE(remote_as) || NE(local_as) || NE(local_as_no_prepend) ||
        NE(local_as_replace) || NE(password) || NE(update_source_if) || NE(interface) ||
        !ipaddr_eq(&a->update_source, &b->update_source) || NE(shutdown) || NE(passive) ||
        NE(disable_connected_check) || NE(dont_capability) || NE(override_capability) ||
        NE(strict_capability) || NE(extended_nexthop) || NE(ebgp_multihop) || NE(ttl_security) ||
        NE(port) || NE(tcp_mss) || NE(no_enforce_first_as))
        return true;
    for (int i = 0; i < BGP_AF_MAX; i++)
        if (NE(af[i].activate) || NE(af[i].rr_client) || NE(af[i].rs_client))
            return true;
    return false;
}

static bool af_differs(const struct bgp_peer_af_conf *a, const struct bgp_peer_af_conf *b)
{
    for (int d = 0; d < 2; d++)
        if (NE(prefix_list[d]) || NE(distribute_list[d]) || NE(filter_list[d]) || NE(route_map[d]))
            return true;
    return NE(next_hop_self) || NE(next_hop_self_force) || NE(nh_unchanged) ||
           NE(aspath_unchanged) || NE(med_unchanged) || NE(soft_reconfig) || NE(as_override) ||
           NE(remove_private) || NE(remove_private_all) || NE(remove_private_replace) ||
           NE(default_originate) || NE(default_map) || NE(allowas_in) || NE(allowas_origin) ||
           NE(no_send_community) || NE(no_send_ext) || NE(no_send_large) || NE(weight) ||
           NE(max_prefix) || NE(max_prefix_pct) || NE(max_prefix_warn_only) ||
           NE(max_prefix_restart);
}

int bgp_peer_conf_impact(const struct bgp_peer_conf *a, const struct bgp_peer_conf *b)
{
    if (session_differs(a, b))
        return CONF_IMPACT_RESET;
    for (int i = 0; i < BGP_AF_MAX; i++)
        if (af_differs(&a->af[i], &b->af[i]))
            return CONF_IMPACT_REFRESH;
    if (NE(solo))
        return CONF_IMPACT_REFRESH;
    /* Timers are taken by the next session, the others are only shown. */
    if (NE(description) || NE(shutdown_msg) || NE(keepalive) || NE(hold) || NE(connect_retry) ||
        NE(advertisement_interval))
        return CONF_IMPACT_NONE;
    return -1;
#undef NE
}
