/* SPDX-License-Identifier: Apache-2.0
 * zebra_config.c - zebrad's configuration: interfaces, static routes, VRF nodes, forwarding,
 * next-hop tracking.
 *
 * Rows only translate lines into intent (zebra_if.h, zebra_static.h); whether a device, an address
 * or a gateway exists is no matter of configuration: the intent waits for it.
 */
#include "zebra_show.h"
#include "zebra_static.h"
#include "log.h"
#include "policy.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

/* ---- interfaces ---- */
static const char *obj_ifname(const struct conf_change *c)
{
    const struct cli_arg *a = conf_obj_arg(c->obj, "ifname");
    return a ? a->text : "";
}

static void address_apply(const struct conf_change *c)
{
    const struct cli_arg *a = cli_arg(c->args, "address"), *peer = cli_arg(c->args, "peer");
    if (!a)
        return;
    /* ip address A peer B/len: the length belongs to the peer's side. */
    uint8_t len = peer ? peer->plen : a->plen;
    if (c->op == CONF_SET)
        zif_want_address(zebra_ifs(), obj_ifname(c), &a->ip, len, peer ? &peer->ip : NULL,
                         cli_arg_text(c->args, "labeltext"));
    else
        zif_unwant_address(zebra_ifs(), obj_ifname(c), &a->ip, len);
}

static void shutdown_apply(const struct conf_change *c)
{
    zif_want_admin(zebra_ifs(), obj_ifname(c), c->op == CONF_SET ? 0 : 1);
}

static void description_apply(const struct conf_change *c)
{
    zif_set_description(zebra_ifs(), obj_ifname(c),
                        c->op == CONF_SET ? cli_arg_text(c->args, "text") : NULL);
}

static int address_check(struct conf_change *c, char *err, size_t errlen)
{
    const struct cli_arg *a = cli_arg(c->args, "address");
    if (a && (ipaddr_is_multicast(&a->ip) || ipaddr_is_unspecified(&a->ip))) {
        snprintf(err, errlen, "Invalid address");
        return -1;
    }
    return 0;
}

/* ---- static routes ---- */
static bool is_null0(const char *ifname)
{
    return ifname && !strcasecmp(ifname, "null0");
}

static void name_copy(char dst[16], const char *src)
{
    snprintf(dst, 16, "%s", src ? src : "");
}

static void static_from(const struct conf_change *c, struct zstatic_key *k, struct zstatic_nh *n)
{
    const struct cli_args *a = c->args;
    const struct cli_arg *gate = cli_arg(a, "gate"), *vrf = conf_obj_arg(c->obj, "vrfname");
    const char *disc = cli_arg_text(a, "discard"), *ifname = cli_arg_text(a, "ifname");
    memset(k, 0, sizeof(*k));
    memset(n, 0, sizeof(*n));
    if (!vrf)
        vrf = cli_arg(a, "vrfarg");
    name_copy(k->vrf, vrf ? vrf->text : "default");
    k->prefix = cli_arg(a, "prefix")->pfx;
    k->distance = (uint8_t)cli_arg_num(a, "distance", 1);
    k->table = (uint32_t)cli_arg_num(a, "tableid", 0);
    name_copy(n->vrf, cli_arg_text(a, "nhvrf"));
    n->weight = (uint16_t)cli_arg_num(a, "weightval", 1);
    n->onlink = cli_has(a, "onlink");
    if (gate)
        n->gate = gate->ip;
    if (is_null0(ifname) || (disc && strcmp(disc, "reject")))
        n->kind = ZN_BLACKHOLE;
    else if (disc)
        n->kind = ZN_REJECT;
    else if (ifname) {
        name_copy(n->ifname, ifname);
        n->kind = gate ? ZN_GATEWAY_IF : ZN_IFINDEX;
    } else
        n->kind = ZN_GATEWAY;
}

static void static_apply(const struct conf_change *c)
{
    struct zstatic_key k;
    struct zstatic_nh n;
    static_from(c, &k, &n);
    if (c->op == CONF_UNSET)
        zebra_static_unset(zebra_self(), &k, &n);
    else
        zebra_static_set(zebra_self(), &k, &n, (uint32_t)cli_arg_num(c->args, "tagval", 0),
                         (uint32_t)cli_arg_num(c->args, "metricval", 0));
}

static int static_check(struct conf_change *c, char *err, size_t errlen)
{
    if (cli_has(c->args, "onlink") && !(cli_has(c->args, "gate") && cli_has(c->args, "ifname"))) {
        snprintf(err, errlen, "onlink needs a gateway and an interface");
        return -1;
    }
    return 0;
}

/* "10.0.0.0 255.0.0.0" is stored as 10.0.0.0/8, so that it is printed and found in one form only.
 */
static int static_mask_check(struct conf_change *c, char *err, size_t errlen)
{
    const struct cli_arg *net = cli_arg(c->args, "net"), *mask = cli_arg(c->args, "mask");
    uint8_t len;
    if (!net || !mask)
        return static_check(c, err, errlen);
    if (!prefix_mask_to_len(&mask->ip, &len)) {
        snprintf(err, errlen, "Malformed mask %s", mask->text);
        return -1;
    }
    struct prefix p = prefix_from(AF_INET, net->ip.b, len);
    conf_args_set_prefix(c, "net", "mask", "prefix", &p);
    return static_check(c, err, errlen);
}

/* ---- forwarding: a sysctl of the namespace ---- */
static void sysctl_write(const char *path, bool on)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, on ? "1" : "0", 1) != 1)
        log_err("zebra: cannot turn %s %s: %s", path, on ? "on" : "off", strerror(errno));
    if (fd >= 0)
        close(fd);
}

static void forwarding4_apply(const struct conf_change *c)
{
    sysctl_write("/proc/sys/net/ipv4/ip_forward", c->op == CONF_SET && !cli_has(c->args, "no"));
}

static void forwarding6_apply(const struct conf_change *c)
{
    sysctl_write("/proc/sys/net/ipv6/conf/all/forwarding",
                 c->op == CONF_SET && !cli_has(c->args, "no"));
}

/* Nothing configured: the namespace's setting is left alone, so both words are stored when given.
 */
static bool forwarding_default(const struct conf_obj *o, const struct cli_args *a)
{
    return false;
}

static uint32_t obj_vrf(const struct conf_change *c)
{
    const struct cli_arg *v = conf_obj_arg(c->obj, "vrfname");
    struct rib_vrf *r = v ? rib_vrf_by_name(zebra_rib(), v->text) : NULL;
    return r ? r->vrf_id : 0;
}

static void nht4_apply(const struct conf_change *c)
{
    struct rib_vrf *v = rib_vrf_get(zebra_rib(), obj_vrf(c));
    v->nht_default[AFI_IP4] = c->op == CONF_SET;
    track_mark_all(zebra_rib(), v->vrf_id, AFI_IP4);
}

static void nht6_apply(const struct conf_change *c)
{
    struct rib_vrf *v = rib_vrf_get(zebra_rib(), obj_vrf(c));
    v->nht_default[AFI_IP6] = c->op == CONF_SET;
    track_mark_all(zebra_rib(), v->vrf_id, AFI_IP6);
}

static void router_id_apply(const struct conf_change *c)
{
    const struct cli_arg *a = cli_arg(c->args, "id");
    zebra_router_id_set(zebra_self(), obj_vrf(c), c->op == CONF_SET && a ? &a->ip : NULL);
}

#define OPTS                                                                        \
    "[{tag (1-4294967295)$tag|(1-255)$distance|metric (0-4294967295)$metric|table " \
    "(1-4294967295)$table|nexthop-vrf WORD$nhvrf|onlink|"                           \
    "weight (1-65535)$weight|vrf WORD$vrf}]"
#define PFX4  "ip route <A.B.C.D/M$prefix|A.B.C.D$net A.B.C.D$mask> "
#define PFX6  "ipv6 route X:X::X:X/M$prefix "
#define SKEYS "prefix gate ifname discard distance tableid nhvrf vrfarg"
#define STATIC(node_, grammar_, check_, order_)                                               \
    {                                                                                         \
        .node = node_, .grammar = grammar_, .keys = SKEYS, .order = order_, .group = "route", \
        .help = static_help, .check = check_, .apply = static_apply                           \
    }

static const char static_help[] =
    "ip|IP information\nipv6|IPv6 information\nroute|Establish static routes\n$prefix|Destination "
    "prefix\n$net|IP destination prefix\n$mask|IP "
    "destination prefix mask\n$gate|Gateway address\n$ifname|Gateway interface name, or "
    "Null0\nreject|Emit an ICMP unreachable when "
    "matched\nblackhole|Silently discard pkts when matched\ntag|Set tag for this route\n$tag|Tag "
    "value\n$distance|Distance value for this "
    "route\nmetric|Metric for this route\n$metricval|Metric value\ntable|Table to "
    "configure\n$tableid|The table number to configure\nnexthop-vrf|Specify the "
    "VRF of the gateway\n$nhvrf|The VRF name\nonlink|Treat the nexthop as directly attached to the "
    "interface\nweight|Weight among several next "
    "hops\n$weightval|Weight value\nvrf|Specify the VRF\n$vrfarg|The VRF name";

static const struct conf_row rows[] = {
    STATIC("config", PFX4 "<A.B.C.D|X:X::X:X>$gate [WORD$ifname] " OPTS, static_mask_check, 300),
    STATIC("config", PFX4 "<<reject|blackhole>$discard|WORD$ifname> " OPTS, static_mask_check, 300),
    STATIC("config", PFX6 "X:X::X:X$gate [WORD$ifname] " OPTS, static_check, 310),
    STATIC("config", PFX6 "<<reject|blackhole>$discard|WORD$ifname> " OPTS, static_check, 310),
    STATIC("vrf", PFX4 "<A.B.C.D|X:X::X:X>$gate [WORD$ifname] " OPTS, static_mask_check, 10),
    STATIC("vrf", PFX4 "<<reject|blackhole>$discard|WORD$ifname> " OPTS, static_mask_check, 10),
    STATIC("vrf", PFX6 "X:X::X:X$gate [WORD$ifname] " OPTS, static_check, 20),
    STATIC("vrf", PFX6 "<<reject|blackhole>$discard|WORD$ifname> " OPTS, static_check, 20),
    { .node = "interface",
      .grammar = "description LINE...$text",
      .order = 1,
      .apply = description_apply,
      .help = "description|Interface specific description\n$text|Characters describing this "
              "interface" },
    { .node = "interface",
      .grammar = "shutdown",
      .order = 2,
      .apply = shutdown_apply,
      .help = "shutdown|Shutdown the selected interface" },
    { .node = "interface",
      .grammar = "bandwidth (1-1000000)$mbits",
      .order = 3,
      .help = "bandwidth|Set bandwidth informational parameter\n$mbits|Bandwidth in megabits" },
    { .node = "interface",
      .grammar = "link-detect",
      .def = "link-detect",
      .order = 4,
      .help = "link-detect|Enable link detection on interface" },
    { .node = "interface",
      .grammar = "ip address A.B.C.D/M$address [label LINE...$labeltext]",
      .keys = "address",
      .order = 10,
      .flags = CONF_F_AS_WRITTEN,
      .help = "ip|IP information\naddress|Set the IP address of an interface\n$address|IP address "
              "(e.g. 10.0.0.1/8)\nlabel|Label of this "
              "address\n$labeltext|Label",
      .check = address_check,
      .apply = address_apply },
    { .node = "interface",
      .grammar = "ip address A.B.C.D$address peer A.B.C.D/M$peer [label LINE...$labeltext]",
      .keys = "address peer",
      .order = 11,
      .flags = CONF_F_AS_WRITTEN,
      .help = "ip|IP information\naddress|Set the IP address of an interface\n$address|Local IP "
              "address\npeer|Peer of a point-to-point "
              "link\n$peer|Peer address with length\nlabel|Label of this address\n$labeltext|Label",
      .check = address_check,
      .apply = address_apply },
    { .node = "interface",
      .grammar = "ipv6 address X:X::X:X/M$address",
      .keys = "address",
      .order = 12,
      .flags = CONF_F_AS_WRITTEN,
      .help = "ipv6|IPv6 information\naddress|Set the IP address of an interface\n$address|IPv6 "
              "address (e.g. 3ffe:506::1/48)",
      .check = address_check,
      .apply = address_apply },
    { .node = "config",
      .grammar = "ip forwarding",
      .order = 20,
      .apply = forwarding4_apply,
      .is_default = forwarding_default,
      .help = "ip|IP information\nforwarding|Turn on IP forwarding" },
    { .node = "config",
      .grammar = "ipv6 forwarding",
      .order = 21,
      .apply = forwarding6_apply,
      .is_default = forwarding_default,
      .help = "ipv6|IPv6 information\nforwarding|Turn on IPv6 forwarding" },
    { .node = "config",
      .grammar = "zebra route-map delay-timer (0-600)$seconds",
      .def = "zebra route-map delay-timer 5",
      .order = 24,
      .help = "zebra|Zebra information\nroute-map|Route maps\ndelay-timer|Time to wait before "
              "route-map changes are processed (accepted: they are processed at "
              "once)\n$seconds|Seconds" },
    { .node = "config",
      .grammar = "ip router-id A.B.C.D$id",
      .order = 25,
      .apply = router_id_apply,
      .help = "ip|IP information\nrouter-id|Manually set the router-id\n$id|IP address to use for "
              "router-id" },
    { .node = "config",
      .grammar = "ip nht resolve-via-default",
      .def = "ip nht resolve-via-default",
      .order = 26,
      .apply = nht4_apply,
      .help = "ip|IP information\nnht|Filter Next Hop tracking route "
              "resolution\nresolve-via-default|Resolve via default route" },
    { .node = "config",
      .grammar = "ipv6 nht resolve-via-default",
      .def = "ipv6 nht resolve-via-default",
      .order = 27,
      .apply = nht6_apply,
      .help = "ipv6|IPv6 information\nnht|Filter Next Hop tracking route "
              "resolution\nresolve-via-default|Resolve via default route" },
    { .node = "vrf",
      .grammar = "ip router-id A.B.C.D$id",
      .order = 1,
      .apply = router_id_apply,
      .help = "ip|IP information\nrouter-id|Manually set the router-id\n$id|IP address to use for "
              "router-id" },
    { .node = "vrf",
      .grammar = "ip nht resolve-via-default",
      .def = "ip nht resolve-via-default",
      .order = 2,
      .apply = nht4_apply,
      .help = "ip|IP information\nnht|Filter Next Hop tracking route "
              "resolution\nresolve-via-default|Resolve via default route" },
    { .node = "vrf",
      .grammar = "ipv6 nht resolve-via-default",
      .def = "ipv6 nht resolve-via-default",
      .order = 3,
      .apply = nht6_apply,
      .help = "ipv6|IPv6 information\nnht|Filter Next Hop tracking route "
              "resolution\nresolve-via-default|Resolve via default route" },
};

static void interface_create(struct conf_obj *o, void *app)
{
    zif_configure(zebra_ifs(), conf_obj_arg(o, "ifname")->text);
}

static void interface_destroy(struct conf_obj *o, void *app)
{
    zif_unconfigure(zebra_ifs(), conf_obj_arg(o, "ifname")->text);
}

static int interface_check(struct conf_change *c, char *err, size_t errlen)
{
    const char *name = cli_arg_text(c->args, "ifname");
    if (name && strlen(name) >= IFNAMSIZ) {
        snprintf(err, errlen, "Interface name %s is longer than %d characters", name, IFNAMSIZ - 1);
        return -1;
    }
    return 0;
}

static const struct conf_node nodes[] = {
    { .name = "vrf",
      .parent = "config",
      .grammar = "vrf WORD$vrfname",
      .keys = "vrfname",
      .prompt = "config-vrf",
      .exit_word = "exit-vrf",
      .order = 100,
      .separator = true,
      .help = "vrf|Select a VRF to configure\n$vrfname|VRF's name" },
    { .name = "interface",
      .parent = "config",
      .grammar = "interface WORD$ifname [vrf WORD$ifvrf]",
      .keys = "ifname",
      .prompt = "config-if",
      .exit_word = "exit",
      .order = 200,
      .separator = true,
      .check = interface_check,
      .create = interface_create,
      .destroy = interface_destroy,
      .help = "interface|Select an interface to configure\n$ifname|Interface's name\nvrf|Specify "
              "the VRF\n$ifvrf|The VRF name" },
};

void zebra_config_add(struct daemon *d)
{
    conf_add_nodes(d->conf, nodes, sizeof(nodes) / sizeof(nodes[0]));
    conf_add_rows(d->conf, rows, sizeof(rows) / sizeof(rows[0]));
}

void zebra_shell_setup(struct daemon *d)
{
    struct policy_set *policy = policy_set_new("ZEBRA", false);
    policy_conf_add(d->conf, policy);
    policy_show_add(d->cli, policy);
    zebra_show_add(d);
    zebra_config_add(d);
    zebra_show_route_add(d);
}
