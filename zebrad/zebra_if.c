/* SPDX-License-Identifier: Apache-2.0
 * zebra_if.c - interfaces.
 *
 * An interface exists here when the kernel has it or the configuration speaks of it. Addresses give
 * the connected route of their subnet and the local route of themselves; both use the set
 * {interface}, so a link that goes down makes them unusable without touching them. What the
 * configuration wants is compared with what is there after every event and asked for again when it
 * is missing.
 */
#include "config.h"
#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include "log.h"
#include "loop.h"
#include "zebra_if.h"

MEM_DEFINE(zif, "Interface");
MEM_DEFINE(zif_addr, "Interface address");
LOG_DEBUG_DEFINE(zif, "zebra events");

#define ASK_AGAIN_US 1000000 /* an address that vanishes is restored at most once a second */
#define HASH         256
#define SLOT_LOCAL   0x80000000u /* local routes beside connected ones of the same interface */

struct zifs {
    struct rib *rib;
    const struct zif_ops *ops;
    void *ctx;
    struct zif *list;
    struct zif *hash[HASH];
};

struct zifs *zifs_new(struct rib *r, const struct zif_ops *ops, void *ctx)
{
    struct zifs *z = mem_calloc(MEM(zif), 1, sizeof(*z));
    z->rib = r;
    z->ops = ops;
    z->ctx = ctx;
    return z;
}

static void zif_free(struct zif *i)
{
    while (i->addrs) {
        struct zif_addr *a = i->addrs;
        i->addrs = a->next;
        mem_free(MEM(zif_addr), a);
    }
    while (i->want) {
        struct zif_want *w = i->want;
        i->want = w->next;
        mem_free(MEM(zif_addr), w);
    }
    mem_free(MEM(str), i->description);
    mem_free(MEM(zif), i);
}

void zifs_free(struct zifs *z)
{
    if (!z)
        return;
    while (z->list) {
        struct zif *i = z->list;
        z->list = i->next;
        zif_free(i);
    }
    mem_free(MEM(zif), z);
}

struct zif *zif_first(struct zifs *z)
{
    return z->list;
}

struct zif *zif_find(struct zifs *z, uint32_t ifindex)
{
    struct zif *i = z->hash[ifindex % HASH];
    while (i && i->ifindex != ifindex)
        i = i->hnext;
    return i;
}

struct zif *zif_by_name(struct zifs *z, const char *name)
{
    for (struct zif *i = z->list; i; i = i->next)
        if (strcmp(i->name, name) == 0)
            return i;
    return NULL;
}

bool zif_is_up(struct zifs *z, uint32_t ifindex)
{
    const struct zif *i = zif_find(z, ifindex);
    return i && i->up;
}

static void list_insert(struct zifs *z, struct zif *i)
{
    struct zif **pp = &z->list;
    while (*pp && strcmp((*pp)->name, i->name) < 0)
        pp = &(*pp)->next;
    i->next = *pp;
    *pp = i;
}

static void list_remove(struct zifs *z, struct zif *i)
{
    struct zif **pp = &z->list;
    while (*pp != i)
        pp = &(*pp)->next;
    *pp = i->next;
}

static struct zif *zif_make(struct zifs *z, const char *name)
{
    struct zif *i = zif_by_name(z, name);
    if (i)
        return i;
    i = mem_calloc(MEM(zif), 1, sizeof(*i));
    snprintf(i->name, sizeof(i->name), "%s", name);
    i->want_admin = -1;
    list_insert(z, i);
    return i;
}

static void index_set(struct zifs *z, struct zif *i, uint32_t ifindex)
{
    if (i->ifindex) {
        struct zif **pp = &z->hash[i->ifindex % HASH];
        while (*pp != i)
            pp = &(*pp)->hnext;
        *pp = i->hnext;
    }
    i->ifindex = ifindex;
    if (ifindex) {
        i->hnext = z->hash[ifindex % HASH];
        z->hash[ifindex % HASH] = i;
    }
}

/* ---- routes of addresses ---- */
static bool addr_counts(const struct zif_addr *a)
{
    return !(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) && !ipaddr_is_loopback(&a->addr);
}

static struct prefix addr_subnet(const struct zif_addr *a)
{
    const struct ipaddr *n = a->peer.family ? &a->peer : &a->addr;
    return prefix_from(n->family, n->b, a->len);
}

static bool addr_has_subnet(const struct zif_addr *a)
{
    return addr_counts(a) && !(a->flags & IFA_F_NOPREFIXROUTE);
}

static void route_of(struct zifs *z, const struct zif *i, const struct prefix *p,
                     enum zapi_proto proto, bool add)
{
    struct rib *r = z->rib;
    struct rib_table *t = rib_table_get(r, i->vrf_id, afi_of(p->family), 0);
    uint32_t slot = i->ifindex | (proto == ZP_LOCAL ? SLOT_LOCAL : 0);
    if (!add) {
        rib_route_unset(r, t, p->b, p->len, RIB_OWNER_CONNECT, slot);
        return;
    }
    struct zapi_nexthop nh = { .kind = ZN_IFINDEX, .ifindex = i->ifindex, .vrf_id = i->vrf_id };
    struct rib_attr a = { .owner = RIB_OWNER_CONNECT, .proto = proto, .slot = slot };
    a.nhg = nhg_intern(r, RIB_OWNER_CONNECT, &nh, 1, false);
    uint32_t cls = rib_class_get(r, &a);
    nhg_unref(r, a.nhg);
    rib_route_set(r, t, p->b, p->len, cls, 0);
    rib_class_put(r, cls);
}

/* Another address of the interface gives the same route. */
static bool route_shared(const struct zif *i, const struct zif_addr *but, const struct prefix *p,
                         bool local)
{
    for (const struct zif_addr *a = i->addrs; a; a = a->next) {
        struct prefix q = local ? prefix_host(&a->addr) : addr_subnet(a);
        if (a != but && (local ? addr_counts(a) : addr_has_subnet(a)) && prefix_eq(&q, p))
            return true;
    }
    return false;
}

static void addr_routes(struct zifs *z, const struct zif *i, const struct zif_addr *a, bool add)
{
    struct prefix net = addr_subnet(a), host = prefix_host(&a->addr);
    if (addr_has_subnet(a) && (add || !route_shared(i, a, &net, false)))
        route_of(z, i, &net, ZP_CONNECT, add);
    if (addr_counts(a) && (add || !route_shared(i, a, &host, true)))
        route_of(z, i, &host, ZP_LOCAL, add);
}

static void addrs_routes(struct zifs *z, const struct zif *i, bool add)
{
    for (const struct zif_addr *a = i->addrs; a; a = a->next) {
        struct prefix net = addr_subnet(a), host = prefix_host(&a->addr);
        if (addr_has_subnet(a))
            route_of(z, i, &net, ZP_CONNECT, add);
        if (addr_counts(a))
            route_of(z, i, &host, ZP_LOCAL, add);
    }
}

/* ---- what the configuration wants ---- */
static struct zif_addr *addr_find(const struct zif *i, const struct ipaddr *addr, uint8_t len)
{
    struct zif_addr *a = i->addrs;
    while (a && !(a->len == len && ipaddr_eq(&a->addr, addr)))
        a = a->next;
    return a;
}

static void addr_ask(struct zifs *z, const struct zif *i, const struct zif_want *w,
                     enum fib_kind kind)
{
    struct fib_ifop *x = calloc(1, sizeof(*x));
    if (!x)
        abort();
    x->ifindex = i->ifindex;
    x->addr = w->addr;
    x->peer = w->peer;
    x->len = w->len;
    memcpy(x->label, w->label, sizeof(x->label));
    fib_ctl(z->rib, kind, 0, 0, x);
}

static void zif_apply(struct zifs *z, struct zif *i)
{
    if (!i->ifindex)
        return;
    if (i->want_admin >= 0 && (i->want_admin != 0) != ((i->flags & IFF_UP) != 0)) {
        struct fib_ifop *x = calloc(1, sizeof(*x));
        if (!x)
            abort();
        x->ifindex = i->ifindex;
        x->up = i->want_admin != 0;
        fib_ctl(z->rib, FIB_LINK_SET, 0, 0, x);
    }
    uint64_t now = loop_now();
    for (struct zif_want *w = i->want; w; w = w->next) {
        if (addr_find(i, &w->addr, w->len))
            continue;
        if (w->asked_at && now - w->asked_at < ASK_AGAIN_US) {
            z->ops->retry(z->ctx, ASK_AGAIN_US);
            continue;
        }
        w->asked_at = now;
        addr_ask(z, i, w, FIB_ADDR_ADD);
    }
}

void zif_retry(struct zifs *z)
{
    for (struct zif *i = z->list; i; i = i->next)
        zif_apply(z, i);
}

void zif_op_result(struct zifs *z, const struct fib_op *op)
{
    const struct fib_ifop *x = op->extra;
    struct zif *i = zif_find(z, x->ifindex);
    char text[IPADDR_STRLEN];
    if (!i)
        return;
    if (op->kind == FIB_LINK_SET) {
        if (op->err)
            log_warn("interface %s: the kernel refuses to set it %s: %s", i->name,
                     x->up ? "up" : "down", strerror(op->err));
        return;
    }
    for (struct zif_want *w = i->want; op->kind == FIB_ADDR_ADD && w; w = w->next) {
        if (w->len != x->len || !ipaddr_eq(&w->addr, &x->addr))
            continue;
        if (op->err && op->err != EEXIST && op->err != w->err)
            log_warn("interface %s: the kernel refuses address %s/%u: %s", i->name,
                     ipaddr_str(&x->addr, text), x->len, strerror(op->err));
        w->err = op->err == EEXIST ? 0 : op->err;
    }
}

struct zif *zif_configure(struct zifs *z, const char *name)
{
    struct zif *i = zif_make(z, name);
    i->configured = true;
    return i;
}

static void zif_gc(struct zifs *z, struct zif *i)
{
    if (i->ifindex || i->configured || i->want || i->description || i->want_admin >= 0)
        return;
    list_remove(z, i);
    zif_free(i);
}

void zif_unconfigure(struct zifs *z, const char *name)
{
    struct zif *i = zif_by_name(z, name);
    if (!i)
        return;
    while (i->want)
        zif_unwant_address(z, name, &i->want->addr, i->want->len);
    i->want_admin = -1;
    mem_free(MEM(str), i->description);
    i->description = NULL;
    i->configured = false;
    zif_gc(z, i);
}

void zif_want_address(struct zifs *z, const char *name, const struct ipaddr *addr, uint8_t len,
                      const struct ipaddr *peer, const char *label)
{
    struct zif *i = zif_make(z, name);
    struct zif_want *w = i->want;
    while (w && !(w->len == len && ipaddr_eq(&w->addr, addr)))
        w = w->next;
    if (!w) {
        w = mem_calloc(MEM(zif_addr), 1, sizeof(*w));
        struct zif_want **pp =
            &i->want; /* in the order of the configuration: the first one is primary */
        while (*pp)
            pp = &(*pp)->next;
        *pp = w;
    }
    w->addr = *addr;
    w->len = len;
    w->peer = peer ? *peer : (struct ipaddr){ 0 };
    snprintf(w->label, sizeof(w->label), "%s", label ? label : "");
    zif_apply(z, i);
}

void zif_unwant_address(struct zifs *z, const char *name, const struct ipaddr *addr, uint8_t len)
{
    struct zif *i = zif_by_name(z, name);
    for (struct zif_want **pp = i ? &i->want : NULL; pp && *pp; pp = &(*pp)->next) {
        struct zif_want *w = *pp;
        if (w->len != len || !ipaddr_eq(&w->addr, addr))
            continue;
        *pp = w->next;
        const struct zif_addr *a = addr_find(i, &w->addr, w->len);
        if (i->ifindex && a && a->ours)
            addr_ask(z, i, w, FIB_ADDR_DEL);
        mem_free(MEM(zif_addr), w);
        return;
    }
}

void zif_want_admin(struct zifs *z, const char *name, int admin)
{
    struct zif *i = zif_make(z, name);
    i->want_admin = admin;
    zif_apply(z, i);
}

void zif_set_description(struct zifs *z, const char *name, const char *text)
{
    struct zif *i = zif_make(z, name);
    mem_free(MEM(str), i->description);
    i->description = mem_strdup(MEM(str), text);
}

/* ---- from the kernel ---- */
static void link_state(struct zifs *z, struct zif *i, bool up)
{
    if (i->up == up)
        return;
    i->up = up;
    if (up) {
        i->ups++;
        i->last_up = loop_wall();
    } else {
        i->downs++;
        i->last_down = loop_wall();
    }
    nhg_mark_link(z->rib, i->ifindex);
}

static void addr_drop(struct zifs *z, struct zif *i, struct zif_addr *a)
{
    struct zif_addr **pp = &i->addrs;
    addr_routes(z, i, a, false);
    while (*pp != a)
        pp = &(*pp)->next;
    *pp = a->next;
    z->ops->addr(z->ctx, i, a, true);
    mem_free(MEM(zif_addr), a);
}

static void vrf_gone(struct zifs *z, struct zif *i)
{
    if (!i->vrf_table)
        return;
    rib_vrf_set(z->rib, i->ifindex, i->name, 0);
    i->vrf_table = 0;
    z->ops->vrf(z->ctx, i->ifindex, true);
}

static void link_gone(struct zifs *z, struct zif *i)
{
    while (i->addrs)
        addr_drop(z, i, i->addrs);
    link_state(z, i, false);
    knh_device_down(z->rib, i->ifindex);
    vrf_gone(z, i);
    z->ops->link(z->ctx, i, true);
    index_set(z, i, 0);
    i->flags = 0;
    zif_gc(z, i);
}

/* The VRF of an interface: itself, its master when that is one, else the default. */
static void set_vrf(struct zifs *z, struct zif *i)
{
    const struct zif *m = i->master ? zif_find(z, i->master) : NULL;
    uint32_t vrf = i->vrf_table ? i->ifindex : m && m->vrf_table ? m->ifindex : 0;
    if (vrf == i->vrf_id)
        return;
    addrs_routes(z, i, false);
    i->vrf_id = vrf;
    addrs_routes(z, i, true);
}

void zif_kernel_link(struct zifs *z, const struct nl_link *l)
{
    struct zif *i = zif_find(z, l->ifindex);
    if (l->gone) {
        if (i)
            link_gone(z, i);
        return;
    }
    if (i && strcmp(i->name, l->name) != 0)
        link_gone(z, i),
            i = NULL; /* renamed: configuration goes by name, so it is another interface now */
    if (!i) {
        i = zif_make(z, l->name);
        if (i->ifindex) /* the old bearer of the name was renamed or removed, its message is still
                           to come */
            link_gone(z, i), i = zif_make(z, l->name);
        index_set(z, i, l->ifindex);
        i->fresh = true;
    }
    bool running = l->flags & (IFF_RUNNING | IFF_LOWER_UP);
    bool was_flushed = (i->flags & IFF_UP) && (!(l->flags & IFF_UP) || !running);
    i->seen = true;
    i->flags = l->flags;
    i->mtu = l->mtu;
    i->type = l->type;
    i->master = l->master;
    i->link = l->link;
    i->txqlen = l->txqlen;
    i->operstate = l->operstate;
    i->mac_len = l->mac_len;
    memcpy(i->mac, l->mac, sizeof(i->mac));
    memcpy(i->kind, l->kind, sizeof(i->kind));
    memcpy(i->alias, l->alias, sizeof(i->alias));
    if (l->is_vrf && l->vrf_table && i->vrf_table != l->vrf_table) {
        i->vrf_table = l->vrf_table;
        rib_vrf_set(z->rib, i->ifindex, i->name, l->vrf_table);
        z->ops->vrf(z->ctx, i->ifindex, false);
        for (struct zif *m = z->list; m; m = m->next)
            if (m->ifindex && m->master == i->ifindex)
                set_vrf(z, m);
    }
    set_vrf(z, i);
    link_state(z, i, (l->flags & IFF_UP) && (l->flags & IFF_RUNNING));
    if (was_flushed) /* the kernel deletes nexthop objects of such a device without a word */
        knh_device_down(z->rib, i->ifindex);
    z->ops->link(z->ctx, i, false);
    zif_apply(z, i);
}

void zif_kernel_addr(struct zifs *z, const struct nl_addr *n)
{
    struct zif *i = zif_find(z, n->ifindex);
    if (!i)
        return;
    struct zif_addr *a = addr_find(i, &n->addr, n->len);
    if (n->gone) {
        if (a)
            addr_drop(z, i, a);
        zif_apply(z, i);
        return;
    }
    if (a && a->flags == n->flags && ipaddr_eq(&a->peer, &n->peer)) {
        a->seen = true;
        return;
    }
    if (a)
        addr_drop(z, i, a);
    a = mem_calloc(MEM(zif_addr), 1, sizeof(*a));
    a->addr = n->addr;
    a->peer = n->peer;
    a->len = n->len;
    a->flags = n->flags;
    a->ours = n->proto == RTPROT_GW_OTHER;
    a->seen = true;
    memcpy(a->label, n->label, sizeof(a->label));
    struct zif_addr **pp = &i->addrs;
    while (*pp)
        pp = &(*pp)->next;
    *pp = a;
    addr_routes(z, i, a, true);
    z->ops->addr(z->ctx, i, a, false);
}

void zif_resync_begin(struct zifs *z)
{
    for (struct zif *i = z->list; i; i = i->next) {
        i->seen = false;
        for (struct zif_addr *a = i->addrs; a; a = a->next)
            a->seen = false;
    }
}

void zif_resync_end(struct zifs *z)
{
    for (struct zif *i = z->list, *next; i; i = next) {
        next = i->next;
        if (i->ifindex && !i->seen) {
            link_gone(z, i);
            continue;
        }
        for (struct zif_addr *a = i->addrs, *an; a; a = an) {
            an = a->next;
            if (!a->seen)
                addr_drop(z, i, a);
        }
        zif_apply(z, i);
    }
}
