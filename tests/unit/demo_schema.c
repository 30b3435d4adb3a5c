/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"
#include "demo_schema.h"
#include "mem.h"
#include <stdio.h>
#include <string.h>

static void note(struct demo *d, char sign, const char *text)
{
    if (!d->quiet && d->n + strlen(text) + 3 < sizeof(d->log))
        d->n += (size_t)sprintf(d->log + d->n, "%c%s\n", sign, text);
}

static void apply(const struct conf_change *c)
{
    char *text = cli_canonical(NULL, c->args);
    note(c->app, c->op == CONF_SET ? '+' : '-', text);
    mem_free(MEM(str), text);
}

static void create(struct conf_obj *o, void *app)
{
    conf_obj_set_data(o, o);
    note(app, '{', conf_obj_node(o));
}

static void destroy(struct conf_obj *o, void *app)
{
    note(app, '}', conf_obj_node(o));
}

static void update(struct conf_obj *o, void *app)
{
    note(app, '~', conf_obj_node(o));
}

static int bgp_check(struct conf_change *c, char *err, size_t errlen)
{
    if (cli_arg_num(c->args, "as", 1) != 23456)
        return 0;
    snprintf(err, errlen, "AS 23456 is reserved");
    return -1;
}

struct max_seq {
    const char *name;
    uint64_t max;
};

static void find_max(void *ctx, const struct conf_row *row, const struct cli_args *a)
{
    struct max_seq *m = ctx;
    const char *name = cli_arg_text(a, "plist");
    uint64_t seq = cli_arg_num(a, "seq", 0);
    if (name && !strcmp(name, m->name) && seq > m->max)
        m->max = seq;
}

static int plist_check(struct conf_change *c, char *err, size_t errlen)
{
    struct max_seq m = { .name = cli_arg_text(c->args, "plist") };
    if (cli_has(c->args, "seq"))
        return 0;
    conf_walk(c->obj, find_max, &m);
    conf_args_add_num(c, "plist", "seq", "seq", (m.max / 5 + 1) * 5);
    return 0;
}

static bool activate_default(const struct conf_obj *o, const struct cli_args *a)
{
    const struct cli_arg *afi = conf_obj_arg(o, "afi");
    return afi && !strcmp(afi->text, "ipv4");
}

static const struct conf_node nodes[] = {
    { .name = "vrf",
      .parent = "config",
      .grammar = "vrf NAME$vrf",
      .keys = "vrf",
      .help = "vrf|Select a VRF to configure\n$vrf|VRF's name",
      .prompt = "config-vrf",
      .exit_word = "exit-vrf",
      .order = 100,
      .separator = true,
      .create = create,
      .destroy = destroy },
    { .name = "interface",
      .parent = "config",
      .grammar = "interface IFNAME$ifname [vrf NAME$vrf]",
      .keys = "ifname",
      .help = "interface|Select an interface to configure\n$ifname|Name\n$vrf|VRF",
      .prompt = "config-if",
      .exit_word = "exit",
      .order = 200,
      .separator = true,
      .create = create,
      .destroy = destroy,
      .update = update },
    { .name = "router bgp",
      .parent = "config",
      .grammar = "router bgp [(1-4294967295)$as] [<view|vrf>$kind NAME$name]",
      .keys = "kind name",
      .help = "router|Enable a routing process\nbgp|BGP information\n$as|AS number\nview|BGP view\n"
              "$name|View/VRF name",
      .prompt = "config-router",
      .exit_word = "exit",
      .order = 300,
      .separator = true,
      .implicit = "address-family ipv4 unicast",
      .check = bgp_check,
      .create = create,
      .destroy = destroy },
    { .name = "address-family",
      .parent = "router bgp",
      .grammar = "address-family <ipv4|ipv6>$afi [<unicast|multicast>$safi]",
      .keys = "afi safi",
      .fill = "safi unicast",
      .help = "address-family|Enter Address Family command mode\nipv4|Address Family\nipv6|Address "
              "Family\nunicast|Modifier\nmulticast|Modifier",
      .prompt = "config-router-af",
      .exit_word = "exit-address-family",
      .order = 900,
      .separator_before = true,
      .create = create,
      .destroy = destroy },
    { .name = "route-map",
      .parent = "config",
      .grammar = "route-map NAME$rmap <permit|deny>$action (1-65535)$seq",
      .keys = "rmap seq",
      .help = "route-map|Create route-map\n$rmap|Name\npermit|Permit\ndeny|Deny\n$seq|Sequence",
      .prompt = "config-route-map",
      .exit_word = "exit",
      .order = 500,
      .separator = true,
      .create = create,
      .destroy = destroy,
      .update = update },
};

#define PEER      "neighbor <A.B.C.D|X:X::X:X|WORD>$peer "
#define PEER_HELP "neighbor|Specify neighbor router\n$peer|Neighbor address or peer-group name\n"
static const struct conf_row rows[] = {
    { .node = "config",
      .grammar = "hostname WORD$host",
      .order = 1,
      .apply = apply,
      .help = "hostname|Set system's network name\n$host|This system's network name" },
    { .node = "config",
      .grammar = "service integrated-vtysh-config",
      .order = 2,
      .apply = apply,
      .help = "service|Set up miscellaneous service\nintegrated-vtysh-config|One file" },
    { .node = "config",
      .grammar = "frr version LINE...",
      .order = 0,
      .flags = CONF_F_IGNORED,
      .help = "frr|FRR global parameters\nversion|Version\nline|Version" },
    { .node = "interface",
      .grammar = "description LINE...$text",
      .order = 1,
      .apply = apply,
      .help = "description|Interface specific description\n$text|Characters" },
    { .node = "interface",
      .grammar = "ip address A.B.C.D/M$addr [label LINE...$label]",
      .keys = "addr",
      .order = 2,
      .flags = CONF_F_AS_WRITTEN,
      .apply = apply,
      .help = "address|Set the IP address\n$addr|IP address\nlabel|Label\n$label|Label" },
    { .node = "interface",
      .grammar = "shutdown",
      .order = 3,
      .apply = apply,
      .help = "shutdown|Shutdown the selected interface" },
    { .node = "config|vrf",
      .grammar = "ip route A.B.C.D/M$prefix <A.B.C.D$gw|Null0$dev|INTERFACE$dev> [{tag "
                 "(1-4294967295)$tag|(1-255)$distance}]",
      .flags = CONF_F_MULTI,
      .order = 110,
      .group = "ip route",
      .apply = apply,
      .help = "route|Establish static routes\n$prefix|Destination\n$gw|Gateway\n$dev|Interface\n"
              "tag|Set tag\n$tag|Tag\n$distance|Distance" },
    { .node = "router bgp",
      .grammar = "bgp router-id A.B.C.D$id",
      .order = 1,
      .apply = apply,
      .help = "bgp|BGP specific commands\nrouter-id|Override router identifier\n$id|Identifier" },
    { .node = "router bgp",
      .grammar = "bgp ebgp-requires-policy",
      .order = 2,
      .def = "bgp ebgp-requires-policy",
      .apply = apply,
      .help = "ebgp-requires-policy|Require in and out policy for eBGP peers" },
    { .node = "router bgp",
      .grammar = "bgp log-neighbor-changes",
      .order = 3,
      .apply = apply,
      .help = "log-neighbor-changes|Log neighbor up/down and reset reason" },
    { .node = "router bgp",
      .grammar = "timers bgp (0-65535)$keep (0-65535)$hold",
      .order = 4,
      .def = "timers bgp 60 180",
      .apply = apply,
      .help = "timers|Adjust routing timers\n$keep|Keepalive interval\n$hold|Holdtime" },
    { .node = "router bgp",
      .grammar = PEER "remote-as <(1-4294967295)|internal|external>$as",
      .keys = "peer",
      .group = "neighbor",
      .order = 101,
      .flags = CONF_F_OWNER,
      .apply = apply,
      .help = PEER_HELP "remote-as|Specify a BGP neighbor\n$as|AS number\ninternal|Internal\n"
                        "external|External" },
    { .node = "router bgp",
      .grammar = "neighbor WORD$peer peer-group",
      .keys = "peer",
      .group = "neighbor",
      .order = 100,
      .flags = CONF_F_OWNER,
      .apply = apply,
      .help = PEER_HELP "peer-group|Peer-group" },
    { .node = "router bgp",
      .grammar = PEER "description LINE...$text",
      .keys = "peer",
      .group = "neighbor",
      .order = 102,
      .apply = apply,
      .help = PEER_HELP "description|Neighbor specific description\n$text|Characters" },
    { .node = "router bgp",
      .grammar = PEER "password LINE...$secret",
      .keys = "peer",
      .group = "neighbor",
      .order = 103,
      .flags = CONF_F_SECRET,
      .apply = apply,
      .help = PEER_HELP "password|Set a password\n$secret|The password" },
    { .node = "router bgp",
      .grammar = PEER "shutdown [message LINE...$text]",
      .keys = "peer",
      .group = "neighbor",
      .order = 104,
      .apply = apply,
      .help = PEER_HELP "shutdown|Administratively shut down\nmessage|Message\n$text|Message" },
    { .node = "router bgp",
      .grammar = PEER "timers (0-65535)$keep (0-65535)$hold",
      .keys = "peer",
      .group = "neighbor",
      .order = 105,
      .apply = apply,
      .help =
          PEER_HELP "timers|BGP per neighbor timers\n$keep|Keepalive interval\n$hold|Holdtime" },
    { .node = "router bgp",
      .grammar = PEER "timers connect (1-65535)$connect",
      .keys = "peer",
      .group = "neighbor",
      .order = 106,
      .apply = apply,
      .help = PEER_HELP "timers|Timers\nconnect|BGP connect timer\n$connect|Connect timer" },
    { .node = "address-family",
      .grammar = "network A.B.C.D/M$prefix [route-map NAME$rmap]",
      .keys = "prefix",
      .order = 10,
      .apply = apply,
      .help = "network|Specify a network to announce via BGP\n$prefix|Prefix\nroute-map|Route-map\n"
              "$rmap|Name" },
    { .node = "address-family",
      .grammar = "redistribute <connected|kernel|static>$proto [{metric (0-4294967295)$metric|"
                 "route-map NAME$rmap}]",
      .keys = "proto",
      .order = 20,
      .apply = apply,
      .help = "redistribute|Redistribute\nconnected|Connected\nkernel|Kernel\nstatic|Static\n"
              "metric|Metric\n$metric|Metric\nroute-map|Route map\n$rmap|Name" },
    { .node = "address-family",
      .grammar = PEER "activate",
      .keys = "peer",
      .group = "neighbor",
      .order = 200,
      .apply = apply,
      .is_default = activate_default,
      .help = PEER_HELP "activate|Enable the Address Family for this Neighbor" },
    { .node = "address-family",
      .grammar = PEER "route-map NAME$rmap <in|out>$dir",
      .keys = "peer dir",
      .group = "neighbor",
      .order = 210,
      .apply = apply,
      .help = PEER_HELP "route-map|Apply route map to neighbor\n$rmap|Name of route map\nin|In\n"
                        "out|Out" },
    { .node = "config",
      .grammar = "ip prefix-list NAME$plist [seq (1-4294967295)$seq] <permit|deny>$action "
                 "<any|A.B.C.D/M$prefix [{ge (0-32)$ge|le (0-32)$le}]>",
      .keys = "plist seq",
      .group = "ip prefix-list",
      .order = 400,
      .check = plist_check,
      .apply = apply,
      .help =
          "prefix-list|Build a prefix list\n$plist|Name\nseq|sequence\n$seq|Sequence\npermit|P\n"
          "deny|D\nany|Any\n$prefix|Prefix\nge|Minimum\n$ge|Min\nle|Maximum\n$le|Max" },
    { .node = "route-map",
      .grammar = "match ip address prefix-list NAME$plist",
      .order = 1,
      .apply = apply,
      .help = "match|Match values\naddress|Match address\nprefix-list|Prefix lists\n$plist|Name" },
    { .node = "route-map",
      .grammar = "set metric <(0-4294967295)|rtt>$metric",
      .order = 2,
      .apply = apply,
      .help = "set|Set values\nmetric|Metric\n$metric|Value\nrtt|Round trip time" },
    { .node = "route-map",
      .grammar = "set community COMM...$comm",
      .order = 3,
      .apply = apply,
      .help = "set|Set values\ncommunity|BGP community attribute\n$comm|AA:NN" },
};

static int show_version(struct cli_req *r)
{
    writer_line(r->out, "version 1");
    writer_obj(r->out, NULL);
    writer_str(r->out, "version", "1");
    writer_end(r->out);
    return CLI_OK;
}

static int count_more(struct cli_req *r)
{
    uint64_t *n = r->state;
    for (int i = 0; i < 100 && *n; i++, (*n)--)
        writer_line(r->out, "line %llu", (unsigned long long)*n);
    return *n ? CLI_MORE : CLI_OK;
}

static void count_end(struct cli_req *r)
{
    mem_free(MEM(tmp), r->state);
}

static int show_count(struct cli_req *r)
{
    uint64_t n = cli_arg_num(&r->args, "n", 0);
    r->state = mem_dup(MEM(tmp), &n, sizeof(n));
    r->resume = count_more;
    r->cancel = count_end;
    return CLI_MORE;
}

static const struct cli_cmd cmds[] = {
    { "view", "show version [json]", "version|Displays version", show_version, 0 },
    { "view", "show count (1-1000000000)$n", "count|Count down\n$n|From", show_count, 0 },
    { "view", "show ip route [A.B.C.D/M$prefix] [json]", "route|IP routing table\n$prefix|P",
      show_version, 0 },
    { "view", "show ip bgp [<view|vrf> NAME$name] [neighbors [<A.B.C.D|WORD>$peer]] [json]",
      "bgp|BGP information\nview|BGP view\n$name|Name\nneighbors|Detailed "
      "information\n$peer|Neighbor",
      show_version, 0 },
    { "view", "show ip bgp summary [json]", "bgp|BGP information\nsummary|Summary", show_version,
      0 },
    { "view", "clear ![yes] all [{soft|hard|(1-9)$n}]", "yes|Y\nsoft|S\nhard|H\n$n|Number",
      show_version, 0 },
};

void demo_init(struct demo *d)
{
    d->n = 0;
    d->log[0] = '\0';
    d->quiet = false;
    d->tree = cli_tree_new(d);
    d->conf = conf_new(d->tree, d);
    cli_help_add(d->tree, "bgp|BGP information");
    cli_add_all(d->tree, cmds, sizeof(cmds) / sizeof(cmds[0]));
    conf_add_nodes(d->conf, nodes, sizeof(nodes) / sizeof(nodes[0]));
    conf_add_rows(d->conf, rows, sizeof(rows) / sizeof(rows[0]));
}

void demo_fini(struct demo *d)
{
    conf_free(d->conf);
    cli_tree_free(d->tree);
}
