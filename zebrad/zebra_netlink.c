/* SPDX-License-Identifier: Apache-2.0
 * zebra_netlink.c - rtnetlink codecs over libmnl.
 *
 * Encoding: one builder per message. Decoding: attributes of every nesting level are collected into
 * a table by a callback that checks the length of what is known and ignores the rest; a message
 * that does not fit is counted and skipped, never half used.
 */
#include "config.h"
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>
#include "zebra_netlink.h"

/* ---- encoding ---- */
static void put_addr(struct nlmsghdr *h, uint16_t type, const struct ipaddr *a)
{
    mnl_attr_put(h, type, a->family == AF_INET ? 4 : 16, a->b);
}

static void build_route(struct nlmsghdr *h, const struct fib_op *op)
{
    bool set = op->kind == FIB_ROUTE_SET;
    h->nlmsg_type = set ? RTM_NEWROUTE : RTM_DELROUTE;
    if (set)
        h->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
    struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
    m->rtm_family = op->family;
    m->rtm_dst_len = op->len;
    m->rtm_table = op->table < 256 ? (uint8_t)op->table : RT_TABLE_UNSPEC;
    m->rtm_protocol = op->proto;
    m->rtm_scope = set ? RT_SCOPE_UNIVERSE : RT_SCOPE_NOWHERE;
    m->rtm_type = set ? op->rtype : RTN_UNSPEC;
    mnl_attr_put(h, RTA_DST, op->family == AF_INET ? 4 : 16, op->addr);
    mnl_attr_put_u32(h, RTA_PRIORITY, RIB_METRIC);
    if (op->table >= 256)
        mnl_attr_put_u32(h, RTA_TABLE, op->table);
    if (!set)
        return;
    if (op->nhid)
        mnl_attr_put_u32(h, RTA_NH_ID, op->nhid);
    if (op->mtu) {
        struct nlattr *nest = mnl_attr_nest_start(h, RTA_METRICS);
        mnl_attr_put_u32(h, RTAX_MTU, op->mtu);
        mnl_attr_nest_end(h, nest);
    }
}

static void build_nexthop(struct nlmsghdr *h, const struct fib_op *op)
{
    const struct fib_nh *x = op->extra;
    h->nlmsg_type = op->kind == FIB_NH_SET ? RTM_NEWNEXTHOP : RTM_DELNEXTHOP;
    struct nhmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
    mnl_attr_put_u32(h, NHA_ID, op->nhid);
    if (op->kind == FIB_NH_DEL)
        return;
    h->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
    m->nh_protocol = RTPROT_GW_OTHER;
    if (x->group) {
        struct nexthop_grp g[ZAPI_MAX_NEXTHOPS];
        memset(g, 0, sizeof(g));
        for (unsigned i = 0; i < x->n; i++) {
            g[i].id = x->m[i].id;
            g[i].weight = (uint8_t)(x->m[i].weight - 1);
        }
        mnl_attr_put(h, NHA_GROUP, x->n * sizeof(g[0]), g);
        return;
    }
    m->nh_family = x->family;
    m->nh_flags = x->onlink ? RTNH_F_ONLINK : 0;
    mnl_attr_put_u32(h, NHA_OIF, x->ifindex);
    if (x->gate.family)
        put_addr(h, NHA_GATEWAY, &x->gate);
}

static void build_addr(struct nlmsghdr *h, const struct fib_op *op)
{
    const struct fib_ifop *x = op->extra;
    bool add = op->kind == FIB_ADDR_ADD, v4 = x->addr.family == AF_INET;
    h->nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
    if (add)
        h->nlmsg_flags |= NLM_F_CREATE | NLM_F_REPLACE;
    struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
    m->ifa_family = x->addr.family;
    m->ifa_prefixlen = x->len;
    m->ifa_index = x->ifindex;
    if (ipaddr_is_loopback(&x->addr))
        m->ifa_scope = RT_SCOPE_HOST;
    else if (!v4 && ipaddr_is_linklocal(&x->addr))
        m->ifa_scope = RT_SCOPE_LINK;
    put_addr(h, IFA_LOCAL, &x->addr);
    put_addr(h, IFA_ADDRESS, x->peer.family ? &x->peer : &x->addr);
    if (v4 && add && x->len < 31 && !x->peer.family) {
        struct ipaddr b = ipaddr_v4(ipaddr_v4_host(&x->addr) | (0xffffffffu >> x->len));
        put_addr(h, IFA_BROADCAST, &b);
    }
    if (v4 && x->label[0])
        mnl_attr_put_strz(h, IFA_LABEL, x->label);
    if (add)
        mnl_attr_put_u8(h, IFA_PROTO, RTPROT_GW_OTHER); /* how we know it again */
}

static void build_link(struct nlmsghdr *h, const struct fib_op *op)
{
    const struct fib_ifop *x = op->extra;
    h->nlmsg_type = RTM_NEWLINK;
    struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
    m->ifi_index = (int)x->ifindex;
    m->ifi_change = IFF_UP;
    m->ifi_flags = x->up ? IFF_UP : 0;
}

size_t nl_encode(const struct fib_op *op, uint32_t seq, bool ack, void *buf)
{
    struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
    h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | (ack ? NLM_F_ACK : 0));
    h->nlmsg_seq = seq;
    switch (op->kind) {
    case FIB_ROUTE_SET:
    case FIB_ROUTE_DEL:
        build_route(h, op);
        break;
    case FIB_NH_SET:
    case FIB_NH_DEL:
        build_nexthop(h, op);
        break;
    case FIB_ADDR_ADD:
    case FIB_ADDR_DEL:
        build_addr(h, op);
        break;
    default:
        build_link(h, op);
        break;
    }
    return h->nlmsg_len;
}

size_t nl_encode_dump(uint16_t type, uint8_t family, uint32_t seq, void *buf)
{
    struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
    h->nlmsg_type = type;
    h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    h->nlmsg_seq = seq;
    size_t n = type == RTM_GETLINK    ? sizeof(struct ifinfomsg)
               : type == RTM_GETADDR  ? sizeof(struct ifaddrmsg)
               : type == RTM_GETROUTE ? sizeof(struct rtmsg)
                                      : sizeof(struct nhmsg);
    *(uint8_t *)mnl_nlmsg_put_extra_header(h, n) = family;
    return h->nlmsg_len;
}

/* ---- decoding ---- */
/* What each attribute of a level must be long; zero: at least one octet of anything. */
struct level {
    const struct nlattr **tb;
    unsigned max;
    const uint8_t *min_len;
};

static int collect(const struct nlattr *a, void *data)
{
    const struct level *l = data;
    unsigned type = mnl_attr_get_type(a);
    if (type > l->max)
        return MNL_CB_OK;
    if (l->min_len && mnl_attr_get_payload_len(a) < l->min_len[type])
        return MNL_CB_ERROR;
    l->tb[type] = a;
    return MNL_CB_OK;
}

static bool parse_level(const struct nlmsghdr *h, size_t header, const struct nlattr **tb,
                        unsigned max, const uint8_t *min_len)
{
    struct level l = { .tb = tb, .max = max, .min_len = min_len };
    return mnl_nlmsg_get_payload_len(h) >= header &&
           mnl_attr_parse(h, (unsigned)header, collect, &l) >= 0;
}

static bool parse_nested(const struct nlattr *a, const struct nlattr **tb, unsigned max,
                         const uint8_t *min_len)
{
    struct level l = { .tb = tb, .max = max, .min_len = min_len };
    return mnl_attr_parse_nested(a, collect, &l) >= 0;
}

static void get_str(const struct nlattr *a, char *to, size_t cap)
{
    size_t n = a ? strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a)) : 0;
    if (n >= cap)
        n = cap - 1;
    if (n)
        memcpy(to, mnl_attr_get_payload(a), n);
    to[n] = 0;
}

static bool get_ip(const struct nlattr *a, uint8_t family, struct ipaddr *ret)
{
    size_t want = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
    if (!want || mnl_attr_get_payload_len(a) != want)
        return false;
    *ret = ipaddr_from(family, mnl_attr_get_payload(a));
    return true;
}

static bool parse_vrf_info(const struct nlattr *info, struct nl_link *l)
{
    const struct nlattr *tb[IFLA_INFO_MAX + 1] = { 0 }, *vrf[IFLA_VRF_MAX + 1] = { 0 };
    static const uint8_t vrf_len[IFLA_VRF_MAX + 1] = { [IFLA_VRF_TABLE] = 4 };
    if (!parse_nested(info, tb, IFLA_INFO_MAX, NULL))
        return false;
    get_str(tb[IFLA_INFO_KIND], l->kind, sizeof(l->kind));
    if (strcmp(l->kind, "vrf") != 0)
        return true;
    l->is_vrf = true;
    if (tb[IFLA_INFO_DATA] && !parse_nested(tb[IFLA_INFO_DATA], vrf, IFLA_VRF_MAX, vrf_len))
        return false;
    if (vrf[IFLA_VRF_TABLE])
        l->vrf_table = mnl_attr_get_u32(vrf[IFLA_VRF_TABLE]);
    return true;
}

static bool decode_link(const struct nlmsghdr *h, struct nl_link *l)
{
    const struct nlattr *tb[IFLA_MAX + 1] = { 0 };
    static const uint8_t len[IFLA_MAX + 1] = {
        [IFLA_MTU] = 4,    [IFLA_MASTER] = 4,    [IFLA_LINK] = 4,
        [IFLA_TXQLEN] = 4, [IFLA_OPERSTATE] = 1, [IFLA_IFNAME] = 1
    };
    if (!parse_level(h, sizeof(struct ifinfomsg), tb, IFLA_MAX, len))
        return false;
    const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
    if (m->ifi_family == AF_BRIDGE || m->ifi_index <= 0 || !tb[IFLA_IFNAME])
        return m->ifi_family == AF_BRIDGE; /* a bridge port's own message: not about the link */
    memset(l, 0, sizeof(*l));
    l->gone = h->nlmsg_type == RTM_DELLINK;
    l->ifindex = (uint32_t)m->ifi_index;
    l->flags = m->ifi_flags;
    l->type = m->ifi_type;
    get_str(tb[IFLA_IFNAME], l->name, sizeof(l->name));
    get_str(tb[IFLA_IFALIAS], l->alias, sizeof(l->alias));
    l->mtu = tb[IFLA_MTU] ? mnl_attr_get_u32(tb[IFLA_MTU]) : 0;
    l->master = tb[IFLA_MASTER] ? mnl_attr_get_u32(tb[IFLA_MASTER]) : 0;
    l->link = tb[IFLA_LINK] ? mnl_attr_get_u32(tb[IFLA_LINK]) : 0;
    l->txqlen = tb[IFLA_TXQLEN] ? mnl_attr_get_u32(tb[IFLA_TXQLEN]) : 0;
    l->operstate = tb[IFLA_OPERSTATE] ? mnl_attr_get_u8(tb[IFLA_OPERSTATE]) : 0;
    if (tb[IFLA_ADDRESS]) {
        size_t n = mnl_attr_get_payload_len(tb[IFLA_ADDRESS]);
        l->mac_len = (uint8_t)(n > sizeof(l->mac) ? sizeof(l->mac) : n);
        memcpy(l->mac, mnl_attr_get_payload(tb[IFLA_ADDRESS]), l->mac_len);
    }
    return !tb[IFLA_LINKINFO] || parse_vrf_info(tb[IFLA_LINKINFO], l);
}

static bool decode_addr(const struct nlmsghdr *h, struct nl_addr *r)
{
    const struct nlattr *tb[IFA_MAX + 1] = { 0 };
    static const uint8_t len[IFA_MAX + 1] = { [IFA_FLAGS] = 4, [IFA_PROTO] = 1 };
    if (!parse_level(h, sizeof(struct ifaddrmsg), tb, IFA_MAX, len))
        return false;
    const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
    memset(r, 0, sizeof(*r));
    const struct nlattr *local = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
    if (!local || !get_ip(local, m->ifa_family, &r->addr) ||
        m->ifa_prefixlen > prefix_maxlen(m->ifa_family))
        return false;
    if (tb[IFA_LOCAL] && tb[IFA_ADDRESS]) {
        if (!get_ip(tb[IFA_ADDRESS], m->ifa_family, &r->peer))
            return false;
        if (ipaddr_eq(&r->peer, &r->addr))
            r->peer.family = 0;
    }
    r->gone = h->nlmsg_type == RTM_DELADDR;
    r->ifindex = m->ifa_index;
    r->len = m->ifa_prefixlen;
    r->scope = m->ifa_scope;
    r->flags = tb[IFA_FLAGS] ? mnl_attr_get_u32(tb[IFA_FLAGS]) : m->ifa_flags;
    r->proto = tb[IFA_PROTO] ? mnl_attr_get_u8(tb[IFA_PROTO]) : 0;
    get_str(tb[IFA_LABEL], r->label, sizeof(r->label));
    return true;
}

/* Gateway of either attribute; true when absent or good. */
static bool get_gateway(const struct nlattr *const *tb, uint8_t family, struct zapi_nexthop *nh)
{
    if (tb[RTA_GATEWAY])
        return get_ip(tb[RTA_GATEWAY], family, &nh->gate);
    if (!tb[RTA_VIA])
        return true;
    const struct rtvia *via = mnl_attr_get_payload(tb[RTA_VIA]);
    size_t n = mnl_attr_get_payload_len(tb[RTA_VIA]);
    if (n < sizeof(*via))
        return false;
    if ((via->rtvia_family == AF_INET && n >= sizeof(*via) + 4) ||
        (via->rtvia_family == AF_INET6 && n >= sizeof(*via) + 16))
        nh->gate = ipaddr_from(via->rtvia_family, via->rtvia_addr);
    return true; /* a family that we do not route by: left out */
}

static void nexthop_kind(struct zapi_nexthop *nh)
{
    nh->kind = nh->gate.family ? (nh->ifindex ? ZN_GATEWAY_IF : ZN_GATEWAY) : ZN_IFINDEX;
}

static bool decode_multipath(const struct nlattr *a, uint8_t family, struct nl_route *r)
{
    const uint8_t *p = mnl_attr_get_payload(a);
    size_t left = mnl_attr_get_payload_len(a);
    while (left >= sizeof(struct rtnexthop) && r->n < ZAPI_MAX_NEXTHOPS) {
        const struct rtnexthop *rn = (const struct rtnexthop *)(const void *)p;
        size_t len = rn->rtnh_len;
        const struct nlattr *tb[RTA_MAX + 1] = { 0 };
        struct level l = { .tb = tb, .max = RTA_MAX };
        if (len < sizeof(*rn) || len > left)
            return false;
        if (mnl_attr_parse_payload(p + sizeof(*rn), len - sizeof(*rn), collect, &l) < 0)
            return false;
        struct zapi_nexthop *nh = &r->nh[r->n++];
        memset(nh, 0, sizeof(*nh));
        nh->ifindex = (uint32_t)rn->rtnh_ifindex;
        nh->weight = rn->rtnh_hops + 1u;
        nh->flags = rn->rtnh_flags & RTNH_F_ONLINK ? ZNF_ONLINK : 0;
        if (!get_gateway(tb, family, nh))
            return false;
        nexthop_kind(nh);
        len = RTNH_ALIGN(len);
        if (len > left)
            break;
        p += len;
        left -= len;
    }
    return true;
}

static bool decode_route(const struct nlmsghdr *h, struct nl_route *r)
{
    const struct nlattr *tb[RTA_MAX + 1] = { 0 };
    static const uint8_t len[RTA_MAX + 1] = {
        [RTA_OIF] = 4, [RTA_PRIORITY] = 4, [RTA_TABLE] = 4, [RTA_NH_ID] = 4
    };
    if (!parse_level(h, sizeof(struct rtmsg), tb, RTA_MAX, len))
        return false;
    const struct rtmsg *m = mnl_nlmsg_get_payload(h);
    r->p.family = 0;
    if (m->rtm_family != AF_INET && m->rtm_family != AF_INET6)
        return true; /* another family's: not for us */
    struct ipaddr dst = { .family = m->rtm_family };
    if (m->rtm_dst_len > prefix_maxlen(m->rtm_family) ||
        (tb[RTA_DST] && !get_ip(tb[RTA_DST], m->rtm_family, &dst)))
        return false;
    r->p = prefix_from(m->rtm_family, dst.b, m->rtm_dst_len);
    r->gone = h->nlmsg_type == RTM_DELROUTE;
    r->table = tb[RTA_TABLE] ? mnl_attr_get_u32(tb[RTA_TABLE]) : m->rtm_table;
    r->metric = tb[RTA_PRIORITY] ? mnl_attr_get_u32(tb[RTA_PRIORITY]) : 0;
    r->nhid = tb[RTA_NH_ID] ? mnl_attr_get_u32(tb[RTA_NH_ID]) : 0;
    r->proto = m->rtm_protocol;
    r->type = m->rtm_type;
    r->scope = m->rtm_scope;
    r->flags = m->rtm_flags;
    r->n = 0;
    if (tb[RTA_MULTIPATH])
        return decode_multipath(tb[RTA_MULTIPATH], m->rtm_family, r);
    struct zapi_nexthop *nh = &r->nh[0];
    memset(nh, 0, sizeof(*nh));
    nh->ifindex = tb[RTA_OIF] ? mnl_attr_get_u32(tb[RTA_OIF]) : 0;
    nh->flags = m->rtm_flags & RTNH_F_ONLINK ? ZNF_ONLINK : 0;
    nh->weight = 1;
    if (!get_gateway(tb, m->rtm_family, nh))
        return false;
    if (r->type == RTN_BLACKHOLE || r->type == RTN_UNREACHABLE || r->type == RTN_PROHIBIT) {
        *nh = (struct zapi_nexthop){ .weight = 1 };
        nh->kind = r->type == RTN_BLACKHOLE     ? ZN_BLACKHOLE
                   : r->type == RTN_UNREACHABLE ? ZN_REJECT
                                                : ZN_PROHIBIT;
        r->n = 1;
    } else if (nh->ifindex || nh->gate.family) {
        nexthop_kind(nh);
        r->n = 1;
    }
    return true;
}

static bool decode_nexthop(const struct nlmsghdr *h, struct knh_info *i)
{
    const struct nlattr *tb[NHA_MAX + 1] = { 0 };
    static const uint8_t len[NHA_MAX + 1] = { [NHA_ID] = 4, [NHA_OIF] = 4 };
    if (!parse_level(h, sizeof(struct nhmsg), tb, NHA_MAX, len) || !tb[NHA_ID])
        return false;
    const struct nhmsg *m = mnl_nlmsg_get_payload(h);
    memset(i, 0, sizeof(*i));
    i->id = mnl_attr_get_u32(tb[NHA_ID]);
    i->family = m->nh_family;
    i->protocol = m->nh_protocol;
    i->onlink = m->nh_flags & RTNH_F_ONLINK;
    i->blackhole = tb[NHA_BLACKHOLE] != NULL;
    i->ifindex = tb[NHA_OIF] ? mnl_attr_get_u32(tb[NHA_OIF]) : 0;
    if (tb[NHA_GATEWAY] && !get_ip(tb[NHA_GATEWAY], m->nh_family, &i->gate))
        return false;
    if (!tb[NHA_GROUP])
        return true;
    i->group = true;
    const struct nexthop_grp *g = mnl_attr_get_payload(tb[NHA_GROUP]);
    size_t n = mnl_attr_get_payload_len(tb[NHA_GROUP]) / sizeof(*g);
    i->n = (uint16_t)(n > ZAPI_MAX_NEXTHOPS ? ZAPI_MAX_NEXTHOPS : n);
    for (unsigned k = 0; k < i->n; k++) {
        i->m[k].id = g[k].id;
        i->m[k].weight = (uint16_t)(g[k].weight + 1);
    }
    return true;
}

static bool decode_one(const struct nlmsghdr *h, const struct nl_sink *sink, void *ctx)
{
    struct nl_link l;
    struct nl_addr a;
    struct nl_route r;
    struct knh_info i;
    switch (h->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        l.ifindex = 0;
        if (!decode_link(h, &l))
            return false;
        if (sink->link && l.ifindex)
            sink->link(ctx, &l);
        return true;
    case RTM_NEWADDR:
    case RTM_DELADDR:
        if (!decode_addr(h, &a))
            return false;
        if (sink->addr)
            sink->addr(ctx, &a);
        return true;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        if (!decode_route(h, &r))
            return false;
        if (sink->route && r.p.family)
            sink->route(ctx, &r);
        return true;
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP:
        if (!decode_nexthop(h, &i))
            return false;
        if (sink->nexthop)
            sink->nexthop(ctx, &i, h->nlmsg_type == RTM_DELNEXTHOP);
        return true;
    default:
        return true;
    }
}

static int error_of(const struct nlmsghdr *h)
{
    if (mnl_nlmsg_get_payload_len(h) < sizeof(int))
        return EPROTO;
    int err;
    memcpy(&err, mnl_nlmsg_get_payload(h), sizeof(err));
    return err == INT_MIN ? EPROTO : err < 0 ? -err : err;
}

/* libmnl compares lengths as int, which a length of 2^31 and more passes, to end nowhere. */
static bool msg_ok(const struct nlmsghdr *h, int left)
{
    return mnl_nlmsg_ok(h, left) && h->nlmsg_len <= (uint32_t)left;
}

struct nl_result nl_decode(const void *data, size_t len, const struct nl_sink *sink, void *ctx)
{
    struct nl_result res = { 0 };
    const struct nlmsghdr *h = data;
    int left = len > INT32_MAX ? INT32_MAX : (int)len;
    while (msg_ok(h, left)) {
        res.messages++;
        if (h->nlmsg_flags & NLM_F_DUMP_INTR)
            res.interrupted = true;
        if (h->nlmsg_type == NLMSG_DONE) {
            res.done = true;
            if (mnl_nlmsg_get_payload_len(h) >= sizeof(int))
                res.err = error_of(h);
        } else if (h->nlmsg_type == NLMSG_ERROR) {
            res.err = error_of(h);
        } else if (MNL_ALIGN(h->nlmsg_len) > (uint32_t)left || !decode_one(h, sink, ctx)) {
            /* libmnl looks for attributes up to the aligned end, which must be ours to read. */
            res.bad++;
        }
        h = mnl_nlmsg_next(h, &left);
    }
    return res;
}

void nl_errors(const void *data, size_t len, void (*fn)(void *ctx, uint32_t seq, int err),
               void *ctx)
{
    const struct nlmsghdr *h = data;
    int left = (int)len;
    while (msg_ok(h, left)) {
        if (h->nlmsg_type == NLMSG_ERROR)
            fn(ctx, h->nlmsg_seq, error_of(h));
        h = mnl_nlmsg_next(h, &left);
    }
}
