/* SPDX-License-Identifier: Apache-2.0
 * zapi_ipc_codec.c - struct zapi_msg to protobuf (proto/zebra_route.proto) and back. Pure.
 *
 * Encoding fills a protobuf-c message on the stack (struct build) that points into the domain
 * struct, so the packed bytes go straight from there into the caller's buffer. Decoding unpacks
 * into an arena and then takes over field by field; whatever does not fit a domain struct's field,
 * or cannot be meant, is refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "proto/zebra_route.pb-c.h"
#include "wire.h"
#include "zapi_ipc.h"

#define Z(name) Godwit__Zebra__##name

/* ---- encoding ---- */

struct build {
    union {
        ProtobufCMessage base;
        Z(Hello) hello;
        Z(NexthopGroup) nhg;
        Z(NexthopGroupDel) nhg_del;
        Z(RouteBatch) batch;
        Z(NhtRegister) nht_register;
        Z(ImportRegister) import_register;
        Z(Redistribute) redistribute;
        Z(Ack) ack;
        Z(Link) link;
        Z(Addr) addr;
        Z(Vrf) vrf;
        Z(RouterId) router_id;
        Z(NhtState) nht_state;
        Z(ImportState) import_state;
        Z(RedistRoute) redist_route;
    } m;
    Z(Nexthop) nh[2 * ZAPI_MAX_NEXTHOPS];
    Z(Nexthop) * nhp[2 * ZAPI_MAX_NEXTHOPS];
    uint64_t *columns; /* of an Ack: gap, count; then result and error */
};

static ProtobufCBinaryData bytes(const void *p, size_t n)
{
    return (ProtobufCBinaryData){ .len = n, .data = (uint8_t *)(uintptr_t)p };
}

static ProtobufCBinaryData addr_bytes(const struct ipaddr *a)
{
    return bytes(a->b, a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0);
}

static ProtobufCBinaryData prefix_addr_bytes(const struct prefix *p)
{
    return bytes(p->b, p->family == AF_INET ? 4 : p->family == AF_INET6 ? 16 : 0);
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

static unsigned wire_family(int family)
{
    return family == AF_INET6 ? 6 : family == AF_INET ? 4 : 0;
}

static Z(Nexthop) *
    *build_nexthops(struct build *b, unsigned at, const struct zapi_nexthop *nh, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        Z(Nexthop) *m = &b->nh[at + i];
        godwit__zebra__nexthop__init(m);
        m->kind = (Godwit__Zebra__Nexthop__Kind)nh[i].kind;
        m->gate = addr_bytes(&nh[i].gate);
        m->ifindex = nh[i].ifindex;
        m->vrf_id = nh[i].vrf_id;
        m->weight = nh[i].weight;
        m->flags = nh[i].flags;
        b->nhp[at + i] = m;
    }
    return n ? &b->nhp[at] : NULL;
}

static void build_hello(struct build *b, const struct zapi_msg *msg)
{
    const struct zapi_hello *h = &msg->u.hello.h;
    Z(Hello) *m = &b->m.hello;

    godwit__zebra__hello__init(m);
    m->version = h->version;
    m->min_version = msg->u.hello.min_version;
    m->features = h->features;
    m->client = text(h->client);
    m->generation = h->generation;
    m->proto = (Godwit__Zebra__Protocol)h->proto;
    m->instance = h->instance;
    m->stale_seconds = h->stale_seconds;
    m->server_version = text(h->server_version);
    m->window = msg->u.hello.window;
}

static void build_nhg(struct build *b, const struct zapi_nhg *g)
{
    Z(NexthopGroup) *m = &b->m.nhg;

    godwit__zebra__nexthop_group__init(m);
    m->id = g->id;
    m->n_nexthops = g->n;
    m->nexthops = build_nexthops(b, 0, g->nh, g->n);
    m->n_backup = g->n_backup;
    m->backup = build_nexthops(b, g->n, g->backup, g->n_backup);
}

static void build_batch(struct build *b, const struct zapi_batch *z)
{
    Z(RouteBatch) *m = &b->m.batch;

    godwit__zebra__route_batch__init(m);
    m->first_seq = z->first_seq ? z->first_seq : UINT64_MAX;
    m->vrf_id = z->vrf_id;
    m->table = z->table;
    m->family = wire_family(z->family);
    m->count = z->count;
    m->nlri = bytes(z->nlri, z->nlri_len);
    m->proto = (Godwit__Zebra__Protocol)z->proto;
    m->instance = z->instance;
    m->withdraw = z->withdraw;
    if (z->withdraw)
        return;
    m->subtype = (Godwit__Zebra__Subtype)z->subtype;
    m->nhg = z->nhg;
    m->distance = z->distance;
    m->metric = z->metric;
    m->tag = z->tag;
    m->mtu = z->mtu;
}

static void build_ack(struct build *b, const struct zapi_ack *v, unsigned n)
{
    Z(Ack) *m = &b->m.ack;

    godwit__zebra__ack__init(m);
    if (!n)
        return;
    b->columns = malloc(n * (2 * sizeof(uint64_t) + 2 * sizeof(uint32_t)));
    if (!b->columns)
        abort();
    m->gap = b->columns;
    m->count = b->columns + n;
    m->result = (Godwit__Zebra__Ack__Result *)(b->columns + 2 * n);
    m->error = (uint32_t *)m->result + n;
    m->n_gap = m->n_count = m->n_result = m->n_error = n;
    m->start = v[0].first_seq;
    uint64_t at = m->start;
    for (unsigned i = 0; i < n; i++) {
        m->gap[i] = v[i].first_seq - at;
        m->count[i] = v[i].last_seq - v[i].first_seq + 1;
        m->result[i] = (Godwit__Zebra__Ack__Result)v[i].result;
        m->error[i] = v[i].result == ZR_FAILED ? (uint32_t)v[i].err : 0;
        at = v[i].last_seq + 1;
    }
}

static void build_link(struct build *b, const struct zapi_link *l)
{
    Z(Link) *m = &b->m.link;

    godwit__zebra__link__init(m);
    m->ifindex = l->ifindex;
    m->vrf_id = l->vrf_id;
    m->mtu = l->mtu;
    m->flags = l->flags;
    m->speed = l->speed;
    m->master = l->master;
    m->name = text(l->name);
    m->up = l->up;
    m->gone = l->gone;
    m->mac = bytes(l->mac, l->mac_len);
}

static void build_addr(struct build *b, const struct zapi_addr *a)
{
    Z(Addr) *m = &b->m.addr;

    godwit__zebra__addr__init(m);
    m->ifindex = a->ifindex;
    m->vrf_id = a->vrf_id;
    m->addr = addr_bytes(&a->addr);
    m->peer = addr_bytes(&a->peer);
    m->len = a->len;
    m->gone = a->gone;
    m->secondary = a->secondary;
}

static void build_nht_state(struct build *b, const struct zapi_nht_state *s)
{
    Z(NhtState) *m = &b->m.nht_state;

    godwit__zebra__nht_state__init(m);
    m->vrf_id = s->vrf_id;
    m->addr = addr_bytes(&s->addr);
    m->reachable = s->reachable;
    m->connected = s->connected;
    m->metric = s->metric;
    m->distance = s->distance;
    m->proto = (Godwit__Zebra__Protocol)s->proto;
    m->resolved = prefix_addr_bytes(&s->resolved);
    m->resolved_len = s->resolved.len;
    m->n_nexthops = s->n;
    m->nexthops = build_nexthops(b, 0, s->nh, s->n);
}

static void build_redist_route(struct build *b, const struct zapi_redist_route *r)
{
    Z(RedistRoute) *m = &b->m.redist_route;

    godwit__zebra__redist_route__init(m);
    m->vrf_id = r->vrf_id;
    m->prefix = prefix_addr_bytes(&r->prefix);
    m->prefix_len = r->prefix.len;
    m->proto = (Godwit__Zebra__Protocol)r->proto;
    m->instance = r->instance;
    m->metric = r->metric;
    m->tag = r->tag;
    m->distance = r->distance;
    m->gone = r->gone;
    m->n_nexthops = r->n;
    m->nexthops = build_nexthops(b, 0, r->nh, r->n);
}

/* The messages of a few scalars. */
static void build_small(struct build *b, const struct zapi_msg *z)
{
    switch (z->type) {
    case ZT_NHG_DEL:
        godwit__zebra__nexthop_group_del__init(&b->m.nhg_del);
        b->m.nhg_del.id = z->u.nhg_del;
        break;
    case ZT_NHT_REGISTER:
        godwit__zebra__nht_register__init(&b->m.nht_register);
        b->m.nht_register.vrf_id = z->u.nht_register.vrf_id;
        b->m.nht_register.addr = addr_bytes(&z->u.nht_register.addr);
        b->m.nht_register.remove = z->u.nht_register.remove;
        b->m.nht_register.connected_only = z->u.nht_register.connected_only;
        break;
    case ZT_IMPORT_REGISTER:
        godwit__zebra__import_register__init(&b->m.import_register);
        b->m.import_register.vrf_id = z->u.import_register.vrf_id;
        b->m.import_register.prefix = prefix_addr_bytes(&z->u.import_register.prefix);
        b->m.import_register.prefix_len = z->u.import_register.prefix.len;
        b->m.import_register.remove = z->u.import_register.remove;
        break;
    case ZT_IMPORT_STATE:
        godwit__zebra__import_state__init(&b->m.import_state);
        b->m.import_state.vrf_id = z->u.import_state.vrf_id;
        b->m.import_state.prefix = prefix_addr_bytes(&z->u.import_state.prefix);
        b->m.import_state.prefix_len = z->u.import_state.prefix.len;
        b->m.import_state.present = z->u.import_state.present;
        b->m.import_state.metric = z->u.import_state.metric;
        break;
    case ZT_REDISTRIBUTE:
        godwit__zebra__redistribute__init(&b->m.redistribute);
        b->m.redistribute.vrf_id = z->u.redistribute.vrf_id;
        b->m.redistribute.family = wire_family(z->u.redistribute.family);
        b->m.redistribute.proto = (Godwit__Zebra__Protocol)z->u.redistribute.proto;
        b->m.redistribute.instance = z->u.redistribute.instance;
        b->m.redistribute.remove = z->u.redistribute.remove;
        break;
    case ZT_VRF:
        godwit__zebra__vrf__init(&b->m.vrf);
        b->m.vrf.vrf_id = z->u.vrf.vrf_id;
        b->m.vrf.table = z->u.vrf.table;
        b->m.vrf.name = text(z->u.vrf.name);
        b->m.vrf.gone = z->u.vrf.gone;
        break;
    default:
        godwit__zebra__router_id__init(&b->m.router_id);
        b->m.router_id.vrf_id = z->u.router_id.vrf_id;
        b->m.router_id.id = addr_bytes(&z->u.router_id.id);
        break;
    }
}

/* False: the type has no payload. */
static bool build(struct build *b, const struct zapi_msg *z)
{
    b->columns = NULL;
    switch (z->type) {
    case ZT_END:
        return false;
    case ZT_HELLO:
        build_hello(b, z);
        break;
    case ZT_NHG:
        build_nhg(b, &z->u.nhg);
        break;
    case ZT_ROUTES:
        build_batch(b, &z->u.batch);
        break;
    case ZT_ACK:
        build_ack(b, z->u.ack.v, z->u.ack.n);
        break;
    case ZT_LINK:
        build_link(b, &z->u.link);
        break;
    case ZT_ADDR:
        build_addr(b, &z->u.addr);
        break;
    case ZT_NHT_STATE:
        build_nht_state(b, &z->u.nht_state);
        break;
    case ZT_REDIST_ROUTE:
        build_redist_route(b, &z->u.redist_route);
        break;
    case ZT_NHG_DEL:
    case ZT_NHT_REGISTER:
    case ZT_IMPORT_REGISTER:
    case ZT_REDISTRIBUTE:
    case ZT_VRF:
    case ZT_ROUTER_ID:
    case ZT_IMPORT_STATE:
        build_small(b, z);
        break;
    }
    return true;
}

size_t zapi_msg_encode(const struct zapi_msg *m, uint8_t *buf, size_t cap)
{
    struct build b;

    if (!build(&b, m))
        return 0;
    size_t n = protobuf_c_message_get_packed_size(&b.m.base);
    if (n <= cap)
        protobuf_c_message_pack(&b.m.base, buf);
    free(b.columns);
    return n;
}

bool zapi_msg_send(struct ipc_link *l, const struct zapi_msg *m)
{
    struct build b;

    if (!l || !ipc_link_is_up(l))
        return false;
    if (!build(&b, m))
        return ipc_link_send(l, (uint16_t)m->type, NULL, 0) == 0;
    uint8_t *p =
        ipc_link_reserve(l, (uint16_t)m->type, protobuf_c_message_get_packed_size(&b.m.base));
    if (p)
        protobuf_c_message_pack(&b.m.base, p);
    free(b.columns);
    if (p)
        ipc_link_commit(l);
    return p != NULL;
}

/* The tag of first_seq (field 1, fixed64): the first octet of every packed batch. */
#define BATCH_SEQ_TAG 0x09

void *zapi_batch_pack(const struct zapi_batch *z, size_t *ret_len)
{
    struct build b;

    build_batch(&b, z);
    size_t n = protobuf_c_message_get_packed_size(&b.m.base);
    uint8_t *buf = malloc(n + 2);
    if (!buf)
        abort();
    buf[0] = 0;
    buf[1] = ZT_ROUTES;
    protobuf_c_message_pack(&b.m.base, buf + 2);
    *ret_len = n + 2;
    return buf;
}

bool zapi_batch_patch(void *frame, size_t len, uint64_t first_seq)
{
    struct wb w = wb_init(frame, len);
    const uint8_t *p = frame;

    if (len < 11 || p[1] != ZT_ROUTES || p[2] != BATCH_SEQ_TAG)
        return false;
    w.p += 3;
    for (int i = 0; i < 8; i++) /* protobuf's fixed64 is little-endian */
        wb_u8(&w, (uint8_t)(first_seq >> (8 * i)));
    return wb_ok(&w);
}
