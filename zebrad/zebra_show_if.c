/* SPDX-License-Identifier: Apache-2.0
 * zebra_show_if.c - `show interface [NAME] [brief|description] [json]`.
 */
#include "zebra_show.h"
#include "loop.h"
#include <linux/if_arp.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <time.h>

static char *flags_str(uint32_t flags, char *buf, size_t len)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        { IFF_UP, "UP" },
        { IFF_BROADCAST, "BROADCAST" },
        { IFF_LOOPBACK, "LOOPBACK" },
        { IFF_POINTOPOINT, "POINTOPOINT" },
        { IFF_RUNNING, "RUNNING" },
        { IFF_NOARP, "NOARP" },
        { IFF_PROMISC, "PROMISC" },
        { IFF_ALLMULTI, "ALLMULTI" },
        { IFF_MULTICAST, "MULTICAST" },
    };
    size_t n = (size_t)snprintf(buf, len, "<");
    bool any = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (flags & names[i].bit && n < len) {
            n += (size_t)snprintf(buf + n, len - n, "%s%s", any ? "," : "", names[i].name);
            any = true;
        }
    if (n < len)
        snprintf(buf + n, len - n, ">");
    return buf;
}

static const char *type_name(uint32_t type)
{
    switch (type) {
    case ARPHRD_ETHER:
        return "Ethernet";
    case ARPHRD_LOOPBACK:
        return "Loopback";
    case ARPHRD_TUNNEL:
        return "IPinIP Tunnel";
    case ARPHRD_TUNNEL6:
        return "IPv6 Tunnel";
    case ARPHRD_SIT:
        return "IPv6-in-IPv4 SIT";
    case ARPHRD_IPGRE:
        return "GRE over IP";
    case ARPHRD_NONE:
        return "none";
    default:
        return "Unknown";
    }
}

static const char *kind_name(const char *kind)
{
    static const char *const known[][2] = { { "veth", "VETH" },   { "bridge", "bridge" },
                                            { "vrf", "VRF" },     { "vxlan", "Vxlan" },
                                            { "vlan", "Vlan" },   { "macvlan", "MacVlan" },
                                            { "dummy", "dummy" }, { "bond", "bond" },
                                            { "gre", "GRE" },     { "wireguard", "WireGuard" },
                                            { "ipip", "IPIP" } };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (!strcmp(kind, known[i][0]))
            return known[i][1];
    return kind[0] ? kind : "Other";
}

static char *addr_str(const struct zif_addr *a, char *buf, size_t len)
{
    char ip[IPADDR_STRLEN], peer[IPADDR_STRLEN];
    if (a->peer.family)
        snprintf(buf, len, "%s peer %s/%u", ipaddr_str(&a->addr, ip), ipaddr_str(&a->peer, peer),
                 a->len);
    else
        snprintf(buf, len, "%s/%u", ipaddr_str(&a->addr, ip), a->len);
    return buf;
}

static void when_str(uint64_t wall, char *buf, size_t len)
{
    time_t t = (time_t)wall;
    struct tm tm;
    if (!wall)
        snprintf(buf, len, "(never)");
    else
        strftime(buf, len, "%Y/%m/%d %H:%M:%S.00", localtime_r(&t, &tm));
}

static const char *vrf_name(uint32_t id)
{
    const struct rib_vrf *v = rib_vrf_find(zebra_rib(), id);
    return v ? v->name : "default";
}

static void if_addresses(struct writer *w, const struct zif *i)
{
    char a[128], ip[PREFIX_STRLEN], p[IPADDR_STRLEN];
    writer_arr(w, "ipAddresses");
    for (const struct zif_addr *x = i->addrs; x; x = x->next) {
        writer_line(w, "  %s %s%s", x->addr.family == AF_INET6 ? "inet6" : "inet",
                    addr_str(x, a, sizeof(a)),
                    x->addr.family == AF_INET && x->flags & IFA_F_SECONDARY ? " secondary" : "");
        writer_obj(w, NULL);
        snprintf(ip, sizeof(ip), "%s/%u", ipaddr_str(&x->addr, p), x->len);
        writer_str(w, "address", ip);
        if (x->peer.family)
            writer_fmt(w, "peer", "%s/%u", ipaddr_str(&x->peer, p), x->len);
        writer_bool(w, "secondary", x->addr.family == AF_INET && x->flags & IFA_F_SECONDARY);
        writer_bool(w, "unnumbered", false);
        if (x->label[0] && strcmp(x->label, i->name))
            writer_str(w, "label", x->label);
        writer_end(w);
    }
    writer_end(w);
    /* What was asked for and is not there, with the reason: the operator's first question. */
    writer_arr(w, "waitingAddresses");
    for (const struct zif_want *x = i->want; x; x = x->next) {
        bool there = false;
        for (const struct zif_addr *y = i->addrs; y && !there; y = y->next)
            there = ipaddr_eq(&x->addr, &y->addr) && x->len == y->len;
        if (there)
            continue;
        const char *why = x->err       ? strerror(x->err)
                          : i->ifindex ? "not yet acknowledged by the kernel"
                                       : "the interface does not exist";
        snprintf(ip, sizeof(ip), "%s/%u", ipaddr_str(&x->addr, p), x->len);
        writer_line(w, "  %s %s waits: %s", x->addr.family == AF_INET6 ? "inet6" : "inet", ip, why);
        writer_obj(w, NULL);
        writer_str(w, "address", ip);
        writer_str(w, "reason", why);
        writer_end(w);
    }
    writer_end(w);
}

static void if_kernel(struct writer *w, const struct zif *i)
{
    char buf[160], mac[24] = "";
    writer_line(w, "  index %u metric 0 mtu %u ", i->ifindex, i->mtu);
    writer_line(w, "  flags: %s", flags_str(i->flags, buf, sizeof(buf)));
    writer_line(w, "  Type: %s", type_name(i->type));
    writer_uint(w, "index", i->ifindex);
    writer_uint(w, "metric", 0);
    writer_uint(w, "mtu", i->mtu);
    writer_uint(w, "txqlen", i->txqlen);
    writer_str(w, "flags", buf);
    writer_str(w, "type", type_name(i->type));
    if (i->mac_len && i->type == ARPHRD_ETHER) {
        size_t n = 0;
        for (unsigned k = 0; k < i->mac_len && n < sizeof(mac); k++)
            n += (size_t)snprintf(mac + n, sizeof(mac) - n, "%s%02x", k ? ":" : "", i->mac[k]);
        writer_line(w, "  HWaddr: %s", mac);
        writer_str(w, "hardwareAddress", mac);
    }
}

static void if_one(struct writer *w, struct zif *i)
{
    char up[40], down[40];
    bool oper = i->up;
    when_str(i->last_up, up, sizeof(up));
    when_str(i->last_down, down, sizeof(down));
    writer_obj(w, i->name);
    if (!i->ifindex)
        writer_line(w, "Interface %s is down", i->name);
    else
        writer_line(w, "Interface %s is %s, line protocol is %s", i->name,
                    i->flags & IFF_UP ? "up" : "down", oper ? "up" : "down");
    writer_line(w, "  Link ups:       %u    last: %s", i->ups, up);
    writer_line(w, "  Link downs:     %u    last: %s", i->downs, down);
    writer_line(w, "  vrf: %s", vrf_name(i->vrf_id));
    writer_str(w, "administrativeStatus", i->flags & IFF_UP ? "up" : "down");
    writer_str(w, "operationalStatus", oper ? "up" : "down");
    writer_bool(w, "linkDetection", true);
    writer_uint(w, "linkUps", i->ups);
    writer_uint(w, "linkDowns", i->downs);
    if (i->last_up)
        writer_str(w, "lastLinkUp", up);
    if (i->last_down)
        writer_str(w, "lastLinkDown", down);
    writer_str(w, "vrfName", vrf_name(i->vrf_id));
    if (i->description)
        writer_line(w, "  Description: %s", i->description);
    writer_str(w, "description", i->description);
    if (i->alias[0])
        writer_str(w, "OsDescription", i->alias);
    writer_bool(w, "pseudoInterface", !i->ifindex);
    if (!i->ifindex)
        writer_line(w, "  pseudo interface: configured, not in the kernel");
    else
        if_kernel(w, i);
    if_addresses(w, i);
    if (i->ifindex) {
        struct zif *parent = i->link ? zif_find(zebra_ifs(), i->link) : NULL,
                   *master = i->master ? zif_find(zebra_ifs(), i->master) : NULL;
        const char *slave = !master                           ? "None"
                            : !strcmp(master->kind, "vrf")    ? "Vrf"
                            : !strcmp(master->kind, "bridge") ? "Bridge"
                                                              : "Other";
        writer_line(w, "  Interface Type %s", kind_name(i->kind));
        writer_line(w, "  Interface Slave Type %s", slave);
        writer_str(w, "interfaceType", kind_name(i->kind));
        writer_str(w, "interfaceSlaveType", slave);
        if (master)
            writer_str(w, "masterInterface", master->name);
        if (parent) {
            writer_line(w, "  Parent interface: %s", parent->name);
            writer_str(w, "parentInterface", parent->name);
        }
        writer_line(w, "  protodown: off");
        writer_str(w, "protodown", "off");
    }
    writer_end(w);
}

static void if_brief(struct writer *w, struct zif *i)
{
    char a[128];
    const struct zif_addr *first = NULL;
    for (const struct zif_addr *x = i->addrs; x && !first; x = x->next)
        if (!ipaddr_is_linklocal(&x->addr) && !ipaddr_is_loopback(&x->addr))
            first = x;
    writer_line(w, "%-16s%-8s%-16s%s", i->name, i->up ? "up" : "down", vrf_name(i->vrf_id),
                first ? addr_str(first, a, sizeof(a)) : "");
    writer_obj(w, i->name);
    writer_str(w, "administrativeStatus", i->flags & IFF_UP ? "up" : "down");
    writer_str(w, "operationalStatus", i->up ? "up" : "down");
    writer_str(w, "vrfName", vrf_name(i->vrf_id));
    writer_arr(w, "ipAddresses");
    for (const struct zif_addr *x = i->addrs; x; x = x->next) {
        if (ipaddr_is_linklocal(&x->addr) || ipaddr_is_loopback(&x->addr))
            continue;
        if (x != first)
            writer_line(w, "%40s+ %s", "", addr_str(x, a, sizeof(a)));
        writer_obj(w, NULL);
        writer_str(w, "address", addr_str(x, a, sizeof(a)));
        writer_end(w);
    }
    writer_end(w);
    writer_end(w);
}

static void if_description(struct writer *w, struct zif *i)
{
    writer_line(w, "%-16s%-8s%-10s%s", i->name, i->flags & IFF_UP ? "up" : "down",
                i->up ? "up" : "down", i->description ? i->description : "");
    writer_obj(w, i->name);
    writer_str(w, "administrativeStatus", i->flags & IFF_UP ? "up" : "down");
    writer_str(w, "operationalStatus", i->up ? "up" : "down");
    writer_str(w, "description", i->description ? i->description : "");
    writer_end(w);
}

static int show_interface(struct cli_req *r)
{
    const char *only = cli_arg_text(&r->args, "ifname");
    bool all, brief = cli_has(&r->args, "brief"), desc = cli_has(&r->args, "description"),
              found = false;
    struct rib_vrf *vrf = zebra_show_vrf(r, &all);
    if (!vrf)
        return writer_is_json(r->out) ? CLI_OK : CLI_WARNING;
    all = all || !cli_has(&r->args, "vrfname");
    writer_obj(r->out, NULL);
    if (brief)
        writer_line(r->out, "Interface       Status  VRF             Addresses\n---------       "
                            "------  ---             ---------");
    if (desc)
        writer_line(r->out, "Interface       Status  Protocol  Description");
    for (struct zif *i = zif_first(zebra_ifs()); i; i = i->next) {
        if ((only && strcmp(only, i->name)) || (!all && i->vrf_id != vrf->vrf_id))
            continue;
        found = true;
        if (brief)
            if_brief(r->out, i);
        else if (desc)
            if_description(r->out, i);
        else
            if_one(r->out, i);
    }
    if (only && !found)
        writer_line(r->out, "%% Can't find interface %s", only);
    writer_end(r->out);
    return only && !found && !writer_is_json(r->out) ? CLI_WARNING : CLI_OK;
}

static const struct cli_cmd cmds[] = {
    { "view", "show interface [vrf WORD$vrfname] [<brief|description>] [json]", NULL,
      show_interface, CLI_F_VIEW },
    { "view", "show interface WORD$ifname [vrf WORD$vrfname] [json]", NULL, show_interface,
      CLI_F_VIEW },
};

static const char help[] = "interface|Interface status and configuration\n$ifname|Interface "
                           "name\nbrief|Interface status and configuration "
                           "summary\ndescription|Interface description";

void zebra_show_if_add(struct daemon *d)
{
    cli_help_add(d->cli, help);
    cli_add_all(d->cli, cmds, sizeof(cmds) / sizeof(cmds[0]));
}
