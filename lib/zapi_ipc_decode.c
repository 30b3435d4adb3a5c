/* SPDX-License-Identifier: Apache-2.0
 * zapi_ipc_decode.c - protobuf (proto/zebra_route.proto) to struct zapi_msg. Pure; see
 * zapi_ipc_codec.c.
 *
 * Every decoder returns NULL or what is wrong with the message.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "proto/zebra_route.pb-c.h"
#include "wire.h"
#include "zapi_ipc.h"

#define Z(name) Godwit__Zebra__##name

const char *zapi_nlri_check(int family, const uint8_t *nlri, size_t len, uint32_t count)
{
    if (!len) /* protobuf-c gives no pointer then */
        return count ? "fewer prefixes than counted" : NULL;
    struct rb r = rb_init(nlri, len);
    unsigned max = prefix_maxlen(family);

    for (uint32_t i = 0; i < count; i++) {
        unsigned bits = rb_u8(&r);
        if (bits > max)
            return "prefix length out of range";
        const uint8_t *p = rb_bytes(&r, (bits + 7) / 8);
        if (!p)
            return "fewer prefixes than counted";
        if ((bits & 7) && (p[bits / 8] & (0xffu >> (bits & 7))))
            return "host bits set";
    }
    return rb_left(&r) ? "more octets than counted prefixes" : NULL;
}

static bool get_addr(const ProtobufCBinaryData *b, bool empty_ok, struct ipaddr *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (b->len == 0)
        return empty_ok;
    if (b->len != 4 && b->len != 16)
        return false;
    *ret = ipaddr_from(b->len == 4 ? AF_INET : AF_INET6, b->data);
    return true;
}

static bool get_prefix(const ProtobufCBinaryData *b, uint32_t len, struct prefix *ret)
{
    struct ipaddr a;

    if (!get_addr(b, false, &a) || len > prefix_maxlen(a.family))
        return false;
    struct prefix p = prefix_from(a.family, a.b, (uint8_t)len);
    if (memcmp(p.b, a.b, sizeof(p.b)) != 0)
        return false; /* host bits */
    *ret = p;
    return true;
}

static bool get_family(uint32_t wire, int *ret)
{
    *ret = wire == 6 ? AF_INET6 : AF_INET;
    return wire == 4 || wire == 6;
}

static bool get_text(const char *s, char *ret, size_t cap)
{
    size_t n = strlen(s);

    if (n >= cap)
        return false;
    memcpy(ret, s, n + 1);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
            return false;
    return true;
}

static bool get_proto(Z(Protocol) p, enum zapi_proto *ret)
{
    *ret = (enum zapi_proto)p;
    return (unsigned)p < ZP_MAX;
}

static const char *get_nexthops(Z(Nexthop) * *v, size_t n, struct zapi_nexthop *ret,
                                uint16_t *ret_n)
{
    if (n > ZAPI_MAX_NEXTHOPS)
        return "too many next hops";
    for (size_t i = 0; i < n; i++) {
        const Z(Nexthop) *m = v[i];
        struct zapi_nexthop *h = &ret[i];
        if ((unsigned)m->kind > ZN_PROHIBIT)
            return "unknown kind of next hop";
        h->kind = (enum zapi_nh_kind)m->kind;
        if (!get_addr(&m->gate, h->kind != ZN_GATEWAY && h->kind != ZN_GATEWAY_IF, &h->gate))
            return "next hop without a valid gateway";
        if (h->kind == ZN_IFINDEX && !m->ifindex)
            return "next hop without an interface";
        if (m->weight > 65535)
            return "weight out of range";
        h->ifindex = m->ifindex;
        h->vrf_id = m->vrf_id;
        h->weight = m->weight;
        h->flags = (uint8_t)(m->flags & (ZNF_ONLINK | ZNF_RECURSIVE));
    }
    *ret_n = (uint16_t)n;
    return NULL;
}

static const char *dec_hello(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(Hello) *m = msg;
    struct zapi_hello *h = &z->u.hello.h;

    if (!get_text(m->client, h->client, sizeof(h->client)))
        return "bad client name";
    if (!get_text(m->server_version, h->server_version, sizeof(h->server_version)))
        return "bad server version";
    if (!get_proto(m->proto, &h->proto))
        return "unknown protocol";
    if (!m->version || m->min_version > ZAPI_VERSION)
        return "the peer's protocol version is not supported";
    h->version = m->version;
    h->features = m->features;
    h->generation = m->generation;
    h->instance = m->instance;
    h->stale_seconds = m->stale_seconds;
    z->u.hello.min_version = m->min_version;
    z->u.hello.window = m->window ? m->window : ZAPI_WINDOW;
    return NULL;
}

static const char *dec_nhg(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(NexthopGroup) *m = msg;
    struct zapi_nhg *g = &z->u.nhg;
    const char *why = get_nexthops(m->nexthops, m->n_nexthops, g->nh, &g->n);

    if (!why)
        why = get_nexthops(m->backup, m->n_backup, g->backup, &g->n_backup);
    if (!why && !m->id)
        why = "group id 0";
    if (!why && !g->n)
        why = "group without next hops";
    g->id = m->id;
    return why;
}

static const char *dec_batch(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(RouteBatch) *m = msg;
    struct zapi_batch *b = &z->u.batch;

    if (!get_family(m->family, &b->family))
        return "unknown address family";
    if (!get_proto(m->proto, &b->proto) || (unsigned)m->subtype > ZS_IBGP)
        return "unknown protocol";
    if (!m->withdraw && !m->nhg)
        return "routes without a next-hop group";
    if (m->distance > 255)
        return "distance out of range";
    if (!m->count)
        return "no prefixes";
    if (!m->first_seq || m->first_seq > UINT64_MAX - m->count)
        return "bad sequence number";
    b->vrf_id = m->vrf_id;
    b->table = m->table;
    b->withdraw = m->withdraw;
    b->subtype = (enum zapi_subtype)m->subtype;
    b->instance = m->instance;
    b->nhg = m->nhg;
    b->distance = (uint8_t)m->distance;
    b->metric = m->metric;
    b->tag = m->tag;
    b->mtu = m->mtu;
    b->first_seq = m->first_seq;
    b->count = m->count;
    b->nlri = m->nlri.data;
    b->nlri_len = m->nlri.len;
    return zapi_nlri_check(b->family, b->nlri, b->nlri_len, b->count);
}

static const char *dec_ack(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(Ack) *m = msg;
    size_t n = m->n_gap;

    if (m->n_count != n || m->n_result != n || m->n_error != n)
        return "columns of different length";
    struct zapi_ack *v = ipc_arena_alloc(a, n * sizeof(*v) + 1);
    uint64_t at = m->start;
    for (size_t i = 0; i < n; i++) {
        if (!m->count[i] || m->gap[i] > UINT64_MAX - at ||
            m->count[i] > UINT64_MAX - at - m->gap[i])
            return "bad range";
        if ((unsigned)m->result[i] > ZR_REMOVED || m->error[i] > 4095)
            return "unknown result";
        v[i].first_seq = at + m->gap[i];
        v[i].last_seq = v[i].first_seq + m->count[i] - 1;
        v[i].result = (enum zapi_result)m->result[i];
        v[i].err = (int)m->error[i];
        at = v[i].last_seq + 1;
    }
    z->u.ack.v = v;
    z->u.ack.n = (unsigned)n;
    return NULL;
}

static const char *dec_link(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(Link) *m = msg;
    struct zapi_link *l = &z->u.link;

    if (!m->ifindex || !m->name[0] || !get_text(m->name, l->name, sizeof(l->name)))
        return "bad interface";
    l->ifindex = m->ifindex;
    l->vrf_id = m->vrf_id;
    l->mtu = m->mtu;
    l->flags = m->flags;
    l->speed = m->speed;
    l->master = m->master;
    l->up = m->up;
    l->gone = m->gone;
    l->mac_len = (uint8_t)(m->mac.len < sizeof(l->mac) ? m->mac.len : sizeof(l->mac));
    if (l->mac_len)
        memcpy(l->mac, m->mac.data, l->mac_len);
    return NULL;
}

static const char *dec_addr(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(Addr) *m = msg;
    struct zapi_addr *d = &z->u.addr;

    if (!m->ifindex || !get_addr(&m->addr, false, &d->addr) ||
        !get_addr(&m->peer, true, &d->peer) || m->len > prefix_maxlen(d->addr.family))
        return "bad address";
    d->ifindex = m->ifindex;
    d->vrf_id = m->vrf_id;
    d->len = (uint8_t)m->len;
    d->gone = m->gone;
    d->secondary = m->secondary;
    return NULL;
}

static const char *dec_vrf(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(Vrf) *m = msg;
    if (!m->name[0] || !get_text(m->name, z->u.vrf.name, sizeof(z->u.vrf.name)))
        return "bad VRF name";
    z->u.vrf.vrf_id = m->vrf_id;
    z->u.vrf.table = m->table;
    z->u.vrf.gone = m->gone;
    return NULL;
}

static const char *dec_router_id(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(RouterId) *m = msg;
    z->u.router_id.vrf_id = m->vrf_id;
    return get_addr(&m->id, true, &z->u.router_id.id) ? NULL : "bad router id";
}

static const char *dec_nht_state(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(NhtState) *m = msg;
    struct zapi_nht_state *s = &z->u.nht_state;

    if (!get_addr(&m->addr, false, &s->addr))
        return "bad address";
    if (!get_proto(m->proto, &s->proto) || m->distance > 255)
        return "unknown protocol";
    if (m->resolved.len && !get_prefix(&m->resolved, m->resolved_len, &s->resolved))
        return "bad prefix";
    s->vrf_id = m->vrf_id;
    s->reachable = m->reachable;
    s->connected = m->connected;
    s->metric = m->metric;
    s->distance = (uint8_t)m->distance;
    return get_nexthops(m->nexthops, m->n_nexthops, s->nh, &s->n);
}

static const char *dec_nht_register(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(NhtRegister) *m = msg;
    z->u.nht_register.vrf_id = m->vrf_id;
    z->u.nht_register.remove = m->remove;
    z->u.nht_register.connected_only = m->connected_only;
    return get_addr(&m->addr, false, &z->u.nht_register.addr) ? NULL : "bad address";
}

static const char *dec_import_register(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(ImportRegister) *m = msg;
    z->u.import_register.vrf_id = m->vrf_id;
    z->u.import_register.remove = m->remove;
    return get_prefix(&m->prefix, m->prefix_len, &z->u.import_register.prefix) ? NULL
                                                                               : "bad prefix";
}

static const char *dec_import_state(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(ImportState) *m = msg;
    z->u.import_state.vrf_id = m->vrf_id;
    z->u.import_state.present = m->present;
    z->u.import_state.metric = m->metric;
    return get_prefix(&m->prefix, m->prefix_len, &z->u.import_state.prefix) ? NULL : "bad prefix";
}

static const char *dec_redistribute(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(Redistribute) *m = msg;
    struct zapi_redist *r = &z->u.redistribute;

    if (!get_family(m->family, &r->family))
        return "unknown address family";
    r->vrf_id = m->vrf_id;
    r->instance = m->instance;
    r->remove = m->remove;
    return get_proto(m->proto, &r->proto) ? NULL : "unknown protocol";
}

static const char *dec_redist_route(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(RedistRoute) *m = msg;
    struct zapi_redist_route *r = &z->u.redist_route;

    if (!get_prefix(&m->prefix, m->prefix_len, &r->prefix))
        return "bad prefix";
    if (!get_proto(m->proto, &r->proto) || m->distance > 255)
        return "unknown protocol";
    r->vrf_id = m->vrf_id;
    r->instance = m->instance;
    r->metric = m->metric;
    r->tag = m->tag;
    r->distance = (uint8_t)m->distance;
    r->gone = m->gone;
    return get_nexthops(m->nexthops, m->n_nexthops, r->nh, &r->n);
}

static const char *dec_nhg_del(const void *msg, struct ipc_arena *a, struct zapi_msg *z)
{
    const Z(NexthopGroupDel) *m = msg;
    z->u.nhg_del = m->id;
    return m->id ? NULL : "group id 0";
}

/* By frame type. */
static const struct {
    const ProtobufCMessageDescriptor *desc;
    const char *(*fn)(const void *msg, struct ipc_arena *a, struct zapi_msg *z);
} decoders[] = {
    [ZT_HELLO] = { &godwit__zebra__hello__descriptor, dec_hello },
    [ZT_NHG] = { &godwit__zebra__nexthop_group__descriptor, dec_nhg },
    [ZT_NHG_DEL] = { &godwit__zebra__nexthop_group_del__descriptor, dec_nhg_del },
    [ZT_ROUTES] = { &godwit__zebra__route_batch__descriptor, dec_batch },
    [ZT_NHT_REGISTER] = { &godwit__zebra__nht_register__descriptor, dec_nht_register },
    [ZT_IMPORT_REGISTER] = { &godwit__zebra__import_register__descriptor, dec_import_register },
    [ZT_REDISTRIBUTE] = { &godwit__zebra__redistribute__descriptor, dec_redistribute },
    [ZT_ACK] = { &godwit__zebra__ack__descriptor, dec_ack },
    [ZT_LINK] = { &godwit__zebra__link__descriptor, dec_link },
    [ZT_ADDR] = { &godwit__zebra__addr__descriptor, dec_addr },
    [ZT_VRF] = { &godwit__zebra__vrf__descriptor, dec_vrf },
    [ZT_ROUTER_ID] = { &godwit__zebra__router_id__descriptor, dec_router_id },
    [ZT_NHT_STATE] = { &godwit__zebra__nht_state__descriptor, dec_nht_state },
    [ZT_IMPORT_STATE] = { &godwit__zebra__import_state__descriptor, dec_import_state },
    [ZT_REDIST_ROUTE] = { &godwit__zebra__redist_route__descriptor, dec_redist_route },
};

int zapi_msg_decode(uint16_t type, const uint8_t *p, size_t len, struct ipc_arena *a,
                    struct zapi_msg *ret, const char **ret_why)
{
    if (type == ZT_END) {
        ret->type = ZT_END;
        return 0;
    }
    if (type >= sizeof(decoders) / sizeof(decoders[0]) || !decoders[type].fn)
        return -ENOMSG;
    memset(&ret->u, 0, sizeof(ret->u));
    ret->type = (enum zapi_type)type;
    const ProtobufCMessage *m = protobuf_c_message_unpack(decoders[type].desc, &a->pb, len, p);
    if (!m) {
        *ret_why = "not a message of its type";
        return -EBADMSG;
    }
    const char *why = decoders[type].fn(m, a, ret);
    if (!why)
        return 0;
    *ret_why = why;
    return -EBADMSG;
}
