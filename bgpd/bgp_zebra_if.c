/* SPDX-License-Identifier: Apache-2.0
 * bgp_zebra_if.c - interfaces and their addresses, as zebrad tells them, and the questions that
 * sessions ask of them.
 *
 * Plain arrays: a router has tens of interfaces, and questions are asked per session event, not per
 * route. When zebrad comes back everything is marked and what it does not repeat is swept, so a
 * restart of zebrad takes no interface down. An address counts while its link is up (fast external
 * failover).
 */
#include "bgp_peer_priv.h"
#include "bgp_zebra_priv.h"
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>

MEM_DEFINE(bgp_if, "BGP interface");

struct link {
    struct zapi_link l;
    bool old;
};
struct addr {
    struct zapi_addr a;
    bool old;
};
static struct link *links;
static struct addr *addrs;
static unsigned n_links, n_addrs;

static struct link *link_find(uint32_t ifindex)
{
    for (unsigned i = 0; i < n_links; i++)
        if (links[i].l.ifindex == ifindex)
            return &links[i];
    return NULL;
}

static void link_del(struct link *l)
{
    *l = links[--n_links];
}

static void addr_del(struct addr *a)
{
    *a = addrs[--n_addrs];
}

void bgp_zebra_if_link(const struct zapi_link *new)
{
    struct link *l = link_find(new->ifindex);
    if (new->gone) {
        if (l)
            link_del(l);
        for (unsigned i = n_addrs; i-- > 0;)
            if (addrs[i].a.ifindex == new->ifindex)
                addr_del(&addrs[i]);
        return;
    }
    if (!l) {
        links = mem_realloc(MEM(bgp_if), links, (n_links + 1) * sizeof *links);
        l = &links[n_links++];
    }
    *l = (struct link){ .l = *new };
}

void bgp_zebra_if_addr_add(const struct zapi_addr *new)
{
    struct addr *a = NULL;
    for (unsigned i = 0; i < n_addrs; i++)
        if (addrs[i].a.ifindex == new->ifindex &&
            addrs[i].a.len == new->len &&ipaddr_eq(&addrs[i].a.addr, &new->addr))
            a = &addrs[i];
    if (new->gone) {
        if (a)
            addr_del(a);
        return;
    }
    if (!a) {
        addrs = mem_realloc(MEM(bgp_if), addrs, (n_addrs + 1) * sizeof *addrs);
        a = &addrs[n_addrs++];
    }
    *a = (struct addr){ .a = *new };
}

void bgp_zebra_if_mark(void)
{
    for (unsigned i = 0; i < n_links; i++)
        links[i].old = true;
    for (unsigned i = 0; i < n_addrs; i++)
        addrs[i].old = true;
}

void bgp_zebra_if_sweep(void)
{
    for (unsigned i = n_links; i-- > 0;)
        if (links[i].old)
            link_del(&links[i]);
    for (unsigned i = n_addrs; i-- > 0;)
        if (addrs[i].old)
            addr_del(&addrs[i]);
}

static uint8_t mask_len(const struct sockaddr *m, int family)
{
    const uint8_t *b = family == AF_INET6
                           ? ((const struct sockaddr_in6 *)m)->sin6_addr.s6_addr
                           : (const uint8_t *)&((const struct sockaddr_in *)m)->sin_addr;
    uint8_t n = 0;
    for (unsigned i = 0; i < (family == AF_INET6 ? 16u : 4u); i++)
        n = (uint8_t)(n + __builtin_popcount(b[i]));
    return n;
}

void bgp_zebra_if_system(void)
{
    struct ifaddrs *list, *i;
    if (getifaddrs(&list) < 0)
        return;
    bgp_zebra_if_mark();
    for (i = list; i; i = i->ifa_next) {
        struct zapi_link l = { .ifindex = if_nametoindex(i->ifa_name), .flags = i->ifa_flags };
        snprintf(l.name, sizeof l.name, "%s", i->ifa_name);
        l.up = i->ifa_flags & IFF_UP;
        bgp_zebra_if_link(&l);
        if (!i->ifa_addr || !i->ifa_netmask)
            continue;
        int family = i->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6)
            continue;
        struct zapi_addr a = { .ifindex = l.ifindex, .len = mask_len(i->ifa_netmask, family) };
        a.addr = family == AF_INET6
                     ? ipaddr_from(family, &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr)
                     : ipaddr_from(family, &((struct sockaddr_in *)i->ifa_addr)->sin_addr);
        bgp_zebra_if_addr_add(&a);
    }
    freeifaddrs(list);
    bgp_zebra_if_sweep();
}

/* ---- questions ---- */

static bool usable(const struct addr *a, uint32_t vrf_id)
{
    const struct link *l = link_find(a->a.ifindex);
    return l && l->l.up && l->l.vrf_id == vrf_id;
}

bool bgp_zebra_connected(uint32_t vrf_id, const struct ipaddr *ip, struct prefix *ret_subnet,
                         uint32_t *ret_ifindex)
{
    bool found = false;
    *ret_subnet = (struct prefix){ 0 };
    *ret_ifindex = 0;
    if (bgp_zebra_none())
        bgp_zebra_if_system();
    for (unsigned i = 0; i < n_addrs; i++) {
        const struct zapi_addr *a = &addrs[i].a;
        const struct ipaddr *base = a->peer.family ? &a->peer : &a->addr;
        if (base->family != ip->family || !usable(&addrs[i], vrf_id))
            continue;
        struct prefix p = prefix_from(base->family, base->b, a->len);
        if (!prefix_contains_addr(&p, ip) || (found && p.len <= ret_subnet->len))
            continue;
        found = true;
        *ret_subnet = p;
        *ret_ifindex = a->ifindex;
    }
    return found || bgp_zebra_none();
}

static const struct link *link_named(uint32_t vrf_id, const char *name)
{
    for (unsigned i = 0; i < n_links; i++)
        if (!strcmp(links[i].l.name, name) && links[i].l.vrf_id == vrf_id)
            return &links[i];
    return NULL;
}

bool bgp_zebra_if_addr(uint32_t vrf_id, const char *ifname, int family, struct ipaddr *ret)
{
    if (bgp_zebra_none())
        bgp_zebra_if_system();
    const struct link *l = link_named(vrf_id, ifname);
    const struct zapi_addr *best = NULL;
    for (unsigned i = 0; l && i < n_addrs; i++) {
        const struct zapi_addr *a = &addrs[i].a;
        if (a->ifindex != l->l.ifindex || a->addr.family != family ||
            ipaddr_is_linklocal(&a->addr) || ipaddr_is_loopback(&a->addr))
            continue;
        if (!best || (best->secondary && !a->secondary))
            best = a;
    }
    if (best)
        *ret = best->addr;
    return best;
}

bool bgp_zebra_local_addrs(uint32_t ifindex, struct ipaddr *ret_v4, struct ipaddr *ret_v6,
                           struct ipaddr *ret_ll)
{
    *ret_v4 = *ret_v6 = *ret_ll = (struct ipaddr){ 0 };
    for (unsigned i = 0; i < n_addrs; i++) {
        const struct zapi_addr *a = &addrs[i].a;
        if (a->ifindex != ifindex || ipaddr_is_loopback(&a->addr))
            continue;
        struct ipaddr *to = a->addr.family == AF_INET       ? ret_v4
                            : ipaddr_is_linklocal(&a->addr) ? ret_ll
                                                            : ret_v6;
        if (!to->family)
            *to = a->addr;
    }
    return ret_v4->family || ret_v6->family || ret_ll->family;
}

uint32_t bgp_zebra_ifindex_of_addr(uint32_t vrf_id, const struct ipaddr *local)
{
    if (bgp_zebra_none())
        bgp_zebra_if_system();
    for (unsigned i = 0; i < n_addrs; i++) {
        const struct link *l = link_find(addrs[i].a.ifindex);
        if (l && l->l.vrf_id == vrf_id && ipaddr_eq(&addrs[i].a.addr, local))
            return addrs[i].a.ifindex;
    }
    return 0;
}

const char *bgp_zebra_ifname(uint32_t ifindex)
{
    const struct link *l = link_find(ifindex);
    return l ? l->l.name : "";
}
